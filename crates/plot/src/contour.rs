//! Lines of equal height through a grid of heights, by marching squares.

use crate::geometry::Point;

/// The pieces of the line at `level`. Heights lie row by row at the crossings of `xs` and `ys`; a
/// square with a corner that is not finite stays empty.
pub(crate) fn contour(xs: &[f64], ys: &[f64], heights: &[f64], level: f64) -> Vec<[Point; 2]> {
    let mut pieces = Vec::new();
    for row in 1..ys.len() {
        for column in 1..xs.len() {
            // Around the square, so that each side joins one corner to the next.
            let corners = [(column - 1, row - 1), (column, row - 1), (column, row), (column - 1, row)]
                .map(|(i, j)| (xs[i], ys[j], heights[j * xs.len() + i] - level));
            if corners.iter().any(|&(x, y, above)| !(x + y + above).is_finite()) {
                continue;
            }
            let crossings: Vec<Point> = (0..4).filter_map(|k| crossing(corners[k], corners[(k + 1) % 4])).collect();
            match crossings[..] {
                [a, b] => pieces.push([a, b]),
                [a, b, c, d] => {
                    // A saddle: the mean height tells which pair of corners is joined across the middle.
                    let middle: f64 = corners.iter().map(|corner| corner.2).sum();
                    let first_joined = (middle < 0.0) == (corners[0].2 < 0.0);
                    pieces.extend(if first_joined { [[a, b], [c, d]] } else { [[d, a], [b, c]] });
                }
                _ => {}
            }
        }
    }
    pieces
}

/// Where the height along one side passes zero, if it does.
fn crossing(a: (f64, f64, f64), b: (f64, f64, f64)) -> Option<Point> {
    let share = a.2 / (a.2 - b.2);
    ((a.2 < 0.0) != (b.2 < 0.0)).then_some((a.0 + share * (b.0 - a.0), a.1 + share * (b.1 - a.1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cone_has_round_contours() {
        let axis: Vec<f64> = (-10..=10).map(f64::from).collect();
        let cone: Vec<f64> = axis.iter().flat_map(|y| axis.iter().map(move |x| x.hypot(*y))).collect();
        let circle = contour(&axis, &axis, &cone, 6.5);
        assert!(circle.len() > 30);
        assert!(circle.iter().flatten().all(|(x, y)| (x.hypot(*y) - 6.5).abs() < 0.05));
    }

    #[test]
    fn a_saddle_gives_two_pieces_and_a_hole_gives_none() {
        assert_eq!(contour(&[0.0, 1.0], &[0.0, 1.0], &[1.0, -1.0, -1.0, 1.0], 0.0).len(), 2);
        assert!(contour(&[0.0, 1.0], &[0.0, 1.0], &[1.0, f64::NAN, -1.0, 1.0], 0.0).is_empty());
    }
}
