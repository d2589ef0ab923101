"""Draws against regressions with dummies, look-ups against regressions."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.assignments import Choices, Permutations, block
from eventpanel.estimators.core.groups import cross, dummies_of
from eventpanel.estimators.core.permutation import (
    Drawn,
    Fixed,
    Moved,
    least_squares_draws,
    p_value,
    poisson_draws,
    score_problem,
    t_statistics,
    wald_statistics,
)
from eventpanel.estimators.core.permutation_tables import is_invariant, look_up, tables

UNITS, OTHERS, PERIODS = 10, 3, 6


def problem(seed: int, controls: int = 0) -> tuple[Fixed, Moved, Codes, Permutations]:
    """Two strata of importers, three exporters, six years, two terms by stratum."""
    rng = np.random.default_rng(seed)
    shape = np.arange(UNITS), np.arange(OTHERS), np.arange(PERIODS)
    unit, other, period = (axis.reshape(-1) for axis in np.meshgrid(*shape, indexing="ij"))
    strata = (np.arange(UNITS) >= 4).astype(np.int64)
    histories = rng.poisson(0.7, (UNITS, PERIODS, 2)).astype(float)
    moved = Moved(histories, unit, period, strata[unit], np.ones(4, dtype=bool))
    n = len(unit)
    own = rng.normal(size=(n, controls)) + 0.3 * histories[unit, period, :1]
    y = rng.normal(size=n) + 0.2 * unit + 0.4 * histories[unit, period, 0]
    cell = cross(other, period)
    fixed = Fixed(y, own, (cross(unit, other), cell), unit)
    return fixed, moved, cell, Permutations(strata, np.arange(UNITS))


def by_hand(fixed: Fixed, X: Floats) -> tuple[Floats, Floats]:
    """Weighted least squares on all dummies, sandwich by cluster."""
    w = np.ones(len(X)) if fixed.weights is None else fixed.weights
    D = np.column_stack([X, fixed.controls, dummies_of(fixed.groupings).toarray()])
    bread = np.linalg.pinv(D.T @ (D * w[:, None]))
    coef = bread @ D.T @ (w * fixed.y)
    scores = D * (w * (fixed.y - D @ coef))[:, None]
    sums = np.array([scores[fixed.clusters == g].sum(axis=0) for g in np.unique(fixed.clusters)])
    p = X.shape[1]
    return coef[:p], (bread @ sums.T @ sums @ bread)[:p, :p]


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("controls", [0, 2])
def test_each_draw_is_a_regression_with_dummies(controls: int, weighted: bool) -> None:
    fixed, moved, _, assignments = problem(1, controls)
    if weighted:
        fixed = replace(fixed, weights=np.random.default_rng(2).uniform(0.5, 2, len(fixed.y)))
    draws = block(assignments, 6, 3, 0)
    got = least_squares_draws(fixed, moved, draws)
    for sources, coef, vcov in zip(draws, got.coef, got.vcov, strict=True):
        X = np.zeros((len(fixed.y), 4))
        for row in range(len(X)):
            group = moved.group[row]
            X[row, 2 * group : 2 * group + 2] = moved.histories[sources[moved.unit[row]], moved.period[row]]
        want = by_hand(fixed, X)
        np.testing.assert_allclose(coef, want[0], rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(vcov, want[1], rtol=1e-8, atol=1e-12)


def effects(kind: str, fixed: Fixed, moved: Moved, cell: Codes) -> tuple[Codes, ...]:
    unit, stratum = moved.unit, moved.group
    return {
        "pair and exporter-year": fixed.groupings,
        "unit and year": (unit, moved.period),
        "unit and regime-year": (unit, cross(stratum, moved.period)),
        "unit-half and cell": (cross(unit, moved.period // 3), cell),
        "constant": (unit * 0,),
        "year for one regime, unit-half for the other": (
            np.where(stratum == 0, moved.period, 100 + 2 * unit + cell % 2),
        ),
    }[kind]


KINDS = [
    "pair and exporter-year",
    "unit and year",
    "unit and regime-year",
    "unit-half and cell",
    "constant",
    "year for one regime, unit-half for the other",
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("controls", [0, 2])
def test_look_ups_are_the_regressions(kind: str, controls: int) -> None:
    fixed, moved, cell, assignments = problem(4, controls)
    groupings = tuple(np.unique(codes, return_inverse=True)[1] for codes in effects(kind, fixed, moved, cell))
    for clusters in (moved.unit, moved.unit // 2):
        asked = replace(fixed, groupings=groupings, clusters=clusters)
        # Row order must not matter.
        order = np.random.default_rng(5).permutation(len(cell))
        mixed = replace(
            asked,
            y=asked.y[order],
            controls=asked.controls[order],
            groupings=tuple(codes[order] for codes in groupings),
            clusters=clusters[order],
        )
        shuffled = replace(moved, unit=moved.unit[order], period=moved.period[order], group=moved.group[order])
        table = tables(mixed, shuffled, cell[order], assignments)
        assert table is not None
        draws = block(assignments, 20, 6, 0)
        got, want = look_up(table, draws), least_squares_draws(asked, moved, draws)
        np.testing.assert_allclose(got.coef, want.coef, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(got.vcov, want.vcov, rtol=1e-10, atol=1e-13)


def test_a_term_that_is_left_out_is_left_out_of_the_tables() -> None:
    fixed, moved, cell, assignments = problem(4)
    part = replace(moved, kept=np.array([True, False, True, True]))
    table = tables(fixed, part, cell, assignments)
    assert table is not None
    draws = block(assignments, 5, 6, 0)
    got, want = look_up(table, draws), least_squares_draws(fixed, part, draws)
    assert got.coef.shape == (5, 3)
    np.testing.assert_allclose(got.coef, want.coef, rtol=1e-10, atol=1e-12)


def test_look_ups_are_refused_where_they_would_be_wrong() -> None:
    fixed, moved, cell, assignments = problem(7)
    n = len(fixed.y)
    assert tables(fixed, moved, cell, assignments) is not None
    assert tables(replace(fixed, weights=np.ones(n)), moved, cell, assignments) is None
    across = Permutations(np.zeros(UNITS, dtype=np.int64), np.arange(UNITS))
    assert tables(fixed, moved, cell, across) is None
    choices = Choices(np.arange(UNITS), np.ones(UNITS, dtype=np.int64))
    assert tables(fixed, moved, cell, choices) is None
    pair_clusters = replace(fixed, clusters=fixed.groupings[0])
    assert tables(pair_clusters, moved, cell, assignments) is None
    region = replace(fixed, groupings=(moved.unit, cross(moved.unit % 3, moved.period)))
    assert tables(region, moved, cell, assignments) is None
    keep = np.arange(n) != 11
    short = replace(
        fixed,
        y=fixed.y[keep],
        controls=fixed.controls[keep],
        groupings=tuple(codes[keep] for codes in fixed.groupings),
        clusters=fixed.clusters[keep],
    )
    fewer = replace(moved, unit=moved.unit[keep], period=moved.period[keep], group=moved.group[keep])
    assert tables(short, fewer, cell[keep], assignments) is None


def exchanges_relabel(codes: Codes, strata: Codes) -> bool:
    """Whether exchanging any two units of a stratum gives the same sets of rows, codes of shape (U, C)."""

    def sets(wide: Codes) -> set[frozenset[int]]:
        flat = wide.reshape(-1)
        return {frozenset(np.flatnonzero(flat == level).tolist()) for level in np.unique(flat)}

    for a, b in combinations(range(len(strata)), 2):
        if strata[a] == strata[b]:
            swapped = codes.copy()
            swapped[[a, b]] = codes[[b, a]]
            if sets(swapped) != sets(codes):
                return False
    return True


def test_the_check_of_invariance_never_says_yes_wrongly() -> None:
    rng, said_yes, is_so = np.random.default_rng(8), 0, 0
    cells, strata = 3, np.array([0, 0, 0, 1])
    unit, cell = np.repeat(np.arange(4), cells), np.tile(np.arange(cells), 4)
    for _ in range(4000):
        # Levels by unit, by cell, or at random among few, so that both answers are common.
        unit_levels, cell_levels = rng.integers(0, 2, 4), rng.integers(0, 2, cells)
        kind = rng.integers(0, 4)
        codes = [unit_levels[unit], cell_levels[cell], 2 * unit + cell_levels[cell], rng.integers(0, 3, 12)][kind]
        codes = np.unique(codes, return_inverse=True)[1]
        fixed = Fixed(np.zeros(12), np.empty((12, 0)), (codes,), unit)
        moved = Moved(np.zeros((4, cells, 1)), unit, cell, unit * 0, np.ones(1, dtype=bool))
        yes = is_invariant(fixed, moved, np.arange(12), strata)
        truth = exchanges_relabel(codes.reshape(4, cells), strata)
        assert truth or not yes
        said_yes, is_so = said_yes + yes, is_so + truth
    assert said_yes > 1000
    # It is not cautious either: only odd random groupings are turned down without need.
    assert is_so - said_yes < 0.02 * is_so


def test_a_draw_whose_columns_are_collinear_is_missing() -> None:
    unit, period = np.repeat(np.arange(4), 3), np.tile(np.arange(3), 4)
    histories = np.zeros((4, 3, 1))
    histories[0, 1] = 1.0
    moved = Moved(histories, unit, period, unit * 0, np.ones(1, dtype=bool))
    y = np.random.default_rng(1).normal(size=12)
    # Unit 1 has effects of its own in every period: its column is explained.
    fixed = Fixed(y, np.empty((12, 0)), (np.where(unit == 1, period + 1, 0), unit), unit)
    got = least_squares_draws(fixed, moved, np.array([[0, 1, 2, 3], [1, 0, 2, 3]]))
    assert np.isfinite(got.coef[0]).all()
    assert np.isnan(got.coef[1]).all()
    assert np.isnan(got.vcov[1]).all()
    assert np.isnan(t_statistics(got)[1]).all()
    assert np.isnan(wald_statistics(got, [0])[1])


@pytest.mark.parametrize("apart", [1.0, 1e-2, 1e-4, 1e-6])
def test_columns_that_are_nearly_collinear_keep_their_digits(apart: float) -> None:
    fixed, moved, _, assignments = problem(12, 1)
    histories = moved.histories.copy()
    histories[:, :, 1] = histories[:, :, 0] + apart * histories[:, :, 1]
    close = replace(moved, histories=histories)
    draws = block(assignments, 5, 3, 0)
    got = least_squares_draws(fixed, close, draws)
    for sources, coef, vcov in zip(draws, got.coef, got.vcov, strict=True):
        # The same span in well-conditioned columns, and the map between the coefficients.
        want, spread = by_hand(fixed, moved.columns(sources))
        back = np.kron(np.eye(2), np.array([[1.0, -1.0 / apart], [0.0, 1.0 / apart]]))
        np.testing.assert_allclose(coef, back @ want, rtol=1e-9 / apart)
        np.testing.assert_allclose(vcov, back @ spread @ back.T, rtol=1e-8 / apart)


def test_score_tests_are_a_step_from_the_null_with_its_residuals() -> None:
    fixed, moved, _, assignments = problem(9, 1)
    counts = replace(fixed, y=np.floor(np.exp(fixed.y)))
    working = score_problem(counts)
    w = working.weights
    assert w is not None
    np.testing.assert_allclose(working.y * w, counts.y - w, rtol=1e-9, atol=1e-12)
    draws = block(assignments, 4, 2, 0)
    got = least_squares_draws(working, moved, draws, at_null=True)
    null = np.column_stack([counts.controls, dummies_of(counts.groupings).toarray()])
    for sources, coef, vcov in zip(draws, got.coef, got.vcov, strict=True):
        X = moved.columns(sources)
        root = np.sqrt(w)
        within = X - null @ np.linalg.lstsq(null * root[:, None], X * root[:, None], rcond=None)[0]
        score, bread = within * (counts.y - w)[:, None], np.linalg.inv(within.T @ (within * w[:, None]))
        sums = np.array([score[counts.clusters == g].sum(axis=0) for g in range(UNITS)])
        np.testing.assert_allclose(coef, bread @ score.sum(axis=0), rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(vcov, bread @ sums.T @ sums @ bread, rtol=1e-6, atol=1e-9)


def test_a_separated_draw_is_fitted_without_the_separated_rows() -> None:
    y = np.array([0.0, 1.0, 2.0, 3.0, 1.0, 4.0, 2.0, 2.0, 0.0, 3.0, 1.0, 5.0])
    unit, period = np.repeat(np.arange(4), 3), np.tile(np.arange(3), 4)
    histories = np.zeros((4, 3, 1))
    histories[0, 0], histories[1, 1], histories[2, 1] = 1.0, 1.0, 1.0
    moved = Moved(histories, unit, period, unit * 0, np.ones(1, dtype=bool))
    fixed = Fixed(y, np.empty((12, 0)), (unit,), unit)
    alone = replace(moved, histories=histories * (np.arange(4) == 0)[:, None, None])
    got = poisson_draws(fixed, alone, np.array([[0, 1, 2, 3], [1, 0, 2, 3]]))
    # The only event falls on a zero: its row is separated, nothing is left to estimate.
    assert np.isnan(got.coef[0, 0])
    assert got.coef[1, 0] == pytest.approx(np.log(3.0 / ((1.0 + 4.0) / 2)), abs=1e-6)


def test_wald_and_t_agree_for_one_term_and_joint_tests_need_clusters() -> None:
    fixed, moved, _, assignments = problem(10)
    drawn = least_squares_draws(fixed, moved, block(assignments, 5, 2, 0))
    np.testing.assert_allclose(wald_statistics(drawn, [1]), t_statistics(drawn)[:, 1] ** 2, rtol=1e-12)
    part = drawn.vcov[0][np.ix_([0, 3], [0, 3])]
    want = drawn.coef[0, [0, 3]] @ np.linalg.solve(part, drawn.coef[0, [0, 3]])
    assert wald_statistics(drawn, [0, 3])[0] == pytest.approx(want, rel=1e-10)
    singular = Drawn(np.ones((1, 2)), np.ones((1, 2, 2)))
    assert np.isnan(wald_statistics(singular, [0, 1])).all()


def test_p_values() -> None:
    draws = np.array([0.5, 2.0 * (1 - 1e-12), 2.0, 3.0])
    assert p_value(2.0, draws, enumerated=False) == 4 / 5
    assert p_value(2.0, draws, enumerated=True) == 3 / 4
    assert p_value(9.0, draws, enumerated=False) == 1 / 5
    assert p_value(9.0, np.array([1.0, np.nan]), enumerated=False) == 2 / 3
    assert np.isnan(p_value(np.nan, draws, enumerated=False))
