"""Joint tests, from coefficients and their covariance alone; combinations and bands are named here too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from eventpanel.datasets.errors import DesignError
from eventpanel.estimators.bands import simultaneous_bands, simultaneous_critical
from eventpanel.estimators.combinations import average, between, combined, cumulative, difference, lincom, one_group
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.distributions import f_survival
from eventpanel.estimators.core.multivariate_t import largest_survival, standardise
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.hypotheses import Restriction, restrictions
from eventpanel.estimators.path import Term

__all__ = [
    "Test",
    "average",
    "cumulative",
    "difference",
    "equality_test",
    "joint_test",
    "lag_test",
    "lead_test",
    "lincom",
    "simultaneous_bands",
    "simultaneous_critical",
    "sup_t_test",
    "wald",
]

# Eigenvalues of the scaled covariance below this share of the largest count as zero.
RANK_TOLERANCE = 1e-10

Kind = Literal["F", "sup-t"]


@dataclass(frozen=True, slots=True)
class Test:
    """A joint test.

    Attributes
    ----------
    null : str
        The null hypothesis in words.
    statistic : float
        F statistic, or the largest absolute t statistic; missing where the test cannot be made.
    dof : tuple of float
        Numerator, the number of restrictions, and denominator.
    p_value : float
    remark : str
        Why the test cannot be made, or what it left out, or empty.
    kind : {"F", "sup-t"}
    """

    null: str
    statistic: float
    dof: tuple[float, float]
    p_value: float
    remark: str = ""
    kind: Kind = "F"

    def __str__(self) -> str:
        """One line for tables."""
        if np.isnan(self.statistic):
            return f"{self.null}: {self.remark}"
        name = "F" if self.kind == "F" else "max |t|"
        text = f"{self.null}: {name}({self.dof[0]:g}, {self.dof[1]:g}) = {self.statistic:.3f}, p = {self.p_value:.4f}"
        return f"{text} ({self.remark})" if self.remark else text


def wald(estimate: Estimate, terms: Sequence[Term], null: str) -> Test:
    """Test that terms are jointly zero: F with (number of terms, fewest degrees of freedom of the terms).

    The test is not made where the covariance of the terms is singular, as it must be with fewer clusters than terms.

    Parameters
    ----------
    estimate : Estimate
    terms : sequence of Term
        Terms of the estimate that are zero under the null.
    null : str
        The null hypothesis in words.

    Examples
    --------
    See :func:`lead_test`.
    """
    return _f_test(_terms(estimate, terms), null)


def joint_test(estimate: Estimate, hypotheses: str | Sequence[str | Term]) -> Test:
    """Test hypotheses jointly, by name: F with (number of restrictions, fewest degrees of freedom of the terms).

    Parameters
    ----------
    estimate : Estimate
    hypotheses : str, or sequence of str or Term
        ``"x[0] = x[-1]"``, ``"x[1] - x[2] = 0.5"``, a Term for zero: see :mod:`eventpanel.estimators.hypotheses`.

    Raises
    ------
    DesignError
        A name that the estimate does not have, or hypotheses that repeat or contradict one another.

    Examples
    --------
    >>> import pandas as pd
    >>> from eventpanel.datasets.panel import Panel
    >>> from eventpanel.estimators.covariance import Clustered
    >>> from eventpanel.estimators.design import Design
    >>> from eventpanel.estimators.distributed_lag import distributed_lag
    >>> from eventpanel.estimators.events import Event
    >>> from eventpanel.estimators.window import EventWindow
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame([(u, t) for u in range(30) for t in range(20)], columns=["unit", "year"])
    >>> frame["x"] = rng.poisson(1.0, len(frame))
    >>> frame["y"] = 0.5 * frame["x"] + frame["unit"] + rng.normal(size=len(frame))
    >>> estimate = distributed_lag(Panel(frame, ("unit",), "year"), Design(outcome="y",
    ...     event=Event(column="x", kind="dose"), window=EventWindow(leads=2, lags=2, reference=None),
    ...     fixed_effects=("unit", "year"), covariance=Clustered("unit", "reghdfe")))
    >>> lincom(estimate, "x[0] - (x[-1] + x[-2]) / 2").params.round(2).to_dict()
    {'x[0] - (x[-1] + x[-2]) / 2': 0.5}
    >>> print(joint_test(estimate, ["x[0] = 0.5", "x[1] = x[2]"]))
    x[0] = 0.5; x[1] = x[2]: F(2, 29) = 0.155, p = 0.8571
    >>> equality_test(estimate, ["x[-1]", "x[0]", "x[1]"]).p_value < 1e-6
    True
    """
    rows = restrictions(estimate, hypotheses)
    _check_independent(rows)
    return _f_test(_restricted(estimate, rows), "; ".join(row.text for row in rows))


def equality_test(estimate: Estimate, names: Sequence[str | Term]) -> Test:
    """Test that terms, or combinations of them, are all equal.

    Parameters
    ----------
    estimate : Estimate
    names : sequence of str or Term
        Two or more: ``["x[0]", "x[1]", "x[2]"]``.

    Examples
    --------
    See :func:`joint_test`.
    """
    rows = restrictions(estimate, names)
    if len(rows) < 2:
        raise DesignError("Equality needs two terms.", f"{len(rows)} given", "name two or more")
    gaps = [Restriction(row.text, row.weights - rows[0].weights, row.value - rows[0].value) for row in rows[1:]]
    _check_independent(gaps)
    return _f_test(_restricted(estimate, gaps), " = ".join(row.text for row in rows))


def sup_t_test(estimate: Estimate, hypotheses: str | Sequence[str | Term]) -> Test:
    """Test hypotheses jointly by their largest absolute t statistic, against the multivariate t of their correlation.

    It rejects where a simultaneous band around the combinations leaves one of the values out. Unlike the F test it
    stands with fewer clusters than terms, and with hypotheses that repeat one another.

    Parameters
    ----------
    estimate : Estimate
    hypotheses : str, or sequence of str or Term
        As for :func:`joint_test`. One without variance is left out first, with a remark.

    References
    ----------
    Montiel Olea and Plagborg-Moller 2019, doi:10.1002/jae.2656; Freyaldenhoven and others 2021, doi:10.3386/w29170.

    Examples
    --------
    See :func:`joint_test`.
    """
    rows = restrictions(estimate, hypotheses)
    return _sup_t_test(_restricted(estimate, rows), "; ".join(row.text for row in rows))


def lead_test(estimate: Estimate, group: str | None = None, *, kind: Kind = "F") -> Test:
    """Test that all leads are zero: no jump before the event.

    Parameters
    ----------
    estimate : Estimate
    group : str, optional
        Needed where there are several.
    kind : {"F", "sup-t"}
        All leads at once, or the largest of them.
    """
    chosen = one_group(estimate, group)
    of = f" for {chosen}" if chosen else ""
    return _test(kind, _terms(estimate, between(estimate, chosen, -np.inf, -1)), f"all leads are zero{of}")


def lag_test(estimate: Estimate, group: str | None = None, *, kind: Kind = "F") -> Test:
    """Test that all lags after the event's own period are zero.

    Parameters
    ----------
    estimate : Estimate
    group : str, optional
        Needed where there are several.
    kind : {"F", "sup-t"}
        All lags at once, or the largest of them.
    """
    chosen = one_group(estimate, group)
    of = f" for {chosen}" if chosen else ""
    return _test(kind, _terms(estimate, between(estimate, chosen, 1, np.inf)), f"all lags are zero{of}")


def _terms(estimate: Estimate, terms: Sequence[Term]) -> Estimate:
    matrix = np.eye(len(estimate.terms))[[estimate.terms.index(term) for term in terms]]
    return combined(estimate, matrix, np.zeros(len(terms)), terms)


def _restricted(estimate: Estimate, rows: Sequence[Restriction]) -> Estimate:
    """Take the combinations that are zero under the restrictions."""
    matrix = np.array([row.weights for row in rows]).reshape(len(rows), len(estimate.terms))
    return combined(estimate, matrix, np.array([row.value for row in rows]), [Term(row.text) for row in rows])


def _check_independent(rows: Sequence[Restriction]) -> None:
    matrix = np.array([row.weights for row in rows])
    if len(rows) and np.linalg.matrix_rank(matrix) < len(rows):
        raise DesignError(
            "The hypotheses repeat or contradict one another.",
            "; ".join(row.text for row in rows),
            "leave out those that follow from the others, or use sup_t_test",
        )


def _test(kind: Kind, gaps: Estimate, null: str) -> Test:
    if kind not in ("F", "sup-t"):
        raise DesignError(f"Unknown kind of test {kind!r}.", "", "choose F or sup-t")
    return _f_test(gaps, null) if kind == "F" else _sup_t_test(gaps, null)


def _f_test(gaps: Estimate, null: str) -> Test:
    """F test that all terms are zero."""
    q = len(gaps.terms)
    if not q:
        return Test(null, np.nan, (0.0, np.nan), np.nan, "no such term was estimated")
    dof = (float(q), float(gaps.dof.min()))
    scale, correlation = standardise(gaps.vcov)
    if np.isnan(scale).any() or np.linalg.eigvalsh(correlation)[0] <= RANK_TOLERANCE * q:
        return Test(null, np.nan, dof, np.nan, "the covariance is singular: too few clusters")
    z: Floats = gaps.coef / scale
    statistic = float(z @ np.linalg.solve(correlation, z)) / q
    return Test(null, statistic, dof, float(f_survival(statistic, *dof)))


def _sup_t_test(gaps: Estimate, null: str) -> Test:
    """Test of the largest absolute t statistic, over the terms that have a variance."""
    scale, correlation = standardise(gaps.vcov)
    kept = ~np.isnan(scale)
    if not kept.any():
        remark = "no such term was estimated" if not len(kept) else "no term has a variance"
        return Test(null, np.nan, (0.0, np.nan), np.nan, remark, "sup-t")
    left_out = [str(term) for term, keep in zip(gaps.terms, kept, strict=True) if not keep]
    remark = f"left out, without variance: {', '.join(left_out)}" if left_out else ""
    statistic, dof = float(np.abs(gaps.coef / scale)[kept].max()), float(gaps.dof[kept].min())
    p = largest_survival(statistic, correlation[np.ix_(kept, kept)], dof)
    return Test(null, statistic, (float(kept.sum()), dof), p, remark, "sup-t")
