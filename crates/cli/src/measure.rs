//! What columns tell: entropies, mutual information with an interval and the level of chance, the best question about each.

use anyhow::Result;
use candle_mle::Table;
use candle_mle::inference::normal_quantile;
use candle_mle::info::estimate::{counted_interval, mixed_ksg, ross};
use candle_mle::info::number::{count, seen, typed};
use candle_mle::info::{Information, Pmf};
use candle_mle::table::Column;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use crate::chance::observations;
use crate::flags::Measure;
use crate::run::{Run, say_notes};
use crate::said::{add, number, object, tell};
use crate::summary::probability;

/// Of how many observations a mutual information is worked out by neighbours, and of how many in shuffled order.
const NEAR: usize = 20_000;
const SHUFFLED: usize = 2_000;
/// Of how many where they are counted.
const COUNTED: usize = 20_000;
/// How many cells are gone through for one pair of columns.
const WORK: usize = 20_000_000;
/// The k of the nearest neighbours.
const K: usize = 3;
/// By how many halves the spread of an estimate by neighbours is seen, and of how many observations at least.
const HALVES: usize = 30;
const ENOUGH: usize = 40;
/// An interval covers with this probability.
const LEVEL: f64 = 0.95;
/// How many pairs are printed where there is no target.
const PAIRS: usize = 30;

/// Entropies of the columns, and what they tell about the target, or about each other.
pub(crate) fn measure(run: &Run<Measure>, table: &Table, target: Option<&str>) -> Result<()> {
    let (flags, unit) = (&run.flags.data, run.unit());
    let names: Vec<String> = match flags.columns.names() {
        [] => table.columns().iter().map(|(name, _)| name.clone()).collect(),
        named => named.to_vec(),
    };
    let table = table.with_only(&names.iter().map(String::as_str).chain(target).collect::<Vec<_>>())?;
    say_notes(table.notes());
    let n: f64 = table.count().iter().sum();
    let of = |of: f64, what: &str| format!("{} {what}{}", count(of), if of == 1.0 { "" } else { "s" });
    println!("n = {} in {}; amounts in {unit}\n", of(n, "observation"), of(table.rows() as f64, "row"));
    tell("n", number(n));
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(6);
    println!("{:<width$}  {:<12}{:>8}{:>10}", "column", "kind", "levels", "H");
    for name in &names {
        let column = Seen::of(&table, name)?;
        let kind = if column.numbers.is_some() { "numbers" } else { "categories" };
        println!("{name:<width$}  {kind:<12}{:>8}{:>10}", column.levels, seen(column.entropy.to(unit), 4));
        add(
            "columns",
            object([
                ("column", name.as_str().into()),
                ("kind", kind.into()),
                ("levels", column.levels.into()),
                ("entropy", number(column.entropy.to(unit))),
            ]),
        );
    }
    match target {
        Some(target) => about(run, &table, &names, target),
        None => between(run, &table, &names),
    }
}

/// What each column tells about the target, and the best question about it.
fn about(run: &Run<Measure>, table: &Table, names: &[String], target: &str) -> Result<()> {
    let of = Seen::of(table, target)?;
    let asked: Vec<String> = names.iter().filter(|name| *name != target).cloned().collect();
    if asked.is_empty() {
        println!("\nthere is no other column to tell about {target}, H = {}", run.show(of.entropy));
        return Ok(());
    }
    println!("\nwhat each column tells about {target}, H = {}", run.show(of.entropy));
    let mut told = asked.iter().map(|name| Ok((name.clone(), Told::of(table, &Seen::of(table, name)?, &of)?)));
    let told = told.by_ref().collect::<Result<Vec<_>>>()?;
    say_told(run, told, |name| vec![name.into(), target.into()]);
    let (mut ranked, mut refused) = (vec![], vec![]);
    for name in &asked {
        match table.ranking(target, std::slice::from_ref(name)) {
            Ok(splits) => ranked.extend(splits),
            // What is wrong with the target is wrong with it for every column.
            Err(why) if refused.contains(&why.to_string()) => {}
            Err(why) => refused.push(why.to_string()),
        }
    }
    ranked.sort_by(|a, b| b.gain.bits().total_cmp(&a.gain.bits()));
    refused.iter().for_each(|why| add("not_asked", why.as_str()));
    if ranked.is_empty() {
        println!("\nno best question is asked: {}", refused.join("; "));
        return Ok(());
    }
    println!("\nthe best question about each column, and what its answer tells about {target}");
    let width = asked.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(6);
    for split in ranked {
        let question = split.threshold.map_or(String::new(), |threshold| format!("  (above {}?)", typed(threshold)));
        println!("{:<width$}  {:>14}{question}", split.column, run.show(split.gain));
        add(
            "ranking",
            object([
                ("column", split.column.as_str().into()),
                ("above", split.threshold.map_or(Value::Null, number)),
                ("gain", number(split.gain.to(run.unit()))),
            ]),
        );
    }
    refused.iter().for_each(|why| println!("not asked: {why}"));
    Ok(())
}

