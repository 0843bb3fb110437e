//! The exponential distribution: q(x) = λ e^(−λx), waiting times without memory (lecture row L6).

use candle_core::Tensor;
use candle_mle_info::law::{self, ClosedForm, Law};
use candle_mle_info::{Information, Result as Checked};
use rand::Rng;
use rand_distr::{Distribution, Exp1};

use super::univariate::{Family, Observed, Support, Univariate};
use crate::error::Result;

/// Waiting times, with rate λ. The likeliest has the mean of the data.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::model::Exponential;
/// use candle_mle::{Empirical, Parameters, maximum_likelihood};
/// let p = Empirical::from_sample(Tensor::new(&[0.5, 1.0, 3.0, 3.5], &Device::Cpu)?)?;
/// let coordinates = Exponential::coordinates(p.batch(), p.mass())?;
/// let law = maximum_likelihood(&p, |vb| Exponential::new(vb)?.standardized(coordinates))?.model.law()?;
/// assert!((law.rate() - 0.5).abs() < 1e-8);
/// # Ok::<(), candle_mle::Error>(())
/// ```
pub type Exponential = Univariate<law::Exponential>;

impl Family for law::Exponential {
    const NAME: &'static str = "exponential distribution";
    const FORMULA: &'static str = "density λ e^(−λx), rate λ";
    const DENSITY: bool = true;
    const VARIABLES: &'static [&'static str] = &["log_mean"];
    const SUPPORT: Support = Support::NOT_NEGATIVE;

    fn of(variables: &[f64]) -> Checked<Self> {
        Self::new((-variables[0]).exp())
    }

    fn of_named(parameters: &[f64]) -> Checked<Self> {
        Self::new(parameters[0])
    }

    fn variables(&self) -> Vec<f64> {
        vec![-self.rate().ln()]
    }

    fn named(&self) -> Vec<(&'static str, f64, &'static str)> {
        vec![("rate", self.rate(), "per x"), ("mean", self.mean(), "x")]
    }

    fn seen(x: &[f64]) -> Vec<Vec<f64>> {
        vec![x.to_vec()]
    }

    fn log_prob_of(variables: &[Tensor], seen: &[Tensor]) -> Result<Tensor> {
        let (log_mean, x) = (&variables[0], &seen[0]);
        Ok(x.broadcast_mul(&log_mean.neg()?.exp()?)?.broadcast_add(log_mean)?.neg()?)
    }

    fn start(x: &Observed<'_>) -> std::result::Result<Vec<(f64, f64)>, String> {
        match x.mean(|x| x) {
            0.0 => Err("all observations are 0: the rate grows, and the likelihood rises, for ever".into()),
            mean => Ok(vec![(mean.ln() + 1.0, 1.0)]),
        }
    }

    fn divergence(&self, other: &Self) -> Information {
        self.kl_divergence(other)
    }

    fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        let wait: f64 = Exp1.sample(rng);
        wait / self.rate()
    }
}
