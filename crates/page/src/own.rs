//! A table of one's own: read, fitted step by step, and what came of it.

use std::collections::BTreeMap;

use candle_core::Tensor;
use candle_mle::batch::host;
use candle_mle::fit::{End, Fitting, Lbfgs};
use candle_mle::hook::NoClimb;
use candle_mle::info::number::{count, fixed, seen, shown, shown_within};
use candle_mle::mle::{By, Enough, Fitted, Plan};
use candle_mle::model::{Gaussian, Linear, Logistic, Softmax};
use candle_mle::separation::{Separation, separation};
use candle_mle::table::{Column, Missing, Names, Reading};
use candle_mle::{Design, Empirical, Error, History, LossLog, Model, Parameters, Table};
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
    /// `error`, or their rows are left out (`drop`), or they are a `level`. The rest is as the flags of the command have it.
    pub fn read(
        bytes: &[u8],
        count: Option<String>,
        missing: &str,
        separator: Option<char>,
        headless: bool,
        marks: Vec<String>,
        categorical: Vec<String>,
    ) -> Result<Sheet> {
        let missing = match missing {
            "drop" => Missing::Drop,
            "level" => Missing::Level,
            _ => Missing::Error,
        };
        let table = Reading { count, separator, headless, missing, marks, categorical }.reader(bytes)?;
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

    /// Begins the fit that `candle-mle fit` makes: logistic regression of two classes, softmax of more, of no column the
    /// intercepts alone; without a target a Gaussian, of no column all of numbers, at their resolution where they have one.
    /// `bases` are columns and their base levels, one after the other.
    pub fn learn(
        &self,
        target: Option<String>,
        from: Vec<String>,
        bases: Vec<String>,
        resolution: &[f64],
    ) -> Result<Learning> {
        let Some(target) = target else {
            let Design { mut p, names, notes, .. } = self.table.points(&from)?;
            if !resolution.is_empty() {
                p = p.at_resolution(resolution)?;
            }
            let (columns, coordinates) = (names.columns.len(), p.whiten()?);
            let course = Of::new(p, None, moments, |vb| Gaussian::new(columns, vb)?.whitened(&coordinates))?;
            return Ok(Learning { course: Box::new(course), names, notes });
        };
        let ask = bases.chunks_exact(2).fold(self.table.design(target), |ask, of| ask.base(&of[0], &of[1]));
        let Design { p, names, notes, .. } = if from.is_empty() { ask.alone() } else { ask.from(from) }.build()?;
        let (columns, classes, map) = (names.columns.len(), names.classes.len(), p.standardize()?);
        let apart = match separation(&p, classes) {
            Err(Error::Undecided { .. }) => None,
            found => found?,
        };
        let course: Box<dyn Course> = if classes == 2 {
            Box::new(Of::new(p, apart, coefficients, |vb| Logistic::new(columns, vb)?.standardized(map))?)
        } else {
            Box::new(Of::new(p, apart, coefficients, |vb| Softmax::new(columns, classes, vb)?.standardized(map))?)
        };
        Ok(Learning { course, names, notes })
    }
}

/// A fit that goes on step by step.
#[wasm_bindgen]
pub struct Learning {
    course: Box<dyn Course>,
    names: Names,
    notes: Vec<String>,
}

#[wasm_bindgen]
impl Learning {
    /// What is fitted, how it was read, what to know of it.
    pub fn says(&self) -> Vec<String> {
        let what = match self.names.classes.len() {
            0 => format!("a Gaussian for {}", self.names.columns.join(", ")),
            2 => format!("logistic regression: {}", self.names),
            _ => format!("softmax regression: {}", self.names),
        };
        [vec![what], self.notes.clone()].concat()
    }

    /// n, the number of different rows, H(Y|X) in nats, NaN of points without a resolution; and what −Σ ln q per observation
    /// falls towards where it has no minimum, NaN where it has.
    pub fn facts(&self) -> Vec<f64> {
        let [total, distinct, entropy] = self.course.size();
        vec![total, distinct, entropy, self.course.apart().map_or(f64::NAN, |apart| apart.infimum.nats() / total)]
    }

