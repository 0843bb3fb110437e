//! A probability table over one or more discrete variables: how it is made, taken apart and mapped.

use rand::Rng;

use crate::error::{Error, Result};
use crate::sum::Sum;

/// A joint probability mass function p(x_0, …, x_{n-1}) of discrete variables.
///
/// Variables are axes, numbered from 0; the levels of a variable are numbered from 0 as well. `shape` holds the number
/// of levels of each, and the probabilities lie row-major: the last variable runs fastest. Sets of variables are
/// slices of axes; an axis out of range, or named twice in one set, is an error everywhere.
///
/// Every measure comes as [`Information`](crate::Information), summed over the support only: 0 log 0 = 0 exactly.
/// A divergence is a sum of terms none of which is below 0, and keeps all of its digits however small it is; an entropy is
/// at most log2 of the number of cells, however many. A table whose sum misses 1 by δ (at most
/// [`Pmf::SUM_TOLERANCE`]) has the measures of the one that sums to 1, to first order in δ.
///
/// The table of lecture row L16, whose values are dyadic and come out exactly:
///
/// ```
/// use candle_mle_info::{Error, Pmf};
/// let p = Pmf::from_counts([4, 4], [4., 2., 1., 1., 2., 4., 1., 1., 2., 2., 2., 2., 8., 0., 0., 0.])?;
/// let (x, y) = (&[0], &[1]);
/// assert_eq!(p.entropy_of(x)?.bits(), 2.0);
/// assert_eq!(p.entropy_of(y)?.bits(), 7.0 / 4.0);
/// assert_eq!(p.entropy().bits(), 27.0 / 8.0);
/// assert_eq!(p.mutual_information(x, y)?.bits(), 3.0 / 8.0);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Pmf {
    pub(super) shape: Vec<usize>,
    pub(super) p: Vec<f64>,
}

impl Pmf {
    /// How far from 1 the probabilities given to [`Pmf::new`] may sum. They are never normalised silently.
    pub const SUM_TOLERANCE: f64 = 1e-9;

    /// The most cells a table may have, 2²⁴: a product or an extension typed in haste is an error, not a full memory.
    pub const MAX_CELLS: usize = 1 << 24;

    /// The table of these probabilities, row-major.
    ///
    /// # Errors
    /// A cell that is negative or not finite, a sum that is not 1, a number of values that does not fill the shape.
    ///
    /// ```
    /// # use candle_mle_info::Pmf;
    /// let refused = Pmf::new([2, 2], [0.5, 0.5, 0.2, -0.2]).unwrap_err();
    /// assert_eq!(refused.to_string(), "cell [1, 1] holds -0.2: a probability is a number between 0 and 1");
    /// ```
    pub fn new(shape: impl Into<Vec<usize>>, values: impl Into<Vec<f64>>) -> Result<Self> {
        let (shape, p) = (shape.into(), values.into());
        check_probabilities(&shape, &p)?;
        let sum = p.iter().copied().collect::<Sum>().value();
        if (sum - 1.0).abs() > Self::SUM_TOLERANCE {
            return Err(Error::NotNormalized { sum });
        }
        Ok(Self { shape, p })
    }

    /// The table of relative frequencies: counts, or any non-negative weights, divided by their total.
    ///
    /// # Errors
    /// A cell that is negative or not finite, no cell above 0, a number of counts that does not fill the shape.
    pub fn from_counts(shape: impl Into<Vec<usize>>, counts: impl Into<Vec<f64>>) -> Result<Self> {
        let (shape, mut p) = (shape.into(), counts.into());
        check_length(&shape, p.len())?;
        if let Some(i) = p.iter().position(|c| !c.is_finite() || *c < 0.0) {
            return Err(Error::NotACount { cell: cell_at(&shape, i), value: p[i] });
        }
        let sum = |p: &[f64]| p.iter().copied().collect::<Sum>().value();
        let mut total = sum(&p);
        if total.is_infinite() {
            // Weights near the end of the f64 range: smaller by 2⁻⁶⁴ exactly, and 2²⁴ of them have a finite sum.
            p.iter_mut().for_each(|c| *c *= 2f64.powi(-64));
            total = sum(&p);
        }
        if total == 0.0 {
            return Err(Error::Empty { what: "the table of counts".into(), needed: "count above 0" });
        }
        p.iter_mut().for_each(|c| *c /= total);
        Ok(Self { shape, p })
    }

