//! What can be typed, and what it means.

mod heeded;

use std::path::{Path, PathBuf};

use crate::columnar;
use anyhow::{Context, Result, anyhow, bail};
use candle_core::{DType, Device};
use candle_mle::Objective;
use candle_mle::device::float;
use candle_mle::fit::Schedule;
use candle_mle::info::Unit;
use candle_mle::info::number::typed;
use candle_mle::table::{Ask, Missing, Reading, Table};
use clap::builder::{PossibleValuesParser, TypedValueParser};

pub(crate) use heeded::Fits;

use crate::lake::Lake;
use crate::said::add;

/// Flags that say what a run works on.
pub trait Data: clap::Args {
    /// The person's own table, or text.
    fn file(&self) -> Option<&Path> {
        None
    }

    /// The seed of what is drawn; none where nothing is.
    fn seed(&self) -> Option<u64> {
        None
    }

    /// Where tensors live and of which numbers they are, if any are used.
    fn numbers(&self) -> Option<Numbers> {
        None
    }

    /// Whether pictures are drawn.
    fn pictures(&self) -> bool {
        true
    }

    /// What makes no sense among these flags, and its cure.
    fn contradiction(&self) -> Option<String> {
        None
    }
}

/// Nothing is drawn, and nothing of the person's is read.
impl Data for () {}

/// Flags of a run in which something is learnt.
pub trait Learns: Data {
    /// How it descends.
    fn descent(&self) -> &Descending;

    /// How many observations to draw, if that was said.
    fn n(&self) -> Option<usize> {
        None
    }

    /// How the intervals of coefficients are found.
    fn intervals(&self) -> Intervals {
        Intervals::default()
    }

    /// The parameters that the sample is drawn from, if they were typed.
    fn truth(&self) -> Option<&[f64]> {
        None
    }

    /// How its checkpoints are kept, if they are.
    fn keeping(&self) -> Option<&Keeping> {
        None
    }
}

/// Flags of the examples in which something is drawn.
#[derive(clap::Args, Clone, Debug)]
pub struct Draws {
    /// How many are drawn [default: the example's own number]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true, help_heading = "Data")]
    n: Option<u32>,
    #[command(flatten)]
    seed: Seed,
}

impl Draws {
    /// How many were asked for, or else so many.
    pub fn n_or(&self, default: usize) -> usize {
        self.n.map_or(default, |n| n as usize)
    }
}

impl Data for Draws {
    fn seed(&self) -> Option<u64> {
        Some(self.seed.seed)
    }
}

/// Flags of the examples in which the start of a descent is drawn, and nothing else.
#[derive(clap::Args, Clone, Debug)]
pub struct Seeded {
    #[command(flatten)]
    seed: Seed,
}

impl Data for Seeded {
    fn seed(&self) -> Option<u64> {
        Some(self.seed.seed)
    }
}

#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Seed {
    /// Seed of what is drawn; the same seed gives the same files to the last byte
    #[arg(long, default_value_t = 1, allow_negative_numbers = true, help_heading = "Data")]
    seed: u64,
}

/// Flags of the examples that learn: what every one takes, and what only some do.
#[derive(clap::Args, Clone, Debug)]
pub struct Learner<Q: clap::Args> {
    #[command(flatten)]
    pub(crate) learning: Learning,
    #[command(flatten)]
    pub(crate) own: Q,
}

/// Flags of the examples that predict a class.
pub type Classes = Learner<Features>;

/// Flags of the coin: the outcomes of one column, whatever stands in the others.
pub type Coin = Learner<Faces>;

/// Flags of the examples that fit a density.
pub type Points = Learner<Coordinates>;

impl<Q: clap::Args> Data for Learner<Q> {
    fn file(&self) -> Option<&Path> {
        self.learning.table.file()
    }

    fn seed(&self) -> Option<u64> {
        Some(self.learning.seed.seed)
    }

    fn numbers(&self) -> Option<Numbers> {
        Some(self.learning.descent.numbers)
    }

    fn contradiction(&self) -> Option<String> {
        self.learning.descent.contradiction()
    }
}

impl<Q: clap::Args> Learns for Learner<Q> {
    fn descent(&self) -> &Descending {
        &self.learning.descent
    }

    fn truth(&self) -> Option<&[f64]> {
        self.learning.truth.as_deref()
    }

    fn n(&self) -> Option<usize> {
        self.learning.n.map(|n| n as usize)
    }
}

/// What is predicted, from which columns.
#[derive(clap::Args, Clone, Debug)]
pub struct Features {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    columns: Columns,
    /// Base level, if not the first in order: numbers by size, words by their letters (repeatable)
    #[arg(long, value_name = "COLUMN=LEVEL", value_parser = assignment, requires = "source", help_heading = "Your own table")]
    base: Vec<Assignment>,
}

