"""The public names: ``import eventpanel.api as ep``.

A name's module is imported when the name is first used, so that a regression does not wait for figures and reports.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eventpanel.build import build_designs, build_panel
    from eventpanel.datasets.answers import Answer, Watched
    from eventpanel.datasets.audit import audit as audit_codes
    from eventpanel.datasets.countries import country_years, existed, harmonise, match, name_of
    from eventpanel.datasets.coverage import coverage_table
    from eventpanel.datasets.derive import any_of, log, log1p, ratio, total
    from eventpanel.datasets.errors import EventPanelError
    from eventpanel.datasets.fetch import fetch
    from eventpanel.datasets.merge import merge, spine
    from eventpanel.datasets.panel import Panel, Source
    from eventpanel.datasets.products import concord, product_set, product_sets
    from eventpanel.datasets.records import Records, count, search, select
    from eventpanel.datasets.registry import entries as sources
    from eventpanel.datasets.registry import read
    from eventpanel.datasets.simulate import simulate
    from eventpanel.datasets.truncated import TruncationRule, truncated
    from eventpanel.estimators.aggregate_att import aggregate_att
    from eventpanel.estimators.audit import recurrence, recurrence_totals
    from eventpanel.estimators.binary_bias import average_partial_effects, bias_corrected
    from eventpanel.estimators.bootstrap import Bootstrap
    from eventpanel.estimators.callaway_santanna import CallawaySantanna, callaway_santanna
    from eventpanel.estimators.covariance import Clustered, Conley, DriscollKraay, Dyadic, NeweyWest, Robust
    from eventpanel.estimators.debiased_ppml import debiased_ppml
    from eventpanel.estimators.design import Design, Sample
    from eventpanel.estimators.distributed_lag import EstimationWarning, distributed_lag
    from eventpanel.estimators.estimate import Estimate, Term
    from eventpanel.estimators.events import Event, Threshold
    from eventpanel.estimators.extended_two_way import ExtendedTwoWay, extended_two_way
    from eventpanel.estimators.few_treated import FewTreated, few_treated
    from eventpanel.estimators.inference import (
        Test,
        average,
        cumulative,
        difference,
        equality_test,
        joint_test,
        lag_test,
        lead_test,
        lincom,
        simultaneous_bands,
        sup_t_test,
        wald,
    )
    from eventpanel.estimators.influence import leave_one_out
    from eventpanel.estimators.logit import logit
    from eventpanel.estimators.many import estimate_many
    from eventpanel.estimators.moderator import Moderator
    from eventpanel.estimators.multiple import adjust, romano_wolf
    from eventpanel.estimators.placebo_units import Placebo, placebo_units
    from eventpanel.estimators.ppml import percent, ppml, separated_rows
    from eventpanel.estimators.ppml_influence import leave_one_out_ppml
    from eventpanel.estimators.precision import ConditioningWarning
    from eventpanel.estimators.probit import probit
    from eventpanel.estimators.randomisation import Randomisation, randomisation
    from eventpanel.estimators.score_bootstrap import score_bootstrap
    from eventpanel.estimators.sun_abraham import SunAbraham, sun_abraham
    from eventpanel.estimators.two_stage import TwoStage, two_stage
    from eventpanel.estimators.wild_bootstrap import wild_bootstrap
    from eventpanel.estimators.window import EventWindow
    from eventpanel.reports.coverage import plot_coverage
    from eventpanel.reports.coverage_map import plot_coverage_map
    from eventpanel.reports.show import etable, iplot
    from eventpanel.run import check_study, estimate_study, run_study
    from eventpanel.study import Study, load_study

# Where each public name stands: module and name there.
PLACES = {
    "Answer": ("datasets.answers", "Answer"),
    "Bootstrap": ("estimators.bootstrap", "Bootstrap"),
    "CallawaySantanna": ("estimators.callaway_santanna", "CallawaySantanna"),
    "Clustered": ("estimators.covariance", "Clustered"),
    "ConditioningWarning": ("estimators.precision", "ConditioningWarning"),
    "Conley": ("estimators.covariance", "Conley"),
    "Design": ("estimators.design", "Design"),
    "DriscollKraay": ("estimators.covariance", "DriscollKraay"),
    "Dyadic": ("estimators.covariance", "Dyadic"),
    "Estimate": ("estimators.estimate", "Estimate"),
    "EstimationWarning": ("estimators.distributed_lag", "EstimationWarning"),
    "Event": ("estimators.events", "Event"),
    "EventPanelError": ("datasets.errors", "EventPanelError"),
    "EventWindow": ("estimators.window", "EventWindow"),
    "ExtendedTwoWay": ("estimators.extended_two_way", "ExtendedTwoWay"),
    "FewTreated": ("estimators.few_treated", "FewTreated"),
    "Moderator": ("estimators.moderator", "Moderator"),
    "NeweyWest": ("estimators.covariance", "NeweyWest"),
    "Panel": ("datasets.panel", "Panel"),
    "Placebo": ("estimators.placebo_units", "Placebo"),
    "Randomisation": ("estimators.randomisation", "Randomisation"),
    "Records": ("datasets.records", "Records"),
    "Robust": ("estimators.covariance", "Robust"),
    "Sample": ("estimators.design", "Sample"),
    "Source": ("datasets.panel", "Source"),
    "Study": ("study", "Study"),
    "SunAbraham": ("estimators.sun_abraham", "SunAbraham"),
    "Term": ("estimators.estimate", "Term"),
    "Test": ("estimators.inference", "Test"),
    "Threshold": ("estimators.events", "Threshold"),
    "TruncationRule": ("datasets.truncated", "TruncationRule"),
    "TwoStage": ("estimators.two_stage", "TwoStage"),
    "Watched": ("datasets.answers", "Watched"),
    "adjust": ("estimators.multiple", "adjust"),
    "aggregate_att": ("estimators.aggregate_att", "aggregate_att"),
    "any_of": ("datasets.derive", "any_of"),
    "audit_codes": ("datasets.audit", "audit"),
    "average": ("estimators.inference", "average"),
    "average_partial_effects": ("estimators.binary_bias", "average_partial_effects"),
    "bias_corrected": ("estimators.binary_bias", "bias_corrected"),
    "build_designs": ("build", "build_designs"),
    "build_panel": ("build", "build_panel"),
    "callaway_santanna": ("estimators.callaway_santanna", "callaway_santanna"),
    "check_study": ("run", "check_study"),
    "concord": ("datasets.products", "concord"),
    "count": ("datasets.records", "count"),
    "country_years": ("datasets.countries", "country_years"),
    "coverage_table": ("datasets.coverage", "coverage_table"),
    "cumulative": ("estimators.inference", "cumulative"),
    "debiased_ppml": ("estimators.debiased_ppml", "debiased_ppml"),
    "difference": ("estimators.inference", "difference"),
    "distributed_lag": ("estimators.distributed_lag", "distributed_lag"),
    "equality_test": ("estimators.inference", "equality_test"),
    "estimate_many": ("estimators.many", "estimate_many"),
    "estimate_study": ("run", "estimate_study"),
    "etable": ("reports.show", "etable"),
    "existed": ("datasets.countries", "existed"),
    "extended_two_way": ("estimators.extended_two_way", "extended_two_way"),
    "fetch": ("datasets.fetch", "fetch"),
    "few_treated": ("estimators.few_treated", "few_treated"),
    "harmonise": ("datasets.countries", "harmonise"),
    "iplot": ("reports.show", "iplot"),
    "joint_test": ("estimators.inference", "joint_test"),
    "lag_test": ("estimators.inference", "lag_test"),
    "lead_test": ("estimators.inference", "lead_test"),
    "leave_one_out": ("estimators.influence", "leave_one_out"),
    "leave_one_out_ppml": ("estimators.ppml_influence", "leave_one_out_ppml"),
    "lincom": ("estimators.inference", "lincom"),
    "load_study": ("study", "load_study"),
    "log": ("datasets.derive", "log"),
    "log1p": ("datasets.derive", "log1p"),
    "logit": ("estimators.logit", "logit"),
    "match": ("datasets.countries", "match"),
    "merge": ("datasets.merge", "merge"),
    "name_of": ("datasets.countries", "name_of"),
    "percent": ("estimators.ppml", "percent"),
    "placebo_units": ("estimators.placebo_units", "placebo_units"),
    "plot_coverage": ("reports.coverage", "plot_coverage"),
    "plot_coverage_map": ("reports.coverage_map", "plot_coverage_map"),
    "ppml": ("estimators.ppml", "ppml"),
    "probit": ("estimators.probit", "probit"),
    "product_set": ("datasets.products", "product_set"),
    "product_sets": ("datasets.products", "product_sets"),
    "randomisation": ("estimators.randomisation", "randomisation"),
    "ratio": ("datasets.derive", "ratio"),
    "read": ("datasets.registry", "read"),
    "recurrence": ("estimators.audit", "recurrence"),
    "recurrence_totals": ("estimators.audit", "recurrence_totals"),
    "romano_wolf": ("estimators.multiple", "romano_wolf"),
    "run_study": ("run", "run_study"),
    "score_bootstrap": ("estimators.score_bootstrap", "score_bootstrap"),
    "search": ("datasets.records", "search"),
    "select": ("datasets.records", "select"),
    "separated_rows": ("estimators.ppml", "separated_rows"),
    "simulate": ("datasets.simulate", "simulate"),
    "simultaneous_bands": ("estimators.inference", "simultaneous_bands"),
    "sources": ("datasets.registry", "entries"),
    "spine": ("datasets.merge", "spine"),
    "sun_abraham": ("estimators.sun_abraham", "sun_abraham"),
    "sup_t_test": ("estimators.inference", "sup_t_test"),
    "total": ("datasets.derive", "total"),
    "truncated": ("datasets.truncated", "truncated"),
    "two_stage": ("estimators.two_stage", "two_stage"),
    "wald": ("estimators.inference", "wald"),
    "wild_bootstrap": ("estimators.wild_bootstrap", "wild_bootstrap"),
}

# fmt: off
__all__ = [
    "Answer", "Bootstrap", "CallawaySantanna", "Clustered", "ConditioningWarning", "Conley", "Design",
    "DriscollKraay", "Dyadic", "Estimate", "EstimationWarning", "Event", "EventPanelError", "EventWindow",
    "ExtendedTwoWay", "FewTreated", "Moderator", "NeweyWest", "Panel", "Placebo", "Randomisation", "Records",
    "Robust", "Sample", "Source", "Study", "SunAbraham", "Term", "Test", "Threshold", "TruncationRule", "TwoStage",
    "Watched", "adjust", "aggregate_att", "any_of", "audit_codes", "average", "average_partial_effects",
    "bias_corrected", "build_designs", "build_panel", "callaway_santanna", "check_study", "concord", "count",
    "country_years", "coverage_table", "cumulative", "debiased_ppml", "difference", "distributed_lag",
    "equality_test", "estimate_many", "estimate_study", "etable", "existed", "extended_two_way", "fetch",
    "few_treated", "harmonise", "iplot", "joint_test", "lag_test", "lead_test", "leave_one_out", "leave_one_out_ppml",
    "lincom", "load_study", "log", "log1p", "logit", "match", "merge", "name_of", "percent", "placebo_units",
    "plot_coverage", "plot_coverage_map", "ppml", "probit", "product_set", "product_sets", "randomisation", "ratio",
    "read", "recurrence", "recurrence_totals", "romano_wolf", "run_study", "score_bootstrap", "search", "select",
    "separated_rows", "simulate", "simultaneous_bands", "sources", "spine", "sun_abraham", "sup_t_test", "total",
    "truncated", "two_stage", "wald", "wild_bootstrap",
]
# fmt: on


def __getattr__(name: str) -> object:
    """Import the module of a public name."""
    if name not in PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, there = PLACES[name]
    found: object = getattr(import_module(f"eventpanel.{module}"), there)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """List the public names."""
    return list(__all__)
