//! Rows that stay where they are: their likelihood, its gradient and its curvature are sums that the engine makes.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use candle_core::{CpuStorage, CustomOp2, DType, Device, Layout, Shape, Tensor};
use candle_mle::batch::{Batch, Keys, host};
use candle_mle::curvature::Curved;
use candle_mle::info::number::typed;
use candle_mle::model::Linear;
use candle_mle::parameters::{Parameters, Parts};
use candle_mle::standardize::Standardize;
use candle_mle::table::{Ask, Missing, Names, Reading};
use candle_mle::{Empirical, Information, Model, Table};
use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::Float64Type;
use datafusion::dataframe::DataFrame;
use datafusion::prelude::{Expr, col};
use nalgebra::DMatrix;

use crate::aggregate::{asked, sums_of};
use crate::engine::{Engine, numbered, quoted};
use crate::error::{Error, Result};
use crate::pass::{Coordinates, Pass, Total, What};
use crate::picked::{By, Picked};
use crate::stand_in::StandIn;

/// What of a table a fit is of: a table that stands for the rows says it, as it says it of its own.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The columns of the table that are used; the target first, if there is one.
    pub used: Vec<String>,
    /// What the columns of x and the classes are.
    pub names: Names,
    /// What a reader should know.
    pub notes: Vec<String>,
}

impl Asked {
    /// A design.
    ///
    /// # Errors
    /// As [`Ask::names`].
    pub fn of(ask: &Ask<'_>) -> candle_mle::Result<Self> {
        let (names, notes) = ask.names()?;
        Ok(Self { used: ask.used()?, names, notes })
    }

    /// Points of these columns; of all columns of numbers if none is named.
    ///
    /// # Errors
    /// As [`Table::names_of_points`].
    pub fn points(table: &Table, columns: &[String]) -> candle_mle::Result<Self> {
        let (names, notes) = table.names_of_points(columns)?;
        Ok(Self { used: names.columns.clone(), names, notes })
    }
}

/// The rows of a query, in the engine: one observation a row. As a batch they are one row, the mean of all of them; see
/// [`Empirical::from_means`].
#[derive(Clone)]
pub struct Rows {
    engine: Arc<Engine>,
    /// Columns of f64: those of x, and then the class.
    frame: DataFrame,
    columns: usize,
    classes: usize,
    n: f64,
    /// The least and the largest number of each column.
    extents: Vec<(f64, f64)>,
    passes: Arc<AtomicU64>,
}

/// Rows, and what they are called.
#[derive(Clone, Debug)]
pub struct Described {
    /// The rows.
    pub rows: Rows,
    /// Of their columns and classes.
    pub names: Names,
    /// What was left out, in words.
    pub notes: Vec<String>,
    /// The rows of the query, of which these are made.
    kept: String,
    /// The columns of the query that are used, the target last.
    used: Vec<String>,
}

impl Described {
    /// Makes rows of a query. What its columns are is read as of any table: few rows as they are, of many a table that
    /// stands for them. `ask` says what of that is used; columns that are excluded are not looked at.
    ///
    /// # Errors
    /// What the library says of such a table; missing cells, too many levels; no rows.
    pub fn of<E: From<Error>>(
        engine: &Arc<Engine>,
        query: &str,
        reading: &Reading,
        excluded: &[String],
        ask: impl Fn(&Table) -> std::result::Result<Asked, E>,
    ) -> std::result::Result<Self, E> {
        let columns = engine.columns(query, excluded)?;
        let mut stand_in = StandIn::of(engine, query, &columns, reading)?;
        let mut asked = ask(&stand_in.table)?;
        let (mut kept, mut said) = (query.to_string(), None);
        let filled = if reading.missing == Missing::Level { None } else { stand_in.filled(&asked.used, reading) };
        if let Some(filled) = filled {
            kept = format!("SELECT * FROM ({query}) WHERE {filled}");
            let gaps: Vec<&String> = asked.used.iter().filter(|name| stand_in.missing(name) > 0.0).collect();
            if let (Some(first), Missing::Error) = (gaps.first(), reading.missing) {
                let (gone, all) = (typed(stand_in.missing(first)), typed(stand_in.n));
                let problem = format!("{gone} of {all} cells are missing: --missing drop leaves their rows out");
                return Err(refused(first, problem).into());
            }
            if !stand_in.is_whole {
                let before = stand_in.n;
                let of: Vec<String> =
                    gaps.iter().map(|name| format!("{name} ({})", typed(stand_in.missing(name)))).collect();
                stand_in = StandIn::of(engine, &kept, &columns, reading)?;
                asked = ask(&stand_in.table)?;
                let gone = typed(before - stand_in.n);
                said =
                    Some(format!("{gone} of {} rows left out: a cell is missing in {}", typed(before), of.join(", ")));
            }
        }
        Ok(Self::made(engine, kept, &stand_in, asked, said)?)
    }

