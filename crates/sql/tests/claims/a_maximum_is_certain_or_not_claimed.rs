//! Whether a maximum exists is said of rows in an engine as of rows in memory, and what it falls towards where there is none.

use candle_mle::separation::separation;
use candle_mle::{Error, Table};
use candle_mle_sql::{Asked, Engine, Maximum};

use crate::a_likelihood_is_a_sum::all;
use crate::{Outcome, Random, name};

/// The verdict of both on one table, whose last column is the class. Of all rows at once the search in memory may come to no answer;
/// then that of the engine stands alone.
fn alike(text: &str, partitions: usize) -> Result<&'static str, Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("t.csv");
    std::fs::write(&file, text)?;
    let target = text.lines().next().and_then(|line| line.rsplit(',').next()).ok_or("a header")?.to_string();
    let design = Table::from_reader(text.as_bytes(), None)?.design(target.as_str()).build()?;
    let known = separation(&design.p, design.names.classes.len());
    let engine = Engine::within(1 << 28, partitions)?;
    engine.open(&[name(&file)], true)?;
    let rows = all(engine, |table| Ok(Asked::of(&table.design(target.as_str()))?))?.rows;
    Ok(match (rows.maximum()?, known) {
        (Maximum::Finite { .. }, Ok(None) | Err(Error::Undecided { .. })) => "finite",
        (Maximum::None { complete, limit, .. }, Ok(Some(known))) => {
            assert_eq!(complete, known.complete);
            if let Some(limit) = &limit {
                let (own, other) = (limit.infimum.nats(), known.infimum.nats());
                assert!((own - other).abs() <= 1e-9 * other.abs().max(1.0), "{own} {other}");
                for (own, known) in limit.limits(0).concat().iter().zip(known.limits(0).concat()) {
                    let near = (own - known).abs() <= 1e-7 * known.abs().max(1.0);
                    assert!(near || *own == known || own.is_nan() && known.is_nan(), "{own} {known}");
                }
            }
            assert!(limit.is_some() || design.names.classes.len() > 2, "no limit");
            if complete { "complete" } else { "in part" }
        }
        (Maximum::None { complete, .. }, Err(Error::Undecided { .. })) => {
            if complete {
                "complete"
            } else {
                "in part"
            }
        }
        (Maximum::Unknown { why }, _) => return Err(why.into()),
        (Maximum::Finite { by }, _) => return Err(format!("finite by {by} rows, and not in memory").into()),
        (Maximum::None { along, .. }, _) => return Err(format!("none along {along:?}, and not in memory").into()),
    })
}

#[test]
fn of_tables_of_every_kind() -> Outcome {
    let mut random = Random(11);
    let mut table = |rows: usize, columns: usize, class: &dyn Fn(&[f64], f64) -> usize| {
        let header: Vec<String> = (0..columns).map(|at| format!("x{at}")).collect();
        let mut text = format!("{},y\n", header.join(","));
        for row in 0..rows {
            let x: Vec<f64> = (0..columns)
                .map(|at| if at == 1 { f64::from(u8::from(row % 5 == 0)) } else { random.next() - 0.4 })
                .collect();
            let y = class(&x, random.next());
            text.push_str(&format!("{},class {y}\n", x.iter().map(f64::to_string).collect::<Vec<_>>().join(",")));
        }
        text
    };
    let coin = |x: &[f64], u: f64| usize::from(u < 1.0 / (1.0 + (-x[0] - x[2]).exp()));
    let line = |x: &[f64], _: f64| usize::from(x[0] + 0.7 * x[2] > 0.01);
    assert_eq!(alike(&table(20_000, 4, &coin), 3)?, "finite");
    assert_eq!(alike(&table(20_000, 4, &line), 3)?, "complete");
    // A few rows in twenty thousand on the other side, near the line or far.
    assert_eq!(alike(&table(20_000, 4, &|x, u| if u < 4e-4 { 1 - line(x, u) } else { line(x, u) }), 2)?, "finite");
    // A level that is of one class.
    assert_eq!(alike(&table(8_000, 4, &|x, u| if x[1] == 1.0 { 1 } else { coin(x, u) }), 2)?, "in part");
    assert_eq!(alike(&table(8_000, 4, &|x, u| if x[1] == 1.0 { 1 } else { line(x, u) }), 2)?, "complete");
    // Three classes.
    let three = |x: &[f64], u: f64| if u < 0.3 { 2 } else { coin(x, u) };
    assert_eq!(alike(&table(9_000, 4, &three), 3)?, "finite");
    assert_eq!(alike(&table(9_000, 4, &|x, u| if x[1] == 1.0 { 2 } else { coin(x, u) }), 3)?, "in part");
    assert_eq!(alike(&table(4_000, 3, &|x, _| if x[0] > 0.3 { 2 } else { usize::from(x[0] > 0.0) }), 2)?, "complete");
    Ok(())
}

#[test]
fn of_columns_that_depend_on_each_other_and_of_a_row_that_shows_that_they_do_not() -> Outcome {
    // Of the two rows that may be off the line one is of each class.
    let text = |off: [i64; 2]| {
        let mut text = "a,b,y\n".to_string();
        for row in 0..6000_i64 {
            let b = 2 * row + 3 + [4321, 4326].iter().zip(off).find(|(at, _)| **at == row).map_or(0, |(_, off)| off);
            text.push_str(&format!("{row},{b},{}\n", if row * 7919 % 11 < 5 { "no" } else { "yes" }));
        }
        text
    };
    assert_eq!(alike(&text([0, 0]), 2)?, "finite");
    assert_eq!(alike(&text([1_000_000, 1_000_001]), 2)?, "finite");
    assert_eq!(alike(&text([1_000_000, 0]), 2)?, "in part");
    Ok(())
}
