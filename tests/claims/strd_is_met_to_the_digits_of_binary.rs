//! The Statistical Reference Datasets of NIST: univariate summaries and linear least squares, as tests/reference/strd has them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use candle_core::Tensor;
use candle_mle::batch::Response;
use candle_mle::mle::Plan;
use candle_mle::model::{Gaussian, LinearGaussian};
use candle_mle::{Empirical, Error, Parameters, Table};

use crate::common::{CPU, host};

fn file(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/reference/strd", name].iter().collect()
}

/// To the end: by default a fit ends where an estimate is within a millionth of its standard error.
fn plan() -> Plan {
    Plan { tolerance: 1e-13, ..Plan::default() }
}

/// What NIST certifies of a set.
fn certified(set: &str) -> Result<BTreeMap<String, f64>> {
    let text = std::fs::read_to_string(file("certified.csv"))?;
    let of = |line: &str| {
        let mut cells = line.split(',');
        let (name, quantity, value) = (cells.next()?, cells.next()?, cells.next()?.parse().ok()?);
        (name == set).then(|| (quantity.to_string(), value))
    };
    Ok(text.lines().filter_map(of).collect())
}

/// How many digits agree: the logarithm of the relative error.
fn digits(found: f64, value: f64) -> f64 {
    -((found - value).abs() / value.abs()).max(1e-16).log10()
}

/// y, and the columns that the powers of x make up to a degree, or those that are there.
fn problem(set: &str, degree: i32) -> Result<Empirical<Response>> {
    let table = Table::read(file(&format!("{set}.csv")), None)?;
    let y = table.numbers("y")?;
    let columns: Vec<Vec<f64>> = if degree > 0 {
        let x = table.numbers("x")?;
        (1..=degree).map(|k| x.iter().map(|x| x.powi(k)).collect()).collect()
    } else {
        let named = (1..).map_while(|k| table.numbers(&format!("x{k}")).ok());
        named.map(<[f64]>::to_vec).collect()
    };
    let (rows, width) = (y.len(), columns.len());
    let x: Vec<f64> = (0..rows).flat_map(|row| columns.iter().map(move |column| column[row])).collect();
    let batch = Response::new(Tensor::from_vec(x, (rows, width), &CPU)?, Tensor::from_slice(y, rows, &CPU)?)?;
    Ok(Empirical::from_sample(batch)?)
}

/// The fewest digits of the coefficients, and those of the residual standard deviation, which divides by n less the parameters where
/// the likeliest divides by n.
fn least_squares(set: &str, degree: i32) -> Result<(f64, f64)> {
    let p = problem(set, degree)?;
    let (columns, n) = (p.batch().x().dim(1)?, p.total());
    let coordinates = LinearGaussian::coordinates(p.batch(), p.mass())?;
    let fitted = plan().fit(&p, |vb| LinearGaussian::new(columns, vb)?.standardized(coordinates))?;
    let found = [host(&fitted.model.bias()?)?, host(&fitted.model.weight()?)?].concat();
    let sigma = fitted.model.sigma()? * (n / (n - found.len() as f64)).sqrt();
    let values = certified(set)?;
    let of = |at: usize| values.get(&format!("B{at}")).copied().with_context(|| format!("{set}: no B{at}"));
    let all = found.iter().enumerate().map(|(at, b)| Ok(digits(*b, of(at)?))).collect::<Result<Vec<f64>>>()?;
    let fewest = all.into_iter().fold(f64::INFINITY, f64::min);
    Ok((fewest, digits(sigma, values["residual standard deviation"])))
}

#[test]
fn of_linear_least_squares() -> Result<()> {
    let mut wrong = vec![];
    for (set, degree, coefficients, deviation) in [
        ("norris", 1, 12.5, 10.0),
        ("pontius", 2, 12.5, 9.0),
        ("longley", 0, 13.0, 13.5),
        ("wampler3", 5, 9.5, 13.5),
        ("wampler4", 5, 8.0, 13.5),
        ("wampler5", 5, 5.8, 13.0),
    ] {
        let found = least_squares(set, degree)?;
        println!("{set}: {:.1} digits of the coefficients, {:.1} of the residual standard deviation", found.0, found.1);
        if found.0 < coefficients || found.1 < deviation {
            wrong.push(format!("{set}: {:.1} and {:.1} digits", found.0, found.1));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// Polynomials without a residual: σ falls to 0, and there is no maximum.
#[test]
fn what_has_no_residual_has_no_maximum() -> Result<()> {
    for set in ["wampler1", "wampler2"] {
        let p = problem(set, 5)?;
        let refused = LinearGaussian::coordinates(p.batch(), p.mass());
        ensure!(matches!(refused, Err(Error::NoMaximum { .. })), "{set}: {refused:?}");
    }
    Ok(())
}

#[test]
fn of_means_and_standard_deviations() -> Result<()> {
    let mut wrong = vec![];
    for (set, mean, deviation) in [
        ("lottery", 13.5, 13.5),
        ("mavro", 15.0, 13.0),
        ("michelso", 15.0, 13.5),
        ("numacc1", 15.0, 14.0),
        ("numacc2", 15.0, 14.0),
        ("numacc3", 15.0, 9.0),
        ("numacc4", 15.0, 8.0),
    ] {
        let p = Table::read(file(&format!("{set}.csv")), Some("times"))?.points(&["y"])?.p;
        let (n, values) = (p.total(), certified(set)?);
        let law = plan().fit(&p, |vb| Gaussian::new(1, vb)?.whitened(&p.whiten()?))?.model.law()?;
        // The likeliest divides by n, NIST by n − 1.
        let found = [law.mean()[0], (law.covariance()[0][0] * n / (n - 1.0)).sqrt()];
        let found = [digits(found[0], values["mean"]), digits(found[1], values["standard deviation"])];
        println!("{set}: {:.1} digits of the mean, {:.1} of the standard deviation", found[0], found[1]);
        if found[0] < mean || found[1] < deviation {
            wrong.push(format!("{set}: {:.1} and {:.1} digits", found[0], found[1]));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}
