"""Table of correct digits, as on docs/methods/numerics.md: ``python -m tests.reference.digits`` prints it.

Coefficients and variances of the sets of NIST, worst of each set, beside their solution in rational numbers; and
coefficients and clustered covariances of panels made to be hard, beside the exact path on the numbers that were meant.
Fifteen is the most that is counted.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from eventpanel.estimators.core.absorb import absorb
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.conditioning import Data, settle
from eventpanel.estimators.core.exact import exact
from eventpanel.estimators.core.least_squares import Fit, least_squares
from eventpanel.estimators.core.moments import moments
from eventpanel.estimators.core.sandwich import clustered
from tests.rational import RationalFit, correct_digits, dot, regress
from tests.reference.strd import NAMES, reference_set
from tests.torture import EVERY, Torture, fewest, worst_variance

HEADER = ("problem", "fast path", "estimator", "promised", "from moments", "exact, doubles", "exact, pairs")


def table() -> Iterator[tuple[str, ...]]:
    """Rows of the table: numbers as text, coefficients and covariances as ``a / b``."""
    for name in NAMES:
        if not name.startswith("noint"):
            yield reference_row(name)
    for name, make in EVERY.items():
        yield torture_row(name, make())


def reference_row(name: str) -> tuple[str, ...]:
    data = reference_set(name)
    want, (y, X), (wide_y, wide_X) = regress(data.y, data.columns), data.doubles(), data.pairs()
    one = [np.zeros(len(y), dtype=np.int64)]
    within = absorb(np.column_stack([y, X[:, 1:]]), one).columns
    fast = least_squares(within[:, 0], within[:, 1:])
    solved = settle(fast, Data(y, X[:, 1:]), one)
    fits = [exact(y, X[:, 1:], one).fit, exact(wide_y, wide_X[:, 1:], one).fit]
    return (
        name,
        of_reference(fast, want),
        of_reference(solved.fit, want),
        f"{solved.digits.min():.1f}",
        of_moments(y, X[:, 1:], one, want.coef[1:]),
        *(of_reference(fit, want) for fit in fits),
    )


def of_reference(fit: Fit, want: RationalFit) -> str:
    """Worst digits of coefficients and of standard errors; no error is to be told of a fit that is exact."""
    coef = correct_digits(fit.coef, want.coef[1:])
    if not any(want.residuals):
        return f"{coef:.1f}"
    free = len(want.residuals) - len(want.coef)
    squared = dot(want.residuals, want.residuals) / free
    got = fit.residuals @ fit.residuals / free * np.diag(fit.bread)
    return f"{coef:.1f} / {correct_digits(got, [squared * row[j] for j, row in enumerate(want.bread)][1:]):.1f}"


def of_moments(y: Floats, X: Floats, groups: list[Codes], want: list[Fraction]) -> str:
    try:
        m = moments(y, X, groups, np.arange(len(y)) % 5)
    except np.linalg.LinAlgError:
        return "refused"
    return f"{max(0.0, correct_digits(m.coef[: m.terms], want)):.1f}"


def torture_row(name: str, case: Torture) -> tuple[str, ...]:
    y, X, truth, solved = case.y.high, case.X.high, case.truth, case.settled
    try:
        m = moments(y, X, case.effects, case.effects[0], case.weights)
        from_moments = f"{max(0.0, fewest(m.coef[: m.terms], truth.coef)):.1f}"
    except np.linalg.LinAlgError:
        from_moments = "refused"
    want = clustered(truth, case.effects[0])
    doubles = exact(y, X, case.effects, case.weights).fit
    fast, estimate, best = (
        f"{fewest(fit.coef, truth.coef):.1f} / {worst_variance(clustered(fit, case.effects[0]), want):.1f}"
        for fit in (case.fast, solved.fit, doubles)
    )
    return (name, fast, estimate, f"{solved.digits.min():.1f}", from_moments, best, "")


def lines() -> Iterator[str]:
    """The table in Markdown."""
    yield "| " + " | ".join(HEADER) + " |"
    yield "|---" * len(HEADER) + "|"
    for row in table():
        yield "| " + " | ".join(row) + " |"


if __name__ == "__main__":
    sys.stdout.write("\n".join(lines()) + "\n")
