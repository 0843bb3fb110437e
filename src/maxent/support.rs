//! Where a law may live: atoms, or the nodes of a quadrature.

use crate::error::{Error, Result};
use crate::info::Information;

/// Where a law may live: points, each with the volume that it stands for.
#[derive(Clone, Debug)]
pub struct Support {
    points: Vec<f64>,
    volumes: Vec<f64>,
    quadrature: Option<Quadrature>,
}

/// What is known of the quadrature on an unbounded support.
#[derive(Clone, Debug)]
pub(super) struct Quadrature {
    /// How far the nodes reach.
    pub(super) reach: (f64, f64),
    /// The nodes farthest from the centre, and those nearest to it, one for each half line.
    pub(super) outermost: Vec<usize>,
    pub(super) innermost: Vec<usize>,
    /// The nodes moved by each of [`SHIFTS`]: the same rule once more, with another error.
    pub(super) between: [Vec<Between>; 2],
}

/// Parts of a step. Two, since a kink at some place between two nodes errs by the same in a rule and in its shifted copy;
/// that place is another for another shift.
const SHIFTS: [f64; 2] = [1.0 / 2.0, 1.0 / 3.0];

/// A point between node `after` and the next.
#[derive(Clone, Debug)]
pub(super) struct Between {
    pub(super) after: usize,
    pub(super) x: f64,
    pub(super) volume: f64,
}

/// Steps on a half line: enough for a Gaussian ten widths from the centre.
const STEPS: usize = 200;

impl Support {
    /// The given numbers, each an atom.
    ///
    /// # Errors
    /// None at all; one that is not finite, or that stands there twice.
    pub fn finite(points: impl IntoIterator<Item = f64>) -> Result<Self> {
        let points: Vec<f64> = points.into_iter().collect();
        if points.is_empty() {
            return Err(Error::Empty { what: "the support".into(), needed: "point" });
        }
        for (row, point) in points.iter().enumerate() {
            if !point.is_finite() {
                return Err(Error::NotFinite { what: "the support", row, column: 0, value: *point });
            }
            if points[..row].contains(point) {
                return Err(Error::Parameter {
                    what: "a point of the support",
                    value: *point,
                    allowed: "every point once",
                });
            }
        }
        Ok(Self { volumes: vec![1.0; points.len()], points, quadrature: None })
    }

    /// The real line, as two half lines that meet at `centre`: a law may have a kink or a jump there. `scale` is
    /// about the width of the law that is looked for; the nodes reach some 240 of it to either side.
    ///
    /// # Errors
    /// A centre that is not finite; a scale that is not positive, or that puts nodes out of the range of numbers.
    pub fn line(centre: f64, scale: f64) -> Result<Self> {
        if !centre.is_finite() {
            return Err(Error::Parameter { what: "the centre", value: centre, allowed: "a finite number" });
        }
        Self::half_lines(centre, scale, &[-1.0, 1.0])
    }

    /// The half line [0, ∞), by the trapezoidal rule in t of x = scale · exp(t − e⁻ᵗ), which converges exponentially for
    /// laws that are analytic but at 0 (Takahasi and Mori 1974). `scale` is as for [`line`](Self::line).
    ///
    /// # Errors
    /// A scale that is not positive, or that puts nodes out of the range of numbers.
    pub fn half_line(scale: f64) -> Result<Self> {
        Self::half_lines(0.0, scale, &[1.0])
    }

    /// The half lines to the given sides of the centre, points in ascending order.
    fn half_lines(centre: f64, scale: f64, sides: &[f64]) -> Result<Self> {
        const FROM: f64 = -4.2;
        const TO: f64 = 5.5;
        let step = (TO - FROM) / STEPS as f64;
        let (mut points, mut volumes, mut between) = (vec![], vec![], [vec![], vec![]]);
        let (mut outermost, mut innermost) = (vec![], vec![]);
        for side in sides {
            let (first, last) = (points.len(), points.len() + STEPS);
            let (inner, outer) = if *side < 0.0 { (last, first) } else { (first, last) };
            innermost.push(inner);
            outermost.push(outer);
            let node = |outwards: f64| {
                let t = FROM + step * outwards;
                let distance = scale * (t - (-t).exp()).exp();
                let (x, volume) = (centre + side * distance, distance * (1.0 + (-t).exp()) * step);
                if x.is_finite() && volume.is_normal() && volume > 0.0 {
                    return Ok((x, volume));
                }
                let allowed = "one > 0 that keeps all nodes, from 1e-31 to 250 times it, within the range of numbers";
                Err(Error::Parameter { what: "the scale", value: scale, allowed })
            };
            for k in 0..=STEPS {
                let outwards = if *side < 0.0 { STEPS - k } else { k } as f64;
                let (x, volume) = node(outwards)?;
                points.push(x);
                volumes.push(volume);
                for (between, shift) in between.iter_mut().zip(SHIFTS).filter(|_| k < STEPS) {
                    let (x, volume) = node(outwards + side * shift)?;
                    between.push(Between { after: points.len() - 1, x, volume });
                }
            }
        }
        let far = scale * (TO - (-TO).exp()).exp();
        let reach = (centre + far * sides[0].min(0.0), centre + far);
        Ok(Self { points, volumes, quadrature: Some(Quadrature { reach, outermost, innermost, between }) })
    }

    /// The quadrature of a half line or a line; atoms have none.
    pub(super) fn quadrature(&self) -> Option<&Quadrature> {
        self.quadrature.as_ref()
    }

    /// The points, or the nodes of the quadrature.
    pub fn points(&self) -> &[f64] {
        &self.points
    }

    /// What each stands for: 1, or the weight of the quadrature.
    pub fn volumes(&self) -> &[f64] {
        &self.volumes
    }

    /// ∫ f(p) over this support for the masses p of its points: an expectation.
    pub fn expectation(&self, law: &[f64], f: impl Fn(f64) -> f64) -> f64 {
        self.points.iter().zip(law).filter(|(_, p)| **p > 0.0).map(|(x, p)| p * f(*x)).sum()
    }

    /// The entropy of a law given by the masses of the points; differential on a line.
    pub fn entropy(&self, law: &[f64]) -> Information {
        let terms = law.iter().zip(&self.volumes).filter(|(p, _)| **p > 0.0);
        Information::from_nats(terms.map(|(p, volume)| p * (volume.ln() - p.ln())).sum())
    }
}
