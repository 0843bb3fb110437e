//! Sums of many terms, and products, that keep the digits which f64 rounds off.

/// A sum and what its additions have rounded off: Neumaier (1974). Sixteen million terms cost no digit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum {
    high: f64,
    low: f64,
}

impl Sum {
    pub fn add(&mut self, term: f64) {
        let sum = self.high + term;
        if sum.is_finite() {
            let (large, small) = if self.high.abs() >= term.abs() { (self.high, term) } else { (term, self.high) };
            self.low += (large - sum) + small;
        }
        self.high = sum;
    }

    /// Adds a · b, with what the product has rounded off.
    pub fn add_product(&mut self, a: f64, b: f64) {
        let product = a * b;
        self.add(product);
        if product.is_finite() {
            self.low += a.mul_add(b, -product);
        }
    }

    pub fn value(self) -> f64 {
        self.high + self.low
    }

    /// How far it is from 1.
    pub fn above_one(self) -> f64 {
        (self.high - 1.0) + self.low
    }

    /// The product of the two.
    pub fn times(self, other: Self) -> Self {
        let product = self.high * other.high;
        let rest = self.high.mul_add(other.high, -product) + (self.high * other.low + self.low * other.high);
        Self { high: product + rest, low: rest - ((product + rest) - product) }
    }

    /// The difference, rounded once.
    pub fn minus(self, other: Self) -> f64 {
        (self.high - other.high) + (self.low - other.low)
    }
}

impl From<f64> for Sum {
    fn from(value: f64) -> Self {
        Self { high: value, low: 0.0 }
    }
}

impl FromIterator<f64> for Sum {
    fn from_iter<I: IntoIterator<Item = f64>>(terms: I) -> Self {
        let mut sum = Self::default();
        terms.into_iter().for_each(|term| sum.add(term));
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::Sum;

    /// In powers of 2, where every digit can be told.
    #[test]
    fn a_product_keeps_what_both_have_kept() {
        let [tiny, small] = [2f64.powi(-60), 2f64.powi(-30)];
        let (a, b) = (Sum { high: 3.0, low: tiny }, Sum { high: 5.0, low: tiny / 2.0 });
        assert_eq!(a.times(b).minus(Sum::from(15.0)), 6.5 * tiny);
        assert_eq!(b.times(a).minus(Sum::from(15.0)), 6.5 * tiny);
        let rounded = Sum::from(1.0 + small).times(Sum::from(1.0 + small));
        assert_eq!(rounded.minus(Sum::from(1.0 + 2.0 * small)), tiny);
        assert_eq!(rounded.above_one(), 2.0 * small + tiny);
    }

    #[test]
    fn a_sum_keeps_what_is_small_beside_it() {
        let sum: Sum = [1.0, 1e100, 1.0, -1e100].into_iter().collect();
        assert_eq!(sum.value(), 2.0);
        let mut product = Sum::from(-1.0);
        product.add_product(1.0 + f64::EPSILON, 1.0 + f64::EPSILON);
        assert_eq!((product.high, product.low), (2.0 * f64::EPSILON, f64::EPSILON * f64::EPSILON));
    }
}
