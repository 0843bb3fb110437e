//! One plot and what is in it, as it was asked for: nothing is measured or drawn here.

use crate::axis::Axis;
use crate::ink::Ink;
use crate::shape::Dash;

/// One plot. Series are drawn in the order in which they are added, and the reference lines and marks over them.
/// [`label`](Self::label), [`dashed`](Self::dashed), [`dotted`](Self::dotted) and
/// [`width`](Self::width) speak of the series added last.
#[derive(Clone, Debug)]
pub struct Panel {
    pub(crate) title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) right: Option<(String, f64)>,
    pub(crate) axes: bool,
    pub(crate) to_scale: bool,
    pub(crate) series: Vec<Series>,
    pub(crate) notes: Vec<Note>,
    /// The least height, in pixels of a figure 900 high, that a figure of no given size gives it; and the least width.
    pub(crate) least: (f64, f64),
}

#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) form: Form,
    pub(crate) ink: Ink,
    pub(crate) label: String,
    pub(crate) dash: Dash,
    pub(crate) width: f64,
}

#[derive(Clone, Debug)]
pub(crate) enum Form {
    Line(Vec<(f64, f64)>),
    Discs(Vec<(f64, f64, f64)>),
    Bars(Vec<Bar>),
    Band(Vec<(f64, f64, f64)>),
    /// A band that stands for itself, and not behind a line.
    Stream(Vec<(f64, f64, f64)>),
    /// Words on a ground of the ink, as large as they can be.
    Boxes(Vec<Bar>),
    Heat(Heat),
}

impl Form {
    /// What overlaps lets the lower one show through.
    pub(crate) fn alpha(&self) -> f64 {
        match self {
            Self::Band(_) => 0.25,
            Self::Bars(_) => 0.45,
            Self::Boxes(_) => 0.93,
            Self::Discs(_) => 0.6,
            Self::Line(_) | Self::Stream(_) | Self::Heat(_) => 1.0,
        }
    }
}

/// A rectangle from foot to top, and the words in it.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) foot: f64,
    pub(crate) top: f64,
    pub(crate) words: String,
}

/// A map: the value at `xs[i]`, `ys[j]` is `values[j * xs.len() + i]`.
#[derive(Clone, Debug)]
pub(crate) struct Heat {
    pub(crate) xs: Vec<f64>,
    pub(crate) ys: Vec<f64>,
    pub(crate) values: Vec<f64>,
    pub(crate) bar: Axis,
    pub(crate) levels: Vec<f64>,
    pub(crate) printed: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Note {
    Across(f64, String),
    Upright(f64, String),
    Mark(f64, f64, String),
    Cross(f64, f64, String),
    Arrow(f64, (f64, f64), String),
    Text(f64, f64, String),
}

impl Panel {
    /// An empty plot. The label of the y axis stands above it, where it is read without a turn of the head.
    pub fn new(x: Axis, y: Axis) -> Self {
        let (title, series, notes) = (String::new(), Vec::new(), Vec::new());
        Self { title, x, y, right: None, axes: true, to_scale: false, series, notes, least: (0.0, 0.0) }
    }

    /// A drawing to scale, without axes: for what is to be seen and not read off, such as the shape of a cloud.
    pub fn drawing() -> Self {
        Self { axes: false, ..Self::new(Axis::new(""), Axis::new("")).to_scale() }
    }

