//! L-BFGS: gradient descent that learns the curvature as it walks, so that a real table needs no step size.

use std::collections::VecDeque;

use candle_core::{Device, Tensor, Var, backprop::GradStore};
use candle_nn::VarMap;

use super::gradient_descent::{moving, steepest};
use crate::batch::host;
use crate::curvature::dot;
use crate::descent::{Advance, Descent, Evaluation, Forward, State};
use crate::error::{Error, Result};

/// Limited-memory BFGS (Nocedal and Wright 2006, algorithms 7.4 and 7.5) with a line search that shortens and lengthens
/// until the strong Wolfe conditions hold, or to rounding.
///
/// It walks another path than gradient descent to the same maximum of the likelihood, in tens of steps; one that is accepted
/// at once costs one forward and one backward pass. It moves all variables of a map, as they are at each step: it may be made
/// before the model asks for them. A step without any is an error, and so is a variable that no gradient reaches.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use candle_mle::fit::Lbfgs;
/// use candle_mle::hook::GradientNorm;
/// use candle_mle::model::Bernoulli;
/// use candle_mle::{Empirical, fit, LossLog, Objective};
/// use candle_nn::{VarBuilder, VarMap};
/// let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu)?, &[60.0, 40.0])?;
/// let vars = VarMap::new();
/// let coin = Bernoulli::new(VarBuilder::from_varmap(&vars, DType::F64, &Device::Cpu))?;
/// let (mut log, mut converged) = (LossLog::new(), GradientNorm::new(&vars, 1e-9));
/// fit(&coin, &p, Objective::Kl, &mut Lbfgs::new(&vars), 0..100, &mut (&mut log, &mut converged))?;
/// assert!(converged.reached() && log.history()?.rows().len() < 10);
/// # Ok::<(), candle_mle::Error>(())
/// ```
#[derive(Clone)]
pub struct Lbfgs {
    vars: VarMap,
    /// Moves s of the variables and the changes y of the gradient along them, the oldest first.
    memory: VecDeque<(Vec<f64>, Vec<f64>)>,
    last: Option<(Vec<f64>, Vec<f64>)>,
    calm: Calm,
    /// The decrement when a curvature was last forgotten, which still bounds what is left: NaN where none was.
    bound: f64,
}

/// How many steps in a row gained no more than rounding, with no gradient clearly below the least of them; and that.
#[derive(Clone, Copy)]
pub(super) struct Calm(f64, f64);

impl Calm {
    pub fn new() -> Self {
        Self(0.0, f64::INFINITY)
    }

    /// Whether the loss counts as flat.
    pub fn enough(self) -> bool {
        self.0 >= CALM
    }

    /// After a step from here to there. Near the minimum the loss is flat to rounding long before its gradient is.
    pub fn after(self, line: &Line, there: &Evaluation) -> Self {
        let steep = line.gradient.iter().fold(0.0, |most: f64, g| most.max(g.abs()));
        match self {
            _ if line.value - there.forward.value > line.rounding => Self::new(),
            Self(_, least) if steep < 0.9 * least => Self(0.0, steep),
            Self(steps, least) => Self(steps + 1.0, least),
        }
    }

    pub fn kept(self, state: State) -> Result<State> {
        state.with("calm", &[self.0, self.1])
    }

    pub fn of(state: &State) -> Result<Self> {
        let [steps, least] = state.numbers("calm")?[..] else {
            return Err(Error::WrongState { problem: "'calm' is not two numbers".into() });
        };
        Ok(Self(steps, least))
    }
}

/// How many moves are remembered.
const MEMORY: usize = 20;
/// How much of the slope must be gained, and what share of it may be left: Nocedal and Wright's c₁ and c₂.
const GAIN: f64 = 1e-4;
const LEFT: f64 = 0.9;
/// How often a line is looked along.
const LOOKS: usize = 60;
/// How many calm steps are taken before the loss counts as flat.
const CALM: f64 = 10.0;

impl Lbfgs {
    /// Moves all variables of a map.
    pub fn new(vars: &VarMap) -> Self {
        Self { vars: vars.clone(), memory: VecDeque::new(), last: None, calm: Calm::new(), bound: f64::NAN }
    }

    /// −H g, with H the inverse curvature that the memory tells of.
    fn direction(&self, gradient: &[f64]) -> Vec<f64> {
        let mut d: Vec<f64> = gradient.iter().map(|g| -g).collect();
        let mut along = vec![];
        for (s, y) in self.memory.iter().rev() {
            let a = dot(s, &d) / dot(s, y);
            add(&mut d, -a, y);
            along.push(a);
        }
        let scale = match self.memory.back() {
            Some((s, y)) => dot(s, y) / dot(y, y),
            None => 1.0 / dot(gradient, gradient).sqrt().max(1.0),
        };
        d.iter_mut().for_each(|d| *d *= scale);
        for ((s, y), a) in self.memory.iter().zip(along.into_iter().rev()) {
            let b = dot(y, &d) / dot(s, y);
            add(&mut d, a - b, s);
        }
        d
    }

