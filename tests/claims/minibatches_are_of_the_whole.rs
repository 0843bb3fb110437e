//! Minibatches are drawn from p̂ by a seed and the number of the step; what is logged of them is the whole p̂, and their gradient
//! is its gradient in expectation.

use std::ops::ControlFlow::Continue;

use anyhow::{Context, Result, ensure};
use candle_mle::fit::{Adam, GradientDescent, Minibatches, Source};
use candle_mle::model::Logistic;
use candle_mle::{Empirical, Error, Labelled, LossLog, Model, Objective, Parameters, Step, fit, info};
use candle_nn::VarMap;

use crate::common::{self, host};

fn data() -> Result<Empirical<Labelled>> {
    Ok(Empirical::from_sample(common::answers(500, 1)?)?)
}

fn learner(p: &Empirical<Labelled>) -> Result<(VarMap, Logistic)> {
    common::learner(|vb| Logistic::new(2, vb)?.standardized(p.standardize()?))
}

#[test]
fn rows_are_those_of_all_of_p() -> Result<()> {
    let p = data()?;
    for every in [1, 7, 25] {
        let (vars, model) = learner(&p)?;
        let (mut log, mut direct) = (LossLog::new(), vec![]);
        let mut look = |step: &Step<'_, Logistic>| {
            assert_eq!((step.data.distinct(), step.data.total()), (p.distinct(), 500.0));
            // By hand: −Σ count ln q of the model as it stands.
            let log_q = step.model.log_prob(p.batch())?.to_vec1::<f64>()?;
            let counts = p.count().to_vec1::<f64>()?;
            direct.push((step.index, -log_q.iter().zip(counts).map(|(l, n)| l * n).sum::<f64>()));
            Ok(Continue(()))
        };
        let mut adam = Adam::new(&vars, 0.05)?;
        let part = Minibatches::new(&p, 20, 3)?.every(every);
        fit(&model, part, Objective::CrossEntropy, &mut adam, 0..60, &mut (&mut log, &mut look))?;
        let history = log.into_history()?;
        // Every so many steps, and the last.
        let expected: Vec<usize> = (0..60).step_by(every).chain([60]).collect();
        assert_eq!(history.rows().iter().map(|row| row.step).collect::<Vec<_>>(), expected, "every {every}");
        for (row, (index, nll)) in history.rows().iter().zip(direct) {
            ensure!(row.step == index && (row.nll - nll).abs() <= 1e-12 * nll, "{row:?} is not {nll}");
        }
        assert_eq!((history.total(), history.entropy()), (500.0, Some(p.entropy())));
        ensure!(history.residual().context("a residual")? < 1e-12);
        // It learns: the last row is well below the first, and no single minibatch's.
        let (first, last) = (history.rows()[0], history.rows()[history.rows().len() - 1]);
        ensure!(last.cross_entropy < first.cross_entropy - 0.05, "{first:?} {last:?}");
    }
    Ok(())
}

/// θ of a run of a hundred steps, as bits, with a break before the step given and a state taken across it.
fn run(p: &Empirical<Labelled>, seed: u64, rest: Option<usize>) -> Result<Vec<u64>> {
    let (vars, mut model) = learner(p)?;
    let mut adam = Adam::new(&vars, 0.05)?;
    let minibatches = || Minibatches::new(p, 20, seed).map(|part| part.every(10));
    let cut = rest.unwrap_or(100);
    fit(&model, minibatches()?, Objective::CrossEntropy, &mut adam, 0..cut, &mut ())?;
    if rest.is_some() {
        let state = candle_mle::descent::Descent::state(&adam)?;
        let (vars, learner) = model.learner()?;
        let mut adam = Adam::new(&vars, 0.05)?;
        candle_mle::descent::Descent::restore(&mut adam, state)?;
        fit(&learner, minibatches()?, Objective::CrossEntropy, &mut adam, cut..100, &mut ())?;
        model = learner;
    }
    let theta = [host(&model.weight()?)?, host(&model.bias()?)?].concat();
    Ok(theta.into_iter().map(f64::to_bits).collect())
}

#[test]
fn the_same_seed_is_the_same_run_also_resumed() -> Result<()> {
    let p = data()?;
    let whole = run(&p, 7, None)?;
    assert_eq!(run(&p, 7, None)?, whole);
    for rest in [1, 50, 99] {
        assert_eq!(run(&p, 7, Some(rest))?, whole, "resumed at step {rest}");
    }
    ensure!(run(&p, 8, None)? != whole, "another seed is another run");
    // What is drawn at a step does not depend on what was drawn before it.
    let (mut from_start, mut resumed) = (Minibatches::new(&p, 20, 7)?, Minibatches::new(&p, 20, 7)?);
    let mut last = None;
    for index in 0..=50 {
        last = from_start.batch(index)?;
    }
    let (a, b) = (last.context("a minibatch")?, resumed.batch(50)?.context("a minibatch")?);
    assert_eq!((host(a.batch().x())?, host(a.count())?), (host(b.batch().x())?, host(b.count())?));
    let other = resumed.batch(51)?.context("a minibatch")?;
    ensure!((host(a.batch().x())?, host(a.count())?) != (host(other.batch().x())?, host(other.count())?));
    Ok(())
}

