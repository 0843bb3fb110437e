//! From shapes to a PNG file. A pixel takes as much of a colour as the shape covers of it, which smooths every edge.

use std::convert::Infallible;
use std::io::{self, Write};

use ab_glyph_rasterizer::{Rasterizer, point};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind};

use crate::geometry::{Point, Rect};
use crate::shape::{Shape, draw};

/// Units of a pixel: what is rounded to them changes a colour in no more than its last bit.
const FINE: f64 = 16_384.0;

/// A file of the shapes on a white ground, `said` about them for those who do not see it.
pub(crate) fn png(
    shapes: &[Shape],
    (width, height): (u32, u32),
    said: &[String; 2],
    file: impl Write,
) -> io::Result<()> {
    let mut canvas = Canvas::new(width, height);
    draw(shapes, (canvas.fine, 0.0), &mut canvas).map_err(io::Error::other)?;
    let mut png = png::Encoder::new(file, width, height);
    png.set_color(png::ColorType::Rgb);
    png.set_compression(png::Compression::Best);
    png.set_adaptive_filter(png::AdaptiveFilterType::Adaptive);
    let [title, description] = said.clone();
    png.add_itxt_chunk("Title".into(), title)?;
    png.add_itxt_chunk("Description".into(), description)?;
    let mut png = png.write_header()?;
    png.write_image_data(canvas.pixels.as_flattened())?;
    Ok(png.finish()?)
}

/// A back end of plotters, as smooth in one pass as its own is not.
struct Canvas {
    width: usize,
    height: usize,
    /// Units of a pixel.
    fine: f64,
    pixels: Vec<[u8; 3]>,
}

/// Whole pixels from a corner on: those that a shape touches.
struct Patch {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
}

