use super::{ClosedForm, Density, Law, check_location, check_positive, on_the_line};
use crate::error::Result;
use crate::information::Information;
use crate::special::{exp_excess, i_divergence_beside};

/// Density e^(−|x − μ|/b) / 2b: the law whose maximum-likelihood location is the median.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Laplace {
    location: f64,
    scale: f64,
}

impl Laplace {
    /// # Errors
    /// If `location` is beyond ±1e75, or `scale` not positive, from 1e-75 to 1e75.
    pub fn new(location: f64, scale: f64) -> Result<Self> {
        let (location, scale) = (check_location("location", location)?, check_positive("scale", scale)?);
        Ok(Self { location, scale })
    }

    /// The median, in the unit of x.
    pub fn location(&self) -> f64 {
        self.location
    }

    /// The mean distance from the location.
    pub fn scale(&self) -> f64 {
        self.scale
    }
}

impl Laplace {
    fn log_prob_from_location(&self, distance: f64) -> f64 {
        -distance.abs() / self.scale - (2.0 * self.scale).ln()
    }
}

impl Law for Laplace {
    fn log_prob(&self, x: f64) -> f64 {
        on_the_line(x, self.log_prob_from_location(x - self.location))
    }

    fn mean(&self) -> f64 {
        self.location
    }

    fn variance(&self) -> f64 {
        2.0 * self.scale.powi(2)
    }
}

impl Density for Laplace {
    fn knots(&self) -> Vec<f64> {
        vec![f64::NEG_INFINITY, self.location, f64::INFINITY]
    }

    fn log_prob_beside(&self, knot: f64, offset: f64) -> Option<f64> {
        Some(on_the_line(offset, self.log_prob_from_location((knot - self.location) + offset)))
    }
}

impl ClosedForm for Laplace {
    /// 1 + ln 2b.
    fn entropy(&self) -> Information {
        Information::from_nats(1.0 + (2.0 * self.scale).ln())
    }

    /// ln(b′/b) + (b e^(−d) + |μ − μ′|)/b′ − 1 with d = |μ − μ′|/b: what the scales cost, and what the locations do.
    fn kl_divergence(&self, other: &Self) -> Information {
        let ratio = self.scale / other.scale;
        let scales = i_divergence_beside(1.0, ratio, (other.scale - self.scale) / other.scale);
        let d = (self.location - other.location).abs() / self.scale;
        Information::from_nats(scales + ratio * exp_excess(-d))
    }
}
