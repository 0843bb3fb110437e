//! Separated classes are found before any descent, with the infimum of their likelihood and the way that leads to it.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use candle_core::Tensor;
use candle_mle::fit::Lbfgs;
use candle_mle::hook::GradientNorm;
use candle_mle::model::Linear;
use candle_mle::model::{Logistic, Softmax};
use candle_mle::separation::Separation;
use candle_mle::{Classifier, Empirical, Labelled, Objective, Parameters, fit, separation};
use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::common::{self, CPU, host};

fn labelled(x: Vec<f64>, y: Vec<u32>) -> Result<Labelled> {
    let (n, d) = (y.len(), x.len() / y.len());
    Ok(Labelled::new(Tensor::from_vec(x, (n, d), &CPU)?, Tensor::from_vec(y, n, &CPU)?)?)
}

fn nll(model: &impl Classifier, p: &Empirical<Labelled>) -> Result<f64> {
    Ok(0.0 - host(&model.log_prob(p.batch())?)?.iter().zip(host(p.count())?).map(|(l, n)| l * n).sum::<f64>())
}

/// A classifier as far as L-BFGS takes it, and whether its gradient vanished: 1e-9 nats per observation.
fn descended(p: &Empirical<Labelled>, classes: usize) -> Result<(Softmax, bool)> {
    let columns = p.batch().x().dim(1)?;
    let make = |vb: candle_nn::VarBuilder| Softmax::new(columns, classes, vb)?.standardized(common::moments(p)?);
    let (vars, model) = common::learner(make)?;
    let mut converged = GradientNorm::new(&vars, 1e-9);
    fit(&model, p, Objective::CrossEntropy, &mut Lbfgs::new(&vars), 0..500, &mut converged)?;
    Ok((model, converged.reached()))
}

/// From wherever a descent has come to, the likelihood falls along the direction, to the infimum and not below it.
fn falls_to_the_infimum(p: &Empirical<Labelled>, classes: usize, found: &Separation) -> Result<()> {
    let from = descended(p, classes)?.0.coefficients()?;
    let direction = Tensor::from_vec(found.direction.concat(), from.dims(), &CPU)?;
    let infimum = found.infimum.nats();
    let mut last = nll(&Softmax::from_coefficients(&from)?, p)?;
    for t in [1e1, 1e2, 1e3, 1e4] {
        let now = nll(&Softmax::from_coefficients(&(&from + (&direction * t)?)?)?, p)?;
        // It falls, or lies there already to rounding.
        ensure!(now <= last + 1e-9 && now >= infimum - 1e-9, "{now} at {t}, after {last}; infimum {infimum}");
        last = now;
    }
    // What the descent of its own left above the infimum.
    ensure!(last - infimum <= 1e-6 * infimum.max(1.0), "{last} in the end, but the infimum is {infimum}");
    Ok(())
}

#[test]
fn of_the_three_irises_two_overlap() -> Result<()> {
    let design = common::table("iris", None)?.design("species").build()?;
    assert_eq!(design.names.classes, ["setosa", "versicolor", "virginica"]);
    let p = design.p;
    let found = separation(&p, 3)?.context("no separation")?;
    ensure!(!found.complete && (found.infimum.nats() - 5.949273).abs() <= 1e-5, "{found:?}");
    falls_to_the_infimum(&p, 3, &found)?;

    // The infimum is what a logistic regression of the two that overlap reaches, which do not separate.
    let (y, count) = (p.batch().y().to_vec1::<u32>()?, host(p.count())?);
    let rows: Vec<usize> = (0..y.len()).filter(|row| y[*row] > 0).collect();
    let x = host(p.batch().x())?;
    let two = labelled(
        rows.iter().flat_map(|row| x[row * 4..][..4].to_vec()).collect(),
        rows.iter().map(|row| y[*row] - 1).collect(),
    )?;
    let two = Empirical::from_counts(two, &rows.iter().map(|row| count[*row]).collect::<Vec<_>>())?;
    assert_eq!(two.total(), 100.0);
    ensure!(separation(&two, 2)?.is_none());
    let (model, converged) = descended(&two, 2)?;
    ensure!(converged && (nll(&model, &two)? - 5.949273).abs() <= 1e-5, "{}", nll(&model, &two)?);
    Ok(())
}

