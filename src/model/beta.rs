//! The beta distribution: q(x) = x^(α−1) (1 − x)^(β−1) / B(α, β), shares between 0 and 1.

use candle_core::Tensor;
use candle_mle_info::law::{self, ClosedForm, Law};
use candle_mle_info::{Information, Result as Checked};
use rand::Rng;
use rand_distr::Distribution;

use super::univariate::{Family, Observed, Support, Univariate};
use crate::error::Result;
use crate::ops::{lgamma_rest, log_sigmoid, unit_deviance};

/// Shares between 0 and 1, with α and β. It is learnt through the log-odds of the mean α/(α + β) and the precision α + β.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::model::Beta;
/// use candle_mle::{Empirical, Parameters, maximum_likelihood};
/// let p = Empirical::from_sample(Tensor::new(&[0.2, 0.4, 0.6, 0.8], &Device::Cpu)?)?;
/// let coordinates = Beta::coordinates(p.batch(), p.mass())?;
/// let law = maximum_likelihood(&p, |vb| Beta::new(vb)?.standardized(coordinates))?.model.law()?;
/// assert!((law.alpha() - law.beta()).abs() < 1e-6);
/// # Ok::<(), candle_mle::Error>(())
/// ```
pub type Beta = Univariate<law::Beta>;

impl Family for law::Beta {
    const NAME: &'static str = "beta distribution";
    const FORMULA: &'static str = "density x^(α−1) (1 − x)^(β−1) / B(α, β)";
    const DENSITY: bool = true;
    const VARIABLES: &'static [&'static str] = &["logit_mean", "log_precision"];
    const SUPPORT: Support = Support::BETWEEN;

    fn of(variables: &[f64]) -> Checked<Self> {
        let (logit, precision) = (variables[0], variables[1].exp());
        Self::new(precision / (1.0 + (-logit).exp()), precision / (1.0 + logit.exp()))
    }

    fn of_named(parameters: &[f64]) -> Checked<Self> {
        Self::new(parameters[0], parameters[1])
    }

    fn variables(&self) -> Vec<f64> {
        vec![self.alpha().ln() - self.beta().ln(), (self.alpha() + self.beta()).ln()]
    }

    fn named(&self) -> Vec<(&'static str, f64, &'static str)> {
        vec![("alpha", self.alpha(), ""), ("beta", self.beta(), ""), ("mean", self.mean(), "x")]
    }

    fn seen(x: &[f64]) -> Vec<Vec<f64>> {
        vec![x.iter().map(|x| x.ln()).collect(), x.iter().map(|x| (-x).ln_1p()).collect()]
    }

    /// What the mean costs, a deviance at each end, and what the precision does: no term is larger than the answer.
    fn log_prob_of(variables: &[Tensor], seen: &[Tensor]) -> Result<Tensor> {
        let (logit, log_precision) = (&variables[0], &variables[1]);
        let end = |logit: &Tensor, log_x: &Tensor| -> Result<(Tensor, Tensor)> {
            let log_mean = log_sigmoid(logit)?;
            let parameter = (log_precision + &log_mean)?.exp()?;
            let cost = unit_deviance(&log_x.broadcast_sub(&log_mean)?)?.broadcast_mul(&parameter)?;
            Ok(((cost + log_x)?, lgamma_rest(&parameter)?))
        };
        let ((left, a), (right, b)) = (end(logit, &seen[0])?, end(&logit.neg()?, &seen[1])?);
        let norm = ((a + b)? - lgamma_rest(&log_precision.exp()?)?)?;
        Ok((left + right)?.broadcast_add(&norm)?.neg()?)
    }

    fn start(x: &Observed<'_>) -> std::result::Result<Vec<(f64, f64)>, String> {
        x.vary("the precision α + β grows")?;
        let (mean, sd) = x.moments(|x| x);
        let spread = mean * (1.0 - mean);
        // Of the variance m(1 − m)/(1 + α + β); near both ends it may be as large as it can be.
        let precision = (spread / (sd * sd) - 1.0).max(1e-3);
        let unit = (spread * (1.0 + precision)).sqrt().recip();
        Ok(vec![(mean.ln() - (-mean).ln_1p() + unit.min(1.0), unit), (precision.ln(), 1.0)])
    }

    fn divergence(&self, other: &Self) -> Information {
        self.kl_divergence(other)
    }

    fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        let drawn = rand_distr::Beta::new(self.alpha(), self.beta()).map_or(f64::NAN, |beta| beta.sample(rng));
        drawn.clamp(f64::MIN_POSITIVE, 1.0 - f64::EPSILON / 2.0)
    }
}
