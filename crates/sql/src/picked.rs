//! Rows that a pass picks out: an even part of all, or those that contradict a direction the most; and on which side of it all stand.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::error::{Error, Result};

/// What rows are picked by.
#[derive(Clone, Debug, PartialEq)]
pub enum By {
    /// By lot, so many of each class, and beside them a row at each end of each column. The lot is drawn of the row's own numbers: it is
    /// the same one wherever a row stands.
    Lot {
        /// Classes, from 0.
        classes: usize,
    },
    /// By how far they are on the wrong side of δ, so many of each class: for each class slopes and, last, an intercept, class by class.
    Margin {
        /// δ, in the units of x.
        delta: Vec<f64>,
    },
}

/// Rows that were picked, and how many stand where.
#[derive(Clone, Debug)]
pub struct Picked {
    by: By,
    columns: usize,
    /// How many are kept of each class.
    most: usize,
    groups: Vec<BTreeSet<Row>>,
    rows: u64,
    sides: [u64; 4],
    spoilt: bool,
}

/// A row that was picked, by a key whose least are kept; ties go by the numbers.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it was picked by: a lot, a number or a margin relative to its terms.
    pub key: f64,
    /// Of x, and then the class.
    pub numbers: Vec<f64>,
}

impl Ord for Row {
    fn cmp(&self, other: &Self) -> Ordering {
        let numbers = || self.numbers.iter().zip(&other.numbers).map(|(a, b)| a.total_cmp(b));
        self.key.total_cmp(&other.key).then_with(|| numbers().find(|of| of.is_ne()).unwrap_or(Ordering::Equal))
    }
}

impl PartialOrd for Row {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Row {}

impl Picked {
    /// None yet; of x with so many columns at most so many of each class.
    pub fn new(by: By, columns: usize, most: usize) -> Self {
        let groups = match &by {
            By::Lot { classes } => classes + 2 * columns,
            By::Margin { delta } => delta.len() / (columns + 1),
        };
        let (groups, rows, sides) = (vec![BTreeSet::new(); groups], 0, [0; 4]);
        Self { by, columns, most, groups, rows, sides, spoilt: false }
    }

    /// A row: its numbers, and its class as one more.
    pub fn add(&mut self, numbers: &[f64]) {
        self.rows += 1;
        let (y, columns) = (numbers[self.columns] as usize, self.columns);
        match &self.by {
            By::Lot { classes } => {
                let classes = *classes;
                self.keep(y, lot(numbers), numbers);
                for (at, x) in numbers[..columns].iter().enumerate() {
                    self.keep(classes + 2 * at, *x, numbers);
                    self.keep(classes + 2 * at + 1, -x, numbers);
                }
            }
            By::Margin { delta } => {
                let (side, key) = side(delta, numbers);
                self.sides[side as usize] += 1;
                if side == Side::Wrong {
                    self.keep(y, key, numbers);
                }
            }
        }
    }

    fn keep(&mut self, group: usize, key: f64, numbers: &[f64]) {
        let of_class = match self.by {
            By::Lot { classes } => group < classes,
            By::Margin { .. } => true,
        };
        let most = if of_class { self.most } else { 1 };
        let Some(kept) = self.groups.get_mut(group) else { return self.spoil() };
        let full = kept.len() >= most;
        // Most rows come no farther than this.
        if full && kept.last().is_some_and(|last| key.total_cmp(&last.key).is_gt()) {
            return;
        }
        let is_new = kept.insert(Row { key, numbers: numbers.to_vec() });
        if full && is_new {
            kept.pop_last();
        }
    }

    /// A row that none can be made of.
    pub fn spoil(&mut self) {
        self.spoilt = true;
    }

    /// How many rows there were.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many rows stand on each side of δ.
    pub fn on(&self, side: Side) -> u64 {
        self.sides[side as usize]
    }

    /// The rows that were picked, each once.
    pub fn into_rows(self) -> Vec<Row> {
        let mut seen = BTreeSet::new();
        let bits = |numbers: &[f64]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
        let rows = self.groups.into_iter().flatten();
        rows.filter(|row| seen.insert(bits(&row.numbers))).collect()
    }

