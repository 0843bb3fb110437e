//! What a column is, which levels it has, what is missing and what its reader should know is said of rows in an engine as of a table.

use std::path::Path;
use std::sync::Arc;

use candle_mle::batch::host;
use candle_mle::table::{Missing, Reading};
use candle_mle::{Design, Table};
use candle_mle_sql::{Asked, Described, Engine};

use crate::a_likelihood_is_a_sum::ALL;
use crate::{Outcome, name};

/// Cells of a, b and the class y, line by line; what is asked of them, and what is to be heard of it.
struct Odd {
    lines: &'static [&'static str],
    reading: Reading,
    terms: &'static [&'static str],
    heard: &'static str,
}

fn odd(heard: &'static str, lines: &'static [&'static str]) -> Odd {
    Odd { lines, reading: Reading::default(), terms: &[], heard }
}

fn tables() -> Vec<Odd> {
    let missing = |missing| Reading { missing, ..Reading::default() };
    let plain = &["1,u,no", "2,v,yes", "3.5,u,yes", "4,v,no", "5,u,no", "7,w,yes"];
    let holes = &["1,u,no", "NA,v,yes", "3.5,?,yes", "4,v,no", "5,u,no", "7,w,yes", ",u,no"];
    vec![
        odd("read a: numbers, b: 3 categories (base u)", plain),
        Odd {
            terms: &["a*b", "I(a^2)"],
            ..odd(
                "",
                &[
                    "1,u,no",
                    "2,v,yes",
                    "3.5,u,yes",
                    "4,v,no",
                    "5,u,no",
                    "7,w,yes",
                    "8,w,no",
                    "9.5,v,yes",
                    "2.5,w,no",
                    "4.5,u,yes",
                ],
            )
        },
        Odd {
            reading: missing(Missing::Drop),
            ..odd("3 of 7 rows left out: a cell is missing in a (2), b (1)", holes)
        },
        odd("a mark of a missing value", holes),
        Odd {
            reading: missing(Missing::Level),
            ..odd("", &["1,u,no", "2,,yes", "3,?,yes", "4,v,no", "5,u,no", "6,v,yes", "7.5,,no"])
        },
        Odd {
            reading: Reading { marks: vec!["-9".into()], missing: Missing::Drop, ..Reading::default() },
            ..odd("1 of 6 rows left out", &["1,u,no", "-9,v,yes", "3.5,u,yes", "4,v,no", "5,u,no", "7,w,yes"])
        },
        odd(
            "some numbers of this column have a decimal comma",
            &["\"1,5\",u,no", "2.5,v,yes", "\"3,5\",u,yes", "4,v,no"],
        ),
        odd("", &["\"1,5\",u,no", "2,v,yes", "\"3,5\",u,yes", "4,v,no", "\"4,25\",u,yes", "9,v,no"]),
        odd("a: numbers in per cent", &["5 %,u,no", "2%,v,yes", "3.5%,u,yes", "4 %,v,no", "7%,v,yes"]),
        odd("", &["−1,u,no", "2,v,yes", "−3.5,u,yes", "4,v,no", "6,v,yes"]),
        odd("", &["1,TRUE,no", "2.5,true,yes", "3,False,yes", "4,FALSE,no", "8,true,no"]),
        odd("a date", &["2020-01-31,u,no", "2020-02-01,v,yes", "2020-03-05,u,yes", "2021-01-01,v,no"]),
        odd("most cells of this column are numbers", &["1,u,no", "2,v,yes", "three,u,yes", "4,v,no", "5,u,no"]),
        odd("a sign of a currency", &["$1,u,no", "$2,v,yes", "$3,u,yes", "$4,v,no"]),
        odd("left out, holding one value only: a (3)", &["3,u,no", "3,v,yes", "3,u,yes", "3,v,no"]),
        odd("apart from all other numbers", &["1,u,no", "2,v,yes", "3,u,yes", "999,v,no", "4,v,yes", "1.5,u,no"]),
        odd("holds few different whole numbers", &["1,u,no", "2,v,yes", "3,u,yes", "1,v,no", "2,u,no", "3,v,yes"]),
        odd("zeros in front", &["007,u,no", "12,v,yes", "103,u,yes", "54,v,no", "66,u,yes"]),
        Odd {
            reading: Reading { categorical: vec!["a".into()], ..Reading::default() },
            ..odd("read a: 3 categories (base 2)", &["10,u,no", "2,v,yes", "3,u,yes", "10,v,no", "2,u,no", "3,v,yes"])
        },
        odd("", &[" 1 , u ,no", "2,v , yes ", "3.5, u,yes", "4,v,no"]),
        odd("finite numbers are needed", &["1,u,no", "inf,v,yes", "3.5,u,yes", "4,v,no"]),
        odd("every other column has one level or one value", &["1,u,no", "1,u,yes", "1,u,yes"]),
        odd("only the class", &["1,u,no", "2,v,no", "3,u,no"]),
    ]
}

fn by_table(odd: &Odd, text: &str) -> candle_mle::Result<Design> {
    let table = odd.reading.text("the query".into(), text.into())?;
    table.design("y").from(odd.terms.iter().copied()).build()
}

fn by_engine(odd: &Odd, text: &str, folder: &Path) -> candle_mle_sql::Result<Described> {
    let file = folder.join(format!("{}.csv", text.len()));
    std::fs::write(&file, text).expect("it is written");
    let engine = Arc::new(Engine::within(1 << 28, 3)?);
    engine.open(&[name(&file)], false)?;
    let ask = |table: &Table| Ok(Asked::of(&table.design("y").from(odd.terms.iter().copied()))?);
    Described::of(&engine, ALL, &odd.reading, &[], ask)
}

fn same(odd: &Odd, own: &Described, known: &Design) -> Outcome {
    assert_eq!(own.names, known.names, "{:?}", odd.lines);
    assert_eq!(own.rows.n(), known.p.total());
    let (map, other) = (own.rows.standardize()?, known.p.standardize()?);
    for (own, known) in [(map.shift(), other.shift()), (map.scale(), other.scale())] {
        for (own, known) in host(own)?.iter().zip(host(known)?) {
            assert!((own - known).abs() <= 1e-9 * known.abs().max(1.0), "{:?}: {own} {known}", odd.lines);
        }
    }
    Ok(())
}

#[test]
fn of_few_rows_in_the_same_words() -> Outcome {
    let folder = tempfile::tempdir()?;
    for odd in tables() {
        let text = format!("a,b,y\n{}\n", odd.lines.join("\n"));
        let said = match (by_engine(&odd, &text, folder.path()), by_table(&odd, &text)) {
            (Ok(own), Ok(known)) => {
                same(&odd, &own, &known)?;
                assert_eq!(own.notes, known.notes, "{:?}", odd.lines);
                own.notes.join("\n")
            }
            (Err(own), Err(known)) => {
                assert_eq!(own.to_string(), known.to_string(), "{:?}", odd.lines);
                own.to_string()
            }
            (own, known) => {
                return Err(format!("{:?}: {:?} {:?}", odd.lines, own.map(|o| o.names), known.map(|k| k.names)).into());
            }
        };
        assert!(said.contains(odd.heard), "{:?}: {said}", odd.lines);
    }
    Ok(())
}

/// Of so many rows that a table stands for them: with a column that never repeats.
#[test]
fn of_many_rows_the_same_columns_and_levels() -> Outcome {
    let folder = tempfile::tempdir()?;
    for odd in tables() {
        let mut text = "a,b,c,y\n".to_string();
        for row in 0..12_000 {
            let line = odd.lines[row % odd.lines.len()];
            let (cells, class) = line.rsplit_once(',').ok_or("three cells")?;
            text.push_str(&format!("{cells},{},{class}\n", 0.37 * row as f64 + 0.001));
        }
        match (by_engine(&odd, &text, folder.path()), by_table(&odd, &text)) {
            (Ok(own), Ok(known)) => {
                same(&odd, &own, &known)?;
                let left = |notes: &[String]| {
                    notes.iter().filter(|note| note.contains("left out")).cloned().collect::<Vec<_>>()
                };
                assert_eq!(left(&own.notes), left(&known.notes));
                if odd.heard.starts_with("read") {
                    assert!(
                        own.notes.iter().any(|note| note.starts_with(odd.heard.split(" (").next().unwrap_or(""))),
                        "{:?}",
                        own.notes
                    );
                }
            }
            (Err(own), Err(_)) => {
                let own = own.to_string();
                assert!(own.contains("'a'") || own.contains("'b'") || own.contains("'y'"), "{own}");
                assert!(!own.contains("line") || own.contains("a table that stands for 12000 rows"), "{own}");
            }
            (own, known) => {
                return Err(format!("{:?}: {:?} {:?}", odd.lines, own.map(|o| o.names), known.map(|k| k.names)).into());
            }
        }
    }
    Ok(())
}
