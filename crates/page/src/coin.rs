//! The coin: what was seen of it, three curves over θ, and three descents side by side.

use std::collections::HashMap;
use std::ops::ControlFlow::{self, Continue};

use candle_core::{DType, Device, Tensor};
use candle_mle::batch::number;
use candle_mle::fit::{Fitting, GradientDescent};
use candle_mle::hook::{GradientNorm, NoClimb, ParameterPath, Row, Truth};
use candle_mle::info::Information;
use candle_mle::info::number::{count, seen};
use candle_mle::model::{Bernoulli, Sample};
use candle_mle::separation::one_sided;
use candle_mle::{Empirical, Hook, LossLog, Model, Objective, Parameters, Step, walk};
use candle_nn::{VarBuilder, VarMap};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use wasm_bindgen::prelude::*;

use crate::said::{Result, unit};

/// Flips of a coin of that probability of heads, 1 for heads: those of `cargo run --example coin -- --n N --seed SEED`
/// for 0.6.
#[wasm_bindgen]
pub fn flips(prob: f64, n: usize, seed: u64) -> Result<Vec<u8>> {
    let drawn = Bernoulli::from_prob(prob, &Device::Cpu)?.sample(&n, &mut ChaCha8Rng::seed_from_u64(seed))?;
    Ok(drawn.to_vec1::<f64>()?.into_iter().map(|x| x as u8).collect())
}

/// A coin that nobody knows: its probability of heads, to three decimals, from 0.15 to 0.85.
#[wasm_bindgen]
pub fn hidden(seed: u64) -> f64 {
    f64::from(ChaCha8Rng::seed_from_u64(seed).random_range(150..=850)) / 1000.0
}

/// The coin at θ, the log-odds of heads, constant.
fn at(theta: f64) -> candle_mle::Result<Bernoulli> {
    let parts = HashMap::from([("logit".to_string(), Tensor::new(theta, &Device::Cpu)?)]);
    Bernoulli::new(VarBuilder::from_tensors(parts, DType::F64, &Device::Cpu))
}

/// θ, the log-odds of heads, of a coin: where it stands on the axis.
fn place(coin: &Bernoulli) -> candle_mle::Result<f64> {
    number(&coin.parameters()?["logit"])
}

/// θ of a probability of heads; ±∞ of 1 and 0.
#[wasm_bindgen]
pub fn theta(prob: f64) -> Result<f64> {
    Ok(place(&Bernoulli::from_prob(prob, &Device::Cpu)?)?)
}

/// The probability of heads at θ.
#[wasm_bindgen]
pub fn prob(theta: f64) -> Result<f64> {
    Ok(at(theta)?.prob()?)
}

/// What was seen of a coin, and the coin that it was drawn from, if that is known.
#[wasm_bindgen]
pub struct Coin {
    p: Empirical<Tensor>,
    truth: Option<Bernoulli>,
}

#[wasm_bindgen]
impl Coin {
    /// So many heads and tails.
    pub fn counted(heads: f64, tails: f64) -> Result<Coin> {
        let faces = Tensor::new(&[1.0, 0.0], &Device::Cpu)?;
        Ok(Self { p: Empirical::from_counts(faces, &[heads, tails])?, truth: None })
    }

    /// Flips one by one, 1 for heads, of a coin of that probability, where it is known.
    pub fn flipped(flips: &[u8], prob: Option<f64>) -> Result<Coin> {
        let flips: Vec<f64> = flips.iter().map(|x| f64::from(*x)).collect();
        let truth = prob.map(|prob| Bernoulli::from_prob(prob, &Device::Cpu)).transpose()?;
        Ok(Self { p: Empirical::from_sample(Tensor::new(flips, &Device::Cpu)?)?, truth })
    }

    /// H(p̂), nats.
    pub fn entropy(&self) -> f64 {
        self.p.entropy().nats()
    }

    /// The share of heads.
    pub fn heads(&self) -> Result<f64> {
        Ok(self.p.moments()?.0[0])
    }

