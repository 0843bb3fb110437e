//! A fit that was saved goes on where it stood, to the last bit, in every family; with the optimiser's state every further step
//! is the one that a run without a break makes. What is no such file, or no such state, is refused.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use candle_core::{DType, Tensor, safetensors};
use candle_mle::alphabet::Alphabet;
use candle_mle::checkpoint::{Checkpoint, Checkpoints};
use candle_mle::descent::{Descent, State};
use candle_mle::fit::{Adam, End, GradientDescent, Lbfgs};
use candle_mle::hook::ParameterPath;
use candle_mle::mle::{self, Plan};
use candle_mle::model::Linear;
use candle_mle::model::{Bernoulli, Gaussian, Logistic, Softmax};
use candle_mle::model::{
    Beta, Exponential, Gamma, Laplace, LinearGaussian, LogisticDistribution, Lognormal, NegativeBinomial, Poisson,
    PoissonRegression, Sample, Student, Weibull,
};
use candle_mle::model::{Categorical, Gibbs, Mixture, NGram, Network};
use candle_mle::standardize::Standardize;
use candle_mle::{Empirical, Error, Labelled, LossLog, Model, Objective, Parameters, fit};
use candle_nn::{Optimizer, SGD, VarMap};

use crate::common::{self, CPU, host};

type By = fn(&VarMap) -> candle_mle::Result<Box<dyn Descent>>;

