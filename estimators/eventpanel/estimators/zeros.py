"""Zeros: the target under every usual way to treat an outcome with zeros, and what depends on the outcome's unit.

Coefficients of log(1 + y) and arcsinh(y) are no percentages: where zeros become positive, any value can be had by
counting in another unit (Chen and Roth 2024, doi:10.1093/qje/qjad054).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.design import Design
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.ppml import ppml
from eventpanel.estimators.target import Target

__all__ = ["FACTORS", "rescaled", "zero_handling"]

FACTORS = (1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3)
DEPENDS = "depends on the unit"
# Estimates closer than this share of a standard error are the same.
SAME = 1e-6

Reading = Literal["times 100", "as it is", "per cent"]


@dataclass(frozen=True, slots=True, eq=False)
class _Form:
    """An outcome made of a column, and how its coefficient is read.

    Attributes
    ----------
    name : str
    margin : str
        What moves it.
    values : ndarray, shape (rows of the panel,)
    factor : float
        What the column is multiplied by before; missing where there is none.
    unit : str
        Of the effect.
    reading : {"times 100", "as it is", "per cent"}
        From the coefficient to the effect.
    """

    name: str
    margin: str
    values: Floats
    factor: float
    unit: str
    reading: Reading = "times 100"

    @property
    def column(self) -> str:
        """Name of the outcome on the panel, unlike that of any other column."""
        return f"outcome: {self.name}" if np.isnan(self.factor) else f"outcome: {self.name}, x {self.factor!r}"


def zero_handling(
    panel: Panel,
    design: Design,
    target: Target,
    column: str,
    *,
    factors: Sequence[float] = FACTORS,
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate the target under every usual way to treat zeros.

    Parameters
    ----------
    panel : Panel
    design : Design
        All but its outcome, which each row replaces.
    target : Target
    column : str
        Outcome that is not negative, such as a number of deals.
    factors : sequence of float
        What the column is multiplied by before 1 is added and logarithms are taken.
    level : float
        Of the intervals.

    Returns
    -------
    DataFrame
        One row per way: outcome, estimator, factor, margin, unit, estimate, std_error, conf_low, conf_high (in that
        unit), p_value, nobs, on_unit (how the effect depends on the unit of the column), note (why there is no
        estimate). In order: any, count, Poisson, log(1 + y) at each factor, arcsinh, logarithm of positive values.

    Raises
    ------
    DesignError
        A column with negative values, factors that are not positive.

    Examples
    --------
    See docs/methods/zeros.md.
    """
    y, factors = _outcome(panel, column, factors)
    forms = [_any(y), _count(y, column), _poisson(y), *(_log1p(y, a) for a in factors), _asinh(y, 1.0)]
    positive = np.log(y, out=np.full(len(y), np.nan), where=y > 0)
    forms.append(_Form("log of positive values", "intensive", positive, np.nan, "log points, among positive rows"))
    table = _estimated(panel, design, target, forms, level)
    on_unit = {"count": "proportional to the unit"} | dict.fromkeys(("log(1 + y)", "arcsinh"), DEPENDS)
    table.insert(len(table.columns) - 1, "on_unit", table["outcome"].map(on_unit).fillna("none"))
    return table


def rescaled(
    panel: Panel, design: Design, target: Target, column: str, *, factors: Sequence[float] = FACTORS
) -> pd.DataFrame:
    """Estimate the target with the outcome counted in other units.

    Parameters
    ----------
    panel : Panel
    design : Design
        All but its outcome, which each row replaces.
    target : Target
    column : str
        Outcome that is not negative.
    factors : sequence of float
        What the column is multiplied by.

    Returns
    -------
    DataFrame
        One row per outcome (log(1 + y), arcsinh, Poisson, any) and factor, with the columns of :func:`zero_handling`;
        on_unit says what was found: whether estimates over the factors differ by more than a millionth of a standard
        error.

    Raises
    ------
    DesignError
        As for :func:`zero_handling`.

    Examples
    --------
    >>> from eventpanel.estimators.covariance import Clustered
    >>> from eventpanel.estimators.events import Event
    >>> from eventpanel.estimators.window import EventWindow
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame([(u, t) for u in range(30) for t in range(20)], columns=["unit", "year"])
    >>> frame["x"] = rng.poisson(1.0, 600)
    >>> frame["deals"] = rng.poisson(0.3 * np.exp(0.3 * frame["x"]))
    >>> design = Design(outcome="deals", event=Event(column="x", kind="dose"),
    ...     window=EventWindow(leads=0, lags=0, reference=None), fixed_effects=("unit", "year"),
    ...     covariance=Clustered("unit", "reghdfe"))
    >>> table = rescaled(Panel(frame, ("unit",), "year"), design, Target(), "deals", factors=[1, 1000])
    >>> table[["outcome", "factor", "estimate", "on_unit"]].round(1)
          outcome  factor  estimate              on_unit
    0  log(1 + y)     1.0      10.7  depends on the unit
    1  log(1 + y)  1000.0      77.0  depends on the unit
    2     arcsinh     1.0      14.0  depends on the unit
    3     arcsinh  1000.0      84.1  depends on the unit
    4     Poisson     1.0      45.8                 none
    5     Poisson  1000.0      45.8                 none
    6         any     1.0      10.3                 none
    7         any  1000.0      10.3                 none
    """
    y, factors = _outcome(panel, column, factors)
    forms = [_log1p(y, a) for a in factors] + [_asinh(y, a) for a in factors]
    forms += [replace(_poisson(a * y), factor=a) for a in factors] + [replace(_any(a * y), factor=a) for a in factors]
    table = _estimated(panel, design, target, forms)
    by_form = table.groupby("outcome", sort=False)
    spread = by_form["estimate"].transform("max") - by_form["estimate"].transform("min")
    differs = spread > SAME * by_form["std_error"].transform("max")
    found = np.where(spread.isna(), "unknown", np.where(differs, DEPENDS, "none"))
    table.insert(len(table.columns) - 1, "on_unit", found)
    return table


