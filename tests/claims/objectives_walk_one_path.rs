//! From the same start, with the step divided by n for the likelihood, all three objectives walk one path.

use anyhow::{Result, ensure};
use candle_mle::hook::ParameterPath;
use candle_mle::model::{Bernoulli, Gaussian, Logistic, Softmax};
use candle_mle::standardize::Standardize;
use candle_mle::{Empirical, Model, Objective, Parameters, fit};
use candle_nn::{Optimizer, SGD, VarBuilder};

use crate::common;

fn check<M: Model + Parameters>(
    p: &Empirical<M::Batch>,
    step_size: f64,
    make: impl Fn(VarBuilder) -> candle_mle::Result<M>,
) -> Result<()> {
    for seed in [None, Some(1)] {
        let mut paths = vec![];
        for (objective, scale) in [(Objective::CrossEntropy, 1.0), (Objective::Kl, 1.0), (Objective::Nll, p.total())] {
            assert_eq!(objective.scale(p), scale);
            let (vars, model) = common::learner(&make)?;
            if let Some(seed) = seed {
                common::scatter(&vars, seed)?;
            }
            let mut path = ParameterPath::new();
            fit(&model, p, objective, &mut SGD::new(vars.all_vars(), step_size / scale)?, 0..200, &mut path)?;
            assert_eq!(path.path().len(), 201);
            paths.push(path);
        }
        let first = paths[0].path();
        ensure!(first[0] != first[200], "nothing moved");
        for path in &paths[1..] {
            for (theta, same) in path.path().iter().zip(first) {
                // 1e-10: two hundred updates that differ by rounding, and the rounding that they pass on.
                let size = same.iter().fold(0.0, |size: f64, v| size.max(v.abs()));
                let apart = theta.iter().zip(same).fold(0.0, |apart: f64, (a, b)| apart.max((a - b).abs()));
                ensure!(apart <= 1e-10 * size, "{theta:?} is not {same:?}");
            }
        }
    }
    Ok(())
}

#[test]
fn bernoulli() -> Result<()> {
    check(&Empirical::from_sample(common::flips(1000, 1)?)?, 1.0, Bernoulli::new)
}

#[test]
fn logistic() -> Result<()> {
    let p = Empirical::from_sample(common::answers(500, 2)?)?;
    check(&p, 0.3, |vb| Logistic::new(2, vb))?;
    check(&p, 1.0, |vb| Logistic::new(2, vb)?.standardized(common::moments(&p)?))
}

#[test]
fn softmax() -> Result<()> {
    let p = Empirical::from_sample(common::kinds(500, 3)?)?;
    check(&p, 0.2, |vb| Softmax::new(2, 3, vb))?;
    check(&p, 1.0, |vb| Softmax::new(2, 3, vb)?.standardized(common::moments(&p)?))
}

#[test]
fn gaussian() -> Result<()> {
    let (p, p3) = (common::points(300, 4)?, common::points_3d(300, 5)?);
    check(&p, 0.1, |vb| Gaussian::new(1, vb))?;
    check(&p3, 0.05, |vb| Gaussian::new(3, vb))?;
    check(&p3, 0.05, |vb| Gaussian::new(3, vb)?.standardized(Standardize::range(p3.batch())?))
}
