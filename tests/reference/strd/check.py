"""The Statistical Reference Datasets of the National Institute of Standards and Technology (StRD, itl.nist.gov/div898/strd, a work of
the US government, in the public domain): univariate summaries and linear least squares. `certified.csv` has the values that NIST
certifies to 15 digits; in the files of the univariate sets equal numbers stand once, with how often they occur. Names of polynomials'
coefficients are B0, B1, … of 1, x, x², …

This solves every problem anew with 60 digits, and fails where a certified value is not met to 14 digits: nothing was miscopied.
Run with mpmath: `python check.py`.
"""
import csv
from pathlib import Path

import mpmath as mp

mp.mp.dps = 60
HERE = Path(__file__).parent
DEGREES = {"pontius": 2, "wampler1": 5, "wampler2": 5, "wampler3": 5, "wampler4": 5, "wampler5": 5, "filip": 10}


def rows(name):
    return list(csv.DictReader((HERE / f"{name}.csv").open()))


certified = {}
for row in rows("certified"):
    certified.setdefault(row["set"], {})[row["quantity"]] = mp.mpf(row["value"])

for name, values in certified.items():
    table = rows(name)
    y = [mp.mpf(row["y"]) for row in table]
    if "mean" in values:
        times = [int(row["times"]) for row in table]
        n = sum(times)
        mean = mp.fdot(y, times) / n
        found = {"mean": mean, "standard deviation": mp.sqrt(mp.fdot([(v - mean) ** 2 for v in y], times) / (n - 1))}
    else:
        degree = DEGREES.get(name)
        columns = [[mp.mpf(row["x"]) ** k for k in range(1, degree + 1)] for row in table] if degree else [
            [mp.mpf(cell) for column, cell in row.items() if column != "y"] for row in table
        ]
        x = mp.matrix([[1, *row] for row in columns])
        b = mp.lu_solve(x.T * x, x.T * mp.matrix(y))
        rest = mp.matrix(y) - x * b
        found = {f"B{k}": b[k] for k in range(x.cols)}
        found["residual standard deviation"] = mp.sqrt(mp.fdot(rest, rest) / (x.rows - x.cols))
    for quantity, value in values.items():
        digits = -mp.log10(max(abs(found[quantity] - value) / (abs(value) or 1), mp.mpf("1e-17")))
        assert digits >= 14, (name, quantity, found[quantity], value)
    print(name, len(table))
