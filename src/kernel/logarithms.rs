//! ln σ and ln softmax of tensors, and what an upstream gradient makes of them.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, bail};
use nalgebra::RealField;

/// ln σ(z), elementwise.
pub(crate) struct LogSigmoid;

/// u σ(−z) for (z, u): what an upstream gradient u makes of it.
struct LogSigmoidSlope;

/// ln softmax(z) over rows of so many.
pub(crate) struct LogSoftmax(pub usize);

/// u − eᵛ Σ u for (v, u) over rows of so many, v the ln softmax.
struct LogSoftmaxSlope(usize);

impl CustomOp1 for LogSigmoid {
    fn name(&self) -> &'static str {
        "log_sigmoid"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        fn each<T: RealField + Copy>(z: &[T]) -> Vec<T> {
            z.iter().map(|z| z.min(nalgebra::zero()) - (-z.abs()).exp().ln_1p()).collect()
        }
        Ok((unary(storage, layout, each, each)?, layout.shape().clone()))
    }

    fn bwd(&self, z: &Tensor, _: &Tensor, upstream: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(z.contiguous()?.apply_op2_no_bwd(&upstream.contiguous()?, &LogSigmoidSlope)?))
    }
}

impl CustomOp2 for LogSigmoidSlope {
    fn name(&self) -> &'static str {
        "log_sigmoid_slope"
    }

    fn cpu_fwd(&self, z: &CpuStorage, l: &Layout, u: &CpuStorage, m: &Layout) -> Result<(CpuStorage, Shape)> {
        fn each<T: RealField + Copy>(z: &[T], u: &[T]) -> Vec<T> {
            let slope = |z: &T| {
                let e = (-z.abs()).exp();
                (if *z >= nalgebra::zero() { e } else { nalgebra::one() }) / (e + nalgebra::one())
            };
            z.iter().zip(u).map(|(z, u)| *u * slope(z)).collect()
        }
        Ok((binary((z, l), (u, m), each, each)?, l.shape().clone()))
    }
}

impl CustomOp1 for LogSoftmax {
    fn name(&self) -> &'static str {
        "log_softmax"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        fn rows<T: RealField + Copy>(z: &[T], k: usize) -> Vec<T> {
            let mut all = Vec::with_capacity(z.len());
            for row in z.chunks(k) {
                let (mut at, mut top) = (0, row[0]);
                for (i, z) in row.iter().enumerate().skip(1) {
                    if *z > top {
                        (at, top) = (i, *z);
                    }
                }
                // Leaving the largest term out, e⁰ = 1, keeps the digits of a small rest. Of an infinite one it is no number.
                let mut rest = top * nalgebra::zero();
                for (i, z) in row.iter().enumerate() {
                    if i != at {
                        rest += (*z - top).exp();
                    }
                }
                let lifted = rest.ln_1p();
                all.extend(row.iter().map(|z| *z - top - lifted));
            }
            all
        }
        let k = self.0;
        Ok((unary(storage, layout, |z| rows(z, k), |z| rows(z, k))?, layout.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, value: &Tensor, upstream: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(value.apply_op2_no_bwd(&upstream.contiguous()?, &LogSoftmaxSlope(self.0))?))
    }
}

impl CustomOp2 for LogSoftmaxSlope {
    fn name(&self) -> &'static str {
        "log_softmax_slope"
    }

    fn cpu_fwd(&self, v: &CpuStorage, l: &Layout, u: &CpuStorage, m: &Layout) -> Result<(CpuStorage, Shape)> {
        fn rows<T: RealField + Copy>(v: &[T], u: &[T], k: usize) -> Vec<T> {
            let mut all = Vec::with_capacity(v.len());
            for (v, u) in v.chunks(k).zip(u.chunks(k)) {
                let sum = u.iter().fold(nalgebra::zero(), |sum: T, u| sum + *u);
                all.extend(v.iter().zip(u).map(|(v, u)| *u - v.exp() * sum));
            }
            all
        }
        let k = self.0;
        Ok((binary((v, l), (u, m), |v, u| rows(v, u, k), |v, u| rows(v, u, k))?, l.shape().clone()))
    }
}

/// A tensor's numbers where they lie one after the other, and nothing else of its storage.
fn numbers<'a, T>(all: &'a [T], layout: &Layout) -> Result<&'a [T]> {
    match layout.contiguous_offsets() {
        Some((from, to)) => Ok(&all[from..to]),
        None => bail!("a kernel needs a contiguous tensor"),
    }
}

fn unary(
    storage: &CpuStorage,
    layout: &Layout,
    f32s: impl Fn(&[f32]) -> Vec<f32>,
    f64s: impl Fn(&[f64]) -> Vec<f64>,
) -> Result<CpuStorage> {
    match storage {
        CpuStorage::F32(z) => Ok(CpuStorage::F32(f32s(numbers(z, layout)?))),
        CpuStorage::F64(z) => Ok(CpuStorage::F64(f64s(numbers(z, layout)?))),
        _ => bail!("a kernel needs f32 or f64"),
    }
}

fn binary(
    (a, l): (&CpuStorage, &Layout),
    (b, m): (&CpuStorage, &Layout),
    f32s: impl Fn(&[f32], &[f32]) -> Vec<f32>,
    f64s: impl Fn(&[f64], &[f64]) -> Vec<f64>,
) -> Result<CpuStorage> {
    match (a, b) {
        (CpuStorage::F32(a), CpuStorage::F32(b)) => Ok(CpuStorage::F32(f32s(numbers(a, l)?, numbers(b, m)?))),
        (CpuStorage::F64(a), CpuStorage::F64(b)) => Ok(CpuStorage::F64(f64s(numbers(a, l)?, numbers(b, m)?))),
        _ => bail!("a kernel needs f32 or f64"),
    }
}
