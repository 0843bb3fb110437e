//! Mixtures of any widths, at any distance, and logistic distributions of any scales have their entropies and divergences.

use std::f64::consts::LN_2;

use candle_mle_info::law::{ClosedForm, Law, Logistic, Mixture, Normal};
use candle_mle_info::{Result, quadrature};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn mixture(parts: &[(f64, f64, f64)]) -> Result<Mixture> {
    let parts: Vec<(f64, Normal)> =
        parts.iter().map(|(weight, mean, sd)| Ok((*weight, Normal::new(*mean, *sd)?))).collect::<Result<_>>()?;
    Mixture::new(&parts)
}

#[track_caller]
fn near(found: f64, truth: f64) {
    assert!((found - truth).abs() <= 1e-9 * truth.abs().max(1.0), "{found} is not {truth}");
}

/// Truth by mpmath in 40 digits, cut at many standard deviations of every component.
#[test]
fn a_million_times_as_wide() -> Result<()> {
    let narrow = mixture(&[(0.5, 0.0, 1e-6), (0.5, 0.0, 1.0)])?;
    let wide = mixture(&[(0.5, 0.0, 1.0), (0.5, 0.0, 1e6)])?;
    let apart = mixture(&[(0.25, 700.0, 1e-3), (0.75, -3.0, 1e3)])?;
    let plain = mixture(&[(0.5, 0.0, 1.0), (0.5, 3.0, 2.0)])?;
    near(quadrature::entropy(&narrow)?.nats(), -4.795_691_171_451_076);
    near(quadrature::entropy(&wide)?.nats(), 9.019_819_386_513_198);
    near(quadrature::entropy(&apart)?.nats(), 5.435_128_133_114_651_5);
    near(quadrature::kl_divergence(&plain, &wide)?.nats(), 2.581_081_003_115_575_5);
    near(quadrature::kl_divergence(&plain, &narrow)?.nats(), 2.995_361_199_661_448);
    Ok(())
}

/// Two that do not meet: the mean of their entropies and ln 2.
#[test]
fn far_apart() -> Result<()> {
    for (mean, sd) in [(569.0, 1e-4), (1e6, 1e-6), (1e10, 1e-7), (-1e20, 1e-20), (3e5, 1e-15)] {
        let narrow = Normal::new(mean, sd)?;
        near(quadrature::entropy(&narrow)?.nats(), narrow.entropy().nats());
        let other = Normal::new(0.0, 2.0)?;
        let both = Mixture::new(&[(0.5, narrow), (0.5, other)])?;
        near(quadrature::entropy(&both)?.nats(), 0.5 * (narrow.entropy() + other.entropy()).nats() + LN_2);
    }
    Ok(())
}

#[test]
fn whatever_the_widths() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for _ in 0..100 {
        let mut draw = || {
            let mut part = || {
                let mean = rng.random_range(-1.0..1.0) * 10f64.powf(rng.random_range(-3.0..3.0));
                (1.0 / 3.0, mean, 10f64.powf(rng.random_range(-4.0..4.0)))
            };
            mixture(&[part(), part(), part()])
        };
        let (p, q) = (draw()?, draw()?);
        let (h, kl, both) =
            (quadrature::entropy(&p)?, quadrature::kl_divergence(&p, &q)?, quadrature::cross_entropy(&p, &q)?);
        assert!(kl.nats() >= 0.0);
        near((h + kl).nats(), both.nats());
        assert!(h < Normal::matching(&p)?.entropy());
    }
    Ok(())
}

/// In units of p's scale, q at m and of scale t: ln t − 2 + m/t + 2 E ln(1 + e^(−|X − m|/t)) where m is large; it is 0 at no
/// place but m = 0, t = 1.
#[test]
fn logistic_distributions_of_any_scale() -> Result<()> {
    let p = Logistic::new(0.0, 1.0)?;
    for (m, t, truth) in [
        (1e3, 1.0, 998.0),
        (1e20, 1.0, 1e20),
        (1e75, 1e-75, 1e150),
        (1e20, 1e-20, 1e40),
        (0.0, 1e-75, 2.0 * LN_2 * 1e75),
        (1.0, 1e-20, (1.0 + 2.0 * (-1.0f64).exp().ln_1p()) * 1e20),
        (1e20, 1e20, 1e20f64.ln() - 1.0 + 2.0 * (-1.0f64).exp().ln_1p()),
        (1e75, 1e75, 1e75f64.ln() - 1.0 + 2.0 * (-1.0f64).exp().ln_1p()),
        (0.0, 1e75, 1e75f64.ln() - 2.0 + 2.0 * LN_2),
    ] {
        near(p.kl_divergence(&Logistic::new(m, t)?).nats(), truth);
    }
    for scale in [1e-75, 1e-30, 1.0, 1e40, 1e75] {
        for (m, t) in [(0.0, 1e-75), (-1e75, 1e-75), (1e30, 1e75), (1e75, 3.0), (2.0, 1e75)] {
            let (p, q) = (Logistic::new(0.0, scale)?, Logistic::new(m, t)?);
            let kl = p.kl_divergence(&q).nats();
            assert!(kl > 0.0 || (m.abs() < 1e-9 * t && t == scale), "{scale:e} {m:e} {t:e}: {kl}");
            assert!(kl >= (m.abs() / t).min((t / scale).ln().abs()) * 0.9 - 2.0 && p.mean() == 0.0);
        }
    }
    Ok(())
}
