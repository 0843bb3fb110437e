//! Every closed form is the sum or integral that it stands for, at ordinary and at extreme parameters.

use candle_mle_info::law::*;
use candle_mle_info::quadrature::{self, integrate};
use candle_mle_info::{Information, Result};
use proptest::prelude::*;

/// The quadrature vouches for 1e-9, of the value where it is above 1; the closed forms err by a few roundings.
fn assert_close(found: f64, truth: f64, what: &dyn std::fmt::Debug) {
    let tolerance = 1e-9 * truth.abs().max(1.0);
    assert!((found - truth).abs() <= tolerance, "{what:?}: {found} is not {truth}");
}

fn check_moments(law: &dyn Density, name: &dyn std::fmt::Debug) {
    let sd = law.variance().sqrt();
    let knots = law.knots();
    let expect = |f: &dyn Fn(f64) -> f64| {
        let integrand = |x: f64| match law.log_prob(x).exp() {
            0.0 => 0.0,
            density => density * f(x),
        };
        let integral = integrate(integrand, &knots, sd);
        assert!(integral.error < 1e-9, "{name:?}: {integral:?}");
        integral.value
    };
    assert_close(expect(&|_| 1.0), 1.0, name);
    assert_close(expect(&|x| (x - law.mean()) / sd), 0.0, name);
    assert_close(expect(&|x| ((x - law.mean()) / sd).powi(2)), 1.0, name);
}

/// All laws of the list, and all ordered pairs.
fn check<L: ClosedForm + Density + std::fmt::Debug>(laws: &[L]) {
    for p in laws {
        check_moments(p, p);
        let h = quadrature::entropy(p).expect("converges");
        assert_close(p.entropy().nats(), h.nats(), p);
        assert_eq!(p.kl_divergence(p).nats(), 0.0, "{p:?}");
        for q in laws {
            let kl = quadrature::kl_divergence(p, q).expect("converges");
            if kl.is_finite() {
                assert_close(p.kl_divergence(q).nats(), kl.nats(), &(p, q));
                let cross = quadrature::cross_entropy(p, q).expect("converges");
                // H + KL may cancel; it is exact to rounding of the larger.
                let tolerance = 1e-9 * cross.nats().abs().max(h.nats().abs()).max(1.0);
                let error = (p.cross_entropy(q) - cross).nats().abs();
                assert!(error <= tolerance, "{p:?} {q:?}: {error}");
            } else {
                assert_eq!(p.kl_divergence(q), kl);
                assert_eq!(p.cross_entropy(q), kl);
            }
        }
    }
}

#[test]
fn exponential() -> anyhow::Result<()> {
    let laws: Result<Vec<_>> =
        [1e-75, 1e-6, 0.3, 1.0, 1.0 + 1e-9, 40.0, 1e6].map(Exponential::new).into_iter().collect();
    check(&laws?);
    Ok(())
}

#[test]
fn gamma() -> anyhow::Result<()> {
    let mut laws = Vec::new();
    for shape in [0.1, 0.5, 1.0, 1.0 + 1e-9, 7.3, 150.0, 1e6] {
        for rate in [1e-6, 1.0, 1e6] {
            laws.push(Gamma::new(shape, rate)?);
        }
    }
    check(&laws);
    Ok(())
}

#[test]
fn beta() -> anyhow::Result<()> {
    let mut laws = Vec::new();
    // Mass piled up at 1, where f64 has only 53 bits, is left to the references below.
    for alpha in [0.1, 0.5, 1.0, 3.0, 200.0] {
        for beta in [1.0, 1.0 + 1e-9, 5.5, 1e5] {
            laws.push(Beta::new(alpha, beta)?);
        }
    }
    check(&laws);
    Ok(())
}

#[test]
fn location_and_scale() -> anyhow::Result<()> {
    let (mut normals, mut laplaces, mut logistics) = (vec![], vec![], vec![]);
    for location in [-30.0, 0.0, 1e-9, 2.0] {
        for scale in [1e-3, 0.5, 1.0, 1e3] {
            normals.push(Normal::new(location, scale)?);
            laplaces.push(Laplace::new(location, scale)?);
            logistics.push(Logistic::new(location, scale)?);
        }
    }
    check(&normals);
    check(&laplaces);
    check(&logistics);
    Ok(())
}

