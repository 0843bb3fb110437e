//! A table of one's own: read, fitted step by step, and what came of it.

use std::collections::BTreeMap;

use candle_core::Tensor;
use candle_mle::batch::host;
use candle_mle::fit::{End, Fitting, Lbfgs};
use candle_mle::hook::NoClimb;
use candle_mle::info::number::{count, seen, shown};
use candle_mle::mle::{By, Enough, Fitted, Plan};
use candle_mle::model::{Linear, Logistic, Softmax};
use candle_mle::separation::{Separation, separation};
use candle_mle::table::{Column, Missing, Names, Reading};
use candle_mle::{Design, Empirical, Error, History, Labelled, LossLog, Parameters, Table};
use candle_nn::{VarBuilder, VarMap};
use wasm_bindgen::prelude::*;

use crate::said::{Result, unit};

/// Where the likelihood has no maximum, a fit ends this near to its infimum, in nats of all observations: as the command's.
const NEAR: f64 = 1e-4;

/// A table that was read.
#[wasm_bindgen]
pub struct Sheet {
    table: Table,
}

/// A column, as it was read.
#[wasm_bindgen(getter_with_clone)]
pub struct Told {
    pub name: String,
    pub numbers: bool,
    /// How many different values.
    pub distinct: usize,
    /// Some of them.
    pub some: Vec<String>,
}

#[wasm_bindgen]
impl Sheet {
    /// Reads a CSV from its bytes; `count` is the column that says how often each row was observed; missing cells are an
    /// `error`, or their rows are left out (`drop`), or they are a `level`.
    pub fn read(bytes: &[u8], count: Option<String>, missing: &str) -> Result<Sheet> {
        let missing = match missing {
            "drop" => Missing::Drop,
            "level" => Missing::Level,
            _ => Missing::Error,
        };
        let table = Reading { count, missing, ..Reading::default() }.reader(bytes)?;
        Ok(Self { table })
    }

    /// The columns, without that of counts.
    pub fn columns(&self) -> Vec<Told> {
        let told = |(name, column): &(String, Column)| Told {
            name: name.clone(),
            numbers: matches!(column, Column::Numbers(_)),
            distinct: column.distinct(),
            some: match column {
                Column::Numbers(_) => (0..column.len().min(4)).map(|row| column.text(row)).collect(),
                Column::Categories { levels, .. } => levels.iter().take(4).cloned().collect(),
            },
        };
        self.table.columns().iter().map(told).collect()
    }

    /// How many rows, and how many observations.
    pub fn size(&self) -> Vec<String> {
        vec![count(self.table.rows() as f64), count(self.table.count().iter().sum())]
    }

    /// What was left out.
    pub fn notes(&self) -> Vec<String> {
        self.table.notes().to_vec()
    }

    /// Begins the fit that `candle-mle fit` makes: logistic regression of two classes, softmax of more; of no column the
    /// intercepts alone.
    pub fn learn(&self, target: &str, from: Vec<String>) -> Result<Learning> {
        let ask = self.table.design(target);
        let design = if from.is_empty() { ask.alone() } else { ask.from(from) }.build()?;
        let (columns, classes, map) = (design.names.columns.len(), design.names.classes.len(), design.p.standardize()?);
        let course: Box<dyn Course> = if classes == 2 {
            Box::new(Of::new(&design, |vb| Logistic::new(columns, vb)?.standardized(map))?)
        } else {
            Box::new(Of::new(&design, |vb| Softmax::new(columns, classes, vb)?.standardized(map))?)
        };
        Ok(Learning { course, design })
    }
}

/// A fit that goes on step by step.
#[wasm_bindgen]
pub struct Learning {
    course: Box<dyn Course>,
    design: Design,
}

#[wasm_bindgen]
impl Learning {
    /// What is fitted, how it was read, what to know of it.
    pub fn says(&self) -> Vec<String> {
        let what = match self.design.names.classes.len() {
            2 => "logistic regression",
            _ => "softmax regression",
        };
        [vec![format!("{what}: {}", self.design.names)], self.design.notes.clone()].concat()
    }

