//! What watches a descent watches the loss that is descended, whichever that is; a loss that is no number is an error whatever
//! a hook says; and a hook may be any hook.

use std::ops::ControlFlow::{self, Break, Continue};

use anyhow::{Context, Result, ensure};
use candle_core::{DType, Tensor, Var};
use candle_mle::fit::{End, GradientDescent};
use candle_mle::hook::{Improvement, NoClimb};
use candle_mle::info::law::{Mixture, Normal};
use candle_mle::model::{Bernoulli, Gaussian};
use candle_mle::{Empirical, Error, History, Hook, LossLog, Model, Objective, Parameters, Step, fit, walk};

use crate::common::{self, CPU};

/// Two modes on nodes 0.05 apart: on the way to the nearer one the cross-entropy rises, for the other is left behind.
fn bimodal() -> Result<Empirical<Tensor>> {
    let p = Mixture::new(&[(0.6, Normal::new(-4.0, 1.0)?), (0.4, Normal::new(4.0, 1.0)?)])?;
    Ok(Empirical::from_density(&p, -30.0, 30.0, 1201)?)
}

fn descend(
    p: &Empirical<Tensor>,
    step_size: f64,
    steps: usize,
    hook: &mut dyn Hook<Gaussian>,
) -> Result<(candle_mle::Result<End>, History)> {
    let (vars, q) = Gaussian::from_moments(&[-3.0], &[[1.0]], &CPU)?.learner()?;
    let mut log = LossLog::new().with_reverse_kl();
    let mut descent = GradientDescent::new(&vars, step_size)?;
    let end = fit(&q, p, Objective::ReverseKl, &mut descent, 0..steps, &mut (&mut log, hook));
    Ok((end, log.into_history()?))
}

fn reverse(history: &History) -> Vec<f64> {
    history.rows().iter().map(|row| row.reverse_kl.unwrap_or(f64::NAN)).collect()
}

#[test]
fn a_right_descent_of_the_reverse_kl_is_not_stopped_though_the_cross_entropy_rises() -> Result<()> {
    let (end, history) = descend(&bimodal()?, 0.1, 600, &mut NoClimb::default())?;
    assert_eq!(end?, End::Steps);
    let losses = reverse(&history);
    ensure!(losses.windows(2).all(|two| two[1] <= two[0] + 1e-12), "it falls");
    let (first, last) = (history.rows()[0].cross_entropy, history.rows()[600].cross_entropy);
    ensure!(last > first + 1.0, "the cross-entropy rises from {first} to {last}");
    Ok(())
}

#[test]
fn and_one_that_climbs_is() -> Result<()> {
    let (end, history) = descend(&bimodal()?, 40.0, 600, &mut NoClimb::default())?;
    let losses = reverse(&history);
    let at = losses.iter().position(|loss| *loss > losses[0]).context("it never climbs")?;
    match end {
        Err(Error::Diverged { step, loss, start }) => {
            assert_eq!((step, loss, start), (at, losses[at], losses[0]));
            assert_eq!(history.rows().len(), at + 1);
        }
        other => anyhow::bail!("{other:?}"),
    }
    Ok(())
}

#[test]
fn an_improvement_is_one_of_the_loss_per_observation() -> Result<()> {
    const LEAST: f64 = 1e-4;
    let (end, history) = descend(&bimodal()?, 0.1, 10_000, &mut Improvement::new(LEAST))?;
    assert_eq!(end?, End::Hook);
    let losses = reverse(&history);
    let gains: Vec<f64> = losses.windows(2).map(|two| two[0] - two[1]).collect();
    let (last, before) = gains.split_last().context("no step")?;
    ensure!((0.0..LEAST).contains(last) && before.iter().all(|gain| *gain >= LEAST), "{gains:?}");
    ensure!(gains.len() > 5, "it went on while it gained");

    // n times the cross-entropy is watched per observation: the same steps.
    let p = Empirical::from_sample(common::answers(300, 1)?)?;
    let rows = |objective: Objective| -> Result<usize> {
        let (vars, model) = common::learner(|vb| candle_mle::model::Logistic::new(2, vb))?;
        let mut descent = GradientDescent::new(&vars, 0.3 / objective.scale(&p))?;
        let (mut log, mut enough) = (LossLog::new(), Improvement::new(1e-5));
        fit(&model, &p, objective, &mut descent, 0..2000, &mut (&mut log, &mut enough))?;
        Ok(log.history()?.rows().len())
    };
    let [cross_entropy, kl, nll] = [Objective::CrossEntropy, Objective::Kl, Objective::Nll].map(rows);
    let (cross_entropy, kl, nll) = (cross_entropy?, kl?, nll?);
    ensure!((10..2000).contains(&cross_entropy) && cross_entropy == kl && kl == nll, "{cross_entropy} {kl} {nll}");
    Ok(())
}

