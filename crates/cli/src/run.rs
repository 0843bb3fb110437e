//! A run of an example or of the command: its name, what was typed, where it computes and where its files go.

use std::io::Write;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Result;
use candle_core::{DType, Device, Tensor};
use candle_mle::alphabet;
use candle_mle::device::device;
use candle_mle::info::{Information, Unit};
use candle_mle::tree::Stop;
use candle_mle::{Design, Objective, Table};
use candle_mle_plot::Figure;
use clap::{Arg, CommandFactory, FromArgMatches, Parser, value_parser};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::flags::{Classes, Coin, Data, Draws, Learns, Output, Points, Questions, STANDARD_INPUT, Text, Written};
use crate::said::{add, object, tell};

/// A run: its name and what was typed. `D` is what it asks for beside unit and folder: `()` for nothing, [`Draws`] where
/// something is drawn, [`Classes`] or [`Points`] where something is learnt.
pub struct Run<D: Data> {
    name: String,
    pub(crate) flags: Flags<D>,
    device: Device,
    began: SystemTime,
}

/// A file is dated by a clock that ticks this often.
const TICK: Duration = Duration::from_millis(20);

/// All flags of a run.
#[derive(Parser, Clone, Debug)]
pub(crate) struct Flags<D: clap::Args> {
    #[command(flatten)]
    pub data: D,
    #[command(flatten)]
    pub output: Output,
}

/// All flags of a run that draws nothing.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Plain<D: clap::Args> {
    #[command(flatten)]
    data: D,
    #[command(flatten)]
    written: Written,
}

impl<D: clap::Args> From<Plain<D>> for Flags<D> {
    fn from(Plain { data, written }: Plain<D>) -> Self {
        Self { data, output: Output { written, format: String::new(), size: None } }
    }
}

/// What stands below the flags.
const AFTER_HELP: &str = "\
Pictures are PNG files (or SVG, --format svg) whose titles state what they show, as the run prints it. Where one model is fitted \
(coin, logistic, softmax, gaussian) a run \
also leaves log.csv, every step of the descent, and parameters.safetensors. A likelihood without a finite maximum is \
reported, and is no failure.

Exit codes: 0 when the run went through, 1 when the data cannot be used or a file cannot be written, 2 for flags that make \
no sense. Set CANDLE_MLE_DEVICE to cpu, cuda, cuda:1 or metal to choose where the tensors of a fit live.";

impl<D: Data> Run<D> {
    /// Reads the flags of example `name`. The head of the example's source, `//!` lines, is its manual: the first paragraph
    /// above the flags, the lines to try below. Flags that make no sense end the program.
    ///
    /// # Errors
    /// A device that was asked for and is not there.
    pub fn from_args(name: &'static str, source: &str) -> Result<Self> {
        where_it_prints();
        let (about, hints) = manual(source);
        let command = Flags::<D>::command().name(name).version(env!("CARGO_PKG_VERSION"));
        let mut command = command.about(about).after_help(format!("{hints}\n\n{AFTER_HELP}"));
        let draws = command.get_arguments().any(|argument| argument.get_id() == "seed");
        if !draws {
            let seed = Arg::new("seed").long("seed").value_parser(value_parser!(u64)).help_heading("Data");
            command = command.arg(seed.help("Nothing is drawn here: taken, and changes nothing"));
        }
        // get_matches has checked the very definition that is read here.
        let matches = command.get_matches();
        let flags = Flags::from_arg_matches(&matches).unwrap_or_else(|e| e.exit());
        let run = Self::new(name, flags)?;
        if !draws && matches.contains_id("seed") {
            println!("nothing is drawn here: --seed changes nothing");
        }
        Ok(run)
    }

