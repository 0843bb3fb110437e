//! Characters one after the other (lecture row L12): an autoregressive model pays for a text term by term of the chain
//! rule. The first chapter of *Alice's Adventures in Wonderland*, or a text of yours with `--text`.
//!
//! Try: another `ALPHA`, how often every character is taken to have followed every context. The smaller it is, the better
//! the text is learnt and the dearer the text held out, until at 0 what never happened costs infinitely many bits.

use anyhow::Result;
use candle_mle::alphabet::Alphabet;
use candle_mle::batch::host;
use candle_mle::mle::Plan;
use candle_mle::model::NGram;
use candle_mle::{Empirical, Labelled, Model};
use candle_mle_cli::{Run, Text};
use candle_mle_plot::{Axis, Figure, Ink, Panel};

const ALPHA: f64 = 0.1;
const MOST: usize = 5;

fn main() -> Result<()> {
    let run = Run::<Text>::from_args("characters", include_str!("characters.rs"))?;
    let unit = run.unit();

    // The last fifth is held out. The alphabet is known beforehand.
    let [learnt, held] = run.text(include_str!("data/alice.txt"))?;
    let alphabet = Alphabet::of(&(learnt.clone() + &held))?;
    alphabet.windows(&held, MOST)?; // long enough?
    println!("{} characters to learn from, {} different\n", learnt.chars().count(), alphabet.len());

    // −log q(text) over the number of its characters: the mean of the terms of the chain rule.
    let terms = |q: &NGram, text: &Labelled| -> Result<Vec<f64>> {
        Ok(host(&q.log_prob(text)?)?.iter().map(|term| (0.0 - term) / unit.nats()).collect())
    };
    let rate = |q: &NGram, text: &Labelled| terms(q, text).map(|terms| terms.iter().sum::<f64>() / terms.len() as f64);
    println!("n     learnt   held out      floor      limit   run off   {unit} per character; in the limit it writes");
    let (mut models, mut curves) = (vec![], [vec![], vec![], vec![]]);
    for n in 1..=MOST {
        let (read, unread) = (alphabet.windows(&learnt, n)?, alphabet.windows(&held, n)?);
        let p = Empirical::from_sample(read.clone())?;
        let limit = NGram::from_counts(p.batch(), &host(p.count())?, alphabet.len())?;
        // The maximum of the likelihood, by descent.
        let (smoothed, plan) = (p.smoothed(alphabet.len(), ALPHA)?, Plan { tolerance: 1e-6, ..Plan::default() });
        let q = plan.fit(&smoothed, |vb| NGram::new(smoothed.batch().x(), alphabet.len(), vb))?.model;
        let (rates, floor) = ([rate(&q, &read)?, rate(&q, &unread)?], p.entropy().to(unit));
        print!("{n} {:>10.4} {:>10.4} {floor:>10.4} {:>10.4}", rates[0], rates[1], rate(&limit, &unread)?);
        let writes = limit.generate(64, &mut run.generator())?;
        println!(" {:>9}   {}", limit.unseen(p.batch())?, alphabet.decode(&writes));
        curves.iter_mut().zip([rates[0], rates[1], floor]).for_each(|(curve, y)| curve.push((n as f64 - 1.0, y)));
        models.push(q);
    }
    println!("\npseudo-counts {ALPHA}. Likelihood alone falls to the floor H(x|context) while logits run off to −∞;");
    println!("in that limit a character that was never learnt after its context costs infinitely much.");

    let [read, unread, floor] = curves;
    let best = (1..=MOST).min_by(|a, b| unread[a - 1].1.total_cmp(&unread[b - 1].1)).unwrap_or(1);
    let n = Axis::new("n").categories(&[1, 2, 3, 4, 5].map(|n: usize| n.to_string()));
    let panel = Panel::new(n, Axis::new(format!("{unit} per character"))).line(unread, Ink::Vermillion);
    let panel = panel.label("held out").line(read, Ink::Blue).label("learnt").line(floor, Ink::Black).dashed();

    // The first words held out, as a text of their own: −log q(text) is the sum of these terms.
    let words: String = held.chars().take(40).collect();
    let terms = terms(&models[best - 1], &alphabet.windows(&words, best)?)?;
    let bars = terms.iter().zip(0..).map(|(term, t)| (f64::from(t) - 0.42, f64::from(t) + 0.42, *term));
    let x = Axis::new("text").categories(&words.replace(' ', "␣").chars().map(String::from).collect::<Vec<_>>());
    let y = Axis::new(format!("−log q(x|the {} before) ({unit})", best - 1));
    let title = format!("The {} terms of the chain rule sum to {:.1} {unit}", terms.len(), terms.iter().sum::<f64>());
    let chain = Panel::new(x, y).bars(bars, Ink::Blue).title(title);
    let figure = Figure::new(format!("Of all n, unread text costs least at n = {best}"))
        .subtitle("n-grams with pseudo-counts; without, what was learnt costs the floor, what was not infinity")
        .column([panel.label("floor H(x|context)"), chain]);
    run.draw("rates.png", figure)?;
    run.say_picture("rates.png");
    Ok(())
}
