//! A classifier from its file, of whichever family it is.

use std::path::Path;

use anyhow::{Result, bail};
use candle_core::{DType, Device, Tensor};
use candle_mle::hook::GradientNorm;
use candle_mle::model::{Classifier, Logistic, Softmax};
use candle_mle::parameters::about;
use candle_mle::table::Names;
use candle_mle::{Empirical, Labelled, Model, Objective, Parameters};

/// A fitted classifier.
#[derive(Debug)]
pub(crate) enum Known {
    Logistic(Logistic),
    Softmax(Softmax),
}

impl Known {
    /// The classifier in a file, in f64, and the names of its columns and classes.
    ///
    /// # Errors
    /// A file that is no model's, or that of another model, which is named.
    pub fn load(file: &Path) -> Result<(Self, Names)> {
        let texts = about(file)?;
        let known = match texts.get("family").map(String::as_str) {
            Some(Logistic::FAMILY) => Self::Logistic(Logistic::load(file, &Device::Cpu)?.to_dtype(DType::F64)?),
            Some(Softmax::FAMILY) => Self::Softmax(Softmax::load(file, &Device::Cpu)?.to_dtype(DType::F64)?),
            family => bail!(
                "{} holds a {}: of that no row can be foretold or compared; fit a {} or a {}",
                file.display(),
                family.unwrap_or("model without a name"),
                Logistic::FAMILY,
                Softmax::FAMILY
            ),
        };
        Ok((known, Names::from_texts(&texts)?))
    }

    /// The largest component of the gradient of the cross-entropy, in nats per observation and unit of the coordinates in which it
    /// was fitted: about 0 on the rows that it was fitted to.
    pub fn slope(&self, p: &Empirical<Labelled>) -> Result<f64> {
        match self {
            Self::Logistic(model) => slope(model, p),
            Self::Softmax(model) => slope(model, p),
        }
    }
}

fn slope<M: Model<Batch = Labelled> + Parameters>(model: &M, p: &Empirical<Labelled>) -> Result<f64> {
    let (vars, model) = model.learner()?;
    let loss = Objective::CrossEntropy.loss(&model, &model.log_prob(p.batch())?, p)?;
    Ok(GradientNorm::new(&vars, 0.0).of(&loss.backward()?)?)
}

impl Model for Known {
    type Batch = Labelled;
    const DENSITY: bool = false;

    fn log_prob(&self, batch: &Labelled) -> candle_mle::Result<Tensor> {
        match self {
            Self::Logistic(model) => model.log_prob(batch),
            Self::Softmax(model) => model.log_prob(batch),
        }
    }
}

impl Classifier for Known {
    fn classes(&self) -> usize {
        match self {
            Self::Logistic(model) => model.classes(),
            Self::Softmax(model) => model.classes(),
        }
    }

    fn log_probs(&self, x: &Tensor) -> candle_mle::Result<Tensor> {
        match self {
            Self::Logistic(model) => model.log_probs(x),
            Self::Softmax(model) => model.log_probs(x),
        }
    }
}
