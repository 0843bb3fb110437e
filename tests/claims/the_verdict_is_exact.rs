//! Whether a likelihood has a maximum is decided for the numbers as they stand: whatever their scale, however far one lies from
//! the others, and whether columns depend on each other exactly or but for rounding. What a separation leaves has its limits.

use anyhow::{Context, Result, ensure};
use candle_core::Tensor;
use candle_mle::model::{Linear, Logistic, Softmax};
use candle_mle::{Empirical, Error, Labelled, Parameters, maximum_likelihood, separation};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::common::example::Place;
use crate::common::{self, CPU};

fn p(x: &[Vec<f64>], y: &[u32]) -> Result<Empirical<Labelled>> {
    let x = Tensor::from_vec(x.concat(), (y.len(), x[0].len()), &CPU)?;
    Ok(Empirical::from_sample(Labelled::new(x, Tensor::from_vec(y.to_vec(), y.len(), &CPU)?)?)?)
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    Complete,
    InPart,
    Maximum,
}

fn verdict(p: &Empirical<Labelled>, classes: usize) -> candle_mle::Result<Verdict> {
    Ok(match separation(p, classes)? {
        None => Verdict::Maximum,
        Some(apart) if apart.complete => Verdict::Complete,
        Some(_) => Verdict::InPart,
    })
}

/// A third column is the sum of two others as doubles have it. Its rounding errors are 0 wherever the sum is exact; in one row of
/// class 1 alone they are not, and that row is told apart by them.
#[test]
fn a_sum_that_was_rounded_once_is_another_column() -> Result<()> {
    let (mut x, mut y) = (vec![], vec![]);
    for i in 0..8 {
        for class in 0..2 {
            let (a, b) = (f64::from(i), f64::from((i * i) % 5));
            x.push(vec![a, b, a + b]);
            y.push(class);
        }
    }
    assert_eq!(verdict(&p(&x, &y)?, 2)?, Verdict::Maximum);
    let (a, b) = (0.1, 0.2);
    ensure!(a + b != 0.3);
    x.push(vec![a, b, a + b]);
    y.push(1);
    // In truth 0.1 + 0.2 is not what its double says: the third column's error is not 0 there.
    assert_eq!(verdict(&p(&x, &y)?, 2)?, Verdict::InPart);
    let opposite = vec![a, b, a + b];
    x.push(opposite);
    y.push(0);
    assert_eq!(verdict(&p(&x, &y)?, 2)?, Verdict::Maximum);
    Ok(())
}

/// Without a column the intercept alone decides: a class that was never seen has no finite one.
#[test]
fn without_a_column_every_class_must_be_seen() -> Result<()> {
    let batch =
        |y: &[u32]| Labelled::new(Tensor::zeros((y.len(), 0), candle_core::DType::F64, &CPU)?, Tensor::new(y, &CPU)?);
    let seen = Empirical::from_counts(batch(&[0, 1])?, &[3.0, 5.0])?;
    ensure!(separation(&seen, 2)?.is_none());
    let apart = separation(&seen, 3)?.context("a class that was never seen")?;
    assert_eq!(apart.limits(0)[2], [f64::NEG_INFINITY]);
    ensure!((apart.limits(0)[1][0] - (5f64 / 3.0).ln()).abs() < 1e-9);
    Ok(())
}

