//! Maximum entropy (lecture rows L5 to L7): of all distributions with given moments, the one that assumes nothing more. Dice,
//! a Gaussian and an exponential, each found by maximum likelihood.
//!
//! Try: another `MEAN`, the die's. At 3.5 λ is 0; at 6 the distribution is a point and λ is not finite; 6.5 is refused.

use anyhow::Result;
use candle_mle::info::law::{ClosedForm, Density, Exponential, Gamma, Normal, Uniform};
use candle_mle::info::{Pmf, number::fixed, quadrature};
use candle_mle::maxent::{Moment, Support, maxent};
use candle_mle_cli::Run;
use candle_mle_plot::{Axis, Figure, Ink, Panel};

const MEAN: f64 = 4.8;

fn main() -> Result<()> {
    let run = Run::<()>::from_args("maxent", include_str!("maxent.rs"))?;

    // What is known, and the distribution of largest entropy p* for it.
    let faces = Support::finite((1..=6).map(f64::from))?;
    let mean = |target| Moment { g: &|x: f64| x, target };
    let square = |target| Moment { g: &|x: f64| x * x, target };
    let (fair, biased) = (maxent(&faces, &[])?, maxent(&faces, &[mean(MEAN)])?);
    let bell = maxent(&Support::line(0.0, 1.0)?, &[mean(0.0), square(1.0)])?;
    let wait = maxent(&Support::half_line(1.0)?, &[mean(1.0)])?;

    // Another distribution p with the same moments each time. The biased die's is the one that p* was fitted to.
    let die = |p: &[f64]| Pmf::new([6], p);
    let (p_fair, p_biased) = (die(&[0.3, 0.1, 0.1, 0.1, 0.1, 0.3])?, die(&biased.feasible)?);
    let (p_bell, p_wait) = (Uniform::new(-3f64.sqrt(), 3f64.sqrt())?, Gamma::new(2.0, 2.0)?);
    let (normal, exponential) = (Normal::new(0.0, 1.0)?, Exponential::new(1.0)?);

    // It has less entropy than p*, by as much as it diverges from p*; for densities p* stands in closed form.
    let name = format!("mean {MEAN}: a biased die");
    let rows = [
        ("nothing: uniform", &fair, p_fair.entropy(), p_fair.kl_divergence(&die(&fair.law)?)?),
        (&name, &biased, p_biased.entropy(), p_biased.kl_divergence(&die(&biased.law)?)?),
        ("mean 0, variance 1: Gaussian", &bell, p_bell.entropy(), quadrature::kl_divergence(&p_bell, &normal)?),
        ("mean 1 on [0, ∞): exponential", &wait, p_wait.entropy(), quadrature::kl_divergence(&p_wait, &exponential)?),
    ];
    println!("{:<29}  {:>12}  {:>12}  {:>12}  λ (nats)", "what is known", "H(p*)", "H(p*) − H(p)", "KL(p‖p*)");
    for (known, found, entropy, kl) in rows {
        let [top, gap, kl] = [found.entropy, found.entropy - entropy, kl].map(|amount| run.show(amount));
        let listed = |lambda: &Vec<f64>| lambda.iter().map(|number| fixed(*number, 4)).collect::<Vec<_>>().join(", ");
        let lambda = found.lambda.as_ref().map_or("not finite".into(), listed);
        println!("{known:<29}  {top:>12}  {gap:>12}  {kl:>12}  {}", if lambda.is_empty() { "none" } else { &lambda });
    }

    let titled = |i: usize, panel: Panel| panel.title(rows[i].0).label(format!("p: {} less", run.show(rows[i].3)));
    let figure = Figure::new("With the same moments, every other distribution has less entropy")
        .subtitle("p*: the distribution of largest entropy; p: another with its moments, less by KL(p‖p*)")
        .column([titled(0, bars(&fair.law, &p_fair)), titled(1, bars(&biased.law, &p_biased))])
        .column([titled(2, curves(&normal, &p_bell, -4.0)), titled(3, curves(&exponential, &p_wait, 0.0))]);
    run.draw("laws.png", figure)?;
    run.say_picture("laws.png");
    Ok(())
}

fn bars(best: &[f64], p: &Pmf) -> Panel {
    let side = |masses: &[f64], from: f64| -> Vec<_> {
        (1..=6).map(|face| f64::from(face) + from).zip(masses).map(|(at, mass)| (at, at + 0.4, *mass)).collect()
    };
    let panel = Panel::new(Axis::new("face"), Axis::new("probability").range(0.0, 1.0));
    panel.bars(side(best, -0.4), Ink::Blue).label("p*").bars(side(p.values(), 0.0), Ink::Orange)
}

fn curves(best: &dyn Density, p: &dyn Density, from: f64) -> Panel {
    let places: Vec<f64> = (0..=800).map(|k| from + (4.0 - from) * f64::from(k) / 800.0).collect();
    let curve = |law: &dyn Density| places.iter().map(|x| (*x, law.log_prob(*x).exp())).collect::<Vec<_>>();
    let panel = Panel::new(Axis::new("x"), Axis::new("density")).line(curve(best), Ink::Blue).label("p*");
    panel.line(curve(p), Ink::Orange)
}
