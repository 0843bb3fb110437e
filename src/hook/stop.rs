//! Hooks that end a run, and one that remembers where it went.

use std::collections::BTreeMap;
use std::ops::ControlFlow::{self, Break, Continue};

use candle_core::{DType, Tensor, backprop::GradStore};
use candle_mle_info::Information;
use candle_nn::VarMap;

use super::{Hook, Step};
use crate::batch::{host, number};
use crate::descent::State;
use crate::empirical::Empirical;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::objective::Objective;
use crate::parameters::{Parameters, by_name};

/// Ends the run once no component of the gradient is larger than a tolerance. On a GPU it looks now and then: see
/// [`Step::due`].
#[derive(Clone)]
pub struct GradientNorm {
    vars: VarMap,
    tolerance: f64,
    norm: f64,
}

impl std::fmt::Debug for GradientNorm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GradientNorm")
            .field("tolerance", &self.tolerance)
            .field("norm", &self.norm)
            .finish_non_exhaustive()
    }
}

impl GradientNorm {
    /// Watches all variables of a map, as they are at each step: it may be made before the model asks for them. `tolerance`
    /// in the objective's nats per unit of parameter. A step without any variable is an error, and so is a variable that
    /// no gradient reaches.
    pub fn new(vars: &VarMap, tolerance: f64) -> Self {
        Self { vars: vars.clone(), tolerance, norm: f64::INFINITY }
    }

    pub(crate) fn tolerance(&self) -> f64 {
        self.tolerance
    }

    /// The largest component seen last.
    pub fn norm(&self) -> f64 {
        self.norm
    }

    /// Whether the run may end.
    pub fn reached(&self) -> bool {
        self.norm <= self.tolerance
    }

    /// Looks at these gradients: [`norm`](Self::norm) and [`reached`](Self::reached) speak of them then.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn look(&mut self, gradients: &GradStore) -> Result<()> {
        self.norm = self.of(gradients)?;
        Ok(())
    }

    /// The largest component of these gradients, of the variables watched.
    ///
    /// # Errors
    /// No variable; one that no gradient reaches.
    pub fn of(&self, gradients: &GradStore) -> Result<f64> {
        let mut norm = 0.0;
        for (name, var) in by_name(&self.vars)? {
            let gradient = gradients.get(&var).ok_or(Error::NoGradient { name })?;
            // max() of f64 passes a NaN over.
            for g in host(gradient)? {
                norm = if g.is_nan() || f64::is_nan(norm) { f64::NAN } else { f64::max(norm, g.abs()) };
            }
        }
        Ok(norm)
    }
}

impl<M: Model> Hook<M> for GradientNorm {
    fn on_step(&mut self, step: &Step<'_, M>) -> Result<ControlFlow<()>> {
        let Some(gradients) = step.gradients.filter(|_| step.due()) else { return Ok(Continue(())) };
        self.look(gradients)?;
        Ok(if self.reached() { Break(()) } else { Continue(()) })
    }
}

/// Ends the run once a step has improved the loss that is descended by less than a tolerance, in nats per observation.
///
/// A small step size improves little without being near: where it can be had, [`GradientNorm`] is the safer sign.
#[derive(Clone, Debug)]
pub struct Improvement {
    tolerance: f64,
    last: f64,
}

impl Improvement {
    /// `tolerance` in nats per observation.
    pub fn new(tolerance: f64) -> Self {
        Self { tolerance, last: f64::INFINITY }
    }
}

impl<M: Model> Hook<M> for Improvement {
    fn on_step(&mut self, step: &Step<'_, M>) -> Result<ControlFlow<()>> {
        if !step.due() {
            return Ok(Continue(()));
        }
        let now = step.loss()?;
        let gained = self.last - now;
        self.last = now;
        Ok(if (0.0..self.tolerance).contains(&gained) { Break(()) } else { Continue(()) })
    }
}

/// Ends the run once the cross-entropy of rows that were held out has not fallen for so many looks, and keeps the parameters with which
/// it was least. What is descended goes on to fall: what is learnt from there on holds of the rows that are fitted, and of no others.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use candle_mle::fit::GradientDescent;
/// use candle_mle::hook::EarlyStopping;
/// use candle_mle::model::Logistic;
/// use candle_mle::{Empirical, Labelled, Objective, fit};
/// use candle_nn::{VarBuilder, VarMap};
/// let p = |y: [u32; 4]| {
///     let x = Tensor::new(&[[0.0], [1.0], [2.0], [3.0]], &Device::Cpu)?;
///     Empirical::from_sample(Labelled::new(x, Tensor::new(&y, &Device::Cpu)?)?)
/// };
/// // What is fitted can be told apart, so that its slope grows for ever; what is held out cannot.
/// let (fitted, held_out) = (p([0, 0, 1, 1])?, p([0, 1, 0, 1])?);
/// let vars = VarMap::new();
/// let model = Logistic::new(1, VarBuilder::from_varmap(&vars, DType::F64, &Device::Cpu))?;
/// let mut early = EarlyStopping::new(held_out, 5);
/// let mut descent = GradientDescent::new(&vars, 0.1)?;
/// fit(&model, &fitted, Objective::CrossEntropy, &mut descent, 0..10_000, &mut early)?;
/// let (step, least) = early.restore(&vars)?.expect("a step");
/// assert!(step > 0 && step < 100 && least.nats() < 2f64.ln());
/// # Ok::<(), candle_mle::Error>(())
/// ```
#[derive(Clone)]
pub struct EarlyStopping<B> {
    held_out: Empirical<B>,
    patience: usize,
    since: usize,
    best: Option<Best>,
}

/// The step with the least cross-entropy so far, that, and the variables there.
#[derive(Clone)]
struct Best {
    step: usize,
    least: f64,
    variables: BTreeMap<String, Tensor>,
}

