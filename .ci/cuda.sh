#!/usr/bin/env bash
# Proves that the CUDA build compiles and links on a machine without a GPU: CUDA's compiler comes as Python wheels, the
# driver's libraries are stand-ins that answer "no device". Needs Rust, gcc and python3 with venv.
# usage: cuda.sh [FOLDER for the builds]
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mkdir -p "${1:-target/cuda-check}" && cd "${1:-target/cuda-check}" && pwd)
mkdir -p "$work"

# One version for all five parts: mixed ones produce PTX that ptxas refuses.
if [ ! -x "$work/venv/bin/python" ]; then python3 -m venv "$work/venv"; fi
"$work/venv/bin/python" -m pip install -q 'cuda-toolkit[nvcc,nvvm,crt,cccl,cudart]==13.0.2'
CUDA_HOME=$(echo "$work"/venv/lib/python3*/site-packages/nvidia/cu13)
export CUDA_HOME PATH="$CUDA_HOME/bin:$PATH"
nvcc --version | tail -n 2

cargo fetch --locked
python3 .ci/cuda_stubs.py "$work/stubs"
ln -sf "$CUDA_HOME/lib/libcudart_static.a" "$work/stubs/libcudart.a"
export LIBRARY_PATH="$work/stubs" LD_LIBRARY_PATH="$work/stubs"
# No nvidia-smi to ask for the architecture. -Ofc=max compiles kernels five times faster to slow code: for this proof only.
export CUDA_COMPUTE_CAP=90 NVCC_APPEND_FLAGS=-Ofc=max CARGO_TARGET_DIR="$work/target"
unoptimised=(--config profile.dev.opt-level=0)
cargo build --locked "${unoptimised[@]}" --features cuda --example coin

# The program must start, and say in words that there is no GPU.
message=$("$work/target/debug/examples/coin" --out "$work/out" 2>&1) && { echo "a GPU out of nowhere?"; exit 1; }
echo "$message"
grep -q 'CANDLE_MLE_DEVICE=cpu' <<<"$message"
CANDLE_MLE_DEVICE=cpu "$work/target/debug/examples/coin" --out "$work/out" | grep 'probability of heads: 0.600000'
