//! Exact measures of information, in f64: of probability tables, of named laws (that is, probability distributions), of
//! codes and channels; and estimates of them from samples, each with its bias said. Knows no tensor and no model.
//!
//! ```
//! use candle_mle_info::{Error, Pmf};
//! // The table of lecture row L16: X and Y share 3/8 of a bit, exactly.
//! let p = Pmf::from_counts([4, 4], [4., 2., 1., 1., 2., 4., 1., 1., 2., 2., 2., 2., 8., 0., 0., 0.])?;
//! assert_eq!(p.mutual_information(&[0], &[1])?.bits(), 3.0 / 8.0);
//! # Ok::<(), Error>(())
//! ```
//!
//! | question | answer |
//! |---|---|
//! | H, I, KL of a table | [`Pmf`], sent through a [`Channel`] |
//! | H, KL of a named law | [`law`], by [`quadrature`] where no closed form is known |
//! | H, I, KL from a sample | [`estimate`] |
//! | bits that are really paid | [`PrefixCode`] |
//! | sums of independent draws | [`clt`] |
//!
//! Every answer is an [`Information`]; a person reads it in a [`Unit`]. Below them stand what the crates above share too:
//! [`cholesky`], [`special`], [`number`] and [`mod@file`].

#![warn(missing_docs)]
#![forbid(unsafe_code)]

mod channel;
pub mod cholesky;
pub mod clt;
mod code;
mod divergence;
mod entropy;
mod error;
pub mod estimate;
pub mod file;
mod information;
mod integral;
pub mod law;
pub mod number;
mod pmf;
pub mod quadrature;
pub mod special;
mod sum;

pub use channel::Channel;
pub use code::PrefixCode;
pub use error::{Error, Result};
pub use information::{Information, Unit};
pub use pmf::Pmf;
