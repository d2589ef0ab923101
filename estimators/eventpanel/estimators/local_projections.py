"""Local projections: the outcome some periods later on the event now, one regression for each event time.

``y_{j,t+k} = beta_k x_jt + theta_k y_{j,t-1} + fixed effects + controls_jt + u``. Stacked, with effects and the lagged
outcome for each event time, they are the regression that the note to table 4 of the study describes as controlling for
the outcome one year before unrest. Later events are part of the response: the coefficient tells what follows an event,
repetitions included (Jorda 2005, doi:10.1257/0002828053828518).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.cautions import EstimationWarning
from eventpanel.estimators.contributions import Contributions
from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.core.shifts import shifted
from eventpanel.estimators.design import Design
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.joint import joined
from eventpanel.estimators.ledger import Ledger
from eventpanel.estimators.method import base_period
from eventpanel.estimators.path import Term
from eventpanel.estimators.ppml import ppml
from eventpanel.estimators.trajectories import Trajectories, not_alone, trajectories
from eventpanel.estimators.uses import Uses, compared
from eventpanel.estimators.window import EventWindow

__all__ = ["LocalProjections", "local_projections"]

Model = Literal["linear", "poisson"]
GIVEN = "the outcome of this period is controlled for"
LATER, BEFORE = "{} at event time {}", "{} in the period before"


@dataclass(frozen=True, slots=True)
class LocalProjections:
    """Local projections, as a method.

    Parameters
    ----------
    model : {"linear", "poisson"}
        Least squares, or Poisson pseudo-maximum likelihood.
    lagged_outcome : bool
        Whether the outcome of the period before the event is controlled for: as it is, or as log(1 + y) with Poisson.

    Raises
    ------
    DesignError
        An unknown model.
    """

    model: Model = "linear"
    lagged_outcome: bool = True

    def __post_init__(self) -> None:
        if self.model not in ("linear", "poisson"):
            raise DesignError(f"Unknown model {self.model!r}.", "", "choose one of linear, poisson")

    @property
    def name(self) -> str:
        """Name of the function that runs it."""
        return "local_projections"

    @property
    def estimand(self) -> str:
        """What it estimates."""
        return (
            "The response of the outcome, some periods after a period with the event, to one unit of it, compared with "
            "all other periods; events that follow are part of the response."
        )

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What it assumes."""
        given = " given the outcome of the period before" if self.lagged_outcome else ""
        return (
            f"Within fixed effects{given}, the event is as good as random.",
            "The response is the same for all events, or the average that the regression's weights make is wanted.",
            "Periods after earlier events are valid comparisons.",
        )

    def check(self, panel: Panel, design: Design) -> None:
        """Refuse a design that does not fit."""
        base_period(self, design)

    def uses(self, t: Trajectories, design: Design) -> Uses:
        """Every event with an outcome at some event time is used, and every other serves as a comparison."""
        now, late = self._known(t, design), np.zeros(t.shape, dtype=bool)
        rows = np.zeros(t.shape, dtype=bool)
        for k in design.window.event_times:
            base = not_alone(t, design, now & ~np.isnan(shifted(t.outcome, -k)))
            rows |= shifted(base.astype(np.float64), k) == 1
            if self.lagged_outcome:
                rows |= shifted(base.astype(np.float64), -1) == 1
            if k >= 0:
                late |= base
        used = t.events & late
        reason = np.where(t.events & ~used, 0, -1)
        return Uses(
            used,
            compared(t.events, rows, design.window.lags),
            rows,
            reason,
            ("not in the sample with an outcome in its window",),
        )

    def _known(self, t: Trajectories, design: Design) -> Mask:
        """Cells that can be the period of an event or of a comparison."""
        before = np.isnan(shifted(t.outcome, 1)) if self.lagged_outcome else np.zeros(t.shape, dtype=bool)
        return np.asarray(t.inside & ~np.isnan(t.event) & ~before)

    def run(self, panel: Panel, design: Design) -> Estimate:
        """Estimate it."""
        self.check(panel, design)
        wide, columns = self._panel(panel, design)
        parts = [self._one(wide, design, k, columns) for k in design.window.event_times]
        return _stacked(parts, panel, design)

    def _panel(self, panel: Panel, design: Design) -> tuple[Panel, tuple[str, ...]]:
        """Panel with the outcome at each event time beside every row, and the columns to control for."""
        outcome = trajectories(panel, replace(design, moderator=None))
        made = {
            LATER.format(design.outcome, k): _by_rows(outcome, shifted(outcome.outcome, -k))
            for k in design.window.event_times
        }
        if not self.lagged_outcome:
            return panel.with_frame(panel.frame.assign(**made)), design.controls
        before = _by_rows(outcome, shifted(outcome.outcome, 1))
        name = BEFORE.format(design.outcome)
        made[name] = np.log1p(before) if self.model == "poisson" else before
        return panel.with_frame(panel.frame.assign(**made)), (*design.controls, name)

    def _one(self, panel: Panel, design: Design, event_time: int, controls: tuple[str, ...]) -> Estimate:
        """One event time."""
        asked = replace(
            design,
            outcome=LATER.format(design.outcome, event_time),
            controls=controls,
            window=EventWindow(leads=0, lags=0, reference=None),
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EstimationWarning)
            return (distributed_lag if self.model == "linear" else ppml)(panel, asked)


