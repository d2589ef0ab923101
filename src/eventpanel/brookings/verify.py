"""Verify: every published number beside ours, and whether they agree to the printed digits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from eventpanel.brookings.exhibit import numbers
from eventpanel.brookings.made import Made
from eventpanel.brookings.published import KEYS, published
from eventpanel.datasets.materials import Materials

__all__ = ["AGREE", "CANNOT", "DIFFER", "INSIDE", "OTHER", "OUTSIDE", "PLACES", "VERDICTS", "Row", "compare", "summary"]

AGREE = "agree"
DIFFER = "differ"
CANNOT = "cannot be compared"
OTHER = "not expected to agree"
INSIDE = "inside the 95 % interval"
OUTSIDE = "outside the 95 % interval"
VERDICTS = (AGREE, DIFFER, CANNOT, INSIDE, OUTSIDE, OTHER)
WHY = {"simulated": "simulated data", "public": "other data"}
ESTIMATE, ERROR, N = "estimate", "std. error", "N"
EXTREMES = {"smallest": np.argmin, "largest": np.argmax}
LEVEL = 0.95
# Where true coefficients of simulated data stand: exhibit, panel, term.
PLACES = {
    "table_2: China x AI": ("table_2", "", "China x AI"),
    "table_3: China, Low x AI": ("table_3", "A. China", "Low x AI"),
    "table_3: US, Low x AI": ("table_3", "A. US", "Low x AI"),
    "table_4: same year": ("table_4", "All AI", "AI same year as unrest"),
    "table_5: autocracies": ("table_5", "A. Autocracies and weak democracies", "AI x unrest"),
    "table_5: mature democracies": ("table_5", "B. Mature democracies", "AI x unrest"),
    "table_5: US exports": ("table_5", "C. US exports", "AI x unrest"),
    "table_a20: AI x unrest": ("table_a20", "Overall index", "AI x unrest"),
}
# Halves of the last digit are not exact in binary.
ROUNDING = 1e-9


class Printed(NamedTuple):
    """One published number; ``nobs`` is the N of its column."""

    exhibit: str
    panel: str
    column: str
    term: str
    what: str
    value: float
    decimals: int
    nobs: float


class Ours(NamedTuple):
    """One of our coefficients with the N of its column, or why there is none."""

    estimate: float = np.nan
    std_error: float = np.nan
    dof: float = np.nan
    nobs: float = np.nan
    why: str = ""


class Row(NamedTuple):
    """A row of the comparison."""

    exhibit: str
    panel: str
    column: str
    term: str
    what: str
    published: float
    decimals: int
    ours: float
    difference: float
    verdict: str
    why: str


def compare(made: Sequence[Made], materials: Materials, table: pd.DataFrame | None = None) -> pd.DataFrame:
    """Set every published number beside ours, as the switches stand.

    Parameters
    ----------
    made : sequence of Made
        Exhibits that were made or refused.
    materials : Materials
        What they were made of: only a user's own list of deals can be expected to agree.
    table : DataFrame, optional
        Published numbers, by default those of :func:`eventpanel.brookings.published.published`.

    Returns
    -------
    DataFrame
        Columns exhibit, panel, column, term, what (``estimate``, ``std. error`` or ``N``), published, decimals, ours,
        difference (ours less published), verdict, why. ``agree`` where ours rounds to the printed digits, or is the
        same N; ``differ`` where not; ``cannot be compared`` where we have no such number or its N differs. Of simulated
        data and public stand-ins, ``not expected to agree``; where the truth of simulated data is the published value,
        whether that lies inside or outside our 95 % interval.
    """
    found = {one.exhibit.name: one for one in made}
    tables = {
        name: numbers(one.versions[0].content) for name, one in found.items() if one.versions[0].content is not None
    }
    truths = {PLACES[name]: value for name, value in materials.planted.items() if name in PLACES}
    rows = []
    for one in _printed(published() if table is None else table):
        ours = _ours(one, found, tables)
        value = {ESTIMATE: ours.estimate, ERROR: ours.std_error, N: ours.nobs}[one.what]
        if ours.why or np.isnan(value):
            verdict, why = CANNOT, ours.why or f"no {one.what}"
        elif materials.kind == "own":
            verdict, why = _rounded(one, value, ours)
        elif one.what == ESTIMATE and _is_truth(one, truths):
            verdict, why = _covered(one, ours)
        else:
            verdict, why = OTHER, WHY[materials.kind]
        rows.append(Row(*one[:-1], value, value - one.value, verdict, why))
    return pd.DataFrame(rows, columns=list(Row._fields))


def _printed(table: pd.DataFrame) -> Iterator[Printed]:
    """Yield all published numbers: estimates, standard errors, and N once a column."""
    counted: set[tuple[str, ...]] = set()
    for line in table.to_dict("records"):
        exhibit, panel, column, term = (str(line[name]) for name in KEYS)
        decimals, nobs = int(line["decimals"]), float(line["nobs"])
        held = [(ESTIMATE, float(line["estimate"]), decimals), (ERROR, float(line["std_error"]), decimals)]
        if (exhibit, panel, column) not in counted:
            counted.add((exhibit, panel, column))
            held.append((N, nobs, 0))
        for what, value, digits in held:
            if not np.isnan(value):
                yield Printed(exhibit, panel, column, term, what, value, digits, nobs)


def _ours(printed: Printed, found: dict[str, Made], tables: dict[str, pd.DataFrame]) -> Ours:
    if printed.exhibit not in found:
        return Ours(why="no such exhibit")
    if printed.exhibit not in tables:
        return Ours(why=f"exhibit not made: {found[printed.exhibit].versions[0].refused.splitlines()[0]}")
    held = tables[printed.exhibit]
    for name, wanted in (("panel", printed.panel), ("column", printed.column), ("term", printed.term)):
        if name == "term" or printed.column not in EXTREMES:
            held = held[held[name] == wanted]
        if held.empty:
            return Ours(why=f"no such {name}: {wanted}")
    held = held[held["estimate"].notna()]
    if held.empty:
        return Ours(why="not estimated")
    choose = EXTREMES.get(printed.column)
    one = held.iloc[0 if choose is None else int(choose(held["estimate"].to_numpy()))]
    return Ours(float(one["estimate"]), float(one["std_error"]), float(one["dof"]), float(one["nobs"]))


def _rounded(printed: Printed, value: float, ours: Ours) -> tuple[str, str]:
    """Whether a number rounds to the printed digits; N is compared exactly."""
    if printed.what == N:
        return (AGREE if value == printed.value else DIFFER), ""
    if not np.isnan(printed.nobs) and ours.nobs != printed.nobs:
        return CANNOT, f"N is {ours.nobs:,.0f}, published {printed.nobs:,.0f}"
    return (AGREE if _is_same(value, printed) else DIFFER), ""


def _is_truth(printed: Printed, truths: Mapping[tuple[str, str, str], float]) -> bool:
    """Whether the published value is the true coefficient of simulated data."""
    truth = truths.get((printed.exhibit, printed.panel, printed.term))
    return truth is not None and _is_same(truth, printed)


def _is_same(value: float, printed: Printed) -> bool:
    """Whether a number rounds to the printed digits."""
    return bool(abs(value - printed.value) <= 10.0**-printed.decimals * (0.5 + ROUNDING))


def _covered(printed: Printed, ours: Ours) -> tuple[str, str]:
    """Whether the interval of an estimate holds the published value, which is the truth that was planted."""
    if np.isnan(ours.std_error):
        return CANNOT, "planted, and no standard error"
    dof = ours.dof if ours.dof > 0 else np.inf
    reach = float(stats.t.ppf((1 + LEVEL) / 2, dof)) * ours.std_error
    return (INSIDE if abs(ours.estimate - printed.value) <= reach else OUTSIDE), "planted in simulated data"


def summary(table: pd.DataFrame, materials: Materials) -> str:
    """Say in words what a comparison found.

    Parameters
    ----------
    table : DataFrame
        From :func:`compare`.
    materials : Materials
    """
    counts = table["verdict"].value_counts()
    told = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if verdict in counts.index)
    lines = [f"{len(table)} published numbers of {table['exhibit'].nunique()} tables and figures: {told}."]
    if materials.kind == "simulated":
        lines.append(
            "The data are simulated: numbers are not expected to agree. Where a true coefficient was planted, the "
            "verdict says whether the published value lies in our 95 % interval; one in twenty lies outside by chance."
        )
    elif materials.kind == "public":
        lines.append("The data are public stand-ins for the paper's deals: numbers are not expected to agree.")
    why = table.loc[table["verdict"] == CANNOT, "why"].value_counts()
    lines += [f"Cannot be compared, {count}: {reason}" for reason, count in why.items()]
    return "\n".join(lines)
