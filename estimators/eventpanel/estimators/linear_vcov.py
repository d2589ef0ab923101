"""From a linear regression without an event to its covariance and degrees of freedom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventpanel.datasets.errors import DesignError
from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.core.cluster_robust import crv2, crv3
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.hc import identified, pinned, robust
from eventpanel.estimators.core.least_squares import Fit
from eventpanel.estimators.core.multiway import multiway
from eventpanel.estimators.core.rotated import rotated
from eventpanel.estimators.core.sandwich import influence_of
from eventpanel.estimators.covariance import Clustered, Counts, Robust
from eventpanel.estimators.linear_rows import LinearRows
from eventpanel.estimators.vcov import Uncertainty, few, leverages, repaired

__all__ = ["Line", "linear_uncertainty"]


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A model on a panel, solved.

    Attributes
    ----------
    rows : LinearRows
    kept : ndarray of bool
        Terms that were estimated.
    dropped : tuple of (term, reason)
    within : ndarray, shape (n, p)
        Estimated terms after the fixed effects, or around their means.
    fit : Fit
        Of these terms.
    whole : Fit
        The same with the mean of the outcome as first coefficient, where there is a constant; q coefficients.
    turn : ndarray, shape (q, q)
        From the coefficients of ``whole`` to those that are reported.
    counts : Counts
    share : float
        R2, within fixed effects where there are any.
    """

    rows: LinearRows
    kept: Mask
    dropped: tuple[tuple[str, str], ...]
    within: Floats
    fit: Fit
    whole: Fit
    turn: Floats
    counts: Counts
    share: float


def linear_uncertainty(asked: Clustered | Robust, line: Line) -> Uncertainty:
    """Covariance of a regression as its model asks for it, shape (q, q), with degrees of freedom and cautions.

    Parameters
    ----------
    asked : Clustered or Robust
    line : Line

    Raises
    ------
    DesignError
        No degree of freedom is left, leverage that is too large to compute.
    """
    if isinstance(asked, Robust):
        return _robust(asked, line)
    ways, dof = line.rows.ways, np.full(len(line.turn), line.counts.clusters - 1.0)
    notes = [
        note
        for name, codes in zip(asked.ways, ways, strict=True)
        for note in few(int(codes.max()) + 1, f"{name} clusters")
    ]
    if asked.kind != "CRV1":
        vcov, own = _corrected(asked, line)
        return Uncertainty(vcov, dof if own is None else own, tuple(notes))
    factor = asked.factor(line.counts)
    if len(ways) == 1:
        influence = influence_of(line.whole, ways[0]) @ line.turn.T
        return Uncertainty(factor * (influence.T @ influence), dof, tuple(notes))
    vcov = line.turn @ multiway(line.whole, ways, own_factors=asked.own_factors) @ line.turn.T
    return repaired(factor * vcov, dof, notes)


def _corrected(asked: Clustered, line: Line) -> tuple[Floats, Floats | None]:
    """CRV2 with its degrees of freedom, or CRV3."""
    t = rotated(line.fit, line.within, line.rows.groupings, line.rows.ways[0])
    turn = t.turn
    if len(line.turn) > len(turn):
        # The constant is the level of what the terms leave, the last column, less their part at their means.
        level = line.turn[0, 1:] @ turn
        level[-1] += 1.0
        turn = np.vstack([level, turn])
    return crv2(t.moments, turn) if asked.kind == "CRV2" else (crv3(t.moments, turn), None)


def _robust(asked: Robust, line: Line) -> Uncertainty:
    counts = line.counts
    free = counts.nobs - counts.terms - counts.absorbed
    if free <= 0:
        raise DesignError(
            "No degree of freedom is left.",
            f"{counts.nobs} rows for {counts.terms + counts.absorbed} parameters",
            "use fewer fixed effects or terms, or a larger sample",
        )
    dof = np.full(len(line.turn), float(free))
    if asked.kind in ("HC0", "HC1"):
        return Uncertainty(asked.factor(counts) * (line.turn @ robust(line.whole) @ line.turn.T), dof)
    pull = leverages(asked, line.within, line.fit.bread, line.rows.groupings)
    vcov = line.turn @ robust(line.whole, pull, 1 if asked.kind == "HC2" else 2) @ line.turn.T
    alone = pinned(pull)
    if not alone.any():
        return Uncertainty(vcov, dof)
    # What only these rows identify has no variance that could be known.
    lost = ~_identified(line, ~alone)
    vcov[lost], vcov[:, lost] = np.nan, np.nan
    said = (
        f"{int(alone.sum())} rows are fitted exactly whatever their outcome (leverage 1): {asked.kind} leaves them out."
    )
    return Uncertainty(vcov, dof, (said,))


def _identified(line: Line, some: Mask) -> Mask:
    """Coefficients that some of the rows identify, shape (q,)."""
    X = line.rows.X[:, line.kept]
    if not line.rows.effects:
        X = np.column_stack([np.ones(len(X)), X])
        return identified(X[some], np.linalg.norm(X, axis=0))
    within = absorb(X[some], [recode(codes[some]) for codes in line.rows.effects]).columns
    return identified(within, np.linalg.norm(line.within, axis=0))
