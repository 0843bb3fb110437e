//! Colours that survive colour blindness and a grey printer.

use plotters::style::RGBColor;

/// The colours of Okabe and Ito, *Color Universal Design* (2008), which colour-blind readers keep
/// apart, and two that stand back: grey and white.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "a colour is its name")]
pub enum Ink {
    Black,
    Orange,
    SkyBlue,
    Green,
    Yellow,
    Blue,
    Vermillion,
    Purple,
    Grey,
    White,
}

impl Ink {
    pub(crate) fn colour(self) -> RGBColor {
        match self {
            Self::Black => RGBColor(0, 0, 0),
            Self::Orange => RGBColor(230, 159, 0),
            Self::SkyBlue => RGBColor(86, 180, 233),
            Self::Green => RGBColor(0, 158, 115),
            Self::Yellow => RGBColor(240, 228, 66),
            Self::Blue => RGBColor(0, 114, 178),
            Self::Vermillion => RGBColor(213, 94, 0),
            Self::Purple => RGBColor(204, 121, 167),
            Self::Grey => RGBColor(120, 120, 120),
            Self::White => RGBColor(255, 255, 255),
        }
    }
}

/// Ten even samples of viridis, the map of Smith and van der Walt for Matplotlib (CC0): equal steps
/// look equal, and it grows lighter all the way.
const VIRIDIS: [(u8, u8, u8); 10] = [
    (68, 1, 84),
    (72, 40, 120),
    (62, 74, 137),
    (49, 104, 142),
    (38, 130, 142),
    (31, 158, 137),
    (53, 183, 121),
    (109, 205, 89),
    (180, 222, 44),
    (253, 231, 37),
];

/// The colour of `share`, where 0 is dark and 1 is light; shares outside are moved to the nearer end.
pub(crate) fn viridis(share: f64) -> RGBColor {
    let place = share.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    let below = (place as usize).min(VIRIDIS.len() - 2);
    let (a, b) = (VIRIDIS[below], VIRIDIS[below + 1]);
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * (place - below as f64)).round() as u8;
    RGBColor(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

/// Lightness from 0 to 255, with the weights of ITU-R BT.601 for red, green and blue.
pub(crate) fn lightness(RGBColor(red, green, blue): RGBColor) -> f64 {
    0.299 * f64::from(red) + 0.587 * f64::from(green) + 0.114 * f64::from(blue)
}
