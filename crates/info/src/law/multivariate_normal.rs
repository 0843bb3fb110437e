use std::f64::consts::{E, TAU};

use nalgebra::{DMatrix, DVector};

use super::{check_positive, on_the_line};
use crate::cholesky::{Dependent, cholesky};
use crate::error::{Error, Result};
use crate::information::Information;
use crate::special::i_divergence_beside;

/// The Gaussian in k dimensions with a full covariance (post row P3).
///
/// Determinants leave the range of f64 in a few hundred dimensions, so all logarithms of determinants are sums of
/// logarithms of the diagonal of a Cholesky factor; and the matrix factored is that of the *correlations*, so that
/// the units of the axes do not matter.
#[derive(Clone, Debug, PartialEq)]
pub struct MultivariateNormal {
    mean: DVector<f64>,
    correlation: DMatrix<f64>,
    /// Lower triangular: the covariance is `factor` times its transpose.
    factor: DMatrix<f64>,
}

impl MultivariateNormal {
    /// The Gaussian with this mean and these rows of the covariance.
    ///
    /// # Errors
    /// If the shapes do not agree, a mean is not finite, a variance is not positive (its root from 1e-75 to 1e75), or
    /// the covariance is not symmetric (to 1e-9 of the standard deviations) and positive definite; one that is singular to
    /// rounding, one that is indefinite, and two axes whose covariance alone is too large, are told apart.
    pub fn new(mean: &[f64], covariance: &[impl AsRef<[f64]>]) -> Result<Self> {
        let k = mean.len();
        if k == 0 {
            return Err(Error::Empty { what: "the mean".into(), needed: "axis" });
        }
        same_length("the covariance", k, covariance.len())?;
        let covariance = matrix("a row of the covariance", covariance, k)?;
        Self::from_covariance(DVector::from_column_slice(mean), covariance)
    }

    fn from_covariance(mean: DVector<f64>, covariance: DMatrix<f64>) -> Result<Self> {
        for (row, &value) in mean.iter().enumerate() {
            if !value.is_finite() {
                return Err(Error::NotFinite { what: "the mean", row, column: 0, value });
            }
            super::check_location("mean", value)?;
        }
        let k = mean.len();
        if let Some(at) = covariance.iter().position(|value| !value.is_finite()) {
            let (row, column) = (at % k, at / k); // column by column
            return Err(Error::NotFinite { what: "the covariance", row, column, value: covariance[at] });
        }
        let mut sd = DVector::zeros(k);
        for axis in 0..k {
            let variance = covariance[(axis, axis)];
            if variance <= 0.0 {
                return Err(if variance < 0.0 {
                    Error::Indefinite { axis }
                } else {
                    Error::NotPositiveDefinite { axis }
                });
            }
            sd[axis] = check_positive("standard deviation", variance.sqrt())?;
        }
        let correlation =
            DMatrix::from_fn(k, k, |i, j| if i == j { 1.0 } else { covariance[(i.max(j), i.min(j))] / sd[i] / sd[j] });
        for i in 0..k {
            for j in 0..i {
                let (value, mirrored) = (covariance[(i, j)], covariance[(j, i)]);
                if ((value - mirrored) / sd[i] / sd[j]).abs() > 1e-9 {
                    return Err(Error::NotSymmetric { row: i, column: j, value, mirrored });
                }
                if correlation[(i, j)].abs() > 1.0 + BEYOND_ROUNDING {
                    return Err(Error::CovarianceTooLarge { row: i, column: j, value, most: sd[i] * sd[j] });
                }
            }
        }
        let factor = DMatrix::from_diagonal(&sd) * root(&correlation)?;
        Ok(Self { mean, correlation, factor })
    }

    /// The number of axes.
    pub fn dimension(&self) -> usize {
        self.mean.len()
    }

    /// One number an axis.
    pub fn mean(&self) -> &[f64] {
        self.mean.as_slice()
    }

    /// The rows of the covariance.
    pub fn covariance(&self) -> Vec<Vec<f64>> {
        let covariance = &self.factor * self.factor.transpose();
        covariance.row_iter().map(|row| row.iter().copied().collect()).collect()
    }

    /// The rows of the correlations, 1 on the diagonal.
    ///
    /// ```
    /// use candle_mle_info::law::MultivariateNormal;
    /// let law = MultivariateNormal::new(&[0.0, 0.0], &[[4.0, 3.0], [3.0, 9.0]])?;
    /// assert_eq!(law.correlations(), [[1.0, 0.5], [0.5, 1.0]]);
    /// # Ok::<(), candle_mle_info::Error>(())
    /// ```
    pub fn correlations(&self) -> Vec<Vec<f64>> {
        self.correlation.row_iter().map(|row| row.iter().copied().collect()).collect()
    }

