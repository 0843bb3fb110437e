//! Maximum likelihood in one call.

use std::ops::ControlFlow::{self, Break, Continue};

use candle_core::{DType, Device, Tensor, backprop::GradStore};
use candle_mle_info::Information;
use candle_nn::{VarBuilder, VarMap};
use rand::Rng;

use crate::batch::Batch;
use crate::checkpoint::Checkpoint;
use crate::descent::{Descent, State};
use crate::empirical::Empirical;
use crate::error::{Result, parameter};
use crate::fit::{Adam, End, GradientDescent, Lbfgs, Minibatches, Newton, Schedule, Source, fit};
use crate::hook::{GradientNorm, History, Hook, Log, LossLog, Step};
use crate::model::{Mixture, Model};
use crate::objective::Objective;
use crate::parameters::Parameters;
use crate::standardize::Standardize;

/// A fitted model, the variables that it is made of, and how the fit went.
#[non_exhaustive]
pub struct Fitted<M> {
    /// As the last step left it.
    pub model: M,
    /// Its variables.
    pub vars: VarMap,
    /// One row a step.
    pub history: History,
    /// The largest component of the gradient at the end, in nats per observation and unit of parameter.
    pub gradient: f64,
    /// By how much −Σ ln q of all observations may still fall, in nats, as far as the optimiser knows its curvature.
    pub decrement: Option<f64>,
    /// Whether gradient and decrement are as small as was asked for.
    pub converged: bool,
    /// Why it ended.
    pub end: End,
}

impl<M> Fitted<M> {
    /// The cross-entropy at the end, per observation.
    pub fn cross_entropy(&self) -> Information {
        Information::from_nats(self.history.rows().last().map_or(f64::NAN, |row| row.cross_entropy))
    }
}

impl<M: std::fmt::Debug> std::fmt::Debug for Fitted<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fitted")
            .field("model", &self.model)
            .field("history", &self.history)
            .field("gradient", &self.gradient)
            .field("decrement", &self.decrement)
            .field("converged", &self.converged)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

/// How a fit goes, and when it ends. The default is what [`maximum_likelihood`] does: Newton's method or L-BFGS on the
/// cross-entropy until no component of the gradient exceeds 1e-9 nats per observation and all observations together could gain
/// no more than 1e-12 nats, 10,000 steps at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// What is descended.
    pub objective: Objective,
    /// By what.
    pub by: By,
    /// At most so many updates.
    pub steps: usize,
    /// The fit has converged, and ends, when no component of the gradient exceeds this, in nats per observation, and where the
    /// optimiser knows a curvature −Σ ln q can fall no more: what is rare counts little in a mean, and is fitted all the same.
    pub tolerance: f64,
    /// Whether a fit that has converged ends there.
    pub until_converged: bool,
    /// The loss per observation, in nats, near enough to which the fit ends: for a likelihood without a maximum, whose
    /// infimum is known.
    pub floor: Option<f64>,
    /// How a step size changes; the methods that look for theirs have none.
    pub schedule: Schedule,
    /// Whether a step sees some observations only. The log is of all of them.
    pub minibatch: Option<Minibatch>,
}

/// What moves the variables.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum By {
    /// [Newton's method](Newton), which needs no step size, where it is the fastest: on the CPU, of a family that knows its curvature,
    /// with up to 320 parameters. Elsewhere L-BFGS.
    Newton,
    /// L-BFGS, which needs no step size.
    Lbfgs,
    /// Gradient descent with a constant step size, per observation.
    GradientDescent {
        /// In units of the parameters.
        step_size: f64,
    },
    /// The same with the momentum 0.9: a step goes on with nine tenths of the one before.
    Momentum {
        /// In units of the parameters.
        step_size: f64,
    },
    /// Adam with this step size, which no loss scales.
    Adam {
        /// In units of the parameters.
        step_size: f64,
    },
}

/// Minibatches of a plan: what [`Minibatches`] is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Minibatch {
    /// How many observations.
    pub size: usize,
    /// Of what is drawn.
    pub seed: u64,
    /// At every how many steps the whole p̂ is logged.
    pub every: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            objective: Objective::CrossEntropy,
            by: By::Newton,
            steps: 10_000,
            tolerance: 1e-9,
            until_converged: true,
            floor: None,
            schedule: Schedule::Constant,
            minibatch: None,
        }
    }
}

