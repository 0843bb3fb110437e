//! Reading people's data: a CSV with columns of numbers or of categories, and a column of counts if there is one.

mod cells;
mod combinations;
mod design;
mod dialect;
pub(crate) mod ranking;
mod reading;
mod scan;
mod scored;
mod terms;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

pub(crate) use dialect::decode;

pub use design::{Ask, Design, Names, Part, Weighed};
pub use ranking::Split;
pub use reading::{Missing, Reading};

use candle_mle_info::number::typed;

use crate::distinct::{Distinct, fold, hash};
use crate::error::{Error, Result, empty};
use cells::Refused;
use dialect::{named, repeated};

/// A table with a header. A column in which most cells are numbers is a column of numbers; any other column holds
/// categories, whose levels stand in [order](Column::categories), the first the base level. An empty cell, or a mark such as
/// NA, null, ? or -, is a missing value, and no level.
///
/// Only the columns that are used need be in order: what keeps one from being used (a word among numbers, dates, an amount
/// of money, missing cells) is an error where it is asked for, together with what is wrong with the others.
///
/// ```
/// use candle_mle::Table;
/// let csv = "class,survived,people\n1st,yes,203\n1st,no,122\n3rd,yes,178\n3rd,no,528\n";
/// let table = Table::from_reader(csv.as_bytes(), Some("people"))?;
/// let design = table.design("survived").from(["class"]).base("survived", "no").build()?;
/// assert_eq!((design.p.total(), design.p.distinct()), (1031.0, 4));
/// assert_eq!(design.names.columns, ["class 3rd"]);
/// # Ok::<(), candle_mle::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Table {
    file: String,
    columns: Vec<(String, Column)>,
    /// What is in the way of using each column.
    doubts: Vec<Doubt>,
    count: Vec<f64>,
    /// The name of the column that the counts were taken from.
    counted: Option<String>,
    /// Where each row stands in the file, for messages.
    lines: Vec<u64>,
    /// What becomes of missing cells.
    missing: Missing,
    /// What was left out, in words.
    notes: Vec<String>,
}

/// What is in the way of using a column, and what is known of it.
#[derive(Clone, Debug, Default)]
struct Doubt {
    /// The rows whose cell is missing, in rising order, and what stands there.
    missing: Vec<(usize, Arc<str>)>,
    /// A cell that keeps the column from being used.
    refused: Option<Refused>,
    /// What a reader should know of it.
    note: Option<String>,
    /// Whether it was said that it holds categories, however many.
    levels: bool,
}

/// What a column holds, row by row.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Finite numbers; NaN where a cell is missing.
    Numbers(Vec<f64>),
    /// The levels in order, the first the base level, and the level of each row.
    Categories {
        /// As [`categories`](Self::categories) sorts them, or in an order of your own.
        levels: Vec<String>,
        /// The place of each row's level among them.
        codes: Vec<u32>,
    },
}

impl Table {
    /// Reads a CSV file; `count` names the column that says how often each row was observed (once, without one).
    /// [`Reading`] has more to say.
    ///
    /// # Errors
    /// As [`Reading::file`].
    pub fn read(path: impl AsRef<Path>, count: Option<&str>) -> Result<Self> {
        Reading { count: count.map(String::from), ..Reading::default() }.file(path)
    }

