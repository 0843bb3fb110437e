//! From a file or a stream to a table.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use candle_mle_info::number::typed;
use flate2::read::MultiGzDecoder;

use super::cells::{Cells, blank, has_decimal_comma, is_day, is_mark, marks_missing, number};
use super::dialect::Sheet;
use super::scan::Raw;
use super::{Doubt, Table, wrong};
use crate::error::{Error, Result, empty};

/// How a table is read, where its text leaves that open. By default cells are parted by what the lines seem to be parted
/// by, the first line has the names, and a missing cell in a column that is used is an error.
///
/// ```
/// use candle_mle::table::{Missing, Reading};
/// let csv = "ward;days;died\n1;2,5;no\n2;NA;no\n10;1;yes\n2;3,5;yes\n1;4;yes\n";
/// let reading = Reading { missing: Missing::Drop, categorical: vec!["ward".into()], ..Reading::default() };
/// let design = reading.reader(csv.as_bytes())?.design("died").build()?;
/// assert_eq!(design.names.columns, ["ward 2", "ward 10", "days"]);
/// assert_eq!(design.notes[0], "1 of 5 rows left out: a cell is missing in days (1)");
/// # Ok::<(), candle_mle::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The column that says how often each row was observed; once, without one.
    pub count: Option<String>,
    /// What parts the cells of a line.
    pub separator: Option<char>,
    /// Whether the first line is a row already: the columns are then called `column 1`, `column 2`, …
    pub headless: bool,
    /// What becomes of missing cells.
    pub missing: Missing,
    /// What else marks a missing cell, as it is written there or another way to write the same number.
    pub marks: Vec<String>,
    /// The columns whose numbers are codes: they hold categories.
    pub categorical: Vec<String>,
}

/// What becomes of missing cells in the columns that are used: empty ones, and the marks NA, N/A, NaN, null, None, ?, -
/// and their like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// They are an error that names the first.
    #[default]
    Error,
    /// Their rows are left out.
    Drop,
    /// In a column of categories they are one more level, `missing`; in one of numbers they are an error.
    Level,
}

impl Reading {
    /// Reads a CSV file, also one that gzip packed.
    ///
    /// # Errors
    /// A file that cannot be read or has no rows; text that is neither UTF-8 nor UTF-16; a quote that is not closed; rows of
    /// unequal length; names that are missing or stand there twice; a count column or one of categories that is missing;
    /// counts that are negative or all zero. Each names its line.
    pub fn file(&self, path: impl AsRef<Path>) -> Result<Table> {
        let path = path.as_ref();
        let refuse = |problem| Error::File { action: "read", path: path.to_path_buf(), problem };
        let text = File::open(path).and_then(|mut file| {
            // Of a pipe there is no length to know.
            let length = || Ok(path.metadata()?).map(|of| of.is_file().then_some(of.len()));
            as_it_was(&mut file, length)
        });
        self.text(path.display().to_string(), text.map_err(refuse)?)
    }

    /// The same from bytes: standard input, a download, a browser's file.
    ///
    /// # Errors
    /// As [`file`](Self::file).
    pub fn reader(&self, mut reader: impl Read) -> Result<Table> {
        let (mut text, name) = (vec![], "the table");
        let failed = |problem| Error::File { action: "read", path: name.into(), problem };
        reader.read_to_end(&mut text).map_err(failed)?;
        self.text(name.into(), text)
    }

    /// The same from bytes that go by a name in messages.
    ///
    /// # Errors
    /// As [`file`](Self::file).
    pub fn text(&self, file: String, text: Vec<u8>) -> Result<Table> {
        let text = unpacked(text).map_err(|problem| Error::File {
            action: "unpack the gzip of",
            path: (&file).into(),
            problem,
        })?;
        let fault = |(line, problem)| Error::Csv { file: file.clone(), line, problem };
        let mut sheet = Sheet::read(text, self.separator, self.headless, &file).map_err(fault)?;
        if sheet.lines.is_empty() {
            return Err(empty(file, "row under the header"));
        }
        let has_commas =
            |column: &Raw| matches!(column, Raw::Texts(texts, _) if texts.iter().any(|t| has_decimal_comma(t)));
        let commas = sheet.columns.iter().any(has_commas);
        // What a cell is, is in doubt where numbers alone do not tell it: 1.234 beside 0,5, or 20230131.
        let said = |at: usize| self.categorical.contains(&sheet.names[at]);
        let in_doubt = |at: &usize| match &sheet.columns[*at] {
            Raw::Numbers(numbers, _) => {
                said(*at)
                    || commas
                    || self.marks(numbers)
                    || numbers.iter().all(|n| n.is_nan() || is_day(*n))
                    || may_be_codes(numbers)
            }
            Raw::Texts(..) => false,
        };
        let in_doubt: Vec<usize> = (0..sheet.columns.len()).filter(in_doubt).collect();
        sheet.spell(&in_doubt);
        let Sheet { names, columns: cells, lines, notes, .. } = sheet;
        let (mut columns, mut doubts) = (vec![], vec![]);
        for (name, raw) in names.into_iter().zip(cells) {
            let categorical = self.categorical.contains(&name);
            let Cells { column, missing, refused, note } = Cells::read(&name, raw, &self.marks, commas, categorical);
            let refused = refused.map(|refused| refused.among(&lines));
            doubts.push(Doubt { missing, refused, note, levels: categorical });
            columns.push((name, column));
        }
        let (count, missing) = (vec![1.0; lines.len()], self.missing);
        let table = Table { file, columns, doubts, count, counted: None, lines, missing, notes };
        for name in &self.categorical {
            table.place(name)?;
        }
        match &self.count {
            Some(name) => table.with_count_column(name),
            None => Ok(table),
        }
    }
}

