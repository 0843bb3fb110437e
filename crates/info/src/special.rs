//! Functions from which the closed forms of [`law`](crate::law), and the likelihoods of models, are put together.
//!
//! The textbook formulas subtract numbers that grow with the parameters: the divergence of two gamma laws of shape
//! 10¹⁰ is of order one, but its terms are of order 10¹¹, and five digits are left. Written with the I-divergence,
//! and with ln Γ less its leading growth, every term is as small as the answer, at every size of the parameters.

use std::f64::consts::TAU;

/// Csiszár's I-divergence of two masses, p ln(p/q) − p + q: never negative, 0 only at p = q.
///
/// Summed over the cells of two laws it is their Kullback–Leibler divergence, because the −p + q cancel.
/// With 0 ln 0 = 0 it is q at p = 0, and +∞ at q = 0 < p. Near p = q it is the power series of Loader, "Fast and
/// accurate computation of binomial probabilities" (2000), so that a quadratic zero keeps all of its digits.
pub fn i_divergence(p: f64, q: f64) -> f64 {
    if p == 0.0 || q == f64::INFINITY {
        return q;
    }
    i_divergence_beside(p, q, p - q)
}

/// The same where the difference p − q is known to more digits than the two are.
pub(crate) fn i_divergence_beside(p: f64, q: f64, difference: f64) -> f64 {
    if p == 0.0 || q == f64::INFINITY {
        return q;
    }
    near_divergence(p, q, difference).unwrap_or_else(|| {
        let ratio = p / q;
        // Of two probabilities far apart the ratio may leave the range of f64; its logarithm does not.
        let log_ratio = if q == 0.0 || ratio.is_normal() { ratio.ln() } else { p.ln() - q.ln() };
        p * log_ratio - p + q
    })
}

/// The same of p and a product, which may leave the range of f64 where its logarithm does not.
pub fn i_divergence_of_product(p: f64, a: f64, b: f64) -> f64 {
    let q = a * b;
    if q.is_normal() { i_divergence(p, q) } else { p * (p.ln() - a.ln() - b.ln()) - p + q }
}

/// The same of two masses that are near each other, from their difference p − q, which may be known to more digits than
/// they are; none where the power series would be long.
pub fn near_divergence(p: f64, q: f64, difference: f64) -> Option<f64> {
    if difference.abs() > 0.1 * (p + q) {
        return None;
    }
    let v = difference / (p + q); // ln(p/q) = 2 artanh v
    let (mut sum, mut power) = (difference * v, 2.0 * p * v);
    for odd in (3..=19).step_by(2) {
        power *= v * v; // below a hundredth: nine terms are enough
        sum += power / f64::from(odd);
    }
    Some(sum)
}

/// e^v − 1 − v, how far the exponential lies above its tangent at 0: never negative, with all digits near 0.
pub(crate) fn exp_excess(v: f64) -> f64 {
    let change = v.exp_m1();
    let near = if v.abs() < 1.0 { near_divergence(1.0, v.exp(), -change) } else { None };
    near.unwrap_or(change - v)
}

/// Σ over cells of this is KL(p‖q), of cells given by ln p and ln q, and by ln p/q where that is known to more digits:
/// p ln p/q − p + q, never negative, also where p or q leaves the range of f64.
pub(crate) fn divergence_of_logs(log_p: f64, log_q: f64, log_ratio: Option<f64>) -> f64 {
    let (p, log_ratio) = (log_p.exp(), log_ratio.unwrap_or(log_p - log_q));
    if p == 0.0 {
        log_q.exp()
    } else if log_ratio.abs() < 1.0 {
        p * exp_excess(-log_ratio)
    } else {
        p * (log_ratio - 1.0) + log_q.exp()
    }
}

/// ∫ f from `from` over `way`, which is a small part of how far off f is singular: by five points of Gauss and Legendre.
pub(crate) fn short_integral(from: f64, way: f64, f: impl Fn(f64) -> f64) -> f64 {
    const POINTS: [(f64, f64); 5] = [
        (0.046_910_077_030_668, 0.118_463_442_528_094_54),
        (0.230_765_344_947_158_46, 0.239_314_335_249_683_23),
        (0.5, 0.284_444_444_444_444_44),
        (0.769_234_655_052_841_5, 0.239_314_335_249_683_23),
        (0.953_089_922_969_332, 0.118_463_442_528_094_54),
    ];
    way * POINTS.iter().map(|(share, weight)| weight * f(from + share * way)).sum::<f64>()
}

/// Of what share of a number a step from it is short, for functions that are singular at 0 alone.
pub(crate) const SHORT: f64 = 0.1;

/// Where Stirling's series with the terms below is exact to rounding.
const STIRLING_FROM: f64 = 10.0;

/// ln Γ(x) − x ln x + x for x > 0: what is left of ln Γ without its leading growth; about ½ ln(2π/x) for large x.
///
/// Stirling's series (Abramowitz and Stegun 6.1.41); below 10 after the recurrence Γ(x + 1) = x Γ(x).
pub fn ln_gamma_rest(x: f64) -> f64 {
    if x < STIRLING_FROM {
        let (mut y, mut product) = (x, 1.0);
        while y < STIRLING_FROM {
            product *= y;
            y += 1.0;
        }
        return ln_gamma_rest(y) + y * y.ln() - x * x.ln() - (y - x) - product.ln();
    }
    0.5 * (TAU / x).ln() + ln_gamma_tail(x)
}

/// What the series has behind ½ ln(2π/x).
fn ln_gamma_tail(x: f64) -> f64 {
    let r = 1.0 / (x * x);
    let series = 1.0 / 12.0
        - r * (1.0 / 360.0
            - r * (1.0 / 1260.0 - r * (1.0 / 1680.0 - r * (1.0 / 1188.0 - r * (691.0 / 360_360.0 - r / 156.0)))));
    series / x
}