/// Each keeps something in mind beside the variables: how often it moved, a velocity, running means, the curvature.
fn optimizers() -> [(&'static str, By); 4] {
    [
        ("gradient descent", |vars| {
            Ok(Box::new(GradientDescent::new(vars, 0.05)?.schedule(|step| 1.0 / (1.0 + step as f64))))
        }),
        ("with momentum", |vars| Ok(Box::new(GradientDescent::new(vars, 0.05)?.momentum(0.8)?))),
        ("Adam", |vars| Ok(Box::new(Adam::new(vars, 0.02)?.schedule(|step| 0.9f64.powi(step as i32))))),
        ("L-BFGS", |vars| Ok(Box::new(Lbfgs::new(vars)))),
    ]
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// ln q of every row and the cross-entropy, as bits.
fn stand<M: Model>(model: &M, p: &Empirical<M::Batch>) -> Result<(Vec<u64>, u64)> {
    let log_q = model.log_prob(p.batch())?;
    let cross_entropy = host(&Objective::CrossEntropy.loss(model, &log_q, p)?)?[0];
    Ok((bits(&host(&log_q)?), cross_entropy.to_bits()))
}

/// Beside the parameters on the disk, as a checkpoint is.
fn through_a_file(state: &State, folder: &std::path::Path) -> Result<State> {
    let path = folder.join("state.safetensors");
    safetensors::save(&state.0.iter().map(|(name, tensor)| (name.clone(), tensor.clone())).collect(), &path)?;
    Ok(State(safetensors::load(&path, &CPU)?.into_iter().collect::<BTreeMap<_, _>>()))
}

/// Ten steps in one go, and in two halves with a file between.
fn check<M: Model + Parameters>(
    p: &Empirical<M::Batch>,
    start: impl Fn() -> candle_mle::Result<(VarMap, M)>,
) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("model.safetensors");
    for (name, by) in optimizers() {
        let (vars, whole) = start()?;
        let (mut whole_log, mut optimizer) = (LossLog::new(), by(&vars)?);
        let whole_end = fit(&whole, p, Objective::CrossEntropy, optimizer.as_mut(), 0..10, &mut whole_log)?;

        let (vars, half) = start()?;
        let at_first = stand(&half, p)?;
        let (mut log, mut optimizer) = (LossLog::new(), by(&vars)?);
        let end = fit(&half, p, Objective::CrossEntropy, optimizer.as_mut(), 0..5, &mut log)?;
        ensure!(end == End::Steps, "{name}: the first half ends with {end:?}");
        half.save(&path)?;
        let (stood, state) = (stand(&half, p)?, through_a_file(&optimizer.state()?, folder.path())?);
        ensure!(stood != at_first, "{name}: nothing moved");
        drop((vars, half, optimizer));

        let loaded = M::load(&path, &CPU)?;
        assert_eq!(stand(&loaded, p)?, stood, "{name}: loaded");
        let (vars, learner) = loaded.learner()?;
        assert_eq!(stand(&learner, p)?, stood, "{name}: a learner of it");
        let mut optimizer = by(&vars)?;
        optimizer.restore(state)?;
        let mut log = LossLog::new().continuing(log.into_history()?);
        let end = fit(&learner, p, Objective::CrossEntropy, optimizer.as_mut(), 5..10, &mut log)?;
        assert_eq!((stand(&learner, p)?, end), (stand(&whole, p)?, whole_end), "{name}: gone on with");
        assert_eq!(log.history()?.rows(), whole_log.history()?.rows(), "{name}: the log");
        for (parameter, tensor) in learner.parameters()? {
            assert_eq!(bits(&host(&tensor)?), bits(&host(&whole.parameters()?[&parameter])?), "{name}: {parameter}");
        }
        // What was loaded has not moved along.
        assert_eq!(stand(&loaded, p)?, stood, "{name}: loaded, after the learner moved");

        // Numbers that are known already would silently mean something else in other coordinates.
        let refused = |model: M, why: &str| -> Result<()> {
            let map = Standardize::new(Tensor::zeros(1, DType::F64, &CPU)?, Tensor::new(&[2.0], &CPU)?)?;
            let message = model.standardized(map).err().context("it was standardised")?.to_string();
            ensure!(message.contains(M::FAMILY) && message.contains(why) && message.contains("`learner`"), "{message}");
            Ok(())
        };
        refused(loaded, "its parameters are constant")?;
        if whole.parts()?.fixed.contains_key("map.shift") {
            refused(learner, "it has a map of coordinates already")?;
        }
    }
    Ok(())
}

/// A start where every parameter has something to learn.
fn scattered<M>(
    make: impl Fn(candle_nn::VarBuilder) -> candle_mle::Result<M>,
    seed: u64,
) -> impl Fn() -> candle_mle::Result<(VarMap, M)> {
    move || {
        let vars = VarMap::new();
        let model = make(candle_nn::VarBuilder::from_varmap(&vars, DType::F64, &CPU))?;
        common::scatter(&vars, seed).map_err(|e| Error::Other(e.into()))?;
        Ok((vars, model))
    }
}

#[test]
fn bernoulli() -> Result<()> {
    // Far from the maximum, so that ten steps do not end there.
    let far = || Bernoulli::from_prob(0.9999, &CPU)?.learner();
    check(&Empirical::from_sample(common::flips(300, 1)?)?, far)
}

#[test]
fn categorical() -> Result<()> {
    let p = Empirical::from_counts(Tensor::new(&[0u32, 1, 2, 3], &CPU)?, &[5.0, 3.0, 2.0, 7.5])?;
    check(&p, scattered(|vb| Categorical::new(4, vb), 1))
}

#[test]
fn logistic() -> Result<()> {
    let p = Empirical::from_sample(common::answers(300, 2)?)?;
    check(&p, scattered(|vb| Logistic::new(2, vb)?.standardized(p.standardize()?), 2))
}

#[test]
fn softmax() -> Result<()> {
    let p = Empirical::from_sample(common::kinds(300, 3)?)?;
    check(&p, scattered(|vb| Softmax::new(2, 3, vb)?.standardized(p.standardize()?), 3))
}

#[test]
fn gaussian() -> Result<()> {
    let raw = common::old_faithful(&["eruption_minutes", "waiting_minutes"])?;
    let p = Empirical::from_sample(raw)?.at_resolution(&[0.001, 1.0])?;
    check(&p, scattered(|vb| Gaussian::new(2, vb)?.standardized(p.standardize()?), 4))
}

#[test]
fn mixture_with_a_floor() -> Result<()> {
    let raw = common::old_faithful(&["eruption_minutes", "waiting_minutes"])?;
    let p = Empirical::from_sample(raw)?;
    check(&p, || {
        let start = Mixture::seeded(p.batch(), p.mass(), 2, &[0.1, 1.0], &mut common::generator(5))?;
        start.expressed_in(Standardize::moments(p.batch(), p.mass())?)?.learner()
    })
}

#[test]
fn network() -> Result<()> {
    let p = Empirical::from_sample(common::kinds(300, 6)?)?;
    check(&p, || {
        let (vars, network) = Network::seeded(2, &[4, 3], 3, &mut common::generator(6), &CPU)?.learner()?;
        Ok((vars, network.standardized(p.standardize()?)?))
    })
}

#[test]
fn ngram() -> Result<()> {
    for n in [1, 3] {
        let p = Empirical::from_sample(Alphabet::of("abc")?.windows("abacabbacabcabbac", n)?)?;
        check(&p, scattered(|vb| NGram::new(p.batch().x(), 3, vb), 7))?;
    }
    Ok(())
}

fn gibbs(vb: candle_nn::VarBuilder) -> candle_mle::Result<Gibbs> {
    let statistics = Tensor::new(&[[-1.0, 1.0], [0.0, 0.0], [1.0, 1.0], [2.0, 4.0]], &CPU)?;
    Gibbs::new(statistics, &Tensor::new(&[0.5, 1.0, 1.0, 2.0], &CPU)?, vb)
}

#[test]
fn gibbs_distribution() -> Result<()> {
    let p = Empirical::from_cells(Tensor::new(&[0u32, 1, 2, 3], &CPU)?, &[3.0, 1.0, 4.0, 1.5], &[0.5, 1.0, 1.0, 2.0])?;
    check(&p, scattered(gibbs, 8))
}

#[test]
fn named_distributions() -> Result<()> {
    let p = |values: &[f64]| -> Result<Empirical<Tensor>> {
        Ok(Empirical::from_sample(Tensor::from_slice(values, (values.len(), 1), &CPU)?)?)
    };
    macro_rules! each {
        ($p:expr => $($family:ty),*) => {{
            let p = p($p)?;
            $(check(&p, scattered(|vb| {
                <$family>::new(vb)?.standardized(<$family>::coordinates(p.batch(), p.mass())?)
            }, 9))?;)*
        }};
    }
    each!(&[-30.0, -2.0, 0.3, 1.1, 1.7, 2.2, 4.4] => Laplace, LogisticDistribution, Student);
    each!(&[0.02, 0.7, 1.1, 3.0] => Exponential, Gamma, Lognormal, Weibull);
    each!(&[0.0, 1.0, 2.0, 9.0] => Poisson, NegativeBinomial);
    each!(&[0.01, 0.3, 0.5, 0.9] => Beta);
    Ok(())
}

#[test]
fn regressions() -> Result<()> {
    let x = common::inputs(100, 10)?;
    let line = LinearGaussian::from_coefficients(&[0.5, -1.0], 30.0, 0.7, &CPU)?;
    let p = Empirical::from_sample(line.sample(&x, &mut common::generator(1))?)?;
    check(
        &p,
        scattered(|vb| LinearGaussian::new(2, vb)?.standardized(LinearGaussian::coordinates(p.batch(), p.mass())?), 10),
    )?;
    let counts = PoissonRegression::from_coefficients(&[0.3, -0.4], 0.3, &CPU)?;
    let p = Empirical::from_sample(counts.sample(&x, &mut common::generator(2))?)?;
    let map = Standardize::moments(p.batch().x(), p.mass())?;
    check(&p, scattered(|vb| PoissonRegression::new(2, vb)?.standardized(map.clone()), 11))
}

/// Every family opens its own file and no other's.
#[test]
fn a_file_of_another_family_is_refused_by_both_names() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let windows = Alphabet::of("abc")?.windows("abacabba", 2)?;
    let at = |family: &str| folder.path().join(family);
    let mut families = vec![];
    macro_rules! each {
        ($($family:ty = $make:expr;)*) => {{
            $({
                let (_, model) = common::learner($make)?;
                model.save(at(<$family>::FAMILY))?;
                families.push(<$family>::FAMILY);
            })*
            let mut refused = 0;
            $(for found in &families {
                match <$family>::load(at(found), &CPU) {
                    Ok(_) => ensure!(*found == <$family>::FAMILY, "a {found} was read as a {}", <$family>::FAMILY),
                    Err(e) => {
                        refused += 1;
                        ensure!(*found != <$family>::FAMILY, "a {found} cannot be read: {e}");
                        ensure!(matches!(e, Error::OtherModel { .. }), "{e}");
                        let said = format!("holds a {found}, but a {} was asked for", <$family>::FAMILY);
                        ensure!(e.to_string().contains(&said), "{e}");
                    }
                }
            })*
            refused
        }};
    }
    let refused = each! {
        Bernoulli = Bernoulli::new;
        Categorical = |vb| Categorical::new(3, vb);
        Logistic = |vb| Logistic::new(2, vb);
        Softmax = |vb| Softmax::new(2, 3, vb);
        Gaussian = |vb| Gaussian::new(2, vb);
        Mixture = |vb| Mixture::new(2, &[0.1], vb);
        Network = |vb| Network::new(2, &[3], 3, vb);
        NGram = |vb| NGram::new(windows.x(), 3, vb);
        Gibbs = gibbs;
        Exponential = Exponential::new;
        Laplace = Laplace::new;
        LogisticDistribution = LogisticDistribution::new;
        Gamma = Gamma::new;
        Lognormal = Lognormal::new;
        Weibull = Weibull::new;
        Student = Student::new;
        Poisson = Poisson::new;
        NegativeBinomial = NegativeBinomial::new;
        Beta = Beta::new;
        LinearGaussian = |vb| LinearGaussian::new(2, vb);
        PoissonRegression = |vb| PoissonRegression::new(2, vb);
    };
    assert_eq!((families.len(), refused), (21, 420));
    Ok(())
}

