//! What a fit by an engine costs: `cost counts PICTURE FOLDER…` counts the different rows of each folder and fits `survived` to them;
//! `cost sums TARGET FOLDER [df://HOST:PORT]` sums a likelihood up, step by step, over rows that do not repeat.

use std::sync::Arc;
use std::time::Instant;

use candle_mle::Parameters;
use candle_mle::Table;
use candle_mle::maximum_likelihood;
use candle_mle::mle::Plan;
use candle_mle::model::{Linear, Logistic};
use candle_mle::table::Reading;
use candle_mle_plot::{Axis, Figure, Ink, Panel};
use candle_mle_sql::{Asked, Counts, Described, Engine, Maximum, Summed};

const ALL: &str = "SELECT * FROM data";

/// CPU seconds of this process so far, and the most memory that it has had, in MiB.
fn spent() -> Result<(f64, f64), Box<dyn std::error::Error>> {
    let (stat, status) = (std::fs::read_to_string("/proc/self/stat")?, std::fs::read_to_string("/proc/self/status")?);
    let times: Vec<f64> =
        stat.rsplit(')').next().unwrap_or("").split_whitespace().skip(11).take(2).flat_map(str::parse).collect();
    let most =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse::<f64>().ok());
    Ok((times.iter().sum::<f64>() / 100.0, most.unwrap_or(f64::NAN) / 1024.0))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["counts", picture, ref folders @ ..] => counts(picture, folders),
        ["sums", target, folder] => sums(target, folder, Engine::local()?),
        ["sums", target, folder, url] => sums(target, folder, Engine::cluster(url, 8)?),
        _ => Err("say counts PICTURE FOLDER…, or sums TARGET FOLDER".into()),
    }
}

fn counts(picture: &str, folders: &[&str]) -> Result<(), Box<dyn std::error::Error>> {
    let (mut cost, mut ran) = (vec![], String::new());
    println!("{:>12} {:>6} {:>9} {:>9} {:>9} {:>9}", "n", "rows", "GROUP BY", "CPU s", "fit s", "MiB");
    for folder in folders {
        let (engine, begun, before) = (Engine::local()?, Instant::now(), spent()?.0);
        engine.open(&[folder], false)?;
        let table = Counts::of(&engine, ALL, &[], None)?.table("the query", &Reading::default())?;
        let (grouped, cpu) = (begun.elapsed().as_secs_f64(), spent()?.0 - before);
        let design = table.design("survived").build()?;
        let columns = design.names.columns.len();
        let fitted =
            maximum_likelihood(&design.p, |vb| Logistic::new(columns, vb)?.standardized(design.p.standardize()?))?;
        let (n, fit) = (design.p.total(), begun.elapsed().as_secs_f64() - grouped);
        println!(
            "{n:>12} {:>6} {grouped:>9.2} {cpu:>9.2} {fit:>9.4} {:>9.0}  {:?}",
            table.rows(),
            spent()?.1,
            fitted.model.weight()?.to_vec1::<f64>()?
        );
        cost.push((n, cpu, fit));
        ran = format!("n observations in Parquet, of which {} rows differ", table.rows());
    }
    let line = |of: fn(&(f64, f64, f64)) -> f64| cost.iter().map(|at| (at.0, of(at))).collect::<Vec<_>>();
    let panel = Panel::new(Axis::new("n, observations").log(), Axis::new("seconds").log())
        .line(line(|at| at.1), Ink::Blue)
        .label("counting them, of CPUs")
        .line(line(|at| at.2), Ink::Orange)
        .label("the fit that follows");
    let finding = "Counting costs by the observation, a fit by the different row";
    Figure::new(finding).subtitle(ran).column([panel]).save(picture)?;
    Ok(())
}

fn sums(target: &str, folder: &str, engine: Engine) -> Result<(), Box<dyn std::error::Error>> {
    let begun = Instant::now();
    let said = |what: &str| {
        spent().map(|(cpu, most)| {
            println!("{:>8.2} s {cpu:>8.2} CPU s {most:>6.0} MiB  {what}", begun.elapsed().as_secs_f64())
        })
    };
    engine.open(&[folder], false)?;
    let ask = |table: &Table| -> candle_mle_sql::Result<Asked> { Ok(Asked::of(&table.design(target))?) };
    let described = Described::of(&Arc::new(engine), ALL, &Reading::default(), &[], ask)?;
    said(&format!("{} rows of {} columns", described.rows.n(), described.rows.columns()))?;
    let p = described.empirical()?;
    said(&format!("H(Y|X) = {}", p.entropy()))?;
    let maximum = described.rows.maximum()?;
    let maximum =
        if let Maximum::Finite { by } = maximum { format!("a maximum, by {by} rows") } else { "no maximum".into() };
    said(&maximum)?;
    let map = described.rows.standardize()?;
    said("mean and standard deviation of each column")?;
    // To rounding, so that it can be compared.
    let plan = Plan { tolerance: 1e-14, ..Plan::default() };
    let fitted = plan.fit(&p, |vb| Ok(Summed(Logistic::new(described.rows.columns(), vb)?.standardized(map)?)))?;
    said(&format!(
        "{} steps, {} passes, converged: {}",
        fitted.history.rows().len() - 1,
        described.rows.passes(),
        fitted.converged
    ))?;
    println!("{:?}", fitted.model.0.coefficients()?.get(1)?.to_vec1::<f64>()?);
    Ok(())
}
