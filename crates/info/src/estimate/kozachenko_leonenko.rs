//! Differential entropy by the distance of neighbours: Kozachenko and Leonenko (1987).

use super::points::{Point, Points, Tree, check_neighbours};
use super::{digamma, mean_log};
use crate::error::Result;
use crate::information::Information;

/// h(X) = ψ(n) − ψ(k) + d ⟨ln 2r⟩, where r is the distance of a point's k-th neighbour in the maximum norm, whose ball
/// of radius r has the volume (2r)^d. Kozachenko and Leonenko (1987) for k = 1; for any k as in Kraskov, Stögbauer and
/// Grassberger (2004). Points of any dimension d.
///
/// Bias: the density must be even over the reach of k neighbours, some (k/n)^(1/d) of its width. With k = 3 and n =
/// 1000 the bias is within 0.01 nats for the normal, the uniform and the exponential law; for normal points it is −0.02
/// to −0.1 nats in two to five dimensions. The spread there is 0.02 to 0.06 nats, and falls as 1/√n.
///
/// # Errors
/// k not from 1 to n − 1; a k-th neighbour at distance 0; a constant column; NaN or infinity.
///
/// ```
/// // At 0, 1 and 4, k = 1: the neighbours are at 1, 1 and 3, and ψ(3) − ψ(1) = 3/2.
/// let h = candle_mle_info::estimate::kozachenko_leonenko(&[0.0, 1.0, 4.0], 1)?;
/// assert!((h.nats() - (1.5 + (2.0 * 2.0 * 6.0f64).ln() / 3.0)).abs() < 1e-14);
/// # Ok::<(), candle_mle_info::Error>(())
/// ```
pub fn kozachenko_leonenko<P: Point>(sample: &[P], k: usize) -> Result<Information> {
    let points = Points::new(sample)?;
    let n = points.len();
    check_neighbours(k, 0, n - 1)?;
    let tree = Tree::new(&points)?;
    let widths = points.iter().enumerate().map(|(row, at)| Ok(2.0 * tree.reach(at, k + 1, row)?));
    let mean = mean_log(widths.collect::<Result<_>>()?);
    Ok(Information::from_nats(digamma(n as f64) - digamma(k as f64) + points.dimension() as f64 * mean))
}
