//! Coefficients, standard errors, tests and intervals of ten tables are those of R and statsmodels; Firth's are those of Newton's
//! method in 40 digits. The values and the scripts that made them are in tests/reference.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use candle_mle::inference::{Coefficients, Likelihood, likelihood_ratio};
use candle_mle::mle::Plan;
use candle_mle::model::{Linear, Logistic, Softmax};
use candle_mle::{Design, Fitted, Model, Objective, Parameters, Table, separation};

use crate::common::{host, table};

pub fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(name)
}

/// The rows of a file of values, by the names of its columns.
pub fn rows(name: &str) -> Result<Vec<BTreeMap<String, String>>> {
    let text = std::fs::read_to_string(file(name))?;
    let mut lines = text.lines().map(|line| line.split(',').map(String::from).collect::<Vec<_>>());
    let header = lines.next().context("a header")?;
    Ok(lines.map(|line| header.iter().cloned().zip(line).collect()).collect())
}

/// Standing where nothing but rounding is left of the gradient.
fn arrived<M: Model<Batch = candle_mle::Labelled> + Parameters>(
    design: &Design,
    objective: Objective,
    make: impl FnOnce(candle_nn::VarBuilder) -> candle_mle::Result<M>,
) -> Result<Fitted<M>> {
    let map = design.p.standardize()?;
    let plan = Plan { objective, tolerance: 1e-13, ..Plan::default() };
    Ok(plan.fit(&design.p, |vb| make(vb)?.standardized(map))?)
}

/// Compares to `tolerance`, relatively, what is asked for with the columns of these names.
fn same(name: &str, row: &BTreeMap<String, String>, pairs: &[(&str, f64)], tolerance: f64) -> Result<()> {
    for (column, ours) in pairs {
        let Ok(theirs) = row[*column].parse::<f64>() else { continue };
        // The end of an interval may lie near 0: it is known to digits of the interval.
        let width = if column.ends_with("low") || column.ends_with("high") { row["std.error"].parse()? } else { 0.0 };
        let apart = (ours - theirs).abs() / theirs.abs().max(width).max(f64::MIN_POSITIVE);
        ensure!(theirs.is_nan() || apart <= tolerance, "{name} {row:?}: {column} is {ours}, {apart:e} from it");
    }
    Ok(())
}

fn compare<M: Linear + Parameters>(
    name: &str,
    design: &Design,
    make: impl FnOnce(candle_nn::VarBuilder) -> candle_mle::Result<M>,
) -> Result<()> {
    let (p, names) = (&design.p, &design.names);
    let model = arrived(design, Objective::CrossEntropy, make)?.model;
    let (known, robust) = (Coefficients::of(&model, p)?, Coefficients::robust(&model, p)?);
    // nnet stops where its own steps gain nothing, half the digits from the maximum.
    let many = names.classes.len() > 2;
    for (source, tolerance) in [("statsmodels.csv", 1e-8), ("r.csv", if many { 1e-6 } else { 1e-8 })] {
        let mut seen = 0;
        for row in rows(source)?.iter().filter(|row| row["table"] == name) {
            let class = names.classes.iter().position(|class| *class == row["level"]).context("a class")?;
            let column = names.columns.iter().position(|column| *column == row["term"]);
            ensure!(
                column.is_some() || row["term"] == "(intercept)",
                "{name}: no {} in {:?}",
                row["term"],
                names.columns
            );
            let at = column.unwrap_or(names.columns.len());
            let of = known.get(class, at);
            let [low, high] = of.interval(0.95);
            let all = [
                ("estimate", of.estimate),
                ("std.error", of.std_error),
                ("statistic", of.z()),
                ("conf.low", low),
                ("conf.high", high),
            ];
            same(name, row, &all, tolerance)?;
            // A probability far out moves by z² times what its z moves by.
            same(name, row, &[("p.value", of.p_value())], tolerance * of.z().powi(2).max(1.0))?;
            if source == "statsmodels.csv" {
                same(name, row, &[("robust", robust.get(class, at).std_error)], tolerance)?;
            } else if !many {
                let [low, high] = Coefficients::profile(&model, p, class, at, 0.95)?;
                same(name, row, &[("profile.low", low), ("profile.high", high)], tolerance)?;
            }
            seen += 1;
        }
        ensure!(seen == (names.classes.len() - 1) * (names.columns.len() + 1), "{name}: {seen} values in {source}");
    }
    let likelihood = Likelihood::of(&model, p, (names.classes.len() - 1) * (names.columns.len() + 1))?;
    let null = likelihood.of_outcomes(names.classes.len());
    let of_r = rows("likelihoods.r.csv")?;
    let row = of_r.iter().find(|row| row["table"] == name).context("a likelihood")?;
    let test = likelihood_ratio(&null, &likelihood)?;
    let all = [
        ("n", likelihood.total()),
        ("deviance", likelihood.twice_nll()),
        ("aic", likelihood.aic()),
        ("bic", likelihood.bic()),
        ("null.deviance", null.twice_nll()),
    ];
    same(name, row, &all, 1e-8)?;
    ensure!((test.p_value.max(1e-300).ln() - row["lr.p.value"].parse::<f64>()?.max(1e-300).ln()).abs() < 1e-5);
    let apart = likelihood.twice_nll() - likelihood.deviance() - 2.0 * p.total() * p.entropy().nats();
    ensure!(apart.abs() < 1e-9 * likelihood.twice_nll(), "2 NLL is not 2 n KL + 2 n H(Y|X): {apart}");
    Ok(())
}

