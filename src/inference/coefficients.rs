//! Coefficients with their standard errors.

use candle_core::Device;
use nalgebra::{DMatrix, SymmetricEigen};

use super::contrasts::{Contrasts, Root, own};
use super::profile;
use super::sloped::{Sloped, estimates_of};
use super::tail::{beyond_normal, normal_quantile};
use crate::batch::{Batch, Explained, Labelled, Response, host};
use crate::empirical::Empirical;
use crate::error::{Error, Result, parameter, shape};
use crate::model::{Linear, PoissonRegression};
use crate::separation::Separation;
use crate::standardize::Standardize;

/// The coefficients of a linear classifier at the maximum of its likelihood, against class 0 or another, in logits per unit of x, and
/// how much they would scatter if the data were drawn again.
#[derive(Clone, Debug)]
pub struct Coefficients {
    /// For every class the slopes, then the intercept.
    estimates: Vec<Vec<f64>>,
    /// A root of their covariance: a row for every coefficient of every class.
    root: DMatrix<f64>,
}

/// One coefficient, or another number that was estimated, and its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficient {
    /// In logits per unit of x, or in a unit of its own. ±∞ where the likelihood rises for ever along it, NaN where it is open.
    pub estimate: f64,
    /// The standard deviation of the estimate over samples; ∞ where no finite value is the likeliest.
    pub std_error: f64,
}

impl Coefficient {
    /// Estimate over standard error, which scatters as a standard normal where the coefficient is 0 (Wald). NaN where there is none.
    pub fn z(self) -> f64 {
        if self.std_error.is_infinite() { f64::NAN } else { self.estimate / self.std_error }
    }

    /// The probability of so large a z, of either sign, where the coefficient is 0. NaN where there is none.
    pub fn p_value(self) -> f64 {
        beyond_normal(self.z())
    }

    /// The interval that covers the coefficient with probability `level`, such as 0.95: estimate ± z · standard error (Wald). All
    /// numbers where no finite value is the likeliest; NaN for a level that is no probability.
    pub fn interval(self, level: f64) -> [f64; 2] {
        if !(0.0..=1.0).contains(&level) {
            return [f64::NAN; 2];
        }
        if self.std_error.is_infinite() {
            return [f64::NEG_INFINITY, f64::INFINITY];
        }
        let half = normal_quantile(level) * self.std_error;
        [self.estimate - half, self.estimate + half]
    }

    /// By what factor one unit of the column multiplies the odds of the class against class 0.
    pub fn odds_ratio(self) -> f64 {
        self.estimate.exp()
    }
}

impl Coefficients {
    /// By the observed Fisher information of all observations: of a classifier Σ (diag(q) − q qᵀ) ⊗ (x, 1)(x, 1)ᵀ, on contrasts against
    /// class 0.
    ///
    /// # Errors
    /// A column that is constant or depends on others: the information is singular. A model of other columns or classes.
    pub fn of<M: Sloped>(model: &M, p: &Empirical<M::Batch>) -> Result<Self> {
        let rows = model.rows(p.batch(), &host(p.count())?, &standard::<M>(p)?)?;
        let root = Root::new(&rows.information())?.spread(&rows.own());
        Ok(Self::with_root(model.estimates()?, root))
    }

    /// Of estimates with a root of the covariance of those of all classes but class 0.
    pub(super) fn with_root(estimates: Vec<Vec<f64>>, root: DMatrix<f64>) -> Self {
        let width = estimates.first().map_or(0, Vec::len);
        Self { estimates, root: with_base(root, width) }
    }

    /// The same by the information of all observations that was summed elsewhere, in the coordinates and the order in which the model
    /// [is curved](crate::Model::curved).
    ///
    /// # Errors
    /// One of another size; a singular one.
    pub fn by_information<M: Linear>(model: &M, information: &DMatrix<f64>) -> Result<Self> {
        let (estimates, (_, _, map)) = (estimates_of(model)?, model.learnt());
        let own = own(&host(map.shift())?, &host(map.scale())?);
        let all = DMatrix::identity(estimates.len() - 1, estimates.len() - 1).kronecker(&own);
        if information.shape() != all.shape() {
            let (rows, columns) = information.shape();
            return Err(shape("the information", &[rows, columns], format!("{:?}", all.shape())));
        }
        Ok(Self { estimates, root: with_base(Root::new(information)?.spread(&all), own.nrows()) })
    }

