//! Any numbers that a model stands for, with their errors and intervals: the parameters of a distribution as the field names them.

use candle_core::{Device, Tensor};
use candle_nn::VarMap;
use nalgebra::{DMatrix, DVector, SymmetricEigen};
use std::collections::BTreeMap;

use super::coefficients::Coefficient;
use super::observed::information;
use super::tail::normal_quantile;
use crate::batch::{host, number};
use crate::empirical::Empirical;
use crate::error::{Error, Result};
use crate::model::{Family, Model, Univariate};
use crate::objective::Objective;
use crate::parameters::{Parameters, by_name};

/// Numbers that follow from what a model has learnt, at the maximum of its likelihood, and how much they would scatter if the data were
/// drawn again: the delta method from the observed Fisher [information].
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::inference::Estimates;
/// use candle_mle::model::Exponential;
/// use candle_mle::{Empirical, Parameters, maximum_likelihood};
/// let p = Empirical::from_sample(Tensor::new(&[1.0, 2.0, 4.0, 5.0], &Device::Cpu)?)?;
/// let coordinates = Exponential::coordinates(p.batch(), p.mass())?;
/// let model = maximum_likelihood(&p, |vb| Exponential::new(vb)?.standardized(coordinates))?.model;
/// // Of a rate λ the error is λ/√n.
/// let rate = Estimates::of_law(&model, &p)?.get(0);
/// assert!((rate.std_error - (1.0 / 3.0) / 2.0).abs() < 1e-8);
/// # Ok::<(), candle_mle::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Estimates {
    values: Vec<f64>,
    /// A root of their covariance; of those that the data do not determine it says nothing.
    root: DMatrix<f64>,
    open: Vec<bool>,
}

impl Estimates {
    /// What `read` makes of a model, a number each.
    ///
    /// # Errors
    /// As [`information`]; [`Singular`](Error::Singular) where the model does not stand at a maximum.
    pub fn of<M: Model + Parameters>(
        model: &M,
        p: &Empirical<M::Batch>,
        read: impl Fn(&M) -> Result<Vec<f64>>,
    ) -> Result<Self> {
        Self::by_information(model, &information(model, p)?, read)
    }

