//! Colours that survive colour blindness, a projector and a grey printer: as far as colours do, and marks for the rest.

use plotters::style::RGBAColor;

/// Red, green and blue, as screens have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    /// Of this thickness, as plotters lays it on.
    pub(crate) fn laid(self, alpha: f64) -> RGBAColor {
        RGBAColor(self.0, self.1, self.2, alpha)
    }

    /// The least share of it that stands out from white by 3 : 1, the ratio of luminances as WCAG 2.1 defines it.
    pub(crate) fn dense(self) -> f64 {
        let Self(red, green, blue) = self;
        let light = |c: u8, share: f64| {
            let c = 1.0 - share + share * f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        let luminance = |s: f64| 0.2126 * light(red, s) + 0.7152 * light(green, s) + 0.0722 * light(blue, s);
        let shares = (10..20).map(|k| f64::from(k) / 20.0);
        shares.into_iter().find(|share| 1.05 / (luminance(*share) + 0.05) >= 3.0).unwrap_or(1.0)
    }
}

/// Colours of hues that colour-blind readers keep apart (Okabe and Ito, *Color Universal Design*, 2008), as dark as a
/// white ground asks for: each but white stands out from it by 3 : 1 or more, as WCAG 2.1 wants of graphics.
///
/// The six of [`for_names`](Self::for_names) are 30 or more apart (CIE76) for normal eyes and for deuteranopes and
/// protanopes (as Machado, Oliveira and Fernandes simulate them, 2009), and 10 or more in lightness, so that a grey print
/// keeps them too. Six is what can be told apart by colour; among all twelve that does not hold. From the third on in one
/// panel an ink is not alone in telling: discs become squares, triangles and so on, lines bear such marks, and areas are
/// hatched, always the same for the same ink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "a colour is its name")]
pub enum Ink {
    Black,
    Orange,
    SkyBlue,
    Green,
    /// Ochre: a bright yellow is not seen on white.
    Yellow,
    Blue,
    Vermillion,
    Purple,
    Brown,
    Red,
    Grey,
    White,
}

/// In the order in which they are taken: the first two are far apart for everybody.
const CLASSES: [Ink; 6] = [Ink::Blue, Ink::Vermillion, Ink::Green, Ink::SkyBlue, Ink::Purple, Ink::Black];

/// What words say of a colour.
const NAMED: [(Ink, &[&str]); 9] = [
    (Ink::Black, &["black"]),
    (Ink::Blue, &["blue"]),
    (Ink::Brown, &["brown", "brunette", "chestnut"]),
    (Ink::Green, &["green"]),
    (Ink::Yellow, &["hazel", "blond", "blonde", "yellow", "gold", "golden"]),
    (Ink::Orange, &["orange"]),
    (Ink::Red, &["red", "ginger", "auburn"]),
    (Ink::Purple, &["purple", "violet"]),
    (Ink::Grey, &["grey", "gray", "silver", "white"]),
];

impl Ink {
    /// How many are told apart.
    pub const TOLD: usize = CLASSES.len();

    /// An ink for each of the names, all different as far as there are six, and grey for all beyond: draw those together,
    /// as "others". A name with a colour's name in it gets that colour, so that blue eyes are not drawn brown.
    ///
    /// ```
    /// use candle_mle_plot::Ink;
    /// assert_eq!(Ink::for_names(&["died", "survived"]), [Ink::Blue, Ink::Vermillion]);
    /// assert_eq!(Ink::for_names(&["brown eyes", "blue eyes", "any"]), [Ink::Brown, Ink::Blue, Ink::Vermillion]);
    /// ```
    pub fn for_names<S: AsRef<str>>(names: &[S]) -> Vec<Self> {
        let mut inks: Vec<Option<Self>> = Vec::new();
        for name in names {
            // Grey stands for the others, if there are any.
            let kept = |ink: &Self| !inks.contains(&Some(*ink)) && (*ink != Self::Grey || names.len() <= CLASSES.len());
            let ink = Self::said(name.as_ref()).filter(kept);
            let told = inks.iter().flatten().count();
            inks.push(ink.filter(|_| told < CLASSES.len()));
        }
        let taken: Vec<Self> = inks.iter().copied().flatten().collect();
        let left = CLASSES.len() - taken.len();
        let mut free = CLASSES.into_iter().filter(|ink| !taken.contains(ink)).take(left);
        inks.into_iter().map(|ink| ink.or_else(|| free.next()).unwrap_or(Self::Grey)).collect()
    }

    /// The colour that a name speaks of.
    fn said(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        let mut words = name.split(|c: char| !c.is_alphabetic());
        words.find_map(|word| NAMED.iter().find(|(_, names)| names.contains(&word)).map(|(ink, _)| *ink))
    }

