//! Estimates of information from samples (lecture rows L17, L18, P5), each with its bias said.
//!
//! | what | of what | estimator |
//! |---|---|---|
//! | H, I | counts | [`CountEstimator`]: plug-in, Miller–Madow, Grassberger, Chao–Shen, Chao–Wang–Jost, shrinkage |
//! | H, and its error | counts | [`nsb`] |
//! | h | points of any dimension | [`kozachenko_leonenko`] |
//! | h | numbers | [`vasicek`] |
//! | I | two columns, or blocks of them | [`ksg1`], [`ksg2`] |
//! | I | labels and points | [`ross`] |
//! | I | columns with a density, atoms or both | [`mixed_ksg`] |
//! | I given a third | columns, or blocks of them | [`frenzel_pompe`] |
//! | I to the next step | two series | [`transfer_entropy`] |
//! | KL | two samples | [`knn_kl_divergence`] |
//!
//! An estimate is a random number: it may lie below 0 where the truth cannot, and it is returned as it is. Clipped at 0
//! it would be biased upwards just where the question is whether there is anything. [`permutation_p_value`] answers
//! that, and [`repeated`] gives mean and spread.
//!
//! Distances are in the maximum norm, every column in units of its own standard deviation: no unit of a column changes an
//! estimate of I or KL, but for rounding where it makes or breaks a tie, and h(aX) = h(X) + ln|a| for every column.
//! [`Scale`] has ranks, for long tails, and the raw numbers too. The order of the rows never enters, not even in the last
//! bit.
//!
//! A neighbourhood of k points of n is some (k/n)^(1/d) of the width of a density in d dimensions. Where d is large it is
//! hardly local, and what is told is far from the truth, at any n that is ever seen: of sixteen pairs of axes, each of
//! correlation ½, [`ksg1`] tells 0.6 nats of 2.3 at n = 1000, and 0.7 at n = 4000. Each estimator says its own.
//!
//! A density has no ties. Recorded numbers have, and labels written as numbers have little else: a column in which most
//! rows have k or more duplicates is an error that says what to take instead, and so is one number in a fifth of the rows. Fewer ties are counted as they are, as f64
//! sees them, and bias [`ksg1`] by up to +0.1 nats, [`ksg2`] by −0.2. [`jitter`] spreads recorded numbers over the step
//! they were recorded in: before any estimate by neighbours, not only after an error.
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
mod crowd;
mod deviation;
mod divergence;
mod frenzel_pompe;
mod jitter;
mod kozachenko_leonenko;
mod kraskov;
mod mixed;
mod neighbours;
mod nsb;
mod permutation;
mod points;
mod repetition;
mod ross;
mod tree;
mod vasicek;

pub use counts::CountEstimator;
pub use deviation::counted_interval;
pub use divergence::knn_kl_divergence;
pub use frenzel_pompe::{frenzel_pompe, transfer_entropy};
pub use jitter::jitter;
pub use kozachenko_leonenko::kozachenko_leonenko;
pub use kraskov::{ksg1, ksg2};
pub use mixed::mixed_ksg;
pub use neighbours::{Neighbours, Scale};
pub use nsb::nsb;
pub use permutation::permutation_p_value;
pub use points::Point;
pub use repetition::repeated;
pub use ross::ross;
pub use vasicek::vasicek;

use rayon::prelude::*;

use crate::special::digamma;

/// The mean of ψ. Equal arguments are counted first, so that their order cannot enter by rounding.
fn mean_digamma(arguments: Vec<usize>) -> f64 {
    let mut times = vec![0usize; arguments.iter().max().map_or(0, |most| most + 1)];
    arguments.iter().for_each(|argument| times[*argument] += 1);
    let seen = times.iter().enumerate().filter(|(_, times)| **times > 0);
    seen.map(|(argument, times)| *times as f64 * digamma(argument as f64)).sum::<f64>() / arguments.len() as f64
}

/// The mean of the logarithms, summed in ascending order for the same reason.
fn mean_log(mut values: Vec<f64>) -> f64 {
    ascend(&mut values);
    values.iter().map(|value| value.ln()).sum::<f64>() / values.len() as f64
}

/// Sorts, on several threads where they are worth it.
fn ascend(values: &mut [f64]) {
    if values.len() < 1 << 15 {
        values.sort_unstable_by(f64::total_cmp);
    } else {
        values.par_sort_unstable_by(f64::total_cmp);
    }
}
