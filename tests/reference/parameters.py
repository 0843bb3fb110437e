"""Writes parameters.csv: of named distributions the likeliest parameters, their standard errors from the second derivatives of the
likelihood at its maximum (the delta method for those that follow from others), the ends of their 95 % profile intervals, and -ln L, all
by mpmath in 30 digits from the densities as the books have them; of a mixture of two Gaussians the same without profiles, of Laplace's law
the closed forms. Needs numpy and mpmath. Run in this folder: python parameters.py"""

import csv
import pathlib
from collections import Counter

import mpmath as mp
import numpy as np

mp.mp.dps = 30
Z = mp.sqrt(2) * mp.erfinv(mp.mpf("0.95"))
data = pathlib.Path("../../examples/data")


def column(name, of):
    with open(data / name) as file:
        return [float(row[of]) for row in csv.DictReader(file)]


waiting, eruptions = column("old_faithful.csv", "waiting_minutes"), column("old_faithful.csv", "eruption_minutes")
share = [x / 10 for x in column("iris.csv", "petal_length_cm")]
narrow = [0.021, 0.063, 0.105, 0.147, 0.189, 0.232, 0.275, 0.319, 0.363, 0.408, 0.454, 0.501, 0.549, 0.598, 0.648, 0.701,
          0.755, 0.812, 0.872, 0.935, 1.001, 1.073, 1.15, 1.235, 1.331, 1.44, 1.569, 1.732, 1.96, 2.394]
wide = [0.125, 0.376, 0.628, 0.88, 1.135, 1.391, 1.65, 1.912, 2.178, 2.448, 2.723, 3.003, 3.291, 3.587, 3.891, 4.206,
        4.532, 4.873, 5.231, 5.608, 6.008, 6.437, 6.902, 7.413, 7.983, 8.637, 9.414, 10.39, 11.76, 14.364]
long = [3 + s * z for z in narrow + wide for s in (-1, 1)]
counts = [0] * 9 + [1] * 7 + [2] * 6 + [3] * 4 + [5] * 6 + [7] * 3 + [10] * 2 + [14] * 2 + [20, 28, 33, 45]

first, second, third = (lambda *t: t[0]), (lambda *t: t[1]), (lambda *t: t[2])
# Family, data, ln q of (parameters, x), a start, what is printed, as functions of the parameters, and what of ln q knows no x.
CASES = [
    ("exponential", "eruptions", lambda t, x: mp.log(t[0]) - t[0] * x, [0.28], {"rate": first, "mean": lambda r: 1 / r}),
    ("logistic", "waiting", lambda t, x: -(x - t[0]) / t[1] - mp.log(t[1]) - 2 * mp.log(1 + mp.exp(-(x - t[0]) / t[1])),
     [71.4, 8], {"location": first, "scale": second}),
    ("gamma", "waiting", lambda t, x: t[0] * mp.log(t[1]) + (t[0] - 1) * mp.log(x) - t[1] * x - mp.loggamma(t[0]),
     [25.12, 0.354], {"shape": first, "rate": second, "mean": lambda a, b: a / b}),
    ("lognormal", "waiting", lambda t, x: -mp.log(x) - mp.log(t[1]) - mp.log(2 * mp.pi) / 2 - ((mp.log(x) - t[0]) / t[1]) ** 2 / 2,
     [4.2, 0.2], {"mean of ln x": first, "sd of ln x": second, "median": lambda m, s: mp.exp(m)}),
    ("weibull", "eruptions", lambda t, x: mp.log(t[0] / t[1]) + (t[0] - 1) * mp.log(x / t[1]) - (x / t[1]) ** t[0],
     [3.5, 3.9], {"shape": first, "scale": second}),
    ("student", "long", lambda t, x: -(t[0] + 1) / 2 * mp.log(1 + ((x - t[1]) / t[2]) ** 2 / t[0]), [1.5, 3, 1.6],
     {"df": first, "location": second, "scale": third},
     lambda t: mp.loggamma((t[0] + 1) / 2) - mp.loggamma(t[0] / 2) - mp.log(t[0] * mp.pi) / 2 - mp.log(t[2])),
    ("poisson", "counts", lambda t, x: x * mp.log(t[0]) - t[0] - mp.loggamma(x + 1), [6], {"mean": first}),
    ("negative-binomial", "counts", lambda t, x: mp.loggamma(x + t[1]) - mp.loggamma(x + 1) + x * mp.log(t[0] / (t[1] + t[0])), [6.4, 0.7],
     {"mean": first, "size": second}, lambda t: t[1] * mp.log(t[1] / (t[1] + t[0])) - mp.loggamma(t[1])),
    ("beta", "share", lambda t, x: (t[0] - 1) * mp.log(x) + (t[1] - 1) * mp.log(1 - x), [2, 3],
     {"alpha": first, "beta": second, "mean": lambda a, b: a / (a + b)},
     lambda t: mp.loggamma(t[0] + t[1]) - mp.loggamma(t[0]) - mp.loggamma(t[1])),
]


