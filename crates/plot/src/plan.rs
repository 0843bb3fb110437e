//! A panel with its scales and numbers settled: what layout measures and a frame draws.

use std::collections::BTreeMap;

use crate::axis::{Scale, Tick, plain};
use crate::error::{Error, Result};
use crate::geometry::Point;
use crate::ink::{Colour, Ink, Marker};
use crate::panel::{Form, Note, Panel, Series};
use crate::shape::Dash;
use crate::text::Font;

/// The size of the numbers on an axis, in design pixels.
pub(crate) const TICK: f64 = 25.0;

pub(crate) const TEXT: Colour = Colour(30, 30, 30);
pub(crate) const SOFT: Colour = Colour(85, 85, 85);

/// A panel with its scales settled.
pub(crate) struct Plan<'a> {
    pub panel: &'a Panel,
    pub x: Scale,
    pub y: Scale,
    /// Both as their data want them, before they are brought to scale.
    natural: (Scale, Scale),
    /// A right axis or a colour bar.
    pub right: Option<Scale>,
    /// All panels of the column have the same x axis, and the last writes it.
    pub shares_x: bool,
    pub y_ticks: Vec<Tick>,
    pub right_ticks: Vec<Tick>,
    /// How wide and how high the names of an axis may become.
    pub room: (f64, f64),
    /// The least and the largest weight of the discs, if they have one.
    pub weights: Option<(f64, f64)>,
    /// For every series of more discs than can be seen: the middles of hexagons in a plot of the last size, and what is in
    /// each.
    pub hexagons: Vec<Option<Vec<(Point, f64)>>>,
    points_marked: bool,
    lines_marked: Vec<Ink>,
    hatched: Vec<Ink>,
}

/// More discs than this hide each other.
const MANY: usize = 5000;
/// From the middle of a hexagon to a corner, in design pixels.
pub(crate) const HEXAGON: f64 = 8.0;

/// The inks of some series in the order of their first appearance.
fn inks<'a>(series: impl Iterator<Item = &'a Series>) -> Vec<Ink> {
    let mut inks = Vec::new();
    for ink in series.map(|series| series.ink).filter(|ink| *ink != Ink::White) {
        if !inks.contains(&ink) {
            inks.push(ink);
        }
    }
    inks
}

