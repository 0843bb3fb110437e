//! A fit that is stopped at any moment goes on as if it had not been: parameters, the optimiser's state, the step and the log so
//! far stand in one file, which is written whole or not at all.

use std::collections::BTreeMap;
use std::ops::ControlFlow::{self, Break, Continue};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use candle_core::{Device, Tensor};
use candle_mle_info::Information;

use crate::batch::host;
use crate::descent::State;
use crate::error::{Error, Result};
use crate::hook::{EarlyStopping, History, Hook, Log, ParameterPath, Row, Step};
use crate::model::Model;
use crate::parameters::{Parameters, load_beside, save_beside};

/// A fit at one step, before its update. The file is one that [`Parameters::load`] reads too: the model at that step.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Checkpoint<M> {
    /// At θ_t, constant.
    pub model: M,
    /// t
    pub step: usize,
    /// What the optimiser knew.
    pub state: State,
    /// The log, up to and with step t.
    pub history: History,
    /// θ of every step before t, if that was kept.
    pub path: Vec<Vec<f64>>,
    /// What an [`EarlyStopping`] had seen before step t, if one was [kept](Checkpoints::with_early).
    pub early: State,
    /// What was written beside the numbers.
    pub texts: BTreeMap<String, String>,
}

const STATE: &str = "state.";
const EARLY: &str = "early.";
const LOG: &str = "checkpoint.log";
const DATA: &str = "checkpoint.data";
const PATH: &str = "checkpoint.path";
const STEP: &str = "step";

impl<M: Model + Parameters> Checkpoint<M> {
    /// The checkpoint in a file.
    ///
    /// # Errors
    /// A file that cannot be read, holds no checkpoint, or one of another family, which is named.
    pub fn load(file: impl AsRef<Path>, device: &Device) -> Result<Self> {
        let file = file.as_ref();
        let (model, (mut tensors, mut texts)) = load_beside::<M>(file, device)?;
        let refuse = || Error::NotParameters {
            path: file.into(),
            problem: "it holds a model, but no step at which a fit could go on".into(),
        };
        let step = texts.remove(STEP).and_then(|step| step.parse().ok()).ok_or_else(refuse)?;
        let mut take = |name: &str| tensors.remove(name).ok_or_else(refuse);
        let (log, data, path) = (take(LOG)?, host(&take(DATA)?)?, take(PATH)?.to_device(&Device::Cpu)?.to_vec2()?);
        let optional = |number: f64| Some(number).filter(|number| !number.is_nan());
        let row = |row: Vec<f64>| match row[..] {
            [step, kl, cross_entropy, nll, reverse_kl, population_kl] => Ok(Row {
                step: step as usize,
                kl,
                cross_entropy,
                nll,
                reverse_kl: optional(reverse_kl),
                population_kl: optional(population_kl),
            }),
            _ => Err(refuse()),
        };
        let rows = log.to_device(&Device::Cpu)?.to_vec2()?.into_iter().map(row).collect::<Result<Vec<_>>>()?;
        let [total, entropy] = data[..] else { return Err(refuse()) };
        let history = History::from_rows(rows, total, optional(entropy).map(Information::from_nats));
        let state = |of: &str| {
            let named = |(name, tensor): (&String, &Tensor)| Some((name.strip_prefix(of)?.to_string(), tensor.clone()));
            State(tensors.iter().filter_map(named).collect())
        };
        let (state, early) = (state(STATE), state(EARLY));
        Ok(Self { model, step, state, history, path, early, texts })
    }
}

