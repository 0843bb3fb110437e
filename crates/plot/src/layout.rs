//! From a figure to shapes: margins from measured text, then each panel in its place.

use crate::axis::{Tick, plain};
use crate::error::{Error, Result};
use crate::frame::{Frame, hatched, mark};
use crate::geometry::{Point, Rect};
use crate::ink::{Colour, Ink, Marker};
use crate::panel::{Form, Panel, Series};
use crate::plan::{HEXAGON, Plan, SOFT, TEXT, TICK, x_ticks};
use crate::shape::{Dash, Shape, Sheet};
use crate::text::{Align, Font};

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
    unit: Option<f64>,
) -> Result<Vec<Shape>> {
    let refuse = |trouble| Error::FigureSize { width, height, trouble };
    if [width, height].iter().any(|pixels| !(50..=5000).contains(pixels)) {
        return Err(refuse("cannot be drawn: choose from 50 to 5000 pixels each way"));
    }
    if columns.is_empty() || columns.iter().any(|(_, panels)| panels.is_empty()) {
        return Err(Error::NoPanel);
    }
    let (width, height) = (f64::from(width), f64::from(height));
    let mut sheet = Sheet::new(unit.unwrap_or((width * height / (1600.0 * 900.0)).sqrt()));
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
    let areas: Vec<Rect> = columns
        .iter()
        .map(|(width, _)| {
            let right = left + room * share(*width) / total;
            let area = Rect { left, top, right, bottom: height - 0.7 * edge };
            left = right + gap;
            area
        })
        .collect();
    let tick = sheet.font(TICK, false);
    let upright = |panels: &Vec<Panel>, area: &Rect| panels.iter().map(|panel| lying(panel, area, tick)).collect();
    let panels: Vec<Vec<Panel>> = columns.iter().zip(&areas).map(|((_, panels), area)| upright(panels, area)).collect();
    let rows: Vec<usize> = panels.iter().map(Vec::len).collect();
    // A last column that is shorter than the others, which are equal, has free cells.
    let grid = rows.len() > 2 && rows.windows(2).rev().skip(1).all(|pair| pair[0] == pair[1]);
    let cells = |at: usize| if grid { rows[0].max(rows[at]) } else { rows[at] };
    let no_room = || refuse("leaves no room for its panels: make it larger");
    let mut columns = panels
        .iter()
        .zip(areas)
        .enumerate()
        .map(|(at, (panels, area))| Column::new(sheet.unit, panels, area, cells(at))?.ok_or_else(no_room))
        .collect::<Result<Vec<_>>>()?;
    align(&mut columns);
    for column in columns {
        column.draw(&mut sheet).ok_or_else(no_room)?;
    }
    Ok(sheet.shapes)
}

/// The panel, turned so that its bars lie, if names that cannot stand below them want that.
fn lying(panel: &Panel, area: &Rect, font: Font) -> Panel {
    let names = panel.x.names();
    let slot = 0.93 * area.width() / names.len().max(1) as f64 - 0.4 * font.size;
    let word = |name: &String| name.split_whitespace().any(|word| font.width(word) > slot);
    let long = names.iter().any(|name| word(name) || font.wrap(name, slot).len() > 3);
    panel.turned().filter(|_| long).unwrap_or_else(|| panel.clone())
}

/// Panels below each other, measured.
struct Column<'a> {
    area: Rect,
    plot: Rect,
    plans: Vec<Plan<'a>>,
    /// What stands above every plot.
    heads: Vec<f64>,
    /// The room above and below each, which may be more.
    rows: Vec<(f64, f64)>,
    rough: f64,
}

/// Gives the plots of a row one height and one place, or at least all columns one first and one last edge.
fn align(columns: &mut [Column]) {
    let row = |columns: &[Column], at: usize, of: fn(&(f64, f64)) -> f64| {
        columns.iter().filter_map(|column| column.rows.get(at).map(of)).fold(0.0, f64::max)
    };
    let rows = columns.first().map_or(0, |column| column.rows.len());
    if columns.iter().all(|column| column.rows.len() == rows) {
        let most: Vec<_> = (0..rows).map(|at| (row(columns, at, |r| r.0), row(columns, at, |r| r.1))).collect();
        columns.iter_mut().for_each(|column| column.rows.clone_from(&most));
        return;
    }
    let first = row(columns, 0, |row| row.0);
    let last = columns.iter().filter_map(|column| column.rows.last()).fold(0.0, |most, row| f64::max(most, row.1));
    for column in columns {
        column.rows.first_mut().into_iter().for_each(|row| row.0 = first);
        column.rows.last_mut().into_iter().for_each(|row| row.1 = last);
    }
}