impl Features {
    /// The target, if it was named.
    pub(crate) fn target(&self) -> Option<&str> {
        self.target.name()
    }

    /// What is asked of the person's own table, if there is one.
    pub(crate) fn ask<'a>(&self, table: &'a Table) -> Result<Ask<'a>> {
        let ask = self.columns.of(table.design(self.target.of(table)?), table);
        Ok(with_bases(ask, &self.base, table))
    }
}

/// Gives columns of a table their base levels.
pub(crate) fn with_bases<'a>(ask: Ask<'a>, bases: &[Assignment], table: &Table) -> Ask<'a> {
    bases.iter().map(|base| base.of(table)).fold(ask, |ask, (column, level)| ask.base(column, level))
}

/// The column whose outcomes are counted.
#[derive(clap::Args, Clone, Debug)]
pub struct Faces {
    #[command(flatten)]
    target: Target,
    /// The class that counts as tails, if not the first in order: numbers by size, words by their letters
    #[arg(long, value_name = "COLUMN=LEVEL", value_parser = assignment, requires = "source", help_heading = "Your own table")]
    base: Option<Assignment>,
}

impl Faces {
    /// The target, if it was named.
    pub(crate) fn target(&self) -> Option<&str> {
        self.target.name()
    }

    pub(crate) fn ask<'a>(&self, table: &'a Table) -> Result<Ask<'a>> {
        let target = self.target.of(table)?;
        let ask = table.design(target);
        match self.base.as_ref().map(|base| base.of(table)) {
            Some((column, _)) if column != target => {
                bail!("--base {column}=…: of a coin only the target has a base level, --base {target}=LEVEL")
            }
            Some((column, level)) => Ok(ask.base(column, level)),
            None => Ok(ask),
        }
    }
}

/// Flags of the examples that ask questions about columns.
#[derive(clap::Args, Clone, Debug)]
pub struct Questions {
    #[command(flatten)]
    pub(crate) table: OwnTable,
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) columns: Columns,
    /// Depth of the tree, 1 to 255 [default: for a sample, as deep as questions gain; for a table 3]
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..), help_heading = "Tree")]
    pub(crate) depth: Option<u8>,
    /// Least gain of a split, weighted by its share of the rows, in --unit
    #[arg(long, default_value_t = 0.0, value_parser = amount, help_heading = "Tree")]
    pub(crate) least_gain: f64,
}

impl Data for Questions {
    fn file(&self) -> Option<&Path> {
        self.table.file()
    }
}

/// The columns of numbers that a density is of, and their resolution.
#[derive(clap::Args, Clone, Debug)]
pub struct Coordinates {
    #[command(flatten)]
    pub(crate) columns: Columns,
    /// The step in which each column was recorded, in its unit. With one, KL and entropy can be compared with the
    /// density; without, KL is infinite [default: the sample's own, none for a table]
    #[arg(long, value_name = "Δ,…", value_delimiter = ',', allow_negative_numbers = true, help_heading = "Data")]
    pub(crate) resolution: Vec<f64>,
}

/// Flags of an example that reads a text.
#[derive(clap::Args, Clone, Debug)]
pub struct Text {
    /// A text of your own, in UTF-8; read in lower case, with single spaces
    #[arg(long, value_name = "FILE", help_heading = "Your own text")]
    pub(crate) text: Option<PathBuf>,
    #[command(flatten)]
    seed: Seed,
}

impl Data for Text {
    fn file(&self) -> Option<&Path> {
        self.text.as_deref()
    }

    fn seed(&self) -> Option<u64> {
        Some(self.seed.seed)
    }
}

/// Flags of an example that fits: what it is given, and how it descends.
#[derive(clap::Args, Clone, Debug)]
pub struct Learning {
    /// How many observations to draw from the known truth
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true, conflicts_with = "source", help_heading = "Data")]
    pub(crate) n: Option<u32>,
    /// The parameters of the truth that the sample is drawn from: of the coin the probability of heads, of logistic slope and
    /// intercept, of softmax slope and intercept of each class but the first, of the Gaussian mean and standard deviation
    /// [default: the example's own]
    #[arg(
        long,
        value_name = "NUMBER,…",
        value_delimiter = ',',
        allow_hyphen_values = true,
        conflicts_with = "source",
        help_heading = "Data"
    )]
    pub(crate) truth: Option<Vec<f64>>,
    #[command(flatten)]
    seed: Seed,
    #[command(flatten)]
    pub(crate) table: OwnTable,
    #[command(flatten)]
    pub(crate) descent: Descending,
}