/// What every two columns tell about each other.
fn between(run: &Run<Measure>, table: &Table, names: &[String]) -> Result<()> {
    let columns = names.iter().map(|name| Seen::of(table, name)).collect::<Result<Vec<_>>>()?;
    if columns.len() < 2 {
        return Ok(());
    }
    println!("\nwhat every two columns tell about each other");
    let mut told = vec![];
    for (at, x) in columns.iter().enumerate() {
        for y in &columns[at + 1..] {
            told.push((format!("{}, {}", x.name, y.name), Told::of(table, x, y)?));
        }
    }
    say_told(run, told, |pair| vec![pair.into()]);
    Ok(())
}

/// Prints what is told, the most first.
fn say_told(run: &Run<Measure>, mut told: Vec<(String, Told)>, of: impl Fn(&str) -> Vec<String>) {
    let unit = run.unit();
    told.sort_by(|a, b| b.1.corrected.nats().total_cmp(&a.1.corrected.nats()));
    let width = told.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).max(6);
    println!(
        "{:<width$}{:>10}{:>12}{:>14}{:>10}{:>12}{:>10}  how",
        "column", "I", "less bias", "95 % from", "to", "by chance", "p"
    );
    let shown = |amount: Option<Information>| match amount {
        None => "–".into(),
        Some(amount) if amount.nats() == f64::INFINITY => "∞".into(),
        Some(amount) => seen(amount.to(unit), 4),
    };
    for (name, told) in told.iter().take(PAIRS) {
        let Told { plain, corrected, interval, chance, p, how, above } = told;
        let above = if *above { ", above H" } else { "" };
        let [from, to] = [0, 1].map(|end| shown(interval.map(|ends| ends[end])));
        let p = p.map_or("–".into(), probability);
        println!(
            "{name:<width$}{:>10}{:>12}{from:>14}{to:>10}{:>12}{p:>10}  {how}{above}",
            shown(*plain),
            shown(Some(*corrected)),
            shown(*chance),
        );
    }
    if told.len() > PAIRS {
        println!("and {} pairs that tell no more; --json has all", told.len() - PAIRS);
    }
    for (name, told) in &told {
        let amount = |of: Option<Information>| of.map_or(Value::Null, |of| number(of.to(unit)));
        add(
            "information",
            object([
                ("between", of(name).into()),
                ("information", amount(told.plain)),
                ("less_bias", amount(Some(told.corrected))),
                ("conf.low", amount(told.interval.map(|ends| ends[0]))),
                ("conf.high", amount(told.interval.map(|ends| ends[1]))),
                ("chance", amount(told.chance)),
                ("p.value", told.p.map_or(Value::Null, number)),
                ("how", told.how.into()),
                ("above_entropy", told.above.into()),
            ]),
        );
    }
    if told.iter().any(|(_, told)| told.chance.is_some()) {
        println!("by chance: 19 of 20 shuffled orders tell no more; p: how many tell as much");
    }
    if told.iter().any(|(_, told)| told.above) {
        println!(
            "above H: a column tells at most its entropy, so that such an estimate is too high, by what it is above at least"
        );
    }
}

/// A column of the table.
struct Seen<'a> {
    name: &'a str,
    levels: usize,
    /// The level of each row, levels in their order.
    codes: Vec<usize>,
    numbers: Option<&'a [f64]>,
    entropy: Information,
    /// Numbers that hardly ever repeat: of a density, that neighbours tell of and counts do not.
    spread: bool,
}

impl<'a> Seen<'a> {
    fn of(table: &'a Table, name: &'a str) -> Result<Self> {
        let column = table.column(name)?;
        let (levels, codes) = column.coded();
        let numbers = match column {
            Column::Numbers(numbers) => Some(numbers.as_slice()),
            Column::Categories { .. } => None,
        };
        let n: f64 = table.count().iter().sum();
        let spread = numbers.is_some() && levels > 20 && n < 10.0 * levels as f64;
        Ok(Self { name, levels, codes, numbers, entropy: table.pmf(&[name])?.entropy(), spread })
    }
}

/// What one column tells about another.
struct Told {
    /// The plug-in estimate; none of numbers that do not repeat.
    plain: Option<Information>,
    corrected: Information,
    interval: Option<[Information; 2]>,
    chance: Option<Information>,
    p: Option<f64>,
    how: &'static str,
    /// Whether the estimate is above the entropy of a column of levels, which no truth is.
    above: bool,
}

