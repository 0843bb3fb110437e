//! Three names, one argmin: KL, cross-entropy and negative log-likelihood as functions of ln q and p̂.

use candle_core::{DType, Device, Tensor};

use crate::empirical::Empirical;
use crate::error::{Error, Result};
use crate::model::{Batch, Model};

/// What a descent minimises. All three have the same minimiser (lecture rows L1, L2); their gradients are equal but for
/// the factor n of the likelihood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Objective {
    /// KL(p̂‖q) = Σ p̂ (ln p̂ − ln q), nats per observation.
    Kl,
    /// H(p̂, q) = −Σ p̂ ln q, nats per observation.
    #[default]
    CrossEntropy,
    /// −Σ_i ln q(x_i), nats in all: n times the cross-entropy.
    Nll,
}

impl Objective {
    /// The loss as a scalar, from `log_q` (m,), in the type of `log_q`.
    ///
    /// # Errors
    /// KL of points without a resolution under a density, which is infinite.
    pub fn loss<M: Model>(self, log_q: &Tensor, p: &Empirical<M::Batch>) -> Result<Tensor> {
        let like = |t: &Tensor| t.to_dtype(log_q.dtype())?.to_device(log_q.device());
        Ok(match self {
            Self::Kl => {
                let log_p = p.log_p::<M>()?.ok_or(Error::NoResolution)?;
                ((like(log_p)? - log_q)? * like(p.mass())?)?.sum_all()?
            }
            Self::CrossEntropy => (like(p.mass())? * log_q)?.sum_all()?.neg()?,
            Self::Nll => (like(p.count())? * log_q)?.sum_all()?.neg()?,
        })
    }

    /// What the loss is larger by than nats per observation: n for the likelihood, otherwise 1. A step size divided by
    /// it walks the same path with any of the three.
    pub fn scale<B: Batch>(self, p: &Empirical<B>) -> f64 {
        if self == Self::Nll { p.total() } else { 1.0 }
    }
}

/// All three at once in f64, (3,): KL (+∞ where p̂ has no density to compare with), cross-entropy, NLL, each by its own sum.
pub(crate) fn all_three<M: Model>(log_q: &Tensor, p: &Empirical<M::Batch>) -> Result<Tensor> {
    let log_q = if log_q.device().is_metal() { log_q.to_device(&Device::Cpu)? } else { log_q.clone() };
    let log_q = log_q.to_dtype(DType::F64)?;
    let kl = match p.log_p::<M>()? {
        Some(_) => Objective::Kl.loss::<M>(&log_q, p)?,
        None => Tensor::new(f64::INFINITY, log_q.device())?,
    };
    let cross_entropy = Objective::CrossEntropy.loss::<M>(&log_q, p)?;
    Ok(Tensor::stack(&[kl, cross_entropy, Objective::Nll.loss::<M>(&log_q, p)?], 0)?)
}
