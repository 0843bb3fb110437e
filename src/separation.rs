//! Does the likelihood of a classifier have a maximum? A linear program decides it before any descent.

use microlp::{ComparisonOp, OptimizationDirection, Problem};
use nalgebra::{DMatrix, DVector};

use crate::empirical::Empirical;
use crate::error::{Error, Result};
use crate::info::Information;
use crate::model::{Labelled, Standardize, host};

/// Data that a linear classifier can tell apart too well: along a direction of parameter space the likelihood grows
/// for ever, so no finite maximum exists (Albert and Anderson 1984, Biometrika 71: complete or quasi-complete separation).
#[derive(Clone, Debug)]
pub struct Separation {
    /// What −Σ ln q falls towards and never reaches, over all n observations.
    pub infimum: Information,
    /// How the coefficients run off: for every class against class 0 the slopes, then the intercept, per unit of x.
    /// Scaled to a largest slope of 1 in standard deviations of x.
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
/// # Errors
/// A class that is not below `classes`; a program that the solver gives up on.
pub fn separation(p: &Empirical<Labelled>, classes: usize) -> Result<Option<Separation>> {
    let margins = Margins::new(p, classes)?;
    let mut part = 512;
    loop {
        let rows = margins.spread(part);
        let strict = margins.strict(&rows)?;
        if rows.len() == margins.pairs.len() {
            if strict.iter().all(|s| !s) {
                return Ok(None);
            }
            let (direction, infimum) = (margins.direction(&strict)?, margins.infimum(&strict));
            return Ok(Some(Separation { infimum, direction, complete: strict.iter().all(|s| *s) }));
        }
        if strict.iter().all(|s| !s) && margins.determine(&rows) {
            return Ok(None);
        }
        part *= 4;
    }
}

/// The margins (δ_y − δ_c)·(x, 1) of every observation against every other class, in standard coordinates.
struct Margins {
    /// (x, 1) of each distinct row.
    x: Vec<Vec<f64>>,
    count: Vec<f64>,
    scale: Vec<f64>,
    shift: Vec<f64>,
    classes: usize,
    /// Row, its class y, and another class c.
    pairs: Vec<(usize, usize, usize)>,
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

    /// The coefficients of δ in the margin of a pair: (parameter, coefficient).
    fn terms(&self, (row, y, c): (usize, usize, usize)) -> impl Iterator<Item = (usize, f64)> + '_ {
        let width = self.x[row].len();
        [(y, 1.0), (c, -1.0)].into_iter().filter(|(class, _)| *class > 0).flat_map(move |(class, sign)| {
            self.x[row].iter().enumerate().map(move |(j, x)| ((class - 1) * width + j, sign * x))
        })
    }

    /// About `at_most` pairs, evenly spread over the table; all of them if there are no more.
    fn spread(&self, at_most: usize) -> Vec<usize> {
        let stride = self.pairs.len().div_ceil(at_most).max(1);
        (0..self.pairs.len()).step_by(stride).collect()
    }

    /// For these pairs, whether some direction separates them strictly while no pair among them is on the wrong side:
    /// max Σ u over 0 ≤ u ≤ 1, v ≥ 0 with Σ (u + v) · margin = 0 as a function of δ. A pair that can be strict gets u + v = 0,
    /// any other u = 1.
    fn strict(&self, rows: &[usize]) -> Result<Vec<bool>> {
        let mut problem = Problem::new(OptimizationDirection::Maximize);
        let mut sums = vec![vec![]; self.parameters()];
        let mut weights = vec![];
        for &row in rows {
            let u = problem.add_var(1.0, (0.0, 1.0));
            let v = problem.add_var(0.0, (0.0, f64::INFINITY));
            for (parameter, coefficient) in self.terms(self.pairs[row]).filter(|(_, c)| *c != 0.0) {
                sums[parameter].extend([(u, coefficient), (v, coefficient)]);
            }
            weights.push(u);
        }
        for sum in sums {
            problem.add_constraint(sum, ComparisonOp::Eq, 0.0);
        }
        let solution = solved(problem.solve())?;
        Ok(weights.into_iter().map(|u| solution.var_value(u) < 0.5).collect())
    }

