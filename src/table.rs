//! Reading people's data: a CSV with columns of numbers or of categories, and a column of counts if there is one.

mod design;
mod dialect;
pub(crate) mod ranking;

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::path::Path;

use candle_mle_info::number::typed;

pub use design::{Ask, Design, Names};
pub use ranking::Split;

use crate::error::{Error, Result, empty};
use dialect::{Lines, check_names, drop_what_precedes_cells, repeated};

/// A table with a header. A column in which most cells are numbers is a column of numbers, and then every cell must be
/// one; any other column holds categories, whose levels stand in [order](Column::categories), the first the base level. What marks a missing value (NA, N/A,
/// null, None, ?, -, .) is not counted, so that a few numbers among such marks are no categories.
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
    count: Vec<f64>,
    /// The name of the column that the counts were taken from.
    counted: Option<String>,
    /// Where each row stands in the file, for messages.
    lines: Vec<u64>,
}

/// What a column holds, row by row.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Finite numbers.
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
    ///
    /// # Errors
    /// A file that cannot be read or has no rows; a quote that is not closed; rows of unequal length; an empty cell; a column
    /// of numbers with a cell that is not a finite number, or in which a comma parts the decimals; a count column that is missing, negative or all zero. Each names its line.
    pub fn read(path: impl AsRef<Path>, count: Option<&str>) -> Result<Self> {
        let path = path.as_ref();
        let text =
            std::fs::read(path).map_err(|problem| Error::File { action: "read", path: path.to_path_buf(), problem })?;
        Self::of_text(path.display().to_string(), text, count)
    }

    /// The same from bytes: standard input, a download, a browser's file.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn from_reader(mut reader: impl Read, count: Option<&str>) -> Result<Self> {
        let (mut text, name) = (vec![], "the table");
        let failed = |problem| Error::File { action: "read", path: name.into(), problem };
        reader.read_to_end(&mut text).map_err(failed)?;
        Self::of_text(name.into(), text, count)
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
    /// finite, a code without a level.
    pub fn from_columns<N: Into<String>>(columns: impl IntoIterator<Item = (N, Column)>) -> Result<Self> {
        let columns: Vec<(String, Column)> = columns.into_iter().map(|(name, column)| (name.into(), column)).collect();
        let names: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
        let file = "the table".to_string();
        check_names(&names).map_err(|problem| Error::Csv { file: file.clone(), line: 1, problem })?;
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
                }
            }
        }
        let lines = (0..rows as u64).collect();
        Ok(Self { file, columns, count: vec![1.0; rows], counted: None, lines })
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
        let of = self.column(column)?;
        for level in levels {
            if !(0..self.rows()).any(|row| of.is(row, level.as_ref())) {
                return Err(wrong(column, format!("'{}' does not occur", level.as_ref())));
            }
        }
        let kept = |row: &usize| levels.iter().any(|level| of.is(*row, level.as_ref()));
        let rows: Vec<usize> = (0..self.rows()).filter(kept).collect();
        if rows.is_empty() {
            return Err(empty(format!("what is left of {}", self.file), "row"));
        }
        Ok(Self {
            file: self.file.clone(),
            columns: self.columns.iter().map(|(name, column)| (name.clone(), column.at(&rows))).collect(),
            count: rows.iter().map(|row| self.count[*row]).collect(),
            counted: self.counted.clone(),
            lines: rows.iter().map(|row| self.lines[*row]).collect(),
        })
    }

    fn of_text(file: String, mut text: Vec<u8>, count: Option<&str>) -> Result<Self> {
        drop_what_precedes_cells(&mut text).map_err(|place| Error::Csv {
            file: file.clone(),
            line: Lines::new(&text).at_byte(place),
            problem: "unterminated quoted cell: close the quote where the cell ends, and write a quote within it twice"
                .into(),
        })?;
        let broken = |e: csv::Error| Error::Csv {
            file: file.clone(),
            line: Lines::new(&text).of(e.position()),
            problem: match e.kind() {
                csv::ErrorKind::UnequalLengths { expected_len, len, .. } => format!(
                    "{len} cell{}, but the header has {expected_len}: a cell with a comma in it needs quotes",
                    if *len == 1 { "" } else { "s" }
                ),
                csv::ErrorKind::Utf8 { .. } => "not UTF-8 text: save the table as UTF-8 CSV".into(),
                _ => e.to_string(),
            },
        };
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_slice());
        let header = reader.headers().map_err(&broken)?.clone();
        let names: Vec<String> = header.iter().map(str::to_string).collect();
        let mut lines_of = Lines::new(&text);
        let line = lines_of.of(header.position());
        check_names(&names).map_err(|problem| Error::Csv { file: file.clone(), line, problem })?;
        let (mut cells, mut lines) = (vec![vec![]; names.len()], vec![]);
        for record in reader.records() {
            let record = record.map_err(&broken)?;
            lines.push(lines_of.of(record.position()));
            for (column, cell) in cells.iter_mut().zip(&record) {
                column.push(cell.to_string());
            }
        }
        if lines.is_empty() {
            return Err(empty(file, "row under the header"));
        }
        let mut columns = vec![];
        for (name, cells) in names.into_iter().zip(cells) {
            let bad = |row: usize, problem| Error::Cell {
                file: file.clone(),
                line: lines[row],
                column: name.clone(),
                text: cells[row].clone(),
                problem,
            };
            let column = Column::read(&cells).map_err(|(row, problem)| bad(row, problem))?;
            columns.push((name, column));
        }
        let mut table = Self { file, columns, count: vec![1.0; lines.len()], counted: None, lines };
        if let Some(name) = count {
            table.take_count(name)?;
        }
        Ok(table)
    }

    /// Takes a column out of the table and makes it the counts.
    fn take_count(&mut self, name: &str) -> Result<()> {
        let count = self.numbers(name)?.to_vec();
        if let Some(row) = count.iter().position(|c| *c < 0.0) {
            return Err(Error::Cell {
                file: self.file.clone(),
                line: self.lines[row],
                column: name.into(),
                text: typed(count[row]),
                problem: "a count is a number ≥ 0",
            });
        }
        if count.iter().all(|c| *c == 0.0) {
            return Err(wrong(name, format!("all {} counts are zero: nothing was observed", count.len())));
        }
        self.columns.retain(|(column, _)| column != name);
        self.count = count;
        self.counted = Some(name.into());
        Ok(())
    }

    /// The columns in order, without the one of counts.
    pub fn columns(&self) -> &[(String, Column)] {
        &self.columns
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// How often each row was observed.
    pub fn count(&self) -> &[f64] {
        &self.count
    }

    pub(crate) fn column(&self, name: &str) -> Result<&Column> {
        if self.counted.as_deref() == Some(name) {
            return Err(wrong(
                name,
                "it was taken as the counts: name another, or read the table without counts".into(),
            ));
        }
        self.columns.iter().find(|(column, _)| column == name).map(|(_, column)| column).ok_or_else(|| {
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
                problem: "a column of numbers is needed",
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
        let predictors: Vec<&str> =
            if named.is_empty() { others.collect() } else { named.iter().map(String::as_str).collect() };
        if predictors.is_empty() {
            return Err(empty(format!("what {target} is predicted from"), "other column"));
        }
        Ok(predictors)
    }

    /// The classes of a target, the base class first, and the class of every row.
    pub(crate) fn classes(&self, target: &str, base: Option<&str>) -> Result<(Vec<String>, Vec<u32>)> {
        let (levels, codes) = match self.column(target)? {
            Column::Categories { levels, codes } => (levels.clone(), codes.clone()),
            Column::Numbers(numbers) => {
                let mut values = numbers.clone();
                values.sort_by(f64::total_cmp);
                values.dedup();
                if values.len() > 20 {
                    let problem =
                        format!("{} different numbers are no classes: choose a column of categories", values.len());
                    return Err(wrong(target, problem));
                }
                let code = |v: &f64| values.iter().position(|w| w == v).unwrap_or_default() as u32;
                (values.iter().map(f64::to_string).collect(), numbers.iter().map(code).collect())
            }
        };
        self.all_observed(target, &levels, &codes)?;
        if levels.len() < 2 {
            return Err(wrong(
                target,
                format!("only the class '{}' occurs: there is nothing to tell apart", levels[0]),
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
        let cells: Vec<String> = cells.into_iter().map(Into::into).collect();
        let mut levels: Vec<&String> = cells.iter().collect::<HashSet<_>>().into_iter().collect();
        levels.sort_by_cached_key(|level| Rank::of(level));
        let place: HashMap<&String, u32> = levels.iter().zip(0..).map(|(level, code)| (*level, code)).collect();
        let codes = cells.iter().map(|cell| place[cell]).collect();
        Self::Categories { levels: levels.into_iter().cloned().collect(), codes }
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
            Self::Numbers(numbers) => numbers[row].to_string(),
            Self::Categories { levels, codes } => levels[codes[row] as usize].clone(),
        }
    }

    /// How many different levels or numbers there are, and which of them each row has: levels in their order,
    /// numbers in rising order.
    pub(crate) fn coded(&self) -> (usize, Vec<usize>) {
        match self {
            Self::Categories { levels, codes } => (levels.len(), codes.iter().map(|code| *code as usize).collect()),
            Self::Numbers(numbers) => {
                let mut values: Vec<f64> = numbers.iter().map(|number| number + 0.0).collect();
                values.sort_by(f64::total_cmp);
                values.dedup();
                let place = |number: &f64| values.partition_point(|value| value < number);
                (values.len(), numbers.iter().map(place).collect())
            }
        }
    }

    /// How many different levels or numbers there are.
    pub fn distinct(&self) -> usize {
        self.coded().0
    }

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

    /// Numbers if most cells are that are not missing, otherwise categories; the row of a cell that does not fit, and what
    /// is needed there.
    fn read(cells: &[String]) -> std::result::Result<Self, (usize, &'static str)> {
        if let Some(row) = cells.iter().position(String::is_empty) {
            return Err((row, "an empty cell: fill it or drop the row"));
        }
        let number = |cell: &String| cell.parse::<f64>().ok();
        // Not NaN, which is a number to the parser.
        let missing = |cell: &String| {
            ["NA", "N/A", "#N/A", "null", "None", "?", "-", "."].iter().any(|mark| cell.eq_ignore_ascii_case(mark))
        };
        let with_comma = |cell: &String| cell.contains(',') && number(&cell.replace([',', '.'], "")).is_some();
        let numbers = cells.iter().filter(|cell| number(cell).is_some() || with_comma(cell)).count();
        if 2 * numbers > cells.iter().filter(|cell| !missing(cell)).count() {
            let finite = |(row, cell): (usize, &String)| match number(cell) {
                Some(number) if number.is_finite() => Ok(number),
                Some(infinite) if !infinite.is_nan() => Err((row, "finite numbers are needed")),
                None if with_comma(cell) => Err((row, "numbers are written with a decimal point and no comma")),
                None if !missing(cell) => Err((row, "most cells of this column are numbers, so all must be")),
                _ => Err((row, "finite numbers are needed in this column: fill it or drop the row")),
            };
            return cells.iter().enumerate().map(finite).collect::<std::result::Result<_, _>>().map(Self::Numbers);
        }
        Ok(Self::categories(cells))
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

/// An error if a column is asked for twice.
fn once(names: &[String]) -> Result<()> {
    match repeated(names) {
        Some(name) => Err(wrong(name, "it is named twice: name it once".into())),
        None => Ok(()),
    }
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
