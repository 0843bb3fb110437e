//! Linear regression: q_θ(y | x) = N(w·x + b, σ²), least squares as maximum likelihood.

use std::collections::HashMap;

use candle_core::{Device, Tensor};
use candle_mle_info::law::{ClosedForm, Normal};
use candle_nn::{Init, VarBuilder};
use nalgebra::{DMatrix, DVector};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use super::{KlDivergence, Model, Sample};
use crate::batch::{Response, host, like, number};
use crate::curvature::Curved;
use crate::error::{Error, Result, shape};
use crate::ops::linear;
use crate::parameters::{Parameters, Parts};
use crate::standardize::Standardize;

/// y | x ~ N(w·x + b + offset, σ²). The likeliest w and b are those of least squares, and σ² the mean of the squared residuals, divided
/// by n.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::batch::Response;
/// use candle_mle::model::LinearGaussian;
/// use candle_mle::{Empirical, Parameters, maximum_likelihood};
/// let x = Tensor::new(&[[0.0], [1.0], [2.0], [3.0]], &Device::Cpu)?;
/// let p = Empirical::from_sample(Response::new(x, Tensor::new(&[1.0, 2.0, 4.0, 5.0], &Device::Cpu)?)?)?;
/// let coordinates = LinearGaussian::coordinates(p.batch(), p.mass())?;
/// let line = maximum_likelihood(&p, |vb| LinearGaussian::new(1, vb)?.standardized(coordinates))?.model;
/// assert!((line.weight()?.to_vec1::<f64>()?[0] - 1.4).abs() < 1e-8);
/// # Ok::<(), candle_mle::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct LinearGaussian {
    weight: Tensor,
    bias: Tensor,
    log_sigma: Tensor,
    standardize: Standardize,
    /// Of y, one column.
    response: Standardize,
}

/// Of y's standard deviation, what rounding leaves of a residual that is none.
const NOTHING: f64 = 1e-13;
/// How many rows are multiplied at once.
const BLOCK: usize = 256;
/// Where ln σ stands among the numbers learnt: bias, log_sigma, weight.
const LOG_SIGMA: usize = 1;

impl LinearGaussian {
    /// Asks for `weight` (d,), `bias` and `log_sigma`, scalars; variables start at 0.
    pub fn new(columns: usize, vb: VarBuilder) -> Result<Self> {
        Ok(Self {
            weight: vb.get_with_hints(columns, "weight", Init::Const(0.0))?,
            bias: vb.get_with_hints((), "bias", Init::Const(0.0))?,
            log_sigma: vb.get_with_hints((), "log_sigma", Init::Const(0.0))?,
            standardize: Standardize::identity(columns, &vb)?,
            response: Standardize::identity(1, &vb)?,
        })
    }

    /// The model of slopes, intercept and standard deviation, constant.
    ///
    /// # Errors
    /// A standard deviation that is not a finite number > 0.
    pub fn from_coefficients(weight: &[f64], bias: f64, sigma: f64, device: &Device) -> Result<Self> {
        let sigma = crate::error::positive("the standard deviation", sigma)?;
        let of = |values: Vec<f64>, shape: &[usize]| -> Result<Tensor> {
            let tensor = Tensor::from_vec(values, shape, &Device::Cpu)?;
            Ok(tensor.to_dtype(crate::device::float(device))?.to_device(device)?)
        };
        let (weight, bias, log_sigma) =
            (of(weight.to_vec(), &[weight.len()])?, of(vec![bias], &[])?, of(vec![sigma.ln()], &[])?);
        Self::from_parts(Parts::new([("weight", &weight), ("bias", &bias), ("log_sigma", &log_sigma)]))
    }

