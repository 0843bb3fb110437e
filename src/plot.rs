//! Figures: numbers in, one PNG or SVG out. Knows no tensor and no model.
//!
//! A [`Figure`] holds columns of [`Panel`]s, a panel holds curves, discs, bars, maps and marks. Nothing
//! is drawn before [`Figure::save`]. The font is carried along, so that no font of the system is needed,
//! and the same numbers give the same bytes from run to run.
//!
//! ```
//! use candle_mle::plot::{Axis, Figure, Ink, Panel};
//! let nll = |p: f64| -(7.0 * p.ln() + 3.0 * (1.0 - p).ln());
//! let curve = (1..100).map(|k| f64::from(k) / 100.0).map(|p| (p, nll(p)));
//! let panel = Panel::new(Axis::new("p (heads)"), Axis::new("negative log-likelihood (nats)"))
//!     .line(curve, Ink::Blue)
//!     .mark(0.7, nll(0.7), "p = 0.7");
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("coin.svg");
//! Figure::new("Seven heads in ten tosses are likeliest at p = 0.7").column([panel]).save(&path)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod axis;
mod contour;
mod frame;
mod ink;
mod layout;
mod shape;
mod text;
mod tree;
mod venn;

pub use axis::Axis;
pub use ink::Ink;
pub use tree::Twig;

use crate::error::{Error, Result};
use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use shape::{DETAIL, Dash, Shape};
use std::io;
use std::path::Path;

/// A figure: a title that states the finding, and columns of panels side by side.
#[derive(Clone, Debug)]
pub struct Figure {
    title: String,
    subtitle: String,
    columns: Vec<(f64, Vec<Panel>)>,
    size: (u32, u32),
}

impl Figure {
    /// An empty figure under a title that states its finding.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), subtitle: String::new(), columns: Vec::new(), size: (1600, 900) }
    }

    /// The conditions, in smaller print below the title.
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = subtitle.into();
        self
    }

    /// Adds a column on the right: panels below each other, with plots of equal height and aligned
    /// edges. Equal x axes have one range, and neighbours write it once, below the last of them.
    pub fn column(self, panels: impl Into<Vec<Panel>>) -> Self {
        self.column_of(1.0, panels)
    }

    /// A column `width` times as wide as a plain one.
    pub fn column_of(mut self, width: f64, panels: impl Into<Vec<Panel>>) -> Self {
        self.columns.push((width, panels.into()));
        self
    }

    /// Width and height in pixels, 1600 × 900 unless given. Text and lines grow with the figure.
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.size = (width, height);
        self
    }

    /// Draws the figure to `path`, whose ending, `.png` or `.svg`, picks the format. Missing folders
    /// are made. The file appears whole or not at all.
    ///
    /// # Errors
    /// Another ending; a place that cannot be written; a figure without panels or without room for
    /// them; a fixed range, a right axis or a map that cannot be drawn.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
        let paint: Painter = match ending.as_deref() {
            Some("png") => paint_png,
            Some("svg") => paint_svg,
            _ => return Err(Error::FigureFormat { path: path.to_path_buf() }),
        };
        let shapes = layout::figure(self)?;
        crate::file::write_whole(path, |partial| paint(&shapes, self.size, partial))
            .map_err(|problem| Error::FigureWrite { path: path.to_path_buf(), problem })
    }
}

type Painter = fn(&[Shape], (u32, u32), &Path) -> io::Result<()>;

fn paint_png(shapes: &[Shape], (width, height): (u32, u32), path: &Path) -> io::Result<()> {
    let large = (width * DETAIL, height * DETAIL);
    let mut fine = vec![0; 3 * large.0 as usize * large.1 as usize];
    shape::paint(shapes, &mut BitMapBackend::with_buffer(&mut fine, large), false).map_err(io::Error::other)?;
    let mut file = BitMapBackend::new(path, (width, height));
    file.blit_bitmap((0, 0), (width, height), &averaged(&fine, width as usize)).map_err(io::Error::other)?;
    file.present().map_err(io::Error::other)
}

fn paint_svg(shapes: &[Shape], (width, height): (u32, u32), path: &Path) -> io::Result<()> {
    let large = (width * DETAIL, height * DETAIL);
    let mut svg = String::new();
    shape::paint(shapes, &mut SVGBackend::with_string(&mut svg, large), true).map_err(io::Error::other)?;
    // The view box keeps the fine coordinates, the outer size is the one asked for.
    let sized = |(width, height)| format!("width=\"{width}\" height=\"{height}\"");
    std::fs::write(path, svg.replacen(&sized(large), &sized((width, height)), 1))
}

/// The mean of each square of `DETAIL` × `DETAIL` pixels.
fn averaged(fine: &[u8], width: usize) -> Vec<u8> {
    let detail = DETAIL as usize;
    let mut coarse = Vec::with_capacity(fine.len() / (detail * detail));
    for rows in fine.chunks_exact(3 * width * detail * detail) {
        for x in 0..width {
            for channel in 0..3 {
                let square = (0..detail * detail).map(|k| (k / detail * width + x) * detail + k % detail);
                let sum: usize = square.map(|pixel| usize::from(rows[3 * pixel + channel])).sum();
                coarse.push((sum / (detail * detail)) as u8);
            }
        }
    }
    coarse
}

/// One plot. Series are drawn in the order in which they are added, and the reference lines and marks over them.
/// [`label`](Self::label), [`dashed`](Self::dashed), [`dotted`](Self::dotted) and
/// [`width`](Self::width) speak of the series added last.
#[derive(Clone, Debug)]
pub struct Panel {
    title: String,
    x: Axis,
    y: Axis,
    right: Option<(String, f64)>,
    axes: bool,
    to_scale: bool,
    series: Vec<Series>,
    notes: Vec<Note>,
}

