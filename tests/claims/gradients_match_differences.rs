//! The gradient of every objective of every model is what central differences of its loss say.

use anyhow::{Context, Result, ensure};
use candle_core::Tensor;
use candle_mle::alphabet::Alphabet;
use candle_mle::batch::Response;
use candle_mle::model::{Bernoulli, Gaussian, Logistic, Softmax};
use candle_mle::model::{
    Beta, Exponential, Gamma, Laplace, LinearGaussian, LogisticDistribution, Lognormal, NegativeBinomial, Poisson,
    PoissonRegression, Sample, Student, Weibull,
};
use candle_mle::model::{Categorical, Mixture, NGram, Network};
use candle_mle::standardize::Standardize;
use candle_mle::{Empirical, Model, Objective, Parameters};
use candle_nn::VarBuilder;

use crate::common::{self, CPU, host};

/// In f64 a central difference over ±1e-5 is exact to about 1e-10 · f‴ by its formula and 1e-11 · f by rounding, so that
/// 1e-6 tells a wrong gradient from a right one.
const H: f64 = 1e-5;

/// At zero and at three random places, for every objective; the likelihood in nats per observation.
fn check<M: Model>(p: &Empirical<M::Batch>, make: impl Fn(VarBuilder) -> candle_mle::Result<M>) -> Result<()> {
    for seed in [None, Some(1), Some(2), Some(3)] {
        let (vars, model) = common::learner(&make)?;
        if let Some(seed) = seed {
            common::scatter(&vars, seed)?;
        }
        for objective in [Objective::Kl, Objective::CrossEntropy, Objective::Nll, Objective::ReverseKl] {
            let loss = || -> Result<Tensor> {
                Ok((objective.loss(&model, &model.log_prob(p.batch())?, p)? / objective.scale(p))?)
            };
            let gradients = loss()?.backward()?;
            for var in vars.all_vars() {
                let (theta, gradient) = (host(&var)?, host(gradients.get(&var).context("no gradient")?)?);
                let at = |i: usize, h: f64| -> Result<f64> {
                    let mut moved = theta.clone();
                    moved[i] += h;
                    var.set(&Tensor::from_vec(moved, var.dims(), &CPU)?)?;
                    Ok(host(&loss()?)?[0])
                };
                for (i, g) in gradient.iter().enumerate() {
                    let difference = (at(i, H)? - at(i, -H)?) / (2.0 * H);
                    ensure!(
                        (g - difference).abs() <= 1e-6 * g.abs().max(1.0),
                        "{objective:?}, seed {seed:?}, component {i} of {:?}: {g}, by differences {difference}",
                        var.dims()
                    );
                }
                at(0, 0.0)?;
            }
        }
    }
    Ok(())
}

#[test]
fn bernoulli() -> Result<()> {
    check(&Empirical::from_sample(common::flips(50, 1)?)?, Bernoulli::new)
}

#[test]
fn logistic() -> Result<()> {
    let p = Empirical::from_sample(common::answers(60, 2)?)?;
    check(&p, |vb| Logistic::new(2, vb))?;
    check(&p, |vb| Logistic::new(2, vb)?.standardized(common::moments(&p)?))
}

#[test]
fn softmax() -> Result<()> {
    let p = Empirical::from_sample(common::kinds(60, 3)?)?;
    check(&p, |vb| Softmax::new(2, 3, vb))?;
    check(&p, |vb| Softmax::new(2, 3, vb)?.standardized(common::moments(&p)?))
}

#[test]
fn network() -> Result<()> {
    let p = Empirical::from_sample(common::kinds(60, 6)?)?;
    check(&p, |vb| Network::new(2, &[], 3, vb))?;
    check(&p, |vb| Network::new(2, &[4, 3], 3, vb)?.standardized(common::moments(&p)?))
}

#[test]
fn gaussian_of_one_column() -> Result<()> {
    let p = common::points(60, 4)?;
    check(&p, |vb| Gaussian::new(1, vb))?;
    check(&p, |vb| Gaussian::new(1, vb)?.standardized(Standardize::range(p.batch())?))
}

#[test]
fn gaussian_of_three_columns() -> Result<()> {
    let p = common::points_3d(60, 5)?;
    check(&p, |vb| Gaussian::new(3, vb))?;
    check(&p, |vb| Gaussian::new(3, vb)?.standardized(Standardize::range(p.batch())?))
}

