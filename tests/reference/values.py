"""Writes statsmodels.csv: coefficients of Logit and MNLogit with Wald intervals, their HC0 standard errors, and, where the index names
clusters, the cluster-robust ones without a small-sample factor. firth.csv: Firth's estimates by Newton's method in 40 digits (mpmath),
from the score sum (y - q + h (1/2 - q)) x of Heinze and Schemper (2002) for two classes, and by the derivative of ln det I for three.
statsmodels 0.15, numpy. Run in this folder: python values.py"""

import csv
import warnings

import mpmath
import numpy as np
import statsmodels.api as sm

warnings.filterwarnings("ignore")


def design(entry):
    table = list(csv.DictReader(open(f"tables/{entry['name']}.csv")))
    rest = {entry["target"], entry["count"], entry["cluster"]}
    n = [int(row[entry["count"]]) if entry["count"] else 1 for row in table]
    names, columns = ["(intercept)"], [[1.0] * len(table)]
    for column in (c for c in table[0] if c not in rest):
        values = [row[column] for row in table]
        try:
            columns.append([float(v) for v in values])
            names.append(column)
        except ValueError:
            for level in sorted(set(values))[1:]:
                columns.append([float(v == level) for v in values])
                names.append(f"{column} {level}")
    levels = sorted({row[entry["target"]] for row in table})
    y = np.array([levels.index(row[entry["target"]]) for row in table])
    groups = [row[entry["cluster"]] for row in table] if entry["cluster"] else None
    return names, levels, np.array(columns).T, y, np.array(n), groups


out, firth = [], []
for entry in csv.DictReader(open("index.csv")):
    names, levels, x, y, n, groups = design(entry)
    rows = np.repeat(np.arange(len(n)), n)
    model = (sm.Logit if len(levels) == 2 else sm.MNLogit)(y[rows], x[rows])
    # Newton in standard coordinates has no trouble with units; the last steps are in their own.
    start = model.fit(method="bfgs", disp=0, maxiter=500).params.ravel(order="F")
    fit = model.fit(start_params=start, method="newton", disp=0, tol=1e-14, maxiter=100)
    for _ in range(3):
        flat = fit.params.ravel(order="F")
        step = np.linalg.solve(model.hessian(flat), model.score(flat).ravel())
        fit = model.fit(start_params=(flat - step), method="newton", disp=0, tol=1e-300, maxiter=1)
    k = len(levels) - 1
    shape = lambda v: np.asarray(v).reshape(len(names), k, order="F")
    b, s, z, p = (shape(v) for v in (fit.params, fit.bse, fit.tvalues, fit.pvalues))
    # The bread and the scores, so that binary and multinomial go the same way.
    inverse = np.linalg.inv(-model.hessian(fit.params.ravel(order="F")))
    q = fit.predict()
    q = np.column_stack([1 - q, q]) if k == 1 else q
    scores = np.hstack([(((y[rows] == c + 1) - q[:, c + 1])[:, None] * x[rows]) for c in range(k)])
    robust = np.sqrt(np.diag(inverse @ (scores.T @ scores) @ inverse))
    if k == 1:
        again = model.fit(start_params=fit.params, method="newton", disp=0, maxiter=1, cov_type="HC0")
        assert np.allclose(again.bse, robust, rtol=1e-7), entry
    clustered = np.full(len(robust), np.nan)
    if groups:
        labels = sorted(set(groups))
        index = np.array([labels.index(groups[row]) for row in rows])
        sums = np.array([scores[index == g].sum(0) for g in range(len(labels))])
        clustered = np.sqrt(np.diag(inverse @ (sums.T @ sums) @ inverse))
        if k == 1:
            again = model.fit(start_params=fit.params, method="newton", disp=0, maxiter=1, cov_type="cluster",
                              cov_kwds={"groups": index, "use_correction": False})
            assert np.allclose(again.bse, clustered, rtol=1e-7), entry
    robust, clustered = shape(robust), shape(clustered)
    for c in range(k):
        for j, name in enumerate(names):
            half = 1.959963984540054 * s[j, c]
            out.append([entry["name"], levels[c + 1], name, b[j, c], s[j, c], z[j, c], p[j, c], b[j, c] - half,
                        b[j, c] + half, robust[j, c], clustered[j, c]])

with open("statsmodels.csv", "w") as file:
    file.write("table,level,term,estimate,std.error,statistic,p.value,conf.low,conf.high,robust,clustered\n")
    for row in out:
        file.write(",".join(v if isinstance(v, str) else "NA" if np.isnan(v) else repr(float(v)) for v in row) + "\n")


