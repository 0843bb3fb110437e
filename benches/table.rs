//! From a file to p̂: reading tables of numbers, and counting rows that repeat.
//!
//! `cargo bench --bench table`, or with the names of CSV files behind `--` to read those. Medians in milliseconds, the CPU's of
//! all threads beside the clock's; compare ratios within one run, machines differ. `peers_file.py` does, with other libraries.

mod machine;

use std::fmt::Write;
use std::time::Instant;

use anyhow::Result;
use candle_core::{Device, Tensor};
use candle_mle::{Empirical, Labelled, Table};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn main() -> Result<()> {
    println!("{:<50}  {:>9}  {:>11}", "", "CPU (ms)", "clock (ms)");
    let files: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if files.is_empty() {
        for (rows, columns, classes) in [(200_000, 32, 2), (100_000, 32, 10)] {
            let text = csv(rows, columns, classes)?;
            measure(&format!("read {rows} x {columns} numbers, {classes} classes"), || {
                Ok(Table::from_reader(text.as_bytes(), None).map(drop)?)
            })?;
        }
    }
    for file in &files {
        measure(&format!("read {file}"), || Ok(Table::read(file, None).map(drop)?))?;
    }
    let rows = 10_000_000;
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let x: Vec<f64> = (0..rows).map(|_| f64::from(rng.random_range(0..10u8))).collect();
    let y: Vec<u32> = (0..rows).map(|_| rng.random_range(0..2)).collect();
    let (x, y) = (Tensor::from_vec(x, (rows, 1), &Device::Cpu)?, Tensor::from_vec(y, rows, &Device::Cpu)?);
    measure(&format!("count {rows} labelled rows, 20 different"), || {
        Ok(Empirical::from_sample(Labelled::new(x.clone(), y.clone())?).map(drop)?)
    })
}

/// A header, and numbers of six decimals before a label.
fn csv(rows: usize, columns: usize, classes: u32) -> Result<String> {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut text: String = (0..columns).map(|at| format!("x{at},")).collect();
    text.push_str("y\n");
    for _ in 0..rows {
        for _ in 0..columns {
            write!(text, "{:.6},", rng.random_range(-1.0..1.0))?;
        }
        writeln!(text, "c{}", rng.random_range(0..classes))?;
    }
    Ok(text)
}

/// Prints the medians of nine batches of runs, each of a third of a second.
fn measure(what: &str, run: impl Fn() -> Result<()>) -> Result<()> {
    run()?; // warm up
    let mut times = vec![];
    for _ in 0..9 {
        let (start, before, mut runs) = (Instant::now(), machine::processors(), 0);
        while start.elapsed().as_millis() < 300 {
            run()?;
            runs += 1;
        }
        let each = |ms: f64| ms / f64::from(runs);
        times.push((each(1e3 * (machine::processors() - before)), each(start.elapsed().as_secs_f64() * 1e3)));
    }
    let median = |of: fn(&(f64, f64)) -> f64| {
        let mut times: Vec<f64> = times.iter().map(of).collect();
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    println!("{what:<50}  {:>9.1}  {:>11.1}", median(|t| t.0), median(|t| t.1));
    Ok(())
}
