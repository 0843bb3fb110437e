//! The triangular root of a covariance, and where it fails.

use nalgebra::DMatrix;

use crate::error::Error;

/// L with L Lᵀ = Σ, or the first column that is a linear combination of the ones before it, with its pivot: what is left
/// of its variance when they are known. A pivot that rounding alone explains counts as zero.
pub(crate) fn cholesky(covariance: &DMatrix<f64>) -> Result<DMatrix<f64>, (usize, f64)> {
    let k = covariance.nrows();
    let mut lower = DMatrix::zeros(k, k);
    for j in 0..k {
        let pivot = covariance[(j, j)] - (0..j).map(|i| lower[(j, i)] * lower[(j, i)]).sum::<f64>();
        if !pivot.is_finite() || pivot <= 1e-12 * covariance[(j, j)] {
            return Err((j, pivot));
        }
        lower[(j, j)] = f64::sqrt(pivot);
        for row in j + 1..k {
            let inner: f64 = (0..j).map(|i| lower[(row, i)] * lower[(j, i)]).sum();
            lower[(row, j)] = (covariance[(row, j)] - inner) / lower[(j, j)];
        }
    }
    Ok(lower)
}

/// The same for the covariance of a model, which must be finite, and symmetric to 1e-9 of the standard deviations.
pub(crate) fn covariance_root(covariance: &DMatrix<f64>) -> crate::error::Result<DMatrix<f64>> {
    for row in 0..covariance.nrows() {
        for column in 0..covariance.ncols() {
            let (value, mirrored) = (covariance[(row, column)], covariance[(column, row)]);
            if !value.is_finite() {
                return Err(Error::NotFinite { what: "the covariance", row, column, value });
            }
            let size = |axis: usize| covariance[(axis, axis)].abs().sqrt();
            if column < row && (value - mirrored).abs() > 1e-9 * size(row) * size(column) {
                return Err(Error::NotSymmetric { row, column, value, mirrored });
            }
        }
    }
    cholesky(covariance).map_err(|(column, pivot)| {
        if !pivot.is_finite() {
            Error::NotFinite { what: "the covariance", row: column, column, value: pivot }
        } else if pivot < -1e-9 * covariance[(column, column)].abs() {
            Error::Indefinite { axis: column } // by more than rounding
        } else {
            Error::SingularCovariance { column, pivot }
        }
    })
}