impl Plan {
    /// The optimiser, for a model and its variables. A step size is divided by n for the likelihood, so that all objectives walk
    /// one path.
    ///
    /// # Errors
    /// A step size that is not a finite number > 0.
    pub fn optimizer<'a, M: Model>(
        &self,
        model: &'a M,
        vars: &VarMap,
        p: &'a Empirical<M::Batch>,
    ) -> Result<Box<dyn Descent + 'a>> {
        let (schedule, steps) = (self.schedule, self.steps);
        let factor = move |update| schedule.factor(update, steps);
        // The likelihood of a minibatch is of as many observations as are in it.
        let scale = match (self.objective, self.minibatch) {
            (Objective::Nll, Some(minibatch)) => minibatch.size as f64,
            (objective, _) => objective.scale(p),
        };
        Ok(match self.by {
            By::Newton if newton_suits(model, &p.batch().device()) => match Newton::new(model, vars, p, self.objective)
            {
                Some(newton) => Box::new(newton),
                None => Box::new(Lbfgs::new(vars)),
            },
            By::Newton | By::Lbfgs => Box::new(Lbfgs::new(vars)),
            By::GradientDescent { step_size } => {
                Box::new(GradientDescent::new(vars, step_size / scale)?.schedule(factor))
            }
            By::Momentum { step_size } => {
                let descent = GradientDescent::new(vars, step_size / scale)?;
                Box::new(descent.momentum(MOMENTUM)?.schedule(factor))
            }
            By::Adam { step_size } => Box::new(Adam::new(vars, step_size)?.schedule(factor)),
        })
    }

    /// What the fit sees of p̂ at each step: all of it, or minibatches.
    ///
    /// # Errors
    /// Minibatches of no observation.
    pub fn source<'a, B: Batch>(&self, p: &'a Empirical<B>) -> Result<Box<dyn Source<B> + 'a>> {
        Ok(match self.minibatch {
            None => Box::new(p),
            Some(Minibatch { size, seed, every }) => Box::new(Minibatches::new(p, size, seed)?.every(every)),
        })
    }

    /// The tolerance in the numbers of these data: at least 1e-5 where they are not f64, since rounding hides what is smaller.
    pub fn tolerance_for<B: Batch>(&self, p: &Empirical<B>) -> f64 {
        if p.batch().dtype() == DType::F64 { self.tolerance } else { self.tolerance.max(1e-5) }
    }

    /// The hook that ends the fit of these variables where the plan says so.
    pub fn enough<B: Batch>(&self, vars: &VarMap, p: &Empirical<B>) -> Enough {
        let gradient = GradientNorm::new(vars, self.tolerance_for(p) * self.objective.scale(p));
        let (scale, most) = (self.objective.scale(p), (1e6 * self.tolerance_for(p).powi(2)).max(NOTHING));
        let (until_converged, floor) = (self.until_converged, self.floor);
        Enough { gradient, scale, total: p.total(), decrement: None, most, until_converged, floor }
    }

    /// Follows the plan: fits `model`, whose variables are `vars`, and logs every step; `watch` looks on.
    ///
    /// # Errors
    /// As [`fit`]; the log up to there is left in `log`.
    pub fn follow<M: Model>(
        &self,
        model: M,
        vars: VarMap,
        p: &Empirical<M::Batch>,
        log: &mut impl Log<M>,
        watch: &mut (impl Hook<M> + ?Sized),
    ) -> Result<Fitted<M>> {
        self.go((0, None), (model, vars), p, log, watch)
    }

    /// The same from a checkpoint of it on: every further step is that of a run that was not stopped, to the last bit. `log`
    /// [continues](LossLog::continuing) the checkpoint's history.
    ///
    /// # Errors
    /// As [`follow`](Self::follow); a state of another optimiser.
    pub fn resume<M: Model + Parameters>(
        &self,
        at: &Checkpoint<M>,
        p: &Empirical<M::Batch>,
        log: &mut impl Log<M>,
        watch: &mut (impl Hook<M> + ?Sized),
    ) -> Result<Fitted<M>> {
        let (vars, model) = at.model.learner()?;
        self.go((at.step, Some(&at.state)), (model, vars), p, log, watch)
    }

    fn go<M: Model>(
        &self,
        (start, state): (usize, Option<&State>),
        (model, vars): (M, VarMap),
        p: &Empirical<M::Batch>,
        log: &mut impl Log<M>,
        watch: &mut (impl Hook<M> + ?Sized),
    ) -> Result<Fitted<M>> {
        let (mut enough, mut optimizer) = (self.enough(&vars, p), self.optimizer(&model, &vars, p)?);
        if let Some(state) = state {
            optimizer.restore(state.clone())?;
        }
        let hooks = &mut (&mut *log, &mut *watch, &mut enough);
        let end = fit(&model, self.source(p)?, self.objective, optimizer.as_mut(), start..self.steps, hooks)?;
        if !p.batch().device().is_cpu() {
            // There the hook looks now and then.
            let loss = self.objective.loss(&model, &model.log_prob(p.batch())?, p)?;
            let gradients = loss.backward()?;
            enough.look(&gradients, Some(optimizer.as_ref()))?;
        }
        drop(optimizer); // it looks at the model
        Ok(enough.fitted(model, vars, log.history()?, end))
    }

    /// The same for the model that `make` builds of new variables, in the type of numbers and on the device of the data.
    ///
    /// # Errors
    /// As [`fit`], and what `make` refuses.
    pub fn fit<M: Model>(
        &self,
        p: &Empirical<M::Batch>,
        make: impl FnOnce(VarBuilder) -> Result<M>,
    ) -> Result<Fitted<M>> {
        let vars = VarMap::new();
        let model = make(VarBuilder::from_varmap(&vars, p.batch().dtype(), &p.batch().device()))?;
        self.follow(model, vars, p, &mut LossLog::new(), &mut ())
    }

    /// The same from where a model stands.
    ///
    /// # Errors
    /// As [`fit`].
    pub fn fit_from<M: Model + Parameters>(&self, p: &Empirical<M::Batch>, start: &M) -> Result<Fitted<M>> {
        let (vars, model) = start.learner()?;
        self.follow(model, vars, p, &mut LossLog::new(), &mut ())
    }
}

