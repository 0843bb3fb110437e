//! A table is the same from a file, packed by gzip, or from standard input; and of a file that is no whole table nothing is fitted.

use std::fs::File;
use std::io::Write;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};

use crate::{command, done, files, said, with_titanic};

const FIT: &str = "fit --target survived --count count --no-pictures";

fn packed(text: &[u8]) -> Result<Vec<u8>> {
    let mut gzip = flate2::write::GzEncoder::new(vec![], flate2::Compression::default());
    gzip.write_all(text)?;
    Ok(gzip.finish()?)
}

#[test]
fn one_table_by_every_way() -> Result<()> {
    let place = with_titanic()?;
    let folder = place.path();
    let csv = std::fs::read(folder.join("titanic.csv"))?;
    std::fs::write(folder.join("packed.csv.gz"), packed(&csv)?)?;
    // By its first bytes, whatever it is called; and of two parts, one behind the other.
    let (first, rest) = csv.split_at(200);
    std::fs::write(folder.join("parts.csv"), [packed(first)?, packed(rest)?].concat())?;
    let plain = done(folder, &format!("{FIT} --csv titanic.csv --out plain"))?;
    ensure!(plain.status.success(), "{}", said(&plain));
    let plain = files(&folder.join("plain"))?;
    for (name, out) in [("packed.csv.gz", "packed"), ("parts.csv", "parts")] {
        let run = done(folder, &format!("{FIT} --csv {name} --out {out}"))?;
        ensure!(run.status.success(), "{}", said(&run));
        ensure!(files(&folder.join(out))? == plain, "{name}");
    }
    for name in ["titanic.csv", "packed.csv.gz"] {
        let run = command(folder, &format!("{FIT} --csv -")).stdin(File::open(folder.join(name))?).output()?;
        ensure!(run.status.success(), "{}", said(&run));
        ensure!(files(&folder.join("plots/fit/stdin"))? == plain, "standard input, {name}");
    }
    // Its folder is called after the table, as of one that is not packed.
    ensure!(done(folder, &format!("{FIT} --csv packed.csv.gz"))?.status.success());
    ensure!(folder.join("plots/fit/packed/log.csv").exists());
    Ok(())
}

#[test]
fn half_a_table_is_none() -> Result<()> {
    let place = with_titanic()?;
    let folder = place.path();
    let csv = std::fs::read(folder.join("titanic.csv"))?;
    let whole = packed(&csv)?;
    std::fs::write(folder.join("cut.csv.gz"), &whole[..whole.len() - 20])?;
    let mut broken = whole.clone();
    let middle = broken.len() / 2;
    broken[middle] ^= 0xff;
    std::fs::write(folder.join("broken.csv.gz"), broken)?;
    for name in ["cut.csv.gz", "broken.csv.gz"] {
        let refused = done(folder, &format!("{FIT} --csv {name}"))?;
        let words = said(&refused);
        ensure!(
            refused.status.code() == Some(1) && words.contains(&format!("cannot unpack the gzip of {name}: ")),
            "{words}"
        );
    }
    let nothing = command(folder, &format!("{FIT} --csv -")).stdin(Stdio::null()).output()?;
    ensure!(nothing.status.code() == Some(1) && !said(&nothing).contains("panicked"), "{}", said(&nothing));
    ensure!(!folder.join("plots").exists(), "a refusal leaves files");
    Ok(())
}

/// A table in Parquet, as pyarrow wrote it: a column of each kind, with nulls, packed by zstd.
#[test]
fn a_parquet_file_is_read_or_says_what_reads_it() -> Result<()> {
    let place = tempfile::tempdir()?;
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/commands/kinds.parquet");
    std::fs::copy(&data, place.path().join("kinds.parquet")).context("kinds.parquet")?;
    let line = "measure --csv kinds.parquet --target y --missing drop --json";
    if cfg!(feature = "parquet") {
        // A date is one, whatever it comes in.
        let refused = done(place.path(), line)?;
        ensure!(refused.status.code() == Some(1) && said(&refused).contains("a date"), "{}", said(&refused));
    }
    let run = done(place.path(), &format!("{line} --categorical day"))?;
    let words = said(&run);
    if cfg!(feature = "parquet") {
        ensure!(run.status.success(), "{words}");
        let of: serde_json::Value = serde_json::from_slice(&run.stdout)?;
        let kinds: Vec<_> = of["columns"]
            .as_array()
            .context("columns")?
            .iter()
            .map(|c| (c["column"].as_str(), c["kind"].as_str()))
            .collect();
        let expected = [
            ("x", "numbers"),
            ("code", "categories"),
            ("whole", "numbers"),
            ("yes", "categories"),
            ("day", "categories"),
            ("y", "categories"),
        ];
        assert_eq!(kinds, expected.map(|(name, kind)| (Some(name), Some(kind))));
        ensure!(of["n"] == 199.0, "{words}");
    } else {
        ensure!(run.status.code() == Some(1) && words.contains("--features parquet"), "{words}");
    }
    Ok(())
}
