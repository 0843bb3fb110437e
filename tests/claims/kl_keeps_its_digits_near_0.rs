//! The logged KL(p̂‖q) keeps its digits however near q comes to p̂, is never negative, and costs no step of the path.

use anyhow::Result;
use candle_core::{Device, Tensor, Var};
use candle_mle::info::Pmf;
use candle_mle::model::{Bernoulli, Categorical};
use candle_mle::{Empirical, LossLog, Model, Objective, walk};

#[test]
fn of_a_coin() -> Result<()> {
    let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu)?, &[3.0, 7.0])?;
    let shifts = [0.3, 1e-3, 1e-5, 1e-6, 1e-7, 1e-8, -1e-8];
    let mut log = LossLog::new();
    walk(shifts.map(|shift| Bernoulli::from_prob(0.3 + shift, &Device::Cpu)), &p, &mut log)?;
    let truth = Pmf::bernoulli(0.3)?;
    for (row, shift) in log.history()?.rows().iter().zip(shifts) {
        let kl = truth.kl_divergence(&Pmf::bernoulli(0.3 + shift)?)?.nats();
        // The logit of the coin is rounded, which moves its probability by 1e-16.
        let share = 1e-12 + 1e-15 / shift.abs();
        assert!((row.kl - kl).abs() <= share * kl, "{shift}: {:e} is not {kl:e}", row.kl);
    }
    assert!(log.history()?.residual().is_some_and(|residual| residual < 1e-12));
    Ok(())
}

#[test]
fn of_a_table_it_is_never_negative() -> Result<()> {
    for levels in [2u32, 3, 7, 50] {
        let counts: Vec<f64> = (0..levels).map(|level| f64::from(1 + level * level % 11)).collect();
        let total: f64 = counts.iter().sum();
        let probs: Vec<f64> = counts.iter().map(|count| count / total).collect();
        let p = Empirical::from_counts(Tensor::arange(0, levels, &Device::Cpu)?, &counts)?;
        let mut log = LossLog::new();
        walk([Categorical::from_probs(&probs, &Device::Cpu)], &p, &mut log)?;
        let kl = log.history()?.rows()[0].kl;
        assert!((0.0..1e-30).contains(&kl), "{levels} levels: {kl:e}");
    }
    Ok(())
}

/// What q has where nothing was observed is no rounding.
#[test]
fn mass_elsewhere_counts() -> Result<()> {
    let p = Empirical::from_counts(Tensor::new(&[0u32, 1], &Device::Cpu)?, &[1.0, 1.0])?;
    for lost in [1e-3, 1e-6, 1e-9, 1e-12] {
        let q = Categorical::from_probs(&[0.5 - lost / 2.0, 0.5 - lost / 2.0, lost], &Device::Cpu)?;
        let kl: f64 = Objective::Kl.loss(&q, &q.log_prob(p.batch())?, &p)?.to_scalar()?;
        let truth = -f64::ln_1p(-lost);
        assert!((kl - truth).abs() < 1e-15, "{lost}: {kl:e} is not {truth:e}");
    }
    Ok(())
}

/// The value has another form, the gradient has not: −p̂, as of the cross-entropy.
#[test]
fn the_gradient_is_that_of_the_cross_entropy() -> Result<()> {
    let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu)?, &[3.0, 7.0])?;
    for prob in [0.3, 0.300_001, 0.5] {
        let coin = Bernoulli::from_prob(prob, &Device::Cpu)?;
        let log_q = Var::from_tensor(&coin.log_prob(p.batch())?.detach())?;
        let gradient = |objective: Objective| -> Result<Vec<f64>> {
            let gradients = objective.loss(&coin, log_q.as_tensor(), &p)?.backward()?;
            Ok(gradients.get(&log_q).ok_or_else(|| anyhow::anyhow!("no gradient"))?.to_vec1()?)
        };
        assert_eq!(gradient(Objective::Kl)?, gradient(Objective::CrossEntropy)?);
    }
    Ok(())
}
