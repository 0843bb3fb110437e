//! What is no probability table is an error that names the place and the cure; nothing that can be typed panics or is repaired in silence.

use candle_mle_info::{Channel, Error, Pmf, PrefixCode, Result};
use proptest::prelude::*;

macro_rules! refused {
    ($made:expr, $error:pat $(if $guard:expr)?, $($said:literal),+) => {
        let error = $made.expect_err(stringify!($made));
        assert!(matches!(error, $error $(if $guard)?), "{error:?}");
        let said = error.to_string();
        $(assert!(said.contains($said), "{said}");)+
    };
}

#[test]
fn tables() {
    refused!(Pmf::new([2, 3], [0.5, 0.5, 0.1, 0.0, 0.0, -0.1]), Error::NotAProbability { .. }, "[1, 2]", "-0.1");
    refused!(Pmf::new([2], [f64::NAN, 1.0]), Error::NotAProbability { .. }, "[0]", "NaN");
    refused!(Pmf::new([2], [0.0, f64::INFINITY]), Error::NotAProbability { .. }, "[1]", "inf");
    refused!(Pmf::new([2], [0.5, 0.6]), Error::NotNormalized { sum: 1.1 }, "1.1", "from_counts");
    refused!(Pmf::new([2], [0.5, 0.5 + 2e-9]), Error::NotNormalized { .. }, "not to 1");
    refused!(Pmf::new([2], [f64::MAX, f64::MAX]), Error::NotNormalized { .. }, "inf");
    refused!(Pmf::new([2, 2], [1.0]), Error::WrongLength { expected: 4, found: 1, .. }, "[2, 2]");
    refused!(Pmf::new([2, 0], []), Error::NoLevels { axis: 1 }, "variable 1");
    refused!(Pmf::new([usize::MAX, 2], []), Error::TooManyCells { .. }, "coarsen");
    refused!(Pmf::uniform(0), Error::NoLevels { axis: 0 }, "level");
    refused!(Pmf::uniform(usize::MAX), Error::TooManyCells { .. }, "cells");
    refused!(Pmf::bernoulli(1.5), Error::NotAProbability { value: 1.5, .. }, "1.5");
    refused!(Pmf::bernoulli(f64::NAN), Error::NotAProbability { .. }, "NaN");
    let near = Pmf::new([2], [0.5, 0.5 + 5e-10]).expect("within the tolerance");
    assert_eq!(near.values(), [0.5, 0.5 + 5e-10]); // as given, not normalised
}

#[test]
fn counts_and_samples() -> Result<()> {
    refused!(Pmf::from_counts([2, 2], [1., 2., -3., 4.]), Error::NotACount { value: -3.0, .. }, "[1, 0]", "-3");
    refused!(Pmf::from_counts([1], [f64::NAN]), Error::NotACount { .. }, "NaN");
    refused!(Pmf::from_counts([3], [0.0; 3]), Error::Empty { .. }, "above 0");
    refused!(Pmf::from_counts([3], [1.0; 2]), Error::WrongLength { .. }, "2 values");
    assert_eq!(Pmf::from_counts([2], [1e308, 1e308])?.values(), [0.5, 0.5]);
    assert_eq!(Pmf::from_counts([2], [5e-324, 5e-324])?.values(), [0.5, 0.5]);
    refused!(Pmf::from_samples([2, 3], [[0, 0], [1, 3]]), Error::BadSample { row: 1, .. }, "row 1", "[1, 3]", "[2, 3]");
    refused!(Pmf::from_samples([2, 3], [[0, 0, 0]]), Error::BadSample { row: 0, .. }, "[0, 0, 0]");
    refused!(Pmf::from_samples([2], Vec::<[usize; 1]>::new()), Error::Empty { .. }, "sample", "row");
    refused!(Pmf::from_samples([1 << 40], [[0]]), Error::TooManyCells { .. }, "cells");
    Ok(())
}

#[test]
fn sets_of_variables() -> Result<()> {
    let p = Pmf::uniform(2)?.extension(3)?;
    refused!(p.marginal(&[0, 3]), Error::AxisOutOfRange { axis: 3, variables: 3 }, "variable 3");
    refused!(p.marginal(&[1, 0, 1]), Error::AxisTwice { axis: 1 }, "variable 1", "twice");
    refused!(p.entropy_of(&[2, 2]), Error::AxisTwice { axis: 2 }, "twice");
    refused!(p.conditional_entropy(&[0, 0], &[1]), Error::AxisTwice { axis: 0 }, "twice");
    refused!(p.conditional_entropy(&[0], &[1, 1]), Error::AxisTwice { axis: 1 }, "twice");
    refused!(p.mutual_information(&[0], &[7]), Error::AxisOutOfRange { axis: 7, .. }, "7");
    refused!(p.mutual_information(&[0, 0], &[1]), Error::AxisTwice { axis: 0 }, "twice");
    refused!(p.conditional_mutual_information(&[0], &[1, 1], &[2]), Error::AxisTwice { axis: 1 }, "twice");
    refused!(p.conditional_mutual_information(&[0], &[1], &[2, 2]), Error::AxisTwice { axis: 2 }, "twice");
    refused!(p.chain_rule(&[0, 1, 0]), Error::AxisTwice { axis: 0 }, "twice");
    refused!(p.probability(&[0, 2, 0]), Error::NoSuchCell { .. }, "[0, 2, 0]");
    refused!(p.extension(9), Error::TooManyCells { .. }, "cells");
    refused!(p.extension(usize::MAX), Error::TooManyCopies { copies: usize::MAX, limit: 24 }, "24 copies");
    refused!(Pmf::uniform(1)?.extension(25), Error::TooManyCopies { copies: 25, .. }, "not 25");
    Ok(())
}

