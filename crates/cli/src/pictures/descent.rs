//! The picture of a descent: the three quantities against the step, and how fast what can be lost is lost.

use anyhow::Result;
use candle_mle::History;
use candle_mle::hook::Row;
use candle_mle::info::number::fixed;
use candle_mle::info::{Information, Unit};
use candle_mle::mle::Minibatch;
use candle_mle_plot::{Axis, Figure, Ink, Panel};

use super::Lift;
use super::landscape::BELOW;
use crate::flags::Data;
use crate::learned::Learned;
use crate::run::Run;
use crate::say::flat;

/// What is farther from it than this is no rounding, not even that of f32.
const AWAY: f64 = 1e-6;

/// What became of a descent, read off its rows.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Course {
    /// The likelihood has no maximum.
    Endless,
    /// Above its start at the end, first at this step, and at so many in all.
    Diverges(usize, usize),
    /// It rises and falls: where it first stood above its start, if it did, and where it was lowest.
    Leaps(Option<usize>, usize),
    /// At the minimum of something with a penalty, which is none of theirs.
    Penalized,
    /// By minibatches of so many it came near the minimum, was lowest at this step, and wanders.
    Wanders(usize, usize),
    /// Still on its way.
    Under,
    /// KL fell below 0.
    BelowTheFloor,
    /// Within the tolerance first at the one step, and for good from the other on.
    Arrives(usize, usize),
}

impl Course {
    fn of(history: &History, converged: bool, separated: bool, minibatch: Option<Minibatch>) -> Self {
        let rows = history.rows();
        let loss = |row: &Row| row.cross_entropy;
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Self::Under };
        let above =
            |row: &Row| loss(row).is_nan() || loss(row) > loss(first) + 10.0 * AWAY * loss(first).abs().max(1.0);
        if above(last) {
            let from = rows.iter().position(above).unwrap_or(0);
            return Self::Diverges(rows[from].step, rows.iter().filter(|row| above(row)).count());
        }
        if separated {
            return Self::Endless;
        }
        if rows.iter().any(|row| row.kl < -BELOW) {
            return Self::BelowTheFloor;
        }
        let least = rows.iter().map(loss).filter(|v| v.is_finite()).fold(f64::INFINITY, f64::min);
        let near = |row: &Row| loss(row) <= least + flat(history);
        let Some(arrived) = rows.iter().find(|row| near(row)) else { return Self::Under };
        if converged {
            let stays = rows.iter().rposition(|row| loss(row) > least + AWAY).map_or(0, |at| at + 1);
            return Self::Arrives(arrived.step, rows.get(stays).map_or(0, |row| row.step).max(arrived.step));
        }
        if let Some(Minibatch { size, .. }) = minibatch {
            let lowest = rows.iter().min_by(|a, b| loss(a).total_cmp(&loss(b)));
            return Self::Wanders(size, lowest.map_or(0, |row| row.step));
        }
        let late = &rows[rows.len() / 2..];
        if late.windows(2).any(|pair| loss(&pair[1]) > loss(&pair[0]) + AWAY) {
            return Self::Leaps(rows.iter().find(|row| above(row)).map(|row| row.step), arrived.step);
        }
        Self::Under
    }

    fn title(self, history: &History) -> String {
        let at = history.argmin(flat(history));
        match self {
            Self::Endless => "Three names, one descent, and no end: the likelihood has no maximum".into(),
            Self::Diverges(step, steps) => {
                let last = history.rows().last().map_or(0, |row| row.step);
                match step + steps == last + 1 {
                    true => format!("The step size is too large: from step {step} on the loss is above its start"),
                    false => {
                        format!("The step size is too large: the loss is above its start at {steps} of {last} steps")
                    }
                }
            }
            Self::Leaps(above, step) => {
                let above = above.map_or(String::new(), |step| format!("above its start at step {step}, "));
                format!(
                    "Three names, one descent that leaps over the minimum: {above}lowest at step {step}, and left again"
                )
            }
            Self::Penalized => {
                let last = history.rows().last().map_or(0, |row| row.step);
                format!(
                    "A descent with a penalty arrives in {last} steps, where the three names are not at their least"
                )
            }
            Self::Wanders(size, step) => {
                format!(
                    "A descent by minibatches of {size} wanders: all three of the whole p̂ are lowest at step {step}"
                )
            }
            Self::Under => {
                let steps = history.rows().last().map_or(0, |row| row.step);
                format!("Three names, one descent, and none has arrived after {steps} steps")
            }
            Self::BelowTheFloor => "Below the floor: this resolution is too coarse for a KL to the density".into(),
            Self::Arrives(..) if at.nll != at.cross_entropy || at.kl.is_some_and(|kl| Some(kl) != at.cross_entropy) => {
                "The minima differ".into()
            }
            Self::Arrives(step, _) if at.kl.is_none() => {
                format!("Cross-entropy and NLL arrive at step {step}; KL needs a resolution")
            }
            Self::Arrives(step, stays) if stays > step => {
                format!(
                    "Three names, one descent: at the minimum in step {step}, left again, there to stay from step {stays}"
                )
            }
            Self::Arrives(step, _) => format!("Three names, one descent: all three arrive at step {step}"),
        }
    }
}

