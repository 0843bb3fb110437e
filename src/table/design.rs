//! A table made ready for a model: p̂, and the names of what is in it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use candle_core::{DType, Device, Tensor};
use candle_mle_info::Pmf;
use candle_mle_info::cholesky::cholesky;
use candle_mle_info::number::typed;
use nalgebra::DMatrix;

use super::combinations::{SUSPECT, combinations, gram};
use super::terms::{Factor, Term, coded, terms};
use super::{Column, Ready, Table, once, position, typed_name, wrong};
use crate::batch::{Batch, Labelled, Response, host, slice};
use crate::empirical::Empirical;
use crate::error::{Error, Result, constant, empty, matrix, shape};
use crate::standardize::Standardize;

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
    /// What was left out of the table, how its columns were read, and what its reader should know of them, in words.
    pub notes: Vec<String>,
    /// The rows as they were read, where they weigh otherwise than by how often they were observed.
    pub weighed: Option<Weighed<B>>,
}

/// Rows with weights that are no counts: of the precision of an observation, of how likely it was to be drawn. p̂ is of count times
/// weight, in units in which n stays the number of observations; [`Coefficients::weighted`](crate::inference::Coefficients::weighted)
/// has the errors.
#[derive(Clone, Debug)]
pub struct Weighed<B> {
    /// The rows, (m, …), of which equal ones are not yet one.
    pub batch: B,
    /// How often each was observed.
    pub counts: Vec<f64>,
    /// What each of these observations weighs; of all of them 1 on average.
    pub weights: Vec<f64>,
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
    /// What each column of x is the product of. Empty where there is no table.
    pub parts: Vec<Vec<Part>>,
    /// The column that is added to the linear predictor with the coefficient 1, and the one whose logarithm is.
    pub offset: Option<String>,
    /// See [`offset`](Self::offset).
    pub exposure: Option<String>,
}

/// A factor of a column of x.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A column of numbers, or a power of it.
    Number {
        /// Its name in the table.
        column: String,
        /// 1 for the column itself.
        power: i32,
    },
    /// 1 where a column of categories has this level, and 0 elsewhere.
    Level {
        /// Its name in the table.
        column: String,
        /// The level.
        level: String,
        /// The level that has no column of its own beside this one; none where all have.
        base: Option<String>,
    },
}

impl Part {
    /// The column of the table that it is of.
    pub fn column(&self) -> &str {
        let (Self::Number { column, .. } | Self::Level { column, .. }) = self;
        column
    }
}

/// What it is called: `age`, `I(age^2)`, `class 2nd`.
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number { column, power: 1 } => f.write_str(column),
            Self::Number { column, power } => write!(f, "I({column}^{power})"),
            Self::Level { column, level, .. } => write!(f, "{column} {level}"),
        }
    }
}

/// What is predicted from what: `survived from class 2nd, class 3rd`.
impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 40;
        let (shown, rest) = self.columns.split_at(self.columns.len().min(SHOWN));
        match (shown, rest) {
            ([], _) => f.write_str(&self.target),
            (_, []) => write!(f, "{} from {}", self.target, shown.join(", ")),
            _ => write!(f, "{} from {} and {} columns more", self.target, shown.join(", "), rest.len()),
        }
    }
}

impl Names {
    /// As texts to be kept [beside a model](crate::Parameters::save_with): JSON under `columns`, `classes` and `parts`, names under
    /// `target`, `offset` and `exposure`.
    pub fn texts(&self) -> BTreeMap<String, String> {
        let json = |names: &[String]| serde_json::Value::from(names.to_vec()).to_string();
        let part = |part: &Part| match part {
            Part::Number { column, power } => serde_json::json!({"column": column, "power": power}),
            Part::Level { column, level, base } => serde_json::json!({"column": column, "level": level, "base": base}),
        };
        let parts: Vec<Vec<_>> = self.parts.iter().map(|parts| parts.iter().map(part).collect()).collect();
        let beside = [("offset", &self.offset), ("exposure", &self.exposure)].into_iter();
        let beside = beside.filter_map(|(name, column)| Some((name.to_string(), column.clone()?)));
        BTreeMap::from([
            ("columns".into(), json(&self.columns)),
            ("target".into(), self.target.clone()),
            ("classes".into(), json(&self.classes)),
            ("parts".into(), serde_json::json!(parts).to_string()),
        ])
        .into_iter()
        .chain(beside)
        .collect()
    }

    /// The names that were kept [beside a model](crate::parameters::about).
    ///
    /// # Errors
    /// Texts that are missing, or no lists of names.
    pub fn from_texts(texts: &BTreeMap<String, String>) -> Result<Self> {
        let text = |name: &str| texts.get(name).ok_or_else(|| Error::Other(format!("there are no {name}").into()));
        let bad = |name: &str, e: String| Error::Other(format!("the {name} cannot be read: {e}").into());
        let names = |name: &str| -> Result<Vec<String>> {
            serde_json::from_str(text(name)?).map_err(|e| bad(name, e.to_string()))
        };
        let part = |of: &serde_json::Value| {
            let text = |name: &str| of[name].as_str().map(String::from);
            let column = text("column")?;
            match of["power"].as_i64() {
                Some(power) => Some(Part::Number { column, power: power.try_into().ok()? }),
                None => Some(Part::Level { column, level: text("level")?, base: text("base") }),
            }
        };
        let parts: Vec<Vec<serde_json::Value>> =
            serde_json::from_str(text("parts")?).map_err(|e| bad("parts", e.to_string()))?;
        let parts = parts.iter().map(|parts| parts.iter().map(part).collect::<Option<Vec<_>>>());
        Ok(Self {
            columns: names("columns")?,
            target: text("target")?.clone(),
            classes: names("classes")?,
            parts: parts.collect::<Option<_>>().ok_or_else(|| bad("parts", "one has no column".into()))?,
            offset: texts.get("offset").cloned(),
            exposure: texts.get("exposure").cloned(),
        })
    }

    /// Of a column of x that stands for a level of one column of the table: that column, the level, and the base level.
    pub fn level(&self, at: usize) -> Option<(&str, &str, &str)> {
        match self.parts.get(at)?.as_slice() {
            [Part::Level { column, level, base: Some(base) }] => Some((column, level, base)),
            _ => None,
        }
    }