impl<'a> Column<'a> {
    /// `None` where there is no room.
    fn new(unit: f64, panels: &'a [Panel], area: Rect, cells: usize) -> Result<Option<Self>> {
        // What is only to be measured is drawn on scrap paper.
        let mut scrap = Sheet::new(unit);
        let tick = scrap.font(TICK, false);
        let count = cells as f64;
        let name = 1.8 * LABEL * unit / (area.height() / count - 5.0 * LABEL * unit).max(1.0);
        let mut plans = (0..panels.len()).map(|at| Plan::new(panels, at, name)).collect::<Result<Vec<_>>>()?;
        let heads: f64 = plans.iter().map(|plan| header(&mut scrap, plan, Rect { top: 0.0, ..area }, 0.0)).sum();
        let rough = (area.height() - heads - 3.0 * LABEL * unit) / count;
        let (mut left, mut right) = (0f64, 6.0 * unit);
        for plan in &mut plans {
            plan.room = (0.38 * area.width(), 0.4 * area.height() / count);
            plan.scale(area.width(), rough, unit);
            plan.number(rough, tick);
            let widest = |ticks: &[Tick]| ticks.iter().map(|one| tick.width(&one.label)).fold(0.0, f64::max);
            let names = if plan.y.has_names() {
                let slot = rough / plan.y_ticks.len().max(1) as f64;
                let (font, names) = plan.names_in(&plan.y_ticks, plan.room.0, 0.85 * slot, tick);
                names.iter().flatten().map(|line| font.width(line)).fold(0.0, f64::max)
            } else {
                widest(&plan.y_ticks)
            };
            left = left.max(names + 14.0 * unit);
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
        let plot = Rect { left: area.left + left, right: area.right - right, top: 0.0, bottom: 0.0 };
        if plot.width() < 4.0 * TICK * unit {
            return Ok(None);
        }
        let heads: Vec<f64> =
            plans.iter().map(|plan| header(&mut scrap, plan, Rect { top: 0.0, ..area }, 0.0)).collect();
        let feet: Vec<f64> = plans.iter().map(|plan| footer(&mut scrap, plan, plot)).collect();
        let row = |at: usize| (heads.get(at).copied().unwrap_or(0.0), feet.get(at).copied().unwrap_or(0.0));
        let rows = (0..cells).map(row).collect();
        Ok(Some(Self { area, plot, plans, heads, rows, rough }))
    }

    /// Draws the panels, or says `None` where there is no room.
    fn draw(mut self, sheet: &mut Sheet) -> Option<()> {
        let (unit, tick, gap) = (sheet.unit, sheet.font(TICK, false), 22.0 * sheet.unit);
        let taken: f64 = self.rows.iter().map(|(head, foot)| head + foot).sum();
        let count = self.rows.len() as f64;
        let height = (self.area.height() - taken - gap * (count - 1.0)) / count;
        if height < 2.0 * TICK * unit {
            return None;
        }
        // High names below may have left less than thought.
        for plan in &mut self.plans {
            plan.scale(self.plot.width(), height, unit);
            plan.number(height.min(self.rough), tick);
        }
        let mut top = self.area.top;
        for ((plan, head), (above, below)) in self.plans.iter().zip(&self.heads).zip(&self.rows) {
            let plot = Rect { top: top + above, bottom: top + above + height, ..self.plot };
            header(sheet, plan, Rect { top, ..self.area }, above - head);
            Frame::new(plan, plot).draw(sheet);
            footer(sheet, plan, plot);
            top = plot.bottom + below + gap;
        }
        Some(())
    }
}

/// Lines of text below each other from `at`, their upper end; returns the lower one.
fn lines(sheet: &mut Sheet, texts: &[String], at: Point, font: Font, colour: Colour, align: Align) -> f64 {
    for (k, text) in texts.iter().enumerate() {
        sheet.text(text, (at.0, at.1 + k as f64 * font.leading() + 0.95 * font.size), font, colour, align);
    }
    at.1 + texts.len() as f64 * font.leading()
}

/// Title, legend and the labels of the y axes, which never lie over data; `slack` below the title. Returns the top of the
/// plot.
fn header(sheet: &mut Sheet, plan: &Plan, area: Rect, slack: f64) -> f64 {
    let (unit, panel) = (sheet.unit, plan.panel);
    let (bold, font) = (sheet.font(PANEL_TITLE, true), sheet.font(LABEL, false));
    let title = bold.wrap(&panel.title, area.width());
    let mut top = lines(sheet, &title, (area.left, area.top), bold, TEXT, Align::Left) + slack;

    // The legend goes beside the labels where there is room, else above them.
    let (swatch, gap) = ((SWATCH + 12.0) * unit, 36.0 * unit);
    let keys = keys(plan);
    let legend: f64 = keys.iter().map(|(_, label)| gap + swatch + font.width(label)).sum();
    let (left, right) = (font.width(&panel.y.label), font.width(&plan.right_label()));
    let beside = left + legend + gap + right <= area.width();
    let start = if beside && left > 0.0 { area.left + left + gap } else { area.left };
    let mut x = start;
    for (key, label) in &keys {
        let texts = font.wrap(label, area.width() - swatch);
        let width = texts.iter().map(|text| font.width(text)).fold(0.0, f64::max);
        if x > start && x + swatch + width > area.right {
            (x, top) = (area.left, top + font.leading());
        }
        let middle = top + 0.95 * font.size - font.drop();
        sample(sheet, plan, key, Rect { left: x, right: x + SWATCH * unit, top: middle, bottom: middle });
        let bottom = lines(sheet, &texts, (x + swatch, top), font, TEXT, Align::Left);
        top = top.max(bottom - font.leading());
        x += swatch + width + gap;
    }
    if !keys.is_empty() && !beside {
        top += font.leading();
    }
    let share = if right > 0.0 && left + gap + right > area.width() { 0.5 } else { 1.0 };
    let wrap = |label: &str| font.wrap(label, share * area.width());
    let (left, right) = (wrap(&panel.y.label), wrap(&plan.right_label()));
    let rows = left.len().max(right.len()).max(usize::from(!keys.is_empty() && beside));
    let down = |texts: &[String]| top + (rows - texts.len()) as f64 * font.leading();
    lines(sheet, &left, (area.left, down(&left)), font, SOFT, Align::Left);
    lines(sheet, &right, (area.right, down(&right)), font, SOFT, Align::Right);
    top + rows as f64 * font.leading() + 16.0 * unit
}

/// What the legend tells.
enum Key<'a> {
    Series(&'a Series),
    /// The radius of a disc, in design pixels.
    Size(f64),
    /// How dark a hexagon is.
    Density(Ink, f64),
}

fn keys<'a>(plan: &Plan<'a>) -> Vec<(Key<'a>, String)> {
    let series = plan.panel.series.iter().filter(|series| !series.label.is_empty());
    let mut keys: Vec<_> = series.map(|series| (Key::Series(series), series.label.clone())).collect();
    keys.extend(plan.sizes().into_iter().map(|(weight, label)| (Key::Size(plan.radius(weight)), label)));
    let dense =
        plan.panel.series.iter().zip(&plan.hexagons).find_map(|(series, hexagons)| Some((series, hexagons.as_ref()?)));
    if let Some((series, hexagons)) = dense {
        let weights = || hexagons.iter().map(|hexagon| hexagon.1).filter(|weight| *weight > 0.0);
        let (least, most) = (weights().fold(f64::INFINITY, f64::min), weights().fold(0.0, f64::max));
        let digits = |weight: f64| {
            let power = 10f64.powf(weight.log10().floor() - 1.0);
            plain((weight / power).round() * power)
        };
        keys.push((Key::Density(series.ink, 0.0), digits(least)));
        keys.push((Key::Density(series.ink, 1.0), format!("{} in a hexagon", digits(most))));
    }
    keys
}

