"""Averages: draws on cells of unit and period instead of rows, where that changes no result."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eventpanel.estimators.core.groups import first_rows
from eventpanel.estimators.core.permutation import Fixed, Moved
from eventpanel.estimators.matrices import Matrices
from eventpanel.estimators.regression import balanced_cells

__all__ = ["averaged"]


def averaged(m: Matrices, fixed: Fixed, moved: Moved) -> tuple[Fixed, Moved] | None:
    """Average rows over a member that events do not know, such as the exporter; nothing where that changes a result.

    Columns of a draw are the same in all rows of a cell. Where cells can stand for rows, coefficients and scores by
    cluster follow from the mean outcome of each.

    Parameters
    ----------
    m : Matrices
    fixed : Fixed
        On the rows of these matrices.
    moved : Moved
    """
    cells = balanced_cells(m)
    if cells is None:
        return None
    first = first_rows(m.cells, len(m.profiles))
    controls = fixed.controls[first]
    if (controls[m.cells] != fixed.controls).any():
        return None
    even = bool((cells.rows == cells.rows[0]).all())
    mean = np.bincount(m.cells, weights=fixed.y) / cells.rows
    return (
        Fixed(mean, controls, cells.effects, cells.clusters, None if even else cells.rows),
        replace(moved, unit=moved.unit[first], period=moved.period[first], group=moved.group[first]),
    )
