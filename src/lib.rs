//! See that learning is maximum likelihood.
//!
//! A model answers one question: how probable was each observation? Against the empirical distribution p̂ of what was
//! seen, that answer has three names and one argmin:
//!
//! | name | formula | function |
//! |---|---|---|
//! | KL divergence | KL(p̂‖q_θ) = Σ p̂ (ln p̂ − ln q_θ) | [`Objective::Kl`] |
//! | cross-entropy, log-loss | H(p̂, q_θ) = −Σ p̂ ln q_θ = H(p̂) + KL(p̂‖q_θ) | [`Objective::CrossEntropy`] |
//! | negative log-likelihood | −Σ_i ln q_θ(x_i) = n · H(p̂, q_θ) | [`Objective::Nll`] |
//!
//! KL the other way round, [`Objective::ReverseKl`], is no fourth name: it has another minimiser (lecture row L20).
//!
//! [`fit`] descends any of them and [`LossLog`] tracks all three at every step:
//!
//! ```
//! use candle_core::{DType, Device, Tensor};
//! use candle_mle::{Bernoulli, Empirical, LossLog, Objective, Unit, fit};
//! use candle_nn::{Optimizer, SGD, VarBuilder, VarMap};
//!
//! // Sixty heads of a hundred.
//! let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu)?, &[60.0, 40.0])?;
//! let vars = VarMap::new();
//! let coin = Bernoulli::new(VarBuilder::from_varmap(&vars, DType::F64, &Device::Cpu))?;
//! let mut log = LossLog::new();
//! fit(&coin, &p, Objective::CrossEntropy, &mut SGD::new(vars.all_vars(), 1.0)?, 100, &mut log)?;
//!
//! let history = log.into_history()?;
//! println!("{}", history.table(Unit::Bits, 10));
//! let argmin = history.argmin(1e-9);
//! assert!(argmin.kl == argmin.cross_entropy && argmin.kl == argmin.nll);
//! assert!((coin.prob()? - 0.6).abs() < 1e-6);
//! # Ok::<(), candle_mle::Error>(())
//! ```
//!
//! # A model of your own
//!
//! Anything with a `log_prob` is a [`Model`]; its parameters live in your own `VarMap`:
//!
//! ```
//! use candle_core::{DType, Device, Tensor};
//! use candle_mle::{Empirical, LossLog, Model, Objective, Result, fit, log_sigmoid};
//! use candle_nn::{Init, Optimizer, SGD, VarBuilder, VarMap};
//!
//! /// How many failures come before the first success: q(k) = π (1 − π)^k.
//! struct Geometric {
//!     logit: Tensor,
//! }
//!
//! impl Model for Geometric {
//!     type Batch = Tensor;
//!     fn log_prob(&self, failures: &Tensor) -> Result<Tensor> {
//!         let (success, failure) = (log_sigmoid(&self.logit)?, log_sigmoid(&self.logit.neg()?)?);
//!         Ok(failures.broadcast_mul(&failure)?.broadcast_add(&success)?)
//!     }
//! }
//!
//! let vars = VarMap::new();
//! let vb = VarBuilder::from_varmap(&vars, DType::F64, &Device::Cpu);
//! let model = Geometric { logit: vb.get_with_hints((), "logit", Init::Const(0.0))? };
//! let p = Empirical::from_sample(Tensor::new(&[0.0, 2.0, 1.0, 0.0, 5.0, 1.0, 0.0, 3.0], &Device::Cpu)?)?;
//! let mut log = LossLog::new();
//! fit(&model, &p, Objective::Kl, &mut SGD::new(vars.all_vars(), 0.5)?, 200, &mut log)?;
//! // The estimate is 1 / (1 + mean): twelve failures, eight successes.
//! assert!((model.logit.to_scalar::<f64>()? - (8.0f64 / 12.0).ln()).abs() < 1e-6);
//! # Ok::<(), candle_mle::Error>(())
//! ```
//!
//! # A training loop of your own
//!
//! The hook asks for a [`Step`] and nothing else, so that any loop can call it:
//!
//! ```
//! use candle_core::{DType, Device, Tensor};
//! use candle_mle::{Bernoulli, Empirical, Hook, LossLog, Model, Step};
//! use candle_nn::{AdamW, Optimizer, ParamsAdamW, VarBuilder, VarMap};
//!
//! let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu)?, &[60.0, 40.0])?;
//! let vars = VarMap::new();
//! let coin = Bernoulli::new(VarBuilder::from_varmap(&vars, DType::F64, &Device::Cpu))?;
//! // AdamW's default weight decay would move its fixed point away from the maximum of the likelihood.
//! let mut adam = AdamW::new(vars.all_vars(), ParamsAdamW { lr: 0.05, weight_decay: 0.0, ..Default::default() })?;
//! let mut log = LossLog::new();
//! for index in 0..200 {
//!     let log_q = coin.log_prob(p.batch())?;
//!     let loss = (&log_q * p.mass())?.sum_all()?.neg()?;
//!     let _ = log.on_step(&Step { index, model: &coin, data: &p, log_q: &log_q.detach(), gradients: None })?;
//!     adam.backward_step(&loss)?;
//! }
//! assert!(log.history()?.residual().unwrap() < 1e-12);
//! assert!((coin.prob()? - 0.6).abs() < 1e-3);
//! # Ok::<(), candle_mle::Error>(())
//! ```
//!
//! # The map of the crate
//!
//! Data flow from left to right, and imports run one way:
//!
//! ```text
//! truth.sample ──► p̂ (Empirical) ──► model.log_prob ──► Objective ──► fit ──► LossLog ──► History ──► pictures
//! a table (CSV) ─┘
//! ```
//!
//! [`model`](Model): q_θ, one family a file · [`Empirical`]: p̂ · [`Objective`] · [`fit`], [`walk`], [`Descent`] ·
//! [`Hook`], [`LossLog`], [`History`] · [`separation`]: is there a maximum? · [`Table`], [`Alphabet`]: people's data ·
//! [`Tree`]: questions by information gain · [`usable_information`]: what a family can use · [`info`]: exact measures of tables
//! and laws and estimates from samples, in f64, that know no model · [`plot`]: numbers in, one PNG or SVG out.
//!
//! Logarithms are natural inside; what a person reads is an [`Information`] or names its [`Unit`]. Rows such as L4 or P3
//! in the documentation are the claims of the lecture that this crate makes run: the README lists them.

