//! p̂ as a GROUP BY, a likelihood as a sum: candle-mle on tables that do not fit in memory, or lie in a lake of Parquet.
//!
//! The engine is Apache DataFusion in this process; on a cluster it is Ballista, the same engine distributed. There is no engine of
//! our own here, only what a likelihood asks of one.
//!
//! ```
//! use candle_mle::table::Reading;
//! use candle_mle_sql::{Counts, Engine};
//! let engine = Engine::local()?;
//! let rows = "SELECT value % 3 AS dose, CASE WHEN value % 7 < 3 THEN 'yes' ELSE 'no' END AS ill FROM generate_series(1, 42000)";
//! let table = Counts::of(&engine, rows, &[], None)?.table("the query", &Reading::default())?;
//! assert_eq!((table.rows(), table.count()), (6, &[8000.0, 6000.0, 8000.0, 6000.0, 8000.0, 6000.0][..]));
//! # Ok::<(), candle_mle_sql::Error>(())
//! ```
//!
//! # Three ways
//!
//! | the rows | what the engine is asked | what is made of it |
//! |---|---|---|
//! | repeat | `SELECT …, count(*) … GROUP BY … ORDER BY …`, once ([`Counts`]) | a [`Table`](candle_mle::Table) with counts: p̂, and everything that a CSV has |
//! | repeat, and lie in shards | the same of each; then `sum(count) … GROUP BY` ([`Counts::merged`]) | a file of counts: the same bytes, however they were parted |
//! | do not repeat | one aggregate a step ([`aggregate`]) | ln q, its gradient, its curvature ([`Rows`]), for the library's own Newton and L-BFGS ([`Summed`]) |
//!
//! Before the first step a few thousand rows in memory tell whether there is a maximum at all, and passes over all rows make it certain
//! ([`maximum`]). What a column is, which levels it has and what is missing is read by the library's own reader, as of a table.
//!
//! Groups and sorts stay within 2 GiB and go on in temporary files beyond that. The design of rows that do not repeat is SQL itself: a
//! level is `CASE WHEN "class" = '3rd' THEN 1.0 ELSE 0.0 END`, a class the number of its case. Numbers reach from least to largest: of
//! Parquet its footers tell. A Gaussian takes one pass: 2d points that have the mean and the covariance of all rows stand for them.
//!
//! # Why no number of partitions changes a bit
//!
//! A floating-point sum depends on its order, and an engine hands out rows in any order. Here each row's terms are computed by the
//! library's own kernel, whose numbers for a row are the same wherever it stands and on any processor
//! ([`linear_residuals`](candle_mle::ops::linear_residuals)), and then put on a grid, 2⁻⁷⁶ of a bound that is known before
//! ([`exact::Sums`]): whole numbers of 128 bits add up to the same in any order. So one partition or many, one executor or two, also
//! where one is killed and its rows are summed again by another, come to the same steps, the same log and the same parameters.
//!
//! # A cluster
//!
//! ```console
//! $ cargo install --path crates/sql                              # candle-mle-node, on every machine
//! $ candle-mle-node scheduler 127.0.0.1:50050 &
//! $ candle-mle-node executor 127.0.0.1:50050 2 &                 # with two cores; another line for each machine
//! $ candle-mle fit --from 'data/*.parquet' --target ill --cluster df://127.0.0.1:50050
//! ```
//!
//! Files are read by the executors, under the names that they have where the fit runs: a file system that all share. An executor that
//! says nothing for ten seconds is gone, and its tasks go to the others; a scheduler that is gone is an error, and the fit goes on from
//! its checkpoint.
//!
//! # What it costs
//!
//! A step sends a pass to every task, 24 bytes a column and 8 a parameter, and gets back 16 bytes for each sum: with 32 columns about 1 KiB
//! there and 0.6 KiB back for the likelihood with its gradient, 9 KiB for the information. That does not depend on n.
//!
#![doc = include_str!("measured.md")]
//!
//! # What is not here
//!
//! - `s3://`: the engine can (object_store), this build does not, for it would bring a TLS stack.
//! - Where more than two classes are told apart in part: what the likelihood rises to, and with two classes the errors of the coefficients
//!   that stay finite there. That there is no maximum is told ([`maximum`]), and along which direction.
//! - A column that others combine to is left out of a table; of rows that stay where they are it stays in, and the coefficients are one
//!   choice of many.
//! - Weights, offsets, penalties, profile intervals and held-out rows of rows that stay where they are.
//! - GPUs. Data parallelism there would be the same sums by NCCL's all-reduce of the gradient, as Candle's own example of several GPUs
//!   does it; not tried, for want of several GPUs, and its order of addition would have to be fixed for the bits to be.

#![warn(missing_docs)]
#![forbid(unsafe_code)]

pub mod aggregate;
pub mod cluster;
pub mod counts;
pub mod engine;
mod error;
pub mod exact;
pub mod maximum;
pub mod pass;
pub mod picked;
pub mod rows;
mod stand_in;

pub use counts::Counts;
pub use engine::{DATA, Engine};
pub use error::{Error, Result};
pub use maximum::Maximum;
pub use rows::{Asked, Described, Rows, Summed};
