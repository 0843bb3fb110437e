//! From a figure to shapes: margins from measured text, then each panel in its place.

use super::axis::{Scale, Tick};
use super::frame::Frame;
use super::shape::{Point, Rect, Shape, Sheet};
use super::text::{Align, Font};
use super::{Figure, Form, Note, Panel, Series};
use crate::{Error, Result};
use plotters::style::RGBColor;

/// Sizes in design pixels, for a figure of 1600 by 900; half as large they can still be read.
const TITLE: f64 = 38.0;
const SUBTITLE: f64 = 27.0;
const PANEL_TITLE: f64 = 29.0;
const LABEL: f64 = 27.0;
pub(super) const TICK: f64 = 25.0;
const EDGE: f64 = 28.0;
const SWATCH: f64 = 52.0;

pub(super) const TEXT: RGBColor = RGBColor(30, 30, 30);
pub(super) const SOFT: RGBColor = RGBColor(85, 85, 85);

pub(super) fn figure(figure: &Figure) -> Result<Vec<Shape>> {
    let (width, height) = figure.size;
    let refuse = |trouble| Error::FigureSize { width, height, trouble };
    if width == 0 || height == 0 || width > 5000 || height > 5000 {
        return Err(refuse("cannot be drawn: choose at most 5000 pixels each way"));
    }
    if figure.columns.is_empty() || figure.columns.iter().any(|(_, panels)| panels.is_empty()) {
        return Err(Error::Empty { what: "a figure, or a column of it,".into(), needed: "panel" });
    }
    let (width, height) = (f64::from(width), f64::from(height));
    let mut sheet = Sheet::new((width * height / (1600.0 * 900.0)).sqrt());
    let edge = EDGE * sheet.unit;
    let mut top = edge * 0.8;
    let title = [(&figure.title, sheet.font(TITLE, true), TEXT), (&figure.subtitle, sheet.font(SUBTITLE, false), SOFT)];
    for (text, font, colour) in title {
        top = lines(&mut sheet, &font.wrap(text, width - 2.0 * edge), (edge, top), font, colour, Align::Left);
    }
    top += 0.8 * edge;
    // A width that is no positive number counts as 1.
    let share = |width: f64| if width.is_finite() && width > 0.0 { width } else { 1.0 };
    let gap = 1.7 * edge;
    let room = width - 2.0 * edge - gap * (figure.columns.len() - 1) as f64;
    let total: f64 = figure.columns.iter().map(|(width, _)| share(*width)).sum();
    let mut left = edge;
    for (width, panels) in &figure.columns {
        let right = left + room * share(*width) / total;
        column(&mut sheet, panels, Rect { left, top, right, bottom: height - 0.7 * edge })?
            .ok_or_else(|| refuse("leaves no room for its panels: make it larger"))?;
        left = right + gap;
    }
    Ok(sheet.shapes)
}

/// A panel with its scales settled.
pub(super) struct Plan<'a> {
    pub panel: &'a Panel,
    pub x: Scale,
    pub y: Scale,
    /// Both as their data want them, before they are brought to scale.
    natural: (Scale, Scale),
    /// A right axis or a colour bar.
    pub right: Option<Scale>,
    /// The panel below has the same x axis and writes it for both.
    shares_x: bool,
    pub y_ticks: Vec<Tick>,
    pub right_ticks: Vec<Tick>,
}