    /// The same from bytes: standard input, a download, a browser's file.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn from_reader(reader: impl Read, count: Option<&str>) -> Result<Self> {
        Reading { count: count.map(String::from), ..Reading::default() }.reader(reader)
    }

    /// The table of these columns, each row observed once: what is in memory already.
    ///
    /// ```
    /// use candle_mle::table::Column;
    /// use candle_mle::Table;
    /// let dose = Column::Numbers(vec![0.0, 1.0, 2.0]);
    /// let answer = Column::categories(["no", "yes", "yes"]);
    /// let table = Table::from_columns([("dose", dose), ("answer", answer)])?;
    /// assert_eq!(table.rows(), 3);
    /// # Ok::<(), candle_mle::Error>(())
    /// ```
    ///
    /// # Errors
    /// No column, or no rows; columns of unequal length; a name that is empty or stands there twice; a number that is not
    /// finite, a code without a level, a level that stands there twice.
    pub fn from_columns<N: Into<String>>(columns: impl IntoIterator<Item = (N, Column)>) -> Result<Self> {
        let columns: Vec<(String, Column)> = columns.into_iter().map(|(name, column)| (name.into(), column)).collect();
        let names: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
        let file = "the table".to_string();
        named(&names).map_err(|problem| Error::Csv { file: file.clone(), line: 1, problem })?;
        let rows = columns.first().map_or(0, |(_, column)| column.len());
        if rows == 0 {
            return Err(empty(file, "row"));
        }
        for (at, (name, column)) in columns.iter().enumerate() {
            if name.is_empty() {
                return Err(wrong(name, "it has no name: name it".into()));
            }
            if column.len() != rows {
                return Err(wrong(name, format!("it has {} rows, but the first column has {rows}", column.len())));
            }
            match column {
                Column::Numbers(numbers) => {
                    if let Some(row) = numbers.iter().position(|number| !number.is_finite()) {
                        let (column, value) = (at, numbers[row]);
                        return Err(candle_mle_info::Error::NotFinite { what: "the table", row, column, value }.into());
                    }
                }
                Column::Categories { levels, codes } => {
                    if let Some(code) = codes.iter().find(|code| **code as usize >= levels.len()) {
                        return Err(wrong(name, format!("code {code} has no level: there are {}", levels.len())));
                    }
                    let mut seen = HashSet::new();
                    if let Some(level) = levels.iter().find(|level| !seen.insert(level.as_str())) {
                        return Err(wrong(name, format!("the level '{level}' stands there twice")));
                    }
                }
            }
        }
        // Categories that a program made are levels, also if most are seen once.
        let doubts = vec![Doubt { levels: true, ..Doubt::default() }; columns.len()];
        let lines = (0..rows as u64).collect();
        let (count, counted, missing, notes) = (vec![1.0; rows], None, Missing::Error, vec![]);
        Ok(Self { file, columns, doubts, count, counted, lines, missing, notes })
    }

    /// The same rows with counts: how often each was observed.
    ///
    /// # Errors
    /// Another number of counts than of rows; one that is negative or not finite; all zero.
    pub fn with_counts(self, counts: &[f64]) -> Result<Self> {
        if counts.len() != self.rows() {
            return Err(crate::error::shape("the counts", &[counts.len()], format!("({},)", self.rows())));
        }
        if let Some(row) = counts.iter().position(|c| !(c.is_finite() && *c >= 0.0)) {
            return Err(Error::Count { row, value: counts[row] });
        }
        if counts.iter().all(|c| *c == 0.0) {
            return Err(Error::NothingObserved { rows: counts.len() });
        }
        Ok(Self { count: counts.to_vec(), ..self })
    }

    /// The rows in which `column` has one of these levels; a column of numbers is asked for a number as it is written.
    /// Levels that no row is left of are gone.
    ///
    /// # Errors
    /// No such column; a level that does not occur; no row left.
    pub fn filter(&self, column: &str, levels: &[impl AsRef<str>]) -> Result<Self> {
        let of = &self.columns[self.place(column)?].1;
        for level in levels {
            if !(0..self.rows()).any(|row| of.is(row, level.as_ref())) {
                return Err(wrong(column, format!("'{}' does not occur", level.as_ref())));
            }
        }
        let kept = |row: &usize| levels.iter().any(|level| of.is(*row, level.as_ref()));
        self.rows_at(&(0..self.rows()).filter(kept).collect::<Vec<_>>())
    }

    /// Without these columns.
    ///
    /// # Errors
    /// No such column, or the same one twice.
    pub fn without<S: AsRef<str>>(&self, columns: &[S]) -> Result<Self> {
        once(&columns.iter().map(|name| name.as_ref().to_string()).collect::<Vec<_>>())?;
        let gone = columns.iter().map(|name| self.place(name.as_ref())).collect::<Result<Vec<_>>>()?;
        let places = (0..self.columns.len()).filter(|at| !gone.contains(at)).collect();
        Ok(self.of_columns(places, self.notes.clone()))
    }

    /// All rows of these columns.
    fn of_columns(&self, places: Vec<usize>, notes: Vec<String>) -> Self {
        Self {
            file: self.file.clone(),
            columns: places.iter().map(|at| self.columns[*at].clone()).collect(),
            doubts: places.iter().map(|at| self.doubts[*at].clone()).collect(),
            count: self.count.clone(),
            counted: self.counted.clone(),
            lines: self.lines.clone(),
            missing: self.missing,
            notes,
        }
    }

    /// These columns and no others, made ready to be used: rows with a missing cell in one of them are left out, or the
    /// cells are a level, as [`Reading::missing`] said. What is in another column no longer matters.
    ///
    /// # Errors
    /// No such column; what keeps any of them from being used, all in one message: a missing cell, unless that was said;
    /// a cell that is no number among numbers; dates, amounts of money and the like. No row left.
    pub fn with_only<S: AsRef<str>>(&self, columns: &[S]) -> Result<Self> {
        Ok(self.ready(columns)?.into_table())
    }

    /// The same without a copy of what need not change.
    pub(crate) fn ready<S: AsRef<str>>(&self, columns: &[S]) -> Result<Ready<'_>> {
        let mut places = columns.iter().map(|name| self.place(name.as_ref())).collect::<Result<Vec<_>>>()?;
        let mut seen = HashSet::new();
        places.retain(|at| seen.insert(*at));
        together(places.iter().filter_map(|at| self.fault(*at, false)).collect())?;
        let doubts = || places.iter().map(|at| &self.doubts[*at]);
        let mut notes = self.notes.clone();
        notes.extend(doubts().filter_map(|doubt| doubt.note.clone()));
        let gone: HashSet<usize> = match self.missing {
            Missing::Level => HashSet::new(),
            _ => doubts().flat_map(|doubt| doubt.missing.iter().map(|(row, _)| *row)).collect(),
        };
        if gone.is_empty() {
            return Ok(Ready { table: Cow::Borrowed(self), places, notes });
        }
        let missing = |at: &usize| {
            let gone = self.doubts[*at].missing.len();
            (gone > 0).then(|| format!("{} ({gone})", self.columns[*at].0))
        };
        let of: Vec<String> = places.iter().filter_map(missing).collect();
        let (gone_rows, rows, of) = (gone.len(), self.rows(), of.join(", "));
        let kept: Vec<usize> = (0..rows).filter(|row| !gone.contains(row)).collect();
        if kept.is_empty() {
            let problem =
                format!("every one of the {rows} rows has a missing cell in {of}: --exclude the emptiest columns");
            return Err(wrong(&self.columns[places[0]].0, problem));
        }
        notes.push(format!("{gone_rows} of {rows} rows left out: a cell is missing in {of}"));
        let table = self.part(&places, &kept)?;
        Ok(Ready { places: (0..table.columns.len()).collect(), table: Cow::Owned(table), notes })
    }

    /// A target and what it is predicted from, these columns or all others: [`with_only`](Self::with_only), and no column
    /// that names its rows.
    ///
    /// # Errors
    /// As [`with_only`](Self::with_only); a target that is to predict itself; a column of categories most of which are seen
    /// once, an identifier or free text, unless [`Reading::categorical`] names it.
    pub fn predicting(&self, target: &str, named: &[String]) -> Result<Self> {
        Ok(self.ready_for(target, &self.predictors(target, named)?)?.into_table())
    }

    /// The same without a copy of what need not change: the target, then these predictors.
    pub(crate) fn ready_for(&self, target: &str, predictors: &[&str]) -> Result<Ready<'_>> {
        let places = predictors.iter().map(|name| self.place(name)).collect::<Result<Vec<_>>>()?;
        let target_at = self.place(target)?;
        self.of_target(target)?;
        let faults =
            std::iter::once(target_at).chain(places.iter().copied()).map(|at| (at, self.fault(at, at == target_at)));
        let of = |(at, fault): (usize, Option<Error>)| {
            fault.or_else(|| if at == target_at { None } else { self.identifier(at) })
        };
        together(faults.filter_map(of).collect())?;
        self.ready(&std::iter::once(target).chain(predictors.iter().copied()).collect::<Vec<_>>())
    }

    /// A missing class is no class, whatever becomes of other missing cells.
    pub(crate) fn of_target(&self, target: &str) -> Result<()> {
        let doubt = &self.doubts[self.place(target)?];
        let Some((row, mark)) = doubt.missing.first().filter(|_| self.missing == Missing::Level) else { return Ok(()) };
        Err(Error::Cell {
            file: self.file.clone(),
            line: self.lines[*row],
            column: target.into(),
            text: mark.to_string(),
            problem: "what is predicted is missing, which is no class: drop the row with --missing drop".into(),
        })
    }

    /// What keeps a column from being used, as a target or not, if anything does.
    fn fault(&self, at: usize, target: bool) -> Option<Error> {
        let ((name, column), doubt) = (&self.columns[at], &self.doubts[at]);
        let cell = |line: u64, text: &str, problem: String| Error::Cell {
            file: self.file.clone(),
            line,
            column: name.clone(),
            text: text.into(),
            problem,
        };
        if let Some(Refused { line, text, problem, .. }) = &doubt.refused {
            // A target cannot be left out.
            let flag = typed_name(name);
            let problem = match target {
                true => problem
                    .replace(&format!(" --exclude {flag}, or"), " or")
                    .replace(&format!(", or --exclude {flag}"), ""),
                false => problem.clone(),
            };
            return Some(cell(*line, text, problem));
        }
        let (row, mark) = doubt.missing.first()?;
        let (gone, rows) = (doubt.missing.len(), self.rows());
        if gone == rows {
            let cure = if target { "choose another".into() } else { format!("--exclude {}", typed_name(name)) };
            return Some(wrong(name, format!("every cell is missing: {cure}")));
        }
        let numbers = matches!(column, Column::Numbers(_));
        let what = if mark.is_empty() { "an empty cell" } else { "a mark of a missing value" };
        let number = if numbers { " in a column of numbers" } else { "" };
        match (self.missing, numbers) {
            (Missing::Drop, _) | (Missing::Level, false) => None,
            (Missing::Level, true) => {
                let problem = format!(
                    "{what}{number}, and no number is a level: fill it, drop the row with --missing drop, or, if its \
                         numbers are codes, --categorical {}",
                    typed_name(name)
                );
                Some(cell(self.lines[*row], mark, problem))
            }
            (Missing::Error, _) => {
                let level = if numbers || target { "" } else { ", or make a level of it with --missing level" };
                let rows =
                    if gone == 1 { "the row".into() } else { format!("the {gone} rows of {rows} that have one") };
                let problem = format!("{what}{number}: fill it, drop {rows} with --missing drop{level}");
                Some(cell(self.lines[*row], mark, problem))
            }
        }
    }

    /// What is wrong with a column that names its rows, if this is one.
    fn identifier(&self, at: usize) -> Option<Error> {
        let ((name, column), doubt) = (&self.columns[at], &self.doubts[at]);
        let Column::Categories { levels, codes } = column else { return None };
        let (missing, observed) = (doubt.missing.len(), self.count.iter().sum::<f64>());
        let different = levels.len() - usize::from(missing > 0);
        // Of a table of counts a row stands for many observations.
        let rows = ((codes.len() - missing) as f64).max(if self.counted.is_some() { observed } else { 0.0 });
        if doubt.levels || different <= 10 || 2.0 * different as f64 <= rows {
            return None;
        }
        let values = if different == codes.len() {
            "every row has a different value: it is an identifier and predicts nothing about new rows".into()
        } else {
            format!(
                "{different} different values in {rows} rows: it is an identifier or free text, and predicts nothing about new rows"
            )
        };
        let flag = typed_name(name);
        Some(wrong(name, format!("{values}; leave it out with --exclude {flag}, or keep it with --categorical {flag}")))
    }

    /// Every row once for each of the classes that these columns count, which make a target of this name: successes beside
    /// failures, or a table with a column for every outcome.
    ///
    /// ```
    /// use candle_mle::Table;
    /// let csv = "dose,died,lived\n1,2,8\n2,6,4\n";
    /// let table = Table::from_reader(csv.as_bytes(), None)?.stack("outcome", &["died", "lived"])?;
    /// assert_eq!((table.rows(), table.count()), (4, [2.0, 6.0, 8.0, 4.0].as_slice()));
    /// # Ok::<(), candle_mle::Error>(())
    /// ```
    ///
    /// # Errors
    /// Fewer than two columns, or one that is no column of numbers ≥ 0; a target that stands in the table already.
    pub fn stack<S: AsRef<str>>(&self, target: &str, classes: &[S]) -> Result<Self> {
        if classes.len() < 2 {
            return Err(wrong(target, "two columns of counts are needed, or more, one for each class".into()));
        }
        let mut rest = self.without(classes)?;
        if rest.columns.iter().any(|(name, _)| name == target) {
            return Err(wrong(target, "there is such a column already: call the classes otherwise".into()));
        }
        let (rows, mut counts) = (self.rows(), vec![]);
        for class in classes {
            let numbers = self.numbers(class.as_ref())?;
            if let Some(row) = numbers.iter().position(|count| *count < 0.0) {
                return Err(wrong(class.as_ref(), format!("{} is no count, which is a number ≥ 0", numbers[row])));
            }
            counts.extend(numbers.iter().zip(&self.count).map(|(count, times)| count * times));
        }
        let every: Vec<usize> = (0..rows).cycle().take(rows * classes.len()).collect();
        rest = rest.rows_at(&every)?;
        // In the order in which they were named.
        let levels = classes.iter().map(|class| class.as_ref().to_string()).collect();
        let codes = (0..classes.len() as u32).flat_map(|class| std::iter::repeat_n(class, rows)).collect();
        rest.columns.push((target.into(), Column::Categories { levels, codes }));
        rest.doubts.push(Doubt::default());
        rest.counted = Some(classes.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", "));
        rest.with_counts(&counts)
    }

    /// With one more column: how many of `trials` were no `successes`.
    ///
    /// # Errors
    /// A column that is missing or none of numbers; more successes than trials; a name that is taken.
    pub fn with_failures(&self, failures: &str, successes: &str, trials: &str) -> Result<Self> {
        let (of, all) = (self.numbers(successes)?, self.numbers(trials)?);
        if let Some(row) = of.iter().zip(all).position(|(of, all)| of > all) {
            let problem = format!("line {}: {} of {} in '{trials}'", self.lines[row], of[row], all[row]);
            return Err(wrong(successes, format!("{problem}: there cannot be more of them")));
        }
        if self.columns.iter().any(|(name, _)| name == failures) {
            return Err(wrong(failures, "there is such a column already".into()));
        }
        let left = of.iter().zip(all).map(|(of, all)| all - of).collect();
        let mut table = self.without(&[trials])?;
        table.columns.push((failures.into(), Column::Numbers(left)));
        table.doubts.push(Doubt::default());
        Ok(table)
    }

    /// These rows, in this order.
    fn rows_at(&self, rows: &[usize]) -> Result<Self> {
        self.part(&(0..self.columns.len()).collect::<Vec<_>>(), rows)
    }

    /// These rows of these columns.
    fn part(&self, columns: &[usize], rows: &[usize]) -> Result<Self> {
        if rows.is_empty() {
            return Err(empty(format!("what is left of {}", self.file), "row"));
        }
        let doubt = |doubt: &Doubt| {
            let place = |from: &usize| doubt.missing.binary_search_by_key(from, |(row, _)| *row).ok();
            let still = |(to, from)| Some((to, doubt.missing[place(from)?].1.clone()));
            Doubt { missing: rows.iter().enumerate().filter_map(still).collect(), ..doubt.clone() }
        };
        Ok(Self {
            file: self.file.clone(),
            columns: columns.iter().map(|at| (self.columns[*at].0.clone(), self.columns[*at].1.at(rows))).collect(),
            doubts: columns.iter().map(|at| doubt(&self.doubts[*at])).collect(),
            count: rows.iter().map(|row| self.count[*row]).collect(),
            counted: self.counted.clone(),
            lines: rows.iter().map(|row| self.lines[*row]).collect(),
            missing: self.missing,
            notes: self.notes.clone(),
        })
    }

    /// Whether every cell of a column is missing.
    pub(crate) fn is_empty(&self, name: &str) -> bool {
        self.place(name).is_ok_and(|at| self.doubts[at].missing.len() == self.rows())
    }

    /// The columns in order, without the one of counts.
    pub fn columns(&self) -> &[(String, Column)] {
        &self.columns
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// Where each row stands in its text, in lines counted from 1; of columns in memory its number.
    pub fn lines(&self) -> &[u64] {
        &self.lines
    }

    /// How often each row was observed.
    pub fn count(&self) -> &[f64] {
        &self.count
    }

    /// What was left out of the text and of the rows, in words.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// A column that can be used as it is.
    ///
    /// # Errors
    /// No such column, or one that cannot, with its line and its cure.
    pub fn column(&self, name: &str) -> Result<&Column> {
        let at = self.place(name)?;
        if let Some(fault) = self.fault(at, false) {
            return Err(fault);
        }
        if self.doubts[at].missing.is_empty() || self.missing == Missing::Level {
            return Ok(&self.columns[at].1);
        }
        let problem = "cells are missing: take the table `with_only` the columns that are used";
        Err(wrong(name, problem.into()))
    }

    /// Where a column stands.
    fn place(&self, name: &str) -> Result<usize> {
        if self.counted.as_deref() == Some(name) {
            return Err(wrong(
                name,
                "it was taken as the counts: name another, or read the table without counts".into(),
            ));
        }
        self.columns.iter().position(|(column, _)| column == name).ok_or_else(|| {
            let columns: Vec<_> = self.columns.iter().map(|(column, _)| column.as_str()).collect();
            Error::NoColumn { file: self.file.clone(), column: name.into(), columns: columns.join(", ") }
        })
    }

    /// A column of numbers.
    ///
    /// # Errors
    /// No such column; one of categories.
    pub fn numbers(&self, name: &str) -> Result<&[f64]> {
        match self.column(name)? {
            Column::Numbers(numbers) => Ok(numbers),
            Column::Categories { levels, codes } => Err(Error::Cell {
                file: self.file.clone(),
                line: self.lines[0],
                column: name.into(),
                text: levels[codes[0] as usize].clone(),
                problem: "a column of numbers is needed".into(),
            }),
        }
    }

    /// What a target is predicted from: the columns named, or all others.
    pub(crate) fn predictors<'a>(&'a self, target: &str, named: &'a [String]) -> Result<Vec<&'a str>> {
        if named.iter().any(|name| name == target) {
            return Err(wrong(target, "it is the target and cannot predict itself".into()));
        }
        once(named)?;
        let others = self.columns.iter().map(|(name, _)| name.as_str()).filter(|name| *name != target);
        Ok(if named.is_empty() { others.collect() } else { named.iter().map(String::as_str).collect() })
    }

    /// The classes of a target, the base class first, and the class of every row.
    pub(crate) fn classes(&self, target: &str, base: Option<&str>) -> Result<(Vec<String>, Vec<u32>)> {
        let said = self.doubts[self.place(target)?].levels;
        // Of a table of counts a row stands for many observations.
        let rows = (self.rows() as f64).max(if self.counted.is_some() { self.count.iter().sum() } else { 0.0 });
        let (levels, codes) = match self.column(target)? {
            Column::Categories { levels, codes } => {
                if !said && levels.len() > 10 && 2.0 * levels.len() as f64 > rows {
                    let problem = format!(
                        "{} different values in {rows} rows are no classes, which repeat: choose another column, or say \
                         --categorical {target} if they are",
                        levels.len()
                    );
                    return Err(wrong(target, problem));
                }
                (levels.clone(), codes.clone())
            }
            Column::Numbers(numbers) => {
                let (values, codes) = different(numbers);
                let whole = values.iter().all(|value| value.fract() == 0.0);
                if values.len() > 20 && !(whole && 2.0 * values.len() as f64 <= rows) {
                    let problem = format!(
                        "{} different numbers are no classes: choose a column of categories, or say --categorical {target} \
                         if they are; if a number is to be foretold, --family linear, or poisson where it is a count; if they count \
                         outcomes, name a column for each with --count",
                        values.len()
                    );
                    return Err(wrong(target, problem));
                }
                (values.into_iter().map(typed).collect(), codes)
            }
        };
        self.all_observed(target, &levels, &codes)?;
        if levels.len() < 2 {
            // 01 and 1.
            let zeros = format!("{target} has zeros in front");
            let noted = self.notes.iter().chain(&self.doubts[self.place(target)?].note);
            let note = noted.into_iter().find(|note| note.starts_with(&zeros));
            let cure = note.map_or(String::new(), |note| format!(" ({note})"));
            return Err(wrong(
                target,
                format!("only the class '{}' occurs: there is nothing to tell apart{cure}", levels[0]),
            ));
        }
        let base = position(target, &levels, base)?;
        // The base class comes first, the others keep their order.
        let order: Vec<usize> = std::iter::once(base).chain((0..levels.len()).filter(|l| *l != base)).collect();
        let place: HashMap<u32, u32> = order.iter().enumerate().map(|(to, from)| (*from as u32, to as u32)).collect();
        Ok((order.iter().map(|l| levels[*l].clone()).collect(), codes.iter().map(|c| place[c]).collect()))
    }

    fn all_observed(&self, column: &str, levels: &[String], codes: &[u32]) -> Result<()> {
        let mut seen = vec![0.0; levels.len()];
        codes.iter().zip(&self.count).for_each(|(code, count)| seen[*code as usize] += count);
        match seen.iter().position(|count| *count == 0.0) {
            Some(level) => {
                let problem =
                    format!("all counts of '{}' are zero, so nothing is known of it: drop its rows", levels[level]);
                Err(wrong(column, problem))
            }
            None => Ok(()),
        }
    }
}

