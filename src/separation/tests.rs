//! The reasons of a verdict in whole numbers: a double is one, times a power of two.

use anyhow::{Context, Result, ensure};
use candle_core::{Device, Tensor};
use num_bigint::{BigInt, Sign};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

/// Margins that balance: some that depend on the others with these weights, so that the others have weights > 0, beside margins
/// that must be zero anyhow, whose weights have any sign.
pub(super) struct Balance {
    pub independent: Vec<Pair>,
    pub beside: Vec<Pair>,
    pub rest: Vec<(Pair, f64)>,
}

impl Balance {
    fn check(&self, margins: &Margins, of: &str) {
        let columns: Vec<_> = self.independent.iter().chain(&self.beside).map(|pair| exact(margins, *pair)).collect();
        let mut sum = vec![BigInt::ZERO; margins.parameters()];
        for (pair, weight) in &self.rest {
            assert!(*weight > 0.0, "{of}");
            let weight = whole(*weight);
            sum.iter_mut().zip(exact(margins, *pair)).for_each(|(sum, x)| *sum -= &weight * x);
        }
        let equations = sum.into_iter().enumerate();
        let equations = equations.map(|(at, sum)| columns.iter().map(|x| x[at].clone()).chain([sum]).collect());
        let (weights, _) = solve(equations.collect()).unwrap_or_else(|| panic!("they do not balance: {of}"));
        assert!(weights[..self.independent.len()].iter().all(|weight| weight.sign() == Sign::Plus), "{of}");
    }
}

/// A direction, moved so that margins that must be zero are, meets all others.
fn separates(margins: &Margins, zero: &[Pair], delta: &[Twice], known: Verdict, of: &str) {
    let mut delta: Vec<BigInt> = delta.iter().map(|d| whole(d.nearest())).collect();
    let along = |x: &[BigInt], delta: &[BigInt]| x.iter().zip(delta).map(|(x, d)| x * d).sum::<BigInt>();
    let equations = zero.iter().map(|pair| exact(margins, *pair));
    let equations = equations.map(|x| [x.as_slice(), &[-along(&x, &delta)]].concat()).collect();
    let (moved, scale) = solve(equations).unwrap_or_else(|| panic!("no direction leaves them at zero: {of}"));
    // Without an equation nothing is moved.
    delta.iter_mut().zip(moved).for_each(|(delta, moved)| *delta = &*delta * &scale + moved);
    let signs = (0..margins.pairs()).map(|at| along(&exact(margins, margins.pair(at)), &delta).sign());
    let signs: Vec<Sign> = signs.collect();
    assert!(!signs.contains(&Sign::Minus) && signs.contains(&Sign::Plus), "{of}");
    assert_eq!(!signs.contains(&Sign::NoSign), known == Verdict::Complete, "{of}");
}

/// A double times 2⁶⁰⁰.
fn whole(x: f64) -> BigInt {
    let (bits, size) = (x.to_bits(), x.abs());
    let exponent = (bits >> 52 & 0x7ff) as i64 - 1075 + 600;
    assert!(size == 0.0 || exponent >= 0, "{x:e} is too small");
    let mantissa = BigInt::from(bits & ((1 << 52) - 1) | 1 << 52) << exponent.max(0);
    match size == 0.0 {
        true => BigInt::ZERO,
        false if x < 0.0 => -mantissa,
        false => mantissa,
    }
}

/// A margin in standard coordinates, in the length in which it is weighed, times the same.
fn exact(margins: &Margins, pair: Pair) -> Vec<BigInt> {
    // A difference of two doubles is a pair of doubles, and exact.
    let of = |x: Twice| whole(x.nearest()) + whole((x - Twice::difference(x.nearest(), 0.0)).nearest());
    let x: Vec<BigInt> = margins.exactly::<Twice>(pair.0).into_iter().map(of).collect();
    margins.spread_whole(pair, &x)
}

