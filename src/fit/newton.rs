//! Newton's method: steps by the observed Fisher information, which a summary of the fit needs anyway.

use candle_core::backprop::GradStore;
use candle_nn::VarMap;
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use super::gradient_descent::{moving, steepest};
use super::lbfgs::{Calm, Line};
use crate::batch::{Batch, host};
use crate::curvature::{Curved, dot};
use crate::descent::{Advance, Descent, Evaluation, Forward, State};
use crate::empirical::Empirical;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::objective::Objective;

/// θ ← θ − H⁻¹ ∇loss, with H the observed Fisher information of a [family that knows it](Model::curved); shortened where a
/// whole step gains too little, so that it never climbs. A handful of steps; a curvature costs m r² multiplications for r
/// parameters.
///
/// Far from the maximum the curvature of some of the rows will do, and each is kept for as long as every step by it leaves a
/// tenth of the way at most: near the maximum it hardly changes, and a step costs what one of gradient descent does. Where it is
/// singular, as where columns tell classes apart, it is lifted until it is not, by a multiple of its own diagonal: a step between
/// Newton's and the gradient's (Levenberg 1944, Marquardt 1963).
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_mle::fit::Newton;
/// use candle_mle::hook::GradientNorm;
/// use candle_mle::model::Logistic;
/// use candle_mle::{Empirical, fit, Labelled, LossLog, Objective};
/// use candle_nn::{VarBuilder, VarMap};
/// let x = Tensor::new(&[[0.0], [0.0], [1.0], [1.0]], &Device::Cpu)?;
/// let batch = Labelled::new(x, Tensor::new(&[0u32, 1, 0, 1], &Device::Cpu)?)?;
/// let p = Empirical::from_counts(batch, &[3.0, 1.0, 1.0, 3.0])?;
/// let vars = VarMap::new();
/// let model = Logistic::new(1, VarBuilder::from_varmap(&vars, candle_core::DType::F64, &Device::Cpu))?;
/// let (mut log, mut converged) = (LossLog::new(), GradientNorm::new(&vars, 1e-12));
/// let mut newton = Newton::new(&model, &vars, &p, Objective::CrossEntropy).expect("a curvature that is known");
/// fit(&model, &p, Objective::CrossEntropy, &mut newton, 0..100, &mut (&mut log, &mut converged))?;
/// assert!(converged.reached() && log.history()?.rows().len() < 10);
/// # Ok::<(), candle_mle::Error>(())
/// ```
pub struct Newton<'a, B: Batch> {
    vars: VarMap,
    curved: &'a dyn Curved<B>,
    p: &'a Empirical<B>,
    scale: f64,
    /// The curvature of the loss where it was looked at last.
    kept: Option<Kept>,
    /// gᵀH⁻¹g of the last step.
    last: f64,
    calm: Calm,
}

/// A curvature that can be solved with: in units of parameters in which its diagonal is 1.
struct Kept {
    unit: Vec<f64>,
    root: Cholesky<f64, Dyn>,
}

/// A curvature is kept while a step by it leaves this share of gᵀH⁻¹g, the square of the way.
const SERVES: f64 = 1e-2;
/// The loss per observation still to be gained, in nats, from which on the curvature of all rows is worth its cost; and of how many
/// rows a parameter it is known well enough before.
const NEAR: f64 = 1e-3;
const ENOUGH: usize = 50;
/// What a curvature is lifted by at first: less than rounding makes of its digits in a table of any size.
const LIFT: f64 = 1e-13;

impl<'a, B: Batch> Newton<'a, B> {
    /// For a model whose variables are `vars`, all of them, and the p̂ that it is fitted to; none where its curvature is not known in
    /// closed form, and for the reverse divergence, a ridge and a penalty of one's own, whose curvature is another.
    pub fn new<M: Model<Batch = B>>(
        model: &'a M,
        vars: &VarMap,
        p: &'a Empirical<B>,
        objective: Objective,
    ) -> Option<Self> {
        let others = matches!(objective, Objective::ReverseKl | Objective::Ridge { .. } | Objective::Penalized);
        let curved = model.curved().filter(|_| !others)?;
        let (vars, scale) = (vars.clone(), objective.scale(p));
        Some(Self { vars, curved, p, scale, kept: None, last: f64::INFINITY, calm: Calm::new() })
    }

    /// The curvature of the loss: of all rows, or as it is in every so many of them.
    fn look(&self, whole: bool) -> Result<DMatrix<f64>> {
        let mass = host(self.p.mass())?;
        let of = |mass: &[f64]| Ok::<_, Error>(self.curved.bowl(self.p.batch(), mass)? * self.scale);
        let every = mass.len() / (ENOUGH * self.curved.free().len()).max(1);
        if !whole && every > 1 {
            let mut part: Vec<f64> =
                mass.iter().enumerate().map(|(row, mass)| if row % every == 0 { *mass } else { 0.0 }).collect();
            let sum = part.iter().sum::<f64>();
            part.iter_mut().for_each(|mass| *mass /= sum);
            let curvature = of(&part)?;
            // Of what is rare some of the rows may know nothing.
            if curvature.diagonal().iter().all(|of| *of > 0.0) {
                return Ok(curvature);
            }
        }
        of(&mass)
    }

