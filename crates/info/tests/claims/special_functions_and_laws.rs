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

/// However wide, skewed or near; truth by mpmath, the sum over counts and an integral behind them, 60 digits.
#[test]
fn divergences_of_counts() -> Result<()> {
    #[rustfmt::skip]
    let cases = [
        ([1e5, 0.3, 1e5, 0.6], 0.228_869_898_796_617_7),
        ([1e6, 0.5, 1e6, 1.0], 0.215_841_946_312_36),
        ([1e3, 1e-5, 1e3, 1e-4], 0.001_093_337_292_807_445),
        ([1e6, 0.01, 2e6, 0.01], 0.001_931_471_793_099_453_2),
        ([1.1e5, 1.0, 1.2e5, 1.0], 0.003_678_012_090_910_883),
        ([1.0, 1e-6, 1.0, 2e-6], 3.853_005_528_345_164e-6),
        ([1.0, 1.1e-10, 1.0, 1e-10], 1.063_214_627_481_991_2e-11),
        ([1e11, 1e3, 1e11, 1.001e3], 2.499_167_032_950_228_5e-7),
        ([3e4, 1e12, 3e4, 2e12], 5.624_999_774_996_257e-17),
        ([5.0, 1e8, 5.0, 2e8], 1.562_499_885_416_673e-16),
        ([1e6, 50.0, 1.1e6, 80.0], 0.417_424_646_812_320_5),
    ];
    for ([m, r, n, s], truth) in cases {
        let found = NegativeBinomial::new(m, r)?.kl_divergence(&NegativeBinomial::new(n, s)?).nats();
        near(&format!("({m:e}, {r:e}) from ({n:e}, {s:e})"), found, truth, 1e-9 * truth);
    }
    let sizes = [1e-75, 1e-20, 0.3, 7.0, 1e20, 1e75];
    for m in sizes {
        for [r, s] in sizes.into_iter().flat_map(|r| sizes.map(|s| [r, s])) {
            let found = NegativeBinomial::new(m, r)?.kl_divergence(&NegativeBinomial::new(m, s)?).nats();
            assert!(
                found >= 0.0 && found.is_finite() && (found == 0.0) == (r == s),
                "mean {m:e}, sizes {r:e} and {s:e}: {found:e}"
            );
        }
    }
    Ok(())
}

/// Means beyond the digits of a size; truth by mpmath, 50 digits.
#[test]
fn counts_of_any_mean() -> Result<()> {
    let cases = [
        (1e20, 3.0, 0.0, -134.859_268_713_638_41),
        (1e16, 3.0, 0.0, -107.228_247_597_709_87),
        (1e14, 3.0, 0.0, -93.412_737_039_745_68),
        (1e20, 3.0, 1e20, -46.449_012_174_436_53),
        (1e12, 3.0, 7.0, -76.013_707_543_355_21),
        (1e16, 3.0, 1e16, -37.238_671_802_460_345),
    ];
    for (m, r, k, truth) in cases {
        near("ln P", NegativeBinomial::new(m, r)?.log_prob(k), truth, 1e-14 * -truth);
    }
    Ok(())
}

/// Tails that reach beyond all numbers, and peaks far away or narrow; truth by mpmath over ln |x|, 40 digits.
#[test]
fn divergences_of_students() -> Result<()> {
    #[rustfmt::skip]
    let cases = [
        (0.001, 1.0, 0.0, 1.0, 988.414_790_153_888_1),
        (0.01, 2.0, 0.0, 1.0, 187.891_409_424_524_26),
        (0.1, 3.0, 0.0, 1.0, 20.500_547_407_838_557),
        (0.05, 50.0, 0.0, 1.0, 809.048_954_646_497_4),
        (1e5, 1.0, 0.0, 1.0, 0.259_239_532_499_790_54),
        (3.0, 3.0, 1e6, 1.0, 52.292_228_932_281_1),
        (3.0, 3.0, 0.0, 1e-6, 36.673_950_951_647_04),
        (2.5, 7.0, 0.5, 2.0, 0.178_951_051_080_836_2),
    ];
    for (df, other, m, t, truth) in cases {
        let found = Student::new(df, 0.0, 1.0)?.kl_divergence(&Student::new(other, m, t)?).nats();
        near(&format!("{df} from {other}, {m:e} and {t:e}"), found, truth, 1e-9 * truth);
    }
    Ok(())
}

/// Of which the textbook's difference keeps nothing; truth by mpmath, 50 digits.
#[test]
fn variances_of_narrow_weibull_distributions() -> Result<()> {
    let cases = [
        (1e8, 1.0, 1.644_934_023_817_455_3e-16),
        (1e6, 1e-9, 1.644_929_763_782_716_3e-30),
        (20.0, 1.0, 0.003_640_214_797_953_980_4),
        (0.5, 2.0, 80.0),
    ];
    for (shape, scale, truth) in cases {
        near("variance", Weibull::new(shape, scale)?.variance(), truth, 1e-12 * truth);
    }
    Ok(())
}
