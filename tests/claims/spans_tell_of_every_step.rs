//! A subscriber of `tracing` hears of a fit as a span, of every step as a span in it, and of what was logged as an event.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use anyhow::{Context, Result, ensure};
use candle_core::{Device, Tensor};
use candle_mle::hook::sink::Spans;
use candle_mle::model::Bernoulli;
use candle_mle::{Empirical, LossLog, walk};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// What was said, how many spans there were, and the name of each.
type Said = (Vec<String>, u64, BTreeMap<u64, String>);

/// What it heard, in order: `+` a span that opens, `-` one that closes, `!` an event.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Said>>);

#[derive(Default)]
struct Fields(Vec<String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push(format!("{field}={value:?}"));
    }
}

impl Heard {
    fn lock(&self) -> MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Subscriber for Heard {
    fn enabled(&self, of: &Metadata<'_>) -> bool {
        of.target() == "candle_mle"
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        span.record(&mut fields);
        let mut heard = self.lock();
        heard.1 += 1;
        let (id, name) = (heard.1, span.metadata().name().to_string());
        let parent = span.parent().map_or(0, Id::into_u64);
        heard.0.push(format!("+{name} in {parent} {}", fields.0.join(" ")));
        heard.2.insert(id, name);
        Id::from_u64(id)
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.lock().0.push(format!("! {}", fields.0.join(" ")));
    }

    fn try_close(&self, id: Id) -> bool {
        let mut heard = self.lock();
        let name = heard.2.get(&id.into_u64()).cloned().unwrap_or_default();
        heard.0.push(format!("-{name}"));
        true
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn in_order() -> Result<()> {
    let heard = Heard::default();
    tracing::subscriber::with_default(heard.clone(), || -> Result<()> {
        let p = Empirical::from_counts(Tensor::new(&[1.0, 0.0], &Device::Cpu)?, &[60.0, 40.0])?;
        let mut log = LossLog::new().to(Spans::default());
        walk([0.5, 0.6].map(|prob| Bernoulli::from_prob(prob, &Device::Cpu)), &p, &mut log)?;
        drop(log);
        Ok(())
    })?;
    let lines = heard.lock().0.clone();
    let kinds: Vec<&str> = lines.iter().map(|line| line.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(kinds, ["+fit", "+step", "!", "-step", "+step", "!", "-step", "-fit"], "{lines:#?}");
    ensure!(lines[0].starts_with("+fit in 0 n=100.0 entropy=0.673"), "{}", lines[0]);
    ensure!(lines[1] == "+step in 1 step=0", "{}", lines[1]);
    let kl = lines[5].split("kl=").nth(1).and_then(|rest| rest.split(' ').next()).context("no KL")?;
    ensure!(
        kl.parse::<f64>()?.abs() < 1e-12 && lines[5].contains("step=1") && lines[5].contains("nll=67.3"),
        "{}",
        lines[5]
    );
    Ok(())
}
