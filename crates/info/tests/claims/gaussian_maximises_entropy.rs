//! A Gaussian has the greatest entropy at its variance, and what another law lacks is KL(p‖g) (lecture row L8).

use std::f64::consts::{E, PI, TAU};

use candle_mle_info::law::*;
use candle_mle_info::quadrature;
use candle_mle_info::{Information, Result};
use proptest::prelude::*;

/// h(g) − h(p) = KL(p‖g) = H(p, g) − h(p), each side on its own way, to the quadrature's 1e-9.
fn check(p: &dyn Density, h: Information) -> Result<()> {
    let g = Normal::matching(p)?;
    let kl = quadrature::kl_divergence(p, &g)?.nats();
    let gap = (g.entropy() - h).nats();
    let by_moments = (g.cross_entropy_of(p) - h).nats();
    let by_integral = quadrature::cross_entropy(p, &g)?.nats();
    let tolerance = 1e-9 * (1.0 + gap.abs() + h.nats().abs());
    assert!((kl - gap).abs() <= tolerance, "{kl} is not {gap}");
    assert!((by_moments - gap).abs() <= tolerance, "{by_moments} is not {gap}");
    assert!((by_integral - g.cross_entropy_of(p).nats()).abs() <= tolerance);
    assert!(gap >= -tolerance, "{gap} is negative");
    // Any other Gaussian is further away, and by KL(g‖g'): Pythagoras for the projection on an exponential family.
    let other = Normal::new(g.mean() + 0.3 * g.sd(), 1.7 * g.sd())?;
    let further = quadrature::kl_divergence(p, &other)?.nats();
    let sum = kl + g.kl_divergence(&other).nats();
    assert!((further - sum).abs() <= tolerance, "{further} is not {sum}");
    let from_moments = (other.cross_entropy_of(p) - h).nats();
    assert!((from_moments - further).abs() <= tolerance);
    Ok(())
}

fn closed(p: &(impl ClosedForm + Density)) -> Result<()> {
    check(p, p.entropy())
}

#[test]
fn the_formula() -> anyhow::Result<()> {
    for sd in [1e-6, 0.5, 1.0, 3.0, 1e6] {
        let h = Normal::new(7.0, sd)?.entropy().nats();
        assert!((h - 0.5 * (TAU * E * sd * sd).ln()).abs() < 1e-13, "{sd}");
    }
    Ok(())
}

#[test]
fn every_law_lacks_its_divergence() -> anyhow::Result<()> {
    closed(&Normal::new(-3.0, 2.0)?)?;
    closed(&Uniform::new(-1.0, 4.0)?)?;
    closed(&Laplace::new(2.0, 0.3)?)?;
    closed(&Logistic::new(-2.0, 5.0)?)?;
    closed(&Exponential::new(4.0)?)?;
    closed(&Gamma::new(0.5, 2.0)?)?;
    closed(&Gamma::new(30.0, 2.0)?)?;
    closed(&Beta::new(2.0, 3.0)?)?;
    for distance in [0.0, 1.0, 4.0, 100.0] {
        let (left, right) = (Normal::new(-distance, 1.0)?, Normal::new(distance, 0.2)?);
        let p = Mixture::new(&[(0.7, left), (0.3, right)])?;
        check(&p, quadrature::entropy(&p)?)?;
    }
    Ok(())
}

/// The gaps do not depend on location or scale; these are the textbook's.
#[test]
fn known_gaps() -> anyhow::Result<()> {
    let gap = |p: &dyn Density| -> Result<f64> { Ok(quadrature::kl_divergence(p, &Normal::matching(p)?)?.nats()) };
    let close = |found: f64, truth: f64| assert!((found - truth).abs() < 1e-9, "{found} {truth}");
    for scale in [1e-3, 1.0, 50.0] {
        close(gap(&Uniform::new(1.0, 1.0 + scale)?)?, 0.5 * (PI * E / 6.0).ln());
        close(gap(&Laplace::new(1.0, scale)?)?, 0.5 * (PI / E).ln());
        close(gap(&Exponential::new(scale)?)?, 0.5 * (TAU / E).ln());
        // Variance π²s²/3 and entropy 2 + ln s.
        close(gap(&Logistic::new(1.0, scale)?)?, 0.5 * (TAU * E * PI * PI / 3.0).ln() - 2.0);
        close(gap(&Normal::new(1.0, scale)?)?, 0.0);
    }
    Ok(())
}

/// Row L6: the exponential among laws of its mean, the uniform among laws on its interval.
#[test]
fn the_same_for_other_constraints() -> anyhow::Result<()> {
    for p in [Gamma::new(0.5, 2.0)?, Gamma::new(7.0, 0.1)?] {
        let e = Exponential::new(1.0 / p.mean())?;
        let kl = quadrature::kl_divergence(&p, &e)?.nats();
        assert!((kl - (e.entropy() - p.entropy()).nats()).abs() < 1e-9);
        assert!(kl > 0.0);
    }
    let unit = Uniform::new(0.0, 1.0)?;
    for p in [Beta::new(2.0, 3.0)?, Beta::new(0.3, 1.5)?] {
        let kl = quadrature::kl_divergence(&p, &unit)?.nats();
        assert!((kl - (unit.entropy() - p.entropy()).nats()).abs() < 1e-9);
        assert!(kl > 0.0);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn random_mixtures(w in 0.01..0.99, m in -9.0..9.0, s in 0.05..5.0, t in 0.05..5.0) {
        let parts = [(w, Normal::new(0.0, s).unwrap()), (1.0 - w, Normal::new(m, t).unwrap())];
        let p = Mixture::new(&parts).unwrap();
        check(&p, quadrature::entropy(&p).unwrap()).unwrap();
    }
}
