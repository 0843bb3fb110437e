//! The Gaussian of k dimensions with full covariance (lecture rows L6, P3), the precision through a triangular factor.

use std::cmp::Ordering;
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
use crate::curvature::Curved;
use crate::device::float;
use crate::error::{Error, Result, shape};
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
/// use candle_mle::{Empirical, maximum_likelihood};
/// let p = Empirical::from_sample(Tensor::new(&[[1.0], [2.0], [3.0], [6.0]], &Device::Cpu)?)?;
/// let coordinates = p.whiten()?;
/// let law = maximum_likelihood(&p, |vb| Gaussian::new(1, vb)?.whitened(&coordinates))?.model.law()?;
/// assert!((law.mean()[0] - 3.0).abs() < 1e-8 && (law.covariance()[0][0] - 3.5).abs() < 1e-7);
/// # Ok::<(), candle_mle::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Gaussian {
    mean: Tensor,
    factor: Tensor,
    standardize: Standardize,
    /// A and b of what follows the map, if anything does.
    whitening: Option<[Tensor; 2]>,
    /// Of the factor.
    triangle: Triangle,
}

/// Coordinates v = A (x − shift) / scale + b, A lower triangular, in which points are uncorrelated and reach from about −1 to 1
/// along every axis: a descent of a Gaussian in them does not feel how the columns hang together. In the coordinates of mean and
/// covariance themselves the standard Gaussian, the start, would be the end.
#[derive(Clone, Debug)]
pub struct Whitening {
    map: Standardize,
    by: [Tensor; 2],
}

impl Whitening {
    /// Of points (m, k) that weigh `mass` (m,).
    ///
    /// # Errors
    /// A constant column; a covariance that is singular to rounding, of which no Gaussian is the likeliest.
    pub fn of(points: &Tensor, mass: &Tensor) -> Result<Self> {
        let map = Standardize::range(points)?;
        let (k, z) = (map.shift().elem_count(), host(&map.apply(points)?)?);
        let (mut mean, mut covariance) = (DVector::zeros(k), DMatrix::zeros(k, k));
        let mass = host(mass)?;
        let total: f64 = mass.iter().sum();
        let weighed = || z.chunks(k).map(DVector::from_column_slice).zip(mass.iter().map(|m| m / total));
        weighed().for_each(|(z, m)| mean.axpy(m, &z, 1.0));
        weighed().for_each(|(z, m)| covariance.ger(m, &(&z - &mean), &(&z - &mean), 1.0));
        let rows: Vec<Vec<f64>> = covariance.row_iter().map(|row| row.iter().copied().collect()).collect();
        let root = MultivariateNormal::new(mean.as_slice(), &rows)?;
        let (white, mut low, mut high) = (inverse(root.factor()), vec![f64::INFINITY; k], vec![f64::NEG_INFINITY; k]);
        for point in z.chunks(k) {
            for (j, v) in (&white * DVector::from_column_slice(point)).iter().enumerate() {
                (low[j], high[j]) = (low[j].min(*v), high[j].max(*v));
            }
        }
        let half = |j: usize| high[j] / 2.0 - low[j] / 2.0;
        let a = (0..k * k).map(|at| white[(at / k, at % k)] / half(at / k)).collect();
        let b = (0..k).map(|j| -(low[j] / 2.0 + high[j] / 2.0) / half(j)).collect();
        let by = [like(map.shift(), a, (k, k))?, like(map.shift(), b, k)?];
        Ok(Self { map, by })
    }
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

    /// The same, with its variables read in these coordinates, and speaking the data's own units. For variables at their start.
    ///
    /// # Errors
    /// Coordinates of another number of columns.
    pub fn whitened(self, to: &Whitening) -> Result<Self> {
        let map = to.map.like(&self.mean)?;
        let model = self.standardized(map)?;
        let k = model.mean.elem_count();
        if to.by[1].dims() != [k] {
            return Err(shape("the whitening", to.by[1].dims(), format!("({k},)")));
        }
        let like = |t: &Tensor| t.to_dtype(model.mean.dtype())?.to_device(model.mean.device());
        Ok(Self { whitening: Some([like(&to.by[0])?, like(&to.by[1])?]), ..model })
    }

    fn of(mean: Tensor, factor: Tensor, standardize: Standardize) -> Result<Self> {
        let k = mean.elem_count();
        if mean.rank() != 1 || factor.dims() != [k, k] {
            return Err(shape("the factor", factor.dims(), format!("({k}, {k}), beside a mean of shape ({k},),")));
        }
        let triangle = Triangle::new(k, &factor)?;
        Ok(Self { mean, factor, standardize, whitening: None, triangle })
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
        let mean = match &self.whitening {
            None => self.mean.detach(),
            Some([a, b]) => {
                let k = self.mean.elem_count();
                let back = inverse(&DMatrix::from_row_slice(k, k, &host(a)?));
                let moved = DVector::from_vec(host(&(self.mean.detach() - b)?)?);
                like(&self.mean, (back * moved).iter().copied().collect(), k)?
            }
        };
        Ok(((mean * self.standardize.scale())? + self.standardize.shift())?)
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
        let (p, log_diagonal) = self.triangles()?;
        let p = p.detach();
        let p = match &self.whitening {
            None => p,
            Some([a, _]) => p.matmul(a)?,
        };
        let below = (p.broadcast_div(self.standardize.scale())? * self.triangle.below())?;
        let logs = log_diagonal.detach().broadcast_sub(&self.standardize.scale().log()?)?;
        Ok((below + (logs * self.triangle.diagonal())?)?)
    }

