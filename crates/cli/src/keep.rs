//! A fit of the command that is stopped, by Ctrl-C or by the power, goes on where its last checkpoint stands.

use std::ops::ControlFlow::Continue;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use anyhow::{Context, Result, bail};
use candle_mle::batch::Batch;
use candle_mle::checkpoint::{Checkpoint, Checkpoints};
use candle_mle::hook::{EarlyStopping, ParameterPath, Truth};
use candle_mle::info::Unit;
use candle_mle::mle::{By, Fitted, Plan};
use candle_mle::parameters::about;
use candle_mle::table::Names;
use candle_mle::{Empirical, History, Hook, LossLog, Model, Objective, Parameters, Step};
use candle_nn::VarMap;

use crate::flags::Learns;
#[cfg(feature = "live")]
use crate::live::Live;
use crate::progress::Progress;
use crate::run::Run;
use crate::said::{finish, tell};

/// The name of the file beside the log.
const FILE: &str = "checkpoint.safetensors";
/// Under which the command line stands in it.
const ARGUMENTS: &str = "arguments";
/// How many steps lie between two checkpoints; between steps of Newton's method none.
const EVERY: usize = 100;
/// What a shell calls a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// Whether a descent goes on, and whether it was told to stop.
static DESCENDS: AtomicBool = AtomicBool::new(false);
static STOP: AtomicBool = AtomicBool::new(false);
/// Whether a checkpoint is asked for.
static SAVE: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C and a request to terminate end a descent at its next step; anything else, or at the second time, at once.
pub(crate) fn listen() -> Result<()> {
    let told = || {
        if STOP.swap(true, Relaxed) || !DESCENDS.load(Relaxed) {
            #[cfg(feature = "live")]
            crate::live::leave();
            std::process::exit(INTERRUPTED);
        }
    };
    Ok(ctrlc::set_handler(told)?)
}

/// What was typed to begin the fit whose checkpoint is in this folder.
///
/// # Errors
/// None is there, or what is there is no checkpoint of a fit.
pub(crate) fn begun(folder: &Path) -> Result<Vec<String>> {
    let file = folder.join(FILE);
    if !folder.exists() {
        bail!(
            "there is no folder {}: name the one that a fit was stopped in, its --out or plots/fit/<table>",
            folder.display()
        );
    }
    if !file.exists() {
        bail!(
            "there is no checkpoint in {}, and so there is nothing to go on with: its fit came to its end, or was stopped before its \
             first step",
            folder.display()
        );
    }
    let texts = about(&file)?;
    let arguments = texts.get(ARGUMENTS).with_context(|| format!("{} does not say what began it", file.display()))?;
    Ok(serde_json::from_str(arguments)?)
}

/// A fit as it was left: its log, the way of its parameters, what it came to.
pub(crate) type Followed<M> = (History, ParameterPath, candle_mle::Result<Fitted<M>>);

/// With a view of the log in the terminal.
#[cfg(feature = "live")]
fn watched<T>(log: LossLog<T>, unit: Unit, steps: usize) -> Result<LossLog<T>> {
    Ok(log.to(Live::new(unit, steps, &STOP, &SAVE)?))
}

#[cfg(not(feature = "live"))]
fn watched<T>(_: LossLog<T>, _: Unit, _: usize) -> Result<LossLog<T>> {
    bail!("--live: this candle-mle was built without it; `cargo install --path crates/cli --features live` builds it")
}

impl<D: Learns> Run<D> {
    /// Follows the plan, from the start or from a checkpoint; where checkpoints are kept, Ctrl-C ends the program with one.
    pub(crate) fn follow<M: Model + Parameters, T: Truth<M>>(
        &self,
        plan: &Plan,
        (vars, model): (VarMap, M),
        data: &Empirical<M::Batch>,
        truth: T,
        names: &Names,
        mut early: Option<&mut EarlyStopping<M::Batch>>,
    ) -> Result<Followed<M>> {
        let (log, path) = (self.streamed(LossLog::with_truth(truth)), ParameterPath::new());
        let (mut progress, mut climb) = (Progress::new(plan.steps, self.unit()), self.climb(plan));
        let Some(keeping) = self.flags.data.keeping() else {
            let (mut log, mut path) = (log, path);
            let mut early = |step: &Step<'_, M>| early.as_mut().map_or(Ok(Continue(())), |early| early.on_step(step));
            let outcome = plan.follow(
                model,
                vars,
                data,
                &mut log,
                &mut (&mut path, &mut climb, &mut (&mut early, &mut progress)),
            );
            return Ok((log.into_history()?, path, outcome));
        };
        let mut texts = names.texts();
        texts.insert(ARGUMENTS.into(), serde_json::to_string(&keeping.arguments)?);
        let kept = |log, path, early| {
            let kept =
                Checkpoints::new(log, self.checkpoint()).with_path(path).with_texts(texts).until(&STOP).whenever(&SAVE);
            let every = keeping.checkpoint.unwrap_or(if plan.by == By::Newton { 1 } else { EVERY });
            kept.every(every).with_early(early)
        };
        let resumed =
            keeping.resume.then(|| Checkpoint::<M>::load(self.checkpoint(), &data.batch().device())).transpose()?;
        if let Some(at) = &resumed {
            println!("goes on at step {} of {}", at.step, self.checkpoint().display());
        }
        // From here on nothing is printed: the screen is the view's.
        let log = if keeping.live { watched(log, self.unit(), plan.steps)? } else { log };
        if keeping.live {
            progress = Progress::hidden(self.unit());
        }
        DESCENDS.store(true, Relaxed);
        let (log, outcome) = if let Some(at) = resumed {
            let start = at.history.rows().first().and_then(|row| match plan.objective {
                Objective::Kl => Some(row.kl),
                Objective::CrossEntropy | Objective::Nll => Some(row.cross_entropy),
                // The log has no penalty: it climbs or not from here.
                _ => None,
            });
            if let Some(start) = start {
                climb = climb.above(start);
            }
            let log = log.continuing(at.history.clone());
            if let Some(early) = &mut early {
                early.resume(&at.early)?;
            }
            let mut log = kept(log, ParameterPath::continuing(at.path.clone()), early).after(&at);
            let outcome = plan.resume(&at, data, &mut log, &mut (&mut climb, &mut progress));
            (log, outcome)
        } else {
            let mut log = kept(log, path, early);
            let outcome = plan.follow(model, vars, data, &mut log, &mut (&mut climb, &mut progress));
            (log, outcome)
        };
        drop(progress);
        DESCENDS.store(false, Relaxed);
        let (log, path) = log.into_parts();
        let history = log.into_history();
        if let (true, Ok(fitted)) = (STOP.load(Relaxed), &outcome) {
            let (step, folder) = (fitted.history.rows().last().map_or(0, |row| row.step), self.checkpoint());
            let folder = folder.parent().unwrap_or(Path::new("."));
            println!("stopped at step {step}: `candle-mle resume {}` goes on from there", folder.display());
            tell("stopped_at", step);
            finish();
            std::process::exit(INTERRUPTED);
        }
        Ok((history?, path.unwrap_or_default(), outcome))
    }

    fn checkpoint(&self) -> PathBuf {
        self.out(FILE)
    }

    /// Nothing is left to go on with.
    pub(crate) fn let_go(&self) {
        if self.flags.data.keeping().is_some() {
            // What is not there need not go.
            let _ = std::fs::remove_file(self.checkpoint());
        }
    }
}
