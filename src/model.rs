//! A model answers one question: how probable was each observation?

mod bernoulli;
mod beta;
mod categorical;
mod classifier;
mod exponential;
mod gamma;
mod gaussian;
mod gibbs;
mod laplace;
mod linear_gaussian;
mod logistic;
mod logistic_distribution;
mod lognormal;
mod mixture;
mod negative_binomial;
mod network;
mod ngram;
mod penalized;
mod poisson;
mod poisson_regression;
mod softmax;
mod student;
mod univariate;
mod weibull;

use candle_core::Tensor;
use rand::Rng;

pub use bernoulli::Bernoulli;
pub use beta::Beta;
pub use categorical::Categorical;
pub use classifier::{Classifier, Linear, Logits};
pub use exponential::Exponential;
pub use gamma::Gamma;
pub use gaussian::{Gaussian, Whitening};
pub use gibbs::Gibbs;
pub use laplace::Laplace;
pub use linear_gaussian::LinearGaussian;
pub use logistic::Logistic;
pub use logistic_distribution::LogisticDistribution;
pub use lognormal::Lognormal;
pub use mixture::Mixture;
pub use negative_binomial::NegativeBinomial;
pub use network::Network;
pub use ngram::NGram;
pub use penalized::Penalized;
pub use poisson::Poisson;
pub use poisson_regression::PoissonRegression;
pub use softmax::Softmax;
pub use student::Student;
pub use univariate::{Family, Observed, Support, Univariate};
pub use weibull::Weibull;

use crate::batch::Batch;
use crate::curvature::Curved;
use crate::error::Result;

/// q_θ: anything that can score observations. Parameters are tensors of the model's own keeping; where they are
/// [`Var`](candle_core::Var)s, gradients reach them.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::model::Bernoulli;
/// use candle_mle::Model;
/// let coin = Bernoulli::from_prob(0.25, &Device::Cpu)?;
/// let log_q = coin.log_prob(&Tensor::new(&[1.0, 0.0], &Device::Cpu)?)?.to_vec1::<f64>()?;
/// assert!((log_q[0].exp() - 0.25).abs() < 1e-15 && (log_q[1].exp() - 0.75).abs() < 1e-15);
/// # Ok::<(), candle_mle::Error>(())
/// ```
pub trait Model {
    /// The rows that it scores.
    type Batch: Batch;

    /// Whether [`log_prob`](Self::log_prob) is the logarithm of a density, and not of a probability. There is no default:
    /// a density that passed for a probability would be logged with a KL divergence below 0.
    const DENSITY: bool;

    /// ln q_θ of every row, shape (m,), in nats; ln q_θ(y|x) for a conditional model.
    fn log_prob(&self, batch: &Self::Batch) -> Result<Tensor>;

    /// Its curvature, where that is known in closed form: what Newton's method walks by.
    fn curved(&self) -> Option<&dyn Curved<Self::Batch>> {
        None
    }

    /// Its slopes, without intercepts, in the graph and in the coordinates in which they are learnt, where it has any: what a
    /// [ridge](crate::Objective::Ridge) shrinks.
    ///
    /// # Errors
    /// What the tensors refuse.
    fn slopes(&self) -> Result<Option<Tensor>> {
        Ok(None)
    }

    /// What [`Objective::Penalized`](crate::Objective::Penalized) adds to −Σ ln q: a scalar in the graph, nats in all, minus the
    /// logarithm of a prior density.
    ///
    /// # Errors
    /// What the tensors refuse.
    fn penalty(&self) -> Result<Option<Tensor>> {
        Ok(None)
    }
}

/// A model that can be drawn from.
pub trait Sample: Model {
    /// What a draw starts from: how many (`usize`) for a marginal model, the design matrix x for a conditional one.
    type Given: ?Sized;

    /// Independent draws by a generator on the host, so that a seed fixes them on every device.
    fn sample<R: Rng + ?Sized>(&self, given: &Self::Given, rng: &mut R) -> Result<Self::Batch>;
}

/// A family in which the KL divergence of two members is known exactly.
pub trait KlDivergence: Model {
    /// KL(self ‖ q) at the x of every row, shape (m,), f64, in nats; for a marginal model the same number in every row.
    fn kl_divergence(&self, q: &Self, batch: &Self::Batch) -> Result<Tensor>;
}

/// One draw of a level, from the logarithms of the probabilities of all.
fn draw<R: Rng + ?Sized>(log_probs: &[f64], rng: &mut R) -> u32 {
    let mut left = rng.random::<f64>();
    let passed = log_probs.iter().take_while(|&&l| {
        left -= l.exp();
        left >= 0.0
    });
    // The last level that can occur takes what rounding may leave.
    let last = log_probs.iter().rposition(|l| *l > f64::NEG_INFINITY).unwrap_or(0);
    passed.count().min(last) as u32
}
