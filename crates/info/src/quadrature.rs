//! Information measures by integration, of laws of *different* families, or of none that has a closed form.

use crate::error::{Error, Result};
use crate::information::Information;
use crate::law::Density;

use crate::integral::integrate_beside;
pub use crate::integral::{Integral, integrate};

/// What the measures below must be certain to, in nats (of themselves where they are above 1).
const TOLERANCE: f64 = 1e-9;

/// h(p) = −∫ p ln p.
///
/// # Errors
/// If the integral is not certain to 1e-9, as for a density with nearly all of its mass at an infinite peak or in a tail that reaches
/// beyond all numbers, or one whose mass does not come to 1: it has a spike or a kink that is not among its knots, or is no density.
pub fn entropy(p: &dyn Density) -> Result<Information> {
    let what = "the entropy";
    match p.logarithm() {
        // h(X) = h(ln X) + E ln X
        Some(log) => expectation(log, &log.knots(), |knot, offset, log_p| Some(knot + offset - log_p), what),
        None => expectation(p, &p.knots(), |_, _, log_p| Some(-log_p), what),
    }
}

/// KL(p‖q) = ∫ p ln(p/q), and +∞ if q's support does not cover p's, or q falls off so fast that the integral diverges.
///
/// # Errors
/// As [`entropy`], for either.
pub fn kl_divergence(p: &dyn Density, q: &dyn Density) -> Result<Information> {
    match (p.logarithm(), q.logarithm()) {
        (Some(p), Some(q)) => kl_divergence(p, q),
        _ => expectation_within(p, q, |log_p, log_q| log_p - log_q, "the divergence"),
    }
}

/// H(p, q) = −∫ p ln q, and +∞ if q's support does not cover p's, or q falls off so fast that the integral diverges.
///
/// # Errors
/// As [`entropy`], for either.
pub fn cross_entropy(p: &dyn Density, q: &dyn Density) -> Result<Information> {
    match (p.logarithm(), q.logarithm()) {
        (Some(_), Some(_)) => Ok(entropy(p)? + kl_divergence(p, q)?),
        _ => expectation_within(p, q, |_, log_q| -log_q, "the cross-entropy"),
    }
}

/// E_p of a function of ln p and ln q that is infinite outside of the support of q.
fn expectation_within(
    p: &dyn Density,
    q: &dyn Density,
    f: impl Fn(f64, f64) -> f64 + Copy,
    what: &'static str,
) -> Result<Information> {
    let (mut knots, others) = (p.knots(), q.knots());
    let (&[low, .., high], &[other_low, .., other_high]) = (&knots[..], &others[..]) else {
        return Err(Error::Empty { what: "the list of knots of a density".into(), needed: "pair of ends" });
    };
    if other_low > low || other_high < high {
        return Ok(Information::INFINITE);
    }
    // Seen from everywhere that p is, q must have its mass: else a spike of it would be missed.
    let mut all = [&knots[..], &others].concat();
    all.sort_by(f64::total_cmp);
    all.dedup();
    mass(q, &all)?;
    // Where p gives nothing a kink of q's is none of the integrand, and may be too far out to resolve.
    let matters = |&knot: &f64| low < knot && knot < high && p.log_prob(knot).exp() > 0.0;
    knots.extend(others.into_iter().filter(matters));
    knots.sort_by(f64::total_cmp);
    let integrand = |knot: f64, offset: f64, log_p: f64| q.log_prob_beside(knot, offset).map(|log_q| f(log_p, log_q));
    expectation(p, &knots, integrand, what)
        .or_else(|error| if diverges(p, q, (low, high), f) { Ok(Information::INFINITE) } else { Err(error) })
}

/// Whether far out, on a side without an end, x p f(p, q) is no less than it was nearer.
fn diverges(p: &dyn Density, q: &dyn Density, (low, high): (f64, f64), f: impl Fn(f64, f64) -> f64) -> bool {
    let part = |x: f64| {
        let [log_p, log_q] = [p, q].map(|law| law.log_prob(x));
        // Where no logarithm is below the range of f64.
        (log_p.min(log_q) > f64::MIN).then(|| log_p + f(log_p, log_q).ln() + x.abs().ln())
    };
    let rises = |sign: f64| {
        let farthest = (2..=300).rev().map(|digits| sign * 10f64.powi(digits)).find(|x| part(*x).is_some());
        let [far, nearer] = [1.0, 1e-2].map(|by| farthest.and_then(|x| part(by * x)));
        // Where p and q are as good as one, nothing is left to rise.
        far.zip(nearer).is_some_and(|(far, nearer)| far.is_finite() && far >= nearer - 1e-12 * nearer.abs())
    };
    (low == f64::NEG_INFINITY && rises(-1.0)) || (high == f64::INFINITY && rises(1.0))
}

/// E_p of a function of x, given by a knot and the way from there, and ln p(x).
fn expectation(
    p: &dyn Density,
    knots: &[f64],
    f: impl Fn(f64, f64, f64) -> Option<f64>,
    what: &'static str,
) -> Result<Information> {
    let integrand = |knot: f64, offset: f64| {
        let log_p = p.log_prob_beside(knot, offset)?;
        match log_p.exp() {
            0.0 => Some([0.0, 0.0]), // 0 ln 0 = 0
            density => Some([density * f(knot, offset, log_p)?, density]),
        }
    };
    let [integral, mass] = integrate_beside(integrand, knots, p.width());
    let value = integral.within(TOLERANCE, what)?;
    whole(mass)?;
    Ok(Information::from_nats(value))
}

/// An error if the mass of a density does not come to 1.
fn mass(p: &dyn Density, knots: &[f64]) -> Result<()> {
    let density = |knot: f64, offset: f64| p.log_prob_beside(knot, offset).map(|log_p| [log_p.exp()]);
    let [mass] = integrate_beside(density, knots, p.width());
    whole(mass)
}

fn whole(mass: Integral) -> Result<()> {
    let missing = (mass.value - 1.0).abs();
    // What the rule knows that it cannot see is no fault of the density.
    if missing > TOLERANCE + mass.error {
        return Err(Error::NotConverged {
            what: "the mass of a density, which is 1,",
            value: mass.value,
            error: missing,
        });
    }
    Ok(())
}
