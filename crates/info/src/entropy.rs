//! Measures inside one table: entropy, conditional entropy, mutual information and the chain rule.
//!
//! All of them are E[log2 of a ratio of marginal probabilities], in one pass: entropies as just that, divergences from
//! independence with what every cell lacks to be none.

use std::f64::consts::LN_2;
use std::iter::{once, repeat_n};

use crate::divergence::{Divergence, log2_ratio};
use crate::error::Result;
use crate::information::Information;
use crate::pmf::Pmf;
use crate::sum::Sum;

impl Pmf {
    /// H(X_0, …, X_{n-1}) = −Σ p log p of all variables together: 0 if they are predictable, log2 of the number of
    /// cells if those are equally likely (lecture rows L10, P1).
    pub fn entropy(&self) -> Information {
        let bits = self.expected(self.mass().above_one() / LN_2, |i| -self.p[i].log2());
        // The logarithms of equal cells round alike, and n of them by one step above log2 n.
        let occupied = self.p.iter().filter(|p| **p > 0.0).count();
        Information::from_bits(bits.min((occupied as f64).log2()))
    }

    /// H(A), the entropy of the variables in `a`; of none it is 0.
    pub fn entropy_of(&self, a: &[usize]) -> Result<Information> {
        Ok(self.marginal(a)?.entropy())
    }

    /// H(A|B) = E[log p(b) / p(a, b)]: what is still uncertain about the variables `a` when `b` is known (lecture
    /// row L10). Variables in both sets are known, and count 0.
    pub fn conditional_entropy(&self, a: &[usize], b: &[usize]) -> Result<Information> {
        self.check_set(a)?; // a variable named twice would vanish in the union
        let (known, all) = (self.spread(b)?, self.spread(&union(&[a, b]))?);
        let log = |i: usize| log2_ratio(once(known.at(i).value()), once(all.at(i).value()));
        Ok(Information::from_bits(self.expected(0.0, log)))
    }

    /// I(A;B) = E[log p(a, b) / (p(a) p(b))] = KL(p_ab ‖ p_a p_b): what the variables `a` and `b` tell about each other
    /// (lecture rows L13 to L16). The sets may overlap: I(A;A) = H(A). Exactly symmetric, and never below 0.
    pub fn mutual_information(&self, a: &[usize], b: &[usize]) -> Result<Information> {
        self.conditional_mutual_information(a, b, &[])
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
        [a, b, c].into_iter().try_for_each(|set| self.check_set(set))?;
        // What is known already counts nothing, and what both have in common all that it has: I(D,A;D,B|C) is
        // H(D|C) + I(A;B|C,D).
        let (a, b) = (without(a, c), without(b, c));
        let common: Vec<usize> = a.iter().copied().filter(|axis| b.contains(axis)).collect();
        let rest = self.dependence(&[&without(&a, &common), &without(&b, &common)], &union(&[c, &common]))?;
        if common.is_empty() { Ok(rest) } else { Ok(self.conditional_entropy(&common, c)? + rest) }
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
        self.dependence(&axes.chunks(1).collect::<Vec<_>>(), &[])
    }

    /// KL(p ‖ p(c) Π p(s|c)) over disjoint `sets` s, c being `given`: how far they are from independent of each other when
    /// c is known.
    fn dependence(&self, sets: &[&[usize]], given: &[usize]) -> Result<Information> {
        let sets: Vec<&[usize]> = sets.iter().copied().filter(|set| !set.is_empty()).collect();
        if sets.len() < 2 {
            return Ok(Information::ZERO);
        }
        let axes = union(&[&sets.concat(), given]);
        let joint = self.marginal(&axes)?;
        let spread = |set: &[usize]| {
            let axes: Vec<usize> = (0..axes.len()).filter(|at| set.contains(&axes[*at])).collect();
            joint.spread(&axes)
        };
        let below = sets.iter().map(|set| spread(&union(&[set, given]))).collect::<Result<Vec<_>>>()?;
        let known = spread(given)?;
        let mut divergence = Divergence::default();
        for (i, &p) in joint.p.iter().enumerate() {
            let parts = || below.iter().map(|sums| sums.at(i));
            // p/q = p kⁿ⁻¹ / Π p(s, c), with k = p(c): the products tell p − q to more digits than p and q have.
            let k = known.at(i);
            let scale = repeat_n(k, sets.len() - 1).reduce(Sum::times).unwrap_or(k);
            let (above, below) = (Sum::from(p).times(scale), parts().reduce(Sum::times).unwrap_or(k));
            let log_ratio = || {
                let more = repeat_n(k.value(), sets.len() - 1);
                log2_ratio(once(p).chain(more), parts().map(Sum::value))
            };
            if k.value() == 0.0 {
                continue; // nothing is given mass there
            }
            if [scale, above, below].iter().all(|product| product.value().is_normal()) {
                let q = below.value() / scale.value();
                divergence.cell(1.0, (p, q), above.minus(below) / scale.value(), log_ratio);
            } else {
                let q = parts().map(|part| part.value() / k.value()).product::<f64>() * k.value();
                divergence.cell(1.0, (p, q), p - q, log_ratio);
            }
        }
        Ok(divergence.total())
    }

    /// The marginal on `axes`, as every cell of the table sees it.
    fn spread(&self, axes: &[usize]) -> Result<Spread> {
        let (_, to) = self.projection(axes)?;
        Ok(Spread { sums: self.sums(&to), to })
    }
}

/// A marginal, and where in it each cell of the table falls.
struct Spread {
    sums: Vec<Sum>,
    to: Vec<usize>,
}

impl Spread {
    /// The marginal probability of the levels of cell i.
    fn at(&self, i: usize) -> Sum {
        self.sums[self.to[i]]
    }
}

/// The axes of the set that are not in the other.
fn without(set: &[usize], other: &[usize]) -> Vec<usize> {
    set.iter().copied().filter(|axis| !other.contains(axis)).collect()
}

/// All axes of the sets, each once, in ascending order.
fn union(sets: &[&[usize]]) -> Vec<usize> {
    let mut axes = sets.concat();
    axes.sort_unstable();
    axes.dedup();
    axes
}
