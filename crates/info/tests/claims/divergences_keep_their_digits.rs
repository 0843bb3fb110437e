//! KL, Jensen–Shannon, mutual information and total correlation keep ten digits however near 0 they are, and none falls below it.

use candle_mle_info::law::{
    Bernoulli, Beta, ClosedForm, Exponential, Gamma, Laplace, Logistic, MultivariateNormal, NegativeBinomial, Normal,
    Student, Uniform, Weibull,
};
use candle_mle_info::{Information, Pmf, Result};
use proptest::prelude::*;

/// To a share of the truth.
#[track_caller]
fn near(found: Information, nats: f64, share: f64) {
    let found = found.nats();
    assert!((found - nats).abs() <= share * nats, "{found:e} is not {nats:e}");
}

/// A divergence of 1e-16 is the square of a difference of 1e-8: the doubles hold eight digits of that, or all of them.
/// Truth: Σ (p ln p/q − p + q) at the very doubles, in 60 digits (mpmath).
#[test]
fn between_tables() -> Result<()> {
    let q = Pmf::bernoulli(0.3)?;
    let coins = [
        (1e-4, 2.380_801_242_659_891_4e-8),
        (1e-6, 2.380_950_869_033_204_5e-12),
        (1e-8, 2.380_952_355_398_602_5e-16),
        (-1e-8, 2.380_952_401_493_247_5e-16),
        (1e-12, 2.380_688_449_615_245_6e-24),
    ];
    for (shift, nats) in coins {
        near(Pmf::bernoulli(0.3 + shift)?.kl_divergence(&q)?, nats, 1e-13);
    }
    let (p, q) = (Pmf::new([3], [0.2 + 1e-9, 0.3 - 1e-9, 0.5])?, Pmf::new([3], [0.2, 0.3, 0.5])?);
    near(p.kl_divergence(&q)?, 4.166_666_752_484_14e-18, 1e-13);
    near(p.j_divergence(&q)?, 2.0 * 4.166_666_752_484_14e-18, 1e-7);
    let [above, coin, below] = [0.3 + 1e-8, 0.3, 0.3 - 1e-8].map(Pmf::bernoulli);
    let (above, coin, below) = (above?, coin?, below?);
    near(Pmf::jensen_shannon(&Pmf::uniform(2)?, &[&above, &coin])?, 5.952_380_869_600_059e-17, 1e-13);
    let weights = Pmf::new([3], [0.25, 0.5, 0.25])?;
    near(Pmf::jensen_shannon(&weights, &[&above, &coin, &below])?, 1.190_476_189_222_962_4e-16, 1e-13);
    Ok(())
}

/// Two coins that are all but independent, three, and two given a third.
#[test]
fn within_a_table() -> Result<()> {
    let nearly = [
        (1e-4, 9.921_160_496_491_296e-8),
        (1e-6, 9.920_640_169_504_09e-12),
        (1e-8, 9.920_634_956_073_022e-16),
        (1e-10, 9.920_634_745_504_495e-20),
    ];
    for (d, nats) in nearly {
        let p = Pmf::new([2, 2], [0.7 * 0.4 + d, 0.7 * 0.6 - d, 0.3 * 0.4 - d, 0.3 * 0.6 + d])?;
        near(p.mutual_information(&[0], &[1])?, nats, 1e-12);
        near(p.total_correlation()?, nats, 1e-12);
    }
    let (more, less) = (0.125 + 1e-8, 0.125 - 1e-8);
    let p = Pmf::new([2; 3], [more, less, less, more, less, more, more, less])?;
    near(p.total_correlation()?, 3.199_999_996_631_326e-15, 1e-12);
    let given = Pmf::new(
        [2; 3],
        [
            0.070_000_002_499_999_99,
            0.300_000_007_5,
            0.104_999_997_5,
            0.299_999_992_500_000_03,
            0.029_999_997_5,
            0.074_999_992_5,
            0.045_000_002_5,
            0.075_000_007_5,
        ],
    )?;
    near(given.conditional_mutual_information(&[0], &[1], &[2])?, 1.185_515_872_221_020_3e-15, 1e-12);
    Ok(())
}

