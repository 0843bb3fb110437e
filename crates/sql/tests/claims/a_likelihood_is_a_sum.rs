//! Where x does not repeat, likelihood, gradient and information are sums that the engine makes: to the bits the same in any parts,
//! and the fit that is made of them is the one in memory.

use std::sync::Arc;

use candle_core::{Device, Tensor};
use candle_mle::inference::Coefficients;
use candle_mle::mle::{By, Plan};
use candle_mle::model::{Linear, Logistic, Softmax};
use candle_mle::table::{Missing, Reading};
use candle_mle::{Empirical, Fitted, Labelled, Model, Parameters, Table};
use candle_mle_sql::{Asked, Described, Engine, Rows, Summed};
use candle_nn::VarBuilder;

use crate::{Outcome, Sample, name, parquet};

pub const ALL: &str = "SELECT * FROM data";

/// The kind from all other columns.
pub fn asked(table: &Table) -> candle_mle_sql::Result<Asked> {
    Ok(Asked::of(&table.design("kind"))?)
}

/// Rows of all columns, of which this is asked.
pub fn all(engine: Engine, ask: impl Fn(&Table) -> candle_mle_sql::Result<Asked>) -> candle_mle_sql::Result<Described> {
    Described::of(&Arc::new(engine), ALL, &Reading::default(), &[], ask)
}

pub fn described(folder: &std::path::Path, partitions: usize) -> candle_mle_sql::Result<Described> {
    let engine = Engine::within(1 << 30, partitions)?;
    engine.open(&[name(folder)], false)?;
    all(engine, asked)
}

/// The sample in memory.
fn in_memory(sample: &Sample) -> candle_mle::Result<Empirical<Labelled>> {
    let rows = sample.y.len();
    let x: Vec<f64> = (0..rows).flat_map(|row| sample.x.iter().map(move |column| column[row])).collect();
    let y: Vec<u32> = sample.y.iter().map(|class| *class as u32).collect();
    Empirical::from_sample(Labelled::new(
        Tensor::from_vec(x, (rows, 3), &Device::Cpu)?,
        Tensor::from_vec(y, rows, &Device::Cpu)?,
    )?)
}

fn coefficients<M: Linear>(model: &M) -> candle_mle::Result<Vec<f64>> {
    Ok(model.coefficients()?.flatten_all()?.to_vec1()?)
}

pub fn summed<M: Linear + Parameters>(
    described: &Described,
    plan: &Plan,
    make: impl Fn(VarBuilder) -> candle_mle::Result<M>,
) -> candle_mle::Result<Fitted<Summed<M>>> {
    let p = described.empirical()?;
    let map = described.rows.standardize()?;
    plan.fit(&p, |vb| Ok(Summed(make(vb)?.standardized(map)?)))
}

/// Everything that was logged and all parameters, as bits.
pub fn bits<M: Linear>(fitted: &Fitted<Summed<M>>) -> candle_mle::Result<Vec<u64>>
where
    Summed<M>: Model,
{
    let logged = fitted.history.rows().iter().flat_map(|row| [row.kl, row.cross_entropy, row.nll]);
    Ok(logged.chain(coefficients(&fitted.model.0)?).map(f64::to_bits).collect())
}

/// To rounding: the default ends where nothing more can be gained that anybody could see, 1e-10 from there.
fn exact() -> Plan {
    Plan { tolerance: 1e-14, ..Plan::default() }
}

fn near(own: &[f64], other: &[f64], most: f64) {
    for (a, b) in own.iter().zip(other) {
        assert!((a - b).abs() <= most * b.abs().max(1.0), "{own:?} {other:?}");
    }
}

