//! The Gibbs law (lecture row L5): q_λ(x) = exp(Σ_m λ_m g_m(x)) / Z(λ) on a finite set of points or of quadrature nodes.

use std::collections::HashMap;

use candle_core::Tensor;
use candle_nn::{Init, VarBuilder};

use super::{Model, Parameters};
use crate::error::{Error, Result};

/// The exponential family of the statistics g on s points, each standing for a cell of some volume (1 for an atom, a
/// quadrature weight on a line): ln q(x) = λ·g(x) − ln Z, Z = Σ volume · exp(λ·g).
///
/// The batch is (m,) of indices of points, u32.
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
        let (points, moments) = statistics.dims2()?;
        if moments == 0 {
            return Err(Error::Empty { what: "the statistics of a Gibbs law".into(), needed: "moment" });
        }
        if volume.dims() != [points] {
            return Err(Error::Shape {
                what: "the volumes",
                got: volume.dims().to_vec(),
                expected: format!("({points},)"),
            });
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
        Ok(energy.broadcast_sub(&weighed.log_sum_exp(0)?)?)
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
    fn parameters(&self) -> Result<HashMap<String, Tensor>> {
        Ok(HashMap::from([("lambda".to_string(), self.lambda.detach())]))
    }
}
