#!/usr/bin/env python3
"""From a file to coefficients, beside the libraries that a user would otherwise pick: rows of a Markdown table, with ratios.

    cargo build -p candle-mle-cli && cargo bench --bench table --profile dev --no-run
    python3 -m venv venv && venv/bin/pip install numpy pandas polars scikit-learn glum
    venv/bin/python benches/peers_file.py target/debug/candle-mle target/debug/deps/table-…

read   CPU and clock of reading a CSV, within the process
count  CPU of counting 10 million labelled rows of 20 different kinds, within the process; data are in memory
fit    CPU and peak memory of the whole process, from the CSV to coefficients

The two sides take turns, and of each the median counts: machines are shared and noisy, ratios hold, milliseconds do not.
"""
import argparse, os, resource, statistics, subprocess, sys, tempfile, time

CSV = {"logistic": (200_000, 32, 2), "softmax": (100_000, 32, 10)}
READ = """
import sys, time, polars as pl
pl.read_csv(sys.argv[1])
for _ in range(5):
    a, b = time.process_time(), time.perf_counter(); pl.read_csv(sys.argv[1])
    print(1e3 * (time.process_time() - a), 1e3 * (time.perf_counter() - b))
"""
COUNT = """
import sys, time, numpy as np, pandas as pd, polars as pl
r = np.random.default_rng(7); n = 10_000_000
x, y = r.integers(0, 10, n).astype(float), r.integers(0, 2, n).astype(np.uint32)
a, b = pl.DataFrame(dict(x=x, y=y)), pd.DataFrame(dict(x=x, y=y))
run = dict(polars=lambda: a.group_by("x", "y").len(), pandas=lambda: b.groupby(["x", "y"], sort=False).size(),
           numpy=lambda: np.unique(2 * x + y, return_counts=True))[sys.argv[1]]
run()
for _ in range(5):
    c, w = time.process_time(), time.perf_counter(); run()
    print(1e3 * (time.process_time() - c), 1e3 * (time.perf_counter() - w))
"""
FIT = """
import sys, warnings; warnings.filterwarnings("ignore")
import numpy as np
file, reader, tool = sys.argv[1:]
if reader == "pandas":
    import pandas as pd; t = pd.read_csv(file); x, y = t.drop(columns="y").to_numpy(), t["y"].to_numpy()
else:
    import polars as pl; t = pl.read_csv(file); x, y = t.drop("y").to_numpy(), t["y"].to_numpy()
if tool == "glum":
    from glum import GeneralizedLinearRegressor
    GeneralizedLinearRegressor(family="binomial", alpha=0, gradient_tol=1e-9).fit(x, (y == y.max()).astype(float))
else:
    from sklearn.linear_model import LogisticRegression
    LogisticRegression(C=np.inf, solver=tool, tol=1e-9, max_iter=1000).fit(x, y)
"""


def write_csv(folder):
    import numpy as np
    rng = np.random.default_rng(7)
    for kind, (n, d, k) in CSV.items():
        x = rng.uniform(-1, 1, (n, d)); z = x @ rng.normal(size=(d, k))
        y = (z + rng.gumbel(size=z.shape)).argmax(1)
        with open(f"{folder}/{kind}.csv", "w") as f:
            f.write(",".join([f"x{j}" for j in range(d)] + ["y"]) + "\n")
            f.writelines(",".join(f"{v:.6f}" for v in row) + f",c{c}\n" for row, c in zip(x, y))


def inside(code, *arguments):
    """CPU and clock that a script prints of its runs: medians."""
    out = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True).stdout
    runs = [tuple(map(float, line.split())) for line in out.splitlines()]
    return tuple(statistics.median(run[i] for run in runs) for i in (0, 1))


def whole(*command):
    """CPU in ms and peak memory in MiB of a process."""
    p = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, use = os.wait4(p.pid, 0)
    assert status == 0, command
    return 1e3 * (use.ru_utime + use.ru_stime), use.ru_maxrss / 1024


def row(work, peer, own, other, other_clock=None, own_clock=None, memory=""):
    clock = f"{own_clock / other_clock:.2f}" if own_clock else ""
    print(f"| {work} | {peer} | {own:.0f} | {other:.0f} | {own / other:.2f} | {clock} | {memory} |", flush=True)


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("command"); a.add_argument("bench"); a.add_argument("--runs", type=int, default=3)
    a.add_argument("--only", choices=["read", "count", "fit"]); a.add_argument("--kinds", nargs="*", default=list(CSV))
    a.add_argument("--folder", help="where the CSV files are, or are written to")
    a = a.parse_args()
    folder = a.folder or tempfile.mkdtemp()
    if not all(os.path.exists(f"{folder}/{kind}.csv") for kind in CSV):
        write_csv(folder)
    median = lambda runs, at: statistics.median(run[at] for run in runs)
    print("| work | peer | CPU (ms) | peer's | ratio | clock's ratio | peak MiB |\n|---|---|---|---|---|---|---|")
    files = [f"{folder}/{kind}.csv" for kind in a.kinds]
    if a.only in (None, "read", "count"):
        own, peers = [], {}
        for _ in range(a.runs):
            out = subprocess.run([a.bench, *files], capture_output=True, text=True, check=True).stdout.splitlines()[1:]
            own.append([tuple(map(float, line.split()[-2:])) for line in out])
            for file in files:
                peers.setdefault(file, []).append(inside(READ, file))
            for peer in ("polars", "numpy", "pandas"):
                peers.setdefault(peer, []).append(inside(COUNT, peer))
        for at, file in enumerate(files):
            mine = [run[at] for run in own]
            row(f"read {os.path.basename(file)}", "polars.read_csv", median(mine, 0), median(peers[file], 0),
                median(peers[file], 1), median(mine, 1))
        for peer, what in (("polars", "group_by"), ("numpy", "unique of one key"), ("pandas", "groupby")):
            mine = [run[-1] for run in own]
            row("count 10,000,000 rows", f"{peer} {what}", median(mine, 0), median(peers[peer], 0), median(peers[peer], 1), median(mine, 1))
    if a.only in (None, "fit"):
        for kind, file in zip(a.kinds, files):
            tools = [("pandas", "lbfgs"), ("polars", "lbfgs")] + ([("polars", "glum")] if kind == "logistic" else [])
            ours = {"no pictures": ["--no-pictures"], "with pictures": []}
            runs = {}
            for _ in range(a.runs):
                for name, flags in ours.items():
                    runs.setdefault(name, []).append(whole(a.command, "fit", "--csv", file, "--target", "y", "--out", f"{folder}/out", *flags))
                for tool in tools:
                    runs.setdefault(tool, []).append(whole(sys.executable, "-c", FIT, file, *tool))
            size = os.path.getsize(file) / 2**20
            for name in ours:
                for tool in tools:
                    memory = f"{median(runs[name], 1):.0f}, {median(runs[name], 1) / size:.1f} times the file; {median(runs[tool], 1):.0f}"
                    row(f"fit {kind}.csv, {name}", " + ".join(tool), median(runs[name], 0), median(runs[tool], 0), memory=memory)


if __name__ == "__main__":
    main()
