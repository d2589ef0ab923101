"""The simulated example df_het of the R package did2s.

Value: README.md at commit 8228c15 of its repository prints 2.152 (0.0476) for the effect of ``treat``, with effects of
**states** and years in the first stage, and clusters of states. two_stage takes effects of units, whose cohorts differ
within a state, so the printed number is reached through its first stage alone, on states by years. No value with
effects of units is printed there; the estimator is certified by tests/estimators/test_staggered_oracles.py.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pytest
import rdata

from eventpanel.estimators.core.imputation import linear


@pytest.fixture(scope="module")
def example(data_dir: Path) -> pd.DataFrame:
    path = data_dir / "validation" / "did2s" / "df_het.rda"
    if not path.exists():
        pytest.skip("no df_het.rda of the R package did2s")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pd.DataFrame(next(iter(rdata.read_rda(path).values()))).reset_index(drop=True)


def test_mean_effect_with_effects_of_states(example: pd.DataFrame) -> None:
    treated = example["treat"].astype(bool)

    def grid(rows: pd.DataFrame, what: Literal["mean", "count"]) -> np.ndarray:
        wide = rows.pivot_table(index="state", columns="year", values="dep_var", aggfunc=what)
        every = pd.Index(np.sort(example["state"].unique())), pd.Index(np.sort(example["year"].unique()))
        return wide.reindex(index=every[0], columns=every[1]).fillna(0.0).to_numpy(dtype=float)

    y, rows = grid(example[~treated], "mean"), grid(example[~treated], "count")
    stage = linear(y, rows, np.empty((0, *y.shape)))
    assert stage.system.reached.all()
    count = grid(example[treated], "count")
    left = np.where(count > 0, grid(example[treated], "mean") - stage.mean, 0.0)
    weight = count / count.sum()
    effect = float((weight * left).sum())
    found = stage.system.solve(weight.sum(axis=1)[:, None], weight.sum(axis=0)[:, None], np.empty((0, 1)))
    influence = (weight * (left - effect)).sum(axis=1) - stage.influence(found)[:, 0]
    assert effect == pytest.approx(2.152, abs=5e-4)
    assert np.sqrt((influence**2).sum()) == pytest.approx(0.0476, abs=5e-5)
    # The certificate of the first stage: dummies of states and years in numpy's words.
    np.testing.assert_allclose((y - stage.mean)[rows > 0], first_left(rows, y)[rows > 0], atol=1e-10)


def first_left(w: np.ndarray, y: np.ndarray) -> np.ndarray:
    """What dummies of states and years leave of every cell, fitted by weights; in numpy's words."""
    states, years = np.indices(y.shape)
    dummies = np.hstack([np.eye(y.shape[0])[states.ravel()], np.eye(y.shape[1])[years.ravel()][:, 1:]])
    root = np.sqrt(w.ravel())[:, None]
    slopes = np.linalg.lstsq(dummies * root, y.ravel() * root[:, 0], rcond=None)[0]
    return np.asarray((y.ravel() - dummies @ slopes).reshape(y.shape))
