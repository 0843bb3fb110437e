//! What lies inside one panel: grid, series, colour bar, reference lines, marks and their names.

use std::ops::RangeInclusive;

use crate::axis::{Scale, Tick};
use crate::contour::contour;
use crate::geometry::{Point, Rect};
use crate::ink::{Colour, Ink, Marker, lightness, viridis};
use crate::panel::{Bar, Form, Heat, Note, Series};
use crate::plan::{HEXAGON, Plan, SOFT, TEXT, TICK, reach, x_ticks};
use crate::shape::{Dash, Shape, Sheet};
use crate::text::{Align, Font};

const NOTE: f64 = 25.0;
/// Print smaller than this is not read.
const LEAST: f64 = 10.0;
const BAR: f64 = 30.0;
/// The names of contours.
const SMALL: f64 = 20.0;
/// From one mark on a line to the next, and from one line of a hatching to the next.
const MARKS: f64 = 190.0;
/// Values that are marked one by one: fewer span a straight line, more a curve.
const FEW: RangeInclusive<usize> = 4..=40;
const HATCH: f64 = 13.0;
const SPINE: Colour = Colour(130, 130, 130);
const GRID: Colour = Colour(228, 228, 228);
const NO_VALUE: Colour = Colour(200, 200, 200);

/// One plot in its place.
pub(crate) struct Frame<'a> {
    plan: &'a Plan<'a>,
    plot: Rect,
    crowd: Crowd,
    /// The names of the contours, and where each may stand.
    levels: Vec<(String, Vec<Rect>)>,
}

impl<'a> Frame<'a> {
    pub fn new(plan: &'a Plan<'a>, plot: Rect) -> Self {
        Self { plan, plot, crowd: Crowd::default(), levels: Vec::new() }
    }

    fn x(&self, place: f64) -> f64 {
        self.plot.left + place * self.plot.width()
    }

    fn y(&self, place: f64) -> f64 {
        self.plot.bottom - place * self.plot.height()
    }

    /// Where a point of the data lies; `None` where it lies nowhere.
    fn at(&self, x: f64, y: f64) -> Option<Point> {
        let at = (self.x(self.plan.x.place(x)?), self.y(self.plan.y.place(y)?));
        (at.0.is_finite() && at.1.is_finite()).then_some(at)
    }

    fn across(&self, y: f64) -> Vec<Point> {
        vec![(self.plot.left, y), (self.plot.right, y)]
    }

    fn upright(&self, x: f64) -> Vec<Point> {
        vec![(x, self.plot.top), (x, self.plot.bottom)]
    }

    pub fn draw(mut self, sheet: &mut Sheet) {
        let (plot, plan) = (self.plot, self.plan);
        if !plan.x.has_names() {
            for tick in x_ticks(plan, plot.width(), sheet.font(TICK, false)) {
                sheet.stroke(self.upright(self.x(tick.place)), GRID, 1.5, Dash::Solid);
            }
        }
        if !plan.y.has_names() {
            for tick in &plan.y_ticks {
                sheet.stroke(self.across(self.y(tick.place)), GRID, 1.5, Dash::Solid);
            }
        }
        for (at, series) in plan.panel.series.iter().enumerate() {
            match plan.hexagons.get(at) {
                Some(Some(hexagons)) => self.hexagons(sheet, hexagons, series.ink),
                _ => self.series(sheet, series),
            }
        }
        self.numbers(sheet);
        self.notes(sheet);
        let data = reach(plan.panel);
        let finite = |(x, y): &&(f64, f64)| x.is_finite() && y.is_finite();
        let nothing = if data.iter().all(|(x, y)| !x.is_finite() && !y.is_finite()) {
            Some("no finite data")
        } else if plan.panel.heat_map().is_none()
            && data.iter().any(|point| finite(&point))
            && data.iter().filter(finite).all(|(x, y)| plan.x.place(*x).is_none() || plan.y.place(*y).is_none())
        {
            Some("no value has a place on these axes")
        } else {
            None
        };
        if let Some(words) = nothing {
            let (at, font) = ((self.x(0.5), self.y(0.5)), sheet.font(NOTE, false));
            sheet.text(words, at, font, SOFT, Align::Center);
        }
    }

