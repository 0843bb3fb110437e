//! What is loaded has the probabilities of what was saved to the last bit; and in the file the parameters stand in the
//! data's own units, so that any tool makes a plain model of them.

use anyhow::{Result, ensure};
use candle_core::{DType, Tensor};
use candle_mle::alphabet::Alphabet;
use candle_mle::fit::Lbfgs;
use candle_mle::model::{Bernoulli, Gaussian, Logistic, Softmax};
use candle_mle::model::{Categorical, Mixture, NGram, Sample};
use candle_mle::parameters::about;
use candle_mle::standardize::Standardize;
use candle_mle::{Empirical, Model, Objective, Parameters, fit};
use candle_nn::{VarBuilder, VarMap};

use crate::common::{self, CPU, host};

/// Saves the model that was learned, loads it, and opens the file with `plain`, which knows of no coordinates.
fn round_trip<M: Model + Parameters>(
    p: &Empirical<M::Batch>,
    (vars, model): (VarMap, M),
    plain: impl Fn(VarBuilder) -> candle_mle::Result<M>,
) -> Result<M> {
    common::scatter(&vars, 1)?;
    fit(&model, p, Objective::CrossEntropy, &mut Lbfgs::new(&vars), 0..5, &mut ())?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("parameters.safetensors");
    model.save(&path)?;
    let bytes = std::fs::read(&path)?;
    let (loaded, plain_vb) =
        (M::load(&path, &CPU)?, VarBuilder::from_buffered_safetensors(bytes.clone(), DType::F64, &CPU)?);
    let plain = plain(plain_vb)?;
    let [was, is, by_hand] = [&model, &loaded, &plain].map(|model| host(&model.log_prob(p.batch())?));
    let (was, is) = (was?, is?);
    ensure!(was.iter().any(|l| *l != was[0]));
    assert_eq!(was, is);
    for (was, is) in was.iter().zip(by_hand?) {
        // Rounding of the map between the units.
        ensure!((was - is).abs() <= 1e-12 * was.abs().max(1.0), "{is}, but {was} was saved");
    }
    // And once more: the same model is the same bytes, and what has no coordinates of its own does not move.
    loaded.save(&path)?;
    assert_eq!(std::fs::read(&path)?, bytes);
    plain.save(&path)?;
    let again = M::load(&path, &CPU)?.parameters()?;
    for (name, tensor) in plain.parameters()? {
        assert_eq!(host(&tensor)?, host(&again[&name])?, "{name}");
    }
    Ok(loaded)
}

#[test]
fn bernoulli() -> Result<()> {
    let p = Empirical::from_sample(common::flips(300, 1)?)?;
    let loaded = round_trip(&p, common::learner(Bernoulli::new)?, Bernoulli::new)?;
    let logit = host(&loaded.parameters()?["logit"])?[0];
    ensure!((loaded.prob()? - 1.0 / (1.0 + (-logit).exp())).abs() <= 1e-15);
    Ok(())
}

#[test]
fn logistic() -> Result<()> {
    let p = Empirical::from_sample(common::answers(300, 2)?)?;
    let plain = |vb: VarBuilder| Logistic::new(2, vb);
    round_trip(&p, common::learner(plain)?, plain)?;
    let loaded = round_trip(&p, common::learner(|vb| plain(vb)?.standardized(common::moments(&p)?))?, plain)?;
    // Own units: one more of a column adds its slope to the logit, and x = 0 has the intercept.
    let logits = host(&loaded.logits(&Tensor::new(&[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], &CPU)?)?)?;
    let parameters = loaded.parameters()?;
    let (weight, bias) = (host(&parameters["weight"])?, host(&parameters["bias"])?[0]);
    for (got, expected) in logits.into_iter().zip([bias, bias + weight[0], bias + weight[1]]) {
        ensure!((got - expected).abs() <= 1e-12);
    }
    Ok(())
}

#[test]
fn softmax() -> Result<()> {
    let p = Empirical::from_sample(common::kinds(300, 3)?)?;
    let plain = |vb: VarBuilder| Softmax::new(2, 3, vb);
    round_trip(&p, common::learner(plain)?, plain)?;
    let loaded = round_trip(&p, common::learner(|vb| plain(vb)?.standardized(common::moments(&p)?))?, plain)?;
    // Against class 0.
    assert_eq!((host(&loaded.weight()?.get(0)?)?, host(&loaded.bias()?)?[0]), (vec![0.0, 0.0], 0.0));
    Ok(())
}