#[test]
fn a_family_without_columns_has_no_coordinates() -> Result<()> {
    let map = Standardize::new(Tensor::zeros(1, DType::F64, &CPU)?, Tensor::new(&[2.0], &CPU)?)?;
    let (_, coin) = common::learner(Bernoulli::new)?;
    let message = coin.standardized(map).err().context("a coin has no columns")?.to_string();
    ensure!(message.contains("map.scale") && message.contains("no part of this model"), "{message}");
    Ok(())
}

/// What an optimiser knows is for itself, and for the variables that it moved.
#[test]
fn a_state_of_another_optimiser_or_of_other_variables_is_refused() -> Result<()> {
    let p = Empirical::from_sample(common::answers(100, 1)?)?;
    let (mut states, mut fresh) = (vec![], vec![]);
    for (name, by) in &optimizers() {
        let (vars, model) = common::learner(|vb| Logistic::new(2, vb))?;
        let mut optimizer = by(&vars)?;
        fit(&model, &p, Objective::CrossEntropy, optimizer.as_mut(), 0..3, &mut ())?;
        states.push((*name, optimizer.state()?));
        fresh.push((*name, by(&vars)?));
    }
    for (of, state) in &states {
        for (name, optimizer) in &mut fresh {
            let restored = optimizer.restore(state.clone());
            if of == name {
                restored?;
            } else {
                ensure!(matches!(restored, Err(Error::WrongState { .. })), "{of} in {name}: {restored:?}");
            }
        }
    }
    // Plain gradient descent keeps nothing of a variable.
    for ((name, by), (_, state)) in optimizers().iter().zip(&states).skip(1) {
        let (vars, _) = common::learner(|vb| Softmax::new(2, 3, vb))?;
        let restored = by(&vars)?.restore(state.clone());
        ensure!(matches!(restored, Err(Error::WrongState { .. })), "{name}: {restored:?}");
    }
    // An optimiser of candle-nn keeps what it knows to itself.
    let (vars, _) = common::learner(Bernoulli::new)?;
    let mut sgd = SGD::new(vars.all_vars(), 0.1)?;
    ensure!(matches!(Descent::state(&sgd), Err(Error::NoState)));
    ensure!(matches!(sgd.restore(State::default()), Err(Error::NoState)));
    Ok(())
}

