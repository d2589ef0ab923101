"""Confounding: how strong an unobserved variable would have to be to explain the target away.

Cinelli and Hazlett (2020, doi:10.1111/rssb.12348) and Oster (2019, doi:10.1080/07350015.2016.1227711).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.core.least_squares import least_squares
from eventpanel.estimators.core.omitted import Coefficient, Selection, Strength, bounded
from eventpanel.estimators.design import Design
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.matrices import matrices
from eventpanel.estimators.omitted_variable import Confounding
from eventpanel.estimators.path import Term
from eventpanel.estimators.solution import absorb_effects
from eventpanel.estimators.target import Target
from eventpanel.estimators.tidy import check_level

__all__ = ["Confounding", "confounding"]


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """Columns after the fixed effects, of which one has the target as its coefficient.

    Attributes
    ----------
    y, treatment : ndarray, each shape (n,)
    others : ndarray, shape (n, k - 1)
    names : tuple of str, length k - 1
        Of the other terms; empty where a term is a part of the target.
    is_control : ndarray of bool, shape (k - 1,)
    dof : float
        Rows less independent fixed effects and terms.
    """

    y: Floats
    treatment: Floats
    others: Floats
    names: tuple[str, ...]
    is_control: Mask
    dof: float


def confounding(
    panel: Panel,
    design: Design,
    target: Target,
    benchmarks: Sequence[str] = (),
    *,
    multiples: Sequence[float] = (1.0, 2.0, 3.0),
    alpha: float = 0.05,
) -> Confounding:
    """Ask how strong an unobserved variable must be to explain the target of a distributed lag away.

    All shares are of what fixed effects and the other terms leave, on the rows of the panel. Partial R2 and robustness
    value are algebra: clusters do not enter them. The tests depend on the covariance: see docs/methods/confounding.md.

    Parameters
    ----------
    panel : Panel
    design : Design
    target : Target
        A coefficient, or the gap of two groups: the terms are turned so that it is the coefficient of one column.
    benchmarks : sequence of str
        Terms of the regression, controls above all, to compare with.
    multiples : sequence of float
        How many times as strong as a benchmark the unobserved variable is, with treatment and outcome alike.
    alpha : float
        Level of the tests.

    Returns
    -------
    Confounding

    Raises
    ------
    DesignError
        A benchmark that is no other term, multiples that are not positive, hardly a degree of freedom left.

    Examples
    --------
    >>> from eventpanel.estimators.covariance import Clustered
    >>> from eventpanel.estimators.events import Event
    >>> from eventpanel.estimators.window import EventWindow
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame([(u, t) for u in range(30) for t in range(20)], columns=["unit", "year"])
    >>> frame["x"], frame["gdp"] = rng.poisson(1.0, 600), rng.normal(size=600)
    >>> frame["y"] = 0.2 * frame["x"] + frame["gdp"] + rng.normal(size=600)
    >>> design = Design(outcome="y", event=Event(column="x", kind="dose"),
    ...     window=EventWindow(leads=0, lags=0, reference=None), fixed_effects=("unit", "year"), controls=("gdp",),
    ...     covariance=Clustered("unit", "reghdfe"))
    >>> found = confounding(Panel(frame, ("unit",), "year"), design, Target(), ["gdp"])
    >>> found.coefficient.dof, round(found.coefficient.robustness, 3)
    (549.0, 0.164)
    """
    check_level(1 - alpha)
    if not all(multiple > 0 for multiple in multiples):
        raise DesignError("A multiple is positive.", first_few(multiples), "for example 1, 2, 3")
    estimate = distributed_lag(panel, design)
    found = target.of(estimate)
    columns = _columns(panel, design, estimate.terms, target.weights(estimate.terms))
    coefficient = _coefficient(columns, float(found.std_errors.iloc[0]), float(found.dof[0]))
    return Confounding(
        target=target.describe(),
        covariance=design.covariance.describe(),
        coefficient=coefficient,
        alpha=alpha,
        bounds=_bounds(columns, coefficient, benchmarks, multiples),
        selection=_selection(columns),
    )


def _columns(panel: Panel, design: Design, terms: Sequence[Term], weights: Floats) -> _Columns:
    m = matrices(panel, design)
    kept = np.array([term in terms for term in m.terms])
    within = absorb_effects(m, np.column_stack([m.y, m.X[:, kept]]))
    root = np.ones(len(m.y)) if m.weights is None else np.sqrt(m.weights)
    y, X = within.columns[:, 0] * root, within.columns[:, 1:] * root[:, None]
    # With the target for the coefficient of one of its terms, the other columns lose their part in that one.
    place = int(np.abs(weights).argmax())
    treatment = X[:, place] / weights[place]
    rest = np.arange(len(terms)) != place
    dof = float(len(m.y) - within.rank - len(terms))
    if dof < 2:
        raise DesignError(
            "Hardly a degree of freedom is left.", f"{dof:g} of {len(m.y)} rows", "use fewer fixed effects or terms"
        )
    left = [term for term, keep in zip(terms, rest, strict=True) if keep]
    names = tuple("" if weight else str(term) for term, weight in zip(left, weights[rest], strict=True))
    is_control = np.array([term.variable in design.controls and term.event_time is None for term in left], dtype=bool)
    return _Columns(y, treatment, (X - np.outer(treatment, weights))[:, rest], names, is_control, dof)


def _coefficient(columns: _Columns, robust_error: float, robust_dof: float) -> Coefficient:
    fit = least_squares(columns.y, np.column_stack([columns.treatment, columns.others]))
    error = np.sqrt(fit.residuals @ fit.residuals / columns.dof * fit.bread[0, 0])
    return Coefficient(float(fit.coef[0]), float(error), columns.dof, robust_error, robust_dof)


def _partial_r2(y: Floats, X: Floats) -> Floats:
    """Partial R2 of each column with y, given the other columns, shape (k,)."""
    fit = least_squares(y, X)
    own = fit.coef**2 / np.diag(fit.bread)
    return np.asarray(own / (own + fit.residuals @ fit.residuals))


def _bounds(
    columns: _Columns, coefficient: Coefficient, benchmarks: Sequence[str], multiples: Sequence[float]
) -> pd.DataFrame:
    unknown = [name for name in benchmarks if not name or name not in columns.names]
    if unknown:
        raise DesignError(
            "A benchmark is no other term of the regression.",
            f"{first_few(unknown)}; terms: {first_few([n for n in columns.names if n], 12) or 'none'}",
            "name a control that is estimated",
        )
    names = ["benchmark", "multiple", "r2_treatment", "r2_outcome", "estimate", "std_error", "statistic"]
    names += ["robust_error", "robust_statistic"]
    if not benchmarks:
        return pd.DataFrame(columns=names)
    treatment = _partial_r2(columns.treatment, columns.others)
    outcome = _partial_r2(columns.y, np.column_stack([columns.others, columns.treatment]))
    rows = []
    for name in benchmarks:
        j = columns.names.index(name)
        for multiple in multiples:
            strength = bounded(Strength(float(treatment[j]), float(outcome[j])), multiple)
            c = coefficient.with_variable(strength)
            # One that explains all of the outcome leaves no error: t is infinite then, and says nothing.
            t, robust = (c.estimate / e if e else np.nan for e in (c.std_error, c.robust_error))
            shown = (strength.treatment, strength.outcome, c.estimate, c.std_error, t, c.robust_error, robust)
            rows.append((name, multiple, *shown))
    return pd.DataFrame(rows, columns=names)


def _selection(columns: _Columns) -> Selection | None:
    if not columns.is_control.any():
        return None
    own = np.column_stack([columns.y, columns.treatment, columns.others[:, columns.is_control]])
    both = columns.others[:, ~columns.is_control]
    left = own - both @ np.linalg.lstsq(both, own, rcond=None)[0]
    y, d, controls = left[:, 0], left[:, 1], left[:, 2:]
    short, long = least_squares(y, d[:, None]), least_squares(y, left[:, 1:])
    outside = least_squares(d, controls).residuals
    total = float(y @ y)
    r2 = [1 - float(fit.residuals @ fit.residuals) / total for fit in (short, long)]
    return Selection(
        float(short.coef[0]), float(long.coef[0]), r2[0], r2[1], total, float(d @ d), float(outside @ outside)
    )
