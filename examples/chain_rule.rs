//! The chain rule (lecture rows L10, L11): uncertainty comes in stages, and in every order the stages add up alike. Two
//! coins, then three.
//!
//! Try: another noise, say `Channel::binary_symmetric(0.5)`: then nothing of the coin before it comes through.
//!
//! H(A|B) is what is still uncertain about A when B is known; an autoregressive language model pays these terms.

use anyhow::Result;
use candle_mle::info::{Channel, Information, Pmf};
use candle_mle_cli::Run;
use candle_mle_plot::{Axis, Figure, Ink, Panel};

const NAMES: [(&str, Ink); 3] = [("X", Ink::Blue), ("Y", Ink::Orange), ("W", Ink::Green)];

fn main() -> Result<()> {
    let run = Run::<()>::from_args("chain_rule", include_str!("chain_rule.rs"))?;

    // X is a fair coin, Y = X xor Z with Z ~ Bernoulli(0.1): the other face now and then.
    let two = Pmf::bernoulli(0.5)?.with_output(0, &Channel::binary_symmetric(0.1)?)?;
    // W is Y sent on through another channel, noisier than the first.
    let three = two.with_output(1, &Channel::binary_symmetric(0.2)?)?;

    println!("two coins, H(X,Y) = {}", run.show(two.entropy()));
    let pair = stacks(&run, &two, &[&[0, 1], &[1, 0]])?.title("two coins");
    println!("\nthree coins, H(X,Y,W) = {}", run.show(three.entropy()));
    let orders: [&[usize]; 6] = [&[0, 1, 2], &[0, 2, 1], &[1, 0, 2], &[1, 2, 0], &[2, 0, 1], &[2, 1, 0]];
    let triple = stacks(&run, &three, &orders)?.title("three coins");

    let figure = Figure::new("Told in any order, the coins tell the same in all")
        .subtitle("each block is what a coin still adds when those below it are known")
        .column([pair])
        .column_of(2.2, [triple]);
    run.draw("orders.png", figure)?;
    run.say_picture("orders.png");
    Ok(())
}

/// Prints the terms of every order and stacks them.
fn stacks(run: &Run<()>, p: &Pmf, orders: &[&[usize]]) -> Result<Panel> {
    let unit = run.unit();
    let name = |axes: &[usize]| axes.iter().map(|axis| NAMES[*axis].0).collect::<Vec<_>>().join(",");
    let mut stacks = vec![];
    for order in orders {
        let terms = p.chain_rule(order)?;
        let given = |k: usize| if k == 0 { String::new() } else { format!("|{}", name(&order[..k])) };
        let named = |k: usize| format!("H({}{})", name(&order[k..=k]), given(k));
        let said = terms.iter().enumerate().map(|(k, term)| format!("{:>9} {:.4}", named(k), term.to(unit)));
        let total: Information = terms.iter().copied().sum();
        println!("  {}  =  {}", said.collect::<Vec<_>>().join("  +"), run.show(total));
        let parts = terms.iter().enumerate().map(|(k, term)| {
            let amount = term.to(unit);
            (amount, NAMES[order[k]].1, format!("{}\n{amount:.3}", named(k)))
        });
        stacks.push((name(order), parts.collect::<Vec<_>>()));
    }
    Ok(Panel::stacks(Axis::new("order in which they are told"), Axis::new(format!("entropy ({unit})")), stacks))
}
