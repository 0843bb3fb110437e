//! Ways down: optimisers that walk side by side through the loss of a model, seen on a map of two of its parameters.

use std::ops::ControlFlow::Continue;
use std::rc::Rc;

use candle_core::{Device, Tensor};
use candle_mle::batch::host;
use candle_mle::descent::Descent;
use candle_mle::fit::{Adam, End, Fitting, GradientDescent, Lbfgs, Minibatches};
use candle_mle::hook::{GradientNorm, Truth};
use candle_mle::info::number::seen;
use candle_mle::info::{Information, Pmf, Unit};
use candle_mle::mle::Plan;
use candle_mle::model::{Gaussian, Linear, Logistic, Mixture, Network, Softmax};
use candle_mle::parameters::Parts;
use candle_mle::{
    Classifier, Empirical, Hook, Labelled, LossLog, Model, Objective, Parameters, Step, separation, walk,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use wasm_bindgen::prelude::*;

use crate::said::{Result, unit};

/// In which the points on a line are recorded, so that a density can be compared with them; a component of a mixture is no
/// narrower than two of it.
const RESOLUTION: f64 = 0.1;
/// Where the likelihood has no maximum, what the map does not show stands this near to the infimum, in nats of all observations.
const NEAR: f64 = 0.1;
/// Of the draws of minibatches, and of the restarts of a mixture.
const SEED: u64 = 1;

type Done<T> = candle_mle::Result<T>;

/// A family whose members have a place on a map of two of their parameters.
trait Mapped: Model + Parameters + Clone {
    /// Where it stands; NaN where there is no such map.
    fn place(&self) -> Done<[f64; 2]>;
    /// The one that stands there. What the map does not show is as here.
    fn moved(&self, to: [f64; 2]) -> Done<Self>;
    /// What it says of places, one after the other: probabilities of the classes there, or a density.
    fn says(&self, places: &[f64]) -> Done<Vec<f64>>;
}

/// Probabilities of the classes at rows of so many columns.
fn probs(model: &impl Classifier, places: &[f64], columns: usize) -> Done<Vec<f64>> {
    let x = Tensor::from_slice(places, (places.len() / columns, columns), &Device::Cpu)?;
    host(&model.log_probs(&x)?.exp()?)
}

fn density(model: &impl Model<Batch = Tensor>, places: &[f64]) -> Done<Vec<f64>> {
    host(&model.log_prob(&Tensor::from_slice(places, (places.len(), 1), &Device::Cpu)?)?.exp()?)
}

/// The same with other coefficients: of the last class the first and, of one column, the intercept, of more the second.
fn steered<M: Linear>(model: &M, to: [f64; 2]) -> Done<M> {
    let coefficients = model.coefficients()?;
    let (classes, width) = coefficients.dims2()?;
    let mut values = host(&coefficients)?;
    values[(classes - 1) * width..][..2].copy_from_slice(&to);
    M::from_coefficients(&Tensor::from_vec(values, (classes, width), &Device::Cpu)?)
}

fn steer<M: Linear>(model: &M) -> Done<[f64; 2]> {
    let coefficients = model.coefficients()?;
    let last = host(&coefficients.get(coefficients.dim(0)? - 1)?)?;
    Ok([last[0], last[1]])
}

impl Mapped for Logistic {
    fn place(&self) -> Done<[f64; 2]> {
        steer(self)
    }

    fn moved(&self, to: [f64; 2]) -> Done<Self> {
        steered(self, to)
    }

    fn says(&self, places: &[f64]) -> Done<Vec<f64>> {
        probs(self, places, 1)
    }
}

impl Mapped for Softmax {
    fn place(&self) -> Done<[f64; 2]> {
        steer(self)
    }

    fn moved(&self, to: [f64; 2]) -> Done<Self> {
        steered(self, to)
    }

    fn says(&self, places: &[f64]) -> Done<Vec<f64>> {
        probs(self, places, 2)
    }
}

impl Mapped for Gaussian {
    fn place(&self) -> Done<[f64; 2]> {
        Ok([host(&self.mean()?)?[0], self.conditional_std()?[0]])
    }

    fn moved(&self, [mean, sd]: [f64; 2]) -> Done<Self> {
        Self::from_moments(&[mean], &[[sd * sd]], &Device::Cpu)
    }

    fn says(&self, places: &[f64]) -> Done<Vec<f64>> {
        density(self, places)
    }
}

impl Mapped for Mixture {
    fn place(&self) -> Done<[f64; 2]> {
        let means = host(&self.means()?)?;
        Ok([means[0], means[1]])
    }

    fn moved(&self, to: [f64; 2]) -> Done<Self> {
        let mut parts = self.parts()?;
        parts.learnt.insert("means".into(), Tensor::from_slice(&to, (2, 1), &Device::Cpu)?);
        Self::from_parts(parts)
    }

    fn says(&self, places: &[f64]) -> Done<Vec<f64>> {
        density(self, places)
    }
}

impl Mapped for Network {
    fn place(&self) -> Done<[f64; 2]> {
        Ok([f64::NAN; 2])
    }

    fn moved(&self, _: [f64; 2]) -> Done<Self> {
        Ok(self.clone())
    }

    fn says(&self, places: &[f64]) -> Done<Vec<f64>> {
        probs(self, places, 2)
    }
}

/// The same, constant: it stays where its variables move on.
fn still<M: Parameters>(model: &M) -> Done<M> {
    let Parts { learnt, fixed } = model.parts()?;
    let copied = |(name, tensor): (String, Tensor)| Ok((name, tensor.detach().copy()?));
    M::from_parts(Parts { learnt: learnt.into_iter().map(copied).collect::<Done<_>>()?, fixed })
}

/// How the likelihood grows for ever, where it does.
struct Apart {
    infimum: Information,
    complete: bool,
    /// Along what the two parameters of the map run off.
    along: [f64; 2],
    /// What tells, and what it tells.
    what: [&'static str; 2],
}

/// What was observed, and the family that learns it.
trait Land {
    fn entropy(&self) -> f64;
    fn total(&self) -> f64;
    fn apart(&self) -> Option<&Apart>;
    fn best(&self) -> Done<Vec<f64>>;
    fn floor(&self) -> Done<f64>;
    fn map(&self, across: &[f64], up: &[f64]) -> Done<Vec<f64>>;
    fn says(&self, places: &[f64]) -> Done<Vec<f64>>;
    fn walk(&self, by: &str, from: [f64; 2], step_size: f64) -> Done<Walk>;
}

struct Of<M: Model> {
    p: Rc<Empirical<M::Batch>>,
    /// What p̂ was drawn from, where it is known.
    population: Option<Rc<Empirical<M::Batch>>>,
    start: M,
    /// The likeliest; where there is none, one near to the infimum.
    best: Option<M>,
    apart: Option<Apart>,
}

impl<M: Mapped + 'static> Of<M>
where
    M::Batch: 'static,
{
    fn new(p: Empirical<M::Batch>, start: M, best: Option<M>) -> Self {
        Self { p: Rc::new(p), population: None, start, best, apart: None }
    }

    fn kl(&self, models: impl IntoIterator<Item = Done<M>>) -> Done<Vec<f64>> {
        let mut log = LossLog::new();
        walk(models, &self.p, &mut log)?;
        Ok(log.history()?.rows().iter().map(|row| row.kl).collect())
    }
}

/// The likeliest of a family that is linear in its logits, or one near to the infimum.
fn linear<M: Mapped + Linear + Model<Batch = Labelled> + 'static>(
    p: Empirical<Labelled>,
    start: M,
    what: [&'static str; 2],
) -> Done<Of<M>> {
    let apart = separation(&p, start.classes())?;
    let floor = apart.as_ref().map(|apart| (apart.infimum.nats() + NEAR) / p.total());
    let best = Plan { floor, ..Plan::default() }.fit_from(&p, &start)?.model;
    let apart = apart.map(|found| {
        let last = &found.direction[start.classes() - 1];
        Apart { infimum: found.infimum, complete: found.complete, along: [last[0], last[1]], what }
    });
    let best = still(&best)?;
    Ok(Of { apart, ..Of::new(p, start, Some(best)) })
}

impl<M: Mapped + 'static> Land for Of<M>
where
    M::Batch: 'static,
{
    fn entropy(&self) -> f64 {
        self.p.entropy().nats()
    }

    fn total(&self) -> f64 {
        self.p.total()
    }

    fn apart(&self) -> Option<&Apart> {
        self.apart.as_ref()
    }

    fn best(&self) -> Done<Vec<f64>> {
        match (&self.best, &self.apart) {
            (Some(best), None) => Ok(best.place()?.to_vec()),
            _ => Ok(vec![]),
        }
    }

    fn floor(&self) -> Done<f64> {
        Ok(match (&self.apart, &self.best) {
            (Some(apart), _) => (apart.infimum / self.p.total() - self.p.entropy()).nats(),
            (None, Some(best)) => self.kl([Ok(best.clone())])?[0],
            (None, None) => 0.0,
        })
    }

    fn map(&self, across: &[f64], up: &[f64]) -> Done<Vec<f64>> {
        let Some(section) = &self.best else { return Ok(vec![]) };
        self.kl(up.iter().flat_map(|y| across.iter().map(|x| section.moved([*x, *y]))))
    }

    fn says(&self, places: &[f64]) -> Done<Vec<f64>> {
        self.best.as_ref().map_or(Ok(vec![]), |best| best.says(places))
    }

    fn walk(&self, by: &str, from: [f64; 2], step_size: f64) -> Done<Walk> {
        let (vars, model) = self.start.moved(from)?.learner()?;
        let descent: Box<dyn Descent> = match by {
            "momentum" => Box::new(GradientDescent::new(&vars, step_size)?.momentum(0.9)?),
            "Adam" => Box::new(Adam::new(&vars, step_size)?),
            "L-BFGS" => Box::new(Lbfgs::new(&vars)),
            _ => Box::new(GradientDescent::new(&vars, step_size)?),
        };
        Ok(Walk(Box::new(Course {
            model,
            descent,
            minibatch: (by == "minibatches").then(|| minibatch(self.p.total())),
            fitting: Fitting::new(Objective::CrossEntropy, 0..usize::MAX),
            gradient: GradientNorm::new(&vars, 1e-9),
            log: LossLog::with_truth(Population(self.population.clone())),
            p: self.p.clone(),
            stood: vec![],
            end: None,
        })))
    }
}

/// A tenth of the observations, and no fewer than two.
fn minibatch(total: f64) -> usize {
    ((total / 10.0) as usize).max(2)
}

/// All that there is, whose KL to q no sample takes part in.
struct Population<B>(Option<Rc<Empirical<B>>>);

impl<M: Model> Truth<M> for Population<M::Batch> {
    fn population_kl(&self, step: &Step<'_, M>) -> Done<Option<Information>> {
        let Some(all) = &self.0 else { return Ok(None) };
        let log_q = step.model.log_prob(all.batch())?.detach();
        let [kl, ..] = Step::new(step.index, step.model, all, &log_q)?.three_quantities()?;
        Ok(Some(Information::from_nats(kl)))
    }
}

/// An optimiser on its way.
trait Way {
    fn step(&mut self) -> Done<Vec<f64>>;
    fn says(&self, step: usize, places: &[f64]) -> Done<Vec<f64>>;
}

struct Course<M: Model> {
    model: M,
    p: Rc<Empirical<M::Batch>>,
    fitting: Fitting,
    descent: Box<dyn Descent>,
    minibatch: Option<usize>,
    log: LossLog<Population<M::Batch>>,
    gradient: GradientNorm,
    /// Where it stood.
    stood: Vec<M>,
    end: Option<End>,
}

impl<M: Mapped> Way for Course<M> {
    fn step(&mut self) -> Done<Vec<f64>> {
        let (gradient, stood) = (&mut self.gradient, &mut self.stood);
        let mut look = |step: &Step<'_, M>| {
            stood.push(still(step.model)?);
            gradient.on_step(step).map(|_| Continue(()))
        };
        let (hooks, descent) = (&mut (&mut self.log, &mut look), self.descent.as_mut());
        self.end = match self.minibatch {
            Some(size) => {
                self.fitting.step(&self.model, &mut Minibatches::new(&self.p, size, SEED)?, descent, hooks)?
            }
            None => self.fitting.step(&self.model, &mut &*self.p, descent, hooks)?,
        };
        let row = self.log.history()?.rows().last().copied();
        let Some((row, model)) = row.zip(self.stood.last()) else { return Ok(vec![]) };
        let over = self.end.is_some() || self.gradient.reached();
        let numbers = [row.kl, row.cross_entropy, row.nll, f64::from(u8::from(over))];
        Ok([&model.place()?[..], &numbers, &[row.population_kl.unwrap_or(f64::NAN)]].concat())
    }

    fn says(&self, step: usize, places: &[f64]) -> Done<Vec<f64>> {
        self.stood.get(step).map_or(Ok(vec![]), |model| model.says(places))
    }
}

/// What was observed, and the family that learns it.
#[wasm_bindgen]
pub struct Ground(Box<dyn Land>);

#[wasm_bindgen]
impl Ground {
    /// Logistic regression: of `trials` at each dose so many responded. The map: slope and intercept.
    pub fn doses(doses: &[f64], trials: &[f64], responses: &[f64]) -> Result<Ground> {
        let m = doses.len();
        let x = Tensor::from_vec([doses, doses].concat(), (2 * m, 1), &Device::Cpu)?;
        let y: Vec<u32> = (0..2 * m).map(|row| u32::from(row >= m)).collect();
        let failed = trials.iter().zip(responses).map(|(all, some)| all - some);
        let counts: Vec<f64> = failed.chain(responses.iter().copied()).collect();
        let batch = Labelled::new(x, Tensor::from_vec(y, 2 * m, &Device::Cpu)?)?;
        let start = Logistic::from_coefficients(&Tensor::zeros((2, 2), candle_core::DType::F64, &Device::Cpu)?)?;
        Ok(Self(Box::new(linear(Empirical::from_counts(batch, &counts)?, start, ["a dose tells", "who responds"])?)))
    }

    /// The softmax classifier: points of the plane, one after the other, and the class of each, from 0 on. The map: both
    /// slopes of the last class against the first.
    pub fn classes(points: &[f64], classes: &[u32]) -> Result<Ground> {
        let many = classes.iter().max().map_or(0, |last| *last as usize + 1);
        let x = Tensor::from_slice(points, (classes.len(), 2), &Device::Cpu)?;
        let batch = Labelled::new(x, Tensor::from_slice(classes, classes.len(), &Device::Cpu)?)?;
        let start = Softmax::from_coefficients(&Tensor::zeros((many, 3), candle_core::DType::F64, &Device::Cpu)?)?;
        Ok(Self(Box::new(linear(Empirical::from_sample(batch)?, start, ["lines tell the classes", "apart"])?)))
    }

    /// The Gaussian: points on a line. The map: mean and standard deviation.
    pub fn gaussian(points: &[f64]) -> Result<Ground> {
        let p = line(points)?;
        let (mean, covariance) = p.moments()?;
        let best = Gaussian::from_moments(&mean, &covariance, &Device::Cpu)?;
        Ok(Self(Box::new(Of::new(p, best.clone(), Some(best)))))
    }

    /// A mixture of two Gaussians: points on a line. The map: both means.
    pub fn mixture(points: &[f64]) -> Result<Ground> {
        let p = line(points)?;
        let (floor, mut rng) = (2.0 * RESOLUTION, ChaCha8Rng::seed_from_u64(SEED));
        let start = Mixture::seeded(p.batch(), p.mass(), 2, &[floor], &mut rng)?;
        let best = Mixture::best_of(3, &p, 2, &[floor], &mut rng)?.model;
        // Its own coordinates are those of the points.
        let (weights, means, spreads) = (host(&best.weights()?)?, best.means()?, best.covariances()?);
        let variances: Vec<[[f64; 1]; 1]> = host(&spreads)?.into_iter().map(|variance| [[variance]]).collect();
        let best = Mixture::from_moments(&weights, &means.to_vec2::<f64>()?, &variances, &Device::Cpu)?;
        Ok(Self(Box::new(Of::new(p, start, Some(best)))))
    }

    /// A network with a hidden layer, for two classes of places in the plane: n of them drawn from the ring.
    pub fn network(n: usize, seed: u64, noise: f64, hidden: usize) -> Result<Ground> {
        let (population, p) = ring(n, seed, noise)?;
        let start = Network::seeded(2, &[hidden], 2, &mut ChaCha8Rng::seed_from_u64(seed), &Device::Cpu)?;
        Ok(Self(Box::new(Of { population: Some(Rc::new(population)), ..Of::new(p, start, None) })))
    }

    /// H of what was observed, given x where there is one; nats.
    pub fn entropy(&self) -> f64 {
        self.0.entropy()
    }

    /// How many observations.
    pub fn total(&self) -> f64 {
        self.0.total()
    }

    /// How many of them a minibatch has.
    pub fn minibatch(&self) -> usize {
        minibatch(self.0.total())
    }

    /// Why the likelihood has no finite maximum, in words, if it has none.
    pub fn verdict(&self, name: &str) -> Result<Option<String>> {
        let unit: Unit = unit(name)?;
        Ok(self.0.apart().map(|Apart { infimum, complete, along: [x, y], what: [tells, what] }| {
            format!(
                "No finite maximum: {tells} {} {what}. The two parameters run off along ({}, {}); NLL falls towards {} {unit}.",
                if *complete { "exactly" } else { "in part" },
                seen(*x, 2),
                seen(*y, 2),
                seen(infimum.to(unit), 4)
            )
        }))
    }

    /// Where on the map the likeliest stands; nothing where there is none.
    pub fn best(&self) -> Result<Vec<f64>> {
        Ok(self.0.best()?)
    }

    /// Along what the two parameters of the map run off; nothing where they do not.
    pub fn along(&self) -> Vec<f64> {
        self.0.apart().map_or(vec![], |apart| apart.along.to_vec())
    }

    /// The least KL, or the infimum that it falls towards; nats.
    pub fn floor(&self) -> Result<f64> {
        Ok(self.0.floor()?)
    }

    /// KL over a grid of the map, row by row; what the map does not show is as the likeliest has it; nats.
    pub fn map(&self, across: &[f64], up: &[f64]) -> Result<Vec<f64>> {
        Ok(self.0.map(across, up)?)
    }

    /// What the likeliest says of places: probabilities of the classes, or a density.
    pub fn says(&self, places: &[f64]) -> Result<Vec<f64>> {
        Ok(self.0.says(places)?)
    }

    /// A walk from a place of the map, by `gradient descent`, `minibatches`, `momentum`, `Adam` or `L-BFGS`.
    pub fn walk(&self, by: &str, across: f64, up: f64, step_size: f64) -> Result<Walk> {
        Ok(self.0.walk(by, [across, up], step_size)?)
    }
}

/// One optimiser on its way.
#[wasm_bindgen]
pub struct Walk(Box<dyn Way>);

#[wasm_bindgen]
impl Walk {
    /// Where on the map it stands, KL, cross-entropy, NLL, 1 if the gradient is as small as a fit asks for or nothing more can
    /// be gained, KL(truth‖q) where it is known; then it moves.
    pub fn step(&mut self) -> Result<Vec<f64>> {
        Ok(self.0.step()?)
    }

    /// What it said of places at a step: probabilities of the classes, or a density.
    pub fn says(&self, step: usize, places: &[f64]) -> Result<Vec<f64>> {
        Ok(self.0.says(step, places)?)
    }
}

/// Points on a line, as they were recorded.
fn line(points: &[f64]) -> Done<Empirical<Tensor>> {
    let points = Tensor::from_slice(points, (points.len(), 1), &Device::Cpu)?;
    Empirical::from_sample(points)?.at_resolution(&[RESOLUTION])
}

/// How many places the ring's square has along a side.
const SIDE: usize = 24;

/// A place, from −1 to 1.
fn place(cell: usize) -> f64 {
    (2 * cell + 1) as f64 / SIDE as f64 - 1.0
}

/// All places of the square, on the ring mostly of class 1 and off it mostly of class 0; and n draws from them.
fn ring(n: usize, seed: u64, noise: f64) -> Done<(Empirical<Labelled>, Empirical<Labelled>)> {
    let one = |cell: usize| if place(cell / SIDE).hypot(place(cell % SIDE)) > 0.75 { 1.0 - noise } else { noise };
    let weights: Vec<f64> = (0..SIDE * SIDE).flat_map(|cell| [1.0 - one(cell), one(cell)]).collect();
    let law = Pmf::from_counts([SIDE, SIDE, 2], weights)?;
    let drawn = law.sample(n, &mut ChaCha8Rng::seed_from_u64(seed));
    let batch = |cells: &mut dyn Iterator<Item = Vec<usize>>| -> Done<Labelled> {
        let (mut x, mut y) = (vec![], vec![]);
        for cell in cells {
            x.extend([place(cell[0]), place(cell[1])]);
            y.push(cell[2] as u32);
        }
        let m = y.len();
        Labelled::new(Tensor::from_vec(x, (m, 2), &Device::Cpu)?, Tensor::from_vec(y, m, &Device::Cpu)?)
    };
    let all = Empirical::from_counts(batch(&mut law.cells().map(|(cell, _)| cell))?, law.values())?;
    Ok((all, Empirical::from_sample(batch(&mut drawn.into_iter())?)?))
}

/// The draws of [`Ground::network`]: x, y and the class of each, one after the other.
#[wasm_bindgen]
pub fn drawn(n: usize, seed: u64, noise: f64) -> Result<Vec<f64>> {
    let (_, p) = ring(n, seed, noise)?;
    let (x, y, count) = (host(p.batch().x())?, host(p.batch().y())?, host(p.count())?);
    let rows = x.chunks(2).zip(y).zip(count);
    Ok(rows.flat_map(|((x, y), count)| [x[0], x[1], y, count]).collect())
}