    /// # Errors
    /// If there are not exactly two classes.
    pub fn two_classes(&self) -> Result<()> {
        if self.classes.len() == 2 {
            return Ok(());
        }
        let shown = match self.classes.len() {
            more if more > 8 => format!("{} and {} more", self.classes[..6].join(", "), more - 6),
            _ => self.classes.join(", "),
        };
        let cure = match self.alike() {
            Some((a, b)) => format!("write '{a}' and '{b}' alike"),
            None if self.classes.iter().all(|class| class.parse::<f64>().is_ok()) => format!(
                "use softmax if these are classes; if they count successes, say --count {0} --trials COLUMN, or --count \
                 FAILURES,{0}",
                self.target
            ),
            None => "use softmax, or keep two of them with --where".into(),
        };
        Err(wrong(&self.target, format!("two classes are needed here, but it has {shown}: {cure}")))
    }

    /// Two classes that differ in nothing but capitals.
    fn alike(&self) -> Option<(&str, &str)> {
        let alike = |pair: &&[String]| pair[0].to_lowercase() == pair[1].to_lowercase();
        // Sorted by their letters they are neighbours, but for a base class in front.
        let mut classes = self.classes.clone();
        classes.sort_by_key(|class| class.to_lowercase());
        let pair = classes.windows(2).find(alike)?;
        let own = |class: &String| self.classes.iter().find(|other| *other == class).map(String::as_str);
        Some((own(&pair[0])?, own(&pair[1])?))
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
        Ok(Self { p: Empirical::from_counts(batch, &count)?, names, notes: vec![], weighed: None })
    }
}

impl Design<Response> {
    /// Names for responses that came from no table; every row was observed once.
    ///
    /// # Errors
    /// Another number of column names than of columns; a column that is constant, or a linear combination of the ones
    /// before it.
    pub fn of_responses(batch: Response, columns: &[&str], target: &str) -> Result<Self> {
        let names = Names { columns: owned(columns), target: target.into(), ..Names::default() };
        let count = vec![1.0; batch.rows()?];
        own_columns(batch.x(), &count, &names.columns)?;
        Ok(Self { p: Empirical::from_counts(batch, &count)?, names, notes: vec![], weighed: None })
    }
}

impl Design<Tensor> {
    /// Names for outcomes that came from no table, as often as they were counted: (rows,) u32, or 0 and 1 of a coin.
    ///
    /// # Errors
    /// As [`Empirical::from_counts`].
    pub fn of_counts(outcomes: Tensor, counts: &[f64], target: &str, classes: &[&str]) -> Result<Self> {
        let names = Names { target: target.into(), classes: owned(classes), ..Names::default() };
        Ok(Self { p: Empirical::from_counts(outcomes, counts)?, names, notes: vec![], weighed: None })
    }

    /// Names for points (rows, columns) that came from no table; every row was observed once.
    ///
    /// # Errors
    /// Another number of column names than of columns; a column that is constant, or a linear combination of the ones
    /// before it.
    pub fn of_points(points: Tensor, columns: &[&str]) -> Result<Self> {
        let count = vec![1.0; points.rows()?];
        own_columns(&points, &count, &owned(columns))?;
        let names = Names { columns: owned(columns), ..Names::default() };
        Ok(Self { p: Empirical::from_counts(points, &count)?, names, notes: vec![], weighed: None })
    }
}

/// What is asked of a table: a target, what it is predicted from, base levels. Made by [`Table::design`].
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    table: &'a Table,
    target: String,
    predictors: Vec<String>,
    /// Whether nothing is to predict it but the intercept.
    alone: bool,
    base: Vec<(String, String)>,
    offset: Option<String>,
    exposure: Option<String>,
    weights: Option<String>,
}

