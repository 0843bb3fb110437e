//! Which distribution is it? 2000 waiting times are drawn from a gamma distribution (lecture rows L1, L6) and recorded in steps of
//! 0.25; every family of one number is fitted by maximum likelihood, and they are ranked by how many bits KL lies above the floor.
//!
//! Try: `--n 50`: with few observations families that are near each other change places, and AIC, which charges for every parameter,
//! does not follow KL. `--seed 2` draws another sample. A column of yours is ranked by
//! `candle-mle fit --family all --csv FILE --column COLUMN --resolution Δ`.

use anyhow::Result;
use candle_core::Device;
use candle_mle::Empirical;
use candle_mle::families::rank;
use candle_mle::info::law;
use candle_mle::model::{Gamma, Sample};
use candle_mle_cli::{Draws, Run};

/// Shape 2, and on average 4 minutes.
const SHAPE: f64 = 2.0;
const RATE: f64 = 0.5;
/// Minutes.
const STEP: f64 = 0.25;

fn main() -> Result<()> {
    let run = Run::<Draws>::from_args("families", include_str!("families.rs"))?;

    // What was seen: times from a known truth, as a watch of finite steps shows them; none as short as 0.
    let truth = Gamma::from_law(&law::Gamma::new(SHAPE, RATE)?, &Device::Cpu)?;
    let waits = truth.sample(&run.n_or(2000), &mut run.generator())?.maximum(STEP)?;
    let p = Empirical::from_sample(waits)?.at_resolution(&[STEP])?;
    run.say_data(&format!("waits from a gamma distribution, shape {SHAPE}, rate {RATE} per minute"), "H(p̂)", &p);

    // Every family that can be of such numbers, each learnt by the same descent; the nearest first.
    let ranking = rank(&p)?;
    run.say_families(&ranking, "wait (min)");
    let best = &ranking.ranked[0];
    println!("nearest: {}; drawn from: gamma distribution", best.name);
    run.draw_families("wait (min)", &p, &ranking)?;
    run.say_picture("families.png");
    Ok(())
}
