//! The loop: forward, backward, hook, update.

mod adam;
mod gradient_descent;
mod lbfgs;
mod newton;
mod schedule;
mod source;

use std::ops::Range;

use candle_core::DType;

pub use adam::Adam;
pub use gradient_descent::GradientDescent;
pub use lbfgs::Lbfgs;
pub use newton::Newton;
pub use schedule::Schedule;
pub use source::{Minibatches, Source};

use crate::batch::{host, number};
use crate::descent::{Advance, Descent, Evaluation, Forward};
use crate::empirical::Empirical;
use crate::error::{Error, Result};
use crate::hook::{Hook, LOOK_EVERY, Step};
use crate::model::Model;
use crate::objective::{Objective, sums_of};

/// Why a fit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All steps were made.
    Steps,
    /// A hook said so.
    Hook,
    /// The optimiser found no step along any direction that gains more than rounding.
    Stalled,
}

/// Descends the objective from step `steps.start` to `steps.end`. The hook sees θ at both ends and between, so T updates
/// make T + 1 rows, and the last row belongs to the model as it is left. A fit that goes on counts from where it is told.
///
/// `data` is a p̂, or [`Minibatches`] of one.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use candle_mle::fit::GradientDescent;
/// use candle_mle::model::Bernoulli;
/// use candle_mle::{Empirical, fit, LossLog, Objective};
/// use candle_nn::{VarBuilder, VarMap};
/// let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu)?, &[60.0, 40.0])?;
/// let vars = VarMap::new();
/// let coin = Bernoulli::new(VarBuilder::from_varmap(&vars, DType::F64, &Device::Cpu))?;
/// let (mut log, mut descent) = (LossLog::new(), GradientDescent::new(&vars, 1.0)?);
/// fit(&coin, &p, Objective::CrossEntropy, &mut descent, 0..100, &mut log)?;
/// assert_eq!(log.history()?.rows().len(), 101);
/// assert!((coin.prob()? - 0.6).abs() < 1e-6);
/// # Ok::<(), candle_mle::Error>(())
/// ```
///
/// # Errors
/// A loss that is NaN, or infinite because the model rules out what was observed: after the hook has seen that step.
/// A first update that moves nothing though there is a gradient and the schedule asks for a step. A variable that no gradient reaches does not move under the
/// optimisers of candle-nn; to those of this crate and to the hook [`GradientNorm`](crate::hook::GradientNorm) it is the error
/// [`NoGradient`](Error::NoGradient).
pub fn fit<M: Model>(
    model: &M,
    mut data: impl Source<M::Batch>,
    objective: Objective,
    optimizer: &mut dyn Descent,
    steps: Range<usize>,
    hook: &mut (impl Hook<M> + ?Sized),
) -> Result<End> {
    let mut fitting = Fitting::new(objective, steps);
    loop {
        if let Some(end) = fitting.step(model, &mut data, optimizer, hook)? {
            return Ok(end);
        }
    }
}

/// A fit that somebody else's clock advances, step by step: a page that draws between two of them, a person who presses a
/// key. [`fit`](fn@fit) is this in a loop.
///
/// It holds no more than where it is; model, data, optimiser and hook stay with their owner, and are the same at every step.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use candle_mle::fit::{End, Fitting, GradientDescent};
/// use candle_mle::model::Bernoulli;
/// use candle_mle::{Empirical, LossLog, Objective};
/// use candle_nn::{VarBuilder, VarMap};
/// let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu)?, &[60.0, 40.0])?;
/// let vars = VarMap::new();
/// let coin = Bernoulli::new(VarBuilder::from_varmap(&vars, DType::F64, &Device::Cpu))?;
/// let (mut log, mut descent) = (LossLog::new(), GradientDescent::new(&vars, 1.0)?);
/// let mut fitting = Fitting::new(Objective::CrossEntropy, 0..100);
/// assert_eq!(fitting.step(&coin, &mut &p, &mut descent, &mut log)?, None);
/// assert_eq!(log.history()?.rows().len(), 1); // θ_0 was shown, and has moved
/// while fitting.step(&coin, &mut &p, &mut descent, &mut log)?.is_none() {}
/// assert_eq!(log.history()?.rows().len(), 101);
/// assert_eq!(fitting.step(&coin, &mut &p, &mut descent, &mut log)?, Some(End::Steps)); // over is over
/// # Ok::<(), candle_mle::Error>(())
/// ```
pub struct Fitting {
    objective: Objective,
    steps: Range<usize>,
    /// What the last update saw where it went.
    ahead: Option<Evaluation>,
    /// The first update that means to must move something; that of a fit that goes on may be lost in rounding by now.
    still: bool,
    end: Option<End>,
}

