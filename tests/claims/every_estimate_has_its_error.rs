//! Parameters of named distributions have the standard errors and the profile intervals of their likelihoods: those of
//! tests/reference/parameters.py, second derivatives and Lagrange's conditions in 30 digits; and the closed forms of the books.

use anyhow::{Context, Result, ensure};
use candle_core::{DType, Tensor};
use candle_mle::inference::{Coefficients, Estimates, Likelihood, beyond_f, likelihood_ratio};
use candle_mle::info::law;
use candle_mle::mle::Plan;
use candle_mle::model::{Family, Gaussian, LinearGaussian, Mixture, PoissonRegression, Univariate};
use candle_mle::separation::of_counts;
use candle_mle::standardize::Standardize;
use candle_mle::{Empirical, Error, Parameters, Table, maximum_likelihood};

use crate::common::{self, CPU};
use crate::families_are_as_scipy_has_them::{counts, eruptions, long_tails, waiting};
use crate::inference_equals_r::rows;
use crate::regressions_are_least_squares_and_glm as regressions;

fn sample(values: &[f64]) -> Result<Empirical<Tensor>> {
    Ok(Empirical::from_sample(Tensor::from_slice(values, (values.len(), 1), &CPU)?)?)
}

/// Standing where nothing but rounding is left of the gradient.
fn fitted<L: Family>(p: &Empirical<Tensor>) -> Result<Univariate<L>> {
    let coordinates = Univariate::<L>::coordinates(p.batch(), p.mass())?;
    let plan = Plan { tolerance: 1e-13, ..Plan::default() };
    Ok(plan.fit(p, |vb| Univariate::new(vb)?.standardized(coordinates))?.model)
}

fn near(what: &str, found: f64, expected: f64, size: f64, tolerance: f64) -> Result<()> {
    ensure!((found - expected).abs() <= tolerance * size.abs(), "{what}: {found} is not {expected}");
    Ok(())
}

fn check<L: Family>(name: &str, values: &[f64]) -> Result<()> {
    let p = sample(values)?;
    let model = fitted::<L>(&p)?;
    let (known, all, law) = (Estimates::of_law(&model, &p)?, rows("parameters.csv")?, model.law()?);
    let own: Vec<_> = all.iter().filter(|row| row["family"] == name).collect();
    ensure!(own.len() == known.len() && known.len() == law.named().len(), "{name}: {} rows", own.len());
    for (at, (row, (term, ..))) in own.iter().zip(law.named()).enumerate() {
        ensure!(row["term"] == term, "{name}: {term}");
        let of = known.get(at);
        let value = |column: &str| row[column].parse::<f64>().context(format!("{name} {term} {column}"));
        near(&format!("{name} {term}"), of.estimate, value("estimate")?, value("estimate")?, 1e-8)?;
        near(&format!("error of {name} {term}"), of.std_error, value("std.error")?, value("std.error")?, 1e-7)?;
        if !row["profile.low"].is_empty() {
            let ends = Estimates::profile(&model, &p, at, 0.95)?;
            for (end, column) in ends.into_iter().zip(["profile.low", "profile.high"]) {
                near(&format!("{name} {term} {column}"), end, value(column)?, value("std.error")?, 1e-6)?;
            }
        }
        let nll = Likelihood::of(&model, &p, L::VARIABLES.len())?.nll();
        near(name, nll, value("nll")?, value("nll")?, 1e-12)?;
    }
    Ok(())
}

#[test]
fn as_in_30_digits() -> Result<()> {
    let share: Vec<f64> = common::table("iris", None)?.numbers("petal_length_cm")?.iter().map(|x| x / 10.0).collect();
    check::<law::Exponential>("exponential", &eruptions()?)?;
    check::<law::Logistic>("logistic", &waiting()?)?;
    check::<law::Gamma>("gamma", &waiting()?)?;
    check::<law::Lognormal>("lognormal", &waiting()?)?;
    check::<law::Weibull>("weibull", &eruptions()?)?;
    check::<law::Student>("student", &long_tails())?;
    check::<law::Poisson>("poisson", &counts())?;
    check::<law::NegativeBinomial>("negative-binomial", &counts())?;
    check::<law::Beta>("beta", &share)?;
    check::<law::Laplace>("laplace", &long_tails())
}

