//! Which rows are equal, and how often each occurs.

use candle_core::DType;

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
                match classes {
                    true => slice(outcome, |y: &[u32]| group(x, y, rows, counts))?,
                    false => slice(&numbers()?, |y: &[f64]| group(x, (y, of), rows, counts))?,
                }
            })?,
        }
    }
}

/// Rows whose equality can be asked for.
trait Rows: Copy {
    /// What was hashed before and a row.
    fn hash(self, before: u64, row: usize) -> u64;
    fn alike(self, a: usize, b: usize) -> bool;
    /// The first number of a row that is not finite, and its column; the number of columns without one.
    fn not_finite(self, row: usize) -> std::result::Result<(usize, f64), usize>;
}

/// Nothing is conditioned on: all rows share it.
impl Rows for () {
    fn hash(self, before: u64, _: usize) -> u64 {
        before
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

/// One class a row.
impl Rows for &[u32] {
    #[inline]
    fn hash(self, before: u64, row: usize) -> u64 {
        fold(before, u64::from(self[row]))
    }

    #[inline]
    fn alike(self, a: usize, b: usize) -> bool {
        self[a] == self[b]
    }

    fn not_finite(self, _: usize) -> std::result::Result<(usize, f64), usize> {
        Err(1)
    }
}

fn group<X: Rows, Y: Rows>(x: X, y: Y, rows: usize, counts: Option<&[f64]>) -> Result<Groups> {
    let finite = |row: usize| {
        let found = x.not_finite(row).or_else(|before| y.not_finite(row).map(|(at, value)| (before + at, value)));
        let Ok((column, value)) = found else { return Ok(()) };
        Err(candle_mle_info::Error::NotFinite { what: "the observations", row, column, value })
    };
    let (mut all, mut of_x, mut first_of_x) = (Distinct::default(), Distinct::default(), vec![]);
    let Groups { mut first, count: mut sums, mut given } = Groups::default();
    for row in 0..rows {
        let count = counts.map_or(1.0, |counts| counts[row]);
        if count == 0.0 {
            finite(row)?;
            continue;
        }
        let hash_of_x = x.hash(0, row);
        let alike = |place: usize| y.alike(first[place] as usize, row) && x.alike(first[place] as usize, row);
        let place = all.place(y.hash(hash_of_x, row), alike);
        if let Some(sum) = sums.get_mut(place) {
            *sum += count;
            continue;
        }
        // What is not finite is like nothing seen before.
        finite(row)?;
        let place = of_x.place(hash_of_x, |place| x.alike(first_of_x[place], row));
        if place == first_of_x.len() {
            first_of_x.push(row);
        }
        first.push(row as u32);
        sums.push(count);
        given.push(place);
    }
    Ok(Groups { first, count: sums, given })
}
