//! Does the likelihood of a classifier have a maximum? Decided before any descent, for the numbers as they stand.

mod certain;
mod counts;
mod groups;
mod hull;
mod limit;
mod margins;
mod modular;
#[cfg(test)]
mod tests;
mod whole;

pub use counts::of_counts;

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, OnceLock};

use candle_core::Tensor;
use candle_mle_info::Information;

use crate::batch::{Labelled, host};
use crate::empirical::Empirical;
use crate::error::{Error, Result};
use certain::{Inverse, Number, Twice, size};
use groups::Groups;
use hull::{Budget, Hull, dot, hull};
use limit::Limit;
use margins::{Margins, Pair, Whitening};
use modular::Space;

/// Data that a linear classifier can tell apart too well: along a direction of parameter space the likelihood grows
/// for ever, so no finite maximum exists (Albert and Anderson 1984, Biometrika 71: complete or quasi-complete separation).
#[derive(Clone, Debug)]
pub struct Separation {
    /// What −Σ ln q falls towards and never reaches, over all n observations.
    pub infimum: Information,
    /// How the coefficients run off: for every class against class 0 the slopes, then the intercept, per unit of x.
    /// Scaled to a largest component of 1 where x is measured in its standard deviations.
    pub direction: Vec<Vec<f64>>,
    /// Whether every observation is told apart in the limit, so that the infimum is 0.
    pub complete: bool,
    /// Coefficients that are the limits of those that have one, and for each whether it has: zero modulo a prime.
    pub(crate) limit: Vec<Vec<f64>>,
    open: Vec<Vec<u64>>,
    /// Which classes a row may still have in the limit, by row and class, and how many directions these rows determine.
    pub(crate) left: Vec<bool>,
    pub(crate) rank: usize,
    /// Which way all separating directions move a coefficient against class 0, if they agree; not asked before it is needed.
    signs: OnceLock<Vec<Vec<Option<f64>>>>,
    unasked: Option<Arc<Unasked>>,
}

/// What the signs are found from.
struct Unasked {
    margins: Margins,
    groups: Vec<usize>,
    space: Space,
    zero: Vec<Pair>,
    direction: Vec<Twice>,
    part: Vec<Pair>,
}

impl fmt::Debug for Unasked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unasked").finish_non_exhaustive()
    }
}

impl Unasked {
    fn signs(&self) -> Vec<Vec<Option<f64>>> {
        let (space, zero) = (self.space.clone(), self.zero.clone());
        let search = Search { space, zero, ..Search::new(&self.margins, Budget(WORK / 10)) };
        let of_groups = search.signs(&self.direction, self.part.clone());
        self.groups.iter().map(|group| of_groups[*group].clone()).collect()
    }
}

impl Separation {
    /// Where the coefficients of every class against the class `base` go as the likelihood rises along the direction: slopes,
    /// then the intercept, per unit of x. Those that what is not told apart still determines have finite limits, the estimates of
    /// the likelihood's limit (Geyer 2009). Of the others those run off to ±∞ that no separating direction moves the other way;
    /// the rest are NaN, and open: one direction raises them, another lowers them or leaves them alone. Which is which is looked
    /// into against class 0, in tables of up to 20,000 rows times classes and 64 parameters.
    ///
    /// ```
    /// use candle_core::{Device, Tensor};
    /// use candle_mle::{Empirical, Labelled, separation};
    /// // Of x = 0 one in four; of x = 1 all.
    /// let x = Tensor::new(&[[0.0], [0.0], [1.0]], &Device::Cpu)?;
    /// let batch = Labelled::new(x, Tensor::new(&[0u32, 1, 1], &Device::Cpu)?)?;
    /// let apart = separation(&Empirical::from_counts(batch, &[3.0, 1.0, 5.0])?, 2)?.unwrap();
    /// let [slope, intercept] = apart.limits(0)[1][..] else { unreachable!() };
    /// assert!(slope == f64::INFINITY && (intercept - (1f64 / 3.0).ln()).abs() < 1e-9);
    /// # Ok::<(), candle_mle::Error>(())
    /// ```
    ///
    /// Nothing for a base that is no class.
    pub fn limits(&self, base: usize) -> Vec<Vec<f64>> {
        if base >= self.limit.len() {
            return vec![];
        }
        let signs = self.signs.get_or_init(|| self.unasked.as_ref().map_or_else(Vec::new, |unasked| unasked.signs()));
        let of = |class: usize, j: usize| {
            // Against class 0, whose own signs are none.
            let sign = match (class, base) {
                (_, 0) => signs[class][j],
                (0, _) => signs[base][j].map(|sign| -sign),
                _ => None,
            };
            match (self.open[class][j] == self.open[base][j], sign) {
                (true, _) => self.limit[class][j] - self.limit[base][j],
                (false, Some(sign)) => sign * f64::INFINITY,
                (false, None) => f64::NAN,
            }
        };
        (0..self.limit.len()).map(|class| (0..self.limit[class].len()).map(|j| of(class, j)).collect()).collect()
    }

