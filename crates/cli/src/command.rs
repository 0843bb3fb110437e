//! `candle-mle fit | resume | predict | compare | measure | tree | explain`: what the examples do with a table, as one command.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use candle_core::{Device, Tensor};
use candle_mle::info::Unit;
use candle_mle::model::{Bernoulli, Gaussian, Linear, Logistic, Sample, Softmax};
use candle_mle::score::Score;
use candle_mle::separation::one_sided;
use candle_mle::tree::{Node, Tree};
use candle_mle::{Design, Empirical, Labelled, Parameters, Table};
use candle_mle_plot::{Figure, Panel};
use candle_nn::VarBuilder;
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use serde_json::Value;

use crate::compare::compare;
use crate::evaluation::{Evaluation, Worth};
use crate::explain::explain;
use crate::families::{self, evenly};
use crate::flags::{Compare, FamilyName, Fit, Fits, Intervals, Measure, Predict, Questions, Resume, with_bases};
use crate::html::Html;
use crate::keep;
use crate::lake::{Count, Merge, count as count_rows, merge};
use crate::learned::Setting;
use crate::measure;
use crate::pictures::{Slice, twig};
use crate::predict::predict;
use crate::report;
use crate::run::{Flags, Plain, Run, say_notes, where_it_prints};
use crate::said::{be_silent, finish, number, object, tell};

/// Maximum likelihood and information measures for a table: KL divergence, cross-entropy and negative log-likelihood, three
/// names, one argmin.
#[derive(Parser)]
#[command(name = "candle-mle", version, max_term_width = 110, after_help = DOCUMENT)]
struct Line {
    /// Prints one JSON document in place of the lines, see below
    #[arg(long, global = true, help_heading = "Output")]
    json: bool,
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
    /// Compares fitted models, on the rows of a table or on those of their fits: what each pays, and nested ones by their likelihood ratio
    #[command(after_help = COMPARE)]
    Compare(Plain<Compare>),
    /// Prints the entropy of every column, and what each tells about a target, or every two about each other
    #[command(after_help = MEASURE)]
    Measure(Plain<Measure>),
    /// Counts the different rows of files or a query: a file of counts, which fits take by --from and --count
    Count(Count),
    /// Adds files of counts up, whoever counted them: to the bytes of a count of everything
    Merge(Merge),
    /// Grows a decision tree by information gain
    #[command(after_help = TREE)]
    Tree(Flags<Questions>),
    /// Says which row of the lecture is behind a number: its formula, in plain words, in the library, and the example that shows it
    #[command(after_help = "Try: candle-mle explain deviance, candle-mle explain L4, or candle-mle explain for a list")]
    Explain {
        /// A row of the lecture, such as L4, or a word that is printed, such as deviance
        what: Option<String>,
    },
    /// Prints what completes the command in a shell
    #[command(after_help = "Try: candle-mle completions bash > ~/.local/share/bash-completion/completions/candle-mle")]
    Completions {
        /// Whose
        shell: clap_complete::Shell,
    },
    /// Prints the manual page of the command, or of one of its commands
    #[command(after_help = "Try: candle-mle man fit > candle-mle-fit.1, and man ./candle-mle-fit.1")]
    Man {
        /// Of which; of the whole, without one
        command: Option<String>,
    },
}

const DOCUMENT: &str = "\
With --json standard output is one document. Its names stay: unit, notes, pictures (file, finding), folder, printed (the lines of a run \
without --json), error. Of fit: data (what, n, distinct_rows, floor, entropy), descent (method, objective, converged, start and end with step, \
kl, cross_entropy and nll, argmin, largest_residual, gradient_nats, decrement_nats), same_path, separation (complete, infimum), \
coefficients (as broom names them: y.level, term, estimate, std.error, statistic, p.value, conf.low, conf.high, and odds.ratio), contrasts (the same, and against), target, reference_class, likelihood (nobs, \
logLik, AIC, BIC, deviance, df_residual, twice_nll, mcfadden, most_mcfadden, null_deviance, r_squared, adjusted_r_squared, \
f, against_intercept, parameters: how many are free), parameters (term, estimate, std.error, conf.low, conf.high, truth), moments, correlations, \
components, truth, population_kl, families, not_ranked, no_maximum, evaluation (fitted, others, gap, or not_defined and why), older_files (of \
earlier runs in the same folder). Of predict: rows, predictions, no_limits, target, classes, score. Of compare: target, n, floor, models, tests. Of \
measure: columns, information, ranking, not_asked (why not). Of tree: classes, tree, entropy, entropy_left, chance. Of explain: concepts, words. Amounts of \
information are in `unit`, the numbers of the likelihood in nats; what is infinite or no number is the text Infinity, -Infinity or NaN, and \
what does not apply is null or not there.";

