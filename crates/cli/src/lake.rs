//! Tables that a SQL engine reads: files of a lake, a query, a cluster. In a build without the engine the flags say how to get it.

use std::path::{Path, PathBuf};

use anyhow::Result;
use candle_mle::table::{Reading, Table};
#[cfg(feature = "sql")]
use candle_mle_sql::{Counts, DATA, Engine};
use clap::ArgGroup;

/// Flags of a table that an engine reads.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(group(ArgGroup::new("source").multiple(true)))]
pub(crate) struct Lake {
    /// Parquet or CSV files, compressed or not; a folder, or a pattern in quotes, stands for all its files (repeatable). Equal rows
    /// are counted by DataFusion, in bounded memory; --sql knows them as `data`
    #[arg(long, value_name = "FILES", group = "source", help_heading = "Your own table")]
    from: Vec<String>,
    /// The rows of a query, such as 'SELECT age, survived FROM data WHERE age > 30', or FROM 'people.parquet'
    #[arg(long, value_name = "QUERY", group = "source", help_heading = "Your own table")]
    sql: Option<String>,
    /// Counts and sums on the executors of a Ballista scheduler
    #[arg(long, value_name = "df://HOST:PORT", requires = "source", help_heading = "Your own table")]
    cluster: Option<String>,
}

/// Flags of the command's `count`.
#[derive(clap::Args, Clone, Debug)]
#[command(mut_group("source", |group| group.required(true)))]
pub(crate) struct Count {
    #[command(flatten)]
    lake: Lake,
    /// The columns whose different rows are counted [default: all]
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    columns: Vec<String>,
    /// A column that says how often a row was observed: its numbers are added up
    #[arg(long, value_name = "COLUMN")]
    count: Option<String>,
    /// The file of counts
    #[arg(long, value_name = "FILE", default_value = "counts.parquet")]
    to: PathBuf,
}

/// Flags of the command's `merge`.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Merge {
    /// Files of counts, by `count` or by any other engine
    #[arg(required = true)]
    files: Vec<String>,
    /// The column of counts
    #[arg(long, value_name = "COLUMN", default_value = "count")]
    count: String,
    /// The file of their sums
    #[arg(long, value_name = "FILE", default_value = "counts.parquet")]
    to: PathBuf,
}

#[cfg(not(feature = "sql"))]
const NONE: &str =
    "this build has no SQL engine: cargo install --path crates/cli --features sql (some minutes, and Rust 1.94)";

impl Lake {
    /// What the run is of, for the folder of its output; none where no engine was asked.
    pub fn name(&self) -> Option<&Path> {
        let first = self.from.first().map(String::as_str).or_else(|| self.sql.as_ref().map(|_| "query"))?;
        // Of a pattern the folder before it.
        let plain =
            first.find(['*', '?', '[']).map_or(first, |at| first[..at].rfind('/').map_or("", |end| &first[..end]));
        Some(Path::new(if plain.is_empty() { "query" } else { plain }))
    }

    /// The different rows and their counts, as a table.
    #[cfg(not(feature = "sql"))]
    pub fn table(&self, _: &Reading, _: &[String]) -> Result<Table> {
        anyhow::bail!(NONE)
    }

    /// The different rows and their counts, as a table. What is excluded makes no rows different.
    #[cfg(feature = "sql")]
    pub fn table(&self, reading: &Reading, excluded: &[String]) -> Result<Table> {
        let (engine, query) = self.engine()?;
        let counts = Counts::of(&engine, &query, &engine.columns(&query, excluded)?, reading.count.as_deref())?;
        Ok(counts.table("the different rows of the query, in order", reading)?)
    }

    /// The engine with its files open, and the query.
    #[cfg(feature = "sql")]
    pub fn engine(&self) -> Result<(Engine, String)> {
        let engine = match &self.cluster {
            Some(url) => Engine::cluster(url, PARTITIONS)?,
            None => Engine::local()?,
        };
        if !self.from.is_empty() {
            engine.open(&self.from, self.sql.is_some())?;
        }
        let query = self.sql.as_ref().map(|query| query.trim().trim_end_matches(';').to_string());
        Ok((engine, query.unwrap_or_else(|| format!("SELECT * FROM {DATA}"))))
    }
}

/// In so many parts a cluster computes: more than it has cores costs little, fewer leave some idle.
#[cfg(feature = "sql")]
const PARTITIONS: usize = 32;

/// Counts the different rows of files or a query into a file that others can be added to.
#[cfg(feature = "sql")]
pub(crate) fn count(Count { lake, columns, count, to }: &Count) -> Result<()> {
    let (engine, query) = lake.engine()?;
    said(&Counts::of(&engine, &query, columns, count.as_deref())?, to)
}

/// Adds files of counts up.
#[cfg(feature = "sql")]
pub(crate) fn merge(Merge { files, count, to }: &Merge) -> Result<()> {
    said(&Counts::merged(&Engine::local()?, files, Some(count))?, to)
}

#[cfg(feature = "sql")]
fn said(counts: &Counts, to: &Path) -> Result<()> {
    counts.write(to)?;
    println!(
        "{} different rows, how often each was observed in the column {}, are in {}",
        counts.distinct(),
        counts.count(),
        to.display()
    );
    Ok(())
}

#[cfg(not(feature = "sql"))]
pub(crate) fn count(_: &Count) -> Result<()> {
    anyhow::bail!(NONE)
}

#[cfg(not(feature = "sql"))]
pub(crate) fn merge(_: &Merge) -> Result<()> {
    anyhow::bail!(NONE)
}
