use super::{ClosedForm, Density, Law, check_positive, on_the_line};
use crate::error::Result;
use crate::information::Information;
use crate::integral::told_apart;
use crate::special::{digamma, exp_excess, ln_gamma, ln_gamma_bregman};

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
        if x == 0.0 {
            return match self.shape.total_cmp(&1.0) {
                std::cmp::Ordering::Less => f64::INFINITY,
                std::cmp::Ordering::Equal => self.shape.ln() - self.scale.ln(),
                std::cmp::Ordering::Greater => f64::NEG_INFINITY,
            };
        }
        on_the_line(x, self.log_prob_of_log(x.ln() - self.scale.ln()))
    }

    /// λ Γ(1 + 1/k).
    fn mean(&self) -> f64 {
        (self.scale.ln() + ln_gamma(1.0 + 1.0 / self.shape)).exp()
    }

    /// λ² (Γ(1 + 2/k) − Γ(1 + 1/k)²).
    fn variance(&self) -> f64 {
        // ln Γ(1 + 2/k) − 2 ln Γ(1 + 1/k), in which what is linear in 1/k cancels.
        let [one, two] = [1.0, 2.0].map(|power| ln_gamma_bregman(1.0, power / self.shape));
        (2.0 * self.mean().ln()).exp() * (two - 2.0 * one).exp_m1()
    }
}

impl Weibull {
    /// ln p where ln x/λ is this.
    fn log_prob_of_log(&self, log: f64) -> f64 {
        self.shape.ln() - self.scale.ln() + (self.shape - 1.0) * log - (self.shape * log).exp()
    }
}

impl Density for Weibull {
    fn knots(&self) -> Vec<f64> {
        vec![0.0, self.scale, f64::INFINITY]
    }

    /// What the scale is by a change of ln x: the standard deviation may be no number.
    fn width(&self) -> f64 {
        self.scale / self.shape.max(1.0)
    }

    fn log_prob_beside(&self, knot: f64, offset: f64) -> Option<f64> {
        let beyond = ((knot - self.scale) + offset) / self.scale;
        if beyond.abs() > 0.5 {
            told_apart(knot, offset).map(|x| self.log_prob(x))
        } else {
            Some(self.log_prob_of_log(beyond.ln_1p()).max(f64::MIN))
        }
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
        let way = (other.shape - self.shape) / self.shape; // from 1 to c
        let shapes = ln_gamma_bregman(1.0, way);
        let log_gamma = way * digamma(2.0) + ln_gamma_bregman(2.0, way);
        let stretch = (self.scale - other.scale) / other.scale;
        let log = if stretch.abs() < 0.5 { stretch.ln_1p() } else { self.scale.ln() - other.scale.ln() };
        let scales = exp_excess(other.shape * log + log_gamma);
        Information::from_nats((shapes + scales).max(0.0)) // rounding of `shapes`
    }
}
