//! What a person reads, and how an error is told: in the library's own words.

use candle_mle::Unit;
use candle_mle::info::number;
use wasm_bindgen::prelude::*;

/// What JavaScript gets: an error is the library's message.
pub type Result<T> = std::result::Result<T, JsError>;

/// `bits` or `nats`, by name.
pub fn unit(name: &str) -> Result<Unit> {
    name.parse().map_err(|e: String| JsError::new(&e))
}

/// How many nats a unit is: what an axis is divided by.
#[wasm_bindgen]
pub fn nats(name: &str) -> Result<f64> {
    Ok(unit(name)?.nats())
}

/// So many decimals, or a few digits where those would show none.
#[wasm_bindgen]
pub fn seen(value: f64, decimals: usize) -> String {
    number::seen(value, decimals)
}