    /// Named bars of parts upon each other; the names make the categories of `x`. Every part has its height, its ink and
    /// the words in it, which are smaller in a small part and left out where they could not be read. Where the names are
    /// too long to stand below their bars, the bars lie, and the words of a short one stand beside it.
    ///
    /// ```
    /// # use candle_mle_plot::{Axis, Ink, Panel};
    /// let orders = [
    ///     ("X, Y", [(1.0, Ink::Blue, "H(X)"), (0.469, Ink::Orange, "H(Y|X)")]),
    ///     ("Y, X", [(1.0, Ink::Orange, "H(Y)"), (0.469, Ink::Blue, "H(X|Y)")]),
    /// ];
    /// let panel = Panel::stacks(Axis::new("order"), Axis::new("entropy (bits)"), orders);
    /// ```
    pub fn stacks<N: AsRef<str>, W: Into<String>>(
        x: Axis,
        y: Axis,
        bars: impl IntoIterator<Item = (N, impl IntoIterator<Item = (f64, Ink, W)>)>,
    ) -> Self {
        let (names, stacks): (Vec<N>, Vec<_>) = bars.into_iter().unzip();
        let mut panel = Self::new(x.categories(&names), y);
        for (at, parts) in stacks.into_iter().enumerate() {
            let (left, right, mut top) = (at as f64 - 0.42, at as f64 + 0.42, 0.0);
            for (height, ink, words) in parts {
                let foot = top;
                top += height;
                panel = panel.add(Form::Bars(vec![Bar { left, right, foot, top, words: words.into() }]), ink);
            }
        }
        panel
    }

    /// Lays the bars of categories, one below the other, as a ranking is read; bands and maps cannot be turned, and stay.
    pub fn lying(self) -> Self {
        self.turned().unwrap_or(self)
    }

    /// A title of this plot alone.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Makes one unit equally long on both axes, so that circles are round: the axis with room to spare is lengthened on
    /// both sides. Only where both are linear, and not for a map.
    pub fn to_scale(mut self) -> Self {
        self.to_scale = true;
        self
    }

    /// A second scale on the right for the same curves: `factor` times the left one, numbered where the left one is, so that
    /// one grid serves both. Not beside a map.
    pub fn right_axis(mut self, label: impl Into<String>, factor: f64) -> Self {
        self.right = Some((label.into(), factor));
        self
    }

    /// A line through the points, broken where one is NaN, infinite, or has no logarithm on a logarithmic axis.
    pub fn line(self, points: impl IntoIterator<Item = (f64, f64)>, ink: Ink) -> Self {
        self.add(Form::Line(points.into_iter().collect()), ink)
    }

    /// The curve of a function between two places, ends included: 401 points, evenly spaced as the axis is, linear or
    /// logarithmic.
    ///
    /// ```
    /// # use candle_mle_plot::{Axis, Ink, Panel};
    /// let bell = Panel::new(Axis::new("x"), Axis::new("y")).curve((-3.0, 3.0), |x| (-0.5 * x * x).exp(), Ink::Blue);
    /// ```
    pub fn curve(self, (from, to): (f64, f64), f: impl Fn(f64) -> f64, ink: Ink) -> Self {
        let share = |k: u32| f64::from(k) / 400.0;
        let place = |k: u32| match self.x.is_log() {
            true => from * (to / from).powf(share(k)),
            false => from + (to - from) * share(k),
        };
        let points: Vec<(f64, f64)> = (0..=400).map(place).map(|x| (x, f(x))).collect();
        self.line(points, ink)
    }

    /// Equal discs, smaller where there are many; of more than 5,000 the density, in hexagons that are darker by the
    /// logarithm of their number. Where a panel has points of three inks, each ink has its shape.
    pub fn points(self, points: impl IntoIterator<Item = (f64, f64)>, ink: Ink) -> Self {
        self.add(Form::Discs(points.into_iter().map(|(x, y)| (x, y, 0.0)).collect()), ink)
    }

    /// Discs at (x, y), and upright lines from y − error to y + error.
    pub fn errors(self, points: impl IntoIterator<Item = (f64, f64, f64)>, ink: Ink) -> Self {
        let points: Vec<(f64, f64, f64)> = points.into_iter().collect();
        let whiskers = points.iter().flat_map(|&(x, y, error)| [(x, y - error), (x, y + error), (f64::NAN, f64::NAN)]);
        self.line(whiskers, ink).points(points.iter().map(|&(x, y, _)| (x, y)), ink)
    }

