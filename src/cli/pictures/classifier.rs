//! The pictures of a classifier: the slice through its likelihood, its probabilities over the observed shares.

use std::collections::HashMap;

use candle_core::{Device, Tensor};

use super::{Slice, View};
use crate::cli::{Data, Learned, Run};
use crate::empirical::Empirical;
use crate::error::Result;
use crate::fit::walk;
use crate::hook::LossLog;
use crate::model::{Classifier, Labelled, Standardize, host};
use crate::plot::{Axis, Figure, Ink, Panel};
use crate::table::Design;

/// Colours of the classes, in order.
const INKS: [Ink; 7] = [Ink::Blue, Ink::Vermillion, Ink::Green, Ink::Purple, Ink::Orange, Ink::SkyBlue, Ink::Black];

impl<D: Data> Run<D> {
    /// All three pictures of a classifier. The slice runs along the first slope of the first class after
    /// the base class, or along the direction of a separation.
    pub fn draw_classifier<M: Classifier>(
        &self,
        design: &Design,
        data: &Empirical<Labelled>,
        learned: &Learned<M>,
        truth: Option<&M>,
    ) -> Result<()> {
        self.draw_descent(learned, "H(Y|X)")?;

        let coefficients = learned.model.coefficients()?;
        let (classes, width) = coefficients.dims2()?;
        let fitted = host(&coefficients)?;
        let with = |changes: &[(usize, f64)]| {
            let mut coefficients = fitted.clone();
            changes.iter().for_each(|(at, value)| coefficients[*at] = *value);
            M::from_coefficients(&like(data.batch().x(), coefficients, (classes, width))?)
        };
        let (slope, intercept) = (width, 2 * width - 1);
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
                let spread = Standardize::moments(data.batch().x(), data.mass())?;
                let unit = 1.0 / host(spread.scale())?[0];
                let grid = (0..=160).map(|i| fitted[slope] + unit * (-1.3 + 3.4 * f64::from(i) / 160.0)).collect();
                let of = if classes > 2 {
                    format!(", {} against {}", design.classes[1], design.classes[0])
                } else {
                    String::new()
                };
                let axis = format!("slope of {}{of} (logits per unit)", design.columns[0]);
                Slice::new(axis, grid, |value| with(&[(slope, value)]), data)?
            }
        };
        let view = if (classes, width) == (2, 2) {
            // Parameters in the order of their names: bias, weight; of a softmax with its row of class 0 before.
            let path = learned.path.iter().map(|theta| (theta[theta.len() / 2 - 1], theta[theta.len() - 1])).collect();
            let truth = truth.map(|t| t.coefficients()).transpose()?.map(|c| host(&c)).transpose()?;
            let truth = truth.map(|c| (c[intercept], c[slope]));
            let at = |b: f64, w: f64| with(&[(intercept, b), (slope, w)]);
            Some(View::new(["intercept (logits)", "slope (logits per unit)"], path, truth, at, data)?)
        } else {
            None
        };
        self.draw_landscape(&slice, view.as_ref())?;

        let figure = if width == 2 {
            curves(design, data, &learned.model, truth)?
        } else {
            let unit = self.unit();
            let kl = learned.history.rows().last().map_or(f64::NAN, |row| row.kl / unit.nats());
            let title = format!("{}: fitted and observed shares are KL = {kl:.4} {unit} apart", design.target);
            calibration(title, design, data, &learned.model)?
        };
        figure.save(self.out("model.png"))
    }
}

