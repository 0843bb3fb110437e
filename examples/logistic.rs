//! Logistic regression (lecture row L4): binary cross-entropy, Bernoulli log-loss and NLL are one thing. The response of
//! 2000 subjects to 11 doses, or a table of yours with `--csv`.
//!
//! Try: the slope of `truth`, or `--n 50`, and see how far the estimate falls from the truth. Step size: with `--lr 20`
//! the descent leaps from side to side, and the run says that it has not converged; with `--lr 25` the loss climbs above
//! its start, and the run stops and names the step; with `--let-it-diverge` it goes on, and is drawn.

use anyhow::Result;
use candle_core::{Device, Tensor};
use candle_mle::model::Logistic;
use candle_mle::model::{Linear, Sample};
use candle_mle::{Design, Parameters};
use candle_mle_cli::{Classes, Run, Setting};

fn main() -> Result<()> {
    let run = Run::<Classes>::from_args("logistic", include_str!("logistic.rs"))?;

    // A known truth: at dose x the probability of a response is σ(1.2 x − 4).
    let truth = run.truth(["slope", "intercept"], [1.2, -4.0]);
    let truth = Logistic::from_coefficients(&Tensor::new(&[[0.0, 0.0], truth], &Device::Cpu)?)?;
    // What was seen: a table of yours, or responses at doses of 0 to 6 mg, so that x repeats and H(Y|X) > 0.
    let table = run.design()?;
    let known = table.is_none().then_some(&truth);
    let design = table.map_or_else(|| sample(&truth, &run), Ok)?;
    let Design { p, names, .. } = &design;
    names.two_classes()?;
    run.say_data(&names.to_string(), "H(Y|X)", p);

    // The learner is the same struct, its parameters variables that start at zero; one fit, one hook.
    let (columns, map) = (names.columns.len(), p.standardize()?);
    let step_size = 4.0 / (columns + 1) as f64; // one over the largest curvature that standard columns can have
    let setting = Setting { truth: known, separation: run.separation(p, 2)?, names, step_size };
    let learned = run.learn(p, setting, |vb| Logistic::new(columns, vb)?.standardized(map.clone()))?;

    run.say_coefficients(&design, &learned, known)?;
    run.draw_classifier(&design, &learned, known)?;
    run.say_files();
    Ok(())
}

fn sample(truth: &Logistic, run: &Run<Classes>) -> Result<Design> {
    let n = run.n().unwrap_or(2000);
    let doses = (0..n).map(|i| (i % 11) as f64 * 0.6).collect();
    let batch = truth.sample(&Tensor::from_vec(doses, (n, 1), &Device::Cpu)?, &mut run.generator())?;
    Ok(Design::of_sample(batch, &["dose (mg)"], "response", &["no", "yes"])?)
}
