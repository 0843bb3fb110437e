//! Points, column by column, and the scale in which their columns are compared.

use rayon::prelude::*;

use super::{Neighbours, Scale, ascend};
use crate::error::{Error, Result};

/// A point of a sample: a number, or an array, slice or vector of coordinates.
pub trait Point {
    /// All coordinates, one or more; every point of a sample has equally many.
    fn coordinates(&self) -> &[f64];
}

impl Point for f64 {
    fn coordinates(&self) -> &[f64] {
        std::slice::from_ref(self)
    }
}

impl Point for [f64] {
    fn coordinates(&self) -> &[f64] {
        self
    }
}

impl<const D: usize> Point for [f64; D] {
    fn coordinates(&self) -> &[f64] {
        self
    }
}

impl Point for Vec<f64> {
    fn coordinates(&self) -> &[f64] {
        self
    }
}

impl<P: Point + ?Sized> Point for &P {
    fn coordinates(&self) -> &[f64] {
        (*self).coordinates()
    }
}

/// As many rows of one number, in a fifth of all, are no accident.
const ATOM: usize = 30;

/// Beyond this, distances might overflow.
const FARTHEST: f64 = 1e300;

/// The columns of a sample: one or more, all numbers finite, none constant; each in ascending order too, and its spread.
pub(super) struct Points {
    what: &'static str,
    columns: Vec<Vec<f64>>,
    sorted: Vec<Vec<f64>>,
    spreads: Vec<f64>,
}

impl Points {
    pub fn new<P: Point>(what: &'static str, sample: &[P]) -> Result<Self> {
        let Some(first) = sample.first() else {
            return Err(Error::Empty { what: what.into(), needed: "point" });
        };
        let dimension = first.coordinates().len();
        if dimension == 0 {
            return Err(Error::Empty { what: format!("a point of {what}"), needed: "coordinate" });
        }
        if let Some(other) = sample.iter().map(|point| point.coordinates().len()).find(|other| *other != dimension) {
            let expected = format!("({dimension},), that of the first,");
            return Err(Error::Shape { what: "a point", got: vec![other], expected });
        }
        let (mut columns, mut in_order) = (vec![], vec![]);
        for column in 0..dimension {
            let values: Vec<f64> = sample.iter().map(|point| point.coordinates()[column]).collect();
            if let Some(row) = values.iter().position(|value| !value.is_finite()) {
                return Err(Error::NotFinite { what, row, column, value: values[row] });
            }
            if let Some(&value) = values.iter().find(|value| value.abs() > FARTHEST) {
                return Err(Error::Parameter { what: "a coordinate", value, allowed: "at most 1e300" });
            }
            let sorted = sorted(values.clone());
            if sorted[0] == sorted[sorted.len() - 1] {
                let column = format!("{column} of {what} (counted from 0)");
                return Err(Error::ConstantColumn { column, value: sorted[0] });
            }
            columns.push(values);
            in_order.push(sorted);
        }
        Ok(Self { what, columns, sorted: in_order, spreads: vec![1.0; dimension] })
    }

    pub fn dimension(&self) -> usize {
        self.columns.len()
    }

    pub fn len(&self) -> usize {
        self.columns[0].len()
    }

    pub fn columns(&self) -> impl Iterator<Item = &[f64]> {
        self.columns.iter().map(Vec::as_slice)
    }

    /// Every column, in ascending order.
    pub fn sorted(&self) -> &[Vec<f64>] {
        &self.sorted
    }

    /// An error unless each belongs to one of the `others`.
    pub fn as_many_as(&self, others: &Self) -> Result<()> {
        let (what, got, expected) =
            (self.what, vec![self.len()], format!("({},), as many points as {},", others.len(), others.what));
        if self.len() == others.len() { Ok(()) } else { Err(Error::Shape { what, got, expected }) }
    }

    /// As they are for neighbours of a density.
    ///
    /// # Errors
    /// See [`untied`](Self::untied).
    pub fn of_density(self, near: Neighbours) -> Result<Self> {
        self.untied(near.k)?;
        Ok(self.scaled(near.scale))
    }

    /// These, and those of another density, in one scale: ranks are among both, and spreads are those of the first.
    pub fn of_densities(p: Self, mut q: Self, near: Neighbours) -> Result<[Self; 2]> {
        p.untied(near.k)?;
        q.untied(near.k)?;
        if near.scale != Scale::Ranks {
            return Ok([p.scaled(near.scale), q]);
        }
        let mut p = p;
        let both: Vec<Vec<f64>> = p.sorted.iter().zip(&q.sorted).map(|(p, q)| sorted([&p[..], q].concat())).collect();
        p.rank_among(&both);
        q.rank_among(&both);
        Ok([p, q])
    }

