//! f32 and f64 as the kernels compute with them: a product and a sum in one rounding, and two functions without a branch, so that
//! a loop over them is one of many numbers at once.

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

pub(super) trait Number:
    Copy
    + Send
    + Sync
    + PartialOrd
    + AddAssign
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + 'static
{
    const ZERO: Self;
    const ONE: Self;
    const EPSILON: Self;

    fn wide(self) -> f64;

    fn narrow(wide: f64) -> Self;

    /// self · by + plus.
    fn times(self, by: Self, plus: Self) -> Self;

    fn abs(self) -> Self;

    /// eˣ for x ≤ 0, −∞ among them, to 1 unit in the last place; where it is no normal number, to 1 of the smallest.
    fn exp(self) -> Self;

    /// ln(1 + x) for x ≥ 0, finite, to 2 units in the last place.
    fn ln_1p(self) -> Self;
}

macro_rules! number {
    ($t:ident, $bits:ident, mantissa: $mantissa:literal, bias: $bias:literal, lowest: $lowest:literal, root: $root:literal,
     powers: $powers:literal, odd: $odd:literal, ln_2: [$high:literal, $low:literal]) => {
        impl Number for $t {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const EPSILON: Self = $t::EPSILON;

            #[inline(always)]
            fn wide(self) -> f64 {
                self.into()
            }

            #[inline(always)]
            fn narrow(wide: f64) -> Self {
                wide as $t
            }

            #[inline(always)]
            fn times(self, by: Self, plus: Self) -> Self {
                self.mul_add(by, plus)
            }

            #[inline(always)]
            fn abs(self) -> Self {
                $t::abs(self)
            }

            #[inline(always)]
            fn exp(self) -> Self {
                /// 1/n!
                const SERIES: [$t; $powers] = {
                    let (mut series, mut n) = ([1.0; $powers], 1);
                    while n < $powers {
                        series[n] = series[n - 1] / n as $t;
                        n += 1;
                    }
                    series
                };
                // x = k ln 2 + r, |r| ≤ ½ ln 2. NaN stays NaN.
                let x = if self < $lowest { $lowest } else { self };
                let k = x.mul_add(std::$t::consts::LOG2_E, WHOLE) - WHOLE;
                let r = (-k).mul_add($low, (-k).mul_add($high, x));
                let mut power = SERIES[$powers - 1];
                let mut n = $powers - 1;
                while n > 0 {
                    n -= 1;
                    power = power.mul_add(r, SERIES[n]);
                }
                // In two halves, since 2ᵏ alone may be no normal number.
                let half = k.mul_add(0.5, WHOLE);
                let rest = (k - (half - WHOLE)) + WHOLE;
                let two_to = |whole: $t| $t::from_bits(whole.to_bits().wrapping_add($bias) << $mantissa);
                power * two_to(half) * two_to(rest)
            }

            #[inline(always)]
            fn ln_1p(self) -> Self {
                const ONES: $bits = (1 << $mantissa) - 1;
                // w + lost = 1 + x without rounding.
                let w = 1.0 + self;
                let kept = w - 1.0;
                let lost = (1.0 - (w - kept)) + (self - kept);
                // w = 2ᵏ m, √½ ≤ m < √2; where k is 0 the digits that w lacks are those of x.
                let bits = w.to_bits().wrapping_add((1.0 as $t).to_bits() - $root);
                let k = $t::from_bits((bits >> $mantissa) | WHOLE.to_bits()) - (WHOLE + $bias as $t);
                let m = $t::from_bits((bits & ONES) + $root);
                let near = k == 0.0;
                let f = if near { self } else { m - 1.0 };
                let lost = if near { 0.0 } else { lost / w };
                // ln(1 + f) = f − f²/2 + s (f²/2 + R), s = f / (2 + f), R = 2 (s²/3 + s⁴/5 + …).
                let s = f / (2.0 + f);
                let (z, half) = (s * s, 0.5 * f * f);
                let mut series: $t = 2.0 / (2 * $odd + 1) as $t;
                let mut n = $odd;
                while n > 1 {
                    n -= 1;
                    series = series.mul_add(z, 2.0 / (2 * n + 1) as $t);
                }
                let tail = s.mul_add(series.mul_add(z, half), k.mul_add($low, lost));
                k.mul_add($high, f - (half - tail))
            }
        }
    };
}

mod single {
    use super::Number;

    /// Added to a number it leaves its whole part in the last bits.
    const WHOLE: f32 = 12_582_912.0;
    number!(f32, u32, mantissa: 23, bias: 127, lowest: -104.0, root: 0x3f35_04f3, powers: 8, odd: 5, ln_2: [0.693_145_75, 1.428_606_8e-6]);
}

mod double {
    use super::Number;

    /// As above.
    const WHOLE: f64 = 6_755_399_441_055_744.0;
    number!(f64, u64, mantissa: 52, bias: 1023, lowest: -746.0, root: 0x3fe6_a09e_667f_3bcd, powers: 14, odd: 11, ln_2: [0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10]);
}

#[cfg(test)]
mod tests {
    use super::Number;

    /// Units in the last place between a result and the exact number.
    fn ulps(got: f64, exact: f64, digits: i32, lowest: i32) -> f64 {
        let place = exact.abs().log2().floor().max(f64::from(lowest));
        (got - exact).abs() / 2f64.powf(place - f64::from(digits))
    }

    /// Of f32 against f64; of f64 against the standard library, which is within 1 unit itself.
    #[test]
    fn exponentials_and_logarithms_are_within_the_stated_units() {
        let many = if cfg!(miri) { 200 } else { 100_000 };
        for i in 0..=many {
            let share = f64::from(i) / f64::from(many);
            let (x, u) = (-103.0 * share as f32, (100.0 * share).powi(3) as f32 * 1e-4);
            assert!(ulps(Number::exp(x).into(), f64::from(x).exp(), 23, -126) <= 1.0, "e^{x}");
            assert!(ulps(Number::ln_1p(u).into(), f64::from(u).ln_1p(), 23, -126) <= 2.0, "ln(1 + {u})");
            let (x, u) = (-745.0 * share, (100.0 * share).powi(3) * 1e-4);
            assert!(ulps(Number::exp(x), x.exp(), 52, -1022) <= 2.0, "e^{x}");
            assert!(ulps(Number::ln_1p(u), u.ln_1p(), 52, -1022) <= 3.0, "ln(1 + {u})");
        }
    }

    #[test]
    fn where_numbers_end() {
        assert_eq!([0.0, -0.0, f64::NEG_INFINITY, -1e300].map(Number::exp), [1.0, 1.0, 0.0, 0.0]);
        assert_eq!([0.0, f32::NEG_INFINITY, -1e30].map(Number::exp), [1.0, 0.0, 0.0]);
        assert_eq!([0.0, 1e-300, 5e-324].map(Number::ln_1p), [0.0, 1e-300, 5e-324]);
        assert_eq!([0.0, 1e-30f32].map(Number::ln_1p), [0.0, 1e-30]);
        assert!(Number::exp(f64::NAN).is_nan() && Number::ln_1p(f64::NAN).is_nan());
        assert!(Number::exp(f32::NAN).is_nan() && Number::ln_1p(f32::NAN).is_nan());
    }
}
