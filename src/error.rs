//! What can go wrong, said with the place and the cure.

use std::path::PathBuf;

use crate::number::{shown, typed};

/// What the library's functions return.
pub type Result<T> = std::result::Result<T, Error>;

/// Every error of the library. The variants carry the value that was wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the message beside each variant says it")]
pub enum Error {
    // Shapes and numbers
    #[error("{what} is empty: at least one {needed} is needed")]
    Empty { what: String, needed: &'static str },
    #[error("{what} has shape {got:?}, but {expected} is needed")]
    Shape { what: &'static str, got: Vec<usize>, expected: String },
    #[error("{what} holds {got:?}, but {expected} is needed: convert it with `to_dtype`")]
    Numbers { what: &'static str, got: candle_core::DType, expected: &'static str },
    #[error(
        "row {row}, column {column} of {what} (both counted from 0) is {value}: give finite numbers only, and drop or fill missing ones first"
    )]
    NotFinite { what: &'static str, row: usize, column: usize, value: f64 },
    #[error("count {} in row {row} (counted from 0): a count is a finite number ≥ 0", typed(*value))]
    Count { row: usize, value: f64 },
    #[error("all {rows} counts are zero: nothing was observed")]
    NothingObserved { rows: usize },
    #[error("the data have a class {class}, but the model knows {}", known(*classes))]
    Class { class: usize, classes: usize },
    #[error(
        "all {n} observations are of one class: there is nothing to tell apart; give some of another, or another target"
    )]
    OneClass { n: f64 },
    #[error("resolution {} of column {column} (counted from 0): {problem}", typed(*value))]
    Resolution { column: usize, value: f64, problem: &'static str },
    #[error("the model gives probabilities, but the data are cells of a density: leave the resolution out")]
    ProbabilityOfCells,
    #[error("{what} = {}, but {allowed} is needed", typed(*value))]
    Parameter { what: &'static str, value: f64, allowed: &'static str },
    #[error(
        "the covariance is singular (pivot {pivot:.1e} of column {column}, counted from 0): a column is constant or a combination of the ones before it, and the likelihood has no maximum; leave that column out, or give more rows"
    )]
    SingularCovariance { column: usize, pivot: f64 },
    #[error(
        "column {column} (counted from 0) has the one value {}: its coefficient cannot be told from the intercept; leave it out, or give rows in which it differs",
        typed(*value)
    )]
    ConstantColumn { column: usize, value: f64 },

    // Descent
    #[error(
        "the KL divergence of points to a density is infinite: give the data a resolution, or descend the cross-entropy, whose gradient is the same"
    )]
    NoResolution,
    #[error(
        "KL(q‖p) of a density to atoms is infinite: make p of cells, by a resolution of the data or by Empirical::from_cells"
    )]
    NoLogDensity,
    #[error(
        "the loss is not a number at step {step}: the step size is too large, or a parameter left the numbers' range"
    )]
    NotANumber { step: usize },
    #[error(
        "the loss is infinite at step {step}: the model gives probability 0 to what was observed in distinct row {row} (counted from 0)"
    )]
    InfiniteLoss { step: usize, row: usize },
    #[error(
        "the descent diverges: at step {step} the cross-entropy of {} nats per observation is above the {} at its start; take a smaller step size (half, then half again)",
        shown(*loss),
        shown(*start)
    )]
    Diverged { step: usize, loss: f64, start: f64 },
    #[error(
        "the descent stalls: after {steps} steps a component of the gradient is still {gradient:.1e} nats per observation; \
         take a smaller family, or bring the columns to similar sizes"
    )]
    Stalled { steps: usize, gradient: f64 },
    #[error("the linear program was not solved: {why}; bring the columns to similar sizes")]
    LinearProgram { why: String },

    // Maximum entropy
    #[error(
        "moment {moment} (counted from 0) cannot be {target}: on this support it lies between {least:?} and {most:?}"
    )]
    MomentOutOfReach { moment: usize, target: f64, least: f64, most: f64 },
    #[error("no law on this support has all of these moments together, though each alone can be met: {targets:?}")]
    MomentsContradict { targets: Vec<f64> },
    #[error(
        "no law on the nodes of the quadrature, which reach from {} to {}, has the moments {targets:?}: a law beyond or \
         between them needs another centre or scale, and a law of no width, as with a variance of 0, has no density",
        shown(reach.0),
        shown(reach.1)
    )]
    MomentsOffTheNodes { targets: Vec<f64>, reach: (f64, f64) },
    #[error(
        "the law leans on the last node of the quadrature, at {}, with the nodes reaching from {} to {}: if it is wider than \
         they reach take a larger scale or another centre, and if no moment holds it there add one that does, such as \
         the second",
        shown(*at),
        shown(reach.0),
        shown(reach.1)
    )]
    LawOffTheNodes { at: f64, reach: (f64, f64) },
    #[error(
        "the nodes of the quadrature do not resolve the law: its mass, a moment (in standard deviations) or its entropy \
         (in nats) is off by about {change:.1e}; take a scale nearer to the law's width, and as centre its middle or the \
         point where it has a kink or a jump; a law of no width is resolved by none"
    )]
    LawBetweenTheNodes { change: f64 },
    #[error(
        "the moments lie on the edge of what the support allows, where no λ is finite: maxent returns the law there"
    )]
    MomentsOnTheEdge,
    #[error(
        "no gradient reaches the parameter '{name}': it takes no part in log_prob, or a detached tensor stands between"
    )]
    NoGradient { name: String },

    // People's tables
    #[error("cannot {action} {}: {problem}", path.display())]
    File { action: &'static str, path: PathBuf, problem: std::io::Error },
    #[error("{} holds no parameters that `save` wrote: {problem}", path.display())]
    NotParameters { path: PathBuf, problem: candle_core::Error },
    #[error("{file}, line {line}: {problem}")]
    Csv { file: String, line: u64, problem: String },
    #[error("{file} has no column '{column}'; it has: {columns}")]
    NoColumn { file: String, column: String, columns: String },
    #[error("{file}, line {line}, column '{column}' holds '{text}': {problem}")]
    Cell { file: String, line: u64, column: String, text: String, problem: &'static str },
    #[error("column '{column}': {problem}")]
    Column { column: String, problem: String },
    #[error(
        "the character {character:?} at position {at} (counted from 0) is not in the alphabet: build it of all text that is to be scored"
    )]
    NotInAlphabet { character: char, at: usize },
    #[error("a text of {characters} characters has no {n} in a row: give a longer text, or a smaller n")]
    ShortText { characters: usize, n: usize },

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
    #[error("the probabilities sum to {}, not to 1: counts and weights are normalised by `Pmf::from_counts`", typed(*sum))]
    NotNormalized { sum: f64 },
    #[error("row {row} of the channel sums to {sum}, not to 1: it is the law of the output given input {row}")]
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
    #[error("symbol {symbol:?} has no code word: the code was built for a law that never emits it")]
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
    #[error("axis {axis} does not exist: the law has axes 0 to {}", dimension - 1)]
    NoSuchAxis { axis: usize, dimension: usize },
    #[error(
        "the covariance of axes {row} and {column} is {} one way round and {} the other: a covariance is symmetric",
        typed(*value),
        typed(*mirrored)
    )]
    NotSymmetric { row: usize, column: usize, value: f64, mirrored: f64 },
    #[error(
        "the covariance is not positive definite: axis {axis} is, to rounding, a linear combination of \
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
        "the integral for {what} came to {value} with an error of up to {error}: it diverges, or the \
         integrand has a spike or a kink that is not among the knots"
    )]
    NotConverged { what: &'static str, value: f64, error: f64 },

    // Samples
    #[error(
        "k = {k} nearest neighbours, but row {row} (counted from 0) has {others} points to choose from: k lies between 1 and their \
         number; {}",
        if *k == 0 { "take 3 to begin with" } else { "lower k, or give more rows" }
    )]
    Neighbours { k: usize, row: usize, others: usize },
    #[error(
        "row {row} (counted from 0) coincides with so many points that its distance to the neighbour asked for is 0, and \
         the numbers, as recorded, have no density: `jitter` them by the step they were recorded in"
    )]
    Coincident { row: usize },
    #[error(
        "column {column} (counted from 0) has the one value {}, and so no density: leave it out, or give rows in which it \
         differs",
        typed(*value)
    )]
    NoDensity { column: usize, value: f64 },
    #[error(
        "each of the {n} observations is alone in its cell, so that the sample is estimated to cover nothing, and the \
         entropy to be infinite: observe more, or coarsen the table"
    )]
    NoCoverage { n: f64 },

    // Devices and pictures
    #[error("{asked} was asked for, but {problem}")]
    Device { asked: String, problem: String },
    #[error("{}: the ending tells how to draw: save a figure as .png or as .svg", path.display())]
    FigureFormat { path: PathBuf },
    #[error("cannot write {}: {problem}; choose a place you may write to", path.display())]
    FigureWrite { path: PathBuf, problem: std::io::Error },
    #[error("a figure of {width} × {height} pixels {trouble}")]
    FigureSize { width: u32, height: u32, trouble: &'static str },
    #[error(
        "axis \"{axis}\" cannot run from {} to {}: both ends must be finite, and positive on a logarithmic axis",
        typed(*lo),
        typed(*hi)
    )]
    AxisRange { axis: String, lo: f64, hi: f64 },
    #[error("right axis \"{axis}\" cannot be {factor} times the left one: the factor must be finite and positive")]
    AxisFactor { axis: String, factor: f64 },
    #[error(
        "{found} values cannot fill {rows} rows of {columns} cells: give rows × columns values, row by row, \
         and for a table name the categories of both axes"
    )]
    HeatShape { rows: usize, columns: usize, found: usize },

    #[error(transparent)]
    Candle(#[from] candle_core::Error),
    /// What a hook or a model of your own has to say.
    #[error(transparent)]
    Other(#[from] Box<dyn std::error::Error + Send + Sync>),
}

/// The classes 0 … classes − 1 in words.
fn known(classes: usize) -> String {
    match classes {
        0 => "no class at all".into(),
        1 => "the class 0 only".into(),
        more => format!("the classes 0 to {} only", more - 1),
    }
}