    /// As they are for neighbours of anything.
    pub fn scaled(mut self, scale: Scale) -> Self {
        match scale {
            Scale::Standardized => self.spreads = self.sorted.iter().map(|column| bulk(column)).collect(),
            Scale::Ranks => {
                let own = self.sorted.clone();
                self.rank_among(&own);
            }
            Scale::Raw => {}
        }
        self
    }

    /// An error if along a column most rows have `k` duplicates or more, whose nearest neighbours are at distance 0, or a fifth of all one
    /// number.
    fn untied(&self, k: usize) -> Result<()> {
        for (column, sorted) in self.sorted.iter().enumerate() {
            let runs = || sorted.chunk_by(|a, b| a == b);
            let tied: usize = runs().map(<[f64]>::len).filter(|run| *run > k).sum();
            if 2 * tied > sorted.len() {
                let (distinct, rows) = (runs().count(), sorted.len());
                return Err(Error::Tied { what: self.what, column, distinct, rows, k });
            }
            let atom = runs().max_by_key(|run| run.len()).filter(|run| run.len() > k && run.len() >= ATOM);
            if let Some(run) = atom.filter(|run| 5 * run.len() > sorted.len()) {
                let (value, times, rows) = (run[0], run.len(), sorted.len());
                return Err(Error::Atom { what: self.what, column, value, times, rows });
            }
        }
        Ok(())
    }

    fn rank_among(&mut self, all: &[Vec<f64>]) {
        for column in [&mut self.columns, &mut self.sorted] {
            for (column, all) in column.iter_mut().zip(all) {
                column.par_iter_mut().for_each(|x| *x = log_odds_of_rank(all, *x));
            }
        }
    }
}

fn sorted(mut column: Vec<f64>) -> Vec<f64> {
    ascend(&mut column);
    column
}

/// A standard deviation of so many usual distances is that of a few values, and not of the others.
const FAR: f64 = 1e3;

/// How far numbers in ascending order scatter: their standard deviation, or where that is of a few far ones the usual distance from the
/// middle of those that are not there.
fn bulk(sorted: &[f64]) -> f64 {
    let (n, deviation) = (sorted.len(), standard_deviation(sorted));
    let middle = 0.5 * sorted[(n - 1) / 2] + 0.5 * sorted[n / 2];
    let mut apart: Vec<f64> = sorted.iter().map(|x| (x - middle).abs()).filter(|apart| *apart > 0.0).collect();
    ascend(&mut apart);
    apart.get(apart.len() / 2).copied().filter(|usual| deviation > FAR * usual).unwrap_or(deviation)
}

/// Of numbers in ascending order; a change of their sign, or by a power of two, changes no digit.
fn standard_deviation(sorted: &[f64]) -> f64 {
    let n = sorted.len();
    let largest = sorted[0].abs().max(sorted[n - 1].abs());
    // The power of two below it, so that no square leaves the range of f64.
    let unit = f64::from_bits(largest.to_bits() & f64::INFINITY.to_bits()).max(f64::MIN_POSITIVE);
    let x = |i: usize| sorted[i] / unit;
    let mean = (0..n).map(|i| x(i) + x(n - 1 - i)).sum::<f64>() / (2 * n) as f64;
    let mut squares: Vec<f64> = (0..n).map(|i| (x(i) - mean).powi(2)).collect();
    ascend(&mut squares);
    unit * (squares.iter().sum::<f64>() / n as f64).sqrt()
}

/// ln r/(n + 1 − r) of the mean rank r of a number.
fn log_odds_of_rank(sorted: &[f64], number: f64) -> f64 {
    let [below, upto] = [sorted.partition_point(|x| *x < number), sorted.partition_point(|x| *x <= number)];
    let rank = 0.5 * (below + upto + 1) as f64;
    rank.ln() - ((sorted.len() + 1) as f64 - rank).ln()
}

/// What the distance along each column is multiplied by, one over its spread but for a common factor. Differences are
/// weighed, and not numbers: what ties as it is given ties in any scale.
pub(super) fn weights(points: &[&Points]) -> Vec<f64> {
    let spreads: Vec<f64> = points.iter().flat_map(|points| &points.spreads).copied().collect();
    let least = spreads.iter().copied().fold(f64::INFINITY, f64::min);
    // The largest of all, which makes 1 of equal spreads, and keeps distances in the range of f64.
    let common = spreads.iter().copied().fold(0.0, f64::max).min(1e300 * least);
    spreads.iter().map(|spread| common / spread).collect()
}

/// Whether a row can have a k-th neighbour among `others`.
pub(super) fn check_neighbours(k: usize, row: usize, others: usize) -> Result<()> {
    if (1..=others).contains(&k) { Ok(()) } else { Err(Error::Neighbours { k, row, others }) }
}
