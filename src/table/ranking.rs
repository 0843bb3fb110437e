//! Columns ranked by what the best question about each tells of a class (lecture row L19).

use candle_mle_info::{Information, Pmf};

use super::{Column, Table};
use crate::error::{Result, empty};

/// A question about one column, and what its answer tells about the class.
#[derive(Clone, Debug)]
pub struct Split {
    /// The column asked about.
    pub column: String,
    /// What a number is compared with; none for a category, and for a column of one number.
    pub threshold: Option<f64>,
    /// I(answer; class) of the rows at this node.
    pub gain: Information,
    /// Where the column stands among the predictors.
    pub(crate) at: usize,
}

impl Split {
    pub(crate) fn answer(&self, x: f64) -> f64 {
        self.threshold.map_or(x, |threshold| f64::from(u8::from(x > threshold)))
    }
}

impl Table {
    /// How much each column tells about `target` when it is asked first: the best question about it and I(answer;
    /// target), the largest first (lecture row L19). `columns` as for [`Tree::grow`](crate::tree::Tree::grow).
    ///
    /// For categories the gain is I(column; target). For numbers it is what the best threshold tells, at most I(column;
    /// target) by the data processing inequality: with every number taken as a level of its own, a column of different
    /// numbers would seem to tell everything, all of H(target), whatever it holds.
    ///
    /// # Errors
    /// As [`Tree::grow`](crate::tree::Tree::grow).
    pub fn ranking(&self, target: &str, columns: &[String]) -> Result<Vec<Split>> {
        let table = self.predicting(target, columns)?;
        let rows = Rows::new(&table, target)?;
        let mut splits = rows.splits(&rows.observed())?;
        splits.sort_by(|a, b| b.gain.bits().total_cmp(&a.gain.bits()));
        Ok(splits)
    }
}

/// What a tree grows on.
pub(crate) struct Rows<'a> {
    pub columns: Vec<(&'a str, &'a Column)>,
    pub classes: Vec<String>,
    pub y: Vec<u32>,
    pub count: &'a [f64],
}

impl<'a> Rows<'a> {
    /// Of a table of the target and what it is predicted from.
    pub fn new(table: &'a Table, target: &str) -> Result<Self> {
        let (classes, y) = table.classes(target, None)?;
        let predictors = table.predictors(target, &[])?;
        if predictors.is_empty() {
            return Err(empty(format!("what {target} is predicted from"), "other column"));
        }
        let columns = predictors.into_iter().map(|name| Ok((name, table.column(name)?))).collect::<Result<_>>()?;
        Ok(Self { columns, classes, y, count: table.count() })
    }

    /// The rows whose count is not 0.
    pub fn observed(&self) -> Vec<usize> {
        (0..self.y.len()).filter(|row| self.count[*row] > 0.0).collect()
    }

    /// How often each class occurs in each of the groups that `group` tells apart, row by row.
    pub fn counts(&self, rows: &[usize], groups: usize, group: impl Fn(usize) -> usize) -> Vec<f64> {
        let mut counts = vec![0.0; groups * self.classes.len()];
        for row in rows {
            counts[group(*row) * self.classes.len() + self.y[*row] as usize] += self.count[*row];
        }
        counts
    }

    /// The best question about every column.
    pub fn splits(&self, rows: &[usize]) -> Result<Vec<Split>> {
        let ask = |(at, (name, column)): (usize, &(&str, &Column))| {
            let (threshold, gain) = match column {
                Column::Numbers(numbers) => self.best_threshold(rows, numbers)?,
                Column::Categories { levels, codes } => {
                    let counts = self.counts(rows, levels.len(), |row| codes[row] as usize);
                    (None, self.gain(levels.len(), counts)?)
                }
            };
            Ok(Split { column: name.to_string(), threshold, gain, at })
        };
        self.columns.iter().enumerate().map(ask).collect()
    }

    fn gain(&self, answers: usize, counts: Vec<f64>) -> Result<Information> {
        Ok(Pmf::from_counts([answers, self.classes.len()], counts)?.information_gain(&[0], &[1])?)
    }

    /// The threshold of the largest gain, the lowest of equals; none if all numbers are one.
    fn best_threshold(&self, rows: &[usize], numbers: &[f64]) -> Result<(Option<f64>, Information)> {
        let mut rows = rows.to_vec();
        let k = self.classes.len();
        rows.sort_by(|a, b| numbers[*a].total_cmp(&numbers[*b]));
        // Σ c ln c says at every threshold, by what one row changes, what it tells; only those that tell as much as any are asked
        // exactly.
        let c_ln_c = |c: f64| if c > 0.0 { c * c.ln() } else { 0.0 };
        let all = self.counts(&rows, 1, |_| 0);
        let (n, mut below, mut above) = (all.iter().sum::<f64>(), vec![0.0; k], all);
        let (mut under, mut sums) = (0.0, [0.0, above.iter().copied().map(c_ln_c).sum::<f64>()]);
        let mut near = Vec::with_capacity(rows.len());
        for row in &rows {
            let (class, count) = (self.y[*row] as usize, self.count[*row]);
            let before = [below[class], above[class]];
            (below[class], above[class]) = (before[0] + count, f64::max(before[1] - count, 0.0));
            sums[0] += c_ln_c(below[class]) - c_ln_c(before[0]);
            sums[1] += c_ln_c(above[class]) - c_ln_c(before[1]);
            under += count;
            near.push((sums[0] + sums[1] - c_ln_c(under) - c_ln_c(f64::max(n - under, 0.0))) / n);
        }
        let differ = |at: &usize| numbers[rows[*at]] != numbers[rows[*at + 1]];
        let most =
            (0..rows.len().saturating_sub(1)).filter(differ).map(|at| near[at]).fold(f64::NEG_INFINITY, f64::max);
        // The classes of what lies at most at the threshold, and those of what lies above.
        let mut counts = [vec![0.0; k], self.counts(&rows, 1, |_| 0)].concat();
        let mut best = (None, Information::ZERO);
        for (pair, near) in rows.windows(2).zip(&near) {
            let (class, count) = (self.y[pair[0]] as usize, self.count[pair[0]]);
            counts[class] += count;
            // Weights that are no whole numbers may round to less than nothing.
            counts[k + class] = f64::max(counts[k + class] - count, 0.0);
            let (below, above) = (numbers[pair[0]], numbers[pair[1]]);
            if below == above || *near < most - 1e-9 {
                continue;
            }
            let gain = self.gain(2, counts.clone())?;
            if best.0.is_none() || gain > best.1 {
                best = (Some(half_way(below, above)), gain);
            }
        }
        Ok(best)
    }
}

/// The middle as a person would write it, 3.35 and not 3.3499999999999996; between neighbouring floats the lower one.
fn half_way(below: f64, above: f64) -> f64 {
    let middle = below / 2.0 + above / 2.0;
    // Seven digits, unless they are too few to tell the two apart.
    let quarter = (above / 4.0 - below / 4.0).abs();
    let written = |digits: usize| format!("{middle:.digits$e}").parse::<f64>().ok();
    let near = |of: &f64| (of - middle).abs() <= quarter && (below..above).contains(of);
    (6..=12).filter_map(written).find(near).unwrap_or(below)
}
