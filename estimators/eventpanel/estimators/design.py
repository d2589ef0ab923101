"""Design: everything a referee may ask to change, in one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.covariance import Clustered, Covariance
from eventpanel.estimators.events import Event
from eventpanel.estimators.moderator import Moderator
from eventpanel.estimators.record import event_unit
from eventpanel.estimators.window import EventWindow

__all__ = ["Design", "Sample", "cluster_name", "cluster_values", "one_way"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Which rows may enter; leads and lags are built before.

    Parameters
    ----------
    first, last : int, optional
        Period ordinals (years), both included.
    where : tuple of (column, values)
        Keep rows whose column holds one of the values.
    among : tuple of (Moderator, group)
        Keep rows of one group, such as autocracies.

    Examples
    --------
    >>> Sample(first=2000, last=2017).describe()
    '2000 to 2017'
    """

    first: int | None = None
    last: int | None = None
    where: tuple[tuple[str, tuple[object, ...]], ...] = ()
    among: tuple[tuple[Moderator, str], ...] = ()

    def describe(self) -> str:
        """One line for tables."""
        span = "" if self.first is None and self.last is None else f"{_or(self.first)} to {_or(self.last)}"
        kept = [f"{column} in {first_few(values)}" for column, values in self.where]
        kept += [f"{group} ({moderator.describe()})" for moderator, group in self.among]
        return "; ".join(part for part in [span, *kept] if part) or "all rows"


def _or(bound: int | None) -> str:
    return "..." if bound is None else str(bound)


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What is regressed on what.

    Parameters
    ----------
    outcome : str
        Column of the panel.
    event : Event
        What counts as an event.
    window : EventWindow
        Leads, lags, reference, ends.
    fixed_effects : tuple of str
        Columns, the name of the moderator, or interactions of both such as ``"exporter^year"``.
    covariance : Covariance
        How uncertainty is computed; there is no default.
    moderator : Moderator, optional
        The path is estimated for each of its groups, in one regression.
    controls : tuple of str
        Columns that enter linearly.
    weights : str, optional
        Column of positive weights.
    offset : str, optional
        Column that enters the logarithm of a Poisson mean with coefficient one, such as log population; ppml only.
    sample : Sample
        Which rows may enter.

    Raises
    ------
    DesignError
        A name given twice.

    Examples
    --------
    >>> from eventpanel.estimators.covariance import Clustered
    >>> design = Design(
    ...     outcome="any_deal",
    ...     event=Event(column="protests", kind="dose", scale="sd"),
    ...     window=EventWindow(leads=2, lags=2, reference=None),
    ...     fixed_effects=("importer", "year"),
    ...     covariance=Clustered("importer", "reghdfe"),
    ... )
    >>> design.window.event_times
    (-2, -1, 0, 1, 2)
    """

    outcome: str
    event: Event
    window: EventWindow
    fixed_effects: tuple[str, ...]
    covariance: Covariance
    moderator: Moderator | None = None
    controls: tuple[str, ...] = ()
    weights: str | None = None
    offset: str | None = None
    sample: Sample = field(default_factory=Sample)

    def __post_init__(self) -> None:
        for what, names in (("fixed effect", self.fixed_effects), ("control", self.controls)):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise DesignError(f"A {what} is named twice.", first_few(twice), "name it once")
        if self.offset is not None and self.offset in (self.outcome, *self.controls):
            raise DesignError("The offset is the outcome or a control.", self.offset, "name another column")
        if self.outcome in self.controls:
            raise DesignError("The outcome is among the controls.", self.outcome, "remove it there")


def cluster_name(panel: Panel, design: Design) -> str:
    """Name what is counted as clusters: the first way of the covariance, else the event's own unit."""
    return design.covariance.ways[0] if design.covariance.ways else event_unit(panel, design.event)


def cluster_values(panel: Panel, design: Design) -> pd.Series:
    """Return what is counted as clusters, by row of the panel.

    An interaction such as ``"exporter^year"`` becomes text.
    """
    first, *rest = (panel.column(part) for part in cluster_name(panel, design).split("^"))
    for other in rest:
        first = first.astype("string") + " ^ " + other.astype("string")
    return first


def one_way(design: Design) -> Clustered:
    """Return the covariance of what rests on clusters of one way, and refuse any other.

    Raises
    ------
    DesignError
        No clusters, or several ways.
    """
    asked = design.covariance
    if isinstance(asked, Clustered) and len(asked.ways) == 1:
        return asked
    raise DesignError("This rests on clusters of one way.", asked.describe(), "use Clustered with one column")
