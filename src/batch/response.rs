//! Rows of a regression: x, and a number that is to be predicted from it.

use candle_core::{DType, Device, Tensor};

use super::{Batch, Explained, Keys};
use crate::error::{Error, Result, matrix, shape};

/// Observations of a regression: rows x (m, d), each with a number y (m,), and where it was so observed an offset (m,): what is added to
/// the linear predictor with the coefficient 1, such as the logarithm of an exposure.
#[derive(Clone, Debug)]
pub struct Response {
    x: Tensor,
    y: Tensor,
    offset: Option<Tensor>,
}

impl Response {
    /// `x` (m, d) and `y` (m,), of one type of floating-point numbers.
    ///
    /// # Errors
    /// Shapes that do not fit; a y of another type.
    pub fn new(x: Tensor, y: Tensor) -> Result<Self> {
        let (rows, _) = matrix("x", &x)?;
        fits("y", &y, rows, &x)?;
        Ok(Self { x, y, offset: None })
    }

    /// With an offset of the linear predictor, (m,).
    ///
    /// # Errors
    /// Another shape or type.
    pub fn with_offset(mut self, offset: Tensor) -> Result<Self> {
        fits("the offset", &offset, self.rows()?, &self.x)?;
        self.offset = Some(offset);
        Ok(self)
    }

    /// The design matrix, (m, d).
    pub fn x(&self) -> &Tensor {
        &self.x
    }

    /// What is predicted, (m,).
    pub fn y(&self) -> &Tensor {
        &self.y
    }

    /// What is added to the linear predictor, (m,), if anything is.
    pub fn offset(&self) -> Option<&Tensor> {
        self.offset.as_ref()
    }

    fn each(&self, f: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Self> {
        Ok(Self { x: f(&self.x)?, y: f(&self.y)?, offset: self.offset.as_ref().map(f).transpose()? })
    }
}

pub(super) fn fits(what: &'static str, tensor: &Tensor, rows: usize, x: &Tensor) -> Result<()> {
    if tensor.dims() != [rows] {
        return Err(shape(what, tensor.dims(), format!("({rows},), one number for each row of x,")));
    }
    if tensor.dtype() != x.dtype() {
        return Err(Error::Numbers { what, got: tensor.dtype(), expected: x.dtype().as_str() });
    }
    Ok(())
}

impl Explained for Response {
    fn x(&self) -> &Tensor {
        self.x()
    }
}

impl Batch for Response {
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
        self.each(|tensor| tensor.select(rows))
    }

    fn to_device(&self, device: &Device) -> Result<Self> {
        self.each(|tensor| Batch::to_device(tensor, device))
    }

    fn to_dtype(&self, dtype: DType) -> Result<Self> {
        self.each(|tensor| Batch::to_dtype(tensor, dtype))
    }

    fn keys(&self) -> Result<Keys> {
        Ok(Keys { given: Some(given(&self.x, self.offset.as_ref())?), outcome: self.y.clone() })
    }
}

/// What is conditioned on: x, and an offset.
pub(super) fn given(x: &Tensor, offset: Option<&Tensor>) -> Result<Tensor> {
    Ok(match offset {
        Some(offset) => Tensor::cat(&[x, &offset.unsqueeze(1)?], 1)?,
        None => x.clone(),
    })
}
