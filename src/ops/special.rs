//! The gamma function and its kin, elementwise, each with its value and its derivative side by side. Both are worked out on the host in
//! f64, by the functions of [`info::special`](candle_mle_info::special), whatever the tensor's type and device: on a GPU that is a
//! wait, which a scalar parameter hardly feels.

use candle_core::{DType, Device, Tensor};
use candle_mle_info::special;

use super::{Carrier, second_order, with_derivative};
use crate::error::Result;

/// ln Γ(z) for z > 0, any shape. Its derivative is ψ(z), [`digamma`]. To 1e-14 of the larger of 1 and itself.
pub fn lgamma(z: &Tensor) -> Result<Tensor> {
    elementwise(z, |z| [special::ln_gamma(z), special::digamma(z)])
}

/// ψ(z) = d ln Γ(z)/dz for z > 0, any shape. Its derivative is the trigamma function ψ′(z), to 1e-13 of itself. To 1e-14 of the larger of
/// 1 and itself.
pub fn digamma(z: &Tensor) -> Result<Tensor> {
    elementwise(z, |z| [special::digamma(z), special::trigamma(z)])
}

/// ln Γ(z) − z ln z + z: ln Γ without its growth, which a density has elsewhere.
pub(crate) fn lgamma_rest(z: &Tensor) -> Result<Tensor> {
    elementwise(z, |z| [special::ln_gamma_rest(z), special::digamma_rest(z)])
}

/// ln(1 + v) for v > −1, with the digits that 1 + v drops.
pub(crate) fn log_plus_one(v: &Tensor) -> Result<Tensor> {
    elementwise(v, |v| [v.ln_1p(), 1.0 / (1.0 + v)])
}

/// e^u − 1 − u, never negative and 0 at 0 only: half the deviance of a mean that is e^u times what it should be. Its derivative is
/// e^u − 1. Both keep their digits near 0.
pub(crate) fn unit_deviance(u: &Tensor) -> Result<Tensor> {
    let value = second_order(&u.neg()?)?;
    let slope = (&value + u.detach())?;
    with_derivative(u, &value, move |upstream| upstream * &slope)
}

/// |x − m| for numbers x (m,) and one location, a scalar. The sum of such has a kink in m wherever m is one of the x: there the derivative is
/// the smallest that a tangent from below can have, which is 0 just where no move makes the sum less, as at a median.
pub(crate) fn deviation(x: &Tensor, m: &Tensor) -> Result<Tensor> {
    let from = x.broadcast_sub(&m.detach())?;
    let (sign, shape) = (from.neg()?.sign()?, from.shape().clone());
    let pull = move |upstream: &Tensor| {
        let beside = (&sign * upstream)?.sum_all()?;
        // What the rows at the kink may add, with either sign.
        let at = ((sign.abs()?.neg()? + 1.0)? * upstream.abs()?)?.sum_all()?;
        beside.sign()? * (beside.abs()? - at)?.relu()?
    };
    Ok((m.apply_op1(Carrier { shape: Some(shape), pull })? + from.abs()?)?)
}

/// A function and its derivative, at every element.
pub(crate) fn elementwise(z: &Tensor, f: impl Fn(f64) -> [f64; 2]) -> Result<Tensor> {
    let (mut values, mut slopes) = (vec![], vec![]);
    for z in z.detach().to_device(&Device::Cpu)?.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>()? {
        let [value, slope] = f(z);
        values.push(value);
        slopes.push(slope);
    }
    let like = |values| Tensor::from_vec(values, z.shape(), &Device::Cpu)?.to_dtype(z.dtype())?.to_device(z.device());
    let slope = like(slopes)?;
    with_derivative(z, &like(values)?, move |upstream| upstream * &slope)
}
