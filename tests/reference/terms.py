"""Writes tables/terms.csv, a seeded table; terms.csv: coefficients and standard errors of the cases in terms.cases.csv by statsmodels (patsy's
formulas; of weights HC0) and, with a ridge, by scikit-learn on standardised columns (C = 1/lambda; of these the estimates alone, of a
softmax against the first class). numpy, pandas, statsmodels, scikit-learn 1.9. Run in this folder: python terms.py; then Rscript terms.R."""

import csv
import re
import warnings

import numpy as np
import pandas as pd
import patsy
import statsmodels.api as sm
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings("ignore")
rng, n = np.random.default_rng(7), 160
x, z = np.round(rng.normal(50, 12, n), 1), np.round(rng.gamma(2, 3, n), 2)
g, h = rng.choice(["a", "b", "c"], n), rng.choice(["u", "v"], n)
off, expo = np.round(rng.normal(0, 0.5, n), 2), np.round(rng.uniform(0.5, 8, n), 2)
w, k = np.round(rng.uniform(0.2, 3, n), 2), rng.integers(1, 4, n)
yes = rng.uniform(size=n) < 1 / (1 + np.exp(3 - 0.05 * x - 0.1 * z * (g == "b") + 0.4 * (h == "v") - off))
size = np.array(["hi", "lo", "mid"])[((rng.normal(size=n) + 0.04 * (x - 50) + 1.2).clip(0, 2.99)).astype(int)]
num = np.round(2 + 0.3 * x - 0.5 * z + 1.5 * (g == "c") + off + rng.normal(0, 2, n), 3)
c = rng.poisson(expo * np.exp(-1 + 0.02 * x - 0.2 * (h == "v")))
pd.DataFrame(dict(x=x, z=z, g=g, h=h, off=off, expo=expo, w=w, k=k, y=np.where(yes, "yes", "no"), size=size, num=num, c=c)).to_csv(
    "tables/terms.csv", index=False)
table = pd.read_csv("tables/terms.csv")


def ours(name):
    """The name of a column of a patsy design as a design of ours has it."""
    name = re.sub(r"(\w+)\[(?:T\.)?(\w+)\]", r"\1 \2", name.replace("I(x ** 2)", "I(x^2)"))
    return {"Intercept": "(intercept)"}.get(name, name)


def logits(y, classes, X, count, offset):
    """Multinomial by Newton's method: the offset in the logit of every class but the first."""
    others, width = len(classes) - 1, X.shape[1]
    theta, E = np.zeros((others, width)), np.stack([y == c for c in classes[1:]], 1).astype(float)
    for _ in range(100):
        e = np.exp(X @ theta.T + offset[:, None])
        q = e / (1 + e.sum(1, keepdims=True))
        gradient = ((E - q) * count[:, None]).T @ X
        hessian = np.zeros((others * width, others * width))
        for a in range(others):
            for b in range(others):
                v = count * q[:, a] * ((a == b) - q[:, b])
                hessian[a * width:][:width, b * width:][:, :width] = (X * v[:, None]).T @ X
        theta = theta + np.linalg.solve(hessian, gradient.ravel()).reshape(others, width)
    return theta, np.sqrt(np.diag(np.linalg.inv(hessian))).reshape(others, width)


with open("terms.csv", "w") as out:
    write = csv.writer(out, lineterminator="\n").writerow
    write(["case", "level", "term", "estimate", "std.error"])
    for case in csv.DictReader(open("terms.cases.csv")):
        X = patsy.dmatrix(case["formula"].replace("^", "**"), table, return_type="dataframe")
        names, target = [ours(name) for name in X.columns], table[case["target"]]
        count = table[case["count"]].to_numpy(float) if case["count"] else np.ones(n)
        offset = table[case["offset"]].to_numpy() if case["offset"] else np.zeros(n)
        offset = offset + (np.log(table[case["exposure"]].to_numpy()) if case["exposure"] else 0)
        weights = table[case["weights"]].to_numpy() if case["weights"] else None
        classes = sorted(set(target)) if case["family"] in ("logistic", "softmax") else []
        level = classes[1] if len(classes) == 2 else ""
        y = (target == level).to_numpy(float) if level else target.to_numpy()
        if case["ridge"]:
            strength, Z = float(case["ridge"]), X.drop(columns="Intercept").to_numpy()
            scaler = StandardScaler().fit(Z, sample_weight=count)
            S = scaler.transform(Z)
            if classes:
                model = LogisticRegression(C=1 / strength, tol=1e-14, max_iter=100_000,
                                           solver="newton-cholesky").fit(S, target, sample_weight=count)
                coefficients, intercepts = model.coef_, model.intercept_
            elif case["family"] == "linear":
                model = Ridge(alpha=strength, solver="svd").fit(S, y, sample_weight=count)
                coefficients, intercepts = model.coef_[None], [model.intercept_]
            else:
                model = PoissonRegressor(alpha=strength / count.sum(), tol=1e-14, max_iter=10_000,
                                         solver="newton-cholesky").fit(S, y, sample_weight=count)
                coefficients, intercepts = model.coef_[None], [model.intercept_]
            rows = []
            for slopes, intercept in zip(coefficients, intercepts):
                own = slopes / scaler.scale_
                rows.append(np.r_[intercept - own @ scaler.mean_, own])
            if len(rows) > 1:
                rows = [row - rows[0] for row in rows[1:]]
            errors = [[float("nan")] * len(names)] * len(rows)
        elif len(classes) > 2:
            rows, errors = logits(target.to_numpy(), classes, X.to_numpy(), count, offset)
        else:
            if case["family"] == "linear":
                family = sm.families.Gaussian()
            else:
                family = sm.families.Binomial() if level else sm.families.Poisson()
            kind = dict(var_weights=weights / weights.mean()) if weights is not None else dict(freq_weights=count)
            model = sm.GLM(y, X, family=family, offset=offset, **kind)
            fitted = model.fit(tol=1e-15, tol_criterion="params", maxiter=1000,
                               **(dict(cov_type="HC0") if weights is not None else {}))
            rows, errors = [fitted.params], [fitted.bse]
            if case["family"] == "linear" and weights is None:
                # Of maximum likelihood: the squares over n.
                errors = [fitted.bse * np.sqrt((count.sum() - X.shape[1]) / count.sum())]
        levels = classes[1:] if classes else [""]
        for of, row, error in zip(levels, np.asarray(rows), np.asarray(errors)):
            for term, estimate, bse in zip(names, row, error):
                write([case["case"], of, term, repr(float(estimate)), repr(float(bse))])
