//! The picture of the idea: KL, the same curve lifted by H(p̂), n times that, and one minimum. Beside it a map of two parameters.

use anyhow::Result;
use candle_core::{Device, Tensor};
use candle_mle::batch::Batch;
use candle_mle::hook::Row;
use candle_mle::info::number::fixed;
use candle_mle::info::{Information, Unit};
use candle_mle::model::Bernoulli;
use candle_mle::{Empirical, History, LossLog, Model, walk};
use candle_mle_plot::{Axis, Figure, Ink, Panel};

use super::{Lift, near};
use crate::flags::Data;
use crate::learned::Learned;
use crate::progress::Drawing;
use crate::run::Run;

/// How many logits, or rows, are looked at for a slice, about: a curve of 41 places is as smooth as one of 161.
const LOOKS: usize = 8_000_000;
/// Places each way along an axis of a map.
const CELLS: usize = 80;

/// The three quantities along a line through parameter space, the fitted place in its middle.
pub struct Slice {
    axis: String,
    held: String,
    grid: Vec<f64>,
    history: History,
    fitted: f64,
    infimum: Option<Information>,
}

impl Slice {
    /// `at` makes the model of a place; `axis` names what varies, with its unit. `length` is how far it may be before the
    /// curve is known: it is drawn as far as it rises by about what it is lifted by, but no farther than `most`.
    pub fn new<M: Model>(
        axis: impl Into<String>,
        fitted: f64,
        (length, most): (f64, f64),
        at: impl Fn(f64) -> candle_mle::Result<M>,
        data: &Empirical<M::Batch>,
    ) -> Result<Self> {
        Self::around(axis.into(), fitted, (length, most), data.distinct(), row_of(at, data), data)
    }

    /// The same of what `row` finds at a place, by looking at so many logits.
    pub(super) fn around<B: Batch>(
        axis: String,
        fitted: f64,
        (length, most): (f64, f64),
        looks: usize,
        row: impl Fn(f64) -> Result<Row>,
        data: &Empirical<B>,
    ) -> Result<Self> {
        let half = (LOOKS / looks.max(1) / 2).clamp(20, 80) as i32;
        let here = row(fitted)?;
        let wanted = 0.7 * f64::max(rise(&here), 1e-9);
        let enough = |far: f64| -> Result<bool> {
            let ends = [row(fitted - far)?.cross_entropy, row(fitted + far)?.cross_entropy];
            // Also true of NaN: there is nothing beyond.
            Ok(!ends.iter().all(|end| end - here.cross_entropy < wanted))
        };
        let (mut low, mut far) = (0.0, length.min(most));
        while far < most && far < 1e300 && !enough(far)? {
            (low, far) = (far, (2.0 * far).min(most));
        }
        // How far exactly is a matter of looks.
        for _ in 0..if half < 80 { 4 } else { 12 } {
            let middle = (low + far) / 2.0;
            if enough(middle)? { far = middle } else { low = middle }
        }
        // Less than that at both ends, where all is finite.
        let far = if low > 0.0 { low } else { far };
        let grid = (-half..=half).map(|i| fitted + far * f64::from(i) / f64::from(half)).collect();
        Self::on(axis, fitted, grid, row, data)
    }

    /// Along a direction in which the likelihood has no maximum: NLL falls towards `infimum` for ever.
    pub(super) fn towards<B: Batch>(
        axis: String,
        (from, fitted, to): (f64, f64, f64),
        infimum: Information,
        row: impl Fn(f64) -> Result<Row>,
        data: &Empirical<B>,
    ) -> Result<Self> {
        // Not beyond where it falls no more: along other directions the descent may have something left to go.
        let even = |to: f64| (0..=80).map(move |i| from + (to - from) * f64::from(i) / 80.0);
        let n = data.total();
        let left =
            even(to).map(|place| Ok(row(place)?.cross_entropy - infimum.nats() / n)).collect::<Result<Vec<_>>>()?;
        let level = left.iter().position(|excess| *excess <= (2.0 * left[80]).max(1e-14)).unwrap_or(80);
        let grid: Vec<f64> = even(even(to).nth(level).unwrap_or(to).max(fitted)).collect();
        Ok(Self { infimum: Some(infimum), ..Self::on(axis, fitted, grid, row, data)? })
    }

    fn on<B: Batch>(
        axis: String,
        fitted: f64,
        grid: Vec<f64>,
        row: impl Fn(f64) -> Result<Row>,
        data: &Empirical<B>,
    ) -> Result<Self> {
        let rows = grid.iter().enumerate().map(|(step, place)| Ok(Row { step, ..row(*place)? }));
        let rows = rows.collect::<Result<Vec<Row>>>()?;
        let known = rows.iter().any(|row| row.kl.is_finite());
        let history = History::from_rows(rows, data.total(), known.then(|| data.entropy()));
        Ok(Self { axis, held: String::new(), grid, history, fitted, infimum: None })
    }

