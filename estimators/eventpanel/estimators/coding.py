"""Coding: from the column of an event on its calendar to what enters a regression."""

from __future__ import annotations

import numpy as np

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.shifts import shifted
from eventpanel.estimators.events import Event, Threshold
from eventpanel.estimators.occurrences import enters, onsets, spells


def coded(given: Floats, event: Event) -> Floats:
    """Code a column on its calendar; missing where it cannot be told.

    Parameters
    ----------
    given : ndarray, shape (U, T)
    event : Event
    """
    if not event.is_binary:
        return _amount(given, event)
    entering, aside = entry(given, event), event.overlap.aside == "missing"
    return np.where((entering == 0) & (happened(given, event) == 1) & aside, np.nan, entering)


def entry(given: Floats, event: Event) -> Floats:
    """Whether an event that enters stands in each cell, those set aside being 0; missing where it cannot be told."""
    return enters(happened(given, event), event.overlap, ~np.isnan(given))


def happened(given: Floats, event: Event) -> Floats:
    """Whether an event happened in each cell, entering or set aside: 1, 0, missing where it cannot be told.

    The dose is not zero, the level changed, or what a threshold, an onset or a spell says.
    """
    if event.kind in ("dose", "change"):
        return over(given, event)
    passed = over(given, event)
    if event.kind == "threshold":
        return passed
    return onsets(passed, event.quiet) if event.kind == "onset" else spells(passed, event.quiet)


def over(given: Floats, event: Event) -> Floats:
    """Whether each cell is above the threshold; without one, whether the dose or the change is not zero."""
    if event.threshold is None:
        amount = given if event.kind == "dose" else _amount(given, event)
        return np.where(np.isnan(amount), np.nan, amount != 0)
    x = _transformed(given, event)
    return np.where(np.isnan(x), np.nan, x > _cut(x, event.threshold))


def _transformed(given: Floats, event: Event) -> Floats:
    return np.log1p(given) if event.transform == "log1p" else given


def _amount(given: Floats, event: Event) -> Floats:
    x = _transformed(given, event)
    return x - shifted(x, 1) if event.kind == "change" else _standardise(x, event.scale)


def _standardise(x: Floats, scale: str) -> Floats:
    if scale == "none":
        return x
    mean, spread = _moments(x, {"sd": None, "unit_sd": 1, "period_sd": 0}[scale])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((x - mean) / np.where(spread > 0, spread, np.nan))


def _moments(x: Floats, axis: int | None) -> tuple[Floats, Floats]:
    """Mean and standard deviation of what is known; missing where there are too few values."""
    known = ~np.isnan(x)
    count = known.sum(axis=axis, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(known, x, 0.0).sum(axis=axis, keepdims=True) / count
        squares = (np.where(known, x - mean, 0.0) ** 2).sum(axis=axis, keepdims=True)
        return mean, np.sqrt(np.where(count > 1, squares, np.nan) / (count - 1))


def _cut(x: Floats, threshold: Threshold) -> Floats | float:
    if threshold.rule == "unit_sd":
        mean, spread = _moments(x, 1)
        return np.asarray(mean + threshold.value * np.where(np.isnan(spread), 0.0, spread))
    if threshold.rule == "unit_median":
        some = ~np.isnan(x).all(axis=1)
        median = np.full((len(x), 1), np.nan)
        median[some, 0] = np.nanmedian(x[some], axis=1)
        return median
    if threshold.rule == "period_quantile":
        periods = (column[~np.isnan(column)] for column in x.T)
        return np.array([[np.quantile(known, threshold.value) if len(known) else np.nan for known in periods]])
    known = x[~np.isnan(x)]
    if threshold.rule == "quantile" and len(known):
        return float(np.quantile(known, threshold.value))
    return threshold.value
