//! The logging hook: empirical KL, cross-entropy and NLL of every step, each from its own definition.

use std::ops::ControlFlow;

use candle_core::Tensor;
use candle_mle_info::Information;

use super::sink::Sink;
use super::{History, Hook, LOOK_EVERY, Log, Row, Step};
use crate::batch::host;
use crate::error::{Error, Result};
use crate::model::{KlDivergence, Model};
use crate::objective::{Objective, all_three, measured};

/// Logs the three quantities of every step, from the training forward's own ln q.
///
/// With a known truth it also logs the exact population KL(truth‖q_θ), which costs a forward pass of its own; its
/// minimum is the truth, not θ̂. Where it was asked for, the reverse KL is logged beside. Reductions are in f64. On a GPU
/// rows stay on the device and are copied now and then.
///
/// A log is of one run. A step that is not later than the one before it begins a new run, and the log anew, with the new
/// data's n and H(p̂); to go on with an earlier log say [`continuing`](Self::continuing).
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::model::Bernoulli;
/// use candle_mle::{Empirical, LossLog, walk};
/// let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu)?, &[60.0, 40.0])?;
/// let coins = [0.4, 0.5, 0.6, 0.7].map(|prob| Bernoulli::from_prob(prob, &Device::Cpu));
/// let mut log = LossLog::new();
/// walk(coins, &p, &mut log)?;
/// // Three curves, one argmin, tied by an identity.
/// let history = log.into_history()?;
/// let argmin = history.argmin(0.0);
/// assert_eq!([argmin.kl, argmin.cross_entropy, argmin.nll], [Some(2); 3]);
/// assert!(history.residual().unwrap() < 1e-12);
/// # Ok::<(), candle_mle::Error>(())
/// ```
#[derive(Debug)]
pub struct LossLog<T = ()> {
    truth: T,
    reverse: bool,
    pending: Vec<(usize, Tensor)>,
    history: History,
    /// The step seen last; none before the first one of a run.
    last: Option<usize>,
    /// Whether the next run goes on with the history.
    goes_on: bool,
    sinks: Vec<Box<dyn Sink>>,
}

/// By how much rounding may lift ln q of a probability above 0.
const ROUNDING: f64 = 1e-4;

impl LossLog {
    /// A log without a truth: no second forward pass.
    pub fn new() -> Self {
        Self::with_truth(())
    }
}

impl Default for LossLog {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> LossLog<T> {
    /// Logs KL(truth‖q_θ) as a fourth curve; the truth is a `&model` of the same family, or an `Option` of one.
    pub fn with_truth(truth: T) -> Self {
        let (pending, history, sinks) = (vec![], History::default(), vec![]);
        Self { truth, reverse: false, pending, history, last: None, goes_on: false, sinks }
    }

    /// Logs KL(q_θ‖p) as well, as [`Objective::ReverseKl`] sums it (lecture row L20); +∞ where p̂ has no density to
    /// compare with.
    pub fn with_reverse_kl(self) -> Self {
        Self { reverse: true, ..self }
    }

    /// Hands every row on, as soon as it is known, beside the history; to as many sinks as are named.
    pub fn to(mut self, sink: impl Sink + 'static) -> Self {
        self.sinks.push(Box::new(sink));
        self
    }

    /// Goes on with a log, that of an earlier run or one that was [read](History::read_csv): rows from the step on at which
    /// the next run begins are replaced by its own.
    pub fn continuing(self, history: History) -> Self {
        Self { history, pending: vec![], last: None, goes_on: true, ..self }
    }

    /// The rows so far.
    ///
    /// # Errors
    /// A copy from a GPU that failed.
    pub fn history(&mut self) -> Result<&History> {
        for (step, values) in self.pending.drain(..) {
            let values: Vec<f64> = host(&values)?;
            let mut more = values[3..].iter().copied();
            let reverse_kl = if self.reverse { more.next() } else { None };
            let [kl, cross_entropy, nll] = [values[0], values[1], values[2]];
            let row = Row { step, kl, cross_entropy, nll, reverse_kl, population_kl: more.next() };
            self.history.push(row);
            self.sinks.iter_mut().try_for_each(|sink| sink.row(&row))?;
        }
        Ok(&self.history)
    }

