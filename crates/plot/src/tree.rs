//! The drawing of a tree: streams that part at every node, as wide as what flows through them.

use crate::ink::Ink;
use crate::panel::{Bar, Form, Panel, Series};
use crate::shape::Dash;

/// A node of a drawn tree: how much of every kind comes to it, the words in its box, and the nodes below it.
#[derive(Clone, Debug)]
pub struct Twig {
    /// As many amounts as the panel has kinds.
    pub amounts: Vec<f64>,
    /// A line break begins a new line.
    pub words: String,
    /// From top to bottom.
    pub twigs: Vec<Twig>,
}

/// How much of the height the streams fill; the rest stands between the leaves, so that a thin one has room for its words.
const FULL: f64 = 0.42;
/// From one column of nodes to the next: how far a stream runs straight before it bends.
const STRAIGHT: f64 = 0.72;
/// The highest box, as a share of the height.
const BOX: f64 = 0.13;
/// What a leaf and a column of nodes need to be read, in pixels of a figure of 1600 × 900.
const LEAF: f64 = 46.0;
const COLUMN: f64 = 270.0;

impl Panel {
    /// A tree that grows from left to right. Every stream is as wide as its amounts, one ink a kind, as of
    /// [`Ink::for_names`]: of more kinds than there are inks those have their own that are the most at the most leaves, by what
    /// comes there; the rest is "others". A grey line
    /// runs along every branch, so that the thinnest is seen. A large tree makes its figure larger, unless that has a size.
    ///
    /// ```
    /// # use candle_mle_plot::{Panel, Twig};
    /// let leaf = |amounts: [f64; 2], words: &str| Twig { amounts: amounts.into(), words: words.into(), twigs: vec![] };
    /// let twigs = vec![leaf([1364., 367.], "male"), leaf([126., 344.], "female")];
    /// let root = Twig { twigs, ..leaf([1490., 711.], "sex gains 0.142 bits") };
    /// let panel = Panel::tree(&["died", "survived"], &root);
    /// ```
    pub fn tree<S: AsRef<str>>(kinds: &[S], root: &Twig) -> Self {
        let least = (COLUMN * root.columns(), LEAF * root.leaves());
        let panel = Self { to_scale: false, least, ..Self::drawing() };
        let scale = Scale { total: root.amounts.iter().sum(), leaves: root.leaves() };
        let mut drawing = Drawing { panel, boxes: vec![], kinds: grouped(kinds, root), scale };
        drawing.node(root, 0.0, 0.0);
        drawing.panel.add(Form::Boxes(drawing.boxes), Ink::White)
    }
}

/// What one ink stands for: a kind, or all that are left.
struct Kind {
    name: String,
    ink: Ink,
    of: Vec<usize>,
}

/// The kinds in their order; where there are more than inks, together those that no leaf is of, and then the smallest.
fn grouped<S: AsRef<str>>(kinds: &[S], root: &Twig) -> Vec<Kind> {
    let amount = |kind: &usize| root.amounts.get(*kind).copied().unwrap_or(0.0);
    let mut leads = vec![0.0; kinds.len()];
    root.count_leads(&mut leads);
    let mut own: Vec<usize> = (0..kinds.len()).collect();
    own.sort_by(|a, b| leads[*b].total_cmp(&leads[*a]).then(amount(b).total_cmp(&amount(a))));
    let others = own.split_off(own.len().min(Ink::TOLD));
    own.sort_unstable();
    let names: Vec<&str> = own.iter().map(|kind| kinds[*kind].as_ref()).collect();
    let told = names.iter().zip(Ink::for_names(&names)).zip(&own);
    let mut grouped: Vec<Kind> =
        told.map(|((name, ink), kind)| Kind { name: (*name).into(), ink, of: vec![*kind] }).collect();
    if let Some(first) = others.first() {
        // Leaves that are of one of them say its name.
        let led = others.iter().filter(|kind| leads[**kind] > 0.0).map(|kind| kinds[*kind].as_ref());
        let led: Vec<&str> = led.take(3).collect();
        let name = match (others.len(), led.is_empty()) {
            (1, _) => kinds[*first].as_ref().into(),
            (_, true) => "others".into(),
            (_, false) => format!("others, such as {}", led.join(", ")),
        };
        grouped.push(Kind { name, ink: Ink::Grey, of: others });
    }
    grouped
}

