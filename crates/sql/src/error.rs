//! What can go wrong between a table and its sums.

use std::path::PathBuf;

use datafusion::error::DataFusionError;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What the library says.
    #[error(transparent)]
    Library(#[from] candle_mle::Error),
    /// What the engine says of a query.
    #[error("{}", said(.0))]
    Engine(DataFusionError),
    /// A scheduler that cannot be reached.
    #[error(
        "the scheduler at {url} does not answer ({problem}): start it, or leave --cluster out to compute here; a fit goes on from its \
         checkpoint with `candle-mle resume`"
    )]
    NoScheduler {
        /// As it was asked for.
        url: String,
        /// What was met instead.
        problem: String,
    },
    /// A node of a cluster that cannot serve.
    #[error("this {what} cannot serve at {address}: {problem}")]
    Node {
        /// Scheduler or executor.
        what: &'static str,
        /// Of the scheduler.
        address: std::net::SocketAddr,
        /// Why not.
        problem: String,
    },
    /// Files that are not there.
    #[error(
        "{pattern}: no such file; a folder, or a pattern such as 'data/*.parquet' in quotes, stands for all files in it"
    )]
    NoFiles {
        /// As it was asked for.
        pattern: String,
    },
    /// A file whose name does not say what is in it.
    #[error("{}: neither .parquet nor .csv, .csv.gz, .csv.bz2, .csv.xz, .csv.zst, .tsv; of a folder with other files beside them say a pattern, such as 'data/*.parquet'", path.display())]
    Kind {
        /// The first of them.
        path: PathBuf,
    },
    /// A file that the engine cannot read, or not beside the first.
    #[error("{path}: {problem}")]
    Unread {
        /// Which.
        path: String,
        /// Why not.
        problem: String,
    },
    /// Files of several kinds.
    #[error("{} and {} are of different kinds: name those of one kind", first.display(), other.display())]
    Kinds {
        /// The first file.
        first: PathBuf,
        /// One of another kind.
        other: PathBuf,
    },
    /// A file that cannot be read or written.
    #[error("cannot {action} {}: {problem}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why not.
        problem: std::io::Error,
    },
    /// A column that cannot be used as it is.
    #[error("column '{column}': {problem}")]
    Column {
        /// Its name.
        column: String,
        /// What is wrong, and what cures it.
        problem: String,
    },
    /// No row.
    #[error("the query has no rows")]
    NoRows,
    /// Rows that do not repeat.
    #[error(
        "more than {most} different rows are no table: group or round them in the query, or fit a classifier or a Gaussian, which is \
             summed where they are"
    )]
    Many {
        /// How many a table may have.
        most: usize,
    },
    /// Data that are not those of a moment ago.
    #[error(
        "a row holds NaN, or what was not there a moment ago: the data have changed during the fit, or hold numbers that are none"
    )]
    Moved,
    /// Sums of something else.
    #[error("what a partition has summed is of another pass: client, scheduler and executors must be of one version")]
    Foreign,
}

/// What this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The engine's message without the frames around it, and with a cure where there is one.
fn said(error: &DataFusionError) -> String {
    let root = error.find_root().to_string();
    let mut line = root.split("\n\nbacktrace").next().unwrap_or_default();
    let frames = [
        "Error during planning: ",
        "Schema error: ",
        "Arrow error: ",
        "Parquet error: ",
        "Csv error: ",
        "External error: ",
    ];
    while let Some(rest) = frames.iter().find_map(|frame| line.strip_prefix(frame)) {
        line = rest;
    }
    let cure = match line {
        line if line.contains("invalid UTF-8") => {
            "; the engine reads UTF-8 alone: iconv -f latin1 -t utf-8, or --csv, for a file that memory holds"
        }
        line if line.contains("fields for line") || line.contains("unequal lengths") => {
            "; each line must have as many cells as the header has names"
        }
        line if line.starts_with("table '") && line.ends_with("not found") => {
            "; files that --from opens are called data, and a file goes by its own name in single quotes: FROM 'people.parquet'"
        }
        _ => "",
    };
    format!("{}{cure}", line.replace("'datafusion.public.", "'"))
}

// What it says is said; as a source it would be said again.
impl From<DataFusionError> for Error {
    fn from(error: DataFusionError) -> Self {
        Self::Engine(error)
    }
}

impl From<Error> for candle_mle::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Library(error) => error,
            error => Self::Other(Box::new(error)),
        }
    }
}

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        Self::External(Box::new(error))
    }
}
