//! The library in a browser: what the page shows is worked out here, and nowhere else.
//!
//! A thin layer without mathematics of its own: every number comes from the library by a call, in nats, and what a person reads
//! in digits is written by it too. JavaScript draws, moves, and keeps the time.

#![forbid(unsafe_code)]

mod coin;
pub mod lecture;
mod own;
pub mod said;
pub mod ways;

use wasm_bindgen::prelude::*;

/// Says in the browser's console what a panic was; nothing that is typed leads to one.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}
