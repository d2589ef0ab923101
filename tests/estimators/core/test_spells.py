"""Records dealt out anew: what stays, and that every arrangement comes, equally often."""

from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
import pytest
from scipy import stats

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.assignments import Deals, block, is_enumerated
from eventpanel.estimators.core.spells import Deck, deck


def cut(text: str, apart: int = 1) -> tuple[Floats, Deck]:
    """Record from text: digits are values, a dot lies outside the record."""
    values = np.array([np.nan if mark == "." else float(mark) for mark in text])
    return values, deck(values, values > 0, ~np.isnan(values), apart)


def runs(values: Floats) -> list[tuple[float, ...]]:
    """Values of the runs above zero, in order."""
    found: list[tuple[float, ...]] = []
    before = False
    for value in values:
        if value > 0:
            found = [*found[:-1], (*found[-1], value)] if before else [*found, (value,)]
        before = bool(value > 0)
    return found


def every(values: Floats, apart: int) -> set[tuple[float, ...]]:
    """All arrangements by brute force: each order of the runs, each set of starts, kept where the gaps suffice."""
    inside = values[~np.isnan(values)]
    spells, found = runs(inside), set()
    for order in set(permutations(spells)):
        todo: list[tuple[int, tuple[float, ...]]] = [(0, ())]
        for number, spell in enumerate(order):
            longer = []
            for start, record in todo:
                for place in range(start + (apart if number else 0), len(inside) - len(spell) + 1):
                    longer.append((place + len(spell), (*record, *([0.0] * (place - start)), *spell)))
            todo = longer
        found |= {(*record, *([0.0] * (len(inside) - end))) for end, record in todo}
    return found


# No gap of the second is shorter than two periods.
CLOSE = ["1020", "0110100", "1201200", "..010110..", "1010101", "30033000", "0001", "1111", "0000"]


APART = ["0100110", "1001002000", "..010010..", "1001001", "300330000", "0001", "1111", "0000"]


@pytest.mark.parametrize(("text", "apart"), [*((text, 1) for text in CLOSE), *((text, 2) for text in APART)])
def test_each_arrangement_is_listed_once(text: str, apart: int) -> None:
    values, pieces = cut(text, apart)
    listed = [tuple(values[cells][~np.isnan(values)]) for cells in pieces.each()]
    assert len(listed) == len(set(listed)) == pieces.count
    assert set(listed) == every(values, apart)
    assert listed[0] == tuple(values[~np.isnan(values)])


def random_record(seed: int, apart: int) -> tuple[Floats, Deck]:
    """A record of 3 to 40 periods with missing ends; short gaps are part of spells."""
    rng = np.random.default_rng(seed)
    values = rng.poisson(rng.uniform(0.1, 1.0), int(rng.integers(3, 41))).astype(float)
    on = np.flatnonzero(values > 0)
    spell = values > 0
    for first, last in pairwise(on):
        if last - first - 1 < apart:
            spell[first:last] = True
    ends = np.full(int(rng.integers(0, 3)), np.nan)
    whole = np.concatenate([ends, values, ends])
    known = ~np.isnan(whole)
    spells = np.zeros(len(whole), dtype=bool)
    spells[known] = spell
    return whole, deck(whole, spells, known, apart)


@pytest.mark.parametrize("seed", range(12))
def test_values_spells_and_least_gaps_stay(seed: int) -> None:
    apart = 1 + seed % 3
    values, pieces = random_record(seed, apart)
    known = ~np.isnan(values)
    lengths = sorted(tuple(values[cells]) for cells in pieces.spells)
    inside = np.concatenate([np.zeros(0, dtype=np.int64), *pieces.spells])
    for cells in pieces.draw(np.random.default_rng(seed), 25):
        assert sorted(cells) == list(range(len(values)))
        assert (cells[~known] == np.flatnonzero(~known)).all()
        # Quiet periods keep their order, and a spell its own.
        assert (np.diff(cells[known & ~np.isin(cells, inside)]) > 0).all()
        starts = [int(np.flatnonzero(cells == part[0])[0]) for part in pieces.spells]
        moved = [tuple(values[cells][s : s + len(part)]) for s, part in zip(starts, pieces.spells, strict=True)]
        assert sorted(moved) == lengths
        ordered = sorted(zip(starts, map(len, pieces.spells), strict=True))
        assert all(b[0] - a[0] - a[1] >= apart for a, b in pairwise(ordered))


@pytest.mark.parametrize(("text", "apart"), [("0110100", 1), ("20110100", 1), ("10010000", 2), (".3003300", 1)])
def test_every_arrangement_is_equally_likely(text: str, apart: int) -> None:
    """Chi-square against equal shares, 400 expected in each; by chance it is beyond its 0.999 quantile once in 1000."""
    values, pieces = cut(text, apart)
    draws = 400 * pieces.count
    records = values[pieces.draw(np.random.default_rng(11), draws)]
    seen = np.unique(records[:, ~np.isnan(values)], axis=0, return_counts=True)[1]
    assert len(seen) == pieces.count
    assert ((seen - 400) ** 2 / 400).sum() < stats.chi2.ppf(0.999, pieces.count - 1)


def test_the_rule_that_draws_each_gap_in_turn_would_be_found_out() -> None:
    """The chi-square above tells uniform compositions from gaps that are drawn one after another."""
    rng, counts = np.random.default_rng(11), np.zeros((5, 5))
    for _ in range(400 * 15):
        first = rng.integers(0, 5)
        counts[first, rng.integers(0, 5 - first)] += 1
    seen = counts[np.add.outer(np.arange(5), np.arange(5)) < 5]
    assert ((seen - 400) ** 2 / 400).sum() > 10 * stats.chi2.ppf(0.999, 14)


def test_deals_are_enumerated_where_they_are_few() -> None:
    decks = tuple(cut(text)[1] for text in ("100", "110", "000", "111"))
    deals = Deals(decks)
    assert deals.count == 3 * 2
    assert deals.held.tolist() == [False, False, False, True]
    assert is_enumerated(deals, 6)
    cells = block(deals, 6, 1, 0)
    assert len(np.unique(cells, axis=0)) == 6
    np.testing.assert_array_equal(cells[0], deals.own)
    assert block(deals, 5, 1, 0).shape == (5, 4, 3)