/// Weights, means and standard deviations of two Gaussians; a component on the floor has no error that could be told apart from 0.
#[test]
fn of_a_mixture_too() -> Result<()> {
    let p = sample(&eruptions()?)?;
    let model = Mixture::best_of(5, &p, 2, &[1e-3], &mut common::generator(1))?.model;
    let read = |model: &Mixture| {
        let all = [model.weights()?, model.means()?, model.conditional_std()?];
        Ok(all
            .map(|tensor| Ok(tensor.flatten_all()?.to_vec1::<f64>()?))
            .into_iter()
            .collect::<candle_mle::Result<Vec<_>>>()?
            .concat())
    };
    let known = Estimates::of(&model, &p, read)?;
    let all = rows("parameters.csv")?;
    let own: Vec<_> = all.iter().filter(|row| row["family"] == "mixture").collect();
    ensure!(own.len() == 6);
    for (at, row) in own.iter().enumerate() {
        let [estimate, error] = [row["estimate"].parse::<f64>()?, row["std.error"].parse::<f64>()?];
        near(&row["term"], known.get(at).estimate, estimate, estimate, 1e-6)?;
        near(&row["term"], known.get(at).std_error, error, error, 1e-6)?;
    }
    // The weights sum to 1.
    let covariance = known.covariance();
    ensure!((covariance[(0, 0)] + covariance[(0, 1)]).abs() < 1e-12);
    Ok(())
}

/// In closed form, in f32 and in any unit.
#[test]
fn as_the_books_have_it() -> Result<()> {
    let values = waiting()?;
    let p = sample(&values)?;
    let n = p.total();
    let law = fitted::<law::Exponential>(&p)?;
    let rate = Estimates::of_law(&law, &p)?.get(0);
    near("λ/√n", rate.std_error, law.law()?.rate() / n.sqrt(), rate.std_error, 1e-9)?;
    let model = fitted::<law::Lognormal>(&p)?;
    let (known, sd) = (Estimates::of_law(&model, &p)?, model.law()?.log().sd());
    near("σ/√n", known.get(0).std_error, sd / n.sqrt(), sd / n.sqrt(), 1e-9)?;
    near("σ/√2n", known.get(1).std_error, sd / (2.0 * n).sqrt(), sd / n.sqrt(), 1e-9)?;
    // A Gaussian in three columns: σ/√n, σ/√2n and (1 − ρ²)/√n.
    let points = common::points_3d(400, 3)?;
    let coordinates = points.whiten()?;
    let model = maximum_likelihood(&points, |vb| Gaussian::new(3, vb)?.whitened(&coordinates))?.model;
    let read = |model: &Gaussian| {
        let law = model.law()?;
        Ok(vec![law.mean()[1], law.covariance()[1][1].sqrt(), law.correlations()[1][0]])
    };
    let (known, n) = (Estimates::of(&model, &points, read)?, points.total());
    let [_, sd, rho] = [0, 1, 2].map(|at| known.get(at).estimate);
    for (at, error) in [sd / n.sqrt(), sd / (2.0 * n).sqrt(), (1.0 - rho * rho) / n.sqrt()].into_iter().enumerate() {
        near("a Gaussian's", known.get(at).std_error, error, error, 1e-7)?;
    }
    // Nanometres, and single precision.
    let small: Vec<f64> = values.iter().map(|x| 1e-9 * x).collect();
    let (wide, tiny) = (fitted::<law::Gamma>(&p)?, sample(&small)?);
    let [a, b] = [Estimates::of_law(&wide, &p)?, Estimates::of_law(&fitted::<law::Gamma>(&tiny)?, &tiny)?];
    near("a unit", 1e-9 * b.get(1).std_error, a.get(1).std_error, a.get(1).std_error, 1e-7)?;
    let narrow = fitted::<law::Gamma>(&p.to_dtype(DType::F32)?)?.to_dtype(DType::F64)?;
    near("f32", Estimates::of_law(&narrow, &p)?.get(0).std_error, a.get(0).std_error, a.get(0).std_error, 1e-3)?;
    Ok(())
}

/// Where the likelihood does not fall far enough on one side, an interval has no end there: counts that Poisson's law fits nearly as well.
#[test]
fn an_interval_may_be_open() -> Result<()> {
    let p = sample(&[0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 4.0, 8.0])?;
    let model = fitted::<law::NegativeBinomial>(&p)?;
    let [low, high] = Estimates::profile(&model, &p, 1, 0.95)?;
    ensure!(low > 0.0 && low < model.law()?.size() && high == f64::INFINITY, "{low} {high}");
    // Wald's reaches below 0, where there is no size.
    ensure!(Estimates::of_law(&model, &p)?.get(1).interval(0.95)[0] < 0.0);
    // Away from the maximum nothing is said.
    let off = Univariate::from_law(&law::Student::new(0.01, 40.0, 500.0)?, &CPU)?;
    let found = Estimates::of_law(&off, &sample(&long_tails())?);
    ensure!(matches!(found, Err(Error::Singular)), "{found:?}");
    Ok(())
}