impl<'a> Plan<'a> {
    /// `name`: the height of a line's name as a share of the plot.
    fn new(panels: &'a [Panel], at: usize, name: f64) -> Result<Self> {
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
    fn scale(&mut self, width: f64, height: f64) {
        if let (true, None, Some(x), Some(y)) =
            (self.panel.to_scale, self.panel.heat_map(), self.natural.0.span(), self.natural.1.span())
        {
            let pixel = f64::max(x / width, y / height);
            (self.x, self.y) = (self.natural.0.widened(pixel * width), self.natural.1.widened(pixel * height));
        }
    }

    /// Numbers for the y axis and the right one, for a plot of this height.
    fn number(&mut self, height: f64, font: Font) {
        if !self.panel.axes {
            return;
        }
        let most = (height / (1.5 * font.size)).clamp(2.0, 7.0) as usize;
        self.y_ticks = self.y.ticks(most);
        self.right_ticks = self.right.as_ref().map(|scale| scale.ticks(most)).unwrap_or_default();
    }

    /// The width of a colour bar with the gap before it, in design pixels.
    pub fn bar_width(&self) -> f64 {
        self.panel.heat_map().map_or(0.0, |_| 46.0)
    }

    fn right_label(&self) -> &str {
        match (self.panel.heat_map(), &self.panel.right) {
            (Some(heat), _) => &heat.bar.label,
            (None, Some((label, _))) => label,
            (None, None) => "",
        }
    }
}

/// The points that an axis must take in; NaN where a note speaks of one axis only.
pub(super) fn reach(panel: &Panel) -> Vec<(f64, f64)> {
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
        Note::Mark(x, y, _) | Note::Text(x, y, _) => (*x, *y),
    }));
    points
}

/// Draws panels below each other, or says `None` where there is no room.
fn column(sheet: &mut Sheet, panels: &[Panel], area: Rect) -> Result<Option<()>> {
    let unit = sheet.unit;
    let tick = sheet.font(TICK, false);
    let count = panels.len() as f64;
    let name = 1.8 * LABEL * unit / (area.height() / count - 5.0 * LABEL * unit).max(1.0);
    let mut plans = (0..panels.len()).map(|at| Plan::new(panels, at, name)).collect::<Result<Vec<_>>>()?;
    // What is only to be measured is drawn on scrap paper.
    let mut scrap = Sheet::new(unit);
    let heads: f64 = plans.iter().map(|plan| header(&mut scrap, plan, Rect { top: 0.0, ..area })).sum();
    let rough = (area.height() - heads - 3.0 * LABEL * unit) / count;
    let (mut left, mut right) = (0f64, 6.0 * unit);
    for plan in &mut plans {
        plan.scale(area.width(), rough);
        plan.number(rough, tick);
        let widest = |ticks: &[Tick]| ticks.iter().map(|one| tick.width(&one.label)).fold(0.0, f64::max);
        left = left.max(widest(&plan.y_ticks) + 14.0 * unit);
        if plan.right.is_some() {
            right = right.max(widest(&plan.right_ticks) + (plan.bar_width() + 14.0) * unit);
        }
    }
    for plan in &plans {
        // Half of the last number may stick out.
        let width = area.width() - left - right;
        if let Some(last) = x_ticks(plan, width, tick).last().filter(|_| !plan.x.has_names()) {
            right = right.max(last.place * width + tick.width(&last.label) / 2.0 - width);
        }
    }
    let mut plot = Rect { left: area.left + left, right: area.right - right, top: 0.0, bottom: 0.0 };
    if plot.width() < 4.0 * TICK * unit {
        return Ok(None);
    }
    let feet: f64 = plans.iter().map(|plan| footer(&mut scrap, plan, plot)).sum();
    let gap = 22.0 * unit;
    let height = (area.height() - heads - feet - gap * (count - 1.0)) / count;
    if height < 2.0 * TICK * unit {
        return Ok(None);
    }
    // High names below may have left less than thought.
    for plan in &mut plans {
        plan.scale(plot.width(), height);
        plan.number(height.min(rough), tick);
    }
    let mut top = area.top;
    for plan in &plans {
        plot.top = header(sheet, plan, Rect { top, ..area });
        plot.bottom = plot.top + height;
        Frame::new(plan, plot).draw(sheet);
        top = footer(sheet, plan, plot) + gap;
    }
    Ok(Some(()))
}

/// Lines of text below each other from `at`, their upper end; returns the lower one.
fn lines(sheet: &mut Sheet, texts: &[String], at: Point, font: Font, colour: RGBColor, align: Align) -> f64 {
    for (k, text) in texts.iter().enumerate() {
        sheet.text(text, (at.0, at.1 + k as f64 * font.leading() + 0.95 * font.size), font, colour, align);
    }
    at.1 + texts.len() as f64 * font.leading()
}

