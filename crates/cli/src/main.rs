//! The command `candle-mle`.

use std::process::ExitCode;

fn main() -> ExitCode {
    candle_mle_cli::command()
}
