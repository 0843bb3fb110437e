//! p̂, the empirical distribution: the distinct rows of what was observed, how often each occurred, and ln p̂.

mod group;
mod points;

use std::sync::OnceLock;

use candle_core::{DType, Device, Tensor};
use candle_mle_info::Information;

use crate::batch::{Batch, Labelled, host};
use crate::error::{Error, Result, empty, finite, parameter, positive, shape};
use crate::kernel::by_row;
use crate::model::Model;
use crate::standardize::Standardize;
use group::Groups;

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
    /// The three of them for what sums over them on the CPU.
    by_row: [Tensor; 3],
    total: f64,
    entropy: Information,
    /// Whether log_p is of a density, and not of probabilities.
    density: bool,
    resolution: Option<Vec<f64>>,
    /// Shift and scale of the standard coordinates, once they are known.
    standard: OnceLock<(Tensor, Tensor)>,
}

impl<B: Batch> Empirical<B> {
    /// Of n rows, each observed once. Equal rows become one, in order of first sight; −0.0 is 0.0.
    ///
    /// # Errors
    /// No rows; NaN or infinity in a row.
    pub fn from_sample(batch: B) -> Result<Self> {
        Self::counted(batch, None)
    }

    /// Of a table of rows and how often each was observed (any numbers ≥ 0). Rows of count 0 are dropped.
    ///
    /// # Errors
    /// No rows; another number of counts than of rows; a count that is negative or not finite; all counts zero; NaN or
    /// infinity in a row.
    pub fn from_counts(batch: B, counts: &[f64]) -> Result<Self> {
        Self::counted(batch, Some(counts))
    }

    /// Of n observations that lie elsewhere, known by their means alone: the one row of `batch` stands for all of them, a model gives
    /// the mean of ln q over them, and `entropy` is H(p̂), or H(Y|X), the mean of −ln p̂.
    ///
    /// # Errors
    /// A batch of other than one row; an n that is not a finite number > 0, an entropy that is not finite.
    pub fn from_means(batch: B, n: f64, entropy: Information) -> Result<Self> {
        let rows = batch.rows()?;
        if rows != 1 {
            return Err(shape("the means", &[rows], "(1,)"));
        }
        positive("the number of observations", n)?;
        finite("the entropy", &[entropy.nats()], 1)?;
        Self::new(batch, vec![n], vec![0.0 - entropy.nats()])
    }

    fn counted(batch: B, counts: Option<&[f64]>) -> Result<Self> {
        let rows = batch.rows()?;
        if rows == 0 {
            return Err(empty("the table of observations", "row"));
        }
        if let Some(counts) = counts {
            if counts.len() != rows {
                return Err(shape("the counts", &[counts.len()], format!("({rows},)")));
            }
            if let Some(row) = counts.iter().position(|c| !(c.is_finite() && *c >= 0.0)) {
                return Err(Error::Count { row, value: counts[row] });
            }
            let total: f64 = counts.iter().sum();
            if total.is_infinite() {
                return Err(parameter("the sum of the counts", total, "a finite number: divide them all by one"));
            }
        }
        let Groups { first, count, given } = Groups::of(&batch.keys()?, counts)?;
        if first.is_empty() {
            return Err(Error::NothingObserved { rows });
        }
        // What is equal in x shares the mass that ln p̂(y|x) divides by; a marginal batch shares it all.
        let mut shared = vec![0.0; first.len()];
        given.iter().zip(&count).for_each(|(x, count)| shared[*x] += count);
        let log_p = given.iter().zip(&count).map(|(x, count)| (count / shared[*x]).ln()).collect();
        let m = first.len();
        let batch = if m == rows { batch } else { batch.select(&Tensor::from_vec(first, m, &Device::Cpu)?)? };
        Self::new(batch, count, log_p)
    }

