//! p̂, the empirical distribution: the distinct rows of what was observed, how often each occurred, and ln p̂.

use std::collections::{HashMap, HashSet};

use candle_core::{Device, Tensor};

use crate::error::{Error, Result};
use crate::info::Information;
use crate::info::law::Density;
use crate::model::{Batch, Keys, Labelled, Model, host};

/// The empirical distribution of n observations, as its m distinct rows.
///
/// For a conditional batch every logarithm is ln p̂(y|x), and the entropy H(Y|X). A fit costs by m, not by n; a table
/// of counts (a SQL `GROUP BY`) is p̂ already.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::Empirical;
/// // 60 heads of 100 (lecture row L1)
/// let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu)?, &[60.0, 40.0])?;
/// assert_eq!(format!("{:.3}", p.entropy()), "0.971 bits");
/// # Ok::<(), candle_mle::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Empirical<B> {
    batch: B,
    count: Tensor,
    mass: Tensor,
    log_p: Tensor,
    total: f64,
    entropy: Information,
    /// Whether log_p is of a density, and not of probabilities.
    density: bool,
    resolution: Option<Vec<f64>>,
}

impl<B: Batch> Empirical<B> {
    /// Of n rows, each observed once. Equal rows become one, in order of first sight; −0.0 is 0.0.
    ///
    /// # Errors
    /// No rows; NaN or infinity in a row.
    pub fn from_sample(batch: B) -> Result<Self> {
        let ones = vec![1.0; batch.rows()?];
        Self::from_counts(batch, &ones)
    }

    /// Of a table of rows and how often each was observed (any numbers ≥ 0). Rows of count 0 are dropped.
    ///
    /// # Errors
    /// No rows; another number of counts than of rows; a count that is negative or not finite; all counts zero; NaN or
    /// infinity in a row.
    pub fn from_counts(batch: B, counts: &[f64]) -> Result<Self> {
        let rows = batch.rows()?;
        if rows == 0 {
            return Err(Error::Empty { what: "the table of observations".into(), needed: "row" });
        }
        if counts.len() != rows {
            return Err(Error::Shape { what: "the counts", got: vec![counts.len()], expected: format!("({rows},)") });
        }
        if let Some(row) = counts.iter().position(|c| !(c.is_finite() && *c >= 0.0)) {
            return Err(Error::Count { row, value: counts[row] });
        }
        let keys = batch.keys()?;
        let (first, counted) = group(&keys, counts)?;
        if first.is_empty() {
            return Err(Error::NothingObserved { rows });
        }
        // What is equal in x shares the mass that ln p̂(y|x) divides by; a marginal batch shares it all.
        let share: Vec<f64> = {
            let given = |row: u32| bits(&keys.values[row as usize * keys.width..][..keys.given]);
            let mut shared: HashMap<Vec<u64>, f64> = HashMap::new();
            for (row, count) in first.iter().zip(&counted) {
                *shared.entry(given(*row)).or_default() += count;
            }
            first.iter().zip(&counted).map(|(row, count)| count / shared[&given(*row)]).collect()
        };
        let m = first.len();
        let batch = if m == rows { batch } else { batch.select(&Tensor::from_vec(first, m, &Device::Cpu)?)? };
        Self::new(batch, counted, share.iter().map(|s| s.ln()).collect())
    }

