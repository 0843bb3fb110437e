//! h(Z_n) rises at every step towards ½ ln 2πeσ², is flat for a Gaussian, and is exact (lecture row L9).

use std::f64::consts::{E, TAU};

use candle_mle_info::clt::{self, Summable, normalised_sums};
use candle_mle_info::law::*;
use candle_mle_info::quadrature;
use candle_mle_info::{Information, Result};

fn bimodal() -> Result<Mixture> {
    Mixture::new(&[(0.5, Normal::new(-2.0, 0.5)?), (0.5, Normal::new(2.0, 0.5)?)])
}

/// Each step from n to n + 1 ≤ 32 gains, by more than the 1e-9 to which the entropies are certain; what is left at 32
/// is, by Edgeworth's expansion, skewness² / 12n (4/384 for the exponential), or of order 1/n² where that is 0.
#[test]
fn rises_at_every_step() -> anyhow::Result<()> {
    let laws: [(&dyn Summable, f64); 5] = [
        (&Exponential::new(0.4)?, 0.011),
        (&Gamma::new(0.3, 2.0)?, 0.036),
        (&Uniform::new(-1.0, 5.0)?, 1e-3),
        (&Laplace::new(3.0, 0.7)?, 1e-3),
        (&bimodal()?, 1e-3),
    ];
    for (i, (law, near)) in laws.into_iter().enumerate() {
        let h = normalised_sums(law, 32)?;
        let limit = clt::limit(law)?;
        for (n, pair) in h.windows(2).enumerate() {
            let gain = (pair[1] - pair[0]).nats();
            assert!(gain > 1e-9, "law {i} gains {gain} from n = {}", n + 1);
        }
        let left = (limit - h[31]).nats();
        assert!(left > 0.0 && left < near, "law {i} is still {left} below");
    }
    Ok(())
}

#[test]
fn a_gaussian_stays() -> anyhow::Result<()> {
    for sd in [1e-3, 1.0, 20.0] {
        let law = Normal::new(5.0, sd)?;
        for h in normalised_sums(&law, 64)? {
            // Two square roots and three logarithms.
            assert!((h - clt::limit(&law)?).nats().abs() < 1e-14, "{h}");
        }
        let one = Mixture::new(&[(1.0, law)])?;
        for h in normalised_sums(&one, 8)? {
            assert!((h - clt::limit(&law)?).nats().abs() < 1e-9);
        }
    }
    Ok(())
}

/// h of a sum of n exponentials is n − ln λ + ln (n−1)! + (1 − n) ψ(n), with ψ(n) = 1 + ½ + … + 1/(n−1) − γ.
#[test]
fn exponential_by_digamma() -> anyhow::Result<()> {
    const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;
    let (mut harmonic, mut ln_factorial) = (0.0, 0.0);
    for n in 1..=40 {
        let x = f64::from(n);
        let truth = x - 2f64.ln() + ln_factorial + (1.0 - x) * (harmonic - EULER_GAMMA);
        let found = Exponential::new(2.0)?.sum_entropy(n as usize)?.nats();
        assert!((found - truth).abs() < 1e-12, "{n}: {found} is not {truth}");
        harmonic += 1.0 / x;
        ln_factorial += x.ln();
    }
    Ok(())
}

/// mpmath 1.4, 22 digits and more: the alternating Irwin–Hall sum, Bessel functions, and the mixture written out.
#[test]
fn references() -> anyhow::Result<()> {
    let close = |found: Information, truth: f64| {
        assert!((found.nats() - truth).abs() < 1e-12, "{} is not {truth}", found.nats());
    };
    let (uniform, laplace) = (Uniform::new(0.0, 1.0)?, Laplace::new(0.0, 1.0)?);
    close(uniform.sum_entropy(1)?, 0.0);
    close(uniform.sum_entropy(2)?, 0.5);
    close(uniform.sum_entropy(3)?, 0.719_294_852_775_192_5);
    close(uniform.sum_entropy(8)?, 1.215_648_285_668_498_4);
    close(laplace.sum_entropy(1)?, laplace.entropy().nats());
    close(laplace.sum_entropy(2)?, 2.088_120_679_958_294);
    close(laplace.sum_entropy(5)?, 2.565_089_782_573_858);
    close(laplace.sum_entropy(16)?, 3.151_178_569_467_376);
    close(bimodal()?.sum_entropy(4)?, 2.723_418_874_119_061);
    close(clt::limit(&uniform)?, 0.5 * (TAU * E / 12.0).ln());
    Ok(())
}