    /// Of a density on cells: every row stands for a cell of the given volume, a quadrature weight for example. Cells of
    /// volume 1 make probabilities. Rows of count 0 are dropped; the others must differ.
    ///
    /// # Errors
    /// As [`from_counts`](Self::from_counts); a volume that is not a finite number > 0.
    pub fn from_cells(batch: B, counts: &[f64], volumes: &[f64]) -> Result<Self> {
        let rows = batch.rows()?;
        if volumes.len() != rows {
            return Err(shape("the volumes", &[volumes.len()], format!("({rows},)")));
        }
        for volume in volumes {
            positive("the volume of a cell", *volume)?;
        }
        let atoms = Self::from_counts(batch, counts)?;
        let kept = counts.iter().zip(volumes).filter(|(count, _)| **count > 0.0).map(|(_, volume)| volume.ln());
        let log_volumes: Vec<f64> = kept.collect();
        if log_volumes.len() != atoms.distinct() {
            let expected = format!("{} different rows, one for each cell", log_volumes.len());
            return Err(shape("the cells", &[atoms.distinct()], expected));
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
        let by_row = [by_row(&count)?, by_row(&mass)?, by_row(&log_p)?];
        let batch = batch.weighed(&by_row[1]);
        let tensor = |values: Vec<f64>| Tensor::from_vec(values, m, &Device::Cpu);
        let (count, mass, log_p) = (tensor(count)?, tensor(mass)?, tensor(log_p)?);
        Ok(Self {
            batch,
            count,
            mass,
            log_p,
            by_row,
            total,
            entropy,
            density: false,
            resolution: None,
            standard: OnceLock::new(),
        })
    }

    /// The same on another device. Metal, which has no f64, keeps mass and logarithms on the host.
    pub fn to_device(&self, device: &Device) -> Result<Self> {
        let place = if device.is_metal() { &Device::Cpu } else { device };
        Ok(Self {
            batch: self.batch.to_device(device)?,
            count: self.count.to_device(place)?,
            mass: self.mass.to_device(place)?,
            log_p: self.log_p.to_device(place)?,
            by_row: self.by_row.clone(),
            total: self.total,
            entropy: self.entropy,
            density: self.density,
            resolution: self.resolution.clone(),
            standard: OnceLock::new(),
        })
    }

    /// The same with rows of another type of floating-point numbers; counts, masses and logarithms stay f64.
    pub fn to_dtype(&self, dtype: DType) -> Result<Self>
    where
        B: Clone,
    {
        Ok(Self { batch: self.batch.to_dtype(dtype)?, standard: OnceLock::new(), ..self.clone() })
    }

    /// Some of the distinct rows, (k,) of their indices, each with a count of its own: a minibatch. ln p̂ of a row stays that
    /// of the whole, and so does the entropy.
    ///
    /// # Errors
    /// No rows; another number of counts; a count that is not a finite number > 0.
    pub fn part(&self, rows: &[u32], counts: &[f64]) -> Result<Self> {
        if rows.is_empty() || rows.len() != counts.len() {
            return Err(shape("the counts", &[counts.len()], format!("({},), one for each row,", rows.len().max(1))));
        }
        for count in counts {
            positive("a count", *count)?;
        }
        let k = rows.len();
        let of = |tensor: &Tensor| tensor.index_select(&Tensor::from_slice(rows, k, tensor.device())?, 0);
        let total: f64 = counts.iter().sum();
        let place = self.count.device();
        let on_place = |values: &[f64]| Tensor::from_slice(values, k, &Device::Cpu)?.to_device(place);
        let device = self.batch.device();
        let mass: Vec<f64> = counts.iter().map(|count| count / total).collect();
        let log_p = of(&self.log_p)?;
        let by_row = [by_row(counts)?, by_row(&mass)?, by_row(&host(&log_p)?)?];
        Ok(Self {
            batch: self.batch.select(&Tensor::from_slice(rows, k, &device)?)?.weighed(&by_row[1]),
            count: on_place(counts)?,
            mass: on_place(&mass)?,
            log_p,
            by_row,
            total,
            entropy: self.entropy,
            density: self.density,
            resolution: self.resolution.clone(),
            standard: OnceLock::new(),
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

    /// Count, mass and ln p̂ of each row on the host, (m,) f64 each, for the kernels: where a column is one number it is that one,
    /// repeated.
    pub(crate) fn by_row(&self) -> [&Tensor; 3] {
        self.by_row.each_ref()
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
    /// Mean 0 and standard deviation 1 in every column of x under p̂, but for columns with values far out: [`Standardize::bulk`].
    ///
    /// # Errors
    /// A constant column.
    pub fn standardize(&self) -> Result<Standardize> {
        let (shift, scale) = match self.standard.get() {
            Some(known) => known.clone(),
            None => {
                let map = Standardize::bulk(self.batch.x(), &self.mass)?;
                self.standard.get_or_init(|| (map.shift().clone(), map.scale().clone())).clone()
            }
        };
        Standardize::new(shift, scale)
    }

    /// For every distinct row the place of its x among all that differ, in order of first sight.
    pub fn places(&self) -> Result<Vec<usize>> {
        Ok(Groups::of(&self.batch.keys()?, None)?.given)
    }

    /// The same with `alpha` pseudo-observations more of each of the classes 0 … k−1 at every x that was observed (Laplace
    /// for alpha 1): with them the likelihood of a table of logits has a finite maximum.
    ///
    /// # Errors
    /// An `alpha` that is not positive; a class beyond the known ones.
    pub fn smoothed(&self, classes: usize, alpha: f64) -> Result<Self> {
        positive("a pseudo-count", alpha)?;
        self.batch.at_most(classes)?;
        if self.batch.offset().is_some() {
            return Err(Error::Offset { what: "a pseudo-observation" });
        }
        let (given, mut known) = (self.places()?, 0);
        // In order of first sight: a new x has the place behind those before it.
        let is_first = |row: &usize| {
            let new = given[*row] == known;
            known += usize::from(new);
            new
        };
        let first: Vec<usize> = (0..self.distinct()).filter(is_first).collect();
        let every: Vec<u32> = first.into_iter().flat_map(|row| vec![row as u32; classes]).collect();
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
