//! Correlation sees a line, mutual information any dependence (lecture row L17). Six clouds of points, with their
//! distributions known.
//!
//! Try: another distribution in `LAWS`: what it is proportional to, at every x and y from −1 to 1. With `--n 50` the
//! estimates spread more and fall short.
//!
//! Each distribution is a table of `SIDE` × `SIDE` cells, whose ρ and I are sums over the cells; a finer table changes
//! them little. Beside them stands what a sample tells: I by Kraskov's neighbours, and p, the share of a hundred orders
//! of y, its own among them, that tell as much.

use anyhow::Result;
use candle_mle::info::Pmf;
use candle_mle::info::estimate::{jitter, ksg1, permutation_p_value, repeated};
use candle_mle::info::number::fixed;
use candle_mle_cli::{Draws, Run};
use candle_mle_plot::{Figure, Ink, Panel};

const SIDE: usize = 201;
const N: usize = 1500;

/// How near a curve points lie: a Gaussian profile across it.
fn near(distance: f64) -> f64 {
    (-0.5 * (distance / 0.08).powi(2)).exp()
}

type Law = fn(f64, f64) -> f64;

const LAWS: [(&str, Law); 6] = [
    ("independent", |x, y| (-4.5 * (x * x + y * y)).exp()),
    ("line", |x, y| near(y - 0.7 * x) * (-4.5 * x * x).exp()),
    ("parabola", |x, y| near(y + 0.7 - 1.5 * x * x)),
    ("circle", |x, y| near(x.hypot(y) - 0.8)),
    ("cross", |x, y| (near(y - 0.9 * x) + near(y + 0.9 * x)) * (-3.0 * x * x).exp()),
    ("fan", |x, y| near(0.08 * y / (0.03 + 0.4 * x.abs())) / (0.03 + 0.4 * x.abs())),
];

fn main() -> Result<()> {
    let run = Run::<Draws>::from_args("correlation", include_str!("correlation.rs"))?;
    let (unit, n) = (run.unit(), run.n_or(N));
    let place = |k: usize| 2.0 * k as f64 / (SIDE - 1) as f64 - 1.0;

    println!("{:<14}{:>12}{:>16}{:>18}{:>8}", "cloud", "correlation", format!("I in {unit}"), "estimate", "p");
    let (mut panels, mut unseen, mut seen) = (vec![], 0, 0); // of the uncorrelated and yet dependent
    for (name, law) in LAWS {
        let weights: Vec<f64> = (0..SIDE * SIDE).map(|k| law(place(k / SIDE), place(k % SIDE))).collect();
        let p = Pmf::from_counts([SIDE, SIDE], weights)?;
        let i = p.mutual_information(&[0], &[1])?.to(unit);
        let rho = p.correlation(|cell| place(cell[0]), |cell| place(cell[1]));

        // Spread evenly over their cells the points have a density, and the same I: X tells its cell, and where in it x
        // lies is chance that tells nothing of Y.
        let mut rng = run.generator();
        let mut draw = || {
            let cells = p.sample(n, &mut rng);
            let centres: Vec<_> = cells.iter().map(|cell| [place(cell[0]), place(cell[1])]).collect();
            let points = jitter(&centres, place(1) - place(0), &mut rng)?;
            candle_mle::info::Result::Ok(points.iter().map(|point| (point[0], point[1])).unzip())
        };
        let (x, y): (Vec<f64>, Vec<f64>) = draw()?;
        let (mean, spread) = repeated(20, || draw().and_then(|(x, y)| ksg1(&x, &y, 3)))?;
        let chance = permutation_p_value(&x, &y, 99, &mut rng, |x, y| ksg1(x, y, 3))?;
        let estimate = format!("{} ± {:.2}", fixed(mean.to(unit), 2), spread.to(unit));
        println!("{name:<14}{:>12}{i:>16.4}{estimate:>18}{chance:>8.2}", fixed(rho, 3));

        let dependent = rho.abs() < 5e-4 && i > 1e-6;
        let ink = if dependent { Ink::Vermillion } else { Ink::Blue };
        *(if chance <= 0.05 { &mut seen } else { &mut unseen }) += usize::from(dependent);
        let title = format!("ρ = {}, I = {i:.2} {unit}; estimated {estimate}", fixed(rho, 2));
        panels.push(Panel::drawing().title(title).points(x.into_iter().zip(y), ink));
    }
    let title = match unseen {
        0 => "Correlation 0 is not independence: mutual information sees any shape".to_string(),
        _ => format!("Correlation 0 is not independence; {n} points show it for {seen} of {} shapes", seen + unseen),
    };
    let figure = Figure::new(title).subtitle(format!(
        "orange: uncorrelated and yet dependent; ρ and I of the distribution; estimates from {n} points, mean ± spread"
    ));
    run.draw("clouds.png", panels.chunks(2).fold(figure, |figure, column| figure.column(column)))?;
    run.say_picture("clouds.png");
    Ok(())
}
