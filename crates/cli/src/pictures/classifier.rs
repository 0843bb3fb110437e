//! The pictures of a classifier: the slice through its likelihood, its probabilities over the observed shares.

use std::collections::HashMap;

use anyhow::Result;
use candle_core::Tensor;
use candle_mle::batch::{Batch, host, like};
use candle_mle::hook::Row;
use candle_mle::info::Unit;
use candle_mle::info::number::fixed;
use candle_mle::model::Linear;
use candle_mle::score::wilson;
use candle_mle::separation::Separation;
use candle_mle::standardize::Standardize;
use candle_mle::table::Names;
use candle_mle::{Classifier, Design, Empirical, Labelled};
use candle_mle_plot::{Axis, Figure, Ink, Panel};

use super::{Slice, View};
use crate::flags::Data;
use crate::learned::Learned;
use crate::run::Run;
use crate::score::LEVEL;

/// More patterns of x than this have no names on a picture.
const NAMED: usize = 16;
/// More discs than this, one for every pattern of x, bury a curve.
const PATTERNS: usize = 60;
/// A column of more different numbers than this is seen in so many cells by a map.
const BINS: usize = 1000;

impl<D: Data> Run<D> {
    /// All three pictures of a classifier. The slice runs along the slope that moves a logit most, the logits at the mean of
    /// x held, or along the direction of a separation.
    pub fn draw_classifier<M: Linear>(&self, design: &Design, learned: &Learned<M>, truth: Option<&M>) -> Result<()> {
        self.draw_descent(learned, "H(Y|X)")?;
        let (data, names) = (&design.p, &design.names);
        let standard = Standard::of(data, &learned.model)?;
        let slice = standard.slice(data, names, learned)?;
        let view = if (standard.classes(), standard.columns()) == (2, 1) && data.batch().offset().is_none() {
            Some(standard.view(data, names, learned, truth)?)
        } else {
            None
        };
        self.draw_landscape(learned, "H(Y|X)", &slice, view.as_ref())?;

        let figure = match &learned.separation {
            Some(separation) if standard.columns() > 1 => standard.margins(data, names, separation, self.unit())?,
            _ => self.over_shares(design, learned, truth)?,
        };
        self.draw("model.png", figure)
    }

    /// The fitted probabilities over the observed shares.
    fn over_shares<M: Linear>(&self, design: &Design, learned: &Learned<M>, truth: Option<&M>) -> Result<Figure> {
        let (data, names, unit) = (&design.p, &design.names, self.unit());
        // A curve over x is one only where nothing else moves the logit.
        let one_column = names.columns.len() == 1 && data.batch().offset().is_none();
        let seen = Patterns::of(data, &learned.model, names.classes.len())?;
        let named = seen.repeat && !one_column && seen.len() <= 4 * NAMED;
        let kl = learned.history.rows().last().map_or(f64::NAN, |row| row.kl / unit.nats());
        let saturated = kl.abs() < 1e-12;
        let kl = format!("KL = {} {unit}", candle_mle::info::number::seen(kl, 4));
        let target = &names.target;
        let finding = match &learned.separation {
            Some(apart) if apart.complete => {
                format!("{target}: no finite maximum, the fitted probabilities go on towards 0 and 1")
            }
            Some(_) => format!("{target}: no finite maximum, some fitted probabilities go on towards 0 or 1"),
            None if saturated => format!("{target}: the fitted probabilities are the observed shares, {kl}"),
            None if named => {
                let (share, who) = seen.most(names);
                format!("{target}: the model is {kl} from the shares, {:.0} % of it at {who}", 100.0 * share)
            }
            None if seen.repeat => format!("{target}: fitted and observed shares are {kl} apart"),
            // Single observations have no shares: KL is all of the cross-entropy, and says nothing of this picture.
            None => {
                let apart = 100.0 * seen.apart(one_column);
                // What is rare is not far from any small probability.
                let rare = match &names.classes[..] {
                    [_, class] => {
                        let of = seen.seen().map(|pattern| pattern.count * pattern.share[1]).sum::<f64>();
                        format!(", where {:.1} % are {class}", 100.0 * of / data.total())
                    }
                    _ => String::new(),
                };
                format!("{target}, in the sample: fitted and observed shares are {apart:.1} % apart on average{rare}")
            }
        };
        let stands = learned.short().is_none();
        let title = if stands { finding } else { format!("Not converged. {finding}") };
        let of = match (seen.are_few(), one_column) {
            (true, _) => "every pattern of x",
            (false, true) => "every twentieth of the range of x",
            (false, false) => "every tenth of the observations, by their fitted probability",
        };
        let figure = Figure::new(title);
        if named {
            return Ok(seen.dots(names, figure));
        }
        let panel =
            if one_column { curves(names, data, &seen, &learned.model, truth)? } else { calibration(names, &seen) };
        let subtitle = format!("discs: observed shares, one for {of}, their area the number of observations");
        let fitted = if one_column { "" } else { "; the rows that the model was fitted to" };
        Ok(figure.subtitle(subtitle + fitted).column([panel]))
    }
}

