//! What a fit is given, and what it leaves.

use candle_mle::History;
use candle_mle::fit::End;
use candle_mle::mle::Plan;
use candle_mle::separation::Separation;
use candle_mle::table::Names;

/// What is known of a fit before it begins.
pub struct Setting<'a, M> {
    /// The model that the data were drawn from, if they were.
    pub truth: Option<&'a M>,
    /// Why the likelihood has no finite maximum, if so.
    pub separation: Option<Separation>,
    /// What the columns and classes are called: kept beside the parameters.
    pub names: &'a Names,
    /// A step size of gradient descent that is safe for the family, per observation.
    pub step_size: f64,
}

/// What a run leaves: the fitted model, its log, the way it went, and what keeps its likelihood from having a maximum.
pub struct Learned<M> {
    /// As the last step left it; on the host, in f64.
    pub model: M,
    /// One row a step.
    pub history: History,
    /// θ of every step in the data's units, the parameters in the order of their names.
    pub path: Vec<Vec<f64>>,
    /// Why the likelihood has no finite maximum, if so.
    pub separation: Option<Separation>,
    /// The largest component of the gradient, in nats per observation.
    pub gradient: f64,
    /// By how much −Σ ln q of all observations may still fall, in nats, where the optimiser knows a curvature.
    pub decrement: Option<f64>,
    /// Whether the last step stands at the maximum.
    pub converged: bool,
    /// Why it ended.
    pub end: End,
    /// Whether it stands where rows that were held out cost least, short of the end of its descent.
    pub early: bool,
    /// How it went.
    pub plan: Plan,
}

/// A descent whose gradient is no larger, in nats per observation, is at the maximum.
pub(crate) const FITTED: f64 = 1e-6;

impl<M> Learned<M> {
    /// Why it does not stand at the maximum that errors, tests and criteria are of, if so.
    pub(crate) fn short(&self) -> Option<&'static str> {
        match self {
            Self { early: true, .. } => Some("the descent was stopped early, short of the maximum"),
            Self { separation: Some(_), .. } | Self { converged: true, .. } => None,
            Self { gradient, .. } if *gradient <= FITTED => None,
            _ => Some("the descent has not converged, and stands short of the maximum"),
        }
    }

    /// Why the likelihood has no finite maximum, if so, where what is told of the fit is its limit.
    pub(crate) fn apart(&self) -> Option<&Separation> {
        self.separation.as_ref().filter(|_| !self.early)
    }
}
