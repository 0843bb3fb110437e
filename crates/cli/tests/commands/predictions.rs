//! A model file foretells the rows of any table that has its columns, whatever their order, and refuses by name what does not fit.

use anyhow::{Context, Result, ensure};

use crate::{done, said, with_titanic};

/// Twice as many rows of one passenger, in another order of columns, rows and levels.
const SHUFFLED: &str =
    "age,remark,sex,class,survived\nadult,a,female,3rd,yes\nchild,b,male,1st,no\nadult,c,male,crew,no\n";

fn predicted(folder: &std::path::Path, out: &str) -> Result<(Vec<String>, Vec<Vec<String>>)> {
    let mut reader = csv::Reader::from_path(folder.join(out).join("predictions.csv"))?;
    let header = reader.headers()?.iter().map(String::from).collect();
    let rows = reader.records().map(|row| Ok(row?.iter().map(String::from).collect())).collect::<Result<_>>()?;
    Ok((header, rows))
}

#[test]
fn of_any_table_with_its_columns() -> Result<()> {
    let place = with_titanic()?;
    let folder = place.path();
    let fitted = done(folder, "fit --csv titanic.csv --target survived --count count --out fit --base sex=male")?;
    ensure!(fitted.status.success(), "{}", said(&fitted));

    // Its own table: what the fit printed, to the last digit; the lecture's 1105.030553 nats.
    let own = done(folder, "predict fit/parameters.safetensors --csv titanic.csv --count count --unit nats --out own")?;
    let words = said(&own);
    ensure!(own.status.success() && words.contains("in all 1105.0306 nats"), "{words}");
    ensure!(words.contains("n = 2201 observations"), "{words}");
    let (header, rows) = predicted(folder, "own")?;
    assert_eq!(header, ["line", "p(no)", "p(yes)", "most probable", "survived", "-log q (nats)"]);
    let counts: Vec<f64> = csv::Reader::from_path(folder.join("titanic.csv"))?
        .records()
        .map(|row| Ok(row?[4].parse()?))
        .collect::<Result<_>>()?;
    let nll = rows.iter().zip(&counts).map(|(row, count)| Ok(count * row[5].parse::<f64>()?)).sum::<Result<f64>>()?;
    ensure!((nll - 1105.030553).abs() < 1e-6, "{nll}");

    std::fs::write(folder.join("shuffled.csv"), SHUFFLED)?;
    let other = done(folder, "predict fit/parameters.safetensors --csv shuffled.csv --out other")?;
    ensure!(other.status.success() && said(&other).contains("n = 3 observations"), "{}", said(&other));
    let (_, other) = predicted(folder, "other")?;
    assert_eq!(other.iter().map(|row| row[0].as_str()).collect::<Vec<_>>(), ["2", "3", "4"]);
    for (row, passenger) in other.iter().zip(["3rd,female,adult", "1st,male,child", "crew,male,adult"]) {
        let text = std::fs::read_to_string(folder.join("titanic.csv"))?;
        let line = text.lines().position(|line| line.starts_with(passenger)).context(passenger)? + 1;
        let same = rows.iter().find(|row| row[0] == line.to_string()).context("no such line")?;
        assert_eq!(row[1..4], same[1..4], "{passenger}");
    }

    // Without the target nothing is said of what came.
    std::fs::write(folder.join("new.csv"), "class,sex,age\n2nd,female,child\n")?;
    let new = done(folder, "predict fit/parameters.safetensors --csv new.csv --out new")?;
    ensure!(new.status.success() && said(&new).contains("there is no column 'survived'"), "{}", said(&new));
    assert_eq!(predicted(folder, "new")?.0.len(), 4);
    Ok(())
}

#[test]
fn what_does_not_fit_is_refused_by_name() -> Result<()> {
    let place = with_titanic()?;
    let folder = place.path();
    let fitted = done(folder, "fit --csv titanic.csv --target survived --count count --out fit")?;
    ensure!(fitted.status.success(), "{}", said(&fitted));
    std::fs::write(folder.join("coin.csv"), "y\na\nb\nb\n")?;
    ensure!(done(folder, "fit --csv coin.csv --target y --family coin --out coin")?.status.success());
    let tables = [
        ("class,sex\n1st,male\n", vec!["no column 'age'", "class, sex"]),
        ("class,sex,age\n1st,male,old\n", vec!["line 2", "'age' holds 'old'", "adult, child"]),
        ("class,sex,age,survived\n1st,male,adult,perhaps\n", vec!["line 2", "'perhaps'", "no, yes"]),
        ("class,sex,age\n1st,male,adult\n1st,,adult\n", vec!["line 3", "'sex'", "--missing"]),
        ("class,sex,age\n", vec!["row"]),
    ];
    for (csv, says) in tables {
        std::fs::write(folder.join("table.csv"), csv)?;
        let refused = done(folder, "predict fit/parameters.safetensors --csv table.csv --out out")?;
        let words = said(&refused);
        ensure!(refused.status.code() == Some(1) && says.iter().all(|part| words.contains(part)), "{words}");
    }
    for (model, says) in [("coin/parameters.safetensors", "holds a coin"), ("titanic.csv", "is not a file written by")]
    {
        let refused = done(folder, &format!("predict {model} --csv titanic.csv --out out"))?;
        ensure!(refused.status.code() == Some(1) && said(&refused).contains(says), "{}", said(&refused));
    }
    ensure!(!folder.join("out").exists(), "a refusal leaves files");
    Ok(())
}
