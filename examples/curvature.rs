//! What the Fisher information is: the curvature of the KL divergence. Moved by δ from the estimate θ̂, a model is
//! KL(θ̂‖θ̂+δ) ≈ ½ δᵀ I δ away, nats per observation; the standard error is the move that costs half a nat of all observations.
//!
//! Try: `SIZE`: n KL is half a nat at one standard error whatever n is, and the parabola fits the better the more there are.

use anyhow::Result;
use candle_core::{Device, Tensor};
use candle_mle::inference::Coefficients;
use candle_mle::model::{KlDivergence, Linear, Logistic, Sample};
use candle_mle::{Empirical, maximum_likelihood};
use candle_mle_cli::{Draws, Run};
use candle_mle_plot::{Axis, Figure, Ink, Panel};

const SIZE: usize = 100;

fn main() -> Result<()> {
    let run = Run::<Draws>::from_args("curvature", include_str!("curvature.rs"))?;
    let n = run.n_or(SIZE);
    let truth = Logistic::from_coefficients(&Tensor::new(&[[0.0, 0.0], [1.2, -4.0]], &Device::Cpu)?)?;
    let doses = Tensor::from_vec((0..n).map(|i| (i % 11) as f64 * 0.6).collect(), (n, 1), &Device::Cpu)?;
    let p = Empirical::from_sample(truth.sample(&doses, &mut run.generator())?)?;
    let model = maximum_likelihood(&p, |vb| Logistic::new(1, vb))?.model;
    let known = Coefficients::of(&model, &p)?;
    let (slope, intercept) = (known.get(1, 0), known.get(1, 1));
    let covariance = known.covariance();

    // Moved by u standard errors along the slope, the intercept going where the likelihood falls least.
    let along = covariance[(3, 2)] / covariance[(2, 2)];
    let n_kl = |u: f64| -> Result<f64> {
        let by = u * slope.std_error;
        let moved = [[0.0, 0.0], [slope.estimate + by, intercept.estimate + along * by]];
        let moved = Logistic::from_coefficients(&Tensor::new(&moved, &Device::Cpu)?)?;
        let kl = model.kl_divergence(&moved, p.batch())?;
        Ok(p.total() * (kl * p.mass())?.sum_all()?.to_scalar::<f64>()?)
    };
    println!("{n} subjects: slope {:.4}, standard error {:.4}\n", slope.estimate, slope.std_error);
    println!("{:>16}{:>14}{:>12}", "standard errors", "n KL (nats)", "½ n δᵀIδ");
    for u in [-2.0, -1.0, -0.1, 0.1, 1.0, 2.0] {
        println!("{u:>16.1}{:>14.6}{:>12.6}", n_kl(u)?, 0.5 * u * u);
    }
    let moves: Vec<f64> = (-60..=60).map(|at| f64::from(at) / 20.0).collect();
    let exact = moves.iter().map(|u| Ok((*u, n_kl(*u)?))).collect::<Result<Vec<_>>>()?;
    let costs = n_kl(1.0)?;
    let panel = Panel::new(Axis::new("δ in standard errors of the slope"), Axis::new("n KL (nats)"))
        .line(exact, Ink::Blue)
        .label("n KL(θ̂‖θ̂+δ)")
        .curve((-3.0, 3.0), |u| 0.5 * u * u, Ink::Orange)
        .label("½ n δᵀIδ")
        .dashed()
        .hline(0.5, "half a nat");
    let figure = Figure::new(format!(
        "One standard error costs {costs:.2} nats of all observations; on the parabola, half a nat"
    ))
    .subtitle(format!("logistic regression of {n} subjects: the divergence from the estimate, and its parabola"))
    .column([panel]);
    run.draw("curvature.png", figure)?;
    run.say_picture("curvature.png");
    Ok(())
}
