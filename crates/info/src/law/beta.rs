use super::{ClosedForm, Density, Law, check_positive, on_the_line};
use crate::error::Result;
use crate::information::Information;
use crate::special::{digamma_rest, gamma_bregman, i_divergence_beside, i_divergence_of_product, ln_gamma_rest};

/// Density x^(α−1) (1 − x)^(β−1) / B(α, β) on [0, 1].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beta {
    alpha: f64,
    beta: f64,
}

impl Beta {
    /// # Errors
    /// If `alpha` or `beta` is not positive, from 1e-75 to 1e75.
    pub fn new(alpha: f64, beta: f64) -> Result<Self> {
        let (alpha, beta) = (check_positive("alpha", alpha)?, check_positive("beta", beta)?);
        Ok(Self { alpha, beta })
    }

    /// α, a pure number.
    pub fn alpha(&self) -> f64 {
        self.alpha
    }

    /// β, a pure number.
    pub fn beta(&self) -> f64 {
        self.beta
    }
}

impl Law for Beta {
    /// Infinite at an end whose parameter is below 1, as the density is.
    fn log_prob(&self, x: f64) -> f64 {
        if x.is_nan() { f64::NAN } else { self.log_prob_between(x, 1.0 - x) }
    }

    fn mean(&self) -> f64 {
        self.alpha / (self.alpha + self.beta)
    }

    fn variance(&self) -> f64 {
        let sum = self.alpha + self.beta;
        (self.alpha / sum) * (self.beta / sum) / (1.0 + sum)
    }
}

impl Beta {
    /// ln p so far from 0 and so far from 1.
    fn log_prob_between(&self, x: f64, rest: f64) -> f64 {
        let (a, b, sum) = (self.alpha, self.beta, self.alpha + self.beta);
        if x < 0.0 || rest < 0.0 {
            return f64::NEG_INFINITY;
        }
        let ends = [(x, a, b), (rest, b, a)];
        if let Some((_, at_end, other)) = ends.into_iter().find(|end| end.0 == 0.0) {
            return match at_end.total_cmp(&1.0) {
                std::cmp::Ordering::Less => f64::INFINITY,
                std::cmp::Ordering::Equal => other.ln(),
                std::cmp::Ordering::Greater => f64::NEG_INFINITY,
            };
        }
        let norm = ln_gamma_rest(a) + ln_gamma_rest(b) - ln_gamma_rest(sum);
        // Of the two the smaller is the one that is known to the last digit.
        let log_rest = if rest < 0.5 { rest.ln() } else { (-x).ln_1p() };
        let costs = i_divergence_of_product(a, sum, x) + i_divergence_of_product(b, sum, rest);
        on_the_line(x, -costs - norm - x.ln() - log_rest)
    }
}

impl Density for Beta {
    fn knots(&self) -> Vec<f64> {
        vec![0.0, self.mean(), 1.0]
    }

    fn log_prob_beside(&self, knot: f64, offset: f64) -> Option<f64> {
        let (x, rest) = (knot + offset, (1.0 - knot) - offset);
        (x != 0.0 && rest != 0.0).then(|| self.log_prob_between(x, rest))
    }
}

impl ClosedForm for Beta {
    /// ln B(α, β) − (α − 1) ψ(α) − (β − 1) ψ(β) + (α + β − 2) ψ(α + β), with the growth of ln Γ and ψ taken out.
    fn entropy(&self) -> Information {
        let (a, b, sum) = (self.alpha, self.beta, self.alpha + self.beta);
        let side = |x: f64| x.ln() + ln_gamma_rest(x) + (1.0 - x) * digamma_rest(x);
        let both = 2.0 * sum.ln() + ln_gamma_rest(sum) + (2.0 - sum) * digamma_rest(sum);
        Information::from_nats(side(a) + side(b) - both)
    }

    /// ln B(α′, β′) − ln B(α, β) + (α − α′) ψ(α) + (β − β′) ψ(β) + (α′ − α + β′ − β) ψ(α + β), put as the
    /// divergence of the two means (two coins, tossed α′ + β′ times) and what the shapes cost.
    fn kl_divergence(&self, other: &Self) -> Information {
        let (a, b, sum) = (self.alpha, self.beta, self.alpha + self.beta);
        let (c, d, other_sum) = (other.alpha, other.beta, other.alpha + other.beta);
        let tosses = other_sum / sum;
        let (more_a, more_b) = (c - a, d - b);
        let apart = more_a * (b / sum) - more_b * (a / sum);
        let means = i_divergence_beside(c, tosses * a, apart) + i_divergence_beside(d, tosses * b, -apart);
        let shapes = gamma_bregman(a, more_a) + gamma_bregman(b, more_b) - gamma_bregman(sum, more_a + more_b);
        Information::from_nats((means + shapes).max(0.0)) // rounding of `shapes`
    }
}