/// A plan that is resumed from a file, by every method that keeps something in mind: the steps, the log and the way of a run that
/// was never stopped, and the loss that stood there for a start.
#[test]
fn a_plan_that_was_stopped() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("checkpoint.safetensors");
    let x = Tensor::new(&[[0.3, 1.0], [2.0, -1.0], [-1.5, 0.2], [0.9, 2.5], [4.0, 0.1], [-0.7, -2.0]], &CPU)?;
    let p = Empirical::from_sample(Labelled::new(x, Tensor::new(&[0u32, 1, 0, 1, 0, 1], &CPU)?)?)?;
    let start = || Logistic::from_coefficients(&Tensor::new(&[[0.0, 0.0, 0.0], [1.5, -2.0, 0.5]], &CPU)?)?.learner();
    for by in [mle::By::GradientDescent { step_size: 0.3 }, mle::By::Lbfgs, mle::By::Newton] {
        let plan = |steps| Plan { by, steps, until_converged: false, ..Plan::default() };
        let ((vars, model), mut log) = (start()?, LossLog::new());
        let whole = plan(8).follow(model, vars, &p, &mut log, &mut ())?;

        let ((vars, model), log) = (start()?, LossLog::new());
        let mut kept = Checkpoints::new(log, &file).every(4).with_path(ParameterPath::new());
        plan(4).follow(model, vars, &p, &mut kept, &mut ())?;
        let at = Checkpoint::<Logistic>::load(&file, &CPU)?;
        assert_eq!((at.step, at.path.len()), (4, 4), "{by:?}");
        let log = LossLog::new().continuing(at.history.clone());
        let mut kept = Checkpoints::new(log, &file).with_path(ParameterPath::continuing(at.path.clone())).after(&at);
        let resumed = plan(8).resume(&at, &p, &mut kept, &mut ())?;
        assert_eq!(resumed.history.rows(), whole.history.rows(), "{by:?}");
        assert_eq!(stand(&resumed.model, &p)?, stand(&whole.model, &p)?, "{by:?}");
        assert_eq!(kept.into_parts().1.context("no path")?.path().len(), resumed.history.rows().len());

        let other = p.part(&[0, 1, 2, 3, 4, 5], &[2.0, 1.0, 1.0, 1.0, 1.0, 1.0])?;
        let mut kept = Checkpoints::new(LossLog::new().continuing(at.history.clone()), &file).after(&at);
        let refused = plan(8).resume(&at, &other, &mut kept, &mut ());
        ensure!(matches!(refused, Err(Error::OtherCheckpoint { step: 4, .. })), "{by:?}: {refused:?}");
    }
    Ok(())
}