    /// The free part of a gradient, or an error that says which variable is not of the model.
    fn free(&self, gradient: &[f64]) -> Result<(Vec<usize>, DVector<f64>)> {
        let free = self.curved.free();
        match free.iter().max() {
            Some(most) if *most >= gradient.len() => Err(Error::NothingMoved),
            _ => {
                let part = DVector::from_iterator(free.len(), free.iter().map(|at| gradient[*at]));
                Ok((free, part))
            }
        }
    }
}

impl Kept {
    /// Lifted by a share of its diagonal until it has a root.
    fn new(curvature: &DMatrix<f64>) -> Option<Self> {
        let unit: Vec<f64> =
            curvature.diagonal().iter().map(|c| if *c > 0.0 { c.sqrt().recip() } else { 0.0 }).collect();
        let scaled = DMatrix::from_fn(unit.len(), unit.len(), |i, j| curvature[(i, j)] * unit[i] * unit[j]);
        let mut lift = LIFT;
        while lift < 1e6 {
            let mut lifted = scaled.clone();
            for (i, unit) in unit.iter().enumerate() {
                lifted[(i, i)] += if *unit > 0.0 { lift } else { 1.0 };
            }
            if let Some(root) = lifted.cholesky() {
                return Some(Self { unit, root });
            }
            lift *= 100.0;
        }
        None
    }

    /// H⁻¹ g.
    fn solve(&self, gradient: &DVector<f64>) -> DVector<f64> {
        let unit = DVector::from_column_slice(&self.unit);
        self.root.solve(&gradient.component_mul(&unit)).component_mul(&unit)
    }
}

impl<B: Batch> std::fmt::Debug for Newton<'_, B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Newton").field("parameters", &self.curved.free().len()).finish_non_exhaustive()
    }
}

impl<B: Batch> Descent for Newton<'_, B> {
    fn looks(&self) -> bool {
        true
    }

    fn advance(&mut self, here: &Evaluation, look: &mut dyn FnMut() -> Result<Forward>) -> Result<Advance> {
        if self.calm.enough() {
            return Ok(Advance::Stalled);
        }
        let line = Line::new(&self.vars, here)?;
        let (free, gradient) = self.free(&line.gradient)?;
        let mut fresh = false;
        loop {
            let step = self.kept.as_ref().map(|kept| kept.solve(&gradient));
            let left = step.as_ref().map_or(f64::INFINITY, |step| step.dot(&gradient));
            let serves = fresh || left <= SERVES * self.last;
            if let Some(step) = step.filter(|_| serves) {
                let mut direction = vec![0.0; line.theta.len()];
                free.iter().zip(step.iter()).for_each(|(at, step)| direction[*at] = -step);
                if let Some(there) = line.search(&direction, look)? {
                    self.last = left;
                    self.calm = self.calm.after(&line, &there);
                    return Ok(Advance::Moved(Some(there)));
                }
            }
            if fresh {
                break;
            }
            self.kept = Kept::new(&self.look(left <= NEAR * self.scale)?);
            fresh = true;
        }
        // So far out that there is no curvature: straight down.
        self.last = f64::INFINITY;
        let length = dot(&line.gradient, &line.gradient).sqrt().max(1.0);
        let down: Vec<f64> = line.gradient.iter().map(|g| -g / length).collect();
        match line.search(&down, look)? {
            Some(there) => {
                self.calm = self.calm.after(&line, &there);
                Ok(Advance::Moved(Some(there)))
            }
            None => Ok(Advance::Stalled),
        }
    }

    fn slope(&self, gradients: &GradStore) -> Result<Option<f64>> {
        steepest(&self.vars, gradients)
    }

    fn decrement(&self, gradients: &GradStore) -> Result<Option<f64>> {
        let mut all = vec![];
        for (_, _, of) in moving(&self.vars, gradients)? {
            all.extend(host(&of)?);
        }
        let (_, gradient) = self.free(&all)?;
        Ok(self.kept.as_ref().map(|kept| 0.5 * kept.solve(&gradient).dot(&gradient)))
    }

    fn state(&self) -> Result<State> {
        let state = self.calm.kept(State::default())?.with("last", &[self.last])?;
        match &self.kept {
            Some(kept) => state.with("unit", &kept.unit)?.with("root", kept.root.l_dirty().as_slice()),
            None => Ok(state),
        }
    }

    fn restore(&mut self, state: State) -> Result<()> {
        let (calm, last) = (Calm::of(&state)?, state.numbers("last")?.first().copied().unwrap_or(f64::INFINITY));
        let kept = match state.0.contains_key("root") {
            true => {
                let (unit, root) = (state.numbers("unit")?, state.numbers("root")?);
                let size = self.curved.free().len();
                if unit.len() != size || root.len() != size * size {
                    return Err(Error::WrongState { problem: format!("it is of other than {size} parameters") });
                }
                Some(Kept { unit, root: Cholesky::pack_dirty(DMatrix::from_vec(size, size, root)) })
            }
            false => None,
        };
        if state.0.len() != 2 + 2 * usize::from(kept.is_some()) {
            return Err(Error::WrongState { problem: "it holds more than a curvature".into() });
        }
        (self.calm, self.last, self.kept) = (calm, last, kept);
        Ok(())
    }
}