/// Under which the step, the least cross-entropy and how many looks ago it was stand in a state, and the variables there.
const BEST: &str = "best";
const VARIABLE: &str = "best.";

impl<B> EarlyStopping<B> {
    /// Watches what `held_out` comes to; `patience` of 0 ends the run at the first look that is no better.
    pub fn new(held_out: Empirical<B>, patience: usize) -> Self {
        Self { held_out, patience, since: 0, best: None }
    }

    /// Puts the variables of the model where the held-out cross-entropy was least: at which step that was, and what it was per
    /// observation. None before the first look.
    ///
    /// # Errors
    /// Variables of another model.
    pub fn restore(&self, vars: &VarMap) -> Result<Option<(usize, Information)>> {
        let Some(Best { step, least, variables }) = &self.best else { return Ok(None) };
        for (name, var) in by_name(vars)? {
            var.set(variables.get(&name).ok_or_else(|| wrong(format!("it has no '{name}'")))?)?;
        }
        Ok(Some((*step, Information::from_nats(*least))))
    }

    /// What it has seen, to be kept in a [checkpoint](crate::checkpoint::Checkpoints::with_early).
    pub(crate) fn state(&self) -> Result<State> {
        let Some(Best { step, least, variables }) = &self.best else { return Ok(State::default()) };
        let named = variables.iter().map(|(name, tensor)| (format!("{VARIABLE}{name}"), tensor.clone()));
        State(named.collect()).with(BEST, &[*step as f64, *least, self.since as f64])
    }

    /// Goes on with what it had seen in a run that was [stopped](crate::checkpoint::Checkpoint::early).
    ///
    /// # Errors
    /// A state of something else.
    pub fn resume(&mut self, state: &State) -> Result<()> {
        self.best = None;
        self.since = 0;
        if state.0.is_empty() {
            return Ok(());
        }
        let [step, least, since] = state.numbers(BEST)?[..] else {
            return Err(wrong("it does not know what was least".into()));
        };
        let named =
            |(name, tensor): (&String, &Tensor)| Some((name.strip_prefix(VARIABLE)?.to_string(), tensor.clone()));
        let variables = state.0.iter().filter_map(named).collect();
        (self.since, self.best) = (since as usize, Some(Best { step: step as usize, least, variables }));
        Ok(())
    }

    /// Whether it was this hook that ended the run.
    pub fn stopped(&self) -> bool {
        self.since > self.patience
    }
}

impl<B> std::fmt::Debug for EarlyStopping<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EarlyStopping")
            .field("patience", &self.patience)
            .field("since", &self.since)
            .finish_non_exhaustive()
    }
}

fn wrong(problem: String) -> Error {
    Error::WrongState { problem }
}

impl<M: Model + Parameters> Hook<M> for EarlyStopping<M::Batch> {
    fn on_step(&mut self, step: &Step<'_, M>) -> Result<ControlFlow<()>> {
        if !step.due() {
            return Ok(Continue(()));
        }
        let log_q = step.model.log_prob(self.held_out.batch())?.detach();
        let now = number(&Objective::CrossEntropy.of::<M>(&log_q, &self.held_out)?)?;
        if self.best.as_ref().is_none_or(|best| now < best.least) {
            let copy = |(name, tensor): (String, Tensor)| Ok((name, tensor.detach().copy()?));
            let variables = step.model.parts()?.learnt.into_iter().map(copy).collect::<Result<_>>()?;
            (self.since, self.best) = (0, Some(Best { step: step.index, least: now, variables }));
            return Ok(Continue(()));
        }
        self.since += 1;
        Ok(if self.stopped() { Break(()) } else { Continue(()) })
    }
}

/// An error once the loss that is descended stands above its start: no step size that descends does that.
#[derive(Clone, Debug, Default)]
pub struct NoClimb {
    start: Option<f64>,
}

impl NoClimb {
    /// For a run that goes on: `start` is the loss at its own, in nats per observation.
    pub fn above(start: f64) -> Self {
        Self { start: Some(start) }
    }
}

impl<M: Model> Hook<M> for NoClimb {
    fn on_step(&mut self, step: &Step<'_, M>) -> Result<ControlFlow<()>> {
        if !step.due() {
            return Ok(Continue(()));
        }
        let loss = step.loss()?;
        let start = *self.start.get_or_insert(loss);
        // Rounding may lift a loss that starts at its minimum: by less in f64 than in f32.
        let rounding = if step.log_q.dtype() == DType::F64 { 1e-9 } else { 1e-5 };
        if loss > start + rounding * start.abs().max(1.0) {
            return Err(Error::Diverged { step: step.index, loss, start });
        }
        Ok(Continue(()))
    }
}

/// Remembers θ_t of every step, in the data's own units.
#[derive(Clone, Debug, Default)]
pub struct ParameterPath {
    path: Vec<Vec<f64>>,
}

impl ParameterPath {
    /// An empty path.
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes on with the path of a run that was stopped.
    pub fn continuing(path: Vec<Vec<f64>>) -> Self {
        Self { path }
    }

    /// One row a step: all parameters in the order of their names, flattened.
    pub fn path(&self) -> &[Vec<f64>] {
        &self.path
    }
}

impl<M: Model + Parameters> Hook<M> for ParameterPath {
    fn on_step(&mut self, step: &Step<'_, M>) -> Result<ControlFlow<()>> {
        let mut parameters: Vec<_> = step.model.parameters()?.into_iter().collect();
        parameters.sort_by(|a, b| a.0.cmp(&b.0));
        let theta = parameters.iter().map(|(_, tensor)| host(tensor)).collect::<Result<Vec<_>>>()?;
        self.path.push(theta.concat());
        Ok(Continue(()))
    }
}
