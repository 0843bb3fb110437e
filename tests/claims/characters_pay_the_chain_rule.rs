//! An n-gram's terms sum to the ln q of a text, its maximum of the likelihood is the counts and its floor H(X_t | context);
//! pairs and contexts that were never seen are what they are (lecture row L12).

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use candle_mle::alphabet::Alphabet;
use candle_mle::fit::Lbfgs;
use candle_mle::hook::GradientNorm;
use candle_mle::info::Pmf;
use candle_mle::model::NGram;
use candle_mle::{Classifier, Empirical, Error, Labelled, LossLog, Model, Objective, fit, info};
use candle_nn::{Optimizer, SGD, VarMap};

use crate::common::{self, host};

const TEXT: &str = "the cat sat on the mat, the rat ate the hat, and that was that";

fn text() -> Result<String> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/alice.txt"))?;
    Ok(text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase())
}

/// The smoothed maximum by descent, and what it was fitted to.
fn smoothed(text: &str, n: usize, alpha: f64) -> Result<(Alphabet, NGram, Empirical<Labelled>)> {
    let alphabet = Alphabet::of(text)?;
    let p = Empirical::from_sample(alphabet.windows(text, n)?)?.smoothed(alphabet.len(), alpha)?;
    let (vars, model) = common::learner(|vb| NGram::new(p.batch().x(), alphabet.len(), vb))?;
    let mut converged = GradientNorm::new(&vars, 1e-8);
    fit(&model, &p, Objective::CrossEntropy, &mut Lbfgs::new(&vars), 0..1000, &mut converged)?;
    ensure!(converged.reached(), "gradient {}", converged.norm());
    Ok((alphabet, model, p))
}

#[test]
fn the_terms_sum_to_the_text() -> Result<()> {
    for n in 1..=4 {
        let (alphabet, model, _) = smoothed(TEXT, n, 0.5)?;
        let terms = host(&model.log_prob(&alphabet.windows(TEXT, n)?)?)?;
        assert_eq!(terms.len(), TEXT.len());
        // The joint probability as a product, each factor looked up by its own context.
        let codes = alphabet.encode(TEXT)?;
        let mut joint = 1.0;
        let mut scale = 0.0;
        for t in 0..codes.len() {
            let from = t.saturating_sub(n - 1);
            // Padding and context; the character after it is any.
            let mut context = vec![alphabet.len() as f64; n - 1 - (t - from)];
            context.extend(codes[from..t].iter().map(|code| f64::from(*code)));
            let x = candle_core::Tensor::from_vec(context, (1, n - 1), &common::CPU)?;
            joint *= host(&model.log_probs(&x)?)?[codes[t] as usize].exp();
            // Kept in range.
            if joint < 1e-100 {
                joint *= 1e100;
                scale -= 100.0 * 10f64.ln();
            }
        }
        let (sum, joint) = (terms.iter().sum::<f64>(), joint.ln() + scale);
        ensure!((sum - joint).abs() <= 1e-12 * joint.abs(), "n = {n}: {sum} is not {joint}");
    }
    Ok(())
}

/// Over all texts of three characters the probabilities sum to 1: the padding makes it a law of whole texts.
#[test]
fn all_texts_of_a_length_are_sure() -> Result<()> {
    for n in 1..=3 {
        let (alphabet, model, _) = smoothed("abracadabra", n, 0.3)?;
        let all = alphabet.characters();
        let mut sum = 0.0;
        for text in all.iter().flat_map(|a| all.iter().flat_map(move |b| all.iter().map(move |c| [*a, *b, *c]))) {
            let text: String = text.iter().collect();
            sum += host(&model.log_prob(&alphabet.windows(&text, n)?)?)?.iter().sum::<f64>().exp();
        }
        ensure!((sum - 1.0).abs() < 1e-12, "n = {n}: {sum}");
    }
    Ok(())
}

#[test]
fn the_fitted_bigram_is_the_counts() -> Result<()> {
    let (text, alpha) = (text()?, 0.1);
    let (alphabet, model, p) = smoothed(&text, 2, alpha)?;
    let k = alphabet.len();
    let codes = alphabet.encode(&text)?;
    let mut counts = BTreeMap::new();
    for pair in codes.windows(2) {
        *counts.entry(pair[0]).or_insert_with(|| vec![alpha; k]).get_mut(pair[1] as usize).unwrap_or(&mut 0.0) += 1.0;
    }
    for (before, counts) in counts {
        let x = candle_core::Tensor::new(&[[f64::from(before)]], &common::CPU)?;
        let (q, total) = (host(&model.log_probs(&x)?.exp()?)?, counts.iter().sum::<f64>());
        for (q, count) in q.iter().zip(counts) {
            // The gradient, at most 1e-8, is this difference times the share of the context, at least 4e-4.
            ensure!((q - count / total).abs() < 2.5e-5, "{q} is not {count} of {total}");
        }
    }
    // And what is fitted is what the closed form has.
    let closed = NGram::from_counts(p.batch(), &host(p.count())?, k)?;
    let (fitted, closed) = (host(&model.log_prob(p.batch())?)?, host(&closed.log_prob(p.batch())?)?);
    let mass = host(p.mass())?;
    let kl: f64 = mass.iter().zip(closed.iter().zip(&fitted)).map(|(mass, (c, f))| mass * (c - f)).sum();
    ensure!((0.0..1e-9).contains(&(kl + 1e-15)), "{kl}");
    Ok(())
}

