//! What was logged: the rows of a run, their argmins, the identity that ties them, as CSV and as a table.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use candle_mle_info::file::write_whole;
use candle_mle_info::number::{seen, typed};
use candle_mle_info::{Information, Unit};

use crate::error::{Error, Result};

/// The three quantities at one θ_t, in nats: per observation, per observation, and in all; and what else was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// t, counted from 0
    pub step: usize,
    /// KL(p̂‖q); +∞ for points of a density without a resolution.
    pub kl: f64,
    /// H(p̂, q)
    pub cross_entropy: f64,
    /// −Σ_i ln q(x_i), of all n observations
    pub nll: f64,
    /// KL(q‖p) as [`Objective::ReverseKl`](crate::Objective::ReverseKl) has it, if it was asked for
    pub reverse_kl: Option<f64>,
    /// KL(truth‖q), if the truth is known
    pub population_kl: Option<f64>,
}

impl Row {
    /// What it has, by name, in nats.
    pub(super) fn named(&self) -> Vec<(&'static str, f64)> {
        let three = [("kl", self.kl), ("cross_entropy", self.cross_entropy), ("nll", self.nll)];
        let more = More::of(std::slice::from_ref(self));
        three.into_iter().chain(more.filter_map(|more| Some((more.name, (more.value)(self)?)))).collect()
    }

    /// Adds its line of a CSV file, with these columns beside the three.
    pub(super) fn line(&self, unit: Unit, more: &[&More], csv: &mut String) {
        let [kl, cross_entropy, nll] = [self.kl, self.cross_entropy, self.nll].map(|v| typed(v / unit.nats()));
        // Writing to a string cannot fail.
        let _ = write!(csv, "{},{kl},{cross_entropy},{nll}", self.step);
        for more in more {
            let value = (more.value)(self).map_or(String::new(), |value| typed(value / unit.nats()));
            let _ = write!(csv, ",{value}");
        }
        csv.push('\n');
    }
}

/// The rows of a run, or of a walk along given models, in order.
#[derive(Clone, Debug, Default)]
pub struct History {
    rows: Vec<Row>,
    total: f64,
    entropy: Option<Information>,
}

/// The step at which each quantity comes within a tolerance of its own minimum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argmin {
    /// None where KL is infinite throughout.
    pub kl: Option<usize>,
    /// Of H(p̂, q).
    pub cross_entropy: Option<usize>,
    /// Of −Σ_i ln q(x_i).
    pub nll: Option<usize>,
    /// Of KL(q‖p), which has a minimum of its own; none where it was not asked for.
    pub reverse_kl: Option<usize>,
    /// Of KL(truth‖q); none where no truth is known.
    pub population_kl: Option<usize>,
}

impl History {
    pub(super) fn new(total: f64, entropy: Option<Information>) -> Self {
        Self { rows: vec![], total, entropy }
    }