    /// Of a coin: its probabilities, or, where it showed one face only, its log-odds.
    pub fn of_coins(face: &str, learned: &Learned<Bernoulli>, p: &Empirical<Tensor>) -> Result<Self> {
        let (fitted, coin) = (learned.model.prob()?, |prob: f64| Bernoulli::from_prob(prob, &Device::Cpu));
        let Some(separation) = &learned.separation else {
            let most = (1.0 - 1e-9) * fitted.min(1.0 - fitted);
            return Self::new(format!("probability of {face}"), fitted, (most / 2.0, most), coin, p);
        };
        // From a fair coin to as far again as the descent has come.
        let logit = (fitted / (1.0 - fitted)).ln().clamp(-15.0, 15.0);
        let row = row_of(|logit: f64| coin(1.0 / (1.0 + (-logit).exp())), p);
        Self::towards(format!("log-odds of {face}"), (0.0, logit, 2.0 * logit), separation.infimum, row, p)
    }

    /// Says what does not vary along it.
    pub fn holding(self, held: impl Into<String>) -> Self {
        Self { held: held.into(), ..self }
    }

    fn panel(&self, unit: Unit) -> Panel {
        let (rows, n) = (self.history.rows(), self.history.total());
        let line = |value: &dyn Fn(&Row) -> f64| {
            self.grid.iter().copied().zip(rows.iter().map(|row| value(row) / unit.nats())).collect::<Vec<_>>()
        };
        let label = |what: &str| format!("{what}{unit} per observation");
        let right = format!("{unit} in all, n = {n}");
        let Some(infimum) = self.infimum else {
            let (low, high) = self.ends();
            let places = [0.07, 0.34, 0.8].map(|share| low + share * (high - low));
            let lift = Lift { history: &self.history, unit, arrows: &places };
            let mut panel = lift.panel(Axis::new(&self.axis), label(""), line);
            panel = panel.vline(self.fitted, "");
            let Some(here) = rows.iter().zip(&self.grid).find(|(_, place)| **place == self.fitted) else {
                return panel;
            };
            let (kl, cross_entropy) = (here.0.kl / unit.nats(), here.0.cross_entropy / unit.nats());
            panel = panel.mark(self.fitted, kl, if kl.is_finite() { self.place() } else { String::new() });
            return panel.mark(self.fitted, cross_entropy, if kl.is_finite() { String::new() } else { self.place() });
        };
        // What every quantity is where the NLL is at its infimum.
        let (low, entropy) = (infimum.nats() / n, self.history.entropy().unwrap_or_default().nats());
        let mut panel = Panel::new(Axis::new(&self.axis), Axis::new(label("above the infimum: ")).log())
            .line(line(&|row| row.cross_entropy - low), Ink::SkyBlue)
            .width(12.0)
            .label("cross-entropy")
            .line(line(&|row| row.kl - (low - entropy)), Ink::Vermillion)
            .label("KL(p̂‖q)")
            .line(line(&|row| row.nll / n - low), Ink::Black)
            .dashed()
            .label("NLL, on the right")
            .right_axis(right, n);
        let at = line(&|row| row.cross_entropy - low).into_iter();
        let here = at.min_by(|a, b| (a.0 - self.fitted).abs().total_cmp(&(b.0 - self.fitted).abs()));
        if let Some((x, y)) = here {
            panel = panel.mark(x, y, "end of the descent");
        }
        panel
    }

    fn ends(&self) -> (f64, f64) {
        (self.grid[0], self.grid[self.grid.len() - 1])
    }

    /// The fitted place, as finely as the picture shows it.
    fn place(&self) -> String {
        near(self.fitted, (self.ends().1 - self.ends().0) / 2.0)
    }

    /// Where the quantities are least, and whether they agree on it.
    fn title(&self, converged: bool) -> String {
        let at = self.history.argmin(0.0);
        let coarse = self.history.rows().iter().any(|row| row.kl < -BELOW);
        let known = at.kl.is_some() && !coarse;
        let which = if known { "KL, cross-entropy and NLL" } else { "Cross-entropy and NLL" };
        if self.infimum.is_some() {
            return format!("No minimum: this way {which} fall for ever, towards an infimum");
        }
        let Some(least) =
            at.cross_entropy.filter(|least| at.kl.is_none_or(|kl| kl == *least) && at.nll == Some(*least))
        else {
            return "The minima do not line up".into();
        };
        let (low, high) = self.ends();
        let there = near(self.grid[least], (high - low) / 2.0);
        if least == 0 || least + 1 == self.grid.len() {
            let so = if converged { "" } else { "Not converged: " };
            format!("{so}{which} still fall towards the edge")
        } else if !converged {
            format!(
                "Not converged: {which} are least near {there} on this line, and the descent stands at {}",
                self.place()
            )
        } else if self.grid[least] == self.fitted {
            let but = if coarse { "; this resolution is too coarse for a KL" } else { "" };
            format!("{which} are least at one and the same place: {there}{but}")
        } else {
            format!("{which} are least near {there}, and the descent stands at {}", self.place())
        }
    }

