//! Any family with a penalty of one's own.

use candle_core::Tensor;

use super::Model;
use crate::curvature::Curved;
use crate::error::Result;

/// A model whose likelihood is descended with a penalty, by [`Objective::Penalized`](crate::Objective::Penalized): what it says of
/// an observation, and so the three quantities that are logged, are those of the model itself.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::mle::Plan;
/// use candle_mle::model::{Bernoulli, Penalized};
/// use candle_mle::{Empirical, Objective, Parameters};
/// // A coin that showed five heads and no tail, with a standard normal prior of its log-odds.
/// let p = Empirical::from_counts(Tensor::new(&[1.0], &Device::Cpu)?, &[5.0])?;
/// let prior = |coin: &Bernoulli| Ok((coin.parts()?.learnt["logit"].sqr()? * 0.5)?);
/// let plan = Plan { objective: Objective::Penalized, ..Plan::default() };
/// let coin = plan.fit(&p, |vb| Ok(Penalized::new(Bernoulli::new(vb)?, prior)))?.model.into_inner();
/// let logit = coin.parameters()?["logit"].to_scalar::<f64>()?;
/// assert!((logit - 5.0 * (1.0 - coin.prob()?)).abs() < 1e-7);
/// # Ok::<(), candle_mle::Error>(())
/// ```
#[derive(Clone)]
pub struct Penalized<M, F> {
    model: M,
    penalty: F,
}

impl<M: Model, F: Fn(&M) -> Result<Tensor>> Penalized<M, F> {
    /// `penalty` makes a scalar of the model's tensors, in the graph, nats in all. [`Parameters::parts`](crate::Parameters::parts)
    /// has these tensors by name, in the coordinates in which they are learnt.
    pub fn new(model: M, penalty: F) -> Self {
        Self { model, penalty }
    }

    /// The model without its penalty.
    pub fn into_inner(self) -> M {
        self.model
    }
}

impl<M: std::fmt::Debug, F> std::fmt::Debug for Penalized<M, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Penalized").field("model", &self.model).finish_non_exhaustive()
    }
}

impl<M: Model, F: Fn(&M) -> Result<Tensor>> Model for Penalized<M, F> {
    type Batch = M::Batch;
    const DENSITY: bool = M::DENSITY;

    fn log_prob(&self, batch: &M::Batch) -> Result<Tensor> {
        self.model.log_prob(batch)
    }

    fn curved(&self) -> Option<&dyn Curved<M::Batch>> {
        self.model.curved()
    }

    fn slopes(&self) -> Result<Option<Tensor>> {
        self.model.slopes()
    }

    fn penalty(&self) -> Result<Option<Tensor>> {
        (self.penalty)(&self.model).map(Some)
    }
}
