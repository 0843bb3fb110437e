//! From the same start and with the same floor, descent on a mixture ends where expectation maximisation ends; without a
//! floor its likelihood has no maximum.

use anyhow::{Result, ensure};
use candle_core::Tensor;
use candle_mle::fit::Lbfgs;
use candle_mle::hook::GradientNorm;
use candle_mle::model::Mixture;
use candle_mle::standardize::Standardize;
use candle_mle::{Empirical, LossLog, Objective, Parameters, fit, walk};
use nalgebra::{DMatrix, DVector};

use crate::common::{self, CPU, host};

/// w (K), μ (K, d), Σ (K, d, d).
type Moments = (Vec<f64>, Vec<Vec<f64>>, Vec<DMatrix<f64>>);

/// Expectation maximisation (Dempster, Laird and Rubin 1977) in plain f64, its maximisation under the floor: the regression
/// of every column on those before it by weighted least squares, and no residual deviation below the floor.
fn em(points: &[Vec<f64>], mass: &[f64], start: Moments, floor: &[f64]) -> Result<Moments> {
    let (k, d) = (start.0.len(), floor.len());
    let (mut weights, mut means, mut covariances) = start;
    for _ in 0..20_000 {
        let mut parts = vec![vec![]; k];
        for c in 0..k {
            let inverse = covariances[c].clone().try_inverse().ok_or_else(|| anyhow::anyhow!("singular"))?;
            let log_det = covariances[c].determinant().ln();
            for x in points {
                let from_mean = DVector::from_fn(d, |j, _| x[j] - means[c][j]);
                parts[c].push(weights[c].ln() - 0.5 * (log_det + from_mean.dot(&(&inverse * &from_mean))));
            }
        }
        let before = (weights.clone(), means.clone(), covariances.clone());
        let share = |c: usize, row: usize| {
            let top = (0..k).map(|c| parts[c][row]).fold(f64::NEG_INFINITY, f64::max);
            let all: f64 = (0..k).map(|c| (parts[c][row] - top).exp()).sum();
            (parts[c][row] - top).exp() / all
        };
        for c in 0..k {
            let r: Vec<f64> = (0..points.len()).map(|row| mass[row] * share(c, row)).collect();
            weights[c] = r.iter().sum();
            let average =
                |f: &dyn Fn(&[f64]) -> f64| points.iter().zip(&r).map(|(x, r)| r * f(x)).sum::<f64>() / weights[c];
            let mean: Vec<f64> = (0..d).map(|j| average(&|x| x[j])).collect();
            let scatter = DMatrix::from_fn(d, d, |i, j| average(&|x| (x[i] - mean[i]) * (x[j] - mean[j])));
            // x − μ = b (x − μ) + D ε, column by column.
            let mut to_noise = DMatrix::identity(d, d);
            let mut noise = DMatrix::zeros(d, d);
            for j in 0..d {
                let (before, with) = (scatter.view((0, 0), (j, j)), scatter.view((0, j), (j, 1)));
                let slope = before.clone_owned().try_inverse().map_or(DMatrix::zeros(j, 1), |inverse| inverse * with);
                for i in 0..j {
                    to_noise[(j, i)] = -slope[(i, 0)];
                }
                let residual = scatter[(j, j)] - with.dot(&slope);
                noise[(j, j)] = residual.max(floor[j] * floor[j]);
            }
            let root = to_noise.try_inverse().ok_or_else(|| anyhow::anyhow!("a unit triangle is invertible"))?;
            means[c] = mean;
            covariances[c] = &root * noise * root.transpose();
        }
        let moved = (0..k).map(|c| {
            let means = before.1[c].iter().zip(&means[c]).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            means.max((&before.2[c] - &covariances[c]).amax()).max((before.0[c] - weights[c]).abs())
        });
        if moved.fold(0.0, f64::max) < 1e-13 {
            break;
        }
    }
    Ok((weights, means, covariances))
}

fn moments(mixture: &Mixture) -> Result<Moments> {
    let (k, d) = mixture.means()?.dims2()?;
    let covariances = host(&mixture.covariances()?)?;
    Ok((
        host(&mixture.weights()?)?,
        host(&mixture.means()?)?.chunks(d).map(<[f64]>::to_vec).collect(),
        covariances.chunks(d * d).take(k).map(|c| DMatrix::from_row_slice(d, d, c)).collect(),
    ))
}

