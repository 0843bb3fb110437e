//! What a command says, as one JSON document, as a page, as the lecture behind a number, as a manual page, for a shell.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{done, said, with_titanic};

/// One document, whatever comes of the command.
fn document(folder: &Path, line: &str) -> Result<Value> {
    let output = done(folder, &format!("{line} --json"))?;
    let text = String::from_utf8(output.stdout)?;
    serde_json::from_str(&text).with_context(|| format!("{line}: {text}"))
}

fn names(value: &Value) -> BTreeSet<&str> {
    value.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn every_command_is_one_document() -> Result<()> {
    let place = with_titanic()?;
    let folder = place.path();
    let fit = document(folder, "fit --csv titanic.csv --target survived --count count --unit nats")?;
    // Names that stay, the coefficients' those of broom.
    let known = [
        "coefficients",
        "data",
        "descent",
        "device",
        "dtype",
        "folder",
        "likelihood",
        "notes",
        "pictures",
        "printed",
        "unit",
        "reference_class",
        "target",
    ];
    assert_eq!(names(&fit), known.into());
    let broom =
        ["conf.high", "conf.low", "estimate", "odds.ratio", "p.value", "statistic", "std.error", "term", "y.level"];
    assert_eq!(names(&fit["coefficients"][0]), broom.into());
    // The lecture's numbers, to the last digit that it gives.
    for (path, value) in [
        ("/coefficients/4/estimate", -2.420060),
        ("/coefficients/4/std.error", 0.140410),
        ("/likelihood/deviance", 112.566592),
        ("/likelihood/twice_nll", 2210.061106),
        ("/descent/end/nll", 1105.030553),
        ("/data/n", 2201.0),
    ] {
        let found = fit.pointer(path).and_then(Value::as_f64).unwrap_or(f64::NAN);
        ensure!((found - value).abs() < 5e-4 * value.abs().min(0.002), "{path}: {found}");
    }
    ensure!(fit["descent"]["argmin"]["kl"] == fit["descent"]["argmin"]["nll"], "{}", fit["descent"]);
    // Without --json the same is printed, line by line.
    let lines = done(folder, "fit --csv titanic.csv --target survived --count count --unit nats")?;
    let printed: Vec<&str> = fit["printed"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    assert_eq!(String::from_utf8(lines.stdout)?.lines().collect::<Vec<_>>(), printed);

    let model = "plots/fit/titanic/parameters.safetensors";
    let predicted = document(folder, &format!("predict {model} --csv titanic.csv --count count"))?;
    ensure!(predicted["score"]["n"] == 2201.0 && predicted["rows"] == 32, "{predicted}");
    let compared = document(folder, &format!("compare {model} {model} --csv titanic.csv --count count"))?;
    ensure!(compared["models"].as_array().is_some_and(|models| models.len() == 2), "{compared}");
    let tree = document(folder, "tree --csv titanic.csv --target survived --count count --depth 2")?;
    ensure!(tree["tree"]["split"] == "sex" && tree["tree"]["branches"][0]["answer"] == "female", "{tree}");
    for line in ["measure --csv titanic.csv --count count", "explain", "explain L4", "completions fish", "man"] {
        let of = document(folder, line)?;
        ensure!(of.get("error").is_none() && of["printed"].is_array(), "{line}: {of}");
    }
    let refused = document(folder, "fit --csv nowhere.csv")?;
    ensure!(refused["error"].as_str().is_some_and(|error| error.contains("nowhere.csv")), "{refused}");
    Ok(())
}

#[test]
fn what_no_number_can_say_is_said_as_text() -> Result<()> {
    let place = tempfile::tempdir()?;
    std::fs::write(place.path().join("t.csv"), "x,y\n1,a\n2,a\n3,b\n4,b\n")?;
    let fit = document(place.path(), "fit --csv t.csv --target y --no-pictures")?;
    let slope = &fit["coefficients"][1];
    assert_eq!(
        (slope["estimate"].as_str(), slope["std.error"].as_str(), slope["statistic"].as_str()),
        (Some("Infinity"), Some("Infinity"), Some("NaN"))
    );
    ensure!(fit["separation"]["complete"] == true && fit["descent"].get("argmin").is_none(), "{fit}");
    Ok(())
}

#[test]
fn a_report_is_one_page_that_needs_no_other_file() -> Result<()> {
    let place = with_titanic()?;
    // A name that would be HTML, were it not said as text.
    let csv = std::fs::read_to_string(place.path().join("titanic.csv"))?.replacen("sex", "<b>sex & \"age\"", 1);
    std::fs::write(place.path().join("odd.csv"), csv)?;
    for (line, pictures) in [
        ("fit --csv titanic.csv --target survived --count count", 3),
        ("fit --csv titanic.csv --target survived --count count --format svg", 3),
        ("fit --csv odd.csv --target survived --count count --no-pictures", 0),
        ("fit --family gaussian --truth 1,2 --resolution 0.1", 3),
    ] {
        let run = done(place.path(), &format!("{line} --report --out out"))?;
        let words = said(&run);
        ensure!(run.status.success() && words.contains("report.html"), "{words}");
        let page = std::fs::read_to_string(place.path().join("out/report.html"))?;
        assert_eq!(page.matches("<img alt=\"").count(), pictures, "{line}");
        assert_eq!(page.matches("src=\"data:image/").count(), pictures, "{line}");
        for other in ["http://", "https://", "<script", "<link", "url(", "<b>sex"] {
            ensure!(!page.contains(other), "{line}: {other}");
        }
        // Every title stands there as it was printed.
        for title in words.lines().filter_map(|line| Some(line.split_once(".png: ").or(line.split_once(".svg: "))?.1)) {
            ensure!(page.contains(title), "{title}");
        }
        ensure!(page.contains("<h1>") && page.contains("How it was made"), "{line}");
        std::fs::remove_dir_all(place.path().join("out"))?;
    }
    Ok(())
}

/// Where neither class is determined against the reference class, what is between the two is, and the page shows it as the run does.
#[test]
fn a_report_shows_the_contrasts_that_are_determined() -> Result<()> {
    let place = tempfile::tempdir()?;
    let iris = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/iris.csv");
    std::fs::copy(iris, place.path().join("iris.csv"))?;
    let run = done(place.path(), "fit --csv iris.csv --target species --no-pictures --report --out out")?;
    let words = said(&run);
    let printed = words.split("virginica against versicolor").nth(1).context(words.clone())?;
    let row = printed.lines().find(|line| line.trim_start().starts_with("petal_length_cm")).context("a row")?;
    let estimate = row.split_whitespace().nth(1).context("an estimate")?;
    ensure!((estimate.parse::<f64>()? - 9.429).abs() < 1e-3, "{row}");
    let page = std::fs::read_to_string(place.path().join("out/report.html"))?;
    let of = "<tr><td class=text>virginica<td class=text>versicolor<td class=text>petal_length_cm<td>";
    ensure!(page.contains("Contrasts:") && page.contains(&format!("{of}{estimate}<td>")), "{page}");
    Ok(())
}

/// A row of the README's map: concept, formula, library, examples, lecture rows.
type Row = (String, String, BTreeSet<String>, BTreeSet<String>, Vec<String>);

fn of_the_map(readme: &str) -> Result<Vec<Row>> {
    let map = readme.split("## The map").nth(1).and_then(|rest| rest.split("\n## ").next()).context("no map")?;
    let rows = map.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| concept")).map(|line| {
        let line = line.replace("\\|", "\u{1}");
        let cells: Vec<String> =
            line.trim_matches('|').split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect();
        let code = |cell: &str| cell.split('`').skip(1).step_by(2).map(String::from).collect::<BTreeSet<_>>();
        let mut lecture = vec![];
        for word in cells[5].split_whitespace() {
            match word.split_once('–') {
                Some((from, to)) => {
                    let number = |row: &str| row[1..].parse::<u32>();
                    lecture.extend((number(from)?..=number(to)?).map(|row| format!("{}{row}", &from[..1])));
                }
                None => lecture.push(word.into()),
            }
        }
        Ok((cells[0].clone(), cells[1].clone(), code(&cells[2]), code(&cells[3]), lecture))
    });
    rows.collect()
}

