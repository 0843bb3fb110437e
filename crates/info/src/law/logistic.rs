use std::f64::consts::PI;

use super::{ClosedForm, Density, Law, check_location, check_positive, on_the_line};
use crate::error::Result;
use crate::information::Information;
use crate::integral::integrate_beside;
use crate::special::divergence_of_logs;

/// Density e^(−z) / (s (1 + e^(−z))²) with z = (x − μ)/s, whose distribution function is the sigmoid: the noise
/// behind logistic regression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Logistic {
    location: f64,
    scale: f64,
}

impl Logistic {
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

    /// s, in the unit of x; the standard deviation is π s/√3.
    pub fn scale(&self) -> f64 {
        self.scale
    }
}

/// ln of the density at scale 1 and location 0, which is symmetric: |z| keeps the exponential from overflowing.
fn standard_log_prob(z: f64) -> f64 {
    let z = z.abs();
    -z - 2.0 * (-z).exp().ln_1p()
}

impl Law for Logistic {
    fn log_prob(&self, x: f64) -> f64 {
        on_the_line(x, standard_log_prob((x - self.location) / self.scale) - self.scale.ln())
    }

    fn mean(&self) -> f64 {
        self.location
    }

    fn variance(&self) -> f64 {
        (PI * self.scale).powi(2) / 3.0
    }
}

impl Density for Logistic {
    fn knots(&self) -> Vec<f64> {
        vec![f64::NEG_INFINITY, self.location, f64::INFINITY]
    }

    fn log_prob_beside(&self, knot: f64, offset: f64) -> Option<f64> {
        let z = ((knot - self.location) + offset) / self.scale;
        Some(on_the_line(offset, standard_log_prob(z) - self.scale.ln()))
    }
}

impl ClosedForm for Logistic {
    /// 2 + ln s.
    fn entropy(&self) -> Information {
        Information::from_nats(2.0 + self.scale.ln())
    }

    /// No closed form for unequal scales. In units of `self`'s scale, with `other` at distance m and of scale t,
    /// KL = ln t − 2 + E|X − m|/t + 2 E ln(1 + e^(−|X − m|/t)), where E|X − m| = m + 2 ln(1 + e^(−m)), and the
    /// last expectation, between 0 and ln 2, is a quadrature, exact but for a few roundings of the largest term.
    fn kl_divergence(&self, other: &Self) -> Information {
        let (t, wider) = (other.scale / self.scale, (other.scale - self.scale) / self.scale);
        let m = (self.location - other.location).abs() / self.scale;
        if m.max(wider.abs()) < 0.1 {
            return Information::from_nats(near(m, t, wider));
        }
        let density = |z: f64| standard_log_prob(z).exp();
        // Over the distance y = |x − m|, so that the corner at m is the end 0 and nothing is lost however small t is.
        // The peak is at m. Bounded, smooth between the knots and falling exponentially, this always converges.
        let integrand = |knot: f64, offset: f64| {
            let y = knot + offset;
            Some([(density(m + y) + density((knot - m) + offset)) * (-y / t).exp().ln_1p()])
        };
        let [corner] = integrate_beside(integrand, &[0.0, m, f64::INFINITY], t.min(1.0));
        let distance = (m + 2.0 * (-m).exp().ln_1p()) / t;
        let kl = t.ln() - 2.0 + distance + 2.0 * corner.value;
        Information::from_nats(kl)
    }
}

/// Of a law m away and t = 1 + `wider` times as wide, the sum of what is never negative: its logarithm is ln 2 cosh(½z), once more and
/// twice, of which the change is found from that of z.
fn near(m: f64, t: f64, wider: f64) -> f64 {
    let integrand = |knot: f64, offset: f64| {
        let z = knot + offset;
        let half = -0.5 * (m + z * wider) / t;
        let change = 2.0 * (0.5 * half).sinh().powi(2) + (0.5 * z).tanh() * half.sinh();
        let (log_p, log_q) = (standard_log_prob(z), standard_log_prob((z - m) / t));
        let log_q = log_q - wider.ln_1p();
        let log_ratio = (half.abs() < 0.25).then(|| 2.0 * change.ln_1p() + wider.ln_1p());
        Some([divergence_of_logs(log_p, log_q, log_ratio)])
    };
    let [kl] = integrate_beside(integrand, &[f64::NEG_INFINITY, 0.0, f64::INFINITY], 1.0);
    kl.certain()
}
