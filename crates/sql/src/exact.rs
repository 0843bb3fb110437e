//! Sums in which no order changes a bit.
//!
//! A sum of floating-point numbers depends on the order in which they come, and an engine hands out rows in any order, to any number of
//! partitions. Here every term is first put on a grid, 2⁻⁷⁶ of a bound that no term exceeds, and then added as a whole number: that
//! is associative. What a term loses to its grid depends on the term alone, and is 23 bits below the last one of a term as large as
//! the bound.

use crate::error::{Error, Result};

/// A sum each of several sequences of terms, whose bounds are known before.
#[derive(Clone, Debug, PartialEq)]
pub struct Sums {
    /// The powers of 2 that bring the terms of each sequence into −1 … 1.
    scale: Vec<f64>,
    /// Of the terms since the sums were last carried: in units of [`COARSE`] and of [`FINE`], exact in f64.
    coarse: Vec<f64>,
    fine: Vec<f64>,
    since: usize,
    /// In units of [`FINE`].
    whole: Vec<i128>,
    rows: u64,
    /// Whether a term exceeded its bound, or was no number.
    beyond: bool,
}

/// Adding this to a number from −1 to 1 and taking it away again leaves a multiple of [`COARSE`]: it is 1.5 · 2⁵² of them.
const TO_COARSE: f64 = 1.5 * (1u64 << 14) as f64;
const COARSE: f64 = 1.0 / (1u64 << 38) as f64;
/// The same for what is left then, at most half of that.
const TO_FINE: f64 = 1.5 / (1u64 << 24) as f64;
const FINE: f64 = COARSE * COARSE;
/// So many terms of 38 bits are a sum of 52.
const CARRY: usize = 1 << 13;

impl Sums {
    /// No terms yet; none of sequence i will exceed `bounds[i]`, a finite number ≥ 0, in size.
    pub fn new(bounds: impl IntoIterator<Item = f64>) -> Self {
        let scale: Vec<f64> = bounds.into_iter().map(|bound| above(bound).recip()).collect();
        let zero = vec![0.0; scale.len()];
        let whole = vec![0; scale.len()];
        Self { coarse: zero.clone(), fine: zero, since: 0, whole, rows: 0, beyond: false, scale }
    }

    /// A term of each sequence.
    pub fn add(&mut self, terms: &[f64]) {
        debug_assert_eq!(terms.len(), self.scale.len());
        let mut beyond = false;
        let sums = self.coarse.iter_mut().zip(&mut self.fine);
        for ((term, scale), (coarse, fine)) in terms.iter().zip(&self.scale).zip(sums) {
            let term = term * scale;
            let near = (term + TO_COARSE) - TO_COARSE;
            *coarse += near;
            *fine += ((term - near) + TO_FINE) - TO_FINE;
            beyond |= term.is_nan() || term.abs() > 1.0;
        }
        self.beyond |= beyond;
        self.rows += 1;
        self.since += 1;
        if self.since == CARRY {
            self.carry();
        }
    }

    /// A row that no term can be made of.
    pub fn spoil(&mut self) {
        self.beyond = true;
    }

    fn carry(&mut self) {
        for ((whole, coarse), fine) in self.whole.iter_mut().zip(&mut self.coarse).zip(&mut self.fine) {
            *whole += ((*coarse / COARSE) as i128) << 38;
            *whole += (*fine / FINE) as i128;
            (*coarse, *fine) = (0.0, 0.0);
        }
        self.since = 0;
    }

    /// How many terms each sequence has.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The sums, each rounded once.
    ///
    /// # Errors
    /// A term that exceeded its bound or was no number.
    pub fn values(mut self) -> Result<Vec<f64>> {
        if self.beyond {
            return Err(Error::Moved);
        }
        self.carry();
        Ok(self.whole.iter().zip(&self.scale).map(|(whole, scale)| *whole as f64 * (FINE / scale)).collect())
    }

