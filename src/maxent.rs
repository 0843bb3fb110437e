//! Maximum entropy is maximum likelihood: moments in, Gibbs law out (lecture rows L5 to L7).
//!
//! Any law with the wanted moments is as good as data. Of all Gibbs laws the one fitted to it by maximum likelihood has
//! the same moments, and of all laws with these moments it has the largest entropy: the cross-entropy's minimum is H(p*),
//! and the floor that the KL divergence cannot pass is the entropy H(p*) − H(p) that the data fell short of.

mod dual;
mod support;

use std::f64::consts::LN_2;

use candle_core::{DType, Device, Tensor};
use candle_mle_info::Information;
use candle_nn::{VarBuilder, VarMap};
use nalgebra::{DMatrix, DVector};

use self::dual::Dual;
pub use self::support::Support;
use self::support::{Between, Quadrature};
use crate::batch::host;
use crate::empirical::Empirical;
use crate::error::{Error, Result};
use crate::hook::{History, Improvement, LossLog};
use crate::linear_program::{SparseRow, weights};
use crate::mle::Plan;
use crate::model::Gibbs;

/// A constraint E[g(X)] = target.
pub struct Moment<'a, P = f64> {
    /// The statistic, finite on the support. Far from 0 take moments about the centre: x² has lost the digits of a
    /// variance that is small beside it.
    pub g: &'a dyn Fn(P) -> f64,
    /// What its expectation shall be.
    pub target: f64,
}

/// The law of largest entropy with the wanted moments, and how it was found.
#[derive(Clone, Debug)]
pub struct MaximumEntropy {
    /// The mass of every point of the support.
    pub law: Vec<f64>,
    /// The λ of exp(Σ λ_m g_m) / Z, in nats per unit of g_m: the fit's, taken by Newton steps to where the moments are
    /// met to the rounding of their sums. `None` where the moments lie on the edge of what the support allows, or some
    /// 1e-10 from it: the law then lives on a face of it, and λ runs off to infinity.
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
/// use candle_mle::maxent::{Moment, Support, maxent};
/// // The biased die of lecture row L7.
/// let die = maxent(&Support::finite((1..=6).map(f64::from))?, &[Moment { g: &|x| x, target: 4.8 }])?;
/// assert!((die.lambda.unwrap()[0] - 0.514180064).abs() < 1e-9);
/// # Ok::<(), candle_mle::Error>(())
/// ```
///
/// # Errors
/// Moments that no law on the support has, alone or together. On a line, a law that reaches beyond the nodes of the
/// quadrature, as any does that the moments leave unbounded; one that the nodes do not resolve to 1e-9.
pub fn maxent<P: Copy>(support: &Support<P>, moments: &[Moment<P>]) -> Result<MaximumEntropy> {
    let problem = Problem::new(support, moments)?;
    let feasible = problem.feasible()?;
    let face: Vec<usize> = (0..feasible.len()).filter(|i| feasible[*i] > 0.0).collect();
    let whole = face.len() == feasible.len();

    let (fitted, history) = problem.fit(&face, &feasible)?;
    let nodes = problem.dual(&face);
    let scaled = nodes.newton(fitted);
    let mut law = vec![0.0; feasible.len()];
    for (at, p) in face.iter().zip(nodes.at(&scaled).1) {
        law[*at] = p;
    }
    problem.trusted(&law, &face, &scaled)?;
    nodes.met(&scaled)?;
    let lambda = whole.then(|| problem.unscaled(&scaled));
    Ok(MaximumEntropy { entropy: support.entropy(&law), law, lambda, feasible, history })
}

/// λ by Newton's method from 0 on the dual, the convex function ln Z(λ) − λ·α whose gradient is `E_λ[g]` − α: the same
/// answer as [`maxent`] where that is finite, to the rounding of the moments, which near an edge takes more of λ's digits.
///
/// # Errors
/// As [`maxent`], and moments on the edge, where λ is not finite.
pub fn newton_on_the_dual<P: Copy>(support: &Support<P>, moments: &[Moment<P>]) -> Result<Vec<f64>> {
    let problem = Problem::new(support, moments)?;
    if problem.feasible()?.contains(&0.0) {
        return Err(Error::MomentsOnTheEdge);
    }
    let all: Vec<usize> = (0..support.points().len()).collect();
    let nodes = problem.dual(&all);
    let scaled = nodes.newton(DVector::zeros(moments.len()));
    problem.trusted(&nodes.at(&scaled).1, &all, &scaled)?;
    nodes.met(&scaled)?;
    Ok(problem.unscaled(&scaled))
}

/// The constraints in coordinates of similar size: (g − α) / scale for every point, so that all targets are zero.
struct Problem<'a, P> {
    support: &'a Support<P>,
    /// Of the points, and of those between the nodes of a quadrature.
    statistics: Vec<DVector<f64>>,
    between: [Vec<DVector<f64>>; 2],
    targets: Vec<f64>,
    scale: Vec<f64>,
}

