//! L-BFGS goes far where the slope says so, and near where it must; it ends where no step gains more than rounding, and a step
//! costs little more than a forward pass.

use std::cell::Cell;

use anyhow::{Context, Result, ensure};
use candle_core::{DType, Tensor};
use candle_mle::fit::{End, Lbfgs};
use candle_mle::hook::GradientNorm;
use candle_mle::model::Logistic;
use candle_mle::{Empirical, Labelled, LossLog, Model, Objective, Parameters, fit};
use candle_nn::{Init, VarBuilder, VarMap};
use rand::Rng;

use crate::common::{self, CPU, host};

/// A model that is nothing but a function of θ: −f(θ) for every row of the data.
struct Function<F> {
    theta: Tensor,
    f: F,
    forwards: Cell<usize>,
}

impl<F: Fn(&Tensor, &Tensor) -> candle_core::Result<Tensor>> Model for Function<F> {
    type Batch = Tensor;
    const DENSITY: bool = true;
    fn log_prob(&self, x: &Tensor) -> candle_mle::Result<Tensor> {
        self.forwards.set(self.forwards.get() + 1);
        Ok((self.f)(&self.theta, x)?.neg()?)
    }
}

/// θ where a descent from `start` ends, how it ends, and the rows of its log.
fn descend(
    start: &[f64],
    p: &Empirical<Tensor>,
    steps: usize,
    f: impl Fn(&Tensor, &Tensor) -> candle_core::Result<Tensor>,
) -> Result<(Vec<f64>, End, Vec<f64>)> {
    let vars = VarMap::new();
    let vb = VarBuilder::from_varmap(&vars, DType::F64, &CPU);
    let theta = vb.get_with_hints(start.len(), "theta", Init::Const(0.0))?;
    vars.all_vars()[0].set(&Tensor::new(start, &CPU)?)?;
    let model = Function { theta, f, forwards: Cell::new(0) };
    let (mut log, mut converged) = (LossLog::new(), GradientNorm::new(&vars, 1e-9));
    let hooks = &mut (&mut log, &mut converged);
    let end = fit(&model, p, Objective::CrossEntropy, &mut Lbfgs::new(&vars), 0..steps, hooks)?;
    let losses: Vec<f64> = log.into_history()?.rows().iter().map(|row| row.cross_entropy).collect();
    ensure!(losses.windows(2).all(|two| two[1] <= two[0] + 1e-12 * two[0].abs()), "it climbs: {losses:?}");
    Ok((host(&model.theta)?, end, losses))
}

fn one_row() -> Result<Empirical<Tensor>> {
    Ok(Empirical::from_sample(Tensor::new(&[[0.0]], &CPU)?)?)
}

/// From 0 the first step is of length 1, and the median three thousand of these away; each slope is as steep as the last.
#[test]
fn the_location_of_a_laplace_sample() -> Result<()> {
    let mut rng = common::generator(1);
    let x: Vec<f64> = (0..201)
        .map(|_| {
            let u: f64 = rng.random_range(-0.5..0.5);
            3000.0 - 2.0 * u.signum() * (1.0 - 2.0 * u.abs()).ln()
        })
        .collect();
    let mut sorted = x.clone();
    sorted.sort_by(f64::total_cmp);
    let median = sorted[100];
    let p = Empirical::from_sample(Tensor::from_vec(x, (201, 1), &CPU)?)?;
    let (theta, _, losses) =
        descend(&[0.0], &p, 200, |location, x| x.squeeze(1)?.broadcast_sub(location)?.abs()? + 2f64.ln())?;
    ensure!(losses.len() < 40, "{} steps", losses.len() - 1);
    ensure!((theta[0] - median).abs() < 1e-3, "{} is not {median}", theta[0]);
    Ok(())
}

#[test]
fn the_valley_of_rosenbrock() -> Result<()> {
    let (theta, end, losses) = descend(&[-1.2, 1.0], &one_row()?, 200, |theta, _| {
        let (x, y) = (theta.narrow(0, 0, 1)?, theta.narrow(0, 1, 1)?);
        (1.0 - &x)?.sqr()? + ((y - x.sqr()?)?.sqr()? * 100.0)?
    })?;
    ensure!(losses.len() < 60, "{} steps", losses.len() - 1);
    ensure!(theta.iter().all(|v| (v - 1.0).abs() < 1e-8), "{theta:?} after {end:?}");
    Ok(())
}

