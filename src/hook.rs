//! What looks on while a model learns: a hook sees every step before the parameters move, and may end the run.

mod history;
mod loss_log;
#[cfg(feature = "cli")]
mod progress;
mod stop;

use std::ops::ControlFlow;

use candle_core::{Tensor, backprop::GradStore};

pub use history::{Argmin, History, Row};
pub use loss_log::{LossLog, Truth};
#[cfg(feature = "cli")]
pub use progress::Progress;
pub use stop::{GradientNorm, Improvement, NoClimb, ParameterPath};

use crate::empirical::Empirical;
use crate::error::Result;
use crate::model::{Model, host};
use crate::objective::Objective;

/// One step as a hook sees it: θ_t, its ln q, and the gradient that is about to move it.
///
/// Step t belongs to θ_t: the tensors are the training forward's own, nothing is computed twice. Any loop can make one.
pub struct Step<'a, M: Model> {
    /// t, counted from 0: how often the parameters have moved.
    pub index: usize,
    /// The model at θ_t.
    pub model: &'a M,
    /// What it is fitted to.
    pub data: &'a Empirical<M::Batch>,
    /// ln q of the distinct rows, (m,), nats, detached.
    pub log_q: &'a Tensor,
    /// The objective's gradients at θ_t; none on a walk along given models.
    pub gradients: Option<&'a GradStore>,
}

impl<M: Model> Step<'_, M> {
    /// H(p̂, q) at θ_t, nats per observation. On a GPU it waits for the device.
    pub fn cross_entropy(&self) -> Result<f64> {
        Ok(host(&Objective::CrossEntropy.loss::<M>(self.log_q, self.data)?)?[0])
    }
}

/// A hook. Implemented for `()`, for closures, and for tuples of `&mut` hooks, which leave each with its owner.
pub trait Hook<M: Model> {
    /// Called at every step, before the update. `Break` ends the run after all hooks of this step have been called.
    fn on_step(&mut self, step: &Step<'_, M>) -> Result<ControlFlow<()>>;
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

impl<M: Model, A: Hook<M>, B: Hook<M>> Hook<M> for (&mut A, &mut B) {
    fn on_step(&mut self, step: &Step<'_, M>) -> Result<ControlFlow<()>> {
        let (a, b) = (self.0.on_step(step)?, self.1.on_step(step)?);
        Ok(if a.is_break() { a } else { b })
    }
}

impl<M: Model, A: Hook<M>, B: Hook<M>, C: Hook<M>> Hook<M> for (&mut A, &mut B, &mut C) {
    fn on_step(&mut self, step: &Step<'_, M>) -> Result<ControlFlow<()>> {
        (&mut *self.0, &mut (&mut *self.1, &mut *self.2)).on_step(step)
    }
}