    /// The empirical law of a sample: each row holds the level of every variable.
    ///
    /// # Errors
    /// No rows; a row that is no cell of the table.
    ///
    /// ```
    /// # use candle_mle_info::{Error, Pmf};
    /// let p = Pmf::from_samples([2, 3], [[0, 2], [0, 2], [1, 0], [0, 1]])?;
    /// assert_eq!(p.probability(&[0, 2])?, 0.5);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn from_samples<R: AsRef<[usize]>>(
        shape: impl Into<Vec<usize>>,
        rows: impl IntoIterator<Item = R>,
    ) -> Result<Self> {
        let shape = shape.into();
        let mut counts = vec![0.0; cell_count(&shape)?];
        let mut n = 0;
        for row in rows {
            let sample = row.as_ref();
            let Some(i) = position(&shape, sample) else {
                return Err(Error::BadSample { row: n, sample: sample.to_vec(), shape });
            };
            counts[i] += 1.0;
            n += 1;
        }
        if n == 0 {
            return Err(Error::Empty { what: "the sample".into(), needed: "row" });
        }
        Self::from_counts(shape, counts)
    }

    /// One variable with `levels` equally likely levels: the largest entropy on that alphabet, log2 `levels` bits (P1).
    pub fn uniform(levels: usize) -> Result<Self> {
        Self::from_counts([levels], vec![1.0; cell_count(&[levels])?])
    }

    /// One binary variable that is 1 with probability `p`.
    pub fn bernoulli(p: f64) -> Result<Self> {
        if !(0.0..=1.0).contains(&p) {
            return Err(Error::NotAProbability { cell: vec![1], value: p });
        }
        Ok(Self { shape: vec![2], p: vec![1.0 - p, p] })
    }

    /// The joint law p(x) q(y) of independent variables: those of `self` first, then those of `other`.
    pub fn product(&self, other: &Self) -> Result<Self> {
        let shape = [&self.shape[..], &other.shape].concat();
        cell_count(&shape)?;
        let p = self.p.iter().flat_map(|p| other.p.iter().map(move |q| p * q)).collect();
        Ok(Self { shape, p })
    }

    /// The `n`-th extension of the source: the law of a block of `n` independent draws from this table.
    ///
    /// # Errors
    /// More than [`Pmf::MAX_CELLS`] cells. Two cells have room for n = 24, and no table is extended further.
    pub fn extension(&self, n: usize) -> Result<Self> {
        let limit = Self::MAX_CELLS.ilog2() as usize;
        if n > limit {
            return Err(Error::TooManyCopies { copies: n, limit });
        }
        let nothing = Self { shape: vec![], p: vec![1.0] };
        (0..n).try_fold(nothing, |block, _| block.product(self))
    }

    /// Σ w_i p_i: first draw which part i, by `weights`, then a cell from that part.
    pub fn mixture(weights: &Self, parts: &[&Self]) -> Result<Self> {
        let first = parts.first().ok_or(Error::Empty { what: "the mixture".into(), needed: "part" })?;
        if weights.shape != [parts.len()] {
            return Err(Error::ShapeMismatch { left: weights.shape.clone(), right: vec![parts.len()] });
        }
        let mut p = vec![0.0; first.p.len()];
        for (w, part) in weights.p.iter().zip(parts) {
            first.same_alphabet(part)?;
            p.iter_mut().zip(&part.p).for_each(|(sum, p)| *sum += w * p);
        }
        Ok(Self { shape: first.shape.clone(), p })
    }

    /// The number of levels of every variable.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The probabilities, row-major.
    pub fn values(&self) -> &[f64] {
        &self.p
    }

    /// The probability of one cell, given by the level of every variable.
    pub fn probability(&self, cell: &[usize]) -> Result<f64> {
        Ok(self.p[self.position(cell)?])
    }

    /// Every cell with its probability, row-major.
    pub fn cells(&self) -> impl Iterator<Item = (Vec<usize>, f64)> {
        self.p.iter().enumerate().map(|(i, &p)| (cell_at(&self.shape, i), p))
    }

    /// The law of the variables `axes`, in that order: the others are summed out. `[1, 0]` transposes a table of two;
    /// of no variables at all there is one event, and it is sure.
    pub fn marginal(&self, axes: &[usize]) -> Result<Self> {
        let (shape, to) = self.projection(axes)?;
        if axes.is_empty() {
            return Ok(Self { shape, p: vec![1.0] });
        }
        Ok(Self { shape, p: self.sums(&to).into_iter().map(Sum::value).collect() })
    }

    /// The probabilities of all cells that fall `to` each cell of a marginal.
    pub(super) fn sums(&self, to: &[usize]) -> Vec<Sum> {
        let cells = to.iter().max().map_or(0, |last| last + 1);
        let mut sums = vec![Sum::default(); cells];
        to.iter().zip(&self.p).for_each(|(&i, p)| sums[i].add(*p));
        sums
    }

    /// Σ p, which may miss 1 by a rounding, or what was given.
    pub(super) fn mass(&self) -> Sum {
        self.p.iter().copied().collect()
    }

    /// The law of the other variables, in their order, given that each `(variable, level)` of `event` holds.
    ///
    /// # Errors
    /// An event of probability 0, besides axes and levels that do not exist.
    ///
    /// ```
    /// # use candle_mle_info::{Error, Pmf};
    /// let p = Pmf::new([2, 2], [0.25, 0.25, 0.5, 0.0])?;
    /// assert_eq!(p.condition(&[(1, 0)])?, Pmf::from_counts([2], [1., 2.])?);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn condition(&self, event: &[(usize, usize)]) -> Result<Self> {
        let (axes, levels): (Vec<usize>, Vec<usize>) = event.iter().copied().unzip();
        let (shape, given) = self.projection(&axes)?;
        let at = position(&shape, &levels).ok_or(Error::NoSuchCell { cell: levels, shape })?;
        let rest: Vec<usize> = (0..self.shape.len()).filter(|axis| !axes.contains(axis)).collect();
        let (shape, to) = self.projection(&rest)?;
        let mut p = vec![0.0; shape.iter().product()];
        for i in (0..self.p.len()).filter(|&i| given[i] == at) {
            p[to[i]] = self.p[i];
        }
        let mass = p.iter().copied().collect::<Sum>().value();
        if mass == 0.0 {
            return Err(Error::ImpossibleEvent { event: event.to_vec() });
        }
        p.iter_mut().for_each(|p| *p /= mass);
        Ok(Self { shape, p })
    }

    /// The law of a function of the variables (the pushforward): `f` takes the cell of this table to a cell of a table
    /// of the given shape. Bijections relabel, other functions coarsen.
    ///
    /// ```
    /// # use candle_mle_info::{Error, Pmf};
    /// let die = Pmf::uniform(6)?;
    /// let sum = die.product(&die)?.map([11], |faces| [faces[0] + faces[1]])?;
    /// assert!((sum.probability(&[5])? - 6.0 / 36.0).abs() < 1e-15);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn map<C: AsRef<[usize]>>(&self, shape: impl Into<Vec<usize>>, f: impl Fn(&[usize]) -> C) -> Result<Self> {
        let shape = shape.into();
        let mut image = Self { p: vec![0.0; cell_count(&shape)?], shape };
        for (cell, p) in self.cells() {
            let i = image.position(f(&cell).as_ref())?;
            image.p[i] += p;
        }
        Ok(image)
    }

    /// Independent draws, each the level of every variable: what [`from_samples`](Self::from_samples) counts. Cells of
    /// probability 0 are never drawn.
    ///
    /// ```
    /// # use candle_mle_info::{Error, Pmf};
    /// use rand::SeedableRng;
    /// let p = Pmf::new([3], [0.5, 0.0, 0.5])?;
    /// let drawn = p.sample(1000, &mut rand_chacha::ChaCha8Rng::seed_from_u64(1));
    /// assert!((Pmf::from_samples([3], drawn)?.entropy().bits() - 1.0).abs() < 0.01);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Vec<Vec<usize>> {
        let mut sum = 0.0;
        let support = self.p.iter().enumerate().filter(|(_, p)| **p > 0.0);
        let (cells, upto): (Vec<usize>, Vec<f64>) = support
            .map(|(i, p)| {
                sum += p;
                (i, sum)
            })
            .unzip();
        // The last cell takes what rounding may leave above it.
        let draw = |u: f64| cells[upto.partition_point(|upto| *upto <= u * sum).min(cells.len() - 1)];
        (0..n).map(|_| cell_at(&self.shape, draw(rng.random()))).collect()
    }

    /// E f, the mean of a function of the cell (lecture row P3). Cells of probability 0 are not visited, so `f` may be
    /// infinite or NaN there.
    pub fn expectation(&self, f: impl Fn(&[usize]) -> f64) -> f64 {
        self.expected(0.0, |i| f(&cell_at(&self.shape, i)))
    }

    /// The correlation of two functions of a cell; NaN where one of them is constant.
    ///
    /// ```
    /// use candle_mle_info::Pmf;
    /// let p = Pmf::new([2, 2], [0.4, 0.1, 0.1, 0.4])?;
    /// let rho = p.correlation(|cell| cell[0] as f64, |cell| cell[1] as f64);
    /// assert!((rho - 0.6).abs() < 1e-14);
    /// # Ok::<(), candle_mle_info::Error>(())
    /// ```
    pub fn correlation(&self, x: impl Fn(&[usize]) -> f64, y: impl Fn(&[usize]) -> f64) -> f64 {
        let mean = [self.expectation(&x), self.expectation(&y)];
        let moment = |of: &dyn Fn(f64, f64) -> f64| self.expectation(|cell| of(x(cell) - mean[0], y(cell) - mean[1]));
        moment(&|x, y| x * y) / (moment(&|x, _| x * x) * moment(&|_, y| y * y)).sqrt()
    }

    /// `more` + Σ p(i) f(i) / Σ p(i) over the support, i counting cells.
    pub(super) fn expected(&self, more: f64, f: impl Fn(usize) -> f64) -> f64 {
        let (mut sum, mut mass) = (Sum::default(), Sum::default());
        for (i, &p) in self.p.iter().enumerate().filter(|(_, p)| **p > 0.0) {
            sum.add_product(p, f(i));
            mass.add(p);
        }
        let raw = sum.value();
        if raw.is_finite() {
            sum.add(-raw * mass.above_one());
            sum.add(more);
        }
        sum.value()
    }

    /// The shape of the marginal on `axes`, and where in it each cell of this table falls.
    pub(super) fn projection(&self, axes: &[usize]) -> Result<(Vec<usize>, Vec<usize>)> {
        self.check_set(axes)?;
        let mut to = vec![0; self.p.len()];
        for &axis in axes {
            let levels = self.shape[axis];
            let stride: usize = self.shape[axis + 1..].iter().product();
            to.iter_mut().enumerate().for_each(|(i, to)| *to = *to * levels + i / stride % levels);
        }
        Ok((axes.iter().map(|&axis| self.shape[axis]).collect(), to))
    }

    /// Whether these are variables of the table, each named once.
    pub(super) fn check_set(&self, axes: &[usize]) -> Result<()> {
        let variables = self.shape.len();
        for (k, &axis) in axes.iter().enumerate() {
            if axis >= variables {
                return Err(Error::AxisOutOfRange { axis, variables });
            }
            if axes[..k].contains(&axis) {
                return Err(Error::AxisTwice { axis });
            }
        }
        Ok(())
    }

    pub(super) fn position(&self, cell: &[usize]) -> Result<usize> {
        position(&self.shape, cell).ok_or_else(|| Error::NoSuchCell { cell: cell.to_vec(), shape: self.shape.clone() })
    }

    pub(super) fn same_alphabet(&self, other: &Self) -> Result<()> {
        if self.shape != other.shape {
            return Err(Error::ShapeMismatch { left: self.shape.clone(), right: other.shape.clone() });
        }
        Ok(())
    }
}

