//! Linear regression learnt by descent is least squares, and Poisson regression is statsmodels' GLM: values of
//! tests/reference/families.py. In any unit and in f32; what has no finite maximum is a finding.

use anyhow::{Context, Result, ensure};
use candle_core::{DType, Tensor};
use candle_mle::batch::Response;
use candle_mle::model::{KlDivergence, LinearGaussian, PoissonRegression, Sample};
use candle_mle::separation::of_counts;
use candle_mle::standardize::Standardize;
use candle_mle::{Empirical, Error, Fitted, Model, Parameters, maximum_likelihood};

use crate::common::{self, CPU, host};

/// Columns of a table side by side, and one beside them.
pub fn rows(columns: &[&[f64]], y: &[f64]) -> Result<Response> {
    let x: Vec<f64> = (0..y.len()).flat_map(|row| columns.iter().map(move |column| column[row])).collect();
    Ok(Response::new(Tensor::from_vec(x, (y.len(), columns.len()), &CPU)?, Tensor::from_slice(y, y.len(), &CPU)?)?)
}

fn line(p: &Empirical<Response>) -> candle_mle::Result<Fitted<LinearGaussian>> {
    let coordinates = LinearGaussian::coordinates(p.batch(), p.mass())?;
    let columns = p.batch().x().dim(1)?;
    maximum_likelihood(p, |vb| LinearGaussian::new(columns, vb)?.standardized(coordinates))
}

fn counts(p: &Empirical<Response>) -> candle_mle::Result<Fitted<PoissonRegression>> {
    let map = Standardize::bulk(p.batch().x(), p.mass())?;
    let columns = p.batch().x().dim(1)?;
    maximum_likelihood(p, |vb| PoissonRegression::new(columns, vb)?.standardized(map))
}

#[track_caller]
fn near(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() <= tolerance * b.abs(), "{found:?} is not {expected:?}");
    }
}

pub fn iris() -> Result<[Vec<f64>; 3]> {
    let table = common::table("iris", None)?;
    let column = |name: &str| Ok::<_, anyhow::Error>(table.numbers(name)?.to_vec());
    Ok([column("sepal_length_cm")?, column("sepal_width_cm")?, column("petal_length_cm")?])
}

#[test]
fn linear_regression_is_least_squares() -> Result<()> {
    let [length, width, petal] = iris()?;
    let p = Empirical::from_sample(rows(&[&length, &width], &petal)?)?;
    let fitted = line(&p)?;
    ensure!(fitted.converged && fitted.history.rows().len() > 3);
    let model = &fitted.model;
    near(&host(&model.weight()?)?, &[1.77559254648113, -1.33862328873899], 1e-7);
    near(&[host(&model.bias()?)?[0], model.sigma()?], &[-2.52476151183341, 0.639983056166727], 1e-7);
    near(&[fitted.history.rows().last().context("a row")?.nll], &[145.893743322945], 1e-11);
    // The normal equations: residuals are orthogonal to 1 and to every column.
    let (mean, y, x) = (host(&model.mean(p.batch().x())?)?, host(p.batch().y())?, host(p.batch().x())?);
    let mass = host(p.mass())?;
    let residual: Vec<f64> = y.iter().zip(&mean).zip(&mass).map(|((y, mean), mass)| (y - mean) * mass).collect();
    for column in 0..2 {
        let product: f64 = residual.iter().zip(x.iter().skip(column).step_by(2)).map(|(r, x)| r * x).sum();
        ensure!(product.abs() < 1e-7, "{product}");
    }
    ensure!(residual.iter().sum::<f64>().abs() < 1e-8);
    Ok(())
}

/// Nanometres, a far origin, a fit of which no unit of y is left but its millionth: the descent feels none of it.
#[test]
fn no_unit_and_no_close_fit_hinders_linear_regression() -> Result<()> {
    let [length, width, petal] = iris()?;
    let of = |f: &dyn Fn(f64) -> f64, values: &[f64]| values.iter().map(|v| f(*v)).collect::<Vec<_>>();
    let far = rows(&[&of(&|v| 1e7 * v + 1e8, &length), &of(&|v| 1e-9 * v, &width)], &of(&|v| 1e6 * v - 3e7, &petal))?;
    let fitted = line(&Empirical::from_sample(far)?)?;
    ensure!(fitted.converged);
    near(&host(&fitted.model.weight()?)?, &[0.177559254648113, -1.33862328873899e15], 1e-6);
    near(&[fitted.model.sigma()?], &[0.639983056166727e6], 1e-7);
    // y = 2 x₀ − x₁ + 1e-7 of what is left of another column.
    let close: Vec<f64> = (0..length.len()).map(|i| 2.0 * length[i] - width[i] + 1e-7 * petal[i]).collect();
    let fitted = line(&Empirical::from_sample(rows(&[&length, &width], &close)?)?)?;
    ensure!(fitted.converged, "{} {:?}", fitted.gradient, fitted.end);
    near(&host(&fitted.model.weight()?)?, &[2.0 + 1.77559254648113e-7, -1.0 - 1.33862328873899e-7], 1e-11);
    near(&[fitted.model.sigma()?], &[0.639983056166727e-7], 1e-5);
    Ok(())
}

