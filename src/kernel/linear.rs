//! ln q of each row's own class where the logits are linear in x, and its gradient, in one pass over x.
//!
//! Rows are taken in blocks that stay in the cache. Of each come the logits, ln q, what the logits should have more of (the
//! residual), and its outer product with x. For that it must be known how much each row weighs before any loss has been made of
//! ln q: it is what the row is of p̂, and where the upstream gradient proves to be another, a second pass takes that. Whether the
//! first pass takes the outer product along is a matter of time alone: the numbers are the same.

use std::ops::{Deref, Range};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{CpuStorage, CustomOp2, DType, Layout, Result, Shape, Storage, Tensor, WithDType, bail};
use rayon::prelude::*;

use super::instructions::{Kernel, Laned, Lanes};
use super::number::Number;

/// What makes probabilities of logits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// σ of the one logit is the probability of class 1.
    Logistic,
    Softmax,
}

/// ln q of each row's own class, (m,), as a function of the slopes, (k, d) or (d,), and intercepts, (k,) or a scalar.
pub(crate) struct LinearLog {
    link: Link,
    x: Tensor,
    y: Tensor,
    /// The arguments as they stood: variables may move before a gradient is asked for.
    at: [Tensor; 2],
    share: Tensor,
    /// Whether a gradient is to be made ready in the forward pass; told by whether the last one was asked for.
    ahead: Arc<AtomicBool>,
    /// That of Σ share · ln q.
    ready: Mutex<Option<Vec<f64>>>,
}

impl LinearLog {
    /// x (m, d), contiguous, and y (m,), below k; `share` (m,) in f64 is what each row is of p̂.
    pub fn new(link: Link, [x, y, share]: [&Tensor; 3], [w, b]: [&Tensor; 2], ahead: &Arc<AtomicBool>) -> Result<Self> {
        let at = [w.detach().contiguous()?.copy()?, b.detach().contiguous()?.copy()?];
        let ahead = if w.track_op() || b.track_op() { ahead.clone() } else { Arc::default() };
        Ok(Self { link, x: x.clone(), y: y.clone(), at, share: share.clone(), ahead, ready: Mutex::default() })
    }

    /// What a pass gives: ln q, and the gradient of its weighted sum.
    fn pass<T: Laned<L> + WithDType, const L: usize>(&self, weights: Of<'_, T>) -> Result<(Vec<T>, Vec<f64>)> {
        let [x, y, w, b, share] =
            [&self.x, &self.y, &self.at[0], &self.at[1], &self.share].map(Tensor::storage_and_layout);
        let data = Data::<T> {
            link: self.link,
            x: numbers(&x)?,
            y: numbers(&y)?,
            w: numbers(&w)?,
            b: numbers(&b)?,
            weights: match (weights, numbers(&share)?) {
                (Of::Nothing, _) => None,
                (Of::Share, [_]) => Some(Weights::Alike),
                (Of::Share, share) => Some(Weights::Share(share)),
                (Of::Upstream(upstream), _) => Some(Weights::Upstream(upstream)),
            },
        };
        Ok(data.pass())
    }

    fn forward<T: Laned<L> + WithDType, const L: usize>(&self) -> Result<Vec<T>> {
        let ahead = self.ahead.load(Relaxed);
        let (log_q, gradient) = self.pass(if ahead { Of::Share } else { Of::Nothing })?;
        *self.ready.lock().unwrap_or_else(PoisonError::into_inner) = ahead.then_some(gradient);
        Ok(log_q)
    }

