//! Information measures by integration, of laws of *different* families, or of none that has a closed form.

use crate::error::{Error, Result};
use crate::information::Information;
use crate::law::Density;

pub use crate::integral::{Integral, integrate};

/// What the measures below must be certain to, in nats (of themselves where they are above 1).
const TOLERANCE: f64 = 1e-9;

/// h(p) = −∫ p ln p.
///
/// # Errors
/// If the integral is not certain to 1e-9, as for a density with nearly all of its mass at an infinite peak.
pub fn entropy(p: &dyn Density) -> Result<Information> {
    expectation(p, &p.knots(), |_, log_p| -log_p, "the entropy")
}

/// KL(p‖q) = ∫ p ln(p/q), and +∞ if q's support does not cover p's.
///
/// # Errors
/// If the integral is not certain to 1e-9.
pub fn kl_divergence(p: &dyn Density, q: &dyn Density) -> Result<Information> {
    let integrand = |x: f64, log_p: f64| log_p - q.log_prob(x);
    expectation_within(p, q, integrand, "the divergence")
}

/// H(p, q) = −∫ p ln q, and +∞ if q's support does not cover p's.
///
/// # Errors
/// If the integral is not certain to 1e-9.
pub fn cross_entropy(p: &dyn Density, q: &dyn Density) -> Result<Information> {
    expectation_within(p, q, |x, _| -q.log_prob(x), "the cross-entropy")
}

/// E_p of a function that is infinite outside of the support of q.
fn expectation_within(
    p: &dyn Density,
    q: &dyn Density,
    f: impl Fn(f64, f64) -> f64,
    what: &'static str,
) -> Result<Information> {
    let (mut knots, others) = (p.knots(), q.knots());
    let (&[low, .., high], &[other_low, .., other_high]) = (&knots[..], &others[..]) else {
        return Err(Error::Empty { what: "the list of knots of a density".into(), needed: "pair of ends" });
    };
    if other_low > low || other_high < high {
        return Ok(Information::INFINITE);
    }
    // Where p gives nothing a kink of q's is none of the integrand, and may be too far out to resolve.
    let matters = |&knot: &f64| low < knot && knot < high && p.log_prob(knot).exp() > 0.0;
    knots.extend(others.into_iter().filter(matters));
    knots.sort_by(f64::total_cmp);
    expectation(p, &knots, f, what)
}

/// E_p of a function of x and ln p(x).
fn expectation(p: &dyn Density, knots: &[f64], f: impl Fn(f64, f64) -> f64, what: &'static str) -> Result<Information> {
    let integrand = |x: f64| {
        let log_p = p.log_prob(x);
        match log_p.exp() {
            0.0 => 0.0, // 0 ln 0 = 0
            density => density * f(x, log_p),
        }
    };
    let integral = integrate(integrand, knots, p.variance().sqrt());
    integral.within(TOLERANCE, what).map(Information::from_nats)
}
