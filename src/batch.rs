//! Rows of observations, as a model scores them and as p̂ counts them.

mod response;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use candle_core::{CpuStorage, DType, Device, Storage, Tensor, TensorId, WithDType};

pub use response::Response;

use crate::device::float;
use crate::error::{Error, Result, matrix, shape};
use crate::ops::{linear_log, log_softmax};

/// Rows that a model can score.
pub trait Batch: Sized {
    /// The number of rows, m.
    fn rows(&self) -> Result<usize>;

    /// Where they are.
    fn device(&self) -> Device;

    /// The type of their floating-point numbers; f64 where there are none.
    fn dtype(&self) -> DType;

    /// The rows of these indices, (k,) u32.
    fn select(&self, rows: &Tensor) -> Result<Self>;

    /// The same rows on another device.
    fn to_device(&self, device: &Device) -> Result<Self>;

    /// The same rows in another type of floating-point numbers; whole numbers, such as classes, stay what they are.
    fn to_dtype(&self, dtype: DType) -> Result<Self>;

    /// What of a row is conditioned on and what is the outcome, for grouping equal rows.
    fn keys(&self) -> Result<Keys>;

    /// The same rows, told by p̂ what it is of each, (m,) f64: for those whose gradient is made ready with ln q.
    #[must_use]
    fn weighed(self, _share: &Tensor) -> Self {
        self
    }
}

/// Rows of which a design matrix is conditioned on.
pub trait Explained: Batch {
    /// The design matrix, (m, d).
    fn x(&self) -> &Tensor;
}

/// The two parts of rows, as tensors whose first dimension is that of the rows.
#[derive(Clone, Debug)]
pub struct Keys {
    /// What is conditioned on (x), if anything is.
    pub given: Option<Tensor>,
    /// What the model gives the probability of.
    pub outcome: Tensor,
}

/// Numbers as a key; adding 0.0 makes −0.0 and 0.0 one.
pub(crate) fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|v| (v + 0.0).to_bits()).collect()
}

/// Observations of a marginal model: (m,) or (m, d).
impl Batch for Tensor {
    fn rows(&self) -> Result<usize> {
        match *self.dims() {
            [rows, ..] => Ok(rows),
            [] => Err(shape("the batch", &[], "(rows,) or (rows, columns)")),
        }
    }

    fn device(&self) -> Device {
        Tensor::device(self).clone()
    }

    fn dtype(&self) -> DType {
        if Tensor::dtype(self).is_float() { Tensor::dtype(self) } else { float(Tensor::device(self)) }
    }

    fn select(&self, rows: &Tensor) -> Result<Self> {
        Ok(self.index_select(rows, 0)?)
    }

    fn to_device(&self, device: &Device) -> Result<Self> {
        Ok(Tensor::to_device(self, device)?)
    }

    fn to_dtype(&self, dtype: DType) -> Result<Self> {
        Ok(if Tensor::dtype(self).is_float() { Tensor::to_dtype(self, dtype)? } else { self.clone() })
    }

    fn keys(&self) -> Result<Keys> {
        Ok(Keys { given: None, outcome: self.clone() })
    }
}

/// Observations of a conditional model: rows x (m, d), each with its class y (m,), and where it was so observed an offset (m,): what is
/// added to the logit of every class but class 0.
#[derive(Clone, Debug)]
pub struct Labelled {
    x: Tensor,
    y: Tensor,
    offset: Option<Tensor>,
    /// x with the offset as one more column.
    widened: LastSeen<Tensor>,
    /// One more than the largest class.
    classes: usize,
    /// What p̂ is of each row, (m,) f64; what it would be were all alike, before a p̂ has told.
    share: Tensor,
    /// Whether a gradient is made ready with ln q.
    ahead: Arc<AtomicBool>,
}

impl Labelled {
    /// `x` (m, d) float; `y` (m,) u32, counted from 0.
    ///
    /// # Errors
    /// Shapes that do not fit; a y of another type.
    pub fn new(x: Tensor, y: Tensor) -> Result<Self> {
        let (rows, _) = matrix("x", &x)?;
        if y.dims() != [rows] {
            return Err(shape("y", y.dims(), format!("({rows},), one class for each row of x,")));
        }
        if y.dtype() != DType::U32 {
            return Err(Error::Numbers { what: "y", got: y.dtype(), expected: "u32, the numbers of classes," });
        }
        let classes = slice(&y, |y: &[u32]| y.iter().copied().max().unwrap_or(0))? as usize + 1;
        Self::of(x, y, classes)
    }