    /// The same separation of a larger table, of which this one's rows were enough to find it: with what the likelihood of all falls
    /// towards, and the coefficients of every class, slopes and then the intercept, that what is not told apart there determines.
    ///
    /// # Errors
    /// Coefficients of other classes or columns.
    pub fn with_limit(self, infimum: Information, limit: Vec<Vec<f64>>) -> Result<Self> {
        let shape = |of: &[Vec<f64>]| of.iter().map(Vec::len).collect::<Vec<_>>();
        if shape(&limit) != shape(&self.limit) {
            return Err(Error::Other(
                format!("limits of {:?} and of {:?} classes", shape(&limit), shape(&self.limit)).into(),
            ));
        }
        Ok(Self { infimum, limit, ..self })
    }

    /// Whether what is not told apart determines all coefficients of one class against another: whether these have finite limits.
    pub fn determines(&self, class: usize, base: usize) -> bool {
        matches!((self.open.get(class), self.open.get(base)), (Some(class), Some(base)) if class == base)
    }
}

/// Looks for a separation in classes 0 … k−1; `None` if the likelihood has a finite maximum.
///
/// A direction δ separates if (δ_y − δ_c)·(x, 1) ≥ 0 for every observation and class c ≠ y, and > 0 for some. By the theorem of
/// Gordan either some δ meets all these margins strictly, or some of them balance: with positive weights they sum to zero, every
/// δ is zero on them and on all that depends on them, and the question is asked again of the rest. The point of the margins'
/// convex hull that is nearest to zero tells which (Wolfe 1976), in floating point and for a part of a large table; its answer is
/// believed only once it is certain for all rows and for the numbers as they stand, by bounds on the rounding errors and, where
/// a margin must be zero, by arithmetic modulo a prime. No tolerance takes part, so that neither units nor a value far from the
/// others decide. What doubles cannot tell of a small table is decided in whole numbers, by the simplex method.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::{Empirical, Labelled, separation};
/// let x = Tensor::new(&[[1.0], [2.0], [3.0], [4.0]], &Device::Cpu)?;
/// let seen = |y: [u32; 4]| Empirical::from_sample(Labelled::new(x.clone(), Tensor::new(&y, &Device::Cpu)?)?);
/// assert!(separation(&seen([0, 1, 0, 1])?, 2)?.is_none());
/// // A line between 2 and 3 tells the classes apart: the likelihood has no finite maximum.
/// let apart = separation(&seen([0, 0, 1, 1])?, 2)?.unwrap();
/// assert!(apart.complete && apart.infimum.nats() == 0.0);
/// # Ok::<(), candle_mle::Error>(())
/// ```
///
/// # Errors
/// A class that is not below `classes`; [`Undecided`](Error::Undecided) where neither answer could be made certain with the work
/// that it may cost: nothing is known then, and a fit may still be tried. A separation of a part of rows with an offset, which has no say
/// in whether there is one, but in what is left.
pub fn separation(p: &Empirical<Labelled>, classes: usize) -> Result<Option<Separation>> {
    let margins = Margins::new(p, classes)?;
    if classes < 2 {
        return Ok(None);
    }
    let mut budget = Budget(WORK / 4);
    let groups = Groups::new(&margins, &mut budget);
    let grouped = groups.margins(&margins);
    if grouped.classes == 1 {
        return Ok(None);
    }
    let mut search = Search::new(&grouped, Budget(WORK));
    let found = match search.decide() {
        Err(hidden @ Error::Undecided { .. }) => search.in_whole_numbers().ok_or(hidden)?,
        other => other?,
    };
    let Some(Found { delta, part }) = found else { return Ok(None) };
    let (space, zero) = (search.space, search.zero);
    // What a group does each of its classes does.
    let width = margins.width();
    let of_class = |class: usize| match groups.of[class] {
        0 => vec![0.0; width],
        group => delta[(group - 1) * width..][..width].iter().map(|d| d.nearest()).collect(),
    };
    let direction = margins.own_units(&(1..classes).flat_map(of_class).collect::<Vec<_>>());
    let normal = space.normal();
    let of_row = |row: usize| {
        let inside = grouped.inside(row, &normal);
        groups.of.iter().map(|group| inside[*group]).collect::<Vec<_>>()
    };
    let left: Vec<bool> = (0..margins.rows()).flat_map(of_row).collect();
    let rank = (classes - grouped.classes) * width + space.rank();
    if rank > 0 && p.batch().offset().is_some() {
        return Err(Error::Offset { what: "the limit of a likelihood without a finite maximum" });
    }
    let (infimum, theta) = Limit::new(&margins, &left).minimum();
    let lifted: Vec<Pair> = zero.iter().map(|(row, group)| (*row, groups.class(*group))).collect();
    let (limit, open) = (margins.unscaled(&theta), margins.open(&[groups.zero, lifted].concat()));
    let one = grouped.parameters() - space.rank() == 1;
    let complete = rank == 0;
    let infimum = Information::from_nats(infimum);
    let unasked = Unasked { groups: groups.of, space, zero, direction: delta, part, margins: grouped };
    let (signs, unasked) = match one || unasked.margins.pairs() > 20_000 || unasked.margins.parameters() > 64 {
        // At once, where it is all known or never will be.
        true => (unasked.signs().into(), None),
        false => (OnceLock::new(), Some(Arc::new(unasked))),
    };
    Ok(Some(Separation { infimum, direction, complete, limit, open, left, rank, signs, unasked }))
}

