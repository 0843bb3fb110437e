//! A teacher sets the truth, the optimiser, its step sizes and minibatches by flags; what makes no sense is refused with its cure.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{done, said, with_titanic};

const TITANIC: &str = "fit --csv titanic.csv --target survived --count count --no-pictures";

fn document(folder: &std::path::Path, line: &str) -> Result<Value> {
    let output = done(folder, &format!("{line} --json"))?;
    ensure!(output.status.success(), "{line}: {}", said(&output));
    serde_json::from_slice(&output.stdout).with_context(|| said(&output))
}

fn number(document: &Value, path: &str) -> f64 {
    document.pointer(path).and_then(Value::as_f64).unwrap_or(f64::NAN)
}

/// However the parameters move, they end at the lecture's 1105.030553 nats.
#[test]
fn a_truth_of_every_family_is_drawn_and_told_beside_the_fit() -> Result<()> {
    let place = tempfile::tempdir()?;
    let cases = [
        ("linear", "2,-1,0.5", "residual σ", "truth 0.5"),
        ("mixture", "0.3,-2,0.5,0.7,3,1", "weight 2", "KL from the truth to the fit: "),
        ("gamma", "6,3", "mean", "  truth\n"),
        ("poisson", "4", "mean", "  truth\n"),
    ];
    for (family, truth, what, says) in cases {
        let fit = format!("fit --family {family} --truth {truth} --n 4000 --no-pictures --out {family}");
        let ran = done(place.path(), &fit)?;
        let words = said(&ran);
        ensure!(ran.status.success() && words.contains(what) && words.contains(says), "{words}");
    }
    for (flags, says) in [
        ("--family mixture --truth 0.3,-2,0.5,0.9,3,1", "the weights of a mixture sum to 1"),
        (
            "--family mixture --truth 0.3,-2",
            "takes 3 finite numbers here: weight of 1, mean of 1, standard deviation of 1",
        ),
        ("--family linear --truth 2,-1,-3", "standard deviation > 0"),
        ("--family all --truth 2", "a sample is of one family"),
    ] {
        let ran = done(place.path(), &format!("fit {flags} --no-pictures --out out"))?;
        ensure!(!ran.status.success() && said(&ran).contains(says), "{flags}: {}", said(&ran));
    }
    Ok(())
}

#[test]
fn every_optimiser_arrives_at_one_place() -> Result<()> {
    let place = with_titanic()?;
    for (flags, method) in [
        ("--optimizer newton", "Newton's method"),
        ("--optimizer lbfgs", "L-BFGS"),
        ("--optimizer sgd", "gradient descent, step size 0.667,"),
        ("--optimizer momentum", "gradient descent with momentum, step size 0.667,"),
        ("--optimizer adam --schedule halving:100 --steps 2000", "Adam, step size 0.050 (halving:100),"),
    ] {
        let said = document(place.path(), &format!("{TITANIC} --unit nats {flags}"))?;
        ensure!(said["descent"]["method"] == method, "{flags}: {}", said["descent"]);
        ensure!((number(&said, "/descent/end/nll") - 1105.030553).abs() < 1e-5, "{flags}: {}", said["descent"]);
        // Of what divides by the size of a gradient, or learns its curvature, nothing is claimed.
        let claims = flags.contains("sgd") || flags.contains("momentum");
        ensure!(said.get("same_path").is_some() == claims, "{flags}");
        ensure!(!claims || said["same_path"]["same"] == true, "{flags}: {}", said["same_path"]);
    }
    Ok(())
}

#[test]
fn minibatches_wander_and_their_curves_are_of_all_observations() -> Result<()> {
    let place = with_titanic()?;
    let line = format!("{} --batch 100 --lr 0.5 --steps 400", TITANIC.replace(" --no-pictures", ""));
    let run = done(place.path(), &line)?;
    let words = said(&run);
    ensure!(words.contains("gradient descent, step size 0.500, by minibatches of 100 observations, on the"), "{words}");
    ensure!(words.contains("those of the whole p̂, by a pass of their own at every step"), "{words}");
    ensure!(words.contains("descent.png: A descent by minibatches of 100 wanders: all three"), "{words}");
    ensure!(!words.contains("one descent"), "a title says of minibatches what is not true\n{words}");
    ensure!(words.contains("take steps that shrink, --schedule cosine"), "{words}");
    // The likelihood of a minibatch is divided by its own size: the same draws, the same way.
    ensure!(words.contains("over 200 steps by the same minibatches all three objectives give the same θ"), "{words}");
    // NLL is that of 2201 observations at every step.
    let log = std::fs::read_to_string(place.path().join("plots/fit/titanic/log.csv"))?;
    for line in log.lines().skip(1) {
        let cells = line.split(',').map(str::parse).collect::<Result<Vec<f64>, _>>()?;
        ensure!((cells[3] - 2201.0 * cells[2]).abs() < 1e-8, "{line}");
        ensure!((cells[2] - cells[1] - 0.687425).abs() < 1e-6, "{line}");
    }
    // By the seed, and by steps that shrink to nothing nearer.
    let end = |flags: &str| {
        Ok::<_, anyhow::Error>(number(
            &document(place.path(), &format!("{TITANIC} --batch 100 {flags}"))?,
            "/descent/end/kl",
        ))
    };
    ensure!(end("--steps 50")? == end("--steps 50")? && end("--steps 50")? != end("--steps 50 --seed 2")?, "the seed");
    ensure!(end("--steps 3000 --schedule cosine")? < end("--steps 3000")?, "cosine");
    Ok(())
}

