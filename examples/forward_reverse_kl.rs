//! Forward and reverse KL (lecture row L20): one Gaussian for two modes covers both, or seeks one of them. Two made-up
//! modes, and mixtures fitted to the waiting times and the eruptions of Old Faithful.
//!
//! Try: another `APART`, how many standard deviations the two modes are apart. At 5 the lighter one no longer holds a
//! minimum of the reverse KL, at 4 neither does: only the one that covers is left, as for the geyser's waiting times.
//!
//! KL(p‖q) is what maximum likelihood descends; KL(q‖p), on the nodes of a quadrature, what variational inference does.

use anyhow::{Result, ensure};
use candle_core::Device;
use candle_mle::info::law::{self, Law, Normal};
use candle_mle::info::{Unit, quadrature::kl_divergence};
use candle_mle::mle::Plan;
use candle_mle::model::{Gaussian, Mixture};
use candle_mle::{Empirical, Objective, Table};
use candle_mle_cli::{Run, Seeded};
use candle_mle_plot::{Axis, Figure, Ink, Panel};

const APART: f64 = 6.0;

fn main() -> Result<()> {
    let run = Run::<Seeded>::from_args("forward_reverse_kl", include_str!("forward_reverse_kl.rs"))?;

    // Two Gaussians for a column of Old Faithful, neither narrower than the floor: without one there is no maximum.
    let table = Table::read(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/old_faithful.csv"), None)?;
    let geyser = |column: &str, floor: f64| -> Result<law::Mixture> {
        let p = table.points(&[column])?.p;
        Ok(Mixture::best_of(3, &p, 2, &[floor], &mut run.generator())?.model.law()?)
    };
    let modes = [(0.4, Normal::new(-APART / 2.0, 1.0)?), (0.6, Normal::new(APART / 2.0, 1.0)?)];
    let apart = study(run.unit(), "x", &law::Mixture::new(&modes)?)?;
    let waiting = study(run.unit(), "minutes of waiting", &geyser("waiting_minutes", 1.0)?)?;
    let eruption = study(run.unit(), "minutes of eruption", &geyser("eruption_minutes", 0.05)?)?;

    let figure = Figure::new("Forward KL covers; reverse KL seeks one of modes that stand apart")
        .subtitle("left a made-up p, right mixtures fitted to Old Faithful; dashes: another minimum of the reverse KL")
        .column([apart])
        .column([waiting, eruption]);
    run.draw("optima.png", figure)?;
    run.say_picture("optima.png");
    Ok(())
}

/// Descends both divergences from both sides and between. Every minimum is reported once, and drawn.
fn study(unit: Unit, x: &str, p: &law::Mixture) -> Result<Panel> {
    let (mean, sd) = (p.mean(), p.variance().sqrt());
    let nodes = Empirical::from_density(p, mean - 10.0 * sd, mean + 10.0 * sd, 1001)?;
    let places = || (-300..=300).map(|i| mean + sd * f64::from(i) / 100.0);
    let shade = places().map(|x| (x, 0.0, p.log_prob(x).exp()));
    let mut panel = Panel::new(Axis::new(x), Axis::new("density (per unit)")).band(shade, Ink::Black).label("p");
    println!("\n{x}: p = {p:.3}\n{:>31}{:>9}{:>12}{:>12}  {unit}", "mean", "sd", "KL(p‖q)", "KL(q‖p)");
    for (name, objective, ink) in
        [("forward", Objective::Kl, Ink::Blue), ("reverse", Objective::ReverseKl, Ink::Vermillion)]
    {
        let mut found: Vec<f64> = vec![];
        for (z, width) in [(1.5, 0.3), (0.5, 0.3), (0.0, 1.0), (-0.5, 0.3), (-1.5, 0.3)] {
            let start = Gaussian::from_moments(&[mean + z * sd], &[[(width * sd).powi(2)]], &Device::Cpu)?;
            let fitted = Plan { objective, ..Plan::default() }.fit_from(&nodes, &start)?;
            ensure!(fitted.converged, "the descent from mean {} has not converged", mean + z * sd);
            let q = fitted.model.law()?;
            let q = Normal::new(q.mean()[0], q.covariance()[0][0].sqrt())?;
            if found.iter().all(|known| (known - q.mean()).abs() > 1e-6 * sd) {
                let [forward, reverse] = [kl_divergence(p, &q)?, kl_divergence(&q, p)?].map(|kl| kl.to(unit));
                println!("{name:<22}{:>9.4}{:>9.4}{forward:>12.4}{reverse:>12.4}", q.mean(), q.sd());
                panel = panel.line(places().map(|x| (x, q.log_prob(x).exp())), ink);
                panel = if found.is_empty() { panel.label(name) } else { panel.dashed() };
                found.push(q.mean());
            }
        }
    }
    Ok(panel)
}
