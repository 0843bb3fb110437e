//! Logistic regression of responses to doses: the shares that were seen, the valley of the loss over slope and intercept, and
//! optimisers that walk through it side by side.

use std::ops::ControlFlow::Continue;

use candle_core::{DType, Device, Tensor};
use candle_mle::batch::host;
use candle_mle::descent::Descent;
use candle_mle::fit::{Adam, End, Fitting, GradientDescent, Lbfgs};
use candle_mle::hook::{GradientNorm, ParameterPath};
use candle_mle::info::number::seen;
use candle_mle::model::{Classifier, Linear, Logistic};
use candle_mle::separation::separation;
use candle_mle::{Empirical, Hook, Labelled, LossLog, Objective, Parameters, Step, maximum_likelihood, walk};
use candle_nn::{VarBuilder, VarMap};
use wasm_bindgen::prelude::*;

use crate::said::{Result, unit};

/// The line of this slope and intercept: logits per unit of dose, and at dose 0.
fn line(slope: f64, intercept: f64) -> candle_mle::Result<Logistic> {
    Logistic::from_coefficients(&Tensor::new(&[[0.0, 0.0], [slope, intercept]], &Device::Cpu)?)
}

/// How many of those who had each dose responded.
#[wasm_bindgen]
pub struct Doses {
    p: Empirical<Labelled>,
}

#[wasm_bindgen]
impl Doses {
    /// Of `trials` at each dose so many responded.
    #[wasm_bindgen(constructor)]
    pub fn new(doses: &[f64], trials: &[f64], responses: &[f64]) -> Result<Doses> {
        let m = doses.len();
        let x = Tensor::from_vec([doses, doses].concat(), (2 * m, 1), &Device::Cpu)?;
        let y: Vec<u32> = (0..2 * m).map(|row| u32::from(row >= m)).collect();
        let failed = trials.iter().zip(responses).map(|(all, some)| all - some);
        let counts: Vec<f64> = failed.chain(responses.iter().copied()).collect();
        let batch = Labelled::new(x, Tensor::from_vec(y, 2 * m, &Device::Cpu)?)?;
        Ok(Self { p: Empirical::from_counts(batch, &counts)? })
    }

    /// H(Y|X), nats.
    pub fn entropy(&self) -> f64 {
        self.p.entropy().nats()
    }

    /// How many had any dose.
    pub fn total(&self) -> f64 {
        self.p.total()
    }

    /// Why the likelihood has no finite maximum, in words, if a dose tells who responds.
    pub fn verdict(&self, name: &str) -> Result<Option<String>> {
        let unit = unit(name)?;
        Ok(separation(&self.p, 2)?.map(|apart| {
            let direction = &apart.direction[1];
            format!(
                "No finite maximum: a dose tells {} who responds. Slope and intercept run off along ({}, {}); NLL falls towards {} {unit}.",
                if apart.complete { "exactly" } else { "in part" },
                seen(direction[0], 2),
                seen(direction[1], 2),
                seen(apart.infimum.to(unit), 4)
            )
        }))
    }

    /// The maximum of the likelihood: slope, intercept, and the KL divergence there; nothing where there is none.
    pub fn best(&self) -> Result<Vec<f64>> {
        if separation(&self.p, 2)?.is_some() {
            return Ok(vec![]);
        }
        let fitted = maximum_likelihood(&self.p, |vb| Logistic::new(1, vb)?.standardized(self.p.standardize()?))?;
        let theta = host(&fitted.model.coefficients()?.get(1)?)?;
        Ok([theta, fitted.history.rows().last().map(|row| row.kl).into_iter().collect()].concat())
    }

    /// KL over a grid of slopes and intercepts, row by row of intercepts; nats.
    pub fn map(&self, slopes: &[f64], intercepts: &[f64]) -> Result<Vec<f64>> {
        let mut log = LossLog::new();
        let grid = intercepts.iter().flat_map(|b| slopes.iter().map(|a| line(*a, *b)));
        walk(grid, &self.p, &mut log)?;
        Ok(log.history()?.rows().iter().map(|row| row.kl).collect())
    }

    /// The probability of a response at these doses.
    pub fn probs(slope: f64, intercept: f64, doses: &[f64]) -> Result<Vec<f64>> {
        let x = Tensor::from_slice(doses, (doses.len(), 1), &Device::Cpu)?;
        Ok(host(&line(slope, intercept)?.log_probs(&x)?.narrow(1, 1, 1)?.exp()?)?)
    }

    /// A walk from a slope and an intercept, by `gradient descent`, `momentum`, `Adam` or `L-BFGS`.
    pub fn walk(&self, by: &str, slope: f64, intercept: f64, step_size: f64) -> Result<Walk> {
        let mut vars = VarMap::new();
        let model = Logistic::new(1, VarBuilder::from_varmap(&vars, DType::F64, &Device::Cpu))?;
        vars.set_one("weight", Tensor::new(&[slope], &Device::Cpu)?)?;
        vars.set_one("bias", Tensor::new(intercept, &Device::Cpu)?)?;
        let descent: Box<dyn Descent> = match by {
            "momentum" => Box::new(GradientDescent::new(&vars, step_size)?.momentum(0.9)?),
            "Adam" => Box::new(Adam::new(&vars, step_size)?),
            "L-BFGS" => Box::new(Lbfgs::new(&vars)),
            _ => Box::new(GradientDescent::new(&vars, step_size)?),
        };
        Ok(Walk {
            fitting: Fitting::new(Objective::CrossEntropy, 0..usize::MAX),
            gradient: GradientNorm::new(&vars, 1e-9),
            log: LossLog::new(),
            path: ParameterPath::new(),
            p: self.p.clone(),
            end: None,
            model,
            descent,
        })
    }
}

/// One optimiser on its way.
#[wasm_bindgen]
pub struct Walk {
    model: Logistic,
    p: Empirical<Labelled>,
    fitting: Fitting,
    descent: Box<dyn Descent>,
    log: LossLog,
    path: ParameterPath,
    gradient: GradientNorm,
    end: Option<End>,
}

#[wasm_bindgen]
impl Walk {
    /// Slope, intercept, KL, cross-entropy, NLL where it stands, and 1 if the gradient is as small as a fit asks for or nothing more
    /// can be gained; then it moves.
    pub fn step(&mut self) -> Result<Vec<f64>> {
        let gradient = &mut self.gradient;
        let mut look = |step: &Step<'_, Logistic>| gradient.on_step(step).map(|_| Continue(()));
        let hooks = &mut (&mut self.log, &mut self.path, &mut look);
        self.end = self.fitting.step(&self.model, &mut &self.p, self.descent.as_mut(), hooks)?;
        let row = self.log.history()?.rows().last().copied();
        let Some((row, theta)) = row.zip(self.path.path().last()) else { return Ok(vec![]) };
        // In the order of their names: bias, weight.
        let over = self.end.is_some() || self.gradient.reached();
        Ok(vec![theta[1], theta[0], row.kl, row.cross_entropy, row.nll, f64::from(u8::from(over))])
    }
}
