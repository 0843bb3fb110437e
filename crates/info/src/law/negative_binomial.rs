use super::{Law, check, check_positive, on_the_line};
use crate::error::Result;
use crate::information::Information;
use crate::integral::integrate;
use crate::special::{i_divergence, ln_gamma_rest};

/// Counts that vary more than Poisson's: a Poisson whose rate is drawn from a gamma distribution of mean μ and shape r, the size. The
/// variance is μ + μ²/r, and 1/r is also called the dispersion; r = ∞ would be Poisson's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NegativeBinomial {
    mean: f64,
    size: f64,
}

impl NegativeBinomial {
    /// # Errors
    /// If `mean` is not in [0, 1e75], or `size` not positive, from 1e-75 to 1e75.
    pub fn new(mean: f64, size: f64) -> Result<Self> {
        let mean = check("mean", mean, "a number from 0 to 1e75", (0.0..=1e75).contains(&mean))?;
        Ok(Self { mean: mean + 0.0, size: check_positive("size", size)? })
    }

    /// r, a pure number.
    pub fn size(&self) -> f64 {
        self.size
    }

    /// KL(p‖q): the sum of P ln(P/Q), as long as the distribution is wide; of counts that scatter by more than 10⁵ an integral instead,
    /// to 1e-6. +∞ where the other knows no count but 0.
    pub fn kl_divergence(&self, other: &Self) -> Information {
        if self == other {
            return Information::ZERO;
        }
        if other.mean == 0.0 {
            return Information::INFINITE;
        }
        let term = |k: f64| {
            let log_p = self.log_prob(k);
            if log_p.exp() == 0.0 { 0.0 } else { log_p.exp() * (log_p - other.log_prob(k)) }
        };
        let sd = self.variance().sqrt();
        if sd > 1e5 {
            let smooth = |k: f64| {
                let (log_p, log_q) = (self.log_prob_between(k), other.log_prob_between(k));
                if log_p.exp() == 0.0 { 0.0 } else { log_p.exp() * (log_p - log_q) }
            };
            let integral = integrate(smooth, &[0.0, self.mean, f64::INFINITY], sd);
            return Information::from_nats(integral.value.max(0.0));
        }
        // So far that e^(−k/scale) leaves nothing: the tail is a geometric one.
        let most = self.mean + 40.0 * (sd + 1.0 + self.mean / self.size);
        let mut sum = 0.0;
        let mut k = 0.0;
        while k <= most {
            sum += term(k);
            k += 1.0;
        }
        Information::from_nats(sum.max(0.0))
    }

    /// Between the counts too, from 0 on.
    fn log_prob_between(&self, k: f64) -> f64 {
        let (m, r) = (self.mean, self.size);
        let shape = if k == 0.0 { 0.0 } else { ln_gamma_rest(k + r) - ln_gamma_rest(r) - ln_gamma_rest(k) - k.ln() };
        i_divergence(k + r, m + r) - i_divergence(k, m) + shape
    }
}

impl Law for NegativeBinomial {
    /// ln P(k) = ln Γ(k + r) − ln Γ(r) − ln k! + r ln(r/(r + μ)) + k ln(μ/(r + μ)), put as divergences of masses.
    fn log_prob(&self, x: f64) -> f64 {
        if x.is_nan() {
            f64::NAN
        } else if x == 0.0 || (x > 0.0 && x.fract() == 0.0 && self.mean > 0.0) {
            on_the_line(x, self.log_prob_between(x))
        } else {
            f64::NEG_INFINITY
        }
    }

    fn mean(&self) -> f64 {
        self.mean
    }

    fn variance(&self) -> f64 {
        self.mean + self.mean * (self.mean / self.size)
    }
}
