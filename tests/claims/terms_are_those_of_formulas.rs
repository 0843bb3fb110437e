//! Terms, offsets, exposures, weights that are no counts, and ridges: as statsmodels, R and scikit-learn have them, to 1e-8. The values,
//! the cases and the scripts are in tests/reference.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use candle_core::Tensor;
use candle_mle::batch::Response;
use candle_mle::inference::{Coefficients, Shrunk, Sloped};
use candle_mle::mle::Plan;
use candle_mle::model::{LinearGaussian, Logistic, Penalized, PoissonRegression, Softmax};
use candle_mle::standardize::Standardize;
use candle_mle::table::{Ask, Names};
use candle_mle::{Classifier, Design, Empirical, Fitted, Labelled, Model, Objective, Parameters, Table};
use candle_nn::VarBuilder;

use crate::common::{CPU, host};
use crate::inference_equals_r::{file, rows};

type Row = BTreeMap<String, String>;

fn table(case: &Row) -> Result<Table> {
    Ok(Table::read(file("tables/terms.csv"), Some(case["count"].as_str()).filter(|count| !count.is_empty()))?)
}

fn ask<'a>(table: &'a Table, case: &Row) -> Ask<'a> {
    let ask = table.design(&case["target"]).from(case["columns"].split(';'));
    let typed = |name: &str| Some(case[name].clone()).filter(|column| !column.is_empty());
    let ask = typed("offset").into_iter().fold(ask, Ask::offset);
    let ask = typed("exposure").into_iter().fold(ask, Ask::exposure);
    typed("weights").into_iter().fold(ask, Ask::weights)
}

/// Fits until nothing but rounding is left, and compares.
fn compare<M: Sloped + Parameters>(
    case: &Row,
    design: &Design<M::Batch>,
    make: impl Fn(VarBuilder) -> candle_mle::Result<M>,
) -> Result<()>
where
    M::Batch: Clone,
{
    let lambda = case["ridge"].parse::<f64>().ok();
    let objective = lambda.map_or(Objective::CrossEntropy, |lambda| Objective::Ridge { lambda });
    let plan = Plan { objective, tolerance: 1e-13, ..Plan::default() };
    let Fitted { model, gradient, .. } = plan.fit(&design.p, make)?;
    ensure!(gradient < 1e-9, "{case:?}: {gradient}");
    let known = match (&design.weighed, lambda) {
        (Some(rows), _) => Coefficients::weighted(&model, &rows.batch, &rows.counts, &rows.weights)?,
        (None, Some(lambda)) => Shrunk::of(&model, &design.p, lambda)?.coefficients,
        (None, None) => Coefficients::of(&model, &design.p)?,
    };
    let names = &design.names;
    let mut seen = [0, 0];
    for (source, seen) in ["terms.csv", "terms.r.csv"].into_iter().zip(&mut seen) {
        for row in rows(source)?.iter().filter(|row| row["case"] == case["case"]) {
            let class = names.classes.iter().position(|class| *class == row["level"]).unwrap_or(1);
            let at = names.columns.iter().position(|column| *column == row["term"]);
            let at = if row["term"] == "(intercept)" {
                names.columns.len()
            } else {
                at.with_context(|| format!("{row:?} in {names}"))?
            };
            let of = known.get(class, at);
            let theirs = row["estimate"].parse::<f64>()?;
            // One near 0 is known to digits of its error.
            let size = theirs.abs().max(of.std_error);
            ensure!((of.estimate - theirs).abs() < 1e-8 * size, "{row:?} in {source}: {} is not", of.estimate);
            if let Some(error) = row["std.error"].parse::<f64>().ok().filter(|error| error.is_finite()) {
                ensure!((of.std_error - error).abs() < 1e-8 * error, "{row:?} in {source}: {} is not", of.std_error);
            }
            *seen += 1;
        }
    }
    let all = names.classes.len().max(2) - 1;
    ensure!(seen[0] == all * (names.columns.len() + 1), "{case:?}: {} of {names}", seen[0]);
    Ok(())
}

