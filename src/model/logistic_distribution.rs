//! The logistic distribution: q(x) = e^(−z) / (s (1 + e^(−z))²) with z = (x − μ)/s, the noise behind logistic regression.

use candle_core::Tensor;
use candle_mle_info::law::{self, ClosedForm};
use candle_mle_info::{Information, Result as Checked};
use rand::Rng;

use super::univariate::{Family, Observed, Support, Univariate};
use crate::error::Result;
use crate::ops::log_sigmoid;

/// A bell with tails like Laplace's, with location μ and scale s, whose distribution function is the sigmoid. Not to be mistaken for
/// logistic *regression*, [`Logistic`](super::Logistic).
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::model::LogisticDistribution;
/// use candle_mle::{Empirical, Parameters, maximum_likelihood};
/// let p = Empirical::from_sample(Tensor::new(&[-3.0, -1.0, 1.0, 3.0], &Device::Cpu)?)?;
/// let coordinates = LogisticDistribution::coordinates(p.batch(), p.mass())?;
/// let fitted = maximum_likelihood(&p, |vb| LogisticDistribution::new(vb)?.standardized(coordinates))?;
/// assert!(fitted.converged && fitted.model.law()?.location().abs() < 1e-7);
/// # Ok::<(), candle_mle::Error>(())
/// ```
pub type LogisticDistribution = Univariate<law::Logistic>;

impl Family for law::Logistic {
    const NAME: &'static str = "logistic distribution";
    const FORMULA: &'static str = "density e^(−z) / (s (1 + e^(−z))²), z = (x − μ)/s, location μ, scale s";
    const DENSITY: bool = true;
    const VARIABLES: &'static [&'static str] = &["location", "log_scale"];
    const SUPPORT: Support = Support::LINE;

    fn of(variables: &[f64]) -> Checked<Self> {
        Self::new(variables[0], variables[1].exp())
    }

    fn of_named(parameters: &[f64]) -> Checked<Self> {
        Self::new(parameters[0], parameters[1])
    }

    fn variables(&self) -> Vec<f64> {
        vec![self.location(), self.scale().ln()]
    }

    fn named(&self) -> Vec<(&'static str, f64, &'static str)> {
        vec![("location", self.location(), "x"), ("scale", self.scale(), "x")]
    }

    fn seen(x: &[f64]) -> Vec<Vec<f64>> {
        vec![x.to_vec()]
    }

    fn log_prob_of(variables: &[Tensor], seen: &[Tensor]) -> Result<Tensor> {
        let (location, log_scale) = (&variables[0], &variables[1]);
        let z = seen[0].broadcast_sub(location)?.broadcast_mul(&log_scale.neg()?.exp()?)?;
        Ok((log_sigmoid(&z)? + log_sigmoid(&z.neg()?)?)?.broadcast_sub(log_scale)?)
    }

    fn start(x: &Observed<'_>) -> std::result::Result<Vec<(f64, f64)>, String> {
        x.vary("the scale falls to 0")?;
        let (median, usual) = x.middle();
        Ok(vec![(median + usual, usual), (usual.ln(), 1.0)])
    }

    fn divergence(&self, other: &Self) -> Information {
        self.kl_divergence(other)
    }

    fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        let u: f64 = rng.random_range(f64::MIN_POSITIVE..1.0);
        self.location() + self.scale() * (u.ln() - (-u).ln_1p())
    }
}