/// Title, legend and the labels of the y axes, which never lie over data; returns the top of the plot.
fn header(sheet: &mut Sheet, plan: &Plan, area: Rect) -> f64 {
    let (unit, panel) = (sheet.unit, plan.panel);
    let (bold, font) = (sheet.font(PANEL_TITLE, true), sheet.font(LABEL, false));
    let title = bold.wrap(&panel.title, area.width());
    let mut top = lines(sheet, &title, (area.left, area.top), bold, TEXT, Align::Left);

    // The legend goes beside the labels where there is room, else above them.
    let (swatch, gap) = ((SWATCH + 12.0) * unit, 36.0 * unit);
    let named = || panel.series.iter().filter(|series| !series.label.is_empty());
    let has_legend = named().next().is_some();
    let legend: f64 = named().map(|series| gap + swatch + font.width(&series.label)).sum();
    let (left, right) = (font.width(&panel.y.label), font.width(plan.right_label()));
    let beside = left + legend + gap + right <= area.width();
    let start = if beside && left > 0.0 { area.left + left + gap } else { area.left };
    let mut x = start;
    for series in named() {
        let texts = font.wrap(&series.label, area.width() - swatch);
        let width = texts.iter().map(|text| font.width(text)).fold(0.0, f64::max);
        if x > start && x + swatch + width > area.right {
            (x, top) = (area.left, top + font.leading());
        }
        let middle = top + 0.95 * font.size - font.drop();
        sample(sheet, series, Rect { left: x, right: x + SWATCH * unit, top: middle, bottom: middle });
        let bottom = lines(sheet, &texts, (x + swatch, top), font, TEXT, Align::Left);
        top = top.max(bottom - font.leading());
        x += swatch + width + gap;
    }
    if has_legend && !beside {
        top += font.leading();
    }
    let share = if right > 0.0 && left + gap + right > area.width() { 0.5 } else { 1.0 };
    let wrap = |label: &str| font.wrap(label, share * area.width());
    let (left, right) = (wrap(&panel.y.label), wrap(plan.right_label()));
    let rows = left.len().max(right.len()).max(usize::from(has_legend && beside));
    let down = |texts: &[String]| top + (rows - texts.len()) as f64 * font.leading();
    lines(sheet, &left, (area.left, down(&left)), font, SOFT, Align::Left);
    lines(sheet, &right, (area.right, down(&right)), font, SOFT, Align::Right);
    top + rows as f64 * font.leading() + 16.0 * unit
}

/// A sample of a series for the legend; `area` is a line from left to right.
fn sample(sheet: &mut Sheet, series: &Series, area: Rect) {
    let colour = series.ink.colour();
    let centre = ((area.left + area.right) / 2.0, area.top);
    match series.form {
        Form::Line(_) => {
            sheet.stroke(vec![(area.left, area.top), (area.right, area.top)], colour, series.width, series.dash);
        }
        Form::Discs(_) => {
            sheet.shapes.push(Shape::Disc { centre, radius: 9.0 * sheet.unit, colour, alpha: series.form.alpha() });
        }
        Form::Bars(_) | Form::Band(_) | Form::Heat(_) => {
            let rect = Rect { left: area.left + 8.0 * sheet.unit, right: area.right - 8.0 * sheet.unit, ..area };
            let rect = Rect { top: rect.top - 10.0 * sheet.unit, bottom: rect.bottom + 10.0 * sheet.unit, ..rect };
            sheet.shapes.push(Shape::Block { rect, colour, alpha: series.form.alpha() });
        }
    }
}

