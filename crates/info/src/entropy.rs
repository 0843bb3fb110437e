//! Measures inside one table: entropy, conditional entropy, mutual information and the chain rule.
//!
//! All of them are E[log2 of a ratio of marginal probabilities], and are computed as just that, in one pass.

use crate::divergence::log2_ratio;
use crate::error::Result;
use crate::information::Information;
use crate::pmf::Pmf;

impl Pmf {
    /// H(X_0, …, X_{n-1}) = −Σ p log p of all variables together: 0 if they are predictable, log2 of the number of
    /// cells if those are equally likely (lecture rows L10, P1).
    pub fn entropy(&self) -> Information {
        Information::from_bits(self.expected(|i| -self.p[i].log2()))
    }

    /// H(A), the entropy of the variables in `a`; of none it is 0.
    pub fn entropy_of(&self, a: &[usize]) -> Result<Information> {
        Ok(self.marginal(a)?.entropy())
    }

    /// H(A|B) = E[log p(b) / p(a, b)]: what is still uncertain about the variables `a` when `b` is known (lecture
    /// row L10). Variables in both sets are known, and count 0.
    pub fn conditional_entropy(&self, a: &[usize], b: &[usize]) -> Result<Information> {
        self.check_set(a)?; // a variable named twice would vanish in the union
        self.expected_log_ratio(&[b], &[&union(&[a, b])])
    }

    /// I(A;B) = E[log p(a, b) / (p(a) p(b))] = KL(p_ab ‖ p_a p_b): what the variables `a` and `b` tell about each other
    /// (lecture rows L13 to L16). The sets may overlap: I(A;A) = H(A). Exactly symmetric.
    pub fn mutual_information(&self, a: &[usize], b: &[usize]) -> Result<Information> {
        self.expected_log_ratio(&[&union(&[a, b])], &[a, b])
    }

    /// I(A;B|C) = E[log p(a, b, c) p(c) / (p(a, c) p(b, c))]: what `a` and `b` tell about each other when `c` is known
    /// already. The sets may overlap: I(A;A|C) = H(A|C).
    ///
    /// Two fair coins and their sum modulo 2: no two of the three tell anything about each other, until the third is known.
    ///
    /// ```
    /// # use candle_mle_info::{Error, Pmf};
    /// let p = Pmf::uniform(2)?.extension(2)?.map([2, 2, 2], |c| [c[0], c[1], c[0] ^ c[1]])?;
    /// assert_eq!(p.mutual_information(&[0], &[1])?.bits(), 0.0);
    /// assert_eq!(p.conditional_mutual_information(&[0], &[1], &[2])?.bits(), 1.0);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn conditional_mutual_information(&self, a: &[usize], b: &[usize], c: &[usize]) -> Result<Information> {
        self.check_set(a)?;
        self.check_set(b)?;
        self.expected_log_ratio(&[&union(&[a, b, c]), c], &[&union(&[a, c]), &union(&[b, c])])
    }

    /// I(A;B;C) = I(A;B) − I(A;B|C), the co-information: what all three share; below 0 where two tell about the third only
    /// together.
    ///
    /// ```
    /// # use candle_mle_info::{Error, Pmf};
    /// let xor = Pmf::uniform(2)?.extension(2)?.map([2, 2, 2], |c| [c[0], c[1], c[0] ^ c[1]])?;
    /// assert_eq!(xor.co_information(&[0], &[1], &[2])?.bits(), -1.0);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn co_information(&self, a: &[usize], b: &[usize], c: &[usize]) -> Result<Information> {
        Ok(self.mutual_information(a, b)? - self.conditional_mutual_information(a, b, c)?)
    }

    /// The drop in the entropy of the class once the features are known, which decision trees maximise: it is
    /// I(features; class) (lecture row L19).
    pub fn information_gain(&self, features: &[usize], class: &[usize]) -> Result<Information> {
        self.mutual_information(features, class)
    }

    /// H(X_i), H(X_j|X_i), H(X_k|X_i, X_j), …: the terms of the chain rule for the variables in the order given. They
    /// sum to the joint entropy of those variables, in any order (lecture rows L10, L12).
    ///
    /// ```
    /// # use candle_mle_info::{Error, Information, Pmf};
    /// let p = Pmf::new([2, 2], [0.25, 0.25, 0.5, 0.0])?;
    /// let terms = p.chain_rule(&[0, 1])?;
    /// assert_eq!(terms, [Information::from_bits(1.0), Information::from_bits(0.5)]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn chain_rule(&self, order: &[usize]) -> Result<Vec<Information>> {
        self.check_set(order)?;
        (0..order.len()).map(|k| self.conditional_entropy(&order[k..=k], &order[..k])).collect()
    }

    /// Σ H(X_i) − H(X_0, …, X_{n-1}) = KL(p ‖ Π p_i): how far all variables are from independent of each other.
    pub fn total_correlation(&self) -> Result<Information> {
        let axes: Vec<usize> = (0..self.shape.len()).collect();
        let singles: Vec<&[usize]> = axes.chunks(1).collect();
        self.expected_log_ratio(&[&axes], &singles)
    }

    /// E[log2 (Π p(s) over the sets `above` / Π p(s) over the sets `below`)], every p(s) at the cell's own levels.
    fn expected_log_ratio(&self, above: &[&[usize]], below: &[&[usize]]) -> Result<Information> {
        let spread = |sets: &[&[usize]]| sets.iter().map(|axes| self.spread(axes)).collect::<Result<Vec<_>>>();
        let (above, below) = (spread(above)?, spread(below)?);
        let bits = self.expected(|i| log2_ratio(above.iter().map(|p| p[i]), below.iter().map(|p| p[i])));
        Ok(Information::from_bits(bits))
    }

    /// For every cell of the table the marginal probability of the levels that `axes` have there.
    fn spread(&self, axes: &[usize]) -> Result<Vec<f64>> {
        let marginal = self.marginal(axes)?;
        let (_, to) = self.projection(axes)?;
        Ok(to.into_iter().map(|i| marginal.p[i]).collect())
    }
}

/// All axes of the sets, each once, in ascending order.
fn union(sets: &[&[usize]]) -> Vec<usize> {
    let mut axes = sets.concat();
    axes.sort_unstable();
    axes.dedup();
    axes
}
