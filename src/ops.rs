//! The logarithms that Candle lacks, each with its value and its derivative side by side.
//!
//! Written out of `exp`, `abs` and `max` alone, automatic differentiation would meet their kinks at zero, which is
//! where every convex family starts. So the value is computed apart from the graph and the derivative is stated.

mod special;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use candle_core::backend::{BackendDevice, BackendStorage};
use candle_core::{CpuStorage, CudaStorage, CustomOp1, D, DType, Layout, MetalStorage, Shape, Tensor};

pub(crate) use special::{deviation, elementwise, lgamma_rest, log_plus_one, unit_deviance};
pub use special::{digamma, lgamma};

use crate::error::{Error, Result, shape};
use crate::kernel::{LinearLog, Link, LogSigmoid, LogSoftmax, fuses, residuals};

/// ln σ(z) = −ln(1 + e⁻ᶻ), elementwise, any shape.
///
/// Exact to rounding, also relatively, wherever the result is a number of the type: ln σ(40) = −4.2e-18, ln σ(−1e4) = −1e4.
/// The derivative is σ(−z), ½ at zero. Lecture row L4.
pub fn log_sigmoid(z: &Tensor) -> Result<Tensor> {
    if fused(z) {
        return Ok(z.contiguous()?.apply_op1(LogSigmoid)?);
    }
    let at = z.detach();
    let e = at.abs()?.neg()?.exp()?;
    let value = (at.minimum(&at.zeros_like()?)? - log1p(&e)?)?;
    let slope = (at.ge(&at.zeros_like()?)?.where_cond(&e, &e.ones_like()?)? / (&e + 1.0)?)?;
    with_derivative(z, &value, move |upstream| upstream * &slope)
}

/// ln softmax(z) over the last dimension; z is (…, k).
///
/// Exact to rounding, also relatively, for the largest logit; a logit of −∞ is a probability of 0. One of +∞ has the
/// value NaN, as has every logit of a row in which all are −∞: neither means any probabilities. The derivative of
/// −ln softmax(z)_y in the logits is softmax(z) − e_y, also where a logit is −∞. Lecture row L3.
pub fn log_softmax(z: &Tensor) -> Result<Tensor> {
    if fused(z) && z.elem_count() > 0 {
        return Ok(z.contiguous()?.apply_op1(LogSoftmax(z.dim(D::Minus1)?))?);
    }
    let at = z.detach();
    let shifted = at.broadcast_sub(&at.max_keepdim(D::Minus1)?)?;
    let e = shifted.exp()?;
    // Σ e = 1 + rest: leaving the largest term out, e⁰ = 1, keeps the digits of a small rest.
    let largest = at.argmax_keepdim(D::Minus1)?;
    let one = (e.narrow(D::Minus1, 0, 1)?.zeros_like()? - 1.0)?;
    let rest = e.contiguous()?.scatter_add(&largest, &one, D::Minus1)?.sum_keepdim(D::Minus1)?;
    let value = shifted.broadcast_sub(&log1p(&rest)?)?;
    let softmax = e.broadcast_div(&(rest + 1.0)?)?;
    with_derivative(z, &value, move |upstream| upstream - softmax.broadcast_mul(&upstream.sum_keepdim(D::Minus1)?)?)
}

/// Whether one pass of our own does it: on the CPU, of the numbers that a fit is made of. Elsewhere primitives are composed.
fn fused(z: &Tensor) -> bool {
    z.device().is_cpu() && matches!(z.dtype(), DType::F32 | DType::F64)
}

/// x wᵀ for x (m, d) and w (k, d): (m, k). Of data, which no gradient is asked of, none is made: in automatic differentiation that
/// of x is m × d numbers at every step, for nobody.
pub fn linear(x: &Tensor, w: &Tensor) -> Result<Tensor> {
    if x.track_op() {
        return Ok(x.matmul(&w.t()?)?);
    }
    let value = x.matmul(&w.detach().t()?)?;
    let (x, shape) = (x.clone(), value.shape().clone());
    let pull = move |upstream: &Tensor| upstream.t()?.matmul(&x);
    Ok((w.apply_op1(Carrier { shape: Some(shape), pull })? + value)?)
}