impl<D: Data> Run<D> {
    /// `descent.png`: the three quantities on one axis against the step, and beside it what they are above their minimum,
    /// on a logarithmic one. `floor` is what the entropy is called.
    pub fn draw_descent<M>(&self, learned: &Learned<M>, floor: &str) -> Result<()> {
        let infimum = learned.separation.as_ref().map(|separation| separation.infimum);
        let minibatch = learned.plan.minibatch;
        let course = match Course::of(&learned.history, learned.converged, infimum.is_some(), minibatch) {
            Course::Arrives(..) if learned.plan.objective.is_penalized() => Course::Penalized,
            course => course,
        };
        self.draw("descent.png", figure(&learned.history, course, infimum, floor, self.unit()))
    }

    /// The same of a descent that ended in a loss that is no number.
    pub(crate) fn draw_divergence(&self, history: &History) -> Result<()> {
        let course = Course::of(history, false, false, None);
        self.draw("descent.png", figure(history, course, None, "the entropy of the data", self.unit()))
    }
}

fn figure(history: &History, course: Course, infimum: Option<Information>, floor: &str, unit: Unit) -> Figure {
    let last = history.rows().last().map_or(0, |row| row.step);
    // What stays flat is not drawn.
    let end = match course {
        Course::Arrives(_, stays) => (2 * stays).max(stays + 5).min(last),
        // A hundred leaps are a black bar.
        Course::Leaps(_, lowest) | Course::Diverges(lowest, _) => (2 * lowest).max(50).min(last),
        _ => last,
    };
    let lowest = |to: usize| {
        let rows = history.rows().iter().filter(|row| row.step <= to).map(|row| row.cross_entropy);
        rows.filter(|v| v.is_finite()).fold(f64::INFINITY, f64::min)
    };
    // What is better is not left out.
    let end = if lowest(last) < lowest(end) - flat(history) { last } else { end };
    let shown = history.rows().iter().filter(|row| row.step <= end).copied();
    let shown = History::from_rows(shown, history.total(), history.entropy());
    let mut subtitle = match (course, history.entropy()) {
        (_, None) if floor == "H(Y|X)" => {
            "the target has a density: KL is infinite, and its gradient the cross-entropy's".into()
        }
        (_, None) => {
            "points of a density without a --resolution: KL is infinite, and its gradient the cross-entropy's".into()
        }
        (Course::BelowTheFloor, _) => "KL below 0 is no KL: in cells this wide the density is not flat".into(),
        (_, Some(h)) if h.nats().abs() < 1e-12 => {
            format!("{floor} = 0: at every step cross-entropy is KL, and NLL = n × that")
        }
        _ => format!("at every step cross-entropy = KL + {floor}, and NLL = n × that"),
    };
    if let Course::Arrives(..) = course {
        subtitle += "; arrived: within 1e-9 nats of the least";
    }
    if end < last {
        let so = if matches!(course, Course::Arrives(..)) { "as flat" } else { "no better" };
        subtitle += &format!("; steps {end} to {last}, {so}, are not drawn");
    }
    let figure =
        Figure::new(course.title(history)).subtitle(subtitle).column_of(1.25, [linear(&shown, course, floor, unit)]);
    let least = |value: &dyn Fn(&Row) -> f64| {
        history.rows().iter().map(value).filter(|v| v.is_finite()).fold(f64::INFINITY, f64::min)
    };
    let (n, entropy) = (history.total(), history.entropy().unwrap_or_default().nats());
    match (course, infimum) {
        // Of a single step there is nothing to be seen above its least.
        (Course::Arrives(..), _) if shown.rows().len() < 2 => figure,
        (Course::Arrives(step, _), _) => {
            let least = [least(&|row| row.kl), least(&|row| row.cross_entropy), least(&|row| row.nll / n)];
            figure.column([logarithmic(&shown, least, "minimum", Some(step), unit)])
        }
        (Course::Endless, Some(infimum)) => {
            let infimum = infimum.nats() / n;
            figure.column([logarithmic(&shown, [infimum - entropy, infimum, infimum], "infimum", None, unit)])
        }
        _ => figure,
    }
}

