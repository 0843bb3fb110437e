#!/usr/bin/env python3
"""How long estimates by neighbours take beside other libraries, as a table in markdown.

    cargo build -p candle-mle-info --bench neighbours --profile bench
    python3 crates/info/benches/peers.py target/release/deps/neighbours-… [n …]

Needs numpy, scipy, scikit-learn and infomeasure. CPU seconds, so that a busy machine matters little; the least of some runs
that take turns. Normal pairs of correlation 0.6, k = 3, one column each (1+1) or blocks of three (3+3)."""

import os
import resource
import subprocess
import sys
import time

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import digamma

K = 3
ROUNDS = 3


def pair(n, columns):
    rng = np.random.default_rng(1)
    x = rng.standard_normal((n, columns))
    return x, 0.6 * x + 0.8 * rng.standard_normal((n, columns))


def sklearn(x, y):
    from sklearn.feature_selection import mutual_info_regression

    return mutual_info_regression(x, y[:, 0], n_neighbors=K, random_state=0)[0]


def infomeasure(x, y):
    import infomeasure

    return infomeasure.mutual_information(x, y, approach="ksg", k=K)


def scipy_ksg(x, y):
    """The shortest that SciPy allows: one tree for all, a sorted line or a tree for each side."""

    def count(z, radius):
        if z.shape[1] == 1:
            line = np.sort(z[:, 0])
            above, below = line.searchsorted(z[:, 0] + radius, "right"), line.searchsorted(z[:, 0] - radius, "left")
            return above - below
        return cKDTree(z).query_ball_point(z, radius, p=np.inf, return_length=True)

    xy = np.hstack([x, y])
    radius = np.nextafter(cKDTree(xy).query(xy, K + 1, p=np.inf)[0][:, -1], 0)
    return digamma(K) + digamma(len(x)) - np.mean(digamma(count(x, radius)) + digamma(count(y, radius)))


def scipy_entropy(x, _):
    radius = cKDTree(x).query(x, K + 1, p=np.inf)[0][:, -1]
    return digamma(len(x)) - digamma(K) + x.shape[1] * np.mean(np.log(2 * radius))


def scipy_divergence(x, y):
    own = cKDTree(x).query(x, K + 1, p=np.inf)[0][:, -1]
    other = cKDTree(y).query(x, K, p=np.inf)[0][:, -1]
    return x.shape[1] * np.mean(np.log(other / own)) + np.log(len(y) / (len(x) - 1))


PEERS = [
    ("ksg1", 1, "scikit-learn", sklearn, 10**6),
    ("ksg1", 1, "SciPy", scipy_ksg, 10**6),
    ("ksg1", 1, "infomeasure", infomeasure, 10**5),
    ("ksg1", 3, "SciPy", scipy_ksg, 10**5),
    ("ksg1", 3, "infomeasure", infomeasure, 10**4),
    ("kozachenko_leonenko", 1, "SciPy", scipy_entropy, 10**6),
    ("kozachenko_leonenko", 3, "SciPy", scipy_entropy, 10**6),
    ("knn_kl_divergence", 3, "SciPy", scipy_divergence, 10**6),
]


def ours(program, name, columns, n, threads):
    """CPU and wall seconds of one run, the time to draw the sample taken off."""

    def spent(times):
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        command = [program, name, str(columns), str(n), str(times)]
        subprocess.run(command, env={**os.environ, "RAYON_NUM_THREADS": str(threads)}, check=True, capture_output=True)
        wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        return np.array([after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall])

    times = max(1, 10**5 // n * 5)
    return (spent(times) - spent(0)) / times


def main():
    program, sizes = sys.argv[1], [int(n) for n in sys.argv[2:]] or [10**4, 10**5, 10**6]
    print("| estimate | columns | n | beside | its CPU s | ours, one thread | ratio | ours, two threads, wall | ratio |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, columns, peer, run, most in PEERS:
        for n in [n for n in sizes if n <= most]:
            x, y = pair(n, columns)
            run(x[:100], y[:100])  # imports
            theirs, one, two = [], [], []
            for _ in range(ROUNDS if n < 10**6 else 1):
                start = time.process_time()
                run(x, y)
                theirs.append(time.process_time() - start)
                one.append(ours(program, name, columns, n, 1)[0])
                two.append(ours(program, name, columns, n, 2)[1])
            theirs, one, two = min(theirs), min(one), min(two)
            row = f"{name} | {columns}+{columns} | {n} | {peer} | {theirs:.4g} | {one:.4g} | {one / theirs:.3f}"
            print(f"| {row} | {two:.4g} | {two / theirs:.3f} |", flush=True)


main()
