"""Linear regression without an event: columns of a panel and their products, fixed effects or a constant.

What comparisons between products, importers and exporters rest on: ``trade_ijs = b0 + b1 china_i + b2 ai_s +
b3 china_i ai_s + x_ij'c + u_ijs``. A linear probability model where the outcome is 0 or 1.
"""

from __future__ import annotations

import warnings

import numpy as np

from eventpanel.datasets.errors import IdentificationError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.cautions import FEW_TREATED, EstimationWarning
from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.core.least_squares import Fit, independent, least_squares
from eventpanel.estimators.covariance import Counts
from eventpanel.estimators.linear_fit import CONSTANT, Linear, LinearFit
from eventpanel.estimators.linear_rows import LinearRows, linear_rows
from eventpanel.estimators.linear_vcov import Line, linear_uncertainty
from eventpanel.estimators.precision import settled
from eventpanel.estimators.rows import nesting
from eventpanel.estimators.solution import reasons, refuse_explained, removed, spread
from eventpanel.estimators.vcov import FEW

__all__ = ["Linear", "LinearFit", "linear"]


def linear(panel: Panel, model: Linear) -> LinearFit:
    """Regress an outcome on columns and products of columns, by ordinary least squares.

    Parameters
    ----------
    panel : Panel
        With or without periods.
    model : Linear
        What is asked.

    Returns
    -------
    LinearFit

    Raises
    ------
    ColumnError, NumberError
        A column that is not there, or holds text.
    DesignError
        And its branches: no row left, infinite values, a constant outcome, too few clusters, nothing identified, no
        degree of freedom left, a sample in years where the panel has none.

    Warns
    -----
    EstimationWarning
        Few clusters, terms that are 1 in few clusters, terms that could not be estimated.
    ConditioningWarning
        Fewer than nine digits of a coefficient are certain: see docs/methods/numerics.md.

    Examples
    --------
    >>> import pandas as pd
    >>> from eventpanel.estimators.covariance import Robust
    >>> frame = pd.DataFrame([(j, s) for j in "ABCD" for s in range(3)], columns=["importer", "product"])
    >>> frame["low"], frame["ai"] = frame["importer"].isin(["A", "B"]), frame["product"] == 2
    >>> frame["trade"] = 1 - 0.5 * frame["ai"] + 0.25 * (frame["low"] & frame["ai"])
    >>> panel = Panel(frame, ("importer", "product"), None)
    >>> fit = linear(panel, Linear(outcome="trade", terms=("low", "ai", "low:ai"), covariance=Robust("HC1")))
    >>> (fit.params.round(9) + 0.0).to_dict()
    {'constant': 1.0, 'low': 0.0, 'ai': -0.5, 'low:ai': 0.25}
    """
    rows = linear_rows(panel, model)
    line = _solved(rows, model)
    found = linear_uncertainty(model.covariance, line)
    names = tuple(term for term, keep in zip(model.terms, line.kept, strict=True) if keep)
    fit = LinearFit(
        model=model,
        terms=names if rows.effects else (CONSTANT, *names),
        coef=line.turn @ line.whole.coef,
        vcov=found.vcov,
        dof=found.dof,
        nobs=line.counts.nobs,
        n_clusters=line.counts.clusters,
        outcome_mean=float(rows.y.mean()),
        dropped=line.dropped,
        lost=rows.lost,
        facts=_facts(model, line),
        notes=(*found.notes, *_few_ones(names, line)),
    )
    for note in (*fit.notes, *(f"not estimated: {term} ({reason})." for term, reason in fit.dropped)):
        warnings.warn(note, EstimationWarning, stacklevel=2)
    return fit


def _solved(rows: LinearRows, model: Linear) -> Line:
    within = removed(np.vstack([rows.y, rows.X.T]).T, rows.groupings)
    if rows.effects:
        refuse_explained(within.columns[:, 0], rows.y, model.outcome, model.fixed_effects)
    kept, dropped = identified_terms(rows, within.columns[:, 1:], model)
    X = within.columns[:, 1:] if kept.all() else within.columns[:, 1:][:, kept]
    y = within.columns[:, 0]
    names = [term for term, keep in zip(model.terms, kept, strict=True) if keep]
    own = rows.X if kept.all() else rows.X[:, kept]
    fit = settled(least_squares(y, X), rows.y, own, rows.groupings, None, names).fit
    whole, turn = (fit, np.eye(len(fit.coef))) if rows.effects else _with_constant(fit, rows.y, own)
    return Line(rows, kept, dropped, X, fit, whole, turn, count(rows, len(names), within.rank), _shares(y, fit))


