"""Statistics of a curve: whether its specifications together find more than an event without effect would give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtr, stdtrit

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.draws import TIE
from eventpanel.estimators.curve_draws import CurveDraws, Label

__all__ = ["joint_statistics"]

# Tails below this are taken for this: 37 standard deviations.
SMALLEST = 1e-300


def joint_statistics(
    curve: CurveDraws, families: Mapping[Label, str], sign: float = 1.0, alpha: float = 0.05
) -> pd.DataFrame:
    """Test the specifications of each family together; families are never mixed.

    Parameters
    ----------
    curve : CurveDraws
    families : mapping of label to str
        Family of each specification; those of a family estimate the same thing.
    sign : float
        The sign that was predicted, 1 or -1.
    alpha : float
        Level below which the two-sided p-value of a specification is significant.

    Returns
    -------
    DataFrame
        Three rows a family: family, specifications, drawn (how), statistic, value, p_value, p_error (Monte Carlo
        standard error of the p-value), null_mean, null_median (of the statistic), draws (those that have one).
        The statistics are the median effect; the share of specifications that are significant and have the predicted
        sign; and Stouffer's Z, the sum of one-sided normal scores over the root of their number. A p-value is the
        share of draws, the data counted as one of them, that are at least as far on the predicted side as the data.

    Raises
    ------
    DesignError
        A specification without a family, a sign that is none, a level outside (0, 1).

    References
    ----------
    Simonsohn, Simmons and Nelson 2020, doi:10.1038/s41562-020-0912-z.

    Examples
    --------
    >>> one = np.array([1.0])
    >>> curve = CurveDraws(("a",), one, one / 3, 20 * one, np.array([[-1.0, 0.5, 2.0]]), np.array([[-2.0, 1.0, 6.0]]),
    ...     ("wild",))
    >>> joint_statistics(curve, {"a": "linear"})[["statistic", "value", "p_value"]].round(2).values.tolist()
    [['median effect', 1.0, 0.5], ['share significant', 1.0, 0.5], ['Stouffer Z', 2.69, 0.5]]
    """
    if abs(sign) != 1:
        raise DesignError("The predicted sign is 1 or -1.", f"sign={sign}", "use Target.sign")
    if not 0 < alpha < 1:
        raise DesignError("A level lies between 0 and 1.", f"alpha={alpha}", "use 0.05")
    homeless = [str(label) for label in curve.labels if label not in families]
    if homeless:
        raise DesignError("These specifications have no family.", first_few(homeless), "name the family of each")
    own = np.array([families[label] for label in curve.labels], dtype=object)
    rows: list[dict[str, object]] = []
    for family in dict.fromkeys(own.tolist()):
        mine = np.flatnonzero(own == family)
        how = " and ".join(dict.fromkeys(curve.drawn[i] for i in mine))
        head = {"family": family, "specifications": len(mine), "drawn": how}
        rows += [head | row for row in _tests(_summaries(curve, mine, sign, alpha), sign)]
    return pd.DataFrame(rows, columns=COLUMNS)


COLUMNS = [
    "family",
    "specifications",
    "drawn",
    "statistic",
    "value",
    "p_value",
    "p_error",
    "null_mean",
    "null_median",
    "draws",
]


@dataclass(frozen=True, slots=True)
class _Summary:
    """A statistic: of the data first, then of the draws, shape (1 + draws,); and whether it has the sign taken out."""

    name: str
    values: Floats
    directed: bool


def _summaries(curve: CurveDraws, mine: Codes, sign: float, alpha: float) -> list[_Summary]:
    effects = np.column_stack([curve.estimate[mine], curve.estimates[mine]])
    t = sign * np.column_stack([curve.t[mine], curve.draws[mine]])
    dof = curve.dof[mine][:, None]
    known = ~np.isnan(t)
    significant = np.where(known, t > stdtrit(dof, 1 - alpha / 2), np.nan)
    return [
        _Summary("median effect", np.median(effects, axis=0), directed=False),
        _Summary("share significant", significant.mean(axis=0), directed=True),
        _Summary("Stouffer Z", normal_scores(t, dof).sum(axis=0) / np.sqrt(len(mine)), directed=True),
    ]


def normal_scores(t: Floats, dof: Floats) -> Floats:
    """Find the normal scores with the tails of t statistics.

    Parameters
    ----------
    t : ndarray, shape (S, m)
    dof : ndarray, shape (S, 1)

    Examples
    --------
    >>> normal_scores(np.array([[-2.0, 0.0, 2.0]]), np.array([[10.0]])).round(3).tolist()
    [[-1.79, 0.0, 1.79]]
    """
    # The lower tail keeps its digits however far out.
    tail = np.maximum(stdtr(dof, -np.abs(t)), SMALLEST)
    return np.asarray(-np.sign(t) * ndtri(np.where(np.isnan(t), np.nan, tail)) + 0.0)


def _tests(summaries: list[_Summary], sign: float) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for summary in summaries:
        data, null = float(summary.values[0]), summary.values[1:]
        null = null[~np.isnan(null)]
        way = 1.0 if summary.directed else sign
        beyond = int((way * null >= way * data - TIE * abs(data)).sum())
        p = np.nan if np.isnan(data) or not len(null) else (1 + beyond) / (1 + len(null))
        rows.append(
            {
                "statistic": summary.name,
                "value": data,
                "p_value": p,
                "p_error": np.sqrt(p * (1 - p) / (1 + len(null))),
                "null_mean": null.mean() if len(null) else np.nan,
                "null_median": np.median(null) if len(null) else np.nan,
                "draws": len(null),
            }
        )
    return rows
