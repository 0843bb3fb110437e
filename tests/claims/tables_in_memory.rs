//! A table need not be a file: bytes read as one, columns that are in memory already, counts beside them, a part of the rows.

use std::error::Error as _;

use anyhow::{Context, Result, ensure};
use candle_mle::table::Column;
use candle_mle::{Error, Table, info};

use crate::common::{self, host};

const CSV: &str =
    "dose,place,answer,people\n1,Ulm,no,3\n2,Bonn,no,1\n3,Ulm,yes,4\n2,Köln,yes,1.5\n1,Bonn,yes,5\n3,Köln,no,0\n";

fn told<T>(refused: candle_mle::Result<T>, says: &[&str]) -> Result<Error> {
    let error = refused.err().context("it was not refused")?;
    let message = format!("{error} {}", error.source().map(ToString::to_string).unwrap_or_default());
    ensure!(says.iter().all(|part| message.contains(part)), "'{message}' does not say {says:?}");
    Ok(error)
}

/// The same rows, counts and names, whatever is asked.
fn same(a: &Table, b: &Table) -> Result<()> {
    assert_eq!((a.columns(), a.count(), a.rows()), (b.columns(), b.count(), b.rows()));
    let (a, b) = (a.design("answer").build()?, b.design("answer").build()?);
    assert_eq!(a.names, b.names);
    assert_eq!(host(a.p.batch().x())?, host(b.p.batch().x())?);
    assert_eq!((host(a.p.batch().y())?, host(a.p.count())?), (host(b.p.batch().y())?, host(b.p.count())?));
    Ok(())
}

#[test]
fn bytes_are_a_table_as_a_file_is() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("table.csv");
    let odd = format!("\u{feff}{}", CSV.replace('\n', "\r\n").replace("Ulm", "\" Ulm \""));
    for csv in [CSV, &odd] {
        std::fs::write(&path, csv)?;
        for count in [None, Some("people")] {
            same(&Table::read(&path, count)?, &Table::from_reader(csv.as_bytes(), count)?)?;
        }
    }
    // And so are their errors, but for the name.
    for (csv, count) in [
        ("", None),
        ("x,y\n", None),
        ("x,y\n1,a\n2\n", None),
        ("x,y\n1,\"a\n", None),
        ("x,x\n1,2\n", None),
        ("x,y\n1,2\n", Some("z")),
        ("x,y\n1,-2\n", Some("y")),
        ("x,y\n1,0\n", Some("y")),
    ] {
        std::fs::write(&path, csv)?;
        let of_file = Table::read(&path, count).err().context("a file")?.to_string();
        let of_bytes = Table::from_reader(csv.as_bytes(), count).err().context("bytes")?.to_string();
        assert_eq!(of_file.replace(&path.display().to_string(), "the table"), of_bytes);
    }
    let latin: &[u8] = b"x,y\n1,caf\xe9\n";
    told(Table::from_reader(latin, None), &["the table, line 2", "UTF-8"])?;
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the line was cut"))
        }
    }
    let error = told(Table::from_reader(Broken, None), &["cannot read the table", "the line was cut"])?;
    // What the system said is the source, for programs to ask, and stands in the message once.
    let system = error.source().and_then(|source| source.downcast_ref::<std::io::Error>()).context("no source")?;
    assert!(system.to_string() == "the line was cut" && !error.to_string().contains("cut"), "{error}");
    Ok(())
}

fn in_memory() -> candle_mle::Result<Table> {
    Table::from_columns([
        ("dose", Column::Numbers(vec![1.0, 2.0, 3.0, 2.0, 1.0, 3.0])),
        ("place", Column::categories(["Ulm", "Bonn", "Ulm", "Köln", "Bonn", "Köln"])),
        ("answer", Column::categories(["no", "no", "yes", "yes", "yes", "no"])),
    ])
}

#[test]
fn columns_are_a_table_as_bytes_are() -> Result<()> {
    let with_counts = in_memory()?.with_counts(&[3.0, 1.0, 4.0, 1.5, 5.0, 0.0])?;
    same(&with_counts, &Table::from_reader(CSV.as_bytes(), Some("people"))?)?;
    assert_eq!(in_memory()?.count(), [1.0; 6]);
    // Levels are sorted, not in order of first sight.
    let Column::Categories { levels, codes } = Column::categories(["b", "a", "b"]) else { anyhow::bail!("numbers") };
    assert_eq!(
        (levels.as_slice(), codes.as_slice()),
        (["a".to_string(), "b".to_string()].as_slice(), [1, 0, 1].as_slice())
    );
    let place = &in_memory()?.columns()[1].1.clone();
    assert_eq!((place.len(), place.is_empty(), place.text(3)), (6, false, "Köln".into()));
    assert_eq!(in_memory()?.columns()[0].1.text(1), "2");
    Ok(())
}

