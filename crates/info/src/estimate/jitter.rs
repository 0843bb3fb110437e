//! Recorded numbers, spread over the step that they were recorded in.

use rand::Rng;

use super::points::{Point, Points};
use crate::error::{Error, Result};

/// Every coordinate moved by an independent uniform draw from [−step/2, step/2], which breaks ties.
///
/// Where `step` is the resolution of the record, the points have a density: constant over each cell of the record,
/// whose probability it spreads. Then h = H(cells) + d ln step and, since a point tells its cell and its place in the
/// cell tells nothing, I(X;Y) is that of the cells. A smaller step keeps ties apart from others and is arbitrary: the
/// entropy falls with ln step.
///
/// # Errors
/// A step that is no positive number, or no wider than the spacing of floating-point numbers at the largest coordinate,
/// which it would not move; a constant column; NaN or infinity.
pub fn jitter<P: Point, R: Rng + ?Sized>(sample: &[P], step: f64, rng: &mut R) -> Result<Vec<Vec<f64>>> {
    if !(step > 0.0 && step.is_finite()) {
        return Err(Error::Parameter { what: "the step", value: step, allowed: "a finite number > 0" });
    }
    let points = Points::new("the sample", sample)?;
    let largest = points.columns().flatten().fold(0.0, |largest, x| x.abs().max(largest));
    if step <= largest.next_up() - largest {
        let allowed = "a step wider than the spacing of floating-point numbers at the largest coordinate";
        return Err(Error::Parameter { what: "the step", value: step, allowed });
    }
    let mut moved = |x: &f64| x + step * (rng.random::<f64>() - 0.5);
    Ok(sample.iter().map(|at| at.coordinates().iter().map(&mut moved).collect()).collect())
}
