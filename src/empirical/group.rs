//! Which rows are equal, and how often each occurs.

use std::ops::Range;

use candle_core::DType;
use rayon::prelude::*;

use crate::batch::{Keys, slice};
use crate::distinct::{Distinct, fold};
use crate::error::Result;

/// The distinct rows among all, in order of first sight.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// Where each stands first.
    pub first: Vec<u32>,
    /// How often it was observed.
    pub count: Vec<f64>,
    /// For each of them the place of what is conditioned on, among all that differ in that.
    pub given: Vec<usize>,
}

impl Groups {
    /// Of rows and how often each was observed, once where that is not said; rows of count 0 are dropped.
    ///
    /// # Errors
    /// NaN or infinity in a row.
    pub fn of(Keys { given, outcome }: &Keys, counts: Option<&[f64]>) -> Result<Self> {
        let (rows, of) = (outcome.dim(0)?, outcome.dims().iter().skip(1).product());
        let classes = outcome.dtype() == DType::U32 && of == 1;
        let numbers = || outcome.to_dtype(DType::F64);
        match given {
            None if classes => slice(outcome, |y: &[u32]| group((), y, rows, counts))?,
            None => slice(&numbers()?, |y: &[f64]| group((), (y, of), rows, counts))?,
            Some(x) => slice(&x.to_dtype(DType::F64)?, |all: &[f64]| {
                let x = (all, x.dims().iter().skip(1).product());
                match (classes, x.1) {
                    (true, 1) => slice(outcome, |y: &[u32]| group(all, y, rows, counts))?,
                    (true, _) => slice(outcome, |y: &[u32]| group(x, y, rows, counts))?,
                    (false, _) => slice(&numbers()?, |y: &[f64]| group(x, (y, of), rows, counts))?,
                }
            })?,
        }
    }
}

/// Rows whose equality can be asked for.
trait Rows: Copy + Sync {
    /// What was hashed before and a row.
    fn hash(self, before: u64, row: usize) -> u64;
    /// What is hashed before another part of a row.
    #[inline(always)]
    fn seed(self, row: usize) -> u64 {
        self.hash(0, row)
    }
    fn alike(self, a: usize, b: usize) -> bool;
    /// The first number of a row that is not finite, and its column; the number of columns without one.
    fn not_finite(self, row: usize) -> std::result::Result<(usize, f64), usize>;
}

/// Nothing is conditioned on: all rows share it.
impl Rows for () {
    fn hash(self, before: u64, _: usize) -> u64 {
        fold(before, 0)
    }

    fn alike(self, _: usize, _: usize) -> bool {
        true
    }

    fn not_finite(self, _: usize) -> std::result::Result<(usize, f64), usize> {
        Err(0)
    }
}

/// Row by row, so many numbers in each.
impl Rows for (&[f64], usize) {
    #[inline]
    fn hash(self, before: u64, row: usize) -> u64 {
        // −0.0 is 0.0.
        self.0[row * self.1..][..self.1].iter().fold(before, |hash, value| fold(hash, (value + 0.0).to_bits()))
    }

    #[inline(always)]
    fn alike(self, a: usize, b: usize) -> bool {
        let of = |row: usize| &self.0[row * self.1..][..self.1];
        of(a).iter().zip(of(b)).all(|(a, b)| a == b)
    }

    fn not_finite(self, row: usize) -> std::result::Result<(usize, f64), usize> {
        let values = &self.0[row * self.1..][..self.1];
        values.iter().position(|value| !value.is_finite()).map(|at| (at, values[at])).ok_or(self.1)
    }
}

/// One number a row.
impl Rows for &[f64] {
    #[inline(always)]
    fn hash(self, before: u64, row: usize) -> u64 {
        fold(before, (self[row] + 0.0).to_bits())
    }

    #[inline(always)]
    fn alike(self, a: usize, b: usize) -> bool {
        self[a] == self[b]
    }

    fn not_finite(self, row: usize) -> std::result::Result<(usize, f64), usize> {
        if self[row].is_finite() { Err(1) } else { Ok((0, self[row])) }
    }
}

/// One class a row.
impl Rows for &[u32] {
    #[inline(always)]
    fn hash(self, before: u64, row: usize) -> u64 {
        fold(before, u64::from(self[row]))
    }

    /// Folded with what comes behind it.
    #[inline(always)]
    fn seed(self, row: usize) -> u64 {
        u64::from(self[row]).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[inline(always)]
    fn alike(self, a: usize, b: usize) -> bool {
        self[a] == self[b]
    }

    fn not_finite(self, _: usize) -> std::result::Result<(usize, f64), usize> {
        Err(1)
    }
}

/// So many rows are one part, whatever the number of threads.
const PART: usize = 1 << 17;
/// A part with one different row in so many, or fewer, is of a table whose rows repeat: its other parts are counted apart.
const REPEATS: usize = 16;

fn group<X: Rows, Y: Rows>(x: X, y: Y, rows: usize, counts: Option<&[f64]>) -> Result<Groups> {
    let mut all = Counting::new(x, y);
    let first = rows.min(PART);
    all.rows(0..first, counts)?;
    if REPEATS * all.groups.first.len() > first || !counts.is_none_or(sums_are_exact) {
        all.rows(first..rows, counts)?;
        return Ok(all.groups);
    }
    let parts = (first..rows).into_par_iter().step_by(PART).map(|from| {
        let mut part = Counting::new(x, y);
        part.rows(from..rows.min(from + PART), counts).map(|()| part.groups)
    });
    // In their order, errors too.
    for part in parts.collect::<Vec<_>>() {
        let part = part?;
        for (row, count) in part.first.into_iter().zip(part.count) {
            let row = row as usize;
            all.row(row, x.hash(y.seed(row), row), count)?;
        }
    }
    Ok(all.groups)
}

/// Whether counts have the same sum in any order: whole numbers, and so small that no sum of them reaches 2⁵³.
fn sums_are_exact(counts: &[f64]) -> bool {
    let whole = |count: &f64| f64::from((*count as u32).min(1 << 20)) == *count;
    counts.par_chunks(PART).all(|counts| counts.iter().fold(true, |all, count| all & whole(count)))
}

/// Of so few different rows those seen last are found in one look.
const FEW: usize = 1 << 9;

/// Rows as they are told apart.
struct Counting<X, Y> {
    x: X,
    y: Y,
    groups: Groups,
    all: Distinct,
    of_x: Distinct,
    first_of_x: Vec<usize>,
    /// A row and its place among those that differ, by a part of its hash.
    recent: [(u32, u32); 1 << 11],
}

/// The part of a hash by which a row is looked for among those seen last.
fn short(hash: u64) -> usize {
    (hash >> 53) as usize
}

impl<X: Rows, Y: Rows> Counting<X, Y> {
    fn new(x: X, y: Y) -> Self {
        let (groups, all, of_x) = (Groups::default(), Distinct::default(), Distinct::default());
        Self { x, y, groups, all, of_x, first_of_x: vec![], recent: [(0, u32::MAX); 1 << 11] }
    }

