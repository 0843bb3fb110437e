use super::{ClosedForm, Density, Law, Normal};
use crate::error::Result;
use crate::information::Information;

/// What products of many factors tend to: ln X is Gaussian, with mean μ and standard deviation σ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lognormal {
    log: Normal,
}

impl Lognormal {
    /// Of the mean and the standard deviation of ln x.
    ///
    /// # Errors
    /// As [`Normal::new`].
    pub fn new(mean: f64, sd: f64) -> Result<Self> {
        Ok(Self { log: Normal::new(mean, sd)? })
    }

    /// The law of ln X.
    pub fn log(&self) -> Normal {
        self.log
    }
}

impl Law for Lognormal {
    fn log_prob(&self, x: f64) -> f64 {
        match x {
            x if x.is_nan() => x,
            x if x <= 0.0 || x == f64::INFINITY => f64::NEG_INFINITY,
            x => (self.log.log_prob(x.ln()) - x.ln()).max(f64::MIN),
        }
    }

    /// e^(μ + σ²/2).
    fn mean(&self) -> f64 {
        (self.log.mean() + 0.5 * self.log.variance()).exp()
    }

    /// (e^(σ²) − 1) e^(2μ + σ²).
    fn variance(&self) -> f64 {
        self.log.variance().exp_m1() * (2.0 * self.log.mean() + self.log.variance()).exp()
    }
}

impl Density for Lognormal {
    fn knots(&self) -> Vec<f64> {
        vec![0.0, self.log.mean().exp(), f64::INFINITY]
    }

    /// The median: the standard deviation may be no number.
    fn width(&self) -> f64 {
        self.log.mean().exp()
    }

    fn logarithm(&self) -> Option<&dyn Density> {
        Some(&self.log)
    }
}

impl ClosedForm for Lognormal {
    /// That of ln X, and μ.
    fn entropy(&self) -> Information {
        self.log.entropy() + Information::from_nats(self.log.mean())
    }

    /// That of the logarithms.
    fn kl_divergence(&self, other: &Self) -> Information {
        self.log.kl_divergence(&other.log)
    }
}
