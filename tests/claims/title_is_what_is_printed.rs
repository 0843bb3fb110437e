//! A picture states what its run prints: every number in a title is one of the output, and a title says no more than is true.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::common::example::{Place, Ran};

/// The title of a picture, as the run prints it.
fn title<'a>(ran: &'a Ran, picture: &str) -> Result<&'a str> {
    ensure!(ran.code == 0, "{}", ran.err);
    let line = ran.out.lines().find_map(|line| line.strip_prefix(picture)?.strip_prefix(": "));
    line.with_context(|| format!("no title of {picture} in\n{}", ran.out))
}

/// The numbers of a text, with the decimals that each was written with.
fn numbers(text: &str) -> Vec<(f64, i32)> {
    let of = |word: &str| {
        let word = word.trim_matches(|c: char| !(c.is_ascii_digit() || "−-".contains(c)));
        let plain = word.replace('−', "-");
        let number: f64 = plain.parse().ok()?;
        let (digits, exponent) = plain.split_once('e').unwrap_or((&plain, "0"));
        let decimals = digits.split_once('.').map_or(0, |(_, after)| after.len() as i32);
        Some((number, decimals - exponent.parse::<i32>().ok()?))
    };
    text.split_whitespace().filter_map(of).collect()
}

/// That the last number of a title is this one, to all digits that it has there.
#[track_caller]
fn ends_with(title: &str, number: f64) {
    let found = numbers(title);
    let (last, decimals) = found.last().copied().unwrap_or((f64::NAN, 0));
    assert!((last - number).abs() <= 0.5001 * 10f64.powi(-decimals), "{title}: not {number}");
}

#[test]
fn every_run_names_its_pictures_with_their_titles() -> Result<()> {
    for example in ["coin", "logistic", "chain_rule", "decision_tree", "gaussian_information"] {
        let ran = Place::new()?.run(&format!("{example} --out out"))?;
        for name in ran.names().into_iter().filter(|name| name.ends_with(".png")) {
            let picture = name.trim_start_matches("out/");
            ensure!(!title(&ran, picture)?.is_empty(), "{example}: {picture}");
        }
    }
    Ok(())
}

/// The place where the three are least is the estimate that the same run prints.
#[test]
fn the_least_place_of_a_landscape_is_the_estimate() -> Result<()> {
    let outliers: String = {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let near = (0..500).map(|_| format!("{:.3}\n", rng.random_range(-1.0..1.0)));
        near.chain(["200000\n", "210000\n", "210015\n"].map(String::from)).collect()
    };
    let tiny: String = (0..40).map(|k| format!("{}e-19,{}\n", (k * 7) % 13, k % 2)).collect();
    let rare = "y,count\nno,999\nyes,1\n".to_string();
    let place = |table: String| Place::with(table);
    for (place, line, name) in [
        (Place::new()?, "coin", "probability of heads:"),
        (Place::new()?, "coin --n 387 --seed 4", "probability of heads:"),
        (Place::new()?, "logistic", "dose (mg)"),
        (Place::new()?, "logistic --n 50 --seed 2", "dose (mg)"),
        (place(rare)?, "coin --csv table.csv --target y --count count", "probability of yes:"),
        (place(format!("x,y\n{tiny}"))?, "logistic --csv table.csv --target y", "x"),
        (Place::with_data("titanic.csv")?, "logistic --csv titanic.csv --target survived --count count", "sex male"),
        (
            Place::with_data("titanic.csv")?,
            "logistic --csv titanic.csv --target survived --count count --base class=crew --base sex=male",
            "sex female",
        ),
        (Place::with_data("hair_eye.csv")?, "softmax --csv hair_eye.csv --target eye --count count", "hair blond"),
    ] {
        let ran = place.run(&format!("{line} --out out"))?;
        let title = title(&ran, "landscape.png")?;
        ensure!(title.contains("least at one and the same place"), "{line}: {title}");
        // Of several classes the slice may go through any.
        let estimates = ran
            .out
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix(name)?.split_whitespace().next()?.parse::<f64>().ok());
        let (number, decimals) = numbers(title)[0];
        let same = |estimate: f64| (number - estimate).abs() <= 0.5001 * 10f64.powi(-decimals);
        ensure!(estimates.into_iter().any(same), "{line}: {title}\n{}", ran.out);
    }
    for (place, line, columns) in [
        (Place::new()?, "gaussian", "x"),
        (place(format!("x\n{outliers}"))?, "gaussian --csv table.csv", "x"),
        (
            Place::with_data("old_faithful.csv")?,
            "gaussian --csv old_faithful.csv --resolution 0.001,1",
            "eruption_minutes",
        ),
    ] {
        let ran = place.run(&format!("{line} --out out"))?;
        let mean = ran.out.lines().find(|line| line.starts_with(columns) && line.ends_with("mean"));
        let mean: f64 = mean.and_then(|line| line.split_whitespace().nth(1)).context("no mean")?.parse()?;
        ends_with(title(&ran, "landscape.png")?, mean);
    }
    Ok(())
}

