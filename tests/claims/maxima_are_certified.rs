//! Maxima of likelihood, or infima where there is none, are those that tests/reference/certified has to 30 digits.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use candle_core::{DType, Tensor};
use candle_mle::inference::{Coefficients, standard_errors};
use candle_mle::info::law;
use candle_mle::maxent::{Moment, Support, maxent};
use candle_mle::mle::Plan;
use candle_mle::model::{Family, Gaussian, Linear, Mixture, PoissonRegression, Softmax, Univariate};
use candle_mle::standardize::Standardize;
use candle_mle::{Design, Empirical, Labelled, Parameters, Table, maximum_likelihood, separation};

use crate::common::{self, CPU, host};

type Values = BTreeMap<String, f64>;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// A file of values, by the names of its columns; names hold commas in quotes.
fn rows(name: &str) -> Result<Vec<BTreeMap<String, String>>> {
    let text = std::fs::read_to_string(file("tests/reference/certified").join(name))?;
    let mut lines = text.lines().map(|line| {
        let mut cells = vec![String::new()];
        let mut quoted = false;
        for c in line.chars() {
            match c {
                '"' => quoted = !quoted,
                ',' if !quoted => cells.push(String::new()),
                c => cells.last_mut().expect("a cell").push(c),
            }
        }
        cells
    });
    let header = lines.next().context("a header")?;
    Ok(lines.map(|line| header.iter().cloned().zip(line).collect()).collect())
}

struct Problem(BTreeMap<String, String>);

impl Problem {
    fn of(&self, column: &str) -> &str {
        &self.0[column]
    }

    fn table(&self) -> Result<Table> {
        Ok(Table::read(file(self.of("file")), Some(self.of("count")).filter(|count| !count.is_empty()))?)
    }

    fn design(&self) -> Result<Design> {
        Ok(self.table()?.design(self.of("response")).from(self.of("predictors").split(' ')).build()?)
    }

    fn start(&self) -> Result<Vec<f64>> {
        self.of("start").split(' ').map(|number| Ok(number.parse()?)).collect()
    }
}

fn nll<M>(fitted: &candle_mle::Fitted<M>) -> Result<f64> {
    Ok(fitted.history.rows().last().context("a row")?.nll)
}

fn of_classes(design: &Design) -> Result<Values> {
    let (p, names) = (&design.p, &design.names);
    let map = p.standardize()?;
    let plan = Plan { tolerance: 1e-13, ..Plan::default() };
    let fitted = plan.fit(p, |vb| Softmax::new(names.columns.len(), names.classes.len(), vb)?.standardized(map))?;
    let known = Coefficients::of(&fitted.model, p)?;
    let mut values = Values::from([("nll".into(), nll(&fitted)?)]);
    for (class, level) in names.classes.iter().enumerate().skip(1) {
        for (column, name) in names.columns.iter().map(String::as_str).chain(["(intercept)"]).enumerate() {
            values.insert(format!("{level}: {name}"), known.get(class, column).estimate);
            values.insert(format!("{level}: {name} se"), known.get(class, column).std_error);
        }
    }
    Ok(values)
}

/// Where the classes part: the infimum and what has a limit.
fn of_limits(design: &Design, classes: &[&str]) -> Result<Values> {
    let names = &design.names;
    let apart = separation(&design.p, names.classes.len())?.context("a separation")?;
    let mut values = Values::from([("infimum".into(), apart.infimum.nats())]);
    let base = names.classes.iter().position(|class| class == classes[0]).context("a base")?;
    for class in &classes[1..] {
        let limits = &apart.limits(base)[names.classes.iter().position(|name| name == class).context("a class")?];
        for (name, limit) in names.columns.iter().map(String::as_str).chain(["(intercept)"]).zip(limits) {
            values.insert(format!("{class}: {name}"), *limit);
        }
    }
    Ok(values)
}