    /// n, the number of different rows, H(Y|X) in nats, and what −Σ ln q per observation falls towards where it has no
    /// minimum; NaN where it has.
    pub fn facts(&self) -> Vec<f64> {
        let p = &self.design.p;
        let infimum = self.course.apart().map_or(f64::NAN, |apart| apart.infimum.nats() / p.total());
        vec![p.total(), p.distinct() as f64, p.entropy().nats(), infimum]
    }

    /// One step; whether there is another.
    pub fn step(&mut self) -> Result<bool> {
        Ok(self.course.step(&self.design.p)?)
    }

    /// KL, cross-entropy and NLL of every step from this one on, one step after the other; nats.
    pub fn rows(&mut self, from: usize) -> Result<Vec<f64>> {
        let rows = self.course.history()?.rows();
        Ok(rows[from.min(rows.len())..].iter().flat_map(|row| [row.kl, row.cross_entropy, row.nll]).collect())
    }

    /// Whether there is a maximum, and whether the fit has come to it.
    pub fn verdict(&mut self, name: &str) -> Result<String> {
        let (unit, steps) = (unit(name)?, self.course.history()?.rows().len().saturating_sub(1));
        let nll = self.course.history()?.rows().last().map_or(f64::NAN, |row| row.nll);
        if let Some(apart) = self.course.apart() {
            let how = if apart.complete { "completely" } else { "in part" };
            return Ok(format!(
                "The likelihood has no finite maximum: the columns tell the classes apart {how}. NLL falls towards {} {unit} and never \
                 gets there; after {steps} steps it is {}.",
                seen(apart.infimum.to(unit), 4),
                seen(nll / unit.nats(), 4)
            ));
        }
        Ok(match self.course.outcome() {
            None => format!("Step {steps}."),
            Some((true, gradient, _)) => format!(
                "The maximum of the likelihood, after {steps} steps: no component of the gradient exceeds {} nats per observation.",
                if gradient < 1e-14 { "1e-14".into() } else { format!("{gradient:.0e}") }
            ),
            Some((false, gradient, End::Stalled)) => format!(
                "Not converged: no step gains more than rounding, and a component of the gradient is still {gradient:.0e} nats per \
                 observation. Rescale the columns."
            ),
            Some((false, gradient, _)) => {
                format!("Not converged: a component of the gradient is still {gradient:.0e} nats per observation.")
            }
        })
    }

    /// The coefficients, logits per unit against the first class, four texts each: class, column, estimate or limit, and
    /// where there is none along what it diverges.
    pub fn coefficients(&self) -> Result<Vec<String>> {
        let (names, rows) = (&self.design.names, self.course.coefficients()?);
        let mut texts = vec![];
        for (class, estimates) in rows.into_iter().enumerate().skip(1) {
            let (values, along) = match self.course.apart() {
                Some(apart) => (apart.limits(0)[class].clone(), Some(&apart.direction[class])),
                None => (estimates, None),
            };
            let columns = std::iter::once("(intercept)").chain(names.columns.iter().map(String::as_str));
            for (row, name) in columns.enumerate() {
                // The intercept is kept last and read first.
                let at = if row == 0 { values.len() - 1 } else { row - 1 };
                let along = along.map_or(String::new(), |along| shown(along[at]));
                texts.extend([names.classes[class].clone(), name.to_string(), limit(values[at]), along]);
            }
        }
        Ok(texts)
    }

    /// The target and its classes, the reference first.
    pub fn classes(&self) -> Vec<String> {
        [vec![self.design.names.target.clone()], self.design.names.classes.clone()].concat()
    }

    /// Every step, as log.csv of the command.
    pub fn csv(&mut self, name: &str) -> Result<String> {
        Ok(self.course.history()?.to_csv(unit(name)?))
    }

