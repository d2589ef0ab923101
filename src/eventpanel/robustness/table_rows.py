"""Table rows: lines of the tables of estimators, which hold an estimate, its error and degrees of freedom."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np

from eventpanel.robustness.lines import Line, not_made, with_interval

__all__ = ["Row", "line_of_row"]

Row = Mapping[Hashable, Any]


def line_of_row(blank: Line, row: Row, level: float) -> Line:
    """Fill a line with a row; one without an estimate says why.

    Parameters
    ----------
    blank : Line
        What the number is.
    row : mapping
        With estimate, std_error, dof, p_value, note.
    level : float
        Of the interval.
    """
    if np.isnan(row["estimate"]):
        return not_made(blank, str(row["note"]) or "not identified")
    filled = blank._replace(
        estimate=float(row["estimate"]),
        std_error=float(row["std_error"]),
        dof=float(row["dof"]),
        p_value=float(row["p_value"]),
    )
    return with_interval(filled, level)