/// A grid along a separating direction, from where the cross-entropy is half a bit higher to as far beyond.
fn reach<M: Classifier>(at: &impl Fn(f64) -> Result<M>, data: &Empirical<Labelled>) -> Result<Vec<f64>> {
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
fn curves<M: Classifier>(design: &Design, data: &Empirical<Labelled>, model: &M, truth: Option<&M>) -> Result<Figure> {
    let seen = patterns(data, design.classes.len())?;
    let places = seen.iter().map(|pattern| pattern.x[0]);
    let (low, high) = places.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
    let grid: Vec<f64> = (0..=200).map(|i| low + (high - low) * f64::from(i) / 200.0).collect();
    let x = like(data.batch().x(), grid.clone(), (grid.len(), 1))?;
    let probs = |model: &M| -> Result<Vec<f64>> { Ok(host(&model.log_probs(&x)?)?.iter().map(|l| l.exp()).collect()) };
    let (fitted, truth) = (probs(model)?, truth.map(probs).transpose()?);
    let classes = design.classes.len();
    let mut panel = Panel::new(
        Axis::new(&design.columns[0]),
        Axis::new(format!("probability of {}", design.target)).range(-0.02, 1.02),
    );
    // Of two classes one curve says all.
    for class in if classes == 2 { 1..2 } else { 0..classes } {
        let ink = INKS[class % INKS.len()];
        let shares = seen.iter().map(|p| (p.x[0], p.share[class], p.count));
        let curve =
            |probs: &[f64]| grid.iter().enumerate().map(|(i, x)| (*x, probs[i * classes + class])).collect::<Vec<_>>();
        panel = panel.discs(shares, ink).line(curve(&fitted), ink).label(&design.classes[class]);
        if let Some(truth) = &truth {
            panel = panel.line(curve(truth), Ink::Black).dotted().width(3.0);
            panel = if class + 1 == classes { panel.label("truth") } else { panel };
        }
    }
    let title = format!("The fitted probability of {} follows the observed shares", design.target);
    Ok(Figure::new(title)
        .subtitle("discs: observed shares, their area the number of observations; lines: fitted")
        .column([panel]))
}

/// Observed shares against fitted probabilities: on the diagonal the model says what was seen.
fn calibration<M: Classifier>(title: String, design: &Design, data: &Empirical<Labelled>, model: &M) -> Result<Figure> {
    let classes = design.classes.len();
    let seen = patterns(data, classes)?;
    let x = seen.iter().flat_map(|p| p.x.iter().copied()).collect();
    let probs = host(&model.log_probs(&like(data.batch().x(), x, (seen.len(), design.columns.len()))?)?)?;
    let repeated = 4 * seen.len() <= data.total() as usize;
    let mut panel =
        Panel::new(Axis::new("fitted probability").range(-0.02, 1.02), Axis::new("observed share").range(-0.02, 1.02))
            .line([(0.0, 0.0), (1.0, 1.0)], Ink::Grey)
            .dashed()
            .label("fitted = observed");
    for class in if classes == 2 { 1..2 } else { 0..classes } {
        let fitted = (0..seen.len()).map(|i| probs[i * classes + class].exp());
        let mut discs: Vec<(f64, f64, f64)> = fitted.zip(&seen).map(|(q, p)| (q, p.share[class], p.count)).collect();
        if !repeated {
            discs = tenths(&discs);
        }
        panel =
            panel.discs(discs, INKS[class % INKS.len()]).label(format!("{} {}", design.target, design.classes[class]));
    }
    let of = if repeated { "every pattern of x" } else { "every tenth of the fitted probability" };
    Ok(Figure::new(title).subtitle(format!("a disc for {of}, its area the number of observations")).column([panel]))
}

/// What was observed at one x: how often, and the share of every class.
struct Pattern {
    x: Vec<f64>,
    count: f64,
    share: Vec<f64>,
}

fn patterns(data: &Empirical<Labelled>, classes: usize) -> Result<Vec<Pattern>> {
    let width = data.batch().x().dim(1)?;
    let (x, count) = (host(data.batch().x())?, host(data.count())?);
    let y = data.batch().y().to_device(&Device::Cpu)?.to_vec1::<u32>()?;
    let mut place = HashMap::new();
    let mut seen: Vec<Pattern> = vec![];
    for ((x, y), count) in x.chunks(width).zip(y).zip(count) {
        let key: Vec<u64> = x.iter().map(|v| v.to_bits()).collect();
        let at = *place.entry(key).or_insert_with(|| {
            seen.push(Pattern { x: x.to_vec(), count: 0.0, share: vec![0.0; classes] });
            seen.len() - 1
        });
        seen[at].count += count;
        seen[at].share[y as usize] += count;
    }
    for pattern in &mut seen {
        pattern.share.iter_mut().for_each(|share| *share /= pattern.count);
    }
    Ok(seen)
}

/// Discs (x, y, weight) gathered by tenths of x into their weighted means.
fn tenths(discs: &[(f64, f64, f64)]) -> Vec<(f64, f64, f64)> {
    let mut bins = [(0.0, 0.0, 0.0); 10];
    for (x, y, weight) in discs {
        let bin = &mut bins[((x * 10.0) as usize).min(9)];
        *bin = (bin.0 + x * weight, bin.1 + y * weight, bin.2 + weight);
    }
    bins.iter().filter(|bin| bin.2 > 0.0).map(|(x, y, weight)| (x / weight, y / weight, *weight)).collect()
}

/// Numbers as a tensor of the type and on the device of another.
fn like(other: &Tensor, values: Vec<f64>, shape: (usize, usize)) -> Result<Tensor> {
    Ok(Tensor::from_vec(values, shape, &Device::Cpu)?.to_dtype(other.dtype())?.to_device(other.device())?)
}
