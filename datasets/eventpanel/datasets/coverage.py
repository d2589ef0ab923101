"""Coverage: how many rows each source answers, and how; docs/coverage.md says what the answers mean."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from eventpanel.datasets.answers import framed, tabulate
from eventpanel.datasets.errors import ColumnError, first_few
from eventpanel.datasets.panel import Panel

__all__ = ["coverage_table", "known_variables"]


def coverage_table(panel: Panel, *, variables: Sequence[str] | None = None, by: Sequence[str] = ()) -> pd.DataFrame:
    """Count the answers of each source.

    Parameters
    ----------
    panel : Panel
    variables : sequence of str, optional
        Columns to count; without it, all that were merged from a source, or all columns of a panel that was not merged.
    by : sequence of str
        Keys of the panel to count within: ``["importer"]``, ``["year"]``. All rows together without any.

    Returns
    -------
    DataFrame
        One row for each column and group: source, variable, the keys of ``by``, and numbers of rows: nonzero, zero,
        censored, no_value (a gap inside the frame of the source), not_covered; first and last period with a number.

    Raises
    ------
    ColumnError
        A column that is not there, or a group that is no key.

    Examples
    --------
    >>> import pandas as pd
    >>> from eventpanel.datasets.merge import merge, spine
    >>> scores = pd.DataFrame({"importer": "KEN", "year": [2010, 2011], "protests": [4, 0]})
    >>> panel = merge(spine(2010, 2012, importers=["KEN"]), Panel(scores, ("importer",), "year"), cardinality="1:1")
    >>> coverage_table(panel)[["variable", "nonzero", "zero", "not_covered"]].values.tolist()
    [['protests', 1, 1, 1]]
    """
    strange = [name for name in by if name not in panel.keys]
    if strange:
        raise ColumnError(
            f"Not a key of the panel: {first_few(strange)}.", f"keys: {', '.join(panel.keys)}", "count by its keys"
        )
    return tabulate(panel.rows, known_variables(panel, variables), by)


def known_variables(panel: Panel, variables: Sequence[str] | None) -> list[str]:
    """Columns asked for; without any, those with a source, or all of a panel that was not merged."""
    if variables is None:
        return framed(panel.rows) or list(panel.variables)
    for name in variables:
        panel.column(name)
    return list(variables)