/// Flags of every fit: how it descends.
#[derive(clap::Args, Clone, Debug)]
pub struct Descending {
    /// How many updates [default: 1000 for a sample; a table is fitted until no component of the gradient exceeds 1e-9]
    #[arg(long, allow_negative_numbers = true, help_heading = "Descent")]
    pub(crate) steps: Option<usize>,
    /// What moves the parameters [default: sgd for a sample, and where --lr, --schedule or --batch is given; lbfgs for a table]
    #[arg(long, value_enum, help_heading = "Descent")]
    pub(crate) optimizer: Option<Optimizer>,
    /// Step size of sgd, momentum and adam, in standard coordinates and per observation [default: one that is safe for the
    /// family, of adam 0.05; lbfgs and newton need none]
    #[arg(long, value_parser = positive, allow_negative_numbers = true, help_heading = "Descent")]
    pub(crate) lr: Option<f64>,
    /// How the step size changes: constant, inverse:K (by 1/(1 + t/K)), halving:K (halved every K steps) or cosine (to 0 over all
    /// steps)
    #[arg(long, value_name = "HOW", help_heading = "Descent")]
    pub(crate) schedule: Option<Schedule>,
    /// Each step descends a minibatch of so many observations, drawn anew from p̂; what is logged is of the whole p̂, by a pass of its
    /// own [default: every step descends the whole p̂]
    #[arg(long, value_name = "SIZE", value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true, help_heading = "Descent")]
    pub(crate) batch: Option<u32>,
    /// What is minimised; kl, cross-entropy and nll have the same minimiser. firth is nll with the penalty −½ ln det I, of classifiers:
    /// finite where nll has no minimum
    #[arg(long, default_value = "cross-entropy", value_parser = named::<Objective>(&["kl", "cross-entropy", "nll", "firth"]), help_heading = "Descent")]
    objective: Objective,
    /// Descends nll + ½ λ Σ w² over the slopes w per standard deviation of their column (scikit-learn's C is 1/λ, on standardised
    /// columns), intercepts free; of linear regression w is in units of σ. Finite where nll has no minimum, and biased towards 0
    #[arg(long, value_name = "λ", value_parser = strength, allow_negative_numbers = true, conflicts_with = "objective", help_heading = "Descent")]
    ridge: Option<f64>,
    /// Goes on where a step size makes the loss climb above its start, and draws it, instead of stopping there
    #[arg(long, help_heading = "Descent")]
    pub(crate) let_it_diverge: bool,
    /// Streams every step while the fit runs: csv and json (an object a line) to running.csv and running.jsonl, which become log.csv
    /// and log.jsonl at its end; tensorboard to event files, for `tensorboard --logdir` with the folder of the output
    #[arg(long, value_enum, value_name = "SINK,…", value_delimiter = ',', help_heading = "Descent")]
    pub(crate) log: Vec<Stream>,
    #[command(flatten)]
    pub(crate) numbers: Numbers,
}

impl Descending {
    /// What is minimised.
    pub(crate) fn objective(&self) -> Objective {
        self.ridge.map_or(self.objective, |lambda| Objective::Ridge { lambda })
    }
}

/// How the ends of an interval are found.
#[derive(clap::ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Intervals {
    /// Estimate ± 1.96 standard errors
    #[default]
    Wald,
    /// Where the likelihood, with all others at their best, has fallen by χ²/2; of classifiers and of distributions of one column
    Profile,
}

/// Where the log goes while the fit runs.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Csv,
    Json,
    Tensorboard,
}

/// What moves the parameters.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Optimizer {
    /// Gradient descent, by minibatches with --batch
    Sgd,
    /// The same with the momentum 0.9
    Momentum,
    /// Adam
    Adam,
    /// L-BFGS, which looks for its step size
    Lbfgs,
    /// Newton's method, by the observed Fisher information
    Newton,
}

