//! A whole figure: columns of panels under a title, written as PNG or SVG.

use std::io;
use std::path::Path;

use candle_mle_info::file::write_whole;
use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};

use crate::error::{Error, Result};
use crate::layout;
use crate::panel::Panel;
use crate::shape::{self, DETAIL, Shape};

/// A figure: a title that states the finding, and columns of panels side by side.
///
/// ```
/// use candle_mle_plot::{Axis, Figure, Ink, Panel};
/// let loss = |p: f64| -(7.0 * p.ln() + 3.0 * (1.0 - p).ln());
/// let panel = Panel::new(Axis::new("p (heads)"), Axis::new("loss (nats)")).curve((0.05, 0.95), loss, Ink::Blue);
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("loss.png");
/// Figure::new("Seven heads of ten are likeliest at p = 0.7").column([panel.mark(0.7, loss(0.7), "0.7")]).save(&path)?;
/// assert!(std::fs::read(&path)?.starts_with(b"\x89PNG"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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

    /// What it states, as it stands above it.
    pub fn finding(&self) -> &str {
        &self.title
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
        let shapes = self.shapes()?;
        write_whole(path, |partial| paint(&shapes, self.size, partial))
            .map_err(|problem| Error::FigureWrite { path: path.to_path_buf(), problem })
    }

    fn shapes(&self) -> Result<Vec<Shape>> {
        layout::shapes([&self.title, &self.subtitle], &self.columns, self.size)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axis::Axis;
    use crate::geometry::Rect;
    use crate::ink::Ink;

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
            let shapes = busy.shapes().unwrap();
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
        assert!(matches!(crowded.shapes(), Err(Error::FigureSize { .. })));
        assert!(matches!(crowded.size(0, 10).shapes(), Err(Error::FigureSize { .. })));
        assert!(matches!(Figure::new("t").shapes(), Err(Error::NoPanel)));
    }
}
