# Writes terms.r.csv: coefficients and standard errors of R's glm (R 4, base packages) for the cases of terms.cases.csv that it has: no
# ridge, two classes; of weights the estimates alone, of linear regression the errors of maximum likelihood. Run in this folder: Rscript terms.R
options(digits = 17)
table <- read.csv("tables/terms.csv", stringsAsFactors = TRUE)
cases <- read.csv("terms.cases.csv", check.names = FALSE, colClasses = "character")
out <- data.frame()
for (i in seq_len(nrow(cases))) {
  case <- cases[i, ]
  if (case$family == "softmax" || case$ridge != "" || case$case == "cells") next
  family <- switch(case$family, logistic = binomial(), poisson = poisson(), linear = gaussian())
  formula <- as.formula(paste(if (case$family == "logistic") "y == 'yes'" else case$target, "~", case$formula))
  table$.w <- if (case$count != "") table[[case$count]] else if (case$weights != "") table[[case$weights]] else 1
  table$.o <- (if (case$offset != "") table[[case$offset]] else 0) + (if (case$exposure != "") log(table[[case$exposure]]) else 0)
  fit <- suppressWarnings(glm(formula, family, table, weights = .w, offset = .o, epsilon = 1e-15, maxit = 500))
  error <- sqrt(diag(vcov(fit)))
  n <- sum(table$.w)
  # R's dispersion of counted rows is over the rows; of maximum likelihood it is over n.
  if (case$family == "linear") error <- error / sqrt(summary(fit)$dispersion) * sqrt(sum(table$.w * residuals(fit, "response")^2) / n)
  if (case$weights != "") error <- NA * error
  term <- gsub("\\bg([abc])\\b", "g \\1", gsub("\\bh([uv])\\b", "h \\1", sub("(Intercept)", "(intercept)", names(coef(fit)), fixed = TRUE)))
  out <- rbind(out, data.frame(case = case$case, level = if (case$family == "logistic") "yes" else "", term = term,
                               estimate = coef(fit), std.error = error))
}
write.csv(out, "terms.r.csv", row.names = FALSE, quote = FALSE)
