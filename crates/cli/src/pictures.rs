//! The pictures of every run: the descent and the landscape.

mod classifier;
mod density;
mod tree;

use anyhow::Result;
use candle_core::{Device, Tensor};
use candle_mle::hook::Row;
use candle_mle::info::number::count;
use candle_mle::info::{Information, Unit};
use candle_mle::model::Bernoulli;
use candle_mle::{Empirical, History, LossLog, Model, walk};
use candle_mle_plot::{Axis, Figure, Ink, Panel};

use crate::flags::Data;
use crate::learned::Learned;
use crate::run::Run;

pub use tree::twig;

/// The three quantities along a line through parameter space: the models at the places of a grid.
pub struct Slice {
    axis: String,
    grid: Vec<f64>,
    history: History,
    infimum: Option<Information>,
}

impl Slice {
    /// `at` makes the model of a place on the `grid`; `axis` names what varies, with its unit.
    pub fn new<M: Model>(
        axis: impl Into<String>,
        grid: Vec<f64>,
        at: impl Fn(f64) -> candle_mle::Result<M>,
        data: &Empirical<M::Batch>,
    ) -> Result<Self> {
        let mut log = LossLog::new();
        walk(grid.iter().map(|place| at(*place)), data, &mut log)?;
        Ok(Self { axis: axis.into(), grid, history: log.into_history()?, infimum: None })
    }

    /// Of a coin: all probabilities in steps of a hundredth, and the fitted one.
    pub fn of_coins(face: &str, fitted: f64, p: &Empirical<Tensor>) -> Result<Self> {
        let mut coins: Vec<f64> =
            (1..100).map(|i| f64::from(i) / 100.0).filter(|prob| (prob - fitted).abs() > 1e-9).collect();
        coins.extend((fitted > 0.0 && fitted < 1.0).then_some(fitted));
        coins.sort_by(f64::total_cmp);
        Self::new(format!("probability of {face}"), coins, |prob| Bernoulli::from_prob(prob, &Device::Cpu), p)
    }

    /// The same, along a direction in which the likelihood has no maximum: NLL falls towards this for ever.
    pub fn without_minimum(self, infimum: Information) -> Self {
        Self { infimum: Some(infimum), ..self }
    }

    fn panels(&self, unit: Unit) -> Vec<Panel> {
        let (rows, at) = (self.history.rows(), self.history.argmin(0.0));
        // What every quantity is where the NLL is at its infimum.
        let (n, entropy) = (self.history.total(), self.history.entropy().unwrap_or_default());
        let infimum = self.infimum.map(|nll| Row {
            step: 0,
            kl: nll.nats() / n - entropy.nats(),
            cross_entropy: nll.nats() / n,
            nll: nll.nats(),
            reverse_kl: None,
            population_kl: None,
        });
        let panel = |name: &str, of: &str, ink: Ink, value: fn(&Row) -> f64, argmin: Option<usize>| {
            let values: Vec<f64> = rows.iter().map(|row| value(row) / unit.nats()).collect();
            let line = self.grid.iter().copied().zip(values.iter().copied());
            let y = Axis::new(format!("{name} ({unit} {of})"));
            let panel = Panel::new(Axis::new(&self.axis), y).line(line, ink);
            match (&infimum, argmin) {
                (Some(row), _) => {
                    let bound = value(row) / unit.nats();
                    panel.hline(bound, format!("infimum {bound:.4} {unit}"))
                }
                (None, Some(at)) => {
                    panel.vline(self.grid[at], "").mark(self.grid[at], values[at], round(self.grid[at]))
                }
                (None, None) => panel,
            }
        };
        let mut panels = vec![
            panel("cross-entropy", "per observation", Ink::Blue, |row| row.cross_entropy, at.cross_entropy),
            panel("NLL", "in all", Ink::Black, |row| row.nll, at.nll),
        ];
        if self.history.entropy().is_some() {
            panels.insert(0, panel("KL(p̂‖q)", "per observation", Ink::Vermillion, |row| row.kl, at.kl));
        }
        panels
    }

