//! The sums over the distinct rows that a loss is and a hook logs, each its own, in one pass over ln q.

use candle_core::{CpuStorage, CustomOp1, DType, Device, Layout, Result, Shape, Tensor, WithDType, bail};
use rayon::prelude::*;

use super::instructions::{Kernel, Laned, Lanes};
use super::linear::numbers;

/// A tensor (m,) of f64 on the CPU; where all are one number it is that one, repeated, and no pass over it is one over memory.
pub(crate) fn by_row(values: &[f64]) -> Result<Tensor> {
    match values {
        [first, rest @ ..] if rest.iter().all(|v| v.to_bits() == first.to_bits()) => {
            Tensor::new(*first, &Device::Cpu)?.broadcast_as(values.len())
        }
        _ => Tensor::from_slice(values, values.len(), &Device::Cpu),
    }
}

/// What is summed over the rows, with p = p̂ and n how often a row was observed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sums {
    /// Σ p (ln p − ln q).
    pub difference: f64,
    /// Σ p ln q.
    pub mean: f64,
    /// Σ n ln q.
    pub total: f64,
    /// Σ p |ln q|, of which rounding takes a share.
    pub size: f64,
    /// The largest ln q; −∞ if none is a number.
    pub top: f64,
}

impl Sums {
    /// Of ln q (m,), f32 or f64 on the CPU, and what [`by_row`] made of n, p and ln p.
    pub fn of(log_q: &Tensor, [count, mass, log_p]: [&Tensor; 3]) -> Result<Self> {
        let log_q = log_q.contiguous()?;
        let [log_q, count, mass, log_p] = [&log_q, count, mass, log_p].map(Tensor::storage_and_layout);
        let by_row = [numbers(&count)?, numbers(&mass)?, numbers(&log_p)?];
        match log_q.0.dtype() {
            DType::F32 => Ok(all(numbers::<f32>(&log_q)?, by_row)),
            DType::F64 => Ok(all(numbers::<f64>(&log_q)?, by_row)),
            _ => bail!("a kernel needs f32 or f64"),
        }
    }
}

/// So many rows are one part, whatever the number of threads.
const PART: usize = 1 << 13;
/// So many are in f64 at a time.
const BLOCK: usize = 256;
const L: usize = 8;

fn all<T: Into<f64> + Copy + Sync>(log_q: &[T], by_row: [&[f64]; 3]) -> Sums {
    let part = |(at, log_q): (usize, _)| f64::fastest(Part { log_q, from: at * PART, by_row });
    let parts: Vec<Sums> = match log_q.len() {
        0..=PART => vec![part((0, log_q))],
        _ => log_q.par_chunks(PART).enumerate().map(part).collect(),
    };
    let zero = Sums { difference: 0.0, mean: 0.0, total: 0.0, size: 0.0, top: f64::NEG_INFINITY };
    parts.into_iter().fold(zero, |all, part| Sums {
        difference: all.difference + part.difference,
        mean: all.mean + part.mean,
        total: all.total + part.total,
        size: all.size + part.size,
        top: all.top.max(part.top),
    })
}

struct Part<'a, T> {
    log_q: &'a [T],
    from: usize,
    by_row: [&'a [f64]; 3],
}

impl<T: Into<f64> + Copy> Kernel<f64, L> for Part<'_, T> {
    type Output = Sums;

    #[inline(always)]
    fn run(self, lanes: impl Lanes<f64, L>) -> Sums {
        let Self { log_q, mut from, by_row } = self;
        let mut same = [[0.0; BLOCK]; 3];
        for (same, by_row) in same.iter_mut().zip(by_row) {
            if let [one] = by_row {
                same.fill(*one);
            }
        }
        let mut sums = ByLane::default();
        let mut wide = [0.0; BLOCK];
        for log_q in log_q.chunks(BLOCK) {
            let rows = log_q.len();
            for (wide, l) in wide.iter_mut().zip(log_q) {
                *wide = (*l).into();
            }
            let of = |i: usize| match by_row[i] {
                [_] => &same[i][..rows],
                by_row => &by_row[from..from + rows],
            };
            let [count, mass, log_p] = [of(0), of(1), of(2)];
            let each = [wide[..rows].as_chunks::<L>(), count.as_chunks(), mass.as_chunks(), log_p.as_chunks()];
            let [log_q, count, mass, log_p] = each.map(|(many, _)| many);
            for (((log_q, count), mass), log_p) in log_q.iter().zip(count).zip(mass).zip(log_p) {
                sums.add(log_q, count, mass, log_p);
            }
            let [log_q, count, mass, log_p] = each.map(|(_, rest)| rest);
            sums.add(log_q, count, mass, log_p);
            from += rows;
        }
        let of = |sums: [f64; L]| lanes.sum(lanes.load(&sums));
        let top = sums.top.into_iter().fold(f64::NEG_INFINITY, f64::max);
        let [difference, mean, total, size] = [sums.difference, sums.mean, sums.total, sums.size].map(of);
        Sums { difference, mean, total, size, top }
    }
}

/// The sums over every eighth row.
struct ByLane {
    difference: [f64; L],
    mean: [f64; L],
    total: [f64; L],
    size: [f64; L],
    top: [f64; L],
}

impl Default for ByLane {
    #[inline(always)]
    fn default() -> Self {
        let zero = [0.0; L];
        Self { difference: zero, mean: zero, total: zero, size: zero, top: [f64::NEG_INFINITY; L] }
    }
}

impl ByLane {
    #[inline(always)]
    fn add(&mut self, log_q: &[f64], count: &[f64], mass: &[f64], log_p: &[f64]) {
        for (i, (((l, n), p), log_p)) in log_q.iter().zip(count).zip(mass).zip(log_p).enumerate() {
            self.difference[i] += p * (log_p - l);
            self.mean[i] += p * l;
            self.total[i] += n * l;
            self.size[i] += p * l.abs();
            self.top[i] = if *l > self.top[i] { *l } else { self.top[i] };
        }
    }
}

/// A value worked out apart, in f64, as a function of ln q: its derivative is `factor` times what is known by row.
pub(crate) struct Expected {
    pub value: f64,
    pub by_row: Tensor,
    pub factor: f64,
}

impl CustomOp1 for Expected {
    fn name(&self) -> &'static str {
        "expected"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((CpuStorage::F64(vec![self.value]), Shape::from(())))
    }

    fn bwd(&self, log_q: &Tensor, _: &Tensor, upstream: &Tensor) -> Result<Option<Tensor>> {
        fn each<T: WithDType>(by_row: &[f64], factor: f64, rows: usize) -> Result<Tensor> {
            let slopes: Vec<T> = by_row.iter().map(|p| T::from_f64(p * factor)).collect();
            let len = slopes.len();
            Tensor::from_vec(slopes, len, &Device::Cpu)?.broadcast_as(rows)
        }
        let factor = self.factor * upstream.to_scalar::<f64>()?;
        let by_row = self.by_row.storage_and_layout();
        let by_row = numbers(&by_row)?;
        Ok(Some(match log_q.dtype() {
            DType::F32 => each::<f32>(by_row, factor, log_q.elem_count())?,
            _ => each::<f64>(by_row, factor, log_q.elem_count())?,
        }))
    }
}
