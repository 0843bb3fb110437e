//! The loss table of a classifier (lecture row L2): −log π₁, and why it is harsh on confident wrongness. Five predictions
//! of three classes, of which class 1 is the true one.
//!
//! Try: another prediction in `PREDICTIONS`.
//!
//! The slide says that halving the predicted probability doubles the loss: it adds exactly one bit, to any loss.

use anyhow::Result;
use candle_core::{Device, Tensor};
use candle_mle::info::{Information, Pmf};
use candle_mle::ops::log_softmax;
use candle_mle_cli::Run;
use candle_mle_plot::{Axis, Figure, Ink, Panel};

const PREDICTIONS: [([f64; 3], &str); 5] = [
    ([0.7, 0.2, 0.1], "confident, correct"),
    ([0.4, 0.4, 0.2], "uncertain"),
    ([0.1, 0.1, 0.8], "wrong, but not too sure"),
    ([0.05, 0.05, 0.9], "confidently wrong"),
    ([1.0, 0.0, 0.0], "certain, correct: no more to gain"),
];

fn main() -> Result<()> {
    let run = Run::<()>::from_args("loss_table", include_str!("loss_table.rs"))?;
    let unit = run.unit();
    let loss = |pi: f64| Information::from_nats(-pi.ln()).to(unit);
    let axes = |label: &str| (Axis::new(label), Axis::new(format!("loss −log π₁ ({unit})")));
    let curve = || (8..=400).map(|k| f64::from(k) / 400.0).map(|pi| (pi, loss(pi)));
    let (x, y) = axes("predicted probability of the true class, π₁");
    let mut table = Panel::new(x, y).line(curve(), Ink::Blue).hline(0.0, "certain and right: 0");

    // Log-loss as a classifier has it: of the logits ln π, where ln 0 = −∞ is a logit like any other.
    let logits = Tensor::new(&PREDICTIONS.map(|(pi, _)| pi), &Device::Cpu)?.log()?;
    let log_pi = log_softmax(&logits)?.to_vec2::<f64>()?;
    // The same as cross-entropy, and as KL divergence, of the one-hot truth d, whose own entropy is 0.
    let d = Pmf::new([3], [1.0, 0.0, 0.0])?;
    println!("predicted π            −log π₁   H(d, π)   KL(d‖π)   in {unit}; H(d) = {}", run.show(d.entropy()));
    for ((pi, meaning), log_pi) in PREDICTIONS.iter().zip(log_pi) {
        let (log_loss, q) = (Information::from_nats(0.0 - log_pi[0]), Pmf::new([3], *pi)?);
        let [a, b, c] = [log_loss, d.cross_entropy(&q)?, d.kl_divergence(&q)?].map(|loss| loss.to(unit));
        println!("{:<18} {a:>10.4}{b:>10.4}{c:>10.4}   {meaning}", format!("{pi:?}"));
        // The prediction without loss lies on the floor, which has its name.
        let name = if a > 0.0 { format!("({}, {}, {})  {a:.2}", pi[0], pi[1], pi[2]) } else { String::new() };
        table = table.mark(pi[0], a, name);
    }

    // Halving π₁ again and again.
    let halved: Vec<f64> = (0..5).map(|k| PREDICTIONS[0].0[0] / f64::from(1 << k)).collect();
    println!("\nhalving π₁, the loss in {unit}");
    let mut steps = vec![];
    for pair in halved.windows(2) {
        let [before, after] = [loss(pair[0]), loss(pair[1])];
        println!("{:>8} → {:<8} {before:.2} → {after:.2}   {:.4} more", pair[0], pair[1], after - before);
        steps.extend([(pair[0], before), (pair[0], after), (pair[1], after)]);
    }
    let (x, y) = axes("π₁, on a logarithmic scale");
    let halving = Panel::new(x.log(), y).line(curve(), Ink::Blue);
    let halving = halving.line(steps, Ink::Vermillion).label("steps of one bit");
    let halving = halved.iter().fold(halving, |panel, pi| panel.mark(*pi, loss(*pi), format!("{:.2}", loss(*pi))));
    let figure = Figure::new("Sure and wrong costs most: every halving of π₁ adds one bit")
        .column_of(1.3, [table])
        .column([halving]);
    run.draw("loss.png", figure)?;
    run.say_picture("loss.png");
    Ok(())
}
