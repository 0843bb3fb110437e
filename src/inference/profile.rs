//! Intervals by the profile of the likelihood.

use nalgebra::DVector;

use super::contrasts::{At, Contrasts, Root};
use crate::error::Result;

/// Where the least loss that θ can have with a·θ held is z²/2 above the minimum, below and above the estimate.
pub(super) fn interval(rows: &Contrasts, theta: Vec<f64>, a: &DVector<f64>, z: f64) -> Result<[f64; 2]> {
    let start = DVector::from_vec(theta);
    let here = rows.at(start.as_slice());
    let root = Root::new(&here.information)?;
    let (estimate, error) = (a.dot(&start), a.dot(&root.solve(a)).sqrt());
    let mut ends = [f64::NEG_INFINITY, f64::INFINITY];
    for (end, side) in ends.iter_mut().zip([-1.0, 1.0]) {
        let (mut value, mut from) = (estimate + side * z * error, start.clone());
        for _ in 0..60 {
            let Some((loss, slope, at)) = held(rows, from.clone(), a, value) else { break };
            let height = (2.0 * (loss - here.loss).max(0.0)).sqrt();
            // The root of twice the rise is nearly a line; its slope is that of the loss over its height.
            let next = value - (height - z) * height / slope;
            let (near, far) = (0.3 * (value - estimate), 3.0 * (value - estimate));
            let next = if next.is_finite() {
                next.clamp(estimate + near.min(far), estimate + near.max(far))
            } else {
                estimate + far
            };
            let moved = (next - value).abs();
            (value, from) = (next, at);
            if moved <= 1e-12 * (error + value.abs()) {
                *end = value;
                break;
            }
            // So far out the likelihood is flat: no value on this side is rejected.
            if (value - estimate).abs() > 1e4 * error {
                break;
            }
        }
    }
    Ok(ends)
}

/// The least loss with a·θ = value, its slope in that value, and where it is; none where the others are not determined.
fn held(rows: &Contrasts, from: DVector<f64>, a: &DVector<f64>, value: f64) -> Option<(f64, f64, DVector<f64>)> {
    let mut theta = from;
    let mut at = rows.at(theta.as_slice());
    // On the plane, along the direction in which the loss rises the least.
    let along = Root::new(&at.information).ok()?.solve(a);
    theta += &along * ((value - a.dot(&theta)) / a.dot(&along));
    at = rows.at(theta.as_slice());
    for _ in 0..100 {
        let root = Root::new(&at.information).ok()?;
        let (along, down) = (root.solve(a), root.solve(&at.gradient));
        let slope = a.dot(&down) / a.dot(&along);
        let step = down - along * slope;
        let left = step.dot(&at.gradient);
        if left <= 1e-15 * (1.0 + at.loss) {
            return Some((at.loss, slope, theta));
        }
        let mut length = 1.0;
        let (trial, there): (_, At) = loop {
            let trial = &theta - &step * length;
            let there = rows.at(trial.as_slice());
            if there.loss <= at.loss - 1e-4 * length * left || length < 1e-8 {
                break (trial, there);
            }
            length /= 2.0;
        };
        if there.loss >= at.loss {
            return Some((at.loss, slope, theta));
        }
        (theta, at) = (trial, there);
    }
    None
}
