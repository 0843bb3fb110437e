//! The entropic central limit theorem (lecture row L9).
//!
//! Z_n = (X_1 + … + X_n)/√n of independent draws keeps the variance, and its differential entropy
//! h(Z_n) = h(S_n) − ½ ln n rises with n to that of the Gaussian of this variance, ½ ln 2πeσ², which is the fixed
//! point. That it gets there is Barron (1986); that every single step rises, Artstein, Ball, Barthe and Naor (2004).
//!
//! Nothing is sampled and no grid is convolved. The sums have known densities, and so the entropies are closed forms
//! (Gaussian, exponential, gamma) or one-dimensional quadratures, with an error below 1e-9 nats.

use std::f64::consts::LN_2;

use crate::error::{Error, Result};
use crate::information::Information;
use crate::law::{
    ClosedForm, Density, Exponential, Gamma, Laplace, Law, Mixture, Normal, Uniform, entropy_scaled, on_the_line,
};
use crate::quadrature;

/// A law whose sums of independent draws have a known density.
pub trait Summable: Law {
    /// h(S_n) for the sum of n independent draws.
    ///
    /// # Errors
    /// If n is 0 or larger than the law's sums can be worked out for.
    fn sum_entropy(&self, n: usize) -> Result<Information>;

    /// The law of that sum.
    ///
    /// ```
    /// use candle_mle_info::{clt::Summable, law::Uniform};
    /// # fn main() -> candle_mle_info::Result<()> {
    /// // Two dice of any number of faces: a triangle over [-2, 2].
    /// let triangle = Uniform::new(-1.0, 1.0)?.sum_law(2)?;
    /// assert!((triangle.log_prob(0.0).exp() - 0.5).abs() < 1e-15 && (triangle.log_prob(-1.0).exp() - 0.25).abs() < 1e-15);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`sum_entropy`](Self::sum_entropy).
    fn sum_law(&self, n: usize) -> Result<Box<dyn Density>>;
}

/// h(Z_n) for n = 1, 2, … `n_max`.
///
/// ```
/// use candle_mle_info::{clt, law::Uniform};
/// # fn main() -> candle_mle_info::Result<()> {
/// let law = Uniform::new(0.0, 1.0)?;
/// let entropies = clt::normalised_sums(&law, 4)?;
/// assert!(entropies.is_sorted());
/// assert!(entropies[3] < clt::limit(&law)?);
/// # Ok(()) }
/// ```
///
/// # Errors
/// If `n_max` is larger than the law's sums can be worked out for.
pub fn normalised_sums(law: &dyn Summable, n_max: usize) -> Result<Vec<Information>> {
    (1..=n_max).map(|n| entropy_scaled(law.sum_entropy(n)?, 1.0 / (n as f64).sqrt())).collect()
}

/// The limit ½ ln 2πeσ²: the entropy of the Gaussian of the law's mean and variance.
///
/// # Errors
/// If the law has no such Gaussian: see [`Normal::matching`].
pub fn limit(law: &dyn Law) -> Result<Information> {
    Ok(Normal::matching(law)?.entropy())
}

/// The stable law: the flat curve.
impl Summable for Normal {
    fn sum_entropy(&self, n: usize) -> Result<Information> {
        let n = count(n, usize::MAX)?;
        Ok(Normal::new(n * self.mean(), n.sqrt() * self.sd())?.entropy())
    }

    fn sum_law(&self, n: usize) -> Result<Box<dyn Density>> {
        let n = count(n, usize::MAX)?;
        Ok(Box::new(Normal::new(n * self.mean(), n.sqrt() * self.sd())?))
    }
}

/// Gamma laws of one rate add their shapes.
impl Summable for Gamma {
    fn sum_entropy(&self, n: usize) -> Result<Information> {
        let n = count(n, usize::MAX)?;
        Ok(Gamma::new(n * self.shape(), self.rate())?.entropy())
    }

    fn sum_law(&self, n: usize) -> Result<Box<dyn Density>> {
        let n = count(n, usize::MAX)?;
        Ok(Box::new(Gamma::new(n * self.shape(), self.rate())?))
    }
}

impl Summable for Exponential {
    fn sum_entropy(&self, n: usize) -> Result<Information> {
        Gamma::new(1.0, self.rate())?.sum_entropy(n)
    }

    fn sum_law(&self, n: usize) -> Result<Box<dyn Density>> {
        Gamma::new(1.0, self.rate())?.sum_law(n)
    }
}

impl Summable for Mixture {
    fn sum_entropy(&self, n: usize) -> Result<Information> {
        quadrature::entropy(&self.sum(n)?)
    }

    fn sum_law(&self, n: usize) -> Result<Box<dyn Density>> {
        Ok(Box::new(self.sum(n)?))
    }
}

impl Summable for Uniform {
    fn sum_entropy(&self, n: usize) -> Result<Information> {
        count(n, MOST)?;
        let width = self.high() - self.low();
        entropy_scaled(quadrature::entropy(&IrwinHall { n })?, width)
    }

    fn sum_law(&self, n: usize) -> Result<Box<dyn Density>> {
        let shift = self.low() * count(n, MOST)?;
        Ok(Box::new(Moved { of: IrwinHall { n }, shift, scale: self.high() - self.low() }))
    }
}

impl Summable for Laplace {
    fn sum_entropy(&self, n: usize) -> Result<Information> {
        count(n, MOST)?;
        entropy_scaled(quadrature::entropy(&LaplaceSum { n })?, self.scale())
    }

