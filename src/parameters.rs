//! Parameters by name: a fit saved, loaded, and gone on with where it stood.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::Path;

use candle_core::{DType, Device, Tensor, Var, safetensors};
use candle_mle_info::file::write_whole;
use candle_nn::VarMap;

use crate::error::{Error, Result, empty, shape};
use crate::standardize::Standardize;

/// What a model is made of: the tensors that are learnt, in the coordinates in which they are learnt, and those that are
/// fixed. What is fixed belongs to the model like its shape: the map of its coordinates (`map.shift`, `map.scale`), the
/// floor of a mixture, the contexts of an n-gram.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// By the names that the constructor asks a `VarBuilder` for.
    pub learnt: HashMap<String, Tensor>,
    /// By name.
    pub fixed: HashMap<String, Tensor>,
}

impl Parts {
    /// These tensors, learnt.
    pub fn new<const N: usize>(learnt: [(&str, &Tensor); N]) -> Self {
        let named = |(name, tensor): (&str, &Tensor)| (name.to_string(), tensor.clone());
        Self { learnt: learnt.into_iter().map(named).collect(), fixed: HashMap::new() }
    }

    /// With a map of coordinates.
    pub fn with_map(mut self, map: &Standardize) -> Self {
        self.fixed.insert("map.shift".into(), map.shift().clone());
        self.fixed.insert("map.scale".into(), map.scale().clone());
        self
    }

    /// With one more fixed tensor.
    pub fn with_fixed(mut self, name: &str, tensor: &Tensor) -> Self {
        self.fixed.insert(name.into(), tensor.clone());
        self
    }

    /// Takes a learnt tensor out.
    ///
    /// # Errors
    /// None of this name, or one of integers.
    pub fn take(&mut self, name: &str) -> Result<Tensor> {
        real(name, self.learnt.remove(name))
    }

    /// Takes a fixed tensor out.
    ///
    /// # Errors
    /// None of this name, or one of integers.
    pub fn take_fixed(&mut self, name: &str) -> Result<Tensor> {
        real(name, self.fixed.remove(name))
    }

    /// Takes out a fixed tensor of any numbers, such as codes.
    ///
    /// # Errors
    /// None of this name.
    pub fn take_codes(&mut self, name: &str) -> Result<Tensor> {
        self.fixed.remove(name).ok_or_else(|| missing(name))
    }

    /// Takes the map out; without one it is the identity on so many columns, of the type and on the device of `like`.
    ///
    /// # Errors
    /// A shift and a scale that make no map.
    pub fn take_map(&mut self, columns: usize, like: &Tensor) -> Result<Standardize> {
        match (self.fixed.remove("map.shift"), self.fixed.remove("map.scale")) {
            (Some(shift), Some(scale)) => {
                Standardize::new(real("map.shift", Some(shift))?, real("map.scale", Some(scale))?)
            }
            _ => {
                let (dtype, device) = (like.dtype(), like.device());
                Standardize::new(Tensor::zeros(columns, dtype, device)?, Tensor::ones(columns, dtype, device)?)
            }
        }
    }

    /// Takes out what is linear in x: `weight` (d,), `bias`, a scalar, and the map.
    ///
    /// # Errors
    /// One that is missing, or of another shape.
    pub(crate) fn take_line(&mut self) -> Result<(Tensor, Tensor, Standardize)> {
        let (weight, bias) = (self.take("weight")?, self.take("bias")?);
        if weight.rank() != 1 || bias.rank() != 0 {
            return Err(shape("the weight", weight.dims(), "(columns,), beside a scalar as bias,"));
        }
        let map = self.take_map(weight.dim(0)?, &weight)?;
        Ok((weight, bias, map))
    }

    /// An error if anything is left: what a model does not know it must not drop in silence.
    ///
    /// # Errors
    /// The first name that is left.
    pub fn done(&self) -> Result<()> {
        match self.learnt.keys().chain(self.fixed.keys()).min() {
            Some(name) => Err(Error::Other(format!("'{name}' is no part of this model").into())),
            None => Ok(()),
        }
    }

    fn map(self, f: impl Fn(&Tensor) -> candle_core::Result<Tensor>) -> Result<Self> {
        let each = |tensors: HashMap<String, Tensor>| {
            tensors.into_iter().map(|(name, tensor)| Ok((name, f(&tensor)?))).collect::<Result<HashMap<_, _>>>()
        };
        Ok(Self { learnt: each(self.learnt)?, fixed: each(self.fixed)? })
    }
}

