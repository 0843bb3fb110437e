//! A law gives back the numbers it was made of, each under its own name.

use candle_mle_info::Result;
use candle_mle_info::law::{
    Beta, Exponential, Gamma, Laplace, Law, Logistic, MultivariateNormal, NegativeBinomial, Normal, Student, Uniform,
    Weibull,
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
    Ok(())
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
