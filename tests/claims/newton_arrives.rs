//! Newton's method comes to the maximum that L-BFGS comes to, in few steps, none of which climbs; its curvature is what differences
//! of gradients are; where there is no maximum it ends as L-BFGS does.

use anyhow::{Result, ensure};
use candle_core::{Device, Tensor};
use candle_mle::batch::Response;
use candle_mle::descent::Descent;
use candle_mle::fit::Newton;
use candle_mle::mle::{By, Plan};
use candle_mle::model::{Linear, LinearGaussian, Logistic, Model, Softmax};
use candle_mle::{Empirical, Fitted, Labelled, LossLog, Objective, Parameters, fit, separation};
use candle_nn::{VarBuilder, VarMap};
use proptest::prelude::*;

use crate::common::{self, host};

/// Rows with two columns of unlike sizes.
fn table(rows: &[(f64, f64, u32, f64)]) -> Result<Empirical<Labelled>> {
    let x: Vec<f64> = rows.iter().flat_map(|(a, b, ..)| [*a, 100.0 * b]).collect();
    let y: Vec<u32> = rows.iter().map(|(_, _, y, _)| *y).collect();
    let batch = Labelled::new(Tensor::from_vec(x, (rows.len(), 2), &Device::Cpu)?, Tensor::new(y, &Device::Cpu)?)?;
    Ok(Empirical::from_counts(batch, &rows.iter().map(|row| row.3).collect::<Vec<_>>())?)
}

fn rows(classes: u32) -> impl Strategy<Value = Vec<(f64, f64, u32, f64)>> {
    prop::collection::vec((-2.0..2.0, -2.0..2.0, 0..classes, 0.5..3.0), 40..80)
}

fn learnt<M: Model<Batch = Labelled> + Parameters>(
    p: &Empirical<Labelled>,
    by: By,
    make: impl Fn(VarBuilder) -> candle_mle::Result<M>,
) -> Result<Fitted<M>> {
    Ok(Plan { by, ..Plan::default() }.fit(p, |vb| make(vb)?.standardized(p.standardize()?))?)
}

fn same<M: Linear + Parameters>(
    p: &Empirical<Labelled>,
    make: impl Fn(VarBuilder) -> candle_mle::Result<M> + Copy,
) -> Result<()> {
    let (newton, lbfgs) = (learnt(p, By::Newton, make)?, learnt(p, By::Lbfgs, make)?);
    ensure!(newton.converged && lbfgs.converged);
    let losses: Vec<f64> = newton.history.rows().iter().map(|row| row.cross_entropy).collect();
    ensure!(losses.len() < 20, "{} steps", losses.len());
    ensure!(losses.windows(2).all(|pair| pair[1] <= pair[0] + 1e-14 * pair[0]), "{losses:?}");
    let [a, b] = [&newton, &lbfgs].map(|fitted| host(&fitted.model.coefficients().unwrap()).unwrap());
    ensure!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() <= 1e-6 * (1.0 + b.abs())), "{a:?} {b:?}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn where_lbfgs_arrives(two in rows(2), three in rows(3)) {
        let (two, three) = (table(&two).unwrap(), table(&three).unwrap());
        if separation(&two, 2).unwrap().is_none() {
            same(&two, |vb| Logistic::new(2, vb)).unwrap();
        }
        if separation(&three, 3).unwrap().is_none() {
            same(&three, |vb| Softmax::new(2, 3, vb)).unwrap();
        }
    }
}

/// Hessians of the mean loss: the one in closed form, and differences of the gradients of automatic differentiation.
fn curvature<M: Model>(
    p: &Empirical<M::Batch>,
    start: &[f64],
    make: impl Fn(VarBuilder) -> candle_mle::Result<M>,
) -> Result<()> {
    let (vars, model) = common::learner(make)?;
    let mut named: Vec<_> = vars.data().lock().unwrap().iter().map(|(n, v)| (n.clone(), v.clone())).collect();
    named.sort_by(|a, b| a.0.cmp(&b.0));
    let place = |theta: &[f64]| -> Result<Vec<f64>> {
        let (mut from, mut gradient) = (0, vec![]);
        for (_, var) in &named {
            let n = var.elem_count();
            var.set(&Tensor::from_slice(&theta[from..from + n], var.dims(), &Device::Cpu)?)?;
            from += n;
        }
        let gradients = Objective::CrossEntropy.loss(&model, &model.log_prob(p.batch())?, p)?.backward()?;
        for (_, var) in &named {
            gradient.extend(host(gradients.get(var).unwrap())?);
        }
        Ok(gradient)
    };
    let curved = model.curved().unwrap();
    place(start)?;
    let (free, closed) = (curved.free(), curved.information(p.batch(), &host(p.mass())?)?);
    for (i, at) in free.iter().enumerate() {
        let step = 1e-5;
        let moved = |by: f64| -> Vec<f64> {
            start.iter().enumerate().map(|(j, s)| if j == *at { s + by } else { *s }).collect()
        };
        let (above, below) = (place(&moved(step))?, place(&moved(-step))?);
        for (j, of) in free.iter().enumerate() {
            let difference = (above[*of] - below[*of]) / (2.0 * step);
            ensure!(
                (difference - closed[(i, j)]).abs() < 1e-9 * closed[(j, j)].max(1.0),
                "{i} {j}: {difference} {closed}"
            );
        }
    }
    Ok(())
}

