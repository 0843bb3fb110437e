//! The margins of a linear classifier: (δ_y − δ_c)·(x, 1) of every observation against every other class.

use std::sync::Arc;

use nalgebra::DMatrix;
use num_bigint::BigInt;

use super::certain::{Number, Twice};
use super::hull::dot;
use super::modular::{Space, inner, minus, residue};
use crate::batch::{Labelled, Numbers, host};
use crate::empirical::Empirical;
use crate::error::Result;
use crate::standardize::middle;

/// Row, and a class that is not its own.
pub(super) type Pair = (usize, usize);

/// Rows of a table and their classes. A direction δ has, for every class but class 0, which stays at zero, a slope for each
/// column and an intercept.
#[derive(Clone, Debug)]
pub(super) struct Margins {
    table: Arc<Rows>,
    /// Which rows of the table; none stands for all.
    part: Option<Vec<usize>>,
    pub classes: usize,
    pub y: Vec<usize>,
}

#[derive(Debug)]
struct Rows {
    /// x as it stands, its columns, and which of them are no combination of those before and 1: the others take no part.
    all: Numbers,
    of: usize,
    kept: Vec<usize>,
    columns: usize,
    count: Vec<f64>,
    /// (x − shift) / scale and 1, row by row: the shift a value of the column and the scale a power of two, so that each number
    /// is the true one to half a unit in its last place. Neither follows a value that lies far from the others.
    standard: Vec<f64>,
    shift: Vec<f64>,
    scale: Vec<f64>,
}

impl Margins {
    pub fn new(p: &Empirical<Labelled>, classes: usize) -> Result<Self> {
        p.batch().at_most(classes)?;
        let (all, of) = (Numbers::of(p.batch().x())?, p.batch().x().dim(1)?);
        let kept = all.with(|all| independent(all, of));
        let columns = kept.len();
        let y = host(p.batch().y())?.into_iter().map(|y| y as usize).collect();
        let middle = |all: &[f64], j: usize| of_two(middle(all.iter().skip(j).step_by(of).copied().collect()));
        let (shift, scale): (Vec<f64>, Vec<f64>) = all.with(|all| kept.iter().map(|j| middle(all, *j)).unzip());
        let mut standard = Vec::with_capacity(p.distinct() * (columns + 1));
        all.with(|all| {
            for row in 0..p.distinct() {
                let x = kept.iter().map(|j| all[row * of + j]);
                standard.extend(x.zip(&shift).zip(&scale).map(|((x, a), b)| (x - a) / b).chain([1.0]));
            }
        });
        let table = Rows { all, of, kept, columns, count: host(p.count())?, standard, shift, scale };
        Ok(Self { table: Arc::new(table), part: None, classes, y })
    }

    /// The columns that take no part.
    pub fn dependent(&self) -> Vec<usize> {
        (0..self.table.of).filter(|at| !self.table.kept.contains(at)).collect()
    }

    /// Rows of the same table with classes of their own.
    pub fn of(&self, part: Option<Vec<usize>>, classes: usize, y: Vec<usize>) -> Self {
        Self { table: self.table.clone(), part, classes, y }
    }

    /// Where a row stands in the table.
    pub fn place(&self, row: usize) -> usize {
        self.part.as_ref().map_or(row, |part| part[row])
    }

    /// How often a row was observed.
    pub fn count(&self, row: usize) -> f64 {
        self.table.count[self.place(row)]
    }

    pub fn width(&self) -> usize {
        self.table.columns + 1
    }

    /// Parameters: slopes and intercept for every class but class 0.
    pub fn parameters(&self) -> usize {
        (self.classes - 1) * self.width()
    }

    pub fn rows(&self) -> usize {
        self.y.len()
    }

    pub fn pairs(&self) -> usize {
        self.rows() * (self.classes - 1)
    }

    pub fn pair(&self, at: usize) -> Pair {
        let (row, c) = (at / (self.classes - 1), at % (self.classes - 1));
        (row, if c < self.y[row] { c } else { c + 1 })
    }

    /// (x, 1) of a row, in standard coordinates.
    pub fn x(&self, row: usize) -> &[f64] {
        &self.table.standard[self.place(row) * self.width()..][..self.width()]
    }

    /// A pair's margin as a function of δ, with these numbers as its (x, 1).
    pub fn spread<T: Copy>(&self, (row, c): Pair, x: &[T], zero: T, negative: impl Fn(T) -> T) -> Vec<T> {
        let mut all = vec![zero; self.parameters()];
        let width = self.width();
        if self.y[row] > 0 {
            all[(self.y[row] - 1) * width..][..width].copy_from_slice(x);
        }
        if c > 0 {
            all[(c - 1) * width..][..width].iter_mut().zip(x).for_each(|(to, x)| *to = negative(*x));
        }
        all
    }

