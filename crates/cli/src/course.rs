//! The course of a fit: a plan that can be read, followed, and what is left of it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use anyhow::{Result, anyhow, bail};
use candle_core::{DType, Device};
use candle_mle::batch::{Batch, host};
use candle_mle::hook::sink::{CsvLines, JsonLines, TensorBoard};
use candle_mle::hook::{EarlyStopping, NoClimb, ParameterPath};
use candle_mle::info::number::{count, typed};
use candle_mle::mle::{By, Fitted, Minibatch, Plan, newton_suits};
use candle_mle::model::KlDivergence;
use candle_mle::parameters::keep;
use candle_mle::table::Names;
use candle_mle::{Empirical, Error, History, Hook, LossLog, Model, Objective, Parameters, Step, fit};
use candle_nn::{VarBuilder, VarMap};

use crate::flags::{Learns, Optimizer, Stream};
use crate::learned::{Learned, Setting};
use crate::record::{Estimate, MODEL, Record, digest};
use crate::run::Run;
use crate::say;

/// Where the likelihood has no maximum, a fit ends this near to its infimum, in nats of all observations.
const NEAR: f64 = 1e-4;
/// How many steps of the three objectives are compared.
const COMPARED: usize = 200;
/// The name of what is streamed, until the fit has come to its end.
const RUNNING: &str = "running";
/// How many rows are looked at for the log, for each that is descended.
const LOGGING: usize = 4;
/// A step size of Adam, whose steps are of about this length at first.
const ADAM: f64 = 0.05;

/// An error once the loss stands above its start, where that is one.
pub struct Climb(Option<NoClimb>);

impl Climb {
    /// For a run that goes on: above this loss of its start, in nats per observation.
    pub(crate) fn above(self, start: f64) -> Self {
        Self(self.0.map(|_| NoClimb::above(start)))
    }
}

impl<M: Model> Hook<M> for Climb {
    fn on_step(&mut self, step: &Step<'_, M>) -> candle_mle::Result<ControlFlow<()>> {
        self.0.as_mut().map_or(Ok(ControlFlow::Continue(())), |climb| climb.on_step(step))
    }
}

impl<D: Learns> Run<D> {
    /// How the fit goes, from the flags: a sample is walked to its end by gradient descent, so that every step is seen; a
    /// table is fitted by L-BFGS until it has converged, or is near to an infimum that is no minimum.
    ///
    /// # Errors
    /// A minibatch that is larger than the data.
    pub fn plan<M, B: Batch>(&self, setting: &Setting<'_, M>, data: &Empirical<B>) -> Result<Plan> {
        let (flags, by) = (self.flags.data.descent(), By::GradientDescent { step_size: setting.step_size });
        if let Some(size) = flags.batch.filter(|size| f64::from(*size) > data.total()) {
            bail!(
                "--batch {size}: there are {} observations; leave it out, and every step descends all",
                count(data.total())
            );
        }
        let minibatch = flags.batch.map(|size| Minibatch {
            size: size as usize,
            seed: self.seed(),
            // The passes that only log cost no more than a few times the descent.
            every: data.distinct().div_ceil(LOGGING * size as usize),
        });
        let step_size = flags.lr.unwrap_or(setting.step_size);
        let descends = flags.lr.is_some() || flags.schedule.is_some() || flags.batch.is_some();
        // The infimum is that of the loss descended, per observation.
        let offset = if flags.objective() == Objective::Kl { data.entropy().nats() } else { 0.0 };
        let infimum = setting.separation.as_ref().map(|s| s.infimum.nats() / data.total() - offset);
        let to_the_end = Plan { by, steps: 1000, until_converged: false, ..Plan::default() };
        let to_the_maximum =
            Plan { by: By::Lbfgs, floor: infimum.map(|infimum| infimum + NEAR / data.total()), ..Plan::default() };
        let plan = if self.has_table() { to_the_maximum } else { to_the_end };
        let by = match flags.optimizer {
            Some(Optimizer::Sgd) => By::GradientDescent { step_size },
            Some(Optimizer::Momentum) => By::Momentum { step_size },
            Some(Optimizer::Adam) => By::Adam { step_size: flags.lr.unwrap_or(ADAM) },
            Some(Optimizer::Lbfgs) => By::Lbfgs,
            Some(Optimizer::Newton) => By::Newton,
            None if descends => By::GradientDescent { step_size },
            None => plan.by,
        };
        Ok(Plan {
            objective: flags.objective(),
            by,
            schedule: flags.schedule.unwrap_or_default(),
            minibatch,
            steps: flags.steps.unwrap_or(plan.steps),
            // Who says how many steps gets them.
            until_converged: plan.until_converged && flags.steps.is_none(),
            floor: plan.floor.filter(|_| flags.steps.is_none() && !flags.objective().is_penalized()),
            ..plan
        })
    }

    /// What refuses a step size whose loss climbs above its start, unless that is what is to be seen. Only of gradient descent on the
    /// whole p̂ it is sure that the step size is to blame.
    pub fn climb(&self, plan: &Plan) -> Climb {
        let sure = plan.minibatch.is_none() && !matches!(plan.by, By::Momentum { .. } | By::Adam { .. });
        Climb((sure && !self.flags.data.descent().let_it_diverge).then(NoClimb::default))
    }

