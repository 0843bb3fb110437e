//! A table made ready for a model: p̂, and the names of what is in it.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor};
use candle_mle_info::Pmf;
use candle_mle_info::cholesky::{Dependent, cholesky};
use nalgebra::DMatrix;

use super::{Column, Table, once, position, wrong};
use crate::batch::{Batch, Labelled, host};
use crate::empirical::Empirical;
use crate::error::{Error, Result, constant, empty, matrix, shape};

/// A p̂ and the names of what is in it: a table made ready for a model, or a sample that came from no table.
///
/// For classification the batch is [`Labelled`]: numbers as they are, categories as 0/1 columns for every level but the base
/// level; classes from 0, the base class. For a density, or for outcomes alone, it is a tensor.
///
/// ```
/// use candle_mle::Table;
/// let csv = "dose,answer\n0,no\n1,no\n1,yes\n2,yes\n2,yes\n";
/// let design = Table::from_reader(csv.as_bytes(), None)?.design("answer").build()?;
/// assert_eq!((design.p.total(), design.p.distinct()), (5.0, 4));
/// assert_eq!(design.names.classes, ["no", "yes"]);
/// # Ok::<(), candle_mle::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Design<B = Labelled> {
    /// What was observed.
    pub p: Empirical<B>,
    /// What its columns and classes are called.
    pub names: Names,
}

/// What the columns and classes of a [`Design`] are called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// What each column of x is: `age`, or `class 2nd`.
    pub columns: Vec<String>,
    /// The name of the column that is predicted; empty for a density.
    pub target: String,
    /// The names of its classes, the base class first; none for a density.
    pub classes: Vec<String>,
    /// For every column of x that stands for a level, the column of the table that it is of and that one's base level; none
    /// for numbers. Empty where there is no table.
    pub bases: Vec<Option<(String, String)>>,
}

impl Names {
    /// As texts to be kept [beside a model](crate::Parameters::save_with): JSON under `columns`, `target`, `classes` and `bases`.
    pub fn texts(&self) -> BTreeMap<String, String> {
        let json = |names: &[String]| serde_json::Value::from(names.to_vec()).to_string();
        BTreeMap::from([
            ("columns".into(), json(&self.columns)),
            ("target".into(), self.target.clone()),
            ("classes".into(), json(&self.classes)),
            ("bases".into(), serde_json::json!(self.bases).to_string()),
        ])
    }

    /// The names that were kept [beside a model](crate::parameters::about).
    ///
    /// # Errors
    /// Texts that are missing, or no lists of names.
    pub fn from_texts(texts: &BTreeMap<String, String>) -> Result<Self> {
        let text = |name: &str| texts.get(name).ok_or_else(|| Error::Other(format!("there are no {name}").into()));
        let names = |name: &str| -> Result<Vec<String>> {
            serde_json::from_str(text(name)?)
                .map_err(|e| Error::Other(format!("the {name} cannot be read: {e}").into()))
        };
        // Files of before they were kept have none.
        let bases = texts.get("bases").and_then(|bases| serde_json::from_str(bases).ok()).unwrap_or_default();
        Ok(Self { columns: names("columns")?, target: text("target")?.clone(), classes: names("classes")?, bases })
    }

    /// # Errors
    /// If there are not exactly two classes.
    pub fn two_classes(&self) -> Result<()> {
        if self.classes.len() == 2 {
            return Ok(());
        }
        let problem = format!("two classes are needed here, but it has {}: use softmax", self.classes.join(", "));
        Err(wrong(&self.target, problem))
    }
}

impl Design {
    /// Names for a sample that came from no table; every row was observed once.
    ///
    /// # Errors
    /// Another number of column names than of columns; a column that is constant, or a linear combination of the ones
    /// before it.
    pub fn of_sample(batch: Labelled, columns: &[&str], target: &str, classes: &[&str]) -> Result<Self> {
        let (columns, classes) = (owned(columns), owned(classes));
        let names = Names { columns, target: target.into(), classes, ..Names::default() };
        let count = vec![1.0; batch.rows()?];
        own_columns(batch.x(), &count, &names.columns)?;
        Ok(Self { p: Empirical::from_counts(batch, &count)?, names })
    }
}

impl Design<Tensor> {
    /// Names for points (rows, columns) that came from no table; every row was observed once.
    ///
    /// # Errors
    /// Another number of column names than of columns; a column that is constant, or a linear combination of the ones
    /// before it.
    pub fn of_points(points: Tensor, columns: &[&str]) -> Result<Self> {
        let count = vec![1.0; points.rows()?];
        Self::points(points, &count, owned(columns))
    }

