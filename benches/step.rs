//! One full-batch step of the classifiers: loss, gradient, update and ln q of every observation; and how much of it is reading X.
//!
//! `cargo bench` alone prints milliseconds, the median and the least of 31. Compare ratios within one run: machines differ.
//! With `--steps TIMES ROWS COLUMNS CLASSES TYPE` it makes so many steps and nothing else, for `benches/instructions.py` to count.
//! With `--serve` the bench answers the lines of its input, `family rows columns classes type`, each with the seconds, by the wall and
//! of the processors, of one step: `benches/peers.py` asks it and other libraries in turn.

mod machine;

use std::io::{BufRead, Write};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use candle_core::{DType, Device, Tensor};
use candle_mle::fit::GradientDescent;
use candle_mle::model::{Logistic, Softmax};
use candle_mle::{Empirical, Hook, Labelled, LossLog, Model, Objective, fit};
use candle_nn::{Optimizer, SGD, VarBuilder, VarMap};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Rows, columns, classes; two of them make it logistic.
const SHAPES: [(usize, usize, usize); 6] =
    [(1_000, 2, 2), (1_000, 2, 3), (1_000_000, 32, 2), (20_000, 784, 2), (100_000, 32, 10), (20_000, 784, 10)];

const TYPES: [DType; 2] = [DType::F32, DType::F64];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--serve", ..] => return serve(),
        ["--steps", times, ref shape @ ..] => {
            let mut work = Work::of(&shape.join(" "))?;
            return (0..times.parse::<usize>()?).try_for_each(|_| work.step());
        }
        _ => {}
    }
    println!("{:<38}{:>18}{:>18}{:>18}", "", "step (ms)", "read X (ms)", "hook / no hook");
    for (rows, columns, classes) in SHAPES {
        for dtype in TYPES {
            let mut work = Work::new(rows, columns, classes, dtype)?;
            let [mut steps, mut reads] = [vec![], vec![]];
            for _ in 0..31 {
                steps.push(timed(|| work.step())?);
                reads.push(timed(|| work.read())?);
            }
            let ms = |times: &mut Vec<f64>| {
                times.sort_by(f64::total_cmp);
                format!("{:.3} ({:.3})", 1e3 * times[times.len() / 2], 1e3 * times[0])
            };
            let hook = if rows < 100_000 { String::new() } else { format!("{:.3}", work.hook()?) };
            let name = format!("{} n={rows} d={columns} k={classes} {dtype:?}", family(classes));
            println!("{name:<38}{:>18}{:>18}{hook:>18}", ms(&mut steps), ms(&mut reads));
        }
    }
    Ok(())
}

fn family(classes: usize) -> &'static str {
    if classes == 2 { "logistic" } else { "softmax" }
}

/// Answers questions for one step or one reading of X until there are no more.
fn serve() -> Result<()> {
    let mut work: Option<(String, Work)> = None;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (what, shape) = line.split_once(' ').context("what to do, and on what")?;
        if work.as_ref().is_none_or(|(last, _)| last != shape) {
            work = Some((shape.into(), Work::of(shape)?));
        }
        let Some((_, work)) = &mut work else { continue };
        let (wall, processors) = (Instant::now(), machine::processors());
        // Short ones are repeated until they can be measured, as those of the others are.
        let mut times = 0.0;
        while times == 0.0 || wall.elapsed().as_secs_f64() < 0.02 {
            match what {
                "step" => work.step()?,
                "read" => work.read()?,
                "plain" => work.fit(&mut ())?,
                "hook" => work.fit(&mut LossLog::new())?,
                _ => bail!("step, read, plain or hook, not '{what}'"),
            }
            times += 1.0;
        }
        println!("{} {}", wall.elapsed().as_secs_f64() / times, (machine::processors() - processors) / times);
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn timed(run: impl FnOnce() -> Result<()>) -> Result<f64> {
    let start = Instant::now();
    run()?;
    Ok(start.elapsed().as_secs_f64())
}

enum Family {
    Logistic(Logistic),
    Softmax(Softmax),
}

struct Work {
    family: Family,
    data: Empirical<Labelled>,
    vars: VarMap,
    sgd: SGD,
}

impl Work {
    /// `rows columns classes type`
    fn of(shape: &str) -> Result<Self> {
        let [rows, columns, classes, dtype] = shape.split(' ').collect::<Vec<_>>()[..] else {
            bail!("rows, columns, classes and type, not '{shape}'");
        };
        let dtype = if dtype == "float32" { DType::F32 } else { DType::F64 };
        Self::new(rows.parse()?, columns.parse()?, classes.parse()?, dtype)
    }

    fn new(rows: usize, columns: usize, classes: usize, dtype: DType) -> Result<Self> {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let x: Vec<f64> = (0..rows * columns).map(|_| rng.random_range(-1.7..1.7)).collect();
        let y: Vec<u32> = (0..rows).map(|_| rng.random_range(0..classes as u32)).collect();
        let x = Tensor::from_vec(x, (rows, columns), &Device::Cpu)?.to_dtype(dtype)?;
        let data = Empirical::from_sample(Labelled::new(x, Tensor::from_vec(y, rows, &Device::Cpu)?)?)?;
        let vars = VarMap::new();
        let vb = VarBuilder::from_varmap(&vars, dtype, &Device::Cpu);
        let family = match classes {
            2 => Family::Logistic(Logistic::new(columns, vb)?),
            _ => Family::Softmax(Softmax::new(columns, classes, vb)?),
        };
        let sgd = SGD::new(vars.all_vars(), 0.1)?;
        let mut work = Self { family, data, vars, sgd };
        // Warm.
        work.step()?;
        work.step()?;
        Ok(work)
    }

    fn step(&mut self) -> Result<()> {
        fn loss<M: Model<Batch = Labelled>>(model: &M, data: &Empirical<Labelled>) -> Result<Tensor> {
            Ok(Objective::CrossEntropy.loss(model, &model.log_prob(data.batch())?, data)?)
        }
        let loss = match &self.family {
            Family::Logistic(model) => loss(model, &self.data)?,
            Family::Softmax(model) => loss(model, &self.data)?,
        };
        self.sgd.backward_step(&loss)?;
        loss.to_scalar::<f64>()?;
        Ok(())
    }

    fn read(&self) -> Result<()> {
        Ok(self.data.batch().x().sum_all().map(drop)?)
    }

    /// Ten steps of gradient descent.
    fn fit(&self, hook: &mut (impl Hook<Logistic> + Hook<Softmax>)) -> Result<()> {
        let mut descent = GradientDescent::new(&self.vars, 1e-3)?;
        let (data, objective) = (&self.data, Objective::CrossEntropy);
        match &self.family {
            Family::Logistic(model) => fit(model, data, objective, &mut descent, 0..10, hook)?,
            Family::Softmax(model) => fit(model, data, objective, &mut descent, 0..10, hook)?,
        };
        Ok(())
    }

    /// Seconds of a fit with the hook over those without, the medians of the processors' where the system tells.
    fn hook(&self) -> Result<f64> {
        let [mut with, mut without] = [vec![], vec![]];
        for _ in 0..9 {
            for (times, hooked) in [(&mut with, true), (&mut without, false)] {
                let start = machine::processors();
                if hooked {
                    self.fit(&mut LossLog::new())?
                } else {
                    self.fit(&mut ())?
                };
                times.push(machine::processors() - start);
            }
        }
        with.sort_by(f64::total_cmp);
        without.sort_by(f64::total_cmp);
        Ok(with[4] / without[4])
    }
}
