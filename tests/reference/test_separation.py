"""Labelled sets of separated observations, classified row by row.

Source: sergiocorreia/ppmlhdfe (MIT), test/separation_datasets; Correia, Guimaraes and Zylkin (2019, arXiv:1903.01633).
Sets without fixed effects are labelled for a regression with an intercept.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventpanel.estimators.core import separation as module
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.separation import separation

SETS = ("01", "03", "05", "06", "07", "09", "10", "11", "13", "15")


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize(
    ("limit", "fit_from", "method"),
    [(10**9, 10**9, "linear program"), (0, 10**9, "rectification"), (0, 0, "fit")],
    ids=["program", "rectification", "fit"],
)
def test_labels(
    name: str, limit: int, fit_from: int, method: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PROGRAM_LIMIT", limit)
    monkeypatch.setattr(module, "FIT_FROM", fit_from)
    rows = pd.read_csv(data_dir / "validation" / "ppmlhdfe_separation" / f"{name}.csv")
    groupings = [
        recode(rows[column].to_numpy(dtype=np.int64)) for column in rows.columns if str(column).startswith("id")
    ]
    X = rows[[column for column in rows.columns if str(column).startswith("x")]].to_numpy(dtype=float)
    if not groupings:
        X = np.column_stack([np.ones(len(rows)), X])
    got = separation(rows["y"].to_numpy(dtype=float), X, groupings)
    assert got.method == method
    np.testing.assert_array_equal(got.separated, rows["separated"].to_numpy() == 1)


def test_every_set_is_used(data_dir: Path) -> None:
    folder = data_dir / "validation" / "ppmlhdfe_separation"
    assert sorted(path.stem for path in folder.glob("*.csv")) == list(SETS)