/// Columns that can be used as they are: of a table, or of a copy without the rows in which a cell is missing.
pub(crate) struct Ready<'a> {
    pub table: Cow<'a, Table>,
    places: Vec<usize>,
    /// What was left out, and what is to be known of the columns, in words.
    pub notes: Vec<String>,
}

impl Ready<'_> {
    /// The first so many columns alone.
    pub fn keep(&mut self, columns: usize) {
        self.places.truncate(columns);
    }

    /// Their names and what they hold.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &Column)> {
        self.places.iter().map(|at| (self.table.columns[*at].0.as_str(), &self.table.columns[*at].1))
    }

    fn into_table(self) -> Table {
        let Self { table, places, notes } = self;
        let mut table = match table {
            Cow::Borrowed(table) => table.of_columns(places, notes),
            Cow::Owned(table) => Table { notes, ..table },
        };
        for doubt in &mut table.doubts {
            (doubt.missing, doubt.note) = (vec![], None);
        }
        table
    }
}

impl Column {
    /// A column of categories. Its levels are sorted, whatever order the rows are in: numbers by size and before words,
    /// words by their letters, large and small alike. The first is the base level: `0` before `1`, `False` before
    /// `True`, `no` before `Yes`.
    ///
    /// ```
    /// use candle_mle::table::Column;
    /// let Column::Categories { levels, .. } = Column::categories(["Yes", "10", "no", "9", "Yes"]) else { panic!() };
    /// assert_eq!(levels, ["9", "10", "no", "Yes"]);
    /// ```
    pub fn categories<S: Into<String>>(cells: impl IntoIterator<Item = S>) -> Self {
        let (mut levels, mut places, mut codes) = (vec![], Distinct::default(), vec![]);
        for cell in cells {
            let cell: String = cell.into();
            let code = places.place(hash(cell.as_bytes()), |place| levels[place] == cell);
            if code == levels.len() {
                levels.push(cell);
            }
            codes.push(code as u32);
        }
        Self::of_levels(levels, codes)
    }