/// H(X_t | context) from `Pmf`'s table of pairs.
#[test]
fn the_floor_is_the_conditional_entropy() -> Result<()> {
    let text = text()?;
    let alphabet = Alphabet::of(&text)?;
    let k = alphabet.len();
    let padded: Vec<u32> = [k as u32].into_iter().chain(alphabet.encode(&text)?).collect();
    let pairs = padded.windows(2).map(|pair| [pair[0] as usize, pair[1] as usize]);
    let expected = Pmf::from_samples([k + 1, k], pairs)?.conditional_entropy(&[1], &[0])?;
    let p = Empirical::from_sample(alphabet.windows(&text, 2)?)?;
    ensure!((p.entropy() - expected).bits().abs() < 1e-12, "{} is not {expected}", p.entropy());
    // The closed form sits on it exactly, with probabilities of 0.
    let closed = NGram::from_counts(p.batch(), &host(p.count())?, k)?;
    let cross_entropy = host(&Objective::CrossEntropy.loss(&closed, &closed.log_prob(p.batch())?, &p)?)?[0];
    ensure!((cross_entropy - expected.nats()).abs() < 1e-12);
    Ok(())
}

#[test]
fn pairs_never_seen_run_off() -> Result<()> {
    let alphabet = Alphabet::of(TEXT)?;
    let p = Empirical::from_sample(alphabet.windows(TEXT, 2)?)?;
    let (vars, model) = common::learner(|vb| NGram::new(p.batch().x(), alphabet.len(), vb))?;
    let k = alphabet.len();
    // One row of logits for each character that something follows, and one for the start.
    assert_eq!(model.unseen(p.batch())?, (k + 1) * k - p.distinct());
    let mut log = LossLog::new();
    fit(&model, &p, Objective::CrossEntropy, &mut SGD::new(vars.all_vars(), 1.0)?, 0..300, &mut log)?;
    let history = log.into_history()?;
    let gaps: Vec<f64> = history.rows().iter().map(|row| row.cross_entropy - p.entropy().nats()).collect();
    ensure!(gaps.windows(2).all(|two| two[1] < two[0] && two[1] > 0.0), "it falls for ever and stays above H(Y|X)");
    // Pseudo-counts make it finite.
    let p = p.smoothed(k, 0.1)?;
    assert_eq!((p.distinct(), model.unseen(p.batch())?), ((k + 1) * k, 0));
    Ok(())
}

#[test]
fn contexts_never_seen_are_left_alone() -> Result<()> {
    let alphabet = Alphabet::of("abcab")?;
    let p = Empirical::from_sample(alphabet.windows("abab", 2)?)?;
    let closed = NGram::from_counts(p.batch(), &host(p.count())?, 3)?;
    // After c nothing was seen: the uniform law. After a only b was: c costs infinitely many bits there.
    let terms = host(&closed.log_prob(&alphabet.windows("abcab", 2)?)?)?;
    let third = (1.0f64 / 3.0).ln();
    for (got, expected) in terms.iter().zip([0.0, 0.0, f64::NEG_INFINITY, third, 0.0]) {
        ensure!(*got == expected || (got - expected).abs() < 1e-15, "{terms:?}");
    }
    Ok(())
}

#[test]
fn it_writes_what_it_has_read() -> Result<()> {
    let text = text()?;
    let alphabet = Alphabet::of(&text)?;
    let batch = alphabet.windows(&text, 3)?;
    let p = Empirical::from_sample(batch)?;
    let model = NGram::from_counts(p.batch(), &host(p.count())?, alphabet.len())?;
    let write = |seed| model.generate(20_000, &mut common::generator(seed));
    let written = write(1)?;
    assert_eq!(written, write(1)?);
    ensure!(written != write(2)?);
    // Every three in a row occur in the text, and as often as there.
    let drawn = alphabet.decode(&written);
    let three: Vec<char> = drawn.chars().collect();
    ensure!(three.windows(3).all(|three| text.contains(&three.iter().collect::<String>())));
    for common in ["the", "ing", "she"] {
        let often = |text: &str| text.matches(common).count() as f64 / text.len() as f64;
        let (got, expected) = (often(&drawn), often(&text));
        // Four standard errors of a count.
        ensure!((got - expected).abs() < 4.0 * (expected / 20_000.0).sqrt() + 1e-4, "{common}: {got}, not {expected}");
    }
    Ok(())
}

#[test]
fn bad_text_is_an_error() -> Result<()> {
    ensure!(matches!(Alphabet::of(""), Err(Error::Info(info::Error::Empty { .. }))));
    let alphabet = Alphabet::of("abc")?;
    ensure!(matches!(alphabet.windows("abd", 2), Err(Error::NotInAlphabet { character: 'd', at: 2 })));
    ensure!(matches!(alphabet.windows("ab", 3), Err(Error::ShortText { characters: 2, n: 3 })));
    ensure!(matches!(alphabet.windows("", 1), Err(Error::ShortText { characters: 0, n: 1 })));
    ensure!(matches!(alphabet.windows("abc", 0), Err(Error::Info(info::Error::Parameter { .. }))));
    let p = Empirical::from_sample(alphabet.windows("abc", 2)?)?;
    ensure!(p.smoothed(3, 0.0).is_err() && p.smoothed(3, f64::NAN).is_err());
    ensure!(matches!(p.smoothed(2, 1.0), Err(Error::Class { class: 2, classes: 2 })));
    ensure!(NGram::from_counts(p.batch(), &[1.0, 1.0, 0.0], 3).is_err());
    ensure!(NGram::from_counts(p.batch(), &[1.0; 2], 3).is_err());
    let vb = candle_nn::VarBuilder::from_varmap(&VarMap::new(), candle_core::DType::F64, &common::CPU);
    ensure!(NGram::new(p.batch().x(), 0, vb.clone()).is_err());
    let trigrams = alphabet.windows("abc", 3)?;
    ensure!(matches!(
        NGram::new(p.batch().x(), 3, vb)?.log_prob(&trigrams),
        Err(Error::Info(info::Error::Shape { .. }))
    ));
    Ok(())
}
