//! What is printed, drawn and left says no more than is known: nothing that is contradicted beside it, and nothing in silence.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{done, files, said, with_titanic};

/// A folder with a table of so many rows, each by its number.
fn with_table(head: &str, rows: usize, row: impl Fn(usize) -> String) -> Result<tempfile::TempDir> {
    let place = tempfile::tempdir()?;
    let rows: String = (0..rows).map(|at| row(at) + "\n").collect();
    std::fs::write(place.path().join("t.csv"), format!("{head}\n{rows}"))?;
    Ok(place)
}

/// What a line says, which goes well.
fn words(folder: &Path, line: &str) -> Result<String> {
    let ran = done(folder, line)?;
    ensure!(ran.status.success(), "{line}: {}", said(&ran));
    Ok(said(&ran))
}

fn document(folder: &Path, line: &str) -> Result<Value> {
    Ok(serde_json::from_slice(&done(folder, &format!("{line} --json"))?.stdout)?)
}

/// Names of rows tell all of a sample, and nothing of anything else.
#[test]
fn names_of_rows_tell_nothing() -> Result<()> {
    let place = with_table("id,near,x,y", 60, |at| {
        format!("r{at},n{},{},{}", at / 2 * 2 + at % 7 / 6, at % 5, at * 7 % 3 % 2)
    })?;
    let measured = document(place.path(), "measure --csv t.csv --target y")?;
    for of in measured["information"].as_array().context("no information")? {
        if of["between"][0] == "id" || of["between"][0] == "near" {
            ensure!(of["less_bias"].as_f64().is_some_and(|bits| bits < 0.08), "{of}");
            ensure!(of["conf.low"].is_null() && of["information"].as_f64().is_some_and(|bits| bits > 0.4), "{of}");
        }
    }
    let words = words(place.path(), "measure --csv t.csv --target y --columns id,x")?;
    ensure!(words.contains("not asked: column 'id'") && words.contains("(above "), "{words}");
    Ok(())
}

#[test]
fn a_copy_and_a_lonely_target_are_measured_as_what_they_are() -> Result<()> {
    let place = with_table("a,b,y", 60, |at| {
        let number = (at as f64).sqrt();
        format!("{number},{number},{}", at % 2)
    })?;
    let words_of = words(place.path(), "measure --csv t.csv")?;
    ensure!(
        words_of.lines().any(|line| line.starts_with("a, b") && line.contains('∞') && line.contains("the same column")),
        "{words_of}"
    );
    let words_of = words(place.path(), "measure --csv t.csv --target y --exclude a,b")?;
    ensure!(words_of.contains("there is no other column to tell about y"), "{words_of}");
    Ok(())
}

#[test]
fn a_tree_that_a_flag_forbade_says_so() -> Result<()> {
    let place = with_table("x,y", 40, |at| format!("{at},{}", if at < 15 || at % 3 == 0 { "a" } else { "b" }))?;
    let words = words(place.path(), "tree --csv t.csv --target y --least-gain 0.9 --out out")?;
    ensure!(
        words.contains("tree.png: No question gains 0.9000 bits, the least that was asked for: x tells 0."),
        "{words}"
    );
    Ok(())
}

/// What is better than all that is drawn is drawn.
#[test]
fn a_descent_that_comes_back_is_drawn_to_its_end() -> Result<()> {
    let place = with_table("x,y", 200, |at| {
        format!("{},{}", (at * 37 % 101) as f64 / 17.0, if at * 37 % 101 + at * 53 % 67 < 80 { "a" } else { "b" })
    })?;
    for lr in [20, 50, 90] {
        let line = format!("fit --csv t.csv --target y --lr {lr} --let-it-diverge --steps 100 --format svg --out out");
        let words = words(place.path(), &line)?;
        let csv = std::fs::read_to_string(place.path().join("out/log.csv"))?;
        let losses: Vec<f64> = csv.lines().skip(1).filter_map(|line| line.split(',').nth(2)?.parse().ok()).collect();
        let least = |rows: &[f64]| rows.iter().copied().fold(f64::INFINITY, f64::min);
        let svg = std::fs::read_to_string(place.path().join("out/descent.svg"))?;
        if let Some(end) = svg.split("; steps ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok()) {
            ensure!(least(&losses) >= least(&losses[..=end]) - 1e-9, "{lr}: {words}");
        }
    }
    Ok(())
}

/// Where a class has limits against another class only, these are left as they are printed.
#[test]
fn limits_against_another_class_are_left_too() -> Result<()> {
    let place = with_table("x,y", 90, |at| {
        let of = at % 3;
        format!("{},{}", if of == 0 { at % 20 } else { 100 + at * at % 41 + of }, ["a", "b", "c"][of])
    })?;
    let fit = document(place.path(), "fit --csv t.csv --target y --no-pictures --out out")?;
    let against = fit["contrasts"].as_array().context("none")?;
    ensure!(against.len() == 2 && against[0]["y.level"] == "c" && against[0]["against"] == "b", "{against:?}");
    let slope = against[1]["estimate"].as_f64().context("a finite slope")?;
    ensure!(against[1]["std.error"].as_f64().is_some_and(|error| error > 0.0), "{against:?}");
    let csv = std::fs::read_to_string(place.path().join("out/coefficients.csv"))?;
    ensure!(csv.starts_with("y.level,term,estimate,std.error,statistic,p.value,conf.low,conf.high,against\n"), "{csv}");
    ensure!(csv.contains(&format!("\"c\",\"x\",{slope:?},")) && csv.trim_end().ends_with(",\"b\""), "{csv}");
    Ok(())
}

