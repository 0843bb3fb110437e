//! Samples that an estimator cannot use are typed errors that say what to do, and extreme ones are no panic.

use candle_mle_info::estimate::{
    counted_interval, jitter, knn_kl_divergence, kozachenko_leonenko, ksg1, ksg2, mixed_ksg, nsb, permutation_p_value,
    repeated, ross, vasicek,
};
use candle_mle_info::{Error, Information, Result};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const X: [f64; 6] = [0.0, 1.0, 3.0, 6.0, 10.0, 15.0];
const Y: [f64; 6] = [2.0, -1.0, 0.5, 4.0, 3.0, -2.0];
const LABELS: [&str; 6] = ["a", "a", "a", "b", "b", "b"];

/// What every estimator by neighbours says of a sample `x` and a number `k`.
fn all(x: &[f64], k: usize) -> [(&'static str, Result<Information>); 7] {
    [
        ("ksg1", ksg1(x, &Y, k)),
        ("ksg1, turned", ksg1(&Y, x, k)),
        ("ksg2", ksg2(x, &Y, k)),
        ("kozachenko_leonenko", kozachenko_leonenko(x, k)),
        ("ross", ross(&LABELS, x, k)),
        ("knn_kl_divergence", knn_kl_divergence(x, &Y, k)),
        ("knn_kl_divergence, turned", knn_kl_divergence(&Y, x, k)),
    ]
}

macro_rules! refused {
    ($found:expr, $error:pat) => {
        for (name, found) in $found {
            assert!(matches!(found, Err($error)), "{name}: {found:?}");
        }
    };
}

#[test]
fn neighbours_that_are_not_there() {
    for k in [0, 6, 7, usize::MAX - 1] {
        refused!(all(&X, k), Error::Neighbours { .. });
    }
    // Five others, and three that a label has at most; a divergence counts the points of the other sample as well.
    assert!(ksg1(&X, &Y, 5).is_ok() && ksg2(&X, &Y, 5).is_ok() && kozachenko_leonenko(&X, 5).is_ok());
    assert!(ross(&LABELS, &X, 2).is_ok() && knn_kl_divergence(&X, &Y, 5).is_ok());
    assert!(matches!(knn_kl_divergence(&X, &Y[..2], 3), Err(Error::Neighbours { k: 3, row: 0, others: 2 })));
    let rare = ["a", "a", "a", "b", "b", "a"];
    assert!(matches!(ross(&rare, &X, 2), Err(Error::RareLabel { k: 2, row: 3, times: 2, .. })));
    let said = ross(&rare, &X, 2).unwrap_err().to_string();
    assert!(said.starts_with("label \"b\" was seen 2 times, first in row 3"), "{said}");
    assert!(said.contains("needs 3 rows") && said.contains("merge it") && said.contains("lower k"), "{said}");
    let said = ross(&["a", "a", "a", "a", "b", "a"], &X, 1).unwrap_err().to_string();
    assert!(said.starts_with("label \"b\" was seen 1 time, first in row 4") && !said.contains("lower k"), "{said}");
    let said = |k| ksg1(&X, &Y, k).unwrap_err().to_string();
    assert!(!said(0).contains("lower k") && said(6).contains("lower k"), "{}", said(0));
    for m in [0, 3, 100, usize::MAX / 2, usize::MAX] {
        assert!(matches!(vasicek(&X, m), Err(Error::Parameter { what: "m", .. })), "{m}");
    }
    assert!(vasicek(&X, 2).is_ok());
}

#[test]
fn points_that_coincide() {
    // The joint points coincide only where x and y do.
    let (x, y) = ([1.0, 1.0, 2.0, 3.0, 4.0, 5.0], [7.0, 7.0, 2.0, 4.0, 3.0, -2.0]);
    for (name, found) in [("ksg1", ksg1(&x, &y, 1)), ("ksg2", ksg2(&x, &y, 1)), ("entropy", kozachenko_leonenko(&x, 1))]
    {
        assert!(matches!(found, Err(Error::Coincident { row: 0 })), "{name}: {found:?}");
    }
    assert!(ksg1(&x, &y, 2).is_ok() && ksg1(&x, &Y, 1).is_ok() && kozachenko_leonenko(&x, 2).is_ok());
    assert!(matches!(ross(&LABELS, &x, 1), Err(Error::Coincident { row: 0 })));
    assert!(matches!(knn_kl_divergence(&x, &Y, 1), Err(Error::Coincident { row: 0 })));
    assert!(matches!(knn_kl_divergence(&X, &X, 1), Err(Error::Coincident { row: 0 })), "a sample and itself");
    assert!(matches!(vasicek(&[1.0, 1.0, 1.0, 2.0, 3.0], 1), Err(Error::Coincident { .. })));
    let said = kozachenko_leonenko(&x, 1).unwrap_err().to_string();
    assert!(said.contains("jitter") && !said.contains("more neighbours"), "{said}");
}

#[test]
fn numbers_that_are_none_and_columns_without_a_density() {
    refused!(all(&[3.0; 6], 2), Error::ConstantColumn { value: 3.0, .. });
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut x = X;
        x[4] = bad;
        refused!(all(&x, 2), Error::NotFinite { row: 4, column: 0, .. });
        assert!(matches!(vasicek(&x, 2), Err(Error::NotFinite { row: 4, .. })));
    }
    assert!(matches!(vasicek(&[3.0; 6], 2), Err(Error::ConstantColumn { .. })));
    let flat: Vec<[f64; 2]> = X.iter().map(|x| [*x, 5.0]).collect();
    assert!(
        matches!(ksg1(&X, &flat, 2), Err(Error::ConstantColumn { column, value: 5.0 }) if column == "1 of y (counted from 0)")
    );
    let mut x = X;
    x[2] = 1e301;
    refused!(all(&x, 2), Error::Parameter { what: "a coordinate", .. });
}