/// Against the step, on one axis.
fn linear(history: &History, course: Course, floor: &str, unit: Unit) -> Panel {
    let rows = history.rows();
    let last = rows.last().map_or(0, |row| row.step);
    let line = |value: &dyn Fn(&Row) -> f64| {
        rows.iter().map(|row| (row.step as f64, value(row) / unit.nats())).collect::<Vec<_>>()
    };
    // Evenly spread over an axis of logarithms.
    let arrows = [0.1, 0.38, 0.65].map(|share| ((1 + last) as f64).powf(share).round() - 1.0);
    let mut panel = Lift { history, unit, arrows: &arrows }.panel(
        Axis::new("step").steps(),
        format!("{unit} per observation"),
        line,
    );
    if rows.iter().any(|row| row.population_kl.is_some()) {
        let truth = line(&|row| row.population_kl.unwrap_or(f64::NAN));
        panel = panel.line(truth, Ink::Green).dotted().label("KL(truth‖q), exact");
    }
    if let Some(entropy) = history.entropy() {
        // Its name is in the legend, where no curve is. Too far below, it would press the curves together.
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for row in rows.iter().filter(|row| row.cross_entropy.is_finite()) {
            (low, high) = (low.min(row.cross_entropy), high.max(row.cross_entropy));
        }
        let amount = fixed(entropy.to(unit), 4).replace('-', "−");
        if entropy.nats().abs() >= 1e-12 && low - entropy.nats() < 2.0 * (high - low) {
            let across = [(0.0, entropy.to(unit)), (last as f64, entropy.to(unit))];
            panel = panel.line(across, Ink::Grey).dashed().width(2.5).label(format!("floor {floor} = {amount} {unit}"));
        }
    }
    if let Course::Arrives(step, _) = course
        && let Some(row) = rows.iter().find(|row| row.step == step)
    {
        let at = |value: f64| value / unit.nats();
        panel = panel.mark(step as f64, at(row.cross_entropy), format!("step {step}"));
        panel = panel.mark(step as f64, at(row.kl), "");
    }
    panel
}

/// What the three are above their least, or above their infimum; where it arrives, if it does.
fn logarithmic(history: &History, least: [f64; 3], above: &str, arrives: Option<usize>, unit: Unit) -> Panel {
    let (rows, n) = (history.rows(), history.total());
    let line = |value: &dyn Fn(&Row) -> f64| {
        rows.iter().map(|row| (row.step as f64, value(row) / unit.nats())).collect::<Vec<_>>()
    };
    let excess = line(&|row| row.cross_entropy - least[1]);
    let top = excess.iter().map(|point| point.1).filter(|v| v.is_finite()).fold(0.0, f64::max);
    // A rate that is the same at every step is a straight line here; far below the tolerance all is rounding.
    let (x, y) = (Axis::new("step"), Axis::new(format!("above the {above} ({unit} per observation)")).log());
    let (x, y) = match arrives {
        Some(_) if top > 1e-6 => (x, y.range(1e-11, 2.0 * top)),
        Some(_) => (x, y),
        None => (x.steps(), y),
    };
    let mut panel = Panel::new(x, y).line(excess, Ink::SkyBlue).width(12.0);
    if least[0].is_finite() {
        panel = panel.line(line(&|row| row.kl - least[0]), Ink::Vermillion);
    }
    panel = panel.line(line(&|row| row.nll / n - least[2]), Ink::Black).dashed();
    let Some(step) = arrives else { return panel };
    let tolerance = flat(history);
    panel.hline(tolerance / unit.nats(), format!("{tolerance:.0e} nats")).vline(step as f64, format!("step {step}"))
}
