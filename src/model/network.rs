//! A small network (lecture rows P4, P6): a softmax classifier on top of layers of tanh.

use std::collections::HashMap;

use candle_core::{Device, Tensor};
use candle_nn::{Init, VarBuilder};
use rand::Rng;

use super::{Classifier, Model};
use crate::batch::{Labelled, like};
use crate::device::float;
use crate::error::{Result, matrix, parameter, shape};
use crate::ops::{linear, log_softmax};
use crate::parameters::{Parameters, Parts};
use crate::standardize::Standardize;

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
        Ok(linear(input, &self.weight)?.broadcast_add(&self.bias)?)
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
    /// activation from layer to layer (Glorot and Bengio 2010), and of biases 0: where a
    /// [`learner`](Parameters::learner) starts.
    ///
    /// ```
    /// use candle_core::Device;
    /// use candle_mle::Parameters;
    /// use candle_mle::model::Network;
    /// use rand::SeedableRng;
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    /// let (vars, network) = Network::seeded(2, &[8, 4], 3, &mut rng, &Device::Cpu)?.learner()?;
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
            let bias = Tensor::zeros(units, float(device), device)?;
            parameters.insert(format!("{at}.weight"), like(&bias, weights, (units, inputs))?);
            parameters.insert(format!("{at}.bias"), bias);
        }
        Self::from_parts(Parts { learnt: parameters, ..Parts::default() })
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
    const DENSITY: bool = false;

    fn log_prob(&self, batch: &Labelled) -> Result<Tensor> {
        batch.observed(&self.log_probs(batch.x())?)
    }
}

impl Classifier for Network {
    fn classes(&self) -> usize {
        self.layers[self.layers.len() - 1].bias.elem_count()
    }

    fn log_probs(&self, x: &Tensor) -> Result<Tensor> {
        self.top(x, &self.hidden(x, Ok)?)
    }
}

impl Parameters for Network {
    const FAMILY: &'static str = "network";

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

    fn parts(&self) -> Result<Parts> {
        let named = |(at, layer): (usize, &Layer)| {
            [(format!("{at}.weight"), layer.weight.clone()), (format!("{at}.bias"), layer.bias.clone())]
        };
        let learnt = self.layers.iter().enumerate().flat_map(named).collect();
        Ok(Parts { learnt, ..Parts::default() }.with_map(&self.standardize))
    }

    fn from_parts(mut parts: Parts) -> Result<Self> {
        let mut layers: Vec<Layer> = vec![];
        while layers.is_empty() || parts.learnt.contains_key(&format!("{}.weight", layers.len())) {
            let at = layers.len();
            let (weight, bias) = (parts.take(&format!("{at}.weight"))?, parts.take(&format!("{at}.bias"))?);
            let (units, inputs) = matrix("a weight of the network", &weight)?;
            if bias.dims() != [units] {
                return Err(shape("a bias of the network", bias.dims(), format!("({units},)")));
            }
            if let Some(below) = layers.last().map(|layer| layer.bias.elem_count()).filter(|below| *below != inputs) {
                return Err(shape("a weight of the network", weight.dims(), format!("({units}, {below})")));
            }
            layers.push(Layer { weight, bias });
        }
        let standardize = parts.take_map(layers[0].weight.dim(1)?, &layers[0].weight)?;
        parts.done()?;
        Ok(Self { layers, standardize })
    }
}

/// (inputs, units) of every layer.
fn shapes(columns: usize, hidden: &[usize], classes: usize) -> Result<Vec<(usize, usize)>> {
    let widths = [&[columns], hidden, &[classes]].concat();
    if widths.contains(&0) {
        return Err(parameter("the width of a layer of the network", 0.0, "at least one column, unit or class"));
    }
    Ok(widths.windows(2).map(|pair| (pair[0], pair[1])).collect())
}
