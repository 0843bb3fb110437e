"""Writes values.csv: 29 problems of maximum likelihood with their answers to 30 digits, for the decimals of the data as they are printed.

A problem is a line of problems.csv: which model, of which columns of which file of this repository, and how often a row was observed.
Text columns enter as indicators of all levels but the first in the order of their letters; so does the answer: class against the first.
values.csv has for every problem its quantities: −ln of the likelihood in nats (nll), its infimum where no maximum exists, and every
parameter; of classifiers and regressions standard errors from the observed information, too (names that end in " se").

Newton's method in 60 digits (or a closed form) makes them, and every value is believed only if 90 digits give the same 30.
mpmath alone is needed. Run in this folder: python values.py"""

import csv
import os

import mpmath as mp

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")


def read(problem):
    """The rows of its table as texts, and the number of each."""
    with open(os.path.join(ROOT, problem["file"])) as file:
        rows = list(csv.DictReader(file))
    counts = [mp.mpf(row[problem["count"]]) if problem["count"] else mp.mpf(1) for row in rows]
    kept = [(row, count) for row, count in zip(rows, counts) if count > 0]
    return [row for row, _ in kept], [count for _, count in kept]


def design(problem, rows):
    """Names and columns, the intercept last."""
    names, columns = [], []
    for name in problem["predictors"].split():
        values = [row[name] for row in rows]
        try:
            columns.append([mp.mpf(value) for value in values])
            names.append(name)
        except ValueError:
            for level in sorted(set(values))[1:]:
                columns.append([mp.mpf(int(value == level)) for value in values])
                names.append(f"{name} {level}")
    return names + ["(intercept)"], [list(x) for x in zip(*(columns + [[mp.mpf(1)] * len(rows)]))]


def newton(start, at):
    """The zero of a gradient; `at` gives loss, gradient and information. Steps that raise the loss are halved."""
    theta = mp.matrix(start)
    loss, gradient, information = at(theta)
    for _ in range(100):
        step = mp.lu_solve(information, -gradient)
        # Newton's steps square what is left: after one of half the digits nothing is.
        last, share = mp.norm(step) < mp.mpf(10) ** (-0.55 * mp.mp.dps) * (1 + mp.norm(theta)), mp.mpf(1)
        trial = at(theta + step)
        while trial[0] > loss + abs(loss) * mp.mpf(10) ** (10 - mp.mp.dps) and not last:
            share /= 2
            trial = at(theta + share * step)
        theta, (loss, gradient, information) = theta + share * step, trial
        if last:
            return theta, loss, information
    raise ArithmeticError("Newton's method did not end")


def scaled(x):
    """Columns by their largest value, which keeps numbers of one size in the information."""
    size = [max(abs(row[j]) for row in x) for j in range(len(x[0]))]
    return [[value / s for value, s in zip(row, size)] for row in x], size


def classes(problem, rows, counts):
    names, x = design(problem, rows)
    levels = sorted({row[problem["response"]] for row in rows})
    y = [levels.index(row[problem["response"]]) for row in rows]
    x, size = scaled(x)
    d, k = len(names), len(levels) - 1

    def at(theta):
        loss, gradient, information = mp.mpf(0), mp.zeros(d * k, 1), mp.zeros(d * k)
        for row, answer, count in zip(x, y, counts):
            logits = [mp.fsum(theta[c * d + j] * row[j] for j in range(d)) for c in range(k)]
            weights = [mp.exp(logit) for logit in logits]
            total = 1 + mp.fsum(weights)
            q = [weight / total for weight in weights]
            loss += count * (mp.log(total) - (logits[answer - 1] if answer else 0))
            for a in range(k):
                residual = count * (q[a] - (answer == a + 1))
                for i in range(d):
                    gradient[a * d + i] += residual * row[i]
                    for b in range(a + 1):
                        weight = count * q[a] * ((a == b) - q[b]) * row[i]
                        for j in range(d):
                            information[a * d + i, b * d + j] += weight * row[j]
        for i in range(d * k):
            for j in range(i):
                information[j, i] = information[i, j]
        return loss, gradient, information

    theta, loss, information = newton([0] * (d * k), at)
    covariance = information**-1
    yield "nll", loss
    for c in range(k):
        for j, name in enumerate(names):
            yield f"{levels[c + 1]}: {name}", theta[c * d + j] / size[j]
            yield f"{levels[c + 1]}: {name} se", mp.sqrt(covariance[c * d + j, c * d + j]) / size[j]


