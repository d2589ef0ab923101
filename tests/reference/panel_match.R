# Estimates and analytical standard errors of the R package PanelMatch 3.1.1 that test_panel_match.py compares with.
# Rscript panel_match.R > panel_match.csv
library(PanelMatch)
dem$third <- as.integer(dem$wbcode2 %% 3)
panel <- PanelData(dem, "wbcode2", "year", "dem", "y")
both <- ~ I(lag(y, 1:4)) + I(lag(tradewb, 1:4))
trade <- ~ I(lag(tradewb, 1:4))

show <- function(name, qoi, placebo = FALSE, ...) {
  sets <- PanelMatch(panel.data = panel, lag = 4, size.match = 5, lead = 0:3, qoi = qoi, placebo.test = placebo, ...)
  for (method in if (qoi == "ate") "bootstrap" else c("conditional", "unconditional")) {
    found <- PanelEstimate(sets, panel.data = panel, se.method = method, number.iterations = 2)
    cat(paste(name, qoi, method, 0:3, sprintf("%.12g", found$estimate), sprintf("%.12g", found$standard.error),
              sep = ","), sep = "\n")
    if (placebo) {
      found <- placebo_test(sets, panel.data = panel, se.method = method, plot = FALSE)
      cat(paste(name, qoi, method, -(4:2), sprintf("%.12g", found$estimates), sprintf("%.12g", found$standard.errors),
                sep = ","), sep = "\n")
    }
  }
}

cat("name,target,method,event_time,estimate,std_error\n")
for (qoi in c("att", "art")) {
  show("none", qoi, refinement.method = "none", match.missing = FALSE)
  show("ps_match", qoi, refinement.method = "ps.match", match.missing = FALSE, covs.formula = both)
  show("ps_weight", qoi, refinement.method = "ps.weight", match.missing = FALSE, covs.formula = both)
  show("placebo", qoi, refinement.method = "mahalanobis", match.missing = TRUE, covs.formula = trade, placebo = TRUE)
  show("exact", qoi, refinement.method = "mahalanobis", match.missing = FALSE, covs.formula = both,
       exact.match.variables = "third")
  # Of "att" the package keeps units whose status changes where a set would be left with none: see the test.
  if (qoi == "art") show("lasting", qoi, refinement.method = "mahalanobis", match.missing = FALSE, covs.formula = both,
                         forbid.treatment.reversal = TRUE)
  show("drop", qoi, refinement.method = "mahalanobis", match.missing = FALSE, covs.formula = both, listwise.delete = TRUE)
}
for (qoi in c("att", "art", "atc", "ate")) {
  show("mahalanobis", qoi, refinement.method = "mahalanobis", match.missing = FALSE, covs.formula = both)
}
show("none", "atc", refinement.method = "none", match.missing = FALSE)
show("ps_weight", "atc", refinement.method = "ps.weight", match.missing = FALSE, covs.formula = both)

sets <- PanelMatch(panel.data = panel, lag = 4, size.match = 5, lead = 0:3, qoi = "att", match.missing = FALSE,
                   refinement.method = "mahalanobis", covs.formula = both)
found <- summary(get_covariate_balance(sets, panel.data = panel, covariates = c("y", "tradewb")), qoi = "att",
                 include.unrefined = TRUE)[[1]]
for (column in colnames(found)) cat(paste("balance", "att", column, -(4:0), sprintf("%.12g", found[, column]), "", sep = ","),
                                    sep = "\n")