#[test]
fn a_descent_says_when_it_arrives_or_that_it_does_not() -> Result<()> {
    let arrives = Place::new()?.run("logistic --out out")?;
    ends_with(title(&arrives, "descent.png")?, 75.0);
    ensure!(arrives.out.contains("KL step 75, cross-entropy step 75, NLL step 75"), "{}", arrives.out);
    for (line, says) in [
        ("logistic --steps 5", "none has arrived after 5 steps"),
        ("logistic --lr 20", "leaps over the minimum: lowest at step 7, and left again"),
        ("coin --lr 9 --let-it-diverge", "too large: from step 1 on the loss is above its start"),
        ("logistic --lr 25 --let-it-diverge", "above its start at step 1"),
        ("gaussian --resolution 8", "Below the floor"),
        ("coin --n 1", "no end"),
        ("coin --n 100 --dtype f32", "all three arrive at step"),
    ] {
        let ran = Place::new()?.run(&format!("{line} --out out"))?;
        let title = title(&ran, "descent.png")?;
        ensure!(title.contains(says), "{line}: {title}");
        if ran.out.contains("NOT converged") {
            let model = self::title(&ran, "model.png")?;
            ensure!(self::title(&ran, "landscape.png")?.starts_with("Not converged"), "{line}");
            ensure!(model.starts_with("Not converged"), "{line}: {model}");
        }
    }
    // Where the loss is no number any more there is the way there, and the message.
    let place = Place::with_data("old_faithful.csv")?;
    let ran = place.run("gaussian --csv old_faithful.csv --lr 3 --steps 60 --let-it-diverge --out out")?;
    ensure!(ran.code == 1 && ran.left.contains_key("out/descent.png"), "{}\n{}", ran.out, ran.err);
    ensure!(ran.out.contains("descent.png: The step size is too large: from step"), "{}", ran.out);
    // Without the flag it is refused as ever.
    let ran = Place::new()?.run("coin --lr 9 --out out")?;
    ensure!(ran.code == 1 && ran.err.contains("step 1"), "{}", ran.err);
    Ok(())
}

#[test]
fn a_likelihood_without_a_maximum_has_no_place() -> Result<()> {
    let ran = Place::with_data("iris.csv")?.run("softmax --csv iris.csv --target species --out out")?;
    ensure!(title(&ran, "landscape.png")?.starts_with("No minimum"), "{}", ran.out);
    let model = title(&ran, "model.png")?;
    ensure!(model.contains("50 of 150 observations") && model.contains("8.5830 bits"), "{model}");
    ensure!(ran.out.contains("NLL falls towards 8.5830 bits"), "{}", ran.out);

    let mut complete = "x,z,y\n".to_string();
    for k in 0..40 {
        writeln!(complete, "{},{},{}", k, (k * 13) % 7, if k < 20 { "a" } else { "b" })?;
    }
    let ran = Place::with(&complete)?.run("logistic --csv table.csv --target y --out out")?;
    ensure!(title(&ran, "model.png")?.contains("all 40 observations"), "{}", ran.out);
    // One column: the curves.
    let ran = Place::with(&complete)?.run("logistic --csv table.csv --target y --columns x --out out")?;
    ensure!(title(&ran, "model.png")?.contains("no finite maximum"), "{}", ran.out);
    ensure!(title(&ran, "landscape.png")?.starts_with("No minimum"), "{}", ran.out);
    Ok(())
}

#[test]
fn a_model_says_how_far_it_is() -> Result<()> {
    for (data, line) in [
        ("titanic.csv", "logistic --csv titanic.csv --target survived --count count"),
        ("hair_eye.csv", "softmax --csv hair_eye.csv --target eye --count count"),
        ("titanic.csv", "logistic --csv titanic.csv --target survived --count count --columns sex"),
        ("old_faithful.csv", "gaussian --csv old_faithful.csv --columns waiting_minutes --resolution 1"),
    ] {
        let ran = Place::with_data(data)?.run(&format!("{line} --out out"))?;
        let (_, rows) = ran.log()?;
        let (kl, title) = (rows[rows.len() - 1][1], title(&ran, "model.png")?);
        let at = title.split("KL = ").nth(1).with_context(|| title.to_string())?;
        let said = numbers(at)[0].0;
        ensure!((said - kl).abs() < 0.5001e-4, "{title}: {kl}");
    }
    // Patterns of x are called by their levels, those of the base too.
    let line = "logistic --csv titanic.csv --target survived --count count --base class=2nd --out out";
    let ran = Place::with_data("titanic.csv")?.run(line)?;
    ensure!(title(&ran, "model.png")?.ends_with("at 2nd, male, child"), "{}", ran.out);
    Ok(())
}

/// A map of a hundred thousand different rows costs no more than their fit; point by point it took eight minutes.
#[test]
fn pictures_of_many_rows_are_drawn_in_time() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut table = "x,y\n".to_string();
    for _ in 0..100_000 {
        let x: f64 = rng.random_range(-3.0..3.0);
        writeln!(table, "{x},{}", u8::from(rng.random::<f64>() < 1.0 / (1.0 + (0.5 - x).exp())))?;
    }
    let (place, start) = (Place::with(table)?, Instant::now());
    let ran = place.run("logistic --csv table.csv --target y --out out")?;
    ensure!(start.elapsed() < Duration::from_secs(40), "{:?}", start.elapsed());
    let place = numbers(title(&ran, "landscape.png")?)[0].0;
    ensure!((place - ran.number("x")?).abs() < 0.006, "{}", ran.out);
    Ok(())
}

