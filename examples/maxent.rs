//! Maximum entropy (lecture rows L5 to L7): of all laws with given moments, the one that assumes nothing more.
//!
//! Change first: `MEAN`, the die's. At 3.5 λ is 0; at 6 the law is a point and λ is not finite; 6.5 is refused.

use anyhow::Result;
use candle_mle::cli::Run;
use candle_mle::plot::{Axis, Figure, Ink, Panel};
use candle_mle::{MaximumEntropy, Moment, Support, maxent};

const MEAN: f64 = 4.8;

fn main() -> Result<()> {
    let run = Run::<()>::from_args("maxent", "Maximum entropy: moments in, a Gibbs law out, by maximum likelihood.");
    let (unit, x) = (run.unit(), |x: f64| x);

    // Four supports and what is known on each.
    let faces = Support::finite((1..=6).map(f64::from))?;
    let (line, half_line) = (Support::line(0.0, 1.0)?, Support::half_line(1.0)?);
    let mean = |target| Moment { g: &x, target };
    let second = Moment { g: &|x: f64| x * x, target: 1.0 };
    let laws = [
        ("nothing: uniform", &faces, maxent(&faces, &[])?),
        (&format!("mean {MEAN}: a biased die"), &faces, maxent(&faces, &[mean(MEAN)])?),
        ("mean 0, variance 1: Gaussian", &line, maxent(&line, &[mean(0.0), second])?),
        ("mean 1 on [0, ∞): exponential", &half_line, maxent(&half_line, &[mean(1.0)])?),
    ];

    // Every other law p with these moments has less entropy, by as much as it diverges from p*.
    println!("{:<30}  {:>14}  {:>14}  {:>14}  λ", "what is known", "H(p*)", "H(p*) − H(p)", "KL(p‖p*)");
    for (known, support, found) in &laws {
        let gap = found.entropy - support.entropy(&found.feasible);
        let kl = found.history.rows().last().map_or(f64::NAN, |row| row.kl / unit.nats());
        let lambda = found.lambda.as_ref().map_or("not finite".into(), |lambda| format!("{lambda:.4?}"));
        println!("{known:<30}  {:>14}  {:>14}  {kl:>9.4} {unit}  {lambda}", run.show(found.entropy), run.show(gap));
    }
    println!("p: the law with the same moments that a linear program found and the Gibbs law was fitted to");

    // Each law over the one that it was fitted to.
    let panels = laws.iter().map(|(known, support, found)| picture(known, support, found)).collect::<Vec<_>>();
    let [uniform, die, gaussian, exponential] = panels.try_into().map_err(|_| anyhow::anyhow!("four panels"))?;
    Figure::new("The less is known, the flatter the law of largest entropy")
        .subtitle("p*: the law of largest entropy; p: another law with the same moments")
        .column([uniform, die])
        .column([gaussian, exponential])
        .save(run.out("laws.png"))?;
    println!("the picture is {}", run.out("laws.png").display());
    Ok(())
}

fn picture(known: &str, support: &Support, found: &MaximumEntropy) -> Panel {
    let (points, volumes) = (support.points(), support.volumes());
    let density = points.iter().zip(volumes).zip(&found.law).map(|((x, volume), p)| (*x, p / volume));
    if volumes.iter().all(|v| *v == 1.0) {
        let bars = |law: &[f64], from: f64| {
            points.iter().zip(law).map(|(x, p)| (x + from, x + from + 0.4, *p)).collect::<Vec<_>>()
        };
        let panel = Panel::new(Axis::new("face"), Axis::new("probability").range(0.0, 1.0)).title(known);
        return panel
            .bars(bars(&found.law, -0.4), Ink::Blue)
            .label("p*")
            .bars(bars(&found.feasible, 0.0), Ink::Orange)
            .label("p");
    }
    let shown = density.filter(|(x, _)| x.abs() < 5.0);
    Panel::new(Axis::new("x"), Axis::new("density")).title(known).line(shown, Ink::Blue).label("p*")
}
