//! How much an estimate is to be believed: standard errors from the observed Fisher information, intervals and tests.
//!
//! Near the maximum n · KL(θ̂‖θ) is a parabola whose curvature is the information, and 2 n · (difference of KL) is χ² distributed
//! where the smaller of two nested models is true (Wilks 1938): what was logged while the model learnt is what is tested here.
//!
//! ```
//! use candle_mle::inference::{Coefficients, Likelihood};
//! use candle_mle::model::Logistic;
//! use candle_mle::{maximum_likelihood, Table};
//! let csv = "dose,answer,n\n0,no,3\n0,yes,1\n1,no,1\n1,yes,3\n";
//! let design = Table::from_reader(csv.as_bytes(), Some("n"))?.design("answer").build()?;
//! let fitted = maximum_likelihood(&design.p, |vb| Logistic::new(1, vb))?;
//! let slope = Coefficients::of(&fitted.model, &design.p)?.get(1, 0);
//! // Of a table of two rows: the log-odds ratio ln 9, with the variance 1/3 + 1/1 + 1/1 + 1/3.
//! assert!((slope.odds_ratio() - 9.0).abs() < 1e-7 && (slope.std_error.powi(2) - 8.0 / 3.0).abs() < 1e-7);
//! let likelihood = Likelihood::of(&fitted.model, &design.p, 2)?;
//! // Both rows are fitted exactly: the deviance, 2 n KL, is 0 with 0 degrees of freedom.
//! assert!(likelihood.deviance().abs() < 1e-12 && likelihood.residual_degrees(2) == 0);
//! # Ok::<(), candle_mle::Error>(())
//! ```

mod coefficients;
mod contrasts;
mod estimates;
mod likelihood;
mod observed;
mod prediction;
mod profile;
mod ridge;
mod sloped;
mod tail;

pub use coefficients::{Coefficient, Coefficients};
pub use estimates::{Estimates, standard_errors};
pub use likelihood::{Likelihood, Test, likelihood_ratio};
pub use observed::{by_differences, information};
pub use prediction::{Foretold, Link, Scatter};
pub use ridge::Shrunk;
pub use sloped::{Rows, Sloped};
pub use tail::{beyond_chi_squared, beyond_f, beyond_normal, normal_quantile};