/// Fill values and sentinels: peers call such data separated, or fit a slope of 0.
#[test]
fn one_value_far_from_the_others_decides_nothing() -> Result<()> {
    for far in [1e3, 1e8, 1e12, 1e16, 1e30, 1e100] {
        let column = |values: &[f64]| values.iter().map(|x| vec![*x]).collect::<Vec<_>>();
        let apart = p(&column(&[1.0, 2.0, 3.0, 4.0, 5.0, far]), &[0, 0, 0, 1, 1, 1])?;
        assert_eq!(verdict(&apart, 2)?, Verdict::Complete, "{far:e}");
        let overlap = p(&column(&[1.0, 2.0, 4.0, 3.0, 5.0, 6.0, far]), &[0, 0, 0, 1, 1, 1, 1])?;
        assert_eq!(verdict(&overlap, 2)?, Verdict::Maximum, "{far:e}");
        if far <= 1e16 {
            // The maximum is that of the others: the far one is told for certain.
            let others = p(&column(&[1.0, 2.0, 4.0, 3.0, 5.0, 6.0]), &[0, 0, 0, 1, 1, 1])?;
            let slope = |p: &Empirical<Labelled>| -> Result<f64> {
                let map = p.standardize()?;
                let fitted = maximum_likelihood(p, |vb| Logistic::new(1, vb)?.standardized(map.clone()))?;
                ensure!(fitted.converged, "{fitted:?}");
                Ok(fitted.model.weight()?.to_vec1::<f64>()?[0])
            };
            let (with, without) = (slope(&overlap)?, slope(&others)?);
            let near = if far > 1e6 { 1e-6 } else { 1e-2 };
            ensure!((with - without).abs() <= near * without, "{with} with {far:e}, {without} without");
        }
    }
    Ok(())
}

/// Ten classes told apart by ten linear functions of 20 standard normal columns, on which a simplex stalled.
#[test]
fn ten_classes_in_twenty_columns() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut normal = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
    let x: Vec<Vec<f64>> = (0..600).map(|_| (0..20).map(|_| normal()).collect()).collect();
    let w: Vec<Vec<f64>> = (0..10).map(|_| (0..20).map(|_| normal()).collect()).collect();
    let score = |x: &[f64], c: usize| x.iter().zip(&w[c]).map(|(x, w)| x * w).sum::<f64>();
    let y: Vec<u32> =
        x.iter().map(|x| (0..10).max_by(|a, b| score(x, *a).total_cmp(&score(x, *b))).unwrap_or(0) as u32).collect();
    assert_eq!(verdict(&p(&x, &y)?, 10)?, Verdict::Complete);
    Ok(())
}

/// Hundreds of classes, whose coefficients together are thousands: those that overlap are one for the search. One stands apart.
/// https://github.com/statsmodels/statsmodels/issues/1129
#[test]
fn of_hundreds_of_classes() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let mut normal = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
    let mut x: Vec<Vec<f64>> = (0..3000).map(|row| vec![normal() + f64::from(row % 300) / 100.0, normal()]).collect();
    let mut y: Vec<u32> = (0..3000).map(|row| row % 300).collect();
    assert_eq!(verdict(&p(&x, &y)?, 300)?, Verdict::Maximum);
    // A new class beyond all others, of one row: what is left is the likelihood of the rest, and less with 40 classes.
    let few: Vec<usize> = (0..3000).filter(|row| y[*row] < 40).collect();
    (x, y) = few.iter().map(|row| (x[*row].clone(), y[*row])).unzip();
    let rest = p(&x, &y)?;
    x.push(vec![100.0, 0.0]);
    y.push(40);
    let apart = separation(&p(&x, &y)?, 41)?.context("one row apart")?;
    ensure!(!apart.complete && apart.direction[40][0] != apart.direction[39][0], "{apart:?}");
    ensure!((1..40).all(|class| apart.determines(class, 0) && apart.direction[class] == apart.direction[0]));
    ensure!(!apart.determines(40, 0) && apart.limits(0)[40][0] == f64::INFINITY, "{:?}", apart.limits(0)[40]);
    let map = rest.standardize()?;
    let fitted = maximum_likelihood(&rest, |vb| Softmax::new(2, 40, vb)?.standardized(map.clone()))?;
    let nll = fitted.cross_entropy().nats() * 400.0;
    ensure!((apart.infimum.nats() - nll).abs() < 1e-5, "{} is not {nll}", apart.infimum.nats());
    Ok(())
}

