//! What more data are worth: the gap between the truth and what maximum likelihood makes of n observations, KL(truth‖θ̂), falls
//! as r/2n nats for r parameters. The other way round the sample seems to be fitted better than the truth fits it, by as much.
//!
//! Try: another slope in `TRUTH`: the law is the same. `--n` is the number of samples of each size.

use anyhow::{Result, ensure};
use candle_core::{Device, Tensor};
use candle_mle::info::Information;
use candle_mle::model::{KlDivergence, Linear, Logistic, Sample};
use candle_mle::{Empirical, Labelled, Model, Objective, maximum_likelihood};
use candle_mle_cli::{Draws, Run};
use candle_mle_plot::{Axis, Figure, Ink, Panel};

const TRUTH: [[f64; 2]; 2] = [[0.0, 0.0], [1.2, -4.0]];
const SIZES: [usize; 8] = [100, 200, 500, 1000, 2000, 5000, 10_000, 20_000];
const REPEATS: usize = 40;

fn main() -> Result<()> {
    let run = Run::<Draws>::from_args("sample_size", include_str!("sample_size.rs"))?;
    let (unit, repeats) = (run.unit(), run.n_or(REPEATS));
    let truth = Logistic::from_coefficients(&Tensor::new(&TRUTH, &Device::Cpu)?)?;
    let doses = |n: usize| Tensor::from_vec((0..n).map(|i| (i % 11) as f64 * 0.6).collect(), (n, 1), &Device::Cpu);
    let every = Labelled::new(doses(11)?, Tensor::zeros(11, candle_core::DType::U32, &Device::Cpu)?)?;

    println!("{:>8}{:>20}{:>20}{:>12}   {unit} per observation", "n", "KL(truth‖θ̂)", "gained in sample", "r/2n");
    let law = |n: f64| Information::from_nats(1.0 / n).to(unit); // two parameters
    let (mut gaps, mut seeming) = (vec![], vec![]);
    for n in SIZES {
        let (mut rng, mut gap, mut gain) = (run.generator(), 0.0, 0.0);
        for _ in 0..repeats {
            let p = Empirical::from_sample(truth.sample(&doses(n)?, &mut rng)?)?;
            let fitted = maximum_likelihood(&p, |vb| Logistic::new(1, vb))?;
            ensure!(fitted.converged, "a sample of {n} has no finite maximum: take another --seed");
            let model = fitted.model;
            let kl = |of: &Logistic| -> Result<f64> {
                Ok(Objective::Kl.loss(of, &of.log_prob(p.batch())?, &p)?.to_scalar()?)
            };
            gain += kl(&truth)? - kl(&model)?;
            gap += truth.kl_divergence(&model, &every)?.mean_all()?.to_scalar::<f64>()?;
        }
        let [gap, gain] = [gap, gain].map(|sum| Information::from_nats(sum / repeats as f64).to(unit));
        println!("{n:>8}{gap:>20.6}{gain:>20.6}{:>12.6}", law(n as f64));
        gaps.push((n as f64, gap));
        seeming.push((n as f64, gain));
    }
    let times = gaps.iter().map(|(n, gap)| gap / law(*n)).sum::<f64>() / gaps.len() as f64;
    let panel = Panel::new(
        Axis::new("n, the number of observations").log(),
        Axis::new(format!("KL per observation ({unit})")).log(),
    )
    .line(gaps, Ink::Blue)
    .label("KL(truth‖θ̂): what the estimate lacks")
    .line(seeming, Ink::Orange)
    .label("KL(p̂‖truth) − KL(p̂‖θ̂): what it seems to gain")
    .curve((100.0, 20_000.0), law, Ink::Black)
    .label("r/2n")
    .dashed();
    let figure = Figure::new(format!("The gap to the truth is {times:.2} times r/2n on average"))
        .subtitle(format!("logistic regression with r = 2 parameters, {repeats} samples of each size"))
        .column([panel]);
    run.draw("sample_size.png", figure)?;
    run.say_picture("sample_size.png");
    Ok(())
}
