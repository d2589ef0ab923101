"""Infinite values, such as the logarithm of zero, are refused by name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Codes, Mask

__all__ = ["finite"]


def finite(panel: Panel, columns: Sequence[str], among: Mask) -> None:
    """Refuse infinite values, which no estimate survives.

    Parameters
    ----------
    panel : Panel
    columns : sequence of str
    among : ndarray of bool, shape (rows of the panel,)
        Rows that are looked at.

    Raises
    ------
    DesignError

    Examples
    --------
    >>> import pandas as pd
    >>> panel = Panel(pd.DataFrame({"unit": ["A", "B"], "y": [1.0, -np.inf]}), ("unit",), None)
    >>> finite(panel, ["y"], np.array([True, False]))
    """
    for name in columns:
        places = _infinite(panel, name)
        held = places[among[places]]
        if len(held):
            rows = panel.frame.loc[held, list(panel.keys)].itertuples(index=False)
            raise DesignError(
                f"{name!r} holds infinite values.",
                f"{len(held)} of {int(among.sum())} rows: {first_few(' '.join(map(str, row)) for row in rows)}",
                "correct or clear these cells, or take another transformation: the logarithm of zero has no value",
            )


def _infinite(panel: Panel, name: str) -> Codes:
    """Places of infinite values; worked out once for a panel."""
    return panel.once(("infinite", name), lambda: np.flatnonzero(np.isinf(panel.values(name))).astype(np.int64))
