//! KL, cross-entropy and NLL differ by the constant H(p̂) and the factor n at every step, so they share one argmin.

use anyhow::{Context, Result, ensure};
use candle_core::{DType, Tensor};
use candle_mle::batch::Batch;
use candle_mle::hook::GradientNorm;
use candle_mle::model::Linear;
use candle_mle::model::{Bernoulli, Gaussian, Logistic, Softmax};
use candle_mle::{Empirical, History, LossLog, Model, Objective, Parameters, fit, walk};
use candle_nn::{Optimizer, SGD, VarBuilder};

use crate::common::{self, CPU, host};

/// Descends from zero and checks every step. `observed` are the n rows as they came, each once.
fn descend<M: Model>(
    make: impl Fn(VarBuilder) -> candle_mle::Result<M>,
    p: &Empirical<M::Batch>,
    observed: &M::Batch,
    step_size: f64,
) -> Result<()> {
    let (vars, model) = common::learner(make)?;
    let (mut log, mut converged) = (LossLog::new(), GradientNorm::new(&vars, 1e-7));
    let mut sgd = SGD::new(vars.all_vars(), step_size)?;
    fit(&model, p, Objective::CrossEntropy, &mut sgd, 0..20_000, &mut (&mut log, &mut converged))?;
    ensure!(converged.reached(), "gradient {}", converged.norm());
    let history = log.into_history()?;
    identities(&history, entropy(observed, p.resolution())?)?;

    // Once flat to 1e-9 nats the curves stay there; all three get there in the same step, before the last.
    let (argmin, last) = (history.argmin(1e-9), history.rows().len() - 1);
    ensure!(argmin.kl.is_some_and(|step| 0 < step && step < last), "{argmin:?} of {last}");
    assert_eq!((argmin.cross_entropy, argmin.nll, argmin.population_kl), (argmin.kl, argmin.kl, None));

    // The likelihood of the observations one by one, ungrouped. n terms are added, hence n roundings.
    let nll = -host(&model.log_prob(observed)?)?.iter().sum::<f64>();
    let logged = history.rows()[last].nll;
    ensure!((logged - nll).abs() <= 1e-12 * nll, "{logged} is not {nll}");
    Ok(())
}

/// Walks along models of which none is θ̂ and checks every point.
fn landscape<M: Model>(
    models: impl IntoIterator<Item = candle_mle::Result<M>>,
    p: &Empirical<M::Batch>,
    observed: &M::Batch,
) -> Result<usize> {
    let mut log = LossLog::new();
    walk(models, p, &mut log)?;
    let history = log.into_history()?;
    identities(&history, entropy(observed, p.resolution())?)?;
    let (argmin, last) = (history.argmin(0.0), history.rows().len() - 1);
    let at = argmin.kl.context("no argmin")?;
    ensure!(0 < at && at < last, "the argmin {at} is at the rim of {last}");
    assert_eq!((argmin.cross_entropy, argmin.nll), (argmin.kl, argmin.kl));
    Ok(at)
}

/// H(p̂,q) = H(p̂) + KL and NLL = n · H(p̂,q), to 1e-12 of max(1, H(p̂,q)): rounding.
fn identities(history: &History, entropy: f64) -> Result<()> {
    let logged = history.entropy().context("no entropy")?.nats();
    ensure!((logged - entropy).abs() <= 1e-12 * entropy.abs().max(1.0), "H = {logged}, but {entropy} by hand");
    for row in history.rows() {
        let bound = 1e-12 * row.cross_entropy.max(1.0);
        ensure!((row.cross_entropy - entropy - row.kl).abs() <= bound, "{row:?}, H = {entropy}");
        ensure!((row.nll / history.total() - row.cross_entropy).abs() <= bound, "{row:?}, n = {}", history.total());
    }
    let residual = history.residual().context("no residual")?;
    ensure!(residual <= 1e-12, "residual {residual}");
    Ok(())
}

