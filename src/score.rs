//! How well a classifier foretells: rows that it was fitted to, rows that were held out, or each fold by the others.

use std::collections::HashMap;
use std::ops::Add;

use candle_mle_info::Information;
use rand::Rng;
use rand::seq::SliceRandom;

use crate::batch::{Batch, Labelled, host};
use crate::empirical::Empirical;
use crate::error::{Error, Result, parameter, shape};
use crate::inference::normal_quantile;
use crate::model::{Classifier, Model};
use crate::separation::Separation;

/// What a model says of rows whose outcomes are known. Scores of parts add up to that of the whole.
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
    /// How often each class (row) was taken for each (column): for the most probable one, of equals the first. Empty where what is
    /// foretold is no class.
    pub confusion: Vec<Vec<f64>>,
    /// How often a class came to which a probability was given, by tenths of that: of two classes class 1, of more every class.
    pub calibration: Vec<Bin>,
}

/// Probabilities in one tenth of those from 0 to 1, and what came of them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    /// How many.
    pub n: f64,
    /// Their sum.
    pub predicted: f64,
    /// How many came true.
    pub observed: f64,
}

impl Bin {
    /// The interval of the share that comes true, which covers it with probability `level` or nearly: Wilson's (1927), which stays
    /// within 0 and 1.
    pub fn interval(&self, level: f64) -> [f64; 2] {
        wilson(self.observed / self.n, self.n, level)
    }
}

impl Add for Bin {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let Self { n, predicted, observed } = other;
        Self { n: self.n + n, predicted: self.predicted + predicted, observed: self.observed + observed }
    }
}

/// The interval of a probability of which a share of n came true: Wilson (1927).
///
/// ```
/// let [low, high] = candle_mle::score::wilson(0.5, 100.0, 0.95);
/// assert!((low - 0.403832).abs() < 1e-6 && (high - 0.596168).abs() < 1e-6);
/// ```
pub fn wilson(share: f64, n: f64, level: f64) -> [f64; 2] {
    let z = normal_quantile(level);
    let (centre, spread) = (share + z * z / (2.0 * n), z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt());
    [centre - spread, centre + spread].map(|end| (end / (1.0 + z * z / n)).clamp(0.0, 1.0))
}

/// Into how many the probabilities go.
const BINS: usize = 10;

impl Score {
    /// Of a classifier on these rows.
    ///
    /// # Errors
    /// Rows that the model does not take; a class that it does not know.
    pub fn of<C: Classifier>(model: &C, p: &Empirical<Labelled>) -> Result<Self> {
        p.batch().at_most(model.classes())?;
        let log_probs = host(&p.batch().with_offsets(model.log_probs(p.batch().x())?)?)?;
        Ok(Self::of_classes(&log_probs, model.classes(), &host(p.batch().y())?, &host(p.count())?))
    }

