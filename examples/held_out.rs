//! What a family finds in a sample, and what that is worth on new rows (lecture row P6, held out). Polynomials of rising
//! degree, and a table, on a sample of stripes.
//!
//! Try: `--n 1000`, more rows for the families to be fitted to: more of what they find holds on new rows.
//!
//! The distribution is known, so that held out means the distribution itself, every place and answer by its probability.
//! There usable information may be negative, −∞ where an answer was ruled out that occurs, and NaN at places that were
//! never seen.

use anyhow::Result;
use candle_core::{Device, Tensor};
use candle_mle::info::{Information, Pmf};
use candle_mle::usable::{Family, usable_information};
use candle_mle::{Empirical, Labelled};
use candle_mle_cli::{Draws, Run};
use candle_mle_plot::{Axis, Figure, Ink, Panel};

const PLACES: usize = 64;
const NOISE: f64 = 0.05;
const DEGREES: usize = 10;

fn main() -> Result<()> {
    let run = Run::<Draws>::from_args("held_out", include_str!("held_out.rs"))?;
    let (unit, draws) = (run.unit(), run.n_or(150));
    let place = |cell: usize| (2 * cell + 1) as f64 / PLACES as f64 - 1.0; // from −1 to 1
    let answers = |cell| if (6.0 * place(cell)).sin() > 0.0 { [NOISE, 1.0 - NOISE] } else { [1.0 - NOISE, NOISE] };
    let law = Pmf::from_counts([PLACES, 2], (0..PLACES).flat_map(answers).collect::<Vec<_>>())?;
    let rows = |p: &Pmf| -> Result<Empirical<Labelled>> {
        let (x, y): (Vec<f64>, Vec<u32>) = p.cells().map(|(cell, _)| (place(cell[0]), cell[1] as u32)).unzip();
        let batch = Labelled::new(Tensor::from_vec(x, ((), 1), &Device::Cpu)?, Tensor::new(y, &Device::Cpu)?)?;
        Ok(Empirical::from_counts(batch, p.values())?)
    };
    let sample = rows(&Pmf::from_samples([PLACES, 2], law.sample(draws, &mut run.generator()))?)?;
    let (all, shannon) = (rows(&law)?, law.mutual_information(&[0], &[1])?);

    println!("stripes with Shannon's I(X;Y) = {}; I_V(X→Y) in {unit}", run.show(shannon));
    println!("{:<24}{:>16}{:>12}", "family", format!("on {draws} rows"), "held out");
    let (mut found, mut worth) = (vec![], vec![]);
    for family in (0..=DEGREES).map(|degree| Family::Polynomial { degree }).chain([Family::Saturated]) {
        let used = usable_information(&family, &sample, 2)?;
        let (here, there) = (used.information().to(unit), used.held_out(&all)?.to(unit));
        println!("{family:<24}{here:>16.4}{there:>12.4}");
        found.push((found.len() as f64, here));
        worth.push((worth.len() as f64, there));
    }
    // The polynomials alone, by their degree.
    let (found, worth) = (&found[..=DEGREES], &worth[..=DEGREES]);
    let best = (0..=DEGREES).max_by(|a, b| worth[*a].1.total_cmp(&worth[*b].1)).unwrap_or(0);
    let degrees = Panel::new(Axis::new("degree of the polynomial"), Axis::new(format!("I_V(X→Y) ({unit})")))
        .line(found.to_vec(), Ink::Orange)
        .label(format!("on the {draws} rows of the fit"))
        .line(worth.to_vec(), Ink::Blue)
        .label("held out")
        .hline(shannon.to(unit), "Shannon's I(X;Y)")
        .mark(worth[best].0, worth[best].1, format!("degree {best}"));

    // The pointwise values of a place, averaged over its two answers.
    let mut places = Panel::new(Axis::new("x"), Axis::new(format!("pointwise, held out ({unit})"))).hline(0.0, "");
    for (degree, ink) in [(1, Ink::Vermillion), (best, Ink::Blue)] {
        let values = usable_information(&Family::Polynomial { degree }, &sample, 2)?.pointwise(all.batch())?;
        let mean = |(v, p): (&[Information], &[f64])| ((v[0] * p[0] + v[1] * p[1]) / (p[0] + p[1])).to(unit);
        let means = values.chunks(2).zip(law.values().chunks(2)).map(mean);
        places = places.line((0..PLACES).map(place).zip(means), ink).label(format!("degree {degree}"));
    }
    let more = if found[DEGREES].1 > found[best].1 { "; what a higher one finds is in the sample only" } else { "" };
    let title = match worth[best].1 > 0.0 {
        true => format!("Degree {best} does best on new rows{more}"),
        false => "On new rows no polynomial does better than not to look at x".to_string(),
    };
    let figure = Figure::new(title).subtitle("below 0 the predictor would do better not to look at x");
    run.draw("held_out.png", figure.column([degrees]).column([places]))?;
    println!("NaN: no answer at unseen places; -inf: one was ruled out that occurs");
    run.say_picture("held_out.png");
    Ok(())
}
