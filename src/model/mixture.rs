//! A mixture of K Gaussians in d dimensions, each with its full covariance (lecture row L20 asks for two modes).

use std::cmp::Ordering;
use std::collections::HashMap;
use std::f64::consts::PI;

use candle_core::{D, Device, Tensor};
use candle_nn::{Init, VarBuilder, VarMap};
use nalgebra::{DMatrix, DVector};
use rand::Rng;
use rand::seq::index;
use rand_distr::{Distribution, StandardNormal};

use super::gaussian::{finite, inverse};
use super::{Model, Parameters, Sample, Standardize, draw, host, variables};
use crate::cholesky::covariance_root;
use crate::device::float;
use crate::error::{Error, Result};
use crate::info::{Pmf, law};
use crate::ops::log_softmax;

/// Σ_k w_k N(μ_k, Σ_k) on rows (m, d), w = softmax(logits).
///
/// A Gaussian is a chain of regressions: x_j given the columns before it is N(μ_j + Σ_{i<j} b_ji (x_i − μ_i), σ_j²). The
/// parameters are these: `slopes` b (what stands on and above their diagonal takes no part), and σ_j = √(f_j² + s_j²)
/// with `spreads` s. Any numbers make a valid mixture, and no solve and no determinant is needed.
///
/// The likelihood of a mixture has no maximum: a component that shrinks onto one observation raises it without end
/// (Day 1969, Biometrika 56). Hence f, the floor of the standard deviation of every column given those before it, in the
/// column's unit; the resolution of a column is a natural one. A component held by the floor has s = 0, reached smoothly.
///
/// Equal components move as one, so that zero is a saddle: start at a [`seeded`](Self::seeded) draw.
#[derive(Clone, Debug)]
pub struct Mixture {
    logits: Tensor,
    means: Tensor,
    slopes: Tensor,
    spreads: Tensor,
    /// (d,), in the data's units.
    floor: Tensor,
    standardize: Standardize,
}

impl Mixture {
    /// Asks for `logits` (K,), `means` (K, d), `slopes` (K, d, d) and `spreads` (K, d), d the length of `floor`. Variables
    /// of no given start are K equal components of mean 0 and spread 1.
    ///
    /// # Errors
    /// No component, no column; a floor that is negative or not finite.
    pub fn new(components: usize, floor: &[f64], vb: VarBuilder) -> Result<Self> {
        let (k, d) = (components, floor.len());
        if k == 0 || d == 0 {
            let needed = if k == 0 { "component" } else { "column" };
            return Err(Error::Empty { what: "the mixture".into(), needed });
        }
        if let Some(value) = floor.iter().find(|f| !(f.is_finite() && **f >= 0.0)) {
            return Err(Error::Parameter {
                what: "the floor of a standard deviation",
                value: *value,
                allowed: "a finite number ≥ 0",
            });
        }
        Ok(Self {
            logits: vb.get_with_hints(k, "logits", Init::Const(0.0))?,
            means: vb.get_with_hints((k, d), "means", Init::Const(0.0))?,
            slopes: vb.get_with_hints((k, d, d), "slopes", Init::Const(0.0))?,
            spreads: vb.get_with_hints((k, d), "spreads", Init::Const(1.0))?,
            floor: Tensor::new(floor, vb.device())?.to_dtype(vb.dtype())?,
            standardize: Standardize::identity(d, &vb)?,
        })
    }

    /// The mixture of given weights (K), means (K · d, row by row) and covariances (K · d · d), constant and without a floor.
    ///
    /// # Errors
    /// No weights, or such as are no probabilities; sizes that do not fit; a covariance that is not symmetric (to 1e-9 of
    /// the standard deviations), or not positive definite; numbers that are not finite.
    pub fn from_moments(weights: &[f64], means: &[f64], covariances: &[f64], device: &Device) -> Result<Self> {
        let k = weights.len();
        if k == 0 {
            return Err(Error::Empty { what: "the mixture".into(), needed: "component" });
        }
        let weights = Pmf::new([k], weights)?;
        let d = means.len() / k;
        if d == 0 || d * k != means.len() {
            let expected = format!("{k} rows of at least one number, a row for each weight");
            return Err(Error::Shape { what: "the means", got: vec![means.len()], expected });
        }
        if covariances.len() != k * d * d {
            let expected = format!("{k} × {d} × {d} numbers");
            return Err(Error::Shape { what: "the covariances", got: vec![covariances.len()], expected });
        }
        finite("the means", means, d)?;
        let (mut slopes, mut spreads) = (vec![], vec![]);
        for covariance in covariances.chunks(d * d) {
            // x − μ = L ε says (D L⁻¹)(x − μ) = D ε with the diagonal D of L, and 1 − b = D L⁻¹.
            let lower = covariance_root(&DMatrix::from_row_slice(d, d, covariance))?;
            let from_noise = inverse(&lower);
            slopes.extend((0..d * d).map(|at| match (at / d, at % d) {
                (j, i) if i < j => -lower[(j, j)] * from_noise[(j, i)],
                _ => 0.0,
            }));
            spreads.extend(lower.diagonal().iter());
        }
        let logits = weights.values().iter().map(|w| w.ln()).collect();
        Self::of([logits, means.to_vec(), slopes, spreads], &vec![0.0; d], device)
    }