impl Twig {
    /// Adds to each kind what of it comes to the leaves at which it is the most.
    fn count_leads(&self, leads: &mut [f64]) {
        if self.twigs.is_empty() {
            let of = |(kind, amount): (usize, &f64)| (kind, *amount);
            let most = self.amounts.iter().enumerate().map(of).max_by(|a, b| a.1.total_cmp(&b.1));
            most.into_iter().for_each(|(kind, amount)| leads[kind] += amount);
        }
        self.twigs.iter().for_each(|twig| twig.count_leads(leads));
    }

    fn columns(&self) -> f64 {
        1.0 + self.twigs.iter().map(Self::columns).fold(0.0, f64::max)
    }

    fn leaves(&self) -> f64 {
        if self.twigs.is_empty() { 1.0 } else { self.twigs.iter().map(Self::leaves).sum() }
    }
}

struct Scale {
    total: f64,
    leaves: f64,
}

impl Scale {
    fn width(&self, amount: f64) -> f64 {
        FULL * amount / self.total
    }

    /// The height that a twig and all below it take.
    fn room(&self, twig: &Twig) -> f64 {
        self.width(twig.amounts.iter().sum()) + (1.0 - FULL) * twig.leaves() / self.leaves
    }
}

/// What has been drawn, y counted down from the top.
struct Drawing {
    panel: Panel,
    boxes: Vec<Bar>,
    kinds: Vec<Kind>,
    scale: Scale,
}

impl Drawing {
    /// Draws a twig whose room begins `above` below the top, and all below it; returns the middle of its stream.
    fn node(&mut self, twig: &Twig, column: f64, above: f64) -> f64 {
        let room = self.scale.room(twig);
        let (mut next, mut middles) = (above, vec![]);
        for below in &twig.twigs {
            middles.push(self.node(below, column + 1.0, next));
            next += self.scale.room(below);
        }
        let middle = match (middles.first(), middles.last()) {
            (Some(first), Some(last)) => (first + last) / 2.0,
            _ => above + room / 2.0,
        };
        let end = column + STRAIGHT;
        let along = bend((column, middle), (end, middle));
        self.stream(&twig.amounts, &along, column == 0.0);
        let mut from = middle - self.scale.width(twig.amounts.iter().sum()) / 2.0;
        for (below, to) in twig.twigs.iter().zip(middles) {
            let width = self.scale.width(below.amounts.iter().sum());
            let along = bend((end, from + width / 2.0), (column + 1.0, to));
            self.branch(&along);
            self.stream(&below.amounts, &along, false);
            from += width;
        }
        let half = (0.9 * room).min(BOX) / 2.0;
        let (left, right, words) = (column + 0.02, end - 0.02, twig.words.clone());
        self.boxes.push(Bar { left, right, foot: -(middle + half), top: -(middle - half), words });
        middle
    }

    /// The kinds upon each other, along their middle.
    fn stream(&mut self, amounts: &[f64], along: &[(f64, f64)], named: bool) {
        let mut upper = -self.scale.width(amounts.iter().sum()) / 2.0;
        for Kind { name, ink, of } in &self.kinds {
            let amount: f64 = of.iter().filter_map(|kind| amounts.get(*kind)).sum();
            if amount == 0.0 && !named {
                continue;
            }
            let lower = upper + self.scale.width(amount);
            let stream = Form::Stream(along.iter().map(|(x, y)| (*x, -(y + lower), -(y + upper))).collect());
            let label = if named { name.clone() } else { String::new() };
            self.panel.series.push(Series { form: stream, ink: *ink, label, dash: Dash::Solid, width: 1.5 });
            upper = lower;
        }
    }

    fn branch(&mut self, along: &[(f64, f64)]) {
        let form = Form::Line(along.iter().map(|(x, y)| (*x, -y)).collect());
        self.panel.series.push(Series { form, ink: Ink::Grey, label: String::new(), dash: Dash::Solid, width: 1.5 });
    }
}

/// From a point to another, level at both ends.
fn bend(from: (f64, f64), to: (f64, f64)) -> Vec<(f64, f64)> {
    let at = |k: u32| {
        let share = f64::from(k) / 24.0;
        let risen = share * share * (3.0 - 2.0 * share);
        (from.0 + share * (to.0 - from.0), from.1 + risen * (to.1 - from.1))
    };
    (0..=24).map(at).collect()
}