#[test]
fn what_is_left_of_an_earlier_run_is_named_and_stays() -> Result<()> {
    let place = with_titanic()?;
    let fit = "fit --csv titanic.csv --target survived --count count --out out";
    let first = words(place.path(), &format!("{fit} --report"))?;
    ensure!(!first.contains("older than this run"), "{first}");
    let before = files(&place.path().join("out"))?;
    // Longer than a file's clock ticks.
    std::thread::sleep(std::time::Duration::from_millis(100));
    let second = words(place.path(), &format!("{fit} --no-pictures --columns age"))?;
    ensure!(
        second.contains("not of it, in the same folder: report.html, descent.png, landscape.png, model.png"),
        "{second}"
    );
    let after = files(&place.path().join("out"))?;
    ensure!(before.keys().eq(after.keys()) && before["report.html"] == after["report.html"]);
    Ok(())
}

/// What does not apply is not there, and what is known is.
#[test]
fn a_document_has_what_applies() -> Result<()> {
    let place = with_table("x,y,z", 60, |at| format!("{},{},{}", at * at % 31, at * 7 % 5 % 2, at * 3 % 17))?;
    let ridge = document(place.path(), "fit --csv t.csv --target y --ridge 1 --no-pictures")?;
    let slope = &ridge["coefficients"][1];
    ensure!(
        slope["bias"].is_number() && slope.get("p.value").is_none() && !ridge.to_string().contains("NaN"),
        "{ridge}"
    );
    for family in ["linear", "poisson"] {
        let fit = document(place.path(), &format!("fit --csv t.csv --target z --family {family} --no-pictures"))?;
        ensure!(fit["target"] == "z" && fit["likelihood"]["AIC"].is_number(), "{fit}");
        let (k, likelihood) = (if family == "linear" { 4.0 } else { 3.0 }, &fit["likelihood"]);
        let of = |name: &str| likelihood[name].as_f64().unwrap_or(f64::NAN);
        ensure!((of("AIC") + 2.0 * of("logLik") - 2.0 * k).abs() < 1e-9 && of("nobs") == 60.0, "{likelihood}");
    }
    Ok(())
}

#[test]
fn what_is_read_otherwise_than_it_looks_is_told() -> Result<()> {
    for (head, row, line, says) in [
        (
            "x,y,k",
            "1,a,.5\n2,b,1\n1,b,2.25\n2,a,1\n",
            "fit --csv t.csv --target y --count k --no-pictures",
            "--weights k",
        ),
        ("v,y", "9007199254740993,a\n9007199254740992,b\n9007199254740995,b\n", "measure --csv t.csv", "beyond 2^53"),
        ("v,y", "(6.26),a\n(8.13),b\n(1.5),a\n", "fit --csv t.csv --target y --no-pictures", "write −1.5 for (1.5)"),
        (
            "v;w;y",
            "\"1,5\";1.234,00;a\n2,5;1.234,01;b\n3,5;1.235,00;a\n",
            "fit --csv t.csv --target y --no-pictures",
            "1234567,5",
        ),
        ("x,y", "0.1,1\n0.2,01\n1.9,1\n", "fit --csv t.csv --target y --no-pictures", "y has zeros in front"),
        (
            "Unnamed: 0,y",
            "2024-01-02,a\n2024-01-03,b\n2024-01-04,a\n",
            "fit --csv t.csv --target y --no-pictures",
            "--exclude 'Unnamed: 0'",
        ),
        (
            "x,y",
            "1,2024-01-02\n2,2024-01-03\n4,2024-01-04\n",
            "fit --csv t.csv --target y --no-pictures",
            "or --categorical y",
        ),
    ] {
        let place = tempfile::tempdir()?;
        std::fs::write(place.path().join("t.csv"), format!("{head}\n{row}"))?;
        let ran = said(&done(place.path(), line)?);
        ensure!(ran.contains(says), "{says}: {ran}");
        ensure!(!ran.contains("--exclude y"), "{ran}");
    }
    Ok(())
}

#[test]
fn a_target_of_numbers_hears_of_regressions() -> Result<()> {
    for (row, line) in [(7, "more than there are"), (1, "different whole numbers, and each is a class")] {
        let place = with_table("x,y", 120, |at| {
            let y = if row == 7 { format!("{}", (at as f64).sqrt()) } else { format!("{}", at % 15) };
            format!("{},{y}", at * at % 31)
        })?;
        let ran = said(&done(place.path(), "fit --csv t.csv --target y --steps 1 --optimizer lbfgs --no-pictures")?);
        ensure!(ran.contains("--family linear, or poisson"), "{line}: {ran}");
        let linear = words(place.path(), "fit --csv t.csv --target y --family linear --no-pictures")?;
        ensure!(!linear.contains("--resolution"), "{linear}");
    }
    Ok(())
}