def identified_terms(rows: LinearRows, within: Floats, model: Linear) -> tuple[Mask, tuple[tuple[str, str], ...]]:
    """Find the terms that can be estimated, and why the others cannot.

    Parameters
    ----------
    rows : LinearRows
    within : ndarray, shape (n, k)
        Terms after the fixed effects.
    model : Linear

    Raises
    ------
    IdentificationError
        No term is identified.
    """
    # A column that is the same in all rows has no spread but rounding to be compared with.
    size = np.where(np.ptp(rows.X, axis=0) == 0, np.inf, spread(rows.X))
    kept, absorbed = independent(within, size)
    dropped = reasons(model.terms, kept, absorbed)
    if not rows.effects:
        dropped = tuple(
            (term, "the same in every row" if absorbed[model.terms.index(term)] else "collinear with terms before it")
            for term, _ in dropped
        )
    if not kept.any():
        raise IdentificationError(
            "No term of the regression is identified.",
            first_few(f"{term}: {reason}" for term, reason in dropped),
            "use terms that vary, or fewer fixed effects",
        )
    return kept, dropped


def _with_constant(fit: Fit, y: Floats, X: Floats) -> tuple[Fit, Floats]:
    """Add the mean of the outcome as first coefficient; and what turns it, by the means of the terms, into a constant.

    Around their means, terms keep their digits, and are orthogonal to the mean.
    """
    n, k = X.shape
    bread = np.zeros((k + 1, k + 1))
    bread[0, 0], bread[1:, 1:] = 1 / n, fit.bread
    scores = np.vstack([fit.residuals, fit.scores.T]).T
    turn = np.eye(k + 1)
    turn[0, 1:] = -X.mean(axis=0)
    return Fit(np.append(y.mean(), fit.coef), fit.residuals, scores, bread), turn


def count(rows: LinearRows, terms: int, rank: int) -> Counts:
    """Count what small-sample rules need; without clusters each row is its own.

    Parameters
    ----------
    rows : LinearRows
    terms : int
        Terms that were estimated, without the constant.
    rank : int
        Independent dummies of the fixed effects; one for the constant.
    """
    clusters = min((int(codes.max()) + 1 for codes in rows.ways), default=len(rows.y))
    nested, free = nesting(rows.effects, rows.ways)
    return Counts(len(rows.y), clusters, terms, rank, nested, free)


def _shares(y: Floats, fit: Fit) -> float:
    """Share of the outcome's variation, after fixed effects, that the terms explain."""
    return 1 - float(fit.residuals @ fit.residuals) / float(y @ y)


def _facts(model: Linear, line: Line) -> tuple[tuple[str, str], ...]:
    levels = [
        f"{name} ({int(codes.max()) + 1})" for name, codes in zip(model.fixed_effects, line.rows.effects, strict=True)
    ]
    return (
        ("Fixed effects", ", ".join(levels) or "none, a constant"),
        ("R2 within" if levels else "R2", f"{line.share:.6f}"),
        ("Small-sample factor", f"{model.covariance.factor(line.counts):.6f}"),
    )


def _few_ones(names: tuple[str, ...], line: Line) -> list[str]:
    """Say which terms of zeros and ones are told apart in few clusters only (MacKinnon and Webb 2018)."""
    rows, clusters = line.rows, line.counts.clusters
    if not rows.ways or clusters < FEW:
        return []
    notes = []
    for name, column in zip(names, rows.X.T[line.kept], strict=True):
        ones = column == 1
        if not (ones | (column == 0)).all():
            continue
        for value, those in ((1, ones), (0, ~ones)):
            held = min(int((np.bincount(codes[those]) > 0).sum()) for codes in rows.ways)
            if held < FEW_TREATED:
                notes.append(
                    f"{name} is {value} in only {held} of {clusters} clusters: its standard error may be far too "
                    "small; see docs/methods/linear.md."
                )
    return notes
