//! Integrals over the line by the double-exponential rule.
//!
//! The rule (Takahasi and Mori 1974) substitutes x = x(t) such that the integrand falls off doubly exponentially in t,
//! and adds up equidistant points, halving their distance until the sum stands still. It needs no value at the ends
//! of an interval, so a density may be infinite there, and it reaches as far into a tail as numbers go.
//! What it cannot see is a spike between two points: name those, and all kinks, as knots.
//!
//! Checked crates have finite intervals only (`quadrature`) or rules of a fixed order without an error (`gauss-quad`).

use std::f64::consts::{FRAC_PI_2, PI};

use crate::error::{Error, Result};

/// The value of an integral and a bound of its error by the rule's own lights: the last change of the sum, the
/// outermost terms, and rounding. It covers what is lost at a pole as strong as x^(−0.995), and is large at a stronger.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Integral {
    /// The integral.
    pub value: f64,
    /// An estimate of how far off it may be.
    pub error: f64,
}

impl Integral {
    /// Where a value of the integrand was infinite or NaN, or there is no point to take one at.
    const UNKNOWN: Self = Self { value: f64::NAN, error: f64::INFINITY };

    /// The value, if it is certain to `tolerance` (of itself where it is above 1); `what` is for the message.
    ///
    /// # Errors
    /// If it is not, as for an integral that diverges.
    pub fn within(self, tolerance: f64, what: &'static str) -> Result<f64> {
        let Self { value, error } = self;
        if value.is_finite() && error <= tolerance * value.abs().max(1.0) {
            Ok(value)
        } else {
            Err(Error::NotConverged { what, value, error })
        }
    }
}

/// ∫ f from the first knot to the last, in pieces from knot to knot, which must ascend; either end may be infinite.
///
/// `scale` says how far from a knot things happen on a half-infinite piece; a few powers of ten off is no harm.
/// A divergent integral shows in the error: see [`Integral::within`].
///
/// ```
/// use candle_mle_info::quadrature::integrate;
/// let root = integrate(|x| x.powf(-0.5), &[0.0, 1.0], 1.0);
/// assert!((root.value - 2.0).abs() < 1e-14);
/// let divergent = integrate(|x| 1.0 / x, &[0.0, 1.0], 1.0);
/// assert!(divergent.within(1e-9, "1/x").is_err());
/// ```
pub fn integrate(f: impl Fn(f64) -> f64, knots: &[f64], scale: f64) -> Integral {
    if knots.len() < 2 || !knots.is_sorted() || !(f64::MIN_POSITIVE..f64::INFINITY).contains(&scale) {
        return Integral::UNKNOWN;
    }
    let knots = match knots {
        [f64::NEG_INFINITY, f64::INFINITY] => vec![f64::NEG_INFINITY, 0.0, f64::INFINITY],
        _ => knots.to_vec(),
    };
    let mut whole = Integral { value: 0.0, error: 0.0 };
    for ends in knots.windows(2) {
        let piece = piece(&f, ends[0], ends[1], scale);
        whole.value += piece.value;
        whole.error += piece.error;
    }
    whole
}

/// Distances between points are 1, ½, … 2^−FINEST. Convergence is believed from COARSEST on.
const COARSEST: i32 = 4;
const FINEST: i32 = 11;

fn piece(f: &impl Fn(f64) -> f64, a: f64, b: f64, scale: f64) -> Integral {
    // The point and its weight dx/dt, or None once it cannot be told from an end.
    let node = |t: f64| {
        let (distance, weight) = if a.is_finite() && b.is_finite() {
            let q = (-PI * t.abs().sinh()).exp();
            let width = (b - a) / (1.0 + q);
            (width * q, width * PI * t.cosh() * q / (1.0 + q)) // from the nearer end
        } else {
            let distance = scale * (FRAC_PI_2 * t.sinh()).exp();
            (distance, FRAC_PI_2 * t.cosh() * distance)
        };
        let from_b = a.is_infinite() || (b.is_finite() && t >= 0.0);
        let x = if from_b { b - distance } else { a + distance };
        (a < x && x < b && distance.is_normal() && weight.is_finite()).then_some((x, weight))
    };
    if node(0.0).is_none() {
        // Two knots that are one to rounding hold nothing; a law narrower than rounding is out of reach.
        return if b - a <= 1e-14 * scale { Integral { value: 0.0, error: 0.0 } } else { Integral::UNKNOWN };
    }
    let (mut sum, mut absolute) = (0.0, 0.0);
    let mut outermost = [(0.0, 0.0); 2]; // on each side the largest |t| and the size of its term
    let mut before = f64::NAN;
    let mut integral = Integral::UNKNOWN;
    for level in 0..=FINEST {
        let step = 0.5f64.powi(level);
        for (side, sign) in [-1.0, 1.0].into_iter().enumerate() {
            // Level 0 takes all points, t = 0 among those on the right; the finer ones those in between.
            let (first, stride) = if level == 0 { (side ^ 1, 1) } else { (1, 2) };
            for j in (first..).step_by(stride) {
                let t = j as f64 * step;
                let Some((x, weight)) = node(sign * t) else {
                    break;
                };
                let term = f(x) * weight;
                if !term.is_finite() {
                    return Integral::UNKNOWN;
                }
                sum += term;
                absolute += term.abs();
                if t >= outermost[side].0 {
                    outermost[side] = (t, term.abs());
                }
            }
        }
        let value = step * sum;
        let change = (value - before).abs();
        before = value;
        let rounding = 4.0 * f64::EPSILON * step * absolute;
        integral = Integral { value, error: change + rounding + outermost[0].1 + outermost[1].1 };
        if level >= COARSEST && change <= 1e-12 * step * absolute {
            break;
        }
    }
    integral
}
