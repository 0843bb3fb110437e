//! The drawing of a decision tree.

use candle_mle::info::Unit;
use candle_mle::table::Split;
use candle_mle::tree::{Node, Tree};
use candle_mle_plot::Twig;

/// A tree as streams of rows: at a node how many come to it, what it asks and what that gains; at a leaf the class of most.
pub fn twig(tree: &Tree, unit: Unit) -> Twig {
    grow("all", tree.root(), tree.class_names(), unit)
}

fn grow(answer: &str, node: &Node, classes: &[String], unit: Unit) -> Twig {
    let n: f64 = node.counts.iter().sum();
    let most = (0..classes.len()).max_by(|a, b| node.counts[*a].total_cmp(&node.counts[*b])).unwrap_or(0);
    let words = match &node.split {
        Some(Split { column, gain, .. }) => {
            let gap = if column.len() > 8 { '\n' } else { ' ' };
            format!("{answer}: {n}\n{column}?{gap}{:.5} {unit}", gain.to(unit))
        }
        None => format!("{answer}: {n}, {:.0} % {}", 100.0 * node.counts[most] / n, classes[most]),
    };
    let twigs = node.branches.iter().map(|branch| grow(&branch.answer, &branch.node, classes, unit));
    Twig { amounts: node.counts.clone(), words, twigs: twigs.collect() }
}