    fn series(&mut self, sheet: &mut Sheet, series: &Series) {
        let (plot, colour, alpha) = (self.plot, series.ink.colour(), series.form.alpha());
        match &series.form {
            Form::Line(points) => {
                let (marker, step) = (self.plan.line_marker(series), MARKS * sheet.unit);
                let mut marks = vec![];
                // A curve is marked here and there, a line between few values where they are.
                let few = FEW.contains(&points.len());
                if few {
                    let inside = points.iter().filter_map(|(x, y)| self.at(*x, *y)).filter(|at| plot.contains(*at));
                    marks = apart(inside, step / 4.0);
                }
                for piece in plot.clip_line(points.iter().map(|(x, y)| self.at(*x, *y))) {
                    self.crowd.add_line(&piece, 8.0 * sheet.unit);
                    if self.plan.panel.heat_map().is_some() {
                        // A dark edge keeps a line on a map apart from colours as light as its own.
                        sheet.stroke(piece.clone(), Ink::Black.colour(), series.width + 3.0, Dash::Solid);
                    }
                    if !few {
                        marks.extend(along(&piece, step));
                    }
                    sheet.stroke(piece, colour, series.width, series.dash);
                }
                if let Some(marker) = marker {
                    marks.into_iter().for_each(|place| mark(sheet, marker, place, 8.0, colour, 1.0));
                }
            }
            Form::Discs(discs) => self.discs(sheet, discs, series.ink, alpha),
            Form::Bars(bars) => {
                for bar in bars {
                    // On a logarithmic axis, where 0 has no place, bars stand on the lower edge.
                    let x = |value| self.plan.x.place(value).map(|place| self.x(place));
                    let y = |value| self.plan.y.place(value).map(|place| self.y(place));
                    let (Some(right), Some(top)) = (x(bar.right), y(bar.top)) else { continue };
                    let (left, foot) = (x(bar.left).unwrap_or(plot.left), y(bar.foot).unwrap_or(plot.bottom));
                    let corners = [(left, foot), (left, top), (right, top), (right, foot)];
                    let outline = plot.clip_polygon(&corners);
                    self.crowd.add_line(&outline, 8.0 * sheet.unit);
                    sheet.shapes.push(Shape::Fill { outline, colour, alpha });
                    for piece in plot.clip_line(corners.map(Some)) {
                        sheet.stroke(piece, colour, 1.5, Dash::Solid);
                    }
                    let rect = Rect {
                        left: left.min(right),
                        right: left.max(right),
                        top: top.min(foot),
                        bottom: top.max(foot),
                    };
                    // Beside a lying bar there is more room than in a short one.
                    let lies = self.plan.y.has_names() && !self.is_followed(bar);
                    let least = if lies { 0.8 * NOTE } else { LEAST };
                    if !print(sheet, rect, &bar.words, TEXT, least) && lies {
                        self.beside(sheet, &bar.words, rect);
                    }
                }
            }
            Form::Band(band) | Form::Stream(band) => {
                let hatch = self.plan.hatch(series.ink).filter(|_| matches!(series.form, Form::Stream(_)));
                // Like a line, a band is broken where an end is missing.
                let cuts = band.iter().map(|&(x, low, high)| self.at(x, low).zip(self.at(x, high)));
                for run in cuts.collect::<Vec<_>>().split(Option::is_none) {
                    let (low, high): (Vec<Point>, Vec<Point>) = run.iter().flatten().copied().unzip();
                    let outline: Vec<Point> = low.into_iter().chain(high.into_iter().rev()).collect();
                    let outline = plot.clip_polygon(&outline);
                    sheet.shapes.push(Shape::Fill { outline: outline.clone(), colour, alpha });
                    if let Some(turn) = hatch {
                        hatched(sheet, &outline, turn);
                    }
                    // So that the thinnest is seen, and no seam between two.
                    if let (Form::Stream(_), [first, ..]) = (&series.form, &outline[..]) {
                        sheet.stroke(outline.iter().chain([first]).copied().collect(), colour, 1.5, Dash::Solid);
                    }
                }
            }
            Form::Boxes(boxes) => {
                for Bar { left, right, foot, top, words } in boxes {
                    let (Some(a), Some(b)) = (self.at(*left, *top), self.at(*right, *foot)) else { continue };
                    let cell = Rect { left: a.0, right: b.0, top: a.1, bottom: b.1 };
                    let Some((words, font)) = boxed(words, cell, sheet.font(NOTE, false)) else { continue };
                    let width = words.lines().map(|line| font.width(line)).fold(0.0, f64::max);
                    let size = (width + 0.6 * font.size, words.lines().count() as f64 * font.leading());
                    let middle = ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0);
                    sheet.shapes.push(Shape::Block { rect: around(middle, size), colour, alpha });
                    lines(sheet, middle, &words, font, TEXT);
                }
            }
            Form::Heat(heat) => self.heat(sheet, heat),
        }
    }

    fn discs(&mut self, sheet: &mut Sheet, discs: &[(f64, f64, f64)], ink: Ink, alpha: f64) {
        let (marker, on_map) = (self.plan.marker(ink), self.plan.panel.heat_map().is_some());
        let weighed = discs.iter().any(|disc| disc.2 > 0.0 && disc.2.is_finite());
        for &(x, y, weight) in discs {
            let Some(centre) = self.at(x, y).filter(|centre| self.plot.contains(*centre)) else { continue };
            let radius = if weighed { self.plan.radius(weight) } else { Plan::equal_radius(discs.len()) };
            self.crowd.points.push(centre);
            if on_map {
                // As a line on a map, a disc on it has a dark edge, and nothing shines through.
                let (radius, edge) = (radius * sheet.unit, Ink::Black.colour());
                let disc = |radius, colour| Shape::Disc { centre, radius, colour, alpha: 1.0 };
                sheet.shapes.extend([disc(radius + 1.5 * sheet.unit, edge), disc(radius, ink.colour())]);
            } else {
                mark(sheet, marker, centre, radius, ink.colour(), alpha);
            }
        }
    }

    /// Darker by the logarithm of what is in them.
    fn hexagons(&mut self, sheet: &mut Sheet, hexagons: &[(Point, f64)], ink: Ink) {
        let full = hexagons.iter().filter(|hexagon| hexagon.1 > 0.0);
        let ends = full
            .clone()
            .fold((f64::INFINITY, 0.0), |ends, hexagon| (f64::min(ends.0, hexagon.1), f64::max(ends.1, hexagon.1)));
        for ((x, y), weight) in full {
            let centre = (self.plot.left + x, self.plot.top + y);
            let share = if ends.1 > ends.0 { (weight / ends.0).ln() / (ends.1 / ends.0).ln() } else { 1.0 };
            let outline = Marker::Polygon { corners: 6, turn: 0.0 }.outline(centre, inner() * HEXAGON * sheet.unit);
            sheet.shapes.push(Shape::Fill {
                outline: self.plot.clip_polygon(&outline),
                colour: ink.density(share),
                alpha: 1.0,
            });
            self.crowd.points.push(centre);
        }
    }

    /// Whether another bar begins where this one ends.
    fn is_followed(&self, bar: &Bar) -> bool {
        let bars = self.plan.panel.series.iter().filter_map(|series| match &series.form {
            Form::Bars(bars) => Some(bars),
            _ => None,
        });
        bars.flatten().any(|other| other.left == bar.right && other.foot == bar.foot && other.right > bar.right)
    }

    /// The words of a lying bar that is too short for them.
    fn beside(&mut self, sheet: &mut Sheet, words: &str, rect: Rect) {
        let font = sheet.font(NOTE, false);
        let font = Font { size: font.size.min(0.8 * rect.height()), ..font };
        let at = (rect.right + 10.0 * sheet.unit, (rect.top + rect.bottom) / 2.0 + font.drop());
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        let end = at.0 + font.width(&words);
        self.crowd.boxes.push(Rect { left: at.0, right: end, ..rect });
        sheet.text(&words, at, font, TEXT, Align::Left);
    }

    fn heat(&mut self, sheet: &mut Sheet, heat: &Heat) {
        let (plot, plan) = (self.plot, self.plan);
        let Some(bar) = &plan.right else { return };
        let places = |scale: &Scale, values: &[f64]| -> Vec<f64> {
            values.iter().map(|value| scale.place(*value).unwrap_or(f64::NAN)).collect()
        };
        let xs: Vec<f64> = places(&plan.x, &heat.xs).into_iter().map(|place| self.x(place)).collect();
        let ys: Vec<f64> = places(&plan.y, &heat.ys).into_iter().map(|place| self.y(place)).collect();
        let shares = places(bar, &heat.values);
        // Three digits of the largest value, and as many decimals everywhere; whole numbers stay whole.
        let whole = heat.values.iter().all(|value| value.fract() == 0.0);
        let largest = heat.values.iter().filter(|value| value.is_finite()).fold(0.0, |most: f64, v| most.max(v.abs()));
        let decimals =
            if largest > 0.0 && !whole { (2.0 - largest.log10().floor()).clamp(0.0, 4.0) as usize } else { 0 };
        let columns = edges(&xs, plot.left, plot.right);
        for (j, (top, bottom)) in edges(&ys, plot.top, plot.bottom).into_iter().enumerate() {
            for (i, &(left, right)) in columns.iter().enumerate() {
                let rect = Rect { left, top, right, bottom };
                // Also false where an edge is NaN.
                let visible = rect.width() > 0.0 && rect.height() > 0.0;
                if !visible {
                    continue;
                }
                let k = j * xs.len() + i;
                let colour = if shares[k].is_finite() { viridis(shares[k]) } else { NO_VALUE };
                sheet.shapes.push(Shape::Block { rect, colour, alpha: 1.0 });
                if heat.printed {
                    // Nothing is told apart from little.
                    let digits = if heat.values[k] == 0.0 { 0 } else { decimals };
                    let ink = if lightness(colour) < 115.0 { Ink::White } else { Ink::Black };
                    let value = format!("{:.digits$}", heat.values[k]).replace('-', "−");
                    print(sheet, rect, &value, ink.colour(), LEAST);
                }
            }
        }
        let small = sheet.font(SMALL, false);
        for (level, value) in places(bar, &heat.levels).into_iter().zip(&heat.levels) {
            let pieces = contour(&xs, &ys, &shares, level);
            let name = number(*value);
            let size = (small.width(&name) + 6.0 * sheet.unit, 1.1 * small.size);
            let middle = |[a, b]: &[Point; 2]| ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0);
            let step = (pieces.len() / 60).max(1);
            let spots = pieces.iter().step_by(step).map(middle).map(|at| around(at, size)).collect();
            self.levels.push((name, spots));
            for piece in pieces.into_iter().flat_map(|piece| plot.clip_line(piece.map(Some))) {
                sheet.stroke(piece, Ink::White.colour(), 2.0, Dash::Solid);
            }
        }
        self.colour_bar(sheet, bar, &heat.levels);
    }

    fn colour_bar(&self, sheet: &mut Sheet, bar: &Scale, levels: &[f64]) {
        let right = self.plot.right + self.plan.bar_width() * sheet.unit;
        let left = right - BAR * sheet.unit;
        for k in 0..128 {
            let (low, high) = (f64::from(k) / 128.0, f64::from(k + 1) / 128.0);
            let rect = Rect { left, right, top: self.y(high), bottom: self.y(low) };
            sheet.shapes.push(Shape::Block { rect, colour: viridis((low + high) / 2.0), alpha: 1.0 });
        }
        // What lies beyond the ends has the colour of the end, which a wedge says.
        let (middle, high) = ((left + right) / 2.0, 13.0 * sheet.unit);
        let wedges = [(self.plot.bottom, high, 0.0), (self.plot.top, -high, 1.0)];
        for ((edge, beyond, end), _) in wedges.into_iter().zip(self.plan.clipped()).filter(|(_, clipped)| *clipped) {
            let outline = vec![(left, edge), (middle, edge + beyond), (right, edge)];
            sheet.shapes.push(Shape::Fill { outline: outline.clone(), colour: viridis(end), alpha: 1.0 });
            sheet.stroke(outline, SOFT, 1.5, Dash::Solid);
        }
        for level in levels.iter().filter_map(|level| bar.place(*level)).filter(|place| (0.0..=1.0).contains(place)) {
            let y = self.y(level);
            sheet.stroke(vec![(left, y), (right, y)], Ink::White.colour(), 2.0, Dash::Solid);
        }
    }

    /// The edges of the plot, the numbers of the y axis and those of the right axis.
    fn numbers(&self, sheet: &mut Sheet) {
        let (plot, plan, font) = (self.plot, self.plan, sheet.font(TICK, false));
        if plan.panel.heat_map().is_none() && plan.panel.axes {
            let corner = vec![(plot.left, plot.top), (plot.left, plot.bottom), (plot.right, plot.bottom)];
            sheet.stroke(corner, SPINE, 2.0, Dash::Solid);
            if plan.right.is_some() {
                sheet.stroke(self.upright(plot.right), SPINE, 2.0, Dash::Solid);
            }
        }
        let (left, right) = (plot.left - 10.0 * sheet.unit, plot.right + (plan.bar_width() + 10.0) * sheet.unit);
        let mut write = |tick: &Tick, x, align| {
            sheet.text(&tick.label, (x, self.y(tick.place) + font.drop()), font, TEXT, align);
        };
        plan.right_ticks.iter().for_each(|tick| write(tick, right, Align::Left));
        if plan.y.has_names() {
            // Names cannot be left out, as numbers can, but be smaller.
            let slot = plot.height() / plan.y_ticks.len().max(1) as f64;
            let (font, names) = plan.names_in(&plan.y_ticks, plan.room.0, 0.85 * slot, font);
            for (tick, name) in plan.y_ticks.iter().zip(names) {
                let first = self.y(tick.place) - 0.5 * (name.len() as f64 - 1.0) * font.leading() + font.drop();
                for (k, line) in name.iter().enumerate() {
                    sheet.text(line, (left, first + k as f64 * font.leading()), font, TEXT, Align::Right);
                }
            }
        } else {
            plan.y_ticks.iter().for_each(|tick| write(tick, left, Align::Right));
        }
    }

    /// Reference lines and marks first, then their names, each where it covers least.
    fn notes(&mut self, sheet: &mut Sheet) {
        let (plan, unit, font) = (self.plan, sheet.unit, sheet.font(NOTE, false));
        let mut names: Vec<(&str, &Note, Point)> = Vec::new();
        for note in &plan.panel.notes {
            let (name, line) = match note {
                Note::Across(y, name) => (name, plan.y.place(*y).map(|place| self.across(self.y(place)))),
                Note::Upright(x, name) => (name, plan.x.place(*x).map(|place| self.upright(self.x(place)))),
                Note::Mark(x, y, name) | Note::Cross(x, y, name) | Note::Text(x, y, name) => {
                    (name, self.at(*x, *y).map(|point| vec![point]))
                }
                Note::Arrow(x, (from, to), name) => {
                    (name, self.at(*x, *from).zip(self.at(*x, *to)).map(|(from, to)| vec![from, to]))
                }
            };
            let visible = |line: &Vec<Point>| line.iter().all(|point| self.plot.grown(1.0).contains(*point));
            let Some(line) = line.filter(visible) else { continue };
            if let Note::Text(..) = note {
                self.crowd.boxes.extend(lines(sheet, line[0], name, font, TEXT));
                continue;
            }
            if !name.is_empty() {
                let (first, last) = (line[0], line[line.len() - 1]);
                // Of an arrow the middle; of a line across or upright only one of the two is looked at.
                let at = if let Note::Arrow(..) = note { (first.0, (first.1 + last.1) / 2.0) } else { first };
                names.push((name, note, at));
            }
            match note {
                Note::Mark(..) => {
                    let centre = line[0];
                    for (radius, ink) in [(13.0, Ink::White), (10.0, Ink::Black), (4.0, Ink::White)] {
                        let (radius, colour) = (radius * unit, ink.colour());
                        sheet.shapes.push(Shape::Disc { centre, radius, colour, alpha: 1.0 });
                    }
                    self.crowd.boxes.push(around(centre, (20.0 * unit, 20.0 * unit)));
                }
                Note::Cross(..) => {
                    let (x, y) = line[0];
                    let reach = 12.0 * unit;
                    // White below black, so that it is seen on light and on dark.
                    for (width, ink) in [(11.0, Ink::White), (5.0, Ink::Black)] {
                        for turn in [1.0, -1.0] {
                            let stroke = vec![(x - reach, y - turn * reach), (x + reach, y + turn * reach)];
                            sheet.stroke(stroke, ink.colour(), width, Dash::Solid);
                        }
                    }
                    self.crowd.boxes.push(around((x, y), (2.0 * reach, 2.0 * reach)));
                }
                Note::Arrow(..) => {
                    let middle = (line[0].0, (line[0].1 + line[1].1) / 2.0);
                    self.crowd.boxes.push(around(middle, (20.0 * unit, (line[1].1 - line[0].1).abs())));
                    arrow(sheet, line[0], line[1]);
                }
                _ => {
                    self.crowd.add_line(&line, 8.0 * unit);
                    sheet.stroke(line, SOFT, 2.5, Dash::Dashed);
                }
            }
        }
        for (name, note, place) in names {
            // Smaller only where it would lie on another name.
            let mut found = None;
            for size in [1.0, 0.75, 0.55] {
                let font = Font { size: size * font.size, ..font };
                let texts = font.wrap(name, self.plot.width() - 20.0 * unit);
                let width = texts.iter().map(|text| font.width(text)).fold(0.0, f64::max);
                let room = (width + 8.0 * unit, texts.len() as f64 * font.leading());
                let spots = self.spots(note, place, room, 8.0 * unit);
                let Some(rect) = self.crowd.freest(spots, self.plot.grown(-3.0 * unit)) else { continue };
                found = Some((rect, font, texts.join("\n")));
                if self.crowd.boxes.iter().all(|other| !rect.meets(other)) {
                    break;
                }
            }
            let Some((rect, font, texts)) = found else { continue };
            sheet.shapes.push(Shape::Block { rect, colour: Ink::White.colour(), alpha: 0.8 });
            let middle = ((rect.left + rect.right) / 2.0, (rect.top + rect.bottom) / 2.0);
            lines(sheet, middle, &texts, font, TEXT);
            self.crowd.boxes.push(rect);
        }
        for (name, spots) in std::mem::take(&mut self.levels) {
            // Where it fits on its contour and covers nothing; a small contour goes by the colour bar alone.
            let inside = self.plot.grown(-3.0 * unit);
            let free = |spot: &Rect| {
                inside.contains((spot.left, spot.top))
                    && inside.contains((spot.right, spot.bottom))
                    && self.crowd.boxes.iter().all(|other| !spot.meets(other))
            };
            let Some(rect) = self.crowd.freest(spots.into_iter().filter(free).collect(), inside) else { continue };
            sheet.shapes.push(Shape::Block { rect, colour: Ink::Black.colour(), alpha: 0.6 });
            let middle = ((rect.left + rect.right) / 2.0, (rect.top + rect.bottom) / 2.0);
            lines(sheet, middle, &name, sheet.font(SMALL, false), Ink::White.colour());
            self.crowd.boxes.push(rect);
        }
    }

    /// Where the name of a note may stand, the best places first.
    fn spots(&self, note: &Note, (x, y): Point, (width, height): (f64, f64), gap: f64) -> Vec<Rect> {
        let spot = |centre| around(centre, (width, height));
        let along = (0..=12).map(|k| f64::from(k) / 12.0);
        match note {
            Note::Across(..) => {
                let x = |share: f64| self.x(1.0) - width / 2.0 - gap - share * (self.plot.width() - width - 2.0 * gap);
                let beside = gap / 2.0 + height / 2.0;
                along.flat_map(|share| [y - beside, y + beside].map(|y| spot((x(share), y)))).collect()
            }
            Note::Upright(..) => {
                let y =
                    |share: f64| self.y(1.0) + height / 2.0 + gap + share * (self.plot.height() - height - 2.0 * gap);
                let beside = gap + width / 2.0;
                along.flat_map(|share| [x + beside, x - beside].map(|x| spot((x, y(share))))).collect()
            }
            Note::Arrow(..) => {
                // Beside it, from its middle outwards.
                let beside = 1.5 * gap + width / 2.0;
                let shifts = [0.0, -1.0, 1.0, -2.0, 2.0];
                shifts.into_iter().flat_map(|k| [x + beside, x - beside].map(|x| spot((x, y + k * height)))).collect()
            }
            Note::Mark(..) | Note::Cross(..) | Note::Text(..) => {
                let ways = [
                    (1.0, 0.0),
                    (1.0, -1.0),
                    (0.0, -1.0),
                    (-1.0, -1.0),
                    (-1.0, 0.0),
                    (0.0, 1.0),
                    (1.0, 1.0),
                    (-1.0, 1.0),
                ];
                let at = |far: f64, way: Point| (x + way.0 * (far + width / 2.0), y + way.1 * (far + height / 2.0));
                [2.0, 4.0].into_iter().flat_map(|far| ways.map(|way| spot(at(far * gap, way)))).collect()
            }
        }
    }
}