#[test]
fn fifteen_cases_are_those_of_other_software() -> Result<()> {
    let cases = rows("terms.cases.csv")?;
    ensure!(cases.len() == 15);
    for case in &cases {
        let table = table(case)?;
        let ask = ask(&table, case);
        match case["family"].as_str() {
            "logistic" => {
                let design = ask.build()?;
                let (columns, map) = (design.names.columns.len(), design.p.standardize()?);
                compare(case, &design, |vb| Logistic::new(columns, vb)?.standardized(map.clone()))?;
            }
            "softmax" => {
                let design = ask.build()?;
                let (columns, map) = (design.names.columns.len(), design.p.standardize()?);
                compare(case, &design, |vb| Softmax::new(columns, 3, vb)?.standardized(map.clone()))?;
            }
            "linear" => {
                let design = ask.numbers()?;
                let map = LinearGaussian::coordinates(design.p.batch(), design.p.mass())?;
                let columns = design.names.columns.len();
                compare(case, &design, |vb| LinearGaussian::new(columns, vb)?.standardized(map.clone()))?;
            }
            _ => {
                let design = ask.numbers()?;
                let map = Standardize::bulk(design.p.batch().x(), design.p.mass())?;
                let columns = design.names.columns.len();
                compare(case, &design, |vb| PoissonRegression::new(columns, vb)?.standardized(map.clone()))?;
            }
        }
    }
    Ok(())
}

fn columns_of(target: &str, terms: &[&str]) -> Result<Vec<String>> {
    let table = Table::read(file("tables/terms.csv"), None)?;
    Ok(table.design(target).from(terms.iter().copied()).build()?.names.columns)
}

/// As patsy and R choose what is coded against a base level.
#[test]
fn nothing_is_told_twice() -> Result<()> {
    assert_eq!(columns_of("y", &["g:h"])?, ["h v", "g b:h u", "g c:h u", "g b:h v", "g c:h v"]);
    assert_eq!(columns_of("y", &["g", "g:h"])?, ["g b", "g c", "g a:h v", "g b:h v", "g c:h v"]);
    assert_eq!(columns_of("y", &["x:g", "x"])?, ["x", "x:g b", "x:g c"]);
    assert_eq!(columns_of("y", &["x:z", "z:x", "x*z"])?, ["x", "z", "x:z"]);
    assert_eq!(columns_of("y", &["`x`:I(z**3)", "I(x ^ 2)"])?, ["I(x^2)", "x:I(z^3)"]);
    assert_eq!(columns_of("y", &["x*g*h"])?.len(), 11);
    for (terms, problem) in [
        ("x+z", "is no column and no term"),
        ("log(x)", "is no column and no term"),
        ("I(x^0)", "no whole power"),
        ("I(g^2)", "only numbers have powers"),
        ("x:nowhere", "no column 'nowhere'"),
        ("x:", "is no column and no term"),
        ("x*y", "cannot predict itself"),
    ] {
        let error = columns_of("y", &[terms]).map_or_else(|e| e.to_string(), |columns| columns.join(", "));
        ensure!(error.contains(problem), "{terms}: {error}");
    }
    // A name that is one with an operator in it is no term.
    let odd = Table::from_reader("a:b,c,y\n1,2,no\n2,1,yes\n3,5,no\n4,4,yes\n".as_bytes(), None)?;
    assert_eq!(odd.design("y").from(["a:b", "`a:b`:c"]).build()?.names.columns, ["a:b", "a:b:c"]);
    Ok(())
}

/// What never came together has no coefficient, as no child was of the crew.
#[test]
fn levels_that_never_meet_are_left_out() -> Result<()> {
    let table = crate::common::table("titanic", Some("count"))?;
    let design = table.design("survived").from(["class*age"]).build()?;
    ensure!(!design.names.columns.contains(&"class crew:age child".to_string()));
    ensure!(
        design.notes.iter().any(|note| note.contains("0 in every row: class crew:age child")),
        "{:?}",
        design.notes
    );
    Ok(())
}

/// A model file knows its terms, its offset and the powers of its columns.
#[test]
fn what_is_kept_beside_a_model_foretells_other_rows() -> Result<()> {
    for case in
        rows("terms.cases.csv")?.iter().filter(|case| case["family"] == "logistic" && case["weights"].is_empty())
    {
        let table = table(case)?;
        let design = ask(&table, case).build()?;
        let names = Names::from_texts(&design.names.texts())?;
        assert_eq!(names, design.names);
        // The same rows, as a table that was not asked for any design.
        let again = names.design_of(&table)?;
        assert_eq!(host(again.p.batch().x())?, host(design.p.batch().x())?);
        let of = |design: &Design| design.p.batch().offset().map(host).transpose();
        assert_eq!(of(&again)?, of(&design)?);
        for used in ["x", "g", "h", "z", "off"] {
            ensure!(
                names.inputs().contains(&used) == (case["formula"].contains(used) || case["offset"] == used),
                "{used} {names:?}"
            );
        }
    }
    Ok(())
}

