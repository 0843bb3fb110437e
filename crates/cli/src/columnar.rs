//! Tables in Parquet: read as the same table in CSV would be, whose columns of text hold categories.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::Result;
use candle_mle::Table;
use candle_mle::table::Reading;

/// With which bytes such a file begins, and ends.
const MAGIC: &[u8; 4] = b"PAR1";

/// Whether the file is one; what cannot be read is none.
pub(crate) fn is(path: &Path) -> bool {
    let mut first = [0; MAGIC.len()];
    File::open(path).and_then(|mut file| file.read_exact(&mut first)).is_ok() && first == *MAGIC
}

#[cfg(not(feature = "parquet"))]
pub(crate) fn read(path: &Path, _: Reading) -> Result<Table> {
    anyhow::bail!(
        "{} is a Parquet file, and this candle-mle was built without them: build it with `cargo install --path crates/cli --features \
         parquet`, or write the table as CSV",
        path.display()
    )
}

#[cfg(feature = "parquet")]
pub(crate) fn read(path: &Path, mut reading: Reading) -> Result<Table> {
    use anyhow::{Context, bail};
    use candle_mle::info::number::typed;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    let what = || format!("cannot read {} as Parquet", path.display());
    let file = SerializedFileReader::new(File::open(path).with_context(what)?).with_context(what)?;
    let columns: Vec<String> =
        file.metadata().file_metadata().schema().get_fields().iter().map(|of| of.name().to_string()).collect();
    let mut csv = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::NonNumeric).from_writer(vec![]);
    csv.write_record(&columns)?;
    let mut of_text = vec![false; columns.len()];
    for (at, row) in file.get_row_iter(None).with_context(what)?.enumerate() {
        let row = row.with_context(what)?;
        let mut cells = Vec::with_capacity(columns.len());
        for (column, (name, field)) in row.get_column_iter().enumerate() {
            cells.push(match field {
                Field::Null => String::new(),
                Field::Str(text) => {
                    of_text[column] = true;
                    text.clone()
                }
                Field::Float(number) => typed(f64::from(*number)),
                Field::Double(number) => typed(*number),
                Field::Group(_) | Field::ListInternal(_) | Field::MapInternal(_) | Field::Bytes(_) => bail!(
                    "{}: row {}, column {name} holds no number, text or date but something nested; leave the column out of the file",
                    path.display(),
                    at + 1
                ),
                plain => plain.to_string(),
            });
        }
        csv.write_record(&cells)?;
    }
    let texts = columns.into_iter().zip(of_text).filter(|(_, of_text)| *of_text).map(|(name, _)| name);
    reading.categorical.extend(texts.filter(|name| reading.count.as_ref() != Some(name)));
    (reading.separator, reading.headless) = (Some(','), false);
    Ok(reading.reader(csv.into_inner()?.as_slice())?)
}
