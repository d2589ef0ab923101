"""Weights: of which effects of single events the coefficients of a regression with fixed effects are sums.

A coefficient is a weighted sum of outcomes. Where the outcome is what it would have been without events plus effects
that differ by event, the coefficient on one lead or lag is a weighted sum of the effects at all leads and lags. The
weights of its own event time add up to one, those of any other add up to zero. That is not to say that they are zero:
unless effects are all the same, effects of other event times enter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.calendar import ordinals
from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.groups import first_rows, group_sums, recode
from eventpanel.estimators.core.least_squares import least_squares
from eventpanel.estimators.core.spread import spread_to_opposite, spread_to_zero
from eventpanel.estimators.design import Design
from eventpanel.estimators.matrices import Matrices, matrices
from eventpanel.estimators.path import Term
from eventpanel.estimators.record import event_unit
from eventpanel.estimators.regression import Regression, compact, effects_of
from eventpanel.estimators.solution import identified, spread

__all__ = ["TwfeWeights", "twfe_weights"]

Kind = Literal["levels", "differences"]

# Weights below this share of the largest are what rounding leaves of zero.
ZERO = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class TwfeWeights:
    """Weights of the effects of single cells, units of the event by period, in each coefficient.

    Attributes
    ----------
    kind : {"levels", "differences"}
    terms : tuple of Term, length k
        Coefficients.
    coef : ndarray, shape (k,)
    effects : tuple of Term, length m
        Event times of effects: the coefficients, and terms that could not be estimated.
    loads : ndarray, shape (cells, k)
        How much a coefficient rises with the outcome of all rows of a cell.
    doses : ndarray, shape (cells, m)
        What each cell holds of each lead and lag of the event.
    shares : ndarray, shape (cells,)
        Rows of each cell, or their weight.
    places : DataFrame
        Unit, period and group of each cell, length cells.
    """

    kind: Kind
    terms: tuple[Term, ...]
    coef: Floats
    effects: tuple[Term, ...]
    loads: Floats
    doses: Floats
    shares: Floats
    places: pd.DataFrame

    @property
    def table(self) -> pd.DataFrame:
        """One row for each pair of a coefficient and the event time of effects.

        Returns
        -------
        DataFrame
            coefficient, effect, own, positive, negative, zero (cells, of those with an event), sum_positive,
            sum_negative, total, spread_to_zero, spread_to_opposite. The last two are standard deviations of effects
            across cells: the smallest with which the average effect may be zero, and with which every effect may have
            the opposite sign; missing where effects of several event times enter, or doses are negative.
        """
        return pd.DataFrame([self._pair(i, j) for i in range(len(self.terms)) for j in range(len(self.effects))])

    def cells(self, coefficient: Term | None = None, effect: Term | None = None) -> pd.DataFrame:
        """Weights of single cells with an event.

        Parameters
        ----------
        coefficient : Term, optional
            Needed where there are several.
        effect : Term, optional
            That of the coefficient itself without it.

        Returns
        -------
        DataFrame
            The columns of places, dose, weight, natural_weight (what an average over events gives the cell).

        Raises
        ------
        DesignError
        """
        i = _position(self.terms, coefficient)
        j = self.effects.index(self.terms[i]) if effect is None else _position(self.effects, effect)
        held, weights, natural = self._weights(i, j)
        return self.places[held].assign(dose=self.doses[held, j], weight=weights, natural_weight=natural)

    def __str__(self) -> str:
        """One sentence for each coefficient."""
        return "\n".join(self._sentence(i) for i in range(len(self.terms)))

    def _weights(self, i: int, j: int) -> tuple[Mask, Floats, Floats]:
        """Cells with an event at an event time, and of these the weights in a coefficient and in a plain average.

        There is no plain average of doses of both signs.
        """
        held = self.doses[:, j] != 0
        doses = self.doses[held, j]
        mass = self.shares[held] * (doses if (doses > 0).all() else np.full(len(doses), np.nan))
        return held, self.loads[held, i] * doses, mass / mass.sum()

    def _pair(self, i: int, j: int) -> dict[str, object]:
        _, weights, natural = self._weights(i, j)
        size = ZERO * np.abs(weights).max(initial=0.0)
        up, down = weights > size, weights < -size
        alone = len(self.effects) == 1 and bool((self.doses >= 0).all())
        measures = [
            measure(float(self.coef[i]), np.where(up | down, weights, 0.0), natural) if alone else np.nan
            for measure in (spread_to_zero, spread_to_opposite)
        ]
        return {
            "coefficient": str(self.terms[i]),
            "effect": str(self.effects[j]),
            "own": self.terms[i] == self.effects[j],
            "positive": int(up.sum()),
            "negative": int(down.sum()),
            "zero": len(weights) - int(up.sum()) - int(down.sum()),
            "sum_positive": float(weights[up].sum()),
            "sum_negative": float(weights[down].sum()),
            "total": float(weights.sum()),
            "spread_to_zero": measures[0],
            "spread_to_opposite": measures[1],
        }

    def _sentence(self, i: int) -> str:
        rows = [self._pair(i, j) for j in range(len(self.effects))]
        own = next(row for row in rows if row["own"])
        text = (
            f"{own['coefficient']}: a weighted sum of the effects of {own['positive']} cells with positive and "
            f"{own['negative']} with negative weights, which add up to {own['sum_positive']:.3f} and "
            f"{own['sum_negative']:.3f}"
        )
        others = [float(np.abs(self._weights(i, j)[1]).sum()) for j, row in enumerate(rows) if not row["own"]]
        if not others:
            return f"{text}."
        return (
            f"{text}; effects at other event times enter with weights of {sum(others):.3f} in absolute value, "
            f"{max(others):.3f} at one of them."
        )


def twfe_weights(panel: Panel, design: Design, *, kind: Kind = "levels") -> TwfeWeights:
    """Weights of the effects of single events in the coefficients of a regression with fixed effects.

    Parameters
    ----------
    panel : Panel
    design : Design
        With one term, ``EventWindow(leads=0, lags=0, reference=None)``, the static regression of de Chaisemartin and
        D'Haultfoeuille; with a window, a distributed lag or event study.
    kind : {"levels", "differences"}
        The regression with all fixed effects; or of first differences within units on those that vary within them, such
        as years.

    Raises
    ------
    DesignError
        An offset, or no unit with two periods in a row.

    References
    ----------
    de Chaisemartin and D'Haultfoeuille 2020, doi:10.1257/aer.20181169; with several treatments 2023,
    doi:10.1016/j.jeconom.2023.105480. Sun and Abraham 2021, doi:10.1016/j.jeconom.2020.09.006.

    Examples
    --------
    >>> from eventpanel.estimators.covariance import Clustered
    >>> from eventpanel.estimators.events import Event
    >>> from eventpanel.estimators.window import EventWindow
    >>> frame = pd.DataFrame([(u, t, float(t >= u)) for u in range(1, 13) for t in range(8)], columns=["u", "t", "x"])
    >>> frame["y"] = frame["x"] * (frame["t"] - frame["u"])
    >>> found = twfe_weights(Panel(frame, ("u",), "t"), Design(outcome="y", event=Event(column="x", kind="dose"),
    ...     window=EventWindow(leads=0, lags=0, reference=None), fixed_effects=("u", "t"),
    ...     covariance=Clustered("u", "none")))
    >>> found.table[["positive", "negative", "sum_negative"]].round(4).values.tolist()
    [[24.0, 3.0, -0.0417]]
    """
    if kind not in ("levels", "differences"):
        raise DesignError(f"Unknown kind of regression {kind!r}.", "", "choose levels or differences")
    if design.offset is not None:
        raise DesignError("Weights are those of least squares, which has no offset.", design.offset, "remove it")
    m = matrices(panel, design)
    solved = _levels(m) if kind == "levels" else _differences(m, *_steps(panel, m))
    path = np.array([term.event_time is not None for term in m.terms])
    kept = np.flatnonzero(solved.kept & path)
    terms = tuple(m.terms[i] for i in kept)
    effects = tuple(term for term in m.terms if term.event_time is not None)
    return TwfeWeights(
        kind=kind,
        terms=terms,
        coef=solved.coef[kept],
        effects=effects,
        loads=solved.loads[:, kept],
        doses=m.profiles[:, path[: m.profiles.shape[1]]],
        shares=m.rows.astype(np.float64)
        if m.weights is None
        else np.bincount(m.cells, weights=m.weights).astype(np.float64),
        places=_places(panel, design, m),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Solved:
    """Terms that were estimated, and for all terms coefficients, shape (k,), and loads, shape (cells, k)."""

    kept: Mask
    coef: Floats
    loads: Floats


def _levels(m: Matrices) -> _Solved:
    r = compact(m)
    kept, coef, loads = _solve(m, r)
    return _Solved(kept, coef, loads if len(r.y) == len(m.profiles) < len(m.y) else group_sums(loads, m.cells))


def _differences(m: Matrices, later: Codes, earlier: Codes) -> _Solved:
    """First differences: what a coefficient takes from a change it takes from one row, and gives back to another."""
    unit_effects = [codes[later] for codes in effects_of(m) if (codes[later] != codes[earlier]).any()]
    effects = tuple(recode(codes) for codes in unit_effects) or (np.zeros(len(later), dtype=np.int64),)
    X = m.X
    weights = None if m.weights is None else m.weights[later]
    r = Regression(m.y[later] - m.y[earlier], X[later] - X[earlier], effects, m.clusters[later], weights)
    kept, coef, loads = _solve(m, r)
    rows = np.zeros((len(m.y), loads.shape[1]))
    rows[later] += loads
    rows[earlier] -= loads
    return _Solved(kept, coef, group_sums(rows, m.cells))


def _solve(m: Matrices, r: Regression) -> tuple[Mask, Floats, Floats]:
    """Terms estimated, their coefficients, and how these rise with the outcome of each row of a regression."""
    columns = np.column_stack([r.y, r.X])
    absorbed = absorb(columns, r.effects, r.weights) if r.absorber is None else r.absorber.absorb(columns)
    within = absorbed.columns
    kept, _ = identified(m, within[:, 1:], spread(r.X))
    fit = least_squares(within[:, 0], within[:, 1:][:, kept], r.weights)
    coef, loads = np.full(len(kept), np.nan), np.full((len(r.y), len(kept)), np.nan)
    coef[kept] = fit.coef
    loads[:, kept] = within[:, 1:][:, kept] @ fit.bread
    return kept, coef, loads if r.weights is None else loads * r.weights[:, None]


def _steps(panel: Panel, m: Matrices) -> tuple[Codes, Codes]:
    """Rows of the sample whose unit has a row in the period before, and these rows."""
    unit = recode(panel.crossed("^".join(panel.unit))[m.sample])
    period = ordinals(panel)[m.sample]
    place = unit * (np.int64(np.ptp(period)) + 2) + period - period.min()
    order = np.argsort(place, kind="stable")
    follows = np.flatnonzero(np.diff(place[order]) == 1)
    if not len(follows):
        raise DesignError(
            "No unit has two periods in a row.",
            f"{len(place)} rows of {int(unit.max()) + 1} units",
            "use kind='levels', or a panel without gaps",
        )
    return order[follows + 1], order[follows]


def _places(panel: Panel, design: Design, m: Matrices) -> pd.DataFrame:
    rows = np.flatnonzero(m.sample)[first_rows(m.cells, len(m.profiles))]
    by, period = event_unit(panel, design.event), str(panel.period)
    frame = panel.frame[[by, period]].iloc[rows].reset_index(drop=True)
    if design.moderator is not None:
        frame["group"] = [m.names[g] for g in m.member]
    return frame


def _position(terms: Sequence[Term], term: Term | None) -> int:
    if term is None and len(terms) == 1:
        return 0
    if term is None or term not in terms:
        known = first_few(map(str, terms), 12)
        raise DesignError(f"There is no term {term}.", f"terms: {known}", "name one of the terms of this value")
    return terms.index(term)
