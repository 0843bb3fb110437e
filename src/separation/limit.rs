//! The likelihood of what a separation leaves: the classes that are ruled out for a row drop out of its softmax, and what is left
//! has a finite maximum (Geyer 2009, Electronic Journal of Statistics 3).

use std::collections::HashMap;

use nalgebra::{DMatrix, DVector};

use super::margins::Margins;

/// Rows by the classes that they may still have.
pub(super) struct Limit<'a> {
    margins: &'a Margins,
    parts: Vec<Part>,
}

/// Classes, in rising order, and the rows that may have each of them, their own among these.
struct Part {
    classes: Vec<usize>,
    rows: Vec<usize>,
}

/// −Σ ln q, its gradient and the lower triangle of its Hessian, the observed Fisher information.
struct At {
    loss: f64,
    gradient: DVector<f64>,
    hessian: DMatrix<f64>,
}

/// So many rows are multiplied at a time.
const BLOCK: usize = 256;
/// Of more rows than this a part is fitted first.
const MANY: usize = 20_000;

impl<'a> Limit<'a> {
    /// `open` tells by row and class which it may still have.
    pub fn new(margins: &'a Margins, open: &[bool]) -> Self {
        let (mut parts, mut place) = (vec![], HashMap::new());
        for (row, open) in open.chunks(margins.classes).enumerate() {
            let classes: Vec<usize> = (0..margins.classes).filter(|class| open[*class]).collect();
            if classes.len() > 1 {
                let at = *place.entry(open).or_insert_with(|| {
                    parts.push(Part { classes, rows: vec![] });
                    parts.len() - 1
                });
                parts[at].rows.push(row);
            }
        }
        Self { margins, parts }
    }

    /// The least −Σ ln q in nats, and where it is reached (in standard coordinates), by Newton's method. Directions that the rows
    /// left do not determine stay where they are.
    pub fn minimum(&self) -> (f64, Vec<f64>) {
        let start = DVector::zeros(self.margins.parameters());
        let rows: usize = self.parts.iter().map(|part| part.rows.len()).sum();
        let mut from = self.at(&start, 1);
        let mut theta = start.clone();
        if rows > MANY {
            // Where a part of them has its maximum, or is on its way to none, is mostly near to that of all.
            let stride = rows.div_ceil(MANY);
            let (near, _) = self.descend(start.clone(), self.at(&start, stride), stride, 8);
            let there = self.at(&near, 1);
            if there.loss < from.loss {
                (theta, from) = (near, there);
            }
        }
        let (theta, loss) = self.descend(theta, from, 1, 400);
        (loss, theta.as_slice().to_vec())
    }

    /// So many steps from a place, over every so manieth row; where they lead, and the loss there.
    fn descend(&self, mut theta: DVector<f64>, mut at: At, stride: usize, steps: usize) -> (DVector<f64>, f64) {
        for _ in 0..steps {
            let Some(newton) = newton(&at.gradient, &at.hessian) else { break };
            let decrement = at.gradient.dot(&newton);
            // So near, the loss is flat to rounding, and a whole step is the last that is needed.
            if decrement <= 1e-12 * (1.0 + at.loss) {
                theta -= &newton;
                at = self.at(&theta, stride);
                break;
            }
            let mut length = 1.0;
            let (trial, there) = loop {
                let trial = &theta - &newton * length;
                let there = self.at(&trial, stride);
                if there.loss <= at.loss - 1e-4 * length * decrement || length < 1e-10 {
                    break (trial, there);
                }
                length /= 2.0;
            };
            if there.loss > at.loss {
                break;
            }
            (theta, at) = (trial, there);
        }
        (theta, at.loss)
    }

    fn at(&self, theta: &DVector<f64>, stride: usize) -> At {
        let k = theta.len();
        let mut at = At { loss: 0.0, gradient: DVector::zeros(k), hessian: DMatrix::zeros(k, k) };
        for Part { classes, rows } in &self.parts {
            let rows: Vec<usize> = rows.iter().copied().step_by(stride).collect();
            rows.chunks(BLOCK).for_each(|rows| self.add(&mut at, theta, classes, rows));
        }
        at
    }