#[test]
fn named_distributions() -> Result<()> {
    let p = |values: &[f64]| -> Result<Empirical<Tensor>> {
        Ok(Empirical::from_sample(Tensor::from_slice(values, values.len(), &CPU)?)?)
    };
    let (line, positive) = (p(&[-2.0, 0.3, 1.1, 1.7, 4.4])?, p(&[0.02, 0.7, 1.1, 3.0])?);
    let (counts, share) = (p(&[0.0, 1.0, 2.0, 9.0])?, p(&[0.01, 0.3, 0.5, 0.9])?);
    check_density(&positive, Exponential::new)?;
    check_density(&line, Laplace::new)?;
    check_density(&line, LogisticDistribution::new)?;
    check_density(&line, Student::new)?;
    check_density(&positive, Gamma::new)?;
    check_density(&positive, Lognormal::new)?;
    check_density(&positive, Weibull::new)?;
    check_density(&share, Beta::new)?;
    check(&counts, Poisson::new)?;
    check(&counts, NegativeBinomial::new)?;
    check(&counts, |vb| {
        NegativeBinomial::new(vb)?.standardized(NegativeBinomial::coordinates(counts.batch(), counts.mass())?)
    })
}

/// At a resolution, so that there is a KL too.
fn check_density<M: Model<Batch = Tensor>>(
    p: &Empirical<Tensor>,
    make: impl Fn(VarBuilder) -> candle_mle::Result<M>,
) -> Result<()> {
    check(&p.clone().at_resolution(&[0.01])?, make)
}

#[test]
fn regressions() -> Result<()> {
    let x = common::inputs(40, 9)?;
    let y = LinearGaussian::from_coefficients(&[0.5, -1.0], 0.3, 0.7, &CPU)?.sample(&x, &mut common::generator(1))?;
    let p = Empirical::from_sample(y)?;
    check_cells(&p, |vb| LinearGaussian::new(2, vb))?;
    check_cells(&p, |vb| LinearGaussian::new(2, vb)?.standardized(LinearGaussian::coordinates(p.batch(), p.mass())?))?;
    let y = PoissonRegression::from_coefficients(&[0.3, -0.4], 0.3, &CPU)?.sample(&x, &mut common::generator(2))?;
    check(&Empirical::from_sample(y.clone())?, |vb| PoissonRegression::new(2, vb))?;
    let offset = Tensor::rand(-1.0, 1.0, 40, &CPU)?;
    check(&Empirical::from_sample(y.with_offset(offset)?)?, |vb| PoissonRegression::new(2, vb))
}

/// As cells of volume 1.
fn check_cells<M: Model<Batch = Response>>(
    p: &Empirical<Response>,
    make: impl Fn(VarBuilder) -> candle_mle::Result<M>,
) -> Result<()> {
    let cells = Empirical::from_cells(p.batch().clone(), &host(p.count())?, &vec![1.0; p.distinct()])?;
    check(&cells, make)
}

#[test]
fn categorical() -> Result<()> {
    let p = Empirical::from_counts(Tensor::new(&[0u32, 1, 3], &CPU)?, &[5.0, 3.0, 2.0])?;
    check(&p, |vb| Categorical::new(4, vb))
}

/// With a floor on σ, and without one; also where all components are equal.
#[test]
fn mixture() -> Result<()> {
    let p = common::points(60, 6)?;
    check(&p, |vb| Mixture::new(2, &[0.3], vb))?;
    check(&p, |vb| Mixture::new(3, &[0.0], vb)?.standardized(Standardize::range(p.batch())?))?;
    let p = common::points_3d(40, 7)?;
    check(&p, |vb| Mixture::new(2, &[0.5, 0.0, 2.0], vb))?;
    check(&p, |vb| Mixture::new(2, &[0.5, 0.1, 2.0], vb)?.standardized(Standardize::range(p.batch())?))
}

#[test]
fn ngram() -> Result<()> {
    let p = Empirical::from_sample(Alphabet::of("abc")?.windows("abacabba", 2)?)?;
    check(&p, |vb| NGram::new(p.batch().x(), 3, vb))
}

/// A gradient that is zero everywhere would agree with a loss that is constant: what the models do at zero is known.
#[test]
fn at_zero_the_gradient_is_what_the_model_expects_minus_what_was_observed() -> Result<()> {
    let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &CPU)?, &[60.0, 40.0])?;
    let (vars, coin) = common::learner(Bernoulli::new)?;
    for (objective, expected) in [(Objective::Kl, -0.1), (Objective::CrossEntropy, -0.1), (Objective::Nll, -10.0)] {
        let gradients = objective.loss(&coin, &coin.log_prob(p.batch())?, &p)?.backward()?;
        let gradient = host(gradients.get(&vars.all_vars()[0]).context("no gradient")?)?[0];
        ensure!((gradient - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{objective:?}: {gradient}");
    }
    Ok(())
}