def poisson_regression(problem, rows, counts):
    names, x = design(problem, rows)
    y = [mp.mpf(row[problem["response"]]) for row in rows]
    x, size = scaled(x)
    d = len(names)

    def at(theta):
        means = [mp.exp(mp.fsum(theta[j] * row[j] for j in range(d))) for row in x]
        loss = mp.fsum(c * (m - v * mp.log(m) + mp.loggamma(v + 1)) for m, v, c in zip(means, y, counts))
        gradient = mp.matrix([mp.fsum(c * (m - v) * row[j] for m, v, c, row in zip(means, y, counts, x)) for j in range(d)])
        information = mp.matrix(d, d)
        for i in range(d):
            for j in range(d):
                information[i, j] = mp.fsum(c * m * row[i] * row[j] for m, c, row in zip(means, counts, x))
        return loss, gradient, information

    theta, loss, information = newton([0] * (d - 1) + [mp.log(mp.fsum(y) / len(y))], at)
    covariance = information**-1
    yield "nll", loss
    for j, name in enumerate(names):
        yield name, theta[j] / size[j]
        yield f"{name} se", mp.sqrt(covariance[j, j]) / size[j]


def numbers(problem, rows):
    return [mp.mpf(row[problem["response"]]) for row in rows]


def mean(values):
    return mp.fsum(values) / len(values)


def normal(problem, rows, counts):
    x = numbers(problem, rows)
    m = mean(x)
    variance = mean([(v - m) ** 2 for v in x])
    yield "nll", len(x) * (mp.log(2 * mp.pi * variance) + 1) / 2
    yield "mean", m
    yield "standard deviation", mp.sqrt(variance)


def normal_of_two(problem, rows, counts):
    names = problem["response"].split()
    x = [[mp.mpf(row[name]) for row in rows] for name in names]
    m = [mean(column) for column in x]
    cov = [[mean([(a - m[i]) * (b - m[j]) for a, b in zip(x[i], x[j])]) for j in range(2)] for i in range(2)]
    det = cov[0][0] * cov[1][1] - cov[0][1] ** 2
    yield "nll", len(rows) * (2 * mp.log(2 * mp.pi) + mp.log(det) + 2) / 2
    for i, name in enumerate(names):
        yield f"mean of {name}", m[i]
        yield f"variance of {name}", cov[i][i]
    yield "covariance", cov[0][1]


def exponential(problem, rows, counts):
    x = numbers(problem, rows)
    yield "nll", len(x) * (1 + mp.log(mean(x)))
    yield "rate", 1 / mean(x)


def lognormal(problem, rows, counts):
    logs = [mp.log(v) for v in numbers(problem, rows)]
    m = mean(logs)
    variance = mean([(v - m) ** 2 for v in logs])
    yield "nll", len(logs) * (mp.log(2 * mp.pi * variance) + 1) / 2 + mp.fsum(logs)
    yield "mean of ln x", m
    yield "standard deviation of ln x", mp.sqrt(variance)


def gamma(problem, rows, counts):
    x = numbers(problem, rows)
    m, logs = mean(x), mean([mp.log(v) for v in x])
    shape = mp.findroot(lambda k: mp.log(k) - mp.digamma(k) - mp.log(m) + logs, mp.mpf(1) / (2 * (mp.log(m) - logs)))
    rate = shape / m
    yield "nll", -len(x) * (shape * mp.log(rate) - mp.loggamma(shape) + (shape - 1) * logs - rate * m)
    yield "shape", shape
    yield "rate", rate


