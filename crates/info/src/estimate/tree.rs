//! Who is near whom in the maximum norm: a k-d tree that is searched for all points of a leaf at once.

use std::ops::Range;

use rayon::prelude::*;

use super::points::Points;
use crate::error::{Error, Result};

/// How many points a leaf holds, the last one perhaps fewer.
pub(super) const LANES: usize = 8;
/// A number for every point of a leaf.
pub(super) type Lanes = [f64; LANES];
/// Something of every point of a leaf, or the row of one that has none.
pub(super) type OfLeaf<T> = std::result::Result<[T; LANES], usize>;

/// Fewer points than these are no work for another thread.
const ALONE: usize = 2048;

/// Points in leaves, and the box around those of every node. Nodes are in preorder: of one with several leaves the left
/// child is the next, and the right one comes after all that are below the left.
pub(super) struct Tree<'a> {
    weights: &'a [f64],
    /// Leaf by leaf.
    rows: Vec<usize>,
    /// Leaf by leaf, column by column; lanes to spare repeat the first.
    leaves: Vec<Lanes>,
    /// Node by node, column by column: the least and the largest number.
    boxes: Vec<[f64; 2]>,
}

/// The points of a leaf.
#[derive(Clone, Copy)]
pub(super) struct Leaf<'a> {
    pub rows: &'a [usize],
    /// Column by column.
    pub columns: &'a [Lanes],
}

impl Leaf<'_> {
    /// Their distances, whose smallest row is named if one is 0.
    pub fn apart(&self, distances: Lanes) -> OfLeaf<f64> {
        let rows = self.rows.iter().zip(distances);
        rows.filter(|(_, distance)| *distance == 0.0).map(|(row, _)| *row).min().map_or(Ok(distances), Err)
    }
}

impl<'a> Tree<'a> {
    /// Of the points in these rows of the columns.
    pub fn new(columns: &[&[f64]], mut rows: Vec<usize>, weights: &'a [f64]) -> Self {
        let (dimension, count) = (columns.len(), rows.len().div_ceil(LANES));
        let mut leaves = vec![[0.0; LANES]; dimension * count];
        let mut boxes = vec![[f64::INFINITY, f64::NEG_INFINITY]; dimension * (2 * count - 1)];
        grow(columns, weights, &mut rows, &mut leaves, &mut boxes);
        Self { weights, rows, leaves, boxes }
    }

    /// Of all rows of some blocks of columns, side by side.
    pub fn of(blocks: &[&Points], weights: &'a [f64]) -> Self {
        let columns: Vec<&[f64]> = blocks.iter().flat_map(|block| block.columns()).collect();
        Self::new(&columns, (0..columns[0].len()).collect(), weights)
    }

    /// What `each` says of the points of every leaf, in no order that means anything. Where it names a row instead, the
    /// error does: the first of all.
    pub fn map<T: Copy + Send>(&self, each: impl Fn(Leaf) -> OfLeaf<T> + Sync) -> Result<impl Iterator<Item = T>> {
        let leaves = (0..self.count()).into_par_iter().with_min_len(ALONE / LANES);
        let found: Vec<OfLeaf<T>> = leaves.map(|leaf| each(self.leaf(leaf))).collect();
        match found.iter().filter_map(|found| found.as_ref().err()).min() {
            Some(&row) => Err(Error::Coincident { row }),
            None => Ok(found.into_iter().flatten().flatten().take(self.rows.len())),
        }
    }

    /// The distance of every point of a leaf, of this tree or another, to the `k`-th nearest of this one's; a point at the
    /// same place is the first.
    pub fn reaches(&self, of: Leaf, k: usize) -> Lanes {
        let nearest = vec![[f64::INFINITY; LANES]; k];
        let mut search =
            Nearest { tree: self, of, around: around(of.columns).collect(), nearest, worst: f64::INFINITY };
        search.visit(0, 0..self.count(), 0.0);
        search.nearest[k - 1]
    }

