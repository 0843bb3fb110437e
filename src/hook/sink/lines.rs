//! A row, a line: CSV and JSON.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use candle_mle_info::Unit;
use candle_mle_info::number::json;

use super::super::history::More;
use super::Sink;
use crate::error::{Error, Result};
use crate::hook::{History, Row};

/// A file that grows by whole lines: another program that reads it never finds half of one.
#[derive(Debug)]
struct Lines {
    path: PathBuf,
    file: Option<File>,
}

impl Lines {
    fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), file: None }
    }

    fn refuse(&self) -> impl Fn(std::io::Error) -> Error + use<> {
        let path = self.path.clone();
        move |problem| Error::File { action: "write", path: path.clone(), problem }
    }

    /// Empty, with its folder.
    fn begin(&mut self) -> Result<()> {
        let folder = self.path.parent().filter(|folder| *folder != Path::new(""));
        folder.map_or(Ok(()), std::fs::create_dir_all).map_err(self.refuse())?;
        self.file = Some(File::create(&self.path).map_err(self.refuse())?);
        Ok(())
    }

    fn add(&mut self, text: &str) -> Result<()> {
        let refuse = self.refuse();
        self.file.as_mut().map_or(Ok(()), |file| file.write_all(text.as_bytes())).map_err(refuse)
    }
}

/// Comma-separated, as [`History::to_csv`] writes it, a line a row. What the first row has no value of has no column.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::hook::sink::{CsvLines, JsonLines};
/// use candle_mle::model::Bernoulli;
/// use candle_mle::{Empirical, LossLog, Unit, walk};
/// # let folder = tempfile::tempdir()?;
/// # let (csv, json) = (folder.path().join("log.csv"), folder.path().join("log.jsonl"));
/// let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu)?, &[60.0, 40.0])?;
/// let mut log = LossLog::new().to(CsvLines::new(&csv, Unit::Bits)).to(JsonLines::new(&json, Unit::Bits));
/// walk([Bernoulli::from_prob(0.5, &Device::Cpu)], &p, &mut log)?;
/// assert_eq!(std::fs::read_to_string(&csv)?, log.history()?.to_csv(Unit::Bits));
/// assert!(std::fs::read_to_string(&json)?.starts_with(r#"{"step":0,"kl_bits":0.029049405545331"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct CsvLines {
    lines: Lines,
    unit: Unit,
    more: Option<Vec<&'static More>>,
}

impl CsvLines {
    /// To a file, which is made when a run begins.
    pub fn new(path: impl Into<PathBuf>, unit: Unit) -> Self {
        Self { lines: Lines::new(path), unit, more: None }
    }
}

impl Sink for CsvLines {
    fn begin(&mut self, history: &History) -> Result<()> {
        self.lines.begin()?;
        self.more = None;
        history.rows().iter().try_for_each(|row| self.row(row))
    }

    fn row(&mut self, row: &Row) -> Result<()> {
        let mut text = String::new();
        let (unit, more) = (
            self.unit,
            self.more.get_or_insert_with(|| {
                let more: Vec<&'static More> = More::of(std::slice::from_ref(row)).collect();
                text = History::header(self.unit, &more);
                more
            }),
        );
        row.line(unit, more, &mut text);
        self.lines.add(&text)
    }
}

/// JSON Lines, an object a row: `step`, and in this unit `kl`, `cross_entropy`, `nll` and what else the row has, such as
/// `kl_bits`. ±∞ and NaN, for which JSON has no numbers, are the texts "Infinity", "-Infinity" and "NaN".
#[derive(Debug)]
pub struct JsonLines {
    lines: Lines,
    unit: Unit,
}

impl JsonLines {
    /// To a file, which is made when a run begins.
    pub fn new(path: impl Into<PathBuf>, unit: Unit) -> Self {
        Self { lines: Lines::new(path), unit }
    }
}

impl Sink for JsonLines {
    fn begin(&mut self, history: &History) -> Result<()> {
        self.lines.begin()?;
        history.rows().iter().try_for_each(|row| self.row(row))
    }

    fn row(&mut self, row: &Row) -> Result<()> {
        let mut text = format!("{{\"step\":{}", row.step);
        for (name, value) in row.named() {
            // Writing to a string cannot fail.
            let _ = write!(text, ",\"{name}_{}\":{}", self.unit, json(value / self.unit.nats()));
        }
        text.push_str("}\n");
        self.lines.add(&text)
    }
}
