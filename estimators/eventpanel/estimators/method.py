"""Method: an estimator that compares units over time, as a value; Effects: what it finds; the Estimate made of them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from eventpanel.datasets.errors import DesignError, IdentificationError, WindowError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.cautions import EstimationWarning, cautions
from eventpanel.estimators.clusters import few_clusters
from eventpanel.estimators.contributions import Contributions
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.groups import numbered
from eventpanel.estimators.covariance import Clustered, Counts
from eventpanel.estimators.design import Design, one_way
from eventpanel.estimators.estimate import Estimate, GroupSize
from eventpanel.estimators.path import Term
from eventpanel.estimators.selection import check_varies
from eventpanel.estimators.trajectories import Trajectories, trajectories
from eventpanel.estimators.uses import Uses

__all__ = ["Effects", "Method", "Planned", "base_period", "estimated", "two_way", "without"]

BASE = "base period: outcomes are compared with those of this period"


@dataclass(frozen=True, slots=True, eq=False)
class Effects:
    """What a method finds in one group.

    Attributes
    ----------
    event_times : tuple of int, length k
        Periods since the event of each coefficient.
    coef : ndarray, shape (k,)
    influence : ndarray, shape (U, k)
        What each unit adds to the error of the coefficients: the coefficients are the truth plus the sum over units.
    uses : Uses
    parameters : int
        Parameters of the regression, for small-sample rules that count them; zero where there is none.
    counts : tuple of Counts
        What small-sample rules need, one for each coefficient, where each has a regression of its own; empty where
        the rows and clusters of the group and its parameters are what counts.
    dropped : tuple of (event time, reason)
        Coefficients that could not be estimated.
    facts : tuple of (name, value)
    notes : tuple of str
        Cautions a reader must see beside the numbers.
    base : str
        What the reference is, where the window has one.
    """

    event_times: tuple[int, ...]
    coef: Floats
    influence: Floats
    uses: Uses
    parameters: int = 0
    counts: tuple[Counts, ...] = ()
    dropped: tuple[tuple[int, str], ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    base: str = BASE


class Planned(Protocol):
    """An estimator with its options, of which can be told what it will do."""

    @property
    def name(self) -> str:
        """Name of the function that runs it."""
        ...

    @property
    def estimand(self) -> str:
        """What it estimates, in one sentence."""
        ...

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What it assumes; each a sentence."""
        ...

    def check(self, panel: Panel, design: Design) -> None:
        """Refuse a design that the method does not fit, before anything is computed."""
        ...

    def uses(self, t: Trajectories, design: Design) -> Uses:
        """Say what is done with every event and row of one group; it rests on no value of the outcome."""
        ...


