//! What is printed of a run.

use anyhow::Result;
use candle_core::{DType, Tensor};
use candle_mle::batch::{Batch, host};
use candle_mle::fit::End;
use candle_mle::info::Unit;
use candle_mle::info::number::{fixed, shown};
use candle_mle::mle::{By, Plan};
use candle_mle::model::Gaussian;
use candle_mle::model::Linear;
use candle_mle::separation::Separation;
use candle_mle::table::Names;
use candle_mle::{Empirical, History};

use crate::flags::{Data, Learns};
use crate::learned::Learned;
use crate::run::Run;

/// Values this near, in nats per observation, are one minimum when an argmin is looked for.
const FLAT: f64 = 1e-9;

/// How a descent went: its table, its end.
pub(crate) fn descent<M>(plan: &Plan, learned: &Learned<M>, unit: Unit) {
    let by = match plan.by {
        By::Lbfgs => "L-BFGS".to_string(),
        By::GradientDescent { step_size } => format!("gradient descent, step size {step_size:.3},"),
    };
    println!("{by} on the {}\n\n{}", plan.objective, learned.history.table(unit, 10));
    if let Some(separation) = &learned.separation {
        return no_maximum(separation, &learned.history, unit);
    }
    minimum(&learned.history, learned.converged);
    let gradient = rounding(learned.gradient);
    match (learned.converged, learned.end) {
        (true, _) => println!("converged: the largest component of the gradient is {gradient} nats per observation"),
        (false, End::Stalled) => println!(
            "NOT converged: no step gains more than rounding, and a component of the gradient is still {gradient} nats per \
             observation; rescale the columns, or take --dtype f64"
        ),
        (false, _) => println!(
            "NOT converged: a component of the gradient is still {gradient} nats per observation; take more --steps, or \
             another --lr"
        ),
    }
}

/// Whether the objectives walked one path: to half the digits of the numbers, which rounding, step upon step, leaves alone.
pub(crate) fn same_path(paths: &[Vec<Vec<f64>>], steps: usize, numbers: DType) {
    let all = if paths.len() == 3 { "all three objectives" } else { "cross-entropy and NLL" };
    let apart = paths.iter().map(|path| distance(path, &paths[0])).fold(0.0, f64::max);
    let epsilon = if numbers == DType::F64 { f64::EPSILON } else { f64::from(f32::EPSILON) };
    let (same, apart) = (apart <= epsilon.sqrt(), rounding(apart));
    if same {
        println!("the same path: over {steps} steps {all} give the same θ (relative difference {apart})");
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
        let (n, m, h) = (data.total(), data.distinct(), self.show(data.entropy()));
        println!("n = {n} observations, {m} distinct rows, {entropy} = {h}\n");
    }
}

impl<D: Learns> Run<D> {
    /// Says where pictures and numbers are.
    pub fn say_files(&self) {
        let (format, folder) = (self.format(), self.out(""));
        println!("pictures (*.{format}), every step (log.csv) and the parameters are in {}", folder.display());
    }

    /// The coefficients beside the truth, by the names of columns and classes.
    pub fn say_coefficients<M: Linear>(&self, names: &Names, learned: &Learned<M>, truth: Option<&M>) -> Result<()> {
        let rows = |model: &M| -> Result<Vec<Vec<f64>>> {
            let coefficients = model.coefficients()?;
            Ok(host(&coefficients)?.chunks(coefficients.dim(1)?).map(<[f64]>::to_vec).collect())
        };
        let estimate = rows(&learned.model)?;
        let (mut beside, mut header) = (truth.map(rows).transpose()?, "truth");
        if let Some(separation) = &learned.separation {
            (beside, header) = (Some(separation.direction.clone()), "diverges along");
        }
        println!("coefficients (logits per unit), reference class: {} = {}", names.target, names.classes[0]);
        let columns: Vec<&str> =
            std::iter::once("(intercept)").chain(names.columns.iter().map(String::as_str)).collect();
        let width = columns.iter().map(|n| n.chars().count()).max().unwrap_or(0);
        for (class, name) in names.classes.iter().enumerate().skip(1) {
            let header = if beside.is_some() { format!("  {header:>14}") } else { String::new() };
            println!("  {:<width$}  {:>14}{header}", format!("{} {name}", names.target), "estimate");
            let last = estimate[class].len() - 1;
            for (row, name) in columns.iter().enumerate() {
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
        names: &Names,
        model: &Gaussian,
        truth: Option<&Gaussian>,
        data: &Empirical<Tensor>,
    ) -> Result<()> {
        let (fitted, truth) = (model.law()?, truth.map(Gaussian::law).transpose()?);
        let names = &names.columns;
        let width = names.iter().map(|n| n.chars().count()).max().unwrap_or(0);
        println!("{:<width$}  {:>12}{}", "", "estimate", if truth.is_some() { "         truth" } else { "" });
        for (i, name) in names.iter().enumerate() {
            let value =
                |law: &candle_mle::info::law::MultivariateNormal| [law.mean()[i], law.covariance()[i][i].sqrt()];
            for (at, what) in ["mean", "standard deviation"].iter().enumerate() {
                let truth = truth.as_ref().map_or(String::new(), |t| format!("  {:>12}", shown(value(t)[at])));
                println!("{name:<width$}  {:>12}{truth}  {what}", shown(value(&fitted)[at]));
            }
        }
        let covariance = fitted.covariance();
        for i in 0..names.len() {
            for j in 0..i {
                let rho = covariance[i][j] / (covariance[i][i] * covariance[j][j]).sqrt();
                println!("{:<width$}  {:>12}  correlation of {} and {}", "", fixed(rho, 6), names[j], names[i]);
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

fn minimum(history: &History, converged: bool) {
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
            println!("H(p̂,q) = H(p̂) + KL and NLL = n H(p̂,q): largest residual {}", rounding(residual))
        }
        None => {
            println!("without a resolution KL to a density is infinite and no identity is claimed: see --resolution")
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
