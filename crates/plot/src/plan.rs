//! A panel with its scales and numbers settled: what layout measures and a frame draws.

use crate::axis::{Scale, Tick};
use crate::error::{Error, Result};
use crate::panel::{Form, Note, Panel};
use crate::text::Font;
use plotters::style::RGBColor;

/// The size of the numbers on an axis, in design pixels.
pub(crate) const TICK: f64 = 25.0;

pub(crate) const TEXT: RGBColor = RGBColor(30, 30, 30);
pub(crate) const SOFT: RGBColor = RGBColor(85, 85, 85);

/// A panel with its scales settled.
pub(crate) struct Plan<'a> {
    pub panel: &'a Panel,
    pub x: Scale,
    pub y: Scale,
    /// Both as their data want them, before they are brought to scale.
    natural: (Scale, Scale),
    /// A right axis or a colour bar.
    pub right: Option<Scale>,
    /// The panel below has the same x axis and writes it for both.
    pub shares_x: bool,
    pub y_ticks: Vec<Tick>,
    pub right_ticks: Vec<Tick>,
}

impl<'a> Plan<'a> {
    /// `name`: the height of a line's name as a share of the plot.
    pub fn new(panels: &'a [Panel], at: usize, name: f64) -> Result<Self> {
        let panel = &panels[at];
        let margin = if panel.heat_map().is_some() { 0.0 } else { 0.04 };
        let sharing = panels.iter().filter(|other| other.x == panel.x);
        let x = Scale::new(&panel.x, sharing.flat_map(reach).map(|point| point.0), (margin, margin))?;
        let named = |note: &Note| matches!(note, Note::Across(_, name) if !name.is_empty());
        let below = if panel.series.iter().any(|series| matches!(series.form, Form::Bars(_))) {
            0.0 // Bars stand on the axis.
        } else if panel.notes.iter().any(named) {
            name.clamp(margin, 0.35) // A floor has its name below it.
        } else {
            margin
        };
        let y = Scale::new(&panel.y, reach(panel).into_iter().map(|point| point.1), (below, 1.5 * margin))?;
        let y = if y.has_names() { y.turned() } else { y };
        let right = match (panel.heat_map(), &panel.right) {
            (Some(heat), _) => {
                let (rows, columns, found) = (heat.ys.len(), heat.xs.len(), heat.values.len());
                if found == 0 || found != rows * columns {
                    return Err(Error::HeatShape { rows, columns, found });
                }
                Some(Scale::new(&heat.bar, heat.values.iter().copied(), (0.0, 0.0))?)
            }
            (None, Some((_, factor))) if factor.is_finite() && *factor > 0.0 => Some(y.times(*factor)),
            (None, Some((axis, factor))) => return Err(Error::AxisFactor { axis: axis.clone(), factor: *factor }),
            (None, None) => None,
        };
        let shares_x = panels.get(at + 1).is_some_and(|below| below.x == panel.x && !below.to_scale && !panel.to_scale);
        let natural = (x.clone(), y.clone());
        Ok(Self { panel, x, y, natural, right, shares_x, y_ticks: Vec::new(), right_ticks: Vec::new() })
    }

    /// Brings the axes to scale, if that is wanted, for a plot of this size.
    pub fn scale(&mut self, width: f64, height: f64) {
        if let (true, None, Some(x), Some(y)) =
            (self.panel.to_scale, self.panel.heat_map(), self.natural.0.span(), self.natural.1.span())
        {
            let pixel = f64::max(x / width, y / height);
            (self.x, self.y) = (self.natural.0.widened(pixel * width), self.natural.1.widened(pixel * height));
        }
    }

    /// Numbers for the y axis and the right one, for a plot of this height.
    pub fn number(&mut self, height: f64, font: Font) {
        if !self.panel.axes {
            return;
        }
        let most = (height / (1.5 * font.size)).clamp(2.0, 7.0) as usize;
        self.y_ticks = self.y.ticks(most);
        self.right_ticks = match (&self.right, self.panel.heat_map()) {
            (Some(scale), None) => scale.beside(&self.y_ticks),
            (Some(bar), Some(_)) => bar.ticks(most),
            (None, _) => Vec::new(),
        };
    }

    /// The width of a colour bar with the gap before it, in design pixels.
    pub fn bar_width(&self) -> f64 {
        self.panel.heat_map().map_or(0.0, |_| 46.0)
    }

    pub fn right_label(&self) -> &str {
        match (self.panel.heat_map(), &self.panel.right) {
            (Some(heat), _) => &heat.bar.label,
            (None, Some((label, _))) => label,
            (None, None) => "",
        }
    }
}

/// The points that an axis must take in; NaN where a note speaks of one axis only.
pub(crate) fn reach(panel: &Panel) -> Vec<(f64, f64)> {
    let mut points = Vec::new();
    for series in &panel.series {
        match &series.form {
            Form::Line(line) => points.extend(line),
            Form::Discs(discs) => points.extend(discs.iter().map(|disc| (disc.0, disc.1))),
            Form::Bars(bars) => {
                points.extend(bars.iter().flat_map(|bar| [(bar.left, bar.foot), (bar.right, bar.top)]));
            }
            Form::Band(band) => points.extend(band.iter().flat_map(|cut| [(cut.0, cut.1), (cut.0, cut.2)])),
            Form::Heat(heat) => {
                points.extend(heat.xs.iter().map(|x| (*x, f64::NAN)));
                points.extend(heat.ys.iter().map(|y| (f64::NAN, *y)));
            }
        }
    }
    points.extend(panel.notes.iter().map(|note| match note {
        Note::Across(y, _) => (f64::NAN, *y),
        Note::Upright(x, _) => (*x, f64::NAN),
        Note::Mark(x, y, _) | Note::Cross(x, y, _) | Note::Text(x, y, _) => (*x, *y),
        Note::Arrow(x, (_, to), _) => (*x, *to),
    }));
    points
}

/// As many round numbers as stand side by side with a clear space between.
pub(crate) fn x_ticks(plan: &Plan, width: f64, font: Font) -> Vec<Tick> {
    if !plan.panel.axes {
        return Vec::new();
    }
    let clear = |ticks: &[Tick]| {
        ticks.windows(2).all(|pair| {
            let labels = (font.width(&pair[0].label) + font.width(&pair[1].label)) / 2.0;
            (pair[1].place - pair[0].place) * width >= labels + font.size
        })
    };
    let mut tries = (2..=9).rev().map(|most| plan.x.ticks(most));
    tries.find(|ticks| plan.x.has_names() || clear(ticks)).unwrap_or_else(|| plan.x.ticks(2))
}
