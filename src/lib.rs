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
//! [`maximum_likelihood`] descends one of them and logs all three at every step:
//!
//! ```
//! use candle_core::{Device, Tensor};
//! use candle_mle::model::Bernoulli;
//! use candle_mle::{Empirical, maximum_likelihood, Unit};
//!
//! // Sixty heads of a hundred.
//! let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu)?, &[60.0, 40.0])?;
//! let fitted = maximum_likelihood(&p, Bernoulli::new)?;
//!
//! println!("{}", fitted.history.table(Unit::Bits, 10));
//! let argmin = fitted.history.argmin(1e-9);
//! assert!(argmin.kl == argmin.cross_entropy && argmin.kl == argmin.nll);
//! assert!((fitted.model.prob()? - 0.6).abs() < 1e-6);
//! # Ok::<(), candle_mle::Error>(())
//! ```
//!
//! # A model of your own
//!
//! Anything with a `log_prob` is a [`Model`]; its parameters live in your own `VarMap`:
//!
//! ```
//! use candle_core::{Device, Tensor};
//! use candle_mle::ops::log_sigmoid;
//! use candle_mle::{Empirical, maximum_likelihood, Model, Result};
//! use candle_nn::Init;
//!
//! /// How many failures come before the first success: q(k) = π (1 − π)^k.
//! struct Geometric {
//!     logit: Tensor,
//! }
//!
//! impl Model for Geometric {
//!     type Batch = Tensor;
//!     const DENSITY: bool = false;
//!     fn log_prob(&self, failures: &Tensor) -> Result<Tensor> {
//!         let (success, failure) = (log_sigmoid(&self.logit)?, log_sigmoid(&self.logit.neg()?)?);
//!         Ok(failures.broadcast_mul(&failure)?.broadcast_add(&success)?)
//!     }
//! }
//!
//! let p = Empirical::from_sample(Tensor::new(&[0.0, 2.0, 1.0, 0.0, 5.0, 1.0, 0.0, 3.0], &Device::Cpu)?)?;
//! let fitted = maximum_likelihood(&p, |vb| Ok(Geometric { logit: vb.get_with_hints((), "logit", Init::Const(0.0))? }))?;
//! // The estimate is 1 / (1 + mean): twelve failures, eight successes.
//! assert!((fitted.model.logit.to_scalar::<f64>()? - (8.0f64 / 12.0).ln()).abs() < 1e-6);
//! # Ok::<(), candle_mle::Error>(())
//! ```
//!
//! A module of Candle that gives logits is a [`Classifier`] through [`model::Logits`].
//!
//! # The hook in your own training loop
//!
//! The hook asks for a [`Step`] and nothing else, so that any loop can call it. Here one in f32, with minibatches, a schedule,
//! validation, early stopping, a checkpoint, and a second run that goes on from it:
//!
//! ```
//! use candle_core::{DType, Device, Tensor};
//! use candle_mle::model::Logits;
//! use candle_mle::fit::{Minibatches, Source};
//! use candle_mle::{Empirical, Hook, Labelled, LossLog, Model, Objective, Step};
//! use candle_nn::{AdamW, Init, Module, Optimizer, ParamsAdamW, VarBuilder, VarMap};
//!
//! // Two classes on a line, in f32; every other pair of rows is for validation.
//! let part = |from: usize| -> candle_mle::Result<Empirical<Labelled>> {
//!     let x: Vec<f32> = (0..200).skip(from).step_by(2).map(|i| i as f32 / 100.0 - 1.0).collect();
//!     let y: Vec<u32> = (0..200).skip(from).step_by(2).map(|i| u32::from((i * 7919) % 200 < i)).collect();
//!     Empirical::from_sample(Labelled::new(Tensor::from_vec(x, (100, 1), &Device::Cpu)?, Tensor::new(y, &Device::Cpu)?)?)
//! };
//! let (train, valid) = (part(0)?, part(1)?);
//!
//! let mut vars = VarMap::new();
//! let vb = VarBuilder::from_varmap(&vars, DType::F32, &Device::Cpu);
//! let weight = vb.get_with_hints((2, 1), "weight", Init::Const(0.0))?;
//! let layer = candle_nn::Linear::new(weight, Some(vb.get_with_hints(2, "bias", Init::Const(0.0))?));
//! let model = Logits::new(2, move |x| layer.forward(x));
//!
//! // AdamW's default weight decay would move its fixed point away from the maximum of the likelihood.
//! let mut adam = AdamW::new(vars.all_vars(), ParamsAdamW { lr: 0.1, weight_decay: 0.0, ..Default::default() })?;
//! let mut minibatches = Minibatches::new(&train, 20, 1)?;
//! let (mut log, mut held_out) = (LossLog::new(), LossLog::new());
//! let (mut best, mut since) = (f64::INFINITY, 0);
//! # let folder = tempfile::tempdir()?;
//! # let checkpoint = folder.path().join("checkpoint.safetensors");
//! for index in 0..300 {
//!     // Every ten steps the whole p̂, by a pass of its own: a minibatch's ln q beside it would be refused.
//!     if index % 10 == 0 {
//!         let _ = log.on_step(&Step::new(index, &model, &train, &model.log_prob(train.batch())?)?)?;
//!         let _ = held_out.on_step(&Step::new(index, &model, &valid, &model.log_prob(valid.batch())?)?)?;
//!         let now = held_out.history()?.rows().last().map_or(f64::NAN, |row| row.cross_entropy);
//!         (best, since) = if now < best - 1e-4 { (now, 0) } else { (best, since + 1) };
//!         if since == 0 {
//!             vars.save(&checkpoint)?;
//!         } else if since == 5 {
//!             break;
//!         }
//!     }
//!     let part = minibatches.batch(index)?.expect("a minibatch");
//!     let loss = Objective::CrossEntropy.loss(&model, &model.log_prob(part.batch())?, &part)?; // f64, of f32 rows
//!     adam.set_learning_rate(0.1 / (1.0 + index as f64 / 50.0));
//!     adam.backward_step(&loss)?;
//! }
//! assert!(best < 2f64.ln() && log.history()?.residual().unwrap() < 1e-12);
//!
//! // The best of them, and on from there.
//! vars.load(&checkpoint)?;
//! let mut log = LossLog::new().continuing(log.into_history()?);
//! let _ = log.on_step(&Step::new(300, &model, &train, &model.log_prob(train.batch())?)?)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Exact and approximate
//!
//! - KL, cross-entropy and NLL are each computed from their own definition in f64; at every step of every run
//!   H(p̂,q) = H(p̂) + KL and NLL = n·H(p̂,q) hold to 1e-12, and the run prints the largest residual.
//! - The argmin is the first step within 1e-9 nats per observation of the minimum: a converged curve is flat to rounding.
//! - A density can be compared with data only at a resolution: `--resolution` snaps points to cells, whose mass under the model is
//!   taken by the midpoint rule. KL ≥ −ln Z with Z = Σ_cells q(mid)·Δ, about 0 while σ ≥ Δ; a run warns where the fitted σ is below Δ.
//! - 0 log 0 is 0, a support mismatch is +∞, an infinite loss stays infinite: nothing is clipped or smoothed.
//! - Entropies and divergences of named distributions are closed forms, or a stated series or quadrature with an error below 1e-9.
//! - Estimates from samples are random numbers with a bias, which the documentation of each states; a negative one is left as it is.
//! - For a network usable information is a lower bound: we know the cross-entropy one descent reached, not the best one.
//! - The same seed gives the same files to the last byte, with one thread or two.
//!
//! # GPUs
//!
//! A build with the feature `cuda` (or `metal`) uses the first GPU for fits; `CANDLE_MLE_DEVICE=cpu` (or `cuda:1`, `metal`) overrides
//! that, and a GPU that is asked for and absent is an error, not a silent fallback. Numbers are f64, f32 on Metal. Exact measures,
//! trees, maximum entropy and usable information compute on the host.
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
//! | room | what is in it |
//! |---|---|
//! | [`info`] | exact measures of tables and laws, estimates from samples; f64, no tensor, a crate of its own |
//! | [`batch`], [`ops`], [`device`](mod@device) | rows, the logarithms that Candle lacks, where tensors live |
//! | [`model`] | q_θ, one family a file, [`Classifier`] and [`model::Linear`] for what they share |
//! | [`parameters`] | parameters by name: save, load, go on |
//! | [`curvature`] | the Fisher information of what is linear in its logits, one pass over the rows |
//! | [`Empirical`] | p̂ and ln p̂ |
//! | [`Objective`] | the three losses, each its own sum |
//! | [`descent`], [`fit`](mod@fit) | what moves the variables: [`GradientDescent`](fit::GradientDescent), [`Adam`](fit::Adam), [`Lbfgs`](fit::Lbfgs), [`Newton`](fit::Newton), and every optimiser of candle-nn |
//! | [`hook`] | observers of a fit: [`LossLog`], [`History`], what ends a run; [`hook::sink`] streams a log to CSV, JSON lines, TensorBoard |
//! | [`checkpoint`] | a fit that was stopped goes on |
//! | [`score`] | how well a model foretells rows, held out or not |
//! | [`mle`], [`families`] | maximum likelihood in one call; of all named distributions, ranked |
//! | [`inference`] | standard errors, intervals, tests, deviance: how much an estimate is to be believed |
//! | [`maxent`], [`usable`], [`tree`], [`separation`](mod@separation) | what stands on it |
//! | [`table`], [`alphabet`] | people's data |
//!
//! Pictures are the crate `candle-mle-plot`, the command and the flags of the examples `candle-mle-cli`.
//!
//! Logarithms are natural inside; what a person reads is an [`Information`] or names its [`Unit`]. Rows such as L4 or P3
//! in the documentation are the claims of the lecture that this crate makes run: the README lists them. A law, in these
//! pages, is a probability distribution.

#![warn(missing_docs)]

pub mod alphabet;
pub mod batch;
pub mod checkpoint;
pub mod curvature;
pub mod descent;
pub mod device;
mod distinct;
mod empirical;
mod error;
pub mod families;
pub mod fit;
pub mod hook;
pub mod inference;
mod kernel;
mod linear_program;
pub mod maxent;
pub mod mle;
pub mod model;
mod objective;
pub mod ops;
pub mod parameters;
pub mod score;
pub mod separation;
pub mod standardize;
pub mod table;
pub mod tree;
pub mod usable;

pub use candle_mle_info as info;

pub use batch::Labelled;
pub use empirical::Empirical;
pub use error::{Error, Result};
pub use fit::{fit, walk};
pub use hook::{History, Hook, LossLog, Step};
pub use info::{Information, Unit};
pub use mle::{Fitted, maximum_likelihood, maximum_likelihood_from};
pub use model::{Classifier, Model};
pub use objective::Objective;
pub use parameters::Parameters;
pub use separation::separation;
pub use table::{Design, Table};

/// The README's code runs with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
