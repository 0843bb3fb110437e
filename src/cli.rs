//! What the examples share: their flags, the course of a run, what is printed, the pictures.

mod learn;
mod pictures;

use std::path::{Path, PathBuf};

use clap::{CommandFactory, FromArgMatches, Parser};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

pub use learn::Learned;
pub use pictures::{Slice, View};

use crate::error::{Error, Result};
use crate::info::{Information, Unit};
use crate::objective::Objective;
use crate::table::{Cloud, Design, Outcomes, Table};
use crate::tree::Stop;

/// A run of an example: its name and what was typed. `D` is what an example asks for beside unit and folder: `()` for
/// nothing, [`Classes`] or [`Points`] where something is learnt.
pub struct Run<D: Data> {
    name: &'static str,
    flags: Flags<D>,
}

#[derive(Parser)]
struct Flags<D: clap::Args> {
    #[command(flatten)]
    data: D,
    #[command(flatten)]
    output: Output,
}

/// Flags that say what an example works on.
pub trait Data: clap::Args {
    /// The person's own table, or text.
    fn csv(&self) -> Option<&Path>;
}

/// Flags of an example in which something is learnt.
pub trait Learns: Data {
    /// The flags of the fit.
    fn learning(&self) -> &Learning;
}

impl Data for () {
    fn csv(&self) -> Option<&Path> {
        None
    }
}

/// Flags of the examples that predict a class.
#[derive(clap::Args)]
pub struct Classes {
    #[command(flatten)]
    learning: Learning,
    #[command(flatten)]
    target: Target,
    /// Another base level than the first one seen; may be given for several columns
    #[arg(long, value_name = "COLUMN=LEVEL", value_parser = base, requires = "csv", help_heading = "Your own table")]
    base: Vec<(String, String)>,
}

impl Data for Classes {
    fn csv(&self) -> Option<&Path> {
        self.learning.table.csv.as_deref()
    }
}

impl Learns for Classes {
    fn learning(&self) -> &Learning {
        &self.learning
    }
}

/// Flags of the examples that ask questions about columns.
#[derive(clap::Args)]
pub struct Questions {
    #[command(flatten)]
    table: OwnTable,
    #[command(flatten)]
    target: Target,
    /// How many questions one after another, 1 to 255 [default: for a sample, as many as gain; for a table 3]
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..), help_heading = "Tree")]
    depth: Option<u8>,
    /// What a question must gain, by the share of rows that come to it, in --unit
    #[arg(long, default_value_t = 0.0, value_parser = amount, help_heading = "Tree")]
    least_gain: f64,
}

impl Data for Questions {
    fn csv(&self) -> Option<&Path> {
        self.table.csv.as_deref()
    }
}

/// Flags of the examples that fit a density.
#[derive(clap::Args)]
pub struct Points {
    #[command(flatten)]
    learning: Learning,
    /// The step in which each column was recorded, in its unit. With one, KL and entropy can be compared with the
    /// density; without, KL is infinite [default: the sample's own, none for a table]
    #[arg(long, value_name = "Δ,…", value_delimiter = ',', allow_negative_numbers = true, help_heading = "Data")]
    resolution: Vec<f64>,
}

impl Data for Points {
    fn csv(&self) -> Option<&Path> {
        self.learning.table.csv.as_deref()
    }
}

impl Learns for Points {
    fn learning(&self) -> &Learning {
        &self.learning
    }
}

/// Flags of an example that reads a text.
#[derive(clap::Args)]
pub struct Text {
    /// A text of your own, in UTF-8; read in lower case, with single spaces
    #[arg(long, value_name = "FILE", help_heading = "Your own text")]
    text: Option<PathBuf>,
}

impl Data for Text {
    fn csv(&self) -> Option<&Path> {
        self.text.as_deref()
    }
}

/// Flags of every fit: what it is given, and how it descends.
#[derive(clap::Args)]
pub struct Learning {
    /// How many observations to draw from the known truth
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true, conflicts_with = "csv", help_heading = "Data")]
    n: Option<u32>,
    /// Seed of the draw; the same seed gives the same files to the last byte
    #[arg(long, default_value_t = 1, allow_negative_numbers = true, help_heading = "Data")]
    seed: u64,
    #[command(flatten)]
    table: OwnTable,
    /// How many updates [default: 1000 for a sample; a table is fitted until no component of the gradient exceeds 1e-9]
    #[arg(long, allow_negative_numbers = true, help_heading = "Descent")]
    steps: Option<usize>,
    /// Step size of gradient descent, in standard coordinates and per observation [default: one that is safe for the
    /// family; a table is fitted by L-BFGS, which needs none]
    #[arg(long, value_parser = positive, allow_negative_numbers = true, help_heading = "Descent")]
    lr: Option<f64>,
    /// What is minimised; all three have the same minimum
    #[arg(long, value_enum, default_value_t, help_heading = "Descent")]
    objective: Objective,
}

