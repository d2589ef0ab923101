"""Effects as a system: both ways of solving against dense dummies, for any weights."""

from __future__ import annotations

import numpy as np
import pytest

from eventpanel.estimators.core import blocks
from eventpanel.estimators.core import effects as module
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.effects import effects, rank
from eventpanel.estimators.core.groups import recode


def sample(seed: int, sizes: tuple[int, ...], n: int = 240) -> tuple[Floats, list[Codes], Floats]:
    rng = np.random.default_rng(seed)
    groupings = [recode(rng.integers(0, size, n)) for size in sizes]
    return rng.normal(size=(n, 2)), groupings, 10 ** rng.uniform(-3, 3, n)


def dense(groupings: list[Codes]) -> Floats:
    return np.column_stack([np.eye(int(codes.max()) + 1)[codes] for codes in groupings])


@pytest.mark.parametrize("cells", [blocks.CELLS, 0], ids=["blocks", "gradients"])
@pytest.mark.parametrize("sizes", [(30,), (30, 8), (8, 30), (40, 7, 5), (40, 7, 5, 3), (100, 90)])
def test_absorbs_as_dense_dummies_do(sizes: tuple[int, ...], cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "CELLS", cells)
    columns, groupings, w = sample(len(sizes), sizes)
    root, D = np.sqrt(w)[:, None], dense(groupings)
    want = columns - D @ np.linalg.lstsq(D * root, columns * root, rcond=1e-12)[0]
    system = effects(groupings, len(w)).weigh(w)
    levels, within = system.regress(columns)
    # Gradients leave at most 1e-12 of the norm; weights differ by a million.
    np.testing.assert_allclose(within * root, want * root, atol=1e-9)
    np.testing.assert_allclose(D @ levels + within, columns, atol=1e-9)
    assert rank(effects(groupings, len(w))) == np.linalg.matrix_rank(D)


def test_parts_that_do_not_touch_become_blocks() -> None:
    exporter, importer, year = (a.ravel() for a in np.meshgrid(range(5), range(7), range(4), indexing="ij"))
    got = effects([exporter * 7 + importer, exporter * 4 + year], 140)
    assert got.blocks is not None
    assert (got.blocks.count, got.blocks.size) == (5, (7, 4))
    assert rank(got) == 35 + 20 - 5


def test_without_effects_columns_stay() -> None:
    columns = np.arange(6.0).reshape(3, 2)
    assert effects([], 3).weigh(np.ones(3)).absorb(columns).tolist() == columns.tolist()


def test_the_rank_of_effects_too_large_to_factorise_is_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "CELLS", 0)
    monkeypatch.setattr(module, "RANK_LIMIT", 0)
    _, groupings, _ = sample(4, (40, 7, 5, 3))
    assert rank(effects(groupings, 240)) == np.linalg.matrix_rank(dense(groupings))
    nested = [*groupings, groupings[0] // 8]
    assert rank(effects(nested, 240)) == np.linalg.matrix_rank(dense(nested)) + 4
