//! The Gaussian of maximum likelihood is the mean and the covariance (divided by n) of the snapped points.

use anyhow::{Result, ensure};
use candle_core::Tensor;
use candle_mle::fit::Lbfgs;
use candle_mle::hook::GradientNorm;
use candle_mle::model::Gaussian;
use candle_mle::model::Sample;
use candle_mle::standardize::Standardize;
use candle_mle::{Empirical, LossLog, Objective, Parameters, fit};
use candle_nn::{Optimizer, SGD};

use crate::common::{self, CPU, host};

/// Within 1e-8: what is left of a gradient of 1e-11 in any direction these data have.
const NEAR: f64 = 1e-8;

/// The centres of the cells, divided by the whole 1/Δ, so that decimals stay decimals.
fn snapped(raw: &Tensor, per_unit: &[f64]) -> Result<Vec<f64>> {
    let values = host(raw)?;
    Ok(values
        .iter()
        .enumerate()
        .map(|(i, x)| {
            let d = per_unit[i % per_unit.len()];
            (x * d).round() / d
        })
        .collect())
}

fn mean_and_covariance(points: &[f64], k: usize) -> (Vec<f64>, Vec<f64>) {
    let n = (points.len() / k) as f64;
    let mean: Vec<f64> = (0..k).map(|i| points.chunks(k).map(|x| x[i]).sum::<f64>() / n).collect();
    let product = |i: usize, j: usize| points.chunks(k).map(|x| (x[i] - mean[i]) * (x[j] - mean[j])).sum::<f64>() / n;
    let covariance = (0..k * k).map(|at| product(at / k, at % k)).collect();
    (mean, covariance)
}

fn same(model: &Gaussian, points: &[f64]) -> Result<()> {
    let k = model.mean()?.elem_count();
    let (mean, covariance) = mean_and_covariance(points, k);
    for (got, expected) in
        host(&model.mean()?)?.iter().zip(&mean).chain(host(&model.covariance()?)?.iter().zip(&covariance))
    {
        ensure!((got - expected).abs() <= NEAR, "{got} is not {expected}");
    }
    Ok(())
}

/// L-BFGS on the range of the data, as for a table of one's own.
fn by_lbfgs(p: &Empirical<Tensor>, points: &[f64]) -> Result<()> {
    let k = p.batch().dim(1)?;
    let (vars, model) = common::learner(|vb| Gaussian::new(k, vb)?.standardized(Standardize::range(p.batch())?))?;
    let (mut log, mut converged) = (LossLog::new(), GradientNorm::new(&vars, 1e-11));
    fit(&model, p, Objective::CrossEntropy, &mut Lbfgs::new(&vars), 0..500, &mut (&mut log, &mut converged))?;
    ensure!(converged.reached(), "gradient {}", converged.norm());
    same(&model, points)
}

#[test]
fn by_gradient_descent_from_the_standard_gaussian() -> Result<()> {
    let raw = common::gaussian_truth_3d()?.sample(&300, &mut common::generator(1))?;
    let points = snapped(&raw, &[2.0, 4.0, 10.0])?;
    let p = Empirical::from_sample(raw)?.at_resolution(&[0.5, 0.25, 0.1])?;
    let (vars, model) = common::learner(|vb| Gaussian::new(3, vb))?;
    let mut converged = GradientNorm::new(&vars, 1e-11);
    fit(&model, &p, Objective::CrossEntropy, &mut SGD::new(vars.all_vars(), 0.2)?, 0..20_000, &mut converged)?;
    ensure!(converged.reached(), "gradient {}", converged.norm());
    same(&model, &points)
}

#[test]
fn waiting_minutes_as_they_are() -> Result<()> {
    let raw = common::old_faithful(&["waiting_minutes"])?;
    let points = host(&raw)?;
    // With a resolution of a minute, and without one: the minutes are whole, so that the maximum is the same.
    by_lbfgs(&Empirical::from_sample(raw.clone())?.at_resolution(&[1.0])?, &points)?;
    by_lbfgs(&Empirical::from_sample(raw)?, &points)
}

#[test]
fn waiting_minutes_at_a_coarse_resolution() -> Result<()> {
    let raw = common::old_faithful(&["waiting_minutes"])?;
    let points = snapped(&raw, &[0.2])?;
    ensure!(points != host(&raw)?);
    by_lbfgs(&Empirical::from_sample(raw)?.at_resolution(&[5.0])?, &points)
}

#[test]
fn both_columns_of_old_faithful() -> Result<()> {
    let raw = common::old_faithful(&["eruption_minutes", "waiting_minutes"])?;
    let points = host(&raw)?;
    by_lbfgs(&Empirical::from_sample(raw)?.at_resolution(&[0.001, 1.0])?, &points)
}

#[test]
fn what_the_closed_form_says() -> Result<()> {
    let raw = common::old_faithful(&["eruption_minutes", "waiting_minutes"])?;
    let points = host(&raw)?;
    let (mean, covariance) = Empirical::from_sample(raw)?.moments()?;
    same(&Gaussian::from_moments(&mean, &covariance, &CPU)?, &points)
}
