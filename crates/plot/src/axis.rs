//! Axes: from a number to its place, and the round numbers worth printing.

use crate::error::{Error, Result};

/// One axis: its label, with the unit, and how numbers are spread along it. Linear unless said otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    pub(crate) label: String,
    kind: Kind,
    range: Option<(f64, f64)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Linear,
    Log,
    Steps,
    Names(Vec<String>),
}

impl Axis {
    /// A linear axis; the label names quantity and unit.
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), kind: Kind::Linear, range: None }
    }

    /// Logarithmic; numbers that are not positive have no place on it.
    pub fn log(mut self) -> Self {
        self.kind = Kind::Log;
        self
    }

    pub(crate) fn is_log(&self) -> bool {
        matches!(self.kind, Kind::Log)
    }

    /// For the steps of a descent, ten to a million: step `t` stands at log(1 + t), so that step 0 is on the picture.
    pub fn steps(mut self) -> Self {
        self.kind = Kind::Steps;
        self
    }

    /// Named places at 0, 1, 2 …; from left to right, or from top to bottom as a table is read.
    pub fn categories<S: AsRef<str>>(mut self, names: &[S]) -> Self {
        self.kind = Kind::Names(names.iter().map(|name| name.as_ref().to_string()).collect());
        self
    }

    /// Fixes both ends, in either order. Otherwise the axis takes in all data, and a small margin.
    pub fn range(mut self, lo: f64, hi: f64) -> Self {
        self.range = Some((lo, hi));
        self
    }

    pub(crate) fn each_text(&mut self, act: &mut impl FnMut(&mut String)) {
        act(&mut self.label);
        if let Kind::Names(names) = &mut self.kind {
            names.iter_mut().for_each(act);
        }
    }

    pub(crate) fn names(&self) -> &[String] {
        match &self.kind {
            Kind::Names(names) => names,
            _ => &[],
        }
    }
}

/// An axis with its ends settled.
#[derive(Clone, Debug)]
pub(crate) struct Scale {
    kind: Kind,
    /// The ends in units of equal length: the number itself, its logarithm, or log10(1 + t).
    ends: (f64, f64),
    /// Numbers are shown `factor` times as large: 1, except on a right axis.
    factor: f64,
}

/// A round number: its place from 0 to 1 along the axis and how it is written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub place: f64,
    pub label: String,
}

impl Scale {
    /// `margins`: the room left below and above the data, as shares of their spread.
    pub fn new(axis: &Axis, data: impl Iterator<Item = f64>, margins: (f64, f64)) -> Result<Self> {
        let scale = Self { kind: axis.kind.clone(), ends: (0.0, 1.0), factor: 1.0 };
        let ends = if let Kind::Names(names) = &axis.kind {
            (-0.5, names.len().max(1) as f64 - 0.5)
        } else if let Some((a, b)) = axis.range {
            let lost = || Error::AxisRange { axis: axis.label.clone(), lo: a, hi: b };
            let (a, b) = (scale.length(a).ok_or_else(lost)?, scale.length(b).ok_or_else(lost)?);
            apart(a.min(b), a.max(b), &axis.kind)
        } else {
            let reach = data.filter_map(|v| scale.length(v)).fold(None, |reach: Option<(f64, f64)>, v| {
                Some(reach.map_or((v, v), |(lo, hi)| (lo.min(v), hi.max(v))))
            });
            let (lo, hi) = reach.map_or((0.0, 1.0), |(lo, hi)| apart(lo, hi, &axis.kind));
            (lo - margins.0 * (hi - lo), hi + margins.1 * (hi - lo))
        };
        Ok(Self { ends, ..scale })
    }

    /// The other way round: the first category on top.
    pub fn turned(self) -> Self {
        Self { ends: (self.ends.1, self.ends.0), ..self }
    }

    /// The same places, with numbers `factor` times as large.
    pub fn times(&self, factor: f64) -> Self {
        Self { factor, ..self.clone() }
    }

    /// The distance of the ends where a unit has one length everywhere.
    pub fn span(&self) -> Option<f64> {
        (self.kind == Kind::Linear).then_some(self.ends.1 - self.ends.0)
    }

    /// The same axis, longer on both sides, from end to end `span`.
    pub fn widened(&self, span: f64) -> Self {
        let more = (span - (self.ends.1 - self.ends.0)) / 2.0;
        Self { ends: (self.ends.0 - more, self.ends.1 + more), ..self.clone() }
    }

    pub fn has_names(&self) -> bool {
        matches!(self.kind, Kind::Names(_))
    }

