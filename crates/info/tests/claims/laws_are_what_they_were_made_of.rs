//! A law gives back the numbers it was made of, each under its own name, and what is known of it in digits.

use candle_mle_info::Result;
use candle_mle_info::clt::Summable;
use candle_mle_info::law::{
    Bernoulli, Beta, ClosedForm, Exponential, Gamma, Laplace, Law, Logistic, MultivariateNormal, NegativeBinomial,
    Normal, Poisson, Student, Uniform, Weibull,
};

#[test]
fn number_by_number() -> Result<()> {
    let (a, b, c) = (2.5, 0.75, -3.25);
    let (weibull, gamma, beta) = (Weibull::new(a, b)?, Gamma::new(a, b)?, Beta::new(a, b)?);
    assert_eq!(
        [weibull.shape(), weibull.scale(), gamma.shape(), gamma.rate(), beta.alpha(), beta.beta()],
        [a, b, a, b, a, b]
    );
    let (logistic, laplace) = (Logistic::new(c, b)?, Laplace::new(c, b)?);
    assert_eq!([logistic.location(), logistic.scale(), laplace.location(), laplace.scale()], [c, b, c, b]);
    let (student, uniform) = (Student::new(a, c, b)?, Uniform::new(c, a)?);
    assert_eq!([student.df(), student.location(), student.scale(), uniform.low(), uniform.high()], [a, c, b, c, a]);
    let (normal, counts) = (Normal::new(c, b)?, NegativeBinomial::new(a, b)?);
    assert_eq!(
        [normal.mean(), normal.sd(), counts.mean(), counts.size(), Exponential::new(b)?.rate()],
        [c, b, a, b, b]
    );
    let plane = MultivariateNormal::new(&[a, c], &[vec![4.0, 1.0], vec![1.0, 9.0]])?;
    assert_eq!((plane.dimension(), plane.mean()), (2, &[a, c][..]));
    let sixth = 1.0 / 2.0 / 3.0;
    assert_eq!(plane.correlations(), [[1.0, sixth], [sixth, 1.0]]);
    Ok(())
}

/// Mean and variance are the sums over all counts.
#[test]
fn moments_of_counts() -> Result<()> {
    let laws: [&dyn Law; 5] = [
        &Bernoulli::new(0.3)?,
        &Bernoulli::new(1.0)?,
        &Poisson::new(2.5)?,
        &NegativeBinomial::new(2.5, 0.75)?,
        &NegativeBinomial::new(0.1, 40.0)?,
    ];
    for law in laws {
        let sum =
            |f: &dyn Fn(f64) -> f64| (0..1000).map(|k| f(f64::from(k)) * law.log_prob(f64::from(k)).exp()).sum::<f64>();
        let mean = sum(&|k| k);
        let variance = sum(&|k| (k - mean).powi(2));
        assert!((law.mean() - mean).abs() < 1e-12 && (law.variance() - variance).abs() < 1e-11, "{mean} {variance}");
    }
    Ok(())
}

/// A sum of one draw is the draw, at the ends of a support too.
#[test]
fn one_draw_is_its_own_sum() -> Result<()> {
    fn same<L: Law + Summable>(law: &L, places: &[f64]) -> Result<()> {
        let sum = law.sum_law(1)?;
        for x in places {
            let (found, truth) = (sum.log_prob(*x), law.log_prob(*x));
            assert!(found == truth || (found - truth).abs() < 1e-14, "{x}: {found} is not {truth}");
        }
        Ok(())
    }
    same(&Uniform::new(-1.0, 3.0)?, &[-1.1, -1.0, 0.5, 3.0, 3.1])?;
    same(&Laplace::new(1.0, 2.0)?, &[-9.0, 1.0, 1.5])?;
    same(&Exponential::new(2.0)?, &[-1.0, 0.0, 0.3, 7.0])?;
    same(&Normal::new(2.0, 3.0)?, &[-1.0, 2.0, 7.0])
}

/// r = 1 is the geometric distribution, ln(p/q) + μ ln((1 − p)/(1 − q)), of however small a mean.
#[test]
fn a_negative_binomial_of_size_1_is_geometric() -> Result<()> {
    for (mean, other) in [(1e-9, 1e-8), (1e-3, 2e-3), (0.01, 3.0), (0.5, 0.4), (4.0, 0.1), (300.0, 200.0)] {
        let (p, q): (f64, f64) = (1.0 / (1.0 + mean), 1.0 / (1.0 + other));
        let truth = (p / q).ln() + mean * ((1.0 - p) / (1.0 - q)).ln();
        let kl = NegativeBinomial::new(mean, 1.0)?.kl_divergence(&NegativeBinomial::new(other, 1.0)?).nats();
        assert!((kl - truth).abs() < 1e-10 * truth + 1e-15, "{mean} and {other}: {kl} is not {truth}");
    }
    Ok(())
}

/// Of shape 1 they are exponential distributions; ½ e² of scales that differ by e, of which a difference of large terms keeps nothing.
#[test]
fn weibull_distributions_that_nearly_agree() -> Result<()> {
    for e in [1e-5, 1e-3, 0.5] {
        let (near, apart) = (Weibull::new(1.0, 3.0)?, Weibull::new(1.0, 3.0 * (1.0 + e))?);
        let truth = f64::ln_1p(e) - e / (1.0 + e);
        let found = near.kl_divergence(&apart).nats();
        assert!((found / truth - 1.0).abs() < 1e-8, "{e}: {found} is not {truth}");
    }
    Ok(())
}

/// Where the series has taken over from the sum: the sum in 30 digits (mpmath).
#[test]
fn the_entropy_of_many_counts() -> Result<()> {
    for (rate, truth) in [(10_001.0, 6.024_150_383_776_211), (20_000.5, 6.370_690_642_649_819)] {
        let h = Poisson::new(rate)?.entropy().nats();
        assert!((h - truth).abs() < 4e-15, "{rate}: {h} is not {truth}");
    }
    Ok(())
}
