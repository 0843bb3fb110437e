//! The diagram of two amounts that share a part: overlapping circles, drawn to scale.

use crate::geometry::ellipse;
use crate::ink::Ink;
use crate::panel::Panel;
use std::f64::consts::PI;

impl Panel {
    /// Two overlapping circles whose areas, and that of their overlap, are the amounts given, each with its name: the
    /// information diagram of H(X), H(Y) and I(X;Y). `only` names what belongs to the left and to the right one alone.
    ///
    /// What is shared is at most the smaller of the two; beyond, and below 0, it is drawn at that end, and the drawing says so. Amounts
    /// below 0, infinite or NaN have no circle, and words in its place.
    ///
    /// ```
    /// # use candle_mle_plot::Panel;
    /// let circles = Panel::venn([(2.0, "H(X)"), (1.75, "H(Y)")], (0.375, "I(X;Y)"), ["H(X|Y)", "H(Y|X)"]);
    /// ```
    pub fn venn<S: Into<String>>(circles: [(f64, S); 2], shared: (f64, S), only: [S; 2]) -> Self {
        let [(left, left_name), (right, right_name)] = circles;
        if [left, right].iter().any(|amount| !(amount.is_finite() && *amount >= 0.0)) || shared.0.is_nan() {
            return Self::drawing().text(0.0, 0.0, "amounts below 0, infinite or unknown have no circle");
        }
        let wrong = match shared.0 {
            // Rounding is no matter.
            common if common > left.min(right) + 1e-9 * left.max(right) => {
                "not to scale: more is shared than the smaller has"
            }
            common if common < -1e-9 * left.max(right) => "not to scale: less than nothing is shared",
            _ => "",
        };
        let (r, s) = ((left / PI).sqrt(), (right / PI).sqrt());
        let apart = distance(r, s, shared.0);
        // The middles of what the line through the centres crosses: the left part, the overlap, the right part.
        let (low, high) = (apart - s, r);
        let middles = [(low - r) / 2.0, (low + high) / 2.0, (high + apart + s) / 2.0];
        let above = 1.12 * r.max(s);
        let outline = |x: f64, radius: f64| ellipse([x, 0.0], [[radius * radius, 0.0], [0.0, radius * radius]], 1.0);
        let (left, right) = (outline(0.0, r), outline(apart, s));
        let inside = |outline: &[(f64, f64)]| outline[..=60].iter().map(|&(x, y)| (x, -y, y)).collect::<Vec<_>>();
        let [only_left, only_right] = only;
        let circles = Self::drawing()
            .band(inside(&left), Ink::Blue)
            .band(inside(&right), Ink::Orange)
            .line(left, Ink::Blue)
            .line(right, Ink::Orange)
            .text(-0.4 * r, above, left_name)
            .text(apart + 0.4 * s, above, right_name)
            .text(middles[0], 0.0, only_left)
            .text(middles[1], 0.0, shared.1)
            .text(middles[2], 0.0, only_right);
        if wrong.is_empty() { circles } else { circles.text(apart / 2.0, -above, wrong) }
    }
}

/// How far apart the centres of two circles are that have this area in common, by bisection.
fn distance(r: f64, s: f64, shared: f64) -> f64 {
    let (mut near, mut far) = ((r - s).abs(), r + s);
    for _ in 0..100 {
        let middle = (near + far) / 2.0;
        if lens(r, s, middle) > shared { near = middle } else { far = middle }
    }
    (near + far) / 2.0
}

/// The area that circles of radii r and s with centres d apart have in common: two segments, each a sector less a
/// triangle.
fn lens(r: f64, s: f64, d: f64) -> f64 {
    let segment = |r: f64, s: f64| {
        let half = ((d * d + r * r - s * s) / (2.0 * d * r)).clamp(-1.0, 1.0).acos();
        r * r * (half - half.sin() * half.cos())
    };
    segment(r, s) + segment(s, r)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_areas_are_the_amounts() {
        for (left, right, shared) in [(2.0, 1.75, 0.375), (1.0, 1.0, 0.531), (3.0, 0.2, 0.1), (5.0, 1.0, 0.97)] {
            let (r, s) = (f64::sqrt(left / PI), f64::sqrt(right / PI));
            let d = distance(r, s, shared);
            // Counted on a grid, which knows nothing of segments.
            let (n, low, high) = (2000, -r, r);
            let place = |k: i32| low + (high - low) * (f64::from(k) + 0.5) / f64::from(n);
            let inside = |x: f64, y: f64| x.hypot(y) < r && (x - d).hypot(y) < s;
            let cells = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
            let counted = cells.filter(|&(i, j)| inside(place(i), place(j))).count() as f64;
            let area = counted * ((high - low) / f64::from(n)).powi(2);
            assert!((area - shared).abs() < 2e-3, "{area} {shared}");
        }
    }

    #[test]
    fn nothing_shared_touches_and_everything_lies_inside() {
        assert!((distance(2.0, 1.0, 0.0) - 3.0).abs() < 1e-12);
        assert!((distance(2.0, 1.0, PI) - 1.0).abs() < 1e-6);
        assert!((distance(2.0, 1.0, 10.0) - 1.0).abs() < 1e-12);
        assert!(distance(1.0, 1.0, PI) < 1e-6);
    }
}
