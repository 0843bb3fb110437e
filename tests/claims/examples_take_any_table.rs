//! Tables that nobody prepared for: odd quotes and line ends, one row, a hundred thousand, timestamps, huge and tiny numbers.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::common::example::{Place, Ran};

fn run(table: impl AsRef<[u8]>, line: &str) -> Result<Ran> {
    Place::with(table)?.run(line)
}

/// A parameter of the fitted model as it was saved, to the last digit.
fn parameter(ran: &Ran, name: &str) -> Result<Vec<f64>> {
    let all =
        candle_core::safetensors::load_buffer(&ran.left["out/parameters.safetensors"], &candle_core::Device::Cpu)?;
    Ok(all[name].flatten_all()?.to_vec1()?)
}

#[track_caller]
fn near(a: f64, b: f64, tolerance: f64) {
    assert!((a - b).abs() <= tolerance, "{a} is not {b}");
}

const PLAIN: &str = "dose,place,answer\n1,Ulm,no\n2,Bonn,no\n3,Ulm,yes\n4,Bonn,no\n2,Ulm,yes\n3,Bonn,yes\n1,Bonn,no\n4,Ulm,yes\n\
                     1,Ulm,yes\n4,Bonn,yes\n2,Bonn,yes\n3,Ulm,no\n";

#[test]
fn quotes_line_ends_byte_order_marks_and_spaces_change_nothing() -> Result<()> {
    let line = "logistic --csv table.csv --target answer --out out";
    let plain = run(PLAIN, line)?;
    plain.said(&["n = 12 observations", "place Ulm"]);
    let quoted: String = PLAIN.lines().map(|l| format!("\"{}\"\n", l.replace(',', "\",\""))).collect();
    for (odd, table) in [
        ("CRLF", PLAIN.replace('\n', "\r\n")),
        ("a byte order mark", format!("\u{feff}{PLAIN}")),
        ("quotes", quoted.clone()),
        ("a byte order mark, quotes and CRLF", format!("\u{feff}{}", quoted.replace('\n', "\r\n"))),
        ("spaces", PLAIN.replace(',', "  , ").replace('\n', " \n")),
        ("empty lines", PLAIN.replace('\n', "\n\n")),
        ("no last line end", PLAIN.trim_end().to_string()),
    ] {
        let ran = run(table, line)?;
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{odd}");
        assert_eq!(ran.out, plain.out, "{odd}");
        assert!(ran.left == plain.left, "{odd}");
    }
    Ok(())
}

#[test]
fn a_quote_after_a_space_is_read_or_refused_but_no_part_of_a_level() -> Result<()> {
    let line = "logistic --csv table.csv --target answer --out out";
    let ran = run(PLAIN.replace(",Ulm,no", ", \"Ulm\", \"no\""), line)?;
    if ran.code == 0 {
        assert_eq!(ran.out, run(PLAIN, line)?.out);
    } else {
        assert!(ran.err.contains("line 2") && ran.err.contains("quote") && ran.left.is_empty(), "{}", ran.err);
    }
    Ok(())
}

#[test]
fn names_in_any_script_with_quotes_and_line_breaks() -> Result<()> {
    let table = PLAIN.replace("Ulm", "日本").replace("Bonn", "\"O'Neil \"\"J\"\"\nЮг\"").replace("yes", "да 🙂");
    let ran = run(table, "logistic --csv table.csv --target answer --out out")?;
    ran.said(&["answer да 🙂", "place 日本"]);
    let plain = run(PLAIN, "logistic --csv table.csv --target answer --out out")?;
    // Of the names in this script the one in quotes stands first, as Bonn did before Ulm.
    assert_eq!(parameter(&ran, "weight")?, parameter(&plain, "weight")?);
    let ran =
        run(PLAIN.replace("Ulm", "日本"), "logistic --csv table.csv --target answer --base place=日本 --out out")?;
    ran.said(&["place Bonn"]);
    Ok(())
}

#[test]
fn a_comma_in_a_column_name() -> Result<()> {
    let place = Place::with(PLAIN.replace("dose", "\"dose, mg\""))?;
    let words = ["logistic", "--csv", "table.csv", "--target", "answer", "--out", "out"];
    let ran = place.run_words(&words, &[])?;
    ran.said(&["answer from dose, mg, place Ulm"]);
    let one = place.run_words(&[&words[..], &["--columns", "\"dose, mg\""]].concat(), &[])?;
    one.said(&["answer from dose, mg\n"]);
    Ok(())
}

#[test]
fn names_too_long_for_their_place() -> Result<()> {
    let long =
        "the answer to the second questionnaire that was sent by mail in the spring of the year after the first one";
    let table = PLAIN.replace("answer", long).replace("yes", &long.replace(' ', "_"));
    let place = Place::with(table)?;
    let ran = place.run_words(&["logistic", "--csv", "table.csv", "--target", long, "--out", "out"], &[])?;
    ran.said(&[long, "place Ulm"]);
    assert_eq!(ran.left.len(), 6);
    Ok(())
}