/// 10 θ − ln θ: from ½ the first step leads to −½, where there is no logarithm.
#[test]
fn what_is_no_number_on_the_line_is_stepped_back_from() -> Result<()> {
    let seen = Cell::new(false);
    let (theta, end, losses) = descend(&[0.5], &one_row()?, 200, |theta, _| {
        let value = ((theta * 10.0)? - theta.log()?)?;
        seen.set(seen.get() || value.to_vec1::<f64>()?[0].is_nan());
        Ok(value)
    })?;
    ensure!(seen.get(), "it never went there");
    ensure!((theta[0] - 0.1).abs() < 1e-8 && losses.len() < 30, "{theta:?} after {end:?}, {} rows", losses.len());
    // And where the loss is infinite beyond a wall.
    let (theta, _, _) = descend(&[0.5], &one_row()?, 200, |theta, _| {
        let inside = theta.ge(0.0)?;
        let value = ((theta * 10.0)? - theta.log()?)?;
        inside.where_cond(&value, &(theta.zeros_like()? + f64::INFINITY)?)
    })?;
    ensure!((theta[0] - 0.1).abs() < 1e-8, "{theta:?}");
    Ok(())
}

#[test]
fn where_nothing_more_is_gained_the_fit_ends() -> Result<()> {
    let p = Empirical::from_sample(common::answers(300, 1)?)?;
    for objective in [Objective::CrossEntropy, Objective::Kl, Objective::Nll] {
        let (vars, model) = common::learner(|vb| Logistic::new(2, vb)?.standardized(p.standardize()?))?;
        let mut log = LossLog::new();
        let end = fit(&model, &p, objective, &mut Lbfgs::new(&vars), 0..10_000, &mut log)?;
        let rows = log.history()?.rows().len();
        ensure!(end == End::Stalled && rows < 100, "{objective}: {end:?} after {rows} rows");
        // The last row belongs to the model as it is left.
        let log_q = model.log_prob(p.batch())?;
        let left = host(&Objective::CrossEntropy.loss(&model, &log_q, &p)?)?[0];
        assert_eq!(left, log.history()?.rows()[rows - 1].cross_entropy);
        // And it is the maximum, to what rounding lets see of it: the square root of it in θ.
        let loss = objective.loss(&model, &log_q, &p)?;
        let gradient = GradientNorm::new(&vars, 0.0).of(&loss.backward()?)? / objective.scale(&p);
        ensure!(gradient < 1e-7, "{objective}: {gradient}");
    }
    Ok(())
}

/// A logistic regression that counts how often it is asked.
struct Counted {
    model: Logistic,
    forwards: Cell<usize>,
}

impl Model for Counted {
    type Batch = Labelled;
    const DENSITY: bool = false;
    fn log_prob(&self, batch: &Labelled) -> candle_mle::Result<Tensor> {
        self.forwards.set(self.forwards.get() + 1);
        self.model.log_prob(batch)
    }
}

#[test]
fn a_step_costs_a_forward_pass_and_seldom_a_second() -> Result<()> {
    let (mut forwards, mut steps) = (0, 0);
    for seed in 1..=5 {
        let p = Empirical::from_sample(common::answers(300, seed)?)?;
        let (vars, model) = common::learner(|vb| Logistic::new(2, vb)?.standardized(p.standardize()?))?;
        let model = Counted { model, forwards: Cell::new(0) };
        let (mut log, mut converged) = (LossLog::new(), GradientNorm::new(&vars, 1e-9));
        let hooks = &mut (&mut log, &mut converged);
        fit(&model, &p, Objective::CrossEntropy, &mut Lbfgs::new(&vars), 0..1000, hooks)?;
        ensure!(converged.reached(), "{}", converged.norm());
        let made = log.history()?.rows().len() - 1;
        (forwards, steps) = (forwards + model.forwards.get(), steps + made);
        ensure!((made..30).contains(&model.forwards.get()), "{} for {made} steps", model.forwards.get());
    }
    // One where it starts, one a step, and one for each trial that was rejected.
    ensure!(forwards as f64 <= 1.5 * steps as f64 + 5.0, "{forwards} forward passes for {steps} steps");
    Ok(())
}

/// Also where a line search has to lengthen its steps many times over, none is looked at twice.
#[test]
fn no_place_is_looked_at_twice() -> Result<()> {
    let seen = std::cell::RefCell::new(vec![]);
    descend(&[0.0], &one_row()?, 50, |theta, _| {
        seen.borrow_mut().push(theta.to_vec1::<f64>()?[0].to_bits());
        // Steep far out, a parabola near 1e6.
        ((theta - 1e6)?.sqr()? + 1.0)?.sqrt()
    })?;
    let mut places = seen.into_inner();
    let looked = places.len();
    places.sort_unstable();
    places.dedup();
    // The first update is watched, and the best place of a line may be returned to.
    ensure!(looked <= places.len() + 1, "{looked} looks at {} places", places.len());
    places.first().context("a look")?;
    Ok(())
}
