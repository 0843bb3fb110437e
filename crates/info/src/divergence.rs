//! Measures between tables: cross-entropy, Kullback–Leibler and Jensen–Shannon divergence.

use std::f64::consts::LN_2;
use std::iter::once;

use crate::error::Result;
use crate::information::Information;
use crate::pmf::Pmf;
use crate::special::near_divergence;
use crate::sum::Sum;

impl Pmf {
    /// H(p, q) = −Σ p log q = H(p) + KL(p‖q): the bits per symbol of coding p with a code made for q (lecture rows L1,
    /// P2). Infinite where q gives probability 0 to a cell that p reaches; nothing is clipped.
    ///
    /// # Errors
    /// Tables of different shape, as for all measures between tables.
    pub fn cross_entropy(&self, q: &Self) -> Result<Information> {
        self.same_alphabet(q)?;
        // q's sum may miss 1 by a rounding, which is a factor that all its cells have in common.
        Ok(Information::from_bits(self.expected(q.mass().above_one() / LN_2, |i| -q.p[i].log2())))
    }

    /// KL(p‖q) = Σ p log p/q, the divergence of q from p (lecture rows L1, P2): 0 exactly if the tables are equal, not
    /// symmetric, infinite where p reaches a cell that q does not. Never below 0, and to full precision however near the
    /// tables are.
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
        let mut kl = Divergence::default();
        for (&p, &q) in self.p.iter().zip(&q.p) {
            kl.cell(1.0, (p, q), p - q, || log2_ratio(once(p), once(q)));
        }
        Ok(kl.total())
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
        let mut divergence = Divergence::default();
        for (cell, &m) in mixture.p.iter().enumerate() {
            for (&w, part) in weights.p.iter().zip(parts) {
                let p = part.p[cell];
                // p − m, without the rounding of m.
                let difference = weights.p.iter().zip(parts).map(|(w, other)| w * (p - other.p[cell])).sum();
                divergence.cell(w, (p, m), difference, || log2_ratio(once(p), once(m)));
            }
        }
        Ok(divergence.total())
    }

    /// √JS(p, q) of two tables with equal weights, JS in bits: the Jensen–Shannon distance (Endres and Schindelin 2003), a
    /// metric. 0 of equal tables, 1 of tables without a common cell; symmetric, and no detour over a third is shorter.
    ///
    /// ```
    /// # use candle_mle_info::{Error, Pmf};
    /// let [p, q, r] = [0.1, 0.2, 0.9].map(Pmf::bernoulli);
    /// let (p, q, r) = (p?, q?, r?);
    /// assert!(p.jensen_shannon_distance(&r)? <= p.jensen_shannon_distance(&q)? + q.jensen_shannon_distance(&r)?);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Tables of different shape.
    pub fn jensen_shannon_distance(&self, q: &Self) -> Result<f64> {
        Ok(Self::jensen_shannon(&Self::bernoulli(0.5)?, &[self, q])?.bits().sqrt())
    }
}

/// Σ w (p log p/q − p + q) over cells: a divergence, since the −p + q of all cells cancel. No term is below 0, and where p
/// and q are near each other none loses digits (Bregman 1967).
#[derive(Default)]
pub(super) struct Divergence {
    /// Σ w p log2 p/q of the cells where p and q are far apart, and the Σ w (q − p) that belongs to it: whole tables of
    /// powers of two come out exactly.
    bits: Sum,
    balance: Sum,
    near: Sum,
}

impl Divergence {
    /// One more cell, of weight w, with p and q of it, p − q, and log2 p/q where neither is 0.
    pub fn cell(&mut self, w: f64, (p, q): (f64, f64), difference: f64, log2_ratio: impl FnOnce() -> f64) {
        if w * p == 0.0 {
            self.balance.add_product(w, q);
        } else if let Some(nats) = near_divergence(p, q, difference) {
            self.near.add(w * nats);
        } else {
            self.bits.add_product(w * p, log2_ratio());
            self.balance.add_product(-w, difference);
        }
    }

    pub fn total(self) -> Information {
        Information::from_bits(self.bits.value() + (self.balance.value() + self.near.value()) / LN_2)
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