#[test]
fn every_word_that_is_printed_is_explained() -> Result<()> {
    let place = tempfile::tempdir()?;
    for word in [
        "McFadden's R²",
        "rate ratio",
        "calibration",
        "H",
        "levels",
        "sandwich",
        "residual σ",
        "open",
        "reference class",
        "neighbours",
        "counts",
        "above first",
        "held out",
        "ridge",
        "offset",
        "weights",
        "−log q",
        "H(Y|leaf)",
    ] {
        let output = crate::command(place.path(), "explain").arg(word).output()?;
        ensure!(output.status.success() && said(&output).contains(word), "{word}: {}", said(&output));
    }
    Ok(())
}

#[test]
fn captions_say_what_was_drawn() -> Result<()> {
    let place = with_table("x,y,z", 40, |at| format!("{},{},{}", at, u8::from(at > 19), (at as f64 + 1.0).sqrt()))?;
    for (line, says, not) in [
        ("--target y", "they fall for ever, towards an infimum", "least at one place"),
        ("--family gamma --column z", "KL is infinite, for these numbers have a density", "two curves of one shape"),
        ("--target y --ridge 1", "has a penalty, which none of them knows", "least at one place"),
    ] {
        words(place.path(), &format!("fit --csv t.csv {line} --report --out out"))?;
        let page = std::fs::read_to_string(place.path().join("out/report.html"))?;
        ensure!(page.contains(says) && !page.contains(not), "{line}");
    }
    Ok(())
}

#[test]
fn nothing_is_resumed_where_there_is_no_folder() -> Result<()> {
    let place = tempfile::tempdir()?;
    let ran = done(place.path(), "resume plots/fit/none")?;
    ensure!(ran.status.code() == Some(1) && said(&ran).contains("there is no folder plots/fit/none"), "{}", said(&ran));
    Ok(())
}

/// Whatever the unit of a column, its z is the same, and its error neither 0 nor infinite.
#[test]
fn errors_are_those_of_any_unit() -> Result<()> {
    let z_of = |unit: &str| -> Result<String> {
        let place = with_table("x,y", 80, |at| format!("{}{unit},{}", at * at % 31 + 1, at * 7 % 5 % 2))?;
        let words = words(place.path(), "fit --csv t.csv --target y --no-pictures")?;
        let line = words.lines().find(|line| line.trim_start().starts_with("x ")).context("no x")?;
        ensure!(!line.contains('∞') && !line.contains("inf"), "{line}");
        Ok(line.split_whitespace().nth(3).unwrap_or_default().into())
    };
    let z = z_of("")?;
    ensure!(z_of("e298")? == z && z_of("e-298")? == z, "{z}");
    Ok(())
}

/// A leaf of a tree of many classes names those that came.
#[test]
fn a_leaf_names_no_class_that_never_came() -> Result<()> {
    let place = with_table("x,y", 300, |at| format!("{at},c{}", at / 10))?;
    let words = words(place.path(), "tree --csv t.csv --target y --depth 1 --out out")?;
    ensure!(!words.contains(" 0 c") && words.contains("and 5 more classes"), "{words}");
    let once = with_table("x,y", 20, |at| format!("{at},{}", at % 2))?;
    let fit = "fit --csv t.csv --target y --columns none --out out --format svg";
    let ran = done(once.path(), fit)?;
    ensure!(ran.status.success(), "{}", said(&ran));
    let svg = std::fs::read_to_string(once.path().join("out/descent.svg"))?;
    // Once, with its halo.
    ensure!(svg.matches("+1.0000").count() == 2, "{}", svg.matches("+1.0000").count());
    Ok(())
}

/// A title has the digits that tell its numbers apart, as the lines have; a component on one point is told.
#[test]
fn a_density_is_told_as_it_is() -> Result<()> {
    let place = with_table("t,x", 60, |at| {
        format!("{},{}", 1_600_000_000_000_u64 + 2500 * at as u64, if at < 25 { 3.0 } else { (at as f64).sqrt() })
    })?;
    let words_of = words(place.path(), "fit --csv t.csv --column t --out out")?;
    let mean = words_of.lines().find(|line| line.trim_end().ends_with("  mean")).context("no mean")?;
    let mean = mean.split_whitespace().nth(1).context("no number")?;
    let title = words_of
        .split("The fitted Gaussian has mean ")
        .nth(1)
        .and_then(|of| of.split(',').next())
        .context("no title")?;
    ensure!(title.parse::<f64>()? == mean.parse::<f64>()? && title.len() > 12, "{title} {mean}");
    let words_of = words(place.path(), "fit --csv t.csv --column x --family mixture --no-pictures --out out")?;
    ensure!(words_of.contains("lies on the floor of its standard deviation"), "{words_of}");
    Ok(())
}
