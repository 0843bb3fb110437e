//! Linear systems whose solutions are known with a bound on their errors, in doubles or in pairs of doubles.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// A number that is added, multiplied and divided with a known relative error.
pub(super) trait Number:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// Above the relative error of each operation.
    const ROUNDING: f64;

    /// a − b, to that error.
    fn difference(a: f64, b: f64) -> Self;

    fn nearest(self) -> f64;
}

impl Number for f64 {
    const ROUNDING: f64 = f64::EPSILON;

    fn difference(a: f64, b: f64) -> Self {
        a - b
    }

    fn nearest(self) -> f64 {
        self
    }
}

/// The unevaluated sum of a double and one below its last place: 106 bits (Dekker 1971; error bounds by Joldes, Muller and
/// Popescu 2017, ACM Transactions on Mathematical Software 44, all below 2⁻¹⁰⁰).
#[derive(Clone, Copy)]
pub(super) struct Twice(f64, f64);

impl Twice {
    fn sum(a: f64, b: f64) -> Self {
        let sum = a + b;
        let part = sum - a;
        Self(sum, (a - (sum - part)) + (b - part))
    }

    fn product(a: f64, b: f64) -> Self {
        let product = a * b;
        Self(product, a.mul_add(b, -product))
    }
}

impl Add for Twice {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let (high, low) = (Self::sum(self.0, other.0), Self::sum(self.1, other.1));
        let one = Self::sum(high.0, high.1 + low.0);
        Self::sum(one.0, one.1 + low.1)
    }
}

impl Neg for Twice {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0, -self.1)
    }
}

impl Sub for Twice {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Twice {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let product = Self::product(self.0, other.0);
        Self::sum(product.0, product.1 + (self.0 * other.1 + self.1 * other.0))
    }
}

impl Div for Twice {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        let near = self.0 / other.0;
        let rest = self - other * Self(near, 0.0);
        let more = rest.0 / other.0;
        let rest = rest - other * Self(more, 0.0);
        Self(near, 0.0) + Self(more, 0.0) + Self(rest.0 / other.0, 0.0)
    }
}

impl Number for Twice {
    const ROUNDING: f64 = 1.0 / (1u128 << 100) as f64;

    fn difference(a: f64, b: f64) -> Self {
        Self::sum(a, -b)
    }

    fn nearest(self) -> f64 {
        self.0
    }
}

fn zero<T: Number>() -> T {
    T::difference(0.0, 0.0)
}

pub(super) fn dot<T: Number>(a: &[T], b: &[T]) -> T {
    a.iter().zip(b).fold(zero(), |sum, (a, b)| sum + *a * *b)
}

/// Σ |a b|, a little above.
pub(super) fn size<T: Number>(a: &[T], b: &[T]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a.nearest() * b.nearest()).abs()).sum::<f64>() * (1.0 + 1e-9)
}

/// M with M A near the identity, for columns A of which as many coordinates as there are columns are taken, and how near for
/// certain (Rump 2010, Acta Numerica 19).
pub(super) struct Inverse<T> {
    /// The coordinates that were taken.
    pub at: Vec<usize>,
    /// Rows of M.
    pub rows: Vec<Vec<T>>,
    /// Rows of A at these coordinates.
    a: Vec<Vec<T>>,
    /// Bounds on the sums of the rows of |1 − M A|, and on those of its columns.
    off: [f64; 2],
}

impl<T: Number> Inverse<T> {
    /// None where A is singular as far as these numbers tell.
    pub fn new(columns: &[Vec<T>]) -> Option<Self> {
        let n = columns.len();
        let at = coordinates(columns)?;
        let a: Vec<Vec<T>> = at.iter().map(|i| columns.iter().map(|column| column[*i]).collect()).collect();
        let rows = inverse(&a)?;
        let mut off = [vec![0.0; n], vec![0.0; n]];
        for (i, row) in rows.iter().enumerate() {
            for j in 0..n {
                let of: Vec<T> = a.iter().map(|a| a[j]).collect();
                let apart = dot(row, &of) - T::difference(f64::from(u8::from(i == j)), 0.0);
                let apart = apart.nearest().abs() * (1.0 + 1e-9) + 2.0 * Self::rounding(n) * size(row, &of);
                off[0][i] += apart;
                off[1][j] += apart;
            }
        }
        let off =
            off.map(|sums| sums.into_iter().fold(0.0, |a: f64, sum| if sum > a || sum.is_nan() { sum } else { a }));
        off.iter().all(|off| *off < 0.5).then_some(Self { at, rows, a, off })
    }

