//! A log is streamed while the fit runs, to as many places as are named; what is left at its end is whole.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{command, done, files, said, with_titanic};

const FIT: &str = "fit --csv titanic.csv --target survived --count count --no-pictures";

/// The contents of TensorBoard's records: a length, its checksum, as many bytes, their checksum.
fn records(mut file: &[u8]) -> Result<Vec<&[u8]>> {
    let mut records = vec![];
    while !file.is_empty() {
        let length: [u8; 8] = file.get(..8).context("half a length")?.try_into()?;
        let length = u64::from_le_bytes(length) as usize;
        records.push(file.get(12..12 + length).context("half a record")?);
        file = file.get(16 + length..).context("no checksum")?;
    }
    Ok(records)
}

#[test]
fn every_sink_has_every_step() -> Result<()> {
    let place = with_titanic()?;
    let run = done(place.path(), &format!("{FIT} --log csv,json,tensorboard --lr 0.5 --steps 50 --out out"))?;
    ensure!(run.status.success(), "{}", said(&run));
    let left = files(&place.path().join("out"))?;
    ensure!(!left.keys().any(|name| name.starts_with("running")), "{:?}", left.keys());
    let csv = String::from_utf8(left["log.csv"].clone())?;
    let json = String::from_utf8(left["log.jsonl"].clone())?;
    ensure!(csv.lines().count() == 52 && json.lines().count() == 51);
    for (csv, json) in csv.lines().skip(1).zip(json.lines()) {
        let (cells, row): (Vec<&str>, Value) = (csv.split(',').collect(), serde_json::from_str(json)?);
        ensure!(row["step"].as_u64() == cells[0].parse().ok(), "{json}");
        for (name, cell) in ["kl_bits", "cross_entropy_bits", "nll_bits"].iter().zip(&cells[1..]) {
            let (value, cell): (f64, f64) = (row[name].as_f64().context("no number")?, cell.parse()?);
            // Not every reader of JSON keeps the last bit.
            ensure!((value - cell).abs() <= 1e-15 * cell.abs(), "{name}: {json}, {csv}");
        }
    }
    let events = left.iter().find(|(name, _)| name.starts_with("events.out.tfevents.")).context("no events")?;
    let events = records(events.1)?;
    // The version, a start, a record a step, and one for each place of the logarithmic axis.
    ensure!(events.len() == 2 + 51 + 51, "{}", events.len());
    ensure!(events[0].ends_with(b"brain.Event:2"));
    let has = |record: &[u8], tag: &str| record.windows(tag.len()).any(|part| part == tag.as_bytes());
    for tag in ["bits per observation/kl", "bits per observation/cross_entropy", "bits in all/nll"] {
        ensure!(events[2..].iter().all(|record| has(record, tag)), "{tag}");
    }
    Ok(())
}

#[test]
#[cfg(unix)]
fn while_it_runs_whole_lines_are_there_and_a_resumed_run_leaves_the_same_log() -> Result<()> {
    let place = with_titanic()?;
    let long = "--log csv,json --lr 0.5 --steps 20000 --checkpoint 500";
    let whole = done(place.path(), &format!("{FIT} {long} --out whole"))?;
    ensure!(whole.status.success(), "{}", said(&whole));
    let mut run = command(place.path(), &format!("{FIT} {long} --out out")).spawn()?;
    let (started, running) = (Instant::now(), place.path().join("out/running.jsonl"));
    let mut seen = String::new();
    while seen.lines().count() < 600 {
        ensure!(started.elapsed() < Duration::from_secs(60), "nothing is streamed");
        std::thread::sleep(Duration::from_millis(2));
        seen = std::fs::read_to_string(&running).unwrap_or_default();
    }
    run.kill()?;
    run.wait()?;
    for line in seen.lines() {
        serde_json::from_str::<Value>(line).with_context(|| line.to_string())?;
    }
    let resumed = done(place.path(), "resume out")?;
    ensure!(resumed.status.success(), "{}", said(&resumed));
    let [whole, left] = ["whole", "out"].map(|folder| files(&place.path().join(folder)));
    let (whole, left) = (whole?, left?);
    ensure!(left.keys().eq(whole.keys()), "{:?}", left.keys());
    ensure!(left == whole, "a resumed run leaves another log");
    Ok(())
}

#[test]
fn of_a_run_that_fails_the_stream_is_left_under_its_own_name() -> Result<()> {
    let place = with_titanic()?;
    let good = done(place.path(), &format!("{FIT} --log json,csv --out out"))?;
    ensure!(good.status.success(), "{}", said(&good));
    let before = files(&place.path().join("out"))?;
    let bad = done(place.path(), &format!("{FIT} --log json,csv --lr 1000 --out out"))?;
    ensure!(bad.status.code() == Some(1) && said(&bad).contains("log-of-failed-run.csv"), "{}", said(&bad));
    let after = files(&place.path().join("out"))?;
    ensure!(
        after.contains_key("log-of-failed-run.jsonl") && !after.keys().any(|name| name.starts_with("running")),
        "{:?}",
        after.keys()
    );
    for (name, content) in &before {
        ensure!(after.get(name) == Some(content), "{name} is lost");
    }
    Ok(())
}
