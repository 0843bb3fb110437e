//! What Candle has to say is said without the backtrace that it writes into its messages where RUST_BACKTRACE is set.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use candle_core::{DType, Tensor};
use candle_mle::device::device;
use candle_mle::model::Bernoulli;
use candle_mle::model::Logits;
use candle_mle::{Classifier, Error, Parameters};

use crate::common::CPU;

const CHILD: &str = "CANDLE_MLE_TEST_SAYS_ERRORS";
const SAID: &str = "said: ";

/// Errors that come out of the library, each with what must be left of it.
fn errors() -> Result<Vec<(Error, &'static str)>> {
    let x = Tensor::zeros((3, 2), DType::F64, &CPU)?;
    let wrong = Tensor::zeros((5, 2), DType::F64, &CPU)?;
    let weight = wrong.clone();
    // A module of one's own whose shapes do not fit.
    let module = Logits::new(2, move |x: &Tensor| x.matmul(&weight));
    let misfit = module.log_probs(&x).err().context("a misfit")?;
    // The same behind a path and a context, as Candle puts them around what it found.
    let inner = || x.matmul(&wrong).err().context("a misfit");
    let (with_path, with_context) = (inner()?.with_path("weights.bin"), inner()?.context("in the second layer"));
    let twice = inner()?.context("in the second layer").with_path("weights.bin").bt();
    // A variable that is not there.
    let vb = candle_nn::VarBuilder::from_tensors(Default::default(), DType::F64, &CPU);
    let absent = Bernoulli::new(vb).err().context("no variable")?;
    Ok(vec![
        (misfit, "shape mismatch"),
        (with_path.into(), "weights.bin"),
        (with_context.into(), "in the second layer"),
        (twice.into(), "in the second layer"),
        (candle_core::Error::msg("said by hand").into(), "said by hand"),
        (absent, "logit"),
    ])
}

/// What the child process of the next test does; otherwise nothing.
#[test]
fn says_errors() -> Result<()> {
    if std::env::var_os(CHILD).is_none() {
        return Ok(());
    }
    // It would be there.
    let raw = candle_core::Error::msg("raw").bt().to_string();
    ensure!(raw.lines().count() > 1, "Candle writes no backtrace: {raw}");
    for (error, part) in errors()? {
        ensure!(error.to_string().contains(part), "'{error}' does not say '{part}'");
        error.to_string().lines().for_each(|line| println!("{SAID}{line}"));
    }
    // A file that is none, and a device that is not there.
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("none.safetensors");
    std::fs::write(&path, [8, 0, 0, 0, 0, 0, 0, 0, b'{', b'}', 1, 2])?;
    let refused = Bernoulli::load(&path, &CPU).err().context("no parameters")?;
    refused.to_string().lines().for_each(|line| println!("{SAID}{line}"));
    let refused = device().err().context("no such device")?;
    refused.to_string().lines().for_each(|line| println!("{SAID}{line}"));
    Ok(())
}

#[test]
fn with_rust_backtrace_set() -> Result<()> {
    let module = module_path!().split_once("::").map_or("", |(_, module)| module);
    for style in ["1", "full"] {
        let ran = Command::new(std::env::current_exe()?)
            .args(["--exact", &format!("{module}::says_errors"), "--nocapture"])
            .env(CHILD, "1")
            .env("RUST_BACKTRACE", style)
            .env("CANDLE_MLE_DEVICE", "abacus")
            .output()?;
        let out = String::from_utf8(ran.stdout)?;
        ensure!(ran.status.success(), "{out}\n{}", String::from_utf8_lossy(&ran.stderr));
        let said: Vec<&str> = out.lines().filter_map(|line| Some(line.split_once(SAID)?.1)).collect();
        ensure!(said.len() >= 8 && out.contains("1 passed"), "{out}");
        for line in said {
            let frame = line.trim_start().split_once(": ").is_some_and(|(number, _)| number.parse::<u32>().is_ok());
            ensure!(!frame && !line.contains("stack backtrace") && !line.trim_start().starts_with("at /"), "{out}");
        }
    }
    Ok(())
}