    fn made(
        engine: &Arc<Engine>,
        kept: String,
        stand_in: &StandIn,
        Asked { used, names, notes }: Asked,
        said: Option<String>,
    ) -> Result<Self> {
        let mut sql = names.parts.iter().map(|parts| stand_in.column(parts)).collect::<Result<Vec<_>>>()?;
        if sql.is_empty() {
            return Err(refused(&names.target, "no other column differs between rows"));
        }
        let columns = sql.len();
        if !names.classes.is_empty() {
            let cases = names
                .classes
                .iter()
                .enumerate()
                .map(|(class, level)| Ok(format!("WHEN {} THEN {class}", stand_in.level(&names.target, level)?)));
            sql.push(format!("CASE {} END", cases.collect::<Result<Vec<_>>>()?.join(" ")));
        }
        let named = sql.iter().enumerate().map(|(at, of)| format!("CAST({of} AS DOUBLE) AS c{at}"));
        let made = format!("SELECT {} FROM ({kept})", named.collect::<Vec<_>>().join(", "));
        // How far each column reaches, and that every row has a number in it.
        let ends = (0..sql.len()).map(|at| format!("min(c{at}), max(c{at}), CAST(count(c{at}) AS DOUBLE)"));
        let ends = ends.collect::<Vec<_>>().join(", ");
        let seen = numbered(&engine.rows(&format!("SELECT CAST(count(*) AS DOUBLE), {ends} FROM ({made})"))?)?;
        let (n, ends) = (seen[0], &seen[1..]);
        for (at, of) in ends.chunks(3).enumerate() {
            let name = names.columns.get(at).unwrap_or(&names.target);
            if of[2] != n || !of[0].is_finite() || !of[1].is_finite() {
                return Err(refused(name, "some of its cells are no finite numbers"));
            }
            if of[0] == of[1] {
                return Err(refused(name, format!("it is {} in every row", typed(of[0]))));
            }
        }
        let extents = ends.chunks(3).take(columns).map(|of| (of[0], of[1])).collect();
        let (frame, engine, passes) = (engine.frame(&made)?, engine.clone(), Arc::default());
        let rows = Rows { engine, frame, columns, classes: names.classes.len(), n, extents, passes };
        let notes = said.into_iter().chain(notes).collect();
        let mut used = used;
        if !names.classes.is_empty() {
            // The target last.
            used.rotate_left(1);
        }
        Ok(Self { rows, names, notes, kept, used })
    }

    /// p̂ of the rows: how many there are, and H(Y|X), of a GROUP BY.
    ///
    /// # Errors
    /// What the engine says.
    pub fn empirical(&self) -> Result<Empirical<Rows>> {
        let entropy = match self.used.split_last() {
            Some((_, x)) if !self.never_repeats(x)? => self.spread(&self.used)? - self.spread(x)?,
            _ => 0.0,
        };
        // Rounding may leave a −0 of a difference.
        let entropy = Information::from_nats(entropy.max(0.0));
        Ok(Empirical::from_means(self.rows.clone(), self.rows.n, entropy)?)
    }

    /// Whether one column alone tells every row from every other.
    fn never_repeats(&self, columns: &[String]) -> Result<bool> {
        let columns: Vec<String> = columns.iter().map(|name| quoted(name)).collect();
        Ok(self.rows.engine.most_different(&self.kept, &columns)? == self.rows.n)
    }

    /// H of these columns, in nats: of how many groups of each size there are, in the order of the sizes.
    fn spread(&self, columns: &[String]) -> Result<f64> {
        let by = columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
        let sizes = format!("SELECT count(*) AS size FROM ({}) GROUP BY {by}", self.kept);
        let sql =
            format!("SELECT CAST(size AS DOUBLE), CAST(count(*) AS DOUBLE) FROM ({sizes}) GROUP BY size ORDER BY size");
        let batches = self.rows.engine.rows(&sql)?;
        let n = self.rows.n;
        let mut sum = 0.0;
        for batch in &batches {
            let [sizes, groups] = [0, 1].map(|at| batch.column(at).as_primitive::<Float64Type>().values());
            sum += sizes.iter().zip(groups).map(|(size, groups)| groups * size / n * (n / size).ln()).sum::<f64>();
        }
        Ok(sum)
    }
}