def unit(d, *which):
    return tuple(sum(int(j == i) for j in which) for i in range(d))


def gradient(f, t):
    return [mp.diff(f, tuple(t), unit(len(t), i)) for i in range(len(t))]


def maximum(f, start):
    root = mp.findroot(lambda *t: gradient(f, t), [mp.mpf(s) for s in start], maxsteps=60)
    return list(root) if len(start) > 1 else [root[0] if hasattr(root, "__len__") else root]


def covariance(f, t):
    d = len(t)
    return mp.matrix([[mp.diff(f, tuple(t), unit(d, i, j)) for j in range(d)] for i in range(d)]) ** -1


def error(g, t, of):
    a = mp.matrix(gradient(g, t))
    return mp.sqrt((a.T * of * a)[0])


def profile(f, g, t, of, side):
    """Where -ln L, least with g held, is z^2/2 above its minimum: by Lagrange's conditions, followed from z/3 on."""
    d, least, a = len(t), f(*t), mp.matrix(gradient(g, t))
    variance = (a.T * of * a)[0]
    x = None
    for step in range(1, 4):
        z = Z * step / 3
        if x is None:
            x = list(mp.matrix(t) + of * a * (side * z / mp.sqrt(variance))) + [side * z / mp.sqrt(variance)]
        def conditions(*x):
            df, dg = gradient(f, x[:d]), gradient(g, x[:d])
            return [df[i] - x[d] * dg[i] for i in range(d)] + [f(*x[:d]) - least - z ** 2 / 2]
        x = list(mp.findroot(conditions, x, tol=1e-32, maxsteps=60))
    return g(*x[:d])


def show(x):
    return mp.nstr(x, 17)


rows = []
for family, name, formula, start, named, *rest in CASES:
    values = {mp.mpf(repr(x)): n for x, n in Counter(globals()[name]).items()}
    total = sum(values.values())
    f = lambda *t: -sum(n * formula(t, x) for x, n in values.items()) - total * sum(same(t) for same in rest)
    t = maximum(f, start)
    of = covariance(f, t)
    for term, g in named.items():
        ends = [show(profile(f, g, t, of, side)) for side in (-1, 1)]
        rows.append([family, name, term, show(g(*t)), show(error(g, t, of)), *ends, show(f(*t))])
        print(*rows[-1], flush=True)

# Laplace: the median; b/sqrt(n), what a median has by the law, and b/sqrt(n) of b, whose likelihood is a gamma's.
middle = mp.mpf(repr(float(np.median(long))))
b, n = sum(abs(mp.mpf(repr(x)) - middle) for x in long) / len(long), len(long)
for term, value in (("location", middle), ("scale", b)):
    rows.append(["laplace", "long", term, show(value), show(b / mp.sqrt(n)), "", "", show(n * (mp.log(2 * b) + 1))])

# Two Gaussians: the weight of the first, means and standard deviations.
values = Counter(eruptions)
normal = lambda x, m, s: mp.exp(-((x - m) / s) ** 2 / 2) / s / mp.sqrt(2 * mp.pi)
f = lambda w, a, b, s, t: -sum(n * mp.log(w * normal(mp.mpf(repr(x)), a, s) + (1 - w) * normal(mp.mpf(repr(x)), b, t)) for x, n in values.items())
t = maximum(f, [0.348, 2.0186, 4.2733, 0.2356, 0.4371])
of = covariance(f, t)
named = {"weight 1": lambda *t: t[0], "weight 2": lambda *t: 1 - t[0], "mean 1": lambda *t: t[1], "mean 2": lambda *t: t[2],
         "sd 1": lambda *t: t[3], "sd 2": lambda *t: t[4]}
for term, g in named.items():
    rows.append(["mixture", "eruptions", term, show(g(*t)), show(error(g, t, of)), "", "", show(f(*t))])
    print(*rows[-1], flush=True)

with open("parameters.csv", "w") as file:
    file.write("family,data,term,estimate,std.error,profile.low,profile.high,nll\n")
    file.writelines(",".join(row) + "\n" for row in rows)
