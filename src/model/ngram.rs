//! The n-gram (lecture row L12): q_θ(x_1 … x_T) = Π_t q_θ(x_t | the n − 1 characters before it).

use std::collections::{HashMap, HashSet};

use candle_core::{Device, Tensor};
use candle_nn::{Init, VarBuilder};
use rand::Rng;

use super::{Labelled, Model, Parameters, draw, host};
use crate::error::{Error, Result};
use crate::ops::log_softmax;

/// An autoregressive model of texts of any given length: one [`Categorical`](super::Categorical) for each context of
/// n − 1 characters. The batch holds contexts x (m, n − 1) and the characters y (m,) after them, as
/// [`Alphabet::windows`](crate::Alphabet::windows) numbers them; their log_prob are the terms of the chain rule.
///
/// Maximum likelihood gives the frequencies in each context, and the floor is H(X_t | context) of the text. A pair that was
/// never seen in a context that was leaves the likelihood without a finite maximum: its logit runs off to −∞, and the
/// cross-entropy falls towards that floor for ever. Pseudo-counts, [`Empirical::smoothed`](crate::Empirical::smoothed),
/// make the maximum finite. Of a context that was never seen the data say nothing: it has no logits, and the law there
/// is the uniform one that logits start from (and pseudo-counts alone lead to).
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
            return Err(Error::Empty { what: "the alphabet".into(), needed: "character" });
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
            let expected = format!("({},)", y.len());
            return Err(Error::Shape { what: "the counts", got: vec![counts.len()], expected });
        }
        if let Some(value) = counts.iter().find(|c| !(c.is_finite() && **c > 0.0)) {
            return Err(Error::Parameter {
                what: "a count of an n-gram",
                value: *value,
                allowed: "a finite number > 0",
            });
        }
        let contexts = Contexts::of(batch.x())?;
        let rows = contexts.distinct();
        let mut table = vec![0.0; rows.len() * characters];
        for ((context, y), count) in contexts.iter().zip(y).zip(counts) {
            table[rows[context] as usize * characters + y as usize] += count;
        }
        let logits = Tensor::from_vec(table, (rows.len(), characters), &Device::Cpu)?.log()?;
        let logits = logits.to_dtype(batch.x().dtype())?.to_device(batch.x().device())?;
        Ok(Self { logits, rows, width: contexts.width })
    }

    /// ln q of every character after each context x (m, n − 1): (m, k), nats.
    pub fn log_probs(&self, x: &Tensor) -> Result<Tensor> {
        Ok(self.table()?.index_select(&self.rows_of(x)?, 0)?)
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
        if x.rank() != 2 || x.dim(1)? != self.width {
            let expected = format!("(rows, {})", self.width);
            return Err(Error::Shape { what: "x", got: x.dims().to_vec(), expected });
        }
        let rows: Vec<u32> = Contexts::of(x)?.iter().map(|context| self.row(context)).collect();
        Ok(Tensor::from_vec(rows, x.dim(0)?, x.device())?)
    }
}

impl Model for NGram {
    type Batch = Labelled;

    fn log_prob(&self, batch: &Labelled) -> Result<Tensor> {
        let k = self.logits.dim(1)?;
        batch.at_most(k)?;
        let cell = ((self.rows_of(batch.x())? * k as f64)? + batch.y())?;
        Ok(self.table()?.flatten_all()?.index_select(&cell, 0)?)
    }
}

impl Parameters for NGram {
    fn parameters(&self) -> Result<HashMap<String, Tensor>> {
        Ok(HashMap::from([("logits".to_string(), self.logits.detach())]))
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
