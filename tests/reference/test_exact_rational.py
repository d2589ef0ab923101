"""Sixty tiny panels of whole numbers, solved in rational numbers: certified by construction, no third party.

The effects are dummies there, redundant ones found by a pivot of zero; nothing is rounded but the last comparison.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from eventpanel.estimators.core.absorb import Absorbed, absorb
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.conditioning import Data, rounding_digits
from eventpanel.estimators.core.exact import exact
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.least_squares import Fit, independent, least_squares
from eventpanel.estimators.core.moments import moments
from eventpanel.estimators.core.sandwich import clustered
from tests.rational import RationalFit, Row, correct_digits, dummies, independent_rows, rational, regress
from tests.rational import dot as product

SEEDS = range(60)
KINDS = ("one effect", "two effects", "two parts", "three effects")


@dataclass(frozen=True)
class Tiny:
    """A panel of whole numbers."""

    y: Floats
    X: Floats
    effects: list[Codes]
    clusters: Codes
    weights: Floats | None

    @property
    def columns(self) -> list[Row]:
        return [rational(x) for x in self.X.T] + [row for codes in self.effects for row in dummies(codes)]


@cache
def tiny(seed: int) -> Tiny:
    """The first panel of its kind that leaves at least four rows over; weighted every other seed."""
    rng = np.random.default_rng(seed)
    while True:
        case = drawn(rng, KINDS[seed % 4], weighted=seed % 2 == 1)
        columns = case.columns
        gram = [[product(one, two) for two in columns] for one in columns]
        kept, k = independent_rows(gram), case.X.shape[1]
        if kept[:k] == list(range(k)) and len(case.y) >= len(kept) + 4:
            return case


def drawn(rng: np.random.Generator, kind: str, *, weighted: bool) -> Tiny:
    """Whole numbers on an unbalanced grid; levels may be alone."""
    units, periods = int(rng.integers(4, 8)), int(rng.integers(3, 6))
    unit, period = np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units)
    if kind == "two parts":
        period = period + periods * (unit >= units // 2)
    keep = rng.random(units * periods) < 0.85
    n = int(keep.sum())
    every = [recode(codes) for codes in (unit[keep], period[keep], rng.integers(0, 3, n))]
    return Tiny(
        y=rng.integers(-20, 21, n).astype(float),
        X=rng.integers(-9, 10, (n, int(rng.integers(1, 4)))).astype(float),
        effects=every[: {"one effect": 1, "three effects": 3}.get(kind, 2)],
        clusters=recode(unit[keep] // 2),
        weights=rng.integers(1, 6, n).astype(float) if weighted else None,
    )


@cache
def truth(seed: int) -> RationalFit:
    case = tiny(seed)
    return regress(rational(case.y), case.columns, None if case.weights is None else rational(case.weights))


def fast(case: Tiny) -> tuple[Absorbed, Fit]:
    within = absorb(np.column_stack([case.y, case.X]), case.effects, case.weights)
    return within, least_squares(within.columns[:, 0], within.columns[:, 1:], case.weights)


def beside(want: RationalFit, k: int) -> list[float]:
    """A hundredth of each standard error: a coefficient nearer to zero is measured beside that."""
    free = len(want.residuals) - len(want.coef)
    squares = product((a * b for a, b in zip(want.weights, want.residuals, strict=True)), want.residuals) / free
    return [0.01 * float(squares * want.bread[j][j]) ** 0.5 for j in range(k)]


def check_covariance(got: Floats, want: list[Row], digits: float) -> None:
    """Entries beside the variances they belong to: a covariance may be zero."""
    deviations = np.sqrt([float(row[j]) for j, row in enumerate(want)])
    scale = np.outer(deviations, deviations).reshape(-1).tolist()
    assert correct_digits(got.reshape(-1), [value for row in want for value in row], scale) >= digits


@pytest.mark.parametrize("seed", SEEDS)
def test_coefficients_and_covariances_of_the_fast_path(seed: int) -> None:
    case, want = tiny(seed), truth(seed)
    k = case.X.shape[1]
    within, fit = fast(case)
    assert within.rank == len(want.coef) - k
    assert within.certificate < 1e-14
    assert correct_digits(fit.coef, want.coef[:k], beside(want, k)) >= 13
    check_covariance(clustered(fit, case.clusters), want.clustered(case.clusters.tolist(), k), 12)
    rows = np.arange(len(case.y))
    check_covariance(clustered(fit, rows), want.clustered(rows.tolist(), k), 12)
    check_covariance(fit.bread, [row[:k] for row in want.bread[:k]], 12.5)
    largest = max(abs(float(e)) for e in want.residuals)
    assert correct_digits(fit.residuals, want.residuals, [largest] * len(case.y)) >= 13


@pytest.mark.parametrize("seed", SEEDS)
def test_the_exact_path_has_every_digit(seed: int) -> None:
    case, want = tiny(seed), truth(seed)
    k = case.X.shape[1]
    fit = exact(case.y, case.X, case.effects, case.weights).fit
    assert correct_digits(fit.coef, want.coef[:k]) >= 14.9
    check_covariance(fit.bread, [row[:k] for row in want.bread[:k]], 14.9)
    check_covariance(clustered(fit, case.clusters), want.clustered(case.clusters.tolist(), k), 13)


@pytest.mark.parametrize("seed", SEEDS)
def test_coefficients_and_covariances_from_moments(seed: int) -> None:
    case, want = tiny(seed), truth(seed)
    k = case.X.shape[1]
    m = moments(case.y, case.X, case.effects, case.clusters, case.weights)
    assert correct_digits(m.coef[:k], want.coef[:k], beside(want, k)) >= 12.5
    influence = m.scores @ m.bread[:, :k]
    check_covariance(influence.T @ influence, want.clustered(case.clusters.tolist(), k), 12)


@pytest.mark.parametrize("seed", SEEDS)
def test_columns_that_add_nothing_are_those_with_a_pivot_of_zero(seed: int) -> None:
    """A column of the effects, a copy, a sum: found as in rational numbers, where it is a matter of fact."""
    case, rng = tiny(seed), np.random.default_rng(seed)
    levels = rng.integers(-5, 6, int(case.effects[0].max()) + 1).astype(float)
    spanned = levels[case.effects[0]]
    X = np.column_stack([case.X, spanned, case.X[:, 0], case.X @ rng.integers(1, 4, case.X.shape[1]) + spanned])
    effects = [row for codes in case.effects for row in dummies(codes)]
    columns = [*effects, *(rational(x) for x in X.T)]
    w = [Fraction(1)] * len(case.y) if case.weights is None else rational(case.weights)
    gram = [[product((a * b for a, b in zip(one, w, strict=True)), two) for two in columns] for one in columns]
    kept = [j - len(effects) for j in independent_rows(gram) if j >= len(effects)]
    within = absorb(X, case.effects, case.weights).columns
    found, absorbed = independent(within, np.linalg.norm(X - X.mean(axis=0), axis=0))
    assert np.flatnonzero(found).tolist() == kept
    assert absorbed[case.X.shape[1]]


def test_the_panels_are_what_they_should_be() -> None:
    """Some unbalanced, some with a level alone, some in parts, none whose every row is fitted."""
    ranks = [fast(tiny(seed))[0].rank for seed in SEEDS]
    sizes = [[int(codes.max()) + 1 for codes in tiny(seed).effects] for seed in SEEDS]
    overlaps = [sum(size) - rank for size, rank in zip(sizes, ranks, strict=True)]
    assert {0, 1, 2} <= set(overlaps)
    assert any(min(np.bincount(codes)) == 1 for seed in SEEDS for codes in tiny(seed).effects)
    assert all(any(truth(seed).residuals) for seed in SEEDS)
    for seed in SEEDS:
        case = tiny(seed)
        assert (rounding_digits(fast(case)[1], Data(case.y, case.X, case.weights)) > 11.5).all()