    fn subtitle(&self, floor: &str, unit: Unit) -> String {
        let (n, held) = (self.history.total(), &self.held);
        let held = if held.is_empty() { String::new() } else { format!("; held: {held}") };
        let one = match (self.infimum, self.history.entropy()) {
            (Some(infimum), _) => format!("the infimum of the NLL is {} {unit}", fixed(infimum.to(unit), 4)),
            (None, None) => "KL is infinite: points of a density without a --resolution".into(),
            (None, Some(h)) if self.history.rows().iter().any(|row| row.kl < -BELOW) => format!(
                "KL below 0 is no KL: in cells as wide as this resolution the density is not flat; {floor} = {} {unit}",
                fixed(h.to(unit), 4)
            ),
            (None, Some(h)) if h.nats().abs() < 1e-12 => {
                let why = if floor == "H(Y|X)" { ", no x with two outcomes" } else { "" };
                format!("{floor} = 0{why}: cross-entropy is KL, and NLL n = {n} times it")
            }
            (None, Some(h)) => {
                let h = fixed(h.to(unit), 4).replace('-', "−");
                format!("everywhere cross-entropy = KL + {floor}, {h} {unit}, and NLL = n × that")
            }
        };
        format!("{one}{held}")
    }
}

/// A KL this far below 0, in nats, is no rounding, not even that of f32.
pub(super) const BELOW: f64 = 1e-6;

/// How far a curve is drawn: until it has risen as much as it is lifted.
fn rise(here: &Row) -> f64 {
    let entropy = here.cross_entropy - here.kl;
    if !here.kl.is_finite() {
        1.0
    } else if entropy.abs() > 0.1 * here.cross_entropy.abs() {
        entropy.abs()
    } else {
        here.cross_entropy.abs()
    }
}

/// The three quantities of the model at a place, by the hook that logs a descent.
fn row_of<'a, M: Model>(
    at: impl Fn(f64) -> candle_mle::Result<M> + 'a,
    data: &'a Empirical<M::Batch>,
) -> impl Fn(f64) -> Result<Row> + 'a {
    move |place| {
        let mut log = LossLog::new();
        walk([at(place)], data, &mut log)?;
        Ok(log.into_history()?.rows()[0])
    }
}

/// The cross-entropy over two parameters, and the way that the descent took.
pub struct View {
    axes: [String; 2],
    grids: [Vec<f64>; 2],
    values: Vec<f64>,
    path: Vec<(f64, f64)>,
    truth: Option<(f64, f64)>,
}

impl View {
    /// `loss` in nats per observation. `axes` name the parameters, with their units, and say how far the map reaches at
    /// least; it covers the `path` and the `truth`.
    pub fn new(
        axes: [(String, f64); 2],
        path: Vec<(f64, f64)>,
        truth: Option<(f64, f64)>,
        loss: impl Fn(f64, f64) -> Result<f64>,
    ) -> Result<Self> {
        let grid = |of: fn(&(f64, f64)) -> f64, least: f64| {
            let places = || path.iter().chain(&truth).map(of).filter(|v| v.is_finite());
            let (low, high) = (places().fold(f64::INFINITY, f64::min), places().fold(f64::NEG_INFINITY, f64::max));
            // In the data's own units, in which a microgram is as good as a tonne.
            let (span, size) = (high - low, low.abs().max(high.abs()));
            let margin = (0.3 * span).max((least - span) / 2.0);
            let margin = match margin > 1e-12 * size {
                true => margin,
                false if size > 0.0 => 3e-4 * size,
                false => 1.0,
            };
            // A positive parameter, such as σ, stays one.
            let low = if low > 0.0 { (low - margin).max(0.5 * low) } else { low - margin };
            (0..CELLS).map(|i| low + (high + margin - low) * i as f64 / (CELLS - 1) as f64).collect::<Vec<_>>()
        };
        let grids = [grid(|p| p.0, axes[0].1), grid(|p| p.1, axes[1].1)];
        let drawing = Drawing::new(CELLS);
        let mut values = Vec::with_capacity(CELLS * CELLS);
        for b in &grids[1] {
            for a in &grids[0] {
                values.push(loss(*a, *b)?);
            }
            drawing.one_more();
        }
        Ok(Self { axes: axes.map(|(name, _)| name), grids, values, path, truth })
    }

