"""Regressions of equation (3): specifications, readings, and the columns of a table."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from eventpanel.brookings.exhibit import Coefficient, Column, column_of
from eventpanel.brookings.switches import Switches
from eventpanel.brookings.unrest_outcomes import Outcome
from eventpanel.brookings.unrest_panel import CONTROLS, IN_SAMPLE, OUTCOME, UNREST, UnrestPanel, trends
from eventpanel.datasets.errors import DesignError, EventPanelError, NotAvailableError
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.cautions import EstimationWarning
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design, Sample
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.events import Event, Threshold
from eventpanel.estimators.lag_plans import DistributedLag
from eventpanel.estimators.local_projections import LocalProjections
from eventpanel.estimators.lp_did import LpDid
from eventpanel.estimators.method import Planned
from eventpanel.estimators.methods import run_method
from eventpanel.estimators.path import Term
from eventpanel.estimators.window import EventWindow

__all__ = [
    "EVENT_TIMES",
    "SPECIFICATIONS",
    "Fitted",
    "Specification",
    "column",
    "fit",
    "four",
    "method_of_reading",
    "one_line",
    "question",
    "term_name",
]

EVENT_TIMES = (-2, -1, 0, 1, 2)


class Specification(NamedTuple):
    """Column of a table: what is held fixed beside importer and year."""

    number: int
    said: str
    controls: tuple[str, ...] = ()
    has_trends: bool = False


SPECIFICATIONS = (
    Specification(number=1, said="none"),
    Specification(number=2, has_trends=True, said="country trends"),
    Specification(number=3, has_trends=True, controls=("log_trade",), said="country trends, log total trade"),
    Specification(
        number=4, has_trends=True, controls=("log_trade", "log_gdp"), said="country trends, log total trade, log GDP"
    ),
)


class Fitted(NamedTuple):
    """A regression and what it was of; without an estimate, why there is none."""

    specification: Specification
    estimate: Estimate | None
    why: str = ""


def one_line(error: EventPanelError) -> str:
    """Write an error on one line, without its remedy.

    Parameters
    ----------
    error : EventPanelError
    """
    return " ".join(line.strip() for line in str(error).splitlines() if "what to do:" not in line)


def term_name(event_time: int, what: str = "AI") -> str:
    """Name a row of a table.

    Parameters
    ----------
    event_time : int
        Year of the outcome less year of unrest.
    what : str

    Examples
    --------
    >>> term_name(-2), term_name(0), term_name(1, "Arms")
    ('AI 2 years before unrest', 'AI same year as unrest', 'Arms 1 year after unrest')
    """
    if event_time == 0:
        return f"{what} same year as unrest"
    years = f"{abs(event_time)} year{'s' if abs(event_time) > 1 else ''}"
    return f"{what} {years} {'before' if event_time < 0 else 'after'} unrest"


def method_of_reading(switches: Switches) -> Planned:
    """Return the method that the reading of equation (3) stands for.

    Parameters
    ----------
    switches : Switches
    """
    restricted = DistributedLag(reading="restricted" if switches.year_before == "omitted" else "plain")
    methods: Mapping[str, Planned] = {
        "distributed_lag": restricted,
        "orthogonalised": DistributedLag(reading="orthogonalised"),
        "local_projections": LocalProjections(),
        "event": LpDid("one_off"),
    }
    return methods[switches.reading]


def question(method: Planned) -> Design:
    """Return equation (3) as a design for a method, without what is held fixed beside importer and year.

    Parameters
    ----------
    method : method
    """
    above = Threshold(rule="unit_sd", value=1.0)
    dose, event = Event(column=UNREST, kind="dose"), Event(column=UNREST, kind="threshold", threshold=above)
    return Design(
        outcome=OUTCOME,
        event=event if isinstance(method, LpDid) else dose,
        window=EventWindow(leads=2, lags=2, reference=-1),
        fixed_effects=("importer", "year"),
        covariance=Clustered("importer", "reghdfe"),
        sample=Sample(where=((IN_SAMPLE, (1.0,)),)),
    )


def fit(panel: Panel, specification: Specification, method: Planned) -> Fitted:
    """Estimate equation (3) on the column ``outcome``.

    Cautions of the estimator are in its notes; a regression that cannot be made says why.

    Parameters
    ----------
    panel : Panel
    specification : Specification
    method : method

    Raises
    ------
    NotAvailableError
        A control that the data do not have.
    """
    lacking = [CONTROLS[name] for name in specification.controls if name not in panel.frame.columns]
    if lacking:
        raise NotAvailableError("A control is not in the data.", ", ".join(lacking), "add an input that holds it")
    own = trends(panel) if specification.has_trends else pd.DataFrame(index=panel.frame.index)
    wide = panel.with_frame(pd.concat([panel.frame, own], axis=1))
    design = question(method)
    asked = replace(design, controls=(*specification.controls, *own.columns))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimationWarning)
        try:
            return Fitted(specification, run_method(method, wide, asked))
        except DesignError as error:
            return Fitted(specification, None, one_line(error))


def four(
    materials: Materials,
    rows: UnrestPanel,
    outcome: Outcome,
    method: Planned,
    specifications: Sequence[Specification] = SPECIFICATIONS,
) -> list[Fitted]:
    """Estimate specifications; those whose controls the data lack are left out with the reason.

    Parameters
    ----------
    materials : Materials
    rows : UnrestPanel
    outcome : Outcome
    method : method
    specifications : sequence of Specification

    Raises
    ------
    NotAvailableError
        The data lack the outcome.
    """
    panel = outcome.on(materials, rows.panel)
    made = []
    for specification in specifications:
        try:
            made.append(fit(panel, specification, method))
        except NotAvailableError as error:
            made.append(Fitted(specification, None, one_line(error)))
    return made


def column(fitted: Fitted, panel: str, head: str, what: str = "AI") -> Column:
    """Make a column; one that could not be estimated has missing numbers and no observations.

    Parameters
    ----------
    fitted : Fitted
    panel, head : str
    what : str
        What is bought, as terms name it.
    """
    estimate, below = fitted.estimate, {"Controls": fitted.specification.said}
    if estimate is None:
        cells = tuple(Coefficient(term_name(k, what), np.nan) for k in EVENT_TIMES if k != -1)
        return Column(panel=panel, head=head, coefficients=cells, counts=tuple(below.items()))
    facts = dict(estimate.facts)
    below |= {name: facts[name] for name in ("Events used",) if name in facts}
    every = sorted({*estimate.path, *(t for t, _ in estimate.dropped if t.event_time is not None)}, key=_time)
    return column_of(
        estimate,
        panel,
        head,
        {str(term): term_name(_time(term), what) for term in every},
        {"Fixed effects": "importer, year", **below},
    )


def _time(term: Term) -> int:
    return 0 if term.event_time is None else term.event_time
