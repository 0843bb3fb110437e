use std::fmt;

use super::{Density, Law, Normal, check, on_the_line};
use crate::error::{Error, Result};
use crate::number::{fixed, log_sum_exp, typed};

/// A mixture of Gaussians on the line. Its entropy has no closed form: [`quadrature`](crate::quadrature) has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    /// Each Gaussian after the logarithm of its weight.
    components: Vec<(f64, Normal)>,
}

impl Mixture {
    /// Components as pairs of a weight and a Gaussian. Those of weight 0 are left out.
    ///
    /// # Errors
    /// If there is none, if a weight is not in [0, 1], or if they do not sum to 1 within 1e-9: weights are not
    /// normalised silently.
    pub fn new(components: &[(f64, Normal)]) -> Result<Self> {
        if components.is_empty() {
            return Err(Error::Empty { what: "the mixture".into(), needed: "component" });
        }
        for &(weight, _) in components {
            let inside = (0.0..=1.0).contains(&weight);
            check("weight", weight, "a number in [0, 1]", inside)?;
        }
        let sum: f64 = components.iter().map(|c| c.0).sum();
        check("sum of weights", sum, "1", (sum - 1.0).abs() <= 1e-9)?;
        Ok(Self {
            components: components
                .iter()
                .filter(|c| c.0 > 0.0)
                .map(|&(weight, normal)| ((weight / sum).ln(), normal))
                .collect(),
        })
    }

    /// The law of a sum of n independent draws: again a mixture, of one Gaussian for each way in which the draws
    /// may fall on the components, weighted by its multinomial probability.
    ///
    /// # Errors
    /// If n is 0 or above 20,000, or so many Gaussians would be needed (of two components n + 1).
    pub fn sum(&self, n: usize) -> Result<Self> {
        const MOST: usize = 20_000;
        let allowed = "a number from 1, so small that the sum has at most 20,000 components,";
        check("n", n as f64, allowed, (1..=MOST).contains(&n))?;
        // C(n + k − 1, k − 1) of them, which grows with every factor: the first that is too many ends it.
        let mut terms = 1.0;
        for i in 1..self.components.len() {
            terms *= (n + i) as f64 / i as f64;
            check("n", n as f64, allowed, terms <= MOST as f64)?;
        }
        let ln_factorials: Vec<f64> = std::iter::once(0.0)
            .chain((1..=n).scan(0.0, |sum, k| {
                *sum += (k as f64).ln();
                Some(*sum)
            }))
            .collect();
        // Draws not yet dealt out, the log-weight so far, and the mean and variance of those that are.
        let mut partial = vec![(n, ln_factorials[n], 0.0, 0.0)];
        for (i, (log_weight, normal)) in self.components.iter().enumerate() {
            let last = i + 1 == self.components.len();
            let mut next = Vec::new();
            for (left, log, mean, variance) in partial {
                for k in if last { left..=left } else { 0..=left } {
                    let times = k as f64;
                    next.push((
                        left - k,
                        log + times * log_weight - ln_factorials[k],
                        mean + times * normal.mean(),
                        variance + times * normal.variance(),
                    ));
                }
            }
            partial = next;
        }
        let components = partial
            .into_iter()
            .map(|(_, log, mean, variance)| Normal::new(mean, f64::sqrt(variance)).map(|normal| (log, normal)));
        Ok(Self { components: components.collect::<Result<_>>()? })
    }
}

