//! The examples run as documented: with defaults, other sizes, units and objectives, and on the tables that come with them.

use anyhow::Result;

use crate::common::example::{Place, Ran};

const EXAMPLES: [&str; 4] = ["coin", "logistic", "softmax", "gaussian"];
const FILES: [&str; 5] =
    ["out/descent.png", "out/landscape.png", "out/log.csv", "out/model.png", "out/parameters.safetensors"];

/// That a run left all it promises: whole pictures, a log whose header names the unit, a row for every step.
fn left_all(ran: &Ran, unit: &str, steps: Option<usize>) -> Result<()> {
    assert_eq!(others(ran), FILES);
    for (name, content) in &ran.left {
        if name.ends_with(".png") {
            let picture = image::load_from_memory(content)?;
            assert_eq!((picture.width(), picture.height()), (1600, 900), "{name}");
        }
    }
    let (header, rows) = ran.log()?;
    assert!(header.starts_with(&format!("step,kl_{unit},cross_entropy_{unit},nll_{unit}")), "{header}");
    assert!(rows.iter().enumerate().all(|(step, row)| row[0] == step as f64), "steps are missing");
    if let Some(steps) = steps {
        assert_eq!(rows.len(), steps + 1);
    }
    Ok(())
}

/// What a run left beside its coefficients.
fn others(ran: &Ran) -> Vec<&str> {
    ran.names().into_iter().filter(|name| !name.ends_with("/coefficients.csv")).collect()
}

/// The last row of the log: KL, cross-entropy, NLL.
fn end(ran: &Ran) -> Result<[f64; 3]> {
    let (_, rows) = ran.log()?;
    let last = &rows[rows.len() - 1];
    Ok([last[1], last[2], last[3]])
}

#[track_caller]
fn near(a: f64, b: f64, tolerance: f64) {
    assert!((a - b).abs() <= tolerance, "{a} is not {b}");
}

#[test]
fn with_defaults_in_the_folder_of_the_example() -> Result<()> {
    for example in EXAMPLES {
        let place = Place::new()?;
        let ran = place.run(example)?;
        ran.said(&["gradient descent", "cross-entropy", "bits/obs.", "argmin", "largest residual", "the same path"]);
        ran.said(&[&format!("are in plots/{example}/")]);
        assert_eq!(others(&ran), FILES.map(|file| file.replace("out", &format!("plots/{example}"))));
        let coefficients = ran.left.contains_key(&format!("plots/{example}/coefficients.csv"));
        assert_eq!(coefficients, example != "coin");
        assert_eq!(ran.log()?.1.len(), 1001, "{example}");
    }
    Ok(())
}

#[test]
fn every_run_says_first_where_it_computes() -> Result<()> {
    for example in EXAMPLES {
        for (dtype, line) in [("f64", ""), ("f64", " --dtype f64"), ("f32", " --dtype f32")] {
            let ran = Place::new()?.run(&format!("{example} --steps 3 --out out{line}"))?;
            ran.said(&[]);
            assert!(ran.out.starts_with(&format!("fitted on the CPU in {dtype}\n")), "{example}{line}: {}", ran.out);
        }
    }
    for example in ["channels", "chain_rule", "decision_tree", "coding"] {
        let ran = Place::new()?.run(&format!("{example} --out out"))?;
        ran.said(&[]);
        assert!(ran.out.starts_with("computed on the CPU in f64\n"), "{example}: {}", ran.out);
    }
    Ok(())
}

#[test]
fn sixty_heads_of_a_hundred() -> Result<()> {
    let ran = Place::new()?.run("coin --out out")?;
    ran.said(&["n = 100 observations, 2 distinct rows, H(p̂) = 0.9710 bits", "probability of heads: 0.600000"]);
    let [kl, cross_entropy, nll] = end(&ran)?;
    near(kl, 0.0, 1e-12);
    near(cross_entropy, 0.9709505944546686, 1e-12);
    near(nll, 97.09505944546686, 1e-10);
    left_all(&ran, "bits", Some(1000))
}

