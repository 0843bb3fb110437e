//! The different rows of a query and their counts are p̂, in whatever files they lie and in however many parts they are counted.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use candle_mle::maximum_likelihood;
use candle_mle::model::Logistic;
use candle_mle::table::Reading;
use candle_mle::{Parameters, Table};
use candle_mle_sql::{Counts, Engine};
use datafusion::arrow::array::{ArrayRef, Float64Array, StringArray, StructArray};
use datafusion::arrow::datatypes::{DataType, Field};

use crate::{Outcome, Random, name, parquet};

const ALL: &str = "SELECT * FROM data";

/// Passengers: a few different rows, each many times; with a quoted comma, and numbers.
fn passengers(rows: usize) -> Vec<String> {
    let mut random = Random(3);
    let line = |_| {
        let (class, age) = ((3.0 * random.next()) as usize, (4.0 * random.next()) as usize);
        let survived = random.next() < 0.7 - 0.2 * class as f64 + 0.03 * age as f64;
        format!("\"{}, class\",{},{}", ["1st", "2nd", "3rd"][class], 10 * age, if survived { "yes" } else { "no" })
    };
    (0..rows).map(line).collect()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut gzip =
        Command::new("gzip").arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("gzip is there");
    gzip.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("it reads");
    gzip.wait_with_output().expect("it ends").stdout
}

fn csv(lines: &[String]) -> String {
    format!("class,age,survived\n{}\n", lines.join("\n"))
}

#[test]
fn a_fit_of_a_query_is_that_of_the_file_to_the_last_bit() -> Outcome {
    let folder = tempfile::tempdir()?;
    let lines = passengers(5000);
    let file = folder.path().join("all.csv");
    std::fs::write(&file, csv(&lines))?;
    let parts = folder.path().join("parts");
    std::fs::create_dir(&parts)?;
    std::fs::write(parts.join("b.csv"), csv(&lines[..700]))?;
    std::fs::write(parts.join("a.csv"), csv(&lines[700..]))?;
    let packed = folder.path().join("packed.csv.gz");
    std::fs::write(&packed, gzip(&csv(&lines)))?;

    let engine = Engine::within(1 << 30, 2)?;
    engine.open(&[name(&file)], false)?;
    let whole = Counts::of(&engine, ALL, &[], None)?;
    assert_eq!((whole.distinct(), whole.count()), (24, "count"));
    let pattern = parts.join("*.csv");
    for (files, partitions) in [(&file, 1), (&file, 5), (&parts, 2), (&pattern, 3), (&packed, 4)] {
        let engine = Engine::within(1 << 30, partitions)?;
        engine.open(&[name(files)], false)?;
        assert_eq!(Counts::of(&engine, ALL, &[], None)?.rows(), whole.rows(), "{}", files.display());
    }

    let fitted = |table: &Table| -> candle_mle::Result<Vec<Vec<f64>>> {
        let design = table.design("survived").build()?;
        let made = maximum_likelihood(&design.p, |vb| {
            Logistic::new(design.names.columns.len(), vb)?.standardized(design.p.standardize()?)
        })?;
        assert!(made.converged);
        let rows = made.history.rows().iter().map(|row| vec![row.kl, row.cross_entropy, row.nll]).collect();
        Ok(rows)
    };
    // The same p̂ as of a CSV with a column of counts; in the order of its rows the sums are the same bits.
    let sorted = whole.table("the query", &Reading::default())?;
    let mut different: Vec<(String, usize)> = vec![];
    let mut ordered = lines.clone();
    ordered.sort();
    for line in ordered {
        match different.last_mut() {
            Some((last, count)) if *last == line => *count += 1,
            _ => different.push((line, 1)),
        }
    }
    let counted: Vec<String> = different.iter().map(|(line, count)| format!("{line},{count}")).collect();
    let by_hand = format!("class,age,survived,n\n{}\n", counted.join("\n"));
    let by_hand = Table::from_reader(by_hand.as_bytes(), Some("n"))?;
    assert_eq!(fitted(&sorted)?, fitted(&by_hand)?);
    // And the rows one by one have the same maximum.
    let one_by_one = fitted(&Table::read(&file, None)?)?;
    let [of, and] = [&fitted(&sorted)?, &one_by_one].map(|rows| rows.last().expect("a row")[1]);
    assert!((of - and).abs() < 1e-13, "{of} {and}");
    Ok(())
}

#[test]
fn groups_beyond_the_memory_are_written_to_the_disk_and_counted_all_the_same() -> Outcome {
    let sql = "SELECT CAST(value * 7919 % 800000 AS VARCHAR) || ' is a text of some length' AS a, value % 3 AS b \
               FROM generate_series(1, 2400000)";
    let whole = Counts::of(&Engine::within(1 << 30, 2)?, sql, &[], None)?;
    assert_eq!(whole.distinct(), 2_400_000);
    const LITTLE: usize = 96 << 20;
    assert!(whole.rows().get_array_memory_size() > LITTLE);
    let little = Counts::of(&Engine::within(LITTLE, 1)?, sql, &[], None)?;
    assert!(little.rows() == whole.rows());
    Ok(())
}

