//! The pictures of a run: the descent, the landscape, the model over the data.

use candle_core::{Device, Tensor};

use super::{Learned, Run};
use crate::empirical::Empirical;
use crate::error::Result;
use crate::fit::walk;
use crate::hook::{History, LossLog};
use crate::info::Unit;
use crate::model::{Classifier, Gaussian, Labelled, Model, host};
use crate::plot::{Axis, Figure, Ink, Panel, ellipse};
use crate::table::Design;

/// Colours of curves that stand for classes, columns or laws, in order.
const INKS: [Ink; 7] = [Ink::Blue, Ink::Vermillion, Ink::Green, Ink::Purple, Ink::Orange, Ink::SkyBlue, Ink::Black];

/// The three quantities along a line through parameter space: the models at the places of a grid.
pub struct Slice {
    axis: String,
    grid: Vec<f64>,
    history: History,
}

impl Slice {
    /// `at` makes the model of a place on the `grid`; `axis` names what varies, with its unit.
    pub fn new<M: Model>(
        axis: impl Into<String>,
        grid: Vec<f64>,
        at: impl Fn(f64) -> Result<M>,
        data: &Empirical<M::Batch>,
    ) -> Result<Self> {
        let mut log = LossLog::new();
        walk(grid.iter().map(|place| at(*place)), data, &mut log)?;
        Ok(Self { axis: axis.into(), grid, history: log.into_history()? })
    }

    fn panels(&self, unit: Unit) -> Vec<Panel> {
        let (rows, argmin) = (self.history.rows(), self.history.argmin(0.0));
        let each = format!("{unit} per observation");
        let quantities: [(&str, &str, Ink, Vec<f64>, Option<usize>); 3] = [
            ("KL(p_data‖q)", &each, Ink::Vermillion, rows.iter().map(|row| row.kl).collect(), argmin.kl),
            (
                "cross-entropy",
                &each,
                Ink::Blue,
                rows.iter().map(|row| row.cross_entropy).collect(),
                argmin.cross_entropy,
            ),
            ("NLL", &format!("{unit} in all"), Ink::Black, rows.iter().map(|row| row.nll).collect(), argmin.nll),
        ];
        let shown = quantities.into_iter().filter(|(.., values, _)| values.iter().any(|v| v.is_finite()));
        shown
            .map(|(name, of, ink, values, argmin)| {
                let values: Vec<f64> = values.iter().map(|v| v / unit.nats()).collect();
                let line = self.grid.iter().copied().zip(values.iter().copied());
                let panel = Panel::new(Axis::new(&self.axis), Axis::new(format!("{name} ({of})"))).line(line, ink);
                match argmin {
                    Some(at) => panel.vline(self.grid[at], "").mark(self.grid[at], values[at], round(self.grid[at])),
                    None => panel,
                }
            })
            .collect()
    }

