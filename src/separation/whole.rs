//! The verdict in whole numbers, for tables that are small: what rounding hides from a search in doubles is decided here.

use num_bigint::{BigInt, Sign};

use super::certain::{Number, Twice};
use super::margins::{Margins, Pair};

/// How many numbers a table may have, and what a verdict may cost, in multiplications of machine words: a few seconds.
const MOST: usize = 2_000;
const WORK: u64 = 300_000_000;

/// The pairs whose margin every separating direction leaves at zero, and a direction in standard coordinates that meets all others;
/// none where it is too much work.
///
/// Of the cone of directions that no margin objects to, one margin after the other is raised as far as it goes: by the simplex method,
/// with Bland's rule (1977) against circles, on a table without fractions (Edmonds 1967, Bareiss 1968).
pub(super) fn decided(margins: &Margins) -> Option<(Vec<Pair>, Vec<Twice>)> {
    let parameters = margins.parameters();
    if margins.pairs() * parameters > MOST {
        return None;
    }
    let pairs: Vec<Pair> = (0..margins.pairs()).map(|at| margins.pair(at)).collect();
    let numbers = Whole::of(margins);
    let mut cone = Cone::new(pairs.iter().map(|pair| numbers.margin(margins, *pair)).collect(), parameters)?;
    let (mut met, mut zero, mut along) = (vec![false; pairs.len()], vec![], vec![BigInt::ZERO; parameters]);
    for at in 0..pairs.len() {
        if met[at] {
            continue;
        }
        match cone.raise(at)? {
            // Directions add up, each as long as it is.
            Raised::Along(column) => {
                let ray = |row: &Vec<BigInt>| row[column].clone();
                met.iter_mut().zip(&cone.rows).for_each(|(met, row)| *met |= ray(row).sign() == Sign::Plus);
                along.iter_mut().zip(&cone.rows[pairs.len()..]).for_each(|(sum, row)| *sum += ray(row));
            }
            Raised::Never => zero.push(pairs[at]),
        }
    }
    Some((zero, numbers.standard(&along)))
}

/// The columns as whole numbers, each times its own power of two.
struct Whole {
    columns: Vec<Vec<BigInt>>,
    /// By which power of two a slope in standard coordinates is that of the whole numbers.
    power: Vec<i64>,
    /// What stands at 0 in standard coordinates.
    shift: Vec<BigInt>,
}

impl Whole {
    fn of(margins: &Margins) -> Self {
        let (shifts, scales) = margins.standard();
        let (mut columns, mut power, mut shift) = (vec![], vec![], vec![]);
        let rows: Vec<Vec<f64>> = (0..margins.rows()).map(|row| margins.raw(row)).collect();
        for (j, (at, scale)) in shifts.iter().zip(scales).enumerate() {
            let of: Vec<f64> = rows.iter().map(|row| row[j]).collect();
            let least = of.iter().chain([at]).filter(|x| **x != 0.0).map(|x| parts(*x).1).min().unwrap_or(0);
            let whole =
                |x: &f64| if *x == 0.0 { BigInt::ZERO } else { BigInt::from(parts(*x).0) << (parts(*x).1 - least) };
            columns.push(of.iter().map(whole).collect());
            shift.push(whole(at));
            // The scale is a power of two.
            power.push(parts(*scale).1 - least);
        }
        Self { columns, power, shift }
    }

    fn margin(&self, margins: &Margins, pair: Pair) -> Vec<BigInt> {
        let x: Vec<BigInt> = self.columns.iter().map(|of| of[pair.0].clone()).chain([BigInt::from(1)]).collect();
        margins.spread_whole(pair, &x)
    }

    /// A direction in standard coordinates, of which the largest is about 1.
    fn standard(&self, direction: &[BigInt]) -> Vec<Twice> {
        let columns = self.columns.len();
        let of_class = |class: &[BigInt]| -> Vec<(BigInt, i64)> {
            let moved: BigInt = class.iter().zip(&self.shift).map(|(d, shift)| d * shift).sum();
            let slopes = class[..columns].iter().cloned().zip(self.power.iter().copied());
            slopes.chain([(&class[columns] + moved, 0)]).collect()
        };
        let all: Vec<(BigInt, i64)> = direction.chunks(columns + 1).flat_map(of_class).collect();
        let size = |(d, power): &(BigInt, i64)| (d.sign() != Sign::NoSign).then(|| d.bits() as i64 + power);
        let most = all.iter().filter_map(size).max().unwrap_or(0);
        all.into_iter().map(|(d, power)| twice(d, power - most)).collect()
    }
}

