//! A progress bar with the three quantities live; silent when the output is not a terminal.

use std::ops::ControlFlow;

use candle_mle::info::Unit;
use candle_mle::{Hook, Model, Result, Step};
use indicatif::{ProgressBar, ProgressStyle};

/// Shows step, KL, cross-entropy and NLL while a run goes on, and clears itself at its end.
pub struct Progress {
    bar: ProgressBar,
    unit: Unit,
}

/// The numbers are renewed every so many steps: a person reads no faster, and on a GPU reading them waits for the device.
const EVERY: usize = 32;

impl Progress {
    /// Of what something else shows.
    pub(crate) fn hidden(unit: Unit) -> Self {
        Self { bar: ProgressBar::hidden(), unit }
    }

    /// For a run of at most `steps`. The bar writes to standard error, and only where that is a terminal.
    pub fn new(steps: usize, unit: Unit) -> Self {
        let bar = ProgressBar::new(steps as u64);
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len}  {msg}") {
            bar.set_style(style);
        }
        Self { bar, unit }
    }
}

impl<M: Model> Hook<M> for Progress {
    fn on_step(&mut self, step: &Step<'_, M>) -> Result<ControlFlow<()>> {
        if !self.bar.is_hidden() && step.index.is_multiple_of(EVERY) {
            let [kl, cross_entropy, nll] = step.three_quantities()?.map(|v| v / self.unit.nats());
            let unit = self.unit;
            self.bar.set_position(step.index as u64);
            self.bar
                .set_message(format!("KL {kl:.6}  cross-entropy {cross_entropy:.6} {unit}/obs.  NLL {nll:.3} {unit}"));
        }
        Ok(ControlFlow::Continue(()))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Says that a picture is being drawn, and how much of it is; clears itself when it is dropped.
pub(crate) struct Drawing(ProgressBar);

impl Drawing {
    pub fn new(parts: usize) -> Self {
        let bar = ProgressBar::new(parts as u64);
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len}  drawing") {
            bar.set_style(style);
        }
        Self(bar)
    }

    pub fn one_more(&self) {
        self.0.inc(1);
    }
}

impl Drop for Drawing {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
