//! What can go wrong, said with the place and the cure.

use std::path::PathBuf;

pub type Result<T> = std::result::Result<T, Error>;

/// Every error of the library. The variants carry the value that was wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // Shapes and numbers
    #[error("{what} is empty: at least one {needed} is needed")]
    Empty { what: String, needed: &'static str },
    #[error("{what} has shape {got:?}, but {expected} is needed")]
    Shape { what: &'static str, got: Vec<usize>, expected: String },
    #[error(
        "row {row}, column {column} of {what} (both counted from 0) is {value}: give finite numbers only, and drop or fill missing ones first"
    )]
    NotFinite { what: &'static str, row: usize, column: usize, value: f64 },
    #[error("count {value} in row {row} (counted from 0): a count is a finite number ≥ 0")]
    Count { row: usize, value: f64 },
    #[error("all {rows} counts are zero: nothing was observed")]
    NothingObserved { rows: usize },
    #[error("class {class} in row {row}, but the classes are 0 to {last}", last = classes - 1)]
    Class { row: usize, class: u32, classes: usize },
    #[error(
        "resolution {value} of column {column} (counted from 0): a resolution is a finite number > 0, in the column's unit"
    )]
    Resolution { column: usize, value: f64 },
    #[error("the model gives probabilities, but the data are cells of a density: leave the resolution out")]
    ProbabilityOfCells,
    #[error("{what} = {value}, but {allowed} is needed")]
    Parameter { what: &'static str, value: f64, allowed: &'static str },
    #[error(
        "the covariance is singular (pivot {pivot:.1e} of column {column}, counted from 0): a column is constant or a combination of the ones before it, and the likelihood has no maximum; leave that column out"
    )]
    SingularCovariance { column: usize, pivot: f64 },
    #[error(
        "column {column} (counted from 0) has the one value {value}: its coefficient cannot be told from the intercept; leave it out"
    )]
    ConstantColumn { column: usize, value: f64 },

    // Descent
    #[error(
        "the KL divergence of points to a density is infinite: give the data a resolution, or descend the cross-entropy, whose gradient is the same"
    )]
    NoResolution,
    #[error(
        "the loss is not a number at step {step}: the step size is too large, or a parameter left the numbers' range"
    )]
    NotANumber { step: usize },
    #[error(
        "the loss is infinite at step {step}: the model gives probability 0 to what was observed in distinct row {row} (counted from 0)"
    )]
    InfiniteLoss { step: usize, row: usize },
    #[error(
        "the descent diverges: at step {step} the loss {loss:.6} is above its start {start:.6}; take a smaller step size (half, then half again)"
    )]
    Diverged { step: usize, loss: f64, start: f64 },
    #[error(
        "no gradient reaches the parameter '{name}': it takes no part in log_prob, or a detached tensor stands between"
    )]
    NoGradient { name: String },

    // People's tables
    #[error("cannot {action} {}: {source}", path.display())]
    File { action: &'static str, path: PathBuf, source: std::io::Error },
    #[error("{file}, line {line}: {problem}")]
    Csv { file: String, line: u64, problem: String },
    #[error("{file} has no column '{column}'; it has: {columns}")]
    NoColumn { file: String, column: String, columns: String },
    #[error("{file}, line {line}, column '{column}': {problem}, but the cell holds '{text}'")]
    Cell { file: String, line: u64, column: String, text: String, problem: &'static str },
    #[error("column '{column}': {problem}")]
    Column { column: String, problem: String },

    // Devices and pictures
    #[error("{asked} was asked for, but {problem}")]
    Device { asked: String, problem: String },
    #[error("{}: the ending tells how to draw: save a figure as .png or as .svg", path.display())]
    FigureFormat { path: PathBuf },
    #[error("{}: the figure cannot be written ({source}): choose a place you may write to", path.display())]
    FigureWrite { path: PathBuf, source: std::io::Error },
    #[error("a figure of {width} × {height} pixels {trouble}")]
    FigureSize { width: u32, height: u32, trouble: &'static str },
    #[error(
        "axis \"{axis}\" cannot run from {lo} to {hi}: both ends must be finite, and positive on a logarithmic axis"
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
