//! Lines of text in the one font that figures carry: DejaVu Sans, which has Greek and mathematics.

use crate::geometry::Point;
use crate::ink::Colour;
use ab_glyph::{Font as _, FontRef, Glyph, ScaleFont};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontFamily, FontStyle, FontTransform};
use plotters_backend::{BackendColor, BackendCoord, BackendTextStyle};
use std::convert::Infallible;
use std::sync::LazyLock;

/// DejaVu, in which all is measured, and what is about as wide where a viewer of an SVG has it not.
const FONTS: &str = "DejaVu Sans, Verdana, sans-serif";

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
            if let (true, Some(letter)) = (is_mark(character), glyphs.last()) {
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
            // What another font will have to draw is as wide as it is high.
            x += if id.0 == 0 { self.size as f32 } else { face.h_advance(id) };
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

    /// The text in lines of at most `width` pixels: broken between words, and within a word that is longer; not at a space that
    /// is to hold.
    pub fn wrap(self, text: &str, width: f64) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split(|c: char| c.is_whitespace() && c != '\u{a0}').filter(|word| !word.is_empty()) {
            match lines.last_mut() {
                Some(line) if self.width(&format!("{line} {word}")) <= width => *line = format!("{line} {word}"),
                _ => lines.extend(self.broken(word, width)),
            }
        }
        lines
    }

    /// A word in pieces that fit, broken after a sign such as _ or - where there is one in the latter half of a piece. A number
    /// stays whole.
    fn broken(self, word: &str, width: f64) -> Vec<String> {
        let (mut pieces, mut rest) = (Vec::new(), word);
        while self.width(rest) > width {
            // A mark stays with its letter, and a piece has one letter at least.
            let digit = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '−');
            let number = |(at, c): (usize, char)| rest.len() <= 20 && digit(c) && rest[..at].ends_with(digit);
            let whole = |(at, c): &(usize, char)| !is_mark(*c) && !number((*at, *c));
            let ends: Vec<usize> = rest.char_indices().skip(1).filter(whole).map(|(at, _)| at).collect();
            let Some(most) = ends.iter().rposition(|end| self.width(&rest[..*end]) <= width).or(Some(0)) else { break };
            let sign = |end: &&usize| rest[..**end].ends_with(|c: char| c.is_ascii_punctuation());
            let Some(end) = ends[most / 2..].iter().take(most - most / 2 + 1).rev().find(sign).or(ends.get(most))
            else {
                break;
            };
            pieces.push(rest[..*end].to_string());
            rest = &rest[*end..];
        }
        pieces.push(rest.to_string());
        pieces
    }
}

/// Whether a character stands over the one before it.
fn is_mark(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}')
}

/// Whether figures can draw a character. Not all that has a glyph: the letters of Arabic, and of the scripts like it, are
/// joined to each other as no row of glyphs is.
pub(crate) fn has_glyph(character: char) -> bool {
    let joined = matches!(character, '\u{600}'..='\u{8ff}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}');
    let faces = [false, true].map(|bold| Font { size: 1.0, bold }.face());
    character.is_whitespace()
        || !joined && !character.is_control() && faces.iter().all(|face| face.glyph_id(character).0 != 0)
}

/// What no XML may hold as it stands, by its picture: ␛ for an escape, � for what has none; and spaces for what only moves the pen. A line
/// break stays one.
pub(crate) fn pictured(text: &str) -> String {
    let picture = |character: char| match (character, u32::from(character)) {
        ('\n', _) => '\n',
        (c, _) if c.is_control() && c.is_whitespace() => ' ',
        (_, number @ 0..0x20) => char::from_u32(0x2400 + number).unwrap_or('\u{fffd}'),
        ('\u{7f}', _) => '␡',
        ('\u{80}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}', _) => '\u{fffd}',
        (other, _) => other,
    };
    text.chars().map(picture).collect()
}

