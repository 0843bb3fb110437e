"""Writes predictions.csv: what statsmodels foretells of every eighth row of tables/terms.csv, with standard errors and 95 % limits as
`get_prediction().conf_int()` has them: of two classes and of counts at the ends of the linear predictor's; of linear regression by the
normal distribution and sigma^2 / n, as maximum likelihood has it. MNLogit has no
predictions: its covariance with a complex-step Jacobian, and the limits of each probability's logit. numpy, pandas, statsmodels 0.15. Run in this folder: python predictions.py"""

import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy.special import expit, logit
from scipy.stats import norm
from statsmodels.tools.numdiff import approx_fprime_cs

table = pd.read_csv("tables/terms.csv")
some, z, out = np.arange(0, len(table), 8), norm.ppf(0.975), []


def add(case, what, estimate, error, low, high):
    for row in range(len(some)):
        # The line in the file: the first is the header.
        out.append([case, some[row] + 2, what, estimate[row], error[row], low[row], high[row]])


def monotonic(case, fit, new, what="mean", **kwargs):
    p = fit.get_prediction(new, **kwargs)
    (low, high), mean, error = p.conf_int().T, p.predicted, p.se
    add(case, what, mean, error, low, high)
    if what != "mean":
        add(case, "p(no)", 1 - mean, error, 1 - high, 1 - low)


new, formula = table.iloc[some], "x + z + g + h"
yes = table.assign(yes=(table.y == "yes").astype(float))
fine = dict(tol=1e-14, maxiter=200)
rows = np.repeat(np.arange(len(table)), table.k)
monotonic("classes", smf.logit(f"yes ~ {formula}", yes.iloc[rows]).fit(disp=0, method="newton", **fine), new, "p(yes)")
glm = smf.glm(f"yes ~ {formula}", yes, family=sm.families.Binomial(), offset=yes.off)
monotonic("offset", glm.fit(**fine), new, "p(yes)", offset=new.off.to_numpy())
# Fitted by squares to an exact maximum, sigma^2 by n.
ols = smf.ols(f"num ~ {formula}", table)
residual = ols.fit().ssr / len(table)
p = ols.fit(cov_type="fixed scale", cov_kwds={"scale": residual}, use_t=False).get_prediction(new)
add("linear", "mean", p.predicted_mean, p.se_mean, *p.conf_int().T)
poisson = smf.glm(f"c ~ {formula}", table, family=sm.families.Poisson(), exposure=table.expo)
monotonic("counts", poisson.fit(**fine), new, exposure=new.expo.to_numpy())

codes = {"hi": 0, "lo": 1, "mid": 2}
model = smf.mnlogit(f"size ~ {formula}", table.assign(size=table["size"].map(codes)))
fit = model.fit(disp=0, method="newton", **fine)
theta, covariance, X = fit.params.to_numpy().ravel(order="F"), fit.cov_params().to_numpy(), model.exog[some]


def probabilities(theta):
    e = np.exp(np.column_stack([np.zeros(len(X)), X @ theta.reshape(2, -1).T]))
    return (e / e.sum(1, keepdims=True)).ravel()


mean = probabilities(theta).reshape(-1, 3)
jacobian = approx_fprime_cs(theta, probabilities)
error = np.sqrt(np.einsum("ij,jk,ik->i", jacobian, covariance, jacobian)).reshape(-1, 3)
for name, code in codes.items():
    m, e = mean[:, code], error[:, code]
    half = z * e / (m * (1 - m))
    add("three classes", f"p({name})", m, e, expit(logit(m) - half), expit(logit(m) + half))

with open("predictions.csv", "w") as file:
    file.write("case,line,what,estimate,std.error,conf.low,conf.high\n")
    for row in out:
        file.write(",".join(v if isinstance(v, str) else repr(float(v)) if isinstance(v, float) else str(v) for v in row) + "\n")
