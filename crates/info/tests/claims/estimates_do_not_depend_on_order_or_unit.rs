//! Estimates stay to the last bit when rows are reordered or columns scaled by a power of two, each by its own, and to rounding under any scale.

use candle_mle_info::estimate::{
    CountEstimator, Neighbours, Scale, knn_kl_divergence, kozachenko_leonenko, ksg1, ksg2, permutation_p_value, ross,
    vasicek,
};
use candle_mle_info::{Error, Information, Result};
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
        self.each([a; 3])
    }

    /// Every column by its own factor.
    fn each(&self, [a, b, c]: [f64; 3]) -> Self {
        let x = self.x.iter().map(|x| a * x).collect();
        let y = self.y.iter().map(|y| [b * y[0], c * y[1]]).collect();
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
            knn_kl_divergence(&self.points_of(true), &self.points_of(false), 3)?,
        ])
    }

    fn of(&self, label: bool) -> Vec<f64> {
        self.x.iter().zip(&self.label).filter(|(_, of)| **of == label).map(|(x, _)| *x).collect()
    }

    fn points_of(&self, label: bool) -> Vec<[f64; 2]> {
        self.y.iter().zip(&self.label).filter(|(_, of)| **of == label).map(|(y, _)| *y).collect()
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

/// One column alone, which took half a nat away when it was measured in thousandths.
#[test]
fn information_has_no_unit_of_a_column() -> Result<()> {
    let sample = sample(1000);
    let truth = sample.information()?;
    for units in [[2f64.powi(10), 1.0, 1.0], [1.0, -(2f64.powi(-20)), 1.0], [1.0, 2f64.powi(-100), 2f64.powi(100)]] {
        assert_eq!(sample.each(units).information()?, truth, "{units:?}");
    }
    for units in [[1e3, 1.0, 1.0], [1.0, -1e6, 1.0], [1.0, 1.0, 1e-9], [1e200, 1e-200, 3.0]] {
        for (scaled, truth) in sample.each(units).information()?.into_iter().zip(&truth) {
            assert!((scaled - *truth).nats().abs() < 1e-12, "times {units:?}: {scaled} is not {truth}");
        }
    }
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let few: Vec<f64> = sample.x.iter().take(100).map(|x| 1e6 * x).collect();
    let p = permutation_p_value(&few, &sample.y[..100], 99, &mut rng, |x, y| ksg1(x, y, 3))?;
    assert_eq!(p, 0.01);
    Ok(())
}

/// In ranks not even a monotone map of a column changes anything; raw, the unit does.
#[test]
fn ranks_have_no_scale_at_all() -> Result<()> {
    let near = |scale| Neighbours { k: 3, scale };
    let Sample { x, y, label } = sample(1000);
    let mapped = x.iter().map(|x| (5.0 * x).exp()).collect::<Vec<_>>();
    let flipped: Vec<[f64; 2]> = y.iter().map(|y| [y[0].powi(3), -y[1].exp()]).collect();
    let ranks = near(Scale::Ranks);
    assert_eq!(ksg1(&mapped, &flipped, ranks)?, ksg1(&x, &y, ranks)?);
    assert_eq!(ksg2(&mapped, &flipped, ranks)?, ksg2(&x, &y, ranks)?);
    assert_eq!(ross(&label, &flipped, ranks)?, ross(&label, &y, ranks)?);
    let kl = |y: &[[f64; 2]]| knn_kl_divergence(&y[..400], &y[400..], ranks);
    assert!((kl(&flipped)? - kl(&y)?).nats().abs() < 1e-12);
    assert!(matches!(kozachenko_leonenko(&x, ranks), Err(Error::EntropyOfRanks)));
    let thousand: Vec<f64> = x.iter().map(|x| 1000.0 * x).collect();
    let raw = near(Scale::Raw);
    assert!(ksg1(&x, &y, raw)? > ksg1(&thousand, &y, raw)? + Information::from_nats(0.3));
    Ok(())
}

#[test]
fn entropy_follows_the_unit_of_every_column() -> Result<()> {
    let sample = sample(1000);
    let h = kozachenko_leonenko(&sample.y, 3)?.nats();
    for units in [[1.0f64, 1e6, 1.0], [1.0, 1e-3, -70.0], [1.0, 1e-150, 1e150]] {
        let shift = units[1].abs().ln() + units[2].abs().ln();
        let scaled = kozachenko_leonenko(&sample.each(units).y, 3)?.nats();
        let rounding = 1e-14 * units.iter().map(|unit| unit.abs().ln().abs()).sum::<f64>();
        assert!((scaled - h - shift).abs() < rounding, "{units:?}: {scaled} is not {}", h + shift);
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
    use CountEstimator::{ChaoShen, ChaoWangJost, Grassberger, MillerMadow, PlugIn, Shrinkage};
    let counts = [7, 0, 1, 3, 1, 12];
    let (turned, relabelled) = ([7, 3, 0, 1, 1, 12], [1, 12, 3, 0, 1, 7]);
    for estimator in [PlugIn, MillerMadow, Grassberger, ChaoShen, ChaoWangJost, Shrinkage] {
        let i = estimator.mutual_information(&counts, [2, 3])?;
        for same in [estimator.mutual_information(&turned, [3, 2])?, estimator.mutual_information(&relabelled, [2, 3])?]
        {
            assert!((same - i).nats().abs() < 1e-15, "{estimator:?}");
        }
    }
    Ok(())
}