    /// The place of `value`: 0 at the lower end, 1 at the upper one, beyond them outside. `None` for
    /// what has no place, such as NaN, an infinity or the logarithm of 0.
    pub fn place(&self, value: f64) -> Option<f64> {
        let (lo, hi) = self.ends;
        self.length(value / self.factor).map(|length| (length - lo) / (hi - lo))
    }

    /// `value` in units of equal length.
    fn length(&self, value: f64) -> Option<f64> {
        let length = match self.kind {
            Kind::Linear | Kind::Names(_) => value,
            Kind::Log => value.log10(),
            Kind::Steps => value.ln_1p() / std::f64::consts::LN_10,
        };
        // Beyond this, differences of two numbers may overflow.
        (length.abs() < 1e300).then_some(length)
    }

    /// This scale's numbers at the ticks of the one that it is a multiple of.
    pub fn beside(&self, ticks: &[Tick]) -> Vec<Tick> {
        let number = |tick: &Tick| self.number(self.ends.0 + tick.place * (self.ends.1 - self.ends.0));
        let numbers: Vec<f64> = ticks.iter().map(number).collect();
        let largest = numbers.iter().fold(0.0, |most: f64, number| most.max(number.abs()));
        let write = |number: f64| {
            // Seven digits of the largest; what is smaller than the last of them is nothing, but where it has a logarithm.
            let size = if self.kind == Kind::Log { number.abs() } else { largest };
            let unit = 10f64.powf(size.log10().floor() - 6.0);
            let rounded = (number / unit).round() * unit;
            if (1e-4..1e7).contains(&rounded.abs()) { plain(rounded) } else { power(rounded) }
        };
        let beside = |(tick, number): (&Tick, f64)| Tick { place: tick.place, label: write(number) };
        ticks.iter().zip(numbers).map(beside).collect()
    }

    /// What stands at a length.
    fn number(&self, length: f64) -> f64 {
        self.factor
            * match self.kind {
                Kind::Linear | Kind::Names(_) => length,
                Kind::Log => 10f64.powf(length),
                Kind::Steps => 10f64.powf(length) - 1.0,
            }
    }

    /// The round numbers between the ends, `most` at the most where that is possible.
    pub fn ticks(&self, most: usize) -> Vec<Tick> {
        let shown = |end: f64| match self.kind {
            Kind::Linear | Kind::Names(_) => end * self.factor,
            Kind::Log => (10f64.powf(end) * self.factor).max(1e-300),
            Kind::Steps => (10f64.powf(end) - 1.0) * self.factor,
        };
        // A margin may reach beyond the largest number there is.
        let (lo, hi) = (shown(self.ends.0).max(-1e300), shown(self.ends.1).min(1e300));
        let most = most.max(2);
        let numbers = match &self.kind {
            Kind::Names(names) => names.iter().enumerate().map(|(k, name)| (k as f64, name.clone())).collect(),
            Kind::Linear => even(lo, hi, most),
            Kind::Log => powers(lo, hi, most),
            Kind::Steps => steps(lo, hi, most),
        };
        let ticks = numbers.into_iter().filter_map(|(number, label)| Some(Tick { place: self.place(number)?, label }));
        ticks.filter(|tick| within(tick.place, 0.0, 1.0)).collect()
    }
}

/// Ends that coincide are moved apart: by a tenth, or by half a unit where there is nothing to take a tenth of.
fn apart(lo: f64, hi: f64, kind: &Kind) -> (f64, f64) {
    let size = lo.abs().max(hi.abs());
    // Two whole numbers differ, however large they are; of others the last digits may be rounding.
    let whole = size < 9e15 && lo.fract() == 0.0 && hi.fract() == 0.0;
    let noise = if *kind != Kind::Linear {
        1e-9
    } else if whole {
        0.0
    } else {
        1e-13
    };
    if hi - lo > noise * size && hi - lo > 1e-304 {
        return (lo, hi);
    }
    let half = if *kind == Kind::Linear && size > 1e-304 { 0.1 * size } else { 0.5 };
    (lo - half, hi + half)
}

/// Multiples of 1, 2 or 5 × 10^k, all with the same decimals.
fn even(lo: f64, hi: f64, most: usize) -> Vec<(f64, String)> {
    let power = 10f64.powf(((hi - lo) / most as f64).log10().floor());
    let fits = |step: &f64| span(lo, hi, *step).count() <= most;
    let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(fits).unwrap_or(20.0 * power);
    let digits = step.log10() + 1e-9;
    let largest = lo.abs().max(hi.abs());
    let write = |number: f64| {
        if number == 0.0 {
            "0".to_string()
        } else if (1e-4..1e7).contains(&largest) {
            grouped(&format!("{number:.*}", (-digits.floor()).max(0.0) as usize))
        } else {
            let significant = (number.abs().log10() + 1e-9).floor() - digits.floor();
            signed(&format!("{number:.*e}", significant.clamp(0.0, 15.0) as usize))
        }
    };
    span(lo, hi, step).map(|number| (number, write(number))).collect()
}

