//! Entropy of a table seen in part, with its error: Nemenman, Shafee and Bialek (2002).

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::information::Information;
use crate::integral::{integrate_beside, told_apart};
use crate::special::{digamma_gain, ln_gamma_rest, trigamma_lag, trigamma_of_next};

/// Mean and standard deviation of H after the counts of K cells, if before them every entropy from 0 to ln K was about as
/// likely as any other: Nemenman, Shafee and Bialek, "Entropy and inference, revisited" (2002). Behind it stands a mixture
/// of Dirichlet laws of all concentrations β, weighed by the derivative of their mean entropy ψ(Kβ + 1) − ψ(β + 1); the
/// moments at one β are those of Wolpert and Wolf (1995).
///
/// The deviation is the error of this one estimate, with no second sample: over laws drawn from that mixture the truth lies
/// within one of them two times in three. A law unlike all of these, such as one with a long tail of rare cells, is missed
/// by more: of a thousand cells of weight 1/i after 500 observations by −0.10 nats on the mean, with a spread of 0.11 beside
/// a stated error of 0.08.
///
/// Bias: towards the middle of 0 to ln K while there is next to nothing to go by; of a thousand equally likely cells after
/// 500 observations −0.04 nats, with a stated error of 0.03. The alphabet is that of the counts given, zeros included, and
/// must be right: too large a one lifts the estimate.
///
/// # Errors
/// No cells, or no count above 0.
///
/// ```
/// // A coin that fell 7 times to 3. The plug-in entropy is 0.611 nats and knows no error.
/// let (h, error) = candle_mle_info::estimate::nsb(&[7, 3])?;
/// assert!((h.nats() - 0.607).abs() < 1e-3 && (error.nats() - 0.098).abs() < 1e-3);
/// # Ok::<(), candle_mle_info::Error>(())
/// ```
pub fn nsb(counts: &[u64]) -> Result<(Information, Information)> {
    let mut cells: BTreeMap<u64, f64> = BTreeMap::new();
    counts.iter().for_each(|count| *cells.entry(*count).or_default() += 1.0);
    let all: u128 = counts.iter().map(|count| u128::from(*count)).sum();
    let cell = |(count, times)| Cell { count: count as f64, others: (all - u128::from(count)) as f64, times };
    let cells: Vec<Cell> = cells.into_iter().map(cell).collect();
    let (size, n) = (counts.len() as f64, all as f64);
    if n == 0.0 {
        return Err(Error::Empty { what: "the table of counts".into(), needed: "count above 0" });
    }
    if counts.len() == 1 {
        return Ok((Information::ZERO, Information::ZERO));
    }
    let (h, variance) = Sample { cells, size, n }.posterior()?;
    Ok((Information::from_nats(h), Information::from_nats(variance.sqrt())))
}

/// A count, how many observations lie in all other cells, which n would round off beside it, and how many cells have it.
struct Cell {
    count: f64,
    others: f64,
    times: f64,
}

/// How often so many cells were observed so often.
struct Sample {
    cells: Vec<Cell>,
    size: f64,
    n: f64,
}

impl Sample {
    /// Mean and variance over all concentrations, by integrals over ln β.
    fn posterior(&self) -> Result<(f64, f64)> {
        // The largest weight and how wide it is: on a grid first, for it may lie anywhere.
        let log = |t: f64| self.log_weight(t.exp());
        let mut mode =
            (-200..200).map(|t| 0.25 * f64::from(t)).max_by(|a, b| log(*a).total_cmp(&log(*b))).unwrap_or(0.0);
        let mut step = 0.25;
        while step > 1e-9 {
            let moves = [mode - step, mode + step].into_iter().find(|t| log(*t) > log(mode));
            (mode, step) = moves.map_or((mode, 0.5 * step), |t| (t, step));
        }
        let top = log(mode);
        let side = |sign: f64| {
            let mut width = 1e-6;
            while log(mode + sign * width) > top - 0.5 && width < 10.0 {
                width *= 1.5;
            }
            width
        };
        let width = side(1.0).max(side(-1.0));

        // Over s, ln β = mode + width s.
        let weight = |s: f64| (mode + width * s, (log(mode + width * s) - top).exp());
        let middle = self.mean(mode.exp());
        let knots = [f64::NEG_INFINITY, 0.0, f64::INFINITY];
        let of_mean = |knot: f64, offset: f64| {
            let (t, weight) = weight(told_apart(knot, offset)?);
            Some(if weight > 0.0 { [weight, weight * (self.mean(t.exp()) - middle)] } else { [0.0; 2] })
        };
        let [mass, above] = integrate_beside(of_mean, &knots, 1.0);
        let what = "the entropy of the table";
        let mass = mass.within(TOLERANCE, what)?;
        let mean = middle + above.within(TOLERANCE, what)? / mass;
        let of_variance = |knot: f64, offset: f64| {
            let (t, weight) = weight(told_apart(knot, offset)?);
            let square = || self.variance(t.exp()) + (self.mean(t.exp()) - mean).powi(2);
            Some([if weight > 0.0 { weight * square() } else { 0.0 }])
        };
        let [variance] = integrate_beside(of_variance, &knots, 1.0);
        Ok((mean, variance.within(TOLERANCE, what)? / mass))
    }

