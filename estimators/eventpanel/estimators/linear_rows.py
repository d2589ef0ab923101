"""Rows of a regression without an event: a model on a panel, as arrays, every lost row on the ledger."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.clusters import few_clusters
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.groups import not_singletons, recode
from eventpanel.estimators.finite import finite
from eventpanel.estimators.ledger import Ledger
from eventpanel.estimators.linear_fit import Linear
from eventpanel.estimators.selection import check_varies, refuse_empty, restrict

__all__ = ["LinearRows", "columns_of", "linear_rows"]


@dataclass(frozen=True, slots=True, eq=False)
class LinearRows:
    """A model on a panel.

    Attributes
    ----------
    y : ndarray, shape (n,)
    X : ndarray, shape (n, k)
        Terms as the model names them; each column lies together in memory.
    effects : tuple of ndarray, each shape (n,)
        Codes 0..G-1 of the fixed effects.
    ways : tuple of ndarray, each shape (n,)
        Codes 0..G-1 of each way of clusters.
    lost : Ledger
        Which rows of the panel are used, and why the others are not.
    """

    y: Floats
    X: Floats
    effects: tuple[Codes, ...]
    ways: tuple[Codes, ...]
    lost: Ledger

    @property
    def groupings(self) -> tuple[Codes, ...]:
        """Codes of the fixed effects, or of a constant where there is none."""
        return self.effects or (np.zeros(len(self.y), dtype=np.int64),)


def columns_of(panel: Panel, term: str) -> tuple[str, ...]:
    """Name the columns whose product a term is; a column whose own name has a ``:`` is that column.

    Raises
    ------
    DesignError
        A part without a name.
    """
    if term in panel.frame.columns:
        return (term,)
    parts = tuple(term.split(":"))
    if not all(parts):
        raise DesignError(f"The term {term!r} has a part without a name.", "", "join columns by one colon: 'china:ai'")
    return parts


def linear_rows(panel: Panel, model: Linear) -> LinearRows:
    """Turn a model on a panel into arrays.

    Raises
    ------
    ColumnError, NumberError, DesignError, ConstantOutcomeError, FewClustersError
        Each says what is wrong, where, and what to do.
    """
    factors = [columns_of(panel, term) for term in model.terms]
    lost = _known(panel, model, tuple(dict.fromkeys(name for parts in factors for name in parts)))
    _leave_singletons(panel, model, lost)
    refuse_empty(lost)
    keep = None if lost.keep.all() else np.flatnonzero(lost.keep)

    def of(values: Floats) -> Floats:
        return values if keep is None else values.take(keep)

    X = np.ones((len(factors), int(lost.keep.sum())))
    for column, parts in zip(X, factors, strict=True):
        for name in parts:
            column *= of(panel.values(name))
    y = of(panel.values(model.outcome))
    check_varies(y, model.outcome)
    effects, ways = (_codes(panel, names, lost) for names in (model.fixed_effects, model.covariance.ways))
    for codes in ways:
        few_clusters(("",), np.array([int(codes.max()) + 1]), np.array([len(y)]))
    return LinearRows(y, X.T, effects, ways, lost)


def _known(panel: Panel, model: Linear, factors: tuple[str, ...]) -> Ledger:
    """Rows of the sample that have all that a model needs."""
    lost = Ledger(panel, next((name for name in model.covariance.ways if name in panel.unit), panel.unit[-1]))
    restrict(panel, model.sample, lost)
    lost.drop(panel.censored(model.outcome), f"censored value of the outcome {model.outcome}")
    lost.drop(np.isnan(panel.values(model.outcome)), f"no value of the outcome {model.outcome}")
    for name in factors:
        lost.drop(np.isnan(panel.values(name)), f"no value of {name}")
    for what, names in (("fixed effect", model.fixed_effects), ("clusters", model.covariance.ways)):
        for part in dict.fromkeys(part for name in names for part in name.split("^")):
            lost.drop(panel.codes(part).codes < 0, f"no value of the {what} {part}")
    finite(panel, (model.outcome, *factors), lost.keep)
    return lost


def _leave_singletons(panel: Panel, model: Linear, lost: Ledger) -> None:
    if not model.fixed_effects:
        return
    alone = lost.keep.copy()
    alone[lost.keep] = ~not_singletons(_codes(panel, model.fixed_effects, lost))
    lost.drop(alone, "alone in a fixed effect")


def _codes(panel: Panel, names: tuple[str, ...], lost: Ledger) -> tuple[Codes, ...]:
    every = lost.keep.all()
    return tuple(recode(codes if every else codes[lost.keep]) for codes in map(panel.crossed, names))
