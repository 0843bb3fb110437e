//! What coefficients and their errors are worked out from, of classifiers and of regressions of numbers.

use candle_core::Tensor;
use nalgebra::DMatrix;

use super::contrasts::{Contrasts, own, standard_of};
use crate::batch::{Explained, Labelled, Response, host};
use crate::error::Result;
use crate::model::{Linear, LinearGaussian, Model, PoissonRegression};
use crate::standardize::Standardize;

/// A model of slopes and an intercept: a classifier that is linear in its logits, or a regression of numbers, which is told as one of
/// two classes, its coefficients those of class 1.
pub trait Sloped: Model<Batch: Explained> {
    /// Rows that were observed `count` times each, in the coordinates of `map`, a map of the columns of x, and the model among them.
    ///
    /// # Errors
    /// Rows of other columns than the model's; a class that it does not know.
    fn rows(&self, batch: &Self::Batch, count: &[f64], map: &Standardize) -> Result<Box<dyn Rows>>;

    /// For every class the slopes, then the intercept, per unit of x.
    fn estimates(&self) -> Result<Vec<Vec<f64>>>;

    /// Of how many slopes of a column a ridge takes the squares, and in what unit of them: all k of a softmax, where the others have
    /// but one.
    fn ridged(&self) -> Result<(usize, f64)>;
}

/// What coefficients and their errors are worked out from.
pub trait Rows {
    /// θ: of every class but class 0, in the coordinates of the map.
    fn theta(&self) -> Vec<f64>;

    /// −Σ ∂² ln q in θ, (r, r).
    fn information(&self) -> DMatrix<f64>;

    /// The estimates of the classes but class 0 as functions of θ, but for what moves none.
    fn own(&self) -> DMatrix<f64>;

    /// The gradient of −ln q of every row in θ, (m, r).
    fn scores(&self) -> DMatrix<f64>;
}

/// A classifier among rows.
struct Classified {
    rows: Contrasts,
    theta: Vec<f64>,
}

impl Rows for Classified {
    fn theta(&self) -> Vec<f64> {
        self.theta.clone()
    }

    fn information(&self) -> DMatrix<f64> {
        self.rows.information(&self.theta)
    }

    fn own(&self) -> DMatrix<f64> {
        self.rows.all_own()
    }

    fn scores(&self) -> DMatrix<f64> {
        self.rows.scores(&self.theta)
    }
}

/// For every class the slopes, then the intercept.
pub(super) fn estimates_of<M: Linear>(model: &M) -> Result<Vec<Vec<f64>>> {
    let coefficients = model.coefficients()?;
    Ok(host(&coefficients)?.chunks(coefficients.dim(1)?).map(<[f64]>::to_vec).collect())
}

impl<M: Linear> Sloped for M {
    fn rows(&self, batch: &Labelled, count: &[f64], map: &Standardize) -> Result<Box<dyn Rows>> {
        let rows = Contrasts::of_rows(batch, count.to_vec(), self.classes(), map)?;
        let theta = rows.standard(&self.coefficients()?)?;
        Ok(Box::new(Classified { rows, theta }))
    }

    fn estimates(&self) -> Result<Vec<Vec<f64>>> {
        estimates_of(self)
    }

    fn ridged(&self) -> Result<(usize, f64)> {
        Ok((if self.slopes()?.is_some_and(|slopes| slopes.rank() == 2) { self.classes() } else { 1 }, 1.0))
    }
}

/// A regression of numbers among rows: (x, 1) in standard coordinates, and of every row the slope of −ln q in the linear predictor and
/// the second derivative, how often it was observed among it.
struct Regressed {
    z: DMatrix<f64>,
    slope: Vec<f64>,
    curvature: Vec<f64>,
    theta: Vec<f64>,
    own: DMatrix<f64>,
}

impl Regressed {
    fn among(
        (batch, count, map): (&Response, &[f64], &Standardize),
        line: &[Vec<f64>],
        of: impl Fn(usize) -> [f64; 2],
    ) -> Result<Box<dyn Rows>> {
        let (rows, columns) = batch.x().dims2()?;
        let (x, shift, scale) = (host(&map.apply(batch.x())?)?, host(map.shift())?, host(map.scale())?);
        let z = DMatrix::from_fn(rows, columns + 1, |i, j| if j < columns { x[i * columns + j] } else { 1.0 });
        let (slope, curvature) =
            (0..rows).map(of).zip(count).map(|([slope, curvature], count)| (slope, count * curvature)).unzip();
        let theta = standard_of(&line[1], &shift, &scale);
        Ok(Box::new(Self { z, slope, curvature, theta, own: own(&shift, &scale) }))
    }
}

impl Rows for Regressed {
    fn theta(&self) -> Vec<f64> {
        self.theta.clone()
    }

    fn information(&self) -> DMatrix<f64> {
        self.z.tr_mul(&weighed(&self.z, &self.curvature))
    }

    fn own(&self) -> DMatrix<f64> {
        self.own.clone()
    }

    fn scores(&self) -> DMatrix<f64> {
        weighed(&self.z, &self.slope)
    }
}

/// Each row times a number of its own.
fn weighed(rows: &DMatrix<f64>, by: &[f64]) -> DMatrix<f64> {
    DMatrix::from_fn(rows.nrows(), rows.ncols(), |i, j| by[i] * rows[(i, j)])
}

/// That of a line, told as class 1 of two.
fn line(weight: &Tensor, bias: &Tensor) -> Result<Vec<Vec<f64>>> {
    let line = [host(weight)?, host(bias)?].concat();
    Ok(vec![vec![0.0; line.len()], line])
}

/// The slopes and the intercept; of them σ is independent.
impl Sloped for LinearGaussian {
    fn rows(&self, batch: &Response, count: &[f64], map: &Standardize) -> Result<Box<dyn Rows>> {
        let (left, variance) = (host(&(batch.y() - self.means(batch)?)?)?, self.sigma()?.powi(2));
        Regressed::among((batch, count, map), &self.estimates()?, |row| [-left[row] / variance, 1.0 / variance])
    }

    fn estimates(&self) -> Result<Vec<Vec<f64>>> {
        line(&self.weight()?, &self.bias()?)
    }

    fn ridged(&self) -> Result<(usize, f64)> {
        Ok((1, self.sigma()?))
    }
}

impl Sloped for PoissonRegression {
    fn rows(&self, batch: &Response, count: &[f64], map: &Standardize) -> Result<Box<dyn Rows>> {
        let (log_mean, y) = (host(&self.log_mean(batch)?)?, host(batch.y())?);
        let of = |row: usize| [log_mean[row].exp() - y[row], log_mean[row].exp()];
        Regressed::among((batch, count, map), &self.estimates()?, of)
    }

    fn estimates(&self) -> Result<Vec<Vec<f64>>> {
        line(&self.weight()?, &self.bias()?)
    }

    fn ridged(&self) -> Result<(usize, f64)> {
        Ok((1, 1.0))
    }
}