/// All that a file holds, or an error if it is not what it was when the reading began: half a table is no table.
fn as_it_was(file: &mut impl Read, length: impl Fn() -> io::Result<Option<u64>>) -> io::Result<Vec<u8>> {
    let (before, mut text) = (length()?, vec![]);
    text.reserve_exact(before.unwrap_or(0) as usize);
    file.read_to_end(&mut text)?;
    // A file of the kernel's says that it has none.
    let known = [before, length()?].into_iter().flatten().filter(|length| *length > 0);
    match known.into_iter().find(|length| *length != text.len() as u64) {
        Some(length) => Err(io::Error::other(format!(
            "it changed while it was read: {} bytes came, and it had {length}; try again once nothing writes to it",
            text.len()
        ))),
        None => Ok(text),
    }
}

/// What gzip packed, known by its first two bytes, as it was before; anything else as it is.
fn unpacked(text: Vec<u8>) -> io::Result<Vec<u8>> {
    if !text.starts_with(&[0x1f, 0x8b]) {
        return Ok(text);
    }
    let mut plain = vec![];
    MultiGzDecoder::new(text.as_slice()).read_to_end(&mut plain)?;
    Ok(plain)
}

impl Reading {
    /// Whether a cell says that there is none: nothing, NA and its like, or one of the marks.
    pub fn is_missing(&self, cell: &str) -> bool {
        let cell = cell.trim_matches(blank);
        marks_missing(cell) || is_mark(cell, &self.marks)
    }

    /// Whether some numbers are among the marks of missing cells.
    fn marks(&self, numbers: &[f64]) -> bool {
        let marks: Vec<f64> = self.marks.iter().filter_map(|mark| number(mark)).collect();
        !marks.is_empty() && numbers.iter().any(|number| marks.contains(number))
    }
}

/// Whether numbers may be codes with zeros in front: whole ones of different length, few enough to be read again.
fn may_be_codes(numbers: &[f64]) -> bool {
    let known = || numbers.iter().copied().filter(|number| !number.is_nan());
    let (low, high) = (known().fold(f64::INFINITY, f64::min), known().fold(0.0, f64::max));
    let lengths = |number: f64| number.max(1.0).log10().floor();
    numbers.len() <= 100_000
        && known().all(|number| number >= 0.0 && number.fract() == 0.0)
        // 01 and 1 are one number, and may be two classes.
        && (lengths(low) < lengths(high) || low == high)
}

impl Table {
    /// Takes a column out of the table and makes it the counts.
    fn with_count_column(self, name: &str) -> Result<Self> {
        let mut table = self;
        let missing = table.doubts[table.place(name)?].missing.clone();
        if table.missing == Missing::Drop && !missing.is_empty() {
            let is_missing = |row: &usize| missing.binary_search_by_key(row, |(row, _)| *row).is_ok();
            let kept: Vec<usize> = (0..table.rows()).filter(|row| !is_missing(row)).collect();
            table.notes.push(format!("{} of {} rows left out: no count in {name}", missing.len(), table.rows()));
            table = table.rows_at(&kept)?;
        }
        let count = table.numbers(name)?.to_vec();
        if let Some(row) = count.iter().position(|c| *c < 0.0) {
            return Err(Error::Cell {
                file: table.file,
                line: table.lines[row],
                column: name.into(),
                text: typed(count[row]),
                problem: "a count is a number ≥ 0".into(),
            });
        }
        if count.iter().all(|c| *c == 0.0) {
            return Err(wrong(name, format!("all {} counts are zero: nothing was observed", count.len())));
        }
        let at = table.place(name)?;
        table.columns.remove(at);
        table.doubts.remove(at);
        Ok(Self { count, counted: Some(name.into()), ..table })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::as_it_was;

    #[test]
    fn a_file_that_shrinks_or_grows_while_it_is_read_is_refused() {
        let text = b"x,y\n1,2\n".as_slice();
        let reads = |lengths: [Option<u64>; 2]| {
            let looks = Cell::new(0);
            as_it_was(&mut &*text, || {
                looks.set(looks.get() + 1);
                Ok(lengths[looks.get() - 1])
            })
        };
        let whole = text.len() as u64;
        for lengths in [[Some(whole), Some(whole)], [None, None], [Some(0), Some(0)]] {
            assert!(reads(lengths).is_ok_and(|read| read == text));
        }
        for lengths in [[Some(whole + 9), Some(whole)], [Some(whole), Some(whole + 9)], [Some(whole + 9); 2]] {
            let refused = reads(lengths).map_err(|problem| problem.to_string());
            assert!(refused.is_err_and(|problem| problem.contains("changed while it was read: 8 bytes")));
        }
    }
}
