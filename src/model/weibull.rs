//! The Weibull distribution: q(x) = (k/λ) (x/λ)^(k−1) e^(−(x/λ)^k), how long until the weakest part fails.

use candle_core::Tensor;
use candle_mle_info::law::{self, ClosedForm};
use candle_mle_info::{Information, Result as Checked};
use rand::Rng;
use rand_distr::{Distribution, Exp1};

use super::univariate::{Family, Observed, Support, Univariate};
use crate::error::Result;

/// Lifetimes, with shape k (above 1 what has lived long fails sooner, below 1 later) and scale λ.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::model::Weibull;
/// use candle_mle::{Empirical, Parameters, maximum_likelihood};
/// let p = Empirical::from_sample(Tensor::new(&[1.0, 2.0, 4.0, 5.0], &Device::Cpu)?)?;
/// let coordinates = Weibull::coordinates(p.batch(), p.mass())?;
/// let law = maximum_likelihood(&p, |vb| Weibull::new(vb)?.standardized(coordinates))?.model.law()?;
/// // Of the likeliest the mean of (x/λ)^k is 1.
/// let mean = [1.0f64, 2.0, 4.0, 5.0].map(|x| (x / law.scale()).powf(law.shape())).iter().sum::<f64>() / 4.0;
/// assert!((mean - 1.0).abs() < 1e-7);
/// # Ok::<(), candle_mle::Error>(())
/// ```
pub type Weibull = Univariate<law::Weibull>;

impl Family for law::Weibull {
    const NAME: &'static str = "Weibull distribution";
    const FORMULA: &'static str = "density (k/λ) (x/λ)^(k−1) e^(−(x/λ)^k), shape k, scale λ";
    const DENSITY: bool = true;
    const VARIABLES: &'static [&'static str] = &["log_scale", "log_shape"];
    const SUPPORT: Support = Support::POSITIVE;

    fn of(variables: &[f64]) -> Checked<Self> {
        Self::new(variables[1].exp(), variables[0].exp())
    }

    fn of_named(parameters: &[f64]) -> Checked<Self> {
        Self::new(parameters[0], parameters[1])
    }

    fn variables(&self) -> Vec<f64> {
        vec![self.scale().ln(), self.shape().ln()]
    }

    fn named(&self) -> Vec<(&'static str, f64, &'static str)> {
        vec![("shape", self.shape(), ""), ("scale", self.scale(), "x")]
    }

    fn seen(x: &[f64]) -> Vec<Vec<f64>> {
        vec![x.iter().map(|x| x.ln()).collect()]
    }

    fn log_prob_of(variables: &[Tensor], seen: &[Tensor]) -> Result<Tensor> {
        let (log_scale, log_shape, log_x) = (&variables[0], &variables[1], &seen[0]);
        let w = log_x.broadcast_sub(log_scale)?.broadcast_mul(&log_shape.exp()?)?;
        Ok(((&w - w.exp()?)? - log_x)?.broadcast_add(log_shape)?)
    }

    fn start(x: &Observed<'_>) -> std::result::Result<Vec<(f64, f64)>, String> {
        x.vary("the shape grows")?;
        // ln x has the standard deviation π/√6 k and the mean ln λ − γ/k.
        let (mean, sd) = x.moments(f64::ln);
        let shape = std::f64::consts::PI / 6f64.sqrt() / sd;
        Ok(vec![(mean + 1.0 / shape, 1.0 / shape), (shape.ln(), 1.0)])
    }

    fn divergence(&self, other: &Self) -> Information {
        self.kl_divergence(other)
    }

    fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        let wait: f64 = Exp1.sample(rng);
        (self.scale().ln() + wait.ln() / self.shape()).exp().clamp(f64::MIN_POSITIVE, f64::MAX)
    }
}
