# Writes tables/*.csv, tables of R's datasets and MASS as they come with R 4.2.2, and index.csv, which says what is predicted.
# Run in this folder: Rscript tables.R
library(MASS)
index <- data.frame()
keep <- function(name, table, target, count = "", cluster = "") {
  write.csv(table, file.path("tables", paste0(name, ".csv")), row.names = FALSE, quote = FALSE)
  index <<- rbind(index, data.frame(name, target, count, cluster))
}
titanic <- as.data.frame(Titanic)
names(titanic) <- c("class", "sex", "age", "survived", "n")
keep("titanic", titanic[titanic$n > 0, ], "survived", "n")
cars <- mtcars[, c("am", "mpg", "hp", "cyl")]
cars$cyl <- c("four", "six", "eight")[match(cars$cyl, c(4, 6, 8))]
cars$am <- c("automatic", "manual")[cars$am + 1]
keep("mtcars", cars[, c("am", "mpg", "hp")], "am")
case <- infert[, c("education", "age", "parity", "induced", "spontaneous", "case")]
case$case <- c("control", "case")[case$case + 1]
keep("infert", case, "case")
weight <- birthwt[, c("low", "age", "lwt", "race", "smoke", "ptl", "ht", "ui", "ftv")]
weight$race <- c("white", "black", "other")[weight$race]
weight$low <- c("no", "yes")[weight$low + 1]
keep("birthwt", weight, "low")
keep("pima", Pima.tr, "type")
girls <- rbind(data.frame(age = menarche$Age, menarche = "yes", n = menarche$Menarche),
               data.frame(age = menarche$Age, menarche = "no", n = menarche$Total - menarche$Menarche))
keep("menarche", girls[girls$n > 0, ], "menarche", "n")
keep("bacteria", data.frame(y = bacteria$y, week = bacteria$week, trt = bacteria$trt, id = bacteria$ID), "y", "", "id")
keep("housing", housing, "Sat", "Freq")
colours <- as.data.frame(HairEyeColor)
names(colours) <- c("hair", "eye", "sex", "n")
keep("hair_eye", colours, "eye", "n")
iris2 <- iris[iris$Species != "setosa", ]
names(iris2) <- c("sepal_length", "sepal_width", "petal_length", "petal_width", "species")
keep("iris_two", iris2, "species")
write.csv(index, "index.csv", row.names = FALSE, quote = FALSE)