def local_projections(
    panel: Panel, design: Design, *, model: Model = "linear", lagged_outcome: bool = True
) -> Estimate:
    """Project the outcome of several periods on the event, with the covariance between them.

    Parameters
    ----------
    panel : Panel
        The whole event record, also outside the sample.
    design : Design
        Its window has the reference -1: the outcome of the period before is controlled for, not explained.
    model : {"linear", "poisson"}
        Least squares, or Poisson pseudo-maximum likelihood, whose coefficients are in logarithms.
    lagged_outcome : bool
        Whether to control for the outcome of the period before the event: as it is, or as log(1 + y) with Poisson.

    Returns
    -------
    Estimate
        The covariance between event times is that of the stacked regression, with effects and the lagged outcome for
        each event time.

    Raises
    ------
    DesignError
        And its branches, as the regressions it rests on.

    References
    ----------
    Jorda 2005, doi:10.1257/0002828053828518.

    Examples
    --------
    >>> import pandas as pd
    >>> from eventpanel.estimators.covariance import Clustered
    >>> from eventpanel.estimators.events import Event
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame([(u, t) for u in range(30) for t in range(20)], columns=["unit", "year"])
    >>> frame["x"] = rng.poisson(1.0, len(frame))
    >>> frame["y"] = 2.0 * frame["x"] + frame["unit"]
    >>> design = Design(outcome="y", event=Event(column="x", kind="dose"),
    ...     window=EventWindow(leads=1, lags=0, reference=-1), fixed_effects=("unit", "year"),
    ...     covariance=Clustered("unit", "reghdfe"))
    >>> local_projections(Panel(frame, ("unit",), "year"), design).params.round(6).tolist()
    [2.0]
    """
    return LocalProjections(model, lagged_outcome).run(panel, design)


def _by_rows(t: Trajectories, grid: Floats) -> Floats:
    """Values of the panel's rows, shape (n,), from a grid."""
    out = np.full(len(t.lost.keep), np.nan)
    there = t.row >= 0
    out[t.row[there]] = grid[there]
    return out


def _stacked(parts: Sequence[Estimate], panel: Panel, design: Design) -> Estimate:
    """One estimate of all event times: by group, then by event time."""
    times, both = design.window.event_times, joined(parts)
    found = [(term, k) for k, part in zip(times, parts, strict=True) for term in part.terms]
    order = sorted(
        (i for i, (term, _) in enumerate(found) if term.event_time is not None),
        key=lambda i: (_groups(parts).index(found[i][0].group), found[i][1]),
    )
    notes = dict.fromkeys(note for part in parts for note in part.notes)
    estimate = replace(
        max(parts, key=lambda part: part.nobs),
        estimator="local_projections",
        design=design,
        terms=tuple(Term(design.event.column, found[i][1], found[i][0].group) for i in order),
        coef=np.concatenate([part.coef for part in parts])[order],
        vcov=both.vcov[np.ix_(order, order)],
        dof=np.concatenate([part.dof for part in parts])[order],
        nobs=int(np.logical_or.reduce([part.sample for part in parts]).sum()),
        n_clusters=len(both.values),
        reference=tuple(Term(design.event.column, -1, group) for group in _groups(parts)),
        dropped=_dropped(parts, design),
        lost=_ledger(parts, panel),
        facts=tuple((f"Rows at event time {k}", str(part.nobs)) for k, part in zip(times, parts, strict=True)),
        notes=tuple(notes),
        contributions=Contributions(both.values[:, order]),
        base=GIVEN,
    )
    for note in estimate.notes:
        warnings.warn(note, EstimationWarning, stacklevel=4)
    return estimate


def _groups(parts: Sequence[Estimate]) -> list[str]:
    return list(dict.fromkeys(group for part in parts for group in part.groups))


def _dropped(parts: Sequence[Estimate], design: Design) -> tuple[tuple[Term, str], ...]:
    return tuple(
        (Term(design.event.column, k, term.group), why)
        for k, part in zip(design.window.event_times, parts, strict=True)
        for term, why in part.dropped
        if term.event_time is not None
    )


def _ledger(parts: Sequence[Estimate], panel: Panel) -> Ledger:
    """Rows that are the period of an event or a comparison at some event time; the others are lost at all of them."""
    widest = max(parts, key=lambda part: part.nobs).lost
    keep = np.logical_or.reduce([part.sample for part in parts])
    return Ledger(panel, widest.by, keep, np.where(keep, 0, widest.cause).astype(np.int16), list(widest.causes))
