//! Spans and events of the crate `tracing`, for the subscriber that a program has.

use tracing::{Span, debug_span, info, info_span};

use super::Sink;
use crate::error::Result;
use crate::hook::{History, Row};

/// A span `fit` for a run, with n and H(p̂), in it a span `step` from each row to the next, and an event with what the row has, in
/// nats. The target is `candle_mle`.
///
/// ```
/// use candle_mle::LossLog;
/// use candle_mle::hook::sink::Spans;
/// let log = LossLog::new().to(Spans::default());
/// ```
#[derive(Debug, Default)]
pub struct Spans {
    // In this order they close.
    step: Option<Span>,
    fit: Option<Span>,
}

impl Sink for Spans {
    fn begin(&mut self, history: &History) -> Result<()> {
        let entropy = history.entropy().map(candle_mle_info::Information::nats);
        self.step = None;
        self.fit = Some(info_span!(target: "candle_mle", "fit", n = history.total(), entropy));
        Ok(())
    }

    fn row(&mut self, row: &Row) -> Result<()> {
        self.step = None;
        let Row { step, kl, cross_entropy, nll, reverse_kl, population_kl } = *row;
        let span = debug_span!(target: "candle_mle", parent: self.fit.as_ref().and_then(Span::id), "step", step);
        info!(target: "candle_mle", parent: self.fit.as_ref().and_then(Span::id), step, kl, cross_entropy, nll, reverse_kl, population_kl);
        self.step = Some(span);
        Ok(())
    }
}