#![warn(missing_docs)]

mod cholesky;
#[cfg(feature = "cli")]
pub mod cli;
mod cone;
mod device;
mod empirical;
mod error;
mod file;
mod fit;
mod hook;
pub mod info;
mod maxent;
mod model;
mod number;
mod objective;
mod ops;
#[cfg(feature = "plot")]
pub mod plot;
mod separation;
mod table;
mod text;
mod tree;
mod usable;

pub use device::{device, float};
pub use empirical::Empirical;
pub use error::{Error, Result};
pub use fit::{Descent, Lbfgs, fit, walk};
#[cfg(feature = "cli")]
pub use hook::Progress;
pub use hook::{Argmin, GradientNorm, History, Hook, Improvement, LossLog, NoClimb, ParameterPath, Row, Step, Truth};
pub use info::{Channel, Information, Pmf, PrefixCode, Unit, clt, estimate, law, quadrature};
pub use maxent::{MaximumEntropy, Moment, Support, maxent, newton_on_the_dual};
pub use model::{
    Batch, Bernoulli, Categorical, Classifier, Gaussian, Gibbs, Keys, KlDivergence, Labelled, Logistic, Mixture, Model,
    NGram, Network, Parameters, Sample, Softmax, Standardize, load, save, variables,
};
pub use objective::Objective;
pub use ops::{log_sigmoid, log_softmax};
pub use separation::{Separation, one_sided, separation};
pub use table::{Cloud, Column, Design, Outcomes, Table};
pub use text::Alphabet;
pub use tree::{Branch, Node, Split, Stop, Tree};
pub use usable::{Family, UsableInformation, usable_information};

/// The README's code runs with the documentation's.
#[cfg(all(doctest, feature = "cli"))]
#[doc = include_str!("../README.md")]
struct Readme;
