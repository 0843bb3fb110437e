//! Pictures in the format, of the size and of the names that were asked for, and in words for those who do not see them.

use std::collections::BTreeSet;

use anyhow::{Context, Result};

use crate::common::example::Place;

#[test]
fn a_run_draws_in_the_format_and_size_that_were_asked_for() -> Result<()> {
    let ran = Place::new()?.run("coin --out out --steps 20 --format svg --size 1080x700")?;
    ran.said(&["pictures (*.svg)"]);
    for name in ["out/descent.svg", "out/landscape.svg", "out/model.svg"] {
        let svg = std::str::from_utf8(ran.left.get(name).with_context(|| format!("{name}: {:?}", ran.names()))?)?;
        assert!(svg.contains("width=\"1080\" height=\"700\"") && svg.contains("<desc id=\"description\">"), "{name}");
        let texts = svg.matches("<text ").count();
        assert!(texts > 10 && svg.contains("font-family=\"DejaVu Sans"), "{name}: {texts} texts");
    }
    let ran = Place::new()?.run("coin --out out --steps 20 --size 900×900")?;
    let model = image::load_from_memory(&ran.left["out/model.png"])?;
    assert_eq!((model.width(), model.height()), (900, 900));
    let ran = Place::new()?.run("loss_table --out out --format svg")?;
    ran.said(&["the picture is out/loss.svg"]);
    assert_eq!(ran.names(), ["out/loss.svg"]);
    for size in ["1080", "50x50", "1000x20", "399x900", "0x900", "900x5001", "-3x4", "x", "1e3x5"] {
        let ran = Place::new()?.run(&format!("coin --out out --size={size}"))?;
        assert!(ran.code == 2 && ran.err.contains("1080x1080") && ran.left.is_empty(), "{size}: {}", ran.err);
    }
    Place::new()?.run("coin --out out --steps 20 --size 400x400")?.said(&[]);
    Ok(())
}

#[test]
fn what_the_font_cannot_set_is_said() -> Result<()> {
    let table = "身長,answer\n1,no\n2,no\n3,yes\n4,no\n2,yes\n3,yes\n1,no\n4,yes\n";
    let line = "logistic --csv table.csv --target answer --out out";
    let ran = Place::with(table)?.run(line)?;
    ran.said(&["out/landscape.png: its font cannot set 身 (U+8EAB), 長 (U+9577), as in \"", "--format svg"]);
    let ran = Place::with(table)?.run(&format!("{line} --format svg"))?;
    assert!(!ran.out.contains("U+8EAB"), "{}", ran.out);
    assert!(std::str::from_utf8(&ran.left["out/landscape.svg"])?.contains("身長"));
    let ran = Place::with(table.replace("身長", "Größe θ"))?.run(line)?;
    assert!(!ran.out.contains("its font cannot"), "{}", ran.out);
    Ok(())
}

/// A picture of the README is told to those who do not see it, and not only named.
#[test]
fn every_picture_of_the_readme_is_told() -> Result<()> {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"))?;
    let pictures: Vec<(&str, &str)> = readme
        .match_indices("![")
        .filter_map(|(at, _)| {
            readme[at + 2..].split_once("](").map(|(alt, rest)| (alt, rest.split(')').next().unwrap_or("")))
        })
        .collect();
    assert!(pictures.len() >= 17, "{pictures:?}");
    let told: BTreeSet<&str> = pictures.iter().map(|(alt, _)| *alt).collect();
    assert_eq!(told.len(), pictures.len(), "no two alike");
    for (alt, path) in pictures {
        assert!(alt.split_whitespace().count() >= 12, "{path}: {alt:?} says too little");
        assert_eq!(readme.matches(alt).count(), 1, "{path}: the words beside it say that already");
    }
    Ok(())
}
