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
from eventpanel.estimators.path import Term
from eventpanel.estimators.solution import absorb_effects
from eventpanel.estimators.target import Target
from eventpanel.estimators.tidy import check_level

__all__ = ["Confounding", "confounding"]

# Oster's proposal: unobserved variables explain at most this many times what the observed ones do.
R_MAX = 1.3


@dataclass(frozen=True, slots=True, eq=False)
class Confounding:
    """Sensitivity of a target to an unobserved variable.

    Attributes
    ----------
    target : str
    covariance : str
        What the robust standard error is.
    coefficient : Coefficient
        Estimate, classical and robust standard error, degrees of freedom of both.
    alpha : float
        Level of the tests.
    bounds : DataFrame
        An unobserved variable as strong as an observed one, or several times so: benchmark, multiple, r2_treatment,
        r2_outcome, estimate, std_error, statistic, robust_error, robust_statistic, with that variable in the
        regression. Missing where no variable can be so strong.
    selection : Selection, optional
        The regressions without and with controls that Oster's delta rests on, where there are controls.
    """

    target: str
    covariance: str
    coefficient: Coefficient
    alpha: float
    bounds: pd.DataFrame
    selection: Selection | None

    def adjusted(self, r2_treatment: float, r2_outcome: float) -> Coefficient:
        """Target with an unobserved variable of given strength in the regression.

        Parameters
        ----------
        r2_treatment : float
            Share of the target's residual variation that it explains.
        r2_outcome : float
            Share of the outcome's residual variation that it explains, given the target.

        Raises
        ------
        DesignError
            Shares outside [0, 1), or [0, 1] for the outcome.
        """
        if not (0 <= r2_treatment < 1 and 0 <= r2_outcome <= 1):
            raise DesignError(
                "A share lies between 0 and 1, and below 1 for the treatment.",
                f"r2_treatment={r2_treatment:g}, r2_outcome={r2_outcome:g}",
                "for example 0.1",
            )
        return self.coefficient.with_variable(Strength(r2_treatment, r2_outcome))

    def delta(self, r_max: float | None = None) -> float:
        """Oster's delta: selection on unobserved, over that on observed variables, that makes the true effect zero.

        Parameters
        ----------
        r_max : float, optional
            R2 that a regression with the unobserved variables would have, of what fixed effects and other terms leave;
            1.3 times that with the controls, at most 1, where it is not given.

        Returns
        -------
        float
            Missing without controls.

        Raises
        ------
        DesignError
            An R2 below that with the controls, or above one.
        """
        if self.selection is None:
            return np.nan
        least = self.selection.long_r2
        most = min(R_MAX * least, 1.0) if r_max is None else r_max
        if not least <= most <= 1:
            raise DesignError("R2 lies between that with the controls and 1.", f"{most:g}; {least:.4g}", "for example 1")
        return self.selection.delta(most)

    def table(self) -> pd.DataFrame:
        """One row per measure: measure, value, meaning."""
        c = self.coefficient
        level = f"{self.alpha:.3g}"
        rows = [
            ("estimate", c.estimate, self.target),
            ("classical standard error", c.std_error, "rows independent and equally noisy: what shares rest on"),
            ("residual degrees of freedom", c.dof, "rows less fixed effects and terms"),
            ("robust standard error", c.robust_error, self.covariance),
            ("robust degrees of freedom", c.robust_dof, "of the t distribution"),
            ("partial R2", c.partial_r2, "of the target with the outcome: algebra, whatever the clusters"),
            ("robustness value", c.robustness, "share of both that takes the estimate to zero: algebra"),
            (f"robustness value at {level}, classical", c.robustness_at(self.alpha), "share that takes p there"),
            (f"robustness value at {level}, robust", c.robust_robustness_at(self.alpha), "share that takes p there"),
            ("delta at 1.3 R2", self.delta(), "Oster: selection on unobserved over observed; missing without controls"),
            ("delta at R2 of 1", self.delta(1.0), "the same, if nothing were left unexplained"),
        ]
        return pd.DataFrame(rows, columns=["measure", "value", "meaning"])

    def describe(self) -> list[str]:
        """Sentences for a report."""
        c = self.coefficient
        said = [
            f"An unobserved variable that explains {c.robustness:.1%} of what is left of both {self.target} and the "
            f"outcome would take the estimate {c.estimate:.4g} to zero; a weaker one would not.",
            f"With {self.covariance}, {c.robust_robustness_at(self.alpha):.1%} of both would take it to the edge of "
            f"significance at {self.alpha:.0%}.",
            f"One that explains all that is left of the outcome would need {c.partial_r2:.2%} of the target.",
        ]
        once = self.bounds[self.bounds["multiple"] == 1]
        said += [
            f"One as strong as {row.benchmark} would leave {row.estimate:.4g} (t = {row.robust_statistic:.2f})."
            for row in once.itertuples()
        ]
        if self.selection is not None:
            said.append(
                f"Selection on unobserved variables would have to be {self.delta():.3g} times that on the controls if they "
                f"brought R2 to 1.3 times its value, {self.delta(1.0):.3g} times if they explained everything (Oster)."
            )
        return said


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
    value are algebra: clusters do not enter them. The tests do depend on the covariance: see docs/methods/confounding.md.

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