/// As many round numbers as stand side by side with a clear space between.
pub(super) fn x_ticks(plan: &Plan, width: f64, font: Font) -> Vec<Tick> {
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

/// The x axis below the plot, unless the next panel writes it; returns the lower end.
fn footer(sheet: &mut Sheet, plan: &Plan, plot: Rect) -> f64 {
    if plan.shares_x || !plan.panel.axes {
        return plot.bottom;
    }
    let (unit, font) = (sheet.unit, sheet.font(TICK, false));
    let ticks = x_ticks(plan, plot.width(), font);
    let top = plot.bottom + 10.0 * unit;
    let slot = plot.width() / ticks.len().max(1) as f64 - 0.4 * font.size;
    let upright = plan.x.has_names()
        && ticks.iter().flat_map(|tick| tick.label.split_whitespace()).any(|word| font.width(word) > slot);
    let mut bottom = top;
    for tick in &ticks {
        let x = plot.left + tick.place * plot.width();
        if upright {
            let at = (x + font.drop(), top);
            sheet.text(&tick.label, at, font, TEXT, Align::Right);
            if let Some(Shape::Text(text)) = sheet.shapes.last_mut() {
                text.upright = true;
            }
            bottom = bottom.max(top + font.width(&tick.label));
        } else {
            let texts = if plan.x.has_names() { font.wrap(&tick.label, slot) } else { vec![tick.label.clone()] };
            bottom = bottom.max(lines(sheet, &texts, (x, top), font, TEXT, Align::Center));
        }
    }
    let label = sheet.font(LABEL, false);
    let texts = label.wrap(&plan.panel.x.label, plot.width());
    lines(sheet, &texts, ((plot.left + plot.right) / 2.0, bottom + 4.0 * unit), label, SOFT, Align::Center)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::{Axis, Ink};

    /// No text is cut by the edge of the picture, and none lies on another.
    #[test]
    fn every_text_can_be_read() {
        let curve = |k: u32| (f64::from(k), f64::from(k) * 3.7e5);
        let line = || Panel::new(Axis::new("step").steps(), Axis::new("bits")).line((0..900).map(curve), Ink::Blue);
        let ports = ["Southampton", "Cherbourg", "Queenstown", "a port unknown", "Belfast", "New York"];
        let busy = line().label("a rather long name of a curve").line((0..900).map(curve), Ink::Green).label("another");
        let busy = busy.right_axis("nats in all observations", 1400.0).hline(0.0, "floor").mark(899.0, 3.3e8, "argmin");
        let bars = Panel::new(Axis::new("port").categories(&ports), Axis::new("passengers on board, by port"));
        let bars = bars.bars((0..6).map(|k| (f64::from(k) - 0.4, f64::from(k) + 0.4, 12_345.0)), Ink::Blue);
        let map =
            Panel::new(Axis::new("a"), Axis::new("b").categories(&ports)).title("A title of the panel that is wrapped");
        let map = map.heat(&[1e6, 2e6], &[0.0, 5.0], &[0.0, 1e-7, 2e-7, 1.0], Axis::new("p"));
        for (width, height) in [(1600, 900), (800, 450), (1000, 1000)] {
            let busy =
                Figure::new("The finding, told in a sentence that is longer than a single line can ever hold at all")
                    .subtitle("n = 900")
                    .column([busy.clone(), line().vline(30.0, "truth")])
                    .column([bars.clone(), map.clone()])
                    .size(width, height);
            let page = Rect { left: 0.0, top: 0.0, right: f64::from(width), bottom: f64::from(height) };
            let shapes = figure(&busy).unwrap();
            let texts = shapes.iter().filter_map(|shape| match shape {
                Shape::Text(text) => Some((&text.text, text.rect())),
                _ => None,
            });
            let texts: Vec<_> = texts.collect();
            for (k, (text, rect)) in texts.iter().enumerate() {
                assert!(
                    page.contains((rect.left, rect.top)) && page.contains((rect.right, rect.bottom)),
                    "{text} is cut"
                );
                let covered = texts[..k].iter().find(|(_, other)| rect.meets(other));
                assert!(covered.is_none(), "{text} lies on {covered:?} at {width} × {height}");
            }
            assert!(texts.len() > 40, "{}", texts.len());
        }
    }

    #[test]
    fn a_figure_without_room_is_refused() {
        let panel = Panel::new(Axis::new("x"), Axis::new("y"));
        let crowded = Figure::new("t").column(vec![panel; 12]).size(300, 200);
        assert!(matches!(figure(&crowded), Err(Error::FigureSize { .. })));
        assert!(matches!(figure(&crowded.size(0, 10)), Err(Error::FigureSize { .. })));
        assert!(matches!(figure(&Figure::new("t")), Err(Error::Empty { .. })));
    }
}
