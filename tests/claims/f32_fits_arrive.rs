//! In f32 a fit arrives where it does in f64, by either descent on every objective, and a million rows keep their digits: a
//! module of Candle's own kind, in its own numbers, is fitted, logged, drawn from and compared.

use anyhow::{Context, Result, ensure};
use candle_core::{DType, Tensor};
use candle_mle::fit::{Adam, End};
use candle_mle::info::law::Normal;
use candle_mle::info::{self, Pmf};
use candle_mle::mle::Plan;
use candle_mle::model::{Bernoulli, Gaussian, Logistic, Softmax};
use candle_mle::model::{Categorical, KlDivergence, Logits, Sample};
use candle_mle::{Classifier, Empirical, Labelled, LossLog, Model, Objective, Parameters, fit, maximum_likelihood};
use candle_nn::{Init, Module, VarBuilder, VarMap};
use rand::Rng;

use crate::common::{self, CPU, host};

/// New variables of f32, and the model that is made of them.
fn single<M>(make: impl FnOnce(VarBuilder) -> candle_mle::Result<M>) -> Result<(VarMap, M)> {
    let vars = VarMap::new();
    let model = make(VarBuilder::from_varmap(&vars, DType::F32, &CPU))?;
    Ok((vars, model))
}

/// Within 1e-3 of the f64 maximum, relative to its largest number.
fn near(what: &str, got: &[f64], expected: &[f64]) -> Result<()> {
    let size = expected.iter().fold(0.0, |size: f64, v| size.max(v.abs()));
    for (a, b) in got.iter().zip(expected) {
        ensure!((a - b).abs() <= 1e-3 * size, "{what}: {got:?} is not {expected:?}");
    }
    ensure!(got.len() == expected.len() && size > 0.0);
    Ok(())
}

/// What is learnt by each descent on each objective, beside the maximum in f64.
fn arrives<M: Model>(
    p: &Empirical<M::Batch>,
    make: impl Fn(VarBuilder, &Empirical<M::Batch>) -> candle_mle::Result<M>,
    learnt: impl Fn(&M) -> Result<Vec<f64>>,
) -> Result<()>
where
    M::Batch: Clone,
{
    let best = maximum_likelihood(p, |vb| make(vb, p))?;
    ensure!(best.converged);
    let expected = learnt(&best.model)?;
    let p = p.to_dtype(DType::F32)?;
    for objective in [Objective::CrossEntropy, Objective::Kl, Objective::Nll] {
        let (vars, model) = single(|vb| make(vb, &p))?;
        let plan = Plan { objective, ..Plan::default() };
        let fitted = plan.follow(model, vars, &p, &mut LossLog::new(), &mut ())?;
        let what = format!("L-BFGS on the {objective}");
        near(&what, &learnt(&fitted.model)?, &expected)?;
        ensure!(fitted.converged || fitted.end == End::Stalled, "{what} ends with {:?}", fitted.end);
        ensure!(fitted.history.rows().len() < 100, "{what} takes {} rows", fitted.history.rows().len());
        ensure!(fitted.history.residual().context("a residual")? < 1e-12, "{what}: {:?}", fitted.history.residual());

        let (vars, model) = single(|vb| make(vb, &p))?;
        let mut adam = Adam::new(&vars, 0.05)?.schedule(|step| 0.995f64.powi(step as i32));
        fit(&model, &p, objective, &mut adam, 0..1500, &mut ())?;
        near(&format!("Adam on the {objective}"), &learnt(&model)?, &expected)?;
    }
    Ok(())
}

#[test]
fn logistic() -> Result<()> {
    let p = Empirical::from_sample(common::answers(300, 1)?)?;
    let learnt = |model: &Logistic| Ok([host(&model.weight()?)?, host(&model.bias()?)?].concat());
    arrives(&p, |vb, p| Logistic::new(2, vb)?.standardized(p.standardize()?), learnt)?;
    arrives(&p, |vb, _| Logistic::new(2, vb), learnt)
}

#[test]
fn softmax() -> Result<()> {
    let p = Empirical::from_sample(common::kinds(300, 2)?)?;
    let learnt = |model: &Softmax| Ok([host(&model.weight()?)?, host(&model.bias()?)?].concat());
    arrives(&p, |vb, p| Softmax::new(2, 3, vb)?.standardized(p.standardize()?), learnt)
}

#[test]
fn gaussian() -> Result<()> {
    let raw = common::old_faithful(&["eruption_minutes", "waiting_minutes"])?;
    let p = Empirical::from_sample(raw)?.at_resolution(&[0.001, 1.0])?;
    let make = |vb: VarBuilder, p: &Empirical<Tensor>| Gaussian::new(2, vb)?.standardized(p.standardize()?);
    arrives(&p, make, |model| host(&model.mean()?))?;
    // In the unit of each column.
    arrives(&p, make, |model| {
        let covariance = host(&model.covariance()?)?;
        let (a, b) = (covariance[0].sqrt(), covariance[3].sqrt());
        Ok(vec![a / 1.14, b / 13.5, covariance[1] / a / b])
    })
}

