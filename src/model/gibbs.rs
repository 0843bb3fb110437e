//! The Gibbs law (lecture row L5): q_λ(x) = exp(Σ_m λ_m g_m(x)) / Z(λ) on a finite set of points or of quadrature nodes.

use std::collections::HashMap;

use candle_core::Tensor;
use candle_nn::{Init, VarBuilder};

use super::Model;
use crate::error::{Result, empty, matrix, shape};
use crate::ops::log_sum_exp;
use crate::parameters::{Parameters, Parts};

/// The exponential family of the statistics g on s points, each standing for a cell of some volume (1 for an atom, a
/// quadrature weight on a line): ln q(x) = λ·g(x) − ln Z, Z = Σ volume · exp(λ·g).
///
/// The batch is (m,) of indices of points, u32.
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use candle_mle::model::Gibbs;
/// use candle_nn::{VarBuilder, VarMap};
/// let (vars, faces) = (VarMap::new(), Tensor::new(&[[1.0], [2.0], [3.0]], &Device::Cpu)?);
/// let vb = VarBuilder::from_varmap(&vars, DType::F64, &Device::Cpu);
/// let gibbs = Gibbs::new(faces, &Tensor::new(&[1.0, 1.0, 1.0], &Device::Cpu)?, vb)?;
/// // At λ = 0 the distribution is uniform.
/// assert!(gibbs.log_density()?.to_vec1::<f64>()?.iter().all(|l| (l + 3f64.ln()).abs() < 1e-15));
/// # Ok::<(), candle_mle::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Gibbs {
    lambda: Tensor,
    statistics: Tensor,
    log_volume: Tensor,
}

impl Gibbs {
    /// Asks for `lambda` (M,); a variable starts at 0, the uniform law. `statistics` is (s, M), `volume` (s,).
    ///
    /// # Errors
    /// Shapes that do not fit; M = 0, where there is nothing to learn.
    pub fn new(statistics: Tensor, volume: &Tensor, vb: VarBuilder) -> Result<Self> {
        let (points, moments) = matrix("the statistics", &statistics)?;
        if moments == 0 {
            return Err(empty("the statistics of a Gibbs distribution", "moment"));
        }
        if volume.dims() != [points] {
            return Err(shape("the volumes", volume.dims(), format!("({points},)")));
        }
        let lambda = vb.get_with_hints(moments, "lambda", Init::Const(0.0))?;
        Ok(Self { lambda, statistics, log_volume: volume.log()? })
    }

    /// λ, (M,): one for each statistic, in nats per its unit.
    pub fn lambda(&self) -> &Tensor {
        &self.lambda
    }

    /// ln of the density of every point, (s,).
    pub fn log_density(&self) -> Result<Tensor> {
        let energy = self.statistics.matmul(&self.lambda.unsqueeze(1)?)?.squeeze(1)?;
        let weighed = (&energy + &self.log_volume)?;
        Ok(energy.broadcast_sub(&log_sum_exp(&weighed, 0)?)?)
    }
}

impl Model for Gibbs {
    type Batch = Tensor;
    const DENSITY: bool = true;

    fn log_prob(&self, points: &Tensor) -> Result<Tensor> {
        Ok(self.log_density()?.index_select(points, 0)?)
    }
}

impl Parameters for Gibbs {
    const FAMILY: &'static str = "Gibbs distribution";

    fn parameters(&self) -> Result<HashMap<String, Tensor>> {
        Ok(Parts::new([("lambda", &self.lambda.detach())]).learnt)
    }

    fn parts(&self) -> Result<Parts> {
        let parts = Parts::new([("lambda", &self.lambda)]);
        Ok(parts.with_fixed("statistics", &self.statistics).with_fixed("log_volume", &self.log_volume))
    }

    fn from_parts(mut parts: Parts) -> Result<Self> {
        let (statistics, log_volume) = (parts.take_fixed("statistics")?, parts.take_fixed("log_volume")?);
        let lambda = parts.take("lambda")?;
        parts.done()?;
        Ok(Self { lambda, statistics, log_volume })
    }
}