    /// What another machine has picked, as [`to_bytes`](Self::to_bytes) wrote it.
    ///
    /// # Errors
    /// Bytes of something else.
    pub fn merge(&mut self, bytes: &[u8]) -> Result<()> {
        let (words, rest) = bytes.as_chunks::<8>();
        let Some((head, rows)) = words.split_at_checked(6).filter(|_| rest.is_empty()) else {
            return Err(Error::Foreign);
        };
        let [all, spoilt, sides @ ..] = head else { return Err(Error::Foreign) };
        self.rows += u64::from_le_bytes(*all);
        self.spoilt |= u64::from_le_bytes(*spoilt) != 0;
        self.sides.iter_mut().zip(sides).for_each(|(to, more)| *to += u64::from_le_bytes(*more));
        let rows = rows.chunks_exact(self.columns + 3);
        if !rows.remainder().is_empty() {
            return Err(Error::Foreign);
        }
        for row in rows {
            let numbers: Vec<f64> = row.iter().map(|word| f64::from_le_bytes(*word)).collect();
            self.keep(numbers[0] as usize, numbers[1], &numbers[2..]);
        }
        Ok(())
    }

    /// What is sent: eight bytes a number of the rows picked.
    pub fn to_bytes(&self) -> Vec<u8> {
        let head = [self.rows, u64::from(self.spoilt)].into_iter().chain(self.sides).map(u64::to_le_bytes);
        let rows = self.groups.iter().enumerate().flat_map(|(group, rows)| {
            rows.iter().flat_map(move |row| [group as f64, row.key].into_iter().chain(row.numbers.iter().copied()))
        });
        head.chain(rows.map(f64::to_le_bytes)).flatten().collect()
    }

    /// Whether there was none that could not be used.
    pub fn is_whole(&self) -> bool {
        !self.spoilt
    }