impl Patch {
    fn centre(&self, at: usize) -> Point {
        ((self.left + at % self.width) as f64 + 0.5, (self.top + at / self.width) as f64 + 0.5)
    }
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for Canvas {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        ((self.width as f64 * self.fine) as u32, (self.height as f64 * self.fine) as u32)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    /// The pixel that holds a place.
    fn draw_pixel(&mut self, place: BackendCoord, ink: BackendColor) -> Drawn {
        let (x, y) = self.point(place);
        if x >= 0.0 && y >= 0.0 && (x as usize) < self.width && (y as usize) < self.height {
            mix(&mut self.pixels[y as usize * self.width + x as usize], ink.rgb, ink.alpha);
        }
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        let points: Vec<Point> = path.into_iter().map(|place| self.point(place)).collect();
        self.stroke(&points, style.color(), f64::from(style.stroke_width()) / self.fine);
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Drawn {
        if !fill {
            return self.draw_path([from, (to.0, from.1), to, (from.0, to.1), from], style);
        }
        // Edges between pixels: neighbours in a map leave no seam.
        let [(left, top), (right, bottom)] =
            [from, to].map(|place| self.point(place)).map(|(x, y)| (x.round(), y.round()));
        if let Some(patch) = self.patch(&Rect { left, top, right, bottom }) {
            self.lay(&patch, style.color(), |_| 1.0);
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, centre: BackendCoord, radius: u32, style: &S, fill: bool) -> Drawn {
        let (centre, radius, half) =
            (self.point(centre), f64::from(radius) / self.fine, f64::from(style.stroke_width()) / self.fine / 2.0);
        let rect = Rect { left: centre.0, right: centre.0, top: centre.1, bottom: centre.1 };
        let Some(patch) = self.patch(&rect.grown(radius + half + 1.0)) else { return Ok(()) };
        self.lay(&patch, style.color(), |at| {
            let (x, y) = patch.centre(at);
            let beyond = (x - centre.0).hypot(y - centre.1) - radius;
            (0.5 - if fill { beyond } else { beyond.abs() - half }).clamp(0.0, 1.0)
        });
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, outline: I, style: &S) -> Drawn {
        let outline: Vec<Point> = outline.into_iter().map(|place| self.point(place)).collect();
        self.fill(&outline, style.color());
        Ok(())
    }

    /// Letters are painted where they lie, and not a whole number of pixels from there.
    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, place: BackendCoord) -> Drawn {
        let drawn = style.draw(text, place, |x, y, ink| self.draw_pixel((x, y), ink));
        drawn.unwrap_or_else(|error| Err(DrawingErrorKind::FontError(Box::new(error))))
    }
}

impl Canvas {
    /// Black. A very large one has coarser units, so that they are whole numbers all over it.
    fn new(width: u32, height: u32) -> Self {
        let fine = FINE.min(f64::from(i32::MAX) / f64::from(width.max(height)));
        let (width, height) = (width as usize, height as usize);
        Self { width, height, fine, pixels: vec![[0; 3]; width * height] }
    }

    /// A place in pixels.
    fn point(&self, (x, y): BackendCoord) -> Point {
        (f64::from(x) / self.fine, f64::from(y) / self.fine)
    }

    /// The pixels that a rectangle touches, if there are any.
    fn patch(&self, rect: &Rect) -> Option<Patch> {
        let first = |place: f64| place.floor().max(0.0) as usize;
        let (left, top) = (first(rect.left), first(rect.top));
        let width = (rect.right.ceil().max(0.0) as usize).min(self.width).checked_sub(left)?;
        let height = (rect.bottom.ceil().max(0.0) as usize).min(self.height).checked_sub(top)?;
        (width > 0 && height > 0).then_some(Patch { left, top, width, height })
    }

    /// Lays a colour over a patch, as thick as `cover` says of its pixels, row by row.
    fn lay(&mut self, patch: &Patch, ink: BackendColor, cover: impl Fn(usize) -> f64) {
        for at in 0..patch.width * patch.height {
            let (x, y) = (patch.left + at % patch.width, patch.top + at / patch.width);
            mix(&mut self.pixels[y * self.width + x], ink.rgb, ink.alpha * cover(at));
        }
    }

    fn fill(&mut self, outline: &[Point], ink: BackendColor) {
        let Some(patch) = around(outline).and_then(|rect| self.patch(&rect)) else { return };
        // The rasteriser wants every corner inside.
        let rect = Rect { left: 0.0, top: 0.0, right: patch.width as f64, bottom: patch.height as f64 };
        let moved: Vec<Point> = outline.iter().map(|(x, y)| (x - patch.left as f64, y - patch.top as f64)).collect();
        let inside = rect.clip_polygon(&moved);
        let mut area = Rasterizer::new(patch.width, patch.height);
        for (k, a) in inside.iter().enumerate() {
            let b = inside[(k + 1) % inside.len()];
            area.draw_line(point(a.0 as f32, a.1 as f32), point(b.0 as f32, b.1 as f32));
        }
        let mut cover = vec![0.0; patch.width * patch.height];
        area.for_each_pixel(|at, share| cover[at] = f64::from(share.min(1.0)));
        self.lay(&patch, ink, |at| cover[at]);
    }

    /// A pixel is covered as it is near to the line: so joints are round, and no bend is painted twice. The ends are flat.
    fn stroke(&mut self, points: &[Point], ink: BackendColor, width: f64) {
        let half = width.max(1.0) / 2.0;
        let Some(patch) = around(points).and_then(|rect| self.patch(&rect.grown(half + 1.0))) else { return };
        let closed = points.first() == points.last();
        let mut cover = vec![0f32; patch.width * patch.height];
        for (k, pair) in points.windows(2).enumerate() {
            let (a, b) = (pair[0], pair[1]);
            let Some(near) = around(pair).and_then(|rect| self.patch(&rect.grown(half + 1.0))) else { continue };
            let length = (b.0 - a.0).hypot(b.1 - a.1);
            if length == 0.0 {
                continue;
            }
            let (first, last) = (k == 0 && !closed, k + 2 == points.len() && !closed);
            for y in near.top..near.top + near.height {
                for x in near.left..near.left + near.width {
                    let (dx, dy) = (x as f64 + 0.5 - a.0, y as f64 + 0.5 - a.1);
                    let along = (dx * (b.0 - a.0) + dy * (b.1 - a.1)) / length;
                    let across = (dx * (b.1 - a.1) - dy * (b.0 - a.0)) / length;
                    let beyond = match along {
                        along if along < 0.0 && !first => along,
                        along if along > length && !last => along - length,
                        _ => 0.0,
                    };
                    let mut share = (half + 0.5 - across.hypot(beyond)).clamp(0.0, 1.0);
                    if first {
                        share *= (along + 0.5).clamp(0.0, 1.0);
                    }
                    if last {
                        share *= (length - along + 0.5).clamp(0.0, 1.0);
                    }
                    let at = (y - patch.top) * patch.width + x - patch.left;
                    cover[at] = cover[at].max(share as f32);
                }
            }
        }
        let thin = width.min(1.0);
        self.lay(&patch, ink, |at| f64::from(cover[at]) * thin);
    }
}

fn mix(pixel: &mut [u8; 3], (red, green, blue): (u8, u8, u8), share: f64) {
    if share <= 0.0 {
        return;
    }
    for (under, over) in pixel.iter_mut().zip([red, green, blue]) {
        let (below, above) = (f64::from(*under), f64::from(over));
        *under = (below + (above - below) * share.min(1.0)).round() as u8;
    }
}

/// What holds all points; none where there are none.
fn around(points: &[Point]) -> Option<Rect> {
    let (x, y) = *points.first()?;
    let first = Rect { left: x, right: x, top: y, bottom: y };
    Some(points.iter().fold(first, |rect, &(x, y)| Rect {
        left: rect.left.min(x),
        right: rect.right.max(x),
        top: rect.top.min(y),
        bottom: rect.bottom.max(y),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plotters::style::{Color, RGBColor, ShapeStyle};

    /// What plotters asks of a back end, on a white ground: what is dark afterwards.
    #[test]
    fn shapes_are_filled_or_outlined() {
        let units = |pixels: i32| pixels * FINE as i32;
        let place = |x, y| (units(x), units(y));
        let black = ShapeStyle::from(RGBColor(0, 0, 0)).stroke_width(units(2) as u32);
        let drawn = |draw: &dyn Fn(&mut Canvas) -> Drawn| {
            let mut canvas = Canvas::new(20, 20);
            canvas.draw_rect((0, 0), place(20, 20), &RGBColor(255, 255, 255), true).unwrap();
            draw(&mut canvas).unwrap();
            move |x: usize, y: usize| canvas.pixels[y * 20 + x][0] < 128
        };
        for fill in [true, false] {
            let square = drawn(&|canvas| canvas.draw_rect(place(4, 4), place(16, 16), &black, fill));
            let disc = drawn(&|canvas| canvas.draw_circle(place(10, 10), units(6) as u32, &black, fill));
            assert!(square(4, 10) && disc(4, 10) && square(15, 10) && disc(15, 10));
            assert_eq!([square(10, 10), disc(10, 10)], [fill; 2]);
            assert!(!square(2, 10) && !disc(2, 10) && square(4, 4) && !disc(4, 4));
        }
        let line = drawn(&|canvas| canvas.draw_line(place(2, 10), place(18, 10), &black));
        assert!(line(2, 9) && line(17, 10) && !line(1, 10) && !line(2, 11));
        let pixel = drawn(&|canvas| canvas.draw_pixel(place(3, 7), RGBColor(0, 0, 0).to_backend_color()));
        assert!(pixel(3, 7) && !pixel(4, 7) && !pixel(3, 8) && !pixel(2, 7));
    }

    #[test]
    fn a_very_large_canvas_is_counted_in_whole_numbers() {
        let canvas = Canvas::new(1_000_000, 1);
        assert!(i32::try_from(canvas.get_size().0).is_ok() && canvas.fine > 2000.0);
        assert_eq!(Canvas::new(5000, 5000).get_size(), (5000 << 14, 5000 << 14));
    }
}
