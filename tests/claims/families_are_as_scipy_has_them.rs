//! Every named distribution of one number arrives at the maximum of its likelihood: at the closed form where there is one, else at
//! the values of tests/reference/families.py (scipy's likelihoods, their maxima on 40 digits). In any unit, in f32 too; and a sample
//! without a finite maximum is a finding.

use anyhow::{Context, Result, ensure};
use candle_core::{DType, Tensor};
use candle_mle::families::rank;
use candle_mle::info::law::{self, Law};
use candle_mle::model::{
    Beta, Exponential, Family, Gamma, KlDivergence, Laplace, LogisticDistribution, Lognormal, NegativeBinomial,
    Poisson, Sample, Student, Univariate, Weibull,
};
use candle_mle::{Empirical, Error, Fitted, LossLog, Model, Objective, Parameters, fit, maximum_likelihood};

use crate::common::{self, CPU, host};

fn sample(values: &[f64]) -> Result<Empirical<Tensor>> {
    Ok(Empirical::from_sample(Tensor::from_slice(values, (values.len(), 1), &CPU)?)?)
}

fn fitted<L: Family>(p: &Empirical<Tensor>) -> candle_mle::Result<Fitted<Univariate<L>>> {
    let coordinates = Univariate::<L>::coordinates(p.batch(), p.mass())?;
    maximum_likelihood(p, |vb| Univariate::new(vb)?.standardized(coordinates))
}

/// The parameters by `named`, and −Σ ln q, to 1e-6 and to 1e-9 of themselves; from a start that was not the end.
fn arrives<L: Family>(values: &[f64], expected: &[f64], nll: f64) -> Result<L> {
    let fitted = fitted::<L>(&sample(values)?)?;
    let rows = fitted.history.rows();
    ensure!(fitted.converged, "{}: {:?}", L::NAME, fitted.gradient);
    ensure!((3..60).contains(&rows.len()), "{} took {rows:?}", L::NAME);
    ensure!(rows[0].nll > nll + 1e-3, "{} starts where it ends", L::NAME);
    let law = fitted.model.law()?;
    for ((name, found, _), expected) in law.named().into_iter().zip(expected) {
        ensure!((found - expected).abs() <= 1e-6 * expected.abs(), "{} {name}: {found} is not {expected}", L::NAME);
    }
    let last = rows[rows.len() - 1].nll;
    ensure!((last - nll).abs() <= 1e-9 * nll.abs(), "{}: {last} is not {nll}", L::NAME);
    // The law in f64 says the same of every observation.
    let sum: f64 = values.iter().map(|x| -law.log_prob(*x)).sum();
    ensure!((sum - nll).abs() <= 1e-9 * nll.abs(), "{}: {sum} is not {nll} by the law", L::NAME);
    Ok(law)
}

pub fn waiting() -> Result<Vec<f64>> {
    host(&common::old_faithful(&["waiting_minutes"])?)
}

pub fn eruptions() -> Result<Vec<f64>> {
    host(&common::old_faithful(&["eruption_minutes"])?)
}

/// Quantiles of N(0, 1) and N(0, 6²) above 0, at (i + ½)/60, to three decimals.
const NARROW: [f64; 30] = [
    0.021, 0.063, 0.105, 0.147, 0.189, 0.232, 0.275, 0.319, 0.363, 0.408, 0.454, 0.501, 0.549, 0.598, 0.648, 0.701,
    0.755, 0.812, 0.872, 0.935, 1.001, 1.073, 1.15, 1.235, 1.331, 1.44, 1.569, 1.732, 1.96, 2.394,
];
const WIDE: [f64; 30] = [
    0.125, 0.376, 0.628, 0.88, 1.135, 1.391, 1.65, 1.912, 2.178, 2.448, 2.723, 3.003, 3.291, 3.587, 3.891, 4.206,
    4.532, 4.873, 5.231, 5.608, 6.008, 6.437, 6.902, 7.413, 7.983, 8.637, 9.414, 10.39, 11.76, 14.364,
];

/// Both ways from 3: tails longer than one Gaussian's.
pub fn long_tails() -> Vec<f64> {
    NARROW.iter().chain(&WIDE).flat_map(|z| [3.0 - z, 3.0 + z]).collect()
}

pub fn counts() -> Vec<f64> {
    let times = [(0, 9), (1, 7), (2, 6), (3, 4), (5, 6), (7, 3), (10, 2), (14, 2), (20, 1), (28, 1), (33, 1), (45, 1)];
    times.iter().flat_map(|(count, times)| vec![f64::from(*count); *times]).collect()
}

