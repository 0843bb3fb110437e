//! The Gaussian of k dimensions with full covariance (lecture rows L6, P3), the precision through a triangular factor.

use std::collections::HashMap;
use std::f64::consts::PI;

use candle_core::{D, Device, Tensor};
use candle_mle_info::law::MultivariateNormal;
use candle_nn::{Init, VarBuilder};
use nalgebra::{DMatrix, DVector};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use super::{KlDivergence, Model, Sample};
use crate::batch::{host, like};
use crate::device::float;
use crate::error::{Result, shape};
use crate::ops::Triangle;
use crate::parameters::{Parameters, Parts};
use crate::standardize::Standardize;

/// N(μ, Σ) on rows (m, k), with Σ⁻¹ = PᵀP and P lower triangular with a positive diagonal: valid at any parameters.
///
/// `factor` (k, k) holds P below its diagonal and ln P on it; what stands above takes no part. Then
/// ln q(x) = Σ_j ln P_jj − ½ |P (x − μ)|² − ½ k ln 2π needs no solve and no determinant.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::model::Gaussian;
/// use candle_mle::{Empirical, Parameters, maximum_likelihood};
/// let p = Empirical::from_sample(Tensor::new(&[[1.0], [2.0], [3.0], [6.0]], &Device::Cpu)?)?;
/// // In the coordinates of the range, and not of the moments: there the standard Gaussian, the start, would be the end.
/// let law = maximum_likelihood(&p, |vb| Gaussian::new(1, vb)?.standardized(p.standardize()?))?.model.law()?;
/// assert!((law.mean()[0] - 3.0).abs() < 1e-8 && (law.covariance()[0][0] - 3.5).abs() < 1e-7);
/// # Ok::<(), candle_mle::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Gaussian {
    mean: Tensor,
    factor: Tensor,
    standardize: Standardize,
    /// Of the factor.
    triangle: Triangle,
}

impl Gaussian {
    /// Asks for `mean` (k,) and `factor` (k, k); variables start at 0, the standard Gaussian.
    pub fn new(dimensions: usize, vb: VarBuilder) -> Result<Self> {
        Self::of(
            vb.get_with_hints(dimensions, "mean", Init::Const(0.0))?,
            vb.get_with_hints((dimensions, dimensions), "factor", Init::Const(0.0))?,
            Standardize::identity(dimensions, &vb)?,
        )
    }

    /// The Gaussian of a given mean (k) and covariance (k rows of k numbers), constant.
    ///
    /// # Errors
    /// As [`MultivariateNormal::new`]: a covariance of another size, one that is not symmetric, or not positive definite;
    /// numbers that are not finite.
    pub fn from_moments(mean: &[f64], covariance: &[impl AsRef<[f64]>], device: &Device) -> Result<Self> {
        Self::from_law(&MultivariateNormal::new(mean, covariance)?, device)
    }

    /// The same as a known law, constant.
    pub fn from_law(law: &MultivariateNormal, device: &Device) -> Result<Self> {
        let k = law.dimension();
        let mut factor = inverse(law.factor());
        for j in 0..k {
            factor[(j, j)] = factor[(j, j)].ln();
        }
        let row_major: Vec<f64> = factor.transpose().iter().copied().collect();
        let mean = Tensor::new(law.mean(), &Device::Cpu)?.to_dtype(float(device))?.to_device(device)?;
        let factor = like(&mean, row_major, (k, k))?;
        Self::from_parts(Parts::new([("mean", &mean), ("factor", &factor)]))
    }

    fn of(mean: Tensor, factor: Tensor, standardize: Standardize) -> Result<Self> {
        let k = mean.elem_count();
        if mean.rank() != 1 || factor.dims() != [k, k] {
            return Err(shape("the factor", factor.dims(), format!("({k}, {k}), beside a mean of shape ({k},),")));
        }
        let triangle = Triangle::new(k, &factor)?;
        Ok(Self { mean, factor, standardize, triangle })
    }

    /// This Gaussian in f64 on the host, where entropies, divergences and mutual information are known in closed form.
    ///
    /// # Errors
    /// A covariance that is singular to rounding.
    pub fn law(&self) -> Result<MultivariateNormal> {
        let covariance = self.covariance()?.to_vec2::<f64>()?;
        Ok(MultivariateNormal::new(&host(&self.mean()?)?, &covariance)?)
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
        let factor = self.factor.detach();
        let below = (factor.broadcast_div(self.standardize.scale())? * self.triangle.below())?;
        let logs = factor.broadcast_sub(&self.standardize.scale().log()?)?;
        Ok((below + (logs * self.triangle.diagonal())?)?)
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
}

impl Model for Gaussian {
    type Batch = Tensor;
    const DENSITY: bool = true;

    fn log_prob(&self, x: &Tensor) -> Result<Tensor> {
        let k = self.mean.dim(0)?;
        let log_diagonal = (&self.factor * self.triangle.diagonal())?;
        let p = ((&self.factor * self.triangle.below())? + (log_diagonal.exp()? * self.triangle.diagonal())?)?;
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
        like(&self.mean, points, (n, k))
    }
}

impl KlDivergence for Gaussian {
    fn kl_divergence(&self, q: &Self, batch: &Tensor) -> Result<Tensor> {
        let kl = match (self.law()?, q.law()) {
            (p, Ok(q)) => p.kl_divergence(&q)?.nats(),
            // A descent that runs off leaves the reach of laws: what is left to say is what the factors say.
            (p, Err(_)) if p.dimension() == q.mean.elem_count() => {
                let factor = q.precision_factor()?;
                let gap = DVector::from_vec(host(&q.mean()?)?) - DVector::from_column_slice(p.mean());
                let square = (&factor * p.factor()).norm_squared() + (&factor * gap).norm_squared();
                let ratios = factor.diagonal().component_mul(&p.factor().diagonal());
                0.5 * (square - p.dimension() as f64) - ratios.iter().map(|ratio| ratio.ln()).sum::<f64>()
            }
            (_, Err(error)) => return Err(error),
        };
        Ok(Tensor::full(kl, batch.dim(0)?, &Device::Cpu)?)
    }
}

impl Parameters for Gaussian {
    const FAMILY: &'static str = "Gaussian";

    fn parameters(&self) -> Result<HashMap<String, Tensor>> {
        Ok(Parts::new([("mean", &self.mean()?), ("factor", &self.own_factor()?)]).learnt)
    }

    fn parts(&self) -> Result<Parts> {
        Ok(Parts::new([("mean", &self.mean), ("factor", &self.factor)]).with_map(&self.standardize))
    }

    fn from_parts(mut parts: Parts) -> Result<Self> {
        let (mean, factor) = (parts.take("mean")?, parts.take("factor")?);
        let standardize = parts.take_map(mean.elem_count(), &mean)?;
        parts.done()?;
        Self::of(mean, factor, standardize)
    }
}

/// The inverse of a lower triangle with a positive diagonal.
pub(super) fn inverse(lower: &DMatrix<f64>) -> DMatrix<f64> {
    let k = lower.nrows();
    lower.solve_lower_triangular(&DMatrix::identity(k, k)).unwrap_or_else(|| DMatrix::from_element(k, k, f64::NAN))
}
