//! A decision tree (lecture row L19): at every node the question whose answer tells most about the class.

use std::fmt;

use candle_core::{Device, Tensor};
use candle_mle_info::{Information, Unit, number};

use crate::batch::{Labelled, host, like};
use crate::error::{Result, parameter, rows_of};
use crate::model::{Classifier, Model};
use crate::table::ranking::{Rows, Split};
use crate::table::{Column, Table, wrong};

/// A classifier that asks about one column after another and answers with the shares of the classes among what it was
/// grown on: the maximum of the likelihood, leaf by leaf (lecture row L19).
///
/// A column of categories is asked for its level and has a branch for each that occurs (ID3; Quinlan 1986, Machine
/// Learning 1), a column of numbers is asked whether it exceeds a threshold half way between two neighbouring numbers.
/// The question asked is the one of the largest I(answer; class) at the node, the first of equals in the order of the
/// columns. By the chain rule these gains, each by the share of rows that come to its node, sum to what the whole tree
/// tells: H(Y) − H(Y|leaf) = I(leaf; Y).
///
/// Growth looks one question ahead: where two columns tell only together, as with y = x_1 xor x_2, no question gains,
/// and the tree is one leaf. And a gain is that of the rows at hand: a column that tells nothing gains about
/// (answers − 1)(classes − 1) / 2n nats of n rows, an identifier all of H(Y). [`Stop`] says when a gain is too small.
///
/// ```
/// use candle_mle::tree::{Stop, Tree};
/// use candle_mle::{Error, Table};
/// let table = Table::read(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/titanic.csv"), Some("count"))?;
/// let tree = Tree::grow(&table, "survived", &[], Stop { depth: 1, ..Stop::default() })?;
/// assert_eq!(
///     tree.to_string(),
///     "sex gains 0.142391 bits, n = 2201\n├─ female: 126 no, 344 yes\n└─ male: 1364 no, 367 yes\n"
/// );
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tree {
    target: String,
    classes: Vec<String>,
    /// The columns it may ask about, and their levels.
    columns: Vec<(String, Levels)>,
    root: Node,
}

/// The levels of a column of categories; none for numbers.
type Levels = Option<Vec<String>>;

/// When a tree asks no further. A node of one class, or where no question gains, is a leaf in any case.
#[derive(Clone, Copy, Debug)]
pub struct Stop {
    /// How many questions there may be from the root to a leaf; at most 255, so that no tree outgrows the stack.
    pub depth: u8,
    /// How much a question must gain, counted by the share of all rows that come to it: what H(Y|leaf) falls by.
    pub least_gain: Information,
}

impl Default for Stop {
    fn default() -> Self {
        Self { depth: u8::MAX, least_gain: Information::ZERO }
    }
}

/// Gains below this, in bits, are rounding.
const ROUNDING: f64 = 1e-12;

/// A place in the tree, and what came there.
#[derive(Clone, Debug)]
pub struct Node {
    /// How many rows of each class.
    pub counts: Vec<f64>,
    /// What is asked here; nothing at a leaf.
    pub split: Option<Split>,
    /// The answers.
    pub branches: Vec<Branch>,
}

/// An answer and where it leads.
#[derive(Clone, Debug)]
pub struct Branch {
    /// In words: `female`, `≤ 2.45`, `> 2.45`.
    pub answer: String,
    /// Where it leads.
    pub node: Node,
    /// As a number: the level's place, or 0 for at most and 1 for more than the threshold.
    code: u32,
}

impl Tree {
    /// Grows a tree that predicts `target` from `columns`, or from all others if none is named.
    ///
    /// # Errors
    /// No such column, or no other; one that cannot be used as it is, or that names its rows (an identifier); a target of
    /// one class, or of numbers that are no classes; a least gain that is NaN.
    pub fn grow(table: &Table, target: &str, columns: &[String], stop: Stop) -> Result<Self> {
        if stop.least_gain.nats().is_nan() {
            return Err(parameter("the least gain", f64::NAN, "a number"));
        }
        let table = table.predicting(target, columns)?;
        let rows = Rows::new(&table, target)?;
        let root = grow(&rows, rows.observed(), stop.depth, stop.least_gain)?;
        let levels = |column: &Column| match column {
            Column::Numbers(_) => None,
            Column::Categories { levels, .. } => Some(levels.clone()),
        };
        let columns = rows.columns.iter().map(|(name, column)| (name.to_string(), levels(column))).collect();
        let classes = rows.classes;
        Ok(Self { target: target.into(), classes, columns, root })
    }

