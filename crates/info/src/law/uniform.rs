use super::{ClosedForm, Density, Law, check, check_location};
use crate::error::Result;
use crate::information::Information;

/// Equal density on [low, high]: of greatest entropy among the laws on that interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uniform {
    low: f64,
    high: f64,
}

impl Uniform {
    /// # Errors
    /// If an end is beyond ±1e75, or `high` not above `low` by 1e-75 at least.
    pub fn new(low: f64, high: f64) -> Result<Self> {
        let (low, high) = (check_location("low", low)?, check_location("high", high)?);
        let inside = high - low >= 1e-75;
        check("high", high, "a number above low, by 1e-75 at least,", inside)?;
        Ok(Self { low, high })
    }

    /// Where the interval begins.
    pub fn low(&self) -> f64 {
        self.low
    }

    /// Where it ends.
    pub fn high(&self) -> f64 {
        self.high
    }
}

impl Law for Uniform {
    fn log_prob(&self, x: f64) -> f64 {
        if x.is_nan() {
            f64::NAN
        } else if (self.low..=self.high).contains(&x) {
            0.0 - (self.high - self.low).ln()
        } else {
            f64::NEG_INFINITY
        }
    }

    fn mean(&self) -> f64 {
        0.5 * (self.low + self.high)
    }

    fn variance(&self) -> f64 {
        (self.high - self.low).powi(2) / 12.0
    }
}

impl Density for Uniform {
    fn knots(&self) -> Vec<f64> {
        vec![self.low, self.high]
    }

    fn log_prob_beside(&self, knot: f64, offset: f64) -> Option<f64> {
        let inside = (knot - self.low) + offset >= 0.0 && (knot - self.high) + offset <= 0.0;
        Some(if inside { self.log_prob(self.low) } else { f64::NEG_INFINITY })
    }
}

impl ClosedForm for Uniform {
    /// ln(high − low).
    fn entropy(&self) -> Information {
        Information::from_nats((self.high - self.low).ln())
    }

    /// The logarithm of the ratio of the lengths where `other` covers `self`, and +∞ where it does not.
    fn kl_divergence(&self, other: &Self) -> Information {
        if other.low <= self.low && self.high <= other.high {
            let more = (other.high - self.high) + (self.low - other.low);
            Information::from_nats((more / (self.high - self.low)).ln_1p())
        } else {
            Information::INFINITE
        }
    }
}