    /// A run of these flags, and what it says first: where it computes.
    pub(crate) fn new(name: &str, flags: Flags<D>) -> Result<Self> {
        if let Some(why) = flags.data.contradiction() {
            clap::Error::raw(clap::error::ErrorKind::ArgumentConflict, format!("{why}\n")).exit();
        }
        let run = Self { name: name.into(), flags, device: device()?, began: SystemTime::now() - TICK };
        tell("unit", run.unit().to_string());
        tell("device", place(&run.device));
        if let Some(numbers) = run.flags.data.numbers() {
            tell("dtype", numbers.on(&run.device).as_str());
        }
        match run.flags.data.numbers() {
            Some(numbers) => println!("fitted on the {} in {}", place(&run.device), numbers.on(&run.device).as_str()),
            None if run.device.is_cpu() => println!("computed on the CPU in f64"),
            None => println!("computed on the CPU in f64: nothing here needs the {}", place(&run.device)),
        }
        Ok(run)
    }

    /// The unit of all that is shown.
    pub fn unit(&self) -> Unit {
        self.flags.output.written.unit
    }

    /// An amount in the unit of this run.
    pub fn show(&self, amount: Information) -> String {
        format!("{} {}", candle_mle::info::number::seen(amount.to(self.unit()), 4), self.unit())
    }

    /// The seed of what is drawn; where nothing is, 1.
    pub fn seed(&self) -> u64 {
        self.flags.data.seed().unwrap_or(1)
    }

    /// The generator that the seed stands for.
    pub fn generator(&self) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(self.seed())
    }

    /// The file `name` in the folder of this run's output.
    pub fn out(&self, name: &str) -> PathBuf {
        let of = self.flags.data.file().map_or_else(PathBuf::new, folder_of);
        let folder = || Path::new("plots").join(&self.name).join(of);
        self.flags.output.written.out.clone().unwrap_or_else(folder).join(name)
    }

    /// Files in the folder of this run's output that bear the names of ours and are older than this run: of an earlier one, which it
    /// leaves as they are.
    pub(crate) fn of_earlier_runs(&self, names: &[&str]) -> Vec<String> {
        let older = |name: &&String| {
            let changed = std::fs::metadata(self.out(name)).ok().filter(std::fs::Metadata::is_file)?.modified().ok()?;
            (changed < self.began).then_some(())
        };
        names.iter().map(ToString::to_string).filter(|name| older(&name).is_some()).collect()
    }

    /// Where the picture `name` goes, in the format that was asked for.
    fn picture(&self, name: &str) -> PathBuf {
        self.out(name).with_extension(&self.flags.output.format)
    }

    /// Draws a figure to the file `name` in the folder of this run's output; says what it shows, and which characters it could
    /// not draw.
    pub fn draw(&self, name: &str, figure: Figure) -> Result<()> {
        if !self.draws() {
            return Ok(());
        }
        let (path, Output { format, size, .. }) = (self.picture(name), &self.flags.output);
        let figure = size.iter().fold(figure, |figure, (width, height)| figure.size(*width, *height));
        let missing = if format == "png" { figure.without_glyph() } else { vec![] };
        if let Some((_, text)) = missing.first() {
            let text = text.replace(char::is_control, " ");
            let named: Vec<String> = missing.iter().map(|(c, _)| format!("{c} (U+{:04X})", u32::from(*c))).collect();
            println!(
                "{}: its font cannot set {}, as in \"{text}\": drawn by number; --format svg leaves them to the fonts of the viewer",
                path.display(),
                named.join(", ")
            );
        }
        figure.save(&path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        println!("{name}: {}", figure.finding());
        let finding = figure.finding().to_string();
        add("pictures", object([("file", path.display().to_string().into()), ("finding", finding.into())]));
        Ok(())
    }

    /// Says where a picture of this run is.
    pub fn say_picture(&self, name: &str) {
        if self.draws() {
            println!("\nthe picture is {}", self.picture(name).display());
        }
    }

    /// Whether pictures are drawn.
    pub(crate) fn draws(&self) -> bool {
        self.flags.data.pictures()
    }

    /// The ending of the pictures.
    pub(crate) fn format(&self) -> &str {
        &self.flags.output.format
    }
}

