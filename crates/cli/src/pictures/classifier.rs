//! The pictures of a classifier: the slice through its likelihood, its probabilities over the observed shares.

use std::collections::HashMap;

use anyhow::Result;
use candle_mle::batch::{host, like};
use candle_mle::model::Linear;
use candle_mle::table::Names;
use candle_mle::{Classifier, Design, Empirical, Labelled, LossLog, walk};
use candle_mle_plot::{Axis, Figure, Ink, Panel};

use super::{Slice, View};
use crate::flags::Data;
use crate::learned::Learned;
use crate::run::Run;

/// Colours of the classes, in order.
const INKS: [Ink; 7] = [Ink::Blue, Ink::Vermillion, Ink::Green, Ink::Purple, Ink::Orange, Ink::SkyBlue, Ink::Black];

impl<D: Data> Run<D> {
    /// All three pictures of a classifier. The slice runs along the first slope of the first class after the base class,
    /// its logit at the mean of that column held, or along the direction of a separation.
    pub fn draw_classifier<M: Linear>(&self, design: &Design, learned: &Learned<M>, truth: Option<&M>) -> Result<()> {
        self.draw_descent(learned, "H(Y|X)")?;
        let (data, design) = (&design.p, &design.names);

        let coefficients = learned.model.coefficients()?;
        let (classes, width) = coefficients.dims2()?;
        let fitted = host(&coefficients)?;
        let with = |changes: &[(usize, f64)]| -> candle_mle::Result<M> {
            let mut coefficients = fitted.clone();
            changes.iter().for_each(|(at, value)| coefficients[*at] = *value);
            M::from_coefficients(&like(data.batch().x(), coefficients, (classes, width))?)
        };
        let (slope, intercept) = (width, 2 * width - 1);
        // Far from x = 0 slope and intercept are one valley; slope and the logit at the mean of x are not.
        let spread = data.standardize()?;
        // Without a column the intercept stands in the place of the slope.
        let first = |of: Vec<f64>, none: f64| of.first().copied().unwrap_or(none);
        let (mean, sd) = (first(host(spread.shift())?, 0.0), first(host(spread.scale())?, 1.0));
        let at_mean = |logit: f64, w: f64| with(&[(intercept, logit - w * mean), (slope, w)]);
        let slice = match &learned.separation {
            Some(separation) => {
                let along = separation.direction.concat();
                let moved = |t: f64| {
                    let places = fitted.iter().zip(&along).map(|(from, delta)| from + t * delta).enumerate();
                    with(&places.collect::<Vec<_>>())
                };
                let axis = "distance from the end of the descent along the separating direction";
                Slice::new(axis, reach(&moved, data)?, moved, data)?.without_minimum(separation.infimum)
            }
            None => {
                // The fitted slope is a place of the grid.
                let grid = (-61..=99).map(|i| fitted[slope] + f64::from(i) / 47.0 / sd).collect();
                let of = if classes > 2 {
                    format!(", {} against {}", design.classes[1], design.classes[0])
                } else {
                    String::new()
                };
                let axis = match design.columns.first() {
                    Some(column) => format!("slope of {column}{of} (logits per unit)"),
                    None => format!("intercept{of} (logits)"),
                };
                let logit = fitted[intercept] + fitted[slope] * mean;
                Slice::new(axis, grid, |value| at_mean(logit, value), data)?
            }
        };
        let view = if (classes, width) == (2, 2) {
            // Parameters in the order of their names: bias, weight; of a softmax with its row of class 0 before.
            let place = |intercept: f64, slope: f64| (intercept + slope * mean, slope);
            let of_step = |theta: &Vec<f64>| place(theta[theta.len() / 2 - 1], theta[theta.len() - 1]);
            let truth = truth.map(|t| t.coefficients()).transpose()?.map(|c| host(&c)).transpose()?;
            let truth = truth.map(|c| place(c[intercept], c[slope]));
            let path = learned.path.iter().map(of_step).collect();
            // A standard deviation of x moves a logit by slope · sd: as far as that both ways the basin is seen whole.
            let logit = (format!("logit at the mean {}", design.columns[0]), 1.6 * fitted[slope].abs() * sd);
            let axes = [(logit.0.as_str(), logit.1), ("slope (logits per unit)", 0.0)];
            Some(View::new(axes, path, truth, at_mean, data)?)
        } else {
            None
        };
        self.draw_landscape(&slice, view.as_ref())?;

        let seen = Patterns::of(data, &learned.model, classes)?;
        let title = if seen.repeat {
            let unit = self.unit();
            let kl = learned.history.rows().last().map_or(f64::NAN, |row| row.kl / unit.nats());
            format!("{}: fitted and observed shares are KL = {kl:.4} {unit} apart", design.target)
        } else {
            // Single observations have no shares: KL is all of the cross-entropy, and says nothing of this picture.
            let apart = 100.0 * seen.apart(width == 2);
            format!("{}: fitted and observed shares are {apart:.1} % apart on average", design.target)
        };
        let panel =
            if width == 2 { curves(design, data, &seen, &learned.model, truth)? } else { calibration(design, &seen) };
        let of = match (seen.repeat, width == 2) {
            (true, _) => "every pattern of x",
            (false, true) => "every twentieth of the range of x",
            (false, false) => "every tenth of the fitted probability",
        };
        let subtitle = format!("discs: observed shares, one for {of}, their area the number of observations");
        self.draw("model.png", Figure::new(title).subtitle(subtitle).column([panel]))
    }
}

