//! KL(p̂‖q) ≥ 0 for every model of probabilities, and ≥ −ln Z for a density at a resolution, Z = Σ_cells q(mid)·Δ.

use std::collections::HashMap;
use std::f64::consts::PI;

use anyhow::{Result, ensure};
use candle_core::{DType, Tensor};
use candle_mle::model::KlDivergence;
use candle_mle::model::Linear;
use candle_mle::model::{Bernoulli, Gaussian, Logistic, Softmax};
use candle_mle::{Empirical, Labelled, LossLog, Model, Objective, walk};
use candle_nn::VarBuilder;
use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::common::{CPU, host};

/// What the hook logs of one model, in nats.
fn kl<M: Model>(model: M, p: &Empirical<M::Batch>) -> Result<f64> {
    let mut log = LossLog::new();
    walk([Ok(model)], p, &mut log)?;
    Ok(log.into_history()?.rows()[0].kl)
}

fn coin(logit: f64) -> Result<Bernoulli> {
    let parameters = HashMap::from([("logit".to_string(), Tensor::new(logit, &CPU)?)]);
    Ok(Bernoulli::new(VarBuilder::from_tensors(parameters, DType::F64, &CPU))?)
}

/// A table of `classes` at the six x of {0, 1, 2} × {0, 1}; at least one count is positive.
fn classified(counts: &[u32], classes: usize) -> Result<Empirical<Labelled>> {
    let (mut x, mut y) = (vec![], vec![]);
    for row in 0..6 * classes as u32 {
        let (at, class) = (row / classes as u32, row % classes as u32);
        x.extend([f64::from(at / 2), f64::from(at % 2)]);
        y.push(class);
    }
    let n = y.len();
    let counts: Vec<f64> = counts.iter().map(|c| f64::from(*c)).collect();
    let batch = Labelled::new(Tensor::from_vec(x, (n, 2), &CPU)?, Tensor::from_vec(y, n, &CPU)?)?;
    Ok(Empirical::from_counts(batch, &counts)?)
}

fn coefficients(values: &[f64], classes: usize) -> Result<Tensor> {
    Ok(Tensor::from_slice(&[&[0.0; 3], values].concat(), (classes, 3), &CPU)?)
}

/// Counts of the cells j · Δ for j = −10 … 10.
fn cells(counts: &[f64], delta: f64) -> Result<Empirical<Tensor>> {
    let mid: Vec<f64> = (-10..=10).map(|j| f64::from(j) * delta).collect();
    Ok(Empirical::from_counts(Tensor::from_vec(mid, (21, 1), &CPU)?, counts)?.at_resolution(&[delta])?)
}

fn density(x: f64, mean: f64, sigma: f64) -> f64 {
    (-0.5 * ((x - mean) / sigma).powi(2)).exp() / (sigma * (2.0 * PI).sqrt())
}

/// Z over every cell within 40 σ, beyond which a density is below 1e-340.
fn z(mean: f64, sigma: f64, delta: f64) -> f64 {
    let (low, high) = ((mean - 40.0 * sigma) / delta, (mean + 40.0 * sigma) / delta);
    (low.floor() as i64..=high.ceil() as i64).map(|j| density(j as f64 * delta, mean, sigma) * delta).sum()
}

fn gaussian_kl(counts: &[f64], mean: f64, sigma: f64, delta: f64) -> Result<f64> {
    kl(Gaussian::from_moments(&[mean], &[[sigma * sigma]], &CPU)?, &cells(counts, delta)?)
}

