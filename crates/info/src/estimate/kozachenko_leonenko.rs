//! Differential entropy by the distance of neighbours: Kozachenko and Leonenko (1987).

use super::points::{Point, Points, check_neighbours, weights};
use super::tree::Tree;
use super::{Neighbours, Scale, digamma, mean_log};
use crate::error::{Error, Result};
use crate::information::Information;

/// h(X) = ψ(n) − ψ(k) + d ⟨ln 2r⟩, where r is the distance of a point's k-th neighbour in the maximum norm, whose ball
/// of radius r has the volume (2r)^d, or, where every column is in its own unit, that times all units. Kozachenko and Leonenko (1987) for k = 1; for any k as in Kraskov, Stögbauer and
/// Grassberger (2004). Points of any dimension d.
///
/// Bias: the density must be even over the reach of k neighbours, some (k/n)^(1/d) of its width. With k = 3 and n =
/// 1000 the bias is within 0.01 nats for the normal, the uniform and the exponential law; for normal points it is −0.02
/// to −0.1 nats in two to five dimensions, +0.2 in ten and +1.0 in sixteen. The spread there is 0.02 to 0.06 nats, and
/// falls as 1/√n. It is an entropy: the unit of x is its own, h(aX) = h(X) + ln|a|.
///
/// # Errors
/// k not from 1 to n − 1; a k-th neighbour at distance 0; a constant column, or one of labels or few steps, in which most
/// rows have k or more duplicates; NaN or infinity; ranks, which have no entropy of the sample.
///
/// ```
/// // At 0, 1 and 4, k = 1: the neighbours are at 1, 1 and 3, and ψ(3) − ψ(1) = 3/2.
/// let h = candle_mle_info::estimate::kozachenko_leonenko(&[0.0, 1.0, 4.0], 1)?;
/// assert!((h.nats() - (1.5 + (2.0 * 2.0 * 6.0f64).ln() / 3.0)).abs() < 1e-14);
/// # Ok::<(), candle_mle_info::Error>(())
/// ```
pub fn kozachenko_leonenko<P: Point>(sample: &[P], neighbours: impl Into<Neighbours>) -> Result<Information> {
    let (points, near) = (Points::new("the sample", sample)?, neighbours.into());
    if near.scale == Scale::Ranks {
        return Err(Error::EntropyOfRanks);
    }
    let (n, k) = (points.len(), near.k);
    check_neighbours(k, 0, n - 1)?;
    let points = points.of_density(near)?;
    let weights = weights(&[&points]);
    let tree = Tree::of(&[&points], &weights);
    let mean = mean_log(tree.apart(k)?.into_iter().map(|reach| 2.0 * reach).collect());
    // The ball is a box, along every column as wide as its weight makes it.
    let volume = points.dimension() as f64 * mean - weights.iter().map(|weight| weight.ln()).sum::<f64>();
    Ok(Information::from_nats(digamma(n as f64) - digamma(k as f64) + volume))
}