#[test]
fn columns_that_make_no_table_are_refused() -> Result<()> {
    let numbers = |values: &[f64]| Column::Numbers(values.to_vec());
    let one = |name: &'static str, column: Column| Table::from_columns([(name, column)]);
    let none: [(&str, Column); 0] = [];
    let refused = told(Table::from_columns(none), &["the table is empty", "row"])?;
    ensure!(matches!(refused, Error::Info(info::Error::Empty { .. })));
    told(one("x", numbers(&[])), &["the table is empty", "row"])?;
    let two = |a: &'static str, b: &'static str, column: Column| {
        Table::from_columns([(a, numbers(&[1.0, 2.0])), (b, column)])
    };
    told(two("x", "y", numbers(&[1.0, 2.0, 3.0])), &["column 'y'", "3 rows", "2"])?;
    told(two("x", "x", numbers(&[1.0, 2.0])), &["the table", "two columns are named 'x'"])?;
    told(two("x", "", numbers(&[1.0, 2.0])), &["the table", "column 2 of 2 has no name"])?;
    told(one("", numbers(&[1.0])), &["column ''", "no name"])?;
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let refused = told(two("x", "y", numbers(&[1.0, bad])), &["row 1, column 1", "finite"])?;
        ensure!(matches!(refused, Error::Info(info::Error::NotFinite { row: 1, column: 1, .. })), "{refused}");
    }
    let beyond = Column::Categories { levels: vec!["a".into(), "b".into()], codes: vec![0, 2] };
    told(two("x", "y", beyond), &["column 'y'", "code 2 has no level", "2"])?;
    Ok(())
}

#[test]
fn counts_that_are_none_are_refused() -> Result<()> {
    let with = |counts: &[f64]| in_memory().and_then(|table| table.with_counts(counts));
    let refused = told(with(&[1.0; 5]), &["the counts", "[5]", "(6,)"])?;
    ensure!(matches!(refused, Error::Info(info::Error::Shape { .. })));
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        let refused = told(with(&[1.0, 2.0, bad, 1.0, 1.0, 1.0]), &["row 2", "≥ 0"])?;
        ensure!(matches!(refused, Error::Count { row: 2, .. }), "{refused}");
    }
    let refused = told(with(&[0.0; 6]), &["all 6 counts are zero"])?;
    ensure!(matches!(refused, Error::NothingObserved { rows: 6 }));
    Ok(())
}

#[test]
fn a_part_of_the_rows_knows_nothing_of_the_others() -> Result<()> {
    let table = Table::from_reader(CSV.as_bytes(), Some("people"))?;
    let part = table.filter("place", &["Ulm", "Bonn"])?;
    assert_eq!((part.rows(), part.count()), (4, [3.0, 1.0, 4.0, 5.0].as_slice()));
    assert_eq!(part.columns()[0].1, Column::Numbers(vec![1.0, 2.0, 3.0, 1.0]));
    assert_eq!(part.columns()[1].1, Column::categories(["Ulm", "Bonn", "Ulm", "Bonn"]));
    // Köln is gone: it is no column of the design, and no level that could be a base.
    assert_eq!(part.design("answer").build()?.names.columns, ["dose", "place Ulm"]);
    told(part.design("answer").base("place", "Köln").build(), &["'place'", "no level 'Köln'", "Bonn, Ulm"])?;
    // In the order of the rows, whatever order was asked for; the levels that are left keep theirs.
    assert_eq!(table.filter("place", &["Bonn", "Ulm"])?.columns(), part.columns());
    assert_eq!(
        table.filter("place", &["Köln", "Bonn"])?.columns()[1].1,
        Column::categories(["Bonn", "Köln", "Bonn", "Köln"])
    );
    // Of numbers as they are written.
    assert_eq!(table.filter("dose", &["2"])?.count(), [1.0, 1.5]);
    assert_eq!(table.filter("dose", &["2.0", "3"])?.rows(), 4);
    // Once more, and on to a class that has become the only one.
    let one = part.filter("answer", &["yes"])?;
    assert_eq!((one.rows(), one.count().iter().sum::<f64>()), (2, 9.0));
    told(one.design("answer").outcomes(), &["column 'answer'", "only the class 'yes'"])?;

    told(table.filter("place", &["Ulm", "Rom"]), &["column 'place'", "'Rom' does not occur"])?;
    told(table.filter("dose", &["4"]), &["column 'dose'", "'4' does not occur"])?;
    told(table.filter("dose", &["two"]), &["'two' does not occur"])?;
    told(table.filter("town", &["Ulm"]), &["no column 'town'", "dose, place, answer"])?;
    told(table.filter("people", &["3"]), &["column 'people'", "taken as the counts"])?;
    let nothing: [&str; 0] = [];
    told(table.filter("place", &nothing), &["what is left of the table is empty", "row"])?;
    // The line of the file stays with its row.
    let bad = Table::from_reader("x,y\n1,a\n2,b\n3,b\n4,a\n".as_bytes(), None)?.filter("x", &["3", "4"])?;
    told(bad.numbers("y"), &["line 4", "'b'"])?;
    Ok(())
}

#[test]
fn a_part_is_the_table_that_has_only_those_rows() -> Result<()> {
    let titanic = common::table("titanic", Some("count"))?;
    let part = titanic.filter("class", &["1st", "3rd"])?;
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/titanic.csv"))?;
    let mut lines = text.lines();
    let header = lines.next().context("a header")?;
    let kept: Vec<&str> = lines.filter(|line| line.split(',').any(|cell| cell == "1st" || cell == "3rd")).collect();
    let by_hand = Table::from_reader(format!("{header}\n{}\n", kept.join("\n")).as_bytes(), Some("count"))?;
    assert_eq!((part.columns(), part.count()), (by_hand.columns(), by_hand.count()));
    let (a, b) = (part.design("survived").build()?, by_hand.design("survived").build()?);
    assert_eq!((a.names, a.p.entropy(), a.p.total()), (b.names, b.p.entropy(), b.p.total()));
    Ok(())
}