    /// The coordinates in which it is learnt, of observations that weigh `mass` (m,): every column of x standardised, and y in units of its
    /// residuals from least squares, so that neither units nor a close fit hinder the descent. For
    /// [`standardized`](Parameters::standardized).
    ///
    /// # Errors
    /// [`Error::NoMaximum`] where x tells y exactly, so that σ falls to 0; a constant column of x.
    pub fn coordinates(batch: &Response, mass: &Tensor) -> Result<Standardize> {
        let (m, d) = batch.x().dims2()?;
        let map = if d == 0 { None } else { Some(Standardize::bulk(batch.x(), mass)?) };
        let (z, mut y) = (map.as_ref().map_or(Ok(vec![]), |map| host(&map.apply(batch.x())?))?, host(batch.y())?);
        if let Some(offset) = batch.offset() {
            y.iter_mut().zip(host(offset)?).for_each(|(y, offset)| *y -= offset);
        }
        let root: Vec<f64> = host(mass)?.iter().map(|mass| mass.sqrt()).collect();
        let mean = y.iter().zip(&root).map(|(y, r)| y * r * r).sum::<f64>() / root.iter().map(|r| r * r).sum::<f64>();
        // Householder's orthogonal rows: those beyond the d + 1 columns hold the residuals.
        let columns = DMatrix::from_fn(m, d + 1, |i, j| root[i] * if j < d { z[i * d + j] } else { 1.0 });
        let target = DVector::from_fn(m, |i, _| root[i] * (y[i] - mean));
        let size = target.norm();
        let mut turned = target;
        columns.qr().q_tr_mul(&mut turned);
        let residual = turned.rows_range(m.min(d + 1)..).norm();
        if residual <= NOTHING * size || size == 0.0 {
            let why = match size == 0.0 {
                true => format!(
                    "all responses are {}: σ falls to 0, and the likelihood rises for ever",
                    candle_mle_info::number::typed(mean)
                ),
                false => {
                    "the columns tell every response exactly: σ falls to 0, and the likelihood rises for ever".into()
                }
            };
            return Err(Error::NoMaximum { why });
        }
        let (mut shift, mut scale) = match &map {
            Some(map) => (host(map.shift())?, host(map.scale())?),
            None => (vec![], vec![]),
        };
        shift.push(mean);
        scale.push(residual);
        Standardize::new(like(batch.x(), shift, d + 1)?, like(batch.x(), scale, d + 1)?)
    }

    /// The likeliest model of these columns whose slopes are 0, of rows that weigh `mass` (m,), which sums to 1: mean and standard
    /// deviation of y less its offset.
    ///
    /// # Errors
    /// [`Error::NoMaximum`] where all of them are one number.
    pub fn of_intercept(batch: &Response, mass: &Tensor) -> Result<Self> {
        let mass = host(mass)?;
        let offset = batch.offset().map_or(Ok(vec![0.0; mass.len()]), host)?;
        let y: Vec<f64> = host(batch.y())?.iter().zip(offset).map(|(y, offset)| y - offset).collect();
        let mean = y.iter().zip(&mass).map(|(y, mass)| y * mass).sum::<f64>();
        let sigma = y.iter().zip(&mass).map(|(y, mass)| mass * (y - mean).powi(2)).sum::<f64>().sqrt();
        if sigma == 0.0 {
            return Err(Error::NoMaximum { why: "all responses are one number: σ falls to 0".into() });
        }
        Self::from_coefficients(&vec![0.0; batch.x().dim(1)?], mean, sigma, &Device::Cpu)
    }

    /// The slopes, (d,), in units of y per unit of x.
    pub fn weight(&self) -> Result<Tensor> {
        Ok(self.weight.detach().broadcast_mul(self.response.scale())?.div(self.standardize.scale())?)
    }

    /// The intercept, a scalar, in the unit of y.
    pub fn bias(&self) -> Result<Tensor> {
        let own = ((self.bias.detach() * self.response.scale().get(0)?)? + self.response.shift().get(0)?)?;
        Ok((own - (self.weight()? * self.standardize.shift())?.sum_all()?)?)
    }

