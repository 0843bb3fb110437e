//! The triangular root of a matrix of correlations, and where it fails.

use nalgebra::DMatrix;

/// The first column that is a linear combination of the ones before it, and what is left of its variance, 1, when they
/// are known: about 0, or below 0 where the correlations contradict one another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dependent {
    /// Counted from 0.
    pub column: usize,
    /// The pivot.
    pub left: f64,
}

/// Lower triangular L with L Lᵀ = R, for correlations R of shape (k, k). A pivot of `noise` or less counts as zero.
///
/// Of a covariance take the correlations first: only there are all pivots shares of the same 1.
///
/// ```
/// use candle_mle_info::cholesky::cholesky;
/// use nalgebra::DMatrix;
/// let correlations = |rho: f64| DMatrix::from_row_slice(2, 2, &[1.0, rho, rho, 1.0]);
/// assert_eq!(cholesky(&correlations(0.6), 1e-12).unwrap(), DMatrix::from_row_slice(2, 2, &[1.0, 0.0, 0.6, 0.8]));
/// assert_eq!(cholesky(&correlations(1.0), 1e-12).unwrap_err().column, 1);
/// ```
///
/// # Errors
/// The first column that the others determine.
pub fn cholesky(correlations: &DMatrix<f64>, noise: f64) -> Result<DMatrix<f64>, Dependent> {
    let k = correlations.nrows();
    let mut lower = DMatrix::zeros(k, k);
    for column in 0..k {
        let known: f64 = lower.row(column).columns(0, column).norm_squared();
        let left = correlations[(column, column)] - known;
        if left.is_nan() || left <= noise {
            return Err(Dependent { column, left });
        }
        lower[(column, column)] = f64::sqrt(left);
        for row in column + 1..k {
            let inner = lower.row(row).columns(0, column).dot(&lower.row(column).columns(0, column));
            lower[(row, column)] = (correlations[(row, column)] - inner) / lower[(column, column)];
        }
    }
    Ok(lower)
}
