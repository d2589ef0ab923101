"""Confidence sets for an event path whose differential trend is bounded, not absent (Rambachan and Roth 2023)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

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

__all__ = ["Honest", "honest_did"]

Restriction = Literal["smoothness", "relative_magnitude"]
Interval = tuple[float, float]

METHODS = {"smoothness": "FLCI", "relative_magnitude": "C-LF"}
WORDS = {
    "smoothness": "the slope of the differential trend changes by at most M from one period to the next; M is in the "
    "units of the coefficients",
    "relative_magnitude": "after the event the differential trend moves by at most M times its largest move between "
    "two periods before",
}
# Eigenvalues of the correlation may lie so far below zero by rounding.
ROUNDING = 1e-8


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Honest:
    """Confidence sets of one effect for growing departures from parallel trends.

    Attributes
    ----------
    restriction : {"smoothness", "relative_magnitude"}
    effect : str
        What the sets are about, in words.
    estimate, std_error : float
        Of the effect, were trends parallel.
    level : float
    original : tuple of float
        Interval were trends parallel, from the normal distribution.
    table : DataFrame
        One row per bound: restriction, bound, lower, upper, method.
    breakdown : float
        Largest bound at which the set lies on one side of zero; missing where there is none.
    notes : tuple of str
        What a reader must know beside the numbers.
    """

    restriction: Restriction
    effect: str
    estimate: float
    std_error: float
    level: float
    original: Interval
    table: pd.DataFrame
    breakdown: float
    notes: tuple[str, ...]

    def summary(self) -> str:
        """Text with everything needed to read the sets."""
        shown = self.table.drop(columns="restriction").set_index("bound")
        head = f"{self.effect}: {self.estimate:.4f} (standard error {self.std_error:.4f})"
        body = shown.to_string(float_format=lambda value: f"{value:.4f}")
        return "\n".join([head, "", body, "", *self.describe()])

    def describe(self) -> list[str]:
        """Lines of a table note."""
        low, high = self.original
        return [
            f"Sets at {self.level:.0%}; were trends parallel: {low:.4f} to {high:.4f}.",
            f"Restriction: {WORDS[self.restriction]}.",
            self._broken(),
            *self.notes,
        ]

    def _broken(self) -> str:
        if np.isnan(self.breakdown):
            return "No bound leaves zero outside the set."
        return f"Zero is outside the set up to M = {self.breakdown:.4g}, and inside for every larger bound."

    def __repr__(self) -> str:
        """Show the summary."""
        return self.summary()

    def _repr_html_(self) -> str:
        notes = "".join(f"<p>{escape(line)}</p>" for line in self.describe())
        table = self.table.to_html(index=False, float_format=lambda value: f"{value:.4f}")
        return f"<p>{escape(self.effect)}</p>{table}{notes}"


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
    restriction : {"smoothness", "relative_magnitude"}
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
    path = _coefficients(source, group)
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


def _coefficients(source: Estimate | EventCoefficients, group: str | None) -> EventCoefficients:
    """Path in the order of event time, without gaps."""
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
    if gaps or not (times < REFERENCE).any():
        raise DesignError(
            "The path needs every event time from the first to the last, and one before the reference at least.",
            f"event times {', '.join(map(str, times))}; missing: {first_few(gaps) or 'one before -1'}",
            "estimate with leads=2 or more, or give a window without the gap",
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
    times = ", ".join(str(time) for time, _ in parts)
    if len(parts) > 1 and np.allclose([weight for _, weight in parts], 1 / len(parts)):
        return f"Average effect at event times {times}"
    return "Effect " + " + ".join(f"{weight:g} x[{time}]" for time, weight in parts)


def _solver(effect: Effect, restriction: str, level: float) -> tuple[Callable[[float], Interval], float]:
    """Set for each bound, and a bound from which on the set covers zero."""
    if restriction == "relative_magnitude":
        return lambda bound: relative_set(effect, bound, level), covering_bound(effect)
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
        f"{', '.join(map(str, times[:before]))}; after: {', '.join(map(str, times[before:]))}."
    ]
    if before == 1:
        known = "the only move" if restriction == "relative_magnitude" else "all that is known of the slope is the move"
        notes.append(f"One coefficient before the reference: {known} from {times[0]} to {REFERENCE}.")
    if isinstance(source, Estimate) and any(term.binned for term in source.path):
        notes.append("Binned ends are left out: they stand for no single event time.")
    if np.isfinite(path.dof):
        notes.append(f"All sets use the normal distribution; the coefficients have {path.dof:g} degrees of freedom.")
    return notes