fn of_family<L: Family>(problem: &Problem, names: &[&str]) -> Result<Values> {
    let p = problem.table()?.values(problem.of("response"))?.p;
    let coordinates = Univariate::<L>::coordinates(p.batch(), p.mass())?;
    let plan = Plan { tolerance: 1e-13, ..Plan::default() };
    let fitted = plan.fit(&p, |vb| Univariate::<L>::new(vb)?.standardized(coordinates))?;
    let named = fitted.model.law()?.named();
    let values = names.iter().zip(named).map(|(name, (_, value, _))| ((*name).into(), value));
    Ok(values.chain([("nll".into(), nll(&fitted)?)]).collect())
}

fn two_groups(counts: [f64; 4]) -> Result<Design> {
    let [a, n, b, m] = counts;
    let x = Tensor::new(&[[0.0], [0.0], [1.0], [1.0]], &CPU)?;
    let batch = Labelled::new(x, Tensor::new(&[1u32, 0, 1, 0], &CPU)?)?;
    let mut design = Design::of_sample(batch.clone(), &["group"], "answer", &["no", "yes"])?;
    design.p = Empirical::from_counts(batch, &[a, n - a, b, m - b])?;
    Ok(design)
}

fn found(problem: &Problem) -> Result<Values> {
    Ok(match problem.of("model") {
        "logistic" | "softmax" => of_classes(&problem.design()?)?,
        "logistic, two groups" => of_classes(&two_groups(problem.start()?.try_into().expect("four"))?)?,
        "logistic, an empty cell" => {
            of_limits(&two_groups(problem.start()?.try_into().expect("four"))?, &["no", "yes"])?
        }
        "softmax, one class apart" => of_limits(&problem.design()?, &["versicolor", "virginica"])?,
        "poisson regression" => {
            let design =
                problem.table()?.design(problem.of("response")).from(problem.of("predictors").split(' ')).numbers()?;
            let map = Standardize::bulk(design.p.batch().x(), design.p.mass())?;
            let columns = design.names.columns.len();
            let plan = Plan { tolerance: 1e-13, ..Plan::default() };
            let fitted = plan.fit(&design.p, |vb| PoissonRegression::new(columns, vb)?.standardized(map))?;
            let errors = standard_errors(&fitted.model, &design.p)?;
            let mut values = Values::from([("nll".into(), nll(&fitted)?)]);
            let all = |of: [&Tensor; 2]| Ok::<_, anyhow::Error>([host(of[0])?, host(of[1])?].concat());
            let estimates = all([fitted.model.weight()?, fitted.model.bias()?].each_ref())?;
            let errors = all([&errors["weight"], &errors["bias"]])?;
            let names = design.names.columns.iter().map(String::as_str).chain(["(intercept)"]);
            for ((name, estimate), error) in names.zip(estimates).zip(errors) {
                values.insert(name.into(), estimate);
                values.insert(format!("{name} se"), error);
            }
            values
        }
        "normal" | "normal of two columns" => {
            let names: Vec<&str> = problem.of("response").split(' ').collect();
            let p = problem.table()?.points(&names)?.p;
            let fitted = maximum_likelihood(&p, |vb| Gaussian::new(names.len(), vb))?;
            let (mean, cov) = (host(&fitted.model.mean()?)?, host(&fitted.model.covariance()?)?);
            let mut values = Values::from([("nll".into(), nll(&fitted)?)]);
            if let [_] = names[..] {
                values.extend([("mean".into(), mean[0]), ("standard deviation".into(), cov[0].sqrt())]);
                return Ok(values);
            }
            for (at, name) in names.iter().enumerate() {
                values.insert(format!("mean of {name}"), mean[at]);
                values.insert(format!("variance of {name}"), cov[3 * at]);
            }
            values.insert("covariance".into(), cov[1]);
            values
        }
        "exponential" => of_family::<law::Exponential>(problem, &["rate"])?,
        "lognormal" => of_family::<law::Lognormal>(problem, &["mean of ln x", "standard deviation of ln x"])?,
        "gamma" => of_family::<law::Gamma>(problem, &["shape", "rate"])?,
        "weibull" => of_family::<law::Weibull>(problem, &["shape", "scale"])?,
        "logistic distribution" => of_family::<law::Logistic>(problem, &["location", "scale"])?,
        "negative binomial" => of_family::<law::NegativeBinomial>(problem, &["mean", "size"])?,
        "mixture of two normals" => {
            let p = problem.table()?.points(&[problem.of("response")])?.p;
            let fitted = Mixture::best_of(4, &p, 2, &[0.0], &mut common::generator(1))?;
            let model = fitted.model.in_order()?;
            let (weights, means, sds) =
                (host(&model.weights()?)?, host(&model.means()?)?, host(&model.covariances()?)?);
            Values::from([
                ("nll".into(), nll(&fitted)?),
                ("weight of the first".into(), weights[0]),
                ("mean of the first".into(), means[0]),
                ("mean of the second".into(), means[1]),
                ("standard deviation of the first".into(), sds[0].sqrt()),
                ("standard deviation of the second".into(), sds[1].sqrt()),
            ])
        }
        "maximum entropy on a die" => {
            let die = Support::finite((1..=6).map(f64::from))?;
            let powers: [&dyn Fn(f64) -> f64; 2] = [&|x| x, &|x| x * x];
            let moments: Vec<Moment> =
                powers.iter().zip(problem.start()?).map(|(g, target)| Moment { g, target }).collect();
            let found = maxent(&die, &moments)?;
            let lambda = found.lambda.context("a finite λ")?.into_iter().enumerate();
            lambda
                .map(|(m, lambda)| (format!("lambda {}", m + 1), lambda))
                .chain([("entropy".into(), found.entropy.nats())])
                .collect()
        }
        other => bail!("no model '{other}'"),
    })
}