/// A double as a whole number and the power of two that it is times.
fn parts(x: f64) -> (i64, i64) {
    let bits = x.to_bits();
    let (exponent, fraction) = ((bits >> 52 & 0x7ff) as i64, (bits & ((1 << 52) - 1)) as i64);
    let (size, power) = if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
    let even = size.trailing_zeros().min(63);
    ((size >> even) * if x < 0.0 { -1 } else { 1 }, power + i64::from(even))
}

/// Times a power of two, to 106 bits.
fn twice(mut of: BigInt, power: i64) -> Twice {
    let mut next = || {
        let down = of.bits().saturating_sub(53);
        let head = &of >> down;
        of -= &head << down;
        // Of 53 bits, and so exact.
        let digits = head.magnitude().iter_u64_digits().next().unwrap_or(0) as f64;
        let sign = if head.sign() == Sign::Minus { -1.0 } else { 1.0 };
        let exponent = (down as i64 + power).clamp(-1100, 1000) as i32;
        sign * digits * 2f64.powi(exponent / 2) * 2f64.powi(exponent - exponent / 2)
    };
    let (high, low) = (next(), next());
    Twice::difference(high, -low)
}

enum Raised {
    /// Without end, along a column's variable.
    Along(usize),
    Never,
}

/// Margins ≥ 0, and behind them the parameters, as functions of as many variables as there are parameters: margins, too, which are ≥ 0.
struct Cone {
    /// Times `unit`.
    rows: Vec<Vec<BigInt>>,
    unit: BigInt,
    margins: usize,
    /// Which row each variable is; at first none.
    variables: Vec<Option<usize>>,
    work: u64,
}

impl Cone {
    fn new(mut rows: Vec<Vec<BigInt>>, parameters: usize) -> Option<Self> {
        let margins = rows.len();
        let unit = |at: usize| (0..parameters).map(|j| BigInt::from(u8::from(j == at))).collect();
        rows.extend((0..parameters).map(unit));
        let mut cone = Self { rows, unit: BigInt::from(1), margins, variables: vec![None; parameters], work: WORK };
        for column in 0..parameters {
            let free = |at: &usize| !cone.variables.contains(&Some(*at)) && cone.rows[*at][column] != BigInt::ZERO;
            let row = (0..margins).find(free)?;
            cone.exchange(row, column)?;
        }
        Some(cone)
    }

    /// Raises a margin from 0, if any direction does; none where the work is done.
    fn raise(&mut self, margin: usize) -> Option<Raised> {
        loop {
            let column = match self.variables.iter().position(|variable| *variable == Some(margin)) {
                Some(column) => column,
                None => {
                    let rising = (0..self.variables.len()).filter(|j| self.rows[margin][*j].sign() == Sign::Plus);
                    match rising.min_by_key(|column| self.variables[*column]) {
                        Some(column) => column,
                        None => return Some(Raised::Never),
                    }
                }
            };
            match (0..self.margins).find(|row| self.rows[*row][column].sign() == Sign::Minus) {
                Some(row) => self.exchange(row, column)?,
                None => return Some(Raised::Along(column)),
            }
        }
    }

    /// A row becomes the variable of a column.
    fn exchange(&mut self, row: usize, column: usize) -> Option<()> {
        let pivot = self.rows[row].clone();
        let words = pivot[column].bits() / 64 + 1;
        self.work = self.work.checked_sub((self.rows.len() * pivot.len()) as u64 * (words * words + 32))?;
        for (_, other) in self.rows.iter_mut().enumerate().filter(|(at, _)| *at != row) {
            let along = other[column].clone();
            for (j, x) in other.iter_mut().enumerate().filter(|(j, _)| *j != column) {
                *x = (&*x * &pivot[column] - &along * &pivot[j]) / &self.unit;
            }
        }
        self.unit = pivot[column].clone();
        self.rows[row]
            .iter_mut()
            .enumerate()
            .for_each(|(j, x)| *x = if j == column { self.unit.clone() } else { BigInt::ZERO });
        if self.unit.sign() == Sign::Minus {
            self.unit = -&self.unit;
            self.rows.iter_mut().flatten().for_each(|x| *x = -&*x);
        }
        self.variables[column] = Some(row);
        Some(())
    }
}