#[test]
fn lognormal_and_weibull() -> anyhow::Result<()> {
    let (mut lognormals, mut weibulls) = (vec![], vec![]);
    for scale in [0.3, 1.0, 4.0] {
        for shape in [0.7, 1.0, 1.0 + 1e-9, 2.5, 5.0] {
            weibulls.push(Weibull::new(shape, scale)?);
            lognormals.push(Lognormal::new(scale.ln(), 1.0 / shape)?);
        }
    }
    check(&lognormals);
    check(&weibulls);
    // With shape 1 it is the exponential distribution.
    let (one, wait) = (Weibull::new(1.0, 4.0)?, Exponential::new(0.25)?);
    assert_close(one.entropy().nats(), wait.entropy().nats(), &one);
    assert_close(one.log_prob(3.0), wait.log_prob(3.0), &one);
    Ok(())
}

#[test]
fn student() -> anyhow::Result<()> {
    let mut laws = vec![];
    for df in [2.5, 4.0, 30.0, 1e9] {
        for (location, scale) in [(0.0, 1.0), (3.0, 0.5), (-2.0, 7.0)] {
            laws.push(Student::new(df, location, scale)?);
        }
    }
    check(&laws);
    // Where there is no variance the divergence is known all the same: of two Cauchy distributions ln((σ + τ)² + m²)/(4στ).
    let (p, q) = (Student::new(1.0, 0.0, 1.0)?, Student::new(1.0, 2.0, 3.0)?);
    assert_close(p.kl_divergence(&q).nats(), (20f64 / 12.0).ln(), &"Cauchy");
    assert!(p.mean().is_nan() && p.variance() == f64::INFINITY && p.kl_divergence(&p).nats() == 0.0);
    Ok(())
}

#[test]
fn uniform() -> anyhow::Result<()> {
    let ends = [(0.0, 1.0), (0.0, 2.0), (-1.0, 1.0), (0.2, 0.3), (5.0, 1e6), (-1e9, 1e9)];
    let laws: Result<Vec<_>> = ends.into_iter().map(|(low, high)| Uniform::new(low, high)).collect();
    check(&laws?);
    let (wide, narrow) = (Uniform::new(0.0, 4.0)?, Uniform::new(1.0, 3.0)?);
    assert_eq!(narrow.kl_divergence(&wide).nats(), 2f64.ln());
    assert_eq!(wide.kl_divergence(&narrow), Information::INFINITE);
    Ok(())
}

#[test]
fn support_mismatch_is_infinite() -> anyhow::Result<()> {
    let half = Exponential::new(1.0)?;
    let line = Normal::new(0.0, 1.0)?;
    let unit = Uniform::new(0.0, 1.0)?;
    assert_eq!(quadrature::kl_divergence(&line, &half)?, Information::INFINITE);
    assert_eq!(quadrature::cross_entropy(&half, &unit)?, Information::INFINITE);
    // E[X²]/2 + ½ ln 2π − 1 with E[X²] = 2.
    let kl = quadrature::kl_divergence(&half, &line)?.nats();
    assert_close(kl, 0.5 * std::f64::consts::TAU.ln(), &"exponential to Gaussian");
    // To the exponential the uniform law pays its mean less its entropy.
    assert_close(quadrature::kl_divergence(&unit, &half)?.nats(), 0.5, &"uniform to exponential");
    Ok(())
}

#[test]
fn bernoulli() -> anyhow::Result<()> {
    let ps = [0.0, 1e-300, 1e-20, 1e-9, 0.1, 0.5, 0.6, 1.0 - 1e-9, 1.0];
    for p in ps {
        let law = Bernoulli::new(p)?;
        // Plain sums over the two outcomes, with 0 ln 0 = 0.
        let expect = |f: &dyn Fn(f64) -> f64| -> f64 {
            [(1.0, p), (0.0, 1.0 - p)].into_iter().filter(|outcome| outcome.1 > 0.0).map(|(x, mass)| mass * f(x)).sum()
        };
        assert_close(law.entropy().nats(), expect(&|x| -law.log_prob(x)), &law);
        for q in ps {
            let other = Bernoulli::new(q)?;
            let kl = expect(&|x| law.log_prob(x) - other.log_prob(x));
            let found = (law.kl_divergence(&other).nats(), law.cross_entropy(&other).nats());
            if kl.is_finite() {
                assert_close(found.0, kl, &(p, q));
                assert_close(found.1, expect(&|x| -other.log_prob(x)), &(p, q));
                assert!(found.0 >= 0.0);
            } else {
                assert_eq!(found, (f64::INFINITY, f64::INFINITY), "{p} {q}");
            }
        }
    }
    assert_eq!(Bernoulli::new(0.0)?.entropy(), Information::ZERO);
    assert_eq!(Bernoulli::new(1.0)?.entropy(), Information::ZERO);
    assert_close(Bernoulli::new(0.6)?.entropy().bits(), 0.970_950_594_454_668_6, &"the slide's coin");
    Ok(())
}

