//! The engine: DataFusion in this process, or Ballista behind an address.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ballista::prelude::SessionContextExt;
use ballista_core::extension::SessionConfigExt;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Float64Type, Schema};
use datafusion::dataframe::DataFrame;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{CsvReadOptions, ParquetReadOptions, SessionConfig, SessionContext};
use futures::StreamExt;
use tokio::runtime::Runtime;

use crate::aggregate::sums_of;
use crate::error::{Error, Result};

/// What is opened goes by this name in a query.
pub const DATA: &str = "data";

/// A SQL engine, and the files that were opened in it.
///
/// Of memory it takes what it is given for groups and sorting, and writes what is beyond that beside the machine's temporary files.
pub struct Engine {
    runtime: Arc<Runtime>,
    context: SessionContext,
    url: Option<String>,
}

/// What groups and sorts may take of memory, in bytes, unless said otherwise.
const MEMORY: usize = 2 << 30;

impl Engine {
    /// In this process, on all of its cores.
    ///
    /// # Errors
    /// No threads, or no place for temporary files.
    pub fn local() -> Result<Self> {
        Self::within(MEMORY, std::thread::available_parallelism().map_or(1, Into::into))
    }

    /// The same with so many bytes for groups and sorts, and rows in so many partitions.
    ///
    /// # Errors
    /// As [`local`](Self::local).
    pub fn within(memory: usize, partitions: usize) -> Result<Self> {
        let pool = RuntimeEnvBuilder::new().with_memory_pool(Arc::new(FairSpillPool::new(memory))).build_arc()?;
        let mut config = SessionConfig::new().with_target_partitions(partitions);
        let merging = &mut config.options_mut().execution.sort_spill_reservation_bytes;
        *merging = (*merging).min(memory / (4 * partitions));
        let context = SessionContext::new_with_config_rt(config, pool).enable_url_table();
        context.register_udaf(sums_of());
        Ok(Self { runtime: runtime()?, context, url: None })
    }

    /// On the executors of a Ballista scheduler, such as `df://localhost:50050`; files are read there, under the names they have
    /// here. Rows go in so many partitions.
    ///
    /// # Errors
    /// An address that is none, or where no scheduler answers.
    pub fn cluster(url: &str, partitions: usize) -> Result<Self> {
        let runtime = runtime()?;
        let no = |problem: String| Error::NoScheduler { url: url.into(), problem };
        let address = url.strip_prefix("df://").filter(|address| address.contains(':'));
        let address = address.ok_or_else(|| no("an address is written df://host:port".into()))?;
        // The engine itself would wait for long before it says so.
        let patience = std::time::Duration::from_secs(5);
        runtime
            .block_on(async { tokio::time::timeout(patience, tokio::net::TcpStream::connect(address)).await })
            .map_err(|_| no("it takes longer than 5 s".into()))?
            .map_err(|problem| no(problem.to_string()))?;
        let config = SessionConfig::new_with_ballista().with_target_partitions(partitions);
        let state = SessionStateBuilder::new().with_default_features().with_config(config).build();
        let context = runtime.block_on(SessionContext::remote_with_state(url, state))?;
        context.register_udaf(sums_of());
        Ok(Self { runtime, context, url: Some(url.into()) })
    }

