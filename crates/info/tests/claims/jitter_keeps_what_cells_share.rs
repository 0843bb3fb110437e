//! Recorded numbers spread over their step have the information of their cells, and the entropy H + d ln step.

use candle_mle_info::estimate::{jitter, kozachenko_leonenko, ksg1, ksg2};
use candle_mle_info::{Error, Information, Pmf, Result};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Recorded in steps of a quarter: a table of five by five cells.
const STEP: f64 = 0.25;

#[test]
fn of_a_table() -> Result<()> {
    let weights: Vec<f64> = (0..25i32).map(|i| 0.5f64.powi((i / 5 - i % 5).abs())).collect();
    let p = Pmf::from_counts([5, 5], weights)?;
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let cells = p.sample(20_000, &mut rng);
    let record = |axis: usize| -> Vec<f64> { cells.iter().map(|cell| STEP * cell[axis] as f64 - 0.5).collect() };
    let (x, y) = (record(0), record(1));
    assert!(matches!(ksg1(&x, &y, 3), Err(Error::Tied { distinct: 5, .. })), "as recorded there is no density");

    let (x, y) = (jitter(&x, STEP, &mut rng)?, jitter(&y, STEP, &mut rng)?);
    let (i, h) = (p.mutual_information(&[0], &[1])?, p.entropy() + Information::from_nats(2.0 * STEP.ln()));
    // 20,000 points: a spread of 0.01 nats, measured.
    for (found, truth) in [(ksg1(&x, &y, 3)?, i), (ksg2(&x, &y, 3)?, i)] {
        assert!((found - truth).nats().abs() < 0.03, "{found} is not {truth}");
    }
    let joint: Vec<Vec<f64>> = x.iter().zip(&y).map(|(x, y)| [&x[..], y].concat()).collect();
    let found = kozachenko_leonenko(&joint, 3)?;
    assert!((found - h).nats().abs() < 0.03, "{found} is not {h}");
    Ok(())
}

#[test]
fn every_point_stays_in_its_cell() -> Result<()> {
    let record: Vec<[f64; 2]> = (0..500).map(|i| [f64::from(i), 0.1 * f64::from(i % 7)]).collect();
    let spread = |seed| jitter(&record, STEP, &mut ChaCha8Rng::seed_from_u64(seed));
    for (at, cell) in spread(1)?.iter().zip(&record) {
        assert!(at.iter().zip(cell).all(|(x, c)| (x - c).abs() <= STEP / 2.0));
    }
    assert_eq!(spread(1)?, spread(1)?);
    assert_ne!(spread(1)?, spread(2)?);
    Ok(())
}
