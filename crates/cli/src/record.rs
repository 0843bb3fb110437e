//! What a fit came to, on what: kept in its model's file, so that predictions have limits and a comparison needs no table.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result, bail};
use candle_mle::batch::{Batch, host};
use candle_mle::info::number::typed;
use candle_mle::table::Names;
use candle_mle::{Empirical, History, Objective};

use crate::learned::Learned;

/// The name of the model's file.
pub(crate) const MODEL: &str = "parameters.safetensors";

/// What a fit came to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    /// How many observations.
    pub n: f64,
    /// −Σ ln q of all of them, nats; of a density per unit of its columns.
    pub nll: f64,
    pub estimate: Estimate,
    /// A digest of how often each outcome was observed, in whatever order.
    pub outcomes: Option<String>,
}

/// What the parameters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Estimate {
    Maximum,
    Limit,
    Firth,
    Ridge,
    Weighted,
    Early,
    NotConverged,
}

const ESTIMATES: [(Estimate, &str); 7] = [
    (Estimate::Maximum, "maximum of the likelihood"),
    (Estimate::Limit, "near the limit of a likelihood without a maximum"),
    (Estimate::Firth, "with Firth's penalty"),
    (Estimate::Ridge, "with a ridge"),
    (Estimate::Weighted, "maximum of a likelihood with weights that are no counts"),
    (Estimate::Early, "stopped early"),
    (Estimate::NotConverged, "not converged"),
];

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = ESTIMATES.into_iter().find(|(of, _)| of == self);
        f.write_str(named.map_or("", |(_, name)| name))
    }
}

impl FromStr for Estimate {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match ESTIMATES.into_iter().find(|(_, name)| *name == text) {
            Some((of, _)) => Ok(of),
            None => bail!("'{text}' is no kind of estimate"),
        }
    }
}

impl Estimate {
    pub fn of<M>(learned: &Learned<M>) -> Self {
        match learned.plan.objective {
            _ if learned.early => Self::Early,
            Objective::Firth => Self::Firth,
            Objective::Ridge { .. } => Self::Ridge,
            _ if learned.separation.is_some() => Self::Limit,
            _ if learned.converged => Self::Maximum,
            _ => Self::NotConverged,
        }
    }
}

/// The names of the texts; what is in nats says so.
const N: &str = "n";
const NLL: &str = "nll_nats";
const CROSS_ENTROPY: &str = "cross_entropy_nats";
pub(crate) const ESTIMATE: &str = "estimate";
const OUTCOMES: &str = "outcomes";

impl Record {
    /// Of the last step of a history.
    pub fn of(history: &History, estimate: Estimate) -> Self {
        let nll = history.rows().last().map_or(f64::NAN, |row| row.nll);
        Self { n: history.total(), nll, estimate, outcomes: None }
    }

    pub fn texts(&self) -> BTreeMap<String, String> {
        let Self { n, nll, estimate, outcomes } = self;
        let numbers = [(N, *n), (NLL, *nll), (CROSS_ENTROPY, nll / n)].map(|(name, number)| (name, typed(number)));
        let outcomes = outcomes.iter().map(|digest| (OUTCOMES, digest.clone()));
        let all = numbers.into_iter().chain([(ESTIMATE, estimate.to_string())]).chain(outcomes);
        all.map(|(name, text)| (name.to_string(), text)).collect()
    }

    /// What stands in a file; nothing in one that was written before anything did.
    pub fn from_texts(texts: &BTreeMap<String, String>) -> Result<Option<Self>> {
        let Some(estimate) = texts.get(ESTIMATE) else { return Ok(None) };
        let number = |name: &str| -> Result<f64> {
            texts.get(name).and_then(|text| text.parse().ok()).with_context(|| format!("there is no number {name}"))
        };
        let (n, nll, outcomes) = (number(N)?, number(NLL)?, texts.get(OUTCOMES).cloned());
        Ok(Some(Self { n, nll, estimate: estimate.parse()?, outcomes }))
    }
}

/// A digest of what was observed, of x apart: the same for the same outcomes, each as often, in whatever order.
pub(crate) fn digest<B: Batch>(names: &Names, p: &Empirical<B>) -> Result<String> {
    let outcomes = Empirical::from_counts(p.batch().keys()?.outcome, &host(p.count())?)?;
    let (rows, counts, numbers) = (outcomes.distinct(), host(outcomes.count())?, host(outcomes.batch())?);
    let width = numbers.len() / rows.max(1);
    let mut each: Vec<(u64, u64)> = (0..rows)
        .map(|row| {
            let outcome = &numbers[row * width..(row + 1) * width];
            // Classes by their names, for their numbers hang on the base class.
            let class = names.classes.get(outcome.first().map_or(0, |class| *class as usize));
            let of = match class {
                Some(class) => fnv(class.bytes()),
                None => fnv(outcome.iter().flat_map(|number| (number + 0.0).to_bits().to_le_bytes())),
            };
            (of, counts[row].to_bits())
        })
        .collect();
    each.sort_unstable();
    Ok(format!("{:016x}", fnv(each.into_iter().flat_map(|(of, count)| [of, count]).flat_map(u64::to_le_bytes))))
}

/// The hash of Fowler, Noll and Vo, 64 bits, variant 1a: the same on every machine.
fn fnv(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
