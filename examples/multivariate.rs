//! A Gaussian of four columns with full covariance, fitted to 150 irises, and an expectation under it (lecture row P3).
//!
//! Change first: `PICTURED`, two of the four columns, or the function of them whose expectation is taken.
//! The contours know how much of the *Gaussian* they hold; the title says how many flowers: these are three species.

use anyhow::Result;
use candle_core::{DType, Device, Tensor};
use candle_mle::cli::Run;
use candle_mle::plot::{Axis, Figure, Ink, Panel};
use candle_mle::{Empirical, Gaussian, GradientNorm, Lbfgs, LossLog};
use candle_mle::{Model, Objective, Sample, Standardize, Table, fit};
use candle_nn::{VarBuilder, VarMap};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const PICTURED: [usize; 2] = [2, 3];
const DRAWS: usize = 100_000;

fn main() -> Result<()> {
    let run = Run::<()>::from_args("multivariate", "A Gaussian with full covariance for four measures of irises.");
    let (cpu, [i, j]) = (Device::Cpu, PICTURED);

    // Recorded in steps of 0.1 cm, which makes KL and cross-entropy comparable with a density.
    let cloud = Table::read(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/iris.csv"), None)?.points(&[])?;
    let names: Vec<String> = cloud.columns.iter().map(|name| name.replace("_cm", " (cm)").replace('_', " ")).collect();
    let data = Empirical::from_counts(cloud.points, &cloud.count)?.at_resolution(&vec![0.1; names.len()])?;

    // Maximum likelihood: q = N(μ, Σ), until no component of the gradient exceeds 1e-9.
    let vars = VarMap::new();
    let q = Gaussian::new(names.len(), VarBuilder::from_varmap(&vars, DType::F64, &cpu))?;
    let q = q.standardized(Standardize::range(data.batch())?);
    let (mut log, mut converged) = (LossLog::new(), GradientNorm::new(&vars, 1e-9));
    fit(&q, &data, Objective::CrossEntropy, &mut Lbfgs::new(&vars), 1000, &mut (&mut log, &mut converged))?;
    println!("{}", log.into_history()?.table(run.unit(), 6));
    let (mean, covariance) = (q.mean()?.to_vec1::<f64>()?, q.covariance()?.to_vec2::<f64>()?);
    println!("{:<18}{:>8}   covariance", "", "mean");
    for ((name, mean), row) in names.iter().zip(&mean).zip(&covariance) {
        println!("{name:<18}{mean:>8.4}{}", row.iter().map(|c| format!("{c:>10.4}")).collect::<String>());
    }

    // E of the product of two columns, by drawing from q, beside what the moments say.
    let drawn = q.sample(&DRAWS, &mut ChaCha8Rng::seed_from_u64(1))?;
    let products = (drawn.narrow(1, i, 1)? * drawn.narrow(1, j, 1)?)?.flatten_all()?;
    let (estimate, variance) = (products.mean(0)?.to_scalar::<f64>()?, products.var(0)?.to_scalar::<f64>()?);
    let (exact, error) = (mean[i] * mean[j] + covariance[i][j], (variance / DRAWS as f64).sqrt());
    println!("\nE[{} × {}] under q", names[i], names[j]);
    println!("{DRAWS} draws  {estimate:.4} ± {error:.4} cm²\nμ μ' + Σ       {exact:.4} cm²");

    // Two columns of a Gaussian are a Gaussian. The region that holds a share s of it ends at (1 − s) of the peak.
    let block = [covariance[i][i], covariance[i][j], covariance[j][i], covariance[j][j]];
    let pair = Gaussian::from_moments(&[mean[i], mean[j]], &block, &cpu)?;
    let density = |places: Vec<f64>| -> Result<Vec<f64>> {
        Ok(pair.log_prob(&Tensor::from_vec(places, ((), 2), &cpu)?)?.exp()?.to_vec1()?)
    };
    let flowers = data.batch().to_vec2::<f64>()?;
    let (at_mean, at_flowers) = (vec![mean[i], mean[j]], flowers.iter().flat_map(|row| [row[i], row[j]]).collect());
    let (peak, heights) = (density(at_mean)?[0], density(at_flowers)?);
    let mass = heights.iter().zip(data.mass().to_vec1::<f64>()?);
    let inside: f64 = mass.filter(|(height, _)| **height >= 0.5 * peak).map(|(_, mass)| mass).sum();

    let place = |axis: usize, z: f64| mean[axis] + covariance[axis][axis].sqrt() * z;
    let grid = |axis: usize| (-135..=135).map(|step| place(axis, f64::from(step) / 50.0)).collect::<Vec<_>>();
    let (xs, ys) = (grid(i), grid(j));
    let heights = density(ys.iter().flat_map(|y| xs.iter().flat_map(|x| [*x, *y])).collect())?;
    let map = Panel::new(Axis::new(&names[i]), Axis::new(&names[j]))
        .heat(&xs, &ys, &heights, Axis::new("density (1/cm²)"))
        .contours(&[0.5, 0.8, 0.95].map(|share| (1.0 - share) * peak))
        .points(flowers.iter().map(|row| (row[i], row[j])), Ink::White);
    Figure::new(format!("The contour of half the Gaussian holds {:.0} % of the irises", 100.0 * inside))
        .subtitle("contours hold 50, 80 and 95 % of the fitted Gaussian; discs: the flowers")
        .column([map])
        .save(run.out("density.png"))?;
    println!("\nthe density is drawn in {}", run.out("density.png").display());
    Ok(())
}
