//! Why a figure cannot be drawn or written.

use std::path::PathBuf;

use candle_mle_info::number::typed;

/// What the functions of this crate return.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a figure cannot be drawn or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the message beside each variant says it")]
pub enum Error {
    #[error("{}: unknown picture format: use .png or .svg", path.display())]
    FigureFormat { path: PathBuf },
    #[error("cannot write {}; choose a place you may write to", path.display())]
    FigureWrite {
        path: PathBuf,
        #[source]
        problem: std::io::Error,
    },
    #[error("a figure, or a column of it, has no panel: at least one is needed")]
    NoPanel,
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
    #[error(
        "the places of a map along axis \"{axis}\" neither ascend nor descend: sort them, and the values with them"
    )]
    HeatOrder { axis: String },
}
