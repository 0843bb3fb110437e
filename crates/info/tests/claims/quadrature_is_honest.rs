//! The quadrature hits known integrals within the error it states, and says so when there is nothing to hit.

use std::f64::consts::{E, LN_2, PI};

use candle_mle_info::Error;
use candle_mle_info::law::{Beta, Density, Law, Normal, Uniform};
use candle_mle_info::quadrature::{self, integrate};

type Integrand = fn(f64) -> f64;

const INF: f64 = f64::INFINITY;

#[test]
fn known_integrals() {
    let cases: [(&str, Integrand, &[f64], f64); 9] = [
        ("polynomial", |x| x * x, &[-1.0, 2.0], 3.0),
        ("exponential", f64::exp, &[0.0, 1.0], E - 1.0),
        ("logarithm at its end", f64::ln, &[0.0, 1.0], -1.0),
        ("root at its end", |x| x.powf(-0.9), &[0.0, 1.0], 10.0),
        ("half line", |x| (-x).exp(), &[0.0, INF], 1.0),
        ("left half line", f64::exp, &[-INF, 0.0], 1.0),
        ("line", |x| (-x * x).exp(), &[-INF, INF], PI.sqrt()),
        ("heavy tail", |x| 1.0 / (1.0 + x * x), &[-INF, INF], PI),
        ("kink at a knot", |x| 2f64.powf(-x.abs()), &[-INF, 0.0, INF], 2.0 / LN_2),
    ];
    for (name, f, knots, truth) in cases {
        let integral = integrate(f, knots, 1.0);
        let error = (integral.value - truth).abs();
        assert!(error <= integral.error, "{name}: {integral:?} is {error} off");
        assert!(integral.error <= 1e-10 * truth.abs(), "{name}: {integral:?}");
    }
}

/// Of the integral of x^(−0.99) over [0, 1] a thousandth lies below the smallest number there is: lost, but stated.
#[test]
fn what_is_lost_is_stated() {
    for (power, truth) in [(-0.975, 40.0), (-0.99, 100.0), (-0.995, 200.0)] {
        let integral = integrate(|x| x.powf(power), &[0.0, 1.0], 1.0);
        let error = (integral.value - truth).abs();
        assert!(error <= integral.error, "{power}: {integral:?} is {error} off");
        assert!(error > 1e-12 * truth, "{power}: choose a harder integral");
    }
}

#[test]
fn no_number_where_there_is_none() {
    let cases: [(&str, Integrand, &[f64]); 8] = [
        ("knots in no order", |x| x, &[1.0, 0.0]),
        ("one knot", |x| x, &[1.0]),
        ("1/x at 0", |x| 1.0 / x, &[0.0, 1.0]),
        ("1/x at infinity", |x| 1.0 / x, &[1.0, INF]),
        ("a constant", |_| 1.0, &[-INF, INF]),
        ("an oscillation that does not fade", f64::cos, &[0.0, INF]),
        ("a pole inside", |x| 1.0 / (x - 0.3), &[0.0, 1.0]),
        ("NaN", |x| (x - 0.5).sqrt(), &[0.0, 1.0]),
    ];
    for (name, f, knots) in cases {
        let integral = integrate(f, knots, 1.0);
        let result = integral.within(1e-6, "the test");
        assert!(matches!(result, Err(Error::NotConverged { .. })), "{name}: {integral:?}");
    }
}

/// Beta(1, 0.05) has a seventh of its mass within a rounding of 1: no rule that is handed x can see it.
#[test]
fn lost_mass_is_an_error() -> anyhow::Result<()> {
    let (p, q) = (Beta::new(1.0, 0.05)?, Uniform::new(0.0, 1.0)?);
    assert!(matches!(quadrature::kl_divergence(&p, &q), Err(Error::NotConverged { .. })));
    Ok(())
}

/// Laws narrower than the rounding of their location, and a scale that is none.
#[test]
fn out_of_reach() -> anyhow::Result<()> {
    for law in [Normal::new(1e10, 1e-7)?, Normal::new(1e10, 1e-5)?, Normal::new(-1.0, 1e-70)?] {
        let entropy = quadrature::entropy(&law);
        assert!(matches!(entropy, Err(Error::NotConverged { .. })), "{entropy:?}");
    }
    for ulps in [1.0, 2.0, 3.0, 8.0] {
        let entropy = quadrature::entropy(&Uniform::new(1.0, 1.0 + ulps * f64::EPSILON)?);
        assert!(matches!(entropy, Err(Error::NotConverged { .. })), "{entropy:?}");
    }
    for scale in [0.0, -1.0, f64::NAN, INF] {
        let integral = integrate(|x| (-x).exp(), &[0.0, INF], scale);
        assert!(integral.within(1e-6, "the test").is_err(), "{integral:?}");
    }
    // Knots one rounding apart are as good as one.
    let (p, q) = (Normal::new(1.0, 1.0)?, Normal::new(1.0 + f64::EPSILON, 1.0)?);
    assert!(quadrature::kl_divergence(&p, &q)?.nats().abs() < 1e-13);
    Ok(())
}

/// A density of a reader's own that claims no support is an error too.
#[test]
fn no_knots() -> anyhow::Result<()> {
    struct Nowhere;
    impl Law for Nowhere {
        fn log_prob(&self, _: f64) -> f64 {
            0.0
        }
        fn mean(&self) -> f64 {
            0.0
        }
        fn variance(&self) -> f64 {
            1.0
        }
    }
    impl Density for Nowhere {
        fn knots(&self) -> Vec<f64> {
            vec![]
        }
    }
    let normal = Normal::new(0.0, 1.0)?;
    assert!(quadrature::entropy(&Nowhere).is_err());
    assert!(quadrature::kl_divergence(&Nowhere, &normal).is_err());
    assert!(quadrature::kl_divergence(&normal, &Nowhere).is_err());
    Ok(())
}
