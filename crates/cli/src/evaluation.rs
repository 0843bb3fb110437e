//! What a fit is worth on rows that it did not see: a part that is held out, or each fold by the others.

use anyhow::{Context, Result};
use candle_mle::batch::Batch;
use candle_mle::score::{Score, folds, hold_out};
use candle_mle::{Design, Empirical, Model, Parameters};
use candle_nn::VarBuilder;

use crate::flags::Fit;
use crate::learned::Setting;
use crate::run::Run;
use crate::score::held;

/// What is fitted, and what is left for its evaluation.
pub(crate) struct Evaluation<B> {
    /// The rows of the fit.
    pub design: Design<B>,
    held_out: Option<Empirical<B>>,
}

impl<B: Batch + Clone> Evaluation<B> {
    /// By the flags that were typed: with rows held out of the design, if any are to be.
    pub fn of(run: &Run<Fit>, mut design: Design<B>) -> Result<Self> {
        let flags = &run.flags.data;
        let Some(share) = flags.hold_out else { return Ok(Self { design, held_out: None }) };
        let (rest, part) = hold_out(&design.p, share, &mut run.generator())?;
        println!("held out by lot (--seed {}): {}\n", run.seed(), held(part.total(), design.p.total()));
        design.p = rest;
        Ok(Self { design, held_out: Some(part) })
    }

    /// What ends the descent early, if anything does.
    pub fn early(&self, run: &Run<Fit>) -> Option<(&Empirical<B>, usize)> {
        self.held_out.as_ref().zip(run.flags.data.patience)
    }

    /// Says what a model is worth by `score` where it was not fitted to, if that was asked for; `refit` fits anew to other rows.
    pub fn say<M: Model<Batch = B> + Parameters>(
        &self,
        run: &Run<Fit>,
        model: &M,
        score: impl Fn(&M, &Empirical<B>) -> candle_mle::Result<Score>,
        refit: impl Fn(&Empirical<B>) -> Result<M>,
    ) -> Result<()> {
        let (p, names) = (&self.design.p, &self.design.names);
        let unseen = match (&self.held_out, run.flags.data.folds) {
            (Some(part), _) => {
                println!("the rows held out");
                score(model, part)?
            }
            (None, Some(k)) => {
                let of = |(at, (rest, part)): (usize, (Empirical<B>, Empirical<B>))| -> Result<Score> {
                    let fold = || format!("fold {} of {k}, fitted to the {} others", at + 1, k - 1);
                    Ok(score(&refit(&rest).with_context(fold)?, &part)?)
                };
                let parts = folds(p, k as usize, &mut run.generator())?;
                let scores = parts.into_iter().enumerate().map(of).collect::<Result<Vec<_>>>()?;
                println!("each of {k} folds by a fit to the others (--seed {})", run.seed());
                scores.into_iter().sum()
            }
            (None, None) => return Ok(()),
        };
        run.say_score(names, &unseen);
        let parameters = model.parts()?.learnt.values().map(|tensor| tensor.elem_count()).sum();
        // Of a softmax the first class is what the others are against.
        let free =
            if names.classes.len() > 2 { (names.classes.len() - 1) * (names.columns.len() + 1) } else { parameters };
        run.say_overfitting(&score(model, p)?, &unseen, free, self.held_out.is_some());
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
        Ok(fitted.model.to_device(&candle_core::Device::Cpu)?.to_dtype(candle_core::DType::F64)?)
    }
}