    /// The first node.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// The names of the classes, in the order of every node's counts.
    pub fn class_names(&self) -> &[String] {
        &self.classes
    }

    /// The nodes that ask nothing, from the first branch to the last.
    pub fn leaves(&self) -> Vec<&Node> {
        self.root.nodes().into_iter().filter(|node| node.branches.is_empty()).collect()
    }

    /// H(Y|leaf): what is still uncertain about the class when all questions are answered.
    pub fn entropy_left(&self) -> Information {
        let n: f64 = self.root.counts.iter().sum();
        self.leaves().iter().map(|leaf| leaf.entropy() * (leaf.counts.iter().sum::<f64>() / n)).sum()
    }

    /// The rows of a table as this tree reads them, its own or another with the same columns: what it scores. The level
    /// of a category stands as its place among those of the first table. One that the tree never saw has no branch: the node
    /// that asks for it answers itself.
    ///
    /// # Errors
    /// A column that is missing or has missing cells, see [`Table::with_only`]; one of numbers in one table and of categories in the other; a class never seen.
    pub fn batch(&self, table: &Table) -> Result<Labelled> {
        let rows = table.count().len();
        let mut columns = vec![];
        for (name, levels) in &self.columns {
            columns.push(match (table.column(name)?, levels) {
                (Column::Numbers(numbers), None) => numbers.clone(),
                (Column::Categories { levels, codes }, Some(known)) => {
                    let place = |level| known.iter().position(|other| other == level).unwrap_or(known.len()) as f64;
                    let places: Vec<f64> = levels.iter().map(place).collect();
                    codes.iter().map(|code| places[*code as usize]).collect()
                }
                _ => {
                    return Err(wrong(
                        name,
                        "the tree was grown on numbers here, and now on categories, or the other way round".into(),
                    ));
                }
            });
        }
        let x = (0..rows).flat_map(|row| columns.iter().map(move |column| column[row])).collect();
        let class = |name: &str| {
            let unseen = || wrong(&self.target, format!("the tree never saw the class '{name}'"));
            self.classes.iter().position(|class| class == name).map(|class| class as u32).ok_or_else(unseen)
        };
        let y = match table.column(&self.target)? {
            Column::Numbers(numbers) => {
                numbers.iter().map(|value| class(&number::typed(value + 0.0))).collect::<Result<_>>()?
            }
            Column::Categories { levels, codes } => {
                codes.iter().map(|code| class(&levels[*code as usize])).collect::<Result<Vec<_>>>()?
            }
        };
        let x = Tensor::from_vec(x, (rows, columns.len()), &Device::Cpu)?;
        Labelled::new(x, Tensor::from_vec(y, rows, &Device::Cpu)?)
    }

    /// Where a row of [`batch`](Self::batch)'s x comes to rest.
    pub fn leaf(&self, x: &[f64]) -> &Node {
        let mut node = &self.root;
        while let Some(next) = node.split.as_ref().and_then(|split| node.follow(split, *x.get(split.at)?)) {
            node = next;
        }
        node
    }

    /// The tree as indented lines: at a node its column, what it gains in `unit`, and how many rows are asked; at a leaf
    /// how many of every class came to it.
    pub fn outline(&self, unit: Unit) -> String {
        let mut outline = String::new();
        self.write(&self.root, unit, "", &mut outline);
        outline
    }

    /// Of more classes than [`CLASSES`] a leaf names the most frequent.
    fn write(&self, node: &Node, unit: Unit, indent: &str, outline: &mut String) {
        *outline += &match &node.split {
            Some(split) => {
                let n: f64 = node.counts.iter().sum();
                format!("{} gains {:.6} {unit}, n = {}\n", split.column, split.gain.to(unit), number::count(n))
            }
            None => {
                let of = |(count, class): (&f64, &String)| format!("{} {class}", number::count(*count));
                let mut all: Vec<_> = node.counts.iter().zip(&self.classes).collect();
                let mut more = String::new();
                if all.len() > CLASSES {
                    all.retain(|(count, _)| **count > 0.0);
                    all.sort_by(|a, b| b.0.total_cmp(a.0));
                    if all.len() > CLASSES {
                        more = format!(" and {} more classes", all.len() - CLASSES);
                        all.truncate(CLASSES);
                    }
                }
                format!("{}{more}\n", all.into_iter().map(of).collect::<Vec<_>>().join(", "))
            }
        };
        for (at, branch) in node.branches.iter().enumerate() {
            let (fork, pass) = if at + 1 < node.branches.len() { ("├─ ", "│  ") } else { ("└─ ", "   ") };
            *outline += &format!("{indent}{fork}{}: ", branch.answer);
            self.write(&branch.node, unit, &format!("{indent}{pass}"), outline);
        }
    }
}

