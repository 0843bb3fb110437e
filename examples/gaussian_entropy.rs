//! Of all densities with one variance the Gaussian has the largest entropy (lecture row L8). Six densities, each beside
//! the Gaussian of its mean and variance.
//!
//! Try: another `SIGMA`. All entropies move by its logarithm, their gaps to the Gaussian's do not.
//!
//! The gap is KL(p‖g): the Gaussian g of p's own mean and variance makes −E_p log g equal to h(g), and KL is never negative.

use std::f64::consts::PI;

use anyhow::Result;
use candle_mle::info::law::{ClosedForm, Density, Exponential, Laplace, Logistic, Mixture, Normal, Uniform};
use candle_mle::info::{number::fixed, quadrature};
use candle_mle_cli::Run;
use candle_mle_plot::{Axis, Figure, Ink, Panel};

const SIGMA: f64 = 1.0;

fn main() -> Result<()> {
    let run = Run::<()>::from_args("gaussian_entropy", include_str!("gaussian_entropy.rs"))?;
    let unit = run.unit();

    // Six densities of standard deviation σ; the last but one has two bumps 1.8 σ apart.
    let half_width = 3f64.sqrt() * SIGMA;
    let bump = |mean: f64| Normal::new(mean * SIGMA, (1.0 - mean * mean).sqrt() * SIGMA);
    let laws: [(&str, Box<dyn Density>); 6] = [
        ("logistic", Box::new(Logistic::new(0.0, half_width / PI)?)),
        ("Laplace", Box::new(Laplace::new(0.0, SIGMA / 2f64.sqrt())?)),
        ("uniform", Box::new(Uniform::new(-half_width, half_width)?)),
        ("exponential", Box::new(Exponential::new(1.0 / SIGMA)?)),
        ("two bumps", Box::new(Mixture::new(&[(0.5, bump(-0.9)?), (0.5, bump(0.9)?)])?)),
        ("Gaussian", Box::new(Normal::new(0.0, SIGMA)?)),
    ];

    // The last two columns need not agree unless the theorem holds: each is an integral of its own.
    println!("in {unit:<10}  mean  variance      h(p)      h(g)  h(g) − h(p)   KL(p‖g)");
    let mut panels = vec![];
    for (name, p) in &laws {
        let g = Normal::matching(p.as_ref())?;
        let (h, kl) = (quadrature::entropy(p.as_ref())?, quadrature::kl_divergence(p.as_ref(), &g)?);
        let [gap, kl] = [g.entropy() - h, kl].map(|amount| fixed(amount.to(unit), 6));
        let [h, h_g] = [h, g.entropy()].map(|amount| amount.to(unit));
        println!("{name:<13}{:>6.3}{:>10.3}{h:>10.5}{h_g:>10.5}{gap:>13}{kl:>10}", p.mean(), p.variance());

        // Both densities against the distance from the mean, in standard deviations.
        let density = |law: &dyn Density, z: f64| SIGMA * law.log_prob(p.mean() + SIGMA * z).exp();
        let places = || (-350..=350).map(|k| f64::from(k) / 100.0);
        let panel = Panel::new(Axis::new("x − mean (σ)"), Axis::new("density (per σ)").range(0.0, 1.05))
            .title(format!("{name}: {h:.3} {unit}"))
            .band(places().map(|z| (z, 0.0, density(p.as_ref(), z))), Ink::Blue)
            .line(places().map(|z| (z, density(p.as_ref(), z))), Ink::Blue)
            .line(places().map(|z| (z, density(&g, z))), Ink::Vermillion)
            .dashed();
        panels.push(panel);
    }
    let figure = Figure::new("Of all densities with one variance the Gaussian has the most entropy").subtitle(
        "blue: a density p and its entropy h(p); dashes: the Gaussian g of its mean and variance; h(g) − h(p) = KL(p‖g)",
    );
    run.draw("densities.png", panels.chunks(2).fold(figure, |figure, column| figure.column(column)))?;
    run.say_picture("densities.png");
    Ok(())
}
