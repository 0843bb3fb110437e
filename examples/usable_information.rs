//! Usable information (lecture row P6): Shannon counts what X tells to anybody, V-information what it tells to a family.
//!
//! Change first: a rule in `LAWS`, a family in `families`, or `NOISE`, how often an answer is the wrong one.
//! A law is a table of `SIDE` × `SIDE` equally likely places x = (a, b), from −1 to 1, and the answers 0 and 1: nothing is
//! estimated. A permutation of the places loses nothing, and their product is a function of them: neither can raise I.
//! Yet a linear family loses all by the one and gains most of it by the other.

use anyhow::Result;
use candle_core::{Device, Tensor};
use candle_mle::cli::Run;
use candle_mle::plot::{Axis, Figure, Panel};
use candle_mle::{Empirical, Family, Information, Labelled, usable_information};

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
    let run = Run::<()>::from_args("usable_information", "What families of predictors can use of six laws.");
    let (unit, degree) = (run.unit(), |degree| Family::Polynomial { degree });
    let network = Family::Network { hidden: vec![8, 8], seed: 1 };
    let families = [Family::Constant, Family::Linear, degree(2), degree(4), network, Family::Saturated];

    let round = |i: Information| (i.to(unit) * 1e4).round() / 1e4 + 0.0; // no −0.0000
    let mut used = vec![];
    println!("{:<24}{}", format!("I_V(X→Y) in {unit}"), LAWS.map(|(name, ..)| format!("{name:>18}")).concat());
    for family in &families {
        let of = |law| Ok(round(usable_information(family, &seen(law)?, 2)?.information()));
        let row = LAWS.iter().map(of).collect::<Result<Vec<_>>>()?;
        println!("{family:<24}{}", row.iter().map(|used| format!("{used:>18.4}")).collect::<String>());
        used.extend(row);
    }
    let rows = families.each_ref().map(|family| family.to_string().replace("saturated", "saturated: Shannon's I"));
    let (x, y) = (Axis::new("law").categories(&LAWS.map(|law| law.0)), Axis::new("family").categories(&rows));
    Figure::new("Shannon's I is what X tells at all; a bounded family may use less")
        .subtitle("a permutation of the places hides much of it from them; a product of the columns brings it out")
        .column([Panel::new(x, y).cells(&used, Axis::new(format!("I_V(X→Y) ({unit})")))])
        .save(run.out("table.png"))?;

    println!("\nthe table is drawn in {}", run.out("table.png").display());
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
