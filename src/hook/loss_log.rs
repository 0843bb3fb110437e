//! The logging hook: empirical KL, cross-entropy and NLL of every step, each from its own definition.

use std::ops::ControlFlow;

use candle_core::Tensor;

use super::{History, Hook, Row, Step};
use crate::error::Result;
use crate::info::Information;
use crate::model::{KlDivergence, Model};
use crate::objective::{Objective, all_three, measured};

/// Logs the three quantities of every step, from the training forward's own ln q.
///
/// With a known truth it also logs the exact population KL(truth‖q_θ), which costs a forward pass of its own; its
/// minimum is the truth, not θ̂. Where it was asked for, the reverse KL is logged beside. Reductions are in f64. On a GPU
/// rows stay on the device and are copied now and then.
pub struct LossLog<T = ()> {
    truth: T,
    reverse: bool,
    pending: Vec<(usize, Tensor)>,
    history: History,
}

/// How many rows wait on a GPU before they are copied together.
const WAITING: usize = 64;

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
        Self { truth, reverse: false, pending: vec![], history: History::default() }
    }

    /// Logs KL(q_θ‖p) as well, as [`Objective::ReverseKl`] sums it (lecture row L20); +∞ where p̂ has no density to
    /// compare with.
    pub fn with_reverse_kl(self) -> Self {
        Self { reverse: true, ..self }
    }

    /// The rows so far.
    ///
    /// # Errors
    /// A copy from a GPU that failed.
    pub fn history(&mut self) -> Result<&History> {
        for (step, values) in self.pending.drain(..) {
            let values: Vec<f64> = values.to_vec1()?;
            let mut more = values[3..].iter().copied();
            let reverse_kl = if self.reverse { more.next() } else { None };
            let [kl, cross_entropy, nll] = [values[0], values[1], values[2]];
            self.history.push(Row { step, kl, cross_entropy, nll, reverse_kl, population_kl: more.next() });
        }
        Ok(&self.history)
    }

    /// The rows, when the log is done with.
    pub fn into_history(mut self) -> Result<History> {
        self.history()?;
        Ok(self.history)
    }
}

impl<M: Model, T: Truth<M>> Hook<M> for LossLog<T> {
    fn on_step(&mut self, step: &Step<'_, M>) -> Result<ControlFlow<()>> {
        if self.pending.is_empty() && self.history.rows().is_empty() {
            let entropy = step.data.log_p::<M>()?.map(|_| step.data.entropy());
            self.history = History::new(step.data.total(), entropy);
        }
        let mut row = all_three::<M>(step.log_q, step.data)?;
        if self.reverse {
            let kl = measured::<M>(Objective::ReverseKl, step.log_q, step.data)?;
            row = Tensor::cat(&[&row, &kl.unsqueeze(0)?], 0)?;
        }
        if let Some(kl) = self.truth.population_kl(step)? {
            row = Tensor::cat(&[&row, &Tensor::new(&[kl.nats()], row.device())?], 0)?;
        }
        self.pending.push((step.index, row));
        if step.log_q.device().is_cpu() || self.pending.len() >= WAITING {
            self.history()?;
        }
        Ok(ControlFlow::Continue(()))
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
        let kl = crate::model::host(&self.kl_divergence(step.model, step.data.batch())?.detach())?;
        let mass = crate::model::host(step.data.mass())?;
        Ok(Some(Information::from_nats(kl.iter().zip(&mass).map(|(kl, p)| p * kl).sum())))
    }
}

impl<M: Model, T: Truth<M>> Truth<M> for Option<T> {
    fn population_kl(&self, step: &Step<'_, M>) -> Result<Option<Information>> {
        self.as_ref().map_or(Ok(None), |truth| truth.population_kl(step))
    }
}
