//! Integrals over the line by the double-exponential rule.
//!
//! The rule (Takahasi and Mori 1974) substitutes x = x(t) such that the integrand falls off doubly exponentially in t,
//! and adds up equidistant points, halving their distance until the sum stands still. It needs no value at the ends
//! of an interval, so a density may be infinite there, and it reaches as far into a tail as numbers go.
//! What it cannot see is a spike between two points: name those, and all kinks, as knots. Of a density it is seen that its
//! mass is not 1, which [`quadrature`](crate::quadrature) looks at.
//!
//! Checked crates have finite intervals only (`quadrature`) or rules of a fixed order without an error (`gauss-quad`).

use std::f64::consts::{FRAC_PI_2, PI};

use crate::error::{Error, Result};

/// The value of an integral and a bound of its error by the rule's own lights: the last two changes of the sum, the
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

    /// The value where it is certain to 1e-9, of itself where it is above 1; else NaN.
    pub(crate) fn certain(self) -> f64 {
        self.within(1e-9, "").unwrap_or(f64::NAN)
    }

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
    let beside = |knot: f64, offset: f64| told_apart(knot, offset).map(|x| [f(x)]);
    let [integral] = integrate_beside(beside, knots, scale);
    integral
}

/// The sum, if it is a number other than the knot.
pub(crate) fn told_apart(knot: f64, offset: f64) -> Option<f64> {
    Some(knot + offset).filter(|x| *x != knot && x.is_finite())
}

/// The same of N functions at once, given the nearest finite knot and the way from there, which their sum would round: how
/// far from a knot things happen may be less than a rounding of it. None where a function cannot tell the two apart.
pub(crate) fn integrate_beside<const N: usize>(
    f: impl Fn(f64, f64) -> Option<[f64; N]>,
    knots: &[f64],
    scale: f64,
) -> [Integral; N] {
    if knots.len() < 2 || !knots.is_sorted() || !(f64::MIN_POSITIVE..f64::INFINITY).contains(&scale) {
        return [Integral::UNKNOWN; N];
    }
    let knots = match knots {
        [f64::NEG_INFINITY, f64::INFINITY] => vec![f64::NEG_INFINITY, 0.0, f64::INFINITY],
        _ => knots.to_vec(),
    };
    let mut whole = [Integral { value: 0.0, error: 0.0 }; N];
    for ends in knots.windows(2) {
        for (whole, piece) in whole.iter_mut().zip(piece(&f, ends[0], ends[1], scale)) {
            whole.value += piece.value;
            whole.error += piece.error;
        }
    }
    whole
}

/// Distances between points are 1, ½, … 2^−FINEST. Convergence is believed from COARSEST on, of two halvings that change
/// nothing: a kink can lie so that one does not, but not so that two do not.
const COARSEST: i32 = 4;
const FINEST: i32 = 11;

fn piece<const N: usize>(f: &impl Fn(f64, f64) -> Option<[f64; N]>, a: f64, b: f64, scale: f64) -> [Integral; N] {
    // The values of the functions times dx/dt, or None once the point cannot be told from an end.
    let terms = |t: f64| {
        let (distance, weight) = if a.is_finite() && b.is_finite() {
            let q = (-PI * t.abs().sinh()).exp();
            let width = (b - a) / (1.0 + q);
            (width * q, width * PI * t.cosh() * q / (1.0 + q)) // from the nearer end
        } else {
            let distance = scale * (FRAC_PI_2 * t.sinh()).exp();
            (distance, FRAC_PI_2 * t.cosh() * distance)
        };
        let from_b = a.is_infinite() || (b.is_finite() && t >= 0.0);
        let values = if from_b { f(b, -distance) } else { f(a, distance) };
        let there = distance.is_normal() && weight.is_finite();
        values.filter(|_| there).map(|values| values.map(|value| value * weight))
    };
    if terms(0.0).is_none() {
        // Two knots that are one to rounding hold nothing; a law narrower than rounding is out of reach.
        let nothing = Integral { value: 0.0, error: 0.0 };
        return [if b - a <= 1e-14 * scale { nothing } else { Integral::UNKNOWN }; N];
    }
    let mut sums = [Sums::default(); N];
    let mut steady = 0;
    for level in 0..=FINEST {
        let step = 0.5f64.powi(level);
        for (side, sign) in [-1.0, 1.0].into_iter().enumerate() {
            // Level 0 takes all points, t = 0 among those on the right; the finer ones those in between.
            let (first, stride) = if level == 0 { (side ^ 1, 1) } else { (1, 2) };
            for j in (first..).step_by(stride) {
                let t = j as f64 * step;
                let Some(terms) = terms(sign * t) else {
                    break;
                };
                if terms.iter().any(|term| !term.is_finite()) {
                    return [Integral::UNKNOWN; N];
                }
                sums.iter_mut().zip(terms).for_each(|(sum, term)| sum.add(side, t, term));
            }
        }
        let changes = sums.iter_mut().map(|sum| sum.halved(step));
        let settled = changes.fold(true, |settled, small| settled & small);
        steady = if settled { steady + 1 } else { 0 };
        if level > COARSEST && steady >= 2 {
            break;
        }
    }
    sums.map(|sum| sum.integral)
}

/// What has been added up of one function.
#[derive(Clone, Copy)]
struct Sums {
    sum: f64,
    absolute: f64,
    /// On each side the largest |t| whose term is not 0, and the size of that.
    outermost: [(f64, f64); 2],
    change: f64,
    integral: Integral,
}

impl Default for Sums {
    fn default() -> Self {
        Self { sum: 0.0, absolute: 0.0, outermost: [(0.0, 0.0); 2], change: f64::NAN, integral: Integral::UNKNOWN }
    }
}

impl Sums {
    fn add(&mut self, side: usize, t: f64, term: f64) {
        self.sum += term;
        self.absolute += term.abs();
        // A long tail is 0 beyond some x because f64 ends there, and what lies beyond is as much as the last term.
        if term != 0.0 && t >= self.outermost[side].0 {
            self.outermost[side] = (t, term.abs());
        }
    }

    /// Takes stock, and says whether that has changed less than matters.
    fn halved(&mut self, step: f64) -> bool {
        let (value, absolute) = (step * self.sum, step * self.absolute);
        let before = self.change;
        self.change = (value - self.integral.value).abs();
        let rounding = 4.0 * f64::EPSILON * absolute;
        let [left, right] = self.outermost.map(|(_, size)| size);
        let error = self.change.max(before) + rounding + left + right;
        self.integral = Integral { value, error: if error.is_nan() { f64::INFINITY } else { error } };
        self.change <= 1e-12 * absolute
    }
}