#[test]
fn the_reverse_kl() -> Result<()> {
    let p = Empirical::from_density(&Normal::new(1.0, 2.0)?, -19.0, 21.0, 401)?.to_dtype(DType::F32)?;
    let start = || Gaussian::from_moments(&[0.0], &[[1.0]], &CPU)?.to_dtype(DType::F32)?.learner();
    let check = |what: &str, q: &Gaussian| -> Result<()> {
        near(what, &[host(&q.mean()?)?[0], host(&q.covariance()?.sqrt()?)?[0]], &[1.0, 2.0])
    };
    let (vars, q) = start()?;
    let plan = Plan { objective: Objective::ReverseKl, ..Plan::default() };
    check("L-BFGS", &plan.follow(q, vars, &p, &mut LossLog::new(), &mut ())?.model)?;
    let (vars, q) = start()?;
    let mut adam = Adam::new(&vars, 0.05)?.schedule(|step| 0.995f64.powi(step as i32));
    fit(&q, &p, Objective::ReverseKl, &mut adam, 0..1500, &mut ())?;
    check("Adam", &q)
}

/// 3·10⁶ numbers of f32, added in f32, would be off by 1e-5 or so.
#[test]
fn millions_of_rows_keep_their_digits() -> Result<()> {
    const ROWS: usize = 3_000_000;
    let mut rng = common::generator(3);
    let log_q: Vec<f32> = (0..ROWS).map(|_| rng.random_range(-20.0..-0.001)).collect();
    let sum: f64 = log_q.iter().map(|l| f64::from(*l)).sum();
    let p = Empirical::from_sample(Tensor::arange(0u32, ROWS as u32, &CPU)?)?;
    let (log_q, any) = (Tensor::new(log_q, &CPU)?, Categorical::from_probs(&[0.5, 0.5], &CPU)?);
    let ln_n = (ROWS as f64).ln();
    let cross_entropy = -sum / ROWS as f64;
    for (objective, expected) in
        [(Objective::Nll, -sum), (Objective::CrossEntropy, cross_entropy), (Objective::Kl, cross_entropy - ln_n)]
    {
        let loss = objective.loss(&any, &log_q, &p)?;
        assert_eq!(loss.dtype(), DType::F64);
        let loss = host(&loss)?[0];
        // KL is a difference: of the size of its terms.
        let size = if objective == Objective::Kl { ln_n + cross_entropy } else { expected };
        ensure!((loss - expected).abs() <= 1e-12 * size, "{objective}: {loss} is not {expected}");
    }
    Ok(())
}

