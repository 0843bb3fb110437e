//! Maximum entropy is maximum likelihood: moments in, Gibbs law out (lecture rows L5 to L7).
//!
//! Any law with the wanted moments is as good as data. Of all Gibbs laws the one fitted to it by maximum likelihood has
//! the same moments, and of all laws with these moments it has the largest entropy: the cross-entropy's minimum is H(p*),
//! and the floor that the KL divergence cannot pass is the entropy H(p*) − H(p) that the data fell short of.

use std::f64::consts::FRAC_PI_2;

use candle_core::{DType, Device, Tensor};
use candle_nn::{VarBuilder, VarMap};
use nalgebra::{DMatrix, DVector};

use crate::cone::{SparseRow, weights};
use crate::empirical::Empirical;
use crate::error::{Error, Result};
use crate::fit::{Lbfgs, fit};
use crate::hook::{GradientNorm, History, LossLog};
use crate::info::Information;
use crate::model::{Gibbs, host};
use crate::objective::Objective;

/// Where a law may live: points, each with the volume that it stands for.
#[derive(Clone, Debug)]
pub struct Support {
    points: Vec<f64>,
    volumes: Vec<f64>,
    bounded: bool,
}

/// Nodes of a quadrature on an unbounded support.
const NODES: i32 = 400;

impl Support {
    /// The given numbers, each an atom.
    ///
    /// # Errors
    /// None at all; one that is not finite, or that stands there twice.
    pub fn finite(points: impl IntoIterator<Item = f64>) -> Result<Self> {
        let points: Vec<f64> = points.into_iter().collect();
        if points.is_empty() {
            return Err(Error::Empty { what: "the support".into(), needed: "point" });
        }
        for (row, point) in points.iter().enumerate() {
            if !point.is_finite() {
                return Err(Error::NotFinite { what: "the support", row, column: 0, value: *point });
            }
            if points[..row].contains(point) {
                return Err(Error::Parameter {
                    what: "a point of the support",
                    value: *point,
                    allowed: "every point once",
                });
            }
        }
        Ok(Self { volumes: vec![1.0; points.len()], points, bounded: true })
    }

    /// The real line, by the trapezoidal rule in t of x = centre + scale · sinh(½π sinh t), which converges exponentially
    /// for analytic laws (Takahasi and Mori 1974). `scale` is about the width of the law that is looked for.
    ///
    /// # Errors
    /// A centre that is not finite; a scale that is not positive.
    pub fn line(centre: f64, scale: f64) -> Result<Self> {
        if !centre.is_finite() {
            return Err(Error::Parameter { what: "the centre", value: centre, allowed: "a finite number" });
        }
        Self::nodes(scale, (-1.8, 1.8), |t| {
            let u = FRAC_PI_2 * t.sinh();
            (centre + scale * u.sinh(), scale * u.cosh() * FRAC_PI_2 * t.cosh())
        })
    }

    /// The half line [0, ∞), by the trapezoidal rule in t of x = scale · exp(t − e⁻ᵗ) (Takahasi and Mori 1974).
    ///
    /// # Errors
    /// A scale that is not positive.
    pub fn half_line(scale: f64) -> Result<Self> {
        Self::nodes(scale, (-4.2, 5.5), |t| {
            let x = scale * (t - (-t).exp()).exp();
            (x, x * (1.0 + (-t).exp()))
        })
    }

    fn nodes(scale: f64, (from, to): (f64, f64), at: impl Fn(f64) -> (f64, f64)) -> Result<Self> {
        if !(scale.is_finite() && scale > 0.0) {
            return Err(Error::Parameter { what: "the scale", value: scale, allowed: "a finite number > 0" });
        }
        let step = (to - from) / f64::from(NODES);
        let (points, volumes) =
            (0..=NODES).map(|k| at(from + step * f64::from(k))).map(|(x, dx)| (x, dx * step)).unzip();
        Ok(Self { points, volumes, bounded: false })
    }

    /// The points, or the nodes of the quadrature.
    pub fn points(&self) -> &[f64] {
        &self.points
    }

    /// What each stands for: 1, or the weight of the quadrature.
    pub fn volumes(&self) -> &[f64] {
        &self.volumes
    }

    /// ∫ f(p) over this support for the masses p of its points: an expectation.
    pub fn expectation(&self, law: &[f64], f: impl Fn(f64) -> f64) -> f64 {
        self.points.iter().zip(law).filter(|(_, p)| **p > 0.0).map(|(x, p)| p * f(*x)).sum()
    }

    /// The entropy of a law given by the masses of the points; differential on a line.
    pub fn entropy(&self, law: &[f64]) -> Information {
        let terms = law.iter().zip(&self.volumes).filter(|(p, _)| **p > 0.0);
        Information::from_nats(terms.map(|(p, volume)| p * (volume.ln() - p.ln())).sum())
    }
}

/// A constraint E[g(X)] = target.
pub struct Moment<'a> {
    /// The statistic, finite on the support.
    pub g: &'a dyn Fn(f64) -> f64,
    /// What its expectation shall be.
    pub target: f64,
}

