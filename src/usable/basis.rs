//! Polynomials in the columns of x, made uncorrelated on the data, so that a descent in them needs few steps.

use candle_core::{Device, Tensor};
use candle_mle_info::Pmf;

use crate::batch::{Labelled, host};
use crate::empirical::Empirical;
use crate::error::{Result, matrix};

/// Features of mean 0 and variance 1 under p̂, no two correlated, that span the polynomials up to a total degree. What
/// the others already determine on the data is left out: it could not be told from them.
#[derive(Clone, Debug)]
pub(super) struct Basis {
    /// The middle and half the range of every column.
    range: Vec<(f64, f64)>,
    features: Vec<Feature>,
}

/// A product of powers, less what the constant and the features before it tell of it, over its size.
#[derive(Clone, Debug)]
struct Feature {
    exponents: Vec<i32>,
    told: Vec<f64>,
    size: f64,
}

/// A feature smaller than this, once what others tell is taken off, is rounding.
const NOTHING_NEW: f64 = 1e-8;

impl Basis {
    /// Of x (m, d) whose rows weigh `mass`.
    pub fn new(x: &Tensor, mass: &Tensor, degree: usize) -> Result<Self> {
        let (rows, columns) = matrix("x", x)?;
        let (x, mass) = (host(x)?, host(mass)?);
        let range = (0..columns).map(|column| {
            let column = || (0..rows).map(|row| x[row * columns + column]);
            let (low, high) = (column().fold(f64::INFINITY, f64::min), column().fold(f64::NEG_INFINITY, f64::max));
            // A column of one number is 0, and none of its powers is kept.
            (low / 2.0 + high / 2.0, if low < high { high / 2.0 - low / 2.0 } else { 1.0 })
        });
        let mut basis = Self { range: range.collect(), features: vec![] };
        let scaled: Vec<Vec<f64>> = (0..rows).map(|row| basis.scaled(&x[row * columns..][..columns])).collect();
        let mut known = vec![vec![1.0; rows]];
        for exponents in exponents(rows, columns, degree)? {
            if known.len() == rows {
                break; // m numbers are told apart by m − 1 others and the constant
            }
            let mut values: Vec<f64> = scaled.iter().map(|x| power(x, &exponents)).collect();
            let mean = |a: &[f64], b: &[f64]| a.iter().zip(b).zip(&mass).map(|((a, b), m)| a * b * m).sum::<f64>();
            let mut told = vec![0.0; known.len()];
            // Once more takes off what rounding left.
            for _ in 0..2 {
                for (told, known) in told.iter_mut().zip(&known) {
                    let share = mean(&values, known);
                    values.iter_mut().zip(known).for_each(|(value, known)| *value -= share * known);
                    *told += share;
                }
            }
            let size = mean(&values, &values).sqrt();
            if size > NOTHING_NEW {
                known.push(values.iter().map(|value| value / size).collect());
                basis.features.push(Feature { exponents, told, size });
            }
        }
        Ok(basis)
    }

    pub fn len(&self) -> usize {
        self.features.len()
    }

    /// The features of x (m, d): (m, features), f64.
    pub fn features(&self, x: &Tensor) -> Result<Tensor> {
        let (rows, columns) = matrix("x", x)?;
        let mut features: Vec<f64> = Vec::with_capacity(rows * self.len());
        let x = host(x)?;
        for row in 0..rows {
            let x = self.scaled(&x[row * columns..][..columns]);
            let mut known = vec![1.0];
            for Feature { exponents, told, size } in &self.features {
                let told: f64 = told.iter().zip(&known).map(|(share, known)| share * known).sum();
                known.push((power(&x, exponents) - told) / size);
            }
            features.extend(&known[1..]);
        }
        Ok(Tensor::from_vec(features, (rows, self.len()), &Device::Cpu)?)
    }

    /// The same observations, seen through the features.
    pub fn of(&self, data: &Empirical<Labelled>) -> Result<Empirical<Labelled>> {
        let y = data.batch().y().to_device(&Device::Cpu)?;
        Empirical::from_counts(Labelled::new(self.features(data.batch().x())?, y)?, &host(data.count())?)
    }

    /// The range of every column becomes −1 to 1.
    fn scaled(&self, x: &[f64]) -> Vec<f64> {
        x.iter().zip(&self.range).map(|(x, (middle, half))| (x - middle) / half).collect()
    }
}

fn power(x: &[f64], exponents: &[i32]) -> f64 {
    x.iter().zip(exponents).map(|(x, exponent)| x.powi(*exponent)).product()
}

/// The exponents of all products of total degree 1 … `degree`, in rising degree.
fn exponents(rows: usize, columns: usize, degree: usize) -> Result<Vec<Vec<i32>>> {
    let (limit, mut features) = (Pmf::MAX_CELLS, 1usize);
    for k in 1..=degree {
        // Σ over degrees up to k: the binomial of columns + k over k.
        features = features.saturating_mul(columns + k) / k;
        if features.saturating_mul(rows) > limit {
            return Err(candle_mle_info::Error::TooManyCells { shape: vec![rows, features], limit }.into());
        }
    }
    let mut all: Vec<Vec<i32>> = vec![vec![]];
    for _ in 0..columns {
        let longer = |start: &Vec<i32>| {
            let (start, left) = (start.clone(), degree as i32 - start.iter().sum::<i32>());
            (0..=left).map(move |exponent| [&start[..], &[exponent]].concat())
        };
        all = all.iter().flat_map(longer).collect();
    }
    all.retain(|exponents| exponents.iter().any(|exponent| *exponent > 0));
    all.sort_by_key(|exponents| exponents.iter().sum::<i32>());
    Ok(all)
}