/// How many classes a leaf of an outline names.
const CLASSES: usize = 10;

/// In bits.
impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.outline(Unit::Bits))
    }
}

/// ln of the class's share at the row's leaf; −∞ for a class that never came there. Nothing of it can be learnt by
/// descent: a tree takes part in [`walk`](crate::walk), where it is logged beside any other model.
impl Model for Tree {
    type Batch = Labelled;
    const DENSITY: bool = false;

    fn log_prob(&self, batch: &Labelled) -> Result<Tensor> {
        batch.observed(&self.log_probs(batch.x())?)
    }
}

impl Classifier for Tree {
    fn classes(&self) -> usize {
        self.classes.len()
    }

    fn log_probs(&self, x: &Tensor) -> Result<Tensor> {
        let (columns, classes) = (self.columns.len(), self.classes.len());
        let rows = rows_of(x, columns)?;
        let log_q = host(x)?.chunks(columns).flat_map(|x| self.leaf(x).log_probs()).collect();
        like(x, log_q, (rows, classes))
    }
}

impl Node {
    /// ln of every class's share, in nats.
    pub fn log_probs(&self) -> Vec<f64> {
        let n: f64 = self.counts.iter().sum();
        self.counts.iter().map(|count| (count / n).ln()).collect()
    }

    /// H(Y) of what came here.
    pub fn entropy(&self) -> Information {
        let n: f64 = self.counts.iter().sum();
        let shares = self.counts.iter().map(|count| count / n).filter(|share| *share > 0.0);
        Information::from_bits(shares.map(|share| -share * share.log2()).sum())
    }

    /// This node and all below it, each before its branches.
    pub fn nodes(&self) -> Vec<&Self> {
        let below = self.branches.iter().flat_map(|branch| branch.node.nodes());
        std::iter::once(self).chain(below).collect()
    }

    /// The branch of an answer; none for a level that never came here.
    fn follow(&self, split: &Split, x: f64) -> Option<&Self> {
        let code = split.answer(x);
        self.branches.iter().find(|branch| f64::from(branch.code) == code).map(|branch| &branch.node)
    }
}

/// The node to which these rows come, and all below it.
fn grow(of: &Rows, rows: Vec<usize>, depth: u8, least_gain: Information) -> Result<Node> {
    let counts = of.counts(&rows, 1, |_| 0);
    let leaf = Node { counts, split: None, branches: vec![] };
    if depth == 0 {
        return Ok(leaf);
    }
    // The first of equals: max_by would take the last.
    let larger = |a: Split, b: Split| if b.gain > a.gain { b } else { a };
    let Some(split) = of.splits(&rows)?.into_iter().reduce(larger) else { return Ok(leaf) };
    let total: f64 = of.count.iter().sum();
    let share = leaf.counts.iter().sum::<f64>() / total;
    if split.gain.bits() <= ROUNDING || split.gain * share < least_gain {
        return Ok(leaf);
    }
    let column = of.columns[split.at].1;
    let code = |row: usize| match column {
        Column::Numbers(numbers) => split.answer(numbers[row]) as u32,
        Column::Categories { codes, .. } => codes[row],
    };
    let mut codes: Vec<u32> = rows.iter().map(|row| code(*row)).collect();
    codes.sort_unstable();
    codes.dedup();
    let mut branches = vec![];
    for answer in codes {
        let here = rows.iter().copied().filter(|row| code(*row) == answer).collect();
        let words = match (column, split.threshold) {
            (Column::Categories { levels, .. }, _) => levels[answer as usize].clone(),
            (_, threshold) => {
                format!("{} {}", if answer == 0 { "≤" } else { ">" }, number::typed(threshold.unwrap_or(f64::NAN)))
            }
        };
        branches.push(Branch { answer: words, node: grow(of, here, depth - 1, least_gain)?, code: answer });
    }
    Ok(Node { split: Some(split), branches, ..leaf })
}
