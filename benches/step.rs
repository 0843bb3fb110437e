//! One full-batch gradient step (forward, backward, update) of the classifiers, beside the time to read X once.
//!
//! `cargo bench`. Medians in milliseconds; compare ratios within one run, machines differ.

use std::time::Instant;

use anyhow::Result;
use candle_core::{DType, Device, Tensor};
use candle_mle::model::{Logistic, Softmax};
use candle_mle::{Empirical, Labelled, Model, Objective};
use candle_nn::{Optimizer, SGD, VarBuilder, VarMap};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn main() -> Result<()> {
    println!("{:<34}  {:>10}  {:>12}", "", "step (ms)", "read X (ms)");
    for (rows, columns, classes) in [(1_000, 2, 2), (200_000, 32, 2), (1_000, 2, 3), (100_000, 32, 10)] {
        for dtype in [DType::F32, DType::F64] {
            measure(rows, columns, classes, dtype)?;
        }
    }
    Ok(())
}

fn measure(rows: usize, columns: usize, classes: usize, dtype: DType) -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let x: Vec<f64> = (0..rows * columns).map(|_| rng.random_range(-1.0..1.0)).collect();
    let y: Vec<u32> = (0..rows).map(|_| rng.random_range(0..classes as u32)).collect();
    let x = Tensor::from_vec(x, (rows, columns), &Device::Cpu)?.to_dtype(dtype)?;
    let data = Empirical::from_sample(Labelled::new(x.clone(), Tensor::from_vec(y, rows, &Device::Cpu)?)?)?;
    let vars = VarMap::new();
    let vb = VarBuilder::from_varmap(&vars, dtype, &Device::Cpu);
    let step = if classes == 2 {
        median(stepper(Logistic::new(columns, vb)?, &data, SGD::new(vars.all_vars(), 0.1)?))?
    } else {
        median(stepper(Softmax::new(columns, classes, vb)?, &data, SGD::new(vars.all_vars(), 0.1)?))?
    };
    let read = median(|| Ok(x.sum_all().map(drop)?))?;
    let family = if classes == 2 { "logistic".to_string() } else { format!("softmax k={classes}") };
    println!("{:<34}  {step:>10.3}  {read:>12.3}", format!("{family} n={rows} d={columns} {dtype:?}"));
    Ok(())
}

fn stepper<M: Model<Batch = Labelled>>(
    model: M,
    data: &Empirical<Labelled>,
    mut sgd: SGD,
) -> impl FnMut() -> Result<()> {
    move || {
        let log_q = model.log_prob(data.batch())?;
        Ok(sgd.backward_step(&Objective::CrossEntropy.loss(&model, &log_q, data)?)?)
    }
}

fn median(mut run: impl FnMut() -> Result<()>) -> Result<f64> {
    run()?; // warm up
    let mut times = vec![];
    for _ in 0..9 {
        let start = Instant::now();
        run()?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}
