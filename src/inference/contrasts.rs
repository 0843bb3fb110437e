//! The rows of a linear classifier in coordinates in which its likelihood is round.

use candle_core::Tensor;
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use crate::batch::{Labelled, Numbers, host};
use crate::curvature::with_offset;
use crate::empirical::Empirical;
use crate::error::{Error, Result, matrix};
use crate::standardize::Standardize;

/// Rows in standard coordinates. The parameters θ are, for every class but class 0, whose logit is 0, the slopes and the intercept.
pub(super) struct Contrasts {
    x: Numbers,
    y: Vec<usize>,
    pub count: Vec<f64>,
    columns: usize,
    pub classes: usize,
    shift: Vec<f64>,
    scale: Vec<f64>,
    /// Added to the logit of every class but class 0.
    offset: Option<Vec<f64>>,
    /// Which classes a row may still have, by row and class; all, where none is ruled out.
    open: Option<Vec<bool>>,
}

/// −Σ ln q, its gradient and its second derivatives, the observed Fisher information.
pub(super) struct At {
    pub loss: f64,
    pub gradient: DVector<f64>,
    pub information: DMatrix<f64>,
}

impl Contrasts {
    pub fn new(p: &Empirical<Labelled>, classes: usize) -> Result<Self> {
        Self::of_rows(p.batch(), host(p.count())?, classes, &p.standardize()?)
    }

    /// Of rows that are not those of a p̂: in the order in which they are given.
    pub fn of_rows(batch: &Labelled, count: Vec<f64>, classes: usize, map: &Standardize) -> Result<Self> {
        batch.at_most(classes)?;
        let x = map.apply(batch.x())?;
        Ok(Self {
            columns: x.dim(1)?,
            x: Numbers::of(&x)?,
            y: host(batch.y())?.into_iter().map(|y| y as usize).collect(),
            count,
            classes,
            shift: host(map.shift())?,
            scale: host(map.scale())?,
            offset: batch.offset().map(host).transpose()?,
            open: None,
        })
    }

    pub fn with_open(self, open: Vec<bool>) -> Self {
        Self { open: Some(open), ..self }
    }

    pub fn width(&self) -> usize {
        self.columns + 1
    }

    /// Of the coefficients of all classes (k, d + 1), in logits per unit of x, what they are in these coordinates.
    pub fn standard(&self, coefficients: &Tensor) -> Result<Vec<f64>> {
        let (classes, width) = matrix("the coefficients", coefficients)?;
        if (classes, width) != (self.classes, self.width()) {
            let expected = format!("({}, {})", self.classes, self.width());
            return Err(crate::error::shape("the coefficients", coefficients.dims(), expected));
        }
        let own = host(coefficients)?;
        Ok(own[width..].chunks(width).flat_map(|own| self.standard_of(own)).collect())
    }

    pub fn standard_of(&self, own: &[f64]) -> Vec<f64> {
        standard_of(own, &self.shift, &self.scale)
    }

    pub fn own(&self) -> DMatrix<f64> {
        own(&self.shift, &self.scale)
    }

    /// The same for all classes but class 0.
    pub fn all_own(&self) -> DMatrix<f64> {
        DMatrix::identity(self.classes - 1, self.classes - 1).kronecker(&self.own())
    }

    pub fn information(&self, theta: &[f64]) -> DMatrix<f64> {
        let (open, offset) = (self.open.as_deref(), self.offset.as_deref());
        self.x.with(|x| with_offset(x, self.columns, theta, &self.count, open, offset))
    }

    pub fn at(&self, theta: &[f64]) -> At {
        let (mut loss, mut gradient) = (0.0, DVector::zeros(theta.len()));
        self.each_row(theta, |row, x, nats, residuals| {
            loss += self.count[row] * nats;
            for (class, residual) in residuals.iter().enumerate() {
                let to = &mut gradient.as_mut_slice()[class * self.width()..][..self.width()];
                let weight = self.count[row] * residual;
                to.iter_mut().zip(with_1(x)).for_each(|(to, x)| *to += weight * x);
            }
        });
        At { loss, gradient, information: self.information(theta) }
    }

    /// The gradient of −ln q of every row, (m, r).
    pub fn scores(&self, theta: &[f64]) -> DMatrix<f64> {
        let mut scores = DMatrix::zeros(self.count.len(), theta.len());
        self.each_row(theta, |row, x, _, residuals| {
            for (class, residual) in residuals.iter().enumerate() {
                for (j, x) in with_1(x).enumerate() {
                    scores[(row, class * self.width() + j)] = residual * x;
                }
            }
        });
        scores
    }

