//! The stored affine map between the data's own units and the coordinates in which gradient descent walks.

use candle_core::{DType, Device, Tensor, WithDType};
use candle_nn::VarBuilder;

use crate::batch::{LastSeen, host, like, same_numbers, slice};
use crate::error::{Error, Result, constant, empty, finite, matrix, positive, rows_of, shape};

/// x ↦ (x − shift) / scale, column by column.
///
/// A model that keeps one learns in the coordinates on the right and speaks, in its parameters, its log_prob and its
/// files, the units on the left. From zero on raw minutes or dollars, gradient descent hardly arrives.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::standardize::Standardize;
/// let minutes = Tensor::new(&[[50.0], [70.0], [90.0]], &Device::Cpu)?;
/// let map = Standardize::range(&minutes)?;
/// assert_eq!(map.apply(&minutes)?.to_vec2::<f64>()?, [[-1.0], [0.0], [1.0]]);
/// # Ok::<(), candle_mle::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Standardize {
    shift: Tensor,
    scale: Tensor,
    identity: bool,
    /// What became of the x that was mapped last.
    last: LastSeen<Tensor>,
}

/// A standard deviation of so many usual distances is that of one value, and not of the others.
const FAR: f64 = 1e3;

impl Standardize {
    /// The map of this shift and scale, both (d,).
    ///
    /// # Errors
    /// Other shapes; a shift that is not finite, a scale that is not a finite number > 0.
    pub fn new(shift: Tensor, scale: Tensor) -> Result<Self> {
        if shift.rank() != 1 || shift.dims() != scale.dims() {
            return Err(shape("the scale", scale.dims(), format!("that of the shift, {:?},", shift.dims())));
        }
        finite("the shift", &host(&shift)?, shift.elem_count())?;
        for value in host(&scale)? {
            positive("a scale", value)?;
        }
        let identity = host(&shift)?.iter().all(|a| *a == 0.0) && host(&scale)?.iter().all(|b| *b == 1.0);
        Ok(Self { shift, scale, identity, last: LastSeen::default() })
    }

    /// The identity on d columns; shift and scale are (d,).
    pub fn identity(columns: usize, like: &VarBuilder) -> Result<Self> {
        let (dtype, device) = (like.dtype(), like.device());
        Self::new(Tensor::zeros(columns, dtype, device)?, Tensor::ones(columns, dtype, device)?)
    }

    /// Mean 0 and standard deviation 1 in every column of x (m, d), whose rows weigh `mass` (m,); rows of mass 0 are not
    /// looked at.
    ///
    /// # Errors
    /// A column of one value, or with one that is not finite; a mass of another length than x, negative or not finite in a
    /// row, or zero in all.
    pub fn moments(x: &Tensor, mass: &Tensor) -> Result<Self> {
        let (rows, mass) = Self::weighed(x, mass)?;
        Self::by_column(x, &rows, |column| moments(column, &mass))
    }

