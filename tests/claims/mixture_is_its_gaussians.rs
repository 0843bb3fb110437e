//! The log-density of a mixture is that of its Gaussians, by log-sum-exp also far out; what is no mixture is an error.

use anyhow::{Result, ensure};
use candle_core::Tensor;
use candle_mle::info::law::{Law, MultivariateNormal};
use candle_mle::model::Gaussian;
use candle_mle::model::{Categorical, Mixture};
use candle_mle::standardize::Standardize;
use candle_mle::{Error, Model, Parameters, info};

use crate::common::{self, CPU, host};

const WEIGHTS: [f64; 2] = [0.3, 0.7];
const MEANS: [[f64; 3]; 2] = [[0.5, -0.4, 0.2], [3.0, 1.0, -2.0]];
const COVARIANCES: [[[f64; 3]; 3]; 2] =
    [[[1.5, 0.6, -0.3], [0.6, 0.8, 0.2], [-0.3, 0.2, 1.1]], [[0.2, 0.0, 0.1], [0.0, 4.0, -1.0], [0.1, -1.0, 0.9]]];

fn mixture() -> Result<Mixture> {
    Ok(Mixture::from_moments(&WEIGHTS, &MEANS, &COVARIANCES, &CPU)?)
}

fn near(got: f64, expected: f64, what: &str) -> Result<()> {
    ensure!((got - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{what}: {got} is not {expected}");
    Ok(())
}

#[test]
fn in_three_dimensions() -> Result<()> {
    let (mixture, points) = (mixture()?, common::points_3d(200, 1)?.batch().clone());
    let parts: Vec<MultivariateNormal> = MEANS
        .iter()
        .zip(COVARIANCES)
        .map(|(mean, rows)| MultivariateNormal::new(mean, &rows))
        .collect::<Result<_, _>>()?;
    for (x, got) in points.to_vec2::<f64>()?.iter().zip(host(&mixture.log_prob(&points)?)?) {
        let terms = parts.iter().zip(WEIGHTS).map(|(part, w)| Ok(w * part.log_prob(x)?.exp()));
        near(got, terms.sum::<Result<f64>>()?.ln(), "ln q")?;
    }
    // What it was made of comes back, also from a learner in other coordinates.
    let (_, learner) = mixture.expressed_in(Standardize::range(&points)?)?.learner()?;
    for mixture in [mixture, learner] {
        host(&mixture.weights()?)?.into_iter().zip(WEIGHTS).try_for_each(|(a, b)| near(a, b, "weight"))?;
        host(&mixture.means()?)?.into_iter().zip(MEANS.concat()).try_for_each(|(a, b)| near(a, b, "mean"))?;
        let expected = COVARIANCES.concat().concat();
        host(&mixture.covariances()?)?.into_iter().zip(expected).try_for_each(|(a, b)| near(a, b, "covariance"))?;
    }
    Ok(())
}

#[test]
fn on_the_line() -> Result<()> {
    let mixture =
        Mixture::from_moments(&[0.1, 0.0, 0.9], &[[-3.0], [0.0], [500.0]], &[[[0.01]], [[1.0]], [[9.0]]], &CPU)?;
    let law = mixture.law()?;
    let places = [-1e150, -1e6, -3.0, 0.0, 77.0, 500.0, 1e6, 1e150];
    let got = host(&mixture.log_prob(&Tensor::new(&places, &CPU)?.unsqueeze(1)?)?)?;
    for (x, got) in places.into_iter().zip(got) {
        ensure!(got.is_finite(), "ln q({x}) = {got}");
        near(got, law.log_prob(x), "ln q")?;
    }
    // So far out that the density is 0 in floating point: no pull on the parameters either.
    let far = Tensor::new(&[[1e200], [-1e200], [0.5], [1e300]], &CPU)?;
    let range = Standardize::range(&Tensor::new(&[[-3.0], [500.0]], &CPU)?)?;
    let (vars, learner) = mixture.expressed_in(range)?.learner()?;
    let log_q = learner.log_prob(&far)?;
    let values = host(&log_q)?;
    ensure!([0, 1, 3].map(|row| values[row]) == [f64::NEG_INFINITY; 3] && values[2].is_finite(), "{values:?}");
    let gradient = log_q.narrow(0, 2, 1)?.sum_all()?.backward()?;
    for var in vars.all_vars() {
        let component = gradient.get(&var).ok_or_else(|| anyhow::anyhow!("no gradient"))?;
        ensure!(host(component)?.iter().all(|g| g.is_finite()), "{component}");
    }
    // One component is a Gaussian.
    let (one, points) =
        (Mixture::from_moments(&[1.0], &[[0.7]], &[[[1.44]]], &CPU)?, common::points(50, 1)?.batch().clone());
    let gaussian = Gaussian::from_moments(&[0.7], &[[1.44]], &CPU)?;
    let both = host(&one.log_prob(&points)?)?.into_iter().zip(host(&gaussian.log_prob(&points)?)?);
    both.into_iter().try_for_each(|(a, b)| near(a, b, "ln q"))
}

#[test]
fn a_seeded_start_is_of_the_data() -> Result<()> {
    let p = common::points_3d(100, 2)?;
    let draw = |seed| Mixture::seeded(p.batch(), p.mass(), 5, &[0.1; 3], &mut common::generator(seed));
    let (start, rows) = (draw(1)?, p.batch().to_vec2::<f64>()?);
    let means = start.means()?.to_vec2::<f64>()?;
    ensure!(means.iter().all(|mean| rows.contains(mean)), "every mean is an observation");
    ensure!(means.iter().enumerate().all(|(k, mean)| !means[..k].contains(mean)), "no two are the same");
    assert_eq!(means, draw(1)?.means()?.to_vec2::<f64>()?);
    ensure!(means != draw(2)?.means()?.to_vec2::<f64>()?);
    // As wide as the data, or as the floor where that is wider.
    let (_, covariance) = p.moments()?;
    for sigma in start.conditional_std()?.to_vec2::<f64>()? {
        sigma.iter().enumerate().try_for_each(|(j, sigma)| near(*sigma, covariance[j][j].sqrt(), "σ"))?;
    }
    let wide = Mixture::seeded(p.batch(), p.mass(), 2, &[9.0; 3], &mut common::generator(1))?;
    ensure!(host(&wide.conditional_std()?)?.iter().all(|sigma| *sigma == 9.0));
    Ok(())
}

#[test]
fn what_is_no_mixture_is_an_error() -> Result<()> {
    let new = |k: usize, floor: &[f64]| common::learner(|vb| Mixture::new(k, floor, vb)).map(|(_, mixture)| mixture);
    ensure!(new(0, &[1.0]).is_err() && new(2, &[]).is_err());
    for floor in [-1.0, f64::NAN, f64::INFINITY] {
        ensure!(new(2, &[floor]).is_err(), "a floor of {floor}");
    }
    let from = |weights: &[f64], means: &[&[f64]], covariances: &[&[&[f64]]]| {
        Mixture::from_moments(weights, means, covariances, &CPU).map(|_| ())
    };
    ensure!(matches!(from(&[], &[], &[]), Err(Error::Info(info::Error::Empty { .. }))));
    ensure!(matches!(from(&[1.0], &[], &[]), Err(Error::Info(info::Error::Shape { .. }))));
    // A covariance whose two halves differ, and numbers that are none.
    let leaning = |[a, b, c, d]: [f64; 4]| from(&[1.0], &[&[0.0; 2]], &[&[&[a, b], &[c, d]]]);
    ensure!(matches!(
        leaning([2.0, 0.7, 0.1, 1.0]),
        Err(Error::Info(info::Error::NotSymmetric { row: 1, column: 0, .. }))
    ));
    for covariance in [[1.0, f64::NAN, 0.1, 1.0], [1.0, 0.1, f64::NAN, 1.0], [f64::INFINITY, 0.1, 0.1, 1.0]] {
        ensure!(matches!(leaning(covariance), Err(Error::Info(info::Error::NotFinite { .. }))), "{covariance:?}");
    }
    ensure!(matches!(leaning([-1.0, 0.0, 0.0, 1.0]), Err(Error::Info(info::Error::Indefinite { axis: 0 }))));
    let round: &[&[f64]] = &[&[1.0, 0.0], &[0.0, 1.0]];
    let lost = from(&[0.5, 0.5], &[&[0.0, 1.0], &[f64::NAN, 1.0]], &[round, round]);
    ensure!(matches!(lost, Err(Error::Info(info::Error::NotFinite { what: "the means", row: 1, column: 0, .. }))));
    let lost = Gaussian::from_moments(&[0.0, f64::INFINITY], round, &CPU);
    ensure!(matches!(lost, Err(Error::Info(info::Error::NotFinite { what: "the mean", row: 1, .. }))));
    // A mean of another length than the first, and a covariance that is not square.
    let one: &[&[f64]] = &[&[1.0]];
    ensure!(matches!(
        from(&[0.5, 0.5], &[&[0.0], &[1.0, 2.0]], &[one, round]),
        Err(Error::Info(info::Error::Shape { .. }))
    ));
    ensure!(matches!(from(&[1.0], &[&[0.0; 2]], &[one]), Err(Error::Info(info::Error::Shape { .. }))));
    ensure!(matches!(Categorical::from_probs(&[], &CPU), Err(Error::Info(info::Error::Empty { .. }))));
    ensure!(matches!(
        from(&[0.5, 0.6], &[&[0.0], &[1.0]], &[one, one]),
        Err(Error::Info(info::Error::NotNormalized { .. }))
    ));
    ensure!(matches!(
        from(&[0.5, 0.5], &[&[0.0], &[1.0], &[2.0]], &[one, one]),
        Err(Error::Info(info::Error::Shape { .. }))
    ));
    ensure!(matches!(from(&[0.5, 0.5], &[&[0.0], &[1.0]], &[one]), Err(Error::Info(info::Error::Shape { .. }))));
    ensure!(matches!(
        from(&[0.5, 0.5], &[&[0.0], &[1.0]], &[one, &[&[0.0]]]),
        Err(Error::Info(info::Error::NotPositiveDefinite { axis: 0 }))
    ));
    let (p, rng) = (common::points(20, 1)?, &mut common::generator(1));
    let distinct = p.distinct();
    ensure!(Mixture::seeded(p.batch(), p.mass(), distinct, &[0.1], rng).is_ok());
    ensure!(matches!(
        Mixture::seeded(p.batch(), p.mass(), distinct + 1, &[0.1], rng),
        Err(Error::Info(info::Error::Shape { .. }))
    ));
    ensure!(matches!(
        Mixture::seeded(p.batch(), p.mass(), 2, &[0.1; 2], rng),
        Err(Error::Info(info::Error::Shape { .. }))
    ));
    ensure!(matches!(
        Mixture::seeded(p.batch(), p.mass(), 0, &[0.1], rng),
        Err(Error::Info(info::Error::Empty { .. }))
    ));
    let mut seeded = |mass: &[f64]| {
        let points = Tensor::new(&[[0.0], [1.0], [2.0]], &CPU)?;
        Mixture::seeded(&points, &Tensor::new(mass, &CPU)?, 2, &[0.1], rng)
    };
    ensure!(seeded(&[0.5, 0.5, 0.0]).is_ok());
    for mass in [&[0.5, 0.5][..], &[0.25; 4]] {
        ensure!(matches!(seeded(mass), Err(Error::Info(info::Error::Shape { what: "the mass", .. }))), "{mass:?}");
    }
    for bad in [-0.5, f64::NAN, f64::INFINITY] {
        ensure!(matches!(seeded(&[bad, 1.0, 0.5]), Err(Error::Info(info::Error::Parameter { .. }))), "{bad}");
    }
    ensure!(matches!(seeded(&[0.0; 3]), Err(Error::NothingObserved { rows: 3 })));
    ensure!(mixture()?.law().is_err() && mixture()?.log_prob(p.batch()).is_err());
    Ok(())
}