#[test]
fn a_larger_sample_finds_the_truth() -> Result<()> {
    let found = |line: &str, names: &[&str]| -> Result<Vec<f64>> {
        let ran = Place::new()?.run(line)?;
        ran.said(&["n = 20000 observations", "KL from truth"]);
        names.iter().map(|name| ran.number(name)).collect()
    };
    // Standard errors of these estimates lie between 0.003 and 0.15.
    let coin = found("coin --n 20000", &["probability of heads:"])?;
    near(coin[0], 0.6, 0.02);
    let logistic = found("logistic --n 20000", &["(intercept)", "dose (mg)"])?;
    near(logistic[0], -4.0, 0.4);
    near(logistic[1], 1.2, 0.1);
    let softmax = found("softmax --n 20000", &["(intercept)", "height (km)"])?;
    near(softmax[0], -11.0, 0.8);
    near(softmax[1], 7.0, 0.4);
    let gaussian = found("gaussian --n 20000", &["x"])?;
    near(gaussian[0], 1.5, 0.05);
    Ok(())
}

#[test]
fn with_every_size_unit_and_objective() -> Result<()> {
    for (example, size) in [("coin", 20), ("logistic", 60), ("softmax", 60), ("gaussian", 30)] {
        let mut ends = vec![];
        for (objective, name) in
            [("kl", "KL divergence"), ("cross-entropy", "cross-entropy"), ("nll", "negative log-likelihood")]
        {
            let line = format!("{example} --n {size} --steps 150 --unit nats --objective {objective} --out out");
            let ran = Place::new()?.run(&line)?;
            ran.said(&[&format!("n = {size} observations"), &format!("on the {name}\n"), "nats/obs.", " nats\n"]);
            assert!(!ran.out.contains("bits"), "{}", ran.out);
            left_all(&ran, "nats", Some(150))?;
            ends.push(end(&ran)?);
        }
        for (a, b) in ends.iter().zip(&ends[1..]) {
            a.iter().zip(b).for_each(|(a, b)| near(*a, *b, 1e-9 * a.abs().max(1.0)));
        }
    }
    Ok(())
}

#[test]
fn hartleys_are_bits_by_another_name() -> Result<()> {
    let place = Place::new()?;
    let bits = place.run("logistic --n 200 --out bits")?;
    let hartleys = place.run("logistic --n 200 --unit hartleys --out out")?;
    left_all(&hartleys, "hartleys", Some(1000))?;
    end(&bits)?.iter().zip(end(&hartleys)?).for_each(|(bits, hartleys)| near(bits * 2f64.log10(), hartleys, 1e-10));
    Ok(())
}

/// The numbers of lecture.md, computed independently of this crate.
#[test]
fn titanic() -> Result<()> {
    let line = "logistic --csv titanic.csv --target survived --count count --base sex=male --base age=child --out out";
    let place = Place::with_data("titanic.csv")?;
    let ran = place.run(&format!("{line} --unit nats"))?;
    ran.said(&["n = 2201 observations, 24 distinct rows", "L-BFGS on the cross-entropy", "\nconverged:"]);
    for (name, value) in [
        ("(intercept)", 0.685319),
        ("class 2nd", -1.018095),
        ("class 3rd", -1.777762),
        ("class crew", -0.857676),
        ("sex female", 2.420060),
        ("age adult", -1.061542),
    ] {
        near(ran.number(name)?, value, 1e-9);
    }
    near(end(&ran)?[2], 1105.030553, 5e-7);
    left_all(&ran, "nats", None)?;

    let place = Place::with_data("titanic.csv")?;
    let ran = place.run(line)?;
    ran.said(&["H(Y|X) = 0.6874 bits"]);
    let [kl, cross_entropy, nll] = end(&ran)?;
    near(kl, 0.036892, 5e-7);
    near(cross_entropy, 0.724317, 5e-7);
    near(2.0 * 2201.0 * kl * std::f64::consts::LN_2, 112.567, 5e-4);
    near(nll, 2201.0 * cross_entropy, 1e-9);
    Ok(())
}