#[test]
fn closed_forms() -> Result<()> {
    let (eruptions, waiting, counts) = (eruptions()?, waiting()?, counts());
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    arrives::<law::Exponential>(&eruptions, &[1.0 / mean(&eruptions)], 611.8004379811156)?;
    arrives::<law::Poisson>(&counts, &[mean(&counts)], 269.92318709721656)?;
    let logs: Vec<f64> = waiting.iter().map(|x| x.ln()).collect();
    let sd = mean(&logs.iter().map(|l| (l - mean(&logs)).powi(2)).collect::<Vec<_>>()).sqrt();
    arrives::<law::Lognormal>(&waiting, &[mean(&logs), sd, mean(&logs).exp()], 1108.30002639096)?;
    Ok(())
}

/// The median and the mean distance from it, of odd and even numbers of values, with ties and with weights.
#[test]
fn the_likeliest_laplace_distribution_has_the_median() -> Result<()> {
    for (values, median) in [
        (vec![1.0, 2.0, 9.0], 2.0),
        (vec![1.0, 2.0, 9.0, 30.0], 5.5),
        (vec![5.0, 5.0, 5.0, 1.0, 2.0, 9.0, 10.0], 5.0),
        (vec![-3.0, 0.1, 0.1, 7.0, 8.0], 0.1),
        (waiting()?, 76.0),
    ] {
        let n = values.len() as f64;
        let scale = values.iter().map(|x| (x - median).abs()).sum::<f64>() / n;
        let law = arrives::<law::Laplace>(&values, &[median, scale], n * (1.0 + (2.0 * scale).ln()))?;
        ensure!((law.location() - median).abs() <= 1e-12 * median, "{} is not {median}", law.location());
    }
    let weighed = Empirical::from_counts(Tensor::new(&[1.0, 2.0, 9.0], &CPU)?, &[0.5, 0.25, 4.0])?;
    ensure!(fitted::<law::Laplace>(&weighed)?.model.law()?.location() == 9.0);
    // Where it is no observation the gradient is the slope; where it is one, the least of the tangents.
    let p = sample(&[1.0, 2.0, 9.0])?;
    for (at, expected) in [(0.0, -1.0), (1.0, -1.0 / 3.0), (1.5, -1.0 / 3.0), (2.0, 0.0), (3.0, 1.0 / 3.0)] {
        let (vars, model) = Laplace::from_law(&law::Laplace::new(at, 1.0)?, &CPU)?.learner()?;
        let loss = Objective::CrossEntropy.loss(&model, &model.log_prob(p.batch())?, &p)?;
        let gradients = loss.backward()?;
        let location = vars.data().lock().map_err(|e| anyhow::anyhow!("{e}"))?["location"].clone();
        let gradient = host(gradients.get(&location).context("no gradient")?)?[0];
        ensure!((gradient - expected).abs() < 1e-12, "at {at}: {gradient} is not {expected}");
    }
    Ok(())
}

#[test]
fn scipy_and_statsmodels() -> Result<()> {
    let (waiting, eruptions) = (waiting()?, eruptions()?);
    arrives::<law::Logistic>(&waiting, &[71.9282616947603, 8.19102297670906], 1106.74494124734)?;
    arrives::<law::Gamma>(&waiting, &[25.1231586410448, 0.354361084337491], 1102.92512013736)?;
    arrives::<law::Weibull>(&eruptions, &[3.67329333099134, 3.88929967887209], 413.364069735369)?;
    arrives::<law::NegativeBinomial>(&counts(), &[5.95348837209302, 0.574374471402525], 120.360797406123)?;
    let petals = common::table("iris", None)?.numbers("petal_length_cm")?.to_vec();
    let share: Vec<f64> = petals.iter().map(|cm| cm / 10.0).collect();
    arrives::<law::Beta>(&share, &[2.48842805199669, 4.20775091901341], -54.4220858558245)?;
    Ok(())
}

#[test]
fn students_t() -> Result<()> {
    arrives::<law::Student>(&long_tails(), &[1.39051672040019, 3.0, 1.67342199852725], 326.935066406462)?;
    Ok(())
}

