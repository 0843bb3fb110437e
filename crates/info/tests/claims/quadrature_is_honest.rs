//! The quadrature hits known integrals within the error it states, and says so when there is nothing to hit.

use std::f64::consts::{E, LN_2, PI};

use candle_mle_info::law::{
    Beta, ClosedForm, Density, Gamma, Laplace, Law, Lognormal, Mixture, Normal, Student, Uniform, Weibull,
};
use candle_mle_info::quadrature::{self, integrate};
use candle_mle_info::{Error, Information};

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

/// Beta(1, 0.05) has a seventh of its mass within a rounding of 1: no rule that is handed x can see it, and one that is told the way
/// from there does.
#[test]
fn lost_mass_is_an_error() -> anyhow::Result<()> {
    let (p, q) = (Beta::new(1.0, 0.05)?, Uniform::new(0.0, 1.0)?);
    let handed = quadrature::kl_divergence(&Seen { law: &p, knots: p.knots() }, &q);
    assert!(matches!(handed, Err(Error::NotConverged { .. })));
    assert!((quadrature::kl_divergence(&p, &q)? + p.entropy()).nats().abs() < 1e-9);
    Ok(())
}

/// Densities narrower than the rounding of their location, unless they are told the way from a knot, and a scale that is
/// none.
#[test]
fn out_of_reach() -> anyhow::Result<()> {
    for law in [Normal::new(1e10, 1e-7)?, Normal::new(1e10, 1e-5)?, Normal::new(-1.0, 1e-70)?] {
        let entropy = quadrature::entropy(&Seen { law: &law, knots: law.knots() });
        assert!(matches!(entropy, Err(Error::NotConverged { .. })), "{entropy:?}");
        assert!((quadrature::entropy(&law)? - law.entropy()).nats().abs() < 1e-9);
    }
    for ulps in [1.0, 2.0, 3.0, 8.0] {
        let law = Uniform::new(1.0, 1.0 + ulps * f64::EPSILON)?;
        let entropy = quadrature::entropy(&Seen { law: &law, knots: law.knots() });
        assert!(matches!(entropy, Err(Error::NotConverged { .. })), "{entropy:?}");
        assert!((quadrature::entropy(&law)? - law.entropy()).nats().abs() < 1e-9);
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

/// A density of which nothing but its values and some knots are known.
struct Seen<'a> {
    law: &'a dyn Law,
    knots: Vec<f64>,
}

impl Law for Seen<'_> {
    fn log_prob(&self, x: f64) -> f64 {
        self.law.log_prob(x)
    }
    fn mean(&self) -> f64 {
        self.law.mean()
    }
    fn variance(&self) -> f64 {
        self.law.variance()
    }
}

impl Density for Seen<'_> {
    fn knots(&self) -> Vec<f64> {
        self.knots.clone()
    }
}

/// A peak between the points of the rule, which the knots do not name: the mass gives it away, on either side.
#[test]
fn a_spike_that_is_not_among_the_knots() -> anyhow::Result<()> {
    let (normal, knots) = (Normal::new(0.0, 1.0)?, vec![-INF, 0.0, INF]);
    for (at, width) in [(0.37, 1e-6), (0.9, 1e-9), (-3.0, 1e-4), (25.0, 1e-3), (1e6, 1.0)] {
        let spiky = Mixture::new(&[(0.9, normal), (0.1, Normal::new(at, width)?)])?;
        let seen = Seen { law: &spiky, knots: knots.clone() };
        let refused = [
            quadrature::entropy(&seen),
            quadrature::kl_divergence(&seen, &normal),
            quadrature::kl_divergence(&normal, &seen),
            quadrature::cross_entropy(&normal, &seen),
        ];
        for found in refused {
            assert!(matches!(found, Err(Error::NotConverged { .. })), "{at} {width}: {found:?}");
        }
        assert!(quadrature::entropy(&spiky).is_ok() && quadrature::kl_divergence(&normal, &spiky).is_ok());
    }
    // Half a density is none.
    struct Half;
    impl Law for Half {
        fn log_prob(&self, x: f64) -> f64 {
            -x.abs() - 4f64.ln()
        }
        fn mean(&self) -> f64 {
            0.0
        }
        fn variance(&self) -> f64 {
            2.0
        }
    }
    let said = quadrature::entropy(&Seen { law: &Half, knots }).unwrap_err().to_string();
    assert!(said.contains("the mass of a density") && said.contains("0.5"), "{said}");
    Ok(())
}

