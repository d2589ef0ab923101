"""Binary outcomes: what logit and probit share, from panel and design to a fit on the rows that have one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, IdentificationError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Codes, Mask
from eventpanel.estimators.core.binary import binary
from eventpanel.estimators.core.binary_separation import binary_separation, none_separated, one_sided
from eventpanel.estimators.core.convergence import LikelihoodFit
from eventpanel.estimators.core.links import Link
from eventpanel.estimators.design import Design
from eventpanel.estimators.likelihood import facts
from eventpanel.estimators.matrices import Matrices, matrices, without_rows
from eventpanel.estimators.path import Term
from eventpanel.estimators.regression import effects_of
from eventpanel.estimators.selection import check_varies
from eventpanel.estimators.solution import Solution, absorb_effects, identified

ONE_SIDED = "the outcome is always zero or always one within a fixed effect"
SEPARATED = "separated: the outcome would be fitted exactly"


@dataclass(frozen=True, slots=True)
class BinaryModel:
    """A binary outcome fitted on a panel.

    Attributes
    ----------
    matrices : Matrices
        Without the rows that have no finite fit.
    kept : ndarray of bool, shape (k,)
        Terms that were estimated.
    dropped : tuple of (Term, reason)
    link : Link
    fit : LikelihoodFit
    settled : Series
        Groups of the rows dropped because a fixed effect fits them exactly; their probability does not move.
    """

    matrices: Matrices
    kept: Mask
    dropped: tuple[tuple[Term, str], ...]
    link: Link
    fit: LikelihoodFit
    settled: pd.Series

    @property
    def codes(self) -> Sequence[Codes]:
        """Codes of the fixed effects, or of a constant."""
        return effects_of(self.matrices)

    @property
    def names(self) -> list[str]:
        """Labels of the estimated terms."""
        return [str(term) for term, keep in zip(self.matrices.terms, self.kept, strict=True) if keep]

    @property
    def solution(self) -> Solution:
        """What is handed over for an Estimate."""
        return Solution(self.kept, self.dropped, self.fit.fit, self.fit.rank, facts(self.fit))


def binary_model(panel: Panel, design: Design, link: Link) -> BinaryModel:
    """Fit a binary outcome on the rows that have a finite fit; the others go on the ledger.

    Raises
    ------
    DesignError
        And its branches: an outcome other than zero and one, CRV2 or CRV3, nothing left to estimate.
    """
    if design.covariance.kind != "CRV1":
        raise DesignError(
            f"{design.covariance.kind} is for linear models.", f"covariance of {link.name}", "use kind='CRV1'"
        )
    m = matrices(panel, design)
    _check_outcome(m, design)
    settled: list[pd.Series] = []
    while True:
        exact = one_sided(m.y, effects_of(m))
        settled.append(m.groups[exact])
        m = _without(panel, design, m, exact, ONE_SIDED)
        kept, dropped = identified(m, absorb_effects(m, m.X).columns)
        fitted, separated = _fit_or_separated(m, kept, link)
        if fitted is not None:
            return BinaryModel(m, kept, dropped, link, fitted, pd.concat(settled))
        m = _without(panel, design, m, separated, SEPARATED)


def _check_outcome(m: Matrices, design: Design) -> None:
    values = np.unique(m.y)
    if not np.isin(values, (0.0, 1.0)).all():
        raise DesignError(
            f"The outcome {design.outcome!r} is not binary.",
            f"values {first_few(f'{value:g}' for value in values)}",
            "use an outcome of zeros and ones, such as any_of, or another estimator",
        )
    check_varies(m.y, design.outcome)


def _without(panel: Panel, design: Design, m: Matrices, rows: Mask, cause: str) -> Matrices:
    if rows.all():
        raise IdentificationError(
            "Every row is fitted exactly: no coefficient has a finite estimate.",
            f"outcome {design.outcome!r}, fixed effects {', '.join(design.fixed_effects)}",
            "use fewer fixed effects",
        )
    m = without_rows(panel, design, m, rows, cause)
    m.refuse_few_clusters()
    return m


def _fit_or_separated(m: Matrices, kept: Mask, link: Link) -> tuple[LikelihoodFit | None, Mask]:
    """Return a fit and no row, or no fit and the separated rows; a fit that proves itself needs no search for them."""
    X, codes, failure = m.X[:, kept], effects_of(m), ""
    nothing = np.zeros(len(m.y), dtype=bool)
    fitted: LikelihoodFit | None = None
    try:
        fitted = binary(m.y, X, codes, link, weights=m.weights)
    except ArithmeticError as error:
        failure = str(error)
    if fitted is not None and none_separated(m.y, X, codes, fitted.fit.residuals):
        return fitted, nothing
    try:
        found = binary_separation(m.y, X, codes).separated
    except ArithmeticError as error:
        raise IdentificationError("Separation could not be settled.", str(error), "use fewer fixed effects") from error
    if found.any():
        return None, found
    if fitted is None:
        raise IdentificationError(failure, f"{len(m.y)} rows", "use fewer fixed effects or terms")
    return fitted, nothing