    /// The same of whole numbers.
    pub fn spread_whole(&self, pair: Pair, x: &[BigInt]) -> Vec<BigInt> {
        // Places first, for whole numbers are no copies.
        let places: Vec<i64> = (1..=x.len() as i64).collect();
        let at = |place: i64| match place {
            0 => BigInt::ZERO,
            place if place < 0 => -&x[-place as usize - 1],
            place => x[place as usize - 1].clone(),
        };
        self.spread(pair, &places, 0, |place| -place).into_iter().map(at).collect()
    }

    /// (x, 1) of a row in standard coordinates, to the error of these numbers, times a power of two that makes it about 1 long.
    pub fn exactly<T: Number>(&self, row: usize) -> Vec<T> {
        let x = self.x(row);
        let length = x.iter().fold(0.0, |a: f64, x| a.max(x.abs())).log2().floor();
        let raw = self.raw(row).into_iter().zip(&self.table.shift).zip(&self.table.scale);
        let scaled =
            raw.map(|((x, shift), scale)| T::difference(x, *shift) * T::difference(exp2(-length) / scale, 0.0));
        scaled.chain([T::difference(exp2(-length), 0.0)]).collect()
    }

    /// The same of the numbers as they stand, modulo a prime.
    pub fn residues(&self, pair: Pair) -> Vec<u64> {
        self.spread(pair, &self.residue_of(pair.0), 0, |x| minus(0, x))
    }

    fn residue_of(&self, row: usize) -> Vec<u64> {
        self.raw(row).into_iter().map(residue).chain([1]).collect()
    }

    /// What the standard coordinates are: (x − shift) / scale of each column kept.
    pub fn standard(&self) -> (&[f64], &[f64]) {
        (&self.table.shift, &self.table.scale)
    }

    /// The columns kept of a row, as they stand.
    pub fn raw(&self, row: usize) -> Vec<f64> {
        let Rows { all, of, kept, .. } = &*self.table;
        all.with(|all| kept.iter().map(|j| all[self.place(row) * of + j]).collect())
    }

    /// Which classes' margins of a row lie in the space to which this is the normal; its own class does.
    pub fn inside(&self, row: usize, normal: &[u64]) -> Vec<bool> {
        let x = self.residue_of(row);
        let along = |class: usize| if class == 0 { 0 } else { inner(&normal[(class - 1) * x.len()..][..x.len()], &x) };
        let own = along(self.y[row]);
        (0..self.classes).map(|class| along(class) == own).collect()
    }

    /// Coordinates in which the rows, each of length 1, are spread alike in all directions, so that what is nearly a combination
    /// of other columns counts as much as they do: R, of which R⁻ᵀ (x, 1) is orthonormal over the rows. Once in doubles, and
    /// again for what rounding left of the first.
    pub fn whitening(&self) -> Whitening {
        let (width, most) = (self.width(), (2 * self.width()).max(1024));
        let stride = self.rows().div_ceil(most).max(1);
        let rows: Vec<usize> = (0..self.rows()).step_by(stride).collect();
        let triangle = |x: Vec<Vec<f64>>| {
            let mut sample = DMatrix::zeros(x.len() + width, width);
            for (i, x) in x.iter().enumerate() {
                let length = dot(x, x).sqrt();
                x.iter().enumerate().for_each(|(j, x)| sample[(i, j)] = x / length);
            }
            (0..width).for_each(|j| sample[(x.len() + j, j)] = 1e-18);
            sample.qr().r() / (x.len() as f64).sqrt()
        };
        let first = Whitening { by: vec![triangle(rows.iter().map(|row| self.x(*row).to_vec()).collect())] };
        let diagonal = first.by[0].diagonal().abs();
        if diagonal.min() >= 1e-4 * diagonal.max() {
            return first;
        }
        let again = triangle(rows.iter().map(|row| first.of(&self.exactly::<Twice>(*row))).collect());
        Whitening { by: [first.by, vec![again]].concat() }
    }

    /// A direction from standard coordinates to the units of x, for every class, scaled to a largest component of 1 in standard
    /// coordinates.
    pub fn own_units(&self, delta: &[f64]) -> Vec<Vec<f64>> {
        let largest = delta.iter().fold(0.0, |a: f64, d| a.max(d.abs()));
        // What rounding left of a 0 is one.
        let scaled = delta.iter().map(|d| d / largest).map(|d| if d.abs() < 1e-25 { 0.0 } else { d });
        self.unscaled(&scaled.collect::<Vec<_>>())
    }

    /// Every coefficient of a class in the units of x, as a function of its parameters in standard coordinates: the slopes of the
    /// columns kept, then the intercept.
    pub fn coefficients(&self) -> Vec<Vec<f64>> {
        let width = self.width();
        let slope = |j: usize| (0..width).map(|i| if i == j { 1.0 / self.table.scale[j] } else { 0.0 }).collect();
        let mut all: Vec<Vec<f64>> = (0..self.table.columns).map(slope).collect();
        let moved = self.table.shift.iter().zip(&self.table.scale).map(|(shift, scale)| -shift / scale);
        all.push(moved.chain([1.0]).collect());
        all
    }