#[test]
fn gaussian() -> Result<()> {
    let raw = common::old_faithful(&["eruption_minutes", "waiting_minutes"])?;
    let p = Empirical::from_sample(raw)?.at_resolution(&[0.001, 1.0])?;
    let plain = |vb: VarBuilder| Gaussian::new(2, vb);
    let range = || Standardize::range(p.batch());
    let loaded = round_trip(&p, common::learner(|vb| plain(vb)?.standardized(range()?))?, plain)?;
    // In minutes: after five steps the mean is somewhere among the data.
    let mean = host(&loaded.parameters()?["mean"])?;
    ensure!((1.6..5.1).contains(&mean[0]) && (43.0..96.0).contains(&mean[1]), "{mean:?}");
    assert_eq!(host(&loaded.mean()?)?, mean);

    let p = common::points_3d(200, 4)?;
    round_trip(&p, common::learner(|vb| Gaussian::new(3, vb))?, |vb| Gaussian::new(3, vb))?;
    Ok(())
}

#[test]
fn categorical() -> Result<()> {
    let p = Empirical::from_counts(Tensor::new(&[0u32, 1, 2], &CPU)?, &[5.0, 3.0, 2.0])?;
    let plain = |vb: VarBuilder| Categorical::new(3, vb);
    round_trip(&p, common::learner(plain)?, plain)?;
    Ok(())
}

#[test]
fn mixture() -> Result<()> {
    let raw = common::old_faithful(&["eruption_minutes", "waiting_minutes"])?;
    let p = Empirical::from_sample(raw)?.at_resolution(&[0.001, 1.0])?;
    let plain = |vb: VarBuilder| Mixture::new(2, &[0.3, 1.0], vb);
    let range = || Standardize::range(p.batch());
    let loaded = round_trip(&p, common::learner(|vb| plain(vb)?.standardized(range()?))?, plain)?;
    // In minutes: after five steps the mean of the mixture is somewhere among the data, and the floor is the same.
    let (weights, means) = (host(&loaded.weights()?)?, host(&loaded.means()?)?);
    let waiting = weights[0] * means[1] + weights[1] * means[3];
    ensure!((43.0..96.0).contains(&waiting), "{waiting}");
    ensure!(host(&loaded.conditional_std()?)?.chunks(2).all(|sigma| sigma[0] >= 0.3 && sigma[1] >= 1.0));
    Ok(())
}

#[test]
fn ngram() -> Result<()> {
    let p = Empirical::from_sample(Alphabet::of("abc")?.windows("abacabba", 3)?)?;
    let plain = |vb: VarBuilder| NGram::new(p.batch().x(), 3, vb);
    round_trip(&p, common::learner(plain)?, plain)?;
    Ok(())
}

/// Texts stand in the head of the file beside the family, in the order of their names: the same model is the same bytes.
#[test]
fn texts_beside_the_numbers() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("coin.safetensors");
    let coin = Bernoulli::from_prob(0.25, &CPU)?;
    let given = [("columns", "dose, \"mg\"\n"), ("a", "ä 🙂"), ("unit", ""), ("seed", "7"), ("target", "yes")];
    let texts = given.map(|(name, text)| (name.to_string(), text.to_string())).into_iter().collect();
    let save = || -> Result<Vec<u8>> {
        coin.save_with(&path, &texts)?;
        Ok(std::fs::read(&path)?)
    };
    let first = save()?;
    for _ in 0..20 {
        ensure!(save()? == first, "another run writes other bytes");
    }
    let mut read = about(&path)?;
    assert_eq!(read.remove("family").as_deref(), Some("coin"));
    assert_eq!(read, texts);
    assert_eq!(host(&coin.parameters()?["logit"])?, host(&Bernoulli::load(&path, &CPU)?.parameters()?["logit"])?);
    // Any reader of safetensors opens it, and every tensor is aligned.
    let tensors = candle_core::safetensors::load(&path, &CPU)?;
    assert_eq!(host(&tensors["logit"])?, host(&coin.parameters()?["logit"])?);
    let head = u64::from_le_bytes(first[..8].try_into()?) as usize;
    assert_eq!(head % 8, 0);
    ensure!(about(folder.path().join("nowhere")).is_err());
    Ok(())
}

/// The map moves parameters, not probabilities: a model of known moments draws and scores the same after a round trip.
#[test]
fn a_model_of_given_parameters() -> Result<()> {
    let truth = common::gaussian_truth_3d()?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("truth.safetensors");
    truth.save(&path)?;
    let loaded = Gaussian::load(&path, &CPU)?;
    let draw = |model: &Gaussian| -> Result<Vec<f64>> { host(&model.sample(&50, &mut common::generator(1))?) };
    assert_eq!(draw(&loaded)?, draw(&truth)?);
    for (a, b) in host(&loaded.covariance()?)?.iter().zip([1.5, 0.6, -0.3, 0.6, 0.8, 0.2, -0.3, 0.2, 1.1]) {
        ensure!((a - b).abs() <= 1e-14, "{a} is not {b}");
    }
    Ok(())
}