/// What is measured in nanometres or in light years has the same shape, and its likeliest member arrives as surely.
#[test]
fn no_unit_changes_a_fit() -> Result<()> {
    fn check<L: Family>(values: &[f64], shape: impl Fn(&L, f64) -> f64) -> Result<()> {
        let expected = shape(&fitted::<L>(&sample(values)?)?.model.law()?, 1.0);
        for unit in [1e-12, 1e9] {
            let moved: Vec<f64> = values.iter().map(|x| x * unit).collect();
            let fitted = fitted::<L>(&sample(&moved)?)?;
            let found = shape(&fitted.model.law()?, unit);
            ensure!(
                fitted.converged && (found - expected).abs() <= 1e-6 * expected,
                "{}: {found}, {expected}",
                L::NAME
            );
        }
        Ok(())
    }
    let (waiting, eruptions) = (waiting()?, eruptions()?);
    check(&waiting, |law: &law::Gamma, _| law.shape())?;
    check(&eruptions, |law: &law::Weibull, _| law.shape())?;
    check(&waiting, |law: &law::Lognormal, _| law.log().sd())?;
    check(&long_tails(), |law: &law::Student, _| law.df())?;
    check(&waiting, |law: &law::Logistic, _| law.location() / law.scale())?;
    check(&waiting, |law: &law::Laplace, _| law.location() / law.scale())?;
    check(&eruptions, |law: &law::Exponential, unit| law.rate() * unit)?;
    Ok(())
}

/// A sample that hardly varies has a large shape, and no digits of it are lost.
#[test]
fn nearly_constant_samples_arrive() -> Result<()> {
    let values: Vec<f64> = waiting()?.iter().map(|x| 1000.0 + 1e-3 * x).collect();
    let gamma = fitted::<law::Gamma>(&sample(&values)?)?;
    ensure!(gamma.converged);
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    let shape = gamma.model.law()?.shape();
    // To first order in the relative variance, 1e-10.
    ensure!((shape * variance / mean.powi(2) - 1.0).abs() < 1e-5, "{shape}");
    let share: Vec<f64> = values.iter().map(|x| x / 4000.0).collect();
    ensure!(fitted::<law::Beta>(&sample(&share)?)?.converged);
    ensure!(fitted::<law::Weibull>(&sample(&values)?)?.converged);
    ensure!(fitted::<law::Lognormal>(&sample(&values)?)?.converged);
    let large: Vec<f64> = waiting()?.iter().map(|x| (x * 1e6).round()).collect();
    ensure!(fitted::<law::NegativeBinomial>(&sample(&large)?)?.converged);
    ensure!(fitted::<law::Poisson>(&sample(&large)?)?.converged);
    Ok(())
}

#[test]
fn in_f32_they_arrive_too() -> Result<()> {
    fn check<L: Family>(values: &[f64]) -> Result<()> {
        let p = sample(values)?;
        let (wide, narrow) = (fitted::<L>(&p)?.model.law()?, fitted::<L>(&p.to_dtype(DType::F32)?)?);
        let same = narrow.history.rows().last().context("no row")?;
        ensure!(same.cross_entropy.is_finite());
        for ((name, a, _), (_, b, _)) in wide.named().into_iter().zip(narrow.model.law()?.named()) {
            ensure!((a - b).abs() <= 2e-3 * a.abs(), "{} {name}: {b} is not {a}", L::NAME);
        }
        Ok(())
    }
    let (waiting, eruptions, counts) = (waiting()?, eruptions()?, counts());
    check::<law::Exponential>(&eruptions)?;
    check::<law::Laplace>(&waiting)?;
    check::<law::Logistic>(&waiting)?;
    check::<law::Gamma>(&waiting)?;
    check::<law::Lognormal>(&waiting)?;
    check::<law::Weibull>(&eruptions)?;
    check::<law::Student>(&long_tails())?;
    check::<law::Poisson>(&counts)?;
    check::<law::NegativeBinomial>(&counts)?;
    check::<law::Beta>(&eruptions.iter().map(|x| x / 10.0).collect::<Vec<_>>())
}