/// Descent and EM from one seeded start; returns the standard deviations given the columns before, (K · d).
fn check(raw: Tensor, k: usize, floor: &[f64], seed: u64) -> Result<Vec<f64>> {
    let p = Empirical::from_sample(raw)?;
    let start = Mixture::seeded(p.batch(), p.mass(), k, floor, &mut common::generator(seed))?;
    let (vars, mixture) = start.expressed_in(Standardize::moments(p.batch(), p.mass())?)?.learner()?;
    let mut converged = GradientNorm::new(&vars, 1e-9);
    fit(&mixture, &p, Objective::CrossEntropy, &mut Lbfgs::new(&vars), 0..1000, &mut converged)?;
    ensure!(converged.reached(), "gradient {}", converged.norm());

    let points: Vec<Vec<f64>> = p.batch().to_vec2()?;
    let (weights, means, covariances) = em(&points, &host(p.mass())?, moments(&start)?, floor)?;
    let own = moments(&mixture)?;
    // Up to relabelling: in the order of the first column's mean.
    let order = |means: &[Vec<f64>]| {
        let mut order: Vec<usize> = (0..k).collect();
        order.sort_by(|a, b| means[*a][0].total_cmp(&means[*b][0]));
        order
    };
    let near = |a: f64, b: f64, what: &str| -> Result<()> {
        ensure!((a - b).abs() <= 1e-6 * b.abs().max(1.0), "{what}: {a} by descent, {b} by EM");
        Ok(())
    };
    for (a, b) in order(&own.1).into_iter().zip(order(&means)) {
        near(own.0[a], weights[b], "weight")?;
        own.1[a].iter().zip(&means[b]).try_for_each(|(a, b)| near(*a, *b, "mean"))?;
        own.2[a].iter().zip(&covariances[b]).try_for_each(|(a, b)| near(*a, *b, "covariance"))?;
    }
    host(&mixture.conditional_std()?)
}

#[test]
fn waiting_times() -> Result<()> {
    for seed in 1..4 {
        let sigma = check(common::old_faithful(&["waiting_minutes"])?, 2, &[1.0], seed)?;
        ensure!(sigma.iter().all(|sigma| *sigma > 1.5), "the floor does not act: {sigma:?}");
    }
    Ok(())
}

#[test]
fn eruptions_and_waiting_times() -> Result<()> {
    let sigma = check(common::old_faithful(&["eruption_minutes", "waiting_minutes"])?, 2, &[0.1, 1.0], 1)?;
    ensure!(sigma[0] > 0.15 && sigma[1] > 1.5, "the floor does not act: {sigma:?}");
    Ok(())
}

#[test]
fn where_the_floor_acts() -> Result<()> {
    let sigma = check(common::old_faithful(&["waiting_minutes"])?, 2, &[7.0], 1)?;
    ensure!(sigma.iter().all(|sigma| *sigma >= 7.0) && sigma.contains(&7.0), "{sigma:?}");
    let sigma = check(common::old_faithful(&["eruption_minutes", "waiting_minutes"])?, 2, &[0.4, 1.0], 1)?;
    ensure!(sigma[0].min(sigma[2]) == 0.4 && sigma[1] > 1.5, "{sigma:?}");
    Ok(())
}

/// A component that sits on a value observed c times has c ln(1/σ) to win: at a floor ten times lower, c ln 10 nats more.
#[test]
fn without_a_floor_there_is_no_maximum() -> Result<()> {
    let raw = common::old_faithful(&["waiting_minutes"])?;
    let count = host(&raw)?.iter().filter(|x| **x == 47.0).count() as f64;
    let p = Empirical::from_sample(raw)?;
    let (sigmas, mut log) = ([1e-4, 1e-5, 1e-6, 1e-7, 1e-11], LossLog::new());
    let on_one_value =
        |sigma: &f64| Mixture::from_moments(&[0.9, 0.1], &[[70.0], [47.0]], &[[[200.0]], [[sigma * sigma]]], &CPU);
    walk(sigmas.iter().map(on_one_value), &p, &mut log)?;
    for (two, decades) in log.into_history()?.rows().windows(2).zip([1.0, 1.0, 1.0, 4.0]) {
        let won = (two[0].nll - two[1].nll) / (count * 10f64.ln());
        ensure!((won - decades).abs() < 1e-4, "{won} decades of {decades}, from {} to {} nats", two[0].nll, two[1].nll);
    }
    Ok(())
}