#[test]
fn one_row_is_an_answer_or_a_message() -> Result<()> {
    for (line, says) in [
        ("coin --csv table.csv --target y", "'y'"),
        ("logistic --csv table.csv --target y", "'y'"),
        ("softmax --csv table.csv --target y", "'y'"),
        ("gaussian --csv table.csv", "'x'"),
    ] {
        let ran = run("x,y\n1,a\n", &format!("{line} --out out"))?;
        assert!(ran.code == 1 && ran.err.contains(says) && ran.left.is_empty(), "{line}: {}", ran.err);
    }
    Ok(())
}

#[test]
fn a_coin_needs_no_other_column() -> Result<()> {
    let ran = run("flip\nheads\ntails\nheads\nheads\n", "coin --csv table.csv --target flip --out out")?;
    ran.said(&["n = 4 observations, 2 distinct rows"]);
    assert!(ran.out.contains("0.250000") || ran.out.contains("0.750000"), "{}", ran.out);
    // Nor does it mind what the other columns hold.
    let ran = run("a,flip,n\nu,1,3\nu,0,1\nv,1,0\n", "coin --csv table.csv --target flip --count n --out out")?;
    ran.said(&["0.750000"]);
    Ok(())
}

/// It goes by L-BFGS until it has converged, as every table does; only gradient descent walks one path with all three.
#[test]
fn a_coin_of_a_table_stops_at_its_maximum_and_claims_no_path() -> Result<()> {
    let place = Place::with("flip,n\nheads,1\ntails,999999\n")?;
    let ran = place.run("coin --csv table.csv --target flip --count n --out out")?;
    assert_eq!(ran.code, 0, "{}", ran.err);
    let updates = String::from_utf8_lossy(&ran.left["out/log.csv"]).lines().count() - 2;
    ensure!(updates < 100 && ran.out.contains("\nconverged") && !ran.out.contains("same path"), "{}", ran.out);
    let ran = place.run("coin --csv table.csv --target flip --count n --lr 1 --steps 50 --out out")?;
    ensure!(ran.out.contains("the same path: over 50 steps all three objectives"), "{}", ran.out);
    Ok(())
}

#[test]
fn a_coin_that_only_shows_heads_has_no_finite_maximum() -> Result<()> {
    let one = Place::new()?.run("coin --n 1 --out out")?;
    one.said(&["no finite maximum"]);
    assert!(!one.out.contains("argmin, within"), "{}", one.out);
    Ok(())
}

#[test]
fn a_hundred_thousand_rows() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut table = "a,b,c,y\n".to_string();
    for _ in 0..100_000 {
        let [a, b, c] = [0; 3].map(|_| rng.random_range(-2.0..2.0));
        let logit: f64 = 0.5 + a - 0.3 * b + 0.1 * c;
        let y = if rng.random::<f64>() < 1.0 / (1.0 + (-logit).exp()) { 1 } else { 0 };
        writeln!(table, "{a},{b},{c},{y}")?;
    }
    let start = Instant::now();
    let ran = run(table, "logistic --csv table.csv --target y --out out")?;
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    ran.said(&["n = 100000 observations", "\nconverged:"]);
    // Five standard errors are about 0.035.
    for (name, truth) in [("(intercept)", 0.5), ("a", 1.0), ("b", -0.3), ("c", 0.1)] {
        near(ran.number(name)?, truth, 0.04);
    }
    assert_eq!(ran.left.len(), 6);
    Ok(())
}

/// Ten thousand rows that a plane tells apart, and as many of which only one rare level is sure.
#[test]
fn separations_in_large_tables_are_found_in_time() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let (mut complete, mut in_part) = ("x,z,y\n".to_string(), "x,level,y\n".to_string());
    for i in 0..10_000 {
        let [x, z] = [0; 2].map(|_| rng.random_range(-1.0..1.0));
        writeln!(complete, "{x},{z},{}", if x + 0.5 * z > 0.1 { "yes" } else { "no" })?;
        let rare = i % 1000 == 0;
        let yes = rare || rng.random::<f64>() < 0.3;
        writeln!(in_part, "{x},{},{}", if rare { "rare" } else { "common" }, if yes { "yes" } else { "no" })?;
    }
    for (table, how) in [(complete, "apart completely"), (in_part, "apart in part")] {
        let ran = run(table, "logistic --csv table.csv --target y --out out")?;
        ran.said(&["no finite maximum", how]);
    }
    Ok(())
}

/// Numbers around a shift, with classes that follow them, and the same table at another place and scale.
fn shifted(shift: f64, scale: f64) -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let mut table = "t,y\n".to_string();
    for _ in 0..300 {
        let t: u8 = rng.random_range(0..100);
        let y = if rng.random::<f64>() < 1.0 / (1.0 + (2.5 - f64::from(t) / 20.0).exp()) { "late" } else { "early" };
        let _ = writeln!(table, "{},{y}", shift + scale * f64::from(t));
    }
    table
}