impl Told {
    fn of(table: &Table, x: &Seen<'_>, y: &Seen<'_>) -> Result<Self> {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        // A column of one level tells nothing, whatever the other is.
        let near = (x.spread || y.spread) && x.levels > 1 && y.levels > 1;
        if near && x.codes == y.codes && (x.numbers.is_some() && y.numbers.is_some()) {
            // One as a function of the other, both ways: of a density without bound, and estimates only see how many rows there are.
            let all = Information::from_nats(f64::INFINITY);
            let how = "the same column";
            return Ok(Self {
                plain: Some(x.entropy),
                corrected: all,
                interval: None,
                chance: None,
                p: None,
                how,
                above: false,
            });
        }
        match near.then(|| Self::near(table, x, y, &mut rng)).transpose()?.flatten() {
            Some(told) => Ok(told),
            None => Self::counted(table, x, y, &mut rng),
        }
    }

    /// By counts: the plug-in estimate, its first-order bias, the delta method's interval.
    fn counted(table: &Table, x: &Seen<'_>, y: &Seen<'_>, rng: &mut ChaCha8Rng) -> Result<Self> {
        if x.levels.saturating_mul(y.levels) > WORK {
            return Ok(Self::sparse(table, x, y));
        }
        let joint = table.pmf(&[x.name, y.name])?;
        let (n, shape) = (table.count().iter().sum::<f64>(), [x.levels, y.levels]);
        let counts: Vec<f64> = joint.values().iter().map(|p| p * n).collect();
        let plain = joint.mutual_information(&[0], &[1])?;
        let bias = Information::from_nats(((x.levels - 1) * (y.levels - 1)) as f64 / (2.0 * n));
        let corrected = not_below_zero(plain - bias);
        // Of as many cells as observations neither the bias to first order nor the interval of large samples holds.
        let few = 2.0 * ((x.levels - 1) * (y.levels - 1)) as f64 >= n;
        let ends = counted_interval(&counts, shape, normal_quantile(0.5 + LEVEL / 2.0))?;
        let interval = Some(ends.map(|end| smaller(end, smaller(x.entropy, y.entropy))));
        let rows = observations(table, COUNTED, rng)?;
        let code = |of: &Seen<'_>| rows.iter().map(|row| of.codes[*row]).collect::<Vec<_>>();
        let found = |x: &[usize], y: &[usize]| {
            let mut counts = vec![0.0; shape[0] * shape[1]];
            x.iter().zip(y).for_each(|(x, y)| counts[x * shape[1] + y] += 1.0);
            // By chance columns tell in proportion to 1/n.
            let share = (rows.len() as f64 / n).min(1.0);
            Ok(Pmf::from_counts(shape, counts)?.mutual_information(&[0], &[1])? * share)
        };
        let times = (WORK / (rows.len() + counts.len())).min(199);
        let Shuffled { chance, p, mean } = shuffled(&code(x), &code(y), plain, times, rng, found)?;
        match mean.filter(|_| few) {
            Some(mean) => {
                let corrected = not_below_zero(plain - mean);
                Ok(Self {
                    plain: Some(plain),
                    corrected,
                    interval: None,
                    chance,
                    p,
                    how: "counts, less shuffled ones",
                    above: false,
                })
            }
            None => Ok(Self { plain: Some(plain), corrected, interval, chance, p, how: "counts", above: false }),
        }
    }

    /// Of more cells than can be gone through: by those that have any, H(X) + H(Y) − H(X,Y).
    fn sparse(table: &Table, x: &Seen<'_>, y: &Seen<'_>) -> Self {
        let n: f64 = table.count().iter().sum();
        let mut cells: Vec<_> = x.codes.iter().zip(&y.codes).zip(table.count()).collect();
        cells.sort_by_key(|(cell, _)| *cell);
        let sums = cells.chunk_by(|a, b| a.0 == b.0).map(|cell| cell.iter().map(|(_, count)| **count).sum::<f64>() / n);
        let joint: f64 = sums.filter(|p| *p > 0.0).map(|p| -p * p.ln()).sum();
        let plain = not_below_zero(x.entropy + y.entropy - Information::from_nats(joint));
        let bias = Information::from_nats((x.levels - 1) as f64 * (y.levels - 1) as f64 / (2.0 * n));
        let corrected = not_below_zero(plain - bias);
        Self { plain: Some(plain), corrected, interval: None, chance: None, p: None, how: "counts", above: false }
    }

