//! The loss table of a classifier (lecture row L2): −log π₁, and why it is harsh on confident wrongness.
//!
//! Change first: a prediction in `PREDICTIONS`. Its true class is always class 1.
//! The slide says that halving the predicted probability doubles the loss: it adds exactly one bit, to any loss.

use anyhow::Result;
use candle_core::{Device, Tensor};
use candle_mle::cli::Run;
use candle_mle::plot::{Axis, Figure, Ink, Panel};
use candle_mle::{Information, Pmf, log_softmax};

const PREDICTIONS: [([f64; 3], &str); 5] = [
    ([0.7, 0.2, 0.1], "confident, correct"),
    ([0.4, 0.4, 0.2], "uncertain"),
    ([0.1, 0.1, 0.8], "wrong, but not too sure"),
    ([0.05, 0.05, 0.9], "confidently wrong"),
    ([1.0, 0.0, 0.0], "certain, correct: no more to gain"),
];

fn main() -> Result<()> {
    let run = Run::<()>::from_args("loss_table", "What five predictions of three classes cost when class 1 is true.");
    let unit = run.unit();

    // Log-loss as a classifier has it: of the logits ln π, where ln 0 = −∞ is a logit like any other.
    let logits = Tensor::new(&PREDICTIONS.map(|(pi, _)| pi), &Device::Cpu)?.log()?;
    let log_pi = log_softmax(&logits)?.to_vec2::<f64>()?;
    let losses: Vec<Information> = log_pi.iter().map(|row| Information::from_nats(0.0 - row[0])).collect();

    // The same as cross-entropy, and as KL divergence, of the one-hot truth d, whose own entropy is 0.
    let d = Pmf::new([3], [1.0, 0.0, 0.0])?;
    println!("predicted π            −log π₁   H(d, π)   KL(d‖π)   in {unit}; H(d) = {}", run.show(d.entropy()));
    for ((pi, meaning), loss) in PREDICTIONS.iter().zip(&losses) {
        let pi = Pmf::new([3], *pi)?;
        let [a, b, c] = [*loss, d.cross_entropy(&pi)?, d.kl_divergence(&pi)?].map(|loss| loss.to(unit));
        println!("{:<18} {a:>10.4}{b:>10.4}{c:>10.4}   {meaning}", format!("{:?}", pi.values()));
    }

    // Halving π₁ again and again.
    let halved: Vec<f64> = (0..5).map(|k| PREDICTIONS[0].0[0] / f64::from(1 << k)).collect();
    let loss = |pi: f64| Information::from_nats(-pi.ln()).to(unit);
    println!("\nhalving π₁, the loss in {unit}");
    for pair in halved.windows(2) {
        let [before, after] = [loss(pair[0]), loss(pair[1])];
        println!("{:>8} → {:<8} {before:.2} → {after:.2}   {:.4} more", pair[0], pair[1], after - before);
    }

    let axis = |label: &str| (Axis::new(label), Axis::new(format!("loss −log π₁ ({unit})")));
    let curve = || (8..=400).map(|k| f64::from(k) / 400.0).map(|pi| (pi, loss(pi)));
    let (x, y) = axis("predicted probability of the true class, π₁");
    let table = Panel::new(x, y).line(curve(), Ink::Blue).hline(0.0, "certain and right: 0");
    // The prediction without loss lies on the floor, which has its name.
    let name = |pi: &[f64; 3], loss: f64| format!("({}, {}, {})  {loss:.2}", pi[0], pi[1], pi[2]);
    let table = PREDICTIONS.iter().zip(&losses).fold(table, |panel, ((pi, _), loss)| {
        let loss = loss.to(unit);
        panel.mark(pi[0], loss, if loss > 0.0 { name(pi, loss) } else { String::new() })
    });
    let (x, y) = axis("π₁, on a logarithmic scale");
    let steps = halved
        .windows(2)
        .flat_map(|pair| [(pair[0], loss(pair[0])), (pair[0], loss(pair[1])), (pair[1], loss(pair[1]))]);
    let halving =
        Panel::new(x.log(), y).line(curve(), Ink::Blue).line(steps, Ink::Vermillion).label("steps of one bit");
    let halving = halved.iter().fold(halving, |panel, pi| panel.mark(*pi, loss(*pi), format!("{:.2}", loss(*pi))));
    Figure::new("Sure and wrong costs most: every halving of π₁ adds one bit")
        .column_of(1.3, [table])
        .column([halving])
        .save(run.out("loss.png"))?;
    println!("\nthe loss against π₁ is drawn in {}", run.out("loss.png").display());
    Ok(())
}
