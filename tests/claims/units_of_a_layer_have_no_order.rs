//! Permuting the units of a layer, with what leads to them and from them, leaves the function of a network unchanged.

use std::collections::HashMap;

use anyhow::{Result, ensure};
use candle_core::{DType, Tensor};
use candle_mle::model::Network;
use candle_mle::standardize::Standardize;
use candle_mle::{Classifier, Parameters};
use candle_nn::VarBuilder;

use crate::common::{self, CPU, generator, host};

fn network(parameters: HashMap<String, Tensor>) -> Result<Network> {
    Ok(Network::new(2, &[5, 4], 3, VarBuilder::from_tensors(parameters, DType::F64, &CPU))?)
}

fn seeded(seed: u64) -> Result<HashMap<String, Tensor>> {
    let mut parameters = Network::seeded(2, &[5, 4], 3, &mut generator(seed), &CPU)?.parameters()?;
    parameters.insert("0.bias".into(), Tensor::new(&[0.1, -0.2, 0.3, 0.0, -0.4], &CPU)?);
    Ok(parameters)
}

fn apart(a: &Tensor, b: &Tensor) -> Result<f64> {
    Ok(host(a)?.iter().zip(host(b)?).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max))
}

#[test]
fn permuted_units_are_the_same_function() -> Result<()> {
    let (parameters, x) = (seeded(1)?, common::inputs(20, 2)?);
    let before = network(parameters.clone())?;
    let order = Tensor::new(&[3u32, 0, 4, 1, 2], &CPU)?;
    let mut permuted = parameters.clone();
    permuted.insert("0.weight".into(), parameters["0.weight"].index_select(&order, 0)?);
    permuted.insert("0.bias".into(), parameters["0.bias"].index_select(&order, 0)?);
    // Half of the exchange is another function.
    let half = network(permuted.clone())?;
    ensure!(apart(&half.log_probs(&x)?, &before.log_probs(&x)?)? > 1e-2);
    permuted.insert("1.weight".into(), parameters["1.weight"].index_select(&order, 1)?);
    let after = network(permuted)?;
    ensure!(apart(&after.log_probs(&x)?, &before.log_probs(&x)?)? < 1e-14);
    // The layer itself holds the same activations in another order.
    let (was, is) = (before.layers(&x)?, after.layers(&x)?);
    ensure!(is.len() == 3 && apart(&is[0], &was[0].index_select(&order, 1)?)? < 1e-14);
    ensure!(apart(&is[2], &was[2])? < 1e-14 && apart(&is[2].log()?, &before.log_probs(&x)?)? < 1e-14);
    Ok(())
}

#[test]
fn a_seed_is_a_network_and_parameters_are_in_the_units_of_the_data() -> Result<()> {
    let x = common::inputs(20, 3)?;
    let (one, again, other) = (network(seeded(1)?)?, network(seeded(1)?)?, network(seeded(2)?)?);
    ensure!(host(&one.log_probs(&x)?)? == host(&again.log_probs(&x)?)?);
    ensure!(apart(&one.log_probs(&x)?, &other.log_probs(&x)?)? > 1e-2);
    // Standardised variables are another function of x, and what is saved is that function.
    let (_, learner) = one.learner()?;
    let learner = learner.standardized(Standardize::range(&x)?)?;
    ensure!(apart(&network(learner.parameters()?)?.log_probs(&x)?, &learner.log_probs(&x)?)? < 1e-14);
    ensure!(apart(&learner.log_probs(&x)?, &one.log_probs(&x)?)? > 1e-2);
    Ok(())
}

#[test]
fn what_passes_on_is_all_that_the_next_layer_sees() -> Result<()> {
    let (one, x) = (network(seeded(1)?)?, common::inputs(20, 4)?);
    let rounded = one.layers_through(&x, |layer| Ok((layer * 2.0)?.round()?.affine(0.5, 0.0)?))?;
    let alike = |rows: &[Vec<f64>]| -> Vec<usize> {
        rows.iter().map(|row| rows.iter().position(|other| other == row).unwrap_or_default()).collect()
    };
    let codes = rounded.iter().map(|layer| Ok(alike(&layer.to_vec2::<f64>()?))).collect::<Result<Vec<_>>>()?;
    for (here, next) in codes.iter().zip(&codes[1..]) {
        for (row, code) in here.iter().enumerate() {
            ensure!(next[row] == next[*code], "rows that are alike in a layer are alike in the next");
        }
    }
    Ok(())
}

#[test]
fn bad_shapes_are_errors() -> Result<()> {
    let seeded =
        |columns, hidden: &[usize], classes| Network::seeded(columns, hidden, classes, &mut generator(1), &CPU);
    ensure!(seeded(2, &[3, 0], 2).is_err_and(|e| e.to_string().contains("at least one column, unit or class")));
    ensure!(seeded(0, &[3], 2).is_err() && seeded(2, &[3], 0).is_err());
    let two = seeded(2, &[], 2)?;
    ensure!(
        two.log_probs(&Tensor::zeros((4, 3), DType::F64, &CPU)?).is_err_and(|e| e.to_string().contains("(rows, 2)"))
    );
    ensure!(
        candle_mle::Model::log_prob(&two, &common::kinds(20, 1)?).is_err_and(|e| e.to_string().contains("class 2"))
    );
    Ok(())
}