    /// Where the likelihood has no maximum: what runs off is ±∞, what is not determined NaN, both with the error ∞; the rest are the
    /// estimates of the likelihood's limit, in which the classes that are ruled out for a row drop out of its softmax, with the
    /// information of that limit (Geyer 2009). All against the class `base`: against another than class 0 others may be finite.
    ///
    /// # Errors
    /// A separation of other data; a base that is no class.
    pub fn at_the_limit(apart: &Separation, p: &Empirical<Labelled>, base: usize) -> Result<Self> {
        let (estimates, limit) = (apart.limits(base), &apart.limit);
        if base >= limit.len() {
            return Err(Error::Class { class: base, classes: limit.len() });
        }
        let rows = Contrasts::new(p, estimates.len())?;
        if apart.left.len() != p.distinct() * estimates.len() {
            return Err(shape("the separation", &[apart.left.len()], format!("({},)", p.distinct() * estimates.len())));
        }
        let rows = rows.with_open(apart.left.clone());
        let theta: Vec<f64> = limit.iter().skip(1).flat_map(|own| rows.standard_of(own)).collect();
        let information = rows.information(&theta);
        let root = with_base(of_rank(&information, apart.rank, &rows.all_own()), rows.width());
        Ok(Self { estimates, root: differences(&root, base, rows.width()) })
    }

    /// The same of Poisson regression, of what [`of_counts`](crate::separation::of_counts) found: means that fall to 0 drop out, and the rest
    /// are the estimates from the rows that are left.
    ///
    /// # Errors
    /// A separation of other data.
    pub fn of_counts_at_the_limit(apart: &Separation, p: &Empirical<Response>) -> Result<Self> {
        if apart.left.len() != p.distinct() {
            return Err(shape("the separation", &[apart.left.len()], format!("({},)", p.distinct())));
        }
        let limit = &apart.limit[1];
        let (weight, bias) = limit.split_at(limit.len() - 1);
        let model = PoissonRegression::from_coefficients(weight, bias[0], &Device::Cpu)?;
        let left = host(p.count())?.into_iter().zip(&apart.left).map(|(count, left)| if *left { count } else { 0.0 });
        let rows = model.rows(p.batch(), &left.collect::<Vec<_>>(), &standard::<PoissonRegression>(p)?)?;
        Ok(Self::with_root(apart.limits(0), of_rank(&rows.information(), apart.rank, &rows.own())))
    }