/// Why, and never NaN.
#[test]
fn a_sample_without_a_finite_maximum_is_a_finding() -> Result<()> {
    fn why<L: Family>(values: &[f64]) -> Result<String> {
        match fitted::<L>(&sample(values)?) {
            Err(e @ Error::NoMaximum { .. }) => {
                let said = e.to_string();
                ensure!(said.starts_with("no finite maximum: ") && !said.contains("NaN"), "{said}");
                Ok(said)
            }
            other => anyhow::bail!("{} of {values:?}: {:?}", L::NAME, other.map(|f| f.end)),
        }
    }
    for values in [vec![2.5], vec![2.5, 2.5, 2.5]] {
        for said in [
            why::<law::Laplace>(&values)?,
            why::<law::Logistic>(&values)?,
            why::<law::Gamma>(&values)?,
            why::<law::Lognormal>(&values)?,
            why::<law::Weibull>(&values)?,
            why::<law::Student>(&values)?,
            why::<law::Beta>(&[0.25])?.replace("0.25", "2.5"),
        ] {
            ensure!(said.contains("all observations are 2.5"), "{said}");
        }
    }
    ensure!(why::<law::Exponential>(&[0.0, 0.0])?.contains("all observations are 0"));
    ensure!(why::<law::Poisson>(&[0.0, 0.0])?.contains("all counts are 0"));
    ensure!(why::<law::NegativeBinomial>(&[0.0])?.contains("all counts are 0"));
    ensure!(why::<law::NegativeBinomial>(&[3.0, 4.0, 5.0])?.contains("the limit is the Poisson distribution"));
    ensure!(why::<law::Student>(&[-1.0, 0.0, 1.0])?.contains("the limit is the Gaussian"));
    ensure!(why::<law::Student>(&[0.0, 0.0, 0.0, 0.0, 1.0, 900.0])?.contains("half of the observations or more are 0"));
    // One row of counts, or of a waiting time, is enough.
    ensure!((fitted::<law::Poisson>(&sample(&[4.0])?)?.model.law()?.mean() - 4.0).abs() < 1e-6);
    ensure!((fitted::<law::Exponential>(&sample(&[4.0])?)?.model.law()?.rate() - 0.25).abs() < 1e-8);
    Ok(())
}

/// What a family cannot observe is refused by row, value and cure, also by a model that stands already.
#[test]
fn off_the_support() -> Result<()> {
    fn refused<L: Family>(law: &L, values: &[f64], row: usize, words: [&str; 2]) -> Result<()> {
        let p = sample(values)?;
        let model = Univariate::from_law(law, &CPU)?;
        for said in [
            fitted::<L>(&p).err().context("it was fitted")?.to_string(),
            model.log_prob(p.batch()).err().context("it was scored")?.to_string(),
        ] {
            let value = candle_mle::info::number::typed(values[row]);
            let place = format!("row {row} (counted from 0) holds {value}, and the support of this {}", L::NAME);
            ensure!(said.contains(&place) && words.iter().all(|word| said.contains(word)), "{said}");
        }
        Ok(())
    }
    refused(&law::Poisson::new(1.0)?, &[1.0, 2.5], 1, ["counts 0, 1, 2, …", "--exposure"])?;
    refused(&law::NegativeBinomial::new(1.0, 1.0)?, &[1.0, 2.0, -1.0], 2, ["counts", "leave the row out"])?;
    refused(&law::Gamma::new(1.0, 1.0)?, &[0.0, 2.5], 0, ["positive numbers", "half of the least"])?;
    refused(&law::Lognormal::new(1.0, 1.0)?, &[1.0, -2.5], 1, ["positive numbers", "Gaussian"])?;
    refused(&law::Weibull::new(1.0, 1.0)?, &[1.0, 0.0], 1, ["positive numbers", "Gaussian"])?;
    refused(&law::Exponential::new(1.0)?, &[0.0, -0.5], 1, ["numbers from 0 on", "leave the row out"])?;
    refused(&law::Beta::new(1.0, 1.0)?, &[0.5, 55.0], 1, ["between 0 and 1", "divide percentages by 100"])?;
    let two = Tensor::new(&[[1.0, 2.0]], &CPU)?;
    let said = Gamma::coordinates(&two, &Tensor::new(&[1.0], &CPU)?).err().context("two columns")?.to_string();
    ensure!(said.contains("(rows, 1)"), "{said}");
    Ok(())
}

