//! A table in memory that stands for the rows of a query, so that one reader decides what columns are: the library's, of either.
//!
//! Of few rows it has them all. Of more it has, column by column, the cells that differ and how often each came, or of many numbers the
//! two least, the two largest and others between; with whatever is written as no plain number. No row of it need have been observed.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use candle_mle::Table;
use candle_mle::info::number::typed;
use candle_mle::table::{Column, Missing, Part, Reading};
use datafusion::arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use datafusion::arrow::compute::{cast, concat_batches};
use datafusion::arrow::datatypes::DataType;

use crate::counts::read;
use crate::engine::{Engine, numbered, quoted, text};
use crate::error::{Error, Result};

/// So many different cells of a column are looked at: of more it is of numbers, or names its rows.
const LEVELS: usize = 1000;
/// So many rows are taken as they are, and so many stand for more.
const ROWS: usize = 10_000;

/// The table, and the cells that it was made of.
pub(crate) struct StandIn {
    pub table: Table,
    /// Whether it has all rows, as they are.
    pub is_whole: bool,
    /// How many rows it stands for.
    pub n: f64,
    /// What stands in each row of each column that is looked up: as the engine writes it, none for a missing cell.
    cells: HashMap<String, Vec<Option<String>>>,
    /// Columns with more different cells than are looked at.
    many: Vec<String>,
    /// How many cells of a column are missing, and how they are written, where they do not stand among those.
    missing: HashMap<String, (f64, Vec<Option<String>>)>,
    /// The columns that are of numbers in the query itself.
    numeric: HashSet<String>,
}

/// A cell as a text.
fn written(name: &str) -> String {
    format!("CAST({} AS VARCHAR)", quoted(name))
}

/// A cell as a number, where it is written as one.
fn number(name: &str, numeric: &HashSet<String>) -> String {
    let own = if numeric.contains(name) { quoted(name) } else { written(name) };
    format!("TRY_CAST({own} AS DOUBLE)")
}

