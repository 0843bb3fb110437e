//! The score of a whole is the sum of those of its parts, its standard error keeps its digits, and every observation is in one fold.

use anyhow::{Context, Result, ensure};
use candle_core::Tensor;
use candle_mle::model::{Linear, Logistic};
use candle_mle::score::{Score, folds, hold_out};
use candle_mle::{Empirical, Labelled};

use crate::common::{self, CPU, host};

fn table(counts: &[f64]) -> Result<Empirical<Labelled>> {
    let x = Tensor::new(&[[0.0], [0.0], [1.0], [1.0]], &CPU)?;
    Ok(Empirical::from_counts(Labelled::new(x, Tensor::new(&[0u32, 1, 0, 1], &CPU)?)?, counts)?)
}

fn model(slope: f64, bias: f64) -> Result<Logistic> {
    Ok(Logistic::from_coefficients(&Tensor::new(&[[0.0, 0.0], [slope, bias]], &CPU)?)?)
}

#[test]
fn of_parts_and_of_the_whole() -> Result<()> {
    let q = model(1.5, -0.5)?;
    let whole = Score::of(&q, &table(&[30.0, 12.0, 9.0, 49.0])?)?;
    let parts = Score::of(&q, &table(&[10.0, 2.0, 0.0, 40.0])?)? + Score::of(&q, &table(&[20.0, 10.0, 9.0, 9.0])?)?;
    assert_eq!((parts.n, &parts.confusion), (whole.n, &whole.confusion));
    // σ(−0.5) = 0.378 and σ(1) = 0.731, in the fourth and the eighth tenth: 12 of 42 and 49 of 58 came.
    let bins = |score: &Score| score.calibration.iter().map(|bin| (bin.n, bin.observed)).collect::<Vec<_>>();
    ensure!(
        bins(&parts) == bins(&whole) && bins(&whole)[3] == (42.0, 12.0) && bins(&whole)[7] == (58.0, 49.0),
        "{whole:?}"
    );
    ensure!((whole.calibration[7].predicted / 58.0 - 1.0 / (1.0 + (-1f64).exp())).abs() < 1e-12);
    let [low, high] = whole.calibration[7].interval(0.95);
    ensure!((low - 0.730660).abs() < 1e-6 && (high - 0.916155).abs() < 1e-6, "{low} {high}");
    ensure!((parts.nll - whole.nll).nats().abs() < 1e-12);
    ensure!((parts.standard_error() - whole.standard_error()).nats().abs() < 1e-14, "{parts:?} {whole:?}");

    // Surprisals that differ by 1e-9 about ln 2: √(Σ count (l − mean)² / n (n − 1)), to the digits of their difference.
    let near = Score::of(&model(4e-9, 0.0)?, &table(&[50.0, 0.0, 0.0, 50.0])?)?;
    let error = near.standard_error().nats();
    ensure!((error / (1e-9 / 99f64.sqrt()) - 1.0).abs() < 1e-6, "{error}");
    ensure!(Score::of(&q, &table(&[1.0, 0.0, 0.0, 0.0])?)?.standard_error().nats() == f64::INFINITY);
    Ok(())
}

#[test]
fn a_share_is_held_out_by_lot() -> Result<()> {
    let p = table(&[30.0, 50.0, 10.0, 80.0])?;
    let (rest, part) = hold_out(&p, 0.2, &mut common::generator(1))?;
    assert_eq!((rest.total(), part.total()), (136.0, 34.0));
    let again = hold_out(&p, 0.2, &mut common::generator(1))?.1;
    assert_eq!(host(part.count())?, host(again.count())?);
    for share in [0.0, 0.001, 0.999, 1.0, f64::NAN] {
        ensure!(hold_out(&p, share, &mut common::generator(1)).is_err(), "{share}");
    }
    Ok(())
}

#[test]
fn every_observation_is_in_one_fold() -> Result<()> {
    let counts = [3.0, 5.0, 1.0, 8.0];
    let parts = folds(&table(&counts)?, 4, &mut common::generator(1))?;
    assert_eq!(parts.iter().map(|(_, fold)| fold.total()).collect::<Vec<_>>(), [5.0, 4.0, 4.0, 4.0]);
    ensure!(parts.iter().all(|(rest, fold)| rest.total() + fold.total() == 17.0));
    let mut seen = 0.0;
    for (_, fold) in &parts {
        seen += host(fold.count())?.iter().sum::<f64>();
    }
    assert_eq!(seen, 17.0);
    for (counts, k, says) in [
        ([1.5, 1.0, 1.0, 1.0], 2, "1.5"),
        ([1e300, 1.0, 1.0, 1.0], 2, "at most 1e9"),
        ([1.0; 4], 1, "at least 2"),
        ([1.0; 4], 5, "at most the number"),
    ] {
        let refused = folds(&table(&counts)?, k, &mut common::generator(1)).err().context("no error")?.to_string();
        ensure!(refused.contains(says), "{refused}");
    }
    Ok(())
}
