#!/usr/bin/env python3
"""Values that `tests/claims/families_are_as_scipy_has_them.rs` and `crates/info/tests/claims/special_functions_and_laws.rs` compare with.

Likelihoods are scipy's logpdf and logpmf, started from its own fit, their maxima found by Newton's method on 40 digits (mpmath) of the
same formula. Printed in the form in which the tests hold them. Needs numpy, scipy, mpmath, statsmodels.
"""
import csv
import pathlib

import mpmath as mp
import numpy as np
import statsmodels.api as sm
from scipy import optimize, stats

mp.mp.dps = 40
data = pathlib.Path(__file__).resolve().parents[2] / "examples" / "data"


def column(name, of):
    with open(data / name) as file:
        return np.array([float(row[of]) for row in csv.DictReader(file)])


waiting, eruptions = column("old_faithful.csv", "waiting_minutes"), column("old_faithful.csv", "eruption_minutes")
petal = column("iris.csv", "petal_length_cm")
share = petal / 10
# Two Gaussians of one centre, as quantiles: tails longer than one Gaussian's.
u = (np.arange(60) + 0.5) / 60
long = np.round(np.concatenate([stats.norm.ppf(u), stats.norm.ppf(u) * 6]), 3) + 3
# Days absent from school that a class of the textbooks could have, and few deaths by horse kick.
counts = np.array([0] * 9 + [1] * 7 + [2] * 6 + [3] * 4 + [5] * 6 + [7] * 3 + [10] * 2 + [14] * 2 + [20, 28, 33, 45])


def polish(loglik, start):
    """The root of the score, by Newton on 40 digits."""
    f = lambda *theta: loglik(theta)
    d = len(start)
    grad = [lambda *t, i=i: mp.diff(f, t, tuple(int(j == i) for j in range(d))) for i in range(d)]
    root = mp.findroot(grad, [mp.mpf(float(s)) for s in start]) if d > 1 else [mp.findroot(grad[0], mp.mpf(float(start[0])))]
    return [mp.mpf(r) for r in root], f(*root)


def best(dist, x, start, formula):
    nll = lambda t: -np.sum((dist(*t).logpdf if hasattr(dist, "pdf") else dist(*t).logpmf)(x))
    rough = optimize.minimize(nll, start, method="Nelder-Mead", options=dict(xatol=1e-10, fatol=1e-12, maxiter=20000)).x
    theta, value = polish(lambda t: sum(formula(t, mp.mpf(float(v))) for v in x), rough)
    assert abs(value + nll([float(t) for t in theta])) < 1e-8 * abs(value)
    return ", ".join(mp.nstr(t, 15) for t in theta) + " | " + mp.nstr(-value, 15)


class D:
    pdf = True

    def __init__(self, make):
        self.make = make

    def __call__(self, *t):
        return self.make(*t)


print("logistic location scale:", best(D(lambda m, s: stats.logistic(m, s)), waiting, [70, 8],
      lambda t, x: -(x - t[0]) / t[1] - mp.log(t[1]) - 2 * mp.log(1 + mp.exp(-(x - t[0]) / t[1]))))
print("gamma shape rate:", best(D(lambda a, b: stats.gamma(a, scale=1 / b)), waiting, [25, 0.4],
      lambda t, x: t[0] * mp.log(t[1]) + (t[0] - 1) * mp.log(x) - t[1] * x - mp.loggamma(t[0])))
print("weibull shape scale:", best(D(lambda k, l: stats.weibull_min(k, scale=l)), eruptions, [3, 4],
      lambda t, x: mp.log(t[0] / t[1]) + (t[0] - 1) * mp.log(x / t[1]) - (x / t[1]) ** t[0]))
print("lognormal:", best(D(lambda m, s: stats.lognorm(s, scale=np.exp(m))), waiting, [4, 0.2],
      lambda t, x: -mp.log(x) - mp.log(t[1]) - mp.log(2 * mp.pi) / 2 - ((mp.log(x) - t[0]) / t[1]) ** 2 / 2))
print("student df location scale:", best(D(lambda n, m, s: stats.t(n, m, s)), long, [2, 3, 1.5],
      lambda t, x: mp.loggamma((t[0] + 1) / 2) - mp.loggamma(t[0] / 2) - mp.log(t[0] * mp.pi) / 2 - mp.log(t[2])
      - (t[0] + 1) / 2 * mp.log(1 + ((x - t[1]) / t[2]) ** 2 / t[0])))
