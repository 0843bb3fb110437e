//! The data processing inequality (lecture row P4) in a network: a later layer tells no more about y, nor about x. The
//! layers of a small network that learns a ring, before and after.
//!
//! Try: another `STEP`, or other `HIDDEN`, the units of every layer (and `LAYERS`, their names). With another `--seed`
//! the network starts elsewhere.
//!
//! Y – X → T1 → T2 → …: each layer is rounded to multiples of `STEP` before the next one sees it, so that x, of 256 places,
//! and the layers have finitely many values, and what they tell is exact. Layers that are rounded one by one afterwards
//! are no chain: T2 is then no function of the rounded T1, and seems to tell more than T1 does.

use anyhow::Result;
use candle_core::{DType, Device, Tensor};
use candle_mle::mle::Plan;
use candle_mle::model::Network;
use candle_mle::{Empirical, Error, Labelled};
use candle_mle_cli::{Run, Seeded};
use candle_mle_plot::{Axis, Figure, Ink, Panel};

const SIDE: u32 = 16;
const NOISE: f64 = 0.05;
const HIDDEN: [usize; 4] = [8, 6, 4, 3];
const LAYERS: [&str; 6] = ["X", "T1", "T2", "T3", "T4", "class"];
const STEP: f64 = 0.5;

fn main() -> Result<()> {
    let run = Run::<Seeded>::from_args("data_processing", include_str!("data_processing.rs"))?;
    let (unit, cpu) = (run.unit(), Device::Cpu);

    // On the ring the answer is mostly 1, off it mostly 0; every place is there once with each.
    let sides = (0..SIDE).map(|k| f64::from(2 * k + 1) / f64::from(SIDE) - 1.0);
    let places: Vec<Vec<f64>> = sides.clone().flat_map(|a| sides.clone().map(move |b| vec![a, b])).collect();
    let one = |x: &Vec<f64>| if x[0].hypot(x[1]) > 0.8 { 1.0 - NOISE } else { NOISE };
    let counts: Vec<f64> = places.iter().flat_map(|x| [1.0 - one(x), one(x)]).collect();
    let twice = Tensor::from_iter((0..2 * SIDE * SIDE).map(|row| row / 2), &cpu)?;
    let (x, y) = (Tensor::new(places, &cpu)?, Tensor::from_iter((0..2 * SIDE * SIDE).map(|row| row % 2), &cpu)?);
    let data = |t: &Tensor| Empirical::from_counts(Labelled::new(t.index_select(&twice, 0)?, y.clone())?, &counts);

    let start = Network::seeded(2, &HIDDEN, 2, &mut run.generator(), &cpu)?;
    let plan = Plan { tolerance: 1e-6, steps: 500, ..Plan::default() };
    let trained = plan.fit_from(&data(&x)?, &start)?.model;

    // A layer is a function of x, so that I(X;T) = H(T).
    let h_y = Empirical::from_counts(y.to_dtype(DType::F64)?, &counts)?.entropy();
    let told = |t: &Tensor| Ok::<_, Error>([Empirical::from_sample(t.clone())?.entropy(), h_y - data(t)?.entropy()]);
    let round = |t: Tensor| Ok::<_, Error>(((t / STEP)?.round()? * STEP)?);
    let apart = trained.layers(&x)?.into_iter().map(round).collect::<Result<_, _>>()?;
    let layer = Axis::new(format!("layer, rounded to multiples of {STEP}")).categories(&LAYERS);
    let panel = |name: &str| Panel::new(layer.clone(), Axis::new(format!("{name} ({unit})")));
    let (mut of_x, mut of_y) = (panel("I(X;T)"), panel("I(Y;T)").hline(told(&x)?[1].to(unit), "I(X;Y)"));
    let mut kept = vec![]; // of y, by the last layer
    println!("\n{:<32}{:>8}{:>10}{:>10}", format!("in {unit}"), "layer", "I(X;T)", "I(Y;T)");
    for (state, layers, ink) in [
        ("before training", start.layers_through(&x, round)?, Ink::Grey),
        ("trained", trained.layers_through(&x, round)?, Ink::Blue),
        ("trained, rounded afterwards", apart, Ink::Vermillion),
    ] {
        let (mut line_x, mut line_y) = (vec![], vec![]);
        for (at, (layer, name)) in std::iter::once(&x).chain(&layers).zip(LAYERS).enumerate() {
            let [x, y] = told(layer)?.map(|i| i.to(unit));
            println!("{state:<32}{name:>8}{x:>10.4}{y:>10.4}");
            line_x.push((at as f64, x));
            line_y.push((at as f64, y));
        }
        kept.push(line_y[line_y.len() - 1].1);
        (of_x, of_y) = (of_x.line(line_x, ink), of_y.line(line_y, ink).label(state));
    }
    let (untrained, trained, all) = (kept[0], kept[1], told(&x)?[1].to(unit));
    let network = if trained > untrained { "A trained network" } else { "A network that learnt nothing" };
    let title = format!("{network} forgets x layer by layer and keeps {trained:.4} of {all:.4} {unit} about y");
    let figure = Figure::new(title)
        .subtitle("no layer tells more than the one before it; layers that are rounded afterwards are no chain")
        .column_of(1.2, [of_y.dashed()])
        .column([of_x.dashed()]);
    run.draw("chains.png", figure)?;
    run.say_picture("chains.png");
    Ok(())
}