/// An offset is one more column with the coefficient 1, of any classifier, in the log, the score and the sample's KL.
#[test]
fn an_offset_is_a_slope_that_is_held() -> Result<()> {
    let x = Tensor::new(&[[0.5, -1.0], [2.0, 0.3], [-0.7, 0.9], [1.1, -0.2]], &CPU)?;
    let y = Tensor::new(&[2u32, 0, 1, 2], &CPU)?;
    let with = Softmax::from_rows(&[[0.0, 0.0, 0.0], [0.4, 1.0, -0.3], [-0.9, 1.0, 0.8]])?;
    let wide = Labelled::new(x.clone(), y.clone())?;
    let narrow = Labelled::new(x.narrow(1, 0, 1)?.contiguous()?, y)?
        .with_offset(x.narrow(1, 1, 1)?.squeeze(1)?.contiguous()?)?;
    let without = Softmax::from_rows(&[[0.0, 0.0], [0.4, -0.3], [-0.9, 0.8]])?;
    let apart = |a: Vec<f64>, b: Vec<f64>| a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    ensure!(apart(host(&with.log_prob(&wide)?)?, host(&without.log_prob(&narrow)?)?) < 1e-15);
    let all = narrow.with_offsets(without.log_probs(narrow.x())?)?;
    ensure!(apart(host(&with.log_probs(&x)?)?, host(&all)?) < 1e-15);
    let (p, q) = (Empirical::from_sample(wide)?, Empirical::from_sample(narrow)?);
    ensure!(p.entropy() == q.entropy() && p.distinct() == q.distinct());
    let scores = [candle_mle::score::Score::of(&with, &p)?, candle_mle::score::Score::of(&without, &q)?];
    ensure!((scores[0].nll - scores[1].nll).nats().abs() < 1e-14 && scores[0].confusion == scores[1].confusion);
    Ok(())
}

/// Rows of coefficients as a softmax.
trait FromRows: Sized {
    fn from_rows<const N: usize>(rows: &[[f64; N]]) -> Result<Self>;
}

impl FromRows for Softmax {
    fn from_rows<const N: usize>(rows: &[[f64; N]]) -> Result<Self> {
        let flat: Vec<f64> = rows.iter().flatten().copied().collect();
        Ok(candle_mle::model::Linear::from_coefficients(&Tensor::from_vec(flat, (rows.len(), N), &CPU)?)?)
    }
}

/// What weights are measured in makes no difference, and all alike they are none.
#[test]
fn weights_have_no_unit() -> Result<()> {
    let csv = std::fs::read_to_string(file("tables/terms.csv"))?;
    let scaled = csv.lines().enumerate().map(|(at, line)| match (at, line.split(',').nth(6).map(str::parse::<f64>)) {
        (0, _) => format!("{line},heavy,one"),
        (_, Some(Ok(w))) => format!("{line},{},1", 250.0 * w),
        _ => line.to_string(),
    });
    let table = Table::from_reader(scaled.collect::<Vec<_>>().join("\n").as_bytes(), None)?;
    let fitted = |weights: Option<&str>| -> Result<(f64, f64, f64)> {
        let ask = table.design("y").from(["x", "g"]);
        let design = weights.into_iter().fold(ask, Ask::weights).build()?;
        let map = design.p.standardize()?;
        let model = Plan { tolerance: 1e-13, ..Plan::default() }
            .fit(&design.p, |vb| Logistic::new(3, vb)?.standardized(map))?
            .model;
        let known = match &design.weighed {
            Some(rows) => Coefficients::weighted(&model, &rows.batch, &rows.counts, &rows.weights)?,
            None => Coefficients::robust(&model, &design.p)?,
        };
        Ok((design.p.total(), known.get(1, 0).estimate, known.get(1, 0).std_error))
    };
    let near = |a: (f64, f64, f64), b: (f64, f64, f64)| {
        (a.0 - b.0).abs() < 1e-9 && (a.1 - b.1).abs() < 1e-11 && (a.2 - b.2).abs() < 1e-11
    };
    ensure!(near(fitted(Some("w"))?, fitted(Some("heavy"))?) && near(fitted(Some("one"))?, fitted(None)?));
    ensure!(fitted(Some("w"))?.0 - 160.0 < 1e-9);
    let negative = Table::from_reader("x,y,w\n1,a,1\n2,b,-1\n3,a,2\n".as_bytes(), None)?;
    let error = negative.design("y").from(["x"]).weights("w").build().map_or_else(|e| e.to_string(), |_| String::new());
    ensure!(error.contains("line 3") && error.contains("a weight is a number ≥ 0"), "{error}");
    Ok(())
}

