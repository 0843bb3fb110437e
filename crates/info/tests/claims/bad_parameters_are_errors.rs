//! Whatever is typed, a law answers with an error that names the value and the range, and never panics.

use candle_mle_info::clt::{self, Summable};
use candle_mle_info::law::*;
use candle_mle_info::{Error, Information, Result};
use proptest::prelude::*;

const NAN: f64 = f64::NAN;
const INF: f64 = f64::INFINITY;

#[test]
fn out_of_range() -> anyhow::Result<()> {
    for bad in [NAN, INF, -INF, -1.0, 0.0, 1e-80, 1e80] {
        assert!(Exponential::new(bad).is_err());
        assert!(Gamma::new(bad, 1.0).is_err() && Gamma::new(1.0, bad).is_err());
        assert!(Beta::new(bad, 1.0).is_err() && Beta::new(1.0, bad).is_err());
        assert!(Normal::new(0.0, bad).is_err());
        assert!(Laplace::new(0.0, bad).is_err());
        assert!(Logistic::new(0.0, bad).is_err());
    }
    for variance in [NAN, INF, -1.0, 0.0, 1e-160, 1e160] {
        assert!(MultivariateNormal::new(&[0.0], &[[variance]]).is_err());
    }
    for bad in [NAN, INF, -INF, 1e80] {
        assert!(Normal::new(bad, 1.0).is_err());
        assert!(Laplace::new(bad, 1.0).is_err());
        assert!(Logistic::new(bad, 1.0).is_err());
        assert!(Uniform::new(bad, 1.0).is_err() && Uniform::new(0.0, bad).is_err());
        assert!(MultivariateNormal::new(&[bad], &[[1.0]]).is_err());
    }
    for bad in [NAN, INF, -1e-9, 1.0 + 1e-9] {
        assert!(Bernoulli::new(bad).is_err());
    }
    for bad in [NAN, INF, -1e-9] {
        assert!(Poisson::new(bad).is_err());
    }
    assert!(Uniform::new(1.0, 1.0).is_err() && Uniform::new(1.0, 0.0).is_err());
    assert!(entropy_scaled(Information::ZERO, NAN).is_err());
    assert!(Normal::matching(&Bernoulli::new(1.0)?).is_err(), "no variance, no Gaussian");
    Ok(())
}