/// Sixty rows of noise, and two columns that tell only together: chance tells as much.
#[test]
fn what_is_told_by_chance_is_called_so() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let (mut noise, mut xor) = ("x,y\n".to_string(), "a,b,y\n".to_string());
    for _ in 0..60 {
        writeln!(noise, "{},{}", rng.random_range(0.0..1.0), if rng.random_bool(0.5) { "yes" } else { "no" })?;
    }
    for _ in 0..400 {
        let [a, b]: [bool; 2] = rng.random();
        writeln!(xor, "{},{},{}", u8::from(a), u8::from(b), if a != b { "yes" } else { "no" })?;
    }
    for (table, tree) in [(noise, Some("No more than chance")), (xor, None)] {
        let ran = Place::with(table)?.run("decision_tree --csv table.csv --target y --out out")?;
        let ranking = title(&ran, "ranking.png")?;
        ensure!(ranking.starts_with("No column alone tells more"), "{ranking}\n{}", ran.out);
        if let Some(says) = tree {
            ensure!(title(&ran, "tree.png")?.starts_with(says), "{}", ran.out);
        }
    }
    let ran = Place::new()?.run("decision_tree --out out")?;
    ensure!(title(&ran, "ranking.png")? == "What tells most about survived: sex", "{}", ran.out);
    let tree = title(&ran, "tree.png")?;
    ensure!(tree == "The tree tells 0.2202 bits of the 0.9077 bits in survived", "{tree}");
    Ok(())
}

/// What other seeds and sizes may contradict is read off their numbers.
#[test]
fn other_seeds_and_sizes_have_true_titles() -> Result<()> {
    for line in
        ["held_out", "held_out --n 20 --seed 3", "held_out --n 3000", "held_out --n 5", "held_out --n 400 --seed 2"]
    {
        let ran = Place::new()?.run(&format!("{line} --out out"))?;
        let row = |family: &str| -> Result<(f64, f64)> {
            let row = ran.out.lines().find(|line| line.starts_with(family)).context("no such family")?;
            let words: Vec<&str> = row.split_whitespace().collect();
            Ok((words[words.len() - 2].parse()?, words[words.len() - 1].parse()?))
        };
        let families = ran
            .out
            .lines()
            .filter(|line| line.contains("polynomial") || line.contains("linear") || line.contains("constant"));
        let held: Vec<f64> = families.filter_map(|line| line.split_whitespace().last()?.parse().ok()).collect();
        let best = held.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let title = title(&ran, "held_out.png")?;
        if best <= 0.0 {
            ensure!(title.starts_with("On new rows no polynomial"), "{line}: {title}\n{}", ran.out);
        } else {
            let degree = numbers(title)[0].0 as usize;
            ensure!((held[degree] - best).abs() < 1e-4, "{line}: {title}\n{}", ran.out);
            ensure!(!title.contains("only") || degree < 10, "{line}: {title}");
        }
        let _ = row("saturated")?;
    }
    for seed in [1, 2, 3] {
        let ran = Place::new()?.run(&format!("data_processing --seed {seed} --out out"))?;
        let last = |state: &str| -> Result<f64> {
            let line = ran.out.lines().find(|line| line.starts_with(state) && line.contains(" class "));
            Ok(line.and_then(|line| line.split_whitespace().last()).context("no class")?.parse()?)
        };
        let title = title(&ran, "chains.png")?;
        let more = last("trained   ")? > last("before training")?;
        ensure!(more == title.starts_with("A trained network"), "{title}\n{}", ran.out);
        ensure!((numbers(title)[0].0 - last("trained   ")?).abs() < 1e-4, "{title}\n{}", ran.out);
    }
    let few = Place::new()?.run("correlation --n 8 --out out")?;
    let title_of_few = title(&few, "clouds.png")?;
    ensure!(title_of_few.contains("8 points show it for"), "{title_of_few}\n{}", few.out);
    let one = Place::new()?.run("multivariate --n 1 --out out")?;
    ensure!(one.out.contains("one draw says nothing of its error") && !one.out.contains("NaN"), "{}", one.out);
    Ok(())
}

/// A step that is far too large: what can be drawn of it is, and what is no Gaussian is not shown as one.
#[test]
fn a_gaussian_that_diverges_into_nothing_says_so() -> Result<()> {
    let ran = Place::new()?.run("gaussian --lr 30 --let-it-diverge --out out")?;
    assert_eq!(ran.code, 0, "{}", ran.err);
    ensure!(ran.out.contains("there is no Gaussian") && ran.out.contains("NOT converged"), "{}", ran.out);
    ensure!(title(&ran, "descent.png")?.contains("too large") || title(&ran, "descent.png")?.contains("diverges"));
    Ok(())
}
