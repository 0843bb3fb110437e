//! Gradient descent, with momentum and a schedule of step sizes if wanted.

use std::collections::HashMap;

use candle_core::{Tensor, Var, backprop::GradStore};
use candle_nn::VarMap;

use crate::descent::{Advance, Descent, Evaluation, Forward, State};
use crate::error::{Error, Result, parameter, positive};
use crate::hook::GradientNorm;
use crate::parameters::by_name;

/// θ ← θ − η_t v with v = μ v + ∇loss (Polyak 1964); without momentum v is the gradient.
///
/// It moves all variables of a map, as they are at each step. A step without any is an error, and so is a variable that no
/// gradient reaches.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use candle_mle::fit::GradientDescent;
/// use candle_mle::model::Bernoulli;
/// use candle_mle::{Empirical, fit, Objective};
/// use candle_nn::{VarBuilder, VarMap};
/// let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu)?, &[60.0, 40.0])?;
/// let vars = VarMap::new();
/// let coin = Bernoulli::new(VarBuilder::from_varmap(&vars, DType::F64, &Device::Cpu))?;
/// let mut descent = GradientDescent::new(&vars, 1.0)?.momentum(0.5)?.schedule(|step| 1.0 / (1.0 + 0.01 * step as f64));
/// fit(&coin, &p, Objective::CrossEntropy, &mut descent, 0..100, &mut ())?;
/// assert!((coin.prob()? - 0.6).abs() < 1e-6);
/// # Ok::<(), candle_mle::Error>(())
/// ```
pub struct GradientDescent {
    vars: VarMap,
    step_size: StepSize,
    momentum: f64,
    steps: usize,
    velocity: HashMap<String, Tensor>,
}

/// η, and the factor by which a schedule changes it.
pub(super) struct StepSize {
    size: f64,
    factor: Option<Box<dyn Fn(usize) -> f64>>,
}

impl StepSize {
    pub(super) fn constant(size: f64) -> Result<Self> {
        Ok(Self { size: positive("a step size", size)?, factor: None })
    }

    pub(super) fn times(self, factor: impl Fn(usize) -> f64 + 'static) -> Self {
        Self { factor: Some(Box::new(factor)), ..self }
    }

    /// After so many updates; 0 where the schedule rests.
    pub(super) fn after(&self, updates: usize) -> Result<f64> {
        let factor = self.factor.as_ref().map_or(1.0, |factor| factor(updates));
        if !(factor.is_finite() && factor >= 0.0) {
            return Err(parameter("the factor of the step size in a schedule", factor, "a finite number ≥ 0"));
        }
        Ok(self.size * factor)
    }
}

impl std::fmt::Debug for StepSize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.size, if self.factor.is_some() { ", scheduled" } else { "" })
    }
}

impl GradientDescent {
    /// With a constant step size η, per unit of the loss.
    ///
    /// # Errors
    /// A step size that is not a finite number > 0.
    pub fn new(vars: &VarMap, step_size: f64) -> Result<Self> {
        let step_size = StepSize::constant(step_size)?;
        Ok(Self { vars: vars.clone(), step_size, momentum: 0.0, steps: 0, velocity: HashMap::new() })
    }

    /// With momentum μ.
    ///
    /// # Errors
    /// One that is not from 0 up to, and without, 1.
    pub fn momentum(self, momentum: f64) -> Result<Self> {
        if !(0.0..1.0).contains(&momentum) {
            return Err(parameter("the momentum", momentum, "a number from 0, below 1,"));
        }
        Ok(Self { momentum, ..self })
    }

    /// With a step size that changes: times `factor` of the number of updates made before, a finite number ≥ 0. At 0 nothing
    /// moves.
    pub fn schedule(self, factor: impl Fn(usize) -> f64 + 'static) -> Self {
        Self { step_size: self.step_size.times(factor), ..self }
    }
}

impl std::fmt::Debug for GradientDescent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GradientDescent")
            .field("step_size", &self.step_size)
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}

