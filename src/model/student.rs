//! Student's t with location and scale: q(x) ∝ (1 + z²/ν)^(−(ν+1)/2), z = (x − μ)/σ, a bell with long tails.

use std::f64::consts::LN_2;

use candle_core::Tensor;
use candle_mle_info::law::{self, ClosedForm};
use candle_mle_info::special::student_norm;
use candle_mle_info::{Information, Result as Checked};
use rand::Rng;
use rand_distr::Distribution;

use super::univariate::{Family, Observed, Support, Univariate};
use crate::error::Result;
use crate::ops::{elementwise, log_plus_one};

/// A bell in which far values are not rare, with ν degrees of freedom, location μ and scale σ.
///
/// Its likelihood has a maximum in the small only: with ν near 0 a scale that shrinks onto one observation raises it without end
/// (Fernández and Steel 1999, Biometrika 86), as in a mixture. The descent from the [coordinates](Univariate::coordinates) of the data, ν = 4,
/// finds the one that is meant. Where the kurtosis is not above 3 it runs off to ν = ∞, the Gaussian.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::model::Student;
/// use candle_mle::{Empirical, Parameters, maximum_likelihood};
/// let p = Empirical::from_sample(Tensor::new(&[-30.0, -2.0, -1.0, 0.0, 1.0, 2.0, 30.0], &Device::Cpu)?)?;
/// let coordinates = Student::coordinates(p.batch(), p.mass())?;
/// let fitted = maximum_likelihood(&p, |vb| Student::new(vb)?.standardized(coordinates))?;
/// assert!(fitted.converged && fitted.model.law()?.location().abs() < 1e-6);
/// # Ok::<(), candle_mle::Error>(())
/// ```
pub type Student = Univariate<law::Student>;

impl Family for law::Student {
    const NAME: &'static str = "Student's t distribution";
    const FORMULA: &'static str = "density ∝ (1 + z²/ν)^(−(ν+1)/2), z = (x − μ)/σ, df ν, location μ, scale σ";
    const DENSITY: bool = true;
    const VARIABLES: &'static [&'static str] = &["location", "log_scale", "log_df"];
    const SUPPORT: Support = Support::LINE;

    fn of(variables: &[f64]) -> Checked<Self> {
        Self::new(variables[2].exp(), variables[0], variables[1].exp())
    }

    fn of_named(parameters: &[f64]) -> Checked<Self> {
        Self::new(parameters[0], parameters[1], parameters[2])
    }

    fn variables(&self) -> Vec<f64> {
        vec![self.location(), self.scale().ln(), self.df().ln()]
    }

    fn named(&self) -> Vec<(&'static str, f64, &'static str)> {
        vec![("df", self.df(), ""), ("location", self.location(), "x"), ("scale", self.scale(), "x")]
    }

    fn seen(x: &[f64]) -> Vec<Vec<f64>> {
        vec![x.to_vec()]
    }

    fn log_prob_of(variables: &[Tensor], seen: &[Tensor]) -> Result<Tensor> {
        let (location, log_scale, df) = (&variables[0], &variables[1], variables[2].exp()?);
        let z = seen[0].broadcast_sub(location)?.broadcast_mul(&log_scale.neg()?.exp()?)?;
        let tails = log_plus_one(&z.sqr()?.broadcast_div(&df)?)?.broadcast_mul(&((&df + 1.0)? * 0.5)?)?;
        let norm = (elementwise(&(df * 0.5)?, student_norm)? + 0.5 * LN_2)?;
        Ok(tails.broadcast_add(&(norm + log_scale)?)?.neg()?)
    }

    fn start(x: &Observed<'_>) -> std::result::Result<Vec<(f64, f64)>, String> {
        x.vary("the scale falls to 0")?;
        let (share, value) = x.most_frequent();
        if share >= 0.5 {
            let value = candle_mle_info::number::typed(value);
            return Err(format!("half of the observations or more are {value}: the scale falls to 0 there"));
        }
        let (mean, sd) = x.moments(|x| x);
        // To first order in 1/ν, ln q gains (z⁴ − 2z² − 1)/4 over the Gaussian: (kurtosis − 3)/4 in the mean.
        let kurtosis = x.mean(|x| ((x - mean) / sd).powi(4));
        if kurtosis <= 3.0 {
            return Err(format!(
                "the kurtosis, {kurtosis:.3}, is not above the Gaussian's 3: the degrees of freedom grow for ever, and the limit is the \
                 Gaussian"
            ));
        }
        let (median, usual) = x.middle();
        Ok(vec![(median + 0.5 * usual, usual), (usual.ln(), 1.0), (4f64.ln(), 1.0)])
    }

    fn divergence(&self, other: &Self) -> Information {
        self.kl_divergence(other)
    }

    fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        let drawn = rand_distr::StudentT::new(self.df()).map_or(f64::NAN, |t| t.sample(rng));
        self.location() + self.scale() * drawn.clamp(-1e200, 1e200)
    }
}