/// What can be computed with: of integers Candle has no logarithm.
fn real(name: &str, tensor: Option<Tensor>) -> Result<Tensor> {
    let tensor = tensor.ok_or_else(|| missing(name))?;
    match tensor.dtype().is_float() {
        true => Ok(tensor),
        false => {
            Err(Error::Other(format!("the tensor '{name}' holds {:?}, and no real numbers", tensor.dtype()).into()))
        }
    }
}

fn missing(name: &str) -> Error {
    Error::Other(format!("there is no tensor '{name}'").into())
}

/// A model whose parameters have names: it can be saved, loaded, moved to another device or type of numbers, and gone on
/// with.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::model::Logistic;
/// use candle_mle::{Empirical, Labelled, maximum_likelihood, Parameters};
/// let x = Tensor::new(&[[50.0], [70.0], [90.0], [110.0]], &Device::Cpu)?;
/// let batch = Labelled::new(x, Tensor::new(&[0u32, 1, 0, 1], &Device::Cpu)?)?;
/// let p = Empirical::from_sample(batch)?;
/// let fitted = maximum_likelihood(&p, |vb| Logistic::new(1, vb)?.standardized(p.standardize()?))?;
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("parameters.safetensors");
/// fitted.model.save(&path)?;
///
/// // The file knows the map: what goes on stands exactly where the fit ended.
/// let (vars, model) = Logistic::load(&path, &Device::Cpu)?.learner()?;
/// assert_eq!(model.weight()?.to_vec1::<f64>()?, fitted.model.weight()?.to_vec1::<f64>()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Parameters: Sized {
    /// What the family is called, in files and messages.
    const FAMILY: &'static str;

    /// The parameters in the data's own units, by the names that the constructor asks for.
    fn parameters(&self) -> Result<HashMap<String, Tensor>>;

    /// What the model is made of, as it stands; variables stay variables.
    fn parts(&self) -> Result<Parts>;

    /// The model of these parts.
    ///
    /// # Errors
    /// A part that is missing, or unknown to this family; shapes that do not fit each other.
    fn from_parts(parts: Parts) -> Result<Self>;

    /// The same, with its variables read in the coordinates of this map, and speaking the data's own units. For variables
    /// at their start: numbers that are known already would silently mean something else.
    ///
    /// # Errors
    /// A model that is constant, or that has a map already (what it is goes on by [`learner`](Self::learner)); a family
    /// without columns.
    fn standardized(self, map: Standardize) -> Result<Self> {
        let parts = self.parts()?;
        let constant = parts.learnt.values().any(|tensor| !tensor.is_variable());
        let mapped = match (parts.fixed.get("map.shift"), parts.fixed.get("map.scale")) {
            (Some(shift), Some(scale)) => !Standardize::new(shift.clone(), scale.clone())?.is_identity(),
            _ => false,
        };
        if constant || mapped {
            let why = if constant { "its parameters are constant" } else { "it has a map of coordinates already" };
            let family = Self::FAMILY;
            return Err(Error::Other(
                format!("this {family} cannot be standardised, for {why}: `learner` goes on where it stands").into(),
            ));
        }
        // Of the type of the variables, and where they are.
        let map = match parts.learnt.values().next() {
            Some(like) => map.like(like)?,
            None => map,
        };
        Self::from_parts(parts.with_map(&map))
    }

    /// Variables that start at this model, and the model that they make: in the coordinates of its own map, exactly where
    /// it stands.
    fn learner(&self) -> Result<(VarMap, Self)> {
        let (vars, mut parts) = (VarMap::new(), self.parts()?);
        {
            let mut data = vars.data().lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            for (name, tensor) in &mut parts.learnt {
                // A copy: a variable that shared its storage would move the model that it started from.
                let var = Var::from_tensor(&tensor.detach().copy()?)?;
                *tensor = var.as_tensor().clone();
                data.insert(name.clone(), var);
            }
        }
        Ok((vars, Self::from_parts(parts)?))
    }

    /// The same, constant, in another type of floating-point numbers.
    fn to_dtype(&self, dtype: DType) -> Result<Self> {
        let cast = |tensor: &Tensor| {
            let tensor = tensor.detach();
            if tensor.dtype().is_float() { tensor.to_dtype(dtype) } else { Ok(tensor) }
        };
        Self::from_parts(self.parts()?.map(cast)?)
    }

    /// The same, constant, on another device.
    fn to_device(&self, device: &Device) -> Result<Self> {
        Self::from_parts(self.parts()?.map(|tensor| tensor.detach().to_device(device))?)
    }

    /// Writes the model as safetensors, whole or not at all; folders are made. Under the names of
    /// [`parameters`](Self::parameters) the file holds them in the data's own units, for other tools, and beside them what
    /// [`load`](Self::load) reads: the parts as they stand, and the family.
    fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.save_with(path, &BTreeMap::new())
    }

    /// The same, with texts to be kept beside the numbers, such as the names of columns and classes: [`about`] reads them.
    fn save_with(&self, path: impl AsRef<Path>, texts: &BTreeMap<String, String>) -> Result<()> {
        save_beside(self, path.as_ref(), BTreeMap::new(), texts)
    }

    /// What [`save_with`](Self::save_with) writes, where there are no files: a browser, a database.
    fn to_bytes(&self, texts: &BTreeMap<String, String>) -> Result<Vec<u8>> {
        bytes_beside(self, BTreeMap::new(), texts)
    }

    /// The model that [`save`](Self::save) wrote, constant.
    ///
    /// # Errors
    /// A file that cannot be read, is no safetensors, was not written by `save`, or holds another family, which is named.
    fn load(path: impl AsRef<Path>, device: &Device) -> Result<Self> {
        Ok(load_beside(path.as_ref(), device)?.0)
    }
}