/// The law of largest entropy with the wanted moments, and how it was found.
#[derive(Clone, Debug)]
pub struct MaximumEntropy {
    /// The mass of every point of the support.
    pub law: Vec<f64>,
    /// The λ of exp(Σ λ_m g_m) / Z. `None` where the moments lie on the edge of what the support allows: the law then
    /// lives on a face of it, and λ runs off to infinity.
    pub lambda: Option<Vec<f64>>,
    /// H(p*), the largest there is; differential on a line.
    pub entropy: Information,
    /// A law with the same moments, found by a linear program: the data of the fit.
    pub feasible: Vec<f64>,
    /// KL(feasible‖q) falls to H(p*) − H(feasible), the cross-entropy to H(p*). One row if there was nothing to learn.
    pub history: History,
}

/// The law of largest entropy on `support` with the given moments, by maximum likelihood.
///
/// ```
/// use candle_mle::{Moment, Support, maxent};
/// // The biased die of lecture row L7.
/// let die = maxent(&Support::finite((1..=6).map(f64::from))?, &[Moment { g: &|x| x, target: 4.8 }])?;
/// assert!((die.lambda.unwrap()[0] - 0.514180064).abs() < 1e-9);
/// # Ok::<(), candle_mle::Error>(())
/// ```
///
/// # Errors
/// Moments that no law on the support has, alone or together; moments that leave the entropy on a line unbounded.
pub fn maxent(support: &Support, moments: &[Moment]) -> Result<MaximumEntropy> {
    let problem = Problem::new(support, moments)?;
    let feasible = problem.feasible()?;
    let face: Vec<usize> = (0..feasible.len()).filter(|i| feasible[*i] > 0.0).collect();
    let whole = face.len() == feasible.len();

    let (scaled, log_density, history) = problem.fit(&face, &feasible)?;
    let mut law = vec![0.0; feasible.len()];
    for (at, log_density) in face.iter().zip(log_density) {
        law[*at] = log_density.exp() * support.volumes[*at];
    }
    problem.held(&law)?;
    let lambda = whole.then(|| scaled.iter().zip(&problem.scale).map(|(lambda, scale)| lambda / scale).collect());
    Ok(MaximumEntropy { entropy: support.entropy(&law), law, lambda, feasible, history })
}

/// λ by Newton's method on the dual, the convex function ln Z(λ) − λ·α whose gradient is `E_λ[g]` − α: the same answer as
/// [`maxent`] where that is finite.
///
/// # Errors
/// As [`maxent`], and moments on the edge, where λ is not finite.
pub fn newton_on_the_dual(support: &Support, moments: &[Moment]) -> Result<Vec<f64>> {
    let problem = Problem::new(support, moments)?;
    if problem.feasible()?.contains(&0.0) {
        return Err(Error::MomentsOnTheEdge);
    }
    let m = moments.len();
    let mut lambda = DVector::<f64>::zeros(m);
    let dual = |lambda: &DVector<f64>| {
        let energies: Vec<f64> = problem.statistics.iter().map(|g| dot(g, lambda.as_slice())).collect();
        let logs: Vec<f64> = energies.iter().zip(&support.volumes).map(|(e, v)| e + v.ln()).collect();
        let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let z: f64 = logs.iter().map(|l| (l - top).exp()).sum();
        (top + z.ln(), logs.into_iter().map(|l| (l - top).exp() / z).collect::<Vec<f64>>())
    };
    for _ in 0..200 {
        let (value, law) = dual(&lambda);
        let mut gradient = DVector::zeros(m);
        let mut hessian = DMatrix::zeros(m, m);
        for (p, g) in law.iter().zip(&problem.statistics) {
            let g = DVector::from_column_slice(g);
            hessian += &g * g.transpose() * *p;
            gradient += g * *p;
        }
        hessian -= &gradient * gradient.transpose();
        if gradient.amax() < 1e-14 {
            break;
        }
        // Moments that say the same thing twice leave a flat direction: a curvature of rounding size keeps λ put there.
        let ridge = DMatrix::identity(m, m) * (1e-14 * hessian.trace());
        let Some(factor) = (hessian + ridge).cholesky() else { break };
        let newton = factor.solve(&gradient);
        let slope = gradient.dot(&newton);
        let mut length = 1.0;
        while dual(&(&lambda - &newton * length)).0 > value - 1e-4 * length * slope + 1e-15 && length > 1e-12 {
            length /= 2.0;
        }
        lambda -= newton * length;
    }
    let (_, law) = dual(&lambda);
    problem.held(&law)?;
    Ok(lambda.iter().zip(&problem.scale).map(|(lambda, scale)| lambda / scale).collect())
}

/// The constraints in coordinates of similar size: (g − α) / scale for every point, so that all targets are zero.
struct Problem<'a> {
    support: &'a Support,
    statistics: Vec<Vec<f64>>,
    targets: Vec<f64>,
    scale: Vec<f64>,
}

