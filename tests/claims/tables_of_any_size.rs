//! A table is what stands in its file, however large it is, in however many pieces it is read, and by however many cores.

use anyhow::{Context, Result, ensure};
use candle_core::Tensor;
use candle_mle::table::{Column, Reading};
use candle_mle::{Empirical, Labelled, Table};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::common::{CPU, host};

fn read(text: &str) -> candle_mle::Result<Table> {
    Table::from_reader(text.as_bytes(), None)
}

/// Every number is the double nearest to what is written, as Rust's own parser finds it.
#[test]
fn numbers_are_read_exactly() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut texts: Vec<String> =
        ["0", "-0", "+1", ".5", "5.", "-.5", "1e5", "-1E-5", "9007199254740993", "0.1", "1e-320"]
            .map(String::from)
            .into();
    texts.extend(
        ["12345678", "123456789", "1234567890123456789", "12345678901234567890", "0.00000000000000000000001"]
            .map(String::from),
    );
    for _ in 0..20_000 {
        let value = rng.random_range(-1.0..1.0) * 10f64.powi(rng.random_range(-12..15));
        let decimals = rng.random_range(0..20);
        texts.push(match rng.random_range(0..4) {
            0 => format!("{value}"),
            1 => format!("{value:e}"),
            _ => format!("{value:.decimals$}"),
        });
    }
    let table = read(&format!("x,y\n{}", texts.iter().map(|text| format!("{text},a\n")).collect::<String>()))?;
    for (text, number) in texts.iter().zip(table.numbers("x")?) {
        assert_eq!(number.to_bits(), text.parse::<f64>()?.to_bits(), "{text}");
    }
    Ok(())
}

/// Some megabytes with all that a file may hold, and what should be found in it.
fn large(quotes: bool) -> (String, Vec<f64>, Vec<String>) {
    let (mut text, mut numbers, mut words) =
        (String::from("\u{feff}# of a logger\nnumber,word,note\n"), vec![], vec![]);
    for row in 0..150_000u32 {
        let number = f64::from(row.wrapping_mul(2_654_435_761) >> 8) / 1e3;
        // New words as the file goes on, so that a piece has others than those before it.
        let word = if row % 7 == 0 {
            format!("late {}", row / 30_000)
        } else {
            ["Ulm", "Köln", "no"][row as usize % 3].into()
        };
        let note = match row % 5 {
            0 if quotes => "\"two\nlines, and a \"\"word\"\"\"",
            1 if quotes => " \"quoted\" ",
            2 => "",
            _ => "plain",
        };
        text.push_str(&format!("{number},{word} ,{note}{}", if row % 11 == 0 { "\r\n" } else { "\n" }));
        if row % 1000 == 999 {
            text.push_str(["\n", "  \t\n", ",,\n", "# a comment\n"][row as usize / 1000 % 4]);
        }
        numbers.push(number);
        words.push(word);
    }
    (text, numbers, words)
}

#[test]
fn a_large_file_is_read_whole_and_in_order() -> Result<()> {
    for quotes in [false, true] {
        let (text, numbers, words) = large(quotes);
        ensure!(text.len() > 2 << 20, "{} bytes are one piece", text.len());
        for threads in [1, 2, 7] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
            let table = pool.install(|| read(&text))?;
            ensure!(table.numbers("number")? == numbers, "other numbers by {threads}");
            assert_eq!(table.columns()[1].1, Column::categories(words.iter().cloned()), "{threads}");
            assert_eq!(table.columns()[2].1.distinct(), if quotes { 4 } else { 2 });
            let notes = table.notes().join("; ");
            ensure!(
                notes.contains("38 lines left out as comments") && notes.contains("37 lines left out, in which"),
                "{notes}"
            );
        }
    }
    Ok(())
}

/// What is wrong far down is said with its line, as an editor counts.
#[test]
fn a_fault_far_down_has_its_line() -> Result<()> {
    for quotes in [false, true] {
        let (text, ..) = large(quotes);
        let from = text.len() * 4 / 5;
        let at = from + text[from..].find("\n57").or_else(|| text[from..].find("\n1")).context("a row")? + 1;
        let end = at + text[at..].find(',').context("a cell")?;
        let line = 1 + text[..at].matches('\n').count();
        let put = |cell: &str| format!("{}{cell}{}", &text[..at], &text[end..]);
        let message = |text: &str| read(text).and_then(|t| t.numbers("number").map(drop)).map_err(|e| e.to_string());
        for (cell, says) in [
            ("five", "holds 'five': most cells of this column are numbers"),
            ("1e999", "finite numbers are needed"),
            ("$5", "a sign of a currency"),
            ("7%", "some numbers of this column are per cent"),
            ("NA", "holds 'NA': a mark of a missing value in a column of numbers"),
            ("1,2", "4 cells, but the header has 3"),
        ] {
            let found = message(&put(cell)).err().context(cell.to_string())?;
            // Of per cent among numbers the first number is the one that is shown.
            let line = if cell == "7%" { 3 } else { line };
            ensure!(
                found.contains(&format!("line {line}")) && found.contains(says),
                "{cell}: line {line}, not '{found}'"
            );
        }
        // As levels, if that is said, each as it is written.
        let levels = Reading { categorical: vec!["number".into()], ..Reading::default() };
        let table = levels.reader(put("007").as_bytes())?;
        let Column::Categories { levels, .. } = &table.columns()[0].1 else { anyhow::bail!("no levels") };
        ensure!(levels.iter().any(|level| level == "007"));
    }
    Ok(())
}

/// Rows that repeat are one, in order of first sight, and what differs in a last digit is another.
#[test]
fn equal_rows_are_one_and_no_others() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let next = f64::from_bits(0.3f64.to_bits() + 1);
    let kinds = [0.0, -0.0, 0.3, next, -0.3, 1.0, f64::MIN_POSITIVE, 1e300];
    let rows = 30_000;
    let x: Vec<[f64; 2]> = (0..rows).map(|_| [(); 2].map(|()| kinds[rng.random_range(0..kinds.len())])).collect();
    let y: Vec<u32> = (0..rows).map(|_| rng.random_range(0..3)).collect();
    let (mut seen, mut count): (Vec<([f64; 2], u32)>, Vec<f64>) = (vec![], vec![]);
    for (x, y) in x.iter().zip(&y) {
        match seen.iter().position(|other| other == &(*x, *y)) {
            Some(at) => count[at] += 1.0,
            None => {
                seen.push((*x, *y));
                count.push(1.0);
            }
        }
    }
    let batch = Labelled::new(Tensor::from_vec(x.concat(), (rows, 2), &CPU)?, Tensor::from_vec(y, rows, &CPU)?)?;
    let p = Empirical::from_sample(batch)?;
    assert_eq!(host(p.count())?, count);
    let first: Vec<f64> = seen.iter().flat_map(|(x, _)| *x).collect();
    assert_eq!(host(p.batch().x())?, first);
    // H(Y|X), by hand.
    let entropy = seen.iter().zip(&count).map(|((x, _), c)| {
        let all: f64 = seen.iter().zip(&count).filter(|((other, _), _)| other == x).map(|(_, c)| c).sum();
        c / rows as f64 * (all / c).ln()
    });
    ensure!((p.entropy().nats() - entropy.sum::<f64>()).abs() < 1e-12);
    Ok(())
}
