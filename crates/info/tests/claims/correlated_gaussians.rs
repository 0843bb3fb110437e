//! Correlated Gaussians: I = −½ ln(1 − ρ²) for a pair, by Cholesky for blocks, unchanged by invertible maps (row L18).

use std::f64::consts::{E, TAU};

use candle_mle_info::law::*;
use candle_mle_info::{Error, Information, Result};
use proptest::prelude::*;

fn pair(rho: f64, sds: [f64; 2]) -> Result<MultivariateNormal> {
    let c = rho * sds[0] * sds[1];
    MultivariateNormal::new(&[3.0, -1.0], &[[sds[0] * sds[0], c], [c, sds[1] * sds[1]]])
}

/// Four axes of rank-one correlation plus noise, in units of their own.
const FOUR: [[f64; 4]; 4] = [[4.0, 1.2, -0.8, 0.1], [1.2, 2.0, 0.3, 0.0], [-0.8, 0.3, 1.5, 0.4], [0.1, 0.0, 0.4, 0.9]];
const MEAN: [f64; 4] = [1.0, -2.0, 0.5, 10.0];

fn four() -> Result<MultivariateNormal> {
    MultivariateNormal::new(&MEAN, &FOUR)
}

#[test]
fn a_pair() -> anyhow::Result<()> {
    assert_eq!(gaussian_mutual_information(0.0)?, Information::ZERO);
    assert_eq!(gaussian_mutual_information(1.0)?, Information::INFINITE);
    assert_eq!(gaussian_mutual_information(-1.0)?, Information::INFINITE);
    assert!(gaussian_mutual_information(1.000_001).is_err());
    assert!(gaussian_mutual_information(f64::NAN).is_err());
    // ρ = √¾: exactly one bit, but for the rounding of the root.
    assert!((gaussian_mutual_information(0.75f64.sqrt())?.bits() - 1.0).abs() < 1e-15);
    // Series ρ²/2 where 1 − ρ² is rounded to 1.
    assert!((gaussian_mutual_information(1e-9)?.nats() / 5e-19 - 1.0).abs() < 1e-6);
    // 1 − ρ = 2⁻⁵²: ½ (51 ln 2), up to 1e-16.
    let nearly = gaussian_mutual_information(1.0 - f64::EPSILON)?;
    assert!((nearly.bits() - 25.5).abs() < 1e-14, "{nearly}");
    for rho in [-0.999, -0.3, 1e-9, 0.5, 0.9999] {
        let truth = gaussian_mutual_information(rho)?.nats();
        for sds in [[1.0, 1.0], [1e-60, 1e60], [1e-3, 40.0]] {
            // The covariance holds ρ to 53 bits, and 1 − ρ² is down to 2e-4.
            let found = pair(rho, sds)?.mutual_information(&[0], &[1])?.nats();
            assert!((found - truth).abs() < 1e-12, "{rho} {sds:?}: {found} is not {truth}");
        }
    }
    Ok(())
}

/// ½ ln of |Σ_ac| |Σ_bc| / |Σ_c| |Σ_abc|, in 30 digits (mpmath).
#[test]
fn given_others() -> Result<()> {
    let four = four()?;
    let blocks: [[&[usize]; 3]; 3] = [[&[0], &[3], &[1]], [&[0], &[2, 3], &[1]], [&[3, 1], &[0], &[2]]];
    let truths = [0.001_696_642_279_490_144, 0.146_450_591_824_776_3, 0.189_278_314_114_023_3];
    for ([a, b, c], truth) in blocks.into_iter().zip(truths) {
        let found = [(a, b), (b, a)].map(|(a, b)| four.conditional_mutual_information(a, b, c).map(Information::nats));
        for found in found {
            let found = found?;
            assert!((found - truth).abs() < 1e-14, "{a:?} {b:?} {c:?}: {found} is not {truth}");
        }
    }
    assert_eq!(four.conditional_mutual_information(&[0, 1], &[1], &[2])?, Information::INFINITE);
    for (a, b) in [([0], [1]), ([1], [0])] {
        assert!(matches!(four.conditional_mutual_information(&a, &b, &[0, 2]), Err(Error::AxisTwice { axis: 0 })));
    }
    Ok(())
}

