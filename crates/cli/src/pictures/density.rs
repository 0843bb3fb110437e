//! The picture of a fitted Gaussian over its data.

use std::collections::BTreeMap;

use anyhow::Result;
use candle_core::{Device, Tensor};
use candle_mle::batch::host;
use candle_mle::families::{Ranked, Ranking};
use candle_mle::info::law::{Law, MultivariateNormal, Normal};
use candle_mle::info::number::{count, fixed, shown_within};
use candle_mle::model::Gaussian;
use candle_mle::{Empirical, History};
use candle_mle_plot::{Axis, Figure, Ink, Panel, ellipse};

use super::landscape::BELOW;
use super::{Slice, View, near, round};
use crate::flags::Data;
use crate::learned::Learned;
use crate::run::Run;

/// More points than this a picture counts in hexagons.
const DISCS: usize = 5000;
/// Where discs hide each other their density is drawn; of more points than this it is that of a part.
const POINTS: usize = 200_000;

impl<D: Data> Run<D> {
    /// All three pictures of a Gaussian. The slice runs along the mean of the first column; for one column there is also the
    /// plane of mean and standard deviation.
    pub fn draw_gaussian(
        &self,
        names: &[String],
        data: &Empirical<Tensor>,
        learned: &Learned<Gaussian>,
        truth: Option<&Gaussian>,
    ) -> Result<()> {
        self.draw_descent(learned, "H(p̂)")?;
        // Of a descent that diverged into what is no Gaussian there is no more to draw, which `say_moments` says.
        let Ok(law) = learned.model.law() else { return Ok(()) };
        let (mean, covariance, sigma) = (law.mean(), law.covariance(), law.covariance()[0][0].sqrt());
        let at = |to: f64| Gaussian::from_moments(&[&[to], &mean[1..]].concat(), &covariance, &Device::Cpu);
        let slice = Slice::new(format!("mean of {}", names[0]), mean[0], (sigma, f64::INFINITY), at, data)?;
        let slice = slice.holding(if names.len() == 1 {
            "the standard deviation"
        } else {
            "the other means, and the covariance"
        });
        let view = if names.len() == 1 {
            // A Gaussian sees of the data their moments, so that theirs costs the same at every place.
            let (mean, covariance) = data.moments()?;
            let seen = MultivariateNormal::new(&mean, &covariance)?;
            let loss = |mean: f64, sigma: f64| {
                Ok(seen.cross_entropy(&MultivariateNormal::new(&[mean], &[[sigma * sigma]])?)?.nats())
            };
            let path = learned.path.iter().map(|theta| (theta[theta.len() - 1], (-theta[0]).exp())).collect();
            let truth = truth.map(Gaussian::law).transpose()?;
            let truth = truth.map(|law| (law.mean()[0], law.covariance()[0][0].sqrt()));
            // The basin is as wide as the data spread, however far from 0 they are.
            let axes = [("mean", 2.0 * sigma), ("standard deviation", sigma)];
            let axes = axes.map(|(what, least)| (format!("{what} of {}", names[0]), least));
            Some(View::new(axes, path, truth, loss)?)
        } else {
            None
        };
        self.draw_landscape(learned, "H(p̂)", &slice, view.as_ref())?;
        self.draw_density(names, data, learned, &law, truth)
    }

