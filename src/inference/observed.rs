//! The observed Fisher information of any family, and what it says of its parameters.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor};
use candle_nn::VarMap;
use nalgebra::{DMatrix, DVector, SymmetricEigen};

use crate::batch::host;
use crate::empirical::Empirical;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::objective::Objective;
use crate::parameters::{Parameters, by_name};

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
    const STEP: f64 = 1e-3;
    let (vars, model) = model.learner()?;
    let start = numbers(&vars)?;
    let size = start.len();
    let gradient = |at: usize, by: f64| -> Result<DVector<f64>> {
        let mut theta = start.clone();
        theta[at] += by;
        place(&vars, &theta)?;
        let gradients = Objective::Nll.loss(&model, &model.log_prob(p.batch())?, p)?.backward()?;
        let mut all = vec![];
        for (name, var) in by_name(&vars)? {
            all.extend(host(gradients.get(&var).ok_or(Error::NoGradient { name })?)?);
        }
        Ok(DVector::from_vec(all))
    };
    let mut information = DMatrix::zeros(size, size);
    for (at, theta) in start.iter().enumerate() {
        let step = STEP * theta.abs().max(1.0);
        let near = gradient(at, step)? - gradient(at, -step)?;
        let far = gradient(at, 2.0 * step)? - gradient(at, -2.0 * step)?;
        information.set_column(at, &((near * 8.0 - far) / (12.0 * step)));
    }
    Ok((&information + information.transpose()) * 0.5)
}

/// The standard error of every parameter in the data's own units, by the names of [`Parameters::parameters`]: the delta method from
/// the [information] of what is learnt. ∞ where the data do not determine it.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::inference::standard_errors;
/// use candle_mle::model::Bernoulli;
/// use candle_mle::{Empirical, maximum_likelihood};
/// let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu)?, &[60.0, 40.0])?;
/// let coin = maximum_likelihood(&p, Bernoulli::new)?.model;
/// let error = standard_errors(&coin, &p)?["logit"].to_scalar::<f64>()?;
/// assert!((error - (100.0f64 * 0.6 * 0.4).sqrt().recip()).abs() < 1e-6);
/// # Ok::<(), candle_mle::Error>(())
/// ```
///
/// # Errors
/// As [`information`]; [`Singular`](Error::Singular) where the model does not stand at a maximum.
pub fn standard_errors<M: Model + Parameters>(model: &M, p: &Empirical<M::Batch>) -> Result<BTreeMap<String, Tensor>> {
    const STEP: f64 = 1e-3;
    const NOTHING: f64 = 1e-9;
    let information = information(model, p)?;
    let unit = information.diagonal().map(|of| if of > 0.0 { of.sqrt().recip() } else { 0.0 });
    let scaled = DMatrix::from_fn(unit.len(), unit.len(), |i, j| information[(i, j)] * unit[i] * unit[j]);
    let SymmetricEigen { eigenvalues, eigenvectors } = scaled.symmetric_eigen();
    let most = eigenvalues.iter().copied().fold(0.0, f64::max);
    if eigenvalues.iter().any(|value| *value < -1e-6 * most) {
        return Err(Error::Singular);
    }
    let (vars, learner) = model.learner()?;
    let start = numbers(&vars)?;
    let own = |at: usize, by: f64| -> Result<BTreeMap<String, Vec<f64>>> {
        let mut theta = start.clone();
        theta[at] += by;
        place(&vars, &theta)?;
        learner.parameters()?.into_iter().map(|(name, tensor)| Ok((name, host(&tensor)?))).collect()
    };
    // ∂ parameter / ∂ what is learnt, by name: a column for each number that is learnt.
    let mut jacobians: BTreeMap<String, Vec<DVector<f64>>> = BTreeMap::new();
    for (at, theta) in start.iter().enumerate() {
        let step = STEP * theta.abs().max(1.0);
        let all = [own(at, step)?, own(at, -step)?, own(at, 2.0 * step)?, own(at, -2.0 * step)?];
        for name in all[0].keys() {
            let [a, b, c, d] = [0, 1, 2, 3].map(|of| DVector::from_vec(all[of][name].clone()));
            jacobians.entry(name.clone()).or_default().push(((a - b) * 8.0 - (c - d)) / (12.0 * step));
        }
    }
    let shapes = model.parameters()?;
    let error = |(name, columns): (String, Vec<DVector<f64>>)| {
        let jacobian = DMatrix::from_columns(&columns);
        let errors: Vec<f64> = jacobian
            .row_iter()
            .map(|row| {
                let along = eigenvectors.tr_mul(&row.transpose().component_mul(&unit));
                let whole = row.transpose().component_mul(&unit).norm().max(f64::MIN_POSITIVE);
                let variance =
                    along.iter().zip(eigenvalues.iter()).map(|(part, value)| match *value > NOTHING * most {
                        true => part * part / value,
                        false if part.abs() <= 1e-6 * whole => 0.0,
                        false => f64::INFINITY,
                    });
                variance.sum::<f64>().sqrt()
            })
            .collect();
        let shape = shapes[&name].shape().clone();
        Ok((name, Tensor::from_vec(errors, shape, &Device::Cpu)?))
    };
    jacobians.into_iter().map(error).collect()
}

fn numbers(vars: &VarMap) -> Result<Vec<f64>> {
    let mut all = vec![];
    for (_, var) in by_name(vars)? {
        all.extend(host(&var)?);
    }
    Ok(all)
}

fn place(vars: &VarMap, theta: &[f64]) -> Result<()> {
    let mut from = 0;
    for (_, var) in by_name(vars)? {
        let values = &theta[from..from + var.elem_count()];
        from += values.len();
        var.set(&crate::batch::like(&var, values.to_vec(), var.dims())?)?;
    }
    Ok(())
}
