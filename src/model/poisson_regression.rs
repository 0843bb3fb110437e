//! Poisson regression: counts whose mean is exp(w·x + b + offset), the log link.

use std::collections::HashMap;

use candle_core::{Device, Tensor};
use candle_mle_info::law::{ClosedForm, Poisson};
use candle_nn::{Init, VarBuilder};
use rand::Rng;

use super::poisson::{deviance_of_counts, poisson, seen_of_counts};
use super::univariate::Support;
use super::{KlDivergence, Model, Sample};
use crate::batch::{LastSeen, Response, host, like};
use crate::error::{Error, Result};
use crate::ops::linear;
use crate::parameters::{Parameters, Parts};
use crate::standardize::Standardize;

/// A count y ~ Poisson with mean exp(w·x + b + offset); the offset of a count over an exposure is the logarithm of that.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::batch::Response;
/// use candle_mle::model::PoissonRegression;
/// use candle_mle::{Empirical, maximum_likelihood};
/// // Means 2 and 6: the slope is the logarithm of their ratio.
/// let x = Tensor::new(&[[0.0], [0.0], [1.0], [1.0]], &Device::Cpu)?;
/// let p = Empirical::from_sample(Response::new(x, Tensor::new(&[1.0, 3.0, 5.0, 7.0], &Device::Cpu)?)?)?;
/// let slope = maximum_likelihood(&p, |vb| PoissonRegression::new(1, vb))?.model.weight()?.to_vec1::<f64>()?[0];
/// assert!((slope - 3f64.ln()).abs() < 1e-7);
/// # Ok::<(), candle_mle::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PoissonRegression {
    weight: Tensor,
    bias: Tensor,
    standardize: Standardize,
    /// What was seen of the counts that were scored last.
    last: LastSeen<Vec<Tensor>>,
}

impl PoissonRegression {
    /// Asks for `weight` (d,) and `bias`, a scalar; variables start at 0, where every mean is 1.
    pub fn new(columns: usize, vb: VarBuilder) -> Result<Self> {
        Ok(Self {
            weight: vb.get_with_hints(columns, "weight", Init::Const(0.0))?,
            bias: vb.get_with_hints((), "bias", Init::Const(0.0))?,
            standardize: Standardize::identity(columns, &vb)?,
            last: LastSeen::default(),
        })
    }

    /// The model of slopes and intercept, constant.
    pub fn from_coefficients(weight: &[f64], bias: f64, device: &Device) -> Result<Self> {
        let of = |values: Vec<f64>, shape: &[usize]| -> Result<Tensor> {
            let tensor = Tensor::from_vec(values, shape, &Device::Cpu)?;
            Ok(tensor.to_dtype(crate::device::float(device))?.to_device(device)?)
        };
        let (weight, bias) = (of(weight.to_vec(), &[weight.len()])?, of(vec![bias], &[])?);
        Self::from_parts(Parts::new([("weight", &weight), ("bias", &bias)]))
    }

    /// The slopes, (d,): by how much the logarithm of the mean rises per unit of x.
    pub fn weight(&self) -> Result<Tensor> {
        Ok(self.weight.detach().div(self.standardize.scale())?)
    }

    /// The intercept, a scalar: the logarithm of the mean at x = 0.
    pub fn bias(&self) -> Result<Tensor> {
        Ok((self.bias.detach() - (self.weight()? * self.standardize.shift())?.sum_all()?)?)
    }

    /// The logarithm of the mean of every row, (m,).
    pub fn log_mean(&self, batch: &Response) -> Result<Tensor> {
        let x = self.standardize.apply(batch.x())?;
        let log_mean = linear(&x, &self.weight.unsqueeze(0)?)?.squeeze(1)?.broadcast_add(&self.bias)?;
        Ok(match batch.offset() {
            Some(offset) => (log_mean + offset)?,
            None => log_mean,
        })
    }

    /// The mean of every row, (m,).
    pub fn means(&self, batch: &Response) -> Result<Tensor> {
        Ok(self.log_mean(batch)?.exp()?)
    }