/// More rows than the limit is first sought on a part of.
#[test]
fn a_rare_level_among_many_rows() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let n = 60_000;
    let mut x: Vec<Vec<f64>> = (0..n).map(|_| vec![rng.random::<f64>() - 0.5, 0.0]).collect();
    let mut y: Vec<u32> =
        x.iter().map(|x| u32::from(rng.random::<f64>() < 1.0 / (1.0 + (1.0 - 3.0 * x[0]).exp()))).collect();
    let rest = p(&x.iter().map(|x| vec![x[0]]).collect::<Vec<_>>(), &y)?;
    for row in [7, 777, 7777] {
        x.push(vec![x[row][0], 1.0]);
        y.push(1);
    }
    let apart = separation(&p(&x, &y)?, 2)?.context("a rare level")?;
    let limits = &apart.limits(0)[1];
    let map = rest.standardize()?;
    let fitted = maximum_likelihood(&rest, |vb| Logistic::new(1, vb)?.standardized(map.clone()))?;
    let estimate = common::host(&fitted.model.coefficients()?)?;
    ensure!(
        (limits[0] - estimate[2]).abs() < 1e-6 && (limits[2] - estimate[3]).abs() < 1e-6,
        "{limits:?} {estimate:?}"
    );
    ensure!(limits[1] == f64::INFINITY);
    ensure!((apart.infimum.nats() - fitted.cross_entropy().nats() * n as f64).abs() < 1e-5);
    Ok(())
}