    /// σ, in the unit of y.
    pub fn sigma(&self) -> Result<f64> {
        Ok(number(&self.log_sigma)?.exp() * number(&self.response.scale().get(0)?)?)
    }

    /// The mean of y of every row, (m,), in the unit of y.
    pub fn means(&self, batch: &Response) -> Result<Tensor> {
        let mean = self.mean(batch.x())?;
        Ok(match batch.offset() {
            Some(offset) => (mean + offset)?,
            None => mean,
        })
    }

    /// y − μ of every row, (m,), in the coordinates learnt in.
    fn residuals(&self, batch: &Response) -> Result<Tensor> {
        let y = match batch.offset() {
            Some(offset) => (batch.y() - offset)?,
            None => batch.y().clone(),
        };
        let y = y.broadcast_sub(self.response.shift())?.broadcast_div(self.response.scale())?;
        let x = self.standardize.apply(batch.x())?;
        let mean = linear(&x, &self.weight.unsqueeze(0)?)?.squeeze(1)?.broadcast_add(&self.bias)?;
        Ok((y - mean)?)
    }

    /// The mean of y at x (m, d): (m,), in the unit of y, without an offset.
    pub fn mean(&self, x: &Tensor) -> Result<Tensor> {
        let weight = self.weight()?.unsqueeze(0)?;
        Ok(linear(x, &weight)?.squeeze(1)?.broadcast_add(&self.bias()?)?)
    }
}

impl Model for LinearGaussian {
    type Batch = Response;
    const DENSITY: bool = true;

    fn log_prob(&self, batch: &Response) -> Result<Tensor> {
        let z = self.residuals(batch)?.broadcast_mul(&self.log_sigma.neg()?.exp()?)?;
        let unit = self.response.scale().get(0)?.log()?;
        let constant = ((&self.log_sigma + unit)? + 0.5 * std::f64::consts::TAU.ln())?;
        Ok((z.sqr()? * 0.5)?.broadcast_add(&constant)?.neg()?)
    }

    /// In units of σ, so that the unit of y does not matter: with any σ the same slopes as those of penalised least squares.
    fn slopes(&self) -> Result<Option<Tensor>> {
        Ok(Some(self.weight.broadcast_mul(&self.log_sigma.neg()?.exp()?)?))
    }

    fn curved(&self) -> Option<&dyn Curved<Response>> {
        Some(self)
    }
}

/// With e = y − μ in the coordinates learnt in, the loss of a row is ½ e²/σ² + ln σ: all of its curvature stands in the products of the
/// columns 1, e and x.
impl Curved<Response> for LinearGaussian {
    fn free(&self) -> Vec<usize> {
        (0..self.weight.elem_count() + 2).collect()
    }

    fn information(&self, batch: &Response, mass: &[f64]) -> Result<DMatrix<f64>> {
        let (x, residuals) = (self.standardize.apply(batch.x())?, host(&self.residuals(batch)?)?);
        let (x, d, precision) = (host(&x)?, self.weight.elem_count(), (-2.0 * number(&self.log_sigma)?).exp());
        let mut products = DMatrix::zeros(d + 2, d + 2);
        // As many rows at once as stay in the cache.
        for first in (0..mass.len()).step_by(BLOCK) {
            let rows = (mass.len() - first).min(BLOCK);
            let block = DMatrix::from_fn(rows, d + 2, |row, column| {
                let row = first + row;
                mass[row].sqrt()
                    * match column {
                        0 => 1.0,
                        LOG_SIGMA => residuals[row],
                        _ => x[row * d + column - 2],
                    }
            });
            products.gemm_tr(precision, &block, &block, 1.0);
        }
        products.row_mut(LOG_SIGMA).scale_mut(2.0);
        for column in (0..d + 2).filter(|column| *column != LOG_SIGMA) {
            products[(column, LOG_SIGMA)] *= 2.0;
        }
        Ok(products)
    }

