//! V-information is 0 for a constant family, grows with the family to Shannon's I, falls where a bijection hides the
//! signal and rises where processing brings it out, neither of which I can do.

use anyhow::{Result, ensure};
use candle_core::{DType, Tensor};
use candle_mle::info::Pmf;
use candle_mle::usable::{Family, UsableInformation, usable_information};
use candle_mle::{Classifier, Empirical, Error, Labelled, info};
use proptest::prelude::*;

use crate::common::{self, CPU};

/// Rows of x, each with the counts of its answers.
fn data(x: &[Vec<f64>], counts: &[Vec<f64>]) -> Result<Empirical<Labelled>> {
    let classes = counts[0].len();
    let rows = x.len() * classes;
    let values: Vec<f64> = x.iter().flat_map(|x| x.repeat(classes)).collect();
    let y: Vec<u32> = (0..rows).map(|row| (row % classes) as u32).collect();
    let batch = Labelled::new(Tensor::from_vec(values, (rows, x[0].len()), &CPU)?, Tensor::from_vec(y, rows, &CPU)?)?;
    Ok(Empirical::from_counts(batch, &counts.concat())?)
}

fn every_family() -> [Family; 5] {
    [Family::Constant, Family::Linear, polynomial(2), Family::Network { hidden: vec![2], seed: 1 }, Family::Saturated]
}

fn polynomial(degree: usize) -> Family {
    Family::Polynomial { degree }
}

fn bits(family: Family, data: &Empirical<Labelled>, classes: usize) -> Result<f64> {
    Ok(usable_information(&family, data, classes)?.information().bits())
}

const SIDE: usize = 8;

/// From −1 to 1.
fn place(cell: usize) -> Vec<f64> {
    [cell % SIDE, cell / SIDE].map(|k| (2 * k + 1) as f64 / SIDE as f64 - 1.0).to_vec()
}

/// A rule for the answer of every place, wrong once in ten; what is seen of the place, and the table of both.
fn grid(rule: impl Fn(&[f64]) -> bool, see: impl Fn(usize) -> Vec<f64>) -> Result<(Empirical<Labelled>, Pmf)> {
    let cells = 0..SIDE * SIDE;
    let counts: Vec<Vec<f64>> =
        cells.clone().map(|cell| if rule(&place(cell)) { vec![1.0, 9.0] } else { vec![9.0, 1.0] }).collect();
    let p = Pmf::from_counts([SIDE * SIDE, 2], counts.concat())?;
    Ok((data(&cells.map(see).collect::<Vec<_>>(), &counts)?, p))
}

fn shannon(p: &Pmf) -> Result<f64> {
    Ok(p.mutual_information(&[0], &[1])?.bits())
}

#[test]
fn on_the_titanic_the_linear_family_has_what_logistic_regression_has() -> Result<()> {
    let data = common::titanic()?;
    let linear = usable_information(&Family::Linear, &data, 2)?;
    // H_V(Y|X) and H(Y|X), computed independently of this crate, to the digits that lecture.md gives.
    ensure!((linear.conditional_entropy().bits() - 0.724317).abs() < 5e-7, "{}", linear.conditional_entropy());
    let all = usable_information(&Family::Saturated, &data, 2)?;
    ensure!((all.conditional_entropy().bits() - 0.687425).abs() < 5e-7);
    ensure!(linear.entropy() == all.entropy());
    Ok(())
}

#[test]
fn a_bijection_hides_the_signal_from_a_linear_observer() -> Result<()> {
    let rule = |x: &[f64]| x[0] + 0.5 * x[1] > 0.0;
    // 37 has no factor in common with 64, so that every place goes to a place of its own.
    let ((plain, p), (hidden, q)) = (grid(rule, place)?, grid(rule, |cell| place(37 * cell % (SIDE * SIDE)))?);
    ensure!(hidden.distinct() == plain.distinct());
    let (before, after) = (bits(Family::Linear, &plain, 2)?, bits(Family::Linear, &hidden, 2)?);
    ensure!(after < before - 0.3, "{before} {after}");
    for (data, p) in [(&plain, &p), (&hidden, &q)] {
        ensure!((bits(Family::Saturated, data, 2)? - shannon(p)?).abs() < 1e-12);
    }
    Ok(())
}

#[test]
fn processing_brings_it_out() -> Result<()> {
    let rule = |x: &[f64]| x[0] * x[1] > 0.0;
    let ((plain, p), (processed, _)) = (grid(rule, place)?, grid(rule, |cell| vec![place(cell).iter().product()])?);
    let (before, after) = (bits(Family::Linear, &plain, 2)?, bits(Family::Linear, &processed, 2)?);
    ensure!(before.abs() < 1e-9 && after > 0.3, "{before} {after}");
    // I does not rise, and here, where the sign is all that counts, it does not fall.
    ensure!(bits(Family::Saturated, &processed, 2)? <= shannon(&p)? + 1e-12);
    // What the product brings out is what a polynomial of degree 2 had all along.
    ensure!((bits(polynomial(2), &plain, 2)? - after).abs() < 1e-7);
    Ok(())
}

