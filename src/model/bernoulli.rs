//! The coin (lecture row L1): q_θ(x) = π^x (1 − π)^(1−x), π = σ(θ).

use std::collections::HashMap;

use candle_core::{DType, Device, Tensor};
use candle_nn::{Init, VarBuilder};
use rand::Rng;

use super::{KlDivergence, Model, Parameters, Sample, host, same_numbers};
use crate::device::float;
use crate::error::{Error, Result};
use crate::ops::log_sigmoid;

/// A coin that shows heads (1) with probability π = σ(logit). The batch is (m,) of zeros and ones.
#[derive(Clone, Debug)]
pub struct Bernoulli {
    logit: Tensor,
}

impl Bernoulli {
    /// Asks for `logit`, a scalar; a variable starts at 0, the fair coin.
    pub fn new(vb: VarBuilder) -> Result<Self> {
        Ok(Self { logit: vb.get_with_hints((), "logit", Init::Const(0.0))? })
    }

    /// The coin of a given probability of heads, constant.
    ///
    /// # Errors
    /// `prob` outside of [0, 1].
    pub fn from_prob(prob: f64, device: &Device) -> Result<Self> {
        if !(0.0..=1.0).contains(&prob) {
            return Err(Error::Parameter {
                what: "the probability of heads",
                value: prob,
                allowed: "a number from 0 to 1",
            });
        }
        let logit = prob.ln() - (-prob).ln_1p();
        Ok(Self { logit: Tensor::new(logit, device)?.to_dtype(float(device))? })
    }

    /// π, the probability of heads.
    pub fn prob(&self) -> Result<f64> {
        Ok(1.0 / (1.0 + (-host(&self.logit)?[0]).exp()))
    }
}

impl Model for Bernoulli {
    type Batch = Tensor;

    fn log_prob(&self, x: &Tensor) -> Result<Tensor> {
        same_numbers(x, &self.logit)?;
        // A look at every row costs little where it needs no wait for a device.
        if x.device().is_cpu() {
            let other = host(x)?.into_iter().find(|x| *x != 0.0 && *x != 1.0);
            if let Some(value) = other {
                return Err(Error::Parameter { what: "a flip of a coin", value, allowed: "0 (tails) or 1 (heads)" });
            }
        }
        // Heads asks for σ(θ), tails for σ(−θ): the sign of 2x − 1.
        let sign = ((x * 2.0)? - 1.0)?;
        log_sigmoid(&sign.broadcast_mul(&self.logit)?)
    }
}

impl Sample for Bernoulli {
    type Given = usize;

    fn sample<R: Rng + ?Sized>(&self, &n: &usize, rng: &mut R) -> Result<Tensor> {
        let prob = self.prob()?;
        let flips: Vec<f64> = (0..n).map(|_| f64::from(u8::from(rng.random::<f64>() < prob))).collect();
        Ok(Tensor::from_vec(flips, n, &Device::Cpu)?.to_dtype(self.logit.dtype())?.to_device(self.logit.device())?)
    }
}

impl KlDivergence for Bernoulli {
    fn kl_divergence(&self, q: &Self, batch: &Tensor) -> Result<Tensor> {
        let both = Tensor::new(&[1.0, 0.0], &Device::Cpu)?.to_dtype(batch.dtype())?.to_device(batch.device())?;
        let (ln_p, ln_q) = (host(&self.log_prob(&both)?)?, host(&q.log_prob(&both)?)?);
        let kl: f64 =
            ln_p.iter().zip(&ln_q).filter(|(p, _)| **p > f64::NEG_INFINITY).map(|(p, q)| p.exp() * (p - q)).sum();
        Ok(Tensor::full(kl, batch.dim(0)?, &Device::Cpu)?.to_dtype(DType::F64)?)
    }
}

impl Parameters for Bernoulli {
    fn parameters(&self) -> Result<HashMap<String, Tensor>> {
        Ok(HashMap::from([("logit".to_string(), self.logit.detach())]))
    }
}
