//! A fitted model from its file, of whichever family it is.

use std::path::Path;

use anyhow::{Result, bail};
use candle_core::{DType, Device, Tensor};
use candle_mle::batch::{Response, host};
use candle_mle::hook::GradientNorm;
use candle_mle::info::law;
use candle_mle::model::{
    Bernoulli, Classifier, Family, Gaussian, LinearGaussian, Logistic, Mixture, PoissonRegression, Softmax, Univariate,
};
use candle_mle::parameters::about;
use candle_mle::score::Score;
use candle_mle::table::Names;
use candle_mle::{Empirical, Labelled, Model, Objective, Parameters, Table};

use crate::record::Record;

/// A fitted classifier.
#[derive(Debug)]
pub(crate) enum Known {
    Logistic(Logistic),
    Softmax(Softmax),
}

impl Known {
    /// The classifier in a file, in f64, and the names of its columns and classes.
    ///
    /// # Errors
    /// A file that is no model's, or that of another model, which is named.
    pub fn load(file: &Path) -> Result<(Self, Names)> {
        let texts = about(file)?;
        let known = match texts.get("family").map(String::as_str) {
            Some(Logistic::FAMILY) => Self::Logistic(loaded(file)?),
            Some(Softmax::FAMILY) => Self::Softmax(loaded(file)?),
            family => bail!(
                "{} holds a {}: of that no row can be foretold; fit a {}, a {}, a {} or a {}",
                file.display(),
                family.unwrap_or("model without a name"),
                Logistic::FAMILY,
                Softmax::FAMILY,
                LinearGaussian::FAMILY,
                PoissonRegression::FAMILY
            ),
        };
        Ok((known, Names::from_texts(&texts)?))
    }
}

impl Model for Known {
    type Batch = Labelled;
    const DENSITY: bool = false;

    fn log_prob(&self, batch: &Labelled) -> candle_mle::Result<Tensor> {
        match self {
            Self::Logistic(model) => model.log_prob(batch),
            Self::Softmax(model) => model.log_prob(batch),
        }
    }
}

impl Classifier for Known {
    fn classes(&self) -> usize {
        match self {
            Self::Logistic(model) => model.classes(),
            Self::Softmax(model) => model.classes(),
        }
    }

    fn log_probs(&self, x: &Tensor) -> candle_mle::Result<Tensor> {
        match self {
            Self::Logistic(model) => model.log_probs(x),
            Self::Softmax(model) => model.log_probs(x),
        }
    }
}

/// A model in its file, in f64.
pub(crate) fn loaded<M: Parameters>(file: &Path) -> Result<M> {
    Ok(M::load(file, &Device::Cpu)?.to_dtype(DType::F64)?)
}

/// What a likelihood is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// Probabilities of classes.
    Classes,
    /// Probabilities of counts.
    Counts,
    /// A density per unit of its columns.
    Density,
}

/// A fitted model of any family that has a likelihood.
pub(crate) struct Likely {
    pub family: String,
    pub names: Names,
    pub of: Of,
    /// How many free parameters it has.
    pub parameters: usize,
    /// What its fit came to, where its file knows.
    pub record: Option<Record>,
    scored: Box<dyn Scored>,
}

/// What a model makes of rows.
pub(crate) struct Scores {
    /// −ln q of what came, row by row.
    pub paid: Vec<f64>,
    pub score: Score,
    /// The largest component of the gradient of the cross-entropy, in nats per observation and unit of the coordinates in which it was
    /// fitted: about 0 on the rows that it was fitted to.
    pub slope: f64,
}

trait Scored {
    fn on(&self, names: &Names, table: &Table) -> Result<Scores>;
}

/// A model, how its rows are made of a table, and how they are scored.
struct Rows<M: Model> {
    model: M,
    batch: fn(&Names, &Table) -> Result<M::Batch>,
    score: fn(&M, &Empirical<M::Batch>) -> candle_mle::Result<Score>,
}

