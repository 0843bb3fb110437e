//! The observed Fisher information of any family.

use candle_core::Tensor;
use nalgebra::DMatrix;

use super::estimates::Moved;
use crate::batch::host;
use crate::empirical::Empirical;
use crate::error::Result;
use crate::model::Model;
use crate::parameters::Parameters;

/// −Σ ∂² ln q of all observations in what the model has learnt, (r, r): in the coordinates in which it was learnt, the numbers of
/// its variables in the order of their names. In closed form where that is known, otherwise by differences of the gradients of
/// automatic differentiation.
///
/// # Errors
/// Rows that the model cannot score.
pub fn information<M: Model + Parameters>(model: &M, p: &Empirical<M::Batch>) -> Result<DMatrix<f64>> {
    let Some(curved) = model.curved() else { return by_differences(model, p) };
    let (free, part) = (curved.free(), curved.information(p.batch(), &host(p.count())?)?);
    let size = model.parts()?.learnt.values().map(Tensor::elem_count).sum();
    if free.len() == size {
        let mut whole = DMatrix::zeros(size, size);
        for (i, to) in free.iter().enumerate() {
            free.iter().enumerate().for_each(|(j, at)| whole[(*to, *at)] = part[(i, j)]);
        }
        return Ok(whole);
    }
    by_differences(model, p)
}

/// The same, always by differences of gradients: four of them for each number, an error of the fourth order in a step of a thousandth.
///
/// # Errors
/// As [`information`].
pub fn by_differences<M: Model + Parameters>(model: &M, p: &Empirical<M::Batch>) -> Result<DMatrix<f64>> {
    Moved::of(model)?.information(p)
}
