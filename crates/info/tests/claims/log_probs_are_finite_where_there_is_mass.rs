//! ln p is a finite number wherever a distribution has mass, −∞ elsewhere and NaN only at NaN, however extreme parameters and x.

use candle_mle_info::Result;
use candle_mle_info::clt::Summable;
use candle_mle_info::law::{
    Bernoulli, Beta, ClosedForm, Exponential, Gamma, Laplace, Law, Logistic, Lognormal, Mixture, MultivariateNormal,
    NegativeBinomial, Normal, Poisson, Student, Uniform, Weibull,
};

#[track_caller]
fn near(law: &dyn Law, x: f64, truth: f64) {
    let found = law.log_prob(x);
    assert!((found - truth).abs() <= 1e-13 * truth.abs(), "at {x:e}: {found:e} is not {truth:e}");
}

/// Where a product on the way is 0 or infinite as a double; truth by mpmath, 120 digits.
#[test]
fn products_that_leave_the_range_of_doubles() -> Result<()> {
    near(&Gamma::new(2.0, 1e-75)?, 1e-300, -1_036.163_291_847_320_6);
    near(&Gamma::new(0.5, 1e-75)?, 1e-300, 258.468_458_018_905_44);
    near(&Gamma::new(1e-75, 1e-75)?, 1e-300, 518.081_645_923_660_3);
    near(&Gamma::new(3.0, 1e75)?, 1e-310, -910.214_258_913_208);
    near(&Gamma::new(1e75, 1e-75)?, 1e-280, -9.891_115_899_874_396e77);
    near(&Gamma::new(2.5, 1e75)?, 1e230, -1e305);
    near(&Gamma::new(7.0, 1e-75)?, 5e-324, -5_682.076_856_562_172);
    near(&Beta::new(5e-76 + 5e-76, 3.0)?, 1e-310, 541.107_496_853_600_8);
    near(&Beta::new(2.0, 3.0)?, 1e-320, -734.342_334_241_185_9);
    near(&Beta::new(1e-75, 1e-60)?, 5e-324, 571.746_189_946_827_8);
    near(&Beta::new(1e75, 1e75)?, 0.25, -2.876_820_724_517_809e74);
    near(&Poisson::new(1e-300)?, 1.0, -690.775_527_898_213_7);
    near(&Poisson::new(1e75)?, 1e80, -1.051_293_546_497_023e81);
    near(&Poisson::new(1e-320)?, 3.0, -2_212.273_482_142_15);
    near(&Poisson::new(2.0)?, 1e300, -6.890_823_807_176_538e302);
    Ok(())
}

const SIZES: [f64; 7] = [1e-75, 1e-30, 0.3, 1.0, 2.0, 1e30, 1e75];
const FAR: [f64; 12] = [5e-324, 1e-310, 1e-300, 1e-75, 0.3, 1.0, 2.0, 1e30, 1e100, 1e160, 1e300, f64::MAX];

#[track_caller]
fn inside(law: &dyn Law, x: f64) {
    let found = law.log_prob(x);
    assert!(found.is_finite(), "{found} at {x:e}");
    assert!(found != 0.0 || found.is_sign_positive(), "−0 at {x:e}");
}

#[track_caller]
fn outside(law: &dyn Law, xs: &[f64]) {
    for x in xs.iter().chain(&[f64::INFINITY, f64::NEG_INFINITY]) {
        assert_eq!(law.log_prob(*x), f64::NEG_INFINITY, "at {x:e}");
    }
    assert!(law.log_prob(f64::NAN).is_nan());
}

