//! Estimates stay to the last bit when rows are reordered or all columns scaled by a power of two, and to rounding under any scale.

use candle_mle_info::estimate::{CountEstimator, knn_kl_divergence, kozachenko_leonenko, ksg1, ksg2, ross, vasicek};
use candle_mle_info::{Information, Result};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// A column, a block of two that depends on it, and a label that does.
struct Sample {
    x: Vec<f64>,
    y: Vec<[f64; 2]>,
    label: Vec<bool>,
}

fn sample(n: usize) -> Sample {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut normal = || rng.sample::<f64, _>(StandardNormal);
    let x: Vec<f64> = (0..n).map(|_| normal()).collect();
    let y = x.iter().map(|x| [x * x + 0.3 * normal(), normal()]).collect();
    let label = x.iter().map(|x| x + normal() > 0.0).collect();
    Sample { x, y, label }
}

impl Sample {
    fn scaled(&self, a: f64) -> Self {
        let x = self.x.iter().map(|x| a * x).collect();
        let y = self.y.iter().map(|y| y.map(|y| a * y)).collect();
        Self { x, y, label: self.label.clone() }
    }

    fn shuffled(&self, seed: u64) -> Self {
        let mut order: Vec<usize> = (0..self.x.len()).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        let [x, y, label] = [0; 3].map(|_| order.iter());
        Self {
            x: x.map(|&i| self.x[i]).collect(),
            y: y.map(|&i| self.y[i]).collect(),
            label: label.map(|&i| self.label[i]).collect(),
        }
    }

    fn information(&self) -> Result<Vec<Information>> {
        Ok(vec![
            ksg1(&self.x, &self.y, 3)?,
            ksg2(&self.x, &self.y, 3)?,
            ross(&self.label, &self.x, 3)?,
            ross(&self.label, &self.y, 3)?,
            knn_kl_divergence(&self.of(true), &self.of(false), 3)?,
        ])
    }

    fn of(&self, label: bool) -> Vec<f64> {
        self.x.iter().zip(&self.label).filter(|(_, of)| **of == label).map(|(x, _)| *x).collect()
    }

    /// With the number of columns that each is of.
    fn entropies(&self) -> Result<Vec<(Information, f64)>> {
        let x = kozachenko_leonenko(&self.x, 3)?;
        Ok(vec![(x, 1.0), (kozachenko_leonenko(&self.y, 3)?, 2.0), (vasicek(&self.x, 20)?, 1.0)])
    }
}

#[test]
fn order_never_enters() -> Result<()> {
    let sample = sample(1000);
    for seed in 0..5 {
        let shuffled = sample.shuffled(seed);
        assert_ne!(shuffled.x, sample.x);
        assert_eq!(shuffled.information()?, sample.information()?);
        assert_eq!(shuffled.entropies()?, sample.entropies()?);
    }
    Ok(())
}

#[test]
fn information_is_symmetric() -> Result<()> {
    let Sample { x, y, .. } = sample(1000);
    assert_eq!(ksg1(&x, &y, 3)?, ksg1(&y, &x, 3)?);
    assert_eq!(ksg2(&x, &y, 3)?, ksg2(&y, &x, 3)?);
    Ok(())
}

#[test]
fn information_has_no_unit() -> Result<()> {
    let sample = sample(1000);
    let information = |a: f64| sample.scaled(a).information();
    let truth = information(1.0)?;
    for power in [-600, -30, -1, 1, 10, 30, 600] {
        assert_eq!(information(2f64.powi(power))?, truth, "2^{power}");
        assert_eq!(information(-(2f64.powi(power)))?, truth, "−2^{power}");
    }
    for a in [1000.0, 0.001, 1e-7, 3.0, -0.7, 1e9, 1e100, 1e-100] {
        for (scaled, truth) in information(a)?.into_iter().zip(&truth) {
            assert!((scaled - *truth).nats().abs() < 1e-12, "times {a}: {scaled} is not {truth}");
        }
    }
    Ok(())
}

#[test]
fn entropy_follows_the_unit() -> Result<()> {
    let sample = sample(1000);
    for a in [1000.0, 0.001, 2f64.powi(40), -0.7, 1e100, 1e-100] {
        for ((scaled, _), (h, d)) in sample.scaled(a).entropies()?.into_iter().zip(sample.entropies()?) {
            let shift = d * a.abs().ln();
            let error = ((scaled - h).nats() - shift).abs();
            assert!(error < 1e-12 * shift.abs().max(1.0), "times {a}: {error}");
        }
    }
    Ok(())
}

#[test]
fn a_table_may_be_turned_and_relabelled() -> Result<()> {
    use CountEstimator::{ChaoShen, Grassberger, MillerMadow, PlugIn, Shrinkage};
    let counts = [7, 0, 1, 3, 1, 12];
    let (turned, relabelled) = ([7, 3, 0, 1, 1, 12], [1, 12, 3, 0, 1, 7]);
    for estimator in [PlugIn, MillerMadow, Grassberger, ChaoShen, Shrinkage] {
        let i = estimator.mutual_information(&counts, [2, 3])?;
        for same in [estimator.mutual_information(&turned, [3, 2])?, estimator.mutual_information(&relabelled, [2, 3])?]
        {
            assert!((same - i).nats().abs() < 1e-15, "{estimator:?}");
        }
    }
    Ok(())
}
