//! Conditional mutual information by neighbours that are counted: Frenzel and Pompe (2007); and transfer entropy.

use super::crowd::Crowd;
use super::points::{Point, Points, check_neighbours, weights};
use super::tree::{Tree, inside};
use super::{Neighbours, digamma, mean_digamma};
use crate::error::{Error, Result};
use crate::information::Information;

/// I(X;Y|Z) = ψ(k) + ⟨ψ(n_z + 1) − ψ(n_xz + 1) − ψ(n_yz + 1)⟩, where n_xz counts the points whose x and z are *strictly* nearer
/// than the k-th neighbour among all columns: Frenzel and Pompe, "Partial mutual information for coupling analysis of
/// multivariate time series" (2007). X, Y and Z are columns or blocks of columns; row i of all three belongs together.
///
/// Bias: towards 0, from the columns of Z along which a neighbourhood of k points is wide. Of ½ ln 4/3 = 0.14 nats between
/// normal columns that share a sum of d normal ones of Z, n = 1000 and k = 3, the mean tells 0.15 for d = 1 and 2, 0.13 for d =
/// 4 and 0.10 for d = 8, with a spread of 0.01 to 0.03; of nothing it tells nothing, to 0.01, up to d = 8.
///
/// # Errors
/// As [`ksg1`](super::ksg1).
///
/// ```
/// use candle_mle_info::estimate::{frenzel_pompe, ksg1};
/// use rand::{Rng, SeedableRng};
/// use rand_distr::StandardNormal;
/// // Z drives both: X and Y tell much of each other, and nothing once Z is known.
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let mut draw = || -> Vec<f64> { (0..1000).map(|_| rng.sample(StandardNormal)).collect() };
/// let z = draw();
/// let [x, y] = [draw(), draw()].map(|noise| -> Vec<f64> { z.iter().zip(noise).map(|(z, e)| z + 0.5 * e).collect() });
/// assert!(ksg1(&x, &y, 3)?.nats() > 0.4);
/// assert!(frenzel_pompe(&x, &y, &z, 3)?.nats().abs() < 0.05);
/// # Ok::<(), candle_mle_info::Error>(())
/// ```
pub fn frenzel_pompe<X: Point, Y: Point, Z: Point>(
    x: &[X],
    y: &[Y],
    z: &[Z],
    neighbours: impl Into<Neighbours>,
) -> Result<Information> {
    given([Points::new("x", x)?, Points::new("y", y)?, Points::new("z", z)?], neighbours.into())
}

/// What the past of one series tells about the next value of another beyond that one's own past: T = I(next of `to`; last
/// `history` of `from` | last `history` of `to`) by [`frenzel_pompe`]. Schreiber, "Measuring information transfer" (2000). In
/// nats or bits a step; of discrete series the exact
/// [`Pmf::conditional_mutual_information`](crate::Pmf::conditional_mutual_information) of a table of such triples is the same.
///
/// It tells direction, which I(X;Y) cannot, but no cause: a third series that drives both, one of them later, transfers
/// nothing and looks as if. A history shorter than the memory of `to` leaves to `from` what `to` could tell itself.
///
/// Bias: as that of [`frenzel_pompe`] with 2 · `history` + 1 columns. Rows that follow each other are not independent, so that
/// the spread is larger than that of as many independent ones.
///
/// # Errors
/// Series of unequal length; a history of 0, or that leaves no step; else as [`frenzel_pompe`].
///
/// ```
/// use candle_mle_info::estimate::transfer_entropy;
/// use rand::{Rng, SeedableRng};
/// use rand_distr::StandardNormal;
/// // Y follows X by a step: y' = 0.5 y + 0.6 x + noise, x' = 0.5 x + noise.
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let (mut x, mut y) = (vec![0.0], vec![0.0]);
/// for t in 0..3000 {
///     let [of_x, of_y]: [f64; 2] = [0; 2].map(|_| rng.sample(StandardNormal));
///     y.push(0.5 * y[t] + 0.6 * x[t] + of_y);
///     x.push(0.5 * x[t] + of_x);
/// }
/// // Gaussian: T = ½ ln (1 + 0.36 Var(x|y)), and Var(x|y) = 1.2148 where both have settled.
/// let truth = 0.5 * (1.0 + 0.36 * 1.2148f64).ln();
/// assert!((transfer_entropy(&x, &y, 1, 3)?.nats() - truth).abs() < 0.05);
/// assert!(transfer_entropy(&y, &x, 1, 3)?.nats().abs() < 0.05);
/// # Ok::<(), candle_mle_info::Error>(())
/// ```
pub fn transfer_entropy(
    from: &[f64],
    to: &[f64],
    history: usize,
    neighbours: impl Into<Neighbours>,
) -> Result<Information> {
    if from.len() != to.len() {
        let expected = format!("({},), as many values as the source,", from.len());
        return Err(Error::Shape { what: "the target", got: vec![to.len()], expected });
    }
    if history == 0 || history >= to.len() {
        let allowed = "a number of steps from 1 to below the length of the series";
        return Err(Error::Parameter { what: "the history", value: history as f64, allowed });
    }
    let steps = to.len() - history;
    let source: Vec<&[f64]> = from.windows(history).take(steps).collect();
    let target: Vec<&[f64]> = to.windows(history).take(steps).collect();
    let [source, target] =
        [Points::new("the past of the source", &source)?, Points::new("the past of the target", &target)?];
    given([source, Points::new("the target", &to[history..])?, target], neighbours.into())
}

/// I(X;Y|Z), whose columns stand as X, Z, Y: then those of X and Z are side by side, and those of Z and Y.
fn given([x, y, z]: [Points; 3], near: Neighbours) -> Result<Information> {
    y.as_many_as(&x)?;
    z.as_many_as(&x)?;
    check_neighbours(near.k, 0, x.len() - 1)?;
    let (x, y, z) = (x.of_density(near)?, y.of_density(near)?, z.of_density(near)?);
    let weights = weights(&[&x, &z, &y]);
    let (first, last) = (x.dimension(), x.dimension() + z.dimension());
    let joint = Tree::of(&[&x, &z, &y], &weights);
    let reaches = inside(&joint.apart(near.k)?);
    let xz = Crowd::new(&[&x, &z], &weights[..last]).counts(&joint, 0, &reaches)?;
    let zy = Crowd::new(&[&z, &y], &weights[first..]).counts(&joint, first, &reaches)?;
    let z = Crowd::new(&[&z], &weights[first..last]).counts(&joint, first, &reaches)?;
    let mean = mean_digamma(z) - (mean_digamma(xz) + mean_digamma(zy));
    Ok(Information::from_nats(digamma(near.k as f64) + mean))
}
