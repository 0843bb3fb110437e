//! Ties of recorded numbers raise ksg1 and lower ksg2, shared points lower a divergence; jitter and a split undo it.

use candle_mle_info::Result;
use candle_mle_info::estimate::{jitter, knn_kl_divergence, ksg1, ksg2};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

fn normals(n: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    (0..n).map(|_| rng.sample(StandardNormal)).collect()
}

#[test]
fn of_independent_columns() -> Result<()> {
    const STEP: f64 = 0.2;
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut record = || -> Vec<f64> { normals(500, &mut rng).iter().map(|x| (x / STEP).round() * STEP).collect() };
    let (x, y) = (record(), record());
    let (high, low) = (ksg1(&x, &y, 12)?.nats(), ksg2(&x, &y, 12)?.nats());
    assert!((high - 0.5).abs() < 0.1 && (low + 0.4).abs() < 0.1, "{high} {low}");
    let (x, y) = (jitter(&x, STEP, &mut rng)?, jitter(&y, STEP, &mut rng)?);
    let (one, two) = (ksg1(&x, &y, 12)?.nats(), ksg2(&x, &y, 12)?.nats());
    assert!(one.abs() < 0.1 && two.abs() < 0.1, "{one} {two}");
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
