//! The rows of a table as a fitted model foretells them.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};
use candle_core::{DType, Device, Tensor};
use candle_mle::batch::{Response, host};
use candle_mle::inference::{Foretold, Link, Scatter};
use candle_mle::info::file::write_whole;
use candle_mle::info::number::{count, typed};
use candle_mle::model::{Classifier, LinearGaussian, PoissonRegression};
use candle_mle::parameters::{about, kept};
use candle_mle::score::{Score, most_probable};
use candle_mle::table::Names;
use candle_mle::{Empirical, Error, Labelled, Model, Parameters};

use crate::flags::Predict;
use crate::known::Known;
use crate::record::{Estimate, Record};
use crate::run::{Run, say_notes};
use crate::said::tell;
use crate::score::LEVEL;

/// The name of the file that is left.
const FILE: &str = "predictions.csv";

/// Scores the table that was typed by the model that was typed.
pub(crate) fn predict(run: &Run<Predict>) -> Result<()> {
    let unit = run.unit();
    let file = &run.flags.data.model;
    match about(file)?.get("family").map(String::as_str) {
        Some(LinearGaussian::FAMILY) => return numbers(run, LinearGaussian::means, Link::Identity),
        Some(PoissonRegression::FAMILY) => return numbers(run, PoissonRegression::means, Link::Log),
        _ => {}
    }
    let (model, names) = Known::load(file)?;
    let table = run.flags.data.table.read(Some(&names.target))?.context("say which table: --csv FILE")?;
    let target = table.columns().iter().find(|(name, _)| *name == names.target).map(|(name, _)| name.as_str());
    let table = names.rows_of(&table, target.is_some())?;
    say_notes(table.notes());
    let y = target.map(|_| names.y_of(&table)).transpose()?;
    let none = Tensor::zeros(table.rows(), DType::U32, &Device::Cpu)?;
    let mut batch = Labelled::new(names.x_of(&table)?, y.clone().unwrap_or(none))?;
    if let Some(offset) = names.offset_of(&table)? {
        batch = batch.with_offset(offset)?;
    }
    let log_probs = host(&batch.with_offsets(model.log_probs(batch.x())?)?)?;
    let came = y.as_ref().map(host).transpose()?;
    let limits = Limits::of(run, &names)?;
    let foretold = limits.scatter(|scatter| {
        let log_probs = Tensor::from_slice(&log_probs, (table.rows(), model.classes()), &Device::Cpu)?;
        scatter.probabilities(batch.x(), &log_probs, LEVEL)
    })?;

    let mut csv = csv::Writer::from_writer(vec![]);
    let probabilities = names.classes.iter().map(|class| format!("p({class})"));
    let mut header: Vec<String> = std::iter::once("line".into()).chain(probabilities).collect();
    header.push("most probable".into());
    header.extend(came.iter().flat_map(|_| [names.target.clone(), format!("-log q ({unit})")]));
    header.extend(
        foretold
            .iter()
            .flat_map(|_| names.classes.iter())
            .flat_map(|class| LIMITS.map(|limit| format!("p({class}) {limit}"))),
    );
    csv.write_record(header)?;
    for (row, log_probs) in log_probs.chunks(model.classes()).enumerate() {
        let mut record = vec![table.lines()[row].to_string()];
        record.extend(log_probs.iter().map(|log_prob| typed(log_prob.exp())));
        record.push(names.classes[most_probable(log_probs)].clone());
        if let Some(came) = &came {
            let class = came[row] as usize;
            record.extend([names.classes[class].clone(), typed(0.0 - log_probs[class] / unit.nats())]);
        }
        record.extend(foretold.iter().flat_map(|rows| &rows[row]).flat_map(limits_of));
        csv.write_record(record)?;
    }
    let path = leave(run, csv)?;
    println!("{names}: {} rows foretold", count(table.rows() as f64));
    tell("rows", table.rows());
    tell("predictions", path.display().to_string());
    match y {
        Some(_) => run.say_score(&names, &Score::of(&model, &Empirical::from_counts(batch, table.count())?)?),
        None => println!("there is no column '{}', so that nothing can be said of what came", names.target),
    }
    limits.say("probabilities");
    println!("the probabilities of every row are in {}", path.display());
    Ok(())
}

/// What stands beside what is foretold.
const LIMITS: [&str; 3] = ["std.error", "conf.low", "conf.high"];

fn limits_of(foretold: &Foretold) -> [String; 3] {
    let [low, high] = foretold.interval;
    [foretold.std_error, low, high].map(typed)
}

