//! What coefficients and their errors are worked out from, of classifiers and of regressions of numbers.

use candle_core::Tensor;
use nalgebra::{DMatrix, DVector};

use super::contrasts::{Contrasts, own};
use crate::batch::{Labelled, Response, host};
use crate::error::Result;
use crate::model::{Linear, LinearGaussian, Model, PoissonRegression};
use crate::standardize::Standardize;

/// A model of slopes and an intercept: a classifier that is linear in its logits, or a regression of numbers, which is told as one of
/// two classes, its coefficients those of class 1.
pub trait Sloped: Model {
    /// What its errors are worked out from, for rows (m, …) that were observed `count` times each: in the coordinates of `map`, a map of
    /// the columns of x.
    ///
    /// # Errors
    /// Rows of other columns than the model's; a class that it does not know.
    fn standing(&self, batch: &Self::Batch, count: &[f64], map: &Standardize) -> Result<Standing>;

    /// The gradient of −ln q of every row in these coordinates, (m, r).
    ///
    /// # Errors
    /// As [`standing`](Self::standing).
    fn scores(&self, batch: &Self::Batch, map: &Standardize) -> Result<DMatrix<f64>>;

    /// The design matrix of rows, (m, d).
    fn x(batch: &Self::Batch) -> &Tensor;

    /// Of how many slopes of a column a ridge takes the squares, and in what unit of them: all k of a softmax, where the others have
    /// but one.
    fn ridged(&self) -> Result<(usize, f64)>;
}

/// Where a model stands: its coefficients, the information of the observations there, and how the ones follow from the other.
#[derive(Clone, Debug)]
pub struct Standing {
    /// For every class the slopes, then the intercept, per unit of x.
    pub(super) estimates: Vec<Vec<f64>>,
    /// Of every class but class 0, in the coordinates of the map.
    pub(super) theta: Vec<f64>,
    pub(super) information: DMatrix<f64>,
    /// The estimates of the classes but class 0 as functions of θ, but for what moves none.
    pub(super) own: DMatrix<f64>,
}

/// For every class the slopes, then the intercept.
pub(super) fn estimates_of<M: Linear>(model: &M) -> Result<Vec<Vec<f64>>> {
    let coefficients = model.coefficients()?;
    Ok(host(&coefficients)?.chunks(coefficients.dim(1)?).map(<[f64]>::to_vec).collect())
}

impl<M: Linear> Sloped for M {
    fn standing(&self, batch: &Labelled, count: &[f64], map: &Standardize) -> Result<Standing> {
        let rows = Contrasts::of_rows(batch, count.to_vec(), self.classes(), map)?;
        let theta = rows.standard(&self.coefficients()?)?;
        Ok(Standing {
            estimates: estimates_of(self)?,
            information: rows.information(&theta),
            own: rows.all_own(),
            theta,
        })
    }

    fn scores(&self, batch: &Labelled, map: &Standardize) -> Result<DMatrix<f64>> {
        let rows = Contrasts::of_rows(batch, vec![1.0; batch.y().elem_count()], self.classes(), map)?;
        Ok(rows.scores(&rows.standard(&self.coefficients()?)?))
    }

    fn x(batch: &Labelled) -> &Tensor {
        batch.x()
    }

    fn ridged(&self) -> Result<(usize, f64)> {
        Ok((if self.slopes()?.is_some_and(|slopes| slopes.rank() == 2) { self.classes() } else { 1 }, 1.0))
    }
}

/// Rows of a regression of numbers: (x, 1) in standard coordinates, and of every row the slope of −ln q in the linear predictor and the
/// second derivative.
struct Rows {
    z: DMatrix<f64>,
    slope: Vec<f64>,
    curvature: Vec<f64>,
}

impl Rows {
    fn new(batch: &Response, map: &Standardize, of: impl Fn(usize) -> [f64; 2]) -> Result<Self> {
        let (rows, columns) = batch.x().dims2()?;
        let x = host(&map.apply(batch.x())?)?;
        let z = DMatrix::from_fn(rows, columns + 1, |i, j| if j < columns { x[i * columns + j] } else { 1.0 });
        let (slope, curvature) = (0..rows).map(of).map(|[slope, curvature]| (slope, curvature)).unzip();
        Ok(Self { z, slope, curvature })
    }

    fn standing(&self, weight: &[f64], bias: f64, count: &[f64], map: &Standardize) -> Result<Standing> {
        let (shift, scale) = (host(map.shift())?, host(map.scale())?);
        let slopes: Vec<f64> = weight.iter().zip(&scale).map(|(weight, scale)| weight * scale).collect();
        let moved = weight.iter().zip(&shift).map(|(weight, shift)| weight * shift).sum::<f64>();
        let mut weighed = self.z.clone();
        for (row, (count, curvature)) in count.iter().zip(&self.curvature).enumerate() {
            weighed.row_mut(row).scale_mut(count * curvature);
        }
        Ok(Standing {
            estimates: vec![vec![0.0; weight.len() + 1], [weight, &[bias]].concat()],
            theta: [slopes, vec![bias + moved]].concat(),
            information: self.z.tr_mul(&weighed),
            own: own(&shift, &scale),
        })
    }

    fn scores(mut self) -> DMatrix<f64> {
        let slope = DVector::from_vec(self.slope);
        self.z.column_iter_mut().for_each(|mut column| column.component_mul_assign(&slope));
        self.z
    }
}

/// What is left of y.
fn residuals(model: &LinearGaussian, batch: &Response) -> Result<Vec<f64>> {
    host(&(batch.y() - model.means(batch)?)?)
}

impl LinearGaussian {
    fn rows(&self, batch: &Response, map: &Standardize) -> Result<Rows> {
        let (left, variance) = (residuals(self, batch)?, self.sigma()?.powi(2));
        Rows::new(batch, map, |row| [-left[row] / variance, 1.0 / variance])
    }
}

/// The slopes and the intercept; of them σ is independent.
impl Sloped for LinearGaussian {
    fn standing(&self, batch: &Response, count: &[f64], map: &Standardize) -> Result<Standing> {
        self.rows(batch, map)?.standing(&host(&self.weight()?)?, host(&self.bias()?)?[0], count, map)
    }

    fn scores(&self, batch: &Response, map: &Standardize) -> Result<DMatrix<f64>> {
        Ok(self.rows(batch, map)?.scores())
    }

    fn x(batch: &Response) -> &Tensor {
        batch.x()
    }

    fn ridged(&self) -> Result<(usize, f64)> {
        Ok((1, self.sigma()?))
    }
}

impl PoissonRegression {
    fn rows(&self, batch: &Response, map: &Standardize) -> Result<Rows> {
        let (log_mean, y) = (host(&self.log_mean(batch)?)?, host(batch.y())?);
        Rows::new(batch, map, |row| [log_mean[row].exp() - y[row], log_mean[row].exp()])
    }
}

impl Sloped for PoissonRegression {
    fn standing(&self, batch: &Response, count: &[f64], map: &Standardize) -> Result<Standing> {
        self.rows(batch, map)?.standing(&host(&self.weight()?)?, host(&self.bias()?)?[0], count, map)
    }

    fn scores(&self, batch: &Response, map: &Standardize) -> Result<DMatrix<f64>> {
        Ok(self.rows(batch, map)?.scores())
    }

    fn x(batch: &Response) -> &Tensor {
        batch.x()
    }

    fn ridged(&self) -> Result<(usize, f64)> {
        Ok((1, 1.0))
    }
}