impl<'a> Ask<'a> {
    /// Predicts from these columns; from all others if none is named. Beside columns there are terms, as formulas of R have them: `a:b`
    /// for the product of two columns, of numbers or of categories, `a*b` for a, b and that, `I(x^2)` for a power. What of their
    /// categories is coded against the base level, and what by all levels, is so chosen that nothing is told twice.
    ///
    /// ```
    /// use candle_mle::Table;
    /// let csv = "dose,sex,ill\n1,m,no\n2,f,yes\n3,m,yes\n4,f,no\n5,f,yes\n";
    /// let table = Table::from_reader(csv.as_bytes(), None)?;
    /// let columns = |terms: [&str; 2]| table.design("ill").from(terms).build().map(|design| design.names.columns);
    /// assert_eq!(columns(["dose*sex", "I(dose^2)"])?, ["dose", "sex m", "I(dose^2)", "dose:sex m"]);
    /// // Without a slope of its own each level has one.
    /// assert_eq!(columns(["sex", "dose:sex"])?, ["sex m", "dose:sex f", "dose:sex m"]);
    /// # Ok::<(), candle_mle::Error>(())
    /// ```
    pub fn from<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.predictors.extend(columns.into_iter().map(Into::into));
        self
    }

    /// Predicts from no column at all: what is fitted are the intercepts.
    pub fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    /// Gives a column another base level, or base class, than the [first in order](Column::categories).
    pub fn base(mut self, column: impl Into<String>, level: impl Into<String>) -> Self {
        self.base.push((column.into(), level.into()));
        self
    }

    /// Adds a column of numbers to the linear predictor, with the coefficient 1: of classes to the logit of all but the base class.
    pub fn offset(mut self, column: impl Into<String>) -> Self {
        self.offset = Some(column.into());
        self
    }

    /// Adds the logarithm of a column of positive numbers, with the coefficient 1: what a count was counted over.
    pub fn exposure(mut self, column: impl Into<String>) -> Self {
        self.exposure = Some(column.into());
        self
    }

    /// Weighs each observation by a column of numbers ≥ 0 that are no counts, such as precisions or how much of a population it
    /// stands for: see [`Weighed`]. Counts are the table's own: [`Reading::count`](super::Reading::count).
    pub fn weights(mut self, column: impl Into<String>) -> Self {
        self.weights = Some(column.into());
        self
    }

    /// What is asked for must be of use: base levels of columns that take part (`used`), each once.
    fn heeded(&self, used: &[&str]) -> Result<()> {
        once(&self.base.iter().map(|(column, _)| column.clone()).collect::<Vec<_>>())?;
        for (column, level) in &self.base {
            self.table.place(column)?;
            if !used.contains(&column.as_str()) {
                let problem = format!("it has a base level, '{level}', but takes no part in what is asked for");
                return Err(wrong(column, problem));
            }
        }
        if self.alone && !self.predictors.is_empty() {
            let problem = format!("it is to be predicted from no column, and from {}", self.predictors.join(", "));
            return Err(wrong(&self.target, problem));
        }
        Ok(())
    }

    fn base_of(&self, name: &str) -> Option<&str> {
        self.base.iter().find(|(column, _)| column == name).map(|(_, level)| level.as_str())
    }

    /// The target's outcomes alone, (rows,) u32, whatever stands in the other columns.
    ///
    /// # Errors
    /// No such column or level; one class, or numbers that are no classes; a class all of whose counts are zero.
    pub fn outcomes(&self) -> Result<Design<Tensor>> {
        self.heeded(&[&self.target])?;
        if let Some(column) = self.predictors.first() {
            return Err(wrong(
                column,
                format!("it is to predict {}, of which the outcomes alone are asked for", self.target),
            ));
        }
        self.table.of_target(&self.target)?;
        if let Some(fault) = self.table.fault(self.table.place(&self.target)?, true) {
            return Err(fault);
        }
        let Ready { table, mut notes, .. } = self.table.ready(&[&self.target])?;
        let (y, names) = self.classes(&table)?;
        notes.extend(said_of_classes(&names, &host(&y)?, table.count()));
        Ok(Design { p: Empirical::from_counts(y, table.count())?, names, notes, weighed: None })
    }

    fn classes(&self, table: &Table) -> Result<(Tensor, Names)> {
        let (classes, y) = table.classes(&self.target, self.base_of(&self.target))?;
        let y = Tensor::from_vec(y, table.rows(), &Device::Cpu)?;
        Ok((y, Names { target: self.target.clone(), classes, ..Names::default() }))
    }

    /// The design. A column of one value only has no coefficient of its own and is left out.
    ///
    /// # Errors
    /// No such column or level, or the same column twice; columns that cannot be used as they are, see
    /// [`Table::with_only`]; a target of one class, or of numbers that are no classes; a level all of whose counts are zero;
    /// categories of which most are seen once, as in an identifier; no column that differs. Columns that are linear combinations of
    /// the ones before them, to the rounding of their numbers, have no coefficient of their own, are left out and named in a note.
    pub fn build(&self) -> Result<Design> {
        let Asked { ready, terms, weights } = self.asked()?;
        let table = &*ready.table;
        let (y, mut names) = self.classes(table)?;
        let (x, mut notes) = self.matrix(&ready, &terms, &mut names)?;
        notes.extend(said_of_classes(&names, &host(&y)?, table.count()));
        let mut batch = Labelled::new(x, y)?;
        if let Some(offset) = names.offset_of(table)? {
            batch = batch.with_offset(offset)?;
        }
        weighed(batch, table, weights, names, notes)
    }

    /// The design of a regression: the target is a column of numbers.
    ///
    /// # Errors
    /// As [`build`](Self::build), but for classes; a target of categories.
    pub fn numbers(&self) -> Result<Design<Response>> {
        let Asked { ready, terms, weights } = self.asked()?;
        let table = &*ready.table;
        let y = table.numbers(&self.target)?.to_vec();
        let rows = y.len();
        let mut names = Names { target: self.target.clone(), ..Names::default() };
        let (x, notes) = self.matrix(&ready, &terms, &mut names)?;
        let mut response = Response::new(x, Tensor::from_vec(y, rows, &Device::Cpu)?)?;
        if let Some(offset) = names.offset_of(table)? {
            response = response.with_offset(offset)?;
        }
        weighed(response, table, weights, names, notes)
    }

    /// What was asked for, of the table: the rows and columns, the target before those of the terms, the rows counted by their weights.
    fn asked(&self) -> Result<Asked<'a>> {
        let all: Vec<&str> = self.table.columns().iter().map(|(name, _)| name.as_str()).collect();
        let beside: Vec<&str> =
            [&self.offset, &self.exposure, &self.weights].into_iter().flatten().map(String::as_str).collect();
        let mut terms = match (self.alone, self.predictors.is_empty()) {
            (true, _) => vec![],
            (_, true) => {
                let own = |name: &&&str| **name != self.target && !beside.contains(*name);
                let column = |name: &&str| vec![Factor { column: name.to_string(), power: 1 }];
                all.iter().filter(own).map(column).collect()
            }
            _ => {
                once(&self.predictors)?;
                terms(&self.predictors, &all)?
            }
        };
        if beside.contains(&self.target.as_str()) {
            let problem = "it is the target, and can be neither an offset, an exposure nor a weight of itself";
            return Err(wrong(&self.target, problem.into()));
        }
        // A column may be in several of them.
        let mut columns: Vec<String> = vec![];
        for factor in terms.iter().flatten() {
            if !columns.contains(&factor.column) {
                columns.push(factor.column.clone());
            }
        }
        let used: Vec<&str> = columns.iter().map(String::as_str).chain([self.target.as_str()]).collect();
        self.heeded(&used)?;
        let predictors = if self.alone { vec![] } else { self.table.predictors(&self.target, &columns)? };
        let predictors = if terms.is_empty() { vec![] } else { predictors };
        let every: Vec<&str> = predictors.iter().chain(&beside).copied().collect();
        let mut ready = self.table.ready_for(&self.target, &every)?;
        let weights = match &self.weights {
            None => None,
            Some(name) => {
                ready.table.holding(name, |weight| weight >= 0.0, "a weight is a number ≥ 0")?;
                let (counts, weights) = (ready.table.count().to_vec(), ready.table.numbers(name)?);
                let sum: f64 = counts.iter().zip(weights).map(|(count, weight)| count * weight).sum();
                let observed: f64 =
                    counts.iter().zip(weights).filter(|(_, weight)| **weight > 0.0).map(|(count, _)| count).sum();
                let unit = sum / observed;
                let weights: Vec<f64> = weights.iter().map(|weight| weight / unit).collect();
                let both: Vec<f64> = counts.iter().zip(&weights).map(|(count, weight)| count * weight).collect();
                if sum == 0.0 {
                    return Err(wrong(name, "all weights are zero: nothing was observed".into()));
                }
                ready.table = Cow::Owned(ready.table.into_owned().with_counts(&both)?);
                Some((counts, weights))
            }
        };
        ready.keep(1 + predictors.len());
        let is_constant: Vec<&str> = ready
            .columns()
            .skip(1)
            .filter(|(_, of)| ready.table.only_value(of).is_some())
            .map(|(name, _)| name)
            .collect();
        terms.retain(|term| !term.iter().any(|factor| is_constant.contains(&factor.column.as_str())));
        Ok(Asked { ready, terms, weights })
    }

    /// What the columns of the design are, and what its reader should know of them, without its rows: of a table that stands for a larger
    /// one.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn names(&self) -> Result<(Names, Vec<String>)> {
        let Asked { ready, terms, .. } = self.asked()?;
        let (y, mut names) = self.classes(&ready.table)?;
        let (_, mut notes) = self.parts(&ready, &terms, &mut names)?;
        notes.extend(ready.hints());
        notes.extend(said_of_classes(&names, &host(&y)?, ready.table.count()));
        Ok((names, notes))
    }

    /// The columns of the table that it is of: the target, and then those of the terms.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn used(&self) -> Result<Vec<String>> {
        let all: Vec<&str> = self.table.columns().iter().map(|(name, _)| name.as_str()).collect();
        let mut named: Vec<String> = vec![];
        for Factor { column, .. } in terms(&self.predictors, &all)?.into_iter().flatten() {
            if !named.contains(&column) {
                named.push(column);
            }
        }
        let predictors = if self.alone { vec![] } else { self.table.predictors(&self.target, &named)? };
        Ok(std::iter::once(self.target.as_str()).chain(predictors).map(String::from).collect())
    }

    /// x of the terms, whose names are added, and what its reader should know of it.
    fn matrix(&self, ready: &Ready<'_>, terms: &[Term], names: &mut Names) -> Result<(Tensor, Vec<String>)> {
        let (columns, mut notes) = self.parts(ready, terms, names)?;
        let rows = ready.table.rows();
        let mut x = by_row(&columns, rows)?;
        let combined = combined(&x, ready.table.count(), &names.columns)?;
        notes.extend(said_of_combined(&names.columns, &combined, rows));
        if !combined.is_empty() {
            // As with a constant column: what it would tell is told, and a coefficient of its own it has none.
            let own: Vec<usize> = (0..columns.len()).filter(|at| !combined.contains(at)).collect();
            names.columns = own.iter().map(|at| names.columns[*at].clone()).collect();
            names.parts = own.iter().map(|at| names.parts[*at].clone()).collect();
            x = by_row(&own.iter().map(|at| columns[*at].clone()).collect::<Vec<_>>(), rows)?;
        }
        notes.extend(ready.hints());
        Ok((x, notes))
    }

    /// The columns of x as products of columns of the table, whose names are added, and how they were read.
    fn parts<'r>(
        &self,
        ready: &'r Ready<'_>,
        terms: &[Term],
        names: &mut Names,
    ) -> Result<(Vec<Vec<Of<'r>>>, Vec<String>)> {
        let table = &*ready.table;
        (names.offset, names.exposure) = (self.offset.clone(), self.exposure.clone());
        let (mut said, mut constant) = (vec![], vec![]);
        for (predictor, column) in ready.columns().skip(1) {
            if let Some(only) = table.only_value(column) {
                constant.push(format!("{predictor} ({only})"));
                continue;
            }
            match column {
                Column::Numbers(_) => {
                    if let Some(level) = self.base_of(predictor) {
                        let problem = format!(
                            "it holds numbers and has no base level '{level}'; if they are codes, say --categorical {predictor}"
                        );
                        return Err(wrong(predictor, problem));
                    }
                    said.push((predictor, None));
                }
                Column::Categories { levels, codes } => {
                    table.all_observed(predictor, levels, codes)?;
                    let base = position(predictor, levels, self.base_of(predictor))?;
                    said.push((predictor, Some((levels.len(), levels[base].as_str()))));
                    if terms.iter().flatten().any(|factor| factor.column == predictor && factor.power != 1) {
                        return Err(wrong(predictor, "it holds categories, and only numbers have powers".into()));
                    }
                }
            }
        }
        if said.is_empty() && !constant.is_empty() {
            let problem = format!(
                "nothing is left to predict it from, for every other column has one level or one value: {}; the intercept \
                 alone is fitted by --columns none",
                constant.join(", ")
            );
            return Err(wrong(&self.target, problem));
        }
        let is_number = |factor: &Factor| said.iter().any(|(name, levels)| *name == factor.column && levels.is_none());
        let mut all: Vec<(Vec<Part>, Vec<Of<'_>>)> = vec![];
        for term in coded(terms, is_number) {
            let mut products = vec![(vec![], vec![])];
            // The levels of the first factor vary fastest.
            for (Factor { column: name, power }, whole) in term.iter().rev() {
                let of: Vec<(Part, Of<'_>)> = match table.column(name)? {
                    Column::Numbers(numbers) => {
                        vec![(Part::Number { column: name.clone(), power: *power }, Of::Numbers(numbers, *power))]
                    }
                    Column::Categories { levels, codes } => {
                        let at = position(name, levels, self.base_of(name))?;
                        let base = (!whole).then(|| levels[at].clone());
                        let part = |(code, level): (usize, &String)| {
                            let (column, level, base) = (name.clone(), level.clone(), base.clone());
                            (Part::Level { column, level, base }, Of::Level(codes, code as u32))
                        };
                        levels.iter().enumerate().filter(|(code, _)| *whole || *code != at).map(part).collect()
                    }
                };
                products = products
                    .iter()
                    .flat_map(|(parts, columns)| {
                        of.iter()
                            .map(move |(part, column)| (prepended(part.clone(), parts), prepended(*column, columns)))
                    })
                    .collect();
            }
            all.extend(products);
        }
        // Levels that never came together.
        let nowhere = |columns: &[Of<'_>]| {
            columns.len() > 1
                && (0..table.rows()).all(|row| table.count()[row] == 0.0 || Of::product(columns, row) == 0.0)
        };
        let (none, all): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, columns)| nowhere(columns));
        let called = |parts: &[Part]| parts.iter().map(Part::to_string).collect::<Vec<_>>().join(":");
        let (parts, columns): (Vec<Vec<Part>>, Vec<Vec<Of<'_>>>) = all.into_iter().unzip();
        names.columns.extend(parts.iter().map(|parts| called(parts)));
        names.parts = parts;
        let mut notes = ready.notes.clone();
        notes.extend(
            (!constant.is_empty()).then(|| format!("left out, holding one value only: {}", constant.join(", "))),
        );
        notes.push(said_of_columns(&said));
        if !none.is_empty() {
            let none: Vec<String> = none.iter().map(|(parts, _)| called(parts)).collect();
            notes.push(format!("left out, 0 in every row: {}", none.join(", ")));
        }
        Ok((columns, notes))
    }
}