#[test]
fn a_network_lies_between_constant_and_saturated_and_is_its_seed_s() -> Result<()> {
    for rule in
        [|x: &[f64]| x[0] * x[1] > 0.0, |x: &[f64]| x[0].hypot(x[1]) > 0.8, |x: &[f64]| (6.0 * x[0]).sin() > 0.0]
    {
        let (data, p) = grid(rule, place)?;
        let network = |hidden: &[usize], seed| bits(Family::Network { hidden: hidden.to_vec(), seed }, &data, 2);
        let (small, large) = (network(&[1], 1)?, network(&[6, 6], 1)?);
        ensure!(-1e-12 <= small && small < large && large <= shannon(&p)? + 1e-12, "{small} {large}");
        ensure!(large > 0.95 * shannon(&p)?, "{large}");
        ensure!(network(&[6, 6], 1)? == large);
        // Without a hidden layer it is linear.
        ensure!((network(&[], 1)? - bits(Family::Linear, &data, 2)?).abs() < 1e-7);
    }
    Ok(())
}

/// Two columns, three classes, and what a linear program says about it.
#[test]
fn classes_told_apart_by_a_line_are_worth_their_infimum() -> Result<()> {
    let column = |x: &[f64]| x.iter().map(|x| vec![*x]).collect::<Vec<_>>();
    let apart = data(&column(&[0.0, 1.0, 2.0, 3.0]), &[[2., 0.], [1., 0.], [0., 2.], [0., 1.]].map(Vec::from))?;
    let linear = usable_information(&Family::Linear, &apart, 2)?;
    ensure!(linear.conditional_entropy().bits() == 0.0 && (linear.information() - linear.entropy()).bits() == 0.0);
    // At 1 both answers occur: only 0 and 2 are told apart, and 1 keeps its one in three.
    let partly = data(&column(&[0.0, 1.0, 2.0]), &[[3., 0.], [2., 1.], [0., 4.]].map(Vec::from))?;
    let linear = usable_information(&Family::Linear, &partly, 2)?;
    let expected = 0.3 * (1.5f64.log2() * 2.0 / 3.0 + 3f64.log2() / 3.0);
    ensure!((linear.conditional_entropy().bits() - expected).abs() < 1e-12, "{}", linear.conditional_entropy());
    let log_q = common::host(&linear.log_probs(&Tensor::new(&[[0.0], [1.0], [5.0]], &CPU)?)?)?;
    let limit = [0.0, f64::NEG_INFINITY, (2.0f64 / 3.0).ln(), (1.0f64 / 3.0).ln(), f64::NEG_INFINITY, 0.0];
    for (log_q, limit) in log_q.iter().zip(limit) {
        ensure!(*log_q == limit || (log_q - limit).abs() < 1e-7, "{log_q} {limit}");
    }
    // What it ruled out, and then occurs, costs everything.
    let other = data(&column(&[0.0, 2.0]), &[[1., 1.], [0., 1.]].map(Vec::from))?;
    ensure!(linear.held_out(&other)?.bits() == f64::NEG_INFINITY);
    ensure!(linear.pointwise(other.batch())?[0].bits() == 0.5f64.log2().abs());
    Ok(())
}

#[test]
fn pointwise_values_average_to_it_and_may_mislead() -> Result<()> {
    let (data, _) = grid(|x| (6.0 * x[0]).sin() > 0.0, place)?;
    let families = [
        Family::Constant,
        Family::Linear,
        polynomial(3),
        Family::Network { hidden: vec![3], seed: 2 },
        Family::Saturated,
    ];
    for family in families {
        let used = usable_information(&family, &data, 2)?;
        ensure!((used.held_out(&data)? - used.information()).bits().abs() < 1e-9, "{family}");
        let pointwise = used.pointwise(data.batch())?;
        ensure!(pointwise.iter().any(|value| value.bits() < 0.0) == (family != Family::Constant), "{family}");
    }
    // The law turned round: what was learnt is worse than nothing.
    let (turned, _) = grid(|x| (6.0 * x[0]).sin() <= 0.0, place)?;
    let linear = usable_information(&Family::Linear, &data, 2)?;
    ensure!(linear.held_out(&turned)?.bits() < -linear.information().bits());
    Ok(())
}

