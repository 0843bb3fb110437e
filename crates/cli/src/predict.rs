//! The rows of a table as a fitted model foretells them.

use anyhow::{Context, Result};
use candle_core::{DType, Device, Tensor};
use candle_mle::batch::host;
use candle_mle::info::file::write_whole;
use candle_mle::info::number::{count, typed};
use candle_mle::model::Classifier;
use candle_mle::score::{Score, most_probable};
use candle_mle::{Empirical, Error, Labelled};

use crate::flags::Predict;
use crate::known::Known;
use crate::run::{Run, say_notes};

/// The name of the file that is left.
const FILE: &str = "predictions.csv";

/// Scores the table that was typed by the model that was typed.
pub(crate) fn predict(run: &Run<Predict>) -> Result<()> {
    let unit = run.unit();
    let (model, names) = Known::load(&run.flags.data.model)?;
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

    let mut csv = csv::Writer::from_writer(vec![]);
    let probabilities = names.classes.iter().map(|class| format!("p({class})"));
    let mut header: Vec<String> = std::iter::once("line".into()).chain(probabilities).collect();
    header.push("most probable".into());
    header.extend(came.iter().flat_map(|_| [names.target.clone(), format!("-log q ({unit})")]));
    csv.write_record(header)?;
    for (row, log_probs) in log_probs.chunks(model.classes()).enumerate() {
        let mut record = vec![table.lines()[row].to_string()];
        record.extend(log_probs.iter().map(|log_prob| typed(log_prob.exp())));
        record.push(names.classes[most_probable(log_probs)].clone());
        if let Some(came) = &came {
            let class = came[row] as usize;
            record.extend([names.classes[class].clone(), typed(0.0 - log_probs[class] / unit.nats())]);
        }
        csv.write_record(record)?;
    }
    let (path, csv) = (run.out(FILE), csv.into_inner()?);
    let refuse = |problem| Error::File { action: "write", path: path.clone(), problem };
    write_whole(&path, |partial| std::fs::write(partial, &csv)).map_err(refuse)?;

    println!("{names}: {} rows foretold", count(table.rows() as f64));
    match y {
        Some(_) => run.say_score(&names, &Score::of(&model, &Empirical::from_counts(batch, table.count())?)?),
        None => println!("there is no column '{}', so that nothing can be said of what came", names.target),
    }
    println!("the probabilities of every row are in {}", path.display());
    Ok(())
}
