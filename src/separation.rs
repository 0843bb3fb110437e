//! Does the likelihood of a classifier have a maximum? A linear program decides it before any descent.

use candle_core::Tensor;
use candle_mle_info::Information;
use nalgebra::{DMatrix, DVector};

use crate::batch::{Labelled, host};
use crate::empirical::Empirical;
use crate::error::{Error, Result};
use crate::linear_program::{SparseRow, direction, weights};
use crate::standardize::Standardize;

/// Data that a linear classifier can tell apart too well: along a direction of parameter space the likelihood grows
/// for ever, so no finite maximum exists (Albert and Anderson 1984, Biometrika 71: complete or quasi-complete separation).
#[derive(Clone, Debug)]
pub struct Separation {
    /// What −Σ ln q falls towards and never reaches, over all n observations.
    pub infimum: Information,
    /// How the coefficients run off: for every class against class 0 the slopes, then the intercept, per unit of x.
    /// Scaled to a largest component of 1 where x is measured in its standard deviations.
    pub direction: Vec<Vec<f64>>,
    /// Whether every observation is told apart in the limit, so that the infimum is 0.
    pub complete: bool,
}

/// Looks for a separation in classes 0 … k−1; `None` if the likelihood has a finite maximum.
///
/// A direction δ separates if (δ_y − δ_c)·(x, 1) ≥ 0 for every observation and class c ≠ y, and > 0 for some. The dual of
/// asking for as many strict ones as can be is a linear program with one row a parameter. Where a part of the
/// observations already leaves no room for δ, the others cannot give it back, so large tables are decided by a part.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::{Empirical, Labelled, separation};
/// let x = Tensor::new(&[[1.0], [2.0], [3.0], [4.0]], &Device::Cpu)?;
/// let seen = |y: [u32; 4]| Empirical::from_sample(Labelled::new(x.clone(), Tensor::new(&y, &Device::Cpu)?)?);
/// assert!(separation(&seen([0, 1, 0, 1])?, 2)?.is_none());
/// // A line between 2 and 3 tells the classes apart: the likelihood has no finite maximum.
/// let apart = separation(&seen([0, 0, 1, 1])?, 2)?.unwrap();
/// assert!(apart.complete && apart.infimum.nats() == 0.0);
/// # Ok::<(), candle_mle::Error>(())
/// ```
///
/// # Errors
/// A class that is not below `classes`; a program that the solver gives up on.
pub fn separation(p: &Empirical<Labelled>, classes: usize) -> Result<Option<Separation>> {
    p.batch().at_most(classes)?;
    if p.batch().x().dim(1)? == 0 {
        // Without a column every class has its share, and the maximum is there.
        return Ok(None);
    }
    let margins = Margins::new(p, classes)?;
    let mut part = 512;
    loop {
        let pairs = margins.spread(part);
        let rows: Vec<SparseRow> = pairs.iter().map(|pair| margins.row(*pair)).collect();
        let weights = weights(&rows, margins.parameters())?;
        let overlap = weights.iter().all(|w| *w > 0.0);
        if pairs.len() == margins.pairs.len() {
            if overlap {
                return Ok(None);
            }
            let direction = margins.own_units(&direction(&rows, &weights, margins.parameters())?);
            let left: Vec<Pair> = pairs.into_iter().zip(&weights).filter(|(_, w)| **w > 0.0).map(|(p, _)| p).collect();
            return Ok(Some(Separation { infimum: margins.infimum(&left), direction, complete: left.is_empty() }));
        }
        if overlap && margins.determined_by(&rows) {
            return Ok(None);
        }
        part *= 4;
    }
}

/// The same for a coin (m,) of zeros and ones: one that showed a single face is the likelier the surer it is of it.
pub fn one_sided(p: &Empirical<Tensor>) -> Result<Option<Separation>> {
    let heads = p.moments()?.0[0];
    if heads != 0.0 && heads != 1.0 {
        return Ok(None);
    }
    let direction = vec![vec![0.0], vec![2.0 * heads - 1.0]];
    Ok(Some(Separation { infimum: Information::ZERO, direction, complete: true }))
}

