"""Assignments: all of them once, draws by block and seed."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from eventpanel.estimators.core.assignments import BLOCK, Choices, Permutations, block, blocks, is_enumerated

STRATA = np.array([0, 1, 0, 1, 1, 2])
MANY = Permutations(np.arange(12) % 2, np.arange(12))


@pytest.mark.parametrize("kinds", [np.arange(6), np.array([0, 1, 1, 1, 2, 0]), np.zeros(6, dtype=np.int64)])
def test_each_different_assignment_is_listed_once(kinds: np.ndarray) -> None:
    found = Permutations(STRATA, kinds)
    every = [p for p in permutations(range(6)) if (STRATA[list(p)] == STRATA).all()]
    want = {tuple(kinds[list(p)].tolist()) for p in every}
    listed = block(found, 999, 1, 0)
    assert len(listed) == found.count == len(want)
    assert {tuple(row) for row in kinds[listed].tolist()} == want
    assert (np.sort(listed, axis=1) == np.arange(6)).all()
    assert (STRATA[listed] == STRATA).all()
    assert listed[0].tolist() == found.own.tolist()


def test_the_list_is_the_same_in_blocks() -> None:
    seven = Permutations(np.zeros(6, dtype=np.int64), np.arange(6))
    assert blocks(seven, 999) == 3
    listed = np.concatenate([block(seven, 999, 1, number) for number in range(3)])
    assert len({tuple(row) for row in listed.tolist()}) == len(listed) == 720


def test_choices_are_listed_once() -> None:
    choices = Choices(np.array([0, 3, 4]), np.array([3, 1, 2]))
    assert choices.count == 6
    assert block(choices, 6, 1, 0).tolist() == [[a, 3, b] for a in (0, 1, 2) for b in (4, 5)]
    assert choices.held.tolist() == [False, True, False]
    drawn = Choices(np.array([0, 30]), np.array([30, 50])).draw(np.random.default_rng(1), 4000)
    assert drawn.min(axis=0).tolist() == [0, 30]
    assert drawn.max(axis=0).tolist() == [29, 79]


def test_units_alone_in_their_stratum_are_held() -> None:
    assert Permutations(STRATA, np.arange(6)).held.tolist() == [False] * 5 + [True]


def test_draws_stay_in_their_strata_and_use_every_source_once() -> None:
    drawn = block(MANY, 10_000, 3, 1)
    assert drawn.shape == (BLOCK, 12)
    assert (drawn % 2 == np.arange(12) % 2).all()
    assert (np.sort(drawn, axis=1) == np.arange(12)).all()


def test_draws_follow_from_seed_and_number_alone() -> None:
    few, many = 300, 5000
    assert not is_enumerated(MANY, many)
    for number in (0, 1):
        got, longer = block(MANY, few, 7, number), block(MANY, many, 7, number)
        assert (got == longer[: len(got)]).all()
        child = np.random.SeedSequence(7).spawn(2)[number]
        assert (longer == MANY.draw(np.random.default_rng(child), BLOCK)).all()
    assert not (block(MANY, many, 7, 0) == block(MANY, many, 7, 1)).all()
    assert not (block(MANY, many, 7, 0) == block(MANY, many, 8, 0)).all()


def test_every_order_is_equally_likely() -> None:
    three = Permutations(np.zeros(3, dtype=np.int64), np.arange(3))
    orders = three.draw(np.random.default_rng(5), 12_000) @ np.array([9, 3, 1])
    counts = np.unique(orders, return_counts=True)[1]
    # Six orders, 2000 expected each; a standard deviation is 41.
    assert len(counts) == 6
    assert (np.abs(counts - 2000) < 165).all()
