//! What a family finds in a sample, and what that is worth on new rows (lecture row P6, held out).
//!
//! Change first: `DRAWS`, how many rows the families are fitted to; with 1000 more of what they find there holds.
//! The law is known, so that held out means the law itself, every place and answer by its probability. There usable
//! information may be negative, −∞ where an answer was ruled out that occurs, and NaN at places that were never seen.

use anyhow::Result;
use candle_core::{Device, Tensor};
use candle_mle::cli::Run;
use candle_mle::plot::{Axis, Figure, Ink, Panel};
use candle_mle::{Empirical, Family, Information, Labelled, Pmf, usable_information};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const PLACES: usize = 64;
const NOISE: f64 = 0.05;
const DRAWS: usize = 150;
const DEGREES: usize = 10;

/// From −1 to 1.
fn place(cell: usize) -> f64 {
    (2 * cell + 1) as f64 / PLACES as f64 - 1.0
}

fn main() -> Result<()> {
    let run = Run::<()>::from_args("held_out", "What families find in a sample of stripes, and what it is worth.");
    let unit = run.unit();
    let answers = |cell| if (6.0 * place(cell)).sin() > 0.0 { [NOISE, 1.0 - NOISE] } else { [1.0 - NOISE, NOISE] };
    let law = Pmf::from_counts([PLACES, 2], (0..PLACES).flat_map(answers).collect::<Vec<_>>())?;
    let drawn = law.sample(DRAWS, &mut ChaCha8Rng::seed_from_u64(1));
    let (sample, all) = (rows(&Pmf::from_samples([PLACES, 2], drawn)?)?, rows(&law)?);
    let shannon = law.mutual_information(&[0], &[1])?;

    println!("stripes with Shannon's I(X;Y) = {}; I_V(X→Y) in {unit}", run.show(shannon));
    println!("{:<24}{:>16}{:>12}", "family", format!("on {DRAWS} rows"), "held out");
    let (mut found, mut worth) = (vec![], vec![]);
    for family in (0..=DEGREES).map(|degree| Family::Polynomial { degree }).chain([Family::Saturated]) {
        let used = usable_information(&family, &sample, 2)?;
        found.push(used.information().to(unit));
        worth.push(used.held_out(&all)?.to(unit));
        println!("{family:<24}{:>16.4}{:>12.4}", found[found.len() - 1], worth[worth.len() - 1]);
    }
    let best = (0..=DEGREES).max_by(|a, b| worth[*a].total_cmp(&worth[*b])).unwrap_or(0);
    let by_degree = |values: &[f64]| (0..=DEGREES).map(|d| (d as f64, values[d])).collect::<Vec<_>>();
    let degrees = Panel::new(Axis::new("degree of the polynomial"), Axis::new(format!("I_V(X→Y) ({unit})")))
        .line(by_degree(&found), Ink::Orange)
        .label(format!("on the {DRAWS} rows of the fit"))
        .line(by_degree(&worth), Ink::Blue)
        .label("held out")
        .hline(shannon.to(unit), "Shannon's I(X;Y)")
        .mark(best as f64, worth[best], format!("degree {best}"));

    // The pointwise values of a place, averaged over its two answers.
    let mut places = Panel::new(Axis::new("x"), Axis::new(format!("pointwise, held out ({unit})"))).hline(0.0, "");
    for (degree, ink) in [(1, Ink::Vermillion), (best, Ink::Blue)] {
        let values = usable_information(&Family::Polynomial { degree }, &sample, 2)?.pointwise(all.batch())?;
        let mean = |(v, p): (&[Information], &[f64])| ((v[0] * p[0] + v[1] * p[1]) / (p[0] + p[1])).to(unit);
        let means = values.chunks(2).zip(law.values().chunks(2)).map(mean);
        places = places.line((0..PLACES).map(place).zip(means), ink).label(format!("degree {degree}"));
    }
    Figure::new(format!("Degree {best} does best on new rows; more is in the sample only"))
        .subtitle("below 0 the predictor would do better not to look at x")
        .column([degrees])
        .column([places])
        .save(run.out("held_out.png"))?;
    println!("NaN: no answer at unseen places\n\nboth are drawn in {}", run.out("held_out.png").display());
    Ok(())
}

fn rows(p: &Pmf) -> Result<Empirical<Labelled>> {
    let (x, y): (Vec<f64>, Vec<u32>) = p.cells().map(|(cell, _)| (place(cell[0]), cell[1] as u32)).unzip();
    let batch = Labelled::new(Tensor::from_vec(x, ((), 1), &Device::Cpu)?, Tensor::new(y, &Device::Cpu)?)?;
    Ok(Empirical::from_counts(batch, p.values())?)
}
