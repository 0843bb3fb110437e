//! The drawings of a decision tree, and of the columns asked alone.

use anyhow::Result;
use candle_mle::info::{Information, Unit};
use candle_mle::table::Split;
use candle_mle::tree::{Node, Tree};
use candle_mle_plot::{Axis, Figure, Ink, Panel, Twig};

use crate::chance::Chance;
use crate::flags::Questions;
use crate::run::Run;

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
        None => format!("{answer}: {n}, {:.0}\u{a0}% {}", 100.0 * node.counts[most] / n, classes[most]),
    };
    let twigs = node.branches.iter().map(|branch| grow(&branch.answer, &branch.node, classes, unit));
    Twig { amounts: node.counts.clone(), words, twigs: twigs.collect() }
}

impl Run<Questions> {
    /// `ranking.png`: what each column tells about the target if it is asked alone, beside what chance tells.
    pub fn draw_ranking(&self, ranking: &[Split], target: &str, chance: &Chance) -> Result<()> {
        let unit = self.unit();
        let best = &ranking[..ranking.len().min(20)];
        let names = best.iter().map(|split| {
            let threshold = split.threshold.map_or(String::new(), |at| format!(" > {at}").replace('-', "−"));
            format!("{}{threshold}: {}", split.column, self.show(split.gain))
        });
        let names: Vec<String> = names.collect();
        let bars = best.iter().zip(0u32..).flat_map(|(split, row)| {
            let row = f64::from(row);
            [(0.0, row), (split.gain.to(unit), row), (f64::NAN, f64::NAN)]
        });
        let most = 1.1 * f64::max(ranking[0].gain.to(unit), chance.alone.to(unit));
        let axis = Axis::new(format!("I(answer; {target}) ({unit})")).range(0.0, most);
        let panel = Panel::new(axis, Axis::new("").categories(&names)).line(bars, Ink::Blue);
        let panel = panel.width(f64::min(400.0 / names.len() as f64, 60.0)).vline(chance.alone.to(unit), "chance");
        let first = ranking.iter().take_while(|split| split.gain == ranking[0].gain && split.gain > Information::ZERO);
        let first = first.map(|split| split.column.as_str()).collect::<Vec<_>>().join(" and ");
        let title = match &ranking[0] {
            best if best.gain <= chance.alone => format!("No column alone tells more about {target} than chance does"),
            _ => format!("What tells most about {target}: {first}"),
        };
        let figure = Figure::new(title)
            .subtitle(format!(
                "{} of {} columns, each asked alone: what it is, or whether it exceeds the threshold that tells most; chance: 19 of \
                 20 random orders of {target} tell less",
                best.len(),
                ranking.len()
            ))
            .column([panel]);
        self.draw("ranking.png", figure)
    }
}
