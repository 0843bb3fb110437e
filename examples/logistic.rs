//! Logistic regression (lecture row L4): binary cross-entropy, Bernoulli log-loss and NLL are one thing.
//!
//! Change first: the slope of `truth`, or `--n 50`, and see how far the estimate falls from the truth.
//! Step size: with `--lr 20` the descent leaps from side to side, and the run says that it has not converged; with
//! `--lr 25` the loss climbs above its start, and the run stops and names the step.

use anyhow::Result;
use candle_core::Tensor;
use candle_mle::cli::{Classes, Run};
use candle_mle::{Classifier, Design, Empirical, Logistic, Sample, Standardize, device, separation};
use candle_nn::VarBuilder;

fn main() -> Result<()> {
    let run = Run::<Classes>::from_args("logistic", "Logistic regression: the response of 2000 subjects to 11 doses.");
    let device = device()?;

    // A known truth: at dose x the probability of a response is σ(1.2 x − 4).
    let truth = Logistic::from_coefficients(&Tensor::new(&[[0.0, 0.0], [1.2, -4.0]], &device)?)?;
    // What was seen: a table of yours, or responses at doses of 0 to 6 mg, so that x repeats and H(Y|X) > 0.
    let table = run.design()?;
    let known = table.is_none().then_some(&truth);
    let design = table.map_or_else(|| sample(&truth, &run), Ok)?;
    design.two_classes()?;
    let data = Empirical::from_counts(design.batch.clone(), &design.count)?.to_device(&device)?;
    run.say_data(&format!("{} from {}", design.target, design.columns.join(", ")), "H(Y|X)", &data);

    // The learner is the same struct, its parameters variables that start at zero; one fit, one hook.
    let columns = design.columns.len();
    let standardize = Standardize::moments(data.batch().x(), data.mass())?;
    let make = |vb: VarBuilder| Ok(Logistic::new(columns, vb)?.standardized(standardize.clone()));
    let step_size = 4.0 / (columns + 1) as f64; // one over the largest curvature that standard columns can have
    let learned = run.learn(&data, known, separation(&data, 2)?, step_size, make, &device)?;

    run.say_coefficients(&design, &learned, known)?;
    run.draw_classifier(&design, &data, &learned, known)?;
    run.say_files();
    Ok(())
}

fn sample(truth: &Logistic, run: &Run<Classes>) -> Result<Design> {
    let n = run.n().unwrap_or(2000);
    let doses = (0..n).map(|i| (i % 11) as f64 * 0.6).collect();
    let batch = truth.sample(&Tensor::from_vec(doses, (n, 1), &device()?)?, &mut run.generator())?;
    Ok(Design::of_sample(batch, &["dose (mg)"], "response", &["no", "yes"])?)
}