    /// What another machine has summed, as [`to_bytes`](Self::to_bytes) wrote it.
    ///
    /// # Errors
    /// Bytes of other sums.
    pub fn merge(&mut self, bytes: &[u8]) -> Result<()> {
        let (words, rest) = bytes.as_chunks::<16>();
        let Some((head, whole)) = words.split_first() else { return Err(Error::Foreign) };
        if !rest.is_empty() || whole.len() != self.whole.len() {
            return Err(Error::Foreign);
        }
        let head = u128::from_le_bytes(*head);
        self.rows += head as u64;
        self.beyond |= head >> 64 != 0;
        self.whole.iter_mut().zip(whole).for_each(|(sum, part)| *sum += i128::from_le_bytes(*part));
        Ok(())
    }

    /// Sixteen bytes a sequence and sixteen more: all that is sent.
    pub fn to_bytes(&mut self) -> Vec<u8> {
        self.carry();
        let head = u128::from(self.rows) | u128::from(self.beyond) << 64;
        let words = std::iter::once(head.to_le_bytes()).chain(self.whole.iter().map(|whole| whole.to_le_bytes()));
        words.flatten().collect()
    }

    /// What it takes in memory.
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.scale.len() * (3 * size_of::<f64>() + size_of::<i128>())
    }
}

/// A power of 2 above a number ≥ 0 and what rounding may add to it, by its bits alone: the same one on every machine.
fn above(bound: f64) -> f64 {
    let exponent = (1.0001 * bound).to_bits() >> 52;
    f64::from_bits((exponent.clamp(123, 1923) + 1) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of all sizes and both signs up to 2¹⁰, of no particular order.
    fn some(many: usize) -> Vec<f64> {
        let mut state = 7u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        (0..many).map(|_| (next() - 0.5) * 2f64.powi(11 - (40.0 * next()) as i32)).collect()
    }

    fn sum(parts: &[&[f64]]) -> f64 {
        let mut all = Sums::new([1024.0]);
        for part in parts {
            let mut sums = Sums::new([1024.0]);
            part.iter().for_each(|term| sums.add(&[*term]));
            all.merge(&sums.to_bytes()).unwrap();
        }
        assert_eq!(all.rows(), parts.iter().map(|part| part.len() as u64).sum::<u64>());
        all.values().unwrap()[0]
    }

    #[test]
    fn a_sum_has_the_same_bits_in_any_order_and_in_any_parts() {
        let terms = some(100_000);
        let whole = sum(&[&terms]);
        let mut backwards = terms.clone();
        backwards.reverse();
        assert_eq!(sum(&[&backwards]).to_bits(), whole.to_bits());
        let (a, rest) = terms.split_at(1);
        let (b, c) = rest.split_at(31_415);
        assert_eq!(sum(&[c, a, &[], b]).to_bits(), whole.to_bits());
        // And plain floating-point sums do differ here, or nothing was shown.
        let plain = |terms: &[f64]| terms.iter().sum::<f64>();
        assert_ne!(plain(&terms).to_bits(), plain(&backwards).to_bits());
    }

    #[test]
    fn a_sum_is_exact_where_the_terms_are_on_the_grid() {
        // 2³⁰ and 2⁻⁴⁰ of it: f64 forgets the second, one by one.
        let mut sums = Sums::new([2f64.powi(30)]);
        sums.add(&[2f64.powi(30)]);
        (0..1 << 13).for_each(|_| sums.add(&[2f64.powi(-40)]));
        sums.add(&[-(2f64.powi(30))]);
        assert_eq!(sums.values().unwrap(), [2f64.powi(-27)]);
    }

    #[test]
    fn a_term_beyond_its_bound_is_reported() {
        for term in [f64::NAN, f64::INFINITY, -2.1] {
            let mut sums = Sums::new([1.5]);
            sums.add(&[term]);
            let mut all = Sums::new([1.5]);
            all.merge(&sums.to_bytes()).unwrap();
            assert!(matches!(all.values(), Err(Error::Moved)), "{term}");
        }
        assert!(matches!(Sums::new([1.0]).merge(&[0; 48]), Err(Error::Foreign)));
    }
}
