//! Three names, one argmin: KL, cross-entropy and negative log-likelihood as functions of ln q and p̂; and the divergence
//! the other way round, which is something else.

use std::fmt;
use std::str::FromStr;

use candle_core::{DType, Device, Tensor};
use candle_mle_info::number::typed;

use crate::batch::{Batch, host, number};
use crate::empirical::Empirical;
use crate::error::{Error, Result, not_negative};
use crate::kernel::{Expected, Sums};
use crate::model::Model;
use crate::ops::{log_sum_exp, second_order, valued};

/// What a descent minimises. The first three have the same minimiser (lecture rows L1, L2); their gradients are equal but
/// for the factor n of the likelihood. [`ReverseKl`](Self::ReverseKl) is another objective with another minimiser (row L20).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
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
    ReverseKl,
    /// −Σ_i ln q(x_i) − ½ ln det I(θ), nats in all, with I the observed Fisher information: the likelihood times Jeffreys' prior. Of
    /// logistic and softmax it has a finite minimiser also where the columns tell the classes apart, and one whose bias in small
    /// samples is of a higher order (Firth 1993; Heinze and Schemper 2002). It is not the maximum of the likelihood, and the three
    /// quantities, which are logged as ever, stand above their minimum at it.
    Firth,
    /// −Σ_i ln q(x_i) + ½ λ Σ w², nats in all, over the [slopes](Model::slopes) w in the coordinates in which they are learnt: per
    /// standard deviation of a column where the model keeps a [map](crate::standardize::Standardize) to these, per unit of x where it
    /// keeps none. Intercepts are free. The likelihood times a normal prior of variance 1/λ for each slope (Hoerl and Kennard 1970; le
    /// Cessie and van Houwelingen 1992): finite also where the columns tell the classes apart, and biased towards 0.
    ///
    /// ```
    /// use candle_core::{Device, Tensor};
    /// use candle_mle::mle::Plan;
    /// use candle_mle::model::Logistic;
    /// use candle_mle::{Empirical, Labelled, Objective};
    /// // All of x = 1 and none of x = −1: the likelihood has no maximum, with a ridge it has.
    /// let x = Tensor::new(&[[-1.0], [1.0]], &Device::Cpu)?;
    /// let p = Empirical::from_sample(Labelled::new(x, Tensor::new(&[0u32, 1], &Device::Cpu)?)?)?;
    /// let ridge = Plan { objective: Objective::Ridge { lambda: 1.0 }, ..Plan::default() };
    /// let slope = ridge.fit(&p, |vb| Logistic::new(1, vb))?.model.weight()?.to_vec1::<f64>()?[0];
    /// // There λ w = 2 σ(−w).
    /// assert!((slope - 2.0 / (1.0 + slope.exp())).abs() < 1e-8);
    /// # Ok::<(), candle_mle::Error>(())
    /// ```
    Ridge {
        /// λ ≥ 0, in nats per squared unit of a slope; scikit-learn's C is 1/λ.
        lambda: f64,
    },
    /// −Σ_i ln q(x_i) + the model's [own penalty](Model::penalty), nats in all: see [`Penalized`](crate::model::Penalized).
    Penalized,
}

impl Objective {
    /// The loss as a scalar, from the model's `log_q` (m,) and p̂: summed in f64, whatever the type of `log_q`, so that a
    /// million f32 rows keep their digits; the gradient that reaches `log_q` is of its own type. On Metal, which has no f64,
    /// in the type of `log_q`.
    ///
    /// ```
    /// use candle_core::{Device, Tensor};
    /// use candle_mle::model::Bernoulli;
    /// use candle_mle::{Empirical, Model, Objective};
    /// let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu)?, &[60.0, 40.0])?;
    /// let fair = Bernoulli::from_prob(0.5, &Device::Cpu)?;
    /// let log_q = fair.log_prob(p.batch())?;
    /// let loss = |objective: Objective| -> candle_mle::Result<f64> {
    ///     Ok(objective.loss(&fair, &log_q, &p)?.to_scalar()?)
    /// };
    /// // n times the cross-entropy, and that is H(p̂) more than KL.
    /// let (kl, cross_entropy, nll) = (loss(Objective::Kl)?, loss(Objective::CrossEntropy)?, loss(Objective::Nll)?);
    /// assert!((nll - 100.0 * cross_entropy).abs() < 1e-12);
    /// assert!((cross_entropy - p.entropy().nats() - kl).abs() < 1e-15);
    /// # Ok::<(), candle_mle::Error>(())
    /// ```
    ///
    /// # Errors
    /// A `log_q` of another shape than p̂ has rows. A KL, either way round, between points without a resolution and a
    /// density, which is infinite.
    pub fn loss<M: Model>(self, model: &M, log_q: &Tensor, p: &Empirical<M::Batch>) -> Result<Tensor> {
        self.with_sums(sums_of(log_q, p)?.as_ref(), model, log_q, p)
    }