    /// Why the likelihood has no finite maximum, in words, if only one face was seen.
    pub fn verdict(&self) -> Result<Option<String>> {
        let face = if self.heads()? == 1.0 { "heads" } else { "tails" };
        Ok(one_sided(&self.p)?.map(|separation| {
            format!(
                "Only {face} was observed: the likelihood has no finite maximum. The infimum is {:.0}, and θ runs off.",
                separation.infimum.nats()
            )
        }))
    }

    /// KL, cross-entropy, NLL and, with a known truth, KL(truth‖q), one curve after the other over these θ; in nats.
    pub fn curves(&self, thetas: &[f64]) -> Result<Vec<f64>> {
        let mut log = LossLog::with_truth(self.truth.as_ref());
        walk(thetas.iter().map(|theta| at(*theta)), &self.p, &mut log)?;
        let history = log.into_history()?;
        let curve = |value: fn(&Row) -> f64| history.rows().iter().map(value);
        let three = curve(|row| row.kl).chain(curve(|row| row.cross_entropy)).chain(curve(|row| row.nll));
        Ok(three.chain(history.rows().iter().filter_map(|row| row.population_kl)).collect())
    }

    /// The gradients of KL, cross-entropy and NLL at θ, each by its own backward pass; nats per unit of θ.
    pub fn slopes(&self, theta: f64) -> Result<Vec<f64>> {
        let (vars, coin) = learner(theta)?;
        let log_q = coin.log_prob(self.p.batch())?;
        let slope = |objective: Objective| -> Result<f64> {
            let gradients = objective.loss(&coin, &log_q, &self.p)?.backward()?;
            let var = vars.all_vars();
            Ok(gradients.get(&var[0]).map(number).transpose()?.unwrap_or(f64::NAN))
        };
        [Objective::Kl, Objective::CrossEntropy, Objective::Nll].into_iter().map(slope).collect()
    }

    /// The identity at θ in digits: cross-entropy, H(p̂), KL, n, NLL.
    pub fn identity(&self, theta: f64, name: &str) -> Result<Vec<String>> {
        let mut log = LossLog::new();
        walk([at(theta)], &self.p, &mut log)?;
        let (row, unit) = (log.history()?.rows()[0], unit(name)?);
        let digits = |nats: f64, decimals| seen(nats / unit.nats(), decimals);
        let [sum, floor, above] = [row.cross_entropy, self.entropy(), row.kl].map(|nats| digits(nats, 4));
        Ok(vec![sum, floor, above, count(self.p.total()), digits(row.nll, 2)])
    }

    /// Gradient descent from θ on each of the three.
    pub fn descend(&self, theta: f64, step_size: f64) -> Result<Descending> {
        let p = self.p.clone();
        let runs = [Objective::Kl, Objective::CrossEntropy, Objective::Nll]
            .map(|objective| One::new(objective, step_size, theta, &p, self.truth.clone()));
        let [kl, cross_entropy, nll] = runs;
        Ok(Descending { runs: [kl?, cross_entropy?, nll?], p })
    }
}

/// A coin that moves, from θ.
fn learner(theta: f64) -> candle_mle::Result<(VarMap, Bernoulli)> {
    let mut vars = VarMap::new();
    let coin = Bernoulli::new(VarBuilder::from_varmap(&vars, DType::F64, &Device::Cpu))?;
    vars.set_one("logit", Tensor::new(theta, &Device::Cpu)?)?;
    Ok((vars, coin))
}

/// The coin that flips were drawn from, where it is known.
struct Known(Option<Bernoulli>);

impl Truth<Bernoulli> for Known {
    fn population_kl(&self, step: &Step<'_, Bernoulli>) -> candle_mle::Result<Option<Information>> {
        self.0.as_ref().population_kl(step)
    }
}

/// One descent: a coin, what moves it, where it is, and who looks on.
struct One {
    coin: Bernoulli,
    fitting: Fitting,
    descent: GradientDescent,
    log: LossLog<Known>,
    path: ParameterPath,
    gradient: GradientNorm,
    climb: Climb,
}

