//! The rows of a table as a fitted model foretells them.

use anyhow::{Context, Result};
use candle_mle::batch::host;
use candle_mle::info::file::write_whole;
use candle_mle::info::number::{count, seen, typed};
use candle_mle::model::Classifier;
use candle_mle::score::{Score, most_probable};
use candle_mle::table::Names;
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
    let used: Vec<&str> = target.into_iter().chain(names.inputs()).collect();
    // Of the intercept alone every row is foretold.
    let table = if used.is_empty() { table.clone() } else { table.with_only(&used)? };
    say_notes(table.notes());
    let x = names.x_of(&table)?;
    let y = target.map(|_| names.y_of(&table)).transpose()?;
    let (log_probs, came) = (host(&model.log_probs(&x)?)?, y.as_ref().map(host).transpose()?);

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
        Some(y) => {
            say_score(run, &names, &Score::of(&model, &Empirical::from_counts(Labelled::new(x, y)?, table.count())?)?)
        }
        None => println!("there is no column '{}', so that nothing can be said of what came", names.target),
    }
    println!("the probabilities of every row are in {}", path.display());
    Ok(())
}

/// Cross-entropy, accuracy, and what was taken for what.
fn say_score(run: &Run<Predict>, names: &Names, score: &Score) {
    let (n, unit) = (count(score.n), run.unit());
    let error = match score.standard_error() {
        error if error.nats().is_finite() => format!(", standard error {}", run.show(error)),
        _ => String::new(),
    };
    println!(
        "n = {n} observations, cross-entropy {} each{error}; in all {}",
        run.show(score.cross_entropy()),
        run.show(score.nll)
    );
    if score.cross_entropy().nats() == f64::INFINITY {
        println!("a class came to which the model gives probability 0: the line has an infinite -log q ({unit})");
    }
    let chance: Vec<f64> = score.confusion.iter().map(|row| row.iter().sum::<f64>() / score.n).collect();
    let most = chance.iter().copied().fold(0.0, f64::max);
    println!(
        "accuracy {} %; naming the most frequent class each time, {} %",
        seen(100.0 * score.accuracy(), 1),
        seen(100.0 * most, 1)
    );
    const SHOWN: usize = 10;
    if names.classes.len() > SHOWN {
        return;
    }
    let cells: Vec<Vec<String>> =
        score.confusion.iter().map(|row| row.iter().map(|times| count(*times)).collect()).collect();
    let wide = |column: usize| cells.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> =
        names.classes.iter().enumerate().map(|(at, class)| class.chars().count().max(wide(at))).collect();
    let first = names.classes.iter().map(|class| class.chars().count()).max().unwrap_or(0);
    let line = |name: &str, cells: &[String]| {
        let cells: String = cells.iter().zip(&widths).map(|(cell, width)| format!("  {cell:>width$}")).collect();
        println!("{name:<first$}{cells}");
    };
    println!("\nobserved (rows), and the class that was most probable (columns)");
    line("", &names.classes);
    names.classes.iter().zip(&cells).for_each(|(class, cells)| line(class, cells));
    println!();
}