/// ln q of each row's own class, (m,), where the logits are x wᵀ + b: of the classes 0 and 1 for w (d,) and a scalar b, of k for
/// w (k, d) and b (k,). x is (m, d) and y (m,) whole numbers, less than the number of classes; `share` (m,) is what each row is of
/// p̂, of which the gradient is made ready, if `ahead` says so.
pub(crate) fn linear_log([x, y, share]: [&Tensor; 3], [w, b]: [&Tensor; 2], ahead: &Arc<AtomicBool>) -> Result<Tensor> {
    let link = if b.rank() == 0 { Link::Logistic } else { Link::Softmax };
    if fused(x) && fuses() && !x.track_op() {
        let op = LinearLog::new(link, [&x.contiguous()?, &y.contiguous()?, share], [w, b], ahead)?;
        return Ok(w.apply_op2(b, op)?);
    }
    match link {
        Link::Logistic => {
            // Class 1 asks for σ(z), class 0 for 1 − σ(z) = σ(−z): the sign of 2y − 1.
            let z = linear(x, &w.unsqueeze(0)?)?.squeeze(1)?.broadcast_add(b)?;
            let sign = ((y.to_dtype(z.dtype())? * 2.0)? - 1.0)?;
            log_sigmoid(&(z * sign)?)
        }
        Link::Softmax => {
            let log_probs = log_softmax(&linear(x, w)?.broadcast_add(b)?)?;
            Ok(log_probs.gather(&y.unsqueeze(1)?, 1)?.squeeze(1)?)
        }
    }
}

/// ln q of the classes `y` of m rows, (m,), where the logits are x wᵀ + b, and by how much each logit falls short, ∂ ln q/∂ logit,
/// row by row: of the classes 0 and 1 for d slopes and one intercept, one number a row; of k classes for k rows of slopes and k
/// intercepts, k numbers. On the host, without a graph.
///
/// The numbers of a row are the same to the last bit in whatever batch it stands and on any processor: what exact sums of them need
/// that are split among machines.
///
/// ```
/// use candle_mle::ops::linear_residuals;
/// let (log_q, residuals) = linear_residuals([&[0.5, -1.0], &[2.0], &[0.0]], &[1, 0])?;
/// let q = |z: f64| 1.0 / (1.0 + (-z).exp());
/// assert!((log_q[0] - q(1.0).ln()).abs() < 1e-15 && (residuals[1] + q(-2.0)).abs() < 1e-15);
/// # Ok::<(), candle_mle::Error>(())
/// ```
///
/// # Errors
/// Numbers that do not fit; a class beyond the known ones.
pub fn linear_residuals([x, slopes, intercepts]: [&[f64]; 3], y: &[u32]) -> Result<(Vec<f64>, Vec<f64>)> {
    let k = intercepts.len();
    let columns = slopes.len() / k.max(1);
    if k == 0 || slopes.len() != columns * k || x.len() != columns * y.len() {
        return Err(shape("x", &[x.len()], format!("{} rows of {columns} numbers", y.len())));
    }
    let (link, known) = if k == 1 { (Link::Logistic, 2) } else { (Link::Softmax, k) };
    match y.iter().max() {
        Some(class) if *class as usize >= known => Err(Error::Class { class: *class as usize, classes: known }),
        _ => Ok(residuals(link, [x, slopes, intercepts], y)),
    }
}

/// ln Σ exp(z) over a dimension, which goes. Where every term is −∞ so is the sum, and no ∞ − ∞ stands in its way.
pub fn log_sum_exp(z: &Tensor, dim: usize) -> Result<Tensor> {
    let nothing = z.detach().max_keepdim(dim)?.eq(f64::NEG_INFINITY)?;
    let sum = nothing.broadcast_as(z.shape())?.where_cond(&z.zeros_like()?, z)?.log_sum_exp(dim)?;
    let none = (sum.zeros_like()? + f64::NEG_INFINITY)?;
    Ok(nothing.squeeze(dim)?.where_cond(&none, &sum)?)
}

