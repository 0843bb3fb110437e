//! The point of a convex hull that is nearest to the origin: where it is not the origin itself, it is a direction in which all
//! points lie; where it is, some of the points balance.

/// Steps of work that a search may still cost, in multiplications.
pub(super) struct Budget(pub(super) u64);

impl Budget {
    /// Takes from it; whether it held so much.
    pub(super) fn pay(&mut self, work: usize) -> bool {
        let held = self.0 >= work as u64;
        self.0 = self.0.saturating_sub(work as u64);
        held
    }
}

/// What was found of some points.
pub(super) enum Hull {
    /// A direction that all of them meet strictly.
    Beside(Vec<f64>),
    /// Affinely independent points with positive weights that sum to the origin, as far as rounding tells.
    Around(Vec<(usize, f64)>),
    /// The budget did not suffice, or rounding led in a circle.
    Unknown,
}

/// Below this length a combination of unit vectors is the origin, as far as rounding tells.
const ORIGIN: f64 = 1e-12;

/// Wolfe's algorithm (1976, Mathematical Programming 11) for points of unit length; it stops where a direction is good enough.
pub(super) fn hull<P>(points: &[P], of: impl Fn(&P) -> &Vec<f64>, budget: &mut Budget) -> Hull {
    let points: Vec<&[f64]> = points.iter().map(|point| of(point).as_slice()).collect();
    let runs: Vec<_> = points.iter().map(|point| runs(point)).collect();
    let entries: usize = runs.iter().flatten().map(|(_, run)| run.len()).sum();
    let Some(first) = points.first() else { return Hull::Unknown };
    let width = first.len();
    let mut corral = Corral { of: vec![], weights: vec![], factor: vec![] };
    corral.push(&points, 0);
    corral.weights = vec![1.0];
    let mut nearest = first.to_vec();
    loop {
        let square = dot(&nearest, &nearest);
        if square.sqrt() <= ORIGIN {
            return Hull::Around(corral.of.into_iter().zip(corral.weights).collect());
        }
        if !budget.pay(entries + corral.of.len() * (corral.of.len() + width)) {
            return Hull::Unknown;
        }
        let along = |runs: &Vec<(usize, &[f64])>| {
            runs.iter().map(|(at, run)| dot(run, &nearest[*at..][..run.len()])).sum::<f64>()
        };
        let along = runs.iter().map(along).enumerate();
        let (at, least) = along.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, f64::NAN));
        if least >= 0.3 * square {
            return Hull::Beside(nearest);
        }
        // What is left to gain is rounding.
        let rounded = |nearest| if least > 0.0 { Hull::Beside(nearest) } else { Hull::Unknown };
        if corral.of.contains(&at) || !least.is_finite() {
            return rounded(nearest);
        }
        corral.push(&points, at);
        corral.weights.push(0.0);
        if !corral.descend(budget) {
            return Hull::Unknown;
        }
        let mut nearer = vec![0.0; width];
        for (point, weight) in corral.of.iter().zip(&corral.weights) {
            nearer.iter_mut().zip(points[*point]).for_each(|(sum, x)| *sum += weight * x);
        }
        // But for rounding each turn comes nearer: one that does not would be taken again and again.
        if dot(&nearer, &nearer) >= square {
            return rounded(nearest);
        }
        nearest = nearer;
    }
}

/// What a point is where it is not zero: of many classes a margin has entries for two.
fn runs(point: &[f64]) -> Vec<(usize, &[f64])> {
    let (mut runs, mut at) = (vec![], 0);
    while let Some(from) = point[at..].iter().position(|x| *x != 0.0) {
        let from = at + from;
        // A zero alone ends no run.
        let pairs = point[from..].windows(2).position(|pair| pair == [0.0, 0.0]);
        at = pairs.map_or(point.len(), |end| from + end);
        runs.push((from, &point[from..at]));
    }
    runs
}

/// Affinely independent points, their weights, and the Cholesky factor of their products + 1.
struct Corral {
    of: Vec<usize>,
    weights: Vec<f64>,
    factor: Vec<Vec<f64>>,
}

impl Corral {
    fn push(&mut self, points: &[&[f64]], at: usize) {
        let mut row: Vec<f64> = Vec::with_capacity(self.of.len() + 1);
        for (point, above) in self.of.iter().zip(&self.factor) {
            let product = 1.0 + dot(points[*point], points[at]);
            let before = dot(&above[..row.len()], &row);
            row.push((product - before) / above[row.len()]);
        }
        let left = 1.0 + dot(points[at], points[at]) - dot(&row, &row);
        row.push(left.max(f64::EPSILON * f64::EPSILON).sqrt());
        self.factor.push(row);
        self.of.push(at);
    }

    fn remove(&mut self, at: usize) {
        self.of.remove(at);
        self.weights.remove(at);
        self.factor.remove(at);
        // Rotations make a triangle of the rows below again.
        for turn in at..self.factor.len() {
            let (a, b) = (self.factor[turn][turn], self.factor[turn][turn + 1]);
            let length = a.hypot(b);
            let (cos, sin) = if length > 0.0 { (a / length, b / length) } else { (1.0, 0.0) };
            for row in &mut self.factor[turn..] {
                let (a, b) = (row[turn], row[turn + 1]);
                (row[turn], row[turn + 1]) = (cos * a + sin * b, cos * b - sin * a);
            }
            self.factor[turn].pop();
        }
    }

    /// The weights, of sum 1, of the point of the affine hull that is nearest to the origin.
    fn affine(&self) -> Vec<f64> {
        let mut u = vec![1.0; self.of.len()];
        for (i, row) in self.factor.iter().enumerate() {
            u[i] = (u[i] - dot(&row[..i], &u[..i])) / row[i];
        }
        for i in (0..u.len()).rev() {
            u[i] /= self.factor[i][i];
            let (above, ui) = u.split_at_mut(i);
            above.iter_mut().zip(&self.factor[i]).for_each(|(u, l)| *u -= l * ui[0]);
        }
        let sum: f64 = u.iter().sum();
        u.into_iter().map(|u| u / sum).collect()
    }

    /// Moves to that point, and drops those whose weight vanishes on the way.
    fn descend(&mut self, budget: &mut Budget) -> bool {
        loop {
            if !budget.pay(2 * self.of.len() * self.of.len()) {
                return false;
            }
            let there = self.affine();
            if there.iter().any(|weight| !weight.is_finite()) {
                return false;
            }
            if there.iter().all(|weight| *weight > 1e-15) {
                self.weights = there;
                return true;
            }
            let falls = self.weights.iter().zip(&there).filter(|(_, to)| **to <= 1e-15);
            let share = falls.map(|(from, to)| from / (from - to)).fold(1.0, f64::min).max(0.0);
            self.weights.iter_mut().zip(&there).for_each(|(from, to)| *from += share * (to - *from));
            let least = self.weights.iter().copied().fold(f64::INFINITY, f64::min).max(1e-15);
            for at in (0..self.of.len()).rev() {
                if self.weights[at] <= least && self.of.len() > 1 {
                    self.remove(at);
                }
            }
        }
    }
}

/// In four sums, so that one need not wait for another.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let mut sums = [0.0; 4];
    for (a, b) in a.iter().zip(b) {
        (0..4).for_each(|at| sums[at] += a[at] * b[at]);
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}
