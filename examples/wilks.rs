//! How far an estimate falls from the truth by chance (Wilks's theorem): 2 n (KL of the truth − KL of the estimate) is χ²
//! distributed, one degree of freedom a parameter, and an interval of 95 % covers the truth in 95 of 100 samples. A logistic
//! regression, fitted to a thousand samples of one known truth.
//!
//! Try: `SIZE`, how many subjects a sample has: with 30 the χ² distribution of large samples is a poor guide, and the estimate
//! runs off in some. `--n` is the number of samples.

use anyhow::{Result, ensure};
use candle_core::{Device, Tensor};
use candle_mle::inference::{Coefficients, beyond_chi_squared, beyond_normal};
use candle_mle::model::{Linear, Logistic, Sample};
use candle_mle::{Empirical, Model, Objective, maximum_likelihood, separation};
use candle_mle_cli::{Draws, Run};
use candle_mle_plot::{Axis, Figure, Ink, Panel};

const SIZE: usize = 200;
const SAMPLES: usize = 1000;
const LEVEL: f64 = 0.95;

fn main() -> Result<()> {
    let run = Run::<Draws>::from_args("wilks", include_str!("wilks.rs"))?;
    let (mut rng, samples) = (run.generator(), run.n_or(SAMPLES));
    let truth = Logistic::from_coefficients(&Tensor::new(&[[0.0, 0.0], [1.2, -4.0]], &Device::Cpu)?)?;
    let doses = Tensor::from_vec((0..SIZE).map(|i| (i % 11) as f64 * 0.6).collect(), (SIZE, 1), &Device::Cpu)?;

    let (mut statistics, mut distances, mut profiled, mut without) = (vec![], vec![], 0, 0);
    for _ in 0..samples {
        let p = Empirical::from_sample(truth.sample(&doses, &mut rng)?)?;
        if separation(&p, 2)?.is_some() {
            without += 1;
            continue;
        }
        let model = maximum_likelihood(&p, |vb| Logistic::new(1, vb))?.model;
        let kl = |q: &Logistic| Objective::Kl.loss(q, &q.log_prob(p.batch())?, &p);
        let gain = (kl(&truth)? - kl(&model)?)?.to_scalar::<f64>()?;
        statistics.push(2.0 * p.total() * gain);
        let slope = Coefficients::of(&model, &p)?.get(1, 0);
        distances.push(((slope.estimate - 1.2) / slope.std_error).abs());
        let [low, high] = Coefficients::profile(&model, &p, 1, 0, LEVEL)?;
        profiled += usize::from((low..=high).contains(&1.2));
    }
    ensure!(!statistics.is_empty(), "no sample has a finite maximum: take a larger SIZE");
    statistics.sort_by(f64::total_cmp);
    let all = statistics.len() as f64;
    let covered = |level| distances.iter().filter(|z| beyond_normal(**z) >= 1.0 - level).count() as f64 / all;
    let (wald, profile) = (covered(LEVEL), profiled as f64 / all);
    println!("{samples} samples of {SIZE} subjects, {without} of them without a finite maximum");
    println!("2 n ΔKL: {:.3} nats on average, of χ² with 2 degrees of freedom 2", statistics.iter().sum::<f64>() / all);
    println!("95 % intervals of the slope cover it: Wald {:.1} %, profile {:.1} %", 100.0 * wald, 100.0 * profile);

    // The share of samples beyond each value.
    let beyond = statistics.iter().enumerate().map(|(at, x)| (*x, 1.0 - (at as f64 + 0.5) / all));
    let tail =
        Panel::new(Axis::new("2 n ΔKL (nats)"), Axis::new("share of samples beyond").log().range(0.5 / all, 1.0))
            .line(beyond, Ink::Blue)
            .label(format!("{all} samples"))
            .curve((0.0, 2.0 * all.ln()), |x| beyond_chi_squared(x, 2), Ink::Black)
            .label("χ², 2 degrees of freedom")
            .dashed();
    let cover = Panel::new(Axis::new("level of the interval"), Axis::new("share that covers the slope"))
        .curve((0.01, 0.99), |level| level, Ink::Black)
        .dashed()
        .line((1..100).map(|percent| f64::from(percent) / 100.0).map(|level| (level, covered(level))), Ink::Orange)
        .label("Wald")
        .mark(LEVEL, profile, format!("profile, {:.1} %", 100.0 * profile));
    let title = format!("Intervals of 95 % cover the truth in {:.1} % of the samples", 100.0 * wald);
    let subtitle = format!("logistic regression of {SIZE} subjects, fitted to {all} samples of one truth");
    run.draw("wilks.png", Figure::new(title).subtitle(subtitle).column([tail]).column([cover]))?;
    run.say_picture("wilks.png");
    Ok(())
}
