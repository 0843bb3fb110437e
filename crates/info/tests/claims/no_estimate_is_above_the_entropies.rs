//! No estimate of I(X;Y) is above what the same rows say of H(X) and H(Y), and of a constant column there is none.

use candle_mle_info::estimate::CountEstimator::{
    self, ChaoShen, ChaoWangJost, Grassberger, MillerMadow, PlugIn, Shrinkage,
};
use candle_mle_info::estimate::{ksg1, mixed_ksg, ross};
use candle_mle_info::{Error, Result};
use proptest::prelude::*;

const ALL: [CountEstimator; 6] = [PlugIn, MillerMadow, Grassberger, ChaoShen, ChaoWangJost, Shrinkage];

/// ψ(n) − ⟨ψ(n_x)⟩, n_x the rows with the x of a row.
fn entropy(x: &[u8]) -> f64 {
    let psi = |n: usize| (1..n).map(|j| 1.0 / j as f64).sum::<f64>();
    let rows = |of: u8| x.iter().filter(|x| **x == of).count();
    psi(x.len()) - x.iter().map(|x| psi(rows(*x))).sum::<f64>() / x.len() as f64
}

fn numbers(x: &[u8]) -> Vec<f64> {
    x.iter().map(|x| f64::from(*x)).collect()
}

/// A column that hardly varies, which scikit-learn (1.9: `mutual_info_regression`) finds 0.05 nats in where there are 0.004.
#[test]
fn of_a_column_that_hardly_varies() -> Result<()> {
    let n = 2000;
    let y: Vec<u8> = (0..n).map(|row| u8::from(row == 700)).collect();
    let z: Vec<f64> = (0..n).map(|row| (f64::from(row) * 0.618).fract()).collect();
    assert!((entropy(&y) - 0.0043).abs() < 1e-3);
    let refused = ["constant", "drop it"];
    for constant in [ksg1(&[1.0; 2000], &z, 3), mixed_ksg(&[1.0; 2000], &numbers(&y), 3), ross(&y, &[1.0; 2000], 3)] {
        let said = constant.unwrap_err().to_string();
        let rare = said.contains("was seen 1 time");
        assert!(rare || refused.iter().all(|cure| said.contains(cure)), "{said}");
    }
    assert!(matches!(ksg1(&numbers(&y), &z, 3), Err(Error::Tied { .. })));
    let found = mixed_ksg(&numbers(&y), &z, 3)?.nats();
    assert!(found <= entropy(&y) && found.abs() < 0.005, "{found}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn of_counts(counts in prop::collection::vec(prop_oneof![Just(0u64), Just(1), 0..4u64, 0..50u64], 12)) {
        let margins = |of: &dyn Fn(usize) -> usize, levels: usize| {
            (0..levels).map(|level| (0..12).filter(|i| of(*i) == level).map(|i| counts[i]).sum()).collect::<Vec<u64>>()
        };
        let (x, y) = (margins(&|i| i / 4, 3), margins(&|i| i % 4, 4));
        for estimator in ALL {
            let entropies = (estimator.entropy(&x), estimator.entropy(&y));
            if let (Ok(i), (Ok(of_x), Ok(of_y))) = (estimator.mutual_information(&counts, [3, 4]), entropies) {
                // A table shrunk as one has other margins than those shrunk alone.
                let most = if estimator == Shrinkage { 3f64.ln() } else { of_x.nats().min(of_y.nats()) };
                prop_assert!(i.nats() <= most + 1e-12, "{estimator:?} {counts:?}: {i:?} is above {most}");
            }
        }
    }

    #[test]
    fn of_rows((x, y, k) in (6..40usize).prop_flat_map(|n| {
        let labels = || prop::collection::vec(prop_oneof![4 => Just(0u8), 1 => 0..4u8, 1 => 0..40u8], n);
        (labels(), labels(), 1..4usize)
    })) {
        if let Ok(i) = mixed_ksg(&numbers(&x), &numbers(&y), k) {
            let most = entropy(&x).min(entropy(&y));
            prop_assert!(i.nats() <= most + 1e-12, "{} is above {most}", i.nats());
        }
        let beside: Vec<f64> = numbers(&y).iter().enumerate().map(|(row, y)| y + 0.01 * (row as f64).sin()).collect();
        if let Ok(i) = ross(&x, &beside, k) {
            prop_assert!(i.nats() <= entropy(&x) + 1e-12, "{} is above {}", i.nats(), entropy(&x));
        }
    }
}