    /// Discs at (x, y, weight), their area proportional to the weight: on one scale in all of the panel, which its legend
    /// tells. The lightest are drawn larger than that, to be seen, and as small as they what has a weight that is no positive number.
    pub fn discs(self, discs: impl IntoIterator<Item = (f64, f64, f64)>, ink: Ink) -> Self {
        self.add(Form::Discs(discs.into_iter().collect()), ink)
    }

    /// Bars at (left edge, right edge, height), as of a histogram.
    pub fn bars(self, bars: impl IntoIterator<Item = (f64, f64, f64)>, ink: Ink) -> Self {
        let bar = |(left, right, top)| Bar { left, right, foot: 0.0, top, words: String::new() };
        self.add(Form::Bars(bars.into_iter().map(bar).collect()), ink)
    }

    /// The area between two curves, at (x, lower y, upper y).
    pub fn band(self, band: impl IntoIterator<Item = (f64, f64, f64)>, ink: Ink) -> Self {
        self.add(Form::Band(band.into_iter().collect()), ink)
    }

    /// A coloured map with its colour bar: `values` row by row, one row for each of `ys`, one column
    /// for each of `xs`, which ascend or descend. `bar` labels and spreads the colours. Values without a colour, such as NaN,
    /// are grey.
    pub fn heat(self, xs: &[f64], ys: &[f64], values: &[f64], bar: Axis) -> Self {
        let (xs, ys, values) = (xs.to_vec(), ys.to_vec(), values.to_vec());
        self.add(Form::Heat(Heat { xs, ys, values, bar, levels: Vec::new(), printed: false }), Ink::White)
    }

    /// A table as a map, its values printed in the cells: `values` row by row. The
    /// [`categories`](Axis::categories) of y name the rows, those of x the columns.
    pub fn cells(self, values: &[f64], bar: Axis) -> Self {
        let places = |axis: &Axis| (0..axis.names().len()).map(|k| k as f64).collect();
        let (xs, ys, values) = (places(&self.x), places(&self.y), values.to_vec());
        self.add(Form::Heat(Heat { xs, ys, values, bar, levels: Vec::new(), printed: true }), Ink::White)
    }

    /// Lines of equal value on the map added last, each with its value where there is room.
    pub fn contours(mut self, at: &[f64]) -> Self {
        if let Some(Series { form: Form::Heat(heat), .. }) = self.series.last_mut() {
            heat.levels = at.to_vec();
        }
        self
    }

    /// The name of the last series in the legend.
    pub fn label(self, label: impl Into<String>) -> Self {
        self.amend(|last| last.label = label.into())
    }

    /// Draws the last line in dashes.
    pub fn dashed(self) -> Self {
        self.amend(|last| last.dash = Dash::Dashed)
    }

    /// Draws the last line in dots.
    pub fn dotted(self) -> Self {
        self.amend(|last| last.dash = Dash::Dotted)
    }

    /// The width of the last line, in pixels of a 1600 × 900 figure; 4 unless given.
    pub fn width(self, width: f64) -> Self {
        // Dashes are measured in widths, so that there must be one. NaN gives the least.
        self.amend(|last| last.width = f64::min(width.max(0.5), 100.0))
    }

    /// A named line across, such as a bound. With an empty name, only the line.
    pub fn hline(mut self, y: f64, name: impl Into<String>) -> Self {
        self.notes.push(Note::Across(y, name.into()));
        self
    }

    /// A named upright line, such as the truth.
    pub fn vline(mut self, x: f64, name: impl Into<String>) -> Self {
        self.notes.push(Note::Upright(x, name.into()));
        self
    }

    /// An emphasised point with a short name beside it.
    pub fn mark(mut self, x: f64, y: f64, name: impl Into<String>) -> Self {
        self.notes.push(Note::Mark(x, y, name.into()));
        self
    }

    /// The same as [`mark`](Self::mark) in another form, a cross, for what the marks are to be held against.
    pub fn cross(mut self, x: f64, y: f64, name: impl Into<String>) -> Self {
        self.notes.push(Note::Cross(x, y, name.into()));
        self
    }

