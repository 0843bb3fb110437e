//! The committed pictures are what the examples draw: decoded, at most a thousandth of the pixels differs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::common::example::Place;

/// The table of a run, if it has one, and the run; its pictures are in plots/<example>/<table> or plots/<example>.
const RUNS: [(Option<&str>, &str); 32] = [
    (None, "coin"),
    (None, "logistic"),
    (None, "softmax"),
    (None, "gaussian"),
    (
        Some("titanic.csv"),
        "logistic --csv titanic.csv --target survived --count count --base sex=male --base age=child",
    ),
    (Some("iris.csv"), "softmax --csv iris.csv --target species"),
    (Some("hair_eye.csv"), "softmax --csv hair_eye.csv --target eye --count count --base eye=brown --base sex=male"),
    (Some("old_faithful.csv"), "gaussian --csv old_faithful.csv --resolution 0.001,1"),
    (None, "maxent"),
    (None, "loss_table"),
    (None, "gaussian_entropy"),
    (None, "entropic_clt"),
    (None, "chain_rule"),
    (None, "mutual_information"),
    (None, "correlation"),
    (None, "gaussian_information"),
    (None, "coding"),
    (Some("iris.csv"), "multivariate"),
    (None, "estimator_bias"),
    (None, "wilks"),
    (None, "curvature"),
    (None, "sample_size"),
    (None, "invariance"),
    (None, "forward_reverse_kl"),
    (None, "characters"),
    (None, "decision_tree"),
    (Some("iris.csv"), "decision_tree --csv iris.csv --target species"),
    (None, "channels"),
    (None, "data_processing"),
    (None, "usable_information"),
    (None, "held_out"),
    (None, "families"),
];

#[test]
fn every_picture_is_drawn_as_it_was_committed() -> Result<()> {
    let mut drawn = BTreeSet::new();
    for (table, run) in RUNS {
        let place = match table {
            Some(table) => Place::with_data(table)?,
            None => Place::new()?,
        };
        let ran = place.run(run)?;
        assert_eq!(ran.code, 0, "{run}: {}", ran.err);
        for (name, fresh) in ran.left.iter().filter(|(name, _)| name.ends_with(".png")) {
            let committed = std::fs::read(root().join(name)).with_context(|| format!("{name} is not committed"))?;
            let (fresh, committed) =
                (image::load_from_memory(fresh)?.to_rgb8(), image::load_from_memory(&committed)?.to_rgb8());
            assert_eq!(fresh.dimensions(), committed.dimensions(), "{name}");
            let differ = fresh.pixels().zip(committed.pixels()).filter(|(a, b)| a != b).count();
            let all = fresh.pixels().len();
            assert!(
                differ * 1000 <= all,
                "{name}: {differ} of {all} pixels differ; run the example again and commit it"
            );
            drawn.insert(PathBuf::from(name));
        }
    }
    // What the bench `cost` measured is of the machine that it ran on.
    drawn.insert(PathBuf::from("plots/cost/cost.png"));
    assert_eq!(drawn, pictures(Path::new("plots"))?, "every committed picture is drawn by a run of this test");
    Ok(())
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn pictures(folder: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(root().join(folder))? {
        let path = folder.join(entry?.file_name());
        if root().join(&path).is_dir() {
            found.extend(pictures(&path)?);
        } else if path.extension().is_some_and(|ending| ending == "png") {
            found.insert(path);
        }
    }
    Ok(found)
}
