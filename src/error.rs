//! What can go wrong, said with the place and the cure.

use std::path::PathBuf;

use candle_core::{DType, Tensor};
use candle_mle_info::number::{shown, typed};

/// What the library's functions return.
pub type Result<T> = std::result::Result<T, Error>;

/// Every error of the library. The variants carry the value that was wrong; what is wrong with an argument of any kind
/// (empty, of another shape, not finite, out of range, constant) is said by the variants of [`info`](crate::info::Error).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the message beside each variant says it")]
pub enum Error {
    #[error(transparent)]
    Info(#[from] candle_mle_info::Error),

    // Observations
    #[error("{what} holds {got:?}, but {expected} is needed: convert it with `to_dtype`")]
    Numbers { what: &'static str, got: DType, expected: &'static str },
    #[error("count {} in row {row} (counted from 0): a count is a finite number ≥ 0", typed(*value))]
    Count { row: usize, value: f64 },
    #[error("the count of distinct row {row} (counted from 0) is {}: only of whole numbers of observations parts can be drawn", typed(*count))]
    PartOfAnObservation { row: usize, count: f64 },
    #[error("all {rows} counts are zero: nothing was observed")]
    NothingObserved { rows: usize },
    #[error("the data have a class {class}, but the model knows {}", known(*classes))]
    Class { class: usize, classes: usize },
    #[error("resolution {} of column {column} (counted from 0): {problem}", typed(*value))]
    Resolution { column: usize, value: f64, problem: &'static str },
    #[error("the model gives probabilities, but the data are cells of a density: leave the resolution out")]
    ProbabilityOfCells,

    // Descent
    #[error(
        "the KL divergence of points to a density is infinite: give the data a resolution, or descend the cross-entropy, whose gradient is the same"
    )]
    NoResolution,
    #[error(
        "KL(q‖p) of a density to atoms is infinite: make p of cells, by a resolution of the data or by Empirical::from_cells"
    )]
    NoLogDensity,
    #[error("the loss is not a number at step {step}: the step size is too large, or a parameter overflowed")]
    NotANumber { step: usize },
    #[error(
        "the loss is infinite at step {step}: the model gives probability 0 to what was observed in distinct row {row} (counted from 0)"
    )]
    InfiniteLoss { step: usize, row: usize },
    #[error(
        "the descent diverges: at step {step} the loss of {} nats per observation is above the {} at its start; halve the step size",
        shown(*loss),
        shown(*start)
    )]
    Diverged { step: usize, loss: f64, start: f64 },
    #[error(
        "the descent stalls: after {steps} steps a component of the gradient is still {gradient:.1e} nats per observation; \
         take a smaller family, or rescale the columns"
    )]
    Stalled { steps: usize, gradient: f64 },
    #[error("whether the likelihood has a finite maximum is not known: {why}")]
    Undecided { why: &'static str },
    #[error("no finite maximum: {why}")]
    NoMaximum { why: String },
    #[error("row {row} (counted from 0) holds {}, and the support of this {family} is {support}: {cure}", typed(*value))]
    OffSupport { row: usize, value: f64, family: &'static str, support: &'static str, cure: &'static str },
    #[error(
        "the information is singular: the data do not determine every parameter where the model stands; leave out a column that \
         others determine, or look for a separation"
    )]
    Singular,
    #[error("Firth's penalty is known of logistic, softmax, coins and dice: take another objective")]
    NoCurvature,
    #[error(
        "a ridge shrinks slopes, of which this family has none: take it of a regression, or give the model a penalty of its own"
    )]
    NoSlopes,
    #[error("the model has no penalty of its own: wrap it in `Penalized`, or take another objective")]
    NoPenalty,
    #[error("{what} is not known beside an offset: leave the offset out")]
    Offset { what: &'static str },
    #[error("the linear program was not solved: {why}; rescale the columns")]
    LinearProgram { why: String },
    #[error("no gradient reaches the parameter '{name}': log_prob does not use it, or a detached tensor cuts it off")]
    NoGradient { name: String },
    #[error(
        "the first update moved nothing: the optimiser holds no variable of this model (make it after the model has asked \
         for its variables), or its step size is lost in rounding, as it is at a maximum"
    )]
    NothingMoved,
    #[error(
        "this optimiser keeps its state to itself: GradientDescent, Adam, Lbfgs and Newton of this crate can be saved and resumed"
    )]
    NoState,
    #[error("the state is not one of this optimiser: {problem}")]
    WrongState { problem: String },

    // Steps and logs
    #[error(
        "ln q has shape {got:?}, but ({rows},) is needed, one number for each distinct row of the data: give the step the p̂ \
         whose batch the model scored, and squeeze a column"
    )]
    StepRows { got: Vec<usize>, rows: usize },
    #[error(
        "ln q of row {row} (counted from 0) is {value} at step {step}, but a probability is at most 1: normalise the model, \
         or declare it a density"
    )]
    AboveOne { step: usize, row: usize, value: f64 },
    #[error(
        "at step {step} the data are not those of the log (n = {n}, now {now}): score the full p̂ for the log, and begin a \
         new log for other data"
    )]
    OtherData { step: usize, n: f64, now: f64 },
    #[error(
        "the checkpoint is of other data: at step {step} {what} was {}, and now it is {}; go on with the table that the fit began \
         with, or begin anew",
        shown(*was),
        shown(*now)
    )]
    OtherCheckpoint { step: usize, what: &'static str, was: f64, now: f64 },
    #[error("{file}, line {line}: {problem}")]
    Log { file: String, line: usize, problem: String },

    // Maximum entropy
    #[error(
        "moment {moment} (counted from 0) cannot be {target}: on this support it lies between {least:?} and {most:?}"
    )]
    MomentOutOfReach { moment: usize, target: f64, least: f64, most: f64 },
    #[error(
        "no distribution on this support has all of these moments together, though each alone can be met: {targets:?}"
    )]
    MomentsContradict { targets: Vec<f64> },
    #[error(
        "no distribution on the nodes of the quadrature, which reach from {} to {}, has the moments {targets:?}: one beyond or \
         between them needs another centre or scale, and a point mass, as with a variance of 0, has no density",
        shown(reach.0),
        shown(reach.1)
    )]
    MomentsOffTheNodes { targets: Vec<f64>, reach: (f64, f64) },
    #[error(
        "there is mass at the outermost node of the quadrature, {}, with the nodes reaching from {} to {}: if the distribution \
         is wider than they reach take a larger scale or another centre, and if no moment holds it there add one that does, \
         such as the second",
        shown(*at),
        shown(reach.0),
        shown(reach.1)
    )]
    LawOffTheNodes { at: f64, reach: (f64, f64) },
    #[error(
        "the nodes of the quadrature do not resolve the distribution: its mass, a moment (in standard deviations) or its \
         entropy (in nats) is off by about {change:.1e}; take a scale nearer to its width, and as centre its middle or the \
         point where it has a kink or a jump; a point mass has no density"
    )]
    LawBetweenTheNodes { change: f64 },
    #[error(
        "the moments lie on the edge of what the support allows, where no λ is finite: maxent returns the distribution there"
    )]
    MomentsOnTheEdge,

    // Files, people's tables and texts
    #[error("cannot {action} {}", path.display())]
    File {
        action: &'static str,
        path: PathBuf,
        #[source]
        problem: std::io::Error,
    },
    #[error("{} is not a file written by `save`: {problem}", path.display())]
    NotParameters { path: PathBuf, problem: String },
    #[error("{} holds a {found}, but a {wanted} was asked for", path.display())]
    OtherModel { path: PathBuf, found: String, wanted: &'static str },
    #[error("{file}, line {line}: {problem}")]
    Csv { file: String, line: u64, problem: String },
    #[error("{file} has no column '{column}'; it has: {columns}")]
    NoColumn { file: String, column: String, columns: String },
    #[error("{file}, line {line}, column '{column}' holds '{text}': {problem}")]
    Cell { file: String, line: u64, column: String, text: String, problem: String },
    #[error("column '{column}': {problem}")]
    Column { column: String, problem: String },
    #[error("{} columns cannot be used as they are:\n{}", .0.len(), lines(.0))]
    Columns(Vec<Error>),
    #[error(
        "the character {character:?} at position {at} (counted from 0) is not in the alphabet: build the alphabet from all the text you will score"
    )]
    NotInAlphabet { character: char, at: usize },
    #[error("a text of {characters} characters is shorter than n = {n}: give a longer text, or a smaller n")]
    ShortText { characters: usize, n: usize },

    // Devices
    #[error("{asked} was asked for, but {problem}")]
    Device { asked: String, problem: String },
    #[error(transparent)]
    Candle(candle_core::Error),
    /// What a hook or a model of your own has to say.
    #[error(transparent)]
    Other(#[from] Box<dyn std::error::Error + Send + Sync>),
}

