//! From shapes to a PNG file. A pixel takes as much of a colour as the shape covers of it, which smooths every edge.

use std::io::{self, Write};

use ab_glyph_rasterizer::{Rasterizer, point};

use crate::geometry::{Point, Rect};
use crate::ink::Colour;
use crate::shape::Shape;

/// A file of the shapes on a white ground, `said` about them for those who do not see it.
pub(crate) fn png(
    shapes: &[Shape],
    (width, height): (u32, u32),
    said: &[String; 2],
    file: impl Write,
) -> io::Result<()> {
    let mut canvas = Canvas { width: width as usize, height: height as usize, pixels: Vec::new() };
    canvas.pixels = vec![[255; 3]; canvas.width * canvas.height];
    shapes.iter().for_each(|shape| canvas.paint(shape));
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

struct Canvas {
    width: usize,
    height: usize,
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

impl Canvas {
    fn paint(&mut self, shape: &Shape) {
        match shape {
            Shape::Stroke { points, colour, width } => self.stroke(points, *colour, *width),
            Shape::Fill { outline, colour, alpha } => self.fill(outline, *colour, *alpha),
            // Edges between pixels: neighbours in a map leave no seam.
            Shape::Block { rect, colour, alpha } => {
                let [left, top, right, bottom] = [rect.left, rect.top, rect.right, rect.bottom].map(f64::round);
                if let Some(patch) = self.patch(&Rect { left, top, right, bottom }) {
                    self.lay(&patch, *colour, |_| *alpha);
                }
            }
            Shape::Disc { centre, radius, colour, alpha } => {
                let rect = Rect { left: centre.0, right: centre.0, top: centre.1, bottom: centre.1 };
                let Some(patch) = self.patch(&rect.grown(radius + 1.0)) else { return };
                self.lay(&patch, *colour, |at| {
                    let (x, y) = patch.centre(at);
                    alpha * (radius + 0.5 - (x - centre.0).hypot(y - centre.1)).clamp(0.0, 1.0)
                });
            }
            Shape::Text(text) => {
                text.pixels(|x, y, cover| {
                    let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
                    if x < self.width && y < self.height {
                        mix(&mut self.pixels[y * self.width + x], text.colour, cover);
                    }
                });
            }
        }
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
    fn lay(&mut self, patch: &Patch, colour: Colour, cover: impl Fn(usize) -> f64) {
        for at in 0..patch.width * patch.height {
            let (x, y) = (patch.left + at % patch.width, patch.top + at / patch.width);
            mix(&mut self.pixels[y * self.width + x], colour, cover(at));
        }
    }

    fn fill(&mut self, outline: &[Point], colour: Colour, alpha: f64) {
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
        area.for_each_pixel(|at, share| cover[at] = f64::from(share.min(1.0)) * alpha);
        self.lay(&patch, colour, |at| cover[at]);
    }

    /// A pixel is covered as it is near to the line: so joints are round, and no bend is painted twice. The ends are flat.
    fn stroke(&mut self, points: &[Point], colour: Colour, width: f64) {
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
        self.lay(&patch, colour, |at| f64::from(cover[at]) * thin);
    }
}

fn mix(pixel: &mut [u8; 3], Colour(red, green, blue): Colour, share: f64) {
    if share <= 0.0 {
        return;
    }
    for (under, over) in pixel.iter_mut().zip([red, green, blue]) {
        let (below, above) = (f64::from(*under), f64::from(over));
        *under = (below + (above - below) * share.min(1.0)).round() as u8;
    }
}

/// What holds all points; none where there are none, or one of them lies nowhere.
fn around(points: &[Point]) -> Option<Rect> {
    let (x, y) = *points.first()?;
    let first = Rect { left: x, right: x, top: y, bottom: y };
    let rect = points.iter().fold(first, |rect, &(x, y)| Rect {
        left: rect.left.min(x),
        right: rect.right.max(x),
        top: rect.top.min(y),
        bottom: rect.bottom.max(y),
    });
    points.iter().all(|(x, y)| (x + y).is_finite()).then_some(rect)
}
