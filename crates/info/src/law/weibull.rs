use super::{ClosedForm, Density, Law, check_positive, on_the_line};
use crate::error::Result;
use crate::information::Information;
use crate::special::{digamma, gamma_bregman, i_divergence, ln_gamma};

/// Density (k/λ) (x/λ)^(k−1) e^(−(x/λ)^k) on [0, ∞), with shape k and scale λ: how long until the weakest of many parts fails. With
/// k = 1 the exponential distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weibull {
    shape: f64,
    scale: f64,
}

impl Weibull {
    /// # Errors
    /// If `shape` or `scale` is not positive, from 1e-75 to 1e75.
    pub fn new(shape: f64, scale: f64) -> Result<Self> {
        let (shape, scale) = (check_positive("shape", shape)?, check_positive("scale", scale)?);
        Ok(Self { shape, scale })
    }

    /// The shape, a pure number.
    pub fn shape(&self) -> f64 {
        self.shape
    }

    /// The scale, in the unit of x: 1 − 1/e of all lies below it.
    pub fn scale(&self) -> f64 {
        self.scale
    }
}

impl Law for Weibull {
    /// Infinite at 0 for shapes below 1, as the density is.
    fn log_prob(&self, x: f64) -> f64 {
        if x < 0.0 {
            return f64::NEG_INFINITY;
        }
        let outside = self.shape.ln() - self.scale.ln();
        if x == 0.0 {
            return match self.shape.total_cmp(&1.0) {
                std::cmp::Ordering::Less => f64::INFINITY,
                std::cmp::Ordering::Equal => outside,
                std::cmp::Ordering::Greater => f64::NEG_INFINITY,
            };
        }
        let log = x.ln() - self.scale.ln();
        on_the_line(x, outside + (self.shape - 1.0) * log - (self.shape * log).exp())
    }

    /// λ Γ(1 + 1/k).
    fn mean(&self) -> f64 {
        (self.scale.ln() + ln_gamma(1.0 + 1.0 / self.shape)).exp()
    }

    /// λ² (Γ(1 + 2/k) − Γ(1 + 1/k)²).
    fn variance(&self) -> f64 {
        let [one, two] = [1.0, 2.0].map(|power| ln_gamma(1.0 + power / self.shape));
        (2.0 * (self.scale.ln() + one)).exp() * (two - 2.0 * one).exp_m1()
    }
}

impl Density for Weibull {
    fn knots(&self) -> Vec<f64> {
        vec![0.0, self.scale, f64::INFINITY]
    }
}

impl ClosedForm for Weibull {
    /// 1 + γ (1 − 1/k) + ln(λ/k), with Euler's γ = −ψ(1).
    fn entropy(&self) -> Information {
        let (k, euler) = (self.shape, -digamma(1.0));
        Information::from_nats(1.0 + euler * (1.0 - 1.0 / k) + self.scale.ln() - k.ln())
    }

    /// e^v − 1 − v, with v = k′ ln(λ/λ′) + ln Γ(1 + c) and c = k′/k, and how far ln Γ(c) lies above its tangent at 1: two terms that
    /// are never negative.
    fn kl_divergence(&self, other: &Self) -> Information {
        let c = other.shape / self.shape;
        let shapes = gamma_bregman(c, 1.0) + i_divergence(c, 1.0);
        let log_gamma = if c == 1.0 { 0.0 } else { ln_gamma(1.0 + c) };
        let v = other.shape * (self.scale.ln() - other.scale.ln()) + log_gamma;
        let scales = if v.abs() < 700.0 { i_divergence(1.0, v.exp()) } else { v.exp() - 1.0 - v };
        Information::from_nats((shapes + scales).max(0.0)) // rounding of `shapes`
    }
}
