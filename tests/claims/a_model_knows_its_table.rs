//! A model's file names the columns, levels and base levels of the table that it was fitted on: another table is read as that one,
//! whatever the order of its rows, columns and levels, or refused by the name of the column that does not fit.

use anyhow::{Context, Result, ensure};
use candle_core::Device;
use candle_mle::model::{Linear, Logistic, Softmax};
use candle_mle::parameters::about;
use candle_mle::table::Names;
use candle_mle::{Classifier, Parameters, Table, maximum_likelihood};

use crate::common::{example::Place, host};

const SEEN: &str = "class,sex,age,survived\n\
    3rd,male,40,no\n1st,female,30,yes\n2nd,male,20,no\n1st,male,50,yes\n3rd,female,25,yes\n2nd,female,35,yes\n\
    3rd,male,22,no\n1st,female,41,no\n2nd,male,33,yes\n3rd,female,19,no\n2nd,female,60,no\n1st,male,28,no\n";
/// Rows in another order, so that other levels come first, columns in another order, and one more.
const SHUFFLED: &str = "age,cabin,sex,survived,class\n28,a,male,no,1st\n60,b,female,no,2nd\n19,c,female,no,3rd\n";

fn read(csv: &str) -> Result<Table> {
    Ok(Table::from_reader(csv.as_bytes(), None)?)
}

#[test]
fn levels_in_another_order_have_the_same_probabilities() -> Result<()> {
    let table = read(SEEN)?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("model.safetensors");
    for base in ["1st", "3rd"] {
        let design = table.design("survived").base("class", base).build()?;
        let map = design.p.standardize()?;
        let fitted = maximum_likelihood(&design.p, |vb| Softmax::new(4, 2, vb)?.standardized(map.clone()))?;
        fitted.model.save_with(&path, &design.names.texts())?;

        let (model, names) = (Softmax::load(&path, &Device::Cpu)?, Names::from_texts(&about(&path)?)?);
        assert_eq!(names, design.names);
        let scored = host(&model.log_probs(&names.x_of(&read(SHUFFLED)?)?)?)?;
        // The last, the last but one and the last but two of the rows that were seen.
        let of = host(&fitted.model.log_probs(&names.x_of(&table)?)?)?;
        assert_eq!(scored, [&of[22..24], &of[20..22], &of[18..20]].concat());

        let held_out = names.design_of(&read(SHUFFLED)?)?;
        assert_eq!(held_out.p.total(), 3.0);
        assert_eq!(held_out.names.classes, ["no", "yes"]);
        // Without a class there is nothing to learn and all to predict.
        ensure!(names.x_of(&read("age,sex,class\n28,male,1st\n")?).is_ok());
    }
    Ok(())
}

#[test]
fn what_does_not_fit_is_refused_by_its_column() -> Result<()> {
    let names = read(SEEN)?.design("survived").build()?.names;
    for (csv, parts) in [
        ("class,age\n1st,3\n", ["'sex'", "class, age"]),
        ("class,sex,age\n1st,male,3\n4th,male,3\n", ["line 3", "4th"]),
        ("class,sex,age\n1st,male,old\n", ["'age'", "old"]),
        ("class,sex,age\n1st,,3\n2nd,male,4\n", ["'sex'", "line 2"]),
        ("class,sex,age\n1,male,3\n", ["'class'", "1st, 2nd, 3rd"]),
    ] {
        let refused = names.x_of(&read(csv)?).err().context(csv)?.to_string();
        ensure!(parts.iter().all(|part| refused.contains(part)), "{csv}: {refused}");
    }
    let refused = names.design_of(&read("class,sex,age,survived\n1st,male,3,perhaps\n")?).err().context("a class")?;
    ensure!(refused.to_string().contains("perhaps") && refused.to_string().contains("no, yes"), "{refused}");
    ensure!(names.design_of(&read("class,sex,age\n1st,male,3\n")?).is_err_and(|e| e.to_string().contains("survived")));
    Ok(())
}

/// The file that a run leaves, too.
#[test]
fn a_run_leaves_a_model_that_knows() -> Result<()> {
    let place = Place::with(SEEN)?;
    let ran = place.run("logistic --csv table.csv --target survived --base class=2nd --out out")?;
    assert_eq!(ran.code, 0, "{}", ran.err);
    let path = place.path().join("out/parameters.safetensors");
    let (texts, model) = (about(&path)?, Logistic::load(&path, &Device::Cpu)?);
    assert_eq!((texts["n"].as_str(), texts["family"].as_str()), ("12", "logistic regression"));
    let names = Names::from_texts(&texts)?;
    assert_eq!(names.columns, ["class 1st", "class 3rd", "sex male", "age"]);
    let coefficients = host(&model.coefficients()?)?;
    let x = host(&names.x_of(&read("age,class,sex\n28,1st,male\n")?)?)?;
    assert_eq!(x, [1.0, 0.0, 1.0, 28.0]);
    let logit: f64 = coefficients[5..].iter().zip(x.iter().chain([&1.0])).map(|(c, x)| c * x).sum();
    let scored = host(&model.log_probs(&names.x_of(&read("age,class,sex\n28,1st,male\n")?)?)?)?[1];
    ensure!((scored + (-logit).exp().ln_1p()).abs() < 1e-12, "{scored} {logit}");
    Ok(())
}
