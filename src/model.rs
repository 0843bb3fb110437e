//! A model answers one question: how probable was each observation?

mod bernoulli;
mod categorical;
mod gaussian;
mod gibbs;
mod logistic;
mod mixture;
mod network;
mod ngram;
mod softmax;
mod standardize;

use std::collections::HashMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor, Var};
use candle_nn::{VarBuilder, VarMap};
use rand::Rng;

pub use bernoulli::Bernoulli;
pub use categorical::Categorical;
pub use gaussian::Gaussian;
pub use gibbs::Gibbs;
pub use logistic::Logistic;
pub use mixture::Mixture;
pub use network::Network;
pub use ngram::NGram;
pub use softmax::Softmax;
pub use standardize::Standardize;

use crate::error::{Error, Result};
use crate::file::write_whole;

/// q_θ: anything that can score observations. Parameters are tensors of the model's own keeping; where they are
/// [`Var`](candle_core::Var)s, gradients reach them.
pub trait Model {
    /// The rows that it scores.
    type Batch: Batch;

    /// Whether [`log_prob`](Self::log_prob) is the logarithm of a density (and not of a probability).
    const DENSITY: bool = false;

    /// ln q_θ of every row, shape (m,), in nats; ln q_θ(y|x) for a conditional model.
    fn log_prob(&self, batch: &Self::Batch) -> Result<Tensor>;
}

/// A model that can be drawn from.
pub trait Sample: Model {
    /// What a draw starts from: how many (`usize`) for a marginal model, the design matrix x for a conditional one.
    type Given: ?Sized;

    /// Independent draws by a generator on the host, so that a seed fixes them on every device.
    fn sample<R: Rng + ?Sized>(&self, given: &Self::Given, rng: &mut R) -> Result<Self::Batch>;
}

/// A family in which the KL divergence of two members is known exactly.
pub trait KlDivergence: Model {
    /// KL(self ‖ q) at the x of every row, shape (m,), f64, in nats; for a marginal model the same number in every row.
    fn kl_divergence(&self, q: &Self, batch: &Self::Batch) -> Result<Tensor>;
}

/// A model of classes 0 … k−1 that is linear in the logits.
pub trait Classifier: Model<Batch = Labelled> + Sized {
    /// ln of every class's probability at x (m, d): (m, k).
    fn log_probs(&self, x: &Tensor) -> Result<Tensor>;

    /// For every class its slopes against class 0 and, last, its intercept: (k, d + 1), in logits per unit of x; row 0 is zero.
    fn coefficients(&self) -> Result<Tensor>;

    /// The model of such coefficients, constant.
    fn from_coefficients(coefficients: &Tensor) -> Result<Self>;
}

/// A model whose parameters have names: those that its constructor asks a [`VarBuilder`] for.
pub trait Parameters {
    /// The parameters in the data's own units.
    fn parameters(&self) -> Result<HashMap<String, Tensor>>;
}

/// Writes a model's parameters, in the data's own units, as safetensors, whole or not at all; folders are made.
pub fn save(model: &impl Parameters, path: impl AsRef<Path>) -> Result<()> {
    let (parameters, path) = (model.parameters()?, path.as_ref());
    let refuse = |problem| Error::File { action: "write", path: path.to_path_buf(), problem };
    let write = |partial: &Path| {
        // Of a place that cannot be written this speaks in plain words, and Candle of a file of its own making.
        std::fs::File::create(partial)?;
        candle_core::safetensors::save(&parameters, partial).map_err(std::io::Error::other)
    };
    write_whole(path, write).map_err(refuse)
}

/// Opens saved parameters for a model's constructor: `Logistic::new(2, load(path, &device)?)`.
///
/// # Errors
/// A file that cannot be read, or is no safetensors. Whether it holds the parameters of a model is for the model's
/// constructor to find out.
pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<VarBuilder<'static>> {
    let path = path.as_ref();
    let bytes =
        std::fs::read(path).map_err(|problem| Error::File { action: "read", path: path.to_path_buf(), problem })?;
    let tensors = candle_core::safetensors::load_buffer(&bytes, device)
        .map_err(|problem| Error::NotParameters { path: path.to_path_buf(), problem })?;
    Ok(VarBuilder::from_tensors(tensors, crate::device::float(device), device))
}

/// Variables that start at the parameters of another model: at a seeded draw where zero is a saddle, or where an earlier
/// fit ended.
///
/// ```
/// use candle_core::{DType, Device};
/// use candle_mle::{Gaussian, variables};
/// use candle_nn::VarBuilder;
/// let vars = variables(&Gaussian::from_moments(&[3.0], &[4.0], &Device::Cpu)?)?;
/// let learner = Gaussian::new(1, VarBuilder::from_varmap(&vars, DType::F64, &Device::Cpu))?;
/// assert_eq!(learner.mean()?.to_vec1::<f64>()?, [3.0]);
/// # Ok::<(), candle_mle::Error>(())
/// ```
pub fn variables(start: &impl Parameters) -> Result<VarMap> {
    let vars = VarMap::new();
    {
        let mut data = vars.data().lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        for (name, tensor) in start.parameters()? {
            // A copy: a variable that shared its storage would move the model that it started from.
            data.insert(name, Var::from_tensor(&tensor.copy()?)?);
        }
    }
    Ok(vars)
}

/// Rows that a model can score.
pub trait Batch: Sized {
    /// The number of rows, m.
    fn rows(&self) -> Result<usize>;

    /// The rows of these indices, (k,) u32.
    fn select(&self, rows: &Tensor) -> Result<Self>;