#[test]
fn setosa_stands_apart_from_the_rest() -> Result<()> {
    let design = common::table("iris", None)?.design("species").build()?;
    let y = design.p.batch().y().to_vec1::<u32>()?.into_iter().map(|y| y.min(1)).collect();
    let p = Empirical::from_counts(labelled(host(design.p.batch().x())?, y)?, &host(design.p.count())?)?;
    let found = separation(&p, 2)?.context("no separation")?;
    assert_eq!((found.complete, found.infimum.nats()), (true, 0.0));
    // From zero, too: every observation is told apart.
    let direction = Tensor::from_vec(found.direction.concat(), (2, 5), &CPU)?;
    let along = |t: f64| nll(&Logistic::from_coefficients(&(&direction * t)?)?, &p);
    let falling = [0.0, 1e1, 1e2, 1e3, 1e4].map(along).into_iter().collect::<Result<Vec<_>>>()?;
    ensure!(falling.windows(2).all(|two| two[1] < two[0] || two[1] == 0.0), "{falling:?}");
    ensure!(falling[4] < 1e-9, "{falling:?}");
    falls_to_the_infimum(&p, 2, &found)
}

/// ln of the binomial likelihood's maximum: what is left where no row is empty.
fn binomial(a: f64, b: f64) -> f64 {
    -a * (a / (a + b)).ln() - b * (b / (a + b)).ln()
}

#[test]
fn a_table_with_an_empty_cell() -> Result<()> {
    for counts in [[30.0, 10.0, 20.0, 0.0], [30.0, 10.0, 0.0, 20.0], [0.0, 20.0, 1.0, 3.0]] {
        let p = Empirical::from_counts(labelled(vec![0.0, 0.0, 1.0, 1.0], vec![0, 1, 0, 1])?, &counts)?;
        let found = separation(&p, 2)?.context("no separation")?;
        let [a, b, c, d] = counts;
        let left = if a * b == 0.0 { binomial(c, d) } else { binomial(a, b) };
        ensure!(!found.complete && (found.infimum.nats() - left).abs() <= 1e-9 * left, "{found:?}, not {left}");
        falls_to_the_infimum(&p, 2, &found)?;
    }
    let full = Empirical::from_counts(labelled(vec![0.0, 0.0, 1.0, 1.0], vec![0, 1, 0, 1])?, &[30.0, 10.0, 20.0, 1.0])?;
    ensure!(separation(&full, 2)?.is_none());
    Ok(())
}

#[test]
fn the_titanic_has_a_maximum_until_every_pattern_is_a_column() -> Result<()> {
    let p = common::titanic()?;
    ensure!(separation(&p, 2)?.is_none());
    // Of 14 patterns some have one outcome only: the infimum of that model is n · H(Y|X), what no model can beat.
    let mut seen = HashMap::new();
    let x = host(p.batch().x())?;
    let patterns: Vec<usize> = x
        .chunks(5)
        .map(|x| {
            let next = seen.len();
            *seen.entry(x.iter().map(|v| *v as u8).collect::<Vec<_>>()).or_insert(next)
        })
        .collect();
    assert_eq!(seen.len(), 14);
    let x = patterns.iter().flat_map(|at| (1..14).map(move |j| f64::from(u8::from(*at == j)))).collect();
    let saturated = Empirical::from_counts(labelled(x, p.batch().y().to_vec1()?)?, &host(p.count())?)?;
    let found = separation(&saturated, 2)?.context("no separation")?;
    let least = 2201.0 * saturated.entropy().nats();
    ensure!(!found.complete && (found.infimum.nats() - least).abs() <= 1e-9 * least, "{found:?}, not {least}");
    falls_to_the_infimum(&saturated, 2, &found)
}

