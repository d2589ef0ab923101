"""Confidence sets for an event path whose differential trend is bounded, not absent (Rambachan and Roth 2023)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.breakdown import largest_bound
from eventpanel.estimators.core.relative_magnitude import covering_bound, relative_set
from eventpanel.estimators.core.sensitivity import Effect, plain_interval
from eventpanel.estimators.core.smoothness import Frontier, frontier, shortest
from eventpanel.estimators.estimate import Estimate, check_level
from eventpanel.estimators.event_coefficients import REFERENCE, EventCoefficients, event_coefficients
from eventpanel.estimators.honest import Honest, Interval, Restriction, span

__all__ = ["honest_did"]

METHODS = {"smoothness": "FLCI", "relative_magnitude": "C-LF", "relative_smoothness": "C-LF"}
# Moves that are bounded by those before the event: from one period to the next, or of the slope.
ORDERS = {"relative_magnitude": 1, "relative_smoothness": 2}
# Eigenvalues of the correlation may lie so far below zero by rounding.
ROUNDING = 1e-8


def honest_did(
    source: Estimate | EventCoefficients,
    *,
    restriction: Restriction,
    bounds: Sequence[float],
    event_time: int | Mapping[int, float] = 0,
    level: float = 0.95,
    group: str | None = None,
) -> Honest:
    """Confidence sets for an effect when trends were not quite parallel, from coefficients and their covariance alone.

    Parameters
    ----------
    source : Estimate or EventCoefficients
        With every event time from the first to the last, in any order, -1 being the reference.
    restriction : {"smoothness", "relative_magnitude", "relative_smoothness"}
        What is assumed of the differential trend, the bias of the coefficients.
    bounds : sequence of float
        Each M to give a set for, not negative.
    event_time : int or mapping
        The effect: that at one event time after the reference, or a sum by event time and weight, such as
        ``{0: 0.5, 1: 0.5}``.
    level : float
    group : str, optional
        Needed where an estimate has several.

    Returns
    -------
    Honest

    Raises
    ------
    DesignError
        A gap in the event times, none before the reference, a free coefficient at the reference, an effect that is
        not there, a bound that is negative, or a covariance in which a needed variance is zero.

    References
    ----------
    Rambachan and Roth 2023, doi:10.1093/restud/rdad018.

    Examples
    --------
    >>> path = EventCoefficients(np.array([-3, -2, 0, 1]), np.array([0.02, -0.01, 0.3, 0.4]), 0.01 * np.eye(4))
    >>> found = honest_did(path, restriction="relative_magnitude", bounds=[0.5, 1], event_time={0: 0.5, 1: 0.5})
    >>> found.table.round(3)
              restriction  bound  lower  upper method
    0  relative_magnitude    0.5  0.115  0.585   C-LF
    1  relative_magnitude    1.0 -0.067  0.767   C-LF
    >>> print(f"{found.breakdown:.3f}")
    0.820
    """
    check_level(level)
    asked = _bounds(bounds, restriction)
    path = _coefficients(source, group, ORDERS.get(restriction, 1))
    effect, words = _effect(path, event_time)
    try:
        interval, start = _solver(effect, restriction, level)
        found = [interval(bound) for bound in asked]
        breakdown = largest_bound(lambda bound: _margin(interval(bound)), start)
    except (np.linalg.LinAlgError, ArithmeticError) as error:
        raise DesignError(
            "The covariance of the path is singular, or nearly so.",
            f"{len(path.event_times)} coefficients: {error}",
            "use a shorter window, or more clusters than coefficients",
        ) from error
    lower, upper = zip(*found, strict=True)
    columns = {"restriction": restriction, "bound": asked, "lower": lower, "upper": upper}
    return Honest(
        restriction,
        words,
        effect.estimate,
        effect.std_error,
        level,
        plain_interval(effect, level),
        pd.DataFrame(columns | {"method": METHODS[restriction]}),
        breakdown,
        tuple(_notes(source, path, restriction)),
    )


def _bounds(bounds: Sequence[float], restriction: str) -> list[float]:
    if restriction not in METHODS:
        raise DesignError(f"Unknown restriction {restriction!r}.", "", f"use {' or '.join(map(repr, METHODS))}")
    asked = [float(bound) for bound in bounds]
    wrong = [bound for bound in asked if not 0 <= bound < np.inf]
    if wrong or not asked:
        raise DesignError(
            "Bounds are needed, none of them negative.",
            f"bounds={first_few(wrong) or 'none'}",
            "give each M to show, such as [0.5, 1, 1.5, 2] for relative magnitudes",
        )
    return asked


def _coefficients(source: Estimate | EventCoefficients, group: str | None, least: int) -> EventCoefficients:
    """Path in the order of event time, without gaps, with as many coefficients before the reference as are needed."""
    if isinstance(source, EventCoefficients):
        path = source
    else:
        free = source.design.window.reference is None and REFERENCE in [term.event_time for term in source.path]
        if free:
            raise DesignError(
                f"The coefficient at event time {REFERENCE} is free: a trend is counted from there.",
                "the window has no reference",
                "subtract it: honest_did(normalised(estimate), ...), or estimate with reference=-1",
            )
        path = event_coefficients(source, group)
    order = np.argsort(path.event_times)
    times = path.event_times[order]
    every = {*range(min(times.min(initial=0), REFERENCE), max(times.max(initial=0), REFERENCE) + 1)} - {REFERENCE}
    gaps = sorted(every - {*times.tolist()})
    if gaps or (times < REFERENCE).sum() < least:
        raise DesignError(
            f"The path needs every event time from the first to the last, and {least} before the reference at least.",
            f"event times {', '.join(map(str, times))}; missing: {first_few(gaps) or first_few([-1 - least])}",
            f"estimate with leads={least + 1} or more, or give a window without the gap",
        )
    vcov = path.vcov[np.ix_(order, order)]
    _check_covariance(vcov)
    return EventCoefficients(times, path.coef[order], vcov, path.dof)


def _check_covariance(vcov: Floats) -> None:
    size = np.sqrt(np.diag(vcov))
    correlation = vcov / np.outer(size, size)
    good = bool(np.isfinite(correlation).all()) and np.abs(correlation - correlation.T).max() <= ROUNDING
    if not good or np.linalg.eigvalsh(correlation).min() < -ROUNDING:
        raise DesignError(
            "The covariance is not one: it must be symmetric, finite, without negative eigenvalues.",
            f"{len(vcov)} coefficients",
            "give the covariance of all coefficients, not their standard errors",
        )


def _effect(path: EventCoefficients, event_time: int | Mapping[int, float]) -> tuple[Effect, str]:
    asked = event_time if isinstance(event_time, Mapping) else {event_time: 1.0}
    later = path.event_times[~path.before].tolist()
    weights = np.array([float(asked.get(time, 0.0)) for time in later])
    strange = sorted({*asked} - {*later})
    if strange or not np.isfinite(weights).all() or not weights.any():
        raise DesignError(
            "The effect is not one of the path after the reference.",
            f"event time {first_few(strange) or 'without weight'}; the path has {first_few(later, 12) or 'none'}",
            "ask for one of these, or for a mapping of some of them to weights",
        )
    effect = Effect(path.coef, path.vcov, weights)
    # Weights that cancel in the covariance leave nothing to test.
    if not effect.row @ path.vcov @ effect.row > 0:
        raise DesignError("The effect has no variance.", f"event_time={event_time}", "ask for another effect")
    return effect, _words(later, weights)


def _words(later: Sequence[int], weights: Floats) -> str:
    parts = [(time, weight) for time, weight in zip(later, weights, strict=True) if weight]
    if len(parts) == 1 and parts[0][1] == 1:
        return f"Effect at event time {parts[0][0]}"
    if len(parts) > 1 and np.allclose([weight for _, weight in parts], 1 / len(parts)):
        return f"Average effect at event times {span([time for time, _ in parts])}"
    return "Effect " + " + ".join(f"{weight:g} x[{time}]" for time, weight in parts)


def _solver(effect: Effect, restriction: str, level: float) -> tuple[Callable[[float], Interval], float]:
    """Set for each bound, and a bound from which on the set covers zero."""
    order = ORDERS.get(restriction)
    if order is not None:
        return lambda bound: relative_set(effect, bound, level, order), covering_bound(effect, order)
    line = frontier(effect)
    return lambda bound: _fixed_length(line, bound, level), line.covering


def _fixed_length(line: Frontier, bound: float, level: float) -> Interval:
    found = shortest(line, bound, level)
    return found.centre - found.half, found.centre + found.half


def _margin(interval: Interval) -> float:
    """Distance of zero from an interval, negative inside it."""
    return max(interval[0], -interval[1])


def _notes(source: Estimate | EventCoefficients, path: EventCoefficients, restriction: str) -> list[str]:
    times, before = path.event_times, int(path.before.sum())
    notes = [
        f"Trends are counted from event time {REFERENCE}, whose effect is zero; before: "
        f"{span(times[:before])}; after: {span(times[before:])}."
    ]
    if before == 1:
        known = "all that is known of the slope is" if restriction == "smoothness" else "the only move is"
        notes.append(f"One coefficient before the reference: {known} that from {times[0]} to {REFERENCE}.")
    if isinstance(source, Estimate) and any(term.binned for term in source.path):
        notes.append("Binned ends are left out: they stand for no single event time.")
    if np.isfinite(path.dof):
        notes.append(f"All sets use the normal distribution; the leads have {path.dof:g} degrees of freedom.")
    return notes