    /// An upright arrow at `x` between two heights, its head at the second; its name stands beside the middle.
    pub fn arrow(mut self, x: f64, from: f64, to: f64, name: impl Into<String>) -> Self {
        self.notes.push(Note::Arrow(x, (from, to), name.into()));
        self
    }

    /// Words that stand exactly at a point, their middle on it; a line break begins a new line.
    pub fn text(mut self, x: f64, y: f64, words: impl Into<String>) -> Self {
        self.notes.push(Note::Text(x, y, words.into()));
        self
    }

    pub(crate) fn add(mut self, form: Form, ink: Ink) -> Self {
        self.series.push(Series { form, ink, label: String::new(), dash: Dash::Solid, width: 4.0 });
        self
    }

    fn amend(mut self, change: impl FnOnce(&mut Series)) -> Self {
        if let Some(last) = self.series.last_mut() {
            change(last);
        }
        self
    }

    /// With x and y changed, so that bars lie: where x has names, and all that is drawn can be turned.
    pub(crate) fn turned(&self) -> Option<Self> {
        let form = |form: &Form| match form {
            Form::Line(line) => Some(Form::Line(line.iter().map(|&(x, y)| (y, x)).collect())),
            Form::Discs(discs) => Some(Form::Discs(discs.iter().map(|&(x, y, weight)| (y, x, weight)).collect())),
            Form::Bars(bars) => {
                let turned = |bar: &Bar| Bar {
                    left: bar.foot,
                    right: bar.top,
                    foot: bar.left,
                    top: bar.right,
                    words: bar.words.clone(),
                };
                Some(Form::Bars(bars.iter().map(turned).collect()))
            }
            Form::Band(_) | Form::Stream(_) | Form::Boxes(_) | Form::Heat(_) => None,
        };
        let series = |series: &Series| Some(Series { form: form(&series.form)?, ..series.clone() });
        let note = |note: &Note| match note.clone() {
            Note::Across(y, name) => Some(Note::Upright(y, name)),
            Note::Upright(x, name) => Some(Note::Across(x, name)),
            Note::Mark(x, y, name) => Some(Note::Mark(y, x, name)),
            Note::Cross(x, y, name) => Some(Note::Cross(y, x, name)),
            Note::Text(x, y, words) => Some(Note::Text(y, x, words)),
            Note::Arrow(..) => None, // it is upright
        };
        let possible = !self.x.names().is_empty() && self.y.names().is_empty() && self.right.is_none();
        let series = self.series.iter().map(series).collect::<Option<Vec<_>>>().filter(|_| possible)?;
        let notes = self.notes.iter().map(note).collect::<Option<Vec<_>>>()?;
        Some(Self { x: self.y.clone(), y: self.x.clone(), series, notes, ..self.clone() })
    }

    /// Every text in the panel.
    pub(crate) fn each_text(&mut self, act: &mut impl FnMut(&mut String)) {
        act(&mut self.title);
        self.x.each_text(act);
        self.y.each_text(act);
        self.right.iter_mut().for_each(|(label, _)| act(label));
        for series in &mut self.series {
            act(&mut series.label);
            match &mut series.form {
                Form::Bars(bars) | Form::Boxes(bars) => bars.iter_mut().for_each(|bar| act(&mut bar.words)),
                Form::Heat(heat) => heat.bar.each_text(act),
                Form::Line(_) | Form::Discs(_) | Form::Band(_) | Form::Stream(_) => {}
            }
        }
        for note in &mut self.notes {
            let (Note::Across(_, name)
            | Note::Upright(_, name)
            | Note::Mark(_, _, name)
            | Note::Cross(_, _, name)
            | Note::Arrow(_, _, name)
            | Note::Text(_, _, name)) = note;
            act(name);
        }
    }

    pub(crate) fn heat_map(&self) -> Option<&Heat> {
        self.series.iter().find_map(|series| match &series.form {
            Form::Heat(heat) => Some(heat),
            _ => None,
        })
    }
}