/// Without the backtrace that Candle writes into its messages where `RUST_BACKTRACE` is set.
impl From<candle_core::Error> for Error {
    fn from(error: candle_core::Error) -> Self {
        Self::Candle(without_backtrace(error))
    }
}

/// Also where it stands behind a path or a context.
fn without_backtrace(error: candle_core::Error) -> candle_core::Error {
    use candle_core::Error::{Context, WithBacktrace, WithPath};
    match error {
        WithBacktrace { inner, .. } => without_backtrace(*inner),
        WithPath { inner, path } => WithPath { inner: without_backtrace(*inner).into(), path },
        Context { inner, context } => Context { inner: without_backtrace(*inner).into(), context },
        error => error,
    }
}

/// A message a line.
fn lines(errors: &[Error]) -> String {
    errors.iter().map(|error| format!("  {error}")).collect::<Vec<_>>().join("\n")
}

/// The classes 0 … classes − 1 in words.
fn known(classes: usize) -> String {
    match classes {
        0 => "no class at all".into(),
        1 => "the class 0 only".into(),
        more => format!("the classes 0 to {} only", more - 1),
    }
}

// What is wrong with an argument, in the words of the info crate.

pub(crate) fn empty(what: impl Into<String>, needed: &'static str) -> Error {
    candle_mle_info::Error::Empty { what: what.into(), needed }.into()
}

