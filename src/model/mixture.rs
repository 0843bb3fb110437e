//! A mixture of K Gaussians in d dimensions, each with its full covariance (lecture row L20 asks for two modes).

use std::cmp::Ordering;
use std::collections::HashMap;
use std::f64::consts::PI;

use candle_core::{D, Device, Tensor};
use candle_mle_info::Pmf;
use candle_mle_info::law::{self, MultivariateNormal};
use candle_nn::{Init, VarBuilder};
use nalgebra::{DMatrix, DVector};
use rand::Rng;
use rand::seq::index;
use rand_distr::{Distribution, StandardNormal};

use super::gaussian::inverse;
use super::{Model, Sample, draw};
use crate::batch::{host, like};
use crate::device::float;
use crate::error::{Error, Result, empty, finite, matrix, not_negative, shape};
use crate::ops::{Triangle, log_softmax, log_sum_exp};
use crate::parameters::{Parameters, Parts};
use crate::standardize::Standardize;

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
    /// Of the slopes.
    triangle: Triangle,
}

impl Mixture {
    /// Asks for `logits` (K,), `means` (K, d), `slopes` (K, d, d) and `spreads` (K, d), d the length of `floor`. Variables
    /// of no given start are K equal components of mean 0 and spread 1.
    ///
    /// # Errors
    /// No component, no column; a floor that is negative or not finite.
    pub fn new(components: usize, floor: &[f64], vb: VarBuilder) -> Result<Self> {
        let (k, d) = sizes(components, floor)?;
        let logits = vb.get_with_hints(k, "logits", Init::Const(0.0))?;
        let floor = like(&logits, floor.to_vec(), d)?;
        Self::of(
            [
                logits,
                vb.get_with_hints((k, d), "means", Init::Const(0.0))?,
                vb.get_with_hints((k, d, d), "slopes", Init::Const(0.0))?,
                vb.get_with_hints((k, d), "spreads", Init::Const(1.0))?,
            ],
            floor,
            Standardize::identity(d, &vb)?,
        )
    }

    /// The mixture of given weights (K), means (K rows of d numbers) and covariances (K times d rows of d numbers), constant
    /// and without a floor.
    ///
    /// # Errors
    /// No weights, or such as are no probabilities; another number of means or covariances; what
    /// [`MultivariateNormal::new`] refuses.
    pub fn from_moments<R: AsRef<[f64]>>(
        weights: &[f64],
        means: &[impl AsRef<[f64]>],
        covariances: &[impl AsRef<[R]>],
        device: &Device,
    ) -> Result<Self> {
        let k = weights.len();
        if k == 0 {
            return Err(empty("the mixture", "component"));
        }
        let weights = Pmf::new([k], weights)?;
        if means.len() != k || covariances.len() != k {
            let got = [means.len(), covariances.len()];
            return Err(shape("the means and covariances", &got, format!("({k},), one for each weight,")));
        }
        let d = means[0].as_ref().len();
        let (mut places, mut slopes, mut spreads) = (vec![], vec![], vec![]);
        for (mean, covariance) in means.iter().zip(covariances) {
            let (mean, covariance) = (mean.as_ref(), covariance.as_ref());
            if mean.len() != d {
                return Err(shape("a mean", &[mean.len()], format!("({d},), that of the first,")));
            }
            places.extend_from_slice(mean);
            finite("the means", &places, d)?;
            // x − μ = L ε says (D L⁻¹)(x − μ) = D ε with the diagonal D of L, and 1 − b = D L⁻¹.
            let law = MultivariateNormal::new(mean, covariance)?;
            let (lower, from_noise) = (law.factor(), inverse(law.factor()));
            slopes.extend((0..d * d).map(|at| match (at / d, at % d) {
                (j, i) if i < j => -lower[(j, j)] * from_noise[(j, i)],
                _ => 0.0,
            }));
            spreads.extend(lower.diagonal().iter());
        }
        let logits = weights.values().iter().map(|w| w.ln()).collect();
        Self::constant([logits, places, slopes, spreads], &vec![0.0; d], device)
    }