    fn backward<T: Laned<L> + WithDType, const L: usize>(&self, upstream: &Tensor) -> Result<[Tensor; 2]> {
        let upstream = upstream.contiguous()?;
        let upstream = upstream.storage_and_layout();
        let upstream: &[T] = numbers(&upstream)?;
        let factor = {
            let share = self.share.storage_and_layout();
            multiple(upstream, numbers(&share)?)
        };
        self.ahead.store(factor.is_some(), Relaxed);
        let ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner).take();
        let gradient = match (factor, ready) {
            (Some(_), Some(ready)) => ready,
            (Some(_), None) => self.pass::<T, L>(Of::Share)?.1,
            (None, _) => self.pass(Of::Upstream(upstream))?.1,
        };
        let (factor, width) = (factor.unwrap_or(1.0), gradient.len() / self.at[1].elem_count());
        let (slopes, intercepts): (Vec<_>, Vec<_>) =
            gradient.iter().enumerate().partition(|(i, _)| (i + 1) % width > 0);
        let scaled = |part: Vec<(usize, &f64)>, like: &Tensor| {
            let part = part.into_iter().map(|(_, g)| <T as Number>::narrow(g * factor)).collect::<Vec<T>>();
            Tensor::from_vec(part, like.shape(), like.device())
        };
        Ok([scaled(slopes, &self.at[0])?, scaled(intercepts, &self.at[1])?])
    }
}

/// Of what a gradient is asked.
enum Of<'a, T> {
    Nothing,
    Share,
    Upstream(&'a [T]),
}

/// A gradient made ready for nobody: the next one is not.
impl Drop for LinearLog {
    fn drop(&mut self) {
        if self.ready.get_mut().is_ok_and(|ready| ready.is_some()) {
            self.ahead.store(false, Relaxed);
        }
    }
}

impl CustomOp2 for LinearLog {
    fn name(&self) -> &'static str {
        "linear_log"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        let log_q = match self.x.dtype() {
            DType::F32 => CpuStorage::F32(self.forward()?),
            DType::F64 => CpuStorage::F64(self.forward()?),
            _ => bail!("a kernel needs f32 or f64"),
        };
        Ok((log_q, self.y.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, _: &Tensor, upstream: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let [w, b] = match self.x.dtype() {
            DType::F32 => self.backward::<f32, 16>(upstream)?,
            _ => self.backward::<f64, 8>(upstream)?,
        };
        Ok((Some(w), Some(b)))
    }
}

/// The numbers of a contiguous tensor; the one of a tensor that repeats it.
pub(super) fn numbers<'a, T: WithDType>(
    (storage, layout): &'a (impl Deref<Target = Storage>, &Layout),
) -> Result<&'a [T]> {
    let Storage::Cpu(storage) = &**storage else { bail!("a kernel needs the CPU") };
    let all = storage.as_slice::<T>()?;
    match layout.contiguous_offsets() {
        Some((from, to)) => Ok(&all[from..to]),
        None if layout.stride() == [0] => Ok(&all[layout.start_offset()..][..1]),
        None => bail!("a kernel needs a contiguous tensor"),
    }
}

/// The upstream gradient over the weight of every row, if that is one number to rounding.
fn multiple<T: Number>(upstream: &[T], share: &[f64]) -> Option<f64> {
    let rows = upstream.len();
    let near =
        |upstream: T, expected: f64| (upstream.wide() - expected).abs() <= 4.0 * T::EPSILON.wide() * expected.abs();
    let factor = upstream.first()?.wide() / if share.len() == 1 { 1.0 } else { weight(share[0], rows) };
    let all = |(at, part): (usize, &[T])| match share {
        [_] => part.iter().fold(true, |all, u| all & near(*u, factor)),
        share => {
            part.iter().zip(&share[at * PART..]).fold(true, |all, (u, p)| all & near(*u, factor * weight(*p, rows)))
        }
    };
    let whole = match rows {
        0..=PART => all((0, upstream)),
        _ => upstream.par_chunks(PART).enumerate().all(all),
    };
    (whole && factor.is_finite()).then_some(factor)
}

/// So many rows are looked at by one thread.
const PART: usize = 1 << 14;

/// What a row is of p̂ against a row of m alike: near 1, so that f32 keeps its digits.
#[inline(always)]
fn weight(share: f64, rows: usize) -> f64 {
    share * rows as f64
}

/// Σ weight · ln q is what a gradient is of.
#[derive(Clone, Copy)]
enum Weights<'a, T> {
    /// 1 for every row.
    Alike,
    Share(&'a [f64]),
    Upstream(&'a [T]),
}

#[derive(Clone, Copy)]
struct Data<'a, T> {
    link: Link,
    /// m rows of d numbers.
    x: &'a [T],
    y: &'a [u32],
    /// k rows of d numbers; of the logistic link one.
    w: &'a [T],
    b: &'a [T],
    weights: Option<Weights<'a, T>>,
}