/// How the coefficients scatter, or why that is not known.
enum Limits {
    Known(Scatter),
    Unknown(String),
}

impl Limits {
    fn of(run: &Run<Predict>, names: &Names) -> Result<Self> {
        let (tensors, texts) = kept(&run.flags.data.model)?;
        Ok(match (Scatter::from_tensors(&tensors, names.columns.len())?, Record::from_texts(&texts)?) {
            (Some(scatter), _) => Self::Known(scatter),
            (None, None) => Self::Unknown("the model's file was written before it held them: fit it anew".into()),
            (None, Some(Record { estimate: Estimate::Maximum | Estimate::Weighted, .. })) => Self::Unknown(
                "the model's file holds no standard errors: its columns do not determine all coefficients, these are too many, or its rows stayed in an engine"
                    .into(),
            ),
            (None, Some(record)) => Self::Unknown(format!("the model's estimates are {}", record.estimate)),
        })
    }

    fn scatter<T>(&self, of: impl Fn(&Scatter) -> candle_mle::Result<T>) -> Result<Option<T>> {
        Ok(match self {
            Self::Known(scatter) => Some(of(scatter)?),
            Self::Unknown(_) => None,
        })
    }

    fn say(&self, of: &str) {
        match self {
            Self::Known(_) => println!("beside the {of} stand their standard errors and {} % limits", 100.0 * LEVEL),
            Self::Unknown(why) => {
                println!("no confidence limits of the {of}: {why}");
                tell("no_limits", why.as_str());
            }
        }
    }
}

/// The same by a regression of numbers, whose `means` are what is foretold.
fn numbers<M: Model<Batch = Response> + Parameters>(
    run: &Run<Predict>,
    means: impl Fn(&M, &Response) -> candle_mle::Result<Tensor>,
    link: Link,
) -> Result<()> {
    let (unit, file) = (run.unit(), &run.flags.data.model);
    let model = M::load(file, &Device::Cpu)?.to_dtype(DType::F64)?;
    let names = Names::from_texts(&about(file)?)?;
    let table = run.flags.data.table.read(Some(&names.target))?.context("say which table: --csv FILE")?;
    let target = table.columns().iter().any(|(name, _)| *name == names.target);
    let table = names.rows_of(&table, target)?;
    say_notes(table.notes());
    let rows = table.rows();
    let y = if target { table.numbers(&names.target)?.to_vec() } else { vec![0.0; rows] };
    let mut batch = Response::new(names.x_of(&table)?, Tensor::from_slice(&y, rows, &Device::Cpu)?)?;
    if let Some(offset) = names.offset_of(&table)? {
        batch = batch.with_offset(offset)?;
    }
    let means = means(&model, &batch)?;
    let limits = Limits::of(run, &names)?;
    let foretold = limits.scatter(|scatter| scatter.means(batch.x(), &means, link, LEVEL))?;
    let means = host(&means)?;
    let paid = if target { host(&model.log_prob(&batch)?)? } else { vec![] };

    let mut csv = csv::Writer::from_writer(vec![]);
    let came = target.then(|| [names.target.clone(), format!("-log q ({unit})")]);
    let beside = foretold.iter().flat_map(|_| LIMITS).map(String::from);
    csv.write_record(["line".to_string(), "mean".into()].into_iter().chain(came.into_iter().flatten()).chain(beside))?;
    for row in 0..rows {
        let came = target.then(|| [y[row], 0.0 - paid[row] / unit.nats()].map(typed));
        let record = [table.lines()[row].to_string(), typed(means[row])].into_iter().chain(came.into_iter().flatten());
        csv.write_record(record.chain(foretold.iter().flat_map(|rows| limits_of(&rows[row]))))?;
    }
    let path = leave(run, csv)?;
    println!("{names}: {} rows foretold", count(rows as f64));
    match target {
        true => run.say_score(&names, &Score::of_model(&model, &Empirical::from_counts(batch, table.count())?)?),
        false => println!("there is no column '{}', so that nothing can be said of what came", names.target),
    }
    limits.say("means");
    println!("the mean of every row is in {}", path.display());
    Ok(())
}

/// Leaves what was foretold, and says where.
fn leave(run: &Run<Predict>, csv: csv::Writer<Vec<u8>>) -> Result<PathBuf> {
    let (path, csv) = (run.out(FILE), csv.into_inner()?);
    let refuse = |problem| Error::File { action: "write", path: path.clone(), problem };
    write_whole(&path, |file| file.write_all(&csv)).map_err(refuse)?;
    Ok(path)
}
