//! A hook or an optimiser made before the model asks for its variables finds them; one that finds none, or no gradient, says so.

use anyhow::{Result, ensure};
use candle_core::{DType, Tensor};
use candle_mle::fit::{End, Lbfgs};
use candle_mle::hook::GradientNorm;
use candle_mle::model::Bernoulli;
use candle_mle::{Empirical, Error, Objective, fit, info};
use candle_nn::{Init, Optimizer, SGD, VarBuilder, VarMap};

use crate::common::{self, CPU};

fn sixty() -> Result<Empirical<Tensor>> {
    Ok(Empirical::from_counts(Tensor::new(&[1.0, 0.0], &CPU)?, &[60.0, 40.0])?)
}

fn variables_of(vars: &VarMap) -> VarBuilder<'static> {
    VarBuilder::from_varmap(vars, DType::F64, &CPU)
}

#[test]
fn made_before_the_model() -> Result<()> {
    let vars = VarMap::new();
    let (mut converged, mut lbfgs) = (GradientNorm::new(&vars, 1e-9), Lbfgs::new(&vars));
    let coin = Bernoulli::new(variables_of(&vars))?;
    fit(&coin, &sixty()?, Objective::CrossEntropy, &mut lbfgs, 0..100, &mut converged)?;
    ensure!(converged.reached() && (coin.prob()? - 0.6).abs() < 1e-8, "{}", coin.prob()?);
    Ok(())
}

#[test]
fn without_any_variable() -> Result<()> {
    let (vars, learning) = common::learner(Bernoulli::new)?;
    let (none, p) = (VarMap::new(), sixty()?);
    let mut watched = GradientNorm::new(&none, 1e-9);
    let mut sgd = SGD::new(vars.all_vars(), 0.1)?;
    let result = fit(&learning, &p, Objective::CrossEntropy, &mut sgd, 0..9, &mut watched);
    ensure!(matches!(result, Err(Error::Info(info::Error::Empty { .. }))) && !watched.reached(), "{result:?}");
    let result = fit(&learning, &p, Objective::CrossEntropy, &mut Lbfgs::new(&none), 0..9, &mut ());
    ensure!(matches!(result, Err(Error::Info(info::Error::Empty { .. }))), "{result:?}");
    Ok(())
}

#[test]
fn without_a_gradient() -> Result<()> {
    let (vars, coin) = common::learner(Bernoulli::new)?;
    variables_of(&vars).get_with_hints((), "idle", Init::Const(2.0))?;
    let descend = |by_hook: bool| -> candle_mle::Result<End> {
        let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &CPU)?, &[60.0, 40.0])?;
        if by_hook {
            let mut sgd = SGD::new(vars.all_vars(), 0.1)?;
            fit(&coin, &p, Objective::CrossEntropy, &mut sgd, 0..9, &mut GradientNorm::new(&vars, 1e-9))
        } else {
            fit(&coin, &p, Objective::CrossEntropy, &mut Lbfgs::new(&vars), 0..9, &mut ())
        }
    };
    for by_hook in [true, false] {
        let result = descend(by_hook);
        ensure!(matches!(&result, Err(Error::NoGradient { name }) if name == "idle"), "{result:?}");
    }
    // To an optimiser of candle-nn it is no error: the other moves, and this one stays.
    let mut sgd = SGD::new(vars.all_vars(), 0.1)?;
    fit(&coin, &sixty()?, Objective::CrossEntropy, &mut sgd, 0..9, &mut ())?;
    let idle = vars.data().lock().expect("nobody panics with it")["idle"].to_scalar::<f64>()?;
    ensure!(idle == 2.0 && coin.prob()? > 0.5);
    Ok(())
}