/// The same for a coin (m,) of zeros and ones: one that showed a single face is the likelier the surer it is of it.
pub fn one_sided(p: &Empirical<Tensor>) -> Result<Option<Separation>> {
    let heads = p.moments()?.0[0];
    if heads != 0.0 && heads != 1.0 {
        return Ok(None);
    }
    let direction = vec![vec![0.0], vec![2.0 * heads - 1.0]];
    let (limit, open) = (vec![vec![0.0]; 2], vec![vec![0], vec![1]]);
    let signs: Vec<Vec<_>> = direction.iter().map(|of| of.iter().map(|d| Some(d.signum())).collect()).collect();
    let (infimum, signs, left) = (Information::ZERO, signs.into(), vec![]);
    Ok(Some(Separation { infimum, direction, complete: true, limit, open, left, rank: 0, signs, unasked: None }))
}

/// The same for a die, (m,) of levels 0 … k−1, u32: a level that was never seen is the likelier the less probable it is, for
/// ever, and the likelihood has no finite maximum. The infimum is n H(p̂).
///
/// # Errors
/// A level that is not below `levels`.
pub fn unseen_levels(p: &Empirical<Tensor>, levels: usize) -> Result<Option<Separation>> {
    let mut counts = vec![0.0; levels];
    for (level, count) in host(p.batch())?.into_iter().zip(host(p.count())?) {
        let level = level as usize;
        *counts.get_mut(level).ok_or(Error::Class { class: level, classes: levels })? += count;
    }
    if counts.iter().all(|count| *count > 0.0) {
        return Ok(None);
    }
    // Against level 0, as everywhere.
    let off = |count: f64| if count > 0.0 { 0.0 } else { -1.0 };
    let direction: Vec<Vec<f64>> = counts.iter().map(|count| vec![off(*count) - off(counts[0])]).collect();
    let limit = counts.iter().map(|count| vec![if *count > 0.0 { count.ln() } else { 0.0 }]).collect();
    let open =
        counts.iter().enumerate().map(|(level, count)| vec![if *count > 0.0 { 0 } else { level as u64 + 1 }]).collect();
    // Of two levels that were never seen nothing says which falls behind the other.
    let sign = |d: &f64| if counts[0] > 0.0 || *d != 0.0 { Some(d.signum()) } else { None };
    let signs: Vec<Vec<_>> = direction.iter().map(|of| of.iter().map(sign).collect()).collect();
    let (infimum, complete, signs) = (p.entropy() * p.total(), p.distinct() == 1, signs.into());
    Ok(Some(Separation { infimum, direction, complete, limit, open, left: vec![], rank: 0, signs, unasked: None }))
}