#[test]
fn another_base_level_moves_the_coefficients_and_nothing_else() -> Result<()> {
    let place = Place::with_data("titanic.csv")?;
    let line = "logistic --csv titanic.csv --target survived --count count --unit nats --out out";
    let ran = place.run(&format!("{line} --base class=crew --base survived=yes --base sex=female --base age=child"))?;
    ran.said(&["reference class: survived = yes\n", "  survived no "]);
    for (name, value) in [
        ("(intercept)", -(0.685319 - 0.857676 + 2.420060)),
        ("class 1st", -0.857676),
        ("class 2nd", 1.018095 - 0.857676),
        ("sex male", 2.420060),
        ("age adult", 1.061542),
    ] {
        near(ran.number(name)?, value, 2e-6);
    }
    assert!(ran.number("class crew").is_err(), "{}", ran.out);
    near(end(&ran)?[2], 1105.030553, 5e-7);
    Ok(())
}

#[test]
fn fewer_columns_are_those_asked_for() -> Result<()> {
    let line = "logistic --csv titanic.csv --target survived --count count --columns sex --base sex=male --out out";
    let ran = Place::with_data("titanic.csv")?.run(line)?;
    ran.said(&["survived from sex female\n"]);
    // 367 of 1731 men and 344 of 470 women survived.
    let (men, women) = ((367.0f64 / 1364.0).ln(), (344.0f64 / 126.0).ln());
    near(ran.number("(intercept)")?, men, 1e-6);
    near(ran.number("sex female")?, women - men, 1e-6);
    near(end(&ran)?[0], 0.0, 1e-9);
    Ok(())
}

#[test]
fn hair_and_eye() -> Result<()> {
    let line = "softmax --csv hair_eye.csv --target eye --count count --base eye=brown --out out";
    let ran = Place::with_data("hair_eye.csv")?.run(line)?;
    ran.said(&[
        "n = 592 observations, 32 distinct rows",
        "\nconverged:",
        "  eye blue ",
        "  eye hazel ",
        "  eye green ",
    ]);
    // Newton's method in another language.
    near(end(&ran)?[2], 972.848790, 5e-7);
    let green = ran.out.lines().skip_while(|line| !line.starts_with("  eye green ")).find(|l| l.contains("hair blond"));
    near(green.and_then(|line| line.split_whitespace().nth(2)).unwrap_or("").parse()?, 3.542936, 1e-9);
    left_all(&ran, "bits", None)
}

#[test]
fn iris_has_no_finite_maximum() -> Result<()> {
    let ran = Place::with_data("iris.csv")?.run("softmax --csv iris.csv --target species --out out")?;
    ran.said(&["no finite maximum", "there is no argmin", "towards 8.5830 bits", "diverges along"]);
    assert!(!ran.out.contains("argmin, within"), "{}", ran.out);
    // Of the setosa nothing is left to tell; half the deviance of R's glm on the other two is 5.949 nats.
    let [.., nll] = end(&ran)?;
    assert!((8.5830..8.5840).contains(&nll), "{nll}");
    left_all(&ran, "bits", None)
}

#[test]
fn an_empty_cell_has_no_finite_maximum() -> Result<()> {
    let place = Place::with("cell,y,count\nu,no,5\nu,yes,3\nv,no,4\nv,yes,0\n")?;
    let ran = place.run("logistic --csv table.csv --target y --count count --unit nats --out out")?;
    // Only u is left to tell: −5 ln(5/8) − 3 ln(3/8).
    ran.said(&["no finite maximum", "in part", "there is no argmin", "towards 5.2925 nats"]);
    let row = ran.out.lines().rfind(|line| line.contains("cell v")).unwrap_or_default();
    let off: f64 = row.split_whitespace().last().unwrap_or("").parse()?;
    assert!(off < 0.0 && off.is_finite(), "{row}");
    left_all(&ran, "nats", None)
}

