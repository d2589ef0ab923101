"""Estimators by the names study files use, with their cautions as notes instead of warnings."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.debiased_ppml import debiased_ppml
from eventpanel.estimators.design import Design
from eventpanel.estimators.distributed_lag import EstimationWarning, distributed_lag
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.logit import logit
from eventpanel.estimators.methods import method_of, run_method
from eventpanel.estimators.ppml import ppml
from eventpanel.estimators.precision import ConditioningWarning
from eventpanel.estimators.probit import probit

__all__ = ["ESTIMATORS", "estimate_by_name"]

ESTIMATORS: dict[str, Callable[[Panel, Design], Estimate]] = {
    "distributed_lag": distributed_lag,
    "ppml": ppml,
    "debiased_ppml": debiased_ppml,
    "logit": logit,
    "probit": probit,
}


def estimate_by_name(name: str, panel: Panel, design: Design) -> Estimate:
    """Estimate a design; cautions become notes of the estimate, any other warning is passed on.

    Parameters
    ----------
    name : str
        Estimator of an estimate, such as ``"ppml"``, or method of a comparison, such as ``"lp_did"``.
    panel : Panel
    design : Design

    Raises
    ------
    DesignError
        An unknown name, and as the estimator raises it.
    """
    estimator = ESTIMATORS[name] if name in ESTIMATORS else partial(run_method, method_of(name))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConditioningWarning)
        warnings.simplefilter("ignore", EstimationWarning)
        estimate = estimator(panel, design)
    digits = [str(one.message) for one in caught if issubclass(one.category, ConditioningWarning)]
    for one in caught:
        if not issubclass(one.category, ConditioningWarning):
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    return replace(estimate, notes=(*estimate.notes, *digits))
