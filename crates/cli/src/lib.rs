//! What the examples of candle-mle and the command `candle-mle` share: flags, the course of a run, what is printed, the
//! pictures.
//!
//! | file | what is in it |
//! |---|---|
//! | `said` | lines for people, one document for machines |
//! | `lake` | tables that a SQL engine reads |
//! | `columnar` | tables in Parquet |
//! | `flags` | what can be typed, and what it means |
//! | `command` | `candle-mle fit`, `resume`, `predict`, `compare`, `measure`, `tree`, `explain` |
//! | `run` | a run: its name, its flags, its device and its folder |
//! | `course` | a fit from its plan to its log |
//! | `live` | the curves in a terminal |
//! | `keep` | a fit that was stopped goes on |
//! | `learned` | what a fit is given, and what it leaves |
//! | `record` | what it came to, kept in its model's file |
//! | `chance` | what columns seem to tell by chance |
//! | `predict` | the rows of a table as a fitted model foretells them |
//! | `known`, `compare` | a classifier from its file; several on the same rows |
//! | `html` | a fit as one file to look at in a browser |
//! | `say` | what is printed |
//! | `score` | what a model is worth on rows that it was fitted to, and on others |
//! | `evaluation` | what a fit is worth on rows that it did not see |
//! | `summary` | the coefficients with their errors |
//! | `pictures` | what is drawn |
//! | `summed` | fits of rows that stay in the engine |
//! | `measure` | entropies, mutual information, the best questions |
//! | `explain` | the lecture behind the numbers |
//! | `report` | a fit on one page |
//! | `families` | `fit` of named distributions, mixtures and regressions of numbers |
//! | `progress` | the bar while it runs |

#![warn(missing_docs)]
#![forbid(unsafe_code)]

#[macro_use] // its println! is that of all rooms
mod said;

mod chance;
mod columnar;
mod command;
mod compare;
mod course;
mod evaluation;
mod explain;
mod families;
mod flags;
mod html;
mod keep;
mod known;
mod lake;
mod learned;
#[cfg(feature = "live")]
mod live;
mod measure;
mod pictures;
mod predict;
mod progress;
mod record;
mod report;
mod run;
mod say;
mod score;
mod summary;
#[cfg(feature = "sql")]
mod summed;

pub use chance::Chance;
pub use command::command;
pub use course::Climb;
pub use flags::{
    Classes, Coin, Coordinates, Data, Descending, Draws, Faces, Features, Intervals, Keeping, Learner, Learning,
    Learns, Numbers, Points, Questions, Seeded, Text,
};
pub use learned::{Learned, Setting};
pub use pictures::{Slice, View, twig};
pub use progress::Progress;
pub use run::Run;
