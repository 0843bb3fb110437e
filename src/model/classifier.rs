//! What all classifiers share, and those with coefficients.

use candle_core::{D, DType, Tensor};
use rand::Rng;

use super::{KlDivergence, Model, Sample, draw};
use crate::batch::{Labelled, host};
use crate::error::{Error, Result, matrix};
use crate::ops::{log_softmax, second_order};
use crate::standardize::Standardize;

/// A model of classes 0 … k−1 given x: logistic and softmax, networks, n-grams, trees, a family's usable information.
///
/// Its [`log_prob`](Model::log_prob) is the one of each row's own class, [`Labelled::observed`].
pub trait Classifier: Model<Batch = Labelled> {
    /// k, the number of classes.
    fn classes(&self) -> usize;

    /// ln of every class's probability at x (m, d): (m, k), nats; without an [offset](Labelled::with_offsets).
    fn log_probs(&self, x: &Tensor) -> Result<Tensor>;
}

/// A classifier that is linear in the logits, and so has coefficients.
pub trait Linear: Classifier + Sized {
    /// For every class its slopes against class 0 and, last, its intercept: (k, d + 1), in logits per unit of x; row 0 is
    /// zero.
    fn coefficients(&self) -> Result<Tensor>;

    /// Slopes and intercepts as they are learnt, in the graph, and the coordinates in which that is: (d,) and a scalar for the logit
    /// of class 1, or (k, d) and (k,).
    fn learnt(&self) -> (&Tensor, &Tensor, &Standardize);

    /// The model of such coefficients, constant.
    fn from_coefficients(coefficients: &Tensor) -> Result<Self>;
}

/// Any function of x to logits as a classifier: a module of Candle of your own.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use candle_mle::model::Logits;
/// use candle_mle::{Empirical, Labelled, maximum_likelihood};
/// use candle_nn::{Init, Module, VarBuilder};
///
/// let x = Tensor::new(&[[0.0f32], [1.0], [2.0], [3.0]], &Device::Cpu)?;
/// let p = Empirical::from_sample(Labelled::new(x, Tensor::new(&[0u32, 1, 0, 1], &Device::Cpu)?)?)?;
/// let fitted = maximum_likelihood(&p, |vb| {
///     let weight = vb.get_with_hints((2, 1), "weight", Init::Const(0.0))?;
///     let bias = vb.get_with_hints(2, "bias", Init::Const(0.0))?;
///     let layer = candle_nn::Linear::new(weight, Some(bias));
///     Ok(Logits::new(2, move |x| layer.forward(x)))
/// })?;
/// assert!(fitted.converged);
/// # Ok::<(), candle_mle::Error>(())
/// ```
pub struct Logits<F> {
    classes: usize,
    logits: F,
}

impl<F: Fn(&Tensor) -> candle_core::Result<Tensor>> Logits<F> {
    /// `logits` takes x (m, d) to (m, classes).
    pub fn new(classes: usize, logits: F) -> Self {
        Self { classes, logits }
    }
}

impl<F> std::fmt::Debug for Logits<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Logits").field("classes", &self.classes).finish_non_exhaustive()
    }
}

impl<F: Fn(&Tensor) -> candle_core::Result<Tensor>> Model for Logits<F> {
    type Batch = Labelled;
    const DENSITY: bool = false;

    fn log_prob(&self, batch: &Labelled) -> Result<Tensor> {
        batch.observed(&self.log_probs(batch.x())?)
    }
}

impl<F: Fn(&Tensor) -> candle_core::Result<Tensor>> Classifier for Logits<F> {
    fn classes(&self) -> usize {
        self.classes
    }

    fn log_probs(&self, x: &Tensor) -> Result<Tensor> {
        let logits = (self.logits)(x)?;
        let (_, classes) = matrix("the logits", &logits)?;
        if classes != self.classes {
            return Err(Error::Class { class: classes.max(1) - 1, classes: self.classes });
        }
        log_softmax(&logits)
    }
}

/// A class for every row of x.
impl<C: Classifier> Sample for C {
    type Given = Tensor;

    fn sample<R: Rng + ?Sized>(&self, x: &Tensor, rng: &mut R) -> Result<Labelled> {
        let log_probs = host(&self.log_probs(x)?)?;
        let y: Vec<u32> = log_probs.chunks(self.classes()).map(|log_probs| draw(log_probs, rng)).collect();
        Labelled::new(x.clone(), Tensor::from_vec(y, x.dim(0)?, x.device())?)
    }
}

/// Σ_y p(y|x) ln p(y|x)/q(y|x) at every x.
impl<C: Classifier> KlDivergence for C {
    fn kl_divergence(&self, q: &Self, batch: &Labelled) -> Result<Tensor> {
        let of = |log_probs: Result<Tensor>| batch.with_offsets(log_probs?);
        expected_log_ratio(&of(self.log_probs(batch.x()))?, &of(q.log_probs(batch.x()))?)
    }
}

/// Σ_y p (ln p − ln q) in each row, from the logarithms (m, k) of both: (m,), f64. As Σ p d − p + q with d = ln p − ln q, for
/// both sum to 1: no term is negative, and where the laws are near each other none loses digits. Without a derivative.
pub(super) fn expected_log_ratio(log_p: &Tensor, log_q: &Tensor) -> Result<Tensor> {
    // What f32 leaves of a sum of 1 is no divergence.
    let whole = |log: &Tensor| -> Result<Tensor> {
        let wide = log.detach().to_dtype(DType::F64)?;
        if log.dtype() == DType::F64 { Ok(wide) } else { log_softmax(&wide) }
    };
    let (log_p, log_q) = (whole(log_p)?, whole(log_q)?);
    let (p, q, d) = (log_p.exp()?, log_q.exp()?, (log_p - log_q)?);
    let (near, far) = ((second_order(&d)? * &p)?, ((&p * &d)? + (&q - &p)?)?);
    let terms = d.abs()?.lt(0.05)?.where_cond(&near, &far)?;
    // A class of p = 0 adds what q gives it.
    Ok(p.gt(&p.zeros_like()?)?.where_cond(&terms, &q)?.sum(D::Minus1)?)
}
