//! Where tensors live: the device that this build was made for, and the numbers it can hold.

use candle_core::{DType, Device};

use crate::error::{Error, Result};

/// The device of this build: the first CUDA or Metal GPU if the feature is on, the CPU otherwise.
///
/// The environment variable `CANDLE_MLE_DEVICE` overrides it: `cpu`, `cuda`, `cuda:1`, `metal`.
///
/// # Errors
/// A GPU that was asked for and is not there is an error: nothing falls back in silence.
pub fn device() -> Result<Device> {
    match std::env::var("CANDLE_MLE_DEVICE") {
        Ok(name) => named(&name),
        Err(_) if cfg!(feature = "cuda") => named("cuda"),
        Err(_) if cfg!(feature = "metal") => named("metal"),
        Err(_) => Ok(Device::Cpu),
    }
}

fn named(name: &str) -> Result<Device> {
    let refuse = |problem: String| Error::Device { asked: format!("the device '{name}'"), problem };
    let misspelt = || refuse("CANDLE_MLE_DEVICE is one of cpu, cuda, cuda:1 … and metal".into());
    let (kind, index) = name.split_once(':').unwrap_or((name, "0"));
    let index = index.parse().map_err(|_| misspelt())?;
    let absent = |source: candle_core::Error| {
        let cure = "set CANDLE_MLE_DEVICE=cpu to run without it";
        let source = source.to_string();
        refuse(format!("it cannot be opened ({}); {cure}", source.lines().next().unwrap_or_default()))
    };
    match kind {
        "cpu" => Ok(Device::Cpu),
        "cuda" if cfg!(feature = "cuda") => Device::new_cuda(index).map_err(absent),
        "metal" if cfg!(feature = "metal") => Device::new_metal(index).map_err(absent),
        "cuda" | "metal" => Err(refuse(format!(
            "this build knows only the CPU: build with --features {kind}, or set CANDLE_MLE_DEVICE=cpu"
        ))),
        _ => Err(misspelt()),
    }
}

/// f64, or f32 on Metal, which has no f64 arithmetic.
pub fn float(device: &Device) -> DType {
    if device.is_metal() { DType::F32 } else { DType::F64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gpu_asked_for_and_absent_is_an_error_with_a_cure() {
        let message = named("cuda").map(|_| ()).or_else(|e| if cfg!(feature = "cuda") { Ok(()) } else { Err(e) });
        if let Err(e) = message {
            assert!(e.to_string().contains("CANDLE_MLE_DEVICE=cpu"), "{e}");
        }
        assert!(named("abacus").is_err());
        assert!(named("cpu:x").is_err());
        assert!(named("cpu").is_ok());
    }
}
