//! I(X;Y) = I(φ(X);ψ(Y)) for invertible maps: exactly in tables, to its error in an estimate; maps that merge values lose some (row P5).

use candle_mle_info::estimate::{ksg1, ksg2, repeated, ross};
use candle_mle_info::{Information, Pmf, Result};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

#[test]
fn tables() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for _ in 0..200 {
        let counts: Vec<f64> = (0..20).map(|_| f64::from(rng.random_range(0..9u8))).collect();
        let p = Pmf::from_counts([4, 5], counts)?;
        let i = p.mutual_information(&[0], &[1])?;
        let (mut rows, mut columns) = ([0, 1, 2, 3], [0, 1, 2, 3, 4]);
        rows.shuffle(&mut rng);
        columns.shuffle(&mut rng);
        let relabelled = p.map([4, 5], |cell| [rows[cell[0]], columns[cell[1]]])?;
        assert!((relabelled.mutual_information(&[0], &[1])? - i).bits().abs() < 1e-13);
        let merged = p.map([2, 5], |cell| [cell[0] / 2, cell[1]])?;
        assert!(merged.mutual_information(&[0], &[1])?.bits() < i.bits() + 1e-13);
    }
    Ok(())
}

type Points = Vec<[f64; 2]>;
type OfX = fn([f64; 2]) -> [f64; 2];
type OfY = fn(f64) -> f64;

/// X of two columns, and Y that is half of X's sum and half noise, both mapped.
fn sample(rng: &mut ChaCha8Rng, x_to: OfX, y_to: OfY) -> (Points, Vec<f64>) {
    let draw = |_| {
        let [a, b, z] = [0; 3].map(|_| rng.sample::<f64, _>(StandardNormal));
        (x_to([a, b]), y_to(0.7 * (a + b) + z))
    };
    (0..800).map(draw).unzip()
}

#[test]
fn estimates() -> Result<()> {
    let rotated: OfX = |[a, b]| [0.6 * a - 0.8 * b, 0.8 * a + 0.6 * b];
    // Monotone, as all of the others are but |x|.
    let (even, cubed): (OfY, OfY) = (|v| (0.8 * v).tanh(), |v| v + 0.2 * v.powi(3));
    for ksg in [ksg1, ksg2] {
        let mean = |x_to: OfX, y_to: OfY| -> Result<f64> {
            let mut rng = ChaCha8Rng::seed_from_u64(1);
            let (mean, spread) = repeated(30, || {
                let (x, y) = sample(&mut rng, x_to, y_to);
                ksg(&x, &y, 3)
            })?;
            assert!(spread.nats() < 0.05);
            Ok(mean.nats())
        };
        let i = mean(|x| x, |y| y)?;
        // The mean of thirty is certain to 0.01, and the bias of either map below 0.04.
        let maps = [mean(rotated, |y| y)?, mean(|x| x.map(|v| (0.8 * v).tanh()), even)?, mean(|x| x, cubed)?];
        assert!(maps.iter().all(|mapped| (mapped - i).abs() < 0.05), "{maps:?} are not {i}");
        let merged = mean(|x| x.map(f64::abs), |y| y)?;
        assert!(merged < i - 0.2, "{merged} is hardly below {i}");
    }
    Ok(())
}

/// Names of labels do not matter, nor does a map of the numbers that keeps their order.
#[test]
fn labels() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let label: Vec<usize> = (0..900).map(|_| rng.random_range(0..3)).collect();
    let x: Vec<f64> = label.iter().map(|l| *l as f64 + rng.sample::<f64, _>(StandardNormal)).collect();
    let i = ross(&label, &x, 3)?;
    let names: Vec<&str> = label.iter().map(|l| ["c", "a", "b"][*l]).collect();
    assert_eq!(ross(&names, &x, 3)?, i);
    let stretched: Vec<f64> = x.iter().map(|x| (0.3 * x).exp()).collect();
    assert!((ross(&label, &stretched, 3)? - i).nats().abs() < 0.02);
    let merged: Vec<bool> = label.iter().map(|l| *l == 1).collect();
    assert!(ross(&merged, &x, 3)? < i - Information::from_nats(0.1));
    Ok(())
}