pub(crate) fn shape(what: &'static str, got: &[usize], expected: impl Into<String>) -> Error {
    candle_mle_info::Error::Shape { what, got: got.to_vec(), expected: expected.into() }.into()
}

pub(crate) fn parameter(what: &'static str, value: f64, allowed: &'static str) -> Error {
    candle_mle_info::Error::Parameter { what, value, allowed }.into()
}

pub(crate) fn constant(column: impl Into<String>, value: f64) -> Error {
    candle_mle_info::Error::ConstantColumn { column: column.into(), value }.into()
}

/// An error unless the number is finite and above 0.
pub(crate) fn positive(what: &'static str, value: f64) -> Result<f64> {
    if value.is_finite() && value > 0.0 { Ok(value) } else { Err(parameter(what, value, "a finite number > 0")) }
}

/// An error unless the number is finite and not below 0.
pub(crate) fn not_negative(what: &'static str, value: f64) -> Result<f64> {
    if value.is_finite() && value >= 0.0 { Ok(value) } else { Err(parameter(what, value, "a finite number ≥ 0")) }
}

/// An error if one of the numbers, row by row, is not finite.
pub(crate) fn finite(what: &'static str, values: &[f64], columns: usize) -> Result<()> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(at) => {
            let (row, column, value) = (at / columns.max(1), at % columns.max(1), values[at]);
            Err(candle_mle_info::Error::NotFinite { what, row, column, value }.into())
        }
        None => Ok(()),
    }
}

/// The rows and columns of a matrix, or an error that names it.
pub(crate) fn matrix(what: &'static str, tensor: &Tensor) -> Result<(usize, usize)> {
    match *tensor.dims() {
        [rows, columns] => Ok((rows, columns)),
        _ => Err(shape(what, tensor.dims(), "(rows, columns)")),
    }
}

/// The rows of x (m, columns), or an error that says how many columns are needed.
pub(crate) fn rows_of(x: &Tensor, columns: usize) -> Result<usize> {
    match *x.dims() {
        [rows, found] if found == columns => Ok(rows),
        _ => Err(shape("x", x.dims(), format!("(rows, {columns})"))),
    }
}