#[test]
fn on_ten_tables() -> Result<()> {
    let index = rows("index.csv")?;
    ensure!(index.len() == 10);
    for entry in &index {
        let (name, count) = (&entry["name"], Some(entry["count"].as_str()).filter(|count| !count.is_empty()));
        let mut table = Table::read(file("tables").join(format!("{name}.csv")), count)?;
        if !entry["cluster"].is_empty() {
            table = table.without(&[&entry["cluster"]])?;
        }
        let design = table.design(&entry["target"]).build()?;
        let (columns, classes) = (design.names.columns.len(), design.names.classes.len());
        match classes {
            2 => compare(name, &design, |vb| Logistic::new(columns, vb))?,
            _ => compare(name, &design, |vb| Softmax::new(columns, classes, vb))?,
        }
    }
    Ok(())
}

#[test]
fn errors_by_clusters_are_those_of_statsmodels() -> Result<()> {
    let whole = Table::read(file("tables/bacteria.csv"), None)?;
    let design = whole.without(&["id"])?.design("y").build()?;
    let columns = design.names.columns.len();
    let model = arrived(&design, Objective::CrossEntropy, |vb| Logistic::new(columns, vb))?.model;
    // The rows as they stand in the file, and whose each is.
    let lines = rows("tables/bacteria.csv")?;
    let of = |line: &BTreeMap<String, String>, column: &String| -> f64 {
        let level = column.strip_prefix("trt ").map(|level| f64::from(u8::from(line["trt"] == level)));
        level.unwrap_or_else(|| line[column].parse().unwrap_or(f64::NAN))
    };
    let x: Vec<f64> =
        lines.iter().flat_map(|line| design.names.columns.iter().map(|column| of(line, column))).collect();
    let y: Vec<u32> = lines.iter().map(|line| u32::from(line["y"] == design.names.classes[1])).collect();
    let mut ids: Vec<&String> = lines.iter().map(|line| &line["id"]).collect();
    let clusters: Vec<&String> = ids.clone();
    ids.sort();
    ids.dedup();
    let clusters: Vec<usize> = clusters.iter().map(|id| ids.binary_search(id).unwrap_or(0)).collect();
    let device = &candle_core::Device::Cpu;
    let batch = candle_mle::Labelled::new(
        candle_core::Tensor::from_vec(x, (lines.len(), columns), device)?,
        candle_core::Tensor::new(y, device)?,
    )?;
    let known = Coefficients::clustered(&model, &batch, &vec![1.0; lines.len()], &clusters)?;
    let one = Coefficients::clustered(&model, &batch, &vec![1.0; lines.len()], &vec![7; lines.len()]);
    assert!(one.err().is_some_and(|e| e.to_string().contains("one cluster only")));
    let short = Coefficients::clustered(&model, &batch, &[1.0; 2], &clusters);
    assert!(short.err().is_some_and(|e| e.to_string().contains("the counts")));
    assert!(known.get(1, 0).interval(95.0)[0].is_nan());
    assert!(Coefficients::profile(&model, &design.p, 1, 0, 95.0).err().is_some_and(|e| e.to_string().contains("0.95")));
    for row in rows("statsmodels.csv")?.iter().filter(|row| row["table"] == "bacteria") {
        let at = design.names.columns.iter().position(|column| *column == row["term"]).unwrap_or(columns);
        same("bacteria", row, &[("clustered", known.get(1, at).std_error)], 1e-8)?;
    }
    Ok(())
}

#[test]
fn firth_is_finite_and_right() -> Result<()> {
    let values = rows("firth.csv")?;
    for (name, design) in [
        ("titanic", Table::read(file("tables/titanic.csv"), Some("n"))?.design("survived").build()?),
        ("mtcars", Table::read(file("tables/mtcars.csv"), None)?.design("am").build()?),
        ("hair_eye", Table::read(file("tables/hair_eye.csv"), Some("n"))?.design("eye").build()?),
        ("iris", table("iris", None)?.design("species").build()?),
    ] {
        let (columns, classes) = (design.names.columns.len(), design.names.classes.len());
        if name == "iris" {
            ensure!(separation(&design.p, classes)?.is_some());
        }
        let fitted = arrived(&design, Objective::Firth, |vb| Softmax::new(columns, classes, vb))?;
        let known = Coefficients::of(&fitted.model, &design.p)?;
        for row in values.iter().filter(|row| row["table"] == name) {
            let class = design.names.classes.iter().position(|class| *class == row["level"]).context("a class")?;
            let at = design.names.columns.iter().position(|column| *column == row["term"]).unwrap_or(columns);
            let of = known.get(class, at);
            same(name, row, &[("estimate", of.estimate), ("std.error", of.std_error)], 1e-7)?;
        }
        // The three are logged as ever: the likelihood stands above where it started from or could come to, and the identities hold.
        ensure!(fitted.history.residual().is_some_and(|residual| residual < 1e-12));
        if classes == 2 {
            let logistic = arrived(&design, Objective::Firth, |vb| Logistic::new(columns, vb))?.model;
            let [a, b] = [host(&logistic.coefficients()?)?, host(&fitted.model.coefficients()?)?];
            ensure!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() <= 1e-7 * (1.0 + b.abs())), "{a:?} {b:?}");
        }
    }
    Ok(())
}