    /// Along every column, how far the points no further than `reach` lie from each point of a leaf.
    pub fn sides(&self, of: Leaf, reach: &Lanes) -> Vec<Lanes> {
        let farthest = reach.iter().copied().fold(0.0, f64::max);
        let mut sides = vec![[0.0f64; LANES]; self.weights.len()];
        let around: Vec<[f64; 2]> = around(of.columns).collect();
        self.within(0, 0..self.count(), &around, farthest, &mut |slot, leaf| {
            let distances = self.distances(of, leaf, slot);
            for (lane, _) in distances.iter().enumerate().filter(|(lane, distance)| **distance <= reach[*lane]) {
                for (column, side) in sides.iter_mut().enumerate() {
                    let way = of.columns[column][lane] - leaf.columns[column][slot];
                    side[lane] = side[lane].max(self.weights[column] * way.abs());
                }
            }
        });
        sides
    }

    /// How many points lie no further than `radius` from a place.
    pub fn count_within(&self, at: &[f64], radius: f64) -> usize {
        self.count_below(0, 0..self.count(), at, radius)
    }

    fn count(&self) -> usize {
        self.rows.len().div_ceil(LANES)
    }

    fn leaf(&self, leaf: usize) -> Leaf<'_> {
        let dimension = self.weights.len();
        let rows = &self.rows[self.points(leaf..leaf + 1)];
        Leaf { rows, columns: &self.leaves[leaf * dimension..][..dimension] }
    }

    fn points(&self, leaves: Range<usize>) -> Range<usize> {
        leaves.start * LANES..(leaves.end * LANES).min(self.rows.len())
    }

    fn around(&self, node: usize) -> &[[f64; 2]] {
        &self.boxes[node * self.weights.len()..][..self.weights.len()]
    }

    /// From each point of a leaf to one of another.
    fn distances(&self, of: Leaf, leaf: Leaf, slot: usize) -> Lanes {
        let mut distances = [0.0; LANES];
        for ((at, column), weight) in of.columns.iter().zip(leaf.columns).zip(self.weights) {
            for (distance, at) in distances.iter_mut().zip(at) {
                let along = weight * (at - column[slot]).abs();
                *distance = if along > *distance { along } else { *distance };
            }
        }
        distances
    }

    /// The least distance of two points of two boxes. As rounding keeps order, no two computed distances are less.
    fn gap(&self, around: &[[f64; 2]], node: usize) -> f64 {
        let mut gap = 0.0;
        for (([low, high], [from, to]), weight) in around.iter().zip(self.around(node)).zip(self.weights) {
            let along = weight * (from - high).max(low - to);
            gap = if along > gap { along } else { gap };
        }
        gap
    }

    fn within(
        &self,
        node: usize,
        leaves: Range<usize>,
        around: &[[f64; 2]],
        radius: f64,
        found: &mut impl FnMut(usize, Leaf),
    ) {
        if self.gap(around, node) > radius {
        } else if let Some([(left, first), (right, second)]) = children(node, &leaves) {
            self.within(left, first, around, radius, found);
            self.within(right, second, around, radius, found);
        } else {
            let leaf = self.leaf(leaves.start);
            (0..leaf.rows.len()).for_each(|slot| found(slot, leaf));
        }
    }

    fn count_below(&self, node: usize, leaves: Range<usize>, at: &[f64], radius: f64) -> usize {
        let (mut gap, mut span) = (0.0, 0.0);
        for ((at, [low, high]), weight) in at.iter().zip(self.around(node)).zip(self.weights) {
            let (below, above) = (weight * (at - low), weight * (high - at));
            gap = f64::max(gap, (-below).max(-above));
            span = f64::max(span, below.max(above));
        }
        if gap > radius {
            0
        } else if span <= radius {
            self.points(leaves).len()
        } else if let Some([(left, first), (right, second)]) = children(node, &leaves) {
            self.count_below(left, first, at, radius) + self.count_below(right, second, at, radius)
        } else {
            let leaf = self.leaf(leaves.start);
            let mut distances = [0.0; LANES];
            for ((at, column), weight) in at.iter().zip(leaf.columns).zip(self.weights) {
                for (distance, point) in distances.iter_mut().zip(column) {
                    let along = weight * (at - point).abs();
                    *distance = if along > *distance { along } else { *distance };
                }
            }
            distances.iter().take(leaf.rows.len()).filter(|distance| **distance <= radius).count()
        }
    }
}