/// Ends a fit where its [`Plan`] says: once it has converged, or is near enough to an infimum.
#[derive(Debug)]
pub struct Enough {
    gradient: GradientNorm,
    /// Of the loss descended, against the mean; and n.
    scale: f64,
    total: f64,
    decrement: Option<f64>,
    /// The decrement at which a fit ends.
    most: f64,
    until_converged: bool,
    floor: Option<f64>,
}

/// Whether [`By::Newton`] is Newton's method for this model: of a family that knows its curvature, with few parameters, on the CPU.
pub fn newton_suits<M: Model>(model: &M, device: &Device) -> bool {
    model.curved().is_some_and(|curved| curved.free().len() <= MOST) && device.is_cpu()
}

/// How much of a step [`By::Momentum`] keeps.
const MOMENTUM: f64 = 0.9;

/// Of how many parameters Newton's method is faster than L-BFGS: with so many a look at the curvature of all rows costs what seven
/// gradients do, and one such look is all that a fit needs.
const MOST: usize = 320;

/// Nats of all observations together that are nothing: for them an estimate moves by a millionth of its standard error.
const NOTHING: f64 = 1e-12;

/// Within so many tolerances a gradient may be all that rounding leaves of 0.
const NEAR: f64 = 1e3;

/// Times that, where rounding ends a fit before: a thousandth.
const ALMOST: f64 = 1e6;

impl Enough {
    /// What the fit has come to that this hook saw to its end.
    pub fn fitted<M>(self, model: M, vars: VarMap, history: &History, end: End) -> Fitted<M> {
        // Where no step gains more than rounding, a gradient that rounding makes may stay above its tolerance.
        let rounded =
            end == End::Stalled && self.decrement.is_some() && self.gradient.norm() <= NEAR * self.gradient.tolerance();
        let flat = self.gradient.reached() || rounded;
        let converged = flat && self.decrement.is_none_or(|left| left <= ALMOST * self.most);
        let (gradient, decrement) = (self.gradient.norm() / self.scale, self.decrement);
        Fitted { model, vars, history: history.clone(), gradient, decrement, converged, end }
    }

    fn look(&mut self, gradients: &GradStore, optimizer: Option<&dyn Descent>) -> Result<()> {
        self.gradient.look(gradients)?;
        // It costs as much as a direction does: it is asked for where it may end the fit.
        let near = optimizer.filter(|_| self.gradient.norm() <= NEAR * self.gradient.tolerance());
        let decrement = near.map(|optimizer| optimizer.decrement(gradients)).transpose()?.flatten();
        self.decrement = decrement.map(|decrement| decrement / self.scale * self.total);
        Ok(())
    }
}

