use std::f64::consts::LN_2;

use super::{ClosedForm, Density, Law, check_location, check_positive, on_the_line};
use crate::error::Result;
use crate::information::Information;
use crate::integral::integrate_beside;
use crate::special::student_norm;

/// Student's t with ν degrees of freedom, moved to a location μ and stretched by a scale σ: density ∝ (1 + z²/ν)^(−(ν+1)/2) with
/// z = (x − μ)/σ. Its tails are long: ν = 1 is Cauchy's, ν = ∞ would be the Gaussian's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Student {
    df: f64,
    location: f64,
    scale: f64,
}

impl Student {
    /// # Errors
    /// If `df` or `scale` is not positive, from 1e-75 to 1e75, or `location` beyond ±1e75.
    pub fn new(df: f64, location: f64, scale: f64) -> Result<Self> {
        let df = check_positive("df", df)?;
        let (location, scale) = (check_location("location", location)?, check_positive("scale", scale)?);
        Ok(Self { df, location, scale })
    }

    /// ν, the degrees of freedom, a pure number.
    pub fn df(&self) -> f64 {
        self.df
    }

    /// μ, the median, in the unit of x.
    pub fn location(&self) -> f64 {
        self.location
    }

    /// σ, in the unit of x; the standard deviation is σ √(ν/(ν − 2)), for ν > 2.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// ln of what the density is divided by, in units of the scale: ln(√ν B(½ν, ½)).
    fn log_norm(&self) -> f64 {
        0.5 * LN_2 + student_norm(0.5 * self.df)[0]
    }

    fn standard_log_prob(&self, z: f64) -> f64 {
        let ratio = z / self.df.sqrt();
        // Far out the square may be no number, and its logarithm is.
        let log = if ratio.abs() > 1e150 { 2.0 * ratio.abs().ln() } else { (ratio * ratio).ln_1p() };
        -0.5 * (self.df + 1.0) * log - self.log_norm()
    }
}

impl Law for Student {
    fn log_prob(&self, x: f64) -> f64 {
        on_the_line(x, self.standard_log_prob((x - self.location) / self.scale) - self.scale.ln())
    }

    /// μ for ν > 1, else there is none: NaN.
    fn mean(&self) -> f64 {
        if self.df > 1.0 { self.location } else { f64::NAN }
    }

    /// σ² ν/(ν − 2) for ν > 2, else +∞.
    fn variance(&self) -> f64 {
        if self.df > 2.0 { self.scale.powi(2) * (self.df / (self.df - 2.0)) } else { f64::INFINITY }
    }
}

impl Density for Student {
    fn knots(&self) -> Vec<f64> {
        vec![f64::NEG_INFINITY, self.location, f64::INFINITY]
    }

    fn log_prob_beside(&self, knot: f64, offset: f64) -> Option<f64> {
        let z = ((knot - self.location) + offset) / self.scale;
        Some(on_the_line(offset, self.standard_log_prob(z) - self.scale.ln()))
    }
}

impl ClosedForm for Student {
    /// ½ (ν + 1) (ψ(½(ν + 1)) − ψ(½ν)) + ln(√ν B(½ν, ½)) + ln σ.
    fn entropy(&self) -> Information {
        // ψ(½(ν + 1)) − ψ(½ν) is what the slope of the normaliser lacks of 1/ν.
        let tails = 0.5 * (self.df + 1.0) * (1.0 / self.df - student_norm(0.5 * self.df)[1]);
        Information::from_nats(tails + self.log_norm() + self.scale.ln())
    }

    /// No closed form: a quadrature in units of `self`'s scale, to 1e-9.
    fn kl_divergence(&self, other: &Self) -> Information {
        if self == other {
            return Information::ZERO;
        }
        let (m, t) = ((other.location - self.location) / self.scale, other.scale / self.scale);
        let integrand = |knot: f64, offset: f64| {
            let log_p = self.standard_log_prob(knot + offset);
            let log_q = other.standard_log_prob(((knot - m) + offset) / t) - t.ln();
            Some([if log_p.exp() == 0.0 { 0.0 } else { log_p.exp() * (log_p - log_q) }])
        };
        let mut knots = vec![f64::NEG_INFINITY, 0.0, m, f64::INFINITY];
        knots.sort_by(f64::total_cmp);
        knots.dedup();
        let [kl] = integrate_beside(integrand, &knots, t.min(1.0));
        Information::from_nats(kl.value.max(0.0)) // rounding, for nearly equal laws
    }
}