impl Descending {
    /// The flags that ask for another way than the usual one, and whether they were typed.
    fn ways(&self) -> [(&'static str, bool); 5] {
        [
            ("--optimizer", self.optimizer.is_some()),
            ("--lr", self.lr.is_some()),
            ("--schedule", self.schedule.is_some()),
            ("--batch", self.batch.is_some()),
            ("--steps", self.steps.is_some()),
        ]
    }

    /// What makes no sense among these flags, and its cure.
    fn contradiction(&self) -> Option<String> {
        let first =
            self.ways().into_iter().find(|(flag, given)| *given && ["--lr", "--schedule", "--batch"].contains(flag));
        match (self.optimizer, first) {
            (Some(Optimizer::Lbfgs | Optimizer::Newton), Some(("--batch", _))) => Some(
                "--optimizer lbfgs and newton take the curvature of one loss for that of the next, and every minibatch has another: leave \
                 --batch out, or take --optimizer sgd, momentum or adam"
                    .into(),
            ),
            (Some(Optimizer::Lbfgs | Optimizer::Newton), Some((flag, _))) => Some(format!(
                "--optimizer lbfgs and newton look for their step size themselves: leave {flag} out, or take --optimizer sgd, momentum \
                 or adam"
            )),
            _ if self.batch.is_some() && self.objective().is_penalized() => Some(
                "--objective firth and --ridge have a penalty of all observations, which no minibatch knows: leave --batch out, or take \
                 another --objective"
                    .into(),
            ),
            _ => None,
        }
    }
}

/// Flags of the command's `fit`.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Fit {
    /// The family [default: without a target a Gaussian; for two classes logistic regression, for more the softmax classifier]
    #[arg(long, value_enum)]
    pub family: Option<FamilyName>,
    #[command(flatten)]
    pub table: OwnTable,
    #[command(flatten)]
    pub target: Target,
    #[command(flatten)]
    pub columns: Columns,
    /// Base level, if not the first in order: numbers by size, words by their letters (repeatable)
    #[arg(long, value_name = "COLUMN=LEVEL", value_parser = assignment, requires = "target", help_heading = "Your own table")]
    pub base: Vec<Assignment>,
    /// The step in which each column was recorded, in its unit: with one, KL and entropy can be compared with a density
    #[arg(
        long,
        value_name = "Δ,…",
        value_delimiter = ',',
        allow_negative_numbers = true,
        conflicts_with = "target",
        help_heading = "Your own table"
    )]
    pub resolution: Vec<f64>,
    /// How many components a mixture has
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=100), allow_negative_numbers = true)]
    pub components: u32,
    /// From how many starts a mixture is fitted; the best is kept
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000), allow_negative_numbers = true)]
    pub restarts: u32,
    /// A column that is added to the linear predictor, with the coefficient 1; of classes to the logit of each but the base class
    #[arg(long, value_name = "COLUMN", requires = "target", help_heading = "Your own table")]
    pub offset: Option<String>,
    /// A column of positive numbers whose logarithm is added to the linear predictor of a Poisson regression: what a count was counted over
    #[arg(long, value_name = "COLUMN", requires = "target", help_heading = "Your own table")]
    pub exposure: Option<String>,
    /// A column of weights that are no counts (those are --count), such as precisions or how many of a population a row stands for: n stays
    /// the number of observations, and standard errors are the robust ones of a sandwich
    #[arg(long, value_name = "COLUMN", requires = "target", help_heading = "Your own table")]
    pub weights: Option<String>,
    /// How the 95 % intervals of coefficients, or of the parameters of a distribution of one column, are found
    #[arg(long, default_value = "wald", value_enum, help_heading = "Output")]
    pub intervals: Intervals,
    /// Holds this share of the observations out of the fit, by lot (--seed), and says what the fit is worth there
    #[arg(long, value_name = "SHARE", value_parser = share, requires = "target", help_heading = "Evaluation")]
    pub hold_out: Option<f64>,
    /// Fits anew without each of so many parts of the observations, by lot (--seed), and says what the fits are worth there
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(2..), requires = "target", conflicts_with = "hold_out", allow_negative_numbers = true, help_heading = "Evaluation")]
    pub folds: Option<u32>,
    /// Ends the descent once the held-out cross-entropy has not fallen for so many steps, and goes back to where it was least
    #[arg(
        long,
        value_name = "STEPS",
        requires = "hold_out",
        allow_negative_numbers = true,
        help_heading = "Evaluation"
    )]
    pub patience: Option<usize>,
    /// Instead of a table: a sample of --family with these parameters (coin: probability of heads; logistic: slope and intercept;
    /// softmax: slope and intercept of each class but the first; gaussian: mean and standard deviation; linear: slope,
    /// intercept and standard deviation; mixture: weight, mean and standard deviation of each component; a distribution: its parameters,
    /// in the order in which a fit prints them)
    #[arg(
        long,
        value_name = "NUMBER,…",
        value_delimiter = ',',
        allow_hyphen_values = true,
        conflicts_with = "source",
        requires = "family",
        help_heading = "A sample"
    )]
    pub truth: Option<Vec<f64>>,
    /// How many observations to draw from the truth [default: 1000]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true, requires = "truth", help_heading = "A sample")]
    pub n: Option<u32>,
    #[command(flatten)]
    pub seed: Seed,
    #[command(flatten)]
    pub descent: Descending,
    #[command(flatten)]
    pub keeping: Keeping,
    /// Draws nothing: what is printed, every step and the parameters are all that is left
    #[arg(long, help_heading = "Output")]
    pub no_pictures: bool,
    /// Writes fit.html too, to play with in a browser, without a network: this page, the repository's page.html, with the table inside
    #[arg(long, value_name = "PAGE", requires = "csv", help_heading = "Output")]
    pub html: Option<PathBuf>,
    /// Leaves report.html, too: summary, tables and pictures with what they mean, in one file
    #[arg(long, help_heading = "Output")]
    pub report: bool,
}

