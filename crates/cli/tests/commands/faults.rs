//! A full disk, a folder that cannot be written, two runs in one folder, little memory, any number of threads: what was there is
//! there, what is there is whole, and what went wrong is said.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::{command, done, files, said, with_titanic};

const FIT: &str = "fit --csv titanic.csv --target survived --count count --lr 0.5 --checkpoint 10";

type Files = BTreeMap<String, Vec<u8>>;

/// Whether a file of tensors ends where its head says.
fn is_whole(content: &[u8]) -> bool {
    let Some((length, rest)) = content.split_first_chunk::<8>() else { return false };
    let head = rest.get(..u64::from_le_bytes(*length) as usize);
    let Some(Ok(Value::Object(head))) = head.map(serde_json::from_slice) else { return false };
    let ends = head.values().filter_map(|of| of["data_offsets"][1].as_u64());
    content.len() as u64 == 8 + u64::from_le_bytes(*length) + ends.max().unwrap_or(0)
}

/// Where each file is that of `old` or that of `new`, and none is anything else.
fn whole(left: &Files, old: &Files, new: &Files) -> Result<()> {
    for (name, content) in left {
        let known = [old, new].iter().any(|of| of.get(name) == Some(content));
        // They are of a run that did not come to its end.
        let own = ["checkpoint.safetensors", "log-of-failed-run.csv"].contains(&name.as_str());
        // A model's file is whole before it says what its fit came to and how its coefficients scatter.
        let model = name == "parameters.safetensors" && is_whole(content);
        ensure!(
            known || model || (own && !content.is_empty()),
            "{name} is neither of the run before nor of this one: {} bytes",
            content.len()
        );
        ensure!(!name.contains("partial"), "{name} was left");
    }
    ensure!(old.keys().all(|name| left.contains_key(name)), "a file of the run before is gone");
    Ok(())
}

/// Every call that makes, fills, keeps or names a file fails once, and from some on: nothing else than the old files or whole new ones.
#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_is_full_at_any_call() -> Result<()> {
    let place = with_titanic()?;
    let shim = place.path().join("full_disk.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/commands/full_disk.c");
    let made =
        Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&shim).arg(source).arg("-ldl").output()?;
    ensure!(made.status.success(), "{}", said(&made));
    for pictures in ["--no-pictures", "--size 640x480"] {
        let old_line = format!("{FIT} {pictures} --steps 20 --out old");
        ensure!(done(place.path(), &old_line)?.status.success(), "no run before");
        ensure!(
            done(place.path(), &format!("{FIT} {pictures} --steps 40 --out new"))?.status.success(),
            "no run that ends well"
        );
        let (old, new) = (files(&place.path().join("old"))?, files(&place.path().join("new"))?);
        ensure!(old != new, "the runs are to be told apart");
        let mut calls = 0;
        for forever in [false, true] {
            for at in 1.. {
                let out = place.path().join("out");
                let _ = std::fs::remove_dir_all(&out);
                std::fs::create_dir(&out)?;
                old.iter().try_for_each(|(name, content)| std::fs::write(out.join(name), content))?;
                let mut run = command(place.path(), &format!("{FIT} {pictures} --steps 40 --out out"));
                run.env("LD_PRELOAD", &shim).env("FAIL_AT", at.to_string());
                if forever {
                    run.env("FAIL_FOREVER", "1");
                }
                let ended = run.output()?;
                let (words, left) = (said(&ended), files(&out)?);
                whole(&left, &old, &new).map_err(|e| e.context(format!("call {at}, {pictures}: {words}")))?;
                if ended.status.success() {
                    ensure!(at > 5, "no call failed: is the library loaded?\n{words}");
                    ensure!(left == new, "call {at}: it went well, and other files are there");
                    break;
                }
                calls += 1;
                ensure!(
                    ended.status.code() == Some(1)
                        && words.contains("No space left on device")
                        && !words.contains("panicked"),
                    "call {at}: {:?}, {words}",
                    ended.status
                );
            }
        }
        println!("{calls} calls failed, {pictures}");
    }
    Ok(())
}