    /// Of a density on cells: every row stands for a cell of the given volume, a quadrature weight for example. Cells of
    /// volume 1 make probabilities. Rows of count 0 are dropped; the others must differ.
    ///
    /// # Errors
    /// As [`from_counts`](Self::from_counts); a volume that is not a finite number > 0.
    pub fn from_cells(batch: B, counts: &[f64], volumes: &[f64]) -> Result<Self> {
        let rows = batch.rows()?;
        if volumes.len() != rows {
            return Err(Error::Shape { what: "the volumes", got: vec![volumes.len()], expected: format!("({rows},)") });
        }
        if let Some(volume) = volumes.iter().find(|v| !(v.is_finite() && **v > 0.0)) {
            return Err(Error::Parameter {
                what: "the volume of a cell",
                value: *volume,
                allowed: "a finite number > 0",
            });
        }
        let atoms = Self::from_counts(batch, counts)?;
        let kept = counts.iter().zip(volumes).filter(|(count, _)| **count > 0.0).map(|(_, volume)| volume.ln());
        let log_volumes: Vec<f64> = kept.collect();
        if log_volumes.len() != atoms.distinct() {
            let expected = format!("{} different rows, one for each cell", log_volumes.len());
            return Err(Error::Shape { what: "the cells", got: vec![atoms.distinct()], expected });
        }
        atoms.with_volumes(|row| log_volumes[row])
    }

    /// These atoms as cells: ln p̂ becomes the logarithm of a density.
    fn with_volumes(self, log_volume: impl Fn(usize) -> f64) -> Result<Self> {
        let log_p = host(&self.log_p)?.iter().enumerate().map(|(row, l)| l - log_volume(row)).collect();
        Ok(Self { density: true, ..Self::new(self.batch, host(&self.count)?, log_p)? })
    }

    fn new(batch: B, count: Vec<f64>, log_p: Vec<f64>) -> Result<Self> {
        let (m, total) = (count.len(), count.iter().sum::<f64>());
        let mass: Vec<f64> = count.iter().map(|c| c / total).collect();
        let entropy = Information::from_nats(mass.iter().zip(&log_p).map(|(p, l)| p * (0.0 - l)).sum());
        let tensor = |values: Vec<f64>| Tensor::from_vec(values, m, &Device::Cpu);
        let (count, mass, log_p) = (tensor(count)?, tensor(mass)?, tensor(log_p)?);
        Ok(Self { batch, count, mass, log_p, total, entropy, density: false, resolution: None })
    }

    /// The same on another device. Metal, which has no f64, keeps mass and logarithms on the host.
    pub fn to_device(&self, device: &Device) -> Result<Self> {
        let place = if device.is_metal() { &Device::Cpu } else { device };
        Ok(Self {
            batch: self.batch.to_device(device)?,
            count: self.count.to_device(place)?,
            mass: self.mass.to_device(place)?,
            log_p: self.log_p.to_device(place)?,
            total: self.total,
            entropy: self.entropy,
            density: self.density,
            resolution: self.resolution.clone(),
        })
    }

    /// The m distinct rows, in order of first sight.
    pub fn batch(&self) -> &B {
        &self.batch
    }

    /// How often each row was observed, (m,) f64.
    pub fn count(&self) -> &Tensor {
        &self.count
    }

    /// p̂ of each row, (m,) f64; sums to 1.
    pub fn mass(&self) -> &Tensor {
        &self.mass
    }

    /// n, the number of observations.
    pub fn total(&self) -> f64 {
        self.total
    }

    /// m, the number of distinct rows.
    pub fn distinct(&self) -> usize {
        self.mass.elem_count()
    }

    /// The width of a cell in every column, if these are points of a density at a resolution.
    pub fn resolution(&self) -> Option<&[f64]> {
        self.resolution.as_deref()
    }

    /// H(p̂), or H(Y|X) of a conditional batch; at a resolution the differential entropy of the histogram.
    ///
    /// Without a resolution it is that of the atoms, which no density can be compared with: see [`log_p`](Self::log_p).
    pub fn entropy(&self) -> Information {
        self.entropy
    }

    /// ln p̂ of each row, (m,) f64, nats, against the measure in which `M` gives its log_prob.
    ///
    /// `None` where there is no such number: the sample is atoms and `M` a density, so that KL(p̂‖q) is +∞.
    ///
    /// # Errors
    /// Cells of a density under a model of probabilities.
    pub fn log_p<M: Model>(&self) -> Result<Option<&Tensor>> {
        match (M::DENSITY, self.density) {
            (false, true) => Err(Error::ProbabilityOfCells),
            (true, false) => Ok(None),
            _ => Ok(Some(&self.log_p)),
        }
    }
}