impl Run<Draws> {
    /// How many to draw: what was asked for, or else so many.
    pub fn n_or(&self, default: usize) -> usize {
        self.flags.data.n_or(default)
    }
}

impl<D: Learns> Run<D> {
    /// How many observations to draw, if that was said.
    pub fn n(&self) -> Option<usize> {
        self.flags.data.n()
    }

    /// What is minimised.
    pub(crate) fn objective(&self) -> Objective {
        self.flags.data.descent().objective()
    }

    /// The parameters of the truth that a sample is drawn from: those that were typed, or these. `names` say what each is.
    pub fn truth<const N: usize>(&self, names: [&str; N], own: [f64; N]) -> [f64; N] {
        let Some(typed) = self.flags.data.truth() else { return own };
        self.of_truth(typed, &names).try_into().unwrap_or(own)
    }

    /// The same numbers, or the end of the program where they are too few, too many or no numbers.
    pub(crate) fn of_truth(&self, typed: &[f64], names: &[&str]) -> Vec<f64> {
        let is_width = |at: usize| names[at].starts_with("standard deviation");
        let fits = |(at, number): (usize, &f64)| number.is_finite() && !(is_width(at) && *number <= 0.0);
        if typed.len() != names.len() || !typed.iter().enumerate().all(fits) {
            let (s, names) = (if names.len() == 1 { "" } else { "s" }, names.join(", "));
            let why = format!(
                "--truth takes {} finite number{s} here: {names}{}\n",
                names.split(", ").count(),
                if names.contains("standard deviation") { " > 0" } else { "" }
            );
            clap::Error::raw(clap::error::ErrorKind::ValueValidation, why).exit();
        }
        typed.to_vec()
    }

    /// How many observations to draw, if that was said, or so many where only the truth was.
    pub fn drawn_or(&self, n: usize) -> Option<usize> {
        self.n().or(self.flags.data.truth().map(|_| n))
    }

    /// Where the tensors of the fit live, and of which numbers they are.
    pub(crate) fn placement(&self) -> (&Device, DType) {
        (&self.device, self.flags.data.descent().numbers.on(&self.device))
    }

    /// Whether there is a table of the person's own.
    pub(crate) fn has_table(&self) -> bool {
        self.flags.data.file().is_some()
    }
}

impl Run<Classes> {
    /// The design of the person's own table, if there is one.
    pub fn design(&self) -> Result<Option<Design>> {
        let own = &self.flags.data.own;
        let Some(table) = self.flags.data.learning.table.read(own.target())? else { return Ok(None) };
        let design = own.ask(&table)?.build()?;
        say_notes(&design.notes);
        Ok(Some(design))
    }
}

impl Run<Coin> {
    /// The outcomes in the target column of the person's own table, if there is one.
    pub fn outcomes(&self) -> Result<Option<Design<Tensor>>> {
        let own = &self.flags.data.own;
        let Some(table) = self.flags.data.learning.table.read(own.target())? else { return Ok(None) };
        let outcomes = own.ask(&table)?.outcomes()?;
        say_notes(&outcomes.notes);
        outcomes.names.two_classes()?;
        Ok(Some(outcomes))
    }
}

impl Run<Questions> {
    /// The person's own table, of the columns that are used, and its target; or else this one.
    pub fn table_or(&self, table: Table, target: &str) -> Result<(Table, String)> {
        let flags = &self.flags.data;
        let Some(own) = flags.table.read(flags.target.name())? else { return Ok((table, target.into())) };
        let target = flags.target.of(&own)?.to_string();
        let own = own.predicting(&target, self.columns())?;
        say_notes(own.notes());
        Ok((own, target))
    }

    /// The columns to ask about; none stands for all.
    pub fn columns(&self) -> &[String] {
        self.flags.data.columns.names()
    }

    /// When the tree asks no further.
    pub fn stop(&self) -> Stop {
        let Questions { table, depth, least_gain, .. } = &self.flags.data;
        let depth = depth.unwrap_or(if table.file().is_some() { 3 } else { u8::MAX });
        Stop { depth, least_gain: Information::from_nats(least_gain * self.unit().nats()) }
    }
}

