//! The estimates by neighbours on normal pairs of correlation 0.6, k = 3, and how their cost grows.
//!
//! `cargo bench -p candle-mle-info`: the least of three, in microseconds a point, on all cores. `… -- ksg1 3 100000 5` runs one
//! of them 5 times, on blocks of 3 columns; `benches/peers.py` does that, and compares.

use std::time::Instant;

use candle_mle_info::estimate::{knn_kl_divergence, kozachenko_leonenko, ksg1, ksg2, ross};
use candle_mle_info::{Information, Result};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

type Estimate = fn(&[Vec<f64>], &[Vec<f64>]) -> Result<Information>;

const ESTIMATES: [(&str, Estimate); 5] = [
    ("ksg1", |x, y| ksg1(x, y, 3)),
    ("ksg2", |x, y| ksg2(x, y, 3)),
    ("kozachenko_leonenko", |x, _| kozachenko_leonenko(x, 3)),
    ("ross", |x, y| ross(&y.iter().map(|y| y[0] > 0.0).collect::<Vec<_>>(), x, 3)),
    ("knn_kl_divergence", |x, y| knn_kl_divergence(x, y, 3)),
];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [name, numbers @ ..] = &arguments[..] {
        let numbers: Vec<usize> = numbers.iter().filter_map(|number| number.parse().ok()).collect();
        let found = ESTIMATES.iter().find(|(known, _)| known == name);
        let (Some((_, estimate)), &[columns, n, times]) = (found, &numbers[..]) else {
            panic!("an estimate, the number of columns, of points and of runs, such as `ksg1 3 100000 5`");
        };
        let [x, y] = blocks(n, columns);
        (0..times).try_for_each(|_| estimate(&x, &y).map(drop))?;
        println!("{}", estimate(&x, &y)?.nats());
        return Ok(());
    }
    println!("{:<22}{:>8}{:>12}{:>12}{:>12}", "µs a point", "columns", 10_000, 100_000, 1_000_000);
    for (name, estimate) in ESTIMATES {
        for columns in [1, 3] {
            print!("{name:<22}{columns:>8}");
            for n in [10_000, 100_000, 1_000_000] {
                let [x, y] = blocks(n, columns);
                let mut least = f64::INFINITY;
                for _ in 0..3 {
                    let start = Instant::now();
                    estimate(&x, &y)?;
                    least = least.min(start.elapsed().as_secs_f64());
                }
                print!("{:>12.3}", 1e6 * least / n as f64);
            }
            println!();
        }
    }
    Ok(())
}

fn blocks(n: usize, columns: usize) -> [Vec<Vec<f64>>; 2] {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut draw = || -> Vec<f64> { (0..columns).map(|_| rng.sample(StandardNormal)).collect() };
    let x: Vec<Vec<f64>> = (0..n).map(|_| draw()).collect();
    let y = x.iter().map(|x| x.iter().zip(draw()).map(|(x, z)| 0.6 * x + 0.8 * z).collect()).collect();
    [x, y]
}
