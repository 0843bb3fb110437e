//! What counts say of independent variables (lecture rows L13, L15): I = 0, but the plug-in estimate never is. Five
//! estimators on the same tables of counts, small and large.
//!
//! Try: another `MARGIN`, the weights of the twelve levels that X and Y have, or other numbers of observations in `SIZES`.
//! Equal weights flatter the shrinkage estimator, which shrinks towards them. `--n` is the number of tables of each size.

use anyhow::Result;
use candle_mle::info::Pmf;
use candle_mle::info::estimate::CountEstimator::{self, ChaoShen, Grassberger, MillerMadow, PlugIn, Shrinkage};
use candle_mle::info::estimate::repeated;
use candle_mle::info::number::fixed;
use candle_mle_cli::{Draws, Run};
use candle_mle_plot::{Axis, Figure, Ink, Panel};

const MARGIN: [f64; 12] = [12., 11., 10., 9., 8., 7., 6., 5., 4., 3., 2., 1.];
const SIZES: [usize; 11] = [50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000];
const REPEATS: usize = 40;

const ESTIMATORS: [(&str, CountEstimator, Ink); 5] = [
    ("plug-in", PlugIn, Ink::Black),
    ("Miller–Madow", MillerMadow, Ink::Blue),
    ("Grassberger", Grassberger, Ink::Green),
    ("Chao–Shen", ChaoShen, Ink::Vermillion),
    ("shrinkage", Shrinkage, Ink::Purple),
];

fn main() -> Result<()> {
    let run = Run::<Draws>::from_args("estimator_bias", include_str!("estimator_bias.rs"))?;
    let (unit, repeats) = (run.unit(), run.n_or(REPEATS));
    let margin = Pmf::from_counts([12], MARGIN)?;
    let law = margin.product(&margin)?;

    // The same seeded tables for every estimator.
    println!("I(X;Y) of independent variables in {unit}, mean ± spread of {repeats} tables\n");
    println!("{:>8}{}", "n", ESTIMATORS.map(|(name, ..)| format!("{name:>18}")).concat());
    let mut found = vec![vec![]; ESTIMATORS.len()];
    for n in SIZES {
        print!("{n:>8}");
        for (found, (_, estimator, _)) in found.iter_mut().zip(ESTIMATORS) {
            let mut rng = run.generator();
            let (mean, spread) = repeated(repeats, || {
                let mut counts = [0; 144];
                law.sample(n, &mut rng).iter().for_each(|cell| counts[12 * cell[0] + cell[1]] += 1);
                estimator.mutual_information(&counts, [12, 12])
            })?;
            let (mean, spread) = (mean.to(unit), spread.to(unit));
            print!("{:>18}", format!("{} ± {spread:.4}", fixed(mean, 4)));
            found.push((n as f64, mean, spread));
        }
        println!();
    }

    let number = || Axis::new("n, the number of observations").log();
    let mut near = Panel::new(number(), Axis::new(format!("estimate of I(X;Y) ({unit})")));
    let mut far = Panel::new(number(), Axis::new(format!("|mean estimate| ({unit})")).log().range(3e-4, 2.0));
    for (found, (name, _, ink)) in found.iter().zip(ESTIMATORS) {
        near = near.band(found.iter().map(|(n, i, s)| (*n, i - s, i + s)), ink);
        near = near.line(found.iter().map(|(n, i, _)| (*n, *i)), ink).label(name);
        far = far.line(found.iter().map(|(n, i, _)| (*n, i.abs())), ink);
    }
    let figure = Figure::new(format!("In {} independent pairs, counting finds {:.1} {unit}", SIZES[0], found[0][0].1))
        .subtitle(format!("X and Y with 12 levels each, I = 0; {repeats} tables at each n"))
        .column_of(1.4, [near.title("mean ± spread").hline(0.0, "")])
        .column([far.title("what repetition does not cure")]);
    run.draw("bias.png", figure)?;
    run.say_picture("bias.png");
    Ok(())
}