/// δ²/2p(1 − p), to as many digits as δ has; a plain sum has none of them.
#[test]
fn near_zero_the_other_ways_round_keep_their_digits() -> Result<()> {
    let (p, delta) = (0.3, 1e-8);
    let both = Tensor::new(&[1.0, 0.0], &CPU)?;
    let (truth, near) = (Bernoulli::from_prob(p, &CPU)?, Bernoulli::from_prob(p + delta, &CPU)?);
    let is = |found: f64, right: f64| {
        ensure!((found / right - 1.0).abs() < 1e-6, "{found:e}, not {right:e}");
        Ok(())
    };
    let right = delta * delta / (2.0 * p * (1.0 - p));
    for (a, b) in [(&truth, &near), (&near, &truth)] {
        is(host(&a.kl_divergence(b, &both)?)?[0], right)?;
    }
    let seen = Empirical::from_counts(both, &[30.0, 70.0])?;
    let loss = Objective::ReverseKl.loss(&near, &near.log_prob(seen.batch())?, &seen)?;
    is(loss.to_scalar::<f64>()?, right)?;
    // Of three classes Σ q δ² − (Σ q δ)² is the variance of what the logits differ by.
    let at = |delta: f64| -> Result<Softmax> {
        Ok(Softmax::from_coefficients(&coefficients(&[0.0, 0.0, 0.7, 0.0, 0.0, delta - 0.4], 3)?)?)
    };
    let (weights, x) = ([1.0, 0.7f64.exp(), (-0.4f64).exp()], Tensor::new(&[[1.0, 2.0]], &CPU)?);
    let share = weights[2] / weights.iter().sum::<f64>();
    let batch = Labelled::new(x, Tensor::new(&[0u32], &CPU)?)?;
    is(host(&at(0.0)?.kl_divergence(&at(delta)?, &batch)?)?[0], 0.5 * delta * delta * share * (1.0 - share))?;
    // What the one gives no mass at all, and the other some.
    let die = |last: f64| Bernoulli::from_prob(last, &CPU);
    let kl = host(&die(0.0)?.kl_divergence(&die(0.25)?, seen.batch())?)?[0];
    ensure!((kl + 0.75f64.ln()).abs() < 1e-15, "{kl}");
    ensure!(host(&die(0.25)?.kl_divergence(&die(0.0)?, seen.batch())?)?[0] == f64::INFINITY);
    Ok(())
}

fn failed(e: anyhow::Error) -> TestCaseError {
    TestCaseError::fail(e.to_string())
}

fn some(counts: &[u32]) -> bool {
    counts.iter().any(|c| *c > 0)
}

// 1e-12 nats is rounding, where KL itself is zero.
proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn bernoulli(counts in [0u32..60, 0u32..60].prop_filter("none", |c| some(c)), logit in -30.0..30.0) {
        let both = Tensor::new(&[0.0, 1.0], &CPU).map_err(|e| failed(e.into()))?;
        let p = Empirical::from_counts(both, &counts.map(f64::from)).map_err(|e| failed(e.into()))?;
        let kl = coin(logit).and_then(|q| kl(q, &p)).map_err(failed)?;
        prop_assert!(kl >= -1e-12, "{kl}");
    }

    #[test]
    fn logistic(
        counts in proptest::collection::vec(0u32..20, 12).prop_filter("none", |c| some(c)),
        slopes in proptest::collection::vec(-10.0..10.0, 3),
    ) {
        let q = coefficients(&slopes, 2).and_then(|c| Ok(Logistic::from_coefficients(&c)?)).map_err(failed)?;
        let kl = classified(&counts, 2).and_then(|p| kl(q, &p)).map_err(failed)?;
        prop_assert!(kl >= -1e-12, "{kl}");
    }

    #[test]
    fn softmax(
        counts in proptest::collection::vec(0u32..20, 18).prop_filter("none", |c| some(c)),
        slopes in proptest::collection::vec(-10.0..10.0, 6),
    ) {
        let q = coefficients(&slopes, 3).and_then(|c| Ok(Softmax::from_coefficients(&c)?)).map_err(failed)?;
        let kl = classified(&counts, 3).and_then(|p| kl(q, &p)).map_err(failed)?;
        prop_assert!(kl >= -1e-12, "{kl}");
    }

    #[test]
    fn gaussian_at_a_resolution(
        counts in proptest::collection::vec(0u32..20, 21).prop_filter("none", |c| some(c)),
        mean in -3.0..3.0,
        log_ratio in -2.3..1.6, // σ from Δ/10 to 5Δ
        delta in 0.01..3.0,
    ) {
        let sigma = delta * f64::exp(log_ratio);
        let counts: Vec<f64> = counts.into_iter().map(f64::from).collect();
        let kl = gaussian_kl(&counts, mean * delta, sigma, delta).map_err(failed)?;
        let least = -z(mean * delta, sigma, delta).ln();
        prop_assert!(kl >= least - 1e-12, "{kl} is below −ln Z = {least}");
    }
}

