//! The pictures of every run: the descent and the landscape, and those of each family.

mod classifier;
mod density;
mod descent;
mod landscape;
mod regression;
mod tree;

use candle_mle::History;
use candle_mle::hook::Row;
use candle_mle::info::Unit;
use candle_mle::info::number::fixed;
use candle_mle_plot::{Axis, Ink, Panel};

pub use landscape::{Slice, View};
pub use tree::twig;

/// The idea as a picture: on one axis KL and, lifted by the constant H(p̂), the cross-entropy; the NLL is that curve too, read
/// on the right. The same arrow stands at three places.
pub(crate) struct Lift<'a> {
    history: &'a History,
    unit: Unit,
    /// Where along x.
    arrows: &'a [f64],
}

impl Lift<'_> {
    /// `line` makes a curve of what it is given of every row.
    fn panel(&self, x: Axis, label: String, line: impl Fn(&dyn Fn(&Row) -> f64) -> Vec<(f64, f64)>) -> Panel {
        let (unit, n) = (self.unit, self.history.total());
        let (kl, cross_entropy) = (line(&|row| row.kl), line(&|row| row.cross_entropy));
        let mut panel = Panel::new(x, Axis::new(label))
            .line(cross_entropy.iter().copied(), Ink::SkyBlue)
            .width(12.0)
            .label("cross-entropy H(p̂, q)")
            .right_axis(format!("{unit} in all, n = {n}"), n);
        if self.history.entropy().is_some() {
            panel = panel.line(kl.iter().copied(), Ink::Vermillion).width(5.0).label("KL(p̂‖q)");
        }
        panel = panel.line(line(&|row| row.nll / n), Ink::Black).dashed().label("NLL, on the right axis");
        let Some(entropy) = self.history.entropy() else { return panel };
        let heights = kl.iter().chain(&cross_entropy).map(|point| point.1).filter(|v| v.is_finite());
        let (low, high) = heights.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        // An arrow shorter than its head says nothing.
        let entropy = entropy.to(unit);
        if entropy.abs() < 0.06 * (high - low) {
            return panel;
        }
        let name = format!("{}{}", if entropy < 0.0 { "−" } else { "+" }, fixed(entropy.abs(), 4));
        let mut drawn = None;
        for place in self.arrows {
            let nearest = (0..kl.len()).min_by(|a, b| (kl[*a].0 - place).abs().total_cmp(&(kl[*b].0 - place).abs()));
            if let Some(at) = nearest.filter(|at| kl[*at].1.is_finite() && drawn != Some(*at)) {
                drawn = Some(at);
                panel = panel.arrow(kl[at].0, kl[at].1, cross_entropy[at].1, &name);
            }
        }
        panel
    }
}

/// Three significant digits, with the minus sign of the axes.
pub(crate) fn round(value: f64) -> String {
    digits(value, 3)
}

/// A number on a picture that reaches `far` from it, as finely as it can be read there: to about a thousandth of that.
pub(crate) fn near(value: f64, far: f64) -> String {
    let apart = value.abs().log10().floor() - far.log10().floor();
    digits(value, if apart.is_finite() { (3.0 + apart).clamp(3.0, 12.0) as i32 } else { 3 })
}

fn digits(value: f64, significant: i32) -> String {
    let text = match value.abs() {
        0.0 | f64::INFINITY => value.abs().to_string(),
        size @ 1e-3..1e7 => fixed(value, (significant - 1 - size.log10().floor() as i32).max(0) as usize),
        _ => format!("{value:.*e}", significant as usize - 1),
    };
    text.replace('-', "−")
}
