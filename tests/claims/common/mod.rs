//! What several tests share: learners, small seeded samples, and the tables of the examples.
#![allow(dead_code, reason = "every test takes the part it needs")]

pub mod example;

use anyhow::Result;
use candle_core::{DType, Device, Tensor};
use candle_mle::model::{Bernoulli, Gaussian, Logistic, Softmax};
use candle_mle::model::{Linear, Sample};
use candle_mle::standardize::Standardize;
use candle_mle::{Empirical, Labelled, Table};
use candle_nn::{VarBuilder, VarMap};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub const CPU: Device = Device::Cpu;

pub fn generator(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// All elements, row by row.
pub fn host(tensor: &Tensor) -> Result<Vec<f64>> {
    Ok(tensor.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?)
}

/// The model that `make` builds of variables, and these.
pub fn learner<M>(make: impl FnOnce(VarBuilder) -> candle_mle::Result<M>) -> Result<(VarMap, M)> {
    let vars = VarMap::new();
    let model = make(VarBuilder::from_varmap(&vars, DType::F64, &CPU))?;
    Ok((vars, model))
}

/// Moves every variable to seeded numbers from −1 to 1.
pub fn scatter(vars: &VarMap, seed: u64) -> Result<()> {
    let mut rng = generator(seed);
    let data = vars.data().lock().expect("no test panics while it holds the variables");
    let mut named: Vec<_> = data.iter().collect();
    named.sort_by_key(|(name, _)| name.as_str());
    for (_, var) in named {
        let values: Vec<f64> = (0..var.elem_count()).map(|_| rng.random_range(-1.0..1.0)).collect();
        var.set(&Tensor::from_vec(values, var.dims(), &CPU)?.to_dtype(var.dtype())?)?;
    }
    Ok(())
}

/// n flips of a coin of probability 0.3.
pub fn flips(n: usize, seed: u64) -> Result<Tensor> {
    Ok(Bernoulli::from_prob(0.3, &CPU)?.sample(&n, &mut generator(seed))?)
}

/// The truth behind [`answers`]: two columns, two classes.
pub fn logistic_truth() -> Result<Logistic> {
    Ok(Logistic::from_coefficients(&Tensor::new(&[[0.0, 0.0, 0.0], [0.8, -1.2, -1.0]], &CPU)?)?)
}

/// The truth behind [`kinds`]: two columns, three classes.
pub fn softmax_truth() -> Result<Softmax> {
    Ok(Softmax::from_coefficients(&Tensor::new(&[[0.0, 0.0, 0.0], [0.7, -0.5, -0.8], [-0.4, 0.9, 0.3]], &CPU)?)?)
}

/// n rows of two columns with few values, so that rows repeat.
pub fn inputs(n: usize, seed: u64) -> Result<Tensor> {
    let mut rng = generator(seed);
    let x: Vec<f64> =
        (0..n).flat_map(|_| [f64::from(rng.random_range(0..5)), f64::from(rng.random_range(0..2))]).collect();
    Ok(Tensor::from_vec(x, (n, 2), &CPU)?)
}

pub fn answers(n: usize, seed: u64) -> Result<Labelled> {
    Ok(logistic_truth()?.sample(&inputs(n, seed)?, &mut generator(seed + 1))?)
}

pub fn kinds(n: usize, seed: u64) -> Result<Labelled> {
    Ok(softmax_truth()?.sample(&inputs(n, seed)?, &mut generator(seed + 1))?)
}

/// The truth behind [`points`]: one column.
pub fn gaussian_truth() -> Result<Gaussian> {
    Ok(Gaussian::from_moments(&[0.7], &[[1.44]], &CPU)?)
}

/// The truth behind [`points_3d`].
pub fn gaussian_truth_3d() -> Result<Gaussian> {
    let covariance = [[1.5, 0.6, -0.3], [0.6, 0.8, 0.2], [-0.3, 0.2, 1.1]];
    Ok(Gaussian::from_moments(&[0.5, -0.4, 0.2], &covariance, &CPU)?)
}

/// n points of one column, recorded at a resolution of 0.1.
pub fn points(n: usize, seed: u64) -> Result<Empirical<Tensor>> {
    let points = gaussian_truth()?.sample(&n, &mut generator(seed))?;
    Ok(Empirical::from_sample(points)?.at_resolution(&[0.1])?)
}

/// n points of three columns, recorded at resolutions of 0.5, 0.25 and 0.1.
pub fn points_3d(n: usize, seed: u64) -> Result<Empirical<Tensor>> {
    let points = gaussian_truth_3d()?.sample(&n, &mut generator(seed))?;
    Ok(Empirical::from_sample(points)?.at_resolution(&[0.5, 0.25, 0.1])?)
}

/// Mean 0 and standard deviation 1 in every column of what was observed.
pub fn moments(p: &Empirical<Labelled>) -> candle_mle::Result<Standardize> {
    Standardize::moments(p.batch().x(), p.mass())
}

pub fn table(name: &str, count: Option<&str>) -> Result<Table> {
    Ok(Table::read(format!("{}/examples/data/{name}.csv", env!("CARGO_MANIFEST_DIR")), count)?)
}

/// 2,201 people: survived, given class, sex and age.
pub fn titanic() -> Result<Empirical<Labelled>> {
    let table = table("titanic", Some("count"))?;
    let design = table.design("survived").base("sex", "male").base("age", "child").build()?;
    assert_eq!(design.names.columns, ["class 2nd", "class 3rd", "class crew", "sex female", "age adult"]);
    assert_eq!(design.names.classes, ["no", "yes"]);
    Ok(design.p)
}

/// Columns of numbers of the 272 eruptions, (272, columns).
pub fn old_faithful(columns: &[&str]) -> Result<Tensor> {
    let table = table("old_faithful", None)?;
    let columns =
        columns.iter().map(|name| Ok(Tensor::new(table.numbers(name)?, &CPU)?)).collect::<Result<Vec<_>>>()?;
    Ok(Tensor::stack(&columns, 1)?)
}
