//! The course of a run: fit with the hooks that a person wants, then say what happened.

use std::ops::ControlFlow::{Break, Continue};

use candle_core::Device;
use candle_nn::{Optimizer, SGD, VarBuilder, VarMap};

use super::{Learns, Run};
use crate::device::float;
use crate::empirical::Empirical;
use crate::error::{Error, Result};
use crate::fit::{Descent, Lbfgs, fit};
use crate::hook::{GradientNorm, History, Hook, LossLog, NoClimb, ParameterPath, Progress, Step};
use crate::info::Unit;
use crate::model::{Classifier, Gaussian, KlDivergence, Model, Parameters, host, save};
use crate::number::shown;
use crate::objective::Objective;
use crate::separation::Separation;
use crate::table::Design;

/// What a run leaves: the fitted model, its log, the way it went, and what keeps its likelihood from having a maximum.
pub struct Learned<M> {
    /// As the last step left it.
    pub model: M,
    /// One row a step.
    pub history: History,
    /// θ of every step in the data's units, the parameters in the order of their names.
    pub path: Vec<Vec<f64>>,
    /// Why the likelihood has no finite maximum, if so.
    pub separation: Option<Separation>,
    /// Whether the last step stands at the maximum.
    pub converged: bool,
}

/// A fit has converged when no component of the gradient, in nats per observation, exceeds this.
const CONVERGED: f64 = 1e-9;
/// Where the likelihood has no maximum, a fit ends this near to its infimum, in nats per observation.
const NEAR: f64 = 1e-6;
/// Values this near, in nats per observation, are one minimum when an argmin is looked for.
const FLAT: f64 = 1e-9;
/// How many steps of the three objectives are compared.
const COMPARED: usize = 200;

impl<D: Learns> Run<D> {
    /// Fits the model that `make` builds of variables, says how it went, and writes log and parameters; the log also when
    /// the descent fails. `step_size` is the family's own, taken unless one was typed.
    pub fn learn<M: Model + Parameters + KlDivergence>(
        &self,
        data: &Empirical<M::Batch>,
        truth: Option<&M>,
        separation: Option<Separation>,
        step_size: f64,
        make: impl Fn(VarBuilder) -> Result<M>,
        device: &Device,
    ) -> Result<Learned<M>> {
        let (learning, unit) = (self.learning(), self.unit());
        let step_size = learning.lr.unwrap_or(step_size);
        let steps = learning.steps.unwrap_or(if self.flags.data.csv().is_some() { 10_000 } else { 1000 });
        let start = || -> Result<(VarMap, M)> {
            let vars = VarMap::new();
            let model = make(VarBuilder::from_varmap(&vars, float(device), device))?;
            Ok((vars, model))
        };
        let sgd = |vars: &VarMap, objective: Objective| SGD::new(vars.all_vars(), step_size / objective.scale(data));

        let (vars, model) = start()?;
        let (mut log, mut path) = (LossLog::with_truth(truth), ParameterPath::new());
        let (mut progress, mut climb) = (Progress::new(steps, unit), NoClimb::default());
        let mut converged = GradientNorm::new(&vars, CONVERGED * learning.objective.scale(data));
        let near = separation.as_ref().map(|s| s.infimum.nats() / data.total() + NEAR);
        let mut end = |step: &Step<'_, M>| {
            let there = converged.on_step(step)?;
            Ok(match near {
                _ if self.flags.data.csv().is_none() || learning.steps.is_some() => Continue(()),
                Some(near) if step.cross_entropy()? <= near => Break(()),
                Some(_) => Continue(()),
                None => there,
            })
        };
        let mut descend = |by: &mut dyn Descent| {
            let mut watch = (&mut progress, &mut climb, &mut end);
            fit(&model, data, learning.objective, by, steps, &mut (&mut log, &mut path, &mut watch))
        };
        let by_lbfgs = self.flags.data.csv().is_some() && learning.lr.is_none();
        let outcome =
            if by_lbfgs { descend(&mut Lbfgs::new(&vars)) } else { descend(&mut sgd(&vars, learning.objective)?) };
        drop(progress);
        let history = log.into_history()?;
        let log = self.out("log.csv");
        match outcome {
            // Nothing was descended, and there is nothing to log.
            Err(e) if history.rows().is_empty() => return Err(e),
            outcome => {
                history.write_csv(&log, unit)?;
                outcome.map_err(|e| {
                    // What an earlier run left there would stand beside the log of this one.
                    for stale in ["descent.png", "landscape.png", "model.png", "parameters.safetensors"] {
                        let _ = std::fs::remove_file(self.out(stale)); // most often there is none
                    }
                    Error::Other(format!("{e}\nThe log up to that step is in {}", log.display()).into())
                })?;
            }
        }
        save(&model, self.out("parameters.safetensors"))?;