    /// Opens files under the name [`DATA`]: Parquet, or CSV with a header, compressed or not, whose cells are parted by what its header is
    /// parted by; a folder and a pattern stand for all files in them, in the order of their names. Columns of a CSV are texts, so that a table reads them as it reads any CSV;
    /// `typed` makes numbers of what looks like numbers, for a query that computes.
    ///
    /// # Errors
    /// No such file, one of another kind, or one with other columns than the first.
    pub fn open<S: AsRef<str>>(&self, patterns: &[S], typed: bool) -> Result<()> {
        let mut files = vec![];
        for pattern in patterns {
            files.extend(matching(pattern.as_ref())?);
        }
        let Some(first) = files.first() else { return Err(Error::NoRows) };
        let kind = Kind::of(first)?;
        for file in &files {
            if Kind::of(file)? != kind {
                return Err(Error::Kinds { first: first.clone(), other: file.clone() });
            }
        }
        let names: Vec<&str> = files.iter().filter_map(|file| file.to_str()).collect();
        let frame = match kind {
            Kind::Parquet(end) => {
                let options = ParquetReadOptions::default().file_extension(end);
                let columns = |file: &Path, name: &str| {
                    let frame = self.run(self.context.read_parquet(name, options.clone()));
                    let frame = frame.map_err(|problem| refused(file, &problem.to_string()))?;
                    Ok::<_, Error>(frame.schema().as_arrow().clone())
                };
                let first_columns = columns(first, names[0])?;
                for (file, name) in files.iter().zip(&names).skip(1) {
                    alike(first, &first_columns, file, &columns(file, name)?)?;
                }
                self.run(self.context.read_parquet(names, options))?
            }
            Kind::Csv { end, compression, delimiter } => {
                let options = CsvReadOptions::new()
                    .file_extension(end)
                    .file_compression_type(compression)
                    .newlines_in_values(true)
                    .schema_infer_max_records(1);
                let schema = |file: &Path, name: &str, delimiter: u8| {
                    let frame = self.run(self.context.read_csv(name, options.clone().delimiter(delimiter)));
                    let frame = frame.map_err(|problem| refused(file, &problem.to_string()))?;
                    Ok::<_, Error>(frame.schema().as_arrow().clone())
                };
                // Parted and quoted by what is in no header, its first line is the name of one column.
                let line = self.run(self.context.read_csv(names[0], options.clone().delimiter(1).quote(2)));
                let header = line.map_err(|problem| refused(first, &problem.to_string()))?.schema().as_arrow().clone();
                let Some(header) = header.fields().first() else { return Err(refused(first, "it is empty")) };
                let delimiter = separator(header.name(), delimiter);
                if let Some(twice) = twice(header.name(), delimiter) {
                    return Err(refused(
                        first,
                        &format!("two columns are called '{twice}': give each a name of its own"),
                    ));
                }
                let columns = schema(first, names[0], delimiter)?;
                for (file, name) in files.iter().zip(&names).skip(1) {
                    alike(first, &columns, file, &schema(file, name, delimiter)?)?;
                }
                let fields = columns.fields().iter().map(|field| Field::new(field.name(), DataType::Utf8, true));
                let texts = Schema::new(fields.collect::<Vec<_>>());
                let options = options.delimiter(delimiter);
                let options = if typed { options.schema_infer_max_records(LOOKED_AT) } else { options.schema(&texts) };
                self.run(self.context.read_csv(names, options))?
            }
        };
        self.context.deregister_table(DATA)?;
        self.context.register_table(DATA, frame.into_view())?;
        Ok(())
    }

    /// What a query means, before it is run.
    ///
    /// # Errors
    /// SQL that makes no sense.
    pub fn frame(&self, sql: &str) -> Result<DataFrame> {
        self.run(self.context.sql(sql))
    }

    /// The names of the columns of a query, but for some.
    ///
    /// # Errors
    /// One of those is not there; SQL that makes no sense.
    pub fn columns(&self, sql: &str, excluded: &[String]) -> Result<Vec<String>> {
        let frame = self.frame(sql)?;
        let all: Vec<String> = frame.schema().fields().iter().map(|field| field.name().clone()).collect();
        match excluded.iter().find(|name| !all.contains(name)) {
            Some(none) => Err(Error::Column {
                column: none.clone(),
                problem: format!("the query has none of this name; it has: {}", all.join(", ")),
            }),
            None if all.iter().all(|name| excluded.contains(name)) => {
                Err(Error::Column { column: excluded.join(", "), problem: "without these no column is left".into() })
            }
            None => Ok(all.into_iter().filter(|name| !excluded.contains(name)).collect()),
        }
    }

    /// The rows of a query.
    ///
    /// # Errors
    /// What the engine says; a scheduler that is gone.
    pub fn rows(&self, sql: &str) -> Result<Vec<RecordBatch>> {
        self.collect(self.frame(sql)?)
    }

    /// The same, or an error at more rows than that.
    pub(crate) fn at_most(&self, sql: &str, most: usize) -> Result<Vec<RecordBatch>> {
        let mut stream = self.run(self.frame(sql)?.execute_stream())?;
        let (mut batches, mut rows) = (vec![], 0);
        while let Some(batch) = self.run(async { stream.next().await.transpose() })? {
            rows += batch.num_rows();
            if rows > most {
                return Err(Error::Many { most });
            }
            batches.push(batch);
        }
        Ok(batches)
    }

