//! The observed Fisher information of classifiers that are linear in the logits: one pass Σ w x xᵀ over the rows.

use std::borrow::Cow;

use candle_core::{CpuStorage, DType, Storage, Tensor};
use nalgebra::{DMatrix, DMatrixView, DVector, Dyn};
use rayon::prelude::*;

use crate::batch::{host, like};
use crate::error::{Error, Result};
use crate::ops::valued;

/// A family whose observed Fisher information, −Σ ∂² ln q, is known in closed form.
pub trait Curved<B> {
    /// Which of the numbers that are learnt the information is of, counted through the variables in the order of their names. What
    /// the others say, as those of class 0 of a softmax, these say already: they may stay where they are.
    fn free(&self) -> Vec<usize>;

    /// −Σ_i mass_i ∂² ln q(row i) in the free numbers, (r, r), in the coordinates in which they are learnt.
    ///
    /// # Errors
    /// Rows that the model cannot score.
    fn information(&self, batch: &B, mass: &[f64]) -> Result<DMatrix<f64>>;

    /// What a descent walks by: the information at the maximum, and far from it what bends nowhere the wrong way.
    ///
    /// # Errors
    /// As [`information`](Self::information).
    fn bowl(&self, batch: &B, mass: &[f64]) -> Result<DMatrix<f64>> {
        self.information(batch, mass)
    }

    /// ln det of the same in the data's own units, a scalar in the graph: what Firth's penalty is half of.
    ///
    /// # Errors
    /// A singular information.
    fn log_det(&self, batch: &B, mass: &[f64]) -> Result<Tensor>;
}

/// How many rows are multiplied at once: as many as stay in the cache.
const BLOCK: usize = 256;
/// Into how many parts at most the rows go, each with a sum of its own: the same ones for any number of threads, so that the sum
/// has the same bits.
const PARTS: usize = 16;
/// How many multiplications are worth a part.
const WORTH: usize = 1 << 20;

/// The information of a softmax of the logits θ_a·(x, 1), a = 1 … k−1, against class 0, whose logit is 0: for the rows of x (m, d)
/// and `theta` (k − 1, d + 1) the sum of mass (diag(q) − q qᵀ) ⊗ (x, 1)(x, 1)ᵀ, its rows and columns in the order of `theta`. Where
/// not every class is `open` to every row (m, k), the others have no part in its softmax. Rows of mass 0 cost nothing.
pub(crate) fn of_logits(x: &[f64], columns: usize, theta: &[f64], mass: &[f64], open: Option<&[bool]>) -> DMatrix<f64> {
    let (width, size) = (columns + 1, theta.len());
    let rows: Vec<usize> = (0..mass.len()).filter(|row| mass[*row] > 0.0).collect();
    let parts = (rows.len().saturating_mul(size * size) / WORTH).clamp(1, PARTS);
    let each = rows.len().div_ceil(parts).max(BLOCK);
    let sums: Vec<DMatrix<f64>> = rows
        .par_chunks(each)
        .map(|part| {
            let mut pass = Pass::new(width, size / width);
            part.chunks(BLOCK).for_each(|block| pass.add(block, x, theta, mass, open));
            pass.sum
        })
        .collect();
    let mut sum = DMatrix::zeros(size, size);
    sums.into_iter().for_each(|part| sum += part);
    sum.fill_upper_triangle_with_lower_triangle();
    sum
}

/// The same where an offset (m,) is added to the logit of every class but class 0: it is one more column, whose slope of 1 is held.
pub(crate) fn with_offset(
    x: &[f64],
    columns: usize,
    theta: &[f64],
    mass: &[f64],
    open: Option<&[bool]>,
    offset: Option<&[f64]>,
) -> DMatrix<f64> {
    let Some(offset) = offset else { return of_logits(x, columns, theta, mass, open) };
    let (width, size) = (columns + 1, theta.len());
    let wide = |row: usize| x[row * columns..][..columns].iter().copied().chain([offset[row]]);
    let x: Vec<f64> = (0..offset.len()).flat_map(wide).collect();
    let of = |of: &[f64]| [&of[..columns], &[1.0], &of[columns..]].concat();
    let held: Vec<f64> = theta.chunks(width).flat_map(of).collect();
    let all = of_logits(&x, columns + 1, &held, mass, open);
    let place = |at: usize| at / width * (width + 1) + at % width + usize::from(at % width == columns);
    DMatrix::from_fn(size, size, |i, j| all[(place(i), place(j))])
}

