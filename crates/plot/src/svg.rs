//! From shapes to an SVG file: text stays text, and the file says what it shows.

use std::fmt::Write;

use crate::geometry::Point;
use crate::ink::Colour;
use crate::shape::Shape;
use crate::text::{Align, Text};

/// DejaVu, in which all was measured, and what is about as wide where it is not installed.
const FONTS: &str = "DejaVu Sans, Verdana, sans-serif";

/// A drawing of the shapes on a white ground, `said` about them for those who do not see it.
pub(crate) fn svg(shapes: &[Shape], (width, height): (u32, u32), said: &[String; 2]) -> String {
    let [title, description] = said.each_ref().map(|text| escaped(text));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" aria-labelledby=\"title description\" font-family=\"{FONTS}\">\n\
         <title id=\"title\">{title}</title>\n<desc id=\"description\">{description}</desc>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#FFFFFF\"/>\n"
    );
    for shape in shapes {
        let (mark, colour, alpha) = match shape {
            Shape::Stroke { points, colour, width } => {
                let line = format!("<polyline points=\"{}\" fill=\"none\" stroke-linejoin=\"round\"", path(points));
                svg += &format!("{line} stroke=\"{}\" stroke-width=\"{}\"/>\n", hex(*colour), short(*width));
                continue;
            }
            Shape::Fill { outline, colour, alpha } => {
                (format!("<polygon points=\"{}\"", path(outline)), *colour, *alpha)
            }
            Shape::Block { rect, colour, alpha } => {
                // A viewer smooths edges, which would shine through between the cells of a map: let them overlap.
                let more = if *alpha == 1.0 { 0.4 } else { 0.0 };
                let size =
                    format!("width=\"{}\" height=\"{}\"", short(rect.width() + more), short(rect.height() + more));
                (format!("<rect x=\"{}\" y=\"{}\" {size}", short(rect.left), short(rect.top)), *colour, *alpha)
            }
            Shape::Disc { centre, radius, colour, alpha } => {
                let (x, y, r) = (short(centre.0), short(centre.1), short(*radius));
                (format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\""), *colour, *alpha)
            }
            Shape::Text(text) => (words(text), text.colour, 1.0),
        };
        svg += &mark;
        let _ = write!(svg, " fill=\"{}\"", hex(colour));
        if alpha < 1.0 {
            let _ = write!(svg, " fill-opacity=\"{}\"", short(alpha));
        }
        svg += &match shape {
            Shape::Text(text) => format!(">{}</text>\n", escaped(&text.text)),
            _ => "/>\n".into(),
        };
    }
    svg + "</svg>\n"
}

/// The beginning of a text; as long as it was measured, whatever the font of the viewer.
fn words(text: &Text) -> String {
    let (x, y) = (short(text.at.0), short(text.at.1));
    let anchor = match text.align {
        Align::Left => "start",
        Align::Center => "middle",
        Align::Right => "end",
    };
    let weight = if text.font.bold { " font-weight=\"bold\"" } else { "" };
    let turn = if text.upright { format!(" transform=\"rotate(-90 {x} {y})\"") } else { String::new() };
    let size = short(text.font.size);
    format!("<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" text-anchor=\"{anchor}\"{weight}{turn}")
}

fn path(points: &[Point]) -> String {
    points.iter().map(|(x, y)| format!("{},{}", short(*x), short(*y))).collect::<Vec<_>>().join(" ")
}

/// A hundredth of a pixel is not seen.
fn short(number: f64) -> String {
    let text = format!("{number:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.into() }
}

fn hex(Colour(red, green, blue): Colour) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
