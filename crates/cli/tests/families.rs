//! `candle-mle fit --family …` on tables: parameters by name and unit, pictures, findings, refusals with line and cure.

use std::path::{Path, PathBuf};
use std::process::Command;

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
    left: Vec<String>,
}

/// Runs the command in an empty folder with this `table.csv`.
fn run(table: &str, line: &str) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("table.csv"), table).expect("a table");
    let done = Command::new(env!("CARGO_BIN_EXE_candle-mle"))
        .args(["fit", "--csv", "table.csv", "--out", "out"])
        .args(line.split_whitespace())
        .current_dir(folder.path())
        .env_remove("CANDLE_MLE_DEVICE")
        .output()
        .expect("the command runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let files = std::fs::read_dir(folder.path().join("out")).into_iter().flatten().flatten();
    let mut left: Vec<String> = files.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
    left.sort();
    Ran { code: done.status.code(), out: text(done.stdout), err: text(done.stderr), left }
}

impl Ran {
    #[track_caller]
    fn said(&self, parts: &[&str]) -> &Self {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""), "{}", self.out);
        parts.iter().for_each(|part| assert!(self.out.contains(part), "'{part}' is not in\n{}", self.out));
        assert!(!self.out.contains("NaN"), "{}", self.out);
        self
    }

    #[track_caller]
    fn refused(&self, parts: &[&str]) {
        assert_eq!(self.code, Some(1), "{}{}", self.out, self.err);
        parts.iter().for_each(|part| assert!(self.err.contains(part), "'{part}' is not in\n{}", self.err));
    }

    /// The number after `name` in the last line that begins with it.
    #[track_caller]
    fn number(&self, name: &str) -> f64 {
        let after = self.out.lines().rev().find_map(|line| line.trim_start().strip_prefix(name));
        let word = after.and_then(|rest| rest.split_whitespace().next());
        word.and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("no '{name}' in\n{}", self.out))
    }
}

impl Ran {
    /// The numbers after `name` in the last line that begins with it.
    #[track_caller]
    fn row(&self, name: &str) -> Vec<f64> {
        let after = self.out.lines().rev().find_map(|line| line.trim_start().strip_prefix(name));
        let rest = after.unwrap_or_else(|| panic!("no '{name}' in\n{}", self.out));
        rest.split_whitespace().map_while(|word| word.parse().ok()).collect()
    }
}

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 2e-6 * expected.abs(), "{found} is not {expected}");
}

fn data(name: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data").join(name);
    std::fs::read_to_string(path).expect("a table of the examples")
}

const FILES: [&str; 6] =
    ["coefficients.csv", "descent.png", "landscape.png", "log.csv", "model.png", "parameters.safetensors"];

#[test]
fn a_family_of_one_column_is_fitted_printed_and_drawn() {
    let table = data("old_faithful.csv");
    let ran = run(&table, "--family gamma --column waiting_minutes --resolution 1");
    ran.said(&[
        "a gamma distribution for waiting_minutes",
        "shape α, rate β",
        "(per unit of waiting_minutes)",
        "converged:",
    ]);
    near(ran.number("shape"), 25.1231586410448);
    near(ran.number("rate"), 0.354361084337491);
    assert_eq!(ran.left, FILES);
    let ran = run(&table, "--family weibull --column eruption_minutes");
    ran.said(&["(a pure number)", "without a resolution KL to a density is infinite"]);
    near(ran.number("scale"), 3.88929967887209);
    for (family, name) in [("laplace", "location"), ("logistic-distribution", "scale"), ("lognormal", "median")] {
        run(&table, &format!("--family {family} --column waiting_minutes --resolution 1")).said(&[name, "converged:"]);
    }
    let ran = run(&table, "--family exponential --column eruption_minutes --dtype f32 --unit nats --resolution 0.001");
    assert!((ran.said(&["nats/obs."]).number("rate") - 0.286715).abs() < 1e-4);
    run(&table, "--family student --column waiting_minutes").said(&["no finite maximum: the kurtosis", "the Gaussian"]);
}

