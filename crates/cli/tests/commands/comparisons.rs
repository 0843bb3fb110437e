//! Models are compared on the same rows: as statsmodels has AIC and the likelihood ratio, and only where they were fitted to them.

use anyhow::{Result, ensure};

use crate::{done, said, with_titanic};

#[test]
fn nested_models_on_their_own_rows_and_on_others() -> Result<()> {
    let place = with_titanic()?;
    let folder = place.path();
    for (columns, out) in [("sex", "small"), ("sex,class", "large"), ("age", "other")] {
        let line = format!("fit --csv titanic.csv --target survived --count count --columns {columns} --out {out}");
        ensure!(done(folder, &line)?.status.success(), "{columns}");
    }
    let [small, large, other] = ["small", "large", "other"].map(|out| format!("{out}/parameters.safetensors"));
    let compared = done(folder, &format!("compare {small} {large} {other} --csv titanic.csv --count count"))?;
    let words = said(&compared);
    ensure!(compared.status.success() && words.contains("survived: n = 2201 observations"), "{words}");
    // 2 NLL of 2334.988 and 2228.913, by statsmodels.
    ensure!(words.matches(" within ").count() == 1, "{words}");
    let of = |start: &str| words.lines().find(|line| line.starts_with(start)).unwrap_or_default().to_string();
    let number = |line: &str, at: usize| line.split_whitespace().nth(at).and_then(|word| word.parse::<f64>().ok());
    let (aic_small, aic_large) = (number(&of("small/"), 7), number(&of("large/"), 7));
    let test = of("small/parameters.safetensors within large/");
    let statistic = test.split(" = ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<f64>().ok());
    let (Some(small_aic), Some(large_aic), Some(statistic)) = (aic_small, aic_large, statistic) else {
        anyhow::bail!("{words}")
    };
    // AIC = 2 NLL + 2 parameters, so that the ratio is their difference and twice three parameters.
    ensure!((small_aic - large_aic + 6.0 - statistic).abs() < 2e-3, "{words}");
    ensure!(test.contains("3 degrees of freedom") && (statistic - 106.075).abs() < 1e-3, "{words}");

    // On other rows their likelihoods are not those of maxima.
    let held = done(folder, &format!("compare {small} {large} --csv titanic.csv --count count --where class=1st,2nd"))?;
    let words = said(&held);
    ensure!(held.status.success() && words.contains("not all of them are at the maximum"), "{words}");
    ensure!(!words.contains("AIC (nats)") && !words.contains("within large"), "{words}");

    let one = done(folder, &format!("compare {small} --csv titanic.csv"))?;
    ensure!(one.status.code() == Some(2), "{}", said(&one));
    let sex = done(folder, "fit --csv titanic.csv --target sex --count count --out sex")?;
    ensure!(sex.status.success(), "{}", said(&sex));
    let refused = done(folder, &format!("compare {small} sex/parameters.safetensors --csv titanic.csv --count count"))?;
    ensure!(refused.status.code() == Some(1) && said(&refused).contains("predicts survived"), "{}", said(&refused));
    Ok(())
}

/// n observations of a gamma distribution of shape 3 and rate 1/2, a line over them and a class: the same in every run.
fn with_numbers() -> Result<tempfile::TempDir> {
    let place = tempfile::tempdir()?;
    let mut csv = String::from("t,x,y,z,hits,class\n");
    let mut state = 1u64;
    let mut unit = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    };
    for row in 0..300 {
        let t = -2.0 * (unit() * unit() * unit()).ln();
        let (x, z) = (f64::from(row % 7), f64::from(row % 3));
        let noise = (0..12).map(|_| unit()).sum::<f64>() - 6.0;
        let hits = -(unit() * unit() * unit()).ln();
        let class = if unit() < 1.0 / (1.0 + (2.0 - 0.7 * x).exp()) { "up" } else { "down" };
        csv += &format!("{t:.4},{x},{:.4},{z},{},{class}\n", 1.0 + 0.5 * x + noise, hits.round());
    }
    std::fs::write(place.path().join("t.csv"), csv)?;
    Ok(place)
}

fn number_after(words: &str, start: &str, mark: &str) -> Option<f64> {
    let line = words.lines().find(|line| line.starts_with(start))?;
    line.split(mark).nth(1)?.split_whitespace().next()?.parse().ok()
}

