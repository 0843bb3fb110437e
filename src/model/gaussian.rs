//! The Gaussian of k dimensions with full covariance (lecture rows L6, P3), the precision through a triangular factor.

use std::collections::HashMap;
use std::f64::consts::PI;

use candle_core::{D, Device, Tensor};
use candle_nn::{Init, VarBuilder};
use nalgebra::{DMatrix, DVector};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use super::{KlDivergence, Model, Parameters, Sample, Standardize, host};
use crate::cholesky::covariance_root;
use crate::error::{Error, Result};

/// N(μ, Σ) on rows (m, k), with Σ⁻¹ = PᵀP and P lower triangular with a positive diagonal: valid at any parameters.
///
/// `factor` (k, k) holds P below its diagonal and ln P on it; what stands above takes no part. Then
/// ln q(x) = Σ_j ln P_jj − ½ |P (x − μ)|² − ½ k ln 2π needs no solve and no determinant.
#[derive(Clone, Debug)]
pub struct Gaussian {
    mean: Tensor,
    factor: Tensor,
    standardize: Standardize,
}

impl Gaussian {
    /// Asks for `mean` (k,) and `factor` (k, k); variables start at 0, the standard Gaussian.
    pub fn new(dimensions: usize, vb: VarBuilder) -> Result<Self> {
        Ok(Self {
            mean: vb.get_with_hints(dimensions, "mean", Init::Const(0.0))?,
            factor: vb.get_with_hints((dimensions, dimensions), "factor", Init::Const(0.0))?,
            standardize: Standardize::identity(dimensions, &vb)?,
        })
    }

    /// The Gaussian of a given mean (k) and covariance (k · k, row by row), constant.
    ///
    /// # Errors
    /// A covariance of another size, one that is not symmetric (to 1e-9 of the standard deviations), or not positive
    /// definite; numbers that are not finite.
    pub fn from_moments(mean: &[f64], covariance: &[f64], device: &Device) -> Result<Self> {
        let k = mean.len();
        if covariance.len() != k * k {
            let expected = format!("{k} × {k} numbers");
            return Err(Error::Shape { what: "the covariance", got: vec![covariance.len()], expected });
        }
        finite("the mean", mean, k)?;
        let mut factor = inverse(&covariance_root(&DMatrix::from_row_slice(k, k, covariance))?);
        for j in 0..k {
            factor[(j, j)] = factor[(j, j)].ln();
        }
        let row_major: Vec<f64> = factor.transpose().iter().copied().collect();
        let parameters = HashMap::from([
            ("mean".to_string(), Tensor::new(mean, &Device::Cpu)?),
            ("factor".to_string(), Tensor::from_vec(row_major, (k, k), &Device::Cpu)?),
        ]);
        Self::new(k, VarBuilder::from_tensors(parameters, crate::device::float(device), device))
    }

    /// The same, with its variables read in the coordinates of this map.
    pub fn standardized(self, standardize: Standardize) -> Self {
        Self { standardize, ..self }
    }

    /// μ, (k,), in the data's units.
    pub fn mean(&self) -> Result<Tensor> {
        Ok(((self.mean.detach() * self.standardize.scale())? + self.standardize.shift())?)
    }

    /// Σ, (k, k), in the data's units.
    pub fn covariance(&self) -> Result<Tensor> {
        let root = inverse(&self.precision_factor()?);
        let k = root.nrows();
        let covariance: Vec<f64> = (&root * root.transpose()).iter().copied().collect();
        Ok(Tensor::from_vec(covariance, (k, k), &Device::Cpu)?)
    }

    /// The standard deviation of every column given all others, k numbers in the data's units; σ itself for k = 1.
    pub fn conditional_std(&self) -> Result<Vec<f64>> {
        let p = self.precision_factor()?;
        Ok((p.transpose() * &p).diagonal().iter().map(|precision| precision.sqrt().recip()).collect())
    }

    /// `factor` in the data's units, (k, k); zero above the diagonal.
    fn own_factor(&self) -> Result<Tensor> {
        let k = self.factor.dim(0)?;
        let (below, diagonal) = self.triangle()?;
        let factor = self.factor.detach();
        let below = (factor.broadcast_div(self.standardize.scale())? * below)?;
        let logs = factor.broadcast_sub(&self.standardize.scale().log()?)?;
        debug_assert_eq!(below.dims(), [k, k]);
        Ok((below + (logs * diagonal)?)?)
    }

