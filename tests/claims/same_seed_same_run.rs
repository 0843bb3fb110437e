//! The same seed gives the same sample and the same log, byte for byte; another seed another sample.

use anyhow::Result;
use candle_core::Tensor;
use candle_mle::fit::Lbfgs;
use candle_mle::hook::GradientNorm;
use candle_mle::model::{Bernoulli, Gaussian, Logistic, Softmax};
use candle_mle::model::{Mixture, Sample};
use candle_mle::standardize::Standardize;
use candle_mle::{Empirical, LossLog, Model, Objective, Parameters, Unit, fit};
use candle_nn::{Optimizer, SGD, VarBuilder};

use crate::common::{self, host};

/// The log of a fit, by either kind of descent, as CSV.
fn log<M: Model>(p: &Empirical<M::Batch>, make: impl Fn(VarBuilder) -> candle_mle::Result<M>) -> Result<[String; 2]> {
    let (vars, model) = common::learner(&make)?;
    let mut by_sgd = LossLog::new();
    fit(&model, p, Objective::CrossEntropy, &mut SGD::new(vars.all_vars(), 0.1)?, 0..50, &mut by_sgd)?;
    let (vars, model) = common::learner(&make)?;
    let (mut by_lbfgs, mut converged) = (LossLog::new(), GradientNorm::new(&vars, 1e-9));
    fit(&model, p, Objective::Nll, &mut Lbfgs::new(&vars), 0..20, &mut (&mut by_lbfgs, &mut converged))?;
    Ok([by_sgd.into_history()?.to_csv(Unit::Bits), by_lbfgs.into_history()?.to_csv(Unit::Nats)])
}

/// What a seed leads to: the sample as numbers, and the logs.
fn check(from: impl Fn(u64) -> Result<(Vec<f64>, [String; 2])>) -> Result<()> {
    let first = from(7)?;
    assert_eq!(first, from(7)?);
    let other = from(8)?;
    assert!(first.0 != other.0 && first.1 != other.1);
    Ok(())
}

#[test]
fn bernoulli() -> Result<()> {
    check(|seed| {
        let flips = common::flips(500, seed)?;
        Ok((host(&flips)?, log(&Empirical::from_sample(flips)?, Bernoulli::new)?))
    })
}

#[test]
fn logistic() -> Result<()> {
    check(|seed| {
        let answers = common::answers(200, seed)?;
        Ok((host(answers.y())?, log(&Empirical::from_sample(answers)?, |vb| Logistic::new(2, vb))?))
    })
}

#[test]
fn softmax() -> Result<()> {
    check(|seed| {
        let kinds = common::kinds(200, seed)?;
        Ok((host(kinds.y())?, log(&Empirical::from_sample(kinds)?, |vb| Softmax::new(2, 3, vb))?))
    })
}

#[test]
fn gaussian() -> Result<()> {
    check(|seed| {
        let points: Tensor = common::gaussian_truth_3d()?.sample(&200, &mut common::generator(seed))?;
        let p = Empirical::from_sample(points.clone())?.at_resolution(&[0.1; 3])?;
        Ok((host(&points)?, log(&p, |vb| Gaussian::new(3, vb))?))
    })
}

#[test]
fn mixture() -> Result<()> {
    check(|seed| {
        let truth = Mixture::from_moments(&[0.4, 0.6], &[[-2.0], [2.0]], &[[[1.0]], [[0.5]]], &common::CPU)?;
        let points = truth.sample(&200, &mut common::generator(seed))?;
        let p = Empirical::from_sample(points.clone())?.at_resolution(&[0.1])?;
        let start = Mixture::seeded(p.batch(), p.mass(), 2, &[0.1], &mut common::generator(seed))?;
        let csv = |unit, objective| -> Result<String> {
            let (vars, model) = start.expressed_in(Standardize::moments(p.batch(), p.mass())?)?.learner()?;
            let mut log = LossLog::new();
            fit(&model, &p, objective, &mut Lbfgs::new(&vars), 0..30, &mut log)?;
            Ok(log.into_history()?.to_csv(unit))
        };
        Ok((host(&points)?, [csv(Unit::Bits, Objective::CrossEntropy)?, csv(Unit::Nats, Objective::Nll)?]))
    })
}