    /// Lower triangular L, (k, k), with L Lᵀ the covariance: μ + L ε with standard normal ε is a draw.
    pub fn factor(&self) -> &DMatrix<f64> {
        &self.factor
    }

    /// The natural logarithm of the density at `x`: NaN only if a coordinate is.
    ///
    /// # Errors
    /// If `x` has not as many coordinates as the law has axes.
    pub fn log_prob(&self, x: &[f64]) -> Result<f64> {
        let k = self.dimension();
        same_length("the point", k, x.len())?;
        let mut z = DVector::from_column_slice(x) - &self.mean;
        let solved = self.factor.solve_lower_triangular_mut(&mut z);
        debug_assert!(solved, "a Cholesky factor has no zero on its diagonal");
        let mut square = z.norm_squared();
        if square.is_nan() {
            square = f64::INFINITY; // ∞ − ∞ on the way: as far out as numbers go
        }
        let farthest = x.iter().fold(0.0, |far, x| if x.is_nan() || x.abs() > far { x.abs() } else { far });
        Ok(on_the_line(farthest, -0.5 * (k as f64 * TAU.ln() + square) - self.log_volume()))
    }

    /// ½ ln det 2πeΣ.
    pub fn entropy(&self) -> Information {
        let k = self.dimension() as f64;
        Information::from_nats(0.5 * k * (TAU * E).ln() + self.log_volume())
    }

    /// ½ (tr Σ′⁻¹Σ − k − ln det Σ′⁻¹Σ + δᵀΣ′⁻¹δ) with δ the difference of the means.
    ///
    /// With A = L′⁻¹L of the two Cholesky factors the trace is the sum of the squares of A and the determinant the
    /// product of its squared diagonal, which leaves a sum of terms none of which is negative. A − 1 = L′⁻¹(L − L′) keeps the
    /// digits of laws that are near each other.
    ///
    /// # Errors
    /// If the laws are of different dimensions.
    pub fn kl_divergence(&self, other: &Self) -> Result<Information> {
        same_length("the other distribution", self.dimension(), other.dimension())?;
        let mut a = &self.factor - &other.factor;
        let mut bias = &self.mean - &other.mean;
        let solved =
            other.factor.solve_lower_triangular_mut(&mut a) && other.factor.solve_lower_triangular_mut(&mut bias);
        debug_assert!(solved, "a Cholesky factor has no zero on its diagonal");
        let diagonal =
            a.diagonal().iter().map(|d| i_divergence_beside(1.0, (1.0 + d) * (1.0 + d), -d * (2.0 + d))).sum::<f64>();
        a.fill_diagonal(0.0);
        Ok(Information::from_nats(0.5 * (diagonal + a.norm_squared() + bias.norm_squared())))
    }

    /// H(p) + KL(p‖q).
    ///
    /// # Errors
    /// If the laws are of different dimensions.
    pub fn cross_entropy(&self, other: &Self) -> Result<Information> {
        Ok(self.entropy() + self.kl_divergence(other)?)
    }

    /// I(X_a; X_b) of two blocks of axes (row L18 is two blocks of one): h(X_b) − h(X_b | X_a), the conditional
    /// entropy being the last diagonal of the Cholesky factor of both blocks, a first. Blocks that share an axis
    /// share a real number, which is infinitely much.
    ///
    /// # Errors
    /// If a block is empty, or names an axis twice or one that the law has not.
    pub fn mutual_information(&self, a: &[usize], b: &[usize]) -> Result<Information> {
        self.check_block(a)?;
        self.check_block(b)?;
        if a.iter().any(|axis| b.contains(axis)) {
            return Ok(Information::INFINITE);
        }
        self.shared(a, b, &[])
    }