    /// The rows, when the log is done with.
    pub fn into_history(mut self) -> Result<History> {
        self.history()?;
        Ok(self.history)
    }

    /// A new run begins, or the data are those of the run.
    fn begin<M: Model>(&mut self, step: &Step<'_, M>) -> Result<()> {
        let entropy = step.data.log_p::<M>()?.map(|_| step.data.entropy());
        let n = step.data.total();
        if self.last.is_none_or(|last| step.index <= last) {
            if !self.goes_on || self.history.rows().is_empty() {
                self.history()?;
                self.history = History::new(n, entropy);
            }
            self.history.cut(step.index);
            self.goes_on = false;
            self.sinks.iter_mut().try_for_each(|sink| sink.begin(&self.history))?;
        }
        self.last = Some(step.index);
        let same = match (self.history.entropy(), entropy) {
            (Some(a), Some(b)) => (a - b).nats().abs() <= 1e-9 * a.nats().abs().max(1.0),
            (a, b) => a.is_none() && b.is_none(),
        };
        if !same || (self.history.total() - n).abs() > 1e-9 * n {
            return Err(Error::OtherData { step: step.index, n: self.history.total(), now: n });
        }
        Ok(())
    }
}

impl<M: Model, T: Truth<M>> Hook<M> for LossLog<T> {
    fn on_step(&mut self, step: &Step<'_, M>) -> Result<ControlFlow<()>> {
        self.begin(step)?;
        let sums = step.sums()?;
        let mut row = all_three::<M>(sums.as_ref(), step.log_q, step.data)?;
        if self.reverse {
            let kl = measured::<M>(Objective::ReverseKl, None, step.log_q, step.data)?;
            row = Tensor::cat(&[&row, &kl.unsqueeze(0)?], 0)?;
        }
        if let Some(kl) = self.truth.population_kl(step)? {
            row = Tensor::cat(&[&row, &Tensor::new(&[kl.nats()], row.device())?], 0)?;
        }
        self.pending.push((step.index, row));
        if step.log_q.device().is_cpu() || self.pending.len() >= LOOK_EVERY {
            self.history()?;
            // Most often the sums tell that it is.
            if !sums.is_some_and(|sums| !sums.mean.is_nan() && (M::DENSITY || sums.top <= ROUNDING)) {
                sensible(step)?;
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

impl<M: Model, T: Truth<M>> Log<M> for LossLog<T> {
    fn history(&mut self) -> Result<&History> {
        LossLog::history(self)
    }
}

/// An error if ln q is NaN, or above 0 though it is of a probability: after the step has been logged.
fn sensible<M: Model>(step: &Step<'_, M>) -> Result<()> {
    let log_q = host(step.log_q)?;
    if log_q.iter().any(|l| l.is_nan()) {
        return Err(Error::NotANumber { step: step.index });
    }
    match log_q.iter().position(|l| !M::DENSITY && *l > ROUNDING) {
        Some(row) => Err(Error::AboveOne { step: step.index, row, value: log_q[row] }),
        None => Ok(()),
    }
}

/// A truth to compare with: `()` for none, or a model of the same family.
pub trait Truth<M: Model> {
    /// KL(truth‖q_θ), averaged over the x of the data for a conditional model.
    fn population_kl(&self, step: &Step<'_, M>) -> Result<Option<Information>>;
}

impl<M: Model> Truth<M> for () {
    fn population_kl(&self, _: &Step<'_, M>) -> Result<Option<Information>> {
        Ok(None)
    }
}

impl<M: KlDivergence> Truth<M> for &M {
    fn population_kl(&self, step: &Step<'_, M>) -> Result<Option<Information>> {
        let kl = host(&self.kl_divergence(step.model, step.data.batch())?.detach())?;
        let mass = host(step.data.mass())?;
        Ok(Some(Information::from_nats(kl.iter().zip(&mass).map(|(kl, p)| p * kl).sum())))
    }
}

impl<M: Model, T: Truth<M>> Truth<M> for Option<T> {
    fn population_kl(&self, step: &Step<'_, M>) -> Result<Option<Information>> {
        self.as_ref().map_or(Ok(None), |truth| truth.population_kl(step))
    }
}