    /// A log of these rows: of n observations with H(p̂), which is none where KL is infinite throughout.
    ///
    /// ```
    /// use candle_mle::hook::Row;
    /// use candle_mle::{History, Unit};
    /// let row = |step, kl: f64| Row {
    ///     step, kl, cross_entropy: 0.5 + kl, nll: 100.0 * (0.5 + kl), reverse_kl: None, population_kl: None,
    /// };
    /// let entropy = candle_mle::Information::from_nats(0.5);
    /// let history = History::from_rows([row(0, 0.2), row(1, 0.1), row(2, 0.0)], 100.0, Some(entropy));
    /// assert_eq!(history.argmin(1e-9).nll, Some(2));
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("log.csv");
    /// history.write_csv(&path, Unit::Bits)?;
    /// assert_eq!(History::read_csv(&path)?.rows().len(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_rows(rows: impl IntoIterator<Item = Row>, total: f64, entropy: Option<Information>) -> Self {
        Self { rows: rows.into_iter().collect(), total, entropy }
    }

    /// The log that [`write_csv`](Self::write_csv) wrote; n and H(p̂) follow from its rows.
    ///
    /// # Errors
    /// A file that cannot be read; a header or a line that is not of such a log, by its number.
    pub fn read_csv(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|problem| Error::File {
            action: "read",
            path: path.to_path_buf(),
            problem,
        })?;
        let refuse = |line: usize, problem: String| Error::Log { file: path.display().to_string(), line, problem };
        let mut lines = text.lines().enumerate();
        let header = lines.next().map_or("", |(_, line)| line);
        let unit = [Unit::Bits, Unit::Nats, Unit::Hartleys]
            .into_iter()
            .find(|unit| header.starts_with(&format!("step,kl_{unit},cross_entropy_{unit},nll_{unit}")));
        let unit = unit.ok_or_else(|| refuse(1, "the header is not that of a log of steps".into()))?;
        let names: Vec<&str> = header.split(',').collect();
        let mut rows = vec![];
        for (at, line) in lines {
            let cells: Vec<&str> = line.split(',').collect();
            let not = || refuse(at + 1, format!("'{line}' is not a step and {} numbers", names.len() - 1));
            if cells.len() != names.len() {
                return Err(not());
            }
            let number = |cell: &str| cell.parse::<f64>().map(|number| number * unit.nats()).map_err(|_| not());
            // One that not every step has leaves its cell empty where there is none.
            let of = |name: &str| {
                let at = names.iter().position(|n| *n == format!("{name}_{unit}"));
                at.map(|at| cells[at]).filter(|cell| !cell.is_empty()).map(number).transpose()
            };
            rows.push(Row {
                step: cells[0].parse().map_err(|_| not())?,
                kl: number(cells[1])?,
                cross_entropy: number(cells[2])?,
                nll: number(cells[3])?,
                reverse_kl: of("reverse_kl")?,
                population_kl: of("population_kl")?,
            });
        }
        let finite = rows.iter().filter(|row| row.cross_entropy.is_finite() && row.cross_entropy != 0.0);
        // Where the numbers are largest least of n is lost.
        let best = finite.max_by(|a, b| a.cross_entropy.abs().total_cmp(&b.cross_entropy.abs()));
        let total = best.map_or(0.0, |row| row.nll / row.cross_entropy);
        let total = if (total - total.round()).abs() <= 1e-9 * total { total.round() } else { total };
        let entropy = best.filter(|row| row.kl.is_finite());
        let entropy = entropy.map(|row| Information::from_nats(row.cross_entropy - row.kl));
        Ok(Self { rows, total, entropy })
    }

    /// One more row, of the same n observations.
    pub fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Drops the rows from a step on.
    pub(super) fn cut(&mut self, from: usize) {
        self.rows.retain(|row| row.step < from);
    }

    /// One row a step.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// n, the number of observations.
    pub fn total(&self) -> f64 {
        self.total
    }

    /// The floor: H(p̂), or H(Y|X). None for points of a density without a resolution.
    pub fn entropy(&self) -> Option<Information> {
        self.entropy
    }

    /// The first step at which each quantity is within `tolerance` nats per observation of its own minimum.
    ///
    /// A converged curve is flat to rounding, so that its smallest value says little; 1e-9 does. With 0 it is the exact
    /// argmin, as on a grid. `None` for a quantity that is nowhere finite.
    pub fn argmin(&self, tolerance: f64) -> Argmin {
        let first = |value: &dyn Fn(&Row) -> f64, tolerance: f64| {
            let least = self.rows.iter().map(value).filter(|v| v.is_finite()).fold(f64::INFINITY, f64::min);
            self.rows.iter().find(|row| value(row).is_finite() && value(row) <= least + tolerance).map(|row| row.step)
        };
        Argmin {
            kl: first(&|row| row.kl, tolerance),
            cross_entropy: first(&|row| row.cross_entropy, tolerance),
            nll: first(&|row| row.nll, tolerance * self.total),
            reverse_kl: first(&|row| row.reverse_kl.unwrap_or(f64::NAN), tolerance),
            population_kl: first(&|row| row.population_kl.unwrap_or(f64::NAN), tolerance),
        }
    }

    /// The largest |H(p̂,q) − H(p̂) − KL| and |NLL/n − H(p̂,q)| of all steps, relative to max(1, H(p̂,q)).
    ///
    /// 1e-12 is rounding. None where no identity holds: without a resolution, or where the loss is infinite.
    pub fn residual(&self) -> Option<f64> {
        let entropy = self.entropy?.nats();
        let rows = self.rows.iter().filter(|row| row.cross_entropy.is_finite());
        rows.map(|row| {
            let sum = (row.cross_entropy - entropy - row.kl).abs();
            let scaled = (row.nll / self.total - row.cross_entropy).abs();
            sum.max(scaled) / row.cross_entropy.abs().max(1.0)
        })
        .reduce(f64::max)
    }

    /// Comma-separated, one line a step; the header names the unit. What only some steps have is empty in the others.
    pub fn to_csv(&self, unit: Unit) -> String {
        let more: Vec<&More> = More::of(&self.rows).collect();
        let mut csv = Self::header(unit, &more);
        self.rows.iter().for_each(|row| row.line(unit, &more, &mut csv));
        csv
    }

    /// The first line of the CSV file.
    pub(super) fn header(unit: Unit, more: &[&More]) -> String {
        let mut csv = format!("step,kl_{unit},cross_entropy_{unit},nll_{unit}");
        for more in more {
            let _ = write!(csv, ",{}_{unit}", more.name);
        }
        csv + "\n"
    }

    /// Writes [`to_csv`](Self::to_csv), whole or not at all; folders are made.
    pub fn write_csv(&self, path: impl AsRef<Path>, unit: Unit) -> Result<()> {
        let path = path.as_ref();
        let refuse = |problem| Error::File { action: "write", path: path.to_path_buf(), problem };
        write_whole(path, |file| file.write_all(self.to_csv(unit).as_bytes())).map_err(refuse)
    }

    /// An aligned table of about `lines` steps: the first, the last, and some at growing distance between.
    pub fn table(&self, unit: Unit, lines: usize) -> String {
        let mut table = format!("{:>8}  {:>13}  {:>13}  {:>15}", "step", "KL", "cross-entropy", "NLL");
        let more: Vec<&More> = More::of(&self.rows).collect();
        table.extend(more.iter().map(|more| format!("  {:>13}", more.title)));
        let each = format!("{unit}/obs.");
        let _ = write!(table, "\n{:>8}  {each:>13}  {each:>13}  {:>15}", "", unit.to_string());
        table.extend(more.iter().map(|_| format!("  {each:>13}")));
        table.push('\n');
        for row in self.sparse(lines) {
            // What rounds to zero is printed without the sign of its rounding error; the CSV keeps it.
            let shown = |v: f64, decimals| seen(v / unit.nats(), decimals);
            let [kl, cross_entropy] = [row.kl, row.cross_entropy].map(|v| shown(v, 6));
            let _ = write!(table, "{:>8}  {kl:>13}  {cross_entropy:>13}  {:>15}", row.step, shown(row.nll, 4));
            for more in &more {
                let value = (more.value)(row).map_or("–".into(), |value| shown(value, 6));
                let _ = write!(table, "  {value:>13}");
            }
            table.push('\n');
        }
        table
    }

    fn sparse(&self, lines: usize) -> Vec<&Row> {
        let last = self.rows.len().saturating_sub(1) as f64;
        let mut at: Vec<usize> = (0..lines)
            .map(|i| ((last + 1.0).powf(i as f64 / (lines.max(2) - 1) as f64) - 1.0).round() as usize)
            .collect();
        at.dedup();
        at.into_iter().filter_map(|i| self.rows.get(i)).collect()
    }
}

/// A column that not every log has: its name in the CSV file, its title in the table, its value.
#[derive(Debug)]
pub(super) struct More {
    name: &'static str,
    title: &'static str,
    value: fn(&Row) -> Option<f64>,
}

impl More {
    /// Those that were asked for beside the three.
    pub(super) fn of(rows: &[Row]) -> impl Iterator<Item = &'static Self> {
        const ALL: [More; 2] = [
            More { name: "reverse_kl", title: "reverse KL", value: |row| row.reverse_kl },
            More { name: "population_kl", title: "KL from truth", value: |row| row.population_kl },
        ];
        ALL.iter().filter(|more| rows.iter().any(|row| (more.value)(row).is_some()))
    }
}