/// A shaft and a head at its second end; one shorter than a head is all head.
fn arrow(sheet: &mut Sheet, from: Point, to: Point) {
    let (way, unit) = ((to.1 - from.1).signum(), sheet.unit);
    let head = (20.0 * unit).min((to.1 - from.1).abs());
    let neck = to.1 - way * head;
    sheet.stroke(vec![from, (to.0, neck)], TEXT, 4.5, Dash::Solid);
    let outline = vec![to, (to.0 - 0.5 * head, neck), (to.0 + 0.5 * head, neck)];
    sheet.shapes.push(Shape::Fill { outline, colour: TEXT, alpha: 1.0 });
}

/// The shape of a point: its area that of a disc of this radius in design pixels, its edge in full strength.
pub(crate) fn mark(sheet: &mut Sheet, marker: Marker, centre: Point, radius: f64, colour: Colour, alpha: f64) {
    let radius = radius * sheet.unit;
    // What is small has no room for an edge, and must be dense to be seen.
    let small = radius < 5.0 * sheet.unit;
    let alpha = if small { alpha.max(colour.dense()) } else { alpha };
    let outline = marker.outline(centre, radius);
    sheet.shapes.push(match marker {
        Marker::Disc => Shape::Disc { centre, radius, colour, alpha },
        _ => Shape::Fill { outline: outline.clone(), colour, alpha },
    });
    if !small {
        sheet.stroke(outline.iter().chain(&outline[..1]).copied().collect(), colour, 2.0, Dash::Solid);
    }
}

