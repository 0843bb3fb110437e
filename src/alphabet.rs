//! Text as numbers: the characters that a model can tell apart, and each of them after the ones before it.

use std::path::Path;

use candle_core::{Device, Tensor};

use crate::batch::Labelled;
use crate::error::{Error, Result, empty, parameter};
use crate::table::decode;

/// The text of a file in UTF-8, or in UTF-16 with a byte order mark, which is no part of the text.
///
/// # Errors
/// A file that cannot be read, or is in another encoding, with the command that converts it.
pub fn read(path: impl AsRef<Path>) -> Result<String> {
    let path = path.as_ref();
    let bytes = std::fs::read(path).map_err(|problem| Error::File { action: "read", path: path.into(), problem })?;
    let file = path.display().to_string();
    decode(bytes, &file).map_err(|(line, problem)| Error::Csv { file, line, problem })
}

/// The different characters of a text, numbered 0 … k−1 in the order of their code points. What stands before a text has
/// the number k: the padding, which no model ever predicts.
///
/// ```
/// use candle_mle::alphabet::Alphabet;
/// let alphabet = Alphabet::of("abracadabra")?;
/// assert_eq!(alphabet.len(), 5);
/// assert_eq!(alphabet.encode("bad")?, [1, 0, 3]);
/// # Ok::<(), candle_mle::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alphabet(Vec<char>);

impl Alphabet {
    /// The characters that occur in a text. A model knows only these: take them from all text that it shall ever score.
    ///
    /// # Errors
    /// An empty text.
    pub fn of(text: &str) -> Result<Self> {
        let mut characters: Vec<char> = text.chars().collect();
        characters.sort_unstable();
        characters.dedup();
        if characters.is_empty() {
            return Err(empty("the text", "character"));
        }
        Ok(Self(characters))
    }

    /// k, the number of characters.
    #[allow(clippy::len_without_is_empty, reason = "an alphabet is never empty")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The characters, in order.
    pub fn characters(&self) -> &[char] {
        &self.0
    }

    /// The number of every character of a text.
    ///
    /// # Errors
    /// A character that is not in the alphabet.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let code = |(at, character): (usize, char)| match self.0.binary_search(&character) {
            Ok(code) => Ok(code as u32),
            Err(_) => Err(Error::NotInAlphabet { character, at }),
        };
        text.chars().enumerate().map(code).collect()
    }

    /// The text of these numbers; a number beyond the alphabet is shown as U+FFFD.
    pub fn decode(&self, codes: &[u32]) -> String {
        codes.iter().map(|code| self.0.get(*code as usize).copied().unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    }

    /// Every character of a text of T characters after the n − 1 before it, padded in front: x (T, n − 1) and y (T,).
    ///
    /// The rows of a whole text, so that the terms ln q(x_t | before) of the chain rule sum to ln q(text) (lecture row L12).
    ///
    /// # Errors
    /// n = 0; a text shorter than n; a character that is not in the alphabet.
    pub fn windows(&self, text: &str, n: usize) -> Result<Labelled> {
        let codes = self.encode(text)?;
        if n == 0 {
            return Err(parameter("n of an n-gram", 0.0, "a whole number ≥ 1"));
        }
        if codes.len() < n {
            return Err(Error::ShortText { characters: codes.len(), n });
        }
        let padded: Vec<u32> = std::iter::repeat_n(self.len() as u32, n - 1).chain(codes.iter().copied()).collect();
        let before = padded.windows(n).flat_map(|window| window[..n - 1].iter().map(|code| f64::from(*code)));
        let x = Tensor::from_vec(before.collect::<Vec<f64>>(), (codes.len(), n - 1), &Device::Cpu)?;
        let rows = codes.len();
        Labelled::new(x, Tensor::from_vec(codes, rows, &Device::Cpu)?)
    }
}