/// Characters that cannot be drawn, by their numbers: 中文 becomes U+4E2D U+6587.
pub(crate) fn named(text: &str) -> String {
    let mut named = String::new();
    for character in text.chars() {
        let before = named.chars().last();
        if has_glyph(character) {
            named.push(character);
        } else {
            let gap = if before.is_some_and(|c| !c.is_whitespace()) { " " } else { "" };
            named += &format!("{gap}U+{:04X}", u32::from(character));
        }
    }
    named
}

/// A printed minus before a number instead of a hyphen; a hyphen between two words or numbers is one.
pub(crate) fn minus(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let sign = |at: usize| {
        let number = characters.get(at + 1).is_some_and(|c| c.is_ascii_digit() || matches!(c, '.' | '∞'))
            || characters[at + 1..].starts_with(&['i', 'n', 'f']);
        let before = |back: usize| at.checked_sub(back).map(|at| characters[at]);
        let power = before(1) == Some('e') && before(2).is_some_and(|c| c.is_ascii_digit());
        let free = before(1).is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '_' | ')' | '-' | '.'));
        number && (power || free)
    };
    characters.iter().enumerate().map(|(at, c)| if *c == '-' && sign(at) { '−' } else { *c }).collect()
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
}

/// A line of text, with `at` on its baseline. An upright one runs from bottom to top.
pub(crate) struct Text {
    pub text: String,
    pub at: Point,
    pub font: Font,
    pub colour: Colour,
    pub align: Align,
    pub upright: bool,
}

/// A text as plotters sets it, `fine` units to a pixel.
pub(crate) struct Setting<'a> {
    pub text: &'a Text,
    pub fine: f64,
}

impl Setting<'_> {
    /// Plotters hangs a text by its top, 0.76 em above the baseline.
    fn up(&self) -> i32 {
        (0.76 * self.text.font.size * self.fine).round() as i32
    }

    /// Where the top hangs, for a place on the baseline.
    pub fn hung(&self, (x, y): BackendCoord) -> BackendCoord {
        if self.text.upright { (x.saturating_sub(self.up()), y) } else { (x, y.saturating_sub(self.up())) }
    }
}