/// White lines in an area, `turn` half turns from level.
pub(crate) fn hatched(sheet: &mut Sheet, outline: &[Point], turn: f64) {
    let (step, (sin, cos)) = (HATCH * sheet.unit, (turn * std::f64::consts::PI).sin_cos());
    let level: Vec<Point> = outline.iter().map(|(x, y)| (x * cos + y * sin, y * cos - x * sin)).collect();
    let next = level.iter().cycle().skip(1);
    let sides: Vec<(Point, Point)> = level.iter().copied().zip(next.copied()).collect();
    let (low, high) =
        level.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |ends, p| (ends.0.min(p.1), ends.1.max(p.1)));
    let rows = (low / step).ceil() as i64..=(high / step).floor() as i64;
    for y in rows.filter(|_| low < high).map(|row| row as f64 * step) {
        let crosses = sides.iter().filter(|(a, b)| (a.1 < y) != (b.1 < y));
        let mut at: Vec<f64> = crosses.map(|(a, b)| a.0 + (y - a.1) / (b.1 - a.1) * (b.0 - a.0)).collect();
        at.sort_by(f64::total_cmp);
        for ends in at.chunks_exact(2) {
            let back = |x: f64| (x * cos - y * sin, y * cos + x * sin);
            sheet.stroke(vec![back(ends[0]), back(ends[1])], Ink::White.colour(), 2.5, Dash::Solid);
        }
    }
}