impl Run<Points> {
    /// The points of the person's own table, if there is one.
    pub fn points(&self) -> Result<Option<Design<Tensor>>> {
        let Some(table) = self.flags.data.learning.table.read(None)? else { return Ok(None) };
        let design = table.points(self.flags.data.own.columns.names())?;
        say_notes(&design.notes);
        Ok(Some(design))
    }

    /// The resolutions that were typed, or `default` for a sample; empty for none.
    pub fn resolution(&self, default: &[f64]) -> Vec<f64> {
        match (self.flags.data.own.resolution.as_slice(), self.has_table()) {
            ([], false) => default.to_vec(),
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
            Some(path) => alphabet::read(path)?,
        };
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let text: String = words.chars().filter(|character| !character.is_control()).collect();
        let fifth = text.char_indices().nth(text.chars().count() * 4 / 5).map_or(0, |(at, _)| at);
        // Where words have no spaces between them, at four fifths.
        let (first, rest) = text.split_at(text[fifth..].find(' ').map_or(fifth, |space| fifth + space));
        Ok([first.into(), rest.trim_start().into()])
    }
}

/// The folder of a table's pictures, another for every file: its path from here without `.csv`. The tables that come with
/// the examples go by their names alone, so that one of the same name here goes by its whole name.
fn folder_of(file: &Path) -> PathBuf {
    const OURS: &str = "examples/data";
    if file == Path::new(STANDARD_INPUT) {
        return "stdin".into();
    }
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_default();
    let file = file.canonicalize().unwrap_or_else(|_| file.into());
    let path = file.strip_prefix(&here).unwrap_or(&file);
    let names = path.components().filter(|part| matches!(part, Component::Normal(_)));
    let path: PathBuf = names.collect();
    let ours = path.starts_with(OURS) || !here.join(OURS).join(&path).exists();
    let path = path.strip_prefix(OURS).map_or(path.clone(), Path::to_path_buf);
    let ends = |path: &Path, of: &str| path.extension().is_some_and(|end| end.eq_ignore_ascii_case(of));
    match ends(&path, "gz") {
        _ if !ours => path,
        true if ends(&path.with_extension(""), "csv") => path.with_extension("").with_extension(""),
        false if ends(&path, "csv") || ends(&path, "parquet") => path.with_extension(""),
        _ => path,
    }
}

/// `| head` ends a run in silence, as it does every program; a full disk behind `>` ends it with a message, and no panic.
pub(crate) fn where_it_prints() {
    sigpipe::reset();
    let other = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| match panic.payload().downcast_ref::<String>() {
        // What `println!` says.
        Some(said) if said.starts_with("failed printing to stdout") => {
            // Where standard error is full too, nobody is left to tell.
            let _ = writeln!(std::io::stderr(), "Error: {said}");
            std::process::exit(1);
        }
        _ => other(panic),
    }));
}

/// Says how a table was read.
pub(crate) fn say_notes(notes: &[String]) {
    for note in notes {
        println!("{note}");
        add("notes", note.as_str());
    }
}

fn place(device: &Device) -> String {
    match device {
        Device::Cpu => "CPU".into(),
        Device::Cuda(_) => "CUDA GPU".into(),
        Device::Metal(_) => "Metal GPU".into(),
    }
}

/// The manual in the head of a source: its first paragraph, and the paragraphs after it.
fn manual(source: &str) -> (String, String) {
    let head = source.lines().map_while(|line| line.strip_prefix("//!"));
    let lines: Vec<&str> = head.map(str::trim).collect();
    // Wrapped anew, as wide as the terminal is.
    let mut paragraphs = lines.split(|line| line.is_empty()).map(|lines| lines.join(" "));
    let about = paragraphs.next().unwrap_or_default();
    (about, paragraphs.collect::<Vec<_>>().join("\n\n"))
}
