use super::{ClosedForm, Density, Law, check_positive, on_the_line};
use crate::error::Result;
use crate::information::Information;
use crate::special::{digamma_rest, gamma_bregman, i_divergence_beside, i_divergence_of_product, ln_gamma_rest};

/// Density βᵅ x^(α−1) e^(−βx) / Γ(α) on [0, ∞), with shape α and rate β: for whole α the sum of α exponentials.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gamma {
    shape: f64,
    rate: f64,
}

impl Gamma {
    /// # Errors
    /// If `shape` or `rate` is not positive, from 1e-75 to 1e75.
    pub fn new(shape: f64, rate: f64) -> Result<Self> {
        let (shape, rate) = (check_positive("shape", shape)?, check_positive("rate", rate)?);
        Ok(Self { shape, rate })
    }

    /// The shape, a pure number.
    pub fn shape(&self) -> f64 {
        self.shape
    }

    /// The rate, per unit of x.
    pub fn rate(&self) -> f64 {
        self.rate
    }
}

impl Law for Gamma {
    /// Infinite at 0 for shapes below 1, as the density is.
    fn log_prob(&self, x: f64) -> f64 {
        if x < 0.0 {
            f64::NEG_INFINITY
        } else if x == 0.0 {
            match self.shape.total_cmp(&1.0) {
                std::cmp::Ordering::Less => f64::INFINITY,
                std::cmp::Ordering::Equal => self.rate.ln(),
                std::cmp::Ordering::Greater => f64::NEG_INFINITY,
            }
        } else {
            on_the_line(x, self.log_prob_at(x, x - self.mean()))
        }
    }

    fn mean(&self) -> f64 {
        self.shape / self.rate
    }

    fn variance(&self) -> f64 {
        self.mean() / self.rate
    }
}

impl Gamma {
    /// ln p, with how far x > 0 is above the mean.
    fn log_prob_at(&self, x: f64, above: f64) -> f64 {
        let count = self.rate * x;
        let cost = if count.is_normal() {
            i_divergence_beside(self.shape, count, -self.rate * above)
        } else {
            i_divergence_of_product(self.shape, self.rate, x)
        };
        -cost - ln_gamma_rest(self.shape) - x.ln()
    }
}

impl Density for Gamma {
    fn knots(&self) -> Vec<f64> {
        vec![0.0, self.mean(), f64::INFINITY]
    }

    fn log_prob_beside(&self, knot: f64, offset: f64) -> Option<f64> {
        let x = knot + offset;
        (x > 0.0).then(|| on_the_line(x, self.log_prob_at(x, (knot - self.mean()) + offset)))
    }
}

impl ClosedForm for Gamma {
    /// α − ln β + ln Γ(α) + (1 − α) ψ(α), with the growth of ln Γ and ψ taken out.
    fn entropy(&self) -> Information {
        let (a, b) = (self.shape, self.rate);
        Information::from_nats(a.ln() - b.ln() + ln_gamma_rest(a) + (1.0 - a) * digamma_rest(a))
    }

    /// (α − α′) ψ(α) − ln Γ(α) + ln Γ(α′) + α′ ln(β/β′) + α (β′/β − 1), put as two terms that are never negative:
    /// what the shapes cost, and what the means do.
    fn kl_divergence(&self, other: &Self) -> Information {
        let more = other.shape - self.shape;
        let shapes = gamma_bregman(self.shape, more);
        let apart = more - self.shape * ((other.rate - self.rate) / self.rate);
        let means = i_divergence_beside(other.shape, self.shape * (other.rate / self.rate), apart);
        Information::from_nats((shapes + means).max(0.0)) // rounding of `shapes`
    }
}
