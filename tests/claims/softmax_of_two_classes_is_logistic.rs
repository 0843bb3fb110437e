//! A softmax of two classes reaches the probabilities of logistic regression.

use anyhow::{Result, ensure};
use candle_mle::fit::Lbfgs;
use candle_mle::hook::GradientNorm;
use candle_mle::model::Linear;
use candle_mle::model::{Logistic, Softmax};
use candle_mle::{Classifier, Empirical, Labelled, Model, Objective, fit};
use candle_nn::VarBuilder;

use crate::common::{self, host};

fn learned<M: Classifier>(p: &Empirical<Labelled>, make: impl Fn(VarBuilder) -> candle_mle::Result<M>) -> Result<M> {
    let (vars, model) = common::learner(make)?;
    let mut converged = GradientNorm::new(&vars, 1e-10);
    fit(&model, p, Objective::CrossEntropy, &mut Lbfgs::new(&vars), 0..500, &mut converged)?;
    ensure!(converged.reached(), "gradient {}", converged.norm());
    Ok(model)
}

fn same(a: &[f64], b: &[f64]) -> Result<()> {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        ensure!((a - b).abs() <= 1e-8, "{a} is not {b}");
    }
    Ok(())
}

#[test]
fn on_the_titanic() -> Result<()> {
    let p = common::titanic()?;
    let logistic = learned(&p, |vb| Logistic::new(5, vb))?;
    let softmax = learned(&p, |vb| Softmax::new(5, 2, vb))?;
    same(&host(&softmax.log_prob(p.batch())?)?, &host(&logistic.log_prob(p.batch())?)?)?;
    same(&host(&softmax.log_probs(p.batch().x())?)?, &host(&logistic.log_probs(p.batch().x())?)?)
}

#[test]
fn with_the_same_coefficients_at_once() -> Result<()> {
    let p = Empirical::from_sample(common::answers(200, 1)?)?;
    let logistic = common::logistic_truth()?;
    let softmax = Softmax::from_coefficients(&logistic.coefficients()?)?;
    same(&host(&softmax.log_prob(p.batch())?)?, &host(&logistic.log_prob(p.batch())?)?)?;
    same(&host(&softmax.coefficients()?)?, &host(&logistic.coefficients()?)?)
}