    /// I(X_a; X_b | X_c) of blocks without a common axis.
    fn shared(&self, a: &[usize], b: &[usize], c: &[usize]) -> Result<Information> {
        let factor = |axes: &[usize]| root(&self.correlation.select_rows(axes).select_columns(axes));
        let (alone, given) = (factor(&[c, b].concat())?, factor(&[c, a, b].concat())?);
        let (known, both) = (c.len(), c.len() + a.len());
        let ratio = |i: usize| alone[(known + i, known + i)] / given[(both + i, both + i)];
        let nats: f64 = (0..b.len()).map(|i| ratio(i).ln()).sum();
        if nats > 0.1 {
            return Ok(Information::from_nats(nats));
        }
        // Nearly independent blocks: −½ Σ ln(1 − ρ²) over their canonical correlations, which keep the digits that 1 − ρ² loses.
        let alone = alone.view((known, known), (b.len(), b.len()));
        let mut canonical = given.view((both, known), (b.len(), a.len())).into_owned();
        let solved = alone.solve_lower_triangular_mut(&mut canonical);
        debug_assert!(solved, "a Cholesky factor has no zero on its diagonal");
        let logs = canonical.singular_values().iter().map(|rho| (-rho * rho).ln_1p()).sum::<f64>();
        Ok(Information::from_nats(-0.5 * logs + 0.0)) // −0 is 0
    }

    /// I(X_a; X_b | X_c) of three blocks of axes; infinite where a and b share one.
    ///
    /// # Errors
    /// As [`mutual_information`](Self::mutual_information); a block c that shares an axis with another.
    pub fn conditional_mutual_information(&self, a: &[usize], b: &[usize], c: &[usize]) -> Result<Information> {
        self.check_block(c)?;
        if let Some(&axis) = c.iter().find(|axis| a.contains(axis) || b.contains(axis)) {
            return Err(Error::AxisTwice { axis });
        }
        self.check_block(a)?;
        self.check_block(b)?;
        if a.iter().any(|axis| b.contains(axis)) {
            return Ok(Information::INFINITE);
        }
        self.shared(a, b, c)
    }

    /// The law of AX + b, A given by its rows: h(AX + b) = h(X) + ln|det A| for a square A.
    ///
    /// # Errors
    /// If the shapes do not agree, or the rows of A are linearly dependent, so that AX has no density.
    pub fn affine(&self, a: &[impl AsRef<[f64]>], b: &[f64]) -> Result<Self> {
        same_length("the shift", a.len(), b.len())?;
        if a.is_empty() {
            return Err(Error::Empty { what: "the linear map".into(), needed: "row" });
        }
        let a = matrix("a row of the linear map", a, self.dimension())?;
        let root = &a * &self.factor;
        Self::from_covariance(&a * &self.mean + DVector::from_column_slice(b), &root * root.transpose())
    }

    /// ½ ln det Σ.
    fn log_volume(&self) -> f64 {
        self.factor.diagonal().iter().map(|d| d.ln()).sum()
    }

    /// Whether these are axes of the law, at least one and each named once.
    fn check_block(&self, axes: &[usize]) -> Result<()> {
        if axes.is_empty() {
            return Err(Error::Empty { what: "a block of axes".into(), needed: "axis" });
        }
        let dimension = self.dimension();
        if let Some(&axis) = axes.iter().find(|&&axis| axis >= dimension) {
            return Err(Error::NoSuchAxis { axis, dimension });
        }
        match axes.iter().enumerate().find(|(k, axis)| axes[..*k].contains(axis)) {
            Some((_, &axis)) => Err(Error::AxisTwice { axis }),
            None => Ok(()),
        }
    }
}

/// By how much a correlation exceeds 1, or a share of a variance falls below 0, that no rounding made so.
const BEYOND_ROUNDING: f64 = 1e-9;

/// The lower factor of a correlation matrix, whose pivots are the shares of an axis's variance that the axes before it do
/// not explain: one within rounding of 0 is noise, and the matrix singular for all we know.
fn root(correlation: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    let noise = f64::EPSILON * correlation.nrows() as f64;
    cholesky(correlation, noise).map_err(|Dependent { column: axis, left }| {
        if left < -BEYOND_ROUNDING { Error::Indefinite { axis } } else { Error::NotPositiveDefinite { axis } }
    })
}

fn matrix(what: &'static str, rows: &[impl AsRef<[f64]>], columns: usize) -> Result<DMatrix<f64>> {
    for row in rows {
        same_length(what, columns, row.as_ref().len())?;
    }
    let entries = rows.iter().flat_map(|row| row.as_ref()).copied();
    Ok(DMatrix::from_row_iterator(rows.len(), columns, entries))
}

fn same_length(what: &'static str, expected: usize, found: usize) -> Result<()> {
    if expected == found {
        Ok(())
    } else {
        Err(Error::Shape { what, got: vec![found], expected: format!("[{expected}]") })
    }
}