    /// Where each quantity is least, if that is not an edge of the grid.
    fn title(&self) -> String {
        let at = self.history.argmin(0.0);
        let inside = |at: usize| at > 0 && at + 1 < self.grid.len();
        match at.cross_entropy.filter(|at| inside(*at)) {
            Some(least) if at.kl.is_none_or(|kl| kl == least) && at.nll == Some(least) => {
                let count = if at.kl.is_some() { "KL, cross-entropy and NLL are" } else { "Cross-entropy and NLL are" };
                format!("{count} least at one and the same place: {}", round(self.grid[least]))
            }
            Some(_) => "The minima do not line up".into(),
            None => "The likelihood keeps growing towards the edge: no minimum here".into(),
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
    /// `at` makes the model of two parameters, which `axes` name; the grid covers the `path` and the `truth`.
    pub fn new<M: Model>(
        axes: [&str; 2],
        path: Vec<(f64, f64)>,
        truth: Option<(f64, f64)>,
        at: impl Fn(f64, f64) -> Result<M>,
        data: &Empirical<M::Batch>,
    ) -> Result<Self> {
        const CELLS: usize = 64;
        let grid = |of: fn(&(f64, f64)) -> f64| {
            let places = || path.iter().chain(&truth).map(of).filter(|v| v.is_finite());
            let (low, high) = (places().fold(f64::INFINITY, f64::min), places().fold(f64::NEG_INFINITY, f64::max));
            let margin = 0.3 * (high - low).max(1e-3 * high.abs()).max(1e-6);
            // A positive parameter, such as σ, stays one.
            let low = if low > 0.0 { (low - margin).max(0.5 * low) } else { low - margin };
            (0..CELLS).map(|i| low + (high + margin - low) * i as f64 / (CELLS - 1) as f64).collect::<Vec<_>>()
        };
        let grids = [grid(|p| p.0), grid(|p| p.1)];
        let mut log = LossLog::new();
        let places = grids[1].iter().flat_map(|b| grids[0].iter().map(|a| (*a, *b)));
        walk(places.map(|(a, b)| at(a, b)), data, &mut log)?;
        Ok(Self { axes: axes.map(String::from), grids, history: log.into_history()?, path, truth })
    }

    fn panel(&self, unit: Unit) -> Panel {
        // Above the least cross-entropy: the same map as KL above its least, and known without a resolution too.
        let values: Vec<f64> = self.history.rows().iter().map(|row| row.cross_entropy / unit.nats()).collect();
        let least = values.iter().copied().filter(|v| v.is_finite()).fold(f64::INFINITY, f64::min);
        let excess: Vec<f64> = values.iter().map(|v| v - least).collect();
        let start = self.path.first().copied().unwrap_or((f64::NAN, f64::NAN));
        let top = 1.5 * self.near(start, &excess).max(1e-6);
        let levels: Vec<f64> = [0.003, 0.01, 0.03, 0.1, 0.3, 0.6].iter().map(|share| share * top).collect();
        let bar = Axis::new(format!("above the minimum ({unit} per observation)")).range(0.0, top);
        let [x, y] = &self.axes;
        let mut panel = Panel::new(Axis::new(x), Axis::new(y))
            .heat(&self.grids[0], &self.grids[1], &excess, bar)
            .contours(&levels)
            .line(self.path.iter().copied(), Ink::White)
            .label("path of the descent")
            .mark(start.0, start.1, "start");
        if let Some(end) = self.path.last() {
            panel = panel.mark(end.0, end.1, "end");
        }
        if let Some(truth) = self.truth {
            panel = panel.points([truth], Ink::Orange).label("truth");
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

impl<D: clap::Args> Run<D> {
    /// `descent.png`: the three quantities against the step, and the floor between them.
    pub fn draw_descent<M>(&self, learned: &Learned<M>, floor: &str) -> Result<()> {
        let (history, unit) = (&learned.history, self.unit());
        let rows = history.rows();
        let curve = |value: fn(&crate::hook::Row) -> f64| {
            rows.iter().map(move |row| (row.step as f64, value(row) / unit.nats())).collect::<Vec<_>>()
        };
        let n = history.total();
        let mut panel = Panel::new(Axis::new("step").steps(), Axis::new(format!("{unit} per observation")))
            .line(curve(|row| row.cross_entropy), Ink::SkyBlue)
            .width(11.0)
            .label(format!("cross-entropy H(p_data, q)"))
            .line(curve(|row| row.nll).into_iter().map(|(step, nll)| (step, nll / n)), Ink::Black)
            .dashed()
            .label(format!("NLL, on the right axis"))
            .right_axis(format!("{unit} in all, n = {n}"), n);
        if let Some(entropy) = history.entropy() {
            panel = panel.line(curve(|row| row.kl), Ink::Vermillion).label("KL(p_data‖q)");
            if rows.iter().any(|row| row.population_kl.is_some()) {
                let truth = curve(|row| row.population_kl.unwrap_or(f64::NAN));
                panel = panel.line(truth, Ink::Green).dotted().label("KL(truth‖q), exact");
            }
            panel =
                panel.hline(entropy.to(unit), format!("floor {floor} = {:.4} {unit}", entropy.to(unit))).hline(0.0, "");
        }
        let at = history.argmin(1e-9);
        let title = match (&learned.separation, at.cross_entropy) {
            (Some(_), _) => "Three names, one descent, and no end: the likelihood has no finite maximum".to_string(),
            (None, Some(step)) if at.kl == at.cross_entropy && at.nll == at.cross_entropy => {
                format!("Three names, one descent: KL, cross-entropy and NLL all arrive at step {step}")
            }
            (None, Some(step)) if at.kl.is_none() && at.nll == Some(step) => {
                format!("Cross-entropy and NLL arrive together at step {step}; KL needs a resolution")
            }
            _ => "The minima differ".to_string(),
        };
        if let (None, Some(row)) =
            (&learned.separation, at.cross_entropy.and_then(|step| rows.iter().find(|row| row.step == step)))
        {
            panel = panel.mark(row.step as f64, row.cross_entropy / unit.nats(), "argmin");
            if row.kl.is_finite() {
                panel = panel.mark(row.step as f64, row.kl / unit.nats(), "argmin");
            }
        }
        let subtitle = match history.entropy() {
            Some(_) => format!(
                "H(p_data, q) = {floor} + KL(p_data‖q) at every step: one curve lifted by a constant, and n times it is the NLL"
            ),
            None => {
                "points of a density without a resolution: KL is infinite, its gradient is the cross-entropy's".into()
            }
        };
        Figure::new(title).subtitle(subtitle).column([panel]).save(self.out("descent.png"))
    }

    /// `landscape.png`: the three along a slice, one above the other, and the view of two parameters if there is one.
    pub fn draw_landscape(&self, slice: &Slice, view: Option<&View>) -> Result<()> {
        let mut figure = Figure::new(slice.title()).column(slice.panels(self.unit()));
        if let Some(view) = view {
            figure = figure.column_of(1.15, [view.panel(self.unit())]);
        }
        figure.save(self.out("landscape.png"))
    }

    /// All three pictures of a classifier. The slice runs through the first slope of the first class after the base class.
    pub fn draw_classifier<M: Classifier>(
        &self,
        design: &Design,
        data: &Empirical<Labelled>,
        learned: &Learned<M>,
        truth: Option<&M>,
    ) -> Result<()> {
        self.draw_descent(learned, "H(Y|X)")?;

        let coefficients = learned.model.coefficients()?;
        let (classes, width) = coefficients.dims2()?;
        let fitted = host(&coefficients)?;
        let with = |changes: &[(usize, f64)]| {
            let mut coefficients = fitted.clone();
            changes.iter().for_each(|(at, value)| coefficients[*at] = *value);
            M::from_coefficients(&like(data.batch().x(), coefficients, (classes, width))?)
        };
        let (slope, intercept) = (width, 2 * width - 1);
        let spread = crate::model::Standardize::moments(data.batch().x(), data.mass())?;
        let unit = 1.0 / host(spread.scale())?[0];
        let grid = (0..=160).map(|i| fitted[slope] + unit * (-1.3 + 3.4 * f64::from(i) / 160.0)).collect();
        let against = if classes > 2 {
            format!(", class {} against {}", design.classes[1], design.classes[0])
        } else {
            String::new()
        };
        let axis = format!("slope of {}{against} (logits per unit)", design.columns[0]);
        let slice = Slice::new(&axis, grid, |value| with(&[(slope, value)]), data)?;
        let view = if (classes, width) == (2, 2) {
            // Parameters in the order of their names: bias, weight; of a softmax with its row of class 0 before.
            let path = learned.path.iter().map(|theta| (theta[theta.len() / 2 - 1], theta[theta.len() - 1])).collect();
            let truth = truth.map(|t| t.coefficients()).transpose()?.map(|c| host(&c)).transpose()?;
            let truth = truth.map(|c| (c[intercept], c[slope]));
            let at = |b: f64, w: f64| with(&[(intercept, b), (slope, w)]);
            Some(View::new(["intercept (logits)", &axis], path, truth, at, data)?)
        } else {
            None
        };
        self.draw_landscape(&slice, view.as_ref())?;

        let figure = if width == 2 {
            curves(design, data, &learned.model, truth)?
        } else {
            calibration(design, data, &learned.model)?
        };
        figure.save(self.out("model.png"))
    }

    /// `model.png` of a Gaussian: the density over the histogram; with several columns a map of all pairs.
    pub fn draw_density(&self, names: &[String], data: &Empirical<Tensor>, model: &Gaussian) -> Result<()> {
        let (mean, covariance) = (host(&model.mean()?)?, host(&model.covariance()?)?);
        let (k, points, mass) = (mean.len(), host(data.batch())?, host(data.mass())?);
        let column = |j: usize| points.iter().skip(j).step_by(k).copied().collect::<Vec<_>>();
        let sigma = |j: usize| covariance[j * k + j].sqrt();
        let marginal = |j: usize| {
            let cell = data.resolution().map(|r| r[j]);
            let bars = histogram(&column(j), &mass, cell, sigma(j));
            let density = (0..=400).map(|i| mean[j] + sigma(j) * (f64::from(i) - 200.0) / 50.0).map(|x| {
                let z = (x - mean[j]) / sigma(j);
                (x, (-0.5 * z * z).exp() / (sigma(j) * (2.0 * std::f64::consts::PI).sqrt()))
            });
            let x = Axis::new(&names[j]);
            Panel::new(x, Axis::new("density (per unit)"))
                .bars(bars, Ink::SkyBlue)
                .label("data")
                .line(density, Ink::Vermillion)
                .label("fitted Gaussian")
        };
        let pair = |i: usize, j: usize| {
            let (x, y) = (column(j), column(i));
            let discs = x.iter().zip(&y).zip(&mass).map(|((x, y), m)| (*x, *y, *m));
            let block =
                [[covariance[j * k + j], covariance[j * k + i]], [covariance[i * k + j], covariance[i * k + i]]];
            let mut panel =
                Panel::new(Axis::new(&names[j]), Axis::new(&names[i])).discs(discs, Ink::SkyBlue).label("data");
            // Of a Gaussian in the plane, 1 − exp(−r²/2) lies within r standard deviations.
            for (share, ink) in [(0.5, Ink::Vermillion), (0.9, Ink::Vermillion)] {
                let radius = (-2.0 * f64::ln(1.0 - share)).sqrt();
                panel = panel.line(ellipse([mean[j], mean[i]], block, radius), ink);
                panel = if share < 0.9 { panel.label("50 % of q") } else { panel.dashed().label("90 % of q") };
            }
            panel
        };
        let figure = match k {
            1 => Figure::new(format!(
                "The fitted Gaussian: mean {}, standard deviation {}",
                round(mean[0]),
                round(sigma(0))
            ))
            .column([marginal(0)]),
            2 => {
                let rho = covariance[1] / (sigma(0) * sigma(1));
                Figure::new(format!("One Gaussian for both columns: their correlation is {rho:.3}"))
                    .column([pair(1, 0)])
            }
            _ => {
                let figure = Figure::new(format!("One Gaussian for {k} columns, seen in every pair"))
                    .size(500 * k as u32, 420 * k as u32);
                (0..k).fold(figure, |figure, j| {
                    figure.column((0..k).map(|i| if i == j { marginal(i) } else { pair(i, j) }).collect::<Vec<_>>())
                })
            }
        };
        figure.save(self.out("model.png"))
    }
}

/// The fitted probability of every class against one column, over the observed shares.
fn curves<M: Classifier>(design: &Design, data: &Empirical<Labelled>, model: &M, truth: Option<&M>) -> Result<Figure> {
    let seen = patterns(data, design.classes.len())?;
    let places = seen.iter().map(|pattern| pattern.x[0]);
    let (low, high) = places.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
    let grid: Vec<f64> = (0..=200).map(|i| low + (high - low) * f64::from(i) / 200.0).collect();
    let x = like(data.batch().x(), grid.clone(), (grid.len(), 1))?;
    let probs = |model: &M| -> Result<Vec<f64>> { Ok(host(&model.log_probs(&x)?)?.iter().map(|l| l.exp()).collect()) };
    let (fitted, truth) = (probs(model)?, truth.map(probs).transpose()?);
    let classes = design.classes.len();
    let mut panel = Panel::new(
        Axis::new(&design.columns[0]),
        Axis::new(format!("probability of {}", design.target)).range(-0.02, 1.02),
    );
    // Of two classes one curve says all.
    for class in if classes == 2 { 1..2 } else { 0..classes } {
        let ink = INKS[class % INKS.len()];
        let shares = seen.iter().map(|p| (p.x[0], p.share[class], p.count));
        let curve =
            |probs: &[f64]| grid.iter().enumerate().map(|(i, x)| (*x, probs[i * classes + class])).collect::<Vec<_>>();
        panel = panel.discs(shares, ink).line(curve(&fitted), ink).label(&design.classes[class]);
        if let Some(truth) = &truth {
            panel = panel.line(curve(truth), Ink::Black).dotted().width(3.0);
            panel = if class + 1 == classes { panel.label("truth") } else { panel };
        }
    }
    let title = format!("The fitted probability of {} follows the observed shares", design.target);
    Ok(Figure::new(title)
        .subtitle("discs: observed shares, their area the number of observations; lines: fitted")
        .column([panel]))
}

/// Observed shares against fitted probabilities: on the diagonal the model says what was seen.
fn calibration<M: Classifier>(design: &Design, data: &Empirical<Labelled>, model: &M) -> Result<Figure> {
    let classes = design.classes.len();
    let seen = patterns(data, classes)?;
    let x = seen.iter().flat_map(|p| p.x.iter().copied()).collect();
    let probs = host(&model.log_probs(&like(data.batch().x(), x, (seen.len(), design.columns.len()))?)?)?;
    let repeated = 4 * seen.len() <= data.total() as usize;
    let mut panel =
        Panel::new(Axis::new("fitted probability").range(-0.02, 1.02), Axis::new("observed share").range(-0.02, 1.02))
            .line([(0.0, 0.0), (1.0, 1.0)], Ink::Grey)
            .dashed()
            .label("fitted = observed");
    for class in if classes == 2 { 1..2 } else { 0..classes } {
        let fitted = (0..seen.len()).map(|i| probs[i * classes + class].exp());
        let mut discs: Vec<(f64, f64, f64)> = fitted.zip(&seen).map(|(q, p)| (q, p.share[class], p.count)).collect();
        if !repeated {
            discs = tenths(&discs);
        }
        panel =
            panel.discs(discs, INKS[class % INKS.len()]).label(format!("{} {}", design.target, design.classes[class]));
    }
    let of = if repeated {
        "one disc for each pattern of x"
    } else {
        "observations gathered by tenths of the fitted probability"
    };
    Ok(Figure::new(format!("Fitted probabilities of {} against what was observed", design.target))
        .subtitle(format!("{of}; its area is the number of observations"))
        .column([panel]))
}

/// What was observed at one x: how often, and the share of every class.
struct Pattern {
    x: Vec<f64>,
    count: f64,
    share: Vec<f64>,
}

fn patterns(data: &Empirical<Labelled>, classes: usize) -> Result<Vec<Pattern>> {
    let width = data.batch().x().dim(1)?;
    let (x, count) = (host(data.batch().x())?, host(data.count())?);
    let y = data.batch().y().to_device(&Device::Cpu)?.to_vec1::<u32>()?;
    let mut place = std::collections::HashMap::new();
    let mut seen: Vec<Pattern> = vec![];
    for ((x, y), count) in x.chunks(width).zip(y).zip(count) {
        let key: Vec<u64> = x.iter().map(|v| v.to_bits()).collect();
        let at = *place.entry(key).or_insert_with(|| {
            seen.push(Pattern { x: x.to_vec(), count: 0.0, share: vec![0.0; classes] });
            seen.len() - 1
        });
        seen[at].count += count;
        seen[at].share[y as usize] += count;
    }
    for pattern in &mut seen {
        pattern.share.iter_mut().for_each(|share| *share /= pattern.count);
    }
    Ok(seen)
}

/// Discs (x, y, weight) gathered by tenths of x into their weighted means.
fn tenths(discs: &[(f64, f64, f64)]) -> Vec<(f64, f64, f64)> {
    let mut bins = [(0.0, 0.0, 0.0); 10];
    for (x, y, weight) in discs {
        let bin = &mut bins[((x * 10.0) as usize).min(9)];
        *bin = (bin.0 + x * weight, bin.1 + y * weight, bin.2 + weight);
    }
    bins.iter().filter(|bin| bin.2 > 0.0).map(|(x, y, weight)| (x / weight, y / weight, *weight)).collect()
}

/// Cells (from, to, density): whole cells of the resolution, at least a fifth of σ wide, or fifths of σ.
fn histogram(values: &[f64], mass: &[f64], cell: Option<f64>, sigma: f64) -> Vec<(f64, f64, f64)> {
    let width = match cell {
        Some(cell) => cell * (0.2 * sigma / cell).round().max(1.0),
        None => 0.2 * sigma,
    };
    let mut bins = std::collections::BTreeMap::<i64, f64>::new();
    // Half a recorded step aside, so that no recorded number lies on an edge.
    let origin = cell.map_or(0.0, |cell| -0.5 * cell);
    for (value, mass) in values.iter().zip(mass) {
        *bins.entry(((value - origin) / width).floor() as i64).or_default() += mass;
    }
    bins.into_iter()
        .map(|(bin, mass)| (origin + bin as f64 * width, origin + (bin + 1) as f64 * width, mass / width))
        .collect()
}

/// Numbers as a tensor of the type and on the device of another.
fn like(other: &Tensor, values: Vec<f64>, shape: (usize, usize)) -> Result<Tensor> {
    Ok(Tensor::from_vec(values, shape, &Device::Cpu)?.to_dtype(other.dtype())?.to_device(other.device())?)
}

/// Three significant digits.
fn round(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let digits = (2 - value.abs().log10().floor() as i32).clamp(0, 8) as usize;
    format!("{value:.digits$}")
}