    /// The parameters of a distribution, as [`Family::named`] has them. What the likelihood has no second derivative in, such as
    /// Laplace's location, has the error of the [expected](Family::expected) information of the fitted member.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn of_law<L: Family>(model: &Univariate<L>, p: &Empirical<Tensor>) -> Result<Self> {
        let read = |model: &Univariate<L>| named(&model.law()?);
        let Some(expected) = model.law()?.expected() else { return Self::of(model, p, read) };
        let mut learnt: Vec<(&str, f64)> = L::VARIABLES.iter().copied().zip(expected).collect();
        learnt.sort_by_key(|(name, _)| *name);
        // In the coordinates learnt in, of all observations.
        let units = model.units()?;
        let of = learnt.iter().map(|(name, of)| p.total() * of * units[*name].powi(2));
        Self::by_information(model, &DMatrix::from_diagonal(&DVector::from_iterator(learnt.len(), of)), read)
    }

    /// The same by an information that is known otherwise, in the numbers that are learnt, in the order of the names of their variables.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn by_information<M: Parameters>(
        model: &M,
        information: &DMatrix<f64>,
        read: impl Fn(&M) -> Result<Vec<f64>>,
    ) -> Result<Self> {
        const NOTHING: f64 = 1e-9;
        let unit = information.diagonal().map(|of| if of > 0.0 { of.sqrt().recip() } else { 0.0 });
        let scaled = DMatrix::from_fn(unit.len(), unit.len(), |i, j| information[(i, j)] * unit[i] * unit[j]);
        let SymmetricEigen { eigenvalues, eigenvectors } = scaled.symmetric_eigen();
        let most = eigenvalues.iter().copied().fold(0.0, f64::max);
        if !eigenvalues.iter().all(|value| *value >= -1e-6 * most) {
            return Err(Error::Singular);
        }
        let moved = Moved::of(model)?;
        let jacobian = moved.slopes(&moved.start, &read)?;
        let mut root = DMatrix::zeros(jacobian.nrows(), unit.len());
        let mut open = vec![false; jacobian.nrows()];
        for (at, row) in jacobian.row_iter().enumerate() {
            let row = row.transpose().component_mul(&unit);
            let (along, whole) = (eigenvectors.tr_mul(&row), row.norm().max(f64::MIN_POSITIVE));
            for (j, (part, value)) in along.iter().zip(eigenvalues.iter()).enumerate() {
                match *value > NOTHING * most {
                    true => root[(at, j)] = part / value.sqrt(),
                    false => open[at] |= part.abs() > 1e-6 * whole,
                }
            }
        }
        Ok(Self { values: read(model)?, root, open })
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// One of them, with its standard error: ∞ where the data do not determine it.
    ///
    /// # Panics
    /// Where there are not so many.
    pub fn get(&self, at: usize) -> Coefficient {
        let std_error = if self.open[at] { f64::INFINITY } else { self.root.row(at).norm() };
        Coefficient { estimate: self.values[at], std_error }
    }

    /// Their covariance, of those that the data determine.
    pub fn covariance(&self) -> DMatrix<f64> {
        &self.root * self.root.transpose()
    }

    /// The interval of the values of one parameter of a distribution that a likelihood-ratio test does not reject: those at which the
    /// highest likelihood that the others can reach is χ²/2 below the maximum. It leaves no range that the parameter has, and an end is
    /// ±∞ (or 0, of what is positive) where no value on that side is rejected; NaN where none was found. Of a likelihood that is not
    /// smooth, as Laplace's, it is [Wald's](Coefficient::interval).
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn profile<L: Family>(model: &Univariate<L>, p: &Empirical<Tensor>, at: usize, level: f64) -> Result<[f64; 2]> {
        let law = model.law()?;
        let of = Self::of_law(model, p)?.get(at);
        if law.expected().is_some() {
            return Ok(of.interval(level));
        }
        // A variable may be any number; what is none of them is positive, and is followed by its logarithm.
        let line = law.variables().contains(&of.estimate);
        let own = |value: f64| if line { value } else { value.exp() };
        let read = |model: &Univariate<L>| {
            let value = named(&model.law()?)?[at];
            Ok(vec![if line { value } else { value.ln() }])
        };
        let error = if line { of.std_error } else { of.std_error / of.estimate };
        let far = if line { 1e4 * error } else { FAR };
        let profile = Profile::new(model, p, read)?;
        Ok([-1.0, 1.0].map(|side| own(profile.end(side, normal_quantile(level), error, far))))
    }
}

fn named<L: Family>(law: &L) -> Result<Vec<f64>> {
    Ok(law.named().into_iter().map(|(_, value, _)| value).collect())
}

/// A parameter that is so many times as large, or as small, by its logarithm: it may be anything beyond.
const FAR: f64 = 40.0;

/// A model that goes where it is put.
pub(super) struct Moved<M> {
    vars: VarMap,
    model: M,
    /// What it has learnt, the variables in the order of their names.
    pub start: Vec<f64>,
}

impl<M: Parameters> Moved<M> {
    pub fn of(model: &M) -> Result<Self> {
        let (vars, model) = model.learner()?;
        let mut start = vec![];
        for (_, var) in by_name(&vars)? {
            start.extend(host(&var)?);
        }
        Ok(Self { vars, model, start })
    }

    fn at(&self, theta: &[f64]) -> Result<&M> {
        let mut from = 0;
        for (_, var) in by_name(&self.vars)? {
            let values = &theta[from..from + var.elem_count()];
            from += values.len();
            var.set(&crate::batch::like(&var, values.to_vec(), var.dims())?)?;
        }
        Ok(&self.model)
    }

    /// ∂ what is read / ∂ what is learnt, (r, k): an error of the fourth order in a step of a thousandth.
    fn slopes(&self, theta: &[f64], read: impl Fn(&M) -> Result<Vec<f64>>) -> Result<DMatrix<f64>> {
        let columns = (0..theta.len()).map(|at| {
            let step = STEP * theta[at].abs().max(1.0);
            differences(theta, at, step, |theta| Ok(DVector::from_vec(read(self.at(theta)?)?)))
        });
        Ok(DMatrix::from_columns(&columns.collect::<Result<Vec<_>>>()?))
    }
}

