//! What a descent sees at each step: all of p̂, or some of it.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::batch::{Batch, host};
use crate::empirical::Empirical;
use crate::error::{Result, parameter};

/// The data of a fit: a p̂, or [`Minibatches`] of one.
pub trait Source<B: Batch> {
    /// All of it: what hooks are shown.
    fn whole(&self) -> &Empirical<B>;

    /// What step `index` descends; none for all of it.
    fn batch(&mut self, index: usize) -> Result<Option<Empirical<B>>>;

    /// Whether hooks are shown step `index` where it descends a part only.
    fn shown(&self, index: usize) -> bool;
}

impl<B: Batch> Source<B> for &Empirical<B> {
    fn whole(&self) -> &Empirical<B> {
        self
    }

    fn batch(&mut self, _: usize) -> Result<Option<Empirical<B>>> {
        Ok(None)
    }

    fn shown(&self, _: usize) -> bool {
        true
    }
}

impl<B: Batch, S: Source<B> + ?Sized> Source<B> for Box<S> {
    fn whole(&self) -> &Empirical<B> {
        (**self).whole()
    }

    fn batch(&mut self, index: usize) -> Result<Option<Empirical<B>>> {
        (**self).batch(index)
    }

    fn shown(&self, index: usize) -> bool {
        (**self).shown(index)
    }
}

/// Minibatches: at every step so many observations drawn from p̂, independently, by a seed and the number of the step, so
/// that a run that is resumed draws what it would have drawn.
///
/// The gradient of a minibatch is that of the whole in expectation. The three quantities belong to the whole p̂: every
/// `every` steps, and at the last one, the hooks are shown it, by a forward and backward pass of their own.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use candle_mle::fit::{Adam, Minibatches};
/// use candle_mle::model::Bernoulli;
/// use candle_mle::{Empirical, fit, LossLog, Objective};
/// use candle_nn::{VarBuilder, VarMap};
/// let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu)?, &[600.0, 400.0])?;
/// let vars = VarMap::new();
/// let coin = Bernoulli::new(VarBuilder::from_varmap(&vars, DType::F64, &Device::Cpu))?;
/// let (mut log, mut adam) = (LossLog::new(), Adam::new(&vars, 0.02)?);
/// fit(&coin, Minibatches::new(&p, 50, 7)?.every(100), Objective::CrossEntropy, &mut adam, 0..500, &mut log)?;
/// // Rows 0, 100, …, 500, each of all thousand flips.
/// let rows = log.history()?.rows();
/// assert_eq!(rows.iter().map(|row| row.step).collect::<Vec<_>>(), [0, 100, 200, 300, 400, 500]);
/// assert!(rows[5].kl < 0.01 && (rows[5].nll - 1000.0 * rows[5].cross_entropy).abs() < 1e-9);
/// # Ok::<(), candle_mle::Error>(())
/// ```
#[derive(Debug)]
pub struct Minibatches<'a, B> {
    p: &'a Empirical<B>,
    /// Σ counts up to each row, for drawing.
    upto: Vec<f64>,
    size: usize,
    seed: u64,
    every: usize,
}

impl<'a, B: Batch> Minibatches<'a, B> {
    /// `size` observations at a time; the hooks are shown every step until [`every`](Self::every) says otherwise.
    ///
    /// # Errors
    /// A size of 0.
    pub fn new(p: &'a Empirical<B>, size: usize, seed: u64) -> Result<Self> {
        if size == 0 {
            return Err(parameter("the size of a minibatch", 0.0, "a whole number ≥ 1"));
        }
        let mut sum = 0.0;
        let upto = host(p.count())?.into_iter().map(|count| {
            sum += count;
            sum
        });
        Ok(Self { upto: upto.collect(), p, size, seed, every: 1 })
    }

    /// Shows the hooks the whole p̂ every so many steps only; 0 counts as 1.
    pub fn every(self, steps: usize) -> Self {
        Self { every: steps.max(1), ..self }
    }
}

impl<B: Batch> Source<B> for Minibatches<'_, B> {
    fn whole(&self) -> &Empirical<B> {
        self.p
    }

    fn batch(&mut self, index: usize) -> Result<Option<Empirical<B>>> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(index as u64);
        let total = self.p.total();
        let last = self.upto.len() - 1;
        let mut draw = || {
            let place = rng.random::<f64>() * total;
            self.upto.partition_point(|upto| *upto <= place).min(last) as u32
        };
        let mut rows: Vec<u32> = (0..self.size).map(|_| draw()).collect();
        rows.sort_unstable();
        let (rows, counts): (Vec<u32>, Vec<f64>) =
            rows.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as f64)).unzip();
        self.p.part(&rows, &counts).map(Some)
    }

    fn shown(&self, index: usize) -> bool {
        index.is_multiple_of(self.every)
    }
}