    /// `model.png`: the density over the histogram; with several columns a map of all pairs.
    fn draw_density(
        &self,
        names: &[String],
        data: &Empirical<Tensor>,
        learned: &Learned<Gaussian>,
        law: &MultivariateNormal,
        truth: Option<&Gaussian>,
    ) -> Result<()> {
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
            let panel = Panel::new(x, Axis::new(format!("density (per unit of {})", names[j])))
                .bars(bars, Ink::SkyBlue)
                .label("data")
                .curve(ends, |x| fitted.log_prob(x).exp(), Ink::Vermillion)
                .label("fitted Gaussian");
            let Some(truth) = truth.map(Gaussian::law).transpose()? else { return Ok(panel) };
            let truth = Normal::new(truth.mean()[j], truth.covariance()[j][j].sqrt())?;
            Ok(panel.curve(ends, |x| truth.log_prob(x).exp(), Ink::Black).dotted().label("truth"))
        };
        // Every so manieth point, where there are more than can be seen.
        let stride = data.distinct().div_ceil(POINTS);
        let some = if stride > 1 { format!(", every {stride}th of them") } else { String::new() };
        let what = if data.distinct() > DISCS { "hexagons: how many of the data" } else { "discs: the data" };
        let subtitle =
            format!("{what}{some}; ellipses: they hold 50 % (line) and 90 % (dashes) of the fitted Gaussian");
        let pair = |i: usize, j: usize| {
            let (x, y) = (column(j), column(i));
            let panel = Panel::new(Axis::new(&names[j]), Axis::new(&names[i]));
            // Where points repeat, the area of a disc says how often.
            let panel = if 2 * data.distinct() > data.total() as usize {
                panel.points(x.into_iter().zip(y).step_by(stride), Ink::SkyBlue)
            } else {
                let discs = x.into_iter().zip(y).zip(&mass).map(|((x, y), m)| (x, y, *m));
                panel.discs(discs.step_by(stride), Ink::SkyBlue)
            };
            let block = [[covariance[j][j], covariance[j][i]], [covariance[i][j], covariance[i][i]]];
            // Of a Gaussian in the plane, 1 − exp(−r²/2) lies within r standard deviations.
            let holding = |share: f64| ellipse([mean[j], mean[i]], block, (-2.0 * (1.0 - share).ln()).sqrt());
            panel.line(holding(0.5), Ink::Vermillion).line(holding(0.9), Ink::Vermillion).dashed()
        };
        let (stands, one) = if learned.converged { ("T", "O") } else { ("Not converged: t", "Not converged: o") };
        let figure = match k {
            1 => {
                let kl = learned.history.rows().last().map(|row| row.kl).filter(|kl| kl.is_finite() && *kl > -BELOW);
                let unit = self.unit();
                let far = kl.map_or(String::new(), |kl| format!("; KL = {} {unit}", fixed(kl / unit.nats(), 4)));
                let mean = match mean[0].abs() {
                    1e7.. => shown_within(mean[0], sigma(0)),
                    _ => near(mean[0], sigma(0)),
                };
                let sigma = round(sigma(0));
                let title = format!("{stands}he fitted Gaussian has mean {mean}, standard deviation {sigma}{far}");
                Figure::new(title).column([marginal(0)?])
            }
            2 => {
                let rho = covariance[0][1] / (sigma(0) * sigma(1));
                Figure::new(format!("{one}ne Gaussian for both columns: their correlation is {}", fixed(rho, 3)))
                    .subtitle(subtitle)
                    .column([pair(1, 0)])
            }
            _ => {
                let pairs: Vec<_> = (0..k).flat_map(|i| (0..i).map(move |j| (i, j))).collect();
                let shown = pairs.len().min(12);
                let rows = (shown as f64).sqrt().floor() as usize;
                let of =
                    if shown == pairs.len() { format!("all {shown}") } else { format!("{shown} of {}", pairs.len()) };
                let title = format!("{one}ne Gaussian for {k} columns: its ellipses in {of} pairs");
                let grid = Figure::new(title).subtitle(subtitle);
                pairs[..shown].chunks(rows).fold(grid, |grid, column| {
                    grid.column(column.iter().map(|(i, j)| pair(*i, *j)).collect::<Vec<_>>())
                })
            }
        };
        self.draw("model.png", figure)
    }
}

impl<D: Data> Run<D> {
    /// Distributions over what was observed: densities over a histogram, probabilities as points over the observed shares.
    #[allow(clippy::too_many_arguments, reason = "what is drawn, of what, and how it stands")]
    pub(crate) fn draw_over(
        &self,
        file: &str,
        name: &str,
        p: &Empirical<Tensor>,
        law: (&str, &dyn Law),
        density: bool,
        converged: bool,
        history: &History,
    ) -> Result<()> {
        let unit = self.unit();
        let kl = history.rows().last().map(|row| row.kl).filter(|kl| kl.is_finite() && *kl > -BELOW);
        let far = kl.map_or(String::new(), |kl| format!(": KL = {} {unit}", fixed(kl / unit.nats(), 4)));
        let stands = if converged { "T" } else { "Not converged: t" };
        let title = format!("{stands}he fitted {} beside the {} observations of {name}{far}", law.0, count(p.total()));
        self.draw(file, Figure::new(title).column([over(name, p, &[(law.0, law.1, density)])?]))
    }

