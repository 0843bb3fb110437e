//! What moves the variables: one interface for gradient descent and for methods that look before they leap.

use std::collections::BTreeMap;

use candle_core::{Tensor, backprop::GradStore};
use candle_nn::Optimizer;

use crate::error::{Error, Result};
use crate::kernel::Sums;

/// The model where its variables stand: ln q of the rows, the loss, and its value on the host.
pub struct Forward {
    /// ln q of the distinct rows, (m,), nats; in the graph.
    pub log_q: Tensor,
    /// A scalar, in the graph.
    pub loss: Tensor,
    /// The loss on the host; NaN where a device was not asked for it.
    pub value: f64,
    /// By how much rounding alone may move the value: differences below it say nothing.
    pub rounding: f64,
    /// What was summed of ln q, for hooks to ask again for nothing.
    pub(crate) sums: Option<Sums>,
}

impl Forward {
    /// With the gradients of the loss.
    pub fn backward(self) -> Result<Evaluation> {
        let gradients = self.loss.backward()?;
        Ok(Evaluation { forward: self, gradients })
    }
}

/// The model where its variables stand, and the gradients of its loss there.
pub struct Evaluation {
    /// What the forward pass gave.
    pub forward: Forward,
    /// What the backward pass gave.
    pub gradients: GradStore,
}

/// What came of an update.
pub enum Advance {
    /// The variables moved. A method that looked where it was going hands on what it saw there, so that an accepted step costs
    /// one forward and one backward pass.
    Moved(Option<Evaluation>),
    /// A schedule asks for a step of 0 here, as a warm-up does at first: the variables are where they were.
    Rested,
    /// No step along any direction gains more than rounding: the variables are where they were.
    Stalled,
}

/// What moves the variables: [`GradientDescent`](crate::fit::GradientDescent), [`Adam`](crate::fit::Adam), [`Lbfgs`](crate::fit::Lbfgs),
/// and every optimiser of candle-nn.
pub trait Descent {
    /// One update, given the loss and its gradients at the variables as they stand; `look` evaluates the model where the
    /// variables stand by then, for a line search.
    fn advance(&mut self, here: &Evaluation, look: &mut dyn FnMut() -> Result<Forward>) -> Result<Advance>;

    /// The largest component of the gradient of the variables that it moves; none where it keeps them to itself, as the
    /// optimisers of candle-nn do.
    ///
    /// # Errors
    /// No variable; one that no gradient reaches.
    fn slope(&self, _: &GradStore) -> Result<Option<f64>> {
        Ok(None)
    }

    /// By how much the loss may still fall, ½ gᵀH⁻¹g, where the method knows a curvature H: the Newton decrement, which unlike the
    /// gradient depends neither on the unit of a parameter nor on how rare what it tells of is. None where no curvature is known.
    ///
    /// # Errors
    /// As [`slope`](Self::slope).
    fn decrement(&self, _: &GradStore) -> Result<Option<f64>> {
        Ok(None)
    }

    /// Whether [`advance`](Self::advance) asks for values of the loss: on a GPU each is a wait for the device.
    fn looks(&self) -> bool {
        false
    }

    /// What it knows beside the variables, for a checkpoint.
    ///
    /// # Errors
    /// An optimiser of candle-nn, which keeps it to itself.
    fn state(&self) -> Result<State>;

    /// Goes on from a state: with the variables as they stood then, every further step is the same to the last bit.
    ///
    /// # Errors
    /// A state of another optimiser, or for other variables.
    fn restore(&mut self, state: State) -> Result<()>;
}

/// What an optimiser knows, by name: to be written beside the parameters.
#[derive(Clone, Debug, Default)]
pub struct State(pub BTreeMap<String, Tensor>);

impl State {
    pub(crate) fn numbers(&self, name: &str) -> Result<Vec<f64>> {
        let tensor = self.0.get(name).ok_or_else(|| Error::WrongState { problem: format!("it has no '{name}'") })?;
        crate::batch::host(tensor)
    }

    pub(crate) fn with(mut self, name: impl Into<String>, numbers: &[f64]) -> Result<Self> {
        let tensor = Tensor::from_slice(numbers, numbers.len(), &candle_core::Device::Cpu)?;
        self.0.insert(name.into(), tensor);
        Ok(self)
    }
}

impl<O: Optimizer> Descent for O {
    fn advance(&mut self, here: &Evaluation, _: &mut dyn FnMut() -> Result<Forward>) -> Result<Advance> {
        self.step(&here.gradients)?;
        Ok(Advance::Moved(None))
    }

    fn state(&self) -> Result<State> {
        Err(Error::NoState)
    }

    fn restore(&mut self, _: State) -> Result<()> {
        Err(Error::NoState)
    }
}