impl Rows {
    /// How many there are.
    pub fn n(&self) -> f64 {
        self.n
    }

    /// How many columns x has.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// How many classes there are; 0 for a density.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The least and the largest number of each column.
    pub(crate) fn extents(&self) -> &[(f64, f64)] {
        &self.extents
    }

    /// How many passes have been made over them.
    pub fn passes(&self) -> u64 {
        self.passes.load(Relaxed)
    }

    /// Those of which this is true: so many.
    pub(crate) fn part(&self, is_kept: Expr, n: f64) -> Result<Self> {
        Ok(Self { frame: self.frame.clone().filter(is_kept)?, n, ..self.clone() })
    }

    /// Mean 0 and standard deviation 1 in every column, of one pass.
    ///
    /// # Errors
    /// What the engine says.
    pub fn standardize(&self) -> Result<Standardize> {
        let coordinates = self.ranges();
        let sums = self.sums(&Pass { coordinates: coordinates.clone(), what: What::Moments(false) })?;
        let (means, squares) = sums.split_at(self.columns);
        let column = |at: usize| {
            let (mean, square) = (means[at] / self.n, squares[at] / self.n);
            let (shift, scale) = (coordinates.shift[at], coordinates.scale[at]);
            (shift + scale * mean, scale * (square - mean * mean).max(1e-12).sqrt())
        };
        let (shift, scale): (Vec<f64>, Vec<f64>) = (0..self.columns).map(column).unzip();
        let tensor = |values| Tensor::from_vec(values, self.columns, &Device::Cpu).map_err(candle_mle::Error::from);
        Ok(Standardize::new(tensor(shift)?, tensor(scale)?)?)
    }

    /// Mean, (d,), and covariance, (d, d), of one pass.
    ///
    /// # Errors
    /// What the engine says.
    pub fn moments(&self) -> Result<(Vec<f64>, DMatrix<f64>)> {
        let coordinates = self.ranges();
        let Coordinates { shift, scale, .. } = &coordinates;
        let sums = self.sums(&Pass { coordinates: coordinates.clone(), what: What::Moments(true) })?;
        let d = self.columns;
        let mean: Vec<f64> = sums[..d].iter().map(|sum| sum / self.n).collect();
        let covariance = DMatrix::from_fn(d, d, |i, j| {
            let (i, j) = (i.max(j), i.min(j));
            let product = sums[d + i * (i + 1) / 2 + j] / self.n;
            scale[i] * scale[j] * (product - mean[i] * mean[j])
        });
        let own = mean.iter().zip(shift).zip(scale).map(|((mean, shift), scale)| shift + scale * mean);
        Ok((own.collect(), covariance))
    }

    /// As many points as have the mean and the covariance of the rows, and so, of the rows of a Gaussian, the same likelihood in
    /// all parameters: 2d of them, ± √d times the columns of a root of the covariance, (2d, d), each observed n / 2d times.
    ///
    /// # Errors
    /// What the engine says; columns that depend on each other.
    pub fn points(&self) -> Result<(Tensor, Vec<f64>)> {
        let (mean, covariance) = self.moments()?;
        let d = self.columns;
        let unit = covariance.diagonal().map(f64::sqrt);
        let correlations = DMatrix::from_fn(d, d, |i, j| covariance[(i, j)] / (unit[i] * unit[j]));
        let root = candle_mle::info::cholesky::cholesky(&correlations, 1e-12).map_err(|dependent| {
            refused(
                &format!("{} (counted from 0)", dependent.column),
                "it is a linear combination of the columns before it",
            )
        })?;
        let along = (d as f64).sqrt();
        let points = (0..2 * d).flat_map(|point| {
            let (at, sign) = (point / 2, if point % 2 == 0 { along } else { -along });
            let (mean, unit, root) = (&mean, &unit, &root);
            (0..d).map(move |j| mean[j] + sign * unit[j] * root[(j, at)])
        });
        let points = Tensor::from_vec(points.collect::<Vec<f64>>(), (2 * d, d), &Device::Cpu);
        Ok((points.map_err(candle_mle::Error::from)?, vec![self.n / (2 * d) as f64; 2 * d]))
    }

