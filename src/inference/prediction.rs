//! How far what a fitted model foretells of a row would scatter: the delta method.

use std::collections::{BTreeMap, HashMap};

use candle_core::{Device, Tensor};
use nalgebra::DMatrix;

use super::coefficients::Coefficients;
use super::tail::normal_quantile;
use crate::batch::host;
use crate::error::{Result, matrix, shape};

/// What is foretold of a row, its standard error, and between what it lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Foretold {
    /// A probability, or a mean in the unit of y.
    pub estimate: f64,
    /// Its standard deviation over samples, to first order in that of the coefficients.
    pub std_error: f64,
    /// The interval that covers it: that of its logit for a probability, of its logarithm for the mean of a count, so that its ends are
    /// what they are of.
    pub interval: [f64; 2],
}

/// What of a mean is linear in x.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The mean itself.
    Identity,
    /// Its logarithm.
    Log,
}

/// How the coefficients of a fitted model scatter: a root of their covariance, (classes − 1) · (d + 1) rows, for every class but class 0
/// the slopes per unit of x and the intercept. A root, and not the covariance, for that would lose twice as many digits of x far from 0.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::inference::{Coefficients, Scatter};
/// use candle_mle::model::{Classifier, Logistic};
/// use candle_mle::{Empirical, Labelled, maximum_likelihood};
/// let x = Tensor::new(&[[0.0], [0.0], [1.0], [1.0]], &Device::Cpu)?;
/// let batch = Labelled::new(x.clone(), Tensor::new(&[0u32, 1, 0, 1], &Device::Cpu)?)?;
/// let p = Empirical::from_counts(batch, &[60.0, 40.0, 30.0, 70.0])?;
/// let model = maximum_likelihood(&p, |vb| Logistic::new(1, vb))?.model;
/// let all = Coefficients::of(&model, &p)?.scatter().probabilities(&x, &model.log_probs(&x)?, 0.95)?;
/// // The first row's group is a coin of its own: 40 of 100, with the error √(p (1 − p) / n).
/// assert!((all[0][1].estimate - 0.4).abs() < 1e-7 && (all[0][1].std_error - (0.4f64 * 0.6 / 100.0).sqrt()).abs() < 1e-7);
/// # Ok::<(), candle_mle::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Scatter {
    root: DMatrix<f64>,
    columns: usize,
}

/// The name of the root in a model's file.
const ROOT: &str = "coefficients.covariance_root";

impl Coefficients {
    /// How they scatter, for what is foretold by them.
    pub fn scatter(&self) -> Scatter {
        Scatter { root: self.root_of_others(), columns: self.columns() }
    }
}

impl Scatter {
    /// As a tensor by its name, to be kept in a model's file by [`parameters::keep`](crate::parameters::keep).
    ///
    /// # Errors
    /// Those of Candle.
    pub fn tensors(&self) -> Result<BTreeMap<String, Tensor>> {
        let rows: Vec<f64> = self.root.transpose().as_slice().to_vec();
        Ok(BTreeMap::from([(ROOT.into(), Tensor::from_vec(rows, self.root.shape(), &Device::Cpu)?)]))
    }

    /// What was kept, if it was, of a model of so many columns.
    ///
    /// # Errors
    /// A root of another shape.
    pub fn from_tensors(tensors: &HashMap<String, Tensor>, columns: usize) -> Result<Option<Self>> {
        let Some(root) = tensors.get(ROOT) else { return Ok(None) };
        let (rows, width) = matrix("the root of a covariance", root)?;
        if rows == 0 || rows % (columns + 1) != 0 {
            return Err(shape("the root of a covariance", root.dims(), format!("(a multiple of {}, …)", columns + 1)));
        }
        Ok(Some(Self { root: DMatrix::from_row_slice(rows, width, &host(root)?), columns }))
    }

    /// The probabilities of all classes of every row of x (m, d), whose logarithms (m, k) the model gives.
    ///
    /// # Errors
    /// x of other columns; other classes.
    pub fn probabilities(&self, x: &Tensor, log_probs: &Tensor, level: f64) -> Result<Vec<Vec<Foretold>>> {
        let (others, z) = (self.root.nrows() / (self.columns + 1), normal_quantile(level));
        let (rows, classes) = matrix("the logarithms of probabilities", log_probs)?;
        if classes != others + 1 {
            return Err(shape(
                "the logarithms of probabilities",
                log_probs.dims(),
                format!("({rows}, {})", others + 1),
            ));
        }
        let log_probs = host(log_probs)?;
        let each = self.spreads(x)?.zip(log_probs.chunks(classes)).map(|(spread, log_probs)| {
            // Of the logit of a class: ∂ / ∂ logit of another is −q of that, if it is not this one.
            let of = |class: usize| {
                let log_rest = log_sum((0..classes).filter(|c| *c != class).map(|c| log_probs[c]));
                let logit = log_probs[class] - log_rest;
                let along = DMatrix::from_fn(1, others, |_, at| match at + 1 {
                    own if own == class => 1.0,
                    other => -(log_probs[other] - log_rest).exp(),
                });
                let error = (along * &spread).norm();
                let slope = (log_probs[class] + log_rest).exp();
                let interval = [-z, z].map(|z| 1.0 / (1.0 + (-(logit + z * error)).exp()));
                Foretold { estimate: log_probs[class].exp(), std_error: slope * error, interval }
            };
            (0..classes).map(of).collect()
        });
        Ok(each.collect())
    }

    /// The means (m,) that a regression of numbers gives of every row of x (m, d).
    ///
    /// # Errors
    /// x of other columns.
    pub fn means(&self, x: &Tensor, means: &Tensor, link: Link, level: f64) -> Result<Vec<Foretold>> {
        let z = normal_quantile(level);
        let each = self.spreads(x)?.zip(host(means)?).map(|(spread, mean)| {
            let error = spread.norm();
            match link {
                Link::Identity => {
                    Foretold { estimate: mean, std_error: error, interval: [-z, z].map(|z| mean + z * error) }
                }
                Link::Log => Foretold {
                    estimate: mean,
                    std_error: mean * error,
                    interval: [-z, z].map(|z| mean * (z * error).exp()),
                },
            }
        });
        Ok(each.collect())
    }

    /// Of every row a root of the covariance of its linear predictors, of all classes but class 0.
    fn spreads(&self, x: &Tensor) -> Result<impl Iterator<Item = DMatrix<f64>> + '_> {
        let (rows, columns) = matrix("x", x)?;
        if columns != self.columns {
            return Err(shape("x", x.dims(), format!("({rows}, {})", self.columns)));
        }
        let (x, width) = (host(x)?, columns + 1);
        Ok((0..rows).map(move |row| {
            let row = DMatrix::from_fn(1, width, |_, j| if j < columns { x[row * columns + j] } else { 1.0 });
            let mut all = DMatrix::zeros(self.root.nrows() / width, self.root.ncols());
            for (at, mut of) in all.row_iter_mut().enumerate() {
                of.copy_from(&(&row * self.root.rows(at * width, width)));
            }
            all
        }))
    }
}

/// ln Σ eᵗ
fn log_sum(terms: impl Iterator<Item = f64> + Clone) -> f64 {
    let most = terms.clone().fold(f64::NEG_INFINITY, f64::max);
    if most == f64::NEG_INFINITY { most } else { most + terms.map(|term| (term - most).exp()).sum::<f64>().ln() }
}