/// e⁻ᵈ − 1 + d, elementwise: d less what it is to first order, and never negative. Without a derivative.
pub(crate) fn second_order(d: &Tensor) -> Result<Tensor> {
    let at = d.detach();
    let far = ((at.neg()?.exp()? - 1.0)? + &at)?;
    // Σ (−d)ⁿ/n! from n = 2, of which eight terms are enough where the difference above would lose digits.
    let series = (3..=9)
        .rev()
        .try_fold((at.zeros_like()? + 1.0)?, |sum, n| (at.neg()? * sum)?.affine(1.0 / f64::from(n), 1.0))?;
    let near = at.abs()?.lt(0.05)?;
    Ok(near.where_cond(&((at.sqr()? * series)? * 0.5)?, &far)?)
}

/// The value of one scalar with the derivative of another.
pub(crate) fn valued(z: &Tensor, value: &Tensor) -> Result<Tensor> {
    with_derivative(z, &value.detach(), |upstream| Ok(upstream.clone()))
}

/// The masks of a triangular matrix (k, k), made once and not at every step: ones below the diagonal, ones on it.
#[derive(Clone, Debug)]
pub(crate) struct Triangle {
    below: Tensor,
    diagonal: Tensor,
}

impl Triangle {
    /// Of the type and on the device of another tensor.
    pub fn new(k: usize, like: &Tensor) -> Result<Self> {
        let diagonal = Tensor::eye(k, like.dtype(), like.device())?;
        Ok(Self { below: (Tensor::tril2(k, like.dtype(), like.device())? - &diagonal)?, diagonal })
    }

    pub fn below(&self) -> &Tensor {
        &self.below
    }

    pub fn diagonal(&self) -> &Tensor {
        &self.diagonal
    }
}

/// ln(1 + u) for u ≥ 0 with the digits that 1 + u drops: ln(w) · u / (w − 1), w = 1 + u (Kahan; Higham 2002, §1.14.1).
fn log1p(u: &Tensor) -> Result<Tensor> {
    let w = (u + 1.0)?;
    let kept = (&w - 1.0)?;
    let lost = kept.eq(&kept.zeros_like()?)?;
    let log = ((w.log()? * u)? / lost.where_cond(&kept.ones_like()?, &kept)?)?;
    Ok(lost.where_cond(u, &log)?)
}

/// `value` as a function of `z` whose backward pass is `pull`: upstream gradient of the value ↦ gradient of z.
fn with_derivative<F>(z: &Tensor, value: &Tensor, pull: F) -> Result<Tensor>
where
    F: Fn(&Tensor) -> candle_core::Result<Tensor> + Send + Sync + 'static,
{
    Ok((z.apply_op1(Carrier { shape: None, pull })? + value)?)
}

/// Zero everywhere, with a derivative: it carries a gradient past a value that was computed apart.
struct Carrier<F> {
    /// Of the value, if not that of what it is a function of.
    shape: Option<Shape>,
    pull: F,
}

impl<F: Fn(&Tensor) -> candle_core::Result<Tensor>> CustomOp1 for Carrier<F> {
    fn name(&self) -> &'static str {
        "carrier"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        zeros(storage, self.shape.as_ref().unwrap_or(layout.shape()))
    }

    fn cuda_fwd(&self, storage: &CudaStorage, layout: &Layout) -> candle_core::Result<(CudaStorage, Shape)> {
        zeros(storage, self.shape.as_ref().unwrap_or(layout.shape()))
    }

    fn metal_fwd(&self, storage: &MetalStorage, layout: &Layout) -> candle_core::Result<(MetalStorage, Shape)> {
        zeros(storage, self.shape.as_ref().unwrap_or(layout.shape()))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, upstream: &Tensor) -> candle_core::Result<Option<Tensor>> {
        Ok(Some((self.pull)(upstream)?))
    }
}

fn zeros<S, Dev>(storage: &S, shape: &Shape) -> candle_core::Result<(S, Shape)>
where
    S: BackendStorage<Device = Dev>,
    Dev: BackendDevice<Storage = S>,
{
    Ok((storage.device().zeros_impl(shape, storage.dtype())?, shape.clone()))
}
