//! What is inferred of a fit: closed forms, the limit where there is no maximum, and the information of every family.

use anyhow::{Result, ensure};
use candle_core::{Device, Tensor};
use candle_mle::inference::{Coefficients, Likelihood, by_differences, information, standard_errors};
use candle_mle::mle::Plan;
use candle_mle::model::{Bernoulli, Categorical, Gaussian, Logistic, Mixture, Network, Softmax};
use candle_mle::{
    Empirical, Labelled, Model, Objective, Parameters, maximum_likelihood, maximum_likelihood_from, separation,
};

use crate::common::example::Place;
use crate::common::{self, generator, host};

fn cells(rows: &[(f64, u32, f64)]) -> Result<Empirical<Labelled>> {
    let x: Vec<f64> = rows.iter().map(|row| row.0).collect();
    let batch = Labelled::new(
        Tensor::from_vec(x, (rows.len(), 1), &Device::Cpu)?,
        Tensor::new(rows.iter().map(|row| row.1).collect::<Vec<_>>(), &Device::Cpu)?,
    )?;
    Ok(Empirical::from_counts(batch, &rows.iter().map(|row| row.2).collect::<Vec<_>>())?)
}

/// Two places hold both answers, and a third only one: its coefficient runs off, and the others are those of the two places alone.
#[test]
fn what_runs_off_has_no_error_and_the_rest_that_of_the_limit() -> Result<()> {
    let place = |b: f64, c: f64, y: u32, n: f64| ([b, c], y, n);
    let rows = [
        place(0., 0., 0, 500.),
        place(0., 0., 1, 300.),
        place(1., 0., 0, 200.),
        place(1., 0., 1, 400.),
        place(0., 1., 0, 1.),
    ];
    let x = Tensor::new(&rows.map(|row| row.0), &Device::Cpu)?;
    let y = Tensor::new(&rows.map(|row| row.1), &Device::Cpu)?;
    let p = Empirical::from_counts(Labelled::new(x, y)?, &rows.map(|row| row.2))?;
    let apart = separation(&p, 2)?.unwrap();
    let known = Coefficients::at_the_limit(&apart, &p, 0)?;
    let variance = 1. / 500. + 1. / 300.;
    let (b, c, intercept) = (known.get(1, 0), known.get(1, 1), known.get(1, 2));
    ensure!((intercept.std_error - f64::sqrt(variance)).abs() < 1e-9, "{intercept:?}");
    ensure!((b.std_error - f64::sqrt(variance + 1. / 200. + 1. / 400.)).abs() < 1e-9, "{b:?}");
    ensure!(c.estimate == f64::NEG_INFINITY && c.std_error == f64::INFINITY && c.z().is_nan() && c.p_value().is_nan());
    ensure!(c.interval(0.95) == [f64::NEG_INFINITY, f64::INFINITY] && c.odds_ratio() == 0.0);
    Ok(())
}

#[test]
fn of_three_classes_the_limit_is_that_of_the_two_that_are_left() -> Result<()> {
    // Class 2 was seen at x = 1 only, where nothing else was: the other two hold their two by two table.
    let rows = [(0., 0, 30.), (0., 1, 10.), (1., 0, 15.), (1., 1, 25.)];
    let two = Coefficients::of(&maximum_likelihood(&cells(&rows)?, |vb| Logistic::new(1, vb))?.model, &cells(&rows)?)?;
    let p = cells(&[&rows[..], &[(2., 2, 7.)]].concat())?;
    let three = Coefficients::at_the_limit(&separation(&p, 3)?.unwrap(), &p, 0)?;
    for at in [0, 1] {
        let (a, b) = (two.get(1, at), three.get(1, at));
        ensure!((a.estimate - b.estimate).abs() < 1e-7 && (a.std_error - b.std_error).abs() < 1e-7, "{a:?} {b:?}");
        ensure!(three.get(2, at).std_error == f64::INFINITY);
    }
    // Against a class that runs off nothing is finite, and the other two against each other are as they were.
    let other = Coefficients::at_the_limit(&separation(&p, 3)?.unwrap(), &p, 1)?;
    ensure!(
        (other.get(0, 0).std_error - two.get(1, 0).std_error).abs() < 1e-7 && other.get(2, 0).std_error.is_infinite()
    );
    ensure!((other.get(0, 0).estimate + two.get(1, 0).estimate).abs() < 1e-7);
    let [there, back] = [two.get(1, 1), two.against(1)?.get(0, 1)];
    ensure!(there.estimate == -back.estimate && there.std_error == back.std_error && two.against(2).is_err());
    // Told apart completely nothing is left.
    let p = cells(&[(0., 0, 3.), (1., 1, 4.)])?;
    let none = Coefficients::at_the_limit(&separation(&p, 2)?.unwrap(), &p, 0)?;
    ensure!([0, 1].iter().all(|at| none.get(1, *at).std_error == f64::INFINITY));
    Ok(())
}

