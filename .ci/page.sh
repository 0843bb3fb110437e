#!/usr/bin/env bash
# Builds crates/page into crates/page/site/wasm and page.html, and runs the tests of the page in Chromium.
# Needs Rust, python3 and, for the tests, node, npm and Chromium. Where a toolchain with the target wasm32-unknown-unknown is
# (`rustup target add wasm32-unknown-unknown`) that is used; on Debian, elsewhere, its own compiler, source and browser.
# usage: page.sh [build|test|all] [FOLDER for the builds]; `build` leaves the tests out
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-all}
work=$(mkdir -p "${2:-target/page-check}" && cd "${2:-target/page-check}" && pwd)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$work/target}
target=wasm32-unknown-unknown
# Where a tool is missing and cannot be had, nothing is proved, and that is said.
skip() { echo "page: SKIPPED, $*"; exit 0; }
have() { command -v "$1" >/dev/null; }
apt() { have apt-get && [ "$(id -u)" = 0 ] && { apt-get update -qq; apt-get install -y -qq --no-install-recommends "$@"; } >"$work/apt.log" 2>&1; }

build() {
    local sources
    sources=$(python3 .ci/page.py sources)
    # Vectors of 128 bits: every browser has them since Safari 16.4 of 2023, so that one build will do.
    local flags='--cfg getrandom_backend="wasm_js" -C target-feature=+simd128'
    if [ -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; then
        RUSTFLAGS=$flags cargo build --locked --profile page --target $target -p candle-mle-page
    else
        [ -d /usr/lib/rustlib/src/rust/library ] && have wasm-ld-19 || apt rustc-web cargo-web rust-web-src lld-19 ||
            skip "there is no target $target: rustup target add $target"
        # The standard library from its source.
        RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS="$flags -C linker=wasm-ld-19" /usr/bin/cargo build --locked \
            -Z build-std=std,panic_abort --profile page --target $target -p candle-mle-page
    fi
    # Of the version that the crate was built with, to the last digit.
    local version
    version=$(python3 -c 'import re; print(re.search(r"name = \"wasm-bindgen\"\nversion = \"(.*)\"", open("Cargo.lock").read())[1])')
    local bindgen=wasm-bindgen
    if ! have wasm-bindgen || [ "$(wasm-bindgen --version)" != "wasm-bindgen $version" ]; then
        bindgen=$work/tools/bin/wasm-bindgen
        [ -x "$bindgen" ] && [ "$("$bindgen" --version)" = "wasm-bindgen $version" ] ||
            cargo install wasm-bindgen-cli --version "$version" --root "$work/tools" --target-dir "$work/tools/target" ||
            skip "wasm-bindgen-cli $version cannot be installed"
    fi
    # As the linker leaves it: wasm-opt makes it smaller, but gzipped larger.
    "$bindgen" --target no-modules --no-typescript --out-name page --out-dir "$work/wasm" "$CARGO_TARGET_DIR/$target/page/candle_mle_page.wasm"
    mkdir -p crates/page/site/wasm
    cp "$work"/wasm/page_bg.wasm crates/page/site/wasm/
    # What stands in Rust need not be said again to every visitor.
    python3 -c 'import re, sys; print(re.sub(r"\s*/\*\*.*?\*/", "", sys.stdin.read(), flags=re.S))' \
        <"$work"/wasm/page.js >crates/page/site/wasm/page.js
    echo "$sources" >crates/page/site/wasm/sources
    python3 .ci/page.py write
}

tests() {
    have node && have npm || apt nodejs npm || skip "there is no node"
    have chromium || have google-chrome || apt chromium || skip "there is no Chromium"
    [ -d "$work/node_modules/playwright-core" ] || npm install --silent --prefix "$work" playwright-core >/dev/null ||
        skip "playwright-core cannot be installed"
    # What native runs say: the page must say the same.
    cargo run -q --locked --example coin -- --n 1000 --seed 3 --out "$work/native/coin" >/dev/null
    while read -r example name csv what; do
        # shellcheck disable=SC2086
        cargo run -q --locked --example "$example" -- --csv "$csv" --target $what --out "$work/native/$name" >"$work/native/$name.txt"
    done <<EOF
logistic titanic examples/data/titanic.csv survived --count count
softmax iris examples/data/iris.csv species
logistic doses crates/page/tests/doses.csv response --count count
EOF
    cargo run -q --locked -p candle-mle-cli -- fit --csv examples/data/old_faithful.csv --no-pictures \
        --out "$work/native/gaussian" >"$work/native/gaussian.txt"
    cargo run -q --locked -p candle-mle-cli -- fit --csv examples/data/titanic.csv --target survived --count count --unit nats \
        --no-pictures --html page.html --out "$work/native/html" >/dev/null
    cargo run -q --locked -p candle-mle-page --example native >"$work/native/page.json"
    PAGE_WORK=$work NODE_PATH=$work/node_modules node --test crates/page/tests/*.test.cjs
}

case $what in
build) build ;;
test) tests ;;
all) build; tests ;;
*) echo "no '$what'; there are: build test all"; exit 2 ;;
esac