    /// The errors that hold also where the model is wrong: information⁻¹ · Σ s sᵀ · information⁻¹ with the scores s = ∂ ln q of
    /// each observation (Huber 1967, White 1982), without a correction for few observations: HC0.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn robust<M: Sloped>(model: &M, p: &Empirical<M::Batch>) -> Result<Self> {
        let counts = host(p.count())?;
        let groups: Vec<usize> = (0..p.distinct()).collect();
        // A row that was observed c times is c observations, and no group of them.
        let weights: Vec<f64> = counts.iter().map(|count| count.sqrt()).collect();
        Self::between(model, p.batch(), &counts, &standard::<M>(p)?, &weights, &groups)
    }

    /// The same where the observations of a cluster may hang together, as those of one patient or school: the scores of a cluster
    /// are summed first. Rows as they were observed, with how often and in which cluster; for few clusters G multiply the errors
    /// by √(G / (G − 1)).
    ///
    /// # Errors
    /// As [`of`](Self::of); another number of counts or clusters than of rows; one cluster.
    pub fn clustered<M: Sloped>(model: &M, batch: &M::Batch, counts: &[f64], clusters: &[usize]) -> Result<Self>
    where
        M::Batch: Clone,
    {
        for (what, of) in [("the counts", counts.len()), ("the clusters", clusters.len())] {
            if of != batch.rows()? {
                return Err(shape(what, &[of], format!("({},)", batch.rows()?)));
            }
        }
        if clusters.iter().all(|cluster| Some(cluster) == clusters.first()) {
            return Err(Error::Other("there is one cluster only: nothing tells how clusters scatter".into()));
        }
        let p = Empirical::from_counts(batch.clone(), counts)?;
        Self::between(model, batch, counts, &standard::<M>(&p)?, counts, clusters)
    }

    /// The same of rows that weigh otherwise than by how often they were observed, `counts` times each with a weight: of a fit to the p̂ of
    /// count times weight. The weights are no observations, and what they are measured in makes no difference:
    /// information⁻¹ · Σ w² s sᵀ · information⁻¹ (Binder 1983; HC0).
    ///
    /// # Errors
    /// As [`of`](Self::of); another number of counts or weights than of rows.
    pub fn weighted<M: Sloped>(model: &M, batch: &M::Batch, counts: &[f64], weights: &[f64]) -> Result<Self>
    where
        M::Batch: Clone,
    {
        for (what, of) in [("the counts", counts.len()), ("the weights", weights.len())] {
            if of != batch.rows()? {
                return Err(shape(what, &[of], format!("({},)", batch.rows()?)));
            }
        }
        let all: Vec<f64> = counts.iter().zip(weights).map(|(count, weight)| count * weight).collect();
        let p = Empirical::from_counts(batch.clone(), &all)?;
        let each: Vec<f64> = counts.iter().zip(weights).map(|(count, weight)| count.sqrt() * weight).collect();
        Self::between(model, batch, &all, &standard::<M>(&p)?, &each, &(0..each.len()).collect::<Vec<_>>())
    }

    /// With the scores of each group, weighed, summed.
    fn between<M: Sloped>(
        model: &M,
        batch: &M::Batch,
        counts: &[f64],
        map: &Standardize,
        weights: &[f64],
        groups: &[usize],
    ) -> Result<Self> {
        let rows = model.rows(batch, counts, map)?;
        let (root, scores, own) = (Root::new(&rows.information())?, rows.scores(), rows.own());
        let parameters = scores.ncols();
        let number = groups.iter().max().map_or(0, |most| most + 1);
        let mut sums = DMatrix::zeros(number, parameters);
        for (row, group) in groups.iter().enumerate() {
            for j in 0..parameters {
                sums[(*group, j)] += weights[row] * scores[(row, j)];
            }
        }
        // A root of F I⁻¹ SᵀS I⁻¹ Fᵀ is F I⁻¹ times one of SᵀS.
        let inverse = root.spread(&own) * root.spread(&DMatrix::identity(parameters, parameters)).transpose();
        Ok(Self::with_root(model.estimates()?, inverse * rooted(sums.tr_mul(&sums))))
    }

    /// The number of classes, class 0 among them.
    pub fn classes(&self) -> usize {
        self.estimates.len()
    }

    /// The number of columns; the intercept stands behind them.
    pub fn columns(&self) -> usize {
        self.estimates.first().map_or(0, |of| of.len() - 1)
    }

    /// The same against another class.
    ///
    /// # Errors
    /// A base that is no class.
    pub fn against(&self, base: usize) -> Result<Self> {
        let of = self.estimates.get(base).ok_or(Error::Class { class: base, classes: self.classes() })?;
        let less = |class: &Vec<f64>| class.iter().zip(of).map(|(a, b)| a - b).collect();
        let estimates = self.estimates.iter().map(less).collect();
        Ok(Self { estimates, root: differences(&self.root, base, self.columns() + 1) })
    }

    /// The coefficient of a class for a column, or for the intercept at [`columns`](Self::columns); of the class that all are against
    /// it is 0 with the error 0.
    ///
    /// # Panics
    /// Where there is no such class or column.
    pub fn get(&self, class: usize, column: usize) -> Coefficient {
        let estimate = self.estimates[class][column];
        let row = self.root.row(class * (self.columns() + 1) + column);
        // No square leaves the range of f64.
        let size = row.amax();
        let norm = if size > 0.0 && size.is_finite() { size * row.map(|of| of / size).norm() } else { row.norm() };
        Coefficient { estimate, std_error: if estimate.is_finite() { norm } else { f64::INFINITY } }
    }

    /// A root of the covariance of those of all classes but class 0.
    pub(super) fn root_of_others(&self) -> DMatrix<f64> {
        let width = self.columns() + 1;
        self.root.rows(width, self.root.nrows() - width).into_owned()
    }

    /// The covariance of the estimates, for every class the slopes and the intercept; where they are not all finite it is that of those
    /// which are.
    pub fn covariance(&self) -> DMatrix<f64> {
        &self.root * self.root.transpose()
    }

    /// The interval of the values of one coefficient that a likelihood-ratio test does not reject: those at which the highest
    /// likelihood that the others can reach is χ²/2 below the maximum. Other than [Wald's](Coefficient::interval) it is the
    /// same in any parametrisation, and it may be open to one side: ±∞.
    ///
    /// # Errors
    /// As [`of`](Self::of), where the likelihood has a maximum; class 0, which all are against, or no such class or column; a level
    /// that is no probability.
    pub fn profile<M: Linear>(
        model: &M,
        p: &Empirical<Labelled>,
        class: usize,
        column: usize,
        level: f64,
    ) -> Result<[f64; 2]> {
        let rows = Contrasts::new(p, model.classes())?;
        let (classes, columns) = (model.classes(), rows.width() - 1);
        if !(1..classes).contains(&class) {
            return Err(parameter(
                "the class of a coefficient",
                class as f64,
                "a class of the model but class 0, which all are against",
            ));
        }
        if column > columns {
            let allowed = "a column of the model, or their number for the intercept";
            return Err(parameter("the column of a coefficient", column as f64, allowed));
        }
        if !(0.0..1.0).contains(&level) {
            return Err(parameter("the level of an interval", level, "a probability, such as 0.95"));
        }
        let theta = rows.standard(&model.coefficients()?)?;
        let mut along = nalgebra::DVector::zeros(theta.len());
        let at = (class - 1) * rows.width();
        along.rows_mut(at, rows.width()).copy_from(&rows.own().row(column).transpose());
        profile::interval(&rows, theta, &along, normal_quantile(level))
    }
}

