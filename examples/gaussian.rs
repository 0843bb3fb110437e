//! A Gaussian, of one column or of several with full covariance (lecture rows L1, L6, P3).
//!
//! Change first: `--resolution 1`: the floor H(p_data) moves, the minimum does not. With `--resolution 8` the midpoint
//! rule is too coarse, and the run says so.
//! Step size: from about 0.8 on, `--lr 1`, the loss climbs above its start, and the run stops and names the step.

use anyhow::Result;
use candle_mle::cli::{Points, Run, Slice, View};
use candle_mle::{Cloud, Empirical, Gaussian, Sample, Standardize, device};
use candle_nn::VarBuilder;

fn main() -> Result<()> {
    let run = Run::<Points>::from_args("gaussian", "A Gaussian: 1000 numbers, recorded in steps of 0.25.");
    let device = device()?;

    // What was seen: columns of your table, or numbers from a known truth, rounded to a resolution.
    let truth = Gaussian::from_moments(&[2.0], &[2.25], &device)?;
    let table = run.points()?;
    let known = table.is_none().then_some(&truth);
    let Cloud { points, count, columns: names } = table.map_or_else(|| sample(&truth, &run), Ok)?;
    let mut data = Empirical::from_counts(points, &count)?;
    let resolution = run.resolution(&[0.25]);
    if !resolution.is_empty() {
        data = data.at_resolution(&resolution)?;
    }
    let data = data.to_device(&device)?;
    run.say_data(&format!("a Gaussian for {}", names.join(", ")), "H(p_data)", &data);

    // The learner starts as the standard Gaussian, on the range of a table; one fit, one hook.
    let (mean, covariance) = data.moments()?;
    Gaussian::from_moments(&mean, &covariance, &device)?; // a singular covariance has no maximum: say so before the descent
    let range = if known.is_none() { Some(Standardize::range(data.batch())?) } else { None };
    let make = |vb: VarBuilder| {
        let gaussian = Gaussian::new(names.len(), vb)?;
        Ok(range.iter().cloned().fold(gaussian, Gaussian::standardized))
    };
    let learned = run.learn(&data, known, None, 0.15, make, &device)?;

    run.say_moments(&names, &learned.model, known, &data)?;
    run.draw_descent(&learned, "H(p_data)")?;
    // One slice, through the mean of the first column; for one column also the plane of mean and standard deviation.
    let moved = |to: f64| [&[to], &mean[1..]].concat();
    let sigma = covariance[0].sqrt();
    let places = (0..=160).map(|i| mean[0] + sigma * (-1.3 + 3.4 * f64::from(i) / 160.0)).collect();
    let at = |mean: f64| Gaussian::from_moments(&moved(mean), &covariance, &device);
    let slice = Slice::new(format!("mean of {}", names[0]), places, at, &data)?;
    let at = |mean: f64, sigma: f64| Gaussian::from_moments(&[mean], &[sigma * sigma], &device);
    let path = learned.path.iter().map(|theta| (theta[theta.len() - 1], (-theta[0]).exp())).collect();
    let view = match names.len() {
        1 => Some(View::new([("mean", 0.0), ("standard deviation", 0.0)], path, known.map(|_| (2.0, 1.5)), at, &data)?),
        _ => None,
    };
    run.draw_landscape(&slice, view.as_ref())?;
    run.draw_density(&names, &data, &learned.model)?;
    run.say_files();
    Ok(())
}

fn sample(truth: &Gaussian, run: &Run<Points>) -> Result<Cloud> {
    let n = run.n().unwrap_or(1000);
    let points = truth.sample(&n, &mut run.generator())?;
    Ok(Cloud::of_sample(points, &["x"])?)
}
