#!/usr/bin/env python3
"""Instructions of one full-batch step, as callgrind counts them: what a noisy machine cannot move. Rows of a Markdown table.

    apt-get install valgrind && cargo bench --bench step --no-run
    python3 benches/instructions.py target/release/deps/step-…

Counted are a run of six steps and one of two; a step is a quarter of what they differ by. One thread, so that nobody waits for another.
"""
import os, re, subprocess, sys

SHAPES = [(1_000, 2, 2), (1_000, 2, 3), (20_000, 32, 2), (2_000, 784, 2), (20_000, 32, 10), (2_000, 784, 10)]


def instructions(bench, times, *shape):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", bench, "--steps", str(times), *map(str, shape)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | {"RAYON_NUM_THREADS": "1"})
    return int(re.search(r"Collected : (\d+)", run.stderr).group(1))


print("| step | instructions | for each number in X |\n|---|---|---|")
for rows, columns, classes in SHAPES:
    for dtype in ("float32", "float64"):
        two, six = (instructions(sys.argv[1], times, rows, columns, classes, dtype) for times in (2, 6))
        name = f"{'logistic' if classes == 2 else 'softmax'} {rows} × {columns}" + (f" × {classes}" if classes > 2 else "")
        print(f"| {name}, {dtype} | {(six - two) / 4:,.0f} | {(six - two) / 4 / (rows * columns):.2f} |", flush=True)