    /// A start for a learner: K equal weights, means at K different rows drawn from `points` (m, d), each as often as its
    /// `mass` (m,) says, and the standard deviations of all points, without slopes. Constant; its
    /// [`learner`](Self::learner) begins there.
    ///
    /// # Errors
    /// Fewer rows than components; a point that is not finite; masses of another number than the points, all 0, negative
    /// or not finite; as [`new`](Self::new).
    pub fn seeded<R: Rng + ?Sized>(
        points: &Tensor,
        mass: &Tensor,
        components: usize,
        floor: &[f64],
        rng: &mut R,
    ) -> Result<Self> {
        let (k, d) = (components, floor.len());
        let (rows, columns) = points.dims2()?;
        if columns != d {
            let expected = format!("(rows, {d}), one column for each floor");
            return Err(Error::Shape { what: "the points", got: vec![rows, columns], expected });
        }
        let (points_of, mass_of) = (host(points)?, host(mass)?);
        finite("the points", &points_of, d)?;
        if mass_of.len() != rows {
            let expected = format!("({rows},), one number for each point,");
            return Err(Error::Shape { what: "the mass", got: mass.dims().to_vec(), expected });
        }
        if let Some(value) = mass_of.iter().find(|mass| !(mass.is_finite() && **mass >= 0.0)) {
            return Err(Error::Parameter {
                what: "the mass of a point",
                value: *value,
                allowed: "a finite number ≥ 0",
            });
        }
        if mass_of.iter().all(|mass| *mass == 0.0) {
            return Err(Error::NothingObserved { rows });
        }
        let drawn = index::sample_weighted(rng, rows, |row| mass_of[row], k).map_err(|e| Error::Other(e.into()))?;
        if drawn.len() < k {
            let expected = format!("at least {k} different rows, one for each component");
            return Err(Error::Shape { what: "the points", got: vec![rows, columns], expected });
        }
        let means = drawn.iter().flat_map(|row| points_of[row * d..][..d].to_vec()).collect();
        let average = |f: &dyn Fn(&[f64]) -> f64| {
            points_of.chunks(d).zip(&mass_of).map(|(x, mass)| mass * f(x)).sum::<f64>() / mass_of.iter().sum::<f64>()
        };
        let spread = floor.iter().enumerate().map(|(j, f)| {
            let mean = average(&|x| x[j]);
            // σ² = f² + s²; where all points lie closer than the floor, it holds from the start.
            (average(&|x| (x[j] - mean).powi(2)) - f * f).max(0.0).sqrt()
        });
        let spread: Vec<f64> = spread.collect();
        Self::of([vec![0.0; k], means, vec![0.0; k * d * d], spread.repeat(k)], floor, points.device())
    }

    fn of([logits, means, slopes, spreads]: [Vec<f64>; 4], floor: &[f64], device: &Device) -> Result<Self> {
        let (k, d) = (logits.len(), floor.len());
        let parameters = HashMap::from([
            ("logits".to_string(), Tensor::from_vec(logits, k, &Device::Cpu)?),
            ("means".to_string(), Tensor::from_vec(means, (k, d), &Device::Cpu)?),
            ("slopes".to_string(), Tensor::from_vec(slopes, (k, d, d), &Device::Cpu)?),
            ("spreads".to_string(), Tensor::from_vec(spreads, (k, d), &Device::Cpu)?),
        ]);
        Self::new(k, floor, VarBuilder::from_tensors(parameters, float(device), device))
    }

    /// The same, with its variables read in the coordinates of this map; the floor stays in the data's units.
    pub fn standardized(self, standardize: Standardize) -> Self {
        Self { standardize, ..self }
    }

