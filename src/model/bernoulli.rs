//! The coin (lecture row L1): q_θ(x) = π^x (1 − π)^(1−x), π = σ(θ).

use std::collections::HashMap;

use candle_core::{DType, Device, Tensor};
use candle_nn::{Init, VarBuilder};
use nalgebra::DMatrix;
use rand::Rng;

use super::classifier::expected_log_ratio;
use super::{KlDivergence, Model, Sample};
use crate::batch::{host, like, number, same_numbers};
use crate::curvature::Curved;
use crate::device::float;
use crate::error::{Error, Result, parameter};
use crate::ops::log_sigmoid;
use crate::parameters::{Parameters, Parts};

/// A coin that shows heads (1) with probability π = σ(logit). The batch is (m,) of zeros and ones, float or u32.
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::model::Bernoulli;
/// use candle_mle::{Empirical, maximum_likelihood};
/// // The most probable coin shows heads as often as they were seen.
/// let p = Empirical::from_sample(Tensor::new(&[1.0, 0.0, 1.0, 1.0], &Device::Cpu)?)?;
/// assert!((maximum_likelihood(&p, Bernoulli::new)?.model.prob()? - 0.75).abs() < 1e-8);
/// # Ok::<(), candle_mle::Error>(())
/// ```
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
            return Err(parameter("the probability of heads", prob, "a number from 0 to 1"));
        }
        let logit = prob.ln() - (-prob).ln_1p();
        Ok(Self { logit: Tensor::new(logit, device)?.to_dtype(float(device))? })
    }

    /// π, the probability of heads.
    pub fn prob(&self) -> Result<f64> {
        Ok(1.0 / (1.0 + (-number(&self.logit)?).exp()))
    }
}

impl Model for Bernoulli {
    type Batch = Tensor;
    const DENSITY: bool = false;

    fn log_prob(&self, x: &Tensor) -> Result<Tensor> {
        let x = &if x.dtype().is_float() { x.clone() } else { x.to_dtype(self.logit.dtype())? };
        same_numbers(x, &self.logit)?;
        // A look at every row costs little where it needs no wait for a device.
        if x.device().is_cpu() {
            let other = host(x)?.into_iter().find(|x| *x != 0.0 && *x != 1.0);
            if let Some(value) = other {
                return Err(parameter("a flip of a coin", value, "0 (tails) or 1 (heads)"));
            }
        }
        // Heads asks for σ(θ), tails for σ(−θ): the sign of 2x − 1.
        let sign = ((x * 2.0)? - 1.0)?;
        log_sigmoid(&sign.broadcast_mul(&self.logit)?)
    }

    fn curved(&self) -> Option<&dyn Curved<Tensor>> {
        Some(self)
    }
}

/// Σ mass π (1 − π).
impl Curved<Tensor> for Bernoulli {
    fn free(&self) -> Vec<usize> {
        vec![0]
    }

    fn information(&self, _: &Tensor, mass: &[f64]) -> Result<DMatrix<f64>> {
        Ok(DMatrix::from_element(1, 1, number(&self.log_det(&self.logit, mass)?)?.exp()))
    }

    fn log_det(&self, _: &Tensor, mass: &[f64]) -> Result<Tensor> {
        let both = (log_sigmoid(&self.logit)? + log_sigmoid(&self.logit.neg()?)?)?.to_dtype(DType::F64)?;
        Ok((both + mass.iter().sum::<f64>().ln())?)
    }
}

impl Sample for Bernoulli {
    type Given = usize;

    fn sample<R: Rng + ?Sized>(&self, &n: &usize, rng: &mut R) -> Result<Tensor> {
        let prob = self.prob()?;
        let flips: Vec<f64> = (0..n).map(|_| f64::from(u8::from(rng.random::<f64>() < prob))).collect();
        like(&self.logit, flips, n)
    }
}

impl KlDivergence for Bernoulli {
    fn kl_divergence(&self, q: &Self, batch: &Tensor) -> Result<Tensor> {
        let both = like(&self.logit, vec![1.0, 0.0], 2)?;
        let law = |coin: &Self| coin.log_prob(&both)?.unsqueeze(0).map_err(Error::from);
        let kl = host(&expected_log_ratio(&law(self)?, &law(q)?)?)?[0];
        Ok(Tensor::full(kl, batch.dim(0)?, &Device::Cpu)?)
    }
}

impl Parameters for Bernoulli {
    const FAMILY: &'static str = "coin";

    fn parameters(&self) -> Result<HashMap<String, Tensor>> {
        Ok(Parts::new([("logit", &self.logit.detach())]).learnt)
    }

    fn parts(&self) -> Result<Parts> {
        Ok(Parts::new([("logit", &self.logit)]))
    }

    fn from_parts(mut parts: Parts) -> Result<Self> {
        let logit = parts.take("logit")?;
        parts.done()?;
        Ok(Self { logit })
    }
}