/// Bytes of x that stay in the nearest cache beside the rest.
const NEAR: usize = 16 << 10;
/// Of so many rows sums are kept in the type of x: longer ones are in f64.
const SHORT: usize = 256;
/// A block has a multiple of so many rows, and at most ten of it.
const BLOCK: usize = 24;
/// In how many parts, for as many threads, rows are cut at most; and the multiplications that are worth a part.
const PARTS: usize = 64;
const WORTH: usize = 1 << 17;
/// How many sums all parts together keep, as long as that leaves four parts.
const SUMS: usize = 1 << 22;

impl<T: Number> Data<'_, T> {
    /// ln q, and where weights are given the gradient of its weighted sum: for each of the k classes d numbers and one more.
    fn pass<const L: usize>(self) -> (Vec<T>, Vec<f64>)
    where
        T: Laned<L>,
    {
        let (m, k) = (self.y.len(), self.b.len());
        let d = self.w.len() / k;
        // By the shape alone, whatever the number of threads.
        let block = block_of::<T>(d);
        let parts = (SUMS / (k * (d + 1))).clamp(4, PARTS);
        let rows = m.div_ceil(parts).max(WORTH / (k * (d + 4))).max(1).next_multiple_of(block);
        let mut log_q = vec![T::ZERO; m];
        let part = |(at, log_q): (usize, _)| T::fastest(Part { data: self, from: at * rows, block, log_q, each: None });
        let sums: Vec<Vec<f64>> = match m <= rows {
            true => vec![part((0, log_q.as_mut_slice()))],
            false => log_q.par_chunks_mut(rows).enumerate().map(part).collect(),
        };
        let add = |mut sum: Vec<f64>, part: Vec<f64>| {
            sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
            sum
        };
        (log_q, sums.into_iter().reduce(add).unwrap_or_default())
    }
}

fn block_of<T>(d: usize) -> usize {
    (NEAR / (d * size_of::<T>()).max(1)).clamp(BLOCK, 10 * BLOCK) / BLOCK * BLOCK
}

/// ln q of the classes `y` of m rows of d numbers, and by how much each of their k logits falls short, m rows of k: by the same
/// operations for a row wherever it stands, and on this thread alone.
pub(crate) fn residuals(link: Link, [x, w, b]: [&[f64]; 3], y: &[u32]) -> (Vec<f64>, Vec<f64>) {
    let (m, k) = (y.len(), b.len());
    let (mut log_q, mut each) = (vec![0.0; m], vec![0.0; m * k]);
    let data = Data { link, x, y, w, b, weights: Some(Weights::Alike) };
    let part = Part { data, from: 0, block: block_of::<f64>(w.len() / k), log_q: &mut log_q, each: Some(&mut each) };
    f64::fastest(part);
    (log_q, each)
}

/// Some of the rows, one block after the other.
struct Part<'a, 'b, T> {
    data: Data<'a, T>,
    from: usize,
    block: usize,
    log_q: &'b mut [T],
    /// Where the residuals of each row go, where they are not summed.
    each: Option<&'b mut [T]>,
}