    /// P in the coordinates learnt in, and the logarithms of the diagonal of what it makes of the map's, 0 beside it.
    fn triangles(&self) -> Result<(Tensor, Tensor)> {
        let log_diagonal = (&self.factor * self.triangle.diagonal())?;
        let p = ((&self.factor * self.triangle.below())? + (log_diagonal.exp()? * self.triangle.diagonal())?)?;
        match &self.whitening {
            None => Ok((p, log_diagonal)),
            Some([a, _]) => {
                let own = (a * self.triangle.diagonal())?.sum(D::Minus1)?.log()?;
                Ok((p, (log_diagonal + self.triangle.diagonal().broadcast_mul(&own)?)?))
            }
        }
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
        let (p, log_diagonal) = self.triangles()?;
        let x = self.standardize.apply(x)?;
        let z = match &self.whitening {
            None => x.broadcast_sub(&self.mean)?.matmul(&p.t()?)?,
            // P (A x + b − m), with the k × k product first.
            Some([a, b]) => {
                let moved = (b - &self.mean)?.unsqueeze(0)?.matmul(&p.t()?)?;
                x.matmul(&p.matmul(a)?.t()?)?.broadcast_add(&moved)?
            }
        };
        let log_volume = (log_diagonal.sum_all()? - self.standardize.scale().log()?.sum_all()?)?;
        let constant = (log_volume - 0.5 * k as f64 * (2.0 * PI).ln())?;
        Ok((z.sqr()?.sum(D::Minus1)? * -0.5)?.broadcast_add(&constant)?)
    }

    fn curved(&self) -> Option<&dyn Curved<Tensor>> {
        Some(self)
    }
}

/// By the sums of the rows and of their products alone: with u = v − μ in the coordinates learnt in and z = P u the loss of a row is
/// ½ z² − Σ ln P_jj.
impl Curved<Tensor> for Gaussian {
    fn free(&self) -> Vec<usize> {
        let k = self.mean.elem_count();
        (0..k).flat_map(|j| (0..=j).map(move |i| j * k + i)).chain((0..k).map(|i| k * k + i)).collect()
    }

    fn information(&self, points: &Tensor, mass: &[f64]) -> Result<DMatrix<f64>> {
        let (k, mean) = (self.mean.elem_count(), host(&self.mean)?);
        let x = self.standardize.apply(points)?;
        let v = match &self.whitening {
            None => x,
            Some([a, b]) => x.matmul(&a.t()?)?.broadcast_add(b)?,
        };
        let (total, mut first, mut second) = (mass.iter().sum::<f64>(), DVector::zeros(k), DMatrix::<f64>::zeros(k, k));
        for (v, mass) in host(&v)?.chunks(k).zip(mass) {
            let u = DVector::from_iterator(k, v.iter().zip(&mean).map(|(v, mean)| v - mean));
            first.axpy(*mass, &u, 1.0);
            second.ger(*mass, &u, &u, 1.0);
        }
        let factor = host(&self.factor)?;
        let p = DMatrix::from_fn(k, k, |j, i| match i.cmp(&j) {
            Ordering::Less => factor[j * k + i],
            Ordering::Equal => factor[j * k + i].exp(),
            Ordering::Greater => 0.0,
        });
        // Σ z and Σ z_j u_j; and by what z_j moves with each entry of its row, in units of u.
        let (z, along) = (&p * &first, (&p * &second).diagonal());
        let by = |j: usize, i: usize| if i == j { p[(j, j)] } else { 1.0 };
        let entries: Vec<(usize, usize)> = (0..k).flat_map(|j| (0..=j).map(move |i| (j, i))).collect();
        let means = entries.len();
        let mut of = DMatrix::zeros(means + k, means + k);
        of.view_mut((means, means), (k, k)).copy_from(&(p.tr_mul(&p) * total));
        for (at, (j, i)) in entries.iter().copied().enumerate() {
            for (to, (row, l)) in entries.iter().copied().enumerate().filter(|(_, (row, _))| *row == j) {
                of[(at, to)] = by(j, i) * by(row, l) * second[(i, l)];
            }
            if i == j {
                of[(at, at)] += p[(j, j)] * along[j];
            }
            for a in 0..k {
                let moved = -p[(j, a)] * by(j, i) * first[i] - if a == i { by(j, i) * z[j] } else { 0.0 };
                (of[(means + a, at)], of[(at, means + a)]) = (moved, moved);
            }
        }
        Ok(of)
    }

    fn log_det(&self, _: &Tensor, _: &[f64]) -> Result<Tensor> {
        Err(Error::NoCurvature)
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
        let parts = Parts::new([("mean", &self.mean), ("factor", &self.factor)]).with_map(&self.standardize);
        Ok(match &self.whitening {
            None => parts,
            Some([a, b]) => parts.with_fixed("whitening.factor", a).with_fixed("whitening.shift", b),
        })
    }

    fn from_parts(mut parts: Parts) -> Result<Self> {
        let (mean, factor) = (parts.take("mean")?, parts.take("factor")?);
        let standardize = parts.take_map(mean.elem_count(), &mean)?;
        let whitening = match parts.take_fixed("whitening.factor") {
            Ok(a) => Some([a, parts.take_fixed("whitening.shift")?]),
            Err(_) => None,
        };
        parts.done()?;
        let k = mean.elem_count();
        if whitening.as_ref().is_some_and(|[a, b]| a.dims() != [k, k] || b.dims() != [k]) {
            return Err(shape("the whitening", &[], format!("({k}, {k}) and ({k},)")));
        }
        Ok(Self { whitening, ..Self::of(mean, factor, standardize)? })
    }
}

/// The inverse of a lower triangle with a positive diagonal.
pub(super) fn inverse(lower: &DMatrix<f64>) -> DMatrix<f64> {
    let k = lower.nrows();
    lower.solve_lower_triangular(&DMatrix::identity(k, k)).unwrap_or_else(|| DMatrix::from_element(k, k, f64::NAN))
}
