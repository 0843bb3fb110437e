//! A whole figure: columns of panels under a title, written as PNG or SVG.

use std::io::{BufWriter, Write};
use std::path::Path;

use candle_mle_info::file::write_whole;

use crate::error::{Error, Result};
use crate::layout;
use crate::panel::{Note, Panel};
use crate::raster::png;
use crate::shape::Shape;
use crate::svg::svg;
use crate::text::{has_glyph, minus, named, pictured};

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
    size: Option<(u32, u32)>,
}

impl Figure {
    /// An empty figure under a title that states its finding.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), subtitle: String::new(), columns: Vec::new(), size: None }
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
    /// edges. Equal x axes have one range, and neighbours write it once, below the last of them. Of columns with as many
    /// panels the plots are aligned too, row by row; where only the last has fewer, they are a grid with free cells.
    pub fn column(self, panels: impl Into<Vec<Panel>>) -> Self {
        self.column_of(1.0, panels)
    }

    /// A column `width` times as wide as a plain one.
    pub fn column_of(mut self, width: f64, panels: impl Into<Vec<Panel>>) -> Self {
        self.columns.push((width, panels.into()));
        self
    }

    /// Width and height in pixels. Text and lines grow with the figure. Unless given they are 1600 × 900, or more where a
    /// large tree needs it to be read.
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.size = Some((width, height));
        self
    }

    /// The characters that a PNG cannot have, since the font has no glyph for them or they join, each with a text that it
    /// stands in. They are drawn by their numbers, such as U+4E2D; an SVG leaves them to the fonts of its viewer, and has pictures, such
    /// as ␛, of control characters and of what no XML may hold.
    ///
    /// ```
    /// let figure = candle_mle_plot::Figure::new("身長");
    /// assert_eq!(figure.without_glyph(), [('身', "身長".to_string()), ('長', "身長".to_string())]);
    /// ```
    pub fn without_glyph(&self) -> Vec<(char, String)> {
        let mut found: Vec<(char, String)> = Vec::new();
        self.clone().each_text(&mut |text| {
            for character in text.chars().filter(|character| !has_glyph(*character)) {
                if found.iter().all(|(other, _)| *other != character) {
                    found.push((character, text.clone()));
                }
            }
        });
        found
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
        let (size, said) = (self.pixels(), [&self.title, &self.description()].map(|text| pictured(text)));
        let lost = |problem| Error::FigureWrite { path: path.to_path_buf(), problem };
        match ending.as_deref() {
            Some("png") => {
                let shapes = self.with_text(|text| named(&minus(text))).shapes()?;
                write_whole(path, |file| png(&shapes, size, &said, BufWriter::new(file))).map_err(lost)
            }
            Some("svg") => {
                let shapes = self.with_text(|text| pictured(&minus(text))).shapes()?;
                write_whole(path, |file| file.write_all(svg(&shapes, size, &said)?.as_bytes())).map_err(lost)
            }
            _ => Err(Error::FigureFormat { path: path.to_path_buf() }),
        }
    }

    /// What is drawn, in words: axes, named series and marks of every panel.
    fn description(&self) -> String {
        let mut said = vec![self.subtitle.clone()];
        for panel in self.columns.iter().flat_map(|(_, panels)| panels) {
            let mut about = vec![panel.title.clone()];
            about.push([&panel.y.label, &panel.x.label].map(String::as_str).join(" against "));
            about.extend(panel.right.iter().map(|(label, _)| label.clone()));
            about.extend(panel.heat_map().map(|heat| format!("coloured by {}", heat.bar.label)));
            about.extend(panel.series.iter().map(|series| series.label.clone()));
            about.extend(panel.notes.iter().map(|note| match note {
                Note::Across(_, name) | Note::Upright(_, name) | Note::Arrow(_, _, name) => name.clone(),
                Note::Mark(_, _, name) | Note::Cross(_, _, name) | Note::Text(_, _, name) => name.replace('\n', ": "),
            }));
            about.retain(|text| !text.is_empty() && text != " against ");
            said.push(about.join("; "));
        }
        said.retain(|text| !text.is_empty());
        said.join(". ")
    }

    fn pixels(&self) -> (u32, u32) {
        self.size.unwrap_or_else(|| {
            // The title stands above.
            let panels = || self.columns.iter().flat_map(|(_, panels)| panels);
            let (wide, high) = panels().fold((0.0, 0.0), |(w, h), p| (f64::max(w, p.least.0), f64::max(h, p.least.1)));
            (f64::max(1600.0, wide + 60.0).min(5000.0) as u32, f64::max(900.0, high + 230.0).min(5000.0) as u32)
        })
    }

    fn shapes(&self) -> Result<Vec<Shape>> {
        // Text is as large as in a plain figure where only a tree made this one larger.
        let unit = self.size.is_none().then_some(1.0);
        layout::shapes([&self.title, &self.subtitle], &self.columns, self.pixels(), unit)
    }

    fn with_text(&self, change: impl Fn(&str) -> String) -> Self {
        let mut changed = self.clone();
        changed.each_text(&mut |text| *text = change(text));
        changed
    }

    fn each_text(&mut self, act: &mut impl FnMut(&mut String)) {
        act(&mut self.title);
        act(&mut self.subtitle);
        self.columns.iter_mut().flat_map(|(_, panels)| panels).for_each(|panel| panel.each_text(act));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axis::Axis;
    use crate::geometry::Rect;
    use crate::ink::Ink;

    /// A figure of everything that bears words, these for one of its names.
    fn busy(word: &str) -> Figure {
        let curve = |k: u32| (f64::from(k), f64::from(k) * 3.7e5);
        let line = || Panel::new(Axis::new("step").steps(), Axis::new("bits")).line((0..900).map(curve), Ink::Blue);
        let ports = ["Southampton", "Cherbourg", "Queenstown", word, "Belfast", "New York"];
        let busy = line().label("a rather long name of a curve").line((0..900).map(curve), Ink::Green).label(word);
        let busy = busy.right_axis("nats in all observations", 1400.0).hline(0.0, "floor").mark(899.0, 3.3e8, "argmin");
        let bars = Panel::new(Axis::new("port").categories(&ports), Axis::new("passengers on board, by port"));
        let bars = bars.bars((0..6).map(|k| (f64::from(k) - 0.4, f64::from(k) + 0.4, 12_345.0)), Ink::Blue);
        let map = Panel::new(Axis::new("a").categories(&[word, "b"]), Axis::new("b").categories(&ports));
        let map = map.title("A title of the panel that is wrapped").cells(&[0.125; 12], Axis::new("p"));
        Figure::new("The finding, told in a sentence that is longer than a single line can ever hold at all")
            .subtitle(format!("n = 900, {word}"))
            .column([busy, line().vline(30.0, "truth")])
            .column([bars, map])
    }

    /// No text is cut by the edge of the picture, and none lies on another.
    #[test]
    fn every_text_can_be_read() {
        let long = "name_of_a_column_that_is_longer_than_any_place_for_it_(thousands_of_kilogrammes)";
        for (word, (width, height)) in [
            ("a port unknown", (1600, 900)),
            ("a port unknown", (800, 450)),
            ("a port unknown", (1000, 1000)),
            (long, (1600, 900)),
            (long, (1200, 1200)),
            ("Donaudampfschifffahrtsgesellschaftskapitänswitwenrente", (1600, 900)),
        ] {
            let figure = busy(word).size(width, height);
            let page = Rect { left: 0.0, top: 0.0, right: f64::from(width), bottom: f64::from(height) };
            let shapes = figure.shapes().unwrap();
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
        for (width, height) in [(0, 10), (1, 1), (49, 900), (900, 49), (5001, 900)] {
            let size = crowded.clone().size(width, height);
            assert!(matches!(size.shapes(), Err(Error::FigureSize { .. })), "{width} × {height}");
        }
        assert!(matches!(Figure::new("t").shapes(), Err(Error::NoPanel)));
    }
}
