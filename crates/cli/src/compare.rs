//! Fitted models on the same rows: what each pays for them, and whether that is more than chance.

use std::path::Path;

use anyhow::{Result, bail};
use candle_mle::batch::host;
use candle_mle::inference::{Likelihood, likelihood_ratio};
use candle_mle::info::number::{count, fixed, seen};
use candle_mle::info::{Information, Unit};
use candle_mle::score::Score;
use candle_mle::table::Names;
use candle_mle::{Empirical, Labelled, Model, Table};

use crate::flags::Compare;
use crate::known::Known;
use crate::run::{Run, say_notes};
use serde_json::Value;

use crate::said::{add, number, object, tell};
use crate::summary::{degrees, probability, told_of_test};

/// A model whose gradient on some rows is no larger, in nats per observation, is at the maximum of their likelihood.
const FITTED: f64 = 1e-6;

/// A model on the rows of the table.
struct Compared<'a> {
    file: &'a Path,
    names: Names,
    score: Score,
    likelihood: Likelihood,
    /// −ln q of what came, row by row.
    paid: Vec<f64>,
    fitted: bool,
}

impl<'a> Compared<'a> {
    fn new(file: &'a Path, (known, names): (Known, Names), table: &Table) -> Result<Self> {
        let mut batch = Labelled::new(names.x_of(table)?, names.y_of(table)?)?;
        if let Some(offset) = names.offset_of(table)? {
            batch = batch.with_offset(offset)?;
        }
        let paid = host(&known.log_prob(&batch)?.neg()?)?;
        let p = Empirical::from_counts(batch, table.count())?;
        let parameters = (names.classes.len() - 1) * (names.columns.len() + 1);
        let (score, likelihood) = (Score::of(&known, &p)?, Likelihood::of(&known, &p, parameters)?);
        Ok(Self { file, names, score, likelihood, paid, fitted: known.slope(&p)? <= FITTED })
    }

    /// Whether the other has all of these columns, and more.
    fn is_within(&self, other: &Self) -> bool {
        let has = |column: &String| other.names.columns.contains(column);
        let beside = |names: &Names| (names.offset.clone(), names.exposure.clone());
        self.names.columns.len() < other.names.columns.len()
            && self.names.columns.iter().all(has)
            && beside(&self.names) == beside(&other.names)
    }
}

/// Compares the models that were typed on the table that was typed.
pub(crate) fn compare(run: &Run<Compare>) -> Result<()> {
    let (flags, unit) = (&run.flags.data, run.unit());
    let models = flags.models.iter().map(|file| Known::load(file)).collect::<Result<Vec<_>>>()?;
    let target = models[0].1.target.clone();
    if let Some(at) = models.iter().position(|(_, names)| names.target != target) {
        let other = &models[at].1.target;
        bail!("{} predicts {target}, and {} {other}", flags.models[0].display(), flags.models[at].display());
    }
    let Some(table) = flags.table.read(Some(&target))? else { bail!("say which table: --csv FILE") };
    // The rows that every model can score.
    let mut used = vec![target.as_str()];
    for input in models.iter().flat_map(|(_, names)| names.inputs()) {
        if !used.contains(&input) {
            used.push(input);
        }
    }
    // What one of them lacks is said first.
    for (_, names) in &models {
        names.rows_of(&table, false)?;
    }
    let table = table.with_only(&used)?;
    say_notes(table.notes());
    let files = flags.models.iter().map(|file| file.as_path());
    let all = files.zip(models).map(|(file, model)| Compared::new(file, model, &table));
    let all = all.collect::<Result<Vec<_>>>()?;

    println!("{target}: n = {} observations\n", count(all[0].score.n));
    tell("target", target.as_str());
    tell("n", number(all[0].score.n));
    let fitted = all.iter().all(|model| model.fitted);
    let wide = all.iter().map(|model| model.file.display().to_string().chars().count()).max().unwrap_or(0).max(5);
    let (cross_entropy, more) = (format!("H(p̂,q) ({unit})"), "above first");
    let aic = if fitted { format!("{:>14}{:>14}", "AIC (nats)", "BIC (nats)") } else { String::new() };
    println!(
        "{:<wide$}{:>12}{cross_entropy:>18}{:>12}{more:>14}{:>12}{aic}",
        "model", "parameters", "accuracy", "std. error"
    );
    for model in &all {
        let (above, error) = above(model, &all[0], table.count());
        let charge = |value: f64| if fitted { number(value) } else { Value::Null };
        let in_unit_of = |nats: f64| number(nats / unit.nats());
        add(
            "models",
            object([
                ("file", model.file.display().to_string().into()),
                ("parameters", model.likelihood.parameters().into()),
                ("cross_entropy", number(model.score.cross_entropy().to(unit))),
                ("accuracy", number(model.score.accuracy())),
                ("above_first", in_unit_of(above)),
                ("std.error", in_unit_of(error)),
                ("AIC", charge(model.likelihood.aic())),
                ("BIC", charge(model.likelihood.bic())),
            ]),
        );
        let aic = match fitted {
            true => format!("{:>14}{:>14}", fixed(model.likelihood.aic(), 3), fixed(model.likelihood.bic(), 3)),
            false => String::new(),
        };
        let first = std::ptr::eq(model, &all[0]);
        let show = |amount: f64| if first { "–".into() } else { in_unit(amount, unit) };
        println!(
            "{:<wide$}{:>12}{:>18}{:>11}%{:>14}{:>12}{aic}",
            model.file.display().to_string(),
            model.likelihood.parameters(),
            in_unit(model.score.cross_entropy().nats(), unit),
            fixed(100.0 * model.score.accuracy(), 1),
            show(above),
            show(error),
        );
    }
    println!();
    if !fitted {
        println!(
            "not all of them are at the maximum of the likelihood of these rows: they were fitted to others, with a penalty, or not to \
             the end; parameters cost nothing here, and no likelihoods are tested"
        );
        return Ok(());
    }
    println!("all are at the maximum of the likelihood of these rows; AIC and BIC charge for their parameters");
    for smaller in &all {
        for larger in all.iter().filter(|larger| smaller.is_within(larger)) {
            let test = likelihood_ratio(&smaller.likelihood, &larger.likelihood)?;
            let files = [smaller, larger].map(|model| Value::from(model.file.display().to_string()));
            add("tests", object([("models", Value::from(files.to_vec())), ("test", told_of_test(&test))]));
            println!(
                "{} within {}: 2 n ΔKL = {} nats with {}, p {}",
                smaller.file.display(),
                larger.file.display(),
                fixed(test.statistic, 3),
                degrees(test.degrees),
                probability(test.p_value)
            );
        }
    }
    Ok(())
}

/// By how much −ln q of a model lies above that of another on average, and the standard error of that, row by row, in nats.
fn above(model: &Compared<'_>, other: &Compared<'_>, counts: &[f64]) -> (f64, f64) {
    let n: f64 = counts.iter().sum();
    let apart = || model.paid.iter().zip(&other.paid).map(|(a, b)| a - b).zip(counts);
    let mean = apart().map(|(apart, count)| count * apart).sum::<f64>() / n;
    let variance = apart().map(|(apart, count)| count * (apart - mean).powi(2)).sum::<f64>() / n / (n - 1.0);
    (mean, variance.sqrt())
}

fn in_unit(nats: f64, unit: Unit) -> String {
    if nats.is_nan() { "–".into() } else { seen(Information::from_nats(nats).to(unit), 4) }
}
