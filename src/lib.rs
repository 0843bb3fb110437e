//! See that learning is maximum likelihood.
#[cfg(feature = "cli")]
pub mod cli;
pub mod device;
mod empirical;
mod error;
mod file;
mod fit;
mod hook;
mod info;
mod model;
mod objective;
mod ops;
#[cfg(feature = "plot")]
pub mod plot;
mod separation;
mod table;

pub use device::device;
pub use empirical::Empirical;
pub use error::{Error, Result};
pub use fit::{Descent, Lbfgs, fit, walk};
pub use hook::*;
pub use info::{Information, Unit};
pub use model::*;
pub use objective::Objective;
pub use ops::{log_sigmoid, log_softmax};
pub use separation::{Separation, separation};
pub use table::{Column, Design, Table};