/// Keeps a log safe: a hook that logs, and writes a [`Checkpoint`] at the first step, at every so many, and when it is told to stop.
/// [`Plan::resume`](crate::mle::Plan::resume) goes on from there.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use candle_mle::checkpoint::{Checkpoint, Checkpoints};
/// use candle_mle::mle::{By, Plan};
/// use candle_mle::model::Bernoulli;
/// use candle_mle::{Empirical, LossLog, Parameters, maximum_likelihood};
/// let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu)?, &[60.0, 40.0])?;
/// let plan = Plan { by: By::GradientDescent { step_size: 1.0 }, steps: 25, until_converged: false, ..Plan::default() };
/// # let folder = tempfile::tempdir()?;
/// # let file = folder.path().join("checkpoint.safetensors");
/// let (vars, coin) = Bernoulli::from_prob(0.5, &Device::Cpu)?.learner()?;
/// let mut log = Checkpoints::new(LossLog::new(), &file).every(10);
/// let whole = plan.follow(coin, vars, &p, &mut log, &mut ())?;
///
/// // Had the power gone at step 24, the last checkpoint is that of step 20.
/// let last = Checkpoint::<Bernoulli>::load(&file, &Device::Cpu)?;
/// let mut log = LossLog::new().continuing(last.history.clone());
/// let resumed = plan.resume(&last, &p, &mut log, &mut ())?;
/// assert_eq!((last.step, resumed.model.prob()?), (20, whole.model.prob()?));
/// assert_eq!(resumed.history.rows(), whole.history.rows());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Checkpoints<L, E = ()> {
    log: L,
    early: E,
    file: PathBuf,
    every: usize,
    path: Option<ParameterPath>,
    texts: BTreeMap<String, String>,
    stop: Option<&'static AtomicBool>,
    save: Option<&'static AtomicBool>,
    /// What step t had in the run that this one goes on with.
    stood: Option<Row>,
    /// The step of the last checkpoint of this run.
    last: Option<usize>,
}

/// How many steps lie between two checkpoints.
const EVERY: usize = 100;
/// Nor fewer than this share of those made: a file holds the whole log, and all that are written are some twenty of the last.
const SHARE: usize = 20;

impl<L> Checkpoints<L> {
    /// Writes to `file` at every 100th step, and in a run of more than 2000 after each further twentieth of its steps: else the
    /// writing of an ever longer log would take over.
    pub fn new(log: L, file: impl Into<PathBuf>) -> Self {
        let (path, texts) = (None, BTreeMap::new());
        let (stop, save, stood, last) = (None, None, None, None);
        Self { log, early: (), file: file.into(), every: EVERY, path, texts, stop, save, stood, last }
    }

    /// Looks at rows that were held out too, where it is told which, ends the run by them, and keeps what they have come to.
    pub fn with_early<B>(self, early: Option<&mut EarlyStopping<B>>) -> Checkpoints<L, Option<&mut EarlyStopping<B>>> {
        let Self { log, early: (), file, every, path, texts, stop, save, stood, last } = self;
        Checkpoints { log, early, file, every, path, texts, stop, save, stood, last }
    }
}

impl<L, E> Checkpoints<L, E> {
    /// At every so many steps instead of 100; with 0 only at the first, and when it is told to stop.
    pub fn every(self, steps: usize) -> Self {
        Self { every: steps, ..self }
    }

    /// Follows the parameters too, and keeps their way.
    pub fn with_path(self, path: ParameterPath) -> Self {
        Self { path: Some(path), ..self }
    }

    /// With texts beside the numbers.
    pub fn with_texts(self, texts: BTreeMap<String, String>) -> Self {
        Self { texts, ..self }
    }

    /// Ends the run at the next step once this is set, with a checkpoint there.
    pub fn until(self, stop: &'static AtomicBool) -> Self {
        Self { stop: Some(stop), ..self }
    }

    /// Writes one at the next step, too, whenever this is set, and clears it.
    pub fn whenever(self, save: &'static AtomicBool) -> Self {
        Self { save: Some(save), ..self }
    }

    /// For a run that goes on from a checkpoint: its first step must find the loss that the checkpoint's log has there.
    pub fn after<M>(self, checkpoint: &Checkpoint<M>) -> Self {
        let stood = checkpoint.history.rows().iter().find(|row| row.step == checkpoint.step).copied();
        Self { stood, ..self }
    }

    /// What was logged, and the way of the parameters.
    pub fn into_parts(self) -> (L, Option<ParameterPath>) {
        (self.log, self.path)
    }