/// Which columns of x are combinations of 1 and the columns before them, in the numbers as they stand: of such columns the rows leave
/// open which of them has what coefficient.
///
/// # Errors
/// A class that is not below `classes`.
pub fn dependent_columns(p: &Empirical<Labelled>, classes: usize) -> Result<Vec<usize>> {
    Ok(Margins::new(p, classes)?.dependent())
}

/// What the search may cost, in multiplications: some ten seconds.
const WORK: u64 = 20_000_000_000;

/// How many pairs the hull is of at first, and by how many it grows.
const PART: usize = 512;

/// A direction, in standard coordinates, that all margins outside the space meet, and the pairs whose hull was looked at last.
struct Found {
    delta: Vec<Twice>,
    part: Vec<Pair>,
}

/// What a margin adds to the space, scaled to length 1, the length that it had, and which share this was of it.
struct Point {
    of: Vec<f64>,
    length: f64,
    share: f64,
}

struct Search<'a> {
    margins: &'a Margins,
    whitening: Whitening,
    /// All margins that must be zero, and an independent part of them.
    space: Space,
    zero: Vec<Pair>,
    /// Margins that sum to zero with these weights as far as rounding tells, and what they span: not yet certain.
    pending: Vec<(Pair, f64)>,
    soft: Vec<Vec<f64>>,
    budget: Budget,
    /// What the certain zeros rest on.
    #[cfg(test)]
    balances: Vec<tests::Balance>,
}

/// What is left of a margin beyond others below this share of its length may be rounding.
const FAINT: f64 = 1e-7;

impl<'a> Search<'a> {
    fn new(margins: &'a Margins, budget: Budget) -> Self {
        let space = Space::new(margins.parameters());
        Self {
            margins,
            whitening: margins.whitening(),
            space,
            zero: vec![],
            pending: vec![],
            soft: vec![],
            budget,
            #[cfg(test)]
            balances: vec![],
        }
    }

    /// What separates; none where all margins must be zero.
    fn decide(&mut self) -> Result<Option<Found>> {
        loop {
            if self.space.rank() == self.margins.parameters() {
                return Ok(None);
            }
            let normal = (self.space.rank() > 0).then(|| self.space.normal());
            let mut part = self.spread(normal.as_deref());
            if part.is_empty() {
                return Ok(None);
            }
            let projection = [self.projection(), self.soft.clone()].concat();
            let mut points = self.points(&part, &projection)?;
            // What may be outside by rounding alone waits until the rest is known.
            let clear: Vec<bool> = points.iter().map(|point| point.share > FAINT).collect();
            match (clear.contains(&true), self.pending.is_empty()) {
                (true, _) => {
                    let keep = |at: usize| clear[at];
                    (part, points) = (kept(part, keep), kept(points, keep));
                }
                (false, true) => {}
                (false, false) => {
                    self.settle()?;
                    continue;
                }
            }
            let mut known: HashSet<Pair> = part.iter().copied().collect();
            loop {
                match hull(&points, |point| &point.of, &mut self.budget) {
                    Hull::Unknown => {
                        return Err(undecided("the search took too long, or lost its way in rounding errors"));
                    }
                    Hull::Around(of) => {
                        self.pending.extend(of.iter().map(|(at, weight)| (part[*at], weight / points[*at].length)));
                        if self.settle().is_err() {
                            // With what balances beyond these it may be certain.
                            let before = self.soft.len();
                            for (at, _) in of {
                                let vector = beyond(points[at].of.clone(), &self.soft[before..]);
                                if dot(&vector, &vector).sqrt() > FAINT {
                                    self.soft.push(unit(vector));
                                }
                            }
                        }
                        break;
                    }
                    Hull::Beside(_) if !self.pending.is_empty() => {
                        self.settle()?;
                        break;
                    }
                    Hull::Beside(direction) => {
                        let (delta, error) = self.polish(self.standard(&direction))?;
                        let missed = self.missed(&delta, &error, normal.as_deref());
                        if missed.is_empty() {
                            return Ok(Some(Found { delta, part }));
                        }
                        let new: Vec<Pair> = missed.into_iter().filter(|pair| known.insert(*pair)).take(PART).collect();
                        if new.is_empty() {
                            return Err(undecided("a margin is too small beside the rounding errors"));
                        }
                        points.extend(self.points(&new, &projection)?);
                        part.extend(new);
                    }
                }
            }
        }
    }