impl<M: Model + Parameters> Moved<M> {
    /// −Σ ln q and its gradient.
    fn loss(&self, theta: &[f64], p: &Empirical<M::Batch>) -> Result<(f64, DVector<f64>)> {
        let model = self.at(theta)?;
        let loss = Objective::Nll.loss(model, &model.log_prob(p.batch())?, p)?;
        let (gradients, mut all) = (loss.backward()?, vec![]);
        for (name, var) in by_name(&self.vars)? {
            all.extend(host(gradients.get(&var).ok_or(Error::NoGradient { name })?)?);
        }
        Ok((number(&loss)?, DVector::from_vec(all)))
    }

    /// Its second derivatives, by differences of gradients. A step is a thousandth, and no more of what one observation tells apart.
    pub fn information(&self, p: &Empirical<M::Batch>) -> Result<DMatrix<f64>> {
        let size = self.start.len();
        let mut information = DMatrix::zeros(size, size);
        for at in 0..size {
            let column = |step: f64| differences(&self.start, at, step, |theta| Ok(self.loss(theta, p)?.1));
            let step = STEP * self.start[at].abs().max(1.0);
            let mut found = column(step)?;
            let unit = (p.total() / found[at]).sqrt();
            if unit < 0.1 * step / STEP {
                found = column(STEP * unit)?;
            }
            information.set_column(at, &found);
        }
        Ok((&information + information.transpose()) * 0.5)
    }
}

const STEP: f64 = 1e-3;

/// ∂ of / ∂ θ at one place, by four values.
fn differences(
    theta: &[f64],
    at: usize,
    step: f64,
    of: impl Fn(&[f64]) -> Result<DVector<f64>>,
) -> Result<DVector<f64>> {
    let by = |by: f64| {
        let mut theta = theta.to_vec();
        theta[at] += by;
        of(&theta)
    };
    let (near, far) = (by(step)? - by(-step)?, by(2.0 * step)? - by(-2.0 * step)?);
    Ok((near * 8.0 - far) / (12.0 * step))
}

/// What a function of the parameters costs where it is held and the others are free.
struct Profile<'a, M: Model, R> {
    moved: Moved<M>,
    p: &'a Empirical<M::Batch>,
    read: R,
    /// In units of which the loss is round.
    unit: DVector<f64>,
    least: f64,
    estimate: f64,
}

/// Where a function is held: the loss there, by how much that rises with the function, and what is left of the slopes beside.
struct Held {
    loss: f64,
    slope: f64,
    left: f64,
    value: f64,
    gradient: DVector<f64>,
    along: DVector<f64>,
}

impl<'a, M: Model + Parameters, R: Fn(&M) -> Result<Vec<f64>>> Profile<'a, M, R> {
    fn new(model: &M, p: &'a Empirical<M::Batch>, read: R) -> Result<Self> {
        let moved = Moved::of(model)?;
        let unit = moved.information(p)?.diagonal().map(|of| of.max(f64::MIN_POSITIVE).sqrt().recip());
        let (least, _) = moved.loss(&moved.start, p)?;
        let estimate = read(model)?[0];
        Ok(Self { moved, p, read, unit, least, estimate })
    }

    /// The value at which the loss has risen by z²/2, on this side of the estimate; beyond `far` there is none.
    fn end(&self, side: f64, z: f64, error: f64, far: f64) -> f64 {
        let Ok(mut theta) = self.from(&self.moved.start) else { return f64::NAN };
        let (mut value, mut good) = (self.estimate + side * z * error.min(far / 4.0), self.estimate);
        for _ in 0..80 {
            if (value - self.estimate).abs() > far {
                return side * f64::INFINITY;
            }
            let Some((held, there)) = self.hold(theta.clone(), value) else {
                // Too far at once.
                value = 0.5 * (value + good);
                if (value - good).abs() <= 1e-6 * error {
                    return f64::NAN;
                }
                continue;
            };
            (theta, good) = (there, value);
            let height = (2.0 * (held.loss - self.least).max(0.0)).sqrt();
            // The root of twice the rise is nearly a line; its slope is that of the loss over its height.
            let next = value - (height - z) * height / held.slope;
            let [near, most] = [0.3, 2.0].map(|of| self.estimate + of * (value - self.estimate));
            let next = if next.is_finite() && (next - self.estimate) * side > 0.0 {
                next.clamp(near.min(most), near.max(most))
            } else {
                most
            };
            if (next - value).abs() <= 1e-11 * (error + value.abs()) {
                return next;
            }
            value = next;
        }
        f64::NAN
    }

