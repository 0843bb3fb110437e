use std::f64::consts::LN_2;

use super::{ClosedForm, Density, Law, check_location, check_positive, on_the_line};
use crate::error::Result;
use crate::information::Information;
use crate::integral::integrate_beside;
use crate::special::{SHORT, divergence_of_logs, i_divergence_beside, short_integral, student_norm};

/// Student's t with ν degrees of freedom, moved to a location μ and stretched by a scale σ: density ∝ (1 + z²/ν)^(−(ν+1)/2) with
/// z = (x − μ)/σ. Its tails are long: ν = 1 is Cauchy's, ν = ∞ would be the Gaussian's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Student {
    df: f64,
    location: f64,
    scale: f64,
}

impl Student {
    /// # Errors
    /// If `df` or `scale` is not positive, from 1e-75 to 1e75, or `location` beyond ±1e75.
    pub fn new(df: f64, location: f64, scale: f64) -> Result<Self> {
        let df = check_positive("df", df)?;
        let (location, scale) = (check_location("location", location)?, check_positive("scale", scale)?);
        Ok(Self { df, location, scale })
    }

    /// ν, the degrees of freedom, a pure number.
    pub fn df(&self) -> f64 {
        self.df
    }

    /// μ, the median, in the unit of x.
    pub fn location(&self) -> f64 {
        self.location
    }

    /// σ, in the unit of x; the standard deviation is σ √(ν/(ν − 2)), for ν > 2.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// ln of what the density is divided by, in units of the scale: ln(√ν B(½ν, ½)).
    fn log_norm(&self) -> f64 {
        0.5 * LN_2 + student_norm(0.5 * self.df)[0]
    }

    /// ln p so far from the location.
    fn log_prob_from_location(&self, distance: f64) -> f64 {
        let ratio = distance / self.scale / self.df.sqrt();
        // Far out the square may be no number, nor the ratio, and its logarithm is.
        let log = if ratio.abs() > 1e150 {
            2.0 * (distance.abs().ln() - self.scale.ln()) - self.df.ln()
        } else {
            (ratio * ratio).ln_1p()
        };
        -0.5 * (self.df + 1.0) * log - self.log_norm() - self.scale.ln()
    }
}

impl Law for Student {
    fn log_prob(&self, x: f64) -> f64 {
        on_the_line(x, self.log_prob_from_location(x - self.location))
    }

    /// μ for ν > 1, else there is none: NaN.
    fn mean(&self) -> f64 {
        if self.df > 1.0 { self.location } else { f64::NAN }
    }

    /// σ² ν/(ν − 2) for ν > 2, else +∞.
    fn variance(&self) -> f64 {
        if self.df > 2.0 { self.scale.powi(2) * (self.df / (self.df - 2.0)) } else { f64::INFINITY }
    }
}

impl Density for Student {
    fn knots(&self) -> Vec<f64> {
        vec![f64::NEG_INFINITY, self.location, f64::INFINITY]
    }

    fn width(&self) -> f64 {
        self.scale
    }

    fn log_prob_beside(&self, knot: f64, offset: f64) -> Option<f64> {
        Some(on_the_line(offset, self.log_prob_from_location((knot - self.location) + offset)))
    }
}

impl ClosedForm for Student {
    /// ½ (ν + 1) (ψ(½(ν + 1)) − ψ(½ν)) + ln(√ν B(½ν, ½)) + ln σ.
    fn entropy(&self) -> Information {
        // ψ(½(ν + 1)) − ψ(½ν) is what the slope of the normaliser lacks of 1/ν.
        let tails = 0.5 * (self.df + 1.0) * (1.0 / self.df - student_norm(0.5 * self.df)[1]);
        Information::from_nats(tails + self.log_norm() + self.scale.ln())
    }

