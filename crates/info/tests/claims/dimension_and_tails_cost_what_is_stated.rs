//! What estimates by neighbours miss in many dimensions and long tails is what their documentation says, and ranks undo the tails.

use std::f64::consts::{E, TAU};

use candle_mle_info::estimate::{
    Neighbours, Scale, knn_kl_divergence, kozachenko_leonenko, ksg1, ksg2, repeated, ross,
};
use candle_mle_info::{Information, Result};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

fn normals(n: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    (0..n).map(|_| rng.sample(StandardNormal)).collect()
}

/// The mean, in nats, of some estimates.
fn mean(times: usize, mut estimate: impl FnMut(&mut ChaCha8Rng) -> Result<Information>) -> Result<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    Ok(repeated(times, || estimate(&mut rng))?.0.nats())
}

#[track_caller]
fn stated(found: f64, stated: f64, to: f64) {
    assert!((found - stated).abs() < to, "{found} is not {stated}");
}

/// Of d pairs of axes of correlation ½ the truth is d times 0.14.
#[test]
fn information_of_many_axes() -> Result<()> {
    let pairs = |d: usize, rng: &mut ChaCha8Rng| -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
        let row = |_| {
            let x = normals(d, rng);
            let y = x.iter().zip(normals(d, rng)).map(|(x, z)| 0.5 * x + 0.75f64.sqrt() * z).collect();
            (x, y)
        };
        (0..1000).map(row).unzip()
    };
    for (d, nats) in [(1, 0.15), (4, 0.46), (8, 0.58), (16, 0.58)] {
        let ksg = |rng: &mut ChaCha8Rng| {
            let (x, y) = pairs(d, rng);
            ksg1(&x, &y, 3)
        };
        stated(mean(4, ksg)?, nats, 0.07);
    }
    let second = |rng: &mut ChaCha8Rng| {
        let (x, y) = pairs(16, rng);
        ksg2(&x, &y, 3)
    };
    assert!(mean(2, second)? < 1.0, "far too low, of 2.30");
    Ok(())
}

#[test]
fn others_in_many_axes() -> Result<()> {
    let points = |d: usize, shift: f64, rng: &mut ChaCha8Rng| -> Vec<Vec<f64>> {
        let row = |_| {
            let mut row = normals(d, rng);
            row[0] += shift;
            row
        };
        (0..1000).map(row).collect()
    };
    let labels: Vec<bool> = (0..1000).map(|row| row % 2 == 0).collect();
    for (d, nats) in [(1, 0.34), (16, 0.22)] {
        let of_labels = |rng: &mut ChaCha8Rng| {
            let (mut x, other) = (points(d, 0.0, rng), points(d, 2.0, rng));
            x.iter_mut().zip(other).zip(&labels).filter(|(_, label)| **label).for_each(|((x, other), _)| *x = other);
            ross(&labels, &x, 3)
        };
        stated(mean(4, of_labels)?, nats, 0.05);
    }
    for (d, nats) in [(1, 0.49), (4, 0.42), (16, 0.35)] {
        stated(mean(6, |rng| knn_kl_divergence(&points(d, 0.0, rng), &points(d, 1.0, rng), 3))?, nats, 0.1);
    }
    for (d, off) in [(10, 0.2), (16, 1.0)] {
        let truth = 0.5 * d as f64 * (TAU * E).ln();
        stated(mean(4, |rng| kozachenko_leonenko(&points(d, 0.0, rng), 3))? - truth, off, 0.15);
    }
    Ok(())
}

/// ρ = 0.6, 0.22 nats, which no monotone map of a column changes.
#[test]
fn tails() -> Result<()> {
    for (scale, nats) in [(Scale::Standardized, 0.13), (Scale::Ranks, 0.22)] {
        let found = mean(30, |rng| {
            let (x, z) = (normals(500, rng), normals(500, rng));
            let y: Vec<f64> = x.iter().zip(z).map(|(x, z)| (3.0 * (0.6 * x + 0.8 * z)).exp()).collect();
            ksg1(&x.iter().map(|x| (3.0 * x).exp()).collect::<Vec<_>>(), &y, Neighbours { k: 3, scale })
        })?;
        stated(found, nats, 0.03);
    }
    // And find nothing where there is nothing.
    for n in [50, 500] {
        let ranks = Neighbours { k: 3, scale: Scale::Ranks };
        stated(mean(200, |rng| ksg1(&normals(n, rng), &normals(n, rng), ranks))?, 0.0, 0.02);
    }
    Ok(())
}