    /// The same from its sums, where these have been made.
    pub(crate) fn with_sums<M: Model>(
        self,
        sums: Option<&Sums>,
        model: &M,
        log_q: &Tensor,
        p: &Empirical<M::Batch>,
    ) -> Result<Tensor> {
        let penalty = match self {
            Self::Firth => {
                let curved = model.curved().ok_or(Error::NoCurvature)?;
                (curved.log_det(p.batch(), &host(p.count())?)? * -0.5)?
            }
            Self::Ridge { lambda } => {
                let slopes = model.slopes()?.ok_or(Error::NoSlopes)?;
                (slopes.sqr()?.sum_all()? * (0.5 * not_negative("λ", lambda)?))?
            }
            Self::Penalized => model.penalty()?.ok_or(Error::NoPenalty)?,
            _ => return self.by::<M>(sums, log_q, p),
        };
        let nll = Self::Nll.by::<M>(sums, log_q, p)?;
        Ok((&nll + penalty.to_dtype(nll.dtype())?)?)
    }

    /// Whether something is added to the likelihood, so that what minimises it is not the maximum of that.
    pub fn is_penalized(self) -> bool {
        matches!(self, Self::Firth | Self::Ridge { .. } | Self::Penalized)
    }

    /// The same, where no member of the family is at hand.
    pub(crate) fn of<M: Model>(self, log_q: &Tensor, p: &Empirical<M::Batch>) -> Result<Tensor> {
        self.by::<M>(sums_of(log_q, p)?.as_ref(), log_q, p)
    }

    /// The same from its sums, where these have been made.
    pub(crate) fn by<M: Model>(self, sums: Option<&Sums>, log_q: &Tensor, p: &Empirical<M::Batch>) -> Result<Tensor> {
        if log_q.dims() != [p.distinct()] {
            return Err(Error::StepRows { got: log_q.dims().to_vec(), rows: p.distinct() });
        }
        if let Some(value) = sums.and_then(|sums| self.value::<M>(sums, log_q, p).transpose()).transpose()? {
            let by_row = p.by_row()[usize::from(self != Self::Nll)].clone();
            return Ok(log_q.apply_op1(Expected { value, by_row, factor: -1.0 })?);
        }
        let wide = if log_q.device().is_metal() { log_q.clone() } else { log_q.to_dtype(DType::F64)? };
        let log_q = &wide;
        let like = |t: &Tensor| t.to_dtype(log_q.dtype())?.to_device(log_q.device());
        Ok(match self {
            Self::Kl => {
                let log_p = p.log_p::<M>()?.ok_or(Error::NoResolution)?;
                // To look costs more than to work it out.
                kl(&(like(log_p)? - log_q)?, log_q, &like(p.mass())?)?
            }
            Self::CrossEntropy => (like(p.mass())? * log_q)?.sum_all()?.neg()?,
            Self::Nll => (like(p.count())? * log_q)?.sum_all()?.neg()?,
            Self::Firth => return Err(Error::NoCurvature),
            Self::Ridge { .. } => return Err(Error::NoSlopes),
            Self::Penalized => return Err(Error::NoPenalty),
            Self::ReverseKl => {
                let (log_p, log_mass) = (p.log_p::<M>()?.ok_or(Error::NoLogDensity)?, p.mass().log()?);
                // ln of the mass that q has in every row. p's own is p times volume; of a conditional batch p(y|x) times p(x).
                let log_q = (log_q + like(&(&log_mass - log_p)?)?)?;
                if number(&log_q.max(0)?)? == f64::NEG_INFINITY {
                    return Ok(log_q.sum_all()?.neg()?); // q has none of it anywhere: +∞
                }
                let log_z = log_sum_exp(&log_q, 0)?;
                let log_q = log_q.broadcast_sub(&log_z)?;
                let q = log_q.exp()?;
                // 0 ln 0 = 0, also in the gradient.
                let zero = q.zeros_like()?;
                let log_mass = like(&log_mass)?;
                let log_ratio = q.gt(&zero)?.where_cond(&(log_q - &log_mass)?, &zero)?;
                let besides = valued(&((log_z.exp()? - 1.0)? - &log_z)?, &second_order(&log_z.neg()?)?)?;
                (kl(&log_ratio, &log_mass, &q)? + besides)?
            }
        })
    }

