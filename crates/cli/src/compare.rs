//! Fitted models on the same rows, or by what their files say of their fits: what each pays, and whether that is more than chance.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Result, bail};
use candle_mle::Table;
use candle_mle::inference::{Likelihood, likelihood_ratio};
use candle_mle::info::number::{count, fixed, seen};
use candle_mle::info::{Information, Unit};
use candle_mle::table::Column;
use serde_json::Value;

use crate::flags::Compare;
use crate::known::{Likely, Of, Scores, Within};
use crate::learned::FITTED;
use crate::record::Estimate;
use crate::run::{Run, say_notes};
use crate::said::{add, number, object, tell};
use crate::summary::{aligned, degrees, probability, told_of_test};

/// A model, and what it makes of the rows of the table, or of those that it was fitted to.
struct Compared<'a> {
    file: &'a Path,
    model: Likely,
    likelihood: Likelihood,
    scores: Option<Scores>,
    fitted: bool,
}

impl<'a> Compared<'a> {
    fn on(file: &'a Path, model: Likely, table: &Table) -> Result<Self> {
        let scores = model.on(table)?;
        let likelihood = Likelihood::from_nll(scores.score.nll, scores.score.n, model.parameters);
        Ok(Self { file, likelihood, fitted: scores.slope <= FITTED, model, scores: Some(scores) })
    }

    /// As its file has it.
    fn as_fitted(file: &'a Path, model: Likely) -> Result<Self> {
        let Some(record) = &model.record else {
            bail!(
                "{} does not say what its fit came to, for it was written before files did: fit it anew, or say on which rows, --csv FILE",
                file.display()
            );
        };
        let likelihood = Likelihood::from_nll(Information::from_nats(record.nll), record.n, model.parameters);
        let fitted = record.estimate == Estimate::Maximum;
        Ok(Self { file, likelihood, fitted, model, scores: None })
    }

    fn name(&self) -> String {
        self.file.display().to_string()
    }

    /// H(p̂, q), nats.
    fn cross_entropy(&self) -> f64 {
        self.likelihood.nll() / self.likelihood.total()
    }
}

/// Compares the models that were typed on the table that was typed, or without one by what their files say.
pub(crate) fn compare(run: &Run<Compare>) -> Result<()> {
    let (flags, unit) = (&run.flags.data, run.unit());
    let models = flags.models.iter().map(|file| Likely::load(file)).collect::<Result<Vec<_>>>()?;
    let first = &models[0];
    for (file, other) in flags.models.iter().zip(&models) {
        let files = [flags.models[0].display(), file.display()];
        if other.outcome() != first.outcome() {
            let of = |model: &Likely| if model.names.target.is_empty() { "is of" } else { "predicts" };
            bail!(
                "{} {} {}, and {} {} {}: give models of the same",
                files[0],
                of(first),
                first.outcome(),
                files[1],
                of(other),
                other.outcome()
            );
        }
        if other.of != first.of {
            let of = |of: Of| match of {
                Of::Classes => "probabilities of classes".to_string(),
                Of::Counts => "probabilities of counts".to_string(),
                Of::Density => format!("a density per unit of {}", first.outcome()),
            };
            bail!(
                "{} has {}, and {} has {}: of these the one is no larger or smaller than the other; compare families of one kind, or let \
                 `fit --family all --resolution Δ` rank them by KL",
                files[0],
                of(first.of),
                files[1],
                of(other.of)
            );
        }
    }
    let outcome = first.outcome();
    let target = Some(outcome.as_str()).filter(|_| !first.names.target.is_empty());
    let files = flags.models.iter().map(|file| file.as_path());
    let (all, floor, counts) = match flags.table.read(target)? {
        Some(table) => {
            let table = common(&models, &table)?;
            say_notes(table.notes());
            let floor = (first.of != Of::Density).then(|| floor(&models, &table)).transpose()?;
            let all = files.zip(models).map(|(file, model)| Compared::on(file, model, &table));
            (all.collect::<Result<Vec<_>>>()?, floor, Some(table.count().to_vec()))
        }
        None => {
            let all = files.zip(models).map(|(file, model)| Compared::as_fitted(file, model));
            (same_rows(all.collect::<Result<Vec<_>>>()?)?, None, None)
        }
    };
    print(run, &all, &outcome, floor, counts.as_deref());
    say_tests(&all, unit)
}

/// The rows that every model can score, in the columns that any needs.
fn common(models: &[Likely], table: &Table) -> Result<Table> {
    let mut used = vec![];
    for column in models.iter().flat_map(Likely::columns) {
        if !used.contains(&column) {
            used.push(column);
        }
    }
    // What one of them lacks is said first.
    for model in models.iter().filter(|model| !model.names.target.is_empty()) {
        model.names.rows_of(table, false)?;
    }
    Ok(table.with_only(&used)?)
}

