//! Poisson regression: whether its likelihood has a finite maximum.

use candle_core::{Device, Tensor};

use super::{Separation, separation};
use crate::batch::{Labelled, Response, host};
use crate::empirical::Empirical;
use crate::error::Result;

/// Along which coefficients Poisson regression runs off: along a direction that leaves the mean of every count above 0 where it is, and
/// takes that of some counts of 0 towards 0. It is the question of logistic regression for rows that are 0 always or, where the count is above
/// 0, both 0 and 1 (as in Santos Silva and Tenreyro 2010, Economics Letters 107), and is decided as that is. Of what is found
/// only [`direction`](Separation::direction) speaks of the counts: row 1, the slopes and, last, the intercept.
///
/// # Errors
/// As [`separation`].
pub fn of_counts(p: &Empirical<Response>) -> Result<Option<Separation>> {
    let counts = host(p.batch().y())?;
    let above = (0..counts.len() as u32).filter(|row| counts[*row as usize] > 0.0);
    let rows: Vec<u32> = (0..counts.len() as u32).chain(above).collect();
    let all = rows.len();
    let classes = (0..all).map(|row| u32::from(row >= counts.len())).collect::<Vec<_>>();
    let x = p.batch().x().to_device(&Device::Cpu)?.index_select(&Tensor::from_vec(rows, all, &Device::Cpu)?, 0)?;
    let seen = Labelled::new(x, Tensor::from_vec(classes, all, &Device::Cpu)?)?;
    separation(&Empirical::from_sample(seen)?, 2)
}