#[test]
fn logistic_regression_of_rows_elsewhere_is_that_of_rows_in_memory() -> Outcome {
    let (folder, sample) = (tempfile::tempdir()?, Sample::new(20_000, 2));
    sample.write(folder.path())?;
    let make = |vb: VarBuilder| Logistic::new(3, vb);
    let p = in_memory(&sample)?;
    let map = p.standardize()?;
    let whole = exact().fit(&p, |vb| make(vb)?.standardized(map))?;
    let one = described(folder.path(), 1)?;
    assert_eq!(one.names.columns, ["dollars", "score", "years"]);
    assert_eq!(one.names.classes, ["kind 0", "kind 1"]);
    let fitted = summed(&one, &exact(), make)?;
    assert!(fitted.converged && whole.converged);
    near(&coefficients(&fitted.model.0)?, &coefficients(&whole.model)?, 1e-12);
    // The three quantities, each as ever: of x that does not repeat H(Y|X) is 0.
    let (last, other) = (fitted.history.rows().last(), whole.history.rows().last());
    let (last, other) = (last.ok_or("no row")?, other.ok_or("no row")?);
    near(&[last.kl, last.cross_entropy, last.nll / 2e4], &[other.kl, other.cross_entropy, other.nll / 2e4], 1e-13);
    assert!(fitted.history.residual().is_some_and(|residual| residual <= 1e-12));
    // The errors of the coefficients, of the information summed.
    let p_hat = one.empirical()?;
    let information = fitted.model.curved().ok_or("no curvature")?.information(p_hat.batch(), &[2e4])?;
    let (own, known) =
        (Coefficients::by_information(&fitted.model.0, &information)?, Coefficients::of(&whole.model, &p)?);
    let errors = |of: &Coefficients| (0..4).map(|at| of.get(1, at).std_error).collect::<Vec<_>>();
    near(&errors(&own), &errors(&known), 1e-9);

    for partitions in [2, 5] {
        let parted = summed(&described(folder.path(), partitions)?, &exact(), make)?;
        assert_eq!(bits(&parted)?, bits(&fitted)?, "in {partitions} partitions");
    }
    Ok(())
}

#[test]
fn a_softmax_too_by_newton_and_by_l_bfgs() -> Outcome {
    let (folder, sample) = (tempfile::tempdir()?, Sample::new(6000, 3));
    sample.write(folder.path())?;
    let make = |vb: VarBuilder| Softmax::new(3, 3, vb);
    let p = in_memory(&sample)?;
    let map = p.standardize()?;
    for (by, most) in [(By::Newton, 1e-12), (By::Lbfgs, 1e-7)] {
        let plan = if by == By::Newton { exact() } else { Plan { by, ..Plan::default() } };
        let whole = plan.fit(&p, |vb| make(vb)?.standardized(map.clone()))?;
        let [one, three] = [1, 3].map(|partitions| described(folder.path(), partitions));
        let (one, three) = (summed(&one?, &plan, make)?, summed(&three?, &plan, make)?);
        assert!(one.converged);
        near(&coefficients(&one.model.0)?, &coefficients(&whole.model)?, most);
        assert_eq!(bits(&one)?, bits(&three)?);
    }
    Ok(())
}

/// Repeated rows have an entropy of their own, which the log takes away; levels become columns as those of a table do.
#[test]
fn entropy_and_levels_are_those_of_a_table() -> Outcome {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("ill.csv");
    let mut text = String::from("ward,dose,ill\n");
    for row in 0..4000usize {
        let (ward, dose) = (["north", "east", "west"][row % 3], row * 31 % 5);
        let ill = (row * 7919 + row / 7) % 10 < 2 + dose + row % 3;
        text.push_str(&format!("{ward},{dose},{}\n", if ill { "yes" } else { "no" }));
    }
    std::fs::write(&file, &text)?;
    let design = candle_mle::Table::read(&file, None)?.design("ill").base("ward", "north").build()?;
    let whole = exact().fit(&design.p, |vb| Logistic::new(3, vb)?.standardized(design.p.standardize()?))?;
    let engine = Engine::within(1 << 28, 3)?;
    engine.open(&[name(&file)], true)?;
    let described = all(engine, |table| Ok(Asked::of(&table.design("ill").base("ward", "north"))?))?;
    assert_eq!(described.names, design.names);
    near(&[described.empirical()?.entropy().nats()], &[design.p.entropy().nats()], 1e-13);
    let fitted = summed(&described, &exact(), |vb| Logistic::new(3, vb))?;
    near(&coefficients(&fitted.model.0)?, &coefficients(&whole.model)?, 1e-12);
    let kl = |history: &candle_mle::History| history.rows().last().map_or(f64::NAN, |row| row.kl);
    near(&[kl(&fitted.history)], &[kl(&whole.history)], 1e-12);
    // What is written is the model itself, that predict reads.
    let to = folder.path().join("model.safetensors");
    fitted.model.save_with(&to, &described.names.texts())?;
    near(&coefficients(&Logistic::load(&to, &Device::Cpu)?)?, &coefficients(&whole.model)?, 1e-12);
    Ok(())
}