/// Draws have the mean and the variance of their law, and their fit is near it; the divergence from the truth falls to what a sample
/// of that size leaves.
#[test]
fn samples_lead_back_to_their_law() -> Result<()> {
    fn check<L: Family>(law: L) -> Result<()> {
        const N: usize = 20_000;
        let truth = Univariate::from_law(&law, &CPU)?;
        let again: Vec<f64> = Univariate::<L>::from_law(&truth.law()?, &CPU)?.law()?.variables();
        for (a, b) in law.variables().iter().zip(again) {
            ensure!((a - b).abs() <= 1e-12 * a.abs().max(1.0), "{}: {a} became {b}", L::NAME);
        }
        let drawn = truth.sample(&N, &mut common::generator(11))?;
        let values = host(&drawn)?;
        let mean = values.iter().sum::<f64>() / N as f64;
        let error = (law.variance() / N as f64).sqrt();
        ensure!((mean - law.mean()).abs() < 4.0 * error, "{}: {mean} is not {}", L::NAME, law.mean());
        let p = Empirical::from_sample(drawn)?;
        let coordinates = Univariate::<L>::coordinates(p.batch(), p.mass())?;
        let (vars, model) = common::learner(|vb| Univariate::<L>::new(vb)?.standardized(coordinates))?;
        let mut log = LossLog::with_truth(&truth);
        fit(&model, &p, Objective::CrossEntropy, &mut candle_mle::fit::Lbfgs::new(&vars), 0..60, &mut log)?;
        let history = log.into_history()?;
        let kl = history.rows().last().and_then(|row| row.population_kl).context("no truth")?;
        // 2n KL is about χ² with a degree of freedom a variable, of which 30 is never seen.
        ensure!((0.0..15.0 / N as f64).contains(&kl), "{}: {kl}", L::NAME);
        let q = host(&truth.kl_divergence(&model, p.batch())?)?[0];
        ensure!((q - kl).abs() <= 1e-9 * kl, "{q} is not {kl}");
        Ok(())
    }
    check(law::Exponential::new(0.3)?)?;
    check(law::Laplace::new(-2.0, 3.0)?)?;
    check(law::Logistic::new(5.0, 0.2)?)?;
    check(law::Gamma::new(0.4, 3.0)?)?;
    check(law::Lognormal::new(2.0, 0.7)?)?;
    check(law::Weibull::new(0.8, 5.0)?)?;
    check(law::Student::new(3.5, 1.0, 2.0)?)?;
    check(law::Poisson::new(2.5)?)?;
    check(law::NegativeBinomial::new(6.0, 0.6)?)?;
    check(law::Beta::new(0.7, 4.0)?)
}

/// The types by their names, as a program has them.
#[test]
fn at_zero_they_are_the_standard_members() -> Result<()> {
    let (_, wait) = common::learner(Exponential::new)?;
    ensure!(wait.law()? == law::Exponential::new(1.0)?);
    let (_, bell) = common::learner(LogisticDistribution::new)?;
    ensure!(bell.law()? == law::Logistic::new(0.0, 1.0)?);
    let (_, t) = common::learner(Student::new)?;
    ensure!(t.law()? == law::Student::new(1.0, 0.0, 1.0)?);
    let (_, life) = common::learner(Weibull::new)?;
    ensure!(life.law()? == law::Weibull::new(1.0, 1.0)?);
    let (_, product) = common::learner(Lognormal::new)?;
    ensure!(product.law()? == law::Lognormal::new(0.0, 1.0)?);
    let (_, events) = common::learner(Poisson::new)?;
    ensure!(events.law()? == law::Poisson::new(1.0)?);
    let (_, more) = common::learner(NegativeBinomial::new)?;
    ensure!(more.law()? == law::NegativeBinomial::new(1.0, 1.0)?);
    let (_, share) = common::learner(Beta::new)?;
    ensure!(share.law()? == law::Beta::new(0.5, 0.5)?);
    // Of whole numbers too.
    let p = Empirical::from_sample(Tensor::new(&[0u32, 3, 1], &CPU)?)?;
    ensure!((fitted::<law::Poisson>(&p)?.model.law()?.mean() - 4.0 / 3.0).abs() < 1e-7);
    Ok(())
}

/// Counts in the millions and billions are fitted like others: beside a size of a few, the mean may have any number of digits. Of the
/// wide gamma mixture behind them the size is that of the gamma distribution of the same numbers.
#[test]
fn counts_of_any_size_have_a_negative_binomial() -> Result<()> {
    for unit in [1e7, 1e8, 1e9, 1e12_f64] {
        let counts: Vec<f64> =
            [1.0, 1.7, 2.2, 3.1, 3.9, 4.6, 5.5, 6.9].iter().map(|x: &f64| (x * unit).round()).collect();
        let ranking = rank(&sample(&counts)?)?;
        let of = |name: &str| ranking.ranked.iter().find(|ranked| ranked.name == name);
        let why = || format!("{unit:e}: {:?}", ranking.refused);
        let (counted, gamma) =
            (of(law::NegativeBinomial::NAME).with_context(why)?, of(law::Gamma::NAME).with_context(why)?);
        ensure!(counted.converged, "{unit:e}");
        let (size, shape) = (counted.named[1].1, gamma.named[0].1);
        ensure!((size / shape - 1.0).abs() < 10.0 / unit + 1e-6, "{unit:e}: {size} and {shape}");
        ensure!((counted.named[0].1 / (3.6125 * unit) - 1.0).abs() < 1e-6);
    }
    Ok(())
}