/// −Σ p̂ ln p̂(y|x) by counting rows pair by pair; of cells, the density is the mass over the volume.
fn entropy<B: Batch>(observed: &B, resolution: Option<&[f64]>) -> Result<f64> {
    let keys = observed.keys()?;
    let values =
        |part: &Tensor| -> Result<Vec<Vec<f64>>> { Ok(part.to_dtype(DType::F64)?.flatten_from(1)?.to_vec2()?) };
    let outcome = values(&keys.outcome.unsqueeze(1)?)?;
    let given = keys.given.as_ref().map(values).transpose()?.unwrap_or(vec![vec![]; outcome.len()]);
    type Row = (Vec<f64>, Vec<f64>);
    let rows: Vec<Row> = given.into_iter().zip(outcome).collect();
    let many = |is: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| is(row)).count() as f64;
    let sum: f64 = rows.iter().map(|row| (many(&|other| other.0 == row.0) / many(&|other| other == row)).ln()).sum();
    let volume: f64 = resolution.unwrap_or_default().iter().product();
    Ok(sum / rows.len() as f64 + volume.ln())
}

#[test]
fn bernoulli() -> Result<()> {
    let observed = common::flips(2000, 1)?;
    let p = Empirical::from_sample(observed.clone())?;
    descend(Bernoulli::new, &p, &observed, 1.0)?;
    // 0.0137, 0.0287 … 0.9887
    let prob = |i: i32| 0.0137 + 0.015 * f64::from(i);
    let at = landscape((0..66).map(|i| Bernoulli::from_prob(prob(i), &CPU)), &p, &observed)?;
    let heads = host(&observed)?.iter().sum::<f64>() / 2000.0;
    ensure!((prob(at as i32) - heads).abs() < 0.015, "the best coin of the grid is {}, not {heads}", prob(at as i32));
    Ok(())
}

#[test]
fn logistic() -> Result<()> {
    let observed = common::answers(600, 2)?;
    let p = Empirical::from_sample(observed.clone())?;
    descend(|vb| Logistic::new(2, vb)?.standardized(common::moments(&p)?), &p, &observed, 1.0)?;
    let at = |i: u32, j: u32| [0.03 + 0.13 * f64::from(i), -1.2, -2.9 + 0.17 * f64::from(j)];
    let models = (0..12)
        .flat_map(|i| (0..20).map(move |j| at(i, j)))
        .map(|slopes| Logistic::from_coefficients(&Tensor::new(&[[0.0; 3], slopes], &CPU)?));
    landscape(models, &p, &observed)?;
    Ok(())
}

#[test]
fn softmax() -> Result<()> {
    let observed = common::kinds(600, 3)?;
    let p = Empirical::from_sample(observed.clone())?;
    descend(|vb| Softmax::new(2, 3, vb)?.standardized(common::moments(&p)?), &p, &observed, 1.0)?;
    let models = (0..40).map(|i| {
        let slope = -0.31 + 0.053 * f64::from(i);
        Softmax::from_coefficients(&Tensor::new(&[[0.0; 3], [slope, -0.5, -0.8], [-0.4, 0.9, 0.3]], &CPU)?)
    });
    landscape(models, &p, &observed)?;
    Ok(())
}

#[test]
fn gaussian_at_a_resolution() -> Result<()> {
    let p = common::points(600, 4)?;
    // The snapped points, each as often as it was observed.
    let (points, counts) = (host(p.batch())?, host(p.count())?);
    let each: Vec<f64> = points.iter().zip(counts).flat_map(|(x, n)| vec![*x; n as usize]).collect();
    let observed = Tensor::from_vec(each, (600, 1), &CPU)?;
    descend(|vb| Gaussian::new(1, vb), &p, &observed, 0.2)?;
    let models = (0..30)
        .flat_map(|i| (0..30).map(move |j| (f64::from(i), f64::from(j))))
        .map(|(i, j)| Gaussian::from_moments(&[-1.03 + 0.11 * i], &[[(0.31 + 0.07 * j).powi(2)]], &CPU));
    landscape(models, &p, &observed)?;
    Ok(())
}

#[test]
fn gaussian_of_three_columns() -> Result<()> {
    let p = common::points_3d(400, 5)?;
    let (points, counts) = (host(p.batch())?, host(p.count())?);
    let each: Vec<f64> = points.chunks(3).zip(counts).flat_map(|(x, n)| x.repeat(n as usize)).collect();
    let observed = Tensor::from_vec(each, (400, 3), &CPU)?;
    descend(|vb| Gaussian::new(3, vb), &p, &observed, 0.2)
}
