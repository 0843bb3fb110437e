//! What columns seem to tell by chance: the same questions about answers in a random order.

use std::collections::HashSet;

use anyhow::Result;
use candle_mle::info::Information;
use candle_mle::table::{Column, Table};
use candle_mle::tree::Tree;
use rand::SeedableRng;
use rand::distr::{Distribution, weighted::WeightedIndex};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::flags::Questions;
use crate::run::Run;

/// How many cells are shuffled at the most, and how many are asked in all, about.
const CELLS: usize = 40_000;
const ASKED: usize = 1_000_000;

/// What 19 of 20 orders of the answers do not exceed.
#[derive(Clone, Copy, Debug)]
pub struct Chance {
    /// The best column asked alone.
    pub alone: Information,
    /// The tree.
    pub tree: Information,
}

/// The row of every observation, in any order; of more than `most`, some.
pub(crate) fn observations(table: &Table, most: usize, rng: &mut ChaCha8Rng) -> Result<Vec<usize>> {
    let (counts, n) = (table.count(), table.count().iter().sum::<f64>());
    if n <= most as f64 && counts.iter().all(|count| count.fract() == 0.0) {
        let times = |(row, count): (usize, &f64)| std::iter::repeat_n(row, *count as usize);
        return Ok(counts.iter().enumerate().flat_map(times).collect());
    }
    if counts.iter().all(|count| *count == 1.0) {
        // None of them twice, so that no two are at one place.
        return Ok(rand::seq::index::sample(rng, counts.len(), most).into_vec());
    }
    let draw = WeightedIndex::new(counts)?;
    Ok((0..most.min(n.ceil() as usize)).map(|_| draw.sample(rng)).collect())
}

impl Run<Questions> {
    /// The level of chance for the columns and the stop of this run. Of a large table a part is shuffled: what is told by
    /// chance falls as 1/n.
    pub fn chance(&self, table: &Table, target: &str) -> Result<Chance> {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let (columns, n) = (self.columns(), table.count().iter().sum::<f64>());
        let asked = if columns.is_empty() { table.columns().len() - 1 } else { columns.len() };
        let rows = observations(table, (CELLS / asked.max(1)).clamp(200, 3000), &mut rng)?;
        let column = |column: &Column, order: &[usize]| match column {
            Column::Numbers(numbers) => Column::Numbers(order.iter().map(|row| numbers[*row]).collect()),
            Column::Categories { .. } => Column::categories(order.iter().map(|row| column.text(*row))),
        };
        let classes: HashSet<String> = match table.columns().iter().find(|(name, _)| name == target) {
            Some((_, column)) => rows.iter().map(|row| column.text(*row)).collect(),
            None => HashSet::new(),
        };
        if classes.len() < 2 {
            // Too few of a rare class to be drawn: 2nI of a question of two answers has one degree of freedom.
            let level = Information::from_nats(0.5 * 3.841 / n);
            return Ok(Chance { alone: level, tree: level });
        }
        let (mut alone, mut tree) = (vec![], vec![]);
        let mut order = rows.clone();
        // 19 at least, of which the largest is the level.
        for _ in 0..(ASKED / (rows.len() * asked.max(1))).clamp(19, 99) {
            order.shuffle(&mut rng);
            let shuffled = table
                .columns()
                .iter()
                .map(|(name, values)| (name.clone(), column(values, if name == target { &order } else { &rows })));
            let shuffled = Table::from_columns(shuffled)?;
            alone.push(shuffled.ranking(target, columns)?.first().map_or(Information::ZERO, |split| split.gain));
            let grown = Tree::grow(&shuffled, target, columns, self.stop())?;
            tree.push(grown.root().entropy() - grown.entropy_left());
        }
        let level = |mut found: Vec<Information>| {
            found.sort_by(|a, b| b.nats().total_cmp(&a.nats()));
            // The observed order is one of those that are equally likely.
            let above = (found.len() + 1) / 20;
            found[above.max(1) - 1] * (rows.len() as f64 / n).min(1.0)
        };
        Ok(Chance { alone: level(alone), tree: level(tree) })
    }

    /// What a tree tells, beside what chance would.
    ///
    /// # Errors
    /// As [`Tree::grow`].
    pub fn tree_title(&self, table: &Table, tree: &Tree, target: &str, chance: &Chance) -> Result<String> {
        let (before, told) = (tree.root().entropy(), tree.root().entropy() - tree.entropy_left());
        let tells = format!("tells {} of the {} in {target}", self.show(told), self.show(before));
        let stop = self.stop();
        let refused = match tree.root().branches.is_empty() && stop.least_gain > Information::ZERO {
            true => {
                table.ranking(target, self.columns())?.into_iter().next().filter(|best| best.gain > Information::ZERO)
            }
            false => None,
        };
        Ok(if let Some(best) = refused {
            format!(
                "No question gains {}, the least that was asked for: {} tells {} of the {} in {target}",
                self.show(stop.least_gain),
                best.column,
                self.show(best.gain),
                self.show(before)
            )
        } else if tree.root().branches.is_empty() {
            format!("No question about one column tells anything about {target}: the tree is a leaf")
        } else if told <= chance.tree {
            format!("No more than chance: the tree {tells}, one of shuffled answers up to {}", self.show(chance.tree))
        } else {
            format!("The tree {tells}")
        })
    }
}
