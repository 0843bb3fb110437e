//! The Poisson distribution: q(k) = λᵏ e^(−λ) / k!, counts of events that do not wait for each other.

use candle_core::Tensor;
use candle_mle_info::law::{self, ClosedForm, Law};
use candle_mle_info::special::ln_gamma_rest;
use candle_mle_info::{Information, Result as Checked};
use rand::Rng;
use rand_distr::Distribution;

use super::univariate::{Family, Observed, Support, Univariate};
use crate::error::Result;
use crate::ops::unit_deviance;

/// Counts, with mean λ: the likeliest has the mean of the data.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::info::law::Law;
/// use candle_mle::model::Poisson;
/// use candle_mle::{Empirical, Parameters, maximum_likelihood};
/// // von Bortkiewicz: deaths by horse kick, in 200 years of ten corps.
/// let deaths = Tensor::new(&[0.0, 1.0, 2.0, 3.0, 4.0], &Device::Cpu)?;
/// let p = Empirical::from_counts(deaths, &[109.0, 65.0, 22.0, 3.0, 1.0])?;
/// let coordinates = Poisson::coordinates(p.batch(), p.mass())?;
/// let law = maximum_likelihood(&p, |vb| Poisson::new(vb)?.standardized(coordinates))?.model.law()?;
/// assert!((law.mean() - 0.61).abs() < 1e-8);
/// # Ok::<(), candle_mle::Error>(())
/// ```
pub type Poisson = Univariate<law::Poisson>;

/// Of every count k itself, ln k (0 of 0), whether it is 0, and ln k! − k ln k + k.
pub(super) fn seen_of_counts(counts: &[f64]) -> Vec<Vec<f64>> {
    let of = |f: fn(f64) -> f64, zero: f64| counts.iter().map(|k| if *k == 0.0 { zero } else { f(*k) }).collect();
    vec![of(|k| k, 0.0), of(f64::ln, 0.0), of(|_| 0.0, 1.0), of(|k| ln_gamma_rest(k) + k.ln(), 0.0)]
}

/// k ln(k/μ) − k + μ, of ln μ, a scalar or (m,), and what was seen of the counts.
pub(super) fn deviance_of_counts(log_mean: &Tensor, seen: &[Tensor]) -> Result<Tensor> {
    let cost = (unit_deviance(&log_mean.broadcast_sub(&seen[1])?)? * &seen[0])?;
    Ok((cost + log_mean.exp()?.broadcast_mul(&seen[2])?)?)
}

impl Family for law::Poisson {
    const NAME: &'static str = "Poisson distribution";
    const FORMULA: &'static str = "P(k) = λᵏ e^(−λ) / k!, mean λ";
    const DENSITY: bool = false;
    const VARIABLES: &'static [&'static str] = &["log_mean"];
    const SUPPORT: Support = Support::COUNTS;

    fn of(variables: &[f64]) -> Checked<Self> {
        Self::new(variables[0].exp())
    }

    fn of_named(parameters: &[f64]) -> Checked<Self> {
        Self::new(parameters[0])
    }

    fn variables(&self) -> Vec<f64> {
        vec![self.mean().ln()]
    }

    fn named(&self) -> Vec<(&'static str, f64, &'static str)> {
        vec![("mean", self.mean(), "counts")]
    }

    fn seen(x: &[f64]) -> Vec<Vec<f64>> {
        seen_of_counts(x)
    }

    fn log_prob_of(variables: &[Tensor], seen: &[Tensor]) -> Result<Tensor> {
        Ok((deviance_of_counts(&variables[0], seen)? + &seen[3])?.neg()?)
    }

    fn start(x: &Observed<'_>) -> std::result::Result<Vec<(f64, f64)>, String> {
        match x.mean(|x| x) {
            0.0 => Err("all counts are 0: the mean falls to 0, where no other count can occur".into()),
            mean => {
                let unit = mean.sqrt().recip().min(1.0);
                Ok(vec![(mean.ln() + 0.5 * unit, unit)])
            }
        }
    }

    fn divergence(&self, other: &Self) -> Information {
        self.kl_divergence(other)
    }

    fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        poisson(self.mean(), rng)
    }
}

/// A count of a given mean.
pub(super) fn poisson<R: Rng + ?Sized>(mean: f64, rng: &mut R) -> f64 {
    if mean == 0.0 { 0.0 } else { rand_distr::Poisson::new(mean).map_or(f64::NAN, |poisson| poisson.sample(rng)) }
}