    /// Variables that start at this mixture, and the mixture that they make, [`standardized`](Self::standardized): minutes
    /// or dollars would let the weights run away from the means.
    ///
    /// ```
    /// use candle_core::{Device, Tensor};
    /// use candle_mle::{Empirical, Lbfgs, Mixture, Objective, Standardize, fit};
    /// use rand::SeedableRng;
    /// let p = Empirical::from_sample(Tensor::new(&[[1.0], [2.0], [3.0], [11.0], [13.0]], &Device::Cpu)?)?;
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    /// let start = Mixture::seeded(p.batch(), p.mass(), 2, &[0.1], &mut rng)?;
    /// let (vars, q) = start.learner(Standardize::moments(p.batch(), p.mass())?)?;
    /// fit(&q, &p, Objective::CrossEntropy, &mut Lbfgs::new(&vars), 100, &mut ())?;
    /// let means = q.means()?.flatten_all()?.to_vec1::<f64>()?;
    /// assert!(means.iter().any(|mean| (mean - 2.0).abs() < 1e-6) && means.iter().any(|mean| (mean - 12.0).abs() < 1e-6));
    /// # Ok::<(), candle_mle::Error>(())
    /// ```
    pub fn learner(&self, standardize: Standardize) -> Result<(VarMap, Self)> {
        let (k, scale) = (self.logits.dim(0)?, standardize.scale());
        let parameters = HashMap::from([
            ("logits".to_string(), self.logits.detach()),
            ("means".to_string(), self.means()?.broadcast_sub(standardize.shift())?.broadcast_div(scale)?),
            ("slopes".to_string(), self.own_slopes()?.broadcast_div(&ratios(scale)?)?),
            ("spreads".to_string(), self.own_spreads()?.broadcast_div(scale)?),
        ]);
        let (dtype, device, floor) = (self.means.dtype(), self.means.device(), host(&self.floor)?);
        let start = Self::new(k, &floor, VarBuilder::from_tensors(parameters, dtype, device))?;
        let vars = variables(&start)?;
        let learner = Self::new(k, &floor, VarBuilder::from_varmap(&vars, dtype, device))?.standardized(standardize);
        Ok((vars, learner))
    }

    /// w, (K,).
    pub fn weights(&self) -> Result<Tensor> {
        Ok(log_softmax(&self.logits.detach())?.exp()?)
    }

    /// μ, (K, d), in the data's units.
    pub fn means(&self) -> Result<Tensor> {
        let scaled = self.means.detach().broadcast_mul(self.standardize.scale())?;
        Ok(scaled.broadcast_add(self.standardize.shift())?)
    }

    /// Σ, (K, d, d), in the data's units.
    pub fn covariances(&self) -> Result<Tensor> {
        let (k, d) = self.means.dims2()?;
        let (slopes, sigma) = (host(&self.own_slopes()?)?, host(&self.conditional_std()?)?);
        let mut covariances = vec![];
        for (slopes, sigma) in slopes.chunks(d * d).zip(sigma.chunks(d)) {
            // (1 − b)(x − μ) = D ε.
            let to_noise = DMatrix::from_fn(d, d, |j, i| match j.cmp(&i) {
                Ordering::Less => 0.0,
                Ordering::Equal => 1.0,
                Ordering::Greater => -slopes[j * d + i],
            });
            let root = inverse(&to_noise) * DMatrix::from_diagonal(&DVector::from_row_slice(sigma));
            covariances.extend((&root * root.transpose()).iter().copied());
        }
        Ok(Tensor::from_vec(covariances, (k, d, d), &Device::Cpu)?)
    }

    /// σ, (K, d): the standard deviation of every column given those before it, in the data's units; none is below its
    /// floor.
    pub fn conditional_std(&self) -> Result<Tensor> {
        Ok(sigma(&self.own_spreads()?, &self.floor)?)
    }

    /// This mixture as a law on the line, whose measures [`quadrature`](crate::quadrature) knows exactly.
    ///
    /// # Errors
    /// More than one column.
    pub fn law(&self) -> Result<law::Mixture> {
        if self.means.dim(1)? != 1 {
            let expected = "(components, 1): a law on the line has one column".into();
            return Err(Error::Shape { what: "the mixture", got: self.means.dims().to_vec(), expected });
        }
        let (weights, means) = (host(&self.weights()?)?, host(&self.means()?)?);
        let normals = means.iter().zip(host(&self.conditional_std()?)?).map(|(mean, sd)| law::Normal::new(*mean, sd));
        let components = weights
            .into_iter()
            .zip(normals)
            .map(|(weight, normal)| Ok((weight, normal?)))
            .collect::<Result<Vec<_>>>()?;
        law::Mixture::new(&components)
    }

    /// s in the data's units, (K, d).
    fn own_spreads(&self) -> Result<Tensor> {
        Ok(self.spreads.detach().broadcast_mul(self.standardize.scale())?)
    }

    /// b in the data's units, (K, d, d); zero on and above the diagonal.
    fn own_slopes(&self) -> Result<Tensor> {
        let slopes = self.slopes.detach().broadcast_mul(&ratios(self.standardize.scale())?)?;
        Ok(slopes.broadcast_mul(&self.below()?)?)
    }