def _outcome(panel: Panel, column: str, factors: Sequence[float]) -> tuple[Floats, list[float]]:
    if not all(0 < factor < np.inf for factor in factors):
        raise DesignError("A factor is positive.", first_few(factors), "for example 0.001, 1, 1000")
    y = panel.values(column)
    if (y < 0).any():
        raise DesignError(
            f"{column!r} has negative values: there is no logarithm of them.",
            f"{int((y < 0).sum())} rows, the lowest {np.nanmin(y):g}",
            "use an outcome that counts or adds up",
        )
    return y, [float(factor) for factor in factors]


def _any(y: Floats) -> _Form:
    return _Form("any", "extensive", np.where(np.isnan(y), np.nan, y > 0), np.nan, "percentage points")


def _count(y: Floats, column: str) -> _Form:
    return _Form("count", "both, in levels", y, np.nan, column, "as it is")


def _poisson(y: Floats) -> _Form:
    return _Form("Poisson", "both, as a share of the mean", y, np.nan, "per cent", "per cent")


def _log1p(y: Floats, factor: float) -> _Form:
    return _Form("log(1 + y)", "both, mixed", np.log1p(factor * y), factor, "log points, unit-dependent")


def _asinh(y: Floats, factor: float) -> _Form:
    return _Form("arcsinh", "both, mixed", np.arcsinh(factor * y), factor, "log points, unit-dependent")


def _estimated(
    panel: Panel, design: Design, target: Target, forms: Sequence[_Form], level: float = 0.95
) -> pd.DataFrame:
    # One panel for all, so that the event is coded once.
    wide = panel.with_frame(panel.frame.assign(**{form.column: form.values for form in forms}))
    return pd.DataFrame([_row(wide, design, target, form, level) for form in forms])


def _row(panel: Panel, design: Design, target: Target, form: _Form, level: float) -> dict[str, object]:
    estimate = ppml if form.reading == "per cent" else distributed_lag
    about = {"outcome": form.name, "estimator": estimate.__name__, "factor": form.factor}
    about |= {"margin": form.margin, "unit": form.unit}
    names = ("estimate", "std_error", "conf_low", "conf_high", "p_value")
    try:
        found = target.of(estimate(panel, replace(design, outcome=form.column)))
    except DesignError as error:
        return about | dict.fromkeys(names, np.nan) | {"nobs": 0, "note": str(error).splitlines()[0]}
    low, high = found.conf_int(level).iloc[0]
    b, error_of_b = float(found.coef[0]), float(found.std_errors.iloc[0])
    values = (*_read(np.array([b, low, high]), error_of_b, form.reading), float(found.pvalues.iloc[0]))
    return about | dict(zip(names, values, strict=True)) | {"nobs": found.nobs, "note": ""}


def _read(values: Floats, error: float, reading: Reading) -> tuple[float, float, float, float]:
    """Effect, its standard error (in per cent: delta method) and interval, from a coefficient and its interval."""
    if reading == "per cent":
        effect, low, high = 100 * np.expm1(values)
        return effect, 100 * float(np.exp(values[0])) * error, low, high
    scale = 100.0 if reading == "times 100" else 1.0
    effect, low, high = scale * values
    return effect, scale * error, low, high