    /// Of the limit of a likelihood without a finite maximum, for these rows: `apart` is the separation of what was `fitted`. A class
    /// that it rules out has the probability 0. None where a row has an x that was not fitted to, and several
    /// directions separate: what the limit is there depends on the one along which one goes, and none is the likeliest.
    ///
    /// ```
    /// use candle_core::{Device, Tensor};
    /// use candle_mle::score::Score;
    /// use candle_mle::{Empirical, Labelled, separation};
    /// let seen = |x: &[f64], y: &[u32]| {
    ///     let x = Tensor::from_slice(x, (x.len(), 1), &Device::Cpu)?;
    ///     Empirical::from_sample(Labelled::new(x, Tensor::new(y, &Device::Cpu)?)?)
    /// };
    /// // Of x = 0 one in two; of x = 1 all, and so of x = 2.
    /// let fitted = seen(&[0.0, 0.0, 1.0], &[0, 1, 1])?;
    /// let apart = separation(&fitted, 2)?.unwrap();
    /// let bits = |x, y| Ok::<_, candle_mle::Error>(Score::at_the_limit(&apart, &fitted, &seen(x, y)?)?.map(|score| score.nll.bits()));
    /// assert!((bits(&[0.0, 2.0], &[0, 1])?.unwrap() - 1.0).abs() < 1e-12);
    /// assert_eq!(bits(&[1.0], &[0])?, Some(f64::INFINITY));
    /// // Where it is all told apart, between the two nothing is known.
    /// let (fitted, between) = (seen(&[0.0, 1.0], &[0, 1])?, seen(&[0.5], &[1])?);
    /// let apart = separation(&fitted, 2)?.unwrap();
    /// assert!(Score::at_the_limit(&apart, &fitted, &between)?.is_none());
    /// # Ok::<(), candle_mle::Error>(())
    /// ```
    ///
    /// # Errors
    /// A class that was not fitted; a separation of other rows.
    pub fn at_the_limit(
        apart: &Separation,
        fitted: &Empirical<Labelled>,
        p: &Empirical<Labelled>,
    ) -> Result<Option<Self>> {
        let k = apart.limit.len();
        p.batch().at_most(k)?;
        if apart.left.len() != fitted.distinct() * k {
            return Err(shape("the separation", &[apart.left.len()], format!("({},)", fitted.distinct() * k)));
        }
        let width = p.batch().x().dim(1)?;
        let bits = |row: &[f64]| row.iter().map(|x| (x + 0.0).to_bits()).collect::<Vec<_>>();
        let rows = |of: &Empirical<Labelled>| -> Result<Vec<Vec<f64>>> {
            let x = host(of.batch().x())?;
            Ok((0..of.distinct()).map(|row| x[row * width..][..width].to_vec()).collect())
        };
        let counts = host(fitted.count())?;
        let left: HashMap<Vec<u64>, &[bool]> = rows(fitted)?
            .iter()
            .zip(apart.left.chunks(k))
            .zip(counts)
            .filter(|(_, count)| *count > 0.0)
            .map(|((x, left), _)| (bits(x), left))
            .collect();
        let (counts, mut log_probs) = (host(p.count())?, vec![]);
        let one = (k - 1) * (width + 1) == apart.rank + 1;
        // Along the only direction the classes that rise most stay, to the rounding of what it is worked out to.
        let along = |x: &[f64]| -> Vec<bool> {
            let terms = |of: &Vec<f64>| of.iter().zip(x.iter().chain(&[1.0])).map(|(of, x)| of * x).collect::<Vec<_>>();
            let terms: Vec<Vec<f64>> = apart.direction.iter().map(terms).collect();
            let rises = terms.iter().map(|terms| terms.iter().sum::<f64>());
            let (top, size) = (
                rises.clone().fold(f64::NEG_INFINITY, f64::max),
                terms.iter().flatten().map(|term| term.abs()).fold(0.0, f64::max),
            );
            rises.map(|rise| rise >= top - 1e-9 * size).collect()
        };
        for (x, count) in rows(p)?.iter().zip(&counts) {
            let left = match left.get(&bits(x)) {
                Some(left) => left.to_vec(),
                None if one => along(x),
                None if *count > 0.0 => return Ok(None),
                None => vec![],
            };
            let logit = |(class, of): (usize, &Vec<f64>)| match left.get(class) {
                Some(true) => of.iter().zip(x.iter().chain(&[1.0])).map(|(of, x)| of * x).sum(),
                _ => f64::NEG_INFINITY,
            };
            let logits: Vec<f64> = apart.limit.iter().enumerate().map(logit).collect();
            let top = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let all = logits.iter().map(|logit| (logit - top).exp()).sum::<f64>().ln();
            log_probs.extend(logits.iter().map(|logit| logit - top - all));
        }
        Ok(Some(Self::of_classes(&log_probs, k, &host(p.batch().y())?, &counts)))
    }

    /// Of ln q of k classes, row by row.
    fn of_classes(log_probs: &[f64], k: usize, y: &[f64], counts: &[f64]) -> Self {
        let paid = log_probs.chunks(k).zip(y).map(|(row, y)| row[*y as usize]).collect::<Vec<_>>();
        let mut score = Self::of_log_q(&paid, counts);
        (score.confusion, score.calibration) = (vec![vec![0.0; k]; k], vec![Bin::default(); BINS]);
        for ((row, y), count) in log_probs.chunks(k).zip(y).zip(counts).filter(|(_, count)| **count > 0.0) {
            score.confusion[*y as usize][most_probable(row)] += count;
            for (class, log_prob) in row.iter().enumerate().skip(usize::from(k == 2)) {
                let (prob, came) = (log_prob.exp(), if class == *y as usize { *count } else { 0.0 });
                // Of a NaN nothing is known.
                let at = ((prob * BINS as f64) as usize).min(BINS - 1);
                score.calibration[at] =
                    score.calibration[at] + Bin { n: *count, predicted: count * prob, observed: came };
            }
        }
        score
    }

    /// Of a model of whatever it is, which has no classes to be mistaken for each other: of a density in the unit of the rows.
    ///
    /// # Errors
    /// Rows that the model cannot score.
    pub fn of_model<M: Model>(model: &M, p: &Empirical<M::Batch>) -> Result<Self> {
        Ok(Self::of_log_q(&host(&model.log_prob(p.batch())?)?, &host(p.count())?))
    }

