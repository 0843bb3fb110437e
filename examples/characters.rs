//! Characters one after the other (lecture row L12): an autoregressive model pays for a text term by term of the chain rule.
//!
//! Change first: `ALPHA`, how often every character is taken to have followed every context. The smaller, the better the
//! text is learnt and the dearer the one held out, until at 0 what never happened costs infinitely many bits.

use anyhow::Result;
use candle_core::{DType, Device};
use candle_mle::cli::{Run, Text};
use candle_mle::plot::{Axis, Figure, Ink, Panel};
use candle_mle::{Alphabet, Empirical, GradientNorm, Labelled, Lbfgs, Model, NGram, Objective, fit};
use candle_nn::{VarBuilder, VarMap};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const ALPHA: f64 = 0.1;
const MOST: usize = 5;

fn main() -> Result<()> {
    let run = Run::<Text>::from_args("characters", "N-grams of characters: bits per character, learnt and held out.");
    let unit = run.unit();

    // The last fifth is held out. The alphabet is known beforehand.
    let [learnt, held] = run.text(include_str!("data/alice.txt"))?;
    let alphabet = Alphabet::of(&(learnt.clone() + &held))?;
    alphabet.windows(&held, MOST)?; // long enough?
    println!("{} characters to learn from, {} different\n", learnt.chars().count(), alphabet.len());

    // −ln q(text) over the number of its characters: the mean of the terms of the chain rule.
    let rate = |q: &NGram, text: &Labelled| -> Result<f64> {
        Ok((0.0 - q.log_prob(text)?.mean_all()?.to_scalar::<f64>()?) / unit.nats())
    };
    println!("n     learnt   held out      floor      limit   run off   {unit} per character; in the limit it writes");
    let (mut models, mut curves) = (vec![], [vec![], vec![], vec![]]);
    for n in 1..=MOST {
        let (read, unread) = (alphabet.windows(&learnt, n)?, alphabet.windows(&held, n)?);
        let p = Empirical::from_sample(read.clone())?;
        let limit = NGram::from_counts(p.batch(), &p.count().to_vec1::<f64>()?, alphabet.len())?;
        // The maximum of the likelihood, by descent.
        let (smoothed, vars) = (p.smoothed(alphabet.len(), ALPHA)?, VarMap::new());
        let vb = VarBuilder::from_varmap(&vars, DType::F64, &Device::Cpu);
        let (q, mut end) = (NGram::new(smoothed.batch().x(), alphabet.len(), vb)?, GradientNorm::new(&vars, 1e-6));
        fit(&q, &smoothed, Objective::CrossEntropy, &mut Lbfgs::new(&vars), 500, &mut end)?;
        let (rates, floor) = ([rate(&q, &read)?, rate(&q, &unread)?], p.entropy().to(unit));
        print!("{n} {:>10.4} {:>10.4} {floor:>10.4} {:>10.4}", rates[0], rates[1], rate(&limit, &unread)?);
        let writes = limit.generate(64, &mut ChaCha8Rng::seed_from_u64(1))?;
        println!(" {:>9}   {}", limit.unseen(p.batch())?, alphabet.decode(&writes));
        curves.iter_mut().zip([rates[0], rates[1], floor]).for_each(|(curve, y)| curve.push((n as f64 - 1.0, y)));
        models.push(q);
    }
    println!("\npseudo-counts {ALPHA}. Likelihood alone falls to the floor H(x|context) while logits run off to −∞;");
    println!("in that limit a character that was never learnt after its context costs infinitely much.");

    let [read, unread, floor] = curves;
    let best = (1..=MOST).min_by(|a, b| unread[a - 1].1.total_cmp(&unread[b - 1].1)).unwrap_or(1);
    let n = Axis::new("n").categories(&["1", "2", "3", "4", "5"]);
    let panel = Panel::new(n, Axis::new(format!("{unit} per character"))).line(unread, Ink::Vermillion);
    let panel = panel.label("held out").line(read, Ink::Blue).label("learnt").line(floor, Ink::Black).dashed();

    // The first words held out, as a text of their own: −log q(text) is the sum of these terms.
    let words: String = held.chars().take(40).collect();
    let terms = models[best - 1].log_prob(&alphabet.windows(&words, best)?)?.to_vec1::<f64>()?;
    let bars = terms.iter().zip(0..).map(|(term, t)| (f64::from(t) - 0.42, f64::from(t) + 0.42, -term / unit.nats()));
    let x = Axis::new("text").categories(&words.replace(' ', "␣").chars().map(String::from).collect::<Vec<_>>());
    let y = Axis::new(format!("−log q(x|the {} before) ({unit})", best - 1));
    let sum = terms.iter().sum::<f64>() / -unit.nats();
    let title = format!("The {} terms of the chain rule sum to {sum:.1} {unit}", terms.len());
    let chain = Panel::new(x, y).bars(bars, Ink::Blue).title(title);
    Figure::new(format!("Of all n, unread text costs least at n = {best}"))
        .subtitle("n-grams with pseudo-counts; without, what was learnt costs the floor, what was not infinity")
        .column([panel.label("floor H(x|context)"), chain])
        .save(run.out("rates.png"))?;
    println!("\nthe picture is {}", run.out("rates.png").display());
    Ok(())
}
