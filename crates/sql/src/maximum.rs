//! Whether the likelihood of rows in an engine has a finite maximum, decided by a few of them in memory.
//!
//! No direction separates all rows that does not separate, or leave alone, each part of them. So a part that has a maximum, and whose
//! columns are independent, is proof of one for all. A part that is told apart gives a direction, and one pass shows whether it tells
//! all apart: then there is no maximum, and else the rows that contradict it the most join the part. On which side of a direction a
//! row stands is computed without rounding, so that both answers are facts about the numbers as they stand; and where neither comes
//! of so many passes that nothing is known is said.

use std::collections::HashSet;

use candle_core::{DType, Device, Tensor};
use candle_mle::batch::host;
use candle_mle::info::Information;
use candle_mle::mle::{By as Optimiser, Plan};
use candle_mle::model::{Linear, Logistic};
use candle_mle::separation::{Separation, dependent_columns, separation};
use candle_mle::{Empirical, Error as Known, Labelled, Parameters};
use datafusion::prelude::{col, lit};
use nalgebra::{DMatrix, DVector};

use crate::error::Result;
use crate::picked::{By, Row, Side};
use crate::rows::{Rows, Summed};

/// What is known of the maximum.
#[derive(Clone, Debug)]
pub enum Maximum {
    /// There is one, finite.
    Finite {
        /// So many rows are enough to show it.
        by: usize,
    },
    /// There is none: along a direction the likelihood rises for ever.
    None {
        /// The direction, class by class: slopes and, last, an intercept.
        along: Vec<Vec<f64>>,
        /// Whether every row is told apart, so that the likelihood rises towards 1.
        complete: bool,
        /// What the likelihood rises to, and where coefficients stay that stay anywhere; none where that was not computed: of more
        /// than two classes that are told apart in part.
        limit: Option<Separation>,
    },
    /// Nothing.
    Unknown {
        /// Why.
        why: String,
    },
}

/// So often a direction is tried.
const ROUNDS: usize = 40;
/// So many rows come into memory.
const PART: usize = 50_000;
/// What a row may be off a combination of columns, relative to the size of its terms, by the rounding of the combination.
const OFF: f64 = 1e-10;

impl Rows {
    /// Whether their likelihood has a finite maximum for a classifier that is linear in the logits.
    ///
    /// # Errors
    /// What the engine says; rows that are not those of a moment ago.
    pub fn maximum(&self) -> Result<Maximum> {
        let classes = self.classes();
        let most = (20 * (self.columns() + 1)).clamp(500, 5000);
        let unknown = |why: String| Ok(Maximum::Unknown { why });
        let mut part = Part::default();
        part.add(self.picked(By::Lot { classes }, most)?.into_rows());
        for _ in 0..ROUNDS {
            if part.0.len() > PART {
                return unknown(format!("{} rows are not enough to tell", part.0.len()));
            }
            let p = part.observed(self.columns())?;
            let found = match separation(&p, classes) {
                Err(error @ Known::Undecided { .. }) => return unknown(error.to_string()),
                found => found?,
            };
            let Some(found) = found else {
                let Some(beyond) = self.beyond(&p, classes, most)? else {
                    return unknown("too many columns depend on each other in the rows looked at".into());
                };
                if !part.add(beyond) {
                    return Ok(Maximum::Finite { by: part.0.len() });
                }
                continue;
            };
            let delta = found.direction.concat();
            let picked = self.picked(By::Margin { delta: delta.clone() }, most)?;
            if picked.on(Side::Wrong) == 0 {
                let (along, complete) = (found.direction.clone(), picked.on(Side::Right) as f64 == self.n());
                let limit = match complete {
                    true => Some(found),
                    false => self.limit(found, &delta, picked.on(Side::Level))?,
                };
                return Ok(Maximum::None { along, complete, limit });
            }
            if !part.add(picked.into_rows()) {
                return unknown("some rows are on the wrong side of a direction by no more than its rounding".into());
            }
        }
        unknown(format!("after {ROUNDS} directions some rows contradict each"))
    }

    /// Rows that are no such combination of columns as those of a part are; none where these are too many. Of a part whose columns are
    /// independent there are none.
    fn beyond(&self, p: &Empirical<Labelled>, classes: usize, most: usize) -> Result<Option<Vec<Row>>> {
        const FEW: usize = 16;
        let dependent = dependent_columns(p, classes)?;
        if dependent.len() > FEW {
            return Ok(None);
        }
        let (columns, x) = (self.columns(), host(p.batch().x())?);
        let x = DMatrix::from_row_slice(p.distinct(), columns, &x);
        let mut rows = vec![];
        for at in &dependent {
            let others: Vec<usize> = (0..columns).filter(|other| !dependent.contains(other)).collect();
            let combination = combination(&x, *at, &others);
            for sign in [1.0, -1.0] {
                // For class 0 nothing, and for the others it: whoever is not on it contradicts one of the two signs.
                let one = combination.iter().map(|c| sign * c);
                let zeros = std::iter::repeat_n(0.0, columns + 1);
                let delta = zeros.chain((1..classes).flat_map(|_| one.clone())).collect();
                let picked = self.picked(By::Margin { delta }, most)?;
                rows.extend(picked.into_rows().into_iter().filter(|row| row.key < -OFF));
            }
        }
        Ok(Some(rows))
    }

