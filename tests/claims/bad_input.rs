//! Bad input is a clear error that names the place and the cure, with exit code 1, and leaves no partial figure or table.

use anyhow::Result;
use candle_core::{DType, Device, Tensor};
use candle_mle::model::Linear;
use candle_mle::model::{Bernoulli, Gaussian, Logistic};
use candle_mle::ops::log_softmax;
use candle_mle::standardize::Standardize;
use candle_mle::table::Reading;
use candle_mle::{Empirical, Labelled, Model, Parameters, Table, separation};

use crate::common::example::{Place, Ran, example};

/// A run that must be refused: the line typed, `table.csv`, and what the message must say.
type Case<'a> = (&'a str, &'a str, &'a [&'a str]);

/// Runs all cases before it complains, so that one run shows everything that is wrong.
fn refused(code: i32, cases: &[Case]) -> Result<()> {
    let mut wrong = vec![];
    for (line, table, says) in cases {
        wrong.extend(complaint(line, &Place::with(table)?.run(line)?, code, says));
    }
    none(&wrong)
}

fn none(wrong: &[String]) -> Result<()> {
    anyhow::ensure!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    Ok(())
}

fn complaint(line: &str, ran: &Ran, code: i32, says: &[&str]) -> Option<String> {
    let missing: Vec<_> = says.iter().filter(|part| !ran.err.contains(**part)).collect();
    // A panic, a Rust value in place of words, or the same thing said twice is no message for a person.
    let mut odd: Vec<_> = ["panicked", "Os {"].into_iter().filter(|part| ran.err.contains(part)).collect();
    if let Some((first, cause)) = ran.err.split_once("Caused by:") {
        odd.extend(cause.lines().map(str::trim).filter(|line| !line.is_empty() && first.contains(line)));
    }
    let fine = ran.code == code && missing.is_empty() && odd.is_empty() && ran.left.is_empty();
    let (is, left, said) = (ran.code, ran.names(), ran.err.trim());
    let what = || format!("{line}\n    code {is}, left {left:?}, does not say {missing:?}, but {odd:?}\n    {said}");
    (!fine).then(what)
}

const FOUR: &str = "x,y\n1,a\n2,b\n1,b\n2,a\n";
const PAIRS: &str = "x,z\n1,1\n2,3\n3,2\n4,5\n";

#[test]
fn files_that_are_no_table() -> Result<()> {
    refused(
        1,
        &[
            ("logistic --csv nowhere.csv --target y --out out", FOUR, &["nowhere.csv"]),
            ("logistic --csv . --target y --out out", FOUR, &["cannot read .", "irectory"]),
            ("logistic --csv table.csv --target y --out out", "", &["table.csv", "empty", "row"]),
            ("gaussian --csv table.csv --out out", "\n\n", &["table.csv", "empty", "row"]),
            ("softmax --csv table.csv --target y --out out", "x,y\n", &["table.csv", "row"]),
            ("logistic --csv table.csv --target y --out out", "x,y\n1,a\n2,b,c\n3,a\n", &["line 3", "3 cells", "quot"]),
            ("logistic --csv table.csv --target y --out out", "x,y\n1,a\n2\n3,a\n", &["line 3", "1 cell", "has 2"]),
            ("logistic --csv table.csv --target x --out out", "x,x,y\n1,2,a\n2,1,b\n", &["line 1", "'x'", "rename"]),
            // A separator that is not the one that was named.
            (
                "logistic --csv table.csv --target y --separator , --out out",
                "x;y\n1;a\n2;b\n3;a\n",
                &["table.csv, line 1", "one column", "--separator ';'"],
            ),
            // Columns without a name that hold something and are no row names.
            (
                "logistic --csv table.csv --target y --out out",
                ",x,y\n1,1,a\n2,2,b\n1,1,b\n4,2,a\n",
                &["line 1", "name"],
            ),
            ("logistic --csv table.csv --target y --out out", "x,y,\n1,a,7\n2,b,\n", &["line 1", "name"]),
        ],
    )
}

#[test]
fn text_in_another_encoding() -> Result<()> {
    let tables: [(&[u8], &str); 2] = [(b"x,y\n1,caf\xe9\n2,b\n", "line 2"), (b"x,\xe9\n1,a\n2,b\n", "line 1")];
    let line = "logistic --csv table.csv --target y --out out";
    let mut wrong = vec![];
    for (table, at) in tables {
        wrong.extend(complaint(
            line,
            &Place::with(table)?.run(line)?,
            1,
            &["table.csv", at, "UTF-8", "iconv -f WINDOWS-1252 -t UTF-8 table.csv"],
        ));
    }
    none(&wrong)
}

#[test]
fn cells_that_are_no_numbers() -> Result<()> {
    let line = "logistic --csv table.csv --target y --out out";
    refused(
        1,
        &[
            (line, "x,y\n1,a\n2,b\nthree,a\n4,b\n", &["table.csv, line 4", "column 'x'", "'three'", "number"]),
            (line, "x,y\n1,a\n2,b\nNA,a\n4,b\n", &["table.csv, line 4", "column 'x'", "'NA'", "number"]),
            (line, "x,y\n1,a\n2,b\n,a\n4,b\n", &["table.csv, line 4", "column 'x'", "empty", "fill", "drop"]),
            (line, "x,y\n1,a\n2,\n1,b\n", &["table.csv, line 3", "column 'y'", "empty", "fill", "drop"]),
            (
                line,
                "x,y\n1,a\nNaN,b\n3,a\n",
                &["table.csv, line 3", "column 'x'", "'NaN'", "missing", "--missing drop"],
            ),
            (line, "x,y\n1,a\n-inf,b\n3,a\n", &["table.csv, line 3", "column 'x'", "'-inf'", "finite"]),
            (line, "x,y\n1,a\n1e999,b\n3,a\n", &["table.csv, line 3", "column 'x'", "'1e999'", "finite"]),
        ],
    )
}

#[test]
fn numbers_among_marks_of_missing_values() -> Result<()> {
    let mut wrong = vec![];
    for mark in ["NA", "na", "N/A", "#N/A", "NaN", "nan", "null", "NULL", "None", "?", "-", "."] {
        for table in ["x,y\n3,a\nNA,b\nNA,a\n5,b\n", "x,y\n3,a\nNA,b\nNA,a\nNA,b\n"] {
            let place = Place::with(table.replace("NA", mark))?;
            let shown = format!("'{mark}'");
            let says = ["table.csv, line 3", "column 'x'", &shown, "number", "fill", "drop"];
            for line in ["logistic --csv table.csv --target y --out out", "gaussian --csv table.csv --out out"] {
                wrong.extend(complaint(line, &place.run(line)?, 1, &says));
            }
        }
    }
    none(&wrong)?;
    // Nor are they levels where no cell is a number, but for the minus that stands beside a plus.
    let classes = |levels: &str| {
        let rows: Vec<_> = levels.split(',').zip([1, 2, 3, 1]).map(|(level, z)| format!("{level},{z}\n")).collect();
        let table = Table::from_reader(format!("y,z\n{}", rows.concat()).as_bytes(), None)?;
        Ok::<_, candle_mle::Error>(table.design("y").outcomes()?.names.classes)
    };
    assert_eq!(classes("+,-,-,+")?, ["+", "-"]);
    for (levels, says) in [("yes,no,?,no", "line 4, column 'y' holds '?'"), ("?,-,?,-", "every cell is missing")] {
        let message = classes(levels).err().map(|e| e.to_string()).unwrap_or_default();
        anyhow::ensure!(message.contains(says), "{message}");
    }
    Ok(())
}

#[test]
fn commas_in_numbers() -> Result<()> {
    // In quotes a comma stands before decimals; a spreadsheet leaves it out where nothing follows it.
    for (csv, numbers) in [
        ("x,y\n\"1,5\",a\n\"2,5\",b\n\"-3,25\",a\n", [1.5, 2.5, -3.25]),
        ("x,y\n\"1,5\",a\n\"2,5\",b\n\"-3,25e1\",a\n", [1.5, 2.5, -32.5]),
        ("x,y\n\"1,5\",a\n2,b\n3,a\n", [1.5, 2.0, 3.0]),
    ] {
        assert_eq!(Table::from_reader(csv.as_bytes(), None)?.numbers("x")?, numbers, "{csv}");
    }
    // It parts thousands by a point.
    let gaussian = "gaussian --csv table.csv --columns x --out out";
    let thousands = "x,y\n1.5,a\n\"1.234,5\",b\n\"1.000.000,5\",a\n";
    refused(1, &[(gaussian, thousands, &["line 3", "'1.234,5'", "without marks between thousands", "1234567,5"])])?;
    // A comma in words, or in a list that is none of numbers, stays.
    let place = Place::with("x,y\n\"Ulm, Bonn\",1\n\"a,1\",2\n\",\",3\n")?;
    let classes = Table::read(place.path().join("table.csv"), None)?.design("x").outcomes()?.names.classes;
    assert_eq!(classes, [",", "a,1", "Ulm, Bonn"]);
    Ok(())
}

#[test]
fn quotes_that_do_not_close() -> Result<()> {
    let line = "logistic --csv table.csv --target y --out out";
    let says: &[&str] = &["table.csv, line 3", "quote", "close", "twice"];
    refused(
        1,
        &[
            (line, "x,y\n1,a\n2,\"b\n3,a\n4,b\n", says),
            (line, "\u{feff}x,y\r\n1,a\r\n2, \"b\r\n3,a\r\n4,b\r\n", says),
            // The next quote, which opens another cell, seems to close it.
            (line, "y,x\n\"a\",1\n\"b,2\n\"a\",3\n\"b\",4\n", says),
            (line, "x,y\n1,a\n2,\"b\" or \"c\"\n3,a\n4,b\n", says),
            ("logistic --csv table.csv --target y --out out", "x,\"y\n1,a\n2,b\n", &["table.csv, line 1", "quote"]),
        ],
    )?;
    // A quote that opens no cell is a character, and so is one that is written twice; a byte order mark is none.
    let place = Place::with("\u{feff}\"x, \"\"in\"\"\",y\n5\" disk,\"\"\"a\"\"\" \n\"3\"\"\" , b\n")?;
    let table = Table::read(place.path().join("table.csv"), None)?;
    assert_eq!(table.design("x, \"in\"").outcomes()?.names.classes, ["3\"", "5\" disk"]);
    assert_eq!(table.design("y").outcomes()?.names.classes, ["\"a\"", "b"]);
    Ok(())
}

#[test]
fn categories_that_are_another_in_every_row() -> Result<()> {
    let rows =
        |n: usize| -> String { (0..n).map(|i| format!("id{i},{},{}\n", i % 5, "ab".as_bytes()[i % 2])).collect() };
    let (eleven, ten) = (format!("id,x,y\n{}", rows(11)), format!("id,x,y\n{}", rows(10)));
    let line = "logistic --csv table.csv --target y --out out";
    refused(
        1,
        &[(
            line,
            &eleven,
            &["column 'id'", "every row has a different value", "identifier", "leave it out", "--exclude id"],
        )],
    )?;
    refused(1, &[(&format!("{line} --columns x,id"), &eleven, &["column 'id'", "different value"])])?;
    let read = |text: &str| -> Result<Table> { Ok(Table::read(Place::with(text)?.path().join("table.csv"), None)?) };
    assert_eq!(read(&eleven)?.design("y").from(["x"]).build()?.names.columns, ["x"]);
    // One row twice does not make them levels: it is the share of different values that tells.
    refused(
        1,
        &[(
            line,
            &format!("{eleven}id3,3,a\nid3,4,b\n"),
            &["column 'id'", "11 different values in 13 rows", "free text"],
        )],
    )?;
    let thrice = format!("{eleven}{}{}", rows(11), rows(11));
    assert_eq!(read(&thrice)?.design("y").from(["id"]).build()?.names.columns.len(), 10);
    // And who wants them may have them.
    let forced = Reading { categorical: vec!["id".into()], ..Reading::default() }.reader(eleven.as_bytes())?;
    assert_eq!(forced.design("y").from(["id"]).build()?.names.columns.len(), 10);
    assert_eq!(read(&ten)?.design("y").from(["id"]).build()?.names.columns.len(), 9);
    Ok(())
}

#[test]
fn the_line_is_the_one_that_an_editor_shows() -> Result<()> {
    let line = "logistic --csv table.csv --target y --out out";
    refused(
        1,
        &[
            (line, "x,y\r\n1,a\r\nfoo,b\r\n2,a\r\n3,b\r\n", &["table.csv, line 3", "'foo'"]),
            (line, "\nx,y\n\n1,a\n\nfoo,b\n2,a\n3,b\n", &["table.csv, line 6", "'foo'"]),
            (line, "y,x\n\"a\nb\",1\nc,foo\nc,2\nc,3\n", &["table.csv, line 4", "'foo'"]),
        ],
    )
}

#[test]
fn counts_that_are_no_counts() -> Result<()> {
    let line = "logistic --csv table.csv --target y --count n --out out";
    refused(
        1,
        &[
            (line, "x,y,n\n1,a,3\n2,b,-4\n1,b,2\n", &["table.csv, line 3", "column 'n'", "-4", "≥ 0"]),
            (line, "x,y,n\n1,a,few\n2,b,many\n", &["table.csv, line 2", "column 'n'", "'few'", "number"]),
            (line, "x,y,n\n1,a,0\n2,b,0\n", &["'n'", "zero"]),
            (line, "x,y,n\na,a,0\nb,b,2\nc,a,3\nc,b,1\n", &["column 'x'", "'a'", "zero", "drop"]),
            (line, "x,y,n\na,a,2\nb,b,0\nc,a,3\n", &["column 'y'", "'b'", "zero", "drop"]),
            (line, FOUR, &["table.csv", "'n'", "x, y"]),
            (
                "logistic --csv table.csv --target n --count n --out out",
                "x,y,n\n1,a,3\n2,b,4\n",
                &["'n'", "taken as the counts"],
            ),
            (
                "logistic --csv table.csv --target y --columns x,n --count n --out out",
                "x,y,n\n1,a,3\n2,b,4\n",
                &["'n'", "taken as the counts"],
            ),
        ],
    )
}

#[test]
fn columns_and_levels_that_are_not_there() -> Result<()> {
    refused(
        1,
        &[
            ("logistic --csv table.csv --target z --out out", FOUR, &["table.csv", "'z'", "x, y"]),
            ("coin --csv table.csv --target z --out out", FOUR, &["table.csv", "'z'", "x, y"]),
            ("softmax --csv table.csv --target y --columns z --out out", FOUR, &["table.csv", "'z'", "x, y"]),
            ("gaussian --csv table.csv --columns q --out out", PAIRS, &["table.csv", "'q'", "x, z"]),
            ("logistic --csv table.csv --target y --base z=a --out out", FOUR, &["table.csv", "'z'", "x, y"]),
            ("logistic --csv table.csv --target y --base y=q --out out", FOUR, &["'y'", "'q'", "a, b"]),
            ("logistic --csv table.csv --target y --base x=1 --out out", FOUR, &["'x'", "'1'", "numbers"]),
            ("coin --csv table.csv --target y --base x=1 --out out", FOUR, &["--base x", "--base y=LEVEL", "target"]),
            ("logistic --csv table.csv --out out", FOUR, &["--target", "x, y"]),
            ("logistic --csv table.csv --target y --columns y --out out", FOUR, &["'y'", "target"]),
            ("logistic --csv table.csv --target y --columns x,x --out out", FOUR, &["'x'", "twice"]),
        ],
    )
}

#[test]
fn columns_that_tell_nothing() -> Result<()> {
    let (logistic, gaussian) =
        ("logistic --csv table.csv --target y --out out", "gaussian --csv table.csv --columns x,z --out out");
    let softmax = "softmax --csv table.csv --target y --out out";
    refused(
        1,
        &[
            (logistic, "x,y\n1,a\n2,a\n", &["column 'y'", "'a'"]),
            (logistic, "c,y\nu,a\nu,b\n", &["column 'y'", "one level"]),
            (softmax, "x,z,y\n5,7,a\n5,7,b\n5,7,c\n5,7,c\n", &["column 'y'", "x (5), z (7)", "--columns none"]),
            (gaussian, "x,z\n1,1\n2,2\n3,3\n4,4\n", &["column 'z'", "leave"]),
            (gaussian, "x,z\n1,7\n2,7\n3,7\n", &["column 'z' is constant (7)", "drop it"]),
            (gaussian, "x,z\n1,a\n2,b\n3,a\n", &["column 'z'", "'a'", "number"]),
            ("gaussian --csv table.csv --out out", "a,b\nu,v\nw,v\n", &["table.csv", "column", "number"]),
        ],
    )
}

#[test]
fn classes_that_are_too_many() -> Result<()> {
    const THREE: &str = "x,y\n1,a\n1,b\n2,a\n2,b\n3,b\n3,c\n1,c\n";
    const NUMBERS: &str = "x,y\n1,1.5\n2,2.5\n3,3.5\n4,4.5\n5,5.5\n6,6.5\n7,7.5\n8,8.5\n9,9.5\n1,0.5\n2,11\n3,12\n\
                           4,13\n5,14\n6,15\n7,16\n8,17\n9,18\n1,19\n2,20\n3,21\n";
    refused(
        1,
        &[
            ("logistic --csv table.csv --target y --out out", THREE, &["'y'", "a, b, c", "softmax"]),
            ("coin --csv table.csv --target y --out out", THREE, &["'y'", "a, b, c", "two"]),
            ("softmax --csv table.csv --target y --out out", NUMBERS, &["'y'", "21 different numbers", "categories"]),
        ],
    )
}

#[test]
fn resolutions() -> Result<()> {
    refused(
        1,
        &[
            ("gaussian --csv table.csv --resolution 1 --out out", PAIRS, &["resolution", "one for each column"]),
            ("gaussian --resolution 1,1 --out out", PAIRS, &["resolution", "one for each column"]),
            ("gaussian --csv table.csv --resolution 1,0 --out out", PAIRS, &["resolution 0", "> 0"]),
            ("gaussian --csv table.csv --resolution=-1,1 --out out", PAIRS, &["resolution -1", "> 0"]),
            ("gaussian --resolution -1 --out out", PAIRS, &["resolution", "-1", "> 0"]),
            ("gaussian --csv table.csv --resolution nan,1 --out out", PAIRS, &["resolution NaN", "> 0"]),
            ("gaussian --csv table.csv --resolution inf,1 --out out", PAIRS, &["resolution inf", "> 0"]),
            // Too coarse: all of it in one cell. Too fine: more cells than numbers.
            ("gaussian --csv table.csv --resolution 100,100 --out out", PAIRS, &["resolution", "finer"]),
            ("gaussian --csv table.csv --resolution 1e-320,1 --out out", PAIRS, &["resolution 1e-320 of"]),
            ("gaussian --csv table.csv --resolution 1,1e300 --out out", PAIRS, &["resolution 1e300 of", "finer"]),
            ("gaussian --csv table.csv --objective kl --out out", PAIRS, &["resolution", "cross-entropy"]),
        ],
    )
}

#[test]
fn flags_that_make_no_sense_end_with_code_2_and_name_the_flag() -> Result<()> {
    refused(
        2,
        &[
            ("coin --lr 0 --out out", "", &["--lr", "step size", "> 0"]),
            ("coin --lr -1 --out out", "", &["--lr", "step size", "> 0"]),
            ("coin --lr=-1 --out out", "", &["--lr", "step size", "> 0"]),
            ("coin --lr nan --out out", "", &["--lr", "step size", "> 0"]),
            ("coin --lr 1e999 --out out", "", &["--lr", "step size", "> 0"]),
            ("coin --lr abc --out out", "", &["--lr", "'abc'", "number"]),
            ("coin --n 0 --out out", "", &["--n", "1"]),
            ("coin --n -3 --out out", "", &["--n", "-3"]),
            ("coin --n many --out out", "", &["--n", "many"]),
            ("coin --steps -1 --out out", "", &["--steps", "-1"]),
            ("coin --seed one --out out", "", &["--seed", "one"]),
            // A coin looks at one column.
            ("coin --csv table.csv --target y --columns x --out out", FOUR, &["'--columns'"]),
            ("coin --unit bit --out out", "", &["--unit", "bits, nats, hartleys"]),
            ("coin --objective entropy --out out", "", &["--objective", "kl, cross-entropy, nll"]),
            ("gaussian --resolution abc --out out", "", &["--resolution", "abc"]),
            ("logistic --target y --out out", "", &["--csv"]),
            ("gaussian --columns x --out out", "", &["--csv"]),
            ("logistic --csv table.csv --target y --base y --out out", FOUR, &["--base", "column=level"]),
            ("logistic --csv table.csv --target y --n 5 --out out", FOUR, &["--n", "--csv"]),
        ],
    )
}

/// Where the log of a run goes whose descent failed.
const FAILED: &str = "out/log-of-failed-run.csv";

#[test]
fn too_large_a_step_size_names_the_step_and_leaves_the_log_up_to_it() -> Result<()> {
    for line in ["coin --lr 50", "logistic --lr 50", "softmax --lr 50", "gaussian --lr 5", "gaussian --lr 1e308"] {
        let ran = Place::new()?.run(&format!("{line} --out out"))?;
        assert_eq!((ran.code, ran.names()), (1, vec![FAILED]), "{line}: {}", ran.err);
        let step: usize =
            ran.err.split("step ").nth(1).and_then(|rest| rest.split([' ', ':']).next()).unwrap_or("").parse()?;
        let (_, rows) = ran.rows(FAILED)?;
        assert_eq!((rows.len(), rows[step][0]), (step + 1, step as f64), "{line}: {}", ran.err);
        assert!(ran.err.contains("step size") && ran.err.contains(FAILED), "{line}: {}", ran.err);
    }
    Ok(())
}

/// A descent that leaps from side to side climbs above no start, and has not arrived either.
#[test]
fn a_run_that_has_not_converged_says_so() -> Result<()> {
    let titanic = "logistic --csv titanic.csv --target survived --count count --steps 2 --out out";
    for line in ["logistic --lr 20 --out out", "softmax --lr 8 --out out", "logistic --steps 1 --out out", titanic] {
        let ran = Place::with_data("titanic.csv")?.run(line)?;
        ran.said(&["NOT converged", "of the steps so far", "--steps", "--lr"]);
        assert!(!ran.out.contains("\nconverged"), "{line}: {}", ran.out);
    }
    Place::new()?.run("logistic --out out")?.said(&["\nconverged:", "argmin, within"]);
    Ok(())
}

#[test]
fn a_failed_run_leaves_what_an_earlier_one_left() -> Result<()> {
    let place = Place::new()?;
    let (good, bad) = (place.run("gaussian --out out")?, place.run("gaussian --lr 5 --out out")?);
    assert_eq!((good.code, good.left.len(), bad.code), (0, 6, 1));
    // Its own log stands beside, under a name that says what it is.
    assert_eq!(bad.names(), [FAILED]);
    for (name, content) in &good.left {
        assert!(std::fs::read(place.path().join(name))? == *content, "{name} is no longer that of the first run");
    }
    Ok(())
}

/// `example | head -1`
#[test]
#[cfg(unix)]
fn a_reader_who_leaves_early_sees_no_panic() -> Result<()> {
    for name in ["logistic", "entropic_clt"] {
        let place = Place::new()?;
        let mut run = std::process::Command::new(example(name)?)
            .current_dir(place.path())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()?;
        drop(run.stdout.take());
        let ended = run.wait_with_output()?;
        assert_eq!(String::from_utf8_lossy(&ended.stderr), "", "{name}");
    }
    Ok(())
}

#[test]
fn a_loss_that_climbs_is_told_with_its_unit_in_few_digits() -> Result<()> {
    for line in ["logistic --lr 50", "logistic --lr 50 --unit nats", "gaussian --lr 1e300"] {
        let ran = Place::new()?.run(&format!("{line} --out out"))?;
        assert!(ran.err.contains("bits") || ran.err.contains("nats"), "{line}: {}", ran.err);
        assert!(ran.err.len() < 300, "{line}: {}", ran.err);
    }
    Ok(())
}

#[test]
fn places_that_cannot_be_written() -> Result<()> {
    let mut wrong = vec![];
    for (out, example) in ["table.csv", "table.csv/deeper"].iter().zip(["coin", "logistic"]) {
        let line = format!("{example} --out {out}");
        wrong.extend(complaint(&line, &Place::with("in the way")?.run(&line)?, 1, &["cannot write", out]));
    }
    if cfg!(target_os = "linux") {
        let line = "gaussian --out /proc/nowhere";
        wrong.extend(complaint(line, &Place::new()?.run(line)?, 1, &["cannot write", "/proc/nowhere"]));
    }
    none(&wrong)
}

#[test]
fn a_folder_in_the_way_of_a_file_leaves_no_half_written_one() -> Result<()> {
    for (file, left) in [("log.csv", 0), ("landscape.png", 3)] {
        let place = Place::new()?;
        std::fs::create_dir_all(place.path().join("out").join(file))?;
        let ran = place.run("coin --out out")?;
        assert_eq!(ran.code, 1);
        assert!(
            ran.err.contains(&format!("cannot write out/{file}")) && ran.err.matches("irectory").count() == 1,
            "{}",
            ran.err
        );
        // What was written before is whole, and there is no hidden rest of what was not.
        assert!(ran.names().iter().all(|name| !name.contains("/.")), "{:?}", ran.names());
        assert!(ran.left.len() >= left, "{:?}", ran.names());
        assert!(ran.left.values().all(|content| !content.is_empty()));
    }
    Ok(())
}

#[test]
#[cfg(not(any(feature = "cuda", feature = "metal")))]
fn devices_that_this_build_does_not_know() -> Result<()> {
    let devices: [(&str, &[&str]); 6] = [
        ("cuda", &["'cuda'", "--features cuda", "CANDLE_MLE_DEVICE=cpu"]),
        ("cuda:1", &["'cuda:1'", "--features cuda", "CANDLE_MLE_DEVICE=cpu"]),
        ("metal", &["'metal'", "--features metal", "CANDLE_MLE_DEVICE=cpu"]),
        ("abacus", &["CANDLE_MLE_DEVICE", "'abacus'", "cpu", "cuda", "metal"]),
        ("cpu:x", &["CANDLE_MLE_DEVICE", "'cpu:x'"]),
        ("", &["CANDLE_MLE_DEVICE", "''", "cpu"]),
    ];
    let mut wrong = vec![];
    for (device, says) in devices {
        for example in ["coin", "gaussian"] {
            let ran = Place::new()?.run_words(&[example, "--out", "out"], &[("CANDLE_MLE_DEVICE", device)])?;
            wrong.extend(complaint(&format!("CANDLE_MLE_DEVICE={device} {example}"), &ran, 1, says));
        }
    }
    none(&wrong)
}

#[test]
fn one_observation_is_fitted_or_refused_by_the_name_of_its_column() -> Result<()> {
    for (example, column) in [("coin", ""), ("logistic", "dose (mg)"), ("softmax", "height (km)"), ("gaussian", "'x'")]
    {
        let ran = Place::new()?.run(&format!("{example} --n 1 --out out"))?;
        assert!(!ran.err.contains("panicked") && [0, 1].contains(&ran.code), "{example}: {}", ran.err);
        if ran.code == 1 {
            assert!(ran.err.contains(column), "{example}: {}", ran.err);
            assert!(ran.left.is_empty(), "{example}: {:?}", ran.names());
        }
    }
    Ok(())
}

#[test]
fn no_steps_are_a_run_of_one_row() -> Result<()> {
    for example in ["coin", "logistic", "softmax", "gaussian"] {
        let ran = Place::new()?.run(&format!("{example} --steps 0 --out out"))?;
        ran.said(&["argmin", "step 0"]);
        assert_eq!(ran.log()?.1.len(), 1, "{example}");
    }
    Ok(())
}

/// Nothing that is wrong in a program gets through the library's own doors either.
mod in_the_library {
    use super::*;

    fn says<T>(made: candle_mle::Result<T>, parts: &[&str]) {
        let message = made.err().map(|e| format!("{:#}", anyhow::Error::from(e))).unwrap_or_default();
        assert!(parts.iter().all(|part| message.contains(part)), "'{message}' does not say {parts:?}");
    }

    fn column(values: &[f64]) -> Result<Tensor> {
        Ok(Tensor::new(values, &Device::Cpu)?.unsqueeze(1)?)
    }

    fn labelled(x: &[f64], y: &[u32]) -> Result<Labelled> {
        Ok(Labelled::new(column(x)?, Tensor::new(y, &Device::Cpu)?)?)
    }

    #[test]
    fn numbers_that_are_not_finite() -> Result<()> {
        says(Empirical::from_sample(column(&[1.0, f64::NAN])?), &["row 1", "column 0", "NaN", "finite", "drop"]);
        says(
            Empirical::from_sample(labelled(&[f64::INFINITY, 1.0], &[0, 1])?),
            &["row 0", "column 0", "inf", "finite"],
        );
        Ok(())
    }

    #[test]
    fn counts() -> Result<()> {
        let p = |counts: &[f64]| Ok::<_, anyhow::Error>(Empirical::from_counts(column(&[1.0, 2.0])?, counts));
        says(p(&[1.0])?, &["counts", "[1]", "(2,)"]);
        says(p(&[1.0, -2.0])?, &["-2", "row 1", "≥ 0"]);
        says(p(&[f64::NAN, 1.0])?, &["NaN", "row 0", "finite"]);
        says(p(&[0.0, 0.0])?, &["2 counts", "zero"]);
        says(Empirical::from_sample(Tensor::zeros((0, 1), candle_core::DType::F64, &Device::Cpu)?), &["empty", "row"]);
        Ok(())
    }

    #[test]
    fn masses_to_standardize_by() -> Result<()> {
        let x = Tensor::new(&[[1.0, 7.0], [2.0, 7.0], [3.0, 9.0]], &Device::Cpu)?;
        let by = |mass: &[f64]| Ok::<_, anyhow::Error>(Standardize::moments(&x, &Tensor::new(mass, &Device::Cpu)?));
        says(by(&[1.0, 1.0])?, &["mass", "[2]", "(3,)"]);
        says(by(&[1.0, 1.0, 1.0, 1.0])?, &["mass", "[4]", "(3,)"]);
        says(by(&[0.0, 0.0, 0.0])?, &["zero", "nothing was observed"]);
        says(by(&[1.0, -0.5, 1.0])?, &["-0.5", "row 1"]);
        says(by(&[1.0, 1.0, f64::NAN])?, &["NaN", "row 2"]);
        // Row 2 alone tells the second column from a constant, and weighs nothing.
        says(by(&[1.0, 1.0, 0.0])?, &["column 1 (counted from 0) is constant (7)", "drop it", "rows"]);
        let of = by(&[1.0, 0.0, 3.0])??;
        assert_eq!(of.shift().to_vec1::<f64>()?, [2.5, 8.5]);
        assert_eq!(of.scale().to_vec1::<f64>()?, [0.75f64.sqrt(), 0.75f64.sqrt()]);
        says(Standardize::moments(&x.get(0)?, &Tensor::new(&[1.0, 1.0], &Device::Cpu)?), &["x", "[2]", "columns"]);
        for values in [[1.0, f64::NAN, 2.0], [1.0, f64::INFINITY, 2.0]] {
            says(
                Standardize::moments(&column(&values)?, &Tensor::ones(3, DType::F64, &Device::Cpu)?),
                &["row 1", "fin"],
            );
            says(Standardize::range(&column(&values)?), &["row 1", "finite"]);
        }
        says(Standardize::range(&column(&[])?), &["empty", "row"]);
        Ok(())
    }

    #[test]
    fn files_that_hold_no_parameters() -> Result<()> {
        let place = Place::with("x,y\n1,2\n")?;
        let open = |name: &str| Bernoulli::load(place.path().join(name), &Device::Cpu).map(|_| ());
        says(open("nowhere.safetensors"), &["cannot read", "nowhere.safetensors"]);
        says(open("."), &["cannot read", "irectory"]);
        says(open("table.csv"), &["table.csv is not a file written by `save`"]);
        std::fs::write(place.path().join("empty"), "")?;
        says(open("empty"), &["empty is not a file written by `save`"]);
        Ok(())
    }

    #[test]
    fn places_that_parameters_cannot_be_saved_to() -> Result<()> {
        let place = Place::with("in the way")?;
        let coin = Bernoulli::from_prob(0.25, &Device::Cpu)?;
        says(coin.save(place.path().join("table.csv/coin")), &["cannot write", "table.csv/coin"]);
        if cfg!(target_os = "linux") {
            let refused = coin.save("/proc/coin");
            assert!(refused.as_ref().is_err_and(|e| !e.to_string().contains(".tmp")), "{refused:?}");
            says(refused, &["cannot write /proc/coin"]);
        }
        let deep = place.path().join("two/folders/coin.safetensors");
        coin.save(&deep)?;
        assert_eq!(Bernoulli::load(&deep, &Device::Cpu)?.prob()?, coin.prob()?);
        // What is in the way stays, and no half of a file is left beside it.
        let message = coin.save(place.path().join("two/folders")).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(message.contains("cannot write") && message.contains("two/folders"), "{message}");
        assert!(!message.contains("partial"), "{message}");
        let left = |folder: &str| -> Result<usize> { Ok(std::fs::read_dir(place.path().join(folder))?.count()) };
        assert_eq!((left("two/folders")?, left("two")?, left(".")?), (1, 1, 2));
        Ok(())
    }

    #[test]
    fn shapes_and_types_that_do_not_fit() -> Result<()> {
        let (x, y) = (column(&[1.0, 2.0])?, Tensor::new(&[0u32, 1], &Device::Cpu)?);
        says(Labelled::new(x.squeeze(1)?, y.clone()), &["x", "[2]", "(rows, columns)"]);
        says(Labelled::new(x.clone(), Tensor::new(&[0u32, 1, 1], &Device::Cpu)?), &["y", "[3]", "(2,)"]);
        says(Labelled::new(x.clone(), y.to_dtype(candle_core::DType::I64)?), &["y", "u32", "I64"]);
        let model = Logistic::from_coefficients(&Tensor::new(&[[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]], &Device::Cpu)?)?;
        says(model.log_prob(&Labelled::new(x, y)?), &["x", "[2, 1]", "(rows, 2)"]);
        says(Logistic::from_coefficients(&Tensor::new(&[[0.0, 1.0]], &Device::Cpu)?), &["coefficients", "[1, 2]"]);
        says(Empirical::from_sample(Tensor::new(1.0, &Device::Cpu)?), &["[]", "(rows,)"]);
        Ok(())
    }

    #[test]
    fn numbers_of_another_type_than_the_model() -> Result<()> {
        let (coin, flips) = (Bernoulli::from_prob(0.25, &Device::Cpu)?, Tensor::new(&[1.0f32, 0.0], &Device::Cpu)?);
        says(coin.log_prob(&flips), &["batch", "F32", "f64", "to_dtype"]);
        let single = candle_nn::VarBuilder::zeros(DType::F32, &Device::Cpu);
        says(Bernoulli::new(single.clone())?.log_prob(&flips.to_dtype(DType::F64)?), &["batch", "F64", "f32"]);
        let x = labelled(&[1.0, 2.0], &[0, 1])?;
        says(Logistic::new(1, single.clone())?.log_prob(&x), &["batch", "F64", "f32"]);
        says(Gaussian::new(1, single)?.log_prob(x.x()), &["batch", "F64", "f32"]);
        Ok(())
    }

    #[test]
    fn logits_that_mean_no_probabilities() -> Result<()> {
        let of = |logits: &[f64]| Ok::<_, anyhow::Error>(log_softmax(&Tensor::new(logits, &Device::Cpu)?)?.to_vec1()?);
        let (infinite, none): (Vec<f64>, Vec<f64>) = (of(&[0.0, f64::INFINITY])?, of(&[f64::NEG_INFINITY; 2])?);
        assert!(infinite[1].is_nan() && none.iter().all(|l| l.is_nan()), "{infinite:?}, {none:?}");
        Ok(())
    }

    #[test]
    fn a_class_that_the_model_does_not_have() -> Result<()> {
        let model = Logistic::from_coefficients(&Tensor::new(&[[0.0, 0.0], [1.0, 0.5]], &Device::Cpu)?)?;
        says(model.log_prob(&labelled(&[1.0, 2.0, 3.0], &[0, 1, 2])?), &["class 2", "0 to 1"]);
        let p = Empirical::from_sample(labelled(&[1.0, 2.0], &[0, 1])?)?;
        says(separation(&p, 0), &["class 1", "no class"]);
        says(separation(&p, 1), &["class 1", "the class 0 only"]);
        says(p.smoothed(0, 1.0), &["class 1", "no class"]);
        Ok(())
    }

    #[test]
    fn covariances_that_are_none() -> Result<()> {
        let gaussian = |[a, b, c, d]: [f64; 4]| Gaussian::from_moments(&[0.0; 2], &[[a, b], [c, d]], &Device::Cpu);
        let rows = |rows: &[&[f64]]| Gaussian::from_moments(&[0.0; 2], rows, &Device::Cpu);
        says(rows(&[&[1.0, 0.0]]), &["the covariance has shape [1]", "[2]"]);
        says(rows(&[&[1.0, 0.0], &[1.0]]), &["a row of the covariance has shape [1]", "[2]"]);
        says(gaussian([1.0, 1.0, 1.0, 1.0]), &["not positive definite", "axis 1", "leave it out"]);
        says(gaussian([0.0, 0.0, 0.0, 1.0]), &["not positive definite", "axis 0"]);
        says(gaussian([1.0, f64::NAN, f64::NAN, 1.0]), &["row 1, column 0 of the covariance", "NaN", "finite"]);
        says(gaussian([1.0, 2.0, 2.0, 1.0]), &["axes 1 and 0", "the covariance 2", "at most 1", "standard deviations"]);
        says(gaussian([1.0, 0.0, 0.0, -1.0]), &["indefinite", "axis 1", "negative variance"]);
        // Only one of the two triangles can be the truth.
        says(gaussian([1.0, 0.5, -0.5, 1.0]), &["axes 1 and 0", "-0.5", "symmetric"]);
        Ok(())
    }
}
