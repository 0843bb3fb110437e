#!/usr/bin/env bash
# The member crates/sql, and the command with it: lints, and tests with a small cluster on loopback. Some 360 crates are
# built once: clippy stands in the place of rustc, for `cargo clippy` would check all of them a second time.
set -euo pipefail
cd "$(dirname "$0")/.."
needed=$(sed -n 's/^rust-version = "1\.\([0-9]*\)".*/\1/p' crates/sql/Cargo.toml)
has=$(rustc --version | sed 's/rustc 1\.\([0-9]*\).*/\1/')
if [ "$has" -lt "$needed" ]; then
    echo "the engine is skipped: DataFusion asks for Rust 1.$needed, and here is 1.$has"
    exit 0
fi
export RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS=-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__
members=(--locked --profile engine -p candle-mle-sql -p candle-mle-cli --features candle-mle-cli/sql)
cargo build "${members[@]}" --all-targets
# Always of both, lest other features build other crates.
cargo test "${members[@]}" --lib --test claims
cargo test "${members[@]}" --test commands engine_tables
cargo test "${members[@]}" --doc
