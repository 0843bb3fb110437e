//! Which flags of a fit go with which fits, and which with each other: one table.

use anyhow::{Result, bail};
use candle_mle::Objective;

use super::{Fit, Intervals, OnMissing, names_of};

/// Fits, as far as they heed other flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fits {
    Coin,
    Classes,
    Line,
    Counts,
    /// One distribution of columns.
    Density,
    /// All families, or all starts of a mixture.
    Several,
    /// Rows that stay in a SQL engine.
    #[cfg(feature = "sql")]
    Engine,
    /// What the page fits, for --html.
    Page,
}

use Fits::{Classes, Coin, Counts, Density, Line, Page, Several};

const REGRESSIONS: &[Fits] = &[Classes, Line, Counts];
/// All that have their rows in memory.
const HERE: &[Fits] = &[Coin, Classes, Line, Counts, Density, Several];
const HERE_AND_PAGE: &[Fits] = &[Coin, Classes, Line, Counts, Density, Several, Page];
/// All that read cells.
#[cfg(not(feature = "sql"))]
const READ: &[Fits] = HERE_AND_PAGE;
#[cfg(feature = "sql")]
const READ: &[Fits] = &[Coin, Classes, Line, Counts, Density, Several, Page, Fits::Engine];
#[cfg(not(feature = "sql"))]
const ANYWHERE: &[Fits] = HERE;
#[cfg(feature = "sql")]
const ANYWHERE: &[Fits] = &[Coin, Classes, Line, Counts, Density, Several, Fits::Engine];
#[cfg(not(feature = "sql"))]
const BY_ANY_WAY: &[Fits] = &[Coin, Classes, Line, Counts, Density];
#[cfg(feature = "sql")]
const BY_ANY_WAY: &[Fits] = &[Coin, Classes, Line, Counts, Density, Fits::Engine];
#[cfg(not(feature = "sql"))]
const WATCHED: &[Fits] = &[Coin, Classes, Line, Counts, Density, Page];
#[cfg(feature = "sql")]
const WATCHED: &[Fits] = &[Coin, Classes, Line, Counts, Density, Page, Fits::Engine];

impl Fits {
    fn name(self) -> &'static str {
        match self {
            Coin => "a coin",
            Classes => "a fit of classes",
            Line => "a linear regression",
            Counts => "a Poisson regression",
            Density => "a distribution of columns",
            Several => "the fits of all starts or families, which go one way, to the maximum",
            #[cfg(feature = "sql")]
            Fits::Engine => "so many rows, which stay in the engine",
            Page => "--html, which holds the table as it stands and the fit that the page makes of it",
        }
    }

    /// What to do without a flag that it does not heed.
    fn cure(self) -> &'static str {
        match self {
            #[cfg(feature = "sql")]
            Fits::Engine => "fit a part of the rows, by LIMIT or a filter in --sql, or say it in --sql",
            Page => "leave it out, or --html",
            _ => "leave it out, or take another --family",
        }
    }
}

/// A flag, whether it was typed, which fits heed it, and what is the cure for the others, if it is the flag's own.
type Row = (&'static str, bool, &'static [Fits], Option<&'static str>);

impl Fit {
    fn rows(&self) -> Vec<Row> {
        let (table, descent) = (&self.table, &self.descent);
        let (objective, counts) = (descent.objective(), names_of(&table.count).len());
        let ways = descent.ways().map(|(flag, typed)| (flag, typed, BY_ANY_WAY, None));
        let rows: [Row; 22] = [
            ("--family", self.family.is_some(), ANYWHERE, None),
            ("--offset", self.offset.is_some(), REGRESSIONS, None),
            (
                "--exposure",
                self.exposure.is_some(),
                &[Counts],
                Some("an exposure is of counts: take --family poisson, or an --offset"),
            ),
            ("--weights", self.weights.is_some(), REGRESSIONS, None),
            ("--intervals profile", self.intervals == Intervals::Profile, &[Classes, Density], None),
            ("--hold-out", self.hold_out.is_some(), REGRESSIONS, None),
            ("--folds", self.folds.is_some(), REGRESSIONS, None),
            ("--patience", self.patience.is_some(), REGRESSIONS, None),
            (
                "--ridge",
                descent.ridge.is_some(),
                REGRESSIONS,
                Some("a ridge shrinks slopes, of which this family has none: leave it out"),
            ),
            ("--objective firth", objective == Objective::Firth, &[Coin, Classes], None),
            (
                "--objective",
                !objective.is_penalized() && objective != Objective::CrossEntropy,
                BY_ANY_WAY,
                Some("all objectives without a penalty have one minimiser: leave it out"),
            ),
            ("--log", !descent.log.is_empty(), WATCHED, Some("leave it out")),
            ("--live", self.keeping.live, WATCHED, Some("leave it out")),
            ("--where", !table.rows.is_empty(), HERE, None),
            ("--missing-marks", table.missing_marks.is_some(), READ, None),
            ("--missing level", table.missing == OnMissing::Level, READ, None),
            (
                "--count",
                counts == 1,
                HERE_AND_PAGE,
                Some("each of so many different rows is one observation: leave it out"),
            ),
            ("several columns of --count", counts > 1, HERE, None),
            ("--trials", table.trials.is_some(), HERE, None),
            ("--csv -", table.csv().is_some_and(|csv| csv.as_os_str() == super::STANDARD_INPUT), ANYWHERE, None),
            ("a Parquet file", table.csv().is_some_and(crate::columnar::is), ANYWHERE, None),
            ("--resolution", !self.resolution.is_empty(), &[Density, Several, Page], None),
        ];
        ways.into_iter().chain(rows).collect()
    }

    /// An error for the first flag that was typed and that these fits do not heed.
    pub fn heeded_by(&self, fits: Fits) -> Result<()> {
        let unheeded = |(_, typed, by, _): &Row| *typed && !by.contains(&fits);
        match self.rows().into_iter().find(unheeded) {
            Some((flag, .., cure)) => {
                bail!("{flag} does not go with {}: {}", fits.name(), cure.unwrap_or(fits.cure()))
            }
            None => Ok(()),
        }
    }

    /// Two flags that do not go with each other, and the cure.
    pub(super) fn at_odds(&self) -> Option<String> {
        let penalized = self.descent.objective().is_penalized();
        let (weights, profile) = (self.weights.is_some(), self.intervals == Intervals::Profile);
        let lots = [("--hold-out", self.hold_out.is_some()), ("--folds", self.folds.is_some())];
        if let Some((flag, _)) = lots.into_iter().find(|(_, typed)| *typed && weights) {
            return Some(format!(
                "{flag}: weights that are no counts have no lots to draw: leave --weights out, or {flag}"
            ));
        }
        (profile && (penalized || weights)).then(|| {
            "--intervals profile is of the likelihood alone, without a penalty and weights: leave it out".into()
        })
    }
}