/// The rows of points, the columns that differ, what was left out, and what of that holds one value only.
struct Coordinates<'a> {
    ready: Ready<'a>,
    names: Vec<String>,
    notes: Vec<String>,
    constant: Option<String>,
}

/// What was asked of a table: its rows, of the target and the columns of the terms, and where they weigh otherwise than by how often they
/// were observed their counts and weights.
struct Asked<'a> {
    ready: Ready<'a>,
    terms: Vec<Term>,
    weights: Option<(Vec<f64>, Vec<f64>)>,
}

/// The design of rows that a table counts, and the rows themselves where they have weights.
fn weighed<B: Batch + Clone>(
    batch: B,
    table: &Table,
    weights: Option<(Vec<f64>, Vec<f64>)>,
    names: Names,
    notes: Vec<String>,
) -> Result<Design<B>> {
    let rows = weights.map(|(counts, weights)| Weighed { batch: batch.clone(), counts, weights });
    Ok(Design { p: Empirical::from_counts(batch, table.count())?, names, notes, weighed: rows })
}

fn prepended<T: Clone>(first: T, rest: &[T]) -> Vec<T> {
    std::iter::once(first).chain(rest.iter().cloned()).collect()
}

/// How the columns of a design were read: `place: 3 categories, base Bonn; dose: numbers`.
fn said_of_columns(columns: &[(&str, Option<(usize, &str)>)]) -> String {
    const SHOWN: usize = 24;
    if columns.is_empty() {
        return "read no column: the intercept alone is fitted".into();
    }
    let mut first = true;
    let one = |(name, levels): &(&str, Option<(usize, &str)>)| match levels {
        Some((levels, base)) => {
            let what = if std::mem::take(&mut first) { " categories" } else { "" };
            format!("{name}: {levels}{what} (base {base})")
        }
        None => format!("{name}: numbers"),
    };
    let all = columns.len();
    let mut said: Vec<String> = columns.iter().take(if all > SHOWN { SHOWN - 4 } else { all }).map(one).collect();
    if all > said.len() {
        let rest = &columns[said.len()..];
        let numbers = rest.iter().filter(|(_, levels)| levels.is_none()).count();
        let of = match numbers {
            0 => ", all of them of categories".into(),
            numbers if numbers == rest.len() => ", all of them of numbers".into(),
            numbers => format!(", {numbers} of them of numbers"),
        };
        said.push(format!("and {} more{of}", rest.len()));
    }
    format!("read {}", said.join(", "))
}

