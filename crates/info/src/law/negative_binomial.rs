use super::{Law, check, check_positive, on_the_line};
use crate::error::Result;
use crate::information::Information;
use crate::integral::integrate_beside;
use crate::special::{
    SHORT, digamma_rest_gain, divergence_of_logs, i_divergence_beside, ln_gamma_rest, ln_gamma_rest_gain,
    short_integral,
};
use crate::sum::Sum;

/// Counts that vary more than Poisson's: a Poisson whose rate is drawn from a gamma distribution of mean μ and shape r, the size. The
/// variance is μ + μ²/r, and 1/r is also called the dispersion; r = ∞ would be Poisson's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NegativeBinomial {
    mean: f64,
    size: f64,
}

impl NegativeBinomial {
    /// # Errors
    /// If `mean` is not in [0, 1e75], or `size` not positive, from 1e-75 to 1e75.
    pub fn new(mean: f64, size: f64) -> Result<Self> {
        let mean = check("mean", mean, "a number from 0 to 1e75", (0.0..=1e75).contains(&mean))?;
        Ok(Self { mean: mean + 0.0, size: check_positive("size", size)? })
    }

    /// r, a pure number.
    pub fn size(&self) -> f64 {
        self.size
    }

    /// KL(p‖q), to 1e-9 of itself: that of p from the distribution of p's mean and q's size, a sum over the counts of which no term
    /// is negative, and from there to q in closed form. +∞ where the other knows no count but 0; NaN where the sum is not certain.
    pub fn kl_divergence(&self, other: &Self) -> Information {
        let between = Self { mean: self.mean, size: other.size };
        Information::from_nats(self.of_sizes(&between) + between.of_means(other))
    }

    /// KL(p‖q) of one size, r: of every toss that one count waits for, until r of the other kind.
    fn of_means(&self, other: &Self) -> f64 {
        let (m, n, r) = (self.mean, other.mean, self.size);
        let (all, apart) = (m + r, (m - n) * (r / (n + r)));
        let counts =
            if n == 0.0 && m > 0.0 { f64::INFINITY } else { i_divergence_beside(m, all * (n / (n + r)), apart) };
        counts + i_divergence_beside(r, all * (r / (n + r)), -apart)
    }

    /// KL(p‖q) of one mean. Counts one by one as long as they are few; the many behind them as an integral from half a count before the
    /// first, and the first correction of that (Euler and Maclaurin): they change by a small share from one to the next.
    fn of_sizes(&self, other: &Self) -> f64 {
        if self.size == other.size || self.mean == 0.0 {
            return 0.0;
        }
        const FEW: f64 = 1e4;
        let (m, least) = (self.mean, self.size.min(other.size));
        let term = |k: f64, above: f64| {
            let [log_p, log_q] = [self, other].map(|law| law.log_prob_at(k, above));
            divergence_of_logs(log_p, log_q, self.log_ratio(other, k, above))
        };
        // e^(−40) is nothing beside the rest: both tails are geometric at last.
        let last = (m + 40.0 * (1.0 + (m + m * (m / least)).sqrt() + m / least)).ceil();
        let one_by_one = (0..).map(f64::from).take_while(|k| *k < FEW.min(last));
        let sum = one_by_one.map(|k| term(k, k - m)).collect::<Sum>().value();
        if last <= FEW {
            return sum;
        }
        let slope = term(FEW, FEW - m) - term(FEW - 1.0, FEW - 1.0 - m);
        let mut knots = vec![FEW - 0.5, m, f64::INFINITY];
        knots.retain(|knot| *knot >= FEW - 0.5);
        let beside = |knot: f64, offset: f64| Some([term(knot + offset, (knot - m) + offset)]);
        let [rest] = integrate_beside(beside, &knots, self.variance().sqrt().max(1.0));
        rest.certain() + sum + slope / 24.0
    }

    /// ln P(k)/Q(k) of two of one mean, which a count is `above`, where it would be lost in their difference.
    fn log_ratio(&self, other: &Self, k: f64, above: f64) -> Option<f64> {
        let (m, r, s) = (self.mean, self.size, other.size);
        if (r - s).abs() <= SHORT * s {
            // The derivative of ln P by the size.
            return Some(short_integral(s, r - s, |size| {
                let all = m + size;
                digamma_rest_gain(size, k) - i_divergence_beside(1.0, (k + size) / all, -above / all)
            }));
        }
        let of = |size: f64| i_divergence_beside(k + size, m + size, above) + ln_gamma_rest_gain(size, k);
        (r.min(s) >= m).then(|| of(r) - of(s))
    }

    /// ln P(k), between the counts too, from 0 on, with how far k is above the mean: the coin that falls k times for one count and
    /// r for the other has two divergences, which are small where it falls as it should.
    fn log_prob_at(&self, k: f64, above: f64) -> f64 {
        let (m, r) = (self.mean, self.size);
        let (all, apart) = (k + r, above * (r / (m + r)));
        let shape = if k == 0.0 { 0.0 } else { ln_gamma_rest_gain(r, k) - ln_gamma_rest(k) - k.ln() };
        let counts = if m == 0.0 && k == 0.0 { 0.0 } else { i_divergence_beside(k, all * (m / (m + r)), apart) };
        shape - counts - i_divergence_beside(r, all * (r / (m + r)), -apart)
    }
}

impl Law for NegativeBinomial {
    /// ln P(k) = ln Γ(k + r) − ln Γ(r) − ln k! + r ln(r/(r + μ)) + k ln(μ/(r + μ)), put as divergences of masses, in which nothing cancels (Loader 2000).
    fn log_prob(&self, x: f64) -> f64 {
        if x.is_nan() {
            f64::NAN
        } else if x == 0.0 || (x > 0.0 && x.fract() == 0.0 && self.mean > 0.0) {
            on_the_line(x, self.log_prob_at(x, x - self.mean))
        } else {
            f64::NEG_INFINITY
        }
    }

    fn mean(&self) -> f64 {
        self.mean
    }

    fn variance(&self) -> f64 {
        self.mean + self.mean * (self.mean / self.size)
    }
}
