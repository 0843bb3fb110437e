//! Ten million coin flips handed over one by one become two distinct rows, and the run is that of the table of counts.

use anyhow::Result;
use candle_core::Tensor;
use candle_mle::model::Bernoulli;
use candle_mle::{Empirical, History, LossLog, Objective, Unit, fit};
use candle_nn::{Optimizer, SGD};

use crate::common::{self, CPU, host};

const N: usize = 10_000_000;

fn run(p: &Empirical<Tensor>, objective: Objective) -> Result<History> {
    let (vars, coin) = common::learner(Bernoulli::new)?;
    let mut log = LossLog::new();
    fit(&coin, p, objective, &mut SGD::new(vars.all_vars(), 1.0 / objective.scale(p))?, 0..50, &mut log)?;
    Ok(log.into_history()?)
}

#[test]
fn flips_and_counts_give_the_same_run_byte_for_byte() -> Result<()> {
    let flips = common::flips(N, 1)?;
    let heads = host(&flips.sum_all()?)?[0];
    let first = host(&flips.narrow(0, 0, 1)?)?[0];
    let flipped = Empirical::from_sample(flips)?;
    assert_eq!((flipped.distinct(), flipped.total()), (2, N as f64));
    assert_eq!(host(flipped.batch())?, [first, 1.0 - first]);

    let tails = N as f64 - heads;
    let counts = if first == 1.0 { [heads, tails] } else { [tails, heads] };
    assert_eq!(host(flipped.count())?, counts);
    let counted = Empirical::from_counts(Tensor::new(&[first, 1.0 - first], &CPU)?, &counts)?;
    for objective in [Objective::Kl, Objective::CrossEntropy, Objective::Nll] {
        let (a, b) = (run(&flipped, objective)?, run(&counted, objective)?);
        assert_eq!(a.to_csv(Unit::Bits), b.to_csv(Unit::Bits));
        assert_eq!(a.to_csv(Unit::Nats).lines().count(), 52);
    }
    Ok(())
}