/// No panic where nothing can be printed: what was fitted is written all the same, or it is said why not.
#[test]
#[cfg(target_os = "linux")]
fn standard_output_that_is_full() -> Result<()> {
    let place = with_titanic()?;
    for line in [
        "fit --csv titanic.csv --target survived --count count",
        "measure --csv titanic.csv --count count --target survived",
    ] {
        let mut run = command(place.path(), line);
        run.stdout(std::fs::OpenOptions::new().write(true).open("/dev/full")?);
        let ended = run.output()?;
        let words = said(&ended);
        ensure!(ended.status.code() == Some(1), "{line}: {:?} {words}", ended.status);
        ensure!(words.contains("No space left on device") && !words.contains("panicked"), "{line}: {words}");
    }
    Ok(())
}

#[test]
#[cfg(unix)]
fn a_folder_that_cannot_be_written() -> Result<()> {
    let place = with_titanic()?;
    std::fs::write(place.path().join("file"), "mine")?;
    let ended = done(place.path(), &format!("{FIT} --steps 40 --out file/out"))?;
    let words = said(&ended);
    ensure!(ended.status.code() == Some(1) && words.contains("file/out") && !words.contains("panicked"), "{words}");
    assert_eq!(std::fs::read(place.path().join("file"))?, b"mine");
    Ok(())
}

/// Two runs at a time in one folder: each ends well, and every file is whole, of the one or of the other.
#[test]
fn two_runs_in_one_folder() -> Result<()> {
    let place = with_titanic()?;
    let lines = ["--steps 60", "--steps 61"].map(|steps| format!("{FIT} --no-pictures {steps}"));
    let alone = ["first", "second"].map(|out| place.path().join(out));
    for (line, out) in lines.iter().zip(&alone) {
        ensure!(done(place.path(), &format!("{line} --out {}", out.display()))?.status.success());
    }
    let [first, second] = [files(&alone[0])?, files(&alone[1])?];
    for _ in 0..8 {
        let runs = lines.each_ref().map(|line| command(place.path(), &format!("{line} --out both")).spawn());
        for run in runs {
            let ended = run?.wait_with_output()?;
            ensure!(ended.status.success(), "{}", said(&ended));
        }
        let left = files(&place.path().join("both"))?;
        assert_eq!(left.keys().collect::<Vec<_>>(), first.keys().collect::<Vec<_>>());
        whole(&left, &first, &second)?;
    }
    Ok(())
}

/// The same bytes of log and parameters with 1, 2 and 8 threads.
#[test]
fn any_number_of_threads() -> Result<()> {
    let place = with_titanic()?;
    for line in [
        "fit --csv titanic.csv --target survived --count count --lr 0.5 --steps 40",
        "fit --csv titanic.csv --target survived --count count",
        "fit --csv titanic.csv --target class --count count",
    ] {
        let mut first: Option<Files> = None;
        for threads in ["1", "2", "8"] {
            let mut run = command(place.path(), &format!("{line} --no-pictures --out threads-{threads}"));
            let ended = run.env("RAYON_NUM_THREADS", threads).output()?;
            ensure!(ended.status.success(), "{}", said(&ended));
            let left = files(&place.path().join(format!("threads-{threads}")))?;
            let same = first.get_or_insert_with(|| left.clone());
            for (name, content) in &left {
                ensure!(content == &same[name], "{line}: {name} is another file with {threads} threads");
            }
        }
    }
    Ok(())
}

/// A table of 10 MB in 1 GiB of address space.
#[test]
#[cfg(target_os = "linux")]
fn little_memory() -> Result<()> {
    let place = with_titanic()?;
    let mut csv = String::from("a,b,c,y\n");
    for row in 0..600_000u32 {
        let [a, b] = [7919, 104_729].map(|by| f64::from(row.wrapping_mul(by) % 10_007) / 100.0);
        csv += &format!("{a},{b},{},{}\n", row % 7, if (row * 31) % 100 < 50 + row % 7 { "yes" } else { "no" });
    }
    ensure!(csv.len() > 10_000_000);
    std::fs::write(place.path().join("large.csv"), csv)?;
    let line = "fit --csv large.csv --target y --no-pictures --out out";
    let binary = env!("CARGO_BIN_EXE_candle-mle");
    let limited = Command::new("sh")
        .args(["-c", &format!("ulimit -v 1048576 && exec {binary} {line}")])
        .env("RAYON_NUM_THREADS", "2")
        .current_dir(place.path())
        .output()?;
    ensure!(limited.status.success(), "{:?} {}", limited.status, said(&limited));
    Ok(())
}
