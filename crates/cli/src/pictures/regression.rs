//! The picture of a regression of numbers: what it foretells over what was observed.

use anyhow::Result;
use candle_core::Tensor;
use candle_mle::batch::{Response, host, like};
use candle_mle::info::number::fixed;
use candle_mle::table::Part;
use candle_mle::{Design, Empirical, Model};
use candle_mle_plot::{Axis, Figure, Ink, Panel};

use super::round;
use crate::flags::Data;
use crate::learned::Learned;
use crate::run::Run;

/// Of more rows than this every so manieth is drawn.
const POINTS: usize = 20_000;

impl<D: Data> Run<D> {
    /// `model.png`: of one column of numbers the observations and the fitted mean over it, of more the observations against their fitted
    /// means. `means` foretells rows.
    pub(crate) fn draw_regression<M: Model<Batch = Response>>(
        &self,
        Design { p, names, .. }: &Design<Response>,
        learned: &Learned<M>,
        means: impl Fn(&Response) -> candle_mle::Result<Tensor>,
    ) -> Result<()> {
        let (y, mass, fitted) = (host(p.batch().y())?, host(p.mass())?, host(&means(p.batch())?)?);
        let title = match M::DENSITY {
            true => {
                let of = |values: &mut dyn Iterator<Item = f64>| values.zip(&mass).map(|(v, m)| v * m).sum::<f64>();
                let mean = of(&mut y.iter().copied());
                let all = of(&mut y.iter().map(|y| (y - mean).powi(2)));
                let left = of(&mut y.iter().zip(&fitted).map(|(y, fitted)| (y - fitted).powi(2)));
                let (share, left) = (fixed(100.0 * (1.0 - left / all), 1), round(left.sqrt()));
                format!(
                    "{}: the fitted means explain {share} % of the variance, and leave σ\u{a0}=\u{a0}{left}",
                    names.target
                )
            }
            false => {
                // Pearson's χ²: the squares of what is left, in units of the variance, which of a Poisson is the mean.
                let square = |((y, fitted), count): ((&f64, &f64), &f64)| count * (y - fitted).powi(2) / fitted;
                let counts = host(p.count())?;
                let pearson: f64 = y.iter().zip(&fitted).zip(&counts).map(square).sum();
                let ratio = pearson / (p.total() - names.columns.len() as f64 - 1.0);
                let of = if ratio.is_finite() && ratio > 0.0 { round(ratio) } else { "–".into() };
                format!("{}: about their fitted means the counts vary {of} times as much as a Poisson's", names.target)
            }
        };
        let title = if learned.converged { title } else { format!("Not converged. {title}") };
        let alone = match names.parts.as_slice() {
            [parts] => matches!(parts.as_slice(), [Part::Number { power: 1, .. }]) && p.batch().offset().is_none(),
            _ => false,
        };
        let stride = p.distinct().div_ceil(POINTS);
        let some = if stride > 1 { format!(", every {stride}th of them") } else { String::new() };
        let figure = Figure::new(title);
        if alone {
            let x = host(p.batch().x())?;
            let (low, high) = x.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(*x), b.max(*x)));
            let grid: Vec<f64> = (0..=200).map(|i| low + (high - low) * f64::from(i) / 200.0).collect();
            let like = |values: Vec<f64>, shape: &[usize]| like(p.batch().x(), values, shape);
            let places =
                Response::new(like(grid.clone(), &[grid.len(), 1])?, like(vec![0.0; grid.len()], &[grid.len()])?)?;
            let panel = Panel::new(Axis::new(&names.columns[0]), Axis::new(&names.target));
            let panel = observed(panel, p, &x, &y, stride)
                .line(grid.into_iter().zip(host(&means(&places)?)?), Ink::Vermillion)
                .label("fitted mean");
            return self.draw("model.png", figure.subtitle(format!("discs: the data{some}")).column([panel]));
        }
        let ends = fitted.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(*v), b.max(*v)));
        let panel = Panel::new(Axis::new(format!("fitted mean of {}", names.target)), Axis::new(&names.target));
        let panel = observed(panel, p, &fitted, &y, stride)
            .line([(ends.0, ends.0), (ends.1, ends.1)], Ink::Vermillion)
            .label("observed = fitted");
        self.draw(
            "model.png",
            figure.subtitle(format!("discs: the data{some}, against what was foretold of them")).column([panel]),
        )
    }
}

/// A disc for each row, its area how often it was observed where rows repeat.
fn observed(panel: Panel, p: &Empirical<Response>, x: &[f64], y: &[f64], stride: usize) -> Panel {
    let points = || x.iter().copied().zip(y.iter().copied());
    match (2 * p.distinct() > p.total() as usize, host(p.mass())) {
        (false, Ok(mass)) => {
            panel.discs(points().zip(mass).map(|((x, y), mass)| (x, y, mass)).step_by(stride), Ink::SkyBlue)
        }
        _ => panel.points(points().step_by(stride), Ink::SkyBlue),
    }
}
