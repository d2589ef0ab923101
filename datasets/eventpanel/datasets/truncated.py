"""Truncated series: years in which a file has only a few of a country's partners, and looks valid.

Imports of Afghanistan in 2012 to 2014 stand in Comtrade with two or three partners and 0.1 to 5 % of their usual value:
each number is a number, and each absent partner looks like a zero. A year is compared with the same country's years
around it, so growth over decades is no reason to be flagged.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eventpanel.datasets.conflicts import COLUMNS, no_conflicts
from eventpanel.datasets.errors import ColumnError
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.periods import ordinal

__all__ = ["TruncationRule", "truncated"]


@dataclass(frozen=True, slots=True)
class TruncationRule:
    """When a year counts as truncated.

    Attributes
    ----------
    partners : float
        Share of the usual number of partners below which a year is truncated, whatever its value. The number of
        partners of a country moves by a few per cent from year to year; three quarters of them do not stop trading in
        one year and come back.
    value : float
        Share of the usual value below which a year is truncated if its partners are also below ``half``, or if the
        number of partners is not known. The least of the cut years above had 5 %.
    half : float
        Share of the usual partners for the rule on values: a country at war that buys nearly nothing from all its
        partners is not truncated.
    fewest : int
        Usual partners below which their number says nothing: a quarter of fewer is one.
    around : int
        Years on either side that make the usual year, which is their median: as long as fewer than half of them are
        truncated too, it holds.
    needed : int
        Years around that must be there.
    """

    partners: float = 0.25
    value: float = 0.05
    half: float = 0.5
    fewest: int = 8
    around: int = 5
    needed: int = 5


def truncated(
    panel: Panel, value: str, *, partners: str | None = None, rule: TruncationRule | None = None
) -> pd.DataFrame:
    """List the years of importers whose flows look cut short.

    What it cannot see: a series that is short in most of the years around, the first years of a country that was always
    short, and, where the number of partners is not known, the difference between a cut file and a true collapse.

    Parameters
    ----------
    panel : Panel
        Flows by importer and year, or by exporter, importer and year.
    value : str
        Column of flows.
    partners : str, optional
        Column with the number of partners. With exporters in the unit they are counted: those with a flow above zero.
    rule : TruncationRule, optional
        Other limits.

    Returns
    -------
    DataFrame
        A conflict table: source, problem, value (the importer), years, rows, resolution. One line for each unbroken run
        of years. Nothing is changed in the panel.

    Raises
    ------
    ColumnError
        No such column, no importer, or no period.

    Examples
    --------
    >>> import pandas as pd
    >>> years = pd.DataFrame({"importer": "AFG", "year": range(2008, 2019), "partners": 60, "imports": 5000.0})
    >>> years.loc[4:6, ["partners", "imports"]] = [3, 40.0]
    >>> truncated(Panel(years, ("importer",), "year"), "imports", partners="partners")["years"].tolist()
    ['2012-2014']
    """
    limits = TruncationRule() if rule is None else rule
    rows = _importer_years(panel, value, partners)
    rows["usual_value"] = _usual(rows, "value", limits)
    rows["usual_partners"] = _usual(rows, "partners", limits)
    known = rows["usual_partners"] >= limits.fewest
    share, part = rows["value"] / rows["usual_value"], rows["partners"] / rows["usual_partners"]
    few = known & (part < limits.partners)
    little = (share < limits.value) & (~known | (part < limits.half))
    flagged = rows[few | little].assign(share=share)
    return _runs(flagged, ", ".join(source.name for source in panel.sources))


def _importer_years(panel: Panel, value: str, partners: str | None) -> pd.DataFrame:
    """Value and partners by importer and year, one line for each year with a value."""
    if "importer" not in panel.unit or panel.period is None:
        raise ColumnError("Flows need an importer and a year.", ", ".join(panel.keys), "give a panel that has both")
    numbers = panel.number(value)
    if partners is not None:
        count = panel.number(partners)
    else:
        count = (numbers > 0).astype(float) if len(panel.unit) > 1 else pd.Series(np.nan, index=numbers.index)
    table = pd.DataFrame(
        {
            "importer": panel.frame["importer"],
            "year": panel.frame[panel.period],
            "place": ordinal(panel.frame[panel.period]),
            "value": numbers,
            "partners": count,
        }
    ).dropna(subset="value")
    sums = table.groupby(["importer", "year", "place"], as_index=False)[["value", "partners"]]
    return sums.sum(min_count=1)


def _usual(rows: pd.DataFrame, column: str, rule: TruncationRule) -> pd.Series:
    """Median of a country's other years around each year; missing where too few are there."""
    unit, place = pd.factorize(rows["importer"])[0], rows["place"].to_numpy()
    first, last = (int(place.min()), int(place.max())) if len(place) else (0, 0)
    grid = np.full((len(rows) and int(unit.max()) + 1, last - first + 1 + 2 * rule.around), np.nan)
    grid[unit, place - first + rule.around] = rows[column]
    steps = [step for step in range(2 * rule.around + 1) if step != rule.around]
    around = pd.DataFrame({step: grid[unit, place - first + step] for step in steps}, index=rows.index)
    return around.median(axis=1).where(around.notna().sum(axis=1) >= rule.needed)


def _runs(flagged: pd.DataFrame, source: str) -> pd.DataFrame:
    if flagged.empty:
        return no_conflicts()
    breaks = (flagged["place"].diff() != 1) | (flagged["importer"] != flagged["importer"].shift())
    lines = [_line(importer, part, source) for (importer, _), part in flagged.groupby(["importer", breaks.cumsum()])]
    return pd.DataFrame(lines, columns=COLUMNS)


def _line(importer: Hashable, run: pd.DataFrame, source: str) -> dict[str, object]:
    few = f"{_span(run['partners'])} partners, usually {run['usual_partners'].median():.0f}; "
    worth = f"{_span(100 * run['share'], '.2g')} % of the usual value"
    years = [str(run["year"].iloc[0]), str(run["year"].iloc[-1])]
    return {
        "source": source,
        "problem": f"truncated ({few if run['usual_partners'].notna().any() else ''}{worth})",
        "value": importer,
        "years": "-".join(dict.fromkeys(years)),
        "rows": len(run),
        "resolution": "kept: look at the publisher's file",
    }


def _span(values: pd.Series, form: str = ".0f") -> str:
    ends = [format(values.min(), form), format(values.max(), form)]
    return " to ".join(dict.fromkeys(ends))