/// A classifier and its data where every column has mean 0 and standard deviation 1: there a slope leaves the logits at the
/// mean of x alone.
struct Standard {
    /// In the data's own units, (m, d); all of it in standard ones would be as large again.
    x: Tensor,
    map: Standardize,
    y: Vec<u32>,
    mean: Vec<f64>,
    sd: Vec<f64>,
    /// For every class the slopes, in logits per standard deviation, and the logit at the mean of x.
    coefficients: Vec<Vec<f64>>,
}

impl Standard {
    fn of<M: Linear>(data: &Empirical<Labelled>, model: &M) -> Result<Self> {
        let map = data.standardize()?;
        let (mean, sd) = (host(map.shift())?, host(map.scale())?);
        let (x, y) = (data.batch().x().clone(), data.batch().y().to_vec1::<u32>()?);
        let coefficients = host(&model.coefficients()?)?;
        let coefficients = coefficients.chunks(mean.len() + 1).map(|class| standardised(class, &mean, &sd)).collect();
        Ok(Self { x, map, y, mean, sd, coefficients })
    }

    fn classes(&self) -> usize {
        self.coefficients.len()
    }

    fn columns(&self) -> usize {
        self.sd.len()
    }

    fn slice<M>(&self, data: &Empirical<Labelled>, names: &Names, learned: &Learned<M>) -> Result<Slice> {
        if let Some(separation) = &learned.separation {
            let along: Vec<_> = separation.direction.iter().map(|c| standardised(c, &self.mean, &self.sd)).collect();
            let line = Line::of(self, &along, data)?;
            // From where the loss is half a bit higher to as far beyond.
            let here = line.row(0.0).cross_entropy;
            let back = (0..60).map(|k| -f64::from(k - 10).exp2());
            let far = -back.into_iter().find(|t| line.row(*t).cross_entropy - here > 0.35).unwrap_or(-1.0);
            let axis = "along the separating direction, from the end of the descent".to_string();
            return Slice::towards(axis, (-far, 0.0, far), separation.infimum, |t| Ok(line.row(t)), data);
        }
        // Without a column the intercept stands in the place of the first slope.
        let (mut class, mut column) = (1, 0);
        for c in 1..self.classes() {
            for j in 0..self.columns().max(1) {
                if self.coefficients[c][j].abs() > self.coefficients[class][column].abs() {
                    (class, column) = (c, j);
                }
            }
        }
        let mut along = vec![vec![0.0; self.columns() + 1]; self.classes()];
        let sd = self.sd.get(column).copied().unwrap_or(1.0);
        along[class][column] = sd;
        let line = Line::of(self, &along, data)?;
        let fitted = self.coefficients[class][column] / sd;
        let (name, per) = match self.columns() {
            0 => ("the intercept".to_string(), String::new()),
            _ => per_unit(names, column),
        };
        let of = if self.classes() > 2 {
            format!(" in the logit of {} against {}", names.classes[class], names.classes[0])
        } else {
            String::new()
        };
        let what = match (self.columns(), per.is_empty()) {
            (0, _) => "",
            (_, true) => "coefficient of ",
            (_, false) => "slope of ",
        };
        let axis = format!("{what}{name}{of} (logits{per})");
        let row = |slope: f64| Ok(line.row(slope - fitted));
        let slice = Slice::around(axis, fitted, (1.0 / sd, f64::INFINITY), line.base.len(), row, data)?;
        Ok(match (self.columns(), self.classes()) {
            (0, 2) => slice,
            (0, _) => slice.holding("all other intercepts"),
            (1, 2) => slice.holding(format!("the logit at the mean of {name}")),
            _ => slice.holding("all other slopes, and the logits at the mean of x"),
        })
    }

