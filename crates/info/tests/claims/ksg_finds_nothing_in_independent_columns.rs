//! On independent columns and blocks of any law and size both of Kraskov's estimates are 0 on the mean, and fall below it as often.

use candle_mle_info::Result;
use candle_mle_info::estimate::{Point, ksg1, ksg2};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Exp1, StandardNormal, StandardUniform};

const TIMES: usize = 400;

/// Whether the mean over many samples is 0 to four standard errors, for both algorithms.
fn nothing<X: Point, Y: Point>(mut draw: impl FnMut() -> (X, Y), n: usize, k: usize) -> Result<()> {
    let (mut one, mut two) = (vec![], vec![]);
    for _ in 0..TIMES {
        let (x, y): (Vec<X>, Vec<Y>) = (0..n).map(|_| draw()).unzip();
        one.push(ksg1(&x, &y, k)?.nats());
        two.push(ksg2(&x, &y, k)?.nats());
    }
    for found in [one, two] {
        let mean = found.iter().sum::<f64>() / TIMES as f64;
        let spread = (found.iter().map(|i| (i - mean).powi(2)).sum::<f64>() / TIMES as f64).sqrt();
        let error = spread / (TIMES as f64).sqrt();
        assert!(mean.abs() < 4.0 * error, "n = {n}, k = {k}: {mean} ± {error}");
        let below = found.iter().filter(|i| **i < 0.0).count();
        assert!((TIMES / 4..3 * TIMES / 4).contains(&below), "n = {n}, k = {k}: {below} below 0");
    }
    Ok(())
}

#[test]
fn columns() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for (n, k) in [(20, 1), (100, 1), (100, 3), (300, 3), (100, 20)] {
        nothing(|| (rng.sample::<f64, _>(StandardNormal), rng.sample::<f64, _>(StandardNormal)), n, k)?;
        nothing(|| (rng.sample::<f64, _>(StandardUniform), rng.sample::<f64, _>(Exp1)), n, k)?;
    }
    Ok(())
}

#[test]
fn blocks() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for (n, k) in [(50, 1), (200, 3)] {
        let mut normal = || rng.sample::<f64, _>(StandardNormal);
        nothing(|| ([normal(), normal()], [normal(), normal()]), n, k)?;
        nothing(|| (normal(), [normal(), normal(), normal()]), n, k)?;
    }
    Ok(())
}