#[test]
fn it_is_zero_where_the_model_is_what_was_observed() -> Result<()> {
    let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &CPU)?, &[60.0, 40.0])?;
    ensure!(kl(Bernoulli::from_prob(0.6, &CPU)?, &p)?.abs() <= 1e-12);
    ensure!(kl(Bernoulli::from_prob(0.61, &CPU)?, &p)? > 1e-4);
    // One x, three classes of 5, 3 and 2 observations: logits ln p̂.
    let p = classified(&[vec![5, 3, 2], vec![0; 15]].concat(), 3)?;
    let logits = [0.0, 0.0, (3.0f64 / 5.0).ln(), 0.0, 0.0, (2.0f64 / 5.0).ln()];
    ensure!(kl(Softmax::from_coefficients(&coefficients(&logits, 3)?)?, &p)?.abs() <= 1e-12);
    Ok(())
}

/// Cells of mass ∝ q(mid) reach the bound: the document's −0.014 nats at σ = Δ/2 and −0.69 at Δ/5.
#[test]
fn the_bound_is_reached_and_is_as_documented() -> Result<()> {
    for (ratio, shown) in [(0.5, "-0.014"), (0.2, "-0.69")] {
        let (delta, sigma) = (0.3, 0.3 * ratio);
        let counts: Vec<f64> = (-10..=10).map(|j| density(f64::from(j) * delta, 0.0, sigma)).collect();
        let (kl, least) = (gaussian_kl(&counts, 0.0, sigma, delta)?, -z(0.0, sigma, delta).ln());
        ensure!((kl - least).abs() <= 1e-12, "{kl} is not −ln Z = {least}");
        let digits = shown.len() - 3;
        assert_eq!(format!("{kl:.digits$}"), shown);
    }
    // Where σ ≥ Δ the midpoint rule is exact to 2 exp(−2π²) = 5.4e-9, wherever the mean stands in its cell.
    for i in 0..20 {
        let mean = f64::from(i) / 20.0;
        ensure!((z(mean, 1.0, 1.0) - 1.0).abs() < 5.5e-9);
        let counts: Vec<f64> = (-10..=10).map(|j| density(f64::from(j), mean, 1.0)).collect();
        ensure!(gaussian_kl(&counts, mean, 1.0, 1.0)?.abs() < 5.5e-9);
    }
    Ok(())
}

/// What the warning of a coarse resolution looks at: σ in one column, and given the other columns in several.
#[test]
fn the_conditional_standard_deviation_tells_where_the_bound_is_zero() -> Result<()> {
    let one = Gaussian::from_moments(&[3.0], &[[0.25]], &CPU)?;
    ensure!((one.conditional_std()?[0] - 0.5).abs() <= 1e-15);
    // Both columns spread over three cells, and far less once the other is known: σ √(1 − ρ²).
    let (sigma, rho) = (3.0, 0.995);
    let covariance = [[1.0, rho], [rho, 1.0]].map(|row| row.map(|c| c * sigma * sigma));
    let two = Gaussian::from_moments(&[0.0, 0.0], &covariance, &CPU)?;
    let conditional = sigma * f64::sqrt(1.0 - rho * rho);
    for std in two.conditional_std()? {
        ensure!((std - conditional).abs() <= 1e-12, "{std} is not {conditional}");
    }
    // At Δ = 1 that is below the resolution, and cells of mass ∝ q(mid) have a KL below zero; at Δ = 0.25 they do not.
    for (delta, negative) in [(1.0, true), (0.25, false)] {
        let reach = (5.0 * sigma / delta) as i32;
        let grid: Vec<f64> = (-reach..=reach)
            .flat_map(|i| (-reach..=reach).flat_map(move |j| [f64::from(i) * delta, f64::from(j) * delta]))
            .collect();
        let grid = Tensor::from_vec(grid, ((2 * reach as usize + 1).pow(2), 2), &CPU)?;
        let mass: Vec<f64> = host(&two.log_prob(&grid)?)?.iter().map(|l| l.exp()).collect();
        let kl = kl(two.clone(), &Empirical::from_counts(grid, &mass)?.at_resolution(&[delta, delta])?)?;
        ensure!((conditional < delta) == negative);
        ensure!(if negative { kl < -0.01 } else { kl > -1e-5 }, "KL {kl} at a resolution of {delta}");
    }
    Ok(())
}
