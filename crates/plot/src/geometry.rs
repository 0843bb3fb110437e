//! Points and rectangles in pixels, and what of a line or a polygon lies inside one.

/// Pixels from the upper left corner, rightwards and downwards.
pub(crate) type Point = (f64, f64);

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rect {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Rect {
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// `by` pixels larger on every side.
    pub fn grown(&self, by: f64) -> Self {
        Self { left: self.left - by, top: self.top - by, right: self.right + by, bottom: self.bottom + by }
    }

    pub fn moved(&self, right: f64, down: f64) -> Self {
        let Self { left, top, right: end, bottom } = *self;
        Self { left: left + right, top: top + down, right: end + right, bottom: bottom + down }
    }

    /// How far inside of each edge a point lies; negative outside.
    fn depths(&self, (x, y): Point) -> [f64; 4] {
        [x - self.left, self.right - x, y - self.top, self.bottom - y]
    }

    pub fn contains(&self, point: Point) -> bool {
        self.depths(point).iter().all(|depth| *depth >= 0.0)
    }

    pub fn meets(&self, other: &Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    /// The pieces of a polyline inside, broken where a point is missing.
    pub fn clip_line(&self, points: impl IntoIterator<Item = Option<Point>>) -> Vec<Vec<Point>> {
        let mut pieces: Vec<Vec<Point>> = Vec::new();
        let mut last: Option<Point> = None;
        for point in points {
            if let (None, Some(b)) = (last, point) {
                pieces.push(if self.contains(b) { vec![b] } else { vec![] });
            }
            if let (Some(a), Some(b)) = (last, point) {
                // The share of the way from a to b that lies inside: Liang and Barsky.
                let (mut enter, mut leave) = (0f64, 1f64);
                for (from, to) in self.depths(a).into_iter().zip(self.depths(b)) {
                    match (from < 0.0, to < 0.0) {
                        (true, true) => leave = -1.0,
                        (true, false) => enter = enter.max(from / (from - to)),
                        (false, true) => leave = leave.min(from / (from - to)),
                        (false, false) => {}
                    }
                }
                if enter <= leave {
                    let at = |share: f64| (a.0 + share * (b.0 - a.0), a.1 + share * (b.1 - a.1));
                    if enter > 0.0 {
                        pieces.push(vec![at(enter)]);
                    }
                    if let Some(piece) = pieces.last_mut() {
                        piece.push(at(leave));
                    }
                }
            }
            last = point;
        }
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }

    /// The part of a polygon inside: Sutherland and Hodgman.
    pub fn clip_polygon(&self, outline: &[Point]) -> Vec<Point> {
        (0..4).fold(outline.to_vec(), |outline, edge| {
            let mut kept = Vec::new();
            for (k, &a) in outline.iter().enumerate() {
                let b = outline[(k + 1) % outline.len()];
                let (from, to) = (self.depths(a)[edge], self.depths(b)[edge]);
                if from >= 0.0 {
                    kept.push(a);
                }
                if (from < 0.0) != (to < 0.0) {
                    let share = from / (from - to);
                    kept.push((a.0 + share * (b.0 - a.0), a.1 + share * (b.1 - a.1)));
                }
            }
            kept
        })
    }
}

/// The ellipse `radius` standard deviations around `mean`, for a covariance matrix: a closed line for
/// [`Panel::line`](crate::Panel::line). A matrix that is not positive definite gives NaN, of which nothing is drawn.
pub fn ellipse(mean: [f64; 2], covariance: [[f64; 2]; 2], radius: f64) -> Vec<(f64, f64)> {
    // A circle, stretched by the Cholesky factor.
    let a = covariance[0][0].sqrt();
    let b = covariance[1][0] / a;
    let c = (covariance[1][1] - b * b).sqrt();
    let turn = |k: u32| (f64::from(k) / 120.0 * std::f64::consts::TAU).sin_cos();
    let point = |(sin, cos): (f64, f64)| (mean[0] + radius * a * cos, mean[1] + radius * (b * cos + c * sin));
    (0..=120).map(turn).map(point).collect()
}
