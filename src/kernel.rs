//! What costs time on the CPU, in one pass over memory; there every primitive of Candle is a pass of its own, with a tensor between
//! each two. [`ops`](crate::ops), [`batch`](crate::batch) and [`objective`](crate::objective) stand in front of it.
//!
//! The same operations in the same order on every processor, for any number of threads: rows are cut into parts by their number
//! and width alone, and what the parts sum up is added in their order, so that the bits are the same everywhere.

#[allow(unsafe_code)] // the instructions of a processor that has them
mod instructions;
mod linear;
mod logarithms;
mod number;
mod sums;

pub(crate) use instructions::fuses;
pub(crate) use linear::{LinearLog, Link, residuals};
pub(crate) use logarithms::{LogSigmoid, LogSoftmax};
pub(crate) use sums::{Expected, Sums, by_row};
