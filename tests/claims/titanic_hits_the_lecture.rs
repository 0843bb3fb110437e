//! Logistic regression of the Titanic table has the lecture's coefficients and likelihood, by either kind of descent.

use anyhow::{Result, ensure};
use candle_mle::descent::Descent;
use candle_mle::fit::Lbfgs;
use candle_mle::hook::GradientNorm;
use candle_mle::model::Logistic;
use candle_mle::{Empirical, History, Labelled, LossLog, Objective, Unit, fit};
use candle_nn::{Optimizer, SGD, VarMap};

use crate::common::{self, host};

/// Of the lecture's file, computed apart: slopes of 2nd, 3rd, crew, female, adult, and the intercept.
const SLOPES: [f64; 5] = [-1.018095, -1.777762, -0.857676, 2.420060, -1.061542];
const INTERCEPT: f64 = 0.685319;
const NLL: f64 = 1105.030553;

fn learn(
    p: &Empirical<Labelled>,
    objective: Objective,
    by: impl Fn(&VarMap) -> Result<Box<dyn Descent>>,
) -> Result<()> {
    let (vars, model) = common::learner(|vb| Logistic::new(5, vb))?;
    let mut converged = GradientNorm::new(&vars, 1e-9 * objective.scale(p));
    let mut log = LossLog::new();
    fit(&model, p, objective, by(&vars)?.as_mut(), 0..50_000, &mut (&mut log, &mut converged))?;
    ensure!(converged.reached(), "gradient {}", converged.norm());
    for (slope, expected) in host(&model.weight()?)?.into_iter().zip(SLOPES) {
        ensure!((slope - expected).abs() <= 1e-4, "slope {slope}, not {expected}");
    }
    let intercept = host(&model.bias()?)?[0];
    ensure!((intercept - INTERCEPT).abs() <= 1e-4, "intercept {intercept}");
    quantities(&log.into_history()?)
}

/// To the digits that the lecture prints.
fn quantities(history: &History) -> Result<()> {
    let last = history.rows()[history.rows().len() - 1];
    ensure!((last.nll - NLL).abs() <= 1e-5, "NLL {}", last.nll);
    assert_eq!(history.total(), 2201.0);
    assert_eq!(history.entropy().map(|h| format!("{h:.6}")).as_deref(), Some("0.687425 bits"));
    let bits = |nats: f64| format!("{:.6}", nats / Unit::Bits.nats());
    assert_eq!((bits(last.kl), bits(last.cross_entropy)), ("0.036892".into(), "0.724317".into()));
    assert_eq!(format!("{:.3}", 2.0 * history.total() * last.kl), "112.567");
    // Before the first update every x is a fair coin: one bit, and McFadden's R² is 0.
    assert_eq!(bits(history.rows()[0].cross_entropy), "1.000000");
    Ok(())
}

#[test]
fn by_gradient_descent() -> Result<()> {
    let p = common::titanic()?;
    learn(&p, Objective::CrossEntropy, |vars| Ok(Box::new(SGD::new(vars.all_vars(), 2.0)?)))
}

#[test]
fn by_gradient_descent_on_the_likelihood() -> Result<()> {
    let p = common::titanic()?;
    learn(&p, Objective::Nll, |vars| Ok(Box::new(SGD::new(vars.all_vars(), 2.0 / 2201.0)?)))
}

#[test]
fn by_lbfgs() -> Result<()> {
    let p = common::titanic()?;
    for objective in [Objective::Kl, Objective::CrossEntropy, Objective::Nll] {
        learn(&p, objective, |vars| Ok(Box::new(Lbfgs::new(vars))))?;
    }
    Ok(())
}
