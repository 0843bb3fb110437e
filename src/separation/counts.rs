//! Poisson regression: whether its likelihood has a finite maximum, and what it falls to where it has none.

use candle_core::{Device, Tensor};
use candle_mle_info::Information;
use nalgebra::{DMatrix, DVector};

use super::limit::newton;
use super::{Separation, separation};
use crate::batch::{Labelled, Response, host};
use crate::empirical::Empirical;
use crate::error::Result;
use crate::model::PoissonRegression;
use crate::standardize::Standardize;

/// Along which coefficients Poisson regression runs off: along a direction that leaves the mean of every count above 0 where it is, and
/// takes that of some counts of 0 towards 0. It is the question of logistic regression for rows that are 0 always or, where the count is above
/// 0, both 0 and 1 (as in Santos Silva and Tenreyro 2010, Economics Letters 107), and is decided as that is. What is found speaks of the
/// counts: class 1, the slopes and, last, the intercept, of the log of the mean; and [its limits](Separation::limits) are the estimates from
/// the rows that are left.
///
/// # Errors
/// As [`separation`].
pub fn of_counts(p: &Empirical<Response>) -> Result<Option<Separation>> {
    let (counts, x) = (host(p.batch().y())?, p.batch().x().to_device(&Device::Cpu)?);
    let m = counts.len() as u32;
    let above = (0..m).filter(|row| counts[*row as usize] > 0.0);
    let rows: Vec<u32> = (0..m).chain(above).collect();
    let all = rows.len();
    let classes = (0..all).map(|row| u32::from(row >= counts.len())).collect::<Vec<_>>();
    let both = x.index_select(&Tensor::from_vec(rows, all, &Device::Cpu)?, 0)?;
    let seen = Labelled::new(both, Tensor::from_vec(classes, all, &Device::Cpu)?)?;
    let Some(apart) = separation(&Empirical::from_sample(seen)?, 2)? else { return Ok(None) };
    // The x that differ stand in order of first sight, and first all with class 0.
    let each = Labelled::new(x, Tensor::from_vec((0..m).collect::<Vec<u32>>(), counts.len(), &Device::Cpu)?)?;
    let places = Empirical::from_sample(each)?.places()?;
    let left: Vec<bool> = places.iter().map(|place| apart.left[place * 2 + 1]).collect();
    let map = Standardize::bulk(p.batch().x(), p.mass())?;
    let (nll, theta) = Left::new(p, &map, &left)?.minimum();
    let (shift, scale, d) = (host(map.shift())?, host(map.scale())?, theta.len() - 1);
    let mut own: Vec<f64> = (0..d).map(|j| theta[j] / scale[j]).collect();
    own.push(theta[d] - (0..d).map(|j| own[j] * shift[j]).sum::<f64>());
    let limit = vec![vec![0.0; own.len()], own];
    Ok(Some(Separation { infimum: Information::from_nats(nll), limit, left, ..apart }))
}

/// Rows whose mean does not fall to 0.
struct Left {
    /// (x, 1) in standard coordinates.
    z: DMatrix<f64>,
    y: Vec<f64>,
    count: Vec<f64>,
    offset: Vec<f64>,
    /// −ln q of each at the mean y.
    least: Vec<f64>,
}

impl Left {
    fn new(p: &Empirical<Response>, map: &Standardize, left: &[bool]) -> Result<Self> {
        let (batch, columns) = (p.batch(), p.batch().x().dim(1)?);
        let kept: Vec<usize> = (0..left.len()).filter(|row| left[*row]).collect();
        let x = host(&map.apply(batch.x())?)?;
        let of = |all: Vec<f64>| kept.iter().map(|row| all[*row]).collect::<Vec<f64>>();
        let z =
            DMatrix::from_fn(kept.len(), columns + 1, |i, j| if j < columns { x[kept[i] * columns + j] } else { 1.0 });
        let offset = batch.offset().map_or(Ok(vec![0.0; left.len()]), host)?;
        Ok(Self {
            z,
            y: of(host(batch.y())?),
            count: of(host(p.count())?),
            offset: of(offset),
            least: of(PoissonRegression::least(batch.y())?),
        })
    }

    /// The least −Σ ln q in nats, and where it is reached, by Newton's method. Directions that the rows do not determine stay where they
    /// are.
    fn minimum(&self) -> (f64, DVector<f64>) {
        let mut theta = DVector::zeros(self.z.ncols());
        let (seen, exposed) = self
            .y
            .iter()
            .zip(&self.count)
            .zip(&self.offset)
            .fold((0.0, 0.0), |(y, t), ((of, n), o)| (y + n * of, t + n * o.exp()));
        if seen == 0.0 {
            return (0.0, theta);
        }
        theta[self.z.ncols() - 1] = (seen / exposed).ln();
        let mut at = self.at(&theta);
        for _ in 0..200 {
            let Some(step) = newton(&at.1, &at.2) else { break };
            let left = at.1.dot(&step);
            let mut length = 1.0;
            let (trial, there) = loop {
                let trial = &theta - &step * length;
                let there = self.at(&trial);
                if there.0 <= at.0 - 1e-4 * length * left || length < 1e-10 {
                    break (trial, there);
                }
                length /= 2.0;
            };
            if there.0.is_nan() || there.0 > at.0 {
                break;
            }
            (theta, at) = (trial, there);
            if left <= 1e-20 * (1.0 + at.0) {
                break;
            }
        }
        let least: f64 = self.least.iter().zip(&self.count).map(|(least, count)| least * count).sum();
        (at.0 + least, theta)
    }

    /// What the means cost beyond the counts themselves, its gradient and its second derivatives.
    fn at(&self, theta: &DVector<f64>) -> (f64, DVector<f64>, DMatrix<f64>) {
        let log_mean = &self.z * theta;
        let (mut cost, mut slope, mut weighed) = (0.0, DVector::zeros(self.y.len()), self.z.clone());
        for (row, (y, count)) in self.y.iter().zip(&self.count).enumerate() {
            let log_mean = log_mean[row] + self.offset[row];
            let mean = log_mean.exp();
            cost += count * (mean - y + if *y > 0.0 { y * (y.ln() - log_mean) } else { 0.0 });
            slope[row] = count * (mean - y);
            weighed.row_mut(row).scale_mut(count * mean);
        }
        (cost, self.z.tr_mul(&slope), self.z.tr_mul(&weighed))
    }
}