    /// The middle of every column becomes 0, and its ends ±1.
    fn ranges(&self) -> Coordinates {
        let (shift, scale) =
            self.extents.iter().map(|(low, high)| (low / 2.0 + high / 2.0, high / 2.0 - low / 2.0)).unzip();
        self.within(shift, scale)
    }

    fn within(&self, shift: Vec<f64>, scale: Vec<f64>) -> Coordinates {
        let ends = self.extents.iter().zip(&shift).zip(&scale);
        let reach =
            ends.map(|(((low, high), shift), scale)| ((low - shift) / scale).abs().max(((high - shift) / scale).abs()));
        Coordinates { reach: reach.collect(), shift, scale }
    }

    /// What a pass sums up: the one thing that an engine is asked at a step.
    ///
    /// # Errors
    /// What the engine says; rows that are not those of a moment ago.
    pub fn sums(&self, pass: &Pass) -> Result<Vec<f64>> {
        match self.total(pass)? {
            Total::Sums(sums) if sums.rows() as f64 == self.n => sums.values(),
            _ => Err(Error::Moved),
        }
    }

    /// The rows that a pass picks, of each class as many as `most`.
    ///
    /// # Errors
    /// As [`sums`](Self::sums).
    pub fn picked(&self, by: By, most: usize) -> Result<Picked> {
        let pass = Pass { coordinates: self.ranges(), what: What::Rows(by, most) };
        match self.total(&pass)? {
            Total::Rows(picked) if picked.is_whole() && picked.rows() as f64 == self.n => Ok(picked),
            _ => Err(Error::Moved),
        }
    }

    fn total(&self, pass: &Pass) -> Result<Total> {
        self.passes.fetch_add(1, Relaxed);
        let width = match pass.what {
            What::Moments(_) => self.columns,
            What::Likelihood(_) | What::Information(_) | What::Rows(..) => self.columns + 1,
        };
        let arguments: Vec<Expr> =
            std::iter::once(asked(pass)).chain((0..width).map(|at| col(format!("c{at}")))).collect();
        let sums = self.frame.clone().aggregate(vec![], vec![sums_of().call(arguments).alias("sums")])?;
        let batches = self.engine.collect(sums)?;
        let bytes = batches.iter().find(|batch| batch.num_rows() > 0).ok_or(Error::NoRows)?.column(0).clone();
        let bytes = bytes.as_binary_opt::<i32>().filter(|bytes| bytes.is_valid(0)).ok_or(Error::Foreign)?;
        let mut total = pass.start();
        total.merge(bytes.value(0))?;
        Ok(total)
    }

    fn pass(&self, map: &Standardize, what: What) -> Result<Pass, candle_mle::Error> {
        Ok(Pass { coordinates: self.within(host(map.shift())?, host(map.scale())?), what })
    }
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("n", &self.n).field("columns", &self.columns).finish_non_exhaustive()
    }
}

/// One row: the mean of all.
impl Batch for Rows {
    fn rows(&self) -> candle_mle::Result<usize> {
        Ok(1)
    }

    fn device(&self) -> Device {
        Device::Cpu
    }

    fn dtype(&self) -> DType {
        DType::F64
    }

    fn select(&self, _: &Tensor) -> candle_mle::Result<Self> {
        Err(elsewhere())
    }

    fn to_device(&self, device: &Device) -> candle_mle::Result<Self> {
        if device.is_cpu() { Ok(self.clone()) } else { Err(elsewhere()) }
    }

    fn to_dtype(&self, dtype: DType) -> candle_mle::Result<Self> {
        if dtype == DType::F64 { Ok(self.clone()) } else { Err(elsewhere()) }
    }

    fn keys(&self) -> candle_mle::Result<Keys> {
        Err(elsewhere())
    }
}

fn elsewhere() -> candle_mle::Error {
    candle_mle::Error::Other("the rows are in the engine, which sums them in f64 on its CPUs".into())
}

/// A classifier that is linear in the logits, of rows in an engine: the same parameters, in the same variables, and in the same files.
#[derive(Clone, Debug)]
pub struct Summed<M>(pub M);

