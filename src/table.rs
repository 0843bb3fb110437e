//! Reading people's data: a CSV with columns of numbers or of categories, and a column of counts if there is one.

mod text;

use std::collections::HashMap;
use std::path::Path;

use candle_core::{Device, Tensor};
use nalgebra::DMatrix;

use text::{Lines, check_names, drop_what_precedes_cells, repeated};

use crate::cholesky::cholesky;
use crate::error::{Error, Result};
use crate::model::{Labelled, host};
use crate::number::typed;

/// A table with a header. A column in which most cells are numbers is a column of numbers, and then every cell must be
/// one; any other column holds categories, whose first level seen is the base level. What marks a missing value (NA, N/A,
/// null, None, ?, -, .) is not counted, so that a few numbers among such marks are no categories.
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
    /// The levels in order of first sight, and the level of each row.
    Categories {
        /// In order of first sight.
        levels: Vec<String>,
        /// The place of each row's level among them.
        codes: Vec<u32>,
    },
}

/// A table made ready for classification.
#[derive(Clone, Debug)]
pub struct Design {
    /// Numbers as they are, categories as 0/1 columns for every level but the base level; classes from 0, the base class.
    pub batch: Labelled,
    /// How often each row was observed.
    pub count: Vec<f64>,
    /// What each column of x is: `age`, or `class 2nd`.
    pub columns: Vec<String>,
    /// The name of the column that is predicted.
    pub target: String,
    /// The names of its classes.
    pub classes: Vec<String>,
}

/// The outcomes of a column of classes, whatever stands in the others.
#[derive(Clone, Debug)]
pub struct Outcomes {
    /// The class of every row, (rows,) u32, counted from 0, the base class.
    pub y: Tensor,
    /// How often each row was observed.
    pub count: Vec<f64>,
    /// The name of the column.
    pub target: String,
    /// The names of its classes.
    pub classes: Vec<String>,
}

/// Columns of numbers made ready for a density.
#[derive(Clone, Debug)]
pub struct Cloud {
    /// (rows, columns)
    pub points: Tensor,
    /// How often each row was observed.
    pub count: Vec<f64>,
    /// The name of each column.
    pub columns: Vec<String>,
}

impl Design {
    /// Names for a sample that came from no file; every row was observed once.
    ///
    /// # Errors
    /// Another number of column names than of columns; a column that is constant, or a linear combination of the ones
    /// before it.
    pub fn of_sample(batch: Labelled, columns: &[&str], target: &str, classes: &[&str]) -> Result<Self> {
        let (columns, count) = (owned(columns), vec![1.0; batch.x().dim(0)?]);
        own_columns(batch.x(), &count, &columns)?;
        Ok(Self { batch, count, columns, target: target.into(), classes: owned(classes) })
    }

    /// # Errors
    /// Other than two classes.
    pub fn two_classes(&self) -> Result<()> {
        two_classes(&self.target, &self.classes)
    }
}

impl Outcomes {
    /// # Errors
    /// Other than two classes.
    pub fn two_classes(&self) -> Result<()> {
        two_classes(&self.target, &self.classes)
    }
}

fn two_classes(target: &str, classes: &[String]) -> Result<()> {
    if classes.len() == 2 {
        return Ok(());
    }
    Err(wrong(target, format!("two classes are needed here, but it has {}: use softmax", classes.join(", "))))
}

impl Cloud {
    /// Names for a sample that came from no file; every row of `points` (rows, columns) was observed once.
    ///
    /// # Errors
    /// Another number of column names than of columns; a column that is constant, or a linear combination of the ones
    /// before it.
    pub fn of_sample(points: Tensor, columns: &[&str]) -> Result<Self> {
        Self::new(points.clone(), vec![1.0; points.dim(0)?], owned(columns))
    }

    fn new(points: Tensor, count: Vec<f64>, columns: Vec<String>) -> Result<Self> {
        own_columns(&points, &count, &columns)?;
        Ok(Self { points, count, columns })
    }
}

