//! Characters one after the other (lecture row L12): an autoregressive model pays a text term by term of the chain rule.
//!
//! Change first: `ALPHA`, how often every character is taken to have followed every context. The smaller, the better the
//! text is learnt and the dearer the one held out, until at 0 what never happened costs infinitely many bits.

use anyhow::Result;
use candle_core::{DType, Device};
use candle_mle::cli::{Run, Text};
use candle_mle::plot::{Axis, Figure, Ink, Panel};
use candle_mle::{Alphabet, Empirical, GradientNorm, Information, Labelled, Lbfgs, LossLog, Model, NGram};
use candle_mle::{Objective, fit};
use candle_nn::{VarBuilder, VarMap};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const ALPHA: f64 = 0.1;
const LONGEST: usize = 5;
/// Characters of the held-out text that are paid one by one in the picture.
const SHOWN: usize = 48;

fn main() -> Result<()> {
    let run = Run::<Text>::from_args("characters", "N-grams of characters: bits per character, learnt and held out.");
    let unit = run.unit();
    // Lower case and single spaces; the last fifth is held out. The alphabet is known beforehand.
    let text = run.text()?.unwrap_or_else(|| include_str!("data/alice.txt").into());
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let alphabet = Alphabet::of(&text)?;
    let all: Vec<char> = text.chars().collect();
    let (learnt, held) = all.split_at(all.len() * 4 / 5);
    let [learnt, held] = [learnt, held].map(|part| part.iter().collect::<String>());
    let k = alphabet.len();
    println!("{k} different characters; to learn from {}, held out {}\n", learnt.chars().count(), held.chars().count());

    println!(
        "{unit} per character: the floor is H(x | context) of the text learnt, which likelihood alone falls towards"
    );
    println!("while logits run off to −∞; {ALPHA} pseudo-counts of every character in every context make a maximum\n");
    println!("n  contexts    floor  run off   held out  |  learnt  held out   KL left");
    let (mut models, mut curves) = (vec![], vec![]);
    for n in 1..=LONGEST {
        let (p, unseen_text) = (Empirical::from_sample(alphabet.windows(&learnt, n)?)?, alphabet.windows(&held, n)?);
        let limit = NGram::from_counts(p.batch(), &p.count().to_vec1::<f64>()?, k)?;
        let (model, left) = learn(&p.smoothed(k, ALPHA)?, k)?;
        let [at_limit, learnt] =
            [per_character(&limit, &unseen_text)?, per_character(&model, &alphabet.windows(&learnt, n)?)?];
        let held_out = per_character(&model, &unseen_text)?;
        let contexts = (limit.unseen(p.batch())? + p.distinct()) / k;
        let [floor, at_limit, learnt, held_out] = [p.entropy(), at_limit, learnt, held_out].map(|bits| bits.to(unit));
        println!(
            "{n}  {contexts:>8}  {floor:>7.4}  {:>7}  {at_limit:>9.4}  |  {learnt:.4}    {held_out:.4}  {:>8.0e}",
            limit.unseen(p.batch())?,
            left
        );
        curves.push((n as f64, floor, learnt, held_out));
        models.push(model);
    }
    Ok(())
}

fn learn(p: &Empirical<Labelled>, k: usize) -> Result<(NGram, f64)> {
    let vars = VarMap::new();
    let model = NGram::new(p.batch().x(), k, VarBuilder::from_varmap(&vars, DType::F64, &Device::Cpu))?;
    let (mut log, mut converged) = (LossLog::new(), GradientNorm::new(&vars, 1e-6));
    let t = std::time::Instant::now();
    fit(&model, p, Objective::CrossEntropy, &mut Lbfgs::new(&vars), 400, &mut (&mut log, &mut converged))?;
    eprintln!("{:?} {}", t.elapsed(), converged.norm());
    let h = log.into_history()?;
    eprintln!("{}", h.rows().len());
    let left = h.rows().last().map_or(f64::NAN, |row| row.kl);
    Ok((model, left))
}

/// −ln q(text) over its number of characters: the mean of the terms of the chain rule.
fn per_character(model: &NGram, text: &Labelled) -> Result<Information> {
    Ok(Information::from_nats(-model.log_prob(text)?.mean_all()?.to_scalar::<f64>()?))
}