/// Solves equations, coefficients and then what they come to, without a fraction (Bareiss 1968): the unknowns times a number > 0,
/// and that number. Unknowns that they leave open are 0; none if they contradict each other.
fn solve(mut equations: Vec<Vec<BigInt>>) -> Option<(Vec<BigInt>, BigInt)> {
    for equation in &mut equations {
        // Powers of two that all have say nothing.
        let even = equation.iter().filter_map(BigInt::trailing_zeros).min().unwrap_or(0);
        equation.iter_mut().for_each(|x| *x >>= even);
    }
    let unknowns = equations.first().map_or(0, |equation| equation.len() - 1);
    let (mut scale, mut pivots) = (BigInt::from(1), vec![]);
    for at in 0..unknowns {
        let done = pivots.len();
        let Some(row) = (done..equations.len()).find(|row| equations[*row][at] != BigInt::ZERO) else { continue };
        equations.swap(done, row);
        let by = equations[done].clone();
        for (_, equation) in equations.iter_mut().enumerate().filter(|(row, _)| *row != done) {
            let factor = equation[at].clone();
            equation.iter_mut().zip(&by).for_each(|(x, by_x)| *x = (&*x * &by[at] - &factor * by_x) / &scale);
        }
        scale = by[at].clone();
        pivots.push(at);
    }
    if equations[pivots.len()..].iter().any(|equation| equation[unknowns] != BigInt::ZERO) {
        return None;
    }
    let sign = if scale.sign() == Sign::Minus { -1 } else { 1 };
    let mut solution = vec![BigInt::ZERO; unknowns];
    pivots.iter().zip(&equations).for_each(|(at, equation)| solution[*at] = &equation[unknowns] * sign);
    Some((solution, scale * sign))
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    Complete,
    InPart,
    Maximum,
}

/// A design of known verdict: classes that linear scores tell apart; with rows of every class at one place, which overlap; and
/// these where a column is 0, which beyond 0 belongs to one class.
fn design(rng: &mut ChaCha8Rng, verdict: Verdict, integers: bool, dependent: bool) -> (Vec<Vec<f64>>, Vec<u32>, usize) {
    let (d, k) = (rng.random_range(1..=20), rng.random_range(2..=6usize));
    let n = rng.random_range(d + 2..=8 * (d + 3));
    let number = |rng: &mut ChaCha8Rng| {
        if integers {
            f64::from(rng.random_range(-9..=9i32))
        } else {
            (0..6).map(|_| rng.random::<f64>()).sum::<f64>() - 3.0
        }
    };
    let mut x: Vec<Vec<f64>> = (0..n).map(|_| (0..d).map(|_| number(rng)).collect()).collect();
    let scores: Vec<Vec<f64>> = (0..k).map(|_| (0..=d).map(|_| rng.random::<f64>() - 0.5).collect()).collect();
    let combine = |x: &mut Vec<f64>| {
        if dependent && d > 1 {
            x[d - 1] = x[0] + if d > 2 { x[1] } else { 0.0 };
        }
    };
    x.iter_mut().for_each(combine);
    let score = |x: &[f64], c: usize| scores[c][d] + x.iter().zip(&scores[c]).map(|(x, w)| x * w).sum::<f64>();
    let likeliest = |x: &Vec<f64>| (0..k).max_by(|a, b| score(x, *a).total_cmp(&score(x, *b))).unwrap_or(0) as u32;
    let mut y: Vec<u32> = x.iter().map(likeliest).collect();
    if verdict == Verdict::InPart {
        for (i, (x, y)) in x.iter_mut().zip(&y).enumerate() {
            x[0] = if *y == 0 { 1.0 + (i % 3) as f64 } else { 0.0 };
            combine(x);
        }
        let mut alone = vec![0.0; d];
        alone[0] = 5.0;
        combine(&mut alone);
        x.push(alone);
        y.push(0);
    }
    if verdict != Verdict::Complete {
        for _ in 0..d + 2 {
            let mut place: Vec<f64> = (0..d).map(|_| number(rng)).collect();
            if verdict == Verdict::InPart {
                place[0] = 0.0;
            }
            combine(&mut place);
            for class in 0..k as u32 {
                x.push(place.clone());
                y.push(class);
            }
        }
    }
    // Scales of 1e-12 to 1e12, by powers of two so that what depends exactly goes on to.
    let scales: Vec<f64> = (0..d).map(|_| f64::from(rng.random_range(-40..=40)).exp2()).collect();
    x.iter_mut().for_each(|x| x.iter_mut().zip(&scales).for_each(|(x, scale)| *x *= scale));
    (x, y, k)
}

