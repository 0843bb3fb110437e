//! Under independence a p-value is at most α with probability at most α, for any statistic; dependence makes it small.

use candle_mle_info::Result;
use candle_mle_info::estimate::{CountEstimator, ksg1, permutation_p_value};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

const B: usize = 19;

/// That the shares of p-values up to each level are no more than the level, to three standard errors, and hardly less.
fn valid(p_values: &[f64], hardly_less: bool) {
    for level in (1..=B).map(|k| k as f64 / (B + 1) as f64) {
        let share = p_values.iter().filter(|p| **p <= level + 1e-12).count() as f64 / p_values.len() as f64;
        let error = 3.0 * (level * (1.0 - level) / p_values.len() as f64).sqrt();
        assert!(share <= level + error, "{share} of the p-values are at most {level}");
        assert!(!hardly_less || share >= level - error, "only {share} of the p-values are at most {level}");
    }
}

#[test]
fn independence_is_rejected_as_often_as_it_says() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (mut of_ksg, mut of_tables) = (vec![], vec![]);
    for _ in 0..1000 {
        let [x, y]: [Vec<f64>; 2] = [0; 2].map(|_| (0..30).map(|_| rng.sample(StandardNormal)).collect());
        of_ksg.push(permutation_p_value(&x, &y, B, &mut rng, |x, y| ksg1(x, y, 3))?);
        // Few counts make many ties, which count against a rejection.
        let [x, y]: [Vec<usize>; 2] = [0; 2].map(|_| (0..20).map(|_| rng.random_range(0..3)).collect());
        of_tables.push(permutation_p_value(&x, &y, B, &mut rng, |x, y| {
            let mut counts = [0; 9];
            x.iter().zip(y).for_each(|(x, y)| counts[3 * x + y] += 1);
            CountEstimator::PlugIn.mutual_information(&counts, [3, 3])
        })?);
    }
    valid(&of_ksg, true);
    valid(&of_tables, false);
    Ok(())
}

/// (1 + 0)/(1 + B), never 0, where no other order comes near; 1 where none can differ.
#[test]
fn the_ends() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let x: Vec<f64> = (0..50).map(|_| rng.sample(StandardNormal)).collect();
    let squares: Vec<f64> = x.iter().map(|x| x * x).collect();
    assert_eq!(permutation_p_value(&x, &squares, B, &mut rng, |x, y| ksg1(x, y, 3))?, 1.0 / 20.0);
    assert_eq!(permutation_p_value(&x, &[7; 50], B, &mut rng, |_, y| Ok(y[0]))?, 1.0);
    // The same seed, the same value.
    let p = |seed| permutation_p_value(&x, &x[..], 9, &mut ChaCha8Rng::seed_from_u64(seed), |x, y| Ok(x[0] * y[0]));
    assert_eq!(p(5)?, p(5)?);
    Ok(())
}
