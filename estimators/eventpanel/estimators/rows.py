"""Rows: a fit and the rows of the panel it rests on, with the columns a covariance may ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.calendar import ordinals
from eventpanel.estimators.clusters import degrees_of_freedom
from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.groups import cross, is_nested, recode
from eventpanel.estimators.core.least_squares import Fit
from eventpanel.estimators.covariance import Counts
from eventpanel.estimators.matrices import Matrices
from eventpanel.estimators.path import Term
from eventpanel.estimators.regression import effects_of

__all__ = ["Rows", "nesting"]


@dataclass(frozen=True, slots=True)
class Rows:
    """A fit and the rows it rests on.

    Attributes
    ----------
    m : Matrices
    fit : Fit
    terms : tuple of Term, length k
        Terms of the fit.
    counts : Counts
        For clusters ``m.clusters``.
    clusters : ndarray
        Clusters of the rows of the fit, which are cells where these stand for rows of the panel.
    """

    m: Matrices
    fit: Fit
    terms: tuple[Term, ...]
    counts: Counts
    clusters: Codes

    @property
    def panel(self) -> Panel:
        """Panel whose columns name periods, places, members and further clusters."""
        return self.m.lost.panel

    def values(self, name: str) -> pd.Series:
        """Return a column on the sample; missing values are refused."""
        column = self.panel.column(name)[self.m.sample]
        self._refuse_missing(column.isna().to_numpy(), name)
        return column

    def codes(self, name: str) -> Codes:
        """Return codes of a column or an interaction; missing values are refused."""
        parts = [self.values(part) for part in name.split("^")]
        codes = [pd.factorize(part)[0].astype(np.int64) for part in parts]
        whole = codes[0]
        for other in codes[1:]:
            whole = cross(whole, other)
        return whole

    def numbers(self, name: str) -> Floats:
        """Return a column of numbers; missing values are refused."""
        column = self.panel.number(name).to_numpy()[self.m.sample]
        self._refuse_missing(np.isnan(column), name)
        return np.asarray(column, dtype=np.float64)

    def _refuse_missing(self, missing: Mask, name: str) -> None:
        if missing.any():
            panel = self.panel
            units = panel.frame.loc[self.m.sample, list(panel.unit)][missing].drop_duplicates()
            raise DesignError(
                f"The covariance needs {name!r}, which is missing in {int(missing.sum())} rows of the sample.",
                first_few(" ".join(map(str, unit)) for unit in units.itertuples(index=False)),
                "complete the column, or leave these rows out of the sample",
            )

    @property
    def times(self) -> Codes:
        """Period ordinals, shape (n,)."""
        return np.asarray(ordinals(self.panel)[self.m.sample], dtype=np.int64)

    def within(self, some: Mask) -> Floats:
        """Terms of some rows after the fixed effects of these rows, shape (m, k)."""
        columns = self.m.X[:, [self.m.terms.index(term) for term in self.terms]][some]
        weights = None if self.m.weights is None else self.m.weights[some]
        return absorb(columns, [recode(codes[some]) for codes in effects_of(self.m)], weights).columns

    def dof(self, count: Callable[[Mask], int]) -> Floats:
        """Count less one for each term, on the rows of its group where it has one."""
        whole = count(np.ones(len(self.m.y), dtype=bool))
        by_group = {name: count(self.m.group == g) for g, name in enumerate(self.m.names)}
        return degrees_of_freedom(self.terms, by_group, whole)

    def counted(self, clusters: int, within: Sequence[Codes]) -> Counts:
        """Complete the counts: clusters, and effects that are not nested in any of the groupings ``within``."""
        nested, free = nesting([codes for _, codes in self.m.effects], within, self.m.weights)
        return replace(self.counts, clusters=clusters, nested=nested, free=free)


def nesting(effects: Sequence[Codes], within: Sequence[Codes], weights: Floats | None = None) -> tuple[int, int]:
    """Count the dummies that small-sample rules treat differently.

    Parameters
    ----------
    effects : sequence of ndarray, each shape (n,)
        Codes of the fixed effects.
    within : sequence of ndarray, each shape (n,)
        Groupings that effects may be nested in.
    weights : ndarray, shape (n,), optional

    Returns
    -------
    nested : int
        Independent dummies of the effects that are nested in any of the groupings.
    free : int
        Levels of the other effects, each effect less one.
    """
    nested = [codes for codes in effects if any(is_nested(codes, outer) for outer in within)]
    free = sum(int(codes.max()) for codes in effects if not any(codes is other for other in nested))
    rows = len(effects[0]) if effects else 0
    return absorb(np.empty((rows, 0)), nested, weights).rank, free