    fn sum_law(&self, n: usize) -> Result<Box<dyn Density>> {
        let shift = self.location() * count(n, MOST)?;
        Ok(Box::new(Moved { of: LaplaceSum { n }, shift, scale: self.scale() }))
    }
}

/// The most draws for which the densities below are worth their O(n²) and stay in the range of f64.
const MOST: usize = 128;

fn count(n: usize, most: usize) -> Result<f64> {
    if (1..=most).contains(&n) {
        return Ok(n as f64);
    }
    Err(Error::Parameter {
        what: "n",
        value: n as f64,
        allowed: if most == MOST { "a number from 1 to 128" } else { "a number from 1 on" },
    })
}

/// shift + scale · X, for scale > 0.
struct Moved<L> {
    of: L,
    shift: f64,
    scale: f64,
}

impl<L: Law> Law for Moved<L> {
    fn log_prob(&self, x: f64) -> f64 {
        // A finite x is at a finite place, were it beyond the range of f64.
        let place = (x - self.shift) / self.scale;
        let place = if x.is_finite() { place.clamp(f64::MIN, f64::MAX) } else { place };
        self.of.log_prob(place) - self.scale.ln()
    }

    fn mean(&self) -> f64 {
        self.shift + self.scale * self.of.mean()
    }

    fn variance(&self) -> f64 {
        self.scale * self.scale * self.of.variance()
    }
}

impl<L: Density> Density for Moved<L> {
    fn knots(&self) -> Vec<f64> {
        self.of.knots().into_iter().map(|knot| self.shift + self.scale * knot).collect()
    }

    fn log_prob_beside(&self, knot: f64, offset: f64) -> Option<f64> {
        let of = self.of.log_prob_beside((knot - self.shift) / self.scale, offset / self.scale)?;
        Some(of - self.scale.ln())
    }
}

/// The sum of n uniform draws from [0, 1]: the B-spline of order n on the knots 0, 1, … n.
struct IrwinHall {
    n: usize,
}

impl Law for IrwinHall {
    /// By the recurrence of de Boor (1972), which only adds what is positive; the textbook's alternating sum has lost
    /// all digits by n = 25.
    fn log_prob(&self, x: f64) -> f64 {
        if x.is_nan() {
            return x;
        }
        if !(0.0..=self.n as f64).contains(&x) {
            return f64::NEG_INFINITY;
        }
        // In the first cell and in the last it is the power that they are made of.
        let to_end = x.min(self.n as f64 - x);
        if to_end <= 1.0 {
            return (1..self.n).map(|i| to_end.ln() - (i as f64).ln()).sum::<f64>() + 0.0;
        }
        // splines[i] is the one that starts at i; of order 1 the only one that is not 0 is that of x's own cell.
        let cell = (x as usize).min(self.n - 1);
        let mut splines = vec![0.0; self.n + 1];
        splines[cell] = 1.0;
        let mut log = 0.0;
        for order in 2..=self.n {
            for i in 0..=self.n - order {
                let (from_start, to_end) = (x - i as f64, (i + order) as f64 - x);
                splines[i] = (from_start * splines[i] + to_end * splines[i + 1]) / (order - 1) as f64;
            }
            // Near the ends all of them would leave the range of f64.
            let largest = splines[..=self.n - order].iter().copied().fold(0.0, f64::max);
            if largest > 0.0 && largest < 1e-100 {
                splines.iter_mut().for_each(|spline| *spline /= largest);
                log += largest.ln();
            }
        }
        log + splines[0].ln()
    }

    fn mean(&self) -> f64 {
        self.n as f64 / 2.0
    }

    fn variance(&self) -> f64 {
        self.n as f64 / 12.0
    }
}

impl Density for IrwinHall {
    fn knots(&self) -> Vec<f64> {
        (0..=self.n).map(|i| i as f64).collect()
    }
}

/// The sum of n Laplace draws of location 0 and scale 1, which is the difference of two gamma draws of shape n:
/// e^(−z) Σ_k (n−1+k)! z^(n−1−k) / (k! (n−1−k)! 2^k (n−1)! 2ⁿ) at z = |x|, a Bessel function of half-integer order.
struct LaplaceSum {
    n: usize,
}

impl Law for LaplaceSum {
    fn log_prob(&self, x: f64) -> f64 {
        let z = x.abs();
        // At 0 only k = n − 1 is left, C(2n−2, n−1) / 2^(2n−1); from there on each term by its ratio to the last.
        let at_zero = (1..self.n).fold(-LN_2, |log, i| log + (1.0 - 0.5 / i as f64).ln());
        let (mut sum, mut term) = (1.0, 1.0);
        for k in (1..self.n).rev() {
            term *= 2.0 * z * k as f64 / ((self.n - 1 + k) * (self.n - k)) as f64;
            sum += term;
        }
        // Far out the sum is no number and its logarithm is: from within, 1 + r₁, 1 + r₂ (1 + r₁), …
        let log_sum = if f64::is_finite(sum) {
            sum.ln()
        } else {
            (1..self.n).fold(0.0, |log, k| {
                let ratio = (2.0 * k as f64 / ((self.n - 1 + k) * (self.n - k)) as f64).ln() + z.ln() + log;
                ratio + (-ratio).exp().ln_1p()
            })
        };
        on_the_line(x, at_zero - z + log_sum)
    }

    fn mean(&self) -> f64 {
        0.0
    }

    fn variance(&self) -> f64 {
        2.0 * self.n as f64
    }
}

impl Density for LaplaceSum {
    fn knots(&self) -> Vec<f64> {
        vec![f64::NEG_INFINITY, 0.0, f64::INFINITY]
    }
}