/// The multiples of `step` from `lo` to `hi`; a hundred are more than any axis can show.
fn span(lo: f64, hi: f64, step: f64) -> impl Iterator<Item = f64> {
    let (first, last) = ((lo / step - 1e-9).ceil(), (hi / step + 1e-9).floor());
    // Adding 0 turns -0 into 0.
    (0..100).map(move |k| first + f64::from(k)).take_while(move |k| *k <= last).map(move |k| k * step + 0.0)
}

/// From `lo` to `hi`, with what a logarithm there and back may have taken from them.
fn within(number: f64, lo: f64, hi: f64) -> bool {
    let noise = 1e-9 * lo.abs().max(hi.abs());
    (lo - noise..=hi + noise).contains(&number)
}

/// Powers of ten; over less than two decades 1, 2, 5, 10 …, and below that even steps.
fn powers(lo: f64, hi: f64, most: usize) -> Vec<(f64, String)> {
    let (first, last) = ((lo.log10() - 1e-9).ceil() as i32, (hi.log10() + 1e-9).floor() as i32);
    let decades = (last - first + 1).max(0) as usize;
    if decades > 2 {
        let stride = decades.div_ceil(most) as i32;
        let write = |k| if first < -4 || last > 5 { format!("10{}", superscript(k)) } else { plain(10f64.powi(k)) };
        return (first..=last).filter(|k| k % stride == 0).map(|k| (10f64.powi(k), write(k))).collect();
    }
    let numbers = (first - 1..=last).flat_map(|k| [1.0, 2.0, 5.0].map(|m| m * 10f64.powi(k)));
    let ticks: Vec<_> = numbers.filter(|v| within(*v, lo, hi)).map(|v| (v, plain(v))).collect();
    if (2..=most).contains(&ticks.len()) { ticks } else { even(lo, hi, most) }
}

/// Steps 0, 1, 3, 10, 30, 100 …; without the threes, then with fewer powers of ten, where they would crowd.
fn steps(lo: f64, hi: f64, most: usize) -> Vec<(f64, String)> {
    let series = |first: usize, stride: usize, multiples: &'static [f64]| {
        let powers = (first..16).step_by(stride).map(|k| 10f64.powi(k as i32));
        let rest = powers.flat_map(|power| multiples.iter().map(move |multiple| multiple * power));
        std::iter::once(0.0).chain(rest).filter(|t| within(*t, lo, hi)).map(|t| (t, plain(t))).collect::<Vec<_>>()
    };
    let tries = [
        series(0, 1, &[1.0, 3.0]),
        series(0, 1, &[1.0]),
        series(0, 2, &[1.0]),
        series(2, 2, &[1.0]),
        series(3, 3, &[1.0]),
        series(6, 6, &[1.0]),
    ];
    match tries.into_iter().find(|ticks| ticks.len() <= most) {
        Some(ticks) if ticks.len() >= 2 => ticks,
        _ => even(lo, hi, most),
    }
}

/// The shortest writing of a number that is round already.
pub(crate) fn plain(number: f64) -> String {
    let size = number.abs();
    if size == 0.0 || (1e-4..1e7).contains(&size) {
        // Twelve digits drop the noise of binary fractions.
        let text = format!("{number:.12}");
        grouped(text.trim_end_matches('0').trim_end_matches('.'))
    } else {
        signed(&format!("{number:e}"))
    }
}