    /// Where the quantities are least, and whether they agree on it.
    fn title(&self) -> String {
        let at = self.history.argmin(0.0);
        match at.cross_entropy {
            _ if self.infimum.is_some() => "No minimum: this way KL, cross-entropy and NLL fall for ever".into(),
            Some(least) if least == 0 || least + 1 == self.grid.len() => {
                "KL, cross-entropy and NLL keep falling towards the edge".into()
            }
            Some(least) if at.kl.is_none_or(|kl| kl == least) && at.nll == Some(least) => {
                let which = if at.kl.is_some() { "KL, cross-entropy and NLL" } else { "Cross-entropy and NLL" };
                format!("{which} are least at one and the same place: {}", round(self.grid[least]))
            }
            _ => "The minima do not line up".into(),
        }
    }
}

/// KL over two parameters, and the way that the descent took.
pub struct View {
    axes: [String; 2],
    grids: [Vec<f64>; 2],
    history: History,
    path: Vec<(f64, f64)>,
    truth: Option<(f64, f64)>,
}

impl View {
    /// `at` makes the model of two parameters. `axes` name them and say how far a grid reaches at least; it covers the
    /// `path` and the `truth`.
    pub fn new<M: Model>(
        axes: [(&str, f64); 2],
        path: Vec<(f64, f64)>,
        truth: Option<(f64, f64)>,
        at: impl Fn(f64, f64) -> candle_mle::Result<M>,
        data: &Empirical<M::Batch>,
    ) -> Result<Self> {
        const CELLS: usize = 64;
        let grid = |of: fn(&(f64, f64)) -> f64, least: f64| {
            let places = || path.iter().chain(&truth).map(of).filter(|v| v.is_finite());
            let (low, high) = (places().fold(f64::INFINITY, f64::min), places().fold(f64::NEG_INFINITY, f64::max));
            let margin = (0.3 * (high - low).max(1e-3 * high.abs()).max(1e-6)).max((least - (high - low)) / 2.0);
            // A positive parameter, such as σ, stays one.
            let low = if low > 0.0 { (low - margin).max(0.5 * low) } else { low - margin };
            (0..CELLS).map(|i| low + (high + margin - low) * i as f64 / (CELLS - 1) as f64).collect::<Vec<_>>()
        };
        let grids = [grid(|p| p.0, axes[0].1), grid(|p| p.1, axes[1].1)];
        let mut log = LossLog::new();
        let places = grids[1].iter().flat_map(|b| grids[0].iter().map(|a| (*a, *b)));
        walk(places.map(|(a, b)| at(a, b)), data, &mut log)?;
        Ok(Self { axes: axes.map(|(name, _)| name.to_string()), grids, history: log.into_history()?, path, truth })
    }

