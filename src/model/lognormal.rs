//! The lognormal distribution: ln x is Gaussian; what products of many factors tend to.

use candle_core::Tensor;
use candle_mle_info::law::{self, ClosedForm, Law};
use candle_mle_info::{Information, Result as Checked};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use super::univariate::{Family, Observed, Support, Univariate};
use crate::error::Result;

/// Positive numbers whose logarithm is Gaussian, with mean μ and standard deviation σ: the likeliest has those of the logarithms of the
/// data.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::info::law::Law;
/// use candle_mle::model::Lognormal;
/// use candle_mle::{Empirical, Parameters, maximum_likelihood};
/// let p = Empirical::from_sample(Tensor::new(&[1.0, 10.0, 100.0], &Device::Cpu)?)?;
/// let coordinates = Lognormal::coordinates(p.batch(), p.mass())?;
/// let law = maximum_likelihood(&p, |vb| Lognormal::new(vb)?.standardized(coordinates))?.model.law()?;
/// assert!((law.log().mean() - 10f64.ln()).abs() < 1e-7);
/// # Ok::<(), candle_mle::Error>(())
/// ```
pub type Lognormal = Univariate<law::Lognormal>;

impl Family for law::Lognormal {
    const NAME: &'static str = "lognormal distribution";
    const FORMULA: &'static str = "ln x is Gaussian, mean μ, standard deviation σ";
    const DENSITY: bool = true;
    const VARIABLES: &'static [&'static str] = &["log_median", "log_sd"];
    const SUPPORT: Support = Support::POSITIVE;

    fn of(variables: &[f64]) -> Checked<Self> {
        Self::new(variables[0], variables[1].exp())
    }

    fn of_named(parameters: &[f64]) -> Checked<Self> {
        Self::new(parameters[0], parameters[1])
    }

    fn variables(&self) -> Vec<f64> {
        vec![self.log().mean(), self.log().sd().ln()]
    }

    fn named(&self) -> Vec<(&'static str, f64, &'static str)> {
        let log = self.log();
        vec![("mean of ln x", log.mean(), ""), ("sd of ln x", log.sd(), ""), ("median", log.mean().exp(), "x")]
    }

    fn seen(x: &[f64]) -> Vec<Vec<f64>> {
        vec![x.iter().map(|x| x.ln()).collect()]
    }

    fn log_prob_of(variables: &[Tensor], seen: &[Tensor]) -> Result<Tensor> {
        let (log_median, log_sd, log_x) = (&variables[0], &variables[1], &seen[0]);
        let z = log_x.broadcast_sub(log_median)?.broadcast_mul(&log_sd.neg()?.exp()?)?;
        let constant = (log_sd + 0.5 * std::f64::consts::TAU.ln())?;
        Ok(((z.sqr()? * 0.5)?.broadcast_add(&constant)? + log_x)?.neg()?)
    }

    fn start(x: &Observed<'_>) -> std::result::Result<Vec<(f64, f64)>, String> {
        x.vary("σ falls to 0")?;
        let (mean, sd) = x.moments(f64::ln);
        Ok(vec![(mean + sd, sd), (sd.ln() + 0.5, 1.0)])
    }

    fn divergence(&self, other: &Self) -> Information {
        self.kl_divergence(other)
    }

    fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        let noise: f64 = StandardNormal.sample(rng);
        (self.log().mean() + self.log().sd() * noise).exp().clamp(f64::MIN_POSITIVE, f64::MAX)
    }
}