# Firth's estimates, where the likelihood has a maximum (titanic, hair_eye) and where it has none (iris, and a coin's two cells).
mpmath.mp.dps = 40


def penalised(x, y, n, k):
    """The maximum of ln L + ln det I / 2 by Newton's method on its gradient, whose Jacobian is taken by differences."""
    m, w = x.shape
    x = [[mpmath.mpf(repr(float(v))) for v in row] for row in x]

    def probabilities(theta, row):
        z = [mpmath.mpf(0)] + [mpmath.fsum(theta[c * w + j] * row[j] for j in range(w)) for c in range(k)]
        top = max(z)
        e = [mpmath.exp(v - top) for v in z]
        return [v / mpmath.fsum(e) for v in e]

    def gradient(theta):
        q = [probabilities(theta, row) for row in x]
        info = mpmath.zeros(k * w)
        for i, row in enumerate(x):
            for a in range(k):
                for b in range(k):
                    v = n[i] * q[i][a + 1] * ((a == b) - q[i][b + 1])
                    for s in range(w):
                        for t in range(w):
                            info[a * w + s, b * w + t] += v * row[s] * row[t]
        inverse = info ** -1
        g = [mpmath.mpf(0)] * (k * w)
        for i, row in enumerate(x):
            kk = [[mpmath.fsum(inverse[a * w + s, b * w + t] * row[s] * row[t] for s in range(w) for t in range(w))
                   for b in range(k)] for a in range(k)]
            slope = [q[i][a + 1] * (kk[a][a] - 2 * mpmath.fsum(kk[a][b] * q[i][b + 1] for b in range(k))) for a in range(k)]
            whole = mpmath.fsum(slope)
            for a in range(k):
                along = n[i] * ((y[i] == a + 1) - q[i][a + 1] + (slope[a] - q[i][a + 1] * whole) / 2)
                for s in range(w):
                    g[a * w + s] += along * row[s]
        return g, info

    theta = [mpmath.mpf(0)] * (k * w)
    for _ in range(400):
        g, info = gradient(theta)
        step = mpmath.lu_solve(info, mpmath.matrix(g))
        longest = max(abs(v) for v in step)
        factor = min(mpmath.mpf(1), 5 / longest)
        theta = [t + factor * v for t, v in zip(theta, step)]
        if longest < mpmath.mpf(10) ** -18:
            return theta, info
    raise SystemExit("Newton's method did not arrive")


def firth_of(name, names, levels, x, y, n):
    # Columns with mean 0 and standard deviation 1 make Fisher scoring quick; the coefficients go back to their units.
    mean, sd = x[:, 1:].mean(0), x[:, 1:].std(0)
    k = len(levels) - 1
    z = np.column_stack([np.ones(len(x)), (x[:, 1:] - mean) / sd])
    theta, info = penalised(z, y, n, k)
    w = len(names)
    inverse = info ** -1
    back = mpmath.zeros(w)
    back[0, 0] = 1
    for j in range(1, w):
        back[0, j] = -mpmath.mpf(float(mean[j - 1])) / mpmath.mpf(float(sd[j - 1]))
        back[j, j] = 1 / mpmath.mpf(float(sd[j - 1]))
    for c in range(k):
        part = back * inverse[c * w:(c + 1) * w, c * w:(c + 1) * w] * back.T
        own = back * mpmath.matrix(theta[c * w:(c + 1) * w])
        for j, term in enumerate(names):
            firth.append([name, levels[c + 1], term, float(own[j]), float(mpmath.sqrt(part[j, j]))])


for entry in csv.DictReader(open("index.csv")):
    if entry["name"] in ("titanic", "mtcars", "hair_eye"):
        names, levels, x, y, n, _ = design(entry)
        firth_of(entry["name"], names, levels, x, y, n)
rows = list(csv.DictReader(open("../../examples/data/iris.csv")))
columns = [c for c in rows[0] if c != "species"]
levels = sorted({row["species"] for row in rows})
x = np.array([[1.0] + [float(row[c]) for c in columns] for row in rows])
firth_of("iris", ["(intercept)"] + columns, levels, x, np.array([levels.index(r["species"]) for r in rows]), [1] * len(rows))
with open("firth.csv", "w") as file:
    file.write("table,level,term,estimate,std.error\n")
    for row in firth:
        file.write(",".join(v if isinstance(v, str) else repr(v) for v in row) + "\n")
