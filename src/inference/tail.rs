//! How probable it is to lie so far out.

use std::f64::consts::SQRT_2;

use libm::erfc;
use statrs::function::beta::beta_reg;
use statrs::function::erf::erf_inv;
use statrs::function::gamma::gamma_ur;

/// P(|Z| ≥ |z|) of a standard normal Z.
///
/// ```
/// use candle_mle::inference::beyond_normal;
/// assert!((beyond_normal(1.959963984540054) - 0.05).abs() < 1e-12);
/// ```
pub fn beyond_normal(z: f64) -> f64 {
    erfc(z.abs() / SQRT_2)
}

/// P(X ≥ x) of a χ² distribution with so many degrees of freedom; 1 for x ≤ 0, NaN without a degree of freedom.
///
/// ```
/// use candle_mle::inference::beyond_chi_squared;
/// assert!((beyond_chi_squared(3.841458820694124, 1) - 0.05).abs() < 1e-12);
/// ```
pub fn beyond_chi_squared(x: f64, degrees: usize) -> f64 {
    match (degrees, x) {
        (0, _) => f64::NAN,
        (_, x) if x.is_nan() => f64::NAN,
        (_, x) if x <= 0.0 => 1.0,
        (_, f64::INFINITY) => 0.0,
        // Of one degree it is a normal's, to the last digits also far out.
        (1, x) => beyond_normal(x.sqrt()),
        (_, x) => gamma_ur(degrees as f64 / 2.0, x / 2.0),
    }
}

/// P(X ≥ x) of an F distribution with so many degrees of freedom above and below; 1 for x ≤ 0, NaN without a degree of freedom.
///
/// ```
/// use candle_mle::inference::beyond_f;
/// // With one degree of freedom above it is the square of Student's t.
/// assert!((beyond_f(4.964602743730711, 1, 10) - 0.05).abs() < 1e-12);
/// ```
pub fn beyond_f(x: f64, above: usize, below: usize) -> f64 {
    let (a, b) = (above as f64, below as f64);
    match x {
        x if x.is_nan() || above == 0 || below == 0 => f64::NAN,
        x if x <= 0.0 => 1.0,
        x => beta_reg(b / 2.0, a / 2.0, b / (b + a * x)),
    }
}

/// The z that a standard normal is within with probability `level`: 1.96 for 0.95.
pub fn normal_quantile(level: f64) -> f64 {
    let mut z = SQRT_2 * erf_inv(level);
    // One step of Newton's method, for the last digits of the series.
    let density = (2.0 / std::f64::consts::PI).sqrt() * (-0.5 * z * z).exp();
    if density > 0.0 && z.is_finite() {
        z += (beyond_normal(z) - (1.0 - level)) / density;
    }
    z
}
