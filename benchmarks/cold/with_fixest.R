# A new process of R: read a csv with ready-made event columns, one importer-year regression, its table.
suppressPackageStartupMessages(library(fixest))
setFixest_nthreads(2)
setFixest_notes(FALSE)
frame <- read.csv(commandArgs(trailingOnly = TRUE)[1])
terms <- paste(grep("^x", names(frame), value = TRUE), collapse = " + ")
fit <- feols(as.formula(paste("deals ~", terms, "| importer + year")), frame, cluster = ~importer)
cat("[", paste(sprintf("%.17g", coeftable(fit)[, 1]), collapse = ", "), "]\n", sep = "")
