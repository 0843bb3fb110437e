//! Lines of text in the one font that figures carry: DejaVu Sans, which has Greek and mathematics.

use crate::geometry::Point;
use ab_glyph::{Font as _, FontRef, Glyph, ScaleFont};
use plotters::style::RGBColor;
use plotters::style::text_anchor::HPos;
use std::sync::LazyLock;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Font {
    /// The height of an em, in pixels.
    pub size: f64,
    pub bold: bool,
}

impl Font {
    fn face(self) -> &'static FontRef<'static> {
        static FACES: LazyLock<[FontRef; 2]> = LazyLock::new(|| {
            [dejavu::sans::regular(), dejavu::sans::bold()]
                .map(|bytes| FontRef::try_from_slice(bytes).expect("DejaVu, which is compiled in, is a sound font"))
        });
        &FACES[usize::from(self.bold)]
    }

    /// The glyphs of a text that starts at (0, 0), and its width.
    fn glyphs(self, text: &str) -> (Vec<Glyph>, f64) {
        // The scale of a face is its height from ascent to descent, not its em.
        let em = self.face().units_per_em().unwrap_or(self.face().height_unscaled());
        let face = self.face().as_scaled(self.size as f32 * self.face().height_unscaled() / em);
        let (mut x, mut glyphs) = (0.0, Vec::<Glyph>::new());
        for character in text.chars() {
            let id = face.glyph_id(character);
            // A combining mark, such as the hat of p̂, stands over the letter before it and takes no room.
            if let ('\u{300}'..='\u{36f}', Some(letter)) = (character, glyphs.last()) {
                let middle = |glyph: &Glyph| {
                    let bounds = face.outline_glyph(glyph.clone()).map(|outline| outline.px_bounds());
                    bounds.map_or(glyph.position.x, |bounds| (bounds.min.x + bounds.max.x) / 2.0)
                };
                let mark = id.with_scale_and_position(face.scale(), ab_glyph::point(0.0, 0.0));
                let x = middle(letter) - middle(&mark);
                glyphs.push(id.with_scale_and_position(face.scale(), ab_glyph::point(x, 0.0)));
                continue;
            }
            x += glyphs.last().map_or(0.0, |last| face.kern(last.id, id));
            glyphs.push(id.with_scale_and_position(face.scale(), ab_glyph::point(x, 0.0)));
            x += face.h_advance(id);
        }
        (glyphs, f64::from(x))
    }

    pub fn width(self, text: &str) -> f64 {
        self.glyphs(text).1
    }

    /// From one baseline to the next.
    pub fn leading(self) -> f64 {
        1.25 * self.size
    }

    /// From the middle of a capital letter down to its baseline.
    pub fn drop(self) -> f64 {
        0.365 * self.size
    }

    /// The text in lines of at most `width` pixels; a longer word gets a line of its own.
    pub fn wrap(self, text: &str, width: f64) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split_whitespace() {
            match lines.last_mut() {
                Some(line) if self.width(&format!("{line} {word}")) <= width => *line = format!("{line} {word}"),
                _ => lines.push(word.to_string()),
            }
        }
        lines
    }
}

/// What of a text stands at its given place: its beginning, its middle or its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Align {
    Left,
    Center,
    Right,
}

impl Align {
    /// The share of the text before that place.
    fn share(self) -> f64 {
        match self {
            Self::Left => 0.0,
            Self::Center => 0.5,
            Self::Right => 1.0,
        }
    }

    pub fn plotters(self) -> HPos {
        match self {
            Self::Left => HPos::Left,
            Self::Center => HPos::Center,
            Self::Right => HPos::Right,
        }
    }
}

/// A line of text, with `at` on its baseline. An upright one runs from bottom to top.
pub(crate) struct Text {
    pub text: String,
    pub at: Point,
    pub font: Font,
    pub colour: RGBColor,
    pub align: Align,
    pub upright: bool,
}

impl Text {
    /// The inked pixels of the text, `scale` times as large: rightwards and downwards from its place
    /// on the baseline, and how much of each is covered.
    pub fn pixels(&self, scale: f64) -> Vec<(i32, i32, f64)> {
        let font = Font { size: self.font.size * scale, ..self.font };
        let (glyphs, width) = font.glyphs(&self.text);
        let start = -self.align.share() * width;
        let mut pixels = Vec::new();
        for outline in glyphs.into_iter().filter_map(|glyph| font.face().outline_glyph(glyph)) {
            let corner = outline.px_bounds().min;
            let left = (start + f64::from(corner.x)).round() as i32;
            outline.draw(|x, y, cover| pixels.push((left + x as i32, corner.y as i32 + y as i32, f64::from(cover))));
        }
        pixels
    }
}

#[cfg(test)]
impl Text {
    /// The room the text takes.
    pub fn rect(&self) -> crate::geometry::Rect {
        let (x, y) = self.at;
        let (start, width) = (self.align.share() * self.font.width(&self.text), self.font.width(&self.text));
        let (up, down) = (0.73 * self.font.size, 0.15 * self.font.size);
        let (left, top, right, bottom) = if self.upright {
            (x - up, y + start - width, x + down, y + start)
        } else {
            (x - start, y - up, x - start + width, y + down)
        };
        crate::geometry::Rect { left, top, right, bottom }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hat_stands_over_its_letter() {
        let font = Font { size: 200.0, bold: false };
        assert_eq!(font.width("p̂"), font.width("p"));
        let (glyphs, _) = font.glyphs("Hp̂");
        let bounds = |k: usize| font.face().outline_glyph(glyphs[k].clone()).map(|outline| outline.px_bounds());
        let (Some(letter), Some(hat)) = (bounds(1), bounds(2)) else { panic!("no outlines") };
        assert!((letter.min.x + letter.max.x - hat.min.x - hat.max.x).abs() < 4.0, "{letter:?} {hat:?}");
        assert!(hat.max.y <= letter.min.y + 1.0, "{letter:?} {hat:?}");
    }

    #[test]
    fn text_wraps_at_spaces() {
        let font = Font { size: 20.0, bold: false };
        let lines = font.wrap("the cost of coding with the wrong distribution", 200.0);
        assert!(lines.len() > 1 && lines.iter().all(|line| font.width(line) <= 200.0));
        assert_eq!(lines.join(" "), "the cost of coding with the wrong distribution");
    }
}