    /// The value on the host from the sums; none where it is not one of them.
    pub(crate) fn value<M: Model>(self, sums: &Sums, log_q: &Tensor, p: &Empirical<M::Batch>) -> Result<Option<f64>> {
        Ok(match self {
            Self::Kl => {
                let log_p = p.log_p::<M>()?.ok_or(Error::NoResolution)?;
                if sums.difference.abs() > NEAR {
                    return Ok(Some(sums.difference));
                }
                let log_q = log_q.detach().to_dtype(DType::F64)?;
                let (near, fits) = kl_near(&(log_p - &log_q)?, &log_q, p.mass())?;
                Some(if number(&fits)? > 0.0 { number(&near)? } else { sums.difference })
            }
            Self::CrossEntropy => Some(-sums.mean),
            Self::Nll => Some(-sums.total),
            Self::Firth | Self::Ridge { .. } | Self::Penalized | Self::ReverseKl => None,
        })
    }

    /// The factor between the loss and nats per observation: n for the likelihood, with a penalty or without, otherwise 1. A
    /// step size divided by it walks the same path with any of the first three.
    pub fn scale<B: Batch>(self, p: &Empirical<B>) -> f64 {
        if self == Self::Nll || self.is_penalized() { p.total() } else { 1.0 }
    }
}

/// Below this a sum of p̂ ln p̂/q, of either sign, cancels to fewer digits than it should have.
const NEAR: f64 = 1e-2;

/// Σ p d with d = ln p − ln q, by what keeps its digits near 0 where that is the same.
fn kl(d: &Tensor, log_q: &Tensor, p: &Tensor) -> Result<Tensor> {
    let sum = (d * p)?.sum_all()?;
    let (near, is) = kl_near(&d.detach(), &log_q.detach(), &p.detach())?;
    valued(&sum, &is.where_cond(&near, &sum.detach())?)
}

/// Σ p (e⁻ᵈ − 1 + d) with d = ln p − ln q, which is Σ p d but for Σ q − p: no term is negative, and near 0 none loses digits. And
/// whether that is 0 to rounding, where q has no mass elsewhere.
fn kl_near(d: &Tensor, log_q: &Tensor, p: &Tensor) -> Result<(Tensor, Tensor)> {
    let elsewhere = ((d.neg()?.exp()?.neg()? + 1.0)? * p)?.sum_all()?.abs()?;
    let rounding = ((log_q.abs()? * p)?.sum_all()? + 1.0)?.affine(4.0 * f64::EPSILON, 0.0)?;
    Ok(((second_order(d)? * p)?.sum_all()?, elsewhere.le(&rounding)?))
}

/// The sums of ln q where one pass of our own makes them: on a CPU, of the numbers that a fit is made of.
pub(crate) fn sums_of<B: Batch>(log_q: &Tensor, p: &Empirical<B>) -> Result<Option<Sums>> {
    let ours = log_q.device().is_cpu() && matches!(log_q.dtype(), DType::F32 | DType::F64);
    Ok(if ours && log_q.dims() == [p.distinct()] { Some(Sums::of(log_q, p.by_row())?) } else { None })
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ridge;
        f.pad(match self {
            Self::Kl => "KL divergence",
            Self::CrossEntropy => "cross-entropy",
            Self::Nll => "negative log-likelihood",
            Self::ReverseKl => "reverse KL divergence",
            Self::Firth => "negative log-likelihood with Firth's penalty",
            Self::Ridge { lambda } => {
                ridge = format!("negative log-likelihood with a ridge, λ = {}", typed(*lambda));
                &ridge
            }
            Self::Penalized => "penalised negative log-likelihood",
        })
    }
}

impl FromStr for Objective {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<Self, String> {
        match name {
            "kl" => Ok(Self::Kl),
            "cross-entropy" => Ok(Self::CrossEntropy),
            "nll" => Ok(Self::Nll),
            "reverse-kl" => Ok(Self::ReverseKl),
            "firth" => Ok(Self::Firth),
            _ => Err(format!("'{name}' is none of kl, cross-entropy, nll, reverse-kl, firth")),
        }
    }
}

/// All three at once, (3,): KL, cross-entropy, NLL, each by its own sum.
pub(crate) fn all_three<M: Model>(sums: Option<&Sums>, log_q: &Tensor, p: &Empirical<M::Batch>) -> Result<Tensor> {
    let [kl, cross_entropy, nll] = [Objective::Kl, Objective::CrossEntropy, Objective::Nll]
        .map(|objective| measured::<M>(objective, sums, log_q, p));
    Ok(Tensor::stack(&[kl?, cross_entropy?, nll?], 0)?)
}

/// A loss in f64, a scalar: +∞ where p̂ has no density to compare with.
pub(crate) fn measured<M: Model>(
    objective: Objective,
    sums: Option<&Sums>,
    log_q: &Tensor,
    p: &Empirical<M::Batch>,
) -> Result<Tensor> {
    let log_q = if log_q.device().is_metal() { log_q.to_device(&Device::Cpu)? } else { log_q.clone() };
    match objective.by::<M>(sums, &log_q, p) {
        Err(Error::NoResolution | Error::NoLogDensity) => Ok(Tensor::new(f64::INFINITY, log_q.device())?),
        loss => loss,
    }
}