    /// The log, with the sinks that were asked for.
    pub fn streamed<T>(&self, log: LossLog<T>) -> LossLog<T> {
        let unit = self.unit();
        self.flags.data.descent().log.iter().fold(log, |log, stream| match stream {
            Stream::Csv => log.to(CsvLines::new(self.out(RUNNING).with_extension("csv"), unit)),
            Stream::Json => log.to(JsonLines::new(self.out(RUNNING).with_extension("jsonl"), unit)),
            Stream::Tensorboard => log.to(TensorBoard::new(self.out(""), unit)),
        })
    }

    /// What was streamed is the log of a run that came to its end, or failed; log.csv is written whole.
    fn streamed_to_the_end(&self, name: &str) -> Result<()> {
        for stream in &self.flags.data.descent().log {
            match stream {
                Stream::Csv => std::fs::remove_file(self.out(RUNNING).with_extension("csv"))?,
                Stream::Json => {
                    std::fs::rename(self.out(RUNNING).with_extension("jsonl"), self.out(name).with_extension("jsonl"))?;
                }
                Stream::Tensorboard => {}
            }
        }
        Ok(())
    }

    /// The data as a fit takes them: on the device and in the numbers of this run.
    ///
    /// # Errors
    /// A column of which f32 keeps less than a thousandth of its range, as of times in seconds.
    pub fn place<B: Batch + Clone>(&self, p: &Empirical<B>) -> Result<Empirical<B>> {
        let (device, dtype) = self.placement();
        if dtype == DType::F32 && p.batch().dtype() == DType::F64 {
            let keys = p.batch().keys()?;
            let numbers = keys.given.unwrap_or(keys.outcome);
            let (width, all) = (numbers.dims().iter().skip(1).product(), host(&numbers)?);
            for column in 0..width {
                let values = || all.iter().skip(column).step_by(width);
                let low = values().copied().fold(f64::INFINITY, f64::min);
                let high = values().copied().fold(f64::NEG_INFINITY, f64::max);
                let lost = low.abs().max(high.abs()) * f64::from(f32::EPSILON);
                if high > low && (lost > 1e-3 * (high - low) || !(high as f32 - low as f32).is_finite()) {
                    bail!(
                        "column {column} (counted from 0) reaches from {} to {}, of which f32 keeps too few digits: subtract a \
                         number from it, or take --dtype f64",
                        typed(low),
                        typed(high)
                    );
                }
            }
        }
        Ok(p.to_dtype(dtype)?.to_device(device)?)
    }

    /// New variables, and the model that `make` builds of them, on the device and in the numbers of this run.
    ///
    /// # Errors
    /// Newton's method, asked for by name, where the model does not know its curvature.
    pub fn start<M: Model>(&self, make: impl Fn(VarBuilder) -> candle_mle::Result<M>) -> Result<(VarMap, M)> {
        let ((device, dtype), vars) = (self.placement(), VarMap::new());
        let model = make(VarBuilder::from_varmap(&vars, dtype, device))?;
        if self.flags.data.descent().optimizer == Some(Optimizer::Newton) && !newton_suits(&model, device) {
            bail!(
                "--optimizer newton: the curvature of this family is not known in closed form, it has too many parameters, or they are \
                 not on the CPU; take --optimizer lbfgs, which learns one"
            );
        }
        Ok((vars, model))
    }

    /// Fits the model that `make` builds of variables to p̂, says how it went, and writes log and parameters; the log also
    /// when the descent fails.
    pub fn learn<M: Model + Parameters + KlDivergence>(
        &self,
        p: &Empirical<M::Batch>,
        setting: Setting<'_, M>,
        make: impl Fn(VarBuilder) -> candle_mle::Result<M>,
    ) -> Result<Learned<M>>
    where
        M::Batch: Clone,
    {
        self.learn_until(p, setting, None, make)
    }

    /// The same, until the cross-entropy of rows that are held out has not fallen for so many steps, where any are.
    pub(crate) fn learn_until<M: Model + Parameters + KlDivergence>(
        &self,
        p: &Empirical<M::Batch>,
        setting: Setting<'_, M>,
        held_out: Option<(&Empirical<M::Batch>, usize)>,
        make: impl Fn(VarBuilder) -> candle_mle::Result<M>,
    ) -> Result<Learned<M>>
    where
        M::Batch: Clone,
    {
        let ((device, dtype), names) = (self.placement(), setting.names);
        let (data, (vars, model)) = (self.place(p)?, self.start(&make)?);
        let truth = setting.truth.map(|truth| truth.to_dtype(dtype)?.to_device(device)).transpose()?;
        let plan = self.plan(&setting, &data)?;
        let early = |(held_out, patience)| Ok::<_, anyhow::Error>(EarlyStopping::new(self.place(held_out)?, patience));
        let mut early = held_out.map(early).transpose()?;

        let (history, path, outcome) =
            self.follow(&plan, (vars, model), &data, truth.as_ref(), setting.names, early.as_mut())?;
        let best = match (&early, &outcome) {
            (Some(early), Ok(fitted)) => early.restore(&fitted.vars)?,
            _ => None,
        };
        let mut learned = self.learned(&plan, setting, history, &path, outcome)?;
        if let Some((step, least)) = best {
            learned.early = learned.history.rows().last().is_some_and(|last| last.step != step);
            let ended = if early.is_some_and(|early| early.stopped()) { "stopped early" } else { "not stopped early" };
            println!(
                "{ended}: the parameters are those of step {step}, where the held-out rows cost least, {} each",
                self.show(least)
            );
        }
        self.record(p, &learned, names, best.map(|(step, _)| step))?;
        self.compare_paths(&plan, &data, make)?;
        println!();
        Ok(learned)
    }