#[test]
fn the_message_helps() {
    let message = Gamma::new(2.0, -0.5).unwrap_err().to_string();
    assert_eq!(message, "rate = -0.5, but a positive number, from 1e-75 to 1e75, is needed");
    match Bernoulli::new(1.2).unwrap_err() {
        Error::Parameter { what: "p", value: 1.2, allowed: "a number in [0, 1]" } => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn mixtures() -> anyhow::Result<()> {
    let normal = Normal::new(0.0, 1.0)?;
    assert!(matches!(Mixture::new(&[]), Err(Error::Empty { .. })));
    for weights in [[0.5, 0.6], [-0.1, 1.1], [NAN, 1.0], [0.0, 0.0], [INF, 0.0]] {
        let result = Mixture::new(&[(weights[0], normal), (weights[1], normal)]);
        assert!(matches!(result, Err(Error::Parameter { .. })), "{weights:?}");
    }
    let law = Mixture::new(&[(0.0, normal), (1.0, normal)])?;
    assert_eq!(law.log_prob(0.3), normal.log_prob(0.3));
    assert!(law.sum(0).is_err());
    Ok(())
}

#[test]
fn too_many_draws() -> anyhow::Result<()> {
    let part = |mean| Normal::new(mean, 1.0).map(|normal| (0.25, normal));
    let four = Mixture::new(&[part(0.0)?, part(1.0)?, part(5.0)?, part(9.0)?])?;
    assert!(four.sum(40).is_ok());
    assert!(four.sum(1000).is_err() && four.sum(usize::MAX / 2).is_err() && four.sum(usize::MAX).is_err());
    let laws: [&dyn Summable; 4] =
        [&Uniform::new(0.0, 1.0)?, &Laplace::new(0.0, 1.0)?, &Exponential::new(1.0)?, &Normal::new(0.0, 1.0)?];
    for (i, law) in laws.into_iter().enumerate() {
        let refused = law.sum_entropy(0).expect_err("a sum of nothing").to_string();
        assert_eq!(refused.contains("a number from 1 to 128"), i < 2, "{refused}");
        assert_eq!(law.sum_entropy(1_000_000).is_ok(), i >= 2);
        assert!(clt::normalised_sums(law, 0)?.is_empty());
    }
    Ok(())
}

#[test]
fn covariances() -> anyhow::Result<()> {
    type Rows<'a> = &'a [&'a [f64]];
    let new = |mean: &[f64], rows: Rows| MultivariateNormal::new(mean, rows);
    assert!(matches!(new(&[], &[]), Err(Error::Empty { .. })));
    assert!(matches!(new(&[0.0], &[]), Err(Error::Shape { .. })));
    assert!(matches!(new(&[0.0; 2], &[&[1.0, 0.0], &[0.0]]), Err(Error::Shape { .. })));
    assert!(matches!(new(&[0.0; 2], &[&[1.0, 0.2], &[0.3, 1.0]]), Err(Error::NotSymmetric { .. })));
    assert!(matches!(new(&[0.0; 2], &[&[1.0, NAN], &[NAN, 1.0]]), Err(Error::NotFinite { row: 1, column: 0, .. })));
    assert!(new(&[0.0; 2], &[&[1.0, INF], &[INF, 1.0]]).is_err());
    assert!(new(&[0.0], &[&[NAN]]).is_err() && new(&[0.0], &[&[-1.0]]).is_err() && new(&[0.0], &[&[0.0]]).is_err());
    // Axis 2 is the sum of axes 0 and 1, in a rounding of which a Cholesky factor may exist.
    for scale in [1.0, 0.1, 1e-30] {
        let s = scale;
        let result = new(&[0.0; 3], &[&[s, 0.0, s], &[0.0, s, s], &[s, s, 2.0 * s]]);
        assert!(matches!(result, Err(Error::NotPositiveDefinite { axis: 2 })), "{result:?}");
    }
    let beyond = new(&[0.0; 2], &[&[1.0, -3.0], &[-3.0, 4.0]]);
    assert!(
        matches!(beyond, Err(Error::CovarianceTooLarge { row: 1, column: 0, value: -3.0, most: 2.0 })),
        "{beyond:?}"
    );
    assert!(new(&[0.0; 2], &[&[1.0, 2.0], &[2.0, 1.0]]).unwrap_err().to_string().contains("standard deviations"));
    // Every pair could be, but if two follow the third they follow each other.
    for scale in [1.0, 1e-30] {
        let s = scale;
        let result = new(&[0.0; 3], &[&[s, 0.9 * s, 0.9 * s], &[0.9 * s, s, -0.9 * s], &[0.9 * s, -0.9 * s, s]]);
        assert!(matches!(result, Err(Error::Indefinite { axis: 2 })), "{result:?}");
    }
    let (one, two) = (new(&[0.0], &[&[1.0]])?, new(&[0.0; 2], &[&[1.0, 0.0], &[0.0, 1.0]])?);
    assert!(one.kl_divergence(&two).is_err() && two.cross_entropy(&one).is_err());
    assert!(two.log_prob(&[0.0]).is_err());
    let leaning = new(&[0.0; 2], &[&[1.0, 0.5], &[0.5, 1.0]])?;
    for far in [[INF, INF], [-INF, 0.0]] {
        assert_eq!(leaning.log_prob(&far)?, -INF);
    }
    assert_eq!(leaning.log_prob(&[1e308, -1e308])?, f64::MIN, "inside the support, and beyond the range of f64");
    assert!(leaning.log_prob(&[NAN, INF])?.is_nan());
    assert!(matches!(two.mutual_information(&[0], &[2]), Err(Error::NoSuchAxis { axis: 2, dimension: 2 })));
    assert!(matches!(two.mutual_information(&[], &[0]), Err(Error::Empty { .. })));
    assert!(matches!(two.mutual_information(&[0, 0], &[1]), Err(Error::AxisTwice { axis: 0 })));
    assert!(matches!(two.mutual_information(&[0], &[1, 0, 1]), Err(Error::AxisTwice { axis: 1 })));
    let none: [[f64; 2]; 0] = [];
    assert!(two.affine(&none, &[]).is_err());
    assert!(two.affine(&[[1.0, 1.0]], &[]).is_err() && two.affine(&[[1.0]], &[0.0]).is_err());
    assert!(two.affine(&[[1.0, 1.0], [2.0, 2.0]], &[0.0; 2]).is_err());
    Ok(())
}

proptest! {
    /// Any bits at all: an error, or a law whose measures are numbers.
    #[test]
    fn any_bits(a in any::<u64>(), b in any::<u64>(), x in any::<u64>()) {
        let (a, b, x) = (f64::from_bits(a), f64::from_bits(b), f64::from_bits(x));
        fn sane<L: ClosedForm>(law: Result<L>, x: f64) {
            if let Ok(law) = law {
                assert!(!law.entropy().nats().is_nan());
                assert_eq!(law.kl_divergence(&law), Information::ZERO);
                assert!(x.is_nan() || !law.log_prob(x).is_nan());
            }
        }
        sane(Bernoulli::new(a), x);
        sane(Poisson::new(a), x);
        sane(Exponential::new(a), x);
        sane(Gamma::new(a, b), x);
        sane(Beta::new(a, b), x);
        sane(Uniform::new(a, b), x);
        sane(Laplace::new(a, b), x);
        sane(Logistic::new(a, b), x);
        sane(Normal::new(a, b), x);
        sane(Lognormal::new(a, b), x);
        sane(Weibull::new(a, b), x);
        sane(Student::new(a, b, x), x);
    }
}
