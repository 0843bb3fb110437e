//! What one pass over memory computes is what the primitives of Candle compose, values and gradients, over shapes, strides and types,
//! with extreme logits and infinite ones.

use anyhow::{Context, Result, ensure};
use candle_core::{D, DType, Tensor, Var};
use candle_mle::model::{Logistic, Softmax};
use candle_mle::ops::{linear, log_sigmoid, log_softmax};
use candle_mle::{Empirical, Labelled, Model, Objective};
use candle_nn::{VarBuilder, VarMap};
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

/// A classifier with its variables, and the rows that it is asked of.
struct Asked {
    model: Family,
    w: Var,
    b: Var,
    batch: Labelled,
}

enum Family {
    Logistic(Logistic),
    Softmax(Softmax),
}

impl Asked {
    /// Of k classes, or by the logistic link where k is 1; x lies row by row, or column by column.
    fn new(rng: &mut ChaCha8Rng, [m, d, k]: [usize; 3], dtype: DType, turned: bool) -> Result<Self> {
        let vars = VarMap::new();
        let vb = VarBuilder::from_varmap(&vars, dtype, &CPU);
        let model = match k {
            1 => Family::Logistic(Logistic::new(d, vb)?),
            _ => Family::Softmax(Softmax::new(d, k, vb)?),
        };
        let x = logits(rng, &[m, d], false)?.clamp(-3.0, 3.0)?.to_dtype(dtype)?;
        let x = if turned { x.t()?.contiguous()?.t()? } else { x };
        let y: Vec<u32> = (0..m).map(|_| rng.random_range(0..k.max(2) as u32)).collect();
        let batch = Labelled::new(x, Tensor::from_vec(y, m, &CPU)?)?;
        let named = vars.data().lock().expect("no test panics while it holds the variables");
        let (w, b) = (named["weight"].clone(), named["bias"].clone());
        drop(named);
        w.set(&logits(rng, w.dims(), false)?.clamp(-2.0, 2.0)?.to_dtype(dtype)?)?;
        b.set(&logits(rng, b.dims(), false)?.clamp(-2.0, 2.0)?.to_dtype(dtype)?)?;
        Ok(Self { model, w, b, batch })
    }

    fn log_q(&self, batch: &Labelled) -> Result<Tensor> {
        Ok(match &self.model {
            Family::Logistic(model) => model.log_prob(batch)?,
            Family::Softmax(model) => model.log_prob(batch)?,
        })
    }

    /// The same of primitives.
    fn composed(&self) -> Result<Tensor> {
        let (x, y) = (self.batch.x().contiguous()?, self.batch.y());
        match &self.model {
            Family::Logistic(_) => {
                let z = x.matmul(&self.w.unsqueeze(1)?)?.squeeze(1)?.broadcast_add(&self.b)?;
                Ok(log_sigmoid(&(&z * ((y.to_dtype(z.dtype())? * 2.0)? - 1.0)?)?)?)
            }
            Family::Softmax(_) => {
                let z = x.matmul(&self.w.t()?)?.broadcast_add(&self.b)?;
                Ok(log_softmax(&z)?.gather(&y.unsqueeze(1)?, 1)?.squeeze(1)?)
            }
        }
    }

    /// The gradients of a loss.
    fn gradients(&self, loss: &Tensor) -> Result<[Vec<f64>; 2]> {
        let gradients = loss.backward()?;
        Ok([host(gradients.get(&self.w).context("w")?)?, host(gradients.get(&self.b).context("b")?)?])
    }
}

/// ln q and gradients, where the upstream gradient is what p̂ is of each row, where it is another, and where it is nothing.
#[test]
fn of_linear_classifiers() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(13);
    let widths = [1, 2, 7, 8, 9, 15, 16, 17, 31, 40, 150];
    let mut shapes: Vec<[usize; 3]> = vec![[1, 1, 1], [1, 1, 2], [2000, 33, 1], [900, 21, 6]];
    for (i, d) in widths.into_iter().enumerate() {
        for k in [1, 2, 3, 4, 5, 7, 11] {
            shapes.push([[5, 23, 24, 25, 121, 245][(i + k) % 6], d, k]);
        }
    }
    for (dtype, tolerance) in [(DType::F64, 1e-12), (DType::F32, 1e-3)] {
        for (i, [m, d, k]) in shapes.iter().copied().enumerate() {
            let asked = Asked::new(&mut rng, [m, d, k], dtype, i % 3 == 0)?;
            let counts: Vec<f64> = (0..m).map(|_| rng.random_range(1..5).into()).collect();
            let counted = Empirical::from_counts(asked.batch.clone(), &counts)?;
            let whole = counted.distinct() == m;
            let batch = if whole { counted.batch() } else { &asked.batch };
            let upstreams = [
                if whole { counted.mass().to_dtype(dtype)? } else { Tensor::ones(m, dtype, &CPU)? },
                (Tensor::ones(m, dtype, &CPU)? * -3.5)?,
                logits(&mut rng, &[m], false)?.clamp(-2.0, 2.0)?.to_dtype(dtype)?,
                Tensor::zeros(m, dtype, &CPU)?,
            ];
            near(&host(&asked.log_q(batch)?)?, &host(&asked.composed()?)?, tolerance)?;
            // Twice, since of the second a gradient is made ready.
            for upstream in upstreams.iter().chain(&upstreams) {
                let of = |log_q: Tensor| -> Result<_> { asked.gradients(&(log_q * upstream)?.sum_all()?) };
                let (found, reference) = (of(asked.log_q(batch)?)?, of(asked.composed()?)?);
                let size = host(upstream)?.iter().map(|u| u.abs()).sum::<f64>().max(1.0);
                for (found, reference) in found.iter().flatten().zip(reference.iter().flatten()) {
                    ensure!(
                        (found - reference).abs() <= tolerance * size,
                        "{found}, not {reference}, at {m} x {d} x {k} in {dtype:?}"
                    );
                }
            }
        }
    }
    Ok(())
}