    /// Of levels in any order, the same one perhaps twice, and the place of each row's.
    fn of_levels(levels: Vec<String>, mut codes: Vec<u32>) -> Self {
        let mut order: Vec<usize> = (0..levels.len()).collect();
        order.sort_by_cached_key(|level| Rank::of(&levels[*level]));
        let (mut sorted, mut place): (Vec<String>, _) = (vec![], vec![0; levels.len()]);
        let mut levels = levels;
        for level in order {
            let text = std::mem::take(&mut levels[level]);
            if sorted.last() != Some(&text) {
                sorted.push(text);
            }
            place[level] = sorted.len() as u32 - 1;
        }
        codes.iter_mut().for_each(|code| *code = place[*code as usize]);
        Self::Categories { levels: sorted, codes }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Categories { codes, .. } => codes.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cell of a row, as it is written.
    pub fn text(&self, row: usize) -> String {
        match self {
            Self::Numbers(numbers) => typed(numbers[row]),
            Self::Categories { levels, codes } => levels[codes[row] as usize].clone(),
        }
    }

    /// How many different levels or numbers there are, and which of them each row has: levels in their order,
    /// numbers in rising order.
    pub fn coded(&self) -> (usize, Vec<usize>) {
        match self {
            Self::Categories { levels, codes } => (levels.len(), codes.iter().map(|code| *code as usize).collect()),
            Self::Numbers(numbers) => {
                let (values, codes) = different(numbers);
                (values.len(), codes.into_iter().map(|code| code as usize).collect())
            }
        }
    }

    /// How many different levels or numbers there are.
    pub fn distinct(&self) -> usize {
        self.coded().0
    }

    /// Whether this stands in a row.
    fn is(&self, row: usize, level: &str) -> bool {
        match self {
            Self::Numbers(numbers) => level.parse() == Ok(numbers[row]),
            Self::Categories { levels, codes } => levels[codes[row] as usize] == level,
        }
    }

    /// These rows; levels that none of them has are gone.
    fn at(&self, rows: &[usize]) -> Self {
        match self {
            Self::Numbers(numbers) => Self::Numbers(rows.iter().map(|row| numbers[*row]).collect()),
            Self::Categories { levels, codes } => {
                let mut kept: Vec<u32> = rows.iter().map(|row| codes[*row]).collect();
                kept.sort_unstable();
                kept.dedup();
                let place = |row: &usize| kept.partition_point(|code| *code < codes[*row]) as u32;
                Self::Categories {
                    levels: kept.iter().map(|code| levels[*code as usize].clone()).collect(),
                    codes: rows.iter().map(place).collect(),
                }
            }
        }
    }
}

/// Where a level stands among the others: numbers by size, then words by their letters, and at last as they are written.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank(u64, String, String);

impl Rank {
    fn of(level: &str) -> Self {
        let rising = |number: f64| {
            let bits = number.to_bits();
            if number.is_sign_negative() { !bits } else { bits | 1 << 63 }
        };
        let number = level.parse().ok().filter(|number: &f64| number.is_finite());
        Self(number.map_or(u64::MAX, |number| rising(number + 0.0)), level.to_lowercase(), level.into())
    }
}

/// The different numbers in rising order, and the place of each among them; −0.0 is 0.0.
fn different(numbers: &[f64]) -> (Vec<f64>, Vec<u32>) {
    let (mut values, mut places) = (vec![], Distinct::default());
    let place = |number: &f64| {
        let number = number + 0.0;
        let place = places.place(fold(0, number.to_bits()), |place| values[place] == number);
        if place == values.len() {
            values.push(number);
        }
        place
    };
    let seen: Vec<usize> = numbers.iter().map(place).collect();
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| f64::total_cmp(&values[*a], &values[*b]));
    let mut rank = vec![0; values.len()];
    order.iter().zip(0..).for_each(|(place, at)| rank[*place] = at);
    (order.into_iter().map(|place| values[place]).collect(), seen.into_iter().map(|place| rank[place]).collect())
}