    /// Where one of these stands among all columns and the intercept.
    pub fn place_of(&self, coefficient: usize) -> usize {
        self.table.kept.get(coefficient).copied().unwrap_or(self.table.of)
    }

    /// All columns of x, also those that take no part.
    pub fn columns_of_x(&self) -> usize {
        self.table.of
    }

    /// Coefficients from standard coordinates to the units of x, for every class; 0 for columns that take no part.
    pub fn unscaled(&self, theta: &[f64]) -> Vec<Vec<f64>> {
        let of_class = |class: &[f64]| {
            let (mut own, mut intercept) = (vec![0.0; self.table.of + 1], class[self.table.columns]);
            for (j, at) in self.table.kept.iter().enumerate() {
                own[*at] = class[j] / self.table.scale[j];
                intercept -= own[*at] * self.table.shift[j];
            }
            own[self.table.of] = intercept;
            own
        };
        std::iter::once(vec![0.0; self.table.of + 1]).chain(theta.chunks(self.width()).map(of_class)).collect()
    }

    /// A value modulo a prime for every coefficient: classes that have the same one for a column have a difference there that
    /// these margins determine.
    pub fn open(&self, zero: &[Pair]) -> Vec<Vec<u64>> {
        let width = self.table.of + 1;
        let mut space = Space::new((self.classes - 1) * width);
        for (row, c) in zero {
            let Rows { all, of, .. } = &*self.table;
            let x: Vec<u64> =
                all.with(|all| all[self.place(*row) * of..][..*of].iter().map(|x| residue(*x)).chain([1]).collect());
            let mut margin = vec![0; (self.classes - 1) * width];
            for (class, negative) in [(self.y[*row], false), (*c, true)] {
                if class > 0 {
                    let to = &mut margin[(class - 1) * width..][..width];
                    to.iter_mut().zip(&x).for_each(|(to, x)| *to = if negative { minus(0, *x) } else { *x });
                }
            }
            space.insert(margin);
        }
        let normal = space.normal();
        std::iter::once(vec![0; width]).chain(normal.chunks(width).map(<[u64]>::to_vec)).collect()
    }

    /// The space of all margins of these pairs, with which of them are independent.
    pub fn widen(&self, space: &mut Space, pairs: &[Pair]) -> Vec<Pair> {
        pairs.iter().copied().filter(|pair| space.insert(self.residues(*pair))).collect()
    }
}

/// Triangles R, applied one after the other.
pub(super) struct Whitening {
    by: Vec<DMatrix<f64>>,
}

impl Whitening {
    /// R⁻ᵀ x, by forward substitution in the numbers of x.
    pub fn of<T: Number>(&self, x: &[T]) -> Vec<f64> {
        let mut x = x.to_vec();
        for r in &self.by {
            for j in 0..x.len() {
                let before = (0..j).fold(x[j], |sum, i| sum - x[i] * T::difference(r[(i, j)], 0.0));
                x[j] = before / T::difference(r[(j, j)], 0.0);
            }
        }
        x.into_iter().map(T::nearest).collect()
    }

    /// A linear function of what it makes of x, as one of x.
    pub fn back(&self, function: &[f64]) -> Vec<Twice> {
        let mut function: Vec<Twice> = function.iter().map(|f| Twice::difference(*f, 0.0)).collect();
        for r in self.by.iter().rev() {
            for i in (0..function.len()).rev() {
                let after = (i + 1..function.len())
                    .fold(function[i], |sum, j| sum - function[j] * Twice::difference(r[(i, j)], 0.0));
                function[i] = after / Twice::difference(r[(i, i)], 0.0);
            }
        }
        function
    }

    /// Whether doubles suffice for it.
    pub fn plain(&self) -> bool {
        self.by.len() == 1
    }
}

/// 2^e, within the range of doubles.
fn exp2(e: f64) -> f64 {
    e.clamp(-1000.0, 1000.0).exp2()
}

/// With a power of two for the distance: an overflow or a denormal number is as good a unit as its neighbours.
fn of_two((center, usual): (f64, f64)) -> (f64, f64) {
    (center, usual.clamp(1e-290, 1e290).log2().floor().exp2())
}

/// Which columns are no combination of 1 and the columns before, in the numbers as they stand.
fn independent(x: &[f64], columns: usize) -> Vec<usize> {
    if columns == 0 {
        return vec![];
    }
    // With 1 first: the pivots of an echelon form are the columns that are no combination of those before.
    let mut space = Space::new(columns + 1);
    let mut normal = space.normal();
    for x in x.chunks(columns) {
        let row: Vec<u64> = std::iter::once(1).chain(x.iter().map(|x| residue(*x))).collect();
        if inner(&row, &normal) != 0 && space.insert(row) {
            if space.rank() == columns + 1 {
                break;
            }
            normal = space.normal();
        }
    }
    space.pivots().into_iter().filter(|at| *at > 0).map(|at| at - 1).collect()
}