def weibull(problem, rows, counts):
    x = numbers(problem, rows)
    logs = mean([mp.log(v) for v in x])

    def slope(k):
        powers = [v**k for v in x]
        return mp.fsum(p * mp.log(v) for p, v in zip(powers, x)) / mp.fsum(powers) - 1 / k - logs

    shape = mp.findroot(slope, mp.mpf(problem["start"]))
    scale = mean([v**shape for v in x]) ** (1 / shape)
    yield "nll", -len(x) * (mp.log(shape) - shape * mp.log(scale) + (shape - 1) * logs - 1)
    yield "shape", shape
    yield "scale", scale


def logistic_distribution(problem, rows, counts):
    x = numbers(problem, rows)

    def scores(location, scale):
        z = [(v - location) / scale for v in x]
        tanh = [mp.tanh(v / 2) for v in z]
        return mp.fsum(tanh), mp.fsum(v * t for v, t in zip(z, tanh)) - len(x)

    location, scale = mp.findroot(scores, [mp.mpf(v) for v in problem["start"].split()])
    z = [(v - location) / scale for v in x]
    yield "nll", mp.fsum(v + 2 * mp.log(1 + mp.exp(-v)) for v in z) + len(x) * mp.log(scale)
    yield "location", location
    yield "scale", scale


def negative_binomial(problem, rows, counts):
    x = numbers(problem, rows)
    m = mean(x)

    def slope(r):
        return mp.fsum(mp.digamma(v + r) for v in x) - len(x) * (mp.digamma(r) - mp.log(r / (r + m)))

    r = mp.findroot(slope, mp.mpf(problem["start"]))
    of = lambda v: mp.loggamma(v + r) - mp.loggamma(r) - mp.loggamma(v + 1) + r * mp.log(r / (r + m)) + v * mp.log(m / (r + m))
    yield "nll", -mp.fsum(of(v) for v in x)
    yield "mean", m
    yield "size", r


def mixture(problem, rows, counts):
    """Weight, means and standard deviations of two Gaussians, in the order of their means."""
    x = numbers(problem, rows)

    def parts(theta):
        w, (a, b), (s, t) = theta[0], theta[1:3], theta[3:5]
        of = lambda v, m, d: mp.exp(-(((v - m) / d) ** 2) / 2) / (d * mp.sqrt(2 * mp.pi))
        return [(w * of(v, a, s), (1 - w) * of(v, b, t)) for v in x]

    def scores(*theta):
        w, a, b, s, t = theta
        all = parts(theta)
        first = [p / (p + q) for p, q in all]
        zs, zt = [(v - a) / s for v in x], [(v - b) / t for v in x]
        return (
            mp.fsum(first) / w - mp.fsum(1 - r for r in first) / (1 - w),
            mp.fsum(r * z for r, z in zip(first, zs)),
            mp.fsum((1 - r) * z for r, z in zip(first, zt)),
            mp.fsum(r * (z**2 - 1) for r, z in zip(first, zs)),
            mp.fsum((1 - r) * (z**2 - 1) for r, z in zip(first, zt)),
        )

    theta = mp.findroot(scores, [mp.mpf(v) for v in problem["start"].split()])
    yield "nll", -mp.fsum(mp.log(p + q) for p, q in parts(list(theta)))
    for name, value in zip(["weight of the first", "mean of the first", "mean of the second"], theta):
        yield name, value
    yield "standard deviation of the first", abs(theta[3])
    yield "standard deviation of the second", abs(theta[4])


