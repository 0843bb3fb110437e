//! Hooks that end a run, and one that remembers where it went.

use std::ops::ControlFlow::{self, Break, Continue};

use candle_nn::VarMap;

use super::{Hook, Step};
use crate::error::{Error, Result};
use crate::model::{Model, Parameters, by_name, host};

/// Ends the run once no component of the gradient is larger than a tolerance.
pub struct GradientNorm {
    vars: VarMap,
    tolerance: f64,
    norm: f64,
}

impl GradientNorm {
    /// Watches all variables of a map, as they are at each step: it may be made before the model asks for them. `tolerance`
    /// in the objective's nats per unit of parameter. A step without any variable is an error, and so is a variable that
    /// no gradient reaches.
    pub fn new(vars: &VarMap, tolerance: f64) -> Self {
        Self { vars: vars.clone(), tolerance, norm: f64::INFINITY }
    }

    /// The largest component seen last.
    pub fn norm(&self) -> f64 {
        self.norm
    }

    /// Whether the run may end.
    pub fn reached(&self) -> bool {
        self.norm <= self.tolerance
    }
}

impl<M: Model> Hook<M> for GradientNorm {
    fn on_step(&mut self, step: &Step<'_, M>) -> Result<ControlFlow<()>> {
        let Some(gradients) = step.gradients else { return Ok(Continue(())) };
        let vars = by_name(&self.vars)?;
        self.norm = 0.0;
        for (name, var) in vars {
            let gradient = gradients.get(&var).ok_or(Error::NoGradient { name })?;
            // max() of f64 passes a NaN over; a sum keeps it.
            let largest =
                host(gradient)?.iter().fold(0.0, |a: f64, g| if g.is_nan() { f64::NAN } else { a.max(g.abs()) });
            self.norm = if largest.is_nan() { f64::NAN } else { self.norm.max(largest) };
        }
        Ok(if self.reached() { Break(()) } else { Continue(()) })
    }
}

/// Ends the run once a step has improved the cross-entropy by less than a tolerance, in nats per observation.
///
/// A small step size improves little without being near: where it can be had, [`GradientNorm`] is the safer sign.
pub struct Improvement {
    tolerance: f64,
    last: f64,
}

impl Improvement {
    /// `tolerance` in nats per observation.
    pub fn new(tolerance: f64) -> Self {
        Self { tolerance, last: f64::INFINITY }
    }
}

impl<M: Model> Hook<M> for Improvement {
    fn on_step(&mut self, step: &Step<'_, M>) -> Result<ControlFlow<()>> {
        let now = step.cross_entropy()?;
        let gained = self.last - now;
        self.last = now;
        Ok(if (0.0..self.tolerance).contains(&gained) { Break(()) } else { Continue(()) })
    }
}

/// An error once the cross-entropy stands above its start: no step size that descends does that.
#[derive(Default)]
pub struct NoClimb {
    start: Option<f64>,
}

impl<M: Model> Hook<M> for NoClimb {
    fn on_step(&mut self, step: &Step<'_, M>) -> Result<ControlFlow<()>> {
        let loss = step.cross_entropy()?;
        let start = *self.start.get_or_insert(loss);
        // Rounding may lift a loss that starts at its minimum.
        if loss > start + 1e-9 * start.abs().max(1.0) {
            return Err(Error::Diverged { step: step.index, loss, start });
        }
        Ok(Continue(()))
    }
}

/// Remembers θ_t of every step, in the data's own units.
#[derive(Default)]
pub struct ParameterPath {
    path: Vec<Vec<f64>>,
}

impl ParameterPath {
    /// An empty path.
    pub fn new() -> Self {
        Self::default()
    }

    /// One row a step: all parameters in the order of their names, flattened.
    pub fn path(&self) -> &[Vec<f64>] {
        &self.path
    }
}

impl<M: Model + Parameters> Hook<M> for ParameterPath {
    fn on_step(&mut self, step: &Step<'_, M>) -> Result<ControlFlow<()>> {
        let mut parameters: Vec<_> = step.model.parameters()?.into_iter().collect();
        parameters.sort_by(|a, b| a.0.cmp(&b.0));
        let theta = parameters.iter().map(|(_, tensor)| host(tensor)).collect::<Result<Vec<_>>>()?;
        self.path.push(theta.concat());
        Ok(Continue(()))
    }
}