impl<T: Number, const L: usize> Kernel<T, L> for Part<'_, '_, T> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn run(self, lanes: impl Lanes<T, L>) -> Vec<f64> {
        let Self { data: Data { link, x, y, w, b, weights }, from, block, log_q, mut each } = self;
        let (m, k, end) = (y.len(), b.len(), from + log_q.len());
        let d = w.len() / k;
        // Columns in whole lanes are read as they lie, the last few are turned.
        let whole = d / L * L;
        let panel = (NEAR / (block * size_of::<T>()) / L).max(1) * L;
        let place = Place { d, whole, block };
        let mut turned = vec![T::ZERO; (d - whole) * block];
        // By class and row: logits, then what the link makes of them, and the residual times the weight.
        let asked = if weights.is_some() { k } else { 0 };
        let (mut z, mut r) = (vec![T::ZERO; k * block], vec![T::ZERO; asked * block]);
        let mut scratch = Scratch::new(block);
        let (mut short, mut sum) = (vec![T::ZERO; asked * whole], vec![0.0; asked * (d + 1)]);
        let (mut at, mut since) = (from, 0);
        for log_q in log_q.chunks_mut(block) {
            let rows = log_q.len();
            let (x, y) = (&x[at * d..(at + rows) * d], &y[at..at + rows]);
            for (j, column) in turned.chunks_exact_mut(block).enumerate() {
                for (to, x) in column.iter_mut().zip(x.chunks_exact(d)) {
                    *to = x[whole + j];
                }
            }
            for (c, z) in z.chunks_exact_mut(block).enumerate() {
                z.fill(T::ZERO);
                for (column, w) in turned.chunks_exact(block).zip(&w[c * d + whole..]) {
                    for (z, x) in z.iter_mut().zip(column) {
                        *z = x.times(*w, *z);
                    }
                }
            }
            if whole > 0 {
                logits(lanes, place, x, w, &mut z);
            }
            // Last: a large intercept that cancels is rounded once.
            for (z, b) in z.chunks_exact_mut(block).zip(b) {
                z.iter_mut().for_each(|z| *z += *b);
            }
            match weights {
                None | Some(Weights::Alike) => scratch.weight.fill(T::ONE),
                Some(Weights::Share(share)) => {
                    for (to, share) in scratch.weight.iter_mut().zip(&share[at..at + rows]) {
                        *to = T::narrow(weight(*share, m));
                    }
                }
                Some(Weights::Upstream(upstream)) => scratch.weight[..rows].copy_from_slice(&upstream[at..at + rows]),
            }
            match link {
                Link::Logistic => scratch.logistic(&mut z, y, log_q, &mut r),
                Link::Softmax => scratch.softmax(&mut z, y, log_q, &mut r),
            }
            if let Some(each) = &mut each {
                for (row, each) in each[(at - from) * k..].chunks_exact_mut(k).take(rows).enumerate() {
                    each.iter_mut().zip(r[row..].iter().step_by(block)).for_each(|(to, r)| *to = *r);
                }
            }
            at += rows;
            since += rows;
            if weights.is_some() && each.is_none() {
                for from in (0..whole).step_by(panel) {
                    outer(lanes, place, x, from..(from + panel).min(whole), &r, &mut short);
                }
                for (r, sum) in r.chunks_exact(block).zip(sum.chunks_exact_mut(d + 1)) {
                    for (column, sum) in turned.chunks_exact(block).zip(&mut sum[whole..]) {
                        *sum += dot(lanes, &r[..rows], &column[..rows]).wide();
                    }
                    sum[d] += total(lanes, &r[..rows]).wide();
                }
                if whole > 0 && (since >= SHORT || at == end) {
                    since = 0;
                    for (short, sum) in short.chunks_exact_mut(whole).zip(sum.chunks_exact_mut(d + 1)) {
                        for (short, sum) in short.iter_mut().zip(sum) {
                            *sum += short.wide();
                            *short = T::ZERO;
                        }
                    }
                }
            }
        }
        sum
    }
}

/// Of every row of a block.
struct Scratch<T> {
    weight: Vec<T>,
    /// The largest logit, and later 1 / (1 + rest).
    top: Vec<T>,
    /// Which it is of, in the type of the numbers: all lanes are of one width.
    which: Vec<T>,
    /// Σ exp(z − top) without the largest term, which is 1: so the digits of a small rest are kept.
    rest: Vec<T>,
}

impl<T: Number> Scratch<T> {
    fn new(block: usize) -> Self {
        let new = || vec![T::ZERO; block];
        Self { weight: new(), top: new(), which: new(), rest: new() }
    }