impl One {
    fn new(
        objective: Objective,
        step_size: f64,
        theta: f64,
        p: &Empirical<Tensor>,
        truth: Option<Bernoulli>,
    ) -> candle_mle::Result<Self> {
        let (vars, coin) = learner(theta)?;
        Ok(Self {
            coin,
            fitting: Fitting::new(objective, 0..usize::MAX),
            descent: GradientDescent::new(&vars, step_size / objective.scale(p))?,
            log: LossLog::with_truth(Known(truth)),
            path: ParameterPath::new(),
            gradient: GradientNorm::new(&vars, 1e-9 * objective.scale(p)),
            climb: Climb::default(),
        })
    }

    /// Logs where it stands, and moves.
    fn step(&mut self, p: &Empirical<Tensor>) -> candle_mle::Result<()> {
        // It goes on beyond what is small enough, as long as somebody wants to look.
        let gradient = &mut self.gradient;
        let mut look = |step: &Step<'_, Bernoulli>| gradient.on_step(step).map(|_| Continue(()));
        let hooks = &mut (&mut self.log, &mut self.path, &mut (&mut look, &mut self.climb));
        self.fitting.step(&self.coin, &mut &*p, &mut self.descent, hooks)?;
        Ok(())
    }
}

/// Remembers what is said of a loss above its start, and whether the last step rose.
#[derive(Default)]
struct Climb {
    start: NoClimb,
    said: Option<String>,
    last: f64,
    rose: bool,
}

impl Hook<Bernoulli> for Climb {
    fn on_step(&mut self, step: &Step<'_, Bernoulli>) -> candle_mle::Result<ControlFlow<()>> {
        self.said = self.start.on_step(step).err().map(|e| e.to_string());
        let loss = step.loss()?;
        // By more than rounding.
        self.rose = step.index > 0 && loss > self.last + 1e-9;
        self.last = loss;
        Ok(Continue(()))
    }
}

/// What a step of a descent came to.
#[wasm_bindgen(getter_with_clone)]
pub struct Seen {
    /// θ of the three descents.
    pub thetas: Vec<f64>,
    /// KL, cross-entropy and NLL as the descent on the cross-entropy logged them, and KL(truth‖q) where it is known; nats.
    pub row: Vec<f64>,
    /// Of each descent, how far its own loss is above its infimum, in nats per observation.
    pub above: Vec<f64>,
    /// Whether the loss rose.
    pub rose: bool,
    /// Whether the gradient is as small as a fit asks for.
    pub arrived: bool,
    /// What the library says of a loss above its start.
    pub said: Option<String>,
}

/// Three descents from one start that walk one path: on KL, on the cross-entropy, on NLL with the step size divided by n.
#[wasm_bindgen]
pub struct Descending {
    runs: [One; 3],
    p: Empirical<Tensor>,
}

#[wasm_bindgen]
impl Descending {
    /// Where each stands; then each moves.
    pub fn step(&mut self) -> Result<Seen> {
        let (mut thetas, mut rows) = (vec![], vec![]);
        for one in &mut self.runs {
            one.step(&self.p)?;
            thetas.extend(one.path.path().last().map(|theta| theta[0]));
            rows.extend(one.log.history()?.rows().last().copied());
        }
        let [kl, cross_entropy, nll] = rows[..] else { return Err(JsError::new("a descent without a row")) };
        let (floor, n) = (self.p.entropy().nats(), self.p.total());
        let seen = cross_entropy;
        Ok(Seen {
            thetas,
            row: [seen.kl, seen.cross_entropy, seen.nll].into_iter().chain(seen.population_kl).collect(),
            above: vec![kl.kl, cross_entropy.cross_entropy - floor, nll.nll / n - floor],
            rose: self.runs[1].climb.rose,
            arrived: self.runs.iter().all(|one| one.gradient.reached()),
            said: self.runs[1].climb.said.clone(),
        })
    }

    /// The log of the descent on the cross-entropy, as a file.
    pub fn csv(&mut self, name: &str) -> Result<String> {
        Ok(self.runs[1].log.history()?.to_csv(unit(name)?))
    }
}
