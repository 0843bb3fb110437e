//! What correlated Gaussians tell about each other (lecture row L18): I = −½ log(1 − ρ²), whatever their units. Pairs,
//! a chain of four, and what samples tell.
//!
//! Try: other standard deviations in `SIGMAS`, or `--n 20`, the points of a sample that is to tell I when the formula is
//! not known.

use anyhow::Result;
use candle_mle::info::estimate::{ksg1, repeated};
use candle_mle::info::law::{ClosedForm, MultivariateNormal, Normal, gaussian_mutual_information};
use candle_mle::info::number::fixed;
use candle_mle_cli::{Draws, Run};
use candle_mle_plot::{Axis, Figure, Ink, Panel, ellipse};
use rand::Rng;
use rand_distr::StandardNormal;

const SIGMAS: [[f64; 2]; 3] = [[1.0, 1.0], [1000.0, 0.001], [0.3, 7.0]];
const N: usize = 100;

fn main() -> Result<()> {
    let run = Run::<Draws>::from_args("gaussian_information", include_str!("gaussian_information.rs"))?;
    let (unit, n) = (run.unit(), run.n_or(N));
    let i = |rho: f64| gaussian_mutual_information(rho).map_or(f64::NAN, |i| i.to(unit));

    // The formula beside h(X) + h(Y) − h(X,Y) of the densities: the first is what is left when all else cancels.
    println!("     ρ  −½ log(1 − ρ²)   h(X) + h(Y) − h(X,Y), in {unit}, at [σ_X, σ_Y] of {SIGMAS:?}");
    for rho in [0.0, 0.3, 0.6, 0.9, 0.99, 0.999] {
        print!("{rho:>6}{:>16.6}", i(rho));
        for [a, b] in SIGMAS {
            let joint = MultivariateNormal::new(&[0.0, 0.0], &[[a * a, rho * a * b], [rho * a * b, b * b]])?;
            let sum = Normal::new(0.0, a)?.entropy() + Normal::new(0.0, b)?.entropy() - joint.entropy();
            print!("{:>14}", fixed(sum.to(unit), 6));
        }
        println!();
    }

    // Blocks of variables: in a chain X1 → X2 → X3 → X4 only the neighbours at the border count.
    let rows = [0, 1, 2, 3].map(|i: i32| [0, 1, 2, 3].map(|j| 0.8f64.powi((i - j).abs())));
    let chain = MultivariateNormal::new(&[0.0; 4], &rows)?;
    for (a, b) in [(&[0][..], &[1][..]), (&[0], &[2]), (&[0], &[1, 2, 3]), (&[0, 1], &[2, 3])] {
        println!("in a chain of four I(X{a:?}; X{b:?}) = {}", run.show(chain.mutual_information(a, b)?));
    }

    let axis = (Axis::new("correlation ρ").range(-1.05, 1.05), Axis::new(format!("I(X;Y) ({unit})")));
    let curve = (-999..=999).map(|k| f64::from(k) / 1000.0).map(|rho| (rho, i(rho)));
    let mut panel = Panel::new(axis.0, axis.1).line(curve, Ink::Blue);
    let (mut estimates, mut shapes, mut rng) = (vec![], vec![], run.generator());
    for rho in [0.3, 0.6, 0.9, 0.99] {
        panel = panel.mark(rho, i(rho), format!("ρ = {rho}"));
        // On the other side, −ρ, what samples tell.
        let (mean, spread) = repeated(100, || {
            let normal: Vec<f64> = (0..2 * n).map(|_| rng.sample(StandardNormal)).collect();
            let (x, z) = normal.split_at(n);
            let y: Vec<f64> = x.iter().zip(z).map(|(x, z)| f64::sqrt(1.0 - rho * rho) * z - rho * x).collect();
            ksg1(x, &y, 3)
        })?;
        let (mean, spread) = (mean.to(unit), spread.to(unit));
        println!("estimated from {n} points of ρ = −{rho}: {} ± {spread:.3} {unit}", fixed(mean, 3));
        estimates.push((-rho, mean, spread));
        let rings = [1.0, 2.0].map(|radius| ellipse([0.0, 0.0], [[1.0, rho], [rho, 1.0]], radius));
        let shape = rings.into_iter().fold(Panel::drawing(), |panel, ring| panel.line(ring, Ink::Vermillion));
        shapes.push(shape.title(format!("ρ = {rho}: {:.2} {unit}", i(rho))));
    }
    let panel = panel.errors(estimates, Ink::Green).label(format!("estimates from {n} points, mean ± spread"));
    let figure = Figure::new("The narrower the ellipse, the more X tells about Y, without bound")
        .subtitle("I = −½ log(1 − ρ²), the same for all standard deviations; ellipses of 1 and 2 σ")
        .column_of(2.0, [panel]);
    run.draw("curve.png", shapes.chunks(2).fold(figure, |figure, column| figure.column(column)))?;
    run.say_picture("curve.png");
    Ok(())
}
