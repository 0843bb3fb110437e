//! Terms, offsets, weights, penalties and evaluations as they are typed: what is printed, what is left, and what is refused by name.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::{done, files, said, with_titanic};

/// An empty folder with `titanic.csv` and the table of the reference values, `terms.csv`.
fn with_terms() -> Result<tempfile::TempDir> {
    let place = with_titanic()?;
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/reference/tables/terms.csv");
    std::fs::copy(table, place.path().join("terms.csv"))?;
    Ok(place)
}

/// The cells of the line that begins with this name.
fn line(words: &str, name: &str) -> Vec<String> {
    let line = words.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or_default();
    line.trim_start().trim_start_matches(name).split_whitespace().map(String::from).collect()
}

#[test]
fn a_fit_with_terms_is_foretold_and_compared() -> Result<()> {
    let place = with_terms()?;
    let folder = place.path();
    let fit = "fit --csv terms.csv --target y --count k --no-pictures";
    let small = done(folder, &format!("{fit} --columns x,h --offset off --out small"))?;
    let large = done(folder, &format!("{fit} --columns x*h,I(x^2) --offset off --out large"))?;
    let words = said(&large);
    ensure!(small.status.success() && large.status.success(), "{words}");
    ensure!(words.contains("y from x, h v, I(x^2), x:h v"), "{words}");
    let nll =
        words.split("2 NLL = ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<f64>().ok()).context("2 NLL")?;
    let own = done(folder, "predict large/parameters.safetensors --csv terms.csv --count k --unit nats --out own")?;
    let words = said(&own);
    let all =
        words.split("in all ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<f64>().ok()).context("in all")?;
    ensure!((2.0 * all - nll).abs() < 2e-3, "{words}");
    let compared =
        done(folder, "compare small/parameters.safetensors large/parameters.safetensors --csv terms.csv --count k")?;
    let words = said(&compared);
    ensure!(compared.status.success() && words.contains("small/parameters.safetensors within large/"), "{words}");
    ensure!(words.contains("with 2 degrees of freedom"), "{words}");
    // Without the column of the offset nothing is foretold.
    let text = std::fs::read_to_string(folder.join("terms.csv"))?;
    std::fs::write(folder.join("other.csv"), text.replacen("off", "of", 1))?;
    let refused = done(folder, "predict large/parameters.safetensors --csv other.csv --out refused")?;
    ensure!(refused.status.code() == Some(1) && said(&refused).contains("no column 'off'"), "{}", said(&refused));
    Ok(())
}

#[test]
fn regressions_of_numbers_have_errors_pictures_and_predictions() -> Result<()> {
    let place = with_terms()?;
    let folder = place.path();
    let linear = done(
        folder,
        "fit --csv terms.csv --target num --family linear --columns x*z,g --offset off --count k --out linear",
    )?;
    let words = said(&linear);
    // As R has them: tests/reference/terms.r.csv.
    ensure!(linear.status.success() && line(&words, "x:z")[..2] == ["-0.003326", "0.002673"], "{words}");
    ensure!(words.contains("model.png: num: the fitted means explain"), "{words}");
    let csv = std::fs::read_to_string(folder.join("linear/coefficients.csv"))?;
    ensure!(
        csv.starts_with("term,estimate,std.error,statistic,p.value,conf.low,conf.high\n\"(intercept)\",0.35219"),
        "{csv}"
    );
    let poisson =
        done(folder, "fit --csv terms.csv --target c --family poisson --columns x --exposure expo --out poisson")?;
    let words = said(&poisson);
    ensure!(poisson.status.success() && words.contains("rate ratio") && words.contains("AIC"), "{words}");
    for (model, column) in [("linear", "num"), ("poisson", "c")] {
        ensure!(files(&folder.join(model))?.contains_key("model.png"), "{model}");
        let line = format!("predict {model}/parameters.safetensors --csv terms.csv --unit nats --out {model}-rows");
        let predicted = done(folder, &line)?;
        ensure!(
            predicted.status.success() && said(&predicted).contains("n = 160 observations"),
            "{}",
            said(&predicted)
        );
        let csv = std::fs::read_to_string(folder.join(format!("{model}-rows/predictions.csv")))?;
        ensure!(
            csv.starts_with(&format!("line,mean,{column},-log q (nats),std.error,conf.low,conf.high\n2,"))
                && csv.lines().count() == 161,
            "{csv}"
        );
    }
    Ok(())
}

#[test]
fn weights_that_are_no_counts_have_robust_errors_and_no_aic() -> Result<()> {
    let place = with_terms()?;
    let ran = done(
        place.path(),
        "fit --csv terms.csv --target num --family linear --columns x,g --weights w --no-pictures --out out",
    )?;
    let words = said(&ran);
    ensure!(ran.status.success() && line(&words, "x ")[..2] == ["0.286245", "0.021595"], "{words}");
    ensure!(
        words.contains("n = 160 observations") && words.contains("those of a sandwich") && !words.contains("AIC 1"),
        "{words}"
    );
    Ok(())
}

#[test]
fn a_penalty_is_said_and_its_words_are_not_those_of_the_likelihood() -> Result<()> {
    let place = with_terms()?;
    let folder = place.path();
    for (flags, says) in [("--ridge 10", "a ridge of λ = 10"), ("--objective firth", "with Firth's penalty")] {
        let ran = done(folder, &format!("fit --csv titanic.csv --target survived --count count {flags} --out out"))?;
        let words = said(&ran);
        ensure!(ran.status.success() && words.contains(says) && words.contains("without the penalty"), "{words}");
        for not in ["AIC 2", "argmin", "McFadden's R² 0", "all three arrive", "χ² ="] {
            ensure!(!words.contains(not), "{flags}: {not} in {words}");
        }
        ensure!(words.contains("descent.png: A descent with a penalty"), "{words}");
    }
    let ridge =
        done(folder, "fit --csv titanic.csv --target survived --count count --ridge 10 --no-pictures --out out")?;
    ensure!(said(&ridge).contains("bias  std. error\n"), "{}", said(&ridge));
    let both = done(folder, "fit --csv titanic.csv --target survived --count count --ridge 1 --objective firth")?;
    ensure!(both.status.code() == Some(2), "{}", said(&both));
    let gaussian = done(folder, "fit --csv terms.csv --columns x,z --ridge 1 --no-pictures --out out")?;
    ensure!(said(&gaussian).contains("a ridge shrinks slopes, of which this family has none"), "{}", said(&gaussian));
    Ok(())
}

#[test]
fn rows_that_were_not_fitted_are_evaluated() -> Result<()> {
    let place = with_terms()?;
    let folder = place.path();
    let fit = "fit --csv titanic.csv --target survived --count count --no-pictures --out out";
    let held = done(folder, &format!("{fit} --hold-out 0.2"))?;
    let words = said(&held);
    ensure!(held.status.success() && words.contains("440 of 2201 observations, 20.0 %"), "{words}");
    for says in ["n = 1761 observations", "accuracy", "calibration", "overfitting", "r / n = 0.0049 bits"] {
        ensure!(words.contains(says), "{says}: {words}");
    }
    ensure!(said(&done(folder, &format!("{fit} --hold-out 0.2"))?) == words, "the same seed, another lot");
    let folds = done(folder, &format!("{fit} --folds 5"))?;
    let words = said(&folds);
    ensure!(folds.status.success() && words.contains("each of 5 folds by a fit to the others"), "{words}");
    ensure!(
        words.contains("2 NLL = 2210.061 nats") && words.contains("n = 2201 observations, cross-entropy"),
        "{words}"
    );

    // It ends before the maximum, and says so; what stands there has no errors.
    let line = "fit --csv terms.csv --target y --columns x*g*h,z --hold-out 0.4 --patience 2 --no-pictures --out early";
    let early = done(folder, line)?;
    let words = said(&early);
    ensure!(early.status.success() && words.contains("stopped early: the parameters are those of step"), "{words}");
    ensure!(words.contains("no standard errors: the descent was stopped early") && !words.contains("AIC 1"), "{words}");
    let least = words.split("where the held-out rows cost least, ").nth(1).and_then(|rest| rest.split(' ').next());
    let least = least.context("what they cost")?;
    ensure!(words.contains(&format!("cross-entropy {least} bits each, standard error")), "{words}");
    Ok(())
}

#[test]
fn intervals_of_the_profile_are_printed_on_request() -> Result<()> {
    let place = with_terms()?;
    let fit = "fit --csv titanic.csv --target survived --count count --no-pictures --out out";
    let ran = done(place.path(), &format!("{fit} --intervals profile"))?;
    let words = said(&ran);
    ensure!(ran.status.success() && words.contains("95 % profile"), "{words}");
    // R's confint of glm, of age child against adult.
    let cells = line(&words, "age child");
    let ends = [&cells[4], &cells[5]].map(|cell| cell.parse::<f64>().unwrap_or(f64::NAN));
    ensure!((ends[0] - 0.58359).abs() < 1e-3 && (ends[1] - 1.54138).abs() < 1e-3, "{words}");
    let refused = done(place.path(), &format!("{fit} --intervals profile --ridge 1"))?;
    ensure!(said(&refused).contains("--intervals profile is of the likelihood alone"), "{}", said(&refused));
    Ok(())
}

#[test]
fn what_a_family_does_not_take_is_refused_by_name() -> Result<()> {
    let place = with_terms()?;
    for (line, says, code) in [
        ("--target y --family coin --offset off", "--offset does not go with a coin: leave it out", 1),
        ("--columns x:z", "'x:z' is a term, and a distribution takes columns as they are", 1),
        (
            "--target y --columns x --exposure expo",
            "--exposure does not go with a fit of classes: an exposure is of counts",
            1,
        ),
        ("--target y --columns x --weights w --folds 3", "weights that are no counts have no lots to draw", 2),
        ("--target y --columns x --weights w --intervals profile", "is of the likelihood alone", 2),
        ("--column x --family all --lr 1", "--lr does not go with the fits of all starts or families", 1),
        ("--column x --family gamma --ridge 1", "--ridge does not go with a distribution of columns", 1),
        (
            "--target num --family linear --columns x --objective firth",
            "--objective firth does not go with a linear",
            1,
        ),
        (
            "--target num --family linear --columns x --intervals profile",
            "--intervals profile does not go with a linear regression",
            1,
        ),
    ] {
        let ran = done(place.path(), &format!("fit --csv terms.csv {line} --no-pictures --out out"))?;
        ensure!(ran.status.code() == Some(code) && said(&ran).contains(says), "{line}: {}", said(&ran));
    }
    // predict and measure draw nothing.
    for line in ["predict x --csv terms.csv --format svg", "measure --csv terms.csv --size 800x800"] {
        let ran = done(place.path(), line)?;
        ensure!(ran.status.code() == Some(2), "{line}: {}", said(&ran));
    }
    Ok(())
}

/// The number of the landscape's title is the one that is printed.
#[test]
fn a_landscape_is_of_the_parameter_that_is_printed() -> Result<()> {
    let place = with_terms()?;
    for (family, column, name) in [("exponential", "expo", "mean"), ("gamma", "z", "mean"), ("weibull", "z", "scale")] {
        let ran = done(place.path(), &format!("fit --csv terms.csv --family {family} --column {column} --out out"))?;
        let words = said(&ran);
        let value =
            line(&words, &format!("{name} ")).first().and_then(|cell| cell.parse::<f64>().ok()).context("a value")?;
        let title = words.lines().find(|line| line.starts_with("landscape.png")).context("a landscape")?;
        let shown = title.rsplit([' ']).find_map(|word| word.parse::<f64>().ok()).context("a number")?;
        ensure!((shown / value - 1.0).abs() < 2e-3, "{family}: {title}, and {value}");
    }
    Ok(())
}

#[test]
fn a_column_of_nothing_is_said_as_its_model_needs_it() -> Result<()> {
    let place = with_terms()?;
    let folder = place.path();
    let fitted = done(folder, "fit --csv terms.csv --target y --columns x,g --no-pictures --out out")?;
    ensure!(fitted.status.success(), "{}", said(&fitted));
    std::fs::write(folder.join("empty.csv"), "x,g\n,a\n,b\n")?;
    for missing in ["", " --missing drop"] {
        let ran = done(folder, &format!("predict out/parameters.safetensors --csv empty.csv{missing}"))?;
        let words = said(&ran);
        ensure!(
            words.contains("column 'x': every cell is missing, and the model was fitted with this column"),
            "{words}"
        );
        ensure!(ran.status.code() == Some(1) && !words.contains("--exclude"), "{words}");
    }
    Ok(())
}

/// A table of so many rows, each by its number.
fn table(folder: &Path, name: &str, head: &str, rows: usize, row: impl Fn(usize) -> String) -> Result<()> {
    let rows: String = (0..rows).map(|at| row(at) + "\n").collect();
    Ok(std::fs::write(folder.join(name), format!("{head}\n{rows}"))?)
}

/// Where the rows that are fitted have no maximum, a number would only say where the descent stopped.
#[test]
fn held_out_rows_of_what_has_no_maximum_are_scored_by_its_limit_or_not_at_all() -> Result<()> {
    let place = tempfile::tempdir()?;
    let folder = place.path();
    let fit = |table: &str, flags: &str| {
        done(folder, &format!("fit --csv {table} --target y {flags} --no-pictures --out out"))
    };
    table(folder, "apart.csv", "x,y", 40, |at| format!("{at},{}", if at < 20 { "a" } else { "b" }))?;
    for flags in ["--folds 5", "--folds 5 --steps 20", "--hold-out 0.3"] {
        let words = said(&fit("apart.csv", flags)?);
        ensure!(words.contains("cross-entropy not defined: the likelihood of the rows that are fitted"), "{words}");
        ensure!(words.contains("on the rows that it was fitted to: cross-entropy 0.0000 bits each\n"), "{words}");
        ensure!(!words.contains("overfitting"), "{words}");
    }
    // Of every x that comes it is known what the limit is: of x = 1 nothing but b, of x = 0 one in two.
    table(folder, "cells.csv", "x,y", 80, |at| format!("{},{}", at % 2, if at % 4 == 0 { "a" } else { "b" }))?;
    let words = said(&fit("cells.csv", "--folds 4")?);
    ensure!(words.contains("has no maximum: scored by its limit"), "{words}");
    let cost = words.split("cross-entropy ").filter_map(|rest| rest.split(' ').next()?.parse::<f64>().ok()).next();
    ensure!(cost.is_some_and(|cost| (0.5..0.52).contains(&cost)), "{words}");
    // A single separating direction leaves no doubt of other x, either: an empty cell beside a number.
    table(folder, "beside.csv", "x,g,y", 120, |at| {
        let g = if at % 3 == 0 { "rare" } else { "usual" };
        format!("{},{g},{}", at * at % 97, if at % 3 == 0 || at % 2 == 0 { "a" } else { "b" })
    })?;
    let words = said(&fit("beside.csv", "--folds 4")?);
    ensure!(words.contains("scored by its limit") && words.contains("overfitting"), "{words}");
    // Two rows that cost the same do not tell how they scatter.
    ensure!(!words.contains("standard error 0.0000"), "{words}");
    Ok(())
}

#[test]
fn a_column_that_is_constant_in_a_fold_is_left_out_there() -> Result<()> {
    let place = tempfile::tempdir()?;
    let folder = place.path();
    table(folder, "rare.csv", "x,g,y,z", 60, |at| {
        let (g, y) = (if at == 7 { "seldom" } else { "usual" }, if at * 7 % 5 < 2 { "a" } else { "b" });
        format!("{},{g},{y},{}", at * at % 31, at * at % 29)
    })?;
    for (family, left_out) in [("--target y", "g usual in fold"), ("--target z --family linear", "g usual in fold")] {
        let ran = done(folder, &format!("fit --csv rare.csv {family} --folds 5 --no-pictures --out out"))?;
        let words = said(&ran);
        ensure!(ran.status.success() && words.contains(left_out) && !words.contains("counted from 0"), "{words}");
    }
    for seed in 1..6 {
        let line = format!("fit --csv rare.csv --target y --hold-out 0.4 --seed {seed} --no-pictures --out out");
        let ran = done(folder, &line)?;
        ensure!(ran.status.success(), "{}", said(&ran));
        if said(&ran).contains("left out, holding one value only in the rows that are fitted: g usual") {
            ensure!(!said(&ran).contains("    g usual"), "{}", said(&ran));
            let many = done(folder, "fit --csv rare.csv --target y --folds 100 --no-pictures --out none")?;
            ensure!(said(&many).contains("--folds 100: there are 60 observations") && !folder.join("none").exists());
            return Ok(());
        }
    }
    anyhow::bail!("no lot holds the one row out")
}

/// Neither at its start nor where its step size throws it does a fit have errors, tests or criteria.
#[test]
fn what_has_not_converged_has_no_errors() -> Result<()> {
    let place = with_terms()?;
    for flags in ["--steps 0", "--lr 50 --let-it-diverge --steps 100"] {
        for family in ["--target y", "--target num --family linear"] {
            let line = format!("fit --csv terms.csv {family} --columns x {flags} --no-pictures --out out");
            let words = said(&done(place.path(), &line)?);
            if words.contains("Error:") {
                continue; // Linear regression runs off to no numbers.
            }
            ensure!(words.contains("no standard errors: the descent has not converged"), "{line}: {words}");
            ensure!(!words.contains("AIC ") && !words.contains("χ² =") && !words.contains("std. error"), "{words}");
        }
    }
    Ok(())
}
