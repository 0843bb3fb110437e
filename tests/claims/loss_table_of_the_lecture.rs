//! The lecture's table of −log2 π_1 for a classifier of three classes comes out to the digits, zero probabilities included.

use std::collections::HashMap;

use anyhow::{Context, Result};
use candle_core::{D, DType, Tensor, Var};
use candle_mle::model::Softmax;
use candle_mle::ops::log_softmax;
use candle_mle::{Empirical, Labelled, Model, Objective, Unit};
use candle_nn::VarBuilder;

use crate::common::{CPU, host};

const TABLE: [([f64; 3], &str); 5] = [
    ([0.7, 0.2, 0.1], "0.51"),
    ([0.4, 0.4, 0.2], "1.32"),
    ([0.1, 0.1, 0.8], "3.32"),
    ([0.05, 0.05, 0.9], "4.32"),
    ([1.0, 0.0, 0.0], "0.00"),
];

fn bits(log_q: &Tensor) -> Result<Vec<f64>> {
    Ok(host(log_q)?.iter().map(|l| (0.0 - l) / Unit::Bits.nats()).collect())
}

#[test]
fn through_log_softmax() -> Result<()> {
    for (probs, shown) in TABLE {
        let loss = bits(&log_softmax(&Tensor::new(&probs.map(f64::ln), &CPU)?)?)?[0];
        assert_eq!(format!("{loss:.2}"), shown, "{probs:?}");
    }
    // Half the probability is one bit more.
    let halved = log_softmax(&Tensor::new(&[0.35f64.ln(), 0.55f64.ln(), 0.1f64.ln()], &CPU)?)?;
    assert_eq!(format!("{:.2}", bits(&halved)?[0]), "1.51");
    Ok(())
}

#[test]
fn through_the_classifier_its_loss_and_its_descent() -> Result<()> {
    for (probs, shown) in TABLE {
        // Whatever x is, the logits are the intercepts.
        let parameters = HashMap::from([
            ("weight".to_string(), Tensor::zeros((3, 1), DType::F64, &CPU)?),
            ("bias".to_string(), Tensor::new(&probs.map(f64::ln), &CPU)?),
        ]);
        let softmax = Softmax::new(1, 3, VarBuilder::from_tensors(parameters, DType::F64, &CPU))?;
        let observed = Labelled::new(Tensor::new(&[[2.0]], &CPU)?, Tensor::new(&[0u32], &CPU)?)?;
        let p = Empirical::from_sample(observed)?;
        let log_q = softmax.log_prob(p.batch())?;
        // One observation is certain of itself, H(p̂) = 0: all three are the same number.
        for objective in [Objective::Kl, Objective::CrossEntropy, Objective::Nll] {
            let loss = host(&objective.loss(&softmax, &log_q, &p)?)?[0] / Unit::Bits.nats();
            assert_eq!(format!("{:.2}", loss + 0.0), shown, "{objective:?} of {probs:?}");
        }
    }
    Ok(())
}

#[test]
fn certainty_costs_exactly_nothing_and_the_gradient_is_q_minus_p() -> Result<()> {
    for (probs, _) in TABLE {
        for class in 0..3 {
            let logits = Var::new(&[probs.map(f64::ln)], &CPU)?;
            let loss = log_softmax(&logits)?.narrow(D::Minus1, class, 1)?.neg()?.sum_all()?;
            let gradients = loss.backward()?;
            let gradient = host(gradients.get(&logits).context("no gradient")?)?;
            for (c, (g, q)) in gradient.iter().zip(probs).enumerate() {
                let expected = q - f64::from(u8::from(c == class));
                // Four roundings of numbers up to 1.
                assert!((g - expected).abs() <= 1e-15, "class {class} of {probs:?}: {gradient:?}");
            }
            if probs[class] == 1.0 {
                assert_eq!((host(&loss)?[0], gradient.as_slice()), (0.0, [0.0; 3].as_slice()));
            }
            if probs[class] == 0.0 {
                assert_eq!(host(&loss)?[0], f64::INFINITY);
            }
        }
    }
    Ok(())
}
