//! Amounts of information, and the unit in which a person reads one.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};
use std::str::FromStr;

use crate::number::unsigned_zero;

/// The unit in which information is shown: logarithms to base 2, e or 10.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    #[default]
    /// Base 2.
    Bits,
    /// Base e.
    Nats,
    /// Base 10.
    Hartleys,
}

impl Unit {
    /// Nats in one of this unit: ln 2, 1 or ln 10.
    pub fn nats(self) -> f64 {
        match self {
            Self::Bits => std::f64::consts::LN_2,
            Self::Nats => 1.0,
            Self::Hartleys => std::f64::consts::LN_10,
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Bits => "bits",
            Self::Nats => "nats",
            Self::Hartleys => "hartleys",
        })
    }
}

impl FromStr for Unit {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let named = |unit: &Self| unit.to_string() == name;
        let unit = [Self::Bits, Self::Nats, Self::Hartleys].into_iter().find(named);
        unit.ok_or_else(|| format!("'{name}' is none of bits, nats, hartleys"))
    }
}

/// An amount of information. It may be infinite (a support mismatch) and, for differential entropies, negative.
///
/// It remembers the unit it was summed in, so that reading it back in that unit is no rounding: tables sum base-2
/// logarithms and their dyadic values (27/8 bits) are exact, while likelihoods are summed, and come back, in nats.
/// In a sum of different units both sides become nats.
///
/// ```
/// use candle_mle_info::Information;
/// let h = Information::from_bits(1.5);
/// assert_eq!(h.bits(), 1.5);
/// assert_eq!(format!("{h:.3}"), "1.500 bits");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Information {
    amount: f64,
    unit: Unit,
}

impl Information {
    /// What a sure event tells.
    pub const ZERO: Self = Self { amount: 0.0, unit: Unit::Nats };
    /// What an impossible event would tell.
    pub const INFINITE: Self = Self { amount: f64::INFINITY, unit: Unit::Nats };

    /// An amount given in nats.
    pub fn from_nats(nats: f64) -> Self {
        Self { amount: nats, unit: Unit::Nats }
    }

    /// An amount given in bits.
    pub fn from_bits(bits: f64) -> Self {
        Self { amount: bits, unit: Unit::Bits }
    }

    /// In nats.
    pub fn nats(self) -> f64 {
        self.to(Unit::Nats)
    }

    /// In bits.
    pub fn bits(self) -> f64 {
        self.to(Unit::Bits)
    }

    /// In hartleys, decimal digits.
    pub fn hartleys(self) -> f64 {
        self.to(Unit::Hartleys)
    }

    /// The number of `unit`s; that of nothing has no sign.
    pub fn to(self, unit: Unit) -> f64 {
        let amount = if self.unit == unit { self.amount } else { self.amount * self.unit.nats() / unit.nats() };
        amount + 0.0
    }

    /// Neither infinite nor NaN.
    pub fn is_finite(self) -> bool {
        self.amount.is_finite()
    }

    /// The number of equally likely outcomes that carry this much: 2 to the power of the bits. Of an entropy it is
    /// the perplexity of a law, of a cross-entropy that of a model.
    ///
    /// ```
    /// # use candle_mle_info::{Error, Pmf};
    /// assert_eq!(Pmf::uniform(8)?.entropy().perplexity(), 8.0);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn perplexity(self) -> f64 {
        match self.unit {
            Unit::Bits => self.amount.exp2(),
            Unit::Nats | Unit::Hartleys => self.nats().exp(),
        }
    }

    /// The unit in which the two meet without rounding, if there is one. Zero is zero in any unit.
    fn common_unit(self, other: Self) -> Unit {
        if self.unit == other.unit || other.amount == 0.0 {
            self.unit
        } else if self.amount == 0.0 {
            other.unit
        } else {
            Unit::Nats
        }
    }
}

impl PartialEq for Information {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Information {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let unit = self.common_unit(*other);
        self.to(unit).partial_cmp(&other.to(unit))
    }
}

/// In bits; a precision is respected: `{:.3}`. What rounds to 0 is without a sign.
impl fmt::Display for Information {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&unsigned_zero(self.bits(), f.precision()), f)?;
        write!(f, " {}", Unit::Bits)
    }
}

impl Add for Information {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let unit = self.common_unit(other);
        Self { amount: self.to(unit) + other.to(unit), unit }
    }
}

impl Sub for Information {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Neg for Information {
    type Output = Self;
    fn neg(self) -> Self {
        Self { amount: -self.amount, ..self }
    }
}

impl Mul<f64> for Information {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        Self { amount: self.amount * factor, ..self }
    }
}

impl Div<f64> for Information {
    type Output = Self;
    fn div(self, divisor: f64) -> Self {
        Self { amount: self.amount / divisor, ..self }
    }
}

impl std::iter::Sum for Information {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}
