//! p̂ as a GROUP BY: the different rows of a query in order, how often each was observed, and files of them that add up.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use candle_mle::Table;
use candle_mle::info::file::write_whole;
use candle_mle::table::Reading;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::{cast, concat_batches};
use datafusion::arrow::csv::WriterBuilder;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::error::ArrowError;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;

use crate::engine::{Engine, numbered, quoted};
use crate::error::{Error, Result};

/// The different rows of a query and how often each was observed. The rows are in order of their columns from the first on, so
/// that the same data are the same counts, however they were parted and whoever counted them.
#[derive(Clone, Debug)]
pub struct Counts {
    rows: RecordBatch,
    count: String,
}

/// What a column of counts is called where none was named.
const COUNT: &str = "count";
/// So many different rows are a table; of more a likelihood is summed where they are.
pub const MOST: usize = 1 << 22;
/// Rows of a file that are read at once.
const GROUP: usize = 1 << 16;

impl Counts {
    /// Of these columns of a query, all if none is named. `count` names a column that says how often a row was observed: it is
    /// added up; without one each row counts once.
    ///
    /// # Errors
    /// What the engine says; a column that is not there; no rows, or more different ones than [`MOST`].
    pub fn of(engine: &Engine, query: &str, columns: &[String], count: Option<&str>) -> Result<Self> {
        let frame = engine.frame(query)?;
        let fields = frame.schema().fields();
        let all = || fields.iter().map(|field| field.name().as_str());
        for name in columns.iter().map(String::as_str).chain(count) {
            if !all().any(|column| column == name) {
                let known = all().collect::<Vec<_>>().join(", ");
                return Err(Error::Column {
                    column: name.into(),
                    problem: format!("there is none; there are {known}"),
                });
            }
        }
        let asked = |name: &str| columns.is_empty() || columns.iter().any(|column| column == name);
        let keys: Vec<_> = fields.iter().filter(|field| asked(field.name()) && count != Some(field.name())).collect();
        let name = match count {
            Some(name) => name.to_string(),
            None if keys.iter().any(|field| field.name() == COUNT) => "how often".into(),
            None => COUNT.into(),
        };
        let kept = keys.iter().map(|field| {
            let name = quoted(field.name());
            match kind(field.data_type()) {
                Some(kind) => format!("CAST({name} AS {kind}) AS {name}"),
                None => name,
            }
        });
        // A sum of decimals has no rounding, and no order.
        let (each, many) = match fields.iter().find(|field| Some(field.name().as_str()) == count) {
            None => ("1".into(), "CAST(count(*) AS BIGINT)"),
            Some(field) if field.data_type().is_integer() => (quoted(&name), "CAST(sum(\"how many\") AS BIGINT)"),
            Some(_) => (format!("CAST({} AS DECIMAL(38, 9))", quoted(&name)), "CAST(sum(\"how many\") AS DOUBLE)"),
        };
        if keys.is_empty() {
            return Err(Error::Column { column: name, problem: "there is no other column beside the counts".into() });
        }
        let names: Vec<String> = keys.iter().map(|field| quoted(field.name())).collect();
        too_many(engine, query, &names)?;
        let (kept, by) = (kept.collect::<Vec<_>>().join(", "), (1..=keys.len()).map(|at| at.to_string()));
        let by: Vec<String> = by.collect();
        let order = by.iter().map(|at| format!("{at} ASC NULLS FIRST")).collect::<Vec<_>>().join(", ");
        let sql = format!(
            "SELECT {}, {many} AS {} FROM (SELECT {kept}, {each} AS \"how many\" FROM ({query})) GROUP BY {} ORDER BY {order}",
            names.join(", "),
            quoted(&name),
            by.join(", "),
        );
        let batches = engine.at_most(&sql, MOST)?;
        let schema = batches.first().ok_or(Error::NoRows)?.schema();
        let rows = concat_batches(&schema, &batches).and_then(alike).map_err(|e| Error::Engine(e.into()))?;
        if rows.num_rows() == 0 {
            return Err(Error::NoRows);
        }
        Ok(Self { rows, count: name })
    }

    /// Counts that were written by any engine, added up: of all files of these names, folders and patterns.
    ///
    /// # Errors
    /// As [`Engine::open`] and [`of`](Self::of); no column of counts.
    pub fn merged<S: AsRef<str>>(engine: &Engine, files: &[S], count: Option<&str>) -> Result<Self> {
        engine.open(files, true)?;
        Self::of(engine, &format!("SELECT * FROM {}", crate::engine::DATA), &[], Some(count.unwrap_or(COUNT)))
    }