    /// The same without rounding, for a table that is small enough.
    fn in_whole_numbers(&mut self) -> Option<Option<Found>> {
        let (zero, delta) = whole::decided(self.margins)?;
        self.space = Space::new(self.margins.parameters());
        self.zero = self.margins.widen(&mut self.space, &zero);
        if self.space.rank() == self.margins.parameters() {
            return Some(None);
        }
        let normal = (self.space.rank() > 0).then(|| self.space.normal());
        Some(Some(Found { delta, part: self.spread(normal.as_deref()) }))
    }

    /// Which way all separating directions move each coefficient against class 0, if they agree.
    fn signs(mut self, delta: &[Twice], mut part: Vec<Pair>) -> Vec<Vec<Option<f64>>> {
        let (parameters, width) = (self.margins.parameters(), self.margins.width());
        let mut signs = vec![vec![None; self.margins.columns_of_x() + 1]; self.margins.classes];
        let one = parameters - self.space.rank() == 1;
        // Where a column is a combination of others what one of them loses another may take.
        if self.margins.coefficients().len() <= self.margins.columns_of_x() {
            return signs;
        }
        if !one && (self.margins.pairs() > 20_000 || parameters > 64) {
            return signs;
        }
        let projection = self.projection();
        let Ok(mut points) = self.points(&part, &projection) else { return signs };
        let whole = dot(&delta.iter().map(|d| d.nearest()).collect::<Vec<_>>(), &vec![1.0; parameters]).abs().max(1.0);
        for class in 1..self.margins.classes {
            for (at, of) in self.margins.coefficients().into_iter().enumerate() {
                let mut function = vec![0.0; parameters];
                function[(class - 1) * width..][..width].copy_from_slice(&of);
                let along = function.iter().zip(delta).map(|(f, d)| f * d.nearest()).sum::<f64>();
                let sign = along.signum();
                let place = self.margins.place_of(at);
                signs[class][place] = if one {
                    (along.abs() > 1e-12 * whole).then_some(sign)
                } else {
                    let function = function.iter().map(|f| sign * f).collect();
                    self.agrees(function, &mut part, &mut points, &projection).then_some(sign)
                };
            }
        }
        signs
    }

    /// Whether no separating direction makes this function of δ negative: none meets its opposite and all margins strictly. The
    /// pairs that it took to see it are added to these.
    fn agrees(
        &mut self,
        function: Vec<f64>,
        part: &mut Vec<Pair>,
        points: &mut Vec<Point>,
        projection: &[Vec<f64>],
    ) -> bool {
        let width = self.margins.width();
        let opposite: Vec<f64> =
            function.chunks(width).flat_map(|class| self.whitening.of(class)).map(|f| -f).collect();
        let opposite = beyond(unit(opposite), projection);
        if dot(&opposite, &opposite).sqrt() <= FAINT {
            return false;
        }
        let normal = (self.space.rank() > 0).then(|| self.space.normal());
        let own = points.len();
        points.push(Point { of: unit(opposite), length: 1.0, share: 1.0 });
        let agrees = loop {
            match hull(points, |point| &point.of, &mut self.budget) {
                Hull::Around(_) => break true,
                Hull::Unknown => break false,
                Hull::Beside(direction) => {
                    let Ok((delta, error)) = self.polish(self.standard(&direction)) else { break false };
                    let missed = self.missed(&delta, &error, normal.as_deref());
                    let new: Vec<Pair> = missed.into_iter().filter(|pair| !part.contains(pair)).take(PART).collect();
                    if new.is_empty() {
                        break false;
                    }
                    let Ok(more) = self.points(&new, projection) else { break false };
                    points.extend(more);
                    part.extend(new);
                }
            }
        };
        points.remove(own);
        agrees
    }

