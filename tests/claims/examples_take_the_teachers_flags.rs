//! A teacher sets, by flags, the truth that a sample is drawn from, the optimiser and its step sizes, and minibatches.

use anyhow::{Result, ensure};

use crate::common::example::Place;

#[test]
fn the_truth_is_found_again() -> Result<()> {
    for (line, says) in [
        ("coin --truth 0.9 --n 1000", "probability of heads: 0.9"),
        ("coin --truth 0.25", "n = 100 observations"),
        ("logistic --truth 2,-3 --n 20000 --optimizer newton", "2.000000"),
        ("softmax --truth 1,-1,3,-4", "3.000000"),
        ("gaussian --truth -5,0.75", "0.750000  standard deviation"),
    ] {
        let ran = Place::new()?.run(&format!("{line} --out out"))?;
        ensure!(ran.code == 0 && ran.out.contains(says), "{line}: {}{}", ran.out, ran.err);
        ensure!(line.starts_with("coin") || ran.out.contains("truth"), "{line}: {}", ran.out);
    }
    Ok(())
}

/// However a coin is turned, its title says no more than is true.
#[test]
fn every_descent_has_its_title() -> Result<()> {
    for (flags, title) in [
        ("--optimizer momentum --lr 0.5", "Three names, one descent: "),
        ("--optimizer adam --schedule halving:50", "Three names, one descent"),
        ("--optimizer newton", "Three names, one descent: all three arrive at step "),
        (
            "--batch 10 --steps 300",
            "A descent by minibatches of 10 wanders: all three of the whole p̂ are lowest at step ",
        ),
    ] {
        let ran = Place::new()?.run(&format!("coin {flags} --out out"))?;
        let found = ran.out.lines().find_map(|line| line.strip_prefix("descent.png: ")).unwrap_or_default();
        ensure!(ran.code == 0 && found.starts_with(title), "{flags}: {found}\n{}", ran.err);
        // Which of them walk one path is said of those alone of which it is true.
        let claims = !flags.contains("adam") && !flags.contains("newton");
        ensure!(ran.out.contains("the same path: over") == claims, "{flags}: {}", ran.out);
    }
    Ok(())
}

#[test]
fn what_makes_no_sense_is_refused() -> Result<()> {
    for (line, code, says) in [
        ("coin --truth 2", 1, "a number from 0 to 1"),
        ("coin --truth 0.5,0.5", 2, "--truth takes 1 finite number here: probability of heads"),
        ("logistic --truth 1", 2, "slope, intercept"),
        ("softmax --truth 1,2,3", 2, "slope of moss"),
        ("gaussian --truth 1,-2", 2, "standard deviation > 0"),
        ("gaussian --batch 5000", 1, "there are 1000 observations"),
        ("logistic --optimizer newton --batch 5", 2, "leave --batch out"),
        ("coin --optimizer lbfgs --lr 2", 2, "leave --lr out"),
    ] {
        let ran = Place::new()?.run(&format!("{line} --out out"))?;
        ensure!(ran.code == code && ran.err.contains(says), "{line}: {} {}{}", ran.code, ran.out, ran.err);
        ensure!(ran.names().is_empty(), "{line}: {:?}", ran.names());
    }
    Ok(())
}