#[test]
fn events_maps_and_channels() -> Result<()> {
    let p = Pmf::new([2, 2], [0.5, 0.0, 0.5, 0.0])?;
    refused!(p.condition(&[(1, 1)]), Error::ImpossibleEvent { .. }, "(1, 1)", "probability 0");
    refused!(p.condition(&[(1, 2)]), Error::NoSuchCell { .. }, "[2]");
    refused!(p.condition(&[(2, 0)]), Error::AxisOutOfRange { axis: 2, .. }, "variable 2");
    refused!(p.condition(&[(0, 0), (0, 1)]), Error::AxisTwice { axis: 0 }, "twice");
    assert_eq!(p.condition(&[(0, 1), (1, 0)])?.values(), [1.0]);
    refused!(p.map([2], |c| [c[0] + c[1] + 1]), Error::NoSuchCell { .. }, "[2]");
    refused!(p.map([2], |c| [c[0], 0]), Error::NoSuchCell { .. }, "[0, 0]");
    refused!(Channel::new([2, 2], [0.5, 0.5, 0.5, 0.4]), Error::RowNotNormalized { row: 1, sum: 0.9 }, "row 1", "0.9");
    refused!(Channel::new([1, 2], [1.5, -0.5]), Error::NotAProbability { .. }, "[0, 1]");
    refused!(Channel::new([2, 0], []), Error::NoLevels { axis: 1 }, "levels");
    refused!(Channel::binary_symmetric(-0.1), Error::NotAProbability { .. }, "-0.1");
    let three = Channel::new([3, 1], [1.0; 3])?;
    refused!(p.through(1, &three), Error::ChannelMismatch { axis: 1, levels: 2, inputs: 3 }, "3 inputs");
    refused!(p.with_output(2, &three), Error::AxisOutOfRange { axis: 2, .. }, "variable 2");
    Ok(())
}

#[test]
fn alphabets_that_differ() -> Result<()> {
    let (p, q) = (Pmf::uniform(4)?, Pmf::uniform(2)?.extension(2)?);
    refused!(p.kl_divergence(&q), Error::ShapeMismatch { .. }, "[4]", "[2, 2]");
    refused!(p.cross_entropy(&q), Error::ShapeMismatch { .. }, "alphabets");
    refused!(Pmf::jensen_shannon(&Pmf::uniform(2)?, &[&p, &q]), Error::ShapeMismatch { .. }, "[2, 2]");
    refused!(Pmf::jensen_shannon(&Pmf::uniform(3)?, &[&p, &p]), Error::ShapeMismatch { .. }, "[3]");
    refused!(Pmf::mixture(&Pmf::uniform(1)?, &[]), Error::Empty { .. }, "mixture");
    Ok(())
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![4 => Just(0.0), 4 => 0.0..1.0, 2 => Just(0.5), 1 => Just(1.0), 1 => any::<f64>(), 1 => Just(f64::from_bits(1))]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn nothing_panics(
        shape in prop::collection::vec(0..4usize, 0..4),
        values in prop::collection::vec(number(), 0..28),
        sets in prop::array::uniform3(prop::collection::vec(0..4usize, 0..4)),
        message in prop::collection::vec(0..4usize, 0..9),
        bits in prop::collection::vec(any::<bool>(), 0..9),
    ) {
        let [a, b, c] = &sets;
        let _ = Pmf::from_samples(shape.clone(), sets.iter());
        let _ = Channel::new([a.len(), b.len()], values.clone());
        let cells = shape.iter().product::<usize>().min(values.len());
        for p in [Pmf::new(shape.clone(), &values[..cells]), Pmf::from_counts(shape.clone(), &values[..cells])] {
            let Ok(p) = p else { continue };
            let sum: f64 = p.values().iter().sum();
            prop_assert!((sum - 1.0).abs() <= Pmf::SUM_TOLERANCE);
            prop_assert!(!p.entropy().bits().is_nan());
            let valid = |set: &[usize]| set.iter().enumerate().all(|(k, axis)| *axis < shape.len() && !set[..k].contains(axis));
            let all = valid(a) && valid(b) && valid(c);
            prop_assert_eq!(p.mutual_information(a, b).is_ok(), valid(a) && valid(b));
            prop_assert_eq!(p.conditional_entropy(a, b).is_ok(), valid(a) && valid(b));
            prop_assert_eq!(p.conditional_mutual_information(a, b, c).is_ok(), all);
            prop_assert_eq!(p.chain_rule(a).is_ok(), valid(a));
            prop_assert!(!p.total_correlation().expect("all variables").bits().is_nan());
            let _ = p.probability(a);
            let _ = p.condition(&a.iter().copied().zip(b.iter().copied()).collect::<Vec<_>>());
            let _ = p.map(b.clone(), |cell| cell.iter().rev().copied().collect::<Vec<_>>());
            let _ = p.extension(a.len()).and_then(|block| block.kl_divergence(&p));
            for code in [PrefixCode::huffman(&p), PrefixCode::shannon(&p)] {
                let _ = code.encode(&message);
                let _ = code.decode(&bits, message.len());
                prop_assert!(code.kraft_sum() <= 1.0);
            }
        }
    }
}