        let of = match learning.objective {
            Objective::Kl => "KL divergence",
            Objective::CrossEntropy => "cross-entropy",
            Objective::Nll => "negative log-likelihood",
            Objective::ReverseKl => "reverse KL divergence",
        };
        let by = if by_lbfgs { "L-BFGS".into() } else { format!("gradient descent, step size {step_size:.3},") };
        println!("{by} on the {of}\n\n{}", history.table(unit, 10));
        match &separation {
            Some(separation) => say_no_maximum(separation, &history, unit),
            None => {
                say_minimum(&history, converged.reached());
                let norm = rounding(converged.norm() / learning.objective.scale(data));
                match converged.reached() {
                    true => println!("converged: the largest component of the gradient is {norm} nats per observation"),
                    false => println!(
                        "NOT converged: a component of the gradient is still {norm} nats per observation; take more --steps, or another --lr"
                    ),
                }
            }
        }
        if !by_lbfgs {
            let mut paths = vec![];
            for objective in [Objective::CrossEntropy, Objective::Kl, Objective::Nll] {
                let ((vars, model), mut path) = (start()?, ParameterPath::new());
                match fit(&model, data, objective, &mut sgd(&vars, objective)?, steps.min(COMPARED), &mut path) {
                    Err(Error::NoResolution) => continue, // there is no KL to descend
                    outcome => outcome?,
                }
                paths.push(path);
            }
            let apart = paths.iter().map(|path| distance(path.path(), paths[0].path())).fold(0.0, f64::max);
            let steps = steps.min(COMPARED);
            println!("the same path: in {steps} steps the objectives move θ alike to {} of its size", rounding(apart));
        }
        println!();
        Ok(Learned { model, history, path: path.path().to_vec(), separation, converged: converged.reached() })
    }

    /// Says where pictures and numbers are.
    pub fn say_files(&self) {
        println!("pictures (*.png), every step (log.csv) and the parameters are in {}", self.out("").display());
    }

    /// Says what was observed.
    pub fn say_data<B: crate::model::Batch>(&self, what: &str, entropy: &str, data: &Empirical<B>) {
        println!("{what}");
        let (n, m, h) = (data.total(), data.distinct(), self.show(data.entropy()));
        println!("n = {n} observations, {m} distinct rows, {entropy} = {h}\n");
    }

    /// The coefficients beside the truth, by the names of columns and classes.
    pub fn say_coefficients<M: Classifier>(
        &self,
        design: &Design,
        learned: &Learned<M>,
        truth: Option<&M>,
    ) -> Result<()> {
        let rows = |model: &M| -> Result<Vec<Vec<f64>>> {
            let coefficients = model.coefficients()?;
            Ok(host(&coefficients)?.chunks(coefficients.dim(1)?).map(<[f64]>::to_vec).collect())
        };
        let estimate = rows(&learned.model)?;
        let (mut beside, mut header) = (truth.map(rows).transpose()?, "truth");
        if let Some(separation) = &learned.separation {
            (beside, header) = (Some(separation.direction.clone()), "running off by");
        }
        println!("logits per unit of each column, against {} {}", design.target, design.classes[0]);
        let names: Vec<&str> =
            std::iter::once("(intercept)").chain(design.columns.iter().map(String::as_str)).collect();
        let width = names.iter().map(|n| n.chars().count()).max().unwrap_or(0);
        for (class, name) in design.classes.iter().enumerate().skip(1) {
            let header = if beside.is_some() { format!("{header:>16}") } else { String::new() };
            println!("  {:<width$}  {:>14}{header}", format!("{} {name}", design.target), "estimate");
            let last = estimate[class].len() - 1;
            for (row, name) in names.iter().enumerate() {
                // The intercept is kept last and read first.
                let at = if row == 0 { last } else { row - 1 };
                let beside = beside.as_ref().map_or(String::new(), |b| format!("  {:>14}", shown(b[class][at])));
                println!("    {name:<width$}  {:>12}{beside}", shown(estimate[class][at]));
            }
        }
        println!();
        Ok(())
    }

    /// Mean, standard deviation and correlations beside the truth; warns where the resolution is too coarse to be exact.
    pub fn say_moments(
        &self,
        names: &[String],
        model: &Gaussian,
        truth: Option<&Gaussian>,
        data: &Empirical<candle_core::Tensor>,
    ) -> Result<()> {
        let moments = |model: &Gaussian| -> Result<_> { Ok((host(&model.mean()?)?, host(&model.covariance()?)?)) };
        let (mean, covariance) = moments(model)?;
        let truth = truth.map(moments).transpose()?;
        let k = mean.len();
        let width = names.iter().map(|n| n.chars().count()).max().unwrap_or(0);
        println!("{:<width$}  {:>12}{}", "", "estimate", if truth.is_some() { "         truth" } else { "" });
        for (i, name) in names.iter().enumerate() {
            let value = |(mean, covariance): &(Vec<f64>, Vec<f64>)| [mean[i], covariance[i * k + i].sqrt()];
            let estimate = value(&(mean.clone(), covariance.clone()));
            for (at, what) in ["mean", "standard deviation"].iter().enumerate() {
                let truth = truth.as_ref().map_or(String::new(), |t| format!("  {:>12}", shown(value(t)[at])));
                println!("{name:<width$}  {:>12}{truth}  {what}", shown(estimate[at]));
            }
        }
        for i in 0..k {
            for j in 0..i {
                let rho = covariance[i * k + j] / (covariance[i * k + i] * covariance[j * k + j]).sqrt();
                println!("{:<width$}  {rho:>12.6}  correlation of {} and {}", "", names[j], names[i]);
            }
        }
        for ((name, sigma), delta) in
            names.iter().zip(model.conditional_std()?).zip(data.resolution().unwrap_or_default())
        {
            if sigma < *delta {
                println!(
                    "warning: the fitted standard deviation of {name}, {}, is below its resolution {delta}: the midpoint rule is too coarse there, and KL may be negative",
                    shown(sigma)
                );
            }
        }
        println!();
        Ok(())
    }
}