/// I(a; b) = h(a) + h(b) − h(a, b) with determinants by Laplace's expansion.
#[test]
fn blocks() -> anyhow::Result<()> {
    fn determinant(m: &[Vec<f64>]) -> f64 {
        if m.is_empty() {
            return 1.0;
        }
        let minor = |skip: usize| -> Vec<Vec<f64>> {
            let rest = |row: &Vec<f64>| (0..m.len()).filter(|&j| j != skip).map(|j| row[j]).collect();
            m[1..].iter().map(rest).collect()
        };
        let term = |j: usize| (-1f64).powi(j as i32) * m[0][j] * determinant(&minor(j));
        (0..m.len()).map(term).sum()
    }
    let ln_det = |axes: &[usize]| {
        let rows: Vec<Vec<f64>> = axes.iter().map(|&i| axes.iter().map(|&j| FOUR[i][j]).collect()).collect();
        determinant(&rows).ln()
    };
    let law = four()?;
    let h = 0.5 * (4.0 * (TAU * E).ln() + ln_det(&[0, 1, 2, 3]));
    assert!((law.entropy().nats() - h).abs() < 1e-13);
    for (a, b) in [(&[0][..], &[1][..]), (&[0, 1], &[2, 3]), (&[0, 2], &[1]), (&[3], &[0, 1, 2]), (&[3, 1], &[0])] {
        let truth = 0.5 * (ln_det(a) + ln_det(b) - ln_det(&[a, b].concat()));
        let found = law.mutual_information(a, b)?.nats();
        let mirrored = law.mutual_information(b, a)?.nats();
        assert!((found - truth).abs() < 1e-13, "{a:?} {b:?}: {found} is not {truth}");
        assert!((found - mirrored).abs() < 1e-13);
    }
    assert_eq!(law.mutual_information(&[0, 1], &[1, 2])?, Information::INFINITE);
    let independent = MultivariateNormal::new(&[0.0; 3], &[[2.0, 1.0, 0.0], [1.0, 3.0, 0.0], [0.0, 0.0, 0.1]])?;
    assert_eq!(independent.mutual_information(&[0, 1], &[2])?, Information::ZERO);
    assert_eq!(independent.mutual_information(&[2], &[0, 1])?, Information::ZERO);
    Ok(())
}

/// Nor does rounding make the information of nearly independent blocks negative.
#[test]
fn never_negative() -> anyhow::Result<()> {
    for i in 1..200 {
        // A first-order autoregression of six axes, and two more of which they know next to nothing.
        let within = 0.0049 * f64::from(i);
        let entry = |a: usize, b: usize| match (a < 6, b < 6) {
            (true, true) => within.powi(a.abs_diff(b) as i32),
            _ if a == b => 1.0,
            _ => 1e-9,
        };
        let rows: Vec<Vec<f64>> = (0..8).map(|a| (0..8).map(|b| entry(a, b)).collect()).collect();
        let law = MultivariateNormal::new(&[0.0; 8], &rows)?;
        let (six, two) = ([0, 1, 2, 3, 4, 5], [6, 7]);
        assert!(law.mutual_information(&two, &six)? >= Information::ZERO);
        assert!(law.mutual_information(&six, &two)? >= Information::ZERO);
    }
    Ok(())
}

/// KL(p_xy‖p_x p_y) is the mutual information, by another formula.
#[test]
fn divergence_from_independence() -> anyhow::Result<()> {
    let law = four()?;
    let mut cut = FOUR;
    for (i, j) in [(0, 2), (0, 3), (1, 2), (1, 3)] {
        (cut[i][j], cut[j][i]) = (0.0, 0.0);
    }
    let product = MultivariateNormal::new(&MEAN, &cut)?;
    let kl = law.kl_divergence(&product)?.nats();
    assert!((kl - law.mutual_information(&[0, 1], &[2, 3])?.nats()).abs() < 1e-13);
    Ok(())
}

/// In one dimension, and for independent axes, it is the univariate law.
#[test]
fn univariate_case() -> anyhow::Result<()> {
    let (p, q) = (Normal::new(1.0, 2.0)?, Normal::new(-0.5, 3.0)?);
    let (p1, q1) = (MultivariateNormal::new(&[1.0], &[[4.0]])?, MultivariateNormal::new(&[-0.5], &[[9.0]])?);
    assert!((p1.entropy() - p.entropy()).nats().abs() < 1e-15);
    assert!((p1.kl_divergence(&q1)? - p.kl_divergence(&q)).nats().abs() < 1e-15);
    assert!((p1.cross_entropy(&q1)? - p.cross_entropy(&q)).nats().abs() < 1e-14);
    assert!((p1.log_prob(&[0.3])? - p.log_prob(0.3)).abs() < 1e-15);
    Ok(())
}

/// H(p, q) is the mean of −ln q over p: exact with the 2k points m ± √k L_i, which have p's two moments.
#[test]
fn cross_entropy_from_log_prob() -> anyhow::Result<()> {
    let p = pair(0.6, [1.0, 2.0])?;
    let q = MultivariateNormal::new(&[2.0, 0.0], &[[3.0, -0.5], [-0.5, 1.0]])?;
    // Cholesky by hand: columns (1, 1.2) and (0, 1.6).
    let mut sum = 0.0;
    for column in [[1.0, 1.2], [0.0, 1.6]] {
        for sign in [-1.0, 1.0] {
            let reach = sign * 2f64.sqrt();
            sum -= q.log_prob(&[3.0 + reach * column[0], -1.0 + reach * column[1]])? / 4.0;
        }
    }
    assert!((p.cross_entropy(&q)?.nats() - sum).abs() < 1e-13);
    Ok(())
}