/// Of these points those that are no nearer to the one before than `least`.
fn apart(points: impl Iterator<Item = Point>, least: f64) -> Vec<Point> {
    points.fold(vec![], |mut apart, (x, y)| {
        if apart.last().is_none_or(|last: &Point| (x - last.0).hypot(y - last.1) >= least) {
            apart.push((x, y));
        }
        apart
    })
}

/// Places on a line, `step` apart, the first half a step from its beginning.
fn along(line: &[Point], step: f64) -> Vec<Point> {
    let (mut places, mut next) = (Vec::new(), step / 2.0);
    for pair in line.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let length = (b.0 - a.0).hypot(b.1 - a.1);
        while next < length {
            places.push((a.0 + (b.0 - a.0) * next / length, a.1 + (b.1 - a.1) * next / length));
            next += step;
        }
        next -= length;
    }
    places
}

/// The radius of the disc as large as a hexagon, whose corners are 1 from its middle.
fn inner() -> f64 {
    (1.5 * 3f64.sqrt() / std::f64::consts::PI).sqrt()
}

/// A level, to two digits.
fn number(value: f64) -> String {
    let text = match value.abs() {
        size @ 1e-3..1e5 => {
            let text = format!("{value:.*}", (1.0 - size.log10().floor()).max(0.0) as usize);
            if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
        }
        0.0 => "0".into(),
        _ => format!("{value:.1e}"),
    };
    text.replace('-', "−")
}

