//! A decision tree asks the question of the largest mutual information, `Pmf`'s to the last bit, and by the chain rule
//! its gains sum to what its leaves tell about the class.

use anyhow::{Context, Result, ensure};
use candle_core::Tensor;
use candle_mle::info::Pmf;
use candle_mle::table::Column;
use candle_mle::table::Split;
use candle_mle::tree::{Node, Stop, Tree};
use candle_mle::{Empirical, Information, Table};
use proptest::prelude::*;

use crate::common::{self, CPU};

/// A table on disk, as people have them.
fn written(csv: &str) -> Result<Table> {
    let place = tempfile::tempdir()?;
    let path = place.path().join("table.csv");
    std::fs::write(&path, csv)?;
    Ok(Table::read(path, csv.lines().next().is_some_and(|header| header.ends_with("count")).then_some("count"))?)
}

/// The answer of every row to a question, as a level.
fn answers(table: &Table, split: &Split) -> Result<(usize, Vec<usize>)> {
    let (_, column) = table.columns().iter().find(|(name, _)| *name == split.column).context("no such column")?;
    Ok(match column {
        Column::Categories { levels, codes } => (levels.len(), codes.iter().map(|c| *c as usize).collect()),
        Column::Numbers(v) => {
            let threshold = split.threshold.unwrap_or(f64::INFINITY);
            (2, v.iter().map(|v| usize::from(*v > threshold)).collect())
        }
    })
}

/// I(answer; class) of some rows by `Pmf` alone.
fn information(table: &Table, target: &str, rows: &[usize], split: &Split) -> Result<Information> {
    let (_, y) = table.columns().iter().find(|(name, _)| name == target).context("no target")?;
    let Column::Categories { levels, codes } = y else { anyhow::bail!("a target of categories") };
    let (answers, answer) = answers(table, split)?;
    let mut counts = vec![0.0; answers * levels.len()];
    for row in rows {
        counts[answer[*row] * levels.len() + codes[*row] as usize] += table.count()[*row];
    }
    Ok(Pmf::from_counts([answers, levels.len()], counts)?.mutual_information(&[0], &[1])?)
}

/// That every gain below a node is what `Pmf` says of the rows there; returns Σ share · gain.
fn check(table: &Table, target: &str, rows: &[usize], node: &Node) -> Result<f64> {
    let weight = |node: &Node| node.counts.iter().sum::<f64>() / table.count().iter().sum::<f64>();
    let Some(split) = &node.split else { return Ok(0.0) };
    let expected = information(table, target, rows, split)?;
    // Whole counts sum to the same number in any order, others to the same but for rounding.
    let rounding = if table.count().iter().all(|count| count.fract() == 0.0) { 0.0 } else { 1e-13 };
    let apart = (split.gain.bits() - expected.bits()).abs();
    ensure!(apart <= rounding, "{}: {} is not {}", split.column, split.gain, expected);
    let (_, answer) = answers(table, split)?;
    let mut groups: Vec<Vec<usize>> = vec![];
    let mut seen: Vec<usize> = rows.iter().map(|row| answer[*row]).collect();
    seen.sort_unstable();
    seen.dedup();
    for level in seen {
        groups.push(rows.iter().copied().filter(|row| answer[*row] == level).collect());
    }
    ensure!(groups.len() == node.branches.len(), "one branch for every answer");
    let mut sum = weight(node) * split.gain.bits();
    for (rows, branch) in groups.iter().zip(&node.branches) {
        sum += check(table, target, rows, &branch.node)?;
    }
    Ok(sum)
}

