use std::f64::consts::{E, TAU};

use super::{ClosedForm, Law, check, on_the_line};
use crate::error::Result;
use crate::information::Information;
use crate::special::{i_divergence, ln_gamma_rest};

/// Counts of independent events: P(k) = λᵏ e^(−λ) / k!.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Poisson {
    rate: f64,
}

impl Poisson {
    /// The law of counts with mean `rate`; at rate 0 nothing ever happens.
    ///
    /// # Errors
    /// If `rate` is not in [0, 1e75].
    pub fn new(rate: f64) -> Result<Self> {
        let inside = (0.0..=1e75).contains(&rate);
        let rate = check("rate", rate, "a number from 0 to 1e75", inside)?;
        Ok(Self { rate: rate + 0.0 }) // −0 is 0
    }
}

impl Law for Poisson {
    /// ln P(k) = −(k ln(k/λ) − k + λ) − ½ ln 2πk − …, in Loader's saddle-point form.
    fn log_prob(&self, x: f64) -> f64 {
        if x.is_nan() {
            f64::NAN
        } else if x == 0.0 {
            0.0 - self.rate
        } else if x > 0.0 && x.fract() == 0.0 && self.rate > 0.0 {
            on_the_line(x, -i_divergence(x, self.rate) - ln_gamma_rest(x) - x.ln())
        } else {
            f64::NEG_INFINITY
        }
    }

    fn mean(&self) -> f64 {
        self.rate
    }

    fn variance(&self) -> f64 {
        self.rate
    }
}

/// Where the four terms of the asymptotic series of the entropy are exact to rounding: the next is 9/(80 λ⁴).
const ASYMPTOTIC_FROM: f64 = 1e4;

impl ClosedForm for Poisson {
    /// No closed form: the sum −Σ P ln P to rounding for rates up to 10⁴, and beyond them the asymptotic series
    /// ½ ln(2πeλ) − 1/(12λ) − 1/(24λ²) − 19/(360λ³), due to Evans, Boersma, Blachman and Jagers (1988).
    fn entropy(&self) -> Information {
        let rate = self.rate;
        if rate > ASYMPTOTIC_FROM {
            let r = 1.0 / rate;
            let correction = r * (1.0 / 12.0 + r * (1.0 / 24.0 + r * 19.0 / 360.0));
            // Two logarithms: the product would be infinite for no rate allowed here, but only just.
            return Information::from_nats(0.5 * ((TAU * E).ln() + rate.ln()) - correction);
        }
        let term = |k: f64| {
            let log = self.log_prob(k);
            if log == f64::NEG_INFINITY { 0.0 } else { -log * log.exp() }
        };
        let mode = rate.floor();
        let mut sum = 0.0;
        // The masses fall off faster than geometrically on both sides of the mode.
        let negligible = |term: f64, sum: f64| term <= f64::EPSILON * 1e-3 * sum;
        let mut k = mode;
        while !negligible(term(k), sum) {
            sum += term(k);
            k += 1.0;
        }
        k = mode - 1.0;
        while k >= 0.0 && !negligible(term(k), sum) {
            sum += term(k);
            k -= 1.0;
        }
        Information::from_nats(sum)
    }

    /// λ ln(λ/μ) − λ + μ.
    fn kl_divergence(&self, other: &Self) -> Information {
        Information::from_nats(i_divergence(self.rate, other.rate))
    }
}