#[test]
fn shapes_that_do_not_fit() {
    assert!(matches!(ksg1(&X, &Y[..5], 2), Err(Error::Shape { .. })));
    assert!(matches!(ross(&LABELS[..5], &X, 2), Err(Error::Shape { .. })));
    assert!(matches!(knn_kl_divergence(&X, &[[1.0, 2.0], [2.0, 1.0], [4.0, 3.0]], 1), Err(Error::Shape { .. })));
    assert!(matches!(kozachenko_leonenko(&[vec![1.0], vec![2.0, 3.0]], 1), Err(Error::Shape { .. })));
    assert!(matches!(kozachenko_leonenko(&[[0.0; 0]; 3], 1), Err(Error::Empty { .. })));
    assert!(matches!(kozachenko_leonenko::<f64>(&[], 1), Err(Error::Empty { .. })));
    assert!(matches!(vasicek(&[], 1), Err(Error::Empty { .. })));
    assert!(matches!(ross(&["a"; 6], &X, 2), Err(Error::OneClass { n: 6.0 })));
    let no_labels: [u8; 0] = [];
    assert!(ross::<_, f64>(&no_labels, &[], 1).is_err());
}

#[test]
fn tests_and_jitter_that_make_no_sense() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let sum = |x: &[f64], y: &[f64]| Ok(x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>());
    assert!(matches!(permutation_p_value(&X, &Y, 0, &mut rng, sum), Err(Error::Parameter { .. })));
    assert!(matches!(permutation_p_value(&X, &Y[..3], 9, &mut rng, sum), Err(Error::Shape { .. })));
    let nan = |_: &[f64], _: &[f64]| Ok(f64::NAN);
    assert!(matches!(permutation_p_value(&X, &Y, 9, &mut rng, nan), Err(Error::Parameter { .. })));
    let refusal = permutation_p_value(&X, &Y, 9, &mut rng, |x, y| ksg1(x, y, 17));
    assert!(matches!(refusal, Err(Error::Neighbours { k: 17, .. })));
    for times in [0, 1] {
        assert!(matches!(repeated(times, || Ok(Information::ZERO)), Err(Error::Parameter { .. })));
    }
    for step in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(
            matches!(jitter(&X, step, &mut rng), Err(Error::Parameter { value, .. }) if value.to_bits() == step.to_bits())
        );
    }
    // Half a step rounds to nothing.
    let far = [1e16, 3.0];
    for step in [1e-3, 2.0] {
        assert!(matches!(jitter(&far, step, &mut rng), Err(Error::Parameter { what: "the step", .. })), "{step}");
    }
    assert!(jitter(&far, 8.0, &mut rng).is_ok());
    assert!(matches!(jitter(&[1.0, f64::NAN], 1.0, &mut rng), Err(Error::NotFinite { row: 1, .. })));
}

