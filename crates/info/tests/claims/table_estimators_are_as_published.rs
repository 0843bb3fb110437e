//! Plug-in, Miller–Madow, Grassberger, Chao–Shen, Chao–Wang–Jost and shrinkage give what their papers' formulas give by hand.

use std::f64::consts::LN_2;

use candle_mle_info::estimate::CountEstimator::{
    self, ChaoShen, ChaoWangJost, Grassberger, MillerMadow, PlugIn, Shrinkage,
};
use candle_mle_info::{Error, Information, Pmf, Result};

const ALL: [CountEstimator; 6] = [PlugIn, MillerMadow, Grassberger, ChaoShen, ChaoWangJost, Shrinkage];
const EULER: f64 = 0.577_215_664_901_532_9;

#[track_caller]
fn near(left: f64, right: f64) {
    assert!((left - right).abs() < 1e-14 * right.abs().max(1.0), "{left} is not {right}");
}

#[test]
fn plug_in_is_the_entropy_of_the_frequencies() -> Result<()> {
    assert_eq!(PlugIn.entropy(&[4, 2, 1, 1, 0])?.bits(), 1.75);
    let p = Pmf::from_counts([2, 2], [3., 1., 0., 4.])?;
    assert_eq!(PlugIn.mutual_information(&[3, 1, 0, 4], [2, 2])?, p.mutual_information(&[0], &[1])?);
    Ok(())
}

#[test]
fn miller_madow_adds_half_a_nat_per_cell_and_observation() -> Result<()> {
    // Three of four cells are occupied.
    let plug_in = -(0.5 * 0.5f64.ln() + 0.3 * 0.3f64.ln() + 0.2 * 0.2f64.ln());
    near(MillerMadow.entropy(&[5, 0, 3, 2])?.nats(), plug_in + 2.0 / 20.0);
    // Of the table three cells, of its margins two each: 1/2n + 1/2n − 2/2n.
    let counts = [3, 1, 0, 4];
    near(MillerMadow.mutual_information(&counts, [2, 2])?.nats(), PlugIn.mutual_information(&counts, [2, 2])?.nats());
    Ok(())
}

#[test]
fn grassberger_follows_the_recurrence_of_the_paper() -> Result<()> {
    // G(1) = −γ − ln 2, G(2) = 2 − γ − ln 2, G(2j + 1) = G(2j), G(2j + 2) = G(2j) + 2/(2j + 1).
    let mut g = vec![f64::NAN, -EULER - LN_2, 2.0 - EULER - LN_2];
    for n in 3..200 {
        g.push(if n % 2 == 1 { g[n - 1] } else { g[n - 2] + 2.0 / (n - 1) as f64 });
    }
    for (a, b) in (1..200).flat_map(|a| [(a, 1), (a, 7), (a, 200 - a)]) {
        let n = (a + b) as f64;
        let hand = n.ln() - (a as f64 * g[a] + b as f64 * g[b]) / n;
        near(Grassberger.entropy(&[a as u64, 0, b as u64])?.nats(), hand);
    }
    Ok(())
}

/// The entropy of a sure event is 0: G(n) steps at even n, ln n does not wait for it.
#[test]
fn grassberger_overshoots_at_odd_counts() -> Result<()> {
    let sure = |n: u64| Grassberger.entropy(&[n]).map(Information::nats);
    for odd in (1..100).step_by(2) {
        let (over, under) = (sure(odd)?, sure(odd + 1)?);
        assert!(over > 0.0 && (over * odd as f64 - 1.0).abs() < 0.3, "{odd}: {over}");
        assert!(under < 0.0 && -under < 0.2 * over, "{}: {under}", odd + 1);
    }
    assert!((sure(1)? - 1.27).abs() < 5e-3 && (sure(5)? - 0.21).abs() < 5e-3 && (sure(4)? + 0.01).abs() < 5e-3);
    Ok(())
}

#[test]
fn chao_shen_weighs_by_coverage() -> Result<()> {
    // n = 4, one cell seen once: C = ¾, q = 9/16 and 3/16.
    let term = |q: f64| -q * q.ln() / (1.0 - (1.0 - q).powi(4));
    near(ChaoShen.entropy(&[3, 1])?.nats(), term(9.0 / 16.0) + term(3.0 / 16.0));
    // Everything covered, and seen for certain.
    assert_eq!(ChaoShen.entropy(&[6, 0])?.nats(), 0.0);
    for alone in [&[1u64][..], &[1, 1, 0, 1]] {
        assert!(matches!(ChaoShen.entropy(alone), Err(Error::NoCoverage { .. })));
    }
    assert!(matches!(ChaoShen.mutual_information(&[1, 0, 0, 1], [2, 2]), Err(Error::NoCoverage { n: 2.0 })));
    Ok(())
}