impl<M: Model + Parameters> Scored for Rows<M> {
    fn on(&self, names: &Names, table: &Table) -> Result<Scores> {
        let batch = (self.batch)(names, table)?;
        let paid = host(&self.model.log_prob(&batch)?.neg()?)?;
        let p = Empirical::from_counts(batch, table.count())?;
        let (vars, learner) = self.model.learner()?;
        let loss = Objective::CrossEntropy.loss(&learner, &learner.log_prob(p.batch())?, &p)?;
        let slope = GradientNorm::new(&vars, 0.0).of(&loss.backward()?)?;
        Ok(Scores { paid, score: (self.score)(&self.model, &p)?, slope })
    }
}

impl Likely {
    /// The model in a file.
    ///
    /// # Errors
    /// A file that is no model's, or that of a family without a likelihood of a table's rows.
    pub fn load(file: &Path) -> Result<Self> {
        let texts = about(file)?;
        let (names, record) = (Names::from_texts(&texts)?, Record::from_texts(&texts)?);
        let family = texts.get("family").map_or("model without a name", String::as_str);
        let (d, k) = (names.columns.len(), names.classes.len());
        let of_one = |components: usize| components - 1 + components * (d + d * (d + 1) / 2);
        let (of, parameters, scored): Read = match family {
            Logistic::FAMILY => (Of::Classes, d + 1, classified::<Logistic>(file)?),
            Softmax::FAMILY => (Of::Classes, k.saturating_sub(1) * (d + 1), classified::<Softmax>(file)?),
            Bernoulli::FAMILY => {
                let batch = |names: &Names, table: &Table| Ok(names.y_of(table)?);
                (Of::Classes, 1, Box::new(Rows { model: loaded::<Bernoulli>(file)?, batch, score: Score::of_model }))
            }
            LinearGaussian::FAMILY => (Of::Density, d + 2, regressed::<LinearGaussian>(file)?),
            PoissonRegression::FAMILY => (Of::Counts, d + 1, regressed::<PoissonRegression>(file)?),
            Gaussian::FAMILY => (Of::Density, of_one(1), pointed::<Gaussian>(file, points)?),
            Mixture::FAMILY => {
                let components = loaded::<Mixture>(file)?.weights()?.elem_count();
                (Of::Density, of_one(components), pointed::<Mixture>(file, points)?)
            }
            name => match univariate(name, file)? {
                Some(known) => known,
                None => bail!(
                    "{} holds a {family}, whose likelihood of the rows of a table is not known here: compare models that `candle-mle fit` \
                     has fitted",
                    file.display()
                ),
            },
        };
        Ok(Self { family: family.into(), names, of, parameters, record, scored })
    }

    /// What it makes of the rows of a table.
    ///
    /// # Errors
    /// Columns that do not fit.
    pub fn on(&self, table: &Table) -> Result<Scores> {
        self.scored.on(&self.names, table)
    }

    /// What it is of: a target, or the columns of a density.
    pub fn outcome(&self) -> String {
        if self.names.target.is_empty() { self.names.columns.join(", ") } else { self.names.target.clone() }
    }

    /// The columns of a table that it needs.
    pub fn columns(&self) -> Vec<&str> {
        match self.names.target.as_str() {
            "" => self.names.columns.iter().map(String::as_str).collect(),
            target if self.family == Bernoulli::FAMILY => vec![target],
            target => std::iter::once(target).chain(self.names.inputs()).collect(),
        }
    }
}

fn classified<M: Classifier + Parameters + 'static>(file: &Path) -> Result<Box<dyn Scored>> {
    let batch = |names: &Names, table: &Table| {
        let batch = Labelled::new(names.x_of(table)?, names.y_of(table)?)?;
        Ok(match names.offset_of(table)? {
            Some(offset) => batch.with_offset(offset)?,
            None => batch,
        })
    };
    Ok(Box::new(Rows { model: loaded::<M>(file)?, batch, score: Score::of }))
}

fn regressed<M: Model<Batch = Response> + Parameters + 'static>(file: &Path) -> Result<Box<dyn Scored>> {
    let batch = |names: &Names, table: &Table| {
        let y = table.numbers(&names.target)?;
        let batch = Response::new(names.x_of(table)?, Tensor::from_slice(y, y.len(), &Device::Cpu)?)?;
        Ok(match names.offset_of(table)? {
            Some(offset) => batch.with_offset(offset)?,
            None => batch,
        })
    };
    Ok(Box::new(Rows { model: loaded::<M>(file)?, batch, score: Score::of_model }))
}

