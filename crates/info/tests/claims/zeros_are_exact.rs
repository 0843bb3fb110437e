//! A cell of probability 0 costs nothing, and a cell that only the truth reaches costs infinity: nothing is clipped, dropped or NaN.

use candle_mle_info::{Information, Pmf, Result};

#[test]
fn equal_tables_with_a_zero_have_divergence_0() -> Result<()> {
    let (p, q) = (Pmf::new([3], [0.5, 0.5, 0.0])?, Pmf::new([3], [0.5, 0.5, 0.0])?);
    assert_eq!(p.kl_divergence(&q)?.bits(), 0.0);
    assert_eq!(p.entropy().bits(), 1.0);
    assert_eq!(p.cross_entropy(&q)?.bits(), 1.0);
    let odd = Pmf::new([3], [0.3, 0.7, 0.0])?;
    assert_eq!(odd.kl_divergence(&odd)?.bits(), 0.0);
    assert_eq!(Pmf::jensen_shannon(&Pmf::uniform(2)?, &[&odd, &odd])?.bits(), 0.0);
    Ok(())
}

#[test]
fn a_support_mismatch_is_infinite_one_way_and_finite_the_other() -> Result<()> {
    let (p, q) = (Pmf::new([3], [0.3, 0.3, 0.4])?, Pmf::new([3], [0.5, 0.5, 0.0])?);
    assert_eq!(p.kl_divergence(&q)?, Information::INFINITE);
    assert_eq!(p.cross_entropy(&q)?, Information::INFINITE);
    assert_eq!(p.cross_entropy(&q)?.perplexity(), f64::INFINITY);
    // log2(.5/.3)
    assert!((q.kl_divergence(&p)?.bits() - 0.736_965_594_166).abs() < 1e-12);
    let (left, right) = (Pmf::bernoulli(0.0)?, Pmf::bernoulli(1.0)?);
    assert_eq!(left.kl_divergence(&right)?, Information::INFINITE); // a peer: −1 bit
    assert_eq!(Pmf::jensen_shannon(&Pmf::uniform(2)?, &[&left, &right])?.bits(), 1.0);
    Ok(())
}

#[test]
fn a_function_may_be_infinite_where_it_never_happens() -> Result<()> {
    let p = Pmf::new([3], [0.5, 0.5, 0.0])?;
    assert_eq!(p.expectation(|c| if c[0] == 2 { f64::NAN } else { c[0] as f64 }), 0.5);
    assert_eq!(p.expectation(|c| if c[0] == 1 { f64::INFINITY } else { 0.0 }), f64::INFINITY);
    Ok(())
}

#[test]
fn determinism_and_independence_are_0_without_rounding() -> Result<()> {
    // Y is a function of X: nothing is left of H(Y|X), whatever the probabilities.
    let p = Pmf::from_counts([3], [1., 3., 7.])?.map([3, 2], |c| [c[0], c[0] / 2])?;
    assert_eq!(p.conditional_entropy(&[1], &[0])?.bits(), 0.0);
    assert_eq!(p.conditional_mutual_information(&[0], &[1], &[0])?.bits(), 0.0);
    let fair = Pmf::uniform(2)?.extension(3)?;
    assert_eq!(fair.total_correlation()?.bits(), 0.0);
    assert_eq!(fair.mutual_information(&[0], &[1, 2])?.bits(), 0.0);
    // Of no variables there is nothing to know.
    assert_eq!(p.entropy_of(&[])?.bits(), 0.0);
    assert_eq!(p.mutual_information(&[0, 1], &[])?.bits(), 0.0);
    assert_eq!(p.conditional_entropy(&[], &[1])?.bits(), 0.0);
    Ok(())
}

#[test]
fn the_smallest_probabilities_are_neither_0_nor_nan() -> Result<()> {
    // 5e-324 squared underflows and 1/5e-324 overflows; the logarithm is −1074.
    let tiny = f64::from_bits(1);
    let p = Pmf::new([2, 2], [1.0, 0.0, 0.0, tiny])?;
    // t log2(1/t), and t/ln 2 of the other cell, whose probability is 1 − t: 1075.44 t, to the next multiple of t.
    assert_eq!(p.mutual_information(&[0], &[1])?.bits(), 1075.0 * tiny);
    assert_eq!(p.entropy().bits(), 1075.0 * tiny);
    let (often, never) = (Pmf::new([2], [0.5, 0.5])?, Pmf::new([2], [1.0, tiny])?);
    assert_eq!(often.kl_divergence(&never)?.bits(), -0.5 + 0.5 * 1073.0);
    let js = Pmf::jensen_shannon(&Pmf::uniform(2)?, &[&never, &Pmf::new([2], [1.0, 0.0])?])?;
    assert_eq!(js.bits(), 0.0);
    Ok(())
}

/// Of n equal cells the entropy is log2 n and not a rounding above, whatever cells of nothing stand beside them.
#[test]
fn cells_of_nothing_leave_the_bound() -> Result<()> {
    for n in 1..=2000usize {
        let counts: Vec<f64> = (0..n + 7).map(|cell| if cell < n { 1.0 } else { 0.0 }).collect();
        let h = Pmf::from_counts([n + 7], counts)?.entropy().bits();
        let most = (n as f64).log2();
        assert!(h <= most && h >= most - 1e-12, "{n}: {h} is not {most}");
    }
    Ok(())
}