/// Words in the middle of their cell, small enough to fit, in more lines if need be; false where they could not be read.
fn print(sheet: &mut Sheet, cell: Rect, words: &str, colour: Colour, least: f64) -> bool {
    let font = sheet.font(NOTE, false);
    let Some((words, font)) = fitted(words, cell, font, least / NOTE) else { return words.is_empty() };
    let middle = ((cell.left + cell.right) / 2.0, (cell.top + cell.bottom) / 2.0);
    lines(sheet, middle, &words, font, colour);
    true
}

/// Words as large as they can be in a cell: in their own lines, or wrapped where that leaves them larger.
fn fitted(words: &str, cell: Rect, font: Font, least: f64) -> Option<(String, Font)> {
    let word = words.split_whitespace().map(|word| font.width(word)).fold(0.0, f64::max);
    let (words, size) = largest(words, cell, font, word);
    (size >= least && !words.is_empty()).then_some((words, Font { size: font.size * size, ..font }))
}

/// Words that must be seen: never left out, and rather broken than small.
fn boxed(words: &str, cell: Rect, font: Font) -> Option<(String, Font)> {
    let (words, size) = largest(words, cell, font, 0.0);
    (size > 0.0 && !words.is_empty()).then_some((words, Font { size: font.size * size, ..font }))
}

