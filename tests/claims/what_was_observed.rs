//! The empirical distribution groups equal rows in order of first sight, sums their counts, and knows ln p̂ and H(p̂).

use anyhow::{Result, ensure};
use candle_core::Tensor;
use candle_mle::model::{Bernoulli, Gaussian, Logistic};
use candle_mle::{Empirical, Error, Labelled, info};

use crate::common::{CPU, host};

fn labelled(x: &[f64], y: &[u32]) -> Result<Labelled> {
    Ok(Labelled::new(Tensor::new(x, &CPU)?.unsqueeze(1)?, Tensor::new(y, &CPU)?)?)
}

/// ln p̂ as exact quotients.
fn logs(quotients: &[(f64, f64)]) -> Vec<f64> {
    quotients.iter().map(|(count, of)| (count / of).ln()).collect()
}

#[test]
fn equal_rows_become_one_in_order_of_first_sight() -> Result<()> {
    let p = Empirical::from_sample(Tensor::new(&[3.0, 1.0, 3.0, 2.0, 1.0, 3.0], &CPU)?)?;
    assert_eq!(host(p.batch())?, [3.0, 1.0, 2.0]);
    assert_eq!(host(p.count())?, [3.0, 2.0, 1.0]);
    assert_eq!((p.total(), p.distinct(), p.resolution()), (6.0, 3, None));
    assert_eq!(host(p.mass())?, [3.0 / 6.0, 2.0 / 6.0, 1.0 / 6.0]);

    // A row is equal as a whole.
    let p = Empirical::from_sample(Tensor::new(&[[0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], &CPU)?)?;
    assert_eq!(host(p.batch())?, [0.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
    assert_eq!(host(p.count())?, [2.0, 1.0, 1.0]);

    // So it is with x and its class.
    let p = Empirical::from_sample(labelled(&[5.0, 5.0, 4.0, 5.0, 5.0], &[1, 0, 1, 1, 1])?)?;
    assert_eq!((host(p.batch().x())?, host(p.batch().y())?), (vec![5.0, 5.0, 4.0], vec![1.0, 0.0, 1.0]));
    assert_eq!(host(p.count())?, [3.0, 1.0, 1.0]);
    Ok(())
}

#[test]
fn minus_zero_is_zero() -> Result<()> {
    let p = Empirical::from_sample(Tensor::new(&[-0.0, 0.0, 1.0, -0.0], &CPU)?)?;
    assert_eq!(host(p.count())?, [3.0, 1.0]);
    // Also as the x that ln p̂(y|x) is conditioned on.
    let p = Empirical::from_sample(labelled(&[-0.0, 0.0], &[0, 1])?)?;
    assert_eq!(p.distinct(), 2);
    assert_eq!(p.log_p::<Logistic>()?.map(host).transpose()?, Some(logs(&[(1.0, 2.0), (1.0, 2.0)])));
    Ok(())
}

#[test]
fn counts_of_repeated_rows_are_summed_and_zero_counts_dropped() -> Result<()> {
    let p = Empirical::from_counts(Tensor::new(&[7.0, 8.0, 9.0, 7.0, 9.0], &CPU)?, &[0.0, 2.5, 0.0, 4.0, 1.5])?;
    // 7 was first seen in its second row, after 8.
    assert_eq!((host(p.batch())?, host(p.count())?), (vec![8.0, 7.0, 9.0], vec![2.5, 4.0, 1.5]));
    let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0, 1.0], &CPU)?, &[10.0, 40.0, 50.0])?;
    assert_eq!((host(p.batch())?, host(p.count())?), (vec![1.0, 0.0], vec![60.0, 40.0]));
    assert_eq!(p.total(), 100.0);
    Ok(())
}

#[test]
fn what_is_not_a_finite_number_is_an_error_that_names_its_place() -> Result<()> {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let refused = Empirical::from_sample(Tensor::new(&[[1.0, 2.0], [3.0, bad]], &CPU)?);
        ensure!(matches!(refused, Err(Error::Info(info::Error::NotFinite { row: 1, column: 1, .. }))), "{refused:?}");
        let refused = Empirical::from_sample(labelled(&[0.0, 0.0, bad], &[0, 1, 1])?);
        ensure!(matches!(refused, Err(Error::Info(info::Error::NotFinite { row: 2, column: 0, .. }))), "{refused:?}");
    }
    Ok(())
}

#[test]
fn the_entropy_of_sixty_heads_of_a_hundred() -> Result<()> {
    let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &CPU)?, &[60.0, 40.0])?;
    // To the last digits that f64 has.
    ensure!((p.entropy().bits() - 0.9709505944546686).abs() <= 4.0 * f64::EPSILON, "{}", p.entropy());
    assert_eq!(p.log_p::<Bernoulli>()?.map(host).transpose()?, Some(logs(&[(60.0, 100.0), (40.0, 100.0)])));
    let certain = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &CPU)?, &[60.0, 0.0])?;
    assert_eq!((certain.distinct(), certain.entropy().nats().to_bits()), (1, 0f64.to_bits()));
    Ok(())
}

#[test]
fn what_is_conditional_divides_by_its_own_x() -> Result<()> {
    // At x = 0 three of class 0 and one of class 1, at x = 1 two of class 1, in rows that do not stand together.
    let batch = labelled(&[0.0, 1.0, 0.0, 1.0], &[0, 1, 1, 1])?;
    let p = Empirical::from_counts(batch, &[3.0, 1.0, 1.0, 1.0])?;
    assert_eq!(host(p.count())?, [3.0, 2.0, 1.0]);
    assert_eq!(p.log_p::<Logistic>()?.map(host).transpose()?, Some(logs(&[(3.0, 4.0), (2.0, 2.0), (1.0, 4.0)])));
    assert_eq!(host(p.mass())?, [3.0 / 6.0, 2.0 / 6.0, 1.0 / 6.0]);
    // H(Y|X) = 4/6 · h(1/4); h(1/4) = 2 − ¾ log2 3 bits.
    let expected = 4.0 / 6.0 * (2.0 - 0.75 * 3f64.log2());
    ensure!((p.entropy().bits() - expected).abs() <= 1e-15, "{} is not {expected}", p.entropy());

    // Where every x is its own, nothing is left to be uncertain of.
    let distinct = Empirical::from_sample(labelled(&[0.0, 1.0, 2.0], &[0, 1, 0])?)?;
    assert_eq!(distinct.entropy().nats(), 0.0);
    Ok(())
}

#[test]
fn atoms_have_no_density_and_cells_no_probability() -> Result<()> {
    let atoms = Empirical::from_sample(Tensor::new(&[[1.0], [2.0]], &CPU)?)?;
    ensure!(atoms.log_p::<Gaussian>()?.is_none());
    ensure!(atoms.log_p::<Bernoulli>()?.is_some());
    let cells = atoms.at_resolution(&[0.5])?;
    ensure!(cells.log_p::<Gaussian>()?.is_some());
    ensure!(matches!(cells.log_p::<Bernoulli>(), Err(Error::ProbabilityOfCells)));
    Ok(())
}
