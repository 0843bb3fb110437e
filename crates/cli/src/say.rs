//! What is printed of a run.

use anyhow::Result;
use candle_core::DType;
use candle_mle::batch::Batch;
use candle_mle::fit::{End, Schedule};
use candle_mle::info::Unit;
use candle_mle::info::number::{count, seen};
use candle_mle::mle::{By, Minibatch, Plan};
use candle_mle::separation::{Separation, separation};
use candle_mle::{Empirical, Error, History, Labelled};

use candle_mle::hook::Row;
use serde_json::Value;

use crate::flags::{Data, Learns};
use crate::learned::Learned;
use crate::run::Run;
use crate::said::{number, tell};

/// Values this near are one minimum when an argmin is looked for: in nats per observation, and no more than a ten-thousandth nat
/// of all observations together, but for rounding.
pub(crate) fn flat(history: &History) -> f64 {
    f64::min(1e-9, (1e-4 / history.total()).max(1e-15))
}

/// How a descent went: its table, its end.
/// `points` says whether it is of points of a density, and `dtype` what numbers it is of.
pub(crate) fn descent<M>(plan: &Plan, learned: &Learned<M>, (points, dtype): (bool, DType), unit: Unit) {
    println!("{} on the {}", method(plan), plan.objective);
    tell_descent(plan, learned, unit);
    if let Some(Minibatch { every, .. }) = plan.minibatch {
        let every = if every == 1 { "at every step".into() } else { format!("at every {every} steps and at the last") };
        println!("the three quantities are those of the whole p̂, by a pass of their own {every}");
    }
    println!("\n{}", learned.history.table(unit, 10));
    if let Some(separation) = &learned.separation {
        return no_maximum(separation, &learned.history, unit);
    }
    match plan.objective.is_penalized() {
        true => println!(
            "descended: the {}; where it is least the three above are not, which know of no penalty",
            plan.objective
        ),
        false => minimum(&learned.history, learned.converged),
    }
    identities(&learned.history, points);
    let gradient = rounding(learned.gradient);
    let what = if plan.objective.is_penalized() { "it" } else { "NLL" };
    match (learned.converged, learned.end) {
        (true, _) => println!(
            "converged: the largest component of the gradient is {gradient} nats per observation{}",
            learned
                .decrement
                .map_or(String::new(), |left| format!("; {what} could fall by {} nats more", rounding(left)))
        ),
        (false, End::Stalled) => println!(
            "NOT converged: no step gains more than rounding, and a component of the gradient is still {gradient} nats per \
             observation; rescale the columns{}",
            if dtype == DType::F64 { "" } else { ", or take --dtype f64" }
        ),
        (false, End::Hook) => {
            println!(
                "stopped before it converged: a component of the gradient is still {gradient} nats per observation"
            );
        }
        (false, _) => {
            let rows = learned.history.rows();
            let ends = [rows.first(), rows.last()].map(|row| row.map_or(f64::NAN, |row| row.cross_entropy));
            let cure = match plan.minibatch {
                _ if ends[1] > ends[0] => "a smaller --lr",
                // However many steps there are, by a constant step size it wanders around the minimum.
                Some(_) if plan.schedule == Schedule::Constant => {
                    "steps that shrink, --schedule cosine, or a larger --batch"
                }
                Some(_) => "more --steps, or a larger --batch",
                None => "more --steps, or another --lr",
            };
            let left =
                learned.decrement.map_or(String::new(), |left| format!(", and {what} could fall by {left:.0e} nats"));
            println!(
                "NOT converged: a component of the gradient is still {gradient} nats per observation{left}; take {cure}"
            );
        }
    }
}

/// The same for the document.
fn tell_descent<M>(plan: &Plan, learned: &Learned<M>, unit: Unit) {
    let history = &learned.history;
    let row = |row: &Row| {
        let of = [("kl", row.kl), ("cross_entropy", row.cross_entropy), ("nll", row.nll)];
        let of = of.map(|(name, value)| (name, number(value / unit.nats())));
        [vec![("step", row.step.into())], of.to_vec()].concat().into_iter().map(|(name, v)| (name.into(), v)).collect()
    };
    let rows = [("start", history.rows().first()), ("end", history.rows().last())];
    for (name, at) in rows {
        tell(&format!("descent.{name}"), at.map_or(Value::Null, |at| Value::Object(row(at))));
    }
    let at = history.argmin(flat(history));
    let argmin = [("kl", at.kl), ("cross_entropy", at.cross_entropy), ("nll", at.nll)];
    tell("descent.method", method(plan));
    tell("descent.objective", plan.objective.to_string());
    tell("descent.converged", learned.converged);
    tell("descent.gradient_nats", number(learned.gradient));
    tell("descent.decrement_nats", learned.decrement.map_or(Value::Null, number));
    tell("descent.largest_residual", history.residual().map_or(Value::Null, number));
    match &learned.separation {
        Some(separation) => {
            tell("separation.complete", separation.complete);
            tell("separation.infimum", number(separation.infimum.to(unit)));
        }
        None => argmin.into_iter().for_each(|(name, step)| tell(&format!("descent.argmin.{name}"), step)),
    }
}

/// What moves the parameters, and how far.
pub(crate) fn method(plan: &Plan) -> String {
    let (name, step_size) = match plan.by {
        By::Newton => return "Newton's method".into(),
        By::Lbfgs => return "L-BFGS".into(),
        By::GradientDescent { step_size } => ("gradient descent", step_size),
        By::Momentum { step_size } => ("gradient descent with momentum", step_size),
        By::Adam { step_size } => ("Adam", step_size),
    };
    let schedule = match plan.schedule {
        Schedule::Constant => String::new(),
        schedule => format!(" ({schedule})"),
    };
    let minibatches =
        plan.minibatch.map_or(String::new(), |of| format!(" by minibatches of {} observations,", of.size));
    format!("{name}, step size {step_size:.3}{schedule},{minibatches}")
}

