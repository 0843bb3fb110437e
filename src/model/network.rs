//! A small network (lecture rows P4, P6): a softmax classifier on top of layers of tanh.

use std::collections::HashMap;

use candle_core::{Device, Tensor};
use candle_nn::{Init, VarBuilder};
use rand::Rng;

use super::{Labelled, Model, Parameters, Standardize};
use crate::device::float;
use crate::error::{Error, Result};
use crate::ops::log_softmax;

/// P(y | x) = softmax(W_L h_{L−1} + b_L)_y with h_l = tanh(W_l h_{l−1} + b_l) and h_0 = x: a multi-layer perceptron (lecture
/// rows P4 and P6).
///
/// Its likelihood has many maxima: permuting the units of a layer changes nothing, so every maximum has copies, and a
/// descent ends in one that need not be the highest.
#[derive(Clone, Debug)]
pub struct Network {
    layers: Vec<Layer>,
    standardize: Standardize,
}

/// h ↦ W h + b; W is (units, inputs), b (units,).
#[derive(Clone, Debug)]
struct Layer {
    weight: Tensor,
    bias: Tensor,
}

impl Layer {
    fn apply(&self, input: &Tensor) -> Result<Tensor> {
        Ok(input.matmul(&self.weight.t()?)?.broadcast_add(&self.bias)?)
    }
}

impl Network {
    /// Asks for `0.weight` (h_1, d), `0.bias` (h_1,), `1.weight` (h_2, h_1) and so on to the last, whose units are the
    /// classes; `hidden` holds h_1, h_2, …, and may be empty.
    ///
    /// New variables are zero, and there the units are all alike and stay so: start from [`seeded`](Self::seeded) ones.
    ///
    /// # Errors
    /// A layer without units.
    pub fn new(columns: usize, hidden: &[usize], classes: usize, vb: VarBuilder) -> Result<Self> {
        let layer = |(at, (inputs, units))| {
            let vb = vb.pp(at);
            let weight = vb.get_with_hints((units, inputs), "weight", Init::Const(0.0))?;
            Ok(Layer { weight, bias: vb.get_with_hints(units, "bias", Init::Const(0.0))? })
        };
        let layers = shapes(columns, hidden, classes)?.into_iter().enumerate().map(layer).collect::<Result<_>>()?;
        Ok(Self { layers, standardize: Standardize::identity(columns, &vb)? })
    }

    /// A constant network of random weights, uniform within ±√(6 / (inputs + units)), which keep the spread of an
    /// activation from layer to layer (Glorot and Bengio 2010), and of biases 0. What [`variables`](crate::variables)
    /// makes of it is where a learner starts.
    ///
    /// ```
    /// use candle_core::{DType, Device};
    /// use candle_mle::{Network, variables};
    /// use candle_nn::VarBuilder;
    /// use rand::SeedableRng;
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    /// let vars = variables(&Network::seeded(2, &[8, 4], 3, &mut rng, &Device::Cpu)?)?;
    /// let learner = Network::new(2, &[8, 4], 3, VarBuilder::from_varmap(&vars, DType::F64, &Device::Cpu))?;
    /// # Ok::<(), candle_mle::Error>(())
    /// ```
    ///
    /// # Errors
    /// A layer without units.
    pub fn seeded<R: Rng + ?Sized>(
        columns: usize,
        hidden: &[usize],
        classes: usize,
        rng: &mut R,
        device: &Device,
    ) -> Result<Self> {
        let mut parameters = HashMap::new();
        for (at, (inputs, units)) in shapes(columns, hidden, classes)?.into_iter().enumerate() {
            let bound = (6.0 / (inputs + units) as f64).sqrt();
            let weights: Vec<f64> = (0..units * inputs).map(|_| rng.random_range(-bound..bound)).collect();
            let weight = Tensor::from_vec(weights, (units, inputs), &Device::Cpu)?;
            parameters.insert(format!("{at}.weight"), weight.to_dtype(float(device))?.to_device(device)?);
            parameters.insert(format!("{at}.bias"), Tensor::zeros(units, float(device), device)?);
        }
        Self::new(columns, hidden, classes, VarBuilder::from_tensors(parameters, float(device), device))
    }

