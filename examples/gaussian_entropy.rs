//! Of all densities with one variance the Gaussian has the largest entropy (lecture row L8).
//!
//! Change first: `SIGMA`. All entropies move by its logarithm, their gaps to the Gaussian's do not.
//! The gap is KL(p‖g): the Gaussian g of p's own mean and variance makes −E_p log g equal to h(g), and KL is never negative.

use std::f64::consts::PI;

use anyhow::Result;
use candle_mle::cli::Run;
use candle_mle::law::{ClosedForm, Density, Exponential, Laplace, Logistic, Mixture, Normal, Uniform};
use candle_mle::plot::{Axis, Figure, Ink, Panel};
use candle_mle::quadrature;

const SIGMA: f64 = 1.0;

fn main() -> Result<()> {
    let run =
        Run::<()>::from_args("gaussian_entropy", "Five densities beside the Gaussian of their mean and variance.");
    let unit = run.unit();

    // Five laws of standard deviation σ; the last has two bumps 1.8 σ apart.
    let half_width = 3f64.sqrt() * SIGMA;
    let bump = |mean: f64| Normal::new(mean * SIGMA, (1.0 - mean * mean).sqrt() * SIGMA);
    let laws: [(&str, Box<dyn Density>); 5] = [
        ("logistic", Box::new(Logistic::new(0.0, half_width / PI)?)),
        ("Laplace", Box::new(Laplace::new(0.0, SIGMA / 2f64.sqrt())?)),
        ("uniform", Box::new(Uniform::new(-half_width, half_width)?)),
        ("exponential", Box::new(Exponential::new(1.0 / SIGMA)?)),
        ("two bumps", Box::new(Mixture::new(&[(0.5, bump(-0.9)?), (0.5, bump(0.9)?)])?)),
    ];

    // Two columns that need not agree unless the theorem holds: each is an integral of its own.
    println!("in {unit}      mean  variance      h(p)      h(g)  h(g) − h(p)   KL(p‖g)");
    let (mut panels, mut bars, mut top) = (vec![], vec![], f64::NAN);
    for (name, p) in &laws {
        let g = Normal::matching(p.as_ref())?;
        let (h, h_g) = (quadrature::entropy(p.as_ref())?, g.entropy());
        let kl = quadrature::kl_divergence(p.as_ref(), &g)?;
        let [h, h_g, gap, kl] = [h, h_g, h_g - h, kl].map(|amount| amount.to(unit));
        println!("{name:<12}{:>6.3}{:>10.3}{h:>10.5}{h_g:>10.5}{gap:>13.6}{kl:>10.6}", p.mean(), p.variance());

        // Both densities against the distance from the mean, in standard deviations.
        let density = |law: &dyn Density, z: f64| (z, SIGMA * law.log_prob(p.mean() + SIGMA * z).exp());
        let grid = || (-350..=350).map(|k| f64::from(k) / 100.0);
        let panel = Panel::new(Axis::new("x − mean (σ)"), Axis::new("density (per σ)").range(0.0, 1.05))
            .title(format!("{name}: {gap:.3} {unit} below"))
            .line(grid().map(|z| density(&g, z)), Ink::Vermillion)
            .dashed()
            .line(grid().map(|z| density(p.as_ref(), z)), Ink::Blue);
        panels.push(panel);
        bars.push((name, h));
        top = h_g;
    }

    let names: Vec<&str> = laws.iter().map(|(name, _)| *name).collect();
    let panel = Panel::new(Axis::new("").categories(&names), Axis::new(format!("h ({unit})"))).title("entropies");
    let panel = bars.iter().zip(0..).fold(panel, |panel, ((_, h), k)| {
        panel.stack((f64::from(k) - 0.4, f64::from(k) + 0.4), [(*h, Ink::Blue, format!("{h:.3}"))])
    });
    panels.push(panel.hline(top, format!("Gaussian {top:.3}")));
    let figure = Figure::new("No density of this variance has as much entropy as the Gaussian")
        .subtitle("blue: a density p; red dashes: the Gaussian g of its mean and variance; the gap is KL(p‖g)");
    let figure = panels.chunks(2).fold(figure, |figure, column| figure.column(column));
    figure.save(run.out("densities.png"))?;
    println!("\nthe densities are drawn in {}", run.out("densities.png").display());
    Ok(())
}