    /// A mask (d, d): ones below the diagonal.
    fn below(&self) -> Result<Tensor> {
        let (d, dtype, device) = (self.means.dim(1)?, self.means.dtype(), self.means.device());
        Ok((Tensor::tril2(d, dtype, device)? - Tensor::eye(d, dtype, device)?)?)
    }
}

/// √(f² + s²), (K, d), from s (K, d) and f (d,).
fn sigma(spreads: &Tensor, floor: &Tensor) -> candle_core::Result<Tensor> {
    spreads.sqr()?.broadcast_add(&floor.sqr()?)?.sqrt()
}

/// c_j / c_i at row j and column i, (d, d): what takes the slope of a standard column on another to the data's units.
fn ratios(scale: &Tensor) -> candle_core::Result<Tensor> {
    scale.unsqueeze(1)?.broadcast_div(&scale.unsqueeze(0)?)
}

impl Model for Mixture {
    type Batch = Tensor;
    const DENSITY: bool = true;

    fn log_prob(&self, x: &Tensor) -> Result<Tensor> {
        let (_, d) = self.means.dims2()?;
        if x.rank() != 2 || x.dim(1)? != d {
            return Err(Error::Shape { what: "x", got: x.dims().to_vec(), expected: format!("(rows, {d})") });
        }
        // Of every component the residuals (K, m, d) of its regressions, in standard deviations.
        let unit = Tensor::eye(d, self.means.dtype(), self.means.device())?;
        let to_noise = self.slopes.broadcast_mul(&self.below()?)?.neg()?.broadcast_add(&unit)?;
        let sigma = sigma(&self.spreads, &(&self.floor / self.standardize.scale())?)?;
        let x = self.standardize.apply(x)?;
        let from_mean = x.unsqueeze(0)?.broadcast_sub(&self.means.unsqueeze(1)?)?;
        let z = from_mean.matmul(&to_noise.transpose(1, 2)?.contiguous()?)?.broadcast_div(&sigma.unsqueeze(1)?)?;
        let log_sigma = sigma.broadcast_mul(self.standardize.scale())?.log()?.sum(D::Minus1)?;
        let constant = ((log_softmax(&self.logits)? - log_sigma)? - 0.5 * d as f64 * (2.0 * PI).ln())?;
        let joint = (z.sqr()?.sum(D::Minus1)? * -0.5)?.broadcast_add(&constant.unsqueeze(1)?)?;
        let joint = joint.t()?.contiguous()?;
        // So far out that every density is 0 in floating point the sum of them is, and no ∞ − ∞ stands in its way.
        let nothing = joint.max_keepdim(1)?.eq(f64::NEG_INFINITY)?;
        let sum = nothing.broadcast_as(joint.shape())?.where_cond(&joint.zeros_like()?, &joint)?.log_sum_exp(1)?;
        let none = (sum.zeros_like()? + f64::NEG_INFINITY)?;
        Ok(nothing.squeeze(1)?.where_cond(&none, &sum)?)
    }
}

impl Sample for Mixture {
    type Given = usize;

    fn sample<R: Rng + ?Sized>(&self, &n: &usize, rng: &mut R) -> Result<Tensor> {
        let (_, d) = self.means.dims2()?;
        let log_weights = host(&log_softmax(&self.logits.detach())?)?;
        let (means, slopes, sigma) =
            (host(&self.means()?)?, host(&self.own_slopes()?)?, host(&self.conditional_std()?)?);
        let mut points: Vec<f64> = Vec::with_capacity(n * d);
        for _ in 0..n {
            let k = draw(&log_weights, rng) as usize;
            let mut from_mean: Vec<f64> = vec![];
            for j in 0..d {
                let noise: f64 = StandardNormal.sample(rng);
                let regressed: f64 = from_mean.iter().zip(&slopes[(k * d + j) * d..]).map(|(x, b)| b * x).sum();
                from_mean.push(regressed + sigma[k * d + j] * noise);
            }
            points.extend(from_mean.iter().zip(&means[k * d..]).map(|(x, mean)| mean + x));
        }
        Ok(Tensor::from_vec(points, (n, d), &Device::Cpu)?
            .to_dtype(self.means.dtype())?
            .to_device(self.means.device())?)
    }
}

impl Parameters for Mixture {
    fn parameters(&self) -> Result<HashMap<String, Tensor>> {
        Ok(HashMap::from([
            ("logits".to_string(), self.logits.detach()),
            ("means".to_string(), self.means()?),
            ("slopes".to_string(), self.own_slopes()?),
            ("spreads".to_string(), self.own_spreads()?),
        ]))
    }
}
