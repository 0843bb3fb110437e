//! What correlated Gaussians tell about each other (lecture row L18): I = −½ log(1 − ρ²), whatever their units.
//!
//! Change first: the standard deviations in `SIGMAS`, or `CHAIN`, the correlation of neighbours in a chain of four.

use anyhow::Result;
use candle_mle::cli::Run;
use candle_mle::law::{ClosedForm, MultivariateNormal, Normal, gaussian_mutual_information};
use candle_mle::plot::{Axis, Figure, Ink, Panel, ellipse};

const SIGMAS: [[f64; 2]; 3] = [[1.0, 1.0], [1000.0, 0.001], [0.3, 7.0]];
const CHAIN: f64 = 0.8;

fn main() -> Result<()> {
    let run =
        Run::<()>::from_args("gaussian_information", "Mutual information of Gaussians, against their correlation.");
    let unit = run.unit();

    // The formula beside h(X) + h(Y) − h(X,Y) of the densities: the first is what is left when all else cancels.
    println!("{:>6}{:>16}   h(X) + h(Y) − h(X,Y), in {unit}, at σ_X, σ_Y of", "ρ", "−½ log(1 − ρ²)");
    println!("{:>22}{}", "", SIGMAS.map(|[a, b]| format!("{:>14}", format!("{a}, {b}"))).concat());
    let marks = [0.0, 0.3, 0.6, 0.9, 0.99, 0.999];
    for rho in marks {
        print!("{rho:>6}{:>16.6}", gaussian_mutual_information(rho)?.to(unit));
        for [a, b] in SIGMAS {
            let joint = MultivariateNormal::new(&[0.0, 0.0], &[[a * a, rho * a * b], [rho * a * b, b * b]])?;
            let sum = Normal::new(0.0, a)?.entropy() + Normal::new(0.0, b)?.entropy() - joint.entropy();
            print!("{:>14.6}", (1e6 * sum.to(unit)).round() / 1e6 + 0.0); // no −0
        }
        println!();
    }

    // Blocks of variables: in a chain X1 → X2 → X3 → X4 only the neighbours at the border count.
    let rows: Vec<Vec<f64>> = (0..4i32).map(|i| (0..4).map(|j| CHAIN.powi((i - j).abs())).collect()).collect();
    let chain = MultivariateNormal::new(&[0.0; 4], &rows)?;
    println!("\na chain of four, neighbours of correlation {CHAIN}");
    let blocks: [(&str, &[usize], &[usize]); 4] = [
        ("I(X1; X2)", &[0], &[1]),
        ("I(X1; X3)", &[0], &[2]),
        ("I(X1; X2,X3,X4)", &[0], &[1, 2, 3]),
        ("I(X1,X2; X3,X4)", &[0, 1], &[2, 3]),
    ];
    for (name, a, b) in blocks {
        println!("{name:<18}{}", run.show(chain.mutual_information(a, b)?));
    }

    let i = |rho: f64| gaussian_mutual_information(rho).map(|i| (rho, i.to(unit)));
    let curve = (-999..=999).map(|k| i(f64::from(k) / 1000.0)).collect::<candle_mle::Result<Vec<_>>>()?;
    let axis = (Axis::new("correlation ρ").range(-1.05, 1.05), Axis::new(format!("I(X;Y) ({unit})")));
    let mut panel = Panel::new(axis.0, axis.1).line(curve, Ink::Blue);
    let mut shapes = vec![];
    for rho in [0.3, 0.6, 0.9, 0.99] {
        let (_, amount) = i(rho)?;
        panel = panel.mark(rho, amount, format!("ρ = {rho}"));
        let rings = [1.0, 2.0].map(|radius| ellipse([0.0, 0.0], [[1.0, rho], [rho, 1.0]], radius));
        let shape = rings.into_iter().fold(Panel::drawing(), |panel, ring| panel.line(ring, Ink::Vermillion));
        shapes.push(shape.title(format!("ρ = {rho}: {amount:.2} {unit}")));
    }
    let figure = Figure::new("The narrower the ellipse, the more X tells about Y, without bound")
        .subtitle("I = −½ log(1 − ρ²), the same for all standard deviations; ellipses of 1 and 2 σ")
        .column_of(2.0, [panel]);
    let figure = shapes.chunks(2).fold(figure, |figure, column| figure.column(column));
    figure.save(run.out("curve.png"))?;
    println!("\nthe curve is drawn in {}", run.out("curve.png").display());
    Ok(())
}
