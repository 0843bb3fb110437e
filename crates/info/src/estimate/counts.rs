//! Entropy and mutual information of tables of which only counts are known.

use std::f64::consts::LN_2;

use crate::error::{Error, Result};
use crate::information::Information;
use crate::integral::integrate;
use crate::pmf::Pmf;
use crate::special::{digamma_gain, digamma_rest};

/// How an entropy is estimated from the counts n_1 … n_K of n observations in K cells, m of them occupied.
///
/// Counts look less even than the probabilities behind them, so that the plug-in entropy is too low. Each of the others
/// makes up for that in its own way; none is unbiased for all laws, nor can be (Paninski 2003). Of a thousand equally
/// likely cells after 500 observations they miss ln 1000 = 6.91 nats by −1.01, −0.61, −0.22, +0.05, 0.00 and 0.00 on the
/// mean. [`nsb`](super::nsb) tells its error as well.
///
/// ```
/// use candle_mle_info::estimate::CountEstimator;
/// let counts = [4, 2, 1, 1];
/// assert_eq!(CountEstimator::PlugIn.entropy(&counts)?.bits(), 1.75);
/// assert_eq!(CountEstimator::MillerMadow.entropy(&counts)?.nats(), 1.75 * 2f64.ln() + 3.0 / 16.0);
/// # Ok::<(), candle_mle_info::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountEstimator {
    /// The entropy of the frequencies n_i/n: the maximum of the likelihood. Bias: never upwards; −(K − 1)/2n nats to
    /// first order in 1/n, if all K cells are possible.
    PlugIn,
    /// Plus (m − 1)/2n nats: Miller (1955). Bias: of order 1/n² once every possible cell is occupied; downwards before,
    /// since cells not seen are not counted.
    MillerMadow,
    /// ln n − Σ n_i G(n_i)/n nats, G(n) = ψ(n) + ½ (−1)ⁿ (ψ((n+1)/2) − ψ(n/2)): Grassberger, "Entropy estimates from
    /// insufficient statistics" (2003). Bias: downwards where cells are many, and vanishing exponentially for cells with large counts. A
    /// single sample may lie on either side: G steps up at even counts only, so that an odd count overshoots, by about
    /// 1/n_i nats, and even that of a sure event, whose entropy is 0: +1.27 nats for the one count 1, +0.21 for 5, while
    /// 4 gives −0.01.
    Grassberger,
    /// −Σ q_i ln q_i / (1 − (1 − q_i)ⁿ), where q_i = C n_i/n and C = 1 − (cells with one observation)/n, the coverage
    /// of the sample by Good: Chao and Shen (2003). Bias: small for a large alphabet seen in part, of either sign, and
    /// with the most spread of the five; where hardly a cell is seen only once it is that of the plug-in. Where every
    /// observation is alone in its cell, C = 0 and the sum is infinite: an error. (The usual patch, C = 1/n, makes a
    /// number of no information.)
    ChaoShen,
    /// Σ n_i/n (ψ(n) − ψ(n_i)) and, for the cells not seen, f₁/n (1 − A)^(1−n) (−ln A − Σ_{r<n} (1 − A)^r/r), where f₁ cells
    /// were observed once and f₂ twice, and A = 2f₂/((n − 1)f₁ + 2f₂), or 2/((n − 1)(f₁ − 1) + 2) without any observed twice:
    /// Chao, Wang and Jost, "Entropy and the species accumulation curve" (2013). Bias: the least of all where a long tail of
    /// cells is not seen; a single sample may lie on either side. Every observation alone in its cell still gives a number,
    /// about 2 ln n, that says little more than that.
    ChaoWangJost,
    /// The entropy of λ/K + (1 − λ) n_i/n, λ = (1 − Σ (n_i/n)²) / ((n − 1) Σ (1/K − n_i/n)²), at most 1: a James–Stein
    /// estimator, Hausser and Strimmer (2009). One observation gives λ = 1. Bias: upwards for laws far from uniform,
    /// hardly any for the uniform one. The alphabet is that of the counts given, zeros included, and must be right.
    Shrinkage,
}

impl CountEstimator {
    /// H of the law behind the counts; one number for each cell, those never seen too.
    ///
    /// # Errors
    /// No cells, or no count above 0; all counts 1 for [`ChaoShen`](Self::ChaoShen).
    pub fn entropy(self, counts: &[u64]) -> Result<Information> {
        self.entropy_of(&numbers(counts))
    }