    /// The rows of a mass above 0, and that mass.
    fn weighed(x: &Tensor, mass: &Tensor) -> Result<(Vec<usize>, Vec<f64>)> {
        let (rows, _) = matrix("x", x)?;
        if mass.dims() != [rows] {
            return Err(shape("the mass", mass.dims(), format!("({rows},)")));
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
        Ok((weighed, mass))
    }

    /// The same, but for a column in which a value lies so far from the others that in standard deviations they would all be one,
    /// as a fill value does: of that the middle value becomes 0, and the usual distance from it 1.
    ///
    /// # Errors
    /// As [`moments`](Self::moments).
    pub fn bulk(x: &Tensor, mass: &Tensor) -> Result<Self> {
        let (rows, mass) = Self::weighed(x, mass)?;
        Self::by_column(x, &rows, |column| {
            let ((mean, deviation), (center, usual)) = (moments(column, &mass), middle(column.to_vec()));
            if deviation > FAR * usual { (center, usual) } else { (mean, deviation) }
        })
    }

    /// The range of every column of x (m, d) becomes −1 to 1.
    ///
    /// # Errors
    /// A column of one value, or with one that is not finite.
    pub fn range(x: &Tensor) -> Result<Self> {
        let every: Vec<usize> = (0..matrix("x", x)?.0).collect();
        Self::by_column(x, &every, |column| {
            let low = column.iter().copied().fold(f64::INFINITY, f64::min);
            let high = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            (low / 2.0 + high / 2.0, high / 2.0 - low / 2.0)
        })
    }

    fn by_column(x: &Tensor, rows: &[usize], shift_and_scale: impl Fn(&[f64]) -> (f64, f64)) -> Result<Self> {
        let (_, columns) = matrix("x", x)?;
        if rows.is_empty() {
            return Err(empty("x", "row"));
        }
        let (mut shift, mut scale) = (vec![], vec![]);
        slice(&x.to_dtype(DType::F64)?, |values: &[f64]| {
            // Eight neighbours at once: they lie in one line of the cache.
            for first in (0..columns).step_by(8) {
                let mut together = vec![Vec::with_capacity(rows.len()); (columns - first).min(8)];
                for row in rows {
                    let row = &values[row * columns..][..columns];
                    together.iter_mut().zip(&row[first..]).for_each(|(column, value)| column.push(*value));
                }
                for (column, j) in together.iter().zip(first..) {
                    if let Some(at) = column.iter().position(|v| !v.is_finite()) {
                        let (row, value) = (rows[at], column[at]);
                        return Err(candle_mle_info::Error::NotFinite { what: "x", row, column: j, value }.into());
                    }
                    if column.iter().all(|v| *v == column[0]) {
                        return Err(constant(format!("{j} (counted from 0)"), column[0]));
                    }
                    let (a, b) = shift_and_scale(column);
                    shift.push(a);
                    scale.push(b);
                }
            }
            Ok(())
        })??;
        Self::new(like(x, shift, columns)?, like(x, scale, columns)?)
    }

    /// The same map, of the type and on the device of another tensor.
    pub(crate) fn like(&self, other: &Tensor) -> Result<Self> {
        let like = |t: &Tensor| t.to_dtype(other.dtype())?.to_device(other.device());
        Self::new(like(&self.shift)?, like(&self.scale)?)
    }

    /// (d,)
    pub fn shift(&self) -> &Tensor {
        &self.shift
    }

    /// (d,), positive
    pub fn scale(&self) -> &Tensor {
        &self.scale
    }

    /// Whether nothing is moved: shift 0 and scale 1 everywhere.
    pub fn is_identity(&self) -> bool {
        self.identity
    }

    /// x (m, d) in standard coordinates.
    ///
    /// # Errors
    /// Another number of columns; another type of numbers.
    pub fn apply(&self, x: &Tensor) -> Result<Tensor> {
        same_numbers(x, &self.shift)?;
        rows_of(x, self.shift.dim(0)?)?;
        if self.identity {
            return Ok(x.clone());
        }
        self.last.of(x, || match (x.device().is_cpu() && !x.track_op(), x.dtype()) {
            (true, DType::F64) => self.in_one_pass::<f64>(x),
            (true, DType::F32) => self.in_one_pass::<f32>(x),
            _ => Ok(x.broadcast_sub(&self.shift)?.broadcast_div(&self.scale)?),
        })
    }
}

impl Standardize {
    /// Without a tensor between difference and quotient, which would be as large as x.
    fn in_one_pass<T: WithDType>(&self, x: &Tensor) -> Result<Tensor> {
        let map: Vec<(T, T)> = self.shift.to_vec1()?.into_iter().zip(self.scale.to_vec1()?).collect();
        let rows = |x: &[T]| -> Vec<T> {
            let mut mapped = Vec::with_capacity(x.len());
            for row in x.chunks_exact(map.len().max(1)) {
                mapped.extend(map.iter().zip(row).map(|((shift, scale), x)| (*x - *shift) / *scale));
            }
            mapped
        };
        Ok(Tensor::from_vec(slice(x, rows)?, x.dims(), &Device::Cpu)?)
    }
}

/// Mean and standard deviation of a column whose cells weigh `mass`.
fn moments(column: &[f64], mass: &[f64]) -> (f64, f64) {
    let total: f64 = mass.iter().sum();
    let mean = column.iter().zip(mass).map(|(v, m)| v * m).sum::<f64>() / total;
    // In units of the largest deviation: the square of another may be no number.
    let largest = column.iter().fold(0.0, |most: f64, v| most.max((v - mean).abs()));
    let variance = column.iter().zip(mass).map(|(v, m)| ((v - mean) / largest).powi(2) * m).sum::<f64>() / total;
    (mean, largest * variance.sqrt())
}

/// A value in the middle of a column, and the usual distance from it of those that are not it; 1 for a constant column.
pub(crate) fn middle(mut column: Vec<f64>) -> (f64, f64) {
    if column.is_empty() {
        return (0.0, 1.0);
    }
    let at = column.len() / 2;
    let center = *column.select_nth_unstable_by(at, f64::total_cmp).1;
    let mut apart: Vec<f64> = column.iter().map(|x| (x - center).abs()).filter(|apart| *apart > 0.0).collect();
    if apart.is_empty() {
        return (center, 1.0);
    }
    let at = apart.len() / 2;
    (center, *apart.select_nth_unstable_by(at, f64::total_cmp).1)
}