/// Poisson regression with an empty cell: the slope is −∞, and the rest are of the rows that are left, ln 4.5 and 1/√36.
#[test]
fn counts_without_a_maximum_have_limits() -> Result<()> {
    let csv = "g,z,c\na,1,1\nb,1,0\na,2,2\nb,2,0\na,1,3\nb,1,0\na,2,4\na,1,5\na,2,6\na,1,7\na,2,8\n";
    let table = Table::from_reader(csv.as_bytes(), None)?;
    let p = table.with_only(&["g", "c"])?.design("c").numbers()?.p;
    let apart = of_counts(&p)?.context("a finite maximum")?;
    let known = Coefficients::of_counts_at_the_limit(&apart, &p)?;
    ensure!(known.get(1, 0).estimate == f64::NEG_INFINITY && known.get(1, 0).std_error == f64::INFINITY);
    near("intercept", known.get(1, 1).estimate, 4.5f64.ln(), 1.0, 1e-12)?;
    near("its error", known.get(1, 1).std_error, 1.0 / 6.0, 1.0, 1e-12)?;
    // What is fitted to the rows that are left alone, in all three numbers.
    let p = table.design("c").numbers()?.p;
    let apart = of_counts(&p)?.context("a finite maximum")?;
    let known = Coefficients::of_counts_at_the_limit(&apart, &p)?;
    let rest = Table::from_reader(csv.replace("b,1,0\n", "").replace("b,2,0\n", "").as_bytes(), None)?;
    let rest = rest.with_only(&["z", "c"])?.design("c").numbers()?.p;
    let map = Standardize::bulk(rest.batch().x(), rest.mass())?;
    let fitted = maximum_likelihood(&rest, |vb| PoissonRegression::new(1, vb)?.standardized(map))?;
    let expected = Coefficients::of(&fitted.model, &rest)?;
    let (z, last) = (1, 2);
    for (at, of) in [(z, 0), (last, 1)] {
        near("a limit", known.get(1, at).estimate, expected.get(1, of).estimate, 1.0, 1e-9)?;
        near("its error", known.get(1, at).std_error, expected.get(1, of).std_error, 1.0, 1e-9)?;
    }
    let nll = fitted.history.rows().last().context("a row")?.nll;
    near("the infimum", apart.infimum.nats(), nll, nll, 1e-12)?;
    let none = Table::from_reader("x,c\n1,0\n2,0\n3,0\n".as_bytes(), None)?.design("c").numbers()?.p;
    let apart = of_counts(&none)?.context("a finite maximum")?;
    ensure!(apart.complete && apart.infimum.nats() == 0.0);
    ensure!(Coefficients::of_counts_at_the_limit(&apart, &none)?.get(1, 0).estimate.is_nan());
    Ok(())
}

/// GLM by Poisson's law and OLS, of tests/reference/regressions.py.
#[test]
fn tests_against_the_intercept_alone_are_those_of_statsmodels() -> Result<()> {
    let value = |name: &str| -> Result<f64> {
        let all = rows("regressions.csv")?;
        Ok(all.iter().find(|row| row["name"] == name).context(name.to_string())?["value"].parse()?)
    };
    let (waiting, eruptions) = (waiting()?, eruptions()?);
    let thirds: Vec<f64> = eruptions.iter().map(|minutes| (3.0 * minutes).round_ties_even()).collect();
    let p = Empirical::from_sample(regressions::rows(&[&waiting, &eruptions], &thirds)?)?;
    let map = Standardize::bulk(p.batch().x(), p.mass())?;
    let model = maximum_likelihood(&p, |vb| PoissonRegression::new(2, vb)?.standardized(map))?.model;
    let null = PoissonRegression::of_intercept(p.batch(), p.count())?;
    let whole = Likelihood::of(&model, &p, 3)?;
    let test = likelihood_ratio(&Likelihood::of(&null, &p, 1)?, &whole)?;
    for (name, found) in [
        ("poisson deviance", model.deviance(p.batch(), p.count())?),
        ("poisson null deviance", null.deviance(p.batch(), p.count())?),
        ("poisson aic", whole.aic()),
        ("poisson lr", test.statistic),
        ("poisson p", test.p_value),
    ] {
        near(name, found, value(name)?, value(name)?, 1e-9)?;
    }
    let [length, width, petal] = regressions::iris()?;
    let p = Empirical::from_sample(regressions::rows(&[&length, &width], &petal)?)?;
    let coordinates = LinearGaussian::coordinates(p.batch(), p.mass())?;
    let model = maximum_likelihood(&p, |vb| LinearGaussian::new(2, vb)?.standardized(coordinates))?.model;
    let null = LinearGaussian::of_intercept(p.batch(), p.mass())?;
    let left = (model.sigma()? / null.sigma()?).powi(2);
    let f = (1.0 - left) / left * 147.0 / 2.0;
    for (name, found) in [
        ("linear r squared", 1.0 - left),
        ("linear f", f),
        ("linear f p", beyond_f(f, 2, 147)),
        // Without σ among the parameters, as statsmodels counts.
        ("linear aic", Likelihood::of(&model, &p, 3)?.aic()),
    ] {
        near(name, found, value(name)?, value(name)?, 1e-7)?;
    }
    Ok(())
}