#[test]
fn the_lecture_behind_a_number_is_that_of_the_map() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let place = tempfile::tempdir()?;
    let all = document(place.path(), "explain")?;
    let texts = |value: &Value| {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(String::from).collect::<Vec<_>>()
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let concepts = all["concepts"].as_array().context("no concepts")?;
    let told: Vec<Row> = concepts
        .iter()
        .map(|of| {
            let set = |name: &str| texts(&of[name]).into_iter().collect();
            (text(&of["concept"]), text(&of["formula"]), set("library"), set("examples"), texts(&of["rows"]))
        })
        .collect();
    assert_eq!(told, of_the_map(&std::fs::read_to_string(root.join("README.md"))?)?);
    // Every row of the lecture, every example that is named, every word.
    for row in (1..=20).map(|row| format!("L{row}")).chain((1..=6).map(|row| format!("P{row}"))) {
        let one = done(place.path(), &format!("explain {row}"))?;
        ensure!(one.status.success() && said(&one).contains(&row), "{row}: {}", said(&one));
    }
    for (.., examples, _) in &told {
        ensure!(
            examples.iter().all(|example| root.join("examples").join(example).with_extension("rs").exists()),
            "{examples:?}"
        );
    }
    let known: BTreeSet<String> = concepts.iter().map(|of| text(&of["concept"])).collect();
    for word in all["words"].as_array().context("no words")? {
        ensure!(known.contains(&text(&word["concept"])), "{word}");
    }
    for (word, says) in
        [("deviance", "2 n KL in nats"), ("AIC", "2 nats or ln n"), ("argmin", "one and the same"), ("usable", "P6")]
    {
        let one = done(place.path(), &format!("explain {word}"))?;
        ensure!(one.status.success() && said(&one).contains(says), "{word}: {}", said(&one));
    }
    let refused = done(place.path(), "explain nonsense")?;
    ensure!(refused.status.code() == Some(1) && said(&refused).contains("L1 to L21 or P1 to P6"), "{}", said(&refused));
    Ok(())
}