@runtime_checkable
class Method(Planned, Protocol):
    """A planned estimator that finds the effects of one group at a time from trajectories."""

    def effects(self, t: Trajectories, design: Design) -> Effects:
        """Effects in one group."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """One group: its rows, what was found in them, and its size."""

    t: Trajectories
    effects: Effects
    size: GroupSize

    @property
    def treated(self) -> Mask:
        """Units with an event that is used, shape (U,)."""
        return np.asarray(self.effects.uses.used.any(axis=1))

    @property
    def counts(self) -> tuple[Counts, ...]:
        """What small-sample rules need, one for each coefficient."""
        same = Counts(self.size.rows, self.size.clusters, self.effects.parameters, 0, 0)
        return self.effects.counts or (same,) * len(self.effects.coef)


def estimated(method: Method, panel: Panel, design: Design) -> Estimate:
    """Run a method in each group of the moderator, and make an Estimate of what it finds.

    Parameters
    ----------
    method : Method
    panel : Panel
    design : Design

    Raises
    ------
    DesignError
        And its branches: a design that the method does not fit, clusters that cut through units, too few of them,
        nothing to compare, an outcome that never varies.

    Warns
    -----
    EstimationWarning
        Few clusters, few clusters with an event, event times that could not be estimated.
    """
    method.check(panel, design)
    asked = _crv1(method, design)
    whole = trajectories(panel, design)
    cluster = whole.cluster
    each = [whole.only(name) for name in whole.names]
    parts = [_part(method, t, design, cluster) for t in each if t.inside.any()]
    rows = np.logical_or.reduce([part.effects.uses.rows for part in parts])
    check_varies(whole.outcome[rows], design.outcome)
    lost = whole.lost.copy()
    lost.drop(whole.to_rows(whole.inside & ~rows), f"in no comparison of {method.name}")
    present = numbered(cluster[rows.any(axis=1)])[0]
    made = Contributions(np.hstack([_by_cluster(part, asked, cluster)[present] for part in parts]))
    treated = numbered(cluster[np.logical_or.reduce([part.treated for part in parts])])[0]
    sizes = tuple(part.size for part in parts)
    dropped = tuple((_term(design, k, part), why) for part in parts for k, why in part.effects.dropped)
    said = dict.fromkeys(note for part in parts for note in part.effects.notes)
    estimate = Estimate(
        estimator=method.name,
        design=design,
        terms=tuple(_term(design, k, part) for part in parts for k in part.effects.event_times),
        coef=np.concatenate([part.effects.coef for part in parts]),
        vcov=made.vcov,
        dof=np.array([each.clusters - 1.0 for part in parts for each in part.counts]),
        nobs=int(rows.sum()),
        n_clusters=len(present),
        n_treated=len(treated),
        reference=tuple(_term(design, -1, part) for part in parts if design.window.reference is not None),
        dropped=dropped,
        lost=lost,
        sizes=sizes,
        facts=tuple(fact for part in parts for fact in _facts(part)),
        notes=(*cautions(design, len(present), len(treated), sizes, dropped), *said),
        contributions=made,
        base=parts[0].effects.base,
    )
    for note in estimate.notes:
        warnings.warn(note, EstimationWarning, stacklevel=3)
    return estimate


def _part(method: Method, t: Trajectories, design: Design, cluster: Codes) -> _Part:
    found, name = method.effects(t, design), t.names[0]
    where = f" in group {name!r}" if name else ""
    rows = found.uses.rows & t.inside
    if not len(found.coef) or not rows.any():
        raise IdentificationError(
            f"{method.name} has nothing to compare{where}.",
            first_few(f"event time {k}: {why}" for k, why in found.dropped),
            "see the card of the method: what it does with every event",
        )
    struck = found.uses.used.any(axis=1)
    clusters = len(numbered(cluster[rows.any(axis=1)])[0])
    few_clusters([name], np.array([clusters]), np.array([rows.sum()]))
    mean = float(np.average(t.outcome[rows], weights=t.weights[rows]))
    return _Part(t, found, GroupSize(name, int(rows.sum()), clusters, len(numbered(cluster[struck])[0]), mean))


def _by_cluster(part: _Part, asked: Clustered, cluster: Codes) -> Floats:
    """Contributions of all clusters to the coefficients of a group, shape (clusters, k)."""
    factor = np.array([asked.factor(counts) for counts in part.counts])
    sums = np.zeros((int(cluster.max()) + 1, len(part.effects.coef)))
    np.add.at(sums, cluster, part.effects.influence)
    return np.asarray(np.sqrt(factor) * sums)


def _term(design: Design, event_time: int, part: _Part) -> Term:
    return Term(design.event.column, event_time, part.size.group)


def _facts(part: _Part) -> tuple[tuple[str, str], ...]:
    t, uses, label = part.t, part.effects.uses, f" [{part.size.group}]" if part.size.group else ""
    used, events, compared = (int(t.of_owners(cells).sum()) for cells in (uses.used, uses.events, uses.control))
    rows = int((uses.rows & t.inside).sum())
    counted = (
        ("Events used", f"{used} of {events}"),
        ("Events whose windows serve as comparisons", str(compared)),
        ("Rows that identify", f"{rows} of {int(t.inside.sum())}"),
    )
    return tuple((name + label, value) for name, value in (*counted, *part.effects.facts))


def _crv1(method: Method, design: Design) -> Clustered:
    asked = one_way(design)
    if asked.kind != "CRV1":
        raise DesignError(
            f"{method.name} has its own cluster-robust covariance, without a form {asked.kind}.",
            asked.describe(),
            "use kind='CRV1', and few clusters with care",
        )
    return asked


def base_period(method: Planned, design: Design) -> None:
    """Refuse a window whose reference is not the period before the event, or that has binned ends.

    Parameters
    ----------
    method : Planned
    design : Design

    Raises
    ------
    WindowError
    """
    window = design.window
    if window.reference != -1 or window.ends != "none":
        raise WindowError(
            f"{method.name} compares outcomes with those of the period before the event.",
            f"reference={window.reference}, ends={window.ends!r}",
            "use a window with reference=-1 and ends='none'",
        )


def two_way(method: Planned, panel: Panel, design: Design) -> None:
    """Refuse fixed effects other than the panel's units and its periods, which comparisons over time take out.

    Parameters
    ----------
    method : Planned
    panel : Panel
    design : Design

    Raises
    ------
    DesignError
    """
    unit, period = "^".join(panel.unit), str(panel.period)
    asked = {frozenset(name.split("^")) for name in design.fixed_effects}
    if asked != {frozenset(panel.unit), frozenset([period])}:
        raise DesignError(
            f"{method.name} takes out units and periods, and no other fixed effects.",
            f"fixed effects: {', '.join(design.fixed_effects) or 'none'}",
            f"use fixed_effects=({unit!r}, {period!r})",
        )


def without(method: Planned, design: Design, *names: str) -> None:
    """Refuse parts of a design that a method has no place for.

    Parameters
    ----------
    method : Planned
    design : Design
    *names : str
        Of ``"controls"``, ``"weights"``, ``"offset"``.

    Raises
    ------
    DesignError
    """
    for name in names:
        held = getattr(design, name)
        if held:
            raise DesignError(f"{method.name} takes no {name}.", str(held), f"leave {name} out")