    /// How many different values the column has that has most of them, of some columns of a query.
    pub(crate) fn most_different(&self, query: &str, columns: &[String]) -> Result<f64> {
        let Some((column, _)) = self.looks_most_different(query, columns)? else { return Ok(1.0) };
        let groups = format!("SELECT CAST(count(*) AS DOUBLE) FROM (SELECT {column} FROM ({query}) GROUP BY {column})");
        Ok(numbered(&self.rows(&groups)?)?.first().copied().unwrap_or(0.0))
    }

    /// Which column that is, as the first rows tell, and which share of them differ in it.
    pub(crate) fn looks_most_different<'a>(
        &self,
        query: &str,
        columns: &'a [String],
    ) -> Result<Option<(&'a str, f64)>> {
        let sample = self.rows(&format!("SELECT {} FROM ({query}) LIMIT {LOOKED_AT}", columns.join(", ")))?;
        let (mut different, mut rows) = (vec![HashSet::new(); columns.len()], 0);
        for batch in &sample {
            rows += batch.num_rows();
            for (column, different) in batch.columns().iter().zip(&mut different) {
                let texts = cast(column, &DataType::Utf8).map_err(|e| Error::Engine(e.into()))?;
                different.extend(texts.as_string::<i32>().iter().map(|text| text.map(String::from)));
            }
        }
        let most = columns.iter().zip(different).max_by_key(|(_, different)| different.len());
        Ok(most.map(|(column, different)| (column.as_str(), different.len() as f64 / rows.max(1) as f64)))
    }

    /// The rows of a frame. An executor that is lost once it has answered takes its answer with it; what is asked again has the
    /// same one.
    pub(crate) fn collect(&self, frame: DataFrame) -> Result<Vec<RecordBatch>> {
        let mut more = if self.url.is_some() { 2 } else { 0 };
        loop {
            match self.run(frame.clone().collect()) {
                Err(Error::Engine(_)) if more > 0 => more -= 1,
                answer => return answer,
            }
        }
    }

    pub(crate) fn run<T>(&self, what: impl Future<Output = datafusion::error::Result<T>>) -> Result<T> {
        self.runtime.block_on(what).map_err(|error| match &self.url {
            // A plan that makes no sense makes none anywhere.
            Some(url) if self.is_gone() => Error::NoScheduler { url: url.clone(), problem: error.to_string() },
            _ => error.into(),
        })
    }

    /// Whether nobody listens any more where the scheduler was.
    fn is_gone(&self) -> bool {
        let address = self.url.as_deref().and_then(|url| url.strip_prefix("df://"));
        address.is_some_and(|address| std::net::TcpStream::connect(address).is_err())
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("url", &self.url).finish_non_exhaustive()
    }
}

/// By so many rows of a CSV its columns are told to be of numbers or of texts, and which column of a query has most values.
const LOOKED_AT: usize = 100_000;

pub(crate) fn runtime() -> Result<Arc<Runtime>> {
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    Ok(Arc::new(built.map_err(|problem| Error::File { action: "start", path: "threads".into(), problem })?))
}

fn refused(file: &Path, problem: &str) -> Error {
    let path = file.display().to_string();
    Error::Unread { problem: problem.strip_prefix(&format!("{path}: ")).unwrap_or(problem).into(), path }
}

/// That a file has the columns of the first: the engine fills what is not there with nothing.
fn alike(first: &Path, known: &Schema, file: &Path, own: &Schema) -> Result<()> {
    let names = |schema: &Schema| schema.fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
    let (known, own) = (names(known), names(own));
    let Some(at) = (0..known.len().max(own.len())).find(|at| known.get(*at) != own.get(*at)) else { return Ok(()) };
    let name = |names: &[String]| names.get(at).map_or("nothing".into(), |name| format!("'{name}'"));
    Err(refused(
        file,
        &format!(
            "its columns are not those of {}: {} stands where there is {} in that one",
            first.display(),
            name(&own),
            name(&known)
        ),
    ))
}

