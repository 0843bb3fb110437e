//! An optimiser that holds none of the model's variables, or moves them by nothing, says so after the first update; those of
//! this crate look the variables up at each step, and find such as were asked for later.

use anyhow::{Result, ensure};
use candle_core::{DType, Tensor};
use candle_mle::descent::Descent;
use candle_mle::fit::{Adam, End, GradientDescent, Lbfgs, Minibatches};
use candle_mle::model::Bernoulli;
use candle_mle::{Empirical, Error, Objective, fit, info};
use candle_nn::{AdamW, Optimizer, ParamsAdamW, SGD, VarBuilder, VarMap};

use crate::common::CPU;

fn coins(heads: f64, tails: f64) -> Result<Empirical<Tensor>> {
    Ok(Empirical::from_counts(Tensor::new(&[1.0, 0.0], &CPU)?, &[heads, tails])?)
}

fn coin(vars: &VarMap) -> candle_mle::Result<Bernoulli> {
    Bernoulli::new(VarBuilder::from_varmap(vars, DType::F64, &CPU))
}

fn nothing_moved(end: candle_mle::Result<End>) -> Result<()> {
    ensure!(matches!(end, Err(Error::NothingMoved)), "{end:?}");
    let message = end.err().map(|e| e.to_string()).unwrap_or_default();
    ensure!(message.contains("after the model") && message.contains("step size"), "{message}");
    Ok(())
}

#[test]
fn made_before_the_model_those_of_candle_have_none() -> Result<()> {
    let p = coins(60.0, 40.0)?;
    let vars = VarMap::new();
    let mut sgd = SGD::new(vars.all_vars(), 0.1)?;
    let mut adam = AdamW::new(vars.all_vars(), ParamsAdamW::default())?;
    let coin = coin(&vars)?;
    for objective in [Objective::Kl, Objective::CrossEntropy, Objective::Nll] {
        nothing_moved(fit(&coin, &p, objective, &mut sgd, 0..9, &mut ()))?;
        nothing_moved(fit(&coin, &p, objective, &mut adam, 0..9, &mut ()))?;
        nothing_moved(fit(&coin, Minibatches::new(&p, 7, 1)?.every(3), objective, &mut sgd, 0..9, &mut ()))?;
    }
    // No update, no complaint; and made after the model it moves.
    assert_eq!(fit(&coin, &p, Objective::Kl, &mut sgd, 0..0, &mut ())?, End::Steps);
    let mut sgd = SGD::new(vars.all_vars(), 0.1)?;
    assert_eq!(fit(&coin, &p, Objective::Kl, &mut sgd, 0..9, &mut ())?, End::Steps);
    ensure!(coin.prob()? > 0.5);
    Ok(())
}

#[test]
fn of_another_model_they_have_the_wrong_ones() -> Result<()> {
    let (other, vars) = (VarMap::new(), VarMap::new());
    let (_, coin) = (coin(&other)?, coin(&vars)?);
    let mut sgd = SGD::new(other.all_vars(), 0.1)?;
    nothing_moved(fit(&coin, &coins(60.0, 40.0)?, Objective::CrossEntropy, &mut sgd, 0..9, &mut ()))
}

#[test]
fn a_step_that_is_lost_in_rounding_moves_nothing() -> Result<()> {
    let vars = VarMap::new();
    let coin = coin(&vars)?;
    let mut descent = GradientDescent::new(&vars, 1e-300)?;
    nothing_moved(fit(&coin, &coins(60.0, 40.0)?, Objective::CrossEntropy, &mut descent, 0..9, &mut ()))
}