#[test]
fn old_faithful() -> Result<()> {
    let place = Place::with_data("old_faithful.csv")?;
    let line = "gaussian --csv old_faithful.csv --columns waiting_minutes --resolution 1 --out out";
    let ran = place.run(line)?;
    // The smallest cross-entropy of a Gaussian is ½ log₂(2πe σ²).
    ran.said(&["n = 272 observations, 51 distinct rows", "70.897059    0.822800", "13.569960    0.581807"]);
    let [kl, cross_entropy, _] = end(&ran)?;
    let least = 0.5 * (std::f64::consts::TAU * std::f64::consts::E * 13.569960f64.powi(2)).log2();
    near(cross_entropy, least, 1e-6);
    assert!(kl > 0.0);
    left_all(&ran, "bits", None)?;

    let ran =
        Place::with_data("old_faithful.csv")?.run("gaussian --csv old_faithful.csv --resolution 0.001,1 --out out")?;
    ran.said(&["70.897059", "0.900811", "correlation of eruption_minutes and waiting_minutes"]);
    left_all(&ran, "bits", None)
}

#[test]
fn without_a_resolution_kl_is_infinite_and_nothing_is_claimed_of_it() -> Result<()> {
    let ran = Place::with_data("old_faithful.csv")?.run("gaussian --csv old_faithful.csv --out out")?;
    ran.said(&["3.487783", "KL nowhere (infinite)", "no identity is claimed", "--resolution", "0.900811"]);
    assert!(!ran.out.contains("largest residual"), "{}", ran.out);
    let (_, rows) = ran.log()?;
    assert!(rows.iter().all(|row| row[1] == f64::INFINITY && row[2].is_finite()));
    left_all(&ran, "bits", None)
}

#[test]
fn too_coarse_a_resolution_is_warned_of() -> Result<()> {
    let ran = Place::new()?.run("gaussian --resolution 8 --out out")?;
    ran.said(&["warning", "standard deviation of x", "resolution 8"]);
    let fine = Place::new()?.run("gaussian --resolution 1 --out out")?;
    assert!(!fine.out.contains("warning"), "{}", fine.out);
    Ok(())
}

#[test]
fn a_coin_of_the_survivors() -> Result<()> {
    let place = Place::with_data("titanic.csv")?;
    let ran = place.run("coin --csv titanic.csv --target survived --count count --out out")?;
    // 711 of 2201.
    ran.said(&["n = 2201 observations, 2 distinct rows", "0.323035"]);
    near(end(&ran)?[0], 0.0, 1e-9);
    left_all(&ran, "bits", None)
}

#[test]
fn a_table_has_a_folder_of_its_own() -> Result<()> {
    let place = Place::with_data("titanic.csv")?;
    let ran = place.run("logistic --csv titanic.csv --target survived --count count")?;
    ran.said(&["are in plots/logistic/titanic/"]);
    assert!(ran.names().iter().all(|name| name.starts_with("plots/logistic/titanic/")), "{:?}", ran.names());
    Ok(())
}

#[test]
fn a_step_size_on_a_table_takes_gradient_descent_to_the_same_place() -> Result<()> {
    let line =
        "logistic --csv titanic.csv --target survived --count count --base sex=male --lr 0.6 --steps 3000 --out out";
    let ran = Place::with_data("titanic.csv")?.run(line)?;
    ran.said(&["gradient descent, step size 0.6", "the same path"]);
    near(ran.number("sex female")?, 2.420060, 1e-6);
    left_all(&ran, "bits", Some(3000))
}

#[test]
fn help_explains_every_flag() -> Result<()> {
    for example in EXAMPLES {
        let ran = Place::new()?.run(&format!("{example} --help"))?;
        ran.said(&["--csv", "--count", "--n", "--seed", "--steps", "--lr", "--objective", "--unit", "--out"]);
        ran.said(if example == "gaussian" { &["--columns", "--resolution"] } else { &["--target", "--base"] });
        // A coin looks at one column.
        assert_eq!(ran.out.contains("--columns"), example != "coin", "{}", ran.out);
        assert!(ran.left.is_empty());
    }
    Ok(())
}