    /// The model, as parameters.safetensors of the command.
    pub fn parameters(&self) -> Result<Vec<u8>> {
        let mut texts = self.design.names.texts();
        texts.insert("n".into(), count(self.design.p.total()));
        Ok(self.course.bytes(&texts)?)
    }
}

/// An estimate, or that there is none.
fn limit(value: f64) -> String {
    match value {
        f64::INFINITY => "+∞".into(),
        f64::NEG_INFINITY => "−∞".into(),
        open if open.is_nan() => "open".into(),
        finite => shown(finite),
    }
}

/// A fit of whatever family.
trait Course {
    fn step(&mut self, p: &Empirical<Labelled>) -> candle_mle::Result<bool>;
    fn history(&mut self) -> candle_mle::Result<&History>;
    fn apart(&self) -> Option<&Separation>;
    /// Once it has ended: whether it converged, the largest component of the gradient, and why it ended.
    fn outcome(&self) -> Option<(bool, f64, End)>;
    fn coefficients(&self) -> candle_mle::Result<Vec<Vec<f64>>>;
    fn bytes(&self, texts: &BTreeMap<String, String>) -> candle_mle::Result<Vec<u8>>;
}

/// A fit of this one.
struct Of<M> {
    model: M,
    vars: VarMap,
    fitting: Fitting,
    descent: Lbfgs,
    log: LossLog,
    climb: NoClimb,
    enough: Option<Enough>,
    apart: Option<Separation>,
    outcome: Option<(bool, f64, End)>,
}

impl<M: Linear + Parameters + Clone> Of<M> {
    fn new(design: &Design, make: impl FnOnce(VarBuilder) -> candle_mle::Result<M>) -> candle_mle::Result<Self> {
        let Design { p, names: Names { classes, .. }, .. } = design;
        let apart = match separation(p, classes.len()) {
            Err(Error::Undecided { .. }) => None,
            found => found?,
        };
        let floor = apart.as_ref().map(|apart| (apart.infimum.nats() + NEAR) / p.total());
        let (plan, vars) = (Plan { by: By::Lbfgs, floor, ..Plan::default() }, VarMap::new());
        let model = make(VarBuilder::from_varmap(&vars, candle_core::DType::F64, &candle_core::Device::Cpu))?;
        Ok(Self {
            fitting: Fitting::new(plan.objective, 0..plan.steps),
            descent: Lbfgs::new(&vars),
            log: LossLog::new(),
            climb: NoClimb::default(),
            enough: Some(plan.enough(&vars, p)),
            outcome: None,
            model,
            vars,
            apart,
        })
    }
}

impl<M: Linear + Parameters + Clone> Course for Of<M> {
    fn step(&mut self, p: &Empirical<Labelled>) -> candle_mle::Result<bool> {
        let Some(mut enough) = self.enough.take() else { return Ok(false) };
        let hooks = &mut (&mut self.log, &mut self.climb, &mut enough);
        let Some(end) = self.fitting.step(&self.model, &mut &*p, &mut self.descent, hooks)? else {
            self.enough = Some(enough);
            return Ok(true);
        };
        let Fitted { converged, gradient, end, .. } =
            enough.fitted(self.model.clone(), self.vars.clone(), self.log.history()?, end);
        self.outcome = Some((converged, gradient, end));
        Ok(false)
    }

    fn history(&mut self) -> candle_mle::Result<&History> {
        self.log.history()
    }

    fn apart(&self) -> Option<&Separation> {
        self.apart.as_ref()
    }

    fn outcome(&self) -> Option<(bool, f64, End)> {
        self.outcome
    }

    fn coefficients(&self) -> candle_mle::Result<Vec<Vec<f64>>> {
        let coefficients: Tensor = self.model.coefficients()?;
        Ok(host(&coefficients)?.chunks(coefficients.dim(1)?).map(<[f64]>::to_vec).collect())
    }

    fn bytes(&self, texts: &BTreeMap<String, String>) -> candle_mle::Result<Vec<u8>> {
        self.model.to_bytes(texts)
    }
}
