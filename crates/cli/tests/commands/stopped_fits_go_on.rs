//! A fit that is killed at any moment, or told to stop, and is then resumed leaves the bytes of one that was left alone.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rand::{Rng, SeedableRng};

use crate::{command, done, files, said, with_titanic};

const FIT: &str = "fit --csv titanic.csv --target survived --count count";
/// Long enough to be met at its steps; and one that is met while it reads or draws. What an optimiser keeps in mind is held by
/// `a_fit_goes_on_where_it_stood` of the library.
const WAYS: [&str; 2] = ["--lr 0.5 --steps 3000 --checkpoint 40", "--checkpoint 3 --steps 30"];

/// A fit that held-out rows end goes on with what they had come to: from the step where it stood, and not from its first.
#[test]
#[cfg(unix)]
fn early_stopping_goes_on_with_what_it_saw() -> Result<()> {
    let place = with_titanic()?;
    let fit = |out: &str| {
        format!("{FIT} --lr 0.02 --steps 100000 --hold-out 0.3 --patience 5 --checkpoint 50 --no-pictures --out {out}")
    };
    let whole = done(place.path(), &fit("whole"))?;
    let words = said(&whole);
    ensure!(whole.status.success() && words.contains("stopped early: the parameters are those of step"), "{words}");
    let whole = files(&place.path().join("whole"))?;
    let checkpoint = place.path().join("out/checkpoint.safetensors");
    let mut resumed = 0;
    for signal in ["-KILL", "-TERM"] {
        let mut run = command(place.path(), &fit("out")).spawn()?;
        let started = Instant::now();
        while !checkpoint.exists() && started.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(2));
        }
        std::thread::sleep(Duration::from_millis(60));
        Command::new("kill").args([signal, &run.id().to_string()]).status()?;
        run.wait()?;
        ensure!(checkpoint.exists(), "{signal}: it came to its end first");
        let end = done(place.path(), "resume out")?;
        let step =
            said(&end).split("goes on at step ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok());
        ensure!(end.status.success() && step.is_some(), "{}", said(&end));
        resumed += usize::from(step > Some(0));
        let left = files(&place.path().join("out"))?;
        for (name, content) in &left {
            ensure!(content == &whole[name], "{signal}: {name} is another file");
        }
        assert_eq!(left.keys().collect::<Vec<_>>(), whole.keys().collect::<Vec<_>>());
        std::fs::remove_dir_all(place.path().join("out"))?;
    }
    ensure!(resumed > 0, "none went on but from its first step");
    Ok(())
}

#[test]
fn killed_at_any_moment() -> Result<()> {
    let place = with_titanic()?;
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let (mut kills, mut resumed) = (0, 0);
    for way in WAYS {
        let started = Instant::now();
        let whole = done(place.path(), &format!("{FIT} {way} --out whole"))?;
        let whole_time = started.elapsed();
        ensure!(whole.status.success(), "{}", said(&whole));
        let whole = files(&place.path().join("whole"))?;
        ensure!(!whole.contains_key("checkpoint.safetensors"), "a fit that has ended leaves its checkpoint");
        for round in 0..6 {
            let out = format!("{round}{}", way.len());
            let mut line = format!("{FIT} {way} --out {out}");
            // Killed up to three times, then left alone.
            for kill in 0..4 {
                let mut run = command(place.path(), &line).spawn()?;
                if kill < 3 {
                    std::thread::sleep(whole_time.mul_f64(rng.random_range(0.0..0.9)));
                    kills += usize::from(run.try_wait()?.is_none());
                    run.kill()?;
                    run.wait()?;
                    if place.path().join(&out).join("checkpoint.safetensors").exists() {
                        line = format!("resume {out}");
                    }
                    continue;
                }
                let end = run.wait_with_output()?;
                let ended = said(&end).contains("there is nothing to go on with");
                ensure!(end.status.success() || ended, "{line}: {}", said(&end));
                resumed += usize::from(said(&end).contains("goes on at step"));
            }
            let left = files(&place.path().join(&out))?;
            assert_eq!(left.keys().collect::<Vec<_>>(), whole.keys().collect::<Vec<_>>());
            for (name, content) in &left {
                ensure!(content == &whole[name], "{way}, round {round}: {name} is another file");
            }
        }
    }
    ensure!(kills >= 12 && resumed >= 3, "{kills} kills, {resumed} ends that go on: too few to say anything");
    Ok(())
}

#[test]
#[cfg(unix)]
fn told_to_stop() -> Result<()> {
    let place = with_titanic()?;
    let line = format!("{FIT} --lr 0.5 --steps 2000000 --checkpoint 0 --out out");
    let run = command(place.path(), &line).spawn()?;
    let checkpoint = place.path().join("out/checkpoint.safetensors");
    let started = Instant::now();
    while !checkpoint.exists() {
        ensure!(started.elapsed() < Duration::from_secs(60), "no checkpoint at the first step");
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(100));
    Command::new("kill").args(["-TERM", &run.id().to_string()]).status()?;
    let output = run.wait_with_output()?;
    let words = said(&output);
    assert_eq!(output.status.code(), Some(130), "{words}");
    let step = words.split("stopped at step ").nth(1).and_then(|rest| rest.split(':').next()).context(words.clone())?;
    ensure!(step.parse::<usize>()? > 0 && words.contains("`candle-mle resume out`"), "{words}");
    ensure!(!place.path().join("out/log.csv").exists(), "a fit that was stopped says that it ended");

    // Of other rows it does not go on.
    let table = place.path().join("titanic.csv");
    let csv = std::fs::read_to_string(&table)?;
    let men = "3rd,male,adult,";
    for (is, was) in [(format!("{men}no,1"), format!("{men}no,")), (format!("{men}no"), format!("{men}yes"))] {
        let other = csv.replace(&was, "?").replace(&is, &was).replace('?', &is);
        ensure!(other != csv, "the same table");
        std::fs::write(&table, other)?;
        let refused = done(place.path(), "resume out")?;
        let words = said(&refused);
        ensure!(refused.status.code() == Some(1) && words.contains("the checkpoint is of other data"), "{words}");
        ensure!(checkpoint.exists(), "the checkpoint is lost");
    }
    std::fs::write(&table, csv)?;

    for (folder, says) in [("nowhere", "there is no folder nowhere"), (".", "there is no checkpoint in .")] {
        let refused = done(place.path(), &format!("resume {folder}"))?;
        ensure!(refused.status.code() == Some(1) && said(&refused).contains(says), "{}", said(&refused));
    }
    std::fs::write(&checkpoint, "no checkpoint")?;
    let refused = done(place.path(), "resume out")?;
    ensure!(
        refused.status.code() == Some(1) && said(&refused).contains("is not a file written by"),
        "{}",
        said(&refused)
    );
    Ok(())
}