#[test]
fn poisson_regression_is_the_glm() -> Result<()> {
    let table = common::table("old_faithful", None)?;
    let (waiting, eruptions) = (table.numbers("waiting_minutes")?, table.numbers("eruption_minutes")?);
    let days: Vec<f64> = eruptions.iter().map(|minutes| (3.0 * minutes).round_ties_even()).collect();
    let fitted = counts(&Empirical::from_sample(rows(&[waiting, eruptions], &days)?)?)?;
    ensure!(fitted.converged);
    near(&host(&fitted.model.weight()?)?, &[0.00103885172276427, 0.309836984126], 1e-5);
    near(&host(&fitted.model.bias()?)?, &[1.13000833722411], 1e-7);
    near(&[fitted.history.rows().last().context("a row")?.nll], &[566.023415033524], 1e-11);
    // With an exposure.
    let exposure: Vec<f64> = eruptions.iter().map(|minutes| minutes.ln()).collect();
    let rows = rows(&[waiting], &days)?.with_offset(Tensor::from_slice(&exposure, days.len(), &CPU)?)?;
    let fitted = counts(&Empirical::from_sample(rows)?)?;
    near(&host(&fitted.model.bias()?)?, &[1.09665491021024], 1e-6);
    near(&[fitted.history.rows().last().context("a row")?.nll], &[564.138498209829], 1e-11);
    Ok(())
}

#[test]
fn in_f32_they_arrive_too() -> Result<()> {
    let [length, width, petal] = iris()?;
    let p = Empirical::from_sample(rows(&[&length, &width], &petal)?)?.to_dtype(DType::F32)?;
    near(&host(&line(&p)?.model.weight()?)?, &[1.77559254648113, -1.33862328873899], 1e-3);
    let whole: Vec<f64> = petal.iter().map(|cm| cm.round()).collect();
    let p = Empirical::from_sample(rows(&[&length], &whole)?)?;
    let wide = host(&counts(&p)?.model.weight()?)?;
    near(&host(&counts(&p.to_dtype(DType::F32)?)?.model.weight()?)?, &wide, 1e-3);
    Ok(())
}

#[test]
fn without_a_finite_maximum_it_is_a_finding() -> Result<()> {
    let x = [0.0, 1.0, 2.0, 3.0];
    for (y, word) in [([1.0, 3.0, 5.0, 7.0], "exactly"), ([2.0; 4], "all responses are 2")] {
        let error = line(&Empirical::from_sample(rows(&[&x], &y)?)?).err().context("it was fitted")?;
        ensure!(matches!(error, Error::NoMaximum { .. }) && error.to_string().contains(word), "{error}");
    }
    // No more rows than coefficients.
    ensure!(line(&Empirical::from_sample(rows(&[&[0.0, 1.0]], &[4.0, 5.5])?)?).is_err());
    // Counts that are 0 wherever x is 1: its slope runs off to −∞.
    let p = Empirical::from_sample(rows(&[&[0.0, 0.0, 1.0, 1.0]], &[2.0, 5.0, 0.0, 0.0])?)?;
    let found = of_counts(&p)?.context("no finding")?;
    ensure!(found.direction[1][0] < 0.0, "{:?}", found.direction);
    ensure!(of_counts(&Empirical::from_sample(rows(&[&x], &[0.0, 0.0, 1.0, 0.0])?)?)?.is_none());
    let p = Empirical::from_sample(rows(&[&x], &[0.0; 4])?)?;
    ensure!(of_counts(&p)?.is_some());
    let said = counts(&Empirical::from_sample(rows(&[&x], &[0.0, 1.0, 2.5, 3.0])?)?).err().context("fitted")?;
    ensure!(
        said.to_string().contains("row 2 (counted from 0) holds 2.5, and the support of this Poisson regression"),
        "{said}"
    );
    Ok(())
}

#[test]
fn draws_lead_back_and_the_divergence_is_that_of_every_row() -> Result<()> {
    let x = common::inputs(4000, 3)?;
    let truth = LinearGaussian::from_coefficients(&[0.5, -2.0], 3.0, 0.4, &CPU)?;
    let p = Empirical::from_sample(truth.sample(&x, &mut common::generator(1))?)?;
    let fitted = line(&p)?.model;
    let kl = host(&truth.kl_divergence(&fitted, p.batch())?)?;
    ensure!(kl.iter().all(|kl| (0.0..0.01).contains(kl)), "{kl:?}");
    let truth = PoissonRegression::from_coefficients(&[0.2, -1.0], 1.0, &CPU)?;
    let p = Empirical::from_sample(truth.sample(&x, &mut common::generator(2))?)?;
    let fitted = counts(&p)?.model;
    ensure!(host(&truth.kl_divergence(&fitted, p.batch())?)?.iter().all(|kl| (0.0..0.01).contains(kl)));
    // Without a column it is the distribution of y alone.
    let y = truth.sample(&x, &mut common::generator(2))?.y().clone();
    let p = Empirical::from_sample(Response::new(Tensor::zeros((4000, 0), DType::F64, &CPU)?, y)?)?;
    let (columns, y) = (0, host(p.batch().y())?);
    let alone = maximum_likelihood(&p, |vb| PoissonRegression::new(columns, vb))?.model;
    let mean: f64 = y.iter().zip(host(p.mass())?).map(|(y, mass)| y * mass).sum();
    near(&host(&alone.bias()?)?, &[mean.ln()], 1e-7);
    ensure!(alone.log_prob(p.batch())?.dims() == [p.distinct()]);
    Ok(())
}
