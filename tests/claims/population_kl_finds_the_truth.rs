//! KL(truth‖q), logged as a fourth curve, has its minimum at the truth and not at θ̂; its closed forms are right.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use candle_core::{DType, Tensor};
use candle_mle::fit::Lbfgs;
use candle_mle::hook::GradientNorm;
use candle_mle::model::{Bernoulli, Gaussian, Logistic, Softmax};
use candle_mle::model::{KlDivergence, Linear};
use candle_mle::standardize::Standardize;
use candle_mle::{Empirical, Labelled, LossLog, Model, Objective, Parameters, Unit, fit, walk};
use candle_nn::VarBuilder;

use crate::common::{self, CPU, host};

/// θ̂, by descent; the truth must be logged at every step on the way.
fn learned<M: KlDivergence>(
    p: &Empirical<M::Batch>,
    truth: &M,
    make: impl Fn(VarBuilder) -> candle_mle::Result<M>,
) -> Result<M> {
    let (vars, model) = common::learner(make)?;
    let (mut log, mut converged) = (LossLog::with_truth(truth), GradientNorm::new(&vars, 1e-9));
    fit(&model, p, Objective::CrossEntropy, &mut Lbfgs::new(&vars), 0..500, &mut (&mut log, &mut converged))?;
    ensure!(converged.reached(), "gradient {}", converged.norm());
    let history = log.into_history()?;
    let last = history.rows()[history.rows().len() - 1].population_kl.context("no population KL")?;
    // A finite sample does not hit the truth.
    ensure!(last > 1e-6, "{last}");
    ensure!(history.rows().iter().all(|row| row.population_kl.is_some_and(|kl| kl > 0.0)));
    assert!(history.to_csv(Unit::Nats).starts_with("step,kl_nats,cross_entropy_nats,nll_nats,population_kl_nats\n"));
    Ok(model)
}

/// Along the straight line from θ̂ (step 50) through the truth (step 100) every curve has its own minimum.
fn line<M: KlDivergence + Parameters>(
    p: &Empirical<M::Batch>,
    estimate: &M,
    truth: &M,
    open: impl Fn(VarBuilder) -> candle_mle::Result<M>,
) -> Result<()> {
    let (from, to) = (estimate.parameters()?, truth.parameters()?);
    let at = |i: u32| -> candle_mle::Result<M> {
        let t = f64::from(i) / 50.0 - 1.0;
        let between = |(name, a): (&String, &Tensor)| Ok((name.clone(), (a + ((&to[name] - a)? * t)?)?));
        let parameters = from.iter().map(between).collect::<candle_mle::Result<HashMap<_, _>>>()?;
        open(VarBuilder::from_tensors(parameters, DType::F64, &CPU))
    };
    let mut log = LossLog::with_truth(Some(truth));
    walk((0..=150).map(at), p, &mut log)?;
    let history = log.into_history()?;
    let argmin = history.argmin(0.0);
    assert_eq!((argmin.kl, argmin.cross_entropy, argmin.nll), (Some(50), Some(50), Some(50)));
    assert_eq!(argmin.population_kl, Some(100));
    let at_truth = history.rows()[100].population_kl.context("no population KL")?;
    ensure!(at_truth.abs() <= 1e-12, "KL of the truth to itself: {at_truth}");
    Ok(())
}

#[test]
fn bernoulli() -> Result<()> {
    let (p, truth) = (Empirical::from_sample(common::flips(200, 1)?)?, Bernoulli::from_prob(0.3, &CPU)?);
    line(&p, &learned(&p, &truth, Bernoulli::new)?, &truth, Bernoulli::new)
}

#[test]
fn logistic() -> Result<()> {
    let (p, truth) = (Empirical::from_sample(common::answers(300, 2)?)?, common::logistic_truth()?);
    let make = |vb: VarBuilder| Logistic::new(2, vb)?.standardized(common::moments(&p)?);
    line(&p, &learned(&p, &truth, make)?, &truth, |vb| Logistic::new(2, vb))
}

#[test]
fn softmax() -> Result<()> {
    let (p, truth) = (Empirical::from_sample(common::kinds(300, 3)?)?, common::softmax_truth()?);
    let make = |vb: VarBuilder| Softmax::new(2, 3, vb)?.standardized(common::moments(&p)?);
    line(&p, &learned(&p, &truth, make)?, &truth, |vb| Softmax::new(2, 3, vb))
}

