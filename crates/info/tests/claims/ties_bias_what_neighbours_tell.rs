//! Ties of recorded numbers raise ksg1 and lower ksg2, and many are refused; shared points lower a divergence; jitter and a split undo it.

use candle_mle_info::estimate::{jitter, knn_kl_divergence, kozachenko_leonenko, ksg1, ksg2, ross};
use candle_mle_info::{Error, Result};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

fn normals(n: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    (0..n).map(|_| rng.sample(StandardNormal)).collect()
}

#[test]
fn of_independent_columns() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut means = [0.0; 4];
    for _ in 0..20 {
        let step = 0.05;
        let mut record = || -> Vec<f64> { normals(500, &mut rng).iter().map(|x| (x / step).round() * step).collect() };
        let (x, y) = (record(), record());
        let (high, low) = (ksg1(&x, &y, 12)?.nats(), ksg2(&x, &y, 12)?.nats());
        let (x, y) = (jitter(&x, step, &mut rng)?, jitter(&y, step, &mut rng)?);
        let found = [high, low, ksg1(&x, &y, 12)?.nats(), ksg2(&x, &y, 12)?.nats()];
        means.iter_mut().zip(found).for_each(|(mean, found)| *mean += found / 20.0);
    }
    let [high, low, one, two] = means;
    assert!((high - 0.08).abs() < 0.03 && (low + 0.11).abs() < 0.03, "{high} {low}");
    assert!(one.abs() < 0.03 && two.abs() < 0.03, "{one} {two}");
    Ok(())
}

/// Coarser steps than that, and labels, have no density: every estimate by neighbours says so, and what tells instead.
#[test]
fn of_columns_without_a_density() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let x = normals(500, &mut rng);
    let coarse: Vec<f64> = x.iter().map(|x| (x / 0.2).round() * 0.2).collect();
    let side: Vec<f64> = x.iter().map(|x| f64::from(u8::from(*x > 0.0))).collect();
    let y: Vec<f64> = x.iter().zip(normals(500, &mut rng)).map(|(x, z)| x + z).collect();
    for tied in [&coarse, &side] {
        let beside: Vec<[f64; 2]> = y.iter().zip(tied).map(|(y, t)| [*y, *t]).collect();
        let labels: Vec<bool> = y.iter().map(|y| *y > 0.0).collect();
        let refusals = [
            ("x", 0, ksg1(tied, &y, 12)),
            ("y", 0, ksg2(&y, tied, 12)),
            ("y", 1, ksg1(&y, &beside, 12)),
            ("the sample", 1, ross(&labels, &beside, 12)),
            ("the sample", 1, kozachenko_leonenko(&beside, 12)),
            ("the second sample", 0, knn_kl_divergence(&y, tied, 12)),
        ];
        for (sample, at, refusal) in refusals {
            assert!(
                matches!(refusal, Err(Error::Tied { what, column, k: 12, .. }) if what == sample && column == at),
                "{sample}: {refusal:?}"
            );
        }
    }
    let said = ksg1(&side, &y, 3).unwrap_err().to_string();
    assert!(said.starts_with("column 0 of x (counted from 0) has only 2 different numbers in 500 rows"), "{said}");
    assert!(["`ross`", "`CountEstimator`", "`jitter`"].iter().all(|cure| said.contains(cure)), "{said}");
    let labels: Vec<bool> = side.iter().map(|side| *side == 1.0).collect();
    assert!(ross(&labels, &y, 3)?.nats() > 0.2);
    Ok(())
}

#[test]
fn of_a_sample_and_itself() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (x, other) = (normals(1000, &mut rng), normals(1000, &mut rng));
    let plane: Vec<[f64; 2]> = x.iter().zip(&other).map(|(x, y)| [*x, *y]).collect();
    for k in [2, 3, 5] {
        // ψ(k) − ψ(k − 1) = 1/(k − 1), in any dimension.
        for shared in [knn_kl_divergence(&x, &x, k)?, knn_kl_divergence(&plane, &plane, k)?] {
            assert!((shared.nats() + 1.0 / (k - 1) as f64).abs() < 0.1, "k = {k}: {shared}");
        }
    }
    let apart = knn_kl_divergence(&x, &other, 3)?.nats();
    assert!(apart.abs() < 0.1, "{apart}");
    Ok(())
}
