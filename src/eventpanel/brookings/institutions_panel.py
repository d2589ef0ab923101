"""Table A.20: institutions of the next three years, unrest and imports of AI, equation (4) as a panel."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from eventpanel.brookings.exhibit import Column, Content, Exhibit, column_of
from eventpanel.brookings.left_out import those_possible
from eventpanel.brookings.long_differences import INDICES
from eventpanel.brookings.samples import CHINA, UNREST_YEARS, with_deals
from eventpanel.brookings.switches import Switches
from eventpanel.brookings.unrest_panel import IN_SAMPLE, UNREST, trends, unrest_panel
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Sample
from eventpanel.estimators.linear import Linear, linear

__all__ = ["AHEAD", "EXHIBITS", "institutions_panel"]

AHEAD = "ahead_"
YEARS_AHEAD = 3
AI = "ai"
TERMS = {AI: "AI", UNREST: "unrest", f"{AI}:{UNREST}": "AI x unrest"}
TREND = "country trends"
# Controls added one by one: their columns, and the columns of ``countries`` that they need.
CONTROLS = {
    "total trade": ("log_trade", "total_trade"),
    "log GDP": ("log_gdp", "gdp"),
    "government revenue": ("government_revenue", "government_revenue"),
}
STEPS = ("", TREND, *CONTROLS)
NOTES = (
    f"Outcome: mean index of the next {YEARS_AHEAD} years, in standard deviations, all of them within the years of the "
    "unrest panel and with a value. AI: any deal from China in the year. Unrest is standardised, so the coefficient "
    "of AI is that in a year of mean unrest.",
    "Country and year effects in all columns; standard errors clustered by importer (t with G - 1 degrees of freedom).",
    "Means of overlapping years move together within a country; clusters allow for that. Imports of AI and "
    "institutions may be joint outcomes, as the authors say (page 22 of the paper).",
)


class Rows(NamedTuple):
    """Importers by year, and the columns of their own trends."""

    panel: Panel
    trends: tuple[str, ...]


def institutions_panel(materials: Materials, switches: Switches) -> Rows:
    """Return the rows of Table A.20.

    Parameters
    ----------
    materials : Materials
        With unrest, regimes and at least one index of institutions.
    switches : Switches
        Those of the unrest panel count.

    Returns
    -------
    Rows
        Importers by year with the columns of the unrest panel; ``ahead_INDEX`` (mean of the next three years, missing
        unless all three are known and within the years of the panel), ``ai`` (0 or 1), and a trend for each importer
        in the sample but the first. China is not its own importer.

    Raises
    ------
    NotAvailableError
        Data that are not there.
    """
    held = unrest_panel(materials, switches).panel
    panel = with_deals(held, materials.records("deals"), CHINA, "ai_deals")
    deals = panel.number("ai_deals")
    names = [name for name in INDICES if name in panel.frame.columns]
    if not names:
        materials.panel("countries", *INDICES)
    made = {f"{AHEAD}{name}": _ahead(panel, name, UNREST_YEARS[switches.unrest_years]) for name in names}
    frame = panel.frame.assign(**made, **{AI: (deals > 0).astype(float).where(deals.notna())})
    known = frame[list(made)].notna().any(axis=1) & (frame["importer"] != CHINA)
    panel = panel.with_frame(frame.assign(**{IN_SAMPLE: frame[IN_SAMPLE] * known}))
    own = trends(panel)
    return Rows(panel.with_frame(pd.concat([panel.frame, own], axis=1)), tuple(own.columns))


def _ahead(panel: Panel, name: str, years: tuple[int, int]) -> pd.Series:
    """Mean of the next years by row, missing unless all of them are known."""
    keys = [panel.frame["importer"], panel.frame["year"]]
    wide = panel.number(name).groupby(keys).first().unstack().reindex(columns=range(years[0], years[1] + 1))
    later = [wide.shift(-step, axis=1) for step in range(1, YEARS_AHEAD + 1)]
    mean = pd.DataFrame(np.mean(later, axis=0), index=wide.index, columns=wide.columns).stack()
    return pd.Series(mean.reindex(pd.MultiIndex.from_arrays(keys)).to_numpy(dtype=np.float64), index=panel.frame.index)


def _column(materials: Materials, rows: Rows, index: str, step: int) -> tuple[Column, tuple[str, ...]]:
    added = STEPS[1 : step + 1]
    held = [CONTROLS[name] for name in added if name != TREND]
    materials.panel("countries", index, *(needed for _, needed in held))
    controls = tuple(column for column, _ in held)
    model = Linear(
        outcome=f"{AHEAD}{index}",
        terms=(*TERMS, *controls, *(rows.trends if TREND in added else ())),
        covariance=Clustered("importer", "reghdfe"),
        fixed_effects=("importer", "year"),
        sample=Sample(where=((IN_SAMPLE, (1.0,)),)),
    )
    counts = {"Controls": ", ".join(added) or "none"}
    fit = linear(rows.panel, model)
    return column_of(fit, INDICES[index], f"({step + 1})", TERMS, counts), fit.notes


def _table_a20(materials: Materials, switches: Switches) -> Content:
    rows = institutions_panel(materials, switches)
    asked = [(index, step) for index in INDICES for step in range(len(STEPS))]
    found, left = those_possible(
        (f"{INDICES[index]} ({step + 1})", partial(_column, materials, rows, index, step)) for index, step in asked
    )
    cautions = dict.fromkeys(note for _, notes in found for note in notes)
    return Content(columns=tuple(column for column, _ in found), notes=(*NOTES, *cautions, *left))


def _first_of_table_a20(materials: Materials, switches: Switches) -> Content:
    found, _ = _column(materials, institutions_panel(materials, switches), next(iter(INDICES)), 0)
    return Content(columns=(found,))


EXHIBITS: tuple[Exhibit, ...] = (
    Exhibit(
        name="table_a20",
        number="Table A.20",
        title="Imports of AI, unrest and the political institutions of the next three years",
        uses=("regime_cutoff", "regime_base", "regime_timing", "unrest_years"),
        make=_table_a20,
        first=_first_of_table_a20,
    ),
)