    /// A start for a learner: K equal weights, means at K different rows drawn from `points` (m, d), each as often as its
    /// `mass` (m,) says, and the standard deviations of all points, without slopes. Constant: express it
    /// [in standard coordinates](Self::expressed_in), and its learner begins there.
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
        let (k, d) = sizes(components, floor)?;
        let (rows, columns) = matrix("the points", points)?;
        if columns != d {
            return Err(shape("the points", points.dims(), format!("(rows, {d}), one column for each floor")));
        }
        let (points_of, mass_of) = (host(points)?, host(mass)?);
        finite("the points", &points_of, d)?;
        if mass_of.len() != rows {
            return Err(shape("the mass", mass.dims(), format!("({rows},), one number for each point,")));
        }
        for mass in &mass_of {
            not_negative("the mass of a point", *mass)?;
        }
        if mass_of.iter().all(|mass| *mass == 0.0) {
            return Err(Error::NothingObserved { rows });
        }
        let drawn = index::sample_weighted(rng, rows, |row| mass_of[row], k).map_err(|e| Error::Other(e.into()))?;
        if drawn.len() < k {
            let expected = format!("at least {k} different rows, one for each component");
            return Err(shape("the points", points.dims(), expected));
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
        Self::constant([vec![0.0; k], means, vec![0.0; k * d * d], spread.repeat(k)], floor, points.device())
    }

    fn constant([logits, means, slopes, spreads]: [Vec<f64>; 4], floor: &[f64], device: &Device) -> Result<Self> {
        let (k, d) = (logits.len(), floor.len());
        let logits = Tensor::from_vec(logits, k, &Device::Cpu)?.to_dtype(float(device))?.to_device(device)?;
        let tensors =
            [like(&logits, means, (k, d))?, like(&logits, slopes, (k, d, d))?, like(&logits, spreads, (k, d))?];
        let [means, slopes, spreads] = tensors;
        let parts = Parts::new([("logits", &logits), ("means", &means), ("slopes", &slopes), ("spreads", &spreads)]);
        Self::from_parts(parts.with_fixed("floor", &like(&logits, floor.to_vec(), d)?))
    }

    fn of([logits, means, slopes, spreads]: [Tensor; 4], floor: Tensor, standardize: Standardize) -> Result<Self> {
        let (k, d) = matrix("the means", &means)?;
        let shapes: [(&str, &Tensor, &[usize]); 4] = [
            ("the logits", &logits, &[k]),
            ("the slopes", &slopes, &[k, d, d]),
            ("the spreads", &spreads, &[k, d]),
            ("the floor", &floor, &[d]),
        ];
        for (what, tensor, expected) in shapes {
            if tensor.dims() != expected {
                return Err(shape(what, tensor.dims(), format!("{expected:?}")));
            }
        }
        let triangle = Triangle::new(d, &means)?;
        Ok(Self { logits, means, slopes, spreads, floor, standardize, triangle })
    }

    /// The same mixture, constant, its parameters expressed in the coordinates of this map: what a
    /// [`learner`](Parameters::learner) descends from. Minutes or dollars would let the weights run away from the means.
    ///
    /// ```
    /// use candle_core::{Device, Tensor};
    /// use candle_mle::model::Mixture;
    /// use candle_mle::standardize::Standardize;
    /// use candle_mle::{Empirical, maximum_likelihood_from};
    /// use rand::SeedableRng;
    /// let p = Empirical::from_sample(Tensor::new(&[[1.0], [2.0], [3.0], [11.0], [13.0]], &Device::Cpu)?)?;
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    /// let start = Mixture::seeded(p.batch(), p.mass(), 2, &[0.1], &mut rng)?;
    /// let map = Standardize::moments(p.batch(), p.mass())?;
    /// let means = maximum_likelihood_from(&p, &start.expressed_in(map)?)?.model.means()?;
    /// let means = means.flatten_all()?.to_vec1::<f64>()?;
    /// assert!(means.iter().any(|mean| (mean - 2.0).abs() < 1e-6) && means.iter().any(|mean| (mean - 12.0).abs() < 1e-6));
    /// # Ok::<(), candle_mle::Error>(())
    /// ```
    pub fn expressed_in(&self, map: Standardize) -> Result<Self> {
        let scale = map.scale().clone();
        let means = self.means()?.broadcast_sub(map.shift())?.broadcast_div(&scale)?;
        let slopes = self.own_slopes()?.broadcast_div(&ratios(&scale)?)?;
        let spreads = self.own_spreads()?.broadcast_div(&scale)?;
        Self::of([self.logits.detach(), means, slopes, spreads], self.floor.clone(), map)
    }