impl Descent for GradientDescent {
    fn advance(&mut self, here: &Evaluation, _: &mut dyn FnMut() -> Result<Forward>) -> Result<Advance> {
        let step_size = self.step_size.after(self.steps)?;
        for (name, var, gradient) in moving(&self.vars, &here.gradients)? {
            let mut v = gradient.clone();
            if self.momentum > 0.0 {
                if let Some(last) = self.velocity.get(&name) {
                    v = (v + (last * self.momentum)?)?;
                }
                self.velocity.insert(name, v.clone());
            }
            var.set(&(var.as_tensor() - (v * step_size)?)?)?;
        }
        self.steps += 1;
        Ok(if step_size > 0.0 { Advance::Moved(None) } else { Advance::Rested })
    }

    fn slope(&self, gradients: &GradStore) -> Result<Option<f64>> {
        steepest(&self.vars, gradients)
    }

    fn state(&self) -> Result<State> {
        let mut state =
            State::default().with("descent.steps", &[self.steps as f64])?.with("momentum", &[self.momentum])?;
        state.0.extend(self.velocity.iter().map(|(name, v)| (format!("velocity.{name}"), v.clone())));
        Ok(state)
    }

    fn restore(&mut self, state: State) -> Result<()> {
        let momentum = state.numbers("momentum")?;
        if momentum[..] != [self.momentum] {
            return Err(Error::WrongState { problem: format!("its momentum is {momentum:?}, not {}", self.momentum) });
        }
        self.steps = steps(&state, "descent.steps", &["momentum", "velocity."])?;
        self.velocity = tensors(&state, "velocity.", &self.vars)?;
        Ok(())
    }
}

/// The variables of a map with their gradients, in the order of their names.
pub(super) fn moving(vars: &VarMap, gradients: &GradStore) -> Result<Vec<(String, Var, Tensor)>> {
    let with_gradient = |(name, var): (String, Var)| match gradients.get(&var) {
        Some(gradient) => Ok((name, var, gradient.clone())),
        None => Err(Error::NoGradient { name }),
    };
    by_name(vars)?.into_iter().map(with_gradient).collect()
}

/// The largest component of their gradients.
pub(super) fn steepest(vars: &VarMap, gradients: &GradStore) -> Result<Option<f64>> {
    GradientNorm::new(vars, 0.0).of(gradients).map(Some)
}

/// The number of updates that a state has seen, by a name that no other optimiser has for it; beside it there are tensors of these
/// kinds and nothing else.
pub(super) fn steps(state: &State, of: &str, kinds: &[&str]) -> Result<usize> {
    let updates = state.numbers(of)?;
    let known = |name: &&String| *name == of || kinds.iter().any(|kind| name.starts_with(kind));
    if let Some(name) = state.0.keys().find(|name| !known(name)) {
        return Err(Error::WrongState { problem: format!("it holds '{name}'") });
    }
    Ok(updates.first().copied().unwrap_or(0.0) as usize)
}

/// The tensors of a state whose names begin so, each of the shape, type and device of the variable of its name.
pub(super) fn tensors(state: &State, kind: &str, vars: &VarMap) -> Result<HashMap<String, Tensor>> {
    let mut named = HashMap::new();
    for (name, var) in by_name(vars)? {
        if let Some(tensor) = state.0.get(&format!("{kind}{name}")) {
            if tensor.dims() != var.dims() {
                let problem = format!("'{kind}{name}' has shape {:?}, the variable {:?}", tensor.dims(), var.dims());
                return Err(Error::WrongState { problem });
            }
            named.insert(name, tensor.to_dtype(var.dtype())?.to_device(var.device())?);
        }
    }
    match state.0.keys().find(|name| name.strip_prefix(kind).is_some_and(|name| !named.contains_key(name))) {
        Some(name) => Err(Error::WrongState { problem: format!("there is no variable for '{name}'") }),
        None => Ok(named),
    }
}
