use super::{ClosedForm, Law, check};
use crate::error::Result;
use crate::information::Information;
use crate::special::{i_divergence, i_divergence_beside};

/// One toss of a coin: 1 with probability p, else 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bernoulli {
    p: f64,
}

impl Bernoulli {
    /// The certain coins p = 0 and p = 1 are laws like any other.
    ///
    /// # Errors
    /// If `p` is not in [0, 1].
    pub fn new(p: f64) -> Result<Self> {
        let p = check("p", p, "a number in [0, 1]", (0.0..=1.0).contains(&p))?;
        Ok(Self { p: p + 0.0 })
    }
}

impl Law for Bernoulli {
    fn log_prob(&self, x: f64) -> f64 {
        if x.is_nan() {
            f64::NAN
        } else if x == 1.0 {
            self.p.ln()
        } else if x == 0.0 {
            (-self.p).ln_1p() + 0.0 // −0 is 0
        } else {
            f64::NEG_INFINITY
        }
    }

    fn mean(&self) -> f64 {
        self.p
    }

    fn variance(&self) -> f64 {
        self.p * (1.0 - self.p)
    }
}

impl ClosedForm for Bernoulli {
    /// −p ln p − (1 − p) ln(1 − p), with 0 ln 0 = 0.
    fn entropy(&self) -> Information {
        let surprise = |mass: f64, log: f64| if mass == 0.0 { 0.0 } else { -mass * log };
        let (one, zero) = (self.log_prob(1.0), self.log_prob(0.0));
        Information::from_nats(surprise(self.p, one) + surprise(1.0 - self.p, zero))
    }

    /// p ln(p/q) + (1 − p) ln((1 − p)/(1 − q)).
    fn kl_divergence(&self, other: &Self) -> Information {
        let zeros = i_divergence_beside(1.0 - self.p, 1.0 - other.p, other.p - self.p);
        Information::from_nats(i_divergence(self.p, other.p) + zeros)
    }
}