impl<'a> Problem<'a> {
    fn new(support: &'a Support, moments: &[Moment]) -> Result<Self> {
        let mut columns = vec![];
        let (mut targets, mut scale) = (vec![], vec![]);
        for (moment, Moment { g, target }) in moments.iter().enumerate() {
            let values: Vec<f64> = support.points.iter().map(|x| g(*x)).collect();
            if let Some(row) = values.iter().position(|v| !v.is_finite()) {
                return Err(Error::NotFinite { what: "the moments", row, column: moment, value: values[row] });
            }
            let least = values.iter().copied().fold(f64::INFINITY, f64::min);
            let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            if !(least..=most).contains(target) {
                return Err(Error::MomentOutOfReach { moment, target: *target, least, most });
            }
            // On a line the range is that of the nodes, far beyond the law: the target's own size is the better measure.
            let size = if support.bounded { most - least } else { target.abs().max(1e-3 * (most - least).sqrt()) };
            let size = if size > 0.0 { size } else { 1.0 };
            columns.push(values.into_iter().map(|v| (v - target) / size).collect::<Vec<_>>());
            targets.push(*target);
            scale.push(size);
        }
        let statistics = (0..support.points.len()).map(|i| columns.iter().map(|c| c[i]).collect()).collect();
        Ok(Self { support, statistics, targets, scale })
    }

    /// A law with the moments, positive wherever one can be.
    fn feasible(&self) -> Result<Vec<f64>> {
        let m = self.targets.len();
        if m == 0 {
            let total: f64 = self.support.volumes.iter().sum();
            return Ok(self.support.volumes.iter().map(|v| v / total).collect());
        }
        let rows: Vec<SparseRow> = self.statistics.iter().map(|g| g.iter().copied().enumerate().collect()).collect();
        let mut law = weights(&rows, m)?;
        if law.iter().all(|c| *c == 0.0) {
            return Err(Error::MomentsContradict { targets: self.targets.clone() });
        }
        // The solver meets the moments to 1e-7 or so: what is left is spread over the law, by least squares in
        // proportion to it, which keeps it positive.
        for _ in 0..4 {
            let total: f64 = law.iter().sum();
            law.iter_mut().for_each(|c| *c /= total);
            let (mut residual, mut gram) = (DVector::<f64>::zeros(m), DMatrix::<f64>::zeros(m, m));
            for (p, g) in law.iter().zip(&self.statistics) {
                let g = DVector::from_column_slice(g);
                gram += &g * g.transpose() * *p;
                residual += g * *p;
            }
            let Some(shift) = gram.svd(true, true).solve(&residual, 1e-13).ok() else { break };
            for (p, g) in law.iter_mut().zip(&self.statistics) {
                *p *= (1.0 - dot(g, shift.as_slice())).max(0.5);
            }
        }
        Ok(law)
    }

    /// λ in these coordinates, ln of the density on the face, and the log of the fit.
    fn fit(&self, face: &[usize], feasible: &[f64]) -> Result<(Vec<f64>, Vec<f64>, History)> {
        let (s, m) = (face.len(), self.targets.len());
        // Without a moment there is nothing to learn: a statistic of zero leaves the uniform law.
        let statistics: Vec<f64> = match m {
            0 => vec![0.0; s],
            _ => face.iter().flat_map(|i| self.statistics[*i].iter().copied()).collect(),
        };
        let volumes: Vec<f64> = face.iter().map(|i| self.support.volumes[*i]).collect();
        let counts: Vec<f64> = face.iter().map(|i| feasible[*i]).collect();
        let points = Tensor::arange(0u32, s as u32, &Device::Cpu)?;
        let data = Empirical::from_cells(points, &counts, &volumes)?;
        let vars = VarMap::new();
        let vb = VarBuilder::from_varmap(&vars, DType::F64, &Device::Cpu);
        let statistics = Tensor::from_vec(statistics, (s, m.max(1)), &Device::Cpu)?;
        let gibbs = Gibbs::new(statistics, &Tensor::new(volumes, &Device::Cpu)?, vb)?;
        let (mut log, mut converged) = (LossLog::new(), GradientNorm::new(&vars, 1e-13));
        fit(&gibbs, &data, Objective::CrossEntropy, &mut Lbfgs::new(&vars), 500, &mut (&mut log, &mut converged))?;
        let lambda = host(gibbs.lambda())?.into_iter().take(m).collect();
        Ok((lambda, host(&gibbs.log_density()?)?, log.into_history()?))
    }

    /// An error if a law on an unbounded support leans on the quadrature's last nodes.
    fn held(&self, law: &[f64]) -> Result<()> {
        let density = |i: usize| law[i] / self.support.volumes[i];
        let (first, last) = (0, law.len() - 1);
        let peak = (0..law.len()).map(density).fold(0.0, f64::max);
        let ends = if self.support.points[first] < 0.0 { vec![first, last] } else { vec![last] };
        match ends.into_iter().find(|end| !self.support.bounded && density(*end) > 1e-12 * peak) {
            Some(end) => Err(Error::EntropyUnbounded { at: self.support.points[end] }),
            None => Ok(()),
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
