//! How well a classifier foretells: rows that it was fitted to, rows that were held out, or each fold by the others.

use std::ops::Add;

use candle_mle_info::Information;
use rand::Rng;
use rand::seq::SliceRandom;

use crate::batch::{Labelled, host};
use crate::empirical::Empirical;
use crate::error::{Error, Result, parameter};
use crate::model::Classifier;

/// What a classifier says of rows whose classes are known. Scores of parts add up to that of the whole.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::model::Logistic;
/// use candle_mle::score::{Score, folds};
/// use candle_mle::{Empirical, Labelled, maximum_likelihood};
/// use rand::SeedableRng;
/// let x = Tensor::new(&[[0.0], [0.0], [1.0], [1.0]], &Device::Cpu)?;
/// let batch = Labelled::new(x, Tensor::new(&[0u32, 1, 0, 1], &Device::Cpu)?)?;
/// let p = Empirical::from_counts(batch, &[30.0, 10.0, 10.0, 30.0])?;
/// let fit = |p: &Empirical<Labelled>| maximum_likelihood(p, |vb| Logistic::new(1, vb));
///
/// let seen = Score::of(&fit(&p)?.model, &p)?;
/// assert_eq!((seen.accuracy(), seen.confusion[0][1]), (0.75, 10.0));
/// // Each fifth by a fit to the other four: what a fit makes of rows that it has not seen costs more bits.
/// let parts = folds(&p, 5, &mut rand_chacha::ChaCha8Rng::seed_from_u64(1))?;
/// let unseen = parts.iter().map(|(rest, fold)| Score::of(&fit(rest)?.model, fold)).sum::<candle_mle::Result<Score>>()?;
/// assert_eq!(unseen.n, 80.0);
/// assert!(unseen.cross_entropy() > seen.cross_entropy());
/// # Ok::<(), candle_mle::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Score {
    /// How many observations.
    pub n: f64,
    /// −Σ ln q of the classes that came.
    pub nll: Information,
    /// Σ (ln q − its mean)², nats².
    spread: f64,
    /// How often each class (row) was taken for each (column): for the most probable one, of equals the first.
    pub confusion: Vec<Vec<f64>>,
}

impl Score {
    /// Of a model on these rows.
    ///
    /// # Errors
    /// Rows that the model does not take; a class that it does not know.
    pub fn of<C: Classifier>(model: &C, p: &Empirical<Labelled>) -> Result<Self> {
        p.batch().at_most(model.classes())?;
        let (k, log_probs) = (model.classes(), host(&p.batch().with_offsets(model.log_probs(p.batch().x())?)?)?);
        let (y, counts) = (host(p.batch().y())?, host(p.count())?);
        let mut score = Self { confusion: vec![vec![0.0; k]; k], ..Self::default() };
        let mut nll = 0.0;
        for ((row, y), count) in log_probs.chunks(k).zip(&y).zip(&counts) {
            let (y, log_q) = (*y as usize, row[*y as usize]);
            score.n += count;
            nll -= count * log_q;
            score.confusion[y][most_probable(row)] += count;
        }
        score.nll = Information::from_nats(nll);
        // In a pass of its own, so that no digit of it is lost beside the mean.
        let mean = -nll / score.n;
        let far = |((row, y), count): ((&[f64], &f64), &f64)| count * (row[*y as usize] - mean).powi(2);
        score.spread = log_probs.chunks(k).zip(&y).zip(&counts).map(far).sum();
        Ok(score)
    }

    /// H(p̂, q), per observation.
    pub fn cross_entropy(&self) -> Information {
        self.nll / self.n
    }

    /// The standard error of [`cross_entropy`](Self::cross_entropy) as the mean of n independent observations: infinite for one,
    /// or where a class came to which the model gave probability 0.
    pub fn standard_error(&self) -> Information {
        let variance = self.spread / self.n / (self.n - 1.0);
        Information::from_nats(if variance.is_finite() { variance.sqrt() } else { f64::INFINITY })
    }

    /// The share of observations whose class was the most probable one.
    pub fn accuracy(&self) -> f64 {
        let right = self.confusion.iter().enumerate().map(|(class, row)| row[class]).sum::<f64>();
        right / self.n
    }
}

impl Add for Score {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        let width = self.confusion.len().max(other.confusion.len());
        self.confusion.resize(width, vec![]);
        for (row, more) in self.confusion.iter_mut().zip(other.confusion.into_iter().chain(std::iter::repeat(vec![]))) {
            row.resize(width, 0.0);
            row.iter_mut().zip(more).for_each(|(count, more)| *count += more);
        }
        let (confusion, n) = (self.confusion, self.n + other.n);
        let apart = if self.n > 0.0 && other.n > 0.0 {
            (self.nll / self.n - other.nll / other.n).nats().powi(2) * self.n * other.n / n
        } else {
            0.0
        };
        Self { n, nll: self.nll + other.nll, spread: self.spread + other.spread + apart, confusion }
    }
}

impl std::iter::Sum for Score {
    fn sum<I: Iterator<Item = Self>>(scores: I) -> Self {
        scores.fold(Self::default(), Self::add)
    }
}

/// The class whose number is largest, of equals the first.
pub fn most_probable(log_probs: &[f64]) -> usize {
    let most = log_probs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    log_probs.iter().position(|log_prob| *log_prob == most).unwrap_or(0)
}

/// One lot for every observation is held in memory.
const MOST: f64 = 1e9;

/// k parts of the observations, by lot and of nearly equal size: each beside all that is not in it, (rest, part).
///
/// # Errors
/// Fewer than 2 parts, or more than observations; more than 1e9 of these; counts that are not whole, of which no lot can be drawn.
pub fn folds<R: Rng + ?Sized>(
    p: &Empirical<Labelled>,
    k: usize,
    rng: &mut R,
) -> Result<Vec<(Empirical<Labelled>, Empirical<Labelled>)>> {
    let counts = host(p.count())?;
    if let Some(row) = counts.iter().position(|count| count.fract() != 0.0) {
        return Err(Error::PartOfAnObservation { row, count: counts[row] });
    }
    if p.total() > MOST {
        return Err(parameter("the number of observations", p.total(), "at most 1e9, of which lots can be drawn"));
    }
    if k < 2 || k as f64 > p.total() {
        return Err(parameter("the number of folds", k as f64, "at least 2, and at most the number of observations"));
    }
    // One lot for every observation.
    let mut rows: Vec<u32> = vec![];
    counts.iter().enumerate().for_each(|(row, count)| rows.extend(std::iter::repeat_n(row as u32, *count as usize)));
    rows.shuffle(rng);
    let part = |counts: &[f64]| Empirical::from_counts(p.batch().clone(), counts);
    let fold = |at: usize| {
        let mut held = vec![0.0; counts.len()];
        rows.iter().skip(at).step_by(k).for_each(|row| held[*row as usize] += 1.0);
        let rest: Vec<f64> = counts.iter().zip(&held).map(|(all, held)| all - held).collect();
        Ok((part(&rest)?, part(&held)?))
    };
    (0..k).map(fold).collect()
}
