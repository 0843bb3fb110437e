//! Is there any dependence at all? The permutation test.

use rand::Rng;
use rand::seq::SliceRandom;

use crate::error::{Error, Result};

/// The p-value of independence: (1 + #{permuted ≥ observed}) / (1 + B), where `statistic` is worked out on x and B
/// random orders of y.
///
/// Under independence every order of y is equally likely, so that a value ≤ α has probability at most α, exactly, for
/// any statistic and any n. The 1 counts the observed order as one of them: without it a p-value could be 0, and the
/// test would reject too often (Phipson and Smyth 2010). The least value is 1/(1 + B).
///
/// ```
/// use candle_mle_info::estimate::{ksg1, permutation_p_value};
/// use rand::{Rng, SeedableRng};
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let x: Vec<f64> = (0..100).map(|_| rng.random_range(-1.0..1.0)).collect();
/// let y: Vec<f64> = x.iter().map(|x| x * x + rng.random_range(-0.1..0.1)).collect();
/// let p = permutation_p_value(&x, &y, 99, &mut rng, |x, y| ksg1(x, y, 3))?;
/// assert_eq!(p, 0.01);
/// # Ok::<(), candle_mle_info::Error>(())
/// ```
///
/// # Errors
/// B = 0; samples of unequal length; a statistic that is NaN, or an error of it.
pub fn permutation_p_value<X, Y: Clone, S: PartialOrd, R: Rng + ?Sized>(
    x: &[X],
    y: &[Y],
    permutations: usize,
    rng: &mut R,
    statistic: impl Fn(&[X], &[Y]) -> Result<S>,
) -> Result<f64> {
    if permutations == 0 {
        return Err(Error::Parameter { what: "the number of permutations", value: 0.0, allowed: "1 or more" });
    }
    if x.len() != y.len() {
        return Err(Error::Shape { what: "y", got: vec![y.len()], expected: format!("({},), that of x,", x.len()) });
    }
    let observed = statistic(x, y)?;
    let mut order = y.to_vec();
    let mut at_least = 1;
    for _ in 0..permutations {
        order.shuffle(rng);
        let permuted = statistic(x, &order)?;
        let nan = || Error::Parameter { what: "the statistic", value: f64::NAN, allowed: "a number" };
        let sign = permuted.partial_cmp(&observed).ok_or_else(nan)?;
        at_least += usize::from(sign.is_ge());
    }
    Ok(at_least as f64 / (1 + permutations) as f64)
}