/// The way of wrapping, in lines of `least` at least, that needs least shrinking, and how much it needs.
fn largest(words: &str, cell: Rect, font: Font, least: f64) -> (String, f64) {
    let shrink = |words: &str| {
        let width = words.lines().map(|line| font.width(line)).fold(0.0, f64::max);
        let height = words.lines().count() as f64 * font.leading();
        (0.9 * cell.width() / width).min(cell.height() / height).min(1.0)
    };
    let wrapped = |room: f64| words.lines().flat_map(|line| font.wrap(line, room)).collect::<Vec<_>>().join("\n");
    let tries = [1.0, 1.3, 1.7, 2.2].map(|more| wrapped((0.9 * cell.width() * more).max(least)));
    let better = |best: String, next: String| if shrink(&next) > 1.15 * shrink(&best) { next } else { best };
    let best = tries.into_iter().fold(words.to_string(), better);
    let size = shrink(&best);
    (best, size)
}

/// Lines of text with their middle on a point; returns the place of each.
fn lines(sheet: &mut Sheet, (x, y): Point, words: &str, font: Font, colour: Colour) -> Vec<Rect> {
    let first = y - (words.lines().count() as f64 - 1.0) / 2.0 * font.leading();
    let mut write = |(k, line): (usize, &str)| {
        let middle = first + k as f64 * font.leading();
        sheet.text(line, (x, middle + font.drop()), font, colour, Align::Center);
        around((x, middle), (font.width(line), font.leading()))
    };
    words.lines().enumerate().map(&mut write).collect()
}

