//! Observers of a fit: a hook sees every step before the parameters move, and may end the run.

mod history;
mod loss_log;
pub mod sink;
mod stop;

use std::ops::ControlFlow;

use candle_core::{Tensor, backprop::GradStore};

pub use history::{Argmin, History, Row};
pub use loss_log::{LossLog, Truth};
pub use stop::{EarlyStopping, GradientNorm, Improvement, NoClimb, ParameterPath};

use crate::batch::{host, number};
use crate::descent::Descent;
use crate::empirical::Empirical;
use crate::error::{Error, Result};
use crate::kernel::Sums;
use crate::model::Model;
use crate::objective::{Objective, all_three, sums_of};

/// How often a GPU is asked for numbers; a CPU is asked at every step.
pub(crate) const LOOK_EVERY: usize = 64;

/// One step as a hook sees it: θ_t, its ln q, and the gradient that is about to move it.
///
/// Step t belongs to θ_t: the tensors are the training forward's own, nothing is computed twice. Any loop can make one:
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::model::Bernoulli;
/// use candle_mle::{Empirical, Hook, LossLog, Model, Step};
/// let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu)?, &[60.0, 40.0])?;
/// let coin = Bernoulli::from_prob(0.5, &Device::Cpu)?;
/// let log_q = coin.log_prob(p.batch())?;
/// let mut log = LossLog::new();
/// let _ = log.on_step(&Step::new(0, &coin, &p, &log_q)?)?;
/// assert!((log.history()?.rows()[0].cross_entropy - 2f64.ln()).abs() < 1e-15);
/// // Half of the rows, beside the whole p̂, are no step of it.
/// assert!(Step::new(1, &coin, &p, &log_q.narrow(0, 0, 1)?).is_err());
/// # Ok::<(), candle_mle::Error>(())
/// ```
#[non_exhaustive]
pub struct Step<'a, M: Model> {
    /// t, counted from 0: how often the parameters have moved.
    pub index: usize,
    /// The model at θ_t.
    pub model: &'a M,
    /// What it is fitted to: always the whole p̂, also where the descent sees minibatches.
    pub data: &'a Empirical<M::Batch>,
    /// ln q of the distinct rows, (m,), nats, detached.
    pub log_q: &'a Tensor,
    /// What is descended; the cross-entropy unless said otherwise.
    pub objective: Objective,
    /// The objective at θ_t, a scalar; where it was not given it is what [`loss`](Self::loss) works out.
    pub value: Option<&'a Tensor>,
    /// The objective's gradients at θ_t; none on a walk along given models.
    pub gradients: Option<&'a GradStore>,
    /// Who is about to move the parameters; none on a walk, or in a loop of one's own.
    pub optimizer: Option<&'a dyn Descent>,
    sums: Option<Sums>,
}

impl<'a, M: Model> Step<'a, M> {
    /// Step `index` of a loop of one's own: `log_q` (m,) is what `model` says of the m rows of `data`.
    ///
    /// # Errors
    /// A `log_q` that has not one number for each distinct row of the data.
    pub fn new(index: usize, model: &'a M, data: &'a Empirical<M::Batch>, log_q: &'a Tensor) -> Result<Self> {
        if log_q.dims() != [data.distinct()] {
            return Err(Error::StepRows { got: log_q.dims().to_vec(), rows: data.distinct() });
        }
        let objective = Objective::CrossEntropy;
        Ok(Self { index, model, data, log_q, objective, value: None, gradients: None, optimizer: None, sums: None })
    }

    /// With the sums that the loss was made of.
    pub(crate) fn summed(self, sums: Option<Sums>) -> Self {
        Self { sums, ..self }
    }

    /// The sums over the rows; none on a GPU.
    pub(crate) fn sums(&self) -> Result<Option<Sums>> {
        if self.sums.is_some() { Ok(self.sums) } else { sums_of(self.log_q, self.data) }
    }

    /// With what is descended and its value, a scalar.
    pub fn descending(self, objective: Objective, value: &'a Tensor) -> Self {
        Self { objective, value: Some(value), ..self }
    }

    /// With the gradients of what is descended.
    pub fn with_gradients(self, gradients: &'a GradStore) -> Self {
        Self { gradients: Some(gradients), ..self }
    }

    /// With the optimiser.
    pub fn with_optimizer(self, optimizer: &'a dyn Descent) -> Self {
        Self { optimizer: Some(optimizer), ..self }
    }

