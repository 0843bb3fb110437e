//! The picture of a fitted Gaussian over its data.

use std::collections::BTreeMap;

use candle_core::Tensor;

use super::round;
use crate::cli::{Data, Run};
use crate::empirical::Empirical;
use crate::error::Result;
use crate::model::{Gaussian, host};
use crate::plot::{Axis, Figure, Ink, Panel, ellipse};

impl<D: Data> Run<D> {
    /// `model.png` of a Gaussian: the density over the histogram; with several columns a map of all pairs.
    pub fn draw_density(&self, names: &[String], data: &Empirical<Tensor>, model: &Gaussian) -> Result<()> {
        let (mean, covariance) = (host(&model.mean()?)?, host(&model.covariance()?)?);
        let (k, points, mass) = (mean.len(), host(data.batch())?, host(data.mass())?);
        let column = |j: usize| points.iter().skip(j).step_by(k).copied().collect::<Vec<_>>();
        let sigma = |j: usize| covariance[j * k + j].sqrt();
        let marginal = |j: usize| {
            let cell = data.resolution().map(|r| r[j]);
            let bars = histogram(&column(j), &mass, cell, sigma(j));
            let density = (0..=400).map(|i| mean[j] + sigma(j) * (f64::from(i) - 200.0) / 50.0).map(|x| {
                let z = (x - mean[j]) / sigma(j);
                (x, (-0.5 * z * z).exp() / (sigma(j) * (2.0 * std::f64::consts::PI).sqrt()))
            });
            let x = Axis::new(&names[j]);
            Panel::new(x, Axis::new("density (per unit)"))
                .bars(bars, Ink::SkyBlue)
                .label("data")
                .line(density, Ink::Vermillion)
                .label("fitted Gaussian")
        };
        let subtitle = "discs: the data; ellipses: they hold 50 % (line) and 90 % (dashes) of the fitted Gaussian";
        let pair = |i: usize, j: usize| {
            let (x, y) = (column(j), column(i));
            let panel = Panel::new(Axis::new(&names[j]), Axis::new(&names[i]));
            // Where points repeat, the area of a disc says how often.
            let panel = if 2 * data.distinct() > data.total() as usize {
                panel.points(x.into_iter().zip(y), Ink::SkyBlue)
            } else {
                panel.discs(x.into_iter().zip(y).zip(&mass).map(|((x, y), m)| (x, y, *m)), Ink::SkyBlue)
            };
            let block =
                [[covariance[j * k + j], covariance[j * k + i]], [covariance[i * k + j], covariance[i * k + i]]];
            // Of a Gaussian in the plane, 1 − exp(−r²/2) lies within r standard deviations.
            let holding = |share: f64| ellipse([mean[j], mean[i]], block, (-2.0 * (1.0 - share).ln()).sqrt());
            panel.line(holding(0.5), Ink::Vermillion).line(holding(0.9), Ink::Vermillion).dashed()
        };
        let figure = match k {
            1 => Figure::new(format!(
                "The fitted Gaussian: mean {}, standard deviation {}",
                round(mean[0]),
                round(sigma(0))
            ))
            .column([marginal(0)]),
            2 => {
                let rho = covariance[1] / (sigma(0) * sigma(1));
                Figure::new(format!("One Gaussian for both columns: their correlation is {rho:.3}"))
                    .subtitle(subtitle)
                    .column([pair(1, 0)])
            }
            _ => {
                let pairs: Vec<_> = (0..k).flat_map(|i| (0..i).map(move |j| (i, j))).collect();
                let shown = pairs.len().min(12);
                let rows = (shown as f64).sqrt().floor() as usize;
                let of =
                    if shown == pairs.len() { format!("all {shown}") } else { format!("{shown} of {}", pairs.len()) };
                let title = format!("One Gaussian for {k} columns: its ellipses in {of} pairs");
                let grid = Figure::new(title).subtitle(subtitle);
                pairs[..shown].chunks(rows).fold(grid, |grid, column| {
                    grid.column(column.iter().map(|(i, j)| pair(*i, *j)).collect::<Vec<_>>())
                })
            }
        };
        figure.save(self.out("model.png"))
    }
}

/// Cells (from, to, density): whole cells of the resolution, at least a fifth of σ wide, or fifths of σ.
fn histogram(values: &[f64], mass: &[f64], cell: Option<f64>, sigma: f64) -> Vec<(f64, f64, f64)> {
    let width = match cell {
        Some(cell) => cell * (0.2 * sigma / cell).round().max(1.0),
        None => 0.2 * sigma,
    };
    let mut bins = BTreeMap::<i64, f64>::new();
    // Half a recorded step aside, so that no recorded number lies on an edge.
    let origin = cell.map_or(0.0, |cell| -0.5 * cell);
    for (value, mass) in values.iter().zip(mass) {
        *bins.entry(((value - origin) / width).floor() as i64).or_default() += mass;
    }
    bins.into_iter()
        .map(|(bin, mass)| (origin + bin as f64 * width, origin + (bin + 1) as f64 * width, mass / width))
        .collect()
}