    /// The same, with its variables read in the coordinates of this map.
    pub fn standardized(self, standardize: Standardize) -> Self {
        Self { standardize, ..self }
    }

    /// ln of every class's probability at x (m, d): (m, k).
    pub fn log_probs(&self, x: &Tensor) -> Result<Tensor> {
        self.top(x, &self.hidden(x, Ok)?)
    }

    /// The activations of every layer at x (m, d): tanh of the hidden ones, (m, h_l), from −1 to 1, and last the
    /// probabilities of the classes, (m, k).
    pub fn layers(&self, x: &Tensor) -> Result<Vec<Tensor>> {
        self.layers_through(x, Ok)
    }

    /// The same where `pass` stands behind every layer: what it makes of an activation is returned, and is all that the
    /// next layer sees. So X → T_1 → T_2 → … is a Markov chain whatever `pass` does (lecture row P4). Of
    /// [`layers`](Self::layers) that are rounded afterwards, each on its own, this does not hold: T_2 is then a function
    /// of what T_1 was before it was rounded.
    pub fn layers_through(&self, x: &Tensor, pass: impl Fn(Tensor) -> Result<Tensor>) -> Result<Vec<Tensor>> {
        let mut layers = self.hidden(x, &pass)?;
        layers.push(pass(self.top(x, &layers)?.exp()?)?);
        Ok(layers)
    }

    fn hidden(&self, x: &Tensor, pass: impl Fn(Tensor) -> Result<Tensor>) -> Result<Vec<Tensor>> {
        let columns = self.layers[0].weight.dim(1)?;
        if x.rank() != 2 || x.dim(1)? != columns {
            return Err(Error::Shape { what: "x", got: x.dims().to_vec(), expected: format!("(rows, {columns})") });
        }
        let mut input = self.standardize.apply(x)?;
        let mut hidden = vec![];
        for layer in &self.layers[..self.layers.len() - 1] {
            input = pass(layer.apply(&input)?.tanh()?)?;
            hidden.push(input.clone());
        }
        Ok(hidden)
    }

    /// ln softmax of the last layer, which sees the last hidden one, or x.
    fn top(&self, x: &Tensor, hidden: &[Tensor]) -> Result<Tensor> {
        let top = &self.layers[self.layers.len() - 1];
        log_softmax(&match hidden.last() {
            Some(hidden) => top.apply(hidden)?,
            None => top.apply(&self.standardize.apply(x)?)?,
        })
    }
}

impl Model for Network {
    type Batch = Labelled;

    fn log_prob(&self, batch: &Labelled) -> Result<Tensor> {
        batch.at_most(self.layers[self.layers.len() - 1].bias.dim(0)?)?;
        Ok(self.log_probs(batch.x())?.gather(&batch.y().unsqueeze(1)?, 1)?.squeeze(1)?)
    }
}

impl Parameters for Network {
    fn parameters(&self) -> Result<HashMap<String, Tensor>> {
        let mut parameters = HashMap::new();
        for (at, Layer { weight, bias }) in self.layers.iter().enumerate() {
            let (mut weight, mut bias) = (weight.detach(), bias.detach());
            if at == 0 {
                weight = weight.broadcast_div(self.standardize.scale())?;
                bias = (bias - weight.broadcast_mul(self.standardize.shift())?.sum(1)?)?;
            }
            parameters.insert(format!("{at}.weight"), weight);
            parameters.insert(format!("{at}.bias"), bias);
        }
        Ok(parameters)
    }
}

/// (inputs, units) of every layer.
fn shapes(columns: usize, hidden: &[usize], classes: usize) -> Result<Vec<(usize, usize)>> {
    let widths = [&[columns], hidden, &[classes]].concat();
    if widths.contains(&0) {
        let allowed = "at least one column, unit or class";
        return Err(Error::Parameter { what: "the width of a layer of the network", value: 0.0, allowed });
    }
    Ok(widths.windows(2).map(|pair| (pair[0], pair[1])).collect())
}