const LEARNT: &str = "learnt.";
const FIXED: &str = "fixed.";
const FAMILY: &str = "family";

/// Writes a model with texts and with other tensors beside its own, whole or not at all.
pub(crate) fn save_beside<M: Parameters>(
    model: &M,
    path: &Path,
    more: BTreeMap<String, Tensor>,
    texts: &BTreeMap<String, String>,
) -> Result<()> {
    let bytes = bytes_beside(model, more, texts)?;
    let refuse = |problem| Error::File { action: "write", path: path.to_path_buf(), problem };
    write_whole(path, |file| file.write_all(&bytes)).map_err(refuse)
}

/// The bytes of that file.
fn bytes_beside<M: Parameters>(
    model: &M,
    more: BTreeMap<String, Tensor>,
    texts: &BTreeMap<String, String>,
) -> Result<Vec<u8>> {
    let (mut tensors, parts) = (model.parameters()?, model.parts()?);
    for (kind, named) in [(LEARNT, parts.learnt), (FIXED, parts.fixed)] {
        tensors.extend(named.into_iter().map(|(name, tensor)| (format!("{kind}{name}"), tensor.detach())));
    }
    let host = |(name, tensor): (String, Tensor)| Ok((name, tensor.to_device(&Device::Cpu)?.contiguous()?));
    // In the order of their names, so that the same model is the same bytes.
    let tensors = tensors.into_iter().chain(more).map(host).collect::<Result<BTreeMap<_, _>>>()?;
    let mut texts = texts.clone();
    texts.insert(FAMILY.into(), M::FAMILY.into());
    written(&tensors, &texts)
}

fn written(tensors: &BTreeMap<String, Tensor>, texts: &BTreeMap<String, String>) -> Result<Vec<u8>> {
    let bytes = ::safetensors::serialize(tensors, None).map_err(|e| Error::Other(e.into()))?;
    with_texts(&bytes, texts).map_err(|e| Error::Other(e.into()))
}

/// What stands in a model's file beside the model: other tensors, and texts.
pub type Beside = (HashMap<String, Tensor>, BTreeMap<String, String>);

/// Keeps tensors and texts beside the model in its file, which is written anew, whole or not at all.
///
/// # Errors
/// A file that cannot be read or written, or is no model's.
pub fn keep(path: impl AsRef<Path>, more: BTreeMap<String, Tensor>, about: &BTreeMap<String, String>) -> Result<()> {
    let path = path.as_ref();
    let bytes = read(path)?;
    let mut texts: BTreeMap<_, _> = texts(path, &bytes)?.into_iter().collect();
    texts.extend(about.iter().map(|(name, text)| (name.clone(), text.clone())));
    let mut tensors: BTreeMap<String, Tensor> = safetensors::load_buffer(&bytes, &Device::Cpu)?.into_iter().collect();
    tensors.extend(more);
    let bytes = written(&tensors, &texts)?;
    let refuse = |problem| Error::File { action: "write", path: path.to_path_buf(), problem };
    write_whole(path, |file| file.write_all(&bytes)).map_err(refuse)
}