    /// What it takes in memory.
    pub fn size(&self) -> usize {
        let rows: usize = self.groups.iter().map(BTreeSet::len).sum();
        size_of::<Self>() + rows * (size_of::<Row>() + (self.columns + 1) * size_of::<f64>())
    }
}

/// A number that depends on nothing but these, and as if drawn.
fn lot(numbers: &[f64]) -> f64 {
    let mixed = numbers.iter().fold(0xcbf2_9ce4_8422_2325_u64, |mixed, number| {
        let mixed = (mixed ^ number.to_bits()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ (mixed >> 29)
    });
    (mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 11) as f64
}

/// Where a row stands by its margins (δ_y − δ_c)·(x, 1), exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// One is negative: δ makes another class likelier than its own.
    Wrong,
    /// All are 0: δ does not move it.
    Level,
    /// Some are 0, and the others positive.
    Part,
    /// All are positive.
    Right,
}

/// The side, and the least margin relative to the size of its terms.
fn side(delta: &[f64], numbers: &[f64]) -> (Side, f64) {
    let Some((y, x)) = numbers.split_last() else { return (Side::Level, 0.0) };
    let (y, width) = (*y as usize, x.len() + 1);
    let of = |class: usize| &delta[class * width..][..width];
    let with_one = || x.iter().copied().chain([1.0]);
    let (own, mut least, mut zeros, mut positive) = (of(y), 0.0f64, 0, 0);
    for class in (0..delta.len() / width).filter(|class| *class != y) {
        let (mut sum, mut size) = (0.0, 0.0);
        for ((own, other), x) in own.iter().zip(of(class)).zip(with_one()) {
            sum += (own - other) * x;
            size += (own.abs() + other.abs()) * x.abs();
        }
        // Farther from 0 than rounding can have brought it.
        let sure = sum.abs() > 4.0 * (width + 2) as f64 * f64::EPSILON * size;
        let sign = if sure { sum.total_cmp(&0.0) } else { sign(own, of(class), with_one()) };
        match sign {
            Ordering::Less => least = least.min(-(sum.abs() / size).max(f64::MIN_POSITIVE)),
            Ordering::Equal => zeros += 1,
            Ordering::Greater => positive += 1,
        }
    }
    match (least < 0.0, zeros, positive) {
        (true, ..) => (Side::Wrong, least),
        (_, _, 0) => (Side::Level, 0.0),
        (_, 0, _) => (Side::Right, 0.0),
        _ => (Side::Part, 0.0),
    }
}

/// The sign of Σ (a − b) x without rounding: each product as two numbers, and all added without loss (Shewchuk 1997, Discrete &
/// Computational Geometry 18).
fn sign(a: &[f64], b: &[f64], x: impl Iterator<Item = f64>) -> Ordering {
    let mut parts: Vec<f64> = vec![];
    for ((a, b), x) in a.iter().zip(b).zip(x) {
        for factor in [*a, -b] {
            let near = factor * x;
            for mut term in [factor.mul_add(x, -near), near] {
                for part in &mut parts {
                    let sum = term + *part;
                    let of_part = sum - term;
                    (*part, term) = ((term - (sum - of_part)) + (*part - of_part), sum);
                }
                parts.push(term);
                parts.retain(|part| *part != 0.0);
            }
        }
    }
    // They do not overlap: the last one outweighs the others.
    parts.last().map_or(Ordering::Equal, |part| part.total_cmp(&0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_margin_is_judged_without_rounding() {
        // 0.1 + 0.2 − 0.3 is 2⁻⁵⁴ and more in the numbers as they stand; 1 + 2⁻⁵³ − 1 rounds to 0.
        let of = |slopes: [f64; 2], x: [f64; 2], y: f64| {
            let [a, b] = slopes;
            side(&[0.0, 0.0, -1.0, a, b, 0.0], &[x[0], x[1], y]).0
        };
        assert_eq!(of([1.0, 1.0], [2f64.powi(-60), 0.0], 1.0), Side::Right);
        assert_eq!(of([1.0, 1.0], [2f64.powi(-60), 0.0], 0.0), Side::Wrong);
        assert_eq!(of([1.0, -1.0], [3.3, 3.3], 0.0), Side::Wrong);
        let level = side(&[0.0, 0.0, 3.0, -9.9 / 3.3 * 0.0 - 3.0], &[1.0, 1.0]);
        assert_eq!(level, (Side::Level, 0.0));
        let tiny = side(&[0.0, 0.0, 1.0, -1.0], &[1.0 + f64::EPSILON, 1.0]);
        assert_eq!(tiny.0, Side::Right);
        let sum = [0.1, 0.2, -0.3].map(|of: f64| of);
        assert_eq!(sign(&sum, &[0.0; 3], [1.0; 3].into_iter()), Ordering::Greater);
        assert_eq!(sign(&[1e300, 1.0, -1e300], &[0.0; 3], [1.0; 3].into_iter()), Ordering::Greater);
    }

    #[test]
    fn what_is_picked_does_not_depend_on_the_order_or_the_parts() {
        let rows: Vec<[f64; 3]> =
            (0..5000).map(|at| [(at * 7919 % 5003) as f64, (at % 7) as f64, (at % 3 % 2) as f64]).collect();
        for by in [By::Lot { classes: 2 }, By::Margin { delta: vec![0.0, 0.0, 0.0, 0.01, -1.0, -7.0] }] {
            let new = || Picked::new(by.clone(), 2, 20);
            let (mut whole, mut parted) = (new(), new());
            rows.iter().for_each(|row| whole.add(row));
            for part in [&rows[4000..], &rows[..10], &rows[10..4000]] {
                let mut own = new();
                part.iter().rev().for_each(|row| own.add(row));
                parted.merge(&own.to_bytes()).unwrap();
            }
            assert_eq!(whole.to_bytes(), parted.to_bytes());
            assert!(whole.is_whole() && whole.rows() == 5000);
            let picked = whole.into_rows();
            assert!((40..=44).contains(&picked.len()), "{}", picked.len());
        }
        assert!(matches!(Picked::new(By::Lot { classes: 2 }, 2, 3).merge(&[0; 8]), Err(Error::Foreign)));
    }
}
