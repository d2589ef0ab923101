"""Bootstrap: how to draw, and what of a path is tested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.draws import Weights
from eventpanel.estimators.core.wild import Residuals
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.inference import difference
from eventpanel.estimators.path import Term

__all__ = ["Bootstrap", "contrasts", "sides"]

WEIGHTS = ("rademacher", "webb", "mammen")
RESIDUALS = ("restricted", "unrestricted", "restricted_jackknife", "unrestricted_jackknife")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """How to draw.

    Parameters
    ----------
    draws : int
        Number of draws. With Rademacher weights and few clusters all sign changes are taken instead, once.
    seed : int
        Same seed, same draws.
    weights : {"rademacher", "webb", "mammen"}
        Webb's six points are better for fewer than about 12 clusters.
    residuals : {"restricted", "unrestricted", "restricted_jackknife", "unrestricted_jackknife"}
        Residuals under the null, as is usual, or of the full estimate; with the jackknife each cluster's come from a
        fit without it (MacKinnon, Nielsen and Webb 2023, doi:10.1002/jae.2969), for few or unequal clusters.

    Raises
    ------
    DesignError
        Fewer than one draw, or unknown options.
    """

    draws: int
    seed: int
    weights: Weights = "rademacher"
    residuals: Residuals = "restricted"

    def __post_init__(self) -> None:
        if self.draws < 1:
            raise DesignError("A bootstrap needs draws.", f"draws={self.draws}", "ask for 999 or more")
        if self.weights not in WEIGHTS:
            raise DesignError(f"Unknown weights {self.weights!r}.", "", f"choose one of {', '.join(WEIGHTS)}")
        if self.residuals not in RESIDUALS:
            raise DesignError(f"Unknown residuals {self.residuals!r}.", "", f"choose one of {', '.join(RESIDUALS)}")


def sides(path: Sequence[Term]) -> list[tuple[str, str, list[Term]]]:
    """Leads and lags of every group, where it has any, that are tested jointly: name, group, terms."""
    found = []
    for group in dict.fromkeys(term.group for term in path):
        for name, side in (("all leads", -1), ("all lags", 1)):
            chosen = [t for t in path if t.group == group and (t.event_time or 0) * side > 0]
            if chosen:
                found.append((name, group, chosen))
    return found


def contrasts(estimate: Estimate, groups: Sequence[str]) -> tuple[Estimate, dict[Term, int], Floats]:
    """Path of differences between two groups, the columns that hold it, and the matrix that makes them.

    Parameters
    ----------
    estimate : Estimate
    groups : sequence of str
        The first and the second.

    Returns
    -------
    Estimate, dict of Term to int, ndarray of shape (terms, terms)

    Raises
    ------
    DesignError
        Not two groups of the estimate.
    """
    if len(groups) != 2:
        raise DesignError("A difference needs two groups.", first_few(groups), "name the first and the second")
    contrast = difference(estimate, groups[0], groups[1])
    where = {(t.event_time, t.group): i for i, t in enumerate(estimate.terms)}
    first = [where[t.event_time, groups[0]] for t in contrast.path]
    second = [where[t.event_time, groups[1]] for t in contrast.path]
    matrix = np.eye(len(estimate.terms))
    matrix[first, second] = -1.0
    return contrast, dict(zip(contrast.path, first, strict=True)), matrix