    /// ln σ(±z), and ± weight · σ(∓z).
    #[inline(always)]
    fn logistic(&mut self, z: &mut [T], y: &[u32], log_q: &mut [T], r: &mut [T]) {
        let Self { weight, top: sign, which: small, rest: value } = self;
        for (sign, y) in sign.iter_mut().zip(y) {
            *sign = if *y == 0 { -T::ONE } else { T::ONE };
        }
        for (((z, sign), small), value) in z.iter_mut().zip(&*sign).zip(&mut *small).zip(&mut *value) {
            *z = *z * *sign;
            *small = (-z.abs()).exp();
            *value = if *z > T::ZERO { T::ZERO } else { *z } - small.ln_1p();
        }
        log_q.copy_from_slice(&value[..log_q.len()]);
        for ((((r, z), small), sign), weight) in r.iter_mut().zip(z).zip(&*small).zip(&*sign).zip(&*weight) {
            *r = *weight * *sign * (if *z >= T::ZERO { *small } else { T::ONE } / (*small + T::ONE));
        }
    }

    /// ln softmax(z) of the row's own class, and weight · (e_y − softmax(z)).
    #[inline(always)]
    fn softmax(&mut self, z: &mut [T], y: &[u32], log_q: &mut [T], r: &mut [T]) {
        let Self { weight, top, which, rest } = self;
        let block = weight.len();
        top.copy_from_slice(&z[..block]);
        which.fill(T::ZERO);
        let mut class = T::ZERO;
        for z in z[block..].chunks_exact(block) {
            class += T::ONE;
            for ((top, which), z) in top.iter_mut().zip(&mut *which).zip(z) {
                let above = *z > *top;
                *which = if above { class } else { *which };
                *top = if above { *z } else { *top };
            }
        }
        for (row, (log_q, y)) in log_q.iter_mut().zip(y).enumerate() {
            *log_q = z[*y as usize * block + row] - top[row];
        }
        // Of an infinite largest logit it is no number.
        for (rest, top) in rest.iter_mut().zip(&*top) {
            *rest = *top * T::ZERO;
        }
        let mut class = T::ZERO;
        for z in z.chunks_exact_mut(block) {
            for (((z, top), which), rest) in z.iter_mut().zip(&*top).zip(&*which).zip(&mut *rest) {
                let e = (*z - *top).exp();
                *z = e;
                *rest += if *which == class { T::ZERO } else { e };
            }
            class += T::ONE;
        }
        for (top, rest) in top.iter_mut().zip(&*rest) {
            *top = rest.ln_1p();
        }
        for (log_q, lifted) in log_q.iter_mut().zip(&*top) {
            *log_q = *log_q - *lifted;
        }
        if r.is_empty() {
            return;
        }
        for (share, rest) in top.iter_mut().zip(&*rest) {
            *share = T::ONE / (*rest + T::ONE);
        }
        for (r, e) in r.chunks_exact_mut(block).zip(z.chunks_exact(block)) {
            for (((r, e), share), weight) in r.iter_mut().zip(e).zip(&*top).zip(&*weight) {
                *r = -(*e * *share * *weight);
            }
        }
        for (row, y) in y.iter().enumerate() {
            let own = *y as usize * block + row;
            // 1 − q where q is nearly 1.
            let is_top = which[row] == T::narrow(f64::from(*y));
            let others = if is_top { rest[row] } else { rest[row] + T::ONE - z[own] };
            r[own] = others * top[row] * weight[row];
        }
    }
}

#[inline(always)]
fn dot<T: Number, const L: usize>(lanes: impl Lanes<T, L>, a: &[T], b: &[T]) -> T {
    let mut sum = lanes.all(T::ZERO);
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<L>(), b.as_chunks::<L>());
    for (a, b) in a.iter().zip(b) {
        sum = lanes.times(lanes.load(a), lanes.load(b), sum);
    }
    a_rest.iter().zip(b_rest).fold(lanes.sum(sum), |sum, (a, b)| a.times(*b, sum))
}

#[inline(always)]
fn total<T: Number, const L: usize>(lanes: impl Lanes<T, L>, numbers: &[T]) -> T {
    let mut sum = lanes.all(T::ZERO);
    let (many, rest) = numbers.as_chunks::<L>();
    for many in many {
        sum = lanes.add(lanes.load(many), sum);
    }
    rest.iter().fold(lanes.sum(sum), |sum, number| sum + *number)
}