/// 400 axes of variance 1e-4: the determinant is 10⁻¹⁶⁰⁰, the entropy a number.
#[test]
fn many_axes() -> anyhow::Result<()> {
    let k = 400;
    let rows: Vec<Vec<f64>> = (0..k).map(|i| (0..k).map(|j| 1e-4 * 0.5f64.powi(i32::abs(i - j))).collect()).collect();
    let law = MultivariateNormal::new(&vec![0.0; k as usize], &rows)?;
    // A first-order autoregression: each axis but the first has ¾ of its variance left, given the one before.
    let truth = 0.5 * f64::from(k) * (TAU * E * 1e-4).ln() + 0.5 * f64::from(k - 1) * 0.75f64.ln();
    assert!((law.entropy().nats() - truth).abs() < 1e-10, "{} {truth}", law.entropy().nats());
    let (past, future): (Vec<usize>, Vec<usize>) = (0..k as usize).partition(|&i| i < 200);
    let across = law.mutual_information(&past, &future)?;
    assert!((across - gaussian_mutual_information(0.5)?).nats().abs() < 1e-12);
    Ok(())
}

/// h(AX + b) = h(X) + ln|det A|; KL stays; a block-diagonal A leaves the information between its blocks.
#[test]
fn affine_maps() -> anyhow::Result<()> {
    let (law, other) = (
        four()?,
        MultivariateNormal::new(&[0.0; 4], &{
            let mut c = FOUR;
            c[0][0] = 9.0;
            c
        })?,
    );
    // det A = (2·1 − 3·0.5)(−5·2 − 0) = −5
    let a = [[2.0, 3.0, 0.0, 0.0], [0.5, 1.0, 0.0, 0.0], [0.0, 0.0, -5.0, 7.0], [0.0, 0.0, 0.0, 2.0]];
    let b = [1.0, 0.0, -4.0, 3.0];
    let (mapped, mapped_other) = (law.affine(&a, &b)?, other.affine(&a, &b)?);
    // A has condition number 150 or so, squared in the covariance: 1e-11.
    let close = |x: Information, y: Information| assert!((x - y).nats().abs() < 1e-11, "{x} {y}");
    close(mapped.entropy(), law.entropy() + Information::from_nats(5f64.ln()));
    close(mapped.kl_divergence(&mapped_other)?, law.kl_divergence(&other)?);
    close(mapped.mutual_information(&[0, 1], &[2, 3])?, law.mutual_information(&[0, 1], &[2, 3])?);
    assert_eq!(mapped.dimension(), 4);
    assert!((mapped.mean()[0] - (2.0 - 6.0 + 1.0)).abs() < 1e-15);
    assert!((law.covariance()[0][2] - FOUR[0][2]).abs() < 1e-15);
    // The sum of two axes, a marginal.
    let sum = law.affine(&[[1.0, 1.0, 0.0, 0.0]], &[0.0])?;
    assert!((sum.covariance()[0][0] - (4.0 + 2.0 + 2.4)).abs() < 1e-14);
    Ok(())
}

proptest! {
    #[test]
    fn random_covariances(
        root in prop::collection::vec(-2.0..2.0, 9),
        shift in prop::collection::vec(-5.0..5.0, 3),
        scale in prop::collection::vec(-20i32..20, 3),
    ) {
        let identity: [[f64; 3]; 3] = [[0.3, 0.0, 0.0], [0.0, 0.3, 0.0], [0.0, 0.0, 0.3]];
        let noise = MultivariateNormal::new(&[0.0; 3], &identity).unwrap();
        let covariance: Vec<Vec<f64>> = (0..3).map(|i| (0..3).map(|j| {
            identity[i][j] + (0..3).map(|k| root[3 * i + k] * root[3 * j + k]).sum::<f64>()
        }).collect()).collect();
        let law = MultivariateNormal::new(&shift, &covariance).unwrap();
        prop_assert!(law.kl_divergence(&noise).unwrap() >= Information::ZERO);
        prop_assert!(law.kl_divergence(&law).unwrap().nats() < 1e-12);
        // The units of the axes do not matter.
        let entry = |i: usize, j: usize| if i == j { 2f64.powi(scale[i]) } else { 0.0 };
        let units: Vec<[f64; 3]> = (0..3).map(|i| [entry(i, 0), entry(i, 1), entry(i, 2)]).collect();
        let scaled = law.affine(&units, &[0.0; 3]).unwrap();
        let information = |law: &MultivariateNormal| law.mutual_information(&[0, 2], &[1]).unwrap();
        let (i, j) = (information(&law), information(&scaled));
        prop_assert!((i - j).nats().abs() < 1e-11);
        prop_assert!(i >= Information::ZERO);
        // More axes, more information.
        prop_assert!(i.nats() >= law.mutual_information(&[0], &[1]).unwrap().nats() - 1e-12);
    }
}