#[test]
fn any_two_families_of_one_outcome() -> Result<()> {
    let place = with_numbers()?;
    let folder = place.path();
    let fits = [
        ("exponential", "--column t --family exponential"),
        ("gamma", "--column t --family gamma"),
        ("lognormal", "--column t --family lognormal"),
        ("mixture1", "--column t --family mixture --components 1"),
        ("mixture2", "--column t --family mixture --components 2"),
        ("alone", "--column y --family gaussian"),
        ("line", "--target y --family linear --columns x"),
        ("plane", "--target y --family linear --columns x,z"),
        ("pois", "--column hits --family poisson"),
        ("nb", "--column hits --family negative-binomial"),
        ("rate", "--target hits --family poisson --columns x"),
        ("coin", "--target class --family coin"),
        ("logistic", "--target class --columns x"),
        ("both", "--target class --columns x,z"),
    ];
    for (out, flags) in fits {
        let fitted = done(folder, &format!("fit --csv t.csv {flags} --no-pictures --out {out}"))?;
        ensure!(fitted.status.success(), "{}", said(&fitted));
    }
    let compare = |models: &[&str], table: &str| -> Result<(bool, String)> {
        let files: Vec<String> = models.iter().map(|out| format!("{out}/parameters.safetensors")).collect();
        let output = done(folder, &format!("compare {} {table}", files.join(" ")))?;
        Ok((output.status.success(), said(&output)))
    };
    // Pairs of which the one is within the other, and the degrees of freedom between them.
    let nested = [
        ("exponential", "gamma", 1),
        ("alone", "line", 1),
        ("line", "plane", 1),
        ("pois", "rate", 1),
        ("coin", "logistic", 1),
        ("coin", "both", 2),
        ("logistic", "both", 1),
        ("pois", "nb", 1),
    ];
    for (small, large, degrees) in nested {
        // On the table, and by what the files say: to the same digits, whichever is named first.
        for table in ["--csv t.csv", ""] {
            let (fine, words) = compare(&[large, small], table)?;
            let line = format!("{small}/parameters.safetensors within {large}/parameters.safetensors");
            ensure!(fine && words.contains(&line) && words.contains(&format!(" {degrees} degree")), "{words}");
            let aic = |model: &str| {
                let row = words.lines().find(|line| line.starts_with(&format!("{model}/parameters.safetensors  ")))?;
                row.split_whitespace().rev().nth(1)?.parse::<f64>().ok()
            };
            let (Some(a), Some(b)) = (aic(small), aic(large)) else { anyhow::bail!("{words}") };
            let statistic = number_after(&words, &line, "ΔKL = ").unwrap_or(f64::NAN);
            ensure!((a - b + 2.0 * f64::from(degrees) - statistic).abs() < 2e-3, "{words}");
        }
    }
    ensure!(compare(&["pois", "nb"], "")?.1.contains("at an edge of the larger"));
    let (fine, words) = compare(&["mixture1", "mixture2"], "--csv t.csv")?;
    ensure!(fine && words.contains("no test, for of components that are not there"), "{words}");
    let (fine, words) = compare(&["gamma", "lognormal"], "--csv t.csv")?;
    ensure!(fine && words.contains("Vuong") && words.contains("std. error") && !words.contains(" within g"), "{words}");

    // Of probabilities the floor is known, so that KL is: that of the coin is H(Y|x, z) below its cross-entropy.
    let (_, words) = compare(&["coin", "logistic"], "--csv t.csv")?;
    ensure!(words.contains("KL (bits)") && !compare(&["gamma", "lognormal"], "--csv t.csv")?.1.contains("KL (bits)"));

    for (pair, says) in [
        (["gamma", "line"], "is of t, and line/parameters.safetensors predicts y: give models of the same"),
        (["gamma", "logistic"], "predicts class"),
    ] {
        let (fine, words) = compare(&pair, "--csv t.csv")?;
        ensure!(!fine && words.contains(says), "{words}");
    }
    let fitted = done(folder, "fit --csv t.csv --column hits --family gaussian --no-pictures --out bell")?;
    ensure!(fitted.status.success());
    let (fine, words) = compare(&["pois", "bell"], "")?;
    ensure!(!fine && words.contains("a density per unit of hits") && words.contains("--family all"), "{words}");
    // Other rows are told from those of the fit, without the table.
    let some = done(folder, "fit --csv t.csv --target class --columns x,z --where z=0,1 --no-pictures --out some")?;
    ensure!(some.status.success(), "{}", said(&some));
    let (fine, words) = compare(&["logistic", "some"], "")?;
    ensure!(!fine && words.contains("to 300 observations and to 200: say on which rows"), "{words}");
    Ok(())
}

/// A column that others combine to is no parameter more: AIC, tests and degrees of freedom are those of the fit without it, as R's glm
/// has them.
#[test]
fn a_column_that_others_combine_to_costs_nothing() -> Result<()> {
    let place = with_numbers()?;
    let folder = place.path();
    let text = std::fs::read_to_string(folder.join("t.csv"))?;
    let both = text.lines().map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        match (cells[1].parse::<f64>(), cells[3].parse::<f64>()) {
            (Ok(x), Ok(z)) => format!("{x},{z},{},{}\n", x - 2.0 * z, cells[5]),
            _ => "x,z,both,class\n".into(),
        }
    });
    std::fs::write(folder.join("both.csv"), both.collect::<String>())?;
    let fit = |out: &str, columns: &str| -> Result<String> {
        let line =
            format!("fit --csv both.csv --target class --columns {columns} --hold-out 0.2 --no-pictures --out {out}");
        let fitted = done(folder, &line)?;
        ensure!(fitted.status.success(), "{}", said(&fitted));
        Ok(said(&fitted))
    };
    let (plain, more) = (fit("plain", "x,z")?, fit("more", "x,z,both")?);
    for start in
        ["2 NLL = ", "deviance 2 n KL", "against the intercept alone", "to be expected where the model is true"]
    {
        let of = |words: &str| words.lines().find(|line| line.starts_with(start)).map(String::from);
        ensure!(of(&plain).is_some() && of(&plain) == of(&more), "{:?} and {:?}", of(&plain), of(&more));
    }
    let compared = done(folder, "compare plain/parameters.safetensors more/parameters.safetensors")?;
    let words = said(&compared);
    let parameters = |model: &str| {
        let row = words.lines().find(|line| line.starts_with(model))?;
        row.split_whitespace().nth(1).map(String::from)
    };
    ensure!(parameters("plain/") == Some("3".into()) && parameters("more/") == Some("3".into()), "{words}");
    Ok(())
}
