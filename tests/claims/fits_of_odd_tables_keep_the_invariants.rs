//! Fits of tables of odd scales, with ties, duplicates, constant columns, one row: an honest error, or a fit whose three quantities
//! hold together, whose KL is nowhere negative, and of which it is known whether it has a maximum. The same tables every time;
//! `CANDLE_MLE_FUZZ=100000` tries so many.

use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::{Result, ensure};
use candle_core::Tensor;
use candle_mle::batch::Response;
use candle_mle::mle::{By, Plan};
use candle_mle::model::{Gaussian, LinearGaussian, Logistic, PoissonRegression, Softmax};
use candle_mle::standardize::Standardize;
use candle_mle::{Empirical, Fitted, History, Labelled, Parameters, separation};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::common::{self, CPU};

/// Tables of each family.
const TRIES: usize = 400;

fn tries() -> usize {
    std::env::var("CANDLE_MLE_FUZZ").ok().and_then(|tries| tries.parse().ok()).unwrap_or(TRIES)
}

/// A column of a kind: of a scale up to 1e±300, tied, far from 0, constant, with one value far out.
fn column(n: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let exponents = [0, 0, 0, 1, -1, 8, -8, 100, -100, 150, -150, 290, -290, 300, -300, -308];
    let scale = 10f64.powi(exponents[rng.random_range(0..exponents.len())]);
    let kind = rng.random_range(0..7);
    let mut column: Vec<f64> = (0..n)
        .map(|_| match kind {
            0 => f64::from(rng.random_range(0..2)),
            1 => f64::from(rng.random_range(-2..3)),
            2 => 1e9 + f64::from(rng.random_range(0..5)),
            3 => 1.0,
            4 => rng.random::<f64>().powi(20),
            _ => rng.random_range(-1.0..1.0),
        })
        .map(|x: f64| (x * scale).clamp(-f64::MAX, f64::MAX))
        .collect();
    if kind == 6 {
        column[0] = (1e9 * scale).min(f64::MAX);
    }
    column
}

/// Columns side by side; now and then one is a copy of another.
fn columns(n: usize, d: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut columns: Vec<Vec<f64>> = vec![];
    for _ in 0..d {
        let copied = !columns.is_empty() && rng.random_bool(0.1);
        columns.push(if copied { columns[0].clone() } else { column(n, rng) });
    }
    (0..n).flat_map(|row| columns.iter().map(move |column| column[row]).collect::<Vec<_>>()).collect()
}

/// What must hold of every log: the identity to rounding, KL ≥ 0, one argmin.
fn invariants(history: &History) -> Result<()> {
    let rows = history.rows();
    ensure!(!rows.is_empty(), "no row");
    if let Some(residual) = history.residual() {
        ensure!(residual <= 1e-12, "the identity holds to {residual}");
        for row in rows {
            let size = row.cross_entropy.abs().max(1.0);
            ensure!(row.kl >= -1e-12 * size, "KL is {} at step {}", row.kl, row.step);
        }
        let argmin = history.argmin(1e-9);
        let apart = |other: Option<usize>| match (argmin.cross_entropy, other) {
            // Within rounding of the tolerance a step is on one side of it for one and on the other for the other.
            (Some(a), Some(b)) => {
                let at =
                    |step: usize| rows.iter().find(|row| row.step == step).map_or(f64::NAN, |row| row.cross_entropy);
                (at(a) - at(b)).abs() > 1e-12 * at(a).abs().max(1.0)
            }
            (a, b) => a != b,
        };
        ensure!(!apart(argmin.kl) && !apart(argmin.nll), "{argmin:?}");
    }
    Ok(())
}

fn ended<M>(fitted: &Fitted<M>) -> Result<()> {
    ensure!(fitted.gradient.is_finite() || !fitted.converged, "it converged to {}", fitted.gradient);
    invariants(&fitted.history)
}

/// Tries all, and shows the first that are wrong; how many were fitted, refused, and fitted without an end.
fn every(what: &str, fit: impl Fn(&mut ChaCha8Rng) -> Result<(String, Result<Option<bool>>)>) -> Result<()> {
    let (mut wrong, mut refused, mut fitted, mut open) = (vec![], 0, 0, 0);
    for seed in 0..tries() as u64 {
        match catch_unwind(AssertUnwindSafe(|| fit(&mut common::generator(seed)))) {
            Err(_) => wrong.push(format!("seed {seed}: a panic")),
            Ok(outcome) => match outcome? {
                (_, Ok(None)) => refused += 1,
                (_, Ok(Some(true))) => fitted += 1,
                (_, Ok(Some(false))) => open += 1,
                (table, Err(e)) => wrong.push(format!("seed {seed}: {e:#}, of {table}")),
            },
        }
    }
    println!("{what}: {fitted} fitted, {open} without convergence, {refused} refused");
    ensure!(wrong.is_empty(), "{what}: {} wrong\n{}", wrong.len(), wrong[..wrong.len().min(6)].join("\n"));
    ensure!(fitted > tries() / 5, "{what}: hardly one was fitted");
    Ok(())
}

/// An error must say something, in words.
fn refusal(error: &candle_mle::Error) -> Result<Option<bool>> {
    let said = error.to_string();
    ensure!(said.len() > 20 && !said.contains("NaN nats"), "'{said}' says nothing");
    Ok(None)
}