/// Flags of a fit that can be stopped and gone on with.
#[derive(clap::Args, Clone, Debug)]
pub struct Keeping {
    /// Saves a checkpoint every so many steps, with 0 only at the first and on Ctrl-C; `candle-mle resume` goes on from it [default: 100, and
    /// of Newton's method, whose steps are few and dear, every one]
    #[arg(long, value_name = "STEPS", allow_negative_numbers = true, help_heading = "Descent")]
    pub(crate) checkpoint: Option<usize>,
    /// Shows the curves in the terminal while the fit runs; q stops it with a checkpoint, s saves one, l changes the axis (where this
    /// was built with the feature live)
    #[arg(long, help_heading = "Descent")]
    pub(crate) live: bool,
    /// What was typed, and whether it was typed before.
    #[arg(skip)]
    pub(crate) arguments: Vec<String>,
    #[arg(skip)]
    pub(crate) resume: bool,
}

/// Flags of the command's `predict`.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Predict {
    /// The parameters.safetensors of a fit: a regression, logistic, softmax, linear or Poisson
    pub model: PathBuf,
    #[command(flatten)]
    pub table: OwnTable,
}

impl Data for Predict {
    fn file(&self) -> Option<&Path> {
        self.table.file()
    }
}

/// Flags of the command's `compare`.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Compare {
    /// The parameters.safetensors of fits: of one target, or densities of the same columns; without a table they are compared by what
    /// their files say of the rows that they were fitted to
    #[arg(required = true, num_args = 2..)]
    pub models: Vec<PathBuf>,
    #[command(flatten)]
    pub table: OwnTable,
}

impl Data for Compare {
    fn file(&self) -> Option<&Path> {
        self.table.file()
    }
}

/// Flags of the command's `resume`.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Resume {
    /// The folder of the fit's output, where its checkpoint is
    pub folder: PathBuf,
}

/// What can be fitted.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FamilyName {
    /// A coin for the outcomes of the target, whatever stands in the other columns
    Coin,
    /// Logistic regression, for two classes
    Logistic,
    /// The softmax classifier
    Softmax,
    /// A Gaussian with full covariance, of columns of numbers
    Gaussian,
    /// A mixture of Gaussians, of columns of numbers: --components, --restarts
    Mixture,
    /// Of one column (--column): waiting times, density λ e^(−λx)
    Exponential,
    /// Of one column: density e^(−|x − μ|/b) / 2b
    Laplace,
    /// Of one column: the bell whose distribution function is the sigmoid
    LogisticDistribution,
    /// Of one column of positive numbers: shape and rate
    Gamma,
    /// Of one column of positive numbers: ln x is Gaussian
    Lognormal,
    /// Of one column of positive numbers: shape and scale
    Weibull,
    /// Of one column: Student's t with degrees of freedom, location and scale
    Student,
    /// Of one column of counts; with a --target Poisson regression, log link, with --exposure or --offset
    Poisson,
    /// Of one column of counts: mean and size, the variance is μ + μ²/r
    NegativeBinomial,
    /// Of one column of numbers between 0 and 1
    Beta,
    /// Linear regression of a --target of numbers, y ~ N(w·x + b, σ²)
    Linear,
    /// All that are of one column, ranked by KL and AIC
    All,
}

impl Fit {
    /// With the offset, the exposure and the weights that were typed.
    pub fn beside<'a>(&self, ask: Ask<'a>) -> Ask<'a> {
        let ask = self.offset.iter().fold(ask, |ask, column| ask.offset(column));
        let ask = self.exposure.iter().fold(ask, |ask, column| ask.exposure(column));
        self.weights.iter().fold(ask, |ask, column| ask.weights(column))
    }
}

impl Data for Fit {
    fn file(&self) -> Option<&Path> {
        self.table.file()
    }

    fn seed(&self) -> Option<u64> {
        Some(self.seed.seed)
    }

    fn numbers(&self) -> Option<Numbers> {
        Some(self.descent.numbers)
    }

    fn pictures(&self) -> bool {
        !self.no_pictures
    }

    fn contradiction(&self) -> Option<String> {
        self.descent.contradiction().or_else(|| self.at_odds())
    }
}

#[cfg(feature = "sql")]
impl Fit {
    /// That nothing is asked for which rows that stay in the engine cannot have.
    pub fn fits_rows(&self) -> Result<()> {
        self.heeded_by(Fits::Engine)
    }

