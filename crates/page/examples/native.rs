//! What the page says of some questions, worked out natively, as JSON: its tests compare.

use candle_mle_page::said::Result;
use candle_mle_page::ways::Ground;
use candle_mle_page::{lecture, ways};

/// A list of numbers of a name.
fn list(name: &str, numbers: &[f64]) {
    let numbers: Vec<String> = numbers.iter().map(|x| format!("\"{x:e}\"")).collect();
    println!(" \"{name}\": [{}],", numbers.join(", "));
}

fn walked(name: &str, ground: &Ground, from: [f64; 2], step_size: f64, steps: usize) -> Result<()> {
    for by in ["gradient descent", "minibatches", "momentum", "Adam", "L-BFGS"] {
        let mut walk = ground.walk(by, from[0], from[1], step_size)?;
        for _ in 1..steps {
            walk.step()?;
        }
        list(&format!("{name} {by}"), &walk.step()?);
    }
    list(&format!("{name} best"), &[ground.best()?, vec![ground.floor()?]].concat());
    list(&format!("{name} map"), &ground.map(&[-1.0, 0.5, 2.0], &[0.7, 2.2])?);
    Ok(())
}

fn main() -> std::result::Result<(), String> {
    println!("{{");
    answer().map_err(|_| "a question without an answer".to_string())?;
    println!(" \"end\": []\n}}");
    Ok(())
}

fn answer() -> Result<()> {
    let doses = [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0];
    let responses = [1.0, 2.0, 4.0, 8.0, 11.0, 15.0, 17.0, 19.0];
    walked("doses", &Ground::doses(&doses, &[20.0; 8], &responses)?, [-0.8, 1.8], 0.3, 20)?;
    let points = [-2.0, -1.0, -1.5, 0.5, -0.5, -1.0, 1.0, 1.5, 2.0, 0.0, 0.5, 1.0, 0.0, 0.0, 1.5, -2.0, -0.5, -1.5];
    walked("classes", &Ground::classes(&points, &[0, 0, 0, 1, 1, 1, 2, 2, 0])?, [1.0, -1.0], 0.3, 20)?;
    let line = [-2.1, -1.7, -1.5, -0.4, 0.3, 1.8, 2.0, 2.2, 2.2, 2.9];
    walked("Gaussian", &Ground::gaussian(&line)?, [-2.0, 2.5], 0.3, 20)?;
    walked("mixture", &Ground::mixture(&line)?, [-1.0, 0.5], 0.3, 20)?;
    walked("network", &Ground::network(60, 3, 0.15, 12)?, [0.0, 0.0], 0.05, 20)?;
    list("drawn", &ways::drawn(60, 3, 0.15)?);

    list("losses", &lecture::losses(&lecture::shares(&[7.0, 2.0, 1.0])?)?);
    let die = lecture::die(4.8)?;
    list("die", &[die.law, vec![die.lambda.unwrap_or(f64::NAN), die.entropy, die.kl]].concat());
    for name in ["uniform", "exponential", "Laplace", "two humps", "Gaussian"] {
        list(&format!("sum {name}"), &lecture::sum(name, 3, &[-1.5, -0.25, 0.0, 1.0, 2.5])?);
        list(&format!("entropies {name}"), &lecture::sum_entropies(name, 12)?);
    }
    let slide = [4.0, 2.0, 1.0, 1.0, 2.0, 4.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 8.0, 0.0, 0.0, 0.0];
    list("table", &lecture::table(&slide, 4)?);
    let ring = lecture::shape("ring", 300, 1)?;
    let (xs, ys): (Vec<f64>, Vec<f64>) = ring.chunks(2).map(|at| (at[0], at[1])).unzip();
    list("cloud", &lecture::cloud(&xs, &ys)?);
    list("modes", &lecture::Modes::new(-3.0, 3.0, 0.4)?.found()?);
    let spelled = lecture::spell("to be or not to be that is the question")?;
    list("spell", &[spelled.digits as f64, spelled.entropy, spelled.kl, spelled.paid, spelled.even]);
    list("relay", &lecture::relay(&[0.1, 0.05, 0.2, 0.1])?);
    let board: Vec<u8> = (0..64).map(|k| u8::from((k % 8 < 4) == (k / 8 < 4))).collect();
    list("usable", &lecture::usable(&board, &(0..64).collect::<Vec<_>>(), 0.05)?);
    Ok(())
}