    /// Some pairs that are not in the space, evenly spread over the table.
    fn spread(&self, normal: Option<&[u64]>) -> Vec<Pair> {
        let all = self.margins.pairs();
        let Some(normal) = normal else {
            return (0..all).step_by(all.div_ceil(PART).max(1)).map(|at| self.margins.pair(at)).collect();
        };
        let mut outside = vec![];
        for row in 0..self.margins.rows() {
            let inside = self.margins.inside(row, normal);
            outside.extend((0..self.margins.classes).filter(|c| !inside[*c]).map(|c| (row, c)));
        }
        let stride = outside.len().div_ceil(PART).max(1);
        outside.into_iter().step_by(stride).collect()
    }

    /// A pair's margin in the whitened coordinates.
    fn whitened(&self, pair: Pair) -> Vec<f64> {
        let plain = self.whitening.plain();
        let x = if plain {
            self.whitening.of(&self.margins.exactly::<f64>(pair.0))
        } else {
            self.whitening.of(&self.margins.exactly::<Twice>(pair.0))
        };
        self.margins.spread(pair, &x, 0.0, |x| -x)
    }

    /// An orthonormal basis of the space, in the whitened coordinates.
    fn projection(&self) -> Vec<Vec<f64>> {
        let mut basis: Vec<Vec<f64>> = vec![];
        for pair in &self.zero {
            let vector = unit(beyond(unit(self.whitened(*pair)), &basis));
            basis.push(vector);
        }
        basis
    }

    /// The margins of some pairs as points, if there is work left for them.
    fn points(&mut self, pairs: &[Pair], projection: &[Vec<f64>]) -> Result<Vec<Point>> {
        let (width, rounding) = (self.margins.width(), if self.whitening.plain() { 1 } else { 40 });
        let one = rounding * width * width + self.margins.parameters() * (2 + 4 * projection.len());
        if !self.budget.pay(pairs.len() * one) {
            return Err(undecided("the search took too long"));
        }
        let point = |pair: &Pair| {
            let whole = self.whitened(*pair);
            let size = dot(&whole, &whole).sqrt();
            let left = beyond(whole, projection);
            let length = dot(&left, &left).sqrt();
            Point { of: unit(left), length, share: length / size }
        };
        Ok(pairs.iter().map(point).collect())
    }

    /// A direction from the whitened to the standard coordinates.
    fn standard(&self, direction: &[f64]) -> Vec<Twice> {
        direction.chunks(self.margins.width()).flat_map(|class| self.whitening.back(class)).collect()
    }

    /// Margins in standard coordinates, to the error of these numbers.
    fn columns<T: Number>(&self, pairs: &[Pair]) -> Vec<Vec<T>> {
        let column = |pair: &Pair| {
            self.margins.spread(*pair, &self.margins.exactly::<T>(pair.0), T::difference(0.0, 0.0), |x| -x)
        };
        pairs.iter().map(column).collect()
    }

