//! Estimates of information from samples (lecture rows L17, L18, P5), each with its bias said.
//!
//! | what | of what | estimator |
//! |---|---|---|
//! | H, I | counts | [`CountEstimator`]: plug-in, Miller–Madow, Grassberger, Chao–Shen, shrinkage |
//! | h | points of any dimension | [`kozachenko_leonenko`] |
//! | h | numbers | [`vasicek`] |
//! | I | two columns, or blocks of them | [`ksg1`], [`ksg2`] |
//! | I | labels and points | [`ross`] |
//! | KL | two samples | [`knn_kl_divergence`] |
//!
//! An estimate is a random number: it may lie below 0 where the truth cannot, and it is returned as it is. Clipped at 0
//! it would be biased upwards just where the question is whether there is anything. [`permutation_p_value`] answers
//! that, and [`repeated`] gives mean and spread.
//!
//! Distances are in the maximum norm. They carry the unit of the columns, so columns of one block, and X and Y of one
//! pair, should have similar spreads. A *common* factor changes no estimate of I or KL: by a power of two to the last
//! bit, by any other as long as rounding neither makes nor breaks a tie. h(aX) = h(X) + d ln|a| to rounding. The order
//! of the rows never enters, not even in the last bit.
//!
//! Ties are counted as they are, as f64 sees them. A density has none: recorded numbers have, and where they are so
//! many that a k-th neighbour is at distance 0 there is an error. Where they are fewer there is none, but a bias larger
//! than all others here: of independent normals rounded to 0.2 standard deviations, n = 500 and k = 12, [`ksg1`] makes
//! +0.5 nats and [`ksg2`] −0.4. [`jitter`] spreads recorded numbers over the step they were recorded in: before any
//! estimate by neighbours, not only after an error.
//!
//! ```
//! use candle_mle_info::{estimate, law};
//! use rand::{Rng, SeedableRng};
//! use rand_distr::StandardNormal;
//!
//! // Y is X and noise, of correlation 0.8.
//! let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
//! let mut draw = || -> Vec<f64> { (0..2000).map(|_| rng.sample(StandardNormal)).collect() };
//! let (x, noise) = (draw(), draw());
//! let y: Vec<f64> = x.iter().zip(&noise).map(|(x, z)| 0.8 * x + 0.6 * z).collect();
//! let error = estimate::ksg1(&x, &y, 3)? - law::gaussian_mutual_information(0.8)?;
//! assert!(error.nats().abs() < 0.05);
//! # Ok::<(), candle_mle_info::Error>(())
//! ```

mod counts;
mod divergence;
mod jitter;
mod kozachenko_leonenko;
mod kraskov;
mod permutation;
mod points;
mod repetition;
mod ross;
mod vasicek;

pub use counts::CountEstimator;
pub use divergence::knn_kl_divergence;
pub use jitter::jitter;
pub use kozachenko_leonenko::kozachenko_leonenko;
pub use kraskov::{ksg1, ksg2};
pub use permutation::permutation_p_value;
pub use points::Point;
pub use repetition::repeated;
pub use ross::ross;
pub use vasicek::vasicek;

use crate::special::digamma;

/// The mean of ψ. Equal arguments are counted first, so that their order cannot enter by rounding.
fn mean_digamma(mut arguments: Vec<usize>) -> f64 {
    arguments.sort_unstable();
    let runs = arguments.chunk_by(|a, b| a == b);
    runs.map(|run| run.len() as f64 * digamma(run[0] as f64)).sum::<f64>() / arguments.len() as f64
}

/// The mean of the logarithms, summed in ascending order for the same reason.
fn mean_log(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.iter().map(|value| value.ln()).sum::<f64>() / values.len() as f64
}