/// Truth by mpmath, 50 digits.
#[test]
fn between_named_laws() -> Result<()> {
    near(Gamma::new(3.0, 1.0)?.kl_divergence(&Gamma::new(3.0 + 1e-7, 1.0)?), 1.974_670_302_092_091e-15, 1e-12);
    near(Gamma::new(1.0 + 1e-9, 1.0 + 1e-9)?.kl_divergence(&Gamma::new(1.0, 1.0)?), 3.224_670_863_181_613_5e-19, 1e-12);
    near(Gamma::new(1e8, 2.0)?.kl_divergence(&Gamma::new(1e8 + 1.0, 2.0)?), 5.000_000_008_333_333e-9, 1e-12);
    near(Gamma::new(3.0, 1.0)?.kl_divergence(&Gamma::new(3.0, 1.0 + 1e-9)?), 1.500_000_247_221_123e-18, 1e-12);
    near(Beta::new(2.0, 3.0)?.kl_divergence(&Beta::new(2.0 + 1e-7, 3.0)?), 2.118_055_489_402_149e-15, 1e-11);
    near(Beta::new(0.5, 3.0)?.kl_divergence(&Beta::new(0.5, 3.0 + 1e-8)?), 3.228_815_490_501_887_7e-18, 1e-11);
    near(Weibull::new(2.0, 3.0)?.kl_divergence(&Weibull::new(2.0 + 1e-7, 3.0)?), 2.279_600_787_135_056_4e-15, 1e-12);
    near(Weibull::new(2.0, 3.0)?.kl_divergence(&Weibull::new(2.0, 3.0 + 1e-8)?), 2.222_222_182_865_561_5e-17, 1e-12);
    near(Laplace::new(0.0, 1e3)?.kl_divergence(&Laplace::new(1e-8, 1e3)?), 4.999_999_999_983_333_5e-23, 1e-12);
    near(Laplace::new(0.0, 1.0)?.kl_divergence(&Laplace::new(0.0, 1.0 + 1e-8)?), 4.999_999_872_558_626e-17, 1e-12);
    near(Normal::new(0.0, 1.0)?.kl_divergence(&Normal::new(0.0, 1.0 + 1e-8)?), 9.999_999_711_783_92e-17, 1e-12);
    near(Exponential::new(1.0)?.kl_divergence(&Exponential::new(1.0 + 1e-8)?), 4.999_999_905_891_958e-17, 1e-12);
    near(Uniform::new(0.0, 1.0)?.kl_divergence(&Uniform::new(0.0, 1.0 + 1e-9)?), 1.000_000_082_240_371e-9, 1e-12);
    near(Bernoulli::new(0.3)?.kl_divergence(&Bernoulli::new(0.3 + 1e-8)?), 2.380_952_348_211_61e-16, 1e-12);
    Ok(())
}

/// By a quadrature or a sum, of which no term is below 0.
#[test]
fn between_laws_without_a_closed_form() -> Result<()> {
    near(Logistic::new(0.0, 1.0)?.kl_divergence(&Logistic::new(1e-9, 1.0)?), 1e-18 / 6.0, 1e-11);
    near(Logistic::new(0.0, 1.0)?.kl_divergence(&Logistic::new(0.0, 1.0 + 1e-8)?), 7.149_780_037_008_891e-17, 1e-11);
    near(Logistic::new(0.0, 1.0)?.kl_divergence(&Logistic::new(0.05, 1.05)?), 0.002_057_511_015_974_348_7, 1e-11);
    near(Student::new(5.0, 0.0, 1.0)?.kl_divergence(&Student::new(5.0, 1e-9, 1.0)?), 3.75e-19, 1e-9);
    near(
        Student::new(5.0, 0.0, 1.0)?.kl_divergence(&Student::new(5.0 + 1e-7, 0.0, 1.0)?),
        1.511_294_456_455_996e-17,
        1e-9,
    );
    near(
        Student::new(5.0, 0.0, 1.0)?.kl_divergence(&Student::new(5.0, 0.0, 1.0 + 1e-9)?),
        6.250_001_026_338_012e-19,
        1e-9,
    );
    let counts = NegativeBinomial::new(3.0, 2.0)?;
    near(counts.kl_divergence(&NegativeBinomial::new(3.0, 2.0 + 1e-9)?), 1.922_340_098_530_063e-20, 1e-10);
    near(counts.kl_divergence(&NegativeBinomial::new(3.0 + 1e-9, 2.0)?), 6.666_667_767_501_288e-20, 1e-10);
    Ok(())
}

