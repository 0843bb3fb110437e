//! I(X;Y) = I(φ(X);ψ(Y)) for invertible φ and ψ (lecture row P5): new labels, new units, a rotation tell no more and no less.
//! A table of counts, and samples of numbers.
//!
//! Try: another map in `OF_LEVELS` or `OF_NUMBERS`. One that merges values tells less, exactly so in a table. With
//! `--n 4000` the estimates come nearer.
//!
//! An *estimate* is invariant only as far as it is exact: stretched tails leave the neighbours far, and it falls short.

use anyhow::Result;
use candle_mle::info::number::fixed;
use candle_mle::info::{Pmf, estimate, law};
use candle_mle_cli::{Draws, Run};
use candle_mle_plot::{Axis, Figure, Ink, Panel};
use rand::Rng;
use rand_distr::StandardNormal;

/// Two units of a layer, three levels each, and a class of two: how often each was seen.
const SEEN: [f64; 18] = [9., 1., 6., 1., 2., 3., 4., 2., 3., 3., 1., 6., 2., 4., 1., 7., 1., 9.];

type Relabelling = fn(&[usize]) -> [usize; 3];
const OF_LEVELS: [(&str, Relabelling); 4] = [
    ("as it is", |c| [c[0], c[1], c[2]]),
    ("units permuted", |c| [c[1], c[0], c[2]]),
    ("new labels", |c| [(c[0] + 1) % 3, 2 - c[1], 1 - c[2]]),
    ("levels merged", |c| [c[0].min(1), c[1].min(1), c[2]]),
];

const N: usize = 1000;

type Map = fn([f64; 2], f64) -> ([f64; 2], f64);
const OF_NUMBERS: [(&str, Map); 5] = [
    ("as it is", |x, y| (x, y)),
    ("X rotated", |[a, b], y| ([0.6 * a - 0.8 * b, 0.8 * a + 0.6 * b], y)),
    ("sinh X", |x, y| (x.map(f64::sinh), y)),
    ("eʸ", |x, y| (x, y.exp())),
    ("|X|", |x, y| (x.map(f64::abs), y)),
];

fn main() -> Result<()> {
    let run = Run::<Draws>::from_args("invariance", include_str!("invariance.rs"))?;
    let (unit, n, mut rng) = (run.unit(), run.n_or(N), run.generator());
    let axes = || (Axis::new("what is done to X and Y"), Axis::new(format!("I(X;Y) ({unit})")));

    let p = Pmf::from_counts([3, 3, 2], SEEN)?;
    let (mut bars, mut found) = (vec![], vec![]);
    for (name, map) in OF_LEVELS {
        let i = p.map([3, 3, 2], map)?.mutual_information(&[0, 1], &[2])?;
        println!("{name:<20}{} in a table", run.show(i));
        bars.push((name, [(i.to(unit), Ink::Blue, run.show(i))]));
    }

    // Y knows the sum of two coordinates of X, and noise: a correlation of 0.8.
    let truth = law::gaussian_mutual_information(0.8)?.to(unit);
    for (at, (name, map)) in OF_NUMBERS.iter().enumerate() {
        let (mean, spread) = estimate::repeated(50, || {
            let draw = |_| {
                let [a, b, z] = [0; 3].map(|_| rng.sample::<f64, _>(StandardNormal));
                map([a, b], 0.8 * (a + b) / f64::sqrt(2.0) + 0.6 * z)
            };
            let (x, y): (Vec<[f64; 2]>, Vec<f64>) = (0..n).map(draw).unzip();
            estimate::ksg1(&x, &y, 3)
        })?;
        let (mean, spread) = (mean.to(unit), spread.to(unit));
        println!("{name:<20}{} ± {spread:.3} {unit} from {n} points", fixed(mean, 3));
        found.push((at as f64, mean, spread));
    }
    let (x, y) = (axes().0.categories(&OF_NUMBERS.map(|map| map.0)), axes().1.range(0.0, 1.2 * truth));
    let sample = Panel::new(x, y).errors(found, Ink::Vermillion).hline(truth, "the distribution");
    let figure = Figure::new("What can be undone tells as much; what merges tells less")
        .subtitle("left exact; right mean ± spread of estimates: far tails take a little from them, nothing from I")
        .column([Panel::stacks(axes().0, axes().1, bars).title("a table")])
        .column([sample.title(format!("samples of {n} points"))]);
    run.draw("maps.png", figure)?;
    run.say_picture("maps.png");
    Ok(())
}