impl Empirical<Labelled> {
    /// The same with `alpha` pseudo-observations more of each of the classes 0 … k−1 at every x that was observed (Laplace
    /// for alpha 1): with them the likelihood of a table of logits has a finite maximum.
    ///
    /// # Errors
    /// An `alpha` that is not positive; a class beyond the known ones.
    pub fn smoothed(&self, classes: usize, alpha: f64) -> Result<Self> {
        if !(alpha.is_finite() && alpha > 0.0) {
            return Err(Error::Parameter { what: "a pseudo-count", value: alpha, allowed: "a finite number > 0" });
        }
        self.batch.at_most(classes)?;
        let keys = self.batch.keys()?;
        let mut seen = HashSet::new();
        let first =
            (0..self.distinct()).filter(|row| seen.insert(bits(&keys.values[row * keys.width..][..keys.given])));
        let every: Vec<u32> = first.flat_map(|row| vec![row as u32; classes]).collect();
        let pairs = every.len();
        let device = self.batch.x().device();
        let classes = (0..classes as u32).cycle().take(pairs).collect::<Vec<_>>();
        let x = self.batch.x().index_select(&Tensor::from_vec(every, pairs, device)?, 0)?;
        let x = Tensor::cat(&[self.batch.x(), &x], 0)?;
        let y = Tensor::cat(&[self.batch.y(), &Tensor::from_vec(classes, pairs, device)?], 0)?;
        let mut counts = host(&self.count)?;
        counts.resize(counts.len() + pairs, alpha);
        Self::from_counts(Labelled::new(x, y)?, &counts)
    }
}

impl Empirical<Tensor> {
    /// These points as recorded at a resolution Δ, one a column, in its unit: snapped to cells of volume ΠΔ centred on
    /// multiples of Δ, so that KL and entropy can be compared with a density. A recorded decimal stays itself.
    ///
    /// The mass of a cell under q is taken by the midpoint rule, so KL ≥ −ln Z with Z = Σ_cells q(mid)·ΠΔ: about 0
    /// while q's standard deviation is at least Δ, −0.014 nats at Δ/2, −0.69 at Δ/5.
    ///
    /// # Errors
    /// Another number of resolutions than of columns; one that is not positive; one so coarse that a column which varies
    /// falls into one cell, or so fine that its cells cannot be told apart.
    pub fn at_resolution(self, resolution: &[f64]) -> Result<Self> {
        let width: usize = self.batch.dims().iter().skip(1).product();
        if resolution.len() != width {
            let expected = format!("({width},), one for each column");
            return Err(Error::Shape { what: "the resolution", got: vec![resolution.len()], expected });
        }
        let refuse = |column: usize, problem| Err(Error::Resolution { column, value: resolution[column], problem });
        if let Some(column) = resolution.iter().position(|d| !(d.is_finite() && *d > 0.0)) {
            return refuse(column, "a resolution is a finite number > 0, in the column's unit");
        }
        let recorded = host(&self.batch)?;
        let snapped = recorded.iter().enumerate().map(|(at, value)| snap(*value, resolution[at % width]));
        let values: Vec<f64> = snapped.collect();
        let one = |of: &[f64], column: usize| of.iter().skip(column).step_by(width).all(|v| *v == of[column]);
        for column in 0..width {
            if values.iter().skip(column).step_by(width).any(|v| !v.is_finite()) {
                return refuse(column, "it is finer than numbers are: give the step in which the column was recorded");
            }
            if one(&values, column) && !one(&recorded, column) {
                return refuse(column, "the whole column falls into one cell: give a finer one");
            }
        }
        let snapped = Tensor::from_vec(values, self.batch.dims(), &Device::Cpu)?;
        let snapped = snapped.to_dtype(self.batch.dtype())?.to_device(self.batch.device())?;
        let atoms = Self::from_counts(snapped, &host(&self.count)?)?;
        let log_volume: f64 = resolution.iter().map(|d| d.ln()).sum();
        Ok(Self { resolution: Some(resolution.to_vec()), ..atoms.with_volumes(|_| log_volume)? })
    }