#[test]
fn between_gaussians_of_several_axes() -> Result<()> {
    let law = |rho: f64| MultivariateNormal::new(&[0.0, 0.0], &[[1.0, rho], [rho, 1.0]]);
    near(law(1e-9)?.mutual_information(&[0], &[1])?, 5e-19, 1e-12);
    near(law(1e-9)?.kl_divergence(&law(0.0)?)?, 5e-19, 1e-12);
    // Given a third axis of which each has the correlation ½, theirs is 1e-9 × 4/3 when they correlate by ¼ + 1e-9.
    let [rho, half] = [0.25 + 1e-9, 0.5];
    let three = MultivariateNormal::new(&[0.0; 3], &[[1.0, rho, half], [rho, 1.0, half], [half, half, 1.0]])?;
    near(three.conditional_mutual_information(&[0], &[1], &[2])?, 0.5 * ((rho - 0.25) / 0.75).powi(2), 1e-12);
    let wide = |sd: f64| MultivariateNormal::new(&[0.0, 0.0], &[[1.0, 0.0], [0.0, sd * sd]]);
    near(wide(1.0)?.kl_divergence(&wide(1.0 + 1e-8)?)?, 1e-16, 1e-6);
    Ok(())
}

/// Sums that leave 1 by what a table may miss are of the table that sums to 1.
#[test]
fn a_sum_that_misses_one() -> Result<()> {
    let (p, off) = ([0.2, 0.3, 0.1, 0.4], 1.0 + 9e-10);
    let (p, scaled) = (Pmf::new([2, 2], p)?, Pmf::new([2, 2], p.map(|p| p * off))?);
    for kl in [p.kl_divergence(&scaled)?, scaled.kl_divergence(&p)?] {
        assert!((0.0..1e-17).contains(&kl.nats()), "{kl:?}");
    }
    assert!((scaled.entropy() - p.entropy()).nats().abs() < 1e-15);
    assert!((scaled.cross_entropy(&p)? - p.entropy()).nats().abs() < 1e-15);
    assert!((p.cross_entropy(&scaled)? - p.entropy()).nats().abs() < 1e-15);
    Ok(())
}

/// H ≤ log2 n, to the last bit, however many cells round alike.
#[test]
fn no_entropy_is_above_that_of_equal_cells() -> Result<()> {
    for n in (1..3000).chain([16_000_001]) {
        let p = Pmf::uniform(n)?;
        let (h, most) = (p.entropy().bits(), (n as f64).log2());
        assert!(h <= most && h >= most * (1.0 - 4e-16), "{n}: {h} and {most}");
        assert!((p.cross_entropy(&p)?.bits() - h).abs() <= 4e-16 * h);
    }
    Ok(())
}

/// Its cells are given as they are, and a sum one by one would miss 1 by more than is allowed.
#[test]
fn millions_of_cells_sum_to_one() -> Result<()> {
    let n = 1 << 24;
    let p = Pmf::new([n - 1], vec![1.0 / (n - 1) as f64; n - 1])?;
    assert!((p.entropy().bits() - 24.0).abs() < 1e-6);
    Ok(())
}

fn table(cells: usize) -> impl Strategy<Value = Pmf> {
    // Equal weights, empty cells and tiny ones among others.
    let weight = prop_oneof![Just(0.0), Just(1.0), Just(1e-300), 0.0..1.0, 1.0..1.0 + 1e-7];
    let table =
        prop::collection::vec(weight, cells).prop_filter_map("empty", |w| Pmf::from_counts(vec![w.len()], w).ok());
    table.boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn none_is_below_0((p, q, r, w) in (table(12), table(12), table(12), table(2))) {
        let nats = |found: Result<Information>| found.expect("tables of one shape").nats();
        for divergence in [p.kl_divergence(&q), p.j_divergence(&q), Pmf::jensen_shannon(&w, &[&p, &q])] {
            prop_assert!(nats(divergence) >= 0.0);
        }
        let p3 = Pmf::from_counts([2, 2, 3], p.values()).expect("not empty");
        let of = [
            p3.mutual_information(&[0], &[1]),
            p3.mutual_information(&[0, 2], &[1]),
            p3.mutual_information(&[2, 0], &[1, 0]),
            p3.conditional_mutual_information(&[0], &[1], &[2]),
            p3.conditional_mutual_information(&[0, 1], &[1], &[2]),
            p3.total_correlation(),
        ];
        for information in of {
            prop_assert!(nats(information) >= 0.0);
        }
        let distance = |p: &Pmf, q: &Pmf| p.jensen_shannon_distance(q).expect("tables of one shape");
        prop_assert_eq!(distance(&p, &q), distance(&q, &p));
        prop_assert!(distance(&p, &r) <= distance(&p, &q) + distance(&q, &r) + 1e-15);
        prop_assert!(distance(&p, &q) <= 1.0 + 1e-15 && distance(&p, &p) == 0.0);
    }
}