    /// By the distances of neighbours; none where these tell nothing, as of a label that is rare.
    fn near(table: &Table, x: &Seen<'_>, y: &Seen<'_>, rng: &mut ChaCha8Rng) -> Result<Option<Self>> {
        let rows = observations(table, NEAR, rng)?;
        let found = |x: &[f64], y: &[f64], [x_labels, y_labels]: [bool; 2]| {
            let labels = |of: &[f64]| of.iter().map(|code| *code as usize).collect::<Vec<_>>();
            let of_labels = match (x_labels, y_labels) {
                (true, false) => ross(&labels(x), y, K),
                (false, true) => ross(&labels(y), x, K),
                _ => mixed_ksg(x, y, K),
            };
            // Ties and rare labels are no hindrance to the other.
            of_labels.or_else(|_| mixed_ksg(x, y, K))
        };
        // By a power of two, which changes no digit, so that no distance leaves the range of f64.
        let unit = |of: &Seen<'_>| {
            let largest = of.numbers.unwrap_or_default().iter().fold(0.0, |most, x| x.abs().max(most));
            f64::from_bits(largest.to_bits() & f64::INFINITY.to_bits()).max(f64::MIN_POSITIVE)
        };
        let values = |of: &Seen<'_>, rows: &[usize]| -> Vec<f64> {
            let unit = unit(of);
            rows.iter().map(|row| of.numbers.map_or(of.codes[*row] as f64, |numbers| numbers[*row] / unit)).collect()
        };
        let kinds = [x, y].map(|of| of.numbers.is_none());
        let on = |rows: &[usize]| found(&values(x, rows), &values(y, rows), kinds);
        let Ok(estimate) = on(&rows) else { return Ok(None) };
        // What half of the rows differs from all of them varies as much as that from the truth (the jackknife that leaves out half).
        let mut order = rows.clone();
        let mut half = || {
            order.shuffle(rng);
            Some(on(&order[..order.len() / 2]).ok()?.nats())
        };
        let halves: Vec<f64> = (0..HALVES).filter_map(|_| half()).collect();
        let mean = halves.iter().sum::<f64>() / halves.len() as f64;
        let variance = halves.iter().map(|half| (half - mean).powi(2)).sum::<f64>() / (halves.len() as f64 - 1.0);
        let most = if x.spread && y.spread { f64::INFINITY } else { smaller(x.entropy, y.entropy).nats() };
        let (corrected, error) = (not_below_zero(estimate), Information::from_nats(variance.sqrt()));
        let known = halves.len() == HALVES && rows.len() >= ENOUGH;
        let interval = known.then(|| around(corrected, error, Information::from_nats(most))).flatten();
        let some = &rows[..rows.len().min(SHUFFLED)];
        let (at, of) = (values(x, some), values(y, some));
        let Ok(here) = found(&at, &of, kinds) else { return Ok(None) };
        let again = |x: &[f64], y: &[f64]| Ok(found(x, y, kinds)?);
        let Shuffled { chance, p, .. } = shuffled(&at, &of, here, 99, rng, again)?;
        Ok(Some(Self {
            plain: None,
            corrected,
            interval,
            chance,
            p,
            how: "neighbours",
            above: corrected.nats() > most + 1e-12,
        }))
    }
}

/// An interval that covers with probability [`LEVEL`], no further than an information can be.
fn around(estimate: Information, error: Information, most: Information) -> Option<[Information; 2]> {
    let reach = error * normal_quantile(0.5 + LEVEL / 2.0);
    error.nats().is_finite().then(|| [not_below_zero(estimate - reach), smaller(estimate + reach, most)])
}

fn smaller(a: Information, b: Information) -> Information {
    if b < a { b } else { a }
}

fn not_below_zero(amount: Information) -> Information {
    if amount < Information::ZERO { Information::ZERO } else { amount }
}

/// What orders by lot tell.
#[derive(Default)]
struct Shuffled {
    chance: Option<Information>,
    p: Option<f64>,
    mean: Option<Information>,
}

/// The level that 19 of 20 orders of `y` do not exceed, and the share of them, the observed one among them, that reach what was
/// observed; none where they are too many cells to shuffle often enough.
fn shuffled<T: Clone>(
    x: &[T],
    y: &[T],
    observed: Information,
    times: usize,
    rng: &mut ChaCha8Rng,
    found: impl Fn(&[T], &[T]) -> Result<Information>,
) -> Result<Shuffled> {
    if times < 19 {
        return Ok(Shuffled::default());
    }
    let (mut y, mut all) = (y.to_vec(), Vec::with_capacity(times));
    for _ in 0..times {
        y.shuffle(rng);
        all.push(found(x, &y)?);
    }
    all.sort_by(|a, b| b.nats().total_cmp(&a.nats()));
    // Rounding parts what is the same table.
    let reach = all.iter().filter(|of| of.nats() >= observed.nats() - 1e-12).count();
    let mean = all.iter().map(|of| of.nats()).sum::<f64>() / times as f64;
    Ok(Shuffled {
        chance: Some(all[(times + 1) / 20 - 1]),
        p: Some((1 + reach) as f64 / (1 + times) as f64),
        mean: Some(Information::from_nats(mean)),
    })
}
