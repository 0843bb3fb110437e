//! The negative binomial distribution: counts that vary more than Poisson's, by mean μ and size r; the variance is μ + μ²/r.

use candle_core::Tensor;
use candle_mle_info::law::{self, Law};
use candle_mle_info::{Information, Result as Checked};
use rand::Rng;
use rand_distr::Distribution;

use super::poisson::{poisson, seen_of_counts};
use super::univariate::{Family, Observed, Support, Univariate};
use crate::error::Result;
use crate::ops::{lgamma_rest, log_plus_one, unit_deviance};

/// Counts that vary more than Poisson's, with mean μ and size r; 1/r is also called the dispersion. The likeliest has the mean of the data.
///
/// It has a finite maximum just where the variance (divided by n) is above the mean (Levin and Reeds 1977, Annals of Statistics 5); else the
/// size runs off to ∞, Poisson's distribution.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::info::law::Law;
/// use candle_mle::model::NegativeBinomial;
/// use candle_mle::{Empirical, Parameters, maximum_likelihood};
/// let p = Empirical::from_counts(Tensor::new(&[0.0, 1.0, 5.0, 12.0], &Device::Cpu)?, &[8.0, 4.0, 2.0, 1.0])?;
/// let coordinates = NegativeBinomial::coordinates(p.batch(), p.mass())?;
/// let law = maximum_likelihood(&p, |vb| NegativeBinomial::new(vb)?.standardized(coordinates))?.model.law()?;
/// assert!((law.mean() - 26.0 / 15.0).abs() < 1e-7);
/// # Ok::<(), candle_mle::Error>(())
/// ```
pub type NegativeBinomial = Univariate<law::NegativeBinomial>;

impl Family for law::NegativeBinomial {
    const NAME: &'static str = "negative binomial distribution";
    const FORMULA: &'static str = "P(k) = Γ(k + r) / (Γ(r) k!) · (r/(r + μ))^r (μ/(r + μ))^k, mean μ, size r";
    const DENSITY: bool = false;
    const VARIABLES: &'static [&'static str] = &["log_mean", "log_size"];
    const SUPPORT: Support = Support::COUNTS;

    fn of(variables: &[f64]) -> Checked<Self> {
        Self::new(variables[0].exp(), variables[1].exp())
    }

    fn of_named(parameters: &[f64]) -> Checked<Self> {
        Self::new(parameters[0], parameters[1])
    }

    fn variables(&self) -> Vec<f64> {
        vec![self.mean().ln(), self.size().ln()]
    }

    fn named(&self) -> Vec<(&'static str, f64, &'static str)> {
        vec![("mean", self.mean(), "counts"), ("size", self.size(), "")]
    }

    fn seen(x: &[f64]) -> Vec<Vec<f64>> {
        seen_of_counts(x)
    }

    /// Of k + r tosses of a coin the deviance of the k and that of the r from what they should be, (k + r) μ/(μ + r) and (k + r) r/(μ + r),
    /// neither of which grows with μ alone, and what Γ(k + r)/Γ(r) is without its growth.
    fn log_prob_of(variables: &[Tensor], seen: &[Tensor]) -> Result<Tensor> {
        let (count, none, mean, size) = (&seen[0], &seen[2], variables[0].exp()?, variables[1].exp()?);
        let (both, share) = (count.broadcast_add(&size)?, (&size / (&mean + &size)?)?);
        let below = count.broadcast_sub(&mean)?.neg()?;
        // ln of what k should be over k, and 0 for the count 0, of which it is what should be itself.
        let log_ratio = log_plus_one(&(below.broadcast_mul(&share)? / (count + none)?)?)?;
        let of_count = ((unit_deviance(&log_ratio)? * count)? + none.broadcast_mul(&(&mean * &share)?)?)?;
        let of_size = unit_deviance(&log_plus_one(&(below / &both)?)?.neg()?)?.broadcast_mul(&size)?;
        let rest = lgamma_rest(&both)?.broadcast_sub(&lgamma_rest(&size)?)?;
        Ok((((rest - of_count)? - of_size)? - &seen[3])?)
    }

    fn start(x: &Observed<'_>) -> std::result::Result<Vec<(f64, f64)>, String> {
        let (mean, sd) = x.moments(|x| x);
        if mean == 0.0 {
            return Err("all counts are 0: the mean falls to 0, where no other count can occur".into());
        }
        let over = sd * sd - mean;
        if over <= 0.0 {
            return Err(format!(
                "the variance, {}, is not above the mean, {}: the size grows for ever, and the limit is the Poisson distribution",
                candle_mle_info::number::shown(sd * sd),
                candle_mle_info::number::shown(mean)
            ));
        }
        let unit = (sd / mean).min(1.0);
        Ok(vec![(mean.ln() + unit, unit), ((mean * (mean / over)).ln(), 1.0)])
    }

    fn divergence(&self, other: &Self) -> Information {
        self.kl_divergence(other)
    }

    fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        let gamma = rand_distr::Gamma::new(self.size(), self.mean() / self.size());
        poisson(gamma.map_or(0.0, |gamma| gamma.sample(rng)), rng)
    }
}