/// What of the classes a reader should know: those that were seen once, and those written in two ways.
fn said_of_classes(names: &Names, y: &[f64], count: &[f64]) -> Vec<String> {
    let mut seen = vec![0.0; names.classes.len()];
    y.iter().zip(count).for_each(|(class, count)| seen[*class as usize] += count);
    let once: Vec<&str> =
        names.classes.iter().zip(&seen).filter(|(_, seen)| **seen == 1.0).map(|(class, _)| class.as_str()).collect();
    let mut notes = vec![];
    if !once.is_empty() && names.classes.len() > 2 {
        let (shown, more) = (&once[..once.len().min(8)], once.len().saturating_sub(8));
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        notes.push(format!("classes of {} that were seen once: {}{more}", names.target, shown.join(", ")));
    }
    if names.classes.len() > 10 && names.classes.iter().all(|class| class.parse::<f64>().is_ok()) {
        notes.push(format!(
            "{} holds {} different whole numbers, and each is a class; if a number is to be foretold: --family linear, or poisson \
             where it is a count",
            names.target,
            names.classes.len()
        ));
    }
    notes.extend(
        names.alike().map(|(a, b)| format!("'{a}' and '{b}' of {} differ in nothing but capitals", names.target)),
    );
    notes
}

impl Table {
    /// Asks for the design for predicting `target`.
    pub fn design(&self, target: impl Into<String>) -> Ask<'_> {
        Ask {
            table: self,
            target: target.into(),
            predictors: vec![],
            alone: false,
            base: vec![],
            offset: None,
            exposure: None,
            weights: None,
        }
    }

    /// The points of these columns, (rows, columns); of all columns of numbers that differ if none is named.
    ///
    /// # Errors
    /// No such column, or the same one twice; one of categories; one that cannot be used as it is, see
    /// [`with_only`](Self::with_only); no column of numbers at all; one that is constant, or a linear combination of the ones
    /// before it.
    pub fn points<S: AsRef<str>>(&self, names: &[S]) -> Result<Design<Tensor>> {
        let Coordinates { ready, names, mut notes, constant } = self.coordinates(names)?;
        let table = &*ready.table;
        let columns =
            names.iter().map(|name| Ok(vec![Of::Numbers(table.numbers(name)?, 1)])).collect::<Result<Vec<_>>>()?;
        let points = by_row(&columns, table.rows())?;
        own_columns(&points, table.count(), &names).map_err(|e| ready.with_sentinels(e))?;
        notes.extend(constant);
        notes.extend(ready.sentinels());
        notes.extend(ready.lumps());
        let p = Empirical::from_counts(points, table.count())?;
        Ok(Design { p, names: Names { columns: names, ..Names::default() }, notes, weighed: None })
    }

    /// Which columns these points are of, and what their reader should know of them, without the points: of a table that stands for a
    /// larger one.
    ///
    /// # Errors
    /// As [`points`](Self::points).
    pub fn names_of_points<S: AsRef<str>>(&self, names: &[S]) -> Result<(Names, Vec<String>)> {
        let Coordinates { ready, names, mut notes, constant } = self.coordinates(names)?;
        names.iter().try_for_each(|name| ready.table.numbers(name).map(drop))?;
        notes.extend(constant);
        notes.extend(ready.sentinels());
        notes.extend(ready.lumps());
        let number = |name: &String| vec![Part::Number { column: name.clone(), power: 1 }];
        let parts = names.iter().map(number).collect();
        Ok((Names { columns: names, parts, ..Names::default() }, notes))
    }

    /// The rows and the columns of points.
    fn coordinates<S: AsRef<str>>(&self, names: &[S]) -> Result<Coordinates<'_>> {
        let is_number = |at: &usize| match &self.doubts[*at].refused {
            Some(refused) => refused.of_numbers,
            None => matches!(self.columns[*at].1, Column::Numbers(_)),
        };
        let (mut names, all): (Vec<String>, _) =
            (names.iter().map(|name| name.as_ref().to_string()).collect(), names.is_empty());
        let mut left = vec![];
        if all {
            let (of, others): (Vec<usize>, Vec<usize>) = (0..self.columns.len()).partition(is_number);
            let called = |at: usize| self.columns[at].0.clone();
            (names, left) = (of.into_iter().map(called).collect(), others.into_iter().map(called).collect::<Vec<_>>());
        }
        if names.is_empty() {
            return Err(empty(format!("the columns of numbers in {}", self.file), "column"));
        }
        once(&names)?;
        let ready = self.ready(&names)?;
        let mut notes = ready.notes.clone();
        if !left.is_empty() {
            notes.push(format!("left out, holding no numbers: {}", left.join(", ")));
        }
        let mut constant = vec![];
        if all {
            let table = &*ready.table;
            let only = |name: &String| table.column(name).ok().and_then(|column| table.only_value(column));
            constant = names.iter().filter_map(|name| Some(format!("{name} ({})", only(name)?))).collect();
            if constant.len() == names.len() {
                let problem = "it holds one value only, and a Gaussian needs numbers that differ";
                return Err(wrong(&names.join("', '"), problem.into()));
            }
            names.retain(|name| only(name).is_none());
        }
        let constant =
            (!constant.is_empty()).then(|| format!("left out, holding one value only: {}", constant.join(", ")));
        Ok(Coordinates { ready, names, notes, constant })
    }

    /// The numbers of one column, (rows, 1), for a distribution of one number; they may all be the same.
    ///
    /// # Errors
    /// No such column; one of categories; one that cannot be used as it is, see [`with_only`](Self::with_only).
    pub fn values(&self, name: &str) -> Result<Design<Tensor>> {
        let ready = self.ready(&[name])?;
        let table = &*ready.table;
        let points = by_row(&[vec![Of::Numbers(table.numbers(name)?, 1)]], table.rows())?;
        let notes = ready.notes.iter().cloned().chain(ready.sentinels()).collect();
        let names = Names { columns: vec![name.into()], ..Names::default() };
        Ok(Design { p: Empirical::from_counts(points, table.count())?, names, notes, weighed: None })
    }

    /// That every number of a column that was observed is as a model needs it, or the first line that is not, and the `cure`.
    ///
    /// # Errors
    /// A number that does not hold; a column of categories.
    pub fn holding(&self, name: &str, holds: impl Fn(f64) -> bool, cure: &str) -> Result<()> {
        let numbers = self.numbers(name)?;
        match (0..self.rows()).find(|row| self.count[*row] > 0.0 && !holds(numbers[*row])) {
            Some(row) => Err(Error::Cell {
                file: self.file.clone(),
                line: self.lines[row],
                column: name.into(),
                text: typed(numbers[row]),
                problem: cure.into(),
            }),
            None => Ok(()),
        }
    }

    /// What stands in every row of a column that was observed, if that is one thing.
    fn only_value(&self, column: &Column) -> Option<String> {
        let mut rows = (0..self.rows()).filter(|row| self.count[*row] > 0.0);
        let first = rows.next()?;
        let same = match column {
            Column::Numbers(numbers) => rows.all(|row| numbers[row] == numbers[first]),
            Column::Categories { codes, .. } => rows.all(|row| codes[row] == codes[first]),
        };
        same.then(|| column.text(first))
    }

    /// The joint distribution of some columns, a variable each, in their order: the levels of categories in their
    /// order, the different numbers of a column of numbers in rising order.
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
        let table = self.ready(names)?.table;
        let columns = names.iter().map(|name| Ok(table.column(name.as_ref())?.coded())).collect::<Result<Vec<_>>>()?;
        let shape: Vec<usize> = columns.iter().map(|(levels, _)| *levels).collect();
        // Refused by the table of probabilities where it is too large.
        let cells = shape.iter().try_fold(1usize, |cells, levels| cells.checked_mul(*levels));
        let Some(cells) = cells.filter(|cells| *cells <= Pmf::MAX_CELLS) else {
            return Err(candle_mle_info::Error::TooManyCells { shape, limit: Pmf::MAX_CELLS }.into());
        };
        let mut counts = vec![0.0; cells];
        for (row, count) in table.count().iter().enumerate() {
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

impl Ready<'_> {
    /// What of its numbers may be something else.
    fn hints(&self) -> impl Iterator<Item = String> {
        [self.codes(), self.numbered(), self.sentinels()].into_iter().flatten()
    }

    /// Columns of few whole numbers, which may be codes.
    fn codes(&self) -> Option<String> {
        let few = |(name, column): (&str, &Column)| {
            let Column::Numbers(numbers) = column else { return None };
            let mut values: Vec<f64> = vec![];
            for number in numbers {
                if !values.contains(number) {
                    values.push(*number);
                }
                if number.fract() != 0.0 || values.len() > 12 {
                    return None;
                }
            }
            (values.len() > 2 && 2 * values.len() <= numbers.len()).then(|| name.to_string())
        };
        let names: Vec<String> = self.columns().skip(1).filter_map(few).collect();
        let (first, these) = (names.first()?, names.join(","));
        Some(match names.len() {
            1 => format!(
                "{first} holds few different whole numbers and enters as one slope; if they are codes: --categorical {these}"
            ),
            _ => format!(
                "{} hold few different whole numbers and enter as one slope each; those that are codes: --categorical {these}",
                names.join(", ")
            ),
        })
    }

    /// Columns that may number the rows: whole numbers, one after the other, each once.
    fn numbered(&self) -> Option<String> {
        let counts = |(name, column): (&str, &Column)| {
            let Column::Numbers(numbers) = column else { return None };
            let first = numbers.iter().copied().fold(f64::INFINITY, f64::min);
            // Each of as many places once.
            let mut free = vec![true; numbers.len()];
            let place = |number: &f64| Some(number - first).filter(|place| place.fract() == 0.0).map(|at| at as usize);
            let mut counted = first.fract() == 0.0 && numbers.len() > 10 && self.table.counted.is_none();
            let mut take = |number| place(number).and_then(|at| free.get_mut(at).map(std::mem::take)).unwrap_or(false);
            counted = counted && numbers.iter().all(&mut take);
            counted.then(|| name.to_string())
        };
        let names: Vec<String> = self.columns().skip(1).filter_map(counts).collect();
        let of = || {
            let each = if names.len() > 1 { "count" } else { "counts" };
            let flags: Vec<String> = names.iter().map(|name| typed_name(name)).collect();
            let (these, flag) = (names.join(" and "), flags.join(","));
            format!("{these} {each} through the rows; if that is no more than their number: --exclude {flag}")
        };
        (!names.is_empty()).then(of)
    }

    /// Numbers that may mark a missing value: 9, 99, … with either sign, or one too large to be anything, far from the rest.
    fn sentinels(&self) -> Option<String> {
        let of = |(name, column): (&str, &Column)| {
            let Column::Numbers(numbers) = column else { return None };
            let (value, rows) = sentinel(numbers)?;
            let lines: Vec<String> = rows.iter().take(3).map(|row| self.table.lines[*row].to_string()).collect();
            let more = if rows.len() > 3 { ", …" } else { "" };
            let (s, lines) = (if rows.len() > 1 { "s" } else { "" }, lines.join(", "));
            Some((format!("{} in {name} (line{s} {lines}{more})", typed(value)), typed(value)))
        };
        let (found, mut marks): (Vec<String>, Vec<String>) = self.columns().filter_map(of).unzip();
        if found.is_empty() {
            return None;
        }
        marks.sort();
        marks.dedup();
        let (these, marks) = (found.join(", "), marks.join(","));
        Some(format!(
            "apart from all other numbers of the column: {these}; if that marks a missing value: --missing-marks={marks} \
             --missing drop"
        ))
    }

    /// Columns of which many rows hold one and the same number, as of days without rain: no density gives it a share.
    fn lumps(&self) -> Option<String> {
        let of = |(name, column): (&str, &Column)| {
            let Column::Numbers(numbers) = column else { return None };
            let mut sorted = numbers.clone();
            sorted.sort_unstable_by(f64::total_cmp);
            let mut runs: Vec<(usize, f64)> = sorted.chunk_by(|a, b| a == b).map(|run| (run.len(), run[0])).collect();
            runs.sort_unstable_by_key(|run| std::cmp::Reverse(run.0));
            let (rows, (most, value), next) = (numbers.len(), *runs.first()?, runs.get(1)?.0);
            let lump = rows >= 10 && 5 * most >= rows && most >= 4 * next;
            let share = (100.0 * most as f64 / rows as f64).round();
            lump.then(|| (format!("{share} % of the rows hold {} in {name}", typed(value)), typed(value)))
        };
        let (found, marks): (Vec<String>, Vec<String>) = self.columns().filter_map(of).unzip();
        let mark = marks.first()?;
        let these = found.join(", ");
        Some(format!(
            "{these}: a density gives one number no share, and a Gaussian fits neither these rows nor the others; the others \
             alone: --missing-marks={mark} --missing drop"
        ))
    }

    /// What is wrong with a column, and the numbers in it that may be to blame.
    fn with_sentinels(&self, error: Error) -> Error {
        match (error, self.sentinels()) {
            (Error::Column { column, problem }, Some(sentinels)) => {
                wrong(&column, format!("{}; {sentinels}", problem.trim_end_matches(", or give more rows")))
            }
            (error, _) => error,
        }
    }
}