    /// Of two classes and one column: over the logit at the mean of x and the slope.
    fn view<M: Linear>(
        &self,
        data: &Empirical<Labelled>,
        names: &Names,
        learned: &Learned<M>,
        truth: Option<&M>,
    ) -> Result<View> {
        let (mean, sd) = (self.mean[0], self.sd[0]);
        // Parameters in the order of their names: bias, weight; of a softmax with its row of class 0 before.
        let place = |intercept: f64, slope: f64| (intercept + slope * mean, slope);
        let of_step = |theta: &Vec<f64>| place(theta[theta.len() / 2 - 1], theta[theta.len() - 1]);
        let truth = truth.map(|t| Ok::<_, anyhow::Error>(host(&t.coefficients()?)?)).transpose()?;
        let truth = truth.map(|c| place(c[3], c[2]));
        let path = learned.path.iter().map(of_step).collect();
        // A standard deviation of x moves a logit by slope · sd: as far as that both ways the basin is seen whole.
        let (name, per) = per_unit(names, 0);
        let least = 1.6 * self.coefficients[1][0].abs();
        let axes = [(format!("logit at the mean of {name}"), least), (format!("slope of {name} (logits{per})"), 0.0)];
        let cells = self.cells(&host(data.mass())?)?;
        View::new(axes, path, truth, |logit, slope| {
            let nats = |(x, mass): &(f64, [f64; 2])| {
                let z = logit + slope * sd * x;
                mass[1] * surprise([-z]) + mass[0] * surprise([z])
            };
            Ok(cells.iter().map(nats).sum())
        })
    }

    /// Every place of the one column, and the mass of both classes there; the means of narrow cells where there are many.
    fn cells(&self, mass: &[f64]) -> Result<Vec<(f64, [f64; 2])>> {
        let x = host(&self.map.apply(&self.x)?)?;
        let (low, high) = x.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(*x), b.max(*x)));
        let mut cells = HashMap::<u64, (f64, [f64; 2])>::new();
        let few = x.len() <= 2 * BINS;
        for ((x, y), mass) in x.iter().zip(&self.y).zip(mass) {
            let cell = if few { x.to_bits() } else { ((x - low) / (high - low) * BINS as f64) as u64 };
            let (moment, masses) = cells.entry(cell).or_default();
            *moment += x * mass;
            masses[*y as usize] += mass;
        }
        let mut cells: Vec<_> = cells.into_values().map(|(moment, m)| (moment / (m[0] + m[1]), m)).collect();
        // The order of a sum is part of its last digit.
        cells.sort_by(|a, b| a.0.total_cmp(&b.0));
        Ok(cells)
    }

    /// How far every observation is told apart: by how much the logit of its class outgrows all others along the direction.
    fn margins(
        &self,
        data: &Empirical<Labelled>,
        names: &Names,
        separation: &Separation,
        unit: Unit,
    ) -> Result<Figure> {
        let along: Vec<_> = separation.direction.iter().map(|c| standardised(c, &self.mean, &self.sd)).collect();
        let line = Line::of(self, &along, data)?;
        let margins = line.slope.chunks(line.others).map(|c| -c.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        let margins: Vec<f64> = margins.collect();
        let largest = margins.iter().copied().fold(0.0, f64::max);
        let told = |margin: f64| margin > 1e-7 * largest;
        // A fortieth of the way to the largest is a cell; those that stay have one of their own.
        let mut cells = vec![[0.0; 41]; self.classes()];
        let (mut apart, count) = (0.0, &line.count);
        for ((margin, y), count) in margins.iter().zip(&self.y).zip(count) {
            apart += if told(*margin) { *count } else { 0.0 };
            let cell = if told(*margin) { (1.0 + margin / largest * 39.999) as usize } else { 0 };
            cells[*y as usize][cell.min(40)] += count;
        }
        let discs = |y: usize, cells: &[f64; 41]| {
            let place = |cell: usize| if cell == 0 { 0.0 } else { (cell as f64 - 0.5) / 40.0 * largest };
            (0..41).filter(|at| cells[*at] > 0.0).map(|at| (place(at), y as f64, cells[at])).collect::<Vec<_>>()
        };
        let axis = Axis::new("margin: logits gained for each unit along the separating direction");
        let mut panel = Panel::new(axis, Axis::new(&names.target).categories(&names.classes)).vline(0.0, "");
        for ((y, cells), (ink, _)) in cells.iter().enumerate().zip(inks(&names.classes)) {
            panel = panel.discs(discs(y, cells), ink);
        }
        let n = data.total();
        let title = if separation.complete {
            format!("{}: a direction tells all {n} observations apart, so that the loss has no minimum", names.target)
        } else {
            let infimum = fixed(separation.infimum.to(unit), 4);
            format!(
                "{}: {apart} of {n} observations are told apart; the other {} keep the NLL above {infimum} {unit}",
                names.target,
                n - apart
            )
        };
        let subtitle =
            "discs: observations, their area how many; a margin above 0 ends in certainty, one of 0 changes nothing";
        Ok(Figure::new(title).subtitle(subtitle).column([panel]))
    }
}

