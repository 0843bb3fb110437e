//! Measures between tables: cross-entropy, Kullback–Leibler and Jensen–Shannon divergence.

use std::iter::once;

use crate::error::Result;
use crate::information::Information;
use crate::pmf::Pmf;

impl Pmf {
    /// H(p, q) = −Σ p log q = H(p) + KL(p‖q): the bits per symbol of coding p with a code made for q (lecture rows L1,
    /// P2). Infinite where q gives probability 0 to a cell that p reaches; nothing is clipped.
    ///
    /// # Errors
    /// Tables of different shape, as for all measures between tables.
    pub fn cross_entropy(&self, q: &Self) -> Result<Information> {
        self.same_alphabet(q)?;
        Ok(Information::from_bits(self.expected(|i| -q.p[i].log2())))
    }

    /// KL(p‖q) = Σ p log p/q, the divergence of q from p (lecture rows L1, P2): 0 exactly if the tables are equal, not
    /// symmetric, infinite where p reaches a cell that q does not.
    ///
    /// ```
    /// # use candle_mle_info::{Error, Information, Pmf};
    /// let p = Pmf::new([3], [0.3, 0.3, 0.4])?;
    /// let q = Pmf::new([3], [0.5, 0.5, 0.0])?;
    /// assert_eq!(p.kl_divergence(&q)?, Information::INFINITE);
    /// assert_eq!(format!("{:.3}", q.kl_divergence(&p)?), "0.737 bits");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn kl_divergence(&self, q: &Self) -> Result<Information> {
        self.same_alphabet(q)?;
        Ok(Information::from_bits(self.expected(|i| log2_ratio(once(self.p[i]), once(q.p[i])))))
    }

    /// J(p, q) = KL(p‖q) + KL(q‖p), the divergence both ways (Jeffreys 1946): symmetric, infinite where either reaches a cell
    /// that the other does not.
    ///
    /// # Errors
    /// Tables of different shape.
    pub fn j_divergence(&self, q: &Self) -> Result<Information> {
        Ok(self.kl_divergence(q)? + q.kl_divergence(self)?)
    }

    /// The Jensen–Shannon divergence Σ w_i KL(p_i ‖ Σ w_j p_j) of any number of tables: what a draw tells about the
    /// part it came from, hence between 0 and H(w), never infinite. Two tables with equal weights give the usual one.
    ///
    /// # Errors
    /// No parts, another number of weights than parts, parts of different shape.
    ///
    /// ```
    /// # use candle_mle_info::{Error, Pmf};
    /// let (heads, tails) = (Pmf::bernoulli(1.0)?, Pmf::bernoulli(0.0)?);
    /// assert_eq!(Pmf::jensen_shannon(&Pmf::uniform(2)?, &[&heads, &tails])?.bits(), 1.0);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn jensen_shannon(weights: &Self, parts: &[&Self]) -> Result<Information> {
        let mixture = Self::mixture(weights, parts)?;
        let mut bits = 0.0;
        for (w, part) in weights.p.iter().zip(parts) {
            for (p, m) in part.p.iter().zip(&mixture.p) {
                let joint = w * p; // where this is 0, the mixture may be as well
                if joint > 0.0 {
                    bits += joint * log2_ratio(once(*p), once(*m));
                }
            }
        }
        Ok(Information::from_bits(bits))
    }
}

/// log2 (Π above / Π below), everything above being positive; +inf over 0. One division and one logarithm give exactly
/// 0 where the products are equal; products too small for that are taken apart into logarithms.
pub(super) fn log2_ratio(above: impl Iterator<Item = f64> + Clone, below: impl Iterator<Item = f64> + Clone) -> f64 {
    let (a, b): (f64, f64) = (above.clone().product(), below.clone().product());
    if a.is_normal() && b.is_normal() {
        (a / b).log2()
    } else {
        above.map(f64::log2).sum::<f64>() - below.map(f64::log2).sum::<f64>()
    }
}