#[test]
fn the_information_of_every_family_is_the_second_derivative() -> Result<()> {
    let close = |a: &nalgebra::DMatrix<f64>, b: &nalgebra::DMatrix<f64>| {
        let size = b.diagonal().amax();
        ensure!((a - b).amax() <= 1e-8 * size, "{a} {b}");
        Ok(())
    };
    let heads = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu)?, &[60.0, 40.0])?;
    let coin = maximum_likelihood(&heads, Bernoulli::new)?.model;
    close(&information(&coin, &heads)?, &nalgebra::DMatrix::from_element(1, 1, 24.0))?;
    let titanic = common::titanic()?;
    let fitted = maximum_likelihood(&titanic, |vb| Logistic::new(5, vb)?.standardized(titanic.standardize()?))?.model;
    close(&information(&fitted, &titanic)?, &by_differences(&fitted, &titanic)?)?;
    // In the data's own units, and those of the lecture.
    let errors = host(&standard_errors(&fitted, &titanic)?["weight"])?;
    let lecture = [0.195998, 0.171567, 0.157339, 0.140410, 0.244026];
    ensure!(errors.iter().zip(lecture).all(|(a, b)| (a - b).abs() < 2e-6), "{errors:?}");
    // Away from the maximum, too, and of the numbers that are free.
    let part = |whole: &nalgebra::DMatrix<f64>, free: &[usize]| {
        nalgebra::DMatrix::from_fn(free.len(), free.len(), |i, j| whole[(free[i], free[j])])
    };
    let points = common::points_3d(50, 2)?;
    let (vars, gaussian) = common::learner(|vb| Gaussian::new(3, vb)?.whitened(&points.whiten()?))?;
    common::scatter(&vars, 5)?;
    let (curved, n) = (gaussian.curved().unwrap(), host(points.count())?);
    let closed = curved.information(points.batch(), &n)?;
    close(&closed, &part(&by_differences(&gaussian, &points)?, &curved.free()))?;
    let die = Empirical::from_counts(Tensor::new(&[0u32, 1, 2], &Device::Cpu)?, &[50.0, 30.0, 20.0])?;
    let (vars, faces) = common::learner(|vb| Categorical::new(3, vb))?;
    common::scatter(&vars, 5)?;
    let (curved, n) = (faces.curved().unwrap(), host(die.count())?);
    close(&curved.information(die.batch(), &n)?, &part(&by_differences(&faces, &die)?, &curved.free()))?;
    let softmax = maximum_likelihood(&titanic, |vb| Softmax::new(5, 2, vb))?.model;
    let whole = information(&softmax, &titanic)?;
    ensure!((0..whole.nrows()).all(|i| (whole.row(i).sum()).is_finite()));
    Ok(())
}

#[test]
fn the_errors_of_every_family_are_those_of_the_books() -> Result<()> {
    // A die's logits.
    let die = Empirical::from_counts(Tensor::new(&[0u32, 1, 2], &Device::Cpu)?, &[50.0, 30.0, 20.0])?;
    let faces = maximum_likelihood(&die, |vb| Categorical::new(3, vb))?.model;
    // Each alone is not determined, for all may rise together.
    ensure!(host(&standard_errors(&faces, &die)?["logits"])?.iter().all(|error| error.is_infinite()));
    // A Gaussian: σ/√n of the mean, and 1/√(2n) of ln σ.
    let points = common::points(400, 3)?;
    let coordinates = points.whiten()?;
    let columns = points.batch().dim(1)?;
    let law = maximum_likelihood(&points, |vb| Gaussian::new(columns, vb)?.whitened(&coordinates))?.model;
    let errors = standard_errors(&law, &points)?;
    let (means, covariance) = (host(&errors["mean"])?, host(&law.covariance()?)?);
    for (j, error) in means.iter().enumerate() {
        let known = (covariance[j * columns + j] / points.total()).sqrt();
        ensure!((error - known).abs() < 1e-6 * known, "{error}, not {known}");
    }
    // A network's, whose last layer says one thing twice, and a mixture's are numbers where they are determined.
    let p = Empirical::from_sample(common::kinds(300, 5)?)?;
    let start = Network::seeded(p.batch().x().dim(1)?, &[2], 3, &mut generator(1), &Device::Cpu)?;
    let network = maximum_likelihood_from(&p, &start)?.model;
    let of = by_differences(&network, &p)?;
    // Adding a number to every logit of the last layer changes nothing.
    let (whole, biases) = (of.nrows(), [of.nrows() - 9, of.nrows() - 8, of.nrows() - 7]);
    let along = nalgebra::DVector::from_fn(whole, |i, _| f64::from(u8::from(biases.contains(&i))));
    ensure!((&of * along).amax() < 1e-7 * of.amax() && of.iter().all(|value| value.is_finite()));
    let line = Empirical::from_sample(Tensor::new(&[[1.0], [2.0], [3.0], [11.0], [13.0], [12.5]], &Device::Cpu)?)?;
    let mixture = Mixture::best_of(5, &line, 2, &[0.1], &mut generator(1))?.model;
    let errors = standard_errors(&mixture, &line)?;
    let means = host(&errors["means"])?;
    // The two components do not touch: each mean has the error of its own three points.
    let spread = |points: [f64; 3]| {
        let mean = points.iter().sum::<f64>() / 3.0;
        (points.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 3.0 / 3.0).sqrt()
    };
    let known = [spread([1.0, 2.0, 3.0]), spread([11.0, 13.0, 12.5])];
    ensure!(means.iter().zip(known).all(|(a, b)| (a - b).abs() < 1e-4 * b), "{means:?}, not {known:?}");
    // Of the two logits of its weights the data determine the difference.
    ensure!(host(&errors["logits"])?.iter().all(|error| error.is_infinite()));
    Ok(())
}

