//! Probability laws and what information theory says of them in closed form.
//!
//! Entropies, cross-entropies and Kullback–Leibler divergences are exact, or where no closed form exists a stated
//! series or quadrature. A law that gives mass where the other gives none is infinitely far from it: +∞, never NaN.
//! Densities have *differential* entropies: these may be negative, and change with the unit of x (lecture row L9).
//!
//! Laws on a finite table of outcomes are probability mass functions and live with those; here are the named families.
//!
//! ```
//! use candle_mle_info::law::{ClosedForm, Exponential, Laplace, Normal};
//! use candle_mle_info::quadrature;
//!
//! # fn main() -> candle_mle_info::Result<()> {
//! let wait = Exponential::new(2.0)?;
//! assert_eq!(wait.entropy().nats(), 1.0 - 2f64.ln());
//!
//! // Two families: by quadrature. Gibbs' inequality for the Gaussian of the same mean and variance (row L8).
//! let p = Laplace::new(0.0, 1.0)?;
//! let g = Normal::matching(&p)?;
//! let gap = g.entropy() - p.entropy();
//! assert!((quadrature::kl_divergence(&p, &g)? - gap).nats().abs() < 1e-12);
//! # Ok(()) }
//! ```

mod bernoulli;
mod beta;
mod exponential;
mod gamma;
mod laplace;
mod logistic;
mod lognormal;
mod mixture;
mod multivariate_normal;
mod negative_binomial;
mod normal;
mod poisson;
mod student;
mod uniform;
mod weibull;

pub use bernoulli::Bernoulli;
pub use beta::Beta;
pub use exponential::Exponential;
pub use gamma::Gamma;
pub use laplace::Laplace;
pub use logistic::Logistic;
pub use lognormal::Lognormal;
pub use mixture::Mixture;
pub use multivariate_normal::MultivariateNormal;
pub use negative_binomial::NegativeBinomial;
pub use normal::Normal;
pub use poisson::Poisson;
pub use student::Student;
pub use uniform::Uniform;
pub use weibull::Weibull;

use crate::error::{Error, Result};
use crate::information::Information;
use crate::integral::told_apart;

/// A probability law on the real line.
pub trait Law {
    /// The natural logarithm of the density, or of the mass for a discrete law, at `x`: −∞ outside of the support, as at
    /// ±∞, or where the density is 0 at its end, and NaN only at NaN. Inside, a logarithm below the range of f64 is
    /// [`f64::MIN`].
    fn log_prob(&self, x: f64) -> f64;

    /// `E[X]`, in the unit of x; NaN where it does not exist, as for a Student distribution of one degree of freedom.
    fn mean(&self) -> f64;

    /// Var(X), in the unit of x squared.
    fn variance(&self) -> f64;
}

/// A law whose entropy, and divergence from its own kind, need no integration of the caller's.
pub trait ClosedForm: Law {
    /// H(p) = −E_p ln p(X): Shannon's for a discrete law, differential for a density.
    fn entropy(&self) -> Information;

    /// KL(p‖q) = E_p ln(p(X)/q(X)), p being `self`: never negative; +∞ where q lacks a part of p's support.
    fn kl_divergence(&self, other: &Self) -> Information;

    /// H(p, q) = −E_p ln q(X) = H(p) + KL(p‖q).
    fn cross_entropy(&self, other: &Self) -> Information {
        self.entropy() + self.kl_divergence(other)
    }
}

/// A law with a density, which [`quadrature`](super::quadrature) can integrate.
pub trait Density: Law {
    /// Where to cut the line for integration, in ascending order: first and last the ends of the support (they may
    /// be infinite), within it the kinks of the density and at least one point near each of its peaks.
    /// Between the ends the density is positive.
    fn knots(&self) -> Vec<f64>;

    /// How far from a knot things happen, in the unit of x, within a few powers of ten.
    fn width(&self) -> f64 {
        self.variance().sqrt()
    }

    /// The density of ln X, where X itself leaves the range of f64.
    fn logarithm(&self) -> Option<&dyn Density> {
        None
    }

    /// ln p at `knot + offset`, for a density narrower than the sum may be rounded; none where the two cannot be told apart.
    fn log_prob_beside(&self, knot: f64, offset: f64) -> Option<f64> {
        told_apart(knot, offset).map(|x| self.log_prob(x))
    }
}

/// h(aX) = h(X) + ln|a|, the differential entropy of a scaled variable (row L9): −∞ at a = 0, where aX is a constant.
///
/// # Errors
/// If `factor` is not finite.
pub fn entropy_scaled(entropy: Information, factor: f64) -> Result<Information> {
    check("factor", factor, "a finite number", factor.is_finite())?;
    Ok(entropy + Information::from_nats(factor.abs().ln()))
}

/// I(X;Y) = −½ ln(1 − ρ²) of a pair of jointly Gaussian variables with correlation ρ (row L18):
/// whatever their standard deviations; 0 at ρ = 0 and +∞ at |ρ| = 1.
///
/// # Errors
/// If `correlation` is outside of [−1, 1].
pub fn gaussian_mutual_information(correlation: f64) -> Result<Information> {
    check("correlation", correlation, "a number in [-1, 1]", correlation.abs() <= 1.0)?;
    // (1 − ρ)(1 + ρ): 1 − ρ² would lose its digits near |ρ| = 1, and all of them near 0. Adding 0 turns −0 into 0.
    let log = correlation.ln_1p() + (-correlation).ln_1p();
    Ok(Information::from_nats(-0.5 * log + 0.0))
}

/// A log_prob at an `x` of the real line, all of which is the support: see [`Law::log_prob`].
pub(crate) fn on_the_line(x: f64, log_prob: f64) -> f64 {
    if x.is_finite() {
        log_prob.max(f64::MIN)
    } else if x.is_nan() {
        x
    } else {
        f64::NEG_INFINITY
    }
}

/// Scales, rates and shapes: so wide that no measurement leaves it, so narrow that squares of ratios are still numbers.
fn check_positive(name: &'static str, value: f64) -> Result<f64> {
    let inside = (1e-75..=1e75).contains(&value);
    check(name, value, "a positive number, from 1e-75 to 1e75,", inside)
}

/// Locations, in the same reach.
fn check_location(name: &'static str, value: f64) -> Result<f64> {
    let value = check(name, value, "a finite number, from -1e75 to 1e75,", value.abs() <= 1e75)?;
    Ok(value + 0.0) // −0 is 0
}

fn check(what: &'static str, value: f64, allowed: &'static str, inside: bool) -> Result<f64> {
    if inside { Ok(value) } else { Err(Error::Parameter { what, value, allowed }) }
}