    /// What of a table that stands for such rows is fitted.
    pub fn asked(&self, table: &Table) -> Result<candle_mle_sql::Asked> {
        match self.target.name() {
            None => Ok(candle_mle_sql::Asked::points(table, self.columns.names())?),
            Some(_) => {
                let ask = self.columns.of(table.design(self.target.of(table)?), table);
                Ok(candle_mle_sql::Asked::of(&with_bases(ask, &self.base, table))?)
            }
        }
    }
}

impl Learns for Fit {
    fn descent(&self) -> &Descending {
        &self.descent
    }

    fn intervals(&self) -> Intervals {
        self.intervals
    }

    fn n(&self) -> Option<usize> {
        self.n.map(|n| n as usize)
    }

    fn truth(&self) -> Option<&[f64]> {
        self.truth.as_deref()
    }

    fn keeping(&self) -> Option<&Keeping> {
        Some(&self.keeping)
    }
}

/// Flags of the command's `measure`.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Measure {
    #[command(flatten)]
    pub table: OwnTable,
    #[command(flatten)]
    pub target: Target,
    #[command(flatten)]
    pub columns: Columns,
}

impl Data for Measure {
    fn file(&self) -> Option<&Path> {
        self.table.file()
    }
}

/// Of which numbers tensors are, and where they live.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct Numbers {
    /// Type of the numbers of the fit [default: f64; on Metal, which has none, f32]
    #[arg(long, value_parser = PossibleValuesParser::new(["f32", "f64"]).map(|name| if name == "f32" { DType::F32 } else { DType::F64 }), help_heading = "Descent")]
    dtype: Option<DType>,
}

impl Numbers {
    pub(crate) fn on(self, device: &Device) -> DType {
        self.dtype.unwrap_or(float(device))
    }
}

/// Flags of a person's own table.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct OwnTable {
    /// A CSV file with a header, also one that gzip packed, or - for standard input; or a Parquet file, where this was built with
    /// the feature parquet
    #[arg(long, value_name = "FILE", group = "source", conflicts_with_all = ["from", "sql", "cluster"], help_heading = "Your own table")]
    pub csv: Option<PathBuf>,
    #[command(flatten)]
    pub lake: Lake,
    /// The column that says how often each row was observed; or one for each class, such as failures,successes, which then
    /// make the target (called `outcome`, or what --target says)
    #[arg(long, value_name = "COLUMN,…", value_parser = names, requires = "source", help_heading = "Your own table")]
    count: Option<Names>,
    /// The column of trials, where --count names that of successes
    #[arg(long, value_name = "COLUMN", requires = "count", help_heading = "Your own table")]
    trials: Option<String>,
    /// Only the rows in which a column has one of these levels (repeatable)
    #[arg(long = "where", value_name = "COLUMN=LEVEL,…", value_parser = assignment, requires = "source", help_heading = "Your own table")]
    rows: Vec<Assignment>,
    /// Columns whose numbers are codes: they hold categories, in rising order
    #[arg(long, value_name = "COLUMN,…", value_parser = names, requires = "source", help_heading = "Your own table")]
    categorical: Option<Names>,
    /// Columns to leave out
    #[arg(long, value_name = "COLUMN,…", value_parser = names, requires = "source", help_heading = "Your own table")]
    exclude: Option<Names>,
    /// What becomes of missing cells in the columns that are used (empty, NA, null, None, ?, - and their like): an error,
    /// the row is dropped, or a level of its own in a column of text
    #[arg(long, default_value = "error", value_enum, requires = "source", help_heading = "Your own table")]
    missing: OnMissing,
    /// What else marks a missing cell, such as -99,unknown; then see --missing
    #[arg(long, value_name = "MARK,…", value_parser = names, allow_hyphen_values = true, requires = "source", help_heading = "Your own table")]
    missing_marks: Option<Names>,
    /// What parts the cells of a line, `tab` for a tab [default: what the lines seem to be parted by]
    #[arg(long, value_name = "CHARACTER", value_parser = separator, requires = "csv", help_heading = "Your own table")]
    separator: Option<char>,
    /// The first line is a row: the columns are called `column 1`, `column 2`, …
    #[arg(long, requires = "csv", help_heading = "Your own table")]
    no_header: bool,
}

/// What becomes of missing cells.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum OnMissing {
    Drop,
    Level,
    Error,
}

