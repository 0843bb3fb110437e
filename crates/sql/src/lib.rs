//! p̂ as a GROUP BY, a likelihood as a sum.

#![warn(missing_docs)]
#![deny(unsafe_code)]

pub mod aggregate;
pub mod cluster;
pub mod counts;
pub mod engine;
mod error;
pub mod exact;
pub mod pass;
pub mod rows;

pub use counts::Counts;
pub use engine::{DATA, Engine};
pub use error::{Error, Result};
pub use rows::{Asked, Described, Rows, Summed};