#[test]
fn a_query_computes_and_filters() -> Outcome {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("doses.csv");
    std::fs::write(&file, "dose,ill\n1,no\n2,no\n2,yes\n4,yes\n4,yes\n9,yes\n")?;
    let engine = Engine::within(1 << 28, 2)?;
    engine.open(&[name(&file)], true)?;
    let sql = "SELECT log2(dose) AS doublings, ill FROM data WHERE dose < 9";
    let table = Counts::of(&engine, sql, &[], None)?.table("the query", &Reading::default())?;
    assert_eq!((table.rows(), table.count()), (4, &[1.0, 1.0, 1.0, 2.0][..]));
    assert_eq!(table.numbers("doublings")?, [0.0, 1.0, 1.0, 2.0]);
    // Only some of its columns, and a column of counts.
    let ill = Counts::of(&engine, "SELECT * FROM data", &["ill".into()], Some("dose"))?;
    let ill = ill.table("the query", &Reading::default())?;
    assert_eq!((ill.rows(), ill.count()), (2, &[3.0, 19.0][..]));
    Ok(())
}

#[test]
fn cells_are_parted_by_what_the_header_is_parted_by() -> Outcome {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("doses.csv");
    for (header, comma) in [("\"a, b\";ill", ";"), ("\"a;b\",ill", ","), ("a b|ill", "|"), ("a b\till", "\t")] {
        let lines = ["1.5", "2.5", "1.5"].map(|cell| format!("{cell}{comma}no"));
        std::fs::write(&file, format!("{header}\n{}\n", lines.join("\n")))?;
        let engine = Engine::within(1 << 28, 2)?;
        engine.open(&[name(&file)], false)?;
        let table = Counts::of(&engine, ALL, &[], None)?.table("the query", &Reading::default())?;
        assert_eq!((table.columns().len(), table.count()), (2, &[2.0, 1.0][..]), "{header}");
    }
    std::fs::write(&file, gzip("Dose;Answer\n0,5;no\n1,5;yes\n0,5;yes\n"))?;
    let packed = folder.path().join("packed.csv.gz");
    std::fs::rename(&file, &packed)?;
    let engine = Engine::within(1 << 28, 2)?;
    engine.open(&[name(&packed)], false)?;
    let table = Counts::of(&engine, ALL, &[], None)?.table("the query", &Reading::default())?;
    assert_eq!(table.numbers("Dose")?, [0.5, 0.5, 1.5]);
    Ok(())
}

#[test]
fn what_cannot_be_read_is_named() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (a, b, c) = (folder.path().join("a.csv"), folder.path().join("b.csv"), folder.path().join("c.txt"));
    std::fs::write(&a, "x,y\n1,2\n")?;
    std::fs::write(&b, "y,x\n1,2\n")?;
    std::fs::write(&c, "x,y\n1,2\n")?;
    let engine = Engine::within(1 << 28, 2)?;
    let said = |files: &[&str]| engine.open(files, false).expect_err("it cannot be read").to_string();
    assert!(said(&["nowhere/*.parquet"]).starts_with("nowhere/*.parquet: no such file"));
    assert!(said(&[name(&c)]).contains("neither .parquet nor .csv"));
    assert!(said(&[name(&a), name(&b)]).contains("its columns are not those of"));
    // What one file lacks the engine would fill with nothing.
    let (d, e) = (folder.path().join("d.parquet"), folder.path().join("e.parquet"));
    let numbers = || -> ArrayRef { Arc::new(Float64Array::from(vec![1.0, 2.0])) };
    parquet(&d, vec![("x", numbers()), ("y", numbers())])?;
    parquet(&e, vec![("x", numbers()), ("z", numbers())])?;
    let other = said(&[name(&d), name(&e)]);
    assert!(other.contains("e.parquet: its columns") && other.contains("'z' stands where there is 'y'"), "{other}");
    for (file, text, heard) in [
        ("empty.csv", "", "it is empty"),
        ("twice.csv", "x,x\n1,2\n", "two columns are called 'x'"),
        ("fake.parquet", "no Parquet", "Corrupt footer"),
    ] {
        let path = folder.path().join(file);
        std::fs::write(&path, text)?;
        let said = said(&[name(&path)]);
        assert!(said.contains(file) && said.contains(heard) && said.matches(heard).count() == 1, "{said}");
    }
    let lists = StringArray::from(vec!["a", "b"]);
    let lists =
        StructArray::from(vec![(Arc::new(Field::new("inner", DataType::Utf8, true)), Arc::new(lists) as ArrayRef)]);
    parquet(&d, vec![("x", numbers()), ("y", Arc::new(lists))])?;
    engine.open(&[name(&d)], false)?;
    let nested = Counts::of(&engine, ALL, &[], None)?.table("the query", &Reading::default());
    assert!(nested.expect_err("no table").to_string().contains("column 'y': it holds several values a row"));
    assert_eq!(Counts::of(&engine, ALL, &engine.columns(ALL, &["y".into()])?, None)?.rows().num_columns(), 2);
    std::fs::write(&c, b"x,y\n1,\xe9\n")?;
    let latin = folder.path().join("latin.csv");
    std::fs::rename(&c, &latin)?;
    let latin = engine.open(&[name(&latin)], false).expect_err("no UTF-8").to_string();
    assert!(latin.contains("latin.csv") && latin.contains("iconv"), "{latin}");

    engine.open(&[name(&a)], false)?;
    let said = |sql: &str| Counts::of(&engine, sql, &[], None).expect_err("it makes no sense").to_string();
    assert!(said("SELECT z FROM data").contains("No field named z"), "{}", said("SELECT z FROM data"));
    assert!(said("SELEKT").contains("SELEKT"), "{}", said("SELEKT"));
    assert!(said("SELECT * FROM data WHERE x = '7'").contains("no rows"));
    Ok(())
}
