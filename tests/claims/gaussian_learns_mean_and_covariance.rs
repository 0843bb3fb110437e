//! The Gaussian of maximum likelihood is the mean and the covariance (divided by n) of the snapped points.

use anyhow::{Result, ensure};
use candle_core::Tensor;
use candle_mle::fit::Lbfgs;
use candle_mle::hook::GradientNorm;
use candle_mle::info::law::MultivariateNormal;
use candle_mle::model::Gaussian;
use candle_mle::model::Sample;
use candle_mle::standardize::Standardize;
use candle_mle::{Empirical, LossLog, Model, Objective, Parameters, fit, maximum_likelihood};
use candle_nn::{Optimizer, SGD};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

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

/// Columns that hang together as closely as doubles can tell: the descent goes in coordinates in which they do not.
#[test]
fn correlated_columns_arrive_in_tens_of_steps() -> Result<()> {
    let (n, d) = (400, 30);
    for condition in [1e4, 1e8, 1e12f64] {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut normal = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
        // Axes of falling length, turned by reflections.
        let mirrors: Vec<Vec<f64>> = (0..3).map(|_| (0..d).map(|_| normal()).collect()).collect();
        let mut points = vec![];
        for _ in 0..n {
            let mut point: Vec<f64> =
                (0..d).map(|j| normal() * condition.powf(-0.5 * j as f64 / (d - 1) as f64)).collect();
            for mirror in &mirrors {
                let (along, square) = (dot(mirror, &point), dot(mirror, mirror));
                point.iter_mut().zip(mirror).for_each(|(x, m)| *x -= 2.0 * along / square * m);
            }
            points.extend(point.iter().map(|x| x + 5.0));
        }
        let p = Empirical::from_sample(Tensor::from_vec(points, (n, d), &CPU)?)?;
        let white = p.whiten()?;
        let fitted = maximum_likelihood(&p, |vb| Gaussian::new(d, vb)?.whitened(&white))?;
        let (mean, covariance) = p.moments()?;
        let gap = MultivariateNormal::new(&mean, &covariance)?.kl_divergence(&fitted.model.law()?)?.nats();
        ensure!(fitted.converged && gap < 1e-9, "{gap} at {condition:e}: {:?} {}", fitted.decrement, fitted.gradient);
        ensure!(fitted.history.rows().len() < 150, "{} steps at {condition:e}", fitted.history.rows().len());

        // The file keeps the coordinates: what is loaded stands where the fit ended.
        let folder = tempfile::tempdir()?;
        fitted.model.save(folder.path().join("gaussian"))?;
        let (_, again) = Gaussian::load(folder.path().join("gaussian"), &CPU)?.learner()?;
        assert_eq!(host(&again.log_prob(p.batch())?)?, host(&fitted.model.log_prob(p.batch())?)?);
    }
    Ok(())
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
