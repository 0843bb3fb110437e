//! Points, and who is near whom in the maximum norm: by a k-d tree, or on a line by binary search.

use std::ops::Deref;

use kdtree::KdTree;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

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

/// The rows of a sample that may have a density: of one dimension, all numbers finite, no column constant.
pub(super) struct Points<'a>(Vec<&'a [f64]>);

impl<'a> Points<'a> {
    pub fn new<P: Point>(sample: &'a [P]) -> Result<Self> {
        let rows: Vec<&[f64]> = sample.iter().map(P::coordinates).collect();
        let Some(first) = rows.first() else {
            return Err(Error::Empty { what: "the sample".into(), needed: "point" });
        };
        let dimension = first.len();
        if dimension == 0 {
            return Err(Error::Empty { what: "a point".into(), needed: "coordinate" });
        }
        if let Some(other) = rows.iter().find(|row| row.len() != dimension) {
            let expected = format!("({dimension},), that of the first,");
            return Err(Error::Shape { what: "a point", got: vec![other.len()], expected });
        }
        for column in 0..dimension {
            let value = |row: usize| rows[row][column];
            if let Some(row) = (0..rows.len()).find(|&row| !value(row).is_finite()) {
                return Err(Error::NotFinite { what: "the sample", row, column, value: value(row) });
            }
            if let Some(row) = (0..rows.len()).find(|&row| value(row).abs() > FARTHEST) {
                return Err(Error::Parameter { what: "a coordinate", value: value(row), allowed: "at most 1e300" });
            }
            if (0..rows.len()).all(|row| value(row) == first[column]) {
                return Err(Error::ConstantColumn {
                    column: format!("{column} (counted from 0)"),
                    value: first[column],
                });
            }
        }
        Ok(Self(rows))
    }

    pub fn dimension(&self) -> usize {
        self[0].len()
    }
}

impl<'a> Deref for Points<'a> {
    type Target = [&'a [f64]];
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// Whether a row can have a k-th neighbour among `others`.
pub(super) fn check_neighbours(k: usize, row: usize, others: usize) -> Result<()> {
    if (1..=others).contains(&k) { Ok(()) } else { Err(Error::Neighbours { k, row, others }) }
}

/// The maximum norm of the difference.
pub(super) fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// Points, found by their neighbourhood in O(log n).
pub(super) struct Tree<'a>(KdTree<f64, usize, &'a [f64]>);

impl<'a> Tree<'a> {
    pub fn new(points: &[&'a [f64]]) -> Result<Self> {
        let mut tree = KdTree::new(points.first().map_or(0, |point| point.len()));
        // In a random order: a tree that grows along a sorted column is a list. No answer depends on it.
        let mut rows: Vec<usize> = (0..points.len()).collect();
        rows.shuffle(&mut ChaCha8Rng::seed_from_u64(0));
        for row in rows {
            tree.add(points[row], row).map_err(refused)?;
        }
        Ok(Self(tree))
    }

    /// The distance from `at` to the `k`-th nearest of the points; one at `at` itself is the first. It is that of row
    /// `row`, which the error names where it is 0.
    pub fn reach(&self, at: &[f64], k: usize, row: usize) -> Result<f64> {
        let nearest = self.0.nearest(at, k, &distance).map_err(refused)?;
        nearest.last().map(|(reach, _)| *reach).filter(|reach| *reach > 0.0).ok_or(Error::Coincident { row })
    }

    /// The rows at a distance of at most `radius` from `at`.
    pub fn within(&self, at: &[f64], radius: f64) -> Result<Vec<usize>> {
        let found = self.0.within(at, radius, &distance).map_err(refused)?;
        Ok(found.into_iter().map(|(_, row)| *row).collect())
    }
}

/// Points to be counted: in one dimension on a sorted line.
pub(super) enum Crowd<'a> {
    Line(Vec<f64>),
    Space(Tree<'a>),
}

impl<'a> Crowd<'a> {
    pub fn new(points: &Points<'a>) -> Result<Self> {
        if points.dimension() > 1 {
            return Ok(Self::Space(Tree::new(points)?));
        }
        let mut line = points.concat();
        line.sort_by(f64::total_cmp);
        Ok(Self::Line(line))
    }

    /// How many points lie at a distance of at most `radius` from `at`, one at `at` itself among them.
    pub fn count(&self, at: &[f64], radius: f64) -> Result<usize> {
        match self {
            // The very differences that `distance` takes, so that a tie is one here as well.
            Self::Line(line) => {
                let below = line.partition_point(|point| at[0] - point > radius);
                Ok(line.partition_point(|point| point - at[0] <= radius) - below)
            }
            Self::Space(tree) => tree.0.within_count(at, radius, &distance).map_err(refused),
        }
    }
}

/// Points are checked before they come to a tree.
fn refused(error: kdtree::ErrorKind) -> Error {
    Error::Neighbourhood(error)
}