/// Where numbers lie: x in rows of d, of which `whole` are in whole lanes; of each class `block` logits and residuals, and `whole`
/// sums.
#[derive(Clone, Copy)]
struct Place {
    d: usize,
    whole: usize,
    block: usize,
}

/// Adds w · x over the whole lanes to the logits of all classes.
#[inline(always)]
fn logits<T: Number, const L: usize>(lanes: impl Lanes<T, L>, place: Place, x: &[T], w: &[T], z: &mut [T]) {
    let mut pairs = w.chunks_exact(2 * place.d);
    let mut z = z.chunks_mut(2 * place.block);
    for (w, z) in (&mut pairs).zip(&mut z) {
        logits_of::<T, L, 3, 2>(lanes, place, x, w, z);
    }
    for (w, z) in pairs.remainder().chunks_exact(place.d).zip(z) {
        logits_of::<T, L, 4, 1>(lanes, place, x, w, z);
    }
}

/// For C classes, R rows at a time: as many sums as there are registers for.
#[inline(always)]
#[allow(clippy::needless_range_loop, reason = "two and three arrays are walked by one number")]
fn logits_of<T: Number, const L: usize, const R: usize, const C: usize>(
    lanes: impl Lanes<T, L>,
    Place { d, whole, block }: Place,
    x: &[T],
    w: &[T],
    z: &mut [T],
) {
    let steps = whole / L;
    let mut w_of = [&[][..]; C];
    for (to, w) in w_of.iter_mut().zip(w.chunks_exact(d)) {
        *to = &w[..whole].as_chunks::<L>().0[..steps];
    }
    let mut groups = x.chunks_exact(R * d);
    let mut row = 0;
    for group in &mut groups {
        let mut x_of = [&[][..]; R];
        for (to, x) in x_of.iter_mut().zip(group.chunks_exact(d)) {
            *to = &x[..whole].as_chunks::<L>().0[..steps];
        }
        let mut sums = [[lanes.all(T::ZERO); C]; R];
        for j in 0..steps {
            let mut w = [lanes.all(T::ZERO); C];
            for c in 0..C {
                w[c] = lanes.load(&w_of[c][j]);
            }
            for r in 0..R {
                let x = lanes.load(&x_of[r][j]);
                for c in 0..C {
                    sums[r][c] = lanes.times(x, w[c], sums[r][c]);
                }
            }
        }
        for r in 0..R {
            for c in 0..C {
                z[c * block + row + r] += lanes.sum(sums[r][c]);
            }
        }
        row += R;
    }
    for x in groups.remainder().chunks_exact(d) {
        let x = &x[..whole].as_chunks::<L>().0[..steps];
        for c in 0..C {
            let mut sum = lanes.all(T::ZERO);
            for j in 0..steps {
                sum = lanes.times(lanes.load(&x[j]), lanes.load(&w_of[c][j]), sum);
            }
            z[c * block + row] += lanes.sum(sum);
        }
        row += 1;
    }
}

/// Adds Σ r xᵀ over these columns, in whole lanes, to the sums of all classes.
#[inline(always)]
fn outer<T: Number, const L: usize>(
    lanes: impl Lanes<T, L>,
    place: Place,
    x: &[T],
    columns: Range<usize>,
    r: &[T],
    sums: &mut [T],
) {
    let (mut r, mut sums) = (r, sums);
    while !r.is_empty() {
        let classes = match r.len() / place.block {
            5.. => 5,
            2.. => 2,
            _ => 1,
        };
        let (these, others) = r.split_at(classes * place.block);
        let (to, beyond) = sums.split_at_mut(classes * place.whole);
        match classes {
            5 => outer_of::<T, L, 5, 1>(lanes, place, x, columns.clone(), these, to),
            2 => outer_of::<T, L, 2, 2>(lanes, place, x, columns.clone(), these, to),
            _ => outer_of::<T, L, 1, 4>(lanes, place, x, columns.clone(), these, to),
        }
        (r, sums) = (others, beyond);
    }
}