/// More rows than the first part that is looked at.
#[test]
fn in_a_long_table() -> Result<()> {
    let answers = common::answers(4000, 1)?;
    let (x, y) = (host(answers.x())?, answers.y().to_vec1::<u32>()?);
    // A third number of its own for every row, so that no two rows are equal, that tells nothing.
    let rows = |last: &dyn Fn(usize) -> f64| -> Vec<f64> {
        x.chunks(2).enumerate().flat_map(|(i, x)| [x[0], x[1], last(i)]).collect()
    };
    let noise = |i: usize| (i as f64 * 0.618_033_988_75).fract();
    let p = Empirical::from_sample(labelled(rows(&noise), y.clone())?)?;
    assert_eq!(p.distinct(), 4000);
    ensure!(separation(&p, 2)?.is_none());

    // The sum of the columns beyond a line, so that the classes stand apart.
    let apart: Vec<u32> = rows(&noise).chunks(3).map(|x| u32::from(x[0] - 2.0 * x[1] + x[2] > 1.5)).collect();
    let p = Empirical::from_sample(labelled(rows(&noise), apart)?)?;
    let found = separation(&p, 2)?.context("no separation")?;
    assert_eq!((found.complete, found.infimum.nats()), (true, 0.0));

    // A column that is 1 in a single row separates that row alone, wherever it stands; the others keep their maximum.
    for rare in [1, 1777, 3998] {
        let x: Vec<f64> = rows(&noise)
            .chunks(3)
            .enumerate()
            .flat_map(|(i, x)| [x[0], x[2], f64::from(u8::from(i == rare))])
            .collect();
        let p = Empirical::from_sample(labelled(x.clone(), y.clone())?)?;
        let found = separation(&p, 2)?.context("no separation")?;
        let others: Vec<usize> = (0..4000).filter(|i| *i != rare).collect();
        let others = labelled(
            others.iter().flat_map(|i| [x[i * 3], x[i * 3 + 1]]).collect(),
            others.iter().map(|i| y[*i]).collect(),
        )?;
        let others = Empirical::from_sample(others)?;
        let (model, converged) = descended(&others, 2)?;
        let (left, infimum) = (nll(&model, &others)?, found.infimum.nats());
        ensure!(converged && !found.complete && (infimum - left).abs() <= 1e-9 * left, "{infimum}, not {left}");
        falls_to_the_infimum(&p, 2, &found)?;
    }
    Ok(())
}

#[test]
fn the_unit_of_a_column_does_not_matter() -> Result<()> {
    let design = common::table("iris", None)?.design("species").build()?;
    let x = host(design.p.batch().x())?;
    let units = [(1e3, 0.0), (1.0, -40.0), (1e-4, 0.0), (20.0, 1e4)];
    let other = x.iter().enumerate().map(|(i, x)| x * units[i % 4].0 + units[i % 4].1).collect();
    let p = Empirical::from_counts(labelled(other, design.p.batch().y().to_vec1()?)?, &host(design.p.count())?)?;
    let found = separation(&p, 3)?.context("no separation")?;
    ensure!(!found.complete && (found.infimum.nats() - 5.949273).abs() <= 1e-5, "{found:?}");
    falls_to_the_infimum(&p, 3, &found)
}

/// Which margins (δ_y − δ_c)·(x, 1) some δ makes positive while it makes none negative, in whole numbers: every such δ is
/// a sum of rays, and a ray is where all margins but as many as leave one dimension are zero. None if margins leave room.
fn by_enumeration(x: &[Vec<i64>], y: &[u32], classes: usize) -> Option<Vec<bool>> {
    let width = x[0].len() + 1;
    let size = (classes - 1) * width;
    let mut margins = vec![];
    for (x, y) in x.iter().zip(y) {
        for c in (0..classes as u32).filter(|c| c != y) {
            let mut margin = vec![0; size];
            for (class, sign) in [(*y, 1), (c, -1)] {
                if class > 0 {
                    let at = (class as usize - 1) * width;
                    x.iter().chain([&1]).enumerate().for_each(|(j, x)| margin[at + j] = sign * x);
                }
            }
            margins.push(margin);
        }
    }
    let mut distinct = margins.clone();
    distinct.sort();
    distinct.dedup();
    let (mut strict, mut pointed) = (vec![false; margins.len()], false);
    for zero in choose(&distinct, size - 1) {
        let ray = cross(&zero);
        pointed |= distinct.iter().any(|margin| dot(margin, &ray) != 0);
        for sign in [1, -1] {
            if distinct.iter().all(|margin| sign * dot(margin, &ray) >= 0) {
                margins.iter().zip(&mut strict).for_each(|(margin, strict)| *strict |= dot(margin, &ray) != 0);
            }
        }
    }
    pointed.then_some(strict)
}

