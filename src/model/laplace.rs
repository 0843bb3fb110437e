//! The Laplace distribution: q(x) = e^(−|x − μ|/b) / 2b, whose likeliest location is the median.

use candle_core::Tensor;
use candle_mle_info::law::{self, ClosedForm};
use candle_mle_info::{Information, Result as Checked};
use rand::Rng;
use rand_distr::{Distribution, Exp1};

use super::univariate::{Family, Observed, Support, Univariate};
use crate::error::Result;
use crate::ops::deviation;

/// Errors of which large ones are not rare, with location μ and scale b. The likeliest has the median of the data, and their mean distance
/// from it.
///
/// Its likelihood has a kink wherever μ is an observation, and at one of these it is greatest: no descent along gradients comes to rest
/// there unless it starts there. In the [coordinates](Univariate::coordinates) of the data it does: the location starts at the median,
/// where the smallest of all tangents is 0, and stays; what is learnt by walking is the scale.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::model::Laplace;
/// use candle_mle::{Empirical, Parameters, maximum_likelihood};
/// let p = Empirical::from_sample(Tensor::new(&[1.0, 2.0, 9.0], &Device::Cpu)?)?;
/// let coordinates = Laplace::coordinates(p.batch(), p.mass())?;
/// let law = maximum_likelihood(&p, |vb| Laplace::new(vb)?.standardized(coordinates))?.model.law()?;
/// assert!((law.location() - 2.0).abs() < 1e-12 && (law.scale() - 8.0 / 3.0).abs() < 1e-7);
/// # Ok::<(), candle_mle::Error>(())
/// ```
pub type Laplace = Univariate<law::Laplace>;

impl Family for law::Laplace {
    const NAME: &'static str = "Laplace distribution";
    const FORMULA: &'static str = "density e^(−|x − μ|/b) / 2b, location μ, scale b";
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
        let far = deviation(&seen[0], location)?.broadcast_mul(&log_scale.neg()?.exp()?)?;
        Ok(far.broadcast_add(&(log_scale + 2f64.ln())?)?.neg()?)
    }

    fn start(x: &Observed<'_>) -> std::result::Result<Vec<(f64, f64)>, String> {
        x.vary("the scale falls to 0")?;
        let (median, _) = x.middle();
        let scale = x.mean(|x| (x - median).abs());
        Ok(vec![(median, scale), (scale.ln() + 1.0, 1.0)])
    }

    /// At the median the slope leaps, and what is observed there says nothing of how sharp the peak is; by the law the variance of the
    /// location is b²/n = 1/(4 q(μ)² n), that of a median.
    fn expected(&self) -> Option<Vec<f64>> {
        Some(vec![self.scale().powi(-2), 1.0])
    }

    fn divergence(&self, other: &Self) -> Information {
        self.kl_divergence(other)
    }

    fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        let far: f64 = Exp1.sample(rng);
        self.location() + if rng.random::<bool>() { far } else { -far } * self.scale()
    }
}
