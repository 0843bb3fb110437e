//! The softmax classifier (lecture row L3): q_θ(y | x) = softmax(W x + b)_y.

use std::collections::HashMap;

use candle_core::Tensor;
use candle_nn::{Init, VarBuilder};
use nalgebra::DMatrix;

use super::{Classifier, Linear, Model};
use crate::batch::{Labelled, host};
use crate::curvature::{Curved, log_det, with_numbers, with_offset};
use crate::error::{Result, matrix, shape};
use crate::ops::{linear, log_softmax};
use crate::parameters::{Parameters, Parts};
use crate::standardize::Standardize;

/// P(y | x) = softmax(W x + b)_y for k classes.
///
/// Adding one vector to every row of W, or one number to b, changes no probability: what the data determine are the
/// differences between classes, and these [`weight`](Self::weight) and [`bias`](Self::bias) return, against class 0.
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::model::Linear;
/// use candle_mle::model::Softmax;
/// use candle_mle::Classifier;
/// let softmax = Softmax::from_coefficients(&Tensor::new(&[[0.0, 0.0], [2.0, -1.0], [3.0, -4.0]], &Device::Cpu)?)?;
/// let probs = softmax.log_probs(&Tensor::new(&[[0.5]], &Device::Cpu)?)?.exp()?.to_vec2::<f64>()?;
/// // The logits are 0, 2 · 0.5 − 1 = 0 and 3 · 0.5 − 4 = −2.5.
/// assert!((probs[0][0] - 1.0 / (2.0 + (-2.5f64).exp())).abs() < 1e-15 && probs[0][0] == probs[0][1]);
/// # Ok::<(), candle_mle::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Softmax {
    weight: Tensor,
    bias: Tensor,
    standardize: Standardize,
}

impl Softmax {
    /// Asks for `weight` (k, d) and `bias` (k,); variables start at 0, where every class is equally probable.
    pub fn new(columns: usize, classes: usize, vb: VarBuilder) -> Result<Self> {
        Ok(Self {
            weight: vb.get_with_hints((classes, columns), "weight", Init::Const(0.0))?,
            bias: vb.get_with_hints(classes, "bias", Init::Const(0.0))?,
            standardize: Standardize::identity(columns, &vb)?,
        })
    }

    /// The slopes of every class against class 0, (k, d), in logits per unit of x; row 0 is zero.
    pub fn weight(&self) -> Result<Tensor> {
        let weight = self.weight.detach();
        Ok(weight.broadcast_sub(&weight.get(0)?)?.broadcast_div(self.standardize.scale())?)
    }

    /// The intercepts against class 0, (k,), in logits; the first is zero.
    pub fn bias(&self) -> Result<Tensor> {
        let bias = self.bias.detach();
        let moved = self.weight()?.broadcast_mul(self.standardize.shift())?.sum(1)?;
        Ok((bias.broadcast_sub(&bias.get(0)?)? - moved)?)
    }

    /// What is learnt of the classes but class 0, against it: of each the slopes, then the intercept.
    fn contrasts(&self) -> Result<Vec<f64>> {
        let learnt = Tensor::cat(&[&self.weight, &self.bias.unsqueeze(1)?], 1)?.detach();
        let contrasts = learnt.broadcast_sub(&learnt.narrow(0, 0, 1)?)?;
        host(&contrasts.narrow(0, 1, learnt.dim(0)? - 1)?)
    }
}

impl Model for Softmax {
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

/// Σ mass (diag(q) − q qᵀ) ⊗ (x, 1)(x, 1)ᵀ over the classes but class 0: of each the slopes, then the intercept.
impl Curved<Labelled> for Softmax {
    fn free(&self) -> Vec<usize> {
        let (classes, columns) = (self.classes(), self.standardize.shift().elem_count());
        let of = |class: usize| (0..columns).map(move |j| classes + class * columns + j).chain([class]);
        (1..classes).flat_map(of).collect()
    }

    fn information(&self, batch: &Labelled, mass: &[f64]) -> Result<DMatrix<f64>> {
        let (x, theta) = (self.standardize.apply(batch.x())?, self.contrasts()?);
        let columns = x.dim(1)?;
        let offset = batch.offset().map(host).transpose()?;
        with_numbers(&x, |x| with_offset(x, columns, &theta, mass, None, offset.as_deref()))
    }

    fn log_det(&self, batch: &Labelled, mass: &[f64]) -> Result<Tensor> {
        let (x, others) = (self.standardize.apply(batch.x())?, self.classes() - 1);
        let scales = host(self.standardize.scale())?.iter().map(|scale| scale.ln()).sum::<f64>();
        let own = 2.0 * others as f64 * scales;
        let log_q = batch.with_offsets(self.log_probs(batch.x())?)?;
        let offset = batch.offset().map(host).transpose()?;
        Ok((log_det(&x, &log_q, &self.contrasts()?, mass, offset.as_deref())? + own)?)
    }
}

impl Classifier for Softmax {
    fn classes(&self) -> usize {
        self.bias.elem_count()
    }

    fn log_probs(&self, x: &Tensor) -> Result<Tensor> {
        log_softmax(&linear(&self.standardize.apply(x)?, &self.weight)?.broadcast_add(&self.bias)?)
    }
}

impl Linear for Softmax {
    fn coefficients(&self) -> Result<Tensor> {
        Ok(Tensor::cat(&[self.weight()?, self.bias()?.unsqueeze(1)?], 1)?)
    }

    fn learnt(&self) -> (&Tensor, &Tensor, &Standardize) {
        (&self.weight, &self.bias, &self.standardize)
    }

    fn from_coefficients(coefficients: &Tensor) -> Result<Self> {
        let (classes, width) = matrix("the coefficients", coefficients)?;
        if classes == 0 || width == 0 {
            return Err(shape("the coefficients", coefficients.dims(), "(classes, slopes and intercept)"));
        }
        let (slopes, intercepts) = (coefficients.narrow(1, 0, width - 1)?, coefficients.narrow(1, width - 1, 1)?);
        Self::from_parts(Parts::new([("weight", &slopes), ("bias", &intercepts.squeeze(1)?)]))
    }
}

impl Parameters for Softmax {
    const FAMILY: &'static str = "softmax classifier";

    fn parameters(&self) -> Result<HashMap<String, Tensor>> {
        Ok(Parts::new([("weight", &self.weight()?), ("bias", &self.bias()?)]).learnt)
    }

    fn parts(&self) -> Result<Parts> {
        Ok(Parts::new([("weight", &self.weight), ("bias", &self.bias)]).with_map(&self.standardize))
    }

    fn from_parts(mut parts: Parts) -> Result<Self> {
        let (weight, bias) = (parts.take("weight")?, parts.take("bias")?);
        let (classes, columns) = matrix("the weight", &weight)?;
        if bias.dims() != [classes] {
            return Err(shape("the bias", bias.dims(), format!("({classes},)")));
        }
        let standardize = parts.take_map(columns, &weight)?;
        parts.done()?;
        Ok(Self { weight, bias, standardize })
    }
}