#[test]
fn shells_and_man_know_every_flag() -> Result<()> {
    let place = tempfile::tempdir()?;
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = done(place.path(), &format!("completions {shell}"))?;
        let words = said(&script);
        ensure!(
            script.status.success()
                && ["let-it-diverge", "completions", "measure", "schedule"].iter().all(|word| words.contains(word)),
            "{shell}"
        );
        std::fs::write(place.path().join(shell), script.stdout)?;
    }
    // What bash itself makes of it, where it is there.
    let complete = "source ./bash; of=$(complete -p candle-mle | sed 's/.*-F \\([^ ]*\\).*/\\1/'); \
                    COMP_WORDS=(candle-mle fit --opt); COMP_CWORD=2; $of candle-mle --opt fit; echo \"${COMPREPLY[@]}\"";
    if let Ok(completed) = std::process::Command::new("bash").args(["-c", complete]).current_dir(&place).output() {
        ensure!(said(&completed).trim() == "--optimizer", "{}", said(&completed));
    }
    for (command, title) in [("", "candle-mle"), ("fit", "candle-mle-fit"), ("measure", "candle-mle-measure")] {
        let page = done(place.path(), &format!("man {command}"))?;
        let words = said(&page);
        ensure!(page.status.success() && words.contains(&format!(".TH {title} 1")), "{command}: {words}");
        ensure!(command != "fit" || words.contains("optimizer"), "{words}");
    }
    let refused = done(place.path(), "man nothing")?;
    ensure!(refused.status.code() == Some(1) && said(&refused).contains("there are fit, resume"), "{}", said(&refused));
    Ok(())
}
