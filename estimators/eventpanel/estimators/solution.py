"""Solution: what every estimator hands over, and the Estimate that is made of it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from eventpanel.datasets.errors import ConstantOutcomeError, DesignError, IdentificationError, first_few
from eventpanel.estimators.cautions import EstimationWarning, cautions, restriction
from eventpanel.estimators.clusters import degrees_of_freedom
from eventpanel.estimators.core.absorb import Absorbed, absorb
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.groups import is_nested
from eventpanel.estimators.core.least_squares import COLLINEAR, Fit, independent
from eventpanel.estimators.covariance import Counts
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate, GroupSize
from eventpanel.estimators.matrices import Matrices
from eventpanel.estimators.path import Term
from eventpanel.estimators.regression import effects_of
from eventpanel.estimators.rows import Rows
from eventpanel.estimators.vcov import Uncertainty, uncertainty

__all__ = [
    "EstimationWarning",
    "Solution",
    "absorb_effects",
    "assemble",
    "counts_of",
    "identified",
    "reasons",
    "refuse_explained",
    "removed",
    "sizes_of",
    "spread",
]

T = TypeVar("T")
# Estimators whose mean an offset enters.
WITH_OFFSET = ("ppml",)
# A certificate worse than this means that the fixed effects were not removed.
ABSORBED_WELL = 1e-8


@dataclass(frozen=True, slots=True)
class Solution:
    """Coefficients on matrices, before they are called an estimate.

    Attributes
    ----------
    kept : ndarray of bool, shape (k,)
        Terms that were estimated.
    dropped : tuple of (Term, reason)
    fit : Fit
        Coefficients, scores and bread of the kept terms.
    rank : int
        Independent dummies of the fixed effects.
    facts : tuple of (name, value)
        What a table says about the fit.
    clusters : ndarray, optional
        Clusters of the rows of the fit, where these are not the rows of the panel.
    corrected : tuple of ndarray, optional
        Covariance and degrees of freedom, where they are not those of the plain sandwich.
    """

    kept: Mask
    dropped: tuple[tuple[Term, str], ...]
    fit: Fit
    rank: int
    facts: tuple[tuple[str, str], ...]
    clusters: Codes | None = None
    corrected: tuple[Floats, Floats | None] | None = None


def absorb_effects(m: Matrices, columns: Floats) -> Absorbed:
    """Residualise columns on the fixed effects, or on a constant where there is none.

    Raises
    ------
    IdentificationError
        The effects could not be removed to the accuracy needed.
    """
    return removed(columns, effects_of(m), m.weights)


def removed(columns: Floats, effects: Sequence[Codes], weights: Floats | None = None) -> Absorbed:
    """Residualise columns on fixed effects, and refuse what was not removed to the accuracy needed.

    Parameters
    ----------
    columns : ndarray, shape (n, k)
    effects : sequence of ndarray, each shape (n,)
        Codes; a constant is one group.
    weights : ndarray, shape (n,), optional

    Raises
    ------
    IdentificationError
    """
    within = absorb(columns, effects, weights)
    if within.certificate > ABSORBED_WELL:
        raise IdentificationError(
            "The fixed effects could not be removed to the accuracy needed.",
            f"largest group mean left: {within.certificate:.1e} of a standard deviation",
            "use fewer or coarser fixed effects",
        )
    return within


def spread(columns: Floats) -> Floats:
    """Norm of columns around their means, shape (k,)."""
    return np.asarray(np.linalg.norm(columns - columns.mean(axis=0), axis=0))


def identified(m: Matrices, X: Floats, size: Floats | None = None) -> tuple[Mask, tuple[tuple[Term, str], ...]]:
    """Find the terms that can be estimated, and why the others cannot.

    Parameters
    ----------
    m : Matrices
    X : ndarray, shape (n, k)
        Terms after fixed effects.
    size : ndarray, shape (k,), optional
        Norms of the terms before, around their means; needed where X does not have the rows of the panel.

    Raises
    ------
    IdentificationError
        A group of which no term is identified.
    """
    kept, absorbed = independent(X, spread(m.X) if size is None else size)
    dropped = reasons(m.terms, kept, absorbed)
    for group in dict.fromkeys(term.group for term in m.terms if term.event_time is not None):
        path = [k for k, t in zip(kept, m.terms, strict=True) if t.event_time is not None and t.group == group]
        if not any(path):
            raise IdentificationError(
                "No term of the path is identified" + (f" for {group}." if group else "."),
                first_few(f"{term}: {reason}" for term, reason in dropped),
                "use fewer fixed effects, or an event that varies within them",
            )
    return kept, dropped


def reasons(terms: Sequence[T], kept: Mask, absorbed: Mask) -> tuple[tuple[T, str], ...]:
    """Say why terms are left out.

    Parameters
    ----------
    terms : sequence, length k
    kept, absorbed : ndarray of bool, shape (k,)
        As :func:`.independent` gives them.
    """
    return tuple(
        (term, "explained by the fixed effects" if inside else "collinear with terms before it")
        for term, keep, inside in zip(terms, kept, absorbed, strict=True)
        if not keep
    )


def refuse_explained(left: Floats, y: Floats, outcome: str, fixed_effects: Sequence[str]) -> None:
    """Refuse an outcome of which the fixed effects leave nothing.

    Parameters
    ----------
    left, y : ndarray, each shape (n,)
        After the fixed effects, and before.
    outcome : str
        Its name.
    fixed_effects : sequence of str

    Raises
    ------
    ConstantOutcomeError
    """
    if np.linalg.norm(left) <= COLLINEAR * spread(y[:, None])[0]:
        raise ConstantOutcomeError(
            f"The fixed effects explain the outcome {outcome!r} fully.",
            f"fixed effects: {', '.join(fixed_effects)}",
            "use fewer fixed effects",
        )


def assemble(estimator: str, design: Design, m: Matrices, solution: Solution) -> Estimate:
    """Make an Estimate of a solution: covariance, degrees of freedom, counts, cautions; cautions are warned about.

    Parameters
    ----------
    estimator : str
        Name of the estimator.
    design : Design
    m : Matrices
    solution : Solution

    Raises
    ------
    DesignError
        An offset with an estimator that has none.
    """
    if design.offset is not None and estimator not in WITH_OFFSET:
        raise DesignError(
            f"An offset is for Poisson means; {estimator} has none.", design.offset, "use ppml, or remove the offset"
        )
    fit, terms = solution.fit, tuple(t for t, keep in zip(m.terms, solution.kept, strict=True) if keep)
    counts, (sizes, treated) = counts_of(m, solution.rank, len(terms)), sizes_of(m)
    clusters = m.clusters if solution.clusters is None else solution.clusters
    said = cautions(design, counts.clusters, treated, sizes, solution.dropped)
    found = _uncertainty(design, Rows(m, fit, terms, counts, clusters), solution, sizes)
    estimate = Estimate(
        estimator=estimator,
        design=design,
        terms=terms,
        coef=fit.coef,
        vcov=found.vcov,
        dof=found.dof,
        nobs=counts.nobs,
        n_clusters=counts.clusters,
        n_treated=treated,
        reference=_reference(design, m.names),
        dropped=solution.dropped,
        lost=m.lost,
        sizes=sizes,
        facts=(("Fixed effects", _levels(m)), *solution.facts),
        notes=(*said, *restriction(design), *found.notes),
        contributions=found.contributions,
    )
    for note in estimate.notes:
        warnings.warn(note, EstimationWarning, stacklevel=3)
    return estimate


def _levels(m: Matrices) -> str:
    return ", ".join(f"{name} ({int(codes.max()) + 1})" for name, codes in m.effects) or "none"


def counts_of(m: Matrices, rank: int, terms: int) -> Counts:
    """Count what small-sample rules need.

    Parameters
    ----------
    m : Matrices
    rank : int
        Independent dummies of the fixed effects.
    terms : int
        Terms that were estimated.
    """
    nested = [codes for _, codes in m.effects if is_nested(codes, m.clusters)]
    inside = int(nested[0].max()) + 1 if len(nested) == 1 else absorb(np.empty((len(m.y), 0)), nested, m.weights).rank
    return Counts(len(m.y), int(m.clusters.max()) + 1, terms, rank, inside)


def sizes_of(m: Matrices) -> tuple[tuple[GroupSize, ...], int]:
    """Count the rows and clusters of each group, and the clusters in which the event happened."""
    present, struck = m.by_cluster
    of_cells = np.bincount(m.cells, weights=m.y if m.weights is None else m.weights * m.y)
    mass = m.rows if m.weights is None else np.bincount(m.cells, weights=m.weights)
    rows, sums, masses = (np.bincount(m.member, weights=v, minlength=len(m.names)) for v in (m.rows, of_cells, mass))
    counts = (rows.astype(np.int64), present.sum(axis=1), struck.sum(axis=1), sums / masses)
    sizes = tuple(map(GroupSize, m.names, *(values.tolist() for values in counts)))
    return sizes, int(struck.any(axis=0).sum())


def _uncertainty(design: Design, rows: Rows, solution: Solution, sizes: Sequence[GroupSize]) -> Uncertainty:
    if solution.corrected is None:
        return uncertainty(design, rows)
    vcov, dof = solution.corrected
    by_group = {size.group: size.clusters for size in sizes}
    return Uncertainty(vcov, degrees_of_freedom(rows.terms, by_group, rows.counts.clusters) if dof is None else dof)


def _reference(design: Design, groups: Sequence[str]) -> tuple[Term, ...]:
    if design.window.reference is None:
        return ()
    return tuple(Term(design.event.column, design.window.reference, group) for group in groups)
