//! The die, fair or not (lecture rows L1, L2): q_θ(x) = softmax(θ)_x on levels 0 … k−1.

use std::collections::HashMap;

use candle_core::{DType, Device, Tensor};
use candle_nn::{Init, VarBuilder};
use rand::Rng;

use super::softmax::expected_log_ratio;
use super::{KlDivergence, Model, Parameters, Sample, draw, host};
use crate::device::float;
use crate::error::{Error, Result};
use crate::info::Pmf;
use crate::ops::log_softmax;

/// k levels, each with a probability of its own. The batch is (m,) of levels, u32.
///
/// Maximum likelihood gives the frequencies of what was seen. A level that was never seen leaves the likelihood without a
/// finite maximum: its logit runs off to −∞, its probability to 0, and the cross-entropy falls towards H(p̂) for ever.
/// One number added to all logits changes nothing: what the data determine are their differences.
#[derive(Clone, Debug)]
pub struct Categorical {
    logits: Tensor,
}

impl Categorical {
    /// Asks for `logits` (k,); a variable starts at 0, where all levels are equally probable.
    ///
    /// # Errors
    /// No levels.
    pub fn new(levels: usize, vb: VarBuilder) -> Result<Self> {
        if levels == 0 {
            return Err(Error::Empty { what: "the alphabet".into(), needed: "level" });
        }
        Ok(Self { logits: vb.get_with_hints(levels, "logits", Init::Const(0.0))? })
    }

    /// The law of these probabilities, constant. Those of 0 are exact: ln q = −∞.
    ///
    /// # Errors
    /// No levels; numbers that are no probabilities, or do not sum to 1.
    pub fn from_probs(probs: &[f64], device: &Device) -> Result<Self> {
        if probs.is_empty() {
            return Err(Error::Empty { what: "the alphabet".into(), needed: "level" });
        }
        let law = Pmf::new([probs.len()], probs)?;
        let logits: Vec<f64> = law.values().iter().map(|p| p.ln()).collect();
        Ok(Self { logits: Tensor::new(logits, device)?.to_dtype(float(device))? })
    }

    /// ln q of every level, (k,), nats.
    pub fn log_probs(&self) -> Result<Tensor> {
        log_softmax(&self.logits)
    }
}

impl Model for Categorical {
    type Batch = Tensor;

    fn log_prob(&self, x: &Tensor) -> Result<Tensor> {
        if x.rank() != 1 || x.dtype() != DType::U32 {
            let expected = "(rows,) of u32, a level in each row".into();
            return Err(Error::Shape { what: "x", got: x.dims().to_vec(), expected });
        }
        let levels = self.logits.dim(0)?;
        // A look at every row costs little where it needs no wait for a device.
        if x.device().is_cpu()
            && let Some(beyond) = x.to_vec1::<u32>()?.into_iter().find(|x| *x as usize >= levels)
        {
            return Err(Error::Class { class: beyond as usize, classes: levels });
        }
        Ok(self.log_probs()?.index_select(x, 0)?)
    }
}

impl Sample for Categorical {
    type Given = usize;

    fn sample<R: Rng + ?Sized>(&self, &n: &usize, rng: &mut R) -> Result<Tensor> {
        let log_probs = host(&self.log_probs()?)?;
        let levels: Vec<u32> = (0..n).map(|_| draw(&log_probs, rng)).collect();
        Ok(Tensor::from_vec(levels, n, self.logits.device())?)
    }
}

impl KlDivergence for Categorical {
    fn kl_divergence(&self, q: &Self, batch: &Tensor) -> Result<Tensor> {
        let kl = expected_log_ratio(&self.log_probs()?.unsqueeze(0)?, &q.log_probs()?.unsqueeze(0)?)?;
        Ok(Tensor::full(host(&kl)?[0], batch.dim(0)?, &Device::Cpu)?)
    }
}

impl Parameters for Categorical {
    fn parameters(&self) -> Result<HashMap<String, Tensor>> {
        Ok(HashMap::from([("logits".to_string(), self.logits.detach())]))
    }
}
