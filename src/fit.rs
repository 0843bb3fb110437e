//! The loop: forward, backward, hook, update.

mod lbfgs;

use candle_core::{Tensor, backprop::GradStore};
use candle_nn::Optimizer;

pub use lbfgs::Lbfgs;

use crate::empirical::Empirical;
use crate::error::{Error, Result};
use crate::hook::{Hook, Step};
use crate::model::{Model, host};
use crate::objective::Objective;

/// What moves the variables. Every optimiser of candle-nn is one, and [`Lbfgs`].
pub trait Descent {
    /// One update, given the loss and its gradients at the variables as they stand; `again` evaluates the loss where the
    /// variables stand by then, for a line search.
    fn advance(&mut self, loss: &Tensor, gradients: &GradStore, again: &dyn Fn() -> Result<Tensor>) -> Result<()>;
}

impl<O: Optimizer> Descent for O {
    fn advance(&mut self, _: &Tensor, gradients: &GradStore, _: &dyn Fn() -> Result<Tensor>) -> Result<()> {
        Ok(self.step(gradients)?)
    }
}

/// How often a GPU is asked whether the loss is still a number; a CPU is asked at every step.
const LOOK_EVERY: usize = 64;

/// Descends the objective for at most `steps` updates. The hook sees θ_0 … θ_T, so T updates make T + 1 rows, and the
/// last row belongs to the model as it is left.
///
/// # Errors
/// A loss that is NaN, or infinite because the model rules out what was observed: after the hook has seen that step.
/// A variable that no gradient reaches does not move under the optimisers of candle-nn; to [`Lbfgs`] and to the hook
/// [`GradientNorm`](crate::GradientNorm) it is the error [`NoGradient`](Error::NoGradient).
pub fn fit<M: Model>(
    model: &M,
    data: &Empirical<M::Batch>,
    objective: Objective,
    optimizer: &mut (impl Descent + ?Sized),
    steps: usize,
    hook: &mut impl Hook<M>,
) -> Result<()> {
    for index in 0..=steps {
        let log_q = model.log_prob(data.batch())?;
        let loss = objective.loss::<M>(&log_q, data)?;
        let gradients = loss.backward()?;
        let log_q = log_q.detach();
        let step = Step { index, model, data, log_q: &log_q, gradients: Some(&gradients) };
        let flow = hook.on_step(&step)?;
        if log_q.device().is_cpu() || index.is_multiple_of(LOOK_EVERY) || index == steps {
            finite(&loss, &log_q, index)?;
        }
        if flow.is_break() || index == steps {
            break;
        }
        optimizer.advance(&loss, &gradients, &|| objective.loss::<M>(&model.log_prob(data.batch())?, data))?;
    }
    Ok(())
}

/// Shows a hook the models that somebody else chose, in order: a grid for a landscape, a family to compare.
///
/// Nothing moves and there are no gradients; an infinite loss is a point like any other.
pub fn walk<M: Model>(
    models: impl IntoIterator<Item = Result<M>>,
    data: &Empirical<M::Batch>,
    hook: &mut impl Hook<M>,
) -> Result<()> {
    for (index, model) in models.into_iter().enumerate() {
        let model = model?;
        let log_q = model.log_prob(data.batch())?.detach();
        let step = Step { index, model: &model, data, log_q: &log_q, gradients: None };
        if hook.on_step(&step)?.is_break() {
            break;
        }
    }
    Ok(())
}

fn finite(loss: &Tensor, log_q: &Tensor, step: usize) -> Result<()> {
    let loss = host(loss)?[0];
    if loss.is_finite() {
        return Ok(());
    }
    match host(log_q)?.iter().position(|l| *l == f64::NEG_INFINITY) {
        Some(row) if !loss.is_nan() => Err(Error::InfiniteLoss { step, row }),
        _ => Err(Error::NotANumber { step }),
    }
}