const STEPS: usize = 300;

#[test]
fn of_classes() -> Result<()> {
    every("classes", |rng| {
        let (n, d, classes) = (rng.random_range(1..20), rng.random_range(1..4), rng.random_range(2..4u32));
        let x = columns(n, d, rng);
        let y: Vec<u32> = (0..n).map(|_| rng.random_range(0..classes)).collect();
        let table = format!("{x:?} {y:?}");
        let batch = Labelled::new(Tensor::from_vec(x, (n, d), &CPU)?, Tensor::new(y, &CPU)?)?;
        let p = Empirical::from_sample(batch)?;
        let outcome = || {
            let map = match p.standardize() {
                Ok(map) => map,
                Err(e) => return refusal(&e),
            };
            let apart = match separation(&p, classes as usize) {
                Ok(apart) => apart,
                Err(e) => return refusal(&e),
            };
            let plan = Plan { steps: STEPS, ..Plan::default() };
            let (nll, converged) = if classes == 2 {
                match plan.fit(&p, |vb| Logistic::new(d, vb)?.standardized(map)) {
                    Ok(fitted) => {
                        (fitted.cross_entropy().nats() * p.total(), ended(&fitted).map(|()| fitted.converged)?)
                    }
                    Err(e) => return refusal(&e),
                }
            } else {
                match plan.fit(&p, |vb| Softmax::new(d, 3, vb)?.standardized(map)) {
                    Ok(fitted) => {
                        (fitted.cross_entropy().nats() * p.total(), ended(&fitted).map(|()| fitted.converged)?)
                    }
                    Err(e) => return refusal(&e),
                }
            };
            match apart {
                Some(apart) => {
                    let infimum = apart.infimum.nats();
                    ensure!(nll >= infimum - 1e-9 * infimum.max(1.0), "{nll} is below the infimum {infimum}");
                    Ok(Some(true))
                }
                None => Ok(Some(converged)),
            }
        };
        Ok((table, outcome()))
    })
}

#[test]
fn of_points() -> Result<()> {
    every("points", |rng| {
        let (n, d) = (rng.random_range(1..20), rng.random_range(1..3));
        let x = columns(n, d, rng);
        let table = format!("{x:?}");
        let p = Empirical::from_sample(Tensor::from_vec(x, (n, d), &CPU)?)?;
        let outcome = || {
            let white = match p.whiten() {
                Ok(white) => white,
                Err(e) => return refusal(&e),
            };
            match (Plan { steps: STEPS, ..Plan::default() }).fit(&p, |vb| Gaussian::new(d, vb)?.whitened(&white)) {
                Ok(fitted) => ended(&fitted).map(|()| Some(fitted.converged)),
                Err(e) => refusal(&e),
            }
        };
        Ok((table, outcome()))
    })
}

#[test]
fn of_points_at_a_resolution() -> Result<()> {
    every("points at a resolution", |rng| {
        let n = rng.random_range(1..20);
        let x = column(n, rng);
        let size = x.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        let table = format!("{x:?}");
        let p = Empirical::from_sample(Tensor::from_vec(x, (n, 1), &CPU)?)?;
        let outcome = || {
            let p = match p.at_resolution(&[size / 16.0]) {
                Ok(p) => p,
                Err(e) => return refusal(&e),
            };
            let map = match Standardize::moments(p.batch(), p.mass()) {
                Ok(map) => map,
                Err(e) => return refusal(&e),
            };
            let by = By::GradientDescent { step_size: 0.1 };
            match (Plan { steps: 50, by, ..Plan::default() }).fit(&p, |vb| Gaussian::new(1, vb)?.standardized(map)) {
                Ok(fitted) => ended(&fitted).map(|()| Some(true)),
                Err(e) => refusal(&e),
            }
        };
        Ok((table, outcome()))
    })
}

#[test]
fn of_responses() -> Result<()> {
    every("responses", |rng| {
        let (n, d, counts) = (rng.random_range(1..20), rng.random_range(1..4), rng.random_bool(0.3));
        let x = columns(n, d, rng);
        let y = if counts { (0..n).map(|_| f64::from(rng.random_range(0..6))).collect() } else { column(n, rng) };
        let table = format!("{x:?} {y:?}");
        let p =
            Empirical::from_sample(Response::new(Tensor::from_vec(x, (n, d), &CPU)?, Tensor::from_vec(y, n, &CPU)?)?)?;
        let plan = Plan { steps: STEPS, ..Plan::default() };
        let outcome = || {
            if counts {
                let map = match Standardize::bulk(p.batch().x(), p.mass()) {
                    Ok(map) => map,
                    Err(e) => return refusal(&e),
                };
                return match plan.fit(&p, |vb| PoissonRegression::new(d, vb)?.standardized(map)) {
                    Ok(fitted) => ended(&fitted).map(|()| Some(fitted.converged)),
                    Err(e) => refusal(&e),
                };
            }
            let coordinates = match LinearGaussian::coordinates(p.batch(), p.mass()) {
                Ok(coordinates) => coordinates,
                Err(e) => return refusal(&e),
            };
            match plan.fit(&p, |vb| LinearGaussian::new(d, vb)?.standardized(coordinates)) {
                Ok(fitted) => ended(&fitted).map(|()| Some(fitted.converged)),
                Err(e) => refusal(&e),
            }
        };
        Ok((table, outcome()))
    })
}
