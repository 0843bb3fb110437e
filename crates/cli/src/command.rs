//! `candle-mle fit | resume | predict | compare | measure | tree`: what the examples do with a table, as one command.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use candle_core::{Device, Tensor};
use candle_mle::info::number::{count, seen, typed};
use candle_mle::model::Linear;
use candle_mle::model::{Bernoulli, Gaussian, Logistic, Softmax};
use candle_mle::score::Score;
use candle_mle::separation::one_sided;
use candle_mle::table::Column;
use candle_mle::tree::Tree;
use candle_mle::{Design, Empirical, Information, Labelled, Parameters, Table};
use candle_mle_plot::{Figure, Panel};
use candle_nn::VarBuilder;
use clap::{Parser, Subcommand};

use crate::compare::compare;
use crate::evaluation::Evaluation;
use crate::families;
use crate::flags::{Compare, FamilyName, Fit, Measure, Predict, Questions, Resume, with_bases};
use crate::html::Html;
use crate::keep;
use crate::lake::{Count, Merge, count as count_rows, merge};
use crate::learned::Setting;
use crate::pictures::{Slice, twig};
use crate::predict::predict;
use crate::run::{Flags, Plain, Run, say_notes};

/// Maximum likelihood and information measures for a table: KL divergence, cross-entropy and negative log-likelihood, three
/// names, one argmin.
#[derive(Parser)]
#[command(name = "candle-mle", version, max_term_width = 110)]
struct Line {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Fits a model by maximum likelihood and logs the three quantities at every step
    #[command(after_help = FIT)]
    Fit(Box<Flags<Fit>>),
    /// Goes on with a fit that was stopped, to the same end as if it had not been
    #[command(after_help = RESUME)]
    Resume(Resume),
    /// Scores the rows of a table by a fitted model: probabilities, and −log q of what came
    #[command(after_help = PREDICT)]
    Predict(Plain<Predict>),
    /// Compares fitted models on the rows of one table: what each pays, row by row, and nested ones by their likelihood ratio
    #[command(after_help = COMPARE)]
    Compare(Plain<Compare>),
    /// Prints the entropy of every column, and what each tells about a target
    #[command(after_help = MEASURE)]
    Measure(Plain<Measure>),
    /// Counts the different rows of files or a query: a file of counts, which fits take by --from and --count
    Count(Count),
    /// Adds files of counts up, whoever counted them: to the bytes of a count of everything
    Merge(Merge),
    /// Grows a decision tree by information gain
    #[command(after_help = TREE)]
    Tree(Flags<Questions>),
}

const FIT: &str = "\
Try: candle-mle fit --csv titanic.csv --target survived --count count

