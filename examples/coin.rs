//! Sixty heads of a hundred (lecture row L1): three losses, one argmin, π = 0.6.
//!
//! Change first: `HEADS`. With `--n 20` the flips are drawn from a coin of that probability instead.
//! Step size: above 8, `--lr 9`, the loss climbs above its start, and the run stops and names the step.

use anyhow::Result;
use candle_core::{DType, Tensor};
use candle_mle::cli::{Classes, Run, Slice};
use candle_mle::plot::{Axis, Figure, Ink, Panel};
use candle_mle::{Bernoulli, Empirical, Outcomes, Sample, device, one_sided};

const HEADS: f64 = 60.0;
const FLIPS: f64 = 100.0;

fn main() -> Result<()> {
    let run = Run::<Classes>::from_args("coin", "The smallest maximum likelihood there is: a coin, 60 heads of 100.");
    let device = device()?;

    // What was seen: a table of counts, flips of a coin of known bias, or a column of yours with two values.
    let truth = Bernoulli::from_prob(HEADS / FLIPS, &device)?;
    let table = run.outcomes()?;
    table.as_ref().map_or(Ok(()), Outcomes::two_classes)?;
    let data = match (&table, run.n()) {
        (Some(table), _) => Empirical::from_counts(table.y.to_dtype(DType::F64)?, &table.count)?,
        (None, Some(n)) => Empirical::from_sample(truth.sample(&n, &mut run.generator())?)?,
        (None, None) => Empirical::from_counts(Tensor::new(&[1.0, 0.0], &device)?, &[HEADS, FLIPS - HEADS])?,
    };
    let faces = table.map_or(["tails", "heads"].map(String::from).to_vec(), |table| table.classes);
    run.say_data(&format!("a coin: {} (1) or {} (0)", faces[1], faces[0]), "H(p_data)", &data);

    // The learner starts fair; the hook logs KL, cross-entropy and NLL of every step.
    let truth = (run.n().is_some()).then_some(&truth);
    let learned = run.learn(&data, truth, one_sided(&data)?, 1.0, Bernoulli::new, &device)?;
    println!("probability of {}: {:.6}\n", faces[1], learned.model.prob()?);

    // The same three quantities along all coins there are.
    let coins = (1..100).map(|i| f64::from(i) / 100.0).collect();
    let axis = format!("probability of {}", faces[1]);
    let mut slice = Slice::new(axis, coins, |prob| Bernoulli::from_prob(prob, &device), &data)?;
    if let Some(separation) = &learned.separation {
        slice = slice.without_minimum(separation.infimum);
    }
    run.draw_descent(&learned, "H(p_data)")?;
    run.draw_landscape(&slice, None)?;
    let heads = data.moments()?.0[0];
    let bars = |left: f64, heads: f64| [(left, left + 0.3, 1.0 - heads), (1.0 + left, 1.3 + left, heads)];
    let panel = Panel::new(Axis::new("").categories(&faces), Axis::new("probability").range(0.0, 1.0))
        .bars(bars(-0.3, heads), Ink::SkyBlue)
        .label("observed share")
        .bars(bars(0.0, learned.model.prob()?), Ink::Vermillion)
        .label("fitted coin");
    Figure::new(format!("The fitted coin shows {} as often as was observed", faces[1]))
        .column([panel])
        .save(run.out("model.png"))?;
    run.say_files();
    Ok(())
}