#[test]
fn what_was_never_seen_is_not_a_number() -> Result<()> {
    let seen = data(&[vec![0.0], vec![1.0]], &[vec![3.0, 1.0, 0.0], vec![2.0, 0.0, 0.0]])?;
    let used = usable_information(&Family::Saturated, &seen, 3)?;
    let batch = Labelled::new(Tensor::new(&[[0.0], [2.0], [1.0], [0.0]], &CPU)?, Tensor::new(&[1u32, 0, 1, 2], &CPU)?)?;
    let values: Vec<f64> = used.pointwise(&batch)?.iter().map(|value| value.bits()).collect();
    ensure!((values[0] - (0.25f64 / (1.0 / 6.0)).log2()).abs() < 1e-12, "{values:?}");
    ensure!(values[1].is_nan() && values[2] == f64::NEG_INFINITY && values[3].is_nan(), "{values:?}");
    ensure!(used.held_out(&Empirical::from_sample(batch)?)?.bits().is_nan());
    // A class without a share, whatever the family makes of it.
    let unseen = Labelled::new(Tensor::new(&[[0.0], [1.0]], &CPU)?, Tensor::new(&[2u32, 2], &CPU)?)?;
    for family in every_family() {
        let used = usable_information(&family, &seen, 3)?;
        ensure!(used.pointwise(&unseen)?.iter().all(|value| value.bits().is_nan()), "{family}");
    }
    Ok(())
}

#[test]
fn x_of_one_value_is_of_no_use() -> Result<()> {
    let one = data(&[vec![3.0, 1.0], vec![3.0, 1.0]], &[vec![2.0, 1.0], vec![0.0, 1.0]])?;
    for family in
        [Family::Linear, polynomial(0), polynomial(3), Family::Network { hidden: vec![2], seed: 1 }, Family::Saturated]
    {
        let used = usable_information(&family, &one, 2)?;
        ensure!(used.information().bits().abs() < 1e-12, "{family}: {}", used.information());
        ensure!(used.pointwise(one.batch())?.iter().all(|value| value.bits().abs() < 1e-12));
    }
    // A column of one value among others is left out.
    let plain = data(&[vec![0.0], vec![1.0]], &[vec![3.0, 1.0], vec![1.0, 2.0]])?;
    let beside = data(&[vec![0.0, 7.0], vec![1.0, 7.0]], &[vec![3.0, 1.0], vec![1.0, 2.0]])?;
    ensure!((bits(Family::Linear, &plain, 2)? - bits(Family::Linear, &beside, 2)?).abs() < 1e-12);
    Ok(())
}

#[test]
fn bad_input_is_an_error() -> Result<()> {
    let (two, _) = grid(|x| x[0] > 0.0, place)?;
    let refused = |family, classes| usable_information(&family, &two, classes).map(|_| ()).map_err(|e| e.to_string());
    ensure!(refused(Family::Saturated, 1).is_err_and(|e| e.contains("class 1")));
    ensure!(refused(Family::Network { hidden: vec![2, 0], seed: 1 }, 2).is_err_and(|e| e.contains("at least one")));
    ensure!(refused(polynomial(100_000), 2).is_err_and(|e| e.contains("more than")));
    ensure!(refused(Family::Constant, 0).is_err_and(|e| e.contains("no class at all")));
    let one = data(&[vec![0.0], vec![1.0]], &[vec![0.0, 3.0], vec![0.0, 2.0]])?;
    let narrow = Tensor::zeros((3, 1), DType::F64, &CPU)?;
    for family in every_family() {
        let nothing = usable_information(&family, &one, 2);
        ensure!(matches!(nothing, Err(Error::Info(info::Error::OneClass { n: 5.0 }))), "{family}: {nothing:?}");
        let used: UsableInformation = usable_information(&family, &two, 2)?;
        ensure!(used.log_probs(&narrow).is_err_and(|e| e.to_string().contains("(rows, 2)")));
        let beyond = Labelled::new(Tensor::zeros((1, 2), DType::F64, &CPU)?, Tensor::new(&[2u32], &CPU)?)?;
        ensure!(used.pointwise(&beyond).is_err_and(|e| e.to_string().contains("class 2")));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..Default::default() })]

    #[test]
    fn on_any_table(counts in prop::collection::vec(prop::collection::vec(0..6u8, 3), 2..7)) {
        let x: Vec<Vec<f64>> = (0..counts.len()).map(|k| vec![(k as f64).powi(2)]).collect();
        let counts: Vec<Vec<f64>> = counts.iter().map(|row| row.iter().map(|c| f64::from(*c)).collect()).collect();
        let seen = (0..3).filter(|class| counts.iter().any(|row| row[*class] > 0.0)).count();
        prop_assume!(seen > 1);
        let p = Pmf::from_counts([x.len(), 3], counts.concat()).expect("counts");
        let i = shannon(&p).expect("two variables");
        let data = data(&x, &counts).expect("a table");
        let of = |family| bits(family, &data, 3).expect("a family");
        // The descents end within about 1e-9 nats.
        let slack = 1e-8;
        let chain: Vec<f64> = [Family::Constant, Family::Linear].into_iter().chain((2..x.len()).map(polynomial)).map(of).collect();
        prop_assert!(chain[0] == 0.0);
        for pair in chain.windows(2) {
            prop_assert!(pair[0] <= pair[1] + slack, "{:?}", chain);
        }
        // A polynomial through every point is any function of x.
        prop_assert!((chain[chain.len() - 1] - i).abs() < slack, "{:?} {}", chain, i);
        prop_assert!((of(Family::Saturated) - i).abs() < 1e-12);
        prop_assert!((of(polynomial(1)) - chain[1]).abs() < slack);
    }
}