fn say_minimum(history: &History, converged: bool) {
    let (at, of) = (history.argmin(FLAT), if converged { "" } else { " of the steps so far" });
    let step = |argmin: Option<usize>| argmin.map_or("nowhere (infinite)".to_string(), |step| format!("step {step}"));
    println!(
        "argmin{of}, within 1e-9 nats: KL {}, cross-entropy {}, NLL {}",
        step(at.kl),
        step(at.cross_entropy),
        step(at.nll)
    );
    match history.residual() {
        Some(residual) => {
            println!("H(p_data,q) = H(p_data) + KL and NLL = n H(p_data,q): largest residual {}", rounding(residual))
        }
        None => {
            println!("without a resolution KL to a density is infinite and no identity is claimed: see --resolution")
        }
    }
}

fn say_no_maximum(separation: &Separation, history: &History, unit: Unit) {
    let (nll, infimum) = (history.rows().last().map_or(f64::NAN, |row| row.nll), separation.infimum.to(unit));
    let why = match (separation.direction.iter().any(|class| class.len() > 1), separation.complete) {
        (false, _) => "one outcome alone was seen",
        (true, true) => "the columns tell the classes apart completely",
        (true, false) => "the columns tell the classes apart in part",
    };
    println!("no finite maximum of the likelihood: {why}, so the argmin is none");
    println!("NLL falls towards {infimum:.4} {unit} and never gets there; here it is {:.4}", nll / unit.nats());
}

/// A relative error; below 1e-14 its digits are the processor's, and say nothing.
fn rounding(error: f64) -> String {
    if error < 1e-14 { "< 1e-14".into() } else { format!("{error:.0e}") }
}

/// The largest distance of two paths, relative to the size of the second.
fn distance(a: &[Vec<f64>], b: &[Vec<f64>]) -> f64 {
    let size = b.iter().flatten().fold(f64::MIN_POSITIVE, |size, v| size.max(v.abs()));
    let apart = a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| (a - b).abs());
    apart.fold(0.0, f64::max) / size
}