    /// Takes the last move into the memory, if it was one along a positive curvature: only that keeps H positive definite.
    fn remember(&mut self, theta: &[f64], gradient: &[f64]) {
        // Variables that have come in between make another space, of whose curvature nothing is known.
        if self.last.as_ref().is_some_and(|(last, _)| last.len() != theta.len()) {
            (self.memory, self.last) = (VecDeque::new(), None);
        }
        if let Some((last_theta, last_gradient)) = self.last.take() {
            let (s, y) = (difference(theta, &last_theta), difference(gradient, &last_gradient));
            if dot(&s, &y) > 1e-12 * dot(&y, &y).sqrt() * dot(&s, &s).sqrt() {
                self.memory.push_back((s, y));
                if self.memory.len() > MEMORY {
                    self.memory.pop_front();
                }
            }
        }
    }
}

impl std::fmt::Debug for Lbfgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lbfgs").field("remembered", &self.memory.len()).finish_non_exhaustive()
    }
}

impl Descent for Lbfgs {
    fn looks(&self) -> bool {
        true
    }

    fn advance(&mut self, here: &Evaluation, look: &mut dyn FnMut() -> Result<Forward>) -> Result<Advance> {
        if self.calm.enough() {
            return Ok(Advance::Stalled);
        }
        let line = Line::new(&self.vars, here)?;
        self.remember(&line.theta, &line.gradient);
        let mut direction = self.direction(&line.gradient);
        if dot(&direction, &line.gradient) >= 0.0 {
            self.memory.clear();
            direction = self.direction(&line.gradient);
        }
        let mut found = line.search(&direction, look)?;
        if found.is_none() && !self.memory.is_empty() {
            // The curvature pointed the wrong way: once more straight down.
            self.bound = -0.5 * dot(&direction, &line.gradient);
            self.memory.clear();
            found = line.search(&self.direction(&line.gradient), look)?;
        }
        match found {
            Some(there) => {
                self.calm = self.calm.after(&line, &there);
                self.last = Some((line.theta, line.gradient));
                Ok(Advance::Moved(Some(there)))
            }
            None => Ok(Advance::Stalled),
        }
    }

    fn slope(&self, gradients: &GradStore) -> Result<Option<f64>> {
        steepest(&self.vars, gradients)
    }

    fn decrement(&self, gradients: &GradStore) -> Result<Option<f64>> {
        let (mut theta, mut gradient) = (vec![], vec![]);
        for (_, var, of) in moving(&self.vars, gradients)? {
            theta.extend(host(&var)?);
            gradient.extend(host(&of)?);
        }
        if gradient.iter().all(|g| *g == 0.0) {
            return Ok(Some(0.0));
        }
        // With what the last move taught.
        let mut now = self.clone();
        now.remember(&theta, &gradient);
        let known = match now.memory.is_empty() {
            true => now.bound,
            false => -0.5 * dot(&now.direction(&gradient), &gradient),
        };
        Ok((!known.is_nan()).then_some(known))
    }

    fn state(&self) -> Result<State> {
        let mut state = self.calm.kept(State::default())?.with("bound", &[self.bound])?;
        for (at, (s, y)) in self.memory.iter().enumerate() {
            state = state.with(format!("move.{at:02}"), s)?.with(format!("change.{at:02}"), y)?;
        }
        match &self.last {
            Some((theta, gradient)) => state.with("last.variables", theta)?.with("last.gradient", gradient),
            None => Ok(state),
        }
    }

    fn restore(&mut self, state: State) -> Result<()> {
        let calm = Calm::of(&state)?;
        let [bound] = state.numbers("bound")?[..] else {
            return Err(Error::WrongState { problem: "'bound' is not one number".into() });
        };
        let (mut memory, mut known) = (VecDeque::new(), 2);
        while state.0.contains_key(&format!("move.{:02}", memory.len())) {
            let at = memory.len();
            memory.push_back((state.numbers(&format!("move.{at:02}"))?, state.numbers(&format!("change.{at:02}"))?));
            known += 2;
        }
        let last = match state.0.contains_key("last.variables") {
            true => Some((state.numbers("last.variables")?, state.numbers("last.gradient")?)),
            false => None,
        };
        if known + 2 * usize::from(last.is_some()) != state.0.len() {
            return Err(Error::WrongState { problem: "it holds more than the moves of L-BFGS".into() });
        }
        let size: usize = crate::parameters::by_name(&self.vars)?.iter().map(|(_, var)| var.elem_count()).sum();
        if memory.iter().chain(&last).any(|(s, y)| s.len() != size || y.len() != size) {
            return Err(Error::WrongState { problem: format!("it is of other than {size} variables") });
        }
        (self.memory, self.last, self.calm, self.bound) = (memory, last, calm, bound);
        Ok(())
    }
}