/// Of a column's variance nothing but rounding is left where the columns before it are known.
const ROUNDING: f64 = 1e-12;

/// An error for the columns of x (rows, columns) that tell nothing of their own over the rows that were observed, to rounding: of these
/// the covariance is singular, or the coefficients are not unique.
fn own_columns(x: &Tensor, count: &[f64], names: &[String]) -> Result<()> {
    let (_, columns) = matrix("x", x)?;
    if columns != names.len() {
        return Err(shape("x", x.dims(), format!("(rows, {})", names.len())));
    }
    let mut named: Vec<&str> = vec![];
    if columns > 0 {
        let correlations = slice(&x.to_dtype(DType::F64)?, |x: &[f64]| correlations(x, count, names))??;
        let mut own: Vec<usize> = (0..columns).collect();
        // Without those that have nothing of their own, the next that has not.
        while let (true, Err(of)) =
            (named.len() < 20, cholesky(&correlations.select_rows(&own).select_columns(&own), ROUNDING))
        {
            named.push(&names[own.remove(of.column)]);
        }
    }
    let rows = count.iter().filter(|count| **count > 0.0).count();
    match (named.len(), names.len()) {
        (0, _) => Ok(()),
        (_, columns) if columns >= rows => {
            let problem = format!(
                "more columns than rows: {columns} columns, but {rows} rows that were observed, which do not determine a \
                 coefficient each; name fewer with --columns, or give more rows"
            );
            Err(wrong(&format!("{} … {}", names[0], names[columns - 1]), problem))
        }
        (1, _) => {
            let problem = "over these rows it is a linear combination of the columns before it, and tells nothing of its own: \
                           leave it out, or give more rows";
            Err(wrong(named[0], problem.into()))
        }
        _ => {
            let problem = "over these rows each is a linear combination of the columns before it, and tells nothing of its \
                           own: leave them out, or give more rows";
            Err(wrong(&named.join("', '"), problem.into()))
        }
    }
}