/// A thousand designs; all verdicts by construction, and those of up to 40 parameters with all of their reasons.
#[test]
fn of_random_designs_of_all_scales() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (mut checked, mut whole) = (0, 0);
    for round in 0..334 {
        for known in [Verdict::Complete, Verdict::InPart, Verdict::Maximum] {
            let (integers, dependent) = (round % 2 == 0, round % 4 == 0);
            let (x, y, classes) = design(&mut rng, known, integers, dependent);
            let of = format!("{known:?} in round {round}");
            let x = Tensor::from_vec(x.concat(), (y.len(), x[0].len()), &Device::Cpu)?;
            let p = Empirical::from_sample(Labelled::new(x, Tensor::new(y.as_slice(), &Device::Cpu)?)?)?;
            let found = match separation(&p, classes).with_context(|| of.clone())? {
                None => Verdict::Maximum,
                Some(apart) if apart.complete => Verdict::Complete,
                Some(_) => Verdict::InPart,
            };
            ensure!(found == known, "{found:?} and not {of}");
            // Of the search among all classes at once every reason.
            let margins = Margins::new(&p, classes)?;
            if margins.parameters() <= 40 {
                let mut search = Search::new(&margins, Budget(WORK));
                let found = search.decide().with_context(|| of.clone())?;
                ensure!(found.is_some() == (known != Verdict::Maximum), "{of}");
                ensure!(search.space.rank() == search.zero.len(), "{of}");
                ensure!(search.balances.is_empty() == (known == Verdict::Complete), "{of}");
                search.balances.iter().for_each(|balance| balance.check(&margins, &of));
                found.iter().for_each(|found| separates(&margins, &search.zero, &found.delta, known, &of));
                checked += 1;
                // And those of the search in whole numbers.
                let few = margins.pairs() * margins.parameters() <= 600;
                if let Some((zero, delta)) = if few { whole::decided(&margins) } else { None } {
                    let mut space = Space::new(margins.parameters());
                    let zero = margins.widen(&mut space, &zero);
                    ensure!((space.rank() < margins.parameters()) == (known != Verdict::Maximum), "{of}");
                    if known != Verdict::Maximum {
                        separates(&margins, &zero, &delta, known, &of);
                    }
                    whole += 1;
                }
            }
        }
    }
    ensure!(checked > 500 && whole > 60, "{checked}, {whole}");
    Ok(())
}

/// Where classes are apart by the last digit of a number, or by more than doubles span.
#[test]
fn what_rounding_hides_is_decided_in_whole_numbers() -> Result<()> {
    let verdict = |x: &[f64], y: &[u32]| -> Result<Option<Separation>> {
        let x = Tensor::new(x, &Device::Cpu)?.unsqueeze(1)?;
        Ok(separation(&Empirical::from_sample(Labelled::new(x, Tensor::new(y, &Device::Cpu)?)?)?, 2)?)
    };
    let above = 0.1 + 0.2;
    assert!(0.3 < above);
    // Which way each coefficient goes is still asked in doubles, and open where these do not tell.
    for (x, y, signed) in [
        (&[above, 0.3, 0.1, 0.5], &[1, 0, 0, 1], true),
        (&[0.0, 1.0, 1.0 + 1e-13, 2.0], &[0, 0, 1, 1], true),
        (&[1e300, -1e300, 1.0, 2.0], &[1, 0, 0, 1], false),
        (&[-1e308, 1e308, 1.7e308, 1.0], &[0, 1, 1, 0], false),
        (&[5e-324, 1e-323, 1.5e-323, 2e-323], &[0, 0, 1, 1], false),
    ] {
        let apart = verdict(x, y)?.with_context(|| format!("{x:?} is not told apart"))?;
        ensure!(apart.complete && apart.infimum.nats() == 0.0, "{x:?}: {apart:?}");
        ensure!(apart.direction[1][0] > 0.0, "{x:?}: {apart:?}");
        ensure!(!signed || apart.limits(0)[1][0] == f64::INFINITY, "{x:?}: {apart:?}");
    }
    // The same numbers, with the two that are next to each other changed round: they overlap.
    for (x, y) in [(&[above, 0.3, 0.1, 0.5], &[0, 1, 0, 1]), (&[1e300, -1e300, 1.0, 2.0], &[1, 0, 1, 0])] {
        ensure!(verdict(x, y)?.is_none(), "{x:?}");
    }
    // Of the one value that both classes have nothing is told apart; of the rest all is.
    let apart = verdict(&[0.3, 0.3, above, 0.1], &[0, 1, 1, 0])?.context("in part")?;
    ensure!(!apart.complete && (apart.infimum.nats() - 4f64.ln()).abs() < 1e-9, "{apart:?}");
    Ok(())
}