/// Logits far out and infinite ones: a probability of 0 is one, what is no probability is no number.
#[test]
fn of_classifiers_at_the_edge() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(14);
    for dtype in [DType::F64, DType::F32] {
        for k in [1, 3, 6] {
            for edge in [800.0, -1e4, f64::NEG_INFINITY, f64::INFINITY, f64::NAN] {
                let asked = Asked::new(&mut rng, [60, 3, k], dtype, false)?;
                let mut b = host(&asked.b)?;
                b[k - 1] = edge;
                asked.b.set(&Tensor::from_vec(b, asked.b.dims(), &CPU)?.to_dtype(dtype)?)?;
                let (found, reference) = (asked.log_q(&asked.batch)?, asked.composed()?);
                near(&host(&found)?, &host(&reference)?, if dtype == DType::F64 { 1e-12 } else { 1e-4 })?;
                if edge.is_finite() || k > 1 && edge < 0.0 {
                    let [found, reference] =
                        [found, reference].map(|log_q| asked.gradients(&log_q.narrow(0, 0, 40)?.sum_all()?));
                    let (found, reference) = (found?, reference?);
                    for (found, reference) in found.iter().flatten().zip(reference.iter().flatten()) {
                        ensure!((found - reference).abs() <= 1e-3, "{found}, not {reference}, at {edge} in {dtype:?}");
                    }
                }
            }
        }
    }
    Ok(())
}

/// ln q and gradients of several calls, as bits: whatever was called before, and with any number of threads.
#[test]
fn the_bits_depend_on_the_numbers_alone() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(15);
    for dtype in [DType::F64, DType::F32] {
        for k in [1, 4] {
            let asked = Asked::new(&mut rng, [40_000, 9, k], dtype, false)?;
            let counts: Vec<f64> = (0..40_000).map(|_| rng.random_range(1..5).into()).collect();
            let p = Empirical::from_counts(asked.batch.clone(), &counts)?;
            let once = || -> Result<_> {
                let log_q = asked.log_q(p.batch())?;
                let bits = |numbers: Vec<f64>| numbers.into_iter().map(f64::to_bits).collect::<Vec<u64>>();
                let mut all = vec![bits(host(&log_q)?)];
                for objective in [Objective::Nll, Objective::Kl] {
                    let loss = match &asked.model {
                        Family::Logistic(model) => objective.loss(model, &log_q, &p)?,
                        Family::Softmax(model) => objective.loss(model, &log_q, &p)?,
                    };
                    all.push(bits(host(&loss)?));
                    all.extend(asked.gradients(&loss)?.map(bits));
                }
                Ok(all)
            };
            let first = once()?;
            ensure!(first == once()?, "the second time");
            // A gradient that nobody asks for; and one of another upstream.
            drop(asked.log_q(p.batch())?);
            ensure!(first == once()?, "after a forward pass alone");
            asked.gradients(&asked.log_q(p.batch())?.narrow(0, 7, 100)?.sum_all()?)?;
            ensure!(first == once()?, "after the gradient of a part");
            for threads in [1, 2, 8] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
                ensure!(first == pool.install(once)?, "by {threads} threads");
            }
        }
    }
    Ok(())
}

/// A variable that moves between the passes does not move the gradient, which is that of where it stood.
#[test]
fn a_gradient_is_of_where_the_variables_stood() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(16);
    let asked = Asked::new(&mut rng, [30, 2, 3], DType::F64, false)?;
    let upstream = Tensor::arange(0.0, 30.0, &CPU)?;
    let loss = || -> Result<Tensor> { Ok((asked.log_q(&asked.batch)? * &upstream)?.sum_all()?) };
    let (before, moved) = (asked.gradients(&loss()?)?, loss()?);
    asked.w.set(&asked.w.zeros_like()?)?;
    ensure!(before == asked.gradients(&moved)?);
    Ok(())
}
