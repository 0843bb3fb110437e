//! The softmax classifier (lecture row L3): q_θ(y | x) = softmax(W x + b)_y.

use std::collections::HashMap;

use candle_core::{D, DType, Tensor};
use candle_nn::{Init, VarBuilder};
use rand::Rng;

use super::{Classifier, KlDivergence, Labelled, Model, Parameters, Sample, Standardize, draw, host};
use crate::error::{Error, Result};
use crate::ops::log_softmax;

/// P(y | x) = softmax(W x + b)_y for k classes.
///
/// Adding one vector to every row of W, or one number to b, changes no probability: what the data determine are the
/// differences between classes, and these [`weight`](Self::weight) and [`bias`](Self::bias) return, against class 0.
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

    /// The same, with its variables read in the coordinates of this map.
    pub fn standardized(self, standardize: Standardize) -> Self {
        Self { standardize, ..self }
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
}

impl Model for Softmax {
    type Batch = Labelled;

    fn log_prob(&self, batch: &Labelled) -> Result<Tensor> {
        batch.at_most(self.bias.dim(0)?)?;
        Ok(self.log_probs(batch.x())?.gather(&batch.y().unsqueeze(1)?, 1)?.squeeze(1)?)
    }
}

impl Sample for Softmax {
    type Given = Tensor;

    fn sample<R: Rng + ?Sized>(&self, x: &Tensor, rng: &mut R) -> Result<Labelled> {
        let classes = self.bias.dim(0)?;
        let y: Vec<u32> = host(&self.log_probs(x)?)?.chunks(classes).map(|log_probs| draw(log_probs, rng)).collect();
        Labelled::new(x.clone(), Tensor::from_vec(y, x.dim(0)?, x.device())?)
    }
}

impl KlDivergence for Softmax {
    fn kl_divergence(&self, q: &Self, batch: &Labelled) -> Result<Tensor> {
        expected_log_ratio(&self.log_probs(batch.x())?, &q.log_probs(batch.x())?)
    }
}

impl Classifier for Softmax {
    fn log_probs(&self, x: &Tensor) -> Result<Tensor> {
        let columns = self.weight.dim(1)?;
        if x.rank() != 2 || x.dim(1)? != columns {
            return Err(Error::Shape { what: "x", got: x.dims().to_vec(), expected: format!("(rows, {columns})") });
        }
        log_softmax(&self.standardize.apply(x)?.matmul(&self.weight.t()?)?.broadcast_add(&self.bias)?)
    }

    fn coefficients(&self) -> Result<Tensor> {
        Ok(Tensor::cat(&[self.weight()?, self.bias()?.unsqueeze(1)?], 1)?)
    }

    fn from_coefficients(coefficients: &Tensor) -> Result<Self> {
        let (classes, width) = coefficients.dims2()?;
        if classes == 0 || width == 0 {
            let expected = "(classes, slopes and intercept)".into();
            return Err(Error::Shape { what: "the coefficients", got: coefficients.dims().to_vec(), expected });
        }
        let parameters = HashMap::from([
            ("weight".to_string(), coefficients.narrow(1, 0, width - 1)?),
            ("bias".to_string(), coefficients.narrow(1, width - 1, 1)?.squeeze(1)?),
        ]);
        let (dtype, device) = (coefficients.dtype(), coefficients.device());
        Self::new(width - 1, classes, VarBuilder::from_tensors(parameters, dtype, device))
    }
}

impl Parameters for Softmax {
    fn parameters(&self) -> Result<HashMap<String, Tensor>> {
        Ok(HashMap::from([("weight".to_string(), self.weight()?), ("bias".to_string(), self.bias()?)]))
    }
}

/// Σ_y p (ln p − ln q) in each row, from the logarithms (m, k) of both: (m,), f64. A class of p = 0 adds nothing.
pub(super) fn expected_log_ratio(log_p: &Tensor, log_q: &Tensor) -> Result<Tensor> {
    let (log_p, log_q) = (log_p.to_dtype(DType::F64)?, log_q.to_dtype(DType::F64)?);
    let p = log_p.exp()?;
    let zero = p.zeros_like()?;
    Ok(p.gt(&zero)?.where_cond(&(&p * (&log_p - &log_q)?)?, &zero)?.sum(D::Minus1)?)
}
