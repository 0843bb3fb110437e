//! Prefix codes: the bits that entropy counts, actually written and read back.

use std::collections::HashMap;
use std::fmt;

use crate::error::{Error, Result};
use crate::pmf::Pmf;
use crate::pmf::{cell_at, position};

/// A binary prefix code for the cells of a table: no code word begins another, so words need no separator.
///
/// A symbol is a cell. A table of one variable codes a message value by value, a table of n variables n values at a
/// time; with `p.extension(n)` the cost per value of the Huffman code approaches H(p), from at most 1/n bit above.
/// Cells of probability 0 have no word. A sure cell has the empty word: it costs nothing, as H = 0 demands, and
/// therefore [`decode`](Self::decode) is told how long the message is.
///
/// Coding p with the code of a dyadic q costs H(p) + KL(p‖q) bits, exactly (lecture row P2):
///
/// ```
/// use candle_mle_info::{Error, Pmf, PrefixCode};
/// let p = Pmf::new([3], [0.25, 0.25, 0.5])?;
/// let q = Pmf::new([3], [0.5, 0.25, 0.25])?;
/// let code = PrefixCode::huffman(&q);
/// assert_eq!(code.to_string(), "[0] 0\n[1] 10\n[2] 11\n");
/// assert_eq!(code.expected_length(&p)?, (p.entropy() + p.kl_divergence(&q)?).bits());
///
/// let bits = code.encode(&[0, 2, 1])?;
/// assert_eq!(bits, [false, true, true, true, false]);
/// assert_eq!(code.decode(&bits, 3)?, [0, 2, 1]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PrefixCode {
    shape: Vec<usize>,
    words: Vec<Option<Vec<bool>>>,
    symbols: HashMap<Vec<bool>, usize>,
    longest: usize,
}

impl PrefixCode {
    /// Huffman's code (1952): none costs less under `q`; between H(q) and H(q) + 1 bits a symbol.
    pub fn huffman(q: &Pmf) -> Self {
        Self::canonical(&q.shape, huffman_lengths(&q.p))
    }

    /// Shannon's code (1948): ⌈−log2 q⌉ bits for a symbol of probability q, so that p pays between H(p) + KL(p‖q) and
    /// one bit more.
    ///
    /// Where cells add up to more than 1 by rounding, as 1 and 1e-17 do, the first of the shortest words is one bit
    /// longer, or there would be no room for the others: the exact probability was just below a power of 2.
    pub fn shannon(q: &Pmf) -> Self {
        Self::canonical(&q.shape, q.p.iter().map(|&q| (q > 0.0).then(|| shannon_length(q))).collect())
    }

    /// The canonical code of these lengths: words ascend with their length and, within a length, with the symbol.
    fn canonical(shape: &[usize], mut lengths: Vec<Option<usize>>) -> Self {
        let words = loop {
            if let Some(words) = canonical_words(&lengths) {
                break words;
            }
            if let Some(shortest) = lengths.iter_mut().flatten().min() {
                *shortest += 1;
            }
        };
        let coded = words.iter().enumerate().filter_map(|(symbol, word)| Some((word.clone()?, symbol)));
        let symbols = coded.collect();
        let longest = lengths.into_iter().flatten().max().unwrap_or(0);
        Self { shape: shape.to_vec(), words, symbols, longest }
    }

    /// The code word of every cell, row-major; none for cells that never occur.
    pub fn words(&self) -> &[Option<Vec<bool>>] {
        &self.words
    }

    /// The bits that every cell costs, row-major.
    pub fn lengths(&self) -> Vec<Option<usize>> {
        self.words.iter().map(|word| word.as_ref().map(Vec::len)).collect()
    }

    /// Σ 2^−length, at most 1 for every prefix code (Kraft's inequality), and 1 if no word could be shorter.
    pub fn kraft_sum(&self) -> f64 {
        self.words.iter().flatten().map(|word| (-(word.len() as f64)).exp2()).sum()
    }

    /// The mean number of bits a code word takes under `p`. A word stands for all variables of the table: per value of
    /// an extension to n, divide by n. Infinite if `p` emits a symbol without a word.
    ///
    /// # Errors
    /// A table of another shape than the code's.
    pub fn expected_length(&self, p: &Pmf) -> Result<f64> {
        if p.shape != self.shape {
            return Err(Error::ShapeMismatch { left: self.shape.clone(), right: p.shape.clone() });
        }
        Ok(p.expected(0.0, |i| self.words[i].as_ref().map_or(f64::INFINITY, |word| word.len() as f64)))
    }

    /// The bits of a message, as many values at a time as the table has variables.
    ///
    /// # Errors
    /// A symbol that is no cell of the table or has no code word; a last block that is not full.
    pub fn encode(&self, message: &[usize]) -> Result<Vec<bool>> {
        self.check_blocks(message.len())?;
        let mut bits = Vec::new();
        for symbol in message.chunks(self.shape.len().max(1)) {
            let Some(i) = position(&self.shape, symbol) else {
                return Err(Error::NoSuchCell { cell: symbol.to_vec(), shape: self.shape.clone() });
            };
            let word = self.words[i].as_ref().ok_or_else(|| Error::NoCodeWord { symbol: symbol.to_vec() })?;
            bits.extend(word);
        }
        Ok(bits)
    }

