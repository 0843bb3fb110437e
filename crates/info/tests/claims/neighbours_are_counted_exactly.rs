//! Every estimate by neighbours is the one that its paper's formula gives when all pairs of points are compared, ties included.

use std::f64::consts::LN_2;

use candle_mle_info::estimate::{
    Neighbours, Scale, frenzel_pompe, knn_kl_divergence, kozachenko_leonenko, ksg1, ksg2, mixed_ksg, ross, vasicek,
};
use candle_mle_info::{Error, Information, Result};
use proptest::prelude::*;

type Rows = Vec<Vec<f64>>;

/// ψ of a whole number: −γ and the harmonic sum.
fn psi(n: usize) -> f64 {
    (1..n).map(|j| 1.0 / j as f64).sum::<f64>() - 0.577_215_664_901_532_9
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

fn others(n: usize, row: usize) -> impl Iterator<Item = usize> {
    (0..n).filter(move |other| *other != row)
}

fn mean(n: usize, f: impl Fn(usize) -> f64) -> f64 {
    (0..n).map(f).sum::<f64>() / n as f64
}

/// The k-th smallest of the distances.
fn kth(distances: impl Iterator<Item = f64>, k: usize) -> f64 {
    let mut distances: Vec<f64> = distances.collect();
    distances.sort_by(f64::total_cmp);
    distances[k - 1]
}

fn in_joint(x: &Rows, y: &Rows, a: usize, b: usize) -> f64 {
    distance(&x[a], &x[b]).max(distance(&y[a], &y[b]))
}

/// Equation (8) of Kraskov, Stögbauer and Grassberger (2004).
fn slow_ksg1(x: &Rows, y: &Rows, k: usize) -> f64 {
    let n = x.len();
    psi(k) + psi(n)
        - mean(n, |i| {
            let half_epsilon = kth(others(n, i).map(|j| in_joint(x, y, i, j)), k);
            let count = |z: &Rows| others(n, i).filter(|&j| distance(&z[i], &z[j]) < half_epsilon).count();
            psi(count(x) + 1) + psi(count(y) + 1)
        })
}

/// Equation (9).
fn slow_ksg2(x: &Rows, y: &Rows, k: usize) -> f64 {
    let n = x.len();
    psi(k) - 1.0 / k as f64 + psi(n)
        - mean(n, |i| {
            let half_epsilon = kth(others(n, i).map(|j| in_joint(x, y, i, j)), k);
            let near: Vec<usize> = others(n, i).filter(|&j| in_joint(x, y, i, j) <= half_epsilon).collect();
            let count = |z: &Rows| {
                let side = near.iter().map(|&j| distance(&z[i], &z[j])).fold(0.0, f64::max);
                others(n, i).filter(|&j| distance(&z[i], &z[j]) <= side).count()
            };
            psi(count(x)) + psi(count(y))
        })
}

/// Equation (3) of Frenzel and Pompe (2007), counts without the point itself.
fn slow_frenzel_pompe(x: &Rows, y: &Rows, z: &Rows, k: usize) -> f64 {
    let n = x.len();
    psi(k)
        + mean(n, |i| {
            let at_z = |j: usize| distance(&z[i], &z[j]);
            let epsilon = kth(others(n, i).map(|j| in_joint(x, y, i, j).max(at_z(j))), k);
            let count = |near: &dyn Fn(usize) -> f64| others(n, i).filter(|&j| near(j).max(at_z(j)) < epsilon).count();
            let (in_xz, in_yz) = (count(&|j| distance(&x[i], &x[j])), count(&|j| distance(&y[i], &y[j])));
            psi(count(&|_| 0.0) + 1) - psi(in_xz + 1) - psi(in_yz + 1)
        })
}

/// As documented: strictly within the k-th neighbour, or at the same place.
fn slow_mixed(x: &Rows, y: &Rows, k: usize) -> f64 {
    let n = x.len();
    psi(n)
        + mean(n, |i| {
            let epsilon = kth(others(n, i).map(|j| in_joint(x, y, i, j)), k);
            let near = |d: f64| if epsilon > 0.0 { d < epsilon } else { d == 0.0 };
            let count = |z: &Rows| (0..n).filter(|&j| near(distance(&z[i], &z[j]))).count();
            psi((0..n).filter(|&j| near(in_joint(x, y, i, j))).count()) - psi(count(x)) - psi(count(y))
        })
}

fn slow_entropy(x: &Rows, k: usize) -> f64 {
    let n = x.len();
    let log = |i| kth(others(n, i).map(|j| distance(&x[i], &x[j])), k).ln() + LN_2;
    psi(n) - psi(k) + x[0].len() as f64 * mean(n, log)
}

fn slow_ross(labels: &[u8], y: &Rows, k: usize) -> f64 {
    let n = y.len();
    psi(n) + psi(k)
        - mean(n, |i| {
            let same = || others(n, i).filter(|&j| labels[j] == labels[i]);
            let d = kth(same().map(|j| distance(&y[i], &y[j])), k);
            psi(same().count() + 1) + psi(others(n, i).filter(|&j| distance(&y[i], &y[j]) <= d).count())
        })
}

fn slow_kl(p: &Rows, q: &Rows, k: usize) -> f64 {
    let (n, m) = (p.len(), q.len());
    let log = |i: usize| {
        let rho = kth(others(n, i).map(|j| distance(&p[i], &p[j])), k);
        (kth((0..m).map(|j| distance(&p[i], &q[j])), k) / rho).ln()
    };
    p[0].len() as f64 * mean(n, log) + (m as f64 / (n - 1) as f64).ln()
}

/// m places to the left and right in the sorted sample, one step at a time.
fn slow_vasicek(x: &[f64], m: usize) -> f64 {
    let mut x = x.to_vec();
    x.sort_by(f64::total_cmp);
    let (first, last, n) = (x[0], x[x.len() - 1], x.len());
    let padded: Vec<f64> = std::iter::repeat_n(first, m).chain(x).chain(std::iter::repeat_n(last, m)).collect();
    mean(n, |i| (n as f64 / (2 * m) as f64 * (padded[i + 2 * m] - padded[i])).ln())
}

/// Both agree, or there was a distance of 0 and both know.
fn same(found: Result<Information>, slow: f64) -> std::result::Result<(), TestCaseError> {
    near(found, slow, 1e-12)
}

fn near(found: Result<Information>, slow: f64, tolerance: f64) -> std::result::Result<(), TestCaseError> {
    match found {
        Ok(found) => prop_assert!((found.nats() - slow).abs() < tolerance, "{} is not {slow}", found.nats()),
        Err(Error::Coincident { .. }) => prop_assert!(!slow.is_finite(), "no distance is 0"),
        // A column of a small sample on few places may be constant, and have hardly more numbers than one.
        Err(Error::ConstantColumn { .. }) => {}
        Err(Error::Tied { distinct, rows, .. }) => prop_assert!(4 * distinct < 3 * rows),
        Err(other) => prop_assert!(false, "{other}"),
    }
    Ok(())
}

/// The formulas of the papers are of the numbers as they are.
fn raw(k: usize) -> Neighbours {
    Neighbours { k, scale: Scale::Raw }
}

fn ties_among(sample: &Rows, k: usize) -> bool {
    let n = sample.len();
    (0..n).any(|i| kth(others(n, i).map(|j| distance(&sample[i], &sample[j])), k) == 0.0)
}

/// Whether no difference of two numbers of a column comes twice, so that no two distances tie.
fn distinct(sample: &Rows) -> bool {
    (0..sample[0].len()).all(|column| {
        let mut apart: Vec<f64> = (0..sample.len())
            .flat_map(|i| (0..i).map(move |j| (sample[i][column] - sample[j][column]).abs()))
            .collect();
        apart.sort_by(f64::total_cmp);
        apart.windows(2).all(|two| two[0] < two[1])
    })
}

/// Many equal numbers, or hardly any.
fn rows(n: usize, dimension: usize) -> impl Strategy<Value = Rows> {
    let coordinate = prop_oneof![(0..6u8).prop_map(|v| 0.1 * f64::from(v)), -1.0..1.0];
    prop::collection::vec(prop::collection::vec(coordinate, dimension), n)
}

fn pair() -> impl Strategy<Value = (Rows, Rows, Vec<u8>, usize)> {
    (8..60usize, 1..=3usize, 1..=2usize)
        .prop_flat_map(|(n, dx, dy)| (rows(n, dx), rows(n, dy), prop::collection::vec(0..2u8, n), 1..=n - 1))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn mutual_information((x, y, _, k) in pair()) {
        let joint: Rows = x.iter().zip(&y).map(|(x, y)| [&x[..], y].concat()).collect();
        let tied = ties_among(&joint, k);
        same(ksg1(&x, &y, raw(k)), if tied { f64::NAN } else { slow_ksg1(&x, &y, k) })?;
        same(ksg2(&x, &y, raw(k)), if tied { f64::NAN } else { slow_ksg2(&x, &y, k) })?;
    }

    #[test]
    fn with_atoms((x, y, _, k) in pair()) {
        same(mixed_ksg(&x, &y, raw(k)), slow_mixed(&x, &y, k))?;
        if let (Ok(all), Ok(strict)) = (mixed_ksg(&x, &y, k), ksg1(&x, &y, k)) && distinct(&x) && distinct(&y) {
            prop_assert!((all - strict).nats().abs() < 1e-13, "without ties both are one");
        }
    }

    #[test]
    fn given_a_third((x, y, z, k) in (8..60usize, 1..=2usize, 1..=2usize, 1..=2usize)
        .prop_flat_map(|(n, dx, dy, dz)| (rows(n, dx), rows(n, dy), rows(n, dz), 1..=n - 1)))
    {
        let joint: Rows = (0..x.len()).map(|i| [&x[i][..], &y[i], &z[i]].concat()).collect();
        let tied = ties_among(&joint, k);
        same(frenzel_pompe(&x, &y, &z, raw(k)), if tied { f64::NAN } else { slow_frenzel_pompe(&x, &y, &z, k) })?;
    }

    #[test]
    fn entropy((x, _, _, k) in pair()) {
        same(kozachenko_leonenko(&x, raw(k)), slow_entropy(&x, k))?;
        let line: Vec<f64> = x.iter().map(|x| x[0]).collect();
        let m = k.min((line.len() - 1) / 2);
        same(vasicek(&line, m), slow_vasicek(&line, m))?;
    }

    #[test]
    fn labels((x, _, labels, k) in pair()) {
        let rarest = [0, 1].map(|label| labels.iter().filter(|l| **l == label).count());
        let k = rarest.iter().fold(k, |k, count| k.min(count.saturating_sub(1)));
        prop_assume!(k > 0);
        let of = |label: u8| -> Rows { x.iter().zip(&labels).filter(|(_, l)| **l == label).map(|(x, _)| x.clone()).collect() };
        let tied = [0, 1].into_iter().any(|label| ties_among(&of(label), k));
        same(ross(&labels, &x, raw(k)), if tied { f64::NAN } else { slow_ross(&labels, &x, k) })?;
    }

    #[test]
    fn divergence((p, q, k) in (3..40usize, 3..40usize, 1..=3usize).prop_flat_map(|(n, m, d)| (rows(n, d), rows(m, d), 1..n.min(m)))) {
        same(knn_kl_divergence(&p, &q, raw(k)), slow_kl(&p, &q, k))?;
    }

    /// In standard deviations the same as of columns that were divided by theirs, and the volume by all of them.
    #[test]
    fn in_standard_deviations((x, y, labels, k) in untied_pair()) {
        let (sx, sy) = (deviations(&x), deviations(&y));
        let (zx, zy) = (over(&x, &sx), over(&y, &sy));
        same(ksg1(&x, &y, k), slow_ksg1(&zx, &zy, k))?;
        same(ksg2(&x, &y, k), slow_ksg2(&zx, &zy, k))?;
        // A division rounds each number, and of two that lie near the distance loses what they have in common.
        near(kozachenko_leonenko(&x, k), slow_entropy(&zx, k) + sx.iter().map(|s| s.ln()).sum::<f64>(), 1e-8)?;
        let rarest = [0, 1].map(|label| labels.iter().filter(|l| **l == label).count());
        if rarest.iter().all(|count| *count > k) {
            same(ross(&labels, &x, k), slow_ross(&labels, &zx, k))?;
        }
        let (p, q) = x.split_at(x.len() / 2);
        let (p, q) = (p.to_vec(), q.to_vec());
        if k < p.len() {
            let s = deviations(&p);
            near(knn_kl_divergence(&p, &q, k), slow_kl(&over(&p, &s), &over(&q, &s), k), 1e-8)?;
        }
    }
}

/// Columns of very different units.
fn untied_pair() -> impl Strategy<Value = (Rows, Rows, Vec<u8>, usize)> {
    let rows = |n, d| prop::collection::vec(prop::collection::vec((-1.0..1.0f64, 0..3i32), d), n);
    (8..40usize, 1..=3usize, 1..=2usize)
        .prop_flat_map(move |(n, dx, dy)| (rows(n, dx), rows(n, dy), prop::collection::vec(0..2u8, n), 1..4usize))
        .prop_map(|(x, y, labels, k)| {
            let unit = |rows: Vec<Vec<(f64, i32)>>| -> Rows {
                let units: Vec<f64> = rows[0].iter().map(|cell| 1000f64.powi(cell.1)).collect();
                rows.iter().map(|row| row.iter().zip(&units).map(|(cell, unit)| cell.0 * unit).collect()).collect()
            };
            (unit(x), unit(y), labels, k)
        })
}

fn deviations(rows: &Rows) -> Vec<f64> {
    let n = rows.len();
    (0..rows[0].len())
        .map(|column| {
            let middle = mean(n, |i| rows[i][column]);
            mean(n, |i| (rows[i][column] - middle).powi(2)).sqrt()
        })
        .collect()
}

fn over(rows: &Rows, spreads: &[f64]) -> Rows {
    rows.iter().map(|row| row.iter().zip(spreads).map(|(x, s)| x / s).collect()).collect()
}