    /// A known density on `nodes` equidistant points, the ends among them: by the trapezoidal rule, which errs by rounding on
    /// what is analytic and dies out at both ends. It is what [`Objective::ReverseKl`](crate::Objective::ReverseKl) asks
    /// for; keep the nodes closer than the narrowest q is wide.
    ///
    /// # Errors
    /// Fewer than two nodes; ends that are not finite and in order; a density of 0 at all of them.
    pub fn from_density(p: &dyn Density, from: f64, to: f64, nodes: usize) -> Result<Self> {
        if !(from.is_finite() && to.is_finite() && from < to) {
            return Err(Error::Parameter {
                what: "the last node",
                value: to,
                allowed: "a finite number above the first, itself finite,",
            });
        }
        if nodes < 2 {
            return Err(Error::Parameter { what: "nodes", value: nodes as f64, allowed: "at least 2" });
        }
        let step = (to - from) / (nodes - 1) as f64;
        let places: Vec<f64> = (0..nodes).map(|i| from + step * i as f64).collect();
        let mass: Vec<f64> = places.iter().map(|x| p.log_prob(*x).exp() * step).collect();
        Self::from_cells(Tensor::from_vec(places, (nodes, 1), &Device::Cpu)?, &mass, &vec![step; nodes])
    }

    /// The mean (k) and the covariance (k · k, divided by n) of p̂, the maximum-likelihood estimates of a Gaussian.
    pub fn moments(&self) -> Result<(Vec<f64>, Vec<f64>)> {
        let k: usize = self.batch.dims().iter().skip(1).product();
        let (points, mass) = (host(&self.batch)?, host(&self.mass)?);
        let mut mean = vec![0.0; k];
        for (point, p) in points.chunks(k).zip(&mass) {
            mean.iter_mut().zip(point).for_each(|(mean, x)| *mean += p * x);
        }
        let mut covariance = vec![0.0; k * k];
        for (point, p) in points.chunks(k).zip(&mass) {
            for (at, entry) in covariance.iter_mut().enumerate() {
                *entry += p * (point[at / k] - mean[at / k]) * (point[at % k] - mean[at % k]);
            }
        }
        Ok((mean, covariance))
    }
}

/// The centre of the cell that x falls into. Divides by 1/Δ where that is whole: 36/10 is the decimal 3.6, 36·0.1 is not.
fn snap(x: f64, resolution: f64) -> f64 {
    let per_unit = resolution.recip();
    if (per_unit - per_unit.round()).abs() < 1e-9 * per_unit && per_unit >= 0.5 {
        (x * per_unit.round()).round() / per_unit.round()
    } else {
        (x / resolution).round() * resolution
    }
}

/// The first row of every distinct one with a positive count, in order of first sight, and the counts summed.
fn group(keys: &Keys, counts: &[f64]) -> Result<(Vec<u32>, Vec<f64>)> {
    let mut seen: HashMap<Vec<u64>, usize> = HashMap::new();
    let (mut first, mut counted) = (vec![], vec![]);
    let mut key = Vec::with_capacity(keys.width);
    for (row, count) in counts.iter().enumerate() {
        let values = &keys.values[row * keys.width..][..keys.width];
        if let Some(column) = values.iter().position(|v| !v.is_finite()) {
            return Err(Error::NotFinite { what: "the observations", row, column, value: values[column] });
        }
        if *count == 0.0 {
            continue;
        }
        key.clear();
        key.extend(values.iter().map(|v| (v + 0.0).to_bits()));
        match seen.get(&key) {
            Some(&at) => counted[at] += count,
            None => {
                seen.insert(key.clone(), first.len());
                first.push(row as u32);
                counted.push(*count);
            }
        }
    }
    Ok((first, counted))
}

/// Numbers as a key; adding 0.0 makes −0.0 and 0.0 one.
pub(crate) fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|v| (v + 0.0).to_bits()).collect()
}