    pub(crate) fn colour(self) -> Colour {
        match self {
            Self::Black => Colour(0, 0, 0),
            Self::Orange => Colour(214, 122, 0),
            Self::SkyBlue => Colour(52, 158, 207),
            Self::Green => Colour(4, 104, 82),
            Self::Yellow => Colour(188, 140, 0),
            Self::Blue => Colour(0, 56, 164),
            Self::Vermillion => Colour(203, 82, 20),
            Self::Purple => Colour(72, 6, 82),
            Self::Brown => Colour(92, 44, 8),
            Self::Red => Colour(214, 20, 72),
            Self::Grey => Colour(137, 137, 137),
            Self::White => Colour(255, 255, 255),
        }
    }

    /// The mark that goes with the ink.
    pub(crate) fn marker(self) -> Marker {
        match self {
            Self::Blue | Self::White => Marker::Disc,
            Self::Vermillion => Marker::Square,
            Self::Green => Marker::Polygon { corners: 3, turn: 0.0 },
            Self::SkyBlue => Marker::Polygon { corners: 4, turn: 0.0 },
            Self::Purple => Marker::Polygon { corners: 3, turn: 0.5 },
            Self::Black => Marker::Star { rays: 4, turn: 0.125 },
            Self::Orange => Marker::Polygon { corners: 5, turn: 0.0 },
            Self::Brown => Marker::Polygon { corners: 6, turn: 0.0 },
            Self::Yellow => Marker::Star { rays: 5, turn: 0.0 },
            Self::Red => Marker::Star { rays: 4, turn: 0.0 },
            Self::Grey => Marker::Star { rays: 3, turn: 0.0 },
        }
    }

    /// From a tint of the ink to its shade: darker, and farther from white, as the share grows from 0 to 1.
    pub(crate) fn density(self, share: f64) -> Colour {
        let (Colour(r, g, b), share) = (self.colour(), share.clamp(0.0, 1.0));
        let (ground, own) =
            if share < 0.6 { (255.0, 0.35 + 0.65 * share / 0.6) } else { (0.0, 1.0 - 0.65 * (share - 0.6) / 0.4) };
        let [r, g, b] = [r, g, b].map(|c| (ground + (f64::from(c) - ground) * own).round() as u8);
        Colour(r, g, b)
    }

    /// The direction of the hatching that goes with the ink, in half turns, if there is one.
    pub(crate) fn hatch(self) -> Option<f64> {
        match self {
            Self::Green => Some(0.25),
            Self::SkyBlue => Some(0.75),
            Self::Purple => Some(0.0),
            Self::Black => Some(0.5),
            Self::Orange => Some(0.125),
            Self::Brown => Some(0.375),
            Self::Yellow => Some(0.625),
            Self::Red => Some(0.875),
            Self::Blue | Self::Vermillion | Self::Grey | Self::White => None,
        }
    }
}

/// The shape of a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Marker {
    Disc,
    Square,
    /// The first corner points up; `turn` in whole turns.
    Polygon {
        corners: u32,
        turn: f64,
    },
    Star {
        rays: u32,
        turn: f64,
    },
}