impl StandIn {
    /// Of these columns of a query.
    pub fn of(engine: &Engine, query: &str, columns: &[String], reading: &Reading) -> Result<Self> {
        let reading = Reading { count: None, ..reading.clone() };
        let frame = engine.frame(query)?;
        let fields = frame.schema().fields().iter().filter(|field| field.data_type().is_numeric());
        let numeric: HashSet<String> = fields.map(|field| field.name().clone()).collect();
        let names: Vec<String> = columns.iter().map(|name| quoted(name)).collect();
        let some = engine.rows(&format!("SELECT {} FROM ({query}) LIMIT {}", names.join(", "), ROWS + 1))?;
        let few: usize = some.iter().map(RecordBatch::num_rows).sum();
        let Some(first) = some.first().filter(|_| few > 0) else { return Err(Error::NoRows) };
        if few <= ROWS {
            let all = concat_batches(&first.schema(), &some).map_err(|e| Error::Engine(e.into()))?;
            let mut cells = HashMap::new();
            for (name, column) in columns.iter().zip(all.columns()) {
                cells.insert(name.clone(), texts(column)?);
            }
            let table = read("the query".into(), &all, &reading)?;
            if table.rows() != few {
                // Blank lines, sums under the last row.
                let left = table.notes().join("; ");
                return Err(Error::Column {
                    column: "the query".into(),
                    problem: format!("{left}: leave them out in --sql"),
                });
            }
            let (many, missing) = (vec![], HashMap::new());
            return Ok(Self { table, is_whole: true, n: few as f64, cells, many, missing, numeric });
        }
        let looked = columns.iter().flat_map(|name| {
            let number = number(name, &numeric);
            let plain = format!("CASE WHEN {} THEN {number} END", is_plain(&number));
            [format!("CAST(count({plain}) AS DOUBLE)"), format!("min({plain})"), format!("max({plain})")]
        });
        let looked: Vec<String> = looked.enumerate().map(|(at, of)| format!("{of} AS look{at}")).collect();
        let sql = format!("SELECT CAST(count(*) AS DOUBLE), {} FROM ({query})", looked.join(", "));
        let seen = numbered(&engine.rows(&sql)?)?;
        let n = seen[0];
        let (mut many, mut missing, mut all_shares) = (vec![], HashMap::new(), vec![]);
        for (name, seen) in columns.iter().zip(seen[1..].chunks(3)) {
            let own = written(name);
            let different =
                |of: &str| format!("SELECT DISTINCT {own} AS cell FROM ({query}) WHERE {of} LIMIT {}", LEVELS + 1);
            let count = |of: &str| -> Result<Vec<(Option<String>, f64)>> {
                let by = format!("SELECT {own} AS cell FROM ({query}) WHERE {of}");
                let sql = format!("SELECT cell, CAST(count(*) AS DOUBLE) AS n FROM ({by}) GROUP BY cell ORDER BY cell");
                let mut counts = vec![];
                for batch in engine.rows(&sql)? {
                    let n = numbered(&[batch.project(&[1]).map_err(|e| Error::Engine(e.into()))?])?;
                    counts.extend(texts(batch.column(0))?.into_iter().zip(n));
                }
                Ok(counts)
            };
            let is_few = |of: &str| -> Result<bool> {
                Ok(engine.rows(&different(of))?.iter().map(RecordBatch::num_rows).sum::<usize>() <= LEVELS)
            };
            let odd = format!("({}) IS NOT TRUE", is_plain(&number(name, &numeric)));
            all_shares.push(if is_few("true")? {
                count("true")?
            } else {
                many.push(name.clone());
                match seen[0] == n {
                    true => vec![],
                    false if is_few(&odd)? => count(&odd)?,
                    // Each row of it another.
                    false => (0..ROWS).map(|row| (Some(format!("{name} {row} …")), 1.0)).collect(),
                }
            });
        }
        // Of many numbers the two that are next to the ends, in one pass.
        let inner = columns.iter().zip(seen[1..].chunks(3)).filter(|(name, _)| many.contains(name));
        let inner = inner.flat_map(|(name, seen)| {
            // Where no cell is a number there are no ends.
            let [low, high] = [seen[1], seen[2]].map(|end| if end.is_nan() { 0.0 } else { end });
            let number = number(name, &numeric);
            let plain = is_plain(&number);
            [
                format!("min(CASE WHEN {plain} AND {number} > {low:e} THEN {number} END)"),
                format!("max(CASE WHEN {plain} AND {number} < {high:e} THEN {number} END)"),
            ]
        });
        let inner: Vec<String> = inner.enumerate().map(|(at, of)| format!("{of} AS end{at}")).collect();
        let mut ends = match inner.is_empty() {
            true => vec![],
            false => numbered(&engine.rows(&format!("SELECT {} FROM ({query})", inner.join(", ")))?)?,
        }
        .into_iter();
        let mut all = vec![];
        for ((name, seen), mut shares) in columns.iter().zip(seen[1..].chunks(3)).zip(all_shares) {
            if many.contains(name) {
                let (after, before) = (ends.next().unwrap_or(f64::NAN), ends.next().unwrap_or(f64::NAN));
                if seen[0] > 0.0 && shares.len() < ROWS {
                    shares.extend(between(seen[1], after, before, seen[2], seen[0]));
                }
            }
            let none = |cell: &Option<String>| cell.as_ref().is_none_or(|cell| reading.is_missing(cell));
            let is_level = reading.missing == Missing::Level;
            let (gone, shares): (Vec<_>, Vec<_>) = shares.into_iter().partition(|(cell, _)| !is_level && none(cell));
            // It stands for the rows without a missing cell; that there are others is told apart.
            if !gone.is_empty() {
                let (marks, counts): (Vec<_>, Vec<f64>) = gone.into_iter().unzip();
                missing.insert(name.clone(), (counts.iter().sum(), marks));
            }
            if shares.is_empty() {
                return Err(Error::Column {
                    column: name.clone(),
                    problem: format!("every cell is missing: --exclude {name}"),
                });
            }
            all.push(spread(shares, n));
        }
        let rows = all.iter().map(Vec::len).max().unwrap_or(0);
        let (mut arrays, mut cells) = (vec![], HashMap::new());
        for (name, column) in columns.iter().zip(all) {
            let column: Vec<Option<String>> = column.iter().cloned().cycle().take(rows).collect();
            arrays.push((name.clone(), Arc::new(StringArray::from(column.clone())) as ArrayRef));
            cells.insert(name.clone(), column);
        }
        let batch = RecordBatch::try_from_iter(arrays).map_err(|e| Error::Engine(e.into()))?;
        Ok(Self {
            table: read(format!("a table that stands for {} rows", typed(n)), &batch, &reading)?,
            is_whole: false,
            n,
            cells,
            many,
            missing,
            numeric,
        })
    }

    /// How many of a column's cells are missing, where they do not stand in the table.
    pub fn missing(&self, column: &str) -> f64 {
        self.missing.get(column).map_or(0.0, |(count, _)| *count)
    }

    /// The rows that have a cell in all of these columns, as a condition; none where all rows have.
    pub fn filled(&self, columns: &[String], reading: &Reading) -> Option<String> {
        let filled = columns.iter().filter_map(|name| {
            let beside = self.missing.get(name).map_or(&[][..], |(_, marks)| marks);
            let all = self.cells.get(name).into_iter().flatten().chain(beside);
            let mut gone: Vec<Option<&str>> = all.map(Option::as_deref).collect();
            gone.retain(|cell| cell.is_none_or(|cell| reading.is_missing(cell)));
            gone.sort_unstable();
            gone.dedup();
            let own = written(name);
            let marks: Vec<String> = gone.iter().flatten().map(|mark| text(mark)).collect();
            let marked = match marks.is_empty() {
                true => String::new(),
                false => format!(" AND {own} NOT IN ({})", marks.join(", ")),
            };
            (!gone.is_empty()).then(|| format!("({own} IS NOT NULL{marked})"))
        });
        let filled: Vec<String> = filled.collect();
        (!filled.is_empty()).then(|| filled.join(" AND "))
    }

