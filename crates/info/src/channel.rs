//! A noisy channel: a law of the output for every input.

use crate::error::{Error, Result};
use crate::pmf::Pmf;
use crate::pmf::{cell_count, check_probabilities};

/// A conditional table W(y|x) of shape (inputs, outputs), each row a law of the output. What a table becomes on the
/// other side is [`Pmf::through`]; the joint law with the output is [`Pmf::with_output`].
///
/// The two coins of lecture row L11, Y = X xor Z with Z ~ Bernoulli(0.1):
///
/// ```
/// use candle_mle_info::{Channel, Error, Pmf};
/// let coins = Pmf::bernoulli(0.5)?.with_output(0, &Channel::binary_symmetric(0.1)?)?;
/// assert_eq!(format!("{:.3}", coins.entropy()), "1.469 bits");
/// assert_eq!(format!("{:.3}", coins.conditional_entropy(&[1], &[0])?), "0.469 bits");
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    outputs: usize,
    w: Vec<f64>,
}

impl Channel {
    /// The channel with these probabilities, row by row; `shape` is [inputs, outputs].
    ///
    /// # Errors
    /// A cell that is negative or not finite, a row that does not sum to 1 within [`Pmf::SUM_TOLERANCE`], a number of
    /// values that does not fill the shape.
    pub fn new(shape: [usize; 2], values: impl Into<Vec<f64>>) -> Result<Self> {
        let (outputs, w) = (shape[1], values.into());
        check_probabilities(&shape, &w)?;
        for (row, law) in w.chunks(outputs).enumerate() {
            let sum: f64 = law.iter().sum();
            if (sum - 1.0).abs() > Pmf::SUM_TOLERANCE {
                return Err(Error::RowNotNormalized { row, sum });
            }
        }
        Ok(Self { outputs, w })
    }

    /// The binary channel that flips its input with probability `flip`.
    pub fn binary_symmetric(flip: f64) -> Result<Self> {
        let z = Pmf::bernoulli(flip)?;
        Ok(Self { outputs: 2, w: vec![z.p[0], z.p[1], z.p[1], z.p[0]] })
    }

    /// How many levels it takes.
    pub fn inputs(&self) -> usize {
        self.w.len() / self.outputs
    }

    /// How many levels it gives.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The law of the output given an input below `inputs`.
    pub(super) fn row(&self, input: usize) -> &[f64] {
        &self.w[input * self.outputs..][..self.outputs]
    }
}

impl Pmf {
    /// The joint law of these variables and, as the last one, the output of a channel that sees only variable `axis`:
    /// all the others → `axis` → output is a Markov chain (lecture row P4).
    pub fn with_output(&self, axis: usize, channel: &Channel) -> Result<Self> {
        self.check_set(&[axis])?;
        if self.shape[axis] != channel.inputs() {
            let (levels, inputs) = (self.shape[axis], channel.inputs());
            return Err(Error::ChannelMismatch { axis, levels, inputs });
        }
        let shape = [&self.shape[..], &[channel.outputs()]].concat();
        cell_count(&shape)?;
        let (_, input) = self.projection(&[axis])?;
        let cells = self.p.iter().zip(input);
        let p = cells.flat_map(|(p, input)| channel.row(input).iter().map(move |w| p * w)).collect();
        Ok(Self { shape, p })
    }

    /// Sends variable `axis` through a channel: the output takes its place.
    pub fn through(&self, axis: usize, channel: &Channel) -> Result<Self> {
        let mut axes: Vec<usize> = (0..self.shape.len()).collect();
        let sent = self.with_output(axis, channel)?;
        axes[axis] = self.shape.len();
        sent.marginal(&axes)
    }
}
