#!/usr/bin/env python3
"""From zero parameters to the maximum of the likelihood, in f64, beside scikit-learn, statsmodels and glum: rows of a Markdown table.

    cargo bench --bench fit --profile dev --no-run
    python3 -m venv venv && venv/bin/pip install numpy scikit-learn statsmodels glum
    venv/bin/python benches/peers_fit.py target/debug/deps/fit-… [--rounds 5] [--only softmax] >> benches/RESULTS.md

Every round asks each library for one fit of the same rows, one after the other. Time is that of the processors, of all threads, and
beside the ratio stands the wall's. A peer counts where its −Σ ln q is that of the lowest to 1e-6 and no component of its gradient, per
observation, is above 1e-9; what of the two it misses stands behind its name.
"""
import argparse, statistics, subprocess, sys, tempfile, time, warnings
import numpy as np

SHAPES = [(10_000, 8, 2), (200_000, 32, 2), (20_000, 16, 5), (100_000, 32, 10)]


def data(rows, columns, classes):
    rng = np.random.default_rng(7)
    x = rng.normal(size=(rows, columns))
    k = 1 if classes == 2 else classes
    z = x @ (rng.normal(size=(columns, k)) / np.sqrt(columns))
    if classes == 2:
        return x, (rng.random(rows) < 1 / (1 + np.exp(-z[:, 0]))).astype(np.uint32)
    return x, (z + rng.gumbel(size=z.shape)).argmax(1).astype(np.uint32)


def at(x, y, w, b):
    """−Σ ln q and the largest component of the gradient per observation, at slopes (k, d) and intercepts (k,) of all classes."""
    z = x @ w.T + b
    z -= z.max(1, keepdims=True)
    log_q = z - np.log(np.exp(z).sum(1, keepdims=True))
    r = np.exp(log_q)
    r[np.arange(len(y)), y] -= 1
    return -log_q[np.arange(len(y)), y].sum(), max(np.abs(r.T @ x).max(), np.abs(r.sum(0)).max()) / len(y)


def against_0(w, b):
    return np.vstack([0 * w[:1], w]), np.concatenate([[0], b])


def sklearn(solver):
    def fit(x, y):
        from sklearn.linear_model import LogisticRegression
        m = LogisticRegression(C=np.inf, solver=solver, tol=1e-10, max_iter=1000).fit(x, y)
        return against_0(m.coef_, m.intercept_) if len(m.intercept_) == 1 else (m.coef_, m.intercept_)
    return fit


def glum(x, y):
    from glum import GeneralizedLinearRegressor
    m = GeneralizedLinearRegressor(family="binomial", alpha=0, gradient_tol=1e-9).fit(x, y.astype(float))
    return against_0(m.coef_[None], np.array([m.intercept_]))


def statsmodels(x, y):
    import statsmodels.api as sm
    design = sm.add_constant(x)
    model = sm.Logit(y, design) if y.max() == 1 else sm.MNLogit(y, design)
    theta = np.asarray(model.fit(method="newton", disp=0, tol=1e-10, maxiter=100).params).reshape(design.shape[1], -1)
    return against_0(theta[1:].T, theta[0])


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("bench"); a.add_argument("--rounds", type=int, default=5); a.add_argument("--only", default="")
    a = a.parse_args()
    warnings.filterwarnings("ignore")
    bench = subprocess.Popen([a.bench], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    print("| fit | ours, CPU ms | peer | its CPU ms | ratio | by the wall |\n|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for rows, columns, classes in SHAPES:
            name = f"{'logistic' if classes == 2 else 'softmax'} {rows} × {columns}" + (f" × {classes}" if classes > 2 else "")
            if a.only not in name:
                continue
            x, y = data(rows, columns, classes)
            x.tofile(f"{folder}/x.bin"); y.tofile(f"{folder}/y.bin")
            peers = {f"scikit-learn {solver}": sklearn(solver) for solver in ("lbfgs", "newton-cholesky", "newton-cg")}
            peers["statsmodels newton"] = statsmodels
            if classes == 2:
                peers["glum irls"] = glum
            if rows * (columns + 1) ** 2 * classes ** 2 > 5e9:  # minutes each
                del peers["scikit-learn newton-cholesky"], peers["statsmodels newton"]
            times, reached = {who: [] for who in ["ours", *peers]}, {}
            for _ in range(a.rounds):
                bench.stdin.write(f"{folder}/x.bin {folder}/y.bin {rows} {columns} {classes}\n"); bench.stdin.flush()
                wall, spent, nll, gradient = map(float, bench.stdout.readline().split())
                times["ours"].append((spent, wall)); reached["ours"] = nll, gradient
                for who, fit in peers.items():
                    c, w = time.process_time(), time.perf_counter()
                    theta = fit(x, y)
                    times[who].append((time.process_time() - c, time.perf_counter() - w)); reached[who] = at(x, y, *theta)
            lowest = min(nll for nll, _ in reached.values())
            median = {who: [1e3 * statistics.median(t[i] for t in ts) for i in (0, 1)] for who, ts in times.items()}
            missed = lambda who: "".join(
                [f", −Σ ln q + {reached[who][0] - lowest:.1e}"] * (reached[who][0] - lowest > 1e-6 * max(1, abs(lowest) * 1e-6))
                + [f", gradient {reached[who][1]:.1e}"] * (reached[who][1] > 1e-9))
            for who in peers:
                print(f"| {name}{missed('ours')} | {median['ours'][0]:.1f} | {who}{missed(who)} | {median[who][0]:.1f} | "
                      f"{median['ours'][0] / median[who][0]:.2f} | {median['ours'][1] / median[who][1]:.2f} |", flush=True)


if __name__ == "__main__":
    main()