/// Flags of a person's own table.
#[derive(clap::Args)]
struct OwnTable {
    /// A CSV file with a header
    #[arg(long, value_name = "FILE", help_heading = "Your own table")]
    csv: Option<PathBuf>,
    /// The column that says how often each row was observed
    #[arg(long, value_name = "COLUMN", requires = "csv", help_heading = "Your own table")]
    count: Option<String>,
    /// The columns to use [default: all]; one with a comma in its name in quotes. Text becomes categories, for a fit
    /// against the first level seen; numbers stay numbers, for a descent standardised and reported in their own units
    #[arg(long, value_name = "COLUMN,…", value_parser = names, requires = "csv", help_heading = "Your own table")]
    columns: Option<Names>,
}

impl OwnTable {
    /// The columns that were asked for; none stands for all.
    fn columns(&self) -> &[String] {
        self.columns.as_ref().map_or(&[], |names| &names.0)
    }

    fn read(&self) -> Result<Option<Table>> {
        self.csv.as_ref().map(|csv| Table::read(csv, self.count.as_deref())).transpose()
    }
}

#[derive(clap::Args)]
struct Target {
    /// The column to predict. Text makes classes, the first one seen the base class; numbers make classes in rising order
    #[arg(long, value_name = "COLUMN", requires = "csv", help_heading = "Your own table")]
    target: Option<String>,
}

impl Target {
    fn of(&self, table: &Table) -> Result<&str> {
        self.target.as_deref().ok_or_else(|| {
            let columns: Vec<_> = table.columns().iter().map(|(name, _)| name.as_str()).collect();
            Error::Other(format!("say which column to predict: --target with one of {}", columns.join(", ")).into())
        })
    }
}

#[derive(clap::Args)]
struct Output {
    /// Unit of everything printed, drawn and written
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    unit: Unit,
    /// Where pictures and numbers go [default: plots/<example>, or plots/<example>/<table>]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    out: Option<PathBuf>,
}

/// Names of columns, as they stand in a line of a table.
#[derive(Clone)]
struct Names(Vec<String>);

fn names(text: &str) -> std::result::Result<Names, String> {
    let mut line = csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_reader(text.as_bytes());
    let record = line.records().next().ok_or("no column is named")?.map_err(|e| e.to_string())?;
    Ok(Names(record.iter().map(String::from).collect()))
}

fn base(text: &str) -> std::result::Result<(String, String), String> {
    let (column, level) = text.split_once('=').ok_or("write it as column=level")?;
    Ok((column.into(), level.into()))
}

fn positive(text: &str) -> std::result::Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number")?;
    if number.is_finite() && number > 0.0 { Ok(number) } else { Err("a step size is a finite number > 0".into()) }
}

fn amount(text: &str) -> std::result::Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number")?;
    if number >= 0.0 { Ok(number) } else { Err("a gain is a number ≥ 0".into()) }
}

/// What stands below the flags.
const AFTER_HELP: &str = "\
Pictures are PNG files whose titles state what they show. Where one model is fitted (coin, logistic, softmax, gaussian) a run
also leaves log.csv, every step of the descent, and parameters.safetensors. What is found to have no finite maximum is a
finding, not a failure.

Exit codes: 0 when the run went through, 1 when the data cannot be used or a file cannot be written, 2 for flags that make
no sense. Set CANDLE_MLE_DEVICE to cpu, cuda, cuda:1 or metal to choose where tensors live.";

impl<D: Data> Run<D> {
    /// Reads the flags of example `name`; `about` opens its manual page. Flags that make no sense end the program.
    pub fn from_args(name: &'static str, about: &'static str) -> Self {
        // `| head` ends a run in silence, as it does every program.
        sigpipe::reset();
        let matches = Flags::<D>::command().name(name).about(about).after_help(AFTER_HELP).get_matches();
        // get_matches has checked the very definition that is read here.
        let flags = Flags::from_arg_matches(&matches).unwrap_or_else(|e| e.exit());
        Self { name, flags }
    }

