//! What a fit is worth on rows that it did not see: a part that is held out, or each fold by the others.

use anyhow::{Context, Result, bail};
use candle_core::{DType, Device, Tensor};
use candle_mle::batch::{Explained, Response, host};
use candle_mle::info::number::{count, typed};
use candle_mle::score::{Score, folds, hold_out};
use candle_mle::separation::Separation;
use candle_mle::{Design, Empirical, Labelled, Model, Parameters};
use candle_nn::VarBuilder;

use crate::flags::Fit;
use crate::learned::Setting;
use crate::run::Run;
use crate::said::tell;
use crate::score::held;

/// What is fitted, and what is left for its evaluation.
pub(crate) struct Evaluation<B> {
    /// The rows of the fit.
    pub design: Design<B>,
    held_out: Option<Empirical<B>>,
}

/// What a fit is worth on some rows.
pub(crate) enum Worth {
    Known(Score),
    /// The likelihood of what was fitted has no maximum, and these rows are scored by its limit.
    Limit(Score),
    /// It has none, and no limit for all of these rows.
    Undefined,
}

impl Worth {
    /// Of rows by a separation of what was fitted.
    pub fn at_the_limit(apart: &Separation, fitted: &Empirical<Labelled>, p: &Empirical<Labelled>) -> Result<Self> {
        Ok(Score::at_the_limit(apart, fitted, p)?.map_or(Self::Undefined, Self::Limit))
    }
}

/// Rows of which some columns may be left out.
pub(crate) trait Columns: Explained + Clone {
    /// The same rows with these columns, (m, ..) of x.
    fn with(&self, columns: Tensor) -> candle_mle::Result<Self>;
}

impl Columns for Labelled {
    fn with(&self, columns: Tensor) -> candle_mle::Result<Self> {
        let rows = Self::new(columns, self.y().clone())?;
        self.offset().cloned().map_or(Ok(rows.clone()), |offset| rows.with_offset(offset))
    }
}

impl Columns for Response {
    fn with(&self, columns: Tensor) -> candle_mle::Result<Self> {
        let rows = Self::new(columns, self.y().clone())?;
        self.offset().cloned().map_or(Ok(rows.clone()), |offset| rows.with_offset(offset))
    }
}

/// The columns that hold more than one value in the rows that were observed, and of the others the value.
struct Varying {
    varying: Vec<u32>,
    constant: Vec<(usize, f64)>,
}

fn varying<B: Columns>(p: &Empirical<B>) -> Result<Varying> {
    let (x, counts, width) = (host(p.batch().x())?, host(p.count())?, p.batch().x().dim(1)?);
    let (mut varying, mut constant) = (vec![], vec![]);
    for at in 0..width {
        let mut seen =
            x.iter().skip(at).step_by(width).zip(&counts).filter(|(_, count)| **count > 0.0).map(|(x, _)| *x);
        match seen.next() {
            Some(first) if seen.all(|x| x == first) => constant.push((at, first)),
            _ => varying.push(at as u32),
        }
    }
    Ok(Varying { varying, constant })
}

/// Rows with these of their columns.
fn only<B: Columns>(p: &Empirical<B>, columns: &[u32]) -> Result<Empirical<B>> {
    let x = p.batch().x();
    let kept = match columns {
        [] => Tensor::zeros((x.dim(0)?, 0), DType::F64, &Device::Cpu)?,
        kept => x.index_select(&Tensor::new(kept, &Device::Cpu)?, 1)?,
    };
    Ok(Empirical::from_counts(p.batch().with(kept)?, &host(p.count())?)?)
}

impl<B: Columns> Evaluation<B> {
    /// By the flags that were typed: with rows held out of the design, if any are to be.
    pub fn of(run: &Run<Fit>, mut design: Design<B>) -> Result<Self> {
        let flags = &run.flags.data;
        let evaluates = flags.hold_out.is_some() || flags.folds.is_some();
        if let Some(part) = host(design.p.count())?.into_iter().find(|of| evaluates && of.fract() != 0.0) {
            bail!(
                "--hold-out and --folds draw lots of whole observations, and a row was counted {} times: if these are weights, say \
                 --weights and leave both out",
                typed(part)
            );
        }
        if let Some(k) = flags.folds.filter(|k| f64::from(*k) > design.p.total()) {
            bail!("--folds {k}: there are {} observations, and none is in two folds", count(design.p.total()));
        }
        let Some(share) = flags.hold_out else { return Ok(Self { design, held_out: None }) };
        let (mut rest, mut part) = hold_out(&design.p, share, &mut run.generator())?;
        println!("held out by lot (--seed {}): {}", run.seed(), held(part.total(), design.p.total()));
        let Varying { varying, constant } = varying(&rest)?;
        if !constant.is_empty() {
            let named: Vec<String> = constant
                .iter()
                .map(|(at, value)| format!("{} ({})", design.names.columns[*at], typed(*value)))
                .collect();
            println!("left out, holding one value only in the rows that are fitted: {}", named.join(", "));
            (rest, part) = (only(&rest, &varying)?, only(&part, &varying)?);
            let names = &mut design.names;
            names.columns = varying.iter().map(|at| names.columns[*at as usize].clone()).collect();
            if !names.parts.is_empty() {
                names.parts = varying.iter().map(|at| names.parts[*at as usize].clone()).collect();
            }
        }
        println!();
        design.p = rest;
        Ok(Self { design, held_out: Some(part) })
    }

