//! A Gaussian, of one column or of several with full covariance (lecture rows L1, L6, P3): 1000 numbers, recorded in steps
//! of 0.25, or the columns of a table of yours with `--csv`.
//!
//! Try: `--resolution 1`: the floor H(p̂) moves, the minimum does not. With `--resolution 8` the midpoint rule is too
//! coarse, and the run says so. Step size: from about 0.8 on, `--lr 1`, the loss climbs above its start, and the run
//! stops and names the step; with `--let-it-diverge` it goes on, and is drawn.

use anyhow::Result;
use candle_core::{Device, Tensor};
use candle_mle::Design;
use candle_mle::model::Gaussian;
use candle_mle::model::Sample;
use candle_mle_cli::{Points, Run, Setting};
use candle_nn::VarBuilder;

fn main() -> Result<()> {
    let run = Run::<Points>::from_args("gaussian", include_str!("gaussian.rs"))?;

    // What was seen: columns of your table, or numbers from a known truth, rounded to a resolution.
    let [mean, sigma] = run.truth(["mean", "standard deviation"], [2.0, 1.5]);
    let truth = Gaussian::from_moments(&[mean], &[[sigma * sigma]], &Device::Cpu)?;
    let table = run.points()?;
    let known = table.is_none().then_some(&truth);
    let Design { mut p, names, .. } = table.map_or_else(|| sample(&truth, &run), Ok)?;
    let (columns, resolution) = (names.columns.len(), run.resolution(&[0.25]));
    if !resolution.is_empty() {
        p = p.at_resolution(&resolution)?;
    }
    run.say_data(&format!("a Gaussian for {}", names.columns.join(", ")), "H(p̂)", &p);

    // The learner starts as the standard Gaussian, on the range of a table; one fit, one hook.
    let (mean, covariance) = p.moments()?;
    Gaussian::from_moments(&mean, &covariance, &Device::Cpu)?; // a singular covariance has no maximum: say so at once
    let white = if known.is_none() { Some(p.whiten()?) } else { None };
    let make = |vb: VarBuilder| white.iter().try_fold(Gaussian::new(columns, vb)?, Gaussian::whitened);
    let learned = run.learn(&p, Setting { truth: known, separation: None, names: &names, step_size: 0.15 }, make)?;

    run.say_moments(&names, &learned, known, &p)?;
    run.draw_gaussian(&names.columns, &p, &learned, known)?;
    run.say_files();
    Ok(())
}

fn sample(truth: &Gaussian, run: &Run<Points>) -> Result<Design<Tensor>> {
    let points = truth.sample(&run.n().unwrap_or(1000), &mut run.generator())?;
    Ok(Design::of_points(points, &["x"])?)
}