/// Its derivative, ψ(x) − ln x for x > 0: about −1/(2x) for large x, −1/x for small.
///
/// Abramowitz and Stegun 6.3.18; below 10 after the recurrence ψ(x + 1) = ψ(x) + 1/x.
pub fn digamma_rest(x: f64) -> f64 {
    if x < STIRLING_FROM {
        let (mut y, mut reciprocals) = (x, 0.0);
        while y < STIRLING_FROM {
            reciprocals += 1.0 / y;
            y += 1.0;
        }
        return digamma_rest(y) + (y / x).ln() - reciprocals;
    }
    -0.5 / x - digamma_tail(x)
}

/// What the series has behind −1/(2x), turned round.
fn digamma_tail(x: f64) -> f64 {
    let r = 1.0 / (x * x);
    let series = 1.0 / 12.0
        - r * (1.0 / 120.0
            - r * (1.0 / 252.0 - r * (1.0 / 240.0 - r * (1.0 / 132.0 - r * (691.0 / 32_760.0 - r / 12.0)))));
    series * r
}

/// The derivative of that, ψ′(x) − 1/x for x > 0: about 1/(2x²) for large x, 1/x² for small.
pub fn trigamma_rest(x: f64) -> f64 {
    1.0 / (x * x) - trigamma_lag(x)
}

/// ln Γ(x) for x > 0, to 1e-14 of the larger of 1 and itself.
pub fn ln_gamma(x: f64) -> f64 {
    ln_gamma_rest(x) + x * (x.ln() - 1.0)
}

/// ψ′(x) for x > 0, to 1e-13 of itself.
pub fn trigamma(x: f64) -> f64 {
    1.0 / x + trigamma_rest(x)
}

/// ln B(a, ½) + ½ ln a, which tends to ½ ln π as a grows: what the density of Student's t with ν = 2a degrees of freedom is divided
/// by, but for √2 and the scale; and its derivative. The gamma functions of it grow, and their difference does not.
pub fn student_norm(a: f64) -> [f64; 2] {
    let (half, wide) = (0.5 / a, a + 0.5);
    // (a + ½) ln(a + ½) − a ln a − ½, less ½ ln a
    let growth = wide * half.ln_1p() - 0.5;
    let value = 0.5 * std::f64::consts::PI.ln() - (ln_gamma_rest(wide) - ln_gamma_rest(a) + growth);
    let slope = -(digamma_rest(wide) - digamma_rest(a) + half.ln_1p()) + half;
    [value, slope]
}

/// ψ(x) for x > 0, to 1e-14 of the larger of 1 and itself.
pub fn digamma(x: f64) -> f64 {
    x.ln() + digamma_rest(x)
}

/// ψ(x + more) − ψ(x), of which no digit is lost where it is small; x > 0, more ≥ 0.
pub(super) fn digamma_gain(x: f64, more: f64) -> f64 {
    (more / x).ln_1p() + digamma_rest_gain(x, more)
}

/// digamma_rest(x + more) − digamma_rest(x), in the same way.
pub(super) fn digamma_rest_gain(x: f64, more: f64) -> f64 {
    if x < STIRLING_FROM {
        return digamma_rest(x + more) - digamma_rest(x);
    }
    0.5 * (more / x) / (x + more) + (digamma_tail(x) - digamma_tail(x + more))
}

/// ln_gamma_rest(x + more) − ln_gamma_rest(x), in the same way.
pub(super) fn ln_gamma_rest_gain(x: f64, more: f64) -> f64 {
    if x < STIRLING_FROM {
        return ln_gamma_rest(x + more) - ln_gamma_rest(x);
    }
    (ln_gamma_tail(x + more) - ln_gamma_tail(x)) - 0.5 * (more / x).ln_1p()
}

/// 1/x − ψ′(x + 1) for x > 0: about 1/(2x²) for large x.
///
/// Abramowitz and Stegun 6.4.12; below 10 after the recurrence ψ′(x + 1) = ψ′(x) − 1/x².
pub(super) fn trigamma_lag(x: f64) -> f64 {
    if x < STIRLING_FROM {
        return 1.0 / x - trigamma_of_next(x);
    }
    let r = 1.0 / (x * x);
    let series = 1.0 / 6.0
        - r * (1.0 / 30.0
            - r * (1.0 / 42.0 - r * (1.0 / 30.0 - r * (5.0 / 66.0 - r * (691.0 / 2730.0 - r * 7.0 / 6.0)))));
    r * (0.5 - series / x)
}

/// ψ′(x + 1) for x ≥ 0.
pub(super) fn trigamma_of_next(x: f64) -> f64 {
    let (mut y, mut squares) = (x, 0.0);
    while y < STIRLING_FROM {
        y += 1.0;
        squares += 1.0 / (y * y);
    }
    squares + 1.0 / y - trigamma_lag(y)
}

/// How far [`ln_gamma_rest`] at `from` + `way` lies above its tangent at `from`: the Bregman divergence of a convex function,
/// so never negative. It is what two gamma laws of equal mean differ by. A short way costs no digit.
pub fn gamma_bregman(from: f64, way: f64) -> f64 {
    if way.abs() <= SHORT * from {
        return short_integral(0.0, way, |gone| (way - gone) * trigamma_rest(from + gone));
    }
    ln_gamma_rest(from + way) - ln_gamma_rest(from) - way * digamma_rest(from)
}

/// The same of ln Γ itself.
pub(crate) fn ln_gamma_bregman(from: f64, way: f64) -> f64 {
    gamma_bregman(from, way) + i_divergence_beside(from + way, from, way)
}
