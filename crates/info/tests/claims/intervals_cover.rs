//! The interval of a mutual information is that of its formula, and covers the truth as often as it says.

use candle_mle_info::estimate::counted_interval;
use candle_mle_info::{Pmf, Result};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// G and its degrees of freedom from scipy, its variance by differences of I at the observed shares, in 30 digits (mpmath).
#[test]
fn to_the_digits() -> Result<()> {
    let known: [(&[f64], [usize; 2], f64, f64); 5] = [
        (&[40., 10., 10., 40.], [2, 2], 0.096_249_800_828_470_61, 0.315_380_931_514_334_1),
        (&[12., 0., 7., 3., 9., 0.], [2, 3], 0.247_089_961_788_238, 0.589_606_695_222_636_4),
        (&[3., 4., 0., 0., 0., 0., 0., 4., 3.], [3, 3], 0.059_371_873_868_241_74, 0.514_943_789_312_129_2),
        (&[5., 5., 0., 0., 3., 7.], [3, 2], 0.0, 0.238_617_390_170_220_5),
        (&[25., 26., 24., 25.], [2, 2], 0.0, 0.007_159_847_888_154_167),
    ];
    for (counts, shape, low, high) in known {
        let [from, to] = counted_interval(counts, shape, 1.96)?.map(|end| end.nats());
        assert!((from - low).abs() < 1e-12 && (to - high).abs() < 1e-12, "{counts:?}: {from} to {to}");
    }
    Ok(())
}

/// A row or a column alone tells nothing.
#[test]
fn of_one_level_it_is_nothing() -> Result<()> {
    for (counts, shape) in [([3., 4.], [1, 2]), ([0., 4.], [2, 1])] {
        assert_eq!(counted_interval(&counts, shape, 1.96)?.map(|end| end.nats()), [0.0; 2]);
    }
    assert!(
        counted_interval(&[1., 2., 3.], [2, 2], 1.96).is_err() && counted_interval(&[1., -2.], [1, 2], 1.96).is_err()
    );
    Ok(())
}

/// Of tables that are drawn from a known one, 95 of 100.
#[test]
fn as_often_as_said() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for (values, n) in [
        (vec![0.25, 0.05, 0.1, 0.1, 0.3, 0.2], 300),
        (vec![0.1, 0.15, 0.25, 0.1, 0.15, 0.25], 200),   // independent
        (vec![0.12, 0.15, 0.23, 0.08, 0.15, 0.27], 400), // hardly dependent
    ] {
        let truth = Pmf::new([2, 3], values)?;
        let exact = truth.mutual_information(&[0], &[1])?.nats();
        let mut covered = 0;
        for _ in 0..1000 {
            let mut counts = vec![0.0; 6];
            truth.sample(n, &mut rng).iter().for_each(|cell| counts[3 * cell[0] + cell[1]] += 1.0);
            let [from, to] = counted_interval(&counts, [2, 3], 1.959964)?.map(|end| end.nats());
            covered += usize::from(from <= exact + 1e-15 && exact <= to);
        }
        assert!((930..=995).contains(&covered), "{exact}: {covered} of 1000");
    }
    Ok(())
}
