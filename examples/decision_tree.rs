//! A decision tree grown by information gain, and all columns ranked by it (lecture row L19): who survived the Titanic?
//! Or a table of yours with `--csv` and `--target`.
//!
//! Try: `--depth 1` or `--least-gain 0.01`.
//!
//! On the Titanic the whole tree tells all that the columns know: H(Y|leaf) is H(Y|X), the floor of any model. That is
//! because they are three categories; with numbers a whole tree learns its rows by heart, so that of a table of yours it
//! asks at most 3 questions, one after the other.

use anyhow::Result;
use candle_mle::info::Information;
use candle_mle::tree::Tree;
use candle_mle::{Empirical, LossLog, Table, walk};
use candle_mle_cli::{Questions, Run, twig};
use candle_mle_plot::{Axis, Figure, Ink, Panel};

const TITANIC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/titanic.csv");

fn main() -> Result<()> {
    let run = Run::<Questions>::from_args("decision_tree", include_str!("decision_tree.rs"))?;
    let (table, target) = run.table_or(Table::read(TITANIC, Some("count"))?, "survived")?;
    let (unit, columns) = (run.unit(), run.columns());

    let ranking = table.ranking(&target, columns)?;
    println!("what each column tells about {target} if it is asked alone");
    for split in &ranking {
        let question = split.threshold.map_or(String::new(), |threshold| format!("  (above {threshold}?)"));
        println!("{:<24}{:>14}{question}", split.column, run.show(split.gain));
    }

    let tree = Tree::grow(&table, &target, columns, run.stop())?;
    println!("\n{target}, {}\n{}", tree.class_names().join(" or "), tree.outline(unit));
    let (before, left) = (tree.root().entropy(), tree.entropy_left());
    let data = Empirical::from_counts(tree.batch(&table)?, table.count())?;
    for (name, amount) in
        [("H(Y)", before), ("− gains of the tree", before - left), ("= H(Y|leaf)", left), ("H(Y|X)", data.entropy())]
    {
        println!("{name:<24}{:>14}", run.show(amount));
    }

    // A tree is a model like any other: the hook says what it costs, and how far it is from all that x can tell.
    let mut log = LossLog::new();
    walk([Ok(tree.clone())], &data, &mut log)?;
    println!("\n{}", log.into_history()?.table(unit, 1));

    let known = run.show(before - data.entropy());
    let figure =
        Figure::new(format!("The tree tells {} of the {} in {target}", run.show(before - left), run.show(before)))
            .subtitle(format!("all columns together tell {known}; streams are as wide as the rows in them"))
            .column([Panel::tree(tree.class_names(), &twig(&tree, unit))]);
    run.draw("tree.png", figure)?;

    let bars = ranking.iter().map(|split| (&split.column, [(split.gain.to(unit), Ink::Blue, run.show(split.gain))]));
    let axis = Axis::new(format!("I(answer; {target}) ({unit})"));
    let first = ranking.iter().take_while(|split| split.gain == ranking[0].gain && split.gain > Information::ZERO);
    let first = first.map(|split| split.column.as_str()).collect::<Vec<_>>().join(" and ");
    let first = if first.is_empty() { "no column alone" } else { &first };
    let figure = Figure::new(format!("What tells most about {target}: {first}"))
        .subtitle("every column asked alone; one of numbers, whether it exceeds its best threshold")
        .column([Panel::stacks(Axis::new("column"), axis, bars).lying()]);
    run.draw("ranking.png", figure)?;
    run.say_picture("tree.png");
    run.say_picture("ranking.png");
    Ok(())
}