    /// The likeliest model of these columns whose slopes are 0, of rows that were observed `count` (m,) times: counts in proportion to
    /// their exposure.
    ///
    /// # Errors
    /// [`Error::NoMaximum`] where all counts are 0.
    pub fn of_intercept(batch: &Response, count: &Tensor) -> Result<Self> {
        let count = host(count)?;
        let offset = batch.offset().map_or(Ok(vec![0.0; count.len()]), host)?;
        let seen: f64 = host(batch.y())?.iter().zip(&count).map(|(y, count)| y * count).sum();
        let exposed: f64 = offset.iter().zip(&count).map(|(offset, count)| offset.exp() * count).sum();
        if seen == 0.0 {
            return Err(Error::NoMaximum { why: "all counts are 0: the mean falls to 0".into() });
        }
        Self::from_coefficients(&vec![0.0; batch.x().dim(1)?], (seen / exposed).ln(), &Device::Cpu)
    }

    /// What statistics calls the deviance, nats: twice what the likelihood lacks of the one whose every mean is the count itself,
    /// 2 Σ (y ln(y/μ) − y + μ), of rows that were observed `count` (m,) times.
    ///
    /// # Errors
    /// Numbers that are no counts.
    pub fn deviance(&self, batch: &Response, count: &Tensor) -> Result<f64> {
        let lacks = host(&deviance_of_counts(&self.log_mean(batch)?, &self.seen(batch.y())?)?)?;
        Ok(2.0 * lacks.iter().zip(host(count)?).map(|(lacks, count)| lacks * count).sum::<f64>())
    }

    /// −ln q of every count at the mean that it is itself.
    pub(crate) fn least(y: &Tensor) -> Result<Vec<f64>> {
        Ok(seen_of_counts(&host(y)?).pop().unwrap_or_default())
    }

    fn seen(&self, y: &Tensor) -> Result<Vec<Tensor>> {
        self.last.of(y, || {
            let counts = host(y)?;
            let Support { what: support, cure, holds } = Support::COUNTS;
            if let Some(row) = counts.iter().position(|y| !holds(*y)) {
                return Err(Error::OffSupport { row, value: counts[row], family: Self::FAMILY, support, cure });
            }
            let m = counts.len();
            seen_of_counts(&counts).into_iter().map(|column| like(&self.weight, column, m)).collect()
        })
    }
}

impl Model for PoissonRegression {
    type Batch = Response;
    const DENSITY: bool = false;

    fn log_prob(&self, batch: &Response) -> Result<Tensor> {
        let seen = self.seen(batch.y())?;
        Ok((deviance_of_counts(&self.log_mean(batch)?, &seen)? + &seen[3])?.neg()?)
    }

    fn slopes(&self) -> Result<Option<Tensor>> {
        Ok(Some(self.weight.clone()))
    }
}

impl Sample for PoissonRegression {
    type Given = Tensor;

    fn sample<R: Rng + ?Sized>(&self, x: &Tensor, rng: &mut R) -> Result<Response> {
        let nothing = Response::new(x.clone(), Tensor::zeros(x.dim(0)?, x.dtype(), x.device())?)?;
        let y: Vec<f64> =
            host(&self.log_mean(&nothing)?)?.into_iter().map(|log_mean| poisson(log_mean.exp(), rng)).collect();
        let rows = y.len();
        Response::new(x.clone(), like(x, y, rows)?)
    }
}

impl KlDivergence for PoissonRegression {
    fn kl_divergence(&self, q: &Self, batch: &Response) -> Result<Tensor> {
        let (own, other) = (host(&self.log_mean(batch)?)?, host(&q.log_mean(batch)?)?);
        let kl = |(own, other): (f64, f64)| -> Result<f64> {
            Ok(Poisson::new(own.exp())?.kl_divergence(&Poisson::new(other.exp())?).nats())
        };
        let kl = own.into_iter().zip(other).map(kl).collect::<Result<Vec<_>>>()?;
        let rows = kl.len();
        Ok(Tensor::from_vec(kl, rows, &Device::Cpu)?)
    }
}

impl Parameters for PoissonRegression {
    const FAMILY: &'static str = "Poisson regression";

    fn parameters(&self) -> Result<HashMap<String, Tensor>> {
        Ok(Parts::new([("weight", &self.weight()?), ("bias", &self.bias()?)]).learnt)
    }

    fn parts(&self) -> Result<Parts> {
        Ok(Parts::new([("weight", &self.weight), ("bias", &self.bias)]).with_map(&self.standardize))
    }

    fn from_parts(mut parts: Parts) -> Result<Self> {
        let (weight, bias, standardize) = parts.take_line()?;
        parts.done()?;
        Ok(Self { weight, bias, standardize, last: LastSeen::default() })
    }
}
