//! ln σ and ln softmax are finite and right, also relatively, at logits up to ±1e4, in f32 and in f64.

use anyhow::{Context, Result, ensure};
use candle_core::{DType, Tensor, Var};
use candle_mle::model::Linear;
use candle_mle::model::{Logistic, Softmax};
use candle_mle::ops::{log_sigmoid, log_softmax};
use candle_mle::{Labelled, Model};
use rand::Rng;

use crate::common::{self, CPU, host};

/// The type and what it allows: some forty roundings in f64, eight in f32.
const TYPES: [(DType, f64); 2] = [(DType::F64, 1e-14), (DType::F32, 1e-6)];

/// Multiples of 1/64: these, and their differences, are numbers of both types, so that no rounding of the input counts.
/// Beyond −87 e^z is no normal f32.
fn logits() -> Vec<f64> {
    let mut rng = common::generator(1);
    let mut logits: Vec<f64> = (0..500).map(|_| f64::from(rng.random_range(-40 * 64..=40 * 64)) / 64.0).collect();
    logits.extend([0.0, -0.0, 1e-6f32.into(), 40.0, -40.0, 87.0, -87.0, 1e4, -1e4]);
    logits
}

fn ln_sigmoid(z: f64) -> f64 {
    z.min(0.0) - (-z.abs()).exp().ln_1p()
}

fn ln_softmax(z: &[f64], class: usize) -> f64 {
    let top = (0..z.len()).max_by(|a, b| z[*a].total_cmp(&z[*b])).unwrap_or(0);
    let rest: f64 = (0..z.len()).filter(|c| *c != top).map(|c| (z[c] - z[top]).exp()).sum();
    z[class] - z[top] - rest.ln_1p()
}

fn near(got: f64, expected: f64, relative: f64, what: &str) -> Result<()> {
    ensure!(got.is_finite(), "{what}: {got}");
    ensure!((got - expected).abs() <= relative * expected.abs(), "{what}: {got}, not {expected}");
    Ok(())
}

#[test]
fn log_sigmoid_of_one_number() -> Result<()> {
    for (dtype, relative) in TYPES {
        let z = logits();
        let log = log_sigmoid(&Tensor::new(z.as_slice(), &CPU)?.to_dtype(dtype)?)?;
        assert_eq!(log.dtype(), dtype);
        for (z, log) in z.iter().zip(host(&log)?) {
            near(log, ln_sigmoid(*z), relative, &format!("ln σ({z}) in {dtype:?}"))?;
        }
    }
    // As its document says.
    let z = Tensor::new(&[40.0, -1e4, 1e4], &CPU)?;
    let log = host(&log_sigmoid(&z)?)?;
    assert_eq!((format!("{:.1e}", log[0]), log[1], log[2]), ("-4.2e-18".into(), -1e4, 0.0));
    Ok(())
}

#[test]
fn log_softmax_of_rows() -> Result<()> {
    let z = logits();
    let mut rng = common::generator(2);
    let mut rows: Vec<[f64; 3]> = (0..500).map(|_| [0; 3].map(|_| z[rng.random_range(0..500)] + 0.0)).collect();
    rows.extend([[0.0; 3], [40.0, 0.0, -40.0], [1e4, -1e4, 0.0], [1e4, 1e4, 1e4], [-1e4, -1e4, 0.0], [-1e4; 3]]);
    for (dtype, relative) in TYPES {
        let log = log_softmax(&Tensor::from_vec(rows.concat(), (rows.len(), 3), &CPU)?.to_dtype(dtype)?)?;
        assert_eq!(log.dtype(), dtype);
        for (row, log) in rows.iter().zip(host(&log)?.chunks(3)) {
            for (class, log) in log.iter().enumerate() {
                near(*log, ln_softmax(row, class), relative, &format!("{row:?}, class {class}, in {dtype:?}"))?;
            }
        }
    }
    Ok(())
}

/// The models hand the digits on: one column x = 1, slope z, no intercept.
#[test]
fn through_the_classifiers() -> Result<()> {
    for (dtype, relative) in TYPES {
        for z in logits() {
            let batch = Labelled::new(Tensor::ones((2, 1), dtype, &CPU)?, Tensor::new(&[0u32, 1], &CPU)?)?;
            let coefficients = Tensor::new(&[[0.0, 0.0], [z, 0.0]], &CPU)?.to_dtype(dtype)?;
            let (logistic, softmax) =
                (Logistic::from_coefficients(&coefficients)?, Softmax::from_coefficients(&coefficients)?);
            for (model, log_q) in [("logistic", logistic.log_prob(&batch)?), ("softmax", softmax.log_prob(&batch)?)] {
                let log_q = host(&log_q)?;
                near(log_q[0], ln_sigmoid(-z), relative, &format!("{model}, class 0 at {z} in {dtype:?}"))?;
                near(log_q[1], ln_sigmoid(z), relative, &format!("{model}, class 1 at {z} in {dtype:?}"))?;
            }
        }
    }
    Ok(())
}

#[test]
fn the_derivatives_are_right_also_at_the_kink_and_far_out() -> Result<()> {
    for (dtype, relative) in TYPES {
        let z = logits();
        let var = Var::from_tensor(&Tensor::new(z.as_slice(), &CPU)?.to_dtype(dtype)?)?;
        let gradients = log_sigmoid(&var)?.sum_all()?.backward()?;
        for (z, slope) in z.iter().zip(host(gradients.get(&var).context("no gradient")?)?) {
            let e = (-z.abs()).exp();
            let sigmoid = if *z >= 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }; // σ(−z)
            near(slope, sigmoid, relative, &format!("slope of ln σ at {z} in {dtype:?}"))?;
            if *z == 0.0 {
                assert_eq!(slope, 0.5);
            }
        }
        // Three equal logits: e_y − 1/3.
        let var = Var::from_tensor(&Tensor::zeros((1, 3), dtype, &CPU)?)?;
        let gradients = log_softmax(&var)?.narrow(1, 1, 1)?.sum_all()?.backward()?;
        for (class, slope) in host(gradients.get(&var).context("no gradient")?)?.into_iter().enumerate() {
            near(slope, f64::from(u8::from(class == 1)) - 1.0 / 3.0, relative, &format!("class {class} in {dtype:?}"))?;
        }
    }
    Ok(())
}