/// An error if a column is asked for twice.
fn once(names: &[String]) -> Result<()> {
    match repeated(names) {
        Some(name) => Err(wrong(name, "it is named twice: name it once".into())),
        None => Ok(()),
    }
}

/// All that is wrong as one error.
fn together(mut faults: Vec<Error>) -> Result<()> {
    match faults.len() {
        0 => Ok(()),
        1 => Err(faults.remove(0)),
        _ => Err(Error::Columns(faults)),
    }
}

/// A name as it is typed behind a flag, by the rules of its commas and of a shell.
pub(crate) fn typed_name(name: &str) -> String {
    let name = if name.contains([',', '"']) { format!("\"{}\"", name.replace('"', "\"\"")) } else { name.into() };
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/' | '+' | '%' | '@');
    if !name.is_empty() && name.chars().all(plain) { name } else { format!("'{}'", name.replace('\'', "'\\''")) }
}

pub(crate) fn wrong(column: &str, problem: String) -> Error {
    Error::Column { column: column.into(), problem }
}

fn position(column: &str, levels: &[String], base: Option<&str>) -> Result<usize> {
    let Some(base) = base else { return Ok(0) };
    levels
        .iter()
        .position(|level| level == base)
        .ok_or_else(|| wrong(column, format!("no level '{base}' to be the base; its levels are {}", levels.join(", "))))
}