    fn of(x: Tensor, y: Tensor, classes: usize) -> Result<Self> {
        let share = Tensor::new(1.0 / y.elem_count() as f64, &Device::Cpu)?.broadcast_as(y.elem_count())?;
        Ok(Self { x, y, offset: None, widened: LastSeen::default(), classes, share, ahead: Arc::default() })
    }

    /// With an offset (m,), in logits and of the type of x: for two classes what is added to the linear predictor with the
    /// coefficient 1.
    ///
    /// # Errors
    /// Another shape or type.
    pub fn with_offset(self, offset: Tensor) -> Result<Self> {
        response::fits("the offset", &offset, self.rows()?, &self.x)?;
        Ok(Self { offset: Some(offset), ..self })
    }

    /// What is added to the logit of every class but class 0, (m,), if anything is.
    pub fn offset(&self) -> Option<&Tensor> {
        self.offset.as_ref()
    }

    /// The design matrix, (m, d).
    pub fn x(&self) -> &Tensor {
        &self.x
    }

    /// The classes, (m,) u32.
    pub fn y(&self) -> &Tensor {
        &self.y
    }

    /// An error if there is a class beyond the `known` ones.
    pub fn at_most(&self, known: usize) -> Result<()> {
        if self.classes > known { Err(Error::Class { class: self.classes - 1, classes: known }) } else { Ok(()) }
    }

    /// ln q of all classes (m, k) as a classifier has them of x, with the offset of these rows.
    ///
    /// # Errors
    /// Another number of rows.
    pub fn with_offsets(&self, log_probs: Tensor) -> Result<Tensor> {
        let (rows, classes) = matrix("ln q of the classes", &log_probs)?;
        if rows != self.rows()? {
            return Err(shape("ln q of the classes", log_probs.dims(), format!("({}, classes)", self.rows()?)));
        }
        let Some(offset) = &self.offset else { return Ok(log_probs) };
        let of = like(offset, others(classes), (1, classes))?;
        log_softmax(&(log_probs + offset.unsqueeze(1)?.broadcast_mul(&of)?)?)
    }

    /// Of ln q of all classes (m, k) the one of each row's own class, (m,): the log_prob of any classifier.
    ///
    /// # Errors
    /// Another number of rows; a class beyond the k.
    pub fn observed(&self, log_probs: &Tensor) -> Result<Tensor> {
        let log_probs = self.with_offsets(log_probs.clone())?;
        let classes = log_probs.dim(1)?;
        self.at_most(classes)?;
        Ok(log_probs.gather(&self.y.unsqueeze(1)?, 1)?.squeeze(1)?)
    }

    /// The same where the logits are linear in `x`, these rows in a model's own coordinates: of k classes for slopes (k, d) and
    /// intercepts (k,), of the classes 0 and 1 for slopes (d,) and a scalar. On a CPU it is one pass over x, which makes the
    /// gradient ready.
    ///
    /// # Errors
    /// Shapes that do not fit; a class beyond the known ones.
    pub fn observed_linear(&self, x: &Tensor, slopes: &Tensor, intercepts: &Tensor) -> Result<Tensor> {
        self.at_most(if intercepts.rank() == 0 { 2 } else { intercepts.elem_count() })?;
        let columns = x.dim(1)?;
        let expected = [intercepts.dims(), &[columns]].concat();
        if slopes.dims() != expected {
            return Err(shape("the slopes", slopes.dims(), format!("{expected:?}")));
        }
        if x.dim(0)? != self.rows()? {
            return Err(shape("x", x.dims(), format!("({}, {columns})", self.rows()?)));
        }
        let Some(offset) = &self.offset else {
            return linear_log([x, &self.y, &self.share], [slopes, intercepts], &self.ahead);
        };
        // One more column, whose slope is held.
        let x = self.widened.of(x, || Ok(Tensor::cat(&[x, &offset.unsqueeze(1)?], 1)?))?;
        let held = match intercepts.rank() {
            0 => like(slopes, vec![1.0], 1)?,
            _ => like(slopes, others(intercepts.elem_count()), (intercepts.elem_count(), 1))?,
        };
        let slopes = Tensor::cat(&[slopes, &held], slopes.rank() - 1)?;
        linear_log([&x, &self.y, &self.share], [&slopes, intercepts], &self.ahead)
    }
}

impl Explained for Labelled {
    fn x(&self) -> &Tensor {
        self.x()
    }
}

impl Batch for Labelled {
    fn rows(&self) -> Result<usize> {
        self.x.rows()
    }

    fn device(&self) -> Device {
        self.x.device().clone()
    }

    fn dtype(&self) -> DType {
        Batch::dtype(&self.x)
    }