/// What parts the names of a header the most often, outside of quotes.
fn separator(header: &str, usual: u8) -> u8 {
    let counts = |separator: u8| {
        let mut quoted = false;
        let outside = header.bytes().filter(|byte| {
            quoted ^= *byte == b'"';
            !quoted && *byte == separator
        });
        outside.count()
    };
    let all = [usual, b',', b';', b'\t', b'|'];
    all.into_iter().rev().max_by_key(|separator| counts(*separator)).unwrap_or(usual)
}

/// A name that stands in a header twice.
fn twice(header: &str, separator: u8) -> Option<&str> {
    let mut seen = HashSet::new();
    header.split(char::from(separator)).map(|name| name.trim().trim_matches('"')).find(|name| !seen.insert(*name))
}

/// The name of a column in a query.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text in a query.
pub fn text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// All numbers of a query, row by row; NaN where there is none.
pub(crate) fn numbered(batches: &[RecordBatch]) -> Result<Vec<f64>> {
    let mut all = vec![];
    for batch in batches {
        let columns: Vec<ArrayRef> = batch
            .columns()
            .iter()
            .map(|column| cast(column, &DataType::Float64))
            .collect::<Result<_, _>>()
            .map_err(|e| Error::Engine(e.into()))?;
        let columns: Vec<_> = columns.iter().map(|column| column.as_primitive::<Float64Type>()).collect();
        for row in 0..batch.num_rows() {
            all.extend(columns.iter().map(|column| if column.is_null(row) { f64::NAN } else { column.value(row) }));
        }
    }
    Ok(all)
}

/// What is in a file, by its name.
#[derive(Clone, PartialEq)]
enum Kind {
    Parquet(&'static str),
    Csv { end: &'static str, compression: FileCompressionType, delimiter: u8 },
}

impl Kind {
    fn of(file: &Path) -> Result<Self> {
        let name = file.to_string_lossy();
        let compressions = [
            ("", FileCompressionType::UNCOMPRESSED),
            (".gz", FileCompressionType::GZIP),
            (".bz2", FileCompressionType::BZIP2),
            (".xz", FileCompressionType::XZ),
            (".zst", FileCompressionType::ZSTD),
        ];
        if name.ends_with(".parquet") {
            return Ok(Self::Parquet(".parquet"));
        }
        for (end, delimiter) in [(".csv", b','), (".tsv", b'\t')] {
            for (more, compression) in compressions {
                if name.strip_suffix(more).is_some_and(|name| name.ends_with(end)) {
                    let ends = [".csv", ".csv.gz", ".csv.bz2", ".csv.xz", ".csv.zst"];
                    let tabs = [".tsv", ".tsv.gz", ".tsv.bz2", ".tsv.xz", ".tsv.zst"];
                    let of = if delimiter == b',' { ends } else { tabs };
                    let end = of.into_iter().find(|end| name.ends_with(end)).unwrap_or(".csv");
                    return Ok(Self::Csv { end, compression, delimiter });
                }
            }
        }
        Err(Error::Kind { path: file.into() })
    }
}

/// The files that a name, a folder or a pattern stands for, by name.
fn matching(pattern: &str) -> Result<Vec<PathBuf>> {
    let none = || Error::NoFiles { pattern: pattern.into() };
    let is_hidden = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(['.', '_']));
    let mut files = vec![];
    let mut places: Vec<PathBuf> = match Path::new(pattern).exists() {
        true => vec![pattern.into()],
        false => glob::glob(pattern).map_err(|_| none())?.filter_map(Result::ok).collect(),
    };
    while let Some(place) = places.pop() {
        if place.is_dir() {
            let inside = std::fs::read_dir(&place).map_err(|problem| Error::File {
                action: "read",
                path: place.clone(),
                problem,
            })?;
            places.extend(inside.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| !is_hidden(path)));
        } else {
            files.push(place);
        }
    }
    if files.is_empty() {
        return Err(none());
    }
    files.sort();
    files.dedup();
    // An executor has a working directory of its own.
    let whole =
        |file: PathBuf| file.canonicalize().map_err(|problem| Error::File { action: "read", path: file, problem });
    files.into_iter().map(whole).collect()
}