/// The loss along a direction from where the variables stand.
pub(super) struct Line {
    map: VarMap,
    vars: Vec<Var>,
    pub theta: Vec<f64>,
    pub gradient: Vec<f64>,
    pub value: f64,
    pub rounding: f64,
}

/// A place on the line: how far along it, the loss there and its slope.
#[derive(Clone, Copy)]
struct Place {
    length: f64,
    value: f64,
    /// NaN where it was not asked for.
    slope: f64,
}

impl Line {
    pub fn new(vars: &VarMap, here: &Evaluation) -> Result<Self> {
        let (mut all, mut theta, mut gradient) = (vec![], vec![], vec![]);
        for (_, var, of) in moving(vars, &here.gradients)? {
            theta.extend(host(&var)?);
            gradient.extend(host(&of)?);
            all.push(var);
        }
        let Forward { value, rounding, .. } = here.forward;
        Ok(Self { map: vars.clone(), vars: all, theta, gradient, value, rounding })
    }

    /// Puts the variables where the loss is lower enough and its slope small enough; `None`, with the variables where they were,
    /// where that cannot be had.
    pub fn search(&self, direction: &[f64], look: &mut dyn FnMut() -> Result<Forward>) -> Result<Option<Evaluation>> {
        let found = self.find(direction, look)?;
        if found.is_none() {
            self.set(&self.theta)?;
        }
        Ok(found)
    }

    /// The same, which may leave the variables anywhere.
    fn find(&self, direction: &[f64], look: &mut dyn FnMut() -> Result<Forward>) -> Result<Option<Evaluation>> {
        let slope = dot(direction, &self.gradient);
        if slope >= 0.0 || !slope.is_finite() {
            return Ok(None);
        }
        // The minimum lies beyond `low`, where the slope still leads down, and before `high`.
        let (mut low, mut high) = (Place { length: 0.0, value: self.value, slope }, None::<Place>);
        // The lowest place so far that gains enough.
        let mut best: Option<(Place, Evaluation)> = None;
        let (mut length, mut standing) = (1.0, 0.0);
        for _ in 0..LOOKS {
            self.go(direction, length)?;
            standing = length;
            let forward = look()?;
            let value = forward.value;
            // Near the minimum the loss is flat to rounding, and a step that keeps it there is a good one.
            let gains = value <= self.value + GAIN * length * slope + self.rounding;
            if gains {
                let there = forward.backward()?;
                let place = Place { length, value, slope: dot(direction, &self.along(&there.gradients)?) };
                if place.slope.abs() <= LEFT * slope.abs() {
                    return Ok(Some(there));
                }
                if place.slope < 0.0 {
                    low = place
                } else {
                    high = Some(place)
                }
                if best.as_ref().is_none_or(|(best, _)| value <= best.value) {
                    best = Some((place, there));
                }
            } else {
                high = Some(Place { length, value, slope: f64::NAN });
            }
            let Some(high) = high else {
                length *= 4.0;
                if !length.is_finite() {
                    break;
                }
                continue;
            };
            if high.length - low.length <= 1e-12 * high.length || high.length < 1e-14 {
                break;
            }
            length = between(low, high);
        }
        let Some((place, there)) = best else { return Ok(None) };
        // A kink, where no slope is small, or a slope that never ends: the lowest place it is.
        if place.length != standing {
            self.go(direction, place.length)?;
        }
        Ok(Some(there))
    }

    fn along(&self, gradients: &GradStore) -> Result<Vec<f64>> {
        let mut all = vec![];
        for (_, _, of) in moving(&self.map, gradients)? {
            all.extend(host(&of)?);
        }
        Ok(all)
    }

    fn go(&self, direction: &[f64], length: f64) -> Result<()> {
        let mut place = self.theta.clone();
        add(&mut place, length, direction);
        self.set(&place)
    }

    pub fn set(&self, theta: &[f64]) -> Result<()> {
        let mut from = 0;
        for var in &self.vars {
            let values = &theta[from..from + var.elem_count()];
            from += values.len();
            let tensor = Tensor::from_slice(values, var.dims(), &Device::Cpu)?;
            var.set(&tensor.to_dtype(var.dtype())?.to_device(var.device())?)?;
        }
        Ok(())
    }
}

/// Where the minimum between two places should be: by their slopes, else by the parabola of what is known, and never too
/// near to either.
fn between(low: Place, high: Place) -> f64 {
    let width = high.length - low.length;
    let share = if high.slope.is_finite() {
        low.slope / (low.slope - high.slope)
    } else {
        let rise = high.value - low.value - low.slope * width;
        if rise > 0.0 { -0.5 * low.slope * width / rise } else { 0.5 }
    };
    low.length + width * if share.is_nan() { 0.5 } else { share.clamp(0.1, 0.9) }
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn add(to: &mut [f64], factor: f64, what: &[f64]) {
    to.iter_mut().zip(what).for_each(|(to, what)| *to += factor * what);
}
