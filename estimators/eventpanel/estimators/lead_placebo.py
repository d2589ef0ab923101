"""Lead placebo: the event as if it had happened some periods earlier, with its true path held fixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import pandas as pd

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.covariance.rules import check_choice
from eventpanel.estimators.design import Design
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.inference import wald
from eventpanel.estimators.ppml import ppml

__all__ = ["lead_placebo", "with_far_leads"]

COLUMNS = ("term", "event_time", "group", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high")


def lead_placebo(
    panel: Panel,
    design: Design,
    ahead: Sequence[int],
    *,
    model: Literal["linear", "poisson"] = "linear",
    level: float = 0.95,
) -> pd.DataFrame:
    """Pretend that every event happened some periods earlier, and ask whether outcomes moved then.

    The event moved ``a`` periods ahead is, in every row, lead ``a`` of the true event. The placebo is the coefficient
    on that lead in the regression of the design with all leads up to the largest of ``ahead``.

    With an event that happens once, one could as well cut the sample before it and estimate the moved event alone.
    With events that recur this fails: the periods before one event are periods after another, a sample without them
    is small and chosen by the outcome of interest, and a lead that stands alone picks up the true effects of other
    events with which it is correlated. So no row is set aside. The true path - its own period, its lags, and the
    leads between - stays in the regression, and the far leads measure what is left at that distance. What they
    cannot tell apart from a placebo effect is an effect of events beyond the window; widen ``lags`` or bin the ends
    where effects may last. A lead that shows says that events answer to what moves the outcome, that they are
    foreseen, or that their timing is wrong. A single lead far ahead is the test of strict exogeneity of trade policy
    (Baier and Bergstrand 2007; Yotov and others 2016). More leads need longer records: rows at the end of the sample
    whose leads are not known drop out, and ``nobs`` says how many are left.

    Parameters
    ----------
    panel : Panel
    design : Design
        Its window is lengthened where ``ahead`` goes beyond its leads; with binned ends the bin begins later.
    ahead : sequence of int
        Periods ahead that are placebos. Leads nearer than the nearest of them are free: they hold what is foreseen.
    model : {"linear", "poisson"}
        Estimated by :func:`distributed_lag` or by :func:`ppml`.
    level : float
        Of the intervals.

    Returns
    -------
    DataFrame
        One row per placebo and group: term, event_time (``-a``), group, estimate, std_error, statistic (t), p_value,
        conf_low, conf_high, nobs. Then one row per group in which all of them are jointly zero: term
        ``"all placebos"``, statistic F, p_value. Missing where a lead could not be estimated.

    Raises
    ------
    DesignError
        No placebo, periods that are not ahead, one named twice, the reference of the window, an unknown model; and as
        the estimator raises it.

    Warns
    -----
    EstimationWarning, ConditioningWarning
        As the estimator warns.

    References
    ----------
    Baier and Bergstrand 2007, doi:10.1016/j.jinteco.2006.02.005; Yotov, Piermartini, Monteiro and Larch 2016,
    An Advanced Guide to Trade Policy Analysis, WTO, ISBN 978-92-870-4367-2.

    Examples
    --------
    >>> import numpy as np
    >>> from eventpanel.estimators.covariance import Clustered
    >>> from eventpanel.estimators.events import Event
    >>> from eventpanel.estimators.window import EventWindow
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame([(u, t) for u in range(30) for t in range(20)], columns=["unit", "year"])
    >>> frame["x"] = rng.poisson(0.5, len(frame))
    >>> frame["y"] = 2.0 * frame["x"] + frame["unit"] + rng.normal(size=len(frame))
    >>> design = Design(outcome="y", event=Event(column="x", kind="dose"),
    ...     window=EventWindow(leads=1, lags=2, reference=None), fixed_effects=("unit", "year"),
    ...     covariance=Clustered("unit", "reghdfe"))
    >>> lead_placebo(Panel(frame, ("unit",), "year"), design, (2, 3))[["term", "estimate", "p_value"]].round(2)
               term  estimate  p_value
    0   x, 3 before     -0.14     0.04
    1   x, 2 before      0.03     0.59
    2  all placebos       NaN     0.09
    """
    check_choice("model", model, ("linear", "poisson"))
    wide = with_far_leads(design, ahead)
    estimate = distributed_lag(panel, wide) if model == "linear" else ppml(panel, wide)
    times = {-a for a in ahead}
    single = estimate.tidy(level)
    chosen = single["event_time"].isin(times)
    table = pd.concat([single.loc[chosen, list(COLUMNS)], _joint(estimate, times)], ignore_index=True)
    return table.astype({"event_time": "Int64"}).assign(nobs=estimate.nobs)


def with_far_leads(design: Design, ahead: Sequence[int]) -> Design:
    """Return the design with all leads up to the farthest placebo.

    Parameters
    ----------
    design : Design
    ahead : sequence of int
        As for :func:`lead_placebo`.

    Raises
    ------
    DesignError
        No placebo, periods that are not ahead, one named twice, the reference of the window.
    """
    _check(design, ahead)
    return replace(design, window=replace(design.window, leads=max(design.window.leads, *ahead)))


def _check(design: Design, ahead: Sequence[int]) -> None:
    if not ahead or min(ahead) < 1 or len(set(ahead)) < len(ahead):
        raise DesignError(
            "A lead placebo needs periods ahead of the event.", f"ahead={tuple(ahead)}", "for example (2, 3)"
        )
    if design.window.reference is not None and -design.window.reference in ahead:
        raise DesignError(
            "The reference of the window is no placebo: it is zero by construction.",
            f"reference={design.window.reference}, ahead={first_few(ahead)}",
            "leave it out of `ahead`, or choose another reference",
        )


def _joint(estimate: Estimate, times: set[int]) -> pd.DataFrame:
    """One row per group: all placebos are zero."""
    rows = []
    for group in estimate.groups:
        name = f"all placebos [{group}]" if group else "all placebos"
        terms = [t for t in estimate.path if t.group == group and t.event_time in times]
        test = wald(estimate, terms, name)
        rows.append({"term": name, "group": group, "statistic": test.statistic, "p_value": test.p_value})
    return pd.DataFrame(rows, columns=list(COLUMNS))
