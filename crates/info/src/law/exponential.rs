use super::{ClosedForm, Density, Law, check_positive, on_the_line};
use crate::error::Result;
use crate::information::Information;
use crate::special::i_divergence_beside;

/// Waiting times: density λ e^(−λx) on [0, ∞), of greatest entropy among those with mean 1/λ (row L6).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exponential {
    rate: f64,
}

impl Exponential {
    /// # Errors
    /// If `rate` is not positive, from 1e-75 to 1e75.
    pub fn new(rate: f64) -> Result<Self> {
        let rate = check_positive("rate", rate)?;
        Ok(Self { rate })
    }

    /// λ, per unit of x.
    pub fn rate(&self) -> f64 {
        self.rate
    }
}

impl Law for Exponential {
    fn log_prob(&self, x: f64) -> f64 {
        if x < 0.0 { f64::NEG_INFINITY } else { on_the_line(x, self.rate.ln() - self.rate * x) }
    }

    fn mean(&self) -> f64 {
        1.0 / self.rate
    }

    fn variance(&self) -> f64 {
        self.rate.powi(-2)
    }
}

impl Density for Exponential {
    fn knots(&self) -> Vec<f64> {
        vec![0.0, f64::INFINITY]
    }

    fn width(&self) -> f64 {
        self.mean()
    }
}

impl ClosedForm for Exponential {
    /// 1 − ln λ.
    fn entropy(&self) -> Information {
        Information::from_nats(1.0 - self.rate.ln())
    }

    /// ln(λ/μ) + μ/λ − 1.
    fn kl_divergence(&self, other: &Self) -> Information {
        let ratio = other.rate / self.rate;
        Information::from_nats(i_divergence_beside(1.0, ratio, (self.rate - other.rate) / self.rate))
    }
}