/// All ways to take `count` of these rows.
fn choose(rows: &[Vec<i64>], count: usize) -> Vec<Vec<Vec<i64>>> {
    match (count, rows) {
        (0, _) => vec![vec![]],
        (_, []) => vec![],
        (_, [first, rest @ ..]) => {
            let with = choose(rest, count - 1).into_iter().map(|mut rows| {
                rows.push(first.clone());
                rows
            });
            with.chain(choose(rest, count)).collect()
        }
    }
}

fn dot(a: &[i64], b: &[i64]) -> i64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// What is orthogonal to all of n − 1 rows of n numbers; zero if they leave more than one dimension.
fn cross(rows: &[Vec<i64>]) -> Vec<i64> {
    let without = |j: usize| rows.iter().map(|row| [&row[..j], &row[j + 1..]].concat()).collect::<Vec<_>>();
    (0..=rows.len()).map(|j| if j % 2 == 0 { 1 } else { -1 } * determinant(&without(j))).collect()
}

fn determinant(rows: &[Vec<i64>]) -> i64 {
    let Some((first, rest)) = rows.split_first() else { return 1 };
    let minor = |j: usize| rest.iter().map(|row| [&row[..j], &row[j + 1..]].concat()).collect::<Vec<_>>();
    (0..first.len())
        .filter(|j| first[*j] != 0)
        .map(|j| if j % 2 == 0 { 1 } else { -1 } * first[j] * determinant(&minor(j)))
        .sum()
}

/// The program, the enumeration, and a descent must say the same.
fn agree(x: &[Vec<i64>], y: &[u32], classes: usize, strict: &[bool]) -> Result<()> {
    let p = Empirical::from_sample(labelled(x.iter().flatten().map(|x| *x as f64).collect(), y.to_vec())?)?;
    let found = separation(&p, classes)?;
    let Some(found) = found else {
        ensure!(strict.iter().all(|s| !s), "a separation was missed");
        // A finite maximum: the descent finds it nearby.
        let (model, converged) = descended(&p, classes)?;
        let largest = host(&model.coefficients()?)?.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
        ensure!(converged && largest < 50.0, "no maximum was found; coefficients up to {largest}");
        return Ok(());
    };
    ensure!(strict.iter().any(|s| *s), "there is no separation, but {found:?}");
    assert_eq!(found.complete, strict.iter().all(|s| *s));
    if found.complete {
        assert_eq!(found.infimum.nats(), 0.0);
    }
    falls_to_the_infimum(&p, classes, &found)
}

/// Up to seven rows of small whole numbers, none of whose columns is constant.
fn small(columns: usize, classes: u32) -> impl Strategy<Value = (Vec<Vec<i64>>, Vec<u32>)> {
    let row = (proptest::collection::vec(-2i64..=2, columns), 0..classes);
    proptest::collection::vec(row, 3..=7)
        .prop_map(|rows| rows.into_iter().unzip())
        .prop_filter("a constant column", move |(x, _): &(Vec<Vec<i64>>, _)| {
            (0..columns).all(|j| x.iter().any(|row| row[j] != x[0][j]))
        })
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn in_small_tables_it_is_what_enumeration_and_descent_say(
        (classes, (x, y)) in prop_oneof![Just((1, 2)), Just((2, 2)), Just((1, 3)), Just((2, 3))]
            .prop_flat_map(|(columns, classes)| (Just(classes), small(columns, classes as u32)))
    ) {
        let strict = by_enumeration(&x, &y, classes);
        prop_assume!(strict.is_some(), "columns that depend on each other");
        agree(&x, &y, classes, &strict.unwrap_or_default()).map_err(|e| TestCaseError::fail(e.to_string()))?;
    }
}
