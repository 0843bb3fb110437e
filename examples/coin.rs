//! Sixty heads of a hundred (lecture row L1): three losses, one argmin, π = 0.6. The smallest program that shows it.
//!
//! Try: another number of `HEADS`. With `--n 20 --truth 0.9` flips are drawn from a coin of that probability; with `--csv` and
//! `--target` a column of yours with two values is counted. Step size: above 8, `--lr 9`, the loss climbs above its
//! start, and the run stops and names the step; with `--let-it-diverge` it goes on, and is drawn.

use anyhow::Result;
use candle_core::{Device, Tensor};
use candle_mle::hook::ParameterPath;
use candle_mle::model::{Bernoulli, Sample};
use candle_mle::separation::one_sided;
use candle_mle::{Design, LossLog, Parameters, fit};
use candle_mle_cli::{Coin, Run, Setting, Slice};
use candle_mle_plot::{Axis, Figure, Ink, Panel};

const HEADS: f64 = 60.0;
const FLIPS: f64 = 100.0;

fn main() -> Result<()> {
    let run = Run::<Coin>::from_args("coin", include_str!("coin.rs"))?;

    // p̂, what was seen: a table of counts, flips of a coin of known bias, or a column of yours.
    let truth = Bernoulli::from_prob(run.truth(["probability of heads"], [HEADS / FLIPS])[0], &Device::Cpu)?;
    let drawn = run.drawn_or(FLIPS as usize).map(|n| truth.sample(&n, &mut run.generator())).transpose()?;
    let truth = drawn.is_some().then_some(&truth);
    let (outcomes, counts) = match drawn {
        Some(flips) => (flips.clone(), vec![1.0; flips.elem_count()]),
        None => (Tensor::new(&[1.0, 0.0], &Device::Cpu)?, vec![HEADS, FLIPS - HEADS]),
    };
    let seen = || Design::of_counts(outcomes, &counts, "coin", &["tails", "heads"]).map_err(anyhow::Error::from);
    let Design { p, names, .. } = run.outcomes()?.map_or_else(seen, Ok)?;
    let faces = &names.classes;
    run.say_data(&format!("a coin: {} (1) or {} (0)", faces[1], faces[0]), "H(p̂)", &p);

    // q: a coin whose one variable starts fair. The log sees KL, cross-entropy and NLL at every step of the descent.
    let setting = Setting { truth, separation: one_sided(&p)?, names: &names, step_size: 1.0 };
    let (plan, data, (vars, coin)) = (run.plan(&setting, &p)?, run.place(&p)?, run.start(Bernoulli::new)?);
    let place = |truth: &Bernoulli| truth.to_dtype(data.batch().dtype())?.to_device(data.batch().device());
    let placed = truth.map(place).transpose()?;
    let (mut log, mut path) = (run.streamed(LossLog::with_truth(placed.as_ref())), ParameterPath::new());
    let (mut descent, mut enough) = (plan.optimizer(&coin, &vars, &data)?, plan.enough(&vars, &data));
    let hooks = &mut (&mut log, &mut path, &mut (&mut run.climb(&plan), &mut enough));
    let end = fit(&coin, plan.source(&data)?, plan.objective, descent.as_mut(), 0..plan.steps, hooks);
    drop(descent);
    let history = log.into_history()?;
    let fitted = end.map(|end| enough.fitted(coin, vars, &history, end));
    let learned = run.learned(&plan, setting, history, &path, fitted)?;
    run.compare_paths(&plan, &data, Bernoulli::new)?;
    println!("\nprobability of {}: {:.6}\n", faces[1], learned.model.prob()?);

    // The same three quantities along the coins around it.
    run.draw_descent(&learned, "H(p̂)")?;
    run.draw_landscape(&learned, "H(p̂)", &Slice::of_coins(&faces[1], &learned, &p)?, None)?;
    let (heads, fitted) = (p.moments()?.0[0], learned.model.prob()?);
    let bars = |left: f64, heads: f64| [(left, left + 0.3, 1.0 - heads), (1.0 + left, 1.3 + left, heads)];
    let panel = Panel::new(Axis::new("").categories(faces), Axis::new("probability").range(0.0, 1.0));
    let panel = panel.bars(bars(-0.3, heads), Ink::SkyBlue).label("observed share");
    let panel = panel.bars(bars(0.0, fitted), Ink::Vermillion).label("fitted coin");
    let title = match (&learned.separation, learned.converged) {
        (Some(_), _) => format!("Only {} was observed: the coin is never sure enough", faces[heads as usize]),
        (None, true) => format!("The fitted coin shows {} as often as was observed: {heads:.4}", faces[1]),
        (None, false) => {
            format!("Not converged: the coin shows {} with {fitted:.4}, observed are {heads:.4}", faces[1])
        }
    };
    run.draw("model.png", Figure::new(title).column([panel]))?;
    run.say_files();
    Ok(())
}
