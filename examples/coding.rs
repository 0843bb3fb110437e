//! Codes pay what entropy says (lecture rows P1, P2): H at best, H + KL with a code made for another distribution. The
//! letters of a text, a column of a table, the faces of a coin.
//!
//! Try: another `TEXT`, in small letters, or another `RARE`. A text of one letter repeated costs nothing.
//!
//! Knowing Y saves I(X;Y): with a code for each value of Y, X of the 4 × 4 table of row L16 costs H(X|Y).

use anyhow::{Result, ensure};
use candle_mle::info::{Information, Pmf, PrefixCode};
use candle_mle_cli::Run;
use candle_mle_plot::{Axis, Figure, Ink, Panel};

const TEXT: &str = "a rare letter may have a long word because it is seldom sent and a common letter must have a short \
    one the best code gives every letter about as many bits as its surprise and no code can do better on average";
/// How often a coin shows its rarer face, when it is coded in blocks.
const RARE: f64 = 0.1;

fn main() -> Result<()> {
    let run = Run::<()>::from_args("coding", include_str!("coding.rs"))?;
    let unit = run.unit();

    // A code for the letters of a text: written in binary digits, and read back.
    let letters: Vec<usize> = TEXT.bytes().map(|b| if b == b' ' { 0 } else { usize::from(b - b'a') + 1 }).collect();
    let p = Pmf::from_samples([27], letters.chunks(1))?;
    let (code, even) = (PrefixCode::huffman(&p), Pmf::uniform(27)?);
    let bits = code.encode(&letters)?;
    ensure!(code.decode(&bits, letters.len())? == letters, "the text did not come back");
    println!("{} letters became {} binary digits and came back as they were", letters.len(), bits.len());

    // What theory asks for a symbol, and what a code takes on average.
    let paid = |q: &Pmf, p: &Pmf| PrefixCode::huffman(q).expected_length(p).map(Information::from_bits);
    let row = |what: &str, owed: Information, paid: Information| {
        println!("{what:<48}{:>10.4}{:>10.4}", owed.to(unit), paid.to(unit));
    };
    println!("\n{:<48}{:>10}{:>10}", format!("{unit} per symbol"), "owed", "paid");
    let (h, kl, right, wrong) = (p.entropy(), p.kl_divergence(&even)?, paid(&p, &p)?, paid(&even, &p)?);
    row("letters, the code made for them: H(p)", h, right);
    row("letters, a code for equal ones: H(p) + KL(p‖q)", h + kl, wrong);
    // Where all probabilities are powers of ½ the two columns are one.
    let (p, q) = (Pmf::new([4], [0.5, 0.25, 0.125, 0.125])?, Pmf::new([4], [0.125, 0.125, 0.25, 0.5])?);
    row("p = 1/2 1/4 1/8 1/8, the code made for it: H(p)", p.entropy(), paid(&p, &p)?);
    row("the same, a code for q = 1/8 1/8 1/4 1/2: + KL", p.entropy() + p.kl_divergence(&q)?, paid(&q, &p)?);

    // Side information: a code for every value of Y.
    let xy = Pmf::from_counts([4, 4], [4., 2., 1., 1., 2., 4., 1., 1., 2., 2., 2., 2., 8., 0., 0., 0.])?;
    let (x, own) = (xy.marginal(&[0])?, |p: &Pmf| paid(p, p));
    let given = |(y, mass): (Vec<usize>, f64)| Ok(own(&xy.condition(&[(1, y[0])])?)? * mass);
    let (alone, told) = (own(&x)?, xy.marginal(&[1])?.cells().map(given).sum::<Result<Information>>()?);
    row("X of the 4 × 4 table: H(X)", x.entropy(), alone);
    row("X when both sides know Y: H(X|Y)", xy.conditional_entropy(&[0], &[1])?, told);
    row("saved by knowing Y: I(X;Y)", xy.mutual_information(&[0], &[1])?, alone - told);

    // n faces of a coin in one word: the rounding to whole digits is shared by all of them.
    let (coin, mut rates) = (Pmf::bernoulli(RARE)?, vec![]);
    for n in 1..=12u32 {
        let block = coin.extension(n as usize)?;
        let each = own(&block)? / n.into();
        row(&format!("a coin of {RARE}, blocks of {n}: H"), coin.entropy(), each);
        rates.push((n.into(), each.to(unit)));
    }

    let part = |name: &str, bits: Information, ink| (bits.to(unit), ink, format!("{name}\n{:.3}", bits.to(unit)));
    let bars = [
        ("text, its code", vec![part("paid", right, Ink::Blue)]),
        ("text, in theory", vec![part("H(p)", h, Ink::SkyBlue), part("KL(p‖q)", kl, Ink::Orange)]),
        ("text, code for q", vec![part("paid", wrong, Ink::Blue)]),
        ("X alone", vec![part("paid", alone, Ink::Blue)]),
        ("X, Y known", vec![part("paid", told, Ink::Blue), part("saved", alone - told, Ink::Green)]),
    ];
    let blocks = Panel::new(Axis::new("faces of a coin in a word"), Axis::new(format!("{unit} per face")));
    let blocks = blocks.line(rates.clone(), Ink::Blue).points(rates, Ink::Blue).hline(coin.entropy().to(unit), "H");
    let figure = Figure::new("No code beats the entropy, and the wrong one pays KL on top")
        .column_of(1.7, [Panel::stacks(Axis::new(""), Axis::new(format!("{unit} per symbol")), bars)])
        .column([blocks]);
    run.draw("codes.png", figure)?;
    run.say_picture("codes.png");
    Ok(())
}