/// So many rows at once stay in the cache.
const BLOCK: usize = 4096;

/// The rows of x, some at a time.
fn blocks(x: &Tensor) -> Result<Vec<Tensor>> {
    let rows = x.dim(0)?;
    Ok((0..rows)
        .step_by(BLOCK)
        .map(|from| x.narrow(0, from, BLOCK.min(rows - from)))
        .collect::<candle_core::Result<_>>()?)
}

/// Coefficients per unit of x as those per standard deviation, the last one the logit at the mean.
fn standardised(class: &[f64], mean: &[f64], sd: &[f64]) -> Vec<f64> {
    let at_mean = class[mean.len()] + class.iter().zip(mean).map(|(slope, mean)| slope * mean).sum::<f64>();
    class.iter().zip(sd).map(|(slope, sd)| slope * sd).chain([at_mean]).collect()
}

/// A column's name without its unit, and what a slope of it is per; nothing for a level, which is there or is not.
fn per_unit(names: &Names, column: usize) -> (String, String) {
    let name = &names.columns[column];
    if let Some((_, _, base)) = names.level(column) {
        return (format!("{name}, against {base}"), String::new());
    }
    match name.strip_suffix(')').and_then(|open| open.rsplit_once(" (")) {
        Some((name, unit)) => (name.into(), format!(" per {unit}")),
        None => (name.clone(), " per unit".into()),
    }
}

/// The likelihood along a line of coefficients. The logits are affine there, so that two products with x do for all places.
struct Line {
    /// In every row the logits of all other classes against the one observed, at the fitted place and per unit of the way.
    base: Vec<f64>,
    slope: Vec<f64>,
    others: usize,
    count: Vec<f64>,
    mass: Vec<f64>,
    log_p: Vec<f64>,
}

impl Line {
    /// Along a direction in the standard coordinates, a row a class.
    fn of(standard: &Standard, along: &[Vec<f64>], data: &Empirical<Labelled>) -> Result<Self> {
        let (k, d) = (standard.classes(), standard.columns());
        let against = |coefficients: &[Vec<f64>]| -> Result<Vec<f64>> {
            let slopes: Vec<f64> = coefficients.iter().flat_map(|class| class[..d].iter().copied()).collect();
            let slopes = like(&standard.x, slopes, (k, d))?.t()?;
            let mut against = Vec::with_capacity(standard.y.len() * (k - 1));
            for (rows, y) in blocks(&standard.x)?.into_iter().zip(standard.y.chunks(BLOCK)) {
                let logits = host(&standard.map.apply(&rows)?.matmul(&slopes)?)?;
                for (logits, y) in logits.chunks(k).zip(y) {
                    let logit = |class: usize| logits[class] + coefficients[class][d];
                    let own = logit(*y as usize);
                    against.extend((0..k).filter(|class| *class != *y as usize).map(|class| logit(class) - own));
                }
            }
            Ok(against)
        };
        let (mut base, slope) = (against(&standard.coefficients)?, against(along)?);
        if let Some(offset) = data.batch().offset() {
            for ((of_row, y), offset) in base.chunks_mut(k - 1).zip(&standard.y).zip(host(offset)?) {
                let others = (0..k).filter(|class| *class != *y as usize);
                let shift = |class: usize| if class == 0 { 0.0 } else { offset };
                of_row.iter_mut().zip(others).for_each(|(of, class)| *of += shift(class) - shift(*y as usize));
            }
        }
        // Of atoms ln p̂ is a logarithm of a probability, and there is one.
        let log_p = data.log_p::<candle_mle::model::Logistic>()?.map(host).transpose()?;
        let (count, mass) = (host(data.count())?, host(data.mass())?);
        let log_p = log_p.unwrap_or_else(|| vec![f64::NAN; count.len()]);
        Ok(Self { base, slope, others: k - 1, count, mass, log_p })
    }

