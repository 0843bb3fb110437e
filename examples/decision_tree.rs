//! A decision tree grown by information gain, and all columns ranked by it (lecture row L19): who survived the Titanic?
//! Or a table of yours with `--csv` and `--target`.
//!
//! Try: `--depth 1` or `--least-gain 0.01`.
//!
//! On the Titanic the whole tree tells all that the columns know: H(Y|leaf) is H(Y|X), the floor of any model. That is
//! because they are three categories; with numbers a whole tree learns its rows by heart, so that of a table of yours it
//! asks at most 3 questions, one after the other. What a column seems to tell of a sample it may tell by chance: the same
//! questions about answers in a random order say how much that is.

use anyhow::Result;
use candle_mle::info::number::typed;
use candle_mle::tree::Tree;
use candle_mle::{Empirical, LossLog, Table, walk};
use candle_mle_cli::{Questions, Run, twig};
use candle_mle_plot::{Figure, Panel};

const TITANIC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/titanic.csv");

fn main() -> Result<()> {
    let run = Run::<Questions>::from_args("decision_tree", include_str!("decision_tree.rs"))?;
    let (table, target) = run.table_or(Table::read(TITANIC, Some("count"))?, "survived")?;
    let (unit, columns) = (run.unit(), run.columns());

    let ranking = table.ranking(&target, columns)?;
    println!("what each column tells about {target} if it is asked alone");
    let width = ranking.iter().map(|split| split.column.chars().count() + 2).max().unwrap_or(0).max(24);
    for split in &ranking {
        let question = split.threshold.map_or(String::new(), |threshold| format!("  (above {}?)", typed(threshold)));
        println!("{:<width$}{:>14}{question}", split.column, run.show(split.gain));
    }

    // Every column seems to tell something of a sample: answers in a random order say what is worth a name.
    let chance = run.chance(&table, &target)?;
    println!(
        "{:<24}{:>14}  (19 of 20 random orders of {target} do not exceed it)",
        "by chance",
        run.show(chance.alone)
    );

    let tree = Tree::grow(&table, &target, columns, run.stop())?;
    println!("\n{target}, {}\n{}", tree.class_names().join(" or "), tree.outline(unit));
    let (before, left) = (tree.root().entropy(), tree.entropy_left());
    let data = Empirical::from_counts(tree.batch(&table)?, table.count())?;
    for (name, amount) in [
        ("H(Y)", before),
        ("− gains of the tree", before - left),
        ("= H(Y|leaf)", left),
        ("H(Y|X)", data.entropy()),
        ("gains by chance", chance.tree),
    ] {
        println!("{name:<24}{:>14}", run.show(amount));
    }

    // A tree is a model like any other: the hook says what it costs, and how far it is from all that x can tell.
    let mut log = LossLog::new();
    walk([Ok(tree.clone())], &data, &mut log)?;
    println!("\n{}", log.into_history()?.table(unit, 1));

    let known = run.show(before - data.entropy());
    let figure = Figure::new(run.tree_title(&table, &tree, &target, &chance)?)
        .subtitle(format!(
            "in this sample all columns together tell {known}, and a tree of shuffled answers up to {}; streams are as \
             wide as the rows in them",
            run.show(chance.tree)
        ))
        .column([Panel::tree(tree.class_names(), &twig(&tree, unit))]);
    run.draw("tree.png", figure)?;

    run.draw_ranking(&ranking, &target, &chance)?;
    run.say_picture("tree.png");
    run.say_picture("ranking.png");
    Ok(())
}