fn pointed<M: Model<Batch = Tensor> + Parameters + 'static>(
    file: &Path,
    batch: fn(&Names, &Table) -> Result<Tensor>,
) -> Result<Box<dyn Scored>> {
    Ok(Box::new(Rows { model: loaded::<M>(file)?, batch, score: Score::of_model }))
}

/// Rows of points, (m, d).
fn points(names: &Names, table: &Table) -> Result<Tensor> {
    let columns = names.columns.iter().map(|name| table.numbers(name)).collect::<candle_mle::Result<Vec<_>>>()?;
    let rows: Vec<f64> = (0..table.rows()).flat_map(|row| columns.iter().map(move |column| column[row])).collect();
    Ok(Tensor::from_vec(rows, (table.rows(), columns.len()), &Device::Cpu)?)
}

/// Numbers of one column, (m,).
fn numbers(names: &Names, table: &Table) -> Result<Tensor> {
    Ok(points(names, table)?.flatten_all()?)
}

/// What a likelihood is made of, the number of its parameters, and the model.
type Read = (Of, usize, Box<dyn Scored>);

/// A distribution of one number by its name: what it is of, its parameters, and itself.
fn univariate(name: &str, file: &Path) -> Result<Option<Read>> {
    fn of<L: Family + 'static>(file: &Path) -> Result<Option<Read>> {
        let of = if L::DENSITY { Of::Density } else { Of::Counts };
        Ok(Some((of, L::VARIABLES.len(), pointed::<Univariate<L>>(file, numbers)?)))
    }
    match name {
        law::Exponential::NAME => of::<law::Exponential>(file),
        law::Laplace::NAME => of::<law::Laplace>(file),
        law::Logistic::NAME => of::<law::Logistic>(file),
        law::Gamma::NAME => of::<law::Gamma>(file),
        law::Lognormal::NAME => of::<law::Lognormal>(file),
        law::Weibull::NAME => of::<law::Weibull>(file),
        law::Student::NAME => of::<law::Student>(file),
        law::Poisson::NAME => of::<law::Poisson>(file),
        law::NegativeBinomial::NAME => of::<law::NegativeBinomial>(file),
        law::Beta::NAME => of::<law::Beta>(file),
        _ => Ok(None),
    }
}

/// How one model lies within another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Within {
    /// Where some parameters of the larger are given: their likelihood ratio is χ² distributed.
    Inside,
    /// At an edge of the larger: it is below a χ².
    Edge,
    /// Where parameters of the larger have no meaning: of its distribution nothing is known.
    Singular,
}

impl Likely {
    /// How this lies within another model, if it does.
    pub fn within(&self, other: &Self) -> Option<Within> {
        let (small, large) = (self.family.as_str(), other.family.as_str());
        let regression = |family: &str| match family {
            // Of two classes they are one.
            Logistic::FAMILY | Softmax::FAMILY => Some(0),
            LinearGaussian::FAMILY => Some(1),
            PoissonRegression::FAMILY => Some(2),
            _ => None,
        };
        let beside = |names: &Names| (names.offset.clone(), names.exposure.clone());
        let alone = beside(&other.names) == (None, None);
        match (small, large) {
            _ if self.parameters >= other.parameters => None,
            _ if regression(small).is_some() && regression(small) == regression(large) => {
                let has = |column: &String| other.names.columns.contains(column);
                (self.names.columns.iter().all(has) && beside(&self.names) == beside(&other.names))
                    .then_some(Within::Inside)
            }
            (Bernoulli::FAMILY, Logistic::FAMILY | Softmax::FAMILY)
            | (Gaussian::FAMILY, LinearGaussian::FAMILY)
            | (law::Poisson::NAME, PoissonRegression::FAMILY) => alone.then_some(Within::Inside),
            (law::Exponential::NAME, law::Gamma::NAME | law::Weibull::NAME) => Some(Within::Inside),
            (law::Poisson::NAME, law::NegativeBinomial::NAME) | (Gaussian::FAMILY, law::Student::NAME) => {
                Some(Within::Edge)
            }
            (Gaussian::FAMILY | Mixture::FAMILY, Mixture::FAMILY) => Some(Within::Singular),
            _ => None,
        }
    }
}
