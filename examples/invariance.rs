//! I(X;Y) = I(φ(X);ψ(Y)) for invertible φ and ψ (lecture row P5): new labels, new units, a rotation tell no more and no less.
//!
//! Change first: a map in `OF_LEVELS` or `OF_NUMBERS`. One that merges values tells less, exactly so in a table. An *estimate*
//! is invariant to its error only: stretched tails leave the neighbours far, and it falls short of the law.

use anyhow::Result;
use candle_mle::cli::Run;
use candle_mle::plot::{Axis, Figure, Ink, Panel};
use candle_mle::{Pmf, estimate, law};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
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
    let run = Run::<()>::from_args("invariance", "Mutual information under maps of X and Y, with and without a loss.");
    let unit = run.unit();
    let axes = || (Axis::new("what is done to X and Y"), Axis::new(format!("I(X;Y) ({unit})")));

    let p = Pmf::from_counts([3, 3, 2], SEEN)?;
    let mut bars = vec![];
    for (name, map) in OF_LEVELS {
        let i = p.map([3, 3, 2], map)?.mutual_information(&[0, 1], &[2])?;
        println!("{name:<20}{} in a table", run.show(i));
        bars.push((name, [(i.to(unit), Ink::Blue, run.show(i))]));
    }

    // Y knows the sum of two coordinates of X, and noise: a correlation of 0.8.
    let truth = law::gaussian_mutual_information(0.8)?;
    let (mut found, mut rng) = (vec![], ChaCha8Rng::seed_from_u64(1));
    for ((name, map), at) in OF_NUMBERS.iter().zip(0..) {
        let (mean, spread) = estimate::repeated(50, || {
            let draw = |_| {
                let [a, b, z] = [0; 3].map(|_| rng.sample::<f64, _>(StandardNormal));
                map([a, b], 0.8 * (a + b) / f64::sqrt(2.0) + 0.6 * z)
            };
            let (x, y): (Vec<[f64; 2]>, Vec<f64>) = (0..N).map(draw).unzip();
            estimate::ksg1(&x, &y, 3)
        })?;
        println!("{name:<20}{:.3} ± {:.3} {unit} from {N} points", mean.to(unit), spread.to(unit));
        found.push((f64::from(at), mean.to(unit), spread.to(unit)));
    }
    let (x, y) = (axes().0.categories(&OF_NUMBERS.map(|map| map.0)), axes().1.range(0.0, 1.2 * truth.to(unit)));
    let sample = Panel::new(x, y).errors(found, Ink::Vermillion).hline(truth.to(unit), "the law");
    Figure::new("What can be undone tells as much; what merges tells less")
        .subtitle("left exact; right mean ± spread of estimates: far tails take a little from them, nothing from I")
        .column([Panel::stacks(axes().0, axes().1, bars).title("a table")])
        .column([sample.title(format!("samples of {N} points"))])
        .save(run.out("maps.png"))?;
    println!("\nboth are drawn in {}", run.out("maps.png").display());
    Ok(())
}
