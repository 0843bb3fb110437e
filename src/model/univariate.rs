//! What all named distributions of one number share: their variables are learnt by the same descent, and what is known of them in closed
//! form is asked of the law that they stand for.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;

use candle_core::{Device, Tensor};
use candle_mle_info::Information;
use candle_mle_info::law::Law;
use candle_nn::{Init, VarBuilder};
use rand::Rng;

use super::{KlDivergence, Model, Sample};
use crate::batch::{LastSeen, host, like, number, same_numbers};
use crate::device::float;
use crate::error::{Error, Result, shape};
use crate::parameters::{Parameters, Parts};
use crate::standardize::{Standardize, middle};

/// A law of one number, seen as a family whose member is to be learnt: made for [`Univariate`].
pub trait Family: Law + Clone + fmt::Debug {
    /// What it is called, in files and messages.
    const NAME: &'static str;

    /// The density, or the probability, by the names of [`named`](Self::named).
    const FORMULA: &'static str;

    /// Whether it has a density, and not probabilities.
    const DENSITY: bool;

    /// The variables by which it is learnt: any number is one, so that what must be positive is here its logarithm.
    const VARIABLES: &'static [&'static str];

    /// What may be observed.
    const SUPPORT: Support;

    /// The law of these variables.
    ///
    /// # Errors
    /// Variables that have run off.
    fn of(variables: &[f64]) -> candle_mle_info::Result<Self>;

    /// The law of these parameters, one for each variable, in the order of [`named`](Self::named).
    ///
    /// # Errors
    /// Parameters that no member of the family has.
    fn of_named(parameters: &[f64]) -> candle_mle_info::Result<Self>;

    /// The variables of this law.
    fn variables(&self) -> Vec<f64>;

    /// Its parameters as the field names them: name, value and unit, in which x stands for that of the observations.
    fn named(&self) -> Vec<(&'static str, f64, &'static str)>;

    /// What of the observations the likelihood asks for, a column each, worked out once and not at every step.
    fn seen(x: &[f64]) -> Vec<Vec<f64>>;

    /// ln q of every row, (m,), from the variables, scalars, and the columns (m,) of what was [`seen`](Self::seen).
    fn log_prob_of(variables: &[Tensor], seen: &[Tensor]) -> Result<Tensor>;

    /// For every variable where a descent begins well, and how much of it is about one standard deviation of the data: it is learnt in
    /// that unit from there. Or else why there is no finite maximum of the likelihood.
    fn start(x: &Observed<'_>) -> std::result::Result<Vec<(f64, f64)>, String>;

    /// For every variable the Fisher information of one observation of this law, where its likelihood has no second derivative to be
    /// asked for that of those that were observed; the variables do not feel each other.
    fn expected(&self) -> Option<Vec<f64>> {
        None
    }

    /// KL(self ‖ other).
    fn divergence(&self, other: &Self) -> Information;

    /// One draw.
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> f64;
}

/// What a family may observe, and what to do with anything else.
#[derive(Clone, Copy, Debug)]
pub struct Support {
    /// In words.
    pub what: &'static str,
    /// Of a number that is none.
    pub cure: &'static str,
    /// Whether a number is one.
    pub holds: fn(f64) -> bool,
}

impl Support {
    /// All numbers.
    pub const LINE: Self = Self { what: "numbers", cure: "leave the row out", holds: f64::is_finite };
    /// Numbers that are not below 0.
    pub const NOT_NEGATIVE: Self = Self {
        what: "numbers from 0 on",
        cure: "leave the row out, or take a family of the whole line, such as the Gaussian",
        holds: |x| x >= 0.0,
    };
    /// Positive numbers.
    pub const POSITIVE: Self = Self {
        what: "positive numbers",
        cure: "leave the row out; if it stands for less than could be measured, take half of the least that could; or take a family \
               of the whole line, such as the Gaussian",
        holds: |x| x > 0.0,
    };
    /// Numbers between 0 and 1.
    pub const BETWEEN: Self = Self {
        what: "numbers between 0 and 1, both excluded",
        cure: "divide percentages by 100; if it is a count of successes over trials, fit the two counts",
        holds: |x| x > 0.0 && x < 1.0,
    };
    /// Counts.
    pub const COUNTS: Self = Self {
        what: "counts 0, 1, 2, …",
        cure: "leave the row out; if it is a rate, give the count and the --exposure that it was divided by",
        holds: |x| x >= 0.0 && x.fract() == 0.0,
    };
}

/// Numbers and how much each weighs, which sums to 1.
#[derive(Debug)]
pub struct Observed<'a> {
    x: &'a [f64],
    mass: &'a [f64],
}