/// Whether the objectives walked one path: to half the digits of the numbers, which rounding, step upon step, leaves alone.
pub(crate) fn same_path(plan: &Plan, paths: &[Vec<Vec<f64>>], steps: usize, numbers: DType) {
    let all = if paths.len() == 3 { "all three objectives" } else { "cross-entropy and NLL" };
    let apart = paths.iter().map(|path| distance(path, &paths[0])).fold(0.0, f64::max);
    let epsilon = if numbers == DType::F64 { f64::EPSILON } else { f64::from(f32::EPSILON) };
    let (same, apart) = (apart <= epsilon.sqrt(), rounding(apart));
    tell("same_path.steps", steps);
    tell(
        "same_path.relative_difference",
        number(paths.iter().map(|path| distance(path, &paths[0])).fold(0.0, f64::max)),
    );
    tell("same_path.same", same);
    let same_draws = if plan.minibatch.is_some() { " by the same minibatches" } else { "" };
    if same {
        println!("the same path: over {steps} steps{same_draws} {all} give the same θ (relative difference {apart})");
    } else {
        println!(
            "NOT the same path: over {steps} steps the θ of {all} come to differ by {apart}, relatively: rounding grows where \
             a step leaps over the minimum; take a smaller --lr"
        );
    }
}

impl<D: Data> Run<D> {
    /// Says what was observed.
    pub fn say_data<B: Batch>(&self, what: &str, entropy: &str, data: &Empirical<B>) {
        println!("{what}");
        tell("data.what", what);
        tell("data.n", number(data.total()));
        tell("data.distinct_rows", data.distinct());
        tell("data.floor", entropy);
        tell("data.entropy", number(data.entropy().to(self.unit())));
        let (n, m, h) = (count(data.total()), data.distinct(), self.show(data.entropy()));
        let s = |one: bool| if one { "" } else { "s" };
        let (observations, rows) = (s(data.total() == 1.0), s(m == 1));
        println!("n = {n} observation{observations}, {m} distinct row{rows}, {entropy} = {h}\n");
    }
}

impl<D: Learns> Run<D> {
    /// Says where pictures and numbers are.
    pub fn say_files(&self) {
        let pictures = if self.draws() { format!("pictures (*.{}), ", self.format()) } else { String::new() };
        println!("{pictures}every step (log.csv) and the parameters are in {}", self.out("").display());
        tell("folder", self.out("").display().to_string());
        self.let_go();
    }

    /// Whether the likelihood of a linear classifier has a finite maximum. Where that cannot be decided it is said, and the fit
    /// goes on.
    pub fn separation(&self, p: &Empirical<Labelled>, classes: usize) -> Result<Option<Separation>> {
        if self.flags.data.descent().objective().is_penalized() {
            return Ok(None); // with a penalty there is one
        }
        match separation(p, classes) {
            Err(error @ Error::Undecided { .. }) => {
                println!("{error}; the fit goes on, and if it converges it has\n");
                Ok(None)
            }
            found => Ok(found?),
        }
    }
}

fn minimum(history: &History, converged: bool) {
    let flat = flat(history);
    let (at, of) = (history.argmin(flat), if converged { "" } else { " of the steps so far" });
    let step = |argmin: Option<usize>| argmin.map_or("nowhere (infinite)".to_string(), |step| format!("step {step}"));
    println!(
        "argmin{of}, within {flat:.0e} nats: KL {}, cross-entropy {}, NLL {}",
        step(at.kl),
        step(at.cross_entropy),
        step(at.nll)
    );
}

/// How well the three quantities fit each other.
fn identities(history: &History, points: bool) {
    match history.residual() {
        Some(residual) => {
            println!("H(p̂,q) = H(p̂) + KL and NLL = n H(p̂,q): largest residual {}", rounding(residual))
        }
        None => {
            let cure = if points { ": see --resolution" } else { "" };
            println!("without a resolution KL to a density is infinite and no identity is claimed{cure}")
        }
    }
}

fn no_maximum(separation: &Separation, history: &History, unit: Unit) {
    let (nll, infimum) = (history.rows().last().map_or(f64::NAN, |row| row.nll), separation.infimum.to(unit));
    let why = match (separation.direction.iter().any(|class| class.len() > 1), separation.complete) {
        (false, _) => "only one outcome was observed",
        (true, true) => "the columns tell the classes apart completely",
        (true, false) => "the columns tell the classes apart in part",
    };
    println!("the likelihood has no finite maximum: {why}; there is no argmin");
    let now = seen(nll / unit.nats(), 4);
    println!("NLL falls towards {} {unit} and never gets there; here it is {now}", seen(infimum, 4));
}

/// A relative error; below 1e-14 its digits are the processor's, and say nothing.
pub(crate) fn rounding(error: f64) -> String {
    if error < 1e-14 { "< 1e-14".into() } else { format!("{error:.0e}") }
}

/// The largest distance of two paths, relative to the size of the second.
fn distance(a: &[Vec<f64>], b: &[Vec<f64>]) -> f64 {
    let size = b.iter().flatten().fold(f64::MIN_POSITIVE, |size, v| size.max(v.abs()));
    let apart = a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| (a - b).abs());
    apart.fold(0.0, f64::max) / size
}
