//! What one pass over memory computes is what the primitives of Candle compose, values and gradients, over shapes, strides and types,
//! with extreme logits and infinite ones.

use anyhow::{Context, Result, ensure};
use candle_core::{D, DType, Tensor, Var};
use candle_mle::ops::{linear, log_sigmoid, log_softmax};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::common::{CPU, host};

/// Numbers of all sizes; of softmax some are −∞.
fn logits(rng: &mut ChaCha8Rng, shape: &[usize], infinite: bool) -> Result<Tensor> {
    let number = |_| match rng.random_range(0..10) {
        0 => 700.0 * (rng.random::<f64>() - 0.5),
        1 => 1e-9 * (rng.random::<f64>() - 0.5),
        2 if infinite => f64::NEG_INFINITY,
        3 => 0.0,
        _ => 6.0 * (rng.random::<f64>() - 0.5),
    };
    Ok(Tensor::from_vec((0..shape.iter().product()).map(number).collect::<Vec<f64>>(), shape, &CPU)?)
}

/// The value, and the gradient of its sum weighted by numbers, with respect to what it is a function of.
fn both(of: &Tensor, weights: &Tensor, f: impl Fn(&Tensor) -> Result<Tensor>) -> Result<[Vec<f64>; 2]> {
    let var = Var::from_tensor(of)?;
    let value = f(var.as_tensor())?;
    // Where a value is −∞ a weight of 0 would make a NaN of the sum.
    let finite = value.detach().ge(-1e300)?;
    let sum = finite.where_cond(&value, &value.zeros_like()?)?.mul(weights)?.sum_all()?;
    let gradient = sum.backward()?.get(&var).context("a gradient")?.clone();
    Ok([host(&value)?, host(&gradient)?])
}

fn near(a: &[f64], b: &[f64], tolerance: f64) -> Result<()> {
    ensure!(a.len() == b.len());
    for (a, b) in a.iter().zip(b) {
        ensure!(a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= tolerance * b.abs().max(1e-3), "{a}, not {b}");
    }
    Ok(())
}

#[test]
fn of_the_two_logarithms() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    for (dtype, tolerance) in [(DType::F64, 1e-13), (DType::F32, 1e-5)] {
        for shape in [[1, 1], [1, 7], [9, 1], [33, 5], [64, 2]] {
            let z = logits(&mut rng, &shape, true)?.to_dtype(dtype)?;
            let weights = logits(&mut rng, &shape, false)?.clamp(-2.0, 2.0)?.to_dtype(dtype)?;
            // A row of −∞ alone has no probabilities.
            let z = Tensor::cat(&[z.narrow(1, 0, 1)?.clamp(-30.0, 30.0)?, z.narrow(1, 1, shape[1] - 1)?], 1)?;
            let composed = |z: &Tensor| {
                let top = z.detach().max_keepdim(D::Minus1)?;
                let shifted = z.broadcast_sub(&top)?;
                Ok(shifted.broadcast_sub(&shifted.exp()?.sum_keepdim(D::Minus1)?.log()?)?)
            };
            let (found, reference) = (both(&z, &weights, |z| Ok(log_softmax(z)?))?, both(&z, &weights, composed)?);
            // A sum near 1 loses in its logarithm what the one pass keeps.
            near(&found[0], &reference[0], 1e3 * tolerance)?;
            near(&found[1], &reference[1], 1e3 * tolerance)?;
            // As columns of another tensor: strided.
            let turned = z.t()?.contiguous()?;
            let strided = both(&turned, &weights, |z| Ok(log_softmax(&z.t()?)?))?;
            near(&strided[0], &found[0], 0.0)?;

            let z = logits(&mut rng, &shape, false)?.to_dtype(dtype)?;
            let found = both(&z, &weights, |z| Ok(log_sigmoid(z)?))?;
            let two = |z: &Tensor| {
                Ok(log_softmax(&Tensor::stack(&[z, &z.zeros_like()?], D::Minus1)?)?
                    .narrow(D::Minus1, 0, 1)?
                    .squeeze(D::Minus1)?)
            };
            let reference = both(&z, &weights, two)?;
            near(&found[0], &reference[0], 10.0 * tolerance)?;
            near(&found[1], &reference[1], 1e3 * tolerance)?;
        }
    }
    Ok(())
}

/// Of data no gradient is made, of weights the same; of what is itself a variable, both.
#[test]
fn of_a_linear_map() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    for dtype in [DType::F64, DType::F32] {
        for (m, d, k) in [(1, 1, 1), (40, 3, 1), (17, 8, 5), (3, 50, 4)] {
            let mut part = |shape: &[usize]| {
                logits(&mut rng, shape, false)?.clamp(-3.0, 3.0)?.to_dtype(dtype).map_err(anyhow::Error::from)
            };
            let (x, w, weights) = (part(&[m, d])?, part(&[k, d])?, part(&[m, k])?);
            let found = both(&w, &weights, |w| Ok(linear(&x, w)?))?;
            let reference = both(&w, &weights, |w| Ok(x.matmul(&w.t()?)?))?;
            let tolerance = if dtype == DType::F64 { 1e-12 } else { 1e-4 };
            near(&found[0], &reference[0], 0.0)?;
            near(&found[1], &reference[1], tolerance)?;
            let found = both(&x, &weights, |x| Ok(linear(x, &w)?))?;
            near(&found[1], &both(&x, &weights, |x| Ok(x.matmul(&w.t()?)?))?[1], 0.0)?;

            let var = Var::from_tensor(&w)?;
            let gradients = linear(&x, var.as_tensor())?.sum_all()?.backward()?;
            ensure!(gradients.get(&x).is_none() && gradients.get(&var).is_some());
        }
    }
    Ok(())
}