impl<'a> Plan<'a> {
    /// `name`: the height of a line's name as a share of the plot.
    pub fn new(panels: &'a [Panel], at: usize, name: f64) -> Result<Self> {
        let panel = &panels[at];
        let margin = if panel.heat_map().is_some() { 0.0 } else { 0.04 };
        let bars = panel.series.iter().any(|series| matches!(series.form, Form::Bars(_)));
        let lying = bars && !panel.y.names().is_empty();
        let sharing = panels.iter().filter(|other| other.x == panel.x);
        // Bars stand on their axis; beside lying ones there is room for their words.
        let across = if lying { (0.0, 0.15) } else { (margin, margin) };
        let x = Scale::new(&panel.x, sharing.flat_map(reach).map(|point| point.0), across)?;
        let named = |note: &Note| matches!(note, Note::Across(_, name) if !name.is_empty());
        let below = if bars {
            0.0
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
                for (axis, places) in [(&panel.x, &heat.xs), (&panel.y, &heat.ys)] {
                    if !places.is_sorted()
                        && !places.is_sorted_by(|a, b| a >= b)
                        && !places.iter().any(|place| place.is_nan())
                    {
                        return Err(Error::HeatOrder { axis: axis.label.clone() });
                    }
                }
                Some(Scale::new(&heat.bar, heat.values.iter().copied(), (0.0, 0.0))?)
            }
            (None, Some((_, factor))) if factor.is_finite() && *factor > 0.0 => Some(y.times(*factor)),
            (None, Some((axis, factor))) => return Err(Error::AxisFactor { axis: axis.clone(), factor: *factor }),
            (None, None) => None,
        };
        let own = |other: &Panel| other.x != panel.x || other.to_scale;
        let shares_x = at + 1 < panels.len() && !panels.iter().any(own);
        let natural = (x.clone(), y.clone());
        let weighed = panel.series.iter().filter_map(|series| match &series.form {
            Form::Discs(discs) => Some(discs.iter().map(|disc| disc.2).filter(|w| *w > 0.0 && w.is_finite())),
            _ => None,
        });
        let weights = weighed.flatten().fold(None, |ends: Option<(f64, f64)>, w| {
            Some(ends.map_or((w, w), |(least, most)| (least.min(w), most.max(w))))
        });
        let of = |wanted: fn(&Series) -> bool| inks(panel.series.iter().filter(|series| wanted(series)));
        let points = of(|series| matches!(series.form, Form::Discs(_)));
        let lines = of(|series| matches!(series.form, Form::Line(_)) && series.dash == Dash::Solid);
        let streams = of(|series| matches!(series.form, Form::Stream(_)));
        Ok(Self {
            panel,
            x,
            y,
            natural,
            right,
            shares_x,
            y_ticks: Vec::new(),
            right_ticks: Vec::new(),
            room: (f64::INFINITY, f64::INFINITY),
            weights,
            hexagons: Vec::new(),
            points_marked: points.len() > 2,
            // Where points lie on the lines, those are marked.
            lines_marked: if lines.len() > 2 { lines } else { vec![] }
                .into_iter()
                .filter(|ink| ink.marker() != Marker::Disc && !points.contains(ink))
                .collect(),
            hatched: if streams.len() > 2 { streams } else { vec![] },
        })
    }

    /// Whether there are more discs than can be seen.
    pub fn is_dense(&self, series: &Series) -> bool {
        matches!(&series.form, Form::Discs(discs) if discs.len() > MANY) && self.panel.heat_map().is_none()
    }

    /// The shape of the points of a series.
    pub fn marker(&self, ink: Ink) -> Marker {
        if self.points_marked { ink.marker() } else { Marker::Disc }
    }

    /// The marks along a line, if it needs them to be told from the others.
    pub fn line_marker(&self, series: &Series) -> Option<Marker> {
        (series.dash == Dash::Solid && self.lines_marked.contains(&series.ink)).then(|| series.ink.marker())
    }

    /// The direction of the hatching of a stream, if it needs one to be told from the others.
    pub fn hatch(&self, ink: Ink) -> Option<f64> {
        self.hatched.contains(&ink).then(|| ink.hatch()).flatten()
    }

    /// The radius of a disc in design pixels.
    pub fn radius(&self, weight: f64) -> f64 {
        match self.weights {
            None => 8.0,
            // Light discs are seen too, and those whose weight is none.
            Some((least, most)) if least < 0.95 * most => {
                f64::max(22.0 * f64::sqrt(if weight.is_finite() { weight.max(0.0) / most } else { 0.0 }), 2.5)
            }
            Some(_) if weight > 0.0 && weight.is_finite() => 10.0,
            Some(_) => 2.5,
        }
    }

    /// The radius of one of so many that have no weight.
    pub fn equal_radius(count: usize) -> f64 {
        (90.0 / (count as f64).sqrt()).clamp(3.0, 8.0)
    }

    /// Weights worth showing in the legend: round ones where they differ.
    pub fn sizes(&self) -> Vec<(f64, String)> {
        let round = |weight: f64| {
            let power = 10f64.powf(weight.log10().floor());
            let times = [5.0, 2.0].into_iter().find(|times| times * power <= weight * (1.0 + 1e-9)).unwrap_or(1.0);
            times * power
        };
        if self.hexagons.iter().any(Option::is_some) {
            return Vec::new();
        }
        match self.weights {
            None => Vec::new(),
            Some((least, most)) if least < 0.95 * most => {
                let all = [round(most / 2.0), round(most / 10.0)];
                all.into_iter().filter(|w| *w >= 0.7 * least).map(|w| (w, plain(w))).collect()
            }
            Some((_, most)) => {
                let digits = (2.0 - most.log10().floor()).clamp(0.0, 15.0) as i32;
                let power = 10f64.powi(digits);
                vec![(most, format!("{} each", plain((most * power).round() / power)))]
            }
        }
    }

    /// Brings the axes to scale, if that is wanted, for a plot of this size, and counts what is in its hexagons.
    pub fn scale(&mut self, width: f64, height: f64, unit: f64) {
        if let (true, None, Some(x), Some(y)) =
            (self.panel.to_scale, self.panel.heat_map(), self.natural.0.span(), self.natural.1.span())
        {
            let pixel = f64::max(x / width, y / height);
            (self.x, self.y) = (self.natural.0.widened(pixel * width), self.natural.1.widened(pixel * height));
        }
        let hexagons = |series: &Series| match &series.form {
            Form::Discs(discs) if self.is_dense(series) => {
                let at = discs.iter().filter_map(|&(x, y, weight)| {
                    let (x, y) = (self.x.place(x)?, self.y.place(y)?);
                    let inside = (0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y);
                    let weight = if self.weights.is_none() { 1.0 } else { weight };
                    inside.then_some(((x * width, (1.0 - y) * height), weight))
                });
                Some(binned(at, HEXAGON * unit))
            }
            _ => None,
        };
        self.hexagons = self.panel.series.iter().map(hexagons).collect();
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

    pub fn right_label(&self) -> String {
        match (self.panel.heat_map(), &self.panel.right) {
            (Some(heat), _) => {
                let [below, above] = self.clipped();
                let sign = |beyond: bool, sign: &str| if beyond { format!(", {sign} beyond") } else { String::new() };
                format!("{}{}{}", heat.bar.label, sign(above, "▲"), sign(below, "▼"))
            }
            (None, Some((label, _))) => label.clone(),
            (None, None) => String::new(),
        }
    }

    /// Whether there are values below and above the ends of the colour bar.
    pub fn clipped(&self) -> [bool; 2] {
        let (Some(heat), Some(bar)) = (self.panel.heat_map(), &self.right) else { return [false; 2] };
        let places = || heat.values.iter().filter_map(|value| bar.place(*value));
        [places().any(|place| place < -1e-9), places().any(|place| place > 1.0 + 1e-9)]
    }

    /// Names in lines, and as large as they can be, `slot` being for each: of the y axis beside it, or upright below.
    pub fn names_in(&self, names: &[Tick], room: f64, slot: f64, font: Font) -> (Font, Vec<Vec<String>>) {
        let wrapped = |font: Font| names.iter().map(|tick| font.wrap(&tick.label, room)).collect::<Vec<_>>();
        let fits = |font: &Font| {
            let most = wrapped(*font).iter().map(Vec::len).max().unwrap_or(1);
            ((most as f64 - 1.0) * font.leading() + font.size) <= slot.max(6.0)
        };
        let mut sizes = (0..12).map(|k| Font { size: font.size * 0.9f64.powi(k), ..font });
        let font = sizes.clone().find(fits).or(sizes.next_back()).unwrap_or(font);
        (font, wrapped(font))
    }
}

