//! Points of a density: recorded at a resolution, or a known density on nodes.

use candle_core::{Device, Tensor};
use candle_mle_info::law::Density;

use super::Empirical;
use crate::batch::{host, like};
use crate::error::{Error, Result, parameter, shape};
use crate::model::Whitening;
use crate::standardize::Standardize;

impl Empirical<Tensor> {
    /// These points as recorded at a resolution Δ, one a column, in its unit: snapped to cells of volume ΠΔ centred on
    /// multiples of Δ, so that KL and entropy can be compared with a density. A recorded decimal stays itself.
    ///
    /// The mass of a cell under q is taken by the midpoint rule, so KL ≥ −ln Z with Z = Σ_cells q(mid)·ΠΔ: about 0
    /// while q's standard deviation is at least Δ, −0.014 nats at Δ/2, −0.69 at Δ/5.
    ///
    /// # Errors
    /// Another number of resolutions than of columns; one that is not positive; one so coarse that a column which varies
    /// falls into one cell, or so fine that its cells cannot be told apart.
    pub fn at_resolution(self, resolution: &[f64]) -> Result<Self> {
        let width: usize = self.batch.dims().iter().skip(1).product();
        if resolution.len() != width {
            return Err(shape("the resolution", &[resolution.len()], format!("({width},), one for each column")));
        }
        let refuse = |column: usize, problem| Err(Error::Resolution { column, value: resolution[column], problem });
        if let Some(column) = resolution.iter().position(|d| !(d.is_finite() && *d > 0.0)) {
            return refuse(column, "a resolution is a finite number > 0, in the column's unit");
        }
        let recorded = host(&self.batch)?;
        let snapped = recorded.iter().enumerate().map(|(at, value)| snap(*value, resolution[at % width]));
        let values: Vec<f64> = snapped.collect();
        let one = |of: &[f64], column: usize| of.iter().skip(column).step_by(width).all(|v| *v == of[column]);
        for column in 0..width {
            if values.iter().skip(column).step_by(width).any(|v| !v.is_finite()) {
                return refuse(column, "it is finer than numbers are: give the step in which the column was recorded");
            }
            if one(&values, column) && !one(&recorded, column) {
                return refuse(column, "the whole column falls into one cell: give a finer one");
            }
        }
        let snapped = like(&self.batch, values, self.batch.dims())?;
        let atoms = Self::from_counts(snapped, &host(&self.count)?)?;
        let log_volume: f64 = resolution.iter().map(|d| d.ln()).sum();
        Ok(Self { resolution: Some(resolution.to_vec()), ..atoms.with_volumes(|_| log_volume)? })
    }

    /// A known density on `nodes` equidistant points, the ends among them: by the trapezoidal rule, which errs by rounding on
    /// what is analytic and dies out at both ends. It is what [`Objective::ReverseKl`](crate::Objective::ReverseKl) asks
    /// for; keep the nodes closer than the narrowest q is wide.
    ///
    /// # Errors
    /// Fewer than two nodes; ends that are not finite and in order; a density of 0 at all of them.
    pub fn from_density(p: &dyn Density, from: f64, to: f64, nodes: usize) -> Result<Self> {
        if !(from.is_finite() && to.is_finite() && from < to) {
            return Err(parameter("the last node", to, "a finite number above the first, itself finite,"));
        }
        if nodes < 2 {
            return Err(parameter("nodes", nodes as f64, "at least 2"));
        }
        let step = (to - from) / (nodes - 1) as f64;
        let places: Vec<f64> = (0..nodes).map(|i| from + step * i as f64).collect();
        let mass: Vec<f64> = places.iter().map(|x| p.log_prob(*x).exp() * step).collect();
        Self::from_cells(Tensor::from_vec(places, (nodes, 1), &Device::Cpu)?, &mass, &vec![step; nodes])
    }

    /// The range of every column becomes −1 to 1: the coordinates in which a Gaussian learns. In those of the moments the
    /// standard Gaussian, where it starts, would be where it ends.
    ///
    /// # Errors
    /// A constant column.
    pub fn standardize(&self) -> Result<Standardize> {
        Standardize::range(&self.batch)
    }

    /// Coordinates in which the columns are uncorrelated, for the descent of a Gaussian.
    ///
    /// # Errors
    /// As [`Whitening::of`].
    pub fn whiten(&self) -> Result<Whitening> {
        Whitening::of(&self.batch, &self.mass)
    }

    /// The mean (k) and the covariance (k rows of k numbers, divided by n) of p̂, the maximum-likelihood estimates of a
    /// Gaussian.
    pub fn moments(&self) -> Result<(Vec<f64>, Vec<Vec<f64>>)> {
        let k: usize = self.batch.dims().iter().skip(1).product();
        let (points, mass) = (host(&self.batch)?, host(&self.mass)?);
        let mut mean = vec![0.0; k];
        for (point, p) in points.chunks(k).zip(&mass) {
            mean.iter_mut().zip(point).for_each(|(mean, x)| *mean += p * x);
        }
        let mut covariance = vec![vec![0.0; k]; k];
        for (point, p) in points.chunks(k).zip(&mass) {
            for (i, row) in covariance.iter_mut().enumerate() {
                for (j, entry) in row.iter_mut().enumerate() {
                    *entry += p * (point[i] - mean[i]) * (point[j] - mean[j]);
                }
            }
        }
        Ok((mean, covariance))
    }
}

/// The centre of the cell that x falls into. Divides by 1/Δ where that is whole: 36/10 is the decimal 3.6, 36·0.1 is not.
fn snap(x: f64, resolution: f64) -> f64 {
    let per_unit = resolution.recip();
    if (per_unit - per_unit.round()).abs() < 1e-9 * per_unit && per_unit >= 0.5 {
        (x * per_unit.round()).round() / per_unit.round()
    } else {
        (x / resolution).round() * resolution
    }
}