Pictures (unless --no-pictures), log.csv (every step), parameters.safetensors and, of regressions, coefficients.csv (by the names of R's broom) \
go to plots/fit/<table>, or to --out. A likelihood without a finite \
maximum is reported, and is no failure. Exit codes: 0 when the run went through, 1 when the data cannot be used or a file \
cannot be written, 2 for flags that make no sense. Set CANDLE_MLE_DEVICE to cpu, cuda, cuda:1 or metal.";

const RESUME: &str = "\
Try: candle-mle fit --csv titanic.csv --target survived --count count --lr 0.5 --steps 100000, press Ctrl-C, and then
     candle-mle resume plots/fit/titanic

A fit leaves checkpoint.safetensors in its folder until all its files are written: parameters, the state of the optimiser and the \
log of every step so far, saved at every 100th step (fit --checkpoint) and on Ctrl-C. Run resume in the folder where fit was run.";

const PREDICT: &str = "\
Try: candle-mle predict plots/fit/titanic/parameters.safetensors --csv titanic.csv --count count

The model file knows its columns, levels and classes: the table may have them in any order, and more columns beside; a level that \
the fit never saw is refused by name. predictions.csv, in plots/predict/<table> or --out, has a line for every row that was read: \
its line in the table, the probability of each class and the most probable one, or the mean of a number, and, where the target is a column, what came and \
its -log q.";

const COMPARE: &str = "\
Try: candle-mle compare plots/fit/titanic/parameters.safetensors OTHER/parameters.safetensors --csv titanic.csv --count count

The standard error is that of the difference from the first model, row by row: of models that differ by less than two of them nothing \
is known. On rows that all were fitted to, AIC and BIC are printed, and nested models are tested; on held-out rows they are not.";

const MEASURE: &str = "\
Try: candle-mle measure --csv titanic.csv --target survived --count count

Entropies and mutual information are those of the table itself (plug-in): of independent columns with r and c levels n rows \
seem to tell about (r − 1)(c − 1)/2n nats, the column `chance`.";

const TREE: &str = "\
Try: candle-mle tree --csv titanic.csv --target survived --count count --depth 2";

/// Runs the command; what went wrong is one message on standard error.
pub fn command() -> ExitCode {
    // `| head` ends a run in silence, as it does every program.
    sigpipe::reset();
    let done = match Line::parse().what {
        What::Fit(flags) => begin(*flags),
        What::Resume(Resume { folder }) => resume(&folder),
        What::Predict(flags) => Run::new("predict", flags.into()).and_then(|run| predict(&run)),
        What::Compare(flags) => Run::new("compare", flags.into()).and_then(|run| compare(&run)),
        What::Measure(flags) => Run::new("measure", flags.into()).and_then(|run| measure(&run)),
        What::Count(flags) => count_rows(&flags),
        What::Merge(flags) => merge(&flags),
        What::Tree(flags) => Run::new("tree", flags).and_then(|run| tree(&run)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn begin(mut flags: Flags<Fit>) -> Result<()> {
    keep::listen()?;
    flags.data.keeping.arguments = std::env::args().collect();
    fit(&Run::new("fit", flags)?)
}

/// The same flags, in the folder of the checkpoint.
fn resume(folder: &Path) -> Result<()> {
    keep::listen()?;
    let arguments = keep::begun(folder)?;
    let What::Fit(mut flags) = Line::try_parse_from(&arguments)?.what else {
        bail!("the checkpoint in {} is not of a fit", folder.display())
    };
    flags.data.keeping.arguments = arguments;
    flags.data.keeping.resume = true;
    flags.output.written.out = Some(folder.into());
    fit(&Run::new("fit", *flags)?)
}

fn table(of: Result<Option<Table>>) -> Result<Table> {
    match of? {
        Some(table) => Ok(table),
        None => bail!("say which table: --csv FILE, or --from FILES"),
    }
}

fn fit(run: &Run<Fit>) -> Result<()> {
    let flags = &run.flags.data;
    let table = match flags.table.read(flags.target.name()) {
        #[cfg(feature = "sql")]
        Err(error) if crate::summed::is_called_for(&error) => {
            return crate::summed::fit(run)?.map_or(Ok(()), |points| fit_gaussian(run, points));
        }
        read => table(read)?,
    };
    let html = Html::of(run, &table)?;
    fit_table(run, table)?;
    html.map_or(Ok(()), |html| html.write(run))
}

fn fit_table(run: &Run<Fit>, table: Table) -> Result<()> {
    let flags = &run.flags.data;
    if flags.target.name().is_none() && !flags.table.counts_classes() {
        columns_alone(&table, flags.columns.names())?;
        return match flags.family {
            None | Some(FamilyName::Gaussian) => fit_gaussian(run, table.points(flags.columns.names())?),
            Some(family) => families::distribution(run, &table, family),
        };
    }
    let ask = flags.columns.of(table.design(flags.target.of(&table)?), &table);
    let ask = flags.beside(with_bases(ask, &flags.base, &table));
    let family = match flags.family {
        Some(FamilyName::Gaussian) => {
            bail!("a Gaussian has no target: leave --target out, or take another --family")
        }
        Some(FamilyName::Coin) => {
            flags.none_beside("a coin")?;
            return fit_coin(run, ask.outcomes()?);
        }
        Some(family @ (FamilyName::Linear | FamilyName::Poisson)) => {
            return families::regression(run, &table, &ask, family);
        }
        Some(family @ (FamilyName::Logistic | FamilyName::Softmax)) => family,
        Some(_) => bail!("this family has no target: leave --target out and say --column, or take another --family"),
        None if ask.outcomes()?.names.classes.len() == 2 => FamilyName::Logistic,
        None => FamilyName::Softmax,
    };
    if flags.exposure.is_some() {
        bail!("--exposure is of counts: take --family poisson, or an --offset in logits");
    }
    let design = ask.build()?;
    // It has all that is fitted.
    drop(table);
    if family == FamilyName::Logistic { fit_logistic(run, design) } else { fit_softmax(run, design) }
}

/// An error for a term where columns are taken as they are.
fn columns_alone(table: &Table, names: &[String]) -> Result<()> {
    let is_column = |name: &&String| table.columns().iter().any(|(column, _)| column == *name);
    match names.iter().find(|name| !is_column(name) && name.contains([':', '*', '('])) {
        Some(term) => {
            bail!("'{term}' is a term, and a distribution takes columns as they are: name a --target, or leave it out")
        }
        None => Ok(()),
    }
}

fn fit_logistic(run: &Run<Fit>, design: Design) -> Result<()> {
    design.names.two_classes()?;
    let columns = design.names.columns.len();
    classify(run, design, 4.0, |p| {
        let map = p.standardize()?;
        Ok(move |vb: VarBuilder| Logistic::new(columns, vb)?.standardized(map.clone()))
    })
}

fn fit_softmax(run: &Run<Fit>, design: Design) -> Result<()> {
    let (columns, classes) = (design.names.columns.len(), design.names.classes.len());
    classify(run, design, 3.0, |p| {
        let map = p.standardize()?;
        Ok(move |vb: VarBuilder| Softmax::new(columns, classes, vb)?.standardized(map.clone()))
    })
}

/// `reach` over the number of coefficients is a safe step size; `maker` makes what makes the model, in the coordinates of a p̂.
fn classify<M, F>(
    run: &Run<Fit>,
    design: Design,
    reach: f64,
    maker: impl Fn(&Empirical<Labelled>) -> candle_mle::Result<F>,
) -> Result<()>
where
    M: Linear + Parameters,
    F: Fn(VarBuilder) -> candle_mle::Result<M>,
{
    say_notes(&design.notes);
    run.say_data(&design.names.to_string(), "H(Y|X)", &design.p);
    let evaluation = Evaluation::of(run, design)?;
    let (Design { p, names, .. }, classes) = (&evaluation.design, evaluation.design.names.classes.len());
    let step_size = reach / (names.columns.len() + 1) as f64;
    let setting = |p: &Empirical<Labelled>| {
        Ok::<_, anyhow::Error>(Setting { truth: None, separation: run.separation(p, classes)?, names, step_size })
    };
    let learned = run.learn_until(p, setting(p)?, evaluation.early(run), maker(p)?)?;
    run.say_coefficients(&evaluation.design, &learned, None)?;
    let score = |model: &M, p: &Empirical<Labelled>| Score::of(model, p);
    evaluation.say(run, &learned.model, score, |rest| run.fitted(rest, &setting(rest)?, maker(rest)?))?;
    if run.draws() {
        run.draw_classifier(&evaluation.design, &learned, None)?;
    }
    run.say_files();
    Ok(())
}

fn fit_coin(run: &Run<Fit>, Design { p, names, notes, .. }: Design<Tensor>) -> Result<()> {
    say_notes(&notes);
    names.two_classes()?;
    let faces = &names.classes;
    run.say_data(&format!("{}: {} (1) or {} (0)", names.target, faces[1], faces[0]), "H(p̂)", &p);
    let setting = Setting { truth: None, separation: one_sided(&p)?, names: &names, step_size: 1.0 };
    let learned = run.learn(&p, setting, Bernoulli::new)?;
    println!("probability of {}: {:.6}\n", faces[1], learned.model.prob()?);
    if run.draws() {
        run.draw_descent(&learned, "H(p̂)")?;
        run.draw_landscape(&learned, "H(p̂)", &Slice::of_coins(&faces[1], &learned, &p)?, None)?;
    }
    run.say_files();
    Ok(())
}

fn fit_gaussian(run: &Run<Fit>, Design { mut p, names, notes, .. }: Design<Tensor>) -> Result<()> {
    say_notes(&notes);
    if !run.flags.data.resolution.is_empty() {
        p = p.at_resolution(&run.flags.data.resolution)?;
    }
    run.say_data(&format!("a Gaussian for {}", names.columns.join(", ")), "H(p̂)", &p);
    let (mean, covariance) = p.moments()?;
    Gaussian::from_moments(&mean, &covariance, &Device::Cpu)?; // a singular covariance has no maximum: say so at once
    let (columns, coordinates) = (names.columns.len(), p.whiten()?);
    let make = |vb: VarBuilder| Gaussian::new(columns, vb)?.whitened(&coordinates);
    let learned = run.learn(&p, Setting { truth: None, separation: None, names: &names, step_size: 0.15 }, make)?;
    run.say_moments(&names, &learned.model, None, &p)?;
    if run.draws() {
        run.draw_gaussian(&names.columns, &p, &learned, None)?;
    }
    run.say_files();
    Ok(())
}

fn measure(run: &Run<Measure>) -> Result<()> {
    let (flags, unit) = (&run.flags.data, run.unit());
    let table = table(flags.table.read(flags.target.name()))?;
    let target = flags.target.name().or_else(|| flags.table.counts_classes().then(|| flags.target.of(&table).ok())?);
    let names: Vec<String> = match flags.columns.names() {
        [] => table.columns().iter().map(|(name, _)| name.clone()).collect(),
        named => named.to_vec(),
    };
    let table = table.with_only(&names.iter().map(String::as_str).chain(target).collect::<Vec<_>>())?;
    say_notes(table.notes());
    let n: f64 = table.count().iter().sum();
    println!("n = {} observations in {} rows; amounts in {unit}\n", count(n), table.rows());
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(6);
    let told = if target.is_some() { format!("{:>12}{:>10}", "I(·;target)", "chance") } else { String::new() };
    println!("{:<width$}  {:<12}{:>8}{:>10}{told}", "column", "kind", "levels", "H");
    for name in &names {
        let Some((_, column)) = table.columns().iter().find(|(column, _)| column == name) else { continue };
        let (kind, levels) =
            (if matches!(column, Column::Numbers(_)) { "numbers" } else { "categories" }, column.distinct());
        let h = seen(table.pmf(&[name])?.entropy().to(unit), 4);
        let told = match target {
            Some(target) if target != name => {
                let joint = table.pmf(&[name.as_str(), target])?;
                let free = (joint.shape()[0] - 1) * (joint.shape()[1] - 1);
                let chance = Information::from_nats(free as f64 / (2.0 * n)).to(unit);
                let i = joint.mutual_information(&[0], &[1])?.to(unit);
                format!("{:>12}{:>10}", seen(i, 4), seen(chance, 4))
            }
            _ => String::new(),
        };
        println!("{name:<width$}  {kind:<12}{levels:>8}{h:>10}{told}");
    }
    let Some(target) = target else { return Ok(()) };
    let asked: Vec<String> = names.into_iter().filter(|name| name != target).collect();
    println!("\nthe best question about each column, and what its answer tells about {target}");
    for split in table.ranking(target, &asked)? {
        let question = split.threshold.map_or(String::new(), |threshold| format!("  (above {}?)", typed(threshold)));
        println!("{:<width$}  {:>14}{question}", split.column, run.show(split.gain));
    }
    Ok(())
}

fn tree(run: &Run<Questions>) -> Result<()> {
    let flags = &run.flags.data;
    let table = table(flags.table.read(flags.target.name()))?;
    let target = flags.target.of(&table)?;
    let table = table.predicting(target, run.columns())?;
    say_notes(table.notes());
    let tree = Tree::grow(&table, target, run.columns(), run.stop())?;
    println!("{target}, {}\n{}", tree.class_names().join(" or "), tree.outline(run.unit()));
    let (before, left) = (tree.root().entropy(), tree.entropy_left());
    println!("{:<24}{:>14}\n{:<24}{:>14}", "H(Y)", run.show(before), "− gains of the tree", run.show(before - left));
    println!("{:<24}{:>14}", "= H(Y|leaf)", run.show(left));
    let chance = run.chance(&table, target)?;
    println!("{:<24}{:>14}", "by chance at most", run.show(chance.tree));
    let figure = Figure::new(run.tree_title(&tree, target, &chance))
        .subtitle("streams are as wide as the rows in them")
        .column([Panel::tree(tree.class_names(), &twig(&tree, run.unit()))]);
    run.draw("tree.png", figure)?;
    run.say_picture("tree.png");
    Ok(())
}
