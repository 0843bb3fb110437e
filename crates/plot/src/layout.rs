//! From a figure to shapes: margins from measured text, then each panel in its place.

use crate::axis::Tick;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::geometry::{Point, Rect};
use crate::panel::{Form, Panel, Series};
use crate::plan::{Plan, SOFT, TEXT, TICK, x_ticks};
use crate::shape::{Shape, Sheet};
use crate::text::{Align, Font};
use plotters::style::RGBColor;

/// Sizes in design pixels, for a figure of 1600 by 900; half as large they can still be read.
const TITLE: f64 = 38.0;
const SUBTITLE: f64 = 27.0;
const PANEL_TITLE: f64 = 29.0;
const LABEL: f64 = 27.0;
const EDGE: f64 = 28.0;
const SWATCH: f64 = 52.0;

/// All shapes of a figure: title and subtitle above the columns, each with its share of the width.
pub(crate) fn shapes(
    [title, subtitle]: [&str; 2],
    columns: &[(f64, Vec<Panel>)],
    (width, height): (u32, u32),
) -> Result<Vec<Shape>> {
    let refuse = |trouble| Error::FigureSize { width, height, trouble };
    if width == 0 || height == 0 || width > 5000 || height > 5000 {
        return Err(refuse("cannot be drawn: choose at most 5000 pixels each way"));
    }
    if columns.is_empty() || columns.iter().any(|(_, panels)| panels.is_empty()) {
        return Err(Error::NoPanel);
    }
    let (width, height) = (f64::from(width), f64::from(height));
    let mut sheet = Sheet::new((width * height / (1600.0 * 900.0)).sqrt());
    let edge = EDGE * sheet.unit;
    let mut top = edge * 0.8;
    let title = [(title, sheet.font(TITLE, true), TEXT), (subtitle, sheet.font(SUBTITLE, false), SOFT)];
    for (text, font, colour) in title {
        top = lines(&mut sheet, &font.wrap(text, width - 2.0 * edge), (edge, top), font, colour, Align::Left);
    }
    top += 0.8 * edge;
    // A width that is no positive number counts as 1.
    let share = |width: f64| if width.is_finite() && width > 0.0 { width } else { 1.0 };
    let gap = 1.7 * edge;
    let room = width - 2.0 * edge - gap * (columns.len() - 1) as f64;
    let total: f64 = columns.iter().map(|(width, _)| share(*width)).sum();
    let mut left = edge;
    for (width, panels) in columns {
        let right = left + room * share(*width) / total;
        column(&mut sheet, panels, Rect { left, top, right, bottom: height - 0.7 * edge })?
            .ok_or_else(|| refuse("leaves no room for its panels: make it larger"))?;
        left = right + gap;
    }
    Ok(sheet.shapes)
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
