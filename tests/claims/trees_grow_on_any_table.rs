//! The decision tree runs on a person's own table: counts, categories, numbers and classes of any name, and says what it cannot.

use anyhow::{Result, ensure};

use crate::common::example::Place;

#[test]
fn on_the_tables_of_the_examples() -> Result<()> {
    let run = "decision_tree --csv titanic.csv --target survived --count count --out out";
    let titanic = Place::with_data("titanic.csv")?;
    titanic.run(run)?.said(&["sex gains 0.142391 bits, n = 2201", "H(Y|leaf)", "0.6874 bits", "out/"]);
    let ran = titanic.run(&format!("{run} --columns age,class --depth 1 --unit nats"))?;
    ran.said(&["class gains 0.041", " nats, n = 2201\n├─ 1st: 122 no, 203 yes\n"]);
    ensure!(!ran.out.contains("sex"), "{}", ran.out);
    let iris = Place::with_data("iris.csv")?.run("decision_tree --csv iris.csv --target species")?;
    iris.said(&["petal_length_cm gains 0.918296 bits, n = 150\n├─ ≤ 2.45: 50 setosa, 0 versicolor, 0 virginica\n"]);
    ensure!(
        iris.names() == ["plots/decision_tree/iris/ranking.png", "plots/decision_tree/iris/tree.png"],
        "{:?}",
        iris.names()
    );
    let stopped = "decision_tree --csv iris.csv --target species --least-gain 0.3 --out out";
    Place::with_data("iris.csv")?.run(stopped)?.said(&["> 1.75: 0 setosa, 1 versicolor, 45 virginica"]);
    Place::with_data("hair_eye.csv")?
        .run("decision_tree --csv hair_eye.csv --target eye --count count --out out")?
        .said(&["n = 592", "hair gains"]);
    Ok(())
}

#[test]
fn what_makes_no_sense_is_refused() -> Result<()> {
    for (flags, table, code, says) in [
        ("--target y", "x,y\n1,a\n2,a\n", 1, "only the class 'a'"),
        ("--target z", "x,y\n1,a\n2,b\n", 1, "no column 'z'"),
        ("", "x,y\n1,a\n2,b\n", 1, "--target with one of x, y"),
        ("--target y --columns y", "x,y\n1,a\n2,b\n", 1, "cannot predict itself"),
        ("--target y", "y\na\nb\n", 1, "at least one other column"),
        ("--target y --depth 0", "x,y\n1,a\n2,b\n", 2, "1..=255"),
        ("--target y --least-gain=-1", "x,y\n1,a\n2,b\n", 2, "--least-gain"),
    ] {
        let ran = Place::with(table)?.run(&format!("decision_tree --csv table.csv {flags} --out out"))?;
        ensure!(ran.code == code && ran.err.contains(says) && ran.left.is_empty(), "{flags}: {} {}", ran.code, ran.err);
    }
    Ok(())
}
