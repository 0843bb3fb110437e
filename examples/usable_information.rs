//! Usable information (lecture row P6): Shannon counts what X tells to anybody, V-information what it tells to a family of
//! predictors. Six families on six distributions.
//!
//! Try: another rule in `LAWS`, another family in `families`, or another `NOISE`, how often an answer is the wrong one.
//! With another `--seed` the network starts elsewhere.
//!
//! A distribution is a table of `SIDE` × `SIDE` equally likely places x = (a, b), from −1 to 1, and the answers 0 and 1:
//! nothing is estimated. A permutation of the places loses nothing, and their product is a function of them: neither can
//! raise I. Yet a linear family loses all by the one and gains most of it by the other.

use anyhow::Result;
use candle_core::{Device, Tensor};
use candle_mle::usable::{Family, usable_information};
use candle_mle::{Empirical, Labelled};
use candle_mle_cli::{Run, Seeded};
use candle_mle_plot::{Axis, Figure, Panel};

const SIDE: usize = 16;
const NOISE: f64 = 0.05;

/// A name, where the answer should be 1, and what is seen of a place.
type Law = (&'static str, fn([f64; 2]) -> bool, fn(usize) -> [f64; 2]);

const LAWS: [Law; 6] = [
    ("line", |[a, b]| a + 0.5 * b > 0.0, place),
    ("line, permuted", |[a, b]| a + 0.5 * b > 0.0, |cell| place(101 * cell % (SIDE * SIDE))),
    ("ring", |[a, b]| a.hypot(b) > 0.8, place),
    ("stripes", |[a, _]| (6.5 * a).sin() > 0.0, place),
    ("checks", |[a, b]| a * b > 0.0, place),
    ("checks, only a·b", |[a, b]| a * b > 0.0, |cell| [place(cell).iter().product(), 0.0]),
];

fn main() -> Result<()> {
    let run = Run::<Seeded>::from_args("usable_information", include_str!("usable_information.rs"))?;
    let (unit, degree) = (run.unit(), |degree| Family::Polynomial { degree });
    let network = Family::Network { hidden: vec![8, 8], seed: run.seed() };
    let families = [Family::Constant, Family::Linear, degree(2), degree(4), network, Family::Saturated];

    let mut used = vec![];
    println!("{:<24}{}", format!("I_V(X→Y) in {unit}"), LAWS.map(|(name, ..)| format!("{name:>18}")).concat());
    for family in &families {
        print!("{family:<24}");
        for law in &LAWS {
            let amount = usable_information(family, &seen(law)?, 2)?.information().to(unit);
            used.push((1e4 * amount).round() / 1e4 + 0.0); // no −0.0000
            print!("{:>18.4}", used[used.len() - 1]);
        }
        println!();
    }
    let rows = families.each_ref().map(|family| family.to_string().replace("saturated", "saturated: Shannon's I"));
    let (x, y) = (Axis::new("distribution").categories(&LAWS.map(|law| law.0)), Axis::new("family").categories(&rows));
    // Of the linear family, by the order of `LAWS`: what a permutation takes from it, and a product gives it.
    let linear = &used[LAWS.len()..2 * LAWS.len()];
    let [whole, permuted, checks, product] = [0, 1, 4, 5].map(|law| linear[law]);
    let figure = Figure::new("Shannon's I is what X tells at all; a bounded family may use less")
        .subtitle(format!(
            "linear: {whole:.4} {unit} fall to {permuted:.4} when the places are permuted; {checks:.4} become {product:.4} \
             when only the product a·b is seen"
        ))
        .column([Panel::new(x, y).cells(&used, Axis::new(format!("I_V(X→Y) ({unit})")))]);
    run.draw("table.png", figure)?;
    run.say_picture("table.png");
    Ok(())
}

/// The place of a cell, from −1 to 1 both ways.
fn place(cell: usize) -> [f64; 2] {
    [cell % SIDE, cell / SIDE].map(|k| (2 * k + 1) as f64 / SIDE as f64 - 1.0)
}

fn seen((_, rule, see): &Law) -> Result<Empirical<Labelled>> {
    let (cells, cpu) = (SIDE * SIDE, Device::Cpu);
    let x: Vec<f64> = (0..cells).flat_map(|cell| [see(cell), see(cell)].concat()).collect();
    let answers = |cell| if rule(place(cell)) { [NOISE, 1.0 - NOISE] } else { [1.0 - NOISE, NOISE] };
    let y = Tensor::from_vec([0u32, 1].repeat(cells), 2 * cells, &cpu)?;
    let batch = Labelled::new(Tensor::from_vec(x, (2 * cells, 2), &cpu)?, y)?;
    Ok(Empirical::from_counts(batch, &(0..cells).flat_map(answers).collect::<Vec<_>>())?)
}
