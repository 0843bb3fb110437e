//! The data processing inequality (lecture row P4) in a network: a later layer tells no more about y, nor about x.
//!
//! Change first: `STEP`, or `HIDDEN`, the units of every layer (and `LAYERS`, their names).
//! Y – X → T1 → T2 → …: each layer is rounded to multiples of `STEP` before the next one sees it, so that x, of 256 places,
//! and the layers have finitely many values, and what they tell is exact. Layers that are rounded one by one afterwards
//! are no chain: T2 is then no function of the rounded T1, and seems to tell more than T1 does.

use anyhow::Result;
use candle_core::{DType, Device, Tensor};
use candle_mle::cli::Run;
use candle_mle::plot::{Axis, Figure, Ink, Panel};
use candle_mle::{Empirical, Error, GradientNorm, Labelled, Lbfgs, Network, Objective, fit, variables};
use candle_nn::VarBuilder;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const SIDE: u32 = 16;
const NOISE: f64 = 0.05;
const HIDDEN: [usize; 4] = [8, 6, 4, 3];
const LAYERS: [&str; 6] = ["X", "T1", "T2", "T3", "T4", "class"];
const STEP: f64 = 0.5;

fn main() -> Result<()> {
    let run = Run::<()>::from_args("data_processing", "What the layers of a network tell about x and y.");
    let (unit, cpu, in_order) = (run.unit(), Device::Cpu, || (0..).map(f64::from));
    let amount = |name: &str| Axis::new(format!("{name} ({unit})"));

    // On the ring the answer is mostly 1, off it mostly 0; every place is there once with each.
    let sides = (0..SIDE).map(|k| f64::from(2 * k + 1) / f64::from(SIDE) - 1.0);
    let places: Vec<Vec<f64>> = sides.clone().flat_map(|a| sides.clone().map(move |b| vec![a, b])).collect();
    let one = |x: &Vec<f64>| if x[0].hypot(x[1]) > 0.8 { 1.0 - NOISE } else { NOISE };
    let counts: Vec<f64> = places.iter().flat_map(|x| [1.0 - one(x), one(x)]).collect();
    let twice = Tensor::from_iter((0..2 * SIDE * SIDE).map(|row| row / 2), &cpu)?;
    let (x, y) = (Tensor::new(places, &cpu)?, Tensor::from_iter((0..2 * SIDE * SIDE).map(|row| row % 2), &cpu)?);
    let data = |t: &Tensor| Empirical::from_counts(Labelled::new(t.index_select(&twice, 0)?, y.clone())?, &counts);

    let start = Network::seeded(2, &HIDDEN, 2, &mut ChaCha8Rng::seed_from_u64(2), &cpu)?;
    let vars = variables(&start)?;
    let trained = Network::new(2, &HIDDEN, 2, VarBuilder::from_varmap(&vars, DType::F64, &cpu))?;
    let mut end = GradientNorm::new(&vars, 1e-6);
    fit(&trained, &data(&x)?, Objective::CrossEntropy, &mut Lbfgs::new(&vars), 500, &mut end)?;

    // A layer is a function of x, so that I(X;T) = H(T).
    let h_y = Empirical::from_counts(y.to_dtype(DType::F64)?, &counts)?.entropy();
    let i = |t: &Tensor| Ok::<_, Error>([Empirical::from_sample(t.clone())?.entropy(), h_y - data(t)?.entropy()]);
    let round = |t: Tensor| Ok::<_, Error>(((t / STEP)?.round()? * STEP)?);
    let apart = trained.layers(&x)?.into_iter().map(round).collect::<Result<_, _>>()?;
    let axis = || Axis::new(format!("layer, rounded to multiples of {STEP}")).categories(&LAYERS);
    let mut of_x = Panel::new(axis(), amount("I(X;T)"));
    let mut of_y = Panel::new(axis(), amount("I(Y;T)")).hline(i(&x)?[1].to(unit), "I(X;Y)");
    println!("\n{:<32}{:>8}{:>10}{:>10}", format!("in {unit}"), "layer", "I(X;T)", "I(Y;T)");
    for (state, layers, ink) in [
        ("before training", start.layers_through(&x, round)?, Ink::Grey),
        ("trained", trained.layers_through(&x, round)?, Ink::Blue),
        ("trained, rounded afterwards", apart, Ink::Vermillion),
    ] {
        let told = std::iter::once(&x).chain(&layers).map(i).collect::<Result<Vec<_>, _>>()?;
        for (layer, [x, y]) in LAYERS.iter().zip(&told) {
            println!("{state:<32}{layer:>8}{:>10.4}{:>10.4}", x.to(unit), y.to(unit));
        }
        of_x = of_x.line(in_order().zip(told.iter().map(|i| i[0].to(unit))), ink);
        of_y = of_y.line(in_order().zip(told.iter().map(|i| i[1].to(unit))), ink).label(state);
    }
    Figure::new("A trained network forgets x layer by layer and keeps more of y")
        .subtitle("no layer tells more than the one before it; rounded afterwards they are no chain, and only seem to")
        .column_of(1.2, [of_y.dashed()])
        .column([of_x.dashed()])
        .save(run.out("chains.png"))?;
    println!("\nthe chains are drawn in {}", run.out("chains.png").display());
    Ok(())
}