/// Which columns of x (rows, columns) are combinations of those before them; an error for a constant one.
fn combined(x: &Tensor, count: &[f64], names: &[String]) -> Result<Vec<usize>> {
    if names.is_empty() {
        return Ok(vec![]);
    }
    let x = x.to_dtype(DType::F64)?;
    if cholesky(&slice(&x, |x: &[f64]| correlations(x, count, names))??, SUSPECT).is_ok() {
        return Ok(vec![]);
    }
    let map = Standardize::bulk(&x, &Tensor::new(count, &Device::Cpu)?)?;
    let (shift, scale) = (host(map.shift())?, host(map.scale())?);
    slice(&x, |x: &[f64]| combinations(x, count, &shift, &scale))
}

/// What of columns that are combinations of others a reader should know.
fn said_of_combined(names: &[String], combined: &[usize], rows: usize) -> Option<String> {
    let shown: Vec<&str> = combined.iter().take(8).map(|at| names[*at].as_str()).collect();
    let these = match combined.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    };
    let many = match names.len() {
        columns if columns >= rows => format!(", for more columns than rows determine ({columns} of {rows} rows)"),
        _ => String::new(),
    };
    let each = if combined.len() > 1 { "each " } else { "" };
    (!combined.is_empty()).then(|| {
        format!("left out, {each}a linear combination of the columns before it over these rows{many}: {these}")
    })
}

