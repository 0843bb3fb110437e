//! The tables on the slides have the entropies and the mutual information that the slides print: L10, L11, L13, L15, L16, L19, P1.

use candle_mle_info::{Channel, Pmf, Result};

const X: &[usize] = &[0];
const Y: &[usize] = &[1];

/// The 4×4 table of L16, in 32nds.
fn worked_table() -> Result<Pmf> {
    Pmf::from_counts([4, 4], [4., 2., 1., 1., 2., 4., 1., 1., 2., 2., 2., 2., 8., 0., 0., 0.])
}

/// Y = X xor Z, Z ~ Bernoulli(0.1).
fn coins() -> Result<Pmf> {
    Pmf::bernoulli(0.5)?.with_output(0, &Channel::binary_symmetric(0.1)?)
}

#[test]
fn the_worked_table_is_exact() -> Result<()> {
    let p = worked_table()?;
    assert_eq!(p.entropy_of(X)?.bits(), 2.0);
    assert_eq!(p.entropy_of(Y)?.bits(), 7.0 / 4.0);
    assert_eq!(p.entropy().bits(), 27.0 / 8.0);
    assert_eq!(p.conditional_entropy(X, Y)?.bits(), 13.0 / 8.0);
    assert_eq!(p.conditional_entropy(Y, X)?.bits(), 11.0 / 8.0);
    assert_eq!(p.mutual_information(X, Y)?.bits(), 3.0 / 8.0);
    assert_eq!(p.information_gain(Y, X)?.bits(), 3.0 / 8.0);
    assert_eq!(p.total_correlation()?.bits(), 3.0 / 8.0);
    assert_eq!(p.mutual_information(X, X)?, p.entropy_of(X)?);
    // The three forms, in arithmetic on the amounts themselves.
    let i = p.mutual_information(X, Y)?;
    assert_eq!(i, p.entropy_of(X)? - p.conditional_entropy(X, Y)?);
    assert_eq!(i, p.entropy_of(X)? + p.entropy_of(Y)? - p.entropy());
    assert_eq!(i, p.kl_divergence(&p.marginal(X)?.product(&p.marginal(Y)?)?)?);
    Ok(())
}

#[test]
fn the_worked_table_has_the_marginals_and_rows_of_the_slide() -> Result<()> {
    let p = worked_table()?;
    assert_eq!(p.marginal(X)?.values(), [0.25; 4]);
    assert_eq!(p.marginal(Y)?.values(), [0.5, 0.25, 0.125, 0.125]);
    assert_eq!(p.condition(&[(0, 0)])?.values(), [0.5, 0.25, 0.125, 0.125]);
    assert_eq!(p.condition(&[(0, 3)])?.entropy().bits(), 0.0);
    // H(X|Y) is the mean of the entropies of the conditional tables.
    let rows = (0..4).map(|y| Ok(p.condition(&[(1, y)])?.entropy() * p.marginal(Y)?.values()[y]));
    assert_eq!(rows.sum::<Result<candle_mle_info::Information>>()?.bits(), 13.0 / 8.0);
    Ok(())
}

#[test]
fn the_two_coins() -> Result<()> {
    let p = coins()?;
    assert_eq!(p.entropy_of(X)?.bits(), 1.0);
    assert_eq!(p.entropy_of(Y)?.bits(), 1.0);
    for (joint, conditional) in
        [(p.entropy(), p.conditional_entropy(Y, X)?), (p.entropy(), p.conditional_entropy(X, Y)?)]
    {
        // h(0.1) to twelve digits, computed apart.
        assert!((conditional.bits() - 0.468_995_593_589).abs() < 1e-12);
        assert!((joint.bits() - 1.468_995_593_589).abs() < 1e-12);
    }
    assert!((Pmf::bernoulli(0.1)?.entropy().bits() - 0.468_995_593_589).abs() < 1e-12);
    // The same coin by its definition: draw X and Z, map (x, z) to (x, x xor z).
    let by_definition = Pmf::bernoulli(0.5)?.product(&Pmf::bernoulli(0.1)?)?.map([2, 2], |c| [c[0], c[0] ^ c[1]])?;
    assert_eq!(p, by_definition);
    Ok(())
}

#[test]
fn a_channel_multiplies_by_its_rows() -> Result<()> {
    let erasure = Channel::new([2, 3], [1.0, 0.0, 0.0, 0.5, 0.25, 0.25])?;
    let p = Pmf::new([2, 2], [0.125, 0.5, 0.125, 0.25])?;
    assert_eq!(p.marginal(X)?.through(0, &erasure)?.values(), [0.8125, 0.09375, 0.09375]);
    assert_eq!(p.through(1, &erasure)?.values(), [0.375, 0.125, 0.125, 0.25, 0.0625, 0.0625]);
    assert_eq!(p.through(0, &erasure)?.shape(), [3, 2]);
    assert_eq!(p.with_output(1, &erasure)?.marginal(&[0, 2])?, p.through(1, &erasure)?);
    Ok(())
}

#[test]
fn the_chain_rule_in_both_orders() -> Result<()> {
    let bits = |order: &[usize]| -> Result<Vec<f64>> {
        Ok(worked_table()?.chain_rule(order)?.iter().map(|h| h.bits()).collect())
    };
    assert_eq!(bits(&[0, 1])?, [2.0, 11.0 / 8.0]);
    assert_eq!(bits(&[1, 0])?, [7.0 / 4.0, 13.0 / 8.0]);
    Ok(())
}

#[test]
fn entropy_is_0_if_predictable_and_log2_n_if_uniform() -> Result<()> {
    for n in 1..=64 {
        let h = Pmf::uniform(n)?.entropy();
        assert!((h.bits() - (n as f64).log2()).abs() < 1e-13, "{n}: {h}");
        assert!((h.perplexity() - n as f64).abs() < 1e-11, "{n}: {}", h.perplexity());
        let mut sure = vec![0.0; n];
        sure[n / 2] = 1.0;
        let h = Pmf::new([n], sure)?.entropy().bits();
        assert!(h == 0.0 && h.is_sign_positive());
    }
    assert_eq!(Pmf::uniform(1024)?.entropy().bits(), 10.0);
    assert_eq!(Pmf::uniform(6)?.expectation(|c| c[0] as f64 + 1.0), 3.5);
    Ok(())
}

#[test]
fn a_split_gains_what_the_textbook_says() -> Result<()> {
    // Quinlan's 14 Saturday mornings (1986): outlook (sunny, overcast, rain) × class (no, yes).
    let p = Pmf::from_counts([3, 2], [3., 2., 0., 4., 2., 3.])?;
    assert!((p.entropy_of(Y)?.bits() - 0.940).abs() < 5e-4);
    assert!((p.information_gain(X, Y)?.bits() - 0.246_749_819_774).abs() < 1e-12);
    Ok(())
}
