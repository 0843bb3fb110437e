//! The data processing inequality (lecture row P4) on exact tables: X → Z1 → Z2 → …, a coin and one noisy channel after
//! another.
//!
//! Try: another probability in `FLIPS`, or another `COIN`, how often X is 1.
//!
//! Every Z is a function of the one before it and of noise, so that I(X;Z) can only fall. What is lost is lost.

use anyhow::Result;
use candle_mle::info::{Channel, Pmf};
use candle_mle_cli::Run;
use candle_mle_plot::{Axis, Figure, Ink, Panel};

const COIN: f64 = 0.5;
const FLIPS: [f64; 3] = [0.01, 0.05, 0.2];

fn main() -> Result<()> {
    let run = Run::<()>::from_args("channels", include_str!("channels.rs"))?;
    let (unit, x) = (run.unit(), Pmf::bernoulli(COIN)?);
    let mut panel = Panel::new(Axis::new("channels passed"), Axis::new(format!("I(X;Z) ({unit})")));
    println!("{:<12}{:>10}  I(X;Z) after 0, 1, 2 … channels", format!("in {unit}"), "H(X)");
    for (flip, ink) in FLIPS.into_iter().zip([Ink::Blue, Ink::Green, Ink::Vermillion]) {
        let channel = Channel::binary_symmetric(flip)?;
        // X and Z_0, which is X itself; then Z_k takes the place of what it was made from.
        let mut p = x.with_output(0, &Channel::binary_symmetric(0.0)?)?;
        let mut left = vec![];
        for _ in 0..=10 {
            left.push(p.mutual_information(&[0], &[1])?.to(unit));
            p = p.through(1, &channel)?;
        }
        let shown: String = left.iter().map(|i| format!("{i:>8.4}")).collect();
        println!("{:<12}{:>10.4}{shown}", format!("flips {flip}"), x.entropy().to(unit));
        panel = panel.line((0..).map(f64::from).zip(left), ink).label(format!("each flips {} %", 100.0 * flip));
    }
    let figure = Figure::new("No channel brings back what the one before it lost")
        .subtitle("X → Z1 → Z2 → …, a coin and binary symmetric channels: I(X;Z) falls from H(X) towards 0")
        .column([panel.hline(x.entropy().to(unit), "H(X)")]);
    run.draw("chain.png", figure)?;
    run.say_picture("chain.png");
    Ok(())
}