/// A penalty of one's own that is a ridge is the ridge; the log knows of neither.
#[test]
fn a_ridge_is_a_penalty_and_the_log_is_of_the_likelihood() -> Result<()> {
    let p = crate::common::titanic()?;
    let map = p.standardize()?;
    let plan = |objective| Plan { objective, tolerance: 1e-13, ..Plan::default() };
    let make = |vb: VarBuilder| Logistic::new(5, vb)?.standardized(map.clone());
    let ridge = plan(Objective::Ridge { lambda: 7.0 }).fit(&p, make)?;
    let own = |model: &Logistic| Ok((model.parts()?.learnt["weight"].sqr()?.sum_all()? * 3.5)?);
    let penalized = plan(Objective::Penalized).fit(&p, |vb| Ok(Penalized::new(make(vb)?, own)))?;
    let (last, other) =
        (ridge.history.rows().last().context("a row")?, penalized.history.rows().last().context("a row")?);
    ensure!(ridge.converged && penalized.converged, "{ridge:?}");
    ensure!((last.nll - other.nll).abs() < 1e-7, "{} {}", last.nll, other.nll);
    // The three are those of the plain likelihood there, and fit each other.
    let log_q = ridge.model.log_prob(p.batch())?;
    let nll: f64 = Objective::Nll.loss(&ridge.model, &log_q, &p)?.to_scalar()?;
    ensure!((nll - last.nll).abs() < 1e-9 && ridge.history.residual().context("a residual")? < 1e-12);
    let plain = plan(Objective::CrossEntropy).fit(&p, make)?;
    ensure!(last.nll > plain.history.rows().last().context("a row")?.nll);
    // The slopes are drawn to 0, by about as much as is said.
    let shrunk = Shrunk::of(&ridge.model, &p, 7.0)?;
    let free = Coefficients::of(&plain.model, &p)?;
    for at in 0..5 {
        let (drawn, from) = (shrunk.coefficients.get(1, at).estimate, free.get(1, at).estimate);
        ensure!(drawn.abs() < from.abs(), "{at}");
        ensure!(
            (drawn - from - shrunk.bias[1][at]).abs() < 0.1 * (drawn - from).abs().max(0.02),
            "{at}: {}",
            shrunk.bias[1][at]
        );
    }
    ensure!(shrunk.degrees > 5.0 && shrunk.degrees < 6.0, "{}", shrunk.degrees);
    // Without slopes there is nothing to shrink, and no strength is below 0.
    let coin = Empirical::from_sample(Tensor::new(&[1.0, 0.0], &CPU)?)?;
    let refused = plan(Objective::Ridge { lambda: 1.0 }).fit(&coin, candle_mle::model::Bernoulli::new);
    ensure!(refused.is_err_and(|e| e.to_string().contains("a ridge shrinks slopes")));
    ensure!(plan(Objective::Ridge { lambda: -1.0 }).fit(&p, make).is_err());
    ensure!(plan(Objective::Penalized).fit(&p, make).is_err_and(|e| e.to_string().contains("no penalty of its own")));
    Ok(())
}

/// Of a number the closed forms: R² of least squares, at a polynomial and saturated too, and of an offset without it.
#[test]
fn usable_information_of_numbers_is_that_of_explained_variance() -> Result<()> {
    use candle_mle::usable::{Family, usable_information_of_numbers};
    let table = Table::read(file("tables/terms.csv"), None)?;
    let of = |terms: &[&str]| Ok::<_, anyhow::Error>(table.design("num").from(terms.iter().copied()).numbers()?.p);
    let p = of(&["x", "z"])?;
    let found =
        |family: &Family, p: &Empirical<Response>| Ok::<_, anyhow::Error>(usable_information_of_numbers(family, p)?);
    let linear = found(&Family::Linear, &p)?;
    let map = LinearGaussian::coordinates(p.batch(), p.mass())?;
    let fitted =
        Plan { tolerance: 1e-12, ..Plan::default() }.fit(&p, |vb| LinearGaussian::new(2, vb)?.standardized(map))?;
    ensure!((linear.conditional_entropy() - fitted.cross_entropy()).nats().abs() < 1e-9);
    ensure!((linear.residual() - fitted.model.sigma()?).abs() < 1e-8);
    ensure!((linear.held_out(&p)? - linear.information()).nats().abs() < 1e-12);
    // Each holds the one before it.
    let families = [
        Family::Constant,
        Family::Linear,
        Family::Polynomial { degree: 2 },
        Family::Polynomial { degree: 3 },
        Family::Saturated,
    ];
    let known =
        families.iter().map(|family| Ok(found(family, &p)?.information().nats())).collect::<Result<Vec<_>>>()?;
    ensure!(known[0] == 0.0 && known.windows(2).all(|pair| pair[0] <= pair[1] + 1e-12), "{known:?}");
    // Squares as columns and a polynomial of degree 2 are one family.
    let columns = found(&Family::Linear, &of(&["x*z", "I(x^2)", "I(z^2)"])?)?;
    ensure!((columns.information().nats() - known[2]).abs() < 1e-10);
    ensure!(found(&Family::Network { hidden: vec![2], seed: 1 }, &p).is_err());
    Ok(())
}
