//! A Gaussian of four columns with full covariance, fitted to 150 irises, and an expectation under it (lecture row P3).
//!
//! Try: others of the four columns in `PICTURED`, or `--n 1000`, fewer draws for the expectation.
//!
//! The contours know how much of the *Gaussian* they hold; the title says how many flowers: these are three species.

use anyhow::Result;
use candle_mle::batch::host;
use candle_mle::info::law::MultivariateNormal;
use candle_mle::model::{Gaussian, Sample};
use candle_mle::{Parameters, Table, maximum_likelihood};
use candle_mle_cli::{Draws, Run};
use candle_mle_plot::{Axis, Figure, Ink, Panel};

const PICTURED: [usize; 2] = [2, 3];
const DRAWS: usize = 100_000;

fn main() -> Result<()> {
    let run = Run::<Draws>::from_args("multivariate", include_str!("multivariate.rs"))?;
    let (draws, [i, j]) = (run.n_or(DRAWS), PICTURED);

    // Recorded in steps of 0.1 cm, which makes KL and cross-entropy comparable with a density.
    let table = Table::read(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/iris.csv"), None)?;
    let design = table.points::<&str>(&[])?;
    let names = design.names.columns.iter().map(|name| name.replace("_cm", " (cm)").replace('_', " "));
    let names: Vec<String> = names.collect();
    let p = design.p.at_resolution(&vec![0.1; names.len()])?;

    // Maximum likelihood: q = N(μ, Σ), until no component of the gradient exceeds 1e-9.
    let fitted = maximum_likelihood(&p, |vb| Gaussian::new(names.len(), vb)?.standardized(p.standardize()?))?;
    println!("{}", fitted.history.table(run.unit(), 6));
    let (q, law) = (&fitted.model, fitted.model.law()?);
    let (mean, covariance) = (law.mean(), law.covariance());
    println!("{:<18}{:>8}   covariance", "", "mean");
    for ((name, mean), row) in names.iter().zip(mean).zip(&covariance) {
        println!("{name:<18}{mean:>8.4}{}", row.iter().map(|c| format!("{c:>10.4}")).collect::<String>());
    }

    // E of the product of two columns, by drawing from q, beside what the moments say.
    let products: Vec<f64> =
        host(&q.sample(&draws, &mut run.generator())?)?.chunks(names.len()).map(|x| x[i] * x[j]).collect();
    let estimate = products.iter().sum::<f64>() / draws as f64;
    let variance = products.iter().map(|x| (x - estimate).powi(2)).sum::<f64>() / (draws - 1) as f64;
    let (exact, error) = (mean[i] * mean[j] + covariance[i][j], (variance / draws as f64).sqrt());
    println!("\nE[{} × {}] under q", names[i], names[j]);
    let error =
        if draws > 1 { format!("± {error:.4} cm²") } else { "cm², and one draw says nothing of its error".into() };
    println!("{draws} draws  {estimate:.4} {error}\nμ μ' + Σ       {exact:.4} cm²");

    // Two columns of a Gaussian are a Gaussian. The region that holds a share s of it ends at (1 − s) of the peak.
    let block = [[covariance[i][i], covariance[i][j]], [covariance[j][i], covariance[j][j]]];
    let pair = MultivariateNormal::new(&[mean[i], mean[j]], &block)?;
    let density = |x: f64, y: f64| pair.log_prob(&[x, y]).map_or(f64::NAN, f64::exp);
    let peak = density(mean[i], mean[j]);
    let flowers: Vec<(f64, f64)> = host(p.batch())?.chunks(names.len()).map(|x| (x[i], x[j])).collect();
    let mass = flowers.iter().zip(host(p.mass())?);
    let inside: f64 = mass.filter(|((x, y), _)| density(*x, *y) >= 0.5 * peak).map(|(_, mass)| mass).sum();

    let place = |axis: usize, z: f64| mean[axis] + covariance[axis][axis].sqrt() * z;
    let grid = |axis: usize| (-135..=135).map(|step| place(axis, f64::from(step) / 50.0)).collect::<Vec<_>>();
    let (xs, ys) = (grid(i), grid(j));
    let heights: Vec<f64> = ys.iter().flat_map(|y| xs.iter().map(|x| density(*x, *y))).collect();
    let map = Panel::new(Axis::new(&names[i]), Axis::new(&names[j]))
        .heat(&xs, &ys, &heights, Axis::new("density (1/cm²)"))
        .contours(&[0.5, 0.8, 0.95].map(|share| (1.0 - share) * peak))
        .points(flowers, Ink::White);
    let figure = Figure::new(format!("The contour of half the Gaussian holds {:.0} % of the irises", 100.0 * inside))
        .subtitle("contours hold 50, 80 and 95 % of the fitted Gaussian; discs: the flowers")
        .column([map]);
    run.draw("density.png", figure)?;
    run.say_picture("density.png");
    Ok(())
}