/// One place a class beside all classes at some others: nothing is known of the limit but what the others say.
#[test]
fn what_is_left_has_its_limits() -> Result<()> {
    // A level seen once, and two by two cells whose estimates are logarithms of ratios of counts.
    let x = Tensor::new(&[[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], &CPU)?;
    let batch = Labelled::new(x, Tensor::new(&[0u32, 1, 0, 1, 0], &CPU)?)?;
    let p = Empirical::from_counts(batch, &[500.0, 300.0, 200.0, 400.0, 1.0])?;
    let apart = separation(&p, 2)?.context("a level seen once")?;
    let limits = &apart.limits(0)[1];
    let (intercept, slope) = ((300f64 / 500.0).ln(), (400f64 / 200.0).ln() - (300f64 / 500.0).ln());
    ensure!((limits[2] - intercept).abs() < 1e-9 && (limits[0] - slope).abs() < 1e-9, "{limits:?}");
    ensure!(limits[1] == f64::NEG_INFINITY, "{limits:?}");
    ensure!(apart.limits(2).is_empty());

    // Of three irises one stands apart; the limits of the other two against each other are their own logistic regression.
    let design = common::table("iris", None)?.design("species").build()?;
    let apart = separation(&design.p, 3)?.context("setosa")?;
    ensure!(apart.limits(0)[1].iter().all(|limit| !limit.is_finite()), "{:?}", apart.limits(0));
    let y = design.p.batch().y().to_vec1::<u32>()?;
    let rows: Vec<u32> = (0..y.len() as u32).filter(|row| y[*row as usize] > 0).collect();
    let at = Tensor::new(rows.as_slice(), &CPU)?;
    let x = design.p.batch().x().index_select(&at, 0)?;
    let two = Labelled::new(x, Tensor::from_iter(rows.iter().map(|row| y[*row as usize] - 1), &CPU)?)?;
    let count = common::host(&design.p.count().index_select(&at, 0)?)?;
    let two = Empirical::from_counts(two, &count)?;
    let map = two.standardize()?;
    let fitted =
        maximum_likelihood(&two, |vb| Logistic::new(4, vb)?.standardized(map.clone()))?.model.coefficients()?;
    for (limit, estimate) in apart.limits(1)[2].iter().zip(common::host(&fitted.get(1)?)?) {
        ensure!((limit - estimate).abs() <= 1e-6 * estimate.abs(), "{limit}, not {estimate}");
    }
    Ok(())
}

/// One column tells the classes apart; of another, which does not, directions that separate differ, and no sign is claimed.
#[test]
fn a_sign_is_that_of_all_directions() -> Result<()> {
    let x: Vec<Vec<f64>> = [-3.0, -2.0, -1.6, 2.1, 2.5, 4.0]
        .iter()
        .zip([0.3, -1.0, 0.8, 0.4, -0.7, 0.1])
        .map(|(x, z)| vec![*x, z])
        .collect();
    let apart = separation(&p(&x, &[0, 0, 0, 1, 1, 1])?, 2)?.context("apart")?;
    let [slope, noise, intercept] = apart.limits(0)[1][..] else { anyhow::bail!("three coefficients") };
    ensure!(slope == f64::INFINITY && noise.is_nan() && intercept.is_nan(), "{:?}", apart.limits(0));
    // Of a single column the slope's sign is known, and where 0 lies beyond all x that of the intercept.
    let apart = separation(&p(&[vec![1.0], vec![2.0], vec![4.0], vec![5.0]], &[0, 0, 1, 1])?, 2)?.context("apart")?;
    assert_eq!(apart.limits(0)[1], [f64::INFINITY, f64::NEG_INFINITY]);
    assert_eq!(apart.limits(1)[0], [f64::NEG_INFINITY, f64::INFINITY]);
    Ok(())
}

/// Two groups in which p and 3p are ill: the slope is ln 3 + ln((1 − p)/(1 − 3p)), however small p is.
#[test]
fn what_is_rare_is_fitted() -> Result<()> {
    for (rate, n) in [(1e-3, 1e6), (1e-8, 1e12), (1e-9, 1e12)] {
        let x = Tensor::new(&[[0.0], [0.0], [1.0], [1.0]], &CPU)?;
        let batch = Labelled::new(x, Tensor::new(&[0u32, 1, 0, 1], &CPU)?)?;
        let counts = [n * (1.0 - rate), n * rate, n * (1.0 - 3.0 * rate), 3.0 * n * rate].map(f64::round);
        let p = Empirical::from_counts(batch, &counts)?;
        let map = p.standardize()?;
        let fitted = maximum_likelihood(&p, |vb| Logistic::new(1, vb)?.standardized(map.clone()))?;
        let slope = fitted.model.weight()?.to_vec1::<f64>()?[0];
        let truth = (counts[3] / counts[2]).ln() - (counts[1] / counts[0]).ln();
        ensure!(fitted.converged && (slope - truth).abs() < 1e-7, "{slope}, not {truth}: {:?}", fitted.decrement);
        ensure!(fitted.decrement.context("L-BFGS knows a curvature")? <= 1e-11, "{:?}", fitted.decrement);
    }
    Ok(())
}

#[test]
fn the_limits_are_printed() -> Result<()> {
    let place = Place::with("place,y,n\nA,no,500\nA,yes,300\nB,no,200\nB,yes,400\nC,no,1\n")?;
    let ran = place.run("logistic --csv table.csv --target y --count n --base place=A --out out")?;
    assert_eq!(ran.code, 0, "{}", ran.err);
    for line in ["(intercept)      -0.510826", "place B           1.203973", "place C                 -∞"] {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        ensure!(ran.out.lines().any(|out| squeezed(out).starts_with(&squeezed(line))), "{line}: {}", ran.out);
    }
    // The infimum is that of two cells by two; by hand.
    ensure!(ran.out.contains("1314.5247"), "{}", ran.out);
    Ok(())
}

/// A verdict that is not known is no error of the fit: what it says names that, and nothing else.
#[test]
fn a_verdict_may_be_unknown() {
    let unknown = Error::Undecided { why: "the search took too long" };
    assert_eq!(
        unknown.to_string(),
        "whether the likelihood has a finite maximum is not known: the search took too long"
    );
}