    /// `families.png`: the nearest families over the data, and how far each of all is.
    pub fn draw_families(&self, name: &str, p: &Empirical<Tensor>, ranking: &Ranking) -> Result<()> {
        let unit = self.unit();
        let Some(best) = ranking.ranked.first() else { return Ok(()) };
        let shown: Vec<_> = ranking.ranked.iter().take(3).map(|f| (f.name, &*f.law, f.density)).collect();
        let known = ranking.ranked.iter().all(|family| family.kl.is_some());
        let least = best.cross_entropy.to(unit);
        let far = |family: &Ranked| match family.kl {
            Some(kl) if known => kl.to(unit),
            _ => family.cross_entropy.to(unit) - least,
        };
        let bars = ranking.ranked.iter().enumerate().map(|(at, family)| {
            let ink = if at < shown.len() { INKS[at] } else { Ink::Grey };
            let height = far(family);
            (family.name, [(if height.is_finite() { height.max(0.0) } else { 0.0 }, ink, fixed(height, 4))])
        });
        let label = match known {
            true => format!("KL(p̂‖q), {unit} per observation"),
            false => format!("H(p̂,q) above the least, {unit} per observation"),
        };
        let panel = Panel::stacks(Axis::new(""), Axis::new(label), bars).lying();
        let by_aic = ranking.ranked.iter().min_by(|a, b| a.aic.total_cmp(&b.aic)).unwrap_or(best);
        let far = if known { format!(", KL = {} {unit}", fixed(far(best), 4)) } else { String::new() };
        let aic = match by_aic.name == best.name {
            true => ", and of least AIC".into(),
            false => format!("; of least AIC is the {}", by_aic.name),
        };
        let title = format!("Nearest to {name} is the {}{far}{aic}", best.name);
        let subtitle =
            format!("{} families fit, each by its likeliest member; drawn are the nearest", ranking.ranked.len());
        let figure = Figure::new(title).subtitle(subtitle).column([over(name, p, &shown)?]);
        self.draw("families.png", figure.column([panel]))
    }
}

/// Of the nearest families.
const INKS: [Ink; 3] = [Ink::Vermillion, Ink::Blue, Ink::Green];

/// Distributions, by name, law and whether it is a density, over the data.
fn over(name: &str, p: &Empirical<Tensor>, laws: &[(&str, &dyn Law, bool)]) -> Result<Panel> {
    let (x, mass) = (host(p.batch())?, host(p.mass())?);
    let (mean, covariance) = p.moments()?;
    let sigma = covariance[0][0].sqrt().max(f64::MIN_POSITIVE);
    let (low, high) = x.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(*x), b.max(*x)));
    let counts = laws.iter().any(|(.., density)| !density);
    let cell = p.resolution().map(|r| r[0]).or(counts.then_some(1.0));
    // A long tail is cut where there is no more than one observation in a thousand.
    let ends = (low.max(mean[0] - 6.0 * sigma), high.min(mean[0] + 6.0 * sigma));
    let spread = middle(&x, &mass).min(sigma);
    let bars = histogram(&x, &mass, cell, spread).into_iter().filter(|bar| bar.1 > ends.0 && bar.0 < ends.1);
    let y = match counts {
        true => "probability".to_string(),
        false => format!("density (per unit of {name})"),
    };
    let mut panel = Panel::new(Axis::new(name), Axis::new(y)).bars(bars, Ink::SkyBlue).label("data");
    let widened = (ends.0 - 0.05 * (ends.1 - ends.0), ends.1 + 0.05 * (ends.1 - ends.0));
    for ((name, law, density), ink) in laws.iter().zip(INKS) {
        let value = |x: f64| law.log_prob(x).exp();
        let shown = format!("fitted {name}");
        panel = match density {
            true => {
                panel.curve(widened, |x| Some(value(x)).filter(|y| y.is_finite()).unwrap_or(f64::NAN), ink).label(shown)
            }
            false => {
                let last = ends.1.min(low.max(0.0) + 400.0) as i64;
                panel.points((ends.0.max(0.0) as i64..=last).map(|k| (k as f64, value(k as f64))), ink).label(shown)
            }
        };
    }
    Ok(panel)
}

/// Half of the range that holds the middle half of the data, as a standard deviation of a Gaussian.
fn middle(x: &[f64], mass: &[f64]) -> f64 {
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|a, b| x[*a].total_cmp(&x[*b]));
    let at = |share: f64| {
        let mut sum = 0.0;
        let found = order.iter().find(|i| {
            sum += mass[**i];
            sum >= share
        });
        found.map_or(0.0, |i| x[*i])
    };
    let half = (at(0.75) - at(0.25)) / 1.349;
    if half > 0.0 { half } else { f64::INFINITY }
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
        .map(|(bin, mass)| (origin + bin as f64 * width, origin + (bin as f64 + 1.0) * width, mass / width))
        .collect()
}