/// `0.361 N(54.61, 5.87²) + 0.639 N(80.09, 5.87²)`, in the precision asked for.
///
/// ```
/// use candle_mle_info::law::{Mixture, Normal};
/// let p = Mixture::new(&[(0.25, Normal::new(-1.0, 2.0)?), (0.75, Normal::new(3.0, 0.5)?)])?;
/// assert_eq!(format!("{p:.2}"), "0.25 N(-1.00, 2.00²) + 0.75 N(3.00, 0.50²)");
/// # Ok::<(), candle_mle_info::Error>(())
/// ```
impl fmt::Display for Mixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |value: f64| f.precision().map_or(typed(value), |digits| fixed(value, digits));
        let component = |(log_weight, normal): &(f64, Normal)| {
            let [weight, mean, sd] = [log_weight.exp(), normal.mean(), normal.sd()].map(number);
            format!("{weight} N({mean}, {sd}²)")
        };
        f.write_str(&self.components.iter().map(component).collect::<Vec<_>>().join(" + "))
    }
}

/// Of how many components all pairs may be looked at.
const FEW: usize = 16;

impl Mixture {
    /// Where a component equals a wider one, and all others are less.
    fn takeovers(&self, (log_a, a): &(f64, Normal), (log_b, b): &(f64, Normal)) -> Vec<f64> {
        if a.sd() >= b.sd() {
            return vec![];
        }
        // In units of the narrow one: z² less the square of the way from the other mean is 2 ln of the ratio at 0.
        let (ratio, apart) = (a.sd() / b.sd(), (a.mean() - b.mean()) / b.sd());
        let [square, linear] = [1.0 - ratio * ratio, -2.0 * apart * ratio];
        let constant = -2.0 * (log_a - log_b - ratio.ln()) - apart * apart;
        let root = (linear * linear - 4.0 * square * constant).sqrt();
        let places = [-1.0, 1.0].map(|sign| a.mean() + a.sd() * (sign * root - linear) / (2.0 * square));
        let level = |x: f64| log_a + a.log_prob(x);
        // Two that are equal exceed either by ln 2.
        places.into_iter().filter(|x| x.is_finite() && self.log_prob(*x) < level(*x) + 1.0).collect()
    }
}

impl Law for Mixture {
    /// ln Σ w p(x), by log-sum-exp.
    fn log_prob(&self, x: f64) -> f64 {
        if x.is_nan() {
            return f64::NAN;
        }
        log_sum_exp(self.components.iter().map(|(log_weight, normal)| log_weight + normal.log_prob(x)))
    }

    fn mean(&self) -> f64 {
        let terms = self.components.iter();
        terms.map(|(log, normal)| log.exp() * normal.mean()).sum()
    }

    /// The variance within the components and the variance of their means.
    fn variance(&self) -> f64 {
        let (mean, terms) = (self.mean(), self.components.iter());
        terms.map(|(log, normal)| log.exp() * (normal.variance() + (normal.mean() - mean).powi(2))).sum()
    }
}

impl Density for Mixture {
    /// The means of the components, narrow ones first, less those that have a knot within one standard deviation; and of
    /// a few components where one takes over from another, which is all but a kink of ln p if their widths differ.
    fn knots(&self) -> Vec<f64> {
        let mut normals: Vec<Normal> = self.components.iter().map(|c| c.1).collect();
        normals.sort_by(|a, b| a.sd().total_cmp(&b.sd()));
        let mut knots: Vec<f64> = Vec::new();
        for normal in normals {
            if knots.iter().all(|knot| (knot - normal.mean()).abs() > normal.sd()) {
                knots.push(normal.mean());
            }
        }
        if self.components.len() <= FEW {
            let pairs = self.components.iter().flat_map(|a| self.components.iter().map(move |b| (a, b)));
            knots.extend(pairs.flat_map(|(a, b)| self.takeovers(a, b)));
        }
        knots.extend([f64::NEG_INFINITY, f64::INFINITY]);
        knots.sort_by(f64::total_cmp);
        knots.dedup();
        knots
    }

    fn log_prob_beside(&self, knot: f64, offset: f64) -> Option<f64> {
        let terms = self.components.iter().map(|(log_weight, normal)| {
            log_weight + on_the_line(offset, normal.log_prob_from_mean((knot - normal.mean()) + offset))
        });
        Some(log_sum_exp(terms))
    }
}
