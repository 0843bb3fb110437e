//! The same seed gives the same files to the last byte, on any number of threads; another seed gives others.

use anyhow::Result;

use crate::common::example::{Place, Ran};

const TITANIC: &str = "logistic --csv titanic.csv --target survived --count count --base sex=male --base age=child";
const RUNS: [&str; 5] = ["coin --n 5000", "logistic", "softmax", "gaussian", TITANIC];

/// What `line` leaves in `out` when rayon has so many threads; 0 leaves that to rayon.
fn run(line: &str, threads: &str) -> Result<Ran> {
    let words: Vec<&str> = line.split(' ').chain(["--out", "out"]).collect();
    let ran = Place::with_data("titanic.csv")?.run_words(&words, &[("RAYON_NUM_THREADS", threads)])?;
    ran.said(&[]);
    Ok(ran)
}

#[test]
fn twice_in_a_row_and_on_any_number_of_threads() -> Result<()> {
    for line in RUNS {
        let first = run(line, "0")?;
        assert!(first.names().contains(&"out/landscape.png"), "{:?}", first.names());
        for threads in ["0", "1", "2"] {
            let again = run(line, threads)?;
            assert_eq!(first.names(), again.names());
            for (name, content) in &first.left {
                assert!(*content == again.left[name], "{line}: {name} differs with RAYON_NUM_THREADS={threads}");
            }
            assert_eq!(first.out, again.out, "{line} with RAYON_NUM_THREADS={threads}");
        }
    }
    Ok(())
}

#[test]
fn another_seed_gives_another_sample() -> Result<()> {
    for line in &RUNS[..4] {
        let [one, default, two] = ["--seed 1", "", "--seed 2"].map(|seed| run(format!("{line} {seed}").trim(), "0"));
        let (one, default, two) = (one?, default?, two?);
        assert!(one.left == default.left, "{line}: the seed is 1 unless given");
        for name in ["out/log.csv", "out/descent.png", "out/parameters.safetensors"] {
            assert!(one.left[name] != two.left[name], "{line}: {name} does not depend on the seed");
        }
    }
    Ok(())
}

#[test]
fn a_second_run_replaces_the_first() -> Result<()> {
    let place = Place::new()?;
    let first = place.run("gaussian --seed 1 --out out")?;
    let second = place.run("gaussian --seed 2 --out out")?;
    assert_eq!((first.left.len(), second.left.len()), (6, 0));
    let fresh = Place::new()?.run("gaussian --seed 2 --out out")?;
    for (name, content) in &fresh.left {
        assert!(std::fs::read(place.path().join(name))? == *content, "{name} is of the first run");
    }
    Ok(())
}
