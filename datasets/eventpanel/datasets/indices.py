"""Summary indices: many items of one thing as one number, by inverse covariance, equal weights or a component.

Items are standardised on a reference group; the index of row i is a weighted mean of the standardised items z_i the row
has. With S the covariance of the standardised items, the weights are

- inverse covariance: (1'S^-1 1)^-1 1'S^-1, which of all weights that sum to one give the index with the smallest
  variance (Anderson 2008, doi:10.1198/016214508000000841): items that repeat one another share a weight;
- equal: one over the number of items;
- first component: the leading eigenvector of S, scaled to sum to one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventpanel.datasets.errors import InputError, first_few

__all__ = ["Index", "Weighting", "summary_index"]

Weighting = Literal["inverse_covariance", "equal", "first_component"]
Missing = Literal["available", "complete", "mean"]
Array = npt.NDArray[np.float64]
# Relative to the largest eigenvalue: below it a covariance of a few dozen items is singular in double precision.
TOLERANCE = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """A summary index and how it was made.

    Attributes
    ----------
    values : Series, shape (n,)
        The index, in standard deviations of the reference group's items; missing where a row has too few items.
    weights : Series, shape (k,)
        Weight of each item kept, for a row that has them all; they sum to one.
    covariance : DataFrame, shape (k, k)
        Covariance of the standardised items, over all rows.
    dropped : mapping of str to str
        Items left out, and why.
    notes : tuple of str
        What a reader must know: negative weights, a singular covariance.
    """

    values: pd.Series
    weights: pd.Series
    covariance: pd.DataFrame
    dropped: dict[str, str]
    notes: tuple[str, ...]


def summary_index(
    items: pd.DataFrame,
    *,
    weighting: Weighting = "inverse_covariance",
    reference: pd.Series | None = None,
    missing: Missing = "available",
) -> Index:
    """Make one number of many items.

    Parameters
    ----------
    items : DataFrame, shape (n, k)
        Numbers, larger being more of the same thing in every item; turn items around before.
    weighting : {"inverse_covariance", "equal", "first_component"}
        How the items are weighted; see the module.
    reference : Series of bool, shape (n,), optional
        Rows whose means and standard deviations standardise the items; all rows without it. The covariance is
        that of all rows in either case.
    missing : {"available", "complete", "mean"}
        What a row without some items gets: the index of the items it has, with weights from their part of the
        covariance, which is measured pair by pair; no index; or the reference mean in their place.

    Returns
    -------
    Index

    Raises
    ------
    InputError
        No item that varies; a reference of another length. Unless weights are equal, a covariance that no data could
        have or that is unknown, measured pair by pair. With inverse covariance, items of which a weighted sum is
        constant; with a component, weights that cancel, so that it is no mean of the items.

    Examples
    --------
    >>> items = pd.DataFrame({"a": [1.0, 1, -1, -1], "b": [1.0, -1, 1, -1], "again": [2.0, -2, 2, -2]})
    >>> summary_index(items).weights.round(2).tolist()
    [0.5, 0.25, 0.25]
    """
    numbers = items.astype(float)
    scores, dropped = _standardised(numbers, _rows(numbers, reference))
    if missing == "mean":
        scores = scores.fillna(0.0)
    covariance = (scores.dropna() if missing == "complete" else scores).cov()
    notes = () if weighting == "equal" else _conditions(covariance)
    weigh = WEIGHTS[weighting]
    z, matrix = scores.to_numpy(), covariance.to_numpy()
    weights = pd.Series(weigh(matrix), index=scores.columns, name="weight")
    values = np.full(len(z), np.nan)
    patterns, pattern = np.unique(~np.isnan(z), axis=0, return_inverse=True)
    for place, held in enumerate(patterns):
        if held.all() or (missing == "available" and held.any()):
            rows = pattern.reshape(-1) == place
            values[rows] = z[np.ix_(rows, held)] @ weigh(matrix[np.ix_(held, held)])
    negative = [f"{name} ({weight:.3f})" for name, weight in weights.items() if weight < 0]
    if negative:
        notes = (
            *notes,
            f"Negative weights: {first_few(negative, len(negative))}: more of these items lowers the index.",
        )
    return Index(pd.Series(values, index=items.index, name="index"), weights, covariance, dropped, notes)


def _rows(items: pd.DataFrame, reference: pd.Series | None) -> npt.NDArray[np.bool_]:
    if reference is None:
        return np.ones(len(items), dtype=bool)
    if len(reference) != len(items):
        raise InputError(
            "The reference group is not a choice of the items' rows.",
            f"{len(reference)} truth values for {len(items)} rows",
            "give one truth value for each row",
        )
    return reference.to_numpy(dtype=bool)


def _standardised(items: pd.DataFrame, reference: npt.NDArray[np.bool_]) -> tuple[pd.DataFrame, dict[str, str]]:
    """Items in standard deviations from the mean of the reference group, and those that cannot be."""
    group = items[reference]
    dropped = {str(name): "fewer than two values in the reference group" for name in items if group[name].count() < 2}
    constant = group.columns[(group.min() == group.max()).to_numpy()]
    dropped |= {str(name): "no variation in the reference group" for name in constant if str(name) not in dropped}
    kept = [name for name in items.columns if str(name) not in dropped]
    if not kept:
        raise InputError(
            "No item varies, so there is no index.",
            first_few(f"{name}: {reason}" for name, reason in dropped.items()) or "no items",
            "choose other items, or another reference group",
        )
    return (items[kept] - group[kept].mean()) / group[kept].std(ddof=1), dropped


def _conditions(covariance: pd.DataFrame) -> tuple[str, ...]:
    """Refuse what is no covariance; say where it is singular."""
    unmeasured = covariance.index[covariance.isna().any(axis=1).to_numpy()]
    if len(unmeasured):
        raise InputError(
            "Some items are never seen together, so their covariance is unknown.",
            first_few(unmeasured),
            'leave them out, or choose missing = "mean"',
        )
    values, vectors = np.linalg.eigh(covariance.to_numpy())
    if values[0] < -TOLERANCE * values[-1]:
        raise InputError(
            "Covariances measured pair by pair, on different rows, do not fit together.",
            f"smallest eigenvalue {values[0]:.3g}, items {first_few(_largest(covariance, vectors[:, 0]))}",
            'choose missing = "complete" or "mean", or leave out items with few values',
        )
    if values[0] > TOLERANCE * values[-1]:
        return ()
    names = first_few(_largest(covariance, vectors[:, 0]))
    return (f"Singular covariance: an item is a weighted sum of others ({names}); a generalised inverse is used.",)


def _largest(covariance: pd.DataFrame, vector: Array) -> list[str]:
    """Names of the items in a direction, largest part first."""
    order = np.argsort(-np.abs(vector), kind="stable")
    return [str(covariance.index[place]) for place in order if abs(vector[place]) > 0.1]


def _inverse_covariance(covariance: Array) -> Array:
    ones = np.ones(len(covariance))
    sums = np.linalg.pinv(covariance, rcond=TOLERANCE, hermitian=True) @ ones
    if not np.allclose(covariance @ sums, ones, rtol=0, atol=1e-6):
        raise InputError(
            "A weighted sum of the items is constant, so no weights have the smallest variance.",
            f"{len(covariance)} items",
            "leave out an item that is made of others, such as a total or the opposite of another",
        )
    return np.asarray(sums / sums.sum())


def _equal(covariance: Array) -> Array:
    return np.full(len(covariance), 1 / len(covariance))


def _first_component(covariance: Array) -> Array:
    leading = np.linalg.eigh(covariance)[1][:, -1]
    if abs(leading.sum()) < 1e-6:
        raise InputError(
            "The weights of the first component cancel: it is no mean of the items.",
            f"{len(covariance)} items",
            "turn items around so that more of each is more of the same thing",
        )
    return np.asarray(leading / leading.sum())


WEIGHTS: dict[Weighting, Callable[[Array], Array]] = {
    "inverse_covariance": _inverse_covariance,
    "equal": _equal,
    "first_component": _first_component,
}