    /// Without what ties σ to the slopes, which at the maximum is nothing, and far from it bends the wrong way.
    fn bowl(&self, batch: &Response, mass: &[f64]) -> Result<DMatrix<f64>> {
        let mut bowl = self.information(batch, mass)?;
        let sigma = bowl[(LOG_SIGMA, LOG_SIGMA)];
        bowl.row_mut(LOG_SIGMA).fill(0.0);
        bowl.column_mut(LOG_SIGMA).fill(0.0);
        bowl[(LOG_SIGMA, LOG_SIGMA)] = sigma;
        Ok(bowl)
    }

    fn log_det(&self, _: &Response, _: &[f64]) -> Result<Tensor> {
        Err(Error::NoCurvature)
    }
}

impl Sample for LinearGaussian {
    type Given = Tensor;

    fn sample<R: Rng + ?Sized>(&self, x: &Tensor, rng: &mut R) -> Result<Response> {
        let (mean, sigma) = (host(&self.mean(x)?)?, self.sigma()?);
        let noise =
            |mean: f64| -> f64 { mean + sigma * <StandardNormal as Distribution<f64>>::sample(&StandardNormal, rng) };
        let y: Vec<f64> = mean.into_iter().map(noise).collect();
        let rows = y.len();
        Response::new(x.clone(), like(x, y, rows)?)
    }
}

impl KlDivergence for LinearGaussian {
    fn kl_divergence(&self, q: &Self, batch: &Response) -> Result<Tensor> {
        let (own, other, sigma, wide) =
            (host(&self.mean(batch.x())?)?, host(&q.mean(batch.x())?)?, self.sigma()?, q.sigma()?);
        let kl = |(own, other): (f64, f64)| -> Result<f64> {
            Ok(Normal::new(own, sigma)?.kl_divergence(&Normal::new(other, wide)?).nats())
        };
        let kl = own.into_iter().zip(other).map(kl).collect::<Result<Vec<_>>>()?;
        let rows = kl.len();
        Ok(Tensor::from_vec(kl, rows, &Device::Cpu)?)
    }
}

impl Parameters for LinearGaussian {
    const FAMILY: &'static str = "linear regression";

    fn parameters(&self) -> Result<HashMap<String, Tensor>> {
        let log_sigma = (self.log_sigma.detach() + self.response.scale().get(0)?.log()?)?;
        Ok(Parts::new([("weight", &self.weight()?), ("bias", &self.bias()?), ("log_sigma", &log_sigma)]).learnt)
    }

    fn parts(&self) -> Result<Parts> {
        let learnt = [("weight", &self.weight), ("bias", &self.bias), ("log_sigma", &self.log_sigma)];
        let both = |x: &Tensor, y: &Tensor| Tensor::cat(&[x, y], 0);
        let shift = both(self.standardize.shift(), self.response.shift())?;
        let scale = both(self.standardize.scale(), self.response.scale())?;
        Ok(Parts::new(learnt).with_map(&Standardize::new(shift, scale)?))
    }

    fn from_parts(mut parts: Parts) -> Result<Self> {
        let (weight, bias, log_sigma) = (parts.take("weight")?, parts.take("bias")?, parts.take("log_sigma")?);
        if weight.rank() != 1 || bias.rank() != 0 || log_sigma.rank() != 0 {
            return Err(shape("the weight", weight.dims(), "(columns,), beside scalars as bias and log_sigma,"));
        }
        let d = weight.dim(0)?;
        let map = parts.take_map(d + 1, &weight)?;
        parts.done()?;
        if map.shift().dims() != [d + 1] {
            return Err(shape("the map", map.shift().dims(), format!("({},), the last of y", d + 1)));
        }
        let of = |from: usize, columns: usize| {
            Standardize::new(map.shift().narrow(0, from, columns)?, map.scale().narrow(0, from, columns)?)
        };
        Ok(Self { weight, bias, log_sigma, standardize: of(0, d)?, response: of(d, 1)? })
    }
}