def maximum_entropy(problem, rows, counts):
    """q(x) ∝ exp(Σ λ_m x^m) on 1 … 6 with given moments: H(q), and λ. The NLL of data with these moments is n times H(q)."""
    moments = [mp.mpf(v) for v in problem["start"].split()]
    faces = range(1, 7)

    def at(theta):
        weights = [mp.exp(mp.fsum(theta[m] * mp.mpf(x) ** (m + 1) for m in range(len(moments)))) for x in faces]
        total = mp.fsum(weights)
        q = [w / total for w in weights]
        expect = lambda power: mp.fsum(p * mp.mpf(x) ** power for p, x in zip(q, faces))
        count = range(1, len(moments) + 1)
        loss = mp.log(total) - mp.fsum(t * m for t, m in zip(theta, moments))
        gradient = mp.matrix([expect(i) - moments[i - 1] for i in count])
        information = mp.matrix([[expect(i + j) - expect(i) * expect(j) for j in count] for i in count])
        return loss, gradient, information

    theta, entropy, _ = newton([0] * len(moments), at)
    yield "entropy", entropy
    for m in range(len(moments)):
        yield f"lambda {m + 1}", theta[m]


def two_groups(problem, rows, counts):
    """Yes of so many in two groups, in closed form: log-odds of the first and the difference."""
    a, n, b, m = [mp.mpf(v) for v in problem["start"].split()]
    of = lambda yes, all: -(yes * mp.log(yes / all) + (all - yes) * mp.log1p(-yes / all))
    yield "nll", of(a, n) + of(b, m)
    yield "yes: (intercept)", mp.log(a / (n - a))
    yield "yes: group", mp.log(b / (m - b)) - mp.log(a / (n - a))
    yield "yes: (intercept) se", mp.sqrt(1 / a + 1 / (n - a))
    yield "yes: group se", mp.sqrt(1 / a + 1 / (n - a) + 1 / b + 1 / (m - b))


def empty_cell(problem, rows, counts):
    """Yes of so many in two groups, all or none of the second: it drops out of the limit."""
    a, n, _, _ = [mp.mpf(v) for v in problem["start"].split()]
    yield "infimum", -(a * mp.log(a / n) + (n - a) * mp.log(1 - a / n))
    yield "yes: (intercept)", mp.log(a / (n - a))


def separated_but_for(problem, rows, counts):
    """A class is told apart by the other columns; what remains is a problem of the other classes alone."""
    apart = problem["start"]
    left = [(row, count) for row, count in zip(rows, counts) if row[problem["response"]] != apart]
    for name, value in classes(problem, *zip(*left)):
        if not name.endswith(" se"):
            yield ("infimum" if name == "nll" else name), value


MODELS = {
    "logistic": classes, "softmax": classes, "poisson regression": poisson_regression, "normal": normal,
    "normal of two columns": normal_of_two, "exponential": exponential, "lognormal": lognormal, "gamma": gamma, "weibull": weibull,
    "logistic distribution": logistic_distribution, "negative binomial": negative_binomial, "mixture of two normals": mixture,
    "maximum entropy on a die": maximum_entropy, "logistic, two groups": two_groups, "logistic, an empty cell": empty_cell,
    "softmax, one class apart": separated_but_for,
}


def answers(problem, digits):
    mp.mp.dps = digits
    rows, counts = read(problem) if problem["file"] else ([], [])
    return {name: mp.nstr(value, 30, min_fixed=-mp.inf, max_fixed=-mp.inf) for name, value in MODELS[problem["model"]](problem, rows, counts)}


if __name__ == "__main__":
    with open("problems.csv") as file:
        problems = list(csv.DictReader(file))
    with open("values.csv", "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["problem", "quantity", "value"])
        for problem in problems:
            once, again = answers(problem, 60), answers(problem, 90)
            assert once == again, (problem, once, again)
            out.writerows([problem["problem"], name, value] for name, value in once.items())
            print(problem["problem"], once.get("nll", once.get("infimum", once.get("entropy"))), flush=True)
