//! A drawing as a list of shapes in pixels: laid out first, then drawn with plotters, pixel by pixel or as SVG.

use crate::geometry::{Point, Rect};
use crate::ink::{Colour, Ink};
use crate::text::{Align, Font, Setting, Text};
use plotters::style::Color;
use plotters_backend::{BackendCoord, DrawingBackend, DrawingErrorKind};

pub(crate) enum Shape {
    Stroke { points: Vec<Point>, colour: Colour, width: f64 },
    Fill { outline: Vec<Point>, colour: Colour, alpha: f64 },
    Block { rect: Rect, colour: Colour, alpha: f64 },
    Disc { centre: Point, radius: f64, colour: Colour, alpha: f64 },
    Text(Text),
}

/// How a line is broken into dashes: the second channel beside the colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Dash {
    Solid,
    Dashed,
    Dotted,
}

impl Dash {
    /// Lengths of the ink and of the gap, in widths of the line.
    fn pattern(self) -> Option<(f64, f64)> {
        match self {
            Self::Solid => None,
            Self::Dashed => Some((3.5, 3.0)),
            Self::Dotted => Some((0.5, 2.2)),
        }
    }
}

/// Shapes in the order of painting.
pub(crate) struct Sheet {
    pub shapes: Vec<Shape>,
    /// The size of one design pixel: sizes are thought for a figure of 1600 by 900.
    pub unit: f64,
}

impl Sheet {
    pub fn new(unit: f64) -> Self {
        Self { shapes: Vec::new(), unit }
    }

    pub fn font(&self, size: f64, bold: bool) -> Font {
        Font { size: size * self.unit, bold }
    }

    pub fn text(&mut self, text: &str, at: Point, font: Font, colour: Colour, align: Align) {
        let text = text.replace(char::is_control, " ");
        self.shapes.push(Shape::Text(Text { text, at, font, colour, align, upright: false }));
    }

    /// `width` in design pixels.
    pub fn stroke(&mut self, points: Vec<Point>, colour: Colour, width: f64, dash: Dash) {
        let width = width * self.unit;
        if let [centre] = points[..] {
            // A point alone, between two gaps, is seen nevertheless.
            return self.shapes.push(Shape::Disc { centre, radius: 1.3 * width, colour, alpha: 1.0 });
        }
        let Some((ink, gap)) = dash.pattern() else {
            return self.shapes.push(Shape::Stroke { points, colour, width });
        };
        // Walk along the line; `rest` is what the present dash or gap has still to go.
        let (mut inked, mut rest, mut dash): (bool, f64, Vec<Point>) =
            (true, ink * width, points.first().copied().into_iter().collect());
        for pair in points.windows(2) {
            let (mut from, to) = (pair[0], pair[1]);
            loop {
                let length = (to.0 - from.0).hypot(to.1 - from.1);
                if length <= rest {
                    rest -= length;
                    dash.push(to);
                    break;
                }
                from = (from.0 + (to.0 - from.0) * rest / length, from.1 + (to.1 - from.1) * rest / length);
                dash.push(from);
                let done = std::mem::replace(&mut dash, vec![from]);
                if inked {
                    self.shapes.push(Shape::Stroke { points: done, colour, width });
                }
                inked = !inked;
                rest = width * if inked { ink } else { gap };
            }
        }
        if inked {
            self.shapes.push(Shape::Stroke { points: dash, colour, width });
        }
    }
}