impl OwnTable {
    /// The table, with the columns that are to be left out left out; `target` is what counts of classes are called.
    pub fn read(&self, target: Option<&str>) -> Result<Option<Table>> {
        if self.file().is_none() {
            return Ok(None);
        }
        let counts = names_of(&self.count);
        let reading = self.reading();
        let table = match &self.csv {
            Some(csv) if csv.as_path() == Path::new(STANDARD_INPUT) => {
                reading.reader(std::io::stdin().lock()).context("standard input, --csv -")?
            }
            Some(csv) if columnar::is(csv) => columnar::read(csv, reading)?,
            Some(csv) => reading.file(csv)?,
            None if self.counts_classes() => {
                bail!("of files of an engine one column says how often a row was observed")
            }
            None => self.lake.table(&reading, names_of(&self.exclude))?,
        };
        let table = self.rows.iter().try_fold(table, |table, rows| {
            let (column, levels) = rows.of(&table);
            Ok::<_, anyhow::Error>(
                table.filter(column, &names(levels).map_err(|e| anyhow!("--where {column}: {e}"))?.0)?,
            )
        })?;
        // Of an engine they are left out already.
        let table = if self.csv.is_some() { table.without(names_of(&self.exclude))? } else { table };
        if let ([name], Some(row)) = (counts, table.count().iter().position(|count| count.fract() != 0.0)) {
            let note = format!(
                "{name} counts parts of observations, such as {} in line {}: if these are weights, a fit takes them by --weights {name}",
                typed(table.count()[row]),
                table.lines()[row]
            );
            println!("{note}");
            add("notes", note);
        }
        let target = target.unwrap_or(OUTCOME);
        Ok(Some(match (&self.trials, counts) {
            (Some(trials), [successes]) => {
                let failures = format!("not {successes}");
                let table = table.with_only(&every(&table))?.with_failures(&failures, successes, trials)?;
                table.stack(target, &[&failures, successes])?
            }
            (Some(_), _) => bail!("--trials goes with one column of successes: --count SUCCESSES"),
            (None, [_, _, ..]) => table.with_only(&every(&table))?.stack(target, counts)?,
            (None, _) => table,
        }))
    }

    /// How its file is read.
    pub(crate) fn reading(&self) -> Reading {
        let counts = names_of(&self.count);
        Reading {
            count: counts.first().filter(|_| counts.len() == 1 && self.trials.is_none()).cloned(),
            separator: self.separator,
            headless: self.no_header,
            missing: match self.missing {
                OnMissing::Drop => Missing::Drop,
                OnMissing::Level => Missing::Level,
                OnMissing::Error => Missing::Error,
            },
            marks: names_of(&self.missing_marks).to_vec(),
            categorical: names_of(&self.categorical).to_vec(),
        }
    }

    /// What becomes of missing cells, as it is typed.
    pub(crate) fn missing(&self) -> String {
        clap::ValueEnum::to_possible_value(&self.missing).map_or_else(String::new, |value| value.get_name().into())
    }

    /// The columns that are left out.
    pub(crate) fn excluded(&self) -> &[String] {
        names_of(&self.exclude)
    }

    /// The file of its own that it is read from, if it is read from one.
    pub(crate) fn csv(&self) -> Option<&Path> {
        self.csv.as_deref()
    }

    /// What the table is read from, if there is one.
    pub fn file(&self) -> Option<&Path> {
        self.csv.as_deref().or_else(|| self.lake.name())
    }

    /// Whether the classes are columns of counts, which make a target.
    pub fn counts_classes(&self) -> bool {
        self.trials.is_some() || names_of(&self.count).len() > 1
    }
}

/// What stands for standard input in the place of a file.
pub(crate) const STANDARD_INPUT: &str = "-";

/// What a target is called that is made of columns of counts.
const OUTCOME: &str = "outcome";

fn every(table: &Table) -> Vec<String> {
    table.columns().iter().map(|(name, _)| name.clone()).collect()
}

fn names_of(names: &Option<Names>) -> &[String] {
    names.as_ref().map_or(&[], |names| &names.0)
}

/// Which columns of it.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Columns {
    /// The columns to use [default: all; in a fit of a --target `none` is the intercept alone]; one with a comma in its name in quotes. Text becomes categories, for a fit
    /// against the first level in order; numbers stay numbers, for a descent standardised and reported in their own units. In such a fit
    /// there are terms too: a:b for a product, a*b for a,b,a:b, I(x^2) for a power
    #[arg(long, visible_alias = "column", value_name = "COLUMN,…", value_parser = names, requires = "source", help_heading = "Your own table")]
    columns: Option<Names>,
}

impl Columns {
    /// The columns that were asked for; none stands for all.
    pub fn names(&self) -> &[String] {
        names_of(&self.columns)
    }

    /// What these columns predict, or the intercept alone.
    pub fn of<'a>(&self, ask: Ask<'a>, table: &Table) -> Ask<'a> {
        match self.names() {
            [none] if none == "none" && table.columns().iter().all(|(name, _)| name != none) => ask.alone(),
            names => ask.from(names),
        }
    }
}