fn around((x, y): Point, (width, height): (f64, f64)) -> Rect {
    Rect { left: x - width / 2.0, right: x + width / 2.0, top: y - height / 2.0, bottom: y + height / 2.0 }
}

/// Each place with the lower and upper edge of its cell: half way to its neighbours, and not beyond `lo` and `hi`.
fn edges(places: &[f64], lo: f64, hi: f64) -> Vec<(f64, f64)> {
    if places.len() == 1 {
        return vec![(lo, hi)];
    }
    let last = places.len() - 1;
    let between = |k: usize| (places[k - 1] + places[k]) / 2.0;
    let cell = |k: usize| {
        let before = if k == 0 { 2.0 * places[0] - between(1) } else { between(k) };
        let after = if k == last { 2.0 * places[last] - between(last) } else { between(k + 1) };
        (before.min(after).clamp(lo, hi), before.max(after).clamp(lo, hi))
    };
    (0..places.len()).map(cell).collect()
}

/// What a name should not cover.
#[derive(Default)]
struct Crowd {
    points: Vec<Point>,
    boxes: Vec<Rect>,
}

impl Crowd {
    /// A line counts as points `step` apart.
    fn add_line(&mut self, line: &[Point], step: f64) {
        for pair in line.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let pieces = ((b.0 - a.0).hypot(b.1 - a.1) / step).ceil().max(1.0);
            let at = |k: u32| f64::from(k) / pieces;
            let point = |share: f64| (a.0 + (b.0 - a.0) * share, a.1 + (b.1 - a.1) * share);
            self.points.extend((0..=pieces as u32).map(at).map(point));
        }
    }

    /// The first of the spots that covers least once it is moved inside `within`.
    fn freest(&self, spots: Vec<Rect>, within: Rect) -> Option<Rect> {
        let judged = spots.into_iter().map(|spot| {
            let right = (within.left - spot.left).max(0.0) - (spot.right - within.right).max(0.0);
            let down = (within.top - spot.top).max(0.0) - (spot.bottom - within.bottom).max(0.0);
            let spot = spot.moved(right, down);
            let covered = self.points.iter().filter(|point| spot.contains(**point)).count();
            let met = self.boxes.iter().filter(|other| spot.meets(other)).count();
            (covered as f64 + 100.0 * met as f64 + 0.1 * (right.abs() + down.abs()), spot)
        });
        judged.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, spot)| spot)
    }
}
