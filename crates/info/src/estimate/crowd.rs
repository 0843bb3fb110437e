//! Points to be counted: in one dimension on a sorted line, in more in a tree.

use super::points::Points;
use super::tree::Tree;
use crate::error::Result;

pub(super) enum Crowd<'a> {
    Line(Line<'a>),
    Space(Tree<'a>),
}

impl<'a> Crowd<'a> {
    pub fn new(blocks: &[&'a Points], weights: &'a [f64]) -> Self {
        match (blocks, weights) {
            (&[points], &[weight]) => Self::Line(Line::new(&points.sorted()[0], weight)),
            _ => Self::Space(Tree::of(blocks, weights)),
        }
    }

    /// For every point of a tree how many of these lie no further from it than its `radius`, itself among them, in an order
    /// of its own. The rows are those of the tree, and their columns some of its own, from the `first` on.
    pub fn counts(&self, of: &Tree, first: usize, radius: &[f64]) -> Result<Vec<usize>> {
        match self {
            Self::Line(line) => {
                let counts = of.map(|leaf| {
                    let (places, radius) = (leaf.columns[first], leaf.of(radius));
                    Ok(std::array::from_fn(|lane| line.count(places[lane], radius[lane])))
                })?;
                Ok(counts.collect())
            }
            Self::Space(tree) => {
                let mut radius_of = vec![f64::NAN; tree.rows().len()];
                of.rows().iter().zip(radius).for_each(|(row, radius)| radius_of[*row] = *radius);
                let counts = tree.map(|leaf| {
                    let radius = leaf.of_rows(&radius_of);
                    let counts = tree.counts(leaf, &radius);
                    Ok(std::array::from_fn(|lane| (!radius[lane].is_nan()).then_some(counts[lane])))
                })?;
                Ok(counts.flatten().collect())
            }
        }
    }
}

/// Numbers in ascending order.
pub(super) struct Line<'a> {
    sorted: &'a [f64],
    weight: f64,
    /// How many lie below each of equal steps from the least to the largest.
    below: Vec<usize>,
    steps_per_unit: f64,
}

impl<'a> Line<'a> {
    fn new(sorted: &'a [f64], weight: f64) -> Self {
        let n = sorted.len();
        let steps_per_unit = n as f64 / (sorted[n - 1] - sorted[0]);
        let mut line = Self { sorted, weight, below: vec![], steps_per_unit };
        let mut below = vec![n; n];
        (0..n).rev().for_each(|i| below[line.step(sorted[i])] = i);
        (1..n).rev().for_each(|step| below[step - 1] = below[step - 1].min(below[step]));
        line.below = below;
        line
    }

    fn step(&self, x: f64) -> usize {
        (((x - self.sorted[0]) * self.steps_per_unit) as usize).min(self.sorted.len() - 1)
    }

    fn count(&self, at: f64, radius: f64) -> usize {
        let near = |x: f64| self.below[self.step(x)];
        let (reach, weight) = (radius / self.weight, self.weight);
        // The very differences that the tree takes, so that a tie is one here as well.
        let below = edge(self.sorted, near(at - reach), |point| weight * (at - point) > radius);
        edge(self.sorted, near(at + reach), |point| weight * (point - at) <= radius) - below
    }
}

/// The partition point, from a place that may be near it.
fn edge(sorted: &[f64], near: usize, before: impl Fn(f64) -> bool) -> usize {
    let (n, mut step) = (sorted.len(), 1);
    let (mut from, mut to) = (near, near);
    if near < n && before(sorted[near]) {
        from += 1;
        while from + step <= n && before(sorted[from + step - 1]) {
            from += step;
            step *= 2;
        }
        to = (from + step).min(n);
    } else {
        while to >= step && !before(sorted[to - step]) {
            to -= step;
            step *= 2;
        }
        from = to.saturating_sub(step);
    }
    from + sorted[from..to].partition_point(|point| before(*point))
}