/// The same for a die, (m,) of levels 0 … k−1, u32: a level that was never seen is the likelier the less probable it is, for
/// ever, and the likelihood has no finite maximum. The infimum is n H(p̂).
///
/// # Errors
/// A level that is not below `levels`.
pub fn unseen_levels(p: &Empirical<Tensor>, levels: usize) -> Result<Option<Separation>> {
    let mut seen = vec![false; levels];
    for level in host(p.batch())? {
        let level = level as usize;
        *seen.get_mut(level).ok_or(Error::Class { class: level, classes: levels })? = true;
    }
    if seen.iter().all(|seen| *seen) {
        return Ok(None);
    }
    // Against level 0, as everywhere.
    let off = |seen: bool| if seen { 0.0 } else { -1.0 };
    let direction = seen.iter().map(|level| vec![off(*level) - off(seen[0])]).collect();
    Ok(Some(Separation { infimum: p.entropy() * p.total(), direction, complete: p.distinct() == 1 }))
}

/// Row, its class y, and another class c.
type Pair = (usize, usize, usize);

/// The margins (δ_y − δ_c)·(x, 1) of every observation against every other class, in standard coordinates.
struct Margins {
    /// (x, 1) of each distinct row.
    x: Vec<Vec<f64>>,
    count: Vec<f64>,
    scale: Vec<f64>,
    shift: Vec<f64>,
    classes: usize,
    pairs: Vec<Pair>,
}

impl Margins {
    fn new(p: &Empirical<Labelled>, classes: usize) -> Result<Self> {
        let standardize = Standardize::moments(p.batch().x(), p.mass())?;
        let (shift, scale) = (host(standardize.shift())?, host(standardize.scale())?);
        let y = p.batch().y().to_device(&candle_core::Device::Cpu)?.to_vec1::<u32>()?;
        p.batch().at_most(classes)?;
        let standard = |x: &[f64]| {
            let standard = x.iter().zip(&shift).zip(&scale).map(|((x, a), b)| (x - a) / b);
            standard.chain([1.0]).collect::<Vec<f64>>()
        };
        let x: Vec<Vec<f64>> = host(p.batch().x())?.chunks(shift.len()).map(standard).collect();
        let others = |(row, y): (usize, &u32)| {
            let y = *y as usize;
            (0..classes).filter(move |c| *c != y).map(move |c| (row, y, c))
        };
        let pairs = y.iter().enumerate().flat_map(others).collect();
        Ok(Self { x, count: host(p.count())?, scale, shift, classes, pairs })
    }

    /// Parameters: (d + 1) for every class but class 0, which stays at zero.
    fn parameters(&self) -> usize {
        (self.classes - 1) * self.x[0].len()
    }

    /// The margin of a pair as a function of δ.
    fn row(&self, (row, y, c): Pair) -> SparseRow {
        let width = self.x[row].len();
        let of_class = |(class, sign): (usize, f64)| {
            let coefficients = self.x[row].iter().enumerate().filter(|(_, x)| **x != 0.0);
            coefficients.map(move |(j, x)| ((class - 1) * width + j, sign * x))
        };
        [(y, 1.0), (c, -1.0)].into_iter().filter(|(class, _)| *class > 0).flat_map(of_class).collect()
    }

    /// About `at_most` pairs, evenly spread over the table; all of them if there are no more.
    fn spread(&self, at_most: usize) -> Vec<Pair> {
        let stride = self.pairs.len().div_ceil(at_most).max(1);
        self.pairs.iter().copied().step_by(stride).collect()
    }

