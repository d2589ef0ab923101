"""Methods: every estimator that has a card, by name, and how it is run."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.callaway_santanna import CallawaySantanna
from eventpanel.estimators.card import Card, card
from eventpanel.estimators.design import Design
from eventpanel.estimators.did_multiplegt import DidMultiplegt
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.extended_two_way import ExtendedTwoWay
from eventpanel.estimators.imputation import Imputation
from eventpanel.estimators.interactive_effects import InteractiveEffects
from eventpanel.estimators.lag_plans import DistributedLag
from eventpanel.estimators.local_projections import LocalProjections
from eventpanel.estimators.lp_did import LpDid
from eventpanel.estimators.matching import Matching
from eventpanel.estimators.matrix_completion import MatrixCompletion
from eventpanel.estimators.method import Method, Planned, estimated
from eventpanel.estimators.panel_match import PanelMatch
from eventpanel.estimators.stacked_did import StackedDid
from eventpanel.estimators.sun_abraham import SunAbraham
from eventpanel.estimators.two_stage import TwoStage

__all__ = ["METHODS", "cards", "method_of", "run_method"]

METHODS: Mapping[str, Planned] = {
    "distributed_lag": DistributedLag(),
    "distributed_lag_restricted": DistributedLag(reading="restricted"),
    "orthogonalised_lag": DistributedLag(reading="orthogonalised"),
    "ppml": DistributedLag("poisson"),
    "local_projections": LocalProjections(),
    "lp_did": LpDid("one_off"),
    "stacked_did": StackedDid("one_off"),
    "did_multiplegt": DidMultiplegt(),
    "panel_match": PanelMatch(matching=Matching(history=2)),
    "imputation": Imputation(),
    "imputation_poisson": Imputation(model="poisson"),
    "interactive_effects": InteractiveEffects(),
    "matrix_completion": MatrixCompletion(),
    "callaway_santanna": CallawaySantanna(),
    "sun_abraham": SunAbraham(),
    "two_stage": TwoStage(),
    "extended_two_way": ExtendedTwoWay(),
    "extended_two_way_poisson": ExtendedTwoWay(model="poisson"),
}


@runtime_checkable
class Runs(Planned, Protocol):
    """A method that makes its estimate itself."""

    def run(self, panel: Panel, design: Design) -> Estimate:
        """Estimate it."""
        ...


def method_of(method: str | Planned) -> Planned:
    """Return the method of a name, with its default options; a method stays as it is.

    Parameters
    ----------
    method : str or method

    Raises
    ------
    DesignError
        An unknown name.
    """
    if not isinstance(method, str):
        return method
    if method not in METHODS:
        close = difflib.get_close_matches(method, METHODS, n=1)
        raise DesignError(
            f"Unknown method {method!r}.",
            f"did you mean {close[0]!r}?" if close else "",
            f"choose one of {', '.join(METHODS)}",
        )
    return METHODS[method]


def run_method(method: Planned, panel: Panel, design: Design) -> Estimate:
    """Estimate a method on a panel.

    Parameters
    ----------
    method : method
    panel : Panel
    design : Design

    Raises
    ------
    DesignError
        And its branches, as the method's own function.
    """
    if isinstance(method, Runs):
        return method.run(panel, design)
    if isinstance(method, Method):
        return estimated(method, panel, design)
    raise TypeError(f"{method.name} can neither be run nor estimated")


def cards(panel: Panel, design: Design, methods: Sequence[str | Planned] = tuple(METHODS)) -> dict[str, Card]:
    """Draw up the estimand cards of methods on a panel, refusals included; nothing is estimated.

    Parameters
    ----------
    panel : Panel
    design : Design
    methods : sequence of str or method
        All of :data:`METHODS` without them.

    Examples
    --------
    >>> import pandas as pd
    >>> from eventpanel.estimators.covariance import Clustered
    >>> from eventpanel.estimators.events import Event
    >>> from eventpanel.estimators.window import EventWindow
    >>> frame = pd.DataFrame([(u, t) for u in "ABC" for t in range(6)], columns=["u", "t"])
    >>> frame = frame.assign(x=(frame["t"] == 3).astype(float), y=0.0)
    >>> design = Design(outcome="y", event=Event(column="x", kind="dose"), fixed_effects=("u", "t"),
    ...     window=EventWindow(leads=1, lags=1, reference=-1), covariance=Clustered("u", "none"))
    >>> cards(Panel(frame, ("u",), "t"), design, ["distributed_lag"])["distributed_lag"].totals["used"]
    3
    """
    made = [(method if isinstance(method, str) else method.name, method_of(method)) for method in methods]
    return {label: card(method, panel, design) for label, method in made}