/// With rows of zeros for class 0.
fn with_base(root: DMatrix<f64>, width: usize) -> DMatrix<f64> {
    root.insert_rows(0, width, 0.0)
}

/// F I⁻½ of as many directions as are determined, the sharpest: along the others the curvature is 0, and F is not to be asked.
fn of_rank(information: &DMatrix<f64>, rank: usize, functions: &DMatrix<f64>) -> DMatrix<f64> {
    let unit = information.diagonal().map(|of| if of > 0.0 { of.sqrt().recip() } else { 0.0 });
    let scaled = DMatrix::from_fn(unit.len(), unit.len(), |i, j| information[(i, j)] * unit[i] * unit[j]);
    let SymmetricEigen { eigenvalues, eigenvectors } = scaled.symmetric_eigen();
    let mut order: Vec<usize> = (0..unit.len()).collect();
    order.sort_by(|a, b| eigenvalues[*b].total_cmp(&eigenvalues[*a]));
    let kept = &order[..rank.min(order.len())];
    let half = DMatrix::from_fn(unit.len(), kept.len(), |i, j| {
        unit[i] * eigenvectors[(i, kept[j])] / eigenvalues[kept[j]].sqrt()
    });
    functions * half
}

/// Less the rows of the class `base`.
fn differences(root: &DMatrix<f64>, base: usize, width: usize) -> DMatrix<f64> {
    DMatrix::from_fn(root.nrows(), root.ncols(), |i, j| root[(i, j)] - root[(base * width + i % width, j)])
}

/// A root of a matrix that is a square, of which rounding may leave an eigenvalue below 0.
pub(super) fn rooted(square: DMatrix<f64>) -> DMatrix<f64> {
    let SymmetricEigen { eigenvalues, eigenvectors } = square.symmetric_eigen();
    eigenvectors * DMatrix::from_diagonal(&eigenvalues.map(|value: f64| value.max(0.0).sqrt()))
}

/// The standard coordinates of the columns of x.
fn standard<M: Sloped>(p: &Empirical<M::Batch>) -> Result<Standardize> {
    Standardize::bulk(p.batch().x(), p.mass())
}
