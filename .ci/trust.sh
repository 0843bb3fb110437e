#!/usr/bin/env bash
# The long checks, whose last figures stand in TRUST.md: `.ci/trust.sh PART…`, and without one all of them. A tool that is not on the
# machine is named, and its part skipped.
#   msrv      the crates build with the oldest Rust that they promise
#   deny      licences, sources, advisories and bans of what is built on (cargo-deny; deny.toml)
#   fuzz      FUZZ mutations (100000) of each reader's corpus, and as many odd tables
#   faults    a disk that is full at any call, two runs in one folder, little memory, any number of threads
#   miri      the kernels, where all unsafe code is, under Miri
#   mutants   a share of the mutants of a crate (cargo-mutants): CRATE (candle-mle-info), SHARD (0/100); survivors are listed
#   league    the league table of entropy estimators is what its example writes
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR=${CANDLE_MLE_BUILD:-${XDG_CACHE_HOME:-$HOME/.cache}/candle-mle}/target
skipped=()
have() { cargo "$@" >/dev/null 2>&1 || { skipped+=("${FUNCNAME[1]}: no 'cargo $1'"); return 1; }; }

msrv() {
    local oldest
    oldest=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
    have "+$oldest" --version || return 0
    CARGO_TARGET_DIR=$CARGO_TARGET_DIR-$oldest cargo "+$oldest" check --locked
}
deny() { have deny --version || return 0; cargo deny --locked check; }
fuzz() {
    CANDLE_MLE_FUZZ=${FUZZ:-100000} cargo test --locked -p candle-mle --test claims -- --nocapture readers_take fits_of_odd
    cargo test --locked -p candle-mle-cli --lib any_line
}
faults() { cargo test --locked -p candle-mle-cli --test commands -- --nocapture faults stopped_fits; }
miri() {
    have +nightly miri --version || return 0
    MIRIFLAGS="-Zmiri-disable-isolation -Zmiri-deterministic-floats" cargo +nightly miri test -p candle-mle --lib -- kernel::
}
mutants() {
    have mutants --version || return 0
    cargo mutants -p "${CRATE:-candle-mle-info}" --shard "${SHARD:-0/100}" --sharding round-robin -j1 -o "$CARGO_TARGET_DIR/mutants" -- --test claims
}
league() { cargo run --locked -p candle-mle-info --example league; git diff --exit-code crates/info/league.csv; }

all=(msrv deny league faults fuzz miri mutants)
if [ $# -gt 0 ]; then parts=("$@"); else parts=("${all[@]}"); fi
for part in "${parts[@]}"; do
    [[ " ${all[*]} " == *" $part "* ]] || { echo "no part '$part'; there are: ${all[*]}"; exit 2; }
    printf '\n== %s (%d s)\n' "$part" "$SECONDS"
    "$part"
done
printf '\n== done (%d s)\n' "$SECONDS"
[ ${#skipped[@]} -eq 0 ] || printf 'skipped, for want of a tool: %s\n' "${skipped[@]}"
