//! What the command `candle-mle` does, typed as a person types it.

mod comparisons;
mod documents;
mod engine_tables;
mod faults;
mod fits_as_a_page;
mod inputs;
mod measures;
mod nothing_is_lost;
mod predictions;
mod said_as_it_is;
mod stopped_fits_go_on;
mod streams;
mod teachers_flags;
mod terms_and_evaluation;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::Result;

/// The command with this line, in a folder.
fn command(folder: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_candle-mle"));
    command.args(line.split_whitespace()).current_dir(folder);
    command.env_remove("RUST_BACKTRACE").env_remove("CANDLE_MLE_DEVICE");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn done(folder: &Path, line: &str) -> Result<Output> {
    Ok(command(folder, line).output()?)
}

/// All that was said.
fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The files of a folder, and what they hold.
fn files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.iter().map(|entry| Ok((entry.file_name().display().to_string(), std::fs::read(entry.path())?))).collect()
}

/// An empty folder with `titanic.csv`.
fn with_titanic() -> Result<tempfile::TempDir> {
    let place = tempfile::tempdir()?;
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/titanic.csv");
    std::fs::copy(data, place.path().join("titanic.csv"))?;
    Ok(place)
}
