//! Usable information of a target that is a number: of Gaussian laws, whose mean a family makes of x.

use std::collections::HashMap;

use candle_core::{Device, Tensor};
use candle_mle_info::Information;
use candle_mle_info::law::{Law, Normal};

use super::Family;
use super::basis::Basis;
use crate::batch::{Batch, Response, bits, host};
use crate::empirical::Empirical;
use crate::error::{Error, Result, rows_of};
use crate::model::Model;

/// The V-information of a family V about a number (lecture row P6): I_V(X→Y) = h_V(Y) − h_V(Y|X), the drop in the best cross-entropy of a
/// Gaussian law N(f(x), σ²) once its mean may be a function of the family and not a constant only. It is −½ ln(1 − R²) with R² the
/// share of the variance that f explains, whatever the law of Y is and in any unit of it. It is itself the predictor: a [`Model`], which
/// scores held-out rows too.
#[derive(Clone, Debug)]
pub struct UsableInformationOfNumbers {
    columns: usize,
    mean: f64,
    sd: f64,
    residual: f64,
    predictor: Predictor,
}

/// f(x), less the mean of y.
#[derive(Clone, Debug)]
enum Predictor {
    Constant,
    /// Times features that are uncorrelated and of variance 1.
    Polynomial(Basis, Vec<f64>),
    /// By the bits of x.
    Table(HashMap<Vec<u64>, f64>),
}

/// Of a standard deviation, what rounding leaves of a residual that is none.
const NOTHING: f64 = 1e-13;

/// Fits a family to the numbers y by maximum likelihood and says how much of X it can use. All are closed forms: f is that of least
/// squares, constant, linear, a polynomial, or of the saturated family the mean of y at every x. An offset is taken off y first.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::batch::Response;
/// use candle_mle::usable::{Family, usable_information_of_numbers};
/// use candle_mle::Empirical;
/// // y = x² and as much again up or down: nothing for a line, half the variance or more for a parabola.
/// let x = Tensor::new(&[[-1.0], [-1.0], [0.0], [0.0], [1.0], [1.0]], &Device::Cpu)?;
/// let y = Tensor::new(&[0.5, 1.5, -0.5, 0.5, 0.5, 1.5], &Device::Cpu)?;
/// let data = Empirical::from_sample(Response::new(x, y)?)?;
/// let nats = |family| Ok::<f64, candle_mle::Error>(usable_information_of_numbers(&family, &data)?.information().nats());
/// assert!(nats(Family::Linear)?.abs() < 1e-15);
/// let variance: f64 = 0.25 + 2.0 / 9.0;
/// assert!((nats(Family::Polynomial { degree: 2 })? - 0.5 * (variance / 0.25).ln()).abs() < 1e-14);
/// # Ok::<(), candle_mle::Error>(())
/// ```
///
/// # Errors
/// A y of one value, whose density has no entropy; a network, which is of classes; more features than memory is meant for. Where f tells
/// every y exactly the information is +∞, and no error.
pub fn usable_information_of_numbers(
    family: &Family,
    data: &Empirical<Response>,
) -> Result<UsableInformationOfNumbers> {
    let (y, mass, x) = (less_offset(data.batch())?, host(data.mass())?, data.batch().x());
    let columns = x.dim(1)?;
    let of = |values: &[f64]| values.iter().zip(&mass).map(|(value, mass)| value * mass).sum::<f64>();
    let size = |values: &[f64]| {
        // In units of the largest: the square of another may be no number.
        let most = values.iter().fold(0.0, |most: f64, value| most.max(value.abs())).max(f64::MIN_POSITIVE);
        most * of(&values.iter().map(|value| (value / most).powi(2)).collect::<Vec<_>>()).sqrt()
    };
    let mean = of(&y);
    let apart: Vec<f64> = y.iter().map(|y| y - mean).collect();
    let sd = size(&apart);
    if sd == 0.0 {
        return Err(crate::error::constant("y", mean));
    }
    let predictor = match family {
        Family::Constant => Predictor::Constant,
        Family::Linear => polynomial(x, data.mass(), &apart, &mass, 1)?,
        Family::Polynomial { degree } => polynomial(x, data.mass(), &apart, &mass, *degree)?,
        Family::Saturated => saturated(&host(x)?, columns, &apart, &mass),
        Family::Network { .. } => return Err(Error::Other("a network is a family of classes: take another".into())),
    };
    let told = UsableInformationOfNumbers { columns, mean, sd, residual: sd, predictor };
    let left: Vec<f64> = y.iter().zip(told.means(x)?).map(|(y, mean)| y - mean).collect();
    let residual = size(&left);
    Ok(UsableInformationOfNumbers { residual: if residual <= NOTHING * sd { 0.0 } else { residual }, ..told })
}