/// A fair coin starts at its maximum. Those of this crate see that its slope is none; of one that keeps its variables to itself
/// nobody can say whether there were any.
#[test]
fn where_there_is_nothing_to_gain_it_is_no_error() -> Result<()> {
    let p = coins(50.0, 50.0)?;
    for objective in [Objective::Kl, Objective::CrossEntropy, Objective::Nll] {
        for (by, end) in BY.into_iter().zip([End::Steps, End::Steps, End::Stalled]) {
            let vars = VarMap::new();
            let coin = coin(&vars)?;
            assert_eq!(fit(&coin, &p, objective, by(&vars)?.as_mut(), 0..9, &mut ())?, end);
            assert_eq!(coin.prob()?, 0.5);
        }
    }
    let vars = VarMap::new();
    let coin = coin(&vars)?;
    let mut sgd = SGD::new(vars.all_vars(), 0.1)?;
    let end = fit(&coin, &p, Objective::Nll, &mut sgd, 0..9, &mut ());
    ensure!(end.as_ref().is_err_and(|e| e.to_string().contains("as it is at a maximum")), "{end:?}");
    nothing_moved(end)
}

type By = fn(&VarMap) -> candle_mle::Result<Box<dyn Descent>>;

/// Gradient descent, Adam and L-BFGS of this crate.
const BY: [By; 3] = [
    |vars| Ok(Box::new(GradientDescent::new(vars, 2.0)?.momentum(0.5)?)),
    |vars| Ok(Box::new(Adam::new(vars, 0.05)?.schedule(|step| 0.98f64.powi(step as i32)))),
    |vars| Ok(Box::new(Lbfgs::new(vars))),
];

#[test]
fn made_before_the_model_those_of_this_crate_find_them() -> Result<()> {
    let p = coins(60.0, 40.0)?;
    for by in BY {
        let vars = VarMap::new();
        let mut optimizer = by(&vars)?;
        let coin = coin(&vars)?;
        fit(&coin, &p, Objective::CrossEntropy, optimizer.as_mut(), 0..500, &mut ())?;
        ensure!((coin.prob()? - 0.6).abs() < 1e-3, "{}", coin.prob()?);

        // A map that no model ever asked of: an error, and no silence.
        let end = fit(&coin, &p, Objective::CrossEntropy, by(&VarMap::new())?.as_mut(), 0..9, &mut ());
        ensure!(matches!(end, Err(Error::Info(info::Error::Empty { .. }))), "{end:?}");
        ensure!(end.is_err_and(|e| e.to_string().contains("variable that a model asked for")));
    }
    Ok(())
}

type Scheduled = fn(&VarMap, fn(usize) -> f64) -> candle_mle::Result<Box<dyn Descent>>;

/// A warm-up begins at 0: that rests, and the first step that is asked for is the one that must move something.
#[test]
fn a_schedule_may_rest_and_must_be_a_number() -> Result<()> {
    let both: [Scheduled; 2] = [
        |vars, factor| Ok(Box::new(GradientDescent::new(vars, 1.0)?.schedule(factor))),
        |vars, factor| Ok(Box::new(Adam::new(vars, 0.05)?.schedule(factor))),
    ];
    let p = coins(60.0, 40.0)?;
    for by in both {
        let run = |factor: fn(usize) -> f64, steps| {
            let vars = VarMap::new();
            let (mut optimizer, coin) = (by(&vars, factor)?, coin(&vars)?);
            let end = fit(&coin, &p, Objective::CrossEntropy, optimizer.as_mut(), 0..steps, &mut ());
            anyhow::Ok((end, coin.prob()?))
        };
        let (end, heads) = run(|step| (step as f64 / 10.0).min(1.0), 200)?;
        ensure!(end? == End::Steps && (heads - 0.6).abs() < 0.01, "{heads}");
        let (end, heads) = run(|_| 0.0, 5)?;
        ensure!(end? == End::Steps && heads == 0.5, "{heads}");
        // After the rest a step that is lost in rounding moves nothing.
        nothing_moved(run(|step| if step < 3 { 0.0 } else { 1e-300 }, 9)?.0)?;
        for wrong in [|_| f64::NAN, |_| -1.0, |_| f64::INFINITY] {
            let (end, heads) = run(wrong, 5)?;
            let message = end.err().map(|e| e.to_string()).unwrap_or_default();
            ensure!(message.contains("the factor of the step size") && heads == 0.5, "{message}");
        }
    }
    Ok(())
}