print("beta alpha beta:", best(D(lambda a, b: stats.beta(a, b)), share, [3, 5],
      lambda t, x: (t[0] - 1) * mp.log(x) + (t[1] - 1) * mp.log(1 - x) - mp.loggamma(t[0]) - mp.loggamma(t[1]) + mp.loggamma(t[0] + t[1])))
nb = lambda m, r: stats.nbinom(r, r / (r + m))


class P(D):
    pass


del D.pdf
print("negative binomial mean size:", best(D(nb), counts, [6, 0.8],
      lambda t, x: mp.loggamma(x + t[1]) - mp.loggamma(t[1]) - mp.loggamma(x + 1) + t[1] * mp.log(t[1] / (t[1] + t[0])) + x * mp.log(t[0] / (t[1] + t[0]))))
fit = sm.NegativeBinomial(counts, np.ones(len(counts))).fit(disp=0, method="newton", maxiter=200, tol=1e-14)
print("  statsmodels: mean, size =", np.exp(fit.params[0]), 1 / fit.params[1], -fit.llf)
print("poisson nll:", -stats.poisson(counts.mean()).logpmf(counts).sum())
print("laplace:", *stats.laplace.fit(long), -stats.laplace(*stats.laplace.fit(long)).logpdf(long).sum())
print("exponential:", 1 / eruptions.mean(), -stats.expon(scale=eruptions.mean()).logpdf(eruptions).sum())

sepal, width = column("iris.csv", "sepal_length_cm"), column("iris.csv", "sepal_width_cm")
ols = sm.OLS(petal, sm.add_constant(np.column_stack([sepal, width]))).fit()
print("linear:", [f"{b:.15g}" for b in ols.params], f"{np.sqrt(ols.ssr / len(petal)):.15g}", f"{-ols.llf:.15g}")
minutes = np.round(waiting)
days = np.round(eruptions * 3)
glm = sm.GLM(days, sm.add_constant(np.column_stack([waiting, eruptions])), family=sm.families.Poisson()).fit(tol=1e-14, maxiter=100)
print("poisson regression:", [f"{b:.15g}" for b in glm.params], f"{-glm.llf:.15g}")
glm = sm.GLM(days, sm.add_constant(waiting[:, None]), family=sm.families.Poisson(), exposure=eruptions).fit(tol=1e-14, maxiter=100)
print("  with exposure:", [f"{b:.15g}" for b in glm.params], f"{-glm.llf:.15g}")

print("special: x, ln gamma, digamma, trigamma")
for x in [1e-8, 0.001, 0.3, 1, 1.4616321449683623, 2, 2.5, 9.99, 10.01, 123.456, 1e6, 1e15]:
    x = mp.mpf(x)
    print(f"({mp.nstr(x, 17)}, {mp.nstr(mp.loggamma(x), 17)}, {mp.nstr(mp.psi(0, x), 17)}, {mp.nstr(mp.psi(1, x), 17)}),")
print("laws: scipy's logpdf")
for name, value in {
    "Lognormal(0.5, 1.3) at 2": stats.lognorm(1.3, scale=np.exp(0.5)).logpdf(2),
    "Weibull(1.7, 3) at 2": stats.weibull_min(1.7, scale=3).logpdf(2),
    "Student(2.5, 1, 3) at -7": stats.t(2.5, 1, 3).logpdf(-7),
    "Student(1e8, 1, 3) at -7": stats.t(1e8, 1, 3).logpdf(-7),
    "NB(3, 0.7) at 0": nb(3, 0.7).logpmf(0),
    "NB(3, 0.7) at 11": nb(3, 0.7).logpmf(11),
    "NB(1e6, 50) at 1200000": nb(1e6, 50).logpmf(1200000),
    "NB KL (3,.7)||(4,2)": sum(nb(3, 0.7).pmf(k) * (nb(3, 0.7).logpmf(k) - nb(4, 2).logpmf(k)) for k in range(800)),
    "t entropy 2.5,1,3": stats.t(2.5, 1, 3).entropy(),
    "weibull entropy": stats.weibull_min(1.7, scale=3).entropy(),
}.items():
    print(f"{name}: {value:.16g}")
