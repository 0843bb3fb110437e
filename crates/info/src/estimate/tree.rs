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
    /// The number of the first of its points, in the order of the tree.
    first: usize,
    /// Column by column.
    pub columns: &'a [Lanes],
}

impl Leaf<'_> {
    /// Theirs of the numbers of all points of the tree, in its order; NaN where a lane is to spare.
    pub fn of(&self, numbers: &[f64]) -> Lanes {
        std::array::from_fn(|lane| numbers.get(self.first + lane).copied().unwrap_or(f64::NAN))
    }

    /// Theirs of the numbers of all rows.
    pub fn of_rows(&self, numbers: &[f64]) -> Lanes {
        std::array::from_fn(|lane| self.rows.get(lane).map_or(f64::NAN, |row| numbers[*row]))
    }

    /// Their distances, unless one is 0.
    pub fn nonzero(&self, distances: Lanes) -> OfLeaf<f64> {
        let rows = self.rows.iter().zip(distances);
        rows.filter(|(_, distance)| *distance == 0.0).map(|(row, _)| *row).min().map_or(Ok(distances), Err)
    }
}

impl<'a> Tree<'a> {
    /// Of the points in these rows of the columns.
    pub fn new(columns: &[&[f64]], mut rows: Vec<usize>, weights: &'a [f64]) -> Self {
        let (dimension, count) = (columns.len(), rows.len().div_ceil(LANES));
        let mut leaves = vec![[0.0; LANES]; dimension * count];
        let mut boxes = vec![[0.0; 2]; dimension * (2 * count - 1)];
        let ends = |column: &&[f64]| ends(rows.iter().map(|row| column[*row]));
        let cell = columns.iter().map(ends).collect();
        grow(columns, weights, cell, &mut rows, &mut leaves, &mut boxes);
        Self { weights, rows, leaves, boxes }
    }

    /// Of all rows of some blocks of columns, side by side.
    pub fn of(blocks: &[&Points], weights: &'a [f64]) -> Self {
        let columns: Vec<&[f64]> = blocks.iter().flat_map(|block| block.columns()).collect();
        Self::new(&columns, (0..columns[0].len()).collect(), weights)
    }

    /// In the order of the tree.
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// What `each` says of the points of every leaf, in the order of the tree. Where it names a row instead, the error
    /// does: the first of all.
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

    /// The distance of every point to its `k`-th neighbour, in the order of the tree.
    ///
    /// # Errors
    /// One of them is 0.
    pub fn apart(&self, k: usize) -> Result<Vec<f64>> {
        Ok(self.map(|leaf| leaf.nonzero(self.reaches(leaf, k + 1)))?.collect())
    }

    /// For every point how far those that lie no further than its `reach` are from it along the first `some` columns, and
    /// along the others.
    pub fn sides(&self, reach: &[f64], some: usize) -> Result<(Vec<f64>, Vec<f64>)> {
        let sides = self.map(|leaf| {
            let (reach, around) = (leaf.of(reach), around(leaf.columns).collect::<Vec<_>>());
            let mut sides = [[0.0; 2]; LANES];
            self.within(0, 0..self.count(), &around, ends(reach.into_iter())[1], &mut |other| {
                for slot in 0..LANES {
                    let distances = self.distances(leaf, other, slot);
                    for lane in (0..LANES).filter(|lane| distances[*lane] <= reach[*lane]) {
                        for (column, weight) in self.weights.iter().enumerate() {
                            let along = weight * (leaf.columns[column][lane] - other.columns[column][slot]).abs();
                            let side = &mut sides[lane][usize::from(column >= some)];
                            *side = most(along, *side);
                        }
                    }
                }
            });
            Ok(sides)
        })?;
        Ok(sides.map(|[some, others]| (some, others)).unzip())
    }

    /// How many points lie no further than `radius` from each point of a leaf; where that is NaN none.
    pub fn counts(&self, of: Leaf, radius: &Lanes) -> [usize; LANES] {
        let [least, most] = ends(radius.iter().copied());
        let mut counting =
            Counting { tree: self, of, around: around(of.columns).collect(), radius, least, most, counts: [0; LANES] };
        if least <= most {
            counting.visit(0, 0..self.count());
        }
        counting.counts
    }

    fn count(&self) -> usize {
        self.rows.len().div_ceil(LANES)
    }

    fn leaf(&self, leaf: usize) -> Leaf<'_> {
        let (dimension, points) = (self.weights.len(), self.points(leaf..leaf + 1));
        let columns = &self.leaves[leaf * dimension..][..dimension];
        Leaf { first: points.start, rows: &self.rows[points], columns }
    }

    fn points(&self, leaves: Range<usize>) -> Range<usize> {
        leaves.start * LANES..(leaves.end * LANES).min(self.rows.len())
    }

    fn around(&self, node: usize) -> &[[f64; 2]] {
        &self.boxes[node * self.weights.len()..][..self.weights.len()]
    }

    /// From each point of a leaf to the one of another that stands at `slot`: few enough to be kept in registers.
    #[inline(always)]
    fn distances(&self, of: Leaf, leaf: Leaf, slot: usize) -> Lanes {
        let mut distances = [0.0; LANES];
        for ((at, column), weight) in of.columns.iter().zip(leaf.columns).zip(self.weights) {
            for (distance, at) in distances.iter_mut().zip(at) {
                *distance = most(weight * (at - column[slot]).abs(), *distance);
            }
        }
        distances
    }

    /// The least distance of two points of two boxes. As rounding keeps order, no two computed distances are less.
    fn gap(&self, around: &[[f64; 2]], node: usize) -> f64 {
        let mut gap = 0.0;
        for (([low, high], [from, to]), weight) in around.iter().zip(self.around(node)).zip(self.weights) {
            gap = most(weight * most(from - high, low - to), gap);
        }
        gap
    }

    /// The least and the largest distance of two points of two boxes.
    fn gap_and_span(&self, around: &[[f64; 2]], node: usize) -> [f64; 2] {
        let (mut gap, mut span) = (0.0, 0.0);
        for (([low, high], [from, to]), weight) in around.iter().zip(self.around(node)).zip(self.weights) {
            gap = most(weight * most(from - high, low - to), gap);
            span = most(weight * most(to - low, high - from), span);
        }
        [gap, span]
    }

    fn within(
        &self,
        node: usize,
        leaves: Range<usize>,
        around: &[[f64; 2]],
        radius: f64,
        found: &mut impl FnMut(Leaf),
    ) {
        if self.gap(around, node) > radius {
        } else if let Some([(left, first), (right, second)]) = children(node, &leaves) {
            self.within(left, first, around, radius, found);
            self.within(right, second, around, radius, found);
        } else {
            found(self.leaf(leaves.start));
        }
    }
}