#[test]
fn gaussian() -> Result<()> {
    let (p, truth) = (common::points(300, 4)?, common::gaussian_truth()?);
    line(&p, &learned(&p, &truth, |vb| Gaussian::new(1, vb))?, &truth, |vb| Gaussian::new(1, vb))?;
    let (p, truth) = (common::points_3d(300, 5)?, common::gaussian_truth_3d()?);
    let make = |vb: VarBuilder| Gaussian::new(3, vb)?.standardized(Standardize::range(p.batch())?);
    line(&p, &learned(&p, &truth, make)?, &truth, |vb| Gaussian::new(3, vb))
}

/// 1e-12 of max(1, the value): sums of a few terms.
fn near(got: f64, expected: f64) -> Result<()> {
    ensure!(got == expected || (got - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{got} is not {expected}");
    Ok(())
}

#[test]
fn bernoulli_in_closed_form() -> Result<()> {
    let rows = Tensor::new(&[1.0, 0.0, 1.0], &CPU)?;
    let term = |p: f64, q: f64| if p == 0.0 { 0.0 } else { p * (p / q).ln() };
    for p in [0.0, 1e-9, 0.3, 0.5, 0.99, 1.0] {
        for q in [0.0, 0.01, 0.3, 0.7, 1.0] {
            let kl = Bernoulli::from_prob(p, &CPU)?.kl_divergence(&Bernoulli::from_prob(q, &CPU)?, &rows)?;
            let kl = kl.to_vec1::<f64>()?;
            assert!(kl.len() == 3 && kl.iter().all(|v| *v == kl[0]));
            near(kl[0], term(p, q) + term(1.0 - p, 1.0 - q))?;
        }
    }
    Ok(())
}

/// The probabilities of the classes at x, straight from the definition.
fn probabilities(coefficients: &[f64], x: &[f64]) -> Vec<f64> {
    let logits = coefficients.chunks(3).map(|c| c[0] * x[0] + c[1] * x[1] + c[2]);
    let e: Vec<f64> = logits.map(f64::exp).collect();
    e.iter().map(|v| v / e.iter().sum::<f64>()).collect()
}

/// Row by row Σ_y p ln(p/q), and the log averages it over the x that were observed.
fn classes<M: Linear>(p: M, q: M, data: &Empirical<Labelled>) -> Result<()> {
    let (of_p, of_q) = (host(&p.coefficients()?)?, host(&q.coefficients()?)?);
    let direct = |x: &[f64]| -> f64 {
        probabilities(&of_p, x).iter().zip(probabilities(&of_q, x)).map(|(p, q)| p * (p / q).ln()).sum()
    };
    let x = host(data.batch().x())?;
    let (kl, direct) = (host(&p.kl_divergence(&q, data.batch())?)?, x.chunks(2).map(direct).collect::<Vec<_>>());
    kl.iter().zip(&direct).try_for_each(|(kl, direct)| near(*kl, *direct))?;
    ensure!(direct.iter().any(|kl| (kl - direct[0]).abs() > 0.1), "it does not depend on x");
    let mut log = LossLog::with_truth(&p);
    walk([Ok(q)], data, &mut log)?;
    let logged = log.history()?.rows()[0].population_kl.context("no population KL")?;
    near(logged, direct.iter().zip(host(data.mass())?).map(|(kl, mass)| kl * mass).sum())
}

#[test]
fn classifiers_in_closed_form() -> Result<()> {
    let data = Empirical::from_sample(common::answers(300, 6)?)?;
    let other = Logistic::from_coefficients(&Tensor::new(&[[0.0, 0.0, 0.0], [-0.3, 0.4, 0.9]], &CPU)?)?;
    classes(common::logistic_truth()?, other, &data)?;
    let data = Empirical::from_sample(common::kinds(300, 7)?)?;
    let other = [[0.0, 0.0, 0.0], [-0.2, 0.1, 0.5], [0.6, 0.3, -1.0]];
    classes(common::softmax_truth()?, Softmax::from_coefficients(&Tensor::new(&other, &CPU)?)?, &data)?;
    // A class without probability adds nothing, and one that only q lacks makes it infinite.
    let sure = |logits: [f64; 3]| -> Result<Softmax> {
        let parameters = HashMap::from([
            ("weight".to_string(), Tensor::zeros((3, 2), DType::F64, &CPU)?),
            ("bias".to_string(), Tensor::new(&logits, &CPU)?),
        ]);
        Ok(Softmax::new(2, 3, VarBuilder::from_tensors(parameters, DType::F64, &CPU))?)
    };
    let (certain, fair) = (sure([0.0, f64::NEG_INFINITY, f64::NEG_INFINITY])?, sure([0.0; 3])?);
    near(host(&certain.kl_divergence(&fair, data.batch())?)?[0], 3.0f64.ln())?;
    near(host(&certain.kl_divergence(&certain, data.batch())?)?[0], 0.0)?;
    near(host(&fair.kl_divergence(&certain, data.batch())?)?[0], f64::INFINITY)
}

/// ∫ p (ln p − ln q) by the trapezoidal rule, which on an analytic function that dies out at both ends errs by rounding.
fn integral(p: &Gaussian, q: &Gaussian, center: &[f64], reach: f64, across: usize) -> Result<f64> {
    let step = 2.0 * reach / across as f64;
    let k = center.len();
    let points: Vec<f64> = (0..(across + 1).pow(k as u32))
        .flat_map(|i| (0..k).map(move |j| i / (across + 1).pow(j as u32) % (across + 1)).zip(center))
        .map(|(i, center)| center - reach + step * i as f64)
        .collect();
    let points = Tensor::from_vec(points, ((across + 1).pow(k as u32), k), &CPU)?;
    let (ln_p, ln_q) = (host(&p.log_prob(&points)?)?, host(&q.log_prob(&points)?)?);
    Ok(ln_p.iter().zip(&ln_q).map(|(p, q)| p.exp() * (p - q)).sum::<f64>() * step.powi(k as i32))
}

#[test]
fn gaussian_in_closed_form() -> Result<()> {
    let rows = Tensor::zeros((2, 1), DType::F64, &CPU)?;
    let (p, q) = (Gaussian::from_moments(&[0.7], &[[1.44]], &CPU)?, Gaussian::from_moments(&[-0.2], &[[0.5]], &CPU)?);
    let kl = host(&p.kl_divergence(&q, &rows)?)?;
    assert!(kl.len() == 2 && kl[0] == kl[1]);
    near(kl[0], integral(&p, &q, &[0.7], 12.0, 400)?)?;
    let back = host(&q.kl_divergence(&p, &rows)?)?[0];
    near(back, integral(&q, &p, &[-0.2], 12.0, 400)?)?;
    ensure!((kl[0] - back).abs() > 0.1);

    let p = Gaussian::from_moments(&[0.3, -0.5], &[[1.2, 0.5], [0.5, 0.6]], &CPU)?;
    let q = Gaussian::from_moments(&[-0.1, 0.4], &[[0.8, -0.3], [-0.3, 1.5]], &CPU)?;
    let rows = Tensor::zeros((1, 2), DType::F64, &CPU)?;
    near(host(&p.kl_divergence(&q, &rows)?)?[0], integral(&p, &q, &[0.3, -0.5], 11.0, 300)?)?;
    near(host(&q.kl_divergence(&p, &rows)?)?[0], integral(&q, &p, &[-0.1, 0.4], 13.0, 300)?)?;

    // So far off or so narrow that no law has such numbers, which a descent may come to: what its formula says.
    let far = |mean: f64, log_sigma: f64| -> Result<f64> {
        let (vars, q) = common::learner(|vb| Gaussian::new(1, vb))?;
        let data = vars.data().lock().expect("nobody panics with it");
        data["mean"].set(&Tensor::new(&[mean], &CPU)?)?;
        data["factor"].set(&Tensor::new(&[[-log_sigma]], &CPU)?)?;
        drop(data);
        Ok(host(&common::gaussian_truth()?.kl_divergence(&q, &Tensor::zeros((1, 1), DType::F64, &CPU)?)?)?[0])
    };
    near(far(0.7, 400.0)?, 400.0 - 1.2f64.ln() - 0.5)?;
    near(far(1e100, 0.0)?, 0.5e200)?;
    near(far(2e300, 0.0)?, f64::INFINITY)?;
    near(far(0.7, -400.0)?, f64::INFINITY)?;

    // A learner in coordinates of its own is the same Gaussian.
    let (vars, own) = common::learner(|vb| {
        let range = Standardize::range(&Tensor::new(&[[-1.0, 2.0], [2.0, 7.0]], &CPU)?)?;
        Gaussian::new(2, vb)?.standardized(range)
    })?;
    common::scatter(&vars, 1)?;
    let center = host(&own.mean()?)?;
    near(host(&own.kl_divergence(&q, &rows)?)?[0], integral(&own, &q, &center, 40.0, 700)?)
}
