//! Points, and who is near whom in the maximum norm: by a k-d tree, or on a line by binary search.

use std::ops::Deref;

use kdtree::KdTree;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::{Neighbours, Scale};
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

/// Beyond this, distances might overflow.
const FARTHEST: f64 = 1e300;

/// The rows of a sample: of one dimension, all numbers finite, no column constant; and the spread of every column.
pub(super) struct Points {
    what: &'static str,
    rows: Vec<Vec<f64>>,
    spreads: Vec<f64>,
}

impl Points {
    pub fn new<P: Point>(what: &'static str, sample: &[P]) -> Result<Self> {
        let rows: Vec<Vec<f64>> = sample.iter().map(|point| point.coordinates().to_vec()).collect();
        let Some(first) = rows.first() else {
            return Err(Error::Empty { what: what.into(), needed: "point" });
        };
        let dimension = first.len();
        if dimension == 0 {
            return Err(Error::Empty { what: format!("a point of {what}"), needed: "coordinate" });
        }
        if let Some(other) = rows.iter().find(|row| row.len() != dimension) {
            let expected = format!("({dimension},), that of the first,");
            return Err(Error::Shape { what: "a point", got: vec![other.len()], expected });
        }
        for column in 0..dimension {
            let value = |row: usize| rows[row][column];
            if let Some(row) = (0..rows.len()).find(|&row| !value(row).is_finite()) {
                return Err(Error::NotFinite { what, row, column, value: value(row) });
            }
            if let Some(row) = (0..rows.len()).find(|&row| value(row).abs() > FARTHEST) {
                return Err(Error::Parameter { what: "a coordinate", value: value(row), allowed: "at most 1e300" });
            }
            if (0..rows.len()).all(|row| value(row) == first[column]) {
                let column = format!("{column} of {what} (counted from 0)");
                return Err(Error::ConstantColumn { column, value: value(0) });
            }
        }
        Ok(Self { what, spreads: vec![1.0; dimension], rows })
    }

    pub fn dimension(&self) -> usize {
        self.spreads.len()
    }

    /// As they are for neighbours of a density.
    ///
    /// # Errors
    /// See [`untied`](Self::untied).
    pub fn of_density(mut self, near: Neighbours) -> Result<Self> {
        self.untied(near.k)?;
        match near.scale {
            Scale::Standardized => self.standardize(),
            Scale::Ranks => {
                let own = self.sorted();
                self.rank_among(&own);
            }
            Scale::Raw => {}
        }
        Ok(self)
    }

    /// These, and those of another density, in one scale: ranks are among both, and spreads are those of the first.
    pub fn of_densities(mut p: Self, mut q: Self, near: Neighbours) -> Result<[Self; 2]> {
        p.untied(near.k)?;
        q.untied(near.k)?;
        match near.scale {
            Scale::Standardized => p.standardize(),
            Scale::Ranks => {
                let mut both = p.sorted();
                for (column, more) in both.iter_mut().zip(q.sorted()) {
                    column.extend(more);
                    column.sort_by(f64::total_cmp);
                }
                p.rank_among(&both);
                q.rank_among(&both);
            }
            Scale::Raw => {}
        }
        Ok([p, q])
    }

    /// An error if along a column most rows have `k` duplicates or more: their nearest neighbours are at distance 0.
    fn untied(&self, k: usize) -> Result<()> {
        for (column, sorted) in self.sorted().into_iter().enumerate() {
            let runs = || sorted.chunk_by(|a, b| a == b);
            let tied: usize = runs().map(<[f64]>::len).filter(|run| *run > k).sum();
            if 2 * tied > sorted.len() {
                let (distinct, rows) = (runs().count(), sorted.len());
                return Err(Error::Tied { what: self.what, column, distinct, rows, k });
            }
        }
        Ok(())
    }

    fn standardize(&mut self) {
        self.spreads = self.sorted().iter().map(|column| standard_deviation(column)).collect();
    }

