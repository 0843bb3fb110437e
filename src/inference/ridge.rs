//! What a ridge makes of coefficients: it draws them towards 0, and lets them scatter less.

use nalgebra::{DMatrix, DVector};

use super::coefficients::{Coefficients, rooted};
use super::contrasts::Root;
use super::sloped::Sloped;
use crate::batch::{Explained, host};
use crate::empirical::Empirical;
use crate::error::Result;
use crate::parameters::Parameters;

/// Coefficients that were fitted with a [ridge](crate::Objective::Ridge): how much they scatter, how far they are drawn towards 0, and how
/// many free ones they are worth.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::inference::{Coefficients, Shrunk};
/// use candle_mle::mle::Plan;
/// use candle_mle::model::Logistic;
/// use candle_mle::{Empirical, Labelled, Objective};
/// let x = Tensor::new(&[[-1.0], [-1.0], [1.0], [1.0]], &Device::Cpu)?;
/// let batch = Labelled::new(x, Tensor::new(&[0u32, 1, 0, 1], &Device::Cpu)?)?;
/// let p = Empirical::from_counts(batch, &[3.0, 1.0, 1.0, 3.0])?;
/// let plan = |lambda| Plan { objective: Objective::Ridge { lambda }, ..Plan::default() };
/// let shrunk = |lambda| Shrunk::of(&plan(lambda).fit(&p, |vb| Logistic::new(1, vb))?.model, &p, lambda);
/// let (free, drawn) = (shrunk(0.0)?, shrunk(1.0)?);
/// assert!((free.degrees - 2.0).abs() < 1e-9 && free.bias[1][0].abs() < 1e-12);
/// assert!(drawn.degrees < 2.0 && drawn.bias[1][0] < 0.0);
/// assert!(drawn.coefficients.get(1, 0).std_error < free.coefficients.get(1, 0).std_error);
/// # Ok::<(), candle_mle::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Shrunk {
    /// With the errors of the penalised estimate, the root of (I + Λ)⁻¹ I (I + Λ)⁻¹ with Λ the second derivatives of the penalty: about
    /// what it is drawn to, and not about the truth, so that z, p-value and interval of these are of no use.
    pub coefficients: Coefficients,
    /// How far each lies from the truth in the mean over samples, to first order −(I + Λ)⁻¹ Λ θ, with the estimate for θ: since that is
    /// drawn towards 0 itself, rather too small. For every class the slopes, then the intercept.
    pub bias: Vec<Vec<f64>>,
    /// tr (I + Λ)⁻¹ I, the effective number of parameters (Gray 1992; Hastie and Tibshirani 1990).
    pub degrees: f64,
}

impl Shrunk {
    /// Of a model at the minimum of [`Objective::Ridge`](crate::Objective::Ridge) with this λ, in the coordinates in which the model was learnt.
    ///
    /// # Errors
    /// As [`Coefficients::of`].
    pub fn of<M: Sloped + Parameters>(model: &M, p: &Empirical<M::Batch>, lambda: f64) -> Result<Self> {
        let x = p.batch().x();
        let columns = x.dim(1)?;
        let mut map = model.parts()?.take_map(columns, x)?;
        if map.shift().dim(0)? > columns {
            // The last is of y.
            let of = |tensor: &candle_core::Tensor| tensor.narrow(0, 0, columns);
            map = crate::standardize::Standardize::new(of(map.shift())?, of(map.scale())?)?;
        }
        let (squares, unit) = model.ridged()?;
        let (estimates, rows) = (model.estimates()?, model.rows(p.batch(), &host(p.count())?, &map)?);
        let (theta, information, own) = (rows.theta(), rows.information(), rows.own());
        let (width, others) = (columns + 1, estimates.len() - 1);
        // Of k slopes that sum to 0 the squares, as a function of their differences from the first.
        let share =
            |a: usize, b: usize| f64::from(u8::from(a == b)) - if squares > 1 { 1.0 / squares as f64 } else { 0.0 };
        let strength = lambda / (unit * unit);
        let penalty = DMatrix::from_fn(others * width, others * width, |i, j| {
            match i % width == j % width && i % width < columns {
                true => strength * share(i / width, j / width),
                false => 0.0,
            }
        });
        let root = Root::new(&(&information + &penalty))?;
        let half = root.spread(&DMatrix::identity(theta.len(), theta.len()));
        let inverse = &half * half.transpose();
        let bias = -(&own * &inverse * penalty * DVector::from_vec(theta));
        let bias =
            std::iter::once(vec![0.0; width]).chain(bias.as_slice().chunks(width).map(<[f64]>::to_vec)).collect();
        let degrees = (&inverse * &information).trace();
        let coefficients = Coefficients::with_root(estimates, own * inverse * rooted(information));
        Ok(Self { coefficients, bias, degrees })
    }
}