/// What was kept beside a model: the tensors by name, and the texts.
///
/// # Errors
/// A file that cannot be read, or is no safetensors.
pub fn kept(path: impl AsRef<Path>) -> Result<Beside> {
    let path = path.as_ref();
    let bytes = read(path)?;
    let texts = texts(path, &bytes)?;
    let mut tensors = safetensors::load_buffer(&bytes, &Device::Cpu)?;
    tensors.retain(|name, _| !name.starts_with(LEARNT) && !name.starts_with(FIXED));
    Ok((tensors, texts.into_iter().collect()))
}

/// A model from its file, constant, and the tensors and texts that were written beside it.
pub(crate) fn load_beside<M: Parameters>(path: &Path, device: &Device) -> Result<(M, Beside)> {
    let bytes = read(path)?;
    let refuse = |problem: String| Error::NotParameters { path: path.to_path_buf(), problem };
    let mut texts = texts(path, &bytes)?;
    let family = texts.remove(FAMILY).ok_or_else(|| refuse("it names no family of models".into()))?;
    if family != M::FAMILY {
        return Err(Error::OtherModel { path: path.to_path_buf(), found: family, wanted: M::FAMILY });
    }
    let tensors = safetensors::load_buffer(&bytes, device).map_err(|e| refuse(Error::from(e).to_string()))?;
    let (mut parts, mut more) = (Parts::default(), HashMap::new());
    for (name, tensor) in tensors {
        if let Some(name) = name.strip_prefix(LEARNT) {
            parts.learnt.insert(name.into(), tensor);
        } else if let Some(name) = name.strip_prefix(FIXED) {
            parts.fixed.insert(name.into(), tensor);
        } else {
            more.insert(name, tensor);
        }
    }
    let model = M::from_parts(parts).map_err(|e| refuse(e.to_string()))?;
    Ok((model, (more, texts.into_iter().collect())))
}

/// The texts of a file that `save_with` wrote; under `family` stands what the model is.
///
/// # Errors
/// A file that cannot be read, or is no safetensors.
pub fn about(path: impl AsRef<Path>) -> Result<BTreeMap<String, String>> {
    let path = path.as_ref();
    Ok(texts(path, &read(path)?)?.into_iter().collect())
}

/// A safetensors file with texts in its head, in the order of their names: safetensors itself writes them in any.
fn with_texts(file: &[u8], texts: &BTreeMap<String, String>) -> serde_json::Result<Vec<u8>> {
    const LENGTH: usize = size_of::<u64>();
    let (length, rest) = file.split_at(LENGTH);
    let length = length.iter().rev().fold(0, |length, byte| length << 8 | usize::from(*byte));
    let (tensors, data) = rest.split_at(length);
    let comma = if tensors.trim_ascii_end() == b"{}" { "" } else { "," };
    let mut head = format!("{{\"__metadata__\":{}{comma}", serde_json::to_string(texts)?).into_bytes();
    head.extend_from_slice(&tensors[1..]);
    head.resize(head.len().next_multiple_of(LENGTH), b' ');
    Ok([&(head.len() as u64).to_le_bytes()[..], &head, data].concat())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|problem| Error::File { action: "read", path: path.to_path_buf(), problem })
}

fn texts(path: &Path, bytes: &[u8]) -> Result<HashMap<String, String>> {
    let (_, head) = ::safetensors::SafeTensors::read_metadata(bytes)
        .map_err(|e| Error::NotParameters { path: path.to_path_buf(), problem: e.to_string() })?;
    Ok(head.metadata().clone().unwrap_or_default())
}

/// The variables of a map in the order of their names (the map itself has none).
///
/// # Errors
/// An empty map: a hook without variables would call every step converged.
pub(crate) fn by_name(vars: &VarMap) -> Result<Vec<(String, Var)>> {
    // A poisoned lock still holds the variables.
    let data = vars.data().lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let mut named: Vec<_> = data.iter().map(|(name, var)| (name.clone(), var.clone())).collect();
    named.sort_by(|a, b| a.0.cmp(&b.0));
    if named.is_empty() {
        return Err(empty("the map of variables", "variable that a model asked for"));
    }
    Ok(named)
}