    /// By how much rounding may move a sum of n products, relative to the sum of their sizes; with what it moved in the factors.
    pub fn rounding(n: usize) -> f64 {
        (n + 16) as f64 * T::ROUNDING
    }

    /// w with A w = −b for a b that is known to depend on the columns, and how far each may be from the truth.
    pub fn solve(&self, b: &[T]) -> (Vec<T>, Vec<f64>) {
        let b: Vec<T> = self.at.iter().map(|i| b[*i]).collect();
        let w: Vec<T> = self.rows.iter().map(|row| -dot(row, &b)).collect();
        let rest: Vec<T> = self.a.iter().zip(&b).map(|(a, b)| dot(a, &w) + *b).collect();
        let lost = |(a, b): (&Vec<T>, &T)| (size(a, &w) + b.nearest().abs()) * Self::rounding(w.len() + 1);
        let lost: Vec<f64> = self.a.iter().zip(&b).map(lost).collect();
        let near = self.rows.iter().map(|row| {
            let moved: f64 =
                row.iter().zip(&rest).zip(&lost).map(|((m, r), l)| m.nearest().abs() * (r.nearest().abs() + l)).sum();
            1.01 * moved
        });
        (w, widen(near.collect(), self.off[0]))
    }

    /// Takes from a vector what it has along the columns, at the coordinates taken; how far each of these may be from a vector
    /// that is orthogonal to them for certain.
    pub fn project(&self, vector: &mut [T], columns: &[Vec<T>]) -> Vec<(usize, f64)> {
        for _ in 0..2 {
            let along: Vec<T> = columns.iter().map(|column| dot(column, vector)).collect();
            for (j, i) in self.at.iter().enumerate() {
                let moved = self.rows.iter().zip(&along).fold(zero::<T>(), |sum, (row, along)| sum + row[j] * *along);
                vector[*i] = vector[*i] - moved;
            }
        }
        let left = columns.iter().map(|column| {
            dot(column, vector).nearest().abs() * 1.01 + size(column, vector) * Self::rounding(vector.len())
        });
        let left = widen(left.collect(), self.off[1]);
        let moved =
            |j: usize| self.rows.iter().zip(&left).map(|(row, left)| 1.01 * row[j].nearest().abs() * left).sum();
        self.at.iter().enumerate().map(|(j, i)| (*i, moved(j))).collect()
    }
}

/// Bounds for a system that is off the identity by so much.
fn widen(near: Vec<f64>, off: f64) -> Vec<f64> {
    let most = near.iter().copied().fold(0.0, f64::max) * off / (1.0 - off);
    near.into_iter().map(|near| near + most).collect()
}

/// As many coordinates as columns, at which these are independent, by elimination.
fn coordinates<T: Number>(columns: &[Vec<T>]) -> Option<Vec<usize>> {
    let mut left = columns.to_vec();
    let mut at = vec![];
    for j in 0..left.len() {
        let size = |i: &usize| left[j][*i].nearest().abs();
        let pivot = (0..left[j].len()).max_by(|a, b| size(a).total_cmp(&size(b)))?;
        let (done, rest) = left.split_at_mut(j + 1);
        let column = &done[j];
        if column[pivot].nearest() == 0.0 || !column[pivot].nearest().is_finite() {
            return None;
        }
        for other in rest {
            let factor = other[pivot] / column[pivot];
            other.iter_mut().zip(column).for_each(|(o, c)| *o = *o - factor * *c);
            other[pivot] = zero();
        }
        at.push(pivot);
    }
    Some(at)
}

/// Gauss and Jordan, with partial pivoting.
fn inverse<T: Number>(a: &[Vec<T>]) -> Option<Vec<Vec<T>>> {
    let n = a.len();
    let one = |i: usize| (0..n).map(move |j| T::difference(f64::from(u8::from(i == j)), 0.0));
    let mut rows: Vec<Vec<T>> =
        a.iter().enumerate().map(|(i, row)| row.iter().copied().chain(one(i)).collect()).collect();
    for j in 0..n {
        let pivot = (j..n).max_by(|a, b| rows[*a][j].nearest().abs().total_cmp(&rows[*b][j].nearest().abs()))?;
        rows.swap(j, pivot);
        let lead = rows[j][j];
        if lead.nearest() == 0.0 {
            return None;
        }
        rows[j].iter_mut().for_each(|x| *x = *x / lead);
        let row = rows[j].clone();
        for other in (0..n).filter(|i| *i != j) {
            let factor = rows[other][j];
            if factor.nearest() != 0.0 {
                rows[other].iter_mut().zip(&row).for_each(|(o, r)| *o = *o - factor * *r);
            }
        }
    }
    Some(rows.into_iter().map(|row| row[n..].to_vec()).collect())
}
