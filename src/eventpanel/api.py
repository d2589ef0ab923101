"""The public names: ``import eventpanel.api as ep``."""

from eventpanel.build import build_designs, build_panel
from eventpanel.datasets.countries import country_years, existed, harmonise, match, name_of
from eventpanel.datasets.derive import any_of, log, log1p, ratio, total
from eventpanel.datasets.errors import EventPanelError
from eventpanel.datasets.merge import merge, spine
from eventpanel.datasets.panel import Panel, Source
from eventpanel.datasets.records import Records, count, search, select
from eventpanel.datasets.registry import entries as sources
from eventpanel.datasets.registry import read
from eventpanel.datasets.simulate import simulate
from eventpanel.estimators.audit import recurrence, recurrence_totals
from eventpanel.estimators.binary_bias import average_partial_effects, bias_corrected
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.debiased_ppml import debiased_ppml
from eventpanel.estimators.design import Design, Sample
from eventpanel.estimators.distributed_lag import EstimationWarning, distributed_lag
from eventpanel.estimators.estimate import Estimate, Term
from eventpanel.estimators.events import Event, Threshold
from eventpanel.estimators.inference import (
    Test,
    cumulative,
    difference,
    lag_test,
    lead_test,
    simultaneous_bands,
    wald,
)
from eventpanel.estimators.influence import leave_one_out
from eventpanel.estimators.logit import logit
from eventpanel.estimators.moderator import Moderator
from eventpanel.estimators.ppml import percent, ppml
from eventpanel.estimators.probit import probit
from eventpanel.estimators.wild_bootstrap import Bootstrap, wild_bootstrap
from eventpanel.estimators.window import EventWindow
from eventpanel.reports.show import etable, iplot
from eventpanel.run import check_study, estimate_study, run_study
from eventpanel.study import Study, load_study

__all__ = [
    "Bootstrap",
    "Clustered",
    "Design",
    "Estimate",
    "EstimationWarning",
    "Event",
    "EventPanelError",
    "EventWindow",
    "Moderator",
    "Panel",
    "Records",
    "Sample",
    "Source",
    "Study",
    "Term",
    "Test",
    "Threshold",
    "any_of",
    "average_partial_effects",
    "bias_corrected",
    "build_designs",
    "build_panel",
    "check_study",
    "count",
    "country_years",
    "cumulative",
    "debiased_ppml",
    "difference",
    "distributed_lag",
    "estimate_study",
    "etable",
    "existed",
    "harmonise",
    "iplot",
    "lag_test",
    "lead_test",
    "leave_one_out",
    "load_study",
    "log",
    "log1p",
    "logit",
    "match",
    "merge",
    "name_of",
    "percent",
    "ppml",
    "probit",
    "ratio",
    "read",
    "recurrence",
    "recurrence_totals",
    "run_study",
    "search",
    "select",
    "simulate",
    "simultaneous_bands",
    "sources",
    "spine",
    "total",
    "wald",
    "wild_bootstrap",
]