#[test]
fn poisson() -> anyhow::Result<()> {
    // mpmath 1.4, 40 digits: the plain sum over 40 standard deviations either side.
    let truth = [
        (1e-6, 1.481_551_090_453_781_6e-5),
        (1e-3, 0.007_908_101_804_632_483),
        (0.1, 0.333_676_996_501_232_6),
        (0.5, 0.927_637_467_495_797_4),
        (1.0, 1.304_842_242_256_251_5),
        (3.7, 2.045_034_798_897_212_5),
        (10.0, 2.561_409_935_274_909),
        (100.0, 3.720_686_072_260_259),
        (1000.0, 4.872_732_797_642_850_6),
        (9999.0, 6.024_050_382_109_045),
        (10_001.0, 6.024_150_383_776_211),
        (1e6, 8.326_693_728_853_435),
    ];
    for (rate, h) in truth {
        let law = Poisson::new(rate)?;
        let found = law.entropy().nats();
        // 1e-13 of the value: the sums have up to some 10⁴ terms, each good to a few roundings.
        assert!((found - h).abs() <= 1e-13 * h, "{rate}: {found} is not {h}");
        let masses = |f: &dyn Fn(f64) -> f64| -> f64 {
            let reach = 12.0 * f64::sqrt(rate) + 40.0;
            let (from, to) = ((rate - reach).max(0.0) as u64, (rate + reach) as u64);
            (from..=to).map(|k| f(k as f64)).sum()
        };
        assert_close(masses(&|k| law.log_prob(k).exp()), 1.0, &law);
        for (other_rate, _) in truth {
            let other = Poisson::new(other_rate)?;
            let kl = masses(&|k| {
                let log = law.log_prob(k);
                log.exp() * (log - other.log_prob(k))
            });
            assert_close(law.kl_divergence(&other).nats(), kl, &(rate, other_rate));
        }
    }
    let (never, some) = (Poisson::new(0.0)?, Poisson::new(2.5)?);
    assert_eq!(never.entropy(), Information::ZERO);
    assert_eq!(never.kl_divergence(&some).nats(), 2.5);
    assert_eq!(some.kl_divergence(&never), Information::INFINITE);
    assert_eq!(some.log_prob(1.5), f64::NEG_INFINITY);
    assert_eq!(some.log_prob(-1.0), f64::NEG_INFINITY);
    Ok(())
}

