//! Amounts of information: nats inside, the unit named wherever a person reads one.

use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// The unit in which information is shown: logarithms to base 2, e or 10.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Unit {
    #[default]
    Bits,
    Nats,
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

/// An amount of information. It may be infinite (a support mismatch) and, for differential entropies, negative.
///
/// ```
/// use candle_mle::Information;
/// let h = Information::from_bits(1.5);
/// assert_eq!(h.bits(), 1.5);
/// assert_eq!(format!("{h:.3}"), "1.500 bits");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Information(f64);

impl Information {
    pub const ZERO: Self = Self(0.0);
    pub const INFINITE: Self = Self(f64::INFINITY);

    pub fn from_nats(nats: f64) -> Self {
        Self(nats)
    }

    pub fn from_bits(bits: f64) -> Self {
        Self(bits * Unit::Bits.nats())
    }

    pub fn nats(self) -> f64 {
        self.0
    }

    pub fn bits(self) -> f64 {
        self.to(Unit::Bits)
    }

    pub fn hartleys(self) -> f64 {
        self.to(Unit::Hartleys)
    }

    /// The number of `unit`s.
    pub fn to(self, unit: Unit) -> f64 {
        self.0 / unit.nats()
    }

    pub fn is_finite(self) -> bool {
        self.0.is_finite()
    }
}

/// In bits; a precision is respected: `{:.3}`.
impl fmt::Display for Information {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.bits(), f)?;
        write!(f, " {}", Unit::Bits)
    }
}

impl Add for Information {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Information {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Information {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Mul<f64> for Information {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        Self(self.0 * factor)
    }
}

impl Div<f64> for Information {
    type Output = Self;
    fn div(self, divisor: f64) -> Self {
        Self(self.0 / divisor)
    }
}

impl std::iter::Sum for Information {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        Self(iter.map(|i| i.0).sum())
    }
}
