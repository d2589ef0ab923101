"""Poisson models: a design on a panel, fitted on the rows that have a fit; what all Poisson estimators start from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventpanel.datasets.errors import DesignError, IdentificationError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.core.cluster_robust import crv2, crv3
from eventpanel.estimators.core.poisson import PoissonFit
from eventpanel.estimators.core.poisson_clusters import Problem, fit, working_moments
from eventpanel.estimators.core.settled import NothingLeft, Settled, settled
from eventpanel.estimators.covariance import LINEAR_ONLY
from eventpanel.estimators.design import Design
from eventpanel.estimators.likelihood import facts
from eventpanel.estimators.matrices import Matrices, matrices, without_rows
from eventpanel.estimators.precision import check_poisson
from eventpanel.estimators.regression import effects_of
from eventpanel.estimators.selection import check_varies
from eventpanel.estimators.solution import Solution, identified

__all__ = ["PoissonModel", "poisson_matrices", "poisson_model"]

SEPARATED = "separated: the outcome is zero and would be fitted exactly"
ALONE = "alone in a fixed effect after separation"
PROOFS = {
    "fit": "the fit",
    "fixed effects": "the fixed effects",
    "linear program": "a linear program",
    "rectification": "iterated rectification",
}


@dataclass(frozen=True, slots=True)
class PoissonModel:
    """A Poisson regression fitted on a panel.

    Attributes
    ----------
    matrices : Matrices
        Without separated rows.
    problem : Problem
        Arrays of the terms that were estimated.
    fit : PoissonFit
    solution : Solution
        What is handed over for an Estimate.
    """

    matrices: Matrices
    problem: Problem
    fit: PoissonFit
    solution: Solution


def poisson_model(panel: Panel, design: Design) -> PoissonModel:
    """Fit a Poisson regression on the rows that can be fitted; the others go on the ledger.

    Raises
    ------
    DesignError
        And its branches: a negative outcome, HC2 or HC3, nothing left to estimate.
    """
    whole = poisson_matrices(panel, design)
    found = _settled(whole, design)
    m = without_rows(panel, design, whole, found.separated, SEPARATED)
    m = without_rows(panel, design, m, found.alone[~found.separated], ALONE)
    m.refuse_few_clusters()
    kept, dropped = identified(m, found.within)
    problem = _problem(panel, design, m, kept)
    names = [str(term) for term, keep in zip(m.terms, kept, strict=True) if keep]
    best = found.fit if design.offset is None else fit(problem)
    fitted = check_poisson(best, m.y, problem.X, m.weights, names)
    offset = () if design.offset is None else (("Offset", design.offset),)
    proof = ("Nothing more is separated", f"proved by {PROOFS[found.method]}")
    corrected = _corrected(problem, fitted, design) if design.covariance.kind in ("CRV2", "CRV3") else None
    solution = Solution(kept, dropped, fitted.fit, fitted.rank, (*offset, *facts(fitted), proof), corrected=corrected)
    return PoissonModel(m, problem, fitted, solution)


def poisson_matrices(panel: Panel, design: Design) -> Matrices:
    """Matrices of a design that a Poisson regression can be asked for, separated rows included.

    Raises
    ------
    DesignError
        And its branches: a negative outcome or a constant one, HC2 or HC3.
    """
    if design.covariance.kind in LINEAR_ONLY:
        raise DesignError(
            f"{design.covariance.kind} is for linear models.",
            "covariance of ppml",
            "use clusters, 'HC0' or 'HC1' with ppml",
        )
    m = matrices(panel, design)
    if (m.y < 0).any():
        raise DesignError(
            f"The outcome {design.outcome!r} has negative values; a Poisson mean cannot.",
            f"{int((m.y < 0).sum())} rows, the lowest {m.y.min():g}",
            "use distributed_lag, or another outcome",
        )
    check_varies(m.y, design.outcome)
    return m


def _settled(m: Matrices, design: Design) -> Settled:
    try:
        return settled(m.y, m.X, effects_of(m), m.weights)
    except NothingLeft as error:
        raise IdentificationError(
            "Every row is separated: the outcome is explained exactly.",
            f"outcome {design.outcome!r}, fixed effects {', '.join(design.fixed_effects)}",
            "use fewer fixed effects",
        ) from error
    except ArithmeticError as error:
        raise IdentificationError(
            "The Poisson regression could not be fitted.",
            f"{error}; {len(m.y)} rows",
            "use fewer fixed effects, rescale controls, or leave out one that is nearly constant where the outcome is "
            "positive",
        ) from error


def _problem(panel: Panel, design: Design, m: Matrices, kept: Mask) -> Problem:
    offset = np.zeros(len(m.y))
    if design.offset is not None:
        offset = panel.values(design.offset)[m.sample]
    return Problem(m.y, m.X[:, kept], effects_of(m), m.clusters, m.weights, offset)


def _corrected(problem: Problem, fitted: PoissonFit, design: Design) -> tuple[Floats, Floats | None]:
    """Covariance of CRV2, with its degrees of freedom, or of CRV3, of the least squares that the fit ends in."""
    r = working_moments(problem, fitted)
    return crv2(r.moments, r.turn) if design.covariance.kind == "CRV2" else (crv3(r.moments, r.turn), None)