    /// No closed form: a quadrature of what is never negative over the logarithm of the distance, since the tails of few degrees of
    /// freedom reach beyond all numbers; to 1e-9, or NaN.
    fn kl_divergence(&self, other: &Self) -> Information {
        if self == other {
            return Information::ZERO;
        }
        let pair = Pair::new(self, other);
        let log_m = pair.m.ln();
        let mut knots = vec![0.0, 0.5 * self.df.ln(), pair.t.ln(), pair.t.ln() + 0.5 * other.df.ln(), log_m];
        knots.retain(|knot| knot.is_finite());
        knots.extend([f64::NEG_INFINITY, f64::INFINITY]);
        knots.sort_by(f64::total_cmp);
        knots.dedup();
        let integrand = |knot: f64, offset: f64| {
            let (y, beyond) = (knot + offset, (knot - log_m) + offset);
            Some([pair.divergence(y, beyond, 1.0) + pair.divergence(y, beyond, -1.0)])
        };
        let [kl] = integrate_beside(integrand, &knots, 1.0 / self.df.min(other.df).min(1.0));
        Information::from_nats(kl.certain())
    }
}

/// Two of Student's, in units of the scale of the first and counted from its location: the second lies at m ≥ 0 and is t = 1 + `wider`
/// times as wide.
struct Pair {
    df: [f64; 2],
    log_norms: [f64; 2],
    m: f64,
    t: f64,
    wider: f64,
}

impl Pair {
    fn new(p: &Student, q: &Student) -> Self {
        let wider = (q.scale - p.scale) / p.scale;
        let m = (q.location - p.location).abs() / p.scale;
        Self { df: [p.df, q.df], log_norms: [p, q].map(Student::log_norm), m, t: q.scale / p.scale, wider }
    }

    /// What z = ±eʸ, which is e to the `beyond` times m, adds to the divergence for dy.
    fn divergence(&self, y: f64, beyond: f64, sign: f64) -> f64 {
        let log_density = |i: usize, log_z: f64| {
            let log_square = 2.0 * log_z - self.df[i].ln();
            (-0.5 * (self.df[i] + 1.0) * softplus(log_square) - self.log_norms[i]).max(f64::MIN)
        };
        // ln |z − m|
        let apart = if self.m == 0.0 {
            y
        } else if sign < 0.0 {
            y.max(self.m.ln()) + (-beyond.abs()).exp().ln_1p()
        } else {
            y.max(self.m.ln()) + (-(-beyond.abs()).exp_m1()).ln()
        };
        let (log_p, log_q) = (log_density(0, y), log_density(1, apart - self.t.ln()) - self.t.ln());
        divergence_of_logs(log_p + y, log_q + y, self.near(y, sign))
    }

    /// ln p/q, with all digits, of two that are near each other.
    fn near(&self, y: f64, sign: f64) -> Option<f64> {
        let (&Self { m, t, wider, .. }, [p, q]) = (self, self.df);
        if (p - q).abs() > SHORT * q || m > 0.1 || wider.abs() > 0.1 {
            return None;
        }
        // By the degrees of freedom, and then by location and scale.
        let of_df = short_integral(q, p - q, |df| {
            let log_square = 2.0 * y - df.ln();
            let (x, share) = (log_square.exp(), 1.0 / (1.0 + (-log_square).exp()));
            let tails =
                if x < 1.0 { i_divergence_beside(1.0, 1.0 + x, -x) - x * share } else { share - softplus(log_square) };
            0.5 * (tails + share / df - student_norm(0.5 * df)[1])
        });
        // (z′² − z²)/(ν′ + z²)
        let change = if y < 0.0 {
            let z = sign * y.exp();
            let step = -(m + z * wider) / t;
            step * (2.0 * z + step) / (q + z * z)
        } else {
            let inverse = sign * (-y).exp();
            let step = -(m * inverse + wider) / t;
            step * (2.0 + step) / (1.0 + q * inverse * inverse)
        };
        Some(of_df + 0.5 * (q + 1.0) * change.ln_1p() + wider.ln_1p())
    }
}

/// ln(1 + eᵛ).
fn softplus(v: f64) -> f64 {
    v.max(0.0) + (-v.abs()).exp().ln_1p()
}
