//! From zero parameters to the maximum of the likelihood, in f64: answers the lines of its input, `x.bin y.bin rows columns classes`,
//! each with the seconds, by the wall and of the processors, of a whole fit (coordinates and p̂ among it), −Σ ln q there, and the
//! largest component of the gradient. `benches/peers_fit.py` asks it and other libraries in turn.

mod machine;

use std::io::{BufRead, Write};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use candle_core::{Device, Tensor};
use candle_mle::model::{Logistic, Softmax};
use candle_mle::{Empirical, Labelled, Model, Parameters, maximum_likelihood};
use candle_nn::VarBuilder;

fn main() -> Result<()> {
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let [x, y, rows, columns, classes] = line.split(' ').collect::<Vec<_>>()[..] else {
            bail!("the files of x and y, rows, columns and classes, not '{line}'");
        };
        let [rows, columns, classes] = [rows.parse::<usize>()?, columns.parse()?, classes.parse()?];
        let x: Vec<f64> = numbers(x, f64::from_le_bytes)?;
        let y: Vec<u32> = numbers(y, u32::from_le_bytes)?;
        let (x, y) = (Tensor::from_vec(x, (rows, columns), &Device::Cpu)?, Tensor::from_vec(y, rows, &Device::Cpu)?);
        let (wall, processors) = (Instant::now(), machine::processors());
        let p = Empirical::from_sample(Labelled::new(x, y)?)?;
        let (nll, gradient) = match classes {
            2 => fitted(&p, |vb| Logistic::new(columns, vb))?,
            _ => fitted(&p, |vb| Softmax::new(columns, classes, vb))?,
        };
        println!("{} {} {nll} {gradient}", wall.elapsed().as_secs_f64(), machine::processors() - processors);
        std::io::stdout().flush()?;
    }
    Ok(())
}

/// −Σ ln q and the largest component of the gradient at the maximum.
fn fitted<M>(p: &Empirical<Labelled>, make: impl FnOnce(VarBuilder) -> candle_mle::Result<M>) -> Result<(f64, f64)>
where
    M: Model<Batch = Labelled> + Parameters,
{
    let map = p.standardize()?;
    let fitted = maximum_likelihood(p, |vb| make(vb)?.standardized(map))?;
    Ok((fitted.history.rows().last().context("a step")?.nll, fitted.gradient))
}

fn numbers<T, const N: usize>(file: &str, of: fn([u8; N]) -> T) -> Result<Vec<T>> {
    Ok(std::fs::read(file)?.as_chunks::<N>().0.iter().map(|bytes| of(*bytes)).collect())
}