/// A sum of three components' draws: the multinomial weights, by convolving step by step.
#[test]
fn sums_of_mixtures() -> anyhow::Result<()> {
    let normals = [Normal::new(-1.0, 0.5)?, Normal::new(0.5, 1.0)?, Normal::new(4.0, 0.2)?];
    let law = Mixture::new(&[(0.2, normals[0]), (0.5, normals[1]), (0.3, normals[2])])?;
    let mut pairs = Vec::new();
    for (v, a) in [0.2, 0.5, 0.3].into_iter().zip(normals) {
        for (w, b) in [0.2, 0.5, 0.3].into_iter().zip(normals) {
            pairs.push((v * w, Normal::new(a.mean() + b.mean(), a.sd().hypot(b.sd()))?));
        }
    }
    let (found, truth) = (law.sum(2)?, Mixture::new(&pairs)?);
    for x in [-5.0, -1.0, 0.0, 2.2, 8.0, 11.0] {
        assert!((found.log_prob(x) - truth.log_prob(x)).abs() < 1e-12, "{x}");
    }
    for n in [1, 5, 30] {
        let sum = law.sum(n)?;
        assert!((sum.mean() / (n as f64 * law.mean()) - 1.0).abs() < 1e-12);
        assert!((sum.variance() / (n as f64 * law.variance()) - 1.0).abs() < 1e-12);
    }
    Ok(())
}

/// h(aX) = h(X) + ln|a|, and no change by a shift.
#[test]
fn entropy_of_a_scaled_variable() -> anyhow::Result<()> {
    for a in [1e-6_f64, 0.3, 1.0, 7.0, 1e5] {
        let check = |x: Information, ax: Information| -> Result<()> {
            for factor in [a, -a] {
                let scaled = entropy_scaled(x, factor)?;
                assert!((scaled - ax).nats().abs() < 1e-13, "{a}: {ax} is not {scaled}");
            }
            Ok(())
        };
        check(Normal::new(0.0, 2.0)?.entropy(), Normal::new(3.0, 2.0 * a)?.entropy())?;
        check(Laplace::new(0.0, 2.0)?.entropy(), Laplace::new(3.0, 2.0 * a)?.entropy())?;
        check(Logistic::new(0.0, 2.0)?.entropy(), Logistic::new(3.0, 2.0 * a)?.entropy())?;
        check(Uniform::new(0.0, 2.0)?.entropy(), Uniform::new(0.0, 2.0 * a)?.entropy())?;
        check(Gamma::new(0.7, 2.0)?.entropy(), Gamma::new(0.7, 2.0 / a)?.entropy())?;
        check(Exponential::new(2.0)?.entropy(), Exponential::new(2.0 / a)?.entropy())?;
    }
    assert_eq!(entropy_scaled(Information::ZERO, 0.0)?.nats(), f64::NEG_INFINITY);
    Ok(())
}

/// The gap to the limit is the divergence of Z_n from the Gaussian: two ways to the same number.
#[test]
fn the_gap_is_a_divergence() -> anyhow::Result<()> {
    for n in [1, 2, 7] {
        let sum = bimodal()?.sum(n)?;
        let g = Normal::matching(&sum)?;
        let gap = g.entropy() - quadrature::entropy(&sum)?;
        assert!((quadrature::kl_divergence(&sum, &g)? - gap).nats().abs() < 1e-9);
    }
    Ok(())
}

#[test]
fn the_law_of_a_sum_has_its_moments_and_its_entropy() -> anyhow::Result<()> {
    let humps = Mixture::new(&[(0.3, Normal::new(-2.0, 0.5)?), (0.7, Normal::new(1.0, 1.0)?)])?;
    let laws: [&dyn Summable; 6] = [
        &Normal::new(0.5, 2.0)?,
        &Gamma::new(2.5, 3.0)?,
        &Exponential::new(0.7)?,
        &Laplace::new(1.5, 0.4)?,
        &Uniform::new(-1.0, 3.0)?,
        &humps,
    ];
    for law in laws {
        for n in [1, 2, 3, 7] {
            let (sum, times) = (law.sum_law(n)?, n as f64);
            assert!((sum.mean() - times * law.mean()).abs() < 1e-12);
            assert!((sum.variance() / (times * law.variance()) - 1.0).abs() < 1e-12);
            let gap = quadrature::entropy(sum.as_ref())? - law.sum_entropy(n)?;
            assert!(gap.nats().abs() < 2e-9, "{n}: {gap}");
        }
        assert!(law.sum_law(0).is_err());
    }
    Ok(())
}