    /// The three, each from its own definition.
    fn row(&self, t: f64) -> Row {
        let (mut kl, mut cross_entropy, mut nll) = (0.0, 0.0, 0.0);
        for (row, (base, slope)) in self.base.chunks(self.others).zip(self.slope.chunks(self.others)).enumerate() {
            let loss = surprise(base.iter().zip(slope).map(|(base, slope)| base + t * slope));
            kl += self.mass[row] * (self.log_p[row] + loss);
            cross_entropy += self.mass[row] * loss;
            nll += self.count[row] * loss;
        }
        Row { step: 0, kl, cross_entropy, nll, reverse_kl: None, population_kl: None }
    }
}

/// −ln q of a class from the logits of all others against it: ln(1 + Σ eᶻ), without overflow, and near 0 with its digits.
fn surprise(against: impl IntoIterator<Item = f64, IntoIter: Clone>) -> f64 {
    let against = against.into_iter();
    let top = against.clone().fold(0.0, f64::max);
    let sum: f64 = against.map(|z| (z - top).exp()).sum();
    if top == 0.0 { sum.ln_1p() } else { top + (sum + (-top).exp()).ln() }
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
    for (class, (ink, name)) in
        inks(&design.classes).into_iter().enumerate().filter(|(class, _)| shown(classes).contains(class))
    {
        let shares = seen.discs(class, true).into_iter().map(|disc| (disc.x, disc.share, disc.count));
        let curve =
            |probs: &[f64]| grid.iter().enumerate().map(|(i, x)| (*x, probs[i * classes + class])).collect::<Vec<_>>();
        panel = panel.discs(shares, ink).line(curve(&fitted), ink).label(name);
        if let Some(truth) = &truth {
            panel = panel.line(curve(truth), Ink::Black).dotted().width(3.0);
            panel = if class + 1 == classes { panel.label("truth") } else { panel };
        }
    }
    Ok(panel)
}

/// Observed shares against fitted probabilities: on the diagonal the model says what was seen.
fn calibration(design: &Names, seen: &Patterns) -> Panel {
    let (classes, inks) = (shown(design.classes.len()), inks(&design.classes));
    let discs: Vec<Vec<Disc>> = classes.clone().map(|class| seen.discs(class, false)).collect();
    // What is rare fills the picture too.
    let most = discs.iter().flatten().fold(0.0, |most, disc| f64::max(most, disc.share.max(disc.fitted)));
    let most = if most < 0.4 { 1.05 * most } else { 1.0 };
    let axis = |name: &str| Axis::new(name).range(-0.02 * most, 1.02 * most);
    let panel = Panel::new(axis("fitted probability"), axis("observed share"))
        .line([(0.0, 0.0), (most, most)], Ink::Grey)
        .dashed()
        .label("fitted = observed");
    let mut all: Vec<_> = classes.zip(discs).collect();
    // The others beneath those that have a name.
    all.sort_by_key(|(class, _)| design.classes.len() <= Ink::TOLD || inks[*class].0 != Ink::Grey);
    all.into_iter().fold(panel, |panel, (class, discs)| {
        let discs = discs.into_iter().map(|disc| (disc.fitted, disc.share, disc.count));
        let (ink, name) = &inks[class];
        let label = if name.is_empty() { String::new() } else { format!("{} {name}", design.target) };
        panel.discs(discs, *ink).label(label)
    })
}