    fn panel(&self, unit: Unit) -> Panel {
        // Above the least cross-entropy: the same map as KL above its least, and known without a resolution too.
        let values: Vec<f64> = self.history.rows().iter().map(|row| row.cross_entropy / unit.nats()).collect();
        let least = values.iter().copied().filter(|v| v.is_finite()).fold(f64::INFINITY, f64::min);
        let excess: Vec<f64> = values.iter().map(|v| v - least).collect();
        let start = self.path.first().copied().unwrap_or((f64::NAN, f64::NAN));
        let top = 2.0 * self.near(start, &excess).max(1e-6);
        let levels: Vec<f64> = [0.003, 0.01, 0.03, 0.1, 0.3, 0.6].iter().map(|share| share * top).collect();
        let bar = Axis::new(format!("above the minimum ({unit}/obs.)")).range(0.0, top);
        let [x, y] = &self.axes;
        let truth = self.truth.unwrap_or((f64::NAN, f64::NAN));
        let mut panel = Panel::new(Axis::new(x), Axis::new(y))
            .heat(&self.grids[0], &self.grids[1], &excess, bar)
            .contours(&levels)
            .line(self.path.iter().copied(), Ink::Orange)
            .width(6.0)
            .label("path of the descent")
            .mark(start.0, start.1, "start")
            .mark(truth.0, truth.1, "truth");
        if let Some(end) = self.path.last() {
            panel = panel.mark(end.0, end.1, "end");
        }
        panel
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
    /// `descent.png`: the three quantities against the step, and the floor between them.
    pub fn draw_descent<M>(&self, learned: &Learned<M>, floor: &str) -> Result<()> {
        let (history, unit) = (&learned.history, self.unit());
        let rows = history.rows();
        let curve = |value: &dyn Fn(&Row) -> f64| {
            rows.iter().map(|row| (row.step as f64, value(row) / unit.nats())).collect::<Vec<_>>()
        };
        let (n, step) = (history.total(), || Axis::new("step").steps());
        let each = format!("{unit} per observation");
        let mut upper = Panel::new(step(), Axis::new(&each))
            .line(curve(&|row| row.cross_entropy), Ink::SkyBlue)
            .width(10.0)
            .label("cross-entropy H(p̂, q)")
            .line(curve(&|row| row.nll / n), Ink::Black)
            .dashed()
            .label("NLL, on the right axis")
            .right_axis(format!("{unit} in all, n = {}", count(n)), n);
        let mut lower =
            Panel::new(step(), Axis::new(&each)).line(curve(&|row| row.kl), Ink::Vermillion).label("KL(p̂‖q)");
        if rows.iter().any(|row| row.population_kl.is_some()) {
            let truth = curve(&|row| row.population_kl.unwrap_or(f64::NAN));
            lower = lower.line(truth, Ink::Green).dotted().label("KL(truth‖q), exact");
        }
        if let Some(entropy) = history.entropy() {
            let entropy = entropy.to(unit);
            upper = upper.hline(entropy, format!("floor {floor} = {entropy:.4} {unit}"));
            lower = lower.hline(0.0, "floor 0");
        }
        let at = history.argmin(1e-9);
        let title = match (&learned.separation, at.cross_entropy) {
            (Some(_), _) => "Three names, one descent, and no end: the likelihood has no maximum".to_string(),
            (None, _) if !learned.converged => "Three names, one descent, and none has arrived yet".to_string(),
            (None, Some(step)) if at.kl == at.cross_entropy && at.nll == at.cross_entropy => {
                format!("Three names, one descent: all three arrive at step {step}")
            }
            (None, Some(step)) if at.kl.is_none() && at.nll == Some(step) => {
                format!("Cross-entropy and NLL arrive at step {step}; KL needs a resolution")
            }
            _ => "The minima differ".to_string(),
        };
        let arrived = at.cross_entropy.and_then(|step| rows.iter().find(|row| row.step == step));
        if let (true, Some(row)) = (learned.converged, arrived) {
            upper = upper.mark(row.step as f64, row.cross_entropy / unit.nats(), "argmin");
            lower = lower.mark(row.step as f64, row.kl / unit.nats(), "argmin");
        }
        let subtitle = match history.entropy() {
            Some(_) => format!(
                "H(p̂, q) = {floor} + KL(p̂‖q) at every step: one curve lifted by a constant, and n times it is the NLL"
            ),
            None => {
                "points of a density without a resolution: KL is infinite, its gradient is the cross-entropy's".into()
            }
        };
        let panels = if history.entropy().is_some() { vec![upper, lower] } else { vec![upper] };
        self.draw("descent.png", Figure::new(title).subtitle(subtitle).column(panels))
    }

    /// `landscape.png`: the three along a slice, one above the other, and the view of two parameters if there is one.
    pub fn draw_landscape(&self, slice: &Slice, view: Option<&View>) -> Result<()> {
        let mut figure = Figure::new(slice.title()).column(slice.panels(self.unit()));
        if let Some(view) = view {
            figure = figure.column_of(1.15, [view.panel(self.unit())]);
        }
        self.draw("landscape.png", figure)
    }
}

/// Three significant digits, with the minus sign of the axes.
pub(crate) fn round(value: f64) -> String {
    let text = match value.abs() {
        0.0 | f64::INFINITY => value.to_string(),
        size @ 1e-3..1e6 => format!("{value:.*}", (2 - size.log10().floor() as i32).max(0) as usize),
        _ => format!("{value:.2e}"),
    };
    text.replace('-', "−")
}
