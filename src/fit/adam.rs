//! Adam, without weight decay: a decay would move its fixed point away from the maximum of the likelihood.

use std::collections::HashMap;

use candle_core::{Tensor, backprop::GradStore};
use candle_nn::VarMap;

use super::gradient_descent::{StepSize, moving, steepest, steps, tensors};
use crate::descent::{Advance, Descent, Evaluation, Forward, State};
use crate::error::Result;

/// θ ← θ − η_t m̂ / (√v̂ + ε), with running means m of the gradient and v of its square (Kingma and Ba 2015), β₁ = 0.9,
/// β₂ = 0.999, ε = 1e-8.
///
/// It moves all variables of a map, as they are at each step. A step without any is an error, and so is a variable that no
/// gradient reaches. With a constant step size it ends near the maximum and not at it: let a
/// [schedule](Self::schedule) shrink the steps.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use candle_mle::fit::Adam;
/// use candle_mle::model::Bernoulli;
/// use candle_mle::{Empirical, fit, Objective};
/// use candle_nn::{VarBuilder, VarMap};
/// let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu)?, &[60.0, 40.0])?;
/// let vars = VarMap::new();
/// let coin = Bernoulli::new(VarBuilder::from_varmap(&vars, DType::F64, &Device::Cpu))?;
/// let mut adam = Adam::new(&vars, 0.05)?.schedule(|step| 0.98f64.powi(step as i32));
/// fit(&coin, &p, Objective::CrossEntropy, &mut adam, 0..300, &mut ())?;
/// assert!((coin.prob()? - 0.6).abs() < 1e-3);
/// # Ok::<(), candle_mle::Error>(())
/// ```
pub struct Adam {
    vars: VarMap,
    step_size: StepSize,
    steps: usize,
    mean: HashMap<String, Tensor>,
    square: HashMap<String, Tensor>,
}

const BETA: [f64; 2] = [0.9, 0.999];
const EPSILON: f64 = 1e-8;

impl Adam {
    /// With a constant step size η, in units of the parameters.
    ///
    /// # Errors
    /// A step size that is not a finite number > 0.
    pub fn new(vars: &VarMap, step_size: f64) -> Result<Self> {
        let (mean, square) = (HashMap::new(), HashMap::new());
        Ok(Self { vars: vars.clone(), step_size: StepSize::constant(step_size)?, steps: 0, mean, square })
    }

    /// With a step size that changes: times `factor` of the number of updates made before, a finite number ≥ 0. At 0 nothing
    /// moves.
    pub fn schedule(self, factor: impl Fn(usize) -> f64 + 'static) -> Self {
        Self { step_size: self.step_size.times(factor), ..self }
    }
}

impl std::fmt::Debug for Adam {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Adam").field("step_size", &self.step_size).field("steps", &self.steps).finish_non_exhaustive()
    }
}

impl Descent for Adam {
    fn advance(&mut self, here: &Evaluation, _: &mut dyn FnMut() -> Result<Forward>) -> Result<Advance> {
        let step_size = self.step_size.after(self.steps)?;
        self.steps += 1;
        let [unbias_mean, unbias_square] = BETA.map(|beta| 1.0 / (1.0 - beta.powf(self.steps as f64)));
        for (name, var, gradient) in moving(&self.vars, &here.gradients)? {
            let running = |last: Option<&Tensor>, new: Tensor, beta: f64| match last {
                Some(last) => (last * beta)? + (new * (1.0 - beta))?,
                None => new * (1.0 - beta),
            };
            let mean = running(self.mean.get(&name), gradient.clone(), BETA[0])?;
            let square = running(self.square.get(&name), gradient.sqr()?, BETA[1])?;
            let size = ((&square * unbias_square)?.sqrt()? + EPSILON)?;
            var.set(&(var.as_tensor() - (((&mean * unbias_mean)? / size)? * step_size)?)?)?;
            self.mean.insert(name.clone(), mean);
            self.square.insert(name, square);
        }
        Ok(if step_size > 0.0 { Advance::Moved(None) } else { Advance::Rested })
    }

    fn slope(&self, gradients: &GradStore) -> Result<Option<f64>> {
        steepest(&self.vars, gradients)
    }

    fn state(&self) -> Result<State> {
        let mut state = State::default().with("adam.steps", &[self.steps as f64])?;
        state.0.extend(self.mean.iter().map(|(name, m)| (format!("mean.{name}"), m.clone())));
        state.0.extend(self.square.iter().map(|(name, v)| (format!("square.{name}"), v.clone())));
        Ok(state)
    }

    fn restore(&mut self, state: State) -> Result<()> {
        self.steps = steps(&state, "adam.steps", &["mean.", "square."])?;
        self.mean = tensors(&state, "mean.", &self.vars)?;
        self.square = tensors(&state, "square.", &self.vars)?;
        Ok(())
    }
}
