//! L-BFGS: gradient descent that learns the curvature as it walks, so that a real table needs no step size.

use std::collections::VecDeque;

use candle_core::{Device, Tensor, Var, backprop::GradStore};
use candle_nn::VarMap;

use super::Descent;
use crate::error::{Error, Result};
use crate::model::{by_name, host};

/// Limited-memory BFGS with a backtracking line search (Nocedal and Wright 2006, algorithms 7.4, 7.5 and 3.1).
///
/// It walks another path than gradient descent to the same maximum of the likelihood, in tens of steps.
pub struct Lbfgs {
    vars: VarMap,
    /// Moves s of the variables and the changes y of the gradient along them, the oldest first.
    memory: VecDeque<(Vec<f64>, Vec<f64>)>,
    last: Option<(Vec<f64>, Vec<f64>)>,
}

/// How many moves are remembered.
const MEMORY: usize = 20;

impl Lbfgs {
    /// Moves all variables of a map, as they are at each step: it may be made before the model asks for them. A step
    /// without any is an error, and so is a variable that no gradient reaches.
    pub fn new(vars: &VarMap) -> Self {
        Self { vars: vars.clone(), memory: VecDeque::new(), last: None }
    }

    /// −H g, with H the inverse curvature that the memory tells of.
    fn direction(&self, gradient: &[f64]) -> Vec<f64> {
        let mut d: Vec<f64> = gradient.iter().map(|g| -g).collect();
        let mut along = vec![];
        for (s, y) in self.memory.iter().rev() {
            let a = dot(s, &d) / dot(s, y);
            add(&mut d, -a, y);
            along.push(a);
        }
        let scale = match self.memory.back() {
            Some((s, y)) => dot(s, y) / dot(y, y),
            None => 1.0 / dot(gradient, gradient).sqrt().max(1.0),
        };
        d.iter_mut().for_each(|d| *d *= scale);
        for ((s, y), a) in self.memory.iter().zip(along.into_iter().rev()) {
            let b = dot(y, &d) / dot(s, y);
            add(&mut d, a - b, s);
        }
        d
    }
}

impl Descent for Lbfgs {
    fn advance(&mut self, loss: &Tensor, gradients: &GradStore, again: &dyn Fn() -> Result<Tensor>) -> Result<()> {
        let vars = by_name(&self.vars)?;
        let (mut theta, mut gradient) = (vec![], vec![]);
        for (name, var) in &vars {
            theta.extend(host(var)?);
            gradient.extend(host(gradients.get(var).ok_or_else(|| Error::NoGradient { name: name.clone() })?)?);
        }
        // Variables that have come in between make another space, of whose curvature nothing is known.
        if self.last.as_ref().is_some_and(|(last, _)| last.len() != theta.len()) {
            (self.memory, self.last) = (VecDeque::new(), None);
        }
        if let Some((last_theta, last_gradient)) = self.last.take() {
            let (s, y) = (difference(&theta, &last_theta), difference(&gradient, &last_gradient));
            // Only a positive curvature keeps H positive definite.
            if dot(&s, &y) > 1e-12 * dot(&y, &y).sqrt() * dot(&s, &s).sqrt() {
                self.memory.push_back((s, y));
                if self.memory.len() > MEMORY {
                    self.memory.pop_front();
                }
            }
        }
        let mut direction = self.direction(&gradient);
        if dot(&direction, &gradient) >= 0.0 {
            self.memory.clear();
            direction = self.direction(&gradient);
        }
        let (start, slope) = (host(loss)?[0], dot(&direction, &gradient));
        // Near the minimum the loss is flat to rounding, and a step that keeps it there is a good one.
        let rounding = 4.0 * f64::EPSILON * start.abs().max(1.0);
        let mut length = 1.0;
        loop {
            let mut trial = theta.clone();
            add(&mut trial, length, &direction);
            set(&vars, &trial)?;
            if host(&again()?)?[0] <= start + 1e-4 * length * slope + rounding {
                break;
            }
            length /= 2.0;
            if length < 1e-12 {
                // No descent along this line: stay, and forget the curvature that pointed here.
                self.memory.clear();
                return set(&vars, &theta);
            }
        }
        self.last = Some((theta, gradient));
        Ok(())
    }
}

fn set(vars: &[(String, Var)], theta: &[f64]) -> Result<()> {
    let mut from = 0;
    for (_, var) in vars {
        let values = theta[from..from + var.elem_count()].to_vec();
        from += values.len();
        let tensor = Tensor::from_vec(values, var.dims(), &Device::Cpu)?;
        var.set(&tensor.to_dtype(var.dtype())?.to_device(var.device())?)?;
    }
    Ok(())
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn add(to: &mut [f64], factor: f64, what: &[f64]) {
    to.iter_mut().zip(what).for_each(|(to, what)| *to += factor * what);
}