impl Observed<'_> {
    /// The numbers.
    pub fn x(&self) -> &[f64] {
        self.x
    }

    /// The mean of a function of them.
    pub fn mean(&self, f: impl Fn(f64) -> f64) -> f64 {
        self.x.iter().zip(self.mass).map(|(x, mass)| mass * f(*x)).sum()
    }

    /// Mean and standard deviation of a function of them.
    pub fn moments(&self, f: impl Fn(f64) -> f64) -> (f64, f64) {
        let mean = self.mean(&f);
        (mean, self.mean(|x| (f(x) - mean).powi(2)).sqrt())
    }

    /// The median, halfway where it lies between two, and the usual distance from it of those that are not it.
    pub fn middle(&self) -> (f64, f64) {
        let mut order: Vec<usize> = (0..self.x.len()).collect();
        order.sort_by(|a, b| self.x[*a].total_cmp(&self.x[*b]));
        let (mut at, mut below) = (0, self.mass[order[0]]);
        while below < 0.5 - 1e-12 && at + 1 < order.len() {
            at += 1;
            below += self.mass[order[at]];
        }
        let next = if below <= 0.5 + 1e-12 { (at + 1).min(order.len() - 1) } else { at };
        let (a, b) = (self.x[order[at]], self.x[order[next]]);
        (if a == b { a } else { a / 2.0 + b / 2.0 }, middle(self.x.to_vec()).1)
    }

    /// The one value that all of them have, if so; and how much the most frequent weighs.
    fn constant(&self) -> Option<f64> {
        let first = self.x[0];
        self.x.iter().all(|x| *x == first).then_some(first)
    }

    /// An error if all are one number.
    pub(super) fn vary(&self, what: &str) -> std::result::Result<(), String> {
        match self.constant() {
            Some(value) => Err(format!(
                "all observations are {}: {what}, and the likelihood rises for ever",
                candle_mle_info::number::typed(value)
            )),
            None => Ok(()),
        }
    }

    /// The largest share that one number has, and that number.
    pub(super) fn most_frequent(&self) -> (f64, f64) {
        let at = (0..self.x.len()).max_by(|a, b| self.mass[*a].total_cmp(&self.mass[*b])).unwrap_or(0);
        (self.mass[at], self.x[at])
    }
}

/// A named distribution of one number, whose variables are learnt: [`Gamma`](super::Gamma) and its kin are this, of their law.
///
/// The batch is (m,) or (m, 1). The variables are scalars by the names of [`Family::VARIABLES`]; at 0 they stand for the standard member
/// of the family, and in the [coordinates](Self::coordinates) of some data for a place from which a descent arrives in any unit.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::model::Gamma;
/// use candle_mle::{Empirical, maximum_likelihood};
/// let p = Empirical::from_sample(Tensor::new(&[1.0, 2.0, 4.0, 5.0], &Device::Cpu)?)?;
/// let coordinates = Gamma::coordinates(p.batch(), p.mass())?;
/// let law = maximum_likelihood(&p, |vb| Gamma::new(vb)?.standardized(coordinates))?.model.law()?;
/// // Of the likeliest gamma distribution the mean is that of the data.
/// assert!((law.shape() / law.rate() - 3.0).abs() < 1e-6);
/// # use candle_mle::Parameters;
/// # Ok::<(), candle_mle::Error>(())
/// ```
pub struct Univariate<L> {
    variables: Vec<Tensor>,
    /// Of the variables, not of the data.
    map: Standardize,
    /// What was seen in the batch that was scored last: a descent looks at its data once.
    last: LastSeen<Vec<Tensor>>,
    law: PhantomData<L>,
}

impl<L> Clone for Univariate<L> {
    fn clone(&self) -> Self {
        Self { variables: self.variables.clone(), map: self.map.clone(), last: self.last.clone(), law: PhantomData }
    }
}

impl<L: Family> fmt::Debug for Univariate<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(L::NAME).field("variables", &self.variables).field("map", &self.map).finish_non_exhaustive()
    }
}

impl<L: Family> Univariate<L> {
    /// Asks for the [variables](Family::VARIABLES), scalars; variables start at 0.
    pub fn new(vb: VarBuilder) -> Result<Self> {
        let variable = |name: &&str| vb.get_with_hints((), name, Init::Const(0.0));
        let variables: Vec<Tensor> = L::VARIABLES.iter().map(variable).collect::<candle_core::Result<_>>()?;
        let map = Standardize::identity(variables.len(), &vb)?;
        Ok(Self { variables, map, last: LastSeen::default(), law: PhantomData })
    }

    /// The member that a law is, constant.
    pub fn from_law(law: &L, device: &Device) -> Result<Self> {
        let variable = |value: f64| Tensor::new(value, &Device::Cpu)?.to_dtype(float(device))?.to_device(device);
        let learnt =
            L::VARIABLES.iter().zip(law.variables()).map(|(name, value)| Ok((name.to_string(), variable(value)?)));
        Self::from_parts(Parts { learnt: learnt.collect::<Result<_>>()?, fixed: HashMap::new() })
    }

    /// The law that this is, in f64 on the host, where entropy and divergence are known.
    ///
    /// # Errors
    /// Variables that have run off.
    pub fn law(&self) -> Result<L> {
        Ok(L::of(&self.own()?.iter().map(number).collect::<Result<Vec<_>>>()?)?)
    }