/// The shortest writing in scientific notation, of four digits at most.
fn power(number: f64) -> String {
    if number == 0.0 {
        return "0".into();
    }
    let text = format!("{number:.3e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    signed(&format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.')))
}

/// Commas between the thousands, from five digits on: 20,000 but 1912.
fn grouped(text: &str) -> String {
    let whole = text.find('.').unwrap_or(text.len());
    let start = usize::from(text.starts_with('-'));
    let mut grouped = text.to_string();
    if whole - start > 4 {
        (start + 1..whole).rev().filter(|at| (whole - at).is_multiple_of(3)).for_each(|at| grouped.insert(at, ','));
    }
    signed(&grouped)
}

/// A printed minus instead of a hyphen.
fn signed(text: &str) -> String {
    text.replace('-', "−")
}

fn superscript(power: i32) -> String {
    let raised = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '0' | '4'..='9' => char::from_u32('⁰' as u32 + c as u32 - '0' as u32).unwrap_or(c),
        other => other,
    };
    power.to_string().chars().map(raised).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: Axis, lo: f64, hi: f64, most: usize) -> Vec<String> {
        let scale = Scale::new(&axis.range(lo, hi), [].into_iter(), (0.0, 0.0)).unwrap();
        let ticks = scale.ticks(most);
        assert!(ticks.iter().all(|tick| (-1e-6..=1.0 + 1e-6).contains(&tick.place)), "{lo} to {hi}: {ticks:?}");
        assert!(ticks.windows(2).all(|pair| pair[0].place < pair[1].place), "{lo} to {hi}: {ticks:?}");
        ticks.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_numbers_without_noise() {
        let linear = || Axis::new("x");
        assert_eq!(labels(linear(), 0.0, 1.0, 6), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(linear(), -0.3, 0.3, 4), ["−0.2", "0", "0.2"]);
        assert_eq!(labels(linear(), 0.0, 60_000.0, 4), ["0", "20,000", "40,000", "60,000"]);
        assert_eq!(labels(linear(), 1900.0, 1920.0, 3), ["1900", "1910", "1920"]);
        assert_eq!(labels(linear(), 0.0, 5e-6, 6), ["0", "1e−6", "2e−6", "3e−6", "4e−6", "5e−6"]);
        assert_eq!(labels(Axis::new("x").log(), 1e-3, 1e3, 9), ["0.001", "0.01", "0.1", "1", "10", "100", "1000"]);
        assert_eq!(labels(Axis::new("x").log(), 1e-6, 1.0, 4), ["10⁻⁶", "10⁻⁴", "10⁻²", "10⁰"]);
        assert_eq!(labels(Axis::new("x").log(), 1.0, 20.0, 9), ["1", "2", "5", "10", "20"]);
        let steps = ["0", "1", "3", "10", "30", "100", "300", "1000"];
        assert_eq!(labels(Axis::new("step").steps(), 0.0, 1000.0, 9), steps);
        assert_eq!(labels(Axis::new("step").steps(), 0.0, 1e6, 5), ["0", "1", "100", "10,000", "1,000,000"]);
    }

    #[test]
    fn there_are_never_too_many_ticks_nor_too_few() {
        let ends = [-1e299, -2e6, -37.0, -1e-3, 0.0, 1e-299, 1e-7, 0.11, 0.97, 1.0, 3.3, 1e5, 1e5 + 0.1, 7e12, 1e299];
        for lo in ends {
            for hi in ends.into_iter().filter(|hi| *hi > lo) {
                for most in 2..10 {
                    let count = labels(Axis::new("x"), lo, hi, most).len();
                    assert!((1..=most).contains(&count), "{count} of {most} from {lo} to {hi}");
                    if lo > 0.0 {
                        assert!((1..=most).contains(&labels(Axis::new("x").log(), lo, hi, most).len()));
                    }
                    if lo >= 0.0 {
                        labels(Axis::new("t").steps(), lo, hi, most);
                    }
                }
            }
        }
    }

    #[test]
    fn a_multiple_is_numbered_where_its_base_is() {
        let beside = |axis: Axis, lo, hi, factor| {
            let scale = Scale::new(&axis.range(lo, hi), [].into_iter(), (0.0, 0.0)).unwrap();
            let ticks = scale.ticks(6);
            let right = scale.times(factor).beside(&ticks);
            assert!(ticks.iter().zip(&right).all(|(left, right)| left.place == right.place));
            right.into_iter().map(|tick| tick.label).collect::<Vec<_>>()
        };
        assert_eq!(beside(Axis::new("y"), 0.0, 1.0, 2201.0), ["0", "440.2", "880.4", "1320.6", "1760.8", "2201"]);
        assert_eq!(beside(Axis::new("y"), -0.2, 0.2, 100.0), ["−20", "−10", "0", "10", "20"]);
        assert_eq!(beside(Axis::new("y"), 0.0, 1.0, 2e9), ["0", "4e8", "8e8", "1.2e9", "1.6e9", "2e9"]);
        assert_eq!(beside(Axis::new("y").log(), 0.01, 1.0, 150.0), ["1.5", "15", "150"]);
        assert_eq!(beside(Axis::new("y").log(), 1e-12, 1.0, 15.0)[0], "1.5e−11");
    }

    #[test]
    fn a_range_without_places_is_refused() {
        let range = |axis: Axis, lo, hi| Scale::new(&axis.range(lo, hi), [].into_iter(), (0.0, 0.0));
        assert!(matches!(range(Axis::new("x").log(), 0.0, 1.0), Err(Error::AxisRange { .. })));
        assert!(matches!(range(Axis::new("x"), 0.0, f64::NAN), Err(Error::AxisRange { .. })));
        let reversed = range(Axis::new("x"), 4.0, 2.0).unwrap();
        assert_eq!((reversed.place(2.0), reversed.place(4.0)), (Some(0.0), Some(1.0)));
    }
}