#[test]
fn timestamps_converge_to_the_same_fit() -> Result<()> {
    let line = "logistic --csv table.csv --target y --base y=early --out out";
    let here = run(shifted(0.0, 1.0), line)?;
    let then = run(shifted(1.7e9, 1.0), line)?;
    then.said(&["\nconverged:"]);
    let slope = parameter(&here, "weight")?[0];
    near(parameter(&then, "weight")?[0], slope, 1e-8);
    near(parameter(&then, "bias")?[0], parameter(&here, "bias")?[0] - 1.7e9 * slope, 10.0);
    near(then.number("t")?, slope, 1e-6);
    // However long the number is, a space stands before it.
    assert!(then.number("(intercept)")? < -1e6, "{}", then.out);

    let line = "gaussian --csv table.csv --resolution 1 --out out";
    let (here, then) = (run(shifted(0.0, 1.0), line)?, run(shifted(1.7e9, 1.0), line)?);
    then.said(&["\nconverged:"]);
    let (here, then) = (parameter(&here, "mean")?[0], parameter(&then, "mean")?[0]);
    near(then - 1.7e9, here, 1e-5);
    Ok(())
}

#[test]
fn numbers_of_any_size_give_the_same_fit() -> Result<()> {
    let line = "logistic --csv table.csv --target y --base y=early --out out";
    let slope = parameter(&run(shifted(0.0, 1.0), line)?, "weight")?[0];
    let mut wrong = vec![];
    for scale in [1e-9, 1e9, 1e150, 1e200, 1e-200] {
        let ran = run(shifted(0.0, scale), line)?;
        // A refusal by the name of the column is an answer too; a slope of zero is none.
        let fitted = ran.code == 0 && (parameter(&ran, "weight")?[0] * scale / slope - 1.0).abs() < 1e-6;
        let refused = ran.code == 1 && ran.err.contains("'t'");
        if !(fitted || refused) {
            wrong.push(format!("scale {scale:e}: {}\n{}", ran.err, ran.out));
        }
        // What is printed is the fit as well, to three digits at least.
        if fitted && (ran.number("t")? * scale / slope - 1.0).abs() > 1e-3 {
            wrong.push(format!("scale {scale:e} prints the slope {:e} as {:e}", slope / scale, ran.number("t")?));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn numbers_of_any_size_are_printed_by_the_gaussian() -> Result<()> {
    for scale in [1e-9, 1e9] {
        let ran = run(shifted(0.0, scale), "gaussian --csv table.csv --out out")?;
        ran.said(&["\nconverged:", "mean", "standard deviation"]);
        let here = parameter(&ran, "mean")?[0];
        let mean = ran.out.lines().find(|line| line.trim_end().ends_with("mean")).unwrap_or_default();
        let printed: f64 = mean.split_whitespace().nth(1).unwrap_or("").parse()?;
        near(printed / here, 1.0, 1e-3);
    }
    Ok(())
}

#[test]
fn counts_may_be_fractions_and_huge() -> Result<()> {
    let table = |factor: f64| {
        let cells = [("0,a", 5.0), ("0,b", 1.0), ("1,a", 1.0), ("1,b", 2.0), ("9,a", 0.0)];
        cells.iter().fold("x,y,n\n".to_string(), |t, (cell, count)| format!("{t}{cell},{}\n", count * factor))
    };
    for factor in [1.0, 0.125, 1e12] {
        let ran = run(table(factor), "logistic --csv table.csv --target y --count n --out out")?;
        ran.said(&["4 distinct rows", "\nconverged:"]);
        // A saturated model: ln 1/5 and ln 2 − ln 1/5.
        near(ran.number("(intercept)")?, -5f64.ln(), 1e-6);
        near(ran.number("x")?, 10f64.ln(), 1e-6);
    }
    Ok(())
}

#[test]
fn numbers_as_classes_are_ordered_and_named() -> Result<()> {
    let table = "x,y\n0,2\n0,10\n1,2\n1,10\n1,10\n0,-1\n1,-1\n0,2\n";
    let ran = run(table, "softmax --csv table.csv --target y --out out")?;
    ran.said(&["reference class: y = -1\n", "  y 2 ", "  y 10 "]);
    let ran = run(table, "softmax --csv table.csv --target y --base y=10 --out out")?;
    ran.said(&["reference class: y = 10\n", "  y -1 ", "  y 2 "]);
    Ok(())
}

#[test]
fn many_columns_and_many_classes_have_pictures() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(10);
    let mut table = (0..12).map(|j| format!("column_{j},")).collect::<String>() + "y\n";
    for _ in 0..400 {
        (0..12).for_each(|_| {
            let _ = write!(table, "{:.2},", rng.random_range(0.0..1.0));
        });
        writeln!(table, "class {}", rng.random_range(0..15))?;
    }
    let ran = run(&table, "softmax --csv table.csv --target y --out out")?;
    ran.said(&["n = 400 observations"]);
    assert_eq!(ran.left.len(), 6);
    let ran = run(&table, "gaussian --csv table.csv --out out")?;
    ran.said(&["correlation of column_0 and column_1"]);
    assert_eq!(ran.left.len(), 6);
    Ok(())
}