impl<M: Model> Hook<M> for Enough {
    fn on_step(&mut self, step: &Step<'_, M>) -> Result<ControlFlow<()>> {
        let Some(gradients) = step.gradients.filter(|_| step.due()) else { return Ok(Continue(())) };
        self.look(gradients, step.optimizer)?;
        let flat = self.gradient.reached() && self.decrement.is_none_or(|left| left <= self.most);
        let converged = flat && self.until_converged;
        let near = match self.floor {
            Some(floor) => step.loss()? <= floor,
            None => false,
        };
        Ok(if converged || near { Break(()) } else { Continue(()) })
    }
}

/// The maximum of the likelihood of what was observed: `make` builds the model of new variables, Newton's method or L-BFGS
/// moves them until no component of the gradient exceeds 1e-9 nats per observation, and the three quantities are logged at every
/// step. That is [`Plan::default`], whose fields change it.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::model::Bernoulli;
/// use candle_mle::{Empirical, maximum_likelihood};
/// let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu)?, &[60.0, 40.0])?;
/// let fitted = maximum_likelihood(&p, Bernoulli::new)?;
/// assert!(fitted.converged && (fitted.model.prob()? - 0.6).abs() < 1e-8);
/// // The floor that no model of any kind gets below.
/// assert!((fitted.cross_entropy() - p.entropy()).nats().abs() < 1e-12);
/// # Ok::<(), candle_mle::Error>(())
/// ```
///
/// # Errors
/// As [`fit`], and what `make` refuses. A fit that has not converged is none: see [`Fitted::converged`]. Whether a
/// maximum exists is for [`separation`](crate::separation()) to say.
pub fn maximum_likelihood<M: Model>(
    p: &Empirical<M::Batch>,
    make: impl FnOnce(VarBuilder) -> Result<M>,
) -> Result<Fitted<M>> {
    Plan::default().fit(p, make)
}

/// The same from where a model stands: a seeded start where zero is a saddle, or the end of an earlier fit.
///
/// # Errors
/// As [`maximum_likelihood`].
pub fn maximum_likelihood_from<M: Model + Parameters>(p: &Empirical<M::Batch>, start: &M) -> Result<Fitted<M>> {
    Plan::default().fit_from(p, start)
}

impl Mixture {
    /// The best of `restarts` fits from [seeded](Self::seeded) starts in standard coordinates, its components in the order
    /// of their means: the likelihood of a mixture has many maxima, and of the highest found only this can be said.
    ///
    /// ```
    /// use candle_core::{Device, Tensor};
    /// use candle_mle::Empirical;
    /// use candle_mle::model::Mixture;
    /// use rand::SeedableRng;
    /// let p = Empirical::from_sample(Tensor::new(&[[1.0], [2.0], [3.0], [11.0], [13.0]], &Device::Cpu)?)?;
    /// let best = Mixture::best_of(5, &p, 2, &[0.1], &mut rand_chacha::ChaCha8Rng::seed_from_u64(1))?;
    /// let means = best.model.means()?.flatten_all()?.to_vec1::<f64>()?;
    /// assert!((means[0] - 2.0).abs() < 1e-6 && (means[1] - 12.0).abs() < 1e-6);
    /// # Ok::<(), candle_mle::Error>(())
    /// ```
    ///
    /// # Errors
    /// No restart; as [`Mixture::seeded`] and [`fit`]. A start whose descent fails is passed over, unless all do.
    pub fn best_of<R: Rng + ?Sized>(
        restarts: usize,
        p: &Empirical<Tensor>,
        components: usize,
        floor: &[f64],
        rng: &mut R,
    ) -> Result<Fitted<Self>> {
        let map = Standardize::moments(p.batch(), p.mass())?;
        let mut best: Option<Fitted<Self>> = None;
        let mut failed = None;
        for _ in 0..restarts {
            let start = Self::seeded(p.batch(), p.mass(), components, floor, rng)?;
            match maximum_likelihood_from(p, &start.expressed_in(map.clone())?) {
                Ok(fitted) if best.as_ref().is_none_or(|best| fitted.cross_entropy() < best.cross_entropy()) => {
                    best = Some(fitted);
                }
                Ok(_) => {}
                Err(error) => failed = Some(error),
            }
        }
        let Some(mut best) = best else {
            return Err(failed.unwrap_or_else(|| parameter("restarts", 0.0, "a whole number ≥ 1")));
        };
        best.model = best.model.in_order()?;
        Ok(best)
    }
}