/// Errors are those of the closed forms, in the table, in coefficients.csv and in the document; what stands at no maximum has none.
#[test]
fn parameters_have_errors_and_intervals() {
    let table = data("old_faithful.csv");
    let ran = run(&table, "--family exponential --column eruption_minutes");
    let [rate, error, from, to] = ran.row("rate")[..] else { panic!("{}", ran.out) };
    assert!(
        (error - rate / 272f64.sqrt()).abs() < 1e-6 && (from - (rate - 1.959964 * error)).abs() < 1e-5,
        "{from} {to}"
    );
    ran.said(&["std. error", "95 % from", "2 NLL = 1223.601 nats, AIC 1225.601, BIC 1229.207, by 1 free parameter"]);
    let profile = run(&table, "--family exponential --column eruption_minutes --intervals profile");
    profile.said(&["95 % profile"]);
    let [_, _, from, to] = profile.row("rate")[..] else { panic!("{}", profile.out) };
    assert!((from - 0.253978).abs() < 2e-6 && (to - 0.322151).abs() < 2e-6, "{from} {to}");
    run(&table, "--family mixture --intervals profile").refused(&["--intervals profile does not go with"]);
    run(&table, "--family gaussian --intervals profile").refused(&["--intervals profile does not go with"]);
    run(&table, "--family laplace --column waiting_minutes").said(&["1/(2 q(median) √n)"]);
    // A Gaussian's, in two columns.
    let ran = run(&table, "--family gaussian");
    ran.said(&["correlation of eruption_minutes and waiting_minutes", "by 5 free parameters"]);
    // The last line of the column is its standard deviation's, σ/√(2n).
    let [sd, error, ..] = ran.row("waiting_minutes")[..] else { panic!("{}", ran.out) };
    assert!((sd - 13.569960).abs() < 1e-6 && (error - sd / 544f64.sqrt()).abs() < 1e-6, "{sd} {error}");
    // Machines read the same.
    let ran = run(&table, "--family gamma --column waiting_minutes --json");
    let said: serde_json::Value = serde_json::from_str(&ran.out).expect("a document");
    near(said["parameters"][0]["std.error"].as_f64().expect("an error"), 2.140146627283565);
    near(said["likelihood"]["AIC"].as_f64().expect("AIC"), 2.0 * 1102.925120137358 + 4.0);
    // Not at a maximum, and on the edge of the family.
    let ran = run(&table, "--family gamma --column waiting_minutes --optimizer sgd --steps 2");
    ran.said(&["no standard errors, AIC and BIC: the descent has not arrived at the maximum"]);
    assert!(!ran.out.contains("std. error"), "{}", ran.out);
    let edge = run("x\n0\n0\n0\n0\n1\n2\n3\n5\n", "--family mixture --components 2 --column x");
    edge.said(&["no standard errors, AIC and BIC: component 1 lies on the floor"]);
    // Counts hardly wider than Poisson's: an end is open, where Wald's would reach below 0.
    let counts = "k\n0\n1\n1\n2\n2\n3\n4\n8\n";
    run(counts, "--family negative-binomial --column k").said(&["reaches below 0", "--intervals profile"]);
    run(counts, "--family negative-binomial --column k --intervals profile").said(&["+∞"]);
}

const KICKS: &str = "deaths,corps\n0,109\n1,65\n2,22\n3,3\n4,1\n";

#[test]
fn counts() {
    let ran = run(KICKS, "--family poisson --column deaths --count corps");
    ran.said(&["a Poisson distribution for deaths", "P(k) = λᵏ e^(−λ) / k!", "KL step"]);
    near(ran.number("mean"), 0.61);
    assert_eq!(ran.left, FILES);
    // The variance, 0.6079, is below the mean.
    let ran = run(KICKS, "--family negative-binomial --column deaths --count corps");
    ran.said(&["no finite maximum: the variance", "the limit is the Poisson distribution"]);
    run("k\n0\n0\n0\n", "--family poisson --column k").said(&["no finite maximum: all counts are 0"]);
    run("k\n0\n3\n1.5\n", "--family poisson --column k").refused(&["line 4", "column 'k'", "'1.5'", "counts 0, 1, 2"]);
    run("k\n2\n-3\n", "--family gamma --column k").refused(&[
        "line 3",
        "'-3'",
        "positive numbers",
        "leave the row out",
    ]);
    run("k\n20\n30\n", "--family beta --column k").refused(&["line 2", "divide percentages by 100"]);
    run("a,b\n2,1\n3,5\n", "--family gamma").refused(&["a distribution is of one column", "a, b"]);
    run("a,b\n2,1\n3,5\n", "--family linear").refused(&["--target COLUMN"]);
    run("a,b\n2,1\n3,5\n", "--family gamma --target b").refused(&["leave --target out"]);
    run(KICKS, "--family poisson --column deaths --count corps --resolution 1")
        .refused(&["--resolution", "leave it out"]);
}

#[test]
fn all_families_are_ranked() {
    let ran = run(&data("old_faithful.csv"), "--family all --column waiting_minutes --resolution 1");
    ran.said(&[
        "KL (bits)",
        "AIC (nats)",
        "beta distribution",
        "not ranked: its support is numbers between 0 and 1",
        "families.png: Nearest to waiting_minutes is the",
    ]);
    assert_eq!(ran.left, ["families.png"]);
    let lines: Vec<&str> = ran.out.lines().skip_while(|line| !line.starts_with("family")).collect();
    let kl: Vec<f64> = lines[1..].iter().map_while(|line| line.get(32..44)?.trim().parse().ok()).collect();
    assert!(kl.len() >= 7 && kl.is_sorted(), "{kl:?}");
    run(&data("old_faithful.csv"), "--family all --column waiting_minutes")
        .said(&["ranked by H(p̂,q), per unit of waiting_minutes"]);
    // Counts among densities on cells of 1.
    run(KICKS, "--family all --column deaths --count corps --resolution 1")
        .said(&["Nearest to deaths is the Poisson distribution", "cells of 1 are too coarse for this density"]);
    run("x\n2\n2\n", "--family all --column x").said(&["not ranked: no finite maximum: all observations are 2"]);
}