    /// Whether margins of zero on these rows leave no direction but zero.
    fn determined_by(&self, rows: &[SparseRow]) -> bool {
        let k = self.parameters();
        let mut gram = DMatrix::<f64>::zeros(k, k);
        for row in rows {
            for (i, a) in row {
                for (j, b) in row {
                    gram[(*i, *j)] += a * b / rows.len() as f64;
                }
            }
        }
        gram.symmetric_eigenvalues().min() > 1e-9
    }

    /// A direction δ for every class, scaled to a largest component of 1, per unit of x.
    fn own_units(&self, delta: &[f64]) -> Vec<Vec<f64>> {
        let width = self.x[0].len();
        let largest = delta.iter().fold(0.0, |a: f64, d| a.max(d.abs()));
        let of_class = |class: &[f64]| {
            let slopes: Vec<f64> = (0..width - 1).map(|j| class[j] / largest / self.scale[j]).collect();
            let moved: f64 = slopes.iter().zip(&self.shift).map(|(slope, shift)| slope * shift).sum();
            let intercept = class[width - 1] / largest - moved;
            slopes.into_iter().chain([intercept]).collect()
        };
        std::iter::once(vec![0.0; width]).chain(delta.chunks(width).map(of_class)).collect()
    }

    /// The likelihood's limit along the direction: the pairs that are told apart drop out, and what is left of the
    /// softmax has a finite maximum (Geyer 2009, Electronic Journal of Statistics 3), found by Newton's method.
    fn infimum(&self, left: &[Pair]) -> Information {
        let k = self.parameters();
        let mut theta = DVector::zeros(k);
        let (mut loss, mut gradient, mut hessian) = self.limit(left, &theta);
        for _ in 0..100 {
            // Directions that the remaining pairs do not determine keep a curvature of rounding size, so that they stay put.
            let ridge = DMatrix::identity(k, k) * (1e-12 * hessian.trace().max(f64::MIN_POSITIVE));
            let Some(factor) = (&hessian + ridge).cholesky() else { break };
            let newton = factor.solve(&gradient);
            let decrement = gradient.dot(&newton);
            let mut length = 1.0;
            let step = loop {
                let trial = &theta - &newton * length;
                let at = self.limit(left, &trial);
                if at.0 <= loss - 1e-4 * length * decrement || length < 1e-10 {
                    break (trial, at);
                }
                length /= 2.0;
            };
            if decrement <= 1e-13 * (1.0 + loss) {
                break;
            }
            (theta, (loss, gradient, hessian)) = step;
        }
        Information::from_nats(loss)
    }

    /// −Σ ln q of the pairs that are left, its gradient and its Hessian.
    fn limit(&self, left: &[Pair], theta: &DVector<f64>) -> (f64, DVector<f64>, DMatrix<f64>) {
        let k = theta.len();
        let (mut loss, mut gradient, mut hessian) = (0.0, DVector::zeros(k), DMatrix::zeros(k, k));
        for of_row in left.chunk_by(|a, b| a.0 == b.0) {
            let count = self.count[of_row[0].0];
            let terms: Vec<SparseRow> = of_row.iter().map(|pair| self.row(*pair)).collect();
            // −margin is the logit of class c against y.
            let logits: Vec<f64> = terms.iter().map(|t| -t.iter().map(|(i, a)| theta[*i] * a).sum::<f64>()).collect();
            let top = logits.iter().copied().fold(0.0, f64::max);
            let z: f64 = (-top).exp() + logits.iter().map(|l| (l - top).exp()).sum::<f64>();
            loss += count * (top + z.ln());
            let mut mean = DVector::zeros(k);
            for (terms, logit) in terms.iter().zip(&logits) {
                let q = (logit - top).exp() / z;
                for (i, a) in terms {
                    mean[*i] -= q * a;
                    for (j, b) in terms {
                        hessian[(*i, *j)] += count * q * a * b;
                    }
                }
            }
            hessian -= &mean * mean.transpose() * count;
            gradient += mean * count;
        }
        (loss, gradient, hessian)
    }
}
