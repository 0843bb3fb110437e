//! The picture of a fitted Gaussian over its data.

use std::collections::BTreeMap;

use anyhow::Result;
use candle_core::Tensor;
use candle_mle::Empirical;
use candle_mle::batch::host;
use candle_mle::info::law::{Law, Normal};
use candle_mle::model::Gaussian;
use candle_mle_plot::{Axis, Figure, Ink, Panel, ellipse};

use super::round;
use crate::flags::Data;
use crate::run::Run;

impl<D: Data> Run<D> {
    /// `model.png` of a Gaussian: the density over the histogram; with several columns a map of all pairs.
    pub fn draw_density(&self, names: &[String], data: &Empirical<Tensor>, model: &Gaussian) -> Result<()> {
        let law = model.law()?;
        let (mean, covariance) = (law.mean(), law.covariance());
        let (k, points, mass) = (mean.len(), host(data.batch())?, host(data.mass())?);
        let column = |j: usize| points.iter().skip(j).step_by(k).copied().collect::<Vec<_>>();
        let sigma = |j: usize| covariance[j][j].sqrt();
        let marginal = |j: usize| -> Result<Panel> {
            let cell = data.resolution().map(|r| r[j]);
            let bars = histogram(&column(j), &mass, cell, sigma(j));
            let fitted = Normal::new(mean[j], sigma(j))?;
            let ends = (mean[j] - 4.0 * sigma(j), mean[j] + 4.0 * sigma(j));
            let x = Axis::new(&names[j]);
            Ok(Panel::new(x, Axis::new("density (per unit)"))
                .bars(bars, Ink::SkyBlue)
                .label("data")
                .curve(ends, |x| fitted.log_prob(x).exp(), Ink::Vermillion)
                .label("fitted Gaussian"))
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
            let block = [[covariance[j][j], covariance[j][i]], [covariance[i][j], covariance[i][i]]];
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
            .column([marginal(0)?]),
            2 => {
                let rho = covariance[0][1] / (sigma(0) * sigma(1));
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
        self.draw("model.png", figure)
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
