"""Leave out: a target estimated again without each country, region, year, exporter or event."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Codes, Mask
from eventpanel.estimators.core.groups import is_nested
from eventpanel.estimators.design import Design
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.parts import Parts, parts_of
from eventpanel.estimators.target import Target
from eventpanel.estimators.tidy import NUMBERS, numbers
from eventpanel.estimators.without import (
    Answer,
    ByClusters,
    Estimator,
    Refits,
    answer_of,
    by_clusters,
    is_sandwich,
    marked,
)

__all__ = ["cluster_parts", "leave_out"]

Step = Callable[[str], None]


def _silent(_: str) -> None:
    """Report no progress."""


def leave_out(
    panel: Panel,
    design: Design,
    target: Target,
    by: str,
    estimator: Estimator = distributed_lag,
    step: Step = _silent,
) -> pd.DataFrame:
    """Estimate a target again without each value of a column, or without each event.

    Every row of the table is what the estimator gives on the sample without these rows; the event keeps the coding of
    the whole record, its thresholds and standard deviations included. Where each cluster lies in one value, as
    importers in regions, a distributed lag with CRV1 follows from cross-products per cluster, and nothing is estimated
    twice (MacKinnon, Nielsen and Webb 2023, doi:10.1002/jae.2949).

    Parameters
    ----------
    panel : Panel
    design : Design
    target : Target
    by : str
        A column, an interaction such as ``"importer^year"``, ``"cluster"``, or ``"event"``: the rows of one unit within
        the window of one of its spells. Rows without a value are never left out.
    estimator : callable
        From Panel and Design to Estimate, such as ppml.
    step : callable
        Called with what is left out next.

    Returns
    -------
    DataFrame
        One row per value, the one that moves the target most first: left_out, rows (of the sample, dropped), estimate,
        std_error, dof, p_value, conf_low, conf_high (95 %), change (in standard errors of the whole estimate), rank,
        note (why it cannot be estimated, or which other terms cannot).

    Raises
    ------
    DesignError
        And its branches, as the estimator on the whole sample; also where the path does not hold the target.

    Examples
    --------
    >>> from eventpanel.estimators.covariance import Clustered
    >>> from eventpanel.estimators.events import Event
    >>> from eventpanel.estimators.window import EventWindow
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame([(u, t) for u in range(30) for t in range(20)], columns=["unit", "year"])
    >>> frame["x"] = rng.poisson(1.0, len(frame))
    >>> frame["y"] = np.where(frame["unit"] == 7, 40.0, 2.0) * frame["x"]
    >>> design = Design(outcome="y", event=Event(column="x", kind="dose"),
    ...     window=EventWindow(leads=1, lags=1, reference=None), fixed_effects=("unit", "year"),
    ...     covariance=Clustered("unit", "reghdfe"))
    >>> table = leave_out(Panel(frame, ("unit",), "year"), design, Target(), "unit")
    >>> table[["left_out", "rows", "estimate"]].head(1).round(6).values.tolist()
    [['7', 18, 2.0]]
    """
    whole = estimator(panel, design)
    parts = parts_of(panel, design, by).among(whole.sample)
    found = by_clusters(panel, design, target) if estimator is distributed_lag and is_sandwich(design) else None
    held = None if found is None else cluster_parts(found, parts)
    again = cache(lambda: Refits(marked(panel, parts.codes), design, target, estimator))
    answers = []
    for place, label in enumerate(parts.labels):
        step(f"without {label}")
        quick = None if found is None or held is None else found.answer(held[:, place])
        if quick is None:
            quick = again().answer(parts.touched(np.arange(len(parts.labels)) == place))
        answers.append(quick)
    return _table(parts, whole.sample, answer_of(target, whole), answers)


def cluster_parts(found: ByClusters, parts: Parts) -> Mask | None:
    """Clusters that belong to each part, shape (G, M); None where a cluster has rows of several.

    Parameters
    ----------
    found : ByClusters
    parts : Parts
    """
    clusters, codes = found.m.clusters, parts.codes[found.m.sample]
    if not is_nested(clusters, codes):
        return None
    code: Codes = np.zeros(int(clusters.max()) + 1, dtype=np.int64)
    code[clusters] = codes
    return np.asarray(parts.holds[code].toarray() > 0)


def _table(parts: Parts, sample: Mask, whole: Answer, answers: list[Answer]) -> pd.DataFrame:
    coef, variance, dof = (
        np.array([getattr(answer, name) for answer in answers], dtype=np.float64)
        for name in ("estimate", "variance", "dof")
    )
    values = dict(zip(NUMBERS, numbers(coef, variance, dof, 0.95), strict=True))
    change = (coef - whole.estimate) / np.sqrt(whole.variance if whole.variance > 0 else np.nan)
    order = np.argsort(-np.abs(change), kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    table = pd.DataFrame(
        {
            "left_out": list(parts.labels),
            "rows": parts.sums(sample.astype(np.float64)).astype(np.int64),
            "estimate": values["estimate"],
            "std_error": values["std_error"],
            "dof": dof,
            **{name: values[name] for name in ("p_value", "conf_low", "conf_high")},
            "change": change,
            "rank": pd.arrays.IntegerArray(rank, np.isnan(change)),
            "note": [answer.note for answer in answers],
        }
    )
    return table.iloc[order].reset_index(drop=True)