/// For C classes, J lanes of columns at a time, and where fewer are left by two and by one.
#[inline(always)]
fn outer_of<T: Number, const L: usize, const C: usize, const J: usize>(
    lanes: impl Lanes<T, L>,
    place: Place,
    x: &[T],
    columns: Range<usize>,
    r: &[T],
    sums: &mut [T],
) {
    let mut from = columns.start;
    while from < columns.end {
        from += match (columns.end - from) / L {
            left if left >= J => outer_at::<T, L, C, J>(lanes, place, x, from, r, sums),
            2.. if J > 2 => outer_at::<T, L, C, 2>(lanes, place, x, from, r, sums),
            _ => outer_at::<T, L, C, 1>(lanes, place, x, from, r, sums),
        };
    }
}

/// How many columns that were.
#[inline(always)]
#[allow(clippy::needless_range_loop, reason = "two and three arrays are walked by one number")]
fn outer_at<T: Number, const L: usize, const C: usize, const J: usize>(
    lanes: impl Lanes<T, L>,
    Place { d, whole, block }: Place,
    x: &[T],
    from: usize,
    r: &[T],
    sums: &mut [T],
) -> usize {
    let columns = from..from + J * L;
    let rows = x.len() / d;
    let mut r_of = [&[][..]; C];
    let mut all = [[lanes.all(T::ZERO); J]; C];
    for c in 0..C {
        r_of[c] = &r[c * block..][..rows];
        for (all, sum) in all[c].iter_mut().zip(sums[c * whole..][columns.clone()].as_chunks::<L>().0) {
            *all = lanes.load(sum);
        }
    }
    for (row, x) in x.chunks_exact(d).enumerate() {
        let mut many = [lanes.all(T::ZERO); J];
        for (many, x) in many.iter_mut().zip(x[columns.clone()].as_chunks::<L>().0) {
            *many = lanes.load(x);
        }
        for c in 0..C {
            let r = lanes.all(r_of[c][row]);
            for j in 0..J {
                all[c][j] = lanes.times(many[j], r, all[c][j]);
            }
        }
    }
    for c in 0..C {
        for (all, sum) in all[c].iter().zip(sums[c * whole..][columns.clone()].as_chunks_mut::<L>().0) {
            lanes.store(*all, sum);
        }
    }
    J * L
}

#[cfg(test)]
mod tests {
    use super::super::instructions::Portable;
    use super::*;

    /// Numbers from −1 to 1, of no particular order.
    fn some<T: Number>(many: usize, seed: u64) -> Vec<T> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            T::narrow((state >> 33) as f64 / f64::from(1u32 << 30) - 1.0)
        };
        (0..many).map(|_| next()).collect()
    }

    fn same_bits<T: Laned<L>, const L: usize>() {
        let shapes =
            if cfg!(miri) { &[(30, 17, 3)][..] } else { &[(300, 37, 7), (130, 5, 2), (49, 32, 1), (24, 100, 6)] };
        for (m, d, k) in shapes.iter().copied() {
            let (x, w, b) = (some::<T>(m * d, 1), some(k * d, 2), some(k, 3));
            let y: Vec<u32> = (0..m as u32).map(|row| row % k.max(2) as u32).collect();
            let (link, weights) = (if k == 1 { Link::Logistic } else { Link::Softmax }, Some(Weights::Alike));
            let data = Data { link, x: &x, y: &y, w: &w, b: &b, weights };
            let bits = |log_q: Vec<T>, sum: Vec<f64>| -> Vec<u64> {
                log_q.into_iter().map(Number::wide).chain(sum).map(f64::to_bits).collect()
            };
            let [mut plain, mut wide] = [vec![T::ZERO; m], vec![T::ZERO; m]];
            let sum = Kernel::<T, L>::run(Part { data, from: 0, block: 48, log_q: &mut plain, each: None }, Portable);
            let fastest = T::fastest(Part { data, from: 0, block: 48, log_q: &mut wide, each: None });
            assert_eq!(bits(plain, sum), bits(wide, fastest), "{m} x {d} x {k}");
        }
    }

    /// Whatever instructions there are.
    #[test]
    fn the_bits_are_those_of_any_processor() {
        same_bits::<f32, 16>();
        same_bits::<f64, 8>();
    }
}