/// The number of cells of a table of this shape, if there can be one.
pub(super) fn cell_count(shape: &[usize]) -> Result<usize> {
    if let Some(axis) = shape.iter().position(|&levels| levels == 0) {
        return Err(Error::NoLevels { axis });
    }
    let cells = shape.iter().try_fold(1usize, |cells, &levels| cells.checked_mul(levels));
    cells
        .filter(|&cells| cells <= Pmf::MAX_CELLS)
        .ok_or_else(|| Error::TooManyCells { shape: shape.to_vec(), limit: Pmf::MAX_CELLS })
}

fn check_length(shape: &[usize], found: usize) -> Result<()> {
    let expected = cell_count(shape)?;
    if found != expected {
        return Err(Error::WrongLength { shape: shape.to_vec(), expected, found });
    }
    Ok(())
}

/// Whether the values fill the shape and each is finite and at least 0.
pub(super) fn check_probabilities(shape: &[usize], p: &[f64]) -> Result<()> {
    check_length(shape, p.len())?;
    match p.iter().position(|p| !p.is_finite() || *p < 0.0) {
        Some(i) => Err(Error::NotAProbability { cell: cell_at(shape, i), value: p[i] }),
        None => Ok(()),
    }
}

/// The levels of every variable at the i-th cell in row-major order.
pub(super) fn cell_at(shape: &[usize], mut i: usize) -> Vec<usize> {
    let mut cell = vec![0; shape.len()];
    for (level, levels) in cell.iter_mut().zip(shape).rev() {
        *level = i % levels;
        i /= levels;
    }
    cell
}

/// The inverse of [`cell_at`]; none for a cell that the table does not have.
pub(super) fn position(shape: &[usize], cell: &[usize]) -> Option<usize> {
    let exists = cell.len() == shape.len() && cell.iter().zip(shape).all(|(level, levels)| level < levels);
    exists.then(|| cell.iter().zip(shape).fold(0, |i, (level, levels)| i * levels + level))
}