    /// The same rows on another device.
    fn to_device(&self, device: &Device) -> Result<Self>;

    /// The rows as numbers on the host, for grouping equal ones.
    fn keys(&self) -> Result<Keys>;
}

/// Rows as numbers: `width` columns, of which the first `given` are conditioned on (x) and the others are the outcome.
pub struct Keys {
    /// Row by row, m · width numbers.
    pub values: Vec<f64>,
    /// Numbers in a row.
    pub width: usize,
    /// How many of them are conditioned on.
    pub given: usize,
}

/// Observations of a marginal model: (m,) or (m, d).
impl Batch for Tensor {
    fn rows(&self) -> Result<usize> {
        match *self.dims() {
            [rows, ..] => Ok(rows),
            [] => Err(Error::Shape { what: "the batch", got: vec![], expected: "(rows,) or (rows, columns)".into() }),
        }
    }

    fn select(&self, rows: &Tensor) -> Result<Self> {
        Ok(self.index_select(rows, 0)?)
    }

    fn to_device(&self, device: &Device) -> Result<Self> {
        Ok(Tensor::to_device(self, device)?)
    }

    fn keys(&self) -> Result<Keys> {
        let width = self.dims().iter().skip(1).product();
        Ok(Keys { values: host(self)?, width, given: 0 })
    }
}

/// Observations of a conditional model: rows x (m, d), each with its class y (m,).
#[derive(Clone, Debug)]
pub struct Labelled {
    x: Tensor,
    y: Tensor,
    /// One more than the largest class.
    classes: usize,
}

impl Labelled {
    /// `x` (m, d) float; `y` (m,) u32, counted from 0.
    ///
    /// # Errors
    /// Shapes that do not fit; a y of another type.
    pub fn new(x: Tensor, y: Tensor) -> Result<Self> {
        if x.rank() != 2 {
            return Err(Error::Shape { what: "x", got: x.dims().to_vec(), expected: "(rows, columns)".into() });
        }
        if y.dims() != [x.dim(0)?] {
            let expected = format!("({},), one class for each row of x,", x.dim(0)?);
            return Err(Error::Shape { what: "y", got: y.dims().to_vec(), expected });
        }
        if y.dtype() != DType::U32 {
            return Err(Error::Numbers { what: "y", got: y.dtype(), expected: "u32, the numbers of classes," });
        }
        let classes = host(&y)?.into_iter().fold(0.0, f64::max) as usize + 1;
        Ok(Self { x, y, classes })
    }

    /// The design matrix, (m, d).
    pub fn x(&self) -> &Tensor {
        &self.x
    }

    /// The classes, (m,) u32.
    pub fn y(&self) -> &Tensor {
        &self.y
    }
}

impl Labelled {
    /// An error if there is a class beyond the `known` ones.
    pub(crate) fn at_most(&self, known: usize) -> Result<()> {
        if self.classes > known { Err(Error::Class { class: self.classes - 1, classes: known }) } else { Ok(()) }
    }
}

impl Batch for Labelled {
    fn rows(&self) -> Result<usize> {
        self.x.rows()
    }

    fn select(&self, rows: &Tensor) -> Result<Self> {
        Ok(Self { x: self.x.select(rows)?, y: self.y.select(rows)?, classes: self.classes })
    }

    fn to_device(&self, device: &Device) -> Result<Self> {
        Ok(Self { x: self.x.to_device(device)?, y: self.y.to_device(device)?, classes: self.classes })
    }

    fn keys(&self) -> Result<Keys> {
        let (x, y) = (host(&self.x)?, host(&self.y)?);
        let given = self.x.dim(1)?;
        let mut values = Vec::with_capacity(x.len() + y.len());
        for (row, class) in y.into_iter().enumerate() {
            values.extend_from_slice(&x[row * given..][..given]);
            values.push(class);
        }
        Ok(Keys { values, width: given + 1, given })
    }
}

/// The variables of a map in the order of their names (the map itself has none). An error if it is empty: who looks at no
/// variable would take every step for the last.
pub(crate) fn by_name(vars: &VarMap) -> Result<Vec<(String, Var)>> {
    // A poisoned lock still holds the variables.
    let data = vars.data().lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let mut named: Vec<_> = data.iter().map(|(name, var)| (name.clone(), var.clone())).collect();
    named.sort_by(|a, b| a.0.cmp(&b.0));
    if named.is_empty() {
        return Err(Error::Empty { what: "the map of variables".into(), needed: "variable that a model asked for" });
    }
    Ok(named)
}

/// One draw of a level, from the logarithms of the probabilities of all.
fn draw<R: Rng + ?Sized>(log_probs: &[f64], rng: &mut R) -> u32 {
    let mut left = rng.random::<f64>();
    let passed = log_probs.iter().take_while(|&&l| {
        left -= l.exp();
        left >= 0.0
    });
    // The last level that can occur takes what rounding may leave.
    let last = log_probs.iter().rposition(|l| *l > f64::NEG_INFINITY).unwrap_or(0);
    passed.count().min(last) as u32
}

/// An error unless x holds numbers of the model's own type.
fn same_numbers(x: &Tensor, own: &Tensor) -> Result<()> {
    if x.dtype() == own.dtype() {
        return Ok(());
    }
    Err(Error::Numbers { what: "the batch", got: x.dtype(), expected: own.dtype().as_str() })
}

/// All elements on the host, in f64, row by row.
pub(crate) fn host(tensor: &Tensor) -> Result<Vec<f64>> {
    Ok(tensor.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?)
}