    /// Makes sure that margins, some of those pending, sum to something in the space with weights > 0, and widens the space by
    /// them.
    fn settle(&mut self) -> Result<()> {
        let mut weighted = self.apart();
        while !weighted.is_empty() {
            let mut light = vec![];
            // To zero by themselves, if they do: then what else is in the space needs no look.
            for beside in [false, true] {
                let (mut space, zero) = if beside {
                    (self.space.clone(), self.zero.as_slice())
                } else {
                    (Space::new(self.margins.parameters()), &[][..])
                };
                let pairs: Vec<Pair> = weighted.iter().map(|(pair, _)| *pair).collect();
                let independent = self.margins.widen(&mut space, &pairs);
                let rest: Vec<_> = weighted.iter().copied().filter(|(pair, _)| !independent.contains(pair)).collect();
                if rest.is_empty() {
                    continue;
                }
                light = self.light::<f64>(&independent, zero, &rest);
                if !light.is_empty() {
                    light = self.light::<Twice>(&independent, zero, &rest);
                }
                if light.is_empty() {
                    #[cfg(test)]
                    self.balances.push(tests::Balance { independent, beside: zero.to_vec(), rest });
                    let more = self.margins.widen(&mut self.space, &pairs);
                    self.zero.extend(more);
                    (self.pending, self.soft) = (vec![], vec![]);
                    return Ok(());
                }
            }
            if light.is_empty() {
                break;
            }
            weighted.retain(|(pair, _)| !light.contains(pair));
        }
        Err(undecided("weights are too small beside the rounding errors"))
    }

    /// What is pending, each next the one that is the farthest from those before: the first ones are the most independent.
    fn apart(&self) -> Vec<(Pair, f64)> {
        let mut sums: Vec<(Pair, f64)> = vec![];
        for (pair, weight) in &self.pending {
            match sums.iter_mut().find(|(other, _)| other == pair) {
                Some((_, sum)) => *sum += weight,
                None => sums.push((*pair, *weight)),
            }
        }
        let mut left: Vec<_> =
            sums.into_iter().map(|(pair, weight)| (unit(self.whitened(pair)), pair, weight)).collect();
        let mut ordered = vec![];
        while !left.is_empty() {
            let length = |at: &usize| dot(&left[*at].0, &left[*at].0);
            let Some(at) = (0..left.len()).max_by(|a, b| length(a).total_cmp(&length(b))) else { break };
            let (vector, pair, weight) = left.swap_remove(at);
            ordered.push((pair, weight));
            let along = [unit(vector)];
            left.iter_mut().for_each(|(other, ..)| *other = beyond(std::mem::take(other), &along));
        }
        ordered
    }

    /// Margins that depend on the others, with their weights: which of the others have a weight that is not certain to be > 0,
    /// when all sum to something in the space.
    fn light<T: Number>(&self, independent: &[Pair], zero: &[Pair], rest: &[(Pair, f64)]) -> Vec<Pair> {
        let Some(inverse) = Inverse::<T>::new(&self.columns(&[independent, zero].concat())) else {
            return independent.to_vec();
        };
        let mut sum = vec![T::difference(0.0, 0.0); self.margins.parameters()];
        for (pair, weight) in rest {
            let weight = T::difference(*weight, 0.0);
            sum.iter_mut().zip(&self.columns::<T>(&[*pair])[0]).for_each(|(sum, x)| *sum = *sum + weight * *x);
        }
        let (weights, error) = inverse.solve(&sum);
        // NaN is as light.
        let light = |(_, (weight, error)): &(&Pair, (&T, &f64))| {
            weight.nearest().partial_cmp(&(1.01 * **error)) != Some(Ordering::Greater)
        };
        independent.iter().zip(weights.iter().zip(&error)).filter(light).map(|(pair, _)| *pair).collect()
    }

    /// The direction without what it has along the space, and how far each component may be from one that has nothing there.
    fn polish(&self, mut delta: Vec<Twice>) -> Result<(Vec<Twice>, Vec<f64>)> {
        let mut error = vec![0.0; delta.len()];
        if !self.zero.is_empty() {
            let columns = self.columns::<Twice>(&self.zero);
            let inverse = Inverse::new(&columns).ok_or_else(|| undecided("margins are nearly dependent"))?;
            inverse.project(&mut delta, &columns).into_iter().for_each(|(at, moved)| error[at] = moved);
        }
        Ok((delta, error))
    }