    /// How many different rows there are.
    pub fn distinct(&self) -> usize {
        self.rows.num_rows()
    }

    /// The rows, and in the last column their counts.
    pub fn rows(&self) -> &RecordBatch {
        &self.rows
    }

    /// The name of the column of counts, the last one.
    pub fn count(&self) -> &str {
        &self.count
    }

    /// As a table that was read: `reading` says of missing cells and of codes what it says of a CSV file.
    ///
    /// # Errors
    /// As [`Reading::file`].
    pub fn table(&self, name: &str, reading: &Reading) -> Result<Table> {
        read(name.into(), &self.rows, &Reading { count: Some(self.count.clone()), ..reading.clone() })
    }

    /// Writes a file of counts, Parquet: sorted keys, and in its last column how often each was observed. The same counts are the
    /// same bytes.
    ///
    /// # Errors
    /// A file that cannot be written; what stood there stays.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let failed = |problem| Error::File { action: "write", path: path.into(), problem };
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(GROUP))
            .build();
        let write = |file: &mut File| {
            let mut writer = ArrowWriter::try_new(file, self.rows.schema(), Some(properties))?;
            for from in (0..self.distinct()).step_by(GROUP) {
                writer.write(&self.rows.slice(from, GROUP.min(self.distinct() - from)))?;
            }
            writer.close()
        };
        write_whole(path, |file| write(file).map(drop).map_err(std::io::Error::other)).map_err(failed)
    }
}

/// Rows as the library reads any table: the one way in which rows of an engine become one.
pub(crate) fn read(name: String, rows: &RecordBatch, reading: &Reading) -> Result<Table> {
    if let Some(field) = rows.schema().fields().iter().find(|field| field.data_type().is_nested()) {
        let (column, name) = (field.name().clone(), field.name());
        let problem = format!(
            "it holds several values a row, {}: --exclude {name}, or take it apart in --sql",
            field.data_type()
        );
        return Err(Error::Column { column, problem });
    }
    let mut text = vec![];
    WriterBuilder::new().build(&mut text).write(rows).map_err(|e| Error::Engine(e.into()))?;
    let reading = Reading { separator: Some(','), headless: false, ..reading.clone() };
    Ok(reading.text(name, text)?)
}

/// Texts in the one of their layouts that every engine reads, and no column that says it has no gaps: how rows came about does not
/// show.
fn alike(rows: RecordBatch) -> Result<RecordBatch, ArrowError> {
    let texts = |of: &DataType| matches!(of, DataType::Utf8View | DataType::LargeUtf8);
    let schema = rows.schema();
    let fields = schema.fields().iter().map(|field| {
        let of = if texts(field.data_type()) { DataType::Utf8 } else { field.data_type().clone() };
        Field::new(field.name(), of, true)
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let columns = rows.columns().iter().zip(schema.fields()).map(|(column, field)| cast(column, field.data_type()));
    let columns = columns.collect::<Result<_, _>>()?;
    RecordBatch::try_new(schema, columns)
}

/// An error where one column of a long query has more values than a table rows: grouping all would come to it much later. Of columns
/// that repeat in the first rows it is not asked.
fn too_many(engine: &Engine, query: &str, columns: &[String]) -> Result<()> {
    let rows = numbered(&engine.rows(&format!("SELECT CAST(count(*) AS DOUBLE) FROM ({query})"))?)?;
    let many = rows.first().is_some_and(|rows| *rows > MOST as f64);
    if !many || engine.looks_most_different(query, columns)?.is_none_or(|(_, share)| share < 0.5) {
        return Ok(());
    }
    if engine.most_different(query, columns)? > MOST as f64 { Err(Error::Many { most: MOST }) } else { Ok(()) }
}

/// One type for all that engines have for whole numbers, for numbers and for texts.
fn kind(data_type: &DataType) -> Option<&'static str> {
    match data_type {
        of if of.is_integer() => Some("BIGINT"),
        DataType::Decimal128(..) | DataType::Decimal256(..) => Some("DOUBLE"),
        of if of.is_floating() => Some("DOUBLE"),
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => Some("VARCHAR"),
        DataType::Dictionary(_, of) => kind(of),
        _ => None,
    }
}