impl<'a, P: Copy> Problem<'a, P> {
    fn new(support: &'a Support<P>, moments: &[Moment<P>]) -> Result<Self> {
        let mut scale = vec![];
        for (moment, Moment { g, target }) in moments.iter().enumerate() {
            let values: Vec<f64> = support.points().iter().map(|x| g(*x)).collect();
            if let Some(row) = values.iter().position(|v| !v.is_finite()) {
                let (what, column, value) = ("the moments", moment, values[row]);
                return Err(candle_mle_info::Error::NotFinite { what, row, column, value }.into());
            }
            let least = values.iter().copied().fold(f64::INFINITY, f64::min);
            let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            if !(least..=most).contains(target) {
                return Err(match support.quadrature() {
                    Some(Quadrature { reach, .. }) => {
                        Error::MomentsOffTheNodes { targets: vec![*target], reach: *reach }
                    }
                    None => Error::MomentOutOfReach { moment, target: *target, least, most },
                });
            }
            // On a line the range is that of the nodes, far beyond the law; half of them lie within its scale.
            let size = match support.quadrature() {
                Some(_) => median(values.iter().map(|value| (value - target).abs()).collect()),
                None => most - least,
            };
            scale.push(if size > 0.0 { size } else { 1.0 });
        }
        let statistic = |x: P| {
            let of = |(moment, size): (&Moment<P>, &f64)| ((moment.g)(x) - moment.target) / size;
            DVector::from_iterator(moments.len(), moments.iter().zip(&scale).map(of))
        };
        let between = |shift: usize| {
            let points = support.quadrature().map_or(&[][..], |quadrature| &quadrature.between[shift]);
            points.iter().map(|between| statistic(between.x)).collect()
        };
        Ok(Self {
            support,
            statistics: support.points().iter().map(|x| statistic(*x)).collect(),
            between: [0, 1].map(between),
            targets: moments.iter().map(|moment| moment.target).collect(),
            scale,
        })
    }

    /// A law with the moments, positive wherever one can be.
    fn feasible(&self) -> Result<Vec<f64>> {
        let m = self.targets.len();
        if m == 0 {
            let total: f64 = self.support.volumes().iter().sum();
            return Ok(self.support.volumes().iter().map(|v| v / total).collect());
        }
        // The far nodes of a quadrature have huge statistics, the near ones none to speak of: the solver gets neither.
        let size = |g: &DVector<f64>| g.amax().max(1.0);
        let row = |g: &DVector<f64>| {
            let entries = g.iter().map(|v| v / size(g)).enumerate();
            entries.filter(|(_, v)| v.abs() > 1e-17).collect::<SparseRow>()
        };
        let weights = weights(&self.statistics.iter().map(row).collect::<Vec<_>>(), m)?;
        let mut law: Vec<f64> = weights.iter().zip(&self.statistics).map(|(c, g)| c / size(g)).collect();
        if law.iter().all(|c| *c == 0.0) {
            let targets = self.targets.clone();
            return Err(match self.support.quadrature() {
                Some(Quadrature { reach, .. }) => Error::MomentsOffTheNodes { targets, reach: *reach },
                None => Error::MomentsContradict { targets },
            });
        }
        // The solver meets the moments to 1e-7 or so: what is left is spread over the law, by least squares in
        // proportion to it, which keeps it positive.
        for _ in 0..4 {
            let total: f64 = law.iter().sum();
            law.iter_mut().for_each(|c| *c /= total);
            let (mut residual, mut gram) = (DVector::<f64>::zeros(m), DMatrix::<f64>::zeros(m, m));
            for (p, g) in law.iter().zip(&self.statistics) {
                gram += g * g.transpose() * *p;
                residual += g * *p;
            }
            let Some(shift) = gram.svd(true, true).solve(&residual, 1e-13).ok() else { break };
            for (p, g) in law.iter_mut().zip(&self.statistics) {
                *p *= (1.0 - g.dot(&shift)).max(0.5);
            }
        }
        Ok(law)
    }