#[test]
fn a_truth_is_drawn_from_and_found_again() -> Result<()> {
    let place = tempfile::tempdir()?;
    for (flags, path, truth, near) in [
        ("coin --truth 0.3", "/parameters/0/estimate", 0.3, 0.02),
        ("logistic --truth 2,-3", "/coefficients/1/estimate", 2.0, 0.15),
        ("softmax --truth 1,-1,3,-4", "/coefficients/3/estimate", 3.0, 0.3),
        ("gaussian --truth -5,2 --resolution 0.1", "/moments/0/mean", -5.0, 0.1),
        ("weibull --truth 1.5,40 --resolution 0.001", "/parameters/0/estimate", 1.5, 0.05),
        ("negative-binomial --truth 4,2", "/parameters/0/estimate", 4.0, 0.2),
    ] {
        let said = document(place.path(), &format!("fit --family {flags} --n 5000 --no-pictures"))?;
        let found = number(&said, path);
        ensure!((found - truth).abs() < near, "{flags}: {found}");
        ensure!(number(&said, "/data/n") == 5000.0, "{flags}");
        // The fourth curve: least at the truth, and not at the estimate.
        let family = flags.split(' ').next().unwrap_or_default();
        let log = place.path().join("plots/fit").join(format!("sample of {family}")).join("log.csv");
        let log = std::fs::read_to_string(&log).with_context(|| log.display().to_string())?;
        ensure!(log.starts_with("step,kl_bits,cross_entropy_bits,nll_bits,population_kl_bits\n"), "{family}: {log}");
    }
    Ok(())
}

#[test]
fn what_makes_no_sense_is_refused_with_its_cure() -> Result<()> {
    let place = with_titanic()?;
    for (flags, code, says) in [
        ("--optimizer newton --lr 1", 2, "leave --lr out, or take --optimizer sgd"),
        ("--optimizer lbfgs --schedule cosine", 2, "leave --schedule out"),
        ("--optimizer lbfgs --batch 5", 2, "every minibatch has another: leave --batch out"),
        ("--objective firth --batch 5", 2, "take another --objective"),
        ("--batch 0", 2, "0 is not in 1.."),
        ("--batch 3000", 1, "there are 2201 observations; leave it out"),
        ("--schedule inverse:0", 2, "a whole number of steps ≥ 1"),
        ("--schedule linear", 2, "none of constant, inverse:STEPS, halving:STEPS and cosine"),
        ("--truth 1", 2, "cannot be used with"),
        ("--log xml", 2, "possible values: csv, json, tensorboard"),
    ] {
        let refused = done(place.path(), &format!("{TITANIC} {flags}"))?;
        let words = said(&refused);
        ensure!(refused.status.code() == Some(code) && words.contains(says), "{flags}: {words}");
    }
    for (flags, says) in [
        ("--family logistic --truth 1", "--truth takes 2 finite numbers here: slope, intercept"),
        ("--family gaussian --truth 1,0", "mean, standard deviation > 0"),
        ("--family gaussian --truth inf,1", "finite numbers"),
        ("--family coin --truth 1.5", "a number from 0 to 1"),
        ("--family gamma --truth 1,-1", "a positive number"),
        ("--family mixture --truth 1,1", "takes 3 finite numbers here: weight of 1"),
        ("--family gamma --truth 1,1 --optimizer newton", "take --optimizer lbfgs"),
        ("--truth 1", "--family"),
        ("--n 5", "--truth"),
    ] {
        let refused = done(place.path(), &format!("fit --no-pictures {flags}"))?;
        ensure!(!refused.status.success() && said(&refused).contains(says), "{flags}: {}", said(&refused));
        ensure!(!said(&refused).contains("panicked"), "{flags}: {}", said(&refused));
    }
    Ok(())
}
