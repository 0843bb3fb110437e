//! How far the plug-in estimate of a mutual information may be off.

use crate::error::{Error, Result};
use crate::information::Information;
use crate::pmf::Pmf;

/// From where to where the mutual information may be of which a table of counts is a sample, n in all, with r rows and c columns that
/// have any: `reach` standard errors to either side, 1.96 for 95 %.
///
/// G = 2n × the plug-in estimate is about noncentral χ² with d = (r − 1)(c − 1) degrees of freedom, whose noncentrality λ is 2n × what
/// is looked for, and √G about normal around √(λ + d − ½). Its variance is that of G over 4G: the delta method's 4n Var[ln
/// p(x,y)/p(x)p(y)] (Moddemeijer 1989), and the 2d that there is without any dependence. So the interval reaches 0 where chance can tell
/// as much. Nor is an end above what a table of this shape can tell, ln min(r, c). Of tables with expected counts below about 5 in cells that matter it covers less often than it says.
///
/// ```
/// use candle_mle_info::estimate::counted_interval;
/// let [from, to] = counted_interval(&[25.0, 25.0, 25.0, 25.0], [2, 2], 1.96)?;
/// assert!(from.nats() == 0.0 && to.nats() < 0.05);
/// let [from, to] = counted_interval(&[40.0, 10.0, 10.0, 40.0], [2, 2], 1.96)?;
/// assert!(from.nats() > 0.05 && to.nats() < 0.4); // 0.193 nats
/// # Ok::<(), candle_mle_info::Error>(())
/// ```
///
/// # Errors
/// Counts that are no counts, or not as many as the shape has cells; a `reach` below 0, infinite or NaN.
pub fn counted_interval(counts: &[f64], shape: [usize; 2], reach: f64) -> Result<[Information; 2]> {
    if !(reach >= 0.0 && reach.is_finite()) {
        let allowed = "a number of standard errors, 0 or more,";
        return Err(Error::Parameter { what: "reach", value: reach, allowed });
    }
    let joint = Pmf::from_counts(shape, counts)?;
    let (x, y) = (joint.marginal(&[0])?, joint.marginal(&[1])?);
    let (x, y) = (x.values(), y.values());
    let ratios = joint.values().iter().enumerate().filter(|(_, p)| **p > 0.0);
    let ratios = ratios.map(|(cell, p)| (*p, (p / (x[cell / shape[1]] * y[cell % shape[1]])).ln()));
    let (mean, square) = ratios.fold((0.0, 0.0), |(mean, square), (p, l)| (mean + p * l, square + p * l * l));
    let n: f64 = counts.iter().sum();
    let seen = |p: &[f64]| p.iter().filter(|p| **p > 0.0).count().saturating_sub(1);
    let free = (seen(x) * seen(y)) as f64;
    if free == 0.0 {
        return Ok([Information::ZERO; 2]);
    }
    let g = (2.0 * n * mean).max(0.0);
    let variance = 4.0 * n * (square - mean * mean).max(0.0) + 2.0 * free;
    let reach = reach * (variance / (4.0 * g.max(free))).sqrt();
    let most = (shape[0].min(shape[1]) as f64).ln();
    let end = |root: f64| {
        let nats = (root.max(0.0).powi(2) - free + 0.5).max(0.0) / (2.0 * n);
        Information::from_nats(nats.min(most))
    };
    Ok([end(g.sqrt() - reach), end(g.sqrt() + reach)])
}