    /// What the likelihood rises to along δ, of two classes: that of the rows which δ leaves alone, if these have a maximum.
    fn limit(&self, found: Separation, delta: &[f64], level: u64) -> Result<Option<Separation>> {
        if self.classes() > 2 {
            return Ok(None);
        }
        let width = self.columns() + 1;
        let (mut sum, mut size) = (lit(delta[2 * width - 1] - delta[width - 1]), 0.0);
        for (at, (low, high)) in self.extents().iter().enumerate() {
            let of = delta[width + at] - delta[at];
            if of != 0.0 {
                sum = sum + col(format!("c{at}")) * lit(of);
                size += (of * low.abs().max(high.abs())).abs();
            }
        }
        let rounding = 4.0 * (width + 2) as f64 * f64::EPSILON * size;
        let is_level = sum.between(lit(-rounding), lit(rounding));
        let left = self.part(is_level, level as f64)?;
        if !matches!(left.maximum(), Ok(Maximum::Finite { .. })) {
            return Ok(None);
        }
        let p = Empirical::from_means(left, level as f64, Information::ZERO)?;
        let (map, columns) = (self.standardize()?, self.columns());
        let plan = Plan { by: Optimiser::Newton, tolerance: 1e-12, ..Plan::default() };
        let fitted = plan.fit(&p, |vb| Ok(Summed(Logistic::new(columns, vb)?.standardized(map)?)))?;
        let infimum = fitted.history.rows().last().map(|row| row.nll).filter(|_| fitted.converged);
        let Some(infimum) = infimum else { return Ok(None) };
        let own = host(&fitted.model.0.coefficients()?)?;
        let limit = own.chunks(width).map(<[f64]>::to_vec).collect();
        Ok(Some(found.with_limit(Information::from_nats(infimum), limit)?))
    }
}

/// Rows in memory: x, and then the class; each once.
#[derive(Default)]
struct Part(Vec<Vec<f64>>, HashSet<Vec<u64>>);

impl Part {
    /// Whether any of them is new.
    fn add(&mut self, rows: Vec<Row>) -> bool {
        let before = self.0.len();
        for Row { numbers, .. } in rows {
            if self.1.insert(numbers.iter().map(|number| number.to_bits()).collect()) {
                self.0.push(numbers);
            }
        }
        self.0.len() > before
    }

    fn observed(&self, columns: usize) -> candle_mle::Result<Empirical<Labelled>> {
        let rows = self.0.len();
        let x: Vec<f64> = self.0.iter().flat_map(|numbers| &numbers[..columns]).copied().collect();
        let y: Vec<u32> = self.0.iter().map(|numbers| numbers[columns] as u32).collect();
        let (x, y) = (Tensor::from_vec(x, (rows, columns), &Device::Cpu)?, Tensor::from_vec(y, rows, &Device::Cpu)?);
        Empirical::from_sample(Labelled::new(x.to_dtype(DType::F64)?, y)?)
    }
}

/// Slopes and an intercept of what a column is less what the others make of it, by least squares.
fn combination(x: &DMatrix<f64>, at: usize, others: &[usize]) -> Vec<f64> {
    let columns = x.ncols();
    let ends = |j: usize| (x.column(j).min(), x.column(j).max());
    let unit: Vec<(f64, f64)> = (0..columns)
        .map(|j| {
            let (low, high) = ends(j);
            (low / 2.0 + high / 2.0, (high / 2.0 - low / 2.0).max(f64::MIN_POSITIVE))
        })
        .collect();
    let of = |row: usize, j: usize| (x[(row, j)] - unit[j].0) / unit[j].1;
    let one = others.len();
    let a = DMatrix::from_fn(x.nrows(), one + 1, |row, i| if i == one { 1.0 } else { of(row, others[i]) });
    let b = DVector::from_fn(x.nrows(), |row, _| of(row, at));
    let solved = a.svd(true, true).solve(&b, 1e-14).unwrap_or_else(|_| DVector::zeros(one + 1));
    let mut all = vec![0.0; columns + 1];
    all[at] = 1.0 / unit[at].1;
    others.iter().enumerate().for_each(|(i, j)| all[*j] = -solved[i] / unit[*j].1);
    all[columns] = -solved[one] - (0..columns).map(|j| all[j] * unit[j].0).sum::<f64>();
    all
}