impl BackendTextStyle for Setting<'_> {
    type FontError = Infallible;

    fn color(&self) -> BackendColor {
        self.text.colour.laid(1.0).to_backend_color()
    }

    /// Plotters' size is 1.24 em.
    fn size(&self) -> f64 {
        1.24 * (self.text.font.size * self.fine).round()
    }

    fn transform(&self) -> FontTransform {
        if self.text.upright { FontTransform::Rotate270 } else { FontTransform::None }
    }

    fn style(&self) -> FontStyle {
        if self.text.font.bold { FontStyle::Bold } else { FontStyle::Normal }
    }

    fn anchor(&self) -> Pos {
        let along = match self.text.align {
            Align::Left => HPos::Left,
            Align::Center => HPos::Center,
            Align::Right => HPos::Right,
        };
        Pos::new(along, VPos::Top)
    }

    fn family(&self) -> FontFamily<'_> {
        FontFamily::Name(FONTS)
    }

    fn layout_box(&self, text: &str) -> Result<(BackendCoord, BackendCoord), Infallible> {
        let size = [self.text.font.width(text), self.text.font.leading()].map(|length| (length * self.fine) as i32);
        Ok(((0, 0), size.into()))
    }

    /// The inked pixels of the text, each by its corner, and how much of it is covered.
    fn draw<E, Draw: FnMut(i32, i32, BackendColor) -> Result<(), E>>(
        &self,
        text: &str,
        (x, y): BackendCoord,
        mut draw: Draw,
    ) -> Result<Result<(), E>, Infallible> {
        let (glyphs, width) = self.text.font.glyphs(text);
        let pixels = |units: i32| f64::from(units) / self.fine;
        let units = |pixels: i32| (f64::from(pixels) * self.fine).ceil() as i32;
        // The baseline lies between pixels, which keeps letters sharp; along it, a place is as fine as it was measured.
        let (along, across) = if self.text.upright { (-pixels(y), x) } else { (pixels(x), y) };
        let start = along - self.text.align.share() * width;
        let base = pixels(across.saturating_add(self.up())).round() as i32;
        let mut drawn = Ok(());
        for mut glyph in glyphs {
            glyph.position.x += start as f32;
            let Some(outline) = self.text.font.face().outline_glyph(glyph) else { continue };
            let corner = outline.px_bounds().min;
            outline.draw(|right, down, cover| {
                let (along, across) = (corner.x as i32 + right as i32, base + corner.y as i32 + down as i32);
                let (x, y) = if self.text.upright { (across, -along - 1) } else { (along, across) };
                if drawn.is_ok() {
                    drawn = draw(units(x), units(y), self.color().mix(f64::from(cover)));
                }
            });
        }
        Ok(drawn)
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
    fn a_long_word_is_broken_and_nothing_of_it_is_lost() {
        let font = Font { size: 20.0, bold: false };
        for word in
            ["Donaudampfschifffahrtsgesellschaftskapitän", "a_very_long_name_of_a_column_(mg/kg)", "p̂p̂p̂p̂p̂p̂p̂p̂", "W"]
        {
            for width in [0.0, 15.0, 40.0, 90.0, 4000.0] {
                let lines = font.wrap(word, width);
                assert_eq!(lines.concat(), word);
                assert!(lines.iter().all(|line| font.width(line) <= width.max(20.0)), "{lines:?} {width}");
                assert!(lines.iter().all(|line| !line.starts_with('\u{302}')), "{lines:?}");
            }
        }
        assert_eq!(font.wrap("petal_length_cm", 140.0), ["petal_length_", "cm"]);
        assert_eq!(font.wrap("about 0.00003125 bits", 60.0), ["about", "0.00003125", "bits"]);
        assert_eq!(font.wrap("dose>12.5mg", 90.0), ["dose>", "12.5mg"]);
        assert_eq!(font.wrap("349, 63\u{a0}% one", 90.0), ["349,", "63\u{a0}%", "one"]);
    }

    #[test]
    fn a_minus_is_printed_before_numbers_only() {
        for (typed, printed) in [
            ("≤ -1.615: 5", "≤ −1.615: 5"),
            ("(-3, -.5)", "(−3, −.5)"),
            ("2.5e-7", "2.5e−7"),
            ("2024-01-05", "2024-01-05"),
            ("a well-known x-1, F-16", "a well-known x-1, F-16"),
            ("-inf and - 4", "−inf and - 4"),
            ("--lr", "--lr"),
        ] {
            assert_eq!(minus(typed), printed);
        }
    }

    #[test]
    fn what_has_no_glyph_goes_by_its_number() {
        assert_eq!(named("p̂ ≤ θ, Жук"), "p̂ ≤ θ, Жук");
        assert_eq!(named("中文 (cm)"), "U+4E2D U+6587 (cm)");
        assert_eq!(named("سن"), "U+0633 U+0646");
        assert_eq!(named("a\u{1b}[31m\u{ffff}"), "a U+001B[31m U+FFFF");
        assert_eq!(pictured("a\u{1b}[31m\u{0}\u{7f}\u{85}\u{9b}\u{fffe}\u{ffff}\tb\nc"), "a␛[31m␀␡ ��� b\nc");
    }

    #[test]
    fn text_wraps_at_spaces() {
        let font = Font { size: 20.0, bold: false };
        let lines = font.wrap("the cost of coding with the wrong distribution", 200.0);
        assert!(lines.len() > 1 && lines.iter().all(|line| font.width(line) <= 200.0));
        assert_eq!(lines.join(" "), "the cost of coding with the wrong distribution");
    }
}