#[test]
fn to_ten_digits_and_more() -> Result<()> {
    let (problems, values) = (rows("problems.csv")?, rows("values.csv")?);
    ensure!(problems.len() >= 25 && problems.iter().all(|line| line.len() == 7));
    let mut wrong = vec![];
    let mut least: (f64, String) = (f64::INFINITY, String::new());
    for problem in problems.into_iter().map(Problem) {
        let name = problem.of("problem");
        let found = match found(&problem) {
            Ok(found) => found,
            Err(error) => {
                wrong.push(format!("{name}: {error:#}"));
                continue;
            }
        };
        let certified: Vec<_> = values.iter().filter(|row| row["problem"] == name).collect();
        ensure!(!certified.is_empty(), "{name} has no values");
        for row in certified {
            let (quantity, value): (&str, f64) = (&row["quantity"], row["value"].parse()?);
            let ours = found.get(quantity).with_context(|| format!("{name}: no {quantity} in {found:?}"))?;
            // Digits that agree: of what is a sum over all observations more than of a place where that is flat.
            let digits = -((ours - value).abs() / value.abs()).max(1e-17).log10();
            let sums = ["nll", "infimum", "entropy"].contains(&quantity);
            if digits < if sums { 12.0 } else { 8.0 } {
                wrong.push(format!("{name}, {quantity}: {ours} is not {value}: {digits:.1} digits"));
            }
            if digits < least.0 {
                least = (digits, format!("{name}, {quantity}"));
            }
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("least: {:.1} digits, of {}", least.0, least.1);
    Ok(())
}

/// In f32 the same maxima, to what f32 holds.
#[test]
fn in_f32_to_five_digits() -> Result<()> {
    let values = rows("values.csv")?;
    for problem in rows("problems.csv")?.into_iter().map(Problem).filter(|p| p.of("model") == "softmax") {
        let design = problem.design()?;
        let p = design.p.to_dtype(DType::F32)?;
        let names = &design.names;
        let map = p.standardize()?;
        let fitted =
            maximum_likelihood(&p, |vb| Softmax::new(names.columns.len(), names.classes.len(), vb)?.standardized(map))?;
        let nll = nll(&fitted)?;
        let certified = values.iter().find(|row| row["problem"] == problem.of("problem") && row["quantity"] == "nll");
        let value: f64 = certified.context("a value")?["value"].parse()?;
        ensure!((nll - value).abs() <= 1e-5 * value, "{}: {nll} is not {value}", problem.of("problem"));
        ensure!(host(&fitted.model.coefficients()?)?.iter().all(|b| b.is_finite()));
    }
    Ok(())
}