    /// The pairs outside the space whose margins are not certain to be positive, the worst first, one a row.
    fn missed(&mut self, delta: &[Twice], error: &[f64], normal: Option<&[u64]>) -> Vec<Pair> {
        let (width, classes) = (self.margins.width(), self.margins.classes);
        self.budget.pay(2 * self.margins.rows() * self.margins.parameters());
        let near: Vec<f64> = delta.iter().map(|d| d.nearest()).collect();
        let mut missed: Vec<(f64, Pair)> = vec![];
        for row in 0..self.margins.rows() {
            let (x, y) = (self.margins.x(row), self.margins.y[row]);
            let margins = Along::new(classes, width, x, &near, error);
            if !(0..classes).any(|c| c != y && !margins.positive(y, c)) {
                continue;
            }
            let inside = normal.map(|normal| self.margins.inside(row, normal));
            let outside = |c: &usize| *c != y && inside.as_ref().is_none_or(|inside| !inside[*c]);
            let open: Vec<usize> = (0..classes).filter(outside).filter(|c| !margins.positive(y, *c)).collect();
            if open.is_empty() {
                continue;
            }
            let margins = Along::new(classes, width, &self.margins.exactly::<Twice>(row), delta, error);
            let open = open.into_iter().filter(|c| !margins.positive(y, *c)).map(|c| (margins.of(y, c), (row, c)));
            missed.extend(open.min_by(|a, b| a.0.total_cmp(&b.0)));
        }
        missed.sort_by(|a, b| a.0.total_cmp(&b.0));
        missed.into_iter().map(|(_, pair)| pair).collect()
    }
}

/// δ_c·(x, 1) of each class, relative to the size of x, and how far each may be from the truth.
struct Along<T> {
    length: f64,
    sum: Vec<T>,
    lost: Vec<f64>,
}

impl<T: Number> Along<T> {
    fn new(classes: usize, width: usize, x: &[T], delta: &[T], error: &[f64]) -> Self {
        let length = x.iter().fold(0.0, |a: f64, x| a.max(x.nearest().abs()));
        let (mut sum, mut lost) = (vec![T::difference(0.0, 0.0); classes], vec![0.0; classes]);
        for class in 1..classes {
            let at = (class - 1) * width;
            let of = &delta[at..at + width];
            sum[class] = certain::dot(x, of);
            let moved: f64 = x.iter().zip(&error[at..at + width]).map(|(x, e)| x.nearest().abs() * e).sum();
            lost[class] = 1.01 * (size(x, of) * Inverse::<T>::rounding(width) + moved) / length;
        }
        Self { length, sum, lost }
    }

    fn of(&self, y: usize, c: usize) -> f64 {
        (self.sum[y] - self.sum[c]).nearest() / self.length
    }

    /// Whether class c falls behind class y for certain.
    fn positive(&self, y: usize, c: usize) -> bool {
        // The difference itself is rounded once more.
        self.of(y, c) > 1.01 * (self.lost[y] + self.lost[c]) + 2.0 * f64::EPSILON * self.of(y, c).abs()
    }
}

/// Those at these places.
fn kept<T>(all: Vec<T>, keep: impl Fn(usize) -> bool) -> Vec<T> {
    all.into_iter().enumerate().filter(|(at, _)| keep(*at)).map(|(_, one)| one).collect()
}

fn undecided(why: &'static str) -> Error {
    Error::Undecided { why }
}

/// What is left of a vector beyond an orthonormal basis; twice, for what rounding leaves the first time.
fn beyond(mut vector: Vec<f64>, basis: &[Vec<f64>]) -> Vec<f64> {
    for along in basis.iter().chain(basis) {
        let share = dot(&vector, along);
        vector.iter_mut().zip(along).for_each(|(v, a)| *v -= share * a);
    }
    vector
}

/// A vector scaled to length 1.
fn unit(mut vector: Vec<f64>) -> Vec<f64> {
    let largest = vector.iter().fold(0.0, |a: f64, v| a.max(v.abs()));
    if largest > 0.0 {
        vector.iter_mut().for_each(|v| *v /= largest);
        let length = dot(&vector, &vector).sqrt();
        vector.iter_mut().for_each(|v| *v /= length);
    }
    vector
}