fn polynomial(x: &Tensor, mass: &Tensor, apart: &[f64], weights: &[f64], degree: usize) -> Result<Predictor> {
    let basis = Basis::new(x, mass, degree)?;
    let width = basis.len();
    if width == 0 {
        return Ok(Predictor::Constant);
    }
    let features = host(&basis.features(x)?)?;
    let rows = || features.chunks(width).zip(apart.iter().zip(weights));
    let along = (0..width).map(|at| rows().map(|(of, (apart, weight))| of[at] * apart * weight).sum());
    Ok(Predictor::Polynomial(basis, along.collect()))
}

fn saturated(x: &[f64], columns: usize, apart: &[f64], mass: &[f64]) -> Predictor {
    let mut sums: HashMap<Vec<u64>, (f64, f64)> = HashMap::new();
    for (row, (apart, mass)) in apart.iter().zip(mass).enumerate() {
        let (sum, all) = sums.entry(bits(&x[row * columns..][..columns])).or_default();
        (*sum, *all) = (*sum + apart * mass, *all + mass);
    }
    Predictor::Table(sums.into_iter().map(|(x, (sum, mass))| (x, sum / mass)).collect())
}

fn less_offset(batch: &Response) -> Result<Vec<f64>> {
    match batch.offset() {
        Some(offset) => host(&(batch.y() - offset)?),
        None => host(batch.y()),
    }
}

impl UsableInformationOfNumbers {
    /// h_V(Y) = ½ ln 2πe Var(Y), the best cross-entropy without a look at X: a differential entropy, which has the unit of y in it.
    pub fn entropy(&self) -> Information {
        entropy(self.sd)
    }

    /// h_V(Y|X), the best cross-entropy with X; −∞ where f tells every y.
    pub fn conditional_entropy(&self) -> Information {
        entropy(self.residual)
    }

    /// I_V(X→Y) = h_V(Y) − h_V(Y|X), in no unit of y.
    pub fn information(&self) -> Information {
        Information::from_nats((self.sd / self.residual).ln().max(0.0))
    }

    /// σ, the standard deviation of what f leaves of y, in the unit of y.
    pub fn residual(&self) -> f64 {
        self.residual
    }

    /// f(x) of x (m, d), without an offset: NaN in the saturated family at an x that was never seen.
    ///
    /// # Errors
    /// An x of another number of columns than that of the fit.
    pub fn means(&self, x: &Tensor) -> Result<Vec<f64>> {
        let rows = rows_of(x, self.columns)?;
        Ok(match &self.predictor {
            Predictor::Constant => vec![self.mean; rows],
            Predictor::Polynomial(basis, along) => {
                let of = |features: &[f64]| features.iter().zip(along).map(|(a, b)| a * b).sum::<f64>();
                host(&basis.features(x)?)?.chunks(along.len()).map(|features| self.mean + of(features)).collect()
            }
            Predictor::Table(table) => {
                let x = host(x)?;
                let of = |row: usize| table.get(&bits(&x[row * self.columns..][..self.columns]));
                (0..rows).map(|row| of(row).map_or(f64::NAN, |apart| self.mean + apart)).collect()
            }
        })
    }

    /// ln q(y|x) − ln q(y) of every row: how much this x tells the family about this y. The mean over the rows of the fit is
    /// [`information`](Self::information).
    ///
    /// # Errors
    /// An x of another number of columns than that of the fit; a family that tells every y.
    pub fn pointwise(&self, batch: &Response) -> Result<Vec<Information>> {
        let alone = Normal::new(self.mean, self.sd)?;
        let told = self.log_densities(batch)?.into_iter().zip(less_offset(batch)?);
        Ok(told.map(|(log_q, y)| Information::from_nats(log_q - alone.log_prob(y))).collect())
    }

    /// The mean of the pointwise values over other rows than those of the fit: what the fitted predictor is worth there. It can be
    /// negative.
    ///
    /// # Errors
    /// As [`pointwise`](Self::pointwise).
    pub fn held_out(&self, data: &Empirical<Response>) -> Result<Information> {
        let mass = host(data.mass())?;
        Ok(self.pointwise(data.batch())?.into_iter().zip(mass).map(|(value, mass)| value * mass).sum())
    }

    fn log_densities(&self, batch: &Response) -> Result<Vec<f64>> {
        let (means, y) = (self.means(batch.x())?, less_offset(batch)?);
        let of = |(mean, y): (f64, f64)| -> Result<f64> {
            if mean.is_nan() { Ok(f64::NAN) } else { Ok(Normal::new(mean, self.residual)?.log_prob(y)) }
        };
        means.into_iter().zip(y).map(of).collect()
    }
}

/// In f64, on the host.
impl Model for UsableInformationOfNumbers {
    type Batch = Response;
    const DENSITY: bool = true;

    fn log_prob(&self, batch: &Response) -> Result<Tensor> {
        Ok(Tensor::from_vec(self.log_densities(batch)?, batch.rows()?, &Device::Cpu)?)
    }
}

/// Of a Gaussian of this standard deviation.
fn entropy(sd: f64) -> Information {
    Information::from_nats(sd.ln() + 0.5 * (std::f64::consts::TAU * std::f64::consts::E).ln())
}