    /// What ends the descent early, if anything does.
    pub fn early(&self, run: &Run<Fit>) -> Option<(&Empirical<B>, usize)> {
        self.held_out.as_ref().zip(run.flags.data.patience)
    }

    /// Says what a fit with so many `parameters` is worth where it was not fitted to, if that was asked for: `here` scores rows by it,
    /// `anew` others by a fit to the first.
    pub fn say(
        &self,
        run: &Run<Fit>,
        parameters: usize,
        here: impl Fn(&Empirical<B>) -> Result<Worth>,
        anew: impl Fn(&Empirical<B>, &Empirical<B>) -> Result<Worth>,
    ) -> Result<()> {
        let (p, names) = (&self.design.p, &self.design.names);
        let (unseen, of_what) = match (&self.held_out, run.flags.data.folds) {
            (Some(part), _) => {
                println!("the rows held out");
                (vec![here(part)?], "the rows that are fitted".to_string())
            }
            (None, Some(k)) => {
                let mut left_out = vec![];
                let mut of = |(at, (rest, part)): (usize, (Empirical<B>, Empirical<B>))| -> Result<Worth> {
                    let Varying { varying, constant } = varying(&rest)?;
                    let names = constant.iter().map(|(at, _)| &names.columns[*at]);
                    left_out.extend(names.map(|name| format!("{name} in fold {}", at + 1)));
                    let parts = match constant.as_slice() {
                        [] => (rest, part),
                        _ => (only(&rest, &varying)?, only(&part, &varying)?),
                    };
                    anew(&parts.0, &parts.1)
                        .with_context(|| format!("fold {} of {k}, fitted to the {} others", at + 1, k - 1))
                };
                let parts = folds(p, k as usize, &mut run.generator())?;
                let all = parts.into_iter().enumerate().map(&mut of).collect::<Result<Vec<_>>>()?;
                println!("each of {k} folds by a fit to the others (--seed {})", run.seed());
                if !left_out.is_empty() {
                    println!("left out, holding one value only in the rows that are fitted: {}", left_out.join(", "));
                }
                let apart =
                    |(at, worth): (usize, &Worth)| (!matches!(worth, Worth::Known(_))).then(|| (at + 1).to_string());
                let apart: Vec<String> = all.iter().enumerate().filter_map(apart).collect();
                let s = if apart.len() == 1 { "" } else { "s" };
                (all, format!("the rows that are fitted for fold{s} {}", apart.join(", ")))
            }
            (None, None) => return Ok(()),
        };
        let (mut limit, mut scores) = (false, vec![]);
        for worth in unseen {
            limit |= matches!(worth, Worth::Limit(_));
            scores.push(match worth {
                Worth::Known(score) | Worth::Limit(score) => Some(score),
                Worth::Undefined => None,
            });
        }
        let unseen: Option<Score> =
            scores.into_iter().collect::<Option<Vec<_>>>().map(|scores| scores.into_iter().sum());
        let (Worth::Known(seen) | Worth::Limit(seen)) = here(p)? else {
            bail!("the limit of a likelihood is not known of the rows that were fitted")
        };
        match unseen {
            Some(unseen) => {
                if limit {
                    println!("the likelihood of {of_what} has no maximum: scored by its limit");
                }
                run.say_score(names, &unseen);
                run.say_overfitting(&seen, &unseen, parameters, self.held_out.is_some());
            }
            None => {
                let why = format!(
                    "not defined: the likelihood of {of_what} has no maximum, and of other x it says nothing; with --ridge or \
                     --objective firth there is one"
                );
                println!("cross-entropy {why}");
                tell("evaluation.not_defined", why);
                run.say_seen(&seen);
                println!();
            }
        }
        Ok(())
    }
}

impl Run<Fit> {
    /// A model fitted to other rows in the same way, of which nothing is said.
    pub(crate) fn fitted<M: Model + Parameters>(
        &self,
        p: &Empirical<M::Batch>,
        setting: &Setting<'_, M>,
        make: impl Fn(VarBuilder) -> candle_mle::Result<M>,
    ) -> Result<M>
    where
        M::Batch: Clone,
    {
        let (data, (vars, model)) = (self.place(p)?, self.start(make)?);
        let plan = self.plan(setting, &data)?;
        let fitted = plan.follow(model, vars, &data, &mut candle_mle::LossLog::new(), &mut self.climb(&plan))?;
        Ok(fitted.model.to_device(&Device::Cpu)?.to_dtype(DType::F64)?)
    }
}
