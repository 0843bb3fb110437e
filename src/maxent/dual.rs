//! The dual of maximum entropy: the convex function ln Z(λ), for targets of zero, and Newton's method on it.

use candle_mle_info::number::log_sum_exp;
use nalgebra::DVector;

use crate::error::{Error, Result};

/// Newton steps at most: where the law falls off as exp(−λ g) with a steep g, each doubles λ.
const STEPS: usize = 1000;

/// The laws exp(λ·g) / Z on points that each stand for a volume.
pub(super) struct Dual {
    /// g of every point, less its target.
    pub(super) statistics: Vec<DVector<f64>>,
    pub(super) log_volumes: Vec<f64>,
}

impl Dual {
    /// ln Z and the masses of the points.
    pub(super) fn at(&self, lambda: &DVector<f64>) -> (f64, Vec<f64>) {
        let logs: Vec<f64> = self.statistics.iter().zip(&self.log_volumes).map(|(g, v)| g.dot(lambda) + v).collect();
        let log_z = log_sum_exp(logs.iter().copied());
        (log_z, logs.into_iter().map(|l| (l - log_z).exp()).collect())
    }

    /// E[g] under the masses.
    pub(super) fn means(&self, law: &[f64]) -> DVector<f64> {
        self.sum(law, |g| g.clone())
    }

    /// E[g²] under the masses, for each g.
    pub(super) fn squares(&self, law: &[f64]) -> DVector<f64> {
        self.sum(law, |g| g.component_mul(g))
    }

    /// −Σ p ln(p / volume), in nats.
    pub(super) fn entropy(&self, law: &[f64]) -> f64 {
        let terms = law.iter().zip(&self.log_volumes).filter(|(p, _)| **p > 0.0);
        terms.map(|(p, log_volume)| p * (log_volume - p.ln())).sum()
    }

    /// The λ where the gradient E[g] vanishes to the rounding of its own sum, from a given one on; or as near to it as
    /// [`STEPS`] steps lead.
    pub(super) fn newton(&self, mut lambda: DVector<f64>) -> DVector<f64> {
        for _ in 0..STEPS {
            let (value, law) = self.at(&lambda);
            let (gradient, size) = (self.means(&law), self.sizes(&law));
            // Near an edge all terms are small: an absolute tolerance would lose the digits of λ.
            if vanishes(&gradient, &size, 1e-15) {
                break;
            }
            let mut hessian = -&gradient * gradient.transpose();
            for (p, g) in law.iter().zip(&self.statistics) {
                hessian += g * g.transpose() * *p;
            }
            if !hessian.iter().all(|h| h.is_finite()) {
                break;
            }
            // Moments that say the same thing twice leave a flat direction: λ stays put there.
            let flat = 1e-15 * hessian.trace();
            let Ok(newton) = hessian.svd(true, true).solve(&gradient, flat) else { break };
            let slope = gradient.dot(&newton);
            let blur = 1e-15 * (1.0 + size.dot(&lambda.abs()));
            let falls = |length: f64| self.at(&(&lambda - &newton * length)).0 <= value - 1e-4 * length * slope + blur;
            let mut length = 1.0;
            while !falls(length) && length > 1e-12 {
                length /= 2.0;
            }
            lambda -= newton * length;
        }
        lambda
    }

    /// An error if a gradient E[g] is above 1e-9 of the size of its terms.
    pub(super) fn met(&self, lambda: &DVector<f64>) -> Result<()> {
        let law = self.at(lambda).1;
        let gradient = self.means(&law);
        if vanishes(&gradient, &self.sizes(&law), 1e-9) {
            Ok(())
        } else {
            Err(Error::Stalled { steps: STEPS, gradient: gradient.amax() })
        }
    }

    /// E[|g|] under the masses, for each g: the size of the terms of its mean.
    fn sizes(&self, law: &[f64]) -> DVector<f64> {
        self.sum(law, |g| g.abs())
    }

    fn sum(&self, law: &[f64], f: impl Fn(&DVector<f64>) -> DVector<f64>) -> DVector<f64> {
        let zero = DVector::zeros(self.statistics.first().map_or(0, DVector::len));
        law.iter().zip(&self.statistics).fold(zero, |sum, (p, g)| sum + f(g) * *p)
    }
}

fn vanishes(gradient: &DVector<f64>, size: &DVector<f64>, tolerance: f64) -> bool {
    gradient.iter().zip(size).all(|(slope, size)| slope.abs() <= tolerance * size)
}