    /// The coordinates in which the variables are learnt from points (m,) or (m, 1) that weigh `mass` (m,): a start, and for every
    /// variable a unit, from the data's own scale. For [`standardized`](Parameters::standardized).
    ///
    /// # Errors
    /// [`Error::NoMaximum`], and why, where the likelihood of these data has no finite maximum; a number outside of the
    /// [support](Family::SUPPORT); no rows, masses of another number or all 0.
    pub fn coordinates(points: &Tensor, mass: &Tensor) -> Result<Standardize> {
        let (x, weights) = (column(points)?, host(mass)?);
        if weights.len() != x.len() {
            return Err(shape("the mass", mass.dims(), format!("({},), one number for each point,", x.len())));
        }
        supported::<L>(&x)?;
        let seen: Vec<usize> = (0..x.len()).filter(|row| weights[*row] > 0.0).collect();
        let total: f64 = weights.iter().sum();
        if seen.is_empty() || !total.is_finite() {
            return Err(Error::NothingObserved { rows: x.len() });
        }
        let (x, weights): (Vec<f64>, Vec<f64>) = seen.into_iter().map(|row| (x[row], weights[row] / total)).unzip();
        let start = L::start(&Observed { x: &x, mass: &weights }).map_err(|why| Error::NoMaximum { why })?;
        let (at, unit): (Vec<f64>, Vec<f64>) = start.into_iter().unzip();
        let d = at.len();
        let float = Tensor::zeros(1, crate::batch::Batch::dtype(points), points.device())?;
        Standardize::new(like(&float, at, d)?, like(&float, unit, d)?)
    }

    /// How much of each variable one unit is in which it is learnt, by its name.
    pub(crate) fn units(&self) -> Result<HashMap<&'static str, f64>> {
        Ok(L::VARIABLES.iter().copied().zip(host(self.map.scale())?).collect())
    }

    /// The variables as the law has them.
    fn own(&self) -> Result<Vec<Tensor>> {
        let (shift, scale) = (self.map.shift(), self.map.scale());
        let own = |(at, variable): (usize, &Tensor)| Ok(((variable * scale.get(at)?)? + shift.get(at)?)?);
        self.variables.iter().enumerate().map(own).collect()
    }

    fn seen(&self, x: &Tensor) -> Result<Vec<Tensor>> {
        self.last.of(x, || {
            let values = column(x)?;
            supported::<L>(&values)?;
            let m = values.len();
            L::seen(&values).into_iter().map(|column| like(&self.variables[0], column, m)).collect()
        })
    }
}

/// The numbers of a batch of one column.
fn column(x: &Tensor) -> Result<Vec<f64>> {
    match *x.dims() {
        [_] | [_, 1] => host(x),
        _ => Err(shape("x", x.dims(), "(rows,) or (rows, 1), one number in each row")),
    }
}

fn supported<L: Family>(x: &[f64]) -> Result<()> {
    let Support { what: support, cure, holds } = L::SUPPORT;
    match x.iter().position(|x| !holds(*x)) {
        Some(row) => Err(Error::OffSupport { row, value: x[row], family: L::NAME, support, cure }),
        None => Ok(()),
    }
}

impl<L: Family> Model for Univariate<L> {
    type Batch = Tensor;
    const DENSITY: bool = L::DENSITY;

    fn log_prob(&self, x: &Tensor) -> Result<Tensor> {
        if x.dtype().is_float() {
            same_numbers(x, &self.variables[0])?;
        }
        L::log_prob_of(&self.own()?, &self.seen(x)?)
    }
}

/// A column, (n, 1).
impl<L: Family> Sample for Univariate<L> {
    type Given = usize;

    fn sample<R: Rng + ?Sized>(&self, &n: &usize, rng: &mut R) -> Result<Tensor> {
        let law = self.law()?;
        like(&self.variables[0], (0..n).map(|_| law.draw(rng)).collect(), (n, 1))
    }
}

impl<L: Family> KlDivergence for Univariate<L> {
    fn kl_divergence(&self, q: &Self, batch: &Tensor) -> Result<Tensor> {
        Ok(Tensor::full(self.law()?.divergence(&q.law()?).nats(), batch.dim(0)?, &Device::Cpu)?)
    }
}

impl<L: Family> Parameters for Univariate<L> {
    const FAMILY: &'static str = L::NAME;

    fn parameters(&self) -> Result<HashMap<String, Tensor>> {
        let named = L::VARIABLES.iter().zip(self.own()?);
        Ok(named.map(|(name, variable)| (name.to_string(), variable.detach())).collect())
    }

    fn parts(&self) -> Result<Parts> {
        let learnt =
            L::VARIABLES.iter().zip(&self.variables).map(|(name, variable)| (name.to_string(), variable.clone()));
        Ok(Parts { learnt: learnt.collect(), fixed: HashMap::new() }.with_map(&self.map))
    }

    fn from_parts(mut parts: Parts) -> Result<Self> {
        let variables = L::VARIABLES.iter().map(|name| parts.take(name)).collect::<Result<Vec<_>>>()?;
        if let Some(other) = variables.iter().find(|variable| variable.rank() != 0) {
            return Err(shape("a variable", other.dims(), "(), a scalar"));
        }
        let map = parts.take_map(variables.len(), &variables[0])?;
        parts.done()?;
        Ok(Self { variables, map, last: LastSeen::default(), law: PhantomData })
    }
}