    /// What a fit has come to: says how it went, and writes log and parameters; the log also when the descent failed.
    pub fn learned<M: Model + Parameters>(
        &self,
        plan: &Plan,
        setting: Setting<'_, M>,
        history: History,
        path: &ParameterPath,
        outcome: candle_mle::Result<Fitted<M>>,
    ) -> Result<Learned<M>> {
        let Fitted { model, gradient, decrement, converged, end, .. } = match outcome {
            Ok(fitted) => fitted,
            // Nothing was descended, and there is nothing to log.
            Err(e) if history.rows().is_empty() => return Err(e.into()),
            Err(e) => {
                // Beside what an earlier run may have left, which stays.
                let place = self.out("log-of-failed-run.csv");
                // Where that cannot be written either, why it failed is still what is to be said.
                let left = history.write_csv(&place, self.unit()).is_ok();
                let left = self.streamed_to_the_end("log-of-failed-run").is_ok() && left;
                if self.flags.data.descent().let_it_diverge && self.draws() {
                    self.draw_divergence(&history)?;
                }
                let e = anyhow::Error::from(e);
                if !left {
                    return Err(e);
                }
                return Err(anyhow!("{e:#}\nThe log up to that step is in {}", place.display()));
            }
        };
        history.write_csv(self.out("log.csv"), self.unit())?;
        self.streamed_to_the_end("log")?;
        let file = self.out(MODEL);
        // As it was learnt; the numbers below are for what is said of it.
        let saved = model.to_device(&Device::Cpu)?;
        let learned = Learned {
            model: model.to_device(&Device::Cpu)?.to_dtype(DType::F64)?,
            history,
            path: path.path().to_vec(),
            separation: setting.separation,
            gradient,
            decrement,
            converged,
            end,
            early: false,
            plan: *plan,
        };
        let mut texts = setting.names.texts();
        texts.extend(Record::of(&learned.history, Estimate::of(&learned)).texts());
        saved.save_with(file, &texts)?;
        say::descent(plan, &learned, (setting.names.target.is_empty(), self.placement().1), self.unit());
        Ok(learned)
    }

    /// Keeps in the model's file what the fit came to, with a digest of what was observed; `best` is the step that it went back to.
    pub(crate) fn record<M: Model>(
        &self,
        p: &Empirical<M::Batch>,
        learned: &Learned<M>,
        names: &Names,
        best: Option<usize>,
    ) -> Result<()> {
        let mut record = Record::of(&learned.history, Estimate::of(learned));
        let row = learned.history.rows().iter().find(|row| Some(row.step) == best);
        record.nll = row.map_or(record.nll, |row| row.nll);
        record.outcomes = Some(digest(names, p)?);
        Ok(keep(self.out(MODEL), BTreeMap::new(), &record.texts())?)
    }

    /// Says whether the three objectives walk one path: the first steps of gradient descent on each, by the same minibatches. L-BFGS
    /// learns a curvature of its own from each loss, Adam divides by the size of each gradient, and of their paths nothing is claimed.
    pub fn compare_paths<M: Model + Parameters>(
        &self,
        plan: &Plan,
        data: &Empirical<M::Batch>,
        make: impl Fn(VarBuilder) -> candle_mle::Result<M>,
    ) -> Result<()> {
        // With a penalty the one that was walked is none of theirs.
        let (By::GradientDescent { .. } | By::Momentum { .. }) = plan.by else { return Ok(()) };
        if plan.objective.is_penalized() {
            return Ok(());
        }
        let (steps, mut paths) = (plan.steps.min(COMPARED), vec![]);
        for objective in [Objective::CrossEntropy, Objective::Kl, Objective::Nll] {
            let ((vars, model), mut path) = (self.start(&make)?, ParameterPath::new());
            let mut descent = Plan { objective, ..*plan }.optimizer(&model, &vars, data)?;
            match fit(&model, plan.source(data)?, objective, descent.as_mut(), 0..steps, &mut path) {
                Err(Error::NoResolution) => continue, // there is no KL to descend
                outcome => outcome?,
            };
            paths.push(path.path().to_vec());
        }
        say::same_path(plan, &paths, steps, data.batch().dtype());
        Ok(())
    }
}
