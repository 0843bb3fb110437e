//! Logistic regression (lecture row L4): q_θ(y = 1 | x) = σ(w·x + b).

use std::collections::HashMap;

use candle_core::Tensor;
use candle_nn::{Init, VarBuilder};
use nalgebra::DMatrix;

use super::{Classifier, Linear, Model};
use crate::batch::{Labelled, host};
use crate::curvature::{Curved, log_det, with_numbers, with_offset};
use crate::error::{Result, matrix, shape};
use crate::ops::{linear, log_sigmoid};
use crate::parameters::{Parameters, Parts};
use crate::standardize::Standardize;

/// P(y = 1 | x) = σ(w·x + b) for classes 0 and 1.
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::model::Logistic;
/// use candle_mle::{Empirical, Labelled, maximum_likelihood};
/// // Of x = 0 one in four, of x = 1 three in four: the slope is the logarithm of the odds ratio, 9.
/// let x = Tensor::new(&[[0.0], [0.0], [1.0], [1.0]], &Device::Cpu)?;
/// let batch = Labelled::new(x, Tensor::new(&[0u32, 1, 0, 1], &Device::Cpu)?)?;
/// let p = Empirical::from_counts(batch, &[3.0, 1.0, 1.0, 3.0])?;
/// let slope = maximum_likelihood(&p, |vb| Logistic::new(1, vb))?.model.weight()?.to_vec1::<f64>()?[0];
/// assert!((slope - 9f64.ln()).abs() < 1e-7);
/// # Ok::<(), candle_mle::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Logistic {
    weight: Tensor,
    bias: Tensor,
    standardize: Standardize,
}

impl Logistic {
    /// Asks for `weight` (d,) and `bias`, a scalar; variables start at 0, where every x is a fair coin.
    pub fn new(columns: usize, vb: VarBuilder) -> Result<Self> {
        Ok(Self {
            weight: vb.get_with_hints(columns, "weight", Init::Const(0.0))?,
            bias: vb.get_with_hints((), "bias", Init::Const(0.0))?,
            standardize: Standardize::identity(columns, &vb)?,
        })
    }

    /// The slopes, (d,), in logits per unit of x.
    pub fn weight(&self) -> Result<Tensor> {
        Ok(self.weight.detach().div(self.standardize.scale())?)
    }

    /// The intercept, a scalar, in logits.
    pub fn bias(&self) -> Result<Tensor> {
        Ok((self.bias.detach() - (self.weight()? * self.standardize.shift())?.sum_all()?)?)
    }

    /// The logits of x (m, d): (m,).
    pub fn logits(&self, x: &Tensor) -> Result<Tensor> {
        let x = self.standardize.apply(x)?;
        Ok(linear(&x, &self.weight.unsqueeze(0)?)?.squeeze(1)?.broadcast_add(&self.bias)?)
    }
}

impl Model for Logistic {
    type Batch = Labelled;
    const DENSITY: bool = false;

    fn log_prob(&self, batch: &Labelled) -> Result<Tensor> {
        batch.observed_linear(&self.standardize.apply(batch.x())?, &self.weight, &self.bias)
    }

    fn curved(&self) -> Option<&dyn Curved<Labelled>> {
        Some(self)
    }

    fn slopes(&self) -> Result<Option<Tensor>> {
        Ok(Some(self.weight.clone()))
    }
}

/// Σ mass q (1 − q) (x, 1)(x, 1)ᵀ: slopes, then the intercept.
impl Curved<Labelled> for Logistic {
    fn free(&self) -> Vec<usize> {
        (1..=self.weight.elem_count()).chain([0]).collect()
    }

    fn information(&self, batch: &Labelled, mass: &[f64]) -> Result<DMatrix<f64>> {
        let (x, theta) = (self.standardize.apply(batch.x())?, [host(&self.weight)?, host(&self.bias)?].concat());
        let offset = batch.offset().map(host).transpose()?;
        with_numbers(&x, |x| with_offset(x, theta.len() - 1, &theta, mass, None, offset.as_deref()))
    }

    fn log_det(&self, batch: &Labelled, mass: &[f64]) -> Result<Tensor> {
        let (x, theta) = (self.standardize.apply(batch.x())?, [host(&self.weight)?, host(&self.bias)?].concat());
        let own = 2.0 * host(self.standardize.scale())?.iter().map(|scale| scale.ln()).sum::<f64>();
        let log_q = batch.with_offsets(self.log_probs(batch.x())?)?;
        let offset = batch.offset().map(host).transpose()?;
        Ok((log_det(&x, &log_q, &theta, mass, offset.as_deref())? + own)?)
    }
}

impl Classifier for Logistic {
    fn classes(&self) -> usize {
        2
    }

    fn log_probs(&self, x: &Tensor) -> Result<Tensor> {
        let z = self.logits(x)?;
        Ok(Tensor::stack(&[log_sigmoid(&z.neg()?)?, log_sigmoid(&z)?], 1)?)
    }
}

impl Linear for Logistic {
    fn coefficients(&self) -> Result<Tensor> {
        let class_1 = Tensor::cat(&[&self.weight()?, &self.bias()?.unsqueeze(0)?], 0)?;
        Ok(Tensor::stack(&[&class_1.zeros_like()?, &class_1], 0)?)
    }

    fn learnt(&self) -> (&Tensor, &Tensor, &Standardize) {
        (&self.weight, &self.bias, &self.standardize)
    }

    fn from_coefficients(coefficients: &Tensor) -> Result<Self> {
        let (classes, width) = matrix("the coefficients", coefficients)?;
        if classes != 2 || width == 0 {
            return Err(shape("the coefficients", coefficients.dims(), "(2, slopes and intercept)"));
        }
        let class_1 = (coefficients.get(1)? - coefficients.get(0)?)?;
        Self::from_parts(Parts::new([
            ("weight", &class_1.narrow(0, 0, width - 1)?),
            ("bias", &class_1.get(width - 1)?),
        ]))
    }
}

impl Parameters for Logistic {
    const FAMILY: &'static str = "logistic regression";

    fn parameters(&self) -> Result<HashMap<String, Tensor>> {
        Ok(Parts::new([("weight", &self.weight()?), ("bias", &self.bias()?)]).learnt)
    }

    fn parts(&self) -> Result<Parts> {
        Ok(Parts::new([("weight", &self.weight), ("bias", &self.bias)]).with_map(&self.standardize))
    }

    fn from_parts(mut parts: Parts) -> Result<Self> {
        let (weight, bias, standardize) = parts.take_line()?;
        parts.done()?;
        Ok(Self { weight, bias, standardize })
    }
}
