//! Mutual information by neighbours that are counted: Kraskov, Stögbauer and Grassberger (2004), both algorithms.

use super::crowd::Crowd;
use super::points::{Point, Points, check_neighbours, weights};
use super::tree::{Tree, inside};
use super::{Neighbours, digamma, mean_digamma};
use crate::error::Result;
use crate::information::Information;

/// I(X;Y) by the first algorithm of Kraskov, Stögbauer and Grassberger, "Estimating mutual information" (2004):
/// ψ(k) + ψ(n) − ⟨ψ(n_x + 1) + ψ(n_y + 1)⟩, where n_x counts the points whose x is *strictly* nearer than the k-th
/// neighbour in the joint space. X and Y are columns or blocks of columns; row i of both belongs together.
///
/// Bias: none is known where X and Y are independent. For Gaussians, n = 500 and k = 3, it is within 0.03 nats up to ρ
/// = 0.99, beside a spread of 0.03 (ρ = 0) to 0.06. The density must be even over the reach of k neighbours, and strong
/// dependence makes it narrow: at n = 100, ρ = 0.99 a tenth of a nat is missed, and n must grow as exp(I) (Gao, Ver
/// Steeg and Galstyan 2015). A smaller k has less bias and more spread; 3 to 5 is usual.
///
/// In many dimensions it is far too low. Of d pairs of axes, each of correlation ½, at n = 1000 and k = 3 the mean is 0.16
/// nats of 0.14 for d = 1, 0.46 of 0.58 for d = 4, 0.58 of 1.15 for d = 8 and of 2.30 for d = 16. Long tails take from it:
/// of e^(3X) and e^(3Y), X and Y normal with ρ = 0.6, n = 500, it tells 0.13 of 0.22 nats, and all of it in
/// [ranks](super::Scale::Ranks).
///
/// Ties bias it upwards, since those at the k-th neighbour's distance are not counted: by +0.08 nats for independent normals
/// rounded to 0.05 standard deviations, n = 500, k = 12; many more are an error. [`jitter`](super::jitter) recorded numbers
/// first.
///
/// Cost: O(n log n) for columns. In blocks of several columns whole boxes of points are counted at once, but those at the edge
/// of what is counted are visited, which many columns make most of them: up to O(n²) where one block has many more columns
/// than the other.
///
/// # Errors
/// k not from 1 to n − 1; a k-th neighbour at distance 0; a constant column, or one of labels or few steps, in which most
/// rows have k or more duplicates; NaN or infinity; samples of unequal length.
///
/// ```
/// // Four points on a line, k = 1: n_x = n_y = 0 at the ends and in the middle, so that I = ψ(1) + ψ(4) − 2 ψ(1) = 11/6.
/// let x = [0.0, 1.0, 3.0, 4.5];
/// let i = candle_mle_info::estimate::ksg1(&x, &x, 1)?;
/// assert!((i.nats() - 11.0 / 6.0).abs() < 1e-14);
/// # Ok::<(), candle_mle_info::Error>(())
/// ```
pub fn ksg1<X: Point, Y: Point>(x: &[X], y: &[Y], neighbours: impl Into<Neighbours>) -> Result<Information> {
    let near = neighbours.into();
    let seen = counts(x, y, near, Around::Square)?; // n_x + 1: the point itself is counted
    let (k, n) = (near.k as f64, x.len() as f64);
    Ok(Information::from_nats(digamma(k) + digamma(n) - 2.0 * mean_digamma(seen)))
}

/// I(X;Y) by the second algorithm of the same paper: ψ(k) − 1/k + ψ(n) − ⟨ψ(n_x) + ψ(n_y)⟩, where n_x counts the other
/// points whose x is *no further* than that of any of the k nearest neighbours in the joint space, and n_y likewise:
/// the smallest rectangle around them. Neighbours that tie for the k-th place are all taken in.
///
/// Bias: as that of [`ksg1`], in many dimensions and long tails too; a little less in blocks of a few columns, with a tenth
/// more spread. Ties bias it downwards, since all at the edge are counted: −0.11 nats where [`ksg1`] is 0.08 too high.
///
/// # Errors
/// As [`ksg1`].
pub fn ksg2<X: Point, Y: Point>(x: &[X], y: &[Y], neighbours: impl Into<Neighbours>) -> Result<Information> {
    let near = neighbours.into();
    let seen = counts(x, y, near, Around::Rectangle)?;
    let others = seen.into_iter().map(|count| count - 1).collect();
    let (k, n) = (near.k as f64, x.len() as f64);
    Ok(Information::from_nats(digamma(k) - 1.0 / k + digamma(n) - 2.0 * mean_digamma(others)))
}

/// What is drawn around a point in the joint space, to be seen from X and from Y.
enum Around {
    /// Reaches to the k-th neighbour, without its edge.
    Square,
    /// The smallest that holds the k nearest neighbours, with its edge.
    Rectangle,
}

/// For every point how many, itself among them, lie in X within the shape around it, and how many in Y.
fn counts<X: Point, Y: Point>(x: &[X], y: &[Y], near: Neighbours, around: Around) -> Result<Vec<usize>> {
    let (x, y) = (Points::new("x", x)?, Points::new("y", y)?);
    y.as_many_as(&x)?;
    check_neighbours(near.k, 0, x.len() - 1)?;
    let (x, y) = (x.of_density(near)?, y.of_density(near)?);
    let weights = weights(&[&x, &y]);
    let (of_x, of_y) = weights.split_at(x.dimension());
    let (joint, in_x, in_y) = (Tree::of(&[&x, &y], &weights), Crowd::new(&[&x], of_x), Crowd::new(&[&y], of_y));
    let reaches = joint.apart(near.k)?;
    let (to_x, to_y) = match around {
        Around::Square => (inside(&reaches), inside(&reaches)),
        Around::Rectangle => joint.sides(&reaches, of_x.len())?,
    };
    let mut counts = in_x.counts(&joint, 0, &to_x)?;
    counts.extend(in_y.counts(&joint, of_x.len(), &to_y)?);
    Ok(counts)
}
