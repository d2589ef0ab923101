"""Least squares in rational numbers: an oracle without rounding, for small problems."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.double_double import Pairs

Row = list[Fraction]
MOST = 15.0


@dataclass(frozen=True)
class RationalFit:
    """Least squares on rational numbers.

    Columns that others before them span have no coefficient: they are left out of all that follows.
    """

    columns: list[Row]
    weights: Row
    coef: Row
    bread: list[Row]
    residuals: Row

    def clustered(self, clusters: Sequence[int], terms: int) -> list[Row]:
        """Sandwich of summed scores of the first terms, no small-sample factor."""
        k = len(self.coef)
        sums = [[Fraction(0)] * k for _ in range(max(clusters) + 1)]
        for i, g in enumerate(clusters):
            step = self.weights[i] * self.residuals[i]
            for j in range(k):
                sums[g][j] += self.columns[j][i] * step
        effects = [[dot(self.bread[j], row) for j in range(terms)] for row in sums]
        return [[sum((e[a] * e[b] for e in effects), Fraction(0)) for b in range(terms)] for a in range(terms)]


def dot(a: Iterable[Fraction], b: Iterable[Fraction]) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))


def regress(y: Row, columns: Sequence[Row], weights: Row | None = None) -> RationalFit:
    """Gauss and Jordan on the normal equations, exact; redundant columns are those with a pivot of zero."""
    w = weights or [Fraction(1)] * len(y)
    kept: list[Row] = []
    table: list[Row] = []
    weighted = [[a * b for a, b in zip(column, w, strict=True)] for column in columns]
    gram = [[dot(left, right) for right in columns] for left in weighted]
    kept_index = independent_rows(gram)
    kept = [columns[j] for j in kept_index]
    k = len(kept)
    for a, i in enumerate(kept_index):
        unit = [Fraction(int(a == b)) for b in range(k)]
        table.append([gram[i][j] for j in kept_index] + [dot(weighted[i], y)] + unit)
    _reduce(table, k)
    coef = [row[k] for row in table]
    residuals = [y[i] - dot(coef, (column[i] for column in kept)) for i in range(len(y))]
    return RationalFit(kept, w, coef, [row[k + 1 :] for row in table], residuals)


def independent_rows(gram: Sequence[Row]) -> list[int]:
    """Indices of the columns that those before them do not span, from their cross-products."""
    left, kept = [list(row) for row in gram], []
    for j in range(len(left)):
        if left[j][j] == 0:
            continue
        kept.append(j)
        for i in range(j + 1, len(left)):
            if left[i][j] != 0:
                share = left[i][j] / left[j][j]
                left[i] = [a - share * b for a, b in zip(left[i], left[j], strict=True)]
    return kept


def _reduce(table: list[Row], k: int) -> None:
    for j in range(k):
        table[j] = [value / table[j][j] for value in table[j]]
        for i in range(k):
            if i != j and table[i][j] != 0:
                share = table[i][j]
                table[i] = [a - share * b for a, b in zip(table[i], table[j], strict=True)]


def rational(values: Floats) -> Row:
    """The very numbers that doubles hold."""
    return [Fraction(value) for value in values.tolist()]


def dummies(codes: Codes) -> list[Row]:
    """A column of zeros and ones for each level."""
    return [[Fraction(int(code == level)) for code in codes.tolist()] for level in range(int(codes.max()) + 1)]


def as_pairs(rows: Sequence[Fraction]) -> Pairs:
    """Rational numbers as double-double, shape (n,)."""
    high = np.array([float(value) for value in rows])
    return Pairs(high, np.array([float(v - Fraction(h)) for v, h in zip(rows, high.tolist(), strict=True)]))


def correct_digits(
    got: Floats | Sequence[float], want: Sequence[Fraction], scale: Sequence[float] | None = None
) -> float:
    """Fewest correct digits of any number: the log relative error, at most 15.

    Measured beside ``scale`` where that is larger than the number itself.
    """
    found = MOST
    for j, (number, truth) in enumerate(zip(np.asarray(got).tolist(), want, strict=True)):
        error = float(abs(Fraction(number) - truth))
        beside = max(float(abs(truth)), 0.0 if scale is None else scale[j])
        if error:
            found = min(found, -float(np.log10(error / beside)) if beside else 0.0)
    return found
