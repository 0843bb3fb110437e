#!/usr/bin/env bash
# The long checks, whose last figures stand in TRUST.md: `.ci/trust.sh PART…`, and without one all of them. A tool that is not on the
# machine is named, and its part skipped.
#   msrv        every crate is checked with the oldest Rust that it promises
#   deny        licences, sources, advisories and bans of what is built on (cargo-deny; deny.toml)
#   league      the league table of entropy estimators is what its example writes
#   faults      a disk that is full at any call, two runs in one folder, little memory, any number of threads
#   properties  every property on other cases than those of `cargo test`: SEEDS (1 to 20), each of which `PROPTEST_RNG_SEED=SEED` replays
#   fuzz        FUZZ mutations (100000) of each reader's corpus, and as many odd tables
#   miri        the kernels, where all unsafe code is, under Miri
#   mutants     SAMPLE mutants (500) of the rooms that work out numbers, and of crates/info; what `.cargo/mutants.toml` explains is left out
#   changed     the mutants of what changed since SINCE (main) alone
#   nightly     league, faults, properties, fuzz and mutants: what takes hours
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR=${CANDLE_MLE_BUILD:-${XDG_CACHE_HOME:-$HOME/.cache}/candle-mle}/target
skipped=()
have() { cargo "$@" >/dev/null 2>&1 || { skipped+=("${FUNCNAME[1]}: no 'cargo $1'"); return 1; }; }

msrv() {
    local crate oldest
    for crate in candle-mle-info candle-mle-plot candle-mle candle-mle-cli; do
        oldest=$(cargo metadata --no-deps --format-version=1 | python3 -c "import json, sys
print(next(p['rust_version'] for p in json.load(sys.stdin)['packages'] if p['name'] == '$crate'))")
        have "+$oldest" --version || continue
        echo "$crate: $oldest"
        CARGO_TARGET_DIR=$CARGO_TARGET_DIR-$oldest cargo "+$oldest" check --locked -p "$crate"
    done
}
deny() { have deny --version || return 0; cargo deny --locked --workspace check ${DENY:-}; }
league() { cargo run --locked -p candle-mle-info --example league; git diff --exit-code crates/info/league.csv; }
faults() { cargo test --locked -p candle-mle-cli --test commands -- --nocapture faults stopped_fits; }
properties() {
    local seed modules
    modules=$(git grep -l '^proptest!' -- '*.rs' | xargs -n 1 basename -s .rs | sort -u)
    for seed in $(seq ${SEEDS:-1 20}); do
        echo "PROPTEST_RNG_SEED=$seed"
        PROPTEST_RNG_SEED=$seed cargo test --locked --quiet -p candle-mle-info -p candle-mle --test claims -- $modules
    done
}
fuzz() {
    CANDLE_MLE_FUZZ=${FUZZ:-100000} cargo test --locked -p candle-mle --test claims -- --nocapture readers_take fits_of_odd
    cargo test --locked -p candle-mle-cli --lib any_line
}
miri() {
    have +nightly miri --version || return 0
    MIRIFLAGS="-Zmiri-disable-isolation -Zmiri-deterministic-floats" cargo +nightly miri test -p candle-mle --lib -- kernel::
}
rooms=(-f src/empirical.rs -f src/empirical -f src/objective.rs -f src/fit.rs -f src/fit -f src/hook.rs -f src/hook -f src/model.rs -f src/model
    -f src/separation.rs -f src/separation -f src/table.rs -f src/table -f src/inference.rs -f src/inference)
mutants() {
    have mutants --version || return 0
    local survived=0
    of_info "$@" -n "${SAMPLE:-500}" || survived=1
    of_library "${rooms[@]}" "$@" -n "${SAMPLE:-500}" || survived=1
    return $survived
}
of_info() { .ci/mutants.py -p candle-mle-info --tests='-p candle-mle-info --lib --test claims' "$@"; }
of_library() { .ci/mutants.py -p candle-mle --tests='-p candle-mle --lib --test claims' "$@"; }
changed() {
    have mutants --version || return 0
    local diff survived=0
    diff=$(mktemp)
    git diff "${SINCE:-main}" >"$diff"
    of_info --in-diff "$diff" || survived=1
    of_library --in-diff "$diff" || survived=1
    rm "$diff"
    return $survived
}
nightly() { league; faults; properties; fuzz; mutants; }

all=(msrv deny league faults properties fuzz miri mutants)
by_name=(changed nightly)
if [ $# -gt 0 ]; then parts=("$@"); else parts=("${all[@]}"); fi
for part in "${parts[@]}"; do
    [[ " ${all[*]} ${by_name[*]} " == *" $part "* ]] || { echo "no part '$part'; there are: ${all[*]} ${by_name[*]}"; exit 2; }
    printf '\n== %s (%d s)\n' "$part" "$SECONDS"
    "$part"
done
printf '\n== done (%d s)\n' "$SECONDS"
[ ${#skipped[@]} -eq 0 ] || printf 'skipped, for want of a tool: %s\n' "${skipped[@]}"