#[test]
fn mixtures() {
    let table = data("old_faithful.csv");
    let ran = run(&table, "--family mixture --components 2 --restarts 5 --columns eruption_minutes --resolution 0.001");
    ran.said(&["the best of 5 starts", "component", "weight"]);
    assert_eq!(ran.left, ["coefficients.csv", "descent.png", "log.csv", "model.png", "parameters.safetensors"]);
    ran.said(&["components 1 to 2 by rising means of eruption_minutes", "by 5 free parameters"]);
    near(ran.row("weight 1")[1], 0.029189);
    let again =
        run(&table, "--family mixture --components 2 --restarts 5 --columns eruption_minutes --resolution 0.001");
    assert_eq!(ran.out, again.out);
    run(&table, "--family mixture --restarts 2").said(&["waiting_minutes", "a thousandth of that of the column"]);
}

#[test]
fn regressions() {
    let ran =
        run(&data("iris.csv"), "--family linear --target petal_length_cm --columns sepal_length_cm,sepal_width_cm");
    ran.said(&["petal_length_cm from sepal_length_cm, sepal_width_cm", "coefficients (petal_length_cm per unit)"]);
    near(ran.number("sepal_length_cm"), 1.77559254648113);
    near(ran.number("(intercept)"), -2.52476151183341);
    near(ran.number("residual σ"), 0.639983056166727);
    assert_eq!(ran.left, ["coefficients.csv", "descent.png", "log.csv", "model.png", "parameters.safetensors"]);
    run("x,y\n0,1\n1,3\n2,5\n", "--family linear --target y")
        .said(&["no finite maximum: the columns tell every response exactly"]);
    run("x,y\na,1\nb,3\na,5\nb,8\n", "--family linear --target y").said(&["x b"]);
    run("x,y\n1,4\n2,6\n4,5\n", "--family linear --target y --columns none").said(&["(intercept)"]);
    let seen = "dose,hours,events\n0,10,4\n0,20,11\n1,10,9\n1,30,31\n2,5,9\n2,10,21\n";
    let ran = run(seen, "--family poisson --target events --exposure hours");
    ran.said(&["events from dose", "log of the mean, per unit", "KL step"]);
    // 15 in 30 hours, 40 in 40, 30 in 15: every unit of the dose doubles the rate of ½ an hour.
    near(ran.number("dose"), std::f64::consts::LN_2);
    near(ran.number("(intercept)"), -std::f64::consts::LN_2);
    let plain = run("x,k\n0,4\n0,3\n1,0\n1,0\n", "--family poisson --target k");
    plain.said(&[
        "no finite maximum: the counts are 0 wherever x is large",
        "limit",
        "rate ratio",
        "NLL falls towards",
    ]);
    near(plain.number("(intercept)"), 3.5f64.ln());
    let none = run("x,k\n1,0\n2,0\n", "--family poisson --target k");
    none.said(&["all counts are 0, and their mean falls to 0 everywhere", "NLL falls towards 0.0000 bits", "open"]);
    // statsmodels' deviance of the GLM above is with n − 2 degrees of freedom; and the tests against the intercept alone.
    ran.said(&["deviance 2 Σ (y ln(y/μ) − y + μ) =", "with 4 degrees of freedom", "against the intercept alone: χ² ="]);
    let line = run("x,y\n0,1\n1,3\n2,4\n3,8\n", "--family linear --target y --json");
    let said: serde_json::Value = serde_json::from_str(&line.out).expect("a document");
    // R² is the squared correlation, 11²/(5 · 26), and F its odds times the 2 degrees that are left.
    let r_squared = 121.0 / 130.0;
    near(said["likelihood"]["r_squared"].as_f64().expect("R²"), r_squared);
    near(said["likelihood"]["f"]["statistic"].as_f64().expect("F"), 2.0 * r_squared / (1.0 - r_squared));
    near(said["likelihood"]["against_intercept"]["statistic"].as_f64().expect("χ²"), -4.0 * (1.0 - r_squared).ln());
    run("x,k\n0,4\n1,2.5\n", "--family poisson --target k").refused(&["2.5", "counts 0, 1, 2"]);
    run("x,t,k\n0,4,1\n1,0,2\n2,1,3\n", "--family poisson --target k --exposure t").refused(&["line 3", "positive"]);
}