/// Weights summed in hexagons with a corner on top, `size` from middle to corner: each to the nearest middle.
fn binned(points: impl Iterator<Item = (Point, f64)>, size: f64) -> Vec<(Point, f64)> {
    let (across, down) = (3f64.sqrt() * size, 1.5 * size);
    let middle = |column: i64, row: i64| {
        let shift = if row.rem_euclid(2) == 1 { 0.5 } else { 0.0 };
        ((column as f64 + shift) * across, row as f64 * down)
    };
    let mut bins = BTreeMap::<(i64, i64), f64>::new();
    for ((x, y), weight) in points {
        let row = (y / down).floor() as i64;
        let near = [row, row + 1].into_iter().flat_map(|row| {
            let shift = if row.rem_euclid(2) == 1 { 0.5 } else { 0.0 };
            [((x / across - shift).round() as i64, row)]
        });
        let far = |&(column, row): &(i64, i64)| {
            let (a, b) = middle(column, row);
            (a - x).hypot(b - y)
        };
        if let Some(place) = near.min_by(|a, b| far(a).total_cmp(&far(b))) {
            *bins.entry(place).or_default() += if weight.is_finite() { weight.max(0.0) } else { 0.0 };
        }
    }
    bins.into_iter().map(|((column, row), weight)| (middle(column, row), weight)).collect()
}

/// The points that an axis must take in; NaN where a note speaks of one axis only.
pub(crate) fn reach(panel: &Panel) -> Vec<(f64, f64)> {
    let mut points = Vec::new();
    for series in &panel.series {
        match &series.form {
            Form::Line(line) => points.extend(line),
            Form::Discs(discs) => points.extend(discs.iter().map(|disc| (disc.0, disc.1))),
            Form::Bars(bars) | Form::Boxes(bars) => {
                points.extend(bars.iter().flat_map(|bar| [(bar.left, bar.foot), (bar.right, bar.top)]));
            }
            Form::Band(band) | Form::Stream(band) => {
                points.extend(band.iter().flat_map(|cut| [(cut.0, cut.1), (cut.0, cut.2)]))
            }
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