/// Rounded to f32 their sum misses 1 by more than a table of probabilities lets pass; what to do is said.
#[test]
fn probabilities_from_f32_make_a_table() -> Result<()> {
    let logits = Tensor::new(&[[0.3f32, -1.7, 2.2, 0.9, -0.4, 1.1, 0.05]], &CPU)?;
    let probs = host(&candle_mle::ops::log_softmax(&logits)?.exp()?)?;
    let sum: f64 = probs.iter().sum();
    let table = match Pmf::new([7], probs.clone()) {
        Ok(table) => table,
        Err(e) => {
            ensure!(
                matches!(e, info::Error::NotNormalized { .. }) && e.to_string().contains("`Pmf::from_counts`"),
                "{e}"
            );
            ensure!((sum - 1.0).abs() > Pmf::SUM_TOLERANCE);
            Pmf::from_counts([7], probs.clone())?
        }
    };
    for (a, b) in table.values().iter().zip(&probs) {
        ensure!((a - b).abs() < 1e-6);
    }
    // Whatever they were, they are what a law of this crate is made of.
    let law = Categorical::from_probs(table.values(), &CPU)?;
    ensure!((host(&law.log_probs()?.exp()?)?.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    Ok(())
}

/// A perceptron of Candle's own layers: two columns, `hidden` units, two classes.
fn perceptron(
    hidden: usize,
    vb: VarBuilder,
) -> candle_mle::Result<Logits<impl Fn(&Tensor) -> candle_core::Result<Tensor> + use<>>> {
    let layer = |units: usize, inputs: usize, vb: VarBuilder| -> candle_mle::Result<candle_nn::Linear> {
        let weight = vb.get_with_hints((units, inputs), "weight", Init::Const(0.0))?;
        Ok(candle_nn::Linear::new(weight, Some(vb.get_with_hints(units, "bias", Init::Const(0.0))?)))
    };
    let (first, second) = (layer(hidden, 2, vb.pp("first"))?, layer(2, hidden, vb.pp("second"))?);
    Ok(Logits::new(2, move |x: &Tensor| second.forward(&first.forward(x)?.tanh()?)))
}

#[test]
fn a_module_of_candle_in_f32_is_a_model() -> Result<()> {
    let (truth_vars, truth) = single(|vb| perceptron(3, vb))?;
    common::scatter(&truth_vars, 4)?;
    for var in truth_vars.all_vars() {
        var.set(&(var.as_tensor() * 3.0)?)?;
    }
    let mut rng = common::generator(5);
    let x: Vec<f32> = (0..4000).map(|_| rng.random_range(-2.0..2.0)).collect();
    let drawn: Labelled = truth.sample(&Tensor::from_vec(x, (2000, 2), &CPU)?, &mut rng)?;
    let p = Empirical::from_sample(drawn)?;
    assert_eq!((p.batch().x().dtype(), truth.classes()), (DType::F32, 2));

    let (vars, model) = single(|vb| perceptron(3, vb))?;
    common::scatter(&vars, 6)?;
    let mut log = LossLog::with_truth(&truth);
    let mut adam = Adam::new(&vars, 0.05)?.schedule(|step| 0.99f64.powi(step as i32));
    fit(&model, &p, Objective::CrossEntropy, &mut adam, 0..400, &mut log)?;
    let history = log.into_history()?;
    ensure!(history.residual().context("a residual")? < 1e-12);
    let (first, last) = (history.rows()[0], history.rows()[400]);
    let (from, to) = (first.population_kl.context("KL")?, last.population_kl.context("KL")?);
    // At the maximum KL(truth‖q) is about parameters / 2n, 17 / 4000.
    ensure!(from > 0.05 && (0.0..0.2 * from).contains(&to), "KL from the truth falls from {from} to {to}");
    ensure!(last.cross_entropy < first.cross_entropy - 0.05);

    // The divergence row by row, as its definition says.
    let kl = host(&truth.kl_divergence(&model, p.batch())?)?;
    let (of_truth, of_model) = (host(&truth.log_probs(p.batch().x())?)?, host(&model.log_probs(p.batch().x())?)?);
    for ((kl, p), q) in kl.iter().zip(of_truth.chunks(2)).zip(of_model.chunks(2)) {
        // What f32 leaves of a sum of 1 is no divergence.
        let all = |log: &[f64]| log.iter().map(|log| log.exp()).sum::<f64>().ln();
        let (of_p, of_q) = (all(p), all(q));
        let direct: f64 = p.iter().zip(q).map(|(p, q)| (p - of_p).exp() * ((p - of_p) - (q - of_q))).sum();
        ensure!((kl - direct).abs() < 1e-12, "{kl} is not {direct}");
    }
    // L-BFGS goes on from there and finds no worse place.
    fit(&model, &p, Objective::CrossEntropy, &mut candle_mle::fit::Lbfgs::new(&vars), 0..100, &mut ())?;
    let log_q = model.log_prob(p.batch())?;
    ensure!(host(&Objective::CrossEntropy.loss(&model, &log_q, &p)?)?[0] <= last.cross_entropy);

    // Logits of another number than was said.
    let (_, wide) = single(|vb| perceptron(3, vb))?;
    let lies = Logits::new(3, move |x: &Tensor| wide.log_probs(x).map_err(candle_core::Error::wrap));
    let message = lies.log_probs(p.batch().x()).err().context("two of three")?.to_string();
    ensure!(message.contains("class 1") && message.contains("0 to 2"), "{message}");
    Ok(())
}

/// f64 data and f32 variables: the cure is named.
#[test]
fn two_kinds_of_numbers_are_refused() -> Result<()> {
    let (_, coin) = single(Bernoulli::new)?;
    let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &CPU)?, &[60.0, 40.0])?;
    let message = coin.log_prob(p.batch()).err().context("f64 in f32")?.to_string();
    ensure!(message.contains("F64") && message.contains("f32") && message.contains("`to_dtype`"), "{message}");
    let fitted = maximum_likelihood(&p.to_dtype(DType::F32)?, Bernoulli::new)?;
    ensure!((fitted.model.prob()? - 0.6).abs() < 1e-5 && fitted.converged, "{}", fitted.model.prob()?);
    Ok(())
}

/// Seconds since 1970 differ in digits that f32 has not: a fit of them in f32 would be one of nothing, and is refused.
#[test]
fn columns_that_f32_cannot_tell_apart_are_refused() -> Result<()> {
    let table: String = (0..40).map(|i| format!("{}.5,{}\n", 1_700_000_000 + i % 9, (i * i) % 2)).collect();
    let place = common::example::Place::with(format!("t,y\n{table}"))?;
    for line in ["gaussian --csv table.csv --columns t", "logistic --csv table.csv --target y"] {
        let ran = place.run(&format!("{line} --dtype f32 --out out"))?;
        ensure!(ran.code == 1 && ran.err.contains("f32 keeps too few digits"), "{}{}", ran.out, ran.err);
        assert_eq!(place.run(&format!("{line} --out out"))?.code, 0);
    }
    Ok(())
}