/// The ink of every class and its name in a legend; beyond those that can be told apart all are others.
fn inks(classes: &[String]) -> Vec<(Ink, String)> {
    let (inks, many) = (Ink::for_names(classes), classes.len() > Ink::TOLD);
    let first = inks.iter().position(|ink| many && *ink == Ink::Grey);
    let name = |at: usize, ink: Ink| match first {
        Some(first) if ink == Ink::Grey => {
            if at == first {
                "others".into()
            } else {
                String::new()
            }
        }
        _ => classes[at].clone(),
    };
    inks.into_iter().enumerate().map(|(at, ink)| (ink, name(at, ink))).collect()
}

/// The classes that a picture shows: of two one says all.
fn shown(classes: usize) -> std::ops::Range<usize> {
    if classes == 2 { 1..2 } else { 0..classes }
}

/// What was observed at every x, beside what the model says of it.
struct Patterns {
    /// Row by row; only where they have names.
    x: Vec<f64>,
    /// The first column, if there is one.
    first: Vec<f64>,
    count: Vec<f64>,
    /// Of every class.
    share: Vec<f64>,
    fitted: Vec<f64>,
    /// Whether there are four observations or more at an x, so that shares mean something.
    repeat: bool,
}

/// One x: how often it was observed, the share and the fitted probability of every class.
#[derive(Clone, Copy)]
struct Pattern<'a> {
    x: &'a [f64],
    first: f64,
    count: f64,
    share: &'a [f64],
    fitted: &'a [f64],
}