    /// Whether a hook that reads numbers should look at this step: always on a CPU, and on a GPU, where each look is a wait for
    /// the device, at every 64th.
    pub fn due(&self) -> bool {
        self.log_q.device().is_cpu() || self.index.is_multiple_of(LOOK_EVERY)
    }

    /// H(p̂, q) at θ_t, nats per observation. On a GPU it waits for the device.
    pub fn cross_entropy(&self) -> Result<f64> {
        number(&Objective::CrossEntropy.by::<M>(self.sums()?.as_ref(), self.log_q, self.data)?)
    }

    /// KL and cross-entropy per observation, and NLL of all, at θ_t, in nats. On a GPU it waits for the device.
    pub fn three_quantities(&self) -> Result<[f64; 3]> {
        let values = host(&all_three::<M>(self.sums()?.as_ref(), self.log_q, self.data)?)?;
        Ok([values[0], values[1], values[2]])
    }

    /// The loss that is descended at θ_t, in nats per observation. On a GPU it waits for the device.
    pub fn loss(&self) -> Result<f64> {
        let loss = match self.value {
            Some(value) => number(value)?,
            None => number(&self.objective.with_sums(self.sums()?.as_ref(), self.model, self.log_q, self.data)?)?,
        };
        Ok(loss / self.objective.scale(self.data))
    }
}

/// A hook. Implemented for `()`, for closures, and for tuples of `&mut` hooks, which leave each with its owner.
///
/// ```
/// use std::ops::ControlFlow::{Break, Continue};
/// use candle_core::{Device, Tensor};
/// use candle_mle::fit::GradientDescent;
/// use candle_mle::model::Bernoulli;
/// use candle_mle::{Empirical, fit, LossLog, Objective, Step};
/// use candle_nn::{VarBuilder, VarMap};
/// let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu)?, &[60.0, 40.0])?;
/// let vars = VarMap::new();
/// let coin = Bernoulli::new(VarBuilder::from_varmap(&vars, candle_core::DType::F64, &Device::Cpu))?;
/// let mut log = LossLog::new();
/// let mut near = |step: &Step<'_, Bernoulli>| Ok(if step.cross_entropy()? < 0.68 { Break(()) } else { Continue(()) });
/// let mut descent = GradientDescent::new(&vars, 1.0)?;
/// fit(&coin, &p, Objective::CrossEntropy, &mut descent, 0..1000, &mut (&mut log, &mut near))?;
/// assert!(log.history()?.rows().len() < 10);
/// # Ok::<(), candle_mle::Error>(())
/// ```
pub trait Hook<M: Model> {
    /// Called at every step, before the update. `Break` ends the run after all hooks of this step have been called.
    fn on_step(&mut self, step: &Step<'_, M>) -> Result<ControlFlow<()>>;
}

/// A hook that leaves a history: a [`LossLog`], or what keeps one safe.
pub trait Log<M: Model>: Hook<M> {
    /// The rows so far.
    ///
    /// # Errors
    /// A copy from a GPU that failed.
    fn history(&mut self) -> Result<&History>;
}

impl<M: Model> Hook<M> for () {
    fn on_step(&mut self, _: &Step<'_, M>) -> Result<ControlFlow<()>> {
        Ok(ControlFlow::Continue(()))
    }
}

impl<M: Model, F: FnMut(&Step<'_, M>) -> Result<ControlFlow<()>>> Hook<M> for F {
    fn on_step(&mut self, step: &Step<'_, M>) -> Result<ControlFlow<()>> {
        self(step)
    }
}

impl<M: Model, A: Hook<M> + ?Sized, B: Hook<M> + ?Sized> Hook<M> for (&mut A, &mut B) {
    fn on_step(&mut self, step: &Step<'_, M>) -> Result<ControlFlow<()>> {
        let (a, b) = (self.0.on_step(step)?, self.1.on_step(step)?);
        Ok(if a.is_break() { a } else { b })
    }
}

impl<M: Model, A, B, C> Hook<M> for (&mut A, &mut B, &mut C)
where
    A: Hook<M> + ?Sized,
    B: Hook<M> + ?Sized,
    C: Hook<M> + ?Sized,
{
    fn on_step(&mut self, step: &Step<'_, M>) -> Result<ControlFlow<()>> {
        (&mut *self.0, &mut (&mut *self.1, &mut *self.2)).on_step(step)
    }
}