    /// One step; whether there is another.
    pub fn step(&mut self) -> Result<bool> {
        Ok(self.course.step()?)
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

    /// What was estimated, four texts each. Of classes: class, column, coefficient in logits per unit against the first class,
    /// or its limit, and where there is none along what it diverges. Of a Gaussian: what it is, of which column, the estimate.
    pub fn estimates(&self) -> Result<Vec<String>> {
        Ok(self.course.estimates(&self.names)?)
    }

    /// The target and its classes, the reference first; of a Gaussian an empty name alone.
    pub fn classes(&self) -> Vec<String> {
        [vec![self.names.target.clone()], self.names.classes.clone()].concat()
    }

    /// Every step, as log.csv of the command.
    pub fn csv(&mut self, name: &str) -> Result<String> {
        Ok(self.course.history()?.to_csv(unit(name)?))
    }

    /// The model, as parameters.safetensors of the command.
    pub fn parameters(&self) -> Result<Vec<u8>> {
        let mut texts = self.names.texts();
        texts.insert("n".into(), count(self.course.size()[0]));
        Ok(self.course.bytes(&texts)?)
    }
}

/// The coefficients of every class against the first, or where they go.
fn coefficients<M: Linear>(model: &M, names: &Names, apart: Option<&Separation>) -> candle_mle::Result<Vec<String>> {
    let coefficients: Tensor = model.coefficients()?;
    let (width, numbers) = (coefficients.dim(1)?, host(&coefficients)?);
    let mut texts = vec![];
    for (class, estimates) in numbers.chunks(width).enumerate().skip(1) {
        let (values, along) = match apart {
            Some(apart) => (apart.limits(0)[class].clone(), Some(&apart.direction[class])),
            None => (estimates.to_vec(), None),
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

/// Mean, standard deviation and correlations of the columns.
fn moments(model: &Gaussian, names: &Names, _: Option<&Separation>) -> candle_mle::Result<Vec<String>> {
    let (law, names) = (model.law()?, &names.columns);
    let all = 0..names.len();
    let text = |what: &str, name: String, value: String| [what.to_string(), name, value, String::new()];
    let sd = |i: usize| law.covariance()[i][i].sqrt();
    let means = all.clone().map(|i| text("mean", names[i].clone(), shown_within(law.mean()[i], sd(i))));
    let spreads = all.clone().map(|i| text("standard deviation", names[i].clone(), shown(sd(i))));
    let pairs = all.flat_map(|i| (0..i).map(move |j| (j, i)));
    let related = pairs
        .map(|(j, i)| text("correlation", format!("{}, {}", names[j], names[i]), fixed(law.correlations()[i][j], 6)));
    Ok(means.chain(spreads).chain(related).flatten().collect())
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
    fn step(&mut self) -> candle_mle::Result<bool>;
    fn history(&mut self) -> candle_mle::Result<&History>;
    fn apart(&self) -> Option<&Separation>;
    /// Once it has ended: whether it converged, the largest component of the gradient, and why it ended.
    fn outcome(&self) -> Option<(bool, f64, End)>;
    /// n, the number of different rows, the entropy of p̂ in nats.
    fn size(&self) -> [f64; 3];
    fn estimates(&self, names: &Names) -> candle_mle::Result<Vec<String>>;
    fn bytes(&self, texts: &BTreeMap<String, String>) -> candle_mle::Result<Vec<u8>>;
}

/// What is told of a model.
type Tell<M> = fn(&M, &Names, Option<&Separation>) -> candle_mle::Result<Vec<String>>;

/// A fit of this one.
struct Of<M: Model> {
    p: Empirical<M::Batch>,
    model: M,
    vars: VarMap,
    fitting: Fitting,
    descent: Lbfgs,
    log: LossLog,
    climb: NoClimb,
    enough: Option<Enough>,
    apart: Option<Separation>,
    outcome: Option<(bool, f64, End)>,
    tell: Tell<M>,
}

impl<M: Model + Parameters + Clone> Of<M> {
    fn new(
        p: Empirical<M::Batch>,
        apart: Option<Separation>,
        tell: Tell<M>,
        make: impl FnOnce(VarBuilder) -> candle_mle::Result<M>,
    ) -> candle_mle::Result<Self> {
        let floor = apart.as_ref().map(|apart| (apart.infimum.nats() + NEAR) / p.total());
        let (plan, vars) = (Plan { by: By::Lbfgs, floor, ..Plan::default() }, VarMap::new());
        let model = make(VarBuilder::from_varmap(&vars, candle_core::DType::F64, &candle_core::Device::Cpu))?;
        Ok(Self {
            fitting: Fitting::new(plan.objective, 0..plan.steps),
            descent: Lbfgs::new(&vars),
            log: LossLog::new(),
            climb: NoClimb::default(),
            enough: Some(plan.enough(&vars, &p)),
            outcome: None,
            model,
            vars,
            apart,
            p,
            tell,
        })
    }
}

impl<M: Model + Parameters + Clone> Course for Of<M> {
    fn step(&mut self) -> candle_mle::Result<bool> {
        let Some(mut enough) = self.enough.take() else { return Ok(false) };
        let hooks = &mut (&mut self.log, &mut self.climb, &mut enough);
        let Some(end) = self.fitting.step(&self.model, &mut &self.p, &mut self.descent, hooks)? else {
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

    fn size(&self) -> [f64; 3] {
        let known = !M::DENSITY || self.p.resolution().is_some();
        let entropy = if known { self.p.entropy().nats() } else { f64::NAN };
        [self.p.total(), self.p.distinct() as f64, entropy]
    }

    fn estimates(&self, names: &Names) -> candle_mle::Result<Vec<String>> {
        (self.tell)(&self.model, names, self.apart.as_ref())
    }

    fn bytes(&self, texts: &BTreeMap<String, String>) -> candle_mle::Result<Vec<u8>> {
        self.model.to_bytes(texts)
    }
}