    fn rows(&mut self, rows: Range<usize>, counts: Option<&[f64]>) -> Result<()> {
        let count = |row: usize| counts.map_or(1.0, |counts| counts[row]);
        let (x, y, mut rest) = (self.x, self.y, rows);
        let hash = |row: usize| x.hash(y.seed(row), row);
        // Up to each row that is not found.
        while !rest.is_empty() {
            let (sums, first) = (self.groups.count.as_mut_slice(), self.groups.first.as_slice());
            let alike = |seen: u32, row: usize| y.alike(seen as usize, row) && x.alike(seen as usize, row);
            let missed = match sums.len() {
                0..=FEW => rest.find(|row| {
                    let (seen, place) = self.recent[short(hash(*row))];
                    match sums.get_mut(place as usize) {
                        Some(sum) if alike(seen, *row) => *sum += count(*row),
                        _ => return true,
                    }
                    false
                }),
                _ => rest.find(|row| {
                    let of = |place: usize| first.get(place).is_some_and(|first| alike(*first, *row));
                    match self.all.find(hash(*row), of).and_then(|place| sums.get_mut(place)) {
                        Some(sum) => *sum += count(*row),
                        None => return true,
                    }
                    false
                }),
            };
            if let Some(row) = missed {
                self.row(row, hash(row), count(row))?;
            }
        }
        Ok(())
    }

    fn row(&mut self, row: usize, hash: u64, count: f64) -> Result<()> {
        let (x, y, Groups { first, count: sums, .. }) = (self.x, self.y, &mut self.groups);
        if count == 0.0 {
            return self.finite(row);
        }
        let alike = |place: usize| {
            first.get(place).is_some_and(|first| y.alike(*first as usize, row) && x.alike(*first as usize, row))
        };
        let place = self.all.place(hash, alike);
        self.recent[short(hash)] = (row as u32, place as u32);
        match sums.get_mut(place) {
            Some(sum) => *sum += count,
            None => self.new_row(row, count)?,
        }
        Ok(())
    }

    #[cold]
    fn new_row(&mut self, row: usize, count: f64) -> Result<()> {
        // What is not finite is like nothing seen before.
        self.finite(row)?;
        let (x, known) = (self.x, &self.first_of_x);
        let place = self.of_x.place(x.hash(0, row), |place| x.alike(known[place], row));
        if place == known.len() {
            self.first_of_x.push(row);
        }
        self.groups.first.push(row as u32);
        self.groups.count.push(count);
        self.groups.given.push(place);
        Ok(())
    }

    fn finite(&self, row: usize) -> Result<()> {
        let of_y = |before: usize| self.y.not_finite(row).map(|(at, value)| (before + at, value));
        let Ok((column, value)) = self.x.not_finite(row).or_else(of_y) else { return Ok(()) };
        Err(candle_mle_info::Error::NotFinite { what: "the observations", row, column, value }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of a few kinds, enough for three parts, of which the last have kinds of their own.
    #[test]
    fn parts_are_counted_as_the_whole_is() {
        let rows = 2 * PART + 7;
        let late = |row: usize| if row > PART + 3 { 4 } else { 0 };
        let mut x: Vec<f64> = (0..rows).map(|row| (row * row % 11 + late(row)) as f64 - 5.0).collect();
        let y: Vec<u32> = (0..rows).map(|row| (row / 3 % 2) as u32).collect();
        let whole: Vec<f64> = (0..rows).map(|row| (row % 4) as f64).collect();
        let broken: Vec<f64> = whole.iter().map(|count| 0.1 * count).collect();
        for counts in [None, Some(&whole[..]), Some(&broken)] {
            let parts = group(&x[..], &y[..], rows, counts).unwrap();
            let mut all = Counting::new(&x[..], &y[..]);
            all.rows(0..rows, counts).unwrap();
            let bits = |groups: &Groups| groups.count.iter().map(|count| count.to_bits()).collect::<Vec<_>>();
            assert_eq!((&parts.first, &parts.given), (&all.groups.first, &all.groups.given));
            assert_eq!(bits(&parts), bits(&all.groups));
            assert!(parts.first.iter().any(|row| *row as usize > PART));
        }
        (x[PART + 5], x[2 * PART + 1]) = (f64::NAN, f64::INFINITY);
        let refused = group(&x[..], &y[..], rows, None).unwrap_err().to_string();
        assert!(refused.contains(&format!("{}", PART + 5)), "{refused}");
    }
}
