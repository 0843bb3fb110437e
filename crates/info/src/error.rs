//! What can go wrong, said with the place and the cure.

use crate::number::typed;

/// What the functions of this crate return.
pub type Result<T> = std::result::Result<T, Error>;

/// What is wrong with a table, a law, a sample or another argument. The variants carry the value that was wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the message beside each variant says it")]
pub enum Error {
    // Any argument
    #[error("{what} is empty: at least one {needed} is needed")]
    Empty { what: String, needed: &'static str },
    #[error("{what} has shape {got:?}, but {expected} is needed")]
    Shape { what: &'static str, got: Vec<usize>, expected: String },
    #[error(
        "row {row}, column {column} of {what} (both counted from 0) is {value}: give finite numbers only, and drop or fill missing ones first"
    )]
    NotFinite { what: &'static str, row: usize, column: usize, value: f64 },
    #[error("{what} = {}, but {allowed} is needed", typed(*value))]
    Parameter { what: &'static str, value: f64, allowed: &'static str },
    /// `column` is its name in quotes, or its number.
    #[error("column {column} is constant ({}): drop it, or add rows in which it varies", typed(*value))]
    ConstantColumn { column: String, value: f64 },

    // Tables of probabilities
    #[error("variable {axis} has no levels: every variable of a table needs at least one")]
    NoLevels { axis: usize },
    #[error("a table of shape {shape:?} has more than {limit} cells: leave variables out or coarsen them with `map`")]
    TooManyCells { shape: Vec<usize>, limit: usize },
    #[error("an extension holds at most {limit} copies of a table, not {copies}: code shorter blocks")]
    TooManyCopies { copies: usize, limit: usize },
    #[error("{found} values do not fill a table of shape {shape:?}, which has {expected} cells")]
    WrongLength { shape: Vec<usize>, expected: usize, found: usize },
    #[error("cell {cell:?} holds {}: a probability is a number between 0 and 1", typed(*value))]
    NotAProbability { cell: Vec<usize>, value: f64 },
    #[error("cell {cell:?} holds {}: a count is a finite number, 0 or more", typed(*value))]
    NotACount { cell: Vec<usize>, value: f64 },
    #[error(
        "the probabilities sum to {}, not to 1: counts and weights are normalised by `Pmf::from_counts`",
        typed(*sum)
    )]
    NotNormalized { sum: f64 },
    #[error(
        "row {row} of the channel sums to {}, not to 1: it is the distribution of the output given input {row}",
        typed(*sum)
    )]
    RowNotNormalized { row: usize, sum: f64 },
    #[error("there is no variable {axis}: the table has {variables}, numbered from 0")]
    AxisOutOfRange { axis: usize, variables: usize },
    #[error("variable {axis} is named twice in one set: name it once")]
    AxisTwice { axis: usize },
    #[error("a table of shape {shape:?} has no cell {cell:?}: one level for each variable, numbered from 0")]
    NoSuchCell { cell: Vec<usize>, shape: Vec<usize> },
    #[error("row {row} of the sample is {sample:?}, which is no cell of a table of shape {shape:?}")]
    BadSample { row: usize, sample: Vec<usize>, shape: Vec<usize> },
    #[error("tables over different alphabets cannot be compared: {left:?} and {right:?}")]
    ShapeMismatch { left: Vec<usize>, right: Vec<usize> },
    #[error("the event {event:?} (variable, level) has probability 0: nothing can be conditioned on it")]
    ImpossibleEvent { event: Vec<(usize, usize)> },
    #[error("the channel takes {inputs} inputs, but variable {axis} has {levels} levels")]
    ChannelMismatch { axis: usize, levels: usize, inputs: usize },

    // Codes
    #[error("symbol {symbol:?} has no code word: the code was built for a distribution that never emits it")]
    NoCodeWord { symbol: Vec<usize> },
    #[error("a message of {values} values does not split into blocks of {block}: pad or cut it")]
    PartialBlock { values: usize, block: usize },
    #[error("the bits end inside a code word, after {after:?}: the message is cut off or was not made by this code")]
    BitsRanOut { after: String },
    #[error("no code word begins with {bits:?}: the message was not made by this code")]
    NotACodeWord { bits: String },
    #[error("{bits} bits are left after the last symbol: the message is longer than was said")]
    BitsLeft { bits: usize },

    // Laws
    #[error("axis {axis} does not exist: the distribution has axes 0 to {}", dimension - 1)]
    NoSuchAxis { axis: usize, dimension: usize },
    #[error(
        "the covariance of axes {row} and {column} is {} one way round and {} the other: a covariance is symmetric",
        typed(*value),
        typed(*mirrored)
    )]
    NotSymmetric { row: usize, column: usize, value: f64, mirrored: f64 },
    #[error(
        "the covariance is not positive definite: axis {axis} (counted from 0) is, to rounding, a linear combination of \
         the axes before it; leave it out, or add the noise it was measured with"
    )]
    NotPositiveDefinite { axis: usize },
    #[error(
        "axes {row} and {column} (counted from 0) have the covariance {}: it is at most {}, the product of their standard \
         deviations",
        typed(*value),
        typed(*most)
    )]
    CovarianceTooLarge { row: usize, column: usize, value: f64, most: f64 },
    #[error(
        "the covariance is indefinite: with the axes before it known, axis {axis} (counted from 0) would have a negative \
         variance; its covariances with them contradict one another"
    )]
    Indefinite { axis: usize },
    #[error(
        "the integral for {what} came to {} with an error of up to {}: it diverges, has a tail or a peak that reaches beyond the \
         range of f64, or a spike or a kink that is not among the knots",
        typed(*value),
        typed(*error)
    )]
    NotConverged { what: &'static str, value: f64, error: f64 },

    // Samples
    #[error(
        "all {n} observations are of one class: there is nothing to tell apart; give some of another, or another target"
    )]
    OneClass { n: f64 },
    #[error(
        "k = {k} nearest neighbours, but row {row} (counted from 0) has {others} points to choose from: k lies between 1 and their \
         number; {}",
        if *k == 0 { "take 3 to begin with" } else { "lower k, or give more rows" }
    )]
    Neighbours { k: usize, row: usize, others: usize },
    #[error(
        "label {label} was seen {times} time{}, first in row {row} (counted from 0), but with k = {k} a label needs {} rows: \
         merge it with another, leave its rows out, or {}",
        if *times == 1 { "" } else { "s" },
        *k + 1,
        if *times == 1 { "observe it more often" } else { "lower k" }
    )]
    RareLabel { label: String, times: usize, row: usize, k: usize },
    #[error(
        "column {column} of {what} (counted from 0) has only {distinct} different numbers in {rows} rows, and most of its \
         rows have k = {k} or more duplicates: it has no density. If they are labels, `ross` tells what they share with numbers \
         and `CountEstimator` what they share with labels; if they were measured in steps, `jitter` them by the step"
    )]
    Tied { what: &'static str, column: usize, distinct: usize, rows: usize, k: usize },
    #[error(
        "column {column} of {what} (counted from 0) is {} in {times} of {rows} rows: an atom, which no density has; `mixed_ksg` takes \
         columns of atoms and a density",
        typed(*value)
    )]
    Atom { what: &'static str, column: usize, value: f64, times: usize, rows: usize },
    #[error(
        "ranks are spread alike whatever the sample, and have no entropy of it: take `Scale::Standardized` or `Scale::Raw`"
    )]
    EntropyOfRanks,
    #[error(
        "row {row} (counted from 0) has k or more duplicates, so its k-th neighbour is at distance 0: `jitter` the numbers \
         by the step they were recorded in"
    )]
    Coincident { row: usize },
    #[error(
        "every one of the {n} observations is a singleton: estimated coverage is 0, and the entropy infinite; observe more, \
         or coarsen the table"
    )]
    NoCoverage { n: f64 },
}