    fn of_log_q(log_q: &[f64], counts: &[f64]) -> Self {
        let n: f64 = counts.iter().sum();
        // A row that did not come pays nothing, whatever it would have paid.
        let came = || log_q.iter().zip(counts).filter(|(_, count)| **count > 0.0);
        let nll = came().map(|(log_q, count)| -count * log_q).sum::<f64>() + 0.0;
        // In a pass of its own, so that no digit of it is lost beside the mean.
        let mean = -nll / n;
        let spread: f64 = came().map(|(log_q, count)| count * (log_q - mean).powi(2)).sum();
        Self { n, nll: Information::from_nats(nll), spread, ..Self::default() }
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

    /// The share of observations whose class was the most probable one; NaN where there are no classes.
    pub fn accuracy(&self) -> f64 {
        let right = self.confusion.iter().enumerate().map(|(class, row)| row[class]).sum::<f64>();
        if self.confusion.is_empty() { f64::NAN } else { right / self.n }
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
        let bins = self.calibration.len().max(other.calibration.len());
        let bin = |of: &Vec<Bin>, at: usize| of.get(at).copied().unwrap_or_default();
        let calibration = (0..bins).map(|at| bin(&self.calibration, at) + bin(&other.calibration, at)).collect();
        let (confusion, n) = (self.confusion, self.n + other.n);
        let apart = if self.n > 0.0 && other.n > 0.0 {
            // Of what is infinite nothing scatters: NaN.
            (self.nll / self.n - other.nll / other.n).nats().powi(2) * self.n * other.n / n
        } else {
            0.0
        };
        Self { n, nll: self.nll + other.nll, spread: self.spread + other.spread + apart, confusion, calibration }
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

/// A row for every observation, in an order by lot.
fn lots<B: Batch, R: Rng + ?Sized>(p: &Empirical<B>, rng: &mut R) -> Result<Vec<u32>> {
    let counts = host(p.count())?;
    if let Some(row) = counts.iter().position(|count| count.fract() != 0.0) {
        return Err(Error::PartOfAnObservation { row, count: counts[row] });
    }
    if p.total() > MOST {
        return Err(parameter("the number of observations", p.total(), "at most 1e9, of which lots can be drawn"));
    }
    let mut rows: Vec<u32> = vec![];
    counts.iter().enumerate().for_each(|(row, count)| rows.extend(std::iter::repeat_n(row as u32, *count as usize)));
    rows.shuffle(rng);
    Ok(rows)
}

/// All but these observations, and these.
fn parted<B: Batch + Clone>(p: &Empirical<B>, held: impl Iterator<Item = u32>) -> Result<(Empirical<B>, Empirical<B>)> {
    let counts = host(p.count())?;
    let mut of = vec![0.0; counts.len()];
    held.for_each(|row| of[row as usize] += 1.0);
    let rest: Vec<f64> = counts.iter().zip(&of).map(|(all, held)| all - held).collect();
    let part = |counts: &[f64]| Empirical::from_counts(p.batch().clone(), counts);
    Ok((part(&rest)?, part(&of)?))
}

/// A share of the observations by lot, to be held out of a fit: (rest, part).
///
/// # Errors
/// A share of which nothing is left on one side; more than 1e9 observations; counts that are not whole, of which no lot can be drawn.
pub fn hold_out<B: Batch + Clone, R: Rng + ?Sized>(
    p: &Empirical<B>,
    share: f64,
    rng: &mut R,
) -> Result<(Empirical<B>, Empirical<B>)> {
    let held = (share * p.total()).round();
    if !(held >= 1.0 && held < p.total()) {
        return Err(parameter(
            "the share held out",
            share,
            "between 0 and 1, of which an observation is left on either side",
        ));
    }
    parted(p, lots(p, rng)?.into_iter().take(held as usize))
}

/// k parts of the observations, by lot and of nearly equal size: each beside all that is not in it, (rest, part).
///
/// # Errors
/// Fewer than 2 parts, or more than observations; more than 1e9 of these; counts that are not whole, of which no lot can be drawn.
pub fn folds<B: Batch + Clone, R: Rng + ?Sized>(
    p: &Empirical<B>,
    k: usize,
    rng: &mut R,
) -> Result<Vec<(Empirical<B>, Empirical<B>)>> {
    let rows = lots(p, rng)?;
    if k < 2 || k as f64 > p.total() {
        return Err(parameter("the number of folds", k as f64, "at least 2, and at most the number of observations"));
    }
    (0..k).map(|at| parted(p, rows.iter().skip(at).step_by(k).copied())).collect()
}
