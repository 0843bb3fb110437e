//! A decision tree grown by information gain, and all columns ranked by it (lecture row L19): who survived the Titanic?
//!
//! Change first: `--depth 1` or `--least-gain 0.01`. For a table of yours: `--csv FILE --target COLUMN`.
//! On the Titanic the whole tree tells all that the columns know: H(Y|leaf) is H(Y|X), the floor of any model. That is
//! because they are three categories; with numbers a whole tree learns its rows by heart, so a table's has 3 questions.

use anyhow::Result;
use candle_mle::cli::{Questions, Run};
use candle_mle::plot::{Axis, Figure, Ink, Panel, Twig};
use candle_mle::{Empirical, Information, LossLog, Node, Split, Table, Tree, walk};

const TITANIC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/titanic.csv");
const INKS: [Ink; 6] = [Ink::Blue, Ink::Orange, Ink::Green, Ink::Purple, Ink::SkyBlue, Ink::Grey];

fn main() -> Result<()> {
    let run = Run::<Questions>::from_args("decision_tree", "A tree of questions, each the one that tells most.");
    let (table, target) = run.table_or(Table::read(TITANIC, Some("count"))?, "survived")?;
    let (unit, columns) = (run.unit(), run.columns());

    let ranking = table.ranking(&target, columns)?;
    println!("what each column tells about {target} if it is asked alone");
    for split in &ranking {
        let question = split.threshold.map_or(String::new(), |threshold| format!("  (above {threshold}?)"));
        println!("{:<24}{:>14}{question}", split.column, run.show(split.gain));
    }

    let tree = Tree::grow(&table, &target, columns, run.stop())?;
    println!("\n{target}, {}\n{}", tree.classes().join(" or "), tree.outline(unit));
    let (before, left) = (tree.root().entropy(), tree.entropy_left());
    println!("{:<24}{:>14}\n{:<24}{:>14}", "H(Y)", run.show(before), "− gains of the tree", run.show(before - left));
    println!("{:<24}{:>14}", "= H(Y|leaf)", run.show(left));

    // A tree is a model like any other: the hook says what it costs, and how far it is from all that x can tell.
    let mut log = LossLog::new();
    let data = Empirical::from_counts(tree.batch(&table)?, table.count())?;
    walk([Ok(tree.clone())], &data, &mut log)?;
    println!("{:<24}{:>14}\n\n{}", "H(Y|X)", run.show(data.entropy()), log.into_history()?.table(unit, 1));

    let kinds: Vec<(&String, Ink)> = tree.classes().iter().zip(INKS.into_iter().cycle()).collect();
    let root = twig("all", tree.root(), &run, tree.classes());
    let known = run.show(before - data.entropy());
    Figure::new(format!("The tree tells {} of the {} in {target}", run.show(before - left), run.show(before)))
        .subtitle(format!("all columns together tell {known}; streams are as wide as the rows in them"))
        .column([Panel::tree(&kinds, &root)])
        .save(run.out("tree.png"))?;

    let bars = ranking.iter().map(|split| (&split.column, [(split.gain.to(unit), Ink::Blue, run.show(split.gain))]));
    let axis = Axis::new(format!("I(answer; {target}) ({unit})"));
    let first = ranking.iter().take_while(|split| split.gain == ranking[0].gain && split.gain > Information::ZERO);
    let first = first.map(|split| split.column.as_str()).collect::<Vec<_>>().join(" and ");
    let first = if first.is_empty() { "no column alone" } else { &first };
    Figure::new(format!("What tells most about {target}: {first}"))
        .subtitle("every column asked alone; one of numbers, whether it exceeds its best threshold")
        .column([Panel::stacks(Axis::new("column"), axis, bars)])
        .save(run.out("ranking.png"))?;
    println!("tree.png and ranking.png are in {}", run.out("").display());
    Ok(())
}

fn twig(answer: &str, node: &Node, run: &Run<Questions>, classes: &[String]) -> Twig {
    let (unit, n) = (run.unit(), node.counts.iter().sum::<f64>());
    let most = (0..classes.len()).max_by(|a, b| node.counts[*a].total_cmp(&node.counts[*b])).unwrap_or(0);
    let words = match &node.split {
        Some(Split { column, gain, .. }) => {
            let gap = if column.len() > 8 { '\n' } else { ' ' };
            format!("{answer}: {n}\n{column}?{gap}{:.5} {unit}", gain.to(unit))
        }
        None => format!("{answer}: {n}, {:.0} % {}", 100.0 * node.counts[most] / n, classes[most]),
    };
    let twigs = node.branches.iter().map(|branch| twig(&branch.answer, &branch.node, run, classes));
    Twig { amounts: node.counts.clone(), words, twigs: twigs.collect() }
}