    fn rank_among(&mut self, sorted: &[Vec<f64>]) {
        for row in &mut self.rows {
            row.iter_mut().zip(sorted).for_each(|(x, sorted)| *x = log_odds_of_rank(sorted, *x));
        }
    }

    /// Every column, in ascending order.
    fn sorted(&self) -> Vec<Vec<f64>> {
        let column = |column: usize| {
            let mut sorted: Vec<f64> = self.rows.iter().map(|row| row[column]).collect();
            sorted.sort_by(f64::total_cmp);
            sorted
        };
        (0..self.dimension()).map(column).collect()
    }
}

impl Deref for Points {
    type Target = [Vec<f64>];
    fn deref(&self) -> &Self::Target {
        &self.rows
    }
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
    squares.sort_by(f64::total_cmp);
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

/// The maximum norm of the difference, every column weighed.
pub(super) fn distance(weights: &[f64], a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).zip(weights).map(|((a, b), weight)| weight * (a - b).abs()).fold(0.0, f64::max)
}

/// Points, found by their neighbourhood in O(log n).
pub(super) struct Tree<'a> {
    tree: KdTree<f64, usize, &'a [f64]>,
    weights: &'a [f64],
}

impl<'a> Tree<'a> {
    pub fn new(points: impl IntoIterator<Item = &'a Vec<f64>>, weights: &'a [f64]) -> Result<Self> {
        let mut tree = KdTree::new(weights.len());
        // In a random order: a tree that grows along a sorted column is a list. No answer depends on it.
        let mut points: Vec<(usize, &[f64])> = points.into_iter().map(Vec::as_slice).enumerate().collect();
        points.shuffle(&mut ChaCha8Rng::seed_from_u64(0));
        for (row, point) in points {
            tree.add(point, row).map_err(refused)?;
        }
        Ok(Self { tree, weights })
    }

    /// The distance from `at` to the `k`-th nearest of the points; one at `at` itself is the first. It is that of row
    /// `row`, which the error names where it is 0.
    pub fn reach(&self, at: &[f64], k: usize, row: usize) -> Result<f64> {
        let nearest = self.tree.nearest(at, k, &self.norm()).map_err(refused)?;
        nearest.last().map(|(reach, _)| *reach).filter(|reach| *reach > 0.0).ok_or(Error::Coincident { row })
    }

    /// The rows at a distance of at most `radius` from `at`.
    pub fn within(&self, at: &[f64], radius: f64) -> Result<Vec<usize>> {
        let found = self.tree.within(at, radius, &self.norm()).map_err(refused)?;
        Ok(found.into_iter().map(|(_, row)| *row).collect())
    }

    fn norm(&self) -> impl Fn(&[f64], &[f64]) -> f64 {
        |a, b| distance(self.weights, a, b)
    }
}

/// Points to be counted: in one dimension on a sorted line.
pub(super) enum Crowd<'a> {
    Line { sorted: Vec<f64>, weight: f64 },
    Space(Tree<'a>),
}

impl<'a> Crowd<'a> {
    pub fn new(points: &'a Points, weights: &'a [f64]) -> Result<Self> {
        let &[weight] = weights else {
            return Ok(Self::Space(Tree::new(points.iter(), weights)?));
        };
        let mut sorted = points.concat();
        sorted.sort_by(f64::total_cmp);
        Ok(Self::Line { sorted, weight })
    }

    /// How many points lie at a distance of at most `radius` from `at`, one at `at` itself among them.
    pub fn count(&self, at: &[f64], radius: f64) -> Result<usize> {
        match self {
            // The very differences that `distance` takes, so that a tie is one here as well.
            Self::Line { sorted, weight } => {
                let below = sorted.partition_point(|point| weight * (at[0] - point) > radius);
                Ok(sorted.partition_point(|point| weight * (point - at[0]) <= radius) - below)
            }
            Self::Space(tree) => tree.tree.within_count(at, radius, &tree.norm()).map_err(refused),
        }
    }
}

/// Points are checked before they come to a tree.
fn refused(error: kdtree::ErrorKind) -> Error {
    Error::Neighbourhood(error)
}
