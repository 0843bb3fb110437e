//! Where a log goes while it runs: every row as soon as it is known, to a file that other tools read.

mod lines;
#[cfg(feature = "tracing")]
mod spans;
mod tensorboard;

use std::fmt::Debug;

pub use lines::{CsvLines, JsonLines};
#[cfg(feature = "tracing")]
pub use spans::Spans;
pub use tensorboard::TensorBoard;

use super::{History, Row};
use crate::error::Result;

/// Takes the rows of a [`LossLog`](super::LossLog) one by one, as [`to`](super::LossLog::to) tells it.
pub trait Sink: Debug + Send {
    /// A run begins: of n observations with H(p̂), and with the rows of the run that it goes on with, if it does.
    ///
    /// # Errors
    /// A file that cannot be written.
    fn begin(&mut self, history: &History) -> Result<()>;

    /// One more row.
    ///
    /// # Errors
    /// A file that cannot be written.
    fn row(&mut self, row: &Row) -> Result<()>;
}