/// A loss that is a number while θ is below 1, and NaN or +∞ beyond.
struct Broken {
    theta: Var,
    beyond: f64,
}

impl Model for Broken {
    type Batch = Tensor;
    const DENSITY: bool = false;
    fn log_prob(&self, batch: &Tensor) -> candle_mle::Result<Tensor> {
        let theta = self.theta.as_tensor();
        let value = if theta.to_scalar::<f64>()? < 1.0 { -1.0 } else { self.beyond };
        // −1 + θ/10 in every row, so that the descent raises θ.
        Ok((batch.zeros_like()?.broadcast_add(&(theta * 0.1)?)? + value)?)
    }
}

#[test]
fn a_break_at_the_step_whose_loss_is_no_number_hides_nothing() -> Result<()> {
    for (beyond, infinite) in [(f64::NAN, false), (f64::NEG_INFINITY, true)] {
        for ends in [false, true] {
            let vars = candle_nn::VarMap::new();
            let vb = candle_nn::VarBuilder::from_varmap(&vars, DType::F64, &CPU);
            vb.get_with_hints((), "theta", candle_nn::Init::Const(0.0))?;
            let theta = vars.all_vars().remove(0);
            let model = Broken { theta, beyond };
            let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &CPU)?, &[60.0, 40.0])?;
            let mut seen = vec![];
            // Break exactly there.
            let mut hook = |step: &Step<'_, Broken>| {
                let lost = !step.loss()?.is_finite();
                seen.push((step.index, lost));
                Ok(if ends && lost { Break(()) } else { Continue(()) })
            };
            let end = fit(&model, &p, Objective::CrossEntropy, &mut GradientDescent::new(&vars, 5.0)?, 0..9, &mut hook);
            // θ is 0, 0.5, 1.0.
            assert_eq!(seen, [(0, false), (1, false), (2, true)]);
            ensure!(
                match end {
                    Err(Error::NotANumber { step: 2 }) => !infinite,
                    Err(Error::InfiniteLoss { step: 2, row: 0 }) => infinite,
                    _ => false,
                },
                "{end:?}"
            );
        }
    }
    Ok(())
}

/// Counts, and cannot be named by its type where it is used.
struct Count(usize);

impl<M: Model> Hook<M> for Count {
    fn on_step(&mut self, _: &Step<'_, M>) -> candle_mle::Result<ControlFlow<()>> {
        self.0 += 1;
        Ok(Continue(()))
    }
}

#[test]
fn a_hook_may_be_any_hook() -> Result<()> {
    let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &CPU)?, &[60.0, 40.0])?;
    let (vars, coin) = common::learner(Bernoulli::new)?;
    let (mut count, mut log, mut climb) = (Count(0), LossLog::new(), NoClimb::default());
    {
        let mut chosen: Vec<&mut dyn Hook<Bernoulli>> = vec![&mut count, &mut log, &mut climb];
        let go = |hook: &mut dyn Hook<Bernoulli>| {
            fit(&coin, &p, Objective::Kl, &mut GradientDescent::new(&vars, 1.0)?, 0..3, hook)
        };
        for hook in &mut chosen {
            go(*hook)?;
        }
        let [a, b, c] = chosen.as_mut_slice() else { anyhow::bail!("three") };
        fit(&coin, &p, Objective::Kl, &mut GradientDescent::new(&vars, 1.0)?, 0..3, &mut (&mut **a, &mut **b))?;
        let mut three = (&mut **a, &mut **b, &mut **c);
        fit(&coin, &p, Objective::Kl, &mut GradientDescent::new(&vars, 1.0)?, 0..3, &mut three)?;
        walk([Ok(coin.clone())], &p, &mut **a)?;
    }
    assert_eq!((count.0, log.history()?.rows().len()), (13, 4));
    let mut boxed: Box<dyn Hook<Bernoulli>> = Box::new(Count(0));
    fit(&coin, &p, Objective::Kl, &mut GradientDescent::new(&vars, 1.0)?, 0..3, boxed.as_mut())?;
    Ok(())
}
