//! The die, fair or not (lecture rows L1, L2): q_θ(x) = softmax(θ)_x on levels 0 … k−1.

use std::collections::HashMap;

use candle_core::{DType, Device, Tensor};
use candle_mle_info::Pmf;
use candle_nn::{Init, VarBuilder};
use nalgebra::DMatrix;
use rand::Rng;

use super::classifier::expected_log_ratio;
use super::{KlDivergence, Model, Sample, draw};
use crate::batch::host;
use crate::curvature::{Curved, of_logits};
use crate::device::float;
use crate::error::{Error, Result, empty, shape};
use crate::ops::log_softmax;
use crate::parameters::{Parameters, Parts};

/// k levels, each with a probability of its own. The batch is (m,) of levels, u32.
///
/// Maximum likelihood gives the frequencies of what was seen. A level that was never seen leaves the likelihood without a
/// finite maximum: its logit runs off to −∞, its probability to 0, and the cross-entropy falls towards H(p̂) for ever.
/// One number added to all logits changes nothing: what the data determine are their differences.
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::model::Categorical;
/// use candle_mle::separation::unseen_levels;
/// use candle_mle::{Empirical, maximum_likelihood};
/// let p = Empirical::from_counts(Tensor::new(&[0u32, 1, 2], &Device::Cpu)?, &[5.0, 3.0, 2.0])?;
/// assert!(unseen_levels(&p, 3)?.is_none() && unseen_levels(&p, 4)?.is_some());
/// let die = maximum_likelihood(&p, |vb| Categorical::new(3, vb))?.model;
/// let probs = die.log_probs()?.exp()?.to_vec1::<f64>()?;
/// assert!(probs.iter().zip([0.5, 0.3, 0.2]).all(|(q, p)| (q - p).abs() < 1e-8));
/// # Ok::<(), candle_mle::Error>(())
/// ```
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
            return Err(empty("the alphabet", "level"));
        }
        Ok(Self { logits: vb.get_with_hints(levels, "logits", Init::Const(0.0))? })
    }

    /// The law of these probabilities, constant. Those of 0 are exact: ln q = −∞.
    ///
    /// # Errors
    /// No levels; numbers that are no probabilities, or do not sum to 1.
    pub fn from_probs(probs: &[f64], device: &Device) -> Result<Self> {
        if probs.is_empty() {
            return Err(empty("the alphabet", "level"));
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
    const DENSITY: bool = false;

    fn log_prob(&self, x: &Tensor) -> Result<Tensor> {
        if x.rank() != 1 || x.dtype() != DType::U32 {
            return Err(shape("x", x.dims(), "(rows,) of u32, a level in each row"));
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

    fn curved(&self) -> Option<&dyn Curved<Tensor>> {
        Some(self)
    }
}

/// Σ mass (diag(q) − q qᵀ) of the levels but level 0.
impl Curved<Tensor> for Categorical {
    fn free(&self) -> Vec<usize> {
        (1..self.logits.elem_count()).collect()
    }

    fn information(&self, _: &Tensor, mass: &[f64]) -> Result<DMatrix<f64>> {
        let logits = host(&self.logits)?;
        let theta: Vec<f64> = logits[1..].iter().map(|logit| logit - logits[0]).collect();
        Ok(of_logits(&[], 0, &theta, &[mass.iter().sum()], None))
    }

    fn log_det(&self, _: &Tensor, mass: &[f64]) -> Result<Tensor> {
        let others = self.logits.elem_count() as f64 - 1.0;
        let total = others * mass.iter().sum::<f64>().ln();
        Ok((self.log_probs()?.sum_all()?.to_dtype(DType::F64)? + total)?)
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
    const FAMILY: &'static str = "die";

    fn parameters(&self) -> Result<HashMap<String, Tensor>> {
        Ok(Parts::new([("logits", &self.logits.detach())]).learnt)
    }

    fn parts(&self) -> Result<Parts> {
        Ok(Parts::new([("logits", &self.logits)]))
    }

    fn from_parts(mut parts: Parts) -> Result<Self> {
        let logits = parts.take("logits")?;
        parts.done()?;
        Ok(Self { logits })
    }
}