impl Fitting {
    /// Of this objective, from step `steps.start` to `steps.end`.
    pub fn new(objective: Objective, steps: Range<usize>) -> Self {
        Self { objective, still: steps.start == 0, steps, ahead: None, end: None }
    }

    /// Shows the hook the model where it stands and moves it once; after the last update it only shows. Why it ended, once
    /// it has: then nothing is shown or moved any more.
    ///
    /// # Errors
    /// As [`fit`](fn@fit).
    pub fn step<M: Model>(
        &mut self,
        model: &M,
        data: &mut impl Source<M::Batch>,
        optimizer: &mut dyn Descent,
        hook: &mut (impl Hook<M> + ?Sized),
    ) -> Result<Option<End>> {
        if self.end.is_none() {
            self.end = self.go(model, data, optimizer, hook)?;
        }
        Ok(self.end)
    }

    fn go<M: Model>(
        &mut self,
        model: &M,
        data: &mut impl Source<M::Batch>,
        optimizer: &mut dyn Descent,
        hook: &mut (impl Hook<M> + ?Sized),
    ) -> Result<Option<End>> {
        let (objective, index, looks) = (self.objective, self.steps.start, optimizer.looks());
        let forward = |p: &Empirical<M::Batch>| evaluate(model, p, objective, looks);
        if self.steps.is_empty() {
            let here = match self.ahead.take() {
                Some(here) => here,
                None => forward(data.whole())?.backward()?,
            };
            let ended = show(model, data.whole(), objective, optimizer, index, &here, hook)?;
            return Ok(Some(if ended { End::Hook } else { End::Steps }));
        }
        let batch = data.batch(index)?;
        let here = match self.ahead.take() {
            Some(here) => here,
            None => forward(batch.as_ref().unwrap_or(data.whole()))?.backward()?,
        };
        if batch.is_none() || data.shown(index) {
            // Of minibatches the hook sees the whole p̂, by a pass of its own.
            let whole = if batch.is_some() { Some(forward(data.whole())?.backward()?) } else { None };
            let seen = whole.as_ref().unwrap_or(&here);
            if show(model, data.whole(), objective, optimizer, index, seen, hook)? {
                return Ok(Some(End::Hook));
            }
        } else {
            check(&here.forward, index, false)?;
        }
        let advance = {
            let p = batch.as_ref().unwrap_or(data.whole());
            optimizer.advance(&here, &mut || forward(p))?
        };
        self.steps.start += 1;
        match advance {
            Advance::Stalled => return Ok(Some(End::Stalled)),
            Advance::Rested => return Ok(None),
            Advance::Moved(seen) => self.ahead = seen.filter(|_| batch.is_none()),
        }
        if self.still {
            // Of all of p̂ this look is the next step's evaluation.
            let after = match self.ahead.take() {
                Some(after) => after,
                None => forward(batch.as_ref().unwrap_or(data.whole()))?.backward()?,
            };
            if !moved(optimizer, &here, &after)? {
                return Err(Error::NothingMoved);
            }
            self.still = false;
            self.ahead = batch.is_none().then_some(after);
        }
        Ok(None)
    }
}

impl std::fmt::Debug for Fitting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fitting")
            .field("objective", &self.objective)
            .field("steps", &self.steps)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