    /// The same mixture, constant, its components in rising order of their means, the first column first.
    pub fn in_order(&self) -> Result<Self> {
        let (k, d) = self.means.dims2()?;
        let means = host(&self.means()?)?;
        let place = |component: &u32| &means[*component as usize * d..][..d];
        let mut order: Vec<u32> = (0..k as u32).collect();
        order.sort_by(|a, b| place(a).partial_cmp(place(b)).unwrap_or(Ordering::Equal));
        let order = Tensor::from_vec(order, k, self.means.device())?;
        let of = |tensor: &Tensor| tensor.detach().index_select(&order, 0);
        let [logits, means, slopes, spreads] = [&self.logits, &self.means, &self.slopes, &self.spreads].map(of);
        Self::of([logits?, means?, slopes?, spreads?], self.floor.clone(), self.standardize.clone())
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

    /// This mixture as a distribution on the line, whose measures [`quadrature`](candle_mle_info::quadrature) knows exactly.
    ///
    /// # Errors
    /// More than one column.
    pub fn law(&self) -> Result<law::Mixture> {
        if self.means.dim(1)? != 1 {
            return Err(shape("the mixture", self.means.dims(), "(components, 1), a distribution on the line,"));
        }
        let (weights, means) = (host(&self.weights()?)?, host(&self.means()?)?);
        let normals = means.iter().zip(host(&self.conditional_std()?)?).map(|(mean, sd)| law::Normal::new(*mean, sd));
        let components = weights
            .into_iter()
            .zip(normals)
            .map(|(weight, normal)| Ok((weight, normal?)))
            .collect::<Result<Vec<_>>>()?;
        Ok(law::Mixture::new(&components)?)
    }

    /// s in the data's units, (K, d).
    fn own_spreads(&self) -> Result<Tensor> {
        Ok(self.spreads.detach().broadcast_mul(self.standardize.scale())?)
    }

    /// b in the data's units, (K, d, d); zero on and above the diagonal.
    fn own_slopes(&self) -> Result<Tensor> {
        let slopes = self.slopes.detach().broadcast_mul(&ratios(self.standardize.scale())?)?;
        Ok(slopes.broadcast_mul(self.triangle.below())?)
    }
}

/// The numbers of components and of columns, if there are any, and no floor is below 0.
fn sizes(components: usize, floor: &[f64]) -> Result<(usize, usize)> {
    if components == 0 || floor.is_empty() {
        return Err(empty("the mixture", if components == 0 { "component" } else { "column" }));
    }
    for f in floor {
        not_negative("the floor of a standard deviation", *f)?;
    }
    Ok((components, floor.len()))
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
        // Of every component the residuals (K, m, d) of its regressions, in standard deviations.
        let slopes = self.slopes.broadcast_mul(self.triangle.below())?;
        let to_noise = slopes.neg()?.broadcast_add(self.triangle.diagonal())?;
        let sigma = sigma(&self.spreads, &(&self.floor / self.standardize.scale())?)?;
        let x = self.standardize.apply(x)?;
        let from_mean = x.unsqueeze(0)?.broadcast_sub(&self.means.unsqueeze(1)?)?;
        let z = from_mean.matmul(&to_noise.transpose(1, 2)?.contiguous()?)?.broadcast_div(&sigma.unsqueeze(1)?)?;
        let log_sigma = sigma.broadcast_mul(self.standardize.scale())?.log()?.sum(D::Minus1)?;
        let constant = ((log_softmax(&self.logits)? - log_sigma)? - 0.5 * d as f64 * (2.0 * PI).ln())?;
        let joint = (z.sqr()?.sum(D::Minus1)? * -0.5)?.broadcast_add(&constant.unsqueeze(1)?)?;
        // So far out that every density is 0 in floating point, the sum of them is.
        log_sum_exp(&joint.t()?.contiguous()?, 1)
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
        like(&self.means, points, (n, d))
    }
}

impl Parameters for Mixture {
    const FAMILY: &'static str = "mixture of Gaussians";

    fn parameters(&self) -> Result<HashMap<String, Tensor>> {
        let (means, slopes, spreads) = (self.means()?, self.own_slopes()?, self.own_spreads()?);
        let own = [("logits", &self.logits.detach()), ("means", &means), ("slopes", &slopes), ("spreads", &spreads)];
        Ok(Parts::new(own).learnt)
    }

    fn parts(&self) -> Result<Parts> {
        let [logits, means, slopes, spreads] = [&self.logits, &self.means, &self.slopes, &self.spreads];
        let parts = Parts::new([("logits", logits), ("means", means), ("slopes", slopes), ("spreads", spreads)]);
        Ok(parts.with_map(&self.standardize).with_fixed("floor", &self.floor))
    }

    fn from_parts(mut parts: Parts) -> Result<Self> {
        let [logits, means, slopes, spreads] = ["logits", "means", "slopes", "spreads"].map(|name| parts.take(name));
        let (tensors, floor) = ([logits?, means?, slopes?, spreads?], parts.take_fixed("floor")?);
        let standardize = parts.take_map(floor.elem_count(), &floor)?;
        parts.done()?;
        Self::of(tensors, floor, standardize)
    }
}