fn whole(table: &Table, target: &str, stop: Stop) -> Result<Tree> {
    let tree = Tree::grow(table, target, &[], stop)?;
    let rows: Vec<usize> = (0..table.count().len()).filter(|row| table.count()[*row] > 0.0).collect();
    let gains = check(table, target, &rows, tree.root())?;
    let told = tree.root().entropy() - tree.entropy_left();
    ensure!((told.bits() - gains).abs() < 1e-12, "the gains sum to {gains}, the leaves tell {told}");
    // And I(leaf; Y) of the table of leaves and classes.
    let leaves = tree.leaves();
    let counts: Vec<f64> = leaves.iter().flat_map(|leaf| leaf.counts.clone()).collect();
    let p = Pmf::from_counts([leaves.len(), tree.class_names().len()], counts)?;
    ensure!((p.mutual_information(&[0], &[1])? - told).bits().abs() < 1e-12);
    // As a model its cross-entropy is H(Y|leaf).
    let data = Empirical::from_counts(tree.batch(table)?, table.count())?;
    let mut log = candle_mle::LossLog::new();
    candle_mle::walk([Ok(tree.clone())], &data, &mut log)?;
    let row = log.into_history()?.rows()[0];
    ensure!((row.cross_entropy - tree.entropy_left().nats()).abs() < 1e-12, "{row:?}");
    Ok(tree)
}

#[test]
fn titanic_is_asked_for_sex_first_and_then_tells_all_that_the_columns_know() -> Result<()> {
    let table = common::table("titanic", Some("count"))?;
    let tree = whole(&table, "survived", Stop::default())?;
    ensure!(tree.root().split.as_ref().context("no question")?.column == "sex");
    let rows = table.ranking("survived", &[])?;
    ensure!(rows.iter().map(|split| split.column.as_str()).collect::<Vec<_>>() == ["sex", "class", "age"]);
    // H(Y|X), computed independently of this crate, to the digits that lecture.md gives.
    ensure!((tree.entropy_left().bits() - 0.687425).abs() < 5e-7, "{}", tree.entropy_left());
    ensure!((tree.entropy_left() - common::titanic()?.entropy()).bits().abs() < 1e-12);
    Ok(())
}

#[test]
fn numbers_are_asked_whether_they_exceed_the_best_threshold() -> Result<()> {
    let table = common::table("iris", None)?;
    let tree = whole(&table, "species", Stop::default())?;
    // Fisher's irises: a petal of 1.9 cm at most is setosa's, and the next longer one measures 3 cm.
    let ranking = table.ranking("species", &[])?;
    ensure!(tree.root().split.as_ref().context("no question")?.gain == ranking[0].gain);
    for split in &ranking {
        let values = table.numbers(&split.column)?;
        let rows: Vec<usize> = (0..values.len()).collect();
        let at = |v: &f64| {
            let mut split = split.clone();
            split.threshold = Some(*v);
            information(&table, "species", &rows, &split)
        };
        let best = values.iter().map(at).collect::<Result<Vec<_>>>()?.iter().map(|i| i.bits()).fold(0.0, f64::max);
        ensure!(best == split.gain.bits(), "{}: {} but {best} can be had", split.column, split.gain);
    }
    ensure!(tree.entropy_left().bits() == 0.0, "all species can be told apart by heart");
    Ok(())
}

#[test]
fn it_stops_where_it_was_told_to() -> Result<()> {
    let table = common::table("titanic", Some("count"))?;
    let depth = |depth| whole(&table, "survived", Stop { depth, ..Stop::default() });
    ensure!(depth(0)?.leaves().len() == 1 && depth(1)?.leaves().len() == 2 && depth(2)?.leaves().len() == 8);
    let lost = Stop { least_gain: Information::from_bits(f64::NAN), ..Stop::default() };
    ensure!(whole(&table, "survived", lost).is_err_and(|e| e.to_string().contains("least gain")));
    let least_gain = Information::from_bits(0.005);
    let tree = whole(&table, "survived", Stop { least_gain, ..Stop::default() })?;
    let n = 2201.0;
    for node in tree.root().nodes() {
        if let Some(split) = &node.split {
            ensure!(split.gain * (node.counts.iter().sum::<f64>() / n) >= least_gain);
        }
    }
    // Sex, class below male and female, age below 2nd class males: 0.1950 · 179 / 2201 = 0.016 bits.
    ensure!(tree.leaves().len() == 9, "{tree}");
    Ok(())
}