    fn select(&self, rows: &Tensor) -> Result<Self> {
        let offset = self.offset.as_ref().map(|offset| offset.select(rows)).transpose()?;
        Ok(Self { offset, ..Self::of(self.x.select(rows)?, self.y.select(rows)?, self.classes)? })
    }

    fn to_device(&self, device: &Device) -> Result<Self> {
        let offset = self.offset.as_ref().map(|offset| offset.to_device(device)).transpose()?;
        Ok(Self { x: self.x.to_device(device)?, y: self.y.to_device(device)?, offset, ..self.clone() })
    }

    fn to_dtype(&self, dtype: DType) -> Result<Self> {
        let offset = self.offset.as_ref().map(|offset| Batch::to_dtype(offset, dtype)).transpose()?;
        Ok(Self { x: Batch::to_dtype(&self.x, dtype)?, offset, ..self.clone() })
    }

    fn keys(&self) -> Result<Keys> {
        Ok(Keys { given: Some(response::given(&self.x, self.offset.as_ref())?), outcome: self.y.clone() })
    }

    fn weighed(self, share: &Tensor) -> Self {
        Self { share: share.clone(), ahead: Arc::default(), ..self }
    }
}

/// 1 for every class but class 0.
fn others(classes: usize) -> Vec<f64> {
    (0..classes).map(|class| if class == 0 { 0.0 } else { 1.0 }).collect()
}

/// What was made of the tensor that was looked at last: a descent looks at its data once, and not at every step.
#[derive(Debug)]
pub(crate) struct LastSeen<T>(Arc<Mutex<Option<(TensorId, T)>>>);

impl<T: Clone> LastSeen<T> {
    /// What `look` makes of x, which it looks at only where x is another.
    pub fn of(&self, x: &Tensor, look: impl FnOnce() -> Result<T>) -> Result<T> {
        // A poisoned lock still holds what was seen, or nothing.
        let mut last = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some((_, seen)) = last.as_ref().filter(|(id, _)| *id == x.id()) {
            return Ok(seen.clone());
        }
        let seen = look()?;
        // What a gradient reaches moves under the same name.
        *last = (!x.track_op()).then(|| (x.id(), seen.clone()));
        Ok(seen)
    }
}

/// Shared by all copies.
impl<T> Clone for LastSeen<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Default for LastSeen<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

/// What `of` makes of the elements of a tensor of this type, row by row on the host; they are copied only where they lie
/// elsewhere.
pub(crate) fn slice<T: WithDType, R>(tensor: &Tensor, of: impl FnOnce(&[T]) -> R) -> Result<R> {
    let tensor = tensor.to_device(&Device::Cpu)?.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    let Storage::Cpu(storage) = &*storage else { unreachable!("on the host") };
    Ok(of(&storage.as_slice::<T>()?[layout.start_offset()..][..layout.shape().elem_count()]))
}

/// All elements of a tensor on the host, in f64, row by row: without a copy where they are that already.
#[derive(Debug)]
pub(crate) struct Numbers(Tensor);

impl Numbers {
    pub fn of(tensor: &Tensor) -> Result<Self> {
        Ok(Self(tensor.detach().to_device(&Device::Cpu)?.to_dtype(DType::F64)?.contiguous()?))
    }

    pub fn with<R>(&self, of: impl FnOnce(&[f64]) -> R) -> R {
        let (storage, layout) = self.0.storage_and_layout();
        let Storage::Cpu(CpuStorage::F64(all)) = &*storage else { unreachable!("f64 on the host") };
        of(&all[layout.start_offset()..][..layout.shape().elem_count()])
    }
}

/// All elements on the host, in f64, row by row.
pub fn host(tensor: &Tensor) -> Result<Vec<f64>> {
    Ok(tensor.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?)
}

/// The one element of a scalar on the host, in f64.
pub fn number(tensor: &Tensor) -> Result<f64> {
    Ok(tensor.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.to_scalar()?)
}

/// Numbers as a tensor of the type and on the device of another.
pub fn like(other: &Tensor, values: Vec<f64>, shape: impl Into<candle_core::Shape>) -> Result<Tensor> {
    Ok(Tensor::from_vec(values, shape.into(), &Device::Cpu)?.to_dtype(other.dtype())?.to_device(other.device())?)
}

/// An error unless x holds numbers of the model's own type.
pub(crate) fn same_numbers(x: &Tensor, own: &Tensor) -> Result<()> {
    if x.dtype() == own.dtype() {
        return Ok(());
    }
    Err(Error::Numbers { what: "the batch", got: x.dtype(), expected: own.dtype().as_str() })
}
