//! Mutual information on the worked 4 × 4 table (lecture rows L13 to L16): three equal forms, and what always holds.
//!
//! Try: another count in `COUNTS`. With equal rows X and Y are independent, and the circles only touch.

use anyhow::Result;
use candle_mle::info::{Information, Pmf};
use candle_mle_cli::Run;
use candle_mle_plot::{Axis, Figure, Panel};

/// p(x, y) in parts of their sum: the slide's 1/8 is 4 of 32.
const COUNTS: [[f64; 4]; 4] = [[4., 2., 1., 1.], [2., 4., 1., 1.], [2., 2., 2., 2.], [8., 0., 0., 0.]];

fn main() -> Result<()> {
    let run = Run::<()>::from_args("mutual_information", include_str!("mutual_information.rs"))?;
    let (p, x, y) = (Pmf::from_counts([4, 4], COUNTS.concat())?, &[0], &[1]);
    let (h_x, h_y, h_xy) = (p.entropy_of(x)?, p.entropy_of(y)?, p.entropy());
    let (h_x_given_y, h_y_given_x) = (p.conditional_entropy(x, y)?, p.conditional_entropy(y, x)?);
    let independent = p.marginal(x)?.product(&p.marginal(y)?)?;
    let i = p.mutual_information(x, y)?;

    let amounts = [("H(X)", h_x), ("H(Y)", h_y), ("H(X,Y)", h_xy), ("H(X|Y)", h_x_given_y), ("H(Y|X)", h_y_given_x)];
    let forms = [
        ("H(X) − H(X|Y)", h_x - h_x_given_y),
        ("H(Y) − H(Y|X)", h_y - h_y_given_x),
        ("H(X) + H(Y) − H(X,Y)", h_x + h_y - h_xy),
        ("KL(p_xy‖p_x p_y)", p.kl_divergence(&independent)?),
    ];
    let list = |(name, amount): &(&str, Information)| println!("{name:<24}{:>14}", run.show(*amount));
    amounts.iter().for_each(list);
    println!("\nI(X;Y) in its three forms, the first both ways");
    forms.iter().for_each(list);

    // Six properties, and that conditioning reduces entropy; each side is worked out from a table of its own.
    let relabelled = p.map([4, 4], |cell| [3 - cell[0], (cell[1] + 1) % 4])?;
    let least = if h_x < h_y { h_x } else { h_y };
    let (turned, zero) = (p.marginal(&[1, 0])?, Information::ZERO);
    println!("\nwhat holds for every table");
    for (claim, left, sign, right) in [
        ("not negative", i, "≥", zero),
        ("0 if independent, p_x p_y", independent.mutual_information(x, y)?, "=", zero),
        ("symmetric, I(X;Y) = I(Y;X)", i, "=", turned.mutual_information(x, y)?),
        ("of itself, I(X;X) = H(X)", p.mutual_information(x, x)?, "=", h_x),
        ("at most the smaller entropy", i, "≤", least),
        ("unchanged by new labels", i, "=", relabelled.mutual_information(x, y)?),
        ("H(X|Y) at most H(X)", h_x_given_y, "≤", h_x),
    ] {
        println!("{claim:<28}{:>14}  {sign}  {}", run.show(left), run.show(right));
    }

    // H(Y|X = x) of every row: their mean is H(Y|X).
    let total: f64 = COUNTS.iter().flatten().sum();
    let open = (0..4).map(|row| Ok(p.condition(&[(0, row)])?.entropy())).collect::<Result<Vec<_>>>()?;
    let rows: Vec<String> = open.iter().zip(1..).map(|(h, k)| format!("x{k}: {:.3}", h.to(run.unit()))).collect();
    let table = Panel::new(Axis::new("Y").categories(&["y1", "y2", "y3", "y4"]), Axis::new("X").categories(&rows));
    let table = table.cells(&COUNTS.concat(), Axis::new(format!("p(x, y), in parts of {total}")));
    let figure = Figure::new(format!("Knowing X leaves {} of the {} in Y", run.show(h_y_given_x), run.show(h_y)))
        .subtitle(format!("beside every row H(Y|X = x) in {}; the mean of the four is H(Y|X)", run.unit()))
        .column([table]);
    run.draw("table.png", figure)?;

    let named = |name: &str, amount: Information| (amount.to(run.unit()), format!("{name}\n{}", run.show(amount)));
    let (only_x, only_y) = (named("H(X|Y)", h_x_given_y).1, named("H(Y|X)", h_y_given_x).1);
    let circles = Panel::venn([named("H(X)", h_x), named("H(Y)", h_y)], named("I(X;Y)", i), [only_x, only_y]);
    let figure = Figure::new(format!("X and Y share {}: the overlap of their entropies", run.show(i)))
        .subtitle("areas to scale")
        .column([circles]);
    run.draw("diagram.png", figure)?;
    run.say_picture("table.png");
    run.say_picture("diagram.png");
    Ok(())
}