/// All that a double can be: numbers that halve from the largest to the smallest make the deepest of trees.
#[test]
fn extreme_numbers_are_numbers() -> Result<()> {
    let halving: Vec<f64> = (-1000..=996).map(|power| 2f64.powi(power)).collect();
    let signs: Vec<f64> = halving.iter().enumerate().map(|(i, x)| if i % 2 == 0 { *x } else { -x }).collect();
    for x in [halving.clone(), halving.into_iter().rev().collect(), signs] {
        assert!(kozachenko_leonenko(&x, 3)?.is_finite());
        assert!(ksg1(&x, &x, 3)?.is_finite() && ksg2(&x, &x, 3)?.is_finite());
    }
    // One point a thousand times over, and others.
    let many: Vec<[f64; 2]> = (0..2000).map(|i| if i % 2 == 0 { [0.5; 2] } else { [i as f64, -(i as f64)] }).collect();
    assert!(matches!(kozachenko_leonenko(&many, 3), Err(Error::Atom { value: 0.5, times: 1000, rows: 2000, .. })));
    assert!(kozachenko_leonenko(&many, 1500)?.is_finite());
    Ok(())
}

/// Ends that no table can have, and a reach that is none.
#[test]
fn intervals_end_where_tables_do() -> Result<()> {
    let twos = counted_interval(&[5.0, 0.0, 0.0, 5.0], [2, 2], 1.96)?;
    assert!(twos[0] < twos[1] && twos[1].bits() == 1.0, "{twos:?}");
    let diagonal = [20.0, 0.0, 0.0, 0.0, 20.0, 0.0, 0.0, 0.0, 20.0];
    let threes = counted_interval(&diagonal, [3, 3], 1.96)?;
    assert!(threes[0] < threes[1] && threes[1].nats() == 3f64.ln(), "{threes:?}");
    for reach in [-1.96, f64::NAN, f64::INFINITY] {
        assert!(matches!(counted_interval(&diagonal, [3, 3], reach), Err(Error::Parameter { what: "reach", .. })));
    }
    Ok(())
}

/// One of 800 numbers far from all others says nothing of how near they are.
#[test]
fn one_bad_value_leaves_the_others_their_scale() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut draw = || -> Vec<f64> { (0..800).map(|_| rng.sample(rand_distr::StandardNormal)).collect() };
    let (x, noise) = (draw(), draw());
    let mut y: Vec<f64> = x.iter().zip(&noise).map(|(x, z)| 0.8 * x + 0.6 * z).collect();
    let clean = ksg1(&x, &y, 3)?;
    y[5] = 1e12;
    assert!((ksg1(&x, &y, 3)? - clean).nats().abs() < 0.02, "{:?} and {clean:?}", ksg1(&x, &y, 3)?);
    assert!(clean.nats() > 0.45);
    Ok(())
}

/// What is cut off at 0 is 0 in a third of the rows: an atom among a density, which no estimate of densities is right about.
#[test]
fn an_atom_among_numbers_is_told() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let x: Vec<f64> = (0..800).map(|_| rng.sample::<f64, _>(rand_distr::StandardNormal)).collect();
    let y: Vec<f64> = x.iter().map(|x| (x + 0.5 + rng.sample::<f64, _>(rand_distr::StandardNormal)).max(0.0)).collect();
    for found in [ksg1(&x, &y, 3), ksg2(&x, &y, 3), kozachenko_leonenko(&y, 3)] {
        let error = found.expect_err("an atom");
        assert!(matches!(error, Error::Atom { column: 0, value: 0.0, rows: 800, .. }), "{error}");
        assert!(error.to_string().contains("`mixed_ksg`"), "{error}");
    }
    assert!(mixed_ksg(&x, &y, 3)?.is_finite());
    Ok(())
}

/// Numbers of which one is 10¹² or 10¹⁹ of the rest.
#[test]
fn counts_of_any_size_have_a_posterior() -> Result<()> {
    for counts in [[1_000_000_000_000, 1], [u64::MAX, 1], [u64::MAX, u64::MAX]] {
        let (h, error) = nsb(&counts)?;
        assert!(h.nats() > 0.0 && error.nats() > 0.0 && h.nats() <= 2f64.ln(), "{counts:?}: {h:?} ± {error:?}");
    }
    Ok(())
}