    /// For every row its x, −ln q, and q − e_y of the classes but class 0.
    fn each_row(&self, theta: &[f64], mut of: impl FnMut(usize, &[f64], f64, &[f64])) {
        let (mut logits, mut residuals) = (vec![0.0; self.classes], vec![0.0; self.classes - 1]);
        self.x.with(|x| {
            for row in 0..self.count.len() {
                let x = &x[row * self.columns..][..self.columns];
                for (class, theta) in theta.chunks(self.width()).enumerate() {
                    let offset = self.offset.as_ref().map_or(0.0, |offset| offset[row]);
                    logits[class + 1] = offset + theta.iter().zip(with_1(x)).map(|(t, x)| t * x).sum::<f64>();
                }
                let y = self.y[row];
                // Of the others than its own class, so that ln q near 0 keeps its digits.
                let others: f64 = (0..self.classes)
                    .filter(|c| *c != y && self.is_open(row, *c))
                    .map(|c| (logits[c] - logits[y]).exp())
                    .sum();
                let (nats, own) = (others.ln_1p(), 1.0 / (1.0 + others));
                for class in 1..self.classes {
                    residuals[class - 1] = match class {
                        _ if class == y => -others * own,
                        _ if self.is_open(row, class) => (logits[class] - logits[y]).exp() * own,
                        _ => 0.0,
                    };
                }
                of(row, x, nats, &residuals);
            }
        });
    }

    fn is_open(&self, row: usize, class: usize) -> bool {
        self.open.as_ref().is_none_or(|open| open[row * self.classes + class])
    }
}

fn with_1(x: &[f64]) -> impl Iterator<Item = f64> + '_ {
    x.iter().copied().chain([1.0])
}

/// Slopes and, last, an intercept per unit of x in standard coordinates.
pub(super) fn standard_of(own: &[f64], shift: &[f64], scale: &[f64]) -> Vec<f64> {
    let moved = own.iter().zip(shift).map(|(b, shift)| b * shift).sum::<f64>();
    let slopes = own.iter().zip(scale).map(|(b, scale)| b * scale);
    slopes.chain([own[shift.len()] + moved]).collect()
}

/// Slopes and, last, an intercept per unit of x as functions of those in standard coordinates.
pub(super) fn own(shift: &[f64], scale: &[f64]) -> DMatrix<f64> {
    let last = shift.len();
    DMatrix::from_fn(last + 1, last + 1, |i, j| match (i == last, j == last) {
        (true, true) => 1.0,
        (true, false) => -shift[j] / scale[j],
        (false, _) if i == j => 1.0 / scale[i],
        _ => 0.0,
    })
}

/// The root of an information, in units in which its diagonal is 1, and these units.
pub(super) struct Root {
    unit: DVector<f64>,
    root: Cholesky<f64, Dyn>,
}

impl Root {
    /// # Errors
    /// An information that is singular to rounding.
    pub fn new(information: &DMatrix<f64>) -> Result<Self> {
        let unit = information.diagonal().map(|of| of.sqrt().recip());
        let scaled = DMatrix::from_fn(unit.len(), unit.len(), |i, j| information[(i, j)] * unit[i] * unit[j]);
        let root = scaled.cholesky().filter(|root| root.l_dirty().diagonal().iter().all(|pivot| *pivot > 1e-7));
        root.map(|root| Self { unit, root }).ok_or(Error::Singular)
    }

    /// I⁻¹ v.
    pub fn solve(&self, v: &DVector<f64>) -> DVector<f64> {
        self.root.solve(&v.component_mul(&self.unit)).component_mul(&self.unit)
    }

    /// F L⁻ᵀ for functions of the parameters, the rows of F: times its own transpose it is their covariance, F I⁻¹ Fᵀ.
    pub fn spread(&self, functions: &DMatrix<f64>) -> DMatrix<f64> {
        let scaled = DMatrix::from_fn(functions.ncols(), functions.nrows(), |i, j| functions[(j, i)] * self.unit[i]);
        let solved = self.root.l().solve_lower_triangular(&scaled);
        solved.map_or_else(|| DMatrix::from_element(functions.nrows(), functions.ncols(), f64::NAN), |s| s.transpose())
    }
}