/// mpmath 1.4 with 40 digits, from the textbook formulas (which at 40 digits have digits to lose).
#[test]
fn references_at_extremes() -> anyhow::Result<()> {
    let close = |found: Information, truth: f64, what: &dyn std::fmt::Debug| {
        let tolerance = 1e-13 * truth.abs().max(10.0); // ln Γ near 10 and its recurrence: some tens of roundings
        let found = found.nats();
        assert!((found - truth).abs() <= tolerance, "{what:?}: {found} is not {truth}");
    };
    for (shape, rate, h) in [
        (1e-3, 2.0, -993.359_964_655_054_6),
        (0.05, 3.0, -17.552_685_829_351_256),
        (0.5, 1.0, 0.090_609_929_913_988_35),
        (1.0, 4.0, -0.386_294_361_119_890_6),
        (2.5, 0.1, 4.032_533_002_499_1),
        (50.0, 7.0, 1.422_339_799_322_855),
        (1e6, 1e-3, 15.234_448_757_835_53),
        (1e12, 5.0, 13.625_011_178_734_513),
    ] {
        close(Gamma::new(shape, rate)?.entropy(), h, &(shape, rate));
    }
    for (a, b, c, d, kl) in [
        (1e-3, 2.0, 0.5, 1.0, 493.298_470_041_794_16),
        (0.5, 1.0, 1e-3, 2.0, 5.854_329_292_293_903),
        (2.0, 3.0, 2.000001, 3.0, 3.224_669_660_718_327e-13),
        (50.0, 7.0, 40.0, 9.0, 5.319_050_203_055_537),
        (1e10, 1.0, 1.0001e10, 1.0001, 2.499_833_345_915_658e-9),
        (1e10, 2.0, 1e10, 2.00001, 0.124_999_583_336_533_62),
        (1e6, 1.0, 3.0, 1e-6, 7.181_965_259_670_993),
        (0.05, 100.0, 20.0, 1e-3, 675.511_522_361_984_7),
    ] {
        let (p, q) = (Gamma::new(a, b)?, Gamma::new(c, d)?);
        close(p.kl_divergence(&q), kl, &(p, q));
    }
    for (a, b, h) in [
        (1e-3, 2.0, -993.090_601_487_260_7),
        (0.5, 0.5, -0.241_564_475_270_490_45),
        (1.0, 1.0, 0.0),
        (1.0, 5.0, -0.809_437_912_434_100_4),
        (3.0, 7.0, -0.597_683_055_765_391_6),
        (200.0, 0.1, -12.325_233_976_875_943),
        (1e6, 2e6, -6.790_161_810_721_964),
        (1e12, 1e12, -13.436_292_795_599_77),
    ] {
        close(Beta::new(a, b)?.entropy(), h, &(a, b));
        close(Beta::new(b, a)?.entropy(), h, &(b, a));
    }
    for (a, b, c, d, kl) in [
        (0.5, 0.5, 1.0, 1.0, 0.241_564_475_270_490_45),
        (1e-3, 2.0, 3.0, 0.1, 2_997.246_507_975_4),
        (2.0, 5.0, 2.00001, 5.0, 2.456_938_101_409_17e-11),
        (1e8, 2e8, 1.0001e8, 2e8, 0.333_318_521_543),
        (1e10, 1e10, 1e10, 1.00001e10, 0.249_998_750_026_041_48),
        (200.0, 0.1, 0.2, 30.0, 469.053_402_050_642_46),
    ] {
        let (p, q) = (Beta::new(a, b)?, Beta::new(c, d)?);
        close(p.kl_divergence(&q), kl, &(p, q));
    }
    // By mpmath's quadrature, 25 digits; distance, scale relative to 1.
    for (m, t, kl) in [
        (0.0, 2.0, 0.263_943_507_354_841_94),
        (1e-310, 2.0, 0.263_943_507_354_841_94),
        (0.0, 0.5, 0.448_445_473_029_847_94),
        (1.0, 1.0, 0.163_953_413_738_652_85),
        (3.0, 0.1, 26.684_148_983_679_396),
        (30.0, 4.0, 6.887_522_525_539_837),
        (0.2, 1e-3, 1_387.370_797_780_631_8),
        (5.0, 1e3, 6.294_056_712_556_937),
    ] {
        let (p, q) = (Logistic::new(0.0, 0.5)?, Logistic::new(m / 2.0, t / 2.0)?);
        close(p.kl_divergence(&q), kl, &(m, t));
    }
    for (components, h) in [
        ([(0.5, -2.0, 0.5), (0.5, 2.0, 0.5)], 1.418_844_998_127_647_4),
        ([(0.3, 0.0, 1.0), (0.7, 3.0, 0.1)], 0.411_006_368_594_382_9),
    ] {
        let mut parts = Vec::new();
        for (weight, mean, sd) in components {
            parts.push((weight, Normal::new(mean, sd)?));
        }
        let law = Mixture::new(&parts)?;
        check_moments(&law, &law);
        close(quadrature::entropy(&law)?, h, &components);
    }
    Ok(())
}

