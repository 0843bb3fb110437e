//! Logistic regression (lecture row L4): q_θ(y = 1 | x) = σ(w·x + b).

use std::collections::HashMap;

use candle_core::Tensor;
use candle_nn::{Init, VarBuilder};
use rand::Rng;

use super::softmax::expected_log_ratio;
use super::{Classifier, KlDivergence, Labelled, Model, Parameters, Sample, Standardize, host};
use crate::error::{Error, Result};
use crate::ops::log_sigmoid;

/// P(y = 1 | x) = σ(w·x + b) for classes 0 and 1.
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

    /// The same, with its variables read in the coordinates of this map.
    pub fn standardized(self, standardize: Standardize) -> Self {
        Self { standardize, ..self }
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
        let columns = self.weight.dim(0)?;
        if x.rank() != 2 || x.dim(1)? != columns {
            return Err(Error::Shape { what: "x", got: x.dims().to_vec(), expected: format!("(rows, {columns})") });
        }
        let x = self.standardize.apply(x)?;
        Ok(x.matmul(&self.weight.unsqueeze(1)?)?.squeeze(1)?.broadcast_add(&self.bias)?)
    }
}

impl Model for Logistic {
    type Batch = Labelled;

    fn log_prob(&self, batch: &Labelled) -> Result<Tensor> {
        batch.at_most(2)?;
        // Class 1 asks for σ(z), class 0 for 1 − σ(z) = σ(−z): the sign of 2y − 1.
        let z = self.logits(batch.x())?;
        let sign = ((batch.y().to_dtype(z.dtype())? * 2.0)? - 1.0)?;
        log_sigmoid(&(z * sign)?)
    }
}

impl Sample for Logistic {
    type Given = Tensor;

    fn sample<R: Rng + ?Sized>(&self, x: &Tensor, rng: &mut R) -> Result<Labelled> {
        let y: Vec<u32> = host(&self.logits(x)?)?
            .into_iter()
            .map(|z| u32::from(rng.random::<f64>() < 1.0 / (1.0 + (-z).exp())))
            .collect();
        Labelled::new(x.clone(), Tensor::from_vec(y, x.dim(0)?, x.device())?)
    }
}

impl KlDivergence for Logistic {
    fn kl_divergence(&self, q: &Self, batch: &Labelled) -> Result<Tensor> {
        expected_log_ratio(&self.log_probs(batch.x())?, &q.log_probs(batch.x())?)
    }
}

impl Classifier for Logistic {
    fn log_probs(&self, x: &Tensor) -> Result<Tensor> {
        let z = self.logits(x)?;
        Ok(Tensor::stack(&[log_sigmoid(&z.neg()?)?, log_sigmoid(&z)?], 1)?)
    }

    fn coefficients(&self) -> Result<Tensor> {
        let class_1 = Tensor::cat(&[&self.weight()?, &self.bias()?.unsqueeze(0)?], 0)?;
        Ok(Tensor::stack(&[&class_1.zeros_like()?, &class_1], 0)?)
    }

    fn from_coefficients(coefficients: &Tensor) -> Result<Self> {
        let (classes, width) = coefficients.dims2()?;
        if classes != 2 || width == 0 {
            let expected = "(2, slopes and intercept)".into();
            return Err(Error::Shape { what: "the coefficients", got: coefficients.dims().to_vec(), expected });
        }
        let class_1 = (coefficients.get(1)? - coefficients.get(0)?)?;
        let parameters = HashMap::from([
            ("weight".to_string(), class_1.narrow(0, 0, width - 1)?),
            ("bias".to_string(), class_1.get(width - 1)?),
        ]);
        let (dtype, device) = (coefficients.dtype(), coefficients.device());
        Self::new(width - 1, VarBuilder::from_tensors(parameters, dtype, device))
    }
}

impl Parameters for Logistic {
    fn parameters(&self) -> Result<HashMap<String, Tensor>> {
        Ok(HashMap::from([("weight".to_string(), self.weight()?), ("bias".to_string(), self.bias()?)]))
    }
}
