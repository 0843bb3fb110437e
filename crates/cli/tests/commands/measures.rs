//! What columns tell is the table's own information, with an interval that covers it and a level that chance does not exceed.

use anyhow::{Context, Result, ensure};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use crate::{done, said, with_titanic};

fn measured(folder: &std::path::Path, line: &str) -> Result<Value> {
    let output = done(folder, &format!("measure {line} --json"))?;
    ensure!(output.status.success(), "{line}: {}", said(&output));
    serde_json::from_slice(&output.stdout).with_context(|| said(&output))
}

fn number(of: &Value, name: &str) -> f64 {
    of[name].as_f64().unwrap_or(f64::NAN)
}

fn about<'a>(all: &'a Value, column: &str) -> Result<&'a Value> {
    let list = all["information"].as_array().context("no information")?;
    list.iter().find(|of| of["between"][0] == column).with_context(|| format!("nothing about {column}: {all}"))
}

#[test]
fn of_counted_columns() -> Result<()> {
    let place = with_titanic()?;
    let all = measured(place.path(), "--csv titanic.csv --target survived --count count")?;
    // I(sex; survived) of the table, by its entropies: 0.142391 bits.
    let sex = about(&all, "sex")?;
    let i = number(sex, "information");
    ensure!((i - 0.142391).abs() < 1e-6, "{sex}");
    ensure!((i - number(sex, "less_bias") - 1.0 / (2.0 * 2201.0) / 2f64.ln()).abs() < 1e-9, "{sex}");
    ensure!(number(sex, "conf.low") < i && i < number(sex, "conf.high") && number(sex, "p.value") == 0.005, "{sex}");
    // 2nI of two independent columns is χ² with one degree of freedom: 3.84 in 19 of 20.
    let chi = number(sex, "chance") * 2.0 * 2201.0 * 2f64.ln();
    ensure!((2.0..7.0).contains(&chi), "{chi}");
    let order: Vec<&str> =
        all["information"].as_array().into_iter().flatten().filter_map(|of| of["between"][0].as_str()).collect();
    assert_eq!(order, ["sex", "class", "age"]);
    // Without a target every two columns.
    let pairs = measured(place.path(), "--csv titanic.csv --count count")?;
    ensure!(pairs["information"].as_array().is_some_and(|pairs| pairs.len() == 6), "{pairs}");
    Ok(())
}

/// y is x and noise of the same variance: I = ½ log 2 nats, half a bit; z tells nothing.
#[test]
fn of_numbers_that_do_not_repeat() -> Result<()> {
    let place = tempfile::tempdir()?;
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut normal = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
    let rows: String = (0..1500)
        .map(|_| {
            let (x, noise, z) = (normal(), normal(), normal());
            format!("{x},{z},{},{}\n", x + noise, if x + noise > 0.0 { "high" } else { "low" })
        })
        .collect();
    std::fs::write(place.path().join("t.csv"), format!("x,z,y,class\n{rows}"))?;
    let all = measured(place.path(), "--csv t.csv --target y --columns x,z")?;
    let (x, z) = (about(&all, "x")?, about(&all, "z")?);
    ensure!(x["how"] == "neighbours" && x["information"].is_null(), "{x}");
    ensure!(
        (number(x, "less_bias") - 0.5).abs() < 0.1 && number(x, "conf.low") < 0.5 && number(x, "conf.high") > 0.5,
        "{x}"
    );
    ensure!(number(x, "p.value") == 0.01 && number(z, "p.value") > 0.05 && number(z, "less_bias") < 0.06, "{x} {z}");
    // Of a class, by neighbours of the same class: at most its entropy.
    let all = measured(place.path(), "--csv t.csv --target class --columns x,z")?;
    let x = about(&all, "x")?;
    ensure!((0.2..0.5).contains(&number(x, "less_bias")) && number(x, "conf.high") <= 1.0, "{x}");
    Ok(())
}

/// Neighbours that part a rare class from the others tell ψ(n) − the mean of ψ(size of the class): more than its entropy, and said so.
#[test]
fn an_estimate_above_the_entropy_says_so() -> Result<()> {
    let place = tempfile::tempdir()?;
    let row = |i: usize| {
        let (x, class) = if i.is_multiple_of(10) { (100.0, "rare") } else { (0.0, "usual") };
        format!("{},{},{class}\n", x + (i as f64).sqrt().fract(), (i as f64).cbrt().fract())
    };
    std::fs::write(place.path().join("t.csv"), format!("x,z,class\n{}", (0..40).map(row).collect::<String>()))?;
    let all = measured(place.path(), "--csv t.csv --target class --unit nats")?;
    let h = -(0.1 * 0.1f64.ln() + 0.9 * 0.9f64.ln());
    let (x, z) = (about(&all, "x")?, about(&all, "z")?);
    // ψ(40) − 0.9 ψ(36) − 0.1 ψ(4).
    ensure!((number(x, "less_bias") - 0.338_106).abs() < 1e-5 && number(x, "less_bias") > h, "{x}");
    ensure!(x["above_entropy"] == true && z["above_entropy"] == false, "{all}");
    let output = done(place.path(), "measure --csv t.csv --target class --unit nats")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(
        text.matches("neighbours, above H").count() == 1
            && text.contains("\nabove H: a column tells at most its entropy"),
        "{text}"
    );
    Ok(())
}