    /// A column of x, of the factors that it is the product of.
    pub fn column(&self, parts: &[Part]) -> Result<String> {
        let factor = |part: &Part| match part {
            Part::Number { column, power } => {
                let own = self.number(column)?;
                Ok(vec![own; usize::try_from(*power).unwrap_or(1).max(1)].join(" * "))
            }
            Part::Level { column, level, .. } => {
                Ok(format!("CASE WHEN {} THEN 1.0 ELSE 0.0 END", self.level(column, level)?))
            }
        };
        Ok(parts.iter().map(factor).collect::<Result<Vec<_>>>()?.join(" * "))
    }

    /// A column's numbers; of those that are written as no plain number each by itself.
    fn number(&self, name: &str) -> Result<String> {
        let plain = number(name, &self.numeric);
        let Column::Numbers(numbers) = self.read_as(name)? else { return Err(Error::Foreign) };
        if self.numeric.contains(name) {
            return Ok(plain);
        }
        let mut odd: Vec<(&str, f64)> = vec![];
        for (cell, number) in self.cells[name].iter().zip(numbers) {
            let Some(cell) = cell.as_deref() else { continue };
            // As the engine reads a text.
            if !number.is_nan() && cell.parse() != Ok(*number) && !odd.iter().any(|(other, _)| *other == cell) {
                odd.push((cell, *number));
            }
        }
        if odd.len() > LEVELS {
            let problem = format!("'{}' and others are written as no plain number: cast them in --sql", odd[0].0);
            return Err(Error::Column { column: name.into(), problem });
        }
        let cases: Vec<String> =
            odd.iter().map(|(cell, number)| format!("WHEN {} THEN {number:e}", text(cell))).collect();
        match cases.is_empty() {
            true => Ok(plain),
            false => Ok(format!("CASE {} {} ELSE {plain} END", written(name), cases.join(" "))),
        }
    }

    /// Whether a row has this level.
    pub fn level(&self, name: &str, level: &str) -> Result<String> {
        if self.many.iter().any(|many| many == name) {
            let problem = format!("more than {LEVELS} levels are an identifier: --exclude {name}");
            return Err(Error::Column { column: name.into(), problem });
        }
        let Column::Categories { levels, codes } = self.read_as(name)? else { return Err(Error::Foreign) };
        let own = levels.iter().position(|other| other == level).ok_or(Error::Foreign)? as u32;
        let (mut is, mut missing) = (vec![], false);
        for (cell, _) in self.cells[name].iter().zip(codes).filter(|(_, code)| **code == own) {
            match cell {
                Some(cell) if !is.contains(&cell) => is.push(cell),
                Some(_) => {}
                None => missing = true,
            }
        }
        let own = written(name);
        let is: Vec<String> = is.into_iter().map(|cell| text(cell)).collect();
        let listed = (!is.is_empty()).then(|| format!("{own} IN ({})", is.join(", ")));
        let empty = missing.then(|| format!("{own} IS NULL"));
        Ok(format!("({})", listed.into_iter().chain(empty).collect::<Vec<_>>().join(" OR ")))
    }

    fn read_as(&self, name: &str) -> Result<&Column> {
        let column = self.table.columns().iter().find(|(other, _)| other == name);
        column.map(|(_, column)| column).ok_or(Error::Foreign)
    }
}

/// Whether a number is one, and finite.
fn is_plain(number: &str) -> String {
    format!("({number} >= {:e} AND {number} <= {:e})", -f64::MAX, f64::MAX)
}

/// A column as texts, as its cells are compared.
fn texts(column: &ArrayRef) -> Result<Vec<Option<String>>> {
    let column = cast(column, &DataType::Utf8).map_err(|e| Error::Engine(e.into()))?;
    Ok(column.as_string::<i32>().iter().map(|cell| cell.map(String::from)).collect())
}

/// Numbers between two ends, whole ones where the ends are, with the two that are next to them.
fn between(low: f64, after: f64, before: f64, high: f64, count: f64) -> Vec<(Option<String>, f64)> {
    const MANY: usize = 2000;
    let whole = [low, after, before, high].iter().all(|end| end.fract() == 0.0);
    let inner = (1..MANY).map(|at| after + (before - after) * (at as f64 / MANY as f64));
    let inner = inner.map(|x| if whole { x.round() } else { x });
    let mut all: Vec<f64> = [low, after].into_iter().chain(inner).chain([before, high]).collect();
    // Of two numbers there is none between.
    all.retain(|number| !number.is_nan());
    all.dedup();
    let each = count / all.len() as f64;
    all.into_iter().map(|number| (Some(number.to_string()), each)).collect()
}

/// Cells in about the shares in which they came, each at least once.
fn spread(shares: Vec<(Option<String>, f64)>, n: f64) -> Vec<Option<String>> {
    let times = |count: f64| ((count / n * ROWS as f64).round() as usize).max(1);
    shares.into_iter().flat_map(|(cell, count)| std::iter::repeat_n(cell, times(count))).collect()
}
