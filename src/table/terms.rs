//! The terms of a design: columns, powers of them, and products of these.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::wrong;
use crate::error::Result;

/// A column, or a power of one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Factor {
    pub column: String,
    pub power: i32,
}

/// A product of factors that differ.
pub(super) type Term = Vec<Factor>;

/// The highest power that can be asked for.
const MOST: i32 = 20;

/// The terms that are named, each once, the shorter ones first: a column by its name, in back quotes where that has an operator in it;
/// I(x^2) or I(x**2); `a:b` for a product, and `a*b` for a, b and a:b.
pub(super) fn terms(texts: &[String], columns: &[&str]) -> Result<Vec<Term>> {
    let mut all: Vec<Term> = vec![];
    for text in texts {
        for term in of(text, columns)? {
            let same = |other: &Term| other.len() == term.len() && term.iter().all(|factor| other.contains(factor));
            if !all.iter().any(same) {
                all.push(term);
            }
        }
    }
    all.sort_by_key(Vec::len);
    Ok(all)
}

fn of(text: &str, columns: &[&str]) -> Result<Vec<Term>> {
    if columns.contains(&text) {
        return Ok(vec![vec![Factor { column: text.into(), power: 1 }]]);
    }
    let mut all: Vec<Term> = vec![vec![]];
    for product in parted(text, '*') {
        let mut term: Term = vec![];
        for factor in parted(product, ':') {
            let factor = factor_of(factor.trim(), text, columns)?;
            if !term.contains(&factor) {
                term.push(factor);
            }
        }
        let with = |other: &Term| {
            let more = term.iter().filter(|factor| !other.contains(factor));
            other.iter().chain(more).cloned().collect()
        };
        all.extend(all.iter().map(with).collect::<Vec<Term>>());
    }
    all.remove(0);
    Ok(all)
}

/// The parts of a text between operators, but for those in parentheses and back quotes.
fn parted(text: &str, operator: char) -> Vec<&str> {
    let (mut parts, mut from, mut depth, mut quoted) = (vec![], 0, 0, false);
    for (at, character) in text.char_indices() {
        match character {
            '`' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ if character == operator && !quoted && depth == 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

fn factor_of(text: &str, whole: &str, columns: &[&str]) -> Result<Factor> {
    let named = |text: &str| {
        let text = text.trim();
        text.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')).unwrap_or(text).to_string()
    };
    if columns.contains(&text) {
        return Ok(Factor { column: text.into(), power: 1 });
    }
    let no_term = |problem: &str| {
        let how = "terms are columns, a:b, a*b and I(x^2), with commas between them, and a name with an operator in it in `back quotes`";
        wrong(whole, format!("{problem}; {how}"))
    };
    if let Some(inside) = text.strip_prefix("I(").and_then(|rest| rest.strip_suffix(')')) {
        let power = inside.rsplit_once("**").or_else(|| inside.rsplit_once('^'));
        let power = power.and_then(|(column, power)| Some((named(column), power.trim().parse::<i32>().ok()?)));
        return match power {
            Some((column, power)) if (1..=MOST).contains(&power) => Ok(Factor { column, power }),
            _ => Err(no_term(&format!("'{text}' is no whole power of a column, of 1 to {MOST}"))),
        };
    }
    let name = named(text);
    if text.is_empty() || !columns.contains(&name.as_str()) && name.contains(['(', ')', '^', '+', '*', '~']) {
        return Err(no_term(&format!("'{text}' is no column and no term")));
    }
    Ok(Factor { column: name, power: 1 })
}

/// A term with the way in which its categories are coded: by a column for every level where the flag says so, and otherwise for every
/// level but the base.
pub(super) type Coded = Vec<(Factor, bool)>;

/// How the categories of each term are coded beside an intercept, so that no term says again what the ones before it say: against the base
/// level where the product of the other factors has been told, else by all levels. As patsy does; of main effects with their products
/// it comes to what R does.
pub(super) fn coded(terms: &[Term], is_number: impl Fn(&Factor) -> bool) -> Vec<Coded> {
    // What has been told, by the numbers that stand beside it; of no numbers the intercept.
    let mut told: HashMap<BTreeSet<&Factor>, HashSet<BTreeSet<&Factor>>> = HashMap::new();
    told.entry(BTreeSet::new()).or_default().insert(BTreeSet::new());
    let mut all = vec![];
    for term in terms {
        let (numbers, categories): (Vec<&Factor>, Vec<&Factor>) = term.iter().partition(|factor| is_number(factor));
        let told = told.entry(numbers.iter().copied().collect()).or_default();
        let mut subsets: Vec<BTreeSet<&Factor>> = vec![BTreeSet::new()];
        for category in &categories {
            let mut more = subsets.clone();
            for set in &mut more {
                set.insert(category);
            }
            subsets.extend(more);
        }
        subsets.sort_by_key(BTreeSet::len);
        subsets.retain(|subset| told.insert(subset.clone()));
        let against = |subset: &BTreeSet<_>| subset.iter().map(|factor| (*factor, false)).collect();
        let mut parts: Vec<BTreeMap<&Factor, bool>> = subsets.iter().map(against).collect();
        while absorbed(&mut parts) {}
        for part in parts {
            let own = |factor: &&Factor| is_number(factor) || part.contains_key(factor);
            let of = |factor: &Factor| (factor.clone(), part.get(factor).copied().unwrap_or(false));
            all.push(term.iter().filter(own).map(of).collect());
        }
    }
    all
}

/// Two parts, of which one has a category against its base level more than the other, become one with all its levels.
fn absorbed(parts: &mut Vec<BTreeMap<&Factor, bool>>) -> bool {
    for short in 0..parts.len() {
        for long in short + 1..parts.len() {
            let within = parts[short].iter().all(|(factor, whole)| parts[long].get(factor) == Some(whole));
            let mut more = parts[long].iter().filter(|(factor, _)| !parts[short].contains_key(*factor));
            if let (true, Some((factor, false)), None) = (within, more.next(), more.next()) {
                let factor = *factor;
                parts[long].insert(factor, true);
                parts.remove(short);
                return true;
            }
        }
    }
    false
}