/// Wherever a kink or a jump lies between two points, the error that is stated is no less than the error that is made.
#[test]
fn kinks_and_jumps_anywhere() {
    for i in 1..300 {
        let c = f64::from(i) / 300.0 + 1e-5;
        let kink = integrate(|x| (x - c).abs(), &[0.0, 1.0], 1.0);
        let jump = integrate(|x| if x < c { 0.0 } else { 1.0 }, &[0.0, 1.0], 1.0);
        let corner = integrate(|x| (-(x - c).abs()).exp(), &[-INF, 0.0, INF], 1.0);
        let truths = [0.5 * (c * c + (1.0 - c) * (1.0 - c)), 1.0 - c, 2.0];
        for (found, truth) in [kink, jump, corner].into_iter().zip(truths) {
            let error = (found.value - truth).abs();
            assert!(error <= found.error, "{c}: {found:?} is {error} off");
        }
    }
}

/// Tails that reach beyond the largest double.
#[test]
fn tails_that_never_end() {
    let cases: [(&str, Integrand, f64); 3] = [
        ("1/(x ln² x)", |x| 1.0 / (x * x.ln().powi(2)), 1.0),
        ("x^(−1.005)", |x| x.powf(-1.005), 200.0),
        ("x^(−1.01)", |x| x.powf(-1.01), 100.0),
    ];
    for (name, f, truth) in cases {
        let from = if name.starts_with("1/") { E } else { 1.0 };
        let integral = integrate(f, &[from, INF], 1.0);
        let error = (integral.value - truth).abs();
        assert!(error <= integral.error, "{name}: {integral:?} is {error} off");
        assert!(integral.within(1e-9, "the test").is_err(), "{name}");
    }
}

/// Laws without a variance, with poles at both ends, narrow beside where they are, or beyond the range of f64 but for their logarithm.
#[test]
fn entropies_of_laws_that_look_hard() -> anyhow::Result<()> {
    let laws: [(Box<dyn Density>, f64); 12] = [
        (Box::new(Student::new(1.0, 0.0, 1.0)?), (4.0 * PI).ln()),
        (Box::new(Student::new(2.0, 5.0, 1e-3)?), Student::new(2.0, 5.0, 1e-3)?.entropy().nats()),
        (Box::new(Student::new(0.1, 0.0, 1.0)?), Student::new(0.1, 0.0, 1.0)?.entropy().nats()),
        (Box::new(Beta::new(0.5, 0.5)?), -0.241_564_475_270_490_44),
        (Box::new(Beta::new(1e12, 3e12)?), Beta::new(1e12, 3e12)?.entropy().nats()),
        (Box::new(Uniform::new(1e9, 1e9 + 1e-3)?), (1e9f64 + 1e-3 - 1e9).ln()),
        (Box::new(Gamma::new(1e12, 1e-9)?), Gamma::new(1e12, 1e-9)?.entropy().nats()),
        (Box::new(Weibull::new(1e12, 3.0)?), Weibull::new(1e12, 3.0)?.entropy().nats()),
        (Box::new(Weibull::new(0.05, 1.0)?), Weibull::new(0.05, 1.0)?.entropy().nats()),
        (Box::new(Lognormal::new(0.0, 26.0)?), Lognormal::new(0.0, 26.0)?.entropy().nats()),
        (Box::new(Lognormal::new(1000.0, 1.0)?), 1_001.418_938_533_204_7),
        (Box::new(Lognormal::new(-1e5, 1e-9)?), Lognormal::new(-1e5, 1e-9)?.entropy().nats()),
    ];
    for (i, (law, truth)) in laws.iter().enumerate() {
        let found = quadrature::entropy(&**law)?.nats();
        assert!((found - truth).abs() <= 1e-9 * truth.abs().max(1.0), "{i}: {found} is not {truth}");
    }
    let (p, q) = (Lognormal::new(1000.0, 1.0)?, Lognormal::new(1001.0, 2.0)?);
    assert!((quadrature::kl_divergence(&p, &q)? - p.kl_divergence(&q)).nats().abs() < 1e-9);
    assert!((quadrature::cross_entropy(&p, &q)? - p.cross_entropy(&q)).nats().abs() < 1e-6);
    Ok(())
}

/// Where E ln q has no end there is no number to find, and no integral to refuse.
#[test]
fn divergences_that_diverge() -> anyhow::Result<()> {
    let normal = Normal::new(0.0, 1.0)?;
    for df in [0.5, 1.0, 2.0] {
        let heavy = Student::new(df, 0.0, 1.0)?;
        assert_eq!(quadrature::kl_divergence(&heavy, &normal)?, Information::INFINITE);
        assert_eq!(quadrature::cross_entropy(&heavy, &normal)?, Information::INFINITE);
    }
    assert_eq!(
        quadrature::kl_divergence(&Student::new(1.0, 0.0, 1.0)?, &Laplace::new(0.0, 1.0)?)?,
        Information::INFINITE
    );
    let lighter = Student::new(2.5, 0.0, 1.0)?;
    let truth = normal.cross_entropy_of(&lighter) - lighter.entropy();
    assert!((quadrature::kl_divergence(&lighter, &normal)? - truth).nats().abs() < 1e-8);
    assert!(quadrature::kl_divergence(&normal, &Student::new(1.0, 0.0, 1.0)?)?.is_finite());
    Ok(())
}