    /// Reads one code word off the front of `bits`: one level for every variable of the table. Sender and receiver
    /// may change code after every word, as they do when each value of a side information has a code of its own.
    ///
    /// # Errors
    /// Bits that end too early or that no word begins with.
    pub fn read(&self, bits: &mut impl Iterator<Item = bool>) -> Result<Vec<usize>> {
        let mut word = Vec::with_capacity(self.longest);
        loop {
            if let Some(&symbol) = self.symbols.get(&word) {
                return Ok(cell_at(&self.shape, symbol));
            }
            if word.len() == self.longest {
                return Err(Error::NotACodeWord { bits: digits(&word) });
            }
            word.push(bits.next().ok_or_else(|| Error::BitsRanOut { after: digits(&word) })?);
        }
    }

    /// The message of `length` values that [`encode`](Self::encode) turned into these bits.
    ///
    /// # Errors
    /// Those of [`read`](Self::read); bits left over; a length that is no whole number of blocks.
    pub fn decode(&self, bits: &[bool], length: usize) -> Result<Vec<usize>> {
        self.check_blocks(length)?;
        let mut rest = bits.iter().copied();
        let mut message = Vec::new();
        while message.len() < length {
            message.extend(self.read(&mut rest)?);
        }
        match rest.len() {
            0 => Ok(message),
            bits => Err(Error::BitsLeft { bits }),
        }
    }

    fn check_blocks(&self, values: usize) -> Result<()> {
        let block = self.shape.len();
        if values.is_multiple_of(block) { Ok(()) } else { Err(Error::PartialBlock { values, block }) }
    }
}

/// A line for every code word: the cell and its bits.
impl fmt::Display for PrefixCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, word) in self.words.iter().enumerate() {
            if let Some(word) = word {
                writeln!(f, "{:?} {}", cell_at(&self.shape, i), digits(word))?;
            }
        }
        Ok(())
    }
}

fn digits(word: &[bool]) -> String {
    word.iter().map(|&bit| if bit { '1' } else { '0' }).collect()
}

/// ⌈−log2 q⌉, the least l with 2^−l ≤ q. Halving is exact, while a rounded logarithm takes a q just below ¼ for ¼.
fn shannon_length(q: f64) -> usize {
    std::iter::successors(Some(1.0), |power| Some(power / 2.0)).take_while(|&power| power > q).count()
}

/// The depth of every symbol in the tree that joins the two lightest nodes until one is left.
fn huffman_lengths(q: &[f64]) -> Vec<Option<usize>> {
    let mut leaves: Vec<usize> = (0..q.len()).filter(|&symbol| q[symbol] > 0.0).collect();
    leaves.sort_by(|&a, &b| q[a].total_cmp(&q[b]));
    // Nodes are numbered: the leaves, lightest first, then the forks as they are made. Forks get heavier as well, so
    // the lightest node is always the next leaf or the next fork.
    let n = leaves.len();
    let nodes = 2 * n - 1; // n ≥ 1: a table sums to 1
    let mut weight: Vec<f64> = leaves.iter().map(|&symbol| q[symbol]).collect();
    let mut parent = vec![0; nodes];
    let (mut leaf, mut fork) = (0, n);
    for new in n..nodes {
        let mut joined = 0.0;
        for _ in 0..2 {
            let next = if leaf < n && (fork == new || weight[leaf] <= weight[fork]) { &mut leaf } else { &mut fork };
            parent[*next] = new;
            joined += weight[*next];
            *next += 1;
        }
        weight.push(joined);
    }
    let mut depth = vec![0; nodes];
    for node in (0..nodes - 1).rev() {
        depth[node] = depth[parent[node]] + 1;
    }
    let mut lengths = vec![None; q.len()];
    leaves.into_iter().zip(depth).for_each(|(symbol, depth)| lengths[symbol] = Some(depth));
    lengths
}

/// Words of these lengths in canonical order; none if Kraft's inequality leaves no room for them.
fn canonical_words(lengths: &[Option<usize>]) -> Option<Vec<Option<Vec<bool>>>> {
    let mut order: Vec<usize> = (0..lengths.len()).filter(|&symbol| lengths[symbol].is_some()).collect();
    order.sort_by_key(|&symbol| lengths[symbol]);
    let mut words = vec![None; lengths.len()];
    let mut word: Option<Vec<bool>> = None;
    for symbol in order {
        let mut next = match word {
            None => vec![],
            Some(last) => successor(last)?,
        };
        next.resize(lengths[symbol]?, false);
        words[symbol] = Some(next.clone());
        word = Some(next);
    }
    Some(words)
}

/// The word, read as a binary fraction, plus one in its last place, trailing zeros dropped; none after the last,
/// 11…1. Words may be 1074 bits long, more than any integer type holds.
fn successor(mut word: Vec<bool>) -> Option<Vec<bool>> {
    while word.pop()? {}
    word.push(true);
    Some(word)
}