    fn points(points: Tensor, count: &[f64], columns: Vec<String>) -> Result<Self> {
        own_columns(&points, count, &columns)?;
        let names = Names { columns, ..Names::default() };
        Ok(Self { p: Empirical::from_counts(points, count)?, names })
    }
}

/// What is asked of a table: a target, what it is predicted from, base levels. Made by [`Table::design`].
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    table: &'a Table,
    target: String,
    predictors: Vec<String>,
    base: Vec<(String, String)>,
}

impl<'a> Ask<'a> {
    /// Predicts from these columns; from all others if none is named.
    pub fn from<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.predictors.extend(columns.into_iter().map(Into::into));
        self
    }

    /// Gives a column another base level, or base class, than the first one seen; a target of numbers has its smallest.
    pub fn base(mut self, column: impl Into<String>, level: impl Into<String>) -> Self {
        self.base.push((column.into(), level.into()));
        self
    }

    fn base_of(&self, name: &str) -> Option<&str> {
        self.base.iter().find(|(column, _)| column == name).map(|(_, level)| level.as_str())
    }

    /// The target's outcomes alone, (rows,) u32, whatever stands in the other columns.
    ///
    /// # Errors
    /// No such column or level; one class, or numbers that are no classes; a class all of whose counts are zero.
    pub fn outcomes(&self) -> Result<Design<Tensor>> {
        let (y, names) = self.classes()?;
        Ok(Design { p: Empirical::from_counts(y, self.table.count())?, names })
    }

    fn classes(&self) -> Result<(Tensor, Names)> {
        for (column, _) in &self.base {
            self.table.column(column)?;
        }
        let (classes, y) = self.table.classes(&self.target, self.base_of(&self.target))?;
        let y = Tensor::from_vec(y, self.table.rows(), &Device::Cpu)?;
        Ok((y, Names { target: self.target.clone(), classes, ..Names::default() }))
    }

    /// The design.
    ///
    /// # Errors
    /// No such column or level, or the same column twice; no column to predict from; a target of one class, or of numbers
    /// that are no classes; a level all of whose counts are zero; categories that are another in every one of more than 10
    /// rows; a column whose coefficient the data do not determine, because it is constant or a linear combination of the
    /// ones before it.
    pub fn build(&self) -> Result<Design> {
        let (table, (y, mut names)) = (self.table, self.classes()?);
        let mut columns = vec![];
        for predictor in table.predictors(&self.target, &self.predictors)? {
            match table.column(predictor)? {
                Column::Numbers(numbers) => {
                    if let Some(level) = self.base_of(predictor) {
                        return Err(wrong(predictor, format!("it holds numbers and has no base level '{level}'")));
                    }
                    names.columns.push(predictor.to_string());
                    names.bases.push(None);
                    columns.push(numbers.clone());
                }
                Column::Categories { levels, codes } => {
                    if levels.len() == codes.len() && codes.len() > 10 {
                        let problem = "every row has a different value: it is an identifier and predicts nothing about \
                                       new rows; leave it out";
                        return Err(wrong(predictor, problem.into()));
                    }
                    table.all_observed(predictor, levels, codes)?;
                    let base = position(predictor, levels, self.base_of(predictor))?;
                    for (code, level) in levels.iter().enumerate().filter(|(code, _)| *code != base) {
                        names.columns.push(format!("{predictor} {level}"));
                        names.bases.push(Some((predictor.to_string(), levels[base].clone())));
                        columns.push(codes.iter().map(|c| f64::from(u8::from(*c as usize == code))).collect());
                    }
                }
            }
        }
        if columns.is_empty() {
            let problem = "every other column has one level: there is nothing to predict from";
            return Err(wrong(&self.target, problem.into()));
        }
        let x = by_row(&columns.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
        own_columns(&x, table.count(), &names.columns)?;
        Ok(Design { p: Empirical::from_counts(Labelled::new(x, y)?, table.count())?, names })
    }
}