impl Pattern<'_> {
    /// Its part of n KL, in nats.
    fn kl(&self) -> f64 {
        let of_class = |(share, fitted): (&f64, &f64)| if *share > 0.0 { share * (share / fitted).ln() } else { 0.0 };
        self.count * self.share.iter().zip(self.fitted).map(of_class).sum::<f64>()
    }

    /// Its levels and numbers in words.
    fn name(&self, names: &Names) -> String {
        let mut words = vec![];
        let mut at = 0;
        while at < self.x.len() {
            match names.level(at) {
                // What a product is its factors say.
                None if names.parts.get(at).is_some_and(|parts| parts.len() > 1) => {}
                None => words.push(format!("{} {}", names.columns[at], self.x[at])),
                Some((column, _, base)) => {
                    let of = |j: usize| names.level(j).is_some_and(|(of, ..)| of == column);
                    let levels = at..(at..self.x.len()).find(|j| !of(*j)).unwrap_or(self.x.len());
                    at = levels.end - 1;
                    let level = levels.into_iter().find(|j| self.x[*j] == 1.0).map(|j| &names.columns[j]);
                    let level = level.map_or(base.to_string(), |name| name[(column.len() + 1)..].to_string());
                    // A number alone would not say of what it is one.
                    words.push(if level.parse::<f64>().is_ok() { format!("{column} {level}") } else { level });
                }
            }
            at += 1;
        }
        if words.is_empty() { "all".into() } else { words.join(", ") }
    }
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
        let (places, y) = (data.places()?, data.batch().y().to_vec1::<u32>()?);
        let mut rows: Vec<u32> = vec![];
        let (mut count, mut share) = (vec![], vec![]);
        for ((row, place), (y, observed)) in places.into_iter().enumerate().zip(y.into_iter().zip(host(data.count())?))
        {
            if place == rows.len() {
                rows.push(row as u32);
                count.push(0.0);
                share.resize(rows.len() * classes, 0.0);
            }
            count[place] += observed;
            share[place * classes + y as usize] += observed;
        }
        let repeat = 4 * rows.len() <= data.total() as usize;
        let (many, batch) = (rows.len(), data.batch());
        let batch = match many == batch.rows()? {
            true => batch.clone(),
            false => batch.select(&Tensor::from_vec(rows, many, &batch.device())?)?,
        };
        let x = batch.x().clone();
        let mut log_probs = vec![];
        for rows in blocks(&x)? {
            log_probs.extend(host(&model.log_probs(&rows)?)?);
        }
        let log_probs = batch.with_offsets(like(&x, log_probs, (many, classes))?)?;
        let fitted: Vec<f64> = host(&log_probs)?.into_iter().map(f64::exp).collect();
        share.chunks_mut(classes).zip(&count).for_each(|(share, count)| share.iter_mut().for_each(|s| *s /= count));
        let first = if x.dim(1)? > 0 { host(&x.narrow(1, 0, 1)?)? } else { vec![f64::NAN; many] };
        let x = if repeat { host(&x)? } else { vec![] };
        Ok(Self { x, first, count, share, fitted, repeat })
    }

    fn len(&self) -> usize {
        self.count.len()
    }

    fn seen(&self) -> impl Iterator<Item = Pattern<'_>> {
        let (width, classes) = (self.x.len() / self.len(), self.share.len() / self.len());
        (0..self.len()).map(move |at| Pattern {
            x: &self.x[at * width..][..width],
            first: self.first[at],
            count: self.count[at],
            share: &self.share[at * classes..][..classes],
            fitted: &self.fitted[at * classes..][..classes],
        })
    }

    fn range(&self) -> (f64, f64) {
        self.first.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(*x), high.max(*x)))
    }

    /// Whether each pattern has a disc of its own.
    fn are_few(&self) -> bool {
        self.repeat && self.len() <= PATTERNS
    }

    /// The pattern that adds most to KL.
    fn farthest(&self) -> Option<Pattern<'_>> {
        self.seen().max_by(|a, b| a.kl().total_cmp(&b.kl()))
    }

    /// Its share of KL, and its name.
    fn most(&self, names: &Names) -> (f64, String) {
        let all: f64 = self.seen().map(|pattern| pattern.kl()).sum();
        self.farthest().map_or((0.0, String::new()), |most| (most.kl() / all, most.name(names)))
    }

    /// A row a pattern, a column of panels a class: the observed share with an interval, the fitted probability.
    fn dots(&self, names: &Names, figure: Figure) -> Figure {
        let mut largest: Vec<Pattern> = self.seen().collect();
        largest.sort_by(|a, b| b.count.total_cmp(&a.count));
        // That of the title is among those drawn.
        let hidden = self.farthest().filter(|one| largest.iter().skip(NAMED).any(|p| std::ptr::eq(p.share, one.share)));
        largest.truncate(NAMED - usize::from(hidden.is_some()));
        largest.extend(hidden);
        // By the class that is shown, or the first of several.
        let classes = shown(names.classes.len());
        largest.sort_by(|a, b| b.fitted[classes.start].total_cmp(&a.fitted[classes.start]));
        let rows: Vec<String> = largest.iter().map(|p| format!("{}: {}", p.name(names), p.count)).collect();
        let blank = vec![""; rows.len()];
        // One scale for all classes.
        let ends = largest
            .iter()
            .flat_map(|p| classes.clone().take(4).map(|c| wilson(p.share[c], p.count, LEVEL)[1].max(p.fitted[c])));
        let top = ends.fold(0.0, f64::max);
        let panel = |class: usize| {
            let first = class == classes.start;
            let y = Axis::new("").categories(if first { &rows } else { &[] as &[String] });
            let y = if first { y } else { Axis::new("").categories(&blank) };
            let at = |row: usize| row as f64;
            let interval = largest.iter().enumerate().flat_map(|(row, pattern)| {
                let [low, high] = wilson(pattern.share[class], pattern.count, LEVEL);
                [(low, at(row)), (high, at(row)), (f64::NAN, f64::NAN)]
            });
            let shares = largest.iter().enumerate().map(|(row, pattern)| (pattern.share[class], at(row)));
            let fitted = largest.iter().enumerate().flat_map(|(row, pattern)| {
                let fitted = pattern.fitted[class];
                [(fitted, at(row) - 0.36), (fitted, at(row) + 0.36), (f64::NAN, f64::NAN)]
            });
            Panel::new(Axis::new("probability").range(-0.02 * top, 1.02 * top), y)
                .title(format!("{} {}", names.target, names.classes[class]))
                .line(interval, Ink::SkyBlue)
                .width(7.0)
                .points(shares, Ink::Blue)
                .line(fitted, Ink::Vermillion)
                .width(5.0)
        };
        let of = if largest.len() < self.len() {
            let also = if hidden.is_some() { ", and the farthest," } else { "" };
            format!(
                "the {} most frequent{also} of {} patterns of x",
                largest.len() - usize::from(hidden.is_some()),
                self.len()
            )
        } else {
            match self.len() {
                1 => "one pattern of x".to_string(),
                more => format!("all {more} patterns of x"),
            }
        };
        let most = if classes.len() > 4 { format!("; 4 of {} classes", classes.len()) } else { String::new() };
        let figure = figure.subtitle(format!(
            "red bars: fitted; discs: observed shares, with 95 % intervals; {of}, with their numbers{most}"
        ));
        let panels = classes.len().min(4);
        let widths = |class: usize| if class == classes.start { 1.0 + 0.25 * panels as f64 } else { 1.0 };
        classes.clone().take(panels).fold(figure, |figure, class| figure.column_of(widths(class), [panel(class)]))
    }

    /// One for every pattern; where they are many or do not repeat, for a twentieth of the range of x, or a tenth of the
    /// observations in the order of their probability.
    fn discs(&self, class: usize, by_x: bool) -> Vec<Disc> {
        let ((low, high), own) = (self.range(), self.are_few());
        let bins = if by_x { 20 } else { 10 };
        let mut discs = vec![Disc::default(); if own { self.len() } else { bins }];
        let mut order: Vec<Pattern> = self.seen().collect();
        if !own && !by_x {
            order.sort_by(|a, b| a.fitted[class].total_cmp(&b.fitted[class]));
        }
        let total: f64 = self.seen().map(|pattern| pattern.count).sum();
        let mut before = 0.0;
        for (at, pattern) in order.into_iter().enumerate() {
            let (fitted, count) = (pattern.fitted[class], pattern.count);
            let place = if by_x { (pattern.first - low) / (high - low) } else { (before + count / 2.0) / total };
            let at = if own { at } else { ((place * bins as f64) as usize).min(bins - 1) };
            before += count;
            let disc = &mut discs[at];
            disc.x += pattern.first * count;
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
        let classes = shown(self.share.len() / self.len());
        let discs: Vec<Disc> = classes.flat_map(|class| self.discs(class, by_x)).collect();
        let total: f64 = discs.iter().map(|disc| disc.count).sum();
        discs.iter().map(|disc| (disc.share - disc.fitted).abs() * disc.count).sum::<f64>() / total
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use candle_mle::model::Softmax;
    use candle_mle::{LossLog, walk};

    use super::*;

    /// Along a line of coefficients two products with x find what the hook logs of every model on it.
    #[test]
    fn a_line_of_logits_is_a_line_of_models() -> Result<()> {
        let x =
            Tensor::new(&[[1.0, 30.0], [2.0, 10.0], [2.0, 10.0], [4.0, 20.0], [7.0, 50.0], [7.0, 50.0]], &Device::Cpu)?;
        let p = Empirical::from_sample(Labelled::new(x, Tensor::new(&[0u32, 1, 2, 2, 0, 1], &Device::Cpu)?)?)?;
        let at = |slope: f64, intercept: f64| {
            let rows = [[0.0, 0.0, 0.0], [0.3, -0.02, 0.5], [slope, 0.1, intercept]];
            Softmax::from_coefficients(&Tensor::new(&rows, &Device::Cpu)?)
        };
        let fitted = at(0.2, -1.0)?;
        let standard = Standard::of(&p, &fitted)?;
        let mut along = vec![vec![0.0; 3]; 3];
        along[2][0] = standard.sd[0];
        let line = Line::of(&standard, &along, &p)?;
        for t in [-3.0, -0.1, 0.0, 2.0] {
            // The logit at the mean of x is held.
            let (mut log, moved) = (LossLog::new(), at(0.2 + t, -1.0 - t * standard.mean[0]));
            walk([moved], &p, &mut log)?;
            let (row, logged) = (line.row(t), log.into_history()?.rows()[0]);
            for (a, b) in [(row.kl, logged.kl), (row.cross_entropy, logged.cross_entropy), (row.nll, logged.nll)] {
                assert!((a - b).abs() < 1e-12 * b.abs().max(1.0), "{t}: {a} is not {b}");
            }
        }
        Ok(())
    }
}