    /// λ in these coordinates, by maximum likelihood on the face, and the log of the fit.
    fn fit(&self, face: &[usize], feasible: &[f64]) -> Result<(DVector<f64>, History)> {
        let (s, m) = (face.len(), self.targets.len());
        // Without a moment there is nothing to learn: a statistic of zero leaves the uniform law.
        let statistics: Vec<f64> = match m {
            0 => vec![0.0; s],
            _ => face.iter().flat_map(|i| self.statistics[*i].iter().copied()).collect(),
        };
        let volumes: Vec<f64> = face.iter().map(|i| self.support.volumes()[*i]).collect();
        let counts: Vec<f64> = face.iter().map(|i| feasible[*i]).collect();
        let points = Tensor::arange(0u32, s as u32, &Device::Cpu)?;
        let data = Empirical::from_cells(points, &counts, &volumes)?;
        let vars = VarMap::new();
        let vb = VarBuilder::from_varmap(&vars, DType::F64, &Device::Cpu);
        let statistics = Tensor::from_vec(statistics, (s, m.max(1)), &Device::Cpu)?;
        let gibbs = Gibbs::new(statistics, &Tensor::new(volumes, &Device::Cpu)?, vb)?;
        // Where rounding hides the slope, a step that gains nothing is the end.
        let plan = Plan { tolerance: 1e-11, steps: 500, ..Plan::default() };
        let fitted = plan.follow(gibbs, vars, &data, &mut LossLog::new(), &mut Improvement::new(1e-15))?;
        Ok((DVector::from_iterator(m, host(fitted.model.lambda())?.into_iter().take(m)), fitted.history))
    }

    /// The Gibbs laws on a face of the support.
    fn dual(&self, face: &[usize]) -> Dual {
        Dual {
            statistics: face.iter().map(|i| self.statistics[*i].clone()).collect(),
            log_volumes: face.iter().map(|i| self.support.volumes()[*i].ln()).collect(),
        }
    }

    /// An error unless the law on the nodes of a quadrature is the one on the line: it must leave nothing beyond them,
    /// and must not change with the nodes between them, wherever these lie.
    fn trusted(&self, law: &[f64], face: &[usize], scaled: &DVector<f64>) -> Result<()> {
        let Some(Quadrature { reach, outermost, innermost, between }) = self.support.quadrature() else {
            return Ok(());
        };
        if let Some((_, at)) = outermost.iter().find(|(end, _)| law[*end] > 1e-12) {
            return Err(Error::LawOffTheNodes { at: *at, reach: *reach });
        }

        let beside_the_centre = innermost.iter().map(|node| law[*node]);
        let mut changes: Vec<f64> = beside_the_centre.collect();
        for (between, statistics) in between.iter().zip(&self.between) {
            changes.extend(self.changes(law, face, scaled, between, statistics));
        }
        match changes.into_iter().map(f64::abs).find(|change| change.is_nan() || *change > 1e-9) {
            Some(change) => Err(Error::LawBetweenTheNodes { change }),
            None => Ok(()),
        }
    }

    /// By how much ln Z, the entropy and the moments, these in standard deviations, change with the nodes between.
    fn changes(
        &self,
        law: &[f64],
        face: &[usize],
        scaled: &DVector<f64>,
        between: &[Between<P>],
        statistics: &[DVector<f64>],
    ) -> Vec<f64> {
        let nodes = self.dual(face);
        let mut finer = self.dual(face);
        // Next to the face a point may belong to it or not: taken in, it tells how much hangs on that.
        let near = between.iter().zip(statistics);
        for (between, g) in near.filter(|(b, _)| law[b.after] > 0.0 || law[b.after + 1] > 0.0) {
            finer.statistics.push(g.clone());
            finer.log_volumes.push(between.volume.ln());
        }
        finer.log_volumes.iter_mut().for_each(|log_volume| *log_volume -= LN_2);

        let ((coarse_z, coarse), (fine_z, fine)) = (nodes.at(scaled), finer.at(scaled));
        let (coarse_means, fine_means) = (nodes.means(&coarse), finer.means(&fine));
        let variances = finer.squares(&fine) - fine_means.component_mul(&fine_means);
        let moments = (coarse_means - fine_means).component_div(&variances.map(|v| v.max(f64::MIN_POSITIVE).sqrt()));
        let changes = [coarse_z - fine_z, nodes.entropy(&coarse) - finer.entropy(&fine)];
        changes.into_iter().chain(moments.iter().copied()).collect()
    }

    /// λ per unit of the moments.
    fn unscaled(&self, scaled: &DVector<f64>) -> Vec<f64> {
        scaled.iter().zip(&self.scale).map(|(lambda, scale)| lambda / scale).collect()
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