/// The sum so far, below its diagonal, and the room that a block needs.
struct Pass {
    width: usize,
    others: usize,
    sum: DMatrix<f64>,
    /// (x, 1), row by row.
    plain: Vec<f64>,
    /// (x, 1) times a weight a row.
    scaled: Vec<f64>,
    /// q ⊗ (x, 1).
    spread: Vec<f64>,
    q: Vec<f64>,
}

impl Pass {
    fn new(width: usize, others: usize) -> Self {
        let size = width * others;
        let room = |of: usize| vec![0.0; BLOCK * of];
        let spread = if others > 1 { room(size) } else { vec![] };
        Self {
            width,
            others,
            sum: DMatrix::zeros(size, size),
            plain: room(width),
            scaled: room(width),
            spread,
            q: room(others),
        }
    }

    fn add(&mut self, block: &[usize], x: &[f64], theta: &[f64], mass: &[f64], open: Option<&[bool]>) {
        let (width, others, rows) = (self.width, self.others, block.len());
        let columns = width - 1;
        let mut own = vec![0.0; rows * others];
        for (row, at) in block.iter().enumerate() {
            let plain = &mut self.plain[row * width..][..width];
            plain[..columns].copy_from_slice(&x[at * columns..][..columns]);
            plain[columns] = 1.0;
            let q = &mut self.q[row * others..][..others];
            q.iter_mut().zip(theta.chunks(width)).for_each(|(q, of)| *q = dot(of, plain));
            let own = &mut own[row * others..][..others];
            probabilities(q, own, open.map(|open| &open[at * (others + 1)..][..=others]));
            own.iter_mut().for_each(|own| *own *= mass[*at]);
        }
        for a in 0..others {
            self.scale(rows, |row| own[row * others + a]);
            let (scaled, plain) = (across(&self.scaled, rows, width), along(&self.plain, rows, width));
            self.sum.view_mut((a * width, a * width), (width, width)).gemm(1.0, &scaled, &plain, 1.0);
            if a == 0 && others == 1 {
                break;
            }
            let q = &self.q;
            for row in 0..rows {
                let to = &mut self.spread[row * width * others + a * width..][..width];
                to.iter_mut().zip(&self.plain[row * width..]).for_each(|(to, x)| *to = q[row * others + a] * x);
            }
            if a > 0 {
                for (row, at) in block.iter().enumerate() {
                    let weight = -mass[*at] * self.q[row * others + a];
                    let plain = &self.plain[row * width..][..width];
                    self.scaled[row * width..][..width].iter_mut().zip(plain).for_each(|(to, x)| *to = weight * x);
                }
                let before = DMatrixView::from_slice_with_strides_generic(
                    &self.spread,
                    Dyn(rows),
                    Dyn(a * width),
                    Dyn(width * others),
                    Dyn(1),
                );
                let scaled = across(&self.scaled, rows, width);
                self.sum.view_mut((a * width, 0), (width, a * width)).gemm(1.0, &scaled, &before, 1.0);
            }
        }
    }

    fn scale(&mut self, rows: usize, weight: impl Fn(usize) -> f64) {
        for row in 0..rows {
            let (weight, plain) = (weight(row), &self.plain[row * self.width..][..self.width]);
            self.scaled[row * self.width..][..self.width].iter_mut().zip(plain).for_each(|(to, x)| *to = weight * x);
        }
    }
}

type Strided<'a> = nalgebra::MatrixView<'a, f64, Dyn, Dyn, Dyn, Dyn>;

/// Rows of so many numbers as the columns of a matrix.
fn across(rows: &[f64], count: usize, width: usize) -> Strided<'_> {
    Strided::from_slice_with_strides_generic(rows, Dyn(width), Dyn(count), Dyn(1), Dyn(width))
}

