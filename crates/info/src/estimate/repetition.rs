//! Error bars: an estimate over many samples.

use crate::error::{Error, Result};
use crate::information::Information;

/// Mean and spread of an estimate that is repeated, each time on a new sample: the spread is the standard deviation of
/// one estimate, with n − 1. Divided by √times it is the error of the mean, and what the mean is off by beyond that is
/// bias.
///
/// ```
/// use candle_mle_info::estimate::{kozachenko_leonenko, repeated};
/// use rand::{Rng, SeedableRng};
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let (h, spread) = repeated(50, || {
///     let uniform: Vec<f64> = (0..500).map(|_| rng.random()).collect();
///     kozachenko_leonenko(&uniform, 3)
/// })?;
/// assert!(h.nats().abs() < 0.02 && (0.02..0.06).contains(&spread.nats()));
/// # Ok::<(), candle_mle_info::Error>(())
/// ```
///
/// # Errors
/// Fewer than two times; an error of an estimate.
pub fn repeated(times: usize, mut estimate: impl FnMut() -> Result<Information>) -> Result<(Information, Information)> {
    if times < 2 {
        return Err(Error::Parameter { what: "the number of repetitions", value: times as f64, allowed: "2 or more" });
    }
    let nats = (0..times).map(|_| Ok(estimate()?.nats())).collect::<Result<Vec<f64>>>()?;
    let mean = nats.iter().sum::<f64>() / times as f64;
    let variance = nats.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (times - 1) as f64;
    Ok((Information::from_nats(mean), Information::from_nats(variance.sqrt())))
}