    /// I(X;Y) of the law behind a table of counts, row-major, X choosing the row: H(X) + H(Y) − H(X,Y), each estimated
    /// from its own counts; for [`Shrinkage`](Self::Shrinkage) all three from the joint table, shrunk.
    ///
    /// Bias: mostly that of H(X,Y), turned round, since it has the most cells to fill. The plug-in estimate of I is too
    /// *high*, by (rows − 1)(columns − 1)/2n nats to first order; so are those that leave H(X,Y) too low. The
    /// difference may come out negative, and stays so; none is above the estimate of H(X) or of H(Y). Shrinkage pulls the table towards one where I = 0: it is low
    /// where there is dependence.
    ///
    /// # Errors
    /// A number of counts that does not fill the shape; else as [`entropy`](Self::entropy).
    pub fn mutual_information(self, counts: &[u64], shape: [usize; 2]) -> Result<Information> {
        let joint = numbers(counts);
        let law = self.law(shape, &joint)?;
        if let Self::PlugIn | Self::Shrinkage = self {
            return law.mutual_information(&[0], &[1]);
        }
        let row = |i: usize| joint[i * shape[1]..][..shape[1]].iter().sum();
        let column = |j: usize| joint[j..].iter().step_by(shape[1]).sum();
        let (x, y): (Vec<f64>, Vec<f64>) = ((0..shape[0]).map(row).collect(), (0..shape[1]).map(column).collect());
        Ok(self.entropy_of(&x)? + self.entropy_of(&y)? - self.entropy_of(&joint)?)
    }

    fn entropy_of(self, counts: &[f64]) -> Result<Information> {
        let h = self.law([counts.len()], counts)?.entropy();
        let n: f64 = counts.iter().sum();
        let occupied = || counts.iter().copied().filter(|count| *count > 0.0);
        Ok(match self {
            Self::PlugIn | Self::Shrinkage => h,
            Self::MillerMadow => h + Information::from_nats((occupied().count() as f64 - 1.0) / (2.0 * n)),
            Self::Grassberger => h + Information::from_nats(occupied().map(|c| c / n * log_less_g(c)).sum()),
            Self::ChaoWangJost => {
                let seen = occupied().map(|c| c / n * digamma_gain(c, n - c)).sum();
                let [once, twice] = [1.0, 2.0].map(|times| occupied().filter(|count| *count == times).count() as f64);
                Information::from_nats(seen) + Information::from_nats(once / n * unseen(n, once, twice)?)
            }
            Self::ChaoShen => {
                let alone = occupied().filter(|count| *count == 1.0).count() as f64;
                if alone == n {
                    return Err(Error::NoCoverage { n: counts.iter().sum() });
                }
                let shares = occupied().map(|count| (1.0 - alone / n) * count / n);
                // 1 − (1 − q)ⁿ, the probability to see a cell at all, without loss of digits for small q.
                Information::from_nats(shares.map(|q| q * q.ln() / (n * (-q).ln_1p()).exp_m1()).sum())
            }
        })
    }

    /// The frequencies, or what they are shrunk to.
    fn law(self, shape: impl Into<Vec<usize>>, counts: &[f64]) -> Result<Pmf> {
        let law = Pmf::from_counts(shape, counts)?;
        if self != Self::Shrinkage {
            return Ok(law);
        }
        let (p, n, target) = (law.values(), counts.iter().sum::<f64>(), 1.0 / counts.len() as f64);
        let spread: f64 = p.iter().map(|p| (target - p).powi(2)).sum();
        let noise = 1.0 - p.iter().map(|p| p * p).sum::<f64>();
        let weight = if noise < (n - 1.0) * spread { noise / ((n - 1.0) * spread) } else { 1.0 };
        let shrunk: Vec<f64> = p.iter().map(|p| weight * target + (1.0 - weight) * p).collect();
        Pmf::from_counts(law.shape(), shrunk)
    }
}

fn numbers(counts: &[u64]) -> Vec<f64> {
    counts.iter().map(|count| *count as f64).collect()
}

/// (1 − A)^(1−n) (−ln A − Σ_{r<n} (1 − A)^r/r) = Σ_{j≥0} z^(j+1)/(n + j), z = 1 − A: of that the integral
/// z/n ∫ e^(−u)/(A + z(1 − e^(−u/n))) du, in which nothing cancels.
fn unseen(n: f64, once: f64, twice: f64) -> Result<f64> {
    let odds = if twice > 0.0 { (n - 1.0) * once / (2.0 * twice) } else { (n - 1.0) * (once - 1.0) / 2.0 }; // z/A
    if once == 0.0 || odds <= 0.0 {
        return Ok(0.0);
    }
    let integrand = |u: f64| (-u).exp() * odds / (1.0 - odds * (-u / n).exp_m1());
    Ok(integrate(integrand, &[0.0, f64::INFINITY], 1.0).within(1e-9, "what was not seen")? / n)
}

/// ln n − G(n). By the duplication formula of ψ, G(n) = ψ(⌊n/2⌋ + ½) + ln 2.
fn log_less_g(n: f64) -> f64 {
    let half = (n / 2.0).floor() + 0.5;
    (n / half).ln() - LN_2 - digamma_rest(half)
}
