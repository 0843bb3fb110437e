//! The league of the estimators of entropy: bias and RMSE of each on 12 distributions and 6 sample sizes, over 100 seeded samples,
//! written to `crates/info/league.csv`; the means are printed. Run it by `cargo run -p candle-mle-info --example league`.

use std::fmt::Write as _;

use candle_mle_info::estimate::{CountEstimator as By, nsb};
use candle_mle_info::{Error, Information, Pmf};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

type Estimate = fn(&[u64]) -> Result<Information, Error>;

const ESTIMATES: [(&str, Estimate); 7] = [
    ("plug-in", |counts| By::PlugIn.entropy(counts)),
    ("Miller–Madow", |counts| By::MillerMadow.entropy(counts)),
    ("Grassberger", |counts| By::Grassberger.entropy(counts)),
    ("Chao–Shen", |counts| By::ChaoShen.entropy(counts)),
    ("Chao–Wang–Jost", |counts| By::ChaoWangJost.entropy(counts)),
    ("shrinkage", |counts| By::Shrinkage.entropy(counts)),
    ("NSB", |counts| Ok(nsb(counts)?.0)),
];
/// Of a cell, counted from 1: its probability up to a factor.
type Weight = fn(f64) -> f64;

/// Name, how many cells, and their weights.
const DISTRIBUTIONS: [(&str, u32, Weight); 12] = [
    ("fair coin", 2, |_| 1.0),
    ("coin of 0.95", 2, |i| if i > 1.0 { 0.95 } else { 0.05 }),
    ("die", 6, |_| 1.0),
    ("uniform on 100", 100, |_| 1.0),
    ("uniform on 1000", 1000, |_| 1.0),
    ("1/i on 100", 100, |i| 1.0 / i),
    ("1/i on 1000", 1000, |i| 1.0 / i),
    ("1/i² on 1000", 1000, |i| 1.0 / (i * i)),
    ("geometric of 0.5", 50, |i| 0.5f64.powf(i)),
    ("geometric of 0.05", 500, |i| 0.95f64.powf(i)),
    ("half in one of 1001", 1001, |i| if i > 1.0 { 1e-3 } else { 1.0 }),
    ("a bell of 41", 41, |i| (-(i - 21.0).powi(2) / 20.0).exp()),
];
const SIZES: [usize; 6] = [10, 30, 100, 300, 1000, 3000];
const SAMPLES: u64 = 100;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut csv = "distribution,cells,entropy_nats,n,estimator,bias_nats,rmse_nats,refused\n".to_string();
    let mut sums = [[0.0; SIZES.len()]; ESTIMATES.len()];
    for (name, cells, weight) in DISTRIBUTIONS {
        let law = Pmf::from_counts([cells as usize], (1..=cells).map(|i| weight(i.into())).collect::<Vec<_>>())?;
        let truth = law.entropy().nats();
        for (column, n) in SIZES.into_iter().enumerate() {
            let errors = |seed| {
                let mut counts = vec![0; cells as usize];
                law.sample(n, &mut ChaCha8Rng::seed_from_u64(seed)).iter().for_each(|at| counts[at[0]] += 1);
                ESTIMATES.map(|(_, estimate)| Some(estimate(&counts).ok()?.nats() - truth))
            };
            let errors: Vec<_> = (0..SAMPLES).into_par_iter().map(errors).collect();
            for (at, (estimator, _)) in ESTIMATES.iter().enumerate() {
                let known: Vec<f64> = errors.iter().filter_map(|errors| errors[at]).collect();
                let mean = |f: fn(f64) -> f64| known.iter().map(|e| f(*e)).sum::<f64>() / known.len() as f64;
                let (bias, rmse, refused) = (mean(|e| e), mean(|e| e * e).sqrt(), errors.len() - known.len());
                sums[at][column] += if refused == 0 { rmse } else { f64::NAN };
                writeln!(csv, "{name},{cells},{truth:.6},{n},{estimator},{bias:.4},{rmse:.4},{refused}")?;
            }
        }
    }
    println!("| mean RMSE in nats, n = | {} |\n|---|{}", SIZES.map(|n| n.to_string()).join(" | "), "---|".repeat(6));
    for ((name, _), sums) in ESTIMATES.iter().zip(sums) {
        let cell = |sum: f64| if sum.is_nan() { "refused".into() } else { format!("{:.3}", sum / 12.0) };
        println!("| {name} | {} |", sums.map(cell).join(" | "));
    }
    Ok(std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/league.csv"), csv.replace("-0.0000", "0.0000"))?)
}