/// The values of infomeasure 0.6.3 (`entropy(…, approach="chao_wang_jost")`), and of the formula in 40 digits (mpmath) where
/// its sums lose theirs.
#[test]
fn chao_wang_jost_adds_what_was_not_seen() -> Result<()> {
    let mut long = vec![1000];
    long.extend([1; 50]);
    long.extend([2; 10]);
    let published: [(&[u64], f64); 7] = [
        (&[4, 2, 1, 1], 1.565_163_098_552_114_6),
        (&[3, 1, 1], 1.308_023_217_886_255),
        (&[1, 1, 1, 1], 2.507_571_619_711_034_5),
        (&[5, 2, 1, 1, 1], 1.809_182_125_690_589_8),
        (&[12, 1], 0.315_631_590_631_590_3),
        (&[10, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2], 2.396_811_796_124_113_8),
        (&long, 0.587_585_212_757_318_7),
    ];
    for (counts, nats) in published {
        let found = ChaoWangJost.entropy(counts)?.nats();
        assert!((found - nats).abs() < 1e-9, "{counts:?}: {found} is not {nats}");
    }
    let mut long = vec![60_000, 1, 1, 1];
    long.extend([2; 8]);
    let far: [(&[u64], f64); 3] = [
        (&[1; 1000], 13.133_663_748_876_522),
        (&[100_000, 1, 1], 2.690_241_699_198_389e-4),
        (&long, 3.723_709_570_215_061_6e-3),
    ];
    for (counts, nats) in far {
        let found = ChaoWangJost.entropy(counts)?.nats();
        assert!((found - nats).abs() < 1e-12 * nats, "{} cells: {found} is not {nats}", counts.len());
    }
    Ok(())
}

#[test]
fn shrinkage_weighs_by_the_noise() -> Result<()> {
    // Frequencies 0.6, 0.4, 0 of ten: λ = (1 − 0.52) / (9 · (0.52 − 1/3)) = 2/7.
    let hand = |p: f64| 2.0 / 21.0 + 5.0 / 7.0 * p;
    let h: f64 = [0.6, 0.4, 0.0].map(hand).iter().map(|p| -p * p.ln()).sum();
    near(Shrinkage.entropy(&[6, 4, 0])?.nats(), h);
    // Little is known of few draws, and of a table that is uniform already: the uniform law, to rounding.
    for counts in [&[0u64, 1, 0, 0][..], &[1, 1, 0, 0], &[5, 5, 5, 5]] {
        near(Shrinkage.entropy(counts)?.bits(), 2.0);
    }
    // The information is that of one shrunk table: λ = 0.48 / (9 · 0.27).
    let shrunk = [0.6, 0.4, 0.0, 0.0].map(|p| p + 0.48 / (9.0 * 0.27) * (0.25 - p));
    let i = Pmf::from_counts([2, 2], shrunk)?.mutual_information(&[0], &[1])?;
    near(Shrinkage.mutual_information(&[6, 4, 0, 0], [2, 2])?.nats(), i.nats());
    Ok(())
}

/// What a sure event tells, and what independent counts share, is nothing; what a variable tells about itself, all.
#[test]
fn the_ends_are_exact() -> Result<()> {
    for estimator in [PlugIn, MillerMadow, ChaoShen, ChaoWangJost] {
        assert_eq!(estimator.entropy(&[9])?.nats(), 0.0, "{estimator:?}");
    }
    assert_eq!(Shrinkage.entropy(&[9])?.nats(), 0.0);
    for estimator in ALL {
        let diagonal = estimator.mutual_information(&[40, 0, 0, 60], [2, 2])?;
        if estimator != Shrinkage {
            near(diagonal.nats(), estimator.entropy(&[40, 60])?.nats());
        }
        assert!(estimator.entropy(&[0, 0]).is_err() && estimator.entropy(&[]).is_err(), "{estimator:?}");
        assert!(matches!(estimator.mutual_information(&[1, 2, 3], [2, 2]), Err(Error::WrongLength { .. })));
        assert!(matches!(estimator.mutual_information(&[], [0, 3]), Err(Error::NoLevels { .. })));
        assert!(estimator.mutual_information(&[u64::MAX; 4], [2, 2])?.nats().abs() < 1e-12, "{estimator:?}");
    }
    Ok(())
}