/// d loss / dθ in nats per observation, all variables in the order of their names.
fn gradient(vars: &VarMap, model: &Logistic, p: &Empirical<Labelled>, objective: Objective) -> Result<Vec<f64>> {
    let loss = objective.loss(model, &model.log_prob(p.batch())?, p)?;
    let gradients = loss.backward()?;
    let data = vars.data().lock().expect("nobody panics with it");
    let mut named: Vec<_> = data.iter().collect();
    named.sort_by_key(|(name, _)| name.as_str());
    let of = |(_, var): (&String, &candle_core::Var)| host(gradients.get(var).context("no gradient")?);
    let all = named.into_iter().map(of).collect::<Result<Vec<_>>>()?.concat();
    Ok(all.into_iter().map(|g| g / objective.scale(p)).collect())
}

#[test]
fn their_mean_gradient_is_that_of_the_whole() -> Result<()> {
    const DRAWS: usize = 2000;
    // Rows of unequal and of fractional counts.
    let answers = common::answers(200, 2)?;
    let counts: Vec<f64> = (0..200).map(|row| 0.25 + f64::from(row % 7)).collect();
    let p = Empirical::from_counts(answers, &counts)?;
    let (vars, model) = learner(&p)?;
    common::scatter(&vars, 3)?;
    let mut minibatches = Minibatches::new(&p, 20, 9)?;
    for objective in [Objective::CrossEntropy, Objective::Kl, Objective::Nll] {
        let whole = gradient(&vars, &model, &p, objective)?;
        let mut all = vec![];
        for index in 0..DRAWS {
            let part = minibatches.batch(index)?.context("a minibatch")?;
            assert_eq!(part.total(), 20.0);
            all.push(gradient(&vars, &model, &part, objective)?);
        }
        for (at, whole) in whole.iter().enumerate() {
            let n = DRAWS as f64;
            let mean = all.iter().map(|g| g[at]).sum::<f64>() / n;
            let variance = all.iter().map(|g| (g[at] - mean).powi(2)).sum::<f64>() / (n - 1.0);
            let error = (variance / n).sqrt();
            ensure!(
                error > 0.0 && (mean - whole).abs() < 4.0 * error,
                "{objective}, {at}: {mean} ± {error}, not {whole}"
            );
            // A wrong weighting would be seen: the error is far below the gradient.
            ensure!(error < 0.1 * whole.abs().max(0.05), "{error} is too coarse to tell {whole}");
        }
    }
    Ok(())
}

#[test]
fn a_minibatch_knows_ln_p_of_the_whole() -> Result<()> {
    let p = data()?;
    let part = Minibatches::new(&p, 50, 1)?.batch(3)?.context("a minibatch")?;
    assert_eq!(part.entropy(), p.entropy());
    let rows = |p: &Empirical<Labelled>| -> Result<Vec<Vec<u64>>> {
        let (x, y) = (host(p.batch().x())?, host(p.batch().y())?);
        let log_p = host(p.log_p::<Logistic>()?.context("ln p")?)?;
        let row = |row: usize| [x[2 * row], x[2 * row + 1], y[row], log_p[row]].map(f64::to_bits).to_vec();
        Ok((0..y.len()).map(row).collect())
    };
    let (all, some) = (rows(&p)?, rows(&part)?);
    ensure!(some.iter().all(|row| all.contains(row)), "a row of the part is not one of the whole");
    let sum: f64 = host(part.mass())?.iter().sum();
    ensure!((sum - 1.0).abs() < 1e-15 && host(part.count())?.iter().sum::<f64>() == 50.0);
    Ok(())
}

#[test]
fn what_is_no_minibatch_is_an_error() -> Result<()> {
    let p = data()?;
    let refused = Minibatches::new(&p, 0, 1);
    ensure!(matches!(refused, Err(Error::Info(info::Error::Parameter { .. }))));
    ensure!(refused.is_err_and(|e| e.to_string().contains("the size of a minibatch = 0")));
    ensure!(p.part(&[], &[]).is_err() && p.part(&[0, 1], &[1.0]).is_err() && p.part(&[0], &[0.0]).is_err());
    let (vars, model) = learner(&p)?;
    let mut descent = GradientDescent::new(&vars, 0.5)?;
    let mut log = LossLog::new();
    let end = fit(&model, Minibatches::new(&p, 5, 1)?.every(0), Objective::Nll, &mut descent, 0..3, &mut log);
    ensure!(end.is_ok() && log.history()?.rows().len() == 4, "every 0 steps counts as every step");
    Ok(())
}