#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Target {
    /// The column to predict. Text and whole numbers make classes; the first in order is the base class, unless --base names another
    #[arg(long, value_name = "COLUMN", requires = "source", help_heading = "Your own table")]
    target: Option<String>,
}

impl Target {
    pub fn name(&self) -> Option<&str> {
        self.target.as_deref()
    }

    pub fn of(&self, table: &Table) -> Result<&str> {
        if self.target.is_none() && table.columns().last().is_some_and(|(name, _)| name == OUTCOME) {
            return Ok(OUTCOME);
        }
        let Some(target) = &self.target else {
            let columns: Vec<_> = table.columns().iter().map(|(name, _)| name.as_str()).collect();
            bail!("say which column to predict: --target with one of {}", columns.join(", "));
        };
        Ok(target)
    }
}

/// Flags of every run.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Written {
    /// Unit of everything printed, drawn and written
    #[arg(long, default_value = "bits", value_parser = named::<Unit>(&["bits", "nats", "hartleys"]), help_heading = "Output")]
    pub unit: Unit,
    /// Where pictures and numbers go [default: plots/<name>, or plots/<name>/<table>, a table by its path from here, or by all of its path where it lies elsewhere]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub out: Option<PathBuf>,
}

/// Flags of every run that draws.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Output {
    #[command(flatten)]
    pub written: Written,
    /// Format of the pictures. In an SVG text stays text, in the fonts of its viewer, and lines are sharp at any size
    #[arg(long, default_value = "png", value_parser = PossibleValuesParser::new(["png", "svg"]), help_heading = "Output")]
    pub format: String,
    /// Width and height of the pictures in pixels, such as 1080x1080, 400 to 5000 each; text grows with them [default:
    /// 1600x900, more for a large tree]
    #[arg(long, value_name = "WxH", value_parser = size, help_heading = "Output")]
    pub size: Option<(u32, u32)>,
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let pixels = |side: &str| side.parse().ok().filter(|pixels| (400..=5000).contains(pixels));
    let sides = text.split_once(['x', '×']).and_then(|(width, height)| pixels(width).zip(pixels(height)));
    sides.ok_or(
        "write it as width x height, such as 1080x1080, 400 to 5000 pixels each way: on less no text can be read"
            .into(),
    )
}

/// A value that is one of these names.
fn named<T>(names: &'static [&'static str]) -> impl TypedValueParser<Value = T>
where
    T: std::str::FromStr<Err = String> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(names).try_map(|name| name.parse::<T>())
}

/// Names of columns, as they stand in a line of a table.
#[derive(Clone, Debug)]
struct Names(Vec<String>);

fn names(text: &str) -> Result<Names, String> {
    let mut line = csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_reader(text.as_bytes());
    let record = line.records().next().ok_or("no column is named")?.map_err(|e| e.to_string())?;
    Ok(Names(record.iter().map(String::from).collect()))
}

fn separator(text: &str) -> Result<char, String> {
    let mut characters = text.chars();
    match (text, characters.next(), characters.next()) {
        ("tab" | "\\t", ..) => Ok('\t'),
        (_, Some(one), None) => Ok(one),
        _ => Err("one character parts the cells, such as ; or | or tab".into()),
    }
}

/// COLUMN=LEVEL as it was typed. Where the column ends its table says: a name may have a = of its own.
#[derive(Clone, Debug)]
pub(crate) struct Assignment(String);

impl Assignment {
    /// Column and level.
    pub fn of(&self, table: &Table) -> (&str, &str) {
        let mut places = self.0.match_indices('=').map(|(at, _)| (&self.0[..at], &self.0[at + 1..]));
        let is_column = |(name, _): &(&str, &str)| table.columns().iter().any(|(column, _)| column == name);
        places.clone().find(is_column).or_else(|| places.next()).unwrap_or((&self.0, ""))
    }
}

fn assignment(text: &str) -> Result<Assignment, String> {
    if text.contains('=') { Ok(Assignment(text.into())) } else { Err("write it as column=level".into()) }
}

fn positive(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number")?;
    if number.is_finite() && number > 0.0 { Ok(number) } else { Err("a step size is a finite number > 0".into()) }
}

fn strength(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number")?;
    if number.is_finite() && number >= 0.0 { Ok(number) } else { Err("λ is a finite number ≥ 0".into()) }
}

fn share(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number")?;
    if 0.0 < number && number < 1.0 {
        Ok(number)
    } else {
        Err("a share is a number between 0 and 1, such as 0.2".into())
    }
}

fn amount(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number")?;
    if number >= 0.0 { Ok(number) } else { Err("a gain is a number ≥ 0".into()) }
}