/// The children of a node and their leaves; a leaf has none.
fn children(node: usize, leaves: &Range<usize>) -> Option<[(usize, Range<usize>); 2]> {
    let half = leaves.len().div_ceil(2);
    let middle = leaves.start + half;
    (leaves.len() > 1).then(|| [(node + 1, leaves.start..middle), (node + 2 * half, middle..leaves.end)])
}

/// The least and the largest number of every column.
fn around(columns: &[Lanes]) -> impl Iterator<Item = [f64; 2]> {
    columns.iter().map(|column| {
        column.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| [low.min(*x), high.max(*x)])
    })
}

/// Halves the points along the column in which they are spread most, until a leaf holds them.
fn grow(columns: &[&[f64]], weights: &[f64], rows: &mut [usize], leaves: &mut [Lanes], boxes: &mut [[f64; 2]]) {
    let dimension = columns.len();
    let (own, below) = boxes.split_at_mut(dimension);
    for (around, column) in own.iter_mut().zip(columns) {
        for &row in &*rows {
            *around = [around[0].min(column[row]), around[1].max(column[row])];
        }
    }
    if leaves.len() == dimension {
        for (lanes, column) in leaves.iter_mut().zip(columns) {
            *lanes = [column[rows[0]]; LANES];
            lanes.iter_mut().zip(&*rows).for_each(|(lane, row)| *lane = column[*row]);
        }
        return;
    }
    let spread = |column: usize| weights[column] * (own[column][1] - own[column][0]);
    let widest = (0..dimension).max_by(|a, b| spread(*a).total_cmp(&spread(*b))).map_or(columns[0], |c| columns[c]);
    let half = (leaves.len() / dimension).div_ceil(2);
    let mut keyed: Vec<(f64, usize)> = rows.iter().map(|row| (widest[*row], *row)).collect();
    keyed.select_nth_unstable_by(half * LANES, |a, b| a.0.total_cmp(&b.0));
    rows.iter_mut().zip(keyed).for_each(|(row, (_, chosen))| *row = chosen);

    let alone = rows.len() < ALONE;
    let (few, many) = rows.split_at_mut(half * LANES);
    let (left, right) = leaves.split_at_mut(half * dimension);
    let (first, second) = below.split_at_mut((2 * half - 1) * dimension);
    let mut left = || grow(columns, weights, few, left, first);
    let mut right = || grow(columns, weights, many, right, second);
    if alone {
        left();
        right();
    } else {
        rayon::join(left, right);
    }
}

/// The search for the nearest of all points of a leaf.
struct Nearest<'s> {
    tree: &'s Tree<'s>,
    of: Leaf<'s>,
    around: Vec<[f64; 2]>,
    /// The distances of the nearest found so far, in ascending order for each point.
    nearest: Vec<Lanes>,
    /// The largest of the last of them.
    worst: f64,
}

impl Nearest<'_> {
    fn visit(&mut self, node: usize, leaves: Range<usize>, gap: f64) {
        if gap >= self.worst {
        } else if let Some(children) = children(node, &leaves) {
            let [left, right] = children.map(|(node, leaves)| (self.tree.gap(&self.around, node), node, leaves));
            for (gap, node, leaves) in if right.0 < left.0 { [right, left] } else { [left, right] } {
                self.visit(node, leaves, gap);
            }
        } else {
            let leaf = self.tree.leaf(leaves.start);
            (0..leaf.rows.len()).for_each(|slot| self.meet(self.tree.distances(self.of, leaf, slot)));
            self.worst = self.nearest[self.nearest.len() - 1].iter().copied().fold(0.0, f64::max);
        }
    }

    /// Every point takes in another, at its distance, and drops the farthest.
    fn meet(&mut self, mut distances: Lanes) {
        let last = &self.nearest[self.nearest.len() - 1];
        if distances.iter().zip(last).any(|(distance, last)| distance < last) {
            for lanes in &mut self.nearest {
                for (near, far) in lanes.iter_mut().zip(&mut distances) {
                    (*near, *far) = if *far < *near { (*far, *near) } else { (*near, *far) };
                }
            }
        }
    }
}
