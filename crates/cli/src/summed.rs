//! Fits of rows that do not repeat and stay in the engine: likelihood, gradient and information are sums that it makes.

use std::sync::Arc;

use anyhow::{Result, bail};
use candle_core::Tensor;
use candle_mle::inference::Coefficients;
use candle_mle::info::number::count;
use candle_mle::mle::{By, Plan};
use candle_mle::model::{Linear, Logistic, Softmax};
use candle_mle::{Design, Empirical, Error, Model, Parameters};
use candle_mle_sql::{Described, Maximum, Summed};
use candle_nn::VarBuilder;

use crate::flags::{FamilyName, Fit};
use crate::learned::Setting;
use crate::run::{Run, say_notes};
use crate::summary::{say_directions, say_estimates};

/// Whether a table failed for no other reason than its many different rows.
pub(crate) fn is_called_for(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(candle_mle_sql::Error::Many { .. }))
}

/// Fits a classifier to the rows of the engine, by Newton's method unless a step size was given. Without a target what is left to
/// fit is handed back: points that a Gaussian cannot tell from the rows.
pub(crate) fn fit(run: &Run<Fit>) -> Result<Option<Design<Tensor>>> {
    let flags = &run.flags.data;
    flags.fits_rows()?;
    let (engine, query) = flags.table.lake.engine()?;
    let (reading, excluded) = (flags.table.reading(), flags.table.excluded());
    let described = Described::of(&Arc::new(engine), &query, &reading, excluded, |table| flags.asked(table))?;
    println!("hardly any row repeats: each step sums them up");
    let (columns, classes) = (described.rows.columns(), described.rows.classes());
    let done = match flags.family {
        None | Some(FamilyName::Logistic) if classes == 2 => {
            classify(run, &described, 4.0, |vb| Logistic::new(columns, vb))
        }
        None | Some(FamilyName::Softmax) if classes > 2 => {
            classify(run, &described, 3.0, |vb| Softmax::new(columns, classes, vb))
        }
        Some(FamilyName::Softmax) => classify(run, &described, 3.0, |vb| Softmax::new(columns, classes, vb)),
        Some(FamilyName::Logistic) => Ok(described.names.two_classes()?),
        None | Some(FamilyName::Gaussian) if classes == 0 => return points(run, described).map(Some),
        _ => bail!("this family needs its rows in memory, and these are too many: group or round them in --sql"),
    };
    done.map(|()| None)
}

fn classify<M: Linear + Parameters>(
    run: &Run<Fit>,
    described: &Described,
    reach: f64,
    make: impl Fn(VarBuilder) -> candle_mle::Result<M>,
) -> Result<()> {
    let Described { rows, names, notes, .. } = described;
    say_notes(notes);
    let (p, map) = (described.empirical()?, rows.standardize()?);
    println!("{names}");
    println!("n = {} observations, which stay where they are, H(Y|X) = {}\n", count(p.total()), run.show(p.entropy()));
    let separation = match rows.maximum()? {
        Maximum::Finite { by } => {
            println!("a finite maximum exists: {} of the rows are enough to show it\n", count(by as f64));
            None
        }
        Maximum::None { limit: Some(limit), .. } => {
            println!("no finite maximum exists: along a direction, below, the likelihood rises for ever\n");
            Some(limit)
        }
        Maximum::None { along, .. } => {
            println!(
                "no finite maximum exists: the columns tell the classes apart in part, and along this direction the likelihood"
            );
            println!(
                "rises for ever. What it rises to is not computed of more than two classes, and nothing is fitted: leave a column"
            );
            println!("out, keep two classes by --sql, or fit a part of the rows that memory holds (LIMIT in --sql)\n");
            say_directions(&along, None, names);
            return Ok(());
        }
        Maximum::Unknown { why } => {
            println!(
                "whether a finite maximum exists is not known ({why}); the fit goes on, and if it converges it has\n"
            );
            None
        }
    };
    let setting = Setting { truth: None, separation, names, step_size: reach / (names.columns.len() + 1) as f64 };
    let plan = run.plan(&setting, &p)?;
    let plan = if flags_of(run).lr.is_some() { plan } else { Plan { by: By::Newton, ..plan } };
    let start = run.start(|vb| Ok(Summed(make(vb)?.standardized(map.clone())?)))?;
    let (history, path, outcome) = run.follow(&plan, start, &p, (), names, None)?;
    let learned = run.learned(&plan, setting, history, &path, outcome)?;
    println!("{} passes over the rows\n", rows.passes());
    if let Some(limit) = &learned.separation {
        say_directions(&limit.direction, Some(&limit.limits(0)), names);
        println!("  standard errors at the limit are computed of rows in memory, and not of these\n");
        if run.draws() {
            run.draw_descent(&learned, "H(Y|X)")?;
        }
        run.say_files();
        return Ok(());
    }
    let curved = learned.model.curved().ok_or(Error::NoCurvature)?;
    let information = curved.information(p.batch(), &[p.total()])?;
    match Coefficients::by_information(&learned.model.0, &information) {
        Err(Error::Singular) => println!("  no standard errors: {}", Error::Singular),
        known => say_estimates(known?, names, &run.out("coefficients.csv"))?,
    }
    if run.draws() {
        run.draw_descent(&learned, "H(Y|X)")?;
    }
    run.say_files();
    Ok(())
}

fn flags_of(run: &Run<Fit>) -> &crate::flags::Descending {
    &run.flags.data.descent
}

/// A Gaussian sees no more of its rows than their mean and covariance: so many points that have both stand for all.
fn points(run: &Run<Fit>, Described { rows, names, mut notes, .. }: Described) -> Result<Design<Tensor>> {
    if !run.flags.data.resolution.is_empty() {
        bail!("--resolution counts cells: round the columns in --sql instead");
    }
    let (points, counts) = rows.points()?;
    notes.push(format!("{} points with the mean and the covariance of all rows stand for them", counts.len()));
    Ok(Design { p: Empirical::from_counts(points, &counts)?, names, notes, weighed: None })
}