impl Marker {
    /// Its outline around a place, its area that of a disc of this radius, so that weights can be compared.
    pub(crate) fn outline(self, (x, y): (f64, f64), radius: f64) -> Vec<(f64, f64)> {
        // Corners at alternating radii: all the same but for a star.
        let (corners, turn, dent) = match self {
            Self::Disc => (32, 0.0, 1.0),
            Self::Square => (4, 0.125, 1.0),
            Self::Polygon { corners, turn } => (corners, turn, 1.0),
            Self::Star { rays, turn } => (2 * rays, turn, 0.42),
        };
        let step = std::f64::consts::TAU / f64::from(corners);
        let area = 0.5 * f64::from(corners) * step.sin() * dent;
        let size = radius * (std::f64::consts::PI / area).sqrt();
        let corner = |k: u32| {
            let angle = std::f64::consts::TAU * turn + f64::from(k) * step;
            let far = size * if k % 2 == 1 { dent } else { 1.0 };
            (x + far * angle.sin(), y - far * angle.cos())
        };
        (0..corners).map(corner).collect()
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
pub(crate) fn viridis(share: f64) -> Colour {
    let place = share.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    let below = (place as usize).min(VIRIDIS.len() - 2);
    let (a, b) = (VIRIDIS[below], VIRIDIS[below + 1]);
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * (place - below as f64)).round() as u8;
    Colour(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

/// Lightness from 0 to 255, with the weights of ITU-R BT.601 for red, green and blue.
pub(crate) fn lightness(Colour(red, green, blue): Colour) -> f64 {
    0.299 * f64::from(red) + 0.587 * f64::from(green) + 0.114 * f64::from(blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What dichromats see (Machado, Oliveira and Fernandes 2009, severity 1), in linear light.
    const EYES: [[[f64; 3]; 3]; 3] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    ];

    fn light(Colour(r, g, b): Colour) -> [f64; 3] {
        [r, g, b]
            .map(|c| f64::from(c) / 255.0)
            .map(|c| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) })
    }

    /// CIE L*a*b* of a colour as these eyes see it, for the white of D65.
    fn lab(colour: Colour, eyes: [[f64; 3]; 3]) -> [f64; 3] {
        let dot = |row: [f64; 3], v: [f64; 3]| row[0] * v[0] + row[1] * v[1] + row[2] * v[2];
        let seen = eyes.map(|row| dot(row, light(colour)).clamp(0.0, 1.0));
        let f = |t: f64| if t > 216.0 / 24389.0 { t.cbrt() } else { (24389.0 / 27.0 * t + 16.0) / 116.0 };
        let x = f(dot([0.4124564, 0.3575761, 0.1804375], seen) / 0.95047);
        let y = f(dot([0.2126729, 0.7151522, 0.0721750], seen));
        let z = f(dot([0.0193339, 0.1191920, 0.9503041], seen) / 1.08883);
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    fn pairs(inks: &[Ink]) -> impl Iterator<Item = (Ink, Ink)> {
        inks.iter().enumerate().flat_map(|(k, a)| inks[..k].iter().map(move |b| (*a, *b)))
    }

    fn apart(a: Ink, b: Ink, eyes: [[f64; 3]; 3]) -> f64 {
        let (a, b) = (lab(a.colour(), eyes), lab(b.colour(), eyes));
        a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn six_inks_are_told_apart_by_all_eyes_and_in_grey() {
        for (a, b) in pairs(&CLASSES) {
            for eyes in EYES {
                assert!(apart(a, b, eyes) >= 30.0, "{a:?} {b:?} {}", apart(a, b, eyes));
            }
            let grey = (lab(a.colour(), EYES[0])[0] - lab(b.colour(), EYES[0])[0]).abs();
            assert!(grey >= 10.0, "{a:?} {b:?} {grey}");
        }
    }

    /// A second channel, where the grey of a print does not do: marks of points and lines are another for each ink, areas have
    /// another hatching, or another grey.
    #[test]
    fn in_grey_any_two_inks_differ_in_marks_and_in_areas() {
        let named: Vec<Ink> = NAMED.iter().map(|(ink, _)| *ink).collect();
        let mut all = [CLASSES.as_slice(), &named].concat();
        all.sort_by_key(|ink| *ink as u8);
        all.dedup();
        for (a, b) in pairs(&all) {
            let grey = (lightness(a.colour()) - lightness(b.colour())).abs() / 255.0;
            assert!(a.marker() != b.marker(), "{a:?} {b:?}");
            assert!(a.hatch() != b.hatch() || grey >= 0.1, "{a:?} {b:?} {grey}");
        }
    }

    #[test]
    fn eyes_and_hair_are_told_apart_by_all_eyes() {
        for names in [["brown", "blue", "hazel", "green"], ["black", "brown", "red", "blond"]] {
            for (a, b) in pairs(&Ink::for_names(&names)) {
                assert!(EYES.iter().all(|eyes| apart(a, b, *eyes) >= 25.0), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn every_ink_but_white_stands_out_from_white() {
        let inks = [CLASSES.as_slice(), &[Ink::Orange, Ink::Yellow, Ink::Brown, Ink::Red, Ink::Grey]].concat();
        for ink in inks {
            let [r, g, b] = light(ink.colour());
            let contrast = 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05);
            assert!(contrast >= 3.0, "{ink:?} {contrast}");
        }
    }

    #[test]
    fn names_of_colours_are_drawn_in_them_and_no_ink_comes_twice() {
        let eyes = ["brown", "blue", "hazel", "green"];
        assert_eq!(Ink::for_names(&eyes), [Ink::Brown, Ink::Blue, Ink::Yellow, Ink::Green]);
        assert_eq!(Ink::for_names(&["eye Blue", "dark_green", "credible"]), [Ink::Blue, Ink::Green, Ink::Vermillion]);
        assert_eq!(Ink::for_names(&["hazel", "blond"])[0], Ink::Yellow);
        assert_ne!(Ink::for_names(&["hazel", "blond"])[1], Ink::Yellow);
        let twelve: Vec<String> = (1..=12).map(|k| k.to_string()).collect();
        let inks = Ink::for_names(&twelve);
        assert!(pairs(&inks[..6]).all(|(a, b)| a != b) && inks[6..].iter().all(|ink| *ink == Ink::Grey));
    }

    #[test]
    fn every_marker_is_as_large_as_its_disc_and_none_is_like_another() {
        let all = [CLASSES.as_slice(), &[Ink::Orange, Ink::Yellow, Ink::Brown, Ink::Red, Ink::Grey]].concat();
        for ink in &all {
            let outline = ink.marker().outline((3.0, 4.0), 10.0);
            let next = outline.iter().cycle().skip(1);
            let area: f64 = outline.iter().zip(next).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum::<f64>() / 2.0;
            assert!((area / (100.0 * std::f64::consts::PI) - 1.0).abs() < 1e-9, "{ink:?} {area}");
        }
        assert!(pairs(&all).all(|(a, b)| a.marker() != b.marker()));
    }
}
