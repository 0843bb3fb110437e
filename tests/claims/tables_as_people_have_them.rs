//! Tables as people have them: in any order of rows, with missing cells, of any spreadsheet, with codes, dates and identifiers.

use anyhow::{Result, ensure};

use crate::common::example::{Place, Ran};

fn run(table: impl AsRef<[u8]>, line: &str) -> Result<Ran> {
    Place::with(table)?.run(line)
}

/// https://github.com/rust-ml/linfa/pull/432, https://github.com/sparklyr/sparklyr/issues/1591
#[test]
fn the_order_of_rows_changes_no_coefficient() -> Result<()> {
    let rows = ["1,no", "2,no", "3,yes", "4,no", "5,yes", "6,yes", "2,yes", "5,no"];
    let line = "logistic --csv table.csv --target y --out out";
    for [no, yes] in [["no", "yes"], ["No", "yes"], ["no", "Yes"], ["0", "1"], ["False", "True"], ["9", "10"]] {
        for turn in 0..rows.len() {
            let mut rows = rows.map(|row| row.replace("no", no).replace("yes", yes));
            rows.rotate_left(turn);
            let ran = run(format!("x,y\n{}\n", rows.join("\n")), line)?;
            ran.said(&[&format!("reference class: y = {no}\n")]);
            // By Newton's method in another language.
            let (intercept, slope) = (ran.number("(intercept)")?, ran.number("x")?);
            ensure!((intercept + 1.340768).abs() < 1e-6 && (slope - 0.383077).abs() < 1e-6, "{intercept} {slope}");
        }
    }
    Ok(())
}

#[test]
fn nor_does_it_change_a_tree_or_a_coin() -> Result<()> {
    let rows = ["u,no", "v,yes", "w,no", "u,yes", "v,yes", "w,no", "u,no", "v,no"];
    for line in ["decision_tree", "coin"] {
        let line = format!("{line} --csv table.csv --target y --out out");
        let first = run(format!("x,y\n{}\n", rows.join("\n")), &line)?;
        first.said(&[]);
        for turn in 1..rows.len() {
            let mut rows = rows;
            rows.rotate_left(turn);
            assert_eq!(run(format!("x,y\n{}\n", rows.join("\n")), &line)?.out, first.out);
        }
    }
    Ok(())
}