/// Draws the shapes on a white ground. Plotters counts in whole units, so a back end has units of which `fine` are a pixel.
/// Neighbours in a map overlap by `lap` pixels.
pub(crate) fn draw<B: DrawingBackend>(
    shapes: &[Shape],
    (fine, lap): (f64, f64),
    backend: &mut B,
) -> Result<(), DrawingErrorKind<B::ErrorType>> {
    let units = |length: f64| (length * fine).round();
    let place = |(x, y): Point| -> BackendCoord { (units(x) as i32, units(y) as i32) };
    // A shape with a corner at NaN or infinity lies nowhere.
    let somewhere = |points: &[Point]| points.iter().all(|(x, y)| (x + y).is_finite());
    let corner = backend.get_size();
    backend.draw_rect((0, 0), (corner.0 as i32, corner.1 as i32), &Ink::White.colour().laid(1.0), true)?;
    for shape in shapes {
        match shape {
            Shape::Stroke { points, colour, width } if somewhere(points) => {
                let style = colour.laid(1.0).stroke_width(units(*width) as u32);
                backend.draw_path(points.iter().copied().map(place), &style)?;
            }
            Shape::Fill { outline, colour, alpha } if somewhere(outline) => {
                backend.fill_polygon(outline.iter().copied().map(place), &colour.laid(*alpha))?;
            }
            Shape::Block { rect: Rect { left, top, right, bottom }, colour, alpha } => {
                let (from, to) = ((*left, *top), (*right, *bottom));
                let lap = if *alpha == 1.0 { lap } else { 0.0 };
                if somewhere(&[from, to]) {
                    backend.draw_rect(place(from), place((to.0 + lap, to.1 + lap)), &colour.laid(*alpha), true)?;
                }
            }
            Shape::Disc { centre, radius, colour, alpha } if somewhere(&[*centre]) => {
                backend.draw_circle(place(*centre), units(*radius) as u32, &colour.laid(*alpha), true)?;
            }
            Shape::Text(text) if somewhere(&[text.at]) => {
                let setting = Setting { text, fine };
                backend.draw_text(&text.text, &setting, setting.hung(place(text.at)))?;
            }
            Shape::Stroke { .. } | Shape::Fill { .. } | Shape::Disc { .. } | Shape::Text(_) => {}
        }
    }
    backend.present()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: Rect = Rect { left: 0.0, top: 0.0, right: 10.0, bottom: 10.0 };

    #[test]
    fn a_missing_point_breaks_the_line() {
        let points =
            [Some((1.0, 1.0)), Some((2.0, 2.0)), None, Some((4.0, 4.0)), Some((5.0, 5.0)), None, Some((7.0, 7.0))];
        let pieces = SQUARE.clip_line(points);
        assert_eq!(pieces, [vec![(1.0, 1.0), (2.0, 2.0)], vec![(4.0, 4.0), (5.0, 5.0)], vec![(7.0, 7.0)]]);
    }

    #[test]
    fn a_line_is_cut_at_the_edges() {
        let through = SQUARE.clip_line([Some((-10.0, 5.0)), Some((20.0, 5.0)), Some((20.0, 30.0))]);
        assert_eq!(through, [vec![(0.0, 5.0), (10.0, 5.0)]]);
        assert!(SQUARE.clip_line([Some((-1.0, 20.0)), Some((20.0, 11.0))]).is_empty());
        let corner = SQUARE.clip_polygon(&[(5.0, 5.0), (15.0, 5.0), (15.0, 15.0), (5.0, 15.0)]);
        assert!(corner.len() == 4 && corner.iter().all(|point| SQUARE.contains(*point)));
    }

    #[test]
    fn dashes_leave_gaps_and_stay_on_the_line() {
        let mut sheet = Sheet::new(1.0);
        sheet.stroke(vec![(0.0, 0.0), (50.0, 0.0), (100.0, 0.0)], Ink::Blue.colour(), 4.0, Dash::Dashed);
        let lengths = sheet.shapes.iter().map(|shape| match shape {
            Shape::Stroke { points, .. } => points[points.len() - 1].0 - points[0].0,
            _ => f64::NAN,
        });
        let inked: f64 = lengths.sum();
        assert!(sheet.shapes.len() == 4 && (50.0..60.0).contains(&inked), "{inked}");
        sheet.stroke(vec![(7.0, 7.0)], Ink::Blue.colour(), 4.0, Dash::Dashed);
        assert!(matches!(sheet.shapes[4], Shape::Disc { centre: (7.0, 7.0), .. }));
    }
}