/// The children of a node and their leaves; a leaf has none.
fn children(node: usize, leaves: &Range<usize>) -> Option<[(usize, Range<usize>); 2]> {
    let half = leaves.len().div_ceil(2);
    let middle = leaves.start + half;
    (leaves.len() > 1).then(|| [(node + 1, leaves.start..middle), (node + 2 * half, middle..leaves.end)])
}

/// The largest radii that are strictly less.
pub(super) fn inside(reaches: &[f64]) -> Vec<f64> {
    reaches.iter().map(|reach| reach.next_down()).collect()
}

/// The box around the points of a leaf.
fn around(columns: &[Lanes]) -> impl Iterator<Item = [f64; 2]> {
    columns.iter().map(|column| ends(column.iter().copied()))
}

/// The least and the largest.
fn ends(numbers: impl Iterator<Item = f64>) -> [f64; 2] {
    numbers.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| [least(x, low), most(x, high)])
}

/// Halves the points of a cell along the column in which it is widest, until a leaf holds them.
fn grow(
    columns: &[&[f64]],
    weights: &[f64],
    mut cell: Vec<[f64; 2]>,
    rows: &mut [usize],
    leaves: &mut [Lanes],
    boxes: &mut [[f64; 2]],
) {
    let dimension = columns.len();
    let (own, below) = boxes.split_at_mut(dimension);
    if leaves.len() == dimension {
        for (lanes, column) in leaves.iter_mut().zip(columns) {
            *lanes = [column[rows[0]]; LANES];
            lanes.iter_mut().zip(&*rows).for_each(|(lane, row)| *lane = column[*row]);
        }
        own.iter_mut().zip(around(leaves)).for_each(|(own, around)| *own = around);
        return;
    }
    let width = |column: usize| weights[column] * (cell[column][1] - cell[column][0]);
    let widest = (1..dimension).fold(0, |widest, column| if width(column) > width(widest) { column } else { widest });
    let half = (leaves.len() / dimension).div_ceil(2);
    let mut keyed: Vec<(f64, usize)> = rows.iter().map(|row| (columns[widest][*row], *row)).collect();
    let (_, &mut (middle, _), _) = keyed.select_nth_unstable_by(half * LANES, |a, b| a.0.total_cmp(&b.0));
    rows.iter_mut().zip(keyed).for_each(|(row, (_, chosen))| *row = chosen);
    let mut above = cell.clone();
    (cell[widest][1], above[widest][0]) = (middle, middle);

    let alone = rows.len() < ALONE;
    let (few, many) = rows.split_at_mut(half * LANES);
    let (left, right) = leaves.split_at_mut(half * dimension);
    let (first, second) = below.split_at_mut((2 * half - 1) * dimension);
    let (left, right) =
        (|| grow(columns, weights, cell, few, left, first), || grow(columns, weights, above, many, right, second));
    if alone {
        left();
        right();
    } else {
        rayon::join(left, right);
    }
    for (own, (first, second)) in own.iter_mut().zip(first.iter().zip(&*second)) {
        *own = [least(first[0], second[0]), most(first[1], second[1])];
    }
}

/// The lesser of two numbers that are none but numbers, in one instruction.
fn least(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

fn most(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// The count of the points around all points of a leaf.
struct Counting<'s> {
    tree: &'s Tree<'s>,
    of: Leaf<'s>,
    around: Vec<[f64; 2]>,
    radius: &'s Lanes,
    least: f64,
    most: f64,
    counts: [usize; LANES],
}

impl Counting<'_> {
    fn visit(&mut self, node: usize, leaves: Range<usize>) {
        let [gap, span] = self.tree.gap_and_span(&self.around, node);
        if gap > self.most {
        } else if span <= self.least {
            let all = self.tree.points(leaves).len();
            self.counts.iter_mut().for_each(|count| *count += all);
        } else if let Some([(left, first), (right, second)]) = children(node, &leaves) {
            self.visit(left, first);
            self.visit(right, second);
        } else {
            let leaf = self.tree.leaf(leaves.start);
            for slot in 0..leaf.rows.len() {
                let distances = self.tree.distances(self.of, leaf, slot);
                for ((count, distance), radius) in self.counts.iter_mut().zip(&distances).zip(self.radius) {
                    *count = count.wrapping_add(usize::from(distance <= radius));
                }
            }
        }
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
        if distances.iter().zip(last).fold(false, |any, (distance, last)| any | (distance < last)) {
            for lanes in &mut self.nearest {
                for (near, far) in lanes.iter_mut().zip(&mut distances) {
                    (*near, *far) = if *far < *near { (*far, *near) } else { (*near, *far) };
                }
            }
        }
    }
}
