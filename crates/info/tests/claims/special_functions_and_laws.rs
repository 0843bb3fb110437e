//! ln Γ, ψ and ψ′ to the errors that they state, and the log_prob of laws that scipy has too: values by tests/reference/families.py.

use candle_mle_info::Result;
use candle_mle_info::law::{ClosedForm, Law, Lognormal, NegativeBinomial, Student, Weibull};
use candle_mle_info::special::{digamma, ln_gamma, student_norm, trigamma};

/// x, ln Γ(x), ψ(x), ψ′(x), of 40 digits by mpmath.
#[allow(clippy::excessive_precision, reason = "the digits as they were made")]
const KNOWN: [(f64, f64, f64, f64); 12] = [
    (1e-8, 18.420680738180209, -100000000.57721565, 10000000000000001.0),
    (0.001, 6.9071788853838537, -1000.5755719318103, 1000001.6425331958),
    (0.3, 1.0957979948180756, -3.5025242222001331, 12.245364546107731),
    (1.0, 0.0, -0.57721566490153286, 1.6449340668482264),
    (1.4616321449683623, -0.12148629053584961, -9.2412655217294275e-17, 0.96767224544762125),
    (2.0, 0.0, 0.42278433509846714, 0.64493406684822644),
    (2.5, 0.28468287047291916, 0.70315664064524319, 0.49035775610023486),
    (9.99, 12.779315214350193, 2.2507003728312011, 0.10527695014824178),
    (10.01, 12.824350262448247, 2.2528037003181357, 0.10505595320551509),
    (123.456, 469.60554712992948, 4.8118293238289854, 0.0081329458342781978),
    (1e6, 12815504.569147612, 13.815510057964191, 1.0000005000001667e-6),
    (1e15, 33538776394910669.0, 34.538776394910685, 1.0000000000000005e-15),
];

#[track_caller]
fn near(what: &str, found: f64, truth: f64, tolerance: f64) {
    assert!((found - truth).abs() <= tolerance, "{what}: {found:e} is not {truth:e}");
}

#[test]
fn gamma_functions_err_by_what_they_state() {
    for (x, log, first, second) in KNOWN {
        near("ln gamma", ln_gamma(x), log, 1e-14 * log.abs().max(1.0));
        near("digamma", digamma(x), first, 1e-14 * first.abs().max(1.0));
        near("trigamma", trigamma(x), second, 1e-13 * second);
    }
}

/// The normaliser of Student's t keeps its digits where the gamma functions in it have none left, and its slope is one.
#[test]
fn the_normaliser_of_students_t() {
    for a in [1e-3, 0.5, 1.0, 7.3, 400.0] {
        let plain = ln_gamma(a) + ln_gamma(0.5) - ln_gamma(a + 0.5) + 0.5 * a.ln();
        near("value", student_norm(a)[0], plain, 1e-12);
        let h = 1e-5 * a;
        let slope = (student_norm(a + h)[0] - student_norm(a - h)[0]) / (2.0 * h);
        near("slope", student_norm(a)[1], slope, 1e-7 * slope.abs().max(1e-3));
    }
    // Γ(a + ½)/Γ(a) = √a (1 − 1/8a + …)
    near("limit", student_norm(1e9)[0] - 0.5 * std::f64::consts::PI.ln(), 1.25e-10, 1e-15);
}

#[test]
fn log_probs_and_entropies_are_scipys() -> Result<()> {
    near("lognormal", Lognormal::new(0.5, 1.3)?.log_prob(2.0), -1.885487207036327, 1e-14);
    near("Weibull", Weibull::new(1.7, 3.0)?.log_prob(2.0), -1.353741584595813, 1e-14);
    near("Student", Student::new(2.5, 1.0, 3.0)?.log_prob(-7.0), -4.471852815401613, 1e-14);
    // The Gaussian, but for 1e-8; scipy's own is off by 1e-9 here.
    near("Student", Student::new(1e8, 1.0, 3.0)?.log_prob(-7.0), -5.573106289064147, 1e-8);
    near("Student's entropy", Student::new(2.5, 1.0, 3.0)?.entropy().nats(), 2.946372359244031, 1e-13);
    near("Weibull's entropy", Weibull::new(1.7, 3.0)?.entropy().nats(), 1.805661076094806, 1e-13);
    let p = NegativeBinomial::new(3.0, 0.7)?;
    near("of 0", p.log_prob(0.0), -1.165505434512238, 1e-14);
    near("of 11", p.log_prob(11.0), -4.462152029954172, 1e-13);
    near("of many", NegativeBinomial::new(1e6, 50.0)?.log_prob(1.2e6), -13.84632711889189, 1e-8);
    let q = NegativeBinomial::new(4.0, 2.0)?;
    near("KL", p.kl_divergence(&q).nats(), 0.1784452875502579, 1e-12);
    assert_eq!((p.log_prob(0.5), p.log_prob(-1.0)), (f64::NEG_INFINITY, f64::NEG_INFINITY));
    assert_eq!(p.kl_divergence(&p).nats(), 0.0);
    // A wide one by an integral: doubling all means of gamma mixtures of one shape costs what the means do.
    let (wide, twice) = (NegativeBinomial::new(1e8, 3.0)?, NegativeBinomial::new(2e8, 3.0)?);
    near("wide", wide.kl_divergence(&twice).nats(), 3.0 * (2f64.ln() - 0.5), 1e-6);
    Ok(())
}
