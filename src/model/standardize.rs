//! The stored affine map between the data's own units and the coordinates in which gradient descent walks.

use candle_core::{Device, Tensor};

use super::host;
use crate::error::{Error, Result};

/// x ↦ (x − shift) / scale, column by column.
///
/// A model that keeps one learns in the coordinates on the right and speaks, in its parameters, its log_prob and its
/// files, the units on the left. From zero on raw minutes or dollars, gradient descent hardly arrives.
#[derive(Clone, Debug)]
pub struct Standardize {
    shift: Tensor,
    scale: Tensor,
}

impl Standardize {
    /// The identity on d columns; shift and scale are (d,).
    pub fn identity(columns: usize, like: &candle_nn::VarBuilder) -> Result<Self> {
        let (dtype, device) = (like.dtype(), like.device());
        Ok(Self { shift: Tensor::zeros(columns, dtype, device)?, scale: Tensor::ones(columns, dtype, device)? })
    }

    /// Mean 0 and standard deviation 1 in every column of x (m, d), whose rows weigh `mass` (m,).
    ///
    /// # Errors
    /// A column of one value.
    pub fn moments(x: &Tensor, mass: &Tensor) -> Result<Self> {
        let total: f64 = host(mass)?.iter().sum();
        let mass = host(mass)?;
        Self::by_column(x, |column| {
            let mean = column.iter().zip(&mass).map(|(v, m)| v * m).sum::<f64>() / total;
            // In units of the largest deviation: the square of another may be no number.
            let largest = column.iter().fold(0.0, |most: f64, v| most.max((v - mean).abs()));
            let variance =
                column.iter().zip(&mass).map(|(v, m)| ((v - mean) / largest).powi(2) * m).sum::<f64>() / total;
            (mean, largest * variance.sqrt())
        })
    }

    /// The range of every column of x (m, d) becomes −1 to 1.
    ///
    /// # Errors
    /// A column of one value.
    pub fn range(x: &Tensor) -> Result<Self> {
        Self::by_column(x, |column| {
            let low = column.iter().copied().fold(f64::INFINITY, f64::min);
            let high = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            (low / 2.0 + high / 2.0, high / 2.0 - low / 2.0)
        })
    }

    fn by_column(x: &Tensor, shift_and_scale: impl Fn(&[f64]) -> (f64, f64)) -> Result<Self> {
        let (rows, columns) = x.dims2()?;
        let values = host(x)?;
        let (mut shift, mut scale) = (vec![], vec![]);
        for j in 0..columns {
            let column: Vec<f64> = (0..rows).map(|i| values[i * columns + j]).collect();
            if column.iter().all(|v| *v == column[0]) {
                return Err(Error::ConstantColumn { column: j, value: column.first().copied().unwrap_or(f64::NAN) });
            }
            let (a, b) = shift_and_scale(&column);
            shift.push(a);
            scale.push(b);
        }
        let tensor =
            |v: Vec<f64>| Tensor::from_vec(v, columns, &Device::Cpu)?.to_dtype(x.dtype())?.to_device(x.device());
        Ok(Self { shift: tensor(shift)?, scale: tensor(scale)? })
    }

    /// (d,)
    pub fn shift(&self) -> &Tensor {
        &self.shift
    }

    /// (d,), positive
    pub fn scale(&self) -> &Tensor {
        &self.scale
    }

    /// x (m, d) in standard coordinates.
    pub(super) fn apply(&self, x: &Tensor) -> Result<Tensor> {
        Ok(x.broadcast_sub(&self.shift)?.broadcast_div(&self.scale)?)
    }
}
