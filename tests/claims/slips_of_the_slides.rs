//! Where the slides slip or are loose, the exact statement holds: H(p,q) = H(p) + KL(p‖q), half the probability costs one bit more, …

use candle_core::{Device, Tensor};
use candle_mle::info::law::{Exponential, Uniform};
use candle_mle::info::{Pmf, clt};
use candle_mle::model::Linear;
use candle_mle::model::Logistic;
use candle_mle::{Empirical, Labelled, LossLog, Result, walk};

#[test]
fn cross_entropy_is_entropy_plus_divergence() -> Result<()> {
    // "H(p‖q) = −Σ p log q + KL" would count the divergence twice.
    let (p, q) = (Pmf::new([3], [0.5, 0.25, 0.25])?, Pmf::new([3], [0.25, 0.25, 0.5])?);
    let (h, kl, minus_sum_p_log_q) = (p.entropy(), p.kl_divergence(&q)?, p.expectation(|c| -q.values()[c[0]].log2()));
    assert_eq!((h.bits(), kl.bits(), minus_sum_p_log_q), (1.5, 0.25, 1.75));
    assert_eq!(p.cross_entropy(&q)?, h + kl);
    assert_eq!(p.cross_entropy(&q)?.bits(), minus_sum_p_log_q);
    assert_ne!(p.cross_entropy(&q)?.bits(), minus_sum_p_log_q + kl.bits());
    Ok(())
}

#[test]
fn half_the_probability_is_one_bit_more() -> Result<()> {
    // The loss table of the 3-class classifier, true class 1: "doubles the loss" is 0.51 → 1.03; it is 1.51.
    let truth = Pmf::new([3], [1.0, 0.0, 0.0])?;
    let loss = |pi: [f64; 3]| truth.cross_entropy(&Pmf::new([3], pi)?);
    let slide = [
        ([0.7, 0.2, 0.1], 0.51),
        ([0.4, 0.4, 0.2], 1.32),
        ([0.1, 0.1, 0.8], 3.32),
        ([0.05, 0.05, 0.9], 4.32),
        ([1., 0., 0.], 0.),
    ];
    for (pi, bits) in slide {
        assert!((loss(pi)?.bits() - bits).abs() < 0.005, "{pi:?}");
    }
    assert!((loss([0.35, 0.4, 0.25])?.bits() - 1.51).abs() < 0.005);
    let mut pi = 0.7;
    while pi > 1e-3 {
        let (whole, half) = (loss([pi, 1.0 - pi, 0.0])?, loss([pi / 2.0, 1.0 - pi / 2.0, 0.0])?);
        assert!(((half - whole).bits() - 1.0).abs() < 1e-14);
        pi /= 2.0;
    }
    for k in 0..20 {
        let pi = 0.5f64.powi(k); // here the bit is exact
        assert_eq!(loss([pi, 1.0 - pi, 0.0])?.bits(), f64::from(k));
    }
    Ok(())
}

/// That h(Z_n) converges is Barron (1986); that it rises at every single step was proved in 2004.
#[test]
fn the_entropy_of_normalised_sums_rises_at_every_step() -> Result<()> {
    for law in [&Exponential::new(1.0)? as &dyn clt::Summable, &Uniform::new(0.0, 1.0)?] {
        let h = clt::normalised_sums(law, 12)?;
        assert!(h.windows(2).all(|pair| pair[0] < pair[1]), "{h:?}");
    }
    Ok(())
}

/// "Three names for the same thing": the same number only where no x repeats, so that p̂(y|x) is one-hot and H(Y|X) = 0.
#[test]
fn where_no_x_repeats_the_three_are_one_number_and_elsewhere_the_floor_apart() -> Result<()> {
    let model = || Logistic::from_coefficients(&Tensor::new(&[[0.0, 0.0], [0.7, -0.4]], &Device::Cpu)?);
    for (x, repeats) in [([0.0, 1.0, 2.0, 3.0], false), ([0.0, 0.0, 2.0, 3.0], true)] {
        let x = Tensor::new(&x, &Device::Cpu)?.unsqueeze(1)?;
        let data = Empirical::from_sample(Labelled::new(x, Tensor::new(&[0u32, 1, 1, 0], &Device::Cpu)?)?)?;
        let mut log = LossLog::new();
        walk([model()], &data, &mut log)?;
        let row = log.history()?.rows()[0];
        assert!((row.cross_entropy - row.nll / 4.0).abs() < 1e-15);
        // Two of the four rows share an x and differ in y: a bit for each of the two.
        let floor = if repeats { 0.5 * 2f64.ln() } else { 0.0 };
        assert!((row.cross_entropy - row.kl - floor).abs() < 1e-15, "{row:?}");
        assert!((data.entropy().nats() - floor).abs() < 1e-15);
    }
    Ok(())
}