#[test]
fn all_over_the_line() -> Result<()> {
    for size in SIZES {
        for other in SIZES {
            let line: [Box<dyn Law>; 5] = [
                Box::new(Normal::new(-other, size)?),
                Box::new(Laplace::new(other, size)?),
                Box::new(Logistic::new(-other, size)?),
                Box::new(Student::new(other, 1.0, size)?),
                Box::new(Mixture::new(&[(0.5, Normal::new(0.0, size)?), (0.5, Normal::new(0.0, other)?)])?),
            ];
            for law in line {
                FAR.iter().for_each(|x| [-x, 0.0, *x].iter().for_each(|x| inside(&*law, *x)));
                outside(&*law, &[]);
            }
            let half: [Box<dyn Law>; 4] = [
                Box::new(Exponential::new(size)?),
                Box::new(Gamma::new(size, other)?),
                Box::new(Weibull::new(size, other)?),
                Box::new(Lognormal::new(other.ln(), size)?),
            ];
            for law in half {
                FAR.iter().for_each(|x| inside(&*law, *x));
                outside(&*law, &[-5e-324, -1.0]);
            }
            let beta = Beta::new(size, other)?;
            [5e-324, 1e-310, 1e-300, 1e-75, 0.3, 1.0 - 2f64.powi(-53)].iter().for_each(|x| inside(&beta, *x));
            outside(&beta, &[-5e-324, 1.0 + f64::EPSILON]);
            let counts = NegativeBinomial::new(size, other)?;
            [0.0, 1.0, 1e3, 1e80, 1e300, f64::MAX].iter().for_each(|x| inside(&counts, *x));
            outside(&counts, &[-1.0, 0.5]);
        }
        let poisson = Poisson::new(size)?;
        [0.0, 1.0, 1e3, 1e80, 1e300, f64::MAX].iter().for_each(|x| inside(&poisson, *x));
        outside(&poisson, &[-1.0, 0.5]);
    }
    outside(&Poisson::new(0.0)?, &[1.0, 1e300]);
    outside(&Uniform::new(0.0, 1.0)?, &[-5e-324, 1.5]);
    let plane = MultivariateNormal::new(&[0.0, 1e75], &[[1e-150, 0.0], [0.0, 1.0]])?;
    for x in FAR {
        assert!(plane.log_prob(&[x, -x])?.is_finite(), "{x:e}");
        assert_eq!(plane.log_prob(&[x, f64::INFINITY])?, f64::NEG_INFINITY);
        assert!(
            plane.log_prob(&[f64::NAN, f64::INFINITY])?.is_nan()
                && plane.log_prob(&[-f64::INFINITY, f64::NAN])?.is_nan()
        );
    }
    Ok(())
}

/// A sure outcome has ln p = 0, and a location of −0 is 0.
#[test]
fn zero_has_no_sign() -> Result<()> {
    let zeros = [
        Uniform::new(2.0, 3.0)?.log_prob(2.5),
        Bernoulli::new(0.0)?.log_prob(0.0),
        Bernoulli::new(-0.0)?.log_prob(0.0),
        Bernoulli::new(1.0)?.log_prob(1.0),
        Poisson::new(0.0)?.log_prob(0.0),
        Poisson::new(-0.0)?.log_prob(0.0),
        Poisson::new(-0.0)?.mean(),
        Bernoulli::new(-0.0)?.mean(),
        Normal::new(-0.0, 1.0)?.mean(),
        Uniform::new(-0.0, 1.0)?.low(),
        Laplace::new(-0.0, 1.0)?.mean(),
        Poisson::new(0.0)?.entropy().nats(),
        Bernoulli::new(1.0)?.entropy().nats(),
        Uniform::new(0.0, 1.0)?.entropy().nats(),
    ];
    for (at, zero) in zeros.into_iter().enumerate() {
        assert_eq!(zero.to_bits(), 0, "number {at}");
    }
    Ok(())
}

/// Sums of draws at the ends of what they reach, and a tail of Student's beyond numbers in its unit; truth by mpmath.
#[test]
fn sums_and_tails_far_out() -> Result<()> {
    let (cube, ray) = (Uniform::new(0.0, 1.0)?, Laplace::new(0.0, 1.0)?);
    near(&*cube.sum_law(128)?, 1e-3, -1_368.838_368_654_029_4);
    near(&*cube.sum_law(128)?, 128.0 - 1.0 / 1024.0, 127.0 * (1.0 / 1024.0f64).ln() - 491.553_448_223_298);
    near(&*cube.sum_law(128)?, 1.5, -440.059_379_493_561_1);
    near(&*ray.sum_law(128)?, 1e10, -9_999_997_655.993_218);
    near(&*ray.sum_law(128)?, 50.0, -8.536_839_939_110_155);
    near(&*ray.sum_law(3)?, 1e200, -1e200);
    near(&Student::new(1.0, 0.0, 1e-75)?, 1e300, -1_555.389_667_656_830_2);
    for n in [1, 2, 3, 128] {
        for law in [cube.sum_law(n)?, ray.sum_law(n)?] {
            assert!(law.log_prob(f64::NAN).is_nan());
            assert_eq!([law.log_prob(f64::INFINITY), law.log_prob(f64::NEG_INFINITY)], [f64::NEG_INFINITY; 2]);
        }
        let narrow = Laplace::new(0.0, 1e-75)?.sum_law(n)?;
        assert_eq!(narrow.log_prob(1e300), f64::MIN);
    }
    Ok(())
}
