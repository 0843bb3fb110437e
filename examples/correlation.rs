//! Correlation sees a line, mutual information any dependence (lecture row L17).
//!
//! Change first: a law in `LAWS`: what it is proportional to, at every x and y from −1 to 1.
//! Nothing is estimated: each law is a table of `SIDE` × `SIDE` cells, whose ρ and I are sums over the cells. A finer table
//! leaves ρ and I in place. The points are drawn from these tables.

use anyhow::Result;
use candle_mle::Pmf;
use candle_mle::cli::Run;
use candle_mle::plot::{Figure, Ink, Panel};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const SIDE: usize = 201;

/// How near a curve points lie: a Gaussian profile across it.
fn near(distance: f64) -> f64 {
    (-0.5 * (distance / 0.08).powi(2)).exp()
}

type Law = fn(f64, f64) -> f64;

const LAWS: [(&str, Law); 6] = [
    ("independent", |x, y| (-4.5 * (x * x + y * y)).exp()),
    ("line", |x, y| near(y - 0.7 * x) * (-4.5 * x * x).exp()),
    ("parabola", |x, y| near(y + 0.7 - 1.5 * x * x)),
    ("circle", |x, y| near(x.hypot(y) - 0.8)),
    ("cross", |x, y| (near(y - 0.9 * x) + near(y + 0.9 * x)) * (-3.0 * x * x).exp()),
    ("fan", |x, y| near(0.08 * y / (0.03 + 0.4 * x.abs())) / (0.03 + 0.4 * x.abs())),
];

fn main() -> Result<()> {
    let run = Run::<()>::from_args("correlation", "Six clouds: their correlation, and their mutual information.");
    let unit = run.unit();
    let place = |k: usize| 2.0 * k as f64 / (SIDE - 1) as f64 - 1.0;

    println!("{:<16}{:>14}{:>20}", "cloud", "correlation", format!("I(X;Y) in {unit}"));
    let mut panels = vec![];
    for (name, law) in LAWS {
        let weights: Vec<f64> = (0..SIDE * SIDE).map(|k| law(place(k / SIDE), place(k % SIDE))).collect();
        let p = Pmf::from_counts([SIDE, SIDE], weights)?;
        let i = p.mutual_information(&[0], &[1])?;
        let mean = [0, 1].map(|axis| p.expectation(|cell| place(cell[axis])));
        let covariance = |a: usize, b: usize| p.expectation(|c| (place(c[a]) - mean[a]) * (place(c[b]) - mean[b]));
        let rho = covariance(0, 1) / (covariance(0, 0) * covariance(1, 1)).sqrt();
        let rho = (1e3 * rho).round() / 1e3 + 0.0; // no −0.000
        println!("{name:<16}{rho:>14.3}{:>20.4}", i.to(unit));

        let points = p.sample(1500, &mut ChaCha8Rng::seed_from_u64(1));
        let points = points.iter().map(|cell| (place(cell[0]), place(cell[1])));
        let ink = if rho == 0.0 && i.to(unit) > 1e-6 { Ink::Vermillion } else { Ink::Blue };
        let title = format!("ρ = {rho:.2}, I = {:.2} {unit}", i.to(unit));
        panels.push(Panel::drawing().title(title).points(points, ink));
    }
    let figure = Figure::new("Correlation 0 is not independence: mutual information sees any shape").subtitle(
        "red: uncorrelated and yet dependent; ρ and I are those of the laws, from which 1500 points each are drawn",
    );
    let figure = panels.chunks(2).fold(figure, |figure, column| figure.column(column));
    figure.save(run.out("clouds.png"))?;
    println!("\nthe clouds are drawn in {}", run.out("clouds.png").display());
    Ok(())
}
