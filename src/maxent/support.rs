//! Where a law may live: atoms, or the nodes of a quadrature.

use std::fmt;

use candle_mle_info::Information;

use crate::error::{Error, Result, empty, finite, parameter, positive, shape};

/// Where a law may live: points, each with the volume that it stands for. Points are numbers, or whatever else can be told
/// apart: the cells of a table, the words of a language.
#[derive(Clone, Debug)]
pub struct Support<P = f64> {
    points: Vec<P>,
    volumes: Vec<f64>,
    quadrature: Option<Quadrature<P>>,
}

/// What is known of the quadrature on an unbounded support.
#[derive(Clone, Debug)]
pub(super) struct Quadrature<P> {
    /// How far the nodes reach.
    pub(super) reach: (f64, f64),
    /// The nodes farthest from the centre, with their places, and those nearest to it, one for each half line.
    pub(super) outermost: Vec<(usize, f64)>,
    pub(super) innermost: Vec<usize>,
    /// The nodes moved by each of [`SHIFTS`]: the same rule once more, with another error.
    pub(super) between: [Vec<Between<P>>; 2],
}

/// Parts of a step. Two, since a kink at some place between two nodes errs by the same in a rule and in its shifted copy;
/// that place is another for another shift.
const SHIFTS: [f64; 2] = [1.0 / 2.0, 1.0 / 3.0];

/// A point between node `after` and the next.
#[derive(Clone, Debug)]
pub(super) struct Between<P> {
    pub(super) after: usize,
    pub(super) x: P,
    pub(super) volume: f64,
}

/// Steps on a half line: enough for a Gaussian ten widths from the centre.
const STEPS: usize = 200;

impl Support<f64> {
    /// The given numbers, each an atom.
    ///
    /// # Errors
    /// None at all; one that is not finite, or that stands there twice.
    pub fn finite(points: impl IntoIterator<Item = f64>) -> Result<Self> {
        let points: Vec<f64> = points.into_iter().collect();
        finite("the support", &points, 1)?;
        Self::cells(points)
    }

    /// The real line, as two half lines that meet at `centre`: a law may have a kink or a jump there. `scale` is
    /// about the width of the law that is looked for; the nodes reach some 240 of it to either side.
    ///
    /// # Errors
    /// A centre that is not finite; a scale that is not positive, or that puts nodes out of the range of numbers.
    pub fn line(centre: f64, scale: f64) -> Result<Self> {
        if !centre.is_finite() {
            return Err(parameter("the centre", centre, "a finite number"));
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
            let node = |outwards: f64| {
                let t = FROM + step * outwards;
                let distance = scale * (t - (-t).exp()).exp();
                let (x, volume) = (centre + side * distance, distance * (1.0 + (-t).exp()) * step);
                if x.is_finite() && volume.is_normal() && volume > 0.0 {
                    return Ok((x, volume));
                }
                let allowed = "one > 0 that keeps all nodes, from 1e-31 to 250 times it, within the range of numbers";
                Err(parameter("the scale", scale, allowed))
            };
            for k in 0..=STEPS {
                let outwards = if *side < 0.0 { STEPS - k } else { k } as f64;
                let (x, volume) = node(outwards)?;
                if points.len() == outer {
                    outermost.push((outer, x));
                }
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
}

impl<P: Copy + PartialEq + fmt::Debug> Support<P> {
    /// The given points, each an atom of volume 1.
    ///
    /// ```
    /// use candle_mle::maxent::{Moment, Support, maxent};
    /// // Of all tables of 2 × 3 with these margins the one of largest entropy has independent rows and columns.
    /// let cells = Support::cells((0..2).flat_map(|row| (0..3).map(move |column| [row, column])))?;
    /// let is = |at: usize, level: usize| move |cell: [usize; 2]| f64::from(u8::from(cell[at] == level));
    /// let [row, first, second] = [&is(0, 0) as &dyn Fn([usize; 2]) -> f64, &is(1, 0), &is(1, 1)];
    /// let margins = [Moment { g: row, target: 0.4 }, Moment { g: first, target: 0.5 }, Moment { g: second, target: 0.3 }];
    /// let law = maxent(&cells, &margins)?.law;
    /// assert!((law[0] - 0.4 * 0.5).abs() < 1e-9 && (law[5] - 0.6 * 0.2).abs() < 1e-9);
    /// # Ok::<(), candle_mle::Error>(())
    /// ```
    ///
    /// # Errors
    /// None at all; one that stands there twice.
    pub fn cells(points: impl IntoIterator<Item = P>) -> Result<Self> {
        let points: Vec<P> = points.into_iter().collect();
        let ones = vec![1.0; points.len()];
        Self::weighted(points, &ones)
    }

    /// Points that each stand for a volume. With the probabilities of a prior as volumes the law of largest entropy is the
    /// one nearest to the prior, of least KL(law‖prior), and its entropy is −KL(law‖prior).
    ///
    /// ```
    /// use candle_mle::maxent::{Moment, Support, maxent};
    /// // A loaded die that is known to show 4.5 on average: as near to the prior as that allows.
    /// let prior = [0.3, 0.2, 0.2, 0.1, 0.1, 0.1];
    /// let faces = Support::weighted((1..=6).map(f64::from), &prior)?;
    /// let found = maxent(&faces, &[Moment { g: &|x| x, target: 4.5 }])?;
    /// let kl: f64 = found.law.iter().zip(prior).map(|(p, q)| p * (p / q).ln()).sum();
    /// assert!((found.entropy.nats() + kl).abs() < 1e-12);
    /// # Ok::<(), candle_mle::Error>(())
    /// ```
    ///
    /// # Errors
    /// No points; one that stands there twice; another number of volumes, or one that is not a finite number > 0.
    pub fn weighted(points: impl IntoIterator<Item = P>, volumes: &[f64]) -> Result<Self> {
        let points: Vec<P> = points.into_iter().collect();
        if points.is_empty() {
            return Err(empty("the support", "point"));
        }
        if volumes.len() != points.len() {
            return Err(shape("the volumes", &[volumes.len()], format!("({},), one for each point,", points.len())));
        }
        for volume in volumes {
            positive("a volume", *volume)?;
        }
        if let Some((_, twice)) = points.iter().enumerate().find(|(at, point)| points[..*at].contains(point)) {
            return Err(Error::Other(format!("the point {twice:?} stands twice in the support: name it once").into()));
        }
        Ok(Self { points, volumes: volumes.to_vec(), quadrature: None })
    }
}

impl<P: Copy> Support<P> {
    /// The quadrature of a half line or a line; atoms have none.
    pub(super) fn quadrature(&self) -> Option<&Quadrature<P>> {
        self.quadrature.as_ref()
    }

    /// The points, or the nodes of the quadrature.
    pub fn points(&self) -> &[P] {
        &self.points
    }

    /// What each stands for: 1, or the weight of the quadrature.
    pub fn volumes(&self) -> &[f64] {
        &self.volumes
    }

    /// ∫ f(p) over this support for the masses p of its points: an expectation.
    pub fn expectation(&self, law: &[f64], f: impl Fn(P) -> f64) -> f64 {
        self.points.iter().zip(law).filter(|(_, p)| **p > 0.0).map(|(x, p)| p * f(*x)).sum()
    }

    /// The entropy of a law given by the masses of the points; differential on a line.
    pub fn entropy(&self, law: &[f64]) -> Information {
        let terms = law.iter().zip(&self.volumes).filter(|(p, _)| **p > 0.0);
        Information::from_nats(terms.map(|(p, volume)| p * (volume.ln() - p.ln())).sum())
    }
}