#[derive(Clone, Debug)]
struct Series {
    form: Form,
    ink: Ink,
    label: String,
    dash: Dash,
    width: f64,
}

#[derive(Clone, Debug)]
enum Form {
    Line(Vec<(f64, f64)>),
    Discs(Vec<(f64, f64, f64)>),
    Bars(Vec<Bar>),
    Band(Vec<(f64, f64, f64)>),
    Heat(Heat),
}

impl Form {
    /// What overlaps lets the lower one show through.
    fn alpha(&self) -> f64 {
        match self {
            Self::Band(_) => 0.25,
            Self::Bars(_) => 0.45,
            Self::Discs(_) => 0.6,
            Self::Line(_) | Self::Heat(_) => 1.0,
        }
    }
}

/// A rectangle from foot to top, and the words in it.
#[derive(Clone, Debug)]
struct Bar {
    left: f64,
    right: f64,
    foot: f64,
    top: f64,
    words: String,
}

/// A map: the value at `xs[i]`, `ys[j]` is `values[j * xs.len() + i]`.
#[derive(Clone, Debug)]
struct Heat {
    xs: Vec<f64>,
    ys: Vec<f64>,
    values: Vec<f64>,
    bar: Axis,
    levels: Vec<f64>,
    printed: bool,
}

#[derive(Clone, Debug)]
enum Note {
    Across(f64, String),
    Upright(f64, String),
    Mark(f64, f64, String),
    Text(f64, f64, String),
}

impl Panel {
    /// An empty plot. The label of the y axis stands above it, where it is read without a turn of the head.
    pub fn new(x: Axis, y: Axis) -> Self {
        let (title, series, notes) = (String::new(), Vec::new(), Vec::new());
        Self { title, x, y, right: None, axes: true, to_scale: false, series, notes }
    }

    /// A drawing to scale, without axes: for what is to be seen and not read off, such as the shape of a cloud.
    pub fn drawing() -> Self {
        Self { axes: false, ..Self::new(Axis::new(""), Axis::new("")).to_scale() }
    }

    /// Named bars of parts upon each other; the names make the categories of `x`. Every part has its height, its ink and
    /// the words in it, which are smaller in a small part and left out where they could not be read.
    ///
    /// ```
    /// # use candle_mle::plot::{Axis, Ink, Panel};
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

    /// A second scale on the right for the same curves: `factor` times the left one. Not beside a map.
    pub fn right_axis(mut self, label: impl Into<String>, factor: f64) -> Self {
        self.right = Some((label.into(), factor));
        self
    }

    /// A line through the points, broken where one is NaN, infinite, or has no logarithm on a logarithmic axis.
    pub fn line(self, points: impl IntoIterator<Item = (f64, f64)>, ink: Ink) -> Self {
        self.add(Form::Line(points.into_iter().collect()), ink)
    }

    /// Equal discs, smaller where there are many.
    pub fn points(self, points: impl IntoIterator<Item = (f64, f64)>, ink: Ink) -> Self {
        self.add(Form::Discs(points.into_iter().map(|(x, y)| (x, y, 0.0)).collect()), ink)
    }

    /// Discs at (x, y), and upright lines from y − error to y + error.
    pub fn errors(self, points: impl IntoIterator<Item = (f64, f64, f64)>, ink: Ink) -> Self {
        let points: Vec<(f64, f64, f64)> = points.into_iter().collect();
        let whiskers = points.iter().flat_map(|&(x, y, error)| [(x, y - error), (x, y + error), (f64::NAN, f64::NAN)]);
        self.line(whiskers, ink).points(points.iter().map(|&(x, y, _)| (x, y)), ink)
    }

    /// Discs at (x, y, weight), their area proportional to the weight.
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
    /// for each of `xs`. `bar` labels and spreads the colours. Values without a colour, such as NaN,
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

    /// Lines of equal value on the map added last.
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

    /// Words that stand exactly at a point, their middle on it; a line break begins a new line.
    pub fn text(mut self, x: f64, y: f64, words: impl Into<String>) -> Self {
        self.notes.push(Note::Text(x, y, words.into()));
        self
    }

    fn add(mut self, form: Form, ink: Ink) -> Self {
        self.series.push(Series { form, ink, label: String::new(), dash: Dash::Solid, width: 4.0 });
        self
    }

    fn amend(mut self, change: impl FnOnce(&mut Series)) -> Self {
        if let Some(last) = self.series.last_mut() {
            change(last);
        }
        self
    }

    fn heat_map(&self) -> Option<&Heat> {
        self.series.iter().find_map(|series| match &series.form {
            Form::Heat(heat) => Some(heat),
            _ => None,
        })
    }
}

/// The ellipse `radius` standard deviations around `mean`, for a covariance matrix: a closed line for
/// [`Panel::line`]. A matrix that is not positive definite gives NaN, of which nothing is drawn.
pub fn ellipse(mean: [f64; 2], covariance: [[f64; 2]; 2], radius: f64) -> Vec<(f64, f64)> {
    // A circle, stretched by the Cholesky factor.
    let a = covariance[0][0].sqrt();
    let b = covariance[1][0] / a;
    let c = (covariance[1][1] - b * b).sqrt();
    let turn = |k: u32| (f64::from(k) / 120.0 * std::f64::consts::TAU).sin_cos();
    let point = |(sin, cos): (f64, f64)| (mean[0] + radius * a * cos, mean[1] + radius * (b * cos + c * sin));
    (0..=120).map(turn).map(point).collect()
}