/// Rounding does not make a divergence of nearly equal laws negative.
#[test]
fn never_negative() -> anyhow::Result<()> {
    for i in 1..500 {
        let (a, near) = (0.05 * f64::from(i), 0.05 * f64::from(i) * (1.0 + 1e-11));
        assert!(Gamma::new(a, 2.0)?.kl_divergence(&Gamma::new(near, 2.0)?) >= Information::ZERO);
        assert!(Beta::new(a, 2.0)?.kl_divergence(&Beta::new(near, 2.0)?) >= Information::ZERO);
        assert!(Logistic::new(0.0, a)?.kl_divergence(&Logistic::new(0.0, near)?) >= Information::ZERO);
        assert!(Laplace::new(a, 2.0)?.kl_divergence(&Laplace::new(near, 2.0)?) >= Information::ZERO);
        assert!(Poisson::new(a)?.kl_divergence(&Poisson::new(near)?) >= Information::ZERO);
    }
    Ok(())
}

/// Components that do not overlap: h = H(weights) + Σ w h, and a spike needs its knot to be seen.
#[test]
fn separate_components() -> anyhow::Result<()> {
    let parts =
        [(0.25, Normal::new(0.0, 0.01)?), (0.25, Normal::new(1000.0, 0.01)?), (0.5, Normal::new(-5000.0, 10.0)?)];
    let law = Mixture::new(&parts)?;
    let truth: f64 = parts.iter().map(|(w, normal)| w * (normal.entropy().nats() - w.ln())).sum();
    assert_close(quadrature::entropy(&law)?.nats(), truth, &law);
    Ok(())
}

/// Parameters at the ends of what is allowed give numbers or infinities, and no divergence is negative.
#[test]
fn no_nan_anywhere() -> anyhow::Result<()> {
    let reach = [1e-75, 1e-10, 1.0, 1e10, 1e75];
    let never_nan = |h: Information, kl: Information, cross: Information| {
        assert!(h.is_finite() && !cross.nats().is_nan() && kl.nats() >= 0.0, "{h} {kl} {cross}");
    };
    for a in reach {
        for b in reach {
            for c in reach {
                for d in reach {
                    let (p, q) = (Gamma::new(a, b)?, Gamma::new(c, d)?);
                    never_nan(p.entropy(), p.kl_divergence(&q), p.cross_entropy(&q));
                    let (p, q) = (Beta::new(a, b)?, Beta::new(c, d)?);
                    never_nan(p.entropy(), p.kl_divergence(&q), p.cross_entropy(&q));
                    let (p, q) = (Logistic::new(a, b)?, Logistic::new(-c, d)?);
                    never_nan(p.entropy(), p.kl_divergence(&q), p.cross_entropy(&q));
                    let (p, q) = (Laplace::new(a, b)?, Laplace::new(-c, d)?);
                    never_nan(p.entropy(), p.kl_divergence(&q), p.cross_entropy(&q));
                    let (p, q) = (Normal::new(a, b)?, Normal::new(-c, d)?);
                    never_nan(p.entropy(), p.kl_divergence(&q), p.cross_entropy(&q));
                }
            }
            let (p, q) = (Poisson::new(a)?, Poisson::new(b)?);
            never_nan(p.entropy(), p.kl_divergence(&q), p.cross_entropy(&q));
            let laws: [&dyn Law; 7] = [
                &Gamma::new(a, b)?,
                &Beta::new(a, b)?,
                &Logistic::new(a, b)?,
                &Laplace::new(a, b)?,
                &Normal::new(a, b)?,
                &Exponential::new(a)?,
                &p,
            ];
            for law in laws {
                for x in [f64::NEG_INFINITY, -1e300, -1.0, -0.0, 0.0, 0.5, 1.0, 3.0, 1e300, f64::INFINITY] {
                    assert!(!law.log_prob(x).is_nan(), "{a} {b} at {x}");
                }
                assert!(law.log_prob(f64::NAN).is_nan());
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn random_parameters(a in 0.2..30.0, b in 0.1..20.0, c in 0.2..30.0, d in 0.1..20.0) {
        check(&[Gamma::new(a, b).unwrap(), Gamma::new(c, d).unwrap()]);
        check(&[Beta::new(a, 1.0 + b).unwrap(), Beta::new(c, 1.0 + d).unwrap()]);
        check(&[Logistic::new(a, b).unwrap(), Logistic::new(c, d).unwrap()]);
        check(&[Laplace::new(a, b).unwrap(), Laplace::new(c, d).unwrap()]);
        check(&[Normal::new(a, b).unwrap(), Normal::new(c, d).unwrap()]);
    }
}
