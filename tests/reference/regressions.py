"""Writes regressions.csv: deviances, AIC and tests against the intercept alone of two regressions, of thirds of minutes that eruptions of
Old Faithful last, as counts, by Poisson's law on both columns, and of the petals of iris on two columns by least squares. statsmodels,
scipy. Run in this folder: python regressions.py"""

import csv

import numpy as np
import statsmodels.api as sm
from scipy import stats


def columns(name, *of):
    with open(f"../../examples/data/{name}.csv") as file:
        table = list(csv.DictReader(file))
    return [np.array([float(row[name]) for row in table]) for name in of]


waiting, eruptions = columns("old_faithful", "waiting_minutes", "eruption_minutes")
length, width, petal = columns("iris", "sepal_length_cm", "sepal_width_cm", "petal_length_cm")
days = np.round(3 * eruptions)
glm = sm.GLM(days, sm.add_constant(np.column_stack([waiting, eruptions])), family=sm.families.Poisson()).fit(tol=1e-14, maxiter=100)
lr = 2 * (glm.llf - glm.llnull)
ols = sm.OLS(petal, sm.add_constant(np.column_stack([length, width]))).fit()
values = {
    "poisson deviance": glm.deviance, "poisson null deviance": glm.null_deviance, "poisson aic": glm.aic, "poisson lr": lr,
    "poisson p": stats.chi2.sf(lr, 2), "linear r squared": ols.rsquared, "linear f": ols.fvalue, "linear f p": ols.f_pvalue,
    "linear aic": ols.aic,
}
with open("regressions.csv", "w") as file:
    file.write("name,value\n")
    file.writelines(f"{name},{value:.17g}\n" for name, value in values.items())
