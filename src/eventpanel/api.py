"""The public names: ``import eventpanel.api as ep``.

A name's module is imported when the name is first used, so that a regression does not wait for figures and reports.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from eventpanel.public import PLACES

if TYPE_CHECKING:
    from eventpanel.build import build_designs, build_panel
    from eventpanel.datasets.answers import Answer, Watched
    from eventpanel.datasets.audit import audit as audit_codes
    from eventpanel.datasets.countries import country_years, existed, harmonise, match, name_of
    from eventpanel.datasets.coverage import coverage_table
    from eventpanel.datasets.derive import any_of, continent, log, log1p, ratio, region, total
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
    from eventpanel.estimators.audit import Audit, audit_events, recurrence, recurrence_totals
    from eventpanel.estimators.binary_bias import average_partial_effects, bias_corrected
    from eventpanel.estimators.bootstrap import Bootstrap
    from eventpanel.estimators.callaway_santanna import CallawaySantanna, callaway_santanna
    from eventpanel.estimators.card import Card, card
    from eventpanel.estimators.confounding import Confounding, confounding
    from eventpanel.estimators.covariance import Clustered, Conley, DriscollKraay, Dyadic, NeweyWest, Robust
    from eventpanel.estimators.curve_draws import CurveDraws, JointDraws, joined_curves
    from eventpanel.estimators.curve_statistics import joint_statistics
    from eventpanel.estimators.debiased_ppml import debiased_ppml
    from eventpanel.estimators.design import Design, Sample
    from eventpanel.estimators.detectable import Detectable, Simulation, detectable
    from eventpanel.estimators.did_multiplegt import DidMultiplegt, SwitchRules, average_total_effect, did_multiplegt
    from eventpanel.estimators.distributed_lag import EstimationWarning, distributed_lag
    from eventpanel.estimators.effective_clusters import ClusterWeights, effective_clusters
    from eventpanel.estimators.estimate import Estimate, Term
    from eventpanel.estimators.event_coefficients import EventCoefficients
    from eventpanel.estimators.event_table import code_events
    from eventpanel.estimators.events import Event, Overlap, Threshold
    from eventpanel.estimators.extended_two_way import ExtendedTwoWay, extended_two_way
    from eventpanel.estimators.few_treated import FewTreated, few_treated
    from eventpanel.estimators.honest import Honest
    from eventpanel.estimators.honest_did import honest_did
    from eventpanel.estimators.imputation import Imputation, imputation
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
    from eventpanel.estimators.influential import Dropping, drop_influential
    from eventpanel.estimators.interactive_effects import InteractiveEffects, interactive_effects
    from eventpanel.estimators.joint_curve import joint_curve
    from eventpanel.estimators.lag_plans import DistributedLag
    from eventpanel.estimators.lead_placebo import lead_placebo
    from eventpanel.estimators.leads_in_words import leads_in_words
    from eventpanel.estimators.leave_out import leave_out
    from eventpanel.estimators.linear import Linear, LinearFit, linear
    from eventpanel.estimators.local_projections import LocalProjections, local_projections
    from eventpanel.estimators.logit import logit
    from eventpanel.estimators.lp_did import LpDid, clean_controls, lp_did
    from eventpanel.estimators.many import estimate_many
    from eventpanel.estimators.matched_sets import covariate_balance, matched_sets, matching_bootstrap, matching_errors
    from eventpanel.estimators.matrix_completion import MatrixCompletion, matrix_completion
    from eventpanel.estimators.methods import METHODS, cards
    from eventpanel.estimators.moderator import Moderator
    from eventpanel.estimators.multiple import adjust, romano_wolf
    from eventpanel.estimators.normalised import normalised
    from eventpanel.estimators.orthogonalised import orthogonalised
    from eventpanel.estimators.panel_match import Lagged, Matching, PanelMatch, Refinement, panel_match
    from eventpanel.estimators.placebo_draws import PlaceboDraws, placebo_draws
    from eventpanel.estimators.placebo_gaps import placebo_gaps, placebo_interval
    from eventpanel.estimators.placebo_units import Placebo, placebo_units
    from eventpanel.estimators.ppml import percent, ppml, separated_rows
    from eventpanel.estimators.ppml_influence import leave_one_out_ppml
    from eventpanel.estimators.precision import ConditioningWarning
    from eventpanel.estimators.pretrend_power import PretrendPower, detectable_slope, pretrend_power
    from eventpanel.estimators.probit import probit
    from eventpanel.estimators.randomisation import Randomisation, randomisation
    from eventpanel.estimators.score_bootstrap import score_bootstrap
    from eventpanel.estimators.score_curve import score_curve
    from eventpanel.estimators.side_by_side import SideBySide, compare_estimators
    from eventpanel.estimators.stacked_did import StackedDid, stacked_did
    from eventpanel.estimators.sun_abraham import SunAbraham, sun_abraham
    from eventpanel.estimators.target import Target
    from eventpanel.estimators.treatment import Reach
    from eventpanel.estimators.twfe_weights import TwfeWeights, twfe_weights
    from eventpanel.estimators.two_stage import TwoStage, two_stage
    from eventpanel.estimators.wild_bootstrap import wild_bootstrap
    from eventpanel.estimators.window import EventWindow
    from eventpanel.estimators.zeros import rescaled, zero_handling
    from eventpanel.reports.coverage import plot_coverage
    from eventpanel.reports.coverage_map import plot_coverage_map
    from eventpanel.reports.show import etable, iplot
    from eventpanel.reports.side_by_side import plot_estimators
    from eventpanel.reports.status import plot_status
    from eventpanel.robustness.case import case_of
    from eventpanel.robustness.run import Job, robustness_files, run_robustness
    from eventpanel.run import check_study, estimate_study, run_study
    from eventpanel.study import Study, load_study

__all__ = [
    "METHODS",
    "Answer",
    "Audit",
    "Bootstrap",
    "CallawaySantanna",
    "Card",
    "ClusterWeights",
    "Clustered",
    "ConditioningWarning",
    "Confounding",
    "Conley",
    "CurveDraws",
    "Design",
    "Detectable",
    "DidMultiplegt",
    "DistributedLag",
    "DriscollKraay",
    "Dropping",
    "Dyadic",
    "Estimate",
    "EstimationWarning",
    "Event",
    "EventCoefficients",
    "EventPanelError",
    "EventWindow",
    "ExtendedTwoWay",
    "FewTreated",
    "Honest",
    "Imputation",
    "InteractiveEffects",
    "Job",
    "JointDraws",
    "Lagged",
    "Linear",
    "LinearFit",
    "LocalProjections",
    "LpDid",
    "Matching",
    "MatrixCompletion",
    "Moderator",
    "NeweyWest",
    "Overlap",
    "Panel",
    "PanelMatch",
    "Placebo",
    "PlaceboDraws",
    "PretrendPower",
    "Randomisation",
    "Reach",
    "Records",
    "Refinement",
    "Robust",
    "Sample",
    "SideBySide",
    "Simulation",
    "Source",
    "StackedDid",
    "Study",
    "SunAbraham",
    "SwitchRules",
    "Target",
    "Term",
    "Test",
    "Threshold",
    "TruncationRule",
    "TwfeWeights",
    "TwoStage",
    "Watched",
    "adjust",
    "aggregate_att",
    "any_of",
    "audit_codes",
    "audit_events",
    "average",
    "average_partial_effects",
    "average_total_effect",
    "bias_corrected",
    "build_designs",
    "build_panel",
    "callaway_santanna",
    "card",
    "cards",
    "case_of",
    "check_study",
    "clean_controls",
    "code_events",
    "compare_estimators",
    "concord",
    "confounding",
    "continent",
    "count",
    "country_years",
    "covariate_balance",
    "coverage_table",
    "cumulative",
    "debiased_ppml",
    "detectable",
    "detectable_slope",
    "did_multiplegt",
    "difference",
    "distributed_lag",
    "drop_influential",
    "effective_clusters",
    "equality_test",
    "estimate_many",
    "estimate_study",
    "etable",
    "existed",
    "extended_two_way",
    "fetch",
    "few_treated",
    "harmonise",
    "honest_did",
    "imputation",
    "interactive_effects",
    "iplot",
    "joined_curves",
    "joint_curve",
    "joint_statistics",
    "joint_test",
    "lag_test",
    "lead_placebo",
    "lead_test",
    "leads_in_words",
    "leave_one_out",
    "leave_one_out_ppml",
    "leave_out",
    "lincom",
    "linear",
    "load_study",
    "local_projections",
    "log",
    "log1p",
    "logit",
    "lp_did",
    "match",
    "matched_sets",
    "matching_bootstrap",
    "matching_errors",
    "matrix_completion",
    "merge",
    "name_of",
    "normalised",
    "orthogonalised",
    "panel_match",
    "percent",
    "placebo_draws",
    "placebo_gaps",
    "placebo_interval",
    "placebo_units",
    "plot_coverage",
    "plot_coverage_map",
    "plot_estimators",
    "plot_status",
    "ppml",
    "pretrend_power",
    "probit",
    "product_set",
    "product_sets",
    "randomisation",
    "ratio",
    "read",
    "recurrence",
    "recurrence_totals",
    "region",
    "rescaled",
    "robustness_files",
    "romano_wolf",
    "run_robustness",
    "run_study",
    "score_bootstrap",
    "score_curve",
    "search",
    "select",
    "separated_rows",
    "simulate",
    "simultaneous_bands",
    "sources",
    "spine",
    "stacked_did",
    "sun_abraham",
    "sup_t_test",
    "total",
    "truncated",
    "twfe_weights",
    "two_stage",
    "wald",
    "wild_bootstrap",
    "zero_handling",
]


def __getattr__(name: str) -> object:
    """Import the module of a public name."""
    if name not in PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, there = PLACES[name]
    return globals().setdefault(name, getattr(import_module(f"eventpanel.{module}"), there))


def __dir__() -> list[str]:
    """List the public names."""
    return list(__all__)