/// One question ahead sees nothing where two columns tell only together.
#[test]
fn an_exclusive_or_has_no_first_question() -> Result<()> {
    let table = written("a,b,y\n0x,0x,no\n0x,1x,yes\n1x,0x,yes\n1x,1x,no\n")?;
    let tree = whole(&table, "y", Stop::default())?;
    ensure!(tree.leaves().len() == 1 && tree.entropy_left().bits() == 1.0);
    Ok(())
}

#[test]
fn what_it_never_saw_is_answered_by_the_node_that_asks() -> Result<()> {
    let tree = whole(&written("sex,y,count\nm,no,3\nm,yes,1\nf,yes,4\n")?, "y", Stop::default())?;
    let other = written("sex,y,count\nf,no,1\nx,no,1\nm,no,1\n")?;
    let log_q = common::host(&candle_mle::Model::log_prob(&tree, &tree.batch(&other)?)?)?;
    // A class that never came to a leaf is impossible there: −∞, not a small number.
    ensure!(log_q[0] == f64::NEG_INFINITY && log_q[1..] == [(3.0f64 / 8.0).ln(), (3.0f64 / 4.0).ln()], "{log_q:?}");
    Ok(())
}

#[test]
fn bad_input_is_an_error() -> Result<()> {
    let table = written("x,k,y\n1,a,no\n2,b,yes\n3,a,no\n")?;
    let refused = |target: &str, columns: &[&str]| {
        let columns: Vec<String> = columns.iter().map(|name| name.to_string()).collect();
        Tree::grow(&table, target, &columns, Stop::default()).map(|_| ()).map_err(|e| e.to_string())
    };
    ensure!(refused("z", &[]).is_err_and(|e| e.contains("no column 'z'")));
    ensure!(refused("y", &["z"]).is_err_and(|e| e.contains("no column 'z'")));
    ensure!(refused("y", &["y"]).is_err_and(|e| e.contains("cannot predict itself")));
    let one = Tree::grow(&written("x,y\n1,no\n2,no\n")?, "y", &[], Stop::default());
    ensure!(one.is_err_and(|e| e.to_string().contains("only the class 'no'")));
    let alone = Tree::grow(&written("y\nno\nyes\n")?, "y", &[], Stop::default());
    ensure!(alone.is_err_and(|e| e.to_string().contains("at least one other column")));
    let tree = Tree::grow(&table, "y", &[], Stop::default())?;
    ensure!(tree.batch(&written("x,k,y\na,a,no\nb,b,no\n")?).is_err_and(|e| e.to_string().contains("'x'")));
    ensure!(tree.batch(&written("x,k,y\n1,a,no\n2,b,maybe\n")?).is_err_and(|e| e.to_string().contains("'maybe'")));
    let y = Tensor::new(&[2u32], &CPU)?;
    let beyond = candle_mle::Labelled::new(Tensor::zeros((1, 2), candle_core::DType::F64, &CPU)?, y)?;
    ensure!(candle_mle::Model::log_prob(&tree, &beyond).is_err());
    let y = Tensor::new(&[1u32], &CPU)?;
    let narrow = candle_mle::Labelled::new(Tensor::zeros((1, 3), candle_core::DType::F64, &CPU)?, y)?;
    ensure!(candle_mle::Model::log_prob(&tree, &narrow).is_err());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn on_any_table(rows in prop::collection::vec((0..3u8, 0..4u8, 0..5u8, 0..3u8, 0..4u8), 2..30)) {
        let mut csv = "a,b,x,y,count\n".to_string();
        for (a, b, x, y, count) in &rows {
            csv += &format!("a{a},b{b},{}.5,y{y},{}\n", x, f64::from(*count) + 0.1);
        }
        let table = written(&csv).expect("a table");
        let one = rows.iter().all(|row| row.3 == rows[0].3);
        let tree = whole(&table, "y", Stop::default());
        prop_assert!(one == tree.is_err(), "{}\n{:?}", csv, tree.err());
    }
}
