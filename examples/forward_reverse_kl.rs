//! Forward and reverse KL (lecture row L20): one Gaussian for two modes covers both, or seeks one of them.
//!
//! Change first: `APART`, how many standard deviations apart the two modes are. At 5 the lighter one no longer holds a
//! minimum of the reverse KL, at 4 neither does: only the one that covers is left, as for the geyser's waiting times.
//! KL(p‖q) is what maximum likelihood descends; KL(q‖p), on the nodes of a quadrature, what variational inference does.

use anyhow::{Result, ensure};
use candle_core::{DType, Device};
use candle_mle::cli::Run;
use candle_mle::law::{self, Law, Normal};
use candle_mle::plot::{Axis, Figure, Ink, Panel};
use candle_mle::{Empirical, Gaussian, GradientNorm, Lbfgs, LossLog, Mixture, Objective};
use candle_mle::{Row, Standardize, Table, fit, variables};
use candle_nn::VarBuilder;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

const APART: f64 = 6.0;

fn main() -> Result<()> {
    let run = Run::<()>::from_args("forward_reverse_kl", "One Gaussian for two modes, by KL one way and the other.");
    let modes = [(0.4, Normal::new(-APART / 2.0, 1.0)?), (0.6, Normal::new(APART / 2.0, 1.0)?)];
    let apart = study(&run, "x", &law::Mixture::new(&modes)?)?;
    let waiting = study(&run, "minutes of waiting", &geyser("waiting_minutes", 1.0)?)?;
    let eruption = study(&run, "minutes of eruption", &geyser("eruption_minutes", 0.05)?)?;
    Figure::new("Forward KL covers; reverse KL seeks one of modes that stand apart")
        .subtitle("left a made-up p, right mixtures fitted to Old Faithful; dashes: another minimum of the reverse KL")
        .column([apart])
        .column([waiting, eruption])
        .save(run.out("optima.png"))?;
    println!("\nthe optima are drawn in {}", run.out("optima.png").display());
    Ok(())
}

/// Two Gaussians for a column of Old Faithful, neither narrower than the floor: without one there is no maximum.
fn geyser(column: &str, floor: f64) -> Result<law::Mixture> {
    let table = Table::read(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/old_faithful.csv"), None)?;
    let data = Empirical::from_sample(table.points(&[column.into()])?.points)?;
    let start = Mixture::seeded(data.batch(), data.mass(), 2, &[floor], &mut ChaCha8Rng::seed_from_u64(1))?;
    let (vars, q) = start.learner(Standardize::moments(data.batch(), data.mass())?)?;
    fit(&q, &data, Objective::CrossEntropy, &mut Lbfgs::new(&vars), 500, &mut GradientNorm::new(&vars, 1e-9))?;
    Ok(q.law()?)
}

/// Descends both divergences from both sides and between. Every minimum is reported once, and drawn.
fn study(run: &Run<()>, x: &str, p: &law::Mixture) -> Result<Panel> {
    let (mean, sd, nats) = (p.mean(), p.variance().sqrt(), run.unit().nats());
    let nodes = Empirical::from_density(p, mean - 10.0 * sd, mean + 10.0 * sd, 1001)?;
    let places = || (-300..=300).map(|i| mean + sd * f64::from(i) / 100.0);
    let shade = places().map(|x| (x, 0.0, p.log_prob(x).exp()));
    let mut panel = Panel::new(Axis::new(x), Axis::new("density (per unit)")).band(shade, Ink::Black).label("p");
    println!("\n{x}: p = {p:.3}\n{:>31}{:>9}{:>12}{:>12}  {}", "mean", "sd", "KL(p‖q)", "KL(q‖p)", run.unit());
    for (objective, ink) in [(Objective::Kl, Ink::Blue), (Objective::ReverseKl, Ink::Vermillion)] {
        let name = if objective == Objective::Kl { "forward" } else { "reverse" };
        let mut found: Vec<f64> = vec![];
        for (z, width) in [(1.5, 0.3), (0.5, 0.3), (0.0, 1.0), (-0.5, 0.3), (-1.5, 0.3)] {
            let vars = variables(&Gaussian::from_moments(&[mean + z * sd], &[(width * sd).powi(2)], &Device::Cpu)?)?;
            let q = Gaussian::new(1, VarBuilder::from_varmap(&vars, DType::F64, &Device::Cpu))?;
            let (mut log, mut end) = (LossLog::new().with_reverse_kl(), GradientNorm::new(&vars, 1e-9));
            fit(&q, &nodes, objective, &mut Lbfgs::new(&vars), 500, &mut (&mut log, &mut end))?;
            ensure!(end.reached(), "the descent from mean {} has not converged", mean + z * sd);
            let q = Normal::new(q.mean()?.to_vec1::<f64>()?[0], q.conditional_std()?[0])?;
            let Some(Row { kl, reverse_kl: Some(reverse), .. }) = log.history()?.rows().last() else { continue };
            if found.iter().all(|known| (known - q.mean()).abs() > 1e-6 * sd) {
                println!("{name:<22}{:>9.4}{:>9.4}{:>12.4}{:>12.4}", q.mean(), q.sd(), kl / nats, reverse / nats);
                panel = panel.line(places().map(|x| (x, q.log_prob(x).exp())), ink);
                panel = if found.is_empty() { panel.label(name) } else { panel.dashed() };
                found.push(q.mean());
            }
        }
    }
    Ok(panel)
}