    fn from(&self, theta: &[f64]) -> Result<DVector<f64>> {
        Ok(DVector::from_column_slice(theta).component_div(&self.unit))
    }

    /// What stands at a place in these units.
    fn at(&self, theta: &DVector<f64>) -> Result<Held> {
        let own = theta.component_mul(&self.unit);
        let (loss, gradient) = self.moved.loss(own.as_slice(), self.p)?;
        let along = self.moved.slopes(own.as_slice(), &self.read)?.row(0).transpose();
        let (gradient, along) = (gradient.component_mul(&self.unit), along.component_mul(&self.unit));
        let slope = gradient.dot(&along) / along.norm_squared();
        let left = (&gradient - &along * slope).norm();
        let value = (self.read)(self.moved.at(own.as_slice())?)?[0];
        Ok(Held { loss, slope, left, value, gradient, along })
    }

    /// The least loss with the function held at a value, by Newton's method on the conditions of Lagrange.
    fn hold(&self, mut theta: DVector<f64>, value: f64) -> Option<(Held, DVector<f64>)> {
        const STEP: f64 = 1e-4;
        let size = theta.len();
        let mut here = self.at(&theta).ok()?;
        let missed =
            |held: &Held| (held.left.powi(2) + ((held.value - value) / held.along.norm().recip()).powi(2)).sqrt();
        for _ in 0..60 {
            if here.left <= 1e-7 * (1.0 + here.gradient.norm())
                && (here.value - value).abs() <= 1e-13 * (1.0 + value.abs())
            {
                return Some((here, theta));
            }
            let slope = here.slope;
            let mut system = DMatrix::zeros(size + 1, size + 1);
            for at in 0..size {
                let by = |by: f64| {
                    let mut theta = theta.clone();
                    theta[at] += by;
                    self.at(&theta).map(|held| held.gradient - held.along * slope)
                };
                let column = (by(STEP).ok()? - by(-STEP).ok()?) / (2.0 * STEP);
                system.view_mut((0, at), (size, 1)).copy_from(&column);
                (system[(size, at)], system[(at, size)]) = (here.along[at], -here.along[at]);
            }
            let right = (-&here.gradient).insert_row(size, value - here.value);
            let step = system.lu().solve(&right)?.remove_row(size);
            let mut length = 1.0;
            loop {
                let trial = &theta + &step * length;
                match self.at(&trial) {
                    Ok(there) if there.loss.is_finite() && (missed(&there) < missed(&here) || length < 1e-3) => {
                        (theta, here) = (trial, there);
                        break;
                    }
                    _ if length < 1e-9 => return None,
                    _ => length /= 2.0,
                }
            }
        }
        None
    }
}

/// The standard error of every parameter in the data's own units, by the names of [`Parameters::parameters`]: the delta method from
/// the [information] of what is learnt. ∞ where the data do not determine it.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::inference::standard_errors;
/// use candle_mle::model::Bernoulli;
/// use candle_mle::{Empirical, maximum_likelihood};
/// let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu)?, &[60.0, 40.0])?;
/// let coin = maximum_likelihood(&p, Bernoulli::new)?.model;
/// let error = standard_errors(&coin, &p)?["logit"].to_scalar::<f64>()?;
/// assert!((error - (100.0f64 * 0.6 * 0.4).sqrt().recip()).abs() < 1e-6);
/// # Ok::<(), candle_mle::Error>(())
/// ```
///
/// # Errors
/// As [`Estimates::of`].
pub fn standard_errors<M: Model + Parameters>(model: &M, p: &Empirical<M::Batch>) -> Result<BTreeMap<String, Tensor>> {
    let own = |model: &M| -> Result<BTreeMap<String, Tensor>> { Ok(model.parameters()?.into_iter().collect()) };
    let all = Estimates::of(model, p, |model| {
        let each: Vec<Vec<f64>> = own(model)?.values().map(host).collect::<Result<_>>()?;
        Ok(each.concat())
    })?;
    let mut from = 0;
    let of = |(name, tensor): (String, Tensor)| {
        let errors: Vec<f64> = (from..from + tensor.elem_count()).map(|at| all.get(at).std_error).collect();
        from += errors.len();
        Ok((name, Tensor::from_vec(errors, tensor.shape().clone(), &Device::Cpu)?))
    };
    own(model)?.into_iter().map(of).collect()
}
