//! How a step size changes while a fit goes on.

use std::fmt;
use std::str::FromStr;

/// By which factor the step size of gradient descent or Adam changes from one update to the next. A descent by
/// [minibatches](super::Minibatches) comes to rest only where it shrinks.
///
/// ```
/// use candle_mle::fit::Schedule;
/// let [halving, cosine] = ["halving:50".parse::<Schedule>()?, "cosine".parse()?];
/// assert_eq!((halving.factor(100, 1000), cosine.factor(500, 1000)), (0.25, 0.5));
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Schedule {
    /// 1
    #[default]
    Constant,
    /// 1/(1 + t/k): Σ of the step sizes is infinite and that of their squares finite (Robbins and Monro 1951).
    Inverse(u32),
    /// ½^(t/k): half of it after every k updates.
    Halving(u32),
    /// ½(1 + cos πt/T): from 1 to 0 over all T updates of the fit (Loshchilov and Hutter 2017).
    Cosine,
}

impl Schedule {
    /// The factor of update `t`, counted from 0, of `steps` in all.
    pub fn factor(self, t: usize, steps: usize) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::Inverse(k) => 1.0 / (1.0 + t as f64 / f64::from(k)),
            Self::Halving(k) => 0.5f64.powf(t as f64 / f64::from(k)),
            Self::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * t as f64 / steps.max(1) as f64).cos()),
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant => f.write_str("constant"),
            Self::Inverse(k) => write!(f, "inverse:{k}"),
            Self::Halving(k) => write!(f, "halving:{k}"),
            Self::Cosine => f.write_str("cosine"),
        }
    }
}

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let steps = |k: &str| {
            let k = k.parse().ok().filter(|k| *k > 0);
            k.ok_or_else(|| {
                format!("'{text}': after the colon stands a whole number of steps ≥ 1, such as inverse:100")
            })
        };
        match text.split_once(':') {
            None if text == "constant" => Ok(Self::Constant),
            None if text == "cosine" => Ok(Self::Cosine),
            Some(("inverse", k)) => Ok(Self::Inverse(steps(k)?)),
            Some(("halving", k)) => Ok(Self::Halving(steps(k)?)),
            _ => Err(format!("'{text}' is none of constant, inverse:STEPS, halving:STEPS and cosine")),
        }
    }
}
