use std::f64::consts::{E, TAU};

use super::{ClosedForm, Density, Law, check_location, check_positive, on_the_line};
use crate::error::Result;
use crate::information::Information;
use crate::special::i_divergence_beside;

/// The Gaussian on the line: of greatest entropy among the laws of its mean and variance (rows L6 and L8).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normal {
    mean: f64,
    sd: f64,
}

impl Normal {
    /// The Gaussian with this mean and *standard deviation*.
    ///
    /// # Errors
    /// If `mean` is beyond ±1e75, or `sd` not positive, from 1e-75 to 1e75.
    pub fn new(mean: f64, sd: f64) -> Result<Self> {
        let (mean, sd) = (check_location("mean", mean)?, check_positive("sd", sd)?);
        Ok(Self { mean, sd })
    }

    /// The Gaussian with the mean and variance of `law`: of all Gaussians the nearest in KL(law‖g).
    ///
    /// # Errors
    /// If the variance is 0, or either moment beyond what [`Normal::new`] takes.
    pub fn matching(law: &dyn Law) -> Result<Self> {
        Self::new(law.mean(), law.variance().sqrt())
    }

    /// The standard deviation.
    pub fn sd(&self) -> f64 {
        self.sd
    }

    /// H(p, g) = −E_p ln g(X) = ½ ln 2πσ² + (Var X + (EX − μ)²) / 2σ², of *any* law p to this Gaussian g.
    ///
    /// That it asks for no more of p than two moments is the proof of row L8: at p's own moments it is h(g), whence
    /// KL(p‖g) = H(p, g) − h(p) = h(g) − h(p) ≥ 0.
    pub fn cross_entropy_of(&self, law: &dyn Law) -> Information {
        let bias = (law.mean() - self.mean) / self.sd;
        let spread = law.variance().sqrt() / self.sd;
        Information::from_nats(0.5 * TAU.ln() + self.sd.ln() + 0.5 * (spread * spread + bias * bias))
    }
}

impl Normal {
    /// ln p so far from the mean.
    pub(super) fn log_prob_from_mean(&self, distance: f64) -> f64 {
        let z = distance / self.sd;
        -0.5 * z * z - self.sd.ln() - 0.5 * TAU.ln()
    }
}

impl Law for Normal {
    fn log_prob(&self, x: f64) -> f64 {
        on_the_line(x, self.log_prob_from_mean(x - self.mean))
    }

    fn mean(&self) -> f64 {
        self.mean
    }

    fn variance(&self) -> f64 {
        self.sd * self.sd
    }
}

impl Density for Normal {
    fn knots(&self) -> Vec<f64> {
        vec![f64::NEG_INFINITY, self.mean, f64::INFINITY]
    }

    fn log_prob_beside(&self, knot: f64, offset: f64) -> Option<f64> {
        Some(on_the_line(offset, self.log_prob_from_mean((knot - self.mean) + offset)))
    }
}

impl ClosedForm for Normal {
    /// ½ ln 2πeσ².
    fn entropy(&self) -> Information {
        Information::from_nats(0.5 * (TAU * E).ln() + self.sd.ln())
    }

    /// ½ (σ²/σ′² − 1 − ln σ²/σ′² + (μ − μ′)²/σ′²).
    fn kl_divergence(&self, other: &Self) -> Information {
        let ratio = self.sd / other.sd;
        let apart = (other.sd - self.sd) / other.sd * (1.0 + ratio);
        let bias = (self.mean - other.mean) / other.sd;
        Information::from_nats(0.5 * (i_divergence_beside(1.0, ratio * ratio, apart) + bias * bias))
    }
}
