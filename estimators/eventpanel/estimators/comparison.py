"""Comparison of the data with draws of other assignments, term by term and jointly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.permutation import Drawn, p_value, t_statistics, wald_statistics
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.inference import difference as between
from eventpanel.estimators.inference import wald

__all__ = ["Comparison", "contrast", "path_rows"]

SIDES = (("all leads", -1), ("all lags", 1))


@dataclass(frozen=True, slots=True)
class Comparison:
    """The data and the draws, in the same terms.

    Attributes
    ----------
    data, draws : Drawn
        One draw for the data.
    enumerated : bool
        Whether the draws are all there are.
    held : tuple of str
        Units that keep their own history in every draw.
    units : int
    """

    data: Drawn
    draws: Drawn
    enumerated: bool
    held: tuple[str, ...] = ()
    units: int = 0

    def row(self, data: Floats, draws: Floats) -> dict[str, object]:
        """Entries that follow from a statistic of the data, shape (1,), and of the draws, shape (draws,)."""
        p = p_value(float(data[0]), draws, enumerated=self.enumerated)
        error = 0.0 if self.enumerated else float(np.sqrt(p * (1 - p) / len(draws)))
        return {"p_value": p, "p_error": error, "undefined": int(np.isnan(draws).sum())}

    def combine(self, matrix: Floats) -> Comparison:
        """Compare linear combinations of the terms."""

        def combined(drawn: Drawn) -> Drawn:
            return Drawn(drawn.coef @ matrix.T, matrix @ drawn.vcov @ matrix.T)

        return replace(self, data=combined(self.data), draws=combined(self.draws))


def path_rows(path: Estimate, compared: Comparison) -> list[dict[str, object]]:
    """Rows of a table: every term, and per group all leads, all lags and the largest term.

    Parameters
    ----------
    path : Estimate
        Its terms are those of the draws, in the same order.
    compared : Comparison
    """
    rows = [_one(path, compared, j) for j in range(len(path.terms))]
    for group in path.groups:
        for name, side in SIDES:
            chosen = [j for j, t in enumerate(path.terms) if t.group == group and (t.event_time or 0) * side > 0]
            if chosen:
                rows.append(_joint(path, compared, chosen, _named(name, group)))
        own = [j for j, t in enumerate(path.terms) if t.group == group]
        if len(own) > 1:
            rows.append(_largest(compared, own, _named("largest of the path", group)) | {"group": group})
    return rows


def _named(name: str, group: str) -> str:
    return f"{name} [{group}]" if group else name


def _one(path: Estimate, compared: Comparison, j: int) -> dict[str, object]:
    term, data, draws = path.terms[j], t_statistics(compared.data)[:, j], t_statistics(compared.draws)[:, j]
    return {
        "term": str(term),
        "event_time": term.event_time,
        "group": term.group,
        "estimate": float(path.coef[j]),
        "statistic": float(data[0]),
        "p_value_parametric": float(path.pvalues.iloc[j]),
    } | compared.row(np.abs(data), np.abs(draws))


def _joint(path: Estimate, compared: Comparison, columns: Sequence[int], name: str) -> dict[str, object]:
    data, draws = wald_statistics(compared.data, columns), wald_statistics(compared.draws, columns)
    return {
        "term": name,
        "group": path.terms[columns[0]].group,
        "statistic": float(data[0]) / len(columns),
        "p_value_parametric": wald(path, [path.terms[j] for j in columns], name).p_value,
    } | compared.row(data, draws)


def _largest(compared: Comparison, columns: Sequence[int], name: str) -> dict[str, object]:
    data, draws = (np.abs(t_statistics(d)[:, list(columns)]).max(axis=1) for d in (compared.data, compared.draws))
    return {"term": name, "statistic": float(data[0])} | compared.row(data, draws)


def contrast(estimate: Estimate, difference: Sequence[str]) -> tuple[Estimate, Floats]:
    """Path of one group minus another's, and the matrix that makes it of the path, shape (terms, terms of the path).

    Raises
    ------
    DesignError
        Not two groups, or unknown ones.
    """
    if len(difference) != 2:
        raise DesignError("A difference needs two groups.", first_few(difference), "name the first and the second")
    path = between(estimate, difference[0], difference[1])
    where = {(t.event_time, t.group): i for i, t in enumerate(estimate.path)}
    matrix = np.zeros((len(path.terms), len(where)))
    for row, term in enumerate(path.terms):
        matrix[row, where[term.event_time, difference[0]]] = 1.0
        matrix[row, where[term.event_time, difference[1]]] = -1.0
    return path, matrix