    /// ln of the weight of ln β, but for a constant: the likelihood Γ(Kβ)/Γ(n + Kβ) Π Γ(n_i + β)/Γ(β), of which every term
    /// is written as the way of a cell from an even share, and the prior β ξ′(β).
    fn log_weight(&self, beta: f64) -> f64 {
        let (all, share) = (self.size * beta, self.n / self.size);
        let cell = |&Cell { count, others, .. }: &Cell| {
            let even = others / count + (1.0 - self.size);
            let observed = if count > 0.0 { count * (beta * even / (self.n + all)).ln_1p() } else { 0.0 };
            let rest = ln_gamma_rest(beta + count) - ln_gamma_rest(beta);
            // Where little is left of 1 + change, it is found by itself.
            let change = (count - share) / (beta + share);
            let log = if change < -0.5 { ((beta + count) / (beta + share)).ln() } else { change.ln_1p() };
            observed + beta * log + rest
        };
        let likelihood: f64 = self.cells.iter().map(|seen| seen.times * cell(seen)).sum();
        let prior = if beta < 1.0 {
            self.size * trigamma_of_next(all) - trigamma_of_next(beta)
        } else {
            trigamma_lag(beta) - self.size * trigamma_lag(all)
        };
        likelihood - (ln_gamma_rest(self.n + all) - ln_gamma_rest(all)) + beta.ln() + prior.ln()
    }

    /// E[H] at one β: Σ a/A (ψ(A + 1) − ψ(a + 1)), a = n_i + β and A = n + Kβ.
    fn mean(&self, beta: f64) -> f64 {
        let all = self.n + self.size * beta;
        self.cells.iter().map(|seen| seen.times * (seen.count + beta) / all * self.surprise(seen, beta)).sum()
    }

    /// E[(H − E[H])²] at one β. The double sum of Wolpert and Wolf about the mean, where nothing large cancels:
    /// (Σ a w² + Σ g(a) − g(A) − A/(A + 1)²) / A(A + 1), w what the surprise of a cell is below the mean and by 1/(A + 1)
    /// more, and g(a) = a(a + 1)ψ′(a + 1) − a, which is between 0 and ½.
    fn variance(&self, beta: f64) -> f64 {
        let (all, mean) = (self.n + self.size * beta, self.mean(beta));
        let g = |a: f64| {
            if a < 1.0 { a * ((a + 1.0) * trigamma_of_next(a) - 1.0) } else { 1.0 - a * (a + 1.0) * trigamma_lag(a) }
        };
        let cell = |seen: &Cell| {
            let (a, below) = (seen.count + beta, mean - self.surprise(seen, beta) - 1.0 / (all + 1.0));
            a * below * below + g(a)
        };
        let cells: f64 = self.cells.iter().map(|seen| seen.times * cell(seen)).sum();
        ((cells - g(all) - all / (all + 1.0).powi(2)) / (all * (all + 1.0))).max(0.0)
    }

    /// ψ(A + 1) − ψ(a + 1).
    fn surprise(&self, seen: &Cell, beta: f64) -> f64 {
        digamma_gain(seen.count + beta + 1.0, seen.others + (self.size - 1.0) * beta)
    }
}

/// What the integrals must be certain to, of the largest weight.
const TOLERANCE: f64 = 1e-8;
