//! Three names, one argmin: KL, cross-entropy and negative log-likelihood as functions of ln q and p̂; and the divergence
//! the other way round, which is something else.

use candle_core::{DType, Device, Tensor};

use crate::empirical::Empirical;
use crate::error::{Error, Result};
use crate::model::{Batch, Model, host};

/// What a descent minimises. The first three have the same minimiser (lecture rows L1, L2); their gradients are equal but
/// for the factor n of the likelihood. [`ReverseKl`](Self::ReverseKl) is another objective with another minimiser (row L20).
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
    /// KL(q‖p) = ∫ q (ln q − ln p), nats: what variational inference descends. Made for a p that is known on
    /// quadrature nodes, by [`Empirical::from_cells`]; a sample has no ln p to offer where nothing was observed.
    ///
    /// Summed over the rows of p as KL(q/Z‖p) + Z − 1 − ln Z, with Z = Σ volume · q the mass that q has there: never
    /// negative, and KL(q‖p) where the rows carry all of q. A q that lives elsewhere, between the nodes or beyond them, is
    /// charged without bound as Z falls, where Σ volume · q ln(q/p) would charge it nothing and draw it away.
    /// A q narrower than the spacing of the nodes, though, can come to rest on one of them, a minimum of the sum and not of
    /// KL(q‖p): from N(5.25, 0.001²) the descent to p = N(1, 2²) on nodes 0.5 apart ends at about N(4.5, 0.002²). q's
    /// standard deviation below the spacing gives it away: start wider, or take more nodes.
    // No sample of an example has such a p: it is not among the flags.
    #[cfg_attr(feature = "cli", value(skip))]
    ReverseKl,
}

impl Objective {
    /// The loss as a scalar, from `log_q` (m,), in the type of `log_q`.
    ///
    /// # Errors
    /// A KL, either way round, between points without a resolution and a density, which is infinite.
    pub fn loss<M: Model>(self, log_q: &Tensor, p: &Empirical<M::Batch>) -> Result<Tensor> {
        let like = |t: &Tensor| t.to_dtype(log_q.dtype())?.to_device(log_q.device());
        Ok(match self {
            Self::Kl => {
                let log_p = p.log_p::<M>()?.ok_or(Error::NoResolution)?;
                ((like(log_p)? - log_q)? * like(p.mass())?)?.sum_all()?
            }
            Self::CrossEntropy => (like(p.mass())? * log_q)?.sum_all()?.neg()?,
            Self::Nll => (like(p.count())? * log_q)?.sum_all()?.neg()?,
            Self::ReverseKl => {
                let (log_p, log_mass) = (p.log_p::<M>()?.ok_or(Error::NoLogDensity)?, p.mass().log()?);
                // ln of the mass that q has in every row. p's own is p times volume; of a conditional batch p(y|x) times p(x).
                let log_q = (log_q + like(&(&log_mass - log_p)?)?)?;
                if host(&log_q.max(0)?)?[0] == f64::NEG_INFINITY {
                    return Ok(log_q.sum_all()?.neg()?); // q has none of it anywhere: +∞
                }
                let log_z = log_q.log_sum_exp(0)?;
                let log_q = log_q.broadcast_sub(&log_z)?;
                let q = log_q.exp()?;
                // 0 ln 0 = 0, also in the gradient.
                let zero = q.zeros_like()?;
                let log_ratio = q.gt(&zero)?.where_cond(&(log_q - like(&log_mass)?)?, &zero)?;
                ((q * log_ratio)?.sum_all()? + ((log_z.exp()? - 1.0)? - log_z)?)?
            }
        })
    }

    /// What the loss is larger by than nats per observation: n for the likelihood, otherwise 1. A step size divided by
    /// it walks the same path with any of the first three.
    pub fn scale<B: Batch>(self, p: &Empirical<B>) -> f64 {
        if self == Self::Nll { p.total() } else { 1.0 }
    }
}

/// All three at once, (3,): KL, cross-entropy, NLL, each by its own sum.
pub(crate) fn all_three<M: Model>(log_q: &Tensor, p: &Empirical<M::Batch>) -> Result<Tensor> {
    let [kl, cross_entropy, nll] =
        [Objective::Kl, Objective::CrossEntropy, Objective::Nll].map(|objective| measured::<M>(objective, log_q, p));
    Ok(Tensor::stack(&[kl?, cross_entropy?, nll?], 0)?)
}

/// A loss in f64, a scalar: +∞ where p̂ has no density to compare with.
pub(crate) fn measured<M: Model>(objective: Objective, log_q: &Tensor, p: &Empirical<M::Batch>) -> Result<Tensor> {
    let log_q = if log_q.device().is_metal() { log_q.to_device(&Device::Cpu)? } else { log_q.clone() };
    match objective.loss::<M>(&log_q.to_dtype(DType::F64)?, p) {
        Err(Error::NoResolution | Error::NoLogDensity) => Ok(Tensor::new(f64::INFINITY, log_q.device())?),
        loss => loss,
    }
}
