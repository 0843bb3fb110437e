//! The n-gram (lecture row L12): q_θ(x_1 … x_T) = Π_t q_θ(x_t | the n − 1 characters before it).

use std::collections::{HashMap, HashSet};

use candle_core::{Device, Tensor};
use candle_nn::{Init, VarBuilder};
use rand::Rng;

use super::{Classifier, Model, draw};
use crate::batch::{Labelled, host, like};
use crate::error::{Result, empty, matrix, positive, rows_of, shape};
use crate::ops::log_softmax;
use crate::parameters::{Parameters, Parts};

/// An autoregressive model of texts of any given length: one [`Categorical`](super::Categorical) for each context of
/// n − 1 characters. The batch holds contexts x (m, n − 1) and the characters y (m,) after them, as
/// [`Alphabet::windows`](crate::alphabet::Alphabet::windows) numbers them; their log_prob are the terms of the chain rule.
///
/// Maximum likelihood gives the frequencies in each context, and the floor is H(X_t | context) of the text. A pair that was
/// never seen in a context that was leaves the likelihood without a finite maximum: its logit runs off to −∞, and the
/// cross-entropy falls towards that floor for ever. Pseudo-counts, [`Empirical::smoothed`](crate::Empirical::smoothed),
/// make the maximum finite. Of a context that was never seen the data say nothing: it has no logits, and the law there
/// is the uniform one that logits start from (and pseudo-counts alone lead to).
/// ```
/// use candle_mle::model::NGram;
/// use candle_mle::alphabet::Alphabet;
/// use candle_mle::{Classifier, Empirical, Model};
/// // In this text b follows a in two of three cases.
/// let alphabet = Alphabet::of("abac")?;
/// let p = Empirical::from_sample(alphabet.windows("abacab", 2)?)?;
/// let bigram = NGram::from_counts(p.batch(), &p.count().to_vec1::<f64>()?, alphabet.len())?;
/// let after_a = bigram.log_probs(&candle_core::Tensor::new(&[[0.0]], &candle_core::Device::Cpu)?)?;
/// assert!((after_a.to_vec2::<f64>()?[0][1].exp() - 2.0 / 3.0).abs() < 1e-15);
/// # Ok::<(), candle_mle::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct NGram {
    logits: Tensor,
    rows: HashMap<Vec<u32>, u32>,
    /// n − 1.
    width: usize,
}

impl NGram {
    /// Asks for `logits` (c, k), one row for each of the c different contexts among the rows of x (m, n − 1), in order of
    /// first sight; variables start at 0, where all k characters are equally probable.
    ///
    /// # Errors
    /// No characters.
    pub fn new(x: &Tensor, characters: usize, vb: VarBuilder) -> Result<Self> {
        let contexts = Contexts::of(x)?;
        let rows = contexts.distinct();
        if characters == 0 {
            return Err(empty("the alphabet", "character"));
        }
        let logits = vb.get_with_hints((rows.len(), characters), "logits", Init::Const(0.0))?;
        Ok(Self { logits, rows, width: contexts.width })
    }

    /// The maximum of the likelihood in closed form, constant: the logits are the logarithms of how often each character
    /// was seen in each context. Where a fit has no finite maximum this is its limit, with probabilities of 0.
    ///
    /// # Errors
    /// Another number of counts than of rows; a count that is not positive; a character beyond the alphabet.
    pub fn from_counts(batch: &Labelled, counts: &[f64], characters: usize) -> Result<Self> {
        batch.at_most(characters)?;
        let y = batch.y().to_device(&Device::Cpu)?.to_vec1::<u32>()?;
        if counts.len() != y.len() {
            return Err(shape("the counts", &[counts.len()], format!("({},)", y.len())));
        }
        for count in counts {
            positive("a count of an n-gram", *count)?;
        }
        let contexts = Contexts::of(batch.x())?;
        let rows = contexts.distinct();
        let mut table = vec![0.0; rows.len() * characters];
        for ((context, y), count) in contexts.iter().zip(y).zip(counts) {
            table[rows[context] as usize * characters + y as usize] += count;
        }
        let logits = table.iter().map(|count: &f64| count.ln()).collect();
        let logits = like(batch.x(), logits, (rows.len(), characters))?;
        Ok(Self { logits, rows, width: contexts.width })
    }