/// Rows of so many numbers as the rows of a matrix.
fn along(rows: &[f64], count: usize, width: usize) -> Strided<'_> {
    Strided::from_slice_with_strides_generic(rows, Dyn(count), Dyn(width), Dyn(width), Dyn(1))
}

/// The logits of the classes but class 0 become their probabilities, and `own` the q (1 − q) of each: by what the other classes
/// have, which keeps its digits where q is near 1.
fn probabilities(q: &mut [f64], own: &mut [f64], open: Option<&[bool]>) {
    let closed = |class: usize| open.is_some_and(|open| !open[class]);
    let base = if closed(0) { f64::NEG_INFINITY } else { 0.0 };
    (0..q.len()).filter(|a| closed(a + 1)).for_each(|a| q[a] = f64::NEG_INFINITY);
    let top = q.iter().copied().fold(base, f64::max);
    let base = (base - top).exp();
    let mut sum = base;
    for q in &mut *q {
        *q = (*q - top).exp();
        sum += *q;
    }
    q.iter_mut().for_each(|q| *q /= sum);
    for (a, own) in own.iter_mut().enumerate() {
        let rest = if q[a] < 0.5 {
            1.0 - q[a]
        } else {
            base / sum + (0..q.len()).filter(|b| *b != a).map(|b| q[b]).sum::<f64>()
        };
        *own = q[a] * rest;
    }
}

/// ln det of the information of a softmax, a scalar in the graph of its `log_q` (m, k): for the x (m, d) and θ of [`of_logits`].
///
/// Its derivative in ln q_a of a row is mass q_a (K_aa − 2 Σ_b K_ab q_b), with K_ab = (x, 1)ᵀ (I⁻¹)_ab (x, 1): at class 0 it is 0.
///
/// # Errors
/// An information that is singular: the data do not determine every coefficient.
pub(crate) fn log_det(
    x: &Tensor,
    log_q: &Tensor,
    theta: &[f64],
    mass: &[f64],
    offset: Option<&[f64]>,
) -> Result<Tensor> {
    let (columns, classes) = (x.dim(1)?, log_q.dim(1)?);
    let (others, width) = (classes - 1, columns + 1);
    let information = with_numbers(x, |x| with_offset(x, columns, theta, mass, None, offset))?;
    let root = information.cholesky().ok_or(Error::Singular)?;
    let value = 2.0 * root.l_dirty().diagonal().iter().map(|pivot| pivot.ln()).sum::<f64>();
    let inverse = root.inverse();
    let q: Vec<f64> = host(log_q)?.into_iter().map(f64::exp).collect();
    let slopes = with_numbers(x, |x| {
        let mut slopes = vec![0.0; q.len()];
        slopes.par_chunks_mut(classes).enumerate().for_each(|(row, slopes)| {
            let x = DVector::from_iterator(width, x[row * columns..][..columns].iter().copied().chain([1.0]));
            let q = &q[row * classes + 1..][..others];
            let k = |a: usize, b: usize| {
                let block = inverse.view((a * width, b * width), (width, width));
                (block * &x).dot(&x)
            };
            for a in (0..others).filter(|a| q[*a] > 0.0) {
                let along: f64 = (0..others).map(|b| k(a, b) * q[b]).sum();
                slopes[a + 1] = mass[row] * q[a] * (k(a, a) - 2.0 * along);
            }
        });
        slopes
    })?;
    let linear = (log_q * like(log_q, slopes, log_q.dims())?)?.sum_all()?.to_dtype(DType::F64)?;
    valued(&linear, &Tensor::new(value, log_q.device())?)
}

/// Σ a b, term by term.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// What `of` makes of a tensor's numbers, row by row; without a copy where they are f64 and lie on the host.
pub(crate) fn with_numbers<T>(tensor: &Tensor, of: impl FnOnce(&[f64]) -> T) -> Result<T> {
    let (storage, layout) = tensor.storage_and_layout();
    let numbers = match (&*storage, layout.contiguous_offsets()) {
        (Storage::Cpu(CpuStorage::F64(all)), Some((from, upto))) => Cow::Borrowed(&all[from..upto]),
        _ => Cow::Owned(host(tensor)?),
    };
    Ok(of(&numbers))
}