/// A grid along a separating direction, from where the cross-entropy is half a bit higher to as far beyond.
fn reach<M: Linear>(at: &impl Fn(f64) -> candle_mle::Result<M>, data: &Empirical<Labelled>) -> Result<Vec<f64>> {
    let mut log = LossLog::new();
    let lengths = (0..20).map(|i| f64::from(1 << i));
    walk(std::iter::once(0.0).chain(lengths.clone().map(|t| -t)).map(at), data, &mut log)?;
    let history = log.into_history()?;
    let losses = history.rows().iter().map(|row| row.cross_entropy);
    let here = history.rows()[0].cross_entropy;
    let far = lengths.zip(losses.skip(1)).find(|(_, loss)| loss - here > 0.35).map_or(1.0, |(t, _)| t);
    Ok((0..=160).map(|i| far * (f64::from(i) / 80.0 - 1.0)).collect())
}

/// The fitted probability of every class against one column, over the observed shares.
fn curves<M: Classifier>(
    design: &Names,
    data: &Empirical<Labelled>,
    seen: &Patterns,
    model: &M,
    truth: Option<&M>,
) -> Result<Panel> {
    let (low, high) = seen.range();
    let grid: Vec<f64> = (0..=200).map(|i| low + (high - low) * f64::from(i) / 200.0).collect();
    let x = like(data.batch().x(), grid.clone(), (grid.len(), 1))?;
    let probs = |model: &M| -> Result<Vec<f64>> { Ok(host(&model.log_probs(&x)?)?.iter().map(|l| l.exp()).collect()) };
    let (fitted, truth) = (probs(model)?, truth.map(probs).transpose()?);
    let classes = design.classes.len();
    let mut panel = Panel::new(
        Axis::new(&design.columns[0]),
        Axis::new(format!("probability of {}", design.target)).range(-0.02, 1.02),
    );
    for class in shown(classes) {
        let ink = INKS[class % INKS.len()];
        let shares = seen.discs(class, true).into_iter().map(|disc| (disc.x, disc.share, disc.count));
        let curve =
            |probs: &[f64]| grid.iter().enumerate().map(|(i, x)| (*x, probs[i * classes + class])).collect::<Vec<_>>();
        panel = panel.discs(shares, ink).line(curve(&fitted), ink).label(&design.classes[class]);
        if let Some(truth) = &truth {
            panel = panel.line(curve(truth), Ink::Black).dotted().width(3.0);
            panel = if class + 1 == classes { panel.label("truth") } else { panel };
        }
    }
    Ok(panel)
}

/// Observed shares against fitted probabilities: on the diagonal the model says what was seen.
fn calibration(design: &Names, seen: &Patterns) -> Panel {
    let panel =
        Panel::new(Axis::new("fitted probability").range(-0.02, 1.02), Axis::new("observed share").range(-0.02, 1.02))
            .line([(0.0, 0.0), (1.0, 1.0)], Ink::Grey)
            .dashed()
            .label("fitted = observed");
    shown(design.classes.len()).fold(panel, |panel, class| {
        let discs = seen.discs(class, false).into_iter().map(|disc| (disc.fitted, disc.share, disc.count));
        panel.discs(discs, INKS[class % INKS.len()]).label(format!("{} {}", design.target, design.classes[class]))
    })
}