    /// Adds what some rows of these classes have.
    fn add(&self, at: &mut At, theta: &DVector<f64>, classes: &[usize], rows: &[usize]) {
        let width = self.margins.width();
        // Where the parameters of a class begin; class 0 has none.
        let place = |class: usize| (class - 1) * width;
        let x = DMatrix::from_row_iterator(
            rows.len(),
            width,
            rows.iter().flat_map(|row| self.margins.x(*row).iter().copied()),
        );
        let theta = DMatrix::from_fn(width, classes.len(), |j, at| match classes[at] {
            0 => 0.0,
            class => theta[place(class) + j],
        });
        let mut q = &x * theta;
        // count (q − 1 for its own class), and count q_a (1 − q_a), the latter through what the others have near 1.
        let (mut residual, mut spread) = (q.clone(), q.clone());
        for (i, row) in rows.iter().enumerate() {
            let (y, count) = (self.margins.y[*row], self.margins.count(*row));
            let own = classes.binary_search(&y).unwrap_or(0);
            let mut q = q.row_mut(i);
            let (top, logit) = (q.max(), q[own]);
            q.apply(|logit| *logit = (*logit - top).exp());
            // Without its own class, so that ln q near 0 keeps its digits.
            let others: f64 = (0..classes.len()).filter(|c| *c != own).map(|c| q[c]).sum();
            let all = others + q[own];
            at.loss += count * if logit == top { others.ln_1p() } else { all.ln() - (logit - top) };
            q /= all;
            for a in 0..classes.len() {
                let rest =
                    if q[a] < 0.5 { 1.0 - q[a] } else { (0..classes.len()).filter(|c| *c != a).map(|c| q[c]).sum() };
                residual[(i, a)] = count * if a == own { -others / all } else { q[a] };
                spread[(i, a)] = count * q[a] * rest;
            }
            // From here on with the count.
            q *= count.sqrt();
        }
        let (gradient, transposed) = (x.tr_mul(&residual), x.transpose());
        let first = usize::from(classes[0] == 0);
        for a in first..classes.len() {
            let from = place(classes[a]);
            gradient.column(a).iter().enumerate().for_each(|(j, g)| at.gradient[from + j] += g);
            // x times the weights of all pairs with a class before, side by side.
            let mut weighed = DMatrix::zeros(rows.len(), (a + 1 - first) * width);
            for b in first..=a {
                let weights =
                    if a == b { spread.column(a).into_owned() } else { -q.column(a).component_mul(&q.column(b)) };
                for j in 0..width {
                    let mut to = weighed.column_mut((b - first) * width + j);
                    to.copy_from(&x.column(j));
                    to.component_mul_assign(&weights);
                }
            }
            let blocks = &transposed * weighed;
            for (b, class) in classes[first..=a].iter().enumerate() {
                let mut to = at.hessian.view_mut((from, place(*class)), (width, width));
                to += blocks.columns(b * width, width);
            }
        }
    }
}

/// H⁻¹ g, with each parameter in the unit in which its curvature is 1, so that a ridge of rounding size is one for all.
pub(super) fn newton(gradient: &DVector<f64>, hessian: &DMatrix<f64>) -> Option<DVector<f64>> {
    let k = gradient.len();
    let unit = DVector::from_fn(k, |i, _| {
        let curvature: f64 = hessian[(i, i)];
        if curvature > 0.0 { curvature.sqrt().recip() } else { 0.0 }
    });
    let mut scaled = DMatrix::from_fn(k, k, |i, j| hessian[(i, j)] * unit[i] * unit[j]);
    for i in 0..k {
        scaled[(i, i)] += if unit[i] > 0.0 { 1e-13 } else { 1.0 };
    }
    // Of the matrix its lower triangle is read.
    let step = scaled.cholesky()?.solve(&gradient.component_mul(&unit)).component_mul(&unit);
    step.iter().all(|s| s.is_finite()).then_some(step)
}