    fn panel(&self, unit: Unit) -> Panel {
        // Above the least cross-entropy: the same map as KL above its least, and known without a resolution too.
        let values: Vec<f64> = self.values.iter().map(|value| value / unit.nats()).collect();
        let least = values.iter().copied().filter(|v| v.is_finite()).fold(f64::INFINITY, f64::min);
        let excess: Vec<f64> = values.iter().map(|v| v - least).collect();
        let start = self.path.first().copied().unwrap_or((f64::NAN, f64::NAN));
        let most = excess.iter().copied().filter(|v| v.is_finite()).fold(0.0, f64::max);
        let wanted = 2.0 * self.near(start, &excess);
        // A map of which next to nothing lies within its colours is one of what lies beyond.
        let within = excess.iter().filter(|v| **v < wanted).count() as f64 / excess.len() as f64;
        let top =
            if within > 0.02 && wanted > 1e-3 * most && wanted < most { wanted } else { most.max(f64::MIN_POSITIVE) };
        let levels: Vec<f64> = [0.003, 0.01, 0.03, 0.1, 0.3, 0.6].iter().map(|share| share * top).collect();
        let clipped = if top < most { format!(", yellow: {} or more", super::round(top)) } else { String::new() };
        let bar = Axis::new(format!("{unit}/obs. above the least{clipped}")).range(0.0, top);
        let [x, y] = &self.axes;
        let truth = self.truth.unwrap_or((f64::NAN, f64::NAN));
        let end = self.path.last().copied().unwrap_or((f64::NAN, f64::NAN));
        let apart = |grid: &[f64], a: f64, b: f64| (a - b).abs() > 0.03 * (grid[CELLS - 1] - grid[0]);
        let two = apart(&self.grids[0], start.0, end.0) || apart(&self.grids[1], start.1, end.1);
        let (first, last) = if two { ("start", "end") } else { ("", "start and end") };
        Panel::new(Axis::new(x), Axis::new(y))
            .heat(&self.grids[0], &self.grids[1], &excess, bar)
            .contours(&levels)
            .line(self.path.iter().copied(), Ink::Orange)
            .width(6.0)
            .label("path of the descent")
            .mark(start.0, start.1, first)
            .mark(end.0, end.1, last)
            .cross(truth.0, truth.1, "truth")
    }

    /// The value of the cell nearest to a place.
    fn near(&self, (a, b): (f64, f64), values: &[f64]) -> f64 {
        let nearest = |grid: &[f64], place: f64| {
            let apart = |i: &usize| (grid[*i] - place).abs();
            (0..grid.len()).min_by(|i, j| apart(i).total_cmp(&apart(j))).unwrap_or(0)
        };
        values[nearest(&self.grids[1], b) * self.grids[0].len() + nearest(&self.grids[0], a)]
    }
}

impl<D: Data> Run<D> {
    /// `landscape.png`: the three along a slice on one axis, and the view of two parameters if there is one. `floor` is
    /// what the entropy is called.
    pub fn draw_landscape<M>(
        &self,
        learned: &Learned<M>,
        floor: &str,
        slice: &Slice,
        view: Option<&View>,
    ) -> Result<()> {
        let unit = self.unit();
        let figure = Figure::new(slice.title(learned.converged)).subtitle(slice.subtitle(floor, unit));
        let figure = figure.column([slice.panel(unit)]);
        let figure = view.iter().fold(figure, |figure, view| figure.column_of(1.05, [view.panel(unit)]));
        self.draw("landscape.png", figure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a path a tenth of a zeptojoule long the map is not much larger.
    #[test]
    fn a_map_is_as_large_as_what_it_shows() -> Result<()> {
        for unit in [1e-19, 1.0, 1e12] {
            let axes = ["a", "b"].map(|name| (name.to_string(), 0.0));
            let view = View::new(axes, vec![(0.0, 0.0), (2.0 * unit, -unit)], None, |a, b| Ok(a.hypot(b) / unit))?;
            for (grid, span) in view.grids.iter().zip([2.0, 1.0]) {
                let width = (grid[CELLS - 1] - grid[0]) / unit;
                assert!((span..2.0 * span).contains(&width), "{width} at {unit:e}");
            }
        }
        // Far from 0 too: a mean of 10⁹ that moved by a tenth of its standard deviation.
        let view =
            View::new([("mean".into(), 2.0), ("sd".into(), 1.0)], vec![(1e9, 1.0), (1e9 + 0.1, 1.1)], None, |a, b| {
                Ok(a + b)
            })?;
        for (grid, width) in view.grids.iter().zip([2.0, 1.0]) {
            assert!((grid[CELLS - 1] - grid[0] - width).abs() < 1e-3, "{} to {}", grid[0], grid[CELLS - 1]);
        }
        Ok(())
    }
}
