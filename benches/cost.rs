//! What a full-batch step and a table cost as the work grows: nanoseconds a number and bytes an observation, drawn in plots/cost/cost.png.
//!
//! `cargo bench --bench cost --profile dev` takes a minute or two and 2 GiB of memory. The numbers are of the machine that ran it. Each
//! size is measured in a process of its own, `cost ROWS COLUMNS`, for memory that was freed before is found again and not counted.

mod machine;

use std::process::Command;
use std::time::Instant;

use anyhow::{Result, bail};
use candle_core::{DType, Device, Tensor};
use candle_mle::fit::GradientDescent;
use candle_mle::model::Logistic;
use candle_mle::{Empirical, Labelled, LossLog, Objective, fit};
use candle_mle_plot::{Axis, Figure, Ink, Panel};
use candle_nn::{VarBuilder, VarMap};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const COLUMNS: [usize; 4] = [2, 10, 100, 1000];
const INKS: [Ink; 4] = [Ink::Blue, Ink::Vermillion, Ink::Green, Ink::Purple];
/// Numbers in X, at the most.
const MOST: usize = 100_000_000;

fn main() -> Result<()> {
    let arguments: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    if let [rows, columns] = arguments[..] {
        let (seconds, held) = cost(rows, columns)?;
        println!("{seconds} {held}");
        return Ok(());
    }
    let ends = (3..=7).flat_map(|power| [1, 3].map(|first| first * 10usize.pow(power))).filter(|n| *n <= 10_000_000);
    let sizes: Vec<usize> = ends.collect();
    let panel = |y: Axis| Panel::new(Axis::new("observations n").log(), y);
    let mut steps = panel(Axis::new("a step (ns for each number in X)").log());
    let mut memory = panel(Axis::new("memory (bytes for each number in X)").log());
    println!("{:>10}{:>10}{:>14}{:>16}{:>16}", "n", "d", "step (ms)", "ns a number", "bytes a number");
    for (columns, ink) in COLUMNS.into_iter().zip(INKS) {
        let (mut time, mut bytes) = (vec![], vec![]);
        for rows in sizes.iter().copied().filter(|rows| rows * columns <= MOST) {
            let (seconds, held) = alone(rows, columns)?;
            let numbers = (rows * columns) as f64;
            println!(
                "{rows:>10}{columns:>10}{:>14.4}{:>16.3}{:>16.2}",
                1e3 * seconds,
                1e9 * seconds / numbers,
                held / numbers
            );
            time.push((rows as f64, 1e9 * seconds / numbers));
            // Of less the code that is loaded is a part.
            if numbers >= 1e6 {
                bytes.push((rows as f64, held / numbers));
            }
        }
        steps = steps.line(time, ink).label(format!("d = {columns}"));
        memory = memory.line(bytes, ink).label(format!("d = {columns}"));
    }
    let figure = Figure::new("What a step costs for each number in X, and what is held")
        .subtitle(
            "logistic regression in f64, full batch, with the three quantities logged; processor time of all threads",
        )
        .column([steps])
        .column([memory]);
    std::fs::create_dir_all("plots/cost")?;
    figure.save("plots/cost/cost.png")?;
    println!("plots/cost/cost.png");
    Ok(())
}

/// What [`cost`] says in a process of its own.
fn alone(rows: usize, columns: usize) -> Result<(f64, f64)> {
    let run = Command::new(std::env::current_exe()?).args([rows.to_string(), columns.to_string()]).output()?;
    let said = String::from_utf8_lossy(&run.stdout);
    let numbers: Vec<f64> = said.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let [seconds, held] = numbers[..] else { bail!("{rows} × {columns}: {}", String::from_utf8_lossy(&run.stderr)) };
    Ok((seconds, held))
}

/// Seconds of the processors for a step of a fit, the least of three, and the bytes that the most of it holds.
fn cost(rows: usize, columns: usize) -> Result<(f64, f64)> {
    let before = machine::resident();
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let x: Vec<f64> = (0..rows * columns).map(|_| rng.random_range(-1.7..1.7)).collect();
    let y: Vec<u32> = (0..rows).map(|_| rng.random_range(0..2)).collect();
    let batch =
        Labelled::new(Tensor::from_vec(x, (rows, columns), &Device::Cpu)?, Tensor::from_vec(y, rows, &Device::Cpu)?)?;
    let p = Empirical::from_sample(batch)?;
    let vars = VarMap::new();
    let model = Logistic::new(columns, VarBuilder::from_varmap(&vars, DType::F64, &Device::Cpu))?;
    let steps = (10_000_000 / (rows * columns)).clamp(3, 3000);
    let mut descent = GradientDescent::new(&vars, 1e-3)?;
    let mut least = f64::INFINITY;
    for _ in 0..3 {
        let (wall, start) = (Instant::now(), machine::processors());
        fit(&model, &p, Objective::CrossEntropy, &mut descent, 0..steps, &mut LossLog::new())?;
        let spent = machine::processors() - start;
        least = least.min(if spent.is_nan() { wall.elapsed().as_secs_f64() } else { spent } / steps as f64);
    }
    Ok((least, machine::resident() - before))
}
