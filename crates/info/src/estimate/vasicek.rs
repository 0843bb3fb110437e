//! Differential entropy of numbers by the gaps between them: Vasicek (1976).

use super::mean_log;
use super::points::Points;
use crate::error::{Error, Result};
use crate::information::Information;

/// h(X) = ⟨ln n (x_(i+m) − x_(i−m)) / 2m⟩ over the numbers in ascending order, where what would lie beyond an end is
/// that end: Vasicek, "A test for normality based on sample entropy" (1976).
///
/// Bias: downwards, from the mean logarithm of a gap and from the ends: for a uniform law it is exactly ln n/2m + (1 −
/// 2m/n) ψ(2m) + (2/n) Σ_{i=1}^{m} ψ(i + m − 1) − ψ(n + 1), which is −0.08 nats at n = 100, m = 5; other laws add what
/// their tails and edges do. It goes to 0 as n and m grow while m/n falls; m ≈ √n is usual.
///
/// # Errors
/// m not from 1 to below n/2; 2m + 1 numbers that coincide, or m + 1 at an end; all numbers equal; NaN or infinity.
///
/// ```
/// // Gaps of 0, 1, 4 and 9 with m = 1: 1, 4, 8, 5.
/// let h = candle_mle_info::estimate::vasicek(&[4.0, 0.0, 9.0, 1.0], 1)?;
/// assert!((h.nats() - (160f64.ln() / 4.0 + 2f64.ln())).abs() < 1e-14);
/// # Ok::<(), candle_mle_info::Error>(())
/// ```
pub fn vasicek(sample: &[f64], m: usize) -> Result<Information> {
    let points = Points::new("the sample", sample)?;
    let (sorted, n) = (&points.sorted()[0], sample.len());
    if m == 0 || m > (n - 1) / 2 {
        return Err(Error::Parameter { what: "m", value: m as f64, allowed: "a number from 1 to below n/2" });
    }
    let gap = |i: usize| {
        let gap = sorted[(i + m).min(n - 1)] - sorted[i.saturating_sub(m)];
        let row = || sample.iter().position(|x| *x == sorted[i]).unwrap_or_default();
        if gap > 0.0 { Ok(gap) } else { Err(Error::Coincident { row: row() }) }
    };
    let gaps = (0..n).map(gap).collect::<Result<_>>()?;
    Ok(Information::from_nats(mean_log(gaps) + (n as f64 / (2 * m) as f64).ln()))
}
