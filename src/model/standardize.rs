//! The stored affine map between the data's own units and the coordinates in which gradient descent walks.

use candle_core::{Device, Tensor};

use super::{host, same_numbers};
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

    /// Mean 0 and standard deviation 1 in every column of x (m, d), whose rows weigh `mass` (m,); rows of mass 0 are not
    /// looked at.
    ///
    /// # Errors
    /// A column of one value, or with one that is not finite; a mass of another length than x, negative or not finite in a
    /// row, or zero in all.
    pub fn moments(x: &Tensor, mass: &Tensor) -> Result<Self> {
        let (rows, _) = size(x)?;
        if mass.dims() != [rows] {
            return Err(Error::Shape { what: "the mass", got: mass.dims().to_vec(), expected: format!("({rows},)") });
        }
        let mass = host(mass)?;
        if let Some(row) = mass.iter().position(|m| !(m.is_finite() && *m >= 0.0)) {
            return Err(Error::Count { row, value: mass[row] });
        }
        let weighed: Vec<usize> = (0..rows).filter(|row| mass[*row] > 0.0).collect();
        if rows > 0 && weighed.is_empty() {
            return Err(Error::NothingObserved { rows });
        }
        let mass: Vec<f64> = weighed.iter().map(|row| mass[*row]).collect();
        let total: f64 = mass.iter().sum();
        Self::by_column(x, &weighed, |column| {
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
    /// A column of one value, or with one that is not finite.
    pub fn range(x: &Tensor) -> Result<Self> {
        let every: Vec<usize> = (0..size(x)?.0).collect();
        Self::by_column(x, &every, |column| {
            let low = column.iter().copied().fold(f64::INFINITY, f64::min);
            let high = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            (low / 2.0 + high / 2.0, high / 2.0 - low / 2.0)
        })
    }

    fn by_column(x: &Tensor, rows: &[usize], shift_and_scale: impl Fn(&[f64]) -> (f64, f64)) -> Result<Self> {
        let (_, columns) = size(x)?;
        if rows.is_empty() {
            return Err(Error::Empty { what: "x".into(), needed: "row" });
        }
        let values = host(x)?;
        let (mut shift, mut scale) = (vec![], vec![]);
        for j in 0..columns {
            let column: Vec<f64> = rows.iter().map(|i| values[i * columns + j]).collect();
            if let Some(at) = column.iter().position(|v| !v.is_finite()) {
                return Err(Error::NotFinite { what: "x", row: rows[at], column: j, value: column[at] });
            }
            if column.iter().all(|v| *v == column[0]) {
                return Err(Error::ConstantColumn { column: j, value: column[0] });
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
        same_numbers(x, &self.shift)?;
        Ok(x.broadcast_sub(&self.shift)?.broadcast_div(&self.scale)?)
    }
}

/// The rows and the columns of x.
fn size(x: &Tensor) -> Result<(usize, usize)> {
    match *x.dims() {
        [rows, columns] => Ok((rows, columns)),
        _ => Err(Error::Shape { what: "x", got: x.dims().to_vec(), expected: "(rows, columns)".into() }),
    }
}