/// The models, if as far as their files know they were fitted to the same rows.
fn same_rows(all: Vec<Compared<'_>>) -> Result<Vec<Compared<'_>>> {
    let record =
        |model: &Compared<'_>| model.model.record.as_ref().map(|record| (record.n.to_bits(), record.outcomes.clone()));
    if let Some(other) = all.iter().find(|other| record(other) != record(&all[0])) {
        let n = |model: &Compared<'_>| count(model.likelihood.total());
        let differ = match n(&all[0]) == n(other) {
            true => format!("each to {} observations", n(other)),
            false => format!("to {} observations and to {}", n(&all[0]), n(other)),
        };
        bail!(
            "{} and {} were fitted to other outcomes, {differ}: say on which rows they are to be compared, --csv FILE",
            all[0].file.display(),
            other.file.display()
        );
    }
    Ok(all)
}

/// H(outcome | all columns that any of the models sees), nats: below it no model of them gets.
fn floor(models: &[Likely], table: &Table) -> Result<f64> {
    let target = &models[0].outcome();
    let column = |name: &str| -> Result<Vec<u64>> {
        Ok(match table.column(name)? {
            Column::Numbers(numbers) => numbers.iter().map(|number| (number + 0.0).to_bits()).collect(),
            Column::Categories { codes, .. } => codes.iter().map(|code| u64::from(*code)).collect(),
        })
    };
    let (y, names) = (column(target)?, table.columns().iter().map(|(name, _)| name).filter(|name| *name != target));
    let x = names.map(|name| column(name)).collect::<Result<Vec<_>>>()?;
    let (mut given, mut joint) = (HashMap::<Vec<u64>, f64>::new(), HashMap::<Vec<u64>, f64>::new());
    for (row, count) in table.count().iter().enumerate().filter(|(_, count)| **count > 0.0) {
        let mut key: Vec<u64> = x.iter().map(|column| column[row]).collect();
        *given.entry(key.clone()).or_default() += count;
        key.push(y[row]);
        *joint.entry(key).or_default() += count;
    }
    let n: f64 = table.count().iter().sum();
    // Σ over x of n(x) ln n(x) less the same over (x, y), in an order that does not hang on the hash.
    let sum = |counts: HashMap<Vec<u64>, f64>| {
        let mut terms: Vec<f64> = counts.into_values().map(|count| count * count.ln()).collect();
        terms.sort_by(f64::total_cmp);
        terms.into_iter().sum::<f64>()
    };
    Ok(((sum(given) - sum(joint)) / n).max(0.0))
}

fn print(run: &Run<Compare>, all: &[Compared<'_>], outcome: &str, floor: Option<f64>, counts: Option<&[f64]>) {
    let unit = run.unit();
    let in_unit_of = |nats: f64| number(nats / unit.nats());
    let n = all[0].likelihood.total();
    println!(
        "{outcome}: n = {} observations{}\n",
        count(n),
        if counts.is_some() { "" } else { ", as their files have it" }
    );
    if let Some(floor) = floor {
        println!(
            "no model of the columns that they see has a cross-entropy below {} {unit}: KL is what is above it\n",
            in_unit(floor, unit)
        );
        tell("floor", in_unit_of(floor));
    }
    tell("target", outcome);
    tell("n", number(n));
    let (fitted, classes) = (all.iter().all(|model| model.fitted), all[0].model.of == Of::Classes && counts.is_some());
    let mut head = vec!["model".to_string(), "parameters".into(), format!("H(p̂,q) ({unit})")];
    head.extend(floor.map(|_| format!("KL ({unit})")));
    head.extend(classes.then(|| "accuracy".into()));
    head.push("above first".into());
    head.extend(counts.map(|_| "std. error".into()));
    head.extend(fitted.then(|| ["AIC (nats)", "BIC (nats)"].map(String::from)).into_iter().flatten());
    let mut lines = vec![head];
    for model in all {
        let (above, error) = match (&model.scores, &all[0].scores, counts) {
            (Some(own), Some(first), Some(counts)) => above(&own.paid, &first.paid, counts),
            _ => (model.cross_entropy() - all[0].cross_entropy(), f64::NAN),
        };
        let accuracy = model.scores.as_ref().filter(|_| classes).map(|scores| scores.score.accuracy());
        let charge = |value: f64| if fitted { number(value) } else { Value::Null };
        let kl = floor.map(|floor| (model.cross_entropy() - floor).max(0.0));
        add(
            "models",
            object([
                ("file", model.name().into()),
                ("family", model.model.family.as_str().into()),
                ("parameters", model.model.parameters.into()),
                ("cross_entropy", in_unit_of(model.cross_entropy())),
                ("kl", kl.map_or(Value::Null, in_unit_of)),
                ("accuracy", accuracy.map_or(Value::Null, number)),
                ("above_first", in_unit_of(above)),
                ("std.error", if error.is_nan() { Value::Null } else { in_unit_of(error) }),
                ("AIC", charge(model.likelihood.aic())),
                ("BIC", charge(model.likelihood.bic())),
            ]),
        );
        let first = std::ptr::eq(model, &all[0]);
        let show = |amount: f64| if first { "–".into() } else { in_unit(amount, unit) };
        let mut line = vec![model.name(), model.model.parameters.to_string(), in_unit(model.cross_entropy(), unit)];
        line.extend(kl.map(|kl| in_unit(kl, unit)));
        // A coin has no confusion of its own.
        line.extend(
            classes
                .then(|| accuracy.filter(|share| !share.is_nan()))
                .map(|share| share.map_or_else(|| "–".into(), |share| format!("{}%", fixed(100.0 * share, 1)))),
        );
        line.push(show(above));
        line.extend(counts.map(|_| show(error)));
        if fitted {
            line.extend([model.likelihood.aic(), model.likelihood.bic()].map(|charge| fixed(charge, 3)));
        }
        lines.push(line);
    }
    aligned(&lines).iter().for_each(|line| println!("{line}"));
    println!();
}

/// What the likelihoods of all say of each other.
fn say_tests(all: &[Compared<'_>], unit: Unit) -> Result<()> {
    if all.iter().any(|model| !model.fitted) {
        println!(
            "not all of them are at the maximum of the likelihood of these rows: they were fitted to others, with a penalty, or not to \
             the end; parameters cost nothing here, and no likelihoods are tested"
        );
        for model in all.iter().filter(|model| !model.fitted) {
            match &model.model.record {
                Some(record) if record.estimate != Estimate::Maximum => {
                    println!("{}: {}", model.name(), record.estimate);
                }
                Some(record) => {
                    println!("{}: at the maximum for {} observations of its own", model.name(), count(record.n));
                }
                None => {}
            }
        }
        return Ok(());
    }
    println!("all are at the maximum of the likelihood of these rows; AIC and BIC charge for their parameters");
    let mut apart = false;
    for (at, one) in all.iter().enumerate() {
        for other in &all[at + 1..] {
            let pair = [(one, other), (other, one)];
            let found =
                pair.into_iter().find_map(|(small, large)| Some((small, large, small.model.within(&large.model)?)));
            let Some((smaller, larger, within)) = found else {
                apart = true;
                continue;
            };
            if within == Within::Singular {
                println!(
                    "{} within {}: no test, for of components that are not there the likelihood ratio has no known distribution; \
                     compare by BIC",
                    smaller.name(),
                    larger.name()
                );
                continue;
            }
            let test = likelihood_ratio(&smaller.likelihood, &larger.likelihood)?;
            let files = [smaller, larger].map(|model| Value::from(model.name()));
            add("tests", object([("models", Value::from(files.to_vec())), ("test", told_of_test(&test))]));
            println!(
                "{} within {}: 2 n ΔKL = {} nats with {}, p {}{}",
                smaller.name(),
                larger.name(),
                fixed(test.statistic, 3),
                degrees(test.degrees),
                probability(test.p_value),
                if within == Within::Edge { ", at most: the smaller lies at an edge of the larger" } else { "" }
            );
        }
    }
    if apart {
        println!(
            "no likelihood ratio is tested of two models of which neither is a case of the other: they are compared by AIC, and by \
             `above first` ({unit}) beside its standard error, which a table gives (Vuong 1989)"
        );
    }
    Ok(())
}

/// By how much −ln q of a model lies above that of another on average, and the standard error of that, row by row, in nats.
fn above(paid: &[f64], other: &[f64], counts: &[f64]) -> (f64, f64) {
    let n: f64 = counts.iter().sum();
    let apart = || paid.iter().zip(other).map(|(a, b)| a - b).zip(counts);
    let mean = apart().map(|(apart, count)| count * apart).sum::<f64>() / n;
    let variance = apart().map(|(apart, count)| count * (apart - mean).powi(2)).sum::<f64>() / n / (n - 1.0);
    (mean, variance.sqrt())
}

fn in_unit(nats: f64, unit: Unit) -> String {
    if nats.is_nan() { "–".into() } else { seen(Information::from_nats(nats).to(unit), 4) }
}
