//! From shapes to an SVG file: text stays text, and the file says what it shows.

use std::io;

use plotters::backend::SVGBackend;

use crate::shape::{Shape, draw};

/// Units of a pixel: a hundredth of one is not seen.
const FINE: u32 = 100;

/// A viewer smooths edges, which would shine through between the cells of a map: let them overlap, in pixels.
const LAP: f64 = 0.4;

/// A drawing of the shapes on a white ground, `said` about them for those who do not see it.
pub(crate) fn svg(shapes: &[Shape], (width, height): (u32, u32), said: &[String; 2]) -> io::Result<String> {
    let mut svg = String::new();
    let (right, bottom) = (width.saturating_mul(FINE), height.saturating_mul(FINE));
    draw(shapes, (FINE.into(), LAP), &mut SVGBackend::with_string(&mut svg, (right, bottom)))
        .map_err(io::Error::other)?;
    // Plotters' root, the first line, knows neither pixels nor words.
    let (_, drawn) = svg.split_once('\n').unwrap_or_default();
    let [title, description] = said.each_ref().map(|text| escaped(text));
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {right} {bottom}\" \
         role=\"img\" aria-labelledby=\"title description\" stroke-linejoin=\"round\">\n\
         <title id=\"title\">{title}</title>\n<desc id=\"description\">{description}</desc>\n{drawn}"
    ))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