/// The correlations of the columns of x, row by row, over the rows that were observed: an error for one that is constant.
fn correlations(x: &[f64], count: &[f64], names: &[String]) -> Result<DMatrix<f64>> {
    let columns = names.len();
    let seen = || x.chunks_exact(columns).zip(count).filter(|(_, count)| **count > 0.0).map(|(row, _)| row);
    let mut ends = vec![(f64::INFINITY, f64::NEG_INFINITY); columns];
    for row in seen() {
        ends.iter_mut().zip(row).for_each(|((low, high), v)| (*low, *high) = (low.min(*v), high.max(*v)));
    }
    if let Some(at) = ends.iter().position(|(low, high)| low == high) {
        return Err(constant(format!("'{}'", names[at]), ends[at].0));
    }
    // Between −1 and 1, so that no square is too large; then about the mean.
    let maps: Vec<(f64, f64)> = ends
        .into_iter()
        .map(|(low, high)| {
            let middle = low / 2.0 + high / 2.0;
            (middle, (high - middle).max(middle - low))
        })
        .collect();
    let (mut mean, mut rows) = (vec![0.0; columns], 0.0);
    for row in seen() {
        rows += 1.0;
        mean.iter_mut().zip(row).zip(&maps).for_each(|((mean, v), (middle, half))| *mean += (v - middle) / half);
    }
    mean.iter_mut().for_each(|mean| *mean /= rows);
    let gram = gram(columns, seen(), |row, to| {
        let own = row.iter().zip(&maps).zip(&mean).map(|((v, (middle, half)), mean)| (v - middle) / half - mean);
        to.iter_mut().zip(own).for_each(|(to, from)| *to = from);
    });
    let length: Vec<f64> = (0..columns).map(|at| gram[(at, at)].sqrt()).collect();
    Ok(DMatrix::from_fn(columns, columns, |i, j| gram[(i, j)] / length[i] / length[j]))
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}

/// A number that may mark a missing value, and its rows.
fn sentinel(numbers: &[f64]) -> Option<(f64, Vec<usize>)> {
    let is_mark = |number: f64| {
        let size = number.abs();
        // 9.97e36 and its like fill the holes of a grid.
        size >= 1e20 || (9.0..1e15).contains(&size) && size.fract() == 0.0 && (size + 1.0).log10().fract() == 0.0
    };
    // Above all others if it is positive, and below them if not.
    let extremes = [f64::max, f64::min].map(|of| numbers.iter().copied().reduce(of)).into_iter().zip([1.0, -1.0]);
    let marks = extremes.filter_map(|(value, sign)| value.filter(|value| is_mark(*value) && value * sign > 0.0));
    marks.into_iter().find_map(|value| {
        let others = numbers.iter().copied().filter(|number| *number != value);
        let (low, high) = (others.clone().reduce(f64::min)?, others.clone().reduce(f64::max)?);
        let apart = if value > high { value - high } else { low - value };
        let far = apart > 2.0 * (high - low) && apart > 0.5 * value.abs().min(high.abs().max(low.abs()));
        let rows: Vec<usize> = (0..numbers.len()).filter(|row| numbers[*row] == value).collect();
        // The one number below 0.
        let below = low >= 0.0 && (value <= -99.0 || value < 0.0 && rows.len() > 1);
        ((far || below) && 2 * rows.len() < numbers.len()).then_some((value, rows))
    })
}

/// What a column of x is the product of.
#[derive(Clone, Copy)]
enum Of<'a> {
    /// A power of a column.
    Numbers(&'a [f64], i32),
    /// 1 where the code is this one.
    Level(&'a [u32], u32),
}

impl Of<'_> {
    fn at(&self, row: usize) -> f64 {
        match self {
            Self::Numbers(numbers, 1) => numbers[row],
            Self::Numbers(numbers, power) => numbers[row].powi(*power),
            Self::Level(codes, level) => f64::from(u8::from(codes[row] == *level)),
        }
    }

    fn product(factors: &[Self], row: usize) -> f64 {
        factors.iter().map(|of| of.at(row)).product()
    }
}

/// Columns of equal length as a tensor (rows, columns).
fn by_row(columns: &[Vec<Of>], rows: usize) -> Result<Tensor> {
    let width = columns.len();
    let mut x = vec![0.0; rows * width];
    // So few rows at once that what is written stays in the cache.
    for (block, rows) in x.chunks_mut((64 * width).max(1)).enumerate() {
        for (at, factors) in columns.iter().enumerate() {
            let cells = rows.iter_mut().skip(at).step_by(width);
            match factors.as_slice() {
                [Of::Numbers(numbers, 1)] => {
                    cells.zip(&numbers[64 * block..]).for_each(|(to, number)| *to = *number);
                }
                [Of::Level(codes, level)] => {
                    cells.zip(&codes[64 * block..]).for_each(|(to, code)| *to = f64::from(u8::from(code == level)));
                }
                factors => cells.enumerate().for_each(|(row, to)| *to = Of::product(factors, 64 * block + row)),
            }
        }
    }
    Ok(Tensor::from_vec(x, (rows, width), &Device::Cpu)?)
}
