//! What correlated Gaussians tell about each other (lecture row L18): I = −½ log(1 − ρ²), whatever their units.
//!
//! Change first: the standard deviations in `SIGMAS`, or `N`, the points of a sample that is to tell I without the law.

use anyhow::Result;
use candle_mle::cli::Run;
use candle_mle::estimate::{ksg1, repeated};
use candle_mle::law::{ClosedForm, MultivariateNormal, Normal, gaussian_mutual_information};
use candle_mle::plot::{Axis, Figure, Ink, Panel, ellipse};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

const SIGMAS: [[f64; 2]; 3] = [[1.0, 1.0], [1000.0, 0.001], [0.3, 7.0]];
const N: usize = 100;

fn main() -> Result<()> {
    let run =
        Run::<()>::from_args("gaussian_information", "Mutual information of Gaussians, against their correlation.");
    let unit = run.unit();

    // The formula beside h(X) + h(Y) − h(X,Y) of the densities: the first is what is left when all else cancels.
    println!("     ρ  −½ log(1 − ρ²)   h(X) + h(Y) − h(X,Y), in {unit}, at [σ_X, σ_Y] of {SIGMAS:?}");
    for rho in [0.0, 0.3, 0.6, 0.9, 0.99, 0.999] {
        print!("{rho:>6}{:>16.6}", gaussian_mutual_information(rho)?.to(unit));
        for [a, b] in SIGMAS {
            let joint = MultivariateNormal::new(&[0.0, 0.0], &[[a * a, rho * a * b], [rho * a * b, b * b]])?;
            let sum = Normal::new(0.0, a)?.entropy() + Normal::new(0.0, b)?.entropy() - joint.entropy();
            print!("{:>14.6}", (1e6 * sum.to(unit)).round() / 1e6 + 0.0); // no −0
        }
        println!();
    }

    // Blocks of variables: in a chain X1 → X2 → X3 → X4 only the neighbours at the border count.
    let rows: Vec<Vec<f64>> = (0..4i32).map(|i| (0..4).map(|j| 0.8f64.powi((i - j).abs())).collect()).collect();
    let chain = MultivariateNormal::new(&[0.0; 4], &rows)?;
    for (a, b) in [(&[0][..], &[1][..]), (&[0], &[2]), (&[0], &[1, 2, 3]), (&[0, 1], &[2, 3])] {
        println!("in a chain of four I(X{a:?}; X{b:?}) = {}", run.show(chain.mutual_information(a, b)?));
    }

    let i = |rho: f64| gaussian_mutual_information(rho).map(|i| (rho, i.to(unit)));
    let curve = (-999..=999).map(|k| i(f64::from(k) / 1000.0)).collect::<candle_mle::Result<Vec<_>>>()?;
    let axis = (Axis::new("correlation ρ").range(-1.05, 1.05), Axis::new(format!("I(X;Y) ({unit})")));
    let mut panel = Panel::new(axis.0, axis.1).line(curve, Ink::Blue);
    let (mut estimates, mut shapes, mut rng) = (vec![], vec![], ChaCha8Rng::seed_from_u64(1));
    for rho in [0.3, 0.6, 0.9, 0.99] {
        let (_, amount) = i(rho)?;
        panel = panel.mark(rho, amount, format!("ρ = {rho}"));
        // On the other side, −ρ, what samples tell.
        let (mean, spread) = repeated(100, || {
            let normal: Vec<f64> = (0..2 * N).map(|_| rng.sample(StandardNormal)).collect();
            let (x, z) = normal.split_at(N);
            let y: Vec<f64> = x.iter().zip(z).map(|(x, z)| f64::sqrt(1.0 - rho * rho) * z - rho * x).collect();
            ksg1(x, &y, 3)
        })?;
        println!("estimated from {N} points of ρ = −{rho}: {:.3} ± {:.3} {unit}", mean.to(unit), spread.to(unit));
        estimates.push((-rho, mean.to(unit), spread.to(unit)));
        let rings = [1.0, 2.0].map(|radius| ellipse([0.0, 0.0], [[1.0, rho], [rho, 1.0]], radius));
        let shape = rings.into_iter().fold(Panel::drawing(), |panel, ring| panel.line(ring, Ink::Vermillion));
        shapes.push(shape.title(format!("ρ = {rho}: {amount:.2} {unit}")));
    }
    let figure = Figure::new("The narrower the ellipse, the more X tells about Y, without bound")
        .subtitle("I = −½ log(1 − ρ²), the same for all standard deviations; ellipses of 1 and 2 σ")
        .column_of(
            2.0,
            [panel.errors(estimates, Ink::Green).label(format!("estimates from {N} points, mean ± spread"))],
        );
    shapes.chunks(2).fold(figure, |figure, column| figure.column(column)).save(run.out("curve.png"))?;
    println!("\nthe curve is drawn in {}", run.out("curve.png").display());
    Ok(())
}
