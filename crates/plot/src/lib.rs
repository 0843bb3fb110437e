//! Figures: numbers in, one PNG or SVG out. Knows no tensor and no model.
//!
//! A [`Figure`] holds columns of [`Panel`]s, a panel holds curves, discs, bars, maps and marks. Nothing
//! is drawn before [`Figure::save`]. The font is carried along, so that no font of the system is needed,
//! and the same numbers give the same bytes from run to run.
//!
//! ```
//! use candle_mle_plot::{Axis, Figure, Ink, Panel};
//! let nll = |p: f64| -(7.0 * p.ln() + 3.0 * (1.0 - p).ln());
//! let curve = (1..100).map(|k| f64::from(k) / 100.0).map(|p| (p, nll(p)));
//! let panel = Panel::new(Axis::new("p (heads)"), Axis::new("negative log-likelihood (nats)"))
//!     .line(curve, Ink::Blue)
//!     .mark(0.7, nll(0.7), "p = 0.7");
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("coin.svg");
//! Figure::new("Seven heads in ten tosses are likeliest at p = 0.7").column([panel]).save(&path)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![warn(missing_docs)]
#![forbid(unsafe_code)]

mod axis;
mod contour;
mod error;
mod figure;
mod frame;
mod geometry;
mod ink;
mod layout;
mod panel;
mod plan;
mod raster;
mod shape;
mod svg;
mod text;
mod tree;
mod venn;

pub use axis::Axis;
pub use error::{Error, Result};
pub use figure::Figure;
pub use geometry::ellipse;
pub use ink::Ink;
pub use panel::Panel;
pub use tree::Twig;