/// A sample for the legend; `area` is a line from left to right.
fn sample(sheet: &mut Sheet, plan: &Plan, key: &Key, area: Rect) {
    let centre = ((area.left + area.right) / 2.0, area.top);
    let unit = sheet.unit;
    let series = match key {
        Key::Series(series) => series,
        Key::Size(radius) => {
            let outline = Marker::Disc.outline(centre, radius * unit);
            sheet.stroke(outline.iter().chain(&outline[..1]).copied().collect(), SOFT, 2.0, Dash::Solid);
            return;
        }
        Key::Density(ink, share) => {
            let outline = Marker::Polygon { corners: 6, turn: 0.0 }.outline(centre, 1.2 * HEXAGON * unit);
            sheet.shapes.push(Shape::Fill { outline, colour: ink.density(*share), alpha: 1.0 });
            return;
        }
    };
    let colour = series.ink.colour();
    match series.form {
        Form::Line(_) => {
            sheet.stroke(vec![(area.left, area.top), (area.right, area.top)], colour, series.width, series.dash);
            let dotted = plan.panel.series.iter().any(|s| s.ink == series.ink && matches!(s.form, Form::Discs(_)));
            let marker = match plan.marker(series.ink) {
                Marker::Disc => plan.line_marker(series),
                marker => Some(marker).filter(|_| dotted && series.dash == Dash::Solid),
            };
            if let Some(marker) = marker {
                mark(sheet, marker, centre, 8.0, colour, 1.0);
            }
        }
        Form::Discs(_) if plan.is_dense(series) => {
            mark(sheet, Marker::Polygon { corners: 6, turn: 0.0 }, centre, 9.0, colour, 1.0);
        }
        Form::Discs(_) => mark(sheet, plan.marker(series.ink), centre, 9.0, colour, series.form.alpha()),
        Form::Bars(_) | Form::Band(_) | Form::Stream(_) | Form::Boxes(_) | Form::Heat(_) => {
            let rect = Rect { left: area.left + 8.0 * unit, right: area.right - 8.0 * unit, ..area };
            let rect = Rect { top: rect.top - 10.0 * unit, bottom: rect.bottom + 10.0 * unit, ..rect };
            sheet.shapes.push(Shape::Block { rect, colour, alpha: series.form.alpha() });
            let corners =
                [(rect.left, rect.top), (rect.right, rect.top), (rect.right, rect.bottom), (rect.left, rect.bottom)];
            if let (Form::Stream(_), Some(turn)) = (&series.form, plan.hatch(series.ink)) {
                hatched(sheet, &corners, turn);
            }
            if let Form::Bars(_) = series.form {
                let edge = corners.iter().chain(&corners[..1]).copied().collect();
                sheet.stroke(edge, colour, 1.5, Dash::Solid);
            }
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
    let (small, names) = plan.names_in(&ticks, plan.room.1, slot + 0.4 * font.size, font);
    for (tick, name) in ticks.iter().zip(names) {
        let x = plot.left + tick.place * plot.width();
        if upright {
            let first = x - 0.5 * (name.len() as f64 - 1.0) * small.leading() + small.drop();
            for (k, line) in name.iter().enumerate() {
                sheet.text(line, (first + k as f64 * small.leading(), top), small, TEXT, Align::Right);
                if let Some(Shape::Text(text)) = sheet.shapes.last_mut() {
                    text.upright = true;
                }
                bottom = bottom.max(top + small.width(line));
            }
        } else {
            let texts = if plan.x.has_names() { font.wrap(&tick.label, slot) } else { vec![tick.label.clone()] };
            bottom = bottom.max(lines(sheet, &texts, (x, top), font, TEXT, Align::Center));
        }
    }
    let label = sheet.font(LABEL, false);
    let texts = label.wrap(&plan.panel.x.label, plot.width());
    lines(sheet, &texts, ((plot.left + plot.right) / 2.0, bottom + 4.0 * unit), label, SOFT, Align::Center)
}