#[test]
fn its_curvature_is_the_second_derivative() -> Result<()> {
    // More rows than a block of the pass has, so that sums of parts are added.
    let rows: Vec<_> = (0..700)
        .map(|i| (f64::from(i % 23) / 7.0 - 1.5, f64::from(i % 19) / 900.0, i as u32 * 7 % 3, 1.0 + f64::from(i % 4)))
        .collect();
    let two: Vec<_> = rows.iter().map(|(a, b, y, n)| (*a, *b, y % 2, *n)).collect();
    let map = table(&rows)?.standardize()?;
    curvature(&table(&two)?, &[0.3, -0.7, 1.9], |vb| Logistic::new(2, vb)?.standardized(map.clone()))?;
    let start: Vec<f64> = (0..9).map(|i| f64::from(i * i % 7) / 3.0 - 1.0).collect();
    curvature(&table(&rows)?, &start, |vb| Softmax::new(2, 3, vb)?.standardized(map.clone()))?;

    let (x, n) = (rows.iter().flat_map(|row| [row.0, row.1]).collect::<Vec<_>>(), rows.len());
    let y: Vec<f64> = rows.iter().map(|row| 2.0 * row.0 + f64::from(row.2) + row.3).collect();
    let batch = Response::new(Tensor::from_vec(x, (n, 2), &Device::Cpu)?, Tensor::from_vec(y, n, &Device::Cpu)?)?;
    let p = Empirical::from_counts(batch, &rows.iter().map(|row| row.3).collect::<Vec<_>>())?;
    let coordinates = LinearGaussian::coordinates(p.batch(), p.mass())?;
    curvature(&p, &[0.2, -0.4, 0.7, -0.3], |vb| LinearGaussian::new(2, vb)?.standardized(coordinates.clone()))
}

#[test]
fn without_a_maximum_it_ends_as_lbfgs_does() -> Result<()> {
    // A line between 2 and 3 tells the classes apart, and of a second column nothing is known.
    let rows: Vec<_> = (0..40).map(|i| (f64::from(i % 4), f64::from(i % 5), u32::from(i % 4 > 1), 1.0)).collect();
    let p = table(&rows)?;
    ensure!(separation(&p, 2)?.is_some_and(|apart| apart.complete));
    for by in [By::Newton, By::Lbfgs] {
        let fitted = learnt(&p, by, |vb| Logistic::new(2, vb))?;
        let last = fitted.history.rows().last().map_or(f64::NAN, |row| row.nll);
        ensure!(last < 1e-6, "{by:?} ends at {last}");
        let near = Plan { by, floor: Some(1e-4 / p.total()), ..Plan::default() }.fit(&p, |vb| Logistic::new(2, vb))?;
        ensure!(near.history.rows().last().is_some_and(|row| (0.0..=1e-4).contains(&row.nll)));
    }
    // Far from everything a whole step would climb.
    let far = Logistic::from_coefficients(&Tensor::new(&[[0.0, 0.0, 0.0], [40.0, -3.0, 90.0]], &Device::Cpu)?)?;
    let mixed: Vec<_> = rows.iter().enumerate().map(|(i, row)| (row.0, row.1, u32::from(i % 3 == 0), 1.0)).collect();
    let fitted = Plan::default().fit_from(&table(&mixed)?, &far)?;
    ensure!(fitted.converged, "{:?}", fitted.gradient);
    let losses: Vec<f64> = fitted.history.rows().iter().map(|row| row.cross_entropy).collect();
    ensure!(losses.windows(2).all(|pair| pair[1] <= pair[0] * (1.0 + 1e-14)), "{losses:?}");
    Ok(())
}

#[test]
fn it_goes_on_where_it_stood() -> Result<()> {
    let p = common::titanic()?;
    let start = || common::learner(|vb| Softmax::new(5, 2, vb));
    let run = |vars: &VarMap, model: &Softmax, from: usize, upto: usize, state| -> Result<_> {
        let mut newton = Newton::new(model, vars, &p, Objective::Nll).unwrap();
        if let Some(state) = state {
            newton.restore(state)?;
        }
        let mut log = LossLog::new();
        fit(model, &p, Objective::Nll, &mut newton, from..upto, &mut log)?;
        Ok((newton.state()?, log.into_history()?))
    };
    let (vars, model) = start()?;
    let (_, whole) = run(&vars, &model, 0, 5, None)?;
    for at in 1..4 {
        let (vars, model) = start()?;
        let (state, _) = run(&vars, &model, 0, at, None)?;
        let (_, rest) = run(&vars, &model, at, 5, Some(state))?;
        ensure!(rest.rows().last().map(|row| row.nll.to_bits()) == whole.rows().last().map(|row| row.nll.to_bits()));
    }
    Ok(())
}