/// Firth's penalty is Jeffreys' prior: half a head and half a tail more, and half an observation of every face.
#[test]
fn firth_adds_half_an_observation_of_each() -> Result<()> {
    let plan = Plan { objective: Objective::Firth, tolerance: 1e-13, ..Plan::default() };
    let heads = Empirical::from_counts(Tensor::new(&[1.0], &Device::Cpu)?, &[5.0])?;
    let coin = plan.fit(&heads, Bernoulli::new)?;
    ensure!(coin.converged && (coin.model.prob()? - 5.5 / 6.0).abs() < 1e-9, "{}", coin.model.prob()?);
    let die = Empirical::from_counts(Tensor::new(&[0u32, 1], &Device::Cpu)?, &[5.0, 3.0])?;
    let faces = host(&plan.fit(&die, |vb| Categorical::new(3, vb))?.model.log_probs()?.exp()?)?;
    ensure!(faces.iter().zip([5.5, 3.5, 0.5]).all(|(q, c)| (q - c / 9.5).abs() < 1e-9), "{faces:?}");
    // Of a family without a closed form nothing is made up.
    let line = Empirical::from_sample(Tensor::new(&[[1.0], [2.0], [3.0]], &Device::Cpu)?)?;
    ensure!(plan.fit(&line, |vb| Gaussian::new(1, vb)).is_err());
    Ok(())
}

#[test]
fn titanic_has_the_lectures_deviance() -> Result<()> {
    let p = common::titanic()?;
    let model = maximum_likelihood(&p, |vb| Logistic::new(5, vb)?.standardized(p.standardize()?))?.model;
    let likelihood = Likelihood::of(&model, &p, 6)?;
    assert_eq!(format!("{:.3}", likelihood.deviance()), "112.567");
    assert_eq!(likelihood.residual_degrees(2), 8);
    assert_eq!(format!("{:.2}", likelihood.twice_nll()), "2210.06");
    assert_eq!(format!("{:.4} {:.4}", likelihood.mcfadden(), likelihood.most_mcfadden()), "0.2020 0.2426");
    Ok(())
}

#[test]
fn a_run_prints_and_leaves_its_errors() -> Result<()> {
    let ran = Place::with_data("titanic.csv")?
        .run("logistic --csv titanic.csv --target survived --count count --base sex=male --base age=child --out out")?;
    ran.said(&[
        "std. error",
        "odds ratio",
        "deviance 2 n KL = 112.567 nats with 8 degrees of freedom",
        "2 NLL = 2210.061 nats",
        "McFadden's R² 0.2020, of 0.2426 that H(Y|X) allows",
    ]);
    let line = ran.out.lines().find(|line| line.starts_with("    sex female")).unwrap_or("").to_string();
    let words: Vec<&str> = line.split_whitespace().collect();
    ensure!(words[2] == "2.420060" && words[3] == "0.140410" && words[4] == "17.236", "{line}");
    let csv = String::from_utf8(ran.left["out/coefficients.csv"].clone())?;
    ensure!(
        csv.starts_with("term,estimate,std.error,statistic,p.value,conf.low,conf.high\n\"(intercept)\",0.685"),
        "{csv}"
    );
    ensure!(csv.lines().count() == 7);
    let ran = Place::with_data("iris.csv")?.run("softmax --csv iris.csv --target species --out out")?;
    let csv = String::from_utf8(ran.left["out/coefficients.csv"].clone())?;
    ensure!(csv.starts_with("y.level,term,estimate,"), "{csv}");
    ensure!(!ran.out.contains("NaN") && csv.contains(",Inf,NA,NA,-Inf,Inf"), "{} {csv}", ran.out);
    // With Firth's penalty there is a finite maximum to print.
    let ran =
        Place::with_data("iris.csv")?.run("softmax --csv iris.csv --target species --objective firth --out out")?;
    ran.said(&["Firth", "\nconverged", "std. error"]);
    ensure!((ran.number("petal_width_cm")? - 14.144681).abs() < 1e-4, "{}", ran.out);
    Ok(())
}