/// ln q and the loss where the variables stand.
fn evaluate<M: Model>(model: &M, p: &Empirical<M::Batch>, objective: Objective, looks: bool) -> Result<Forward> {
    let log_q = model.log_prob(p.batch())?;
    let sums = sums_of(&log_q, p)?;
    let loss = objective.with_sums(sums.as_ref(), model, &log_q, p)?;
    if !looks {
        return Ok(Forward { log_q, loss, value: f64::NAN, rounding: f64::NAN, sums });
    }
    // The sum of the sizes of its terms, of which rounding takes a share each time.
    let size = match sums {
        Some(sums) => sums.size,
        None => number(&Objective::CrossEntropy.of::<M>(&log_q.detach().abs()?.neg()?, p)?)?,
    };
    let share = if log_q.dtype() == DType::F64 { 4.0 * f64::EPSILON } else { 4.0 * f64::from(f32::EPSILON) };
    // The logarithm of a determinant has lost the digits of its condition.
    let share = if objective == Objective::Firth { 1024.0 * share } else { share };
    let value = number(&loss)?;
    Ok(Forward { log_q, loss, value, rounding: share * (size * objective.scale(p)).max(value.abs()), sums })
}

/// Shows the hook a step, and looks whether its loss is a number; whether the hook ends the run.
fn show<M: Model>(
    model: &M,
    data: &Empirical<M::Batch>,
    objective: Objective,
    optimizer: &dyn Descent,
    index: usize,
    Evaluation { forward, gradients }: &Evaluation,
    hook: &mut (impl Hook<M> + ?Sized),
) -> Result<bool> {
    let (log_q, loss) = (forward.log_q.detach(), forward.loss.detach());
    let step = Step::new(index, model, data, &log_q)?
        .summed(forward.sums)
        .descending(objective, &loss)
        .with_gradients(gradients)
        .with_optimizer(optimizer);
    let ends = hook.on_step(&step)?.is_break();
    check(forward, index, ends)?;
    Ok(ends)
}

/// An error if the loss is not a finite number, where that is looked for.
fn check(forward: &Forward, index: usize, always: bool) -> Result<()> {
    if !(always || forward.log_q.device().is_cpu() || index.is_multiple_of(LOOK_EVERY)) {
        return Ok(());
    }
    let loss = number(&forward.loss)?;
    if loss.is_finite() {
        return Ok(());
    }
    match host(&forward.log_q)?.iter().position(|l| *l == f64::NEG_INFINITY) {
        Some(row) if !loss.is_nan() => Err(Error::InfiniteLoss { step: index, row }),
        _ => Err(Error::NotANumber { step: index }),
    }
}

/// Whether an update moved ln q of any row, or had no gradient worth the name to move it by. The gradients hold those of
/// constants too: which are of variables only the optimiser can say.
fn moved(optimizer: &dyn Descent, before: &Evaluation, after: &Evaluation) -> Result<bool> {
    // Bits, so that NaN counts as a move.
    let bits =
        |at: &Evaluation| -> Result<Vec<u64>> { Ok(host(&at.forward.log_q)?.iter().map(|l| l.to_bits()).collect()) };
    if bits(before)? != bits(after)? {
        return Ok(true);
    }
    Ok(optimizer.slope(&before.gradients)?.is_some_and(|slope| slope <= 1e-9))
}

/// Shows a hook the models that somebody else chose, in order: a grid for a landscape, a family to compare.
///
/// Nothing moves and there are no gradients; an infinite loss is a point like any other.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::model::Bernoulli;
/// use candle_mle::{Empirical, LossLog, walk};
/// let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu)?, &[60.0, 40.0])?;
/// let mut log = LossLog::new();
/// walk((1..10).map(|i| Bernoulli::from_prob(f64::from(i) / 10.0, &Device::Cpu)), &p, &mut log)?;
/// assert_eq!(log.history()?.argmin(0.0).kl, Some(5)); // the sixth coin
/// # Ok::<(), candle_mle::Error>(())
/// ```
pub fn walk<M: Model>(
    models: impl IntoIterator<Item = Result<M>>,
    data: &Empirical<M::Batch>,
    hook: &mut (impl Hook<M> + ?Sized),
) -> Result<()> {
    for (index, model) in models.into_iter().enumerate() {
        let model = model?;
        let log_q = model.log_prob(data.batch())?.detach();
        if hook.on_step(&Step::new(index, &model, data, &log_q)?)?.is_break() {
            break;
        }
    }
    Ok(())
}
