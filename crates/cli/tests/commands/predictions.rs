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
    assert_eq!(header[..6], ["line", "p(no)", "p(yes)", "most probable", "survived", "-log q (nats)"]);
    let limits = ["std.error", "conf.low", "conf.high"];
    let limits = ["no", "yes"].into_iter().flat_map(|class| limits.map(|limit| format!("p({class}) {limit}")));
    assert_eq!(header[6..], limits.collect::<Vec<_>>());
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
    assert_eq!(predicted(folder, "new")?.0.len(), 4 + 6);
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

/// The rows of a file of values, by the names of its columns.
fn by_name(path: &std::path::Path) -> Result<Vec<std::collections::BTreeMap<String, String>>> {
    let mut reader = csv::Reader::from_path(path)?;
    let header = reader.headers()?.clone();
    let named = |row: csv::StringRecord| header.iter().map(String::from).zip(row.iter().map(String::from)).collect();
    reader.records().map(|row| Ok(named(row?))).collect()
}

#[test]
fn limits_are_those_of_statsmodels() -> Result<()> {
    let (place, reference) =
        (tempfile::tempdir()?, std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/reference"));
    let folder = place.path();
    std::fs::copy(reference.join("tables/terms.csv"), folder.join("terms.csv"))?;
    let values = by_name(&reference.join("predictions.csv"))?;
    let cases = [
        ("classes", "--target y --count k"),
        ("offset", "--target y --offset off"),
        ("linear", "--target num --family linear"),
        ("counts", "--target c --family poisson --exposure expo"),
        ("three classes", "--target size"),
    ];
    for (case, flags) in cases {
        let out = case.replace(' ', "-");
        let fit = format!("fit --csv terms.csv {flags} --columns x,z,g,h --no-pictures --out {out}");
        ensure!(done(folder, &fit)?.status.success(), "{case}");
        let predicted = done(folder, &format!("predict {out}/parameters.safetensors --csv terms.csv --out {out}"))?;
        let words = said(&predicted);
        ensure!(predicted.status.success() && words.contains("stand their standard errors and 95 % limits"), "{words}");
        let ours = by_name(&folder.join(&out).join("predictions.csv"))?;
        let mut seen = 0;
        for row in values.iter().filter(|row| row["case"] == case) {
            let line = ours.iter().find(|our| our["line"] == row["line"]).context("no such line")?;
            let what = &row["what"];
            for (theirs, column) in
                [("estimate", ""), ("std.error", " std.error"), ("conf.low", " conf.low"), ("conf.high", " conf.high")]
            {
                let column =
                    if what == "mean" && !column.is_empty() { column.trim().into() } else { format!("{what}{column}") };
                let (ours, theirs): (f64, f64) = (line[&column].parse()?, row[theirs].parse()?);
                ensure!((ours - theirs).abs() <= 1e-8 * theirs.abs(), "{case}, {column}: {ours} and not {theirs}");
                seen += 1;
            }
        }
        ensure!(seen >= 80, "{case}: {seen} values");
    }
    Ok(())
}

#[test]
fn where_there_are_no_limits_it_says_why() -> Result<()> {
    let place = with_titanic()?;
    let folder = place.path();
    std::fs::write(folder.join("apart.csv"), "x,y\n1,a\n2,a\n3,b\n4,b\n5,b\n")?;
    let cases = [
        (
            "--csv titanic.csv --target survived --count count --ridge 1",
            "titanic.csv --count count",
            "estimates are with a ridge",
        ),
        ("--csv apart.csv --target y", "apart.csv", "near the limit of a likelihood without a maximum"),
    ];
    for (fit, table, why) in cases {
        let fitted = done(folder, &format!("fit {fit} --no-pictures --out out"))?;
        ensure!(fitted.status.success(), "{}", said(&fitted));
        let predicted = done(folder, &format!("predict out/parameters.safetensors --csv {table} --out out"))?;
        let words = said(&predicted);
        ensure!(predicted.status.success() && words.contains("no confidence limits") && words.contains(why), "{words}");
        ensure!(!predicted_names(folder)?.contains("conf.low"));
    }
    // A file of before they were kept: the texts and the root are not there.
    let fitted = done(folder, "fit --csv titanic.csv --target survived --count count --no-pictures --out new")?;
    ensure!(fitted.status.success());
    let path = folder.join("new/parameters.safetensors");
    let bytes = std::fs::read(&path)?;
    let length = u64::from_le_bytes(bytes[..8].try_into()?) as usize;
    let old = |text: &str| {
        text.replace("\"estimate\"", "\"Estimate\"")
            .replace("coefficients.covariance_root", "coefficients.covariance-root")
    };
    let head = old(std::str::from_utf8(&bytes[8..8 + length])?);
    std::fs::write(&path, [&bytes[..8], head.as_bytes(), &bytes[8 + length..]].concat())?;
    let predicted = done(folder, "predict new/parameters.safetensors --csv titanic.csv --count count --out out")?;
    ensure!(predicted.status.success() && said(&predicted).contains("fit it anew"), "{}", said(&predicted));
    Ok(())
}

fn predicted_names(folder: &std::path::Path) -> Result<String> {
    let text = std::fs::read_to_string(folder.join("out/predictions.csv"))?;
    Ok(text.lines().next().unwrap_or_default().into())
}