/// θ as a pass has it: for each logit its slopes and its intercept.
fn theta<M: Linear>(model: &M) -> candle_mle::Result<Vec<f64>> {
    let (slopes, intercepts, _) = model.learnt();
    let (slopes, intercepts) = (host(slopes)?, host(intercepts)?);
    let rows = slopes.chunks(slopes.len() / intercepts.len()).zip(intercepts);
    Ok(rows.flat_map(|(slopes, intercept)| slopes.iter().copied().chain([intercept])).collect())
}

impl<M: Linear> Model for Summed<M> {
    type Batch = Rows;
    const DENSITY: bool = false;

    fn log_prob(&self, rows: &Rows) -> candle_mle::Result<Tensor> {
        let (slopes, intercepts, map) = self.0.learnt();
        let sums = rows.sums(&rows.pass(map, What::Likelihood(theta(&self.0)?))?)?;
        let mut means = sums.into_iter().map(|sum| sum / rows.n);
        let (mean, gradient) = (means.next().unwrap_or(f64::NAN), means.collect());
        Ok(slopes.apply_op2(intercepts, Mean { mean, gradient })?)
    }

    fn curved(&self) -> Option<&dyn Curved<Rows>> {
        self.0.curved().map(|_| self as &dyn Curved<Rows>)
    }
}

impl<M: Linear> Curved<Rows> for Summed<M> {
    fn free(&self) -> Vec<usize> {
        self.0.curved().map_or(vec![], |curved| curved.free())
    }

    fn information(&self, rows: &Rows, mass: &[f64]) -> candle_mle::Result<DMatrix<f64>> {
        let (_, _, map) = self.0.learnt();
        let sums = rows.sums(&rows.pass(map, What::Information(theta(&self.0)?))?)?;
        let (width, size) = (rows.columns + 1, self.free().len());
        let product = width * (width + 1) / 2;
        let weight = mass.iter().sum::<f64>() / rows.n;
        Ok(DMatrix::from_fn(size, size, |i, j| {
            let (a, b, i, j) = (i / width, j / width, i % width, j % width);
            // Of two classes and of two columns the larger one first.
            let pair = a.max(b) * (a.max(b) + 1) / 2 + a.min(b);
            weight * sums[pair * product + i.max(j) * (i.max(j) + 1) / 2 + i.min(j)]
        }))
    }

    fn log_det(&self, _: &Rows, _: &[f64]) -> candle_mle::Result<Tensor> {
        Err(candle_mle::Error::Other("Firth's penalty needs the rows in memory: fit a table".into()))
    }
}

impl<M: Parameters> Parameters for Summed<M> {
    const FAMILY: &'static str = M::FAMILY;

    fn parameters(&self) -> candle_mle::Result<HashMap<String, Tensor>> {
        self.0.parameters()
    }

    fn parts(&self) -> candle_mle::Result<Parts> {
        self.0.parts()
    }

    fn from_parts(parts: Parts) -> candle_mle::Result<Self> {
        M::from_parts(parts).map(Self)
    }
}

/// The mean of ln q as a function of slopes and intercepts, of which the engine has summed value and gradient in one pass.
struct Mean {
    mean: f64,
    /// In the order of θ.
    gradient: Vec<f64>,
}

impl CustomOp2 for Mean {
    fn name(&self) -> &'static str {
        "mean_log_q"
    }

    fn cpu_fwd(
        &self,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        Ok((CpuStorage::F64(vec![self.mean]), Shape::from(1)))
    }

    fn bwd(
        &self,
        slopes: &Tensor,
        intercepts: &Tensor,
        _: &Tensor,
        upstream: &Tensor,
    ) -> candle_core::Result<(Option<Tensor>, Option<Tensor>)> {
        let upstream = upstream.squeeze(0)?.to_scalar::<f64>()?;
        let width = self.gradient.len() / intercepts.elem_count();
        let part = |of: &dyn Fn(&[f64]) -> Vec<f64>, like: &Tensor| {
            let part: Vec<f64> = self.gradient.chunks(width).flat_map(of).map(|g| g * upstream).collect();
            Tensor::from_vec(part, like.shape(), &Device::Cpu)
        };
        let slopes = part(&|row| row[..width - 1].to_vec(), slopes)?;
        Ok((Some(slopes), Some(part(&|row| vec![row[width - 1]], intercepts)?)))
    }
}

fn refused(column: &str, problem: impl Into<String>) -> Error {
    Error::Column { column: column.into(), problem: problem.into() }
}