    /// Whether margins of zero on these pairs leave no direction but zero.
    fn determine(&self, rows: &[usize]) -> bool {
        let k = self.parameters();
        let mut gram = DMatrix::<f64>::zeros(k, k);
        for &row in rows {
            let terms: Vec<_> = self.terms(self.pairs[row]).collect();
            for (i, a) in &terms {
                for (j, b) in &terms {
                    gram[(*i, *j)] += a * b / rows.len() as f64;
                }
            }
        }
        gram.symmetric_eigenvalues().min() > 1e-9
    }

    /// The smallest δ (Σ|δ|) with a margin of at least 1 on the strict pairs and of 0 on all others.
    fn direction(&self, strict: &[bool]) -> Result<Vec<Vec<f64>>> {
        let mut problem = Problem::new(OptimizationDirection::Minimize);
        let variables: Vec<_> =
            (0..self.parameters()).map(|_| [1.0, -1.0].map(|_| problem.add_var(1.0, (0.0, f64::INFINITY)))).collect();
        for (pair, strict) in self.pairs.iter().zip(strict) {
            let terms = self.terms(*pair).flat_map(|(parameter, coefficient)| {
                let [plus, minus] = variables[parameter];
                [(plus, coefficient), (minus, -coefficient)]
            });
            let (side, bound) = if *strict { (ComparisonOp::Ge, 1.0) } else { (ComparisonOp::Eq, 0.0) };
            problem.add_constraint(terms.collect::<Vec<_>>(), side, bound);
        }
        let solution = solved(problem.solve())?;
        let delta: Vec<f64> = variables.iter().map(|[a, b]| solution.var_value(*a) - solution.var_value(*b)).collect();
        let width = self.x[0].len();
        let largest = delta.iter().fold(0.0, |a: f64, d| a.max(d.abs()));
        let own_units = |class: &[f64]| {
            let slopes: Vec<f64> = (0..width - 1).map(|j| class[j] / largest / self.scale[j]).collect();
            let moved: f64 = slopes.iter().zip(&self.shift).map(|(slope, shift)| slope * shift).sum();
            let intercept = class[width - 1] / largest - moved;
            slopes.into_iter().chain([intercept]).collect()
        };
        Ok(std::iter::once(vec![0.0; width]).chain(delta.chunks(width).map(own_units)).collect())
    }

    /// The likelihood's limit along the direction: the pairs that are told apart drop out, and what is left of the
    /// softmax has a finite maximum (Geyer 2009, Electronic Journal of Statistics 3), found by Newton's method.
    fn infimum(&self, strict: &[bool]) -> Information {
        let k = self.parameters();
        let left: Vec<_> =
            self.pairs.iter().zip(strict).filter(|(_, strict)| !**strict).map(|(pair, _)| *pair).collect();
        let mut theta = DVector::zeros(k);
        let (mut loss, mut gradient, mut hessian) = self.limit(&left, &theta);
        for _ in 0..100 {
            // Directions that the remaining pairs do not determine keep a curvature of rounding size, so that they stay put.
            let ridge = DMatrix::identity(k, k) * (1e-12 * hessian.trace().max(f64::MIN_POSITIVE));
            let Some(factor) = (&hessian + ridge).cholesky() else { break };
            let newton = factor.solve(&gradient);
            let decrement = gradient.dot(&newton);
            let mut length = 1.0;
            let step = loop {
                let trial = &theta - &newton * length;
                let at = self.limit(&left, &trial);
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
    fn limit(&self, left: &[(usize, usize, usize)], theta: &DVector<f64>) -> (f64, DVector<f64>, DMatrix<f64>) {
        let k = theta.len();
        let (mut loss, mut gradient, mut hessian) = (0.0, DVector::zeros(k), DMatrix::zeros(k, k));
        for of_row in left.chunk_by(|a, b| a.0 == b.0) {
            let count = self.count[of_row[0].0];
            let terms: Vec<Vec<_>> = of_row.iter().map(|pair| self.terms(*pair).collect()).collect();
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

fn solved(outcome: std::result::Result<microlp::SolveOutcome, microlp::Error>) -> Result<microlp::Solution> {
    let gave_up = |e: String| Error::Other(format!("the linear program for a separation failed: {e}").into());
    outcome.map_err(|e| gave_up(e.to_string()))?.into_solution().map_err(|_| gave_up("no solution in time".into()))
}