    /// How many logits run off to −∞: pairs of a context that this model has a row for and a character that never
    /// follows it in the batch. None run off where the likelihood has a finite maximum.
    pub fn unseen(&self, batch: &Labelled) -> Result<usize> {
        let contexts = Contexts::of(batch.x())?;
        let pairs = contexts.iter().zip(host(batch.y())?).filter(|(x, _)| self.rows.contains_key(*x));
        let seen: HashSet<_> = pairs.map(|(x, y)| (x, y as u32)).collect();
        Ok(self.logits.elem_count() - seen.len())
    }

    /// Draws a text of so many characters from its start, each after the ones drawn before it.
    pub fn generate<R: Rng + ?Sized>(&self, characters: usize, rng: &mut R) -> Result<Vec<u32>> {
        let k = self.logits.dim(1)?;
        let table = host(&self.table()?)?;
        let mut text = vec![k as u32; self.width];
        for _ in 0..characters {
            let row = self.row(&text[text.len() - self.width..]);
            text.push(draw(&table[row as usize * k..][..k], rng));
        }
        Ok(text.split_off(self.width))
    }

    /// ln q of all contexts, (c + 1, k): the last row is that of any other context.
    fn table(&self) -> Result<Tensor> {
        let other = self.logits.narrow(0, 0, 1)?.zeros_like()?;
        log_softmax(&Tensor::cat(&[&self.logits, &other], 0)?)
    }

    fn row(&self, context: &[u32]) -> u32 {
        self.rows.get(context).copied().unwrap_or(self.rows.len() as u32)
    }

    fn rows_of(&self, x: &Tensor) -> Result<Tensor> {
        let count = rows_of(x, self.width)?;
        let rows: Vec<u32> = Contexts::of(x)?.iter().map(|context| self.row(context)).collect();
        Ok(Tensor::from_vec(rows, count, x.device())?)
    }
}

impl Model for NGram {
    type Batch = Labelled;
    const DENSITY: bool = false;

    fn log_prob(&self, batch: &Labelled) -> Result<Tensor> {
        // One cell a row: the k logits of a row's context are looked up, not copied for each row.
        let k = self.logits.dim(1)?;
        batch.at_most(k)?;
        let cell = ((self.rows_of(batch.x())? * k as f64)? + batch.y())?;
        Ok(self.table()?.flatten_all()?.index_select(&cell, 0)?)
    }
}

/// Of every character after each context x (m, n − 1).
impl Classifier for NGram {
    fn classes(&self) -> usize {
        self.logits.dims()[1]
    }

    fn log_probs(&self, x: &Tensor) -> Result<Tensor> {
        Ok(self.table()?.index_select(&self.rows_of(x)?, 0)?)
    }
}

impl Parameters for NGram {
    const FAMILY: &'static str = "n-gram";

    fn parameters(&self) -> Result<HashMap<String, Tensor>> {
        Ok(Parts::new([("logits", &self.logits.detach())]).learnt)
    }

    fn parts(&self) -> Result<Parts> {
        let mut contexts = vec![0; self.rows.len() * self.width];
        for (context, row) in &self.rows {
            contexts[*row as usize * self.width..][..self.width].copy_from_slice(context);
        }
        let contexts = Tensor::from_vec(contexts, (self.rows.len(), self.width), &Device::Cpu)?;
        Ok(Parts::new([("logits", &self.logits)]).with_fixed("contexts", &contexts))
    }

    fn from_parts(mut parts: Parts) -> Result<Self> {
        let (logits, contexts) = (parts.take("logits")?, Contexts::of(&parts.take_codes("contexts")?)?);
        let rows = contexts.distinct();
        if matrix("the logits", &logits)?.0 != rows.len() {
            return Err(shape("the logits", logits.dims(), format!("({}, characters)", rows.len())));
        }
        parts.done()?;
        Ok(Self { logits, rows, width: contexts.width })
    }
}

/// The rows of x (m, n − 1) as numbers of characters.
struct Contexts {
    codes: Vec<u32>,
    rows: usize,
    width: usize,
}

impl Contexts {
    fn of(x: &Tensor) -> Result<Self> {
        let (rows, width) = x.dims2()?;
        Ok(Self { codes: host(x)?.into_iter().map(|code| code as u32).collect(), rows, width })
    }

    /// One after the other; of unigrams they are empty.
    fn iter(&self) -> impl Iterator<Item = &[u32]> {
        (0..self.rows).map(|row| &self.codes[row * self.width..][..self.width])
    }

    /// The different ones, numbered in order of first sight.
    fn distinct(&self) -> HashMap<Vec<u32>, u32> {
        let mut rows = HashMap::new();
        for context in self.iter() {
            let next = rows.len() as u32;
            rows.entry(context.to_vec()).or_insert(next);
        }
        rows
    }
}