    /// The unit of all that is shown.
    pub fn unit(&self) -> Unit {
        self.flags.output.unit
    }

    /// An amount in the unit of this run.
    pub fn show(&self, amount: Information) -> String {
        format!("{:.4} {}", amount.to(self.unit()), self.unit())
    }

    /// The file `name` in the folder of this run's output.
    pub fn out(&self, name: &str) -> PathBuf {
        let table = self.flags.data.csv().and_then(Path::file_stem);
        let folder = || Path::new("plots").join(self.name).join(table.unwrap_or_default());
        self.flags.output.out.clone().unwrap_or_else(folder).join(name)
    }
}

impl<D: Learns> Run<D> {
    fn learning(&self) -> &Learning {
        self.flags.data.learning()
    }

    /// The generator that the seed stands for.
    pub fn generator(&self) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(self.learning().seed)
    }

    /// How many observations to draw, if that was said.
    pub fn n(&self) -> Option<usize> {
        self.learning().n.map(|n| n as usize)
    }

    fn columns(&self) -> &[String] {
        self.learning().table.columns()
    }

    fn table(&self) -> Result<Option<Table>> {
        self.learning().table.read()
    }
}

impl Run<Classes> {
    /// The design of the person's own table, if there is one.
    pub fn design(&self) -> Result<Option<Design>> {
        let Some(table) = self.table()? else { return Ok(None) };
        table.design(self.flags.data.target.of(&table)?, self.columns(), &self.flags.data.base).map(Some)
    }

    /// The outcomes in the target column of the person's own table, if there is one.
    pub fn outcomes(&self) -> Result<Option<Outcomes>> {
        let Some(table) = self.table()? else { return Ok(None) };
        let target = self.flags.data.target.of(&table)?;
        let base = self.flags.data.base.iter().find(|(column, _)| column == target).map(|(_, level)| level.as_str());
        table.outcomes(target, base).map(Some)
    }
}

impl Run<Questions> {
    /// The person's own table and its target, or else this one.
    pub fn table_or(&self, table: Table, target: &str) -> Result<(Table, String)> {
        let Some(own) = self.flags.data.table.read()? else { return Ok((table, target.into())) };
        let target = self.flags.data.target.of(&own)?.to_string();
        Ok((own, target))
    }

    /// The columns to ask about; none stands for all.
    pub fn columns(&self) -> &[String] {
        self.flags.data.table.columns()
    }

    /// When the tree asks no further.
    pub fn stop(&self) -> Stop {
        let Questions { table, depth, least_gain, .. } = &self.flags.data;
        let depth = depth.unwrap_or(if table.csv.is_some() { 3 } else { u8::MAX });
        Stop { depth, least_gain: Information::from_nats(least_gain * self.unit().nats()) }
    }
}

impl Run<Points> {
    /// The points of the person's own table, if there is one.
    pub fn points(&self) -> Result<Option<Cloud>> {
        self.table()?.map(|table| table.points(self.columns())).transpose()
    }

    /// The resolutions that were typed, or `default` for a sample; empty for none.
    pub fn resolution(&self, default: &[f64]) -> Vec<f64> {
        match (self.flags.data.resolution.as_slice(), self.flags.data.csv()) {
            ([], None) => default.to_vec(),
            (typed, _) => typed.to_vec(),
        }
    }
}

impl Run<Text> {
    /// The person's own text, or `default`, cut in two at the first space after four fifths: in lower case, with single
    /// spaces for all white space and without control characters.
    pub fn text(&self, default: &str) -> Result<[String; 2]> {
        let text = match &self.flags.data.text {
            None => default.into(),
            Some(path) => std::fs::read_to_string(path).map_err(|problem| Error::File {
                action: "read",
                path: path.clone(),
                problem,
            })?,
        };
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let text: String = words.chars().filter(|character| !character.is_control()).collect();
        let fifth = text.char_indices().nth(text.chars().count() * 4 / 5).map_or(0, |(at, _)| at);
        // Where words have no spaces between them, at four fifths.
        let (first, rest) = text.split_at(text[fifth..].find(' ').map_or(fifth, |space| fifth + space));
        Ok([first.into(), rest.trim_start().into()])
    }
}
