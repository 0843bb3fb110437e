# Writes r.csv: coefficients by glm (two classes) and nnet::multinom (more), with Wald intervals, and for two classes the ends of
# profile-likelihood intervals by a root search over glm with an offset; likelihoods.r.csv: 2 NLL, AIC, BIC.
# R 4.2.2, nnet 7.3-18. Run in this folder: Rscript values.R
library(nnet)
options(warn = 1, digits = 17)
index <- read.csv("index.csv", colClasses = "character")
rows <- list(); fits <- list()
tight <- glm.control(epsilon = 1e-15, maxit = 200)
for (i in seq_len(nrow(index))) {
  name <- index$name[i]
  t <- read.csv(file.path("tables", paste0(name, ".csv")), stringsAsFactors = FALSE)
  n <- if (index$count[i] == "") rep(1, nrow(t)) else t[[index$count[i]]]
  y <- factor(t[[index$target[i]]], levels = sort(unique(t[[index$target[i]]]), method = "radix"))
  x <- matrix(1, nrow(t), 1, dimnames = list(NULL, "(intercept)"))
  for (column in setdiff(names(t), unlist(index[i, c("target", "count", "cluster")]))) {
    v <- t[[column]]
    if (is.numeric(v)) {
      x <- cbind(x, v); colnames(x)[ncol(x)] <- column
    } else for (level in sort(unique(v), method = "radix")[-1]) {
      x <- cbind(x, as.numeric(v == level)); colnames(x)[ncol(x)] <- paste(column, level)
    }
  }
  total <- sum(n); z <- qnorm(0.975)
  if (nlevels(y) == 2) {
    outcome <- as.numeric(y) - 1
    fit <- suppressWarnings(glm.fit(x, outcome, weights = n, family = binomial(), control = tight))
    class(fit) <- c("glm", "lm")
    b <- coef(fit); s <- summary(fit)$coefficients[, 2]
    nll <- -sum(n * dbinom(outcome, 1, fitted(fit), log = TRUE))
    profile <- sapply(seq_along(b), function(j) sapply(c(-1, 1), function(side) {
      rise <- function(value) {
        # From where the coefficient is what it is: its covariances say where the others go.
        start <- b[-j] + vcov(fit)[-j, j] / vcov(fit)[j, j] * (value - b[j])
        held <- suppressWarnings(glm.fit(x[, -j, drop = FALSE], outcome, weights = n, offset = value * x[, j],
          family = binomial(), control = tight, start = start))
        -2 * sum(n * dbinom(outcome, 1, held$fitted.values, log = TRUE)) - 2 * nll - qchisq(0.95, 1)
      }
      f <- function(u) rise(b[j] + side * u * s[j])
      far <- 1
      while (f(far) < 0) far <- far * 1.4
      b[j] + side * s[j] * uniroot(f, c(0, far), tol = 1e-14, maxiter = 200)$root
    }))
    rows[[name]] <- data.frame(table = name, level = levels(y)[2], term = colnames(x), estimate = b, std.error = s,
      statistic = b / s, p.value = 2 * pnorm(-abs(b / s)), conf.low = b - z * s, conf.high = b + z * s,
      profile.low = profile[1, ], profile.high = profile[2, ])
    count <- length(b)
  } else {
    fit <- multinom(y ~ x - 1, weights = n, reltol = 1e-30, abstol = 0, maxit = 5000, trace = FALSE)
    b <- coef(fit); s <- summary(fit, Hess = TRUE)$standard.errors
    nll <- fit$value
    for (level in rownames(b)) {
      rows[[paste(name, level)]] <- data.frame(table = name, level = level, term = colnames(x), estimate = b[level, ],
        std.error = s[level, ], statistic = b[level, ] / s[level, ], p.value = 2 * pnorm(-abs(b[level, ] / s[level, ])),
        conf.low = b[level, ] - z * s[level, ], conf.high = b[level, ] + z * s[level, ], profile.low = NA, profile.high = NA)
    }
    count <- length(b)
  }
  shares <- tapply(n, y, sum)
  null <- -sum(shares * log(shares / total))
  fits[[name]] <- data.frame(table = name, n = total, parameters = count, deviance = 2 * nll, aic = 2 * nll + 2 * count,
    bic = 2 * nll + log(total) * count, null.deviance = 2 * null,
    lr.p.value = pchisq(2 * (null - nll), count - nlevels(y) + 1, lower.tail = FALSE))
}
wide <- function(d) { d[] <- lapply(d, function(v) if (is.numeric(v)) sprintf("%.17g", v) else v); d }
write.csv(wide(do.call(rbind, rows)), "r.csv", row.names = FALSE, quote = FALSE)
write.csv(wide(do.call(rbind, fits)), "likelihoods.r.csv", row.names = FALSE, quote = FALSE)
