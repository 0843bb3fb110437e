//! The categorical law of maximum likelihood is the empirical one, its gradient in the logits is q − p̂, and a level that
//! was never seen leaves no finite maximum.

use anyhow::{Context, Result, ensure};
use candle_core::Tensor;
use candle_mle::fit::Lbfgs;
use candle_mle::hook::GradientNorm;
use candle_mle::info::Pmf;
use candle_mle::model::{Categorical, KlDivergence, Sample};
use candle_mle::{Empirical, Error, LossLog, Model, Objective, fit, info};
use candle_nn::{Optimizer, SGD};

use crate::common::{self, CPU, host};

fn die(counts: &[f64]) -> Result<Empirical<Tensor>> {
    let levels: Vec<u32> = (0..counts.len() as u32).collect();
    Ok(Empirical::from_counts(Tensor::new(levels, &CPU)?, counts)?)
}

#[test]
fn the_maximum_is_the_frequencies() -> Result<()> {
    let p = die(&[5.0, 3.0, 2.0, 10.0])?;
    let (vars, model) = common::learner(|vb| Categorical::new(4, vb))?;
    let (mut log, mut converged) = (LossLog::new(), GradientNorm::new(&vars, 1e-12));
    fit(&model, &p, Objective::CrossEntropy, &mut Lbfgs::new(&vars), 0..100, &mut (&mut log, &mut converged))?;
    for (q, frequency) in host(&model.log_probs()?.exp()?)?.iter().zip([0.25, 0.15, 0.1, 0.5]) {
        ensure!((q - frequency).abs() < 1e-10, "{q} is not {frequency}");
    }
    let history = log.into_history()?;
    ensure!(history.rows().last().is_some_and(|row| row.kl.abs() < 1e-12));
    Ok(())
}

#[test]
fn the_gradient_is_q_minus_p() -> Result<()> {
    let p = die(&[5.0, 3.0, 0.0, 12.0])?;
    for seed in 1..4 {
        let (vars, model) = common::learner(|vb| Categorical::new(4, vb))?;
        common::scatter(&vars, seed)?;
        let gradients = Objective::Kl.loss(&model, &model.log_prob(p.batch())?, &p)?.backward()?;
        let gradient = host(gradients.get(&vars.all_vars()[0]).context("no gradient")?)?;
        let q = host(&model.log_probs()?.exp()?)?;
        for ((g, q), p) in gradient.iter().zip(&q).zip([0.25, 0.15, 0.0, 0.6]) {
            ensure!((g - (q - p)).abs() < 1e-14, "{g} is not {q} − {p}");
        }
    }
    Ok(())
}

#[test]
fn a_level_never_seen_runs_off() -> Result<()> {
    let p = die(&[6.0, 4.0, 0.0])?;
    let (vars, model) = common::learner(|vb| Categorical::new(3, vb))?;
    let mut log = LossLog::new();
    fit(&model, &p, Objective::CrossEntropy, &mut SGD::new(vars.all_vars(), 1.0)?, 0..2000, &mut log)?;
    let history = log.into_history()?;
    let rows: Vec<f64> = history.rows().iter().map(|row| row.cross_entropy).collect();
    ensure!(rows.windows(2).all(|two| two[1] < two[0]), "it falls at every step");
    // Towards H(p̂), which it does not reach; the gap halves when the steps double.
    let gap = |step: usize| rows[step] - p.entropy().nats();
    ensure!(gap(2000) > 0.0 && (gap(1000) / gap(2000) - 2.0).abs() < 0.05, "{} and {}", gap(1000), gap(2000));
    let q = host(&model.log_probs()?)?;
    ensure!(q[2] < -6.0 && q[2].is_finite(), "{q:?}");
    Ok(())
}

#[test]
fn zeros_of_given_probabilities_are_exact() -> Result<()> {
    let (p, q) = ([0.5, 0.5, 0.0], [0.25, 0.25, 0.5]);
    let (sparse, full) = (Categorical::from_probs(&p, &CPU)?, Categorical::from_probs(&q, &CPU)?);
    let rows = Tensor::new(&[0u32, 2], &CPU)?;
    assert_eq!(host(&sparse.log_prob(&rows)?)?, [0.5f64.ln(), f64::NEG_INFINITY]);
    let kl = host(&sparse.kl_divergence(&full, &rows)?)?;
    let expected = Pmf::new([3], p)?.kl_divergence(&Pmf::new([3], q)?)?.nats();
    ensure!(kl.len() == 2 && (kl[0] - expected).abs() < 1e-15, "{kl:?}, not {expected}");
    assert_eq!(host(&full.kl_divergence(&sparse, &rows)?)?, [f64::INFINITY; 2]);
    let drawn = host(&sparse.sample(&1000, &mut common::generator(1))?)?;
    ensure!(drawn.iter().all(|x| *x < 2.0));
    Ok(())
}

#[test]
fn what_is_no_level_is_an_error() -> Result<()> {
    let model = Categorical::from_probs(&[0.5, 0.5], &CPU)?;
    let refused = model.log_prob(&Tensor::new(&[0u32, 2], &CPU)?);
    ensure!(matches!(refused, Err(Error::Class { class: 2, classes: 2 })), "{refused:?}");
    ensure!(matches!(model.log_prob(&Tensor::new(&[0.0], &CPU)?), Err(Error::Info(info::Error::Shape { .. }))));
    ensure!(matches!(Categorical::from_probs(&[0.5, 0.6], &CPU), Err(Error::Info(info::Error::NotNormalized { .. }))));
    ensure!(common::learner(|vb| Categorical::new(0, vb)).is_err());
    Ok(())
}