impl Table {
    /// Asks for the design for predicting `target`.
    pub fn design(&self, target: impl Into<String>) -> Ask<'_> {
        Ask { table: self, target: target.into(), predictors: vec![], base: vec![] }
    }

    /// The points of these columns, (rows, columns); of all columns of numbers if none is named.
    ///
    /// # Errors
    /// No such column, or the same one twice; one of categories; no column of numbers at all; one that is constant, or a
    /// linear combination of the ones before it.
    pub fn points<S: AsRef<str>>(&self, names: &[S]) -> Result<Design<Tensor>> {
        let is_number = |column: &&(String, Column)| matches!(column.1, Column::Numbers(_));
        let names: Vec<String> = if names.is_empty() {
            self.columns().iter().filter(is_number).map(|(name, _)| name.clone()).collect()
        } else {
            names.iter().map(|name| name.as_ref().to_string()).collect()
        };
        if names.is_empty() {
            return Err(empty(format!("the columns of numbers in {}", self.file), "column"));
        }
        once(&names)?;
        let columns = names.iter().map(|name| self.numbers(name)).collect::<Result<Vec<_>>>()?;
        Design::points(by_row(&columns)?, self.count(), names)
    }

    /// The joint distribution of some columns, a variable each, in their order: the levels of categories in order of first
    /// sight, the different numbers of a column of numbers in rising order.
    ///
    /// ```
    /// use candle_mle::Table;
    /// let csv = "sex,survived,people\nmale,no,1364\nmale,yes,367\nfemale,no,126\nfemale,yes,344\n";
    /// let p = Table::from_reader(csv.as_bytes(), Some("people"))?.pmf(&["sex", "survived"])?;
    /// assert_eq!(format!("{:.4}", p.mutual_information(&[0], &[1])?), "0.1424 bits");
    /// # Ok::<(), candle_mle::Error>(())
    /// ```
    ///
    /// # Errors
    /// No such column, or the same one twice; more cells than a table of probabilities may have.
    pub fn pmf<S: AsRef<str>>(&self, names: &[S]) -> Result<Pmf> {
        once(&names.iter().map(|name| name.as_ref().to_string()).collect::<Vec<_>>())?;
        let columns = names.iter().map(|name| Ok(self.column(name.as_ref())?.coded())).collect::<Result<Vec<_>>>()?;
        let shape: Vec<usize> = columns.iter().map(|(levels, _)| *levels).collect();
        // Refused by the table of probabilities where it is too large.
        let cells = shape.iter().try_fold(1usize, |cells, levels| cells.checked_mul(*levels));
        let Some(cells) = cells.filter(|cells| *cells <= Pmf::MAX_CELLS) else {
            return Err(candle_mle_info::Error::TooManyCells { shape, limit: Pmf::MAX_CELLS }.into());
        };
        let mut counts = vec![0.0; cells];
        for (row, count) in self.count().iter().enumerate() {
            let cell = columns.iter().fold(0, |cell, (levels, codes)| cell * levels + codes[row]);
            counts[cell] += count;
        }
        Ok(Pmf::from_counts(shape, counts)?)
    }

    /// Some columns of numbers row by row, as the estimators of [`estimate`](crate::info::estimate) take them.
    ///
    /// # Errors
    /// No such column; one of categories.
    pub fn rows_of<S: AsRef<str>>(&self, names: &[S]) -> Result<Vec<Vec<f64>>> {
        let columns = names.iter().map(|name| self.numbers(name.as_ref())).collect::<Result<Vec<_>>>()?;
        Ok((0..self.rows()).map(|row| columns.iter().map(|column| column[row]).collect()).collect())
    }
}

/// An error for the first column of x (rows, columns) that tells nothing of its own over the rows that were observed.
fn own_columns(x: &Tensor, count: &[f64], names: &[String]) -> Result<()> {
    let (rows, columns) = matrix("x", x)?;
    if columns != names.len() {
        return Err(shape("x", x.dims(), format!("(rows, {})", names.len())));
    }
    let x = DMatrix::from_row_slice(rows, columns, &host(x)?);
    let seen: Vec<usize> = (0..rows).filter(|row| count[*row] > 0.0).collect();
    let mut x = x.select_rows(&seen);
    for (mut column, name) in x.column_iter_mut().zip(names) {
        if column.min() == column.max() {
            return Err(constant(format!("'{name}'"), column.min()));
        }
        // Mean 0 and length 1, so that the products of columns are their correlations.
        column.add_scalar_mut(-(column.min() / 2.0 + column.max() / 2.0));
        column /= column.amax();
        column.add_scalar_mut(-column.mean());
        column /= column.norm();
    }
    match cholesky(&(x.transpose() * &x), 1e-12) {
        Ok(_) => Ok(()),
        Err(Dependent { column, .. }) => {
            let problem = "over these rows it is a linear combination of the columns before it, and tells nothing of \
                           its own: leave it out, or give more rows";
            Err(wrong(&names[column], problem.into()))
        }
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}

/// Columns of equal length as a tensor (rows, columns).
fn by_row(columns: &[&[f64]]) -> Result<Tensor> {
    let rows = columns[0].len();
    let values: Vec<f64> = (0..rows).flat_map(|row| columns.iter().map(move |column| column[row])).collect();
    Ok(Tensor::from_vec(values, (rows, columns.len()), &Device::Cpu)?)
}
