//! The likelihood of what a separation leaves: the classes that are ruled out for a row drop out of its softmax, and what is left
//! has a finite maximum (Geyer 2009, Electronic Journal of Statistics 3).

use nalgebra::{DMatrix, DVector};

use super::margins::Margins;

/// The classes that each row may still have, its own among them.
pub(super) struct Limit<'a> {
    pub margins: &'a Margins,
    /// By row and class.
    pub open: Vec<bool>,
}

/// −Σ ln q, its gradient and its Hessian, the observed Fisher information.
struct At {
    loss: f64,
    gradient: DVector<f64>,
    hessian: DMatrix<f64>,
}

impl Limit<'_> {
    /// The least −Σ ln q in nats, where it is reached (in standard coordinates), by Newton's method. Directions that the rows
    /// left do not determine stay where they are.
    pub fn minimum(&self, start: Vec<f64>) -> (f64, Vec<f64>) {
        let mut theta = DVector::from_vec(start);
        let mut at = self.at(&theta);
        for _ in 0..400 {
            let Some(newton) = newton(&at) else { break };
            let decrement = at.gradient.dot(&newton);
            // So near, the loss is flat to rounding, and a whole step is the last that is needed.
            if decrement <= 1e-12 * (1.0 + at.loss) {
                theta -= &newton;
                at = self.at(&theta);
                break;
            }
            let mut length = 1.0;
            let (trial, there) = loop {
                let trial = &theta - &newton * length;
                let there = self.at(&trial);
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
        (at.loss, theta.as_slice().to_vec())
    }

    fn at(&self, theta: &DVector<f64>) -> At {
        let (k, width, classes) = (theta.len(), self.margins.width(), self.margins.classes);
        let (mut loss, mut gradient, mut hessian) = (0.0, DVector::zeros(k), DMatrix::<f64>::zeros(k, k));
        let mut q = vec![0.0; classes];
        for row in 0..self.margins.rows() {
            let (x, y, count) = (self.margins.x(row), self.margins.y[row], self.margins.count[row]);
            let open = &self.open[row * classes..][..classes];
            let logit = |class: usize| {
                let own = |at: usize| super::hull::dot(&theta.as_slice()[at * width..][..width], x);
                if class == 0 { 0.0 } else { own(class - 1) }
            };
            let top = (0..classes).filter(|c| open[*c]).map(&logit).fold(f64::NEG_INFINITY, f64::max);
            let mut others = 0.0; // of the softmax without its own class: so that ln q near 0 keeps its digits
            let own = logit(y) - top;
            for class in 0..classes {
                q[class] = if open[class] { (logit(class) - top).exp() } else { 0.0 };
                others += if class == y { 0.0 } else { q[class] };
            }
            if others == 0.0 {
                continue;
            }
            loss += count * if own == 0.0 { others.ln_1p() } else { (others + own.exp()).ln() - own };
            let z = others + own.exp();
            q.iter_mut().for_each(|q| *q /= z);
            for a in 1..classes {
                let residual = if a == y { -others / z } else { q[a] };
                if residual == 0.0 {
                    continue;
                }
                for (i, x) in x.iter().enumerate() {
                    gradient[(a - 1) * width + i] += count * residual * x;
                }
                for b in 1..=a {
                    // q_a (1 − q_a) through what the others have, which near 1 keeps its digits.
                    let rest: f64 = if a == b { (0..classes).filter(|c| *c != a).map(|c| q[c]).sum() } else { -q[b] };
                    let weight = count * q[a] * rest;
                    if weight == 0.0 {
                        continue;
                    }
                    // Above the diagonal, column by column, as the matrix lies in memory.
                    for (i, xi) in x.iter().enumerate().filter(|(_, xi)| **xi != 0.0) {
                        let (scaled, upto) = (weight * xi, if a == b { i + 1 } else { width });
                        let from = ((a - 1) * width + i) * k + (b - 1) * width;
                        let column = &mut hessian.as_mut_slice()[from..from + upto];
                        column.iter_mut().zip(x).for_each(|(h, xj)| *h += scaled * xj);
                    }
                }
            }
        }
        hessian.fill_lower_triangle_with_upper_triangle();
        At { loss, gradient, hessian }
    }
}

/// H⁻¹ g, with each parameter in the unit in which its curvature is 1, so that a ridge of rounding size is one for all.
fn newton(at: &At) -> Option<DVector<f64>> {
    let k = at.gradient.len();
    let unit = DVector::from_fn(k, |i, _| {
        let curvature: f64 = at.hessian[(i, i)];
        if curvature > 0.0 { curvature.sqrt().recip() } else { 0.0 }
    });
    let mut scaled = DMatrix::from_fn(k, k, |i, j| at.hessian[(i, j)] * unit[i] * unit[j]);
    for i in 0..k {
        scaled[(i, i)] += if unit[i] > 0.0 { 1e-13 } else { 1.0 };
    }
    let step = scaled.cholesky()?.solve(&at.gradient.component_mul(&unit)).component_mul(&unit);
    step.iter().all(|s| s.is_finite()).then_some(step)
}