    fn save<M: Model + Parameters>(&mut self, step: &Step<'_, M>) -> Result<()>
    where
        L: Log<M>,
        E: Early<M>,
    {
        let mut more: BTreeMap<String, Tensor> = BTreeMap::new();
        let mut add = |of: &str, state: State| {
            more.extend(state.0.into_iter().map(|(name, tensor)| (format!("{of}{name}"), tensor)));
        };
        if let Some(optimizer) = step.optimizer {
            add(STATE, optimizer.state()?);
        }
        add(EARLY, self.early.state()?);
        let history = self.log.history()?;
        let none = |number: Option<f64>| number.unwrap_or(f64::NAN);
        let numbers: Vec<f64> = history
            .rows()
            .iter()
            .flat_map(|row| {
                let Row { step, kl, cross_entropy, nll, reverse_kl, population_kl } = *row;
                [step as f64, kl, cross_entropy, nll, none(reverse_kl), none(population_kl)]
            })
            .collect();
        more.insert(LOG.into(), matrix(&numbers, history.rows().len())?);
        let data = [history.total(), none(history.entropy().map(Information::nats))];
        more.insert(DATA.into(), Tensor::new(&data, &Device::Cpu)?);
        let path = self.path.as_ref().map_or(&[][..], ParameterPath::path);
        more.insert(PATH.into(), matrix(&path.concat(), path.len())?);
        let mut texts = self.texts.clone();
        texts.insert(STEP.into(), step.index.to_string());
        save_beside(step.model, &self.file, more, &texts)
    }
}

fn matrix(numbers: &[f64], rows: usize) -> Result<Tensor> {
    Ok(Tensor::from_slice(numbers, (rows, numbers.len().checked_div(rows).unwrap_or(0)), &Device::Cpu)?)
}

/// What may end a run early, and remembers what it saw.
trait Early<M: Model> {
    fn look(&mut self, step: &Step<'_, M>) -> Result<ControlFlow<()>>;

    fn state(&self) -> Result<State>;
}

impl<M: Model> Early<M> for () {
    fn look(&mut self, _: &Step<'_, M>) -> Result<ControlFlow<()>> {
        Ok(Continue(()))
    }

    fn state(&self) -> Result<State> {
        Ok(State::default())
    }
}

impl<M: Model + Parameters> Early<M> for Option<&mut EarlyStopping<M::Batch>> {
    fn look(&mut self, step: &Step<'_, M>) -> Result<ControlFlow<()>> {
        self.as_mut().map_or(Ok(Continue(())), |early| early.on_step(step))
    }

    fn state(&self) -> Result<State> {
        self.as_ref().map_or(Ok(State::default()), |early| early.state())
    }
}

impl<M: Model + Parameters, L: Log<M>, E: Early<M>> Hook<M> for Checkpoints<L, E> {
    fn on_step(&mut self, step: &Step<'_, M>) -> Result<ControlFlow<()>> {
        if let Some(stood) = self.stood.take() {
            let now = step.three_quantities()?;
            let each =
                [("the cross-entropy in nats", stood.cross_entropy, now[1]), ("−Σ ln q in nats", stood.nll, now[2])];
            // Another processor may round otherwise; other data are further off.
            let other = each.into_iter().find(|(_, was, now)| (now - was).abs() > 1e-9 * was.abs().max(1.0));
            if let Some((what, was, now)) = other {
                return Err(Error::OtherCheckpoint { step: step.index, what, was, now });
            }
        }
        let flow = self.log.on_step(step)?;
        let stop = self.stop.is_some_and(|stop| stop.load(Relaxed));
        let far = |last: usize| step.index - last >= self.every.max(step.index / SHARE);
        let asked = self.save.is_some_and(|save| save.swap(false, Relaxed));
        if stop || asked || self.last.is_none_or(|last| self.every > 0 && far(last)) {
            self.save(step)?;
            self.last = Some(step.index);
        }
        if let Some(path) = &mut self.path {
            let _ = path.on_step(step)?;
        }
        // After the checkpoint, which is of before this step.
        let early = self.early.look(step)?;
        Ok(if stop || early.is_break() { Break(()) } else { flow })
    }
}

impl<M: Model + Parameters, L: Log<M>, E: Early<M>> Log<M> for Checkpoints<L, E> {
    fn history(&mut self) -> Result<&History> {
        self.log.history()
    }
}
