//! The entropic central limit theorem (lecture row L9): with every draw added, h(Zₙ) rises towards the Gaussian's. Five
//! distributions of variance 1, and sums of up to 16 draws.
//!
//! Try: other distributions, of variance 1, or another `MOST`. Nothing is sampled: the sums have known densities.
//!
//! Convergence is Barron (1986); that every single step rises is Artstein, Ball, Barthe and Naor (2004).

use anyhow::Result;
use candle_mle::info::Information;
use candle_mle::info::clt::{self, Summable};
use candle_mle::info::law::{Exponential, Laplace, Mixture, Normal, Uniform};
use candle_mle_cli::Run;
use candle_mle_plot::{Axis, Figure, Ink, Panel};

const MOST: usize = 16;

fn main() -> Result<()> {
    let run = Run::<()>::from_args("entropic_clt", include_str!("entropic_clt.rs"))?;
    let unit = run.unit();

    // Zₙ = (X₁ + … + Xₙ)/√n keeps the variance, so that all distributions head for one limit, ½ log 2πe.
    let bump = |mean: f64| Normal::new(mean, f64::sqrt(1.0 - mean * mean));
    let laws: [(&str, Ink, Box<dyn Summable>); 5] = [
        ("Gaussian", Ink::Black, Box::new(Normal::new(0.0, 1.0)?)),
        ("uniform", Ink::Blue, Box::new(Uniform::new(-3f64.sqrt(), 3f64.sqrt())?)),
        ("Laplace", Ink::Green, Box::new(Laplace::new(0.0, 0.5f64.sqrt())?)),
        ("exponential", Ink::Vermillion, Box::new(Exponential::new(1.0)?)),
        ("two bumps", Ink::Purple, Box::new(Mixture::new(&[(0.5, bump(-0.95)?), (0.5, bump(0.95)?)])?)),
    ];
    let limit = clt::limit(laws[0].2.as_ref())?.to(unit);
    let mut curves = vec![];
    for (_, _, law) in &laws {
        let entropies = clt::normalised_sums(law.as_ref(), MOST)?;
        curves.push(entropies.iter().map(|h| h.to(unit)).collect::<Vec<f64>>());
    }

    // Every entropy, and by how much it is above the last one.
    println!("h(Zₙ) and its increase, in {unit}; ½ log 2πe = {limit:.6}\n");
    println!("{:>3}{}", "n", laws.iter().map(|(name, ..)| format!("{name:>20}")).collect::<String>());
    for n in 0..MOST {
        print!("{:>3}", n + 1);
        for h in &curves {
            let increase = if n > 0 { h[n] - h[n - 1] } else { 0.0 };
            let shown = if increase.abs() > 1e-12 { format!("{increase:+.1e}") } else { String::new() };
            print!("{:>11.6}{shown:>9}", h[n]);
        }
        println!();
    }
    let steps = curves[1..].iter().flat_map(|h| h.windows(2)).map(|pair| pair[1] - pair[0]);
    let smallest = steps.fold(f64::INFINITY, f64::min);
    println!("\nsmallest increase of all but the Gaussian: {smallest:.1e} {unit}");

    // The scaling rule h(aX) = h(X) + log|a| turns h(Sₙ) into h(Zₙ).
    let (sum, scale) = (Exponential::new(1.0)?.sum_entropy(MOST)?, Information::from_nats((MOST as f64).sqrt().ln()));
    println!("exponential, n = {MOST}: h(Sₙ) − ½ log n = {} − {}", run.show(sum), run.show(scale));

    let number = || Axis::new("n, the number of draws").log();
    let mut rising = Panel::new(number(), Axis::new(format!("h(Zₙ) ({unit})"))).title("entropy");
    let mut gap = Panel::new(number(), Axis::new(format!("KL(Zₙ‖Gaussian) ({unit})")).log());
    for ((name, ink, _), h) in laws.iter().zip(&curves) {
        let points = || h.iter().zip(1..).map(|(h, n)| (f64::from(n), *h));
        rising = rising.line(points(), *ink).label(*name).points(points(), *ink);
        // The Gaussian's own distance is 0 to rounding, and not on a logarithmic axis.
        gap = gap.line(points().map(|(n, h)| (n, limit - h)).filter(|p| p.1 > 1e-9), *ink);
    }
    let draws = if smallest > 0.0 { "Every draw added" } else { "Not every draw added" };
    let figure = Figure::new(format!("{draws} lifts the entropy towards the Gaussian's"))
        .subtitle("normalised sums of n independent draws of variance 1")
        .column_of(1.9, [rising])
        .column([gap.title("distance: 1/n² if symmetric")]);
    run.draw("entropies.png", figure)?;
    run.say_picture("entropies.png");
    Ok(())
}