/// The classes that a picture shows: of two one says all.
fn shown(classes: usize) -> std::ops::Range<usize> {
    if classes == 2 { 1..2 } else { 0..classes }
}

/// What was observed at every x, beside what the model says of it.
struct Patterns {
    seen: Vec<Pattern>,
    /// Whether there are four observations or more at an x, so that shares mean something.
    repeat: bool,
}

/// One x: its first column, how often it was observed, the share and the fitted probability of every class.
struct Pattern {
    x: f64,
    count: f64,
    share: Vec<f64>,
    fitted: Vec<f64>,
}

/// Some observations together: the means of the first column, of the share and of the probability of one class.
#[derive(Clone, Copy, Default)]
struct Disc {
    x: f64,
    share: f64,
    fitted: f64,
    count: f64,
}

impl Patterns {
    fn of<M: Classifier>(data: &Empirical<Labelled>, model: &M, classes: usize) -> Result<Self> {
        let width = data.batch().x().dim(1)?;
        let (x, count) = (host(data.batch().x())?, host(data.count())?);
        let y = host(data.batch().y())?;
        let (mut place, mut rows, mut seen) = (HashMap::new(), vec![], Vec::<Pattern>::new());
        for (row, (y, count)) in y.into_iter().zip(count).enumerate() {
            let x = &x[row * width..][..width];
            let key: Vec<u64> = x.iter().map(|v| v.to_bits()).collect();
            let at = *place.entry(key).or_insert_with(|| {
                rows.extend_from_slice(x);
                seen.push(Pattern {
                    x: x.first().copied().unwrap_or(0.0),
                    count: 0.0,
                    share: vec![0.0; classes],
                    fitted: vec![],
                });
                seen.len() - 1
            });
            seen[at].count += count;
            seen[at].share[y as usize] += count;
        }
        let probs = host(&model.log_probs(&like(data.batch().x(), rows, (seen.len(), width))?)?)?;
        for (pattern, log_probs) in seen.iter_mut().zip(probs.chunks(classes)) {
            pattern.share.iter_mut().for_each(|share| *share /= pattern.count);
            pattern.fitted = log_probs.iter().map(|l| l.exp()).collect();
        }
        let repeat = 4 * seen.len() <= data.total() as usize;
        Ok(Self { seen, repeat })
    }

    fn range(&self) -> (f64, f64) {
        let places = self.seen.iter().map(|pattern| pattern.x);
        places.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)))
    }

    /// One for every pattern; where no shares repeat, for a twentieth of the range of x, or a tenth of the probability.
    fn discs(&self, class: usize, by_x: bool) -> Vec<Disc> {
        let (low, high) = self.range();
        let bins = if by_x { 20 } else { 10 };
        let mut discs = vec![Disc::default(); if self.repeat { self.seen.len() } else { bins }];
        for (at, pattern) in self.seen.iter().enumerate() {
            let (fitted, count) = (pattern.fitted[class], pattern.count);
            let place = if by_x { (pattern.x - low) / (high - low) } else { fitted };
            let at = if self.repeat { at } else { ((place * bins as f64) as usize).min(bins - 1) };
            let disc = &mut discs[at];
            disc.x += pattern.x * count;
            disc.share += pattern.share[class] * count;
            disc.fitted += fitted * count;
            disc.count += count;
        }
        discs.retain(|disc| disc.count > 0.0);
        let mean = |d: Disc| Disc { x: d.x / d.count, share: d.share / d.count, fitted: d.fitted / d.count, ..d };
        discs.into_iter().map(mean).collect()
    }

    /// |share − fitted|, the mean over all observations and the classes shown.
    fn apart(&self, by_x: bool) -> f64 {
        let classes = shown(self.seen.first().map_or(0, |pattern| pattern.share.len()));
        let discs: Vec<Disc> = classes.flat_map(|class| self.discs(class, by_x)).collect();
        let total: f64 = discs.iter().map(|disc| disc.count).sum();
        discs.iter().map(|disc| (disc.share - disc.fitted).abs() * disc.count).sum::<f64>() / total
    }
}