#[test]
fn a_gaussian_takes_one_pass() -> Outcome {
    let (folder, sample) = (tempfile::tempdir()?, Sample::new(30_000, 2));
    sample.write(folder.path())?;
    let moments = |partitions: usize| -> candle_mle_sql::Result<(Vec<f64>, Vec<f64>, Rows)> {
        let engine = Engine::within(1 << 30, partitions)?;
        engine.open(&[name(folder.path())], false)?;
        let columns = ["dollars", "score", "years"].map(String::from).to_vec();
        let rows = all(engine, |table| Ok(Asked::points(table, &columns)?))?.rows;
        let (mean, covariance) = rows.moments()?;
        Ok((mean, covariance.as_slice().to_vec(), rows))
    };
    let (mean, covariance, rows) = moments(1)?;
    assert_eq!(rows.passes(), 1);
    let p = Empirical::from_sample(in_memory(&sample)?.batch().x().clone())?;
    let (known, spread) = p.moments()?;
    near(&mean, &known, 1e-13);
    near(&covariance, &spread.concat(), 1e-12);
    let (again, parted, _) = moments(4)?;
    assert_eq!((mean, covariance), (again, parted));
    // Six points stand for all of them, whatever Gaussian is asked.
    let (points, counts) = rows.points()?;
    let stand_in = Empirical::from_counts(points, &counts)?;
    let q = candle_mle::model::Gaussian::from_moments(
        &[4000.0, 0.1, 30.0],
        &[vec![9e6, 10.0, 3.0], vec![10.0, 0.2, 0.1], vec![3.0, 0.1, 200.0]],
        &Device::Cpu,
    )?;
    let mean_of = |p: &Empirical<Tensor>| -> candle_mle::Result<f64> {
        Ok((q.log_prob(p.batch())? * p.mass())?.sum_all()?.to_scalar()?)
    };
    near(&[mean_of(&stand_in)?], &[mean_of(&p)?], 1e-12);
    Ok(())
}

#[test]
fn what_cannot_be_summed_is_named() -> Outcome {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("holes.csv");
    std::fs::write(&file, "dose,ward,ill\n1,a,no\n,b,yes\n3,a,yes\n4,b,no\n5,a,no\n")?;
    let engine = Arc::new(Engine::within(1 << 28, 2)?);
    engine.open(&[name(&file)], true)?;
    let of = |query: &str, target: &str, missing: Missing| {
        let reading = Reading { missing, ..Reading::default() };
        Described::of(&engine, query, &reading, &[], |table| -> candle_mle_sql::Result<Asked> {
            Ok(Asked::of(&table.design(target))?)
        })
    };
    let said =
        |query: &str, target: &str, missing| of(query, target, missing).expect_err("it cannot be used").to_string();
    let holes = said(ALL, "ill", Missing::Error);
    assert!(holes.contains("'dose'") && holes.contains("--missing drop"), "{holes}");
    let dropped = of(ALL, "ill", Missing::Drop)?;
    assert_eq!(
        (dropped.rows.n(), dropped.notes[0].as_str()),
        (4.0, "1 of 5 rows left out: a cell is missing in dose (1)")
    );
    let one = said("SELECT * FROM data WHERE ill = 'no'", "ill", Missing::Drop);
    assert!(one.contains("class"), "{one}");
    let alone = said("SELECT ill, 7 AS dose FROM data", "ill", Missing::Drop);
    assert!(alone.contains("nothing is left to predict it from"), "{alone}");
    let none = said(ALL, "sick", Missing::Drop);
    assert!(none.contains("'sick'") && none.contains("dose, ward, ill"), "{none}");

    // NaN hides from the footers of a Parquet file, and not from the sums.
    let hidden = folder.path().join("nan.parquet");
    let x = Arc::new(datafusion::arrow::array::Float64Array::from(vec![1.0, f64::NAN, 2.0, 3.0]));
    let y = Arc::new(datafusion::arrow::array::StringArray::from(vec!["a", "b", "a", "b"]));
    parquet(&hidden, vec![("x", x), ("y", y)])?;
    engine.open(&[name(&hidden)], true)?;
    let hidden = said(ALL, "y", Missing::Error);
    assert!(hidden.contains("'NaN'") && hidden.contains("missing"), "{hidden}");
    assert_eq!(of(ALL, "y", Missing::Drop)?.rows.n(), 3.0);
    Ok(())
}