impl Table {
    /// Reads a CSV file; `count` names the column that says how often each row was observed (once, without one).
    ///
    /// # Errors
    /// A file that cannot be read or has no rows; a quote that is not closed; rows of unequal length; an empty cell; a column
    /// of numbers with a cell that is not a finite number, or in which a comma parts the decimals; a count column that is missing, negative or all zero. Each names its line.
    pub fn read(path: impl AsRef<Path>, count: Option<&str>) -> Result<Self> {
        let path = path.as_ref();
        let file = path.display().to_string();
        let mut text =
            std::fs::read(path).map_err(|problem| Error::File { action: "read", path: path.to_path_buf(), problem })?;
        drop_what_precedes_cells(&mut text).map_err(|place| Error::Csv {
            file: file.clone(),
            line: Lines::new(&text).at_byte(place),
            problem: "the quote that opens a cell here does not close where a cell ends: close it, and write a quote \
                      within a cell twice"
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
            return Err(Error::Empty { what: file, needed: "row under the header" });
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

    /// The points of these columns, (rows, columns); of all columns of numbers if none is named.
    ///
    /// # Errors
    /// No such column, or the same one twice; one of categories; no column of numbers at all; one that is constant, or a
    /// linear combination of the ones before it.
    pub fn points(&self, names: &[String]) -> Result<Cloud> {
        let is_number = |column: &&(String, Column)| matches!(column.1, Column::Numbers(_));
        let names: Vec<String> = if names.is_empty() {
            self.columns.iter().filter(is_number).map(|(name, _)| name.clone()).collect()
        } else {
            names.to_vec()
        };
        if names.is_empty() {
            return Err(Error::Empty { what: format!("the columns of numbers in {}", self.file), needed: "column" });
        }
        once(&names)?;
        let columns = names.iter().map(|name| self.numbers(name)).collect::<Result<Vec<_>>>()?;
        Cloud::new(by_row(&columns)?, self.count.clone(), names)
    }

    /// The design for predicting `target` from `predictors`, or from all other columns if none is named. `base` gives
    /// columns another base level, or class, than the first one seen; a target of numbers has its smallest as base class.
    ///
    /// # Errors
    /// No such column or level, or the same column twice; no column to predict from; a target of one class, or of numbers
    /// that are no classes; a level all of whose counts are zero; categories that are another in every one of more than 10
    /// rows; a column whose coefficient the data do not determine,
    /// because it is constant or a linear combination of the ones before it.
    pub fn design(&self, target: &str, predictors: &[String], base: &[(String, String)]) -> Result<Design> {
        for (column, _) in base {
            self.column(column)?;
        }
        let base = |name: &str| base.iter().find(|(column, _)| column == name).map(|(_, level)| level.as_str());
        let Outcomes { y, classes, .. } = self.outcomes(target, base(target))?;
        let (mut names, mut columns) = (vec![], vec![]);
        for predictor in self.predictors(target, predictors)? {
            match self.column(predictor)? {
                Column::Numbers(numbers) => {
                    if let Some(level) = base(predictor) {
                        return Err(wrong(predictor, format!("it holds numbers and has no base level '{level}'")));
                    }
                    names.push(predictor.to_string());
                    columns.push(numbers.clone());
                }
                Column::Categories { levels, codes } => {
                    if levels.len() == codes.len() && codes.len() > 10 {
                        let problem = "every row has its own level, so that it names the rows and predicts nothing of \
                                       others: leave it out";
                        return Err(wrong(predictor, problem.into()));
                    }
                    self.all_observed(predictor, levels, codes)?;
                    let base = position(predictor, levels, base(predictor))?;
                    for (code, level) in levels.iter().enumerate().filter(|(code, _)| *code != base) {
                        names.push(format!("{predictor} {level}"));
                        columns.push(codes.iter().map(|c| f64::from(u8::from(*c as usize == code))).collect());
                    }
                }
            }
        }
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let x = if columns.is_empty() {
            return Err(wrong(target, "every other column has one level: there is nothing to predict from".into()));
        } else {
            by_row(&columns)?
        };
        own_columns(&x, &self.count, &names)?;
        let batch = Labelled::new(x, y)?;
        Ok(Design { batch, count: self.count.clone(), columns: names, target: target.into(), classes })
    }

    /// The classes of one column, against `base` or the first one seen; of numbers the smallest is the base class.
    ///
    /// # Errors
    /// No such column or level; one class, or numbers that are no classes; a class all of whose counts are zero.
    pub fn outcomes(&self, target: &str, base: Option<&str>) -> Result<Outcomes> {
        let (classes, y) = self.classes(target, base)?;
        let y = Tensor::from_vec(y, self.lines.len(), &Device::Cpu)?;
        Ok(Outcomes { y, count: self.count.clone(), target: target.into(), classes })
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
            return Err(Error::Empty { what: format!("what {target} is predicted from"), needed: "other column" });
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
        let (mut levels, mut place): (Vec<String>, HashMap<&str, u32>) = (vec![], HashMap::new());
        let codes = cells
            .iter()
            .map(|cell| {
                *place.entry(cell).or_insert_with(|| {
                    levels.push(cell.clone());
                    levels.len() as u32 - 1
                })
            })
            .collect();
        Ok(Self::Categories { levels, codes })
    }
}

/// An error if a column is asked for twice.
fn once(names: &[String]) -> Result<()> {
    match repeated(names) {
        Some(name) => Err(wrong(name, "it is named twice: name it once".into())),
        None => Ok(()),
    }
}

/// An error for the first column of x (rows, columns) that tells nothing of its own over the rows that were observed.
fn own_columns(x: &Tensor, count: &[f64], names: &[String]) -> Result<()> {
    let (rows, columns) = x.dims2()?;
    if columns != names.len() {
        let expected = format!("(rows, {})", names.len());
        return Err(Error::Shape { what: "x", got: x.dims().to_vec(), expected });
    }
    let x = DMatrix::from_row_slice(rows, columns, &host(x)?);
    let seen: Vec<usize> = (0..rows).filter(|row| count[*row] > 0.0).collect();
    let mut x = x.select_rows(&seen);
    for (mut column, name) in x.column_iter_mut().zip(names) {
        if column.min() == column.max() {
            let value = typed(column.min());
            let problem = format!(
                "it has the one value {value} and tells nothing: leave it out, or give rows in which it differs"
            );
            return Err(wrong(name, problem));
        }
        // Mean 0 and length 1, so that the products of columns are their correlations.
        column.add_scalar_mut(-(column.min() / 2.0 + column.max() / 2.0));
        column /= column.amax();
        column.add_scalar_mut(-column.mean());
        column /= column.norm();
    }
    match cholesky(&(x.transpose() * &x)) {
        Ok(_) => Ok(()),
        Err((column, _)) => {
            let problem = "over these rows it is a linear combination of the columns before it, and tells nothing of \
                           its own: leave it out, or give more rows";
            Err(wrong(&names[column], problem.into()))
        }
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
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

/// Columns of equal length as a tensor (rows, columns).
fn by_row(columns: &[&[f64]]) -> Result<Tensor> {
    let rows = columns[0].len();
    let values: Vec<f64> = (0..rows).flat_map(|row| columns.iter().map(move |column| column[row])).collect();
    Ok(Tensor::from_vec(values, (rows, columns.len()), &Device::Cpu)?)
}
