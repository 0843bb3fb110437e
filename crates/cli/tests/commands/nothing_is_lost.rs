//! Where a file cannot be written, or nobody listens any more, the earlier results stay as they were and nothing is half-written.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Result, ensure};

use crate::{command, done, files, said, with_titanic};

const FIT: &str = "fit --csv titanic.csv --target survived --count count --report";

/// What an earlier run left, in bits.
fn earlier(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let run = done(folder, &format!("{FIT} --out out"))?;
    ensure!(run.status.success(), "{}", said(&run));
    files(&folder.join("out"))
}

/// /dev/full is a disk without room.
#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_is_full() -> Result<()> {
    let place = with_titanic()?;
    let before = earlier(place.path())?;
    let out = place.path().join("out");
    for name in [
        "log.csv",
        "parameters.safetensors",
        "coefficients.csv",
        "descent.png",
        "checkpoint.safetensors",
        "report.html",
    ] {
        // Each is written beside, and renamed: here the place beside it is full.
        symlink("/dev/full", out.join(format!(".partial-{name}")))?;
        let run = done(place.path(), &format!("{FIT} --out out --unit nats"))?;
        let words = said(&run);
        ensure!(
            run.status.code() == Some(1) && words.contains("No space left on device") && words.contains(name),
            "{name}: {words}"
        );
        let after = files(&out)?;
        ensure!(after.get(name) == before.get(name), "{name} is not what it was");
        ensure!(!after.keys().any(|name| name.starts_with(".partial-")), "{:?}", after.keys());
        for (name, content) in &before {
            ensure!(after.get(name).is_some_and(|now| now.len() > content.len() / 2), "{name} is half-written");
        }
        // With room again it is as it was, but for the log of the run that failed.
        let _ = std::fs::remove_file(out.join("log-of-failed-run.csv"));
        ensure!(earlier(place.path())? == before, "{name}");
    }
    // What is streamed has no place beside it: the fit ends, and the earlier log stays.
    symlink("/dev/full", out.join("running.jsonl"))?;
    let run = done(place.path(), &format!("{FIT} --out out --log json"))?;
    ensure!(run.status.code() == Some(1) && said(&run).contains("cannot write out/running.jsonl"), "{}", said(&run));
    ensure!(before.get("log.csv") == Some(&std::fs::read(out.join("log.csv"))?));
    Ok(())
}

#[test]
fn a_folder_that_cannot_be_written() -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let place = with_titanic()?;
    let before = earlier(place.path())?;
    let out = place.path().join("out");
    std::fs::set_permissions(&out, std::fs::Permissions::from_mode(0o555))?;
    // Whoever may do everything is not kept from it by that.
    if std::fs::write(out.join("probe"), "").is_err() {
        let run = done(place.path(), &format!("{FIT} --out out --unit nats"))?;
        ensure!(run.status.code() == Some(1) && said(&run).contains("Permission denied"), "{}", said(&run));
        ensure!(files(&out)? == before);
    }
    std::fs::set_permissions(&out, std::fs::Permissions::from_mode(0o755))?;
    for (line, what) in [
        (FIT.to_string(), "checkpoint.safetensors"),
        ("predict out/parameters.safetensors --csv titanic.csv --count count".into(), "predictions.csv"),
        ("tree --csv titanic.csv --target survived --count count".into(), "tree.png"),
    ] {
        let run = done(place.path(), &format!("{line} --out titanic.csv/in"))?;
        let words = said(&run);
        ensure!(run.status.code() == Some(1) && words.contains(&format!("titanic.csv/in/{what}")), "{words}");
    }
    Ok(())
}

/// Its reader goes away, as `head` does: it ends, and no file is half of one.
#[test]
fn a_pipe_that_is_closed() -> Result<()> {
    let place = with_titanic()?;
    let before = earlier(place.path())?;
    for line in [format!("{FIT} --out out"), format!("{FIT} --out out --json")] {
        let mut run = command(place.path(), &line).stdout(Stdio::piped()).spawn()?;
        drop(run.stdout.take());
        let end = run.wait_with_output()?;
        ensure!(!said(&end).contains("panicked"), "{}", said(&end));
        let after = files(&place.path().join("out"))?;
        // The page says what was typed.
        for (name, content) in before.iter().filter(|(name, _)| *name != "report.html") {
            ensure!(after.get(name) == Some(content), "{line}: {name} is another file");
        }
        // What it left to go on with leads to the same end.
        let _ = done(place.path(), "resume out")?;
        let after = files(&place.path().join("out"))?;
        ensure!(after.keys().eq(before.keys()), "{:?}", after.keys());
    }
    Ok(())
}