    /// P in the data's units, on the host.
    fn precision_factor(&self) -> Result<DMatrix<f64>> {
        let k = self.factor.dim(0)?;
        let mut p = DMatrix::from_row_slice(k, k, &host(&self.own_factor()?)?);
        for j in 0..k {
            p[(j, j)] = p[(j, j)].exp();
        }
        Ok(p)
    }

    /// Masks (k, k): ones below the diagonal, ones on it.
    fn triangle(&self) -> Result<(Tensor, Tensor)> {
        let (k, dtype, device) = (self.factor.dim(0)?, self.factor.dtype(), self.factor.device());
        let diagonal = Tensor::eye(k, dtype, device)?;
        Ok(((Tensor::tril2(k, dtype, device)? - &diagonal)?, diagonal))
    }
}

impl Model for Gaussian {
    type Batch = Tensor;
    const DENSITY: bool = true;

    fn log_prob(&self, x: &Tensor) -> Result<Tensor> {
        let k = self.mean.dim(0)?;
        if x.rank() != 2 || x.dim(1)? != k {
            return Err(Error::Shape { what: "x", got: x.dims().to_vec(), expected: format!("(rows, {k})") });
        }
        let (below, diagonal) = self.triangle()?;
        let log_diagonal = (&self.factor * &diagonal)?;
        let p = ((&self.factor * below)? + (log_diagonal.exp()? * diagonal)?)?;
        let z = self.standardize.apply(x)?.broadcast_sub(&self.mean)?.matmul(&p.t()?)?;
        let log_volume = (log_diagonal.sum_all()? - self.standardize.scale().log()?.sum_all()?)?;
        let constant = (log_volume - 0.5 * k as f64 * (2.0 * PI).ln())?;
        Ok((z.sqr()?.sum(D::Minus1)? * -0.5)?.broadcast_add(&constant)?)
    }
}

impl Sample for Gaussian {
    type Given = usize;

    fn sample<R: Rng + ?Sized>(&self, &n: &usize, rng: &mut R) -> Result<Tensor> {
        let (mean, root) = (DVector::from_vec(host(&self.mean()?)?), inverse(&self.precision_factor()?));
        let k = mean.len();
        let mut points: Vec<f64> = Vec::with_capacity(n * k);
        for _ in 0..n {
            let noise = DVector::from_fn(k, |_, _| StandardNormal.sample(rng));
            points.extend((&mean + &root * noise).iter());
        }
        Ok(Tensor::from_vec(points, (n, k), &Device::Cpu)?
            .to_dtype(self.mean.dtype())?
            .to_device(self.mean.device())?)
    }
}

impl KlDivergence for Gaussian {
    /// ½ (tr Σ_q⁻¹ Σ_p + |P_q (μ_q − μ_p)|² − k) + ln |P_p| − ln |P_q|.
    fn kl_divergence(&self, q: &Self, batch: &Tensor) -> Result<Tensor> {
        let (p_factor, q_factor) = (self.precision_factor()?, q.precision_factor()?);
        let k = p_factor.nrows();
        let gap = DVector::from_vec(host(&q.mean()?)?) - DVector::from_vec(host(&self.mean()?)?);
        let spread = (&q_factor * inverse(&p_factor)).norm_squared();
        let log_det = |factor: &DMatrix<f64>| factor.diagonal().iter().map(|d| d.ln()).sum::<f64>();
        let kl = 0.5 * (spread + (&q_factor * gap).norm_squared() - k as f64) + log_det(&p_factor) - log_det(&q_factor);
        Ok(Tensor::full(kl, batch.dim(0)?, &Device::Cpu)?)
    }
}

impl Parameters for Gaussian {
    fn parameters(&self) -> Result<HashMap<String, Tensor>> {
        Ok(HashMap::from([("mean".to_string(), self.mean()?), ("factor".to_string(), self.own_factor()?)]))
    }
}

/// An error if one of the numbers, row by row, is not finite.
pub(super) fn finite(what: &'static str, values: &[f64], columns: usize) -> Result<()> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(at) => Err(Error::NotFinite { what, row: at / columns, column: at % columns, value: values[at] }),
        None => Ok(()),
    }
}

/// The inverse of a lower triangle with a positive diagonal.
pub(super) fn inverse(lower: &DMatrix<f64>) -> DMatrix<f64> {
    let k = lower.nrows();
    lower.solve_lower_triangular(&DMatrix::identity(k, k)).unwrap_or_else(|| DMatrix::from_element(k, k, f64::NAN))
}
