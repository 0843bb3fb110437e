//! Nemenman, Shafee and Bialek's mean and deviation are those of the mixture, to the digits; the truth lies within as often as it says.

use candle_mle_info::Result;
use candle_mle_info::estimate::nsb;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::Gamma;

/// Made by integrals over ln β in 40 digits (mpmath), with the gamma functions and double sums of the papers as they stand.
#[test]
fn to_the_digits() -> Result<()> {
    let known: [(&[u64], f64, f64); 3] = [
        (&[4, 2, 1, 1], 1.239_977_140_016_377, 0.134_439_177_801_938_5),
        (&[10, 0, 0, 0], 0.101_364_683_262_978_45, 0.168_857_530_044_597_8),
        (&[1, 1, 1, 1, 1, 0, 0, 0, 0, 0], 2.036_057_628_157_388, 0.225_850_226_644_777_27),
    ];
    for (counts, mean, deviation) in known {
        let (h, error) = nsb(counts)?;
        assert!(
            (h.nats() - mean).abs() < 1e-9 && (error.nats() - deviation).abs() < 1e-9,
            "{counts:?}: {h:?} {error:?}"
        );
    }
    Ok(())
}

/// Where all is known, the plug-in entropy, and the standard error of its leading term: the spread of −ln p over √n.
#[test]
fn of_many_observations() -> Result<()> {
    for counts in [[500_000_000u64, 300_000_000, 200_000_000], [999_999_000, 999, 1]] {
        let n: f64 = counts.iter().map(|c| *c as f64).sum();
        let p = counts.map(|count| count as f64 / n);
        let plug_in: f64 = p.iter().map(|p| -p * p.ln()).sum();
        let spread = (p.iter().map(|p| p * (p.ln() + plug_in).powi(2)).sum::<f64>() / n).sqrt();
        let (h, error) = nsb(&counts)?;
        assert!((h.nats() - plug_in).abs() < 0.1 * error.nats(), "{h:?} is not {plug_in}");
        assert!((error.nats() / spread - 1.0).abs() < 0.01, "{error:?} is not {spread}");
    }
    assert_eq!(nsb(&[7])?.0.nats(), 0.0);
    assert!(nsb(&[]).is_err() && nsb(&[0, 0]).is_err());
    assert!(nsb(&[u64::MAX; 4])?.1.nats() < 1e-9 && nsb(&[1, 0])?.0.nats() > 0.0);
    Ok(())
}

/// Laws of Dirichlet distributions whose entropies are spread evenly: two in three lie within one deviation, and the squares
/// of the misses are as large as said.
#[test]
fn the_truth_lies_within() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (mut within, mut square, times) = (0, 0.0, 1000);
    for _ in 0..times {
        let p = law(&mut rng);
        let truth: f64 = p.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum();
        let mut counts = [0u64; CELLS];
        for _ in 0..20 {
            let mut left = rng.random::<f64>();
            let cell = p
                .iter()
                .position(|p| {
                    left -= p;
                    left < 0.0
                })
                .unwrap_or(CELLS - 1);
            counts[cell] += 1;
        }
        let (h, error) = nsb(&counts)?;
        let miss = (h.nats() - truth) / error.nats();
        within += usize::from(miss.abs() < 1.0);
        square += miss * miss / f64::from(times);
    }
    let share = within as f64 / f64::from(times);
    assert!((0.62..0.75).contains(&share), "{share} within one deviation");
    assert!((0.8..1.2).contains(&square), "{square}");
    Ok(())
}

const CELLS: usize = 10;

/// A Dirichlet law whose mean entropy is spread evenly from 0 to ln of the number of cells.
fn law(rng: &mut ChaCha8Rng) -> [f64; CELLS] {
    let psi = |x: f64| -> f64 {
        let (mut y, mut less) = (x, 0.0);
        while y < 20.0 {
            less += 1.0 / y;
            y += 1.0;
        }
        y.ln() - 0.5 / y - 1.0 / (12.0 * y * y) - less
    };
    let xi = |beta: f64| psi(CELLS as f64 * beta + 1.0) - psi(beta + 1.0);
    let aim = rng.random_range(0.0..(CELLS as f64).ln());
    let (mut low, mut high) = (-30.0f64, 30.0f64);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if xi(middle.exp()) < aim { low = middle } else { high = middle }
    }
    let beta = low.exp();
    // ln of gamma variates, however small: that of shape β + 1 times U^(1/β).
    let gamma = Gamma::new(beta + 1.0, 1.0).expect("a shape above 1");
    let logs = [0; CELLS].map(|_| rng.sample(gamma).ln() + rng.random::<f64>().ln() / beta);
    let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = logs.iter().map(|log| (log - top).exp()).sum();
    logs.map(|log| (log - top).exp() / total)
}
