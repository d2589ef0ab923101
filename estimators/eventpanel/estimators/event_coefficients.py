"""Coefficients by event time with their covariance: what diagnostics of a path need, from any estimator or paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.estimators.combinations import between, one_group
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.estimate import Estimate

__all__ = ["REFERENCE", "EventCoefficients", "event_coefficients"]

# Trends are counted from the last period before the event.
REFERENCE = -1


@dataclass(frozen=True, slots=True, eq=False)
class EventCoefficients:
    """Coefficients by event time, zero at -1 by normalisation or restriction.

    Parameters
    ----------
    event_times : ndarray, shape (k,)
        In any order, each once, without -1.
    coef : ndarray, shape (k,)
    vcov : ndarray, shape (k, k)
    dof : float
        Degrees of freedom of the leads' t statistics; infinite for normal ones.

    Raises
    ------
    DesignError
        Shapes that do not fit, a term at -1, or one without a variance.

    Examples
    --------
    >>> EventCoefficients(np.array([-2, 0]), np.array([0.02, 0.07]), np.diag([4e-4, 9e-4])).before.tolist()
    [True, False]
    """

    event_times: Codes
    coef: Floats
    vcov: Floats
    dof: float = np.inf

    def __post_init__(self) -> None:
        for name, kind in (("event_times", np.int64), ("coef", np.float64), ("vcov", np.float64)):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=kind))
        k = len(self.event_times)
        if self.coef.shape != (k,) or self.vcov.shape != (k, k):
            shapes = f"event_times ({k},), coef {self.coef.shape}, vcov {self.vcov.shape}"
            raise DesignError("Coefficients and their covariance do not fit.", shapes, "give (k,), (k,) and (k, k)")
        if REFERENCE in self.event_times:
            raise _free_reference(f"event time {REFERENCE} has a coefficient of its own")
        if len(set(self.event_times.tolist())) < k:
            raise DesignError("An event time is given twice.", first_few(self.event_times), "give each once")
        wrong = self.event_times[~(np.diag(self.vcov) > 0) | ~np.isfinite(self.coef)]
        if len(wrong):
            where = f"event time {first_few(wrong)}"
            raise DesignError("A coefficient has no variance.", where, "leave it out, or use more clusters")

    @property
    def before(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which coefficients are before the event, shape (k,)."""
        return np.asarray(self.event_times < REFERENCE)

    @property
    def periods(self) -> Floats:
        """Periods since the reference, shape (k,): a line with slope one."""
        return (self.event_times - REFERENCE).astype(np.float64)

    @property
    def std_errors(self) -> Floats:
        """Standard errors, shape (k,)."""
        return np.asarray(np.sqrt(np.diag(self.vcov)))

    def along(self, path: float | Mapping[int, float]) -> Floats:
        """Values of a path at the event times: of a line with a slope, or as given for each event time.

        Raises
        ------
        DesignError
            An event time that the path does not have, or has and should not.
        """
        if not isinstance(path, Mapping):
            return float(path) * self.periods
        wrong = {*map(int, path)} - {REFERENCE} ^ {*self.event_times.tolist()}
        if wrong or path.get(REFERENCE, 0.0) != 0.0:
            raise DesignError(
                "The path does not have the event times of the coefficients.",
                f"event time {first_few(sorted(wrong) or [REFERENCE])}; coefficients: "
                f"{first_few(sorted(self.event_times.tolist()), 12)}",
                f"give a value for each of them, and zero or none at {REFERENCE}",
            )
        return np.array([path[int(k)] for k in self.event_times], dtype=np.float64)


def event_coefficients(estimate: Estimate, group: str | None = None) -> EventCoefficients:
    """Take the path of a group from an estimate, without binned ends; of the leads' degrees of freedom the fewest.

    Parameters
    ----------
    estimate : Estimate
    group : str, optional
        Needed where there are several.

    Raises
    ------
    DesignError
        A path whose reference is not -1, or a term without a variance.
    """
    chosen = one_group(estimate, group)
    reference = estimate.design.window.reference
    if reference != REFERENCE:
        raise _free_reference("the window has " + ("no reference" if reference is None else f"reference {reference}"))
    terms = [term for term in between(estimate, chosen, -np.inf, np.inf) if not term.binned]
    rows = [estimate.terms.index(term) for term in terms]
    times = np.array([term.event_time for term in terms], dtype=np.int64)
    dof = estimate.dof[rows][times < REFERENCE].min(initial=np.inf)
    return EventCoefficients(times, estimate.coef[rows], estimate.vcov[np.ix_(rows, rows)], float(dof))


def _free_reference(where: str) -> DesignError:
    return DesignError(
        f"A trend is counted from event time {REFERENCE}, which must be the reference.",
        where,
        f"estimate with reference={REFERENCE}; without binned ends this restricts the effect there to be zero",
    )