const FIT: &str = "\
Try: candle-mle fit --csv titanic.csv --target survived --count count

Pictures (unless --no-pictures), log.csv (every step), parameters.safetensors and coefficients.csv (estimates and errors, by the names of R's broom) \
go to plots/fit/<table>, or to --out. A likelihood without a finite \
maximum is reported, and is no failure. Exit codes: 0 when the run went through, 1 when the data cannot be used or a file \
cannot be written, 2 for flags that make no sense. Set CANDLE_MLE_DEVICE to cpu, cuda, cuda:1 or metal.";

const RESUME: &str = "\
Try: candle-mle fit --csv titanic.csv --target survived --count count --lr 0.5 --steps 100000, press Ctrl-C, and then
     candle-mle resume plots/fit/titanic

A fit leaves checkpoint.safetensors in its folder until all its files are written: parameters, the state of the optimiser and the \
log of every step so far, saved at every 100th step, of Newton's method at every one (fit --checkpoint), and on Ctrl-C. Run resume in the folder where fit was run; a table that came through \
standard input is piped in once more.";

const PREDICT: &str = "\
Try: candle-mle predict plots/fit/titanic/parameters.safetensors --csv titanic.csv --count count

The model file knows its columns, levels and classes: the table may have them in any order, and more columns beside; a level that \
the fit never saw is refused by name. predictions.csv, in plots/predict/<table> or --out, has a line for every row that was read: \
its line in the table, the probability of each class and the most probable one, or the mean of a number, and, where the target is a column, what came and \
its -log q; then the standard errors and 95 % limits of what is foretold, by the delta method, where the fit left standard errors.";

const COMPARE: &str = "\
Try: candle-mle compare plots/fit/titanic/parameters.safetensors OTHER/parameters.safetensors --csv titanic.csv --count count

Any two families of one outcome have likelihoods to compare: classifiers and coins, counts, densities of the same columns. The standard \
error is that of the difference from the first model, row by row: of models that differ by less than two of them nothing \
is known. On rows that all were fitted to, AIC and BIC are printed, and nested models are tested; on held-out rows they are not. \
Without --csv they are compared on the rows of their fits, of which each file keeps −Σ ln q and a digest of the outcomes.";

const MEASURE: &str = "\
Try: candle-mle measure --csv titanic.csv --target survived --count count

Entropies are those of the table itself, and so is I (plug-in), which of independent columns with r and c levels would seem to be \
(r − 1)(c − 1)/2n nats: without that it stands under `less bias`, with an interval of 95 %. Numbers that hardly repeat are not counted \
but told by their nearest neighbours. `by chance` is what 19 of 20 shuffles of the target do not exceed, p the share of them that \
tell as much.";

const TREE: &str = "\
Try: candle-mle tree --csv titanic.csv --target survived --count count --depth 2";

/// Runs the command; what went wrong is one message on standard error.
pub fn command() -> ExitCode {
    where_it_prints();
    let line = Line::parse();
    if line.json {
        be_silent();
    }
    let done = match line.what {
        What::Fit(flags) => begin(*flags),
        What::Resume(Resume { folder }) => resume(&folder),
        What::Predict(flags) => Run::new("predict", flags.into()).and_then(|run| predict(&run)),
        What::Compare(flags) => Run::new("compare", flags.into()).and_then(|run| compare(&run)),
        What::Measure(flags) => Run::new("measure", flags.into()).and_then(|run| measure(&run)),
        What::Count(flags) => count_rows(&flags),
        What::Merge(flags) => merge(&flags),
        What::Tree(flags) => Run::new("tree", flags).and_then(|run| tree(&run)),
        What::Explain { what } => explain(what.as_deref()),
        What::Completions { shell } => complete(shell),
        What::Man { command } => man(command.as_deref()),
    };
    if let Err(error) = &done {
        eprintln!("Error: {error:#}");
        tell("error", format!("{error:#}"));
    }
    finish();
    if done.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn complete(shell: clap_complete::Shell) -> Result<()> {
    let mut script = vec![];
    clap_complete::generate(shell, &mut Line::command(), "candle-mle", &mut script);
    // clap_complete 4.6 gives a name with a hyphen two spellings in bash, and then finds no flag.
    let script = String::from_utf8(script)?.replace("candle__subcmd__mle", "candle__mle");
    println!("{}", script.trim_end());
    Ok(())
}

fn man(command: Option<&str>) -> Result<()> {
    let mut whole = Line::command();
    whole.build();
    let of = match command {
        None => whole,
        Some(name) => match whole.find_subcommand(name) {
            Some(of) => of.clone(),
            None => {
                let names: Vec<&str> = whole.get_subcommands().map(clap::Command::get_name).collect();
                bail!("there is no command '{name}': there are {}", names.join(", "))
            }
        },
    };
    let mut page = vec![];
    clap_mangen::Man::new(of).render(&mut page)?;
    println!("{}", String::from_utf8(page)?.trim_end());
    Ok(())
}

fn begin(mut flags: Flags<Fit>) -> Result<()> {
    keep::listen()?;
    flags.data.keeping.arguments = std::env::args().collect();
    fit(&Run::new(&name(&flags), flags)?)
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
    fit(&Run::new(&name(&flags), *flags)?)
}

/// What a fit is called, and its folder: a sample has no table to name it.
fn name(flags: &Flags<Fit>) -> String {
    let family = flags.data.family.and_then(|family| family.to_possible_value());
    match (&flags.data.truth, family) {
        (Some(_), Some(family)) => format!("fit/sample of {}", family.get_name()),
        _ => "fit".into(),
    }
}

fn table(of: Result<Option<Table>>) -> Result<Table> {
    match of? {
        Some(table) => Ok(table),
        None => bail!("say which table: --csv FILE, where - is standard input, or --from FILES"),
    }
}

fn fit(run: &Run<Fit>) -> Result<()> {
    fit_family(run)?;
    let flags = &run.flags.data;
    if flags.report {
        report::write(&run.out("report.html"), &flags.keeping.arguments)?;
    }
    let older = run.of_earlier_runs(&LEFT);
    if !older.is_empty() {
        println!("older than this run, and not of it, in the same folder: {}", older.join(", "));
        tell("older_files", older);
    }
    Ok(())
}

/// What a fit may leave in its folder.
const LEFT: [&str; 16] = [
    "log.csv",
    "log.jsonl",
    "log-of-failed-run.csv",
    "log-of-failed-run.jsonl",
    "parameters.safetensors",
    "coefficients.csv",
    "report.html",
    "fit.html",
    "descent.png",
    "descent.svg",
    "landscape.png",
    "landscape.svg",
    "model.png",
    "model.svg",
    "families.png",
    "families.svg",
];

fn fit_family(run: &Run<Fit>) -> Result<()> {
    let flags = &run.flags.data;
    if let (Some(truth), Some(family)) = (&flags.truth, flags.family) {
        return sampled(run, family, truth);
    }
    let table = match flags.table.read(flags.target.name()) {
        #[cfg(feature = "sql")]
        Err(error) if crate::summed::is_called_for(&error) => {
            return crate::summed::fit(run)?.map_or(Ok(()), |points| fit_gaussian(run, points, None));
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
        let several = matches!(flags.family, Some(FamilyName::Mixture | FamilyName::All));
        flags.heeded_by(if several { Fits::Several } else { Fits::Density })?;
        return match flags.family {
            None | Some(FamilyName::Gaussian) => fit_gaussian(run, table.points(flags.columns.names())?, None),
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
            flags.heeded_by(Fits::Coin)?;
            return fit_coin(run, ask.outcomes()?, None);
        }
        Some(family @ (FamilyName::Linear | FamilyName::Poisson)) => {
            return families::regression(run, &table, &ask, family);
        }
        Some(family @ (FamilyName::Logistic | FamilyName::Softmax)) => family,
        Some(_) => bail!("this family has no target: leave --target out and say --column, or take another --family"),
        // The target alone says it, whatever it is to be predicted from.
        None if table.design(flags.target.of(&table)?).outcomes()?.names.classes.len() == 2 => FamilyName::Logistic,
        None => FamilyName::Softmax,
    };
    flags.heeded_by(Fits::Classes)?;
    let design = ask.build()?;
    // It has all that is fitted.
    drop(table);
    if family == FamilyName::Logistic { fit_logistic(run, design, None) } else { fit_softmax(run, design, None) }
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

/// A sample of a known truth in the place of a table.
fn sampled(run: &Run<Fit>, family: FamilyName, typed: &[f64]) -> Result<()> {
    let (n, rng) = (run.n().unwrap_or(1000), &mut run.generator());
    match family {
        FamilyName::Coin => {
            let truth = Bernoulli::from_prob(run.of_truth(typed, &["probability of heads"])[0], &Device::Cpu)?;
            let design = Design::of_counts(truth.sample(&n, rng)?, &vec![1.0; n], "coin", &["tails", "heads"])?;
            fit_coin(run, design, Some(&truth))
        }
        FamilyName::Logistic => {
            let truth = lines(run.of_truth(typed, &["slope", "intercept"]))?;
            let truth = Logistic::from_coefficients(&truth)?;
            let batch = truth.sample(&evenly(n, 6.0)?, rng)?;
            fit_logistic(run, Design::of_sample(batch, &["x"], "y", &["0", "1"])?, Some(&truth))
        }
        FamilyName::Softmax => {
            // As many classes as there are lines.
            let names: Vec<String> = (1..1 + typed.len().div_ceil(2).max(1))
                .flat_map(|class| ["slope", "intercept"].map(|what| format!("{what} of {class}")))
                .collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let truth = Softmax::from_coefficients(&lines(run.of_truth(typed, &names))?)?;
            let batch = truth.sample(&evenly(n, 3.0)?, rng)?;
            let classes: Vec<String> = (0..=names.len() / 2).map(|class| class.to_string()).collect();
            let classes: Vec<&str> = classes.iter().map(String::as_str).collect();
            fit_softmax(run, Design::of_sample(batch, &["x"], "y", &classes)?, Some(&truth))
        }
        FamilyName::Gaussian => {
            let typed = run.of_truth(typed, &["mean", "standard deviation"]);
            let truth = Gaussian::from_moments(&typed[..1], &[[typed[1] * typed[1]]], &Device::Cpu)?;
            fit_gaussian(run, Design::of_points(truth.sample(&n, rng)?, &["x"])?, Some(&truth))
        }
        FamilyName::All => bail!("a sample is of one family: say which, or give a table, --csv FILE"),
        family => families::sampled(run, family, typed, n),
    }
}

/// Slope and intercept of every class, those of the first 0.
fn lines(typed: Vec<f64>) -> Result<Tensor> {
    let classes = 1 + typed.len() / 2;
    Ok(Tensor::from_vec([vec![0.0, 0.0], typed].concat(), (classes, 2), &Device::Cpu)?)
}

fn fit_logistic(run: &Run<Fit>, design: Design, truth: Option<&Logistic>) -> Result<()> {
    design.names.two_classes()?;
    classify(run, design, truth, 4.0, |p| {
        let (columns, map) = (p.batch().x().dim(1)?, p.standardize()?);
        Ok(move |vb: VarBuilder| Logistic::new(columns, vb)?.standardized(map.clone()))
    })
}

fn fit_softmax(run: &Run<Fit>, design: Design, truth: Option<&Softmax>) -> Result<()> {
    let classes = design.names.classes.len();
    classify(run, design, truth, 3.0, |p| {
        let (columns, map) = (p.batch().x().dim(1)?, p.standardize()?);
        Ok(move |vb: VarBuilder| Softmax::new(columns, classes, vb)?.standardized(map.clone()))
    })
}

/// `reach` over the number of coefficients is a safe step size; `maker` makes what makes the model, in the coordinates of a p̂.
fn classify<M, F>(
    run: &Run<Fit>,
    design: Design,
    truth: Option<&M>,
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
        Ok::<_, anyhow::Error>(Setting { truth, separation: run.separation(p, classes)?, names, step_size })
    };
    let learned = run.learn_until(p, setting(p)?, evaluation.early(run), maker(p)?)?;
    run.say_coefficients(&evaluation.design, &learned, truth)?;
    let apart = learned.apart();
    let here = |rows: &Empirical<Labelled>| match apart {
        Some(apart) => Worth::at_the_limit(apart, p, rows),
        None => Ok(Worth::Known(Score::of(&learned.model, rows)?)),
    };
    let anew = |rest: &Empirical<Labelled>, part: &Empirical<Labelled>| {
        let setting = setting(rest)?;
        match &setting.separation {
            Some(apart) => Worth::at_the_limit(apart, rest, part),
            None => Ok(Worth::Known(Score::of(&run.fitted(rest, &setting, maker(rest)?)?, part)?)),
        }
    };
    evaluation.say(run, (classes - 1) * (names.columns.len() + 1), here, anew)?;
    if run.draws() {
        run.draw_classifier(&evaluation.design, &learned, truth)?;
    }
    run.say_files();
    Ok(())
}

fn fit_coin(run: &Run<Fit>, Design { p, names, notes, .. }: Design<Tensor>, truth: Option<&Bernoulli>) -> Result<()> {
    say_notes(&notes);
    names.two_classes()?;
    let faces = &names.classes;
    run.say_data(&format!("{}: {} (1) or {} (0)", names.target, faces[1], faces[0]), "H(p̂)", &p);
    let setting = Setting { truth, separation: one_sided(&p)?, names: &names, step_size: 1.0 };
    let learned = run.learn(&p, setting, Bernoulli::new)?;
    run.say_coin(&faces[1], &p, &learned, truth)?;
    if run.draws() {
        run.draw_descent(&learned, "H(p̂)")?;
        run.draw_landscape(&learned, "H(p̂)", &Slice::of_coins(&faces[1], &learned, &p)?, None)?;
    }
    run.say_files();
    Ok(())
}

fn fit_gaussian(
    run: &Run<Fit>,
    Design { mut p, names, notes, .. }: Design<Tensor>,
    truth: Option<&Gaussian>,
) -> Result<()> {
    if run.flags.data.intervals == Intervals::Profile {
        bail!("--intervals profile does not go with a Gaussian, whose errors are known in closed form: leave it out");
    }
    say_notes(&notes);
    if !run.flags.data.resolution.is_empty() {
        p = p.at_resolution(&run.flags.data.resolution)?;
    }
    run.say_data(&format!("a Gaussian for {}", names.columns.join(", ")), "H(p̂)", &p);
    let (mean, covariance) = p.moments()?;
    Gaussian::from_moments(&mean, &covariance, &Device::Cpu)?; // a singular covariance has no maximum: say so at once
    let (columns, coordinates) = (names.columns.len(), p.whiten()?);
    let make = |vb: VarBuilder| Gaussian::new(columns, vb)?.whitened(&coordinates);
    let learned = run.learn(&p, Setting { truth, separation: None, names: &names, step_size: 0.15 }, make)?;
    run.say_moments(&names, &learned, truth, &p)?;
    if run.draws() {
        run.draw_gaussian(&names.columns, &p, &learned, truth)?;
    }
    run.say_files();
    Ok(())
}

fn measure(run: &Run<Measure>) -> Result<()> {
    let flags = &run.flags.data;
    let table = table(flags.table.read(flags.target.name()))?;
    let target = flags.target.name().or_else(|| flags.table.counts_classes().then(|| flags.target.of(&table).ok())?);
    measure::measure(run, &table, target)
}

/// A node for the document, and what is below it.
fn told(node: &Node, unit: Unit) -> Value {
    let counts: Vec<Value> = node.counts.iter().copied().map(number).collect();
    let entropy = number(node.entropy().to(unit));
    let Some(split) = &node.split else { return object([("counts", counts.into()), ("entropy", entropy)]) };
    let branches = node.branches.iter();
    let branches =
        branches.map(|branch| object([("answer", branch.answer.as_str().into()), ("node", told(&branch.node, unit))]));
    object([
        ("counts", counts.into()),
        ("entropy", entropy),
        ("split", split.column.as_str().into()),
        ("above", split.threshold.map_or(Value::Null, number)),
        ("gain", number(split.gain.to(unit))),
        ("branches", branches.collect()),
    ])
}

fn tree(run: &Run<Questions>) -> Result<()> {
    let flags = &run.flags.data;
    let table = table(flags.table.read(flags.target.name()))?;
    let target = flags.target.of(&table)?;
    let table = table.predicting(target, run.columns())?;
    say_notes(table.notes());
    let tree = Tree::grow(&table, target, run.columns(), run.stop())?;
    let classes = match tree.class_names() {
        many if many.len() > 12 => format!("{} or one of {} more", many[..8].join(" or "), many.len() - 8),
        few => few.join(" or "),
    };
    println!("{target}, {classes}\n{}", tree.outline(run.unit()));
    let (before, left) = (tree.root().entropy(), tree.entropy_left());
    tell("target", target);
    tell("classes", tree.class_names().to_vec());
    tell("tree", told(tree.root(), run.unit()));
    tell("entropy", number(before.to(run.unit())));
    tell("entropy_left", number(left.to(run.unit())));
    println!("{:<24}{:>14}\n{:<24}{:>14}", "H(Y)", run.show(before), "− gains of the tree", run.show(before - left));
    println!("{:<24}{:>14}", "= H(Y|leaf)", run.show(left));
    let chance = run.chance(&table, target)?;
    tell("chance", number(chance.tree.to(run.unit())));
    println!("{:<24}{:>14}", "by chance at most", run.show(chance.tree));
    let figure = Figure::new(run.tree_title(&table, &tree, target, &chance)?)
        .subtitle("streams are as wide as the rows in them")
        .column([Panel::tree(tree.class_names(), &twig(&tree, run.unit()))]);
    run.draw("tree.png", figure)?;
    run.say_picture("tree.png");
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use rand::{Rng, SeedableRng};

    use super::Line;

    /// Words that flags and their values are, and what breaks them.
    const WORDS: [&str; 52] = [
        "fit",
        "measure",
        "tree",
        "predict",
        "compare",
        "resume",
        "--csv",
        "--target",
        "--count",
        "--columns",
        "--separator",
        "--missing",
        "--na",
        "--categorical",
        "--where",
        "--exclude",
        "--base",
        "--lr",
        "--steps",
        "--checkpoint",
        "--objective",
        "--family",
        "--depth",
        "--least-gain",
        "--resolution",
        "--unit",
        "--out",
        "--format",
        "--size",
        "--dtype",
        "--no-pictures",
        "--help",
        "t.csv",
        "a=b,c",
        "=",
        "a=",
        "\"a,b\",c",
        "\"",
        ",",
        "-1",
        "1e400",
        "nan",
        "0x0",
        "640x480",
        "99999999999999999999",
        "é",
        "\0",
        "",
        " ",
        "--",
        "\t",
        "bits",
    ];

    #[test]
    fn any_line_is_taken_or_refused_in_words() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        for _ in 0..3000 {
            let mut line = vec!["candle-mle".to_string()];
            for _ in 0..rng.random_range(0..9) {
                let mut word = WORDS[rng.random_range(0..WORDS.len())].to_string();
                if rng.random_bool(0.2) {
                    word += WORDS[rng.random_range(0..WORDS.len())];
                }
                line.push(word);
            }
            if let Err(said) = Line::try_parse_from(&line) {
                assert!(said.to_string().len() > 20, "{line:?}: {said}");
            }
        }
    }
}
