# A peer in a process of its own: reads the columns that r.py wrote, then answers each line with one line of JSON.
# Called as: Rscript fixest.R FOLDER
suppressPackageStartupMessages({library(fixest); library(jsonlite)})
folder <- commandArgs(trailingOnly = TRUE)[1]
asked <- fromJSON(file.path(folder, "asked.json"), simplifyVector = TRUE)
setFixest_nthreads(asked$threads)
setFixest_notes(FALSE)

data <- lapply(names(asked$columns), function(name) {
  path <- file.path(folder, paste0(name, ".bin"))
  if (asked$columns[[name]] == "double") readBin(path, "double", asked$rows) else readBin(path, "integer", asked$rows)
})
names(data) <- names(asked$columns)
attr(data, "row.names") <- .set_row_names(asked$rows)
class(data) <- "data.frame"

# Samples are cut before the clock starts: for all contenders.
lasts <- unique(asked$last)
samples <- lapply(lasts, function(last) if (last >= max(data$year)) data else data[data$year <= last, ])
rows_of <- match(asked$last, lasts)
formulas <- lapply(asked$formulas, as.formula)
cluster <- as.formula(paste("~", asked$cluster))
fit <- if (asked$family == "poisson") fepois else feols
now <- function() as.numeric(Sys.time())

once <- function() {
  coef <- list()
  errors <- list()
  start <- now()
  for (i in seq_along(formulas)) {
    table <- coeftable(fit(formulas[[i]], samples[[rows_of[i]]], cluster = cluster))
    coef[[i]] <- table[, 1]
    errors[[i]] <- table[, 2]
  }
  list(seconds = now() - start, coef = unlist(coef, use.names = FALSE), errors = unlist(errors, use.names = FALSE))
}

peak <- function() {
  status <- "/proc/self/status"
  if (!file.exists(status)) return(NULL)
  1024 * as.numeric(gsub("[^0-9]", "", grep("^VmHWM", readLines(status), value = TRUE)))
}

lines <- file("stdin", open = "r")
while (length(readLines(lines, n = 1)) == 1) {
  answer <- once()
  cat(toJSON(c(answer, list(peak = peak())), auto_unbox = TRUE, digits = NA), "\n", sep = "")
  flush(stdout())
}
