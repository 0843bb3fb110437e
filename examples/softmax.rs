//! The softmax classifier (lecture rows L2, L3): one-hot cross-entropy, log-loss and NLL are one thing. Which of three
//! species grows at which height, or a table of yours with `--csv`.
//!
//! Try: the coefficients of `truth`, or `--n 90`, and see which curve strays. Step size: with `--lr 8` the descent leaps
//! from side to side, and the run says that it has not converged; with `--lr 10` the loss climbs above its start, and the
//! run stops and names the step; with `--let-it-diverge` it goes on, and is drawn.

use anyhow::Result;
use candle_core::{Device, Tensor};
use candle_mle::model::Softmax;
use candle_mle::model::{Linear, Sample};
use candle_mle::{Design, Parameters};
use candle_mle_cli::{Classes, Run, Setting};

fn main() -> Result<()> {
    let run = Run::<Classes>::from_args("softmax", include_str!("softmax.rs"))?;

    // A known truth: slope and intercept of every species' logit in the height, in km.
    let names = ["slope of pine", "intercept of pine", "slope of moss", "intercept of moss"];
    let [slope, intercept, steep, low] = run.truth(names, [3.0, -3.0, 7.0, -11.0]);
    let truth = Tensor::new(&[[0.0, 0.0], [slope, intercept], [steep, low]], &Device::Cpu)?;
    let truth = Softmax::from_coefficients(&truth)?;
    // What was seen: a table of yours, or plants at heights of 0 to 3 km, so that x repeats and H(Y|X) > 0.
    let table = run.design()?;
    let known = table.is_none().then_some(&truth);
    let design = table.map_or_else(|| sample(&truth, &run), Ok)?;
    let Design { p, names, .. } = &design;
    run.say_data(&names.to_string(), "H(Y|X)", p);

    // The learner is the same struct, its parameters variables that start at zero; one fit, one hook.
    let (columns, classes, map) = (names.columns.len(), names.classes.len(), p.standardize()?);
    let step_size = 3.0 / (columns + 1) as f64; // below two over the largest curvature that standard columns can have
    let setting = Setting { truth: known, separation: run.separation(p, classes)?, names, step_size };
    let learned = run.learn(p, setting, |vb| Softmax::new(columns, classes, vb)?.standardized(map.clone()))?;

    run.say_coefficients(&design, &learned, known)?;
    run.draw_classifier(&design, &learned, known)?;
    run.say_files();
    Ok(())
}

fn sample(truth: &Softmax, run: &Run<Classes>) -> Result<Design> {
    let n = run.n().unwrap_or(3000);
    let heights = (0..n).map(|i| (i % 16) as f64 * 0.2).collect();
    let batch = truth.sample(&Tensor::from_vec(heights, (n, 1), &Device::Cpu)?, &mut run.generator())?;
    Ok(Design::of_sample(batch, &["height (km)"], "species", &["lily", "pine", "moss"])?)
}
